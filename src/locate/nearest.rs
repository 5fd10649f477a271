//! How far is the boundary, and who lives within some metres? Squares are visited ring by ring around the point.

use std::collections::BTreeMap;

use super::cells::{Cells, Edge, Entry};
use super::half_open::{Segment, Square};
use crate::coverage::{FaceIx, Lattice, LatticePoint};

/// Metres around one point: the ellipsoid's local metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    origin: LatticePoint,
    mx: f64,
    my: f64,
}

impl Metric {
    pub fn at(lattice: &Lattice, origin: LatticePoint) -> Self {
        let (mx, my) = lattice.metres_per_step(origin.y);
        Self { origin, mx, my }
    }

    /// Steps that surely reach as far as so many metres.
    fn steps(self, metres: f64) -> (i64, i64) {
        // Near a pole a step along x has no length; the clamp keeps the box inside i64.
        let steps = |m: f64| (metres / m.max(1e-9)).ceil().min(1e12) as i64;
        (steps(self.mx), steps(self.my))
    }

    /// To the nearest point of a segment.
    pub fn to_segment(self, s: Segment) -> f64 {
        let flat = |p: LatticePoint| {
            (
                (f64::from(p.x) - f64::from(self.origin.x)) * self.mx,
                (f64::from(p.y) - f64::from(self.origin.y)) * self.my,
            )
        };
        let ((ax, ay), (bx, by)) = (flat(s.a), flat(s.b));
        let (dx, dy) = (bx - ax, by - ay);
        let share = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let (x, y) = (ax + share * dx, ay + share * dy);
        (x * x + y * y).sqrt()
    }

    /// To the nearest point of a square; 0 inside.
    fn to_square(self, square: Square) -> f64 {
        let beyond = |low: i64, at: i32| {
            let at = i64::from(at);
            (low - at).max(at - low - square.size()).max(0) as f64
        };
        let (x, y) = (beyond(square.x, self.origin.x) * self.mx, beyond(square.y, self.origin.y) * self.my);
        (x * x + y * y).sqrt()
    }
}

impl Cells {
    /// The nearest edge that `wanted` accepts, and its distance in metres; the lesser of two equally near ones.
    pub fn nearest(&self, metric: Metric, wanted: impl Fn(&Edge) -> bool) -> Option<(Edge, f64)> {
        let mut best: Option<(Edge, f64)> = None;
        let (column, row) = self.column_and_row(metric.origin);
        let (columns, rows) = (self.columns as i64, self.rows() as i64);
        let beyond = |at: i64, count: i64| (-at).max(at + 1 - count).max(0);
        let mut ring = beyond(column, columns).max(beyond(row, rows));
        let last = column.max(columns - 1 - column).max(row).max(rows - 1 - row);
        while ring <= last {
            self.each_of_ring((column, row), ring, |top, square| {
                self.nearer(self.top[top], square, metric, &wanted, &mut best);
            });
            // What is beyond the ring is at least as far as the ring's own border.
            let (x, y) = (metric.origin.x, metric.origin.y);
            let border = |origin: i32, at: i64, p: i32| {
                let low = i64::from(origin) + ((at - ring) << self.shift);
                let high = i64::from(origin) + ((at + ring + 1) << self.shift);
                (i64::from(p) - low).min(high - i64::from(p)) as f64
            };
            let reached = (border(self.west, column, x) * metric.mx).min(border(self.south, row, y) * metric.my);
            if best.is_some_and(|(_, far)| far <= reached) {
                break;
            }
            ring += 1;
        }
        best
    }

    /// Looks in one square for something nearer than the best so far.
    fn nearer(
        &self,
        entry: Entry,
        square: Square,
        metric: Metric,
        wanted: &impl Fn(&Edge) -> bool,
        best: &mut Option<(Edge, f64)>,
    ) {
        if entry.kind() == Entry::FACE || best.is_some_and(|(_, far)| metric.to_square(square) > far) {
            return;
        }
        if entry.kind() == Entry::NODE {
            for (i, part) in self.nodes[entry.at()].iter().enumerate() {
                self.nearer(*part, square.part(i), metric, wanted, best);
            }
            return;
        }
        self.each_edge(entry, |edge| {
            if wanted(&edge) {
                let far = metric.to_segment(edge.segment);
                let lesser = |(one, least): &(Edge, f64)| far < *least || (far == *least && edge.segment < one.segment);
                if best.as_ref().is_none_or(lesser) {
                    *best = Some((edge, far));
                }
            }
        });
    }

    /// The units within some metres, each with its distance.
    pub fn within(&self, metric: Metric, reach_m: f64, found: &mut BTreeMap<FaceIx, f64>) {
        let (rx, ry) = metric.steps(reach_m);
        let from_west = i64::from(metric.origin.x) - i64::from(self.west);
        let from_south = i64::from(metric.origin.y) - i64::from(self.south);
        let (west, east) = self.reach(from_west - rx, from_west + rx);
        let (south, north) = self.reach(from_south - ry, from_south + ry);
        for row in south.max(0)..=north.min(self.rows() as i64 - 1) {
            for column in west.max(0)..=east.min(self.columns as i64 - 1) {
                let square = self.top_square(column as usize, row as usize);
                self.gather(self.top[row as usize * self.columns + column as usize], square, metric, reach_m, found);
            }
        }
    }

    fn gather(&self, entry: Entry, square: Square, metric: Metric, reach_m: f64, found: &mut BTreeMap<FaceIx, f64>) {
        if entry.kind() == Entry::FACE || metric.to_square(square) > reach_m {
            return;
        }
        if entry.kind() == Entry::NODE {
            for (i, part) in self.nodes[entry.at()].iter().enumerate() {
                self.gather(*part, square.part(i), metric, reach_m, found);
            }
            return;
        }
        self.each_edge(entry, |edge| {
            let far = metric.to_segment(edge.segment);
            if far <= reach_m {
                for token in [edge.left, edge.right] {
                    if token.is_unit() {
                        let least = found.entry(token.face()).or_insert(far);
                        *least = least.min(far);
                    }
                }
            }
        });
    }

    fn column_and_row(&self, point: LatticePoint) -> (i64, i64) {
        let at = |value: i32, origin: i32| (i64::from(value) - i64::from(origin)) >> self.shift;
        (at(point.x, self.west), at(point.y, self.south))
    }

    /// Calls `each` with the top squares at a distance of exactly `ring` squares.
    fn each_of_ring(&self, (column, row): (i64, i64), ring: i64, mut each: impl FnMut(usize, Square)) {
        let (columns, rows) = (self.columns as i64, self.rows() as i64);
        for j in (row - ring).max(0)..=(row + ring).min(rows - 1) {
            let whole = j == row - ring || j == row + ring;
            let stride = if whole || ring == 0 { 1 } else { 2 * ring };
            let mut i = column - ring;
            if stride == 1 {
                i = i.max(0);
            }
            while i <= (column + ring).min(columns - 1) {
                if i >= 0 {
                    each((j * columns + i) as usize, self.top_square(i as usize, j as usize));
                }
                i += stride;
            }
        }
    }
}
