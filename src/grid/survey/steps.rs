//! Changes in steps that a reviewer can undo: one for each connected region, and one for the units that go from one parent to another, if they are
//! still legal in that order.

use std::collections::HashMap;

use super::rows::Made;
use crate::coverage::LatticePoint;
use crate::grid::change::{Change, Desk};
use crate::grid::past::Boundaries;

/// What holds changes together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Tie {
    Vertex(LatticePoint),
    Parents(super::rows::Parents),
}

pub(super) fn steps(base: &Boundaries, made: &[Made]) -> Vec<Vec<Change>> {
    // One region may have made room for another: then by region alone, or in the order in which they were found.
    let points = |one: &Made| one.points.iter().map(|p| Tie::Vertex(*p)).collect::<Vec<Tie>>();
    let both = |one: &Made| points(one).into_iter().chain(one.parents.map(Tie::Parents)).collect();
    let tied = [grouped(made, both), grouped(made, points)];
    let legal = |steps: &Vec<Vec<Change>>| {
        let mut desk = Desk::new(base);
        steps.iter().flatten().all(|change| desk.apply(change).is_ok())
    };
    tied.into_iter().find(legal).unwrap_or_else(|| grouped(made, |_| Vec::new()))
}

fn grouped(made: &[Made], ties: impl Fn(&Made) -> Vec<Tie>) -> Vec<Vec<Change>> {
    let mut group: Vec<usize> = (0..made.len()).collect();
    let mut first = HashMap::new();
    for (i, one) in made.iter().enumerate() {
        for tie in ties(one) {
            let other = *first.entry(tie).or_insert(i);
            let (one, other) = (root(&group, i), root(&group, other));
            group[one.max(other)] = one.min(other);
        }
    }
    let mut grouped: Vec<Vec<Change>> = vec![Vec::new(); made.len()];
    for (i, one) in made.iter().enumerate() {
        grouped[root(&group, i)].extend(one.changes.iter().cloned());
    }
    grouped.retain(|changes| !changes.is_empty());
    grouped
}

fn root(group: &[usize], mut at: usize) -> usize {
    while group[at] != at {
        at = group[at];
    }
    at
}
