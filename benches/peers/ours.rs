//! Our own forms of the question: each takes positions in degrees, so that rounding them to the lattice is part of what is timed.

use wangge::coverage::{Coverage, FaceIx};
use wangge::crs::Cgcs2000;
use wangge::locate::Locator;

/// A way to ask: its name, and the owners of points in order, into a vector that it clears first.
pub struct Form {
    pub name: &'static str,
    pub ask: fn(&Ours, &[Cgcs2000], &mut Vec<FaceIx>),
}

pub const FORMS: &[Form] = &[Form { name: "one at a time", ask: one_at_a_time }];

pub struct Ours {
    locator: Locator,
    lattice: wangge::coverage::Lattice,
}

impl Ours {
    pub fn new(coverage: &Coverage) -> Self {
        Self { locator: Locator::new(coverage), lattice: *coverage.lattice() }
    }

    pub fn owner(&self, point: Cgcs2000) -> FaceIx {
        self.lattice.quantise(point).map_or(FaceIx::OUTSIDE, |p| self.locator.owner(p))
    }
}

fn one_at_a_time(ours: &Ours, points: &[Cgcs2000], owners: &mut Vec<FaceIx>) {
    owners.clear();
    owners.extend(points.iter().map(|point| ours.owner(*point)));
}
