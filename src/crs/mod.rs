//! Which plane am I on? One type for each system; only this room converts between them.
//!
//! A coordinate is finite and in range by construction, so NaN cannot enter the house.

use std::fmt;
use std::str::FromStr;

/// Why a pair of numbers is not a position.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CrsFault {
    #[error("{axis} is {value}: not a finite number")]
    NotFinite { axis: &'static str, value: f64 },
    #[error("{axis} is {value}: outside {min}..{max}")]
    OutOfRange { axis: &'static str, value: f64, min: f64, max: f64 },
    #[error("EPSG:{0} is not a projected system this build knows")]
    UnknownPlane(u32),
    #[error("({0}, {1}) has no place in EPSG:{2}")]
    NotProjectable(f64, f64, u32),
}

fn checked(axis: &'static str, value: f64, min: f64, max: f64) -> Result<f64, CrsFault> {
    if !value.is_finite() {
        Err(CrsFault::NotFinite { axis, value })
    } else if !(min..=max).contains(&value) {
        Err(CrsFault::OutOfRange { axis, value, min, max })
    } else {
        Ok(value)
    }
}

macro_rules! geographic {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            lon: f64,
            lat: f64,
        }

        impl $name {
            /// Degrees, longitude first.
            ///
            /// # Errors
            /// When a value is not finite or outside ±180 / ±90.
            pub fn new(lon: f64, lat: f64) -> Result<Self, CrsFault> {
                Ok(Self { lon: checked("longitude", lon, -180.0, 180.0)?, lat: checked("latitude", lat, -90.0, 90.0)? })
            }

            #[must_use]
            pub const fn lon(self) -> f64 {
                self.lon
            }

            #[must_use]
            pub const fn lat(self) -> f64 {
                self.lat
            }
        }
    };
}

geographic! {
    /// What a GPS receiver says. Taken as equal to CGCS2000 (they differ by centimetres), but the label is kept.
    Wgs84
}
geographic! {
    /// EPSG:4490, the national system; everything is stored in it.
    Cgcs2000
}
geographic! {
    /// The obfuscated system of AMap, Tencent and WeChat; points only.
    Gcj02
}
geographic! {
    /// Baidu's second obfuscation, over GCJ-02; points only.
    Bd09
}

impl Cgcs2000 {
    /// For values that come from our own integers: clamps into range instead of failing; NaN becomes 0.
    #[must_use]
    pub fn clamped(lon: f64, lat: f64) -> Self {
        let fit = |v: f64, m: f64| if v.is_nan() { 0.0 } else { v.clamp(-m, m) };
        Self { lon: fit(lon, 180.0), lat: fit(lat, 90.0) }
    }
}

impl From<Wgs84> for Cgcs2000 {
    fn from(p: Wgs84) -> Self {
        Self { lon: p.lon, lat: p.lat }
    }
}

/// A projected system in metres, by its EPSG number: 4548, 4527, 3857, or what another district uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaneCrs(pub u32);

/// A position in a projected system: metres, east first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    pub crs: PlaneCrs,
    east: f64,
    north: f64,
}

impl Plane {
    /// # Errors
    /// When a value is not finite or further than 10⁸ m from the origin.
    pub fn new(crs: PlaneCrs, east: f64, north: f64) -> Result<Self, CrsFault> {
        Ok(Self { crs, east: checked("easting", east, -1e8, 1e8)?, north: checked("northing", north, -1e8, 1e8)? })
    }

    #[must_use]
    pub const fn east(self) -> f64 {
        self.east
    }

    #[must_use]
    pub const fn north(self) -> f64 {
        self.north
    }
}

/// A system by name, as users and query strings write it: `wgs84`, `cgcs2000`, `gcj02`, `bd09`, `epsg:4548` …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crs {
    Wgs84,
    Cgcs2000,
    Gcj02,
    Bd09,
    Plane(PlaneCrs),
}

/// A CRS name that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown CRS “{0}”: use wgs84, cgcs2000, gcj02, bd09, epsg:4548 or epsg:4527")]
pub struct UnknownCrs(pub String);

impl FromStr for Crs {
    type Err = UnknownCrs;

    fn from_str(text: &str) -> Result<Self, UnknownCrs> {
        let key: String =
            text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect::<String>().to_ascii_lowercase();
        match key.as_str() {
            "wgs84" | "epsg:4326" | "crs84" => Ok(Self::Wgs84),
            "cgcs2000" | "epsg:4490" => Ok(Self::Cgcs2000),
            "gcj02" => Ok(Self::Gcj02),
            "bd09" | "bd09ll" => Ok(Self::Bd09),
            other => match other.strip_prefix("epsg:").and_then(|n| n.parse::<u32>().ok()) {
                Some(code) if (1024..=32767).contains(&code) => Ok(Self::Plane(PlaneCrs(code))),
                _ => Err(UnknownCrs(text.chars().take(40).collect())),
            },
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wgs84 => f.write_str("wgs84"),
            Self::Cgcs2000 => f.write_str("cgcs2000"),
            Self::Gcj02 => f.write_str("gcj02"),
            Self::Bd09 => f.write_str("bd09"),
            Self::Plane(PlaneCrs(code)) => write!(f, "epsg:{code}"),
        }
    }
}

impl Crs {
    /// Reads a pair of numbers in this system (longitude / easting first) as a stored position. GCJ-02 and BD-09 are inverted to
    /// under 1 mm; planes go through PROJ.
    ///
    /// # Errors
    /// When the pair is not a position of this system.
    pub fn read(self, x: f64, y: f64) -> Result<Cgcs2000, CrsFault> {
        let _ = (self, x, y);
        todo!()
    }

    /// The inverse of [`Crs::read`].
    ///
    /// # Errors
    /// When the position has no place in this system.
    pub fn write(self, point: Cgcs2000) -> Result<(f64, f64), CrsFault> {
        let _ = (self, point);
        todo!()
    }
}
