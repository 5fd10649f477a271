//! The index against plain ray crossing over every ring, on random points, every vertex, edge midpoints and one step off.

use super::half_open::Segment;
use super::*;
use crate::coverage::build::{BuildOptions, Claim, build};
use crate::coverage::{ArcIx, Delta, FaceId, FaceRole, HalfArc};

struct Seeded(u64);

impl Seeded {
    fn between(&mut self, low: i32, high: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + ((self.0 >> 20) % (i64::from(high) - i64::from(low) + 1) as u64) as i32
    }
}

/// A crooked partition with an island, a hole of nobody's land and many horizontal, vertical and collinear edges.
fn coverage(seed: u64) -> Coverage {
    coverage_in_steps(seed, 1)
}

/// The same with every length so many times as long.
fn coverage_in_steps(seed: u64, times: i32) -> Coverage {
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
            // One inside, and one on the rim, where two pieces of nobody's land meet.
            let excluded = (i, j) == (7, 7) || (i, j) == (13, 5);
            claims.push(Claim { id: FaceId(claims.len() as u64 + 1), polygons: vec![rings], excluded, weight: 0 });
        }
    }
    for point in claims.iter_mut().flat_map(|claim| claim.polygons.iter_mut()).flatten().flatten() {
        *point = LatticePoint::new(point.x * times, point.y * times);
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

fn coverage_edges(coverage: &Coverage) -> impl Iterator<Item = (Segment, [FaceIx; 2])> {
    coverage.arcs().iter().flat_map(|arc| arc.edges().map(|(a, b)| (Segment { a, b }, [arc.left, arc.right])))
}

fn check(coverage: &Coverage, locator: &Locator, p: LatticePoint) {
    let expected = oracle(coverage, p);
    assert!(expected.len() <= 1, "{p:?} lies in {expected:?}");
    let (token, edges_near) = locator.cells.face_at(p);
    let on_edge = coverage_edges(coverage).any(|(s, _)| on_segment(s.a, s.b, p));
    assert!(edges_near || !on_edge, "{p:?} lies on an edge of which its square knows nothing");
    assert_eq!(token.face(), expected.first().copied().unwrap_or(FaceIx::OUTSIDE), "{p:?}");
}

#[test]
fn the_index_agrees_with_plain_ray_crossing_everywhere() {
    // Drawn at full size, and 1 : 6 or so, where the drawing alone decides nothing close to an edge.
    for (seed, times) in (1..=6).map(|seed| (seed, 1)).chain([(7, 45_001), (8, 140_000)]) {
        let coverage = coverage_in_steps(seed, times);
        let locator = Locator::new(&coverage);
        let mut random = Seeded(seed * 31);
        let mut anywhere = || random.between(-900 * times, 14_900 * times);
        for _ in 0..4_000 {
            check(&coverage, &locator, LatticePoint::new(anywhere(), anywhere()));
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
    for i in 0..1_500 {
        let p = match i % 3 {
            0 => LatticePoint::new(random.between(-40_000, 60_000), random.between(-40_000, 60_000)),
            1 => LatticePoint::new(random.between(0, 14_000), random.between(0, 14_000)),
            // East of nobody's land on the rim.
            _ => LatticePoint::new(random.between(13_500, 15_500), random.between(4_500, 6_500)),
        };
        let metric = Metric::at(coverage.lattice(), p);
        let answer = locator.locate(coverage.lattice().position(p), 0.05);
        let unit = |f: FaceIx| coverage.faces()[f.ix()].role == FaceRole::Unit;
        let edges: Vec<_> = coverage_edges(&coverage).map(|(s, sides)| (sides, metric.to_segment(s))).collect();
        let relevant = |[left, right]: [FaceIx; 2]| answer.owner.is_some() || unit(left) || unit(right);
        let least = edges.iter().filter(|(s, _)| relevant(*s)).map(|(_, far)| *far).fold(f64::INFINITY, f64::min);
        assert!((answer.boundary_m - least).abs() < 1e-9, "{p:?}: {} against {least}", answer.boundary_m);
        let mut near: BTreeMap<FaceIx, f64> = BTreeMap::new();
        for (sides, far) in &edges {
            for f in *sides {
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

/// Points that matter to a coverage: random ones, and all vertices and edge midpoints with their eight neighbours.
fn telling_points(coverage: &Coverage, seed: u64) -> Vec<LatticePoint> {
    let mut random = Seeded(seed);
    let mut points: Vec<LatticePoint> =
        (0..3_000).map(|_| LatticePoint::new(random.between(-900, 14_900), random.between(-900, 14_900))).collect();
    for (Segment { a, b }, _) in coverage_edges(coverage) {
        let middle = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
        for p in [a, middle] {
            points.extend((-1..=1).flat_map(|dx| (-1..=1).map(move |dy| LatticePoint::new(p.x + dx, p.y + dy))));
        }
    }
    points
}

#[test]
fn a_batch_is_the_points_one_by_one_in_order() {
    for seed in [2, 9] {
        let coverage = coverage(seed);
        let locator = Locator::new(&coverage);
        let lattice = coverage.lattice();
        let mut positions: Vec<Cgcs2000> =
            telling_points(&coverage, seed).into_iter().map(|p| lattice.position(p)).collect();
        positions.extend([Cgcs2000::clamped(-80.0, 35.0), Cgcs2000::clamped(180.0, 90.0)]);
        let one_by_one: Vec<FaceIx> = positions.iter().map(|p| locator.owner_of(*p)).collect();
        assert!(one_by_one.iter().collect::<std::collections::BTreeSet<_>>().len() > 190, "most faces are met");
        let mut owners = vec![FaceIx(7); 3];
        for len in [positions.len(), 0, 1, 511, 512, 513, 1025] {
            locator.owners(&positions[..len], &mut owners);
            assert_eq!(owners, one_by_one[..len]);
        }
    }
}

#[test]
fn distances_of_a_batch_are_those_of_the_points_one_by_one() {
    // Of some steps and of a thousand times as many, which is how edges lie among squares in a district; the last has long edges among short ones.
    let coverages = [coverage(2), coverage(9), coverage_in_steps(5, 1000), coverage_in_steps(6, 30_000)];
    for (seed, coverage) in (1..).zip(&coverages) {
        let locator = Locator::new(coverage);
        let lattice = coverage.lattice();
        let mut random = Seeded(seed);
        let (low, high) = coverage.bounds().expect("has points");
        let (wide, up) = (high.x - low.x, high.y - low.y);
        let mut points = telling_points(coverage, seed);
        points.extend((0..4000).map(|_| {
            let x = random.between(low.x - wide / 9, high.x + wide / 9);
            LatticePoint::new(x, random.between(low.y - up / 9, high.y + up / 9))
        }));
        let mut positions: Vec<Cgcs2000> = points.into_iter().map(|p| lattice.position(p)).collect();
        positions.extend([Cgcs2000::clamped(-80.0, 35.0), Cgcs2000::clamped(180.0, 90.0)]);
        let mut located = Vec::new();
        for accuracy_m in [0.0, 0.02, 40.0, f64::NAN, f64::INFINITY] {
            let one_by_one: Vec<Located> = positions.iter().map(|p| locator.locate(*p, accuracy_m)).collect();
            for len in [positions.len(), 0, 1, 15, 16, 63, 64, 65, 513] {
                locator.locate_all(&positions[..len], accuracy_m, &mut located);
                assert_eq!(located, one_by_one[..len]);
            }
        }
    }
}

#[test]
fn faces_of_one_step_and_edges_of_a_thousand_million_are_indexed_too() {
    let p = LatticePoint::new;
    let lattice = Lattice::for_extent(116.60, 35.32, 116.80, 35.53);
    let claim = |id: u64, ring: Vec<LatticePoint>| Claim {
        id: FaceId(id),
        polygons: vec![vec![ring]],
        excluded: false,
        weight: 0,
    };
    // Three faces that meet in one step, beside two that share one slanted edge of a thousand million steps.
    let claims = [
        claim(1, vec![p(0, 0), p(1, 0), p(1, 1), p(0, 1)]),
        claim(2, vec![p(1, 0), p(2, 0), p(2, 1), p(1, 1)]),
        claim(3, vec![p(0, 1), p(1, 1), p(2, 1), p(2, 2), p(0, 2)]),
        claim(4, vec![p(2, 2), p(2, 1), p(1_000_000_000, 900_000_001), p(2, 900_000_001)]),
        claim(5, vec![p(2, 1), p(1_000_000_000, 1), p(1_000_000_000, 900_000_001)]),
    ];
    let options = BuildOptions { snap_m: 0.0, ..BuildOptions::default() };
    let built = build(lattice, &claims, &options);
    let coverage = built.coverage.expect("a clean partition");
    let locator = Locator::new(&coverage);
    let mut random = Seeded(4);
    let small = (-2..=4).flat_map(|x| (-2..=4).map(move |y| p(x, y)));
    let large: Vec<_> =
        (0..5_000).map(|_| p(random.between(-9, 1_000_000_009), random.between(-9, 900_000_009))).collect();
    let steep = (0..5_000).map(|_| random.between(3, 999_999_999)).map(|x| {
        let y = 1 + (i64::from(x - 2) * 900_000_000 / 999_999_998) as i32;
        p(x, y)
    });
    for point in small.chain(large).chain(steep.collect::<Vec<_>>()) {
        check(&coverage, &locator, point);
    }
}

/// The rows of a coverage's tables, to be changed by hand.
struct Tables {
    lattice: Lattice,
    junctions: Vec<LatticePoint>,
    arcs: Vec<crate::coverage::Arc>,
    faces: Vec<(FaceId, FaceRole, bool)>,
}

impl Tables {
    fn of(coverage: &Coverage) -> Self {
        Self {
            lattice: *coverage.lattice(),
            junctions: coverage.junctions().to_vec(),
            arcs: coverage.arcs().to_vec(),
            faces: coverage.faces().iter().map(|f| (f.id, f.role, f.exclave)).collect(),
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::from_tables(self.lattice, self.junctions.clone(), self.arcs.clone(), self.faces.clone())
            .expect("tables")
    }
}

/// One change, whatever it does to the shapes: an index must follow tables, and whether they are valid is for others to say.
fn change(tables: &mut Tables, random: &mut Seeded) -> Delta {
    let any = |random: &mut Seeded, count: usize| random.between(0, count as i32 - 1) as usize;
    let arc = any(random, tables.arcs.len());
    match random.between(0, 3) {
        // A new bend in an arc, small enough to cross nothing.
        0 | 1 => {
            let mut points = tables.arcs[arc].points.to_vec();
            let at = any(random, points.len() - 1);
            let (a, b) = (points[at], points[at + 1]);
            let bend = LatticePoint::new(
                i32::midpoint(a.x, b.x) + random.between(-3, 3),
                i32::midpoint(a.y, b.y) + random.between(-3, 3),
            );
            if bend != a && bend != b {
                points.insert(at + 1, bend);
                tables.arcs[arc].points = points.into();
            }
            Delta { arcs: vec![ArcIx(arc as u32)], faces: vec![], bounds: None }
        }
        // Two neighbours become one: what lay between them goes, and the last arc takes its place.
        2 => {
            let (keep, lose) = (tables.arcs[arc].left, tables.arcs[arc].right);
            let unit = |f: FaceIx| tables.faces[f.ix()].1 == FaceRole::Unit;
            if !unit(keep) || !unit(lose) {
                return Delta::default();
            }
            let mut changed = std::collections::BTreeSet::new();
            for (i, arc) in tables.arcs.iter_mut().enumerate() {
                for side in [&mut arc.left, &mut arc.right] {
                    if *side == lose {
                        *side = keep;
                        changed.insert(ArcIx(i as u32));
                    }
                }
            }
            let mut i = 0;
            while i < tables.arcs.len() {
                if tables.arcs[i].left == tables.arcs[i].right {
                    changed.insert(ArcIx(tables.arcs.len() as u32 - 1));
                    tables.arcs.swap_remove(i);
                    changed.insert(ArcIx(i as u32));
                } else {
                    i += 1;
                }
            }
            Delta { arcs: changed.into_iter().collect(), faces: vec![], bounds: None }
        }
        _ => {
            let face = 1 + any(random, tables.faces.len() - 1);
            let role = &mut tables.faces[face].1;
            *role = if *role == FaceRole::Unit { FaceRole::Excluded } else { FaceRole::Unit };
            Delta { arcs: vec![], faces: vec![FaceIx(face as u32)], bounds: None }
        }
    }
}

#[test]
fn an_index_that_follows_edits_is_the_index_built_anew() {
    for seed in 1..=3 {
        let mut random = Seeded(seed * 97);
        let mut tables = Tables::of(&coverage(seed));
        let mut followed = Locator::new(&tables.coverage());
        for round in 0..60 {
            let delta = change(&mut tables, &mut random);
            let next = tables.coverage();
            followed.update(&next, &delta);
            let anew = Locator::new(&next);
            for p in telling_points(&next, seed * 1000 + round) {
                assert_eq!(followed.owner(p), anew.owner(p), "{p:?} after change {round} of seed {seed}: {delta:?}");
            }
            for p in telling_points(&next, round).into_iter().step_by(97) {
                let position = next.lattice().position(p);
                assert_eq!(followed.locate(position, 0.05), anew.locate(position, 0.05), "{p:?} after change {round}");
            }
        }
    }
}

#[test]
fn an_index_grows_with_its_district_and_does_not_hoard() {
    let mut tables = Tables::of(&coverage(4));
    let mut locator = Locator::new(&tables.coverage());
    let small = locator.bytes();
    // The outline is pushed far out, so that the grid no longer reaches.
    let outer =
        tables.arcs.iter().position(|a| a.left == FaceIx::OUTSIDE || a.right == FaceIx::OUTSIDE).expect("an outline");
    let mut points = tables.arcs[outer].points.to_vec();
    let centre = LatticePoint::new(7_000, 7_000);
    let away = |v: i32, c: i32| v + (v - c).signum() * 30_000;
    let middle = LatticePoint::new(
        away(i32::midpoint(points[0].x, points[1].x), centre.x),
        away(i32::midpoint(points[0].y, points[1].y), centre.y),
    );
    points.insert(1, middle);
    tables.arcs[outer].points = points.into();
    let next = tables.coverage();
    locator.update(&next, &Delta { arcs: vec![ArcIx(outer as u32)], faces: vec![], bounds: None });
    let anew = Locator::new(&next);
    assert_eq!(locator.bytes(), anew.bytes());
    assert_eq!(locator.owner(middle), anew.owner(middle));
    // Ten thousand updates of one arc leave no more behind than the index is large.
    for _ in 0..10_000 {
        locator.update(&next, &Delta { arcs: vec![ArcIx(3)], faces: vec![], bounds: None });
    }
    assert!(locator.bytes() < 3 * small, "{} bytes from {small}", locator.bytes());
}
