//! Flow 2, text → owner: candidates of the gazetteer, each with whose it is, as [`super::locate`] says it.

use super::locate::{MAX_ACCURACY_M, Placed, Question, place};
use crate::crs::Crs;
use crate::place::candidate::Candidate;
use crate::place::search::{Answer, TooLong};
use crate::snapshot::Snapshot;

/// What a text means, and whose each of it is.
#[derive(Debug)]
pub struct Searched<'a> {
    pub answer: Answer,
    /// For each candidate of the answer; none for what has no point (a unit, a road).
    pub placed: Vec<Option<Placed<'a>>>,
}

/// Asks a snapshot.
///
/// # Errors
/// [`TooLong`].
pub fn search<'a>(snapshot: &'a Snapshot, text: &str, limit: usize) -> Result<Searched<'a>, TooLong> {
    let answer = snapshot.search(text, limit)?;
    let placed = answer.candidates.iter().map(|candidate| placed(snapshot, candidate)).collect();
    Ok(Searched { answer, placed })
}

fn placed<'a>(snapshot: &'a Snapshot, candidate: &Candidate) -> Option<Placed<'a>> {
    let point = candidate.point?;
    let accuracy_m = candidate.accuracy_m.clamp(0.0, MAX_ACCURACY_M);
    place(snapshot, Question { crs: Crs::Cgcs2000, x: point.lon(), y: point.lat(), accuracy_m }).ok()
}
