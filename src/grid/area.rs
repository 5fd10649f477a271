//! How large: areas in square metres of the dataset's plane. Every arc is measured once for both of its sides, so the areas of
//! the children of a unit add up to its own.

use crate::coverage::Coverage;
use crate::coverage::region::Group;
use crate::crs::PlaneCrs;

use super::{Hierarchy, UnitIx};

/// The area of each face, by index; the outside's is minus the outline's. Where the plane cannot draw the district (a
/// mistaken EPSG code), the ellipsoid's own metres at its middle are used. Cost: one projection a vertex.
#[must_use]
pub fn of_faces_m2(coverage: &Coverage, plane: PlaneCrs) -> Vec<f64> {
    let faces = coverage.faces().len();
    let alone: Vec<Group> = (0..faces as u32).map(Group).collect();
    of_groups_m2(coverage, &alone, faces, plane)
}

/// The area of each group of faces, as [`of_faces_m2`]; only the lines between groups are measured. `group_of_face` has one entry a face;
/// a number from `groups` on is no group.
#[must_use]
pub fn of_groups_m2(coverage: &Coverage, group_of_face: &[Group], groups: usize, plane: PlaneCrs) -> Vec<f64> {
    let mut areas = vec![0.0; groups];
    let Some((lo, hi)) = coverage.bounds() else { return areas };
    let lattice = coverage.lattice();
    let (step_x, step_y) = lattice.metres_per_step(i32::midpoint(lo.y, hi.y));
    let origin = plane.project(lattice.position(lo)).map(|p| (p.east(), p.north()));
    for arc in coverage.arcs() {
        let (left, right) = (group_of_face[arc.left.ix()], group_of_face[arc.right.ix()]);
        if left == right {
            continue;
        }
        let positions: Vec<_> = arc.points.iter().map(|p| lattice.position(*p)).collect();
        let drawn = origin.and_then(|(e, n)| {
            let points = plane.project_all(&positions)?;
            Ok(points.iter().map(|p| (p.east() - e, p.north() - n)).collect::<Vec<_>>())
        });
        let points = drawn.unwrap_or_else(|_| {
            let metres = |at: i32, lo: i32, step: f64| (i64::from(at) - i64::from(lo)) as f64 * step;
            arc.points.iter().map(|p| (metres(p.x, lo.x, step_x), metres(p.y, lo.y, step_y))).collect()
        });
        let swept: f64 = points.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum::<f64>() / 2.0;
        if let Some(area) = areas.get_mut(left.0 as usize) {
            *area += swept;
        }
        if let Some(area) = areas.get_mut(right.0 as usize) {
            *area -= swept;
        }
    }
    areas
}

/// The area of each unit of any level, by index: its face's, or the sum of its children's.
#[must_use]
pub fn of_units_m2(coverage: &Coverage, hierarchy: &Hierarchy, plane: PlaneCrs) -> Vec<f64> {
    let faces = of_faces_m2(coverage, plane);
    let mut areas = vec![0.0; hierarchy.units().len()];
    // Lowest level first: units are sorted by level.
    for i in (0..areas.len()).rev() {
        let unit = hierarchy.unit(UnitIx(i as u32));
        areas[i] += unit.face.and_then(|f| faces.get(f.ix())).copied().unwrap_or(0.0);
        if let Some(parent) = unit.parent {
            areas[parent.ix()] += areas[i];
        }
    }
    areas
}
