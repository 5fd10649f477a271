//! Set `base`: rivers, green, streets and buildings to draw under the grids. Each feature is simplified for itself: unlike
//! units they share no borders that could tear.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::TileCoord;
use super::along::LineNames;
use super::boxes::Boxes;
use super::clip::{Clipper, Parts};
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::Frame;
use crate::coverage::generalize::{GridBounds, removed_below};
use crate::coverage::world::{GridPoint, project, turn};
use crate::crs::Cgcs2000;
use crate::snapshot::{BaseFeature, BaseShape};

/// Layers in drawing order; `names` follows.
pub(super) const LAYERS: [&str; 5] = ["green", "water", "waterway", "road", "building"];

#[derive(Debug)]
pub(super) struct Base {
    layers: Vec<Layer>,
    names: LineNames,
}

#[derive(Debug)]
struct Layer {
    drawn: Vec<Drawn>,
    tree: Boxes,
}

/// A feature on the world grid.
#[derive(Debug)]
struct Drawn {
    /// Place in `Snapshot::base`.
    feature: u32,
    min_zoom: u8,
    area: bool,
    parts: Vec<Part>,
}

/// A line or ring: for each point twice the area (square world steps) below which it is needed.
#[derive(Debug)]
struct Part {
    points: Vec<GridPoint>,
    weights: Vec<u64>,
}

/// The layer a feature belongs to, and the first zoom that shows it.
fn layer_of(feature: &BaseFeature) -> Option<(usize, u8)> {
    let area = matches!(feature.shape, BaseShape::Area(_));
    match feature.kind.as_str() {
        "green" if area => Some((0, 10)),
        "water" | "river" if area => Some((1, 7)),
        "water" | "river" => Some((2, 8)),
        "highway" | "rail" => Some((3, 7)),
        "road" => Some((
            3,
            match feature.class {
                0 | 1 => 8,
                2 => 10,
                3 => 12,
                _ => 13,
            },
        )),
        "building" if area => Some((4, 14)),
        _ => None,
    }
}

impl Base {
    /// The names of lines at a zoom, as points in world steps.
    pub(super) fn names_everywhere(&self, features: &[BaseFeature], zoom: u8, sink: &mut dyn Sink) {
        self.names.everywhere(features, zoom, sink);
    }

    pub(super) fn new(features: &[BaseFeature]) -> Self {
        let mut layers: Vec<(Vec<Drawn>, Vec<GridBounds>)> = LAYERS.iter().map(|_| Default::default()).collect();
        for (i, feature) in features.iter().enumerate() {
            let Some((layer, min_zoom)) = layer_of(feature) else { continue };
            let parts = parts(&feature.shape);
            let Some(bounds) = parts.iter().filter_map(|p| GridBounds::of(&p.points)).reduce(GridBounds::joined) else {
                continue;
            };
            let area = matches!(feature.shape, BaseShape::Area(_));
            layers[layer].0.push(Drawn { feature: i as u32, min_zoom, area, parts });
            layers[layer].1.push(bounds);
        }
        let layers: Vec<Layer> =
            layers.into_iter().map(|(drawn, bounds)| Layer { tree: Boxes::new(&bounds), drawn }).collect();
        let lines = layers.iter().flat_map(|layer| &layer.drawn).filter(|drawn| !drawn.area);
        let lines = lines.flat_map(|d| d.parts.iter().map(|part| (d.feature, d.min_zoom, part.points.as_slice())));
        let names = LineNames::new(features, &lines);
        Self { layers, names }
    }

    /// The lines and areas in a square, of the layers those features that are there at the zoom that it shows.
    pub(super) fn draw(&self, features: &[BaseFeature], frame: &Frame, sink: &mut dyn Sink) {
        let mut shape = Shape::new(Geometry::Line);
        let mut clipper = Clipper::new();
        for (name, layer) in LAYERS.iter().zip(&self.layers).filter(|(name, _)| sink.wants(name)).collect::<Vec<_>>() {
            sink.layer(name);
            let whole = sink.wants_whole(name);
            for i in layer.tree.meeting(frame.world_bounds()) {
                let drawn = &layer.drawn[i as usize];
                let Some(feature) = features.get(drawn.feature as usize) else { continue };
                if drawn.min_zoom > frame.shown {
                    continue;
                }
                drawn.shape(frame, whole, &mut clipper, &mut shape);
                if !shape.is_empty() {
                    sink.feature(None, &tags(feature), &shape);
                }
            }
        }
    }

    /// The names of lines in a tile.
    pub(super) fn draw_names(&self, features: &[BaseFeature], coord: TileCoord, sink: &mut dyn Sink) {
        self.names.draw(features, coord, sink);
    }
}

fn tags(feature: &BaseFeature) -> Vec<Tag<'_>> {
    let mut tags = vec![("kind", Value::Text(&feature.kind))];
    if feature.class > 0 {
        tags.push(("class", Value::Integer(i64::from(feature.class))));
    }
    if let Some(name) = &feature.name {
        tags.push(("name", Value::Text(name)));
    }
    tags
}

impl Drawn {
    fn shape(&self, frame: &Frame, whole: bool, clipper: &mut Clipper, shape: &mut Shape) {
        shape.clear(if self.area { Geometry::Polygon } else { Geometry::Line });
        let threshold = removed_below(frame.zoom);
        let parts: &mut Parts = clipper.begin();
        for part in &self.parts {
            let kept = part.points.iter().zip(&part.weights).filter(|(_, w)| **w >= threshold);
            parts.extend(kept.map(|(p, _)| frame.world_spot(*p)));
            parts.end_line();
        }
        if self.area {
            clipper.polygon(frame.window, shape);
        } else if whole {
            parts.iter().for_each(|line| shape.push_far(line.iter().copied()));
        } else {
            clipper.lines(frame.window, shape);
        }
    }
}

/// Projects and weighs; rings get the winding that tiles want, whatever the source's.
fn parts(shape: &BaseShape) -> Vec<Part> {
    let projected = |points: &[(f64, f64)]| -> Vec<GridPoint> {
        let mut points: Vec<GridPoint> =
            points.iter().map(|(lon, lat)| project(Cgcs2000::clamped(*lon, *lat))).collect();
        points.dedup();
        points
    };
    match shape {
        BaseShape::Line(points) => {
            let points = projected(points);
            let weights = weigh(&points, 2);
            vec![Part { points, weights }]
        }
        BaseShape::Area(rings) => {
            let wound = |(i, ring): (usize, &Vec<(f64, f64)>)| {
                let mut points = projected(ring);
                if points.len() > 1 && points.first() == points.last() {
                    points.pop();
                }
                let doubled: i64 = points.windows(2).map(|p| turn(points[0], p[0], p[1])).sum();
                if (doubled > 0) != (i == 0) {
                    points.reverse();
                }
                let weights = weigh(&points, 4);
                Part { points, weights }
            };
            rings.iter().enumerate().map(wound).filter(|p| p.points.len() >= 3).collect()
        }
    }
}

/// Visvalingam's order for one line: the first and last point and `least` points in all are never removed.
fn weigh(points: &[GridPoint], least: usize) -> Vec<u64> {
    let n = points.len();
    let mut weights = vec![u64::MAX; n];
    let mut before: Vec<usize> = (0..n).map(|i| i.saturating_sub(1)).collect();
    let mut after: Vec<usize> = (1..=n).collect();
    let area = |before: &[usize], after: &[usize], i: usize| {
        turn(points[before[i]], points[i], points[after[i]]).unsigned_abs()
    };
    let inner = |i: usize| i > 0 && i + 1 < n;
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> =
        (0..n).filter(|i| inner(*i)).map(|i| Reverse((area(&before, &after, i), i))).collect();
    let mut left = n;
    let mut level = 0;
    while left > least {
        let Some(Reverse((key, i))) = heap.pop() else { break };
        // Entries whose triangle has changed since are stale; a removed point has a weight already.
        if weights[i] != u64::MAX || key != area(&before, &after, i) {
            continue;
        }
        level = level.max(key);
        weights[i] = level;
        left -= 1;
        let (a, b) = (before[i], after[i]);
        after[a] = b;
        before[b] = a;
        for near in [a, b].into_iter().filter(|v| inner(*v)) {
            heap.push(Reverse((area(&before, &after, near), near)));
        }
    }
    weights
}
