//! What a table looks like, decided from its beginning: encoding, separator, quotes, line ends, names of columns. Then its rows and cells are found, and
//! cells put behind them, byte by byte.

use std::borrow::Cow;
use std::path::Path;
use std::str::FromStr;

use encoding_rs::{Encoding, GB18030};
use memchr::{memchr, memchr2, memchr3};

use super::cut::{Class, Cutter, Grammar, is_trail};
use super::open::{TextEncoding, sniff};
use super::{BadRow, Wanted};
use crate::exchange::columns::{self, Column};
use crate::exchange::{FileFault, Problem, Spot, table};

const MARK: &[u8] = b"\xef\xbb\xbf";
/// How much of a value an error repeats.
const ECHO_CHARS: usize = 40;
const MAX_COLUMNS: usize = 1024;

/// The byte between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separator(pub(super) u8);

impl FromStr for Separator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            b"tab" | b"\\t" | b"\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && !b"\"'.+-".contains(byte) => {
                Ok(Self(*byte))
            }
            _ => Err("a separator is one character such as , ; | or the word tab".to_owned()),
        }
    }
}

/// Why the beginning of a table is none.
#[derive(Debug)]
pub struct TableProblem {
    /// 0 for the table as a whole.
    pub line: usize,
    pub problem: Problem,
    /// More of the table could change that: its first row does not end in what there is.
    pub unfinished: bool,
}

impl std::fmt::Display for TableProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "the table {}", self.problem),
            line => write!(f, "line {line}: {}", self.problem),
        }
    }
}

impl TableProblem {
    const fn whole(problem: Problem) -> Self {
        Self { line: 0, problem, unfinished: false }
    }

    const fn of_header(problem: Problem) -> Self {
        Self { line: 1, problem, unfinished: false }
    }

    /// The same about a file.
    #[must_use]
    pub fn of(self, path: &Path) -> FileFault {
        let spot = if self.line == 0 { Spot::Whole } else { Spot::Line(self.line, 0) };
        FileFault::new(path, spot, self.problem)
    }
}

/// All that is needed to read any row of a table, whatever its cells mean.
#[derive(Debug)]
pub(in crate::exchange) struct Layout {
    encoding: &'static Encoding,
    pub separator: u8,
    pub(super) grammar: Grammar,
    /// Cells in a row.
    width: usize,
    /// The name of each column, or its number.
    pub names: Vec<String>,
    pub beginning: Vec<u8>,
    /// The line on which the rows begin.
    pub first_line: u64,
    newline: &'static [u8],
}

impl Layout {
    /// Reads the layout from the beginning of a table, `ended` when there is no more of it: with what `find` makes of the cells of the first row, and
    /// the number of bytes before the rows. `added` are the names of the columns that the answers will stand in.
    ///
    /// # Errors
    /// [`TableProblem`] when the encoding or the columns cannot be told.
    pub fn read<C>(
        head: &[u8],
        ended: bool,
        wanted: &Wanted,
        added: impl Iterator<Item = String>,
        find: impl FnOnce(&[String]) -> Result<C, Problem>,
    ) -> Result<(Self, C, usize), TableProblem> {
        let encoding = match wanted.encoding {
            Some(TextEncoding(encoding)) => encoding,
            None => sniff(head, ended).map_err(TableProblem::whole)?,
        };
        let mark = if head.starts_with(MARK) { MARK.len() } else { 0 };
        let text = &head[mark..];
        let (line, newline) = first_line(text);
        let separator =
            wanted.separator.map_or_else(|| table::separator(&encoding.decode_without_bom_handling(line).0), |s| s.0);
        let wide = encoding == GB18030 && (0x40..=0x7e).contains(&separator);
        let grammar = Grammar::table(separator, wide, newline[newline.len() - 1]);
        let Some(first) = (Rows { bytes: text, grammar: &grammar, x: 0, y: 0, at: 0 }).next() else {
            return Err(TableProblem { unfinished: !ended, ..TableProblem::whole(Problem::Empty) });
        };
        if first.cells > MAX_COLUMNS {
            let problem = Problem::TooMany { what: "the number of columns", limit: MAX_COLUMNS };
            return Err(TableProblem::of_header(problem));
        }
        if first.end == text.len() && !ended || first.open {
            let problem = Problem::Syntax("the first row does not end: a quote is not closed".to_owned());
            return Err(TableProblem { unfinished: !ended, ..TableProblem::of_header(problem) });
        }
        let cells = cells(text, &first, &grammar, encoding);
        if !wanted.headless && cells.iter().all(String::is_empty) {
            return Err(TableProblem::whole(Problem::Empty));
        }
        let columns = find(&cells).map_err(TableProblem::of_header)?;
        let names = if wanted.headless { (1..=cells.len()).map(|n| n.to_string()).collect() } else { cells };
        let mut layout = Self {
            encoding,
            separator,
            grammar,
            width: names.len(),
            names,
            // With the empty lines before the first row: without them, a mark that stands behind them would begin the answer.
            beginning: head[..mark + first.start].to_vec(),
            first_line: 1,
            newline,
        };
        let mut used = first.start;
        if !wanted.headless {
            let mut beginning = head[..mark + first.end].to_vec();
            added.for_each(|name| layout.cell(&mut beginning, &name));
            beginning.extend_from_slice(newline);
            layout.beginning = beginning;
            used = first.next;
        }
        layout.first_line += memchr::memchr_iter(layout.grammar.line_break, &text[..used]).count() as u64;
        Ok((layout, columns, mark + used))
    }

    /// `utf-8` or `gb18030`.
    pub fn encoding_name(&self) -> &'static str {
        self.encoding.name()
    }

    /// A separator and a cell behind it, in the table's encoding, quoted where it must be.
    pub fn cell(&self, out: &mut Vec<u8>, text: &str) {
        out.push(self.separator);
        self.quote(out, text);
    }

    /// The same where the separator stands already.
    pub fn quote(&self, out: &mut Vec<u8>, text: &str) {
        quoted(out, &self.encoding.encode(text).0, self.separator);
    }

    /// An empty cutter for the rows, none longer than `row_bytes`.
    pub fn cutter(&self, row_bytes: usize) -> Cutter {
        Cutter::new(self.grammar.clone(), row_bytes, self.first_line)
    }

    /// The rows of a block, with where two of their cells stand.
    pub fn rows<'a>(&'a self, bytes: &'a [u8], x: usize, y: usize) -> Rows<'a> {
        Rows { bytes, grammar: &self.grammar, x, y, at: 0 }
    }

    /// Copies a row, filled up where it is short, so that the answers stand in their columns; a long one keeps all it has.
    pub fn begin_row(&self, out: &mut Vec<u8>, bytes: &[u8], row: &Row) {
        out.extend_from_slice(&bytes[row.start..row.end]);
        if row.open {
            out.push(b'"'); // what follows must not become part of the cell
        }
        out.extend(std::iter::repeat_n(self.separator, self.width.saturating_sub(row.cells)));
    }

    /// Ends a row as it ended in the table.
    pub fn end_row(&self, out: &mut Vec<u8>, bytes: &[u8], row: &Row) {
        let newline = &bytes[row.end..row.next];
        out.extend_from_slice(if newline.is_empty() { self.newline } else { newline });
    }

    /// Why the cells of a row cannot be told apart, if that is so.
    ///
    /// # Errors
    /// [`Refusal`] of the row as a whole.
    pub fn is_whole(&self, row: &Row) -> Result<(), Refusal> {
        let reason = if row.open {
            "a quote is not closed".to_owned()
        } else if row.cells != self.width {
            format!("the row has {} cells, the header {}", row.cells, self.width)
        } else {
            return Ok(());
        };
        Err(Refusal { column: None, value: String::new(), reason })
    }

    /// What a cell without its quotes says; `None` when it is damaged.
    pub fn text<'a>(&self, cell: &'a [u8]) -> Option<Cow<'a, str>> {
        self.encoding.decode_without_bom_handling_and_without_replacement(cell)
    }

    /// Why a cell, without its quotes, is of no use.
    pub fn refuse(&self, column: usize, cell: &[u8], reason: &str) -> Refusal {
        let value = self.encoding.decode_without_bom_handling(cell).0;
        Refusal { column: Some(column), value: echo(&value), reason: reason.to_owned() }
    }

    /// What is told of a row that has no answer.
    pub fn bad(&self, line: u64, refusal: Refusal, outcome: &'static str) -> BadRow {
        let column = refusal.column.and_then(|at| self.names.get(at)).cloned().unwrap_or_default();
        BadRow { line, column, value: refusal.value, outcome, reason: refusal.reason }
    }
}

/// The beginning of a value, on one line.
pub(in crate::exchange) fn echo(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(ECHO_CHARS).collect()
}

/// A cell's text, quoted where it must be.
pub(in crate::exchange) fn quoted(out: &mut Vec<u8>, text: &[u8], separator: u8) {
    if memchr3(separator, b'"', b'\n', text).is_none() && memchr(b'\r', text).is_none() {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for part in text.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// Where the column stands that was named, or that goes by one of the usual names. `instead` is what to say of a first row that is data,
/// `missing` what is said when there is none.
pub(in crate::exchange) fn find_column(
    cells: &[String],
    headless: bool,
    (named, column): (Option<&str>, Column),
    instead: &str,
    missing: impl FnOnce() -> Problem,
) -> Result<usize, Problem> {
    let by_name = |name: &str| cells.iter().position(|cell| cell == name).filter(|_| !headless);
    let by_number = |name: &str| name.parse::<usize>().ok().filter(|n| (1..=cells.len()).contains(n)).map(|n| n - 1);
    match named {
        Some(name) => by_name(name).or_else(|| by_number(name)).ok_or_else(|| Problem::Setting {
            key: format!("column “{name}”"),
            problem: if headless {
                format!("is no number from 1 to {}; without a header row columns go by number", cells.len())
            } else {
                format!("is not in the header row (found: {})", some(cells).join(", "))
            },
        }),
        None if headless => Err(missing()),
        None => cells.iter().position(|cell| columns::is(cell, column)).ok_or_else(|| {
            if cells.iter().any(|cell| cell.parse::<f64>().is_ok()) {
                let problem = format!("looks like data, not names; {instead}");
                Problem::Setting { key: "the first row".to_owned(), problem }
            } else {
                missing()
            }
        }),
    }
}

/// As many names as an error repeats.
pub(in crate::exchange) fn some(cells: &[String]) -> Vec<String> {
    cells.iter().take(ECHO_CHARS).cloned().collect()
}

/// Why a row has no answer.
pub(in crate::exchange) struct Refusal {
    pub column: Option<usize>,
    pub value: String,
    pub reason: String,
}

/// The first line with something in it, and how it ends.
fn first_line(text: &[u8]) -> (&[u8], &'static [u8]) {
    let text = &text[text.iter().take_while(|byte| b"\r\n".contains(byte)).count()..];
    let end = memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    let newline: &[u8] = match text[end..] {
        [b'\r', b'\n', ..] => b"\r\n",
        [b'\r', _, ..] => b"\r",
        _ => b"\n",
    };
    (&text[..end], newline)
}

/// The cells of the first row, decoded and trimmed.
fn cells(text: &[u8], row: &Row, grammar: &Grammar, encoding: &'static Encoding) -> Vec<String> {
    let cell = |n| {
        let mut rows = Rows { bytes: &text[row.start..row.end], grammar, x: n, y: n, at: 0 };
        let (from, to) = rows.next().map_or((0, 0), |found| found.x);
        let bytes = unquoted(text[row.start..row.end].get(from..to).unwrap_or_default());
        encoding.decode_without_bom_handling(&bytes).0.trim().to_owned()
    };
    (0..row.cells).map(cell).collect()
}

/// What a cell says without its quotes.
pub(in crate::exchange) fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', rest @ ..] = cell else { return Cow::Borrowed(cell) };
    let (mut said, mut at) = (Vec::with_capacity(rest.len()), 0);
    while let Some(quote) = memchr(b'"', &rest[at..]) {
        said.extend_from_slice(&rest[at..at + quote]);
        at += quote + 1;
        if rest.get(at) != Some(&b'"') {
            break; // what comes behind the closing quote belongs to the cell as it is
        }
        said.push(b'"');
        at += 1;
    }
    said.extend_from_slice(&rest[at..]);
    Cow::Owned(said)
}

/// Where a row and its coordinates stand in a block.
#[derive(Clone, Copy, Debug)]
pub(in crate::exchange) struct Row {
    pub start: usize,
    /// The end of its last cell.
    pub end: usize,
    /// The beginning of the next row.
    pub next: usize,
    pub cells: usize,
    pub x: (usize, usize),
    pub y: (usize, usize),
    /// The block ends within quotes.
    pub open: bool,
}

/// The rows of a block. Lines with nothing in them are none.
pub(in crate::exchange) struct Rows<'a> {
    bytes: &'a [u8],
    grammar: &'a Grammar,
    x: usize,
    y: usize,
    at: usize,
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let bytes = self.bytes;
        let mut at = self.at;
        while let Some(b'\n' | b'\r') = bytes.get(at) {
            at += 1;
        }
        if at >= bytes.len() {
            return None;
        }
        let mut row = Row { start: at, end: at, next: at, cells: 0, x: (0, 0), y: (0, 0), open: false };
        loop {
            let from = at;
            if bytes.get(at) == Some(&b'"') {
                match closing(bytes, at + 1) {
                    Some(behind) => at = behind,
                    None => (at, row.open) = (bytes.len(), true),
                }
            }
            let class = loop {
                let Some(&byte) = bytes.get(at) else { break Class::Newline };
                match self.grammar.class(byte) {
                    Class::Plain => at += 1,
                    Class::Lead => at += 1 + usize::from(bytes.get(at + 1).is_some_and(|b| is_trail(*b))),
                    class => break class,
                }
            };
            if row.cells == self.x {
                row.x = (from, at);
            }
            if row.cells == self.y {
                row.y = (from, at);
            }
            row.cells += 1;
            if class != Class::Separator {
                break;
            }
            at += 1;
        }
        (row.end, row.next) = (at, at);
        if bytes.get(at) == Some(&b'\r') {
            row.next += 1;
        }
        if bytes.get(row.next) == Some(&b'\n') {
            row.next += 1;
        }
        self.at = row.next;
        Some(row)
    }
}

/// The byte behind the quote that closes the quotes in which `at` is.
fn closing(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}
