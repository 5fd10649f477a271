//! What differs between two versions of a district, as far as drawing is concerned: arcs at each zoom, units at each level.

use std::collections::{HashMap, HashSet};

use super::shapes::groups;
use super::units::Units;
use crate::coverage::generalize::Generalized;
use crate::coverage::region::Group;
use crate::coverage::{ArcIx, LatticePoint, Pairs};
use crate::grid::Hierarchy;
use crate::snapshot::Snapshot;

/// An arc of before and what it is now; at least one of the two.
pub(super) type Changed = (Option<ArcIx>, Option<ArcIx>);

/// What has to be made anew. Units go by identity.
#[derive(Debug)]
pub(super) struct Since {
    pub levels: Vec<Touched>,
    /// Whether other arcs part what is somebody's from what is nobody's.
    pub outline: bool,
    /// The arcs that are drawn in another way at each zoom.
    pub arcs: Vec<Vec<Changed>>,
}

/// The units of one level that changed.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Those with other land.
    pub land: HashSet<u64>,
    /// Those with other arcs around them, or the same under another number.
    pub rings: HashSet<u64>,
    /// Those with an arc that is drawn in another way.
    pub points: HashSet<u64>,
    /// Where each unit of before stands in its level.
    pub place: HashMap<u64, u32>,
}

/// Nobody's land, in place of an identity.
const NOBODY: u64 = u64::MAX;

impl Since {
    /// `made` are for each zoom the arcs of `after` that were made anew. Cost: linear in arcs and units.
    pub(super) fn new(
        (before, units): (&Snapshot, &Units),
        (after, arcs): (&Snapshot, &Generalized),
        made: &[Vec<ArcIx>],
        pairs: &Pairs<'_>,
    ) -> Self {
        let gone: Vec<Changed> = pairs.of_delta().filter(|(_, new)| new.is_none()).collect();
        let changed = |(zoom, made): (usize, &Vec<ArcIx>)| -> Vec<Changed> {
            let zoom = zoom as u8;
            let other = |(old, new): &Changed| match (old, new) {
                (Some(old), Some(new)) => units.arcs.points(zoom, *old) != arcs.points(zoom, *new),
                _ => true,
            };
            made.iter().map(|ix| (pairs.before(*ix), Some(*ix))).filter(other).chain(gone.iter().copied()).collect()
        };
        let by_zoom: Vec<Vec<Changed>> = made.iter().enumerate().map(changed).collect();
        let mut drawn: Vec<Changed> = by_zoom.iter().flatten().copied().collect();
        drawn.sort_unstable();
        drawn.dedup();
        let mut bent: Vec<Changed> =
            pairs.of_delta().filter(|pair| points(before, pair.0) != points(after, pair.1)).collect();
        bent.sort_unstable();
        let (was, is) = (identities(&before.hierarchy), identities(&after.hierarchy));
        let sides = |level: usize, (old, new): Changed| {
            let arc = |ids: &[Vec<u64>], snapshot: &Snapshot, ix: ArcIx| {
                let arc = &snapshot.coverage.arcs()[ix.ix()];
                [ids[level][arc.left.ix()], ids[level][arc.right.ix()]]
            };
            (old.map(|ix| arc(&was, before, ix)), new.map(|ix| arc(&is, after, ix)))
        };
        let mut levels: Vec<Touched> = Vec::new();
        for level in 0..was.len().min(is.len()) {
            let mut touched = Touched { place: places(units, level, &before.hierarchy), ..Touched::default() };
            for pair in pairs.all() {
                let (old, new) = sides(level, pair);
                let both = || old.into_iter().chain(new).flatten().filter(|id| *id != NOBODY);
                if old != new || bent.binary_search(&pair).is_ok() {
                    touched.land.extend(both());
                }
                if old != new || pair.0 != pair.1 {
                    touched.rings.extend(both());
                }
            }
            for pair in &drawn {
                let (old, new) = sides(level, *pair);
                touched.points.extend(old.into_iter().chain(new).flatten().filter(|id| *id != NOBODY));
            }
            levels.push(touched);
        }
        let lowest = levels.len().saturating_sub(1);
        let outline = levels.is_empty()
            || pairs.all().any(|pair| {
                let (old, new) = sides(lowest, pair);
                let part = |sides: Option<[u64; 2]>| sides.map(|sides| sides.map(|id| id == NOBODY));
                let edge = |sides: Option<[u64; 2]>| part(sides).is_some_and(|[left, right]| left != right);
                (edge(old) || edge(new)) && (part(old) != part(new) || pair.0 != pair.1)
            });
        Self { levels, outline, arcs: by_zoom }
    }
}

fn points(snapshot: &Snapshot, arc: Option<ArcIx>) -> Option<&[LatticePoint]> {
    arc.map(|ix| &*snapshot.coverage.arcs()[ix.ix()].points)
}

/// For each level each face's unit.
fn identities(hierarchy: &Hierarchy) -> Vec<Vec<u64>> {
    let id = |group: &Group| hierarchy.units().get(group.0 as usize).map_or(NOBODY, |unit| unit.id);
    groups(hierarchy).iter().map(|level| level.iter().map(id).collect()).collect()
}

fn places(units: &Units, level: usize, hierarchy: &Hierarchy) -> HashMap<u64, u32> {
    let shapes = units.levels.get(level).into_iter().flat_map(|level| level.units.iter().enumerate());
    shapes.map(|(i, shape)| (hierarchy.unit(shape.unit).id, i as u32)).collect()
}
