//! The index against plain ray crossing over every ring, on random points, every vertex, edge midpoints and one step off.

use super::*;
use crate::coverage::build::{BuildOptions, Claim, build};
use crate::coverage::{FaceId, HalfArc};

struct Seeded(u64);

impl Seeded {
    fn between(&mut self, low: i32, high: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + ((self.0 >> 20) % (i64::from(high) - i64::from(low) + 1) as u64) as i32
    }
}

/// A crooked partition with an island, a hole of nobody's land and many horizontal, vertical and collinear edges.
fn coverage(seed: u64) -> Coverage {
    let mut random = Seeded(seed);
    let n = 14i32;
    let post: Vec<Vec<LatticePoint>> = (0..=n)
        .map(|j| {
            let mut jog = || if random.between(0, 2) == 0 { 0 } else { random.between(-300, 300) };
            (0..=n).map(|i| LatticePoint::new(i * 1000 + jog(), j * 1000 + jog())).collect()
        })
        .collect();
    let mut claims = Vec::new();
    for j in 0..n as usize {
        for i in 0..n as usize {
            let ring = vec![post[j][i], post[j][i + 1], post[j + 1][i + 1], post[j + 1][i]];
            let mut rings = vec![ring];
            if (i, j) == (3, 4) {
                let c = LatticePoint::new(i as i32 * 1000 + 500, j as i32 * 1000 + 500);
                let island: Vec<_> = [(-50, -50), (50, -50), (50, 50), (-50, 50)]
                    .into_iter()
                    .map(|(x, y)| LatticePoint::new(c.x + x, c.y + y))
                    .collect();
                rings.push(island.clone());
                claims.push(Claim { id: FaceId(9000), polygons: vec![vec![island]], excluded: false, weight: 0 });
            }
            let excluded = (i, j) == (7, 7);
            claims.push(Claim { id: FaceId(claims.len() as u64 + 1), polygons: vec![rings], excluded, weight: 0 });
        }
    }
    let lattice = Lattice::for_extent(116.60, 35.32, 116.80, 35.53);
    let result = build(lattice, &claims, &BuildOptions { snap_m: 0.0, ..BuildOptions::default() });
    result.coverage.expect("a clean partition")
}

/// Every face whose rings hold the point just east of (and by far less north of) `p`: plain even-odd crossing of a westward ray.
fn oracle(coverage: &Coverage, p: LatticePoint) -> Vec<FaceIx> {
    let holds = |halves: &[HalfArc]| {
        let mut inside = false;
        for half in halves {
            for (a, b) in coverage.arcs()[half.arc().ix()].edges() {
                let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
                if low.y <= p.y && p.y < high.y {
                    // The ray starts east of a vertex or edge it stands on.
                    let side = crate::coverage::exact::cross(low, high, p);
                    inside ^= side <= 0;
                }
            }
        }
        inside
    };
    (coverage.faces().iter().enumerate().skip(1))
        .filter(|(_, face)| face.rings.iter().filter(|r| holds(&r.halves)).count() % 2 == 1)
        .map(|(i, _)| FaceIx(i as u32))
        .collect()
}

fn check(coverage: &Coverage, locator: &Locator, p: LatticePoint) {
    let expected = oracle(coverage, p);
    assert!(expected.len() <= 1, "{p:?} lies in {expected:?}");
    let face = locator.cells.face_at(p);
    assert_eq!(face, expected.first().copied().unwrap_or(FaceIx::OUTSIDE), "{p:?}");
}

#[test]
fn the_index_agrees_with_plain_ray_crossing_everywhere() {
    for seed in 1..=6 {
        let coverage = coverage(seed);
        let locator = Locator::new(&coverage);
        let mut random = Seeded(seed * 31);
        for _ in 0..4_000 {
            check(&coverage, &locator, LatticePoint::new(random.between(-900, 14_900), random.between(-900, 14_900)));
        }
        for (a, b) in coverage.arcs().iter().flat_map(|arc| arc.edges()) {
            let middle = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
            for p in [a, b, middle] {
                for (dx, dy) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)] {
                    check(&coverage, &locator, LatticePoint::new(p.x + dx, p.y + dy));
                }
            }
        }
    }
}

#[test]
fn every_arc_point_of_the_district_has_one_owner_that_touches_it() {
    let coverage = coverage(3);
    let locator = Locator::new(&coverage);
    for arc in coverage.arcs() {
        for &p in &arc.points {
            let owner = locator.owner(p);
            assert_eq!(coverage.faces()[owner.ix()].role, FaceRole::Unit, "{p:?}");
            let touches = coverage
                .arcs()
                .iter()
                .any(|a| (a.left == owner || a.right == owner) && a.edges().any(|(s, e)| on_segment(s, e, p)));
            assert!(touches, "{p:?} given to {owner:?}");
            let answer = locator.locate(coverage.lattice().position(p), 0.0);
            assert_eq!((answer.outcome, answer.owner), (Outcome::OnBoundary, Some(owner)));
            assert_eq!(answer.boundary_m, 0.0);
        }
    }
}

#[test]
fn distances_and_neighbours_agree_with_a_scan_of_all_edges() {
    let coverage = coverage(5);
    let locator = Locator::new(&coverage);
    let mut random = Seeded(17);
    for _ in 0..500 {
        let p = LatticePoint::new(random.between(-40_000, 60_000), random.between(-40_000, 60_000));
        let metric = Metric::at(coverage.lattice(), p);
        let answer = locator.locate(coverage.lattice().position(p), 0.05);
        let all = coverage.arcs().iter().flat_map(|arc| {
            arc.edges().map(|(a, b)| Edge { a, b, left: arc.left, right: arc.right }).collect::<Vec<_>>()
        });
        let unit = |f: FaceIx| coverage.faces()[f.ix()].role == FaceRole::Unit;
        let edges: Vec<(Edge, f64)> = all.map(|e| (e, metric.to_edge(&e))).collect();
        let relevant = |e: &Edge| answer.owner.is_some() || unit(e.left) || unit(e.right);
        let least = edges.iter().filter(|(e, _)| relevant(e)).map(|(_, far)| *far).fold(f64::INFINITY, f64::min);
        assert!((answer.boundary_m - least).abs() < 1e-9, "{p:?}: {} against {least}", answer.boundary_m);
        let mut near: BTreeMap<FaceIx, f64> = BTreeMap::new();
        for (e, far) in &edges {
            for f in [e.left, e.right] {
                if *far <= 0.05 && unit(f) && Some(f) != answer.owner {
                    let least = near.entry(f).or_insert(*far);
                    *least = least.min(*far);
                }
            }
        }
        let found: BTreeMap<FaceIx, f64> = answer.neighbours.iter().map(|n| (n.face, n.distance_m)).collect();
        assert_eq!(found, near);
        assert_eq!(answer.nearest.is_some(), answer.owner.is_none());
    }
}

#[test]
fn a_point_far_off_the_lattice_is_outside() {
    let locator = Locator::new(&coverage(1));
    let answer = locator.locate(Cgcs2000::clamped(-80.0, 35.0), 50.0);
    assert_eq!((answer.outcome, answer.owner, answer.nearest), (Outcome::Outside, None, None));
}
