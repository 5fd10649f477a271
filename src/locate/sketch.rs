//! A square's edges, drawn small: every edge that meets a square is kept in sixteen bytes beside the square's other edges, in coordinates of
//! 1/8192 of the square. From such a drawing alone it is plain, for nearly every point, on which side of the edge it lies; the
//! few points within a hair's breadth are asked again on the lattice, exactly.
//!
//! Why it may be trusted: a point's place in the drawing is less than one unit off (it is rounded down), and an end of an edge half a unit (it is
//! rounded to the nearest). So the point has moved against the edge by less than 1½ units along each axis, and one that is farther off than that – off
//! the line, and off the ends of the piece drawn – lies on the side the drawing says. [`HAIR`] is twice as much.

use super::cells::Token;
use super::half_open::{Segment, Square};
use super::picture::Line;

/// A square is `1 << BITS` units wide in its drawing, or as many as it has steps.
const BITS: u32 = 13;
/// Units within which a drawing decides nothing.
const HAIR: i32 = 3;

/// Where a point stands in the drawing of its square.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pencil {
    pub u: i32,
    pub v: i32,
}

impl Pencil {
    /// `dx` and `dy` are the point's steps from any corner of squares `1 << shift` steps wide.
    #[inline]
    pub const fn at(dx: u32, dy: u32, shift: u32) -> Self {
        let bits = if shift < BITS { shift } else { BITS };
        let inside = (1 << bits) - 1;
        let drop = shift - bits;
        Self { u: ((dx >> drop) & inside) as i32, v: ((dy >> drop) & inside) as i32 }
    }
}

/// One of the edges that meet a square: the piece of it inside, its western end first.
///
/// Words: one end, the other (x in the low half, y in the high one); `left XOR right` with the two flags; the edge's place in `steps`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece([u32; 4]);

/// Set in the third word of a [`Piece`]: the edge crosses the square's southern border, at its western (eastern) end.
const SOUTH_AT_WEST: u32 = 1 << 30;
const SOUTH_AT_EAST: u32 = 1 << 31;

impl Piece {
    /// No edge: so far east of every point that it changes nothing and is never near.
    pub const UNUSED: Self = Self([0xffff, 0xffff, 0, 0]);

    pub fn draw(edge: u32, segment: Segment, (left, right): (Token, Token), square: Square) -> Self {
        let units = Units::of(square);
        let (a, b) = units.clip(segment);
        // An edge that runs along the southern border is never crossed on the way, though it may look as if it lay above.
        let lies_on_border = segment.a.y == segment.b.y && i64::from(segment.a.y) == square.y;
        let b = if lies_on_border { a } else { b };
        let crosses = segment.crosses_eastward(square.x, square.x + square.size(), square.y);
        let a_is_south = segment.a.y < segment.b.y;
        let ((west, west_is_south), (east, east_is_south)) =
            if a.0 <= b.0 { ((a, a_is_south), (b, !a_is_south)) } else { ((b, !a_is_south), (a, a_is_south)) };
        let flag = |set: bool, flag: u32| if crosses && set { flag } else { 0 };
        let flags = flag(west_is_south, SOUTH_AT_WEST) | flag(east_is_south, SOUTH_AT_EAST);
        let word = |(x, y): (u32, u32)| x | y << 16;
        Self([word(west), word(east), (left.0 ^ right.0) | flags, edge])
    }
}

/// Pieces in a line.
pub(super) const PIECES: usize = 4;

/// Four pieces, some of which may be [`Piece::UNUSED`]; word by word, so that the machine can ask all four at once.
impl Line {
    pub fn of_pieces(pieces: [Piece; PIECES]) -> Self {
        Self(std::array::from_fn(|i| pieces[i % PIECES].0[i / PIECES]))
    }

    /// One word of each piece.
    #[inline]
    fn words(&self, word: usize) -> [u32; PIECES] {
        std::array::from_fn(|i| self.0[word * PIECES + i])
    }

    /// The places in `steps` of the four edges.
    #[inline]
    pub fn edges(&self) -> [u32; PIECES] {
        self.words(3)
    }

    /// What the four edges change on the way from the square's corner east, then north to the point, and whether that is sure.
    #[inline]
    #[allow(clippy::needless_bitwise_bool, reason = "a branch on any of these would be guessed wrong half of the time")]
    pub fn change(&self, at: Pencil) -> (u32, bool) {
        let (west, east, changes) = (self.words(0), self.words(1), self.words(2));
        let (mut change, mut unsure) = ([0; PIECES], [0; PIECES]);
        for i in 0..PIECES {
            let (ax, ay) = ((west[i] & 0xffff) as i32, (west[i] >> 16) as i32);
            let (bx, by) = ((east[i] & 0xffff) as i32, (east[i] >> 16) as i32);
            let (right_of_a, right_of_b) = (at.u - ax, at.u - bx);
            let (across, up) = (bx - ax, by - ay);
            let above = across * (at.v - ay) - up * right_of_a;
            let over = (right_of_a > 0) & (right_of_b < 0);
            let north = over & (above > 0);
            let from_west = (changes[i] & SOUTH_AT_WEST != 0) & (right_of_a > 0);
            let from_east = (changes[i] & SOUTH_AT_EAST != 0) & (right_of_b > 0);
            let near_line = over & (above.abs() <= HAIR * (across + up.abs()));
            let near_end = (right_of_a.abs() <= HAIR) | (right_of_b.abs() <= HAIR);
            change[i] = if north ^ from_west ^ from_east { changes[i] } else { 0 };
            unsure[i] = u32::from(near_line | near_end);
        }
        let change = change[0] ^ change[1] ^ change[2] ^ change[3];
        (change & !(SOUTH_AT_WEST | SOUTH_AT_EAST), unsure[0] | unsure[1] | unsure[2] | unsure[3] == 0)
    }

    /// To the nearest point of each piece, squared, from a point in units of the drawing, when a unit is so long; infinite for one that is none.
    #[inline]
    pub fn far_squared(&self, at: (f32, f32), unit: (f32, f32)) -> [f32; PIECES] {
        let (west, east) = (self.words(0), self.words(1));
        let x = |word: u32| ((word & 0xffff) as i32 as f32 - at.0) * unit.0;
        let y = |word: u32| ((word >> 16) as i32 as f32 - at.1) * unit.1;
        let (ax, ay) = (west.map(x), west.map(y));
        let (dx, dy) = (lanes(|i| x(east[i]) - ax[i]), lanes(|i| y(east[i]) - ay[i]));
        // A piece may be a point; then any share of it will do.
        let along = lanes(|i| -(ax[i] * dx[i] + ay[i] * dy[i]));
        let length = lanes(|i| dx[i] * dx[i] + dy[i] * dy[i] + f32::MIN_POSITIVE);
        let share = lanes(|i| along[i] / length[i]);
        let share = lanes(|i| if share[i] > 0.0 { share[i] } else { 0.0 });
        let share = lanes(|i| if share[i] < 1.0 { share[i] } else { 1.0 });
        let (x, y) = (lanes(|i| ax[i] + share[i] * dx[i]), lanes(|i| ay[i] + share[i] * dy[i]));
        let none = west.map(|word| if word == Piece::UNUSED.0[0] { f32::INFINITY } else { 0.0 });
        lanes(|i| x[i] * x[i] + y[i] * y[i] + none[i])
    }
}

/// One number for each piece. Written so, stage by stage, the compiler makes one instruction of the four.
#[inline]
fn lanes(of: impl Fn(usize) -> f32) -> [f32; PIECES] {
    std::array::from_fn(of)
}

/// Units of its drawing in a step, in a square `1 << shift` steps wide.
pub(super) fn units_per_step(shift: u32) -> f64 {
    f64::from(1 << shift.min(BITS)) / (1_i64 << shift) as f64
}

/// From the lattice to the drawing of a square.
struct Units {
    square: Square,
    /// Units across the square, and in a step.
    wide: f64,
    per_step: f64,
}

impl Units {
    fn of(square: Square) -> Self {
        Self { square, wide: f64::from(1 << square.shift.min(BITS)), per_step: units_per_step(square.shift) }
    }

    /// Differences under 2³³ and a power of two: nothing is lost.
    fn exact(&self, p: crate::coverage::LatticePoint) -> (f64, f64) {
        let along = |at: i32, origin: i64| (i64::from(at) - origin) as f64 * self.per_step;
        (along(p.x, self.square.x), along(p.y, self.square.y))
    }

    /// The ends of the piece of a segment inside the square, in its direction, rounded to the nearest unit. Liang–Barsky; the segment meets the square, so where
    /// rounding says otherwise, it touches a corner.
    fn clip(&self, segment: Segment) -> ((u32, u32), (u32, u32)) {
        let [(ax, ay), (bx, by)] = [segment.a, segment.b].map(|p| self.exact(p));
        let (dx, dy) = (bx - ax, by - ay);
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        for (start, way) in [(ax, dx), (ay, dy)] {
            if way != 0.0 {
                let (one, other) = (-start / way, (self.wide - start) / way);
                from = from.max(one.min(other));
                to = to.min(one.max(other));
            }
        }
        let at = |share: f64| {
            let unit = |start: f64, way: f64| (start + share * way).round().clamp(0.0, self.wide) as u32;
            (unit(ax, dx), unit(ay, dy))
        };
        let (from, to) = if from <= to { (from, to) } else { (f64::midpoint(from, to), f64::midpoint(from, to)) };
        (at(from), at(to))
    }
}
