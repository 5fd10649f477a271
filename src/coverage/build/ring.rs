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

/// Drops repeated points, winds outer rings counter-clockwise and holes clockwise, and lists what cannot be a ring.
pub(super) fn read(claims: &[Claim]) -> (Vec<SourceRing>, Vec<RingFault>) {
    let (mut rings, mut faults) = (Vec::new(), Vec::new());
    for (i, claim) in claims.iter().enumerate() {
        if claim.polygons.iter().all(Vec::is_empty) {
            faults.push(RingFault { unit: claim.id, kind: RingFaultKind::Empty, at: LatticePoint::new(0, 0) });
        }
        for polygon in &claim.polygons {
            for (k, ring) in polygon.iter().enumerate() {
                let mut points = ring.clone();
                points.dedup();
                while points.len() > 1 && points.first() == points.last() {
                    points.pop();
                }
                let area = doubled_area(&points);
                let at = points.first().copied().unwrap_or(LatticePoint::new(0, 0));
                if points.len() < 3 || area == 0 && first_crossing(&points).is_none() {
                    faults.push(RingFault { unit: claim.id, kind: RingFaultKind::Degenerate, at });
                    continue;
                }
                if let Some(at) = first_crossing(&points) {
                    faults.push(RingFault { unit: claim.id, kind: RingFaultKind::SelfCrossing, at });
                    continue;
                }
                if (area > 0) != (k == 0) {
                    points.reverse();
                }
                rings.push(SourceRing { claim: i as u32, points });
            }
        }
    }
    (rings, faults)
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
