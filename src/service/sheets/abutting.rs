//! The boundary in words (四至): what lies east, south, west and north of a unit – a named road or river along it, and the neighbours.
//!
//! Each edge of an outer ring faces the side that its outward normal points to most. A side is said to reach a road or river when much of it
//! runs beside one, and always names who is on the other side of most of it. A unit of several parts has the sides of each: those of one alone
//! would be a wrong description of its land.

use std::collections::BTreeMap;

use super::facts::full_width;
use crate::coverage::region::Group;
use crate::coverage::{HalfArc, Ring};
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

const SIDES: [&str; 4] = ["东至", "南至", "西至", "北至"];
const ELSEWHERE: &str = "区界";
/// Parts beside the largest whose sides are said; the others are counted.
const MOST_EXCLAVES: usize = 3;

/// The sides of every part of a unit, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Abutting {
    /// Of the largest part: (东至：, what lies there) …
    pub main: Vec<(String, String)>,
    /// Of each other part (飞地), largest first, in one sentence: 东至…；南至…
    pub exclaves: Vec<String>,
    /// How many parts there are beside these.
    pub more: usize,
}

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

/// What lies on each of the four sides of each part, in words. Cost: the outer edges of the parts that are said times the pieces of named lines
/// near them, and the background once a part.
pub(super) fn abutting(state: &State, unit: UnitIx) -> Abutting {
    let level = state.snapshot.hierarchy.unit(unit).level;
    let groups = state.snapshot.hierarchy.groups(level);
    let rings = state.rings_of_level(level).get(unit.ix()).map_or(&[][..], Vec::as_slice);
    // The outer rings, largest first; holes are inside of a part.
    let mut parts = rings.iter().filter(|ring| ring.doubled_area > 0);
    let Some(largest) = parts.next() else { return Abutting::default() };
    let main = around(state, &groups, unit, largest);
    let sentence = |ring| {
        let sides = around(state, &groups, unit, ring).into_iter();
        sides.map(|(side, what)| format!("{side}{what}")).collect::<Vec<_>>().join("；")
    };
    Abutting {
        main: main.into_iter().map(|(side, what)| (format!("{side}："), what)).collect(),
        exclaves: parts.by_ref().take(MOST_EXCLAVES).map(sentence).collect(),
        more: parts.count(),
    }
}

/// The sides of one part: (东至, what lies there) …
fn around(state: &State, groups: &[Group], unit: UnitIx, ring: &Ring) -> Vec<(&'static str, String)> {
    let snapshot = &state.snapshot;
    let coverage = &snapshot.coverage;
    let Some(origin) = coverage.ring_points(ring).first().copied() else { return Vec::new() };
    let (x_m, y_m) = coverage.lattice().metres_per_step(origin.y);
    let metres = |p: crate::coverage::LatticePoint| {
        ((f64::from(p.x) - f64::from(origin.x)) * x_m, (f64::from(p.y) - f64::from(origin.y)) * y_m)
    };
    let corner = coverage.lattice().degrees(origin);
    let pieces = near(&snapshot.base, corner, &coverage.ring_points(ring).into_iter().map(metres).collect::<Vec<_>>());
    let mut sides: [Side<'_>; 4] = Default::default();
    for half in &ring.halves {
        let other = other_side(state, groups, *half);
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
    said.map(|(name, side)| (name, full_width(&words(state, unit, side)))).collect()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::grid::Hierarchy;
    use crate::service::serving::Capacity;
    use crate::service::sheets::tests::look;
    use crate::snapshot::Snapshot;
    use crate::tile::fixture::snapshot;

    /// A district each of whose villages is plots here and there.
    fn scattered() -> Snapshot {
        let mut snapshot = snapshot(3, 12, 12, 4);
        let villages: Vec<UnitIx> = snapshot.hierarchy.at_level(2).map(|(ix, _)| ix).collect();
        let mut units = snapshot.hierarchy.units().to_vec();
        for (i, plot) in units.iter_mut().filter(|unit| unit.level == 3).enumerate() {
            plot.parent = Some(villages[i % villages.len()]);
        }
        snapshot.hierarchy = Hierarchy::new(units, 4, snapshot.coverage.faces().len());
        snapshot
    }

    /// Who is across a ring, as notices write names.
    fn across(state: &State, unit: UnitIx, ring: &Ring) -> BTreeSet<String> {
        let hierarchy = &state.snapshot.hierarchy;
        let groups = hierarchy.groups(hierarchy.unit(unit).level);
        let named = |half: &HalfArc| {
            let mut side = Side { length_m: 1.0, ..Side::default() };
            side.neighbours.insert(other_side(state, &groups, *half), 1.0);
            full_width(&words(state, unit, &side))
        };
        ring.halves.iter().map(named).collect()
    }

    /// The names in what is said of a side: `路，邻甲、乙`, `路（区界）`, `甲`.
    fn named(said: &str) -> Vec<&str> {
        let who = said.split_once("，邻").map_or(said, |(_, who)| who);
        let who = if who.ends_with("（区界）") { ELSEWHERE } else { who };
        who.split('、').collect()
    }

    #[test]
    fn every_part_of_a_unit_has_its_own_sides_largest_first() {
        let state = State::new(scattered(), &look(&[]), Capacity::default());
        let (mut parted, mut elsewhere, mut counted) = (0, 0, 0);
        for level in 1..3 {
            for (ix, _) in state.snapshot.hierarchy.at_level(level) {
                let rings = &state.rings_of_level(level)[ix.ix()];
                let parts: Vec<&Ring> = rings.iter().filter(|ring| ring.doubled_area > 0).collect();
                let said = abutting(&state, ix);
                assert_eq!(said.exclaves.len(), (parts.len() - 1).min(MOST_EXCLAVES));
                assert_eq!(said.exclaves.len() + said.more + 1, parts.len());
                assert!(parts.windows(2).all(|pair| pair[0].doubled_area >= pair[1].doubled_area));
                let main = across(&state, ix, parts[0]);
                assert!(said.main.iter().flat_map(|(_, what)| named(what)).all(|name| main.contains(name)));
                for (sentence, ring) in said.exclaves.iter().zip(&parts[1..]) {
                    let theirs = across(&state, ix, ring);
                    for side in sentence.split('；') {
                        let what = SIDES.iter().find_map(|name| side.strip_prefix(name));
                        let names = named(what.expect("the name of a side"));
                        assert!(names.iter().all(|name| theirs.contains(*name)), "{sentence}: {theirs:?}");
                        elsewhere += names.iter().filter(|name| !main.contains(**name)).count();
                    }
                    parted += 1;
                }
                counted += said.more;
            }
        }
        assert!(parted > 50 && elsewhere > 50 && counted > 10, "{parted}, {elsewhere}, {counted}");
    }
}
