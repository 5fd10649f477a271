//! The logs of drafts: entries in order, none ever rewritten, each chained to the one before it.

use std::str::FromStr;

use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};
use serde::{Deserialize, Serialize};

use super::changes::{self, ChangeRecord};
use super::digest::{Sum, Values};
use super::read::Reading;
use super::save::{self, Writing};
use super::{StoreFault, counter};
use crate::grid::change::Change;
use crate::grid::draft::{Actor, Entry, Logged, Scope};

pub(super) const TABLE: &str = "wangge_draft_log";
/// What an entry may take as text.
const MOST_BYTES: u64 = 16 << 20;
/// Entries of one draft.
const MOST_ENTRIES: u64 = 10_000;
/// What the logs of all drafts may take to be read at once.
const MOST_AT_ONCE: u64 = 1 << 30;
/// Columns before the chain.
const CHAINED: usize = 6;
/// The scope of who may decide for the whole district; otherwise it is a list of codes.
const DISTRICT: &str = "district";

/// Steps by the number of their entry.
type Steps = Vec<(u64, Vec<ChangeRecord>)>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Opened { title: String, base: u64 },
    Changed { changes: Vec<ChangeRecord> },
    Undone { step: u64, steps: Steps },
    Rebased { base: u64, steps: Steps },
    Submitted { effective: String, document: String, reason: String },
    Returned { reason: String },
    Approved { note: String, complete: bool },
    Published { version: u64 },
    Discarded {},
}

fn records(steps: &[(u64, Vec<Change>)]) -> Steps {
    steps.iter().map(|(number, made)| (*number, changes::records(made))).collect()
}

fn steps(records: Steps) -> Result<Vec<(u64, Vec<Change>)>, String> {
    records.into_iter().map(|(number, made)| Ok((number, changes::changes(made)?))).collect()
}

impl From<&Entry> for Record {
    fn from(entry: &Entry) -> Self {
        match entry.clone() {
            Entry::Opened { title, base } => Self::Opened { title, base },
            Entry::Changed { changes } => Self::Changed { changes: changes::records(&changes) },
            Entry::Undone { step, steps } => Self::Undone { step, steps: records(&steps) },
            Entry::Rebased { base, steps } => Self::Rebased { base, steps: records(&steps) },
            Entry::Submitted { effective, document, reason } => {
                Self::Submitted { effective: effective.to_string(), document, reason }
            }
            Entry::Returned { reason } => Self::Returned { reason },
            Entry::Approved { note, complete } => Self::Approved { note, complete },
            Entry::Published { version } => Self::Published { version },
            Entry::Discarded => Self::Discarded {},
        }
    }
}

impl TryFrom<Record> for Entry {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        Ok(match record {
            Record::Opened { title, base } => Self::Opened { title, base },
            Record::Changed { changes } => Self::Changed { changes: changes::changes(changes)? },
            Record::Undone { step, steps: records } => Self::Undone { step, steps: steps(records)? },
            Record::Rebased { base, steps: records } => Self::Rebased { base, steps: steps(records)? },
            Record::Submitted { effective, document, reason } => {
                let effective = Date::from_str(&effective).map_err(|_| format!("“{effective}” is not a day"))?;
                Self::Submitted { effective, document, reason }
            }
            Record::Returned { reason } => Self::Returned { reason },
            Record::Approved { note, complete } => Self::Approved { note, complete },
            Record::Published { version } => Self::Published { version },
            Record::Discarded {} => Self::Discarded,
        })
    }
}

pub(super) fn chained(previous: &str, row: &[Value]) -> String {
    let mut values = Values::default();
    values.text(previous);
    row.iter().for_each(|value| values.add(value.into()));
    values.hex()
}

/// A scope as a text.
pub(super) fn scope_text(scope: &Scope) -> serde_json::Result<String> {
    match scope {
        Scope::District => Ok(DISTRICT.to_owned()),
        Scope::Units(codes) => serde_json::to_string(codes),
    }
}

/// Reads what [`scope_text`] writes.
pub(super) fn scope_of(text: &str) -> Result<Scope, String> {
    if text == DISTRICT {
        return Ok(Scope::District);
    }
    serde_json::from_str(text).map(Scope::Units).map_err(|error| error.to_string())
}

/// The values of a row before its chain.
fn row(draft: u64, logged: &Logged) -> serde_json::Result<Vec<Value>> {
    let scope = scope_text(&logged.actor.scope)?;
    Ok(vec![
        Value::Integer(draft as i64),
        Value::Integer(logged.number as i64),
        Value::Text(logged.actor.name.clone()),
        Value::Text(scope),
        Value::Text(logged.at.to_string()),
        Value::Text(serde_json::to_string(&Record::from(&logged.entry))?),
    ])
}

/// Opens the next draft.
pub(super) fn open(writing: &Writing, first: &Logged) -> Result<u64, StoreFault> {
    let sql = "SELECT coalesce(max(draft), 0) FROM wangge_draft_log";
    let last: i64 =
        writing.connection.query_row(sql, [], |row| row.get(0)).map_err(writing.sql("reading the drafts"))?;
    let draft = last as u64 + 1;
    write(writing, draft, first, (0, String::new()))?;
    Ok(draft)
}

/// Adds the next entry to a draft that is open.
pub(super) fn append(writing: &Writing, draft: u64, logged: &Logged) -> Result<(), StoreFault> {
    let sql = "SELECT number, chain FROM wangge_draft_log WHERE draft = ?1 ORDER BY number DESC LIMIT 1";
    let last = writing.connection.query_row(sql, [draft as i64], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
    let (number, chain) = last
        .optional()
        .map_err(writing.sql("reading a draft"))?
        .ok_or_else(|| StoreFault::NoDraft { file: writing.file.to_owned(), draft })?;
    write(writing, draft, logged, (number as u64, chain))
}

fn write(writing: &Writing, draft: u64, logged: &Logged, (last, previous): (u64, String)) -> Result<(), StoreFault> {
    let (file, found) = (writing.file.to_owned(), logged.number);
    if found != last + 1 {
        return Err(StoreFault::NotNext { file, draft, expected: last + 1, found });
    }
    if found > MOST_ENTRIES {
        let what = format!("draft {draft} has {last} entries and would get one");
        return Err(StoreFault::TooMuch { file, what, most: MOST_ENTRIES });
    }
    let mut row = row(draft, logged).map_err(|error| writing.unwritable(error))?;
    let bytes = row.iter().map(|value| if let Value::Text(text) = value { text.len() as u64 } else { 8 }).sum::<u64>();
    if bytes > MOST_BYTES {
        let what = format!("entry {found} of draft {draft} takes {bytes} bytes");
        return Err(StoreFault::TooMuch { file, what, most: MOST_BYTES });
    }
    row.push(Value::Text(chained(&previous, &row)));
    let insert = "INSERT INTO wangge_draft_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    writing.connection.execute(insert, params_from_iter(&row)).map_err(writing.sql("writing a draft"))?;
    let mut sum = save::recorded(writing, TABLE)?;
    sum.add(Sum::row(&row));
    save::record(writing, TABLE, sum)?;
    let named = match &logged.entry {
        Entry::Changed { changes } => changes::highest(changes),
        Entry::Undone { steps, .. } | Entry::Rebased { steps, .. } => {
            steps.iter().map(|(_, made)| changes::highest(made)).max().unwrap_or(0)
        }
        _ => 0,
    };
    counter::raise(writing, named)
}

/// A draft's log as it stands in the table, and the fault that keeps it from being followed.
pub(super) type Told = (u64, Result<Vec<Logged>, StoreFault>);

/// The logs of one draft, or of all, in order; each is checked against its chain.
pub(super) fn logs(reading: &Reading, one: Option<u64>) -> Result<Vec<Told>, StoreFault> {
    let broken = reading.sql("reading the drafts");
    let size = "SELECT coalesce(sum(length(entry)), 0) FROM wangge_draft_log WHERE ?1 IS NULL OR draft = ?1";
    let one = one.map(|draft| draft as i64);
    let bytes: i64 = reading.connection.query_row(size, [one], |row| row.get(0)).map_err(broken)?;
    if bytes as u64 > MOST_AT_ONCE {
        let (file, what) = (reading.file.to_owned(), format!("the logs of drafts take {bytes} bytes"));
        return Err(StoreFault::TooMuch { file, what, most: MOST_AT_ONCE });
    }
    let sql = "SELECT draft, number, actor, scope, at, entry, chain FROM wangge_draft_log WHERE ?1 IS NULL OR draft = ?1 \
               ORDER BY draft, number";
    let mut statement = reading.connection.prepare(sql).map_err(broken)?;
    let mut rows = statement.query([one]).map_err(broken)?;
    let mut told: Vec<Told> = Vec::new();
    let mut previous = String::new();
    while let Some(row) = rows.next().map_err(broken)? {
        let draft: i64 = row.get(0).map_err(broken)?;
        if told.last().is_none_or(|(known, _)| *known != draft as u64) {
            told.push((draft as u64, Ok(Vec::new())));
            previous.clear();
        }
        let Some((_, so_far)) = told.last_mut() else { continue };
        let Ok(log) = so_far else { continue };
        match read(row, log.len() as u64 + 1, &previous) {
            Ok((logged, chain)) => {
                log.push(logged);
                previous = chain;
            }
            Err(problem) => {
                let number = row.get(1).unwrap_or(0);
                let problem = format!("entry {number} of draft {draft}: {problem}");
                *so_far = Err(StoreFault::chain(reading.file, TABLE, number, problem));
            }
        }
    }
    Ok(told)
}

/// An entry, if it is the one expected, and its chain.
fn read(row: &rusqlite::Row, expected: u64, previous: &str) -> Result<(Logged, String), String> {
    fn take<T: rusqlite::types::FromSql>(row: &rusqlite::Row, i: usize) -> Result<T, String> {
        row.get(i).map_err(|error| error.to_string())
    }
    let mut values = Values::default();
    values.text(previous);
    values.stored(row, CHAINED).map_err(|error| error.to_string())?;
    let chain: String = take(row, CHAINED)?;
    if values.hex() != chain {
        return Err("it does not follow the one before it".to_owned());
    }
    let number = take::<i64>(row, 1)? as u64;
    if number != expected {
        return Err(format!("entry {expected} is missing before it"));
    }
    let (scope, at, entry): (String, String, String) = (take(row, 3)?, take(row, 4)?, take(row, 5)?);
    let scope = scope_of(&scope)?;
    let record: Record = serde_json::from_str(&entry).map_err(|error| error.to_string())?;
    let at = at.parse().map_err(|_| format!("“{at}” is not a time"))?;
    Ok((Logged { number, actor: Actor { name: take(row, 2)?, scope }, at, entry: record.try_into()? }, chain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::change::Verb;

    #[test]
    fn every_entry_survives_the_round_trip() {
        let made = vec![Change::of_lines(Verb::Mark, Vec::new())];
        for entry in [
            Entry::Opened { title: "甲".to_owned(), base: 3 },
            Entry::Changed { changes: made.clone() },
            Entry::Undone { step: 2, steps: vec![(3, made.clone())] },
            Entry::Rebased { base: 4, steps: vec![(2, made), (3, Vec::new())] },
            Entry::Submitted {
                effective: Date::constant(2026, 7, 1),
                document: "乙1号".to_owned(),
                reason: "拆分".to_owned(),
            },
            Entry::Returned { reason: String::new() },
            Entry::Approved { note: "同意".to_owned(), complete: true },
            Entry::Published { version: u64::MAX },
            Entry::Discarded,
        ] {
            let text = serde_json::to_string(&Record::from(&entry)).unwrap();
            let record: Record = serde_json::from_str(&text).unwrap();
            assert_eq!(Entry::try_from(record), Ok(entry), "{text}");
        }
    }
}
