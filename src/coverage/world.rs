//! The world grid: Web Mercator in integers, 2²⁸ steps a side, `y` counted from the north. Drawing happens on it and
//! nothing else does: a step is 15 cm at the equator.
//!
//! At zoom 16 a tile is exactly 4096 steps wide; the grid of a zoom below that is the world grid shifted right.

use super::{Lattice, LatticePoint};
use crate::crs::Cgcs2000;

/// Bits of the world's width.
pub const WORLD_BITS: u8 = 28;
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

/// Fractions of the world's width: x from the antimeridian eastwards, y from 85.05° N southwards.
fn fractions(lon: f64, lat: f64) -> (f64, f64) {
    const MAX_LAT: f64 = 85.051_128_779_806_59;
    let sin = lat.clamp(-MAX_LAT, MAX_LAT).to_radians().sin();
    (lon / 360.0 + 0.5, 0.5 - sin.atanh() / std::f64::consts::TAU)
}

fn scaled(lon: f64, lat: f64, bits: u8) -> (i64, i64) {
    let (x, y) = fractions(lon, lat);
    let size = (1u64 << bits) as f64;
    ((x * size).round() as i64, (y * size).round() as i64)
}

/// A position on the world grid. Latitudes beyond ±85.05° are clamped.
#[must_use]
pub fn project(point: Cgcs2000) -> GridPoint {
    let (x, y) = scaled(point.lon(), point.lat(), WORLD_BITS);
    GridPoint::new(x as i32, y as i32)
}

/// The inverse of [`project`]: (lon, lat) in degrees of a place given in world steps.
#[must_use]
pub fn unproject(x: f64, y: f64) -> (f64, f64) {
    let size = (1u64 << WORLD_BITS) as f64;
    let lat = ((0.5 - y / size) * std::f64::consts::TAU).tanh().asin();
    ((x / size - 0.5) * 360.0, lat.to_degrees())
}

/// Metres on the ground of one world step at world row `y`.
#[must_use]
pub fn metres_per_step(y: f64) -> f64 {
    const EQUATOR_M: f64 = 40_075_016.685_578_49;
    let (_, lat) = unproject(0.0, y);
    EQUATOR_M / (1u64 << WORLD_BITS) as f64 * lat.to_radians().cos()
}

/// A lattice vertex with [`FINE_BITS`] more bits than the world grid.
pub(super) fn project_fine(lattice: &Lattice, point: LatticePoint) -> (i64, i64) {
    let (lon, lat) = lattice.degrees(point);
    scaled(lon, lat, WORLD_BITS + FINE_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_world_are_the_corners_of_the_grid() {
        assert_eq!(project(Cgcs2000::clamped(-180.0, 90.0)), GridPoint::new(0, 0));
        assert_eq!(project(Cgcs2000::clamped(180.0, -90.0)), GridPoint::new(1 << 28, 1 << 28));
        assert_eq!(project(Cgcs2000::clamped(0.0, 0.0)), GridPoint::new(1 << 27, 1 << 27));
    }

    #[test]
    fn projecting_there_and_back_errs_less_than_a_step() {
        for i in 0..1000 {
            let (lon, lat) = (-179.0 + f64::from(i) * 0.358, -84.0 + f64::from(i) * 0.168);
            let p = project(Cgcs2000::clamped(lon, lat));
            let (lon2, lat2) = unproject(f64::from(p.x), f64::from(p.y));
            let step_deg = 360.0 / f64::from(1 << 28);
            assert!((lon - lon2).abs() <= step_deg && (lat - lat2).abs() <= step_deg, "{lon} {lat} {lon2} {lat2}");
        }
    }

    #[test]
    fn jining_lies_in_the_tile_that_every_map_puts_it_in() {
        // 116.65° E, 35.40° N: OpenStreetMap tile 12/3375/1616 by its published formula.
        let p = project(Cgcs2000::clamped(116.65, 35.40)).at_zoom(12);
        assert_eq!((p.x >> TILE_BITS, p.y >> TILE_BITS), (3375, 1616));
        assert!((metres_per_step(f64::from(project(Cgcs2000::clamped(116.65, 35.40)).y)) - 0.1217).abs() < 0.0001);
    }
}
