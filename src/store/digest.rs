//! The content hash of a table: every value of every row, typed, so that any change made outside is found.

use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::schema::quoted;

/// SHA-256 over the rows in rowid order, in hexadecimal.
pub(super) fn table(connection: &Connection, name: &str) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {} ORDER BY rowid", quoted(name)))?;
    let columns = statement.column_count();
    let mut hash = Sha256::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for i in 0..columns {
            let (tag, bytes): (u8, &[u8]) = match row.get_ref(i)? {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(n) => (1, &n.to_le_bytes()),
                ValueRef::Real(x) => (2, &x.to_le_bytes()),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
