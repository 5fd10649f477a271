//! Any delimited table: header by name, rows one by one, each fault with its line and column.

use csv::{ReaderBuilder, StringRecord};

use super::columns::{self, Column};
use super::{FileFault, Limits, Problem, RowFault, Spot, Text};

/// Rows of a table, read and refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<T> {
    /// With the line each begins on.
    pub rows: Vec<(usize, T)>,
    pub faults: Vec<RowFault>,
    /// Columns that were not read.
    pub unread: Vec<String>,
}

/// Why a cell cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CellFault {
    pub(super) column: &'static str,
    pub(super) reason: String,
}

impl CellFault {
    pub(super) fn new(column: Column, reason: impl Into<String>) -> Self {
        Self { column: column[0], reason: reason.into() }
    }
}

/// One row, by column.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    record: &'a StringRecord,
    places: &'a [(Column, usize)],
}

impl<'a> Fields<'a> {
    /// The trimmed cell; empty when the table has no such column.
    pub(super) fn raw(&self, column: Column) -> &'a str {
        let place = self.places.iter().find(|(known, _)| known[0] == column[0]);
        place.and_then(|(_, i)| self.record.get(*i)).unwrap_or_default().trim()
    }

    /// A text without damage.
    pub(super) fn text(&self, column: Column) -> Result<String, CellFault> {
        clean(self.raw(column)).map(str::to_owned).map_err(|reason| CellFault::new(column, reason))
    }

    /// A text that must be there.
    pub(super) fn needed(&self, column: Column) -> Result<String, CellFault> {
        match self.text(column)? {
            text if text.is_empty() => Err(CellFault::new(column, "is empty")),
            text => Ok(text),
        }
    }

    /// The parts of a `;`-separated list (also `；` and `、`), without empty ones.
    pub(super) fn list(&self, column: Column) -> Result<Vec<String>, CellFault> {
        let text = self.text(column)?;
        Ok(text.split([';', '；', '、']).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect())
    }

    /// Anything that parses; empty is `None`.
    pub(super) fn parsed<T>(
        &self,
        column: Column,
        parse: impl Fn(&str) -> Option<T>,
        wanted: &str,
    ) -> Result<Option<T>, CellFault> {
        match self.raw(column) {
            "" => Ok(None),
            text => parse(text).map(Some).ok_or_else(|| CellFault::new(column, format!("is not {wanted}"))),
        }
    }
}

/// The most columns and the longest cell that are read.
const MAX_COLUMNS: usize = 256;
const MAX_CELL_BYTES: usize = 64 << 10;

/// Trims a text and refuses what no name contains: control characters and the mark that decoding once failed.
pub(super) fn clean(text: &str) -> Result<&str, String> {
    let text = text.trim();
    if text.contains('\u{fffd}') {
        return Err("contains U+FFFD: it was damaged by a wrong encoding before; export it again".to_owned());
    }
    if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(format!("contains the control character U+{:04X}", u32::from(c)));
    }
    if text.len() > MAX_CELL_BYTES {
        return Err(format!("is longer than {MAX_CELL_BYTES} bytes"));
    }
    Ok(text)
}

/// Whether the table's header row has a column.
pub(super) fn has(text: &Text, column: Column) -> bool {
    let first = text.content.lines().next().unwrap_or_default();
    first.split([',', ';', '\t', '|']).any(|header| columns::is(header.trim_matches('"'), column))
}

/// The separator of the header row: comma, unless there are more tabs, semicolons or bars outside its quotes.
#[must_use]
pub fn separator(header: &str) -> u8 {
    let outside = || header.split('"').step_by(2);
    let count = |separator: u8| outside().map(|part| part.matches(char::from(separator)).count()).sum::<usize>();
    // Of equals the last counts as the most, which here is the most usual.
    [b'|', b';', b'\t', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Reads a table; `parse` makes a value of each row. `needed` columns must stand in the header, `others` may.
pub(super) fn read<T>(
    text: &Text,
    limits: &Limits,
    (needed, others): (&[Column], &[Column]),
    mut parse: impl FnMut(&Fields) -> Result<T, CellFault>,
) -> Result<Rows<T>, FileFault> {
    let first = text.content.lines().next().unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(separator(first))
        .from_reader(text.content.as_bytes());
    let mut record = StringRecord::new();
    let at_line = |line: usize, problem| FileFault::new(&text.file, Spot::Line(line, 0), problem);
    let broken = |error: &csv::Error| {
        let line = error.position().map_or(1, |p| p.line() as usize);
        at_line(line, Problem::Syntax(format!("not a readable table ({error})")))
    };
    reader.read_record(&mut record).map_err(|error| broken(&error))?;
    let headers: Vec<String> = record.iter().map(|h| h.trim().to_owned()).collect();
    let (places, unread) = places(&headers, needed, others).map_err(|problem| at_line(1, problem))?;
    let mut found = Rows { rows: Vec::new(), faults: Vec::new(), unread };
    while reader.read_record(&mut record).map_err(|error| broken(&error))? {
        let line = record.position().map_or(0, |p| p.line() as usize);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if found.rows.len() + found.faults.len() == limits.rows {
            return Err(at_line(line, Problem::TooMany { what: "the number of rows", limit: limits.rows }));
        }
        let fields = Fields { record: &record, places: &places };
        let parsed = if record.len() == headers.len() {
            parse(&fields)
        } else {
            let reason =
                format!("the row has {} cells, the header {}; check quotes and commas", record.len(), headers.len());
            Err(CellFault { column: "", reason })
        };
        match parsed {
            Ok(value) => found.rows.push((line, value)),
            Err(cell) => {
                let place = places.iter().find(|(column, _)| column[0] == cell.column);
                let value = place.and_then(|(_, i)| record.get(*i)).unwrap_or_default();
                let value = value.trim().chars().filter(|c| !c.is_control()).take(40).collect();
                let column = place.map_or_else(|| cell.column.to_owned(), |(_, i)| headers[*i].clone());
                found.faults.push(RowFault { file: text.file.clone(), row: line, column, value, reason: cell.reason });
            }
        }
    }
    Ok(found)
}

/// Which column stands where.
type Places = Vec<(Column, usize)>;

fn places(headers: &[String], needed: &[Column], others: &[Column]) -> Result<(Places, Vec<String>), Problem> {
    if headers.len() > MAX_COLUMNS {
        return Err(Problem::TooMany { what: "the number of columns", limit: MAX_COLUMNS });
    }
    let mut places = Places::new();
    let mut missing = Vec::new();
    for (column, must) in needed.iter().map(|c| (*c, true)).chain(others.iter().map(|c| (*c, false))) {
        // Our own name wins over another that happens to fit as well (“id” beside “编号”).
        let named = |name: &str| headers.iter().position(|h| h.eq_ignore_ascii_case(name));
        match column.iter().find_map(|name| named(name)) {
            Some(i) => places.push((column, i)),
            None if must => missing.push(column[0]),
            None => {}
        }
    }
    if !missing.is_empty() {
        return Err(Problem::MissingColumn { wanted: missing, found: headers.iter().take(40).cloned().collect() });
    }
    for (i, header) in headers.iter().enumerate() {
        if !header.is_empty() && headers[..i].contains(header) && places.iter().any(|(c, _)| columns::is(header, c)) {
            return Err(Problem::DoubleColumn(header.clone()));
        }
    }
    let unread =
        (0..headers.len()).filter(|i| places.iter().all(|(_, p)| p != i)).map(|i| headers[i].clone()).collect();
    Ok((places, unread))
}
