//! Which faces have to be looked at together: those that have land or lines of each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Target;
use super::hand::Hand;
use super::lines::{Directed, Lines};
use crate::coverage::{FaceId, Lattice, LatticePoint};

type Edge = (LatticePoint, LatticePoint);

/// Sets of names joined as they are found to belong together.
#[derive(Clone, Default)]
struct Sets(BTreeMap<u64, u64>);

impl Sets {
    fn root(&mut self, name: u64) -> u64 {
        let mut at = name;
        while let Some(up) = self.0.get(&at).filter(|up| **up != at) {
            at = *up;
        }
        self.0.insert(name, at);
        self.0.entry(at).or_insert(at);
        at
    }

    /// The outside belongs to nobody.
    fn join(&mut self, one: u64, other: u64) {
        if one != 0 && other != 0 {
            let (one, other) = (self.root(one), self.root(other));
            self.0.insert(one.max(other), one.min(other));
        } else if one.max(other) != 0 {
            self.root(one.max(other));
        }
    }

    fn all(mut self) -> Vec<BTreeSet<u64>> {
        let names: Vec<u64> = self.0.keys().copied().collect();
        let mut sets: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for name in names {
            sets.entry(self.root(name)).or_default().insert(name);
        }
        sets.into_values().collect()
    }
}

/// The faces whose land has to be shared out anew, in sets that have nothing to do with each other. A face along which a line only wavers, within the
/// tolerance, is left out: others meet on its border elsewhere. `wide` takes it in all the same.
pub(super) fn clusters(hand: &Hand, now: &Lines, target: &Target, tolerance_m: f64, wide: bool) -> Vec<BTreeSet<u64>> {
    let (is, is_to_be) = (now.edges(), target.lines.edges());
    let mut sets = Sets::default();
    let near = Near { lattice: target.coverage.lattice(), tolerance_m };
    for (edges, these, others) in [(&is, now, &target.lines), (&is_to_be, &target.lines, now)] {
        let theirs = if wide {
            HashMap::new()
        } else {
            by_face(edges, others, if std::ptr::eq(these, now) { &is_to_be } else { &is })
        };
        for (a, b, left) in edges.iter().filter(|(a, b, _)| a < b) {
            let right = these.left(*b, *a).unwrap_or(0);
            if let Some(there) = others.left(*a, *b) {
                let beyond = others.left(*b, *a).unwrap_or(0);
                for (one, other) in [(*left, there), (right, beyond)] {
                    if one != other {
                        sets.join(one, other);
                    }
                }
                continue;
            }
            let wavers = |face: u64| face != 0 && theirs.get(&face).is_some_and(|line| near.all([*a, *b], line));
            match (wavers(*left), wavers(right)) {
                (true, false) => sets.join(right, 0),
                (false, true) => sets.join(*left, 0),
                _ => sets.join(*left, right),
            }
        }
    }
    for face in hand.bench.coverage().faces() {
        let role = target.face_of.get(&face.id.0).map(|ix| target.coverage.faces()[ix.ix()].role);
        if role.is_some_and(|role| role != face.role) {
            sets.join(face.id.0, 0);
        }
    }
    with_ground(sets, hand, now, target)
}

/// Land that comes from the outside, or goes there, does so by way of a neighbour.
fn with_ground(mut sets: Sets, hand: &Hand, now: &Lines, target: &Target) -> Vec<BTreeSet<u64>> {
    for set in sets.clone().all() {
        let there = set.iter().any(|id| hand.bench.index_of(FaceId(*id)).is_some());
        let wanted = set.iter().any(|id| target.face_of.contains_key(id));
        let lines = match (there, wanted) {
            (false, _) => &target.lines,
            (true, false) => now,
            (true, true) => continue,
        };
        let beside = |(a, b, left): &Directed| {
            let right = lines.left(*b, *a).filter(|right| *right != 0 && !set.contains(right))?;
            set.contains(left).then_some((*left, right))
        };
        if let Some((own, neighbour)) = lines.edges().iter().find_map(beside) {
            sets.join(own, neighbour);
        }
    }
    sets.all()
}

/// The borders in the other lines of the faces that have an edge which those lines have not.
fn by_face(edges: &[Directed], others: &Lines, theirs: &[Directed]) -> HashMap<u64, Vec<Edge>> {
    let mut lines: HashMap<u64, Vec<Edge>> =
        edges.iter().filter(|(a, b, _)| !others.has_edge(*a, *b)).map(|(_, _, left)| (*left, Vec::new())).collect();
    for (a, b, left) in theirs {
        if let Some(line) = lines.get_mut(left) {
            line.push((*a, *b));
        }
    }
    lines
}

struct Near<'a> {
    lattice: &'a Lattice,
    tolerance_m: f64,
}

impl Near<'_> {
    /// Whether all of these points are within the tolerance of some edge; a step of the lattice or two always is.
    fn all(&self, points: [LatticePoint; 2], line: &[Edge]) -> bool {
        let (mx, my) = self.lattice.metres_per_step(points[0].y);
        let tolerance = self.tolerance_m.max(2.0 * mx.max(my));
        let flat = |a: LatticePoint, b: LatticePoint| {
            ((f64::from(b.x) - f64::from(a.x)) * mx, (f64::from(b.y) - f64::from(a.y)) * my)
        };
        let to_edge = |p: LatticePoint, (a, b): &Edge| {
            let ((px, py), (bx, by)) = (flat(*a, p), flat(*a, *b));
            let share = ((px * bx + py * by) / bx.mul_add(bx, by * by)).clamp(0.0, 1.0);
            (px - share * bx).hypot(py - share * by)
        };
        points.iter().all(|p| line.iter().any(|edge| to_edge(*p, edge) <= tolerance))
    }
}
