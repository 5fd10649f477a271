//! What the layers hold, in words: `vector_layers` of TileJSON.

use super::issues::POINT_ZOOM;
use super::{DATA_ZOOM, LayerInfo, LevelInfo};

fn layer(
    id: &str,
    description: &str,
    (min_zoom, max_zoom): (u8, u8),
    fields: &[(&'static str, &'static str)],
) -> LayerInfo {
    LayerInfo { id: id.to_owned(), description: description.to_owned(), fields: fields.to_vec(), min_zoom, max_zoom }
}

pub(super) fn units(levels: &[LevelInfo]) -> Vec<LayerInfo> {
    let mut layers: Vec<LayerInfo> = levels
        .iter()
        .map(|level| {
            let description = format!("{}: one polygon a unit, edge-matched in every tile", level.name);
            layer(
                &level.key,
                &description,
                (level.min_zoom, DATA_ZOOM),
                &[
                    ("code", "String: code"),
                    ("name", "String: name"),
                    ("parent", "String: code of the unit above"),
                    ("level", "Number: 0 at the top"),
                    ("colour", "Number: neighbours have different ones, usually below 5"),
                    ("class", "String: class for the size bands, where the source has one; from three zooms in"),
                    ("households", "Number, from three zooms in"),
                    ("population", "Number, from three zooms in"),
                ],
            )
        })
        .collect();
    let first = levels.iter().map(|l| l.min_zoom).min().unwrap_or(0);
    layers.push(layer(
        "outside",
        "The land around, and holes that are nobody's: to be covered",
        (first, DATA_ZOOM),
        &[],
    ));
    layers.push(layer(
        "boundaries",
        "Each line once",
        (first, DATA_ZOOM),
        &[
            ("level", "Number: the highest level it separates"),
            ("level_key", "String: that level's layer"),
            ("outline", "Boolean: one side belongs to no unit"),
        ],
    ));
    layers.push(layer(
        "labels",
        "One point a unit, in its roomiest place",
        (first, DATA_ZOOM),
        &[
            ("code", "String"),
            ("name", "String"),
            ("own", "String: the name without the parent's name before it; U+200B where a long one may be broken"),
            ("short", "String: the code without the parent's and leading zeros"),
            ("level", "Number"),
            ("level_key", "String"),
            ("min_zoom", "Number: the name fits from this zoom (512-pixel tiles)"),
            ("short_zoom", "Number: the short code fits from this zoom"),
            ("rank", "Number: lower is more important"),
        ],
    ));
    layers
}

pub(super) fn issues() -> Vec<LayerInfo> {
    vec![
        layer(
            "cells",
            "Issues, none told in confidence, counted in squares of 1/64 tile; points in their middles",
            (0, POINT_ZOOM - 1),
            &[("n", "Number: issues"), ("open", "Number: of these not closed")],
        ),
        layer(
            "points",
            "Issues, each somewhere in the smallest square, from 8 m a side on, that it shares with four others; none where fewer are left in 125 m, none told in confidence",
            (POINT_ZOOM, DATA_ZOOM),
            &[("category", "String"), ("day", "String: day received, 2025-03-01"), ("open", "Boolean: not closed")],
        ),
    ]
}

pub(super) fn places() -> Vec<LayerInfo> {
    vec![layer(
        "places",
        "One point a place",
        (12, DATA_ZOOM),
        &[
            ("id", "String"),
            ("kind", "String"),
            ("name", "String"),
            ("min_zoom", "Number: worth a name from this zoom (512-pixel tiles)"),
            ("rank", "Number: lower is more important"),
            ("label", "String: the name with U+200B where it may be broken, if it is long"),
        ],
    )]
}

pub(super) fn base() -> Vec<LayerInfo> {
    let fields = [("kind", "String"), ("class", "Number: 1 (trunk) to 4 (lane), of roads"), ("name", "String")];
    let first = [10, 7, 8, 7, 14];
    let layers = super::base::LAYERS.iter().zip(first);
    let drawn = layers.map(|(id, first)| layer(id, "Background", (first, DATA_ZOOM), &fields));
    let named = [
        ("kind", "String"),
        ("class", "Number: 1 (trunk) to 4 (lane), of roads"),
        ("name", "String"),
        ("label", "String: the name as it is to be set, with line feeds where the line runs upright"),
        ("rank", "Number: lower is more important"),
    ];
    let about = "Names of roads and rivers, set level or upright, once each 400 pixels";
    let names = layer(super::along::LAYER, about, (super::along::FIRST_ZOOM, DATA_ZOOM), &named);
    drawn.chain([names]).collect()
}
