//! Following an edit: the squares it touched are filled anew, all others stay as they are.

use std::collections::BTreeSet;

use super::Locator;
use super::cells::{Cells, Entry, Token};
use super::fill::{Filling, Span};
use crate::coverage::{ArcIx, Coverage, Delta, LatticePoint};

/// The places in `steps` and `lists` that updates have left behind are put up with until they are this share of the whole.
const MOST_WASTE: f64 = 0.5;

impl Locator {
    /// Makes this the index of `next`, which differs from the coverage indexed so far by `delta`. The cost follows the squares under the boxes
    /// of the changed arcs and the edges in them, whatever the size of the district, save for two cases in which everything is
    /// indexed anew: when the district has grown beyond the grid, and when what updates have left behind is half of the index (so that, spread over
    /// the updates, it costs no more than they do).
    pub fn update(&mut self, next: &Coverage, delta: &Delta) {
        debug_assert_eq!(self.lattice, *next.lattice(), "a delta lies between coverages on one lattice");
        let arcs = changed_arcs(next, delta);
        let mut points = arcs.iter().filter_map(|arc| next.arcs().get(arc.ix())).flat_map(|arc| &arc.points);
        let wasted = self.cells.wasted as f64
            > MOST_WASTE * (self.cells.steps.len() + self.cells.lists.len() + self.cells.lines.len()) as f64;
        // On the grid's western rim nothing may lie: the corners there are outside by construction.
        let fits = |point: &LatticePoint| self.cells.offset(*point).is_some_and(|offset| offset.dx > 0);
        if wasted || !points.all(fits) {
            *self = Self::new(next);
            return;
        }
        let mut boxes: Vec<Box2> = Vec::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for arc in &arcs {
            if let Some(span) = self.spans.get(arc.ix()).copied().filter(|span| span.points > 0) {
                boxes.push(Box2::around(
                    self.cells.steps[span.start as usize..][..span.points as usize].iter().map(|s| s.point),
                ));
                self.cells.wasted += span.points as usize;
                gone.push(span);
            }
            let span = next.arcs().get(arc.ix()).map(|row| {
                boxes.push(Box2::around(row.points.iter().copied()));
                let span = self.cells.lay(next, row);
                come.push(span);
                span
            });
            if self.spans.len() <= arc.ix() {
                self.spans.resize(arc.ix() + 1, Span { start: 0, points: 0 });
            }
            self.spans[arc.ix()] = span.unwrap_or(Span { start: 0, points: 0 });
        }
        self.spans.truncate(next.arcs().len());
        gone.sort_unstable_by_key(|span| span.start);
        let whole = boxes.into_iter().map(|dirty| self.cells.whole_squares(dirty)).collect();
        for dirty in joined(whole) {
            self.cells.refill(dirty, &gone, &come);
        }
    }
}

/// The arcs whose rows differ, and those around faces of another role, whose tokens differ.
fn changed_arcs(next: &Coverage, delta: &Delta) -> BTreeSet<ArcIx> {
    let faces = delta.faces.iter().filter_map(|face| next.faces().get(face.ix()));
    let around = faces.flat_map(|face| face.rings.iter()).flat_map(|ring| ring.halves.iter()).map(|half| half.arc());
    delta.arcs.iter().copied().chain(around).collect()
}

/// West, south, east and north on the lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Box2 {
    low: LatticePoint,
    high: LatticePoint,
}

impl Box2 {
    fn around(points: impl Iterator<Item = LatticePoint>) -> Self {
        let nothing = Self { low: LatticePoint::new(i32::MAX, i32::MAX), high: LatticePoint::new(i32::MIN, i32::MIN) };
        points.fold(nothing, |all, p| all.with(Self { low: p, high: p }))
    }

    fn with(self, other: Self) -> Self {
        Self {
            low: LatticePoint::new(self.low.x.min(other.low.x), self.low.y.min(other.low.y)),
            high: LatticePoint::new(self.high.x.max(other.high.x), self.high.y.max(other.high.y)),
        }
    }

    const fn touches(self, other: Self) -> bool {
        self.low.x <= other.high.x
            && other.low.x <= self.high.x
            && self.low.y <= other.high.y
            && other.low.y <= self.high.y
    }
}

/// Boxes that touch become one, until none do. Land changes hands only inside a closed chain of changed arcs, and the arcs of a chain touch,
/// so every point with a new owner lies in one of the boxes.
fn joined(boxes: Vec<Box2>) -> Vec<Box2> {
    let mut apart: Vec<Box2> = Vec::new();
    for mut one in boxes {
        while let Some(at) = apart.iter().position(|other| other.touches(one)) {
            one = one.with(apart.swap_remove(at));
        }
        apart.push(one);
    }
    apart
}

impl Cells {
    /// The box grown to the top squares that will be filled anew for it, less the borders they share with those to the west and south. The corner
    /// where a row of squares begins then lies in no other box that is still to be filled.
    fn whole_squares(&self, dirty: Box2) -> Box2 {
        let columns =
            self.reach(i64::from(dirty.low.x) - i64::from(self.west), i64::from(dirty.high.x) - i64::from(self.west));
        let rows =
            self.reach(i64::from(dirty.low.y) - i64::from(self.south), i64::from(dirty.high.y) - i64::from(self.south));
        let low = self.top_square(columns.0.max(0) as usize, rows.0.max(0) as usize);
        let high = self.top_square(columns.1 as usize, rows.1 as usize);
        let last = |from: i64| (from + high.size() - 1).min(i64::from(i32::MAX)) as i32;
        Box2 {
            low: LatticePoint::new(low.x as i32 + 1, low.y as i32 + 1),
            high: LatticePoint::new(last(high.x), last(high.y)),
        }
    }

    /// Fills the top squares that a box meets: without the edges of the arcs `gone` (sorted by start), with those of the arcs `come`.
    fn refill(&mut self, dirty: Box2, gone: &[Span], come: &[Span]) {
        let from_south = |y: i32| i64::from(y) - i64::from(self.south);
        let from_west = |x: i32| i64::from(x) - i64::from(self.west);
        let (first_row, last_row) = self.reach(from_south(dirty.low.y), from_south(dirty.high.y));
        let (first, last) = self.reach(from_west(dirty.low.x), from_west(dirty.high.x));
        let (rows, columns) = (first_row.max(0) as usize..=last_row as usize, first.max(0) as usize..=last as usize);
        let wide = columns.end() + 1 - columns.start();
        let mut filed: Vec<Vec<u32>> = vec![Vec::new(); wide * (rows.end() + 1 - rows.start())];
        let slot = |column: usize, row: usize| (row - rows.start()) * wide + column - columns.start();
        // The corner of a row's first square lies west of the box, where nothing has changed.
        let mut corners = Vec::new();
        for row in rows.clone() {
            let square = self.top_square(*columns.start(), row);
            corners.push(self.face_at(LatticePoint::new(square.x as i32, square.y as i32)).0.0);
            for column in columns.clone() {
                let kept = &mut filed[slot(column, row)];
                self.take(row * self.columns + column, kept);
                kept.retain(|edge| !holds(gone, *edge));
            }
        }
        for edge in come.iter().flat_map(|span| span.edges()) {
            self.each_top(self.edge(edge as usize).segment, |top| {
                let (column, row) = (top % self.columns, top / self.columns);
                if columns.contains(&column) && rows.contains(&row) {
                    filed[slot(column, row)].push(edge);
                }
            });
        }
        let mut filling = Filling::default();
        for (row, mut corner) in rows.clone().zip(corners) {
            for column in columns.clone() {
                corner = filling.top(self, column, row, corner, &filed[slot(column, row)]);
            }
        }
        self.busy.settle(columns, rows);
    }

    /// Takes the edges out of a top square and frees what it is cut into.
    fn take(&mut self, top: usize, edges: &mut Vec<u32>) {
        let top = std::mem::replace(&mut self.top[top], Entry(Token::OUTSIDE.0));
        self.each_place(top, |at| edges.push(at as u32));
        self.wasted += if top.kind() == Entry::NODE { 1 + edges.len() } else { 0 };
        let mut waiting = vec![top];
        while let Some(entry) = waiting.pop() {
            match entry.kind() {
                Entry::NODE => {
                    waiting.extend(self.nodes[entry.at()]);
                    self.free_nodes.push(entry.at() as u32);
                }
                Entry::PICTURE => self.wasted += 1 + self.behind(entry).len(),
                _ => {}
            }
        }
    }
}

/// Whether the edge belongs to one of the arcs, which are sorted by start.
fn holds(arcs: &[Span], edge: u32) -> bool {
    let after = arcs.partition_point(|span| span.start <= edge);
    after.checked_sub(1).is_some_and(|at| arcs[at].edges().contains(&edge))
}
