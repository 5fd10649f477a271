//! Whose side is each square metre on? The land of a unit in small square cells, each given to the nearest atom – but a street is crossed last.
//!
//! From every atom a front spreads over the land; where two fronts meet is the line between the two: midway between the buildings, or, where a street or
//! a river lies between them, on it. So the cells of an atom hang together, those of a set of neighbours do, and the boundary of such a set is the line
//! between two sides, found once for all ways to divide the unit. Which atoms are neighbours comes with it: the dual of this diagram is for shapes what a
//! Delaunay triangulation is for points.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::atoms::Atom;
use super::ground::{Spot, bounds, distance, distance_to_chain, edges, walked};

/// No atom.
pub(super) const NOBODY: u32 = u32::MAX;
/// A cell has at least this width, and a unit about this many cells in the box around it.
const LEAST_CELL_M: f64 = 1.0;
const CELLS: f64 = 40_000.0;
/// A front waits this long before a street, in cells: until all land that can be had without crossing one is given away.
const STREET_WAIT: f64 = 2_000.0;
/// A street nearer than this to the border is the border's own.
const ALONG_BORDER_M: f64 = 6.0;

/// Two atoms whose cells touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Border {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) length_m: f64,
    /// How much of it lies on a street or a river.
    pub(super) on_street: f64,
}

/// The land of a unit, cell by cell.
#[derive(Clone, Debug)]
pub(super) struct Parcels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) size: f64,
    low: Spot,
    within: Vec<bool>,
    street: Vec<bool>,
    pub(super) owner: Vec<u32>,
}

impl Parcels {
    /// Cells of the land inside `rings`, given to the atoms. Cost: a few tens of nanoseconds a cell for each of the fronts that reach it, of which there are few.
    pub(super) fn new(rings: &[Vec<Spot>], streets: &[Vec<Spot>], atoms: &[Atom]) -> Self {
        let (low, high) = bounds(rings.iter().flatten());
        let size = (((high.0 - low.0) * (high.1 - low.1)).max(0.0) / CELLS).sqrt().max(LEAST_CELL_M);
        let size = if size.is_finite() { size } else { LEAST_CELL_M };
        let count = |from: f64, to: f64| ((to - from) / size).ceil().clamp(1.0, CELLS) as usize;
        let (width, height) = (count(low.0, high.0), count(low.1, high.1));
        let cells = width * height;
        let (within, street, owner) = (vec![false; cells], vec![false; cells], vec![NOBODY; cells]);
        let mut land = Self { width, height, size, low, within, street, owner };
        let mut covered = Vec::new();
        land.covered(rings, &mut covered);
        covered.iter().for_each(|cell| land.within[*cell] = true);
        streets.iter().for_each(|line| land.pave(line, rings));
        land.spread(atoms);
        land
    }

    fn middle_of(&self, x: usize, y: usize) -> Spot {
        (self.low.0 + (x as f64 + 0.5) * self.size, self.low.1 + (y as f64 + 0.5) * self.size)
    }

    /// Where four cells meet: the south-west corner of cell (x, y).
    pub(super) fn corner(&self, x: usize, y: usize) -> Spot {
        (self.low.0 + x as f64 * self.size, self.low.1 + y as f64 * self.size)
    }

    fn cell_at(&self, s: Spot) -> Option<(usize, usize)> {
        let (x, y) = ((s.0 - self.low.0) / self.size, (s.1 - self.low.1) / self.size);
        (x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64).then_some((x as usize, y as usize))
    }

    /// Cells whose middle lies inside rings, row by row.
    fn covered(&self, rings: &[Vec<Spot>], out: &mut Vec<usize>) {
        let mut crossings: Vec<f64> = Vec::new();
        let (lo, hi) = (rings.iter().flatten()).fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(s.1), h.max(s.1)));
        let row = |y: f64| ((y - self.low.1) / self.size).clamp(0.0, self.height as f64) as usize;
        for y in row(lo)..(row(hi) + 1).min(self.height) {
            let level = self.low.1 + (y as f64 + 0.5) * self.size;
            crossings.clear();
            let over = rings.iter().flat_map(|r| edges(r)).filter(|(a, b)| (a.1 <= level) != (b.1 <= level));
            crossings.extend(over.map(|(a, b)| a.0 + (level - a.1) / (b.1 - a.1) * (b.0 - a.0)));
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let first = ((pair[0] - self.low.0) / self.size - 0.5).ceil().max(0.0) as usize;
                let last = ((pair[1] - self.low.0) / self.size - 0.5).ceil().clamp(0.0, self.width as f64) as usize;
                out.extend((first..last).map(|x| y * self.width + x));
            }
        }
    }

    /// Marks the cells of a street, so that no front slips through between two of them.
    fn pave(&mut self, line: &[Spot], rings: &[Vec<Spot>]) {
        let mut before: Option<(usize, usize)> = None;
        for spot in walked(line, self.size * 0.4) {
            let Some((x, y)) = self.cell_at(spot).filter(|(x, y)| self.within[y * self.width + x]) else {
                before = None;
                continue;
            };
            if before == Some((x, y)) {
                continue;
            }
            let far = rings.iter().all(|ring| {
                let closed = ring.last().zip(ring.first()).map(|(a, b)| [*a, *b]);
                distance_to_chain(spot, ring) > ALONG_BORDER_M
                    && closed.is_none_or(|edge| distance_to_chain(spot, &edge) > ALONG_BORDER_M)
            });
            if !far {
                before = None;
                continue;
            }
            if let Some((_, row)) = before.filter(|(u, v)| *u != x && *v != y) {
                self.street[row * self.width + x] = true;
            }
            self.street[y * self.width + x] = true;
            before = Some((x, y));
        }
    }

    /// Fronts from all atoms: the nearest takes the cell.
    fn spread(&mut self, atoms: &[Atom]) {
        let mut waiting = BinaryHeap::new();
        let mut covered = Vec::new();
        for (number, atom) in atoms.iter().enumerate() {
            covered.clear();
            if atom.outline.len() > 2 {
                self.covered(std::slice::from_ref(&atom.outline), &mut covered);
            }
            covered.retain(|cell| self.within[*cell]);
            if covered.is_empty() {
                covered.extend(self.nearest_within(atom.middle));
            }
            waiting.extend(covered.iter().map(|cell| (Reverse(0), *cell as u32, number as u32, *cell as u32, 0)));
        }
        while let Some((_, cell, number, seed, waits)) = waiting.pop() {
            let at = cell as usize;
            if self.owner[at] != NOBODY {
                continue;
            }
            self.owner[at] = number;
            for next in self.around(at).into_iter().flatten() {
                if !self.within[next] || self.owner[next] != NOBODY {
                    continue;
                }
                let waits: u32 = waits + u32::from(self.street[next] && !self.street[at]);
                let far = self.apart(next, seed as usize) + f64::from(waits) * STREET_WAIT;
                waiting.push((Reverse((far * 64.0) as u64), next as u32, number, seed, waits));
            }
        }
    }

    fn apart(&self, one: usize, other: usize) -> f64 {
        let at = |cell: usize| ((cell % self.width) as f64, (cell / self.width) as f64);
        distance(at(one), at(other))
    }

    /// The cells beside one: east, west, north, south.
    fn around(&self, cell: usize) -> [Option<usize>; 4] {
        let (x, y) = (cell % self.width, cell / self.width);
        [
            (x + 1 < self.width).then_some(cell + 1),
            x.checked_sub(1).map(|_| cell.wrapping_sub(1)),
            (y + 1 < self.height).then_some(cell + self.width),
            y.checked_sub(1).map(|_| cell.wrapping_sub(self.width)),
        ]
    }

    fn nearest_within(&self, s: Spot) -> Option<usize> {
        let close = |cell: &usize| distance(self.middle_of(cell % self.width, cell / self.width), s);
        if let Some((x, y)) = self.cell_at(s).filter(|(x, y)| self.within[y * self.width + x]) {
            return Some(y * self.width + x);
        }
        (0..self.within.len()).filter(|c| self.within[*c]).min_by(|a, b| close(a).total_cmp(&close(b)))
    }

    /// The atoms that touch, each pair once, in order.
    pub(super) fn borders(&self) -> Vec<Border> {
        let mut found: BTreeMap<(u32, u32), (u32, u32)> = BTreeMap::new();
        for cell in 0..self.owner.len() {
            let [east, _, north, _] = self.around(cell);
            for next in [east, north].into_iter().flatten() {
                let (one, other) = (self.owner[cell], self.owner[next]);
                if one != other && one != NOBODY && other != NOBODY {
                    let sums = found.entry((one.min(other), one.max(other))).or_default();
                    sums.0 += 1;
                    sums.1 += u32::from(self.street[cell] || self.street[next]);
                }
            }
        }
        let border = |((a, b), (all, street)): ((u32, u32), (u32, u32))| Border {
            a: a as usize,
            b: b as usize,
            length_m: f64::from(all) * self.size,
            on_street: f64::from(street) / f64::from(all),
        };
        found.into_iter().map(border).collect()
    }

    /// Cells of each atom.
    pub(super) fn sizes(&self, atoms: usize) -> Vec<f64> {
        let mut sizes = vec![0.0; atoms];
        self.owner.iter().filter(|o| **o != NOBODY).for_each(|o| sizes[*o as usize] += 1.0);
        sizes
    }

    /// Cells of each atom whose middle lies inside rings.
    pub(super) fn sizes_within(&self, rings: &[Vec<Spot>], atoms: usize) -> Vec<f64> {
        let (mut sizes, mut covered) = (vec![0.0; atoms], Vec::new());
        self.covered(rings, &mut covered);
        let owners = covered.into_iter().map(|cell| self.owner[cell]).filter(|o| *o != NOBODY);
        owners.for_each(|o| sizes[o as usize] += 1.0);
        sizes
    }

    /// The side of a cell: `None` beyond the land.
    pub(super) fn side(&self, sides: &[bool], x: usize, y: usize) -> Option<bool> {
        if x >= self.width || y >= self.height {
            return None;
        }
        sides.get(self.owner[y * self.width + x] as usize).copied()
    }
}
