//! The world grid: Web Mercator in integers, 2²⁸ steps a side, `y` counted from the north. Drawing happens on it and
//! nothing else does: a step is 15 cm at the equator.
//!
//! At zoom 16 a tile is exactly 4096 steps wide; the grid of a zoom below that is the world grid shifted right.

use super::{Lattice, LatticePoint};
use crate::crs::Cgcs2000;
use crate::crs::mercator::{WorldCell, WorldPoint};

/// Bits of the world's width.
pub const WORLD_BITS: u8 = crate::crs::mercator::WORLD_BITS as u8;
/// Bits of a tile's width in its zoom's grid: the extent 4096 of vector tiles.
pub const TILE_BITS: u8 = 12;
/// The zoom whose grid is the world grid itself.
pub const FULL_ZOOM: u8 = WORLD_BITS - TILE_BITS;

/// Bits below a world step that the first rounding still sees, 0.6 mm at the equator.
pub(super) const FINE_BITS: u8 = 8;

/// A point on the grid of some zoom (the world grid itself from [`FULL_ZOOM`] on). Ordered west to east, then north to south.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GridPoint {
    pub x: i32,
    pub y: i32,
}

impl GridPoint {
    #[must_use]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// The point on the grid of `zoom`, rounded to the nearest step, when `self` lies on the world grid.
    #[must_use]
    pub const fn at_zoom(self, zoom: u8) -> Self {
        let shift = FULL_ZOOM.saturating_sub(zoom);
        let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
        Self { x: (self.x + half) >> shift, y: (self.y + half) >> shift }
    }
}

/// Twice the signed area of the triangle `a b c` on the grid; positive when it turns to the right on the ground, because `y`
/// points south.
#[must_use]
#[inline]
pub const fn turn(a: GridPoint, b: GridPoint, c: GridPoint) -> i64 {
    (b.x - a.x) as i64 * (c.y - a.y) as i64 - (b.y - a.y) as i64 * (c.x - a.x) as i64
}

/// A position on the world grid. Latitudes beyond ±85.05° are clamped.
#[must_use]
pub fn project(point: Cgcs2000) -> GridPoint {
    let cell = WorldCell::of(point);
    GridPoint::new(cell.x, cell.y)
}

/// A lattice vertex with [`FINE_BITS`] more bits than the world grid.
pub(super) fn project_fine(lattice: &Lattice, point: LatticePoint) -> (i64, i64) {
    let at = WorldPoint::of(lattice.position(point));
    let fine = |v: f64| (v * f64::from(1 << FINE_BITS)).round() as i64;
    (fine(at.x), fine(at.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jining_lies_in_the_tile_that_every_map_puts_it_in() {
        // 116.65° E, 35.40° N: OpenStreetMap tile 12/3375/1616 by its published formula.
        let p = project(Cgcs2000::clamped(116.65, 35.40)).at_zoom(12);
        assert_eq!((p.x >> TILE_BITS, p.y >> TILE_BITS), (3375, 1616));
    }
}
