//! What is counted and never given again, whatever becomes of it: identities of units, edits of places, choices.

use rusqlite::params;

use super::StoreFault;
use super::read::Reading;
use super::save::Writing;
use crate::coverage::Coverage;
use crate::grid::Hierarchy;

const UNIT: &str = "unit";

/// The highest identity of faces and units.
pub(super) fn highest(coverage: &Coverage, hierarchy: &Hierarchy) -> u64 {
    let faces = coverage.faces().iter().map(|face| face.id.0);
    faces.chain(hierarchy.units().iter().map(|unit| unit.id)).max().unwrap_or(0)
}

/// Counts one more of something: 1, 2, 3 … whatever becomes of the earlier ones.
pub(super) fn next(writing: &Writing, name: &str) -> Result<u64, StoreFault> {
    let sql =
        "INSERT INTO wangge_counter VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
    let counted = writing.connection.query_row(sql, [name], |row| row.get::<_, i64>(0));
    counted.map(|n| n as u64).map_err(writing.sql("counting"))
}

/// How many there were of something.
pub(super) fn counted(reading: &Reading, name: &str) -> Result<u64, StoreFault> {
    let sql = "SELECT coalesce(max(value), 0) FROM wangge_counter WHERE name = ?1";
    let counted = reading.connection.query_row(sql, [name], |row| row.get::<_, i64>(0));
    counted.map(|n| n as u64).map_err(reading.sql("counting"))
}

/// No identity is higher: what a file can tell exactly, and far from where counting ends.
const MOST: u64 = 1 << 53;

/// Sees to it that identities up to `highest` count as given.
pub(super) fn raise(writing: &Writing, highest: u64) -> Result<(), StoreFault> {
    if highest > MOST {
        let (file, what) = (writing.file.to_owned(), format!("a unit has the identity {highest}"));
        return Err(StoreFault::TooMuch { file, what, most: MOST });
    }
    let sql = "INSERT INTO wangge_counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value \
               < excluded.value";
    let written = writing.connection.execute(sql, params![UNIT, highest as i64]);
    written.map(|_| ()).map_err(writing.sql("counting"))
}

/// Gives `n` identities, of which the first is returned.
pub(super) fn reserve(writing: &Writing, n: u32) -> Result<u64, StoreFault> {
    let sql = "UPDATE wangge_counter SET value = value + ?2 WHERE name = ?1 RETURNING value";
    let last: i64 =
        writing.connection.query_row(sql, params![UNIT, n], |row| row.get(0)).map_err(writing.sql("counting"))?;
    Ok((last - i64::from(n)) as u64 + 1)
}
