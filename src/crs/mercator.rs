//! Web Mercator in closed form: metres of EPSG:3857, and the world as one integer grid of 2²⁸ steps a side.
//!
//! The grid is what tiles and pictures are cut from: x grows to the east from 180° W, y grows to the south from 85.05° N, a tile of
//! zoom z is 2^(28 − z) steps wide, and a step is 15 cm at the equator (12 cm around Jining). Everything drawn is rounded onto it
//! once, so that neighbours share vertices in every tile.

use std::f64::consts::PI;

use super::{Cgcs2000, CrsFault, Plane, PlaneCrs};

/// The grid has 2^`WORLD_BITS` steps a side.
pub const WORLD_BITS: u32 = 28;
/// Steps a side.
pub const WORLD: i64 = 1 << WORLD_BITS;
/// The latitude where the square world ends, in degrees.
pub const MAX_LAT: f64 = 85.051_128_779_806_59;

/// EPSG:3857.
pub const WEB_MERCATOR: PlaneCrs = PlaneCrs(3857);

/// The sphere's radius in metres.
pub const RADIUS: f64 = 6_378_137.0;

/// A position on the world grid, between its points: steps from the north-west corner, 0 ≤ x, y ≤ [`WORLD`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorldPoint {
    pub x: f64,
    pub y: f64,
}

/// A point of the world grid: steps from the north-west corner, 0 ≤ x, y ≤ [`WORLD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldCell {
    pub x: i32,
    pub y: i32,
}

impl WorldPoint {
    /// Where a position is drawn. Latitudes past ±[`MAX_LAT`] are drawn on the edge. About 30 ns.
    #[must_use]
    pub fn of(point: Cgcs2000) -> Self {
        let side = WORLD as f64;
        let rise = point.lat().clamp(-MAX_LAT, MAX_LAT).to_radians().tan().asinh() / (2.0 * PI);
        Self { x: (point.lon() / 360.0 + 0.5) * side, y: ((0.5 - rise) * side).clamp(0.0, side) }
    }

    /// The position drawn here; points off the world count as on its edge, NaN as its middle.
    #[must_use]
    pub fn position(self) -> Cgcs2000 {
        let side = WORLD as f64;
        let lat = ((0.5 - self.y / side) * 2.0 * PI).sinh().atan().to_degrees();
        Cgcs2000::clamped((self.x / side - 0.5) * 360.0, lat.clamp(-MAX_LAT, MAX_LAT))
    }

    /// The nearest point of the grid, halves away from zero; clamped onto the world.
    #[must_use]
    pub fn cell(self) -> WorldCell {
        let fit = |v: f64| v.round().clamp(0.0, WORLD as f64) as i32;
        WorldCell { x: fit(self.x), y: fit(self.y) }
    }
}

impl WorldCell {
    /// The grid point nearest to where a position is drawn.
    #[must_use]
    pub fn of(point: Cgcs2000) -> Self {
        WorldPoint::of(point).cell()
    }

    /// The position of this grid point.
    #[must_use]
    pub fn position(self) -> Cgcs2000 {
        WorldPoint { x: f64::from(self.x), y: f64::from(self.y) }.position()
    }
}

/// EPSG:3857 metres of a position.
///
/// # Errors
/// [`CrsFault::NotProjectable`] within 1e-9° of a pole, which Mercator puts at infinity.
pub fn project(point: Cgcs2000) -> Result<Plane, CrsFault> {
    if point.lat().abs() > 90.0 - 1e-9 {
        return Err(CrsFault::NotProjectable(point.lon(), point.lat(), WEB_MERCATOR.0));
    }
    let north = RADIUS * point.lat().to_radians().tan().asinh();
    Plane::new(WEB_MERCATOR, RADIUS * point.lon().to_radians(), north)
}

/// The position of EPSG:3857 metres.
///
/// # Errors
/// [`CrsFault::NotProjectable`] further east or west than ±180° (a metre of rounding is forgiven).
pub fn unproject(plane: Plane) -> Result<Cgcs2000, CrsFault> {
    let lon = (plane.east() / RADIUS).to_degrees();
    if lon.abs() > 180.00001 {
        return Err(CrsFault::NotProjectable(plane.east(), plane.north(), WEB_MERCATOR.0));
    }
    Ok(Cgcs2000::clamped(lon, (plane.north() / RADIUS).sinh().atan().to_degrees()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::tests::seeded;
    use proptest::prelude::*;

    #[test]
    fn metres_agree_with_proj() {
        let oracle = proj::Proj::new_known_crs("EPSG:4326", "EPSG:3857", None).unwrap();
        for (lon, lat) in [
            (116.65, 35.4),
            (0.0, 0.0),
            (-180.0, 85.05),
            (179.9, -85.05),
            (73.5, 53.56),
            (-116.65, 1e-9),
            (112.28, 3.97),
        ] {
            let (east, north): (f64, f64) = oracle.convert((lon, lat)).unwrap();
            let ours = project(Cgcs2000::new(lon, lat).unwrap()).unwrap();
            assert!(
                (ours.east() - east).abs() < 1e-7 && (ours.north() - north).abs() < 1e-7,
                "{ours:?} {east} {north}"
            );
            let back = unproject(ours).unwrap();
            assert!((back.lon() - lon).abs() < 1e-12 && (back.lat() - lat).abs() < 1e-12, "{back:?}");
        }
    }

    #[test]
    fn a_published_metre_pair_is_met() {
        // EPSG guidance note 7-2, 3.2.1.2 (Popular Visualisation Pseudo-Mercator): 24°22'54.433"N, 100°20'00"W.
        let plane =
            project(Cgcs2000::new(-(100.0 + 20.0 / 60.0), 24.0 + 22.0 / 60.0 + 54.433 / 3600.0).unwrap()).unwrap();
        assert!((plane.east() - -11_169_055.58).abs() < 0.01, "{plane:?}");
        assert!((plane.north() - 2_800_000.00).abs() < 0.01, "{plane:?}");
    }

    #[test]
    fn the_corners_of_the_world_are_the_corners_of_the_grid() {
        let side = WORLD as i32;
        for (lon, lat, x, y) in
            [(-180.0, 90.0, 0, 0), (180.0, -90.0, side, side), (0.0, 0.0, side / 2, side / 2), (-180.0, MAX_LAT, 0, 0)]
        {
            assert_eq!(WorldCell::of(Cgcs2000::new(lon, lat).unwrap()), WorldCell { x, y });
        }
        let nowhere = WorldPoint { x: f64::NAN, y: f64::INFINITY };
        assert_eq!(nowhere.cell(), WorldCell { x: 0, y: side });
        assert!(nowhere.position().lat().is_finite());
    }

    #[test]
    fn the_poles_have_no_metres() {
        assert!(matches!(project(Cgcs2000::new(0.0, 90.0).unwrap()), Err(CrsFault::NotProjectable(..))));
        assert!(unproject(Plane::new(WEB_MERCATOR, 3e7, 0.0).unwrap()).is_err());
        assert!(unproject(Plane::new(WEB_MERCATOR, 0.0, 1e8).unwrap()).is_ok());
    }

    proptest! {
        #![proptest_config(seeded(2000))]
        #[test]
        fn a_cell_is_half_a_step_from_its_position(lon in -180.0..=180.0f64, lat in -85.0..=85.0f64) {
            let point = Cgcs2000::new(lon, lat).unwrap();
            let (exact, cell) = (WorldPoint::of(point), WorldCell::of(point));
            prop_assert!((exact.x - f64::from(cell.x)).abs() <= 0.5 && (exact.y - f64::from(cell.y)).abs() <= 0.5);
            prop_assert_eq!(WorldCell::of(cell.position()), cell);
        }
    }
}
