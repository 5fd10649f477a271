//! Which edges are near? A hash grid of edges, filed by the squares they pass; it grows and shrinks with the edits.
//!
//! An edge is filed as its two points and nothing else, so renumbering arcs does not touch it. Cost: an edge about as long as a square is
//! wide lies in two or three; one that is n squares long lies in about 2 n.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::coverage::LatticePoint;

/// A multiplying hasher for small integers: quick, and the same in every run. Whoever can choose vertices could choose slow ones, but has
/// the right to edit then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixer(u64);

pub(super) type Mixing = BuildHasherDefault<Mixer>;

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_i32(&mut self, value: i32) {
        self.write_u64(u64::from(value as u32));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(26) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    low: LatticePoint,
    high: LatticePoint,
    next: u32,
}

const NONE: u32 = u32::MAX;
/// Squares are never smaller than this, so that an edge from end to end of the lattice passes a bounded number of them.
const LEAST_BITS: u32 = 14;
const MOST_BITS: u32 = 30;
/// Up to this many squares, the box of an edge is taken whole; the exact walk costs more than it saves.
const WHOLE_BOX: i64 = 4;

#[derive(Clone, Debug)]
pub(super) struct Squares {
    bits: u32,
    heads: HashMap<u64, u32, Mixing>,
    entries: Vec<Entry>,
    free: u32,
}

impl Squares {
    /// Squares at least `width` steps wide.
    pub(super) fn new(width: i64) -> Self {
        let bits = (64 - (width.max(1) as u64 - 1).leading_zeros()).clamp(LEAST_BITS, MOST_BITS);
        Self { bits, heads: HashMap::default(), entries: Vec::new(), free: NONE }
    }

    pub(super) fn insert(&mut self, a: LatticePoint, b: LatticePoint) {
        let (low, high) = (a.min(b), a.max(b));
        let Self { bits, heads, entries, free } = self;
        passed(*bits, low, high, |square| {
            let head = heads.entry(square).or_insert(NONE);
            let entry = Entry { low, high, next: *head };
            if *free == NONE {
                *head = entries.len() as u32;
                entries.push(entry);
            } else {
                *head = *free;
                *free = entries[*head as usize].next;
                entries[*head as usize] = entry;
            }
        });
    }

    /// Takes one edge with these ends out; nothing where there is none.
    pub(super) fn remove(&mut self, a: LatticePoint, b: LatticePoint) {
        let (low, high) = (a.min(b), a.max(b));
        let Self { bits, heads, entries, free } = self;
        passed(*bits, low, high, |square| {
            let Some(head) = heads.get_mut(&square) else { return };
            let (mut before, mut at) = (NONE, *head);
            while at != NONE && (entries[at as usize].low != low || entries[at as usize].high != high) {
                (before, at) = (at, entries[at as usize].next);
            }
            if at == NONE {
                return;
            }
            let next = std::mem::replace(&mut entries[at as usize].next, *free);
            *free = at;
            if before != NONE {
                entries[before as usize].next = next;
            } else if next != NONE {
                *head = next;
            } else {
                heads.remove(&square);
            }
        });
    }

    /// Calls `visit` with every edge that shares a square with `a b`, some more than once; all that meet it are among them.
    pub(super) fn near(&self, a: LatticePoint, b: LatticePoint, mut visit: impl FnMut(LatticePoint, LatticePoint)) {
        passed(self.bits, a.min(b), a.max(b), |square| self.each(square, &mut visit));
    }

    /// Calls `visit` with every edge filed under a square that meets the box, some more than once.
    pub(super) fn within(
        &self,
        (low, high): (LatticePoint, LatticePoint),
        mut visit: impl FnMut(LatticePoint, LatticePoint),
    ) {
        let of = |v: i32| i64::from(v >> self.bits);
        let (columns, rows) = (of(low.x)..=of(high.x), of(low.y)..=of(high.y));
        let count = (columns.end() - columns.start() + 1) * (rows.end() - rows.start() + 1);
        if count > self.heads.len() as i64 {
            for entry in self.heads.keys() {
                self.each(*entry, &mut visit);
            }
            return;
        }
        for column in columns {
            for row in rows.clone() {
                self.each(key(column, row), &mut visit);
            }
        }
    }

    fn each(&self, square: u64, visit: &mut impl FnMut(LatticePoint, LatticePoint)) {
        let mut at = self.heads.get(&square).copied().unwrap_or(NONE);
        while at != NONE {
            let entry = self.entries[at as usize];
            visit(entry.low, entry.high);
            at = entry.next;
        }
    }
}

const fn key(column: i64, row: i64) -> u64 {
    (column as u32 as u64) << 32 | row as u32 as u64
}

/// The squares that hold a point of the edge, and perhaps a few beside it. `low.x <= high.x`.
fn passed(bits: u32, low: LatticePoint, high: LatticePoint, mut visit: impl FnMut(u64)) {
    let of = |v: i64| v >> bits;
    let (x0, y0, x1, y1) = (i64::from(low.x), i64::from(low.y), i64::from(high.x), i64::from(high.y));
    let (first, last) = (of(x0), of(x1));
    let (bottom, top) = (of(y0.min(y1)), of(y0.max(y1)));
    let whole = first == last || (last - first + 1) * (top - bottom + 1) <= WHOLE_BOX;
    for column in first..=last {
        let (from, to) = if whole {
            (bottom, top)
        } else {
            // Where the edge enters and leaves the column, rounded outwards.
            let (enter, leave) = ((column << bits).max(x0), ((column + 1) << bits).min(x1));
            let rise = |x: i64| i128::from(y1 - y0) * i128::from(x - x0);
            let (a, b) = (rise(enter).min(rise(leave)), rise(enter).max(rise(leave)));
            let run = i128::from(x1 - x0);
            (of(y0 + a.div_euclid(run) as i64), of(y0 + (b + run - 1).div_euclid(run) as i64))
        };
        for row in from..=to {
            visit(key(column, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::exact::{cross_properly, on_segment};

    #[test]
    fn every_edge_that_meets_is_near_and_removed_ones_are_gone() {
        let mut seed = 5u64;
        let mut next = |m: i32| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as i32 % m
        };
        let mut point = |spread: i32| LatticePoint::new(next(spread) - spread / 2, next(spread) - spread / 2);
        let mut squares = Squares::new(1);
        let edges: Vec<_> =
            (0..600).map(|i| (point(400_000), point(if i % 60 == 0 { 2_000_000_000 } else { 400_000 }))).collect();
        edges.iter().for_each(|(a, b)| squares.insert(*a, *b));
        for (a, b) in &edges[..100] {
            squares.remove(*b, *a);
        }
        let meet = |a, b, c, d| cross_properly(a, b, c, d) || on_segment(a, b, c) || on_segment(c, d, a);
        for (i, (a, b)) in edges.iter().enumerate() {
            let mut near = Vec::new();
            squares.near(*a, *b, |c, d| near.push((c, d)));
            for (k, (c, d)) in edges.iter().enumerate() {
                let filed = near.contains(&((*c).min(*d), (*c).max(*d)));
                assert!(if k < 100 { !filed } else { filed || !meet(*a, *b, *c, *d) }, "{i} {k}");
            }
        }
        edges[100..].iter().for_each(|(a, b)| squares.remove(*a, *b));
        assert!(squares.heads.is_empty());
    }
}
