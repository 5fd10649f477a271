//! Boundaries being changed: drafts on a desk each, their steps durable before they are answered, and their way through review to the next version.
//!
//! A draft is its log in the store. What is kept here is only the desk that the log leads to, so that the next step costs what it touches; it can be
//! thrown away at any time and is made anew from the log.

pub mod affected;
mod ask;
mod codes;
mod fault;
mod publish;
mod review;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub use ask::{Ask, Describe, Include, Keep, Split};
pub use fault::{AskFault, DraftFault};
pub use publish::Published;
use publish::Rehearsed;

use super::past::PastFault;
use super::serving::{Serving, State};
use crate::coverage::{Delta, LatticePoint};
use crate::grid::change::{Change, Desk, Made};
use crate::grid::draft::{Actor, Draft, Entry, Logged, State as Stage};
use crate::grid::past::Boundaries;
use crate::grid::principles::{self, Finding, Subject};
use crate::locate::Locator;
use crate::store::{Store, StoreFault};

/// Desks kept at once; one of a district of 2,600 units takes some 30 MB.
const MOST_OPEN: usize = 8;
/// Edits asked for at once.
pub const MOST_ASKS: usize = 1000;
/// Steps of one draft.
pub const MOST_STEPS: usize = 5000;
/// Drafts that are neither published nor discarded.
pub const MOST_DRAFTS: usize = 500;
/// Identities of units taken from the store at a time.
const IDS_AT_ONCE: u32 = 64;

/// The drafts of a district that is served.
#[derive(Debug)]
pub struct Drafts {
    serving: Arc<Serving>,
    /// The one used last at the end.
    kept: Mutex<Vec<(u64, Arc<Mutex<Open>>)>>,
    /// Identities taken and not yet given: the next, and how many.
    ids: Mutex<(u64, u32)>,
    /// Codes that drafts give to units; `None` until the first is asked for.
    reserved: Mutex<Option<HashSet<String>>>,
    rehearsed: Mutex<Option<Rehearsed>>,
}

/// A draft on its desk.
#[derive(Debug)]
pub struct Open {
    pub draft: Draft,
    /// What it is based on.
    pub base: Arc<State>,
    pub desk: Desk,
    /// Whose land each point would be.
    pub locator: Locator,
}

/// What a step did.
#[derive(Clone, Debug)]
pub struct Stepped {
    pub draft: Draft,
    /// Number of the step.
    pub step: u64,
    /// The units concerned, by code as they are now, or were.
    pub units: Vec<String>,
    /// South-west and north-east corner of what changed on the ground.
    pub bounds: Option<(LatticePoint, LatticePoint)>,
    /// What the four principles say of these units now.
    pub findings: Vec<Finding>,
}

impl Drafts {
    #[must_use]
    pub fn new(serving: Arc<Serving>) -> Self {
        let (kept, ids, reserved, rehearsed) = Default::default();
        Self { serving, kept, ids, reserved, rehearsed }
    }

    fn store(&self) -> Result<&Arc<dyn Store + Send + Sync>, DraftFault> {
        self.serving.store().ok_or(DraftFault::NoStore)
    }

    /// Every draft, the one changed last first. Reads the store: blocks.
    ///
    /// # Errors
    /// [`DraftFault::Store`], [`DraftFault::NoStore`].
    pub fn list(&self) -> Result<Vec<Draft>, DraftFault> {
        let logs = self.store()?.drafts()?;
        let mut drafts =
            logs.iter().map(|(id, log)| Ok(Draft::fold(*id, log)?)).collect::<Result<Vec<_>, DraftFault>>()?;
        drafts.sort_by_key(|draft| std::cmp::Reverse((draft.changed, draft.id)));
        Ok(drafts)
    }

    /// Begins a draft on the version that is served. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::TooMany`] when too many are open, [`DraftFault::Text`], and as [`Drafts::list`].
    pub fn open(&self, actor: &Actor, title: &str, now: Timestamp) -> Result<Draft, DraftFault> {
        let title = text("title", title, 1)?;
        let open = self.list()?.iter().filter(|d| !matches!(d.state, Stage::Published | Stage::Discarded)).count();
        if open >= MOST_DRAFTS {
            return Err(DraftFault::TooMany { what: "drafts", most: MOST_DRAFTS });
        }
        let entry = Entry::Opened { title, base: self.serving.state().snapshot.version };
        let first = Logged { number: 1, actor: actor.clone(), at: now, entry };
        let id = self.store()?.open_draft(&first)?;
        Ok(Draft::fold(id, &[first])?)
    }

    /// A draft on its desk, for reading.
    ///
    /// # Errors
    /// [`DraftFault::NotFound`], and whatever keeps its log from being read and followed. Blocks: as long as loading an earlier version takes,
    /// when it is based on one.
    pub fn look<T>(&self, id: u64, read: impl FnOnce(&Open) -> T) -> Result<T, DraftFault> {
        let open = self.at_hand(id)?;
        let open = lock(&open);
        Ok(read(&open))
    }

    /// Makes edits, all or none, as one step: durable when this returns. Blocks.
    ///
    /// # Errors
    /// [`DraftFault`]; nothing has changed then.
    pub fn ask(&self, actor: &Actor, id: u64, asks: &[Ask], now: Timestamp) -> Result<Stepped, DraftFault> {
        if asks.is_empty() || asks.len() > MOST_ASKS {
            return Err(DraftFault::TooMany { what: "ops", most: MOST_ASKS });
        }
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Draft], "ask")?;
        if open.draft.steps.len() >= MOST_STEPS {
            return Err(DraftFault::TooMany { what: "steps", most: MOST_STEPS });
        }
        let mut codes = self.codes(&open)?;
        let mut done = Vec::with_capacity(asks.len());
        let made = self.make(&mut open, actor, asks, &mut codes, &mut done);
        let stepped = made.and_then(|()| {
            let (changes, made): (Vec<Change>, Vec<Made>) = std::mem::take(&mut done).into_iter().unzip();
            done.clear();
            let number = self.write(&mut open, actor, Entry::Changed { changes: changes.clone() }, now);
            // From here on a fault means that the desk is ahead of the log.
            let number = number.inspect_err(|_| self.forget(id))?;
            self.keep_codes(&changes);
            Ok(open.stepped(number, &changes, &made, self.serving.today()))
        });
        if stepped.is_err() && !done.is_empty() {
            self.forget(id);
        }
        stepped
    }

    fn make(
        &self,
        open: &mut Open,
        actor: &Actor,
        asks: &[Ask],
        codes: &mut codes::Codes,
        done: &mut Vec<(Change, Made)>,
    ) -> Result<(), DraftFault> {
        for (index, ask) in asks.iter().enumerate() {
            let change = ask.change(index, open, codes, || self.unit_id())?;
            let made = open.desk.apply(&change).map_err(|refused| open.refusal(index, refused))?;
            open.locator.update(open.desk.coverage(), &made.delta);
            let touched = touched(&change, &made);
            done.push((change, made));
            open.may_draw(actor, &touched)?;
        }
        Ok(())
    }

    /// Undoes one step of a draft; later ones stay, where they do not depend on it. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::Conflicts`] names the later steps that do; [`DraftFault::NoStep`]; and as [`Drafts::ask`].
    pub fn undo(&self, actor: &Actor, id: u64, step: u64, now: Timestamp) -> Result<Draft, DraftFault> {
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Draft], "undo")?;
        let standing = |s: &&crate::grid::draft::Step| !s.undone;
        if !open.draft.steps.iter().filter(standing).any(|s| s.number == step) {
            return Err(DraftFault::NoStep(step));
        }
        let rest: Vec<(u64, Vec<Change>)> = open
            .draft
            .steps
            .iter()
            .filter(standing)
            .filter(|s| s.number != step)
            .map(|s| (s.number, s.changes.clone()))
            .collect();
        let base = Arc::clone(&open.base);
        let (desk, locator, replayed) = replay(&base, &rest)?;
        let steps = replayed.into_iter().zip(rest).filter(|(new, old)| new != old).map(|(new, _)| new).collect();
        self.write(&mut open, actor, Entry::Undone { step, steps }, now).inspect_err(|_| self.forget(id))?;
        (open.desk, open.locator) = (desk, locator);
        Ok(open.draft.clone())
    }

    /// Replays a draft on the version that is served. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::Conflicts`] with every conflict; and as [`Drafts::ask`].
    pub fn rebase(&self, actor: &Actor, id: u64, now: Timestamp) -> Result<Draft, DraftFault> {
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Draft], "rebase")?;
        let head = self.serving.state();
        if open.is_on(&head) {
            return Ok(open.draft.clone());
        }
        let steps = open.standing();
        let (desk, locator, replayed) = replay(&head, &steps)?;
        let base = head.snapshot.version;
        self.write(&mut open, actor, Entry::Rebased { base, steps: replayed }, now).inspect_err(|_| self.forget(id))?;
        (open.base, open.desk, open.locator) = (head, desk, locator);
        Ok(open.draft.clone())
    }

    /// Gives a draft up; its log stays. Blocks.
    ///
    /// # Errors
    /// As [`Drafts::ask`].
    pub fn discard(&self, actor: &Actor, id: u64, now: Timestamp) -> Result<Draft, DraftFault> {
        let kept = self.at_hand(id)?;
        let mut open = lock(&kept);
        open.in_state(&[Stage::Draft, Stage::Submitted, Stage::Approved], "discard")?;
        if open.draft.author.name != actor.name && actor.scope != crate::grid::draft::Scope::District {
            return Err(DraftFault::NotYours);
        }
        self.write(&mut open, actor, Entry::Discarded, now)?;
        self.forget(id);
        Ok(open.draft.clone())
    }

    /// A new draft that undoes what a version changed, on the version that is served. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::NotMade`] for a version that was imported whole; [`DraftFault::Conflicts`] where later versions changed the same; and as
    /// [`Drafts::open`].
    pub fn revert(&self, actor: &Actor, version: u64, title: &str, now: Timestamp) -> Result<Draft, DraftFault> {
        let store = self.store()?;
        let changes = store.changes(version)?.ok_or(DraftFault::NotMade(version))?;
        let mut before = Desk::new(&store.boundaries(version.saturating_sub(1))?);
        let made = before.apply_all(&changes).map_err(|(index, refused)| DraftFault::refused(index, refused))?;
        let undone: Vec<Change> = made.into_iter().rev().map(|made| made.inverse).collect();
        let head = self.serving.state();
        let (_, _, replayed) = replay(&head, &[(2, undone)])?;
        let changes: Vec<Change> = replayed.into_iter().flat_map(|(_, changes)| changes).collect();
        let draft = self.open(actor, title, now)?;
        let kept = self.at_hand(draft.id)?;
        let mut open = lock(&kept);
        for change in &changes {
            let made = open.desk.apply(change).map_err(|refused| DraftFault::refused(0, refused))?;
            open.may_draw(actor, &touched(change, &made)).inspect_err(|_| self.forget(draft.id))?;
        }
        open.locator = open.base.snapshot.locator.clone();
        let Open { desk, locator, .. } = &mut *open;
        locator.update(desk.coverage(), desk.delta());
        self.write(&mut open, actor, Entry::Changed { changes }, now).inspect_err(|_| self.forget(draft.id))?;
        Ok(open.draft.clone())
    }

    // ---- desks ------------------------------------------------------------------------------------------------------------------

    fn at_hand(&self, id: u64) -> Result<Arc<Mutex<Open>>, DraftFault> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(known, _)| *known == id).map(|at| kept.remove(at));
        let (id, open) = match known {
            Some(known) => known,
            None => (id, Arc::new(Mutex::new(self.load(id)?))),
        };
        if kept.len() >= MOST_OPEN {
            kept.remove(0);
        }
        kept.push((id, Arc::clone(&open)));
        Ok(open)
    }

    fn forget(&self, id: u64) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != id);
    }

    fn load(&self, id: u64) -> Result<Open, DraftFault> {
        let log = self.store()?.draft(id)?.ok_or(DraftFault::NotFound(id))?;
        let draft = Draft::fold(id, &log)?;
        let head = self.serving.state();
        let base = if draft.base == head.snapshot.version {
            head
        } else {
            let version = head.snapshot.history.version(draft.base).ok_or(DraftFault::NoVersion(draft.base))?;
            self.serving.past.get(&head, version)?
        };
        let mut desk = desk_on(&base);
        let changes: Vec<Change> = draft.changes().cloned().collect();
        desk.apply_all(&changes).map_err(|(index, refused)| DraftFault::refused(index, refused))?;
        let locator = followed(&base, &desk);
        Ok(Open { draft, base, desk, locator })
    }

    /// Writes the next entry of a draft, and follows it.
    fn write(&self, open: &mut Open, actor: &Actor, entry: Entry, now: Timestamp) -> Result<u64, DraftFault> {
        if open.draft.state == Stage::Approved {
            self.unrehearse(open.draft.id);
        }
        let logged = Logged { number: open.draft.last + 1, actor: actor.clone(), at: now, entry };
        match self.store()?.append(open.draft.id, &logged) {
            // Another process wrote to this draft: what is kept here is old.
            Err(StoreFault::NotNext { .. }) => {
                self.forget(open.draft.id);
                return Err(DraftFault::Overtaken);
            }
            written => written?,
        }
        open.draft.follow(&logged)?;
        Ok(logged.number)
    }

    /// An identity that no unit ever had.
    fn unit_id(&self) -> Result<u64, DraftFault> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.1 == 0 {
            *ids = (self.store()?.reserve_units(IDS_AT_ONCE)?, IDS_AT_ONCE);
        }
        let id = ids.0;
        *ids = (id + 1, ids.1 - 1);
        Ok(id)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked while holding it left at worst a desk ahead of its log; the log decides what is published.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn desk_on(base: &State) -> Desk {
    let (coverage, hierarchy) = (base.snapshot.coverage.clone(), base.snapshot.hierarchy.clone());
    Desk::new(&Boundaries { coverage, hierarchy })
}

fn followed(base: &State, desk: &Desk) -> Locator {
    let mut locator = base.snapshot.locator.clone();
    locator.update(desk.coverage(), desk.delta());
    locator
}

type Replayed = (Desk, Locator, Vec<(u64, Vec<Change>)>);

fn replay(base: &State, steps: &[(u64, Vec<Change>)]) -> Result<Replayed, DraftFault> {
    let mut desk = desk_on(base);
    let replayed = desk.rebase(steps).map_err(DraftFault::Conflicts)?;
    let locator = followed(base, &desk);
    Ok((desk, locator, replayed))
}

/// The units that a change is about, by identity: those whose land or line changed, and those whose row did. 0 is the outside.
fn touched(change: &Change, made: &Made) -> Vec<u64> {
    let rows = change.rows.iter().filter_map(|row| row.before.as_ref().or(row.after.as_ref())).map(|row| row.id);
    let mut units: Vec<u64> = made.touched.iter().map(|face| face.0).chain(rows).collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// A text from a person: without blanks around it, at least so long, and not too long.
fn text(field: &'static str, text: &str, least: usize) -> Result<String, DraftFault> {
    const MOST_CHARS: usize = 500;
    let text = text.trim();
    let count = text.chars().count();
    if count < least || count > MOST_CHARS || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(DraftFault::Text { field, least, most: MOST_CHARS });
    }
    Ok(text.to_owned())
}

impl Open {
    /// Whether it is based on exactly what is served.
    fn is_on(&self, head: &State) -> bool {
        let (base, head) = (&self.base.snapshot, &head.snapshot);
        (base.version, base.recorded) == (head.version, head.recorded)
    }

    fn standing(&self) -> Vec<(u64, Vec<Change>)> {
        let steps = self.draft.steps.iter().filter(|step| !step.undone);
        steps.map(|step| (step.number, step.changes.clone())).collect()
    }

    fn in_state(&self, wanted: &[Stage], doing: &'static str) -> Result<(), DraftFault> {
        let state = self.draft.state;
        if wanted.contains(&state) { Ok(()) } else { Err(DraftFault::State { state, doing }) }
    }

    /// The code of a unit as it is now, or was.
    #[must_use]
    pub fn code(&self, unit: u64) -> Option<&str> {
        self.desk.row(unit).or_else(|| self.desk.first_row(unit)).map(|row| row.code.as_str())
    }

    fn refusal(&self, index: usize, refused: crate::grid::change::Refused) -> DraftFault {
        let codes = refused.units().into_iter().filter_map(|unit| self.code(unit).map(str::to_owned)).collect();
        DraftFault::Refused { index, refused: Box::new(refused), codes }
    }

    fn stepped(&self, step: u64, changes: &[Change], made: &[Made], today: jiff::civil::Date) -> Stepped {
        let mut delta = Delta::default();
        let mut units: Vec<u64> = Vec::new();
        for (change, made) in changes.iter().zip(made) {
            delta.join(made.delta.clone());
            units.extend(touched(change, made));
        }
        units.sort_unstable();
        units.dedup();
        let findings = self.findings(today, Some(&units));
        let codes = units.iter().filter_map(|unit| self.code(*unit).map(str::to_owned)).collect();
        Stepped { draft: self.draft.clone(), step, units: codes, bounds: delta.bounds, findings }
    }

    /// What the four principles say of the district as it would be: of some units, by identity, or of everything. Cost: linear.
    #[must_use]
    pub fn findings(&self, day: jiff::civil::Date, units: Option<&[u64]>) -> Vec<Finding> {
        let Boundaries { coverage, hierarchy } = self.desk.boundaries();
        let roster = self.base.snapshot.posted(&hierarchy);
        let district = &self.base.snapshot.district;
        let subject = Subject { district, coverage: &coverage, hierarchy: &hierarchy, roster: &roster, day };
        match units {
            None => principles::check(&subject),
            Some(units) => principles::check_units(&subject, |unit| units.binary_search(&unit.id).is_ok()),
        }
    }
}

impl From<PastFault> for DraftFault {
    fn from(fault: PastFault) -> Self {
        Self::Past(fault.to_string())
    }
}
