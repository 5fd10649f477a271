//! Who is who: units of a survey are found again by level and code; those of another code that have the land of one whose code is gone go on as that
//! one, and so does nobody's land.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::coverage::build::{Overlap, overlaps};
use crate::coverage::{Coverage, FaceIx, FaceRole};
use crate::grid::past::Boundaries;
use crate::grid::{Hierarchy, UnitIx};

/// The identities that are known of a survey, `None` for what is new.
#[derive(Debug)]
pub(super) struct Names {
    /// By unit, in the order of the survey's hierarchy.
    pub(super) units: Vec<Option<u64>>,
    /// By face; the outside is 0.
    pub(super) faces: Vec<Option<u64>>,
}

impl Names {
    pub(super) fn of(base: &Boundaries, survey: &Boundaries) -> Self {
        let known: HashMap<(u8, &str), u64> =
            base.hierarchy.units().iter().map(|unit| ((unit.level, unit.code.as_str()), unit.id)).collect();
        let found = survey.hierarchy.units().iter().map(|unit| known.get(&(unit.level, unit.code.as_str())).copied());
        let mut units: Vec<Option<u64>> = found.collect();
        let mut faces: Vec<Option<u64>> = vec![None; survey.coverage.faces().len()];
        faces[FaceIx::OUTSIDE.ix()] = Some(0);
        let lowest = survey.hierarchy.levels().saturating_sub(1) as u8;
        for (ix, _) in survey.hierarchy.at_level(lowest) {
            if let Some(face) = survey.hierarchy.unit(ix).face {
                faces[face.ix()] = units[ix.ix()];
            }
        }
        by_land(base, survey, &mut faces);
        for (ix, unit) in survey.hierarchy.at_level(lowest) {
            units[ix.ix()] = unit.face.and_then(|face| faces[face.ix()]);
        }
        (0..lowest).rev().for_each(|level| by_children(&base.hierarchy, &survey.hierarchy, level, &mut units));
        Self { units, faces }
    }

    pub(super) fn fresh(&self, survey: &Boundaries) -> usize {
        let upper =
            survey.hierarchy.units().iter().zip(&self.units).filter(|(unit, id)| unit.face.is_none() && id.is_none());
        upper.count() + self.faces.iter().filter(|id| id.is_none()).count()
    }

    /// Everything by its identity; what is new is numbered from `next`.
    pub(super) fn given(&self, survey: &Boundaries, mut next: u64) -> (Vec<u64>, Vec<u64>) {
        let mut take = || {
            next += 1;
            next - 1
        };
        let faces: Vec<u64> = self.faces.iter().map(|id| id.unwrap_or_else(&mut take)).collect();
        let units = survey.hierarchy.units().iter().zip(&self.units);
        let units = units.map(|(unit, id)| match unit.face {
            Some(face) => faces[face.ix()],
            None => id.unwrap_or_else(&mut take),
        });
        let units = units.collect();
        (units, faces)
    }
}

fn area(coverage: &Coverage, face: FaceIx) -> i128 {
    coverage.faces()[face.ix()].rings.iter().map(|ring| ring.doubled_area).sum()
}

/// Faces without a name take that of one that is gone and whose land they have: the most land first.
fn by_land(base: &Boundaries, survey: &Boundaries, faces: &mut [Option<u64>]) {
    let named: HashSet<u64> = faces.iter().flatten().copied().collect();
    let gone: Vec<FaceIx> = (base.coverage.faces().iter().enumerate())
        .filter(|(_, face)| !named.contains(&face.id.0))
        .map(|(i, _)| FaceIx(i as u32))
        .collect();
    let new: Vec<FaceIx> = (0..faces.len()).filter(|i| faces[*i].is_none()).map(|i| FaceIx(i as u32)).collect();
    if gone.is_empty() || new.is_empty() {
        return;
    }
    let mut common = overlaps((&base.coverage, &gone), (&survey.coverage, &new));
    common.retain(|o| o.before != FaceIx::OUTSIDE && o.after != FaceIx::OUTSIDE);
    common.sort_by_key(|o| (std::cmp::Reverse(o.doubled_area), o.after, o.before));
    let role = |coverage: &Coverage, face: FaceIx| coverage.faces()[face.ix()].role == FaceRole::Unit;
    let alike = |o: &Overlap| role(&base.coverage, o.before) == role(&survey.coverage, o.after);
    // Most of one of the two. Land that becomes nobody's, or somebody's, is the same land however much of it there is.
    let most = |o: &Overlap| {
        let (old, now) = (area(&base.coverage, o.before), area(&survey.coverage, o.after));
        o.doubled_area * 2 > old.min(now)
    };
    let (same, other): (Vec<Overlap>, Vec<Overlap>) = common.into_iter().partition(alike);
    let mut taken = HashSet::new();
    for one in same.into_iter().filter(most).chain(other) {
        if faces[one.after.ix()].is_none() && taken.insert(one.before) {
            faces[one.after.ix()] = Some(base.coverage.faces()[one.before.ix()].id.0);
        }
    }
}

/// Upper units without a name take that of one that is gone and most of whose children they have.
fn by_children(base: &Hierarchy, survey: &Hierarchy, level: u8, units: &mut [Option<u64>]) {
    let parents: HashMap<u64, UnitIx> = base.units().iter().filter_map(|unit| Some((unit.id, unit.parent?))).collect();
    let mut named: BTreeSet<u64> = units.iter().flatten().copied().collect();
    let new: Vec<UnitIx> = survey.at_level(level).map(|(ix, _)| ix).filter(|ix| units[ix.ix()].is_none()).collect();
    for ix in new {
        let mut from: HashMap<UnitIx, usize> = HashMap::new();
        for id in survey.children(ix).iter().filter_map(|child| units[child.ix()]) {
            if let Some(parent) = parents.get(&id).filter(|parent| !named.contains(&base.unit(**parent).id)) {
                *from.entry(*parent).or_default() += 1;
            }
        }
        let most = from.into_iter().max_by_key(|(parent, n)| (*n, std::cmp::Reverse(*parent)));
        if let Some((parent, n)) = most.filter(|(parent, n)| *n * 2 > base.children(*parent).len()) {
            debug_assert!(n > 0);
            units[ix.ix()] = Some(base.unit(parent).id);
            named.insert(base.unit(parent).id);
        }
    }
}
