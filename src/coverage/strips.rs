//! Which boxes may touch? Horizontal strips, each swept from west to east: the candidate finder behind noding, snapping and the
//! crossing check.
//!
//! Cost: O(n log n) for boxes that are short against the whole, as boundary edges are; a box is visited once in each strip it spans, so
//! n long vertical boxes degrade towards O(n √n). Finds every pair whose closed boxes meet, some more than once.

use super::LatticePoint;

/// A closed axis-aligned box in steps, grown by a margin if need be (hence `i64`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepBox {
    pub min_x: i64,
    pub min_y: i64,
    pub max_x: i64,
    pub max_y: i64,
}

impl StepBox {
    #[must_use]
    pub fn of_edge(a: LatticePoint, b: LatticePoint) -> Self {
        let (ax, ay, bx, by) = (i64::from(a.x), i64::from(a.y), i64::from(b.x), i64::from(b.y));
        Self { min_x: ax.min(bx), min_y: ay.min(by), max_x: ax.max(bx), max_y: ay.max(by) }
    }

    #[must_use]
    pub const fn grown(self, margin_x: i64, margin_y: i64) -> Self {
        Self {
            min_x: self.min_x - margin_x,
            min_y: self.min_y - margin_y,
            max_x: self.max_x + margin_x,
            max_y: self.max_y + margin_y,
        }
    }
}

/// Boxes filed by the strips they span; within a strip in order of their west side.
#[derive(Debug)]
pub struct Strips {
    boxes: Vec<StepBox>,
    base: i64,
    height: i64,
    strips: Vec<Vec<u32>>,
}

impl Strips {
    #[must_use]
    pub fn new(boxes: Vec<StepBox>) -> Self {
        let base = boxes.iter().map(|b| b.min_y).min().unwrap_or(0);
        let top = boxes.iter().map(|b| b.max_y).max().unwrap_or(0);
        // As many strips as keep a strip's height near the mean box height, but never so many that strips stand empty.
        let mean = boxes.iter().map(|b| b.max_y - b.min_y).sum::<i64>() / (boxes.len() as i64).max(1);
        let count = ((boxes.len() as f64).sqrt() as i64 * 2).clamp(1, (top - base) / (mean + 1) + 1);
        let height = (top - base) / count + 1;
        let mut strips = vec![Vec::new(); count as usize];
        for (i, b) in boxes.iter().enumerate() {
            for strip in (b.min_y - base) / height..=(b.max_y - base) / height {
                strips[strip as usize].push(i as u32);
            }
        }
        for strip in &mut strips {
            strip.sort_unstable_by_key(|&i| (boxes[i as usize].min_x, i));
        }
        Self { boxes, base, height, strips }
    }

    /// Calls `visit(i, j)` with `i ≠ j` for every pair of boxes that meet; the same pair may come twice.
    pub fn pairs(&self, mut visit: impl FnMut(u32, u32)) {
        let mut active: Vec<u32> = Vec::new();
        for strip in &self.strips {
            active.clear();
            for &i in strip {
                let b = self.boxes[i as usize];
                active.retain(|&j| self.boxes[j as usize].max_x >= b.min_x);
                for &j in &active {
                    let o = self.boxes[j as usize];
                    if o.max_y >= b.min_y && o.min_y <= b.max_y {
                        visit(j, i);
                    }
                }
                active.push(i);
            }
        }
    }

    /// The boxes of the strip that holds a latitude; empty outside. Not all of them reach `y` itself.
    #[must_use]
    pub fn at(&self, y: i64) -> &[u32] {
        let strip = (y - self.base).div_euclid(self.height);
        usize::try_from(strip).ok().and_then(|s| self.strips.get(s)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_that_meets_is_found() {
        let mut seed = 7u64;
        let mut next = |m: i64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as i64 % m
        };
        let boxes: Vec<StepBox> = (0..400)
            .map(|_| {
                let (x, y) = (next(1000) - 500, next(1000) - 500);
                StepBox { min_x: x, min_y: y, max_x: x + next(60), max_y: y + next(90) }
            })
            .collect();
        let mut expected = std::collections::BTreeSet::new();
        for i in 0..boxes.len() {
            for j in 0..i {
                let (a, b) = (boxes[i], boxes[j]);
                if a.min_x <= b.max_x && b.min_x <= a.max_x && a.min_y <= b.max_y && b.min_y <= a.max_y {
                    expected.insert((j as u32, i as u32));
                }
            }
        }
        let mut found = std::collections::BTreeSet::new();
        Strips::new(boxes).pairs(|i, j| {
            found.insert((i.min(j), i.max(j)));
        });
        assert_eq!(found, expected);
    }
}
