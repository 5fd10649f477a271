//! The squares that pictures are put together from: 256 logical pixels a side, fixed to the world and not to a picture, so that
//! whoever asks for a part of the world gets the same pixels. A tile is one of them.
//!
//! A square is drawn in three steps: what meets its [`Frame`] is cut from the generalised arcs on the grid of some zoom; each point
//! is moved to where the projection has it, in sixteenths of a pixel (the pen's units); names stand as the [`Stance`] says.

use super::points::{PIXEL_BITS, STYLE_ZOOM};
use super::stance::Stance;
use crate::coverage::world::{FULL_ZOOM, TILE_BITS, WORLD_BITS};
use crate::crs::mercator::{RADIUS, WorldPoint};
use crate::crs::{Cgcs2000, PlaneCrs};
use crate::tile::feature::EXTENT;
use crate::tile::frame::{DEEPEST, Frame};
use crate::tile::{MAX_ZOOM, TileCoord};

/// The pen's units in a logical pixel: those of a tile.
pub(super) const PEN: i64 = 1 << (TILE_BITS - PIXEL_BITS);
/// What is drawn beyond the square so that strokes meet across its edge, in tile units: 16 logical pixels.
pub(super) const BUFFER: i32 = 256;
/// Resolutions count as the same, for styles and for the placing of names, within such a part of a zoom.
pub(super) const STEPS: i32 = 64;
/// Points along each side of a square that say what it covers where sides are not straight on the world grid.
const ALONG: i32 = 8;
/// How far a point can be moved to: far outside, and still a pixel.
const FAR: f64 = 1e7;

/// The flat surface that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projection {
    /// EPSG:3857, in metres.
    WebMercator,
    /// EPSG:4490, EPSG:4326 and CRS:84 drawn as they are: degrees of longitude to the right, of latitude upwards.
    Geographic,
    /// A projected system, in metres.
    Plane(PlaneCrs),
}

/// A projection in steps: as large as those of the world grid, to the right and downwards from a corner of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ground {
    pub projection: Projection,
    /// Its own units (degrees or metres) in a step.
    unit: f64,
    west: f64,
    north: f64,
}

impl Ground {
    /// `mid_lat`: where a step of a plane is as long on the ground as one of the world grid, so that styles look alike.
    pub(super) fn new(projection: Projection, mid_lat: f64) -> Self {
        let world = f64::from(1u32 << WORLD_BITS);
        let around_m = 2.0 * std::f64::consts::PI * RADIUS;
        let (unit, west, north) = match projection {
            Projection::WebMercator => (around_m / world, -around_m / 2.0, around_m / 2.0),
            Projection::Geographic => (360.0 / world, -180.0, 90.0),
            Projection::Plane(_) => (around_m / world * mid_lat.clamp(-80.0, 80.0).to_radians().cos(), 0.0, 0.0),
        };
        Self { projection, unit, west, north }
    }

    /// From the projection's own units.
    pub(super) fn steps(&self, (x, y): (f64, f64)) -> (f64, f64) {
        ((x - self.west) / self.unit, (self.north - y) / self.unit)
    }

    /// A number of its own units in steps.
    pub(super) fn length(&self, units: f64) -> f64 {
        units / self.unit
    }

    /// Where a point of the world grid lies; far away when the projection cannot say.
    pub(super) fn of_world(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let position = || WorldPoint { x, y }.position();
        match self.projection {
            Projection::WebMercator => (x, y),
            Projection::Geographic => (x, self.steps((0.0, position().lat())).1),
            Projection::Plane(crs) => {
                crs.project(position()).map_or((f64::MAX, f64::MAX), |p| self.steps((p.east(), p.north())))
            }
        }
    }

    /// The position at a place in steps, if there is one.
    pub(super) fn position(&self, (x, y): (f64, f64)) -> Option<Cgcs2000> {
        let (east, north) = (self.west + x * self.unit, self.north - y * self.unit);
        match self.projection {
            Projection::WebMercator => Some(WorldPoint { x, y }.position()),
            Projection::Geographic => Some(Cgcs2000::clamped(east, north)),
            Projection::Plane(crs) => {
                crate::crs::Plane::new(crs, east, north).ok().and_then(|plane| crs.unproject(plane).ok())
            }
        }
    }

    fn world(&self, at: (f64, f64)) -> Option<(f64, f64)> {
        if self.projection == Projection::WebMercator {
            return Some(at);
        }
        self.position(at).map(|position| {
            let world = WorldPoint::of(position);
            (world.x, world.y)
        })
    }
}

/// How large the world is drawn: the pen's units in a step, to the right and downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resolution {
    pub per_step: (f64, f64),
    /// The zooms of tiles with the same resolution, in [`STEPS`]th parts.
    pub zooms: (i32, i32),
}

impl Resolution {
    /// Rounded to 32 bits, so that what came as decimals of the same number is the same number.
    pub(super) fn new(per_step: (f64, f64)) -> Self {
        let round = |k: f64| {
            let last = 2f64.powi(k.log2().floor() as i32 - 32);
            (k / last).round() * last
        };
        let zoom = |k: f64| ((k.log2() + f64::from(FULL_ZOOM)) * f64::from(STEPS)).round() as i32;
        let per_step = (round(per_step.0), round(per_step.1));
        Self { per_step, zooms: (zoom(per_step.0), zoom(per_step.1)) }
    }

    fn of_zoom(z: u8) -> Self {
        let per_step = 2f64.powi(i32::from(z) - i32::from(FULL_ZOOM));
        Self { per_step: (per_step, per_step), zooms: (i32::from(z) * STEPS, i32::from(z) * STEPS) }
    }

    /// The zoom of a tile of this resolution, if there is one.
    pub(super) fn tile_zoom(&self) -> Option<u8> {
        let whole = self.zooms.0 == self.zooms.1 && self.zooms.0 % STEPS == 0;
        whole.then(|| u8::try_from(self.zooms.0 / STEPS).ok()).flatten()
    }

    /// What styles are evaluated at.
    pub(super) fn style_zoom(&self) -> f64 {
        f64::from(self.zooms.0 + self.zooms.1) / f64::from(2 * STEPS) + STYLE_ZOOM
    }

    /// The zoom whose arcs are as fine as this, or finer.
    fn arcs_zoom(&self) -> u8 {
        let finest = self.zooms.0.max(self.zooms.1);
        ((finest.max(0) + STEPS - 1) / STEPS).min(i32::from(DEEPEST)) as u8
    }

    /// Where names are placed that are drawn at this resolution.
    pub(super) fn spread(&self, ground: Ground) -> Spread {
        let px = |zoom: i32| {
            let whole = zoom.div_euclid(STEPS) + i32::from(PIXEL_BITS) - i32::from(WORLD_BITS);
            2f64.powi(whole) * (f64::from(zoom.rem_euclid(STEPS)) / f64::from(STEPS)).exp2()
        };
        Spread { ground, px: (px(self.zooms.0), px(self.zooms.1)) }
    }
}

/// From the world grid to the logical pixels that names are placed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    ground: Ground,
    px: (f64, f64),
}

impl Spread {
    pub(super) fn of_tiles(z: u8) -> Self {
        Resolution::of_zoom(z).spread(Ground::new(Projection::WebMercator, 0.0))
    }

    pub(super) fn pixel(&self, world: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.ground.of_world(world);
        (x * self.px.0, y * self.px.1)
    }
}

/// From the frame's units to the pen's.
#[derive(Clone, Copy, Debug)]
enum Lens {
    /// They are the same: a tile, or a square like one.
    Same,
    Affine {
        factor: (f64, f64),
        shift: (f64, f64),
    },
    Curved {
        ground: Ground,
        /// The frame's corner in its units, and the world's steps in one of them.
        west: i64,
        north: i64,
        step: f64,
        per_step: (f64, f64),
        /// The square's corner in the pen's units.
        corner: (f64, f64),
    },
}

/// The zoom of the vector tiles whose features are drawn at a style's zoom, as a browser has it.
pub(super) fn zoom_shown(style_zoom: f64) -> u8 {
    style_zoom.floor().clamp(0.0, f64::from(MAX_ZOOM)) as u8
}

/// One square of 256 logical pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    pub frame: Frame,
    lens: Lens,
    pub stance: Stance,
    pub style_zoom: f64,
    pub scale: u8,
}

impl Square {
    pub(super) fn of_tile(coord: TileCoord, scale: u8) -> Self {
        let origin = (i64::from(coord.x()) << PIXEL_BITS, i64::from(coord.y()) << PIXEL_BITS);
        Self {
            frame: Frame::new(coord, BUFFER).showing(zoom_shown(f64::from(coord.z()) + STYLE_ZOOM)),
            lens: Lens::Same,
            stance: Stance::of_tile(origin, scale),
            style_zoom: f64::from(coord.z()) + STYLE_ZOOM,
            scale,
        }
    }

    /// The square whose corner is at `corner` of the pen's units; `phase` is how far its lattice of pixels is from the world's.
    /// `None` where the projection has no ground.
    pub(super) fn at(
        corner: (i64, i64),
        phase: (i64, i64),
        resolution: &Resolution,
        ground: Ground,
        scale: u8,
    ) -> Option<Self> {
        let zoom = resolution.arcs_zoom();
        // The frame's units in a step of the world.
        let fine = 2f64.powi(i32::from(zoom) - i32::from(FULL_ZOOM));
        let per_step = resolution.per_step;
        let (west, north, east, south) = covered(corner, per_step, ground, fine)?;
        let side = (east - west).max(south - north);
        // As much more than the square as a tile has more than its own.
        let extent = i64::from(EXTENT);
        let buffer = (side.checked_mul(i64::from(BUFFER))? + extent - 1) / extent;
        let frame = Frame::over(zoom, (west, north), i32::try_from(side).ok()?, i32::try_from(buffer).ok()?);
        let frame = frame.showing(zoom_shown(resolution.style_zoom()));
        let corner_at = (corner.0 as f64, corner.1 as f64);
        let lens = if ground.projection == Projection::WebMercator {
            let factor = (per_step.0 / fine, per_step.1 / fine);
            let shift = (west as f64 * factor.0 - corner_at.0, north as f64 * factor.1 - corner_at.1);
            if factor == (1.0, 1.0) && shift == (0.0, 0.0) { Lens::Same } else { Lens::Affine { factor, shift } }
        } else {
            Lens::Curved { ground, west, north, step: 1.0 / fine, per_step, corner: corner_at }
        };
        let spread = resolution.spread(ground);
        let whole = |at: i64, phase: i64| (at - phase).div_euclid(PEN);
        let stance = Stance::between(
            (whole(corner.0, phase.0), whole(corner.1, phase.1)),
            (phase.0 as f64 * f64::from(scale) / PEN as f64, phase.1 as f64 * f64::from(scale) / PEN as f64),
            (per_step.0 / PEN as f64 / spread.px.0, per_step.1 / PEN as f64 / spread.px.1),
            scale,
        );
        Some(Self { frame, lens, stance, style_zoom: resolution.style_zoom(), scale })
    }

    /// Where a point of the frame lies in the square, in the pen's units.
    pub(super) fn pen(&self, p: (i32, i32)) -> (f32, f32) {
        match self.lens {
            Lens::Same => (p.0 as f32, p.1 as f32),
            _ => {
                let (x, y) = self.place(p);
                (x as f32, y as f32)
            }
        }
    }

    /// The same in 1/256 device pixels.
    pub(super) fn fixed(&self, p: (i32, i32)) -> (i64, i64) {
        let unit = i64::from(self.scale) << (8 + PIXEL_BITS) >> TILE_BITS;
        match self.lens {
            Lens::Same => (i64::from(p.0) * unit, i64::from(p.1) * unit),
            _ => {
                let (x, y) = self.place(p);
                ((x * unit as f64).round() as i64, (y * unit as f64).round() as i64)
            }
        }
    }

    /// Where a point of the frame lies in the square, in the pen's units, exactly.
    pub(super) fn place(&self, p: (i32, i32)) -> (f64, f64) {
        let (x, y) = (f64::from(p.0), f64::from(p.1));
        match self.lens {
            Lens::Same => (x, y),
            Lens::Affine { factor, shift } => (x * factor.0 + shift.0, y * factor.1 + shift.1),
            Lens::Curved { ground, west, north, step, per_step, corner } => {
                let (x, y) = ground.of_world(((x + west as f64) * step, (y + north as f64) * step));
                let near = |v: f64| v.clamp(-FAR, FAR);
                (near(x * per_step.0 - corner.0), near(y * per_step.1 - corner.1))
            }
        }
    }
}

/// What a square covers of the grid of a zoom: west, north, east, south.
fn covered(corner: (i64, i64), per_step: (f64, f64), ground: Ground, fine: f64) -> Option<(i64, i64, i64, i64)> {
    let along = if ground.projection == Projection::WebMercator { 1 } else { ALONG };
    let at = |i: i32, j: i32| {
        let part = |corner: i64, i: i32| corner as f64 + f64::from(EXTENT) * f64::from(i) / f64::from(along);
        let (x, y) = ground.world((part(corner.0, i) / per_step.0, part(corner.1, j) / per_step.1))?;
        Some((x * fine, y * fine))
    };
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for i in 0..=along {
        for (i, j) in [(i, 0), (i, along), (0, i), (along, i)] {
            let (x, y) = at(i, j)?;
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
    }
    Some((low.0.floor() as i64, low.1.floor() as i64, high.0.ceil() as i64, high.1.ceil() as i64))
}
