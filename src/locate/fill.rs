//! Building the cells from the arcs, and filling a square anew.

use super::busy::Busy;
use super::cells::{Cells, Edge, Entry, Step, Token};
use super::half_open::{Segment, Square};
use super::pages;
use super::picture::{Line, Picture};
use super::sketch::{PIECES, Piece};
use crate::coverage::{Arc, Coverage, FaceIx, LatticePoint};

/// The most top squares for each edge (a quarter as many at the least, since their width is a power of two): more answer more points at once, but an
/// edge is drawn in more of them.
const fn squares_per_edge(edges: usize) -> f64 {
    // Beyond some 150 MB nothing is left of the caches that a finer grid makes good use of, and memory counts for more.
    if edges < 1 << 20 { 3.0 } else { 1.0 }
}
/// A square with more edges than this is cut into sixteen, …
const MOST_LISTED: usize = 12;
/// … unless it has been cut this often: around a junction of three arcs cutting on never helps.
const MOST_CUTS: u32 = 2;

/// One part in so many is kept free for updates.
const ROOM: usize = 8;

impl Cells {
    /// Files every edge of the coverage. Linear in edges and squares.
    pub fn new(coverage: &Coverage) -> (Self, Vec<Span>) {
        let (low, high) = coverage.bounds().unwrap_or((LatticePoint::new(0, 0), LatticePoint::new(0, 0)));
        let points: usize = coverage.arcs().iter().map(|arc| arc.points.len()).sum();
        let mut cells = Self::empty(low, high, points - coverage.arcs().len());
        cells.steps = pages::with_room(points + points / ROOM);
        let spans: Vec<Span> = coverage.arcs().iter().map(|arc| cells.lay(coverage, arc)).collect();
        let filed = Filed::new(&cells, &spans);
        let lines = filed.lines();
        cells.lines = pages::with_room(lines + lines / ROOM);
        let mut filling = Filling::default();
        let rows = cells.height_in_squares();
        for row in 0..rows {
            let mut corner = Token::OUTSIDE.0;
            for column in 0..cells.columns {
                let edges = filed.at(row * cells.columns + column);
                corner = filling.top(&mut cells, column, row, corner, edges);
            }
        }
        cells.busy.settle(0..=cells.columns - 1, 0..=rows - 1);
        // Room for updates, so that none has to move the whole index; what is not used is never touched.
        cells.nodes.reserve(cells.nodes.len() / ROOM);
        cells.wholes.reserve(cells.wholes.len() / ROOM);
        cells.lists.reserve(cells.lists.len() / ROOM);
        (cells, spans)
    }

    /// A grid of squares in which nothing is filed yet.
    fn empty(low: LatticePoint, high: LatticePoint, edges: usize) -> Self {
        // One step of nothing all around: the corners of the first column then lie outside everything.
        let (west, south) = (low.x - 1, low.y - 1);
        let across = |low: i32, high: i32| (i64::from(high) - i64::from(low) + 2) as u32;
        let (width, height) = (across(west, high.x), across(south, high.y));
        let wanted = (edges as f64 * squares_per_edge(edges)).max(1.0);
        // A district as thin as a thread gets no more squares in a row than another in all.
        let (w, h) = (f64::from(width), f64::from(height));
        let side = (w * h / wanted).sqrt().max(w.max(h) / wanted);
        let shift = (side.log2().ceil().max(0.0) as u32).min(31);
        let (columns, rows) = (((width - 1) >> shift) as usize + 1, ((height - 1) >> shift) as usize + 1);
        let mut top = pages::with_room(columns * rows + 1);
        top.resize(columns * rows + 1, Entry(Token::OUTSIDE.0));
        Self {
            west,
            south,
            width,
            height,
            shift,
            columns,
            top,
            busy: Busy::new(columns, rows),
            nodes: Vec::new(),
            wholes: Vec::new(),
            lists: Vec::new(),
            lines: Vec::new(),
            free_nodes: Vec::new(),
            wasted: 0,
            steps: Vec::new(),
        }
    }

    /// Appends the points of an arc.
    pub fn lay(&mut self, coverage: &Coverage, arc: &Arc) -> Span {
        let token = |face: FaceIx| Token::new(face, coverage.faces()[face.ix()].role);
        let (left, right) = (token(arc.left), token(arc.right));
        let start = self.steps.len() as u32;
        self.steps.extend(arc.points.iter().map(|&point| Step { point, left, right }));
        Span { start, points: arc.points.len() as u32 }
    }

    /// Calls `each` with every top square that the segment meets.
    pub fn each_top(&self, segment: Segment, mut each: impl FnMut(usize)) {
        let (a, b) = (segment.a, segment.b);
        let rows = self
            .reach(i64::from(a.y.min(b.y)) - i64::from(self.south), i64::from(a.y.max(b.y)) - i64::from(self.south));
        let last_row = self.height_in_squares() as i64 - 1;
        for row in rows.0.max(0)..=rows.1.min(last_row) {
            let band = self.top_square(0, row as usize);
            let (west, east) = segment.between(band.y, band.y + band.size());
            let columns = self.reach(west - i64::from(self.west), east - i64::from(self.west));
            for column in columns.0.max(0)..=columns.1.min(self.columns as i64 - 1) {
                if self.top_square(column as usize, row as usize).meets(segment) {
                    each(row as usize * self.columns + column as usize);
                }
            }
        }
    }

    /// The first and last row (or column) of squares that hold steps `from ..= to`; borders belong to the squares on both sides.
    pub const fn reach(&self, from: i64, to: i64) -> (i64, i64) {
        ((from - 1) >> self.shift, to >> self.shift)
    }
}

/// Where the points of an arc stand in `steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u32,
    pub points: u32,
}

impl Span {
    /// The places of its edges.
    pub const fn edges(self) -> std::ops::Range<u32> {
        self.start..self.start + self.points.saturating_sub(1)
    }
}

/// The edges that meet each top square, sorted by counting.
struct Filed {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Filed {
    fn new(cells: &Cells, spans: &[Span]) -> Self {
        let each = |file: &mut dyn FnMut(usize, u32)| {
            for edge in spans.iter().flat_map(|span| span.edges()) {
                cells.each_top(cells.edge(edge as usize).segment, |top| file(top, edge));
            }
        };
        let mut starts = vec![0_u32; cells.top.len() + 1];
        each(&mut |top, _| starts[top + 2] += 1);
        for top in 2..starts.len() {
            starts[top] += starts[top - 1];
        }
        // `starts[t + 1]` runs from the start of square t to its end while the second pass fills it.
        let mut edges = vec![0; starts.last().map_or(0, |all| *all as usize)];
        each(&mut |top, edge| {
            edges[starts[top + 1] as usize] = edge;
            starts[top + 1] += 1;
        });
        Self { starts, edges }
    }

    /// Lines for pictures and edges: exact where no square is cut, and about right where some are.
    fn lines(&self) -> usize {
        let each = self.starts.windows(2).map(|span| (span[1] - span[0]) as usize);
        each.filter(|edges| *edges > 0).map(|edges| 1 + edges.div_ceil(PIECES)).sum()
    }

    fn at(&self, top: usize) -> &[u32] {
        &self.edges[self.starts[top] as usize..self.starts[top + 1] as usize]
    }
}

/// Fills squares, with the room it needs for it.
#[derive(Default)]
pub(super) struct Filling {
    /// The edges of the square in hand, behind those of the squares around it.
    stack: Vec<u32>,
}

impl Filling {
    /// Fills one top square and returns the token at the corner of the next one east. `corner` is the token at its own.
    pub fn top(&mut self, cells: &mut Cells, column: usize, row: usize, corner: u32, edges: &[u32]) -> u32 {
        let square = cells.top_square(column, row);
        self.stack.clear();
        self.stack.extend_from_slice(edges);
        let entry = self.square(cells, square, corner, 0, MOST_CUTS);
        cells.top[row * cells.columns + column] = entry;
        cells.busy.set(column, row, entry.kind() != Entry::FACE);
        reach_corner(cells, edges, corner, square, square.x + square.size(), square.y)
    }

    /// The word of a square whose edges are `stack[from..]`.
    fn square(&mut self, cells: &mut Cells, square: Square, corner: u32, from: usize, cuts: u32) -> Entry {
        let edges = &self.stack[from..];
        if edges.is_empty() {
            return Entry(corner);
        }
        if edges.len() <= MOST_LISTED || cuts == 0 || square.shift < 2 {
            return cells.draw(corner, edges, square);
        }
        let whole = if cuts == MOST_CUTS { cells.list(edges) } else { 0 };
        let until = self.stack.len();
        let mut parts = [Entry(0); 16];
        for (i, entry) in parts.iter_mut().enumerate() {
            let part = square.part(i);
            for at in from..until {
                let edge = self.stack[at];
                if part.meets(cells.edge(edge as usize).segment) {
                    self.stack.push(edge);
                }
            }
            let corner = reach_corner(cells, &self.stack[from..until], corner, square, part.x, part.y);
            *entry = self.square(cells, part, corner, until, cuts - 1);
            self.stack.truncate(until);
        }
        let at = cells.free_nodes.pop().unwrap_or_else(|| {
            cells.nodes.push([Entry(0); 16]);
            cells.wholes.push(0);
            cells.nodes.len() as u32 - 1
        });
        cells.nodes[at as usize] = parts;
        cells.wholes[at as usize] = whole;
        Entry(Entry::NODE | at)
    }
}

impl Cells {
    /// Draws a square and the edges that meet it.
    fn draw(&mut self, corner: u32, edges: &[u32], square: Square) -> Entry {
        let at = self.lines.len() as u32;
        let segments = edges.iter().map(|&edge| self.edge(edge as usize).segment);
        let face = |x: i64, y: i64| reach_corner(self, edges, corner, square, square.x + x, square.y + y);
        let picture = Picture::draw(corner, square, segments, face);
        self.lines.push(picture);
        for four in edges.chunks(PIECES) {
            let mut pieces = [Piece::UNUSED; PIECES];
            for (piece, &edge) in pieces.iter_mut().zip(four) {
                let Edge { segment, left, right } = self.edge(edge as usize);
                *piece = Piece::draw(edge, segment, (left, right), square);
            }
            self.lines.push(Line::of_pieces(pieces));
        }
        Entry::picture(at, edges.len().div_ceil(PIECES))
    }

    fn list(&mut self, edges: &[u32]) -> u32 {
        let list = self.lists.len() as u32;
        self.lists.push(edges.len() as u32);
        self.lists.extend_from_slice(edges);
        list
    }
}

/// The token at (`x`, `y`) on the border of or in a square, from the token at its corner and all edges that meet it.
fn reach_corner(cells: &Cells, edges: &[u32], corner: u32, square: Square, x: i64, y: i64) -> u32 {
    edges.iter().fold(corner, |token, &edge| {
        let Edge { segment, left, right } = cells.edge(edge as usize);
        if segment.crosses_on_the_way((square.x, square.y), (x, y)) { token ^ left.0 ^ right.0 } else { token }
    })
}
