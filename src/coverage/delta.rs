//! What an edit changed, so that what was derived from a coverage can follow without being derived anew.

use super::{ArcIx, FaceIx};

/// The rows in which two coverages on one lattice differ. A row that only one of them has counts as different; rows that are equal keep their
/// index, so an edit that takes an arc or a face away moves the last one into its place and names both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Arcs with other points, other ends or other sides.
    pub arcs: Vec<ArcIx>,
    /// Faces with another role.
    pub faces: Vec<FaceIx>,
}
