//! How far is the boundary, and who lives within some metres? Squares are visited ring by ring around the point.

use std::collections::BTreeMap;

use super::cells::{BLOCK, Cells, Edge, Entry, span_of};
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

    /// To the nearest point of a segment, in metres.
    pub fn to_segment(self, s: Segment) -> f64 {
        self.to_segment_squared(s).sqrt()
    }

    fn to_segment_squared(self, s: Segment) -> f64 {
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
        x * x + y * y
    }

    /// To the nearest point of a square, in square metres; 0 inside.
    fn to_square_squared(self, square: Square) -> f64 {
        let beyond = |low: i64, at: i32| {
            let at = i64::from(at);
            (low - at).max(at - low - square.size()).max(0) as f64
        };
        let (x, y) = (beyond(square.x, self.origin.x) * self.mx, beyond(square.y, self.origin.y) * self.my);
        x * x + y * y
    }

    /// To the nearest point at the square's latitudes, in square metres.
    fn to_rows_squared(self, square: Square) -> f64 {
        let y = i64::from(self.origin.y);
        let beyond = (square.y - y).max(y - square.y - square.size()).max(0) as f64 * self.my;
        beyond * beyond
    }

    /// Whether the point lies (east, north) of the square's middle: what it holds there is nearer.
    fn is_past(self, square: Square) -> (bool, bool) {
        let middle = square.size() / 2;
        (i64::from(self.origin.x) > square.x + middle, i64::from(self.origin.y) > square.y + middle)
    }
}

/// The nearest edge found so far, with its distance in square metres.
type Best = Option<(Edge, f64)>;

/// Rings of top squares around a point that are looked at one by one, before whole blocks of them.
const NEAR_RINGS: i64 = 4;

impl Cells {
    /// The nearest edge that `wanted` accepts, and its distance in metres; the lesser of two equally near ones.
    pub fn nearest(&self, metric: Metric, wanted: impl Fn(&Edge) -> bool) -> Option<(Edge, f64)> {
        let mut best: Best = None;
        let squares = Rings::new(self.west, self.south, self.shift, (self.columns, self.rows()));
        let certain = squares.search(metric, NEAR_RINGS, &mut best, |square, (column, row), best| {
            self.nearer(self.top[row * self.columns + column], square, metric, &wanted, best);
        });
        if !certain {
            let blocks = Rings::new(self.west, self.south, self.shift + BLOCK, self.blocks());
            blocks.search(metric, i64::MAX, &mut best, |square, block, best| {
                if self.busy[block.1 * self.blocks().0 + block.0] && !is_beyond(square, metric, best) {
                    self.nearer_in_block(block, square, metric, &wanted, best);
                }
            });
        }
        best.map(|(edge, squared)| (edge, squared.sqrt()))
    }

    /// Looks in the top squares of a block, the near ones first: what they hold spares most of the others.
    fn nearer_in_block(
        &self,
        block: (usize, usize),
        square: Square,
        metric: Metric,
        wanted: &impl Fn(&Edge) -> bool,
        best: &mut Best,
    ) {
        let (east, north) = metric.is_past(square);
        for row in span_of(block.1, self.rows(), north) {
            let west_end = self.top_square(block.0 << BLOCK, row);
            if best.is_some_and(|(_, far)| metric.to_rows_squared(west_end) > far) {
                continue;
            }
            for column in span_of(block.0, self.columns, east) {
                let top = self.top[row * self.columns + column];
                self.nearer(top, self.top_square(column, row), metric, wanted, best);
            }
        }
    }

    /// Looks in one square for something nearer than the best so far.
    fn nearer(&self, entry: Entry, square: Square, metric: Metric, wanted: &impl Fn(&Edge) -> bool, best: &mut Best) {
        if entry.kind() == Entry::FACE || is_beyond(square, metric, best) {
            return;
        }
        self.each_edge(entry, |edge| {
            if wanted(&edge) {
                let far = metric.to_segment_squared(edge.segment);
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
        if entry.kind() == Entry::FACE || metric.to_square_squared(square) > reach_m * reach_m {
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
}

/// Whether nothing in the square can be nearer than the best so far.
fn is_beyond(square: Square, metric: Metric, best: &Best) -> bool {
    best.is_some_and(|(_, far)| metric.to_square_squared(square) > far)
}

/// A grid of squares, to be visited in rings around a point.
struct Rings {
    west: i64,
    south: i64,
    shift: u32,
    columns: i64,
    rows: i64,
}

impl Rings {
    fn new(west: i32, south: i32, shift: u32, (columns, rows): (usize, usize)) -> Self {
        Self { west: west.into(), south: south.into(), shift, columns: columns as i64, rows: rows as i64 }
    }

    /// Calls `visit` with squares in growing rings until nothing farther out can be nearer than the best, or `most` rings are done. True when
    /// the best is certain.
    fn search(
        &self,
        metric: Metric,
        most: i64,
        best: &mut Best,
        mut visit: impl FnMut(Square, (usize, usize), &mut Best),
    ) -> bool {
        let (x, y) = (i64::from(metric.origin.x), i64::from(metric.origin.y));
        let (column, row) = ((x - self.west) >> self.shift, (y - self.south) >> self.shift);
        let beyond = |at: i64, count: i64| (-at).max(at + 1 - count).max(0);
        let first = beyond(column, self.columns).max(beyond(row, self.rows));
        let last = column.max(self.columns - 1 - column).max(row).max(self.rows - 1 - row);
        for ring in first..=last.min(most) {
            self.each_of_ring((column, row), ring, |square, at| visit(square, at, best));
            // What is beyond the ring is at least as far as the ring's own border.
            let border = |origin: i64, at: i64, p: i64| {
                let (low, high) = (origin + ((at - ring) << self.shift), origin + ((at + ring + 1) << self.shift));
                (p - low).min(high - p) as f64
            };
            let reached = (border(self.west, column, x) * metric.mx).min(border(self.south, row, y) * metric.my);
            if best.is_some_and(|(_, far)| far <= reached * reached) {
                return true;
            }
        }
        last <= most
    }

    /// Calls `each` with the squares of the grid at a distance of exactly `ring` squares.
    fn each_of_ring(&self, (column, row): (i64, i64), ring: i64, mut each: impl FnMut(Square, (usize, usize))) {
        for j in (row - ring).max(0)..=(row + ring).min(self.rows - 1) {
            let whole = ring == 0 || j == row - ring || j == row + ring;
            let (from, to, stride) = if whole {
                ((column - ring).max(0), (column + ring).min(self.columns - 1), 1)
            } else {
                (column - ring, column + ring, 2 * ring)
            };
            for i in (from..=to).step_by(stride as usize).filter(|i| (0..self.columns).contains(i)) {
                let (x, y) = (self.west + (i << self.shift), self.south + (j << self.shift));
                each(Square { x, y, shift: self.shift }, (i as usize, j as usize));
            }
        }
    }
}
