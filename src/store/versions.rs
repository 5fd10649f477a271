//! The versions: rows that are only ever added, each chained to the one before it. Boundaries are kept whole at checkpoints, and between them as the
//! changes that lead from one version to the next.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params, params_from_iter};

use super::boundaries::{self, BoundariesFault, Packing};
use super::digest::{Values, digest_of};
use super::read::Reading;
use super::rows::View;
use super::save::{self, Writing};
use super::{StoreFault, changes, counter, schema};
use crate::coverage::validate;
use crate::grid::change::{Change, Desk};
use crate::grid::history::{Lineage, Version};
use crate::grid::past::Boundaries;

const TABLE: &str = "wangge_version";
const LINEAGE: &str = "wangge_lineage";
/// Of the versions made by changes every so-manieth is kept whole too.
const CHECKPOINT: i64 = 16;
/// Columns before the chain, and columns of the lineage.
const CHAINED: usize = 10;
const LINEAGE_COLUMNS: usize = 5;

/// A version to be added.
struct Added<'a> {
    version: &'a Version,
    lineage: Vec<&'a Lineage>,
    digest: String,
    changes: Option<Vec<u8>>,
    boundaries: Option<Vec<u8>>,
}

fn insert(writing: &Writing, added: Added) -> Result<(), StoreFault> {
    let broken = writing.sql("writing a version");
    let connection = writing.connection;
    let last = "SELECT chain FROM wangge_version ORDER BY id DESC LIMIT 1";
    let previous: Option<String> = connection.query_row(last, [], |row| row.get(0)).optional().map_err(broken)?;
    let Version { number, effective, recorded, document, reason, by, draft, .. } = added.version;
    let mut row = vec![
        Value::Integer(*number as i64),
        Value::Text(effective.to_string()),
        Value::Text(recorded.to_string()),
        Value::Text(document.clone()),
        Value::Text(reason.clone()),
        Value::Text(by.clone()),
        draft.map(|draft| draft as i64).into(),
        Value::Text(added.digest),
        added.changes.into(),
        added.boundaries.into(),
    ];
    let mut values = Values::default();
    values.text(&previous.unwrap_or_default());
    row.iter().for_each(|value| values.add(value.into()));
    let next = "SELECT coalesce(max(id), 0) + 1 FROM wangge_lineage";
    let next: i64 = connection.query_row(next, [], |row| row.get(0)).map_err(broken)?;
    for (id, line) in (next..).zip(added.lineage) {
        let line = [
            Value::Integer(id),
            Value::Integer(line.version as i64),
            Value::Text(line.kind.word().to_owned()),
            Value::Text(line.old.clone()),
            Value::Text(line.new.clone()),
        ];
        line.iter().for_each(|value| values.add(value.into()));
        let sql = save::insertion("INSERT", LINEAGE, LINEAGE_COLUMNS);
        connection.prepare_cached(&sql).and_then(|mut s| s.execute(params_from_iter(&line))).map_err(broken)?;
    }
    row.push(Value::Text(values.hex()));
    connection.execute(&save::insertion("INSERT", TABLE, row.len()), params_from_iter(row)).map_err(broken)?;
    Ok(())
}

/// Adds the version that a publication makes.
pub(super) fn publish(writing: &Writing, view: &View, made: &[Change]) -> Result<(), StoreFault> {
    let Some(version) = view.history.version(view.version) else {
        return Err(StoreFault::NotKept { file: writing.file.to_owned(), version: view.version });
    };
    let digest = digest_of(view.coverage, view.hierarchy);
    if !version.digest.is_empty() && version.digest != digest {
        let problem = "they are not those whose digest it names".to_owned();
        return Err(StoreFault::Version { file: writing.file.to_owned(), version: view.version, problem });
    }
    let (packed, bytes) = changes::encode(made).map_err(|error| writing.unwritable(error))?;
    if bytes > changes::MOST_BYTES {
        let what = format!("the changes of version {} take {bytes} bytes", view.version);
        return Err(StoreFault::TooMuch { file: writing.file.to_owned(), what, most: changes::MOST_BYTES });
    }
    let since = "SELECT count(*) FROM wangge_version WHERE id > (SELECT coalesce(max(id), 0) FROM wangge_version WHERE boundaries \
                 IS NOT NULL)";
    let since: i64 = writing.connection.query_row(since, [], |row| row.get(0)).map_err(writing.sql("counting"))?;
    let whole = (since + 1 >= CHECKPOINT)
        .then(|| boundaries::encode(view.coverage, view.hierarchy, Packing::Quick))
        .transpose()
        .map_err(|error| writing.unwritable(error))?;
    let lineage = view.history.lineage_of(version.number).collect();
    insert(writing, Added { version, lineage, digest, changes: Some(packed), boundaries: whole })?;
    counter::raise(writing, counter::highest(view.coverage, view.hierarchy).max(changes::highest(made)))
}

/// Brings the versions up to date with a district that is written whole: those that are there stay, new ones are added, and a history that begins
/// otherwise replaces them, the drafts, the edits of places and the choices.
pub(super) fn keep(
    writing: &Writing,
    view: &View,
    earlier: &[(u64, Boundaries)],
    found: Option<u32>,
) -> Result<(), StoreFault> {
    let broken = writing.sql("writing the versions");
    let connection = writing.connection;
    let before = if found == Some(schema::WITH_HISTORY) { take_out(writing)? } else { Vec::new() };
    for (name, columns) in schema::HISTORY {
        connection.execute_batch(&format!("CREATE TABLE IF NOT EXISTS {name} ({columns})")).map_err(broken)?;
        save::extend(connection, name).map_err(broken)?;
    }
    for (version, lineage, bytes) in &before {
        let past = bytes.as_deref().and_then(|bytes| boundaries::decode(bytes).ok());
        if let Some(past) = &past {
            counter::raise(writing, counter::highest(&past.coverage, &past.hierarchy))?;
        }
        let digest = past.map(|past| digest_of(&past.coverage, &past.hierarchy)).unwrap_or_default();
        let lineage = lineage.iter().collect();
        insert(writing, Added { version, lineage, digest, changes: None, boundaries: bytes.clone() })?;
    }
    let versions = view.history.versions();
    let kept = kept(writing)?;
    let same = |stored: &(u64, String, String), version: &Version| {
        (stored.0, stored.1.as_str()) == (version.number, version.recorded.to_string().as_str())
    };
    let begins_alike = kept.first().zip(versions.first()).is_some_and(|(stored, version)| same(stored, version));
    let mut known = 0;
    if begins_alike {
        known = kept.len();
        let goes_on =
            known <= versions.len() && kept.iter().zip(versions).all(|(stored, version)| same(stored, version));
        // Written again, the last version must be what it was.
        let again = kept.last().filter(|last| last.0 == view.version && !last.2.is_empty());
        if !goes_on || again.is_some_and(|last| last.2 != digest_of(view.coverage, view.hierarchy)) {
            let (file, found) = (writing.file.to_owned(), kept.last().map_or(0, |last| last.0));
            return Err(StoreFault::Moved { file, expected: view.version.saturating_sub(1), found });
        }
    } else {
        let all = "DELETE FROM wangge_version; DELETE FROM wangge_lineage; DELETE FROM wangge_draft_log; DELETE FROM \
                   wangge_place_log; DELETE FROM wangge_choice";
        connection.execute_batch(all).map_err(broken)?;
    }
    for version in &versions[known..] {
        let of = if version.number == view.version {
            Some((view.coverage, view.hierarchy))
        } else {
            let told = earlier.iter().find(|(number, _)| *number == version.number);
            told.map(|(_, past)| (&past.coverage, &past.hierarchy))
        };
        let packed = of.map(|(coverage, hierarchy)| boundaries::encode(coverage, hierarchy, Packing::Small));
        let boundaries = packed.transpose().map_err(|error| writing.unwritable(error))?;
        let digest = of.map(|(coverage, hierarchy)| digest_of(coverage, hierarchy)).unwrap_or_default();
        let lineage = view.history.lineage_of(version.number).collect();
        insert(writing, Added { version, lineage, digest, changes: None, boundaries })?;
    }
    Ok(())
}

/// Number, time and digest of every version that is kept.
fn kept(writing: &Writing) -> Result<Vec<(u64, String, String)>, StoreFault> {
    let broken = writing.sql("reading the versions");
    let sql = "SELECT id, recorded, digest FROM wangge_version ORDER BY id";
    let mut statement = writing.connection.prepare(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?)));
    rows.and_then(Iterator::collect).map_err(broken)
}

/// A version of schema 2: its lineage and its boundaries.
type Earlier = (Version, Vec<Lineage>, Option<Vec<u8>>);

/// Takes the versions of a store of schema 2 out of it.
fn take_out(writing: &Writing) -> Result<Vec<Earlier>, StoreFault> {
    let reading = Reading::of(writing, schema::WITH_HISTORY);
    let history = reading.history()?;
    let broken = writing.sql("reading the versions");
    let sql = "SELECT boundaries FROM wangge_version WHERE id = ?1";
    let mut statement = writing.connection.prepare(sql).map_err(broken)?;
    let taken = history.versions().iter().map(|version| {
        let bytes = statement.query_row([version.number as i64], |row| row.get(0)).map_err(broken)?;
        Ok((version.clone(), history.lineage_of(version.number).cloned().collect(), bytes))
    });
    let taken = taken.collect::<Result<Vec<_>, StoreFault>>()?;
    drop(statement);
    writing.connection.execute_batch("DROP TABLE wangge_version; DROP TABLE wangge_lineage").map_err(broken)?;
    Ok(taken)
}

// ---- reading ----------------------------------------------------------------------------------------------------------------------

/// The rows of the lineage by version, as values of a chain.
fn lineage(reading: &Reading, only: Option<i64>) -> rusqlite::Result<BTreeMap<i64, Vec<Vec<Value>>>> {
    let sql = "SELECT * FROM wangge_lineage WHERE ?1 IS NULL OR version = ?1 ORDER BY id";
    let mut statement = reading.connection.prepare(sql)?;
    let mut rows = statement.query([only])?;
    let mut found: BTreeMap<i64, Vec<Vec<Value>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let values = (0..LINEAGE_COLUMNS).map(|i| row.get(i)).collect::<rusqlite::Result<_>>()?;
        found.entry(row.get(1)?).or_default().push(values);
    }
    Ok(found)
}

/// What the chain of a row has to be.
fn link(row: &Row, previous: &str, lineage: Option<&Vec<Vec<Value>>>) -> rusqlite::Result<String> {
    let mut values = Values::default();
    values.text(previous);
    values.stored(row, CHAINED)?;
    lineage.into_iter().flatten().flatten().for_each(|value| values.add(value.into()));
    Ok(values.hex())
}

/// Checks every version against its chain, and that the last is the one of the district. Cost: reads and hashes the whole table.
pub(super) fn verify(reading: &Reading, current: u64) -> Result<(), StoreFault> {
    let fault = |row: i64, problem: String| StoreFault::chain(reading.file, TABLE, row, problem);
    let unreadable = |error: rusqlite::Error| fault(0, error.to_string());
    let mut lineage = lineage(reading, None).map_err(|e| StoreFault::chain(reading.file, LINEAGE, 0, e.to_string()))?;
    let sql = "SELECT * FROM wangge_version ORDER BY id";
    let mut statement = reading.connection.prepare(sql).map_err(unreadable)?;
    let mut rows = statement.query([]).map_err(unreadable)?;
    let (mut previous, mut last) = (String::new(), None);
    while let Some(row) = rows.next().map_err(unreadable)? {
        let id: i64 = row.get(0).map_err(unreadable)?;
        let broken = |error: rusqlite::Error| fault(id, error.to_string());
        if last.is_some_and(|last| id != last + 1) {
            return Err(fault(id, "the version before it is missing".to_owned()));
        }
        let expected = link(row, &previous, lineage.remove(&id).as_ref()).map_err(broken)?;
        let chain: String = row.get(CHAINED).map_err(broken)?;
        if chain != expected {
            return Err(fault(id, "it does not follow the version before it".to_owned()));
        }
        (previous, last) = (chain, Some(id));
    }
    if last != Some(current as i64) {
        return Err(fault(last.unwrap_or(0), format!("the last version is not {current}")));
    }
    match lineage.keys().next() {
        Some(version) => {
            let problem = format!("it tells of version {version}, which is not there");
            Err(StoreFault::chain(reading.file, LINEAGE, 0, problem))
        }
        None => Ok(()),
    }
}

/// Whether the last version is the one expected, after as many as expected, and is what its chain says. Cost: reads one or two rows.
pub(super) fn ends_with(reading: &Reading, version: u64, versions: usize) -> Result<(), StoreFault> {
    let broken = reading.sql("reading the versions");
    let sql = "SELECT *, (SELECT count(*) FROM wangge_version) FROM wangge_version ORDER BY id DESC LIMIT 1";
    let mut statement = reading.connection.prepare(sql).map_err(broken)?;
    let before = "SELECT chain FROM wangge_version WHERE id < ?1 ORDER BY id DESC LIMIT 1";
    let before = reading.connection.query_row(before, [version as i64], |row| row.get::<_, String>(0)).optional();
    let previous = before.map_err(broken)?.unwrap_or_default();
    let lineage = lineage(reading, Some(version as i64)).map_err(broken)?;
    let held = statement.query_row([], |row| {
        let chain: String = row.get(CHAINED)?;
        let as_told = link(row, &previous, lineage.get(&(version as i64)))? == chain;
        Ok(as_told && row.get::<_, i64>(0)? == version as i64 && row.get::<_, i64>(CHAINED + 1)? == versions as i64)
    });
    match held.optional().map_err(broken)? {
        Some(true) => Ok(()),
        _ => {
            // Say which row it is, where that can be told.
            verify(reading, version)?;
            Err(StoreFault::chain(reading.file, TABLE, version as i64, "other versions are known of this district"))
        }
    }
}

/// The changes that a version was made by.
pub(super) fn changes(reading: &Reading, version: u64) -> Result<Option<Vec<Change>>, StoreFault> {
    let sql = "SELECT changes FROM wangge_version WHERE id = ?1";
    let found = reading.connection.query_row(sql, [version as i64], |row| row.get::<_, Option<Vec<u8>>>(0));
    let bytes = found.optional().map_err(reading.sql("reading a version"))?.flatten();
    bytes.map(|bytes| decoded(reading, version as i64, &bytes)).transpose()
}

fn decoded(reading: &Reading, id: i64, bytes: &[u8]) -> Result<Vec<Change>, StoreFault> {
    changes::decode(bytes).map_err(|problem| StoreFault::chain(reading.file, TABLE, id, problem))
}

/// The boundaries of one version: its checkpoint, or the nearest one before it and the changes since, made again one after the other. Cost: reading a
/// district, and what the changes cost.
pub(super) fn boundaries(reading: &Reading, version: u64) -> Result<Boundaries, StoreFault> {
    let file = reading.file;
    let broken = reading.sql("reading a version");
    let not_kept = || StoreFault::NotKept { file: file.to_owned(), version };
    let with_changes = reading.schema >= schema::WITH_CHANGES;
    let columns = if with_changes { "id, boundaries, changes, digest" } else { "id, boundaries, NULL, ''" };
    let sql = format!("SELECT {columns} FROM wangge_version WHERE id <= ?1 ORDER BY id DESC");
    let mut statement = reading.connection.prepare(&sql).map_err(broken)?;
    let mut rows = statement.query(params![version as i64]).map_err(broken)?;
    let (mut digest, mut since) = (String::new(), Vec::new());
    let mut wanted = version as i64;
    let whole = loop {
        let row = rows.next().map_err(broken)?.ok_or_else(not_kept)?;
        let id: i64 = row.get(0).map_err(broken)?;
        if id != wanted {
            return Err(not_kept());
        }
        if id == version as i64 {
            digest = row.get(3).map_err(broken)?;
        }
        if let Some(bytes) = row.get::<_, Option<Vec<u8>>>(1).map_err(broken)? {
            break checkpoint(reading, id, &bytes)?;
        }
        let bytes: Vec<u8> = row.get::<_, Option<Vec<u8>>>(2).map_err(broken)?.ok_or_else(not_kept)?;
        since.push((id, decoded(reading, id, &bytes)?));
        wanted -= 1;
    };
    let told =
        replayed(whole, &since).map_err(|problem| StoreFault::Version { file: file.to_owned(), version, problem })?;
    if !digest.is_empty() && digest != digest_of(&told.coverage, &told.hierarchy) {
        let problem = "they are not those whose digest was recorded".to_owned();
        return Err(StoreFault::Version { file: file.to_owned(), version, problem });
    }
    Ok(told)
}

fn checkpoint(reading: &Reading, id: i64, bytes: &[u8]) -> Result<Boundaries, StoreFault> {
    boundaries::decode(bytes).map_err(|fault| {
        let problem = match fault {
            BoundariesFault::Unreadable(problem) => problem,
            BoundariesFault::Invalid(fault) => fault.rule.to_string(),
        };
        StoreFault::chain(reading.file, TABLE, id, problem)
    })
}

/// Makes the changes of versions, the latest first in the list, on the boundaries before them.
fn replayed(whole: Boundaries, since: &[(i64, Vec<Change>)]) -> Result<Boundaries, String> {
    if since.is_empty() {
        return Ok(whole);
    }
    let mut desk = Desk::new(&whole);
    for (id, made) in since.iter().rev() {
        let all = desk.apply_all(made);
        all.map_err(|(i, refused)| format!("change {} of version {id} cannot be made again ({refused})", i + 1))?;
    }
    let told = desk.boundaries();
    match validate::faults(&told.coverage).first() {
        Some(fault) => Err(fault.rule.to_string()),
        None => Ok(told),
    }
}
