//! A map in a frame of the page: the layers of a style at the frame's scale, drawn as one piece.
//!
//! A page has no tiles: one window over the whole frame is cut from the arcs of the zoom that suits the print, and names are placed for the
//! frame as a whole, so none is cut at its edge or stands on another.

use std::collections::HashMap;

use tiny_skia::{LineCap, LineJoin};

use super::scene::{Bend, Colour, Mosaic, Op, PER_MM, Rect, Run, Stroke, steps};
use crate::coverage::world::{FULL_ZOOM, GridPoint, TILE_BITS, WORLD_BITS};
use crate::render::expression::Scene as Asked;
use crate::render::font::Font;
use crate::render::label::{Candidate, Extent, Placement};
use crate::render::map::{Collected, Drawn, FeatureStates, Features, Look, look};
use crate::render::points::{Dot, collect};
use crate::render::square::zoom_shown;
use crate::render::style::{Kind, Layer, Style};
use crate::snapshot::Snapshot;
use crate::tile::feature::{Geometry, Shape, Sink, Tag, Value};
use crate::tile::frame::Frame;
use crate::tile::{Pyramid, TileCoord, TileSet};

use super::view::View;

/// What is drawn beyond the frame so that strokes and areas go on past its edge, in millimetres of the paper.
const BEYOND_MM: f64 = 3.0;

/// What maps are drawn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub snapshot: &'a Snapshot,
    pub pyramid: &'a Pyramid,
    pub font: &'a Font,
    pub style: &'a Style,
}

/// A map, and what its legend needs to know.
#[derive(Debug)]
pub(super) struct Chart {
    /// Everything inside the frame but names.
    pub ops: Vec<Op>,
    pub names: Vec<Op>,
    /// The kinds of features that are in the frame: (layer of the tiles, kind, class).
    pub seen: Vec<(String, String, i64)>,
}

/// Draws the map of a view. `taken` are boxes of the paper that names must not enter.
pub(super) fn draw(source: Source<'_>, view: &View, taken: &[Rect]) -> Chart {
    let zoom = view.style_zoom();
    let shown: Vec<&Layer> = source.style.layers.iter().filter(|l| l.shows_at(zoom)).collect();
    let mut chart = Chart { ops: Vec::new(), names: Vec::new(), seen: Vec::new() };
    let Some(window) = Window::over(view) else { return chart };
    let collected: Vec<Collected> = TileSet::ALL
        .iter()
        .map(|set| {
            let mut collected = Collected::wanting(&shown, set.name());
            if !collected.wanted.is_empty() {
                collected.wanted.iter_mut().for_each(|(_, keys)| keys.extend(["kind", "class"].map(str::to_owned)));
                source.pyramid.draw(source.snapshot, *set, &window.frame(zoom), &mut collected);
            }
            collected
        })
        .collect();
    let (across, down) = view.pixels_per_step();
    let everywhere = |sink: &mut dyn Sink| source.pyramid.points_everywhere(source.snapshot, zoom_shown(zoom), sink);
    let (names, dots) = collect(source.style, zoom, &|(x, y)| (x * across, y * down), everywhere);
    let states = FeatureStates::default();
    for layer in shown {
        let found = collected.iter().find(|c| c.set == layer.source).and_then(|c| c.layer(&layer.source_layer));
        let drawn = window.on_paper(view, found.unwrap_or_default());
        let features = Features { drawn: &drawn, zoom, states: &states };
        match layer.kind {
            Kind::Background => chart.ops.push(background(layer, zoom, view)),
            Kind::Fill => chart.fill(layer, features),
            Kind::Line => chart.stroke(layer, features, view.pixel_mm),
            Kind::Circle => {
                let index = source.style.layers.iter().position(|l| std::ptr::eq(l, layer));
                let inside = dots.iter().filter(|d| Some(d.layer) == index);
                chart.ops.extend(inside.flat_map(|d| dot(d, view)));
            }
            Kind::Symbol => {}
        }
    }
    chart.names = placed(names, source.font, view, taken);
    chart.seen.sort();
    chart.seen.dedup();
    chart
}

/// The land of one unit in a view, on the paper; empty when it is not in there.
pub(super) fn land(source: Source<'_>, view: &View, level_key: &str, code: &str) -> Shape {
    struct One<'a> {
        level: &'a str,
        code: &'a str,
        found: Shape,
    }
    impl Sink for One<'_> {
        fn wants(&self, layer: &str) -> bool {
            layer == self.level
        }
        fn layer(&mut self, _: &str) {}
        fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
            if tags.contains(&("code", Value::Text(self.code))) {
                self.found = shape.clone();
            }
        }
    }
    let mut one = One { level: level_key, code, found: Shape::new(Geometry::Polygon) };
    let Some(window) = Window::over(view) else { return one.found };
    source.pyramid.draw(source.snapshot, TileSet::Units, &window.frame(view.style_zoom()), &mut one);
    window.shape(view, &one.found)
}

/// A square of tile units that covers the frame.
struct Window {
    coord: TileCoord,
    buffer: i32,
}

impl Window {
    fn over(view: &View) -> Option<Self> {
        let z = view.data_zoom();
        let side = f64::from(1u32 << (WORLD_BITS - z));
        let last = (1u32 << z) - 1;
        let tile = |at: f64| ((at / side).floor().max(0.0) as u32).min(last);
        let coord = TileCoord::new(z, tile(view.centre.0), tile(view.centre.1))?;
        // Tile units from the middle to the farther edge, and one tile for where in its tile the middle lies.
        let unit = f64::from(1u32 << (FULL_ZOOM - z));
        let half =
            ((view.frame.w / 2.0 + BEYOND_MM) / view.step_mm.0).max((view.frame.h / 2.0 + BEYOND_MM) / view.step_mm.1);
        let buffer = (half / unit).min(1e8) as i32;
        Some(Self { coord, buffer })
    }

    fn frame(&self, style_zoom: f64) -> Frame {
        Frame::new(self.coord, self.buffer).showing(zoom_shown(style_zoom))
    }

    /// A shape of tile units in steps of the paper; what falls on the point before is left out, and parts beyond the frame too.
    fn shape(&self, view: &View, shape: &Shape) -> Shape {
        let down = FULL_ZOOM - self.coord.z();
        let world = |corner: u32, at: i32| ((i64::from(corner) << TILE_BITS) + i64::from(at)) << down;
        let (x, y) = (self.coord.x(), self.coord.y());
        let mut drawn = Shape::new(shape.geometry);
        let area = shape.geometry == Geometry::Polygon;
        let frame = view.frame.inset(-BEYOND_MM);
        let (low, high) = ((steps(frame.x), steps(frame.y)), (steps(frame.right()), steps(frame.bottom())));
        for part in shape.parts() {
            let mut points: Vec<(i32, i32)> =
                part.iter().map(|p| view.steps_at((world(x, p.0) as f64, world(y, p.1) as f64))).collect();
            points.dedup();
            if area && points.len() > 1 && points.first() == points.last() {
                points.pop();
            }
            let beyond = |outside: &dyn Fn(&(i32, i32)) -> bool| points.iter().all(outside);
            let missed = beyond(&|p| p.0 < low.0)
                || beyond(&|p| p.0 > high.0)
                || beyond(&|p| p.1 < low.1)
                || beyond(&|p| p.1 > high.1);
            if !missed && points.len() >= if area { 3 } else { 2 } {
                drawn.push(points);
            }
        }
        drawn
    }

    fn on_paper(&self, view: &View, features: &[Drawn]) -> Vec<Drawn> {
        let placed =
            features.iter().map(|f| Drawn { id: f.id, tags: f.tags.clone(), shape: self.shape(view, &f.shape) });
        placed.filter(|f| !f.shape.is_empty()).collect()
    }
}

pub(super) fn bytes(colour: [f32; 4]) -> Colour {
    colour.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8)
}

fn background(layer: &Layer, zoom: f64, view: &View) -> Op {
    let scene = Asked { zoom, geometry: "", tags: &[], state: &[] };
    let [r, g, b, a] = bytes(layer.colour("background-color", [0.0, 0.0, 0.0, 1.0], "background-opacity", &scene));
    Op::Fill(Mosaic { tiles: vec![([r, g, b], view.frame.shape())], opacity: a })
}

impl Chart {
    fn see(&mut self, layer: &Layer, feature: &Drawn) {
        use crate::render::expression::Val;
        let tag = |name: &str| feature.tags.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        let kind = if let Some(Val::Text(kind)) = tag("kind") { kind.clone() } else { String::new() };
        let class = if let Some(Val::Num(class)) = tag("class") { *class as i64 } else { 0 };
        let key = (layer.source_layer.clone(), kind, class);
        if !self.seen.contains(&key) {
            self.seen.push(key);
        }
    }

    /// Areas of one colour are one area: where two of them meet nothing can shine through.
    fn fill(&mut self, layer: &Layer, features: Features<'_>) {
        if layer.is_hatched() {
            return; // the styles of sheets have none
        }
        let mut mosaics: Vec<Mosaic> = Vec::new();
        for (feature, scene) in features.accepted(layer).filter(|(f, _)| f.shape.geometry == Geometry::Polygon) {
            let [r, g, b, a] = bytes(layer.colour("fill-color", [0.0, 0.0, 0.0, 1.0], "fill-opacity", &scene));
            if a == 0 {
                continue;
            }
            self.see(layer, feature);
            let at = mosaics.iter().position(|m| m.opacity == a).unwrap_or_else(|| {
                mosaics.push(Mosaic { tiles: Vec::new(), opacity: a });
                mosaics.len() - 1
            });
            let tiles = &mut mosaics[at].tiles;
            match tiles.iter_mut().find(|(colour, _)| *colour == [r, g, b]) {
                Some((_, shape)) => feature.shape.parts().for_each(|part| shape.push(part.iter().copied())),
                None => tiles.push(([r, g, b], feature.shape.clone())),
            }
        }
        self.ops.extend(mosaics.into_iter().map(Op::Fill));
    }

    /// Neighbours in the list that look the same are stroked together, so that they do not darken where they meet.
    fn stroke(&mut self, layer: &Layer, features: Features<'_>, pixel_mm: f64) {
        let mut waiting: Option<(Look, Shape)> = None;
        for (feature, scene) in features.accepted(layer).filter(|(f, _)| f.shape.geometry != Geometry::Point) {
            let look = look(layer, &scene);
            if look.width <= 0.0 || look.colour[3] <= 0.0 {
                continue;
            }
            self.see(layer, feature);
            match &mut waiting {
                Some((same, path)) if *same == look && path.geometry == feature.shape.geometry => {
                    feature.shape.parts().for_each(|part| path.push(part.iter().copied()));
                }
                other => {
                    let next = (look, feature.shape.clone());
                    self.ops.extend(other.replace(next).map(|(look, path)| stroked(&look, path, pixel_mm)));
                }
            }
        }
        self.ops.extend(waiting.map(|(look, path)| stroked(&look, path, pixel_mm)));
    }
}

/// A line of a style on the paper.
pub(super) fn stroked(look: &Look, path: Shape, pixel_mm: f64) -> Op {
    let length = |px: f32| f64::from(px) * pixel_mm * PER_MM;
    Op::Stroke(Stroke {
        path,
        colour: bytes(look.colour),
        width: length(look.width),
        dashes: look.dashes.iter().map(|d| length(*d)).collect(),
        cap: if look.cap == LineCap::Round { Bend::Round } else { Bend::Sharp },
        join: if look.join == LineJoin::Round { Bend::Round } else { Bend::Sharp },
    })
}

fn dot(dot: &Dot, view: &View) -> Vec<Op> {
    let (px, py) = view.pixels_per_step();
    let (x, y) = view.steps_at((dot.x / px, dot.y / py));
    let frame = view.frame;
    let inside =
        (steps(frame.x)..=steps(frame.right())).contains(&x) && (steps(frame.y)..=steps(frame.bottom())).contains(&y);
    let mut ops = Vec::new();
    let mut disc = |radius: f32, colour: [f32; 4]| {
        let radius = steps(f64::from(radius) * view.pixel_mm);
        if inside && radius > 0 && colour[3] > 0.0 {
            ops.push(Op::Dot { x, y, radius, colour: bytes(colour) });
        }
    };
    if dot.rim > 0.0 {
        disc(dot.radius + dot.rim, dot.rim_colour);
    }
    disc(dot.radius, dot.colour);
    ops
}

/// Names as runs, placed for the frame: in pixels from its corner, so that what is far away in the world loses nothing to rounding.
fn placed(names: Vec<Candidate>, font: &Font, view: &View, taken: &[Rect]) -> Vec<Op> {
    let (px, py) = view.pixels_per_step();
    let pixel = view.pixel_mm;
    let corner = (view.centre.0 * px - view.frame.w / 2.0 / pixel, view.centre.1 * py - view.frame.h / 2.0 / pixel);
    let extent = |rect: &Rect| Extent {
        left: (rect.x - view.frame.x) / pixel,
        top: (rect.y - view.frame.y) / pixel,
        right: (rect.right() - view.frame.x) / pixel,
        bottom: (rect.bottom() - view.frame.y) / pixel,
    };
    let frame = extent(&view.frame);
    let near = |c: &Candidate| (0.0..=frame.right).contains(&c.x) && (0.0..=frame.bottom).contains(&c.y);
    let here: Vec<Candidate> =
        names.into_iter().map(|c| Candidate { x: c.x - corner.0, y: c.y - corner.1, ..c }).filter(near).collect();
    let placement = Placement::within(here, font, Some(frame), &taken.iter().map(extent).collect::<Vec<_>>());
    let mut said: HashMap<u16, char> = HashMap::new();
    placement.set().for_each(|line| said.extend(font.glyphs(&line.candidate.text).map(|(c, glyph, _)| (glyph, c))));
    let thousandths = |em: f32| (em * 1000.0).round() as i32;
    let run = |line: crate::render::label::SetLine<'_>| {
        let size = steps(line.size_px * pixel);
        let text = line.glyphs.iter().filter_map(|(glyph, _)| said.get(glyph)).collect();
        Op::Text(Run {
            x: steps(view.frame.x + line.left * pixel),
            y: steps(view.frame.y + line.baseline * pixel),
            size,
            glyphs: line.glyphs.iter().map(|(glyph, em)| (*glyph, thousandths(*em))).collect(),
            width: thousandths(line.width_em),
            text,
            colour: line.candidate.color,
            bold: false,
            halo: (line.halo_px > 0.0).then(|| (line.candidate.halo, steps(line.halo_px * pixel))),
        })
    };
    placement.set().map(run).collect()
}

/// The middle of a box of the world.
pub(super) fn middle(a: GridPoint, b: GridPoint) -> (f64, f64) {
    (f64::midpoint(f64::from(a.x), f64::from(b.x)), f64::midpoint(f64::from(a.y), f64::from(b.y)))
}
