//! Filling polygons without seams: what each edge covers of each pixel is *added* up in integers, colour by colour, and only
//! then laid over what is below.
//!
//! Drawing neighbours one after the other with antialiasing leaves a hairline between them, because each covers half of what
//! shines through. Here their common edge adds exactly as much of the one as it takes of the other.

use tiny_skia::Pixmap;

use crate::tile::feature::Shape;

/// Fixed point: 1/256 pixel.
const ONE: i64 = 256;
/// A full pixel: 256 rows of a part × 512 (twice the columns), shifted down.
const SHIFT: u32 = 4;
const FULL: i64 = (ONE * 2 * ONE) >> SHIFT;
/// Colours carry four more bits than a byte.
const COLOUR: f32 = 255.0 * 16.0;

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

    /// Lays the sums over the picture, and clears them.
    pub(super) fn lay(&mut self, picture: &mut Pixmap) {
        let bits = FULL.trailing_zeros() + 4;
        let half = 1 << (bits - 1);
        let whole = 255 << bits;
        let width = self.width;
        let rows = picture.data_mut().chunks_exact_mut(width * 4).zip(self.cells.chunks_exact_mut(width + 1));
        for ((pixels, cells), touched) in rows.zip(&mut self.touched).filter(|(_, t)| **t) {
            let mut sum = [0i32; 4];
            for (pixel, cell) in pixels.chunks_exact_mut(4).zip(cells.iter_mut()) {
                for (s, c) in sum.iter_mut().zip(cell.iter()) {
                    *s = s.wrapping_add(*c);
                }
                if sum[3] <= half {
                    continue;
                }
                let alpha = (sum[3].saturating_add(half) >> bits).clamp(0, 255);
                // Where polygons overlap there is more colour than room: they share it.
                let sum = if sum[3] > whole {
                    sum.map(|s| (i64::from(s) * i64::from(whole) / i64::from(sum[3])) as i32)
                } else {
                    sum
                };
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
        let mut picture = Pixmap::new(16, 16).expect("a picture");
        let mut fills = Fills::new(16, 16);
        for (ring, colour) in polygons {
            let mut shape = Shape::new(Geometry::Polygon);
            shape.push(ring.iter().copied());
            // One tile unit is a sixteenth of a pixel.
            fills.add(&shape, |p| (i64::from(p.0) * 16, i64::from(p.1) * 16), *colour);
        }
        fills.lay(&mut picture);
        picture
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
        let rim: Vec<(i32, i32)> = (0..8)
            .map(|i| [(0, 0), (130, 0), (256, 0), (256, 77), (256, 256), (99, 256), (0, 256), (0, 201)][i])
            .collect();
        let centre = (117, 141);
        let triangles: Vec<Vec<(i32, i32)>> = (0..8).map(|i| vec![rim[i], rim[(i + 1) % 8], centre]).collect();
        let colour = [0.3, 0.6, 0.9, 0.4];
        let parts: Vec<Part<'_>> = triangles.iter().map(|t| (t.as_slice(), colour)).collect();
        let picture = filled(&parts);
        let first = picture.pixel(0, 0);
        assert!(picture.pixels().iter().all(|p| Some(*p) == first), "{:?}", picture.pixels());
        assert_eq!(alpha(&picture, 0, 0), 102);
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
        assert_eq!([of(2), of(8), of(14)], [Some([204, 230, 204, 255]), Some([128, 179, 230, 255]), Some([51, 128, 255, 255])]);
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
