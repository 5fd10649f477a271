//! Whose point is this? Exactly one owner for every point, decided in integers.

mod cells;

use std::collections::BTreeMap;

use crate::coverage::exact::on_segment;
use crate::coverage::{Coverage, FaceIx, FaceRole, Lattice, LatticePoint};
use crate::crs::Cgcs2000;
use cells::{Cells, Edge};

/// The exact index over one coverage: a grid of cells, each knowing the face at its corner and the few edges that cross it.
///
/// Use it for any number of lookups on one version; it is built in milliseconds for a district and never changes. Memory is about 40 bytes
/// an edge. `docs/ARCHITECTURE.md` (flow 1) says where it stands; the rule of who owns a point *on* a boundary is at [`Locator::owner`].
#[derive(Debug)]
pub struct Locator {
    lattice: Lattice,
    cells: Cells,
    roles: Vec<FaceRole>,
}

/// Where a point lies. Distances are metres on the ground: the ellipsoid's local metric at the point, which differs from lengths in a
/// 3-degree Gauss-Krüger plane by less than 2·10⁻⁵ of themselves within 40 km of its meridian.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    pub outcome: Outcome,
    /// The one owner; `None` exactly when the outcome is [`Outcome::Outside`] (outside, excluded land or a gap).
    pub owner: Option<FaceIx>,
    /// To the nearest boundary of the owner; outside, to the nearest unit. Infinite in a coverage without units.
    pub boundary_m: f64,
    /// Other units within the stated accuracy, nearest first.
    pub neighbours: Vec<Near>,
    /// The nearest unit, when outside.
    pub nearest: Option<Near>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Inside,
    /// The quantised point lies exactly on an arc; it still has one owner.
    OnBoundary,
    Outside,
}

/// A unit at a distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub face: FaceIx,
    pub distance_m: f64,
}

/// Neighbours are looked for no further than this, whatever accuracy is asked.
pub const MOST_ACCURACY_M: f64 = 10_000.0;

impl Locator {
    /// Indexes a coverage. Linear in edges and cells.
    #[must_use]
    pub fn new(coverage: &Coverage) -> Self {
        Self {
            lattice: *coverage.lattice(),
            cells: Cells::new(coverage),
            roles: coverage.faces().iter().map(|f| f.role).collect(),
        }
    }

    /// The owner of a lattice point: exactly one face, always – [`FaceIx::OUTSIDE`], excluded land and gaps included.
    ///
    /// The plane is cut half-open: a point on a boundary belongs to the face just east of it (and, on an east-west line, just north). Where
    /// that is nobody's land but the point touches a unit – the district's own outline – it belongs to the touching unit of the lowest index, so
    /// that the district is closed. A few dozen nanoseconds; no allocation unless the point lies on the outline.
    #[must_use]
    pub fn owner(&self, point: LatticePoint) -> FaceIx {
        let face = self.cells.face_at(point);
        if self.is_unit(face) {
            return face;
        }
        let touching = self.cells.near(point).filter(|e| on_segment(e.a, e.b, point)).flat_map(|e| [e.left, e.right]);
        touching.filter(|f| self.is_unit(*f)).min().unwrap_or(face)
    }

    /// The full answer for a position known to `accuracy_m` metres (clamped to 0 … [`MOST_ACCURACY_M`]). A position that does not fit on the
    /// lattice is outside, and too far away for a distance.
    #[must_use]
    pub fn locate(&self, position: Cgcs2000, accuracy_m: f64) -> Located {
        let Ok(point) = self.lattice.quantise(position) else {
            return Located {
                outcome: Outcome::Outside,
                owner: None,
                boundary_m: f64::INFINITY,
                neighbours: Vec::new(),
                nearest: None,
            };
        };
        let owner = Some(self.owner(point)).filter(|f| self.is_unit(*f));
        let accuracy_m = if accuracy_m.is_finite() { accuracy_m.clamp(0.0, MOST_ACCURACY_M) } else { 0.0 };
        match owner {
            Some(own) => {
                let boundary_m = self.nearest(point, |_| true).map_or(f64::INFINITY, |(_, far)| far);
                let on_edge = self.cells.near(point).any(|e| on_segment(e.a, e.b, point));
                let outcome = if on_edge { Outcome::OnBoundary } else { Outcome::Inside };
                let neighbours = self.within(point, accuracy_m, own);
                Located { outcome, owner, boundary_m, neighbours, nearest: None }
            }
            None => {
                let of_a_unit = |e: &Edge| self.is_unit(e.left) || self.is_unit(e.right);
                let nearest = self.nearest(point, of_a_unit).map(|(edge, distance_m)| {
                    let sides = [edge.left, edge.right];
                    let face = sides.into_iter().filter(|f| self.is_unit(*f)).min().unwrap_or(FaceIx::OUTSIDE);
                    Near { face, distance_m }
                });
                let neighbours = self.within(point, accuracy_m, FaceIx::OUTSIDE);
                let boundary_m = nearest.map_or(f64::INFINITY, |n| n.distance_m);
                Located { outcome: Outcome::Outside, owner: None, boundary_m, neighbours, nearest }
            }
        }
    }

    fn is_unit(&self, face: FaceIx) -> bool {
        self.roles[face.ix()] == FaceRole::Unit
    }

    /// The nearest edge that `wanted` accepts and its distance: boxes that double until the best found lies within the box. The segment to it
    /// crosses no other boundary, so seen from inside a unit the nearest edge of all is always its own.
    fn nearest(&self, point: LatticePoint, wanted: impl Fn(&Edge) -> bool) -> Option<(Edge, f64)> {
        let metric = Metric::at(&self.lattice, point);
        let mut reach_m = self.cells.size() as f64 * metric.mx.min(metric.my) / 2.0 + metric.mx;
        loop {
            let (rx, ry) = metric.steps(reach_m);
            let best = (self.cells.within(point, rx, ry))
                .filter(|e| wanted(e))
                .map(|e| (*e, metric.to_edge(e)))
                .min_by(|(e, a), (f, b)| a.total_cmp(b).then((e.a, e.b).cmp(&(f.a, f.b))));
            match best {
                Some((_, far)) if far <= reach_m => return best,
                _ if self.cells.is_covered_by(point, rx, ry) => return best,
                // Something is in the box but might not be the nearest: its distance bounds the search.
                Some((_, far)) => reach_m = far,
                None => reach_m *= 2.0,
            }
        }
    }

    /// The units other than `own` within `accuracy_m`, nearest first.
    fn within(&self, point: LatticePoint, accuracy_m: f64, own: FaceIx) -> Vec<Near> {
        let metric = Metric::at(&self.lattice, point);
        let (rx, ry) = metric.steps(accuracy_m);
        let mut found: BTreeMap<FaceIx, f64> = BTreeMap::new();
        for edge in self.cells.within(point, rx, ry) {
            let far = metric.to_edge(edge);
            for face in [edge.left, edge.right] {
                if far <= accuracy_m && face != own && self.is_unit(face) {
                    let least = found.entry(face).or_insert(far);
                    *least = least.min(far);
                }
            }
        }
        let mut near: Vec<Near> = found.into_iter().map(|(face, distance_m)| Near { face, distance_m }).collect();
        near.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.face.cmp(&b.face)));
        near
    }
}

/// Metres around one point.
struct Metric {
    origin: LatticePoint,
    mx: f64,
    my: f64,
}

impl Metric {
    fn at(lattice: &Lattice, origin: LatticePoint) -> Self {
        let (mx, my) = lattice.metres_per_step(origin.y);
        Self { origin, mx, my }
    }

    fn steps(&self, metres: f64) -> (i64, i64) {
        // Near a pole a step along x has no length; the clamp keeps the box inside i64.
        let steps = |m: f64| (metres / m.max(1e-9)).ceil().min(1e12) as i64;
        (steps(self.mx), steps(self.my))
    }

    fn to_edge(&self, edge: &Edge) -> f64 {
        let flat = |p: LatticePoint| {
            (
                (f64::from(p.x) - f64::from(self.origin.x)) * self.mx,
                (f64::from(p.y) - f64::from(self.origin.y)) * self.my,
            )
        };
        let ((ax, ay), (bx, by)) = (flat(edge.a), flat(edge.b));
        let (dx, dy) = (bx - ax, by - ay);
        let share = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (ax + share * dx).hypot(ay + share * dy)
    }
}

#[cfg(test)]
mod tests;
