//! Whose point is this? Exactly one owner for every point, decided in integers.

use crate::coverage::{Coverage, FaceIx, LatticePoint};
use crate::crs::{Cgcs2000, PlaneCrs};

/// The exact index over one coverage.
#[derive(Debug)]
pub struct Locator {}

/// Where a point lies. Distances are metres in the dataset's plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    pub outcome: Outcome,
    /// The one owner; `None` exactly when the outcome is [`Outcome::Outside`] (outside, excluded land or a gap).
    pub owner: Option<FaceIx>,
    /// To the nearest boundary of the owner (of any unit, when outside).
    pub boundary_m: f64,
    /// Other units within the stated accuracy, nearest first.
    pub neighbours: Vec<Near>,
    /// The nearest unit, when outside.
    pub nearest: Option<Near>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Inside,
    /// The quantised point lies exactly on an arc; it still has one owner.
    OnBoundary,
    Outside,
}

/// A unit at a distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub face: FaceIx,
    pub distance_m: f64,
}

impl Locator {
    /// Indexes a coverage. `plane` is where distances are measured.
    #[must_use]
    pub fn new(coverage: &Coverage, plane: PlaneCrs) -> Self {
        let _ = (coverage, plane);
        todo!()
    }

    /// The owner of a lattice point: one face, always – [`FaceIx::OUTSIDE`], excluded land and gaps included.
    #[must_use]
    pub fn owner(&self, point: LatticePoint) -> FaceIx {
        let _ = point;
        todo!()
    }

    /// The full answer for a position known to `accuracy_m` metres.
    #[must_use]
    pub fn locate(&self, coverage: &Coverage, point: Cgcs2000, accuracy_m: f64) -> Located {
        let _ = (coverage, point, accuracy_m);
        todo!()
    }
}
