//! A seeded partition of crooked cells, for tests and benches: as many faces as wanted, every edge shared, three bends a side.

#![allow(dead_code)] // each test and bench uses its part

use std::collections::HashMap;

use wangge::coverage::build::Claim;
use wangge::coverage::{FaceId, LatticePoint};

/// A small seeded generator (SplitMix64), so that a failure can be replayed from its seed.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + (self.next() % (i64::from(high) - i64::from(low) + 1) as u64) as i32
    }
}

pub const fn p(x: i32, y: i32) -> LatticePoint {
    LatticePoint::new(x, y)
}

/// A partition of columns × rows crooked cells with shared wavy edges: cell size 2 mm·10⁶ ≈ 200 m, three bends an edge.
pub fn partition(seed: u64, columns: i32, rows: i32) -> Vec<Claim> {
    const CELL: i32 = 2_000_000;
    let mut random = Seeded(seed);
    let corner: Vec<Vec<LatticePoint>> = (0..=rows)
        .map(|j| {
            (0..=columns)
                .map(|i| p(i * CELL + random.between(-400_000, 400_000), j * CELL + random.between(-400_000, 400_000)))
                .collect()
        })
        .collect();
    let mut bends = HashMap::new();
    let mut side = |a: LatticePoint, b: LatticePoint| -> Vec<LatticePoint> {
        let (lo, hi) = if a < b { (a, b) } else { (b, a) };
        let mid = bends.entry((lo, hi)).or_insert_with(|| {
            (1..=3)
                .map(|k| {
                    let at = |from: i32, to: i32| from + ((i64::from(to) - i64::from(from)) * k / 4) as i32;
                    p(
                        at(lo.x, hi.x) + random.between(-60_000, 60_000),
                        at(lo.y, hi.y) + random.between(-60_000, 60_000),
                    )
                })
                .collect::<Vec<_>>()
        });
        let mut points = vec![a];
        points.extend(if a < b { mid.clone() } else { mid.iter().rev().copied().collect() });
        points
    };
    let mut claims = Vec::new();
    for j in 0..rows as usize {
        for i in 0..columns as usize {
            let around = [corner[j][i], corner[j][i + 1], corner[j + 1][i + 1], corner[j + 1][i]];
            let ring = (0..4).flat_map(|k| side(around[k], around[(k + 1) % 4])).collect();
            let id = FaceId(claims.len() as u64 + 1);
            claims.push(Claim { id, polygons: vec![vec![ring]], excluded: false, weight: 0 });
        }
    }
    claims
}
