//! The integer lattice: every stored coordinate is an `i32` offset from one origin, in steps of 10⁻⁹° to 10⁻⁷°.
//!
//! An edge is straight *on the lattice*, and every room computes on it, so lookup, tiles and checks cannot disagree.

use crate::crs::Cgcs2000;

/// A vertex: offsets from the lattice origin, in steps. Ordered west to east, then south to north.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LatticePoint {
    pub x: i32,
    pub y: i32,
}

impl LatticePoint {
    #[must_use]
    #[inline]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }
}

/// Where the offsets start and how long a step is. Chosen once, at import, from the data's extent; never changed after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lattice {
    origin_lon: i64,
    origin_lat: i64,
    decimals: u8,
}

/// Why a coordinate has no place on a lattice.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LatticeFault {
    #[error(
        "({lon}, {lat}) lies outside the lattice: it reaches {reach_deg:.4}° around {origin_lon:.4}, {origin_lat:.4}"
    )]
    OutOfRange { lon: f64, lat: f64, origin_lon: f64, origin_lat: f64, reach_deg: f64 },
    #[error("a lattice has 7, 8 or 9 decimals of a degree, not {0}")]
    Decimals(u8),
}

/// Offsets stay this far inside `i32`, so that hot-pixel arithmetic (doubled coordinates ± 1) never leaves `i64`/`i128` and a
/// neighbour one step off an extreme vertex still exists.
pub(super) const REACH: i64 = (1 << 31) - (1 << 20);
/// Difference below which a district is given the finest step; it keeps two products of differences inside `i64`.
const FINE_EXTENT: i64 = 1 << 30;

impl Lattice {
    /// The finest lattice on which `extent` (west, south, east, north; degrees) has every difference under 2³⁰ steps, or,
    /// where even 10⁻⁷° is too fine for that (a nation), 10⁻⁷° itself. Its origin is the extent's centre on a 0.01° raster.
    #[must_use]
    pub fn for_extent(west: f64, south: f64, east: f64, north: f64) -> Self {
        let size_deg = (east - west).abs().max((north - south).abs());
        let decimals =
            [9u8, 8].into_iter().find(|d| size_deg * 10f64.powi(i32::from(*d)) < FINE_EXTENT as f64).unwrap_or(7);
        let per_degree = 10i64.pow(u32::from(decimals));
        let snap = |degrees: f64| (degrees * 100.0).round() as i64 * (per_degree / 100);
        Self { origin_lon: snap(f64::midpoint(west, east)), origin_lat: snap(f64::midpoint(south, north)), decimals }
    }

    /// Rebuilds a stored lattice: origin in steps from (0°, 0°), and decimals of a degree (7, 8 or 9).
    ///
    /// # Errors
    /// [`LatticeFault::Decimals`] for any other number of decimals.
    pub const fn from_parts(origin_lon: i64, origin_lat: i64, decimals: u8) -> Result<Self, LatticeFault> {
        if decimals < 7 || decimals > 9 {
            return Err(LatticeFault::Decimals(decimals));
        }
        Ok(Self { origin_lon, origin_lat, decimals })
    }

    /// Origin (lon, lat) in steps, and the decimals of a degree: what [`Lattice::from_parts`] takes.
    #[must_use]
    pub const fn parts(&self) -> (i64, i64, u8) {
        (self.origin_lon, self.origin_lat, self.decimals)
    }

    /// Steps in one degree.
    #[must_use]
    #[inline]
    pub const fn steps_per_degree(&self) -> i64 {
        match self.decimals {
            9 => 1_000_000_000,
            8 => 100_000_000,
            _ => 10_000_000,
        }
    }

    /// Steps from the origin to a position, each rounded to the nearest (ties to even), on the lattice or far beyond it. A nanosecond or two.
    #[must_use]
    #[inline]
    pub fn steps(&self, point: Cgcs2000) -> (i64, i64) {
        // Above 2⁵² doubles are the whole numbers, so adding 1.5 · 2⁵² rounds, and leaves the whole number in the low bits: 180° is under 2³⁸ steps.
        const WHOLE: f64 = 6_755_399_441_055_744.0;
        let nearest = |v: f64| (v + WHOLE).to_bits() as i64 - WHOLE.to_bits() as i64;
        let scale = self.steps_per_degree() as f64;
        (nearest(point.lon() * scale) - self.origin_lon, nearest(point.lat() * scale) - self.origin_lat)
    }

    /// Rounds a position to the nearest lattice point (ties to even).
    ///
    /// # Errors
    /// [`LatticeFault::OutOfRange`] when the offset does not fit: more than 2.1° away at 10⁻⁹°.
    #[inline]
    pub fn quantise(&self, point: Cgcs2000) -> Result<LatticePoint, LatticeFault> {
        let (x, y) = self.steps(point);
        if x.abs() > REACH || y.abs() > REACH {
            return Err(self.out_of_range(point));
        }
        Ok(LatticePoint::new(x as i32, y as i32))
    }

    #[cold]
    fn out_of_range(&self, point: Cgcs2000) -> LatticeFault {
        let scale = self.steps_per_degree() as f64;
        LatticeFault::OutOfRange {
            lon: point.lon(),
            lat: point.lat(),
            origin_lon: self.origin_lon as f64 / scale,
            origin_lat: self.origin_lat as f64 / scale,
            reach_deg: REACH as f64 / scale,
        }
    }

    /// (lon, lat) in degrees: the double nearest to the decimal value, so that printing and reading it again is exact.
    #[must_use]
    pub fn degrees(&self, point: LatticePoint) -> (f64, f64) {
        let scale = self.steps_per_degree() as f64;
        ((self.origin_lon + i64::from(point.x)) as f64 / scale, (self.origin_lat + i64::from(point.y)) as f64 / scale)
    }

    /// The position as a CGCS2000 point.
    #[must_use]
    pub fn position(&self, point: LatticePoint) -> Cgcs2000 {
        let (lon, lat) = self.degrees(point);
        Cgcs2000::clamped(lon, lat)
    }

    /// Metres of one step along x and along y at a point's latitude, from the ellipsoid's radii of curvature (GRS 80). Good to
    /// 10⁻⁶ relative within a kilometre of the point; for distances across a district use the dataset's plane.
    #[must_use]
    pub fn metres_per_step(&self, y: i32) -> (f64, f64) {
        let scale = self.steps_per_degree() as f64;
        let (across, along) = metres_per_radian((self.origin_lat + i64::from(y)) as f64 / scale);
        let radians_per_step = (1.0 / scale).to_radians();
        (across * radians_per_step, along * radians_per_step)
    }
}

/// Metres of one radian of longitude and of latitude at a latitude in degrees, from the ellipsoid's radii of curvature (GRS 80).
#[must_use]
pub fn metres_per_radian(latitude: f64) -> (f64, f64) {
    const A: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_380_022_90;
    let (sin, cos) = latitude.to_radians().sin_cos();
    let w2 = 1.0 - E2 * sin * sin;
    (A / w2.sqrt() * cos, A * (1.0 - E2) / (w2 * w2.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_district_gets_tenths_of_a_millimetre_and_a_nation_centimetres() {
        assert_eq!(Lattice::for_extent(116.60, 35.32, 116.80, 35.53).parts().2, 9);
        assert_eq!(Lattice::for_extent(114.8, 34.4, 122.7, 38.4).parts().2, 8);
        assert_eq!(Lattice::for_extent(-179.2, -14.6, 179.8, 71.4).parts().2, 7);
    }

    #[test]
    fn every_point_survives_the_round_trip_through_degrees() {
        for lattice in
            [Lattice::for_extent(116.60, 35.32, 116.80, 35.53), Lattice::for_extent(-179.2, -14.6, 179.8, 71.4)]
        {
            for i in 0..20_000i64 {
                let p = LatticePoint::new(
                    (i * 7_919_993 % 100_000_007) as i32,
                    (i * 104_729 % 99_999_989 - 50_000_000) as i32,
                );
                assert_eq!(lattice.quantise(lattice.position(p)), Ok(p));
            }
        }
    }

    #[test]
    fn a_far_point_is_refused_by_name() {
        let lattice = Lattice::for_extent(116.60, 35.32, 116.80, 35.53);
        let far = Cgcs2000::clamped(-80.0, 35.4);
        assert!(matches!(lattice.quantise(far), Err(LatticeFault::OutOfRange { lon, .. }) if lon == -80.0));
    }
}
