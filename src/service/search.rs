//! Flow 2, text → owner: candidates of the gazetteer, each with whose it is, as [`super::locate`] says it; and a block of a table's rows at once.

use super::locate::{MAX_ACCURACY_M, Placed, Question, chain, place};
use crate::crs::Crs;
use crate::exchange::addresses::{AddressForm, Found};
use crate::exchange::points::{Answered, Block};
use crate::place::candidate::Candidate;
use crate::place::decide::{Ambiguity, label};
use crate::place::search::{Answer, TooLong};
use crate::snapshot::Snapshot;

/// Candidates, unless more are asked for.
pub const CANDIDATES: usize = 5;

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

/// The standard address of a candidate; of what has none, its name.
#[must_use]
pub fn address(snapshot: &Snapshot, candidate: &Candidate) -> String {
    let place = candidate.place.and_then(|place| snapshot.places.get(place.ix()));
    place.map_or_else(|| label(snapshot.gazetteer(), &snapshot.places, candidate), |place| place.address.clone())
}

/// Every row of a block with its owner, or with the best candidate and what to ask.
#[must_use]
pub fn answer_rows(snapshot: &Snapshot, form: &AddressForm, block: &Block) -> Answered {
    form.answer(block, |text| {
        let answer = snapshot.search(text, CANDIDATES).map_err(|fault| fault.to_string())?;
        let best = answer.candidates.first().map_or_else(Found::default, |best| found(snapshot, best));
        // Whoever reads the table sees a row as certain when nothing is asked.
        let ask = (answer.ambiguity != Ambiguity::None).then(|| answer.ask.unwrap_or_default());
        Ok(Found { outcome: answer.ambiguity.key(), ask, ..best })
    })
}

fn found<'a>(snapshot: &'a Snapshot, candidate: &Candidate) -> Found<'a> {
    let owner = candidate.owner.map(|owner| snapshot.hierarchy.unit(owner));
    let names = candidate.owner.map(|owner| chain(snapshot, owner)).unwrap_or_default();
    let names: Vec<&str> =
        names.iter().map(|unit| if unit.name.is_empty() { &*unit.code } else { &*unit.name }).collect();
    Found {
        code: owner.map_or("", |unit| &unit.code),
        name: owner.map_or("", |unit| &unit.name),
        chain: names.join(" > "),
        place: address(snapshot, candidate),
        level: candidate.level.key(),
        confidence: Some(candidate.score),
        point: candidate.point.map(|point| (point.lon(), point.lat())),
        distance_m: placed(snapshot, candidate).map(|placed| placed.boundary.distance_m),
        ..Found::default()
    }
}
