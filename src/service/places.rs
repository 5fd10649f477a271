//! Places edited, and dispatchers' choices turned into aliases: store first, swap second. What an edit of the boundaries does to the owners of places.

use std::sync::Arc;

use jiff::Timestamp;

use super::bytes::strong_etag;
use super::locate::{chain, owner_of};
use super::serving::{Serving, State};
use crate::crs::Cgcs2000;
use crate::grid::UnitIx;
use crate::grid::draft::{Actor, Scope};
use crate::place::Place;
use crate::place::choice::{Choice, ChoiceFault, State as Stage};
use crate::place::edit::{Edited, LoggedEdit, PlaceEdit, PlaceFault, apply_all, fit_alias, one};
use crate::snapshot::Snapshot;
use crate::store::{Edition, Store, StoreFault};

/// Aliases given or taken away at once.
pub const MOST_ALIASES_AT_ONCE: usize = 50;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum PlacesFault {
    #[error("this service was started without a store, so it keeps no edits")]
    NoStore,
    #[error(transparent)]
    Edit(PlaceFault),
    #[error("place {id} is not as it was when revision {known} was read; its revision is {found}: look at it again")]
    Stale { id: String, known: String, found: String },
    #[error("this asks for no change, or for more than {MOST_ALIASES_AT_ONCE} aliases at once")]
    Count,
    #[error("this position lies off the district: {0}")]
    Off(String),
    #[error("place {0} is not in your part of the district, or would not be")]
    Scope(String),
    #[error("there is no choice {0}; /api/v1/search/choices lists them")]
    NoChoice(u64),
    #[error(transparent)]
    Choice(ChoiceFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl From<PlaceFault> for PlacesFault {
    fn from(fault: PlaceFault) -> Self {
        Self::Edit(fault)
    }
}

impl From<ChoiceFault> for PlacesFault {
    fn from(fault: ChoiceFault) -> Self {
        match fault {
            ChoiceFault::Text(fault) => Self::Edit(fault),
            fault => Self::Choice(fault),
        }
    }
}

/// Edits that are made and served.
#[derive(Debug)]
pub struct Changed {
    pub state: Arc<State>,
    pub edits: Vec<Edited>,
}

/// The places of a district that is served.
#[derive(Debug)]
pub struct Places {
    serving: Arc<Serving>,
}

/// What is to change of a place; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub point: Option<Cgcs2000>,
    pub accuracy_m: Option<f64>,
    pub name: Option<String>,
    pub address: Option<String>,
    pub alias: Vec<String>,
    pub unalias: Vec<String>,
}

impl Wanted {
    /// As edits of the place: one for each thing that changes.
    fn edits(self, place: &Place) -> Vec<PlaceEdit> {
        let id = || place.id.clone();
        let moved = (self.point.is_some() || self.accuracy_m.is_some()).then(|| PlaceEdit::Move {
            id: id(),
            point: self.point.unwrap_or(place.point),
            accuracy_m: self.accuracy_m.unwrap_or(place.accuracy_m),
        });
        let renamed = (self.name.is_some() || self.address.is_some()).then(|| PlaceEdit::Rename {
            id: id(),
            name: self.name.unwrap_or_else(|| place.name.clone()),
            address: self.address.unwrap_or_else(|| place.address.clone()),
        });
        let taken = self.unalias.into_iter().map(|alias| PlaceEdit::Unalias { id: id(), alias });
        let given = self.alias.into_iter().map(|alias| PlaceEdit::Alias { id: id(), alias });
        // A name is given before the old one may be kept as an alias.
        moved.into_iter().chain(renamed).chain(taken).chain(given).collect()
    }
}

/// What somebody who edits a place has seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This [`revision`].
    Revision(String),
    /// Whatever it is.
    Any,
}

/// Names what a place is now: whoever edits it says which revision he has seen. By content, so that it holds over restarts and imports.
#[must_use]
pub fn revision(place: &Place) -> String {
    let Place { id, kind, name, address, aliases, point, accuracy_m } = place;
    let said = (id, kind, name, address, aliases, point.lon(), point.lat(), accuracy_m);
    strong_etag(format!("{said:?}").as_bytes()).chars().skip(1).take(16).collect()
}

impl Places {
    #[must_use]
    pub fn new(serving: Arc<Serving>) -> Self {
        Self { serving }
    }

    fn store(&self) -> Result<&Arc<dyn Store + Send + Sync>, PlacesFault> {
        self.serving.store().ok_or(PlacesFault::NoStore)
    }

    /// Adds a place; an empty id is given here. Blocks.
    ///
    /// # Errors
    /// As [`Places::edit`].
    pub fn add(&self, actor: &Actor, mut place: Place, now: Timestamp) -> Result<Changed, PlacesFault> {
        let _turn = self.serving.turn();
        let head = self.serving.state();
        if place.id.is_empty() {
            place.id = free_id(&head.snapshot);
        }
        self.make(&head, actor, &[PlaceEdit::Add(place)], None, now)
    }

    /// Changes a place, in all that is wanted or in nothing. Compare and set: it must be as the actor has seen it. Blocks.
    ///
    /// # Errors
    /// [`PlacesFault`]; what is served and stored is then as it was.
    pub fn edit(
        &self,
        actor: &Actor,
        (id, seen): (&str, &Seen),
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Changed, PlacesFault> {
        if wanted.alias.len() + wanted.unalias.len() > MOST_ALIASES_AT_ONCE {
            return Err(PlacesFault::Count);
        }
        let _turn = self.serving.turn();
        let head = self.serving.state();
        let edits = wanted.edits(as_seen(&head.snapshot, id, seen)?);
        self.make(&head, actor, &edits, None, now)
    }

    /// Takes a place away; its history stays. Blocks.
    ///
    /// # Errors
    /// As [`Places::edit`].
    pub fn retire(&self, actor: &Actor, (id, seen): (&str, &Seen), now: Timestamp) -> Result<Changed, PlacesFault> {
        let _turn = self.serving.turn();
        let head = self.serving.state();
        as_seen(&head.snapshot, id, seen)?;
        self.make(&head, actor, &[PlaceEdit::Retire { id: id.to_owned() }], None, now)
    }

    /// For who has the turn.
    fn make(
        &self,
        head: &State,
        actor: &Actor,
        edits: &[PlaceEdit],
        choice: Option<&Choice>,
        now: Timestamp,
    ) -> Result<Changed, PlacesFault> {
        let store = self.store()?;
        if edits.is_empty() {
            return Err(PlacesFault::Count);
        }
        let snapshot = &head.snapshot;
        let (places, edits) = apply_all(&snapshot.places, edits)?;
        for edited in &edits {
            for place in [&edited.before, &edited.after].into_iter().flatten() {
                may_edit(snapshot, actor, place)?;
            }
            let moved =
                edited.after.as_ref().filter(|after| edited.before.as_ref().map(|b| b.point) != Some(after.point));
            if let Some(after) = moved {
                snapshot
                    .coverage
                    .lattice()
                    .quantise(after.point)
                    .map_err(|fault| PlacesFault::Off(fault.to_string()))?;
            }
        }
        let on = (snapshot.version, snapshot.recorded);
        let count = store.edit_places(&Edition { on, actor, at: now, edits: &edits, choice })?;
        let state = self.serving.serve_places(head, places, count);
        Ok(Changed { state, edits })
    }

    /// The edits of a place, the first one first; empty for a place that nobody edited. Blocks.
    ///
    /// # Errors
    /// [`PlacesFault::Store`]. Without a store nobody can have edited anything.
    pub fn history(&self, id: &str) -> Result<Vec<LoggedEdit>, PlacesFault> {
        self.serving.store().map_or_else(|| Ok(Vec::new()), |store| Ok(store.place_log(Some(id))?))
    }

    /// Records that somebody meant this place by a text, for somebody else to look at. Blocks.
    ///
    /// # Errors
    /// [`PlaceFault::NoPlace`], [`PlaceFault::Text`], [`StoreFault::TooMuch`] when too many wait already.
    pub fn choose(&self, actor: &Actor, text: &str, place: &str, now: Timestamp) -> Result<Choice, PlacesFault> {
        let store = self.store()?;
        let head = self.serving.state();
        one(&head.snapshot.places, place)?;
        let choice = Choice::proposed(&actor.name, now, text, place)?;
        let id = store.propose(&choice)?;
        Ok(Choice { id, ..choice })
    }

    /// The first choices of a state with a number above `after`, and how many there are of that state. Blocks.
    ///
    /// # Errors
    /// As [`Places::history`].
    pub fn choices(&self, state: Stage, after: u64, most: usize) -> Result<(Vec<Choice>, u64), PlacesFault> {
        let store = self.serving.store();
        store.map_or_else(|| Ok((Vec::new(), 0)), |store| Ok(store.choices(state, after, most)?))
    }

    /// Agrees to a choice: its text, or `alias` in place of it, is an alias of the place from now on. `None` where the place is called so already.
    /// Alias and choice are durable together. Blocks.
    ///
    /// # Errors
    /// [`ChoiceFault::FourEyes`] for who made the choice, [`ChoiceFault::Decided`], [`PlacesFault::Scope`], and as [`Places::edit`].
    pub fn accept(
        &self,
        actor: &Actor,
        id: u64,
        (alias, word): (Option<&str>, &str),
        now: Timestamp,
    ) -> Result<(Choice, Option<Changed>), PlacesFault> {
        let store = self.store()?;
        let _turn = self.serving.turn();
        let head = self.serving.state();
        let choice = store.choice(id)?.ok_or(PlacesFault::NoChoice(id))?;
        let alias = alias.unwrap_or(&choice.text).trim();
        let decided = choice.accepted(&actor.name, now, word, alias)?;
        let alias = fit_alias(alias)?;
        let place = one(&head.snapshot.places, &choice.place)?;
        may_edit(&head.snapshot, actor, place)?;
        if place.name == alias || place.aliases.contains(&alias) {
            store.decide(&decided)?;
            return Ok((decided, None));
        }
        let edit = PlaceEdit::Alias { id: choice.place.clone(), alias };
        let changed = self.make(&head, actor, &[edit], Some(&decided), now)?;
        Ok((decided, Some(changed)))
    }

    /// Says no to a choice. Blocks.
    ///
    /// # Errors
    /// As [`Places::accept`].
    pub fn reject(&self, actor: &Actor, id: u64, word: &str, now: Timestamp) -> Result<Choice, PlacesFault> {
        let store = self.store()?;
        let head = self.serving.state();
        let choice = store.choice(id)?.ok_or(PlacesFault::NoChoice(id))?;
        let decided = choice.rejected(&actor.name, now, word)?;
        // Of a place that is not there any more anybody may say no.
        if let Ok(place) = one(&head.snapshot.places, &choice.place) {
            may_edit(&head.snapshot, actor, place)?;
        }
        store.decide(&decided)?;
        Ok(decided)
    }
}

/// The place, if it is as somebody has seen it.
fn as_seen<'a>(snapshot: &'a Snapshot, id: &str, seen: &Seen) -> Result<&'a Place, PlacesFault> {
    let place = one(&snapshot.places, id)?;
    let found = revision(place);
    match seen {
        Seen::Revision(known) if *known != found => {
            let known = known.chars().take(found.len()).collect();
            Err(PlacesFault::Stale { id: id.to_owned(), known, found })
        }
        _ => Ok(place),
    }
}

/// Whoever edits a place has a say in the unit where it lies, or is of the district where it lies in none.
fn may_edit(snapshot: &Snapshot, actor: &Actor, place: &Place) -> Result<(), PlacesFault> {
    let may = match owner_of(snapshot, place.point) {
        Some(unit) => actor.scope.covers(chain(snapshot, unit).into_iter().map(|unit| unit.code.as_str())),
        None => actor.scope == Scope::District,
    };
    if may { Ok(()) } else { Err(PlacesFault::Scope(place.id.clone())) }
}

/// An id that no place has and, as edits are only ever counted on, that none ever had from here.
fn free_id(snapshot: &Snapshot) -> String {
    let mut number = snapshot.place_edits + 1;
    loop {
        let id = format!("N{number:06}");
        if snapshot.places.iter().all(|place| place.id != id) {
            return id;
        }
        number += 1;
    }
}

/// A place that another unit owns than before.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerChange<'a> {
    pub place: &'a Place,
    /// Code and name of the smallest unit; `None` for land that is nobody's.
    pub from: Option<(&'a str, &'a str)>,
    pub to: Option<(&'a str, &'a str)>,
}

/// The places whose owner by `after` is another than by `before`, or goes by another code, in their order. Cost: two lookups a place, some
/// milliseconds for twenty thousand.
#[must_use]
pub fn moved<'a>(places: &'a [Place], before: &'a Snapshot, after: &'a Snapshot) -> Vec<OwnerChange<'a>> {
    let points: Vec<Cgcs2000> = places.iter().map(|place| place.point).collect();
    let owners = |snapshot: &'a Snapshot| -> Vec<Option<UnitIx>> {
        points.iter().map(|point| owner_of(snapshot, *point)).collect()
    };
    let changed = |(place, (from, to)): (&'a Place, (Option<UnitIx>, Option<UnitIx>))| {
        let (from, to) = (from.map(|unit| before.hierarchy.unit(unit)), to.map(|unit| after.hierarchy.unit(unit)));
        let told = |unit: Option<&'a crate::grid::Unit>| unit.map(|unit| (unit.id, unit.code.as_str()));
        let named = |unit: Option<&'a crate::grid::Unit>| unit.map(|unit| (unit.code.as_str(), unit.name.as_str()));
        (told(from) != told(to)).then(|| OwnerChange { place, from: named(from), to: named(to) })
    };
    places.iter().zip(owners(before).into_iter().zip(owners(after))).filter_map(changed).collect()
}
