//! The map under the grids on the wire: its tiles, what describes them, and the layers that draw it in a style.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Value, json};

use super::answer::JSON;
use super::negotiate::{Keep, fresh, respond, served};
use super::problem::Problem;
use super::query::{Asked, echo};
use super::routes::{App, At, Origin};
use super::tiles::coord;
use crate::exchange::archive::{About, Kind, Layer};
use crate::service::base_map::BaseMap;
use crate::service::bytes::Finished;
use crate::service::slots::WorkFault;
use crate::service::tiles::MVT;

/// The longest file name that can name a tile: `4294967295.jpeg`.
const LONGEST_FILE: usize = 15;

static EMPTY: LazyLock<Finished> = LazyLock::new(|| Finished::as_is(MVT, Vec::new()));

fn configured(app: &App) -> Result<&Arc<BaseMap>, Problem> {
    let none = || Problem::not_found("this service has no base map: wangge serve --base-map or --base-map-url");
    app.serving.base_map().ok_or_else(none)
}

/// `GET /tiles/basemap/{z}/{x}/{y}.{png|jpg|webp|pbf}`: the archive's own bytes, or the host's.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At((z, x, file)): At<(String, String, String)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let base_map = configured(&app)?;
    let vector = base_map.about().kind == Kind::Vector;
    let named = file.split_once('.').filter(|_| file.len() <= LONGEST_FILE);
    let named = named.and_then(|(y, extension)| Some((y, Kind::named(extension)?)));
    let right = named.filter(|(_, kind)| (*kind == Kind::Vector) == vector);
    let (y, _) = right.ok_or_else(|| {
        let forms = if vector { "{y}.pbf or {y}.mvt" } else { "{y}.png, {y}.jpg or {y}.webp" };
        Problem::not_found_at("y", format!("“{}” is not {forms}, as the base map has them", echo(&file)))
    })?;
    let coord = coord(&z, &x, y)?;
    let query = asked.only(&["v"])?;
    let keep = match (base_map.stamp(), query.text("v")) {
        (Some(stamp), Some(v)) if stamp == v => Keep::Immutable,
        (Some(_), _) => Keep::Revalidate,
        (None, _) => Keep::Hour,
    };
    let district = app.serving.state().extent();
    match base_map.tile(&app.serving.slots, district, coord).await? {
        Some(finished) => Ok(served(&app.serving.slots, &headers, &finished, keep).await),
        None if vector => Ok(respond(&headers, &EMPTY, keep)),
        // An empty picture would hide what the client has of the zoom above no less.
        None => {
            let mut nothing = fresh("image/png", Body::empty(), keep);
            *nothing.status_mut() = StatusCode::NO_CONTENT;
            nothing.headers_mut().remove(header::CONTENT_TYPE);
            Ok(nothing)
        }
    }
}

/// `GET /tiles/basemap.json`
pub(super) async fn describe(
    State(app): State<Arc<App>>,
    Origin(origin): Origin,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let base_map = configured(&app)?;
    let About { name, description, attribution, kind, layers, min_zoom, max_zoom, .. } = base_map.about();
    let stamp = base_map.stamp().map_or_else(String::new, |stamp| format!("?v={stamp}"));
    let bounds @ [west, south, east, north] = base_map.bounds(app.serving.state().extent());
    let mut described = json!({
        "tilejson": "3.0.0",
        "name": name,
        "description": description,
        "scheme": "xyz",
        "tiles": [format!("{origin}/tiles/basemap/{{z}}/{{x}}/{{y}}.{}{stamp}", kind.extension())],
        // Clients set this as HTML.
        "attribution": attribution.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        "minzoom": min_zoom,
        "maxzoom": max_zoom,
        "bounds": bounds,
        "center": [f64::midpoint(west, east), f64::midpoint(south, north), min_zoom.midpoint(*max_zoom)],
        "format": kind.extension(),
    });
    if *kind == Kind::Vector {
        let layers = layers.iter().map(|layer| {
            let Layer { id, description, min_zoom, max_zoom, fields } = layer;
            json!({"id": id, "description": description, "minzoom": min_zoom, "maxzoom": max_zoom, "fields": fields})
        });
        described["vector_layers"] = layers.collect();
    }
    let body = serde_json::to_vec(&described).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    Ok(respond(&headers, &Finished::compressible(JSON, body), Keep::Revalidate))
}

/// A style with the base map in it, on the land and under everything else, and not visible: whoever wants to see it says so, layer by layer.
///
/// # Errors
/// When the style is no JSON, which [`expand`] has made.
///
/// [`expand`]: crate::render::style::expand
pub(super) fn over(style: &str, about: &About, top: &str, origin: &str) -> serde_json::Result<String> {
    let mut style: Value = serde_json::from_str(style)?;
    let (url, kind) = (format!("{origin}/tiles/basemap.json"), about.kind);
    style["sources"]["basemap"] = match kind {
        Kind::Vector => json!({"type": "vector", "url": url}),
        Kind::Png | Kind::Jpeg | Kind::Webp => json!({"type": "raster", "url": url, "tileSize": 256}),
    };
    let Some(layers) = style["layers"].as_array_mut() else { return serde_json::to_string(&style) };
    let background = layers.iter().find(|layer| layer["type"] == "background");
    let dark = background.and_then(|layer| layer["paint"]["background-color"].as_str()).is_some_and(is_dark);
    let ground = |layer: &Value| layer["type"] == "background" || layer["source-layer"] == top;
    let at = layers.iter().position(|layer| !ground(layer)).unwrap_or(layers.len());
    let own = if kind == Kind::Vector { drawn(&about.layers, dark) } else { vec![picture()] };
    layers.splice(at..at, own);
    serde_json::to_string(&style)
}

fn picture() -> Value {
    json!({
        "id": "basemap", "type": "raster", "source": "basemap", "layout": {"visibility": "none"},
        "paint": {"raster-opacity": 1, "raster-fade-duration": 0},
    })
}

/// `#rrggbb` nearer to black than to white.
fn is_dark(colour: &str) -> bool {
    let part = |at: usize| colour.get(at..at + 2).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(255);
    part(1) + part(3) + part(5) < 384
}

/// What a layer of somebody's vector tiles shows, by the words that the usual schemas – OpenMapTiles, Protomaps, Shortbread, and our own – name it with,
/// in the order of drawing; with its colours by day and by night.
const THEMES: [(&[&str], [&str; 2], f64); 6] = [
    (&["green", "land", "park", "natural", "wood", "grass", "sites"], ["#dfe9d6", "#14231d"], 0.0),
    (&["water", "ocean", "sea", "river", "lake"], ["#b9d4e6", "#16304a"], 1.2),
    (&["building"], ["#e2dacd", "#1c2637"], 0.4),
    (&["transport", "road", "street", "highway", "path", "bridge"], ["#ffffff", "#33425a"], 1.6),
    (&["rail", "ferr", "aerialway", "aeroway"], ["#c2bbb1", "#3a4454"], 0.8),
    (&["bound", "admin"], ["#b3a8c4", "#4b5168"], 0.8),
];
/// Layers of points and of lines to write along.
const WORDS: [&str; 5] = ["name", "label", "poi", "place", "housenum"];
const ANYTHING: ([&str; 2], f64) = (["#d9d4ca", "#222d40"], 0.6);

/// Areas, and lines over them, of every layer that is described. Names and points stay away: the grids have their own.
fn drawn(layers: &[Layer], dark: bool) -> Vec<Value> {
    let has = |layer: &Layer, words: &[&str]| {
        let id = layer.id.to_ascii_lowercase();
        words.iter().any(|word| id.contains(word))
    };
    let theme = |layer: &Layer| THEMES.iter().position(|(words, ..)| has(layer, words));
    let mut order: Vec<(usize, &Layer)> = layers
        .iter()
        .filter(|layer| !has(layer, &WORDS))
        .map(|layer| (theme(layer).unwrap_or(THEMES.len()), layer))
        .collect();
    order.sort_by_key(|(theme, _)| *theme);
    let common = |kind: &str, layer: &Layer, shapes: &str| {
        json!({
            "id": format!("basemap-{kind}-{}", layer.id), "type": kind, "source": "basemap", "source-layer": layer.id,
            "filter": ["match", ["geometry-type"], [shapes, format!("Multi{shapes}")], true, false],
            "layout": {"visibility": "none"},
        })
    };
    order
        .into_iter()
        .flat_map(|(theme, layer)| {
            let (colours, width) = THEMES.get(theme).map_or(ANYTHING, |(_, colours, width)| (*colours, *width));
            let colour = colours[usize::from(dark)];
            let mut area = common("fill", layer, "Polygon");
            area["paint"] = json!({"fill-antialias": false, "fill-color": colour, "fill-opacity": 1});
            let mut line = common("line", layer, "LineString");
            let widths =
                json!(["interpolate", ["exponential", 1.5], ["zoom"], 9, width * 0.4, 13, width, 17, width * 5.0]);
            line["paint"] = json!({"line-color": colour, "line-opacity": 1, "line-width": widths});
            if width > 0.0 { vec![area, line] } else { vec![area] }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(id: &str) -> Layer {
        Layer {
            id: id.to_owned(),
            description: String::new(),
            min_zoom: 0,
            max_zoom: 14,
            fields: std::collections::BTreeMap::new(),
        }
    }

    fn about(kind: Kind, layers: &[&str]) -> About {
        About {
            name: "a".to_owned(),
            description: String::new(),
            attribution: String::new(),
            version: String::new(),
            kind,
            overlay: false,
            layers: layers.iter().map(|id| layer(id)).collect(),
            min_zoom: 0,
            max_zoom: 14,
            bounds: [0.0; 4],
            center: (0.0, 0.0, 0),
        }
    }

    const STYLE: &str = r##"{"version": 8, "sources": {}, "layers": [
        {"id": "surroundings", "type": "background", "paint": {"background-color": "#0b1220"}},
        {"id": "land", "type": "fill", "source": "units", "source-layer": "street"},
        {"id": "water", "type": "fill", "source": "base", "source-layer": "water"},
        {"id": "tint", "type": "fill", "source": "units", "source-layer": "street"}]}"##;

    #[test]
    fn the_base_map_lies_on_the_land_and_is_not_seen_until_it_is_wanted() {
        let ids = |about: &About| {
            let style: Value =
                serde_json::from_str(&over(STYLE, about, "street", "http://h").expect("JSON")).expect("JSON");
            assert_eq!(style["sources"]["basemap"]["url"], "http://h/tiles/basemap.json");
            let layers = style["layers"].as_array().expect("layers");
            for layer in layers.iter().filter(|layer| layer["source"] == "basemap") {
                assert_eq!(layer["layout"]["visibility"], "none", "{layer}");
            }
            layers.iter().map(|layer| layer["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&about(Kind::Jpeg, &[])), ["surroundings", "land", "basemap", "water", "tint"]);
        let vector =
            ids(&about(Kind::Vector, &["transportation", "poi", "contours", "water", "water_name", "landcover"]));
        let wanted = [
            "basemap-fill-landcover",
            "basemap-fill-water",
            "basemap-line-water",
            "basemap-fill-transportation",
            "basemap-line-transportation",
            "basemap-fill-contours",
            "basemap-line-contours",
        ];
        assert_eq!(vector[2..9], wanted);
        assert!(is_dark("#0b1220") && !is_dark("#e9ebea") && !is_dark("") && !is_dark("#图图"));
    }
}
