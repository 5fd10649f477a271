//! Two coverages on one lattice laid over each other: how much land each pair of faces has in common.

use super::ring::SourceRing;
use super::{cover, node, planar};
use crate::coverage::{Coverage, FaceIx, LatticePoint};

/// Land that `before` and `after` have in common, as faces of the two coverages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub before: FaceIx,
    pub after: FaceIx,
    /// Twice the area in square steps, good to a step along the lines that cross.
    pub doubled_area: i128,
    /// A place on its border.
    pub at: LatticePoint,
}

/// What some faces of one coverage have in common with some of another; land that none of either has is taken for the outside. Cost: as
/// [`super::build`], of these faces.
#[must_use]
pub fn overlaps(before: (&Coverage, &[FaceIx]), after: (&Coverage, &[FaceIx])) -> Vec<Overlap> {
    let rings = |(coverage, faces): (&Coverage, &[FaceIx]), from: usize| {
        let mut all: Vec<SourceRing> = Vec::new();
        for (i, face) in faces.iter().enumerate() {
            let rings = coverage.faces()[face.ix()].rings.iter();
            all.extend(rings.map(|r| SourceRing { claim: (from + i) as u32, points: coverage.ring_points(r) }));
        }
        all
    };
    let mut source = rings(before, 0);
    source.extend(rings(after, before.1.len()));
    let planar = planar::trace(node::node(&source).edges);
    let halves = planar.halves_by_face();
    let mut found: Vec<Overlap> = Vec::new();
    for (face, claims) in cover::claimants(&planar).into_iter().enumerate().skip(1) {
        let mut pair = (FaceIx::OUTSIDE, FaceIx::OUTSIDE);
        for (claim, _) in claims {
            match (claim as usize).checked_sub(before.1.len()) {
                None => pair.0 = before.1[claim as usize],
                Some(i) => pair.1 = after.1[i],
            }
        }
        let at = halves[face].first().map_or(LatticePoint::new(0, 0), |h| planar.ends(*h).0);
        found.push(Overlap { before: pair.0, after: pair.1, doubled_area: planar.doubled_area[face], at });
    }
    found.sort_by_key(|o| (o.before, o.after, o.at));
    found.dedup_by(|next, sum| {
        let same = (next.before, next.after) == (sum.before, sum.after);
        if same {
            sum.doubled_area += next.doubled_area;
        }
        same
    });
    found
}
