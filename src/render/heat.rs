//! Heat: kernel density of issues as a transparent picture, the same in every tile and at every zoom.
//!
//! The density of a filter is computed once for the whole district, on a raster a quarter of the bandwidth fine; a tile only samples it. So
//! there is no seam to see between two tiles or two zooms, and a second tile costs half a millisecond. The raster lies in Web Mercator
//! with ground metres taken at the district's middle latitude: across a district of 0.2° the bell is 0.3 % wider in the south.
//!
//! What fewer than [`PUBLIC_K`] issues reach, were they all in one place, is not drawn: of any period, category or bell no picture shows anything where
//! fewer are within reach. Each picture is judged by itself.

use std::sync::{Arc, Mutex, PoisonError};

use super::RenderFault;
use crate::crs::mercator::{RADIUS, WORLD, WorldPoint};
use crate::issue::{Issue, IssueFilter};
use crate::snapshot::Snapshot;
use crate::tile::{PUBLIC_K, TileCoord};

/// The smallest and largest standard deviation of the bell, in metres; others are clamped.
pub const BANDWIDTH_M: (f64, f64) = (20.0, 20_000.0);
/// Raster cells for one standard deviation.
const CELLS_PER_SIGMA: f64 = 4.0;
/// The raster is never larger than this a side; a narrow bell over a large district then gets fewer cells for itself.
const MOST_CELLS: usize = 2048;
/// Three boxes make a quadratic B-spline: it ends at three standard deviations. One more for the odd cell.
const REACH_SIGMA: f64 = 3.5;
/// Density fields kept ready, newest last.
const FIELDS: usize = 8;

/// Colours from nothing to the densest spot: lightness rises all the way, so that it reads in grey and for colour-blind eyes (after
/// matplotlib's “inferno”); transparent where nothing is.
const RAMP: [(f32, [f32; 4]); 6] = [
    (0.00, [66.0, 10.0, 104.0, 0.0]),
    (0.12, [106.0, 23.0, 110.0, 70.0]),
    (0.35, [188.0, 55.0, 84.0, 150.0]),
    (0.60, [237.0, 105.0, 37.0, 190.0]),
    (0.85, [251.0, 180.0, 26.0, 210.0]),
    (1.00, [252.0, 255.0, 164.0, 225.0]),
];

/// The heat of one snapshot's issues, by filter and bandwidth.
#[derive(Debug)]
pub struct Heat {
    /// Where each issue is drawn; `None` without a position.
    points: Vec<Option<WorldPoint>>,
    /// West, north, east, south in world steps, and metres of a step.
    bounds: [f64; 4],
    metres_per_step: f64,
    fields: Mutex<Vec<(IssueFilter, u64, Arc<Field>)>>,
}

/// A density on a raster of square cells: the sum of a bell at each point, in points a square kilometre.
#[derive(Debug)]
pub struct Field {
    west: f64,
    north: f64,
    cell: f64,
    columns: usize,
    rows: usize,
    density: Vec<f32>,
    /// The top of the scale.
    peak: f32,
    /// The most that `PUBLIC_K` − 1 issues in one place can reach.
    hidden: f32,
}

/// The lowest top of a scale, in what is hidden: a handful of issues must not look like a hot spot.
const LEAST_TOP: f32 = 4.0;

impl Heat {
    /// Projects the issues. The drawn extent is the coverage's.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        let points = snapshot.issues.iter().map(|issue: &Issue| issue.point.map(WorldPoint::of)).collect();
        let lattice = snapshot.coverage.lattice();
        let corner = |p| WorldPoint::of(lattice.position(p));
        let (bounds, lat) = match snapshot.coverage.bounds() {
            Some((low, high)) => {
                let (sw, ne) = (corner(low), corner(high));
                ([sw.x, ne.y, ne.x, sw.y], f64::midpoint(lattice.position(low).lat(), lattice.position(high).lat()))
            }
            None => ([0.0; 4], 0.0),
        };
        let metres_per_step = 2.0 * std::f64::consts::PI * RADIUS / WORLD as f64 * lat.to_radians().cos();
        Self { points, bounds, metres_per_step, fields: Mutex::new(Vec::new()) }
    }

    /// The density of the issues a filter accepts; computed once and kept while it is among the last few asked for.
    #[must_use]
    pub fn field(&self, snapshot: &Snapshot, filter: &IssueFilter, bandwidth_m: f64) -> Arc<Field> {
        let bandwidth_m = clamped(bandwidth_m);
        let key = bandwidth_m.to_bits();
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = fields.iter().position(|(f, b, _)| f == filter && *b == key) {
            let hit = fields.remove(i);
            let field = Arc::clone(&hit.2);
            fields.push(hit);
            return field;
        }
        let field = Arc::new(self.passing(snapshot, filter, bandwidth_m));
        if fields.len() == FIELDS {
            fields.remove(0);
        }
        fields.push((filter.clone(), key, Arc::clone(&field)));
        field
    }

    /// As [`Heat::field`], not kept.
    pub(super) fn passing(&self, snapshot: &Snapshot, filter: &IssueFilter, bandwidth_m: f64) -> Field {
        let bandwidth_m = clamped(bandwidth_m);
        let accepted = snapshot.issues.iter().zip(&self.points).filter(|(issue, _)| filter.accepts(issue));
        let points = accepted.filter_map(|(_, point)| *point);
        Field::new(points, self.bounds, bandwidth_m / self.metres_per_step, self.metres_per_step)
    }
}

const fn clamped(bandwidth_m: f64) -> f64 {
    if bandwidth_m.is_nan() { BANDWIDTH_M.0 } else { bandwidth_m.clamp(BANDWIDTH_M.0, BANDWIDTH_M.1) }
}

impl Field {
    /// `bounds` and `sigma` in world steps.
    fn new(points: impl Iterator<Item = WorldPoint>, bounds: [f64; 4], sigma: f64, metres_per_step: f64) -> Self {
        let margin = sigma * REACH_SIGMA;
        let (west, north) = (bounds[0] - margin, bounds[1] - margin);
        let (width, height) = (bounds[2] + margin - west, bounds[3] + margin - north);
        let cell = (sigma / CELLS_PER_SIGMA).max(width.max(height) / MOST_CELLS as f64).max(1e-6);
        let (columns, rows) = ((width / cell).ceil() as usize + 1, (height / cell).ceil() as usize + 1);
        let mut density = vec![0f32; columns * rows];
        for p in points {
            let (x, y) = ((p.x - west) / cell - 0.5, (p.y - north) / cell - 0.5);
            if x >= 0.0 && y >= 0.0 && x + 1.0 < columns as f64 && y + 1.0 < rows as f64 {
                // Shared by the four nearest cells, so that the bell stands on the point and not on its cell.
                let (k, dx, dy) = (y as usize * columns + x as usize, x.fract() as f32, y.fract() as f32);
                density[k] += (1.0 - dx) * (1.0 - dy);
                density[k + 1] += dx * (1.0 - dy);
                density[k + columns] += (1.0 - dx) * dy;
                density[k + columns + 1] += dx * dy;
            }
        }
        let cell_km2 = (cell * metres_per_step / 1000.0).powi(2) as f32;
        let boxes = box_widths(sigma / cell);
        for radius in boxes {
            blur_rows(&mut density, columns, radius);
            blur_columns(&mut density, columns, rows, radius);
        }
        density.iter_mut().for_each(|d| *d /= cell_km2);
        let hidden = (PUBLIC_K - 1) as f32 * height_of(boxes).powi(2) / cell_km2;
        let peak = density.iter().copied().fold(LEAST_TOP * hidden, f32::max);
        Self { west, north, cell, columns, rows, density, peak, hidden }
    }

    /// The top of the colour scale, in issues a square kilometre.
    #[must_use]
    pub fn peak_per_km2(&self) -> f64 {
        f64::from(self.peak)
    }

    /// The top of the scale when it is asked to be `wanted`: never so low that a handful of issues would look like many.
    #[must_use]
    pub fn top_per_km2(&self, wanted: Option<f64>) -> f64 {
        wanted.map_or(f64::from(self.peak), |wanted| wanted.max(f64::from(LEAST_TOP * self.hidden)))
    }

    /// The colours of a scale that ends with `top`, evenly along the root of density: what pictures show, nothing where it is hidden.
    #[must_use]
    pub fn scale(&self, top: f64) -> [[u8; 4]; 256] {
        let colours = ramp();
        std::array::from_fn(|at| self.colour((top * (at as f64 / 255.0).powi(2)) as f32, top as f32, &colours))
    }

    /// Densities and their colours, from nothing to `top`: between two of them colours are mixed evenly along the root of density.
    #[must_use]
    pub fn stops(&self, top: f64) -> Vec<(f64, [u8; 4])> {
        /// Where shades come up to their place.
        const RISE: [f64; 6] = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0];
        let hidden = f64::from(self.hidden);
        let risen = RAMP.iter().map(|(at, _)| top * f64::from(*at).powi(2)).filter(|density| *density > 2.0 * hidden);
        let colours = ramp();
        let of = |density: f64| (density, self.colour(density as f32, top as f32, &colours));
        [0.0].into_iter().chain(RISE.map(|times| times * hidden)).chain(risen).map(of).collect()
    }

    fn colour(&self, density: f32, top: f32, colours: &[[u8; 4]; 256]) -> [u8; 4] {
        colours[usize::from(self.shade(density, top))]
    }

    /// How high on the scale a density stands, 0 … 255: its root. What is hidden is nothing; from there to twice as much it comes up to its place, so that
    /// there is no edge.
    fn shade(&self, density: f32, top: f32) -> u8 {
        let seen = ((density - self.hidden) / self.hidden).clamp(0.0, 1.0);
        ((density / top).max(0.0).sqrt() * seen * 255.0).round().min(255.0) as u8
    }

    /// Between the four nearest cell centres; nothing outside the raster.
    fn at(&self, x: f64, y: f64) -> f32 {
        let (fx, fy) = ((x - self.west) / self.cell - 0.5, (y - self.north) / self.cell - 0.5);
        let (i, j) = (fx.floor(), fy.floor());
        if i < 0.0 || j < 0.0 || i + 1.0 >= self.columns as f64 || j + 1.0 >= self.rows as f64 {
            return 0.0;
        }
        let (dx, dy) = ((fx - i) as f32, (fy - j) as f32);
        let k = j as usize * self.columns + i as usize;
        let row = |k: usize| self.density[k] * (1.0 - dx) + self.density[k + 1] * dx;
        row(k) * (1.0 - dy) + row(k + self.columns) * dy
    }

    /// A tile of 256 · `scale` pixels (`scale` 1 … 4) as a palette PNG; colour goes with the root of density, so that the suburbs show too, but for what too
    /// few make. The densest colour stands for `top_per_km2` and more – or for the densest spot of the district: give the same top to all pictures of a series.
    ///
    /// # Errors
    /// [`RenderFault::Encode`] if the encoder fails, which it does not in memory.
    pub fn tile(&self, coord: TileCoord, scale: u8, top_per_km2: Option<f64>) -> Result<Vec<u8>, RenderFault> {
        let top = self.top_per_km2(top_per_km2) as f32;
        let size = 256 * u32::from(scale.clamp(1, 4));
        let step = WORLD as f64 / f64::from(1u32 << coord.z()) / f64::from(size);
        let (west, north) =
            (f64::from(coord.x()) * f64::from(size) * step, f64::from(coord.y()) * f64::from(size) * step);
        let mut pixels = Vec::with_capacity((size * size) as usize);
        for row in 0..size {
            for column in 0..size {
                let d = self.at(west + (f64::from(column) + 0.5) * step, north + (f64::from(row) + 0.5) * step);
                pixels.push(self.shade(d, top));
            }
        }
        indexed_png(size, &pixels)
    }
}

/// Radii of three box filters that together have the variance of a bell of `sigma` cells (the two nearest odd widths, mixed).
fn box_widths(sigma: f64) -> [usize; 3] {
    let ideal = (4.0 * sigma * sigma + 1.0).sqrt(); // 12 σ² / 3 + 1
    let low = (((ideal - 1.0) / 2.0).floor() * 2.0 + 1.0).max(1.0);
    let narrow = ((12.0 * sigma * sigma - 3.0 * low * low - 12.0 * low - 9.0) / (-4.0 * low - 4.0)).round();
    std::array::from_fn(|i| ((if (i as f64) < narrow { low } else { low + 2.0 }) as usize) / 2)
}

/// The height of the bell that such boxes make of a point, along one line.
fn height_of(radii: [usize; 3]) -> f32 {
    let reach: usize = radii.iter().sum();
    let mut line = vec![0.0; 2 * reach + 1];
    line[reach] = 1.0;
    for radius in radii {
        let before = line.clone();
        running_mean(&before, radius, |i, mean| line[i] = mean);
    }
    line.into_iter().fold(0.0, f32::max)
}

fn blur_rows(density: &mut [f32], columns: usize, radius: usize) {
    let mut line = vec![0f32; columns];
    for row in density.chunks_mut(columns) {
        line.copy_from_slice(row);
        running_mean(&line, radius, |i, mean| row[i] = mean);
    }
}

fn blur_columns(density: &mut [f32], columns: usize, rows: usize, radius: usize) {
    let mut line = vec![0f32; rows];
    for column in 0..columns {
        for (row, value) in line.iter_mut().enumerate() {
            *value = density[row * columns + column];
        }
        running_mean(&line, radius, |row, mean| density[row * columns + column] = mean);
    }
}

/// The mean over 2 · radius + 1 values around each place, zeros beyond the ends. Sums in `f64`, so that nothing is left over far away.
fn running_mean(line: &[f32], radius: usize, mut put: impl FnMut(usize, f32)) {
    let mut sum: f64 = line.iter().take(radius).map(|v| f64::from(*v)).sum();
    let width = (2 * radius + 1) as f64;
    for i in 0..line.len() {
        sum += line.get(i + radius).map_or(0.0, |v| f64::from(*v));
        put(i, (sum / width).max(0.0) as f32);
        sum -= i.checked_sub(radius).map_or(0.0, |k| f64::from(line[k]));
    }
}

/// The colour of each of 256 steps, from nothing to the peak: RGB and opacity.
fn ramp() -> [[u8; 4]; 256] {
    std::array::from_fn(|i| {
        let t = i as f32 / 255.0;
        let k = RAMP.iter().skip(1).position(|(at, _)| t <= *at).unwrap_or(RAMP.len() - 2);
        let ((from, a), (to, b)) = (RAMP[k], RAMP[k + 1]);
        let share = (t - from) / (to - from);
        std::array::from_fn(|c| (a[c] + (b[c] - a[c]) * share).round() as u8)
    })
}

fn indexed_png(size: u32, pixels: &[u8]) -> Result<Vec<u8>, RenderFault> {
    let (mut colours, mut opacity) = (Vec::with_capacity(768), Vec::with_capacity(256));
    for [r, g, b, a] in ramp() {
        colours.extend([r, g, b]);
        opacity.push(a);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(colours);
    encoder.set_trns(opacity);
    encoder.set_compression(png::Compression::Fast);
    let fault = |e: png::EncodingError| RenderFault::Encode(e.to_string());
    let mut writer = encoder.write_header().map_err(fault)?;
    writer.write_image_data(pixels).map_err(fault)?;
    writer.finish().map_err(fault)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(points: &[(f64, f64)], sigma: f64) -> Field {
        let points = points.iter().map(|&(x, y)| WorldPoint { x, y });
        Field::new(points, [1000.0, 1000.0, 9000.0, 9000.0], sigma, 0.12)
    }

    #[test]
    fn the_density_of_one_point_is_a_bell_with_the_right_mass_and_width() {
        let one = field(&[(5000.0, 5000.0)], 400.0);
        let km2 = (one.cell * 0.12 / 1000.0).powi(2) as f32;
        let mass: f32 = one.density.iter().sum::<f32>() * km2;
        assert!((mass - 1.0).abs() < 1e-3, "{mass}");
        let top = one.at(5000.0, 5000.0);
        for (sigmas, expected) in [(0.5, 0.917), (1.0, 0.667), (2.0, 0.167), (3.5, 0.0)] {
            let ratio = one.at(5000.0 + sigmas * 400.0, 5000.0) / top;
            assert!((ratio - expected).abs() < 0.03, "{sigmas} σ: {ratio}");
        }
    }

    #[test]
    fn neighbouring_tiles_and_deeper_zooms_are_cut_from_one_picture() {
        let mut seed = 1u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            1000.0 + (seed >> 40) as f64 % 8000.0
        };
        let points: Vec<(f64, f64)> = (0..3000).map(|_| (next(), next())).collect();
        let field = field(&points, 300.0);
        let at = |z, x, y, column: f64, row: f64, size: f64| {
            let step = WORLD as f64 / f64::from(1u32 << z) / size;
            field.at((f64::from(x) * size + column + 0.5) * step, (f64::from(y) * size + row + 0.5) * step)
        };
        // A tile at @2x has a pixel centre a quarter pixel off each @1x centre: between them the density changes by little, at the seam
        // of two tiles no more than within one.
        let z = 17u8; // tiles of 2048 steps
        let mut inside = 0f32;
        let mut seam = 0f32;
        for row in 0..256 {
            seam =
                seam.max((at(z, 1, 1, 255.0, f64::from(row), 256.0) - at(z, 2, 1, 0.0, f64::from(row), 256.0)).abs());
            for column in 0..255 {
                let (a, b) = (f64::from(column), f64::from(row));
                inside = inside.max((at(z, 1, 1, a, b, 256.0) - at(z, 1, 1, a + 1.0, b, 256.0)).abs());
            }
        }
        assert!(seam > 0.0 && seam <= inside * 1.5, "{seam} at the seam, {inside} inside");
    }

    /// The width and the palette's numbers.
    fn decode(bytes: Vec<u8>) -> (u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        assert_eq!(reader.info().color_type, png::ColorType::Indexed);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, pixels)
    }

    #[test]
    fn a_tile_at_twice_the_pixels_is_the_four_of_the_next_zoom_to_the_pixel() {
        let points: Vec<(f64, f64)> =
            (0..900).map(|i| (1500.0 + f64::from(i * 7919 % 7000), 1500.0 + f64::from(i * 104_729 % 7000))).collect();
        let field = field(&points, 350.0);
        // The bounds end at 9000 steps: tile 0/0 of zoom 14 has 16,384.
        for (z, x, y) in [(14u8, 0, 0), (15, 0, 0), (16, 1, 1)] {
            let (_, large) = decode(field.tile(TileCoord::new(z, x, y).unwrap(), 2, Some(40.0)).unwrap());
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (_, small) =
                    decode(field.tile(TileCoord::new(z + 1, 2 * x + dx, 2 * y + dy).unwrap(), 1, Some(40.0)).unwrap());
                for (row, pixels) in small.chunks_exact(256).enumerate() {
                    let at = (row + 256 * dy as usize) * 512 + 256 * dx as usize;
                    assert_eq!(pixels, &large[at..at + 256], "{z}/{x}/{y}: row {row} of {dx} {dy}");
                }
            }
            assert!(large.iter().filter(|v| **v > 0).count() > 1000, "there is something to see");
        }
    }

    #[test]
    fn a_common_top_makes_half_the_density_half_as_high_on_the_scale() {
        let (full, half) = (field(&[(5000.0, 5000.0); 60], 400.0), field(&[(5000.0, 5000.0); 30], 400.0));
        let top = full.peak_per_km2();
        let most = |field: &Field, top| {
            let (_, pixels) = decode(field.tile(TileCoord::new(14, 0, 0).unwrap(), 1, top).unwrap());
            f64::from(pixels.into_iter().max().unwrap()) / 255.0
        };
        assert!(most(&full, Some(top)) > 0.95 && most(&half, None) > 0.95);
        // Colour goes with the root.
        assert!((most(&half, Some(top)) - most(&full, Some(top)) * 0.5f64.sqrt()).abs() < 0.02);
        assert!(
            (half.top_per_km2(Some(0.001)) - f64::from(LEAST_TOP * half.hidden)).abs() < 1e-6,
            "never so low that a handful looks like many"
        );
    }

    #[test]
    fn a_tile_is_a_palette_picture_that_is_empty_far_away() {
        let field = field(&[(5000.0, 5000.0); 50], 400.0);
        let (width, near) = decode(field.tile(TileCoord::new(14, 0, 0).unwrap(), 2, None).unwrap());
        assert_eq!(width, 512);
        assert!(near.contains(&255) || near.iter().any(|v| *v > 240));
        let (_, far) = decode(field.tile(TileCoord::new(14, 9, 9).unwrap(), 1, None).unwrap());
        assert!(far.iter().all(|v| *v == 0));
    }

    #[test]
    fn nothing_shows_where_fewer_than_five_were() {
        // On a cell's centre, on its corner, and beside it; a wide bell, a narrow one, and one narrower than the raster's cells.
        for (at, sigma) in
            [((5000.0, 5000.0), 400.0), ((5003.7, 4980.1), 40.0), ((5000.4, 5000.9), 2.0), ((4000.0, 6000.0), 170.0)]
        {
            let most = |issues: u32| {
                let points: Vec<(f64, f64)> = (0..issues).map(|_| at).collect();
                let field = field(&points, sigma);
                let (_, pixels) = decode(field.tile(TileCoord::new(14, 0, 0).unwrap(), 4, Some(1e-6)).unwrap());
                pixels.into_iter().max().unwrap()
            };
            assert_eq!([1, 4].map(most), [0, 0], "{sigma}");
            let field = field(&[at; 5], sigma);
            if sigma >= 100.0 {
                assert!(field.density.iter().any(|d| field.shade(*d, field.peak) > 0), "{sigma}");
            }
            assert!(field.density.iter().all(|d| field.shade(*d, field.peak) < 90), "five are no hot spot");
        }
        assert_eq!(ramp()[0][3], 0);
    }

    #[test]
    fn a_legend_says_what_pictures_show() {
        let field = field(&[(5000.0, 5000.0); 40], 400.0);
        for top in [f64::from(LEAST_TOP * field.hidden), field.peak_per_km2(), 900.0] {
            let (scale, stops) = (field.scale(top), field.stops(top));
            assert!(stops.is_sorted_by(|a, b| a.0 < b.0) && (stops[stops.len() - 1].0 - top).abs() < top * 1e-6);
            assert_eq!([stops[0].1[3], stops[1].1[3]], [0, 0], "what is hidden has no colour");
            for (at, colour) in scale.iter().enumerate() {
                let density = top * (at as f64 / 255.0).powi(2);
                assert_eq!(*colour, ramp()[usize::from(field.shade(density as f32, top as f32))]);
                // As a reader mixes it.
                let k = stops.iter().skip(1).position(|(to, _)| density <= *to).unwrap_or(stops.len() - 2);
                let ((from, a), (to, b)) = (stops[k], stops[k + 1]);
                let share = (density.sqrt() - from.sqrt()) / (to.sqrt() - from.sqrt());
                let mixed = f64::from(a[3]) + (f64::from(b[3]) - f64::from(a[3])) * share;
                assert!((mixed - f64::from(colour[3])).abs() < 12.0, "{density} of {top}: {mixed}, {colour:?}");
            }
        }
    }
}
