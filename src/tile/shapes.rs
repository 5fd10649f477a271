//! The shapes of the units of a level: rings of arcs, in an order that depends on where they lie and not on how rows are numbered.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::LevelInfo;
use super::anchor::anchor;
use super::attributes::AttributeTable;
use super::boxes::Boxes;
use super::clip::{self, Clipper, Spot};
use super::colour::colours;
use super::feature::{Geometry, Shape};
use super::frame::Frame;
use super::since::Touched;
use super::units::{ring, tags};
use crate::coverage::exact::doubled_area;
use crate::coverage::generalize::{Generalized, GridBounds, Zoom};
use crate::coverage::region::{Group, Tracer};
use crate::coverage::world::{FULL_ZOOM, GridPoint, WORLD_BITS, turn};
use crate::coverage::{Coverage, HalfArc, LatticePoint, Ring};
use crate::grid::{Hierarchy, Level, UnitIx};

/// Bits of a screen tile's width: styles count zooms in 512-pixel tiles.
const SCREEN_BITS: u8 = 9;
/// A name fits a typical unit that is this wide, a short number this, in pixels.
const NAME_PX: f64 = 66.0;
const SHORT_PX: f64 = 26.0;

/// Class, households and population are left out of a level's first zooms, where a unit is a few pixels wide and one tile holds all:
/// that keeps the largest tile of a district under 130 KB.
const FIGURES_AFTER: u8 = 3;

/// The units of one level.
#[derive(Debug)]
pub(super) struct LevelShapes {
    pub info: LevelInfo,
    pub units: Vec<UnitShape>,
    /// Of each unit.
    pub attributes: AttributeTable,
    pub tree: Boxes,
}

#[derive(Clone, Debug)]
pub(super) struct UnitShape {
    pub unit: UnitIx,
    /// Walked so that outer rings have positive area where `y` points south.
    pub rings: Vec<Vec<HalfArc>>,
    pub bounds: GridBounds,
    /// Side of the square of the same area, in world steps.
    pub side: f64,
    /// Where its name stands, in world steps.
    pub anchor: Option<(f64, f64)>,
    pub colour: u8,
}

/// Each face's unit, level by level.
pub(super) fn groups(hierarchy: &Hierarchy) -> Vec<Vec<Group>> {
    (0..hierarchy.levels()).map(|l| hierarchy.groups(l as u8)).collect()
}

/// What shapes are made from.
pub(super) struct Source<'a> {
    pub coverage: &'a Coverage,
    pub hierarchy: &'a Hierarchy,
    pub arcs: &'a Generalized,
    /// Made when something has to be traced.
    pub tracer: &'a OnceCell<Tracer<'a>>,
}

impl Source<'_> {
    fn trace(&self, groups: &[Group], count: usize, southward: bool) -> Vec<Vec<Vec<HalfArc>>> {
        let traced = self.tracer.get_or_init(|| Tracer::new(self.coverage)).trace(groups, count);
        let walked = |ring: Ring| {
            let halves = ring.halves.into_vec();
            if southward { halves.iter().rev().map(|half| half.twin()).collect() } else { halves }
        };
        let ordered = |rings: Vec<Ring>| self.ordered(rings.into_iter().map(walked).collect(), southward);
        traced.into_iter().map(ordered).collect()
    }

    /// Outer rings first, the largest first; each begins at its first edge in the order of places. `southward` rings are walked the other way round:
    /// where `y` points south the land then lies where tiles want it.
    pub(super) fn ordered(&self, rings: Vec<Vec<HalfArc>>, southward: bool) -> Vec<Vec<HalfArc>> {
        type Key = (bool, i128, (LatticePoint, LatticePoint));
        let alone = rings.len() == 1;
        let mut found: Vec<(Key, Vec<HalfArc>)> = (rings.into_iter())
            .map(|mut halves| {
                let area = if alone { 1 } else { self.doubled_area(&halves) * if southward { -1 } else { 1 } };
                let first = halves.iter().enumerate().map(|(i, half)| (first_edge(self.coverage, *half), i)).min();
                let (edge, at) = first.unwrap_or_default();
                halves.rotate_left(at);
                ((area < 0, -area.abs(), edge), halves)
            })
            .collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        found.into_iter().map(|(_, halves)| halves).collect()
    }

    fn doubled_area(&self, halves: &[HalfArc]) -> i128 {
        let points: Vec<LatticePoint> =
            halves.iter().flat_map(|half| self.coverage.half_points(*half).skip(1)).collect();
        doubled_area(&points)
    }

    /// The edge of everything that belongs to no unit.
    pub(super) fn outline(&self, lowest: Option<&Vec<Group>>) -> Vec<Vec<HalfArc>> {
        let all: Vec<Group> =
            (lowest.into_iter().flatten()).map(|g| if *g == Group::NONE { Group::NONE } else { Group(0) }).collect();
        // Walked as traced, the units lie on the left: where `y` points south that is the far side.
        if all.is_empty() { Vec::new() } else { self.trace(&all, 1, false).into_iter().flatten().collect() }
    }
}

/// Where a half-arc begins, and where it goes from there.
pub(super) fn first_edge(coverage: &Coverage, half: HalfArc) -> (LatticePoint, LatticePoint) {
    let points = &coverage.arcs()[half.arc().ix()].points;
    let n = points.len();
    if half.reversed() { (points[n - 1], points[n - 2]) } else { (points[0], points[1]) }
}

impl LevelShapes {
    /// The shapes of a level, those that nothing touched taken over from an earlier version.
    pub(super) fn new(level: &Level, source: &Source<'_>, groups: &[Group], kept: Option<(&Self, &Touched)>) -> Self {
        let mut units = shapes(source, groups, kept);
        paint(source, groups, &mut units);
        let bounds: Vec<GridBounds> = units.iter().map(|u| u.bounds).collect();
        let attributes = attributes(source.hierarchy, &units);
        Self { info: ladder(&level.key, &level.name, &units), tree: Boxes::new(&bounds), units, attributes }
    }
}

fn attributes(hierarchy: &Hierarchy, units: &[UnitShape]) -> AttributeTable {
    let (mut attributes, mut says) = (AttributeTable::default(), Vec::new());
    for shape in units {
        let unit = hierarchy.unit(shape.unit);
        says.clear();
        tags(hierarchy, unit, shape.colour, false, &mut says);
        let always = says.len();
        says.clear();
        tags(hierarchy, unit, shape.colour, true, &mut says);
        attributes.push(unit.id, &says, always);
    }
    attributes
}

/// With as many colours in a palette as there are units, each has its own; otherwise neighbours differ.
fn paint(source: &Source<'_>, groups: &[Group], units: &mut [UnitShape]) {
    let numbers: Vec<u8> = if units.len() <= super::PALETTE {
        (0..units.len() as u8).collect()
    } else {
        let ids: Vec<u64> = units.iter().map(|shape| source.hierarchy.unit(shape.unit).id).collect();
        colours(&neighbours(source, groups, units), &ids)
    };
    for (shape, colour) in units.iter_mut().zip(numbers) {
        shape.colour = colour;
    }
}

fn shapes(source: &Source<'_>, groups: &[Group], kept: Option<(&LevelShapes, &Touched)>) -> Vec<UnitShape> {
    let units = source.hierarchy.units();
    let Some((kept, touched)) = kept else {
        let traced = source.trace(groups, units.len(), true).into_iter().enumerate();
        return traced
            .filter(|(_, r)| !r.is_empty())
            .map(|(i, r)| UnitShape::new(UnitIx(i as u32), r, source.arcs))
            .collect();
    };
    let id = |group: &Group| units.get(group.0 as usize).map(|unit| unit.id);
    let other = |group: &Group| id(group).is_some_and(|id| touched.rings.contains(&id));
    let traced = if touched.rings.is_empty() {
        Vec::new()
    } else {
        let masked: Vec<Group> = groups.iter().map(|g| if other(g) { *g } else { Group::NONE }).collect();
        source.trace(&masked, units.len(), true)
    };
    let mut anew: HashMap<u32, Vec<Vec<HalfArc>>> =
        (traced.into_iter().enumerate()).filter(|(_, r)| !r.is_empty()).map(|(i, r)| (i as u32, r)).collect();
    let mut shown: Vec<Group> = groups.iter().copied().filter(|g| *g != Group::NONE).collect();
    shown.sort_unstable();
    shown.dedup();
    let shape = |group: Group| {
        if let Some(rings) = anew.remove(&group.0) {
            return Some(UnitShape::new(UnitIx(group.0), rings, source.arcs));
        }
        let id = id(&group)?;
        let was = touched.place.get(&id).and_then(|at| kept.units.get(*at as usize))?;
        if touched.points.contains(&id) || touched.land.contains(&id) {
            let rings = source.ordered(was.rings.clone(), true);
            return Some(UnitShape::new(UnitIx(group.0), rings, source.arcs));
        }
        Some(UnitShape { unit: UnitIx(group.0), ..was.clone() })
    };
    shown.into_iter().filter_map(shape).collect()
}

impl UnitShape {
    fn new(unit: UnitIx, rings: Vec<Vec<HalfArc>>, arcs: &Generalized) -> Self {
        let boxes = rings.iter().flatten().map(|h| arcs.bounds(FULL_ZOOM, h.arc()));
        let origin = rings.iter().flatten().next().map(|h| arcs.points(FULL_ZOOM, h.arc())[0]);
        let cross = |pair: &[GridPoint]| origin.map_or(0, |o| i128::from(turn(o, pair[0], pair[1])));
        let walk = |h: &HalfArc| {
            let area: i128 = arcs.points(FULL_ZOOM, h.arc()).windows(2).map(cross).sum();
            if h.reversed() { -area } else { area }
        };
        let doubled: i128 = rings.iter().flatten().map(walk).sum();
        let nowhere = GridBounds { min: origin.unwrap_or_default(), max: origin.unwrap_or_default() };
        let bounds = boxes.reduce(GridBounds::joined).unwrap_or(nowhere);
        let side = (doubled.max(0) as f64 / 2.0).sqrt();
        let mut made = Self { unit, rings, bounds, side, anchor: None, colour: 0 };
        made.anchor = made.find_anchor(arcs);
        made
    }
}

/// For each shape those it shares a border with, by place in the list.
fn neighbours(source: &Source<'_>, groups: &[Group], shapes: &[UnitShape]) -> Vec<Vec<u32>> {
    let mut place = vec![u32::MAX; source.hierarchy.units().len()];
    for (i, shape) in shapes.iter().enumerate() {
        place[shape.unit.ix()] = i as u32;
    }
    let of = |group: Group| place.get(group.0 as usize).copied().filter(|at| *at != u32::MAX);
    let mut found = Vec::new();
    for arc in source.coverage.arcs() {
        let (left, right) = (groups[arc.left.ix()], groups[arc.right.ix()]);
        if left != right
            && let (Some(left), Some(right)) = (of(left), of(right))
        {
            found.extend([(left, right), (right, left)]);
        }
    }
    found.sort_unstable();
    found.dedup();
    let mut of_each = vec![Vec::new(); shapes.len()];
    found.into_iter().for_each(|(one, other)| of_each[one as usize].push(other));
    of_each
}

impl LevelInfo {
    /// Whether a zoom's polygons say how many live there.
    pub(super) const fn shows_figures(&self, zoom: u8) -> bool {
        zoom >= self.min_zoom + FIGURES_AFTER
    }
}

/// From which zooms a level is worth drawing and naming, by the median size of its units.
fn ladder(key: &str, name: &str, units: &[UnitShape]) -> LevelInfo {
    let mut sides: Vec<f64> = units.iter().map(|u| u.side).filter(|s| *s > 0.0).collect();
    sides.sort_by(f64::total_cmp);
    let typical = sides.get(sides.len() / 2).copied().unwrap_or(1.0);
    LevelInfo {
        key: key.to_owned(),
        name: name.to_owned(),
        min_zoom: zoom_where(typical, 1.0).ceil().clamp(0.0, f64::from(FULL_ZOOM)) as u8,
        name_zoom: halves(zoom_where(typical, NAME_PX)),
        short_zoom: halves(zoom_where(typical, SHORT_PX)),
    }
}

/// The zoom at which so many world steps are so many pixels.
fn zoom_where(steps: f64, px: f64) -> f64 {
    f64::from(WORLD_BITS - SCREEN_BITS) + (px / steps.max(1.0)).log2()
}

/// Rounded to a half, within what tiles answer.
fn halves(zoom: f64) -> f64 {
    ((zoom * 2.0).round() / 2.0).clamp(0.0, f64::from(super::MAX_ZOOM))
}

impl UnitShape {
    /// From which zooms its own name and number fit: around its level's, earlier when it is large, later when small.
    pub(super) fn zooms(&self, level: &LevelInfo) -> (f64, f64) {
        let fit = |px: f64, usual: f64| halves(zoom_where(self.side, px)).clamp(usual - 0.5, usual + 1.5);
        (fit(NAME_PX, level.name_zoom), fit(SHORT_PX, level.short_zoom))
    }

    /// What a window shows of it.
    pub(super) fn draw(&self, arcs: &Generalized, frame: &Frame, clipper: &mut Clipper, shape: &mut Shape) {
        shape.clear(Geometry::Polygon);
        if self.as_walked(arcs.at(frame.data_zoom), frame, shape) {
            return;
        }
        self.cut(arcs, frame, clipper, shape);
    }

    /// The same in all cases.
    pub(super) fn cut(&self, arcs: &Generalized, frame: &Frame, clipper: &mut Clipper, shape: &mut Shape) {
        shape.clear(Geometry::Polygon);
        let rings = clipper.begin();
        self.rings.iter().for_each(|halves| ring(arcs, halves, frame, rings));
        clipper.polygon(frame.window, shape);
    }

    /// Its one ring as it is walked, where the window holds that and nothing of it has to be tidied: then no more is to be done. Else `false`, and
    /// what is there is to be cleared.
    pub(super) fn as_walked(&self, arcs: &Zoom, frame: &Frame, shape: &mut Shape) -> bool {
        let [halves] = &self.rings[..] else { return false };
        if !frame.holds_all(arcs, halves) {
            return false;
        }
        for half in halves {
            let points = arcs.points(half.arc());
            if half.reversed() {
                shape.points.extend(points[1..].iter().rev().map(|p| frame.near(*p)));
            } else {
                shape.points.extend(points[..points.len() - 1].iter().map(|p| frame.near(*p)));
            }
        }
        shape.ends.push(shape.points.len() as u32);
        let spots = shape.points.iter().map(|p| (i64::from(p.0), i64::from(p.1)));
        clip::area_of_tidy(spots).is_some_and(|area| area > 0)
    }

    /// The anchor of its largest part, in world steps: found on the coarsest grid that still shows the unit well.
    fn find_anchor(&self, arcs: &Generalized) -> Option<(f64, f64)> {
        let zoom = zoom_where(self.side, 400.0).ceil().clamp(0.0, f64::from(FULL_ZOOM)) as u8;
        let scale = f64::from(1u32 << (FULL_ZOOM - zoom));
        let points = |ring: &Vec<HalfArc>| {
            let mut spots: Vec<Spot> = Vec::new();
            for half in ring {
                let walk = arcs.points(zoom, half.arc()).iter().map(|p| (i64::from(p.x), i64::from(p.y)));
                if half.reversed() { spots.extend(walk.rev()) } else { spots.extend(walk) }
            }
            let mut tidied = Vec::with_capacity(spots.len());
            clip::tidy(&spots, &mut tidied);
            tidied
        };
        let rings: Vec<Vec<Spot>> = self.rings.iter().map(points).collect();
        // The tracer puts outer rings first, the largest first: holes of other parts do not disturb it.
        let (first, rest) = rings.split_first()?;
        let mut part = vec![first.clone()];
        part.extend(rest.iter().filter(|r| !r.is_empty() && clip::doubled_area(r) < 0).cloned());
        anchor(&part).map(|at| (at.0 * scale, at.1 * scale))
    }
}
