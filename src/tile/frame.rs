//! From the world grid into the units of one square of it: a tile, or whatever square a picture needs.

use super::TileCoord;
use super::clip::{Spot, Window};
use super::feature::EXTENT;
use crate::coverage::HalfArc;
use crate::coverage::generalize::{GridBounds, Zoom};
use crate::coverage::world::{FULL_ZOOM, GridPoint, TILE_BITS, WORLD_BITS};

/// The deepest zoom whose grid a square can lie on.
pub(crate) const DEEPEST: u8 = 24;

/// Beyond which side of a window something lies. West and east are cut first: what lies north or south may have been cut there before, unless it
/// lies between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    West,
    East,
    North,
    South,
    /// North or south, and not only between west and east.
    Corner,
}

impl Beyond {
    /// Whether what joins two stretches, both there, has no effect on what a window keeps: the side cuts all of it away at once.
    pub(super) fn joins(before: Option<Self>, after: Option<Self>) -> bool {
        before == after && !matches!(after, None | Some(Self::Corner))
    }
}

/// A square's place on the grid of its zoom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The zoom on whose grid it lies.
    pub(super) zoom: u8,
    /// The zoom of tiles of 512 pixels whose features it shows.
    pub(super) shown: u8,
    /// The zoom whose generalised arcs it shows.
    pub(super) data_zoom: u8,
    pub(super) window: Window,
    /// Below [`FULL_ZOOM`] world points lose `down` bits; above it grid points gain `up`.
    down: u8,
    up: u8,
    west: i64,
    north: i64,
    side: i32,
    buffer: i32,
}

impl Frame {
    /// A tile and a margin around it.
    pub(crate) fn new(coord: TileCoord, buffer: i32) -> Self {
        let corner = (i64::from(coord.x()) << TILE_BITS, i64::from(coord.y()) << TILE_BITS);
        Self::over(coord.z(), corner, EXTENT, buffer)
    }

    /// Any square of a zoom's grid (up to [`DEEPEST`]) and a margin around it: its north-west corner and its side in units of that grid.
    pub(crate) fn over(zoom: u8, (west, north): (i64, i64), side: i32, buffer: i32) -> Self {
        let zoom = zoom.min(DEEPEST);
        Self {
            zoom,
            shown: zoom,
            data_zoom: zoom.min(FULL_ZOOM),
            window: Window::around(side, buffer),
            down: FULL_ZOOM.saturating_sub(zoom),
            up: zoom.saturating_sub(FULL_ZOOM),
            west,
            north,
            side,
            buffer,
        }
    }

    /// With the features of another zoom: a picture of 256 pixels shows what a browser has at the same scale, where tiles are of the zoom before.
    pub(crate) const fn showing(self, shown: u8) -> Self {
        Self { shown, ..self }
    }

    /// A point of `data_zoom`'s grid in tile units.
    pub(super) const fn spot(&self, p: GridPoint) -> Spot {
        (((p.x as i64) << self.up) - self.west, ((p.y as i64) << self.up) - self.north)
    }

    /// Whether the window holds all of these arcs, and their points are points of the frame: it is as deep as the data at most.
    pub(super) fn holds_all(&self, arcs: &Zoom, halves: &[HalfArc]) -> bool {
        self.up == 0 && halves.iter().all(|half| self.holds(arcs.bounds(half.arc())))
    }

    /// [`Frame::spot`] of a point of arcs that the frame holds.
    pub(super) const fn near(&self, p: GridPoint) -> (i32, i32) {
        ((p.x as i64 - self.west) as i32, (p.y as i64 - self.north) as i32)
    }

    /// Whether the window holds all of a box (on `data_zoom`'s grid).
    fn holds(&self, bounds: GridBounds) -> bool {
        let (min, max, window) = (self.spot(bounds.min), self.spot(bounds.max), self.window);
        min.0 >= window.low && min.1 >= window.low && max.0 <= window.high && max.1 <= window.high
    }

    /// A point of the world grid in tile units.
    pub(super) const fn world_spot(&self, p: GridPoint) -> Spot {
        self.spot(p.at_zoom(self.data_zoom))
    }

    /// Whether the tile itself holds a spot: half-open, so that a point belongs to exactly one tile of a zoom.
    pub(super) fn owns(p: Spot) -> bool {
        let tile = 0..1i64 << TILE_BITS;
        tile.contains(&p.0) && tile.contains(&p.1)
    }

    /// What the window covers of the world grid, one unit of this zoom wider on each side for rounding.
    pub(super) fn world_bounds(&self) -> GridBounds {
        let margin = i64::from(self.buffer) + 1;
        let edge = |at: i64| (((at << self.down) >> self.up).clamp(0, 1 << WORLD_BITS)) as i32;
        let far = i64::from(self.side) + margin;
        GridBounds {
            min: GridPoint::new(edge(self.west - margin), edge(self.north - margin)),
            max: GridPoint::new(edge(self.west + far), edge(self.north + far)),
        }
    }

    /// Whether all of a box (on `data_zoom`'s grid) lies beyond one side of the window.
    pub(super) fn misses(&self, bounds: GridBounds) -> Option<Beyond> {
        let (min, max, Window { low, high }) = (self.spot(bounds.min), self.spot(bounds.max), self.window);
        let within = min.0 >= low && max.0 <= high;
        if max.0 < low {
            Some(Beyond::West)
        } else if min.0 > high {
            Some(Beyond::East)
        } else if max.1 < low {
            Some(if within { Beyond::North } else { Beyond::Corner })
        } else if min.1 > high {
            Some(if within { Beyond::South } else { Beyond::Corner })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::world::project;
    use crate::crs::Cgcs2000;

    #[test]
    fn a_point_belongs_to_one_tile_of_each_zoom() {
        let p = project(Cgcs2000::clamped(116.65, 35.40));
        for z in 0..=22u8 {
            let at = |v: i32| {
                if z <= FULL_ZOOM { i64::from(v >> (WORLD_BITS - z)) } else { i64::from(v) >> (WORLD_BITS - z) }
            };
            let (x, y) = (at(p.x), at(p.y));
            let mut owners = 0;
            for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
                let (Ok(x), Ok(y)) = (u32::try_from(x + dx), u32::try_from(y + dy)) else { continue };
                let Some(coord) = TileCoord::new(z, x, y) else { continue };
                owners += u32::from(Frame::owns(Frame::new(coord, 64).world_spot(p)));
            }
            assert_eq!(owners, 1, "zoom {z}");
        }
    }
}
