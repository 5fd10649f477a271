//! Names: placed once for the whole district at each zoom, then drawn into every tile they touch – so that no name is cut,
//! repeated or elsewhere in the next tile.

use std::collections::HashMap;

use tiny_skia::Pixmap;

use super::expression::{Scene, Val};
use super::font::{Font, GlyphKey, Glyphs};
use super::style::{Kind, Layer, Style};
use crate::coverage::world::WORLD_BITS;
use crate::tile::TileCoord;
use crate::tile::feature::{Shape, Sink, Tag, Value};

/// Bits of a picture tile's width in logical pixels.
pub(super) const PIXEL_BITS: u8 = 8;
/// Free room around a name, in pixels.
const PADDING: f64 = 3.0;
const LINE_HEIGHT: f32 = 1.25;
/// The middle of a Chinese character above the line, in ems.
const MIDDLE: f32 = 0.38;

/// Everything with a point: names and dots of one zoom.
#[derive(Debug, Default)]
pub(super) struct Placement {
    marks: Vec<Mark>,
    by_tile: HashMap<(u32, u32), Vec<u32>>,
}

/// A name or a dot at a place, in logical pixels of the zoom's world.
#[derive(Clone, Debug)]
struct Mark {
    x: f64,
    y: f64,
    /// Its layer's place in the style: higher ones are drawn over lower ones.
    layer: usize,
    ink: Ink,
}

#[derive(Clone, Debug)]
enum Ink {
    /// Glyphs with their pens relative to the place.
    Name { glyphs: Vec<(u16, f32, f32)>, look: Look },
    Dot { radius: f32, colour: [f32; 4], stroke: f32, stroke_colour: [f32; 4] },
}

#[derive(Clone, Copy, Debug)]
struct Look {
    size: f32,
    colour: [f32; 4],
    halo: f32,
    halo_colour: [f32; 4],
    bold: bool,
}

/// A box in logical pixels: west, north, east, south.
type Room = [f64; 4];

impl Placement {
    /// Decides which names of a style fit at tile zoom `z`. `points` sends every labelled point in world steps. Layers higher in
    /// the style come first, as in a browser; within one, lower sort keys.
    pub(super) fn new(style: &Style, z: u8, font: &Font, points: impl Fn(&mut dyn Sink)) -> Self {
        let mut collector = Collector { style, z, layer: String::new(), font, names: Vec::new(), dots: Vec::new() };
        points(&mut collector);
        let Collector { mut names, dots, .. } = collector;
        names.sort_by(|a, b| b.mark.layer.cmp(&a.mark.layer).then(a.sort_key.total_cmp(&b.sort_key)));
        let mut taken = Taken::default();
        let mut found: Vec<(Mark, Room)> = dots;
        for name in names {
            if taken.take(name.room) {
                found.push((name.mark, name.room));
            }
        }
        found.sort_by_key(|(mark, _)| mark.layer);
        let mut placement = Self::default();
        let last = (1u32 << z) - 1;
        for (i, (mark, room)) in found.into_iter().enumerate() {
            let tile = |at: f64| ((at.max(0.0) / f64::from(1u32 << PIXEL_BITS)) as u32).min(last);
            for y in tile(room[1])..=tile(room[3]) {
                for x in tile(room[0])..=tile(room[2]) {
                    placement.by_tile.entry((x, y)).or_default().push(i as u32);
                }
            }
            placement.marks.push(mark);
        }
        placement
    }

    /// Draws what touches a tile.
    pub(super) fn draw(&self, coord: TileCoord, scale: u8, glyphs: &Glyphs, picture: &mut Pixmap) {
        for i in self.by_tile.get(&(coord.x(), coord.y())).into_iter().flatten() {
            let mark = &self.marks[*i as usize];
            // Rounded in the world, not in the tile: the same pixels on both sides of an edge.
            let device = |at: f64, tile: u32| {
                ((at * f64::from(scale)).round() as i64 - (i64::from(tile) << PIXEL_BITS) * i64::from(scale)) as i32
            };
            let at = (device(mark.x, coord.x()), device(mark.y, coord.y()));
            match &mark.ink {
                Ink::Name { glyphs: pens, look } => draw_name(pens, look, at, f32::from(scale), glyphs, picture),
                Ink::Dot { radius, colour, stroke, stroke_colour } => {
                    let r = radius * f32::from(scale);
                    if *stroke > 0.0 {
                        draw_dot(at, r + stroke * f32::from(scale), *stroke_colour, picture);
                    }
                    draw_dot(at, r, *colour, picture);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> usize {
        self.marks.iter().filter(|m| matches!(m.ink, Ink::Name { .. })).count()
    }
}

struct Candidate {
    mark: Mark,
    room: Room,
    sort_key: f64,
}

/// Evaluates symbol and circle layers for every point.
struct Collector<'a> {
    style: &'a Style,
    z: u8,
    layer: String,
    font: &'a Font,
    names: Vec<Candidate>,
    dots: Vec<(Mark, Room)>,
}

impl Sink for Collector<'_> {
    fn layer(&mut self, name: &str) {
        name.clone_into(&mut self.layer);
    }

    fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let Some(&(x, y)) = shape.points.first() else { return };
        // World steps to logical pixels of this zoom.
        let scale = 2f64.powi(i32::from(self.z) + i32::from(PIXEL_BITS) - i32::from(WORLD_BITS));
        let (x, y) = (f64::from(x) * scale, f64::from(y) * scale);
        let tags: Vec<(&'static str, Val)> = tags.iter().map(|(k, v)| (*k, val(v))).collect();
        let zoom = style_zoom(self.z);
        let scene = Scene { zoom, geometry: "Point", tags: &tags };
        for (i, layer) in self.style.layers.iter().enumerate() {
            let drawn = layer.source_layer == self.layer && layer.shows_at(zoom);
            if !drawn || layer.filter.as_ref().is_some_and(|f| !f.truth(&scene)) {
                continue;
            }
            match layer.kind {
                Kind::Symbol => self.names.extend(name(layer, i, (x, y), &scene, self.font)),
                Kind::Circle => self.dots.push(dot(layer, i, (x, y), &scene)),
                _ => {}
            }
        }
    }
}

/// Styles count zooms in 512-pixel tiles; ours are half as wide.
pub(super) fn style_zoom(z: u8) -> f64 {
    f64::from(z) - 1.0
}

pub(super) fn val(value: &Value<'_>) -> Val {
    match value {
        Value::Text(text) => Val::Text((*text).to_owned()),
        Value::Integer(n) => Val::Num(*n as f64),
        Value::Number(n) => Val::Num(*n),
        Value::Flag(b) => Val::Bool(*b),
    }
}

impl Layer {
    pub(super) fn number(&self, name: &str, otherwise: f64, scene: &Scene<'_>) -> f64 {
        self.property(name).map_or(otherwise, |e| e.number(scene, otherwise))
    }

    /// A colour with its layer's opacity.
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

fn dot(layer: &Layer, index: usize, (x, y): (f64, f64), scene: &Scene<'_>) -> (Mark, Room) {
    let radius = layer.number("circle-radius", 5.0, scene).clamp(0.0, 64.0);
    let stroke = layer.number("circle-stroke-width", 0.0, scene).clamp(0.0, 16.0);
    let ink = Ink::Dot {
        radius: radius as f32,
        colour: layer.colour("circle-color", [0.0, 0.0, 0.0, 1.0], "circle-opacity", scene),
        stroke: stroke as f32,
        stroke_colour: layer.colour("circle-stroke-color", [0.0, 0.0, 0.0, 1.0], "circle-stroke-opacity", scene),
    };
    let r = radius + stroke + 1.0;
    (Mark { x, y, layer: index, ink }, [x - r, y - r, x + r, y + r])
}

fn name(layer: &Layer, index: usize, (x, y): (f64, f64), scene: &Scene<'_>, font: &Font) -> Option<Candidate> {
    let Some(Val::Text(text)) = layer.property("text-field").map(|e| e.eval(scene)) else { return None };
    let size = layer.number("text-size", 16.0, scene).clamp(4.0, 96.0) as f32;
    let text: String = text.trim().chars().take(60).collect();
    if text.is_empty() {
        return None;
    }
    let width = layer.number("text-max-width", 10.0, scene).max(1.0) as f32;
    let spacing = layer.number("text-letter-spacing", 0.0, scene) as f32;
    let lines = lines(&font.glyphs(&text), width, spacing);
    let widest = lines.iter().map(|l| l.1).fold(0.0, f32::max);
    let height = LINE_HEIGHT * lines.len() as f32;
    let anchor = match layer.property("text-anchor").map(|e| e.eval(scene)) {
        Some(Val::Text(anchor)) => anchor,
        _ => String::new(),
    };
    // Where the block's middle stands relative to the point, in ems.
    let offset = layer.list("text-offset", scene);
    let shift = |i: usize| offset.get(i).copied().unwrap_or(0.0) as f32;
    let to_side = |low: &str, high: &str, half: f32| match &anchor {
        a if a.contains(low) => half,
        a if a.contains(high) => -half,
        _ => 0.0,
    };
    let centre_x = shift(0) + to_side("left", "right", widest / 2.0);
    let centre_y = shift(1) + to_side("top", "bottom", height / 2.0);
    let mut glyphs = Vec::new();
    for (row, (line, line_width)) in lines.iter().enumerate() {
        let baseline = centre_y + (row as f32 + 0.5) * LINE_HEIGHT - height / 2.0 + MIDDLE;
        let start = centre_x - line_width / 2.0;
        glyphs.extend(line.iter().map(|(glyph, pen)| (*glyph, (start + pen) * size, baseline * size)));
    }
    let bold = matches!(layer.property("text-font").map(|e| e.eval(scene)), Some(Val::List(fonts))
        if fonts.iter().any(|f| matches!(f, Val::Text(t) if t.contains("Bold"))));
    let look = Look {
        size,
        colour: layer.colour("text-color", [0.0, 0.0, 0.0, 1.0], "text-opacity", scene),
        halo: layer.number("text-halo-width", 0.0, scene).clamp(0.0, 16.0) as f32,
        halo_colour: layer.colour("text-halo-color", [0.0; 4], "text-opacity", scene),
        bold,
    };
    let (half_w, half_h) = (f64::from(widest * size) / 2.0 + PADDING, f64::from(height * size) / 2.0 + PADDING);
    let (cx, cy) = (x + f64::from(centre_x * size), y + f64::from(centre_y * size));
    let room = [cx - half_w, cy - half_h, cx + half_w, cy + half_h];
    let sort_key = layer.number("symbol-sort-key", 0.0, scene);
    Some(Candidate { mark: Mark { x, y, layer: index, ink: Ink::Name { glyphs, look } }, room, sort_key })
}

/// Breaks a name into lines of about equal length, none wider than `width` ems where that is possible: glyphs with their
/// pens, and the line's width.
fn lines(glyphs: &[(u16, f32)], width: f32, spacing: f32) -> Vec<(Vec<(u16, f32)>, f32)> {
    let total: f32 = glyphs.iter().map(|g| g.1 + spacing).sum();
    let count = (total / width).ceil().clamp(1.0, 4.0);
    let aim = total / count;
    let mut lines = Vec::new();
    let (mut line, mut pen) = (Vec::new(), 0.0);
    for (glyph, advance) in glyphs {
        if !line.is_empty() && pen + advance > aim + 0.51 && lines.len() + 1 < count as usize {
            lines.push((std::mem::take(&mut line), pen - spacing));
            pen = 0.0;
        }
        line.push((*glyph, pen));
        pen += advance + spacing;
    }
    lines.push((line, pen - spacing));
    lines
}

/// The rooms taken so far, in a raster of squares.
#[derive(Default)]
struct Taken {
    rooms: Vec<Room>,
    cells: HashMap<(i32, i32), Vec<u32>>,
}

impl Taken {
    /// Takes the room if it is free.
    fn take(&mut self, room: Room) -> bool {
        let cell = |at: f64| (at / 128.0).floor() as i32;
        let columns = cell(room[0])..=cell(room[2]);
        let cells = || (cell(room[1])..=cell(room[3])).flat_map(|y| columns.clone().map(move |x| (x, y)));
        let overlaps = |i: &u32| {
            let other = self.rooms[*i as usize];
            room[0] < other[2] && other[0] < room[2] && room[1] < other[3] && other[1] < room[3]
        };
        if cells().any(|c| self.cells.get(&c).is_some_and(|rooms| rooms.iter().any(overlaps))) {
            return false;
        }
        for c in cells() {
            self.cells.entry(c).or_default().push(self.rooms.len() as u32);
        }
        self.rooms.push(room);
        true
    }
}

fn draw_name(
    pens: &[(u16, f32, f32)],
    look: &Look,
    at: (i32, i32),
    scale: f32,
    glyphs: &Glyphs,
    picture: &mut Pixmap,
) {
    let quarters = |v: f32| (v * scale * 4.0).round();
    let size_q = quarters(look.size) as u16;
    let halo_q = quarters(look.halo).min(255.0) as u8;
    // All halos first: a glyph is never covered by its neighbour's.
    for (halo_q, colour) in [(halo_q, look.halo_colour), (0, look.colour)] {
        if colour[3] <= 0.0 {
            continue;
        }
        for &(glyph, dx, dy) in pens {
            let pen_q = quarters(dx) as i32;
            let key =
                GlyphKey { glyph, size_q, halo_q, bold: look.bold, fraction_q: pen_q.rem_euclid(4) as u8 };
            let mask = glyphs.mask(key);
            let (x, y) = (at.0 + pen_q.div_euclid(4) + mask.left, at.1 + (dy * scale).round() as i32 - mask.top);
            blit(&mask.coverage, mask.width, (x, y), colour, picture);
        }
    }
}

/// Lays one colour over the picture through a mask.
fn blit(coverage: &[u8], width: u32, (x, y): (i32, i32), colour: [f32; 4], picture: &mut Pixmap) {
    if width == 0 {
        return;
    }
    let (w, h) = (picture.width() as i32, picture.height() as i32);
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0).round() as u32;
    let (rgb, alpha) = ([byte(colour[0]), byte(colour[1]), byte(colour[2])], byte(colour[3]));
    let data = picture.data_mut();
    for (row, line) in coverage.chunks_exact(width as usize).enumerate() {
        let py = y + row as i32;
        if !(0..h).contains(&py) {
            continue;
        }
        let first = (-x).max(0);
        let last = (w - x).min(width as i32);
        for column in first..last.max(first) {
            let cover = u32::from(line[column as usize]) * alpha / 255;
            if cover == 0 {
                continue;
            }
            let at = ((py * w + x + column) * 4) as usize;
            for (channel, p) in data[at..at + 4].iter_mut().enumerate() {
                let source = rgb.get(channel).copied().unwrap_or(255);
                *p = ((source * cover + u32::from(*p) * (255 - cover) + 127) / 255) as u8;
            }
        }
    }
}

/// A disc, antialiased by its distance from the rim.
fn draw_dot(at: (i32, i32), radius: f32, colour: [f32; 4], picture: &mut Pixmap) {
    let reach = radius.ceil() as i32 + 1;
    let side = (2 * reach + 1) as u32;
    let mut coverage = Vec::with_capacity((side * side) as usize);
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let inside = radius + 0.5 - (dx as f32).hypot(dy as f32);
            coverage.push((inside.clamp(0.0, 1.0) * 255.0) as u8);
        }
    }
    blit(&coverage, side, (at.0 - reach, at.1 - reach), colour, picture);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_break_into_even_lines() {
        let glyphs: Vec<(u16, f32)> = (0..14).map(|i| (i, 1.0)).collect();
        let broken = lines(&glyphs, 8.0, 0.0);
        assert_eq!(broken.iter().map(|l| l.0.len()).collect::<Vec<_>>(), [7, 7]);
        assert_eq!(lines(&glyphs[..8], 8.0, 0.0).len(), 1);
    }

    #[test]
    fn a_taken_room_is_refused_and_a_neighbouring_one_is_not() {
        let mut taken = Taken::default();
        assert!(taken.take([0.0, 0.0, 300.0, 20.0]));
        assert!(!taken.take([290.0, 10.0, 310.0, 30.0]));
        assert!(taken.take([300.0, 0.0, 310.0, 20.0]));
        assert!(taken.take([-50.0, -50.0, -1.0, -1.0]));
    }

    #[test]
    fn a_mask_half_outside_the_picture_is_cut_at_its_edge() {
        let mut picture = Pixmap::new(4, 4).expect("a picture");
        blit(&[255; 9], 3, (-1, 2), [1.0, 0.0, 0.0, 1.0], &mut picture);
        blit(&[255; 9], 3, (100, 100), [1.0; 4], &mut picture);
        let red: Vec<bool> = picture.pixels().iter().map(|p| p.red() == 255).collect();
        assert_eq!(red.iter().filter(|r| **r).count(), 4);
        assert!(red[8] && red[9] && red[12] && red[13]);
    }
}
