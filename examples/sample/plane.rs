//! Points and curves: the integer lattice of 1e-7° on which the district is exact, and the metres in which it is drawn.

use super::random::{Random, Wave};

/// A vertex on the lattice: longitude and latitude in units of 1e-7°.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct P {
    pub x: i64,
    pub y: i64,
}

/// A position in metres east and north of the drawing's origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct V {
    pub x: f64,
    pub y: f64,
}

const ORIGIN: P = P { x: 1_166_200_000, y: 354_200_000 };
/// Metres of one lattice unit at 35.43° north (GRS 80). Good to 0.1 % over the district: enough for drawing; nothing exact
/// depends on it.
const UNIT_X_M: f64 = 0.009_080_8;
const UNIT_Y_M: f64 = 0.011_095_0;

impl P {
    pub fn v(self) -> V {
        V { x: (self.x - ORIGIN.x) as f64 * UNIT_X_M, y: (self.y - ORIGIN.y) as f64 * UNIT_Y_M }
    }

    pub fn lon(self) -> f64 {
        self.x as f64 / 1e7
    }

    pub fn lat(self) -> f64 {
        self.y as f64 / 1e7
    }
}

impl V {
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    pub fn degrees(lon: f64, lat: f64) -> Self {
        P { x: (lon * 1e7).round() as i64, y: (lat * 1e7).round() as i64 }.v()
    }

    pub fn p(self) -> P {
        P { x: (self.x / UNIT_X_M).round() as i64 + ORIGIN.x, y: (self.y / UNIT_Y_M).round() as i64 + ORIGIN.y }
    }

    pub fn plus(self, other: Self, times: f64) -> Self {
        Self { x: self.x + other.x * times, y: self.y + other.y * times }
    }

    pub fn minus(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }

    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    pub fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    pub fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    pub fn distance(self, other: Self) -> f64 {
        self.minus(other).length()
    }

    /// Turned left by 90°.
    pub fn left(self) -> Self {
        Self { x: -self.y, y: self.x }
    }

    /// Of length 1; east for a zero vector.
    pub fn unit(self) -> Self {
        let length = self.length();
        if length < 1e-9 { Self::new(1.0, 0.0) } else { Self::new(self.x / length, self.y / length) }
    }
}

/// Positive when `c` lies left of `a` → `b`. Exact.
pub fn orientation(a: P, b: P, c: P) -> i64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

fn on_segment(a: P, b: P, p: P) -> bool {
    orientation(a, b, p) == 0
        && p.x >= a.x.min(b.x)
        && p.x <= a.x.max(b.x)
        && p.y >= a.y.min(b.y)
        && p.y <= a.y.max(b.y)
}

fn boxes_apart(a: P, b: P, c: P, d: P) -> bool {
    a.x.max(b.x) < c.x.min(d.x)
        || c.x.max(d.x) < a.x.min(b.x)
        || a.y.max(b.y) < c.y.min(d.y)
        || c.y.max(d.y) < a.y.min(b.y)
}

/// Whether two edges have any point in common apart from ends that are the same vertex. Exact.
pub fn edges_touch(a: P, b: P, c: P, d: P) -> bool {
    if boxes_apart(a, b, c, d) {
        return false;
    }
    let shared = |p: P| p == a || p == b;
    if shared(c) || shared(d) {
        let same = [c, d].into_iter().find(|p| shared(*p)).unwrap_or(c);
        let (far_one, far_two) = (if a == same { b } else { a }, if c == same { d } else { c });
        return far_one == far_two || on_segment(a, b, far_two) || on_segment(c, d, far_one);
    }
    crosses(a, b, c, d) || on_segment(a, b, c) || on_segment(a, b, d) || on_segment(c, d, a) || on_segment(c, d, b)
}

/// Whether two edges cross at a point inside both. Exact.
pub fn crosses(a: P, b: P, c: P, d: P) -> bool {
    if boxes_apart(a, b, c, d) {
        return false;
    }
    let (o1, o2) = (orientation(a, b, c).signum(), orientation(a, b, d).signum());
    let (o3, o4) = (orientation(c, d, a).signum(), orientation(c, d, b).signum());
    o1 * o2 < 0 && o3 * o4 < 0
}

/// Where two crossing edges cross, rounded to the lattice.
pub fn crossing(a: P, b: P, c: P, d: P) -> P {
    let (oc, od) = (orientation(a, b, c) as f64, orientation(a, b, d) as f64);
    let t = oc / (oc - od);
    P { x: c.x + ((d.x - c.x) as f64 * t).round() as i64, y: c.y + ((d.y - c.y) as f64 * t).round() as i64 }
}

/// Twice the signed area in square lattice units; positive counter-clockwise. Exact.
pub fn doubled_area(ring: &[P]) -> i128 {
    let Some(&base) = ring.first() else { return 0 };
    let mut sum = 0i128;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        sum += i128::from((a.x - base.x) * (b.y - base.y) - (a.y - base.y) * (b.x - base.x));
    }
    sum
}

/// Square metres of a doubled lattice area.
pub fn area_m2(doubled: i128) -> f64 {
    doubled as f64 / 2.0 * UNIT_X_M * UNIT_Y_M
}

/// Even-odd test, exact, for a point that is not on the ring.
pub fn inside(ring: &[P], p: P) -> bool {
    let mut within = false;
    for (i, &a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if (a.y > p.y) != (b.y > p.y) {
            let side = orientation(a, b, p);
            if (b.y > a.y) == (side > 0) {
                within = !within;
            }
        }
    }
    within
}

/// Distance in metres from a position to a segment.
pub fn segment_distance(p: V, a: V, b: V) -> f64 {
    let ab = b.minus(a);
    let t = (p.minus(a).dot(ab) / ab.dot(ab).max(1e-12)).clamp(0.0, 1.0);
    p.distance(a.plus(ab, t))
}

pub fn length_m(line: &[V]) -> f64 {
    line.windows(2).map(|w| w[0].distance(w[1])).sum()
}

/// The centroid and area (m²) of a ring in metres.
pub fn centroid(ring: &[V]) -> (V, f64) {
    let base = ring[0];
    let (mut x, mut y, mut doubled) = (0.0, 0.0, 0.0);
    for (i, a) in ring.iter().enumerate() {
        let (a, b) = (a.minus(base), ring[(i + 1) % ring.len()].minus(base));
        let cross = a.cross(b);
        doubled += cross;
        x += (a.x + b.x) * cross;
        y += (a.y + b.y) * cross;
    }
    if doubled.abs() < 1e-9 {
        return (base, 0.0);
    }
    (base.plus(V::new(x / (3.0 * doubled), y / (3.0 * doubled)), 1.0), doubled / 2.0)
}

/// Points every `step_m` along a line, its ends kept.
pub fn resample(line: &[V], step_m: f64) -> Vec<V> {
    let total = length_m(line);
    let n = (total / step_m).round().max(1.0) as usize;
    let mut out = vec![line[0]];
    let (mut done, mut next) = (0.0, 1usize);
    for w in line.windows(2) {
        let piece = w[0].distance(w[1]);
        while next < n && total * next as f64 / n as f64 <= done + piece {
            let t = (total * next as f64 / n as f64 - done) / piece.max(1e-9);
            out.push(w[0].plus(w[1].minus(w[0]), t));
            next += 1;
        }
        done += piece;
    }
    out.push(line[line.len() - 1]);
    out
}

/// A smooth curve through control points (Catmull–Rom), one point about every `step_m`.
pub fn smooth(control: &[V], step_m: f64) -> Vec<V> {
    let mut fine = vec![control[0]];
    for i in 0..control.len() - 1 {
        let (b, c) = (control[i], control[i + 1]);
        let a = if i == 0 { b.plus(c.minus(b), -1.0) } else { control[i - 1] };
        let d = if i + 2 < control.len() { control[i + 2] } else { c.plus(b.minus(c), -1.0) };
        let n = (b.distance(c) / 10.0).ceil().max(1.0) as usize;
        for k in 1..=n {
            let t = k as f64 / n as f64;
            let (t2, t3) = (t * t, t * t * t);
            let at = |a: f64, b: f64, c: f64, d: f64| {
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2
                    + (3.0 * b - a - 3.0 * c + d) * t3)
            };
            fine.push(V::new(at(a.x, b.x, c.x, d.x), at(a.y, b.y, c.y, d.y)));
        }
    }
    resample(&fine, step_m)
}

/// Moves each inner point sideways along a smooth wave of `amplitude_m`, fading to nothing at both ends over one wavelength.
pub fn wander(line: &[V], random: &mut Random, amplitude_m: f64, wavelength_m: f64) -> Vec<V> {
    let wave = Wave::new(random, wavelength_m);
    let total = length_m(line);
    let mut along = 0.0;
    let mut out = Vec::with_capacity(line.len());
    for (i, p) in line.iter().enumerate() {
        let (before, after) = (line[i.saturating_sub(1)], line[(i + 1).min(line.len() - 1)]);
        if i > 0 {
            along += p.distance(before);
        }
        let fade = (along.min(total - along) / wavelength_m).clamp(0.0, 1.0);
        out.push(p.plus(after.minus(before).unit().left(), wave.at(along) * amplitude_m * fade));
    }
    out
}
