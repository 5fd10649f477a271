//! One cut through one region: the ways it could run (a street, a river, a village's edge, or a new line square to the sides)
//! and how good each would be.

use super::mesh::{FaceId, Mesh, Vertex};
use super::plane::{P, V, area_m2, crosses, crossing, doubled_area, inside, length_m};
use super::random::{Random, Wave};

/// Which partition a cut belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Community,
    Grid,
    Micro,
}

/// How a new line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    pub stage: Stage,
    /// Town blocks are square; fields are not.
    pub town: bool,
}

/// An end of a cut: a vertex of the ring, or a point to be put on one of its edges.
#[derive(Clone, Copy, Debug)]
pub enum End {
    At(Vertex),
    On(Vertex, Vertex, P),
}

#[derive(Clone, Debug)]
pub struct Cut {
    pub ends: (End, End),
    pub inner: Vec<P>,
    /// The piece of line it follows.
    pub piece: Option<usize>,
    /// How many of the `k` units fall to the left of the cut.
    pub left_units: usize,
    pub score: f64,
}

/// A position in a face, and how much it weighs.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: V,
    lattice: P,
    weight: f64,
}

/// A face with sample positions: what every candidate is measured against.
#[derive(Debug)]
pub struct Survey {
    ids: Vec<Vertex>,
    points: Vec<P>,
    metres: Vec<V>,
    area_m2: f64,
    samples: Vec<Sample>,
    total: f64,
    axis: V,
}

impl Survey {
    /// Scans the face in rows, so that about `n` positions lie in it, each weighted by `density`.
    pub fn new(mesh: &Mesh, face: FaceId, n: f64, density: impl Fn(V) -> f64) -> Self {
        let (ids, points, metres) = (mesh.ring(face).to_vec(), mesh.points(face), mesh.metres(face));
        let area_m2 = area_m2(doubled_area(&points));
        let samples = scan(&metres, (area_m2 / n).sqrt(), density);
        let total = samples.iter().map(|s| s.weight).sum::<f64>().max(1e-9);
        let axis = main_axis(&metres);
        Self { ids, points, metres, area_m2, samples, total, axis }
    }

    pub const fn weight(&self) -> f64 {
        self.total
    }

    fn end(&self, end: End) -> (usize, P) {
        let (vertex, point) = match end {
            End::At(v) => (v, None),
            End::On(a, _, p) => (a, Some(p)),
        };
        let i = self.ids.iter().position(|v| *v == vertex).unwrap_or(0);
        (i, point.unwrap_or(self.points[i]))
    }

    /// The path of a cut as points, ends included.
    pub fn path(&self, cut: &Cut) -> Vec<P> {
        let mut path = vec![self.end(cut.ends.0).1];
        path.extend_from_slice(&cut.inner);
        path.push(self.end(cut.ends.1).1);
        path
    }

    /// The ring on the left of the cut.
    fn left_ring(&self, cut: &Cut) -> Vec<P> {
        let n = self.ids.len();
        let mut ring = self.path(cut);
        let (start, from) = (self.end(cut.ends.0).0, self.end(cut.ends.1).0);
        let mut i = (from + 1) % n;
        let stop = if matches!(cut.ends.0, End::On(..)) { (start + 1) % n } else { start };
        let mut guard = 0;
        while i != stop && guard < n {
            ring.push(self.points[i]);
            i = (i + 1) % n;
            guard += 1;
        }
        ring
    }

    /// Fills in the score and the share of units, or refuses the cut. `wish` adds what the line itself is worth.
    fn judge(&self, mut cut: Cut, k: usize, wish: f64, through: impl Fn(V) -> bool) -> Option<Cut> {
        let ring = self.left_ring(&cut);
        let metres: Vec<V> = ring.iter().map(|p| p.v()).collect();
        let left_area = area_m2(doubled_area(&ring));
        let right_area = self.area_m2 - left_area;
        if left_area < 1200.0 || right_area < 1200.0 {
            return None;
        }
        let share =
            self.samples.iter().filter(|s| inside(&ring, s.lattice)).map(|s| s.weight).sum::<f64>() / self.total;
        let units = (share * k as f64).round().clamp(1.0, k as f64 - 1.0);
        let off = (share * k as f64 - units).abs() / units.min(k as f64 - units);
        if off > 0.75 {
            return None;
        }
        cut.left_units = units as usize;
        let path: Vec<V> = self.path(&cut).iter().map(|p| p.v()).collect();
        let length = length_m(&path);
        let right = metres_around(&self.metres, &metres, length);
        let round = |area: f64, around: f64| (12.566 * area / (around * around)).min(0.8);
        let shape = round(left_area, perimeter(&metres)).min(round(right_area, right));
        let inside_village = path.iter().filter(|p| through(**p)).count() as f64 / path.len() as f64;
        let balance = units.min(k as f64 - units) / k as f64;
        cut.score =
            wish + 2.9 * shape - 0.9 * off - 0.35 * length / self.area_m2.sqrt() - 0.9 * inside_village + 0.5 * balance;
        Some(cut)
    }

    /// A cut along a piece of line that crosses the face.
    pub fn along(
        &self,
        piece: usize,
        ends: (Vertex, Vertex),
        inner: &[P],
        k: usize,
        wish: f64,
        through: impl Fn(V) -> bool,
    ) -> Option<Cut> {
        let ends = (End::At(ends.0), End::At(ends.1));
        let cut = Cut { ends, inner: inner.to_vec(), piece: Some(piece), left_units: 0, score: 0.0 };
        self.judge(cut, k, wish, through)
    }

    /// New lines square to the region's sides, at the shares that whole units ask for; `wild` widens the search.
    pub fn fresh(
        &self,
        mesh: &Mesh,
        k: usize,
        manner: Manner,
        wild: usize,
        random: &mut Random,
        through: impl Fn(V) -> bool + Copy,
    ) -> Vec<Cut> {
        let mut shares = vec![k / 2];
        if k > 2 {
            shares.extend([k.div_ceil(2), k / 2 - 1, k / 2 + 1]);
        }
        shares.retain(|s| *s >= 1 && *s < k);
        shares.sort_unstable();
        shares.dedup();
        let mut out = Vec::new();
        let turns = if wild > 0 {
            8
        } else if manner.town {
            2
        } else {
            4
        };
        for turn in 0..turns {
            for &units in &shares {
                let tilt = match (manner.town, wild) {
                    (_, 1..) => random.between(-0.7, 0.7),
                    (true, _) => random.between(-0.03, 0.03),
                    _ => random.between(-0.22, 0.22),
                };
                let base = if turn % 2 == 0 { self.axis } else { self.axis.left() };
                let direction = base.plus(base.left(), tilt).unit();
                let share = units as f64 / k as f64 + if wild > 0 { random.between(-0.12, 0.12) } else { 0.0 };
                let Some(ends) = self.chord(mesh, direction, share.clamp(0.08, 0.92)) else { continue };
                for straight in [false, true] {
                    let inner = bend(self.end(ends.0).1.v(), self.end(ends.1).1.v(), manner, straight, random);
                    let cut = Cut { ends, inner, piece: None, left_units: 0, score: 0.0 };
                    out.extend(self.judge(cut, k, if straight { -0.15 } else { 0.0 }, through));
                }
            }
        }
        out
    }

    /// The longest chord along `direction` that leaves `share` of the weight on its left.
    fn chord(&self, mesh: &Mesh, direction: V, share: f64) -> Option<(End, End)> {
        let normal = direction.left();
        let mut heights: Vec<(f64, f64)> = self.samples.iter().map(|s| (-s.at.dot(normal), s.weight)).collect();
        heights.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut left = share * self.total;
        let height = heights
            .iter()
            .find(|(_, w)| {
                left -= w;
                left <= 0.0
            })?
            .0;
        let middle = direction.plus(normal, 0.0);
        let foot = normal.plus(normal, -height - 1.0);
        let (from, to) = (foot.plus(middle, -60_000.0).p(), foot.plus(middle, 60_000.0).p());
        let mut hits: Vec<(f64, usize, P)> = Vec::new();
        let n = self.ids.len();
        for i in 0..n {
            let (a, b) = (self.points[i], self.points[(i + 1) % n]);
            if crosses(a, b, from, to) {
                let p = crossing(from, to, a, b);
                hits.push((p.v().dot(direction), i, p));
            }
        }
        hits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = hits.chunks_exact(2).max_by(|x, y| (x[1].0 - x[0].0).total_cmp(&(y[1].0 - y[0].0)))?;
        let (one, two) = (self.catch(mesh, best[0].1, best[0].2), self.catch(mesh, best[1].1, best[1].2));
        let same = matches!((one, two), (End::At(a), End::At(b)) if a == b);
        (!same).then_some((one, two))
    }

    /// Where a chord meets the ring: at a junction that is near, so that streets go on, else on the edge itself.
    fn catch(&self, mesh: &Mesh, edge: usize, p: P) -> End {
        let n = self.ids.len();
        let at = p.v();
        let nearest = (0..n)
            .filter(|i| mesh.is_end(self.ids[*i]))
            .map(|i| (self.metres[i].distance(at), i))
            .filter(|(d, _)| *d < 19.0)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, i)) = nearest {
            return End::At(self.ids[i]);
        }
        let (i, j) = (edge, (edge + 1) % n);
        for k in [i, j] {
            if self.metres[k].distance(at) < 6.0 {
                return End::At(self.ids[k]);
            }
        }
        End::On(self.ids[i], self.ids[j], p)
    }
}

fn perimeter(ring: &[V]) -> f64 {
    (0..ring.len()).map(|i| ring[i].distance(ring[(i + 1) % ring.len()])).sum()
}

fn metres_around(whole: &[V], left: &[V], cut_m: f64) -> f64 {
    perimeter(whole) - perimeter(left) + 2.0 * cut_m
}

/// Positions inside a ring, in rows `step_m` apart, with their weights.
fn scan(ring: &[V], step_m: f64, density: impl Fn(V) -> f64) -> Vec<Sample> {
    let (low, high) = ring.iter().fold((f64::MAX, f64::MIN), |b, p| (b.0.min(p.y), b.1.max(p.y)));
    let mut out = Vec::new();
    let mut y = low + step_m * 0.5;
    while y < high {
        let mut xs: Vec<f64> = Vec::new();
        for (i, a) in ring.iter().enumerate() {
            let b = ring[(i + 1) % ring.len()];
            if (a.y > y) != (b.y > y) {
                xs.push(a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y));
            }
        }
        xs.sort_by(f64::total_cmp);
        for pair in xs.chunks_exact(2) {
            let mut x = pair[0] + step_m * 0.5;
            while x < pair[1] {
                let at = V::new(x, y);
                out.push(Sample { at, lattice: at.p(), weight: density(at) });
                x += step_m;
            }
        }
        y += step_m;
    }
    out
}

/// The direction most of a ring's edges run along or across: the mean of directions times four, by length.
pub fn main_axis(ring: &[V]) -> V {
    let square = |z: V| V::new(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y);
    let mut sum = V::new(0.0, 0.0);
    for (i, a) in ring.iter().enumerate() {
        let edge = ring[(i + 1) % ring.len()].minus(*a);
        sum = sum.plus(square(square(edge.unit())), edge.length());
    }
    let root = |z: V| {
        let z = z.unit();
        let x = f64::midpoint(1.0, z.x).max(0.0).sqrt();
        let y = f64::midpoint(1.0, -z.x).max(0.0).sqrt();
        V::new(x, if z.y < 0.0 { -y } else { y })
    };
    root(root(sum)).unit()
}

/// The inner points of a new line from `a` to `b`: in town almost straight, in the country along field edges.
fn bend(a: V, b: V, manner: Manner, straight: bool, random: &mut Random) -> Vec<P> {
    let length = a.distance(b);
    let across = b.minus(a).unit().left();
    let step = if manner.town { 21.0 } else { 40.0 };
    let n = (length / step).round().max(2.0) as usize;
    let share = if straight {
        0.003
    } else if manner.town {
        0.018
    } else {
        0.05
    };
    let bow = random.between(-1.0, 1.0) * share * length;
    let wave = Wave::new(random, if manner.town { 260.0 } else { 500.0 });
    let sway = if straight {
        0.0
    } else if manner.town {
        1.2
    } else {
        (length * 0.02).min(14.0)
    };
    let jog = if straight || manner.town || length < 260.0 || random.chance(0.35) {
        None
    } else {
        let size = random.between(0.06, 0.16) * length;
        let (from, to) = (random.between(0.2, 0.45), random.between(0.55, 0.85));
        Some((from, to, size.min(95.0) * if random.chance(0.5) { 1.0 } else { -1.0 }))
    };
    let mut out = Vec::new();
    let mut before = 0.0;
    for i in 1..n {
        let t = i as f64 / n as f64;
        let fade = (4.0 * t * (1.0 - t)).min(1.0);
        let side = bow * fade + wave.at(t * length) * sway * fade;
        let base = a.plus(b.minus(a), t);
        let step_side = jog.map_or(0.0, |(from, to, size)| if t > from && t < to { size } else { 0.0 });
        if (step_side - before).abs() > 1.0 {
            out.push(base.plus(across, side + before).p());
        }
        before = step_side;
        out.push(base.plus(across, side + step_side).p());
    }
    out.dedup();
    out
}
