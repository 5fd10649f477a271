//! A whole table in and out, with a bar that says how fast and how long still; `wangge locate --input`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Failure, progress, text};
use crate::crs::Crs;
use crate::exchange::points::{self, Cutter, Form, TableForm, Wanted};
use crate::exchange::{FileFault, Problem};
use crate::service::bulk::{Bulk, BulkFault};
use crate::snapshot::Snapshot;

/// The longest row; a quote that is never closed ends here instead of filling memory.
pub(super) const ROW_BYTES: usize = 4 << 20;
/// How much of the file decides what it looks like.
pub(super) const HEAD_BYTES: u64 = 1 << 20;

/// Which files a run concerns.
#[derive(Debug)]
pub(super) struct Paths<'a> {
    pub(super) input: &'a Path,
    pub(super) output: &'a Path,
    pub(super) errors: Option<&'a Path>,
}

/// A table whose form is known and whose rows are not read yet.
pub(super) struct Table {
    form: Form,
    cutter: Cutter,
    rest: Box<dyn Read + Send>,
    /// Bytes of the file read so far.
    read: Arc<AtomicU64>,
}

impl Paths<'_> {
    /// Makes sure that nothing is written over what is being read.
    pub(super) fn differ(&self) -> Result<(), Failure> {
        let same = |a: &Path, b: &Path| a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
        for other in [Some(self.output), self.errors].into_iter().flatten() {
            if same(self.input, other) {
                return Err(unwritable(other, &"is the input itself; give another name"));
            }
        }
        Ok(())
    }

    /// What ended a run early.
    pub(super) fn broken(&self, fault: BulkFault) -> Failure {
        match fault {
            BulkFault::Input { .. } => {
                Failure::unusable(text::INPUT_BROKEN, format_args!("{}, {fault}", self.input.display()))
            }
            BulkFault::Output(error) => unwritable(self.output, &error),
            BulkFault::Crashed => Failure::unusable(text::INPUT_BROKEN, fault),
        }
    }
}

impl Table {
    pub(super) fn open(path: &Path, wanted: &Wanted) -> Result<Self, FileFault> {
        let unreadable = |error| FileFault::whole(path, Problem::Unreadable(error));
        let (mut rest, read) = points::open(path)?;
        let mut head = Vec::new();
        rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
        let ended = (head.len() as u64) < HEAD_BYTES;
        let mut wanted = wanted.clone();
        if wanted.encoding.is_none() && !ended && head.is_ascii() {
            wanted.encoding = points::encoding_further_on(path)?;
        }
        let (form, used) = TableForm::read(&head, ended, &wanted).map_err(|problem| problem.of(path))?;
        let line = form.first_line();
        let form = Form::Table(form);
        let cutter = form.cutter(ROW_BYTES, line);
        let rest = Box::new(io::Cursor::new(head.split_off(used)).chain(rest));
        Ok(Self { form, cutter, rest, read })
    }

    /// Writes the answered table, and the rows without an answer beside it.
    pub(super) fn answer(
        self,
        snapshot: &Snapshot,
        crs: Crs,
        accuracy_m: f64,
        paths: &Paths<'_>,
    ) -> Result<ExitCode, Failure> {
        paths.differ()?;
        let Self { form, cutter, rest, read } = self;
        let bulk = Bulk::new(snapshot, form, crs, accuracy_m);
        let bulk = bulk.map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
        let fault = |error: &io::Error| unwritable(paths.output, error);
        let mut output = File::create(paths.output).map_err(|error| fault(&error))?;
        let mut errors = paths.errors.map(Errors::create).transpose()?;
        output.write_all(&bulk.form().beginning()).map_err(|error| fault(&error))?;
        let begun = Instant::now();
        let bar = progress::bytes(std::fs::metadata(paths.input).map_or(0, |found| found.len()));
        let run = bulk.run(snapshot, (cutter, rest), output, |tally, answered| {
            bar.set_position(read.load(Ordering::Relaxed));
            bar.set_message(rate(tally.rows, begun.elapsed()));
            errors.as_mut().map_or(Ok(()), |errors| errors.write(&answered.bad))
        });
        bar.finish_and_clear();
        let tally = run.map_err(|fault| paths.broken(fault))?;
        if let Some(errors) = errors {
            errors.finish()?;
        }
        say!(
            "{} {} · {} {} → {}",
            text::ROWS_DONE,
            rate(tally.rows, begun.elapsed()),
            text::ROWS_BAD,
            tally.bad,
            paths.output.display()
        );
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::unusable(text::OUTPUT_UNWRITABLE, format_args!("{}: {error}", path.display()))
}

/// The table of rows without an answer.
struct Errors<'a> {
    path: &'a Path,
    table: csv::Writer<BufWriter<File>>,
}

impl<'a> Errors<'a> {
    fn create(path: &'a Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| unwritable(path, &error))?;
        let mut table = csv::Writer::from_writer(BufWriter::new(file));
        table.write_record(["line", "column", "value", "reason"]).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path, table })
    }

    fn write(&mut self, rows: &[points::BadRow]) -> io::Result<()> {
        for row in rows {
            self.table.write_record([&row.line.to_string(), &row.column, &row.value, &row.reason])?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.table.flush().map_err(|error| unwritable(self.path, &error))
    }
}

pub(super) fn rate(rows: u64, elapsed: Duration) -> String {
    let per_second = rows as f64 / elapsed.as_secs_f64().max(1e-6);
    format!("{rows} {} {per_second:.0}/s", text::ROWS)
}
