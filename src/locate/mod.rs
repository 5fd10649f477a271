//! Whose point is this? Exactly one owner for every point, decided in integers.

mod half_open;
mod pages;
mod sketch;
mod picture;
mod busy;
mod cells;
mod fill;
mod batch;
mod nearest;
mod many;
mod update;

use std::collections::BTreeMap;

use crate::coverage::exact::on_segment;
use crate::coverage::{Coverage, FaceIx, Lattice, LatticePoint};
use crate::crs::Cgcs2000;
use cells::{Cells, Edge, Token};
use fill::Span;
use nearest::Metric;

/// The exact index over one coverage: squares, most of which know their face and the rest of which know the few edges that cross them.
///
/// Use it for any number of lookups on one version; it is built in milliseconds for a district ([`Locator::bytes`] tells its size, about 100 bytes
/// an edge) and follows an edit in microseconds ([`Locator::update`]). The page `docs/algorithms/locate.md` has the picture; the rule of who owns
/// a point *on* a boundary is at [`Locator::owner`].
#[derive(Clone, Debug)]
pub struct Locator {
    lattice: Lattice,
    cells: Cells,
    /// Where the points of each arc stand.
    spans: Vec<Span>,
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
    /// Indexes a coverage: linear in edges and squares. Faces beyond 2²⁹, arc points beyond 2³⁰ or lines of the index
    /// beyond 2²⁸ have no number in it; memory ends before (16 GB each).
    #[must_use]
    pub fn new(coverage: &Coverage) -> Self {
        let (cells, spans) = Cells::new(coverage);
        Self { lattice: *coverage.lattice(), cells, spans }
    }

    /// Bytes of the index on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells.bytes() + self.spans.len() * size_of::<Span>()
    }

    /// The owner of a lattice point: exactly one face, always – [`FaceIx::OUTSIDE`], excluded land and gaps included.
    ///
    /// The plane is cut half-open: a point on a boundary belongs to the face just east of it (and, on an east-west line, just north). Where
    /// that is nobody's land but the point touches a unit – the district's own outline – it belongs to the touching unit of the lowest index, so
    /// that the district is closed. A few dozen nanoseconds; no allocation.
    #[must_use]
    #[inline]
    pub fn owner(&self, point: LatticePoint) -> FaceIx {
        let (token, edges_near) = self.cells.face_at(point);
        if token.is_unit() || !edges_near { token.face() } else { self.touching(point).unwrap_or(token.face()) }
    }

    /// [`Locator::owner`] of a position, with its rounding to the lattice; [`FaceIx::OUTSIDE`] off the lattice.
    #[must_use]
    #[inline]
    pub fn owner_of(&self, position: Cgcs2000) -> FaceIx {
        self.lattice.quantise(position).map_or(FaceIx::OUTSIDE, |point| self.owner(point))
    }

    /// The lowest unit on whose outline the point lies.
    #[cold]
    fn touching(&self, point: LatticePoint) -> Option<FaceIx> {
        let mut lowest: Option<FaceIx> = None;
        self.cells.each_near(point, |edge| {
            if on_segment(edge.segment.a, edge.segment.b, point) {
                let units = [edge.left, edge.right].into_iter().filter(|token| token.is_unit()).map(Token::face);
                lowest = lowest.into_iter().chain(units).min();
            }
        });
        lowest
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
        if let Some(offset) = self.cells.offset(point) {
            self.cells.fetch_around(offset);
        }
        let (token, edges_near) = self.cells.face_at(point);
        let on_edge = edges_near && self.lies_on_an_edge(point);
        let owner = if token.is_unit() {
            Some(token.face())
        } else if on_edge {
            self.touching(point)
        } else {
            None
        };
        let metric = Metric::at(&self.lattice, point);
        let accuracy_m = if accuracy_m.is_finite() { accuracy_m.clamp(0.0, MOST_ACCURACY_M) } else { 0.0 };
        let (outcome, boundary_m, nearest) = match owner {
            Some(_) if on_edge => (Outcome::OnBoundary, 0.0, None),
            Some(_) => {
                // The way to the nearest edge crosses no other, so from inside a unit it is always one of its own.
                let boundary_m = self.cells.nearest(metric, |_| true).map_or(f64::INFINITY, |(_, far)| far);
                (Outcome::Inside, boundary_m, None)
            }
            None => {
                let of_a_unit = |edge: &Edge| edge.left.is_unit() || edge.right.is_unit();
                let nearest = self.cells.nearest(metric, of_a_unit).map(|(edge, distance_m)| {
                    let units = [edge.left, edge.right].into_iter().filter(|token| token.is_unit()).map(Token::face);
                    Near { face: units.min().unwrap_or(FaceIx::OUTSIDE), distance_m }
                });
                (Outcome::Outside, nearest.map_or(f64::INFINITY, |near| near.distance_m), nearest)
            }
        };
        let neighbours =
            if boundary_m <= accuracy_m { self.others_within(metric, accuracy_m, owner) } else { Vec::new() };
        Located { outcome, owner, boundary_m, neighbours, nearest }
    }

    fn lies_on_an_edge(&self, point: LatticePoint) -> bool {
        let mut found = false;
        self.cells.each_near(point, |edge| found |= on_segment(edge.segment.a, edge.segment.b, point));
        found
    }

    /// The units other than `own` within `accuracy_m`, nearest first.
    fn others_within(&self, metric: Metric, accuracy_m: f64, own: Option<FaceIx>) -> Vec<Near> {
        let mut found: BTreeMap<FaceIx, f64> = BTreeMap::new();
        self.cells.within(metric, accuracy_m, &mut found);
        let others = found.into_iter().filter(|(face, _)| Some(*face) != own);
        let mut near: Vec<Near> = others.map(|(face, distance_m)| Near { face, distance_m }).collect();
        near.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.face.cmp(&b.face)));
        near
    }
}

#[cfg(test)]
mod tests;
