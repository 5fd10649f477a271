//! Files → a district in a store: `replace(assemble(build(gather(district.toml))))`, all of it or nothing.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::assemble;
use super::gather::{self, Gathered};
use super::identity::IdentityFault;
pub use super::identity::{Given, Kept};
use super::serving::ZONE;
use crate::coverage::build::{self, BuildOptions, Decision};
use crate::coverage::{Coverage, Lattice};
use crate::exchange::history::VersionRow;
use crate::exchange::report::ImportReport;
use crate::exchange::{FileFault, Limits, Problem, RowFault, Spot};
use crate::grid::history::{History, Lineage, Version};
use crate::grid::past::{self, Boundaries, PastFault};
use crate::grid::people::Roster;
use crate::grid::{District, Hierarchy};
use crate::place::carry;
use crate::snapshot::Contents;
use crate::store::{Store, StoreFault, digest_of};

/// What to import. Empty lists mean what `district.toml` lists.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub district: PathBuf,
    pub units: Vec<PathBuf>,
    pub people: Vec<PathBuf>,
    pub places: Vec<PathBuf>,
    pub issues: Vec<PathBuf>,
}

/// A long-running step, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Units,
    Tables,
    Build,
    Check,
    Save,
}

/// A table is refused when this many of its rows, or more, cannot be used: one in a hundred.
const BAD_ROWS_OF: usize = 100;

/// Why a district that could be read is not imported.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{count} features cannot be units, first: {first}; correct them in the source (--report lists all)")]
    Features { count: usize, first: Box<RowFault> },
    #[error(
        "{count} rings are not valid, first: {first}; correct them in the source (--report lists all with their places)"
    )]
    Rings { count: usize, first: String },
    #[error(
        "the boundaries could not be put together ({0}); please send the source with this message to the makers of Wangge"
    )]
    Broken(String),
    #[error("the units are no tree, {count} faults, first: {first}; correct the codes and parents in the source")]
    Tree { count: usize, first: String },
    #[error(
        "{gaps} gaps and {overlaps} overlaps are too large to heal by rule, first: {first}; correct them in the source, or \
         raise sliver_area_m2 / sliver_width_m in district.toml (--report draws them)"
    )]
    Unsettled { gaps: usize, overlaps: usize, first: String },
    #[error(
        "{}: {bad} of {total} rows cannot be used, more than 1 %, first: {first}; correct them in the source (--report lists \
         all)",
        file.display()
    )]
    Rows { file: PathBuf, bad: usize, total: usize, first: Box<RowFault> },
}

impl Refusal {
    /// Whether the input cannot be used at all (exit 2), as against a district with faults that a person must decide on (exit 1).
    #[must_use]
    pub const fn is_unusable(&self) -> bool {
        matches!(self, Self::Features { .. } | Self::Rings { .. } | Self::Rows { .. } | Self::Broken(_))
    }
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error("{refusal}")]
    Refused { refusal: Refusal, report: Box<ImportReport> },
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error("the versions told of are not 1, 2, 3 … with days that never go back; correct the file of versions")]
    Versions,
    #[error("the boundaries before version {0} cannot be told: {1}")]
    Past(u64, PastFault),
}

/// A district put together in memory, fit to be saved or not.
#[derive(Debug)]
pub struct Prepared {
    pub district: District,
    /// `None` when rings are invalid.
    pub coverage: Option<Coverage>,
    pub hierarchy: Hierarchy,
    pub roster: Roster,
    pub report: ImportReport,
    /// Why it must not be saved.
    pub refusal: Option<Refusal>,
    rest: Rest,
}

/// What only a saved district needs.
#[derive(Debug)]
struct Rest {
    places: Vec<crate::place::Place>,
    issues: Vec<crate::issue::Issue>,
    base: Vec<crate::snapshot::BaseFeature>,
    versions: Vec<VersionRow>,
    lineage: Vec<Lineage>,
}

/// Reads and builds without saving. `progress` hears each step as it starts.
///
/// # Errors
/// [`FileFault`] for the first file that cannot be used at all; everything else is in the answer.
pub fn prepare(
    sources: &Sources,
    limits: &Limits,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Prepared, FileFault> {
    let gathered = gather::gather(sources, limits, progress)?;
    put_together(gathered, &sources.district, None, recorded, progress)
}

/// Reads and builds the boundaries alone, on a lattice that is given, and says how they are to be built.
pub(super) fn prepare_boundaries(
    sources: &Sources,
    limits: &Limits,
    lattice: Lattice,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<(Prepared, BuildOptions), FileFault> {
    let gathered = gather::gather_boundaries(sources, limits, progress)?;
    let options = gathered.district.options;
    Ok((put_together(gathered, &sources.district, Some(lattice), recorded, progress)?, options))
}

/// Builds a GeoJSON of units alone, as a district of one level without people.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_units(file: &Path, limits: &Limits, recorded: Timestamp) -> Result<Prepared, FileFault> {
    put_together(gather::gather_units(file, limits)?, file, None, recorded, &mut |_| {})
}

fn put_together(
    mut gathered: Gathered,
    source: &Path,
    lattice: Option<Lattice>,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Prepared, FileFault> {
    progress(Step::Build);
    let (lattice, claims) = assemble::claims(&mut gathered, lattice).map_err(|fault| {
        let problem = Problem::Syntax(fault.to_string());
        FileFault { file: source.to_owned(), spot: Spot::Whole, problem }
    })?;
    let codes = gathered.shapes.iter().map(|s| s.value.code.clone()).collect();
    let built = build::build(lattice, &claims, &gathered.district.options);
    let coverage = built.coverage;
    progress(Step::Check);
    let (hierarchy, tree) = assemble::tree(&mut gathered, coverage.as_ref());
    let roster = assemble::roster(&mut gathered, &hierarchy);
    let (places, issues) = (assemble::places(&mut gathered), assemble::issues(&mut gathered));
    let district = gathered.district.district.clone();
    let counts = assemble::counts(
        district.levels.iter().map(|l| l.key.clone()),
        coverage.as_ref(),
        (&hierarchy, &roster),
        (&places, &issues, gathered.base.len()),
    );
    let Gathered { base, notes, features, rows, versions, lineage, .. } = gathered;
    let (versions, lineage) =
        (versions.into_iter().map(|v| v.value).collect(), lineage.into_iter().map(|l| l.value).collect());
    let report = ImportReport {
        district: district.name.clone(),
        recorded: recorded.to_string(),
        files: notes,
        counts,
        lattice,
        build: built.report,
        codes,
        features,
        rows,
        tree,
    };
    let refusal = refusal(&report);
    Ok(Prepared {
        district,
        coverage,
        hierarchy,
        roster,
        report,
        refusal,
        rest: Rest { places, issues, base, versions, lineage },
    })
}

/// The first reason not to save: unusable input before faults that a person must decide on.
fn refusal(report: &ImportReport) -> Option<Refusal> {
    if let Some(first) = report.features.first() {
        return Some(Refusal::Features { count: report.features.len(), first: Box::new(first.clone()) });
    }
    let findings = crate::grid::principles::of_build(&report.build, &report.lattice, |face| report.code_of(face));
    let place = |at: Option<(f64, f64)>| at.map_or_else(String::new, |(lon, lat)| format!(" at {lon:.7}, {lat:.7}"));
    let first = findings.first().map(|f| format!("{}{}", f.en, place(f.at))).unwrap_or_default();
    if !report.build.invalid.is_empty() {
        return Some(Refusal::Rings { count: report.build.invalid.len(), first });
    }
    if let Some(fault) = &report.build.broken {
        let at = place(fault.at.map(|at| report.lattice.degrees(at)));
        return Some(Refusal::Broken(format!("{}{at}", fault.rule)));
    }
    for note in report.files.iter().filter(|n| n.faults * BAD_ROWS_OF >= n.read + n.faults && n.faults > 0) {
        if let Some(first) = report.rows.iter().find(|r| r.file == note.file) {
            let (file, bad, total) = (note.file.clone(), note.faults, note.read + note.faults);
            return Some(Refusal::Rows { file, bad, total, first: Box::new(first.clone()) });
        }
    }
    if let Some(fault) = report.tree.first() {
        return Some(Refusal::Tree { count: report.tree.len(), first: fault.to_string() });
    }
    let listed = report.build.patches.iter().filter(|p| p.decision == Decision::Listed);
    let (gaps, overlaps): (Vec<_>, Vec<_>) = listed.partition(|p| p.claimants.is_empty());
    let (gaps, overlaps) = (gaps.len(), overlaps.len());
    (gaps + overlaps > 0).then_some(Refusal::Unsettled { gaps, overlaps, first })
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    pub contents: Contents,
    /// The boundaries of earlier versions that the files tell of, by number.
    pub earlier: Vec<(u64, Boundaries)>,
    pub report: ImportReport,
    /// Places that people had edited: how many stay as they left them, and of how many the files say something new.
    pub edited: (usize, usize),
}

impl Prepared {
    /// The contents to save. `kept` is what the store has that they go to: they become the next version of its history, and their units keep the
    /// identities that units of the same level and code have there. The versions before it that the files tell of are only for a store that has none.
    ///
    /// # Errors
    /// [`ImportFault::Refused`] with the report, [`ImportFault::Past`], or [`ImportFault::Store`] when the store gives no identities.
    pub fn accept(self, kept: Option<Kept>, recorded: Timestamp) -> Result<Imported, ImportFault> {
        let Self { district, coverage, hierarchy, roster, report, refusal, rest } = self;
        let (None, Some(coverage)) = (&refusal, coverage) else {
            let refusal = refusal.unwrap_or_else(|| Refusal::Broken("no shape was built".to_owned()));
            return Err(ImportFault::Refused { refusal, report: Box::new(report) });
        };
        let Rest { places, issues, base, versions, lineage } = rest;
        let mut boundaries = Boundaries { coverage, hierarchy };
        let (mut places, mut edited, mut place_edits) = (places, (0, 0), 0);
        let (history, earlier) = match kept.filter(|kept| !kept.history.versions().is_empty()) {
            Some(Kept { history, given, edits }) => {
                let carried = carry::carried(places, &edits);
                place_edits = edits.last().map_or(0, |last| last.number);
                (places, edited) = (carried.places, (carried.kept, carried.replaced));
                if let Some(given) = given {
                    boundaries = given.carry(&boundaries).map_err(|fault| match fault {
                        IdentityFault::Store(fault) => ImportFault::Store(fault),
                        IdentityFault::Broken(fault) => ImportFault::Refused {
                            refusal: Refusal::Broken(fault.rule.to_string()),
                            report: Box::new(report.clone()),
                        },
                    })?;
                }
                (next(history, recorded), Vec::new())
            }
            None if versions.is_empty() => (History::of_one(1, day(recorded), recorded), Vec::new()),
            None => told(versions, lineage, &boundaries, recorded)?,
        };
        let history = digested(&history, &boundaries, &earlier);
        let Boundaries { coverage, hierarchy } = boundaries;
        let version = history.versions().last().map_or(1, |version| version.number);
        let contents = Contents {
            version,
            recorded,
            district,
            history,
            coverage,
            hierarchy,
            roster,
            places,
            place_edits,
            issues,
            base,
        };
        Ok(Imported { contents, earlier, report, edited })
    }
}

/// The day of a moment in the district.
fn day(moment: Timestamp) -> Date {
    moment.in_tz(ZONE).unwrap_or_else(|_| moment.to_zoned(TimeZone::UTC)).date()
}

/// A history with the version of this import: it holds from the day of the import, or from the day from which the last one does, if that is still to come.
fn next(kept: History, recorded: Timestamp) -> History {
    let (number, effective) = kept.versions().last().map_or((0, day(recorded)), |last| (last.number, last.effective));
    let reason = "导入 import".to_owned();
    kept.followed_by(Version { reason, ..Version::dated(number + 1, effective.max(day(recorded)), recorded) })
}

/// The history with the content hash of every version whose boundaries are told: the last, and the earlier ones.
fn digested(history: &History, last: &Boundaries, earlier: &[(u64, Boundaries)]) -> History {
    let current = history.versions().last().map(|version| version.number);
    let of = |version: &Version| {
        let told = earlier.iter().find(|(number, _)| *number == version.number).map(|(_, past)| past);
        let told = told.or_else(|| (current == Some(version.number)).then_some(last));
        let digest = told.map_or_else(|| version.digest.clone(), |told| digest_of(&told.coverage, &told.hierarchy));
        Version { digest, ..version.clone() }
    };
    History::new(history.versions().iter().map(of).collect(), history.lineage().to_vec())
}

/// The history that files tell, and the boundaries of each version before the last, found by undoing what is told of the one after it.
fn told(
    versions: Vec<VersionRow>,
    lineage: Vec<Lineage>,
    today: &Boundaries,
    recorded: Timestamp,
) -> Result<(History, Vec<(u64, Boundaries)>), ImportFault> {
    let versions: Vec<Version> = versions
        .into_iter()
        .map(|VersionRow { number, effective, document, reason }| Version {
            document,
            reason,
            ..Version::dated(number, effective, recorded)
        })
        .collect();
    let history = History::new(versions, lineage);
    let in_order = |pair: &[Version]| pair[0].number + 1 == pair[1].number && pair[0].effective <= pair[1].effective;
    if history.versions().first().is_none_or(|first| first.number != 1) || !history.versions().windows(2).all(in_order)
    {
        return Err(ImportFault::Versions);
    }
    let mut earlier: Vec<(u64, Boundaries)> = Vec::new();
    for version in history.versions().iter().skip(1).rev() {
        let lineage: Vec<Lineage> = history.lineage_of(version.number).cloned().collect();
        let after = earlier.last().map_or(today, |(_, boundaries)| boundaries);
        let before = past::before(after, &lineage).map_err(|fault| ImportFault::Past(version.number, fault))?;
        earlier.push((version.number - 1, before));
    }
    Ok((history, earlier))
}

/// Reads, builds and saves as the next version. `progress` hears each step as it starts.
///
/// # Errors
/// [`ImportFault`]; the store is then as it was.
pub fn import(
    sources: &Sources,
    store: &mut dyn Store,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Imported, ImportFault> {
    let kept = Kept::of(&*store)?;
    let prepared = prepare(sources, &Limits::default(), recorded, progress)?;
    let imported = prepared.accept(kept, recorded)?;
    progress(Step::Save);
    store.replace(&imported.contents, &imported.earlier)?;
    Ok(imported)
}
