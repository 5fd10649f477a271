//! What a unit looks like and who is next to it: its polygons, its extent, the neighbours it shares a line with.

use std::collections::BTreeMap;

use super::serving::State;
use crate::coverage::region::Group;
use crate::coverage::{Arc, Coverage, LatticePolygon};
use crate::grid::UnitIx;

/// A unit on the other side of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjacent {
    /// `None` for the outside, excluded land and gaps.
    pub unit: Option<UnitIx>,
    /// Length of the shared line.
    pub shared_m: f64,
}

/// The polygons of a unit of any level: each an outer ring with its holes, on the lattice.
#[must_use]
pub fn polygons(state: &State, unit: UnitIx) -> Vec<LatticePolygon> {
    let rings = state.rings_of_level(state.snapshot.hierarchy.unit(unit).level);
    rings.get(unit.ix()).map_or_else(Vec::new, |rings| state.snapshot.coverage.polygons(rings))
}

/// West, south, east, north in degrees; `None` for a unit without a shape.
#[must_use]
pub fn bounds(state: &State, unit: UnitIx) -> Option<[f64; 4]> {
    let coverage = &state.snapshot.coverage;
    let rings = state.rings_of_level(state.snapshot.hierarchy.unit(unit).level).get(unit.ix())?;
    let points = rings.iter().flat_map(|ring| coverage.ring_points(ring)).map(|p| coverage.lattice().degrees(p));
    points.fold(None, |bounds: Option<[f64; 4]>, (lon, lat)| {
        let [west, south, east, north] = bounds.unwrap_or([lon, lat, lon, lat]);
        Some([west.min(lon), south.min(lat), east.max(lon), north.max(lat)])
    })
}

/// Who shares a line of positive length with a unit, at its level, longest line first. Touching at a corner only is not
/// adjacency. Cost: one pass over the arcs.
#[must_use]
pub fn neighbours(state: &State, unit: UnitIx) -> Vec<Adjacent> {
    let snapshot = &state.snapshot;
    let group_of_face = snapshot.hierarchy.groups(snapshot.hierarchy.unit(unit).level);
    let own = Group(unit.0);
    let mut shared: BTreeMap<Group, f64> = BTreeMap::new();
    for arc in snapshot.coverage.arcs() {
        let (left, right) = (group_of_face[arc.left.ix()], group_of_face[arc.right.ix()]);
        if (left == own) != (right == own) {
            let other = if left == own { right } else { left };
            *shared.entry(other).or_default() += length_m(&snapshot.coverage, arc);
        }
    }
    let mut adjacent: Vec<_> = shared
        .into_iter()
        .map(|(group, shared_m)| Adjacent { unit: (group != Group::NONE).then_some(UnitIx(group.0)), shared_m })
        .collect();
    adjacent.sort_by(|a, b| b.shared_m.total_cmp(&a.shared_m).then(a.unit.cmp(&b.unit)));
    adjacent
}

/// Ground length, edge by edge with the ellipsoid's radii of curvature at each edge.
pub(super) fn length_m(coverage: &Coverage, arc: &Arc) -> f64 {
    let edge_m = |(a, b): (crate::coverage::LatticePoint, crate::coverage::LatticePoint)| {
        let (x_m, y_m) = coverage.lattice().metres_per_step(a.y.midpoint(b.y));
        ((f64::from(b.x) - f64::from(a.x)) * x_m).hypot((f64::from(b.y) - f64::from(a.y)) * y_m)
    };
    arc.edges().map(edge_m).sum()
}
