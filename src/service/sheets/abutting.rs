//! The boundary in words (四至): what lies east, south, west and north of a unit – a named road or river along it, and the neighbours.
//!
//! Each edge of the outer ring faces the side that its outward normal points to most. A side is said to reach a road or river when much of it
//! runs beside one, and always names who is on the other side of most of it.

use std::collections::BTreeMap;

use super::facts::full_width;
use crate::coverage::HalfArc;
use crate::coverage::region::Group;
use crate::grid::UnitIx;
use crate::service::serving::State;
use crate::snapshot::{BaseFeature, BaseShape};
use crate::tile::own;

/// A line this near, in metres, that runs the same way is what an edge runs along.
const BESIDE_M: f64 = 35.0;
/// The same way: cosine of 30°.
const ALONG: f64 = 0.866;
/// The share of a side that a road must accompany, and a second neighbour must have, to be named.
const MUCH: f64 = 0.4;
const SOME: f64 = 0.3;

const SIDES: [&str; 4] = ["东至：", "南至：", "西至：", "北至："];
const ELSEWHERE: &str = "区界";

#[derive(Default)]
struct Side<'a> {
    length_m: f64,
    lines: BTreeMap<&'a str, f64>,
    neighbours: BTreeMap<Option<UnitIx>, f64>,
}

/// A piece of a named line, in metres from the unit.
struct Piece<'a> {
    name: &'a str,
    from: (f64, f64),
    to: (f64, f64),
}

/// What lies on each of the four sides, in words. Cost: the unit's outer edges times the pieces of named lines near it.
pub(super) fn abutting(state: &State, unit: UnitIx) -> Vec<(String, String)> {
    let snapshot = &state.snapshot;
    let level = snapshot.hierarchy.unit(unit).level;
    let Some(ring) = state.rings_of_level(level).get(unit.ix()).and_then(|rings| rings.first()) else {
        return Vec::new();
    };
    let (coverage, groups) = (&snapshot.coverage, snapshot.hierarchy.groups(level));
    let Some(origin) = coverage.ring_points(ring).first().copied() else { return Vec::new() };
    let (x_m, y_m) = coverage.lattice().metres_per_step(origin.y);
    let metres = |p: crate::coverage::LatticePoint| {
        ((f64::from(p.x) - f64::from(origin.x)) * x_m, (f64::from(p.y) - f64::from(origin.y)) * y_m)
    };
    let corner = coverage.lattice().degrees(origin);
    let pieces = near(&snapshot.base, corner, &coverage.ring_points(ring).into_iter().map(metres).collect::<Vec<_>>());
    let mut sides: [Side<'_>; 4] = Default::default();
    for half in &ring.halves {
        let other = other_side(state, &groups, *half);
        let points: Vec<(f64, f64)> = coverage.half_points(*half).map(metres).collect();
        for edge in points.windows(2) {
            let (dx, dy) = (edge[1].0 - edge[0].0, edge[1].1 - edge[0].1);
            let length_m = dx.hypot(dy);
            // Land is on the left of the walk, so what is outside is on its right: (dy, −dx).
            let side = if dy.abs() >= dx.abs() {
                if dy > 0.0 { 0 } else { 2 }
            } else if dx > 0.0 {
                1
            } else {
                3
            };
            let Some(side) = sides.get_mut(side).filter(|_| length_m > 0.0) else { continue };
            side.length_m += length_m;
            *side.neighbours.entry(other).or_default() += length_m;
            let middle = (f64::midpoint(edge[0].0, edge[1].0), f64::midpoint(edge[0].1, edge[1].1));
            if let Some(name) = beside(&pieces, middle, (dx / length_m, dy / length_m)) {
                *side.lines.entry(name).or_default() += length_m;
            }
        }
    }
    let said = SIDES.into_iter().zip(&sides).filter(|(_, side)| side.length_m > 0.0);
    said.map(|(name, side)| (name.to_owned(), full_width(&words(state, unit, side)))).collect()
}

fn other_side(state: &State, groups: &[Group], half: HalfArc) -> Option<UnitIx> {
    let face = state.snapshot.coverage.left_of(half.twin());
    groups.get(face.ix()).filter(|group| **group != Group::NONE).map(|group| UnitIx(group.0))
}

/// The pieces of named lines around a ring.
fn near<'a>(base: &'a [BaseFeature], corner: (f64, f64), ring: &[(f64, f64)]) -> Vec<Piece<'a>> {
    const METRES_PER_DEGREE: f64 = 111_000.0;
    let across = METRES_PER_DEGREE * corner.1.to_radians().cos();
    let metres = |p: &(f64, f64)| ((p.0 - corner.0) * across, (p.1 - corner.1) * METRES_PER_DEGREE);
    let low = ring.iter().fold((f64::MAX, f64::MAX), |m, p| (m.0.min(p.0), m.1.min(p.1)));
    let high = ring.iter().fold((f64::MIN, f64::MIN), |m, p| (m.0.max(p.0), m.1.max(p.1)));
    let meets = |a: (f64, f64), b: (f64, f64)| {
        a.0.min(b.0) < high.0 + BESIDE_M
            && a.0.max(b.0) > low.0 - BESIDE_M
            && a.1.min(b.1) < high.1 + BESIDE_M
            && a.1.max(b.1) > low.1 - BESIDE_M
    };
    let mut pieces = Vec::new();
    for feature in base {
        let (Some(name), BaseShape::Line(points)) = (&feature.name, &feature.shape) else { continue };
        for pair in points.windows(2) {
            let (from, to) = (metres(&pair[0]), metres(&pair[1]));
            if meets(from, to) {
                pieces.push(Piece { name, from, to });
            }
        }
    }
    pieces
}

/// The nearest line within reach that runs as the edge does.
fn beside<'a>(pieces: &[Piece<'a>], at: (f64, f64), way: (f64, f64)) -> Option<&'a str> {
    let mut best = (BESIDE_M, None);
    for piece in pieces {
        let (dx, dy) = (piece.to.0 - piece.from.0, piece.to.1 - piece.from.1);
        let length = dx.hypot(dy);
        if length <= 0.0 || ((dx * way.0 + dy * way.1) / length).abs() < ALONG {
            continue;
        }
        let t = (((at.0 - piece.from.0) * dx + (at.1 - piece.from.1) * dy) / (length * length)).clamp(0.0, 1.0);
        let distance = (piece.from.0 + t * dx - at.0).hypot(piece.from.1 + t * dy - at.1);
        if distance < best.0 {
            best = (distance, Some(piece.name));
        }
    }
    best.1
}

fn words(state: &State, unit: UnitIx, side: &Side<'_>) -> String {
    let hierarchy = &state.snapshot.hierarchy;
    let parent = hierarchy.unit(unit).parent;
    let name = |other: Option<UnitIx>| {
        let Some(other) = other else { return ELSEWHERE.to_owned() };
        let other = hierarchy.unit(other);
        match parent.filter(|parent| other.parent == Some(*parent)) {
            Some(parent) => own(&other.name, &hierarchy.unit(parent).name).to_owned(),
            None => other.name.clone(),
        }
    };
    let mut neighbours: Vec<(f64, Option<UnitIx>)> = side.neighbours.iter().map(|(ix, m)| (*m, *ix)).collect();
    neighbours.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let first = neighbours.iter().take(1);
    let second = neighbours.iter().skip(1).take(1).filter(|(m, _)| *m >= side.length_m * SOME);
    let who: Vec<String> = first.chain(second).map(|(_, ix)| name(*ix)).collect();
    let line = side.lines.iter().max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, m)| **m >= side.length_m * MUCH);
    match line {
        Some((line, _)) if who.first().is_some_and(|w| w == ELSEWHERE) && who.len() == 1 => {
            format!("{line}（{ELSEWHERE}）")
        }
        Some((line, _)) => format!("{line}，邻{}", who.join("、")),
        None => who.join("、"),
    }
}
