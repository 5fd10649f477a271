//! How far is the boundary, and who lives within some metres? The squares that hold an edge are visited outward from the point, row by row.

use std::collections::BTreeMap;

use super::busy::BLOCK;
use super::cells::{Cells, Edge, Entry, Offset};
use super::half_open::{Segment, Square};
use super::picture::Line;
use super::sketch::{PIECES, units_per_step};
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

    pub const fn origin(self) -> LatticePoint {
        self.origin
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

    #[inline]
    pub fn to_segment_squared(self, s: Segment) -> f64 {
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

    /// Whether the point lies north of the square's middle: what it holds there is nearer.
    fn is_north(self, square: Square) -> bool {
        i64::from(self.origin.y) > square.y + square.size() / 2
    }
}

/// Squares across and up, around the point's own, that are looked at first and all.
const WINDOW: usize = 3;
/// Lines of drawn edges that are compared before one is measured.
const AT_ONCE: usize = 16;
/// The bits of a row of the window, from its first column on.
const WHOLE_WINDOW: u64 = (1 << WINDOW) - 1;
/// Rows of squares to the north and to the south of a point that are looked at one by one, before whole blocks of them.
const NEAR_ROWS: i64 = 24;

/// How drawn edges are compared around one point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// Metres in a unit of a square's drawing, and units in a step.
    pub unit: (f32, f32),
    units_per_step: f64,
    /// Metres by which two drawn edges may be nearer or farther, one against the other, than the edges are: each end is drawn less than a unit off.
    slack: f32,
}

impl Reach {
    #[inline]
    pub fn new(cells: &Cells, metric: Metric) -> Self {
        let units_per_step = units_per_step(cells.shift);
        let unit = ((metric.mx / units_per_step) as f32, (metric.my / units_per_step) as f32);
        Self { unit, units_per_step, slack: 2.0 * unit.0.max(unit.1) }
    }

    /// Where a point, by its steps from the grid's corner, stands in the drawing of a top square.
    #[inline]
    pub fn standing_in(&self, cells: &Cells, (dx, dy): (i64, i64), (column, row): (i64, i64)) -> (f32, f32) {
        let unit = |at: i64, square: i64| ((at - (square << cells.shift)) as f64 * self.units_per_step) as f32;
        (unit(dx, column), unit(dy, row))
    }

    /// A drawn edge farther than this, squared, is not the nearest one when the nearest drawn edges are so far.
    #[inline]
    pub fn limit(&self, least: [f32; PIECES]) -> f32 {
        let least = least.into_iter().fold(f32::INFINITY, |a, b| if b < a { b } else { a });
        let reach = least.sqrt() * ROUNDED as f32 + self.slack;
        (reach * reach).min(f32::MAX)
    }
}

/// Looking for the nearest edge of a kind.
struct Search<'a, W> {
    cells: &'a Cells,
    metric: Metric,
    reach: Reach,
    wanted: W,
    /// The nearest edge so far, with its distance in square metres.
    best: Option<(Edge, f64)>,
    /// A drawn edge farther than this, in square metres, is not nearer than the best.
    limit: f32,
    /// Of the point, from the grid's corner.
    dx: i64,
    dy: i64,
}

/// Distances in `f32` are good to some 10⁻⁶ of themselves.
const ROUNDED: f64 = 1.000_01;

/// Lines of drawn edges, and how far each edge is, squared.
struct Drawn {
    lines: [[u32; PIECES]; AT_ONCE],
    far: [[f32; PIECES]; AT_ONCE],
    count: usize,
    /// The least in each place of a line.
    least: [f32; PIECES],
}

impl Default for Drawn {
    fn default() -> Self {
        Self { lines: [[0; PIECES]; AT_ONCE], far: [[0.0; PIECES]; AT_ONCE], count: 0, least: [f32::INFINITY; PIECES] }
    }
}

impl Drawn {
    #[inline]
    fn add(&mut self, line: &Line, far: [f32; PIECES]) {
        self.lines[self.count] = line.edges();
        self.far[self.count] = far;
        self.count += 1;
        self.least = std::array::from_fn(|i| if far[i] < self.least[i] { far[i] } else { self.least[i] });
    }

    #[inline]
    fn each_within(&self, limit: f32, mut each: impl FnMut(usize)) {
        for (line, far) in self.lines.iter().zip(&self.far).take(self.count) {
            for (edge, far) in line.iter().zip(far) {
                if *far <= limit {
                    each(*edge as usize);
                }
            }
        }
    }
}

impl Cells {
    /// The nearest edge that `wanted` accepts, and its distance in metres; the lesser of two equally near ones.
    pub fn nearest(&self, metric: Metric, wanted: impl Fn(&Edge) -> bool) -> Option<(Edge, f64)> {
        let mut search = self.search(metric, wanted);
        if !search.around() {
            search.beyond();
        }
        search.best.map(|(edge, squared)| (edge, squared.sqrt()))
    }

    /// Has the machine fetch, all at once, what an answer about this point will read: the nine squares around it, then what lies behind them. The search
    /// itself guesses from one which comes next, and where the index is not at hand it would wait for each of them in turn.
    #[inline]
    pub fn fetch_around(&self, Offset { dx, dy }: Offset) {
        let (column, row) = ((dx >> self.shift) as usize, (dy >> self.shift) as usize);
        let rows = [row.saturating_sub(1), row, row + 1];
        let columns = [column.saturating_sub(1), column, (column + 1).min(self.columns - 1)];
        let mut all = 0;
        for row in rows {
            for column in columns {
                // North of the last row there is at most the entry for everywhere else.
                let entry = self.top.get(row * self.columns + column).map_or(0, |entry| entry.0);
                // Without a branch, which would be guessed wrong: line 0 stands for none.
                let at = if Entry(entry).kind() == Entry::PICTURE { Entry(entry).drawn_at() } else { 0 };
                let first_word = |at: usize| self.lines.get(at).map_or(0, |line| line.0[0]);
                all ^= first_word(at) ^ first_word(at + 1);
            }
        }
        std::hint::black_box(all);
    }

    /// Metres to the nearest edge of all, when that is the best, in square metres, of those in the nine squares around the point.
    #[inline]
    pub fn nearest_beyond(&self, metric: Metric, best: (Edge, f64)) -> f64 {
        let mut search = self.search(metric, |_: &Edge| true);
        search.improve(best);
        if !search.is_certain(search.window_m()) {
            search.beyond();
        }
        search.best.map_or(f64::INFINITY, |(_, squared)| squared.sqrt())
    }

    #[inline]
    fn search<W>(&self, metric: Metric, wanted: W) -> Search<'_, W> {
        Search {
            cells: self,
            metric,
            reach: Reach::new(self, metric),
            wanted,
            best: None,
            limit: f32::INFINITY,
            dx: i64::from(metric.origin.x) - i64::from(self.west),
            dy: i64::from(metric.origin.y) - i64::from(self.south),
        }
    }

    /// Units of its drawing across a top square.
    pub fn units_across(&self) -> f32 {
        ((1_i64 << self.shift) as f64 * units_per_step(self.shift)) as f32
    }
}

impl<W: Fn(&Edge) -> bool> Search<'_, W> {
    /// Looks in the point's square and the eight around it, in all of them and without asking whether it need be: a guess wrong costs more than a look. True
    /// when the best is certain: it is nearer than all that was not looked at.
    fn around(&mut self) -> bool {
        let Cells { shift, ref busy, columns, .. } = *self.cells;
        let (first, low) = ((self.dx >> shift) - 1, (self.dy >> shift) - 1);
        let rows = self.cells.height_in_squares() as i64;
        let wide = self.cells.units_across();
        let (east, north) = self.standing_in(first, low);
        let mut drawn = Drawn::default();
        for (i, row) in (low..low + WINDOW as i64).enumerate() {
            let mut bits = if (0..rows).contains(&row) { busy.from(first, row as usize) & WHOLE_WINDOW } else { 0 };
            while bits != 0 {
                let j = bits.trailing_zeros();
                bits &= bits - 1;
                let column = first + i64::from(j);
                let entry = self.cells.top[row as usize * columns + column as usize];
                if entry.kind() == Entry::NODE {
                    self.look(entry, column, row);
                    continue;
                }
                let at = (east - j as f32 * wide, north - i as f32 * wide);
                for line in self.cells.behind(entry) {
                    if drawn.count == AT_ONCE {
                        self.measure(&drawn);
                        drawn = Drawn::default();
                    }
                    drawn.add(line, line.far_squared(at, self.reach.unit));
                }
            }
        }
        self.measure(&drawn);
        self.is_certain(self.window_m())
    }

    /// Metres to what lies beyond the nine squares.
    fn window_m(&self) -> f64 {
        let shift = self.cells.shift;
        let inside = |at: i64| {
            let first = (at >> shift) - 1;
            (at - (first << shift)).min(((first + WINDOW as i64) << shift) - at) as f64
        };
        (inside(self.dx) * self.metric.mx).min(inside(self.dy) * self.metric.my)
    }

    /// Looks everywhere else, as far as need be.
    fn beyond(&mut self) {
        if !self.in_rows() {
            self.in_blocks();
        }
    }

    /// Measures those of some edges that may be the nearest.
    #[inline]
    fn measure(&mut self, drawn: &Drawn) {
        let limit = self.reach.limit(drawn.least);
        let mut all_wanted = true;
        drawn.each_within(limit, |edge| all_wanted &= self.consider(edge));
        if !all_wanted {
            drawn.each_within(f32::MAX, |edge| _ = self.consider(edge));
        }
    }

    /// Looks in the rows around the point, each from the point outward. True when the best is certain.
    fn in_rows(&mut self) -> bool {
        let Cells { shift, columns, .. } = *self.cells;
        let (column, row) = (self.dx >> shift, self.dy >> shift);
        if !(0..columns as i64).contains(&column) {
            return false;
        }
        let (rows, size) = (self.cells.height_in_squares() as i64, 1_i64 << shift);
        // Of a row, the word with the point is looked at and one on either side: what lies farther, if anything does, is not seen here.
        let word = column >> BLOCK;
        let border = |word: i64| (word << BLOCK) << shift;
        let unseen = |more: bool, steps: i64| if more { steps as f64 * self.metric.mx } else { f64::INFINITY };
        let mut certain = unseen(word > 1, self.dx - border(word - 1))
            .min(unseen(word + 2 < self.cells.busy.blocks().0 as i64, border(word + 2) - self.dx));
        for (way, first) in [(1, row), (-1, row - 1)] {
            for away in 0..=NEAR_ROWS {
                let at = first + away * way;
                let gap = (at * size - self.dy).max(self.dy - (at + 1) * size).max(0) as f64 * self.metric.my;
                let beyond = if way < 0 { at < 0 } else { at >= rows };
                if beyond || self.is_beyond(gap * gap) {
                    break;
                }
                if away == NEAR_ROWS {
                    certain = certain.min(gap);
                } else if at >= 0 && at < rows {
                    self.in_row(column, at);
                }
            }
        }
        self.is_certain(certain)
    }

    /// Looks in the squares of a row, from a column outward, as far as the words next to the column's own.
    fn in_row(&mut self, column: i64, row: i64) {
        let (word, bit) = (column >> BLOCK, column & 63);
        let seen = (row - (self.dy >> self.cells.shift)).abs() <= 1;
        let (first, mask) = (column - 1, if seen { WHOLE_WINDOW } else { 0 });
        let word_at = |word: i64| {
            // Without the squares of the window, which have been looked at.
            let shift = first - (word << BLOCK);
            let window = match shift {
                0..64 => mask << shift,
                -2..0 => mask >> -shift,
                _ => 0,
            };
            self.cells.busy.word(word, row as usize) & !window
        };
        let (here, eastward) = (word_at(word), u64::MAX << bit);
        let east = [(word, here & eastward), (word + 1, word_at(word + 1))];
        let west = [(word, here & !eastward), (word - 1, word_at(word - 1))];
        for (words, last) in [(east, false), (west, true)] {
            'way: for (word, mut bits) in words {
                while bits != 0 {
                    let bit = if last { bits.ilog2() } else { bits.trailing_zeros() };
                    bits &= !(1 << bit);
                    if !self.look_in((word << BLOCK) + i64::from(bit), row) {
                        break 'way;
                    }
                }
            }
        }
    }

    /// Looks in blocks of squares, ring by ring.
    fn in_blocks(&mut self) {
        let cells = self.cells;
        let blocks = Rings::new(cells.west, cells.south, cells.shift + BLOCK, cells.busy.blocks());
        blocks.search(self.metric, |square, block, reached| {
            if cells.busy.is_busy(block) && !self.is_beyond(self.metric.to_square_squared(square)) {
                self.in_block(block, square);
            }
            self.is_certain(reached)
        });
    }

    /// Looks in the top squares of a block, the near ones first: what they hold spares most of the others.
    fn in_block(&mut self, (across, up): (usize, usize), square: Square) {
        let north = self.metric.is_north(square);
        let rows = self.cells.busy.block_rows(up);
        let (start, end) = (rows.start, rows.end);
        let first = (across as i64) << BLOCK;
        // Of a row, from the point outward: behind a square that is too far lie none that are not.
        let eastward = u64::MAX << ((self.dx >> self.cells.shift) - first).clamp(0, 63);
        for i in start..end {
            let row = if north { end - 1 - (i - start) } else { i };
            let all_of_it = self.cells.top_square(first as usize, row);
            if self.is_beyond(self.metric.to_rows_squared(all_of_it)) {
                continue;
            }
            let bits = self.cells.busy.word(across as i64, row);
            for (mut bits, last) in [(bits & eastward, false), (bits & !eastward, true)] {
                while bits != 0 {
                    let bit = if last { bits.ilog2() } else { bits.trailing_zeros() };
                    bits &= !(1 << bit);
                    if !self.look_in(first + i64::from(bit), row as i64) {
                        break;
                    }
                }
            }
        }
    }

    /// Looks in a top square, unless all of it is farther than the best; says whether it did.
    fn look_in(&mut self, column: i64, row: i64) -> bool {
        let square = self.cells.top_square(column as usize, row as usize);
        let beyond = self.is_beyond(self.metric.to_square_squared(square));
        if !beyond {
            self.look(self.cells.top[row as usize * self.cells.columns + column as usize], column, row);
        }
        !beyond
    }

    /// Where the point stands in the drawing of a top square.
    fn standing_in(&self, column: i64, row: i64) -> (f32, f32) {
        self.reach.standing_in(self.cells, (self.dx, self.dy), (column, row))
    }

    /// Looks in a top square that holds edges: first as they are drawn, and on the lattice for those that may be nearer than the best.
    #[inline]
    fn look(&mut self, entry: Entry, column: i64, row: i64) {
        let cells = self.cells;
        if entry.kind() == Entry::NODE {
            cells.whole(entry).iter().for_each(|&place| _ = self.consider(place as usize));
            return;
        }
        let at = self.standing_in(column, row);
        for line in cells.behind(entry) {
            let mut far = line.far_squared(at, self.reach.unit);
            loop {
                let nearest = usize::from(far[1] < far[0]);
                let other = 2 + usize::from(far[3] < far[2]);
                let nearest = if far[other] < far[nearest] { other } else { nearest };
                if far[nearest] > self.limit || far[nearest] == f32::INFINITY {
                    break;
                }
                self.consider(line.edges()[nearest] as usize);
                far[nearest] = f32::INFINITY;
            }
        }
    }

    /// Measures one edge, if it is wanted; says whether it was.
    fn consider(&mut self, place: usize) -> bool {
        let edge = self.cells.edge(place);
        if !(self.wanted)(&edge) {
            return false;
        }
        let far = self.metric.to_segment_squared(edge.segment);
        let lesser = |(one, least): &(Edge, f64)| far < *least || (far == *least && edge.segment < one.segment);
        if self.best.as_ref().is_none_or(lesser) {
            self.improve((edge, far));
        }
        true
    }

    fn improve(&mut self, best: (Edge, f64)) {
        let reach = best.1.sqrt() * ROUNDED + f64::from(self.reach.slack);
        self.best = Some(best);
        self.limit = (reach * reach) as f32;
    }

    /// Whether what is so far away, in square metres, cannot be nearer than the best.
    fn is_beyond(&self, squared: f64) -> bool {
        self.best.is_some_and(|(_, far)| squared > far)
    }

    /// Whether the best is nearer than everything beyond so many metres.
    fn is_certain(&self, metres: f64) -> bool {
        self.best.is_some_and(|(_, far)| far <= metres * metres)
    }
}

impl Cells {
    /// The units within some metres, each with its distance.
    pub fn within(&self, metric: Metric, reach_m: f64, found: &mut BTreeMap<FaceIx, f64>) {
        let (rx, ry) = metric.steps(reach_m);
        let from_west = i64::from(metric.origin.x) - i64::from(self.west);
        let from_south = i64::from(metric.origin.y) - i64::from(self.south);
        let (west, east) = self.reach(from_west - rx, from_west + rx);
        let (south, north) = self.reach(from_south - ry, from_south + ry);
        let (west, east) = (west.max(0), east.min(self.columns as i64 - 1));
        for row in south.max(0)..=north.min(self.height_in_squares() as i64 - 1) {
            for word in west >> BLOCK..=east >> BLOCK {
                let mut bits = self.busy.word(word, row as usize);
                while bits != 0 {
                    let column = (word << BLOCK) + i64::from(bits.trailing_zeros());
                    bits &= bits - 1;
                    if (west..=east).contains(&column) {
                        let square = self.top_square(column as usize, row as usize);
                        let top = self.top[row as usize * self.columns + column as usize];
                        self.gather(top, square, metric, reach_m, found);
                    }
                }
            }
        }
    }

    fn gather(&self, entry: Entry, square: Square, metric: Metric, reach_m: f64, found: &mut BTreeMap<FaceIx, f64>) {
        if metric.to_square_squared(square) > reach_m * reach_m {
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

    /// Calls `visit` with squares in growing rings, and with the metres that lie between the point and everything not visited when it is done: it says
    /// whether that is enough.
    fn search(&self, metric: Metric, mut visit: impl FnMut(Square, (usize, usize), f64) -> bool) {
        let (x, y) = (i64::from(metric.origin.x), i64::from(metric.origin.y));
        let (column, row) = ((x - self.west) >> self.shift, (y - self.south) >> self.shift);
        let beyond = |at: i64, count: i64| (-at).max(at + 1 - count).max(0);
        let first = beyond(column, self.columns).max(beyond(row, self.rows));
        let last = column.max(self.columns - 1 - column).max(row).max(self.rows - 1 - row);
        for ring in first..=last {
            // What is beyond the ring is at least as far as the ring's own border.
            let border = |origin: i64, at: i64, p: i64| {
                let (low, high) = (origin + ((at - ring) << self.shift), origin + ((at + ring + 1) << self.shift));
                (p - low).min(high - p) as f64
            };
            let reached = (border(self.west, column, x) * metric.mx).min(border(self.south, row, y) * metric.my);
            let mut enough = false;
            self.each_of_ring((column, row), ring, |square, at| enough = visit(square, at, reached));
            if enough {
                break;
            }
        }
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
