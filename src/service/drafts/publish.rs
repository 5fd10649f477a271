//! A draft comes into force: store first, swap second, tell third.

use std::sync::Arc;

use jiff::Timestamp;

use super::{DraftFault, Drafts, Open, desk_on, followed, lock, replay};
use crate::coverage::validate;
use crate::grid::change::Change;
use crate::grid::draft::{Actor, Draft, Entry, Logged, State as Stage};
use crate::grid::history::Version;
use crate::service::serving::State;
use crate::store::{Publication, digest_of};
use crate::tile::Dirty;

/// A version that has come into force.
#[derive(Debug)]
pub struct Published {
    pub draft: Draft,
    pub state: Arc<State>,
    /// The tiles that are not what they were.
    pub dirty: Dirty,
    /// Codes of the units that changed, as they are now or were.
    pub units: Vec<String>,
}

impl Drafts {
    /// Makes an approved draft the next version. Compare and set: where others have published since, the draft is replayed, and published only
    /// when that changes nothing in it. Blocks.
    ///
    /// # Errors
    /// [`DraftFault::Behind`] or [`DraftFault::Conflicts`] when others changed the same, [`DraftFault::NotYet`], [`DraftFault::TooEarly`],
    /// [`DraftFault::Scope`], and as [`Drafts::ask`]. What is served and stored is then as it was.
    pub fn publish(&self, actor: &Actor, id: u64, now: Timestamp) -> Result<Published, DraftFault> {
        let store = Arc::clone(self.store()?);
        let kept = self.at_hand(id)?;
        let _one_at_a_time = self.serving.turn();
        let mut open = lock(&kept);
        open.in_state(&[Stage::Approved], "publish")?;
        let concerned = open.concerned();
        open.may_draw(actor, &concerned)?;
        let Some(submission) = open.draft.submission.clone() else {
            return Err(DraftFault::State { state: open.draft.state, doing: "publish" });
        };
        if submission.effective > self.serving.today() {
            return Err(DraftFault::NotYet { effective: submission.effective });
        }
        self.not_too_early(submission.effective)?;
        let head = self.serving.state();
        if !open.is_on(&head) {
            open.move_to(&head)?;
        }
        let boundaries = open.desk.boundaries();
        let (digest, fault) = at_once(
            || digest_of(&boundaries.coverage, &boundaries.hierarchy),
            || validate::faults(&boundaries.coverage).first().map(|fault| fault.rule),
        );
        if let Some(rule) = fault {
            return Err(DraftFault::Invalid(rule));
        }
        let number = head.snapshot.version + 1;
        let version = Version {
            document: submission.document,
            reason: submission.reason,
            by: actor.name.clone(),
            draft: Some(id),
            digest,
            ..Version::dated(number, submission.effective, now)
        };
        let history = head.snapshot.history.clone().followed_by(version).with_lineage(open.desk.lineage(number));
        let delta = open.desk.delta().clone();
        let units = open.desk.touched().into_iter().filter_map(|unit| open.code(unit).map(str::to_owned)).collect();
        let after = head.snapshot.next(boundaries, &delta, history);
        let changes: Vec<Change> = open.draft.changes().cloned().collect();
        let entry = Entry::Published { version: number };
        let logged = Logged { number: open.draft.last + 1, actor: actor.clone(), at: now, entry };
        let publication =
            Publication { before: &head.snapshot, after: &after, changes: &changes, draft: Some((id, &logged)) };
        // Drawing needs nothing of the store: where it fails, what was drawn is thrown away.
        let ((pyramid, dirty), stored) = at_once(|| head.redrawn(&after, &delta), || store.publish(&publication));
        stored.inspect_err(|_| self.forget(id))?;
        let state = self.serving.follow(head.with_redrawn(after, &delta, pyramid, &dirty));
        open.draft.follow(&logged)?;
        let draft = open.draft.clone();
        // It is history now; whoever looks at it again finds it in the store.
        self.forget(id);
        Ok(Published { draft, state, dirty, units })
    }
}

impl Drafts {
    /// What may wait until everybody has heard of a version: the redrawn tiles are packed, the store puts its log in order. Blocks.
    pub fn settle(&self, state: &State, dirty: Dirty) {
        state.finish(dirty);
        if let Some(Err(fault)) = self.serving.store().map(|store| store.settle()) {
            // The version is durable all the same; the next one tries again.
            tracing::warn!(%fault, "the store could not be put in order");
        }
    }
}

/// Both, the first on a thread of its own. A panic of either is one of the caller.
fn at_once<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|threads| {
        let one = threads.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|reason| std::panic::resume_unwind(reason)), other)
    })
}

impl Open {
    /// Onto a later version, if the draft reads the same there: what was agreed to is what is published.
    fn move_to(&mut self, head: &Arc<State>) -> Result<(), DraftFault> {
        let steps = self.standing();
        let (base, current) = (self.draft.base, head.snapshot.version);
        let (_, _, replayed) = replay(head, &steps)?;
        if replayed != steps {
            return Err(DraftFault::Behind { base, current });
        }
        let mut desk = desk_on(head);
        let changes: Vec<Change> = self.draft.changes().cloned().collect();
        desk.apply_all(&changes).map_err(|(index, refused)| DraftFault::refused(index, refused))?;
        self.locator = followed(head, &desk);
        (self.desk, self.base) = (desk, Arc::clone(head));
        Ok(())
    }
}
