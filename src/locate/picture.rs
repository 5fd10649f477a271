//! A square with edges in it, as a picture of 8 × 8 cells in one cache line: most cells lie wholly in one face and say which. The edges themselves lie
//! behind it, drawn ([`super::sketch`]).

use super::half_open::{Segment, Square};

/// A cache line of the index: a picture, or four of the edges behind it.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line(pub [u32; 16]);

/// Cells across: `1 << ACROSS`.
const ACROSS: u32 = 3;
const CELLS: usize = 1 << ACROSS;

/// The picture of one square: for each cell which of eight words holds for it.
///
/// Eight rows of cells from the south, four bits a cell, west first; then the tokens of seven faces, the first that at the square's corner, and how many
/// edges stand behind.
pub(super) enum Picture {}

/// The cells that an edge meets, and those for whose face there was no place: the edges must be asked.
const ASK: usize = 7;
/// Set in what a picture answers for such a cell.
pub(super) const EDGES_DECIDE: u32 = 1 << 31;

impl Picture {
    /// The token at a point, or [`EDGES_DECIDE`]; `shift` is the square's.
    #[inline]
    pub const fn at(line: &Line, dx: u32, dy: u32, shift: u32) -> u32 {
        // A square of fewer steps than cells has but asking ones.
        let cell = shift.saturating_sub(ACROSS);
        let (column, row) = (dx >> cell & (CELLS as u32 - 1), dy >> cell & (CELLS as u32 - 1));
        line.0[CELLS + (line.0[row as usize] >> (4 * column) & 7) as usize]
    }

    /// The token at the square's corner.
    #[inline]
    pub const fn corner(line: &Line) -> u32 {
        line.0[CELLS]
    }

    /// Edges behind the picture.
    #[inline]
    pub const fn edges(line: &Line) -> usize {
        (line.0[CELLS + ASK] & !EDGES_DECIDE) as usize
    }

    /// Draws a square from its edges. `face` tells the token at a place in it, by its steps from the corner.
    pub fn draw(
        corner: u32,
        square: Square,
        edges: impl ExactSizeIterator<Item = Segment>,
        mut face: impl FnMut(i64, i64) -> u32,
    ) -> Line {
        let mut line = [0x7777_7777; 16];
        let (cells, words) = line.split_at_mut(CELLS);
        words.fill(corner);
        words[ASK] = edges.len() as u32 | EDGES_DECIDE;
        if square.shift < ACROSS {
            return Line(line);
        }
        let met = Met::by(square, edges);
        let size = square.size() >> ACROSS;
        let mut known = 1;
        for row in 0..CELLS {
            for column in (0..CELLS).filter(|column| !met.is(row, *column)) {
                let place = 4 * column as u32;
                // Between two cells that no edge meets there is none either.
                let word = if column > 0 && !met.is(row, column - 1) {
                    cells[row] >> (place - 4) & 7
                } else if row > 0 && !met.is(row - 1, column) {
                    cells[row - 1] >> place & 7
                } else {
                    let token = face(column as i64 * size, row as i64 * size);
                    let at = words[..known].iter().position(|word| *word == token).unwrap_or(known);
                    if at == known && known < ASK {
                        words[at] = token;
                        known += 1;
                    }
                    at as u32
                };
                cells[row] = cells[row] & !(15 << place) | word << place;
            }
        }
        Line(line)
    }
}

/// The cells that edges meet: a superset of them, a bit each, a byte a row.
struct Met([u8; CELLS]);

impl Met {
    fn by(square: Square, edges: impl Iterator<Item = Segment>) -> Self {
        let mut met = Self([0; CELLS]);
        let shift = square.shift - ACROSS;
        // Borders belong to the cells on both sides.
        let reach = |from: i64, to: i64, origin: i64| {
            let cell = |at: i64| ((at - origin) >> shift).clamp(0, CELLS as i64 - 1) as usize;
            cell(from - 1)..=cell(to)
        };
        for edge in edges {
            let (south, north) = (i64::from(edge.a.y.min(edge.b.y)), i64::from(edge.a.y.max(edge.b.y)));
            for row in reach(south, north, square.y) {
                let band = square.y + ((row as i64) << shift);
                let (west, east) = edge.between(band, band + (1 << shift));
                if west <= square.x + square.size() && east >= square.x && west <= east {
                    let columns = reach(west, east, square.x);
                    let (low, high) = (*columns.start() as u32, *columns.end() as u32);
                    met.0[row] |= (0xff_u32 << low & 0xff >> (CELLS as u32 - 1 - high)) as u8;
                }
            }
        }
        met
    }

    const fn is(&self, row: usize, column: usize) -> bool {
        self.0[row] >> column & 1 == 1
    }
}
