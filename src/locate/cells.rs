//! The cells: a grid of squares over the coverage, each of which answers at once, has a picture, or is cut into sixteen.
//!
//! A word a square. Where no boundary passes it *is* the owner. Elsewhere a picture ([`super::picture`]) answers for most of the square, and for the
//! rest the face at the square's south-west corner is changed by every edge crossed on the way from there: east along the corner's latitude,
//! then north. Edges carry `left XOR right`, so the changes telescope and their order does not matter. They are asked as they were drawn
//! ([`super::sketch`]), side by side in one piece of memory, and on the lattice only where that is not sure.

use super::busy::Busy;
use super::half_open::{Segment, Square};
use super::picture::{EDGES_DECIDE, Line, Picture};
use super::sketch::{PIECES, Pencil};
use crate::coverage::{FaceIx, FaceRole, LatticePoint};

/// A face as the index writes it: its number, and a bit when it is nobody's land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(pub u32);

impl Token {
    const NOBODYS: u32 = 1 << 29;
    pub const OUTSIDE: Self = Self(FaceIx::OUTSIDE.0 | Self::NOBODYS);

    pub const fn new(face: FaceIx, role: FaceRole) -> Self {
        Self(face.0 | if matches!(role, FaceRole::Unit) { 0 } else { Self::NOBODYS })
    }

    pub const fn of_unit(face: FaceIx) -> Self {
        Self(face.0)
    }

    #[inline]
    pub const fn face(self) -> FaceIx {
        FaceIx(self.0 & (Self::NOBODYS - 1))
    }

    #[inline]
    pub const fn is_unit(self) -> bool {
        self.0 & Self::NOBODYS == 0
    }
}

/// What a square says, in one word: two bits of kind, thirty of face or place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(pub u32);

impl Entry {
    pub const KIND: u32 = 3 << 30;
    /// The whole square is one face.
    pub const FACE: u32 = 0;
    /// Cut into sixteen: a place in [`Cells::nodes`].
    pub const NODE: u32 = 1 << 30;
    /// Edges meet it: a place in [`Cells::lines`], where its [`Picture`] is, and its edges are behind; and how many lines they take, where that is
    /// less than four (0 otherwise), so that a search for edges need not look at the picture.
    pub const PICTURE: u32 = 2 << 30;
    const LINES: u32 = 28;

    #[inline]
    pub const fn kind(self) -> u32 {
        self.0 & Self::KIND
    }

    #[inline]
    pub const fn at(self) -> usize {
        (self.0 & !Self::KIND) as usize
    }

    pub const fn picture(at: u32, lines: usize) -> Self {
        Self(Self::PICTURE | if lines < 4 { (lines as u32) << Self::LINES } else { 0 } | at)
    }

    /// The place of the picture.
    #[inline]
    pub const fn drawn_at(self) -> usize {
        (self.0 & ((1 << Self::LINES) - 1)) as usize
    }

    /// The lines behind it, 0 where there are more than three.
    #[inline]
    pub const fn lines(self) -> usize {
        (self.0 >> Self::LINES & 3) as usize
    }
}

/// A vertex of an arc and the faces beside the edge that starts there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub point: LatticePoint,
    pub left: Token,
    pub right: Token,
}

/// An edge with the faces on its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub segment: Segment,
    pub left: Token,
    pub right: Token,
}

#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub west: i32,
    pub south: i32,
    /// Steps across and up that the grid answers for; beyond is the outside.
    pub width: u32,
    pub height: u32,
    /// A top square is `1 << shift` steps wide and high.
    pub shift: u32,
    pub columns: usize,
    /// The top squares row by row, and one more for everywhere else.
    pub top: Vec<Entry>,
    /// Which top squares an edge meets.
    pub busy: Busy,
    pub nodes: Vec<[Entry; 16]>,
    /// For each of `nodes` that is a top square: the place in `lists` of all its edges, for searches that want no part of it.
    pub wholes: Vec<u32>,
    /// For each top square that is cut: how many edges meet it, and the place in `steps` of each.
    pub lists: Vec<u32>,
    /// Every picture with its edges behind it.
    pub lines: Vec<Line>,
    /// Places in `nodes` that updates have left empty.
    pub free_nodes: Vec<u32>,
    /// The points of every arc in order, arc after arc.
    pub steps: Vec<Step>,
    /// Words of `lists`, lines and steps that updates have left behind.
    pub wasted: usize,
}

/// Where a point falls among the squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offset {
    pub dx: u32,
    pub dy: u32,
}

impl Offset {
    #[inline]
    pub const fn part(self, shift: u32) -> usize {
        (((self.dy >> shift) & 3) << 2 | ((self.dx >> shift) & 3)) as usize
    }
}

impl Cells {
    /// Steps from the grid's south-west corner; `None` beyond the grid.
    #[inline]
    pub fn offset(&self, point: LatticePoint) -> Option<Offset> {
        // A point west of the grid wraps round to a number that the width never reaches, since both lie in `i32`.
        let (dx, dy) = (point.x.wrapping_sub(self.west) as u32, point.y.wrapping_sub(self.south) as u32);
        (dx < self.width && dy < self.height).then_some(Offset { dx, dy })
    }

    #[inline]
    pub const fn top_at(&self, offset: Offset) -> usize {
        (offset.dy >> self.shift) as usize * self.columns + (offset.dx >> self.shift) as usize
    }

    /// Rows of top squares.
    pub fn height_in_squares(&self) -> usize {
        (self.top.len() - 1) / self.columns
    }

    pub fn top_square(&self, column: usize, row: usize) -> Square {
        let at = |origin: i32, count: usize| i64::from(origin) + ((count as i64) << self.shift);
        Square { x: at(self.west, column), y: at(self.south, row), shift: self.shift }
    }

    #[inline]
    pub fn edge(&self, at: usize) -> Edge {
        let [from, to] = [self.steps[at], self.steps[at + 1]];
        Edge { segment: Segment { a: from.point, b: to.point }, left: from.left, right: from.right }
    }

    /// The smallest square that holds the point, as (its entry, its shift).
    #[inline]
    fn leaf(&self, offset: Offset) -> (Entry, u32) {
        let mut shift = self.shift;
        let mut entry = self.top[self.top_at(offset)];
        while entry.kind() == Entry::NODE {
            shift -= 2;
            entry = self.nodes[entry.at()][offset.part(shift)];
        }
        (entry, shift)
    }

    /// The face just east (and, by far less, north) of a point, and whether an edge is near enough that the point might lie on it.
    #[inline]
    pub fn face_at(&self, point: LatticePoint) -> (Token, bool) {
        let Some(offset) = self.offset(point) else { return (Token::OUTSIDE, false) };
        let (entry, shift) = self.leaf(offset);
        if entry.kind() == Entry::FACE {
            return (Token(entry.0), false);
        }
        let token = Picture::at(&self.lines[entry.drawn_at()], offset.dx, offset.dy, shift);
        if token & EDGES_DECIDE == 0 {
            return (Token(token), false);
        }
        (self.reached(entry, point, offset, shift), true)
    }

    /// The face at the corner of the point's square, changed by every edge on the way to the point.
    #[inline]
    pub fn reached(&self, picture: Entry, point: LatticePoint, offset: Offset, shift: u32) -> Token {
        let at = Pencil::at(offset.dx, offset.dy, shift);
        let (mut token, mut all_sure) = (Picture::corner(&self.lines[picture.drawn_at()]), true);
        for line in self.behind(picture) {
            let (change, sure) = line.change(at);
            token ^= change;
            all_sure &= sure;
        }
        if all_sure { Token(token) } else { self.exactly_reached(picture, point, offset, shift) }
    }

    #[cold]
    fn exactly_reached(&self, picture: Entry, point: LatticePoint, offset: Offset, shift: u32) -> Token {
        let inside = (1u32 << shift) - 1;
        let (x, y) = (i64::from(point.x), i64::from(point.y));
        let corner = (x - i64::from(offset.dx & inside), y - i64::from(offset.dy & inside));
        let mut token = Picture::corner(&self.lines[picture.drawn_at()]);
        self.each_edge(picture, |Edge { segment, left, right }| {
            token ^= if segment.crosses_on_the_way(corner, (x, y)) { left.0 ^ right.0 } else { 0 };
        });
        Token(token)
    }

    /// The lines with the edges of a picture.
    #[inline]
    pub fn behind(&self, picture: Entry) -> &[Line] {
        let at = picture.drawn_at();
        let lines = match picture.lines() {
            0 => Picture::edges(&self.lines[at]).div_ceil(PIECES),
            lines => lines,
        };
        &self.lines[at + 1..=at + lines]
    }

    /// Calls `each` with the places in `steps` of the edges that meet a top square, or a part that is not cut itself.
    #[inline]
    pub fn each_place(&self, entry: Entry, mut each: impl FnMut(usize)) {
        match entry.kind() {
            Entry::FACE => {}
            Entry::NODE => self.whole(entry).iter().for_each(|&place| each(place as usize)),
            _ => {
                let places = self.behind(entry).iter().flat_map(Line::edges);
                let count = Picture::edges(&self.lines[entry.drawn_at()]);
                places.take(count).for_each(|place| each(place as usize));
            }
        }
    }

    /// The places in `steps` of the edges of a top square that is cut.
    #[inline]
    pub fn whole(&self, node: Entry) -> &[u32] {
        let list = self.wholes[node.at()] as usize;
        let count = self.lists[list] as usize;
        &self.lists[list + 1..=list + count]
    }

    /// Calls `each` with those edges themselves.
    #[inline]
    pub fn each_edge(&self, entry: Entry, mut each: impl FnMut(Edge)) {
        self.each_place(entry, |at| each(self.edge(at)));
    }

    /// The edges of the smallest square that holds the point: all on which it can lie.
    pub fn each_near(&self, point: LatticePoint, each: impl FnMut(Edge)) {
        if let Some(offset) = self.offset(point) {
            self.each_edge(self.leaf(offset).0, each);
        }
    }

    /// Bytes of the index, everything counted.
    pub fn bytes(&self) -> usize {
        self.top.len() * size_of::<Entry>()
            + self.busy.bytes()
            + self.nodes.len() * (size_of::<[Entry; 16]>() + size_of::<u32>())
            + (self.lists.len() + self.free_nodes.len()) * size_of::<u32>()
            + self.lines.len() * size_of::<Line>()
            + self.steps.len() * size_of::<Step>()
    }
}
