//! Cutting lines and polygons to a square, so that two neighbours cut along their common edge get the identical point.
//!
//! One side of the square at a time. Where an edge meets the side is computed exactly and rounded once, to a whole unit, so
//! the walking direction does not matter. What a side adds to a ring lies on that side, so the signed area that
//! remains is a sum over the ring's edges alone – equal and opposite for the two polygons that share an edge.

use super::feature::Shape;

/// A point in tile units, before it is known to lie near the tile.
pub(super) type Spot = (i64, i64);

/// The square that is kept: the tile (or another square) and a margin around it, in its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub low: i64,
    pub high: i64,
}

impl Window {
    #[must_use]
    pub const fn around(side: i32, buffer: i32) -> Self {
        Self { low: -(buffer as i64), high: side as i64 + buffer as i64 }
    }

    const fn holds(self, p: Spot) -> bool {
        p.0 >= self.low && p.0 <= self.high && p.1 >= self.low && p.1 <= self.high
    }

    const fn sides(self) -> [Side; 4] {
        [
            Side { vertical: true, limit: self.low, keeps_greater: true },
            Side { vertical: true, limit: self.high, keeps_greater: false },
            Side { vertical: false, limit: self.low, keeps_greater: true },
            Side { vertical: false, limit: self.high, keeps_greater: false },
        ]
    }
}

#[derive(Clone, Copy)]
struct Side {
    vertical: bool,
    limit: i64,
    keeps_greater: bool,
}

impl Side {
    /// (distance coordinate, position along the side).
    const fn of(self, p: Spot) -> (i64, i64) {
        if self.vertical { p } else { (p.1, p.0) }
    }

    const fn keeps(self, p: Spot) -> bool {
        let at = self.of(p).0;
        if self.keeps_greater { at >= self.limit } else { at <= self.limit }
    }

    /// Where the edge meets this side, for ends on different sides of it: the exact place, rounded to the nearest unit (ties to the
    /// greater), and so the same in both walking directions.
    fn cut(self, p: Spot, q: Spot) -> Spot {
        let ((ac, ao), (bc, bo)) = (self.of(p), self.of(q));
        let mut numerator = i128::from(bo - ao) * i128::from(self.limit - ac);
        let mut denominator = i128::from(bc - ac);
        if denominator < 0 {
            (numerator, denominator) = (-numerator, -denominator);
        }
        let along = ao + (2 * numerator + denominator).div_euclid(2 * denominator) as i64;
        if self.vertical { (self.limit, along) } else { (along, self.limit) }
    }
}

/// Appends what the window keeps of a polygon to `shape`: outer rings each followed by their holes. `rings` do not repeat their
/// first point; outer rings have positive doubled area, holes negative, and they do not cross.
pub(super) fn polygon(mut rings: Vec<Vec<Spot>>, window: Window, shape: &mut Shape) {
    for side in window.sides() {
        if !rings.iter().flatten().all(|p| side.keeps(*p)) {
            rings = cut_rings(rings, side);
        }
    }
    let mut outers = Vec::new();
    let mut holes = Vec::new();
    for mut ring in rings {
        tidy(&mut ring);
        match doubled_area(&ring).signum() {
            1 => outers.push(vec![ring]),
            -1 => holes.push(ring),
            _ => {}
        }
    }
    for hole in holes {
        let home = match outers.len() {
            0 => continue,
            1 => 0,
            _ => (0..outers.len()).find(|&i| encloses(&outers[i][0], &hole)).unwrap_or(0),
        };
        outers[home].push(hole);
    }
    for ring in outers.iter().flatten() {
        shape.push(ring.iter().map(|p| (p.0 as i32, p.1 as i32)));
    }
}

/// Appends what the window keeps of a line to `shape`, as one or more lines.
pub(super) fn line(points: &[Spot], window: Window, shape: &mut Shape) {
    let push = |shape: &mut Shape, line: &[Spot]| shape.push(line.iter().map(|p| (p.0 as i32, p.1 as i32)));
    if points.iter().all(|p| window.holds(*p)) {
        if points.len() >= 2 {
            push(shape, points);
        }
        return;
    }
    let mut lines = vec![points.to_vec()];
    for side in window.sides() {
        if !lines.iter().flatten().all(|p| side.keeps(*p)) {
            lines = lines.iter().flat_map(|l| cut_line(l, side)).collect();
        }
    }
    for kept in &mut lines {
        kept.dedup();
    }
    for kept in lines.iter().filter(|l| l.len() >= 2) {
        push(shape, kept);
    }
}

fn cut_line(points: &[Spot], side: Side) -> Vec<Vec<Spot>> {
    let mut kept = Vec::new();
    let mut current = Vec::new();
    for (i, &p) in points.iter().enumerate() {
        let before = i.checked_sub(1).map(|k| points[k]);
        match (before.map(|b| (b, side.keeps(b))), side.keeps(p)) {
            (Some((b, false)), true) => current.extend([side.cut(b, p), p]),
            (_, true) => current.push(p),
            (Some((b, true)), false) => {
                current.push(side.cut(b, p));
                kept.push(std::mem::take(&mut current));
            }
            (_, false) => {}
        }
    }
    kept.push(current);
    kept
}

fn cut_rings(rings: Vec<Vec<Spot>>, side: Side) -> Vec<Vec<Spot>> {
    let mut kept = Vec::new();
    let mut chains = Vec::new();
    for ring in rings {
        if ring.iter().all(|p| side.keeps(*p)) {
            kept.push(ring);
        } else {
            cut_ring(&ring, side, &mut chains);
        }
    }
    link(&chains, side, &mut kept);
    kept
}

/// The parts of a ring on the kept side, each from its entry on the side to its exit.
fn cut_ring(ring: &[Spot], side: Side, chains: &mut Vec<Vec<Spot>>) {
    let n = ring.len();
    let enters = |i: usize| !side.keeps(ring[i]) && side.keeps(ring[(i + 1) % n]);
    let Some(start) = (0..n).find(|i| enters(*i)) else { return };
    let mut chain: Vec<Spot> = Vec::new();
    for k in 0..n {
        let (p, q) = (ring[(start + k) % n], ring[(start + k + 1) % n]);
        match (side.keeps(p), side.keeps(q)) {
            (false, true) => chain.extend([side.cut(p, q), q]),
            (true, true) => chain.push(q),
            (true, false) => {
                chain.push(side.cut(p, q));
                chains.push(std::mem::take(&mut chain));
            }
            (false, false) => {}
        }
    }
}

/// Joins chains to rings along the side: in the order of their ends there, inside and outside alternate.
fn link(chains: &[Vec<Spot>], side: Side, kept: &mut Vec<Vec<Spot>>) {
    let mut ends: Vec<(i64, usize, bool)> = Vec::with_capacity(chains.len() * 2);
    for (i, chain) in chains.iter().enumerate() {
        if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
            ends.extend([(side.of(*first).1, i, true), (side.of(*last).1, i, false)]);
        }
    }
    ends.sort_unstable();
    let mut next = vec![usize::MAX; chains.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (_, chain, is_entry) in ends {
        match open.last() {
            Some(&(other, other_is_entry)) if other_is_entry != is_entry => {
                let (exit, entry) = if is_entry { (other, chain) } else { (chain, other) };
                next[exit] = entry;
                open.pop();
            }
            _ => open.push((chain, is_entry)),
        }
    }
    let mut used = vec![false; chains.len()];
    for start in 0..chains.len() {
        let mut ring = Vec::new();
        let mut at = start;
        while at < chains.len() && !used[at] {
            used[at] = true;
            ring.extend_from_slice(&chains[at]);
            at = next[at];
        }
        if ring.len() >= 3 {
            kept.push(ring);
        }
    }
}

/// Drops repeated points and spikes (`a b` and straight back). The area stays.
pub(super) fn tidy(ring: &mut Vec<Spot>) {
    let mut kept: Vec<Spot> = Vec::with_capacity(ring.len());
    for &p in ring.iter() {
        add_tidy(&mut kept, p);
    }
    // The same around the seam.
    loop {
        let n = kept.len();
        let closes = n >= 2 && kept[0] == kept[n - 1];
        if closes || n >= 3 && is_spike(kept[n - 2], kept[n - 1], kept[0]) {
            kept.pop();
        } else if n >= 3 && is_spike(kept[n - 1], kept[0], kept[1]) {
            kept.remove(0);
        } else {
            break;
        }
    }
    if kept.len() < 3 {
        kept.clear();
    }
    *ring = kept;
}

fn add_tidy(kept: &mut Vec<Spot>, p: Spot) {
    loop {
        let n = kept.len();
        if n >= 1 && kept[n - 1] == p {
            return;
        }
        if n >= 2 && is_spike(kept[n - 2], kept[n - 1], p) {
            kept.pop();
            continue;
        }
        kept.push(p);
        return;
    }
}

/// Whether the walk turns straight back at `b`.
const fn is_spike(a: Spot, b: Spot, c: Spot) -> bool {
    let (ux, uy, vx, vy) = (b.0 - a.0, b.1 - a.1, c.0 - b.0, c.1 - b.1);
    ux as i128 * vy as i128 == uy as i128 * vx as i128 && ux as i128 * vx as i128 + uy as i128 * (vy as i128) < 0
}

pub(super) fn doubled_area(ring: &[Spot]) -> i128 {
    let Some(&(x0, y0)) = ring.first() else { return 0 };
    let cross =
        |p: Spot, q: Spot| i128::from(p.0 - x0) * i128::from(q.1 - y0) - i128::from(p.1 - y0) * i128::from(q.0 - x0);
    ring.windows(2).map(|pair| cross(pair[0], pair[1])).sum()
}

/// Whether an outer ring holds a hole: by the hole's first vertex that is not on the ring.
fn encloses(outer: &[Spot], hole: &[Spot]) -> bool {
    hole.iter().find_map(|p| inside(outer, *p)).unwrap_or(true)
}

/// `None` on the ring itself.
fn inside(ring: &[Spot], p: Spot) -> Option<bool> {
    let mut odd = false;
    let mut a = *ring.last()?;
    for &b in ring {
        let side = i128::from(b.0 - a.0) * i128::from(p.1 - a.1) - i128::from(b.1 - a.1) * i128::from(p.0 - a.0);
        let in_box = p.0 >= a.0.min(b.0) && p.0 <= a.0.max(b.0) && p.1 >= a.1.min(b.1) && p.1 <= a.1.max(b.1);
        if side == 0 && in_box {
            return None;
        }
        if (a.1 <= p.1) != (b.1 <= p.1) && (side > 0) == (b.1 > a.1) {
            odd = !odd;
        }
        a = b;
    }
    Some(odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::feature::Geometry;

    const WINDOW: Window = Window { low: 0, high: 100 };

    fn clipped(rings: &[&[Spot]]) -> Vec<Vec<(i32, i32)>> {
        let mut shape = Shape::new(Geometry::Polygon);
        polygon(rings.iter().map(|r| r.to_vec()).collect(), WINDOW, &mut shape);
        shape.parts().map(<[_]>::to_vec).collect()
    }

    #[test]
    fn a_polygon_inside_stays_as_it_is() {
        assert_eq!(clipped(&[&[(1, 1), (9, 1), (9, 9)]]), [vec![(1, 1), (9, 1), (9, 9)]]);
    }

    #[test]
    fn a_polygon_around_the_window_becomes_the_window() {
        let rings = clipped(&[&[(-50, -50), (150, -50), (150, 150), (-50, 150)]]);
        assert_eq!(rings.len(), 1);
        assert_eq!(crate::tile::feature::doubled_area(&rings[0]), 2 * 100 * 100);
    }

    /// ```text
    ///   +-----------+        a comb whose back lies outside falls into its teeth,
    ///   | +--+ +--+ |        without bridges along the side
    ///   | |  | |  | |
    /// ```
    #[test]
    fn a_comb_falls_into_its_teeth() {
        let comb: &[Spot] =
            &[(10, -20), (90, -20), (90, 50), (70, 50), (70, -10), (50, -10), (50, 50), (30, 50), (30, -10), (10, -10)];
        let rings = clipped(&[comb]);
        assert_eq!(rings.len(), 2, "{rings:?}");
        assert!(rings.iter().all(|r| r.len() == 4), "{rings:?}");
    }

    #[test]
    fn a_hole_that_the_side_cuts_becomes_part_of_the_outline() {
        let outer: &[Spot] = &[(-50, -50), (150, -50), (150, 150), (-50, 150)];
        let hole: &[Spot] = &[(-10, 40), (-10, 60), (10, 60), (10, 40)];
        let rings = clipped(&[outer, hole]);
        assert_eq!(rings.len(), 1, "{rings:?}");
        assert_eq!(crate::tile::feature::doubled_area(&rings[0]), 2 * (100 * 100 - 10 * 20));
    }

    #[test]
    fn an_edge_is_cut_at_the_same_point_in_both_directions() {
        for (p, q) in
            [((-7, 3), (11, 8)), ((-1, 0), (2, 1)), ((95, 33), (104, 36)), ((5, -3), (8, 94)), ((3, 250), (4, -1))]
        {
            for side in WINDOW.sides() {
                if side.keeps(p) != side.keeps(q) {
                    assert_eq!(side.cut(p, q), side.cut(q, p));
                }
            }
        }
    }

    #[test]
    fn a_line_in_and_out_becomes_two() {
        let mut shape = Shape::new(Geometry::Line);
        line(&[(-10, 5), (20, 5), (20, -5), (40, -5), (40, 5), (130, 5)], WINDOW, &mut shape);
        let parts: Vec<_> = shape.parts().map(<[_]>::to_vec).collect();
        assert_eq!(parts, [vec![(0, 5), (20, 5), (20, 0)], vec![(40, 0), (40, 5), (100, 5)]]);
    }

    #[test]
    fn a_touch_from_outside_leaves_nothing() {
        assert!(clipped(&[&[(-20, 0), (0, 50), (-20, 100)]]).is_empty());
        let mut shape = Shape::new(Geometry::Line);
        line(&[(-20, 0), (0, 50), (-20, 100)], WINDOW, &mut shape);
        assert!(shape.is_empty());
    }
}
