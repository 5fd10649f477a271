//! Why a draft is not made, changed or published: what, where, and what to do.

use crate::coverage::LatticeFault;
use crate::grid::change::{Conflict, Refused};
use crate::grid::draft::{LogFault, State};
use crate::grid::principles::Finding;
use crate::store::StoreFault;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum DraftFault {
    #[error("this service was started without a store, so it keeps no drafts")]
    NoStore,
    #[error("there is no draft {0}; /api/v1/drafts lists them")]
    NotFound(u64),
    #[error("this draft has no step {0} that stands")]
    NoStep(u64),
    #[error("the draft is {}, so this cannot be done now: {doing}", state.word())]
    State { state: State, doing: &'static str },
    #[error("{field} needs between {least} and {most} characters, and no control characters")]
    Text { field: &'static str, least: usize, most: usize },
    #[error("between 1 and {most} {what} at most; publish or discard some, or ask for fewer")]
    TooMany { what: &'static str, most: usize },
    #[error("{}: {fault}", path(*index))]
    Ask { index: usize, fault: AskFault },
    #[error("{}: {refused}", path(*index))]
    Refused { index: usize, refused: Box<Refused>, codes: Vec<String> },
    #[error("others have changed the same since, or a later step needs this one: {} conflicts", .0.len())]
    Conflicts(Vec<(u64, Conflict)>),
    #[error("outside of your part of the district: {}", .0.join(", "))]
    Scope(Vec<String>),
    #[error("whoever had a hand in a draft may not approve it; somebody else has to look at it (four eyes)")]
    FourEyes,
    #[error("only its author, or the district, may do this to a draft")]
    NotYours,
    #[error("the draft changes nothing")]
    Empty,
    #[error("the boundaries would not follow the four principles: {} faults", .0.len())]
    Checks(Vec<Finding>),
    #[error(
        "the draft was made on version {base} and version {current} is in force now; rebase it, look at it, and submit it again"
    )]
    Behind { base: u64, current: u64 },
    #[error("it is to hold from {effective}, which is still to come; publish it on that day or later")]
    NotYet { effective: jiff::civil::Date },
    #[error(
        "it is to hold from {effective}, before the version in force began to ({last}); choose that day or a later one"
    )]
    TooEarly { effective: jiff::civil::Date, last: jiff::civil::Date },
    #[error("somebody else changed this draft at the same moment; look at it again")]
    Overtaken,
    #[error("version {0} is not known")]
    NoVersion(u64),
    #[error(
        "version {0} was imported whole, not made by changes that could be undone; import the boundaries before it instead"
    )]
    NotMade(u64),
    #[error("{0}")]
    Past(String),
    #[error("the log of this draft cannot be followed ({0}); restore the store from a backup")]
    Log(#[from] LogFault),
    #[error("the boundaries break the rule {0:?}; nothing was published: `wangge check` lists every fault")]
    Invalid(crate::coverage::validate::Rule),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl DraftFault {
    pub(super) fn refused(index: usize, refused: Refused) -> Self {
        Self::Refused { index, refused: Box::new(refused), codes: Vec::new() }
    }
}

fn path(index: usize) -> String {
    format!("op {index}")
}

/// Why an edit that is asked for cannot be told to the boundaries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskFault {
    #[error("there is no unit {0}")]
    NoUnit(String),
    #[error("{0} is not a smallest unit: only those have boundaries of their own")]
    NotSmallest(String),
    #[error("{0} is not a unit of the level above")]
    NotParent(String),
    #[error("there is no land that is nobody's at this place")]
    NotNobodys,
    #[error("units of this level have no scheme of codes; give a code")]
    CodeNeeded,
    #[error("every code below {0} has been used")]
    CodesUsedUp(String),
    #[error("code {0} was a unit's before, and codes are never used again; take another")]
    CodeWasUsed(String),
    #[error("code {code} does not fit the scheme: {length} characters beginning with {parent}")]
    CodeForm { code: String, length: usize, parent: String },
    #[error("a cut needs between 1 and {0} lines, and exactly 1 where its ends are to be tied (tolerance_m)")]
    Lines(usize),
    #[error("a line needs between 2 and {0} points")]
    Points(usize),
    #[error("{0} needs at most 60 characters, and no control characters")]
    Text(&'static str),
    #[error("tolerance_m is more than 0 and at most {0}")]
    Tolerance(u32),
    #[error("a point lies off this district: {0}")]
    OffLattice(String),
}

impl From<LatticeFault> for AskFault {
    fn from(fault: LatticeFault) -> Self {
        Self::OffLattice(fault.to_string())
    }
}
