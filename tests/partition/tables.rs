//! The partition of `mod.rs` as tables – junctions, arcs, faces – without polygons and without a build, so that ten million cells fit in
//! memory. `tests/tables.rs` shows that it is the very coverage that `build` makes of the same claims.

#![allow(dead_code)] // each test and bench uses its part

use wangge::coverage::exact::cross;
use wangge::coverage::{Arc, ArcKind, Coverage, FaceId, FaceIx, FaceRole, JunctionIx, Lattice, LatticePoint};

use super::partition::Seeded;

/// A vertex of the grid: (column, row), from 0 to the number of columns or rows.
type Vertex = (usize, usize);

/// One of the four directions in which sides leave a vertex.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    East,
    North,
    West,
    South,
}

/// The corners and bends of columns × rows crooked cells.
pub struct Grid {
    columns: usize,
    rows: usize,
    cell: i32,
    corners: Vec<LatticePoint>,
    /// Bends of the sides that run west-east and of those that run south-north, from the lesser end to the greater.
    across: Vec<[LatticePoint; 3]>,
    along: Vec<[LatticePoint; 3]>,
}

impl Grid {
    /// Draws the same random numbers in the same order as `partition`, whose cells are 2,000,000 steps wide. At least 2 × 2 cells;
    /// columns × `cell` and rows × `cell` stay below 2³¹ − 2²⁰.
    pub fn new(seed: u64, columns: usize, rows: usize, cell: i32) -> Self {
        let mut random = Seeded(seed);
        let mut off = |reach: i32| random.between(-reach, reach);
        let mut corners = Vec::with_capacity((columns + 1) * (rows + 1));
        for j in 0..=rows as i32 {
            corners.extend((0..=columns as i32).map(|i| {
                let x = i * cell + off(cell / 5);
                LatticePoint::new(x, j * cell + off(cell / 5))
            }));
        }
        let at = |vertex: Vertex| corners[vertex.1 * (columns + 1) + vertex.0];
        let nowhere = [LatticePoint::new(0, 0); 3];
        let (mut across, mut along) = (vec![nowhere; columns * (rows + 1)], vec![nowhere; (columns + 1) * rows]);
        let mut bends = |a: LatticePoint, b: LatticePoint| {
            let (lo, hi) = (a.min(b), a.max(b));
            let share = |from: i32, to: i32, k: i64| from + ((i64::from(to) - i64::from(from)) * k / 4) as i32;
            [1, 2, 3].map(|k| {
                let x = share(lo.x, hi.x, k) + off(cell / 100 * 3);
                LatticePoint::new(x, share(lo.y, hi.y, k) + off(cell / 100 * 3))
            })
        };
        for j in 0..rows {
            for i in 0..columns {
                if j == 0 {
                    across[i] = bends(at((i, 0)), at((i + 1, 0)));
                }
                along[j * (columns + 1) + i + 1] = bends(at((i + 1, j)), at((i + 1, j + 1)));
                across[(j + 1) * columns + i] = bends(at((i, j + 1)), at((i + 1, j + 1)));
                if i == 0 {
                    along[j * (columns + 1)] = bends(at((0, j)), at((0, j + 1)));
                }
            }
        }
        Self { columns, rows, cell, corners, across, along }
    }

    pub const fn cells(&self) -> usize {
        self.columns * self.rows
    }

    fn corner(&self, (i, j): Vertex) -> LatticePoint {
        self.corners[j * (self.columns + 1) + i]
    }

    /// One of the four vertices where only two sides meet: no junction.
    fn is_outermost(&self, (i, j): Vertex) -> bool {
        (i == 0 || i == self.columns) && (j == 0 || j == self.rows)
    }

    fn step(&self, (i, j): Vertex, way: Way) -> Option<Vertex> {
        match way {
            Way::East => (i < self.columns).then(|| (i + 1, j)),
            Way::North => (j < self.rows).then(|| (i, j + 1)),
            Way::West => (i > 0).then(|| (i - 1, j)),
            Way::South => (j > 0).then(|| (i, j - 1)),
        }
    }

    /// The face of a cell; the outside where there is none.
    fn face(&self, i: Option<usize>, j: Option<usize>) -> FaceIx {
        match (i, j) {
            (Some(i), Some(j)) if i < self.columns && j < self.rows => FaceIx((j * self.columns + i + 1) as u32),
            _ => FaceIx::OUTSIDE,
        }
    }

    /// The faces on the left and on the right when leaving a vertex.
    fn sides(&self, (i, j): Vertex, way: Way) -> (FaceIx, FaceIx) {
        let (west, south) = (i.checked_sub(1), j.checked_sub(1));
        let [se, ne, nw, sw] = [(Some(i), south), (Some(i), Some(j)), (west, Some(j)), (west, south)];
        let (left, right) = match way {
            Way::East => (ne, se),
            Way::North => (nw, ne),
            Way::West => (sw, nw),
            Way::South => (se, sw),
        };
        (self.face(left.0, left.1), self.face(right.0, right.1))
    }

    /// Appends the bends of a side and its far corner.
    fn follow(&self, from: Vertex, to: Vertex, points: &mut Vec<LatticePoint>) {
        let (low, high) = (from.min(to), from.max(to));
        let bends = if low.1 == high.1 {
            self.across[low.1 * self.columns + low.0]
        } else {
            self.along[low.1 * (self.columns + 1) + low.0]
        };
        if self.corner(from) < self.corner(to) {
            points.extend(bends);
        } else {
            points.extend(bends.iter().rev());
        }
        points.push(self.corner(to));
    }

    /// The points of the arc that leaves a junction, and the junction where it ends.
    fn arc(&self, from: Vertex, way: Way) -> Option<(Vec<LatticePoint>, Vertex)> {
        let mut points = Vec::with_capacity(5);
        points.push(self.corner(from));
        let mut end = self.step(from, way)?;
        self.follow(from, end, &mut points);
        if self.is_outermost(end) {
            let turn = match way {
                Way::East | Way::West if end.1 == 0 => Way::North,
                Way::East | Way::West => Way::South,
                Way::North | Way::South if end.0 == 0 => Way::East,
                Way::North | Way::South => Way::West,
            };
            let corner = end;
            end = self.step(corner, turn)?;
            self.follow(corner, end, &mut points);
        }
        Some((points, end))
    }

    /// The coverage, its tables in the order that `build` gives them. `None` only when the tables do not fit together.
    pub fn coverage(&self, lattice: Lattice) -> Option<Coverage> {
        let width = self.columns + 1;
        let mut order: Vec<u32> = (0..self.corners.len() as u32).collect();
        order.retain(|v| !self.is_outermost((*v as usize % width, *v as usize / width)));
        order.sort_unstable_by_key(|v| self.corners[*v as usize]);
        let mut junction = vec![JunctionIx(0); self.corners.len()];
        for (rank, vertex) in order.iter().enumerate() {
            junction[*vertex as usize] = JunctionIx(rank as u32);
        }
        let mut arcs = Vec::with_capacity(self.across.len() + self.along.len());
        for vertex in &order {
            let from = (*vertex as usize % width, *vertex as usize / width);
            let mut leaving: Vec<Arc> = [Way::East, Way::North, Way::West, Way::South]
                .into_iter()
                .filter_map(|way| {
                    let (points, end) = self.arc(from, way)?;
                    let (left, right) = self.sides(from, way);
                    let to = junction[end.1 * width + end.0];
                    let from = junction[*vertex as usize];
                    let points = points.into();
                    (from < to).then_some(Arc {
                        from,
                        to,
                        left,
                        right,
                        points,
                        kind: ArcKind::default(),
                        locked: false,
                    })
                })
                .collect();
            leaving.sort_unstable_by(|a, b| a.points.cmp(&b.points));
            arcs.append(&mut leaving);
        }
        let junctions = order.iter().map(|v| self.corners[*v as usize]).collect();
        let mut faces = vec![(FaceId(0), FaceRole::Outside, false)];
        faces.extend((1..=self.cells() as u64).map(|id| (FaceId(id), FaceRole::Unit, false)));
        Coverage::from_tables(lattice, junctions, arcs, faces).ok()
    }

    /// Every face that holds the point just east of `p`, by counting the edges that a westward ray meets in the rings of the cells where it can
    /// be: its own square's and the eight around it. Nothing of a coverage or an index is used.
    pub fn holders(&self, p: LatticePoint) -> Vec<FaceIx> {
        let around = |v: i32, cells: usize| {
            let own = v.div_euclid(self.cell);
            (own - 1).max(0)..(own + 2).min(cells as i32)
        };
        let mut found = Vec::new();
        for j in around(p.y, self.rows) {
            for i in around(p.x, self.columns) {
                if holds(&self.ring(i as usize, j as usize), p) {
                    found.push(self.face(Some(i as usize), Some(j as usize)));
                }
            }
        }
        found
    }

    fn ring(&self, i: usize, j: usize) -> Vec<LatticePoint> {
        let around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
        let mut points = Vec::with_capacity(16);
        for k in 0..4 {
            self.follow(around[k], around[(k + 1) % 4], &mut points);
        }
        points
    }
}

fn holds(ring: &[LatticePoint], p: LatticePoint) -> bool {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    let met = edges.filter(|(a, b)| {
        let (low, high) = if a.y <= b.y { (**a, **b) } else { (**b, **a) };
        low.y <= p.y && p.y < high.y && cross(low, high, p) <= 0
    });
    met.count() % 2 == 1
}
