//! What can go wrong with a store: each fault says where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::coverage::validate::Rule;

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
    #[error(
        "{}, table {table}, row {row}: {problem}: what was recorded there was changed outside Wangge or is damaged; restore the \
         store from a backup, or import the district into a new file",
        file.display()
    )]
    Chain { file: PathBuf, table: String, row: i64, problem: String },
    #[error("{}: the boundaries of version {version} are not kept in it", file.display())]
    NotKept { file: PathBuf, version: u64 },
    #[error(
        "{}: version {found} was published meanwhile, and this follows version {expected}; nothing was written – start again \
         from the version that holds now",
        file.display()
    )]
    Moved { file: PathBuf, expected: u64, found: u64 },
    #[error(
        "{}: the log of draft {draft} goes on with entry {expected}, not {found}; nothing was written – read the draft again",
        file.display()
    )]
    NotNext { file: PathBuf, draft: u64, expected: u64, found: u64 },
    #[error("{}: there is no draft {draft} in it", file.display())]
    NoDraft { file: PathBuf, draft: u64 },
    #[error("{}: places were edited meanwhile; nothing was written – start again, and what was edited stays", .0.display())]
    Edited(PathBuf),
    #[error("{}: choice {choice} is not waiting to be decided; nothing was written – look at it again", file.display())]
    Decided { file: PathBuf, choice: u64 },
    #[error("{}: {what}, more than the {most} that are kept; nothing was written", file.display())]
    TooMuch { file: PathBuf, what: String, most: u64 },
    #[error(
        "{}: the boundaries of version {version} cannot be told: {problem}; restore the store from a backup",
        file.display()
    )]
    Version { file: PathBuf, version: u64, problem: String },
    #[error("{}: {doing} failed ({source})", file.display())]
    Sql { file: PathBuf, doing: &'static str, source: rusqlite::Error },
    #[error("{}: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
}

impl StoreFault {
    /// What SQLite said while `doing` something to a file.
    pub(super) fn sql(file: &Path, doing: &'static str) -> impl Fn(rusqlite::Error) -> Self + Copy {
        move |source| {
            let file = file.to_owned();
            match source.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(file),
                Some(ErrorCode::DiskFull) => Self::Full(file),
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                    Self::ReadOnly { file, reason: source.to_string() }
                }
                Some(ErrorCode::NotADatabase) => Self::NotAStore { file, reason: "no SQLite file".to_owned() },
                Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { file, problem: source.to_string() },
                _ => Self::Sql { file, doing, source },
            }
        }
    }

    /// A row that cannot be used.
    pub(super) fn row(file: &Path, table: &str, row: i64, problem: impl Into<String>) -> Self {
        Self::Row { file: file.to_owned(), table: table.to_owned(), row, problem: problem.into() }
    }

    /// A row of the versions or drafts that does not follow from those before it.
    pub(super) fn chain(file: &Path, table: &str, row: i64, problem: impl Into<String>) -> Self {
        Self::Chain { file: file.to_owned(), table: table.to_owned(), row, problem: problem.into() }
    }
}
