//! `wangge check`: the four principles over a store or over files; and whether an archive of tiles is whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::{Failure, progress, text, today};
use crate::exchange::archive::ArchiveFault;
use crate::exchange::report::findings_json;
use crate::grid::principles::{Finding, Principle, Severity};
use crate::service::archive;
use crate::service::check::{Checked, of_file, of_store};
use crate::store::GeoPackage;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 要检查的文件：district.toml、GeoJSON 或 GeoPackage，代替 --store；或瓦片文件 · a district.toml, a GeoJSON of units, or a GeoPackage; or an archive
    /// of tiles (.pmtiles, .mbtiles)
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 输出 JSON · print JSON
    #[arg(long)]
    json: bool,
    /// 列出全部，不只前几条 · list all findings, not just the first of each kind
    #[arg(long)]
    all: bool,
}

/// Findings of one rule that are printed without `--all`.
const SHOWN: usize = 10;

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let file = args.file.as_ref().unwrap_or(&args.store);
    if let Some(format) = archive::Format::of(file) {
        return of_archive(args, file, format);
    }
    let checked = if args.file.is_none() || is_geopackage(file) {
        of_store(&GeoPackage::at(file), today()).map_err(Failure::from)?
    } else {
        of_file(file, Timestamp::now(), today()).map_err(Failure::from)?
    };
    let subject = file.display().to_string();
    let printed = if args.json {
        writeln!(io::stdout().lock(), "{}", findings_json(&subject, &checked.findings))
    } else {
        print(&checked, &subject, if args.all { usize::MAX } else { SHOWN })
    };
    // A reader that has seen enough (`| head`) is no fault of the district.
    let _ = printed;
    Ok(if checked.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An archive of tiles, ours or another's: what its format promises, and every tile.
fn of_archive(args: &Args, file: &Path, format: archive::Format) -> Result<ExitCode, Failure> {
    let bar = progress::tiles();
    bar.set_message(text::READING_BACK);
    let examined = archive::examine(format, file, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let (about, examined) = examined.map_err(|fault| match fault {
        ArchiveFault::Damaged { .. } => Failure::refused(text::archive_fault(&fault), fault),
        _ => Failure::unusable(text::archive_fault(&fault), fault),
    })?;
    if args.json {
        let layers = examined
            .layers
            .iter()
            .map(|(id, (tiles, features))| json!({"id": id, "tiles": tiles, "features": features}));
        let report = json!({
            "file": file.display().to_string(), "name": about.name, "description": about.description, "version": about.version,
            "bounds": about.bounds, "tiles": examined.tiles, "zooms": examined.zooms, "bytes": examined.bytes,
            "layers": layers.collect::<Vec<_>>(),
        });
        say!("{report}");
        return Ok(ExitCode::SUCCESS);
    }
    say!("{} · {}", about.name, file.display());
    say!("  {}", about.description);
    let zooms: Vec<String> = examined.zooms.iter().map(|(zoom, tiles)| format!("z{zoom} {tiles}")).collect();
    say!("✓ {} {} {} · {}", text::ARCHIVE_SOUND, examined.tiles, text::TILES, zooms.join(" · "));
    for (id, (tiles, features)) in &examined.layers {
        say!("    {id}: {features} {} · {tiles} {}", text::FEATURES, text::TILES);
    }
    Ok(ExitCode::SUCCESS)
}

fn is_geopackage(file: &Path) -> bool {
    file.extension().is_some_and(|e| e.eq_ignore_ascii_case("gpkg"))
}

fn print(checked: &Checked, subject: &str, most: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mark = checked.mark.as_ref().map_or_else(String::new, |mark| format!("（{mark}）"));
    writeln!(out, "{}{mark} · {subject}", checked.name)?;
    let levels: Vec<_> = checked.levels.iter().map(|(name, key, n)| format!("{name} {key} {n}")).collect();
    let area = checked.area_m2.map_or_else(String::new, |a| format!(" · {} {:.3} km²", text::TOTAL_AREA, a / 1e6));
    writeln!(out, "  {}{area}", levels.join(" · "))?;
    for principle in Principle::ALL {
        let (zh, en, _) = principle.names();
        let (faults, warnings) =
            (checked.count(principle, Severity::Fault), checked.count(principle, Severity::Warning));
        let verdict = match (faults, warnings) {
            (0, 0) => text::PASSED.to_owned(),
            (0, _) => format!("{} · {} {warnings}", text::PASSED, text::WARNINGS),
            (_, 0) => format!("{} {faults}", text::FAULTS),
            _ => format!("{} {faults} · {} {warnings}", text::FAULTS, text::WARNINGS),
        };
        writeln!(
            out,
            "{} {zh} {en}: {}{verdict}",
            if faults > 0 { "✗" } else { "✓" },
            key_figures(checked, principle)
        )?;
        for findings in by_rule(checked, principle) {
            for finding in findings.iter().take(most) {
                one(&mut out, finding)?;
            }
            if findings.len() > most {
                writeln!(out, "    … {} {} (--all)", text::AND_MORE, findings.len() - most)?;
            }
        }
    }
    Ok(())
}

/// The numbers that people ask for first.
fn key_figures(checked: &Checked, principle: Principle) -> String {
    let count = |rules: &[&str]| checked.findings.iter().filter(|f| rules.contains(&f.rule)).count();
    match principle {
        Principle::Coverage => format!("空隙 gaps {} · ", count(&["gap"])),
        Principle::Seamless => format!("重叠 overlaps {} · ", count(&["overlap", "crossing"])),
        Principle::Size | Principle::Complete => String::new(),
    }
}

/// The findings of a principle, those of one rule together, in order of first appearance.
fn by_rule(checked: &Checked, principle: Principle) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in checked.findings.iter().filter(|f| f.principle == principle) {
        match groups.iter_mut().find(|g| g[0].rule == finding.rule && g[0].severity == finding.severity) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn one(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let sign = if finding.severity == Severity::Fault { "✗" } else { "·" };
    let place = finding.at.map_or_else(String::new, |(lon, lat)| format!(" @ {lon:.7}, {lat:.7}"));
    let mut codes = finding.codes.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(", ");
    if finding.codes.len() > 6 {
        codes.push_str(", …");
    }
    let codes = if codes.is_empty() { codes } else { format!(" [{codes}]") };
    writeln!(out, "    {sign} {}{codes}{place}\n      {}", finding.zh, finding.en)
}
