//! Files → a district in a store: `replace(assemble(build(gather(district.toml))))`, all of it or nothing.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::assemble;
use super::gather::{self, Gathered};
use crate::coverage::Coverage;
use crate::coverage::build;
use crate::coverage::build::Decision;
use crate::exchange::report::ImportReport;
use crate::exchange::{FileFault, Limits, Problem, RowFault, Spot};
use crate::grid::people::Roster;
use crate::grid::{District, Hierarchy};
use crate::snapshot::Contents;
use crate::store::{Store, StoreFault};

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
    put_together(gathered, &sources.district, recorded, progress)
}

/// Builds a GeoJSON of units alone, as a district of one level without people.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_units(file: &Path, limits: &Limits, recorded: Timestamp) -> Result<Prepared, FileFault> {
    put_together(gather::gather_units(file, limits)?, file, recorded, &mut |_| {})
}

fn put_together(
    mut gathered: Gathered,
    source: &Path,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Prepared, FileFault> {
    progress(Step::Build);
    let (lattice, claims) = assemble::claims(&mut gathered).map_err(|fault| {
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
    let Gathered { base, notes, features, rows, .. } = gathered;
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
    Ok(Prepared { district, coverage, hierarchy, roster, report, refusal, rest: Rest { places, issues, base } })
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
    pub report: ImportReport,
}

impl Prepared {
    /// The contents to save, as the given version.
    ///
    /// # Errors
    /// [`ImportFault::Refused`] with the report.
    pub fn accept(self, version: u64, recorded: Timestamp) -> Result<Imported, ImportFault> {
        let Self { district, coverage, hierarchy, roster, report, refusal, rest } = self;
        match (refusal, coverage) {
            (None, Some(coverage)) => {
                let Rest { places, issues, base } = rest;
                let contents =
                    Contents { version, recorded, district, coverage, hierarchy, roster, places, issues, base };
                Ok(Imported { contents, report })
            }
            (refusal, _) => {
                let refusal = refusal.unwrap_or_else(|| Refusal::Broken("no shape was built".to_owned()));
                Err(ImportFault::Refused { refusal, report: Box::new(report) })
            }
        }
    }
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
    let version = store.version()?.unwrap_or(0) + 1;
    let prepared = prepare(sources, &Limits::default(), recorded, progress)?;
    let imported = prepared.accept(version, recorded)?;
    progress(Step::Save);
    store.replace(&imported.contents)?;
    Ok(imported)
}
