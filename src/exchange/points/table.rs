//! Tables of points: what a table looks like is decided from its beginning; then cells are found, and answers put behind them, byte by byte.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Encoding, GB18030, GBK, UTF_8};
use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr2, memchr3};

use super::cut::{Block, Class, Grammar, is_trail};
use super::figures::{decimal, write_metres};
use super::{Answered, BadRow, ERROR, Found, Lines, OUTCOMES, Wanted, outcome, place_of};
use crate::exchange::columns::{self, Column};
use crate::exchange::{FileFault, Problem, Spot, table, text};

const MARK: &[u8] = b"\xef\xbb\xbf";
/// How much of a value an error repeats.
const ECHO_CHARS: usize = 40;
const MAX_COLUMNS: usize = 1024;
/// How much longer a row usually becomes: enough that a block's answers rarely move to a larger place.
const GROWTH: usize = 5;
/// Rows that are asked about together: enough for a lookup that works on many at once, few enough to stay in the cache until they are written.
const AT_ONCE: usize = 512;

/// The byte between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separator(u8);

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

/// What a table is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    #[must_use]
    pub fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }
}

impl FromStr for TextEncoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Encoding::for_label(text.as_bytes()) {
            Some(found) if found == UTF_8 => Ok(Self(UTF_8)),
            // Every GBK text is a GB18030 text of the same characters.
            Some(found) if found == GBK || found == GB18030 => Ok(Self(GB18030)),
            _ => Err("tables are read in utf-8, gbk or gb18030".to_owned()),
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

/// A table file to be read once, unpacked if it is gzip, and how many bytes of the file were read so far.
///
/// # Errors
/// [`FileFault`] when there is none, or it may not be read.
pub fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Arc<AtomicU64>), FileFault> {
    let fault = |error: io::Error| {
        let problem =
            if error.kind() == io::ErrorKind::NotFound { Problem::Missing } else { Problem::Unreadable(error) };
        FileFault::whole(path, problem)
    };
    let mut file = File::open(path).map_err(fault)?;
    let mut magic = Vec::new();
    (&mut file).take(2).read_to_end(&mut magic).map_err(fault)?;
    let compressed = magic == [0x1f, 0x8b];
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: io::Cursor::new(magic).chain(file), read: Arc::clone(&read) };
    Ok((if compressed { Box::new(MultiGzDecoder::new(BufReader::new(counted))) } else { Box::new(counted) }, read))
}

/// The encoding of a table whose beginning has nothing but ASCII: that of the first text which has more. `None` when no text has, or the file can be
/// read only once. Costs one more reading up to there.
///
/// # Errors
/// [`FileFault`] when that text is in no encoding that is read here.
pub fn encoding_further_on(path: &Path) -> Result<Option<TextEncoding>, FileFault> {
    if !path.is_file() {
        return Ok(None);
    }
    let (mut file, _) = open(path)?;
    loop {
        let mut piece = Vec::new();
        // A file that breaks further on is told by the run itself, which has answered the rows before by then.
        if !file.by_ref().take(SNIFFED).read_to_end(&mut piece).is_ok_and(|read| read > 0) {
            return Ok(None);
        }
        if !piece.is_ascii() {
            let ended = file.by_ref().take(SNIFFED).read_to_end(&mut piece).is_ok_and(|read| read < SNIFFED as usize);
            let encoding = sniff(&piece, ended).map_err(|problem| FileFault::whole(path, problem))?;
            return Ok(Some(TextEncoding(encoding)));
        }
    }
}

/// How much is looked at once for what is not ASCII.
const SNIFFED: u64 = 1 << 20;

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// UTF-8 where the sample is, up to a character cut at its end; GB18030 where it is that.
fn sniff(sample: &[u8], whole: bool) -> Result<&'static Encoding, Problem> {
    match std::str::from_utf8(sample) {
        Ok(_) => return Ok(UTF_8),
        Err(error) if error.error_len().is_none() && !whole => return Ok(UTF_8),
        Err(_) => {}
    }
    // Whole lines only: a cut pair at the end is not a fault of the table.
    let end = if whole { sample.len() } else { sample.iter().rposition(|b| *b == b'\n').unwrap_or(sample.len()) };
    match text::decode(sample[..end].to_vec())? {
        (_, "UTF-8") => Ok(UTF_8),
        (_, name) if name == GB18030.name() => Ok(GB18030),
        (_, name) => Err(Problem::Syntax(format!("{name} text is not read here; save it as UTF-8"))),
    }
}

/// What a table looks like: all that is needed to read any of its rows.
#[derive(Debug)]
pub struct TableForm {
    encoding: &'static Encoding,
    separator: u8,
    grammar: Grammar,
    /// Cells in a row.
    width: usize,
    /// The name of each column, or its number.
    names: Vec<String>,
    x: usize,
    y: usize,
    beginning: Vec<u8>,
    /// The line on which the rows begin.
    first_line: u64,
    newline: &'static [u8],
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
        let (x, y) = places(&cells, wanted).map_err(TableProblem::of_header)?;
        let names = if wanted.headless { (1..=cells.len()).map(|n| n.to_string()).collect() } else { cells };
        let mut form = Self {
            encoding,
            separator,
            grammar,
            width: names.len(),
            names,
            x,
            y,
            // With the empty lines before the first row: without them, a mark that stands behind them would begin the answer.
            beginning: head[..mark + first.start].to_vec(),
            first_line: 1,
            newline,
            tails: Default::default(),
            neighbours: wanted.neighbours,
        };
        let mut used = first.start;
        if !wanted.headless {
            let mut beginning = head[..mark + first.end].to_vec();
            wanted.added().for_each(|name| form.cell(&mut beginning, &name));
            beginning.extend_from_slice(newline);
            form.beginning = beginning;
            used = first.next;
        }
        form.first_line += memchr::memchr_iter(form.grammar.line_break, &text[..used]).count() as u64;
        form.tails = OUTCOMES.map(|found| {
            let mut tail = Vec::new();
            form.cell(&mut tail, outcome(found));
            form.cell(&mut tail, "");
            tail
        });
        Ok((form, mark + used))
    }

    pub(super) fn grammar(&self) -> Grammar {
        self.grammar.clone()
    }

    pub(super) fn beginning(&self) -> Vec<u8> {
        self.beginning.clone()
    }

    /// `utf-8` or `gb18030`.
    #[must_use]
    pub fn encoding_name(&self) -> &'static str {
        self.encoding.name()
    }

    /// The line on which the rows begin, from 1.
    #[must_use]
    pub const fn first_line(&self) -> u64 {
        self.first_line
    }

    pub(super) fn owner_cells(&self, code: &str, name: &str, chain: &str) -> Box<[u8]> {
        let mut cells = Vec::new();
        for cell in [code, name, chain] {
            self.cell(&mut cells, cell);
        }
        cells.push(self.separator);
        cells.into()
    }

    /// A separator and a cell behind it, in the table's encoding, quoted where it must be.
    fn cell(&self, out: &mut Vec<u8>, text: &str) {
        out.push(self.separator);
        let encoded = self.encoding.encode(text).0;
        if memchr3(self.separator, b'"', b'\n', &encoded).is_none() && memchr(b'\r', &encoded).is_none() {
            out.extend_from_slice(&encoded);
            return;
        }
        out.push(b'"');
        for part in encoded.split_inclusive(|byte| *byte == b'"') {
            out.extend_from_slice(part);
            if part.ends_with(b"\"") {
                out.push(b'"');
            }
        }
        out.push(b'"');
    }

    pub(super) fn answer<'a>(
        &self,
        block: &Block,
        mut locate: impl FnMut(&[(f64, f64)]) -> Vec<Result<Found<'a>, String>>,
    ) -> Answered {
        let bytes = block.bytes.as_slice();
        let mut answered = Answered { bytes: Vec::with_capacity(bytes.len() * GROWTH), ..Answered::default() };
        let mut lines = Lines::of(block);
        let mut rows = Rows { bytes, grammar: &self.grammar, x: self.x, y: self.y, at: 0 };
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
                    Some(found) => found.map_err(|reason| Refusal::of((x, y), reason)),
                    None => Err(Refusal::of((x, y), String::new())), // there is an answer to each
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
        let (bytes, out) = (block.bytes.as_slice(), &mut answered.bytes);
        answered.rows += 1;
        out.extend_from_slice(&bytes[row.start..row.end]);
        if row.open {
            out.push(b'"'); // what follows must not become part of the cell
        }
        // A short row is filled up, so that the answers stand in their columns; a long one keeps all it has.
        out.extend(std::iter::repeat_n(self.separator, self.width.saturating_sub(row.cells)));
        match found {
            Ok(found) => self.found(out, &found),
            Err(refusal) => {
                let line = lines.line(block, row.start);
                let column = refusal.column.map_or_else(String::new, |at| self.names[at].clone());
                let bad = BadRow { line, column, value: refusal.value, reason: refusal.reason };
                out.extend([self.separator; 4]);
                self.cell(out, ERROR);
                self.cell(out, &bad.said());
                if self.neighbours {
                    out.push(self.separator);
                }
                answered.bad.push(bad);
            }
        }
        let newline = &bytes[row.end..row.next];
        out.extend_from_slice(if newline.is_empty() { self.newline } else { newline });
    }

    fn found(&self, out: &mut Vec<u8>, found: &Found<'_>) {
        out.extend_from_slice(found.owner);
        write_metres(out, found.distance_m);
        out.extend_from_slice(&self.tails[place_of(found.outcome)]);
        if self.neighbours {
            self.cell(out, &found.neighbours.join(" "));
        }
    }

    fn point(&self, bytes: &[u8], row: &Row) -> Result<(f64, f64), Refusal> {
        let x = self.number(bytes, row, row.x, self.x)?;
        let y = self.number(bytes, row, row.y, self.y)?;
        let reason = if row.open {
            "a quote is not closed".to_owned()
        } else if row.cells != self.width {
            format!("the row has {} cells, the header {}", row.cells, self.width)
        } else {
            return Ok((x, y));
        };
        Err(Refusal { column: None, value: String::new(), reason })
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
        let refuse = |reason: &str| {
            let value = self.encoding.decode_without_bom_handling(&cell).0;
            let value = value.chars().filter(|c| !c.is_control()).take(ECHO_CHARS).collect();
            Err(Refusal { column: Some(column), value, reason: reason.to_owned() })
        };
        let Some(text) = self.encoding.decode_without_bom_handling_and_without_replacement(&cell) else {
            return refuse("is damaged text");
        };
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

/// Why a row has no point.
struct Refusal {
    column: Option<usize>,
    value: String,
    reason: String,
}

impl Refusal {
    fn of((x, y): (f64, f64), reason: String) -> Self {
        Self { column: None, value: format!("{x}, {y}"), reason }
    }
}

/// Where the coordinates stand.
fn places(cells: &[String], wanted: &Wanted) -> Result<(usize, usize), Problem> {
    let by_name = |name: &str| cells.iter().position(|cell| cell == name).filter(|_| !wanted.headless);
    let by_number = |name: &str| name.parse::<usize>().ok().filter(|n| (1..=cells.len()).contains(n)).map(|n| n - 1);
    let found = || cells.iter().take(ECHO_CHARS).cloned().collect::<Vec<_>>();
    let find = |named: &Option<String>, column: Column| {
        match named {
        Some(name) => by_name(name).or_else(|| by_number(name)).ok_or_else(|| Problem::Setting {
            key: format!("column “{name}”"),
            problem: if wanted.headless {
                format!("is no number from 1 to {}; without a header row columns go by number", cells.len())
            } else {
                format!("is not in the header row (found: {})", found().join(", "))
            },
        }),
        None if wanted.headless => Err(Problem::Setting {
            key: format!("column of {}", column[0]),
            problem: "without a header row say the numbers of both coordinate columns, from 1".to_owned(),
        }),
        None => cells.iter().position(|cell| columns::is(cell, column)).ok_or_else(|| {
            if cells.iter().any(|cell| cell.parse::<f64>().is_ok()) {
                let problem = "looks like data, not names; say that there is no header row, and the numbers of the coordinate columns";
                Problem::Setting { key: "the first row".to_owned(), problem: problem.to_owned() }
            } else {
                Problem::MissingColumn { wanted: vec![column[0]], found: found() }
            }
        }),
    }
    };
    let (x, y) = (find(&wanted.x, columns::LON)?, find(&wanted.y, columns::LAT)?);
    if x == y {
        let problem = format!("is named for both coordinates (column {})", x + 1);
        return Err(Problem::Setting { key: "one column".to_owned(), problem });
    }
    Ok((x, y))
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
fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
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
struct Row {
    start: usize,
    /// The end of its last cell.
    end: usize,
    /// The beginning of the next row.
    next: usize,
    cells: usize,
    x: (usize, usize),
    y: (usize, usize),
    /// The block ends within quotes.
    open: bool,
}

/// The rows of a block. Lines with nothing in them are none.
struct Rows<'a> {
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
