//! `wangge import`: files → a store, all of it or nothing, with a report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use jiff::Timestamp;

use super::{Failure, progress, text};
use crate::coverage::build::Decision;
use crate::exchange::Limits;
use crate::exchange::report::ImportReport;
use crate::grid::draft::{Actor, Scope};
use crate::service::import::{ImportFault, Kept, Prepared, Refusal, Sources, prepare};
use crate::service::survey::{SurveyFault, Surveyed, Wanted, place, survey};
use crate::store::{GeoPackage, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件，没有则新建 · the GeoPackage to write; made if there is none
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE")]
    store: PathBuf,
    /// 区配置文件 · the district's description
    #[arg(long, value_name = "district.toml")]
    district: PathBuf,
    /// 边界文件，代替配置中的列表 · unit shapes (GeoJSON) and upper units (CSV), instead of the listed ones
    #[arg(long, value_name = "FILE", num_args = 1..)]
    units: Vec<PathBuf>,
    /// 人员与党支部 · people and party branches (CSV)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    people: Vec<PathBuf>,
    /// 地点与地址 · places and addresses (CSV)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    places: Vec<PathBuf>,
    /// 诉求 · issues (CSV, as a 12345 hotline exports them)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    issues: Vec<PathBuf>,
    /// 把报告写入这个目录 · write the report into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// 只检查，不保存 · build and report, save nothing
    #[arg(long)]
    dry_run: bool,
    /// 写成草稿：与现行边界的差异，供审核；人员、地点、诉求不读 · draft the differences to the boundaries in force, to be reviewed, instead of importing;
    /// people, places and issues are not read
    #[arg(long, value_name = "TITLE", num_args = 0..=1, default_missing_value = "新测绘 new survey")]
    into_draft: Option<String>,
    /// 草稿的作者 · the author of the draft; else the name of the user
    #[arg(long, value_name = "NAME", requires = "into_draft")]
    actor: Option<String>,
    /// 单个文件的上限（兆字节） · the largest file that is read, in megabytes, packed or unpacked
    #[arg(long, env = "WANGGE_MAX_MB", value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    max_mb: u64,
}

impl Args {
    fn sources(&self) -> Sources {
        Sources {
            district: self.district.clone(),
            units: self.units.clone(),
            people: self.people.clone(),
            places: self.places.clone(),
            issues: self.issues.clone(),
        }
    }

    fn limits(&self) -> Limits {
        Limits { file_bytes: self.max_mb << 20, text_bytes: self.max_mb << 20, ..Limits::default() }
    }

    fn write(&self, report: &ImportReport, refusal: Option<&Refusal>) -> Result<(), Failure> {
        let Some(folder) = &self.report else { return Ok(()) };
        report.write(folder, refusal.map(ToString::to_string).as_deref()).map_err(|error| {
            Failure::unusable(
                text::REPORT_UNWRITABLE,
                format_args!("{}: {error}; choose another folder", folder.display()),
            )
        })
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(title) = &args.into_draft {
        return into_draft(args, title);
    }
    let begun = Instant::now();
    let recorded = Timestamp::now();
    let store = GeoPackage::at(&args.store);
    // Before the long work: a store that cannot be written is told at once.
    let kept = if args.dry_run { None } else { Kept::of(&store)? };
    let bar = progress::steps();
    let prepared = prepare(&args.sources(), &args.limits(), recorded, &mut |step| progress::step(&bar, step));
    bar.finish_and_clear();
    let prepared = prepared.map_err(Failure::from)?;
    args.write(&prepared.report, prepared.refusal.as_ref())?;
    tell(&prepared);
    if args.dry_run {
        return match &prepared.refusal {
            Some(refusal) => Err(Failure::from(refusal)),
            None => {
                say!("{}", text::NOTHING_SAVED);
                Ok(ExitCode::SUCCESS)
            }
        };
    }
    let imported = prepared.accept(kept, recorded).map_err(Failure::from)?;
    let bar = progress::steps();
    progress::step(&bar, crate::service::import::Step::Save);
    let saved = store.replace(&imported.contents, &imported.earlier);
    bar.finish_and_clear();
    saved.map_err(Failure::from)?;
    if let (kept, replaced @ 1..) | (kept @ 1.., replaced) = imported.edited {
        say!("  {} {kept} · {} {replaced}", text::EDITS_KEPT, text::EDITS_REPLACED);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let version = imported.contents.version;
    say!("{} {version} → {} ({seconds:.1} s)", text::SAVED_VERSION, args.store.display());
    Ok(ExitCode::SUCCESS)
}

/// The name of the user, for the author of a draft.
const USER: [&str; 2] = ["USER", "USERNAME"];

fn into_draft(args: &Args, title: &str) -> Result<ExitCode, Failure> {
    let store = GeoPackage::at(&args.store);
    let user = || USER.iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.trim().is_empty());
    let name = args.actor.clone().or_else(user).unwrap_or_else(|| "import".to_owned());
    let actor = Actor { name, scope: Scope::District };
    let wanted = Wanted { title, actor: &actor, dry_run: args.dry_run };
    let bar = progress::steps();
    let surveyed =
        survey(&args.sources(), &args.limits(), &store, &wanted, Timestamp::now(), &mut |s| progress::step(&bar, s));
    bar.finish_and_clear();
    match &surveyed {
        Ok(surveyed) => {
            args.write(&surveyed.report, None)?;
            differences(surveyed);
        }
        Err(SurveyFault::Refused { refusal, report }) => args.write(report, Some(refusal))?,
        Err(SurveyFault::Missing { missing, surveyed, .. }) => {
            differences(surveyed);
            missing.iter().for_each(|one| say!("  {} {}", text::NOT_DRAFTED, place(one, &surveyed.lattice)));
        }
        Err(_) => {}
    }
    let surveyed = surveyed.map_err(Failure::from)?;
    match surveyed.draft {
        Some(draft) => say!("{} {draft} → {}", text::DRAFTED, args.store.display()),
        None if surveyed.plan.steps.is_empty() => say!("{}", text::NO_DIFFERENCES),
        None => say!("{}", text::NOTHING_SAVED),
    }
    Ok(ExitCode::SUCCESS)
}

fn differences(surveyed: &Surveyed) {
    let plan = &surveyed.plan;
    coverage(&surveyed.report);
    say!("  {}", text::TABLES_NOT_READ);
    say!(
        "  与版本 {base} 的差异 differences to version {base}: 新设 begun {} · 撤销 ended {} · 变更 changed {} · 易手 handed over {:.1} m² · 步骤 steps {}",
        plan.begun,
        plan.ended,
        plan.changed,
        plan.handed_m2,
        plan.steps.len(),
        base = surveyed.base
    );
}

impl From<SurveyFault> for Failure {
    fn from(fault: SurveyFault) -> Self {
        match fault {
            SurveyFault::File(fault) => Self::from(fault),
            SurveyFault::Store(fault) => Self::from(fault),
            SurveyFault::Refused { refusal, .. } => Self::from(&refusal),
            SurveyFault::Levels { .. } => Self::unusable(text::NO_DRAFT, fault),
            SurveyFault::Missing { .. } | SurveyFault::TooMany => Self::refused(text::NO_DRAFT, fault),
        }
    }
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        let title = text::refusal(refusal);
        if refusal.is_unusable() { Self::unusable(title, refusal) } else { Self::refused(title, refusal) }
    }
}

impl From<ImportFault> for Failure {
    fn from(fault: ImportFault) -> Self {
        match fault {
            ImportFault::File(fault) => Self::from(fault),
            ImportFault::Store(fault) => Self::from(fault),
            ImportFault::Versions | ImportFault::Past(..) => Self::unusable(text::NO_HISTORY, fault),
            ImportFault::Refused { refusal, .. } => Self::from(&refusal),
        }
    }
}

/// What was read and built, in a few lines.
fn tell(prepared: &Prepared) {
    let Prepared { district, report, .. } = prepared;
    let mark = if district.synthetic { format!("（{}）", district.mark) } else { String::new() };
    say!("{}{mark}", district.name);
    let counts = &report.counts;
    let levels: Vec<_> =
        district.levels.iter().zip(&counts.units).map(|(l, (key, n))| format!("{} {key} {n}", l.name)).collect();
    say!("  {}", levels.join(" · "));
    say!(
        "  人员 people {} · 党支部 branches {} · 地点 places {}（区外 outside {}） · 诉求 issues {}（区外 outside {}，无坐标 no position {}）",
        counts.people,
        counts.branches,
        counts.places,
        counts.places_outside,
        counts.issues,
        counts.issues_outside,
        counts.issues_without_position
    );
    coverage(report);
    for note in report.files.iter().filter(|n| !n.unread.is_empty()) {
        let columns: Vec<_> = note.unread.iter().take(12).map(String::as_str).collect();
        say!("  {} {}: {}", text::NOT_READ, note.file.display(), columns.join(", "));
    }
    let left_out = report.features.len() + report.rows.len();
    if left_out > 0 {
        say!("  {} {left_out}", text::LEFT_OUT);
        for fault in report.features.iter().chain(&report.rows).take(5) {
            say!("    {fault}");
        }
    }
}

fn coverage(report: &ImportReport) {
    let (gaps, overlaps) = report.patches();
    let listed =
        |patches: &[&crate::coverage::build::Patch]| patches.iter().filter(|p| p.decision == Decision::Listed).count();
    say!(
        "  边界 coverage: {} vertices, {} junctions, {} arcs · 空隙 gaps {}（待定 listed {}） · 重叠 overlaps {}（待定 listed {}）",
        report.build.vertices,
        report.build.junctions,
        report.build.arcs,
        gaps.len(),
        listed(&gaps),
        overlaps.len(),
        listed(&overlaps)
    );
}
