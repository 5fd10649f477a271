//! The number of a tile: zooms one after the other, each along its Hilbert curve.

use crate::tile::{MAX_ZOOM, TileCoord};

/// Tiles of all zooms above this one.
const fn before(zoom: u8) -> u64 {
    ((1u64 << (2 * zoom as u32)) - 1) / 3
}

/// The first number that names no tile of ours: one more than the last of [`MAX_ZOOM`].
pub const END: u64 = before(MAX_ZOOM + 1);

/// One step along the curve: a square of side `side` is turned and mirrored so that its quarter becomes the whole.
const fn turned(side: u64, (x, y): (u64, u64), (right, low): (bool, bool)) -> (u64, u64) {
    match (right, low) {
        (_, true) => (x, y),
        (true, false) => (side - 1 - y, side - 1 - x),
        (false, false) => (y, x),
    }
}

/// The number of a tile. Cost: a step a zoom.
#[must_use]
pub const fn id_of(coord: TileCoord) -> u64 {
    let (mut x, mut y) = (coord.x() as u64, coord.y() as u64);
    let mut id = before(coord.z());
    let mut side = (1u64 << coord.z()) / 2;
    while side > 0 {
        let (right, low) = (x & side > 0, y & side > 0);
        let quarter = match (right, low) {
            (false, false) => 0,
            (false, true) => 1,
            (true, true) => 2,
            (true, false) => 3,
        };
        id += quarter * side * side;
        (x, y) = turned(side, (x & (side - 1), y & (side - 1)), (right, low));
        side /= 2;
    }
    id
}

/// The tile of a number; `None` where it is deeper than [`MAX_ZOOM`].
#[must_use]
pub fn tile_of(id: u64) -> Option<TileCoord> {
    let zoom = (0..=MAX_ZOOM).rev().find(|zoom| before(*zoom) <= id).filter(|_| id < END)?;
    let mut rest = id - before(zoom);
    let (mut x, mut y) = (0u64, 0u64);
    let mut side = 1;
    while side < 1 << zoom {
        let quarter = rest & 3;
        let (right, low) = (quarter >= 2, quarter == 1 || quarter == 2);
        (x, y) = turned(side, (x, y), (right, low));
        (x, y) = (x + u64::from(right) * side, y + u64::from(low) * side);
        rest >>= 2;
        side *= 2;
    }
    TileCoord::new(zoom, x as u32, y as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coord(z: u8, x: u32, y: u32) -> TileCoord {
        TileCoord::new(z, x, y).unwrap()
    }

    #[test]
    fn the_numbers_are_those_of_the_specification() {
        // The table of PMTiles 3, section 4.1.
        for (id, z, x, y) in [
            (0, 0, 0, 0),
            (1, 1, 0, 0),
            (2, 1, 0, 1),
            (3, 1, 1, 1),
            (4, 1, 1, 0),
            (5, 2, 0, 0),
            (19_078_479, 12, 3423, 1763),
        ] {
            assert_eq!(id_of(coord(z, x, y)), id, "{z}/{x}/{y}");
            assert_eq!(tile_of(id), Some(coord(z, x, y)));
        }
    }

    #[test]
    fn every_tile_of_the_first_zooms_has_its_own_number_and_follows_a_neighbour() {
        let mut last: Option<TileCoord> = None;
        for id in 0..before(7) {
            let tile = tile_of(id).unwrap();
            assert_eq!(id_of(tile), id);
            if let Some(last) = last.filter(|last| last.z() == tile.z()) {
                assert_eq!(last.x().abs_diff(tile.x()) + last.y().abs_diff(tile.y()), 1, "{last:?} → {tile:?}");
            }
            last = Some(tile);
        }
        for id in [END - 1, before(22), before(22) - 1, 1_234_567_890_123] {
            assert_eq!(id_of(tile_of(id).unwrap()), id);
        }
        assert_eq!(tile_of(END), None);
        assert_eq!(tile_of(u64::MAX), None);
    }
}
