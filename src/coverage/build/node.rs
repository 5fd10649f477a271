//! Stage 3, *node*: snap rounding (Hobby; Halperin and Packer). Every crossing becomes a lattice vertex, and every edge that passes
//! through a vertex's unit square (its hot pixel) is led through the vertex, until nothing is left to insert.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::ring::SourceRing;
use crate::coverage::LatticePoint;
use crate::coverage::exact::{cross, cross_properly, crossing, dot};
use crate::coverage::strips::{StepBox, Strips};

/// Snap rounding converges in two or three passes on real data; more means the input is not boundaries.
const MOST_PASSES: u32 = 24;

/// An undirected edge, smaller end first.
pub(super) type Edge = (LatticePoint, LatticePoint);

/// The signed number of times each claim runs along an edge, smaller end to larger: its land lies on the left when positive.
pub(super) type Runs = Vec<(u32, i32)>;

/// Each remaining edge with the claims that run along it, sorted, and how many passes it took.
pub(super) struct Noded {
    pub edges: Vec<(Edge, Runs)>,
    pub passes: u32,
}

/// One claim's run along one edge, as it goes into [`Runs`].
type Run = (Edge, u32, i32);

/// The rings' edges as they stand; `None` when any crossing or near miss would have to be noded first.
pub(super) fn already_noded(rings: &[SourceRing]) -> Option<Noded> {
    let runs = runs(rings);
    inserts(&runs).is_empty().then(|| grouped(&runs, 1))
}

/// Nodes the rings. Edges that a claim runs along both ways (spikes) cancel out.
pub(super) fn node(rings: &[SourceRing]) -> Noded {
    let mut runs = runs(rings);
    let mut passes = 0;
    while passes < MOST_PASSES {
        passes += 1;
        let mut inserts = inserts(&runs);
        if inserts.is_empty() {
            break;
        }
        for ((a, b), points) in &mut inserts {
            points.sort_unstable_by_key(|p| (dot(*a, *b, *p), *p));
            points.dedup();
        }
        let mut split = Vec::with_capacity(runs.len() + inserts.len() * 4);
        for ((a, b), claim, times) in runs {
            let mut from = a;
            for &p in inserts.get(&(a, b)).into_iter().flatten() {
                split.extend(run(from, p, claim, times));
                from = p;
            }
            split.extend(run(from, b, claim, times));
        }
        runs = summed(split);
    }
    grouped(&runs, passes)
}

fn run(a: LatticePoint, b: LatticePoint, claim: u32, times: i32) -> Option<Run> {
    match a.cmp(&b) {
        Ordering::Less => Some(((a, b), claim, times)),
        Ordering::Equal => None,
        Ordering::Greater => Some(((b, a), claim, -times)),
    }
}

fn runs(rings: &[SourceRing]) -> Vec<Run> {
    let edges = rings.iter().flat_map(|ring| {
        let next = ring.points.iter().cycle().skip(1);
        ring.points.iter().zip(next).filter_map(|(a, b)| run(*a, *b, ring.claim, 1))
    });
    summed(edges.collect())
}

/// Sorts, adds up the runs of each claim along each edge and drops those that cancel.
fn summed(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable();
    let mut sums: Vec<Run> = Vec::with_capacity(runs.len());
    for (edge, claim, times) in runs {
        match sums.last_mut() {
            Some(last) if (last.0, last.1) == (edge, claim) => last.2 += times,
            _ => sums.push((edge, claim, times)),
        }
    }
    sums.retain(|(_, _, times)| *times != 0);
    sums
}

fn grouped(runs: &[Run], passes: u32) -> Noded {
    let same = |a: &Run, b: &Run| a.0 == b.0;
    let edges = runs.chunk_by(same).map(|chunk| (chunk[0].0, chunk.iter().map(|(_, c, t)| (*c, *t)).collect()));
    Noded { edges: edges.collect(), passes }
}

/// The vertices to put into edges: crossings, and vertices whose hot pixel an edge passes through.
fn inserts(runs: &[Run]) -> HashMap<Edge, Vec<LatticePoint>> {
    let mut list: Vec<Edge> = runs.iter().map(|r| r.0).collect();
    list.dedup();
    let mut vertices: Vec<LatticePoint> = list.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut found: HashMap<Edge, Vec<LatticePoint>> = HashMap::new();
    let strips = Strips::new(list.iter().map(|(a, b)| StepBox::of_edge(*a, *b)).collect());
    let mut crossings = HashSet::new();
    strips.pairs(|i, j| {
        let ((a, b), (c, d)) = (list[i as usize], list[j as usize]);
        if cross_properly(a, b, c, d) {
            crossings.insert(crossing(a, b, c, d));
            for (edge, p) in [((a, b), crossing(a, b, c, d)), ((c, d), crossing(a, b, c, d))] {
                if p != edge.0 && p != edge.1 {
                    found.entry(edge).or_default().push(p);
                }
            }
        }
    });
    vertices.extend(crossings);
    vertices.sort_unstable();
    vertices.dedup();
    let first_edge = vertices.len() as u32;
    let boxes = (vertices.iter().map(|p| StepBox::of_edge(*p, *p)))
        .chain(list.iter().map(|(a, b)| StepBox::of_edge(*a, *b).grown(1, 1)));
    Strips::new(boxes.collect()).pairs(|i, j| {
        let (v, e) = (i.min(j), i.max(j));
        if v < first_edge && e >= first_edge {
            let (p, edge) = (vertices[v as usize], list[(e - first_edge) as usize]);
            if through_hot_pixel(edge, p) {
                found.entry(edge).or_default().push(p);
            }
        }
    });
    found
}

/// Whether the edge (smaller end first), strictly between its ends, passes through the unit square around `p`. The square is half-open, it
/// holds its south-west corner only: an edge through the common corner of four squares belongs to one of them, or noding would not end.
fn through_hot_pixel((a, b): Edge, p: LatticePoint) -> bool {
    if p == a || p == b || dot(a, b, p) <= 0 || dot(b, a, p) <= 0 {
        return false;
    }
    let (dx, dy) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (off, width) = (2 * cross(a, b, p), i128::from(dx.abs() + dy.abs()));
    // Equality is a corner: the south-west one when the edge falls eastward below p, which then lies on its left.
    off.abs() < width || (off == width && dx > 0 && dy < 0)
}
