//! How could an overloaded unit be cut? A few different ways to divide it in two, or to redraw the line between two neighbours, so that both sides have about
//! as many households: along streets where there are any, and through no compound.
//!
//! Nothing is decided here and nothing changed: a [`Proposal`] is a list of ordinary [`Edit`]s, with what each side would be like, for a person to choose from.
//! The base map and the places are only evidence for a suggestion. `docs/algorithms/propose.md` has the pictures.

mod ground;
mod atoms;
mod streets;
mod parcels;
mod trees;
mod line;
mod metrics;

use crate::coverage::edit::{Edit, Line, Refusal, Rule, Workbench};
use crate::coverage::{FaceId, FaceIx, LatticePoint};
use crate::grid::UnitIx;
use crate::snapshot::Snapshot;

use atoms::{Atom, Dwellings};
use ground::{Ground, Spot};
use line::{Board, Drawn, Rim};
use metrics::{Shape, Survey};
use parcels::Parcels;
use streets::Street;
use trees::{Cut, Plan, Random};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The same seed on the same snapshot gives the same proposals.
    pub seed: u64,
    /// Proposals within the tolerance, at most; 1 to 8 are given.
    pub most: usize,
    /// How far the households of a side may be from half, as a share of half: 0.05 is 95 to 105 where 200 live. 0.005 to 0.5.
    pub tolerance: f64,
    /// The id of the unit that a split makes; `None` takes the one after the highest in the snapshot. An id must never be used twice, so give one
    /// where units were retired.
    pub new: Option<FaceId>,
}

impl Default for Goal {
    fn default() -> Self {
        Self { seed: 0, most: 5, tolerance: 0.05, new: None }
    }
}

/// How it is known where in a unit its households live; the figures of a proposal are as good as this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Spread evenly over its home addresses (buildings and houses; entrances where neither is known).
    Addresses,
    /// No home address: spread over the building outlines of the base map, by area.
    Outlines,
    /// Neither: spread evenly over its land.
    Land,
}

/// Why a compound of the unit is not kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compound {
    /// Buildings of it already belong to several units.
    AlreadyDivided,
    /// All homes of the unit are its buildings, so whoever divides the unit divides it.
    IsTheUnit,
    /// More than half of the households live in it, so no line beside it balances.
    OutweighsHalf,
}

/// A compound that is treated as its buildings.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub name: String,
    /// Its share of the households, 0 to 1.
    pub share: f64,
    pub why: Compound,
}

/// One side of a proposal, in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub face: FaceId,
    /// Those of both sides add up to the unit's. Not rounded: they are estimates, see [`Basis`].
    pub households: f64,
    pub people: f64,
    /// Issues with a position on this side, over the months between the first and the last issue of the snapshot.
    pub issues_a_month: f64,
    /// In the dataset's plane.
    pub area_m2: f64,
    /// Polsby and Popper's: 4π · area / perimeter², 1 for a disc.
    pub compactness: f64,
    /// In one part.
    pub contiguous: bool,
    /// Rivers, railways, highways and main roads (class 1 and 2) that run through its inside, not along its border.
    pub barriers_crossed: u32,
}

/// A way to divide.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// In order, all or none, on the coverage of the snapshot: a [`Workbench`] has accepted them.
    pub edits: Vec<Edit>,
    /// The one that keeps its id, then the new one; for a rebalance in the order asked.
    pub sides: [Side; 2],
    /// The new boundary, as in the edits.
    pub lines: Vec<Line>,
    /// Its length in the dataset's plane.
    pub cut_m: f64,
    /// The share of it that follows streets or rivers of the base map, 0 to 1.
    pub on_street: f64,
    /// How far the households of a side are from half, as a share of half.
    pub deviation: f64,
    /// Whether that is within the tolerance. Where no way with whole buildings is, the nearest such one comes last; where the buildings cannot be divided
    /// either (houses), there are only such.
    pub balanced: bool,
    /// Buildings that stand on both sides: between stairwells where possible. 0 where whole buildings can be balanced.
    pub buildings_cut: u32,
    /// Compounds that lie in one unit and would lie in two. 0, but where one [outweighs half](Compound::OutweighsHalf). One that
    /// [is the unit](Compound::IsTheUnit) is not counted: whatever divides the one divides the other.
    pub compounds_cut: u32,
}

/// The answer: different ways, best first, and what they rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposals {
    pub list: Vec<Proposal>,
    /// For each of the units asked for.
    pub basis: Vec<Basis>,
    pub opened: Vec<Opened>,
}

/// Why there is no proposal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProposalFault {
    #[error("only a lowest unit with land of its own can be cut")]
    NotAUnit,
    #[error("no household is recorded for it, so there is nothing to balance; record its households first")]
    NobodyLives,
    #[error("all its households live at one address that cannot be divided; nothing is left to cut between")]
    OneHome,
    #[error("it has {found} buildings, more than the {most} that are looked at; divide it by hand first")]
    TooManyHomes { found: usize, most: usize },
    #[error(
        "no line was found that balances it within {tolerance:.3} of half; the nearest would be off by {nearest:.3}"
    )]
    NoBalance { tolerance: f64, nearest: f64 },
    #[error("the two share no boundary; only neighbours can be balanced")]
    NotNeighbours,
    #[error("the two are balanced already: {deviation:.3} from half")]
    Balanced { deviation: f64 },
    #[error("the boundary between the two may not be redrawn: {0}")]
    Fixed(Refusal),
}

/// Buildings and blocks that are looked at in one go.
const MOST_HOMES: usize = 3_000;
const LEAST_PROPOSALS: usize = 3;
const MOST_PROPOSALS: usize = 8;
/// Two proposals place at least this share of the households differently.
const DIFFERENT: f64 = 0.08;
/// Lines drawn and tried for one unit at one grain.
const MOST_DRAWN: usize = 40;
/// A side that winds more than this around other buildings is worse than a building cut.
const LEAST_COMPACT: f64 = 0.3;
/// How far a straightened line may be from midway, in metres, most first.
const FREEDOMS_M: [f64; 2] = [8.0, 2.0];
/// What cutting a building, and a stairwell, counts beside the length of the line, in widths of the unit.
const BUILDING_CUT: f64 = 0.9;
const STAIRWELL_CUT: f64 = 0.3;

/// A few ways to cut a lowest unit in two: edits that end in one [`Edit::Split`].
///
/// With whole buildings first; only where fewer than three ways balance, through buildings between two stairwells, then between the two hands of one.
/// Cost: a workbench of the coverage ([`splits_on`] takes one that is there), one pass over places, issues and base map, and some 100 ms.
///
/// # Errors
/// [`ProposalFault`]: why there is nothing to propose.
pub fn splits(snapshot: &Snapshot, unit: UnitIx, goal: &Goal) -> Result<Proposals, ProposalFault> {
    splits_on(snapshot, &mut Workbench::new(snapshot.coverage.clone()), unit, goal)
}

/// [`splits`] with a workbench of the snapshot's coverage, which is as it was afterwards.
///
/// # Errors
/// As [`splits`].
pub fn splits_on(
    snapshot: &Snapshot,
    bench: &mut Workbench,
    unit: UnitIx,
    goal: &Goal,
) -> Result<Proposals, ProposalFault> {
    let keep = id_of(snapshot, unit)?;
    let new = goal.new.unwrap_or_else(|| next_id(snapshot));
    Task::new(snapshot, bench, &[unit], [keep, new], Vec::new(), goal)?.proposals()
}

/// A few ways to redraw the line between two neighbours so that both have as many households: both keep their ids. The edits are one [`Edit::Merge`] and one
/// [`Edit::Split`] that gives the second its id back.
///
/// # Errors
/// [`ProposalFault`]; [`ProposalFault::Balanced`] when nothing needs to be done.
pub fn rebalance(snapshot: &Snapshot, one: UnitIx, other: UnitIx, goal: &Goal) -> Result<Proposals, ProposalFault> {
    rebalance_on(snapshot, &mut Workbench::new(snapshot.coverage.clone()), one, other, goal)
}

/// [`rebalance`] with a workbench of the snapshot's coverage, which is as it was afterwards.
///
/// # Errors
/// As [`rebalance`].
pub fn rebalance_on(
    snapshot: &Snapshot,
    bench: &mut Workbench,
    one: UnitIx,
    other: UnitIx,
    goal: &Goal,
) -> Result<Proposals, ProposalFault> {
    let faces = [id_of(snapshot, one)?, id_of(snapshot, other)?];
    let [a, b] = [one, other].map(|u| f64::from(snapshot.hierarchy.unit(u).households));
    let deviation = (a - b).abs() / (a + b).max(1.0);
    let merge = joined(bench, faces)?;
    if deviation <= tolerance(goal) && a + b > 0.0 {
        return Err(ProposalFault::Balanced { deviation });
    }
    Task::new(snapshot, bench, &[one, other], faces, vec![merge], goal)?.proposals()
}

/// The merge of two neighbours that their common line may be redrawn after.
fn joined(bench: &mut Workbench, [keep, gone]: [FaceId; 2]) -> Result<Edit, ProposalFault> {
    let mut merge = Edit::Merge { keep, gone, enclosing: Vec::new() };
    for _ in 0..2 {
        match bench.check(&merge) {
            Ok(_) => return Ok(merge),
            Err(refusal) if refusal.rule == Rule::NotNeighbours => return Err(ProposalFault::NotNeighbours),
            Err(refusal) if refusal.rule == Rule::Encloses => {
                merge = Edit::Merge { keep, gone, enclosing: refusal.faces };
            }
            Err(refusal) => return Err(ProposalFault::Fixed(refusal)),
        }
    }
    match bench.check(&merge) {
        Ok(_) => Ok(merge),
        Err(refusal) => Err(ProposalFault::Fixed(refusal)),
    }
}

fn id_of(snapshot: &Snapshot, unit: UnitIx) -> Result<FaceId, ProposalFault> {
    let face = snapshot.hierarchy.units().get(unit.ix()).and_then(|u| u.face);
    let face = face.and_then(|f| snapshot.coverage.faces().get(f.ix()));
    face.map(|f| f.id).ok_or(ProposalFault::NotAUnit)
}

fn next_id(snapshot: &Snapshot) -> FaceId {
    let faces = snapshot.coverage.faces().iter().map(|f| f.id.0);
    let units = snapshot.hierarchy.units().iter().map(|u| u.id);
    FaceId(faces.chain(units).max().unwrap_or(0).saturating_add(1))
}

const fn tolerance(goal: &Goal) -> f64 {
    goal.tolerance.clamp(0.005, 0.5)
}

/// One unit, or two that were joined, and all that is known of it.
struct Task<'a> {
    snapshot: &'a Snapshot,
    bench: &'a mut Workbench,
    /// Keeps its land's name; gets the side that is `true`.
    faces: [FaceId; 2],
    first: Vec<Edit>,
    rims: Vec<Rim>,
    rings: Vec<Vec<Spot>>,
    ground: Ground,
    streets: Vec<Street>,
    dwellings: Dwellings,
    survey: Survey,
    goal: Goal,
    rebalance: bool,
}

/// A cut that became a proposal.
struct Found {
    cut: Cut,
    proposal: Proposal,
    score: f64,
}

/// What atoms are made of, in the order tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Whole buildings, each with the land around it.
    Buildings,
    /// Also pieces of open land, so that two buildings can hang together around a third.
    OpenLand,
    /// Buildings stairwell by stairwell.
    Stairwells,
    /// Both; and a line may come back near to itself.
    All,
}

impl Stage {
    const ORDER: [Self; 4] = [Self::Buildings, Self::OpenLand, Self::Stairwells, Self::All];

    const fn divides_buildings(self) -> bool {
        matches!(self, Self::Stairwells | Self::All)
    }

    const fn has_open_land(self) -> bool {
        matches!(self, Self::OpenLand | Self::All)
    }
}

/// What to fill a list of proposals up with.
struct Filling {
    stage: Stage,
    /// So many were found at an earlier stage.
    before: usize,
    wanted: usize,
}

/// The land divided among atoms of one grain.
struct Grain {
    atoms: Vec<Atom>,
    land: Parcels,
    borders: Vec<parcels::Border>,
}

impl<'a> Task<'a> {
    fn new(
        snapshot: &'a Snapshot,
        bench: &'a mut Workbench,
        units: &[UnitIx],
        faces: [FaceId; 2],
        first: Vec<Edit>,
        goal: &Goal,
    ) -> Result<Self, ProposalFault> {
        let all: Vec<LatticePoint> = units
            .iter()
            .filter_map(|u| snapshot.hierarchy.unit(*u).face)
            .flat_map(|f| snapshot.coverage.faces()[f.ix()].rings.iter())
            .flat_map(|r| snapshot.coverage.ring_points(r))
            .collect();
        let ground = Ground::around(*snapshot.coverage.lattice(), all.iter()).ok_or(ProposalFault::NotAUnit)?;
        let whole: u32 = units.iter().map(|u| snapshot.hierarchy.unit(*u).households).sum();
        if whole == 0 {
            return Err(ProposalFault::NobodyLives);
        }
        let rims = bench
            .rehearse(&first, |coverage, _| {
                let ix = coverage.faces().iter().position(|f| f.id == faces[0]);
                ix.map(|ix| Rim::of(coverage, FaceIx(ix as u32), &ground)).unwrap_or_default()
            })
            .map_err(ProposalFault::Fixed)?;
        let rings: Vec<Vec<Spot>> = rims.iter().map(|r| r.spots().to_vec()).collect();
        let most_share = 0.5 * (1.0 + tolerance(goal));
        let dwellings = atoms::gather(snapshot, &ground, units, &rings, most_share);
        let found = dwellings.buildings.len();
        if found > MOST_HOMES {
            return Err(ProposalFault::TooManyHomes { found, most: MOST_HOMES });
        }
        let streets = streets::around(snapshot, &ground, &rings);
        let survey = Survey::new(snapshot, &ground, units);
        let rebalance = units.len() > 1;
        Ok(Self {
            snapshot,
            bench,
            faces,
            first,
            rims,
            rings,
            ground,
            streets,
            dwellings,
            survey,
            goal: *goal,
            rebalance,
        })
    }

    fn grain(&self, stage: Stage) -> Grain {
        let mut atoms = atoms::atoms(&self.dwellings.buildings, stage.divides_buildings());
        if stage.has_open_land() {
            let open = atoms::open_land(&self.rings, &atoms);
            atoms.extend(open);
        }
        let lines: Vec<Vec<Spot>> = self.streets.iter().map(|s| s.line.clone()).collect();
        let land = Parcels::new(&self.rings, &lines, &atoms);
        // A block of land counts by what of it lies within.
        let sizes = land.sizes(atoms.len());
        for unit in 0..self.dwellings.basis.len() {
            let own = |a: &Atom| a.land && a.unit == unit;
            let cells: f64 = atoms.iter().zip(&sizes).filter(|(a, _)| own(a)).map(|(_, s)| s).sum();
            let sums = atoms.iter().filter(|a| own(a)).fold((0.0, 0.0), |s, a| (s.0 + a.households, s.1 + a.people));
            for (atom, size) in atoms.iter_mut().zip(&sizes).filter(|(a, _)| own(a)) {
                (atom.households, atom.people) = (sums.0 * size / cells, sums.1 * size / cells);
            }
        }
        let borders = land.borders();
        Grain { atoms, land, borders }
    }

    fn proposals(mut self) -> Result<Proposals, ProposalFault> {
        let most = self.goal.most.clamp(1, MOST_PROPOSALS);
        let tolerance = tolerance(&self.goal);
        let mut random = Random(self.goal.seed ^ self.faces[0].0.rotate_left(32));
        let mut found: Vec<Found> = Vec::new();
        let mut nearest = f64::INFINITY;
        let mut spare = Vec::new();
        let least = LEAST_PROPOSALS.min(most);
        let standing = self.dwellings.buildings.iter().any(|b| !b.land);
        let divisible = self.dwellings.buildings.iter().any(|b| b.stairwells > 0 && b.households > 0.0);
        for stage in Stage::ORDER {
            let possible = match stage {
                Stage::Buildings => true,
                Stage::OpenLand => standing,
                Stage::Stairwells | Stage::All => divisible,
            };
            if !possible || (stage != Stage::Buildings && found.len() >= least) {
                continue;
            }
            let grain = self.grain(stage);
            if grain.atoms.iter().filter(|a| a.households > 0.0).count() < 2 {
                continue;
            }
            let plan = Plan::new(&grain.atoms, grain.borders.clone());
            let cuts = plan.cuts(&mut random, stage.divides_buildings());
            nearest = cuts.iter().map(|c| c.deviation).fold(nearest, f64::min);
            let (within, off): (Vec<Cut>, Vec<Cut>) = cuts.into_iter().partition(|c| c.deviation <= tolerance);
            // What is found later is less good, so it only fills up to the least number.
            let wanted = if stage == Stage::Buildings { most } else { least };
            let before = found.len();
            self.fill(&grain, &plan, within, &mut found, &Filling { stage, before, wanted });
            if stage == Stage::Buildings && found.is_empty() {
                spare = self.nearest_whole(&grain, &plan, off, if divisible { 1 } else { most });
            }
        }
        if found.is_empty() && spare.is_empty() {
            let one = nearest.is_infinite();
            return Err(if one { ProposalFault::OneHome } else { ProposalFault::NoBalance { tolerance, nearest } });
        }
        if found.iter().any(|f| f.proposal.buildings_cut == 0) {
            spare.clear();
        }
        found.sort_by(|a, b| a.score.total_cmp(&b.score));
        let mut list: Vec<Proposal> = found.into_iter().map(|f| f.proposal).collect();
        list.extend(spare);
        Ok(Proposals { list, basis: self.dwellings.basis, opened: self.dwellings.opened })
    }

    /// Draws the cheapest cuts that differ from those that were drawn, until enough are legal. Those found at an earlier
    /// stage have the buildings as their first atoms.
    fn fill(&mut self, grain: &Grain, plan: &Plan, mut cuts: Vec<Cut>, found: &mut Vec<Found>, filling: &Filling) {
        let Filling { stage, before, wanted } = *filling;
        let scale = self.rings.iter().map(|r| ground::measure(r).0).sum::<f64>().max(1.0).sqrt();
        let cost = |c: &Cut| {
            c.effort_m / scale + BUILDING_CUT * c.walls as f64 + STAIRWELL_CUT * c.stairwells as f64 + c.deviation
        };
        cuts.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then_with(|| a.sides.cmp(&b.sides)));
        let mut drawn = 0;
        for cut in cuts {
            if found.len() >= wanted || drawn >= MOST_DRAWN {
                return;
            }
            let alike = |f: &Found, coarse: bool| {
                let at = |i: usize, a: &Atom| if coarse { a.building as usize } else { i };
                let on_atom = |(i, a): (usize, &Atom)| f.cut.sides.get(at(i, a)).copied().unwrap_or(false);
                let sides: Vec<bool> = grain.atoms.iter().enumerate().map(on_atom).collect();
                plan.difference(&sides, &cut.sides) < DIFFERENT
            };
            if found.iter().enumerate().any(|(i, f)| alike(f, i < before)) {
                continue;
            }
            drawn += 1;
            if let Some((proposal, score)) = self.drawn(grain, &cut, stage == Stage::All) {
                if stage == Stage::OpenLand && proposal.sides.iter().any(|s| s.compactness < LEAST_COMPACT) {
                    continue;
                }
                found.push(Found { cut, proposal, score });
            }
        }
    }

    /// The cuts with whole buildings that come nearest to half, as near as each other but for the tolerance.
    fn nearest_whole(&mut self, grain: &Grain, plan: &Plan, mut cuts: Vec<Cut>, most: usize) -> Vec<Proposal> {
        cuts.sort_by(|a, b| a.deviation.total_cmp(&b.deviation).then(a.effort_m.total_cmp(&b.effort_m)));
        let mut found: Vec<Found> = Vec::new();
        for cut in cuts.into_iter().take(MOST_DRAWN) {
            let late = found.first().is_some_and(|f| cut.deviation > f.cut.deviation + tolerance(&self.goal));
            if late || found.len() >= most {
                break;
            }
            if found.iter().all(|f| plan.difference(&f.cut.sides, &cut.sides) >= DIFFERENT)
                && let Some((proposal, score)) = self.drawn(grain, &cut, false)
            {
                found.push(Found { cut, proposal, score });
            }
        }
        found.sort_by(|a, b| a.score.total_cmp(&b.score));
        found.into_iter().map(|f| f.proposal).collect()
    }

    /// The cut as a line, tried on the workbench; `None` when it is not legal, or does not do what it should.
    fn drawn(&mut self, grain: &Grain, cut: &Cut, tongues: bool) -> Option<(Proposal, f64)> {
        let mut sides = cut.sides.clone();
        if self.falls_to_first(grain, &sides) {
            sides.iter_mut().for_each(|s| *s = !*s);
        }
        let blocks = grain.atoms.iter().filter(|a| a.land).count();
        let area: f64 = self.rings.iter().map(|r| ground::measure(r).0).sum();
        let step = if blocks > 1 { 1.2 * (area / blocks as f64).sqrt() } else { 0.0 };
        let parts = self.rings.iter().filter(|r| ground::measure(r).0 > 0.0).count();
        // The straightest line first; where it goes astray between the stairwells of a building, one that keeps nearer to midway.
        for freedom_m in FREEDOMS_M {
            if let Some(found) = self.drawn_as(grain, cut, &sides, step.max(freedom_m), tongues) {
                return Some(found);
            }
            if parts > 1 {
                // A part of an exclave that no line goes through stays with the old face.
                let other: Vec<bool> = sides.iter().map(|s| !s).collect();
                if let Some(found) = self.drawn_as(grain, cut, &other, step.max(freedom_m), tongues) {
                    return Some(found);
                }
            }
            if cut.buildings == 0 {
                return None;
            }
        }
        None
    }

    /// Whether the side that is `true` should rather keep the first id: it has more of what that unit had, or more households.
    fn falls_to_first(&self, grain: &Grain, sides: &[bool]) -> bool {
        let sum = |side: bool, unit: Option<usize>| -> f64 {
            let own = grain.atoms.iter().zip(sides).filter(|(a, s)| **s == side && unit.is_none_or(|u| u == a.unit));
            own.map(|(a, _)| a.households).sum()
        };
        if self.rebalance {
            sum(true, Some(0)) + sum(false, Some(1)) > sum(false, Some(0)) + sum(true, Some(1))
        } else {
            sum(true, None) > sum(false, None) + 1e-6
        }
    }

    fn drawn_as(
        &mut self,
        grain: &Grain,
        cut: &Cut,
        sides: &[bool],
        freedom_m: f64,
        tongues: bool,
    ) -> Option<(Proposal, f64)> {
        let divided = self.divided(grain, sides);
        let whole = self.dwellings.buildings.iter().enumerate().filter(|(i, _)| !divided[*i]);
        let walls: Vec<&[Spot]> = whole.filter_map(|(_, b)| b.outline.as_deref()).collect();
        let board = Board { ground: &self.ground, land: &grain.land, streets: &self.streets, rims: &self.rims };
        let drawn = board.draw(sides, &walls, freedom_m)?;
        if !tongues && drawn.doubles_back() {
            return None;
        }
        let [keep, new] = self.faces;
        let mut edits = self.first.clone();
        edits.extend(drawn.inserts.iter().cloned());
        edits.push(Edit::Split { face: keep, lines: drawn.lines.clone(), new, exclave: false });
        let ground = &self.ground;
        let shapes = self.bench.rehearse(&edits, |coverage, _| [keep, new].map(|f| Shape::of(coverage, f, ground)));
        let [Some(kept), Some(made)] = shapes.ok()? else { return None };
        let shares = metrics::shares(&made, &self.dwellings, &grain.atoms, &grain.land);
        let counts = |a: &Atom| !a.land && (a.households > 0.0 || a.outline.len() > 2);
        let as_meant = grain.atoms.iter().zip(sides).all(|(a, s)| !counts(a) || made.holds(a.middle) == *s);
        if !as_meant || shares.buildings_cut as usize > cut.buildings {
            return None;
        }
        let whole = shares.households[0] + shares.households[1];
        let deviation = (shares.households[1] / whole - 0.5).abs() * 2.0;
        let balanced = deviation <= tolerance(&self.goal);
        if !balanced && cut.deviation <= tolerance(&self.goal) {
            return None;
        }
        let figures = |shape: &Shape, i: usize| {
            let live = (shares.households[i], shares.people[i]);
            self.survey.side(self.snapshot, shape, &self.streets, live)
        };
        let sides = [figures(&kept, 0), figures(&made, 1)];
        let proposal = self.proposal(edits, sides, drawn, (deviation, balanced), shares);
        let score = Self::score(&proposal);
        Some((proposal, score))
    }

    fn proposal(
        &self,
        edits: Vec<Edit>,
        sides: [Side; 2],
        drawn: Drawn,
        (deviation, balanced): (f64, bool),
        shares: metrics::Shares,
    ) -> Proposal {
        let metres = |line: &Line| metrics::length_m(self.snapshot, &self.ground, &line.points);
        Proposal {
            edits,
            sides,
            cut_m: drawn.lines.iter().map(metres).sum(),
            lines: drawn.lines,
            on_street: drawn.on_street,
            deviation,
            balanced,
            buildings_cut: shares.buildings_cut,
            compounds_cut: shares.compounds_cut,
        }
    }

    /// Which buildings have atoms on both sides.
    fn divided(&self, grain: &Grain, sides: &[bool]) -> Vec<bool> {
        let most = grain.atoms.iter().map(|a| a.building as usize + 1).max().unwrap_or(0);
        let mut seen = vec![0_u8; most.max(self.dwellings.buildings.len())];
        grain.atoms.iter().zip(sides).for_each(|(a, s)| seen[a.building as usize] |= 1 + u8::from(*s));
        seen.into_iter().map(|bits| bits == 3).collect()
    }

    /// Less is better: whole buildings, a short line along streets, compact sides that no river or railway cuts, near to half.
    fn score(proposal: &Proposal) -> f64 {
        let [a, b] = &proposal.sides;
        let scale = (a.area_m2 + b.area_m2).max(1.0).sqrt();
        10.0 * f64::from(proposal.buildings_cut)
            + proposal.cut_m / scale * (1.0 - 0.4 * proposal.on_street)
            + 2.0 * (1.0 - a.compactness.min(b.compactness))
            + 0.5 * f64::from(a.barriers_crossed + b.barriers_crossed)
            + 4.0 * proposal.deviation
            + if a.contiguous && b.contiguous { 0.0 } else { 1.0 }
    }
}
