//! Rings from arcs: of the faces themselves, and of any grouping of faces – which is how every upper level gets its shape.

use super::validate::Fault;
use super::{Arc, Coverage, FaceId, FaceIx, FaceRole, Lattice, LatticePoint, LatticePolygon, Ring};

/// The group a face belongs to in [`trace`]; [`Group::NONE`] for faces outside every group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u32);

impl Group {
    pub const NONE: Self = Self(u32::MAX);
}

/// The rings of every group, in group order, group on the left: the arcs whose two sides lie in different groups.
/// `group_of_face` has one entry a face; `groups` is the number of groups. Linear in arcs, plus sorting at junctions.
#[must_use]
pub fn trace(coverage: &Coverage, group_of_face: &[Group], groups: usize) -> Vec<Vec<Ring>> {
    let _ = (coverage, group_of_face, groups);
    todo!()
}

/// The highest level that each arc separates: the smallest index `k` at which `group_of_face[k]` (top level first) differs
/// between its sides. An arc of the outline has rank 0.
#[must_use]
pub fn ranks(coverage: &Coverage, group_of_face: &[Vec<Group>]) -> Vec<u8> {
    coverage
        .arcs()
        .iter()
        .map(|arc| {
            let differs = |level: &Vec<Group>| level[arc.left.ix()] != level[arc.right.ix()];
            group_of_face.iter().position(differs).unwrap_or(group_of_face.len()) as u8
        })
        .collect()
}

pub(super) fn polygons(coverage: &Coverage, rings: &[Ring]) -> Vec<LatticePolygon> {
    let _ = (coverage, rings);
    todo!()
}

pub(super) fn assemble(
    lattice: Lattice,
    junctions: Vec<LatticePoint>,
    arcs: Vec<Arc>,
    faces: Vec<(FaceId, FaceRole, bool)>,
) -> Result<Coverage, Fault> {
    let _ = (lattice, junctions, arcs, faces, FaceIx::OUTSIDE);
    todo!()
}
