//! Exact predicates on lattice points. Differences of `i32` fit in 33 bits and their products in 66, so every sign is taken
//! from an `i128`; on 64-bit machines that is one widening multiplication a product.

use std::cmp::Ordering;

use super::LatticePoint;

/// Twice the signed area of the triangle `a b c`: positive when `c` lies to the left of `a → b`.
#[must_use]
#[inline]
pub const fn cross(a: LatticePoint, b: LatticePoint, c: LatticePoint) -> i128 {
    let (abx, aby) = (b.x as i64 - a.x as i64, b.y as i64 - a.y as i64);
    let (acx, acy) = (c.x as i64 - a.x as i64, c.y as i64 - a.y as i64);
    abx as i128 * acy as i128 - aby as i128 * acx as i128
}

/// The dot product of `a → b` and `a → c`.
#[must_use]
#[inline]
pub const fn dot(a: LatticePoint, b: LatticePoint, c: LatticePoint) -> i128 {
    let (abx, aby) = (b.x as i64 - a.x as i64, b.y as i64 - a.y as i64);
    let (acx, acy) = (c.x as i64 - a.x as i64, c.y as i64 - a.y as i64);
    abx as i128 * acx as i128 + aby as i128 * acy as i128
}

/// Twice the signed area of a closed ring (first point not repeated); positive when counter-clockwise.
#[must_use]
pub fn doubled_area(ring: &[LatticePoint]) -> i128 {
    let Some(&origin) = ring.first() else { return 0 };
    ring.windows(2).map(|pair| cross(origin, pair[0], pair[1])).sum()
}

/// Whether `p` lies on the closed segment `a b`.
#[must_use]
pub const fn on_segment(a: LatticePoint, b: LatticePoint, p: LatticePoint) -> bool {
    cross(a, b, p) == 0 && dot(p, a, b) <= 0
}

/// Whether the two segments cross at a point interior to both.
#[must_use]
pub const fn cross_properly(a: LatticePoint, b: LatticePoint, c: LatticePoint, d: LatticePoint) -> bool {
    let (abc, abd) = (cross(a, b, c).signum(), cross(a, b, d).signum());
    if abc * abd >= 0 {
        return false;
    }
    cross(c, d, a).signum() * cross(c, d, b).signum() < 0
}

/// The lattice point nearest to the crossing of two segments that cross properly (ties towards the positive side).
#[must_use]
pub fn crossing(a: LatticePoint, b: LatticePoint, c: LatticePoint, d: LatticePoint) -> LatticePoint {
    let (from_a, from_b) = (cross(c, d, a), cross(c, d, b));
    let whole = from_a - from_b; // not 0: a and b lie on different sides of c d
    let along = |from: i32, to: i32| {
        let (top, bottom) = (i128::from(i64::from(to) - i64::from(from)) * from_a, whole);
        let (top, bottom) = if bottom < 0 { (-top, -bottom) } else { (top, bottom) };
        (i128::from(from) + (2 * top + bottom).div_euclid(2 * bottom)) as i32
    };
    LatticePoint::new(along(a.x, b.x), along(a.y, b.y))
}

/// Orders the directions `o → a` and `o → b` counter-clockwise, beginning at east. Equal only for the same direction.
#[must_use]
pub fn by_angle(o: LatticePoint, a: LatticePoint, b: LatticePoint) -> Ordering {
    let lower = |p: LatticePoint| p.y < o.y || (p.y == o.y && p.x < o.x);
    lower(a).cmp(&lower(b)).then_with(|| 0.cmp(&cross(o, a, b)))
}

/// Where a point lies relative to a closed ring (first point not repeated).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Inside,
    On,
    Outside,
}

/// Even-odd position of `p` against a ring. Linear; exact.
#[must_use]
pub fn side_of_ring(ring: &[LatticePoint], p: LatticePoint) -> Side {
    let mut inside = false;
    for (i, &a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if on_segment(a, b, p) {
            return Side::On;
        }
        // Half-open in y: an edge counts when it has one end at or below p and the other above.
        if (a.y <= p.y) != (b.y <= p.y) && (cross(a, b, p) > 0) == (b.y > a.y) {
            inside = !inside;
        }
    }
    if inside { Side::Inside } else { Side::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn p(x: i32, y: i32) -> LatticePoint {
        LatticePoint::new(x, y)
    }

    #[test]
    fn extreme_corners_of_the_lattice_do_not_overflow() {
        let (lo, hi) = (i32::MIN, i32::MAX);
        assert!(cross(p(lo, lo), p(hi, lo), p(hi, hi)) > 0);
        assert!(cross_properly(p(lo, lo), p(hi, hi), p(lo, hi), p(hi, lo)));
        assert_eq!(crossing(p(lo, lo), p(hi, hi), p(lo, hi), p(hi, lo)), p(0, 0));
    }

    #[test]
    fn directions_sort_counter_clockwise_from_east() {
        let around = [p(5, 0), p(3, 1), p(0, 2), p(-4, 4), p(-1, 0), p(-2, -7), p(0, -1), p(6, -1)];
        for i in 0..around.len() {
            for j in 0..around.len() {
                assert_eq!(by_angle(p(0, 0), around[i], around[j]), i.cmp(&j), "{i} {j}");
            }
        }
    }

    #[test]
    fn a_point_is_in_on_or_out() {
        let ring = [p(0, 0), p(10, 0), p(10, 10), p(5, 5), p(0, 10)];
        assert_eq!(side_of_ring(&ring, p(5, 5)), Side::On);
        assert_eq!(side_of_ring(&ring, p(5, 4)), Side::Inside);
        assert_eq!(side_of_ring(&ring, p(5, 6)), Side::Outside);
        assert_eq!(side_of_ring(&ring, p(0, 10)), Side::On);
        assert_eq!(side_of_ring(&ring, p(-1, 10)), Side::Outside);
        assert_eq!(side_of_ring(&ring, p(11, 0)), Side::Outside);
    }

    #[test]
    fn a_crossing_is_rounded_to_the_nearest_point() {
        assert_eq!(crossing(p(0, 0), p(3, 3), p(0, 3), p(3, 0)), p(2, 2)); // 1.5, 1.5: towards the positive side
        assert_eq!(crossing(p(3, 3), p(0, 0), p(3, 0), p(0, 3)), p(2, 2)); // whatever the direction
        assert_eq!(crossing(p(0, 0), p(10, 1), p(3, -5), p(3, 5)), p(3, 0));
    }
}
