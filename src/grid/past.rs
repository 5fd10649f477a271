//! The boundaries before today's: a version and what it changed give the version before it.

use std::collections::{BTreeMap, HashMap};

use super::history::{Descent, Lineage};
use super::{Hierarchy, Unit, UnitIx};
use crate::coverage::edit::{Edit, Workbench};
use crate::coverage::{Coverage, FaceId, FaceIx, FaceRole, validate};

/// Shapes and units of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundaries {
    pub coverage: Coverage,
    pub hierarchy: Hierarchy,
}

/// Why the version before cannot be told from the one after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PastFault {
    #[error("{code} is said to come from {old}, but no unit of the lowest level has this code then; correct lineage")]
    NoUnit { code: String, old: String },
    #[error("{old} is said to be an earlier code, but is one of this version too; correct lineage")]
    StillThere { old: String },
    #[error(
        "{code} comes from {first} and from {second} at one version: a merge cannot be undone from its result, since the line between is gone"
    )]
    Merged { code: String, first: String, second: String },
    #[error("{old} has no parent: no unit of the level above has a code that {old} begins with")]
    NoParent { old: String },
    #[error("the successors of {old} are not one piece of land: {reason}")]
    NotOne { old: String, reason: String },
    #[error("the boundaries before do not fit together ({}); please send the lineage with this message to the makers of Wangge", .0.rule)]
    Broken(validate::Fault),
}

impl From<validate::Fault> for PastFault {
    fn from(fault: validate::Fault) -> Self {
        Self::Broken(fault)
    }
}

/// The boundaries before a version, from those at it and its lineage. A unit that was split is the union of its successors, under the parent whose code its
/// own begins with; its name is that parent's when it was all of it. A transferred one goes back under that parent. Merges cannot be undone. New
/// identities are given to units that are not there any more.
///
/// # Errors
/// [`PastFault`] naming the row of the lineage that does not fit.
pub fn before(after: &Boundaries, lineage: &[Lineage]) -> Result<Boundaries, PastFault> {
    let hierarchy = &after.hierarchy;
    let lowest = hierarchy.levels().saturating_sub(1) as u8;
    let mut successors: BTreeMap<&str, Vec<UnitIx>> = BTreeMap::new();
    let mut origin: HashMap<&str, &str> = HashMap::new();
    for row in lineage {
        let unit = hierarchy.by_code(&row.new).filter(|ix| hierarchy.unit(*ix).level == lowest);
        let unit = unit.ok_or_else(|| PastFault::NoUnit { code: row.new.clone(), old: row.old.clone() })?;
        if hierarchy.by_code(&row.old).is_some() {
            return Err(PastFault::StillThere { old: row.old.clone() });
        }
        if let Some(first) = origin.insert(&row.new, &row.old).or((row.kind == Descent::Merge).then_some("another")) {
            let (first, second) = (first.to_owned(), row.old.clone());
            return Err(PastFault::Merged { code: row.new.clone(), first, second });
        }
        successors.entry(&row.old).or_default().push(unit);
    }
    let mut bench = Workbench::new(after.coverage.clone());
    let mut joined: Vec<Joined> = Vec::new();
    for (old, units) in &successors {
        let faces: Vec<FaceId> = units.iter().filter_map(|ix| face_id(after, *ix)).collect();
        join(&mut bench, &faces).map_err(|reason| PastFault::NotOne { old: (*old).to_owned(), reason })?;
        let parent = parent_by_code(hierarchy, old, lowest).ok_or(PastFault::NoParent { old: (*old).to_owned() })?;
        joined.push(Joined { code: (*old).to_owned(), units: units.clone(), parent });
    }
    put_together(after, &bench.into_coverage(), &joined)
}

/// A unit of the version before.
struct Joined {
    code: String,
    /// What it became.
    units: Vec<UnitIx>,
    parent: UnitIx,
}

fn face_id(at: &Boundaries, unit: UnitIx) -> Option<FaceId> {
    let face = at.hierarchy.unit(unit).face?;
    at.coverage.faces().get(face.ix()).map(|face| face.id)
}

/// Of several units whose codes begin alike the one that is told most exactly.
fn parent_by_code(hierarchy: &Hierarchy, code: &str, lowest: u8) -> Option<UnitIx> {
    let above = hierarchy.at_level(lowest.checked_sub(1)?);
    above.filter(|(_, unit)| code.starts_with(&unit.code)).max_by_key(|(_, unit)| unit.code.len()).map(|(ix, _)| ix)
}

/// Merges faces into the first, each when it borders on what is joined already.
fn join(bench: &mut Workbench, faces: &[FaceId]) -> Result<(), String> {
    let Some((&keep, rest)) = faces.split_first() else { return Ok(()) };
    let mut waiting = rest.to_vec();
    while !waiting.is_empty() {
        let mut reason = String::new();
        let done = waiting.iter().position(|&gone| {
            let merge = Edit::Merge { keep, gone, enclosing: Vec::new() };
            bench.apply(&merge).map_err(|refusal| reason = refusal.to_string()).is_ok()
        });
        match done {
            Some(at) => _ = waiting.swap_remove(at),
            None => return Err(reason),
        }
    }
    Ok(())
}

/// The units of the version before over its coverage, sorted by level and code as ever.
fn put_together(after: &Boundaries, coverage: &Coverage, joined: &[Joined]) -> Result<Boundaries, PastFault> {
    let hierarchy = &after.hierarchy;
    let lowest = hierarchy.levels().saturating_sub(1) as u8;
    let mut next_id = hierarchy.units().iter().map(|unit| unit.id).max().unwrap_or(0);
    let mut faces: Vec<(FaceId, FaceRole, bool)> =
        coverage.faces().iter().map(|face| (face.id, face.role, face.exclave)).collect();
    let by_id: HashMap<FaceId, usize> = faces.iter().enumerate().map(|(i, face)| (face.0, i)).collect();
    let gone: HashMap<UnitIx, usize> =
        joined.iter().enumerate().flat_map(|(i, one)| one.units.iter().map(move |unit| (*unit, i))).collect();
    // The units of upper levels keep their places, which come first; those of the lowest level are sorted anew.
    let upper = hierarchy.units().iter().take_while(|unit| unit.level < lowest).count();
    let mut units: Vec<Unit> = hierarchy.units()[..upper].to_vec();
    let mut low: Vec<Unit> = Vec::new();
    for (i, unit) in hierarchy.units().iter().enumerate().skip(upper) {
        if !gone.contains_key(&UnitIx(i as u32)) {
            let face = face_id(after, UnitIx(i as u32)).and_then(|id| by_id.get(&id));
            low.push(Unit { face: face.map(|at| FaceIx(*at as u32)), ..unit.clone() });
        }
    }
    for one in joined {
        let of: Vec<&Unit> = one.units.iter().map(|ix| hierarchy.unit(*ix)).collect();
        let parent = hierarchy.unit(one.parent);
        let whole = one.units.len() > 1 && hierarchy.children(one.parent).len() == one.units.len();
        let at = one.units.first().and_then(|unit| face_id(after, *unit)).and_then(|id| by_id.get(&id).copied());
        // A unit that only moved is still itself.
        let id = match of[..] {
            [same] => same.id,
            _ => {
                next_id += 1;
                next_id
            }
        };
        if let Some(at) = at {
            faces[at].0 = FaceId(id);
        }
        low.push(Unit {
            id,
            level: lowest,
            code: one.code.clone(),
            name: if whole {
                parent.name.clone()
            } else {
                of.first().map(|unit| unit.name.clone()).unwrap_or_default()
            },
            parent: Some(one.parent),
            class: of.first().map(|unit| unit.class.clone()).unwrap_or_default(),
            households: of.iter().map(|unit| unit.households).sum(),
            population: of.iter().map(|unit| unit.population).sum(),
            face: at.map(|at| FaceIx(at as u32)),
        });
    }
    low.sort_by(|a, b| a.code.cmp(&b.code));
    units.extend(low);
    let hierarchy = Hierarchy::new(units, hierarchy.levels(), faces.len());
    let (lattice, junctions, arcs) = (*coverage.lattice(), coverage.junctions().to_vec(), coverage.arcs().to_vec());
    Ok(Boundaries { coverage: Coverage::from_tables(lattice, junctions, arcs, faces)?, hierarchy })
}
