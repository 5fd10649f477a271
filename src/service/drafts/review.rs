//! From a draft to what may be published: handed in, looked at by somebody else, given back or agreed to.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{DraftFault, Drafts, Open, lock, text};
use crate::grid::change::Row;
use crate::grid::draft::{Actor, Draft, Entry, State as Stage};
use crate::grid::principles::Severity;

impl Drafts {
    /// Hands a draft in: it is checked in full, and may not be changed until it is given back. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::Empty`], [`DraftFault::Checks`] with every fault that the draft brings, [`DraftFault::TooEarly`], [`DraftFault::Text`], and as
    /// [`Drafts::ask`].
    pub fn submit(
        &self,
        actor: &Actor,
        id: u64,
        (effective, document, reason): (Date, &str, &str),
        now: Timestamp,
    ) -> Result<Draft, DraftFault> {
        let (document, reason) = (text("document", document, 0)?, text("reason", reason, 1)?);
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Draft], "submit")?;
        if open.draft.changes().next().is_none() {
            return Err(DraftFault::Empty);
        }
        self.not_too_early(effective)?;
        let touched: Vec<u64> = open.desk.touched().into_iter().collect();
        open.may_draw(actor, &touched)?;
        let mut faults = open.findings(self.serving.today(), None);
        // Faults that were there before are nobody's of this draft.
        let known = crate::service::check::of_snapshot(&open.base.snapshot, self.serving.today()).findings;
        faults.retain(|finding| finding.severity == Severity::Fault && !known.contains(finding));
        if !faults.is_empty() {
            return Err(DraftFault::Checks(faults));
        }
        self.write(&mut open, actor, Entry::Submitted { effective, document, reason }, now)?;
        Ok(open.draft.clone())
    }

    /// Agrees to a draft. With the word of somebody for each unit concerned – of one actor for all, or of several – it may be published. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::FourEyes`] for whoever had a hand in it, [`DraftFault::Scope`] for who has no say in any unit concerned, and as [`Drafts::ask`].
    pub fn approve(&self, actor: &Actor, id: u64, note: &str, now: Timestamp) -> Result<Draft, DraftFault> {
        let note = text("note", note, 0)?;
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Submitted], "approve")?;
        if open.draft.is_by(&actor.name) {
            return Err(DraftFault::FourEyes);
        }
        let concerned = open.concerned();
        open.may_draw(actor, &concerned)?;
        let words: Vec<&Actor> = open.draft.approvals.iter().map(|word| &word.by).chain([actor]).collect();
        let complete = concerned.iter().all(|unit| words.iter().any(|who| open.covers(who, *unit)));
        self.write(&mut open, actor, Entry::Approved { note, complete }, now)?;
        Ok(open.draft.clone())
    }

    /// Gives a draft back, with the reason. Blocks.
    ///
    /// # Errors
    /// As [`Drafts::approve`], but that its author may take it back himself.
    pub fn give_back(&self, actor: &Actor, id: u64, reason: &str, now: Timestamp) -> Result<Draft, DraftFault> {
        let reason = text("reason", reason, 1)?;
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Submitted, Stage::Approved], "return")?;
        if open.draft.author.name != actor.name {
            let concerned = open.concerned();
            open.may_draw(actor, &concerned)?;
        }
        self.write(&mut open, actor, Entry::Returned { reason }, now)?;
        Ok(open.draft.clone())
    }

    pub(super) fn not_too_early(&self, effective: Date) -> Result<(), DraftFault> {
        let head = self.serving.state();
        let last = head.snapshot.history.versions().last().map(|version| version.effective);
        match last {
            Some(last) if effective < last => Err(DraftFault::TooEarly { effective, last }),
            _ => Ok(()),
        }
    }
}

impl Open {
    /// Every unit that is somebody's say, by identity; 0 for the land around the district.
    pub(super) fn concerned(&self) -> Vec<u64> {
        let outside = self.desk.touches_outside().then_some(0);
        outside.into_iter().chain(self.desk.touched()).collect()
    }

    /// Whether a unit, as it was or as it would be, is in somebody's scope. The land around the district is the district's.
    pub(super) fn covers(&self, actor: &Actor, unit: u64) -> bool {
        let above = |from: Option<&Row>| {
            let mut codes = Vec::new();
            let mut at = from;
            while let Some(row) = at {
                codes.push(row.code.clone());
                at = row.parent.and_then(|parent| self.desk.row(parent).or_else(|| self.desk.first_row(parent)));
            }
            codes
        };
        let covered = |row| actor.scope.covers(above(row).iter().map(String::as_str));
        covered(self.desk.row(unit)) || covered(self.desk.first_row(unit))
    }

    /// Whoever draws must have a say in one of the units concerned at least; each of the others is for its own people to agree to.
    pub(super) fn may_draw(&self, actor: &Actor, units: &[u64]) -> Result<(), DraftFault> {
        if units.is_empty() || units.iter().any(|unit| self.covers(actor, *unit)) {
            return Ok(());
        }
        Err(DraftFault::Scope(units.iter().filter_map(|unit| self.code(*unit).map(str::to_owned)).collect()))
    }
}

/// The beginning of what a stranger wrote.
pub(super) fn echo(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { '·' } else { c }).collect()
}
