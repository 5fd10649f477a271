//! Style files: MapLibre GL styles with placeholders, which serve browsers whole and our renderer in a documented subset.
//!
//! Placeholders, in any string: `{origin}` (the server's, or nothing), `{leaf}`, `{level0}`, `{level1}` … (level keys). A layer with
//! `"metadata": {"each": "level"}` is repeated for every level, top first (`"level-reversed"`: lowest first), with `{level}` (its
//! key) and `{level_name}`. With `"metadata": {"legend": "…"}` a layer has a swatch in the legend, and with `"level"` it belongs to a level. A string that is nothing but one of these becomes a number: `{index}` of the level (0 at the top), `{line_zoom}` (its borders
//! can be told apart), `{short_zoom}`, `{name_zoom}` (short codes and names fit), `{far_zoom}` (3 further in), `{fade_zoom}` (the level two below has its
//! names: its own are no longer needed), `{leaf_index}`, `{leaf_short_zoom}`, `{leaf_name_zoom}`. A layer that names a level the district does
//! not have is left out.
//!
//! Our renderer draws `background`, `fill`, `line`, `circle` and `symbol` layers (text at points only; a font name with “Bold” is drawn heavier) with
//! the properties of [`KNOWN`], with `filter`, `minzoom`, `maxzoom` and `visibility`, and the expressions of [`super::expression`]. A `fill-pattern` is
//! the word `hatching`, which it draws by itself (`fill.rs`); a browser draws the image that the page gives it under that name (`addImage`), and nothing
//! without. It passes over layers of the source `issues`, which browsers draw. Anything else is an error that points to it: a picture that silently
//! differs from the browser's would be worse.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::Levels;
use super::expression::{Expr, Val, parse};
use super::shades::HATCHING;
use crate::tile::LevelInfo;

/// Why a style file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StyleFault {
    #[error("the style is not JSON: {0}")]
    Json(String),
    /// `pointer` is the JSON pointer (RFC 6901) to what is meant, in the file.
    #[error("style layer “{layer}”, {pointer}: {what}")]
    Layer { layer: String, pointer: String, what: String },
    #[error("style {pointer}: {what}")]
    Top { pointer: String, what: String },
}

/// What a style may say beside its layers; the rest of the specification changes what is seen in ways a picture does not follow.
const TOP: [&str; 9] =
    ["version", "name", "metadata", "sources", "layers", "center", "zoom", "font-faces", "transition"];
const LAYER: [&str; 10] =
    ["id", "type", "source", "source-layer", "minzoom", "maxzoom", "filter", "layout", "paint", "metadata"];

/// Properties by kind of layer: their names, and the words they may be if they are not free.
type Properties = &'static [(&'static str, &'static [&'static str])];

/// What of the style specification is drawn.
const KNOWN: [(Kind, Properties); 5] = [
    (Kind::Background, &[("background-color", &[]), ("background-opacity", &[])]),
    (Kind::Fill, &[("fill-color", &[]), ("fill-pattern", &[HATCHING]), ("fill-opacity", &[]), ("fill-antialias", &[])]),
    (
        Kind::Line,
        &[
            ("line-color", &[]),
            ("line-opacity", &[]),
            ("line-width", &[]),
            ("line-dasharray", &[]),
            ("line-cap", &["butt", "round", "square"]),
            ("line-join", &["bevel", "round", "miter"]),
        ],
    ),
    (
        Kind::Circle,
        &[
            ("circle-radius", &[]),
            ("circle-color", &[]),
            ("circle-opacity", &[]),
            ("circle-stroke-width", &[]),
            ("circle-stroke-color", &[]),
            ("circle-stroke-opacity", &[]),
        ],
    ),
    (
        Kind::Symbol,
        &[
            ("symbol-placement", &["point"]),
            ("symbol-sort-key", &[]),
            ("text-field", &[]),
            ("text-font", &[]),
            ("text-size", &[]),
            ("text-anchor", &["center", "top"]),
            ("text-offset", &[]),
            ("text-max-width", &[]),
            ("text-letter-spacing", &[]),
            ("text-padding", &[]),
            ("text-color", &[]),
            ("text-opacity", &[]),
            ("text-halo-color", &[]),
            ("text-halo-width", &[]),
        ],
    ),
];

/// Fills in a template for one district and one server: `origin` is the server's (`http://127.0.0.1:8080`, or empty for relative
/// URLs). The answer is a MapLibre GL style, as JSON.
///
/// # Errors
/// [`StyleFault::Json`] when the template is not JSON.
pub fn expand(template: &str, levels: &[LevelInfo], origin: &str) -> Result<String, StyleFault> {
    Ok(filled(template, levels, origin)?.0.to_string())
}

/// The style, and for each of its layers which of the template it comes from.
fn filled(template: &str, levels: &[LevelInfo], origin: &str) -> Result<(Json, Vec<usize>), StyleFault> {
    let mut origins = Vec::new();
    let mut style: Json = serde_json::from_str(template).map_err(|e| StyleFault::Json(e.to_string()))?;
    let filling = Filling { levels, origin, level: None };
    if let Some(layers) = style.get_mut("layers").and_then(Json::as_array_mut) {
        let templates = std::mem::take(layers);
        for (place, layer) in templates.into_iter().enumerate() {
            let copies: Vec<Option<usize>> = match layer.pointer("/metadata/each").and_then(Json::as_str) {
                Some("level") => (0..levels.len()).map(Some).collect(),
                Some("level-reversed") => (0..levels.len()).rev().map(Some).collect(),
                _ => vec![None],
            };
            for level in copies {
                let mut copy = layer.clone();
                Filling { level, ..filling }.fill(&mut copy);
                if let Some(metadata) = copy.get_mut("metadata").and_then(Json::as_object_mut) {
                    metadata.remove("each");
                }
                let missing = copy.get("source-layer").and_then(Json::as_str).is_some_and(|s| s.contains('{'));
                if !missing {
                    layers.push(copy);
                    origins.push(place);
                }
            }
        }
    }
    filling.fill(&mut style);
    Ok((style, origins))
}

/// A typical unit is then 12 pixels wide.
const LINES_BEFORE_NAMES: f64 = 2.5;

#[derive(Clone, Copy)]
struct Filling<'a> {
    levels: &'a [LevelInfo],
    origin: &'a str,
    level: Option<usize>,
}

impl Filling<'_> {
    fn fill(self, json: &mut Json) {
        match json {
            Json::String(text) if text.contains('{') => *json = self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|i| self.fill(i)),
            Json::Object(fields) => fields.values_mut().for_each(|v| self.fill(v)),
            _ => {}
        }
    }

    fn text(self, text: &str) -> Json {
        let level = |i: usize| self.levels.get(i);
        let leaf = level(self.levels.len().saturating_sub(1));
        let here = self.level.and_then(level);
        let number = match text {
            "{index}" => self.level.map(|i| i as f64),
            "{line_zoom}" => here.map(|l| (l.name_zoom - LINES_BEFORE_NAMES).max(0.0)),
            "{name_zoom}" => here.map(|l| l.name_zoom),
            "{far_zoom}" => here.map(|l| l.name_zoom + 3.0),
            "{short_zoom}" => here.map(|l| l.short_zoom),
            "{fade_zoom}" => self.level.map(|i| level(i + 2).map_or(24.0, |l| l.name_zoom)),
            "{leaf_index}" => self.levels.len().checked_sub(1).map(|i| i as f64),
            "{leaf_name_zoom}" => leaf.map(|l| l.name_zoom),
            "{leaf_short_zoom}" => leaf.map(|l| l.short_zoom),
            _ => None,
        };
        if let Some(number) = number {
            return if number.fract() == 0.0 { Json::from(number as i64) } else { Json::from(number) };
        }
        let mut text = text.replace("{origin}", self.origin);
        if let Some(leaf) = leaf {
            text = text.replace("{leaf}", &leaf.key);
        }
        for (i, level) in self.levels.iter().enumerate() {
            text = text.replace(&format!("{{level{i}}}"), &level.key);
        }
        if let (Some(here), Some(index)) = (here, self.level) {
            text = text.replace("{level}", &here.key).replace("{index}", &index.to_string());
            text = text.replace("{level_name}", &here.name);
        }
        Json::String(text)
    }
}

/// A style as our renderer sees it.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub layers: Vec<Layer>,
}

/// What a layer draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Background,
    Fill,
    Line,
    Circle,
    Symbol,
}

#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub kind: Kind,
    pub source: String,
    pub source_layer: String,
    /// The level it is about (`metadata.level`).
    pub level: Option<u8>,
    /// What a legend calls it (`metadata.legend`).
    pub legend: Option<String>,
    pub min_zoom: f64,
    pub max_zoom: f64,
    pub filter: Option<Expr>,
    /// Paint and layout properties together: their names do not clash.
    properties: Vec<(String, Expr)>,
}

impl Layer {
    pub(super) fn shows_at(&self, zoom: f64) -> bool {
        self.min_zoom <= zoom && zoom < self.max_zoom
    }

    pub(super) fn property(&self, name: &str) -> Option<&Expr> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, e)| e)
    }

    /// Whether its fills are hatched, whatever colour they would have without: there is no other pattern.
    pub(super) fn is_hatched(&self) -> bool {
        self.property("fill-pattern").is_some()
    }

    /// What lies behind the district or around it, and would hide what another map shows there.
    pub(super) fn is_backdrop(&self) -> bool {
        self.kind == Kind::Background || self.source_layer == "outside"
    }

    /// Whether it belongs into a picture of some levels alone: their names, and the lines that bound their units, which are those of the
    /// levels above too.
    fn of_levels(&self, levels: Levels) -> bool {
        match self.source_layer.as_str() {
            "boundaries" => self.level.is_none_or(|own| own <= levels.lowest()),
            "labels" => self.level.is_some_and(|own| levels.has(own)),
            _ => false,
        }
    }

    /// The attributes it asks for.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.filter.iter().chain(self.properties.iter().map(|(_, e)| e)).for_each(|e| e.keys(&mut keys));
        keys
    }
}

impl Style {
    /// The part of it that shows some levels alone.
    pub(super) fn of_levels(&self, levels: Levels) -> Self {
        Self { layers: self.layers.iter().filter(|l| l.of_levels(levels)).cloned().collect() }
    }

    /// Reads a template with its placeholders filled in.
    pub(super) fn parse(template: &str, levels: &[LevelInfo]) -> Result<Self, StyleFault> {
        let (style, origins) = filled(template, levels, "")?;
        if let Some(key) = style.as_object().and_then(|o| o.keys().find(|key| !TOP.contains(&key.as_str()))) {
            let what = format!("is not read here; known are {}", TOP.join(", "));
            return Err(StyleFault::Top { pointer: pointer(&[key]), what });
        }
        let layers = style.get("layers").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut parsed = Vec::new();
        let mut ids = HashSet::new();
        for (layer, origin) in layers.iter().zip(origins) {
            let id = layer.get("id").and_then(Json::as_str);
            let one = match id {
                None => Err(wrong(&["id"], "is missing: each layer has a name of its own")),
                Some(id) if !ids.insert(id) => {
                    Err(wrong(&["id"], format!("“{id}” is the name of an earlier layer too")))
                }
                Some(_) => parse_layer(layer),
            };
            parsed.extend(one.map_err(|Wrong { at, what }| {
                let origin = origin.to_string();
                let at: Vec<&str> = ["layers", &origin].into_iter().chain(at.iter().map(String::as_str)).collect();
                StyleFault::Layer { layer: id.unwrap_or("?").to_owned(), pointer: pointer(&at), what }
            })?);
        }
        Ok(Self { layers: parsed })
    }
}

/// A JSON pointer: RFC 6901.
fn pointer(parts: &[&str]) -> String {
    parts.iter().flat_map(|part| ["/".to_owned(), part.replace('~', "~0").replace('/', "~1")]).collect()
}

/// Where in a layer something is wrong, and what.
struct Wrong {
    at: Vec<String>,
    what: String,
}

fn wrong(at: &[&str], what: impl Into<String>) -> Wrong {
    Wrong { at: at.iter().map(|part| (*part).to_owned()).collect(), what: what.into() }
}

/// `None` for what we do not draw.
fn parse_layer(layer: &Json) -> Result<Option<Layer>, Wrong> {
    let text = |key: &str| layer.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    if text("source") == "issues" {
        return Ok(None);
    }
    let kind = match text("type").as_str() {
        "background" => Kind::Background,
        "fill" => Kind::Fill,
        "line" => Kind::Line,
        "circle" => Kind::Circle,
        "symbol" => Kind::Symbol,
        other => {
            let what = format!("“{other}” is not drawn here; known are background, fill, line, circle, symbol");
            return Err(wrong(&["type"], what));
        }
    };
    if let Some(key) = layer.as_object().and_then(|o| o.keys().find(|key| !LAYER.contains(&key.as_str()))) {
        return Err(wrong(&[key], format!("is not read here; known are {}", LAYER.join(", "))));
    }
    let zoom = |key: &str, otherwise: f64| layer.get(key).and_then(Json::as_f64).unwrap_or(otherwise);
    let mut properties = Vec::new();
    for group in ["paint", "layout"] {
        for (name, value) in layer.get(group).and_then(Json::as_object).into_iter().flatten() {
            let expression = property(kind, name, value).map_err(|what| wrong(&[group, name], what))?;
            properties.push((name.clone(), expression));
        }
    }
    if layer.pointer("/layout/visibility").and_then(Json::as_str) == Some("none") {
        return Ok(None);
    }
    Ok(Some(Layer {
        kind,
        source: text("source"),
        source_layer: text("source-layer"),
        level: layer.pointer("/metadata/level").and_then(Json::as_u64).and_then(|l| u8::try_from(l).ok()),
        legend: layer.pointer("/metadata/legend").and_then(Json::as_str).map(str::to_owned),
        min_zoom: zoom("minzoom", 0.0),
        max_zoom: zoom("maxzoom", 25.0),
        filter: layer.get("filter").map(parse).transpose().map_err(|what| wrong(&["filter"], what))?,
        properties,
    }))
}

/// One paint or layout property of a kind of layer.
fn property(kind: Kind, name: &str, value: &Json) -> Result<Expr, String> {
    let known = KNOWN.iter().find(|(k, _)| *k == kind).map(|(_, properties)| *properties).unwrap_or_default();
    let words = if name == "visibility" { Some(&["visible", "none"][..]) } else { None };
    let words = words.or_else(|| known.iter().find(|(n, _)| *n == name).map(|(_, words)| *words));
    let Some(words) = words else {
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        return Err(format!("is not drawn here; known are {}", known.join(", ")));
    };
    if !words.is_empty() && !value.as_str().is_some_and(|word| words.contains(&word)) {
        return Err(format!("{value} is not drawn here; give one of {}", words.join(", ")));
    }
    // These hold plain lists, which look like expressions.
    let plain = ["line-dasharray", "text-offset", "text-font"].contains(&name)
        && value.as_array().is_some_and(|a| a.first().is_none_or(|f| !f.is_string() || name == "text-font"));
    if plain { constant_list(value) } else { parse(value) }
}

fn constant_list(value: &Json) -> Result<Expr, String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let item = |i: &Json| match parse(i)? {
        Expr::Const(value) => Ok(value),
        _ => Err("a list of constants is wanted".to_owned()),
    };
    Ok(Expr::Const(Val::List(items.iter().map(item).collect::<Result<_, String>>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Vec<LevelInfo> {
        let level = |key: &str, zoom: f64| LevelInfo {
            key: key.to_owned(),
            name: key.to_owned(),
            min_zoom: 3,
            name_zoom: zoom,
            short_zoom: zoom - 1.5,
        };
        vec![level("state", 5.0), level("county", 8.5)]
    }

    const TEMPLATE: &str = r##"{
        "version": 8,
        "sources": {"units": {"type": "vector", "url": "{origin}/tiles/units.json"}},
        "layers": [
            {"id": "land", "type": "background", "paint": {"background-color": "#ffffff"}},
            {"id": "units-{level}", "metadata": {"each": "level"}, "type": "line", "source": "units",
             "source-layer": "{level}", "minzoom": "{name_zoom}", "maxzoom": "{far_zoom}",
             "filter": ["==", ["get", "level"], "{index}"], "paint": {"line-dasharray": [2, 1], "line-width": 3}},
            {"id": "leaf", "type": "fill", "source": "units", "source-layer": "{leaf}"},
            {"id": "third", "type": "fill", "source": "units", "source-layer": "{level2}"},
            {"id": "heat", "type": "heatmap", "source": "issues", "source-layer": "points"}
        ]}"##;

    #[test]
    fn a_template_becomes_a_style_for_any_number_of_levels() {
        let style: Json =
            serde_json::from_str(&expand(TEMPLATE, &levels(), "http://h").expect("a style")).expect("JSON");
        assert_eq!(style["sources"]["units"]["url"], "http://h/tiles/units.json");
        let ids: Vec<&str> =
            style["layers"].as_array().expect("layers").iter().filter_map(|l| l["id"].as_str()).collect();
        assert_eq!(ids, ["land", "units-state", "units-county", "leaf", "heat"]);
        assert_eq!(style["layers"][1]["minzoom"], 5);
        assert_eq!(style["layers"][1]["maxzoom"], 8);
        assert_eq!(style["layers"][2]["minzoom"], 8.5);
        assert_eq!(style["layers"][2]["filter"][2], 1);
        assert_eq!(style["layers"][3]["source-layer"], "county");
    }

    #[test]
    fn the_renderer_reads_the_part_it_draws() {
        let style = Style::parse(TEMPLATE, &levels()).expect("a style");
        let kinds: Vec<Kind> = style.layers.iter().map(|l| l.kind).collect();
        assert_eq!(kinds, [Kind::Background, Kind::Line, Kind::Line, Kind::Fill]);
        assert!(style.layers[1].shows_at(6.0) && !style.layers[1].shows_at(8.0));
        assert_eq!(style.layers[1].keys(), ["level"]);
        let dashes = style.layers[1].property("line-dasharray");
        assert_eq!(dashes, Some(&Expr::Const(Val::List(vec![Val::Num(2.0), Val::Num(1.0)]))));
    }

    #[test]
    fn what_is_drawn_is_documented() {
        let formats = include_str!("../../docs/FORMATS.md");
        let properties = KNOWN.iter().flat_map(|(_, properties)| properties.iter());
        for name in properties.flat_map(|(name, words)| words.iter().filter(|_| *name == "fill-pattern").chain([name]))
        {
            assert!(formats.contains(&format!("`{name}`")), "docs/FORMATS.md says nothing of {name}");
        }
    }

    #[test]
    fn a_broken_style_is_refused_with_its_layer() {
        assert!(matches!(expand("{", &levels(), ""), Err(StyleFault::Json(_))));
        let broken = TEMPLATE.replace(r#"["get", "level"]"#, r#"["got", "level"]"#);
        let fault = Style::parse(&broken, &levels()).expect_err("a fault");
        assert!(
            matches!(&fault, StyleFault::Layer { layer, pointer, .. }
            if layer == "units-state" && pointer == "/layers/1/filter"),
            "{fault}"
        );
    }

    #[test]
    fn what_would_be_drawn_otherwise_is_an_error_that_points_to_it() {
        let check = |from: &str, to: &str, expect: &str| {
            assert!(TEMPLATE.contains(from), "{from}");
            let fault = Style::parse(&TEMPLATE.replace(from, to), &levels()).expect_err(to).to_string();
            assert!(fault.contains(expect), "{to}: {fault}");
        };
        check(r#""line-width": 3"#, r#""line-blur": 3"#, "/layers/1/paint/line-blur: is not drawn here");
        check(r#""line-width": 3"#, r#""a/b~c": 3"#, "/layers/1/paint/a~1b~0c:");
        check(
            r#""paint": {"line-"#,
            r#""layout": {"line-cap": "flat"}, "paint": {"line-"#,
            "/layers/1/layout/line-cap: \"flat\"",
        );
        let dotted = r#""type": "fill", "paint": {"fill-pattern": "dots"}"#;
        check(
            r#""type": "fill""#,
            dotted,
            "/layers/2/paint/fill-pattern: \"dots\" is not drawn here; give one of hatching",
        );
        let asked = r#""type": "fill", "paint": {"fill-pattern": ["get", "pattern"]}"#;
        check(r#""type": "fill""#, asked, "/layers/2/paint/fill-pattern: [\"get\",\"pattern\"] is not drawn here");
        check(r#""type": "fill""#, r#""type": "fill-extrusion""#, "/layers/2/type: “fill-extrusion”");
        check(r#""id": "leaf","#, r#""id": "leaf", "slot": "top","#, "/layers/2/slot: is not read here");
        check(
            r#""id": "leaf","#,
            r#""id": "units-state","#,
            "/layers/2/id: “units-state” is the name of an earlier layer",
        );
        check(r#""id": "leaf","#, "", "/layers/2/id: is missing");
        check(r#""version": 8,"#, r#""version": 8, "terrain": {},"#, "style /terrain: is not read here");
        let hatched = TEMPLATE.replace(r#""type": "fill""#, r#""type": "fill", "paint": {"fill-pattern": "hatching"}"#);
        let hatched = Style::parse(&hatched, &levels()).expect("a style");
        assert_eq!(hatched.layers.iter().map(Layer::is_hatched).collect::<Vec<_>>(), [false, false, false, true]);
        // What browsers alone draw is theirs.
        let theirs = TEMPLATE.replace(r#""type": "heatmap""#, r#""type": "heatmap", "paint": {"heatmap-weight": 1}"#);
        assert!(Style::parse(&theirs, &levels()).is_ok());
    }
}
