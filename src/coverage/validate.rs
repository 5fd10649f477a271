//! All invariants of a coverage, as one function that names what is broken and where.

use super::{ArcIx, Coverage, FaceIx, LatticePoint};

/// A broken invariant: the rule, who is concerned, and a place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub rule: Rule,
    pub arcs: Vec<ArcIx>,
    pub faces: Vec<FaceIx>,
    pub at: Option<LatticePoint>,
}

/// The invariants of `docs/ARCHITECTURE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// An index points at nothing, or an arc does not begin and end at its junctions.
    Reference,
    /// Two equal points in a row, or an arc of fewer than two points.
    RepeatedPoint,
    /// Two edges cross or touch anywhere but at a shared junction.
    Crossing,
    /// A junction where fewer than three arc ends meet (two for a loop).
    JunctionDegree,
    /// The same face on both sides of an arc.
    SameFaceBothSides,
    /// A face's rings do not close, or a face has no outer ring, or several without being an exclave.
    Ring,
    /// V − E + F ≠ 1 + C.
    Euler,
    /// The doubled areas of the faces do not add up to the outline's.
    AreaSum,
}

/// Checks every invariant; an empty answer is a valid coverage. Cost: O(n log n) in edges.
#[must_use]
pub fn faults(coverage: &Coverage) -> Vec<Fault> {
    let _ = coverage;
    todo!()
}
