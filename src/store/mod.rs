//! What must survive a restart? One trait, small enough for a second back end; here one GeoPackage file. And the other SQLite file, MBTiles.

mod blob;
mod boundaries;
mod changes;
mod choices;
mod counter;
mod digest;
mod fault;
mod geopackage;
mod layers;
mod lock;
mod log;
pub mod mbtiles;
mod places;
mod publish;
mod read;
mod record;
mod rows;
mod save;
mod schema;
mod versions;

pub use digest::digest_of;
pub use fault::StoreFault;
pub use geopackage::{GeoPackage, Inspection};
pub use layers::{LayerRow, derive};

use jiff::Timestamp;

use crate::grid::change::Change;
use crate::grid::draft::{Actor, Logged};
use crate::grid::history::History;
use crate::grid::past::Boundaries;
use crate::place::choice::{Choice, State};
use crate::place::edit::{Edited, LoggedEdit};
use crate::snapshot::{Contents, Snapshot};

/// Edits of places made together.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    /// Number of the version that the store must have, and when that was recorded.
    pub on: (u64, Timestamp),
    pub actor: &'a Actor,
    pub at: Timestamp,
    /// Each follows from the ones before it.
    pub edits: &'a [Edited],
    /// The choice that they come from, as it is decided with them.
    pub choice: Option<&'a Choice>,
}

/// The next version: what it follows, and what it was made by.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The version that the store must have now.
    pub before: &'a Snapshot,
    /// Its history ends with the new version. A digest that this names must be that of the boundaries; where it names none, the store writes what it
    /// finds.
    pub after: &'a Snapshot,
    /// Made on the boundaries of `before`, they give those of `after`: the store keeps most versions only so.
    pub changes: &'a [Change],
    /// The draft it comes from, and the entry that ends it.
    pub draft: Option<(u64, &'a Logged)>,
}

/// What a district has beside boundaries and people: most of a store's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extras {
    pub places: bool,
    pub issues: bool,
    pub base: bool,
}

impl Extras {
    pub const ALL: Self = Self { places: true, issues: true, base: true };

    /// Whether a table is to be read.
    fn has(self, table: &str) -> bool {
        match table {
            "places" => self.places,
            "issues" => self.issues,
            "base" => self.base,
            _ => true,
        }
    }
}

/// A place to keep a district. Every call is one transaction: afterwards it is all there or none of it.
pub trait Store: std::fmt::Debug {
    /// Replaces what is there by `contents` and returns once it is durable. Versions and drafts stay when the history of `contents` begins with the
    /// versions that are kept: each new one is added, with its boundaries where `contents` or `earlier` tell them. A history that begins otherwise is
    /// another district's, and replaces both.
    ///
    /// # Errors
    /// [`StoreFault`] when nothing was changed: [`StoreFault::Moved`] when the store has versions that a history of the same beginning does not know,
    /// [`StoreFault::Edited`] when it has edits of places that the contents do not know.
    fn replace(&self, contents: &Contents, earlier: &[(u64, Boundaries)]) -> Result<(), StoreFault>;

    /// Makes the next version, and returns once it is durable. Compare and set: nothing is changed unless the store has exactly the version before.
    /// Trusts that `after` is valid. Cost: hashes the boundaries once, and writes the rows that differ; every sixteenth version is kept whole as well. What is written lies in a log beside the file until [`Store::settle`].
    ///
    /// # Errors
    /// [`StoreFault::Moved`] when another version has been published meanwhile, [`StoreFault::NotNext`] when the draft has gone on, any other
    /// [`StoreFault`]; nothing was changed.
    fn publish(&self, publication: &Publication) -> Result<(), StoreFault>;

    /// The version that is kept; `None` when there is no store yet.
    ///
    /// # Errors
    /// [`StoreFault`] when there is something, but no store that this program can open.
    fn version(&self) -> Result<Option<u64>, StoreFault>;

    /// The versions that are kept, the last of which is that of [`Store::load`]; `None` when there is no store yet.
    ///
    /// # Errors
    /// As [`Store::version`].
    fn history(&self) -> Result<Option<History>, StoreFault>;

    /// The boundaries of one version, checked like those of [`Store::load`].
    ///
    /// # Errors
    /// [`StoreFault::NotKept`] when the store does not have them, and as [`Store::load`].
    fn boundaries(&self, version: u64) -> Result<Boundaries, StoreFault>;

    /// Reads everything back, and checks it: the hash of each table, and every invariant of the coverage.
    ///
    /// # Errors
    /// [`StoreFault`] naming the table and row that cannot be read, or the rule that is broken and where.
    fn load(&self) -> Result<Contents, StoreFault> {
        self.load_with(Extras::ALL)
    }

    /// As [`Store::load`], without what is not asked for: such tables are neither read nor checked, and their lists stay empty. For who draws or
    /// counts and keeps nothing; contents with a part left out must not be stored.
    ///
    /// # Errors
    /// As [`Store::load`].
    fn load_with(&self, extras: Extras) -> Result<Contents, StoreFault>;

    /// The changes that a version was made by; `None` for one that was imported or is not known.
    ///
    /// # Errors
    /// [`StoreFault`] naming the version that cannot be read.
    fn changes(&self, version: u64) -> Result<Option<Vec<Change>>, StoreFault>;

    /// Begins the log of a new draft, whose number is the answer: 1, 2, 3 …
    ///
    /// # Errors
    /// [`StoreFault::NotNext`] when the entry is not the first, and as [`Store::append`].
    fn open_draft(&self, first: &Logged) -> Result<u64, StoreFault>;

    /// Adds the next entry to the log of a draft, and returns once it is durable. Compare and set: its number must be the next.
    ///
    /// # Errors
    /// [`StoreFault::NotNext`], [`StoreFault::NoDraft`], [`StoreFault::TooMuch`] over 16 MiB an entry or 10,000 entries a draft; nothing was changed.
    fn append(&self, draft: u64, logged: &Logged) -> Result<(), StoreFault>;

    /// The log of a draft; `None` when there is no such draft.
    ///
    /// # Errors
    /// [`StoreFault::Chain`] naming the entry that does not follow the one before it.
    fn draft(&self, id: u64) -> Result<Option<Vec<Logged>>, StoreFault>;

    /// The logs of all drafts, by number; one that is damaged is left out, and told by [`Store::draft`]. Cost: reads and decodes them all.
    ///
    /// # Errors
    /// [`StoreFault::TooMuch`] when they take more than 1 GiB, and as [`Store::version`].
    fn drafts(&self) -> Result<Vec<(u64, Vec<Logged>)>, StoreFault>;

    /// The first of `n` unit identities that no version and no draft ever had, and that are never given again.
    ///
    /// # Errors
    /// As [`Store::append`].
    fn reserve_units(&self, n: u32) -> Result<u64, StoreFault>;

    /// Makes edits of places, all or none, and returns once they are durable: their rows, the log of each place, and the choice that they come from. The
    /// answer is how many edits there have been. Compare and set: nothing is changed unless the store has the version named, and each place as
    /// it is said to have been.
    ///
    /// # Errors
    /// [`StoreFault::Moved`] when another version has been published meanwhile, [`StoreFault::Row`] for a place that is another, [`StoreFault::Decided`],
    /// [`StoreFault::TooMuch`] over 10,000 edits a place; nothing was changed.
    fn edit_places(&self, edition: &Edition) -> Result<u64, StoreFault>;

    /// The edits of one place, or of all, in order; those of a place that is not there any more too.
    ///
    /// # Errors
    /// [`StoreFault::Chain`] naming the edit that does not follow the one before it.
    fn place_log(&self, place: Option<&str>) -> Result<Vec<LoggedEdit>, StoreFault>;

    /// Keeps a choice that is proposed, and returns once it is durable. The answer is its number.
    ///
    /// # Errors
    /// [`StoreFault::TooMuch`] when 10,000 wait already; nothing was changed.
    fn propose(&self, choice: &Choice) -> Result<u64, StoreFault>;

    /// Keeps what became of a choice that is proposed, and returns once it is durable. Compare and set.
    ///
    /// # Errors
    /// [`StoreFault::Decided`] when it is decided already, or not there; nothing was changed.
    fn decide(&self, choice: &Choice) -> Result<(), StoreFault>;

    /// A choice; `None` when there is no such one.
    ///
    /// # Errors
    /// [`StoreFault::Row`] when it cannot be read.
    fn choice(&self, id: u64) -> Result<Option<Choice>, StoreFault>;

    /// The first choices of a state with a number above `after`, in order, and how many there are of that state.
    ///
    /// # Errors
    /// As [`Store::choice`].
    fn choices(&self, state: State, after: u64, most: usize) -> Result<(Vec<Choice>, u64), StoreFault>;

    /// Moves what writers left in a log beside the store into the store itself. Nothing depends on it but the time that opening takes, and that the one
    /// file can be copied: to be called after a publication or an entry, when nobody waits any more. Cost: some syncs of the disk.
    ///
    /// # Errors
    /// [`StoreFault`]; everything is as durable as before.
    fn settle(&self) -> Result<(), StoreFault>;
}
