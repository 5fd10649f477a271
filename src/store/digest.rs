//! Content hashes: of a row, of a table as the sum of its rows, of a chain of rows, of boundaries.
//!
//! The hash of a table is the sum of the hashes of its rows as 256-bit numbers. So a publication that touches ten rows of a table of thousands
//! subtracts and adds ten hashes. Sums of hashes can be forged by who looks long enough for rows that add up – but the hashes lie in the same file
//! without a key, so a forger would simply write them anew. They are there against damage and foreign edits, and for these a sum is as good as
//! one hash over everything: rows are told apart by their keys, and any other row changes the sum.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::rows::{self, Cells};
use super::schema::quoted;
use crate::coverage::{Coverage, canonical};
use crate::grid::Hierarchy;

/// A hash over values, each with its type and length, so that no two lists of values are hashed alike.
#[derive(Default)]
pub(super) struct Values(Sha256);

impl Values {
    pub(super) fn add(&mut self, value: ValueRef) {
        let (tag, bytes): (u8, &[u8]) = match value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(n) => (1, &n.to_le_bytes()),
            ValueRef::Real(x) => (2, &x.to_le_bytes()),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        self.0.update([tag]);
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.add(ValueRef::Text(text.as_bytes()));
    }

    pub(super) fn whole(&mut self, n: u64) {
        self.add(ValueRef::Integer(n as i64));
    }

    /// The first `columns` values of a stored row.
    pub(super) fn stored(&mut self, row: &Row, columns: usize) -> rusqlite::Result<()> {
        (0..columns).try_for_each(|i| row.get_ref(i).map(|value| self.add(value)))
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    pub(super) fn hex(self) -> String {
        hex(&self.finish())
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The sum of the hashes of rows, modulo 2²⁵⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    fn of(hash: &[u8; 32]) -> Self {
        let mut parts = [0; 4];
        for (part, bytes) in parts.iter_mut().zip(hash.as_chunks::<8>().0) {
            *part = u64::from_le_bytes(*bytes);
        }
        Self(parts)
    }

    /// Of one row.
    pub(super) fn row(row: &[Value]) -> Self {
        let mut values = Values::default();
        row.iter().for_each(|value| values.add(value.into()));
        Self::of(&values.finish())
    }

    pub(super) fn add(&mut self, other: Self) {
        let mut carry = false;
        for (a, b) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = a.overflowing_add(b);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*a, carry) = (sum, over || again);
        }
    }

    pub(super) fn subtract(&mut self, other: Self) {
        let mut borrow = false;
        for (a, b) in self.0.iter_mut().zip(other.0) {
            let (rest, under) = a.overflowing_sub(b);
            let (rest, again) = rest.overflowing_sub(u64::from(borrow));
            (*a, borrow) = (rest, under || again);
        }
    }

    /// As [`Sum::hex`] writes it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let mut parts = [0; 4];
        for (i, part) in parts.iter_mut().enumerate() {
            let bytes = u64::from_str_radix(text.get(i * 16..i * 16 + 16)?, 16).ok()?;
            *part = bytes.swap_bytes();
        }
        digits.then_some(Self(parts))
    }

    pub(super) fn hex(self) -> String {
        hex(self.0.map(u64::to_le_bytes).as_flattened())
    }
}

/// The sum over the rows of a table. Cost: reads it all.
pub(super) fn table(connection: &Connection, name: &str) -> rusqlite::Result<Sum> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {}", quoted(name)))?;
    let columns = statement.column_count();
    let mut sum = Sum::default();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut values = Values::default();
        values.stored(row, columns)?;
        sum.add(Sum::of(&values.finish()));
    }
    Ok(sum)
}

/// One hash over the rows of a table in the order of their numbers, in hexadecimal: what stores of schemas 1 and 2 keep.
pub(super) fn table_in_order(connection: &Connection, name: &str) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {} ORDER BY rowid", quoted(name)))?;
    let columns = statement.column_count();
    let mut values = Values::default();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        values.stored(row, columns)?;
    }
    Ok(values.hex())
}

/// The content hash of boundaries, in hexadecimal: of their shapes and of their units by identity, whatever the numbering of the rows. Cost:
/// O(n log n) in arcs and units; a few milliseconds for a district.
#[must_use]
pub fn digest_of(coverage: &Coverage, hierarchy: &Hierarchy) -> String {
    let mut values = Values::default();
    values.add(ValueRef::Blob(&canonical::bytes(coverage)));
    let mut units: Vec<Cells> = hierarchy.units().iter().map(|unit| rows::cells(coverage, hierarchy, unit)).collect();
    units.sort_unstable();
    values.whole(hierarchy.levels() as u64);
    for (id, level, code, name, parent, class, households, population, face) in units {
        values.whole(id);
        values.whole(u64::from(level));
        values.text(code);
        values.text(name);
        values.add(parent.map_or(ValueRef::Null, |parent| ValueRef::Integer(parent as i64)));
        values.text(class);
        values.whole(u64::from(households));
        values.whole(u64::from(population));
        values.add(face.map_or(ValueRef::Null, |face| ValueRef::Integer(face as i64)));
    }
    values.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_go_there_and_back_in_any_order() {
        let row = |n: i64| Sum::row(&[Value::Integer(n), Value::Text("a".to_owned()), Value::Null]);
        let (mut forward, mut backward) = (Sum::default(), Sum::default());
        (0..100).for_each(|n| forward.add(row(n)));
        (0..100).rev().for_each(|n| backward.add(row(n)));
        assert_eq!(forward, backward);
        assert_eq!(Sum::read(&forward.hex()), Some(forward));
        (1..100).for_each(|n| forward.subtract(row(n)));
        assert_eq!(forward, row(0));
        assert_ne!(row(1), row(2));
        assert_eq!(Sum::read("12"), None);
    }

    #[test]
    fn values_are_told_apart_by_type_and_length() {
        let text = |t: &str| Value::Text(t.to_owned());
        let lists = [
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![Value::Blob(b"ab".to_vec()), text("c")],
            vec![Value::Integer(0), Value::Null],
            vec![Value::Real(0.0), Value::Null],
        ];
        for (i, one) in lists.iter().enumerate() {
            for other in &lists[..i] {
                assert_ne!(Sum::row(one), Sum::row(other));
            }
        }
    }
}
