//! Gauss-Krüger (高斯－克吕格) and UTM in closed form: Krüger's series in the third flattening n, to order six, both ways.
//!
//! PROJ computes these planes with the same series (Engsager and Poder, *A highly accurate world wide algorithm for the transverse
//! Mercator mapping (almost)*, ICC 2007), so the answers agree to nanometres. What is saved is everything around it: within
//! [`REACH`] of the meridian only one sine and cosine are not the polynomial of a small angle, because every step of the way – geodetic
//! latitude φ to conformal latitude χ, χ to the sphere's plane, that to the ellipsoid's – is a small turn of an angle whose sine and
//! cosine are known. There is no branch and no call, so the compiler takes two points and more at a time. A tenth of PROJ's time, no
//! memory, nothing to open.
//!
//! Not for points further from the meridian: those are NaN here and [`super::planar`] asks PROJ. Coefficients: Karney, *Transverse
//! Mercator with an accuracy of a few nanometers*, J. Geodesy 85 (2011), eqs. 35 and 36, and *On auxiliary latitudes*, Survey Review 56
//! (2024), for φ and χ. The tests hold their order against the exact integrals, and every answer against PROJ.

#![allow(
    clippy::inline_always,
    clippy::needless_bitwise_bool,
    reason = "several points are computed side by side only where nothing is called and nothing branches"
)]

use std::f64::consts::{FRAC_PI_2, PI};

use super::PlaneCrs;

/// Points computed side by side.
pub(super) const LANES: usize = 8;

/// Degrees from the meridian for which the polynomials of small angles are exact, and for which agreement with PROJ is proven. A
/// zone is 1.5 or 3 wide on either side.
pub(super) const REACH: f64 = 6.0;
/// tan [`REACH`].
const TAN_REACH: f64 = 0.105_104_235_265_676_46;
/// No point within [`REACH`] has a greater η, which is that of the equator.
const MAX_ETA: f64 = 0.1053;

/// The major axis of CGCS2000 and WGS 84, in metres.
const MAJOR_AXIS: f64 = 6_378_137.0;
static CGCS2000: Series = Series::new(298.257_222_101);
static WGS84: Series = Series::new(298.257_223_563);

/// A zone of a transverse Mercator system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    /// Degrees.
    meridian: f64,
    false_east: f64,
    false_north: f64,
    /// Metres for one unit of (ξ, η): the rectifying radius, times the scale on the meridian.
    metres: f64,
    series: &'static Series,
}

impl Zone {
    /// The zone that an EPSG number names, if it is one of CGCS2000's (6 and 3 degrees wide, with the zone before the easting or
    /// without) or of UTM on WGS 84.
    pub(super) fn of(plane: PlaneCrs) -> Option<Self> {
        let gauss_krueger = |meridian: u32, prefix: u32| Self {
            meridian: f64::from(meridian),
            false_east: f64::from(prefix) * 1e6 + 500_000.0,
            false_north: 0.0,
            metres: CGCS2000.radius,
            series: &CGCS2000,
        };
        let utm = |zone: u32, false_north: f64| Self {
            meridian: f64::from(zone) * 6.0 - 183.0,
            false_east: 500_000.0,
            false_north,
            metres: WGS84.radius * 0.9996,
            series: &WGS84,
        };
        match plane.0 {
            code @ 4491..=4501 => Some(gauss_krueger(75 + 6 * (code - 4491), 13 + code - 4491)),
            code @ 4502..=4512 => Some(gauss_krueger(75 + 6 * (code - 4502), 0)),
            code @ 4513..=4533 => Some(gauss_krueger(75 + 3 * (code - 4513), 25 + code - 4513)),
            code @ 4534..=4554 => Some(gauss_krueger(75 + 3 * (code - 4534), 0)),
            code @ 32601..=32660 => Some(utm(code - 32600, 0.0)),
            code @ 32701..=32760 => Some(utm(code - 32700, 1e7)),
            _ => None,
        }
    }

    /// The meridian in degrees.
    #[cfg(test)]
    pub(super) const fn meridian(&self) -> f64 {
        self.meridian
    }

    /// East and north of a longitude and latitude; NaN further than [`REACH`] from the meridian.
    #[inline(always)]
    pub(super) fn project(&self, lon: f64, lat: f64) -> (f64, f64) {
        let away = lon - self.meridian;
        let (phi, lambda) = (lat * (PI / 180.0), away * (PI / 180.0));
        let (sin_phi, cos_phi) = sin_cos(phi);
        let to_chi = sum_of_sines(&self.series.to_conformal, 2.0 * sin_phi * cos_phi, 1.0 - 2.0 * sin_phi * sin_phi);
        let (sin_chi, cos_chi) = turned((sin_phi, cos_phi), to_chi);
        // On the sphere: ξ' = atan2(sin χ, cos χ cos λ), which is χ and a small angle, and η' = artanh(cos χ sin λ).
        let (sin_lambda, versed) = (small_sin(lambda), small_versed(lambda));
        let to_xi = small_atan(sin_chi * cos_chi * versed / (1.0 - cos_chi * cos_chi * versed));
        let (side, up) = (cos_chi * sin_lambda, cos_chi * (1.0 - versed));
        let share = 1.0 / (1.0 - side * side);
        let doubled = Doubled {
            sin: 2.0 * sin_chi * up * share,
            cos: (up * up - sin_chi * sin_chi) * share,
            sinh: 2.0 * side * share,
            cosh: (1.0 + side * side) * share,
        };
        let (more_xi, more_eta) = doubled.sum_of_sines(&self.series.to_plane);
        let xi = phi + (to_chi + to_xi + more_xi);
        let eta = small_artanh(side) + more_eta;
        let east = self.false_east + self.metres * eta;
        (if away.abs() <= REACH { east } else { f64::NAN }, self.false_north + self.metres * xi)
    }

    /// Longitude and latitude of east and north; NaN further than [`REACH`] from the meridian.
    #[inline(always)]
    pub(super) fn unproject(&self, east: f64, north: f64) -> (f64, f64) {
        let (xi, eta) = ((north - self.false_north) / self.metres, (east - self.false_east) / self.metres);
        let (sin_xi, cos_xi) = sin_cos(xi);
        let doubled = Doubled {
            sin: 2.0 * sin_xi * cos_xi,
            cos: 1.0 - 2.0 * sin_xi * sin_xi,
            sinh: small_sinh(2.0 * eta),
            cosh: small_cosh(2.0 * eta),
        };
        let (less_xi, less_eta) = doubled.sum_of_sines(&self.series.from_plane);
        let (sin, cos) = turned((sin_xi, cos_xi), -less_xi);
        // On the sphere: tan λ = sinh η' / cos ξ', and χ is ξ' less a small angle.
        let tan_lambda = small_sinh(eta - less_eta) / cos;
        let squared = tan_lambda * tan_lambda;
        let root = (1.0 + squared).sqrt();
        let to_chi = small_atan(sin * cos * squared / ((1.0 + root) * (cos * cos * root + sin * sin)));
        let up = cos * root; // tan χ = sin ξ' / up
        let share = 1.0 / (up * up + sin * sin);
        let to_phi = sum_of_sines(&self.series.to_geodetic, 2.0 * sin * up * share, (up * up - sin * sin) * share);
        let lat = (xi + (to_phi - to_chi - less_xi)) * (180.0 / PI);
        let lon = self.meridian + small_atan_wide(tan_lambda) * (180.0 / PI);
        let proven = (xi.abs() <= FRAC_PI_2)
            & (eta.abs() <= MAX_ETA)
            & (cos > 0.0)
            & (tan_lambda.abs() <= TAN_REACH)
            & (lon.abs() <= 180.0)
            & (lat.abs() <= 90.0);
        (if proven { lon } else { f64::NAN }, lat)
    }

    /// [`Zone::project`] for several points at once.
    pub(super) fn project_lanes(&self, lon: &[f64; LANES], lat: &[f64; LANES]) -> [[f64; LANES]; 2] {
        let (mut east, mut north) = ([0.0; LANES], [0.0; LANES]);
        for (((east, north), lon), lat) in east.iter_mut().zip(&mut north).zip(lon).zip(lat) {
            (*east, *north) = self.project(*lon, *lat);
        }
        [east, north]
    }

    /// [`Zone::unproject`] for several points at once.
    pub(super) fn unproject_lanes(&self, east: &[f64; LANES], north: &[f64; LANES]) -> [[f64; LANES]; 2] {
        let (mut lon, mut lat) = ([0.0; LANES], [0.0; LANES]);
        for (((lon, lat), east), north) in lon.iter_mut().zip(&mut lat).zip(east).zip(north) {
            (*lon, *lat) = self.unproject(*east, *north);
        }
        [lon, lat]
    }
}

/// What depends on the ellipsoid's shape: the radius of the rectifying sphere in metres, and the coefficients of sin 2jx in the four
/// series, for j = 1 … 6.
#[derive(Debug)]
struct Series {
    radius: f64,
    /// χ − φ in φ.
    to_conformal: [f64; 6],
    /// φ − χ in χ.
    to_geodetic: [f64; 6],
    /// α: (ξ, η) − (ξ', η') in (ξ', η').
    to_plane: [f64; 6],
    /// β: (ξ, η) − (ξ', η') in (ξ, η).
    from_plane: [f64; 6],
}

impl Series {
    const fn new(inverse_flattening: f64) -> Self {
        let n = 1.0 / (2.0 * inverse_flattening - 1.0); // n = f / (2 − f)
        let n2 = n * n;
        Self {
            radius: MAJOR_AXIS / (1.0 + n) * (1.0 + n2 / 4.0 * (1.0 + n2 / 16.0 * (1.0 + n2 / 4.0))),
            to_conformal: at(n, &TO_CONFORMAL),
            to_geodetic: at(n, &TO_GEODETIC),
            to_plane: at(n, &TO_PLANE),
            from_plane: at(n, &FROM_PLANE),
        }
    }
}

/// Each row as a polynomial in n, from n¹ to n⁶.
const fn at(n: f64, rows: &[[f64; 6]; 6]) -> [f64; 6] {
    let mut out = [0.0; 6];
    let mut j = 0;
    while j < 6 {
        let mut k = 6;
        while k > 0 {
            k -= 1;
            out[j] = (out[j] + rows[j][k]) * n;
        }
        j += 1;
    }
    out
}

const TO_CONFORMAL: [[f64; 6]; 6] = [
    [-2.0, 2.0 / 3.0, 4.0 / 3.0, -82.0 / 45.0, 32.0 / 45.0, 4642.0 / 4725.0],
    [0.0, 5.0 / 3.0, -16.0 / 15.0, -13.0 / 9.0, 904.0 / 315.0, -1522.0 / 945.0],
    [0.0, 0.0, -26.0 / 15.0, 34.0 / 21.0, 8.0 / 5.0, -12686.0 / 2835.0],
    [0.0, 0.0, 0.0, 1237.0 / 630.0, -12.0 / 5.0, -24832.0 / 14175.0],
    [0.0, 0.0, 0.0, 0.0, -734.0 / 315.0, 109598.0 / 31185.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 444337.0 / 155925.0],
];
const TO_GEODETIC: [[f64; 6]; 6] = [
    [2.0, -2.0 / 3.0, -2.0, 116.0 / 45.0, 26.0 / 45.0, -2854.0 / 675.0],
    [0.0, 7.0 / 3.0, -8.0 / 5.0, -227.0 / 45.0, 2704.0 / 315.0, 2323.0 / 945.0],
    [0.0, 0.0, 56.0 / 15.0, -136.0 / 35.0, -1262.0 / 105.0, 73814.0 / 2835.0],
    [0.0, 0.0, 0.0, 4279.0 / 630.0, -332.0 / 35.0, -399572.0 / 14175.0],
    [0.0, 0.0, 0.0, 0.0, 4174.0 / 315.0, -144838.0 / 6237.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 601676.0 / 22275.0],
];
const TO_PLANE: [[f64; 6]; 6] = [
    [1.0 / 2.0, -2.0 / 3.0, 5.0 / 16.0, 41.0 / 180.0, -127.0 / 288.0, 7891.0 / 37800.0],
    [0.0, 13.0 / 48.0, -3.0 / 5.0, 557.0 / 1440.0, 281.0 / 630.0, -1983433.0 / 1935360.0],
    [0.0, 0.0, 61.0 / 240.0, -103.0 / 140.0, 15061.0 / 26880.0, 167603.0 / 181440.0],
    [0.0, 0.0, 0.0, 49561.0 / 161280.0, -179.0 / 168.0, 6601661.0 / 7257600.0],
    [0.0, 0.0, 0.0, 0.0, 34729.0 / 80640.0, -3418889.0 / 1995840.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 212378941.0 / 319334400.0],
];
const FROM_PLANE: [[f64; 6]; 6] = [
    [1.0 / 2.0, -2.0 / 3.0, 37.0 / 96.0, -1.0 / 360.0, -81.0 / 512.0, 96199.0 / 604800.0],
    [0.0, 1.0 / 48.0, 1.0 / 15.0, -437.0 / 1440.0, 46.0 / 105.0, -1118711.0 / 3870720.0],
    [0.0, 0.0, 17.0 / 480.0, -37.0 / 840.0, -209.0 / 4480.0, 5569.0 / 90720.0],
    [0.0, 0.0, 0.0, 4397.0 / 161280.0, -11.0 / 504.0, -830251.0 / 7257600.0],
    [0.0, 0.0, 0.0, 0.0, 4583.0 / 161280.0, -108847.0 / 3991680.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 20648693.0 / 638668800.0],
];

/// Σ cⱼ sin jθ from the sine and cosine of θ, by Clenshaw's recurrence.
#[inline(always)]
fn sum_of_sines(c: &[f64; 6], sin: f64, cos: f64) -> f64 {
    let twice = 2.0 * cos;
    let (mut b, mut before) = (c[5], 0.0);
    for j in (0..5).rev() {
        (b, before) = (twice * b - before + c[j], b);
    }
    b * sin
}

/// Of the complex angle 2(ξ + iη): the functions that its sine and cosine are made of.
struct Doubled {
    sin: f64,
    cos: f64,
    sinh: f64,
    cosh: f64,
}

impl Doubled {
    /// Σ cⱼ sin 2j(ξ + iη), real and imaginary part, by the same recurrence.
    #[inline(always)]
    fn sum_of_sines(&self, c: &[f64; 6]) -> (f64, f64) {
        let (x, y) = (2.0 * self.cos * self.cosh, -2.0 * self.sin * self.sinh);
        let (mut re, mut im) = (c[5], 0.0);
        let (mut re_before, mut im_before) = (0.0, 0.0);
        for j in (0..5).rev() {
            let next = (x * re - y * im - re_before + c[j], x * im + y * re - im_before);
            (re_before, im_before) = (re, im);
            (re, im) = next;
        }
        let (x, y) = (self.sin * self.cosh, self.cos * self.sinh);
        (re * x - im * y, re * y + im * x)
    }
}

/// Sine and cosine of x + d from those of x, for |d| < 0.01.
#[inline(always)]
fn turned((sin, cos): (f64, f64), d: f64) -> (f64, f64) {
    let q = d * d;
    let (s, c) = (d * (1.0 - q / 6.0 * (1.0 - q / 20.0)), 1.0 - q / 2.0 * (1.0 - q / 12.0 * (1.0 - q / 30.0)));
    (sin * c + cos * s, cos * c - sin * s)
}

/// Sine and cosine for |x| ≤ π/2, to 3·10⁻¹⁶: Taylor's polynomials of half the angle.
#[inline(always)]
fn sin_cos(x: f64) -> (f64, f64) {
    let h = x * 0.5;
    let q = h * h;
    let s = h * horner(q, &SIN);
    (2.0 * s * horner(q, &COS), 1.0 - 2.0 * s * s)
}

#[inline(always)]
fn horner<const N: usize>(x: f64, c: &[f64; N]) -> f64 {
    let mut sum = c[N - 1];
    for k in (0..N - 1).rev() {
        sum = sum * x + c[k];
    }
    sum
}

/// (±1)ᵏ / (2k + first)!
const fn over_factorials<const N: usize>(first: u32, sign: f64) -> [f64; N] {
    let mut out = [1.0; N];
    let mut k = 1;
    while k < N {
        let m = (2 * k as u32 + first) as f64;
        out[k] = sign * out[k - 1] / (m * (m - 1.0));
        k += 1;
    }
    out
}

/// (±1)ᵏ / (2k + 1)
const fn over_odd<const N: usize>(sign: f64) -> [f64; N] {
    let mut out = [1.0; N];
    let (mut k, mut power) = (0, 1.0);
    while k < N {
        out[k] = power / (2 * k + 1) as f64;
        power *= sign;
        k += 1;
    }
    out
}

const SIN: [f64; 9] = over_factorials(1, -1.0);
const COS: [f64; 9] = over_factorials(0, -1.0);
const SMALL_SIN: [f64; 6] = over_factorials(1, -1.0);
const SMALL_COS: [f64; 7] = over_factorials(0, -1.0);
const SMALL_SINH: [f64; 7] = over_factorials(1, 1.0);
const SMALL_COSH: [f64; 7] = over_factorials(0, 1.0);
const ARTANH: [f64; 8] = over_odd(1.0);
const ATAN: [f64; 8] = over_odd(-1.0);

// For |x| ≤ 0.11, 0.22 for the hyperbolic ones: the first term left out is under 10⁻¹⁷ of the value.

#[inline(always)]
fn small_sin(x: f64) -> f64 {
    x * horner(x * x, &SMALL_SIN)
}

/// 1 − cos x, without cancellation.
#[inline(always)]
fn small_versed(x: f64) -> f64 {
    let [_, tail @ ..] = SMALL_COS;
    -x * x * horner(x * x, &tail)
}

#[inline(always)]
fn small_sinh(x: f64) -> f64 {
    x * horner(x * x, &SMALL_SINH)
}

#[inline(always)]
fn small_cosh(x: f64) -> f64 {
    horner(x * x, &SMALL_COSH)
}

#[inline(always)]
fn small_artanh(x: f64) -> f64 {
    x * horner(x * x, &ARTANH)
}

#[inline(always)]
fn small_atan_wide(x: f64) -> f64 {
    x * horner(x * x, &ATAN)
}

/// For |x| ≤ 0.003.
#[inline(always)]
fn small_atan(x: f64) -> f64 {
    let q = x * x;
    x * (1.0 - q * (1.0 / 3.0 - q * 0.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_zone() -> impl Iterator<Item = (u32, Zone)> {
        let codes = [4491..=4554, 32601..=32660, 32701..=32760].into_iter().flatten();
        codes.map(|code| (code, Zone::of(PlaneCrs(code)).unwrap()))
    }

    /// What the registry behind PROJ says of a plane: meridian, scale, false easting and northing, major axis, 1/f.
    fn as_registered(code: u32) -> [f64; 6] {
        let json = proj::Proj::new(&format!("EPSG:{code}")).unwrap().to_projjson(Some(false), None, None).unwrap();
        let definition: serde_json::Value = serde_json::from_str(&json).unwrap();
        let conversion = &definition["conversion"];
        assert_eq!(conversion["method"]["name"], "Transverse Mercator", "EPSG:{code}");
        let value = |name: &str| {
            let parameters = conversion["parameters"].as_array().unwrap();
            let found = parameters.iter().find(|p| p["name"] == name).unwrap_or_else(|| panic!("EPSG:{code}: {name}"));
            found["value"].as_f64().unwrap()
        };
        assert_eq!(value("Latitude of natural origin"), 0.0);
        let base = &definition["base_crs"];
        let datum = if base["datum"].is_object() { &base["datum"] } else { &base["datum_ensemble"] };
        let ellipsoid = |name: &str| datum["ellipsoid"][name].as_f64().unwrap();
        [
            value("Longitude of natural origin"),
            value("Scale factor at natural origin"),
            value("False easting"),
            value("False northing"),
            ellipsoid("semi_major_axis"),
            ellipsoid("inverse_flattening"),
        ]
    }

    #[test]
    fn every_zone_is_as_registered() {
        assert_eq!(every_zone().count(), 64 + 120);
        for (code, zone) in every_zone() {
            let [meridian, scale, false_east, false_north, major_axis, inverse_flattening] = as_registered(code);
            assert_eq!(
                (zone.meridian, zone.false_east, zone.false_north),
                (meridian, false_east, false_north),
                "{code}"
            );
            let series = Series::new(inverse_flattening);
            assert_eq!((MAJOR_AXIS, zone.metres), (major_axis, series.radius * scale), "{code}");
            assert_eq!(zone.series.to_plane, series.to_plane, "{code}");
        }
        for code in [4490, 4555, 32600, 32661, 32700, 32761, 3857, 2000] {
            assert!(Zone::of(PlaneCrs(code)).is_none(), "EPSG:{code}");
        }
    }

    /// χ of φ: the closed formula.
    fn conformal(n: f64, phi: f64) -> f64 {
        let e = square_of_eccentricity(n).sqrt();
        (phi.tan().asinh() - e * (e * phi.sin()).atanh()).sinh().atan()
    }

    /// The meridian's arc from the equator to φ by Simpson's rule, in units of a (1 − e²).
    fn meridian_arc(n: f64, phi: f64) -> f64 {
        let parts = 4000;
        let h = phi / f64::from(parts);
        let f = |i: i32| (1.0 - square_of_eccentricity(n) * (f64::from(i) * h).sin().powi(2)).powf(-1.5);
        let inner: f64 = (1..parts).map(|i| if i % 2 == 0 { 2.0 * f(i) } else { 4.0 * f(i) }).sum();
        h / 3.0 * (f(0) + inner + f(parts))
    }

    fn square_of_eccentricity(n: f64) -> f64 {
        4.0 * n / ((1.0 + n) * (1.0 + n))
    }

    /// The rectifying latitude of φ: the arc as a part of its quarter.
    fn rectifying(n: f64, phi: f64) -> f64 {
        FRAC_PI_2 * meridian_arc(n, phi) / meridian_arc(n, FRAC_PI_2)
    }

    /// A series whose first six orders are right errs by the seventh power of n: twice the flattening, 128 times the error. One wrong
    /// coefficient of the sixth order, and it is 64 times.
    #[test]
    fn every_series_is_right_to_the_sixth_order() {
        type Error = fn(f64, f64) -> f64;
        let errors: [(&str, Error); 4] = [
            ("to_conformal", |n, phi| along_meridian(n, phi).0),
            ("to_geodetic", |n, phi| along_meridian(n, phi).1),
            ("to_plane", |n, phi| along_meridian(n, phi).2),
            ("from_plane", |n, phi| along_meridian(n, phi).3),
        ];
        for (name, error) in errors {
            let worst = |n: f64| (1..30).map(|i| error(n, f64::from(i) * 0.05).abs()).fold(0.0, f64::max);
            let ratio = worst(0.04) / worst(0.02);
            assert!((100.0..160.0).contains(&ratio), "{name}: {} {} {ratio}", worst(0.04), worst(0.02));
        }
    }

    /// The errors of the four series on the meridian, in radians, where the exact answers are known.
    fn along_meridian(n: f64, phi: f64) -> (f64, f64, f64, f64) {
        let series = Series::new(0.5 + 0.5 / n);
        let along = |c: &[f64; 6], x: f64| sum_of_sines(c, (2.0 * x).sin(), (2.0 * x).cos());
        let (chi, mu) = (conformal(n, phi), rectifying(n, phi));
        (
            phi + along(&series.to_conformal, phi) - chi,
            chi + along(&series.to_geodetic, chi) - phi,
            chi + along(&series.to_plane, chi) - mu,
            mu - along(&series.from_plane, mu) - chi,
        )
    }

    #[test]
    fn the_radius_is_that_of_a_circle_as_long_as_the_meridian() {
        for (inverse_flattening, series) in [(298.257_222_101, &CGCS2000), (298.257_223_563, &WGS84)] {
            let n = 1.0 / (2.0 * inverse_flattening - 1.0);
            let quarter = MAJOR_AXIS * (1.0 - square_of_eccentricity(n)) * meridian_arc(n, FRAC_PI_2);
            // The sum of four thousand numbers is good to some 10⁻¹⁵ of itself, which is 10⁻⁸ m.
            assert!((series.radius * FRAC_PI_2 - quarter).abs() < 1e-7, "{} {quarter}", series.radius * FRAC_PI_2);
        }
    }

    #[test]
    fn small_angles_are_exact_to_the_last_bit_but_one() {
        let close = |name: &str, x: f64, ours: f64, exact: f64, least: f64| {
            assert!((ours - exact).abs() <= 4.5e-16 * exact.abs().max(least), "{name}({x}): {ours} {exact}");
        };
        for i in -1000..=1000 {
            let t = f64::from(i) / 1000.0;
            let (full, small, twice) = (t * FRAC_PI_2, t * 0.1055, t * 0.211);
            let (sin, cos) = sin_cos(full);
            close("sin", full, sin, full.sin(), 1.0);
            close("cos", full, cos, full.cos(), 1.0);
            close("small_sin", small, small_sin(small), small.sin(), 0.0);
            close("small_versed", small, small_versed(small), 2.0 * (small / 2.0).sin().powi(2), 0.0);
            close("small_sinh", twice, small_sinh(twice), twice.sinh(), 0.0);
            close("small_cosh", twice, small_cosh(twice), twice.cosh(), 0.0);
            close("small_artanh", small, small_artanh(small), small.atanh(), 0.0);
            close("small_atan_wide", small, small_atan_wide(small), small.atan(), 0.0);
            close("small_atan", t * 0.003, small_atan(t * 0.003), (t * 0.003).atan(), 0.0);
            let (sin, cos) = turned(full.sin_cos(), t * 0.005);
            close("turned", full, sin, (full + t * 0.005).sin(), 1.0);
            close("turned", full, cos, (full + t * 0.005).cos(), 1.0);
        }
        assert!((TAN_REACH - REACH.to_radians().tan()).abs() < 1e-16);
    }

    #[test]
    fn beyond_the_reach_there_is_no_number() {
        let zone = Zone::of(PlaneCrs(4548)).unwrap();
        for (lon, lat) in [(123.001, 35.0), (110.99, 0.0), (-63.0, 35.0), (-180.0, 90.0), (180.0, -90.0)] {
            assert!(zone.project(lon, lat).0.is_nan(), "{lon}, {lat}");
        }
        for (east, north) in [
            (1.2e6, 0.0),
            (-2e5, 4e6),
            (5e5, 1.001e7),
            (1e8, 1e8),
            (-1e8, 0.0),
            (6e5, -1.1e7),
            (1e6, 9.9e6),
            (5e5, 1e8),
        ] {
            assert!(zone.unproject(east, north).0.is_nan(), "{east}, {north}");
        }
        // The first zone of UTM reaches over 180°: there PROJ says which side.
        assert!(Zone::of(PlaneCrs(32601)).unwrap().unproject(1e5, 0.0).0.is_nan());
    }
}
