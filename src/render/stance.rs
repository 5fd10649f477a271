//! Where a canvas lies among the pixels of the world for which names were placed.

use super::label::Extent;

/// How far a label's ink can be moved by drawing it at a resolution that is not the very one it was placed for, in pixels: half of
/// the longest label times half a percent.
const SLACK_PX: f64 = 32.0;

/// A canvas in the world of one resolution.
#[derive(Clone, Copy, Debug)]
pub struct Stance {
    /// The device pixel of the world at the canvas' top left corner.
    pub(super) origin: (i64, i64),
    /// How far the canvas' lattice of pixels lies right of and below the world's: 0 up to 1, in device pixels.
    pub(super) phase: (f64, f64),
    /// Logical pixels of the canvas in a pixel that names were placed in: 1, but for less than a percent.
    pub(super) factor: (f64, f64),
    scale: u8,
}

impl Stance {
    /// A canvas whose top left corner is this whole pixel of the world at scale 1, and which has `scale` (1 … 4, clamped) pixels for
    /// each of the world's.
    #[must_use]
    pub fn of_tile(origin: (i64, i64), scale: u8) -> Self {
        let scale = scale.clamp(1, 4);
        let origin = (origin.0 * i64::from(scale), origin.1 * i64::from(scale));
        Self { origin, phase: (0.0, 0.0), factor: (1.0, 1.0), scale }
    }

    /// As [`Stance::of_tile`], between the pixels of the world and at a slightly other resolution.
    pub(super) fn between(origin: (i64, i64), phase: (f64, f64), factor: (f64, f64), scale: u8) -> Self {
        Self { phase, factor, ..Self::of_tile(origin, scale) }
    }

    pub(super) const fn scale(&self) -> u8 {
        self.scale
    }

    /// Where a placed point lies on the canvas' own lattice, in device pixels of the world.
    pub(super) fn device(&self, x: f64, y: f64) -> (f64, f64) {
        let scale = f64::from(self.scale);
        (x * self.factor.0 * scale - self.phase.0, y * self.factor.1 * scale - self.phase.1)
    }

    /// The canvas' top left corner in its own logical pixels.
    pub(super) fn corner(&self) -> (f64, f64) {
        let scale = f64::from(self.scale);
        ((self.origin.0 as f64 + self.phase.0) / scale, (self.origin.1 as f64 + self.phase.1) / scale)
    }

    /// What the canvas shows, in the pixels that names were placed in.
    pub(super) fn sheet(&self, width: u32, height: u32) -> Extent {
        let scale = f64::from(self.scale);
        let (left, top) = self.corner();
        let (right, bottom) = (left + f64::from(width) / scale, top + f64::from(height) / scale);
        let (fx, fy) = self.factor;
        let slack = if self.factor == (1.0, 1.0) { 0.0 } else { SLACK_PX };
        Extent {
            left: left / fx - slack,
            top: top / fy - slack,
            right: right / fx + slack,
            bottom: bottom / fy + slack,
        }
    }
}
