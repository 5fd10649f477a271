//! The arcs of a coverage at every zoom: `project → round → weigh → (keep → round) per zoom`.
//!
//! Vertices are removed in one global order (Visvalingam's, smallest triangle first) and only while the triangle that
//! vanishes is empty, so no removal can make two arcs cross or turn a face over; a zoom is a prefix of that order. Each zoom
//! is then snap-rounded to its own grid (Hobby): an edge that passes through the rounding square of a vertex is led
//! through it, so rounding cannot make arcs cross either – a face may only shrink to exactly nothing. Because every
//! polygon, line and pixel is later put together from these arcs, neighbours and levels agree in each of them.
//!
//! Sources: Visvalingam & Whyatt 1993; Hobby, “Practical segment intersection with finite precision output”, 1999.

mod buckets;
mod next;
mod order;
mod round;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod wild;

use self::order::Moment;
use super::world::{FINE_BITS, FULL_ZOOM, GridPoint, project_fine};
use super::{Arc, ArcIx, Coverage, Lattice, LatticePoint};

/// A vertex is removed at a zoom while its triangle is smaller than this: twice the area, in square steps of the zoom's grid.
/// 64 is half a pixel of a 512-pixel tile.
const REMOVED_BELOW: u64 = 64;

/// Twice the area, in square *world* steps, of the smallest triangle that a zoom still shows.
#[must_use]
pub const fn removed_below(zoom: u8) -> u64 {
    if zoom >= FULL_ZOOM { 0 } else { REMOVED_BELOW << (2 * (FULL_ZOOM - zoom)) }
}

/// Polylines in one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lines<P> {
    /// Where each line begins in `points`, and the end of the last.
    starts: Vec<u32>,
    points: Vec<P>,
}

impl<P: Copy + PartialEq> Lines<P> {
    fn with_capacity(lines: usize, points: usize) -> Self {
        let mut starts = Vec::with_capacity(lines + 1);
        starts.push(0);
        Self { starts, points: Vec::with_capacity(points) }
    }

    fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn line(&self, i: usize) -> &[P] {
        &self.points[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    fn end_line(&mut self) {
        self.starts.push(self.points.len() as u32);
    }

    fn iter(&self) -> impl Iterator<Item = &[P]> {
        (0..self.len()).map(|i| self.line(i))
    }
}

/// A box on a grid, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridBounds {
    pub min: GridPoint,
    pub max: GridPoint,
}

impl GridBounds {
    /// `None` for no points.
    #[must_use]
    pub fn of(points: &[GridPoint]) -> Option<Self> {
        let (first, rest) = points.split_first()?;
        Some(rest.iter().fold(Self { min: *first, max: *first }, |b, p| b.joined(Self { min: *p, max: *p })))
    }

    #[must_use]
    pub const fn holds(self, p: GridPoint) -> bool {
        self.min.x <= p.x && p.x <= self.max.x && self.min.y <= p.y && p.y <= self.max.y
    }

    /// Whether two boxes share a point.
    #[must_use]
    #[allow(clippy::needless_bitwise_bool, reason = "a branch on any of these would be guessed wrong half of the time")]
    pub const fn meets(self, other: Self) -> bool {
        (self.min.x <= other.max.x)
            & (other.min.x <= self.max.x)
            & (self.min.y <= other.max.y)
            & (other.min.y <= self.max.y)
    }

    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self {
            min: GridPoint::new(self.min.x.min(other.min.x), self.min.y.min(other.min.y)),
            max: GridPoint::new(self.max.x.max(other.max.x), self.max.y.max(other.max.y)),
        }
    }
}

/// Every arc at every zoom, on the zoom's grid ([`FULL_ZOOM`]'s serves all deeper ones).
#[derive(Debug)]
pub struct Generalized {
    zooms: Vec<Zoom>,
    /// When each vertex of the last zoom goes.
    moments: Lines<Moment>,
    /// Around the vertices of each arc before the first rounding put some of them aside.
    reach: Vec<GridBounds>,
}

/// Every arc on the grid of one zoom.
#[derive(Debug)]
pub struct Zoom {
    lines: Lines<GridPoint>,
    bounds: Vec<GridBounds>,
}

impl Zoom {
    /// The points of an arc, in its stored direction. No two in a row are equal; an arc that shrank to nothing has one point.
    #[must_use]
    pub fn points(&self, arc: ArcIx) -> &[GridPoint] {
        self.lines.line(arc.ix())
    }

    /// The box around an arc.
    #[must_use]
    pub fn bounds(&self, arc: ArcIx) -> GridBounds {
        self.bounds[arc.ix()]
    }
}

impl Generalized {
    /// Cost: O(n log n) in vertices; each zoom then costs the vertices it keeps.
    #[must_use]
    pub fn new(coverage: &Coverage) -> Self {
        let fine = projected(coverage);
        let reach = fine.iter().map(around).collect();
        let world = round::snap(&fine, FINE_BITS);
        let moments = order::weigh(&world);
        let zooms = (0..=FULL_ZOOM)
            .map(|zoom| {
                let lines = if zoom == FULL_ZOOM { world.clone() } else { at_zoom(&world, &moments, zoom) };
                let bounds = lines.iter().map(bounds).collect();
                Zoom { lines, bounds }
            })
            .collect();
        Self { zooms, moments, reach }
    }

    /// All arcs at a zoom.
    #[must_use]
    pub fn at(&self, zoom: u8) -> &Zoom {
        &self.zooms[usize::from(zoom.min(FULL_ZOOM))]
    }

    /// As [`Zoom::points`].
    #[must_use]
    pub fn points(&self, zoom: u8, arc: ArcIx) -> &[GridPoint] {
        self.at(zoom).points(arc)
    }

    /// As [`Zoom::bounds`].
    #[must_use]
    pub fn bounds(&self, zoom: u8, arc: ArcIx) -> GridBounds {
        self.at(zoom).bounds(arc)
    }

    /// Vertices kept at a zoom, over all arcs.
    #[must_use]
    pub fn vertices(&self, zoom: u8) -> usize {
        self.at(zoom).lines.points.len()
    }
}

const NOWHERE: GridBounds = GridBounds { min: GridPoint::new(0, 0), max: GridPoint::new(0, 0) };

fn bounds(line: &[GridPoint]) -> GridBounds {
    GridBounds::of(line).unwrap_or(NOWHERE)
}

/// The box around a line of the coverage, on the world grid.
fn around(fine: &[(i64, i64)]) -> GridBounds {
    let points: Vec<GridPoint> = fine.iter().map(|p| round::rounded(*p, FINE_BITS)).collect();
    bounds(&points)
}

/// The vertices whose weight reaches the zoom's threshold, on the zoom's grid.
fn at_zoom(world: &Lines<GridPoint>, moments: &Lines<Moment>, zoom: u8) -> Lines<GridPoint> {
    let mut kept = Lines::with_capacity(world.len(), world.points.len());
    for i in 0..world.len() {
        kept.points.extend(heavy(world.line(i), moments.line(i), zoom));
        kept.end_line();
    }
    round::snap(&kept, FULL_ZOOM - zoom)
}

/// What a zoom keeps of a line.
fn heavy<'a>(points: &'a [GridPoint], moments: &'a [Moment], zoom: u8) -> impl Iterator<Item = (i64, i64)> + 'a {
    let threshold = removed_below(zoom);
    let kept = points.iter().zip(moments).filter(move |(_, moment)| moment.weight >= threshold);
    kept.map(|(p, _)| (i64::from(p.x), i64::from(p.y)))
}

/// All arcs in fine world steps. An edge is straight in degrees, not in Mercator: long ones get vertices in between, so that
/// they are nowhere further than half a world step from where they belong.
fn projected(coverage: &Coverage) -> Lines<(i64, i64)> {
    let points: usize = coverage.arcs().iter().map(|a| a.points.len()).sum();
    let mut lines = Lines::with_capacity(coverage.arcs().len(), points + points / 8);
    for arc in coverage.arcs() {
        project_arc(coverage.lattice(), arc, &mut lines.points);
        lines.end_line();
    }
    lines
}

fn project_arc(lattice: &Lattice, arc: &Arc, out: &mut Vec<(i64, i64)>) {
    out.extend(arc.points.first().map(|p| project_fine(lattice, *p)));
    for (a, b) in arc.edges() {
        let (from, to) = (project_fine(lattice, a), project_fine(lattice, b));
        bend(lattice, (a, from), (b, to), 12, out);
        out.push(to);
    }
}

/// Adds points between `a` and `b` while the middle of the edge lies off the chord.
fn bend(
    lattice: &Lattice,
    (a, from): (LatticePoint, (i64, i64)),
    (b, to): (LatticePoint, (i64, i64)),
    depth: u8,
    out: &mut Vec<(i64, i64)>,
) {
    let between = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) >> 1) as i32;
    let middle = LatticePoint::new(between(a.x, b.x), between(a.y, b.y));
    if depth == 0 || middle == a || middle == b {
        return;
    }
    let true_middle = project_fine(lattice, middle);
    let off = |from: i64, to: i64, truth: i64| (from + to - 2 * truth).abs();
    let allowed = 1 << FINE_BITS; // twice the distance: half a world step
    if off(from.0, to.0, true_middle.0) <= allowed && off(from.1, to.1, true_middle.1) <= allowed {
        return;
    }
    bend(lattice, (a, from), (middle, true_middle), depth - 1, out);
    out.push(true_middle);
    bend(lattice, (middle, true_middle), (b, to), depth - 1, out);
}
