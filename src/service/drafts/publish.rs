//! A draft comes into force: store first, swap second, tell third.

use std::sync::{Arc, Weak};

use jiff::Timestamp;

use super::{DraftFault, Drafts, Open, desk_on, followed, lock, replay};
use crate::coverage::validate;
use crate::grid::change::Change;
use crate::grid::draft::{Actor, Draft, Entry, Logged, State as Stage};
use crate::grid::history::Version;
use crate::grid::past::Boundaries;
use crate::service::serving::State;
use crate::snapshot::Snapshot;
use crate::store::{Publication, digest_of};
use crate::tile::{Dirty, Pyramid};

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
        let delta = open.desk.delta().clone();
        let rehearsed = lock(&self.rehearsed).take().filter(|rehearsed| rehearsed.is_of(&open.draft, &head));
        let (digest, after, drawn) = if let Some(Rehearsed { digest, after, drawn, .. }) = rehearsed {
            (digest, after, Some(drawn))
        } else {
            let boundaries = open.desk.boundaries();
            let digest = checked(&boundaries)?;
            (digest, head.snapshot.next(boundaries, &delta, head.snapshot.history.clone()), None)
        };
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
        let units = open.desk.touched().into_iter().filter_map(|unit| open.code(unit).map(str::to_owned)).collect();
        let after = after.with_history(history);
        let changes: Vec<Change> = open.draft.changes().cloned().collect();
        let entry = Entry::Published { version: number };
        let logged = Logged { number: open.draft.last + 1, actor: actor.clone(), at: now, entry };
        let publication =
            Publication { before: &head.snapshot, after: &after, changes: &changes, draft: Some((id, &logged)) };
        // Drawing needs nothing of the store: where it fails, what was drawn is thrown away.
        let write = || store.publish(&publication);
        let ((pyramid, dirty), stored) = match drawn {
            Some(drawn) => (drawn, write()),
            None => at_once(|| head.redrawn(&after, &delta), write),
        };
        stored.inspect_err(|_| self.forget(id))?;
        let state = self.serving.follow(head.with_redrawn(after, &delta, pyramid, &dirty));
        open.draft.follow(&logged)?;
        let draft = open.draft.clone();
        // It is history now; whoever looks at it again finds it in the store.
        self.forget(id);
        Ok(Published { draft, state, dirty, units })
    }
}

/// What publishing an approved draft takes that can be known before somebody asks for it.
#[derive(Debug)]
pub(super) struct Rehearsed {
    draft: u64,
    /// Entries of its log.
    last: u64,
    /// What it follows; it is not kept for this alone.
    head: Weak<State>,
    digest: String,
    /// What follows, still without its version.
    after: Snapshot,
    drawn: (Pyramid, Dirty),
}

impl Rehearsed {
    /// Whether nothing has happened since to the draft, nor to what is served.
    fn is_of(&self, draft: &Draft, head: &Arc<State>) -> bool {
        (self.draft, self.last) == (draft.id, draft.last) && std::ptr::eq(self.head.as_ptr(), Arc::as_ptr(head))
    }
}

impl Drafts {
    /// Makes ready what the next version takes when an approved draft is to become it: checked, indexed, drawn. [`Drafts::publish`] has little left to do
    /// then but to write it. Nothing is promised: when the draft or what is served moves on, publishing does it all again. One draft is kept ready at a
    /// time, the last one. Blocks for some 50 ms, and who publishes meanwhile waits for it.
    ///
    /// # Errors
    /// As [`Drafts::publish`], which will say the same.
    pub fn rehearse(&self, id: u64) -> Result<(), DraftFault> {
        let kept = self.at_hand(id)?;
        let head = self.serving.state();
        let (last, boundaries, delta) = {
            let open = lock(&kept);
            if open.draft.state != Stage::Approved || !open.is_on(&head) {
                return Ok(());
            }
            (open.draft.last, open.desk.boundaries(), open.desk.delta().clone())
        };
        let mut rehearsed = lock(&self.rehearsed);
        *rehearsed = None; // gives its room back first
        if Arc::ptr_eq(&head, &self.serving.state()) {
            let digest = checked(&boundaries)?;
            let after = head.snapshot.next(boundaries, &delta, head.snapshot.history.clone());
            let drawn = head.redrawn(&after, &delta);
            *rehearsed = Some(Rehearsed { draft: id, last, head: Arc::downgrade(&head), digest, after, drawn });
        }
        // Nobody waits for a draft with this lock in hand: who publishes has the draft and waits for this.
        drop(rehearsed);
        let moved_on = lock(&kept).draft.last != last;
        if moved_on {
            self.unrehearse(id);
        }
        Ok(())
    }

    /// Gives back the room of what was made ready for a draft that goes no further. Waits while a draft is being rehearsed.
    pub(super) fn unrehearse(&self, id: u64) {
        let _ = lock(&self.rehearsed).take_if(|rehearsed| rehearsed.draft == id);
    }

    /// What may wait until everybody has heard of a version: the redrawn tiles are packed, the store puts its log in order. Blocks.
    pub fn settle(&self, state: &State, dirty: Dirty) {
        state.finish(dirty);
        if let Some(Err(fault)) = self.serving.store().map(|store| store.settle()) {
            // The version is durable all the same; the next one tries again.
            tracing::warn!(%fault, "the store could not be put in order");
        }
    }
}

/// The digest of boundaries that keep every rule.
fn checked(boundaries: &Boundaries) -> Result<String, DraftFault> {
    let (digest, fault) = at_once(
        || digest_of(&boundaries.coverage, &boundaries.hierarchy),
        || validate::faults(&boundaries.coverage).first().map(|fault| fault.rule),
    );
    fault.map_or(Ok(digest), |rule| Err(DraftFault::Invalid(rule)))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::crs::Cgcs2000;
    use crate::grid::draft::Scope;
    use crate::render::Font;
    use crate::service::drafts::Ask;
    use crate::service::import::{Sources, import};
    use crate::service::serving::{Capacity, Look, Serving};
    use crate::store::{GeoPackage, Store};
    use crate::tile::{Redrawn, TileCoord};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// The sample in a store of its own.
    fn drafts(folder: &Path) -> (Arc<Serving>, Drafts) {
        let store = GeoPackage::at(&folder.join("sample.gpkg"));
        let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        import(&Sources { district, ..Sources::default() }, &mut store.clone(), NOW, &mut |_| ()).expect("imports");
        let contents = store.load().expect("is there");
        let font = include_bytes!("../../../data/fonts/NotoSansSC-subset.otf");
        let look = Look { font: Font::new(font.as_slice()).expect("is a font"), styles: Vec::new() };
        let serving = Arc::new(Serving::new(contents, look, Capacity::default()).with_store(Arc::new(store)));
        (Arc::clone(&serving), Drafts::new(serving))
    }

    fn who(name: &str) -> Actor {
        Actor { name: name.to_owned(), scope: Scope::District }
    }

    /// An approved draft that moves a vertex of the `nth` arc that has one which may move.
    fn approved(serving: &Serving, drafts: &Drafts, nth: usize) -> u64 {
        let id = drafts.open(&who("author"), "a vertex", NOW).expect("opens").id;
        let state = serving.state();
        let coverage = &state.snapshot.coverage;
        let vertices = coverage.arcs().iter().filter_map(|arc| arc.points.get(arc.points.len().checked_sub(2)?));
        let position = |p: (f64, f64)| Cgcs2000::new(p.0, p.1).expect("is on the globe");
        let moved = |p| {
            let (lon, lat) = coverage.lattice().degrees(p);
            Ask::Move { from: position((lon, lat)), to: position((lon + 0.000_01, lat + 0.000_004)) }
        };
        let mut may_move = vertices.filter(|p| drafts.ask(&who("author"), id, &[moved(**p)], NOW).is_ok());
        // Each that may is moved until it is the one wanted; those before are put back.
        for _ in 0..nth {
            may_move.next().expect("some may move");
            let step = drafts.look(id, |open| open.draft.last).expect("is there");
            drafts.undo(&who("author"), id, step, NOW).expect("is undone");
        }
        may_move.next().expect("one may move");
        let effective = serving.today();
        drafts.submit(&who("author"), id, (effective, "", "a test"), NOW).expect("is handed in");
        drafts.approve(&who("reviewer"), id, "", NOW).expect("is agreed to");
        id
    }

    fn is_ready(drafts: &Drafts) -> bool {
        lock(&drafts.rehearsed).is_some()
    }

    fn published(serving: &Serving, drafts: &Drafts, id: u64) -> (String, Vec<Redrawn>, Vec<u8>, String) {
        let Published { state, dirty, .. } = drafts.publish(&who("author"), id, NOW).expect("is published");
        assert!(!is_ready(drafts) && Arc::ptr_eq(&state, &serving.state()));
        let digest = state.snapshot.history.versions().last().expect("the version").digest.clone();
        let coord = TileCoord::new(10, 843, 403).expect("is one");
        let tile = state.pyramid().units(&state.snapshot, coord);
        assert!(!tile.is_empty(), "the tile of the district");
        (digest, dirty.tiles.expect("few"), tile, format!("{} {}", state.stamp, state.as_of))
    }

    #[test]
    fn a_rehearsed_draft_becomes_the_version_that_it_becomes_unrehearsed() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let [(plain, plain_drafts), (ready, ready_drafts)] = folders.each_ref().map(|folder| drafts(folder.path()));
        for nth in [3, 40] {
            let id = approved(&plain, &plain_drafts, nth);
            let wanted = published(&plain, &plain_drafts, id);
            let id = approved(&ready, &ready_drafts, nth);
            ready_drafts.rehearse(id).expect("is rehearsed");
            assert!(is_ready(&ready_drafts));
            assert_eq!(published(&ready, &ready_drafts, id), wanted);
        }
        let stored = ready.store().expect("a store").load().expect("is whole");
        assert_eq!(stored.coverage.arcs(), ready.state().snapshot.coverage.arcs());
    }

    #[test]
    fn what_has_moved_on_since_it_was_rehearsed_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let (serving, drafts) = drafts(folder.path());
        let [one, other] = [5, 90].map(|nth| approved(&serving, &drafts, nth));
        drafts.rehearse(one).expect("is rehearsed");
        let (first, ..) = published(&serving, &drafts, other);
        drafts.rehearse(one).expect("is looked at");
        assert!(!is_ready(&drafts), "it is based on what was served before");
        let (second, ..) = published(&serving, &drafts, one);
        assert_ne!(first, second, "both changes are in it");
        let third = approved(&serving, &drafts, 7);
        drafts.rehearse(third).expect("is rehearsed");
        drafts.give_back(&who("reviewer"), third, "not yet", NOW).expect("is given back");
        assert!(!is_ready(&drafts), "what was given back is not kept ready");
        drafts.submit(&who("author"), third, (serving.today(), "", "again"), NOW).expect("is handed in");
        drafts.rehearse(third).expect("is looked at");
        assert!(!is_ready(&drafts), "what is not agreed to is not rehearsed");
        drafts.approve(&who("reviewer"), third, "", NOW).expect("is agreed to");
        drafts.rehearse(third).expect("is rehearsed");
        let [fourth, fifth] = [120, 150].map(|nth| approved(&serving, &drafts, nth));
        drafts.discard(&who("author"), fourth, NOW).expect("is given up");
        assert!(is_ready(&drafts), "it is another that was given up");
        drafts.rehearse(fifth).expect("is rehearsed");
        drafts.discard(&who("author"), fifth, NOW).expect("is given up");
        assert!(!is_ready(&drafts));
        published(&serving, &drafts, third);
    }

    #[test]
    fn what_was_rehearsed_by_a_log_that_has_gone_on_is_not_published() {
        let folder = tempfile::tempdir().expect("a folder");
        let (serving, drafts) = drafts(folder.path());
        let id = approved(&serving, &drafts, 7);
        drafts.rehearse(id).expect("is rehearsed");
        let kept = drafts.at_hand(id).expect("is there");
        let is_of = || lock(&drafts.rehearsed).as_ref().is_some_and(|r| r.is_of(&lock(&kept).draft, &serving.state()));
        assert!(is_of());
        lock(&kept).draft.last += 1; // as when another process wrote to it
        assert!(!is_of());
    }
}
