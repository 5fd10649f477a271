//! BD-09 (百度坐标): Baidu's second obfuscation over GCJ-02, and its inverse.
//!
//! The published formulas turn and stretch about the origin by a little and then add a constant, everywhere on earth; the inverse
//! is a fixed point, good to under 0.01 mm (tested over China; the documented bound is 1 mm).

use std::f64::consts::PI;

use super::{Bd09, CrsFault, Gcj02};

const X_PI: f64 = PI * 3000.0 / 180.0;
const ADDED_LON: f64 = 0.0065;
const ADDED_LAT: f64 = 0.006;

/// A step of the fixed point that moves less than this many degrees (0.1 µm) ends it.
const SETTLED: f64 = 1e-12;
/// A step shrinks the error at least 25-fold.
const MAX_STEPS: usize = 16;

impl Gcj02 {
    /// The point as Baidu shows it.
    ///
    /// # Errors
    /// [`CrsFault::OutOfRange`] within 1 km of ±180° or ±90°, where the formulas leave the globe.
    pub fn to_bd09(self) -> Result<Bd09, CrsFault> {
        let (lon, lat) = shifted(self.lon, self.lat);
        Bd09::new(lon, lat)
    }
}

impl Bd09 {
    /// The GCJ-02 point that Baidu shows here, to under 0.01 mm.
    ///
    /// # Errors
    /// [`CrsFault::OutOfRange`] within 1 km of ±180° or ±90°, where the formulas leave the globe.
    pub fn to_gcj02(self) -> Result<Gcj02, CrsFault> {
        let mut p = (self.lon - ADDED_LON, self.lat - ADDED_LAT);
        for _ in 0..MAX_STEPS {
            let image = shifted(p.0, p.1);
            let miss = (self.lon - image.0, self.lat - image.1);
            p = (p.0 + miss.0, p.1 + miss.1);
            if miss.0.abs().max(miss.1.abs()) < SETTLED {
                break;
            }
        }
        Gcj02::new(p.0, p.1)
    }
}

fn shifted(lon: f64, lat: f64) -> (f64, f64) {
    let length = lon.hypot(lat) + 0.00002 * (lat * X_PI).sin();
    let angle = lat.atan2(lon) + 0.000003 * (lon * X_PI).cos();
    let (sin, cos) = angle.sin_cos();
    (length * cos + ADDED_LON, length * sin + ADDED_LAT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::tests::seeded;
    use proptest::prelude::*;

    fn round_trip_m(lon: f64, lat: f64) -> f64 {
        let there = Gcj02 { lon, lat };
        let back = there.to_bd09().unwrap().to_gcj02().unwrap();
        (back.lon - lon).hypot(back.lat - lat) * 111_320.0
    }

    #[test]
    fn the_inverse_is_under_a_hundredth_of_a_millimetre_over_a_grid_of_china() {
        let mut worst: f64 = 0.0;
        for i in 0..=630 {
            for j in 0..=510 {
                worst = worst.max(round_trip_m(73.0 + f64::from(i) * 0.1, 3.0 + f64::from(j) * 0.1));
            }
        }
        assert!(worst < 1e-5, "worst {worst} m");
    }

    #[test]
    fn at_the_ends_of_the_globe_it_says_so() {
        assert!(matches!(Gcj02 { lon: 179.999, lat: 10.0 }.to_bd09(), Err(CrsFault::OutOfRange { .. })));
        assert!(Bd09 { lon: -180.0, lat: 10.0 }.to_gcj02().is_err());
        assert!(round_trip_m(0.0, 0.0) < 1e-5);
    }

    proptest! {
        #![proptest_config(seeded(4000))]
        #[test]
        fn the_inverse_is_exact_anywhere(lon in -179.9..179.9f64, lat in -89.9..89.9f64) {
            prop_assert!(round_trip_m(lon, lat) < 1e-5);
        }
    }
}
