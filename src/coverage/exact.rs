//! Exact predicates on lattice points. Differences of `i32` fit in 33 bits and their products in 66, so every sign is taken
//! from an `i128`; on 64-bit machines that is one widening multiplication a product.

use super::LatticePoint;

/// Twice the signed area of the triangle `a b c`: positive when `c` lies to the left of `a → b`.
#[must_use]
#[inline]
pub const fn cross(a: LatticePoint, b: LatticePoint, c: LatticePoint) -> i128 {
    let (abx, aby) = (b.x as i64 - a.x as i64, b.y as i64 - a.y as i64);
    let (acx, acy) = (c.x as i64 - a.x as i64, c.y as i64 - a.y as i64);
    abx as i128 * acy as i128 - aby as i128 * acx as i128
}

/// Twice the signed area of a closed ring (first point not repeated); positive when counter-clockwise.
#[must_use]
pub fn doubled_area(ring: &[LatticePoint]) -> i128 {
    let Some(&origin) = ring.first() else { return 0 };
    ring.windows(2).map(|pair| cross(origin, pair[0], pair[1])).sum()
}
