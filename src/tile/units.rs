//! Set `units`: the polygons of every level, put together from the same generalised arcs.

use std::cell::{Cell, OnceCell};

use super::TileCoord;
use super::borders::Borders;
use super::boxes::Boxes;
use super::clip::{Clipper, Parts};
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::{Beyond, Frame};
use super::labels::Labels;
use super::shapes::{LevelShapes, Source, groups};
use super::since::Since;
use crate::coverage::generalize::{Generalized, GridBounds};
use crate::coverage::world::{FULL_ZOOM, GridPoint};
use crate::coverage::{HalfArc, Pairs};
use crate::grid::{Hierarchy, Unit};
use crate::snapshot::Snapshot;

/// The polygons, borders and labels of one snapshot.
#[derive(Debug)]
pub(super) struct Units {
    pub arcs: Generalized,
    pub levels: Vec<LevelShapes>,
    pub borders: Borders,
    pub labels: Labels,
    /// The edge of everything that belongs to no unit, walked with that land inside.
    pub outside: Vec<Vec<HalfArc>>,
    /// Its arcs.
    outline: Boxes,
    pub bounds: GridBounds,
}

impl Units {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        Self::made(snapshot, Generalized::new(&snapshot.coverage), None)
    }

    /// The units of `after`, with what has not changed since `before` taken over; the same as [`Units::new`].
    pub(super) fn next(&self, before: &Snapshot, after: &Snapshot, pairs: &Pairs<'_>) -> (Self, Since) {
        let (arcs, made) = self.arcs.next(&before.coverage, &after.coverage, pairs);
        let since = Since::new((before, self), (after, &arcs), &made, pairs);
        (Self::made(after, arcs, Some((self, &since))), since)
    }

    fn made(snapshot: &Snapshot, arcs: Generalized, earlier: Option<(&Self, &Since)>) -> Self {
        let Snapshot { coverage, hierarchy, .. } = snapshot;
        let groups = groups(hierarchy);
        let tracer = OnceCell::new();
        let source = Source { coverage, hierarchy, arcs: &arcs, tracer: &tracer };
        let levels: Vec<LevelShapes> = (snapshot.district.levels.iter().zip(&groups).enumerate())
            .map(|(l, (level, groups))| {
                let kept = earlier.and_then(|(units, since)| Some((units.levels.get(l)?, since.levels.get(l)?)));
                LevelShapes::new(level, &source, groups, kept)
            })
            .collect();
        let borders = Borders::new(coverage, &groups, &arcs);
        let labels = Labels::new(hierarchy, &levels);
        let outside = match earlier {
            Some((units, since)) if !since.outline => source.ordered(units.outside.clone(), false),
            _ => source.outline(groups.last()),
        };
        let boxes: Vec<GridBounds> = outside.iter().flatten().map(|h| arcs.bounds(FULL_ZOOM, h.arc())).collect();
        let nowhere = GridBounds { min: GridPoint::default(), max: GridPoint::default() };
        let bounds = boxes.iter().copied().reduce(GridBounds::joined).unwrap_or(nowhere);
        Self { arcs, levels, borders, labels, outside, outline: Boxes::new(&boxes), bounds }
    }

    /// All layers of a tile: polygons top level first, then `boundaries`, then `labels`.
    pub(super) fn draw(&self, snapshot: &Snapshot, coord: TileCoord, buffer: i32, sink: &mut dyn Sink) {
        self.draw_shapes(snapshot, &Frame::new(coord, buffer), sink);
        if sink.wants("labels") {
            sink.layer("labels");
            self.labels.draw(&snapshot.hierarchy, &self.levels, coord, sink);
        }
    }

    /// What has an area or a length in any square: of the levels, those that are there at the zoom that it shows.
    pub(super) fn draw_shapes(&self, snapshot: &Snapshot, frame: &Frame, sink: &mut dyn Sink) {
        Tools::lent(|tools| {
            let mut land = false;
            for level in self.levels.iter().filter(|l| l.info.min_zoom <= frame.shown) {
                if sink.wants(&level.info.key) {
                    land |= self.draw_level(snapshot, level, frame, tools, sink);
                }
            }
            // Where there is somebody's land and no edge of it, there is no other.
            if sink.wants("outside") && (!land || self.outline.any_meets(frame.world_bounds())) {
                self.draw_outside(frame, tools, sink);
            }
            if sink.wants("boundaries") {
                sink.layer("boundaries");
                self.borders.draw(&self.arcs, &self.levels, frame, tools, sink);
            }
        });
    }

    /// What the window shows of the land around, and of holes that are nobody's: to be covered, so that eyes stay on the
    /// district. Tiles that show nothing of the district's box have none.
    fn draw_outside(&self, frame: &Frame, Tools { clipper, shape, .. }: &mut Tools, sink: &mut dyn Sink) {
        if !frame.world_bounds().meets(self.bounds) {
            return;
        }
        self.outside_in(frame, clipper, shape);
        sink.layer("outside");
        if !shape.is_empty() {
            sink.feature(None, &[], shape);
        }
    }

    /// The polygon of `outside` in a window; nothing where the district's box is far.
    pub(super) fn outside_in(&self, frame: &Frame, clipper: &mut Clipper, shape: &mut Shape) {
        shape.clear(Geometry::Polygon);
        if frame.world_bounds().meets(self.bounds) {
            let (low, high) = (frame.window.low - 1, frame.window.high + 1);
            let rings = clipper.begin();
            rings.extend([(low, low), (high, low), (high, high), (low, high)]);
            rings.end();
            self.outside.iter().for_each(|halves| ring(&self.arcs, halves, frame, rings));
            clipper.polygon(frame.window, shape);
        }
    }

    /// The polygons of one level; whether there are any.
    fn draw_level(
        &self,
        snapshot: &Snapshot,
        level: &LevelShapes,
        frame: &Frame,
        Tools { clipper, shape, found }: &mut Tools,
        sink: &mut dyn Sink,
    ) -> bool {
        let mut any = false;
        let mut said = Vec::new();
        sink.layer(&level.info.key);
        let near = level.info.shows_figures(frame.data_zoom);
        level.tree.find(frame.world_bounds(), found);
        for i in found.iter().copied() {
            let drawn = &level.units[i as usize];
            drawn.draw(&self.arcs, frame, clipper, shape);
            if shape.is_empty() {
                continue;
            }
            any = true;
            if sink.takes_written() {
                sink.written(level.attributes.of(i, near), shape);
                continue;
            }
            let unit = snapshot.hierarchy.unit(drawn.unit);
            said.clear();
            tags(&snapshot.hierarchy, unit, drawn.colour, near, &mut said);
            sink.feature(Some(unit.id), &said, shape);
        }
        any
    }
}

/// What squares are drawn with, one after the other: to come by such room takes longer than to fill it.
#[derive(Debug)]
pub(super) struct Tools {
    pub clipper: Clipper,
    pub shape: Shape,
    /// What may lie in the square.
    pub found: Vec<u32>,
}

thread_local! {
    /// Those of the last square that a thread drew.
    static LEFT: Cell<Option<Box<Tools>>> = const { Cell::new(None) };
}

impl Tools {
    /// Works with the thread's tools, and leaves them for the next square unless this one was far larger than most.
    pub(super) fn lent<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let anew =
            || Box::new(Self { clipper: Clipper::new(), shape: Shape::new(Geometry::Polygon), found: Vec::new() });
        let mut tools = LEFT.take().unwrap_or_else(anew);
        let done = work(&mut tools);
        if tools.clipper.room() <= MOST_LEFT && tools.shape.points.capacity() <= MOST_LEFT {
            LEFT.set(Some(tools));
        }
        done
    }
}

/// Points.
const MOST_LEFT: usize = 1 << 16;

/// Appends what is said of a unit.
pub(super) fn tags<'a>(hierarchy: &'a Hierarchy, unit: &'a Unit, colour: u8, near: bool, tags: &mut Vec<Tag<'a>>) {
    tags.extend([("code", Value::Text(&unit.code)), ("name", Value::Text(&unit.name))]);
    if let Some(parent) = unit.parent {
        tags.push(("parent", Value::Text(&hierarchy.unit(parent).code)));
    }
    tags.push(("level", Value::Integer(i64::from(unit.level))));
    tags.push(("colour", Value::Integer(i64::from(colour))));
    if near {
        if !unit.class.is_empty() {
            tags.push(("class", Value::Text(&unit.class)));
        }
        tags.push(("households", Value::Integer(i64::from(unit.households))));
        tags.push(("population", Value::Integer(i64::from(unit.population))));
    }
}

/// Adds a ring in tile units. Arcs wholly beyond one side of the window are shortened to their ends, and several in a row to theirs: what is cut
/// off there does not depend on the way between them.
pub(super) fn ring(arcs: &Generalized, halves: &[HalfArc], frame: &Frame, parts: &mut Parts) {
    let arcs = arcs.at(frame.data_zoom);
    let mut before = None;
    for half in halves {
        let points = arcs.points(half.arc());
        let last = points.len() - 1;
        if last == 0 {
            continue;
        }
        let beyond = frame.misses(arcs.bounds(half.arc()));
        match (beyond.is_some(), half.reversed()) {
            (true, _) if Beyond::joins(before, beyond) => {}
            (true, false) => parts.push(frame.spot(points[0])),
            (true, true) => parts.push(frame.spot(points[last])),
            (false, false) => parts.extend(points[..last].iter().map(|p| frame.spot(*p))),
            (false, true) => parts.extend(points[1..].iter().rev().map(|p| frame.spot(*p))),
        }
        before = beyond;
    }
    parts.end();
}
