//! The one rule of sides: a point is taken an infinitely small step east and an infinitely smaller one north, so that it never lies on an edge.

use crate::coverage::LatticePoint;

/// Two ends of a straight piece of boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    pub a: LatticePoint,
    pub b: LatticePoint,
}

impl Segment {
    /// Positive when (`x`, `y`) lies left of `a → b`; differences fit in 34 bits, so the products fit in 68.
    #[inline]
    fn side(self, x: i64, y: i64) -> i128 {
        let (ax, ay) = (i64::from(self.a.x), i64::from(self.a.y));
        let (dx, dy) = (i64::from(self.b.x) - ax, i64::from(self.b.y) - ay);
        i128::from(dx) * i128::from(y - ay) - i128::from(dy) * i128::from(x - ax)
    }

    /// Whether the point, after its two steps, lies left of the line through the segment. A step east adds −dy to [`Self::side`] and one
    /// north +dx, so a tie is decided by the first of them that is not 0.
    #[inline]
    pub fn is_left(self, x: i64, y: i64) -> bool {
        let tie = self.b.y < self.a.y || (self.b.y == self.a.y && self.b.x > self.a.x);
        self.side(x, y) + i128::from(tie) > 0
    }

    /// Whether the segment ends on two sides of a latitude.
    #[inline]
    pub fn spans(self, y: i64) -> bool {
        (i64::from(self.a.y) <= y) != (i64::from(self.b.y) <= y)
    }

    /// Whether the way from (`from`, `y`) east to (`to`, `y`) crosses the segment.
    #[inline]
    pub fn crosses_eastward(self, from: i64, to: i64, y: i64) -> bool {
        self.spans(y) && self.is_left(from, y) != self.is_left(to, y)
    }

    /// Whether the way from (`x`, `from`) north to (`x`, `to`) crosses the segment.
    #[inline]
    pub fn crosses_northward(self, x: i64, from: i64, to: i64) -> bool {
        let spans = (i64::from(self.a.x) <= x) != (i64::from(self.b.x) <= x);
        spans && self.is_left(x, from) != self.is_left(x, to)
    }

    /// Whether the way from a corner east, then north to (`x`, `y`) crosses the segment an odd number of times.
    #[inline]
    pub fn crosses_on_the_way(self, corner: (i64, i64), (x, y): (i64, i64)) -> bool {
        self.crosses_eastward(corner.0, x, corner.1) != self.crosses_northward(x, corner.1, y)
    }

    /// Where the segment runs from west to east between two latitudes: a step too wide, since it is taken in floats.
    pub fn between(self, south: i64, north: i64) -> (i64, i64) {
        let (ax, bx) = (i64::from(self.a.x), i64::from(self.b.x));
        let (west, east) = (ax.min(bx), ax.max(bx));
        if self.a.y == self.b.y {
            return (west, east);
        }
        let slope = (bx - ax) as f64 / (i64::from(self.b.y) - i64::from(self.a.y)) as f64;
        let at = |y: i64| ax as f64 + slope * (y - i64::from(self.a.y)) as f64;
        let (one, other) = (at(south), at(north));
        // Coordinates are under 2³², so an error is far below a step; `as` keeps what leaves i64 at its ends.
        let (least, most) = (one.min(other).floor() as i64, one.max(other).ceil() as i64);
        (west.max(least.saturating_sub(1)), east.min(most.saturating_add(1)))
    }
}

/// A square of lattice points, its borders included on all four sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Square {
    pub x: i64,
    pub y: i64,
    /// Its sides are `1 << shift` steps.
    pub shift: u32,
}

impl Square {
    pub const fn size(self) -> i64 {
        1 << self.shift
    }

    /// The `i`-th of its 4 × 4 parts, row by row from the south-west.
    pub const fn part(self, i: usize) -> Self {
        let shift = self.shift - 2;
        Self { x: self.x + (((i & 3) as i64) << shift), y: self.y + (((i >> 2) as i64) << shift), shift }
    }

    /// Whether the segment has a point in common with the square, exactly: their boxes overlap, and the four corners are not all on one side.
    pub fn meets(self, s: Segment) -> bool {
        let size = self.size();
        let (ax, bx, ay, by) = (i64::from(s.a.x), i64::from(s.b.x), i64::from(s.a.y), i64::from(s.b.y));
        if ax.max(bx) < self.x || ax.min(bx) > self.x + size || ay.max(by) < self.y || ay.min(by) > self.y + size {
            return false;
        }
        let corner = s.side(self.x, self.y);
        let (north, east) = (i128::from(bx - ax) * i128::from(size), i128::from(ay - by) * i128::from(size));
        corner + north.min(0) + east.min(0) <= 0 && corner + north.max(0) + east.max(0) >= 0
    }
}
