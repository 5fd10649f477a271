//! Flow 4, tile → bytes: key → cache of finished bytes → on a miss one render, in a slot, for everybody who waits.

use std::sync::Arc;

use super::bytes::Finished;
use super::choropleth::{Asked, Choropleth};
use super::degrees::{DegreeTile, Span};
use super::serving::{Serving, State};
use super::slots::WorkFault;
use crate::issue::IssueFilter;
use crate::render::view::View;
use crate::render::{Painter, Part, Projection};
use crate::tile::{DATA_ZOOM, PUBLIC_K, TileCoord, TileSet};

pub const MVT: &str = "application/vnd.mapbox-vector-tile";
pub const PNG: &str = "image/png";

/// The style name that is not a map style: kernel density of the issues.
pub const HEAT: &str = "heat";
/// The map style whose units are coloured by a measure.
pub const CHOROPLETH: &str = "choropleth";
/// How far an issue spreads in a heat map unless somebody says otherwise, in metres.
pub const HEAT_BANDWIDTH_M: u32 = 250;

/// A tile of one snapshot. The version is not in the key because each snapshot has its own cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TileKey {
    Vector {
        set: TileSet,
        /// Only the issues set looks at it; equal filters share their tiles.
        filter: IssueFilter,
        coord: TileCoord,
    },
    Map {
        style: Arc<str>,
        coord: TileCoord,
        scale: u8,
    },
    /// A map tile in degrees.
    Degrees {
        style: Arc<str>,
        tile: DegreeTile,
    },
    Choropleth {
        asked: Arc<Asked>,
        coord: TileCoord,
        scale: u8,
    },
    Heat {
        filter: IssueFilter,
        bandwidth_m: u32,
        /// The top of the scale, in thousandths of an issue a square kilometre, if it is not the densest spot.
        peak: Option<u64>,
        coord: TileCoord,
        scale: u8,
    },
}

/// Pixels along a tile of scale 1.
pub const TILE_PX: u32 = 256;

const METRES_PER_DEGREE: f64 = 111_000.0;

/// The finished bytes of a tile.
///
/// # Errors
/// [`WorkFault`] when too many cold tiles wait already, or drawing this one failed.
pub async fn tile(serving: &Serving, state: &Arc<State>, key: TileKey) -> Result<Arc<Finished>, WorkFault> {
    if let Some(hit) = state.tiles.get(&key) {
        return Ok(hit);
    }
    if !matches!(key, TileKey::Vector { .. }) {
        state.painter_made().await;
    }
    let (drawn, of) = (Arc::clone(state), key.clone());
    state.tiles.get_or_make(key, &serving.slots, move || draw(&drawn, &of)).await
}

/// Draws one tile. Pure but for the time it takes: well under a millisecond for vector tiles of a district, some ten for PNG.
///
/// # Errors
/// [`WorkFault::Failed`] when the painter does not know the style.
pub fn draw(state: &State, key: &TileKey) -> Result<Finished, WorkFault> {
    let bytes = bytes(state, key)?;
    Ok(match key {
        TileKey::Vector { .. } => Finished::compressible(MVT, bytes),
        _ => Finished::as_is(PNG, bytes),
    })
}

/// What [`draw`] finishes: the tile's own bytes, not packed for the wire.
///
/// # Errors
/// As [`draw`].
pub fn bytes(state: &State, key: &TileKey) -> Result<Vec<u8>, WorkFault> {
    let (snapshot, pyramid) = (&state.snapshot, state.pyramid());
    match key {
        TileKey::Vector { set, filter, coord } => Ok(match set {
            TileSet::Units => pyramid.units(snapshot, *coord),
            TileSet::Issues => pyramid.issues(snapshot, filter, PUBLIC_K, *coord),
            TileSet::Places => pyramid.places(snapshot, *coord),
            TileSet::Base => pyramid.base(snapshot, *coord),
        }),
        TileKey::Map { style, coord, scale } => {
            let drawn = painter(state)?.map(snapshot, pyramid, style, *coord, *scale);
            drawn.map_err(|fault| WorkFault::Failed(fault.to_string()))
        }
        TileKey::Degrees { style, tile } => {
            let view = View::new(Projection::Geographic, tile.bounds(), TILE_PX, TILE_PX, 1);
            let view = view.map_err(|fault| WorkFault::Failed(fault.to_string()))?;
            let part = Part { style, levels: None, backdrop: true };
            let drawn = painter(state)?.view(snapshot, pyramid, part, &view).and_then(|picture| picture.png());
            drawn.map_err(|fault| WorkFault::Failed(fault.to_string()))
        }
        TileKey::Choropleth { asked, coord, scale } => {
            let states = Choropleth::of(state, asked).states(state);
            let drawn = painter(state)?.map_showing((snapshot, pyramid), CHOROPLETH, *coord, *scale, &states);
            drawn.map_err(|fault| WorkFault::Failed(fault.to_string()))
        }
        TileKey::Heat { filter, bandwidth_m, peak, coord, scale } => {
            let field = painter(state)?.density(snapshot, filter, f64::from(*bandwidth_m));
            let drawn = field.tile(*coord, *scale, peak.map(|peak| peak as f64 / 1000.0));
            drawn.map_err(|fault| WorkFault::Failed(fault.to_string()))
        }
    }
}

pub(super) fn painter(state: &State) -> Result<&Painter, WorkFault> {
    state.painter().map_err(|fault| WorkFault::Failed(fault.to_string()))
}

/// Builds the vector pyramid ahead, coarse zooms first, until it is complete, half the cache is full, or `go_on` says no. Gives
/// way to waiting requests. For a background thread.
pub fn prebuild(serving: &Serving, state: &State, go_on: &dyn Fn() -> bool) {
    let budget = state.tiles.capacity_bytes() / 2;
    for z in 0..=DATA_ZOOM {
        for set in TileSet::ALL {
            let info = state.info(set);
            if !(info.min_zoom..=info.max_zoom).contains(&z) {
                continue;
            }
            for coord in covering(info.bounds, z) {
                while serving.waiting() > 0 && go_on() {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                if !go_on() {
                    return;
                }
                if state.tiles.counts().weight_bytes > budget {
                    tracing::info!(zoom = z, "half the cache is full: deeper tiles are made when they are asked for");
                    return;
                }
                let key = TileKey::Vector { set, filter: IssueFilter::default(), coord };
                if let Err(fault) = state.tiles.fill(key.clone(), || draw(state, &key)) {
                    tracing::error!(%fault, "building tiles ahead stopped");
                    return;
                }
            }
        }
    }
}

/// The tile that has the same picture and is drawn for all of them: itself where there is something to see, otherwise one
/// blank square of its zoom, so that strangers who walk the wide world fill no cache.
#[must_use]
pub fn pictured(state: &State, coord: TileCoord, reach_m: f64) -> TileCoord {
    let boxes = TileSet::ALL.map(|set| widened(state.info(set).bounds, reach_m));
    let blank = |coord: TileCoord| boxes.iter().all(|bounds| !touches(*bounds, coord));
    if !blank(coord) {
        return coord;
    }
    let last = (1 << coord.z()) - 1;
    let corners = [(0, 0), (last, 0), (0, last), (last, last)];
    let corners = corners.into_iter().filter_map(|(x, y)| TileCoord::new(coord.z(), x, y));
    corners.into_iter().find(|corner| blank(*corner)).unwrap_or(coord)
}

/// The box that a map of the land is offered with: a fiftieth of its longer side more all around, because the line around the land lies on
/// both sides of its edge and clients cut at the box.
#[must_use]
pub fn framed(bounds: [f64; 4]) -> [f64; 4] {
    const PART: f64 = 0.02;
    let [west, south, east, north] = bounds;
    let by_m = (east - west).max(north - south) * METRES_PER_DEGREE * PART;
    let [west, south, east, north] = widened(bounds, by_m);
    [west.max(-180.0), south.max(-90.0), east.min(180.0), north.min(90.0)]
}

/// A box with so many metres more on every side.
fn widened(bounds: [f64; 4], by_m: f64) -> [f64; 4] {
    let [west, south, east, north] = bounds;
    let up = by_m / METRES_PER_DEGREE;
    let across = up / south.abs().max(north.abs()).min(85.0).to_radians().cos();
    [west - across, south - up, east + across, north + up]
}

/// How many tiles [`covering`] gives.
#[must_use]
pub fn covered(bounds: [f64; 4], z: u8) -> u64 {
    let [west, south, east, north] = bounds;
    let ((x0, y0), (x1, y1)) = (square_of(west, north, z), square_of(east, south, z));
    (u64::from(x1.saturating_sub(x0)) + 1) * (u64::from(y1.saturating_sub(y0)) + 1)
}

/// The tiles of a zoom that a box (west, south, east, north; degrees) touches.
pub fn covering(bounds: [f64; 4], z: u8) -> impl Iterator<Item = TileCoord> {
    let [west, south, east, north] = bounds;
    let (x0, y0) = square_of(west, north, z);
    let (x1, y1) = square_of(east, south, z);
    (y0..=y1).flat_map(move |y| (x0..=x1).filter_map(move |x| TileCoord::new(z, x, y)))
}

/// First and last column and row of those tiles.
#[must_use]
pub fn span([west, south, east, north]: [f64; 4], z: u8) -> Span {
    let ((x0, y0), (x1, y1)) = (square_of(west, north, z), square_of(east, south, z));
    Span { columns: (x0, x1), rows: (y0, y1) }
}

/// Whether a tile, with the margin that symbols reach over its edge, touches a box.
#[must_use]
pub fn touches(bounds: [f64; 4], coord: TileCoord) -> bool {
    let [west, south, east, north] = bounds;
    let (x0, y0) = square_of(west, north, coord.z());
    let (x1, y1) = square_of(east, south, coord.z());
    (x0.saturating_sub(1)..=x1 + 1).contains(&coord.x()) && (y0.saturating_sub(1)..=y1 + 1).contains(&coord.y())
}

/// The square of a zoom in which a position lies; positions beyond the square world are moved to its edge.
fn square_of(lon: f64, lat: f64, z: u8) -> (u32, u32) {
    let across = f64::from(1u32 << z.min(31));
    let sin = lat.clamp(-85.051_128_78, 85.051_128_78).to_radians().sin();
    let x = (lon.clamp(-180.0, 180.0) + 180.0) / 360.0;
    let y = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * std::f64::consts::PI);
    let cell = |t: f64| (t * across).floor().clamp(0.0, across - 1.0) as u32;
    (cell(x), cell(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_wider_on_every_side_and_stays_on_the_globe() {
        let [west, south, east, north] = framed([116.6, 35.3, 116.8, 35.5]);
        for (outer, inner) in [(116.6, west), (35.3, south), (east, 116.8), (north, 35.5)] {
            assert!((0.004 - 1e-9..0.0051).contains(&(outer - inner)), "{outer} {inner}");
        }
        assert_eq!(framed([-179.9, -89.9, 180.0, 90.0]), [-180.0, -90.0, 180.0, 90.0]);
    }

    #[test]
    fn a_box_is_covered_by_the_squares_it_touches() {
        // By the published formula (116.6, 35.53) is at 843.662, 403.758 and (116.8, 35.32) at 844.231, 404.491 of zoom 10.
        let zoom10: Vec<_> = covering([116.6, 35.32, 116.8, 35.53], 10).map(|c| (c.x(), c.y())).collect();
        assert_eq!(zoom10, [(843, 403), (844, 403), (843, 404), (844, 404)]);
        for z in 0..=14 {
            let bounds = [116.6, 35.32, 116.8, 35.53];
            assert_eq!(covered(bounds, z), covering(bounds, z).count() as u64);
        }
        assert_eq!(covered([-180.0, -90.0, 180.0, 90.0], 22), 1 << 44);
        assert_eq!(covering([-180.0, -90.0, 180.0, 90.0], 2).count(), 16);
        let coord = |x, y| TileCoord::new(10, x, y).expect("in range");
        assert!(touches([116.6, 35.32, 116.8, 35.53], coord(842, 402)));
        assert!(!touches([116.6, 35.32, 116.8, 35.53], coord(841, 403)));
    }
}
