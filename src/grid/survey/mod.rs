//! A new survey of a district as changes of the boundaries in force: what differs, in steps that can be looked at and undone one by one.
//!
//! `names → lines that moved → land that changed hands → rows → steps`, each checked by a [`Desk`] on the way. What comes out is the survey, line for
//! line and row for row, or a list of the places where it cannot be. `docs/algorithms/edit.md` has the picture.

mod clusters;
mod follow;
mod hand;
mod lines;
mod names;
mod redraw;
mod rows;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hand::Hand;
use lines::{Directed, Lines};
use names::Names;

use super::change::{Change, Desk, Row};
use super::past::Boundaries;
use super::{Hierarchy, UnitIx};
use crate::coverage::build::{Overlap, overlaps};
use crate::coverage::edit::{Edit, Refusal, Workbench};
use crate::coverage::{Coverage, FaceIx, LatticePoint};

/// A survey and the boundaries it is compared with; both on one lattice, and valid.
#[derive(Debug)]
pub struct Survey<'a> {
    base: &'a Boundaries,
    new: &'a Boundaries,
    names: Names,
}

/// The way from the boundaries in force to the survey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Changes to be made together, one list for each connected region.
    pub steps: Vec<Vec<Change>>,
    /// What cannot be drafted. Where there is any, the steps do not lead to the survey.
    pub missing: Vec<Missing>,
    /// Units that begin, end, and are another than they were in land, line or row; of all levels.
    pub begun: usize,
    pub ended: usize,
    pub changed: usize,
    /// Land that is another unit's, or nobody's, afterwards.
    pub handed_m2: f64,
}

/// A difference that is not made, where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub at: Option<LatticePoint>,
    /// Codes of the units concerned.
    pub units: Vec<String>,
    pub reason: String,
}

impl<'a> Survey<'a> {
    /// Finds out who is who.
    #[must_use]
    pub fn new(base: &'a Boundaries, new: &'a Boundaries) -> Self {
        Self { base, new, names: Names::of(base, new) }
    }

    /// How many identities it needs that no unit ever had.
    #[must_use]
    pub fn fresh(&self) -> usize {
        self.names.fresh(self.new)
    }

    /// The changes that lead to it; what is new is numbered from `first`. `tolerance_m` is how far a line may be off and still count as the same
    /// one, when it is asked whose land changed. Cost: linear for what is the same, and for each region what its edits cost.
    #[must_use]
    pub fn plan(&self, first: u64, tolerance_m: f64) -> Plan {
        let (units, faces) = self.names.given(self.new, first);
        let target = Target::new(self.new, faces, &units);
        let base_lines = Lines::of(&self.base.coverage, |face| self.base.coverage.faces()[face.ix()].id.0);
        let handed = self.handed(&base_lines, &target);
        let mut plan = Plan { handed_m2: handed_m2(&handed, &self.base.coverage, &target), ..Plan::default() };
        let mut hand = Hand::on(Workbench::new(self.base.coverage.clone()));
        let mut items = Vec::new();
        let stuck = shared_out(&mut hand, &target, tolerance_m, &mut items);
        let codes = |ids: &[u64]| self.codes(&target, ids);
        plan.missing.extend(stuck.into_iter().map(|why| Missing {
            at: why.at,
            units: codes(&why.faces),
            reason: why.reason,
        }));
        let descent = self.descent(&handed, &target);
        let mut desk = Desk::new(self.base);
        let drafted = rows::with_rows(&mut desk, items, &target, &descent);
        match drafted {
            Ok(made) => plan.steps = steps::steps(self.base, &made),
            Err(missing) => plan.missing.push(missing),
        }
        if plan.missing.is_empty() {
            plan.missing.extend(self.left_over(&desk, &target));
        }
        self.count(&base_lines, &target, &mut plan);
        plan
    }

    /// Who has land of whom, among the faces that differ.
    fn handed(&self, base: &Lines, target: &Target) -> Vec<Overlap> {
        let differing = differing(base, &target.lines);
        let among = |coverage: &Coverage, id: &dyn Fn(usize) -> u64| -> Vec<FaceIx> {
            let all = 1..coverage.faces().len();
            all.filter(|i| differing.contains(&id(*i))).map(|i| FaceIx(i as u32)).collect()
        };
        let before = among(&self.base.coverage, &|i| self.base.coverage.faces()[i].id.0);
        let after = among(target.coverage, &|i| target.ids[i]);
        overlaps((&self.base.coverage, &before), (target.coverage, &after))
    }

    /// From which unit to which land and people went, where one of the two begins or ends with it: pieces under a tenth of it do not count.
    fn descent(&self, handed: &[Overlap], target: &Target) -> BTreeSet<(u64, u64)> {
        let area = |coverage: &Coverage, face: FaceIx| -> i128 {
            coverage.faces()[face.ix()].rings.iter().map(|ring| ring.doubled_area).sum()
        };
        let mut descent = BTreeSet::new();
        for one in handed.iter().filter(|o| o.before != FaceIx::OUTSIDE && o.after != FaceIx::OUTSIDE) {
            let (from, to) = (self.base.coverage.faces()[one.before.ix()].id.0, target.ids[one.after.ix()]);
            let whole = area(&self.base.coverage, one.before).min(area(target.coverage, one.after));
            if from != to && one.doubled_area * 10 >= whole {
                descent.insert((from, to));
            }
        }
        descent
    }

    fn codes(&self, target: &Target, ids: &[u64]) -> Vec<String> {
        let known: HashMap<u64, &str> = self.base.hierarchy.units().iter().map(|u| (u.id, u.code.as_str())).collect();
        let code =
            |id: &u64| target.rows.get(id).map(|row| row.code.clone()).or_else(|| Some((*known.get(id)?).to_owned()));
        ids.iter().filter_map(code).collect()
    }

    /// What still differs when all has been made: nothing, unless something could not be.
    fn left_over(&self, desk: &Desk, target: &Target) -> Option<Missing> {
        let coverage = desk.coverage();
        let now = Lines::of(coverage, |face| coverage.faces()[face.ix()].id.0);
        let (is, is_to_be) = (now.edges(), target.lines.edges());
        let reason = |what: &str| format!("{what} after all changes; draw it by hand");
        if is != is_to_be {
            let other = |these: &[Directed], those: &[Directed]| {
                these.iter().find(|edge| those.binary_search(edge).is_err()).copied()
            };
            let edge = other(&is_to_be, &is).or_else(|| other(&is, &is_to_be));
            return edge.map(|(a, _, left)| Missing {
                at: Some(a),
                units: self.codes(target, &[left]),
                reason: reason("the line is not that of the survey"),
            });
        }
        let mut faces = coverage.faces().iter();
        let other_role = faces.find(|face| {
            target.face_of.get(&face.id.0).is_none_or(|ix| target.coverage.faces()[ix.ix()].role != face.role)
        });
        let other_row = target.rows.values().find(|row| desk.row(row.id) != Some(row));
        let id = other_role.map(|face| face.id.0).or(other_row.map(|row| row.id))?;
        Some(Missing {
            at: None,
            units: self.codes(target, &[id]),
            reason: reason("the unit is not that of the survey"),
        })
    }

    fn count(&self, base: &Lines, target: &Target, plan: &mut Plan) {
        let before: BTreeMap<u64, Row> = Row::all(&self.base.hierarchy).map(|row| (row.id, row)).collect();
        let redrawn = differing(base, &target.lines);
        let begun = target.rows.keys().filter(|id| !before.contains_key(id)).count();
        let ended = before.keys().filter(|id| !target.rows.contains_key(id)).count();
        let another = |row: &&Row| before.get(&row.id).is_some_and(|was| was != *row || redrawn.contains(&row.id));
        (plan.begun, plan.ended, plan.changed) = (begun, ended, target.rows.values().filter(another).count());
    }
}

/// The survey under the identities of the district.
struct Target<'a> {
    coverage: &'a Coverage,
    /// By face.
    ids: Vec<u64>,
    face_of: HashMap<u64, FaceIx>,
    lines: Lines,
    rows: BTreeMap<u64, Row>,
}

impl<'a> Target<'a> {
    fn new(new: &'a Boundaries, ids: Vec<u64>, units: &[u64]) -> Self {
        let face_of = ids.iter().enumerate().map(|(i, id)| (*id, FaceIx(i as u32))).collect();
        let lines = Lines::of(&new.coverage, |face| ids[face.ix()]);
        Self { coverage: &new.coverage, face_of, lines, rows: renamed(&new.hierarchy, units), ids }
    }
}

fn renamed(hierarchy: &Hierarchy, units: &[u64]) -> BTreeMap<u64, Row> {
    let row = |i: usize| {
        let parent = hierarchy.units()[i].parent.map(|parent| units[parent.ix()]);
        Row { id: units[i], parent, ..Row::of(hierarchy, UnitIx(i as u32)) }
    };
    (0..units.len()).map(|i| (units[i], row(i))).collect()
}

/// Edits made together, and the faces whose land they share out; none for lines that only moved.
struct Item {
    edits: Vec<Edit>,
    members: BTreeSet<u64>,
}

/// What stands in the way of a region.
#[derive(Debug)]
struct Stuck {
    at: Option<LatticePoint>,
    faces: Vec<u64>,
    reason: String,
}

impl Stuck {
    fn of<'i>(faces: impl IntoIterator<Item = &'i u64>, reason: &str) -> Self {
        Self { at: None, faces: faces.into_iter().copied().collect(), reason: reason.to_owned() }
    }
}

impl From<Refusal> for Stuck {
    fn from(refusal: Refusal) -> Self {
        let faces = refusal.faces.iter().map(|face| face.0).collect();
        Self { at: Some(refusal.at), faces, reason: refusal.rule.to_string() }
    }
}

fn lines_of(hand: &Hand) -> Lines {
    let coverage = hand.bench.coverage();
    Lines::of(coverage, |face| coverage.faces()[face.ix()].id.0)
}

/// Makes all lines follow that can, each edit an item of its own.
fn moved(hand: &mut Hand, target: &Target, items: &mut Vec<Item>) {
    while follow::follow(hand, &lines_of(hand), &target.lines, |_| true) {}
    items.extend(hand.take().into_iter().map(|edit| Item { edits: vec![edit], members: BTreeSet::new() }));
}

/// Makes everything that is left: land is shared out anew, cluster by cluster. The answer is what stands in the way.
fn shared_out(hand: &mut Hand, target: &Target, tolerance_m: f64, items: &mut Vec<Item>) -> Vec<Stuck> {
    let mut stuck = Vec::new();
    for wide in [false, true] {
        // Where a cluster had to grow, the others are looked for again.
        let mut grown = true;
        while grown {
            moved(hand, target, items);
            let now = lines_of(hand);
            stuck.clear();
            grown = false;
            for members in clusters::clusters(hand, &now, target, tolerance_m, wide) {
                match growing(hand, target, &now, &members) {
                    Ok(members_now) => {
                        grown = members_now != members;
                        items.push(Item { edits: hand.take(), members: members_now });
                    }
                    Err(why) => stuck.push(why),
                }
                if grown {
                    break;
                }
            }
        }
        if stuck.is_empty() {
            break;
        }
    }
    moved(hand, target, items);
    stuck
}

/// How often the neighbours of a cluster are taken in, when it cannot be done without them.
const MOST_GROWTH: usize = 4;

/// Shares out the land of a cluster; where that is refused at some vertex, together with the faces around it. The answer is who took part.
fn growing(hand: &mut Hand, target: &Target, now: &Lines, members: &BTreeSet<u64>) -> Result<BTreeSet<u64>, Stuck> {
    let mut taking_part = members.clone();
    let mut first = None;
    for _ in 0..=MOST_GROWTH {
        match redraw::redraw(hand, target, &taking_part) {
            Ok(()) => return Ok(taking_part),
            Err(why) => {
                let before = taking_part.len();
                if let Some(at) = why.at {
                    let around = now.around_vertex(at).into_iter().chain(target.lines.around_vertex(at));
                    taking_part.extend(around.filter(|id| *id != 0));
                }
                let why = first.get_or_insert(why);
                if taking_part.len() == before {
                    return Err(Stuck { at: why.at, faces: why.faces.clone(), reason: why.reason.clone() });
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| Stuck::of(members, "they cannot be shared out anew")))
}

/// Names of the faces that have an edge on their border in one of the two and not in the other.
fn differing(one: &Lines, other: &Lines) -> BTreeSet<u64> {
    let (one, other) = (one.edges(), other.edges());
    let only = |these: &[Directed], those: &[Directed]| -> Vec<u64> {
        these.iter().filter(|edge| those.binary_search(edge).is_err()).map(|edge| edge.2).collect()
    };
    only(&one, &other).into_iter().chain(only(&other, &one)).filter(|id| *id != 0).collect()
}

fn handed_m2(handed: &[Overlap], base: &Coverage, target: &Target) -> f64 {
    let differs = |o: &&Overlap| base.faces()[o.before.ix()].id.0 != target.ids[o.after.ix()];
    let m2 = |o: &Overlap| {
        let (mx, my) = base.lattice().metres_per_step(o.at.y);
        o.doubled_area as f64 / 2.0 * mx * my
    };
    handed.iter().filter(differs).map(m2).sum()
}
