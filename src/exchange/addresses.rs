//! Addresses in bulk: tables with a column of words, and the same rows with owners beside them, in UTF-8.

use super::Problem;
use super::columns::{self, Column};
use super::points::layout::{Layout, Refusal, Row, echo, find_column, some, unquoted};
use super::points::{Answered, Block, Cutter, ERROR, Lines, TableProblem, Wanted, write_metres};

/// What every answered row has more than the one that was asked.
pub const ADDED: [&str; 12] = [
    "code",
    "name",
    "chain",
    "place",
    "match_level",
    "confidence",
    "outcome",
    "reason",
    "lon",
    "lat",
    "distance_m",
    "error",
];
/// Which of them are numbers, counted from the last: confidence, lon, lat, distance_m.
pub const NUMBERS: &[usize] = &[6, 3, 2, 1];

/// What was found for a row's words.
#[derive(Clone, Debug, Default)]
pub struct Found<'a> {
    /// The one owner of the best candidate; empty where there is none.
    pub code: &'a str,
    pub name: &'a str,
    pub chain: String,
    /// The standard address.
    pub place: String,
    pub level: &'static str,
    /// 0 … 1.
    pub confidence: Option<f64>,
    pub outcome: &'static str,
    /// What to ask, where the owner is not certain.
    pub ask: Option<String>,
    /// Longitude and latitude.
    pub point: Option<(f64, f64)>,
    /// To the nearest boundary of the owner.
    pub distance_m: Option<f64>,
}

/// What a table of addresses looks like: all that is needed to read any of its rows.
#[derive(Debug)]
pub struct AddressForm {
    layout: Layout,
    column: usize,
}

impl AddressForm {
    /// Reads the form from the beginning of a table, `ended` when there is no more of it. Returns it with the number of bytes before the rows.
    /// The addresses stand in the column of that name or number; else in the first that goes by a usual name, the more telling names first. What
    /// `wanted` says of coordinates does not matter.
    ///
    /// # Errors
    /// [`TableProblem`] when the encoding or the column cannot be told.
    pub fn read(
        head: &[u8],
        ended: bool,
        column: Option<&str>,
        wanted: &Wanted,
    ) -> Result<(Self, usize), TableProblem> {
        let find = |cells: &[String]| place(cells, column, wanted.headless);
        let added = ADDED.into_iter().map(|name| format!("{}{name}", wanted.prefix));
        let (layout, column, used) = Layout::read(head, ended, wanted, added, find)?;
        Ok((Self { layout, column }, used))
    }

    /// What stands before the first answered row.
    #[must_use]
    pub fn beginning(&self) -> &[u8] {
        &self.layout.beginning
    }

    /// The byte between cells.
    #[must_use]
    pub const fn separator(&self) -> u8 {
        self.layout.separator
    }

    /// The name of the column of addresses, or its number.
    #[must_use]
    pub fn column(&self) -> &str {
        self.layout.names.get(self.column).map_or("", String::as_str)
    }

    /// An empty cutter for the rows, none longer than `row_bytes`.
    #[must_use]
    pub fn cutter(&self, row_bytes: usize) -> Cutter {
        self.layout.cutter(row_bytes)
    }

    /// Every row of a block with its answer; those whose owner is not certain are listed. `search` says what a text means, or why it is not read.
    pub fn answer<'a>(&self, block: &Block, mut search: impl FnMut(&str) -> Result<Found<'a>, String>) -> Answered {
        let bytes = block.bytes.as_slice();
        let mut answered = Answered::default();
        let mut lines = Lines::of(block);
        for row in self.layout.rows(bytes, self.column, self.column) {
            answered.rows += 1;
            self.layout.begin_row(&mut answered.bytes, bytes, &row);
            let mut unsolved = |refusal, outcome| {
                let bad = self.layout.bad(lines.line(block, row.start), refusal, outcome);
                let said = bad.said();
                answered.bad.push(bad);
                said
            };
            match self.found(bytes, &row, &mut search) {
                Ok((text, found)) => {
                    if let Some(ask) = &found.ask {
                        let refusal = Refusal { column: Some(self.column), value: echo(&text), reason: ask.clone() };
                        unsolved(refusal, found.outcome);
                    }
                    self.write(&mut answered.bytes, &found);
                }
                Err(refusal) => {
                    let error = unsolved(refusal, ERROR);
                    self.write(&mut answered.bytes, &Found { outcome: ERROR, ..Found::default() });
                    self.layout.quote(&mut answered.bytes, &error);
                }
            }
            self.layout.end_row(&mut answered.bytes, bytes, &row);
        }
        answered
    }

    fn found<'a>(
        &self,
        bytes: &[u8],
        row: &Row,
        search: &mut impl FnMut(&str) -> Result<Found<'a>, String>,
    ) -> Result<(String, Found<'a>), Refusal> {
        self.layout.is_whole(row)?;
        let cell = unquoted(bytes.get(row.x.0..row.x.1).unwrap_or_default());
        let refuse = |reason: &str| self.layout.refuse(self.column, &cell, reason);
        let text = self.layout.text(&cell).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
        let text = text.ok_or_else(|| refuse("is damaged text"))?;
        match text.trim() {
            "" => Err(refuse("is empty")),
            text => search(text).map(|found| (text.to_owned(), found)).map_err(|reason| refuse(&reason)),
        }
    }

    /// The cells of an answer, the last of them empty.
    fn write(&self, out: &mut Vec<u8>, found: &Found<'_>) {
        let number = |number: Option<f64>, decimals| number.map_or_else(String::new, |n| format!("{n:.decimals$}"));
        let cells: [&str; 8] = [
            found.code,
            found.name,
            &found.chain,
            &found.place,
            found.level,
            &number(found.confidence, 2),
            found.outcome,
            found.ask.as_deref().unwrap_or_default(),
        ];
        cells.into_iter().for_each(|cell| self.layout.cell(out, cell));
        self.layout.cell(out, &number(found.point.map(|(lon, _)| lon), 7));
        self.layout.cell(out, &number(found.point.map(|(_, lat)| lat), 7));
        out.push(self.layout.separator);
        write_metres(out, found.distance_m.unwrap_or(f64::NAN));
        out.push(self.layout.separator);
    }
}

/// Where the addresses stand.
fn place(cells: &[String], named: Option<&str>, headless: bool) -> Result<usize, Problem> {
    let is_there = |one: &Column| cells.iter().any(|cell| columns::is(cell, one));
    let usual: Column = columns::PLACES_TOLD.chunks(1).find(is_there).unwrap_or(columns::PLACES_TOLD);
    let missing = || Problem::Setting {
        key: "the column of addresses".to_owned(),
        problem: if headless {
            "without a header row say its number, from 1".to_owned()
        } else {
            let usual = columns::PLACES_TOLD.join(", ");
            format!("goes by no usual name ({usual}); say which it is (found: {})", some(cells).join(", "))
        },
    };
    let instead = "say that there is no header row, and the number of the column of addresses";
    find_column(cells, headless, (named, usual), instead, missing)
}
