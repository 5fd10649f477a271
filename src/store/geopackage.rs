//! One GeoPackage file: layers that QGIS opens as they are, and the coverage tables beside them. WAL, `synchronous=FULL`.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::layers::{self, LayerRow};
use super::lock::WriterLock;
use super::read::Reading;
use super::{Store, StoreFault, digest, save, schema};
use crate::coverage::validate;
use crate::grid::District;
use crate::grid::history::History;
use crate::grid::past::Boundaries;
use crate::snapshot::Contents;

/// A store in one file. Naming it does nothing yet: each call opens, does its one transaction, and closes.
#[derive(Clone, Debug)]
pub struct GeoPackage {
    path: PathBuf,
}

/// A store as it is, faults and all: what `wangge check` looks at.
#[derive(Debug)]
pub struct Inspection {
    pub district: District,
    /// The whole, or why it cannot be read.
    pub contents: Result<Contents, StoreFault>,
    /// What was read past.
    pub problems: Vec<StoreFault>,
    /// Tables whose content is not what Wangge wrote.
    pub changed: Vec<String>,
    /// Every feature of every level's layer.
    pub layers: Vec<LayerRow>,
    /// Layers that cannot be read: level key, and why.
    pub unreadable: Vec<(String, String)>,
}

/// How long another program's short transaction is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

impl GeoPackage {
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a store without refusing what is wrong with it.
    ///
    /// # Errors
    /// [`StoreFault`] only when the file is not a store of ours that this version can open.
    pub fn inspect(&self) -> Result<Inspection, StoreFault> {
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        let noted = RefCell::new(Vec::new());
        let reading = Reading { connection: &connection, file: &self.path, problems: Some(&noted) };
        let schema = self.known_schema(&reading)?;
        let district = reading.district(&reading.meta()?)?;
        let contents = reading.contents();
        let mut inspection = Inspection {
            district,
            contents,
            problems: noted.take(),
            changed: self.changed(&connection, schema)?,
            layers: Vec::new(),
            unreadable: Vec::new(),
        };
        for level in &inspection.district.levels {
            match layers::read(&connection, &level.key) {
                Ok(rows) => inspection.layers.extend(rows),
                Err(error) => inspection.unreadable.push((level.key.clone(), error.to_string())),
            }
        }
        Ok(inspection)
    }

    fn sql(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreFault + '_ {
        move |source| {
            let file = self.path.clone();
            match source.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreFault::Busy(file),
                Some(ErrorCode::DiskFull) => StoreFault::Full(file),
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                    StoreFault::ReadOnly { file, reason: source.to_string() }
                }
                Some(ErrorCode::NotADatabase) => StoreFault::NotAStore { file, reason: "no SQLite file".to_owned() },
                Some(ErrorCode::DatabaseCorrupt) => StoreFault::Damaged { file, problem: source.to_string() },
                _ => StoreFault::Sql { file, doing, source },
            }
        }
    }

    fn open_to_read(&self) -> Result<Connection, StoreFault> {
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreFault::Missing(self.path.clone()));
            }
            Err(source) => return Err(StoreFault::Io { file: self.path.clone(), source }),
            Ok(found) if !found.is_file() => return Err(self.not_ours("not a file")),
            Ok(_) => {}
        }
        // Not SQLITE_OPEN_READ_ONLY: a read-only connection to a WAL file cannot tidy up its -shm and -wal when it closes.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(self.sql("opening"))?;
        connection.busy_timeout(PATIENCE).map_err(self.sql("opening"))?;
        let pragmas = "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON";
        connection.execute_batch(pragmas).map_err(self.sql("opening"))?;
        Ok(connection)
    }

    /// A database without a table: what a first import leaves that was stopped before it committed.
    fn is_blank(&self, connection: &Connection) -> Result<bool, StoreFault> {
        let tables = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
        Ok(tables.map_err(self.sql("opening"))? == 0)
    }

    fn not_ours(&self, reason: &str) -> StoreFault {
        StoreFault::NotAStore { file: self.path.clone(), reason: reason.to_owned() }
    }

    /// A GeoPackage that Wangge wrote.
    fn ours(&self, connection: &Connection) -> Result<(), StoreFault> {
        let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(self.sql("opening"));
        if ask("PRAGMA application_id")? != schema::APPLICATION_ID {
            return Err(self.not_ours("no GeoPackage"));
        }
        if ask("SELECT count(*) FROM sqlite_master WHERE name = 'wangge_meta'")? == 0 {
            return Err(self.not_ours("a GeoPackage without the tables of Wangge"));
        }
        Ok(())
    }

    fn known_schema(&self, reading: &Reading) -> Result<u32, StoreFault> {
        let found: u32 = reading.setting(&reading.meta()?, "schema")?;
        if found > schema::SCHEMA {
            return Err(StoreFault::Newer { file: self.path.clone(), found, known: schema::SCHEMA });
        }
        Ok(found)
    }

    /// Asks a store, if there is one.
    fn ask<T>(&self, question: impl FnOnce(&Reading) -> Result<T, StoreFault>) -> Result<Option<T>, StoreFault> {
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(StoreFault::ReadOnly {
                file: self.path.clone(),
                reason: "its folder does not exist".to_owned(),
            });
        }
        if !fs::metadata(&self.path).is_ok_and(|found| found.len() > 0) {
            return Ok(None);
        }
        let connection = self.open_to_read()?;
        if self.is_blank(&connection)? {
            return Ok(None);
        }
        self.ours(&connection)?;
        let reading = Reading { connection: &connection, file: &self.path, problems: None };
        self.known_schema(&reading)?;
        question(&reading).map(Some)
    }

    /// Tables whose hash is not the recorded one.
    fn changed(&self, connection: &Connection, schema: u32) -> Result<Vec<String>, StoreFault> {
        let mut changed = Vec::new();
        for name in save::hashed(schema) {
            let recorded = connection
                .query_row("SELECT sha256 FROM wangge_hash WHERE name = ?1", [name], |row| row.get::<_, String>(0))
                .unwrap_or_default();
            match digest::table(connection, name) {
                Ok(found) if found == recorded => {}
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                    return Err(self.sql("hashing")(error));
                }
                // Another content, or no table at all.
                Ok(_) | Err(_) => changed.push(name.to_owned()),
            }
        }
        Ok(changed)
    }

    /// The layers of the district in an existing store, for dropping them.
    fn earlier_layers(&self, connection: &Connection) -> Result<Vec<String>, StoreFault> {
        let reading = Reading { connection, file: &self.path, problems: None };
        self.known_schema(&reading)?;
        let district = reading.district(&reading.meta()?)?;
        Ok(district.levels.into_iter().map(|level| level.key).collect())
    }

    fn write(&self, contents: &Contents, earlier: &[(u64, Boundaries)], existed: bool) -> Result<(), StoreFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(self.sql("opening"))?;
        connection.busy_timeout(PATIENCE).map_err(self.sql("opening"))?;
        connection.execute_batch("PRAGMA trusted_schema = OFF").map_err(self.sql("opening"))?;
        let layers_before = if existed && !self.is_blank(&connection)? {
            self.ours(&connection)?;
            self.earlier_layers(&connection)?
        } else {
            Vec::new()
        };
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF")
            .map_err(self.sql("opening"))?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(self.sql("beginning"))?;
        save::replace(&transaction, contents, earlier, &layers_before).map_err(self.sql("writing"))?;
        transaction.commit().map_err(self.sql("committing"))?;
        // Into the one file, so that copying it copies everything. Readers may hold it back: the log is durable all the same.
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        connection.close().map_err(|(_, error)| self.sql("closing")(error))
    }
}

impl Store for GeoPackage {
    fn replace(&mut self, contents: &Contents, earlier: &[(u64, Boundaries)]) -> Result<(), StoreFault> {
        let _lock = WriterLock::take(&self.path)?;
        let existed = fs::metadata(&self.path).is_ok_and(|found| found.len() > 0);
        let written = self.write(contents, earlier, existed);
        if written.is_err() && !existed {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = self.path.as_os_str().to_owned();
                name.push(suffix);
                let _ = fs::remove_file(PathBuf::from(name));
            }
        }
        if written.is_ok() && !existed {
            // The new name itself must survive a power cut.
            let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        written
    }

    fn version(&self) -> Result<Option<u64>, StoreFault> {
        self.ask(|reading| reading.setting(&reading.meta()?, "version"))
    }

    fn history(&self) -> Result<Option<History>, StoreFault> {
        self.ask(|reading| reading.history(&reading.meta()?))
    }

    fn boundaries(&self, version: u64) -> Result<Boundaries, StoreFault> {
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        let reading = Reading { connection: &connection, file: &self.path, problems: None };
        if self.known_schema(&reading)? < schema::WITH_HISTORY {
            return Err(StoreFault::NotKept { file: self.path.clone(), version });
        }
        reading.boundaries(version)
    }

    fn load(&self) -> Result<Contents, StoreFault> {
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        let reading = Reading { connection: &connection, file: &self.path, problems: None };
        let schema = self.known_schema(&reading)?;
        if let Some(table) = self.changed(&connection, schema)?.into_iter().next() {
            return Err(StoreFault::Hash { file: self.path.clone(), table });
        }
        let contents = reading.contents()?;
        match validate::faults(&contents.coverage).first() {
            Some(fault) => Err(reading.coverage_fault(contents.coverage.lattice(), fault)),
            None => Ok(contents),
        }
    }
}
