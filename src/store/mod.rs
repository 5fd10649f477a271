//! What must survive a restart? One trait, small enough for a second back end; here one GeoPackage file.

mod blob;
mod boundaries;
mod digest;
mod geopackage;
mod layers;
mod lock;
mod read;
mod record;
mod save;
mod schema;

use std::io;
use std::path::PathBuf;

pub use geopackage::{GeoPackage, Inspection};
pub use layers::{LayerRow, derive};

use crate::coverage::validate::Rule;
use crate::grid::history::History;
use crate::grid::past::Boundaries;
use crate::snapshot::Contents;

/// A place to keep a district. Every call is one transaction: afterwards it is all there or none of it.
pub trait Store {
    /// Replaces what is there by `contents` and returns once it is durable. Of the versions in their history the boundaries are kept beside it: those of
    /// `contents`, those of `earlier`, and those that the store has already.
    ///
    /// # Errors
    /// [`StoreFault`] when nothing was changed.
    fn replace(&mut self, contents: &Contents, earlier: &[(u64, Boundaries)]) -> Result<(), StoreFault>;

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
    fn load(&self) -> Result<Contents, StoreFault>;
}

/// What went wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    #[error("{}: there is no such store; import a district into it first (wangge import)", .0.display())]
    Missing(PathBuf),
    #[error("{}: is not a Wangge store ({reason}); give the file that wangge import wrote", file.display())]
    NotAStore { file: PathBuf, reason: String },
    #[error(
        "{}: was written by a newer Wangge (schema {found}, this one reads up to {known}); use that version to open it",
        file.display()
    )]
    Newer { file: PathBuf, found: u32, known: u32 },
    #[error("{}: is open for writing by process {pid}; wait until it has finished, or stop it", file.display())]
    Locked { file: PathBuf, pid: String },
    #[error("{}: another program is writing to it (an edit session in QGIS?); save and close it there, then try again", .0.display())]
    Busy(PathBuf),
    #[error("{}: may not be written ({reason}); check the permissions of the file and its folder", file.display())]
    ReadOnly { file: PathBuf, reason: String },
    #[error("{}: the disk is full; free space and try again – the store is as it was", .0.display())]
    Full(PathBuf),
    #[error("{}: the file is damaged ({problem}); restore it from a backup, or import the district again", file.display())]
    Damaged { file: PathBuf, problem: String },
    #[error(
        "{}, table {table}, row {row}: {problem}; restore the store from a backup, or import the district again",
        file.display()
    )]
    Row { file: PathBuf, table: String, row: i64, problem: String },
    #[error(
        "{}: table {table} was changed outside Wangge or is damaged (its content hash differs); restore the store from a \
         backup, or import the district again",
        file.display()
    )]
    Hash { file: PathBuf, table: String },
    #[error(
        "{}: the boundaries break a rule ({rule}) at {at}; wangge check lists every fault; restore the store or import \
         again",
        file.display()
    )]
    Coverage {
        file: PathBuf,
        rule: Rule,
        /// Place, arcs and units, for reading.
        at: String,
        place: Option<(f64, f64)>,
        codes: Vec<String>,
    },
    #[error("{}: the boundaries of version {version} are not kept in it", file.display())]
    NotKept { file: PathBuf, version: u64 },
    #[error("{}: {doing} failed ({source})", file.display())]
    Sql { file: PathBuf, doing: &'static str, source: rusqlite::Error },
    #[error("{}: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
}
