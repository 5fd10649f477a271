//! The cells: a grid of squares over the coverage, each of which answers at once, asks one edge, asks a few, or is cut into sixteen.
//!
//! A word a square. Where no boundary passes it *is* the owner. Where one edge passes, its other points decide nothing: the owner is the face on
//! that side of it. Elsewhere the face at the square's south-west corner is changed by every edge crossed on the way from there: east along the
//! corner's latitude, then north. Edges carry `left XOR right`, so the changes telescope and their order does not matter.

use super::half_open::{Segment, Square};
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
    /// One edge passes through: a place in [`Cells::steps`].
    pub const EDGE: u32 = 2 << 30;
    /// Several edges: a place in [`Cells::lists`].
    pub const LIST: u32 = 3 << 30;

    #[inline]
    pub const fn kind(self) -> u32 {
        self.0 & Self::KIND
    }

    #[inline]
    pub const fn at(self) -> usize {
        (self.0 & !Self::KIND) as usize
    }
}

/// An edge as a list names it: its place in [`Cells::steps`], and a bit when it lies wholly above the square's southern border.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed(pub u32);

impl Listed {
    const HIGH: u32 = 1 << 31;

    pub const fn new(at: u32, high: bool) -> Self {
        Self(if high { at | Self::HIGH } else { at })
    }

    #[inline]
    pub const fn at(self) -> usize {
        (self.0 & !Self::HIGH) as usize
    }

    #[inline]
    pub const fn is_high(self) -> bool {
        self.0 & Self::HIGH != 0
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

/// A block is `1 << BLOCK` top squares wide and high: what a search for something far away looks at.
pub(super) const BLOCK: u32 = 4;

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
    /// For each block of top squares, row by row: whether an edge meets one of them.
    pub busy: Vec<bool>,
    pub nodes: Vec<[Entry; 16]>,
    /// For each of `nodes` that is a top square: the place in `lists` of all its edges, for searches that want no part of it.
    pub wholes: Vec<u32>,
    /// For each [`Entry::LIST`]: the token at the corner, how many edges, and each of them as a [`Listed`].
    pub lists: Vec<u32>,
    /// Places in `nodes` that updates have left empty.
    pub free_nodes: Vec<u32>,
    /// The points of every arc in order, arc after arc.
    pub steps: Vec<Step>,
    /// Words of `lists` and steps that updates have left behind.
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

    pub fn rows(&self) -> usize {
        (self.top.len() - 1) / self.columns
    }

    pub fn top_square(&self, column: usize, row: usize) -> Square {
        let at = |origin: i32, count: usize| i64::from(origin) + ((count as i64) << self.shift);
        Square { x: at(self.west, column), y: at(self.south, row), shift: self.shift }
    }

    /// Columns and rows of blocks.
    pub fn blocks(&self) -> (usize, usize) {
        (((self.columns - 1) >> BLOCK) + 1, ((self.rows() - 1) >> BLOCK) + 1)
    }

    /// Looks anew whether a block is busy.
    pub fn mark(&mut self, block: (usize, usize)) {
        let busy = span_of(block.1, self.rows(), false).any(|row| {
            span_of(block.0, self.columns, false)
                .any(|column| self.top[row * self.columns + column].kind() != Entry::FACE)
        });
        let at = block.1 * self.blocks().0 + block.0;
        self.busy[at] = busy;
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
        match entry.kind() {
            Entry::FACE => (Token(entry.0), false),
            Entry::EDGE => (self.beside(entry.at(), point), true),
            _ => (self.reached(entry.at(), point, offset, shift), true),
        }
    }

    /// The face on the point's side of the one edge in its square.
    #[inline]
    pub fn beside(&self, edge: usize, point: LatticePoint) -> Token {
        let edge = self.edge(edge);
        if edge.segment.is_left(i64::from(point.x), i64::from(point.y)) { edge.left } else { edge.right }
    }

    /// The face at the corner of the point's square, changed by every edge on the way to the point.
    #[inline]
    pub fn reached(&self, list: usize, point: LatticePoint, offset: Offset, shift: u32) -> Token {
        let inside = (1u32 << shift) - 1;
        let (x, y) = (i64::from(point.x), i64::from(point.y));
        let (corner_x, corner_y) = (x - i64::from(offset.dx & inside), y - i64::from(offset.dy & inside));
        let mut token = self.lists[list];
        for &word in self.listed(list) {
            let Edge { segment, left, right } = self.edge(Listed(word).at());
            // Most edges of a square lie above its southern border, and only the way north can cross them.
            let crossed = if Listed(word).is_high() {
                segment.is_below(x, y)
            } else {
                segment.crosses_eastward(corner_x, x, corner_y) != segment.crosses_northward(x, corner_y, y)
            };
            token ^= if crossed { left.0 ^ right.0 } else { 0 };
        }
        Token(token)
    }

    #[inline]
    pub fn listed(&self, list: usize) -> &[u32] {
        let count = self.lists[list + 1] as usize;
        &self.lists[list + 2..list + 2 + count]
    }

    /// Calls `each` with the places in `steps` of the edges that meet a top square, or a part that is not cut itself.
    #[inline]
    pub fn each_place(&self, entry: Entry, mut each: impl FnMut(usize)) {
        let list = match entry.kind() {
            Entry::FACE => return,
            Entry::EDGE => return each(entry.at()),
            Entry::LIST => entry.at(),
            _ => self.wholes[entry.at()] as usize,
        };
        self.listed(list).iter().for_each(|&word| each(Listed(word).at()));
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
            + self.busy.len()
            + self.nodes.len() * (size_of::<[Entry; 16]>() + size_of::<u32>())
            + (self.lists.len() + self.free_nodes.len()) * size_of::<u32>()
            + self.steps.len() * size_of::<Step>()
    }
}

/// The columns (or rows) of a block, of `count` in all, beginning at its west (or south) end or at the other.
pub(super) fn span_of(block: usize, count: usize, from_far_end: bool) -> impl Iterator<Item = usize> {
    const LAST: usize = (1 << BLOCK) - 1;
    let flip = if from_far_end { LAST } else { 0 };
    (0..=LAST).map(move |i| (block << BLOCK) + (i ^ flip)).filter(move |at| *at < count)
}
