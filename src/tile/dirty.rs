//! Which tiles of `units` differ between two versions: first those that may, by what is drawn in them, then their bytes.
//!
//! What may differ is a matter of proof and not of guessing: a tile that is left out draws from the very same numbers, or from numbers of which
//! the window's sides cut away every difference. `docs/algorithms/tiles.md` has the argument; `tests/fresh` compares with all tiles.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::borders::line;
use super::clip::Clipper;
use super::feature::{Geometry, Shape};
use super::frame::Frame;
use super::labels::Label;
use super::shapes::UnitShape;
use super::since::Since;
use super::units::{Units, tags};
use super::{BUFFER, DATA_ZOOM, MAX_REDRAWN, TileCoord};
use crate::coverage::generalize::GridBounds;
use crate::coverage::world::{FULL_ZOOM, GridPoint, TILE_BITS};
use crate::coverage::{ArcIx, HalfArc, Pairs};
use crate::snapshot::Snapshot;

/// One of two versions.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub snapshot: &'a Snapshot,
    pub units: &'a Units,
}

/// The tiles that may differ, up to one more than [`MAX_REDRAWN`]; and the units that do, by identity.
pub(super) fn suspects(
    was: Side<'_>,
    is: Side<'_>,
    since: &Since,
    pairs: &Pairs<'_>,
) -> (BTreeSet<TileCoord>, Vec<u64>) {
    let info =
        |side: Side<'_>| side.units.levels.iter().map(|l| (l.info.key.clone(), l.info.min_zoom)).collect::<Vec<_>>();
    let first = was.units.levels.iter().chain(&is.units.levels).map(|l| l.info.min_zoom).min().unwrap_or(0);
    let mut search = Search { was, is, found: BTreeSet::new() };
    if info(was) != info(is) {
        for zoom in first..=DATA_ZOOM {
            search.within(zoom, was.units.bounds.joined(is.units.bounds), |_, _| true);
        }
    }
    let differing = units(was, is, since, pairs);
    let outline = Differing { rings: runs(&was.units.outside, &is.units.outside, pairs), ..Differing::default() };
    let (lines, labels) = (stretches(was, is, pairs), labels(was, is));
    for zoom in first..=DATA_ZOOM {
        search.arcs(zoom, since);
        search.labels(zoom, &labels);
        search.outside(zoom, &outline);
        for unit in &differing {
            search.unit(zoom, unit);
        }
        for (old, new) in &lines {
            search.stretch(zoom, *old, *new);
        }
    }
    let lands = since.levels.iter().flat_map(|level| level.land.iter().copied());
    let rows = differing.iter().filter(|unit| unit.tags != [false; 2]).map(|unit| unit.id);
    let mut ids: Vec<u64> = lands.chain(rows).collect();
    ids.sort_unstable();
    ids.dedup();
    (search.found, ids)
}

/// Arcs of before and of now that lead between the same two places of a ring.
type Run = (Vec<ArcIx>, Vec<ArcIx>);

/// How the rings of a polygon differ.
#[derive(Debug, Default)]
enum Rings {
    #[default]
    Same,
    /// In these places; what is between them, and where each ring begins, is the same.
    Runs(Vec<Run>),
    Other,
}

/// A unit that is drawn in another way.
#[derive(Default)]
struct Differing<'a> {
    id: u64,
    level: usize,
    shapes: (Option<&'a UnitShape>, Option<&'a UnitShape>),
    /// Whether its attributes differ: from afar, and where figures are shown.
    tags: [bool; 2],
    rings: Rings,
}

fn units<'a>(was: Side<'a>, is: Side<'a>, since: &Since, pairs: &Pairs<'_>) -> Vec<Differing<'a>> {
    let mut found = Vec::new();
    for (level, (old, new)) in was.units.levels.iter().zip(&is.units.levels).enumerate() {
        let mut left: HashMap<u64, &UnitShape> =
            old.units.iter().map(|shape| (was.snapshot.hierarchy.unit(shape.unit).id, shape)).collect();
        for shape in &new.units {
            let unit = is.snapshot.hierarchy.unit(shape.unit);
            let Some(before) = left.remove(&unit.id) else {
                let shapes = (None, Some(shape));
                found.push(Differing { id: unit.id, level, shapes, tags: [true; 2], rings: Rings::Other });
                continue;
            };
            let differ = |near: bool| {
                let row = was.snapshot.hierarchy.unit(before.unit);
                let (mut said, mut says) = (Vec::new(), Vec::new());
                tags(&was.snapshot.hierarchy, row, before.colour, near, &mut said);
                tags(&is.snapshot.hierarchy, unit, shape.colour, near, &mut says);
                said != says
            };
            let touched = since
                .levels
                .get(level)
                .is_none_or(|touched| touched.rings.contains(&unit.id) || touched.land.contains(&unit.id));
            let rings = if touched { runs(&before.rings, &shape.rings, pairs) } else { Rings::Same };
            let near = differ(true);
            let tags = [near && differ(false), near]; // from afar less is said
            if tags != [false; 2] || !matches!(rings, Rings::Same) {
                found.push(Differing { id: unit.id, level, shapes: (Some(before), Some(shape)), tags, rings });
            }
        }
        let gone = left.into_iter().map(|(id, shape)| (id, (Some(shape), None)));
        found.extend(gone.map(|(id, shapes)| Differing { id, level, shapes, tags: [true; 2], rings: Rings::Other }));
    }
    found
}

fn runs(old: &[Vec<HalfArc>], new: &[Vec<HalfArc>], pairs: &Pairs<'_>) -> Rings {
    if old.len() != new.len() {
        return Rings::Other;
    }
    let mut found = Vec::new();
    for (old, new) in old.iter().zip(new) {
        match runs_of(old, new, pairs) {
            Some(runs) => found.extend(runs),
            None => return Rings::Other,
        }
    }
    if found.is_empty() { Rings::Same } else { Rings::Runs(found) }
}

/// `None` when what both rings have does not come in the same order in both, from the first half-arc on.
fn runs_of(old: &[HalfArc], new: &[HalfArc], pairs: &Pairs<'_>) -> Option<Vec<Run>> {
    let place: HashMap<HalfArc, usize> = new.iter().enumerate().map(|(i, half)| (*half, i)).collect();
    let now = |half: &HalfArc| pairs.half_after(*half).and_then(|half| place.get(&half).copied());
    let arcs = |halves: &[HalfArc]| -> Vec<ArcIx> { halves.iter().map(|half| half.arc()).collect() };
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    if old.first().and_then(now) != Some(0) {
        return None;
    }
    while i < old.len() || j < new.len() {
        let from = i;
        while i < old.len() && now(&old[i]).is_none() {
            i += 1;
        }
        let next = old.get(i).map_or(Some(new.len()), now)?;
        if next < j {
            return None;
        }
        if from < i || j < next {
            // What is only in one of them must not be anywhere else in the other.
            found.push((arcs(&old[from..i]), arcs(&new[j..next])));
        }
        (i, j) = (i + 1, next + 1);
    }
    Some(found)
}

type Stretch<'a> = Option<&'a [HalfArc]>;

/// The stretches that are not the same arcs in the same order, by their keys and, of those with equal keys, by their order.
fn stretches<'a>(was: Side<'a>, is: Side<'a>, pairs: &Pairs<'_>) -> Vec<(Stretch<'a>, Stretch<'a>)> {
    let (old, new) = (&was.units.borders.stretches, &is.units.borders.stretches);
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let order = match (old.get(i), new.get(j)) {
            (Some(old), Some(new)) => old.0.cmp(&new.0),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let before = old.get(i).filter(|_| order.is_le()).map(|(_, halves)| &halves[..]);
        let now = new.get(j).filter(|_| order.is_ge()).map(|(_, halves)| &halves[..]);
        let same = before.zip(now).is_some_and(|(before, now)| {
            before.len() == now.len() && before.iter().zip(now).all(|(o, n)| pairs.half_after(*o) == Some(*n))
        });
        if !same {
            found.push((before, now));
        }
        (i, j) = (i + usize::from(before.is_some()), j + usize::from(now.is_some()));
    }
    found
}

/// The labels that are drawn in another way, as they were and as they are.
fn labels<'a>(was: Side<'a>, is: Side<'a>) -> Vec<&'a Label> {
    let mut left: HashMap<u64, &Label> =
        was.units.labels.labels.iter().map(|l| (was.snapshot.hierarchy.unit(l.unit).id, l)).collect();
    let mut moved: Vec<&Label> = Vec::new();
    for label in &is.units.labels.labels {
        match left.remove(&is.snapshot.hierarchy.unit(label.unit).id) {
            Some(old) if label.alike(&is.snapshot.hierarchy, old, &was.snapshot.hierarchy) => {}
            Some(old) => moved.extend([old, label]),
            None => moved.push(label),
        }
    }
    moved.extend(left.into_values());
    moved
}

struct Search<'a> {
    was: Side<'a>,
    is: Side<'a>,
    found: BTreeSet<TileCoord>,
}

impl<'a> Search<'a> {
    fn full(&self) -> bool {
        self.found.len() > MAX_REDRAWN
    }

    /// Takes the tiles whose windows meet a box on the zoom's own grid.
    fn meeting(&mut self, zoom: u8, bounds: GridBounds) {
        for coord in squares(zoom, bounds) {
            if self.full() {
                return;
            }
            self.found.insert(coord);
        }
    }

    /// Takes the tiles within a box on the world grid for which `differs` says so.
    fn within(&mut self, zoom: u8, bounds: GridBounds, differs: impl Fn(&Self, &Frame) -> bool) {
        let on_grid = |p: GridPoint, margin: i32| {
            let p = p.at_zoom(zoom);
            GridPoint::new(p.x + margin, p.y + margin)
        };
        for coord in squares(zoom, GridBounds { min: on_grid(bounds.min, -2), max: on_grid(bounds.max, 2) }) {
            if self.full() {
                return;
            }
            if !self.found.contains(&coord) && differs(self, &Frame::new(coord, BUFFER)) {
                self.found.insert(coord);
            }
        }
    }

    fn arcs(&mut self, zoom: u8, since: &Since) {
        for (old, new) in since.arcs.get(usize::from(zoom)).into_iter().flatten() {
            let boxes =
                [old.map(|ix| self.was.units.arcs.bounds(zoom, ix)), new.map(|ix| self.is.units.arcs.bounds(zoom, ix))];
            for bounds in boxes.into_iter().flatten() {
                self.meeting(zoom, bounds);
            }
        }
    }

    fn labels(&mut self, zoom: u8, moved: &[&Label]) {
        for label in moved.iter().filter(|label| label.shown(zoom)) {
            let at = label.at.at_zoom(zoom);
            self.found.extend(TileCoord::new(zoom, (at.x >> TILE_BITS) as u32, (at.y >> TILE_BITS) as u32));
        }
    }

    fn unit(&mut self, zoom: u8, unit: &Differing<'_>) {
        let levels = [&self.was.units.levels[unit.level].info, &self.is.units.levels[unit.level].info];
        if levels.iter().all(|level| zoom < level.min_zoom) {
            return;
        }
        let Some(bounds) = joined([unit.shapes.0, unit.shapes.1].map(|shape| shape.map(|shape| shape.bounds))) else {
            return;
        };
        let tags = unit.tags[usize::from(levels.iter().any(|level| level.shows_figures(zoom)))];
        let drawn = |side: Side<'_>, shape: Option<&UnitShape>, frame: &Frame| {
            let mut drawn = Shape::new(Geometry::Polygon);
            if let Some(shape) = shape {
                shape.draw(&side.units.arcs, frame, &mut Clipper::new(), &mut drawn);
            }
            drawn
        };
        let runs = self.boxes(zoom, &unit.rings);
        if !tags && matches!(unit.rings, Rings::Same) {
            return;
        }
        self.within(zoom, bounds, |search, frame| {
            if !tags && runs.as_ref().is_some_and(|runs| runs.iter().all(|run| cut_away(*run, frame))) {
                return false;
            }
            let (old, new) = (drawn(search.was, unit.shapes.0, frame), drawn(search.is, unit.shapes.1, frame));
            if tags { !old.is_empty() || !new.is_empty() } else { old != new }
        });
    }

    fn outside(&mut self, zoom: u8, outline: &Differing<'_>) {
        if matches!(outline.rings, Rings::Same) && self.was.units.bounds == self.is.units.bounds {
            return;
        }
        let runs = self.boxes(zoom, &outline.rings).filter(|_| self.was.units.bounds == self.is.units.bounds);
        let drawn = |side: Side<'_>, frame: &Frame| {
            let mut drawn = Shape::new(Geometry::Polygon);
            side.units.outside_in(frame, &mut Clipper::new(), &mut drawn);
            drawn
        };
        self.within(zoom, self.was.units.bounds.joined(self.is.units.bounds), |search, frame| {
            !runs.as_ref().is_some_and(|runs| runs.iter().all(|run| cut_away(*run, frame)))
                && drawn(search.was, frame) != drawn(search.is, frame)
        });
    }

    /// The box around each run, on the zoom's own grid; `None` when there is more to it than runs.
    fn boxes(&self, zoom: u8, rings: &Rings) -> Option<Vec<GridBounds>> {
        let Rings::Runs(runs) = rings else { return None };
        let around = |(old, new): &Run| {
            let old = old.iter().map(|ix| self.was.units.arcs.bounds(zoom, *ix));
            let new = new.iter().map(|ix| self.is.units.arcs.bounds(zoom, *ix));
            old.chain(new).reduce(GridBounds::joined)
        };
        Some(runs.iter().filter_map(around).collect())
    }

    fn stretch(&mut self, zoom: u8, old: Stretch<'_>, new: Stretch<'_>) {
        let boxes = |side: Side<'a>, halves: Stretch<'_>| -> Vec<GridBounds> {
            halves.into_iter().flatten().map(|half| side.units.arcs.bounds(zoom, half.arc())).collect()
        };
        let mut tiles = HashSet::new();
        for bounds in boxes(self.was, old).into_iter().chain(boxes(self.is, new)) {
            tiles.extend(squares(zoom, bounds));
        }
        let drawn = |side: Side<'_>, halves: Stretch<'_>, frame: &Frame| {
            let mut drawn = Shape::new(Geometry::Line);
            if let Some(halves) = halves {
                line(&side.units.arcs, halves, frame, &mut Clipper::new(), &mut drawn);
            }
            drawn
        };
        for coord in tiles {
            if self.full() {
                return;
            }
            let frame = Frame::new(coord, BUFFER);
            if !self.found.contains(&coord) && drawn(self.was, old, &frame) != drawn(self.is, new, &frame) {
                self.found.insert(coord);
            }
        }
    }
}

fn joined(boxes: [Option<GridBounds>; 2]) -> Option<GridBounds> {
    boxes.into_iter().flatten().reduce(GridBounds::joined)
}

/// Whether the sides of a window cut a stretch of a ring away before it can have had an effect: the sides in the order in which
/// [`super::clip`] takes them.
fn cut_away(run: GridBounds, frame: &Frame) -> bool {
    let (min, max, window) = (frame.spot(run.min), frame.spot(run.max), frame.window);
    let beside = max.0 < window.low || min.0 > window.high;
    let within = min.0 >= window.low && max.0 <= window.high;
    beside || within && (max.1 < window.low || min.1 > window.high)
}

/// The tiles of a zoom, up to [`FULL_ZOOM`], whose windows meet a box on its grid.
fn squares(zoom: u8, bounds: GridBounds) -> impl Iterator<Item = TileCoord> {
    debug_assert!(zoom <= FULL_ZOOM, "deeper zooms have no grid of their own");
    let last = (1i64 << zoom) - 1;
    let span = move |low: i32, high: i32| {
        let at = |v: i64| (v >> TILE_BITS).clamp(0, last) as u32;
        at(i64::from(low) - i64::from(BUFFER) - 1)..=at(i64::from(high) + i64::from(BUFFER))
    };
    let (columns, rows) = (span(bounds.min.x, bounds.max.x), span(bounds.min.y, bounds.max.y));
    columns.flat_map(move |x| rows.clone().filter_map(move |y| TileCoord::new(zoom, x, y)))
}
