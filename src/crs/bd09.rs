//! BD-09 (百度坐标): Baidu's second obfuscation over GCJ-02, and its inverse.
//!
//! The published formulas turn and stretch about the origin by a little and then add a constant, everywhere on earth; the inverse
//! takes Newton's steps, two of them almost everywhere, and is good to under 0.01 mm (tested over China; the documented bound is 1 mm).

use std::f64::consts::PI;

use super::undo::{Bent, undone};
use super::{Bd09, CrsFault, Gcj02};

const X_PI: f64 = PI * 3000.0 / 180.0;
const ADDED_LON: f64 = 0.0065;
const ADDED_LAT: f64 = 0.006;

impl Gcj02 {
    /// The point as Baidu shows it.
    ///
    /// # Errors
    /// [`CrsFault::OutOfRange`] within 1 km of ±180° or ±90°, where the formulas leave the globe.
    pub fn to_bd09(self) -> Result<Bd09, CrsFault> {
        let (lon, lat) = shifted(self.lon, self.lat).image;
        Bd09::new(lon, lat)
    }
}

impl Bd09 {
    /// The GCJ-02 point that Baidu shows here, to under 0.01 mm.
    ///
    /// # Errors
    /// [`CrsFault::OutOfRange`] within 1 km of ±180° or ±90°, where the formulas leave the globe.
    pub fn to_gcj02(self) -> Result<Gcj02, CrsFault> {
        let ((lon, lat), _) = unshifted(self.lon, self.lat);
        Gcj02::new(lon, lat)
    }
}

/// The GCJ-02 point of a BD-09 point, and how often the forward formulas were asked.
fn unshifted(lon: f64, lat: f64) -> ((f64, f64), usize) {
    undone((lon, lat), (lon - ADDED_LON, lat - ADDED_LAT), shifted)
}

/// The formulas have the length and angle of (lon, lat) grow by a little each. Here the vector is stretched and turned by as much, which
/// is the same and costs no arc tangent.
fn shifted(lon: f64, lat: f64) -> Bent {
    let length = (lon * lon + lat * lat).sqrt();
    let (sin_lat, cos_lat) = (lat * X_PI).sin_cos();
    let (sin_lon, cos_lon) = (lon * X_PI).sin_cos();
    let per_length = if length > 0.0 { 1.0 / length } else { 0.0 };
    let stretch = 1.0 + 0.00002 * sin_lat * per_length;
    let angle = 0.000003 * cos_lon;
    // Sine and cosine of so small an angle, exact to the last bit of the product.
    let (sin, cos) = (angle, 1.0 - angle * angle / 2.0);
    let turning = 0.000003 * X_PI * -sin_lon;
    let growing = 0.00002 * X_PI * cos_lat * per_length;
    Bent {
        image: ((lon * cos - lat * sin) * stretch + ADDED_LON, (lat * cos + lon * sin) * stretch + ADDED_LAT),
        slope: [[1.0 - lat * turning, lon * growing], [lon * turning, 1.0 + lat * growing]],
        left_out: 4e-6 + 4e-5 / length.max(0.04),
        bend: 2.0,
    }
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
    fn the_inverse_asks_for_three_shifts_at_most_on_average() {
        let (mut asked, mut most, mut places) = (0, 0, 0);
        for i in 0..=630 {
            for j in 0..=510 {
                let there = shifted(73.0 + f64::from(i) * 0.1, 3.0 + f64::from(j) * 0.1).image;
                let (_, steps) = unshifted(there.0, there.1);
                (asked, most, places) = (asked + steps, most.max(steps), places + 1);
            }
        }
        let mean = asked as f64 / f64::from(places);
        assert!(mean <= 3.0 && most <= 4, "{mean} on average, {most} at most");
    }

    /// The formulas as they were published: length and angle.
    #[test]
    fn a_stretch_and_a_turn_are_the_published_length_and_angle() {
        for i in -179..=179 {
            for j in -17..=17 {
                let (lon, lat) = (f64::from(i) * 0.997, f64::from(j) * 5.03);
                let length = lon.hypot(lat) + 0.00002 * (lat * X_PI).sin();
                let angle = lat.atan2(lon) + 0.000003 * (lon * X_PI).cos();
                let (x, y) = shifted(lon, lat).image;
                let (want_x, want_y) = (length * angle.cos() + ADDED_LON, length * angle.sin() + ADDED_LAT);
                assert!((x - want_x).abs() < 2e-13 && (y - want_y).abs() < 2e-13, "({lon}, {lat}): {x} {want_x}");
            }
        }
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
