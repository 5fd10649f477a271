//! Set `units`: the polygons of every level, put together from the same generalised arcs.

use super::anchor::anchor;
use super::borders::Borders;
use super::boxes::Boxes;
use super::clip::{self, Spot};
use super::colour::colours;
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::Frame;
use super::labels::Labels;
use super::{LevelInfo, TileCoord};
use crate::coverage::generalize::{Generalized, GridBounds};
use crate::coverage::region::{Group, trace};
use crate::coverage::world::{FULL_ZOOM, GridPoint, WORLD_BITS, turn};
use crate::coverage::{Coverage, HalfArc, Ring};
use crate::grid::{Hierarchy, Unit, UnitIx};
use crate::snapshot::Snapshot;

/// Bits of a screen tile's width: styles count zooms in 512-pixel tiles.
const SCREEN_BITS: u8 = 9;
/// A name fits a typical unit that is this wide, a short number this, in pixels.
const NAME_PX: f64 = 66.0;
const SHORT_PX: f64 = 26.0;

/// Class, households and population are left out of a level's first zooms, where a unit is a few pixels wide and one tile holds all:
/// that keeps the largest tile of a district under 130 KB.
const FIGURES_AFTER: u8 = 3;

/// The polygons, borders and labels of one snapshot.
#[derive(Debug)]
pub(super) struct Units {
    pub arcs: Generalized,
    pub levels: Vec<LevelShapes>,
    pub borders: Borders,
    pub labels: Labels,
    /// The edge of everything that belongs to no unit, walked with that land inside.
    outside: Vec<Vec<HalfArc>>,
    bounds: GridBounds,
}

/// The units of one level.
#[derive(Debug)]
pub(super) struct LevelShapes {
    pub info: LevelInfo,
    pub units: Vec<UnitShape>,
    tree: Boxes,
}

#[derive(Debug)]
pub(super) struct UnitShape {
    pub unit: UnitIx,
    /// Walked so that outer rings have positive area where `y` points south.
    pub rings: Vec<Vec<HalfArc>>,
    pub bounds: GridBounds,
    /// Side of the square of the same area, in world steps.
    pub side: f64,
    colour: u8,
}

impl Units {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let arcs = Generalized::new(&snapshot.coverage);
        let hierarchy = &snapshot.hierarchy;
        let groups: Vec<Vec<Group>> = (0..hierarchy.levels()).map(|l| hierarchy.groups(l as u8)).collect();
        let levels: Vec<LevelShapes> = (snapshot.district.levels.iter().zip(&groups))
            .map(|(level, groups)| {
                let units = shapes(&snapshot.coverage, hierarchy, groups, &arcs);
                let bounds: Vec<GridBounds> = units.iter().map(|u| u.bounds).collect();
                LevelShapes { info: ladder(&level.key, &level.name, &units), tree: Boxes::new(&bounds), units }
            })
            .collect();
        let borders = Borders::new(&snapshot.coverage, &groups, &arcs);
        let labels = Labels::new(hierarchy, &levels, &arcs);
        let all: Vec<Group> = (groups.last().into_iter().flatten())
            .map(|g| if *g == Group::NONE { Group::NONE } else { Group(0) })
            .collect();
        let outline = if all.is_empty() { Vec::new() } else { trace(&snapshot.coverage, &all, 1) };
        // Walked as traced, the units lie on the left: where `y` points south that is the far side.
        let outside: Vec<Vec<HalfArc>> = outline.iter().flatten().map(|r| r.halves.to_vec()).collect();
        let boxes = outside.iter().flatten().map(|h| arcs.bounds(FULL_ZOOM, h.arc()));
        let nowhere = GridBounds { min: GridPoint::default(), max: GridPoint::default() };
        let bounds = boxes.reduce(GridBounds::joined).unwrap_or(nowhere);
        Self { arcs, levels, borders, labels, outside, bounds }
    }

    /// All layers of a tile: polygons top level first, then `boundaries`, then `labels`.
    pub(super) fn draw(&self, snapshot: &Snapshot, coord: TileCoord, buffer: i32, sink: &mut dyn Sink) {
        let frame = Frame::new(coord, buffer);
        for level in self.levels.iter().filter(|l| l.info.min_zoom <= coord.z()) {
            if sink.wants(&level.info.key) {
                self.draw_level(snapshot, level, &frame, sink);
            }
        }
        if sink.wants("outside") {
            self.draw_outside(&frame, sink);
        }
        if sink.wants("boundaries") {
            sink.layer("boundaries");
            self.borders.draw(&self.arcs, &self.levels, &frame, sink);
        }
        if sink.wants("labels") {
            sink.layer("labels");
            self.labels.draw(&snapshot.hierarchy, &self.levels, coord, sink);
        }
    }

    /// What the window shows of the land around, and of holes that are nobody's: to be covered, so that eyes stay on the
    /// district. Tiles that show nothing of the district's box have none.
    fn draw_outside(&self, frame: &Frame, sink: &mut dyn Sink) {
        if !frame.world_bounds().meets(self.bounds) {
            return;
        }
        let (low, high) = (frame.window.low - 1, frame.window.high + 1);
        let mut rings = vec![vec![(low, low), (high, low), (high, high), (low, high)]];
        rings.extend(self.outside.iter().map(|r| ring(&self.arcs, r, frame)));
        let mut shape = Shape::new(Geometry::Polygon);
        clip::polygon(rings, frame.window, &mut shape);
        sink.layer("outside");
        if !shape.is_empty() {
            sink.feature(None, &[], &shape);
        }
    }

    /// The polygons of one level.
    pub(super) fn draw_level(&self, snapshot: &Snapshot, level: &LevelShapes, frame: &Frame, sink: &mut dyn Sink) {
        let mut shape = Shape::new(Geometry::Polygon);
        sink.layer(&level.info.key);
        for i in level.tree.meeting(frame.world_bounds()) {
            let drawn = &level.units[i as usize];
            shape.clear(Geometry::Polygon);
            let rings = drawn.rings.iter().map(|r| ring(&self.arcs, r, frame)).collect();
            clip::polygon(rings, frame.window, &mut shape);
            if !shape.is_empty() {
                let unit = snapshot.hierarchy.unit(drawn.unit);
                let near = frame.data_zoom >= level.info.min_zoom + FIGURES_AFTER;
                sink.feature(Some(unit.id), &tags(&snapshot.hierarchy, unit, drawn.colour, near), &shape);
            }
        }
    }
}

fn tags<'a>(hierarchy: &'a Hierarchy, unit: &'a Unit, colour: u8, near: bool) -> Vec<Tag<'a>> {
    let mut tags = vec![("code", Value::Text(&unit.code)), ("name", Value::Text(&unit.name))];
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
    tags
}

/// A ring in tile units. Arcs wholly beyond one side of the window are shortened to their ends: what is cut off there does not
/// depend on the way between them.
fn ring(arcs: &Generalized, halves: &[HalfArc], frame: &Frame) -> Vec<Spot> {
    let mut spots = Vec::new();
    for half in halves {
        let points = arcs.points(frame.data_zoom, half.arc());
        if points.len() < 2 {
            continue;
        }
        let keep = if frame.misses(arcs.bounds(frame.data_zoom, half.arc())) { 1 } else { points.len() - 1 };
        if half.reversed() {
            spots.extend(points.iter().rev().take(keep).map(|p| frame.spot(*p)));
        } else {
            spots.extend(points.iter().take(keep).map(|p| frame.spot(*p)));
        }
    }
    spots
}

fn shapes(coverage: &Coverage, hierarchy: &Hierarchy, groups: &[Group], arcs: &Generalized) -> Vec<UnitShape> {
    let mut found: Vec<UnitShape> = trace(coverage, groups, hierarchy.units().len())
        .into_iter()
        .enumerate()
        .filter(|(_, rings)| !rings.is_empty())
        .map(|(unit, rings)| shape(UnitIx(unit as u32), &rings, arcs))
        .collect();
    let neighbours = neighbours(coverage, groups, &found);
    // With as many colours in a palette as there are units, each has its own; otherwise neighbours differ.
    let own = found.len() <= super::PALETTE;
    let numbers = if own { (0..found.len() as u8).collect() } else { colours(&neighbours) };
    for (shape, colour) in found.iter_mut().zip(numbers) {
        shape.colour = colour;
    }
    found
}

fn shape(unit: UnitIx, rings: &[Ring], arcs: &Generalized) -> UnitShape {
    let rings: Vec<Vec<HalfArc>> = rings.iter().map(|r| r.halves.iter().rev().map(|h| h.twin()).collect()).collect();
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
    UnitShape { unit, rings, bounds, side: (doubled.max(0) as f64 / 2.0).sqrt(), colour: 0 }
}

/// For each shape the shapes it shares a border with, by place in the list.
fn neighbours(coverage: &Coverage, groups: &[Group], shapes: &[UnitShape]) -> Vec<Vec<u32>> {
    let place: std::collections::HashMap<u32, u32> =
        shapes.iter().enumerate().map(|(i, s)| (s.unit.0, i as u32)).collect();
    let mut neighbours = vec![Vec::new(); shapes.len()];
    for arc in coverage.arcs() {
        let sides = (place.get(&groups[arc.left.ix()].0), place.get(&groups[arc.right.ix()].0));
        if let (Some(&left), Some(&right)) = sides
            && left != right
        {
            neighbours[left as usize].push(right);
            neighbours[right as usize].push(left);
        }
    }
    for near in &mut neighbours {
        near.sort_unstable();
        near.dedup();
    }
    neighbours
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

    /// The anchor of its largest part, in world steps: found on the coarsest grid that still shows the unit well.
    pub(super) fn anchor(&self, arcs: &Generalized) -> Option<(f64, f64)> {
        let zoom = zoom_where(self.side, 400.0).ceil().clamp(0.0, f64::from(FULL_ZOOM)) as u8;
        let scale = f64::from(1u32 << (FULL_ZOOM - zoom));
        let points = |ring: &Vec<HalfArc>| {
            let mut spots: Vec<Spot> = Vec::new();
            for half in ring {
                let walk = arcs.points(zoom, half.arc()).iter().map(|p| (i64::from(p.x), i64::from(p.y)));
                if half.reversed() { spots.extend(walk.rev()) } else { spots.extend(walk) }
            }
            clip::tidy(&mut spots);
            spots
        };
        let rings: Vec<Vec<Spot>> = self.rings.iter().map(points).collect();
        // The tracer puts outer rings first, the largest first: holes of other parts do not disturb it.
        let (first, rest) = rings.split_first()?;
        let mut part = vec![first.clone()];
        part.extend(rest.iter().filter(|r| !r.is_empty() && clip::doubled_area(r) < 0).cloned());
        anchor(&part).map(|at| (at.0 * scale, at.1 * scale))
    }
}
