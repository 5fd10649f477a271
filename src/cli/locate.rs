//! `wangge locate`: one position, a pasted text, or a whole table.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::{Failure, progress, text, today};
use crate::crs::paste::{Extent, readings};
use crate::crs::{Cgcs2000, Crs};
use crate::exchange::points::{AnswerTable, PointColumns, PointTable, RowReason};
use crate::grid::people::Role;
use crate::http::mask::{MaskedName, MaskedPhone};
use crate::locate::Outcome;
use crate::service::locate::{Ownership, Question, locate};
use crate::snapshot::Snapshot;
use crate::store::{GeoPackage, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 经度 纬度，或粘贴的坐标文本 · LON LAT, or one pasted text
    #[arg(value_name = "LON LAT", num_args = 0..=2, allow_negative_numbers = true, required_unless_present = "input")]
    position: Vec<String>,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 坐标系 · wgs84, cgcs2000, gcj02, bd09, epsg:4548, epsg:4527; cgcs2000 unless given
    #[arg(long, value_name = "CRS")]
    crs: Option<String>,
    /// 位置误差（米） · how far the true position may be
    #[arg(long, value_name = "M", default_value_t = 0.0)]
    accuracy_m: f64,
    /// 输入表格 · a CSV of points, UTF-8 or GBK
    #[arg(long, value_name = "CSV", requires = "output", conflicts_with = "position")]
    input: Option<PathBuf>,
    /// 输出表格 · the same table with code, name, chain, distance_m, outcome, error
    #[arg(long, value_name = "CSV", requires = "input")]
    output: Option<PathBuf>,
    /// 出错的行另存 · a CSV of the rows that could not be read
    #[arg(long, value_name = "CSV", requires = "input")]
    errors: Option<PathBuf>,
    /// 经度（东坐标）列名 · name of the longitude / easting column
    #[arg(long, value_name = "NAME")]
    lon_column: Option<String>,
    /// 纬度（北坐标）列名 · name of the latitude / northing column
    #[arg(long, value_name = "NAME")]
    lat_column: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let crs = args.crs.as_ref().map(|name| name.parse::<Crs>()).transpose();
    let crs = crs.map_err(|unknown| Failure::unusable(text::UNKNOWN_CRS, unknown))?;
    let asks = |x, y| Question { crs: crs.unwrap_or(Crs::Cgcs2000), x, y, accuracy_m: args.accuracy_m };
    if let Some(input) = &args.input {
        let output = args.output.as_deref().unwrap_or(Path::new("-"));
        let columns = PointColumns { x: args.lon_column.clone(), y: args.lat_column.clone() };
        let mut table = PointTable::open(input, &columns).map_err(Failure::from)?;
        let snapshot = load(&args.store)?;
        return Table { snapshot: &snapshot, input, output, errors: args.errors.as_deref() }.run(&mut table, asks);
    }
    let numbers: Vec<f64> = args.position.iter().filter_map(|text| text.trim().parse().ok()).collect();
    let snapshot = load(&args.store)?;
    match numbers[..] {
        [x, y] => {
            let owned =
                locate(&snapshot, asks(x, y), today()).map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
            print(&snapshot, &owned);
        }
        _ => pasted(&snapshot, &args.position.join(" "), crs, args.accuracy_m)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn load(store: &Path) -> Result<Snapshot, Failure> {
    Ok(Snapshot::new(GeoPackage::at(store).load().map_err(Failure::from)?))
}

/// Every reading of a pasted text that lands in the district, each with its owner.
fn pasted(snapshot: &Snapshot, pasted: &str, crs: Option<Crs>, accuracy_m: f64) -> Result<(), Failure> {
    let lattice = snapshot.coverage.lattice();
    let corners = snapshot.coverage.bounds().map(|(low, high)| (lattice.degrees(low), lattice.degrees(high)));
    let ((west, south), (east, north)) = corners.unwrap_or_default();
    let extent = Extent { west, south, east, north };
    let found = readings(pasted, extent, snapshot.district.plane)
        .map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
    let mut wanted: Vec<_> = found.iter().filter(|r| crs.is_none_or(|crs| crs == r.crs)).collect();
    if wanted.iter().any(|r| r.named) {
        wanted.retain(|r| r.named);
    }
    if wanted.is_empty() {
        let detail = format!(
            "“{pasted}” reads as no position of {} ({west:.4}–{east:.4}, {south:.4}–{north:.4}); check the numbers, or name \
             the system with --crs",
            snapshot.district.name
        );
        return Err(Failure::unusable(text::NOT_IN_DISTRICT, detail));
    }
    if wanted.len() > 1 {
        say!("{}", text::SEVERAL_READINGS);
    }
    for reading in wanted {
        let point: Cgcs2000 = reading.point;
        let asked = Question { crs: Crs::Cgcs2000, x: point.lon(), y: point.lat(), accuracy_m };
        let owned = locate(snapshot, asked, today()).map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
        let swapped = if reading.swapped { text::SWAPPED } else { "" };
        say!("{}{swapped}: {:.7}, {:.7}", reading.crs, point.lon(), point.lat());
        print(snapshot, &owned);
    }
    Ok(())
}

const fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Inside => ("inside", "内部"),
        Outcome::OnBoundary => ("boundary", "边界上"),
        Outcome::Outside => ("outside", "区外"),
    }
}

/// One answer, for a person.
fn print(snapshot: &Snapshot, owned: &Ownership) {
    let (en, zh) = outcome(owned.outcome);
    let synthetic = if snapshot.district.synthetic { snapshot.district.mark.as_str() } else { "" };
    say!("{zh} {en} · {} {:.2} m  {synthetic}", text::TO_BOUNDARY, owned.boundary.distance_m);
    for unit in &owned.chain {
        let level = &snapshot.district.levels[usize::from(unit.level)];
        say!("  {} {}  {} {}", level.name, level.key, unit.code, unit.name);
    }
    if let Some(officer) = owned.duty.officer {
        say!("  {} {} {}", text::OFFICER, MaskedName::new(&officer.name), MaskedPhone::new(&officer.phone));
    }
    for person in &owned.duty.specialists {
        if let Role::Specialist { line } = &person.role {
            say!("  {} {line} {} {}", text::SPECIALIST, MaskedName::new(&person.name), MaskedPhone::new(&person.phone));
        }
    }
    if let Some(branch) = owned.duty.branch {
        say!("  {} {}", text::BRANCH, branch.name);
    }
    if owned.boundary.ambiguous {
        say!("  {}", text::AMBIGUOUS);
    }
    for near in owned.boundary.neighbours.iter().chain(&owned.nearest) {
        say!("  {} {} {} {:.2} m", text::NEARBY, near.unit.code, near.unit.name, near.distance_m);
    }
}

/// A run over a table.
struct Table<'a> {
    snapshot: &'a Snapshot,
    input: &'a Path,
    output: &'a Path,
    errors: Option<&'a Path>,
}

const ADDED: [&str; 6] = ["code", "name", "chain", "distance_m", "outcome", "error"];
/// Rows between two looks at the clock.
const ROWS_PER_LOOK: u64 = 4096;

impl Table<'_> {
    fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
        Failure::unusable(text::OUTPUT_UNWRITABLE, format_args!("{}: {error}", path.display()))
    }

    fn run(&self, table: &mut PointTable, asks: impl Fn(f64, f64) -> Question) -> Result<ExitCode, Failure> {
        let same = |a: &Path, b: &Path| a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
        if same(self.input, self.output) {
            return Err(Self::unwritable(self.output, &"is the input itself; give another name"));
        }
        let fault = |error: io::Error| Self::unwritable(self.output, &error);
        let mut answers = AnswerTable::create(self.output, table, &ADDED).map_err(fault)?;
        let mut errors = self
            .errors
            .map(csv::Writer::from_path)
            .transpose()
            .map_err(|error| Self::unwritable(self.output, &error))?;
        if let Some(errors) = &mut errors {
            errors
                .write_record(["line", "column", "value", "reason"])
                .map_err(|e| Self::unwritable(self.output, &e))?;
        }
        let begun = Instant::now();
        let bar = progress::bytes(std::fs::metadata(self.input).map_or(0, |found| found.len()));
        let (mut rows, mut bad, day) = (0_u64, 0_u64, today());
        while let Some(row) = table.next_row().map_err(|error| {
            Failure::unusable(text::INPUT_BROKEN, format_args!("{}, after row {rows}: {error}", self.input.display()))
        })? {
            let owned = row.point.and_then(|(x, y)| {
                locate(self.snapshot, asks(x, y), day).map_err(|fault| RowReason {
                    column: String::new(),
                    value: format!("{x}, {y}"),
                    reason: fault.to_string(),
                })
            });
            match &owned {
                Ok(owned) => answer(&mut answers, row.cells, owned).map_err(fault)?,
                Err(reason) => {
                    bad += 1;
                    let said = format!("{} {}", reason.column, reason.reason);
                    answers.push(row.cells, &["", "", "", "", "error", said.trim()]).map_err(fault)?;
                    if let Some(errors) = &mut errors {
                        let line = row.line.to_string();
                        let record = [line.as_str(), &reason.column, &reason.value, &reason.reason];
                        errors.write_record(record).map_err(|e| Self::unwritable(self.output, &e))?;
                    }
                }
            }
            rows += 1;
            if rows.is_multiple_of(ROWS_PER_LOOK) {
                bar.set_position(table.bytes_read());
                bar.set_message(rate(rows, begun.elapsed()));
            }
        }
        answers.finish().map_err(fault)?;
        if let Some(mut errors) = errors {
            errors.flush().map_err(fault)?;
        }
        bar.finish_and_clear();
        say!(
            "{} {} · {} {bad} → {}",
            text::ROWS_DONE,
            rate(rows, begun.elapsed()),
            text::ROWS_BAD,
            self.output.display()
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a row with its owner.
fn answer(answers: &mut AnswerTable, cells: csv::ByteRecord, owned: &Ownership) -> io::Result<()> {
    let chain: Vec<&str> =
        owned.chain.iter().map(|u| if u.name.is_empty() { u.code.as_str() } else { u.name.as_str() }).collect();
    let distance =
        if owned.boundary.distance_m.is_finite() { format!("{:.3}", owned.boundary.distance_m) } else { String::new() };
    let (code, name) = owned.owner.map_or(("", ""), |u| (u.code.as_str(), u.name.as_str()));
    answers.push(cells, &[code, name, &chain.join(" > "), &distance, outcome(owned.outcome).0, ""])
}

fn rate(rows: u64, elapsed: Duration) -> String {
    let per_second = rows as f64 / elapsed.as_secs_f64().max(1e-6);
    format!("{rows} {} {per_second:.0}/s", text::ROWS)
}
