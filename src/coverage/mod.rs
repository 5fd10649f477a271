//! The coverage: one planar graph of junctions, arcs and faces, in which a gap or an overlap has no way to be written down.
//!
//! An arc is stored once and knows the face on its left and on its right; a face is whatever its arcs enclose. Only the
//! smallest units have faces: every upper level is the same arcs filtered by “do the two sides differ at that level?”
//! ([`region`]). There are no names here, no I/O, no clock.

mod lattice;
mod delta;
mod pairs;
pub mod exact;
mod strips;
pub mod build;
pub mod validate;
pub mod region;
pub mod world;
pub mod generalize;
pub mod edit;
pub mod canonical;

pub use delta::Delta;
pub use lattice::{Lattice, LatticeFault, LatticePoint, metres_per_radian};
pub use pairs::Pairs;

/// Index of a face in [`Coverage::faces`]. Face 0 is always the unbounded outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceIx(pub u32);

impl FaceIx {
    /// The unbounded face around the district.
    pub const OUTSIDE: Self = Self(0);

    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// Index of an arc in [`Coverage::arcs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcIx(pub u32);

impl ArcIx {
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// Index of a junction in [`Coverage::junctions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JunctionIx(pub u32);

impl JunctionIx {
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A face's permanent identity: kept through reshapes and restarts, never used twice. 0 is the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceId(pub u64);

/// What an arc follows on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ArcKind {
    /// A legal or surveyed line that snapping never moves.
    Legal,
    Road,
    River,
    Wall,
    #[default]
    Drawn,
}

/// A piece of boundary between two junctions, with one face on each side all along it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arc {
    pub from: JunctionIx,
    pub to: JunctionIx,
    /// The face on the left when walking `from` → `to`.
    pub left: FaceIx,
    pub right: FaceIx,
    /// At least two points; the first and last are the junctions. A loop's first and last are the same junction.
    pub points: Box<[LatticePoint]>,
    pub kind: ArcKind,
    /// A locked arc is refused by every edit.
    pub locked: bool,
}

impl Arc {
    /// The edges in order, each as (start, end).
    #[must_use]
    pub fn edges(&self) -> impl ExactSizeIterator<Item = (LatticePoint, LatticePoint)> + '_ {
        self.points.windows(2).map(|pair| (pair[0], pair[1]))
    }
}

/// What a face is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaceRole {
    /// Everything around the district; exactly one, index 0.
    Outside,
    /// A smallest unit.
    Unit,
    /// Land inside the outline that is nobody's on purpose.
    Excluded,
    /// Land inside the outline that nobody claims, too large to heal silently: a fault of the source, listed by the checks.
    Gap,
}

/// A face: what its rings enclose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub id: FaceId,
    pub role: FaceRole,
    /// Rings with the face on their left: outer rings run counter-clockwise (positive doubled area), holes clockwise.
    /// One outer ring unless the face is an exclave; the outside has none. Sorted: outer rings by descending area, then holes.
    pub rings: Box<[Ring]>,
    /// The source declared several parts (飞地).
    pub exclave: bool,
}

/// An arc walked in one direction: along its points, or against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HalfArc(u32);

impl HalfArc {
    #[must_use]
    pub const fn new(arc: ArcIx, reversed: bool) -> Self {
        Self(arc.0 * 2 + reversed as u32)
    }

    #[must_use]
    pub const fn arc(self) -> ArcIx {
        ArcIx(self.0 / 2)
    }

    #[must_use]
    pub const fn reversed(self) -> bool {
        self.0 % 2 == 1
    }

    #[must_use]
    pub const fn twin(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// A closed chain of half-arcs with one face (or region) on its left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    pub halves: Box<[HalfArc]>,
    /// Twice the signed area in square steps; positive for an outer ring.
    pub doubled_area: i128,
}

/// A polygon on the lattice: an outer ring (counter-clockwise), then its holes; rings do not repeat their first point.
pub type LatticePolygon = Vec<Vec<LatticePoint>>;

/// The whole planar graph. Build it with [`build::build`], check it with [`validate::faults`], change it through [`edit`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    lattice: Lattice,
    junctions: Vec<LatticePoint>,
    arcs: Vec<Arc>,
    faces: Vec<Face>,
}

impl Coverage {
    /// Puts stored tables together: traces the rings of every face from the arcs. `faces` gives each face's id, role and
    /// exclave flag in index order (rings are computed). Says nothing about validity: ask [`validate::faults`].
    ///
    /// # Errors
    /// [`validate::Fault`] when the tables do not even refer to each other (an index out of range, an arc whose ends are not its
    /// junctions, a chain that does not close).
    pub fn from_tables(
        lattice: Lattice,
        junctions: Vec<LatticePoint>,
        arcs: Vec<Arc>,
        faces: Vec<(FaceId, FaceRole, bool)>,
    ) -> Result<Self, validate::Fault> {
        region::assemble(lattice, junctions, arcs, faces)
    }

    #[must_use]
    pub const fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    #[must_use]
    pub fn junctions(&self) -> &[LatticePoint] {
        &self.junctions
    }

    #[must_use]
    pub fn arcs(&self) -> &[Arc] {
        &self.arcs
    }

    /// All faces; index 0 is the outside.
    #[must_use]
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// The faces of role [`FaceRole::Unit`], with their indices.
    pub fn units(&self) -> impl Iterator<Item = (FaceIx, &Face)> {
        self.faces.iter().enumerate().filter(|(_, f)| f.role == FaceRole::Unit).map(|(i, f)| (FaceIx(i as u32), f))
    }

    /// The points of a half-arc in walking order, both ends included.
    #[must_use]
    pub fn half_points(&self, half: HalfArc) -> Box<dyn ExactSizeIterator<Item = LatticePoint> + '_> {
        let points = &self.arcs[half.arc().ix()].points;
        if half.reversed() { Box::new(points.iter().rev().copied()) } else { Box::new(points.iter().copied()) }
    }

    /// The face on the left of a half-arc.
    #[must_use]
    pub fn left_of(&self, half: HalfArc) -> FaceIx {
        let arc = &self.arcs[half.arc().ix()];
        if half.reversed() { arc.right } else { arc.left }
    }

    /// The points of a ring in order, the first not repeated at the end.
    #[must_use]
    pub fn ring_points(&self, ring: &Ring) -> Vec<LatticePoint> {
        let mut points = Vec::new();
        for &half in &ring.halves {
            let walk = self.half_points(half);
            let keep = walk.len() - 1;
            points.extend(walk.take(keep));
        }
        points
    }

    /// The polygons of a set of rings: each outer ring with the holes that lie in it. A ring that touches itself in a point is taken apart
    /// there, so that no ring of a polygon comes to a vertex twice. Cost: holes × outer rings × points, only where there is more than one outer
    /// ring.
    #[must_use]
    pub fn polygons(&self, rings: &[Ring]) -> Vec<LatticePolygon> {
        region::polygons(self, rings)
    }

    /// West, south, east, north on the lattice; `None` for a coverage without arcs.
    #[must_use]
    pub fn bounds(&self) -> Option<(LatticePoint, LatticePoint)> {
        let mut points = self.arcs.iter().flat_map(|a| a.points.iter());
        let first = *points.next()?;
        Some(points.fold((first, first), |(lo, hi), p| {
            (LatticePoint::new(lo.x.min(p.x), lo.y.min(p.y)), LatticePoint::new(hi.x.max(p.x), hi.y.max(p.y)))
        }))
    }
}
