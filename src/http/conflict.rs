//! What keeps a draft from being made or published, on the wire: 409 with each conflict as data – step, rule, units, box, and the three states.

use serde::Serialize;

use super::checks::Found;
use super::drafts::degrees;
use super::problem::{Kind, Problem};
use crate::coverage::edit::rebase::Chains;
use crate::coverage::{Lattice, LatticePoint};
use crate::grid::change::{Conflict, Refused};
use crate::service::drafts::DraftFault;
use crate::store::StoreFault;

/// A conflict, or why an edit was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Conflicted {
    /// Number of the step of the draft, or of the op asked for (from 0).
    step: u64,
    rule: String,
    detail: String,
    /// Codes, as far as known; identities of units otherwise.
    units: Vec<String>,
    /// West, south, east, north.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    /// The boundary in its three states, or the field of a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mine: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theirs: Option<State>,
    /// The places where both changed one boundary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clashes: Vec<[f64; 4]>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum State {
    Line(Vec<(f64, f64)>),
    Text(String),
}

impl Conflicted {
    fn of(step: u64, conflict: &Conflict, lattice: &Lattice) -> Self {
        let line = |points: &[LatticePoint]| State::Line(points.iter().map(|p| lattice.degrees(*p)).collect());
        let mut told = Self {
            step,
            rule: String::new(),
            detail: String::new(),
            units: conflict.units().iter().map(u64::to_string).collect(),
            bounds: conflict.bounds().map(|bounds| degrees(lattice, bounds)),
            field: None,
            base: None,
            mine: None,
            theirs: None,
            clashes: Vec::new(),
        };
        match conflict {
            Conflict::Boundary(conflict) => {
                told.rule = rule(&Refused::Edit(conflict.refusal.clone()));
                told.detail = conflict.refusal.to_string();
                if let Some(Chains { base, mine, theirs }) = &conflict.chains {
                    (told.base, told.mine, told.theirs) = (Some(line(base)), Some(line(mine)), Some(line(theirs)));
                }
                told.clashes = conflict.clashes.iter().map(|clash| degrees(lattice, clash.bounds)).collect();
            }
            Conflict::Field { code, field, base, mine, theirs, .. } => {
                let text = |text: &String| Some(State::Text(text.clone()));
                (told.rule, told.units) = ("both-changed".to_owned(), vec![code.clone()]);
                told.detail = format!("others gave {} of {code} another value since", field.word());
                (told.field, told.base, told.mine, told.theirs) =
                    (Some(field.word()), text(base), text(mine), text(theirs));
            }
            Conflict::Refused(refused) => (told.rule, told.detail) = (rule(refused), refused.to_string()),
        }
        told
    }

    fn refused(step: usize, refused: &Refused, codes: &[String], lattice: &Lattice) -> Self {
        let told = Self::of(step as u64, &Conflict::Refused(refused.clone()), lattice);
        Self { units: codes.to_vec(), ..told }
    }
}

/// A rule as a word of the wire.
fn rule(refused: &Refused) -> String {
    match refused {
        Refused::Tree { rule, .. } => rule.word().to_owned(),
        Refused::Edit(refusal) => kebab(&format!("{:?}", refusal.rule)),
    }
}

fn kebab(name: &str) -> String {
    let mut word = String::with_capacity(name.len() + 4);
    for (i, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            word.push('-');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

impl Problem {
    /// Why a draft was not made, changed or published.
    pub(super) fn of_draft(fault: &DraftFault, lattice: &Lattice) -> Self {
        let detail = fault.to_string();
        match fault {
            DraftFault::NotFound(_) | DraftFault::NoStep(_) => Self::not_found(detail),
            DraftFault::Text { field, .. } => Self::body_at(&format!("/{field}"), detail),
            DraftFault::TooMany { .. } => Self::body(detail),
            DraftFault::Ask { index, .. } => Self::body_at(&format!("/ops/{index}"), detail),
            DraftFault::Scope(_) | DraftFault::FourEyes | DraftFault::NotYours => Self::new(Kind::Forbidden, detail),
            DraftFault::Refused { index, refused, codes } => {
                let told = vec![Conflicted::refused(*index, refused, codes, lattice)];
                Self::new(Kind::Conflict, detail).at(&format!("/ops/{index}")).with(told)
            }
            DraftFault::Conflicts(conflicts) => {
                let told = conflicts.iter().map(|(step, conflict)| Conflicted::of(*step, conflict, lattice));
                Self::new(Kind::Conflict, detail).with(told.collect())
            }
            DraftFault::Checks(findings) => {
                let told = findings.iter().map(|finding| Found::of(finding).conflicted()).collect();
                Self::new(Kind::Conflict, detail).with(told)
            }
            DraftFault::State { .. }
            | DraftFault::Empty
            | DraftFault::Behind { .. }
            | DraftFault::NotYet { .. }
            | DraftFault::TooEarly { .. }
            | DraftFault::Overtaken
            | DraftFault::NoVersion(_)
            | DraftFault::NotMade(_)
            | DraftFault::Invalid(_)
            | DraftFault::Store(StoreFault::Moved { .. }) => Self::new(Kind::Conflict, detail),
            DraftFault::Store(StoreFault::Busy(_) | StoreFault::Locked { .. }) => Self::new(Kind::Busy, detail),
            DraftFault::NoStore | DraftFault::Past(_) | DraftFault::Log(_) | DraftFault::Store(_) => {
                tracing::error!(%fault, "a draft could not be read or written");
                Self::new(Kind::Internal, detail)
            }
        }
    }
}

impl Found<'_> {
    /// A finding of the four principles among the conflicts.
    fn conflicted(&self) -> Conflicted {
        Conflicted {
            step: 0,
            rule: self.rule.to_owned(),
            detail: format!("{} {}", self.zh, self.en),
            units: self.codes.to_vec(),
            bounds: self.at.as_ref().map(|at| [at.lon, at.lat, at.lon, at.lat]),
            field: None,
            base: None,
            mine: None,
            theirs: None,
            clashes: Vec::new(),
        }
    }
}
