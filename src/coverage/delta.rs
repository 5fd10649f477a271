//! What an edit changed, so that what was derived from a coverage can follow without being derived anew.

use super::{ArcIx, FaceIx, LatticePoint};

/// The rows in which two coverages on one lattice differ. A row that only one of them has counts as different; rows that are equal keep their
/// index, so an edit that takes an arc or a face away moves the last one into its place and names both. After several edits it may also name a
/// row that has come back to what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Arcs with other points, other ends or other sides. Sorted, each once.
    pub arcs: Vec<ArcIx>,
    /// Faces with another identity, role or exclave flag; that its rings changed is said by the arcs. Sorted, each once.
    pub faces: Vec<FaceIx>,
    /// South-west and north-east corner around the land that changed hands or role, and around the old and new lines. Rows that only moved to
    /// another index lie outside. `None` when nothing on the ground changed, or when whoever made the delta does not say.
    pub bounds: Option<(LatticePoint, LatticePoint)>,
}

impl Delta {
    /// Adds what a later edit changed: the result leads from the coverage before the first to the one after the second.
    pub fn join(&mut self, later: Self) {
        self.arcs.extend(later.arcs);
        self.arcs.sort_unstable();
        self.arcs.dedup();
        self.faces.extend(later.faces);
        self.faces.sort_unstable();
        self.faces.dedup();
        self.bounds = match (self.bounds, later.bounds) {
            (Some(one), Some(other)) => Some(around([one.0, one.1, other.0, other.1])),
            (one, other) => one.or(other),
        };
    }
}

/// The box around points; that of no points is turned inside out and meets nothing.
pub(super) fn around(points: impl IntoIterator<Item = LatticePoint>) -> (LatticePoint, LatticePoint) {
    let nothing = (LatticePoint::new(i32::MAX, i32::MAX), LatticePoint::new(i32::MIN, i32::MIN));
    points.into_iter().fold(nothing, |(low, high), p| {
        let low = LatticePoint::new(low.x.min(p.x), low.y.min(p.y));
        (low, LatticePoint::new(high.x.max(p.x), high.y.max(p.y)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_deltas_name_every_row_once_and_box_everything() {
        let p = LatticePoint::new;
        let mut all = Delta { arcs: vec![ArcIx(3)], faces: vec![FaceIx(2)], bounds: Some((p(0, 5), p(4, 6))) };
        all.join(Delta { arcs: vec![ArcIx(1), ArcIx(3)], faces: vec![], bounds: None });
        all.join(Delta { arcs: vec![], faces: vec![FaceIx(1)], bounds: Some((p(-1, 7), p(2, 9))) });
        assert_eq!(all.arcs, [ArcIx(1), ArcIx(3)]);
        assert_eq!(all.faces, [FaceIx(1), FaceIx(2)]);
        assert_eq!(all.bounds, Some((p(-1, 5), p(4, 9))));
    }
}
