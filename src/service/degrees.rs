//! Squares of CGCS2000Quad, the pyramid in degrees (EPSG:4490) that 天地图 calls `c`: from 180° W, 90° N, two tiles at level 1.

/// The levels that are answered. Level 0 would be half a tile.
pub const LEVELS: std::ops::RangeInclusive<u8> = 1..=22;

/// A tile of 256 × 256 pixels; `y` counts from the north. In range by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DegreeTile {
    z: u8,
    x: u32,
    y: u32,
}

/// First and last column, first and last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub columns: (u32, u32),
    pub rows: (u32, u32),
}

impl Span {
    #[must_use]
    pub fn holds(&self, x: u32, y: u32) -> bool {
        (self.columns.0..=self.columns.1).contains(&x) && (self.rows.0..=self.rows.1).contains(&y)
    }
}

impl DegreeTile {
    /// `None` when `z` is not among [`LEVELS`], or there is no such column or row.
    #[must_use]
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (LEVELS.contains(&z) && x < 1 << z && y < 1 << (z - 1)).then_some(Self { z, x, y })
    }

    #[must_use]
    pub const fn z(self) -> u8 {
        self.z
    }

    /// Degrees along one side.
    fn side(z: u8) -> f64 {
        360.0 / f64::from(1u32 << z.min(31))
    }

    /// West, south, east, north in degrees; exact.
    #[must_use]
    pub fn bounds(self) -> [f64; 4] {
        let side = Self::side(self.z);
        let (west, north) = (f64::from(self.x) * side - 180.0, 90.0 - f64::from(self.y) * side);
        [west, north - side, west + side, north]
    }

    /// The tiles of a level that a box (west, south, east, north) touches. `z` is clamped into [`LEVELS`].
    #[must_use]
    pub fn covering([west, south, east, north]: [f64; 4], z: u8) -> Span {
        let z = z.clamp(*LEVELS.start(), *LEVELS.end());
        let side = Self::side(z);
        let cell = |from_edge: f64, count: u32| (from_edge / side).floor().clamp(0.0, f64::from(count - 1)) as u32;
        let column = |lon: f64| cell(lon + 180.0, 1 << z);
        let row = |lat: f64| cell(90.0 - lat, 1 << (z - 1));
        Span { columns: (column(west), column(east)), rows: (row(north), row(south)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_level_is_the_world_in_two_and_there_is_none_before_it() {
        assert_eq!(DegreeTile::new(1, 0, 0).map(DegreeTile::bounds), Some([-180.0, -90.0, 0.0, 90.0]));
        assert_eq!(DegreeTile::new(1, 1, 0).map(DegreeTile::bounds), Some([0.0, -90.0, 180.0, 90.0]));
        for (z, x, y) in [(0, 0, 0), (1, 2, 0), (1, 0, 1), (23, 0, 0), (255, 0, 0), (22, 1 << 22, 0), (22, 0, 1 << 21)]
        {
            assert_eq!(DegreeTile::new(z, x, y), None, "{z}/{x}/{y}");
        }
    }

    #[test]
    fn what_a_box_touches_holds_its_corners() {
        // 天地图 shows 116.65, 35.40 at level 12 in column 3375 and row 621: (116.65 + 180) / 360 · 4096, (90 − 35.4) / 360 · 4096.
        let span = DegreeTile::covering([116.65, 35.40, 116.65, 35.40], 12);
        assert_eq!(span, Span { columns: (3375, 3375), rows: (621, 621) });
        for z in LEVELS {
            let span = DegreeTile::covering([116.6, 35.3, 116.9, 35.6], z);
            let first = DegreeTile::new(z, span.columns.0, span.rows.0).map(DegreeTile::bounds).expect("a tile");
            let last = DegreeTile::new(z, span.columns.1, span.rows.1).map(DegreeTile::bounds).expect("a tile");
            assert!(first[0] <= 116.6 && first[3] >= 35.6 && last[2] > 116.9 && last[1] <= 35.3, "{z}");
        }
        assert_eq!(DegreeTile::covering([-999.0, -999.0, 999.0, 999.0], 1), Span { columns: (0, 1), rows: (0, 0) });
    }
}
