//! A table of points of any length, row by row, and the same table with answers beside it. UTF-8 or GBK in, the same out.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::rc::Rc;

use csv::ByteRecord;
use encoding_rs::{Encoding, GB18030, UTF_8};
use flate2::read::MultiGzDecoder;

use super::columns::{self, Column};
use super::{FileFault, Problem, Spot, table};

/// How much of the file decides its encoding.
const SNIFFED: u64 = 1 << 20;
/// The longest row; a quote that is never closed ends here instead of filling memory.
const MAX_ROW_BYTES: u64 = 4 << 20;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Which columns hold the numbers, where the header does not tell: names as they stand in the header row.
#[derive(Clone, Debug, Default)]
pub struct PointColumns {
    pub x: Option<String>,
    pub y: Option<String>,
}

/// A row with its numbers, or with why it has none.
#[derive(Debug)]
pub struct PointRow {
    /// Line of the file, from 1.
    pub line: u64,
    pub cells: ByteRecord,
    pub point: Result<(f64, f64), RowReason>,
}

/// Why a row has no point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowReason {
    pub column: String,
    pub value: String,
    pub reason: String,
}

/// An open table of points.
pub struct PointTable {
    reader: csv::Reader<Measured>,
    encoding: &'static Encoding,
    separator: u8,
    marked: bool,
    headers: Vec<String>,
    x: usize,
    y: usize,
    read: Rc<Cell<u64>>,
    left: Rc<Cell<u64>>,
}

impl std::fmt::Debug for PointTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PointTable").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// Counts what was read, and stops a row that is too long.
struct Measured {
    inner: Box<dyn Read>,
    read: Rc<Cell<u64>>,
    left: Rc<Cell<u64>>,
}

impl Read for Measured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            let said = format!("a row is longer than {MAX_ROW_BYTES} bytes: a quote is not closed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>, FileFault> {
    let fault = |error: io::Error| {
        let problem =
            if error.kind() == io::ErrorKind::NotFound { Problem::Missing } else { Problem::Unreadable(error) };
        FileFault::whole(path, problem)
    };
    let mut file = File::open(path).map_err(fault)?;
    let mut magic = [0; 2];
    let compressed = file.read(&mut magic).map_err(fault)? == 2 && magic == [0x1f, 0x8b];
    let file = File::open(path).map_err(fault)?;
    Ok(if compressed { Box::new(MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) })
}

/// UTF-8 where the sample is, up to a character cut at its end; GB18030 where it is that.
fn sniff(path: &Path, sample: &[u8]) -> Result<&'static Encoding, FileFault> {
    let whole = (sample.len() as u64) < SNIFFED;
    match std::str::from_utf8(sample) {
        Ok(_) => return Ok(UTF_8),
        Err(error) if error.error_len().is_none() && !whole => return Ok(UTF_8),
        Err(_) => {}
    }
    // Whole lines only: a cut pair at the end is not a fault of the file.
    let end = if whole { sample.len() } else { sample.iter().rposition(|b| *b == b'\n').unwrap_or(sample.len()) };
    match super::text::decode(sample[..end].to_vec()) {
        Ok((_, "UTF-8")) => Ok(UTF_8),
        Ok((_, name)) if name == GB18030.name() => Ok(GB18030),
        Ok((_, name)) => {
            let problem = Problem::Syntax(format!("{name} text is not read here; save it as UTF-8"));
            Err(FileFault::whole(path, problem))
        }
        Err(problem) => Err(FileFault::whole(path, problem)),
    }
}

impl PointTable {
    /// Opens a table and reads its header.
    ///
    /// # Errors
    /// [`FileFault`] when the file, its encoding or its coordinate columns cannot be found.
    pub fn open(path: &Path, wanted: &PointColumns) -> Result<Self, FileFault> {
        let mut sample = Vec::new();
        open(path)?
            .take(SNIFFED)
            .read_to_end(&mut sample)
            .map_err(|error| FileFault::whole(path, Problem::Unreadable(error)))?;
        let marked = sample.starts_with(MARK);
        let encoding = sniff(path, &sample)?;
        let first = sample.split(|b| *b == b'\n').next().unwrap_or_default();
        let separator = table::separator(&encoding.decode_without_bom_handling(first).0);
        let (read, left) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(MAX_ROW_BYTES)));
        let mut inner = open(path)?;
        if marked {
            inner.read_exact(&mut [0; 3]).map_err(|error| FileFault::whole(path, Problem::Unreadable(error)))?;
        }
        let measured = Measured { inner, read: Rc::clone(&read), left: Rc::clone(&left) };
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(true).delimiter(separator).from_reader(measured);
        let at_header = |problem| FileFault::new(path, Spot::Line(1, 0), problem);
        let headers = reader.byte_headers().map_err(|error| at_header(Problem::Syntax(error.to_string())))?;
        let headers: Vec<String> =
            headers.iter().map(|h| encoding.decode_without_bom_handling(h).0.trim().to_owned()).collect();
        if headers.iter().all(String::is_empty) {
            return Err(FileFault::whole(path, Problem::Empty));
        }
        let find = |named: &Option<String>, column: Column| match named {
            Some(name) => headers.iter().position(|h| h == name).ok_or_else(|| Problem::Setting {
                key: format!("column “{name}”"),
                problem: format!("is not in the header row (found: {})", headers.join(", ")),
            }),
            None => headers.iter().position(|h| columns::is(h, column)).ok_or_else(|| Problem::MissingColumn {
                wanted: vec![column[0]],
                found: headers.iter().take(40).cloned().collect(),
            }),
        };
        let x = find(&wanted.x, columns::LON).map_err(at_header)?;
        let y = find(&wanted.y, columns::LAT).map_err(at_header)?;
        Ok(Self { reader, encoding, separator, marked, headers, x, y, read, left })
    }

    /// Bytes read so far (after decompression), for a progress bar.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When the file itself cannot be read further.
    pub fn next_row(&mut self) -> io::Result<Option<PointRow>> {
        self.left.set(MAX_ROW_BYTES);
        let mut cells = ByteRecord::new();
        if !self.reader.read_byte_record(&mut cells)? {
            return Ok(None);
        }
        let line = cells.position().map_or(0, csv::Position::line);
        let point = self.number(&cells, self.x).and_then(|x| Ok((x, self.number(&cells, self.y)?)));
        let point = match point {
            Ok(_) if cells.len() != self.headers.len() => Err(RowReason {
                column: String::new(),
                value: String::new(),
                reason: format!("the row has {} cells, the header {}", cells.len(), self.headers.len()),
            }),
            point => point,
        };
        Ok(Some(PointRow { line, cells, point }))
    }

    fn number(&self, cells: &ByteRecord, at: usize) -> Result<f64, RowReason> {
        let bytes = cells.get(at).unwrap_or_default();
        let text = self.encoding.decode_without_bom_handling_and_without_replacement(bytes);
        let refuse = |reason: &str| RowReason {
            column: self.headers[at].clone(),
            value: String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(40).collect(),
            reason: reason.to_owned(),
        };
        let Some(text) = text else { return Err(refuse("is damaged text")) };
        match text.trim() {
            "" => Err(refuse("is empty")),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(refuse("is not a number")),
            },
        }
    }
}

/// The table with more columns at its end, in the encoding it came in.
pub struct AnswerTable {
    writer: csv::Writer<BufWriter<File>>,
    encoding: &'static Encoding,
    width: usize,
}

impl std::fmt::Debug for AnswerTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerTable").field("encoding", &self.encoding.name()).finish_non_exhaustive()
    }
}

impl AnswerTable {
    /// Creates the file and writes the header of `table` with `added` behind it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, table: &PointTable, added: &[&str]) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        if table.marked {
            file.write_all(MARK)?;
        }
        let writer = csv::WriterBuilder::new().delimiter(table.separator).flexible(true).from_writer(file);
        let mut answers = Self { writer, encoding: table.encoding, width: table.headers.len() };
        let mut header = ByteRecord::new();
        for name in &table.headers {
            header.push_field(&answers.encoding.encode(name).0);
        }
        answers.push(header, added)?;
        Ok(answers)
    }

    /// Writes a row with its answers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, mut cells: ByteRecord, answers: &[&str]) -> io::Result<()> {
        // A short row is filled up, so that the answers stand in their columns; a long one keeps all it has.
        while cells.len() < self.width {
            cells.push_field(b"");
        }
        for answer in answers {
            cells.push_field(&self.encoding.encode(answer).0);
        }
        self.writer.write_byte_record(&cells).map_err(io::Error::from)
    }

    /// Writes out what is still held back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
