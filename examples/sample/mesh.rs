//! The planar structure everything is cut from: vertices shared by number, faces as rings, and for every directed edge the
//! face on its left. A vertex put on an edge enters both rings at once, so neighbours are edge-matched by construction.

use std::collections::HashMap;

use super::plane::{
    P, V, area_m2, crosses, crossing, doubled_area, edges_touch, inside, orientation, segment_distance,
};

pub type Vertex = u32;
pub type FaceId = usize;

/// The face around the district.
pub const OUTSIDE: FaceId = 0;

/// A clearance every boundary keeps from every other, in metres: nothing in the district is thinner.
pub const CLEAR_M: f64 = 11.0;

#[derive(Clone, Debug, Default)]
pub struct Mesh {
    points: Vec<P>,
    /// Looked up, never iterated: its order is not the same twice.
    numbers: HashMap<P, Vertex>,
    left: HashMap<(Vertex, Vertex), FaceId>,
    faces: Vec<Vec<Vertex>>,
    /// How many boundaries end at a vertex.
    ends: Vec<u8>,
    /// Rings inside a face that are another's outline, walked with the outer face on the left.
    holes: Vec<(FaceId, Vec<Vertex>)>,
}

impl Mesh {
    /// One face, counter-clockwise, and the outside.
    pub fn new(outline: &[P]) -> Self {
        let mut mesh = Self::default();
        let mut ring: Vec<Vertex> = outline.iter().map(|p| mesh.vertex(*p)).collect();
        if doubled_area(outline) < 0 {
            ring.reverse();
        }
        let mut around = ring.clone();
        around.reverse();
        mesh.faces = vec![around, ring];
        mesh.claim(OUTSIDE);
        mesh.claim(1);
        mesh
    }

    pub fn vertex(&mut self, p: P) -> Vertex {
        if let Some(&v) = self.numbers.get(&p) {
            return v;
        }
        let v = self.points.len() as Vertex;
        self.points.push(p);
        self.ends.push(0);
        self.numbers.insert(p, v);
        v
    }

    fn claim(&mut self, face: FaceId) {
        let ring = self.faces[face].clone();
        for (i, &a) in ring.iter().enumerate() {
            self.left.insert((a, ring[(i + 1) % ring.len()]), face);
        }
    }

    pub fn p(&self, v: Vertex) -> P {
        self.points[v as usize]
    }

    pub fn v(&self, v: Vertex) -> V {
        self.p(v).v()
    }

    pub fn known(&self, p: P) -> Option<Vertex> {
        self.numbers.get(&p).copied()
    }

    pub fn is_end(&self, v: Vertex) -> bool {
        self.ends[v as usize] > 0
    }

    pub fn faces(&self) -> usize {
        self.faces.len()
    }

    pub fn ring(&self, face: FaceId) -> &[Vertex] {
        &self.faces[face]
    }

    pub fn points(&self, face: FaceId) -> Vec<P> {
        self.faces[face].iter().map(|v| self.p(*v)).collect()
    }

    pub fn metres(&self, face: FaceId) -> Vec<V> {
        self.faces[face].iter().map(|v| self.v(*v)).collect()
    }

    pub fn area_m2(&self, face: FaceId) -> f64 {
        area_m2(doubled_area(&self.points(face)))
    }

    /// The face on the left of a directed edge.
    pub fn left_of(&self, a: Vertex, b: Vertex) -> Option<FaceId> {
        self.left.get(&(a, b)).copied()
    }

    /// Puts a vertex on an edge, in both rings.
    pub fn insert(&mut self, a: Vertex, b: Vertex, p: P) -> Vertex {
        let v = self.vertex(p);
        if v == a || v == b {
            return v;
        }
        for (from, to) in [(a, b), (b, a)] {
            if let Some(face) = self.left.remove(&(from, to)) {
                let ring = &mut self.faces[face];
                let at = ring.iter().position(|x| *x == from).unwrap_or(0);
                ring.insert(at + 1, v);
                self.left.insert((from, v), face);
                self.left.insert((v, to), face);
            }
        }
        v
    }

    /// A new face inside another, touching nothing. `ring` is counter-clockwise.
    pub fn enclose(&mut self, face: FaceId, ring: &[P]) -> FaceId {
        let ids: Vec<Vertex> = ring.iter().map(|p| self.vertex(*p)).collect();
        let mut around = ids.clone();
        around.reverse();
        for (i, &a) in around.iter().enumerate() {
            self.left.insert((a, around[(i + 1) % around.len()]), face);
        }
        self.holes.push((face, around));
        self.faces.push(ids);
        self.claim(self.faces.len() - 1);
        self.faces.len() - 1
    }

    pub fn holes(&self, face: FaceId) -> impl Iterator<Item = &[Vertex]> {
        self.holes.iter().filter(move |h| h.0 == face).map(|h| h.1.as_slice())
    }

    /// Every directed edge with the face on its left.
    pub fn edges(&self, face: FaceId) -> Vec<(Vertex, Vertex)> {
        let rings = std::iter::once(self.ring(face)).chain(self.holes(face));
        rings.flat_map(|r| (0..r.len()).map(move |i| (r[i], r[(i + 1) % r.len()]))).collect()
    }

    /// Whether a position, not on an edge, is inside the face's outer ring.
    pub fn holds(&self, face: FaceId, p: P) -> bool {
        let ring = &self.faces[face];
        let (mut within, mut last) = (false, self.p(ring[ring.len() - 1]));
        for v in ring {
            let a = self.p(*v);
            if (a.y > p.y) != (last.y > p.y) && (a.y > last.y) == (orientation(last, a, p) > 0) {
                within = !within;
            }
            last = a;
        }
        within
    }

    /// Splits a face along a path between two vertices of its ring. The face keeps what is left of the path; the rest is new.
    pub fn split(&mut self, face: FaceId, path: &[Vertex]) -> FaceId {
        let (a, b) = (path[0], path[path.len() - 1]);
        let ring = std::mem::take(&mut self.faces[face]);
        let n = ring.len();
        let place = |v: Vertex| ring.iter().position(|x| *x == v).unwrap_or(0);
        let (ia, ib) = (place(a), place(b));
        let walk = |from: usize, to: usize| (0..(to + n - from) % n).map(|k| ring[(from + k) % n]).collect::<Vec<_>>();
        let mut keep: Vec<Vertex> = path[..path.len() - 1].to_vec();
        keep.extend(walk(ib, ia));
        let mut new: Vec<Vertex> = path[1..].iter().rev().copied().collect();
        new.extend(walk(ia, ib));
        self.ends[a as usize] += 1;
        self.ends[b as usize] += 1;
        self.faces[face] = keep;
        self.faces.push(new);
        let id = self.faces.len() - 1;
        self.claim(face);
        self.claim(id);
        id
    }

    /// Where a line through the face is inside it: each piece from ring to ring. Ends are put into the ring as vertices.
    pub fn clip(&mut self, face: FaceId, line: &[P]) -> Vec<(Vertex, Vec<P>, Vertex)> {
        let mut hits: Vec<(usize, f64, Vertex)> = Vec::new();
        for (at, end) in [(0, line[0]), (line.len() - 1, line[line.len() - 1])] {
            if let Some(v) = self.known(end).filter(|v| self.faces[face].contains(v)) {
                hits.push((at, 0.0, v));
            }
        }
        for i in 0..line.len() - 1 {
            let (c, d) = (line[i], line[i + 1]);
            let ring = self.faces[face].clone();
            for (k, &a) in ring.iter().enumerate() {
                let b = ring[(k + 1) % ring.len()];
                if crosses(self.p(a), self.p(b), c, d) {
                    let x = crossing(self.p(a), self.p(b), c, d);
                    let v = self.settle(a, b, x);
                    hits.push((i, c.v().distance(x.v()), v));
                }
            }
        }
        hits.sort_by(|m, n| m.0.cmp(&n.0).then(m.1.total_cmp(&n.1)));
        let ring = self.points(face);
        let mut pieces = Vec::new();
        for pair in hits.windows(2) {
            let first = if pair[0].1 > 0.0 || pair[0].0 == 0 { pair[0].0 + 1 } else { pair[0].0 };
            let last = if pair[1].1 > 0.0 { pair[1].0 } else { pair[1].0.saturating_sub(1) };
            let inner: Vec<P> = if first <= last { line[first..=last].to_vec() } else { Vec::new() };
            let within = inner.get(inner.len() / 2).is_some_and(|p| inside(&ring, *p));
            if within && pair[0].2 != pair[1].2 {
                pieces.push((pair[0].2, inner, pair[1].2));
            }
        }
        pieces
    }

    /// A vertex at a point of an edge: one of its ends when that is near, else a new one.
    pub fn settle(&mut self, a: Vertex, b: Vertex, p: P) -> Vertex {
        let (to_a, to_b) = (self.v(a).distance(p.v()), self.v(b).distance(p.v()));
        let reach = |v: Vertex| if self.is_end(v) { 9.0 } else { 5.0 };
        if to_a <= to_b && to_a < reach(a) {
            a
        } else if to_b < reach(b) {
            b
        } else {
            self.insert(a, b, p)
        }
    }

    /// Whether a path can cut the face: inside it, simple, and clear of its ring, except near its own two ends, where it
    /// must leave at a fair angle.
    pub fn is_clear(&self, face: FaceId, path: &[P]) -> bool {
        let n = path.len();
        if n < 3 || path[0] == path[n - 1] {
            return false;
        }
        let ring = self.points(face);
        if path[1..n - 1].iter().any(|p| !inside(&ring, *p)) {
            return false;
        }
        for i in 0..n - 1 {
            for j in i + 1..n - 1 {
                if edges_touch(path[i], path[i + 1], path[j], path[j + 1]) {
                    return false;
                }
            }
        }
        let (west, east) = path.iter().fold((i64::MAX, i64::MIN), |b, p| (b.0.min(p.x), b.1.max(p.x)));
        let (south, north) = path.iter().fold((i64::MAX, i64::MIN), |b, p| (b.0.min(p.y), b.1.max(p.y)));
        let apart = |a: P, b: P| {
            const REACH: i64 = 1500;
            a.x.max(b.x) < west - REACH
                || a.x.min(b.x) > east + REACH
                || a.y.max(b.y) < south - REACH
                || a.y.min(b.y) > north + REACH
        };
        let metres: Vec<V> = path.iter().map(|p| p.v()).collect();
        (0..ring.len()).all(|k| {
            let (a, b) = (ring[k], ring[(k + 1) % ring.len()]);
            apart(a, b) || Self::edge_is_clear(path, &metres, a, b)
        })
    }

    fn edge_is_clear(path: &[P], metres: &[V], a: P, b: P) -> bool {
        let n = path.len();
        let (start, end) = (metres[0], metres[n - 1]);
        let need = |p: V| (0.55 * p.distance(start).min(p.distance(end))).min(CLEAR_M);
        let (va, vb) = (a.v(), b.v());
        let low = va.x.min(vb.x) - CLEAR_M;
        let high = va.x.max(vb.x) + CLEAR_M;
        for i in 0..n - 1 {
            let (c, d) = (metres[i], metres[i + 1]);
            if c.x.max(d.x) < low || c.x.min(d.x) > high {
                continue;
            }
            if edges_touch(path[i], path[i + 1], a, b) {
                return false;
            }
            if a != path[0] && a != path[n - 1] && segment_distance(va, c, d) < need(va) {
                return false;
            }
            if i > 0 && segment_distance(c, va, vb) < need(c) {
                return false;
            }
        }
        true
    }
}
