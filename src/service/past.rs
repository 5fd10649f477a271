//! The districts before today's: each read from the store when it is first asked for, and kept while others are not.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use super::serving::{Capacity, Look, State};
use crate::grid::history::Version;
use crate::snapshot::Snapshot;
use crate::store::{Store, StoreFault};

/// Earlier versions kept in memory at once; a district of 2,600 units takes some 20 MB each.
const MOST_KEPT: usize = 4;

/// Why there is no answer for a day.
#[derive(Debug, thiserror::Error)]
pub enum PastFault {
    #[error("no boundaries are known for {day}: the first, version {first}, hold from {from}")]
    BeforeAll { day: Date, first: u64, from: Date },
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error("only version {0} is at hand: this service was started without a store")]
    NoStore(u64),
}

/// Which version holds on a day: the one served now, or an earlier one.
#[derive(Clone, Debug)]
pub enum Held {
    Now,
    Past(Version),
}

/// The version of a snapshot's history that holds on a day.
///
/// # Errors
/// [`PastFault::BeforeAll`].
pub fn held(snapshot: &Snapshot, day: Date) -> Result<Held, PastFault> {
    match snapshot.history.valid_on(day) {
        Some(version) if version.number == snapshot.version => Ok(Held::Now),
        Some(version) => Ok(Held::Past(version.clone())),
        None => {
            let first = snapshot.history.versions().iter().min_by_key(|version| (version.effective, version.number));
            let (first, from) = first.map_or((snapshot.version, day), |version| (version.number, version.effective));
            Err(PastFault::BeforeAll { day, first, from })
        }
    }
}

/// Earlier versions, the one used last at the end.
#[derive(Default)]
pub struct Shelf {
    store: Option<Arc<dyn Store + Send + Sync>>,
    kept: Mutex<Vec<Arc<State>>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Shelf {
    #[must_use]
    pub fn of(store: Arc<dyn Store + Send + Sync>) -> Self {
        Self { store: Some(store), kept: Mutex::default() }
    }

    /// A version that is at hand. Never waits for the store.
    #[must_use]
    pub fn at_hand(&self, version: &Version) -> Option<Arc<State>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // A version is known by both, should another district come into the store.
        let is = |state: &Arc<State>| {
            (state.snapshot.version, state.snapshot.recorded) == (version.number, version.recorded)
        };
        let at = kept.iter().position(is)?;
        let state = kept.remove(at);
        kept.push(Arc::clone(&state));
        Some(state)
    }

    /// A version, read from the store unless it is at hand: as long as loading and indexing a district takes. Blocks; call it from a blocking thread.
    ///
    /// # Errors
    /// [`PastFault::Store`] when it cannot be read, [`PastFault::NoStore`].
    pub fn get(&self, now: &State, version: &Version) -> Result<Arc<State>, PastFault> {
        if let Some(state) = self.at_hand(version) {
            return Ok(state);
        }
        let store = self.store.as_ref().ok_or(PastFault::NoStore(now.snapshot.version))?;
        let snapshot = now.snapshot.past(version, store.boundaries(version.number)?);
        let look = Look { font: now.look.font.clone(), styles: Vec::new() };
        // Nobody draws it: only questions are asked of it.
        let state = Arc::new(State::new(snapshot, &look, Capacity { tiles_bytes: 1 << 20, answers_bytes: 1 << 20 }));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&state));
        Ok(state)
    }
}
