//! The build against partitions whose right answer is known: clean, jittered, with dropped vertices, torn and broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod partition;

use partition::{Seeded, p, partition};
use wangge::coverage::build::{BuildOptions, Built, Claim, Decision, Patch, RingFaultKind, build};
use wangge::coverage::exact::doubled_area;
use wangge::coverage::region::{Group, trace};
use wangge::coverage::validate::faults;
use wangge::coverage::{Coverage, FaceId, FaceIx, FaceRole, Lattice, LatticePoint, LatticePolygon};

fn lattice() -> Lattice {
    Lattice::for_extent(116.60, 35.32, 116.80, 35.53)
}

fn claim(id: u64, polygons: Vec<LatticePolygon>) -> Claim {
    Claim { id: FaceId(id), polygons, excluded: false, weight: 0 }
}

fn square(x: i32, y: i32, size: i32) -> Vec<LatticePoint> {
    vec![p(x, y), p(x + size, y), p(x + size, y + size), p(x, y + size)]
}

/// Moves every vertex of every ring by up to `reach` steps on its own, and drops some.
fn disturbed(claims: &[Claim], seed: u64, reach: i32, drop_percent: i32) -> Vec<Claim> {
    let mut random = Seeded(seed);
    let mut claims = claims.to_vec();
    for ring in claims.iter_mut().flat_map(|c| c.polygons.iter_mut().flatten()) {
        let kept: Vec<LatticePoint> =
            (ring.iter()).filter(|_| random.0 == 0 || random.between(0, 99) >= drop_percent).copied().collect();
        *ring = if kept.len() >= 8 { kept } else { ring.clone() };
        for point in ring.iter_mut() {
            *point = p(point.x + random.between(-reach, reach), point.y + random.between(-reach, reach));
        }
    }
    claims
}

fn built(claims: &[Claim]) -> Built {
    build(lattice(), claims, &BuildOptions::default())
}

fn check_valid(coverage: &Coverage) {
    assert_eq!(faults(coverage), vec![]);
}

#[test]
fn a_clean_partition_is_taken_exactly_as_it_is() {
    for seed in 1..=5 {
        let claims = partition(seed, 13, 9);
        let result = built(&claims);
        let coverage = result.coverage.expect("clean input builds");
        check_valid(&coverage);
        assert!(!result.report.snapped && result.report.patches.is_empty() && result.report.changes.is_empty());
        for (i, claim) in claims.iter().enumerate() {
            let face = &coverage.faces()[i + 1];
            assert_eq!(face.id, claim.id);
            assert_eq!(face.rings[0].doubled_area, doubled_area(&claim.polygons[0][0]));
        }
        // columns·(rows+1) + rows·(columns+1) sides; the four corner posts are no junctions, so two sides each become one arc.
        assert_eq!(coverage.arcs().len(), 13 * 10 + 9 * 14 - 4);
    }
}

#[test]
fn jittered_and_thinned_partitions_end_valid_or_listed() {
    for seed in 1..=40 {
        let claims = partition(seed, 8, 6);
        // 0.1 mm steps: up to 20 cm of jitter a coordinate, and one vertex in five missing on one side.
        let messy = disturbed(&claims, seed * 977, 2_000, if seed % 2 == 0 { 20 } else { 0 });
        let result = built(&messy);
        assert!(result.report.invalid.is_empty(), "seed {seed}: {:?}", result.report.invalid);
        let coverage = result.coverage.expect("a coverage");
        check_valid(&coverage);
        assert!(result.report.snapped);
        assert_eq!(coverage.units().count(), claims.len());
        for patch in &result.report.patches {
            let large = patch.area_m2 > 50.0 || patch.width_m > 3.0;
            assert_eq!(patch.decision == Decision::Listed, large, "seed {seed}: {patch:?}");
        }
        if seed % 2 == 1 {
            assert!(result.report.is_settled(), "seed {seed}: 20 cm of jitter alone leaves nothing to decide");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let messy = disturbed(&partition(3, 8, 6), 99, 2_000, 10);
    let (first, second) = (built(&messy), built(&messy));
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

#[test]
fn areas_agree_in_integers_at_every_level() {
    let coverage = built(&disturbed(&partition(11, 12, 12), 5, 1_500, 5)).coverage.expect("a coverage");
    let leaf: i128 = coverage.faces().iter().flat_map(|f| f.rings.iter()).map(|r| r.doubled_area).sum();
    for per_group in [1u32, 4, 12, 50, 1000] {
        let groups: Vec<Group> = (0..coverage.faces().len() as u32)
            .map(|i| {
                if coverage.faces()[i as usize].role == FaceRole::Outside {
                    Group::NONE
                } else {
                    Group((i - 1) / per_group)
                }
            })
            .collect();
        let count = groups.iter().filter(|g| **g != Group::NONE).map(|g| g.0 + 1).max().unwrap_or(0) as usize;
        let level: i128 = trace(&coverage, &groups, count).iter().flatten().map(|r| r.doubled_area).sum();
        assert_eq!(level, leaf, "{per_group} faces a unit");
    }
}

#[test]
fn a_small_gap_and_a_small_overlap_go_to_the_longest_border() {
    // Two 100 m squares with a 1 m × 20 m notch between them, and a third that laps 5 cm over.
    let left = vec![
        p(0, 0),
        p(1_000_000, 0),
        p(1_000_000, 400_000),
        p(990_000, 400_000),
        p(990_000, 500_000),
        p(1_000_000, 500_000),
        p(1_000_000, 1_000_000),
        p(0, 1_000_000),
    ];
    let claims = [
        claim(1, vec![vec![left]]),
        claim(2, vec![vec![square(1_000_000, 0, 1_000_000)]]),
        claim(3, vec![vec![vec![p(0, 999_500), p(2_000_000, 999_500), p(2_000_000, 2_000_000), p(0, 2_000_000)]]]),
    ];
    let result = build(lattice(), &claims, &BuildOptions { snap_m: 0.0, ..BuildOptions::default() });
    let coverage = result.coverage.expect("a coverage");
    check_valid(&coverage);
    let gap: Vec<&Patch> = result.report.patches.iter().filter(|p| p.claimants.is_empty()).collect();
    assert_eq!(gap.len(), 1);
    assert_eq!(gap[0].decision, Decision::GivenTo(FaceId(1)));
    assert!((gap[0].area_m2 - 10.0).abs() < 1.5, "{}", gap[0].area_m2);
    assert!(result.report.patches.iter().any(|p| p.claimants.len() == 2));
    assert!(result.report.is_settled());
}

#[test]
fn a_large_gap_is_listed_with_place_and_size() {
    let mut claims = partition(4, 5, 5);
    claims.remove(12); // the cell in the middle
    let result = built(&claims);
    let coverage = result.coverage.expect("a coverage");
    check_valid(&coverage);
    assert!(!result.report.is_settled());
    let gap = &result.report.patches[0];
    assert!(gap.claimants.is_empty() && gap.area_m2 > 10_000.0, "{gap:?}");
    assert_eq!(coverage.faces().iter().filter(|f| f.role == FaceRole::Gap).count(), 1);
    let excluded = build(lattice(), &claims, &BuildOptions { gaps_are_excluded: true, ..BuildOptions::default() });
    assert!(excluded.report.is_settled());
}

#[test]
fn a_large_overlap_is_listed_with_both_claimants() {
    let claims = [claim(7, vec![vec![square(0, 0, 1_000_000)]]), claim(8, vec![vec![square(500_000, 0, 1_000_000)]])];
    let result = built(&claims);
    assert!(!result.report.is_settled());
    assert_eq!(result.report.patches[0].claimants, vec![FaceId(7), FaceId(8)]);
}

#[test]
fn holes_islands_and_exclaves_come_out_as_they_are() {
    // 1 has a hole; 2 fills the hole but leaves a hole of its own, which 1's second part fills.
    let claims = [
        claim(
            1,
            vec![
                vec![square(0, 0, 9_000_000), square(3_000_000, 3_000_000, 3_000_000)],
                vec![square(4_000_000, 4_000_000, 1_000_000)],
            ],
        ),
        claim(2, vec![vec![square(3_000_000, 3_000_000, 3_000_000), square(4_000_000, 4_000_000, 1_000_000)]]),
        claim(3, vec![vec![square(20_000_000, 0, 1_000_000)]]),
    ];
    let result = built(&claims);
    let coverage = result.coverage.expect("a coverage");
    check_valid(&coverage);
    assert!(result.report.is_settled());
    assert!(coverage.faces()[1].exclave && !coverage.faces()[2].exclave);
    let parts = coverage.polygons(&coverage.faces()[1].rings);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), vec![2, 1]);
    assert_eq!(coverage.arcs().len(), 4);
}

#[test]
fn a_region_that_touches_itself_in_a_point_has_rings_that_do_not() {
    // Letters are regions of square cells. Each polygon as the doubled areas, in cells, of its outer ring and of its holes.
    let cases: [(&[&str], &[&[i128]]); 5] = [
        // Round the middle and back to where it began: the ring of `A` comes to one junction twice.
        (&["AAA", "ABA", "BAA"], &[&[16, -2]]),
        // Two holes that meet in a point are one ring of the region.
        (&["AAAA", "ABAA", "AABA", "AAAA"], &[&[32, -2, -2]]),
        // Four in a wheel around a cell of the region's own.
        (&["AAAAA", "AABAA", "ABABA", "AABAA", "AAAAA"], &[&[50, -10], &[2]]),
        // Two parts that meet in a point, and two that meet in two points.
        (&["AB", "BA"], &[&[2], &[2]]),
        (&["AAB", "ABA", "BAA"], &[&[6], &[6]]),
    ];
    for (picture, expected) in cases {
        let mut claims = Vec::new();
        let mut groups = vec![Group::NONE];
        for (y, row) in picture.iter().rev().enumerate() {
            for (x, letter) in row.chars().enumerate() {
                let corner = square(x as i32 * 1_000_000, y as i32 * 1_000_000, 1_000_000);
                claims.push(claim(claims.len() as u64 + 1, vec![vec![corner]]));
                groups.push(if letter == 'A' { Group(0) } else { Group::NONE });
            }
        }
        let coverage = built(&claims).coverage.expect("a board");
        let polygons = coverage.polygons(&trace(&coverage, &groups, 1)[0]);
        let areas: Vec<Vec<i128>> =
            polygons.iter().map(|rings| rings.iter().map(|r| doubled_area(r) / 1_000_000_000_000).collect()).collect();
        assert_eq!(areas, expected, "{picture:?}");
        for ring in polygons.iter().flatten() {
            let once: std::collections::BTreeSet<_> = ring.iter().collect();
            assert_eq!(once.len(), ring.len(), "{picture:?}");
        }
    }
}

#[test]
fn a_bow_tie_and_a_flat_ring_are_refused_with_their_place() {
    let bow = vec![p(0, 0), p(1_000_000, 1_000_000), p(1_000_000, 0), p(0, 1_000_000)];
    let flat = vec![p(0, 0), p(500, 500), p(1000, 1000)];
    let result = built(&[claim(5, vec![vec![bow]]), claim(6, vec![vec![flat]]), claim(9, vec![])]);
    assert!(result.coverage.is_none());
    let found: Vec<_> = result.report.invalid.iter().map(|f| (f.unit, f.kind, f.at)).collect();
    assert_eq!(
        found,
        vec![
            (FaceId(5), RingFaultKind::SelfCrossing, p(500_000, 500_000)),
            (FaceId(6), RingFaultKind::Degenerate, p(0, 0)),
            (FaceId(9), RingFaultKind::Empty, p(0, 0)),
        ]
    );
}

#[test]
fn a_duplicate_of_a_unit_is_refused() {
    let result = built(&[claim(1, vec![vec![square(0, 0, 1_000_000)]]), claim(2, vec![vec![square(0, 0, 1_000_000)]])]);
    assert!(result.coverage.is_none());
    assert_eq!(result.report.invalid[0].kind, RingFaultKind::Covered);
}

#[test]
fn tables_that_do_not_fit_are_faults_not_panics() {
    let coverage = built(&partition(2, 3, 3)).coverage.expect("a coverage");
    let faces: Vec<_> = coverage.faces().iter().map(|f| (f.id, f.role, f.exclave)).collect();
    for i in 0..coverage.arcs().len() {
        let mut arcs = coverage.arcs().to_vec();
        arcs[i].left = FaceIx((arcs[i].left.0 + 1) % faces.len() as u32);
        let again = Coverage::from_tables(*coverage.lattice(), coverage.junctions().to_vec(), arcs, faces.clone());
        assert!(again.map_or(true, |c| !faults(&c).is_empty()), "a wrong side of arc {i} must be found");
        let mut arcs = coverage.arcs().to_vec();
        arcs.remove(i);
        let again = Coverage::from_tables(*coverage.lattice(), coverage.junctions().to_vec(), arcs, faces.clone());
        assert!(again.map_or(true, |c| !faults(&c).is_empty()), "a missing arc {i} must be found");
    }
}

/// Triangles thrown on a coarse lattice: every degeneracy there is (shared edges, T-junctions, collinear overlaps, duplicates).
#[test]
fn even_a_soup_of_triangles_ends_valid_or_refused() {
    let (mut built, mut refused) = (0, 0);
    for seed in 1..=3_000u64 {
        let mut random = Seeded(seed);
        let span = [3, 6, 12, 40][seed as usize % 4];
        let claims: Vec<Claim> = (1..=random.between(1, 9) as u64)
            .map(|id| {
                let corners = random.between(3, 6);
                let ring = (0..corners).map(|_| p(random.between(0, span), random.between(0, span))).collect();
                claim(id, vec![vec![ring]])
            })
            .collect();
        // Steps of 0.1 mm: every patch is a sliver for the first options and a person's case for the second.
        let strict = BuildOptions { snap_m: 0.0, sliver_area_m2: 0.0, sliver_width_m: 0.0, gaps_are_excluded: false };
        for options in [BuildOptions { snap_m: 0.000_15, ..BuildOptions::default() }, strict] {
            let result = build(lattice(), &claims, &options);
            assert_eq!(result.report.broken, None, "seed {seed}");
            match result.coverage {
                Some(coverage) => {
                    assert_eq!(faults(&coverage), vec![], "seed {seed}");
                    built += 1;
                }
                None => {
                    assert!(!result.report.invalid.is_empty(), "seed {seed}");
                    refused += 1;
                }
            }
        }
    }
    assert!(built > 1_000 && refused > 1_000, "{built} built, {refused} refused: the soup must try both");
}
