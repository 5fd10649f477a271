//! `wangge search --input`: a table of addresses, from CSV or Excel, with owners beside them; and what has to be asked, by reason.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::table::{HEAD_BYTES, Paths, ROW_BYTES, rate, unwritable};
use super::{Failure, progress, text};
use crate::exchange::addresses::{AddressForm, NUMBERS};
use crate::exchange::points::{
    BadRow, Counted, Cutter, Separator, TextEncoding, Transcoder, Wanted, encoding_further_on, open,
};
use crate::exchange::workbook::{self, Answers, RowNumbers};
use crate::exchange::{FileFault, Limits, Problem};
use crate::place::decide::Ambiguity;
use crate::service::bulk::{self, Tally};
use crate::service::search::answer_rows;
use crate::snapshot::Snapshot;

/// About how large a block is: a search takes longer than a lookup, and every core is to have some of a table of a few thousand rows.
const BLOCK_BYTES: usize = 32 << 10;
const MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 输入表格 · a table of addresses: .xlsx, or CSV in UTF-8 or GBK
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with = "text")]
    input: Option<PathBuf>,
    /// 输出表格（.xlsx 或 CSV）· the same table with code, name, chain, place, match_level, confidence, outcome, reason, lon, lat,
    /// distance_m, error
    #[arg(long, value_name = "FILE", requires = "input")]
    output: Option<PathBuf>,
    /// 需追问和出错的行另存 · a CSV of the rows without a certain owner
    #[arg(long, value_name = "CSV", requires = "input")]
    errors: Option<PathBuf>,
    /// 地址列名或列号，自动识别 · the column of addresses, by name or number from 1; found by its name unless given
    #[arg(long, value_name = "NAME", requires = "input")]
    column: Option<String>,
    /// 工作表名，默认第一张 · the sheet of a workbook; the first unless given
    #[arg(long, value_name = "NAME", requires = "input")]
    sheet: Option<String>,
    /// 没有表头 · the first row is data, not names
    #[arg(long, requires_all = ["input", "column"])]
    no_header: bool,
    /// 分隔符，自动识别 · what stands between cells: , ; | tab; detected unless given
    #[arg(long, value_name = "CHAR", requires = "input")]
    delimiter: Option<Separator>,
    /// 文字编码，自动识别 · utf-8, gbk or gb18030; detected unless given
    #[arg(long, value_name = "NAME", requires = "input")]
    encoding: Option<TextEncoding>,
    /// 新增列名的前缀 · written before the names of the added columns
    #[arg(long, value_name = "TEXT", requires = "input", default_value = "")]
    prefix: String,
    /// CSV 输出带 BOM，便于 Excel 打开 · begin a CSV with a byte order mark, as Excel wants it
    #[arg(long, requires = "input")]
    bom: bool,
}

/// What was asked for, with its files.
pub(super) struct Asked<'a> {
    args: &'a Args,
    paths: Paths<'a>,
}

impl Args {
    /// None when no table is.
    pub(super) fn asked(&self) -> Option<Asked<'_>> {
        let (input, output) = (self.input.as_deref()?, self.output.as_deref()?);
        Some(Asked { args: self, paths: Paths { input, output, errors: self.errors.as_deref() } })
    }
}

/// A table in UTF-8, however it came.
struct Input {
    head: Vec<u8>,
    /// There is no more of it.
    ended: bool,
    rest: Box<dyn Read + Send>,
    /// Bytes read so far, of how many.
    read: Arc<AtomicU64>,
    total: u64,
    damaged: Arc<AtomicU64>,
    rows: RowNumbers,
    separator: Option<Separator>,
}

impl Input {
    fn open(path: &Path, args: &Args) -> Result<Self, FileFault> {
        if workbook::is_one(path)? {
            return Self::of_workbook(path, args);
        }
        if args.sheet.is_some() {
            let problem = "is asked for, but this is no workbook; leave it out".to_owned();
            return Err(FileFault::whole(path, Problem::Setting { key: "a sheet".to_owned(), problem }));
        }
        let (rest, read) = open(path)?;
        let total = std::fs::metadata(path).map_or(0, |found| found.len());
        let damaged = Arc::default();
        let mut input = Self {
            head: Vec::new(),
            ended: false,
            rest,
            read,
            total,
            damaged,
            rows: RowNumbers::default(),
            separator: args.delimiter,
        };
        input.begin(path)?;
        let mut encoding = args.encoding;
        if encoding.is_none() && !input.ended && input.head.is_ascii() {
            encoding = encoding_further_on(path)?;
        }
        let told = |problem| FileFault::whole(path, problem);
        let encoding = encoding.map_or_else(|| TextEncoding::of(&input.head, input.ended), Ok).map_err(told)?;
        if !encoding.is_utf8() {
            let whole = Cursor::new(std::mem::take(&mut input.head)).chain(input.rest);
            input.rest = Box::new(Transcoder::new(whole, encoding, Arc::clone(&input.damaged)));
            input.begin(path)?;
        }
        if input.head.starts_with(MARK) {
            input.head.drain(..MARK.len());
        }
        Ok(input)
    }

    fn of_workbook(path: &Path, args: &Args) -> Result<Self, FileFault> {
        let sheet = workbook::read(path, args.sheet.as_deref(), &Limits::default())?;
        let (read, total) = (Arc::default(), sheet.table.len() as u64);
        let rest = Box::new(Counted::new(Cursor::new(sheet.table), Arc::clone(&read)));
        let (damaged, separator) = (Arc::default(), ",".parse().ok());
        let mut input =
            Self { head: Vec::new(), ended: false, rest, read, total, damaged, rows: sheet.rows, separator };
        input.begin(path)?;
        Ok(input)
    }

    /// Takes the beginning from the rest.
    fn begin(&mut self, path: &Path) -> Result<(), FileFault> {
        let unreadable = |error| FileFault::whole(path, Problem::Unreadable(error));
        self.rest.by_ref().take(HEAD_BYTES).read_to_end(&mut self.head).map_err(unreadable)?;
        self.ended = (self.head.len() as u64) < HEAD_BYTES;
        Ok(())
    }

    /// The form, and the rows to be read.
    fn rows(&mut self, path: &Path, args: &Args) -> Result<(AddressForm, Cutter, impl Read + Send + use<>), FileFault> {
        let wanted = Wanted {
            headless: args.no_header,
            separator: self.separator,
            encoding: Some(TextEncoding::UTF8),
            prefix: args.prefix.clone(),
            ..Wanted::default()
        };
        let form = AddressForm::read(&self.head, self.ended, args.column.as_deref(), &wanted);
        let (form, used) = form.map_err(|problem| problem.of(path))?;
        let cutter = form.cutter(ROW_BYTES);
        let rest = std::mem::replace(&mut self.rest, Box::new(io::empty()));
        Ok((form, cutter, Cursor::new(self.head.split_off(used)).chain(rest)))
    }
}

impl Asked<'_> {
    /// Writes the answered table, and the rows without a certain owner beside it. The district is loaded when the table is known to be one.
    pub(super) fn answer(&self, load: impl FnOnce() -> Result<Snapshot, Failure>) -> Result<ExitCode, Failure> {
        let (paths, args) = (&self.paths, self.args);
        paths.differ()?;
        if paths.errors == Some(paths.output) {
            return Err(unwritable(paths.output, &"is named for the answers and for the errors; give another name"));
        }
        let mut input = Input::open(paths.input, args)?;
        let (form, cutter, rows) = input.rows(paths.input, args)?;
        let mut output = Output::create(paths.output, &form, args.bom)?;
        let mut unsolved = paths.errors.map(|path| Unsolved::create(path, &input.rows)).transpose()?;
        let snapshot = load()?;
        let (begun, bar) = (Instant::now(), progress::bytes(input.total));
        let mut reasons = BTreeMap::new();
        let answer = |block: &_| answer_rows(&snapshot, &form, block);
        let run = bulk::run(answer, BLOCK_BYTES, (cutter, rows), io::sink(), |tally, answered| {
            bar.set_position(input.read.load(Ordering::Relaxed));
            bar.set_message(rate(tally.rows, begun.elapsed()));
            output.rows(&answered.bytes)?;
            answered.bad.iter().for_each(|bad| *reasons.entry(bad.outcome).or_default() += 1);
            unsolved.as_mut().map_or(Ok(()), |unsolved| unsolved.write(&answered.bad))
        });
        bar.finish_and_clear();
        let tally = run.map_err(|fault| paths.broken(fault))?;
        let damaged = output.finish()? + input.damaged.load(Ordering::Relaxed);
        unsolved.map_or(Ok(()), Unsolved::finish)?;
        say!("{} {} → {}", text::ROWS_DONE, rate(tally.rows, begun.elapsed()), paths.output.display());
        eprintln!("{} {}", text::COLUMN_READ, form.column());
        sum_up(&tally, &reasons);
        if damaged > 0 {
            eprintln!("{} {damaged}", text::DAMAGED);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// How many rows there are of each kind.
fn sum_up(tally: &Tally, reasons: &BTreeMap<&str, u64>) {
    let of = |key: &str| reasons.get(key).copied().unwrap_or_default();
    let asks = [
        (Ambiguity::Name, text::BY_NAME),
        (Ambiguity::Level, text::BY_LEVEL),
        (Ambiguity::Boundary, text::BY_BOUNDARY),
    ];
    let asked: u64 = asks.iter().map(|(reason, _)| of(reason.key())).sum();
    let by_reason: Vec<String> = asks.iter().map(|(reason, said)| format!("{said} {}", of(reason.key()))).collect();
    let (elsewhere, unknown) = (of(Ambiguity::Elsewhere.key()), of(Ambiguity::Unknown.key()));
    eprintln!("{} {}", text::SOLVED, tally.rows - tally.bad);
    eprintln!("{} {asked}（{}）", text::TO_ASK, by_reason.join("，"));
    eprintln!("{} {elsewhere}", text::ELSEWHERE);
    eprintln!("{} {unknown}", text::NOT_FOUND);
    eprintln!("{} {}", text::NOT_READABLE, tally.bad - asked - elsewhere - unknown);
}

/// A file that takes its name when it is whole: what was there before stays until then, and when nothing comes of it.
struct Beside {
    /// Where it will be.
    path: PathBuf,
    /// Where it is; nowhere else when the place is no file (a pipe, a device).
    part: Option<PathBuf>,
    file: BufWriter<File>,
}

impl Beside {
    fn create(path: &Path) -> Result<Self, Failure> {
        let fault = |error: io::Error| unwritable(path, &error);
        // A link stays a link.
        let path_of_file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_other = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        let part = (!is_other).then(|| {
            let name = path_of_file.file_name().unwrap_or_default().to_string_lossy();
            path_of_file.with_file_name(format!(".{name}.{}.part", std::process::id()))
        });
        let file = File::create(part.as_ref().unwrap_or(&path_of_file)).map_err(fault)?;
        Ok(Self { path: path_of_file, part, file: BufWriter::new(file) })
    }

    fn finish(mut self) -> Result<(), Failure> {
        let mut finish = || {
            self.file.flush()?;
            let Some(part) = &self.part else { return Ok(()) };
            self.file.get_ref().sync_all()?;
            std::fs::rename(part, &self.path)
        };
        finish().map_err(|error| unwritable(&self.path, &error))?;
        self.part = None;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // Nothing came of it; should it not go away, it says by its name what it is.
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Where the answered rows go.
struct Output {
    beside: Beside,
    sheet: Option<Answers>,
}

impl Output {
    fn create(path: &Path, form: &AddressForm, bom: bool) -> Result<Self, Failure> {
        let fault = |error: io::Error| unwritable(path, &error);
        let is_sheet = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xlsx"));
        let mut beside = Beside::create(path)?;
        let sheet = is_sheet.then(|| Answers::new(form.separator(), NUMBERS)).transpose().map_err(fault)?;
        if bom && sheet.is_none() {
            beside.file.write_all(MARK).map_err(fault)?;
        }
        let mut output = Self { beside, sheet };
        output.rows(form.beginning()).map_err(fault)?;
        Ok(output)
    }

    fn rows(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sheet {
            Some(sheet) => sheet.rows(bytes),
            None => self.beside.file.write_all(bytes),
        }
    }

    /// Returns how many cells had bytes that are no text.
    fn finish(mut self) -> Result<u64, Failure> {
        let damaged = match self.sheet.take() {
            Some(sheet) => {
                sheet.finish(&mut self.beside.file).map_err(|error| unwritable(&self.beside.path, &error))?
            }
            None => 0,
        };
        self.beside.finish().map(|()| damaged)
    }
}

/// The table of rows without a certain owner.
struct Unsolved<'a> {
    beside: Beside,
    rows: &'a RowNumbers,
}

impl<'a> Unsolved<'a> {
    fn create(path: &Path, rows: &'a RowNumbers) -> Result<Self, Failure> {
        let mut unsolved = Self { beside: Beside::create(path)?, rows };
        let header = ["line", "column", "value", "outcome", "reason"].map(str::to_owned);
        unsolved.put([header].into_iter()).map(|()| unsolved).map_err(|error| unwritable(path, &error))
    }

    fn put(&mut self, rows: impl Iterator<Item = [String; 5]>) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(Vec::new());
        for row in rows {
            table.write_record(&row)?;
        }
        let bytes = table.into_inner().map_err(|error| error.into_error())?;
        self.beside.file.write_all(&bytes)
    }

    fn write(&mut self, bad: &[BadRow]) -> io::Result<()> {
        let rows = self.rows;
        self.put(bad.iter().map(|bad| {
            let line = rows.row(bad.line).to_string();
            [line, bad.column.clone(), bad.value.clone(), bad.outcome.to_owned(), bad.reason.clone()]
        }))
    }

    fn finish(self) -> Result<(), Failure> {
        self.beside.finish()
    }
}
