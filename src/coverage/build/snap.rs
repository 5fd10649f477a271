//! Stage 2, *snap*: vertices of different units that mean the same corner become the same vertex, on fixed canonical points, so
//! that nothing drifts; then an edge that passes close to another unit's vertex is led through it.
//!
//! Only vertices of unmatched edges move (an edge is matched when another unit runs along it the other way): what two units already
//! agree on is never touched.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::ring::SourceRing;
use crate::coverage::strips::{StepBox, Strips};
use crate::coverage::{Lattice, LatticePoint};

/// Local metres: a vertex's distance is measured with the metres a step has at its own latitude.
struct Metre<'a> {
    lattice: &'a Lattice,
    tolerance_m: f64,
}

impl Metre<'_> {
    fn reach(&self, y: i32) -> (i64, i64) {
        let (mx, my) = self.lattice.metres_per_step(y);
        ((self.tolerance_m / mx).ceil() as i64, (self.tolerance_m / my).ceil() as i64)
    }

    fn between(&self, a: LatticePoint, b: LatticePoint) -> f64 {
        let (mx, my) = self.lattice.metres_per_step(a.y);
        ((f64::from(a.x) - f64::from(b.x)) * mx).hypot((f64::from(a.y) - f64::from(b.y)) * my)
    }

    /// Distance from `p` to the segment `a b` and the share of the way from `a`, when the foot lies strictly between them.
    fn to_edge(&self, p: LatticePoint, a: LatticePoint, b: LatticePoint) -> Option<(f64, f64)> {
        let (mx, my) = self.lattice.metres_per_step(p.y);
        let flat = |q: LatticePoint| ((f64::from(q.x) - f64::from(a.x)) * mx, (f64::from(q.y) - f64::from(a.y)) * my);
        let ((px, py), (bx, by)) = (flat(p), flat(b));
        let share = (px * bx + py * by) / (bx * bx + by * by);
        (share > 0.0 && share < 1.0).then(|| ((px - share * bx).hypot(py - share * by), share))
    }
}

/// Which claims use each vertex, and which vertices end an unmatched edge.
struct Usage {
    claims: HashMap<LatticePoint, BTreeSet<u32>>,
    loose: HashSet<LatticePoint>,
}

impl Usage {
    fn of(rings: &[SourceRing]) -> Self {
        let mut claims: HashMap<LatticePoint, BTreeSet<u32>> = HashMap::new();
        let mut directed = HashSet::new();
        for ring in rings {
            for (i, &a) in ring.points.iter().enumerate() {
                claims.entry(a).or_default().insert(ring.claim);
                directed.insert((a, ring.points[(i + 1) % ring.points.len()]));
            }
        }
        let loose =
            directed.iter().filter(|(a, b)| !directed.contains(&(*b, *a))).flat_map(|(a, b)| [*a, *b]).collect();
        Self { claims, loose }
    }

    /// Some unit uses `other` that does not use `vertex`.
    fn foreign(&self, vertex: LatticePoint, other: LatticePoint) -> bool {
        match (self.claims.get(&vertex), self.claims.get(&other)) {
            (Some(own), Some(theirs)) => !theirs.is_subset(own),
            _ => false,
        }
    }
}

/// Snaps in place; returns the largest move of each claim in metres.
pub(super) fn snap(lattice: &Lattice, rings: &mut [SourceRing], claims: usize, tolerance_m: f64) -> Vec<f64> {
    let metre = Metre { lattice, tolerance_m };
    let mut moved = vec![0.0f64; claims];
    vertices_to_vertices(&metre, rings, &mut moved);
    edges_to_vertices(&metre, rings, &mut moved);
    moved
}

fn vertices_to_vertices(metre: &Metre<'_>, rings: &mut [SourceRing], moved: &mut [f64]) {
    let usage = Usage::of(rings);
    // Settled vertices first, then the most used, then west to east: the order decides who is canonical.
    let mut order: Vec<LatticePoint> = usage.claims.keys().copied().collect();
    order.sort_unstable_by_key(|p| (usage.loose.contains(p), usize::MAX - usage.claims[p].len(), *p));
    let rank: HashMap<LatticePoint, usize> = order.iter().enumerate().map(|(i, p)| (*p, i)).collect();
    let boxes = order.iter().map(|p| {
        let (rx, ry) = metre.reach(p.y);
        StepBox::of_edge(*p, *p).grown(rx / 2 + 1, ry / 2 + 1)
    });
    let mut near: Vec<Vec<u32>> = vec![Vec::new(); order.len()];
    Strips::new(boxes.collect()).pairs(|i, j| {
        let (first, later) = (i.min(j), i.max(j)); // the earlier in the order may become canonical for the later
        let (c, v) = (order[first as usize], order[later as usize]);
        if usage.loose.contains(&v) && metre.between(v, c) <= metre.tolerance_m && usage.foreign(v, c) {
            near[later as usize].push(first);
        }
    });
    let mut target: Vec<u32> = (0..order.len() as u32).collect();
    for i in 0..order.len() {
        let v = order[i];
        // Only points that stay where they are can be canonical.
        let still = near[i].iter().copied().filter(|&c| target[c as usize] == c);
        let best = still.min_by(|&a, &b| {
            let far = |c: u32| metre.between(v, order[c as usize]);
            far(a).total_cmp(&far(b)).then(a.cmp(&b))
        });
        if let Some(best) = best {
            target[i] = best;
        }
    }
    for ring in rings.iter_mut() {
        for p in &mut ring.points {
            let to = order[target[rank[p]] as usize];
            let far = metre.between(*p, to);
            let most = &mut moved[ring.claim as usize];
            *most = most.max(far);
            *p = to;
        }
        ring.points.dedup();
        while ring.points.len() > 1 && ring.points.first() == ring.points.last() {
            ring.points.pop();
        }
    }
}

fn edges_to_vertices(metre: &Metre<'_>, rings: &mut [SourceRing], moved: &mut [f64]) {
    let usage = Usage::of(rings);
    let mut vertices: Vec<LatticePoint> = usage.claims.keys().copied().collect();
    vertices.sort_unstable();
    let directed: HashSet<(LatticePoint, LatticePoint)> = rings.iter().flat_map(|r| ring_edges(&r.points)).collect();
    let mut edges: Vec<(u32, LatticePoint, LatticePoint)> = (rings.iter())
        .flat_map(|r| ring_edges(&r.points).map(|(a, b)| (r.claim, a, b)))
        .filter(|(_, a, b)| !directed.contains(&(*b, *a)))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let boxes = vertices.iter().map(|p| StepBox::of_edge(*p, *p)).chain(edges.iter().map(|(_, a, b)| {
        let (rx, ry) = metre.reach(a.y);
        StepBox::of_edge(*a, *b).grown(rx, ry)
    }));
    let mut inserts: HashMap<(u32, LatticePoint, LatticePoint), Vec<(f64, LatticePoint)>> = HashMap::new();
    let first_edge = vertices.len() as u32;
    Strips::new(boxes.collect()).pairs(|i, j| {
        let (v, e) = (i.min(j), i.max(j));
        if v >= first_edge || e < first_edge {
            return;
        }
        let (p, edge) = (vertices[v as usize], edges[(e - first_edge) as usize]);
        let (claim, a, b) = edge;
        if p == a || p == b || usage.claims[&p].contains(&claim) {
            return;
        }
        if let Some((far, share)) = metre.to_edge(p, a, b).filter(|(far, _)| *far <= metre.tolerance_m) {
            let most = &mut moved[claim as usize];
            *most = most.max(far);
            inserts.entry(edge).or_default().push((share, p));
        }
    });
    for ring in rings.iter_mut() {
        let mut points = Vec::with_capacity(ring.points.len());
        for (a, b) in ring_edges(&ring.points) {
            points.push(a);
            if let Some(list) = inserts.get_mut(&(ring.claim, a, b)) {
                list.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
                points.extend(list.iter().map(|(_, p)| *p));
                points.dedup();
            }
        }
        ring.points = points;
    }
}

fn ring_edges(points: &[LatticePoint]) -> impl Iterator<Item = (LatticePoint, LatticePoint)> + '_ {
    points.iter().zip(points.iter().cycle().skip(1)).map(|(a, b)| (*a, *b))
}
