//! Where a unit's name stands: the pole of inaccessibility, the point furthest from every border.
//!
//! Source: Garcia-Castellanos & Lombardo 2007; the search by quartering cells is Mapbox's polylabel.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::f32::consts::SQRT_2;

use super::clip::Spot;

/// Names are wider than high: a place with room to its sides is worth more than one with as much room above and below.
const WIDER: f32 = 1.6;

/// The anchor of a polygon: its rings (first point not repeated), outer and holes in any order. Good to a fiftieth of the
/// polygon's size. `None` without area.
pub(super) fn anchor(rings: &[Vec<Spot>]) -> Option<(f64, f64)> {
    let points = || rings.iter().flatten();
    let corner: Spot = (points().map(|p| p.0).min()?, points().map(|p| p.1).min()?);
    // From the corner on, single precision is far finer than what is looked for, and twice as many sides are measured at a time.
    let seen = |p: &Spot| ((p.0 - corner.0) as f32, (p.1 - corner.1) as f32 * WIDER);
    let rings: Vec<Vec<(f32, f32)>> = rings.iter().map(|ring| ring.iter().map(seen).collect()).collect();
    let (width, height) = rings.iter().flatten().fold((0.0_f32, 0.0_f32), |hi, p| (hi.0.max(p.0), hi.1.max(p.1)));
    let size = width.min(height);
    if size <= 0.0 {
        return None;
    }
    let sides = sides(&rings);
    let precision = size / 50.0;
    let mut best = Cell::new(centroid(&rings).unwrap_or_default(), 0.0, &sides, f32::MIN)?;
    let mut queue = BinaryHeap::new();
    let half = size / 2.0;
    let mut x = 0.0;
    while x < width {
        let mut y = 0.0;
        while y < height {
            queue.extend(Cell::new((x + half, y + half), half, &sides, best.distance + precision));
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
            queue.extend(Cell::new(centre, h, &sides, best.distance + precision));
        }
    }
    let whole = |at: f32, from: i64| f64::from(at) + from as f64;
    (best.distance > 0.0).then(|| (whole(best.centre.0, corner.0), whole(best.centre.1 / WIDER, corner.1)))
}

#[derive(Clone, Copy)]
struct Cell {
    centre: (f32, f32),
    half: f32,
    /// From the centre to the border, negative outside.
    distance: f32,
}

impl Cell {
    /// `None` when no point of it is further than `wanted` from the border.
    fn new(centre: (f32, f32), half: f32, sides: &[Sides], wanted: f32) -> Option<Self> {
        let distance = distance(centre, sides, wanted - half * SQRT_2)?;
        Some(Self { centre, half, distance })
    }

    /// The best that any point of the cell can have.
    fn reach(&self) -> f32 {
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

/// How many sides are measured at a time.
const LANES: usize = 8;

/// Some sides of rings, ready to be asked how far they are. What is missing to so many is a point of one of them.
#[derive(Clone, Debug)]
struct Sides {
    x: [f32; LANES],
    y: [f32; LANES],
    y_to: [f32; LANES],
    dx: [f32; LANES],
    dy: [f32; LANES],
    /// What makes a product with (dx, dy) a share of it: 1 / its length squared.
    share: [f32; LANES],
    /// dx / dy, where that is something.
    slope: [f32; LANES],
}

fn sides(rings: &[Vec<(f32, f32)>]) -> Vec<Sides> {
    let ends: Vec<[(f32, f32); 2]> =
        rings.iter().flat_map(|ring| ring.last().into_iter().chain(ring).zip(ring)).map(|(p, q)| [*p, *q]).collect();
    let some = |ends: &[[(f32, f32); 2]]| {
        let side = |lane: usize| ends.get(lane).copied().unwrap_or([ends[0][0]; 2]);
        let of = |figure: fn([(f32, f32); 2]) -> f32| std::array::from_fn(|lane| figure(side(lane)));
        Sides {
            x: of(|[p, _]| p.0),
            y: of(|[p, _]| p.1),
            y_to: of(|[_, q]| q.1),
            dx: of(|[p, q]| q.0 - p.0),
            dy: of(|[p, q]| q.1 - p.1),
            share: of(|[p, q]| {
                let squared = (q.0 - p.0).powi(2) + (q.1 - p.1).powi(2);
                if squared > 0.0 { 1.0 / squared } else { 0.0 }
            }),
            slope: of(|[p, q]| if p.1 == q.1 { 0.0 } else { (q.0 - p.0) / (q.1 - p.1) }),
        }
    };
    ends.chunks(LANES).map(some).collect()
}

/// From a point to the nearest side, negative outside. `None` as soon as one is no further than `wanted`. Without a branch for a side, so that several
/// are measured by one instruction.
fn distance(p: (f32, f32), sides: &[Sides], wanted: f32) -> Option<f32> {
    let enough = if wanted > 0.0 { wanted * wanted } else { -1.0 };
    let mut crossed = [0_u32; LANES];
    let mut nearest = [f32::MAX; LANES];
    for some in sides {
        for lane in 0..LANES {
            let (dx, dy) = (p.0 - some.x[lane], p.1 - some.y[lane]);
            let beside = (some.y[lane] > p.1) != (some.y_to[lane] > p.1);
            crossed[lane] ^= u32::from(beside) & u32::from(dx < some.slope[lane] * dy);
            let share = (dx * some.dx[lane] + dy * some.dy[lane]) * some.share[lane];
            let share = if share > 0.0 { share } else { 0.0 };
            let share = if share < 1.0 { share } else { 1.0 };
            let (x, y) = (share * some.dx[lane] - dx, share * some.dy[lane] - dy);
            let squared = x * x + y * y;
            nearest[lane] = if squared < nearest[lane] { squared } else { nearest[lane] };
        }
        if nearest.iter().any(|squared| *squared <= enough) {
            return None;
        }
    }
    let nearest = nearest.into_iter().fold(f32::MAX, f32::min).sqrt();
    let inside = crossed.into_iter().fold(0, |odd, lane| odd ^ lane) == 1;
    Some(if inside { nearest } else { -nearest })
}

fn centroid(rings: &[Vec<(f32, f32)>]) -> Option<(f32, f32)> {
    let origin = *rings.first()?.first()?;
    let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
    for ring in rings {
        for (p, q) in ring.iter().zip(ring.iter().cycle().skip(1)) {
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

    /// As one would do it by hand, in double precision.
    fn plainly(p: (f64, f64), rings: &[Vec<(f64, f64)>]) -> f64 {
        let (mut inside, mut nearest) = (false, f64::MAX);
        for (a, b) in rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1))) {
            if (a.1 > p.1) != (b.1 > p.1) && p.0 < a.0 + (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) {
                inside = !inside;
            }
            let along = (b.0 - a.0, b.1 - a.1);
            let share = ((p.0 - a.0) * along.0 + (p.1 - a.1) * along.1) / (along.0.powi(2) + along.1.powi(2));
            let t = share.clamp(0.0, 1.0);
            nearest = nearest.min((a.0 + t * along.0 - p.0).hypot(a.1 + t * along.1 - p.1));
        }
        if inside { nearest } else { -nearest }
    }

    proptest::proptest! {
        #[test]
        fn sides_measured_together_are_as_far_as_one_by_one(
            radii in proptest::collection::vec(100.0..1000.0_f32, 3..40), x in 0.0..2000.0_f32, y in 0.0..2000.0_f32, wanted in -10.0..900.0_f32,
        ) {
            let turn = std::f32::consts::TAU / radii.len() as f32;
            let at = |(i, r): (usize, &f32)| (1000.0 + r * (turn * i as f32).cos(), 1000.0 + r * (turn * i as f32).sin());
            let star: Vec<(f32, f32)> = radii.iter().enumerate().map(at).collect();
            let small: Vec<(f32, f32)> = star.iter().rev().map(|p| (p.0 / 20.0 + 950.0, p.1 / 20.0 + 950.0)).collect();
            let rings = [star, small];
            let double = rings.each_ref().map(|ring| ring.iter().map(|p| (f64::from(p.0), f64::from(p.1))).collect());
            let truth = plainly((f64::from(x), f64::from(y)), &double);
            let found = distance((x, y), &sides(&rings), wanted).map(f64::from);
            let near = |a: f64, b: f64| (a - b).abs() < 0.01;
            match found {
                Some(found) => proptest::prop_assert!(near(found, truth) || near(found, -truth) && truth.abs() < 0.01, "{found}, {truth}"),
                None => proptest::prop_assert!(truth.abs() <= f64::from(wanted) + 0.01, "{truth} is further than {wanted}"),
            }
        }
    }
}
