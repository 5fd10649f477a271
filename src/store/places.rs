//! Edits of places: the row of the place and an entry of its log in one transaction. Entries are never rewritten, and within a place each is chained to
//! the one before it.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::digest::{Sum, Values};
use super::publish::{Patch, in_turn};
use super::read::Reading;
use super::rows::{self, Row, View};
use super::save::{self, Writing};
use super::{Edition, StoreFault, choices, counter, log, schema};
use crate::crs::Cgcs2000;
use crate::grid::draft::{Actor, Scope};
use crate::place::Place;
use crate::place::edit::{Edited, LoggedEdit, Verb};

pub(super) const TABLE: &str = "wangge_place_log";
const PLACES: &str = "places";
/// Name of the counter of edits.
const EDITS: &str = "place_edit";
/// Edits of one place.
const MOST_ENTRIES: u64 = 10_000;
/// Columns before the chain.
const CHAINED: usize = 9;
/// Who is said to have made what an import changed.
const IMPORT: &str = "导入 import";

/// A place in the log. Degrees are texts, in which every number comes back as it was.
#[derive(Serialize, Deserialize)]
struct Record {
    id: String,
    kind: String,
    name: String,
    address: String,
    aliases: Vec<String>,
    lon: String,
    lat: String,
    accuracy_m: String,
}

fn record(place: &Place) -> serde_json::Result<String> {
    let Place { id, kind, name, address, aliases, point, accuracy_m } = place.clone();
    let [lon, lat, accuracy_m] = [point.lon(), point.lat(), accuracy_m].map(|number| number.to_string());
    serde_json::to_string(&Record { id, kind, name, address, aliases, lon, lat, accuracy_m })
}

fn place(text: &str) -> Result<Place, String> {
    let Record { id, kind, name, address, aliases, lon, lat, accuracy_m } =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("“{text}” is not a number"));
    let point = Cgcs2000::new(number(&lon)?, number(&lat)?).map_err(|fault| fault.to_string())?;
    Ok(Place { id, kind, name, address, aliases, point, accuracy_m: number(&accuracy_m)? })
}

/// How many edits there have been, in a store of any schema.
pub(super) fn edits(reading: &Reading) -> Result<u64, StoreFault> {
    if reading.schema < schema::WITH_PLACE_EDITS { Ok(0) } else { counter::counted(reading, EDITS) }
}

/// Makes edits inside the caller's transaction; how many there have been then.
pub(super) fn edit(writing: &Writing, edition: &Edition) -> Result<u64, StoreFault> {
    let reading = Reading::of(writing, schema::SCHEMA);
    in_turn(&reading, edition.on)?;
    let mut patch = Patch::of(writing, PLACES, 1)?;
    edition.edits.iter().try_for_each(|edited| keep(writing, &mut patch, edited))?;
    patch.done()?;
    if let Some(choice) = edition.choice {
        choices::decide(writing, choice)?;
    }
    let choice = edition.choice.map(|choice| choice.id);
    let mut number = edits(&reading)?;
    for edited in edition.edits {
        not_too_often(writing, edited.id())?;
        number = append(writing, edited, (edition.actor, edition.at), choice)?;
    }
    Ok(number)
}

/// Writes what an edit makes of the row of its place. The numbers of the other rows stay, and so their order.
fn keep(writing: &Writing, patch: &mut Patch, edited: &Edited) -> Result<(), StoreFault> {
    let broken = writing.sql("reading a place");
    let mut statement =
        writing.connection.prepare_cached("SELECT fid FROM places WHERE id = ?1 LIMIT 2").map_err(broken)?;
    let found = statement.query_map([edited.id()], |row| row.get(0)).and_then(Iterator::collect);
    let found: Vec<i64> = found.map_err(broken)?;
    let as_row = |fid: i64, place: &Place| rows::place(usize::try_from(fid).unwrap_or(0).saturating_sub(1), place).0;
    match (&edited.before, found.as_slice()) {
        (Some(before), [fid]) => {
            let after = edited.after.as_ref().map(|after| as_row(*fid, after));
            patch.change(Some(&as_row(*fid, before)), after.as_ref())?;
        }
        (None, []) => {
            let sql = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'places'), 0), coalesce((SELECT max(fid) \
                       FROM places), 0)) + 1";
            let fid = writing.connection.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
            patch.change(None, edited.after.as_ref().map(|after| as_row(fid, after)).as_ref())?;
        }
        (_, found) => {
            let problem = format!("{} places have the id {}, not the one that is edited", found.len(), edited.id());
            return Err(StoreFault::row(writing.file, PLACES, found.first().copied().unwrap_or(0), problem));
        }
    }
    let Some(after) = &edited.after else { return Ok(()) };
    let sql = "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?2), ?2), max_x = max(coalesce(max_x, ?2), ?2), min_y = \
               min(coalesce(min_y, ?3), ?3), max_y = max(coalesce(max_y, ?3), ?3) WHERE table_name = ?1";
    let grown = writing.connection.execute(sql, params![PLACES, after.point.lon(), after.point.lat()]);
    grown.map(|_| ()).map_err(broken)
}

fn not_too_often(writing: &Writing, place: &str) -> Result<(), StoreFault> {
    let sql = "SELECT count(*) FROM wangge_place_log WHERE place = ?1";
    let entries =
        writing.connection.query_row(sql, [place], |row| row.get::<_, i64>(0)).map_err(writing.sql("counting"))?;
    if (entries as u64) < MOST_ENTRIES {
        return Ok(());
    }
    let what = format!("place {place} was edited {entries} times and would be once more");
    Err(StoreFault::TooMuch { file: writing.file.to_owned(), what, most: MOST_ENTRIES })
}

/// Adds an entry to the log of its place; its number.
fn append(
    writing: &Writing,
    edited: &Edited,
    (actor, at): (&Actor, jiff::Timestamp),
    choice: Option<u64>,
) -> Result<u64, StoreFault> {
    let broken = writing.sql("writing an edit of a place");
    let unwritable = |error: serde_json::Error| writing.unwritable(error);
    let last = "SELECT chain FROM wangge_place_log WHERE place = ?1 ORDER BY number DESC LIMIT 1";
    let previous = writing.connection.query_row(last, [edited.id()], |row| row.get::<_, String>(0)).optional();
    let previous = previous.map_err(broken)?.unwrap_or_default();
    let number = counter::next(writing, EDITS)?;
    let side = |place: Option<&Place>| place.map(record).transpose().map(Value::from).map_err(unwritable);
    let mut row: Row = vec![
        Value::Integer(number as i64),
        Value::Text(edited.id().to_owned()),
        Value::Text(actor.name.clone()),
        Value::Text(log::scope_text(&actor.scope).map_err(unwritable)?),
        Value::Text(at.to_string()),
        Value::Text(edited.verb.word().to_owned()),
        side(edited.before.as_ref())?,
        side(edited.after.as_ref())?,
        choice.map(|choice| choice as i64).into(),
    ];
    row.push(Value::Text(log::chained(&previous, &row)));
    let sql = save::insertion("INSERT", TABLE, row.len());
    writing.connection.execute(&sql, params_from_iter(&row)).map_err(broken)?;
    let mut sum = save::recorded(writing, TABLE)?;
    sum.add(Sum::row(&row));
    save::record(writing, TABLE, sum)?;
    Ok(number)
}

/// Whether who writes the places whole knows of every edit of them.
pub(super) fn not_behind(writing: &Writing, view: &View) -> Result<(), StoreFault> {
    let sql = "SELECT coalesce(max(number), 0) FROM wangge_place_log";
    let last = writing.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let last = last.map_err(writing.sql("reading the edits of places"))? as u64;
    if last <= view.place_edits { Ok(()) } else { Err(StoreFault::Edited(writing.file.to_owned())) }
}

/// Tells in the log of every edited place when an import says otherwise than the last edit.
pub(super) fn imported(writing: &Writing, view: &View) -> Result<(), StoreFault> {
    let last = last_of_each(&log(&Reading::of(writing, schema::SCHEMA), None)?);
    if last.is_empty() {
        return Ok(());
    }
    let there: std::collections::HashMap<&str, &Place> =
        view.places.iter().map(|place| (place.id.as_str(), place)).collect();
    let actor = Actor { name: IMPORT.to_owned(), scope: Scope::District };
    for (id, before) in last {
        let after = there.get(id.as_str()).copied().cloned();
        if after != before {
            let edited = Edited { verb: Verb::Import, before, after };
            append(writing, &edited, (&actor, view.recorded), None)?;
        }
    }
    Ok(())
}

/// How each edited place was left, in the order in which they were edited last.
fn last_of_each(log: &[LoggedEdit]) -> Vec<(String, Option<Place>)> {
    let mut seen = std::collections::HashSet::new();
    let last = log.iter().rev().filter(|logged| seen.insert(logged.edited.id()));
    let mut last: Vec<_> = last.map(|logged| (logged.edited.id().to_owned(), logged.edited.after.clone())).collect();
    last.reverse();
    last
}

/// The edits of one place, or of all, in order; each is checked against its chain.
pub(super) fn log(reading: &Reading, one: Option<&str>) -> Result<Vec<LoggedEdit>, StoreFault> {
    let broken = reading.sql("reading the edits of places");
    let sql = "SELECT * FROM wangge_place_log WHERE ?1 IS NULL OR place = ?1 ORDER BY number";
    let mut statement = reading.connection.prepare(sql).map_err(broken)?;
    let mut rows = statement.query([one]).map_err(broken)?;
    let mut chains: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    let mut edits = Vec::new();
    while let Some(row) = rows.next().map_err(broken)? {
        let number: i64 = row.get(0).unwrap_or(0);
        let fault = |problem: String| StoreFault::chain(reading.file, TABLE, number, problem);
        let place: String = row.get(1).map_err(|error| fault(error.to_string()))?;
        let previous = chains.entry(place).or_default();
        let (logged, chain) = read(row, previous).map_err(fault)?;
        *previous = chain;
        edits.push(logged);
    }
    Ok(edits)
}

/// An edit that follows the one before it, and its chain.
fn read(row: &rusqlite::Row, previous: &str) -> Result<(LoggedEdit, String), String> {
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
    let (at, verb): (String, String) = (take(row, 4)?, take(row, 5)?);
    let side = |i| take::<Option<String>>(row, i)?.map(|text| place(&text)).transpose();
    let edited = Edited {
        verb: Verb::named(&verb).ok_or_else(|| format!("“{verb}” is unknown"))?,
        before: side(6)?,
        after: side(7)?,
    };
    let logged = LoggedEdit {
        number: take::<i64>(row, 0)? as u64,
        actor: Actor { name: take(row, 2)?, scope: log::scope_of(&take::<String>(row, 3)?)? },
        at: at.parse().map_err(|_| format!("“{at}” is not a time"))?,
        edited,
        choice: take::<Option<i64>>(row, 8)?.map(|choice| choice as u64),
    };
    Ok((logged, chain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_record_to_the_last_digit() {
        let told = Place {
            id: "a“b".to_owned(),
            kind: "house".to_owned(),
            name: "甲\u{20000}".to_owned(),
            address: String::new(),
            aliases: vec!["乙".to_owned(), "丙".to_owned()],
            point: Cgcs2000::clamped(116.600_000_000_000_01, 35.399_999_999_999_99),
            accuracy_m: 0.1 + 0.2,
        };
        assert_eq!(record(&told).map_err(|e| e.to_string()).and_then(|text| place(&text)), Ok(told));
        assert!(place("{}").is_err());
    }
}
