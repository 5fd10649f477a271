//! Seeded test partitions that look like land: fractal borders, a hole, an island, a lens, a sliver. Not part of the product.

use std::collections::HashMap;

use crate::coverage::build::{BuildOptions, Claim, build};
use crate::coverage::{Coverage, FaceId, Lattice, LatticePoint};

/// A small seeded generator (SplitMix64).
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + (self.next() % (i64::from(high) - i64::from(low) + 1) as u64) as i32
    }
}

const CELL: i32 = 4_000_000; // 0.004°, about 400 m

fn p(x: i32, y: i32) -> LatticePoint {
    LatticePoint::new(x, y)
}

/// Midpoint displacement: `a` excluded, `b` included.
fn wiggle(random: &mut Seeded, a: LatticePoint, b: LatticePoint, depth: u8, out: &mut Vec<LatticePoint>) {
    if depth > 0 {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let shift = random.between(-90, 90);
        let middle =
            |from: i32, to: i32, across: i32| from.midpoint(to) + (i64::from(across) * i64::from(shift) / 1000) as i32;
        let m = p(middle(a.x, b.x, -dy), middle(a.y, b.y, dx));
        wiggle(random, a, m, depth - 1, out);
        wiggle(random, m, b, depth - 1, out);
    } else {
        out.push(b);
    }
}

/// `columns` × `rows` cells whose borders have 2^`depth` edges. Cell 0 has a hole that is a unit of its own, cell 1 has an
/// excluded hole, cell 2 and 3 are parted by a lens of a unit, and every seventh cell is cut by a unit 20 cm to 20 m wide.
pub(crate) fn wild(seed: u64, columns: i32, rows: i32, depth: u8) -> Coverage {
    let mut random = Seeded(seed);
    let jitter = CELL / 5;
    let corner: Vec<Vec<LatticePoint>> = (0..=rows)
        .map(|j| {
            let mut at = |i| {
                let (dx, dy) = (random.between(-jitter, jitter), random.between(-jitter, jitter));
                p((i - columns / 2) * CELL + dx, (j - rows / 2) * CELL + dy)
            };
            (0..=columns).map(&mut at).collect()
        })
        .collect();
    let mut borders: HashMap<(LatticePoint, LatticePoint), Vec<LatticePoint>> = HashMap::new();
    let mut side = |random: &mut Seeded, a: LatticePoint, b: LatticePoint| -> Vec<LatticePoint> {
        let (lo, hi) = if a < b { (a, b) } else { (b, a) };
        let walk = borders.entry((lo, hi)).or_insert_with(|| {
            let mut points = vec![lo];
            wiggle(random, lo, hi, depth, &mut points);
            points
        });
        if a < b { walk[..walk.len() - 1].to_vec() } else { walk[1..].iter().rev().copied().collect() }
    };
    let mut claims: Vec<Claim> = Vec::new();
    let mut next_id = 1;
    let mut add = |claims: &mut Vec<Claim>, rings: Vec<Vec<LatticePoint>>, excluded: bool| {
        claims.push(Claim { id: FaceId(next_id), polygons: vec![rings], excluded, weight: 0 });
        next_id += 1;
    };
    for j in 0..rows as usize {
        for i in 0..columns as usize {
            let [a, b, c, d] = [corner[j][i], corner[j][i + 1], corner[j + 1][i + 1], corner[j + 1][i]];
            let n = j * columns as usize + i;
            let (west, east) = (side(&mut random, d, a), side(&mut random, b, c));
            let (south, north) = (side(&mut random, a, b), side(&mut random, c, d));
            if n % 7 == 6 {
                // A corridor from the south-west to the north-east corner, bent once on each side.
                let width = [1_000, 10_000, 100_000][n / 7 % 3];
                let middle = p(a.x.midpoint(c.x), a.y.midpoint(c.y));
                let (low, high) = (p(middle.x + width, middle.y - width), p(middle.x - width, middle.y + width));
                add(&mut claims, vec![[south, east, vec![c, low]].concat()], false);
                add(&mut claims, vec![vec![a, low, c, high]], false);
                add(&mut claims, vec![[vec![a, high], north_from(c, &north), west].concat()], false);
                continue;
            }
            let mut rings = vec![[south, east, north, west].concat()];
            if n < 2 {
                let (x, y) = (a.x.midpoint(c.x), a.y.midpoint(c.y));
                let size = if n == 0 { CELL / 6 } else { 60_000 };
                let hole =
                    vec![p(x - size, y - size), p(x + size, y - size), p(x + size, y + size), p(x - size, y + size)];
                rings.push(hole.iter().rev().copied().collect());
                add(&mut claims, vec![hole], n == 1);
            }
            add(&mut claims, rings, false);
        }
    }
    let lattice = Lattice::for_extent(116.60, 35.32, 116.80, 35.53);
    let built = build(lattice, &claims, &BuildOptions { snap_m: 0.01, ..BuildOptions::default() });
    assert!(built.report.invalid.is_empty(), "{:?}", built.report.invalid);
    built.coverage.expect("a coverage")
}

/// The north side begins with its own corner `c` already.
fn north_from(c: LatticePoint, north: &[LatticePoint]) -> Vec<LatticePoint> {
    assert_eq!(north[0], c);
    north.to_vec()
}
