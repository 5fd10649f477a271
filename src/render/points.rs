//! Names and dots of a style at one zoom: `symbol` and `circle` layers evaluated for every labelled point and named line of the
//! district.

use std::collections::HashMap;

use tiny_skia::Pixmap;

use super::along::Named;
use super::expression::{Scene, Val};
use super::font::Font;
use super::glyph::GlyphCache;
use super::label::{Candidate, Placement};
use super::style::{Kind, Layer, Style};
use crate::coverage::world::WORLD_BITS;
use crate::tile::TileCoord;
use crate::tile::feature::{Geometry, Shape, Sink, Tag, Value};

/// Bits of a picture tile's width in logical pixels.
pub(super) const PIXEL_BITS: u8 = 8;
/// Free room around a name, in pixels.
const PADDING_PX: f32 = 2.0;

/// Styles count zooms in 512-pixel tiles; ours are half as wide.
pub(super) fn style_zoom(z: u8) -> f64 {
    f64::from(z) - 1.0
}

/// Everything with a point at one zoom: placed once, drawn into every tile it touches.
#[derive(Debug)]
pub(super) struct Points {
    names: Placement,
    dots: Vec<Dot>,
    dots_of_tile: HashMap<(u32, u32), Vec<u32>>,
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

/// From how far the district is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eye {
    /// The style's zoom.
    pub zoom: f64,
    /// Logical pixels in a world step, east and south.
    pub scale: (f64, f64),
}

impl Eye {
    fn of_tiles(z: u8) -> Self {
        let scale = 2f64.powi(i32::from(z) + i32::from(PIXEL_BITS) - i32::from(WORLD_BITS));
        Self { zoom: style_zoom(z), scale: (scale, scale) }
    }
}

/// What a style makes of every labelled point and named line: names that would like a place, and dots in drawing order.
pub(super) fn collect(style: &Style, eye: Eye, points: impl Fn(&mut dyn Sink)) -> (Vec<Candidate>, Vec<Dot>) {
    let (names, dots, named) = (Vec::new(), Vec::new(), Named::default());
    let mut collector = Collector { style, eye, layer: String::new(), names, dots, named };
    points(&mut collector);
    let Collector { names, mut dots, .. } = collector;
    dots.sort_by_key(|d| d.layer);
    (names, dots)
}

impl Points {
    /// `points` sends every labelled point in world steps. As in a browser, names of higher layers are placed first, and within a
    /// layer those with lower sort keys.
    pub(super) fn new(style: &Style, z: u8, font: &Font, points: impl Fn(&mut dyn Sink)) -> Self {
        let (names, dots) = collect(style, Eye::of_tiles(z), points);
        let last = (1u32 << z) - 1;
        let tile = |at: f64| ((at.max(0.0) / f64::from(1u32 << PIXEL_BITS)) as u32).min(last);
        let mut dots_of_tile: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
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

    pub(super) fn draw(&self, coord: TileCoord, scale: u8, glyphs: &GlyphCache, picture: &mut Pixmap) {
        let (west, north) = (i64::from(coord.x()) << PIXEL_BITS, i64::from(coord.y()) << PIXEL_BITS);
        for i in self.dots_of_tile.get(&(coord.x(), coord.y())).into_iter().flatten() {
            self.dots[*i as usize].draw((west as f64, north as f64), f32::from(scale), picture);
        }
        self.names.draw(&mut picture.as_mut(), glyphs, west, north, scale);
    }
}

impl Dot {
    fn draw(&self, corner: (f64, f64), scale: f32, picture: &mut Pixmap) {
        let at = (((self.x - corner.0) as f32) * scale, ((self.y - corner.1) as f32) * scale);
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
    eye: Eye,
    layer: String,
    names: Vec<Candidate>,
    dots: Vec<Dot>,
    named: Named,
}

impl Sink for Collector<'_> {
    fn layer(&mut self, name: &str) {
        name.clone_into(&mut self.layer);
    }

    fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let Eye { zoom, scale } = self.eye;
        let pixel = |p: &(i32, i32)| (f64::from(p.0) * scale.0, f64::from(p.1) * scale.1);
        let Some(at) = shape.points.first().map(pixel) else { return };
        let tags: Vec<(&'static str, Val)> = tags.iter().map(|(k, v)| (*k, val(v))).collect();
        let line = shape.geometry == Geometry::Line;
        let scene = Scene { zoom, geometry: if line { "LineString" } else { "Point" }, tags: &tags };
        for (i, layer) in self.style.layers.iter().enumerate() {
            let drawn = layer.source_layer == self.layer && layer.shows_at(zoom) && layer.along == line;
            if !drawn || layer.filter.as_ref().is_some_and(|f| !f.truth(&scene)) {
                continue;
            }
            match layer.kind {
                Kind::Symbol if line => {
                    let Some(model) = name(layer, i, at, &scene) else { continue };
                    let spacing_px = layer.number("symbol-spacing", 250.0, &scene).clamp(50.0, 5000.0);
                    for part in shape.parts() {
                        let points: Vec<(f64, f64)> = part.iter().map(pixel).collect();
                        let spots = self.named.along(&points, &model.text, f64::from(model.size_px), spacing_px);
                        self.names.extend(spots.into_iter().map(|s| Candidate {
                            x: s.x,
                            y: s.y,
                            text: s.text,
                            ..model.clone()
                        }));
                    }
                }
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
    let offset = layer.list("text-offset", scene);
    let shift_px = |i: usize| offset.get(i).copied().unwrap_or(0.0) * f64::from(size_px);
    // A name under its point: half a line further down, so that the offset is to its upper side.
    let below = matches!(layer.property("text-anchor").map(|e| e.eval(scene)), Some(Val::Text(a)) if a == "top");
    let down_px = if below { 0.5 * f64::from(size_px) } else { 0.0 };
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
    let sort_key = (layer.number("symbol-sort-key", 0.0, scene) * 16.0).clamp(-1e9, 1e9) as i64;
    Some(Candidate {
        x: x + shift_px(0),
        y: y + shift_px(1) + down_px,
        text: text.trim().to_owned(),
        size_px,
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
