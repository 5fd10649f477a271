//! The cell grid: square cells of 2ᵏ steps, the face at each cell's south-west corner, and the edges that meet the cell.
//!
//! The face at P is the face at the corner, changed by every edge crossed on the way there: east along the corner's latitude, then north. Edges
//! carry `left XOR right`, so the changes telescope and their order does not matter.

use crate::coverage::exact::cross;
use crate::coverage::{Coverage, FaceIx, LatticePoint};

/// An edge with the faces on its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub a: LatticePoint,
    pub b: LatticePoint,
    pub left: FaceIx,
    pub right: FaceIx,
}

#[derive(Debug)]
pub(super) struct Cells {
    west: i64,
    south: i64,
    /// Cells are `1 << shift` steps wide and high.
    shift: u32,
    columns: i64,
    rows: i64,
    corner: Vec<FaceIx>,
    /// `edges[starts[c] .. starts[c + 1]]` meet cell `c`.
    starts: Vec<u32>,
    meeting: Vec<u32>,
    edges: Vec<Edge>,
}

/// Cells for each edge: more make the cells emptier and the index larger.
const CELLS_PER_EDGE: f64 = 1.0;

impl Cells {
    pub fn new(coverage: &Coverage) -> Self {
        let edges: Vec<Edge> = (coverage.arcs().iter())
            .flat_map(|arc| arc.edges().map(|(a, b)| Edge { a, b, left: arc.left, right: arc.right }))
            .collect();
        let (low, high) = coverage.bounds().unwrap_or((LatticePoint::new(0, 0), LatticePoint::new(0, 0)));
        // One step of nothing all around: the corners of the first column then lie outside everything.
        let (west, south) = (i64::from(low.x) - 1, i64::from(low.y) - 1);
        let (width, height) = (i64::from(high.x) + 2 - west, i64::from(high.y) + 2 - south);
        let wanted = (edges.len() as f64 * CELLS_PER_EDGE).max(1.0);
        let side = (width as f64 * height as f64 / wanted).sqrt();
        let shift = (side.log2().round() as u32).clamp(0, 40);
        let (columns, rows) = ((width >> shift) + 1, (height >> shift) + 1);
        let mut cells = Self {
            west,
            south,
            shift,
            columns,
            rows,
            corner: Vec::new(),
            starts: Vec::new(),
            meeting: Vec::new(),
            edges,
        };
        cells.file_edges();
        cells.mark_corners();
        cells
    }

    /// Width and height of a cell in steps.
    pub const fn size(&self) -> i64 {
        1 << self.shift
    }

    fn file_edges(&mut self) {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(self.edges.len() * 2);
        for (i, edge) in self.edges.iter().enumerate() {
            let (ends_x, ends_y) =
                ((i64::from(edge.a.x), i64::from(edge.b.x)), (i64::from(edge.a.y), i64::from(edge.b.y)));
            let column = |x: i64| (x - self.west) >> self.shift;
            let row = |y: i64| (y - self.south) >> self.shift;
            for j in row(ends_y.0.min(ends_y.1))..=row(ends_y.0.max(ends_y.1)) {
                for i_x in column(ends_x.0.min(ends_x.1))..=column(ends_x.0.max(ends_x.1)) {
                    if self.meets(edge, i_x, j) {
                        pairs.push(((j * self.columns + i_x) as u32, i as u32));
                    }
                }
            }
        }
        pairs.sort_unstable();
        let count = (self.columns * self.rows) as usize;
        self.starts = vec![0; count + 1];
        for (cell, _) in &pairs {
            self.starts[*cell as usize + 1] += 1;
        }
        for c in 1..=count {
            self.starts[c] += self.starts[c - 1];
        }
        self.meeting = pairs.into_iter().map(|(_, edge)| edge).collect();
    }

    /// Whether the edge's line passes through the cell (its box is known to meet it): not all four corners on one side.
    fn meets(&self, edge: &Edge, column: i64, row: i64) -> bool {
        let size = self.size();
        let (x, y) = (self.west + column * size, self.south + row * size);
        let side = |px: i64, py: i64| {
            let (ax, ay) = (i128::from(edge.a.x), i128::from(edge.a.y));
            let (dx, dy) = (i128::from(edge.b.x) - ax, i128::from(edge.b.y) - ay);
            (dx * (i128::from(py) - ay) - dy * (i128::from(px) - ax)).signum()
        };
        let sides = [side(x, y), side(x + size, y), side(x, y + size), side(x + size, y + size)];
        !(sides.iter().all(|s| *s > 0) || sides.iter().all(|s| *s < 0))
    }

    /// From west to east along each row: the first corner lies outside, each next one is reached through one cell.
    fn mark_corners(&mut self) {
        self.corner = vec![FaceIx::OUTSIDE; (self.columns * self.rows) as usize];
        for row in 0..self.rows {
            for column in 1..self.columns {
                let before = (row * self.columns + column - 1) as usize;
                let y = self.south + row * self.size();
                let (from, to) = (self.west + (column - 1) * self.size(), self.west + column * self.size());
                let mut face = self.corner[before].0;
                for edge in self.meeting_cell(before) {
                    face ^= eastward(edge, from, to, y);
                }
                self.corner[before + 1] = FaceIx(face);
            }
        }
    }

    fn meeting_cell(&self, cell: usize) -> impl Iterator<Item = &Edge> {
        self.meeting[self.starts[cell] as usize..self.starts[cell + 1] as usize]
            .iter()
            .map(|&e| &self.edges[e as usize])
    }

    fn cell(&self, point: LatticePoint) -> Option<usize> {
        let column = (i64::from(point.x) - self.west) >> self.shift;
        let row = (i64::from(point.y) - self.south) >> self.shift;
        ((0..self.columns).contains(&column) && (0..self.rows).contains(&row))
            .then(|| (row * self.columns + column) as usize)
    }

    /// The face just east (and, by far less, north) of a point.
    pub fn face_at(&self, point: LatticePoint) -> FaceIx {
        let Some(cell) = self.cell(point) else { return FaceIx::OUTSIDE };
        let mask = !(self.size() - 1);
        let corner_x = ((i64::from(point.x) - self.west) & mask) + self.west;
        let corner_y = ((i64::from(point.y) - self.south) & mask) + self.south;
        let mut face = self.corner[cell].0;
        for edge in self.meeting_cell(cell) {
            face ^= eastward(edge, corner_x, i64::from(point.x), corner_y);
            face ^= northward(edge, corner_y, point);
        }
        FaceIx(face)
    }

    /// The edges that meet the point's cell.
    pub fn near(&self, point: LatticePoint) -> impl Iterator<Item = &Edge> {
        self.cell(point).into_iter().flat_map(|cell| self.meeting_cell(cell))
    }

    /// The edges of all cells that the box of ± `rx`, `ry` steps around a point meets; an edge may come several times.
    pub fn within(&self, point: LatticePoint, rx: i64, ry: i64) -> impl Iterator<Item = &Edge> {
        let (x, y) = (i64::from(point.x) - self.west, i64::from(point.y) - self.south);
        let columns = ((x - rx) >> self.shift).max(0)..=((x + rx) >> self.shift).min(self.columns - 1);
        let rows = ((y - ry) >> self.shift).max(0)..=((y + ry) >> self.shift).min(self.rows - 1);
        rows.flat_map(move |row| columns.clone().map(move |column| (row * self.columns + column) as usize))
            .flat_map(|cell| self.meeting_cell(cell))
    }

    /// Whether that box holds the whole grid.
    pub fn is_covered_by(&self, point: LatticePoint, rx: i64, ry: i64) -> bool {
        let (x, y) = (i64::from(point.x) - self.west, i64::from(point.y) - self.south);
        x - rx <= 0
            && y - ry <= 0
            && (x + rx) >> self.shift >= self.columns - 1
            && (y + ry) >> self.shift >= self.rows - 1
    }
}

/// On which side of `a → b` the point lies after a step east that is infinitely small and a step north that is infinitely smaller: never on it.
fn left_of(edge: &Edge, x: i64, y: i64) -> bool {
    let (ax, ay) = (i64::from(edge.a.x), i64::from(edge.a.y));
    let (dx, dy) = (i64::from(edge.b.x) - ax, i64::from(edge.b.y) - ay);
    let side = i128::from(dx) * i128::from(y - ay) - i128::from(dy) * i128::from(x - ax);
    if side != 0 {
        side > 0
    } else if dy != 0 {
        dy < 0
    } else {
        dx > 0
    }
}

/// The change of face that an edge makes on the way from (`from`, `y`) east to (`to`, `y`), both taken a little north-east.
fn eastward(edge: &Edge, from: i64, to: i64, y: i64) -> u32 {
    let crosses_line = (i64::from(edge.a.y) <= y) != (i64::from(edge.b.y) <= y);
    if crosses_line && left_of(edge, from, y) != left_of(edge, to, y) { edge.left.0 ^ edge.right.0 } else { 0 }
}

/// The change of face on the way from `corner_y` north to the point, along the point's meridian.
fn northward(edge: &Edge, corner_y: i64, point: LatticePoint) -> u32 {
    if (edge.a.x <= point.x) == (edge.b.x <= point.x) {
        return 0;
    }
    let at_point = {
        let side = cross(edge.a, edge.b, point);
        if side != 0 { side > 0 } else { left_of(edge, i64::from(point.x), i64::from(point.y)) }
    };
    if at_point != left_of(edge, i64::from(point.x), corner_y) { edge.left.0 ^ edge.right.0 } else { 0 }
}
