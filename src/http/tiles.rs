//! Tiles and what describes them: TileJSON, vector tiles of a set, PNG tiles of a style, heat.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::JSON;
use super::choropleth::{self, measured};
use super::heat::{bandwidth, peak};
use super::negotiate::{Keep, respond, served};
use super::period::{self, filter};
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::{App, At, Origin};
use crate::issue::IssueFilter;
use crate::service::bytes::Finished;
use crate::service::serving;
use crate::service::slots::WorkFault;
use crate::service::tiles::{CHOROPLETH, HEAT, MVT, TileKey, pictured, tile, touches};
use crate::tile::{LayerInfo, SetInfo, TileCoord, TileSet};

/// A kernel is nothing beyond so many bandwidths.
const HEAT_REACH: f64 = 4.0;

/// The longest tile file name that can name a tile: `4294967295@2x.png`.
const LONGEST_FILE: usize = 17;

pub(super) const PATH: &str = "/tiles/{set}/{z}/{x}/{file}";

static EMPTY: LazyLock<Finished> = LazyLock::new(|| Finished::as_is(MVT, Vec::new()));

/// `GET /tiles/{set}/{z}/{x}/{y}.mvt` and `/tiles/{style}/{z}/{x}/{y}[@2x].png`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At((name, z, x, file)): At<(String, String, String, String)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let (y, form) = Form::of(&file)?;
    let coord = coord(&z, &x, y)?;
    let state = app.serving.state();
    state.pyramid_made().await;
    let (key, keep) = match form {
        Form::Vector => {
            let set: TileSet =
                name.parse().map_err(|_| unknown(&name, "tile set", &TileSet::ALL.map(TileSet::name)))?;
            let query = asked.only(if set == TileSet::Issues { &FILTERED } else { &["v"] })?;
            let filter = filter(&query, app.serving.zone(), state.categories())?;
            let keep = keep(&query, &state);
            if !touches(state.info(set).bounds, coord) {
                return Ok(respond(&headers, &EMPTY, keep));
            }
            (TileKey::Vector { set, filter, coord }, keep)
        }
        Form::Picture { scale } if name == HEAT => {
            let query = asked.only(&["from", "to", "category", "bandwidth_m", "peak", "v"])?;
            let filter = filter(&query, app.serving.zone(), state.categories())?;
            let (bandwidth_m, peak) = (bandwidth(&query)?, peak(&query)?);
            let coord = pictured(&state, coord, f64::from(bandwidth_m) * HEAT_REACH);
            (TileKey::Heat { filter, bandwidth_m, peak, coord, scale }, keep(&query, &state))
        }
        Form::Picture { scale } if name == CHOROPLETH => {
            let known: Vec<&str> = choropleth::PARAMETERS.into_iter().chain(["measure", "v"]).collect();
            let query = asked.only(&known)?;
            let asked = choropleth::asked(&query, measured(&query)?, &state, app.serving.zone())?;
            let coord = pictured(&state, coord, 0.0);
            (TileKey::Choropleth { asked: Arc::new(asked), coord, scale }, keep(&query, &state))
        }
        Form::Picture { scale } => {
            let known: Vec<_> = state.look.styles.iter().map(|(name, _)| name.as_str()).chain([HEAT]).collect();
            if !known.contains(&name.as_str()) {
                return Err(unknown(&name, "style", &known));
            }
            let query = asked.only(&["v"])?;
            let coord = pictured(&state, coord, 0.0);
            (TileKey::Map { style: name.into(), coord, scale }, keep(&query, &state))
        }
    };
    let finished = tile(&app.serving, &state, key).await?;
    Ok(served(&app.serving.slots, &headers, &finished, keep).await)
}

/// The key of a vector tile of a set that cannot be filtered, by its address as everybody writes it; `None` for all others.
pub(super) fn plain_key(path: &str) -> Option<TileKey> {
    let mut parts = path.strip_prefix("/tiles/")?.split('/');
    let [set, z, x, file] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() {
        return None;
    }
    let set = set.parse().ok().filter(|set| *set != TileSet::Issues)?;
    match Form::of(file) {
        Ok((y, Form::Vector)) => {
            Some(TileKey::Vector { set, filter: IssueFilter::default(), coord: coord(z, x, y).ok()? })
        }
        _ => None,
    }
}

/// The parameters of a set that can be filtered.
const FILTERED: [&str; 4] = ["from", "to", "category", "v"];

/// What the last part of a tile's address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Vector,
    Picture { scale: u8 },
}

impl Form {
    /// `3372.mvt` (or `.pbf`), `3372.png`, `3372@2x.png`.
    fn of(file: &str) -> Result<(&str, Self), Problem> {
        let nothing = || Problem::not_found_at("y", format!("“{}” is not {{y}}.mvt or {{y}}.png", echo(file)));
        if file.len() > LONGEST_FILE {
            return Err(nothing());
        }
        match file.split_once('.') {
            Some((y, "mvt" | "pbf")) => Ok((y, Self::Vector)),
            Some((y, "png")) => Ok(match y.strip_suffix("@2x") {
                Some(y) => (y, Self::Picture { scale: 2 }),
                None => (y, Self::Picture { scale: 1 }),
            }),
            _ => Err(nothing()),
        }
    }
}

/// Plain decimal digits that name a square, or 404 before any work.
pub(super) fn coord(z: &str, x: &str, y: &str) -> Result<TileCoord, Problem> {
    let digits = |name: &str, text: &str| {
        let plain = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
        let value = plain.then(|| text.parse::<u32>().ok()).flatten();
        value.ok_or_else(|| Problem::not_found_at(name, format!("{name} is “{}”: not a tile number", echo(text))))
    };
    let (z_value, x, y) = (digits("z", z)?, digits("x", x)?, digits("y", y)?);
    let coord = u8::try_from(z_value).ok().and_then(|z| TileCoord::new(z, x, y));
    coord.ok_or_else(|| Problem::not_found(format!("there is no tile {z_value}/{x}/{y}")))
}

fn unknown(name: &str, what: &str, known: &[&str]) -> Problem {
    Problem::not_found_at("set", format!("unknown {what} “{}”; known here: {}", echo(name), known.join(", ")))
}

/// With `v` = the stamp of this content the address names the bytes; otherwise they may change with the next version.
pub(super) fn keep(query: &Query, state: &serving::State) -> Keep {
    if query.text("v") == Some(state.stamp.as_str()) { Keep::Immutable } else { Keep::Revalidate }
}

/// `GET /tiles/{set}.json`
pub(super) async fn describe(
    State(app): State<Arc<App>>,
    At(file): At<String>,
    Origin(origin): Origin,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let set: Option<TileSet> = file.strip_suffix(".json").and_then(|name| name.parse().ok());
    let set = set.ok_or_else(|| unknown(&file, "TileJSON", &TileSet::ALL.map(TileSet::name)))?;
    let query = asked.only(if set == TileSet::Issues { &period::PARAMETERS } else { &[] })?;
    let state = app.serving.state();
    let filter = filter(&query, app.serving.zone(), state.categories())?;
    state.pyramid_made().await;
    let tiles = format!("{origin}/tiles/{}/{{z}}/{{x}}/{{y}}.mvt{}", set.name(), again(&filter));
    let described = TileJson::of(&state, set, &tiles);
    let body = serde_json::to_vec(&described).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    Ok(respond(&headers, &Finished::compressible(JSON, body), Keep::Revalidate))
}

/// A filter as the query string it came from, so that a filtered TileJSON leads to filtered tiles.
pub(super) fn again(filter: &IssueFilter) -> String {
    let times = [("from", filter.from), ("to", filter.to)];
    let mut pairs: Vec<_> = times.into_iter().filter_map(|(name, t)| t.map(|t| format!("{name}={t}"))).collect();
    if let Some(category) = &filter.category {
        pairs.push(format!("category={}", escaped(category)));
    }
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-encoded, every byte of it: valid wherever it stands.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        out
    })
}

/// TileJSON 3.0.0.
#[derive(Debug, Serialize)]
struct TileJson<'a> {
    tilejson: &'static str,
    name: String,
    version: String,
    scheme: &'static str,
    tiles: [&'a str; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    attribution: &'a str,
    minzoom: u8,
    maxzoom: u8,
    bounds: [f64; 4],
    center: (f64, f64, u8),
    vector_layers: Vec<VectorLayer<'a>>,
}

#[derive(Debug, Serialize)]
struct VectorLayer<'a> {
    id: &'a str,
    description: &'a str,
    minzoom: u8,
    maxzoom: u8,
    fields: Map<String, Value>,
}

impl<'a> TileJson<'a> {
    fn of(state: &'a serving::State, set: TileSet, tiles: &'a str) -> Self {
        let district = &state.snapshot.district;
        let SetInfo { layers, min_zoom, max_zoom, bounds } = state.info(set);
        let [west, south, east, north] = *bounds;
        let layer = |layer: &'a LayerInfo| VectorLayer {
            id: &layer.id,
            description: &layer.description,
            minzoom: layer.min_zoom,
            maxzoom: layer.max_zoom,
            fields: layer.fields.iter().map(|(name, what)| ((*name).to_owned(), (*what).into())).collect(),
        };
        Self {
            tilejson: "3.0.0",
            name: format!("{} · {}", district.name, set.name()),
            version: format!("{}.0.0", state.snapshot.version),
            scheme: "xyz",
            tiles: [tiles],
            attribution: if district.synthetic { &district.mark } else { "" },
            minzoom: *min_zoom,
            maxzoom: *max_zoom,
            bounds: *bounds,
            center: (f64::midpoint(west, east), f64::midpoint(south, north), min_zoom.midpoint(*max_zoom)),
            vector_layers: layers.iter().map(layer).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_name_a_tile() {
        for (z, x, y) in [("14", "13500", "6462"), ("0", "0", "0"), ("22", "4194303", "4194303")] {
            assert!(coord(z, x, y).is_ok(), "{z}/{x}/{y}");
        }
        for (z, x, y) in [
            ("23", "0", "0"),
            ("255", "0", "0"),
            ("256", "0", "0"),
            ("1", "2", "0"),
            ("1", "0", "2"),
            ("1", "-1", "0"),
            ("1", "+1", "0"),
            ("1", "1.0", "0"),
            ("1", "NaN", "0"),
            ("1", "1e0", "0"),
            ("1", "４", "0"),
            ("1", "", "0"),
            ("22", "4294967296", "0"),
            ("22", "99999999999999999999", "0"),
        ] {
            assert!(coord(z, x, y).is_err(), "{z}/{x}/{y}");
        }
    }

    #[test]
    fn a_file_name_says_which_form_is_wanted() {
        assert_eq!(Form::of("3.mvt").ok(), Some(("3", Form::Vector)));
        assert_eq!(Form::of("3.pbf").ok(), Some(("3", Form::Vector)));
        assert_eq!(Form::of("3.png").ok(), Some(("3", Form::Picture { scale: 1 })));
        assert_eq!(Form::of("3@2x.png").ok(), Some(("3", Form::Picture { scale: 2 })));
        for file in ["3", "3.", "3.jpg", "3.png.exe", "3@3x.mvt.gz", "..", "3.MVT", "00000000000000000000.mvt"] {
            assert!(Form::of(file).is_err(), "{file}");
        }
    }
}
