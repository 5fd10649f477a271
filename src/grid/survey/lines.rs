//! A coverage as directed edges, each with the face on its left, and the stretches in which two such sets of lines differ.

use std::collections::{BTreeSet, HashMap};

use crate::coverage::exact::by_angle;
use crate::coverage::{Arc, Coverage, FaceIx, LatticePoint};

/// An edge in one direction, and the face on its left.
pub(super) type Directed = (LatticePoint, LatticePoint, u64);

/// Edges by place. Faces go by names, so that those of one coverage can be found in another, and several can be seen as one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    left: HashMap<(LatticePoint, LatticePoint), u64>,
    /// The ends of the edges at each vertex, counter-clockwise.
    star: HashMap<LatticePoint, Vec<LatticePoint>>,
}

/// A run of edges that only one of two sets of lines has, between vertices that both have or where lines meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) points: Vec<LatticePoint>,
    pub(super) left: u64,
    pub(super) right: u64,
}

impl Chain {
    pub(super) fn turned(&self) -> Self {
        Self { points: self.points.iter().rev().copied().collect(), left: self.right, right: self.left }
    }

    pub(super) fn start(&self) -> LatticePoint {
        self.points[0]
    }

    pub(super) fn end(&self) -> LatticePoint {
        self.points[self.points.len() - 1]
    }

    pub(super) fn inner(&self) -> &[LatticePoint] {
        &self.points[1..self.points.len() - 1]
    }
}

impl Lines {
    /// All lines of a coverage. Between faces of one name there is none.
    pub(super) fn of(coverage: &Coverage, name: impl Fn(FaceIx) -> u64) -> Self {
        Self::of_arcs(coverage.arcs().iter(), name)
    }

    /// The lines of some faces and of their neighbours.
    pub(super) fn around(coverage: &Coverage, faces: &[FaceIx], name: impl Fn(FaceIx) -> u64) -> Self {
        let halves = |face: FaceIx| coverage.faces()[face.ix()].rings.iter().flat_map(|r| r.halves.iter());
        let mut near: BTreeSet<FaceIx> = faces.iter().copied().collect();
        near.extend(faces.iter().flat_map(|face| halves(*face)).map(|half| coverage.left_of(half.twin())));
        near.remove(&FaceIx::OUTSIDE);
        let arcs: BTreeSet<_> = near.iter().flat_map(|face| halves(*face)).map(|half| half.arc()).collect();
        Self::of_arcs(arcs.into_iter().map(|ix| &coverage.arcs()[ix.ix()]), name)
    }

    fn of_arcs<'a>(arcs: impl Iterator<Item = &'a Arc>, name: impl Fn(FaceIx) -> u64) -> Self {
        let mut lines = Self::default();
        for arc in arcs {
            let (left, right) = (name(arc.left), name(arc.right));
            if left == right {
                continue;
            }
            for (a, b) in arc.edges() {
                lines.left.insert((a, b), left);
                lines.left.insert((b, a), right);
                lines.star.entry(a).or_default().push(b);
                lines.star.entry(b).or_default().push(a);
            }
        }
        for (at, star) in &mut lines.star {
            star.sort_unstable_by(|a, b| by_angle(*at, *a, *b));
        }
        lines
    }

    /// The face on the left of an edge; `None` where there is no such edge.
    pub(super) fn left(&self, a: LatticePoint, b: LatticePoint) -> Option<u64> {
        self.left.get(&(a, b)).copied()
    }

    pub(super) fn has_edge(&self, a: LatticePoint, b: LatticePoint) -> bool {
        self.left.contains_key(&(a, b))
    }

    pub(super) fn has(&self, p: LatticePoint) -> bool {
        self.star.contains_key(&p)
    }

    pub(super) fn star(&self, p: LatticePoint) -> &[LatticePoint] {
        self.star.get(&p).map_or(&[], Vec::as_slice)
    }

    /// Where the ring with the face on its left goes on after an edge.
    pub(super) fn next(&self, a: LatticePoint, b: LatticePoint) -> Option<LatticePoint> {
        let star = self.star(b);
        let back = star.iter().position(|p| *p == a)?;
        star.get((back + star.len() - 1) % star.len()).copied()
    }

    /// The faces around a vertex, counter-clockwise, beginning with the lowest in such a way that equal cycles are equal lists.
    pub(super) fn around_vertex(&self, p: LatticePoint) -> Vec<u64> {
        let faces: Vec<u64> = self.star(p).iter().filter_map(|q| self.left(p, *q)).collect();
        let turned = |i: usize| faces[i..].iter().chain(&faces[..i]).copied().collect::<Vec<u64>>();
        (0..faces.len()).map(turned).min().unwrap_or_default()
    }

    /// Every directed edge with the face on its left, sorted.
    pub(super) fn edges(&self) -> Vec<Directed> {
        let mut all: Vec<_> = self.left.iter().map(|((a, b), left)| (*a, *b, *left)).collect();
        all.sort_unstable();
        all
    }

    /// The runs of edges that these lines have and others have not; closed ones last.
    pub(super) fn only(&self, others: &Self) -> Vec<Chain> {
        let mut own: Vec<(LatticePoint, LatticePoint)> =
            self.left.keys().filter(|(a, b)| !others.has_edge(*a, *b)).copied().collect();
        own.sort_unstable();
        let node = |p: LatticePoint| others.has(p) || self.star(p).len() != 2;
        let mut walked: BTreeSet<(LatticePoint, LatticePoint)> = BTreeSet::new();
        let mut chains = Vec::new();
        for closed in [false, true] {
            for &(a, b) in own.iter().filter(|(a, _)| closed || node(*a)) {
                if walked.contains(&(a, b)) {
                    continue;
                }
                let mut points = vec![a, b];
                let (mut from, mut at) = (a, b);
                while !node(at) && at != a {
                    let Some(next) = self.star(at).iter().find(|p| **p != from) else { break };
                    (from, at) = (at, *next);
                    points.push(at);
                }
                for pair in points.windows(2) {
                    walked.extend([(pair[0], pair[1]), (pair[1], pair[0])]);
                }
                let side = |a, b| self.left(a, b).unwrap_or(0);
                chains.push(Chain { left: side(a, b), right: side(b, a), points });
            }
        }
        chains
    }
}
