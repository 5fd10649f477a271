//! A flat piece of ground: metres east and north of a corner, for one unit at a time, and the little geometry that is done on it.

use crate::coverage::{Lattice, LatticePoint};
use crate::crs::Cgcs2000;

/// Metres east and north of the corner.
pub(super) type Spot = (f64, f64);

/// The local plane of a unit: the ellipsoid's metric at its middle. Good to 10⁻⁴ of a length within ten kilometres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    lattice: Lattice,
    corner: LatticePoint,
    step: (f64, f64),
}

impl Ground {
    /// Around some points; `None` without any.
    pub(super) fn around<'a>(lattice: Lattice, points: impl Iterator<Item = &'a LatticePoint>) -> Option<Self> {
        let (low, high) = points.fold(None, |bounds: Option<(LatticePoint, LatticePoint)>, p| {
            let (lo, hi) = bounds.unwrap_or((*p, *p));
            let low = LatticePoint::new(lo.x.min(p.x), lo.y.min(p.y));
            Some((low, LatticePoint::new(hi.x.max(p.x), hi.y.max(p.y))))
        })?;
        Some(Self { lattice, corner: low, step: lattice.metres_per_step(i32::midpoint(low.y, high.y)) })
    }

    pub(super) fn spot(&self, p: LatticePoint) -> Spot {
        let along = |at: i32, from: i32, step: f64| (i64::from(at) - i64::from(from)) as f64 * step;
        (along(p.x, self.corner.x, self.step.0), along(p.y, self.corner.y, self.step.1))
    }

    pub(super) fn spots(&self, points: &[LatticePoint]) -> Vec<Spot> {
        points.iter().map(|p| self.spot(*p)).collect()
    }

    /// Of a position anywhere; far away it is only roughly right.
    pub(super) fn spot_of(&self, position: Cgcs2000) -> Spot {
        let (x, y) = self.lattice.steps(position);
        ((x - i64::from(self.corner.x)) as f64 * self.step.0, (y - i64::from(self.corner.y)) as f64 * self.step.1)
    }

    /// Of degrees; `None` when they are no position.
    pub(super) fn spot_at(&self, (lon, lat): (f64, f64)) -> Option<Spot> {
        Cgcs2000::new(lon, lat).ok().map(|p| self.spot_of(p))
    }

    /// The nearest lattice point.
    pub(super) fn point(&self, spot: Spot) -> LatticePoint {
        let back = |at: f64, from: i32, step: f64| (i64::from(from) + (at / step).round() as i64) as i32;
        LatticePoint::new(back(spot.0, self.corner.x, self.step.0), back(spot.1, self.corner.y, self.step.1))
    }
}

pub(super) fn distance(a: Spot, b: Spot) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The point of the segment nearest to `p`, and how far it is.
pub(super) fn foot(p: Spot, a: Spot, b: Spot) -> (Spot, f64) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let whole = dx * dx + dy * dy;
    let share = if whole > 0.0 { (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / whole).clamp(0.0, 1.0) } else { 0.0 };
    let at = (a.0 + share * dx, a.1 + share * dy);
    (at, distance(p, at))
}

/// How far `p` is from a chain; infinite from an empty one.
pub(super) fn distance_to_chain(p: Spot, chain: &[Spot]) -> f64 {
    chain.windows(2).map(|e| foot(p, e[0], e[1]).1).fold(f64::INFINITY, f64::min)
}

/// The edges of a ring, the last back to the first.
pub(super) fn edges(ring: &[Spot]) -> impl Iterator<Item = (Spot, Spot)> + '_ {
    (0..ring.len()).map(|i| (ring[i], ring[(i + 1) % ring.len()]))
}

/// Whether `p` lies inside rings, by the even-odd rule.
pub(super) fn inside(rings: &[Vec<Spot>], p: Spot) -> bool {
    let crossings = rings
        .iter()
        .flat_map(|r| edges(r))
        .filter(|(a, b)| (a.1 <= p.1) != (b.1 <= p.1) && a.0 + (p.1 - a.1) / (b.1 - a.1) * (b.0 - a.0) > p.0);
    crossings.count() % 2 == 1
}

/// Whether two segments have a point in common.
pub(super) fn meet(a: Spot, b: Spot, c: Spot, d: Spot) -> bool {
    let turn = |o: Spot, p: Spot, q: Spot| (p.0 - o.0) * (q.1 - o.1) - (p.1 - o.1) * (q.0 - o.0);
    turn(a, b, c) * turn(a, b, d) <= 0.0 && turn(c, d, a) * turn(c, d, b) <= 0.0 && {
        let apart = |a: f64, b: f64, c: f64, d: f64| a.max(b) < c.min(d) || c.max(d) < a.min(b);
        !apart(a.0, b.0, c.0, d.0) && !apart(a.1, b.1, c.1, d.1)
    }
}

pub(super) fn length(chain: &[Spot]) -> f64 {
    chain.windows(2).map(|e| distance(e[0], e[1])).sum()
}

/// Area and perimeter of a ring; the area is positive for a counter-clockwise one.
pub(super) fn measure(ring: &[Spot]) -> (f64, f64) {
    let from = ring.first().copied().unwrap_or_default();
    let turn = |a: Spot, b: Spot| (a.0 - from.0) * (b.1 - from.1) - (b.0 - from.0) * (a.1 - from.1);
    edges(ring).fold((0.0, 0.0), |(area, around), (a, b)| (area + turn(a, b) / 2.0, around + distance(a, b)))
}

/// South-west and north-east corner of the box around spots; inside out without any.
pub(super) fn bounds<'a>(spots: impl Iterator<Item = &'a Spot>) -> (Spot, Spot) {
    let none = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    spots.fold(none, |(lo, hi), s| ((lo.0.min(s.0), lo.1.min(s.1)), (hi.0.max(s.0), hi.1.max(s.1))))
}

/// The middle of some spots.
pub(super) fn middle(spots: &[Spot]) -> Spot {
    let n = spots.len().max(1) as f64;
    let sum = spots.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    (sum.0 / n, sum.1 / n)
}

/// Points along a chain, no two further apart than `step`, with the chain's own.
pub(super) fn walked(chain: &[Spot], step: f64) -> Vec<Spot> {
    let mut out = Vec::new();
    for e in chain.windows(2) {
        let n = (distance(e[0], e[1]) / step).ceil().clamp(1.0, 100_000.0) as usize;
        out.extend((0..n).map(|i| {
            let t = i as f64 / n as f64;
            (e[0].0 + t * (e[1].0 - e[0].0), e[0].1 + t * (e[1].1 - e[0].1))
        }));
    }
    out.extend(chain.last());
    out
}
