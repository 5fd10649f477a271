//! `wangge locate`: one position, a pasted text, or a whole table.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::Date;

use super::{Failure, table, text, today};
use crate::crs::paste::{Extent, readings};
use crate::crs::{Cgcs2000, Crs};
use crate::exchange::points::{Separator, TextEncoding, Wanted};
use crate::grid::people::Role;
use crate::http::mask::{MaskedName, MaskedPhone};
use crate::locate::Outcome;
use crate::service::locate::{Ownership, Question, locate};
use crate::service::past::{Held, held};
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
    /// 按哪一天的边界 · the day whose boundaries answer, like 2025-03-01; today's unless given
    #[arg(long, value_name = "DAY")]
    as_of: Option<Date>,
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
    /// 经度（东坐标）列名或列号 · the longitude / easting column, by name or number from 1
    #[arg(long, value_name = "NAME", requires = "input")]
    lon_column: Option<String>,
    /// 纬度（北坐标）列名或列号 · the latitude / northing column, by name or number from 1
    #[arg(long, value_name = "NAME", requires = "input")]
    lat_column: Option<String>,
    /// 没有表头 · the first row is data, not names
    #[arg(long, requires_all = ["input", "lon_column", "lat_column"])]
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
}

impl Args {
    fn wanted(&self) -> Wanted {
        Wanted {
            x: self.lon_column.clone(),
            y: self.lat_column.clone(),
            headless: self.no_header,
            separator: self.delimiter,
            encoding: self.encoding,
            prefix: self.prefix.clone(),
            neighbours: self.accuracy_m > 0.0,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let crs = args.crs.as_ref().map(|name| name.parse::<Crs>()).transpose();
    let crs = crs.map_err(|unknown| Failure::unusable(text::UNKNOWN_CRS, unknown))?;
    let asks = |x, y| Question { crs: crs.unwrap_or(Crs::Cgcs2000), x, y, accuracy_m: args.accuracy_m };
    if let Some(input) = &args.input {
        let output = args.output.as_deref().unwrap_or(Path::new("-"));
        let table = table::Table::open(input, &args.wanted())?;
        let snapshot = load(args)?;
        let paths = table::Paths { input, output, errors: args.errors.as_deref() };
        return table.answer(&snapshot, crs.unwrap_or(Crs::Cgcs2000), args.accuracy_m, &paths);
    }
    let day = args.as_of.unwrap_or_else(today);
    let numbers: Vec<f64> = args.position.iter().filter_map(|text| text.trim().parse().ok()).collect();
    let snapshot = load(args)?;
    match numbers[..] {
        [x, y] => {
            let owned =
                locate(&snapshot, asks(x, y), day).map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
            print(&snapshot, &owned);
        }
        _ => pasted(&snapshot, &args.position.join(" "), (crs, args.accuracy_m), day)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The district with the boundaries of the day asked about.
fn load(args: &Args) -> Result<Snapshot, Failure> {
    let store = GeoPackage::at(&args.store);
    let now = Snapshot::new(store.load()?);
    let held = args.as_of.map_or(Ok(Held::Now), |day| held(&now, day));
    match held.map_err(|fault| Failure::unusable(text::NO_SUCH_DAY, fault))? {
        Held::Now => Ok(now),
        Held::Past(version) => Ok(now.past(&version, store.boundaries(version.number)?)),
    }
}

/// Every reading of a pasted text that lands in the district, each with its owner.
fn pasted(snapshot: &Snapshot, pasted: &str, (crs, accuracy_m): (Option<Crs>, f64), day: Date) -> Result<(), Failure> {
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
        let owned = locate(snapshot, asked, day).map_err(|fault| Failure::unusable(text::NO_POSITION, fault))?;
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
