//! Stage 3, *node*: snap rounding (Hobby; Halperin and Packer). Every crossing becomes a lattice vertex, and every edge that passes
//! through a vertex's unit square (its hot pixel) is led through the vertex, until nothing is left to insert.

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

/// Nodes the rings; returns each remaining edge with the claims that run along it, sorted, and the number of passes. Edges that a claim
/// runs along both ways (spikes) cancel out.
pub(super) fn node(rings: &[SourceRing]) -> (Vec<(Edge, Runs)>, u32) {
    let mut edges: HashMap<Edge, HashMap<u32, i32>> = HashMap::new();
    for ring in rings {
        for (i, &a) in ring.points.iter().enumerate() {
            let b = ring.points[(i + 1) % ring.points.len()];
            add(&mut edges, a, b, ring.claim, 1);
        }
    }
    let mut passes = 0;
    while passes < MOST_PASSES {
        passes += 1;
        let inserts = inserts(&edges);
        if inserts.is_empty() {
            break;
        }
        for ((a, b), mut points) in inserts {
            let Some(runs) = edges.remove(&(a, b)) else { continue };
            points.sort_unstable_by_key(|p| (dot(a, b, *p), *p));
            points.dedup();
            let stops: Vec<LatticePoint> = std::iter::once(a).chain(points).chain(std::iter::once(b)).collect();
            for pair in stops.windows(2) {
                for (&claim, &times) in &runs {
                    add(&mut edges, pair[0], pair[1], claim, times);
                }
            }
        }
    }
    let mut noded: Vec<(Edge, Runs)> = (edges.into_iter())
        .map(|(edge, runs)| {
            let mut runs: Runs = runs.into_iter().filter(|(_, times)| *times != 0).collect();
            runs.sort_unstable();
            (edge, runs)
        })
        .filter(|(_, runs)| !runs.is_empty())
        .collect();
    noded.sort_unstable();
    (noded, passes)
}

fn add(edges: &mut HashMap<Edge, HashMap<u32, i32>>, a: LatticePoint, b: LatticePoint, claim: u32, times: i32) {
    if a == b {
        return;
    }
    let (edge, times) = if a < b { ((a, b), times) } else { ((b, a), -times) };
    *edges.entry(edge).or_default().entry(claim).or_default() += times;
}

/// The vertices to put into edges: crossings, and vertices whose hot pixel an edge passes through.
fn inserts(edges: &HashMap<Edge, HashMap<u32, i32>>) -> Vec<(Edge, Vec<LatticePoint>)> {
    let mut list: Vec<Edge> = edges.keys().copied().collect();
    list.sort_unstable();
    let mut vertices: Vec<LatticePoint> =
        list.iter().flat_map(|(a, b)| [*a, *b]).collect::<HashSet<_>>().into_iter().collect();
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
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// Whether the edge, strictly between its ends, passes through the closed unit square around `p`.
fn through_hot_pixel((a, b): Edge, p: LatticePoint) -> bool {
    if p == a || p == b || dot(a, b, p) <= 0 || dot(b, a, p) <= 0 {
        return false;
    }
    let width = i128::from((i64::from(b.x) - i64::from(a.x)).abs() + (i64::from(b.y) - i64::from(a.y)).abs());
    2 * cross(a, b, p).abs() <= width
}
