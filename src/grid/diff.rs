//! What is different between two versions of the boundaries: units by identity, and the lines on the ground. Nothing of how either is numbered shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::Row;
use super::past::Boundaries;
use crate::coverage::{Arc, ArcKind, Coverage, LatticePoint};

/// All differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// By code, as it is after, or was.
    pub units: Vec<UnitDiff>,
    pub lines: Vec<LineDiff>,
}

/// A unit that began, ended, or is another than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitDiff {
    pub before: Option<Row>,
    pub after: Option<Row>,
    /// Its land or its line is another.
    pub redrawn: bool,
}

/// A stretch of boundary that only one of the two has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDiff {
    pub points: Vec<LatticePoint>,
    /// It is there after, and was not before; else the other way about.
    pub added: bool,
    pub kind: ArcKind,
    /// Identities of the faces on its left and right; 0 is the land around the district.
    pub left: u64,
    pub right: u64,
}

/// A straight piece of boundary, its ends in order, with the faces on its left and right in that order.
type Edge = (LatticePoint, LatticePoint, u64, u64);

fn edge(a: LatticePoint, b: LatticePoint, left: u64, right: u64) -> Edge {
    if a <= b { (a, b, left, right) } else { (b, a, right, left) }
}

fn sides(coverage: &Coverage, arc: &Arc) -> (u64, u64) {
    let id = |face: crate::coverage::FaceIx| coverage.faces()[face.ix()].id.0;
    (id(arc.left), id(arc.right))
}

fn edges(coverage: &Coverage) -> Vec<Edge> {
    let mut all: Vec<Edge> = (coverage.arcs().iter())
        .flat_map(|arc| {
            let (left, right) = sides(coverage, arc);
            arc.edges().map(move |(a, b)| edge(a, b, left, right))
        })
        .collect();
    all.sort_unstable();
    all
}

/// The differences between two versions on one lattice. Cost: O(n log n) in edges.
#[must_use]
pub fn diff(before: &Boundaries, after: &Boundaries) -> Diff {
    let (old, new) = (edges(&before.coverage), edges(&after.coverage));
    let mut lines = only_in(&before.coverage, &new, false);
    lines.extend(only_in(&after.coverage, &old, true));
    // A unit is redrawn when an edge has it on a side that it was not on.
    let mut redrawn = BTreeSet::new();
    for (these, others) in [(&old, &new), (&new, &old)] {
        for edge in these.iter().filter(|edge| others.binary_search(edge).is_err()) {
            let at = others.partition_point(|other| (other.0, other.1) < (edge.0, edge.1));
            match others.get(at).filter(|other| (other.0, other.1) == (edge.0, edge.1)) {
                Some(other) => {
                    redrawn
                        .extend([(edge.2, other.2), (edge.3, other.3)].iter().filter(|(a, b)| a != b).map(|(a, _)| *a));
                }
                None => redrawn.extend([edge.2, edge.3]),
            }
        }
    }
    let (mut rows_before, rows_after) = (rows(before), rows(after));
    let mut units: Vec<UnitDiff> = Vec::new();
    for (id, row) in rows_after {
        let was = rows_before.remove(&id);
        let redrawn = redrawn.contains(&id);
        if redrawn || was.as_ref() != Some(&row) {
            units.push(UnitDiff { before: was, after: Some(row), redrawn });
        }
    }
    units.extend(rows_before.into_values().map(|row| UnitDiff { before: Some(row), after: None, redrawn: true }));
    units.sort_by(|a, b| a.key().cmp(&b.key()));
    Diff { units, lines }
}

impl UnitDiff {
    fn key(&self) -> Option<(u8, &str)> {
        self.after.as_ref().or(self.before.as_ref()).map(|row| (row.level, row.code.as_str()))
    }
}

fn rows(boundaries: &Boundaries) -> BTreeMap<u64, Row> {
    Row::all(&boundaries.hierarchy).map(|row| (row.id, row)).collect()
}

/// The stretches of a coverage's arcs whose edges are not among those of another, whoever is beside them there.
fn only_in(coverage: &Coverage, others: &[Edge], added: bool) -> Vec<LineDiff> {
    let there = |a: LatticePoint, b: LatticePoint| {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let at = others.partition_point(|other| (other.0, other.1) < (low, high));
        others.get(at).is_some_and(|other| (other.0, other.1) == (low, high))
    };
    let mut lines = Vec::new();
    for arc in coverage.arcs() {
        let (left, right) = sides(coverage, arc);
        let mut run: Vec<LatticePoint> = Vec::new();
        let mut end = |run: &mut Vec<LatticePoint>| {
            if !run.is_empty() {
                lines.push(LineDiff { points: std::mem::take(run), added, kind: arc.kind, left, right });
            }
        };
        for (a, b) in arc.edges() {
            if there(a, b) {
                end(&mut run);
            } else {
                if run.is_empty() {
                    run.push(a);
                }
                run.push(b);
            }
        }
        end(&mut run);
    }
    lines
}

impl Diff {
    /// In words, Chinese and English, a line each; `code` names the parents.
    #[must_use]
    pub fn words(&self) -> Vec<(String, String)> {
        let codes: HashMap<u64, &str> = (self.units.iter())
            .flat_map(|unit| unit.before.iter().chain(&unit.after))
            .map(|row| (row.id, row.code.as_str()))
            .collect();
        self.units.iter().map(|unit| unit.words(&codes)).collect()
    }
}

impl UnitDiff {
    fn words(&self, codes: &HashMap<u64, &str>) -> (String, String) {
        let named = |row: &Row| format!("{} {}", row.code, row.name);
        match (&self.before, &self.after) {
            (None, Some(row)) => {
                let (homes, people) = (row.households, row.population);
                (
                    format!("新设 {}：{homes} 户 {people} 人", named(row)),
                    format!("new {}: {homes} households, {people} people", named(row)),
                )
            }
            (Some(row), None) => (format!("撤销 {}", named(row)), format!("ended {}", named(row))),
            (Some(before), Some(after)) => {
                let (mut zh, mut en) = (Vec::new(), Vec::new());
                let mut say = |what: (&str, &str), from: String, to: String| {
                    if from != to {
                        zh.push(format!("{}由“{from}”改为“{to}”", what.0));
                        en.push(format!("{} from “{from}” to “{to}”", what.1));
                    }
                };
                let parent = |row: &Row| {
                    row.parent.map_or_else(String::new, |id| {
                        codes.get(&id).map_or_else(|| id.to_string(), |code| (*code).to_owned())
                    })
                };
                say(("编码", "code"), before.code.clone(), after.code.clone());
                say(("名称", "name"), before.name.clone(), after.name.clone());
                say(("上级", "parent"), parent(before), parent(after));
                say(("类别", "class"), before.class.clone(), after.class.clone());
                say(("户数", "households"), before.households.to_string(), after.households.to_string());
                say(("人口", "population"), before.population.to_string(), after.population.to_string());
                if self.redrawn {
                    zh.push("边界调整".to_owned());
                    en.push("boundary redrawn".to_owned());
                }
                (
                    format!("调整 {}：{}", named(before), zh.join("，")),
                    format!("changed {}: {}", named(before), en.join(", ")),
                )
            }
            (None, None) => (String::new(), String::new()),
        }
    }
}
