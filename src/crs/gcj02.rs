//! GCJ-02 (火星坐标): the obfuscated system of AMap, Tencent and WeChat, and its inverse.
//!
//! The published formulas shift a point by up to 0.74 km inside a longitude/latitude box around China and not at all
//! outside it. The inverse here takes Newton's steps, two of them almost everywhere: the usual one-step inverse errs by 1.2 m on average and 2.6 m at worst around
//! Jining, this one by less than 0.01 mm everywhere in the box (tested; the documented bound is 1 mm).

use std::f64::consts::PI;

use super::undo::{Bent, undone};
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

impl Cgcs2000 {
    /// The point as AMap, Tencent and WeChat show it. Unchanged outside [`SHIFTED_BOX`].
    #[must_use]
    pub fn to_gcj02(self) -> Gcj02 {
        if !in_box(self.lon, self.lat, 0.0) {
            return Gcj02 { lon: self.lon, lat: self.lat };
        }
        let by = shift(self.lon, self.lat);
        Gcj02 { lon: self.lon + by.lon, lat: self.lat + by.lat }
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
        let ((lon, lat), _) = unshift(self.lon, self.lat);
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

/// Solves p + shift(p) = q, and says how often it asked for a shift.
fn unshift(lon: f64, lat: f64) -> ((f64, f64), usize) {
    undone((lon, lat), (lon, lat), |lon, lat| shift(lon, lat).bent(lon, lat))
}

/// The shift at a true position by the published formulas, box or no box.
struct Shift {
    /// Degrees.
    lon: f64,
    lat: f64,
    /// Metres for each degree of longitude and latitude: what the east and the north shift change by. The slope of √|lon − 105| is
    /// left out, which has none at 105°; it is 0.1 mm high where it is too steep to leave out.
    east_slope: [f64; 2],
    north_slope: [f64; 2],
    /// Degrees of a metre to the east and of one to the north.
    metre: (f64, f64),
}

impl Shift {
    /// The shifted position, and how it lies around: what a step from here towards an inverse needs.
    fn bent(&self, lon: f64, lat: f64) -> Bent {
        let (east, north) = self.metre;
        // A metre is more degrees further north.
        let widening = self.lon * lat.to_radians().tan() * (PI / 180.0);
        let [a, b] = self.east_slope.map(|m| m * east);
        let [c, d] = self.north_slope.map(|m| m * north);
        // Of √|lon − 105|, on whose last micrometre nothing hangs, and of the ellipsoid's flattening.
        let left_out = 2.4e-6 / (lon - 105.0).abs().max(1e-12).sqrt() + 2e-6;
        Bent {
            image: (lon + self.lon, lat + self.lat),
            slope: [[1.0 + a, b + widening], [c, 1.0 + d]],
            left_out,
            bend: 0.1,
        }
    }
}

fn shift(lon: f64, lat: f64) -> Shift {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let (along, up) = (Waves::at(x), Waves::at(y));
    let ripple = Wave::sum(&along.fast, [120.0, 360.0], [20.0, 20.0]);
    let east = Wave::sum(&along.slow, [2.0, 5.0, 20.0, 60.0], [300.0, 150.0, 40.0, 20.0]);
    let north = Wave::sum(&up.slow, [2.0, 5.0, 20.0, 60.0], [320.0, 160.0, 40.0, 20.0]);

    let root = x.abs().sqrt();
    let north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple.height + north.height;
    let east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple.height + east.height;

    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let magic = 1.0 - EE * sin_lat * sin_lat;
    let root = magic.sqrt();
    let metre = (180.0 / (A / root * cos_lat * PI), 180.0 / (A * (1.0 - EE) / (magic * root) * PI));
    Shift {
        lon: east_m * metre.0,
        lat: north_m * metre.1,
        east_slope: [1.0 + 0.2 * x + 0.1 * y + ripple.slope + east.slope, 2.0 + 0.1 * x],
        north_slope: [2.0 + 0.1 * y + ripple.slope, 3.0 + 0.4 * y + 0.1 * x + north.slope],
        metre,
    }
}

/// An angle by its sine and cosine.
#[derive(Clone, Copy)]
struct Turn {
    sin: f64,
    cos: f64,
}

impl Turn {
    fn and(self, other: Self) -> Self {
        Self { sin: self.sin * other.cos + self.cos * other.sin, cos: self.cos * other.cos - self.sin * other.sin }
    }

    fn twice(self) -> Self {
        self.and(self)
    }
}

/// The waves of the formulas at one place, by their sixtieths of a half turn for each degree: 2, 5, 20 and 60, and the fast ones, 120 and
/// 360. All are multiples of one angle, so one sine and one cosine are computed.
struct Waves {
    slow: [Turn; 4],
    fast: [Turn; 2],
}

impl Waves {
    fn at(degrees: f64) -> Self {
        let (sin, cos) = (degrees * (PI / 60.0)).sin_cos();
        let of_1 = Turn { sin, cos };
        let of_2 = of_1.twice();
        let of_5 = of_2.twice().and(of_1);
        let of_20 = of_5.twice().twice();
        let of_60 = of_20.twice().and(of_20);
        let of_120 = of_60.twice();
        Self { slow: [of_2, of_5, of_20, of_60], fast: [of_120, of_120.twice().and(of_120)] }
    }
}

/// A sum of waves in metres, and its slope for each degree.
struct Wave {
    height: f64,
    slope: f64,
}

impl Wave {
    /// Two thirds of each height, as the formulas have it.
    fn sum<const N: usize>(turns: &[Turn; N], sixtieths: [f64; N], heights: [f64; N]) -> Self {
        let mut sum = Self { height: 0.0, slope: 0.0 };
        for ((turn, sixtieths), height) in turns.iter().zip(sixtieths).zip(heights) {
            sum.height += height * turn.sin * (2.0 / 3.0);
            sum.slope += height * turn.cos * (2.0 / 3.0 * PI / 60.0) * sixtieths;
        }
        sum
    }
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
    fn the_inverse_asks_for_three_shifts_at_most_on_average() {
        let (mut asked, mut most, mut places) = (0, 0, 0);
        for i in 0..=630 {
            for j in 0..=510 {
                let there = Cgcs2000 { lon: 73.05 + f64::from(i) * 0.1, lat: 3.0 + f64::from(j) * 0.1 }.to_gcj02();
                let (_, steps) = unshift(there.lon, there.lat);
                (asked, most, places) = (asked + steps, most.max(steps), places + 1);
            }
        }
        let mean = asked as f64 / f64::from(places);
        assert!(mean <= 3.0 && most <= 4, "{mean} on average, {most} at most");
    }

    /// The formulas as they were published, sine by sine.
    #[test]
    fn the_waves_are_the_published_ones() {
        for i in -400..=400 {
            let x = f64::from(i) * 0.083;
            let Waves { slow, fast } = Waves::at(x);
            for (turn, frequency) in slow.iter().chain(&fast).zip([1.0 / 30.0, 1.0 / 12.0, 1.0 / 3.0, 1.0, 2.0, 6.0]) {
                let (sin, cos) = (x * frequency * PI).sin_cos();
                assert!((turn.sin - sin).abs() < 1e-12 && (turn.cos - cos).abs() < 1e-12, "{x} × {frequency}");
            }
        }
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
