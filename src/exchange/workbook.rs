//! Excel workbooks (.xlsx): a sheet as the bytes of a table, so that it is read like any other; and answered tables as a sheet.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use calamine::{Cell, DataRef, Reader, Xlsx, XlsxError};
use rust_xlsxwriter::{Workbook, XlsxError as Unwritten};

use super::points::layout::quoted;
use super::{FileFault, Limits, Problem};

/// Excel's own limits; a file that says otherwise was not written by it.
const MOST_ROWS: u32 = 1 << 20;
const MOST_COLUMNS: u32 = 1024;
/// How many files a workbook may be made of: some ten a sheet.
const MOST_PARTS: usize = 10_000;

/// A sheet as UTF-8 text between commas, every row with as many cells as the widest.
#[derive(Debug, Default)]
pub struct Sheet {
    pub table: Vec<u8>,
    pub rows: RowNumbers,
}

/// The number of the sheet's row that a line of the text belongs to: cells with line breaks take several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNumbers {
    /// The first line of each row that has more than one, and how many more, those before it included.
    more: Vec<(u64, u64)>,
}

impl RowNumbers {
    #[must_use]
    pub fn row(&self, line: u64) -> u64 {
        let before = self.more.partition_point(|(first, _)| *first < line);
        line - before.checked_sub(1).and_then(|at| self.more.get(at)).map_or(0, |(_, more)| *more)
    }
}

/// Whether a file is a zip archive, as workbooks are.
///
/// # Errors
/// [`FileFault`] when it cannot be read.
pub fn is_one(path: &Path) -> Result<bool, FileFault> {
    let mut magic = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4).read_to_end(&mut magic));
    match read {
        Ok(_) => Ok(magic == *b"PK\x03\x04"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FileFault::whole(path, Problem::Missing)),
        Err(error) => Err(FileFault::whole(path, Problem::Unreadable(error))),
    }
}

/// Reads a sheet whole: the one of that name, or the first. Numbers and dates become text as a spreadsheet shows them without a format of
/// its own. Memory: the sheet's text, and the texts that the workbook keeps once.
///
/// # Errors
/// [`FileFault`] when the file is damaged, unpacks to more than the limits allow, or has no such sheet.
pub fn read(path: &Path, sheet: Option<&str>, limits: &Limits) -> Result<Sheet, FileFault> {
    let fault = |problem| FileFault::whole(path, problem);
    let unreadable = |error| fault(Problem::Unreadable(error));
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > limits.file_bytes {
        return Err(fault(Problem::TooLarge { bytes, limit: limits.file_bytes }));
    }
    measure(&file, limits).map_err(fault)?;
    file.rewind().map_err(unreadable)?;
    sheet_of(file, sheet, limits).map_err(fault)
}

/// Unpacks every part once, into nothing: what they say about their own size is not to be believed.
fn measure(file: &File, limits: &Limits) -> Result<(), Problem> {
    let broken = |error: &dyn std::fmt::Display| Problem::BrokenWorkbook(error.to_string());
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(Problem::TooMany { what: "the number of files in the workbook", limit: MOST_PARTS });
    }
    let mut left = limits.text_bytes;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|error| broken(&error))?;
        left = left.checked_sub(read).ok_or(Problem::TooLargeUnpacked { limit: limits.text_bytes })?;
    }
    Ok(())
}

fn sheet_of(file: File, wanted: Option<&str>, limits: &Limits) -> Result<Sheet, Problem> {
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let names = workbook.sheet_names();
    let name = match wanted {
        None => names.first().ok_or(Problem::Empty)?,
        Some(wanted) => names.iter().find(|name| *name == wanted).ok_or_else(|| Problem::Setting {
            key: format!("sheet “{wanted}”"),
            problem: format!("is not in the workbook (found: {})", names.join(", ")),
        })?,
    };
    // Twice: how wide a sheet is shows only at its end, and what it says about its size is not to be believed.
    let (mut rows, mut width) = (0_u64, 0_u64);
    each(&mut workbook, name, |row, column, _| {
        (rows, width) = (u64::from(row) + 1, width.max(u64::from(column) + 1));
        Ok(())
    })?;
    if rows * width > limits.text_bytes {
        return Err(Problem::TooLargeUnpacked { limit: limits.text_bytes });
    }
    let mut text = Written { width: width as u32, ..Written::default() };
    each(&mut workbook, name, |row, column, value| {
        text.cell(row, column, value);
        if text.out.len() as u64 > limits.text_bytes {
            return Err(Problem::TooLargeUnpacked { limit: limits.text_bytes });
        }
        Ok(())
    })?;
    text.end_row();
    Ok(Sheet { table: text.out, rows: RowNumbers { more: text.more } })
}

fn broken(error: &XlsxError) -> Problem {
    match error {
        XlsxError::Password => Problem::BrokenWorkbook("it is protected by a password".to_owned()),
        error => Problem::BrokenWorkbook(error.to_string()),
    }
}

/// Every cell with something in it, in the order of rows and columns, which is made sure of.
fn each<R: Read + Seek>(
    workbook: &mut Xlsx<R>,
    name: &str,
    mut then: impl FnMut(u32, u32, &DataRef<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error))?;
    let mut next = (0, 0);
    while let Some(cell) = cells.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = Cell::get_position(&cell);
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        if row >= MOST_ROWS {
            return Err(Problem::TooMany { what: "the number of rows", limit: MOST_ROWS as usize });
        }
        if column >= MOST_COLUMNS {
            return Err(Problem::TooMany { what: "the number of columns", limit: MOST_COLUMNS as usize });
        }
        if (row, column) < next {
            let said = format!("row {} comes after row {}", row + 1, next.0 + 1);
            return Err(Problem::BrokenWorkbook(said));
        }
        next = (row, column + 1);
        then(row, column, cell.get_value())?;
    }
    Ok(())
}

/// A sheet on its way to text.
#[derive(Default)]
struct Written {
    out: Vec<u8>,
    width: u32,
    /// The row that is being written, from 0, and the cells that it has.
    row: u32,
    cells: u32,
    /// Line breaks within its cells.
    breaks: u64,
    more: Vec<(u64, u64)>,
}

impl Written {
    fn cell(&mut self, row: u32, column: u32, value: &DataRef<'_>) {
        while self.row < row {
            self.end_row();
        }
        self.separate(column);
        let before = self.out.len();
        quoted(&mut self.out, shown(value).as_bytes(), b',');
        let breaks = memchr::memchr_iter(b'\n', &self.out[before..]).count() as u64;
        self.cells = column + 1;
        self.breaks += breaks;
    }

    /// Separators up to the cell of that column.
    fn separate(&mut self, column: u32) {
        let there = self.cells.saturating_sub(1);
        self.out.extend(std::iter::repeat_n(b',', (column - there.min(column)) as usize));
    }

    /// Fills the row up; one without a cell is an empty line.
    fn end_row(&mut self) {
        if self.cells > 0 {
            self.separate(self.width.saturating_sub(1));
        }
        self.out.push(b'\n');
        if self.breaks > 0 {
            let before = self.more.last().map_or(0, |(_, more)| *more);
            self.more.push((u64::from(self.row) + 1 + before, before + self.breaks));
        }
        (self.row, self.cells, self.breaks) = (self.row + 1, 0, 0);
    }
}

/// A value as text. What calamine tells of a format is whether it is one of dates.
fn shown<'a>(value: &'a DataRef<'_>) -> Cow<'a, str> {
    match value {
        DataRef::Empty => "".into(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.as_str().into(),
        DataRef::SharedString(text) => (*text).into(),
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => figures(*number).into(),
        DataRef::Bool(true) => "TRUE".into(),
        DataRef::Bool(false) => "FALSE".into(),
        DataRef::DateTime(time) if time.is_duration() => {
            let seconds = (time.as_f64() * 86_400.0).round() as i64;
            format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).into()
        }
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let clock = format!("{hour:02}:{minute:02}:{second:02}");
            match (time.as_f64() < 1.0, (hour, minute, second, milli) == (0, 0, 0, 0)) {
                (true, _) => clock.into(),
                (false, true) => date.into(),
                (false, false) => format!("{date} {clock}").into(),
            }
        }
        DataRef::Error(error) => error.to_string().into(),
    }
}

/// To the fifteen figures that a spreadsheet keeps: 0.1 + 0.2 is 0.3.
fn figures(number: f64) -> String {
    format!("{number:.14e}").parse::<f64>().unwrap_or(number).to_string()
}

/// Answered rows on their way to a workbook of one sheet, row by row, in memory that does not grow. All cells are texts, as order numbers and codes
/// have to be, but for those of some columns.
pub struct Answers {
    workbook: Workbook,
    separator: u8,
    /// Columns of numbers, counted from the last.
    numbers: &'static [usize],
    next: u32,
    damaged: u64,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Answers {
    /// # Errors
    /// When there is no place for temporary files.
    pub fn new(separator: u8, numbers: &'static [usize]) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        workbook.add_worksheet_with_constant_memory().map_err(unwritten)?;
        Ok(Self { workbook, separator, numbers, next: 0, damaged: 0 })
    }

    /// Takes whole rows of a table in UTF-8.
    ///
    /// # Errors
    /// When a sheet cannot have so many, or cells so long.
    pub fn rows(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(unwritten)?;
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).flexible(true).delimiter(self.separator).from_reader(bytes);
        let mut row = csv::ByteRecord::new();
        while reader.read_byte_record(&mut row)? {
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let text = String::from_utf8_lossy(cell);
                self.damaged += u64::from(matches!(text, Cow::Owned(_)));
                let from_last = row.len() - 1 - column;
                let number = self.numbers.contains(&from_last).then(|| text.parse::<f64>().ok()).flatten();
                let column = column.min(usize::from(u16::MAX)) as u16;
                let written = match number {
                    Some(number) => sheet.write_number(self.next, column, number),
                    None => sheet.write_string(self.next, column, text),
                };
                written.map_err(unwritten)?;
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Writes the file; returns how many cells had bytes that are no text.
    ///
    /// # Errors
    /// As writing fails.
    pub fn finish(mut self, to: impl Write + Send) -> io::Result<u64> {
        self.workbook.save_to_writer(to).map_err(unwritten)?;
        Ok(self.damaged)
    }
}

fn unwritten(error: Unwritten) -> io::Error {
    let said = match error {
        Unwritten::IoError(error) => return error,
        Unwritten::RowColumnLimitError => "a sheet has no more than 1048576 rows; write .csv instead".to_owned(),
        Unwritten::MaxStringLengthExceeded => {
            "a cell of a sheet has no more than 32767 characters; write .csv instead".to_owned()
        }
        other => other.to_string(),
    };
    io::Error::new(io::ErrorKind::InvalidData, said)
}
