//! One square of a map without its names: the layers of the style over each other.

use std::collections::HashMap;

use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::RenderFault;
use super::expression::{Scene, Val};
use super::fill::{Fills, Hatching};
use super::points::{PIXEL_BITS, val};
use super::square::{BUFFER, PEN, Square};
use super::style::{Kind, Layer, Style};
use crate::snapshot::Snapshot;
use crate::tile::feature::{EXTENT, Geometry, Shape, Sink, Tag};
use crate::tile::{Pyramid, TileSet};

/// What one square after the other is drawn on.
#[derive(Debug)]
pub(super) struct Canvas {
    pub picture: Pixmap,
    fills: Fills,
}

/// What `feature-state` answers for units, by their identity: what a browser is given by `setFeatureState`.
#[derive(Clone, Debug, Default)]
pub struct FeatureStates(HashMap<u64, Vec<(&'static str, Val)>>);

impl FeatureStates {
    /// Adds a text to the state of a unit.
    pub fn set(&mut self, unit: u64, key: &'static str, value: &str) {
        self.0.entry(unit).or_default().push((key, Val::Text(value.to_owned())));
    }

    /// Adds to the state of a unit that something is so.
    pub fn mark(&mut self, unit: u64, key: &'static str) {
        self.0.entry(unit).or_default().push((key, Val::Bool(true)));
    }

    fn of(&self, feature: Option<u64>) -> &[(&'static str, Val)] {
        feature.and_then(|id| self.0.get(&id)).map_or(&[], Vec::as_slice)
    }
}

impl Canvas {
    pub(super) fn new(scale: u8) -> Result<Self, RenderFault> {
        let side = u32::from(scale) << PIXEL_BITS;
        let picture = blank(side, side)?;
        Ok(Self { picture, fills: Fills::new(side as usize, side as usize) })
    }
}

/// A transparent picture.
pub(super) fn blank(width: u32, height: u32) -> Result<Pixmap, RenderFault> {
    Pixmap::new(width, height).ok_or_else(|| RenderFault::Encode(format!("no memory for {width} × {height} pixels")))
}

/// What of a style is drawn, and what it is told.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub style: &'a Style,
    /// With what is behind the district and around it.
    pub backdrop: bool,
    pub states: &'a FeatureStates,
}

/// Draws everything but points.
pub(super) fn draw(
    Shown { style, backdrop, states }: Shown<'_>,
    snapshot: &Snapshot,
    pyramid: &Pyramid,
    square: &Square,
    canvas: &mut Canvas,
) {
    let Canvas { picture, fills } = canvas;
    picture.fill(if backdrop { Color::WHITE } else { Color::TRANSPARENT });
    let zoom = square.style_zoom;
    let wanted = |layer: &&Layer| layer.shows_at(zoom) && (backdrop || !layer.is_backdrop());
    let shown: Vec<&Layer> = style.layers.iter().filter(wanted).collect();
    let collected: Vec<Collected> = TileSet::ALL
        .iter()
        .map(|set| {
            let mut collected = Collected::wanting(&shown, set.name());
            if !collected.wanted.is_empty() {
                pyramid.draw(snapshot, *set, &square.frame, &mut collected);
            }
            collected
        })
        .collect();
    for layer in shown {
        let found = collected.iter().find(|c| c.set == layer.source).and_then(|c| c.layer(&layer.source_layer));
        let features = Features { drawn: found.unwrap_or_default(), zoom, states };
        match layer.kind {
            Kind::Background => background(layer, zoom, picture),
            Kind::Fill => fill(layer, features, square, fills, picture),
            Kind::Line => stroke(layer, features, square, picture),
            Kind::Circle | Kind::Symbol => {}
        }
    }
}

/// A feature with the attributes that a style asks for.
pub(super) struct Drawn {
    pub id: Option<u64>,
    pub tags: Vec<(&'static str, Val)>,
    pub shape: Shape,
}

/// The features of one set that some layer of the style draws, with the attributes it asks for.
pub(super) struct Collected {
    pub set: &'static str,
    pub wanted: Vec<(String, Vec<String>)>,
    /// Of these the lines are wanted whole, for their dashes.
    dashed: Vec<String>,
    layers: Vec<(String, Vec<Drawn>)>,
}

impl Collected {
    pub(super) fn wanting(layers: &[&Layer], set: &'static str) -> Self {
        let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
        for layer in layers.iter().filter(|l| l.source == set && matches!(l.kind, Kind::Fill | Kind::Line)) {
            match wanted.iter_mut().find(|(name, _)| *name == layer.source_layer) {
                Some((_, keys)) => keys.extend(layer.keys()),
                None => wanted.push((layer.source_layer.clone(), layer.keys())),
            }
        }
        let is_dashed = |layer: &&&Layer| layer.source == set && layer.property("line-dasharray").is_some();
        let dashed = layers.iter().filter(is_dashed).map(|layer| layer.source_layer.clone()).collect();
        Self { set, wanted, dashed, layers: Vec::new() }
    }

    pub(super) fn layer(&self, name: &str) -> Option<&[Drawn]> {
        self.layers.iter().find(|(n, _)| n == name).map(|(_, features)| features.as_slice())
    }
}

impl Sink for Collected {
    fn wants(&self, layer: &str) -> bool {
        self.wanted.iter().any(|(name, _)| name == layer)
    }

    fn wants_whole(&self, layer: &str) -> bool {
        self.dashed.iter().any(|name| name == layer)
    }

    fn layer(&mut self, name: &str) {
        self.layers.push((name.to_owned(), Vec::new()));
    }

    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let Some((name, features)) = self.layers.last_mut() else { return };
        let Some((_, keys)) = self.wanted.iter().find(|(n, _)| n == name) else { return };
        let asked = tags.iter().filter(|(k, _)| keys.iter().any(|key| key == k));
        features.push(Drawn { id, tags: asked.map(|(k, v)| (*k, val(v))).collect(), shape: shape.clone() });
    }
}

/// The features of a layer of a tile, as the style's expressions see them.
#[derive(Clone, Copy)]
pub(super) struct Features<'a> {
    pub drawn: &'a [Drawn],
    pub zoom: f64,
    pub states: &'a FeatureStates,
}

impl<'a> Features<'a> {
    pub(super) fn accepted(self, layer: &'a Layer) -> impl Iterator<Item = (&'a Drawn, Scene<'a>)> {
        let with_scene = self.drawn.iter().map(move |drawn| {
            let geometry = match drawn.shape.geometry {
                Geometry::Point => "Point",
                Geometry::Line => "LineString",
                Geometry::Polygon => "Polygon",
            };
            (drawn, Scene { zoom: self.zoom, geometry, tags: &drawn.tags, state: self.states.of(drawn.id) })
        });
        with_scene.filter(|(_, scene)| layer.filter.as_ref().is_none_or(|f| f.truth(scene)))
    }
}

fn background(layer: &Layer, zoom: f64, picture: &mut Pixmap) {
    let scene = Scene { zoom, geometry: "", tags: &[], state: &[] };
    let [r, g, b, a] = layer.colour("background-color", [0.0, 0.0, 0.0, 1.0], "background-opacity", &scene);
    if let Some(colour) = Color::from_rgba(r.clamp(0.0, 1.0), g.clamp(0.0, 1.0), b.clamp(0.0, 1.0), a.clamp(0.0, 1.0)) {
        picture.fill(colour);
    }
}

fn fill(layer: &Layer, features: Features<'_>, square: &Square, fills: &mut Fills, picture: &mut Pixmap) {
    let hatching = layer.is_hatched().then(|| Hatching::on(&square.stance));
    let mut any = false;
    for (feature, scene) in features.accepted(layer).filter(|(f, _)| f.shape.geometry == Geometry::Polygon) {
        let colour = fill_colour(layer, &scene);
        if colour[3] > 0.0 {
            fills.add(&feature.shape, |p| square.fixed(p), colour);
            any = true;
        }
    }
    if any {
        fills.lay(picture, hatching.as_ref());
    }
}

/// The colour of a fill, or of the lines that hatch it, with its opacity.
pub(super) fn fill_colour(layer: &Layer, scene: &Scene<'_>) -> [f32; 4] {
    if layer.is_hatched() {
        return Hatching::colour(layer.number("fill-opacity", 1.0, scene).clamp(0.0, 1.0) as f32);
    }
    layer.colour("fill-color", [0.0, 0.0, 0.0, 1.0], "fill-opacity", scene)
}

/// How a line looks; neighbours in the list that look the same are stroked together, so that they do not darken where they meet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    pub colour: [f32; 4],
    pub width: f32,
    pub dashes: Vec<f32>,
    pub cap: LineCap,
    pub join: LineJoin,
}

pub(super) fn look(layer: &Layer, scene: &Scene<'_>) -> Look {
    let word = |name: &str| match layer.property(name).map(|e| e.eval(scene)) {
        Some(Val::Text(word)) => word,
        _ => String::new(),
    };
    let width = layer.number("line-width", 1.0, scene).clamp(0.0, 64.0) as f32;
    let dashes = match layer.property("line-dasharray").map(|e| e.eval(scene)) {
        Some(Val::List(items)) => items,
        _ => Vec::new(),
    };
    let length = |v: &Val| if let Val::Num(n) = v { Some(*n as f32 * width) } else { None };
    Look {
        colour: layer.colour("line-color", [0.0, 0.0, 0.0, 1.0], "line-opacity", scene),
        width,
        dashes: dashes.iter().filter_map(length).collect(),
        cap: cap(&word("line-cap")),
        join: join(&word("line-join")),
    }
}

fn cap(word: &str) -> LineCap {
    match word {
        "round" => LineCap::Round,
        "square" => LineCap::Square,
        _ => LineCap::Butt,
    }
}

fn join(word: &str) -> LineJoin {
    match word {
        "round" => LineJoin::Round,
        "bevel" => LineJoin::Bevel,
        _ => LineJoin::Miter,
    }
}

fn stroke(layer: &Layer, features: Features<'_>, square: &Square, picture: &mut Pixmap) {
    let mut waiting: Option<(Look, PathBuilder)> = None;
    for (feature, scene) in features.accepted(layer).filter(|(f, _)| f.shape.geometry != Geometry::Point) {
        let look = look(layer, &scene);
        if look.width <= 0.0 || look.colour[3] <= 0.0 {
            continue;
        }
        if !look.dashes.is_empty() {
            if let Some((look, path)) = waiting.take() {
                finish(&look, path, 0.0, square.scale, picture);
            }
            dashed(&feature.shape, &look, square, picture);
            continue;
        }
        let path = match &mut waiting {
            Some((same, path)) if *same == look => path,
            other => {
                if let Some((look, path)) = other.take() {
                    finish(&look, path, 0.0, square.scale, picture);
                }
                &mut other.insert((look, PathBuilder::new())).1
            }
        };
        trace(&feature.shape, square, path);
    }
    if let Some((look, path)) = waiting {
        finish(&look, path, 0.0, square.scale, picture);
    }
}

/// Strokes what the square shows of each line by itself, with the dashes where they fall counted from the line's beginning: then
/// they run on from square to square.
fn dashed(shape: &Shape, look: &Look, square: &Square, picture: &mut Pixmap) {
    for part in shape.parts() {
        let mut points = part.iter().map(|p| square.place(*p));
        let Some(first) = points.next() else { continue };
        let closing = (shape.geometry == Geometry::Polygon).then_some(first);
        let (mut a, mut walked) = (first, 0.0);
        let mut run: Option<(f64, PathBuilder)> = None;
        let mut end = |run: &mut Option<(f64, PathBuilder)>| {
            if let Some((from, path)) = run.take() {
                finish(look, path, from, square.scale, picture);
            }
        };
        for b in points.chain(closing) {
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            let on = |t: f64| ((a.0 + (b.0 - a.0) * t) as f32, (a.1 + (b.1 - a.1) * t) as f32);
            match within(a, b) {
                Some((enter, leave)) => {
                    if enter > 0.0 {
                        end(&mut run);
                    }
                    let (_, path) = run.get_or_insert_with(|| {
                        let mut path = PathBuilder::new();
                        path.move_to(on(enter).0, on(enter).1);
                        (walked + length * enter, path)
                    });
                    path.line_to(on(leave).0, on(leave).1);
                    if leave < 1.0 {
                        end(&mut run);
                    }
                }
                None => end(&mut run),
            }
            walked += length;
            a = b;
        }
        end(&mut run);
    }
}

/// Which part of an edge lies in the square and what is drawn around it, from 0 to 1.
fn within(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let (low, high) = (-f64::from(BUFFER), f64::from(EXTENT + BUFFER));
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (from, by) in [(a.0, b.0 - a.0), (a.1, b.1 - a.1)] {
        if by == 0.0 {
            if !(low..=high).contains(&from) {
                return None;
            }
            continue;
        }
        let (one, other) = ((low - from) / by, (high - from) / by);
        enter = enter.max(one.min(other));
        leave = leave.min(one.max(other));
    }
    (enter < leave).then_some((enter, leave))
}

fn trace(shape: &Shape, square: &Square, path: &mut PathBuilder) {
    for part in shape.parts() {
        let mut points = part.iter().map(|p| square.pen(*p));
        if let Some((x, y)) = points.next() {
            path.move_to(x, y);
        }
        points.for_each(|(x, y)| path.line_to(x, y));
        if shape.geometry == Geometry::Polygon {
            path.close();
        }
    }
}

fn dashes(look: &Look, from: f64) -> Option<StrokeDash> {
    let lengths: Vec<f32> = look.dashes.iter().map(|dash| dash * PEN as f32).collect();
    let pattern: f64 = lengths.iter().map(|dash| f64::from(*dash)).sum();
    let begin = if pattern > 0.0 { from.rem_euclid(pattern) as f32 } else { 0.0 };
    StrokeDash::new(lengths, begin)
}

/// How much darker than its area a browser draws a line thinner than a pixel: its edge fades over a whole pixel, so that a cross-section of
/// `width` has the area of a triangle of half that width and half a pixel, squared.
fn hairline(width: f32) -> f32 {
    if width < 1.0 { (width / 2.0 + 0.5).powi(2) / width.max(0.05) } else { 1.0 }
}

/// Strokes a path; `from` is how far along its line it begins, in the pen's units.
pub(super) fn finish(look: &Look, path: PathBuilder, from: f64, scale: u8, picture: &mut Pixmap) {
    // The pen's units to pixels; the stroke's width is scaled along with the path.
    let (pixel, logical) = (f32::from(scale) / PEN as f32, PEN as f32);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let [r, g, b, a] = look.colour.map(|c| c.clamp(0.0, 1.0));
    if let Some(colour) = Color::from_rgba(r, g, b, (a * hairline(look.width * f32::from(scale))).min(1.0)) {
        paint.set_color(colour);
    }
    let stroke = Stroke {
        width: look.width * logical,
        line_cap: look.cap,
        line_join: look.join,
        dash: dashes(look, from),
        ..Stroke::default()
    };
    if let Some(path) = path.finish() {
        picture.stroke_path(&path, &paint, &stroke, Transform::from_scale(pixel, pixel), None);
    }
}
