//! The order in which vertices may go: the smallest triangle first, over all arcs at once, never one that holds a vertex.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Lines;
use super::buckets::Buckets;
use crate::coverage::world::{GridPoint, turn};

/// When a vertex goes. Moments are told from what happened near the vertex alone: whoever waited for another one goes a round after it, unless its own
/// triangle is the larger one. So the order over all arcs falls into what neighbours say to each other, and a part of it can be found again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment {
    /// Twice the area, in square world steps, below which the vertex is still needed: never decreasing in the order of removal.
    pub(super) weight: u64,
    round: u32,
}

impl Moment {
    /// Of the ends of arcs, the last two inner vertices of a loop, and what could not go without a collision.
    pub(super) const NEVER: Self = Self { weight: u64::MAX, round: u32::MAX };

    /// The first moment after another one for a triangle of this size.
    const fn after(self, area: u64) -> Self {
        if area > self.weight {
            Self { weight: area, round: 0 }
        } else {
            Self { weight: self.weight, round: self.round + 1 }
        }
    }
}

/// Moments in order, of one moment by place.
type Key = (Moment, GridPoint);

/// Vertices of other lines: where, when they go, and their numbers.
pub(super) type Others = Vec<(GridPoint, Moment, u32)>;

/// When each vertex goes.
pub(super) fn weigh(world: &Lines<GridPoint>) -> Lines<Moment> {
    let numbers = (0..world.points.len() as u32).collect();
    weigh_among(world, numbers, &Vec::new())
}

/// When each vertex of some lines goes, while of all others near them it is known. `numbers` are the vertices' numbers among all.
pub(super) fn weigh_among(lines: &Lines<GridPoint>, numbers: Vec<u32>, others: &Others) -> Lines<Moment> {
    let mut thinning = Thinning::new(lines, numbers, others);
    thinning.run();
    thinning.moments.truncate(lines.points.len());
    Lines { starts: lines.starts.clone(), points: thinning.moments }
}

struct Thinning {
    /// Those of the lines, then those of others.
    points: Vec<GridPoint>,
    moments: Vec<Moment>,
    numbers: Vec<u32>,
    /// How many of them are the lines'.
    own: usize,
    /// Neighbours along the arc; `NONE` at its ends, which are never removed.
    before: Vec<u32>,
    after: Vec<u32>,
    removed: Vec<bool>,
    /// An entry of the heap, or a wait, counts only while its stamp is the vertex's latest.
    stamps: Vec<u32>,
    /// How many inner vertices a loop may still lose, by arc; arcs with two ends may lose all.
    spare: Vec<u32>,
    line_of: Vec<u32>,
    heap: BinaryHeap<Reverse<(Key, u32, u32)>>,
    /// Vertices that wait for another one to go, with their stamps.
    waiting: HashMap<u32, Vec<(u32, u32)>>,
    near: Buckets,
    alive: usize,
    indexed: usize,
}

const NONE: u32 = u32::MAX;

impl Thinning {
    fn new(lines: &Lines<GridPoint>, mut numbers: Vec<u32>, others: &Others) -> Self {
        let own = lines.points.len();
        let mut before = vec![NONE; own];
        let mut after = vec![NONE; own];
        let mut line_of = vec![0; own];
        let mut spare = Vec::with_capacity(lines.len());
        for line in 0..lines.len() {
            let (start, end) = (lines.starts[line] as usize, lines.starts[line + 1] as usize);
            for v in start..end {
                line_of[v] = line as u32;
                if v > start && v + 1 < end {
                    before[v] = v as u32 - 1;
                    after[v] = v as u32 + 1;
                }
            }
            let inner = (end - start).saturating_sub(2) as u32;
            let closed = end > start && lines.points[start] == lines.points[end - 1];
            spare.push(if closed { inner.saturating_sub(2) } else { inner });
        }
        let (mut points, mut moments) = (lines.points.clone(), vec![Moment::NEVER; own]);
        points.extend(others.iter().map(|other| other.0));
        moments.extend(others.iter().map(|other| other.1));
        numbers.extend(others.iter().map(|other| other.2));
        let n = points.len();
        let (removed, stamps) = (vec![false; n], vec![0; own]);
        let near = index(&points, &removed);
        let (heap, waiting) = (BinaryHeap::with_capacity(own), HashMap::new());
        let (alive, indexed) = (n, n);
        Self {
            points,
            moments,
            numbers,
            own,
            before,
            after,
            removed,
            stamps,
            spare,
            line_of,
            heap,
            waiting,
            near,
            alive,
            indexed,
        }
    }

    fn run(&mut self) {
        for v in 0..self.own as u32 {
            self.enqueue(v, None);
        }
        while let Some(Reverse((now, v, stamp))) = self.heap.pop() {
            let i = v as usize;
            if self.removed[i] || self.stamps[i] != stamp || self.spare[self.line_of[i] as usize] == 0 {
                continue;
            }
            match self.blocker(v, now) {
                None => {
                    self.moments[i] = now.0;
                    self.remove(v);
                }
                Some(other) if (other as usize) < self.own => {
                    self.waiting.entry(other).or_default().push((v, stamp));
                }
                Some(other) => {
                    let moment = self.moments[other as usize];
                    if moment != Moment::NEVER {
                        self.enqueue(v, Some(moment));
                    }
                }
            }
        }
    }

    /// The corners of the triangle that goes with `v`; `None` for the ends of an arc.
    fn triangle(&self, v: u32) -> Option<[GridPoint; 3]> {
        let (a, b) = (self.before[v as usize], self.after[v as usize]);
        (a != NONE).then(|| [self.points[a as usize], self.points[v as usize], self.points[b as usize]])
    }

    /// `cause` is when that went for which `v` waited, or by which its triangle became another one.
    fn enqueue(&mut self, v: u32, cause: Option<Moment>) {
        if let Some([a, b, c]) = self.triangle(v) {
            let area = turn(a, b, c).unsigned_abs();
            let moment = cause.map_or(Moment { weight: area, round: 0 }, |cause| cause.after(area));
            self.stamps[v as usize] += 1;
            self.heap.push(Reverse(((moment, b), v, self.stamps[v as usize])));
        }
    }

    fn remove(&mut self, v: u32) {
        let i = v as usize;
        let (a, b, moment) = (self.before[i], self.after[i], self.moments[i]);
        self.removed[i] = true;
        self.spare[self.line_of[i] as usize] -= 1;
        self.alive -= 1;
        // Ends of an arc have no neighbours of their own to update, but are somebody's neighbours.
        if self.before[a as usize] != NONE {
            self.after[a as usize] = b;
            self.enqueue(a, Some(moment));
        }
        if self.before[b as usize] != NONE {
            self.before[b as usize] = a;
            self.enqueue(b, Some(moment));
        }
        for (waiter, stamp) in self.waiting.remove(&v).unwrap_or_default() {
            if !self.removed[waiter as usize] && self.stamps[waiter as usize] == stamp {
                self.enqueue(waiter, Some(moment));
            }
        }
        if self.alive * 2 < self.indexed {
            self.near = index(&self.points, &self.removed);
            self.indexed = self.alive;
        }
    }

    /// A vertex in the closed triangle of `v`, other than its corners `before` and `after` (or points equal to those): of several the first in the
    /// order of places.
    fn blocker(&self, v: u32, now: Key) -> Option<u32> {
        let corners @ [a, b, c] = self.triangle(v)?;
        let xs = corners.map(|p| i64::from(p.x));
        let ys = corners.map(|p| i64::from(p.y));
        let min = (xs[0].min(xs[1]).min(xs[2]), ys[0].min(ys[1]).min(ys[2]));
        let max = (xs[0].max(xs[1]).max(xs[2]), ys[0].max(ys[1]).max(ys[2]));
        let mut found: Option<(GridPoint, u32, u32)> = None;
        self.near.any_in(min, max, |i| {
            let at = i as usize;
            let p = self.points[at];
            let (x, y) = (i64::from(p.x), i64::from(p.y));
            let in_box = (min.0..=max.0).contains(&x) && (min.1..=max.1).contains(&y);
            let gone = || if at < self.own { self.removed[at] } else { (self.moments[at], p) <= now };
            if in_box && i != v && p != a && p != c && !gone() && holds(a, b, c, p) {
                let here = (p, self.numbers[at], i);
                found = Some(found.map_or(here, |first| first.min(here)));
            }
            false
        });
        found.map(|first| first.2)
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
