//! Filling polygons without seams: what each edge covers of each pixel is *added* up in integers, colour by colour, and only
//! then laid over what is below.
//!
//! Drawing neighbours one after the other with antialiasing leaves a hairline between them, because each covers half of what
//! shines through. Here their common edge adds exactly as much of the one as it takes of the other. A hatched layer is added up the same way, and
//! thinned where the lines leave the ground bare only when it is laid: lines run on over the borders of neighbours, too.

use tiny_skia::{FilterQuality, Paint, Pixmap, Rect, SpreadMode, Transform};

use super::shades::HATCHING_INK;
use super::stance::Stance;
use crate::tile::feature::{Geometry, Shape};

/// Fixed point: 1/256 pixel.
const ONE: i64 = 256;
/// A full pixel: 256 rows of a part × 512 (twice the columns), shifted down.
const SHIFT: u32 = 4;
const FULL: i64 = (ONE * 2 * ONE) >> SHIFT;
/// Colours carry four more bits than a byte.
const COLOUR: f32 = 255.0 * 16.0;

/// Logical pixels from one line of the hatching to the next, to the right and downwards. The side of a square is a multiple of it.
const PERIOD_PX: i64 = 8;
/// The hatching is an image of so many dots a logical pixel, and this wide and high, as the page's is.
const DENSITY: f64 = 2.0;
const SIDE: f64 = PERIOD_PX as f64 * DENSITY;

/// Diagonal lines on nothing, where they lie on a canvas.
#[derive(Debug)]
pub(super) struct Hatching {
    /// How much of the ink a pixel has, of 255, by its column and row together, over one period of device pixels.
    shares: Vec<i64>,
    /// Of these the one in the canvas' corner.
    start: usize,
}

impl Hatching {
    /// Lines keep to the world, so that they run on from square to square and from a tile into a view of the same zoom.
    pub(super) fn on(stance: &Stance) -> Self {
        let scale = stance.scale();
        let period = PERIOD_PX * i64::from(scale);
        let phase = stance.phase.0 + stance.phase.1;
        let share = |at: i64| (inked(at as f64 + phase, f64::from(scale)) * 255.0).round() as i64;
        let start = (stance.origin.0 + stance.origin.1).rem_euclid(period) as usize;
        Self { shares: (0..period).map(share).collect(), start }
    }

    /// The colour that its ink has at an opacity, not premultiplied.
    pub(super) fn colour(opacity: f32) -> [f32; 4] {
        let [r, g, b] = HATCHING_INK.map(|c| f32::from(c) / 255.0);
        [r, g, b, opacity]
    }

    /// What of a pixel's colour the lines leave.
    fn thin(&self, sum: [i32; 4], x: usize, y: usize) -> [i32; 4] {
        let share = self.shares[(self.start + x + y) % self.shares.len()];
        sum.map(|s| (i64::from(s) * share / 255) as i32)
    }

    /// Hatches a rectangle of a legend, in the units that `to_pixels` takes to pixels, of which `scale` are a logical one.
    pub(super) fn swatch(rect: Rect, to_pixels: Transform, opacity: f32, scale: u8, picture: &mut Pixmap) {
        let hatching = Self::on(&Stance::of_tile((0, 0), scale));
        let side = hatching.shares.len();
        let (Some(back), Some(mut dots)) = (to_pixels.invert(), Pixmap::new(side as u32, side as u32)) else { return };
        let mut square = Shape::new(Geometry::Polygon);
        square.push([(0, 0), (1, 0), (1, 1), (0, 1)]);
        let mut fills = Fills::new(side, side);
        let whole = side as i64 * ONE;
        fills.add(&square, |p| (i64::from(p.0) * whole, i64::from(p.1) * whole), Self::colour(opacity));
        fills.lay(&mut dots, Some(&hatching));
        let shader = tiny_skia::Pattern::new(dots.as_ref(), SpreadMode::Repeat, FilterQuality::Nearest, 1.0, back);
        // Without, so that a hatched swatch has the very pixels that an even one has.
        let paint = Paint { anti_alias: false, shader, ..Paint::default() };
        picture.fill_rect(rect, &paint, to_pixels, None);
    }
}

/// How much of the ink there is where column and row together are this many device pixels, 0 to 1.
fn inked(at: f64, scale: f64) -> f64 {
    let dot = |sum: f64| {
        // From the nearest diagonal: a line is a little more than two dots wide, with a soft edge.
        let off = ((sum + SIDE / 2.0).rem_euclid(SIDE) - SIDE / 2.0).abs() / std::f64::consts::SQRT_2;
        (1.6 - off).clamp(0.0, 1.0)
    };
    // Dots are counted from the middle of one to the middle of the next, as pixels are.
    let middle = (at + 1.0) * DENSITY / scale - 1.0;
    if scale < DENSITY {
        // A pixel covers two by two dots.
        return (dot(middle - 1.0) + 2.0 * dot(middle) + dot(middle + 1.0)) / 4.0;
    }
    dot(middle)
}

/// Sums for one layer of fills; reused for the next once laid down.
#[derive(Debug)]
pub(super) struct Fills {
    width: usize,
    height: usize,
    /// Changes from pixel to pixel along a row, one column more than the picture.
    cells: Vec<[i32; 4]>,
    touched: Vec<bool>,
}

impl Fills {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, cells: vec![[0; 4]; (width + 1) * height], touched: vec![false; height] }
    }

    /// Adds a polygon. `fixed` says where a point of it lies in 1/256 pixels; `colour` is not premultiplied.
    pub(super) fn add(&mut self, shape: &Shape, fixed: impl Fn((i32, i32)) -> (i64, i64), colour: [f32; 4]) {
        let alpha = colour[3].clamp(0.0, 1.0);
        let weight = |c: f32| (c.clamp(0.0, 1.0) * alpha * COLOUR).round() as i32;
        let colour = [weight(colour[0]), weight(colour[1]), weight(colour[2]), (alpha * COLOUR).round() as i32];
        for ring in shape.parts() {
            let Some(&last) = ring.last() else { continue };
            let mut a = fixed(last);
            for &p in ring {
                let b = fixed(p);
                self.edge(a, b, colour);
                a = b;
            }
        }
    }

    fn edge(&mut self, a: (i64, i64), b: (i64, i64), colour: [i32; 4]) {
        // Outer rings run clockwise on the screen: what rises has the polygon on its right.
        let (top, bottom, colour) = if a.1 < b.1 { (a, b, colour.map(|c| -c)) } else { (b, a, colour) };
        let last_row = self.height as i64 * ONE;
        let (from, to) = (top.1.max(0), bottom.1.min(last_row));
        let x_at = |y: i64| top.0 + ((bottom.0 - top.0) * (y - top.1)).div_euclid(bottom.1 - top.1);
        let mut y = from;
        while y < to {
            let row = y / ONE;
            let next = ((row + 1) * ONE).min(to);
            self.piece(row as usize, (x_at(y), x_at(next)), next - y, colour);
            y = next;
        }
    }

    /// A part of an edge within one row of pixels: from one column to another, `height` high.
    fn piece(&mut self, row: usize, (x0, x1): (i64, i64), height: i64, colour: [i32; 4]) {
        let (left, right) = (x0.min(x1), x0.max(x1));
        let end = self.width as i64 * ONE;
        if left >= end {
            return;
        }
        self.touched[row] = true;
        let start = row * (self.width + 1);
        if right <= 0 {
            self.put(start, (height * 2 * ONE) >> SHIFT, colour);
            return;
        }
        if left / ONE == right / ONE && left >= 0 {
            let column = left / ONE;
            self.split(start + column as usize, height, (left - column * ONE) + (right - column * ONE), colour);
            return;
        }
        // How much of the height lies left of x; exact at both ends, so the parts add up to the whole.
        let share = |x: i64| height * (x - left) / (right - left);
        let mut x = left;
        if x < 0 {
            self.put(start, (share(0) * 2 * ONE) >> SHIFT, colour);
            x = 0;
        }
        while x < right.min(end) {
            let column = x / ONE;
            let next = ((column + 1) * ONE).min(right);
            let inside = (x - column * ONE) + (next - column * ONE);
            self.split(start + column as usize, share(next) - share(x), inside, colour);
            x = next;
        }
    }

    /// Shares what a piece covers between its column and all columns to the right.
    fn split(&mut self, cell: usize, height: i64, inside: i64, colour: [i32; 4]) {
        let later = (height * inside) >> SHIFT;
        self.put(cell, ((height * 2 * ONE) >> SHIFT) - later, colour);
        self.put(cell + 1, later, colour);
    }

    fn put(&mut self, cell: usize, amount: i64, colour: [i32; 4]) {
        for (sum, part) in self.cells[cell].iter_mut().zip(colour) {
            // Sums may run over on the way; what counts is the end, where fewer than sixty polygons overlap.
            *sum = sum.wrapping_add(amount as i32 * part);
        }
    }

    /// Lays the sums over the picture, hatched or even, and clears them.
    pub(super) fn lay(&mut self, picture: &mut Pixmap, hatching: Option<&Hatching>) {
        let bits = FULL.trailing_zeros() + 4;
        let half = 1 << (bits - 1);
        let whole = 255 << bits;
        let width = self.width;
        let rows = picture.data_mut().chunks_exact_mut(width * 4).zip(self.cells.chunks_exact_mut(width + 1));
        for (y, ((pixels, cells), touched)) in rows.zip(&mut self.touched).enumerate().filter(|(_, (_, t))| **t) {
            let mut sum = [0i32; 4];
            for (x, (pixel, cell)) in pixels.chunks_exact_mut(4).zip(cells.iter_mut()).enumerate() {
                for (s, c) in sum.iter_mut().zip(cell.iter()) {
                    *s = s.wrapping_add(*c);
                }
                if sum[3] <= half {
                    continue;
                }
                // Where polygons overlap there is more colour than room: they share it.
                let sum = if sum[3] > whole {
                    sum.map(|s| (i64::from(s) * i64::from(whole) / i64::from(sum[3])) as i32)
                } else {
                    sum
                };
                let sum = hatching.map_or(sum, |hatching| hatching.thin(sum, x, y));
                let alpha = (sum[3].saturating_add(half) >> bits).clamp(0, 255);
                for (p, s) in pixel.iter_mut().zip(sum) {
                    let source = (s.saturating_add(half) >> bits).clamp(0, alpha);
                    let below = i32::from(*p) * (255 - alpha);
                    *p = (source + (below + 127) / 255).min(255) as u8;
                }
            }
            cells.fill([0; 4]);
            *touched = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::feature::Geometry;

    const RED: [f32; 4] = [1.0, 0.0, 0.0, 1.0];

    type Part<'a> = (&'a [(i32, i32)], [f32; 4]);

    fn filled(polygons: &[Part<'_>]) -> Pixmap {
        laid(polygons, None)
    }

    fn laid(polygons: &[Part<'_>], hatching: Option<&Hatching>) -> Pixmap {
        let mut picture = Pixmap::new(16, 16).expect("a picture");
        let mut fills = Fills::new(16, 16);
        for (ring, colour) in polygons {
            let mut shape = Shape::new(Geometry::Polygon);
            shape.push(ring.iter().copied());
            // One tile unit is a sixteenth of a pixel.
            fills.add(&shape, |p| (i64::from(p.0) * 16, i64::from(p.1) * 16), *colour);
        }
        fills.lay(&mut picture, hatching);
        picture
    }

    /// Around a point within the square, all the way.
    fn fan() -> Vec<[(i32, i32); 3]> {
        let rim = [(0, 0), (130, 0), (256, 0), (256, 77), (256, 256), (99, 256), (0, 256), (0, 201)];
        (0..8).map(|i| [rim[i], rim[(i + 1) % 8], (117, 141)]).collect()
    }

    fn alpha(picture: &Pixmap, x: u32, y: u32) -> u8 {
        picture.pixel(x, y).map_or(0, |p| p.alpha())
    }

    #[test]
    fn coverage_is_exact_to_a_level() {
        let picture = filled(&[(&[(24, 24), (72, 24), (72, 72), (24, 72)], RED)]);
        assert_eq!(
            [alpha(&picture, 1, 1), alpha(&picture, 2, 2), alpha(&picture, 1, 2), alpha(&picture, 5, 5)],
            [64, 255, 128, 0]
        );
        let triangle = filled(&[(&[(0, 0), (256, 256), (0, 256)], RED)]);
        assert_eq!([alpha(&triangle, 3, 3), alpha(&triangle, 3, 4), alpha(&triangle, 4, 3)], [128, 255, 0]);
    }

    #[test]
    fn neighbours_leave_no_seam_and_no_trace_of_their_border() {
        // A fan of triangles around the middle, all of one colour, fills the square evenly.
        let triangles = fan();
        let colour = [0.3, 0.6, 0.9, 0.4];
        let parts: Vec<Part<'_>> = triangles.iter().map(|t| (t.as_slice(), colour)).collect();
        let picture = filled(&parts);
        let first = picture.pixel(0, 0);
        assert!(picture.pixels().iter().all(|p| Some(*p) == first), "{:?}", picture.pixels());
        assert_eq!(alpha(&picture, 0, 0), 102);
    }

    #[test]
    fn the_hatching_is_the_pages_image() {
        let shares = |scale| Hatching::on(&Stance::of_tile((0, 0), scale)).shares;
        // At two dots a pixel they are those of `hatching` in web/src/map/shaded.ts; a pixel that covers four is their mean.
        assert_eq!(shares(2), [255, 228, 47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 228]);
        assert_eq!(shares(1), [189, 12, 0, 0, 0, 0, 12, 189]);
        // Where a canvas lies says with which line it begins; half a pixel further on they are half a pixel back.
        let start = |x, y, scale| Hatching::on(&Stance::of_tile((x, y), scale)).start;
        assert_eq!(
            [start(0, 0, 1), start(3, 2, 1), start(3, 2, 2), start(256, 512, 2), start(-1, 0, 1)],
            [0, 5, 10, 0, 7]
        );
        let between = Hatching::on(&Stance::between((0, 0), (0.5, 0.5), (1.0, 1.0), 2)).shares;
        assert_eq!(between[..4], [228, 47, 0, 0]);
    }

    #[test]
    fn hatched_neighbours_leave_no_trace_of_their_border_and_bare_ground_between_lines() {
        let hatching = Hatching::on(&Stance::of_tile((0, 0), 1));
        let colour = Hatching::colour(1.0);
        let triangles = fan();
        let parts: Vec<Part<'_>> = triangles.iter().map(|t| (t.as_slice(), colour)).collect();
        let picture = laid(&parts, Some(&hatching));
        for (x, y) in (0..16).flat_map(|y| (0..16).map(move |x| (x, y))) {
            assert_eq!(alpha(&picture, x, y), [189, 12, 0, 0, 0, 0, 12, 189][(x as usize + y as usize) % 8], "{x} {y}");
        }
        let ink = picture.pixel(0, 0).map(|p| p.demultiply());
        let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
        let [r, g, b] = HATCHING_INK;
        assert!(ink.is_some_and(|ink| near(ink.red(), r) && near(ink.green(), g) && near(ink.blue(), b)), "{ink:?}");
        // The edge of what is hatched is soft, as any; nothing of it is left for the next layer.
        let half = laid(&[(&[(0, 0), (8, 0), (8, 256), (0, 256)], colour)], Some(&hatching));
        assert!(alpha(&half, 0, 0).abs_diff(95) <= 1 && (1..16).all(|x| alpha(&half, x, 7) == 0));
    }

    #[test]
    fn where_polygons_overlap_their_colour_is_their_own_or_between_theirs() {
        const GREEN: [f32; 4] = [0.8, 0.9, 0.8, 1.0];
        const BLUE: [f32; 4] = [0.2, 0.5, 1.0, 1.0];
        let (left, right) = ([(0, 0), (160, 0), (160, 256), (0, 256)], [(96, 0), (256, 0), (256, 256), (96, 256)]);
        let park = filled(&[(&left, GREEN), (&right, GREEN), (&left, GREEN)]);
        let first = park.pixel(0, 0);
        assert!(park.pixels().iter().all(|p| Some(*p) == first), "{:?}", park.pixels());
        let both = filled(&[(&left, GREEN), (&right, BLUE)]);
        let of = |x: u32| both.pixel(x, 3).map(|p| [p.red(), p.green(), p.blue(), p.alpha()]);
        assert_eq!(
            [of(2), of(8), of(14)],
            [Some([204, 230, 204, 255]), Some([128, 179, 230, 255]), Some([51, 128, 255, 255])]
        );
    }

    #[test]
    fn what_lies_outside_the_picture_does_not_reach_in() {
        let picture = filled(&[
            (&[(-500, -500), (-10, -500), (-10, 900), (-500, 900)], RED),
            (&[(300, -50), (900, -50), (900, 900)], RED),
            (&[(0, 300), (256, 300), (256, 400)], RED),
        ]);
        assert!(picture.pixels().iter().all(|p| p.alpha() == 0));
        let around = filled(&[(&[(-500, -500), (900, -500), (900, 900), (-500, 900)], RED)]);
        assert!(around.pixels().iter().all(|p| p.alpha() == 255));
    }
}
