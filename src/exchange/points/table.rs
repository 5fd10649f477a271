//! Tables of points: the coordinates of each row are read, and answers put behind them, byte by byte.

use super::cut::{Block, Grammar};
use super::figures::{decimal, write_metres};
use super::layout::{Layout, Refusal, Row, TableProblem, find_column, some, unquoted};
use super::{Answered, ERROR, Found, Lines, OUTCOMES, Wanted, outcome, place_of};
use crate::exchange::Problem;
use crate::exchange::columns::{self, Column};

/// How much longer a row usually becomes: enough that a block's answers rarely move to a larger place.
const GROWTH: usize = 5;
/// Rows that are asked about together: enough for a lookup that works on many at once, few enough to stay in the cache until they are written.
const AT_ONCE: usize = 512;

/// What a table of points looks like: all that is needed to read any of its rows.
#[derive(Debug)]
pub struct TableForm {
    layout: Layout,
    x: usize,
    y: usize,
    /// From the distance to the end of the row, by outcome.
    tails: [Vec<u8>; 3],
    neighbours: bool,
}

impl TableForm {
    /// Reads the form from the beginning of a table, `ended` when there is no more of it. Returns it with the number of bytes before the rows.
    ///
    /// # Errors
    /// [`TableProblem`] when the encoding or the columns cannot be told.
    pub fn read(head: &[u8], ended: bool, wanted: &Wanted) -> Result<(Self, usize), TableProblem> {
        let find = |cells: &[String]| places(cells, wanted);
        let (layout, (x, y), used) = Layout::read(head, ended, wanted, wanted.added(), find)?;
        let tails = OUTCOMES.map(|found| {
            let mut tail = Vec::new();
            layout.cell(&mut tail, outcome(found));
            layout.cell(&mut tail, "");
            tail
        });
        Ok((Self { layout, x, y, tails, neighbours: wanted.neighbours }, used))
    }

    pub(super) fn grammar(&self) -> Grammar {
        self.layout.grammar.clone()
    }

    pub(super) fn beginning(&self) -> Vec<u8> {
        self.layout.beginning.clone()
    }

    /// `utf-8` or `gb18030`.
    #[must_use]
    pub fn encoding_name(&self) -> &'static str {
        self.layout.encoding_name()
    }

    /// The line on which the rows begin, from 1.
    #[must_use]
    pub const fn first_line(&self) -> u64 {
        self.layout.first_line
    }

    pub(super) fn owner_cells(&self, code: &str, name: &str, chain: &str) -> Box<[u8]> {
        let mut cells = Vec::new();
        for cell in [code, name, chain] {
            self.layout.cell(&mut cells, cell);
        }
        cells.push(self.layout.separator);
        cells.into()
    }

    pub(super) fn answer<'a>(
        &self,
        block: &Block,
        mut locate: impl FnMut(&[(f64, f64)]) -> Vec<Result<Found<'a>, String>>,
    ) -> Answered {
        let bytes = block.bytes.as_slice();
        let mut answered = Answered { bytes: Vec::with_capacity(bytes.len() * GROWTH), ..Answered::default() };
        let mut lines = Lines::of(block);
        let mut rows = self.layout.rows(bytes, self.x, self.y);
        let (mut some, mut asked) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        loop {
            some.extend(rows.by_ref().take(AT_ONCE));
            if some.is_empty() {
                return answered;
            }
            let points: Vec<_> = some.iter().map(|row| self.point(bytes, row)).collect();
            asked.extend(points.iter().filter_map(|point| point.as_ref().ok()));
            let mut found = locate(&asked).into_iter();
            for (row, point) in some.drain(..).zip(points) {
                let found = point.and_then(|(x, y)| match found.next() {
                    Some(found) => found.map_err(|reason| at((x, y), reason)),
                    None => Err(at((x, y), String::new())), // there is an answer to each
                });
                self.row(&mut answered, block, &row, found, &mut lines);
            }
            asked.clear();
        }
    }

    /// Writes one row with what was found, or why nothing was.
    fn row(
        &self,
        answered: &mut Answered,
        block: &Block,
        row: &Row,
        found: Result<Found<'_>, Refusal>,
        lines: &mut Lines,
    ) {
        let (bytes, out, layout) = (block.bytes.as_slice(), &mut answered.bytes, &self.layout);
        answered.rows += 1;
        layout.begin_row(out, bytes, row);
        match found {
            Ok(found) => self.found(out, &found),
            Err(refusal) => {
                let bad = layout.bad(lines.line(block, row.start), refusal, ERROR);
                out.extend([layout.separator; 4]);
                layout.cell(out, ERROR);
                layout.cell(out, &bad.said());
                if self.neighbours {
                    out.push(layout.separator);
                }
                answered.bad.push(bad);
            }
        }
        layout.end_row(out, bytes, row);
    }

    fn found(&self, out: &mut Vec<u8>, found: &Found<'_>) {
        out.extend_from_slice(found.owner);
        write_metres(out, found.distance_m);
        out.extend_from_slice(&self.tails[place_of(found.outcome)]);
        if self.neighbours {
            self.layout.cell(out, &found.neighbours.join(" "));
        }
    }

    fn point(&self, bytes: &[u8], row: &Row) -> Result<(f64, f64), Refusal> {
        let x = self.number(bytes, row, row.x, self.x)?;
        let y = self.number(bytes, row, row.y, self.y)?;
        self.layout.is_whole(row).map(|()| (x, y))
    }

    fn number(&self, bytes: &[u8], row: &Row, (from, to): (usize, usize), column: usize) -> Result<f64, Refusal> {
        let cell = bytes.get(from..to).unwrap_or_default();
        let plain = match cell {
            [b'"', inside @ .., b'"'] => inside,
            cell => cell,
        };
        match decimal(plain.trim_ascii()) {
            Some(number) => Ok(number),
            None => self.number_at_length(cell, row.open, column),
        }
    }

    /// A number in any other form, or why it is none.
    #[cold]
    fn number_at_length(&self, cell: &[u8], open: bool, column: usize) -> Result<f64, Refusal> {
        let cell = unquoted(cell);
        let refuse = |reason| Err(self.layout.refuse(column, &cell, reason));
        let Some(text) = self.layout.text(&cell) else { return refuse("is damaged text") };
        match text.trim() {
            "" => refuse("is empty"),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ if open => refuse("is not a number: a quote is not closed"),
                _ => refuse("is not a number"),
            },
        }
    }
}

/// Why a position has no answer.
fn at((x, y): (f64, f64), reason: String) -> Refusal {
    Refusal { column: None, value: format!("{x}, {y}"), reason }
}

/// Where the coordinates stand.
fn places(cells: &[String], wanted: &Wanted) -> Result<(usize, usize), Problem> {
    let find = |named: &Option<String>, column: Column| {
        let missing = || {
            if !wanted.headless {
                return Problem::MissingColumn { wanted: vec![column[0]], found: some(cells) };
            }
            let problem = "without a header row say the numbers of both coordinate columns, from 1".to_owned();
            Problem::Setting { key: format!("column of {}", column[0]), problem }
        };
        let looks_like = "say that there is no header row, and the numbers of the coordinate columns";
        find_column(cells, wanted.headless, (named.as_deref(), column), looks_like, missing)
    };
    let (x, y) = (find(&wanted.x, columns::LON)?, find(&wanted.y, columns::LAT)?);
    if x == y {
        let problem = format!("is named for both coordinates (column {})", x + 1);
        return Err(Problem::Setting { key: "one column".to_owned(), problem });
    }
    Ok((x, y))
}
