//! Snap rounding: every vertex goes to the nearest point of a coarser grid, and an edge that passes through the rounding
//! square of a vertex is led through that point, so that no edge ends up on the other side of it.

use super::Lines;
use super::buckets::Buckets;
use crate::coverage::world::GridPoint;

/// The grid point `shift` bits coarser whose square holds a point.
pub(super) fn rounded(p: (i64, i64), shift: u8) -> GridPoint {
    let half = if shift == 0 { 0 } else { 1i64 << (shift - 1) };
    GridPoint::new(((p.0 + half) >> shift) as i32, ((p.1 + half) >> shift) as i32)
}

/// Rounds lines that do not cross to a grid `shift` bits coarser. The answer has no crossings, no two equal points in a row, no
/// spikes and no vertices in the middle of a straight; lines may touch or lie on each other.
pub(super) fn snap(lines: &Lines<(i64, i64)>, shift: u8) -> Lines<GridPoint> {
    snap_among(lines, shift, lines.points.iter().map(|p| rounded(*p, shift)).collect())
}

/// Rounds some lines; `hot` are the rounded vertices of all, at least where these lines run.
pub(super) fn snap_among(lines: &Lines<(i64, i64)>, shift: u8, mut hot: Vec<GridPoint>) -> Lines<GridPoint> {
    let rounded = |p| rounded(p, shift);
    hot.sort_unstable();
    hot.dedup();
    let near = Buckets::new(hot.len(), |i| Some((i64::from(hot[i].x), i64::from(hot[i].y))));
    let mut out = Lines::with_capacity(lines.len(), lines.points.len());
    let mut line = Vec::new();
    let mut passed = Vec::new();
    for points in lines.iter() {
        line.clear();
        line.extend(points.first().map(|p| rounded(*p)));
        for pair in points.windows(2) {
            let (from, to) = (rounded(pair[0]), rounded(pair[1]));
            passed.clear();
            Edge { a: pair[0], b: pair[1], shift }.passes(&hot, &near, (from, to), &mut passed);
            line.extend_from_slice(&passed);
            line.push(to);
        }
        out.points.extend_from_slice(tidied(&mut line));
        out.end_line();
    }
    out
}

struct Edge {
    a: (i64, i64),
    b: (i64, i64),
    shift: u8,
}

impl Edge {
    /// The hot squares between the two ends, in order along the edge.
    fn passes(&self, hot: &[GridPoint], near: &Buckets, ends: (GridPoint, GridPoint), passed: &mut Vec<GridPoint>) {
        let (from, to) = ends;
        let (x0, x1) = (i64::from(from.x.min(to.x)), i64::from(from.x.max(to.x)));
        let (y0, y1) = (i64::from(from.y.min(to.y)), i64::from(from.y.max(to.y)));
        if x1 - x0 <= 1 && y1 - y0 <= 1 && (x0 == x1 || y0 == y1) {
            return; // the same square or two that share a side: nothing lies between
        }
        // Long slanting edges walk their box in strips, so that the cells visited follow the edge and not its box.
        let strip = near.cell().max(1);
        let mut y = y0;
        while y <= y1 {
            let top = (y + strip - 1).min(y1);
            let (left, right) = self.columns((y, top), (x0, x1));
            near.any_in((left, y), (right, top), |i| {
                let p = hot[i as usize];
                let here = i64::from(p.y) >= y && i64::from(p.y) <= top;
                if here && p != from && p != to && self.meets(p) {
                    passed.push(p);
                }
                false
            });
            y = top + 1;
        }
        let along = |p: &GridPoint| {
            let dot =
                i128::from(p.x) * i128::from(self.b.0 - self.a.0) + i128::from(p.y) * i128::from(self.b.1 - self.a.1);
            (dot, *p)
        };
        passed.sort_unstable_by_key(along);
    }

    /// A range of columns that holds the edge's part in the rows `rows`, within `columns`; generous by two columns.
    fn columns(&self, rows: (i64, i64), columns: (i64, i64)) -> (i64, i64) {
        let (ax, ay, bx, by) = (self.a.0 as f64, self.a.1 as f64, self.b.0 as f64, self.b.1 as f64);
        if self.a.1 == self.b.1 {
            return columns;
        }
        let size = (1i64 << self.shift) as f64;
        let at = |row: f64| (ax + (bx - ax) * ((row * size - ay) / (by - ay)).clamp(0.0, 1.0)) / size;
        let (p, q) = (at(rows.0 as f64 - 0.5), at(rows.1 as f64 + 0.5));
        ((p.min(q).floor() as i64 - 2).max(columns.0), (p.max(q).ceil() as i64 + 2).min(columns.1))
    }

    /// Whether the edge meets the half-open rounding square of `p` (its west and north sides belong to it). Exact.
    fn meets(&self, p: GridPoint) -> bool {
        // In doubled steps, so that half a square is a whole number.
        let half = 1i64 << self.shift;
        let (cx, cy) = (i64::from(p.x) * 2 * half, i64::from(p.y) * 2 * half);
        let (mut a, mut b) = ((2 * self.a.0, 2 * self.a.1), (2 * self.b.0, 2 * self.b.1));
        if a.0 > b.0 {
            std::mem::swap(&mut a, &mut b);
        }
        let (west, east, low, high) = (cx - half, cx + half, cy - half, cy + half);
        if a.0 >= east || b.0 < west || a.1.min(b.1) >= high || a.1.max(b.1) < low {
            return false;
        }
        if a.0 == b.0 || a.1 == b.1 {
            return true;
        }
        let rising = a.1 < b.1;
        let side = |x: i64, y: i64| {
            (i128::from(b.0 - a.0) * i128::from(y - a.1) - i128::from(b.1 - a.1) * i128::from(x - a.0)).signum()
        };
        // Where the edge runs through a corner, the corner's own half-openness decides.
        match (side(west, high), side(east, high), side(west, low), side(east, low)) {
            (0, ..) => !rising,
            (_, 0, ..) => rising,
            (_, _, 0, _) => true,
            (_, _, _, 0) => !rising,
            (p, q, r, s) => !(p == q && q == r && r == s),
        }
    }
}

/// Drops repeated points, spikes (`a b a`) and vertices in the middle of a straight.
fn tidied(line: &mut Vec<GridPoint>) -> &[GridPoint] {
    let mut kept = 0;
    for i in 0..line.len() {
        let p = line[i];
        loop {
            if kept >= 1 && line[kept - 1] == p {
                break;
            }
            if kept >= 2 && straight(line[kept - 2], line[kept - 1], p) {
                kept -= 1;
                continue;
            }
            line[kept] = p;
            kept += 1;
            break;
        }
    }
    line.truncate(kept);
    line
}

/// Whether `b` adds nothing between `a` and `c`: on the straight, or a spike.
fn straight(a: GridPoint, b: GridPoint, c: GridPoint) -> bool {
    crate::coverage::world::turn(a, b, c) == 0
}
