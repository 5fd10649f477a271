//! The versions before today's as two tables: when each came into force, and which code came from which.

use jiff::civil::Date;

use super::columns as c;
use super::table::{self, CellFault, Rows};
use super::{FileFault, Limits, Text};
use crate::grid::history::{Descent, Lineage};

/// A version as its table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    pub number: u64,
    pub effective: Date,
    pub document: String,
    pub reason: String,
}

/// Versions.
///
/// # Errors
/// [`FileFault`] when the table cannot be read; faults of rows are in the answer.
pub fn versions(text: &Text, limits: &Limits) -> Result<Rows<VersionRow>, FileFault> {
    table::read(text, limits, (&[c::VERSION, c::EFFECTIVE], &[c::DOCUMENT, c::REASON]), |row| {
        let effective = row.parsed(c::EFFECTIVE, |text| text.parse().ok(), "a day like 2025-03-01")?;
        Ok(VersionRow {
            number: number(row)?,
            effective: effective.ok_or_else(|| CellFault::new(c::EFFECTIVE, "is empty"))?,
            document: row.text(c::DOCUMENT)?,
            reason: row.text(c::REASON)?,
        })
    })
}

/// Which unit came from which.
///
/// # Errors
/// As [`versions`].
pub fn lineage(text: &Text, limits: &Limits) -> Result<Rows<Lineage>, FileFault> {
    table::read(text, limits, (&[c::VERSION, c::DESCENT, c::OLD, c::NEW], &[]), |row| {
        let kind = row.parsed(c::DESCENT, Descent::named, "split, merge or transfer")?;
        Ok(Lineage {
            version: number(row)?,
            kind: kind.ok_or_else(|| CellFault::new(c::DESCENT, "is empty"))?,
            old: row.needed(c::OLD)?,
            new: row.needed(c::NEW)?,
        })
    })
}

fn number(row: &table::Fields) -> Result<u64, CellFault> {
    let number = row.parsed(c::VERSION, |text| text.parse().ok().filter(|n| *n > 0), "a whole number from 1 up")?;
    number.ok_or_else(|| CellFault::new(c::VERSION, "is empty"))
}
