//! GCJ-02 (火星坐标): the obfuscated system of AMap, Tencent and WeChat, and its inverse.
//!
//! The published formulas shift a point by up to 0.74 km inside a longitude/latitude box around China and not at all
//! outside it. The inverse here is a fixed point: the usual one-step inverse errs by 1.2 m on average and 2.6 m at worst around
//! Jining, this one by less than 0.01 mm everywhere in the box (tested; the documented bound is 1 mm).

use std::f64::consts::PI;

use super::{Cgcs2000, Gcj02};

/// The box in which points are shifted: west, south, east, north in degrees.
pub const SHIFTED_BOX: [f64; 4] = [72.004, 0.8293, 137.8347, 55.8271];

/// Krasovsky 1940, as the formulas have it.
const A: f64 = 6378245.0;
const EE: f64 = 0.006_693_421_622_965_943;

/// Further than any shift reaches, in degrees (the greatest is about 0.011°, in the north).
const REACH: f64 = 0.05;
/// The inverse of a point on the very edge may end a rounding error outside it (degrees; 0.1 mm).
const SEAM: f64 = 1e-9;
/// A step of the fixed point that moves less than this many degrees (0.1 µm) ends it.
const SETTLED: f64 = 1e-12;
/// A step shrinks the error at least 30-fold, so six are enough; the rest is for the seam at longitude 105° (see [`unshift`]).
const MAX_STEPS: usize = 16;

impl Cgcs2000 {
    /// The point as AMap, Tencent and WeChat show it. Unchanged outside [`SHIFTED_BOX`].
    #[must_use]
    pub fn to_gcj02(self) -> Gcj02 {
        let (d_lon, d_lat) = if in_box(self.lon, self.lat, 0.0) { shift(self.lon, self.lat) } else { (0.0, 0.0) };
        Gcj02 { lon: self.lon + d_lon, lat: self.lat + d_lat }
    }
}

impl Gcj02 {
    /// The true position: the point that [`Cgcs2000::to_gcj02`] takes to this one, to under 0.01 mm.
    ///
    /// The forward shift breaks off at the edge of [`SHIFTED_BOX`], all of it far from Chinese land. In the strip beside
    /// that seam (under 0.8 km wide) two true points can share one image: the one inside the box is answered. And some
    /// images have no true point: the answer is then where the formulas, carried on past the edge, would put it.
    #[must_use]
    pub fn to_cgcs2000(self) -> Cgcs2000 {
        let [west, south, east, north] = SHIFTED_BOX;
        let near_box =
            (west - REACH..=east + REACH).contains(&self.lon) && (south - REACH..=north + REACH).contains(&self.lat);
        if !near_box {
            return Cgcs2000 { lon: self.lon, lat: self.lat };
        }
        let (lon, lat) = unshift(self.lon, self.lat);
        if in_box(lon, lat, SEAM) || in_box(self.lon, self.lat, 0.0) {
            Cgcs2000 { lon, lat }
        } else {
            Cgcs2000 { lon: self.lon, lat: self.lat }
        }
    }
}

fn in_box(lon: f64, lat: f64, slack: f64) -> bool {
    let [west, south, east, north] = SHIFTED_BOX;
    (west - slack..=east + slack).contains(&lon) && (south - slack..=north + slack).contains(&lat)
}

/// Solves p + shift(p) = q by p ← q − shift(p). The shift changes by under 3 % of the way between two points, so every step
/// shrinks the error that much. (Its √|lon − 105| has no slope at 105°, but it is 0.1 mm high where it is too steep.)
fn unshift(lon: f64, lat: f64) -> (f64, f64) {
    let mut p = (lon, lat);
    for _ in 0..MAX_STEPS {
        let (d_lon, d_lat) = shift(p.0, p.1);
        let next = (lon - d_lon, lat - d_lat);
        let moved = (next.0 - p.0).abs().max((next.1 - p.1).abs());
        p = next;
        if moved < SETTLED {
            break;
        }
    }
    p
}

/// The shift in degrees at a true position, by the published formulas, box or no box.
fn shift(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let swing =
        |terms: [(f64, f64); 2]| terms.iter().map(|(height, angle)| height * angle.sin()).sum::<f64>() * 2.0 / 3.0;
    let ripple = swing([(20.0, 6.0 * x * PI), (20.0, 2.0 * x * PI)]);

    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + ripple
        + swing([(20.0, y * PI), (40.0, y / 3.0 * PI)])
        + swing([(160.0, y / 12.0 * PI), (320.0, y * PI / 30.0)]);
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + ripple
        + swing([(20.0, x * PI), (40.0, x / 3.0 * PI)])
        + swing([(150.0, x / 12.0 * PI), (300.0, x / 30.0 * PI)]);

    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let magic = 1.0 - EE * sin_lat * sin_lat;
    let root = magic.sqrt();
    (east_m * 180.0 / (A / root * cos_lat * PI), north_m * 180.0 / (A * (1.0 - EE) / (magic * root) * PI))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::tests::seeded;
    use proptest::prelude::*;

    /// Metres between two positions, to a percent.
    fn apart_m(a: Cgcs2000, b: Cgcs2000) -> f64 {
        let east = (a.lon - b.lon) * 111_320.0 * a.lat.to_radians().cos();
        east.hypot((a.lat - b.lat) * 111_320.0)
    }

    fn round_trip_m(lon: f64, lat: f64) -> f64 {
        let there = Cgcs2000 { lon, lat };
        apart_m(there, there.to_gcj02().to_cgcs2000())
    }

    /// Land and claimed sea of China, generously: 73–136° E, 3–54° N.
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
    fn the_far_ends_of_china_come_back() {
        for (place, lon, lat) in [
            ("乌孜别里山口", 73.4997, 39.3958),
            ("黑瞎子岛", 135.0958, 48.4475),
            ("漠河", 123.2494, 53.5614),
            ("曾母暗沙", 112.2833, 3.9667),
            ("钓鱼岛", 123.4722, 25.7447),
            ("台北", 121.5654, 25.0330),
            ("经度 105", 105.0, 35.0),
            ("beside longitude 105", 105.0 + 1e-13, 35.0),
        ] {
            let m = round_trip_m(lon, lat);
            assert!(m < 1e-5, "{place}: {m} m");
        }
    }

    #[test]
    fn outside_the_box_nothing_moves() {
        for (lon, lat) in
            [(0.0, 0.0), (-116.65, 35.4), (116.65, -35.4), (72.0, 35.0), (137.84, 35.0), (116.0, 55.83), (180.0, 90.0)]
        {
            let p = Cgcs2000 { lon, lat };
            assert_eq!(p.to_gcj02(), Gcj02 { lon, lat });
        }
        for (lon, lat) in [(0.0, 0.0), (71.0, 35.0), (139.0, 35.0), (116.0, 57.0), (-180.0, -90.0)] {
            assert_eq!(Gcj02 { lon, lat }.to_cgcs2000(), Cgcs2000 { lon, lat });
        }
    }

    #[test]
    fn along_the_seam_the_inverse_stays_within_the_shift() {
        let [west, south, east, north] = SHIFTED_BOX;
        for i in 0..=2000 {
            let t = f64::from(i) / 2000.0;
            for step in [-0.02, -0.004, -1e-7, 0.0, 1e-7, 0.004, 0.02] {
                for (lon, lat) in [
                    (west + step, south + t * (north - south)),
                    (east + step, south + t * (north - south)),
                    (west + t * (east - west), south + step),
                    (west + t * (east - west), north + step),
                ] {
                    let image = Gcj02 { lon, lat };
                    let true_point = image.to_cgcs2000();
                    assert!(apart_m(true_point, Cgcs2000 { lon, lat }) < 800.0, "{image:?} → {true_point:?}");
                    // A point inside the box always comes back, however near the seam.
                    if in_box(lon, lat, 0.0) {
                        assert!(round_trip_m(lon, lat) < 1e-5, "({lon}, {lat})");
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(seeded(4000))]
        #[test]
        fn the_inverse_is_exact_anywhere_in_the_box(lon in 72.004..137.8347f64, lat in 0.8293..55.8271f64) {
            prop_assert!(round_trip_m(lon, lat) < 1e-5);
        }

        #[test]
        fn anywhere_on_earth_is_safe(lon in -180.0..=180.0f64, lat in -90.0..=90.0f64) {
            let back = Gcj02 { lon, lat }.to_cgcs2000();
            prop_assert!(Cgcs2000::new(back.lon, back.lat).is_ok());
            let there = Cgcs2000 { lon, lat }.to_gcj02();
            prop_assert!(Gcj02::new(there.lon, there.lat).is_ok());
        }
    }
}
