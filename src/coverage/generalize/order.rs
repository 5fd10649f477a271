//! The order in which vertices may go: the smallest triangle first, over all arcs at once, never one that holds a vertex.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Lines;
use super::buckets::Buckets;
use crate::coverage::world::{GridPoint, turn};

/// The weight of a vertex that is never removed.
pub(super) const KEPT: u64 = u64::MAX;

/// For each vertex twice the area, in square world steps, below which it is still needed: never decreasing in the order of
/// removal, [`KEPT`] for the ends of arcs, the last two inner vertices of a loop, and what could not go without a
/// collision.
pub(super) fn weigh(world: &Lines<GridPoint>) -> Vec<u64> {
    let mut thinning = Thinning::new(world);
    thinning.run();
    thinning.weights
}

struct Thinning<'a> {
    points: &'a [GridPoint],
    /// Neighbours along the arc; `NONE` at its ends, which are never removed.
    before: Vec<u32>,
    after: Vec<u32>,
    weights: Vec<u64>,
    removed: Vec<bool>,
    /// An entry of the heap counts only while its stamp is the vertex's latest.
    stamps: Vec<u32>,
    /// How many inner vertices a loop may still lose, by arc; arcs with two ends may lose all.
    spare: Vec<u32>,
    line_of: Vec<u32>,
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    /// Vertices that wait for another one to go.
    waiting: HashMap<u32, Vec<u32>>,
    near: Buckets,
    alive: usize,
    indexed: usize,
}

const NONE: u32 = u32::MAX;

impl<'a> Thinning<'a> {
    fn new(world: &'a Lines<GridPoint>) -> Self {
        let points = &world.points[..];
        let n = points.len();
        let mut before = vec![NONE; n];
        let mut after = vec![NONE; n];
        let mut line_of = vec![0; n];
        let mut spare = Vec::with_capacity(world.len());
        for line in 0..world.len() {
            let (start, end) = (world.starts[line] as usize, world.starts[line + 1] as usize);
            for v in start..end {
                line_of[v] = line as u32;
                if v > start && v + 1 < end {
                    before[v] = v as u32 - 1;
                    after[v] = v as u32 + 1;
                }
            }
            let inner = (end - start).saturating_sub(2) as u32;
            let closed = end > start && points[start] == points[end - 1];
            spare.push(if closed { inner.saturating_sub(2) } else { inner });
        }
        let near = index(points, &vec![false; n]);
        let (weights, removed, stamps) = (vec![KEPT; n], vec![false; n], vec![0; n]);
        let (heap, waiting) = (BinaryHeap::with_capacity(n), HashMap::new());
        Self {
            points,
            before,
            after,
            weights,
            removed,
            stamps,
            spare,
            line_of,
            heap,
            waiting,
            near,
            alive: n,
            indexed: n,
        }
    }

    fn run(&mut self) {
        for v in 0..self.points.len() as u32 {
            self.enqueue(v);
        }
        let mut level = 0;
        while let Some(Reverse((area, v, stamp))) = self.heap.pop() {
            let i = v as usize;
            if self.removed[i] || self.stamps[i] != stamp || self.spare[self.line_of[i] as usize] == 0 {
                continue;
            }
            if let Some(blocker) = self.blocker(v) {
                self.waiting.entry(blocker).or_default().push(v);
                continue;
            }
            level = level.max(area);
            self.weights[i] = level;
            self.remove(v);
        }
    }

    /// The corners of the triangle that goes with `v`; `None` for the ends of an arc.
    fn triangle(&self, v: u32) -> Option<[GridPoint; 3]> {
        let (a, b) = (self.before[v as usize], self.after[v as usize]);
        (a != NONE).then(|| [self.points[a as usize], self.points[v as usize], self.points[b as usize]])
    }

    fn enqueue(&mut self, v: u32) {
        if let Some([a, b, c]) = self.triangle(v) {
            self.stamps[v as usize] += 1;
            self.heap.push(Reverse((turn(a, b, c).unsigned_abs(), v, self.stamps[v as usize])));
        }
    }

    fn remove(&mut self, v: u32) {
        let i = v as usize;
        let (a, b) = (self.before[i], self.after[i]);
        self.removed[i] = true;
        self.spare[self.line_of[i] as usize] -= 1;
        self.alive -= 1;
        // Ends of an arc have no neighbours of their own to update, but are somebody's neighbours.
        if self.before[a as usize] != NONE {
            self.after[a as usize] = b;
            self.enqueue(a);
        }
        if self.before[b as usize] != NONE {
            self.before[b as usize] = a;
            self.enqueue(b);
        }
        for waiter in self.waiting.remove(&v).unwrap_or_default() {
            if !self.removed[waiter as usize] {
                self.enqueue(waiter);
            }
        }
        if self.alive * 2 < self.indexed {
            self.near = index(self.points, &self.removed);
            self.indexed = self.alive;
        }
    }

    /// A vertex in the closed triangle of `v`, other than its corners `before` and `after` (or points equal to those).
    fn blocker(&self, v: u32) -> Option<u32> {
        let corners @ [a, b, c] = self.triangle(v)?;
        let xs = corners.map(|p| i64::from(p.x));
        let ys = corners.map(|p| i64::from(p.y));
        let min = (xs[0].min(xs[1]).min(xs[2]), ys[0].min(ys[1]).min(ys[2]));
        let max = (xs[0].max(xs[1]).max(xs[2]), ys[0].max(ys[1]).max(ys[2]));
        let mut found = None;
        self.near.any_in(min, max, |i| {
            let p = self.points[i as usize];
            let (x, y) = (i64::from(p.x), i64::from(p.y));
            let in_box = (min.0..=max.0).contains(&x) && (min.1..=max.1).contains(&y);
            let blocks = in_box && !self.removed[i as usize] && i != v && p != a && p != c && holds(a, b, c, p);
            if blocks {
                found = Some(i);
            }
            blocks
        });
        found
    }
}

fn index(points: &[GridPoint], removed: &[bool]) -> Buckets {
    Buckets::new(points.len(), |i| (!removed[i]).then(|| (i64::from(points[i].x), i64::from(points[i].y))))
}

/// Whether the closed triangle holds the point, for a point in the triangle's box.
fn holds(a: GridPoint, b: GridPoint, c: GridPoint, p: GridPoint) -> bool {
    let signs = [turn(a, b, p).signum(), turn(b, c, p).signum(), turn(c, a, p).signum()];
    signs.iter().all(|s| *s >= 0) || signs.iter().all(|s| *s <= 0)
}
