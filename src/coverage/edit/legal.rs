//! What makes a new line legal, in exact predicates: it meets nothing, jumps over nothing, and keeps the order around its ends.
//!
//! Why that is enough: a planar graph is given by who follows whom around each vertex, by which ring of a component is its outer one, and by the
//! ring in which each other component lies. An edit that keeps all arcs keeps the first if the order around its ends stays, the second if no
//! touched ring turns over, and the third if the region swept between old and new holds no junction – every component has one, and
//! as neither line meets a component, it lies in that region as a whole or not at all.

use super::refusal::{Refusal, Rule};
use super::workbench::{Place, Workbench};
use crate::coverage::LatticePoint;
use crate::coverage::delta::around;
use crate::coverage::exact::{by_angle, cross, cross_properly, crossing, on_segment};
use crate::coverage::lattice::REACH;
use crate::coverage::strips::{StepBox, Strips};

type Edge = (LatticePoint, LatticePoint);

/// Up to this many edges, all pairs are looked at; beyond, strips find the candidates.
const FEW: usize = 48;

/// A set of edges, by their ends in any order.
#[derive(Debug)]
pub(super) struct Edges(Vec<Edge>);

impl Edges {
    pub(super) fn of(edges: impl IntoIterator<Item = Edge>) -> Self {
        let mut all: Vec<Edge> = edges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
        all.sort_unstable();
        Self(all)
    }

    pub(super) fn of_chain(chain: &[LatticePoint]) -> Self {
        Self::of(chain.windows(2).map(|e| (e[0], e[1])))
    }

    fn has(&self, low: LatticePoint, high: LatticePoint) -> bool {
        self.0.binary_search(&(low, high)).is_ok()
    }
}

/// Where two edges have more in common than one end; `None` when they have not.
pub(super) fn meeting((a, b): Edge, (c, d): Edge) -> Option<LatticePoint> {
    let apart = |a: i32, b: i32, c: i32, d: i32| a.max(b) < c.min(d) || c.max(d) < a.min(b);
    if apart(a.x, b.x, c.x, d.x) || apart(a.y, b.y, c.y, d.y) {
        return None;
    }
    let inside = |e: Edge, p| (p != e.0 && p != e.1 && on_segment(e.0, e.1, p)).then_some(p);
    let same = (a == c && b == d) || (a == d && b == c);
    let touch = inside((a, b), c).or_else(|| inside((a, b), d)).or_else(|| inside((c, d), a));
    touch
        .or_else(|| inside((c, d), b))
        .or_else(|| same.then_some(a))
        .or_else(|| cross_properly(a, b, c, d).then(|| crossing(a, b, c, d)))
}

/// Times a closed chain goes around a point that is not on it.
fn winding(chain: &[LatticePoint], p: LatticePoint) -> i32 {
    let mut turns = 0;
    for (i, &a) in chain.iter().enumerate() {
        let b = chain[(i + 1) % chain.len()];
        if a.y <= p.y && b.y > p.y && cross(a, b, p) > 0 {
            turns += 1;
        } else if b.y <= p.y && a.y > p.y && cross(a, b, p) < 0 {
            turns -= 1;
        }
    }
    turns
}

/// Whether directions from `o` come in counter-clockwise order, from any of them once around, no two alike.
pub(super) fn turns_once(o: LatticePoint, directions: &[LatticePoint]) -> bool {
    let n = directions.len();
    let mut wraps = 0;
    for i in 0..n {
        match by_angle(o, directions[i], directions[(i + 1) % n]) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Greater => wraps += 1,
            std::cmp::Ordering::Equal => return n == 1,
        }
    }
    wraps == 1 || n == 1
}

impl Workbench {
    /// Every point within reach of the lattice, as `Lattice::quantise` has it.
    pub(super) fn on_lattice(&self, points: &[LatticePoint]) -> Result<(), Refusal> {
        let beyond = |v: i32| i64::from(v).abs() > REACH;
        let far = points.iter().find(|p| beyond(p.x) || beyond(p.y));
        far.map_or(Ok(()), |p| Err(self.refusal(Rule::OffLattice, *p)))
    }

    /// A line that neither repeats a point nor meets itself; first and last may be the same.
    pub(super) fn simple(&self, line: &[LatticePoint]) -> Result<(), Refusal> {
        let closed = line.first() == line.last();
        let mut sorted = line[usize::from(closed)..].to_vec();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.refusal(Rule::RepeatedPoint, pair[0]));
        }
        let edge = |i: usize| (line[i], line[i + 1]);
        let edges = line.len() - 1;
        let mut found = None;
        if edges <= FEW {
            for i in 0..edges {
                found = found.or_else(|| (0..i).find_map(|k| meeting(edge(i), edge(k))));
            }
        } else {
            let boxes = line.windows(2).map(|e| StepBox::of_edge(e[0], e[1])).collect();
            Strips::new(boxes).pairs(|i, k| {
                found = found.or_else(|| meeting(edge(i as usize), edge(k as usize)));
            });
        }
        found.map_or(Ok(()), |at| Err(self.refusal(Rule::SelfCrossing, at).within(line.iter().copied())))
    }

    /// No vertex of the line but its ends is taken, save by the vertices that are `leaving`.
    pub(super) fn places_free(&self, line: &[LatticePoint], leaving: &[LatticePoint]) -> Result<(), Refusal> {
        let taken = line[1..line.len() - 1].iter().find(|p| self.place(**p).is_some() && !leaving.contains(p));
        taken.map_or(Ok(()), |p| Err(self.refusal(Rule::Touches, *p)))
    }

    /// The edge meets none but at a common end, save those that are `leaving`.
    pub(super) fn edge_free(&self, edge: Edge, leaving: &Edges) -> Result<(), Refusal> {
        let mut found = None;
        self.edges().near(edge.0, edge.1, |c, d| {
            if found.is_none() && !leaving.has(c, d) {
                found = meeting(edge, (c, d)).map(|at| (at, c, d));
            }
        });
        let Some((at, c, d)) = found else { return Ok(()) };
        let other = self.half_with(c, d).map(|(half, _)| half);
        let faces = other.into_iter().flat_map(|h| [self.id(self.left(h)), self.id(self.left(h.twin()))]);
        Err(self.refusal(Rule::Touches, at).of(faces))
    }

    /// No junction lies in the region around which the closed chain goes, save its own corners.
    pub(super) fn nothing_inside(&self, chain: &[LatticePoint]) -> Result<(), Refusal> {
        let (low, high) = around(chain.iter().copied());
        let inside = |p: LatticePoint| low.x <= p.x && p.x <= high.x && low.y <= p.y && p.y <= high.y;
        let mut found = None;
        self.nodes().within((low, high), |p, _| {
            if found.is_none() && inside(p) && !chain.contains(&p) && winding(chain, p) != 0 {
                found = Some(p);
            }
        });
        found.map_or(Ok(()), |p| Err(self.refusal(Rule::JumpsOver, p)))
    }

    /// The order around a vertex stays when its half-arcs leave in other directions; `second` gives the new ones.
    pub(super) fn order_stays(
        &self,
        vertex: LatticePoint,
        at: LatticePoint,
        second: impl Fn(crate::coverage::HalfArc) -> LatticePoint,
    ) -> Result<(), Refusal> {
        let Some(Place::Junction(j)) = self.place(vertex) else { return Ok(()) };
        let directions: Vec<LatticePoint> = self.star(j).iter().map(|h| second(*h)).collect();
        if turns_once(at, &directions) { Ok(()) } else { Err(self.refusal(Rule::OrderAround, vertex)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn p(x: i32, y: i32) -> LatticePoint {
        LatticePoint::new(x, y)
    }

    #[test]
    fn edges_may_share_one_end_and_nothing_else() {
        let e = (p(0, 0), p(10, 0));
        assert_eq!(meeting(e, (p(10, 0), p(15, 5))), None);
        assert_eq!(meeting(e, (p(0, 1), p(10, 1))), None);
        assert_eq!(meeting(e, (p(10, 0), p(5, 0))), Some(p(5, 0))); // doubles back
        assert_eq!(meeting(e, (p(5, 0), p(5, 9))), Some(p(5, 0)));
        assert_eq!(meeting(e, (p(4, -4), p(4, 4))), Some(p(4, 0)));
        assert_eq!(meeting(e, (p(10, 0), p(0, 0))), Some(p(0, 0)));
    }

    #[test]
    fn order_is_once_around_from_anywhere() {
        let o = p(0, 0);
        assert!(turns_once(o, &[p(0, 5), p(-5, 0), p(5, -1), p(5, 5)]));
        assert!(!turns_once(o, &[p(0, 5), p(5, 5), p(-5, 0), p(5, -1)]));
        assert!(!turns_once(o, &[p(0, 5), p(0, 9), p(5, -1)]));
        assert!(turns_once(o, &[p(0, 5), p(3, 3)]));
    }

    #[test]
    fn winding_counts_turns_with_their_sign() {
        let square = [p(0, 0), p(4, 0), p(4, 4), p(0, 4)];
        assert_eq!(winding(&square, p(1, 1)), 1);
        assert_eq!(winding(&square, p(5, 1)), 0);
        let back: Vec<_> = square.iter().rev().copied().collect();
        assert_eq!(winding(&back, p(1, 1)), -1);
        // An eight: once around each half, in opposite senses.
        let eight = [p(0, 0), p(8, 4), p(8, 0), p(0, 4)];
        assert_eq!((winding(&eight, p(1, 2)), winding(&eight, p(7, 2))), (1, -1));
    }
}
