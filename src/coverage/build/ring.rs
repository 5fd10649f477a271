//! Stage 1, *read*: the rings of the source as chains of vertices; what is not a ring is refused by name and place.

use super::{Claim, RingFault, RingFaultKind};
use crate::coverage::LatticePoint;
use crate::coverage::exact::{cross_properly, crossing, doubled_area};
use crate::coverage::strips::{StepBox, Strips};

/// A ring of one claim, outer rings counter-clockwise, holes clockwise; first point not repeated.
#[derive(Clone, Debug)]
pub(super) struct SourceRing {
    /// Index into the claims.
    pub claim: u32,
    pub points: Vec<LatticePoint>,
}

/// What the source's rings amount to.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub rings: Vec<SourceRing>,
    /// Units without a usable ring.
    pub invalid: Vec<RingFault>,
    /// Rings without area of units that have others.
    pub dropped: Vec<RingFault>,
    /// Where a ring crosses itself; how much land that muddles is seen only when every face knows its claimants.
    pub crossings: Vec<RingFault>,
}

/// Drops repeated points, winds outer rings counter-clockwise and holes clockwise, and lists what cannot be a ring.
pub(super) fn read(claims: &[Claim]) -> Read {
    let mut read = Read::default();
    for (i, claim) in claims.iter().enumerate() {
        let before = read.rings.len();
        let mut flat = Vec::new();
        for polygon in &claim.polygons {
            for (k, ring) in polygon.iter().enumerate() {
                let mut points = ring.clone();
                points.dedup();
                while points.len() > 1 && points.first() == points.last() {
                    points.pop();
                }
                let area = doubled_area(&points);
                let crossing = first_crossing(&points);
                let fault = |kind, at| RingFault { unit: claim.id, kind, at };
                if points.len() < 3 || area == 0 && crossing.is_none() {
                    let at = points.first().copied().unwrap_or(LatticePoint::new(0, 0));
                    flat.push(fault(RingFaultKind::Degenerate, at));
                    continue;
                }
                read.crossings.extend(crossing.map(|at| fault(RingFaultKind::SelfCrossing, at)));
                if (area > 0) != (k == 0) {
                    points.reverse();
                }
                read.rings.push(SourceRing { claim: i as u32, points });
            }
        }
        if read.rings.len() > before {
            read.dropped.append(&mut flat);
        } else if flat.is_empty() {
            read.invalid.push(RingFault { unit: claim.id, kind: RingFaultKind::Empty, at: LatticePoint::new(0, 0) });
        } else {
            read.invalid.append(&mut flat);
        }
    }
    read
}

/// The first place, west to east, where two edges of the ring cross properly. Touching is left to the later stages.
fn first_crossing(points: &[LatticePoint]) -> Option<LatticePoint> {
    let n = points.len();
    let edge = |i: usize| (points[i], points[(i + 1) % n]);
    let strips = Strips::new((0..n).map(|i| StepBox::of_edge(edge(i).0, edge(i).1)).collect());
    let mut found: Option<LatticePoint> = None;
    strips.pairs(|i, j| {
        let ((a, b), (c, d)) = (edge(i as usize), edge(j as usize));
        if cross_properly(a, b, c, d) {
            let at = crossing(a, b, c, d);
            found = Some(found.map_or(at, |f| f.min(at)));
        }
    });
    found
}
