//! How far the boundary is from many positions at once: what [`super::nearest`] does for one, stage by stage for a block of them.
//!
//! For one position the machine mostly waits: for the squares around it, then for the edges in these, then for the exact coordinates of the few
//! that may be nearest; and it guesses wrong how many there are of each. Here every stage runs over a block without branches that could be
//! guessed wrong, and no position waits for another. The stages look only at the nine squares around a position; where that is not enough, the
//! search goes on from there as for one.

use std::ops::Range;

use super::cells::{Cells, Edge, Entry};
use super::nearest::{Metric, Reach};
use super::sketch::PIECES;
use super::{Located, Locator, Outcome};
use crate::coverage::{FaceIx, LatticePoint};
use crate::crs::Cgcs2000;

/// Positions in a block: what a stage leaves for the next one stays in the first two caches.
const BLOCK: usize = 64;
/// Below this many it is not worth laying the tables out.
const FEW: usize = 16;
/// Squares around a position, its own among them, and the lines of edges that one of them has behind its picture at most, unless it is cut.
const WINDOW: usize = 9;
const OWN: u16 = 4;
const MOST_LINES: usize = 3;
/// Edges that wait to be measured.
const HOPES: usize = 512;
/// Nearer than this, in square metres, a position may lie exactly on the edge: that is decided on the lattice.
const TOUCHING: f64 = 1e-6;

/// A line of drawn edges to be compared with a position.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    line: u32,
    position: u16,
    /// Of the nine squares.
    square: u16,
}

/// An edge to be measured.
#[derive(Clone, Copy, Debug, Default)]
struct Hope {
    edge: u32,
    position: u32,
}

/// A position between two stages.
#[derive(Clone, Copy, Debug)]
struct Asked {
    metric: Metric,
    reach: Reach,
    /// Its square, and where it stands in the drawing of that.
    square: u32,
    at: (f32, f32),
    /// The stages are not for it: it is at the rim of the grid, or beside a square that is cut.
    alone: bool,
    /// The least distance to a drawn edge, squared, in each place of a line.
    least: [f32; PIECES],
    limit: f32,
    best: f64,
    edge: u32,
}

/// What the stages leave for each other.
struct Tables {
    /// The positions that the stages are about: places in the block.
    asked: Vec<u16>,
    about: Vec<Asked>,
    looks: Vec<Look>,
    far: Vec<[f32; PIECES]>,
    near: Vec<u32>,
    hopes: Vec<Hope>,
}

impl Tables {
    fn new() -> Self {
        let most = BLOCK * WINDOW * MOST_LINES;
        Self {
            asked: Vec::with_capacity(BLOCK),
            about: Vec::with_capacity(BLOCK),
            looks: vec![Look::default(); most + MOST_LINES],
            far: vec![[0.0; PIECES]; most],
            near: vec![0; most + 1],
            hopes: vec![Hope::default(); HOPES + PIECES],
        }
    }
}

impl Locator {
    /// [`Locator::locate`] for many positions, in their order, with the same answers; `located` is emptied first and keeps its capacity. Two to three times as
    /// fast as one by one where positions lie among boundaries.
    pub fn locate_all(&self, positions: &[Cgcs2000], accuracy_m: f64, located: &mut Vec<Located>) {
        located.clear();
        if positions.len() < FEW {
            located.extend(positions.iter().map(|position| self.locate(*position, accuracy_m)));
            return;
        }
        let (mut tables, mut tokens) = (Tables::new(), Vec::with_capacity(BLOCK));
        for block in positions.chunks(BLOCK) {
            self.tokens(block, &mut tokens);
            tables.asked.clear();
            tables.about.clear();
            for (i, (position, token)) in block.iter().zip(&tokens).enumerate() {
                // Whoever has no owner is told the nearest unit, and that is another search.
                if token.is_unit()
                    && let Ok(point) = self.lattice.quantise(*position)
                {
                    tables.asked.push(i as u16);
                    tables.about.push(Asked::new(Metric::at(&self.lattice, point)));
                }
            }
            self.cells.look_around(&mut tables);
            let mut asked = tables.asked.iter().zip(&tables.about).peekable();
            for (i, (position, token)) in block.iter().zip(&tokens).enumerate() {
                let found = asked.next_if(|(at, _)| usize::from(**at) == i).map(|(_, asked)| asked);
                let boundary_m = found.and_then(|asked| self.cells.boundary(asked));
                located.push(match boundary_m {
                    Some(boundary_m) if boundary_m > accuracy_m || accuracy_m <= 0.0 => {
                        inside(token.face(), boundary_m)
                    }
                    _ => self.locate(*position, accuracy_m),
                });
            }
        }
    }
}

/// Has the machine fetch what the next stage reads. It has many fetches under way only where little else is to be done between them.
fn fetch(words: impl Iterator<Item = u32>) {
    std::hint::black_box(words.fold(0, |all, word| all ^ word));
}

const fn inside(owner: FaceIx, boundary_m: f64) -> Located {
    Located { outcome: Outcome::Inside, owner: Some(owner), boundary_m, neighbours: Vec::new(), nearest: None }
}

impl Asked {
    fn new(metric: Metric) -> Self {
        Self {
            metric,
            reach: Reach::default(),
            square: 0,
            at: (0.0, 0.0),
            alone: false,
            least: [f32::INFINITY; PIECES],
            limit: 0.0,
            best: f64::INFINITY,
            edge: 0,
        }
    }

    /// Puts the lines behind a square at the beginning of `looks`, if they are wanted, and says how many they are.
    #[inline]
    fn add(&mut self, entry: Entry, (position, square): (usize, u16), wanted: bool, looks: &mut [Look]) -> usize {
        let (drawn, lines, first) = (entry.kind() == Entry::PICTURE, entry.lines(), entry.drawn_at() as u32 + 1);
        self.alone |= wanted && (entry.kind() == Entry::NODE || drawn && lines == 0);
        for (line, look) in (first..).zip(looks.iter_mut().take(MOST_LINES)) {
            *look = Look { line, position: position as u16, square };
        }
        if drawn && wanted { lines } else { 0 }
    }
}

impl Cells {
    /// All stages.
    fn look_around(&self, tables: &mut Tables) {
        let own = self.own_squares(tables);
        let in_row = |square: usize| self.top.get(square).map_or(0, |entry| entry.0);
        fetch(tables.about.iter().map(|asked| {
            let square = asked.square as usize;
            in_row(square.wrapping_sub(self.columns)) ^ in_row(square + self.columns)
        }));
        self.compare(tables, 0..own);
        let all = self.other_squares(tables, own);
        self.compare(tables, own..all);
        self.choose(tables, all);
    }

    /// First stage: the lines behind the square of each position, and how many there are in all.
    fn own_squares(&self, tables: &mut Tables) -> usize {
        let (columns, rows) = (self.columns, self.height_in_squares());
        let mut len = 0;
        for (position, asked) in tables.about.iter_mut().enumerate() {
            let LatticePoint { x, y } = asked.metric.origin();
            let (dx, dy) = (i64::from(x) - i64::from(self.west), i64::from(y) - i64::from(self.south));
            let (column, row) = ((dx >> self.shift) as usize, (dy >> self.shift) as usize);
            asked.reach = Reach::new(self, asked.metric);
            asked.at = asked.reach.standing_in(self, (dx, dy), (column as i64, row as i64));
            // At the rim of the grid there are no nine squares.
            asked.alone = !(1..columns - 1).contains(&column) || !(1..rows - 1).contains(&row);
            asked.square = (row * columns + column) as u32;
            len += asked.add(self.top[asked.square as usize], (position, OWN), true, &mut tables.looks[len..]);
        }
        len
    }

    /// Third stage: the lines behind those of the eight squares around each position that are not too far away, after the `len` lines there are; and how
    /// many there are then.
    fn other_squares(&self, tables: &mut Tables, mut len: usize) -> usize {
        let wide = self.units_across();
        for (position, asked) in tables.about.iter_mut().enumerate().filter(|(_, asked)| !asked.alone) {
            let ((x, y), (unit_x, unit_y)) = (asked.at, asked.reach.unit);
            // To the columns and rows of squares, squared.
            let across = [x * unit_x, 0.0, (wide - x) * unit_x].map(|far| far * far);
            let up = [y * unit_y, 0.0, (wide - y) * unit_y].map(|far| far * far);
            let mut square = 0;
            let south_west = asked.square as usize - self.columns - 1;
            for (i, up) in up.into_iter().enumerate() {
                let of_row = south_west + i * self.columns;
                for (entry, across) in self.top[of_row..of_row + 3].iter().zip(across) {
                    let near = square != OWN && across + up <= asked.limit;
                    len += asked.add(*entry, (position, square), near, &mut tables.looks[len..]);
                    square += 1;
                }
            }
        }
        len
    }

    /// Second and fourth stage: how far the drawn edges are, and how near the nearest of them may be.
    fn compare(&self, tables: &mut Tables, looks: Range<usize>) {
        let wide = self.units_across();
        let places: [(f32, f32); WINDOW] =
            std::array::from_fn(|i| ((i % 3) as f32 * wide - wide, (i / 3) as f32 * wide - wide));
        fetch(tables.looks[looks.clone()].iter().map(|look| self.lines[look.line as usize].edges()[0]));
        for (look, kept) in tables.looks[looks.clone()].iter().zip(&mut tables.far[looks]) {
            let asked = &mut tables.about[usize::from(look.position)];
            let (east, north) = places[usize::from(look.square)];
            let at = (asked.at.0 - east, asked.at.1 - north);
            let far = self.lines[look.line as usize].far_squared(at, asked.reach.unit);
            let least = asked.least;
            asked.least = std::array::from_fn(|i| if far[i] < least[i] { far[i] } else { least[i] });
            *kept = far;
        }
        for asked in &mut tables.about {
            asked.limit = asked.reach.limit(asked.least);
        }
    }

    /// Last stage: the edges that may be the nearest, and which is.
    #[allow(clippy::needless_bitwise_bool, reason = "a branch on any of these would be guessed wrong too often")]
    fn choose(&self, tables: &mut Tables, looks: usize) {
        let Tables { about, looks: all, far, near, hopes, .. } = tables;
        let mut chosen = 0;
        for (i, (look, far)) in all[..looks].iter().zip(far.iter()).enumerate() {
            let limit = about[usize::from(look.position)].limit;
            near[chosen] = i as u32;
            chosen += usize::from(far.iter().fold(false, |any, far| any | (*far <= limit)));
        }
        let mut waiting = 0;
        for i in near[..chosen].iter().map(|i| *i as usize) {
            let look = all[i];
            let limit = about[usize::from(look.position)].limit;
            for (edge, far) in self.lines[look.line as usize].edges().into_iter().zip(far[i]) {
                hopes[waiting] = Hope { edge, position: u32::from(look.position) };
                waiting += usize::from(far <= limit);
            }
            if waiting > HOPES - PIECES {
                self.measure(&hopes[..waiting], about);
                waiting = 0;
            }
        }
        self.measure(&hopes[..waiting], about);
    }

    /// Measures edges on the lattice.
    fn measure(&self, hopes: &[Hope], about: &mut [Asked]) {
        fetch(hopes.iter().map(|hope| self.steps[hope.edge as usize + 1].left.0));
        for Hope { edge, position } in hopes {
            let asked = &mut about[*position as usize];
            let far = asked.metric.to_segment_squared(self.edge(*edge as usize).segment);
            let nearer = far < asked.best;
            asked.best = if nearer { far } else { asked.best };
            asked.edge = if nearer { *edge } else { asked.edge };
        }
    }

    /// Metres to the nearest edge; `None` where the stages have not found out.
    fn boundary(&self, asked: &Asked) -> Option<f64> {
        if asked.alone || !(asked.best > TOUCHING && asked.best.is_finite()) {
            return None;
        }
        let edge: Edge = self.edge(asked.edge as usize);
        Some(self.nearest_beyond(asked.metric, (edge, asked.best)))
    }
}
