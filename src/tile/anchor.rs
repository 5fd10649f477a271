//! Where a unit's name stands: the pole of inaccessibility, the point furthest from every border.
//!
//! Source: Garcia-Castellanos & Lombardo 2007; the search by quartering cells is Mapbox's polylabel.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::f64::consts::SQRT_2;

use super::clip::Spot;

/// Names are wider than high: a place with room to its sides is worth more than one with as much room above and below.
const WIDER: f64 = 1.6;

/// The anchor of a polygon: its rings (first point not repeated), outer and holes in any order. Good to a fiftieth of the
/// polygon's size. `None` without area.
pub(super) fn anchor(rings: &[Vec<Spot>]) -> Option<(f64, f64)> {
    let rings: Vec<Vec<(f64, f64)>> =
        rings.iter().map(|r| r.iter().map(|p| (p.0 as f64, p.1 as f64 * WIDER)).collect()).collect();
    let points = || rings.iter().flatten();
    let (mut lo, mut hi) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for p in points() {
        lo = (lo.0.min(p.0), lo.1.min(p.1));
        hi = (hi.0.max(p.0), hi.1.max(p.1));
    }
    let size = (hi.0 - lo.0).min(hi.1 - lo.1);
    if size.partial_cmp(&0.0) != Some(Ordering::Greater) {
        return None;
    }
    let edges = edges(&rings);
    let precision = size / 50.0;
    let mut best = Cell::new(centroid(&rings).unwrap_or(lo), 0.0, &edges, f64::MIN)?;
    let mut queue = BinaryHeap::new();
    let half = size / 2.0;
    let mut x = lo.0;
    while x < hi.0 {
        let mut y = lo.1;
        while y < hi.1 {
            queue.extend(Cell::new((x + half, y + half), half, &edges, best.distance + precision));
            y += size;
        }
        x += size;
    }
    while let Some(cell) = queue.pop() {
        if cell.distance > best.distance {
            best = cell;
        }
        if cell.reach() - best.distance <= precision {
            break;
        }
        let h = cell.half / 2.0;
        for (dx, dy) in [(-h, -h), (h, -h), (-h, h), (h, h)] {
            let centre = (cell.centre.0 + dx, cell.centre.1 + dy);
            queue.extend(Cell::new(centre, h, &edges, best.distance + precision));
        }
    }
    (best.distance > 0.0).then_some((best.centre.0, best.centre.1 / WIDER))
}

#[derive(Clone, Copy)]
struct Cell {
    centre: (f64, f64),
    half: f64,
    /// From the centre to the border, negative outside.
    distance: f64,
}

impl Cell {
    /// `None` when no point of it is further than `wanted` from the border.
    fn new(centre: (f64, f64), half: f64, edges: &[Edge], wanted: f64) -> Option<Self> {
        let distance = distance(centre, edges, wanted - half * SQRT_2)?;
        Some(Self { centre, half, distance })
    }

    /// The best that any point of the cell can have.
    fn reach(&self) -> f64 {
        self.distance + self.half * SQRT_2
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.reach().total_cmp(&other.reach())
    }
}

/// A side of a ring, ready to be asked how far it is.
struct Edge {
    from: (f64, f64),
    along: (f64, f64),
    to: (f64, f64),
    /// What makes a product with `along` a share of it: 1 / its length squared.
    share: f64,
}

fn edges(rings: &[Vec<(f64, f64)>]) -> Vec<Edge> {
    let edge = |from: (f64, f64), to: (f64, f64)| {
        let along = (to.0 - from.0, to.1 - from.1);
        let squared = along.0 * along.0 + along.1 * along.1;
        Edge { from, along, to, share: if squared > 0.0 { 1.0 / squared } else { 0.0 } }
    };
    let around = |ring: &Vec<(f64, f64)>| -> Vec<Edge> {
        let before = ring.last().into_iter().chain(ring);
        before.zip(ring).map(|(from, to)| edge(*from, *to)).collect()
    };
    rings.iter().flat_map(around).collect()
}

/// How many edges are measured before it is asked whether that was enough.
const AT_ONCE: usize = 16;

/// From a point to the nearest edge, negative outside. `None` as soon as one is no further than `wanted`.
fn distance(p: (f64, f64), edges: &[Edge], wanted: f64) -> Option<f64> {
    let enough = wanted.max(0.0) * wanted.max(0.0);
    let mut inside = false;
    let mut nearest = f64::MAX;
    for some in edges.chunks(AT_ONCE) {
        for Edge { from, along, to, share } in some {
            let (dx, dy) = (p.0 - from.0, p.1 - from.1);
            if (from.1 > p.1) != (to.1 > p.1) && dx < along.0 * dy / along.1 {
                inside = !inside;
            }
            let t = ((dx * along.0 + dy * along.1) * share).clamp(0.0, 1.0);
            let (x, y) = (t * along.0 - dx, t * along.1 - dy);
            nearest = nearest.min(x * x + y * y);
        }
        if nearest <= enough && wanted > 0.0 {
            return None;
        }
    }
    Some(if inside { nearest.sqrt() } else { -nearest.sqrt() })
}

fn centroid(rings: &[Vec<(f64, f64)>]) -> Option<(f64, f64)> {
    let origin = *rings.first()?.first()?;
    let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
    for ring in rings {
        for (i, &p) in ring.iter().enumerate() {
            let q = ring[(i + 1) % ring.len()];
            let (px, py, qx, qy) = (p.0 - origin.0, p.1 - origin.1, q.0 - origin.0, q.1 - origin.1);
            let cross = px * qy - qx * py;
            area += cross;
            x += (px + qx) * cross;
            y += (py + qy) * cross;
        }
    }
    (area != 0.0).then(|| (origin.0 + x / (3.0 * area), origin.1 + y / (3.0 * area)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_square_is_its_middle() {
        let found = anchor(&[vec![(0, 0), (1000, 0), (1000, 1000), (0, 1000)]]).expect("an anchor");
        assert!((found.0 - 500.0).abs() < 160.0 && (found.1 - 500.0).abs() < 20.0, "{found:?}");
    }

    #[test]
    fn a_name_stands_in_the_body_and_not_in_the_tail() {
        // A square with a long tail to the right; the centroid lies near the neck.
        let ring = vec![(0, 0), (400, 0), (400, 180), (2000, 180), (2000, 220), (400, 220), (400, 400), (0, 400)];
        let found = anchor(&[ring]).expect("an anchor");
        assert!((100.0..300.0).contains(&found.0) && (150.0..250.0).contains(&found.1), "{found:?}");
    }

    #[test]
    fn a_hole_pushes_the_name_aside() {
        let outer = vec![(0, 0), (1000, 0), (1000, 1000), (0, 1000)];
        let hole = vec![(300, 300), (300, 700), (700, 700), (700, 300)];
        let found = anchor(&[outer, hole]).expect("an anchor");
        assert!(!(300.0..700.0).contains(&found.0) || !(300.0..700.0).contains(&found.1), "{found:?}");
    }

    #[test]
    fn what_has_no_area_has_no_anchor() {
        assert_eq!(anchor(&[vec![(0, 0), (10, 0)]]), None);
        assert_eq!(anchor(&[]), None);
    }
}
