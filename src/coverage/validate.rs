//! All invariants of a coverage, as one function that names what is broken and where.

use std::collections::HashMap;
use std::fmt;

use super::exact::{cross_properly, on_segment};
use super::region::{Group, trace};
use super::strips::{StepBox, Strips};
use super::{ArcIx, Coverage, FaceIx, FaceRole, LatticePoint};

/// A broken invariant: the rule, who is concerned, and a place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub rule: Rule,
    pub arcs: Vec<ArcIx>,
    pub faces: Vec<FaceIx>,
    pub at: Option<LatticePoint>,
}

/// The invariants a valid coverage satisfies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// An index points at nothing, or an arc does not begin and end at its junctions.
    Reference,
    /// Two equal points in a row, or two junctions at one place.
    RepeatedPoint,
    /// Two edges cross or touch anywhere but at a shared junction.
    Crossing,
    /// A junction where fewer than three arc ends meet (two for a loop).
    JunctionDegree,
    /// The same face on both sides of an arc.
    SameFaceBothSides,
    /// A face's rings do not close, or a face has no outer ring, or several without being an exclave.
    Ring,
    /// V − E + F ≠ 1 + C.
    Euler,
    /// The doubled areas of the faces do not add up to the outline's.
    AreaSum,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference => "a table refers to a row that is not there",
            Self::RepeatedPoint => "a point stands twice",
            Self::Crossing => "two edges cross or touch away from a junction",
            Self::JunctionDegree => "fewer than three arcs meet at a junction",
            Self::SameFaceBothSides => "an arc has the same face on both sides",
            Self::Ring => "a face is not closed, has no outer ring, or several without being an exclave",
            Self::Euler => "the graph is not planar (Euler's formula fails)",
            Self::AreaSum => "the areas of the faces do not add up to the outline's",
        })
    }
}

/// Checks every invariant; an empty answer is a valid coverage. What [`Coverage::from_tables`] already proves (references, closed
/// rings) is not checked again. Cost: O(n log n) in edges that are short against the whole.
#[must_use]
pub fn faults(coverage: &Coverage) -> Vec<Fault> {
    let mut faults = arcs_are_simple(coverage);
    faults.extend(edges_meet_only_at_junctions(coverage));
    faults.extend(junctions_join_three(coverage));
    faults.extend(faces_have_one_outer_ring(coverage));
    faults.extend(euler(coverage));
    faults.extend(areas_add_up(coverage));
    faults
}

fn arcs_are_simple(coverage: &Coverage) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen: HashMap<LatticePoint, Vec<ArcIx>> = HashMap::new();
    for &junction in &coverage.junctions {
        if seen.insert(junction, Vec::new()).is_some() {
            faults.push(Fault { rule: Rule::RepeatedPoint, arcs: Vec::new(), faces: Vec::new(), at: Some(junction) });
        }
    }
    for (i, arc) in coverage.arcs.iter().enumerate() {
        let ix = ArcIx(i as u32);
        let fault = |rule, at| Fault { rule, arcs: vec![ix], faces: vec![arc.left, arc.right], at: Some(at) };
        if arc.left == arc.right {
            faults.push(fault(Rule::SameFaceBothSides, arc.points[0]));
        }
        if let Some((a, _)) = arc.edges().find(|(a, b)| a == b) {
            faults.push(fault(Rule::RepeatedPoint, a));
        }
        for &point in &arc.points[1..arc.points.len() - 1] {
            if let Some(others) = seen.get_mut(&point) {
                others.push(ix);
                faults.push(Fault {
                    rule: Rule::Crossing,
                    arcs: others.clone(),
                    faces: vec![arc.left, arc.right],
                    at: Some(point),
                });
            } else {
                seen.insert(point, vec![ix]);
            }
        }
    }
    faults
}

/// Shared interior vertices are found by [`arcs_are_simple`]; here edges that cross, overlap, or have a foreign vertex on them.
fn edges_meet_only_at_junctions(coverage: &Coverage) -> Vec<Fault> {
    let edges: Vec<(LatticePoint, LatticePoint, ArcIx)> = (coverage.arcs.iter().enumerate())
        .flat_map(|(i, arc)| arc.edges().map(move |(a, b)| (a, b, ArcIx(i as u32))))
        .collect();
    let strips = Strips::new(edges.iter().map(|(a, b, _)| StepBox::of_edge(*a, *b)).collect());
    let mut faults: Vec<Fault> = Vec::new();
    strips.pairs(|i, j| {
        let ((a, b, arc), (c, d, other)) = (edges[i as usize], edges[j as usize]);
        let inside = |from, to, p| p != from && p != to && on_segment(from, to, p);
        let place =
            [(a, b, c), (a, b, d), (c, d, a), (c, d, b)].into_iter().find(|(f, t, p)| inside(*f, *t, *p)).map(|t| t.2);
        let same = (a == c && b == d) || (a == d && b == c);
        let at = place.or_else(|| same.then_some(a)).or_else(|| cross_properly(a, b, c, d).then_some(a));
        if let Some(at) = at {
            let sides = [arc, other].map(|ix| &coverage.arcs[ix.ix()]);
            let faces = sides.iter().flat_map(|s| [s.left, s.right]).collect();
            let fault = Fault { rule: Rule::Crossing, arcs: vec![arc, other], faces, at: Some(at) };
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    });
    faults
}

fn junctions_join_three(coverage: &Coverage) -> Vec<Fault> {
    let mut degree = vec![0u32; coverage.junctions.len()];
    let mut loops = vec![false; coverage.junctions.len()];
    for arc in &coverage.arcs {
        degree[arc.from.ix()] += 1;
        degree[arc.to.ix()] += 1;
        loops[arc.from.ix()] |= arc.from == arc.to;
    }
    (degree.iter().zip(&loops).zip(&coverage.junctions))
        .filter(|((degree, is_loop), _)| **degree < 3 && !(**is_loop && **degree == 2))
        .map(|(_, at)| Fault { rule: Rule::JunctionDegree, arcs: Vec::new(), faces: Vec::new(), at: Some(*at) })
        .collect()
}

fn faces_have_one_outer_ring(coverage: &Coverage) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, face) in coverage.faces.iter().enumerate().filter(|(_, f)| f.role != FaceRole::Outside) {
        let outer = face.rings.iter().filter(|r| r.doubled_area > 0).count();
        let flat = face.rings.iter().any(|r| r.doubled_area == 0);
        if flat || outer == 0 || (outer > 1 && !face.exclave) {
            let first = face.rings.first().and_then(|r| r.halves.first());
            let at = first.and_then(|&h| coverage.half_points(h).next());
            faults.push(Fault { rule: Rule::Ring, arcs: Vec::new(), faces: vec![FaceIx(i as u32)], at });
        }
    }
    faults
}

fn euler(coverage: &Coverage) -> Option<Fault> {
    let mut parent: Vec<u32> = (0..coverage.junctions.len() as u32).collect();
    let root = |parent: &mut Vec<u32>, mut i: u32| {
        while parent[i as usize] != i {
            parent[i as usize] = parent[parent[i as usize] as usize];
            i = parent[i as usize];
        }
        i
    };
    for arc in &coverage.arcs {
        let (a, b) = (root(&mut parent, arc.from.0), root(&mut parent, arc.to.0));
        parent[a as usize] = b;
    }
    let components = parent.iter().enumerate().filter(|(i, p)| *i as u32 == **p).count() as i64;
    let bounded: usize = coverage.faces.iter().map(|f| f.rings.iter().filter(|r| r.doubled_area > 0).count()).sum();
    let (v, e, f) = (coverage.junctions.len() as i64, coverage.arcs.len() as i64, bounded as i64 + 1);
    (v - e + f != 1 + components).then(|| Fault { rule: Rule::Euler, arcs: Vec::new(), faces: Vec::new(), at: None })
}

fn areas_add_up(coverage: &Coverage) -> Option<Fault> {
    let all: Vec<Group> =
        (coverage.faces.iter()).map(|f| if f.role == FaceRole::Outside { Group::NONE } else { Group(0) }).collect();
    let outline: i128 = trace(coverage, &all, 1)[0].iter().map(|r| r.doubled_area).sum();
    let faces: i128 = coverage.faces.iter().flat_map(|f| f.rings.iter()).map(|r| r.doubled_area).sum();
    (outline != faces || outline <= 0 && !coverage.arcs.is_empty()).then(|| Fault {
        rule: Rule::AreaSum,
        arcs: Vec::new(),
        faces: Vec::new(),
        at: None,
    })
}
