//! Our own forms of the question: each takes positions in degrees, so that rounding them to the lattice is part of what is timed.

use wangge::coverage::FaceIx;
use wangge::crs::Cgcs2000;
use wangge::locate::Locator;

/// A way to ask: its name, and the owners of points in order, into a vector that it clears first.
pub struct Form {
    pub name: &'static str,
    pub ask: fn(&Locator, &[Cgcs2000], &mut Vec<FaceIx>),
}

pub const FORMS: &[Form] =
    &[Form { name: "one at a time", ask: one_at_a_time }, Form { name: "batched", ask: Locator::owners }];

fn one_at_a_time(locator: &Locator, points: &[Cgcs2000], owners: &mut Vec<FaceIx>) {
    owners.clear();
    owners.extend(points.iter().map(|point| locator.owner_of(*point)));
}
