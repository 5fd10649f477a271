//! What each side of a proposal would be like: counted on the shapes that the edits give, not on the plan they were drawn from.

use super::Side;
use super::atoms::{Atom, Dwellings};
use super::ground::{Ground, Spot, bounds, distance_to_chain, inside, length, measure, walked};
use super::parcels::Parcels;
use super::streets::Street;
use crate::coverage::{Coverage, FaceId, FaceIx, LatticePoint};
use crate::crs::PlaneCrs;
use crate::grid::UnitIx;
use crate::snapshot::Snapshot;

const DAYS_A_MONTH: f64 = 30.436_875;
/// A barrier crosses a side when it runs this far inside it, this far away from its border.
const BARRIER_RUN_M: f64 = 25.0;
const BARRIER_INSIDE_M: f64 = 10.0;
const BARRIER_STEP_M: f64 = 5.0;

/// What is counted, gathered once for all proposals of a unit.
#[derive(Debug)]
pub(super) struct Survey {
    issues: Vec<Spot>,
    months: f64,
    plane: PlaneCrs,
}

impl Survey {
    /// Cost: one pass over the issues, with a look at the index each.
    pub(super) fn new(snapshot: &Snapshot, ground: &Ground, units: &[UnitIx]) -> Self {
        let faces: Vec<Option<FaceIx>> = units.iter().map(|u| snapshot.hierarchy.unit(*u).face).collect();
        let points = snapshot.issues.iter().filter_map(|i| i.point);
        let own = points.filter(|p| faces.contains(&Some(snapshot.locator.owner_of(*p))));
        let days = match (snapshot.issues.first(), snapshot.issues.last()) {
            (Some(first), Some(last)) => {
                f64::from(last.received.date().since(first.received.date()).map_or(0, |span| span.get_days())) + 1.0
            }
            _ => 0.0,
        };
        let issues = own.map(|p| ground.spot_of(p)).collect();
        Self { issues, months: days / DAYS_A_MONTH, plane: snapshot.district.plane }
    }
}

/// A side as the edits have made it.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) face: FaceId,
    pub(super) rings: Vec<Vec<LatticePoint>>,
    pub(super) spots: Vec<Vec<Spot>>,
    parts: usize,
}

impl Shape {
    pub(super) fn of(coverage: &Coverage, face: FaceId, ground: &Ground) -> Option<Self> {
        let found = coverage.faces().iter().find(|f| f.id == face)?;
        let rings: Vec<Vec<LatticePoint>> = found.rings.iter().map(|r| coverage.ring_points(r)).collect();
        let spots = rings.iter().map(|r| ground.spots(r)).collect();
        Some(Self { face, rings, spots, parts: found.rings.iter().filter(|r| r.doubled_area > 0).count() })
    }

    pub(super) fn holds(&self, s: Spot) -> bool {
        inside(&self.spots, s)
    }
}

/// How many live on each side, and how many buildings and compounds are on both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shares {
    pub(super) households: [f64; 2],
    pub(super) people: [f64; 2],
    pub(super) buildings_cut: u32,
    pub(super) compounds_cut: u32,
}

/// Counts by where things are: a building is on the side where it stands, one on both sides and land by area.
pub(super) fn shares(new: &Shape, dwellings: &Dwellings, atoms: &[Atom], land: &Parcels) -> Shares {
    let mut shares = Shares::default();
    let sizes = land.sizes(atoms.len());
    if atoms.iter().any(|a| a.land) {
        let made = land.sizes_within(&new.spots, atoms.len());
        for ((atom, size), part) in atoms.iter().zip(&sizes).zip(made).filter(|((a, s), _)| a.land && **s > 0.0) {
            for (side, share) in [(1, part / size), (0, 1.0 - part / size)] {
                shares.households[side] += atom.households * share;
                shares.people[side] += atom.people * share;
            }
        }
    }
    let mut compounds = std::collections::BTreeMap::new();
    for building in dwellings.buildings.iter().filter(|b| !b.land) {
        let spots = building.outline.as_deref().unwrap_or_default();
        let inner = spots.iter().map(|s| {
            let toward = |a: f64, b: f64| a + (b - a) * 0.02;
            (toward(s.0, building.middle.0), toward(s.1, building.middle.1))
        });
        let sides = inner.chain([building.middle]).fold(0_u8, |bits, s| bits | (1 + u8::from(new.holds(s))));
        shares.buildings_cut += u32::from(sides == 3);
        let made = if sides == 3 { share_within(new, spots) } else { f64::from(u8::from(sides == 2)) };
        for (side, share) in [(1, made), (0, 1.0 - made)] {
            shares.households[side] += building.households * share;
            shares.people[side] += building.people * share;
        }
        if let Some(compound) = building.estate {
            *compounds.entry(compound).or_insert(0) |= sides;
        }
    }
    shares.compounds_cut = compounds.values().filter(|sides| **sides == 3).count() as u32;
    shares
}

/// The share of an outline that lies within a shape, by a grid of points.
fn share_within(shape: &Shape, outline: &[Spot]) -> f64 {
    const STEP_M: f64 = 0.75;
    let (low, high) = bounds(outline.iter());
    let along = |from: f64, to: f64| {
        let n = ((to - from) / STEP_M).clamp(1.0, 400.0) as usize;
        (0..n).map(move |i| from + (i as f64 + 0.5) / n as f64 * (to - from))
    };
    let ring = [outline.to_vec()];
    let (mut all, mut within) = (0_u32, 0_u32);
    for spot in along(low.1, high.1).flat_map(|y| along(low.0, high.0).map(move |x| (x, y))) {
        if inside(&ring, spot) {
            all += 1;
            within += u32::from(shape.holds(spot));
        }
    }
    f64::from(within) / f64::from(all.max(1))
}

/// Rings in metres of the dataset's plane; on the local ground where that cannot draw them.
fn on_plane(snapshot: &Snapshot, plane: PlaneCrs, points: &[LatticePoint], spots: &[Spot]) -> Vec<Spot> {
    let lattice = snapshot.coverage.lattice();
    let positions: Vec<_> = points.iter().map(|p| lattice.position(*p)).collect();
    match plane.project_all(&positions) {
        Ok(drawn) => drawn.iter().map(|p| (p.east(), p.north())).collect(),
        Err(_) => spots.to_vec(),
    }
}

/// Metres of a line in the dataset's plane.
pub(super) fn length_m(snapshot: &Snapshot, ground: &Ground, line: &[LatticePoint]) -> f64 {
    length(&on_plane(snapshot, snapshot.district.plane, line, &ground.spots(line)))
}

impl Survey {
    /// A side in figures.
    pub(super) fn side(&self, snapshot: &Snapshot, shape: &Shape, streets: &[Street], live: (f64, f64)) -> Side {
        let rings = shape.rings.iter().zip(&shape.spots);
        let (area_m2, around_m) = rings
            .map(|(points, spots)| measure(&on_plane(snapshot, self.plane, points, spots)))
            .fold((0.0, 0.0), |sum, (area, around)| (sum.0 + area, sum.1 + around));
        let issues = self.issues.iter().filter(|s| shape.holds(**s)).count();
        Side {
            face: shape.face,
            households: live.0,
            people: live.1,
            issues_a_month: if self.months > 0.0 { issues as f64 / self.months } else { 0.0 },
            area_m2,
            compactness: if around_m > 0.0 {
                4.0 * std::f64::consts::PI * area_m2 / (around_m * around_m)
            } else {
                0.0
            },
            contiguous: shape.parts == 1,
            barriers_crossed: barriers(shape, streets),
        }
    }
}

fn barriers(shape: &Shape, streets: &[Street]) -> u32 {
    let mut runs: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    for (number, street) in streets.iter().filter_map(|s| Some((s.barrier?, s))) {
        let deep = |s: &Spot| {
            shape.holds(*s)
                && shape.spots.iter().all(|ring| {
                    let closed =
                        ring.last().zip(ring.first()).map_or(f64::INFINITY, |(a, b)| distance_to_chain(*s, &[*a, *b]));
                    distance_to_chain(*s, ring).min(closed) > BARRIER_INSIDE_M
                })
        };
        let steps = walked(&street.line, BARRIER_STEP_M);
        let run: f64 = steps.windows(2).filter(|e| deep(&e[0])).map(|e| super::ground::distance(e[0], e[1])).sum();
        *runs.entry(number).or_default() += run;
    }
    runs.values().filter(|run| **run >= BARRIER_RUN_M).count() as u32
}
