//! Names and dots of a style at one zoom: `symbol` and `circle` layers evaluated for every labelled point of the district.

use std::collections::HashMap;

use tiny_skia::Pixmap;

use super::expression::{Scene, Val};
use super::font::Font;
use super::glyph::GlyphCache;
use super::label::{Candidate, Placement};
use super::square::Spread;
use super::stance::Stance;
use super::style::{Kind, Layer, Style};
use crate::tile::feature::{Shape, Sink, Tag, Value};

/// Bits of a picture tile's width in logical pixels.
pub(super) const PIXEL_BITS: u8 = 8;
/// Free room around a name, in pixels.
const PADDING_PX: f32 = 2.0;

/// Styles count zooms in 512-pixel tiles; ours are half as wide.
pub(super) const STYLE_ZOOM: f64 = -1.0;

/// Everything with a point at one zoom: placed once, drawn into every tile it touches.
#[derive(Debug)]
pub(super) struct Points {
    names: Placement,
    dots: Vec<Dot>,
    dots_of_tile: HashMap<(i64, i64), Vec<u32>>,
}

/// A disc with a rim, in logical pixels of the zoom's world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dot {
    pub x: f64,
    pub y: f64,
    pub layer: usize,
    pub radius: f32,
    pub colour: [f32; 4],
    pub rim: f32,
    pub rim_colour: [f32; 4],
}

/// What a style makes at a zoom of every labelled point: names that would like a place, and dots in drawing order. `pixel` is from world steps to logical
/// pixels.
pub(super) fn collect(
    style: &Style,
    zoom: f64,
    pixel: &dyn Fn((f64, f64)) -> (f64, f64),
    points: impl Fn(&mut dyn Sink),
) -> (Vec<Candidate>, Vec<Dot>) {
    let mut collector = Collector { style, zoom, pixel, layer: String::new(), names: Vec::new(), dots: Vec::new() };
    points(&mut collector);
    let Collector { names, mut dots, .. } = collector;
    dots.sort_by_key(|d| d.layer);
    (names, dots)
}

impl Points {
    /// `points` sends every labelled point in world steps, which `spread` makes pixels. As in a browser, names of higher layers are
    /// placed first, and within a layer those with lower sort keys.
    pub(super) fn new(style: &Style, zoom: f64, spread: &Spread, font: &Font, points: impl Fn(&mut dyn Sink)) -> Self {
        let (names, dots) = collect(style, zoom, &|at| spread.pixel(at), points);
        let mut dots_of_tile: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
        for (i, dot) in dots.iter().enumerate() {
            let reach = f64::from(dot.radius + dot.rim) + 1.0;
            for y in tile(dot.y - reach)..=tile(dot.y + reach) {
                for x in tile(dot.x - reach)..=tile(dot.x + reach) {
                    dots_of_tile.entry((x, y)).or_default().push(i as u32);
                }
            }
        }
        Self { names: Placement::new(names, font), dots, dots_of_tile }
    }

    pub(super) fn draw(&self, stance: &Stance, glyphs: &GlyphCache, picture: &mut Pixmap) {
        let sheet = stance.sheet(picture.width(), picture.height());
        let tiles = |low: f64, high: f64| tile(low)..(high / f64::from(1u32 << PIXEL_BITS)).ceil() as i64;
        let squares = tiles(sheet.top, sheet.bottom)
            .flat_map(|y| tiles(sheet.left, sheet.right).map(move |x| (x, y)))
            .filter_map(|square| self.dots_of_tile.get(&square));
        let mut found: Vec<u32> = squares.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        for dot in found.into_iter().filter_map(|i| self.dots.get(i as usize)) {
            dot.draw(stance, picture);
        }
        self.names.draw(&mut picture.as_mut(), glyphs, stance);
    }
}

/// The square of a tile's width that holds a pixel, along one axis.
fn tile(at: f64) -> i64 {
    (at / f64::from(1u32 << PIXEL_BITS)).floor() as i64
}

impl Dot {
    fn draw(&self, stance: &Stance, picture: &mut Pixmap) {
        let (corner, (fx, fy), scale) = (stance.corner(), stance.factor, f32::from(stance.scale()));
        let at = (((self.x * fx - corner.0) as f32) * scale, ((self.y * fy - corner.1) as f32) * scale);
        if self.rim > 0.0 {
            disc(at, (self.radius + self.rim) * scale, self.rim_colour, picture);
        }
        disc(at, self.radius * scale, self.colour, picture);
    }
}

/// Antialiased by the distance of each pixel's middle from the rim.
fn disc((x, y): (f32, f32), radius: f32, colour: [f32; 4], picture: &mut Pixmap) {
    let (width, height) = (picture.width() as i32, picture.height() as i32);
    let range = |at: f32, end: i32| {
        ((at - radius - 1.0).floor() as i32).clamp(0, end)..((at + radius + 1.0).ceil() as i32).clamp(0, end)
    };
    for row in range(y, height) {
        for column in range(x, width) {
            let distance = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
            let cover = (radius + 0.5 - distance).clamp(0.0, 1.0) * colour[3].clamp(0.0, 1.0);
            let at = ((row * width + column) * 4) as usize;
            for (channel, p) in picture.data_mut()[at..at + 4].iter_mut().enumerate() {
                let source = if channel == 3 { 255.0 } else { colour[channel].clamp(0.0, 1.0) * 255.0 };
                *p = (source * cover + f32::from(*p) * (1.0 - cover)).round() as u8;
            }
        }
    }
}

/// Evaluates symbol and circle layers for every point.
struct Collector<'a> {
    style: &'a Style,
    zoom: f64,
    pixel: &'a dyn Fn((f64, f64)) -> (f64, f64),
    layer: String,
    names: Vec<Candidate>,
    dots: Vec<Dot>,
}

impl Sink for Collector<'_> {
    fn layer(&mut self, name: &str) {
        name.clone_into(&mut self.layer);
    }

    fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let Some(p) = shape.points.first() else { return };
        let at = (self.pixel)((f64::from(p.0), f64::from(p.1)));
        let tags: Vec<(&'static str, Val)> = tags.iter().map(|(k, v)| (*k, val(v))).collect();
        let zoom = self.zoom;
        let scene = Scene { zoom, geometry: "Point", tags: &tags, state: &[] };
        for (i, layer) in self.style.layers.iter().enumerate() {
            let drawn = layer.source_layer == self.layer && layer.shows_at(zoom);
            if !drawn || layer.filter.as_ref().is_some_and(|f| !f.truth(&scene)) {
                continue;
            }
            match layer.kind {
                Kind::Symbol => self.names.extend(name(layer, i, at, &scene)),
                Kind::Circle => self.dots.push(dot(layer, i, at, &scene)),
                _ => {}
            }
        }
    }
}

pub(super) fn val(value: &Value<'_>) -> Val {
    match value {
        Value::Text(text) => Val::Text((*text).to_owned()),
        Value::Integer(n) => Val::Num(*n as f64),
        Value::Number(n) => Val::Num(*n),
        Value::Flag(b) => Val::Bool(*b),
    }
}

fn dot(layer: &Layer, index: usize, (x, y): (f64, f64), scene: &Scene<'_>) -> Dot {
    let black = [0.0, 0.0, 0.0, 1.0];
    Dot {
        x,
        y,
        layer: index,
        radius: layer.number("circle-radius", 5.0, scene).clamp(0.0, 64.0) as f32,
        colour: layer.colour("circle-color", black, "circle-opacity", scene),
        rim: layer.number("circle-stroke-width", 0.0, scene).clamp(0.0, 16.0) as f32,
        rim_colour: layer.colour("circle-stroke-color", black, "circle-stroke-opacity", scene),
    }
}

fn name(layer: &Layer, index: usize, (x, y): (f64, f64), scene: &Scene<'_>) -> Option<Candidate> {
    let Some(Val::Text(text)) = layer.property("text-field").map(|e| e.eval(scene)) else { return None };
    let size_px = layer.number("text-size", 16.0, scene) as f32;
    // A browser that lays a tile out keeps the room that the name has when one has zoomed in by one.
    let room_px = layer.number("text-size", 16.0, &Scene { zoom: scene.zoom + 1.0, ..*scene }) as f32;
    let offset = layer.list("text-offset", scene);
    let offset_em = |i: usize| offset.get(i).copied().unwrap_or(0.0) as f32;
    let below = matches!(layer.property("text-anchor").map(|e| e.eval(scene)), Some(Val::Text(a)) if a == "top");
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    let sort_key = (layer.number("symbol-sort-key", 0.0, scene) * 16.0).clamp(-1e9, 1e9) as i64;
    Some(Candidate {
        x,
        y,
        below,
        offset_em: (offset_em(0), offset_em(1)),
        text: text.trim().to_owned(),
        size_px,
        room_px,
        color: layer.colour("text-color", [0.0, 0.0, 0.0, 1.0], "text-opacity", scene).map(byte),
        halo: layer.colour("text-halo-color", [0.0; 4], "text-opacity", scene).map(byte),
        halo_px: layer.number("text-halo-width", 0.0, scene) as f32,
        priority: ((index as i64) << 40) - sort_key,
        letter_spacing_em: layer.number("text-letter-spacing", 0.0, scene) as f32,
        max_width_em: layer.number("text-max-width", 10.0, scene) as f32,
        padding_px: layer.number("text-padding", f64::from(PADDING_PX), scene) as f32,
    })
}

impl Layer {
    pub(super) fn number(&self, name: &str, otherwise: f64, scene: &Scene<'_>) -> f64 {
        self.property(name).map_or(otherwise, |e| e.number(scene, otherwise))
    }

    /// A colour with its layer's opacity, not premultiplied.
    pub(super) fn colour(&self, name: &str, otherwise: [f32; 4], opacity: &str, scene: &Scene<'_>) -> [f32; 4] {
        let [r, g, b, a] = match self.property(name).map(|e| e.eval(scene)) {
            Some(Val::Color(colour)) => colour,
            Some(Val::Text(text)) => named(&text).unwrap_or(otherwise),
            _ => otherwise,
        };
        [r, g, b, a * self.number(opacity, 1.0, scene).clamp(0.0, 1.0) as f32]
    }

    fn list(&self, name: &str, scene: &Scene<'_>) -> Vec<f64> {
        let items = match self.property(name).map(|e| e.eval(scene)) {
            Some(Val::List(items)) => items,
            _ => Vec::new(),
        };
        items.iter().filter_map(|v| if let Val::Num(n) = v { Some(*n) } else { None }).collect()
    }
}

fn named(text: &str) -> Option<[f32; 4]> {
    match text {
        "white" => Some([1.0; 4]),
        "black" => Some([0.0, 0.0, 0.0, 1.0]),
        "transparent" => Some([0.0; 4]),
        _ => super::expression::color(text).ok(),
    }
}
