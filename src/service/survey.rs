//! A new survey → a draft: what differs from the boundaries in force, to be reviewed like any other change. Nothing else of the store changes.

use jiff::Timestamp;

use super::drafts::MOST_DRAFTS;
use super::import::{Refusal, Sources, Step, prepare_boundaries};
use crate::coverage::Lattice;
use crate::coverage::build::{BuildOptions, settle};
use crate::exchange::report::ImportReport;
use crate::exchange::{FileFault, Limits};
use crate::grid::change::Change;
use crate::grid::draft::{Actor, Draft, Entry, Logged, State};
use crate::grid::past::Boundaries;
use crate::grid::survey::{Missing, Plan, Survey};
use crate::store::{Store, StoreFault};

/// Steps that a draft gets at most; beyond, neighbours in the order of the plan are one.
const MOST_STEPS: usize = 1000;

/// Why no draft was written.
#[derive(Debug, thiserror::Error)]
pub enum SurveyFault {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error("{refusal}")]
    Refused { refusal: Refusal, report: Box<ImportReport> },
    #[error(
        "the levels of the survey are {new}, those of the district {old}; a survey cannot change the levels: import it instead"
    )]
    Levels { old: String, new: String },
    #[error("{} differences cannot be drafted, first: {}; correct the survey there, or draw them by hand", .missing.len(), .first)]
    Missing { missing: Vec<Missing>, first: String, surveyed: Box<Surveyed> },
    #[error("there are {MOST_DRAFTS} drafts that are neither published nor discarded; end some of them first")]
    TooMany,
}

/// A survey compared with what is in force.
#[derive(Debug)]
pub struct Surveyed {
    /// Of the survey's files.
    pub report: ImportReport,
    /// The version that it was compared with.
    pub base: u64,
    pub lattice: Lattice,
    pub plan: Plan,
    /// The draft that was written; `None` for a dry run, and where nothing differs.
    pub draft: Option<u64>,
}

/// What the draft is called, and by whom it is.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub title: &'a str,
    pub actor: &'a Actor,
    /// Compare, and write nothing.
    pub dry_run: bool,
}

/// Reads a survey, builds it on the lattice of the district, finds the changes that lead to it, and writes them as a draft: all, or none.
///
/// # Errors
/// [`SurveyFault`]; there is then no draft, or, when the store failed on the way, a discarded one.
pub fn survey(
    sources: &Sources,
    limits: &Limits,
    store: &dyn Store,
    wanted: &Wanted,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Surveyed, SurveyFault> {
    let contents = store.load()?;
    let (version, district) = (contents.version, contents.district);
    let base = Boundaries { coverage: contents.coverage, hierarchy: contents.hierarchy };
    let lattice = *base.coverage.lattice();
    let (prepared, options) = prepare_boundaries(sources, limits, lattice, recorded, progress)?;
    let keys = |levels: &[crate::grid::Level]| levels.iter().map(|l| l.key.as_str()).collect::<Vec<_>>().join(", ");
    let (old, new) = (keys(&district.levels), keys(&prepared.district.levels));
    let report = prepared.report;
    let (None, Some(coverage)) = (&prepared.refusal, prepared.coverage) else {
        let refusal = prepared.refusal.unwrap_or_else(|| Refusal::Broken("no shape was built".to_owned()));
        return Err(SurveyFault::Refused { refusal, report: Box::new(report) });
    };
    if old != new {
        return Err(SurveyFault::Levels { old, new });
    }
    let new = settled(&base, Boundaries { coverage, hierarchy: prepared.hierarchy }, &options);
    let survey = Survey::new(&base, &new);
    let known = |of: &Boundaries| {
        let units = of.hierarchy.units().iter().map(|unit| unit.id);
        units.chain(of.coverage.faces().iter().map(|face| face.id.0)).max().unwrap_or(0)
    };
    let mut plan = survey.plan(known(&base) + 1, options.snap_m);
    let writes = plan.missing.is_empty() && !plan.steps.is_empty() && !wanted.dry_run;
    if writes && survey.fresh() > 0 {
        let fresh = u32::try_from(survey.fresh()).unwrap_or(u32::MAX);
        plan = survey.plan(store.reserve_units(fresh)?, options.snap_m);
    }
    let mut surveyed = Surveyed { report, base: version, lattice, plan, draft: None };
    if let Some(first) = surveyed.plan.missing.first() {
        let (first, missing) = (place(first, &lattice), surveyed.plan.missing.clone());
        return Err(SurveyFault::Missing { missing, first, surveyed: Box::new(surveyed) });
    }
    if writes {
        progress(Step::Save);
        surveyed.draft = Some(write(store, wanted, version, &surveyed.plan.steps, recorded)?);
    }
    Ok(surveyed)
}

/// The survey on the lines of what is in force where these did not move; the survey as it is where that would open a gap.
fn settled(base: &Boundaries, new: Boundaries, options: &BuildOptions) -> Boundaries {
    let built = settle(&base.coverage, &new.coverage, options);
    let whole = built.report.is_settled();
    match built.coverage.filter(|coverage| whole && coverage.faces().len() == new.coverage.faces().len()) {
        Some(coverage) => Boundaries { coverage, ..new },
        None => new,
    }
}

/// What is missing, where and why, in a line.
#[must_use]
pub fn place(missing: &Missing, lattice: &Lattice) -> String {
    let at = missing.at.map(|at| lattice.degrees(at));
    let at = at.map_or_else(String::new, |(lon, lat)| format!(" at {lon:.7}, {lat:.7}"));
    format!("{}{at}: {}", missing.units.join(", "), missing.reason)
}

fn write(
    store: &dyn Store,
    wanted: &Wanted,
    base: u64,
    steps: &[Vec<Change>],
    at: Timestamp,
) -> Result<u64, SurveyFault> {
    let drafts = store.drafts()?;
    let open = drafts.iter().filter_map(|(id, log)| Draft::fold(*id, log).ok());
    if open.filter(|draft| !matches!(draft.state, State::Published | State::Discarded)).count() >= MOST_DRAFTS {
        return Err(SurveyFault::TooMany);
    }
    let logged = |number: u64, entry: Entry| Logged { number, actor: wanted.actor.clone(), at, entry };
    let id = store.open_draft(&logged(1, Entry::Opened { title: wanted.title.to_owned(), base }))?;
    let mut number = 1;
    for together in steps.chunks(steps.len().div_ceil(MOST_STEPS).max(1)) {
        number += 1;
        let entry = Entry::Changed { changes: together.concat() };
        if let Err(fault) = store.append(id, &logged(number, entry)) {
            // Half a survey is nobody's draft.
            let _ = store.append(id, &logged(number, Entry::Discarded));
            return Err(fault.into());
        }
    }
    Ok(id)
}
