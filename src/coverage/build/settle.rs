//! A coverage built anew is settled on the one before it: what moved by no more than the snapping tolerance stays where it was, bit for bit.
//!
//! Vertices first, each to one of the old ones, junctions to junctions before anything else; then junctions to old edges; then the stretches between
//! settled vertices, which take the old line where it runs within the tolerance of the new one. What is left is the new survey as it is.

use std::collections::{HashMap, HashSet};

use super::{BuildOptions, Built, Claim, build};
use crate::coverage::strips::{StepBox, Strips};
use crate::coverage::{Arc, Coverage, FaceIx, FaceRole, Lattice, LatticePoint};

/// The faces of `new`, in their order, on the lines of `base` wherever these are within `options.snap_m`. The two must be on one lattice.
#[must_use]
pub fn settle(base: &Coverage, new: &Coverage, options: &BuildOptions) -> Built {
    let ground = Ground::new(base, options.snap_m);
    let places = ground.places(new);
    let arcs: Vec<Vec<LatticePoint>> = new.arcs().iter().map(|arc| ground.laid(&places, new, arc)).collect();
    let claims: Vec<Claim> = (1..new.faces().len()).map(|i| claim(new, FaceIx(i as u32), &arcs)).collect();
    build(*new.lattice(), &claims, &BuildOptions { snap_m: 0.0, ..*options })
}

fn claim(new: &Coverage, ix: FaceIx, arcs: &[Vec<LatticePoint>]) -> Claim {
    let face = &new.faces()[ix.ix()];
    let mut polygons: Vec<Vec<Vec<LatticePoint>>> = Vec::new();
    // Outer rings come first; in which polygon a hole stands makes no difference.
    for ring in &face.rings {
        let mut points: Vec<LatticePoint> = Vec::new();
        for half in &ring.halves {
            let walk = &arcs[half.arc().ix()];
            let keep = walk.len() - 1;
            if half.reversed() {
                points.extend(walk.iter().rev().take(keep));
            } else {
                points.extend(walk.iter().take(keep));
            }
        }
        match polygons.first_mut().filter(|_| ring.doubled_area < 0) {
            Some(first) => first.push(points),
            None => polygons.push(vec![points]),
        }
    }
    Claim { id: face.id, polygons, excluded: face.role != FaceRole::Unit, weight: 0 }
}

/// Where a vertex of the new lines comes to stand on the old ones.
#[derive(Clone, Copy, Debug)]
enum Stand {
    Vertex(LatticePoint),
    /// On an edge, at the lattice point nearest to the foot.
    Edge(LatticePoint, (LatticePoint, LatticePoint)),
}

impl Stand {
    const fn at(self) -> LatticePoint {
        match self {
            Self::Vertex(at) | Self::Edge(at, _) => at,
        }
    }
}

/// The old lines, and how far from them is on them.
struct Ground<'a> {
    lattice: &'a Lattice,
    tolerance_m: f64,
    /// The old vertices with their neighbours.
    stars: HashMap<LatticePoint, Vec<LatticePoint>>,
    edges: Vec<(LatticePoint, LatticePoint)>,
}

type Places = HashMap<LatticePoint, Stand>;

/// Old vertices looked at on the way from one settled vertex to the next.
const LONGEST_WAY: usize = 4096;

impl<'a> Ground<'a> {
    fn new(base: &'a Coverage, tolerance_m: f64) -> Self {
        let mut stars: HashMap<LatticePoint, Vec<LatticePoint>> = HashMap::new();
        let edges: Vec<(LatticePoint, LatticePoint)> = base.arcs().iter().flat_map(Arc::edges).collect();
        for (a, b) in &edges {
            stars.entry(*a).or_default().push(*b);
            stars.entry(*b).or_default().push(*a);
        }
        Self { lattice: base.lattice(), tolerance_m, stars, edges }
    }

    fn reach(&self, y: i32) -> (i64, i64) {
        let (mx, my) = self.lattice.metres_per_step(y);
        ((self.tolerance_m / mx).ceil() as i64, (self.tolerance_m / my).ceil() as i64)
    }

    /// From `a` to `b` in metres, east and north.
    fn flat(&self, a: LatticePoint, b: LatticePoint) -> (f64, f64) {
        let (mx, my) = self.lattice.metres_per_step(a.y);
        ((f64::from(b.x) - f64::from(a.x)) * mx, (f64::from(b.y) - f64::from(a.y)) * my)
    }

    fn between(&self, a: LatticePoint, b: LatticePoint) -> f64 {
        let (x, y) = self.flat(a, b);
        x.hypot(y)
    }

    /// How far a point is from an edge, and the share of the way along it where it is nearest.
    fn to_edge(&self, p: LatticePoint, a: LatticePoint, b: LatticePoint) -> (f64, f64) {
        let ((px, py), (bx, by)) = (self.flat(a, p), self.flat(a, b));
        let length = bx.mul_add(bx, by * by);
        let share = if length > 0.0 { ((px * bx + py * by) / length).clamp(0.0, 1.0) } else { 0.0 };
        ((px - share * bx).hypot(py - share * by), share)
    }

    /// How far a point is from a line, and how far along the line it is: edges passed and the share of the next.
    fn to_line(&self, p: LatticePoint, line: &[LatticePoint]) -> (f64, f64) {
        let edges = line.windows(2).enumerate().map(|(i, e)| {
            let (far, share) = self.to_edge(p, e[0], e[1]);
            (far, i as f64 + share)
        });
        edges.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or((f64::INFINITY, 0.0))
    }

    /// Where the vertices of the new lines come to stand; those that stay as they are have no place.
    fn places(&self, new: &Coverage) -> Places {
        let mut degree: HashMap<LatticePoint, usize> = HashMap::new();
        for (a, b) in new.arcs().iter().flat_map(Arc::edges) {
            *degree.entry(a).or_default() += 1;
            *degree.entry(b).or_default() += 1;
        }
        let mut places: Places = Places::new();
        let mut vertices: Vec<LatticePoint> = degree.keys().copied().collect();
        vertices.sort_unstable();
        let mut taken: HashSet<LatticePoint> = HashSet::new();
        for p in vertices.iter().filter(|p| self.stars.contains_key(p)) {
            places.insert(*p, Stand::Vertex(*p));
            taken.insert(*p);
        }
        if self.tolerance_m <= 0.0 {
            return places;
        }
        let loose: Vec<LatticePoint> = vertices.into_iter().filter(|p| !places.contains_key(p)).collect();
        let mut old: Vec<LatticePoint> = self.stars.keys().copied().filter(|p| !taken.contains(p)).collect();
        old.sort_unstable();
        let boxes = loose.iter().chain(&old).map(|p| {
            let (rx, ry) = self.reach(p.y);
            StepBox::of_edge(*p, *p).grown(rx / 2 + 1, ry / 2 + 1)
        });
        let mut near: Vec<(u8, f64, LatticePoint, LatticePoint)> = Vec::new();
        Strips::new(boxes.collect()).pairs(|i, j| {
            let (v, o) = (i.min(j) as usize, i.max(j) as usize);
            if v < loose.len() && o >= loose.len() {
                let (p, q) = (loose[v], old[o - loose.len()]);
                let far = self.between(p, q);
                if far <= self.tolerance_m {
                    let class = match (degree[&p] > 2, self.stars[&q].len() > 2) {
                        (true, true) => 0,
                        (true, false) => 1,
                        _ => 2,
                    };
                    near.push((class, far, p, q));
                }
            }
        });
        near.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
        for (_, _, p, q) in near {
            if !places.contains_key(&p) && taken.insert(q) {
                places.insert(p, Stand::Vertex(q));
            }
        }
        let junctions: Vec<LatticePoint> =
            loose.into_iter().filter(|p| degree[p] > 2 && !places.contains_key(p)).collect();
        self.onto_edges(&junctions, &mut places);
        places
    }

    /// Junctions that are near an old edge and no vertex: where two boundaries now meet on one that did not move.
    fn onto_edges(&self, junctions: &[LatticePoint], places: &mut Places) {
        let boxes = junctions.iter().map(|p| StepBox::of_edge(*p, *p)).chain(self.edges.iter().map(|(a, b)| {
            let (rx, ry) = self.reach(a.y);
            StepBox::of_edge(*a, *b).grown(rx, ry)
        }));
        let mut best: HashMap<LatticePoint, (f64, usize)> = HashMap::new();
        Strips::new(boxes.collect()).pairs(|i, j| {
            let (v, e) = (i.min(j) as usize, i.max(j) as usize);
            if v >= junctions.len() || e < junctions.len() {
                return;
            }
            let (p, edge) = (junctions[v], e - junctions.len());
            let (a, b) = self.edges[edge];
            let (far, _) = self.to_edge(p, a, b);
            let known = best.get(&p).is_some_and(|known| known.0.total_cmp(&far).then(known.1.cmp(&edge)).is_le());
            if far <= self.tolerance_m && !known {
                best.insert(p, (far, edge));
            }
        });
        for p in junctions {
            let Some((_, edge)) = best.get(p) else { continue };
            let (a, b) = self.edges[*edge];
            let (_, share) = self.to_edge(*p, a, b);
            let along =
                |from: i32, to: i32| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as i32;
            let foot = LatticePoint::new(along(a.x, b.x), along(a.y, b.y));
            if foot != a && foot != b {
                places.insert(*p, Stand::Edge(foot, (a, b)));
            }
        }
    }

    /// An arc of the new lines with its vertices where they come to stand, on the old line wherever that is near.
    fn laid(&self, places: &Places, new: &Coverage, arc: &Arc) -> Vec<LatticePoint> {
        let mut points = arc.points.to_vec();
        let free =
            arc.from == arc.to && new.arcs().iter().filter(|a| a.from == arc.from || a.to == arc.from).count() == 1;
        if free && !places.contains_key(&points[0]) {
            let start = points.iter().position(|p| places.contains_key(p)).unwrap_or(0);
            points.pop();
            points.rotate_left(start);
            points.push(points[0]);
        }
        let last = points.len() - 1;
        let mut laid = vec![places.get(&points[0]).map_or(points[0], |stand| stand.at())];
        let mut from = 0;
        for to in 1..=last {
            let stand = places.get(&points[to]);
            if stand.is_none() && to < last {
                continue;
            }
            let way = match (places.get(&points[from]), stand) {
                (Some(a), Some(b)) => self.way(*a, *b, &points[from..=to]),
                _ => None,
            };
            match way {
                Some(way) => laid.extend_from_slice(&way[1..]),
                None => {
                    laid.extend_from_slice(&points[from + 1..to]);
                    laid.push(stand.map_or(points[to], |stand| stand.at()));
                }
            }
            from = to;
        }
        laid.dedup();
        laid
    }

    /// The way along the old lines from one place on them to another, if it stays within the tolerance of the new line and that of it.
    fn way(&self, from: Stand, to: Stand, line: &[LatticePoint]) -> Option<Vec<LatticePoint>> {
        if from.at() == to.at() {
            return None;
        }
        let line: Vec<LatticePoint> = [&[from.at()], &line[1..line.len() - 1], &[to.at()]].concat();
        let goals: Vec<LatticePoint> = match to {
            Stand::Vertex(at) => vec![at],
            Stand::Edge(_, (a, b)) => vec![a, b],
        };
        let same_edge = |edge| {
            matches!(to, Stand::Edge(_, other) if other == edge)
                || matches!(to, Stand::Vertex(at) if at == edge.0 || at == edge.1)
        };
        let mut waiting: Vec<Vec<LatticePoint>> = match from {
            Stand::Vertex(at) => vec![vec![at]],
            Stand::Edge(at, edge) if same_edge(edge) => return self.as_near(vec![at, to.at()], &line),
            Stand::Edge(at, (a, b)) => vec![vec![at, a], vec![at, b]],
        };
        waiting.retain(|way| self.on_the_way(way, &line));
        let mut looked = 0;
        let mut seen: HashSet<LatticePoint> = HashSet::new();
        while let Some(way) = waiting.pop() {
            let at = way[way.len() - 1];
            looked += 1;
            if looked > LONGEST_WAY {
                return None;
            }
            if goals.contains(&at) && (way.len() > 1 || matches!(to, Stand::Edge(..))) {
                let mut way = way.clone();
                if matches!(to, Stand::Edge(..)) {
                    way.push(to.at());
                }
                if let Some(way) = self.as_near(way, &line) {
                    return Some(way);
                }
                continue;
            }
            for next in self.stars.get(&at).into_iter().flatten() {
                let goal = goals.contains(next);
                if way.contains(next) || (!goal && !seen.insert(*next)) {
                    continue;
                }
                let mut longer = way.clone();
                longer.push(*next);
                if self.on_the_way(&longer, &line) {
                    waiting.push(longer);
                }
            }
        }
        None
    }

    /// Whether the last step of a way goes forward within the tolerance of the line.
    fn on_the_way(&self, way: &[LatticePoint], line: &[LatticePoint]) -> bool {
        let (far, along) = self.to_line(way[way.len() - 1], line);
        let before = if way.len() > 1 { self.to_line(way[way.len() - 2], line).1 } else { 0.0 };
        far <= self.tolerance_m && (way.len() == 1 || along >= before)
    }

    /// The way, if all of the line is within the tolerance of it.
    fn as_near(&self, way: Vec<LatticePoint>, line: &[LatticePoint]) -> Option<Vec<LatticePoint>> {
        let near = line.iter().all(|p| self.to_line(*p, &way).0 <= self.tolerance_m);
        (near && way.len() > 1).then_some(way)
    }
}
