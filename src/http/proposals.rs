//! `units/{code}/proposals`: a few balanced ways to cut an overloaded unit, or to redraw its line to a neighbour, each with the ops that do it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::Serialize;

use super::acting::Acting;
use super::answer::{json, rounded};
use super::problem::{Kind, Problem};
use super::query::{Asked, echo};
use super::routes::{App, At};
use crate::coverage::edit::{Edit, Line};
use crate::coverage::{ArcKind, Lattice, LatticePoint};
use crate::grid::UnitIx;
use crate::propose::{Basis, Compound, Goal, Proposal, Proposals, Side, rebalance, splits};
use crate::snapshot::Snapshot;

/// `GET /api/v1/units/{code}/proposals`
pub(super) async fn of_unit(
    State(app): State<Arc<App>>,
    Acting(_): Acting,
    At(code): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["neighbour", "seed", "most"])?;
    let seed = query.parsed("seed", "a whole number")?.unwrap_or_default();
    let most: usize = query.parsed("most", "a whole number")?.unwrap_or(5);
    if !(1..=8).contains(&most) {
        return Err(Problem::query("most", "between 1 and 8 proposals are made"));
    }
    let goal = Goal { seed, most, ..Goal::default() };
    let state = app.serving.state();
    let known = |code: &str| state.snapshot.hierarchy.by_code(code);
    let unit = known(&code).ok_or_else(|| Problem::not_found("there is no such unit"))?;
    let neighbour = query.text("neighbour").map(|code| {
        known(code).ok_or_else(|| Problem::query("neighbour", format!("there is no unit “{}”", echo(code))))
    });
    let neighbour = neighbour.transpose()?;
    let of = Arc::clone(&state);
    let made = app.serving.slots.run(move || match neighbour {
        None => splits(&of.snapshot, unit, &goal),
        Some(neighbour) => rebalance(&of.snapshot, unit, neighbour, &goal),
    });
    let made = made.await?.map_err(|fault| Problem::new(Kind::Conflict, fault.to_string()))?;
    json(&Answer::of(&made, &state.snapshot, unit, neighbour))
}

#[derive(Serialize)]
struct Answer {
    version: u64,
    unit: String,
    neighbour: Option<String>,
    /// How it is known where households live, for each of the units.
    basis: Vec<&'static str>,
    /// Compounds that are treated as their buildings, and why.
    opened: Vec<Opened>,
    /// Best first.
    proposals: Vec<Proposed>,
}

#[derive(Serialize)]
struct Opened {
    name: String,
    share: f64,
    why: &'static str,
}

#[derive(Serialize)]
struct Proposed {
    /// For `POST /api/v1/drafts/{id}/ops`, together.
    ops: Vec<Op>,
    sides: Vec<Figures>,
    /// GeoJSON coordinates of a MultiLineString.
    lines: Vec<Vec<(f64, f64)>>,
    cut_m: f64,
    on_street: f64,
    deviation: f64,
    balanced: bool,
    buildings_cut: u32,
    compounds_cut: u32,
}

#[derive(Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
enum Op {
    Reshape { old: Vec<(f64, f64)>, new: Vec<(f64, f64)> },
    Split { unit: String, lines: Vec<Vec<(f64, f64)>>, kind: &'static str, keep: &'static str },
    Redivide { units: [String; 2], lines: Vec<Vec<(f64, f64)>>, kind: &'static str },
}

#[derive(Serialize)]
struct Figures {
    households: f64,
    people: f64,
    issues_a_month: f64,
    area_m2: f64,
    compactness: f64,
    contiguous: bool,
    barriers_crossed: u32,
}

impl Answer {
    fn of(made: &Proposals, snapshot: &Snapshot, unit: UnitIx, neighbour: Option<UnitIx>) -> Self {
        let code = |unit: UnitIx| snapshot.hierarchy.unit(unit).code.clone();
        let codes = (code(unit), neighbour.map(code));
        let lattice = snapshot.coverage.lattice();
        let basis = |basis: &Basis| match basis {
            Basis::Addresses => "addresses",
            Basis::Outlines => "outlines",
            Basis::Land => "land",
        };
        let opened = |opened: &crate::propose::Opened| Opened {
            name: opened.name.clone(),
            share: rounded(opened.share, 3),
            why: match opened.why {
                Compound::AlreadyDivided => "already-divided",
                Compound::IsTheUnit => "is-the-unit",
                Compound::OutweighsHalf => "outweighs-half",
            },
        };
        Self {
            version: snapshot.version,
            basis: made.basis.iter().map(basis).collect(),
            opened: made.opened.iter().map(opened).collect(),
            proposals: made.list.iter().map(|proposal| Proposed::of(proposal, lattice, &codes)).collect(),
            unit: codes.0,
            neighbour: codes.1,
        }
    }
}

impl Proposed {
    fn of(proposal: &Proposal, lattice: &Lattice, codes: &(String, Option<String>)) -> Self {
        let line = |points: &[LatticePoint]| points.iter().map(|p| lattice.degrees(*p)).collect::<Vec<_>>();
        let lines = |lines: &[Line]| lines.iter().map(|l| line(&l.points)).collect::<Vec<_>>();
        // A rebalance joins the two before it cuts; the op does both at once.
        let op = |edit: &Edit| match edit {
            Edit::Reshape { old, new } => Some(Op::Reshape { old: line(old), new: line(new) }),
            Edit::Split { lines: cut, .. } => {
                let (lines, kind) = (lines(cut), kind(cut.first().map_or(ArcKind::Drawn, |line| line.kind)));
                Some(match &codes.1 {
                    None => Op::Split { unit: codes.0.clone(), lines, kind, keep: "right" },
                    Some(other) => Op::Redivide { units: [codes.0.clone(), other.clone()], lines, kind },
                })
            }
            _ => None,
        };
        let side = |side: &Side| Figures {
            households: rounded(side.households, 1),
            people: rounded(side.people, 1),
            issues_a_month: rounded(side.issues_a_month, 2),
            area_m2: rounded(side.area_m2, 1),
            compactness: rounded(side.compactness, 3),
            contiguous: side.contiguous,
            barriers_crossed: side.barriers_crossed,
        };
        Self {
            ops: proposal.edits.iter().filter_map(op).collect(),
            sides: proposal.sides.iter().map(side).collect(),
            lines: lines(&proposal.lines),
            cut_m: rounded(proposal.cut_m, 1),
            on_street: rounded(proposal.on_street, 3),
            deviation: rounded(proposal.deviation, 4),
            balanced: proposal.balanced,
            buildings_cut: proposal.buildings_cut,
            compounds_cut: proposal.compounds_cut,
        }
    }
}

/// What an arc follows, as the wire says it.
pub(super) const fn kind(kind: ArcKind) -> &'static str {
    match kind {
        ArcKind::Legal => "legal",
        ArcKind::Road => "road",
        ArcKind::River => "river",
        ArcKind::Wall => "wall",
        ArcKind::Drawn => "drawn",
    }
}
