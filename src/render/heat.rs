//! Heat: kernel density of issues, computed once for the district and sampled by every tile.
//!
//! Points are binned into square cells of a fixed raster on the world grid and blurred by three box passes each way, which is a
//! Gaussian to within 3 %. All sums are integers, so a cell's value does not depend on who asks. A tile samples the field at its
//! pixels; two neighbours sample the same field, so nothing shows at their edge.

use super::RenderFault;
use super::label::PIXEL_BITS;
use super::picture::encode_indexed;
use crate::coverage::world::{GridPoint, WORLD_BITS, metres_per_step, project};
use crate::issue::{Issue, IssueFilter};
use crate::tile::{PUBLIC_K, TileCoord};

/// Cells at most; a finer raster than that is made coarser.
const MAX_CELLS: u64 = 1 << 21;
/// Cells in a bandwidth, at least.
const CELLS_PER_BANDWIDTH: f64 = 4.0;

/// The density of one filter over the district.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// The raster's corner, in cells.
    west: i64,
    north: i64,
    /// Bits of a cell's width, in world steps.
    bits: u8,
    width: usize,
    height: usize,
    values: Vec<u32>,
    /// How many issues lie under the kernel at a cell, up to twice [`PUBLIC_K`].
    crowds: Vec<u8>,
    peak: u32,
}

impl Field {
    /// The density of the issues a filter accepts; `None` when there are none with a position.
    pub(super) fn new(issues: &[Issue], filter: &IssueFilter, bandwidth_m: f64) -> Option<Self> {
        let points: Vec<GridPoint> =
            issues.iter().filter(|i| filter.accepts(i)).filter_map(|i| i.point.map(project)).collect();
        let first = *points.first()?;
        let (low, high) = points.iter().fold((first, first), |(lo, hi), p| {
            (GridPoint::new(lo.x.min(p.x), lo.y.min(p.y)), GridPoint::new(hi.x.max(p.x), hi.y.max(p.y)))
        });
        let bandwidth = bandwidth_m / metres_per_step(f64::from(low.y.midpoint(high.y)));
        let cells = |bits: u8| {
            let side = |lo: i32, hi: i32| (i64::from(hi - lo) >> bits) as u64 + 1 + 2 * reach(bandwidth, bits) as u64;
            side(low.x, high.x) * side(low.y, high.y)
        };
        let mut bits = (bandwidth / CELLS_PER_BANDWIDTH).max(1.0).log2() as u8;
        while bits < WORLD_BITS && cells(bits) > MAX_CELLS {
            bits += 1;
        }
        let margin = reach(bandwidth, bits) as i64;
        let (west, north) = (i64::from(low.x >> bits) - margin, i64::from(low.y >> bits) - margin);
        let width = (i64::from(high.x >> bits) - west + margin + 1) as usize;
        let height = (i64::from(high.y >> bits) - north + margin + 1) as usize;
        let mut counts = vec![0u32; width * height];
        for p in &points {
            let (x, y) = (i64::from(p.x >> bits) - west, i64::from(p.y >> bits) - north);
            counts[y as usize * width + x as usize] += 1;
        }
        Some(Self::blurred(counts, (width, height), (west, north), bits, bandwidth))
    }

    fn blurred(counts: Vec<u32>, size: (usize, usize), corner: (i64, i64), bits: u8, bandwidth: f64) -> Self {
        let radius = box_radius(bandwidth, bits);
        // Scaled up, so that dividing by the box after each pass loses nothing that shows.
        let mut values: Vec<u32> = counts.iter().map(|n| n.saturating_mul(1 << 14)).collect();
        for _ in 0..3 {
            values = box_pass(&values, size, radius, true);
        }
        let mut crowds = box_pass(&counts, size, 2 * radius, false);
        crowds.iter_mut().for_each(|n| *n = (*n).min(2 * PUBLIC_K));
        let crowds = crowds.into_iter().map(|n| n as u8).collect();
        let peak = values.iter().copied().max().unwrap_or(0);
        Self { west: corner.0, north: corner.1, bits, width: size.0, height: size.1, values, crowds, peak }
    }

    /// Density as a share of the peak, 0 to 1, at a place in world steps.
    fn at(&self, x: f64, y: f64) -> f32 {
        let cell = (1u64 << self.bits) as f64;
        // Cell values stand in the middle of their cells.
        let (cx, cy) = (x / cell - 0.5 - self.west as f64, y / cell - 0.5 - self.north as f64);
        let (column, row) = (cx.floor(), cy.floor());
        let (fx, fy) = ((cx - column) as f32, (cy - row) as f32);
        let (column, row) = (column as i64, row as i64);
        let value = |dx: i64, dy: i64| self.share(column + dx, row + dy);
        let top = value(0, 0) * (1.0 - fx) + value(1, 0) * fx;
        let bottom = value(0, 1) * (1.0 - fx) + value(1, 1) * fx;
        top * (1.0 - fy) + bottom * fy
    }

    /// A cell's share of the peak. It fades out where fewer than [`PUBLIC_K`] issues lie under the kernel: nobody is to be found by
    /// a lonely spot.
    fn share(&self, column: i64, row: i64) -> f32 {
        if column < 0 || row < 0 || column >= self.width as i64 || row >= self.height as i64 {
            return 0.0;
        }
        let i = row as usize * self.width + column as usize;
        let crowd = f32::from(self.crowds[i]) - (PUBLIC_K - 1) as f32;
        let shown = (crowd / PUBLIC_K as f32).clamp(0.0, 1.0);
        self.values[i] as f32 / self.peak.max(1) as f32 * shown
    }

    /// One tile, as a PNG with alpha.
    pub(super) fn tile(&self, coord: TileCoord, scale: u8) -> Result<Vec<u8>, RenderFault> {
        let side = usize::from(scale) << PIXEL_BITS;
        // Pixels to world steps.
        let step = 2f64.powi(i32::from(WORLD_BITS) - i32::from(coord.z()) - i32::from(PIXEL_BITS)) / f64::from(scale);
        let (x0, y0) = (f64::from(coord.x()) * side as f64, f64::from(coord.y()) * side as f64);
        let mut indices = Vec::with_capacity(side * side);
        for row in 0..side {
            let y = (y0 + row as f64 + 0.5) * step;
            for column in 0..side {
                let x = (x0 + column as f64 + 0.5) * step;
                indices.push((self.at(x, y).sqrt() * 255.0).round().clamp(0.0, 255.0) as u8);
            }
        }
        encode_indexed((side as u32, side as u32), &indices, &palette())
    }
}

/// A tile on which nothing is hot.
pub(super) fn empty_tile(scale: u8) -> Result<Vec<u8>, RenderFault> {
    let side = usize::from(scale) << PIXEL_BITS;
    encode_indexed((side as u32, side as u32), &vec![0; side * side], &[[0; 4]])
}

/// Half-width of one box, in cells: three of them have the kernel's variance, 3·((2r+1)²−1)/12 = σ².
fn box_radius(bandwidth: f64, bits: u8) -> usize {
    let sigma = bandwidth / 2.0 / (1u64 << bits) as f64;
    (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0).round().max(1.0) as usize
}

/// How far a point reaches, in cells.
fn reach(bandwidth: f64, bits: u8) -> usize {
    3 * box_radius(bandwidth, bits) + 1
}

/// Sums over a square of 2·radius+1 cells, divided by its area when `mean`. Rows, then columns, each by a running sum.
fn box_pass(values: &[u32], (width, height): (usize, usize), radius: usize, mean: bool) -> Vec<u32> {
    let side = if mean { 2 * radius as u64 + 1 } else { 1 };
    let mut across = vec![0u32; values.len()];
    for (from, to) in values.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        let mut sum: u64 = from.iter().take(radius).map(|v| u64::from(*v)).sum();
        for x in 0..width {
            sum += from.get(x + radius).map_or(0, |v| u64::from(*v));
            to[x] = ((sum + side / 2) / side).min(u64::from(u32::MAX)) as u32;
            sum -= x.checked_sub(radius).map_or(0, |i| u64::from(from[i]));
        }
    }
    let mut down = vec![0u32; values.len()];
    let mut sums = vec![0u64; width];
    for y in 0..radius.min(height) {
        sums.iter_mut().zip(&across[y * width..]).for_each(|(s, v)| *s += u64::from(*v));
    }
    for y in 0..height {
        if y + radius < height {
            sums.iter_mut().zip(&across[(y + radius) * width..]).for_each(|(s, v)| *s += u64::from(*v));
        }
        let row = &mut down[y * width..(y + 1) * width];
        row.iter_mut().zip(&sums).for_each(|(d, s)| *d = ((s + side / 2) / side).min(u64::from(u32::MAX)) as u32);
        if y >= radius {
            sums.iter_mut().zip(&across[(y - radius) * width..]).for_each(|(s, v)| *s -= u64::from(*v));
        }
    }
    down
}

/// From nothing over blue-violet and orange to pale yellow (magma's order: lightness grows with heat for every eye).
fn palette() -> Vec<[u8; 4]> {
    const STOPS: [(f32, [f32; 4]); 6] = [
        (0.0, [60.0, 40.0, 140.0, 0.0]),
        (0.12, [72.0, 40.0, 150.0, 70.0]),
        (0.35, [150.0, 40.0, 130.0, 150.0]),
        (0.6, [229.0, 80.0, 75.0, 190.0]),
        (0.82, [251.0, 160.0, 70.0, 215.0]),
        (1.0, [252.0, 240.0, 170.0, 235.0]),
    ];
    (0..=255u8)
        .map(|i| {
            let at = f32::from(i) / 255.0;
            let above = STOPS.iter().position(|s| s.0 >= at).unwrap_or(STOPS.len() - 1).max(1);
            let (low, high) = (STOPS[above - 1], STOPS[above]);
            let t = (at - low.0) / (high.0 - low.0);
            std::array::from_fn(|c| (low.1[c] + (high.1[c] - low.1[c]) * t).round() as u8)
        })
        .collect()
}
