//! Layer `boundaries`: every line once, with the highest level it separates, in stretches as long as can be – so that strokes
//! are never doubled and dashes run on through the junctions of lesser lines.

use super::boxes::Boxes;
use super::clip::{Clipper, Parts};
use super::feature::{Geometry, Shape, Sink, Value};
use super::frame::{Beyond, Frame};
use super::shapes::{LevelShapes, first_edge};
use super::units::Tools;
use crate::coverage::generalize::{Generalized, GridBounds, Zoom};
use crate::coverage::region::{Group, ranks};
use crate::coverage::world::FULL_ZOOM;
use crate::coverage::{ArcIx, Coverage, HalfArc, JunctionIx, LatticePoint};

/// What a line separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Class {
    level: u8,
    /// Nobody's land lies on one side: the district's edge, or an excluded hole.
    outline: bool,
}

/// What stretches are ordered by: class, where they begin and end.
pub(super) type Key = (Class, LatticePoint, LatticePoint);

/// All stretches, ordered by class and place: how rows are numbered does not matter.
#[derive(Debug)]
pub(super) struct Borders {
    pub stretches: Vec<(Key, Vec<HalfArc>)>,
    tree: Boxes,
}

impl Borders {
    pub(super) fn new(coverage: &Coverage, groups: &[Vec<Group>], arcs: &Generalized) -> Self {
        let classes: Vec<Option<Class>> = ranks(coverage, groups)
            .into_iter()
            .zip(coverage.arcs())
            .map(|(level, arc)| {
                let nobody =
                    |face: crate::coverage::FaceIx| groups.last().is_none_or(|leaf| leaf[face.ix()] == Group::NONE);
                (usize::from(level) < groups.len())
                    .then(|| Class { level, outline: nobody(arc.left) || nobody(arc.right) })
            })
            .collect();
        let mut stretches: Vec<(Key, Vec<HalfArc>)> =
            stretches(coverage, &classes).into_iter().map(|(class, halves)| placed(coverage, class, halves)).collect();
        stretches.sort_by_cached_key(|(key, halves)| (*key, halves.first().map(|half| first_edge(coverage, *half))));
        let bounds: Vec<GridBounds> = stretches
            .iter()
            .filter_map(|(_, halves)| halves.iter().map(|h| arcs.bounds(FULL_ZOOM, h.arc())).reduce(GridBounds::joined))
            .collect();
        Self { stretches, tree: Boxes::new(&bounds) }
    }

    /// One feature a class.
    pub(super) fn draw(
        &self,
        arcs: &Generalized,
        levels: &[LevelShapes],
        frame: &Frame,
        Tools { clipper, shape, found }: &mut Tools,
        sink: &mut dyn Sink,
    ) {
        self.tree.find(frame.world_bounds(), found);
        let whole = sink.wants_whole("boundaries");
        for same in found.chunk_by(|a, b| self.stretches[*a as usize].0.0 == self.stretches[*b as usize].0.0) {
            let class = self.stretches[same[0] as usize].0.0;
            let Some(level) = levels.get(usize::from(class.level)) else { continue };
            shape.clear(Geometry::Line);
            for i in same {
                let halves = &self.stretches[*i as usize].1;
                if whole {
                    let lines = clipper.begin();
                    spots(arcs, halves, frame, false, lines);
                    lines.iter().for_each(|line| shape.push_far(line.iter().copied()));
                } else {
                    line(arcs, halves, frame, clipper, shape);
                }
            }
            let tags = [
                ("level", Value::Integer(i64::from(class.level))),
                ("level_key", Value::Text(&level.info.key)),
                ("outline", Value::Flag(class.outline)),
            ];
            if !shape.is_empty() {
                sink.feature(None, &tags, shape);
            }
        }
    }
}

/// What a window shows of a stretch.
pub(super) fn line(arcs: &Generalized, halves: &[HalfArc], frame: &Frame, clipper: &mut Clipper, shape: &mut Shape) {
    if !as_walked(arcs.at(frame.data_zoom), halves, frame, shape) {
        spots(arcs, halves, frame, true, clipper.begin());
        clipper.lines(frame.window, shape);
    }
}

/// A stretch that the window holds; `false` of others.
fn as_walked(arcs: &Zoom, halves: &[HalfArc], frame: &Frame, shape: &mut Shape) -> bool {
    if !frame.holds_all(arcs, halves) {
        return false;
    }
    let begun = shape.points.len();
    for half in halves {
        let points = arcs.points(half.arc());
        // Where one ends, the next begins.
        let skipped = usize::from(shape.points.len() > begun);
        if half.reversed() {
            shape.points.extend(points.iter().rev().skip(skipped).map(|p| frame.near(*p)));
        } else {
            shape.points.extend(points[skipped..].iter().map(|p| frame.near(*p)));
        }
    }
    if shape.points.len() >= begun + 2 {
        shape.ends.push(shape.points.len() as u32);
    } else {
        shape.points.truncate(begun);
    }
    true
}

/// Adds the points of a stretch in the frame's units; of arcs that lie beyond one side of the window only the ends, if `short`, and
/// of several in a row only theirs.
fn spots(arcs: &Generalized, halves: &[HalfArc], frame: &Frame, short: bool, lines: &mut Parts) {
    let arcs = arcs.at(frame.data_zoom);
    let mut before = None;
    for half in halves {
        let points = arcs.points(half.arc());
        let last = points.len() - 1;
        let (first, second) = if half.reversed() { (last, 0) } else { (0, last) };
        let beyond = if short { frame.misses(arcs.bounds(half.arc())) } else { None };
        let joins = Beyond::joins(before, beyond);
        before = beyond;
        if joins {
            lines.replace_last(frame.spot(points[second]));
        } else if beyond.is_some() {
            lines.extend([frame.spot(points[first]), frame.spot(points[second])]);
        } else if half.reversed() {
            lines.extend(points.iter().rev().map(|p| frame.spot(*p)));
        } else {
            lines.extend(points.iter().map(|p| frame.spot(*p)));
        }
    }
    lines.end_line();
}

/// A stretch in the one of its two directions, and of a loop from the one of its junctions, that comes first in the order of places.
fn placed(coverage: &Coverage, class: Class, mut halves: Vec<HalfArc>) -> (Key, Vec<HalfArc>) {
    let back = |halves: &[HalfArc]| -> Vec<HalfArc> { halves.iter().rev().map(|half| half.twin()).collect() };
    let ends = |halves: &[HalfArc]| {
        let first = halves.first().map(|half| first_edge(coverage, *half));
        let last = halves.last().map(|half| first_edge(coverage, half.twin()));
        first.zip(last).unwrap_or_default()
    };
    let (start, end) = ends(&halves);
    let mut other = back(&halves);
    if start.0 == end.0 {
        for walk in [&mut halves, &mut other] {
            let first = walk.iter().enumerate().map(|(i, half)| (first_edge(coverage, *half), i)).min();
            walk.rotate_left(first.map_or(0, |(_, at)| at));
        }
    }
    let key = |halves: &[HalfArc]| {
        let (start, end) = ends(halves);
        (start.0, end.0, start.1)
    };
    if key(&other) < key(&halves) {
        halves = other;
    }
    let (start, end) = ends(&halves);
    ((class, start.0, end.0), halves)
}

/// Chains arcs of one class through junctions where exactly two of their ends meet.
fn stretches(coverage: &Coverage, classes: &[Option<Class>]) -> Vec<(Class, Vec<HalfArc>)> {
    let mut leaving: Vec<Vec<HalfArc>> = vec![Vec::new(); coverage.junctions().len()];
    for (i, arc) in coverage.arcs().iter().enumerate() {
        leaving[arc.from.ix()].push(HalfArc::new(ArcIx(i as u32), false));
        leaving[arc.to.ix()].push(HalfArc::new(ArcIx(i as u32), true));
    }
    let class = |h: HalfArc| classes[h.arc().ix()];
    let end = |h: HalfArc| -> JunctionIx {
        let arc = &coverage.arcs()[h.arc().ix()];
        if h.reversed() { arc.from } else { arc.to }
    };
    // The half-arc that goes on where `h` ends, when there is exactly one.
    let onward = |h: HalfArc| -> Option<HalfArc> {
        let mut same = leaving[end(h).ix()].iter().filter(|o| class(**o) == class(h));
        let pair = (same.next()?, same.next()?);
        let other = if *pair.0 == h.twin() { *pair.1 } else { *pair.0 };
        same.next().is_none().then_some(other)
    };
    let mut used = vec![false; coverage.arcs().len()];
    let mut found = Vec::new();
    // First from where stretches must end, then what is left: closed loops.
    for loops in [false, true] {
        for half in (0..coverage.arcs().len() as u32).flat_map(|a| [false, true].map(|r| HalfArc::new(ArcIx(a), r))) {
            let Some(its_class) = class(half) else { continue };
            if used[half.arc().ix()] || (!loops && onward(half.twin()).is_some()) {
                continue;
            }
            let mut halves = Vec::new();
            let mut at = Some(half);
            while let Some(h) = at.filter(|h| !used[h.arc().ix()]) {
                used[h.arc().ix()] = true;
                halves.push(h);
                at = onward(h);
            }
            found.push((its_class, halves));
        }
    }
    found
}
