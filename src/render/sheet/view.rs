//! Where and how large: the piece of the world that a frame shows, at a scale that is true at its middle.
//!
//! The world grid is Mercator's; each axis is scaled by the ellipsoid's own metres at the middle latitude, so that 1 : N holds there in both
//! directions, and across a district of 25 km to 0.3 %.

use super::scene::{PER_MM, Rect};
use crate::coverage::metres_per_radian;
use crate::coverage::world::{FULL_ZOOM, WORLD_BITS, project};
use crate::crs::Cgcs2000;

/// Scales outside of these are no maps: 1 : 100, and the world on a postcard.
const SCALES: std::ops::RangeInclusive<f64> = 100.0..=1e9;

/// West, south, east, north in degrees.
pub type Bounds = [f64; 4];

#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// On the paper, in millimetres.
    pub frame: Rect,
    /// The middle of the frame in world steps.
    pub centre: (f64, f64),
    /// Millimetres of the paper in a world step, east and south.
    pub step_mm: (f64, f64),
    /// 1 : so much.
    pub scale: f64,
    pub latitude: f64,
    /// How large a logical pixel of the style is on the paper.
    pub pixel_mm: f64,
}

/// Metres in a world step at a latitude, east and south.
fn step_m(latitude: f64) -> (f64, f64) {
    let (across, along) = metres_per_radian(latitude);
    let step = std::f64::consts::TAU / f64::from(1u32 << WORLD_BITS);
    // A step south is less of latitude the farther from the equator.
    (across * step, along * latitude.to_radians().cos() * step)
}

/// A scale that people can say: two figures, rounded up, so that everything still fits.
fn round_scale(exact: f64) -> f64 {
    let unit = 10f64.powf(exact.log10().floor() - 1.0);
    (exact / unit - 1e-6).ceil() * unit
}

impl View {
    /// The view that shows all of a box, centred, at the next round scale. Boxes are finite, with west < east and south < north.
    pub(super) fn fitting(bounds: Bounds, frame: Rect, pixel_mm: f64) -> Self {
        let [west, south, east, north] = bounds;
        let latitude = f64::midpoint(south, north).clamp(-80.0, 80.0);
        let (a, b) = (project(Cgcs2000::clamped(west, north)), project(Cgcs2000::clamped(east, south)));
        let (east_m, south_m) = step_m(latitude);
        let across_mm = f64::from(b.x - a.x).max(1.0) * east_m * 1000.0;
        let along_mm = f64::from(b.y - a.y).max(1.0) * south_m * 1000.0;
        let exact = (across_mm / frame.w).max(along_mm / frame.h);
        let scale = round_scale(exact.clamp(*SCALES.start(), *SCALES.end()));
        let step_mm = (east_m * 1000.0 / scale, south_m * 1000.0 / scale);
        Self { frame, centre: super::chart::middle(a, b), step_mm, scale, latitude, pixel_mm }
    }

    /// Logical pixels in a world step.
    pub(super) fn pixels_per_step(&self) -> (f64, f64) {
        (self.step_mm.0 / self.pixel_mm, self.step_mm.1 / self.pixel_mm)
    }

    /// The zoom that a style is asked for: 512 pixels around the world at zoom 0.
    pub(super) fn style_zoom(&self) -> f64 {
        (self.pixels_per_step().0.log2() + f64::from(WORLD_BITS) - 9.0).clamp(0.0, 23.0)
    }

    /// The zoom whose arcs are fine enough for print: half a logical pixel and better.
    pub(super) fn data_zoom(&self) -> u8 {
        (self.style_zoom().ceil() as u8 + 1).min(FULL_ZOOM)
    }

    /// A point of the world, in millimetres of the paper.
    pub(super) fn place(&self, world: (f64, f64)) -> (f64, f64) {
        (
            self.frame.x + self.frame.w / 2.0 + (world.0 - self.centre.0) * self.step_mm.0,
            self.frame.y + self.frame.h / 2.0 + (world.1 - self.centre.1) * self.step_mm.1,
        )
    }

    /// The same in whole steps of the page.
    pub(super) fn steps_at(&self, world: (f64, f64)) -> (i32, i32) {
        let (x, y) = self.place(world);
        let whole = |mm: f64| (mm * PER_MM).round().clamp(-1e9, 1e9) as i32;
        (whole(x), whole(y))
    }

    /// A position in millimetres of the paper.
    pub(super) fn at(&self, lon: f64, lat: f64) -> (f64, f64) {
        let p = project(Cgcs2000::clamped(lon, lat));
        self.place((f64::from(p.x), f64::from(p.y)))
    }

    /// What the frame shows, in degrees.
    pub(super) fn bounds(&self) -> Bounds {
        let half = (self.frame.w / 2.0 / self.step_mm.0, self.frame.h / 2.0 / self.step_mm.1);
        let whole = f64::from(1u32 << WORLD_BITS);
        let lon = |x: f64| x / whole * 360.0 - 180.0;
        let lat = |y: f64| (std::f64::consts::PI * (1.0 - 2.0 * y / whole)).sinh().atan().to_degrees();
        let (x, y) = self.centre;
        [lon(x - half.0), lat(y + half.1), lon(x + half.0), lat(y - half.1)]
    }

    /// Millimetres of the paper in a kilometre on the ground.
    pub(super) fn kilometre_mm(&self) -> f64 {
        1e6 / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_on_the_ground_is_one_on_the_paper_in_both_directions() {
        let view = View::fitting([116.60, 35.32, 116.80, 35.54], Rect::new(10.0, 10.0, 600.0, 800.0), 0.2);
        // One minute of the ellipsoid at 35.43° N, by the published series: 1513.6 m east, 1849.1 m north.
        let (x, y) = view.at(116.70, 35.43);
        let (e, n) = (view.at(116.70 + 1.0 / 60.0, 35.43).0 - x, y - view.at(116.70, 35.43 + 1.0 / 60.0).1);
        let metres = |mm: f64| mm * view.scale / 1000.0;
        assert!((metres(e) - 1513.6).abs() < 1.5, "{}", metres(e));
        assert!((metres(n) - 1849.1).abs() < 2.5, "{}", metres(n));
    }

    #[test]
    fn everything_asked_for_is_in_the_frame_and_scales_are_round() {
        for (bounds, w, h) in [
            ([116.60, 35.32, 116.80, 35.54], 600.0, 300.0),
            ([116.60, 35.32, 116.601, 35.321], 200.0, 250.0),
            ([-179.0, -80.0, 179.0, 80.0], 200.0, 250.0),
        ] {
            let view = View::fitting(bounds, Rect::new(5.0, 7.0, w, h), 0.2);
            let shown = view.bounds();
            assert!(shown[0] <= bounds[0] + 1e-6 && shown[2] >= bounds[2] - 1e-6, "{shown:?}");
            assert!(shown[1] <= bounds[1] + 1e-6 && shown[3] >= bounds[3] - 1e-6, "{shown:?}");
            let figures = format!("{:.0}", view.scale);
            assert!(figures[2..].bytes().all(|b| b == b'0'), "{figures}");
        }
    }
}
