//! Cutting lines and polygons to a square, so that two neighbours cut along their common edge get the identical point.
//!
//! One side of the square at a time. Where an edge meets the side is computed exactly and rounded once, to a whole unit, so
//! the walking direction does not matter. What a side adds to a ring lies on that side, so the signed area that
//! remains is a sum over the ring's edges alone – equal and opposite for the two polygons that share an edge.

use std::mem::swap;

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
}

/// The corners of the box around points; of none, such that no side is crossed.
fn corners(points: &[Spot]) -> (Spot, Spot) {
    let none = ((i64::MAX, i64::MAX), (i64::MIN, i64::MIN));
    points.iter().fold(none, |(min, max), p| ((min.0.min(p.0), min.1.min(p.1)), (max.0.max(p.0), max.1.max(p.1))))
}

/// One side of a window: which of the four is known when it is compiled, since each point is asked about each of them.
#[derive(Clone, Copy)]
struct Side<const VERTICAL: bool, const KEEPS_GREATER: bool> {
    limit: i64,
}

impl<const VERTICAL: bool, const KEEPS_GREATER: bool> Side<VERTICAL, KEEPS_GREATER> {
    /// (distance coordinate, position along the side).
    const fn of(p: Spot) -> (i64, i64) {
        if VERTICAL { p } else { (p.1, p.0) }
    }

    const fn keeps(self, p: Spot) -> bool {
        let at = Self::of(p).0;
        if KEEPS_GREATER { at >= self.limit } else { at <= self.limit }
    }

    /// Where the edge meets this side, for ends on different sides of it: the exact place, rounded to the nearest unit (ties to the
    /// greater), and so the same in both walking directions.
    fn cut(self, p: Spot, q: Spot) -> Spot {
        let ((ac, ao), (bc, bo)) = (Self::of(p), Self::of(q));
        let mut numerator = i128::from(bo - ao) * i128::from(self.limit - ac);
        let mut denominator = i128::from(bc - ac);
        if denominator < 0 {
            (numerator, denominator) = (-numerator, -denominator);
        }
        let (numerator, denominator) = (2 * numerator + denominator, 2 * denominator);
        // Squares of the zooms that hold data always fit in 64 bits, where dividing is several times as fast.
        let steps = match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) => numerator.div_euclid(denominator),
            _ => numerator.div_euclid(denominator) as i64,
        };
        let along = ao + steps;
        if VERTICAL { (self.limit, along) } else { (along, self.limit) }
    }
}

/// Lines or rings one behind the other, in two allocations.
#[derive(Debug, Default)]
pub(super) struct Parts {
    points: Vec<Spot>,
    ends: Vec<usize>,
}

impl Parts {
    fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the part that is being written begins.
    fn open(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(super) fn push(&mut self, p: Spot) {
        self.points.push(p);
    }

    pub(super) fn extend(&mut self, points: impl IntoIterator<Item = Spot>) {
        self.points.extend(points);
    }

    /// Puts a point in the place of the one before.
    pub(super) fn replace_last(&mut self, p: Spot) {
        if let Some(last) = self.points.last_mut() {
            *last = p;
        }
    }

    /// Ends the part that is being written.
    pub(super) fn end(&mut self) {
        self.ends.push(self.points.len());
    }

    /// Ends it with no point twice in a row.
    pub(super) fn end_line(&mut self) {
        let open = self.open();
        let mut kept = open;
        for at in open..self.points.len() {
            if kept == open || self.points[at] != self.points[kept - 1] {
                self.points[kept] = self.points[at];
                kept += 1;
            }
        }
        self.points.truncate(kept);
        self.end();
    }

    fn part(&self, i: usize) -> &[Spot] {
        let from = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.points[from..self.ends[i]]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[Spot]> {
        (0..self.len()).map(|i| self.part(i))
    }
}

/// Room for cutting, reused from feature to feature. `parts` holds what is to be cut; [`Clipper::begin`] empties it.
#[derive(Debug)]
pub(super) struct Clipper {
    pub parts: Parts,
    kept: Parts,
    /// The parts of rings on the kept side of a side, each from its entry there to its exit.
    chains: Parts,
    links: Links,
    /// The sign of each ring's area.
    signs: Vec<i8>,
}

/// Room for joining chains along a side.
#[derive(Debug, Default)]
struct Links {
    /// Place along the side, chain, whether it enters there.
    ends: Vec<(i64, usize, bool)>,
    open: Vec<(usize, bool)>,
    next: Vec<usize>,
    used: Vec<bool>,
}

/// Points for which there is room from the start: growing to them takes longer than cutting them.
const USUAL: usize = 512;

impl Clipper {
    pub(super) fn new() -> Self {
        let parts = || Parts { points: Vec::with_capacity(USUAL), ends: Vec::with_capacity(USUAL / 16) };
        Self { parts: parts(), kept: parts(), chains: parts(), links: Links::default(), signs: Vec::new() }
    }

    /// Points for which there is room.
    pub(super) const fn room(&self) -> usize {
        self.parts.points.capacity() + self.kept.points.capacity() + self.chains.points.capacity()
    }

    /// Empties `parts`.
    pub(super) fn begin(&mut self) -> &mut Parts {
        self.parts.clear();
        &mut self.parts
    }

    /// Appends what the window keeps of the polygon in `parts` to `shape`: outer rings each followed by their holes. Rings do not repeat their
    /// first point; outer rings have positive doubled area, holes negative, and they do not cross.
    pub(super) fn polygon(&mut self, window: Window, shape: &mut Shape) {
        if !self.cut_to(window, true) {
            return;
        }
        self.tidied(window);
        let outers = || self.signs.iter().enumerate().filter(|(_, sign)| **sign > 0).map(|(i, _)| i);
        let holes = || self.signs.iter().enumerate().filter(|(_, sign)| **sign < 0).map(|(i, _)| i);
        let mut push = |i: usize| shape.push(self.kept.part(i).iter().map(|p| (p.0 as i32, p.1 as i32)));
        if holes().next().is_none() {
            return outers().for_each(push);
        }
        let alone = outers().nth(1).is_none();
        let home = |hole: &usize| {
            let around = |outer: &usize| alone || encloses(self.kept.part(*outer), self.kept.part(*hole));
            outers().find(around).or_else(|| outers().next())
        };
        let homes: Vec<(usize, Option<usize>)> = holes().map(|hole| (hole, home(&hole))).collect();
        for outer in outers() {
            push(outer);
            homes.iter().filter(|(_, home)| *home == Some(outer)).for_each(|(hole, _)| push(*hole));
        }
    }

    /// Appends what the window keeps of the lines in `parts` to `shape`; they have no point twice in a row.
    pub(super) fn lines(&mut self, window: Window, shape: &mut Shape) {
        if !self.cut_to(window, false) {
            return;
        }
        for line in self.parts.iter().filter(|line| line.len() >= 2) {
            shape.push(line.iter().map(|p| (p.0 as i32, p.1 as i32)));
        }
    }

    /// Cuts lines or rings to a window, one side after the other; whether anything is left.
    fn cut_to(&mut self, Window { low, high }: Window, rings: bool) -> bool {
        // Cutting makes the box smaller; that a side is looked at in vain then costs less than finding by how much.
        let (min, max) = corners(&self.parts.points);
        for side in 0..4 {
            let (least, most) = if side < 2 { (min.0, max.0) } else { (min.1, max.1) };
            if most < low || least > high {
                return false;
            }
            let crossed = if side % 2 == 0 { least < low } else { most > high };
            if !crossed {
                continue;
            }
            match (side, rings) {
                (0, true) => self.cut_rings(Side::<true, true> { limit: low }),
                (1, true) => self.cut_rings(Side::<true, false> { limit: high }),
                (2, true) => self.cut_rings(Side::<false, true> { limit: low }),
                (_, true) => self.cut_rings(Side::<false, false> { limit: high }),
                (0, false) => self.cut_lines(Side::<true, true> { limit: low }),
                (1, false) => self.cut_lines(Side::<true, false> { limit: high }),
                (2, false) => self.cut_lines(Side::<false, true> { limit: low }),
                (_, false) => self.cut_lines(Side::<false, false> { limit: high }),
            }
        }
        true
    }

    fn cut_lines<const V: bool, const G: bool>(&mut self, side: Side<V, G>) {
        let Self { parts, kept, .. } = self;
        kept.clear();
        for points in parts.iter() {
            let mut before: Option<(Spot, bool)> = None;
            for &p in points {
                let inside = side.keeps(p);
                match before {
                    Some((b, false)) if inside => kept.extend([side.cut(b, p), p]),
                    Some((b, true)) if !inside => {
                        kept.push(side.cut(b, p));
                        kept.end_line();
                    }
                    _ if inside => kept.push(p),
                    _ => {}
                }
                before = Some((p, inside));
            }
            if kept.points.len() > kept.open() {
                kept.end_line();
            }
        }
        swap(parts, kept);
    }

    fn cut_rings<const V: bool, const G: bool>(&mut self, side: Side<V, G>) {
        let Self { parts, kept, chains, links, .. } = self;
        kept.clear();
        chains.clear();
        for ring in parts.iter() {
            if ring.iter().all(|p| side.keeps(*p)) {
                kept.points.extend_from_slice(ring);
                kept.end();
            } else {
                cut_ring(ring, side, chains);
            }
        }
        links.join::<V>(chains, kept);
        swap(parts, kept);
    }

    /// Into `kept` the rings of `parts` without repeated points and spikes, as far as they have an area; into `signs` its sign.
    fn tidied(&mut self, window: Window) {
        let Self { parts, kept, signs, .. } = self;
        let small = window.low > -AREA_SIDE && window.high < AREA_SIDE;
        kept.clear();
        signs.clear();
        for ring in parts.iter() {
            let open = kept.points.len();
            let tidy_area = if small { area_of_tidy(ring.iter().copied()) } else { None };
            let sign = if let Some(area) = tidy_area {
                kept.points.extend_from_slice(ring);
                area.signum() as i8
            } else {
                tidy(ring, &mut kept.points);
                doubled_area(&kept.points[open..]).signum() as i8
            };
            if sign == 0 {
                kept.points.truncate(open);
            } else {
                kept.end();
                signs.push(sign);
            }
        }
    }
}

/// Appends the parts of a ring on the kept side, each from its entry on the side to its exit. From one crossing to the next the points are taken as
/// they stand.
fn cut_ring<const V: bool, const G: bool>(ring: &[Spot], side: Side<V, G>, chains: &mut Parts) {
    let after = |i: usize| if i + 1 == ring.len() { 0 } else { i + 1 };
    let enters = |i: &usize| !side.keeps(ring[*i]) && side.keeps(ring[after(*i)]);
    let Some(start) = (0..ring.len()).find(enters) else { return };
    // Once around, and back at the start, which is not kept.
    let (mut before, mut inside) = (ring[start], false);
    for mut rest in [&ring[start + 1..], &ring[..=start]] {
        loop {
            let alike = rest.iter().position(|p| side.keeps(*p) != inside).unwrap_or(rest.len());
            let (run, onward) = rest.split_at(alike);
            if inside {
                chains.points.extend_from_slice(run);
            }
            before = run.last().copied().unwrap_or(before);
            let Some(next) = onward.first() else { break };
            chains.push(side.cut(before, *next));
            if inside {
                chains.end();
            }
            (rest, inside) = (onward, !inside);
        }
    }
}

impl Links {
    /// Joins chains to rings along a side of this direction: in the order of their ends there, inside and outside alternate.
    fn join<const VERTICAL: bool>(&mut self, chains: &Parts, kept: &mut Parts) {
        let Self { ends, open, next, used } = self;
        ends.clear();
        for (i, chain) in chains.iter().enumerate() {
            if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
                let along = |p: &Spot| if VERTICAL { p.1 } else { p.0 };
                ends.extend([(along(first), i, true), (along(last), i, false)]);
            }
        }
        ends.sort_unstable();
        next.clear();
        next.resize(chains.len(), usize::MAX);
        open.clear();
        for &(_, chain, is_entry) in ends.iter() {
            match open.last() {
                Some(&(other, other_is_entry)) if other_is_entry != is_entry => {
                    let (exit, entry) = if is_entry { (other, chain) } else { (chain, other) };
                    next[exit] = entry;
                    open.pop();
                }
                _ => open.push((chain, is_entry)),
            }
        }
        used.clear();
        used.resize(chains.len(), false);
        for start in 0..chains.len() {
            let begun = kept.points.len();
            let mut at = start;
            while at < chains.len() && !used[at] {
                used[at] = true;
                kept.points.extend_from_slice(chains.part(at));
                at = next[at];
            }
            if kept.points.len() >= begun + 3 {
                kept.end();
            } else {
                kept.points.truncate(begun);
            }
        }
    }
}

/// Products of differences of smaller coordinates fit into 64 bits, two of them added too.
const AREA_SIDE: i64 = 1 << 29;

/// Twice the area of a ring of three points and more that [`tidy`] would leave as it is; `None` of others. For coordinates below [`AREA_SIDE`].
pub(super) fn area_of_tidy(mut ring: impl DoubleEndedIterator<Item = Spot> + Clone) -> Option<i64> {
    let step = |from: Spot, to: Spot| (to.0 - from.0, to.1 - from.1);
    let (last, first) = (ring.clone().next_back()?, ring.next()?);
    let (mut from, mut along, mut edges) = (first, step(last, first), 1);
    let mut clean = along != (0, 0);
    let mut doubled_area = 0_i64;
    for to in ring.chain([first]) {
        let next = step(from, to);
        let back = along.0 * next.1 == along.1 * next.0 && along.0 * next.0 + along.1 * next.1 < 0;
        clean &= !back && next != (0, 0);
        // Only the whole sum has to fit.
        doubled_area = doubled_area.wrapping_add(from.0 * next.1 - from.1 * next.0);
        (from, along, edges) = (to, next, edges + 1);
    }
    (clean && edges > 3).then_some(doubled_area)
}

/// Appends a ring to `kept` without repeated points and spikes (`a b` and straight back); nothing when no three points are left. The area stays.
pub(super) fn tidy(ring: &[Spot], kept: &mut Vec<Spot>) {
    let open = kept.len();
    for &p in ring {
        loop {
            match &kept[open..] {
                [.., last] if *last == p => break,
                [.., a, b] if is_spike(*a, *b, p) => {
                    kept.pop();
                }
                _ => {
                    kept.push(p);
                    break;
                }
            }
        }
    }
    // The same around the seam.
    loop {
        match &kept[open..] {
            [first, .., last] if first == last => {
                kept.pop();
            }
            [first, .., a, b] if is_spike(*a, *b, *first) => {
                kept.pop();
            }
            [first, second, .., last] if is_spike(*last, *first, *second) => {
                kept.remove(open);
            }
            _ => break,
        }
    }
    if kept.len() < open + 3 {
        kept.truncate(open);
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
        let mut clipper = Clipper::new();
        for ring in rings {
            clipper.parts.extend(ring.iter().copied());
            clipper.parts.end();
        }
        clipper.polygon(WINDOW, &mut shape);
        shape.parts().map(<[_]>::to_vec).collect()
    }

    fn cut(line: &[Spot]) -> Vec<Vec<(i32, i32)>> {
        let mut shape = Shape::new(Geometry::Line);
        let mut clipper = Clipper::new();
        clipper.parts.extend(line.iter().copied());
        clipper.parts.end_line();
        clipper.lines(WINDOW, &mut shape);
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
            same_cut(Side::<true, true> { limit: WINDOW.low }, p, q);
            same_cut(Side::<true, false> { limit: WINDOW.high }, p, q);
            same_cut(Side::<false, true> { limit: WINDOW.low }, p, q);
            same_cut(Side::<false, false> { limit: WINDOW.high }, p, q);
        }
    }

    fn same_cut<const V: bool, const G: bool>(side: Side<V, G>, p: Spot, q: Spot) {
        if side.keeps(p) != side.keeps(q) {
            assert_eq!(side.cut(p, q), side.cut(q, p));
        }
    }

    #[test]
    fn a_line_in_and_out_becomes_two() {
        let parts = cut(&[(-10, 5), (20, 5), (20, -5), (40, -5), (40, 5), (130, 5)]);
        assert_eq!(parts, [vec![(0, 5), (20, 5), (20, 0)], vec![(40, 0), (40, 5), (100, 5)]]);
    }

    #[test]
    fn a_touch_from_outside_leaves_nothing() {
        assert!(clipped(&[&[(-20, 0), (0, 50), (-20, 100)]]).is_empty());
        assert!(cut(&[(-20, 0), (0, 50), (-20, 100)]).is_empty());
    }
}
