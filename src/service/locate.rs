//! Flow 1, position → owner: a pair of numbers in a named system → CGCS2000 → the one owner → its chain → the people on duty.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::crs::{Cgcs2000, Crs, CrsFault};
use crate::grid::people::OnDuty;
use crate::grid::{Unit, UnitIx};
use crate::locate::{Near, Outcome};
use crate::snapshot::Snapshot;

/// A position as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    pub crs: Crs,
    /// Longitude in degrees, or easting in metres.
    pub x: f64,
    /// Latitude in degrees, or northing in metres.
    pub y: f64,
    /// How far the true position may be from the one asked for; 0 when nothing is known about it.
    pub accuracy_m: f64,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum QuestionFault {
    #[error(transparent)]
    Position(#[from] CrsFault),
    #[error("accuracy_m is {0}: give metres between 0 and {MAX_ACCURACY_M}")]
    Accuracy(f64),
}

/// Beyond this an accuracy says nothing: every unit of a district would be a neighbour.
pub const MAX_ACCURACY_M: f64 = 5_000.0;

/// Whose a position is, and who answers for it. Borrows from the snapshot that was asked; the names of the levels are in
/// `snapshot.district.levels[unit.level]`.
#[derive(Clone, Debug)]
pub struct Ownership<'a> {
    pub asked: Question,
    /// The position in the system of the store.
    pub point: Cgcs2000,
    pub outcome: Outcome,
    /// The one owner (lowest level); `None` exactly when the outcome is [`Outcome::Outside`].
    pub owner: Option<&'a Unit>,
    /// The owner and all above it, top level first; empty outside.
    pub chain: Vec<&'a Unit>,
    /// Who answers today; empty outside.
    pub duty: OnDuty<'a>,
    pub boundary: Boundary<'a>,
    /// The nearest unit, when outside.
    pub nearest: Option<Neighbour<'a>>,
    /// The version of the snapshot that answered, and when it was recorded.
    pub version: u64,
    pub as_of: Timestamp,
}

/// Whose a position is, without who answers for it: what an [`Ownership`] is made of.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    pub asked: Question,
    /// The position in the system of the store.
    pub point: Cgcs2000,
    pub outcome: Outcome,
    /// `None` exactly when the outcome is [`Outcome::Outside`].
    pub owner: Option<UnitIx>,
    pub boundary: Boundary<'a>,
    /// The nearest unit, when outside.
    pub nearest: Option<Neighbour<'a>>,
}

/// How near the edge the position is.
#[derive(Clone, Debug)]
pub struct Boundary<'a> {
    /// To the nearest boundary of the owner; of any unit, when outside.
    pub distance_m: f64,
    /// 贴边: another unit lies within the stated accuracy, or the point is exactly on the line.
    pub ambiguous: bool,
    /// Other units within the stated accuracy, nearest first.
    pub neighbours: Vec<Neighbour<'a>>,
}

/// A unit at a distance.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour<'a> {
    pub unit: &'a Unit,
    pub distance_m: f64,
}

/// Answers a question from one snapshot. `today` decides who is on duty.
///
/// # Errors
/// [`QuestionFault`] when the numbers are not a position of the named system, or the accuracy is not 0 … [`MAX_ACCURACY_M`].
pub fn locate(snapshot: &Snapshot, asked: Question, today: Date) -> Result<Ownership<'_>, QuestionFault> {
    let Placed { asked, point, outcome, owner, boundary, nearest } = place(snapshot, asked)?;
    Ok(Ownership {
        asked,
        point,
        outcome,
        owner: owner.map(|ix| snapshot.hierarchy.unit(ix)),
        chain: owner.map_or_else(Vec::new, |ix| chain(snapshot, ix)),
        duty: owner.map_or_else(OnDuty::default, |ix| snapshot.roster.on_duty(&snapshot.hierarchy, ix, today)),
        boundary,
        nearest,
        version: snapshot.version,
        as_of: snapshot.recorded,
    })
}

/// The part of [`locate`] that depends on the position itself; the rest depends on the owner and the day.
///
/// # Errors
/// As [`locate`].
pub fn place(snapshot: &Snapshot, asked: Question) -> Result<Placed<'_>, QuestionFault> {
    if !(0.0..=MAX_ACCURACY_M).contains(&asked.accuracy_m) {
        return Err(QuestionFault::Accuracy(asked.accuracy_m));
    }
    let point = asked.crs.read(asked.x, asked.y)?;
    let located = snapshot.locator.locate(point, asked.accuracy_m);
    let near = |near: &Near| neighbour(snapshot, near);
    let neighbours: Vec<_> = located.neighbours.iter().filter_map(near).collect();
    Ok(Placed {
        asked,
        point,
        outcome: located.outcome,
        owner: located.owner.and_then(|face| snapshot.hierarchy.unit_of_face(face)),
        boundary: Boundary {
            distance_m: located.boundary_m,
            ambiguous: located.outcome == Outcome::OnBoundary || !neighbours.is_empty(),
            neighbours,
        },
        nearest: located.nearest.as_ref().and_then(near),
    })
}

/// The unit that owns a stored position, without distances: what counting issues and attaching places needs.
#[must_use]
pub fn owner_of(snapshot: &Snapshot, point: Cgcs2000) -> Option<UnitIx> {
    snapshot.hierarchy.unit_of_face(snapshot.locator.owner_of(point))
}

/// The unit and all above it, top level first.
#[must_use]
pub fn chain(snapshot: &Snapshot, ix: UnitIx) -> Vec<&Unit> {
    snapshot.hierarchy.chain(ix).into_iter().map(|ix| snapshot.hierarchy.unit(ix)).collect()
}

fn neighbour<'a>(snapshot: &'a Snapshot, near: &Near) -> Option<Neighbour<'a>> {
    let unit = snapshot.hierarchy.unit(snapshot.hierarchy.unit_of_face(near.face)?);
    Some(Neighbour { unit, distance_m: near.distance_m })
}
