//! One GeoPackage file: layers that QGIS opens as they are, and the coverage tables beside them. WAL, `synchronous=FULL`.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::layers::{self, LayerRow};
use super::lock::WriterLock;
use super::read::Reading;
use super::rows::View;
use super::save::{self, Writing};
use super::{
    Edition, Extras, Publication, Store, StoreFault, choices, counter, digest, log, places, publish, schema, versions,
};
use crate::coverage::validate;
use crate::grid::District;
use crate::grid::change::Change;
use crate::grid::draft::Logged;
use crate::grid::history::History;
use crate::grid::past::Boundaries;
use crate::place::choice::{Choice, State};
use crate::place::edit::LoggedEdit;
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

/// So that copying the one file copies everything. Readers may hold it back: the log is durable all the same.
const INTO_FILE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// A log that has grown to this many bytes is put into the file by the writer himself: every opening reads it all, some milliseconds a megabyte.
const LONG_LOG: u64 = 4 << 20;

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
        let reading = Reading { problems: Some(&noted), ..self.reading(&connection)? };
        let meta = reading.meta()?;
        let district = reading.district(&meta)?;
        let contents = reading.contents();
        let mut problems = noted.take();
        let mut changed = self.changed(&reading)?;
        if reading.schema >= schema::WITH_CHANGES {
            problems.extend(versions::verify(&reading, reading.setting(&meta, "version")?).err());
            match log::logs(&reading, None) {
                Ok(logs) => problems.extend(logs.into_iter().filter_map(|(_, log)| log.err())),
                Err(fault) => problems.push(fault),
            }
            changed.extend(self.differs(&reading, log::TABLE)?.then(|| log::TABLE.to_owned()));
        }
        if reading.schema >= schema::WITH_PLACE_EDITS {
            problems.extend(places::log(&reading, None).err());
            for table in [places::TABLE, choices::TABLE] {
                changed.extend(self.differs(&reading, table)?.then(|| table.to_owned()));
            }
        }
        let mut inspection =
            Inspection { district, contents, problems, changed, layers: Vec::new(), unreadable: Vec::new() };
        for level in &inspection.district.levels {
            match layers::read(&connection, &level.key) {
                Ok(rows) => inspection.layers.extend(rows),
                Err(error) => inspection.unreadable.push((level.key.clone(), error.to_string())),
            }
        }
        Ok(inspection)
    }

    fn sql(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreFault + Copy {
        StoreFault::sql(&self.path, doing)
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

    /// An open store, if its schema is known.
    fn reading<'a>(&'a self, connection: &'a Connection) -> Result<Reading<'a>, StoreFault> {
        let unknown = Reading { connection, file: &self.path, schema: 0, extras: Extras::ALL, problems: None };
        let found: u32 = unknown.setting(&unknown.meta()?, "schema")?;
        if found > schema::SCHEMA {
            return Err(StoreFault::Newer { file: self.path.clone(), found, known: schema::SCHEMA });
        }
        Ok(Reading { schema: found, ..unknown })
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
        question(&self.reading(&connection)?).map(Some)
    }

    /// Tables whose hash is not the recorded one.
    fn changed(&self, reading: &Reading) -> Result<Vec<String>, StoreFault> {
        let mut changed = Vec::new();
        for name in save::hashed(reading.schema).filter(|name| reading.extras.has(name)) {
            if self.differs(reading, name)? {
                changed.push(name.to_owned());
            }
        }
        Ok(changed)
    }

    fn differs(&self, reading: &Reading, name: &str) -> Result<bool, StoreFault> {
        let connection = reading.connection;
        let recorded = connection
            .query_row("SELECT sha256 FROM wangge_hash WHERE name = ?1", [name], |row| row.get::<_, String>(0))
            .unwrap_or_default();
        let found = if reading.schema < schema::WITH_CHANGES {
            digest::table_in_order(connection, name)
        } else {
            digest::table(connection, name).map(digest::Sum::hex)
        };
        match found {
            Ok(found) => Ok(found != recorded),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                Err(self.sql("hashing")(error))
            }
            // No table at all.
            Err(_) => Ok(true),
        }
    }

    /// Everything in a store, checked.
    fn checked(&self, reading: &Reading) -> Result<Contents, StoreFault> {
        if let Some(table) = self.changed(reading)?.into_iter().next() {
            return Err(StoreFault::Hash { file: self.path.clone(), table });
        }
        let contents = reading.contents()?;
        if let Some(fault) = validate::faults(&contents.coverage).first() {
            return Err(reading.coverage_fault(contents.coverage.lattice(), fault));
        }
        let recorded = contents.history.version(contents.version).map_or("", |version| version.digest.as_str());
        if !recorded.is_empty() && recorded != digest::digest_of(&contents.coverage, &contents.hierarchy) {
            let (file, version) = (self.path.clone(), contents.version);
            let problem = "the tables are not those whose digest was recorded".to_owned();
            return Err(StoreFault::Version { file, version, problem });
        }
        Ok(contents)
    }

    /// Does something in one transaction of an existing store, brought to the schema of today first.
    fn change<T>(&self, doing: impl FnOnce(&Writing) -> Result<T, StoreFault>) -> Result<T, StoreFault> {
        let _lock = WriterLock::wait(&self.path, PATIENCE)?;
        let mut connection = self.open_to_read()?;
        self.ours(&connection)?;
        let opening = self.sql("opening");
        // A writer does not wait for the log to be put into the file, nor does who closes after it: the log is durable.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(opening)?;
        let pragmas =
            "PRAGMA query_only = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF";
        connection.execute_batch(pragmas).map_err(opening)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(self.sql("beginning"))?;
        let writing = Writing { connection: &transaction, file: &self.path };
        let reading = self.reading(&transaction)?;
        if reading.schema < schema::SCHEMA {
            let contents = self.checked(&reading)?;
            let layers: Vec<String> = contents.district.levels.iter().map(|level| level.key.clone()).collect();
            save::replace(&writing, &View::from(&contents), &[], (Some(reading.schema), &layers))?;
        }
        let done = doing(&writing)?;
        transaction.commit().map_err(self.sql("committing"))?;
        if fs::metadata(self.beside("-wal")).is_ok_and(|log| log.len() > LONG_LOG) {
            let _ = connection.execute_batch(INTO_FILE);
        }
        Ok(done)
    }

    /// A file that belongs to the store.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn write(&self, contents: &Contents, earlier: &[(u64, Boundaries)], existed: bool) -> Result<(), StoreFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(self.sql("opening"))?;
        connection.busy_timeout(PATIENCE).map_err(self.sql("opening"))?;
        connection.execute_batch("PRAGMA trusted_schema = OFF").map_err(self.sql("opening"))?;
        let blank = !existed || self.is_blank(&connection)?;
        if !blank {
            self.ours(&connection)?;
        }
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF")
            .map_err(self.sql("opening"))?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(self.sql("beginning"))?;
        let (found, layers) = if blank {
            (None, Vec::new())
        } else {
            let reading = self.reading(&transaction)?;
            let district = reading.district(&reading.meta()?)?;
            (Some(reading.schema), district.levels.into_iter().map(|level| level.key).collect())
        };
        let writing = Writing { connection: &transaction, file: &self.path };
        save::replace(&writing, &View::from(contents), earlier, (found, &layers))?;
        transaction.commit().map_err(self.sql("committing"))?;
        let _ = connection.execute_batch(INTO_FILE);
        connection.close().map_err(|(_, error)| self.sql("closing")(error))
    }
}

impl GeoPackage {
    /// The logs of one draft, or of all.
    fn logs(&self, one: Option<u64>) -> Result<Vec<log::Told>, StoreFault> {
        let found =
            self.ask(
                |reading| {
                    if reading.schema < schema::WITH_CHANGES { Ok(Vec::new()) } else { log::logs(reading, one) }
                },
            );
        found.map(Option::unwrap_or_default)
    }
}

impl GeoPackage {
    /// Asks for what stores keep since schema 4; earlier ones have nothing of it.
    fn of_places<T: Default>(&self, question: impl FnOnce(&Reading) -> Result<T, StoreFault>) -> Result<T, StoreFault> {
        let found =
            self.ask(
                |reading| {
                    if reading.schema < schema::WITH_PLACE_EDITS { Ok(T::default()) } else { question(reading) }
                },
            );
        found.map(Option::unwrap_or_default)
    }
}

impl Store for GeoPackage {
    fn replace(&self, contents: &Contents, earlier: &[(u64, Boundaries)]) -> Result<(), StoreFault> {
        let _lock = WriterLock::take(&self.path)?;
        let existed = fs::metadata(&self.path).is_ok_and(|found| found.len() > 0);
        let written = self.write(contents, earlier, existed);
        if written.is_err() && !existed {
            for suffix in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(self.beside(suffix));
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
        self.ask(|reading| {
            if reading.schema >= schema::WITH_CHANGES {
                versions::verify(reading, reading.setting(&reading.meta()?, "version")?)?;
            }
            reading.history()
        })
    }

    fn boundaries(&self, version: u64) -> Result<Boundaries, StoreFault> {
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        let reading = self.reading(&connection)?;
        if reading.schema < schema::WITH_HISTORY {
            return Err(StoreFault::NotKept { file: self.path.clone(), version });
        }
        versions::boundaries(&reading, version)
    }

    fn load_with(&self, extras: Extras) -> Result<Contents, StoreFault> {
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        self.checked(&Reading { extras, ..self.reading(&connection)? })
    }

    fn publish(&self, publication: &Publication) -> Result<(), StoreFault> {
        self.change(|writing| publish::publish(writing, publication))
    }

    fn changes(&self, version: u64) -> Result<Option<Vec<Change>>, StoreFault> {
        let found = self.ask(|reading| {
            if reading.schema < schema::WITH_CHANGES { Ok(None) } else { versions::changes(reading, version) }
        });
        found.map(Option::flatten)
    }

    fn open_draft(&self, first: &Logged) -> Result<u64, StoreFault> {
        self.change(|writing| log::open(writing, first))
    }

    fn append(&self, draft: u64, logged: &Logged) -> Result<(), StoreFault> {
        self.change(|writing| log::append(writing, draft, logged))
    }

    fn draft(&self, id: u64) -> Result<Option<Vec<Logged>>, StoreFault> {
        let logs = self.logs(Some(id))?;
        logs.into_iter().next().map(|(_, log)| log).transpose()
    }

    fn drafts(&self) -> Result<Vec<(u64, Vec<Logged>)>, StoreFault> {
        let told = self.logs(None)?.into_iter().filter_map(|(id, log)| match log {
            Ok(log) => Some((id, log)),
            Err(fault) => {
                tracing::error!("{fault}");
                None
            }
        });
        Ok(told.collect())
    }

    fn reserve_units(&self, n: u32) -> Result<u64, StoreFault> {
        self.change(|writing| counter::reserve(writing, n))
    }

    fn edit_places(&self, edition: &Edition) -> Result<u64, StoreFault> {
        self.change(|writing| places::edit(writing, edition))
    }

    fn place_log(&self, place: Option<&str>) -> Result<Vec<LoggedEdit>, StoreFault> {
        self.of_places(|reading| places::log(reading, place))
    }

    fn propose(&self, choice: &Choice) -> Result<u64, StoreFault> {
        self.change(|writing| choices::propose(writing, choice))
    }

    fn decide(&self, choice: &Choice) -> Result<(), StoreFault> {
        self.change(|writing| choices::decide(writing, choice))
    }

    fn choice(&self, id: u64) -> Result<Option<Choice>, StoreFault> {
        self.of_places(|reading| choices::one(reading, id))
    }

    fn choices(&self, state: State, after: u64, most: usize) -> Result<(Vec<Choice>, u64), StoreFault> {
        self.of_places(|reading| choices::of_state(reading, state, after, most))
    }

    fn settle(&self) -> Result<(), StoreFault> {
        if !fs::metadata(self.beside("-wal")).is_ok_and(|log| log.len() > 0) {
            return Ok(());
        }
        let connection = self.open_to_read()?;
        self.ours(&connection)?;
        connection.execute_batch("PRAGMA query_only = OFF").map_err(self.sql("opening"))?;
        connection.execute_batch(INTO_FILE).map_err(self.sql("settling"))
    }
}
