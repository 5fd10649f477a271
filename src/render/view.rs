//! A picture of any rectangle: the squares it touches, drawn and laid side by side.
//!
//! The squares are fixed to the world of a resolution, so two views side by side are one large view, pixel for pixel, and the view of a
//! tile is the tile. Between the pixels of the world a view is put on the nearest sixteenth.

use tiny_skia::{BlendMode, Color, FilterQuality, Pixmap, PixmapPaint, Transform};

use super::map::{Canvas, blank};
use super::points::PIXEL_BITS;
use super::square::{Ground, PEN, Projection, Resolution, STEPS, Square};
use super::{RenderFault, picture};
use crate::crs::Cgcs2000;

/// The largest side of a picture, in pixels.
pub const MAX_SIDE_PX: u32 = 4096;
/// The most pixels in a picture: 16 Mi, 64 MB while it is drawn.
pub const MAX_AREA_PX: u64 = 16 << 20;
/// Resolutions: of these zooms of tiles, the coarsest and the finest (150 × 10⁻⁶ to 0.9 × 10⁹ at 0.28 mm a pixel).
pub const ZOOMS: (i32, i32) = (-2, 24);
/// The most that a picture may be wider than high, or higher than wide, on the ground of one of its pixels.
pub const MAX_STRETCH: f64 = 4.0;

/// Why there is no view.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ViewFault {
    #[error(
        "the picture has {width} × {height} pixels: give 1 to {MAX_SIDE_PX} a side, and at most {MAX_AREA_PX} in all"
    )]
    Size { width: u32, height: u32 },
    #[error("a corner of the rectangle is not a finite number")]
    NotFinite,
    #[error("the rectangle is empty: its west must be less than its east, its south less than its north")]
    Empty,
    #[error("the rectangle reaches too far beyond the world of its system: coordinates of up to ±{limit} are drawn")]
    Outside { limit: f64 },
    #[error("the rectangle lies beyond the world of its system: is the order of its axes the other one?")]
    Beyond,
    #[error("a pixel is too large or too small: zooms {} to {} are drawn, this is {zoom:.1}", ZOOMS.0, ZOOMS.1)]
    Resolution { zoom: f64 },
    #[error("a pixel is {ratio:.1} times as long one way as the other: up to {MAX_STRETCH} is drawn")]
    Stretched { ratio: f64 },
}

/// What a picture shows, and of how many pixels it is. Within the limits by construction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    projection: Projection,
    bounds: [f64; 4],
    width: u32,
    height: u32,
    scale: u8,
}

impl View {
    /// `bounds`: west, south, east, north in the projection's units; `width` and `height` in device pixels, of which `scale` (1 or 2)
    /// make a logical one. Symbols and widths are in logical pixels.
    ///
    /// # Errors
    /// [`ViewFault`], before any work.
    pub fn new(
        projection: Projection,
        bounds: [f64; 4],
        width: u32,
        height: u32,
        scale: u8,
    ) -> Result<Self, ViewFault> {
        let sides = 1..=MAX_SIDE_PX;
        if !sides.contains(&width) || !sides.contains(&height) || u64::from(width) * u64::from(height) > MAX_AREA_PX {
            return Err(ViewFault::Size { width, height });
        }
        if bounds.iter().any(|v| !v.is_finite()) {
            return Err(ViewFault::NotFinite);
        }
        let [west, south, east, north] = bounds;
        if west >= east || south >= north {
            return Err(ViewFault::Empty);
        }
        let world = match projection {
            Projection::WebMercator => [20_037_508.35; 2],
            Projection::Geographic => [180.0, 90.0],
            Projection::Plane(_) => [1e8; 2],
        };
        for (half, (low, high)) in world.into_iter().zip([(west, east), (south, north)]) {
            // Twice the world: a client's window may be wider than the world is.
            let limit = 2.0 * half;
            if low < -limit || high > limit {
                return Err(ViewFault::Outside { limit });
            }
            if low >= half || high <= -half {
                return Err(ViewFault::Beyond);
            }
        }
        let view = Self { projection, bounds, width, height, scale: scale.clamp(1, 2) };
        // Where a plane's steps are as long as the world's is a matter of styles, and so is the limit: any latitude will do.
        let (kx, ky) = view.per_step(&Ground::new(projection, 0.0));
        let ratio = (kx / ky).max(ky / kx);
        if ratio.is_nan() || ratio > MAX_STRETCH {
            return Err(ViewFault::Stretched { ratio });
        }
        let zooms = Resolution::new((kx, ky)).zooms;
        for zoom in [zooms.0, zooms.1] {
            if !(ZOOMS.0 * STEPS..=ZOOMS.1 * STEPS).contains(&zoom) {
                return Err(ViewFault::Resolution { zoom: f64::from(zoom) / f64::from(STEPS) });
            }
        }
        Ok(view)
    }

    #[must_use]
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    #[must_use]
    pub const fn projection(&self) -> Projection {
        self.projection
    }

    /// The position in the middle of a pixel, counted from the top left corner; `None` where the projection has none.
    #[must_use]
    pub fn position(&self, column: u32, row: u32) -> Option<Cgcs2000> {
        let [west, south, east, north] = self.bounds;
        let across = (f64::from(column) + 0.5) / f64::from(self.width);
        let down = (f64::from(row) + 0.5) / f64::from(self.height);
        let at = (west + (east - west) * across, north - (north - south) * down);
        let ground = Ground::new(self.projection, 0.0);
        ground.position(ground.steps(at))
    }

    fn per_step(&self, ground: &Ground) -> (f64, f64) {
        let [west, south, east, north] = self.bounds;
        let pen = |pixels: u32| f64::from(pixels) * PEN as f64 / f64::from(self.scale);
        (pen(self.width) / ground.length(east - west), pen(self.height) / ground.length(north - south))
    }

    pub(super) fn lattice(&self, mid_lat: f64) -> Lattice {
        let ground = Ground::new(self.projection, mid_lat);
        let resolution = Resolution::new(self.per_step(&ground));
        let [west, _, _, north] = self.bounds;
        let (x, y) = ground.steps((west, north));
        let corner = ((x * resolution.per_step.0).round() as i64, (y * resolution.per_step.1).round() as i64);
        Lattice { ground, resolution, corner, size: (self.width, self.height), scale: self.scale }
    }
}

/// A view on the pixels and squares of its resolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    pub ground: Ground,
    pub resolution: Resolution,
    /// The view's top left corner in the pen's units.
    pub corner: (i64, i64),
    size: (u32, u32),
    scale: u8,
}

impl Lattice {
    /// Draws square after square; `draw` fills the canvas, or says no where there is nothing to draw.
    pub(super) fn compose(&self, mut draw: impl FnMut(Option<&Square>, &mut Canvas)) -> Result<Picture, RenderFault> {
        let mut whole = blank(self.size.0, self.size.1)?;
        let mut canvas = Canvas::new(self.scale)?;
        let pixel = PEN / i64::from(self.scale);
        let phase = (self.corner.0.rem_euclid(pixel), self.corner.1.rem_euclid(pixel));
        let side = PEN << PIXEL_BITS;
        let squares = |corner: i64, phase: i64, pixels: u32| {
            let last = corner - phase + (i64::from(pixels) - 1) * pixel;
            (corner - phase).div_euclid(side)..=last.div_euclid(side)
        };
        for row in squares(self.corner.1, phase.1, self.size.1) {
            for column in squares(self.corner.0, phase.0, self.size.0) {
                let corner = (column * side + phase.0, row * side + phase.1);
                let square = Square::at(corner, phase, &self.resolution, self.ground, self.scale);
                draw(square.as_ref(), &mut canvas);
                let at = ((corner.0 - self.corner.0) / pixel, (corner.1 - self.corner.1) / pixel);
                lay(&canvas.picture, &mut whole, at);
            }
        }
        Ok(Picture(whole))
    }
}

/// Copies a square into the picture at a whole pixel, as far as it lies in it.
fn lay(square: &Pixmap, whole: &mut Pixmap, (x, y): (i64, i64)) {
    let (width, height) = (i64::from(whole.width()), i64::from(whole.height()));
    let (side, rows) = (i64::from(square.width()), i64::from(square.height()));
    let (left, right) = (x.clamp(0, width), (x + side).clamp(0, width));
    let bytes = (right - left) as usize * 4;
    if bytes == 0 {
        return;
    }
    for row in y.clamp(0, height)..(y + rows).clamp(0, height) {
        let from = ((row - y) * side + left - x) as usize * 4;
        let to = (row * width + left) as usize * 4;
        let (source, target) = (square.data().get(from..from + bytes), whole.data_mut().get_mut(to..to + bytes));
        if let (Some(source), Some(target)) = (source, target) {
            target.copy_from_slice(source);
        }
    }
}

/// Pixels, before they are encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture(Pixmap);

impl Picture {
    pub(super) const fn of(pixels: Pixmap) -> Self {
        Self(pixels)
    }

    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    /// Red, green, blue, opacity of a pixel, not premultiplied; `None` beyond the edges.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 4]> {
        let colour = self.0.pixel(x, y)?.demultiply();
        Some([colour.red(), colour.green(), colour.blue(), colour.alpha()])
    }

    /// Lays another picture of the same size over this one.
    pub fn add(&mut self, over: &Self) {
        let paint = PixmapPaint { opacity: 1.0, blend_mode: BlendMode::SourceOver, quality: FilterQuality::Nearest };
        self.0.draw_pixmap(0, 0, over.0.as_ref(), &paint, Transform::identity(), None);
    }

    /// The same picture on an even ground.
    #[must_use]
    pub fn on(&self, [r, g, b]: [u8; 3]) -> Self {
        let mut ground = self.clone();
        ground.0.fill(Color::from_rgba8(r, g, b, 255));
        ground.add(self);
        ground
    }

    /// PNG with at most 256 colours, for an opaque picture: half the bytes, and a palette of its own.
    ///
    /// # Errors
    /// [`RenderFault::Encode`] when the encoder fails.
    pub fn small_png(&self) -> Result<Vec<u8>, RenderFault> {
        picture::encode_small(self.size(), self.0.data().as_chunks().0)
    }

    /// JPEG, for an opaque picture: thin lines and names suffer.
    ///
    /// # Errors
    /// [`RenderFault::Encode`] when the encoder fails.
    pub fn jpeg(&self) -> Result<Vec<u8>, RenderFault> {
        picture::encode_jpeg(self.size(), self.0.data().as_chunks().0)
    }

    /// PNG with every colour, and with opacity where there is any. This is what tiles are: beside each other they are one picture, pixel for pixel.
    ///
    /// # Errors
    /// [`RenderFault::Encode`] when the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, RenderFault> {
        let pixels = self.0.data().as_chunks().0;
        if pixels.iter().all(|[_, _, _, alpha]| *alpha == u8::MAX) {
            return picture::encode(self.size(), pixels);
        }
        let straight = |p: &tiny_skia::PremultipliedColorU8| {
            let colour = p.demultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        };
        picture::encode(self.size(), &self.0.pixels().iter().map(straight).collect::<Vec<[u8; 4]>>())
    }
}
