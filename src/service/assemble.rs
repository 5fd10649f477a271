//! The second half of an import: gathered files → claims → coverage → tree → people, places and issues.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::gather::{Gathered, Sourced};
use crate::coverage::build::Claim;
use crate::coverage::{Coverage, FaceId, FaceIx, Lattice, LatticeFault};
use crate::exchange::report::Counts;
use crate::exchange::units::UnitShape;
use crate::grid::people::{Branch, Person, Roster};
use crate::grid::{Hierarchy, HierarchyFault, Unit, UnitIx};
use crate::issue::Issue;
use crate::locate::Locator;
use crate::place::Place;

/// Puts the shapes into their lasting order – units by code, then excluded land – and lays them on a lattice, which they decide where none is given: a
/// claim's id is its place in that order, from 1.
pub(super) fn claims(gathered: &mut Gathered, given: Option<Lattice>) -> Result<(Lattice, Vec<Claim>), LatticeFault> {
    gathered.shapes.sort_by(|a, b| (a.value.excluded, &a.value.code).cmp(&(b.value.excluded, &b.value.code)));
    let positions = || gathered.shapes.iter().flat_map(|s| s.value.polygons.iter().flatten().flatten());
    let start = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let (west, south, east, north) =
        positions().fold(start, |(w, s, e, n), p| (w.min(p.lon()), s.min(p.lat()), e.max(p.lon()), n.max(p.lat())));
    let lattice = match given {
        Some(lattice) => lattice,
        None if west <= east => Lattice::for_extent(west, south, east, north),
        None => Lattice::for_extent(0.0, 0.0, 0.0, 0.0),
    };
    let mut claims = Vec::with_capacity(gathered.shapes.len());
    for (i, source) in gathered.shapes.iter().enumerate() {
        let shape = &source.value;
        let ring = |ring: &Vec<_>| ring.iter().map(|p| lattice.quantise(*p)).collect::<Result<Vec<_>, _>>();
        let polygon = |rings: &Vec<_>| rings.iter().map(ring).collect::<Result<Vec<_>, _>>();
        claims.push(Claim {
            id: FaceId(i as u64 + 1),
            polygons: shape.polygons.iter().map(polygon).collect::<Result<_, _>>()?,
            excluded: shape.excluded,
            weight: u64::from(shape.households.max(shape.population)),
        });
    }
    Ok((lattice, claims))
}

/// The tree of units over a coverage, or over none when the shapes could not be built, and what is wrong with it.
pub(super) fn tree(gathered: &mut Gathered, coverage: Option<&Coverage>) -> (Hierarchy, Vec<HierarchyFault>) {
    let levels = gathered.district.district.levels.clone();
    let lowest = levels.len() - 1;
    let mut rows: Vec<Vec<Raw>> = levels.iter().map(|_| Vec::new()).collect();
    for source in mem::take(&mut gathered.uppers) {
        let row = &source.value;
        match levels.iter().position(|l| l.key == row.level || l.name == row.level) {
            Some(level) if level < lowest => rows[level].push(Raw::upper(source)),
            Some(_) => {
                let reason = "is the lowest level; its units come from the GeoJSON with their shapes";
                gathered.refuse_row(&source, "level", &row.level, reason);
            }
            None => gathered.refuse_row(&source, "level", &row.level, "is no level of district.toml"),
        }
    }
    for (i, source) in gathered.shapes.iter().enumerate().filter(|(_, s)| !s.value.excluded) {
        rows[lowest].push(Raw::lowest(&source.value, FaceIx(i as u32 + 1)));
    }
    let faces = coverage.map_or(gathered.shapes.len() + 1, |c| c.faces().len());
    let first_id =
        coverage.map_or(0, |c| c.faces().iter().map(|f| f.id.0).max().unwrap_or(0)).max(gathered.shapes.len() as u64);
    link(rows, faces, first_id + 1)
}

/// A unit whose parent is still a code.
struct Raw {
    unit: Unit,
    parent: String,
}

impl Raw {
    fn upper(source: Sourced<crate::exchange::tables::UnitRow>) -> Self {
        let row = source.value;
        let unit = Unit {
            id: 0,
            level: 0,
            code: row.code,
            name: row.name,
            parent: None,
            class: row.class,
            households: row.households,
            population: row.population,
            face: None,
        };
        Self { unit, parent: row.parent }
    }

    fn lowest(shape: &UnitShape, face: FaceIx) -> Self {
        let unit = Unit {
            id: u64::from(face.0),
            level: 0,
            code: shape.code.clone(),
            name: shape.name.clone(),
            parent: None,
            class: shape.class.clone(),
            households: shape.households,
            population: shape.population,
            face: Some(face),
        };
        Self { unit, parent: shape.parent.clone() }
    }
}

/// Sorts each level by code, links parents, numbers the upper units from `next_id`.
fn link(rows: Vec<Vec<Raw>>, faces: usize, mut next_id: u64) -> (Hierarchy, Vec<HierarchyFault>) {
    let levels = rows.len();
    let mut units: Vec<Unit> = Vec::new();
    let mut above: HashMap<String, UnitIx> = HashMap::new();
    let mut lost: HashMap<String, String> = HashMap::new();
    for (level, mut rows) in rows.into_iter().enumerate() {
        rows.sort_by(|a, b| a.unit.code.cmp(&b.unit.code));
        let mut here = HashMap::with_capacity(rows.len());
        for Raw { mut unit, parent } in rows {
            unit.level = level as u8;
            unit.parent = above.get(&parent).copied();
            if unit.id == 0 {
                unit.id = next_id;
                next_id += 1;
            }
            if unit.parent.is_none() {
                lost.entry(unit.code.clone()).or_insert(parent);
            }
            here.entry(unit.code.clone()).or_insert(UnitIx(units.len() as u32));
            units.push(unit);
        }
        above = here;
    }
    let hierarchy = Hierarchy::new(units, levels, faces);
    let mut faults = hierarchy.faults();
    for fault in &mut faults {
        if let HierarchyFault::NoParent { code, parent } = fault
            && let Some(said) = lost.get(code)
        {
            parent.clone_from(said);
        }
    }
    (hierarchy, faults)
}

/// People and branches with their units found; rows that name an unknown unit are refused.
pub(super) fn roster(gathered: &mut Gathered, hierarchy: &Hierarchy) -> Roster {
    let mut people = Vec::with_capacity(gathered.people.len());
    let mut seen = HashSet::new();
    for source in mem::take(&mut gathered.people) {
        let id = source.value.id.clone();
        if !seen.insert(id.clone()) {
            gathered.refuse_row(&source, "id", &id, "stands twice; give every person an id of their own");
            continue;
        }
        match units(hierarchy, &source.value.units) {
            Ok(units) => {
                let row = source.value;
                let (name, phone, org) = (row.name, row.phone, row.org);
                people.push(Person { id, name, phone, org, role: row.role, units, term: row.term });
            }
            Err(code) => gathered.refuse_row(&source, "units", &code, "is no unit of this district"),
        }
    }
    let mut branches = Vec::with_capacity(gathered.branches.len());
    seen.clear();
    for source in mem::take(&mut gathered.branches) {
        let id = source.value.id.clone();
        if !seen.insert(id.clone()) {
            gathered.refuse_row(&source, "id", &id, "stands twice; give every branch an id of its own");
            continue;
        }
        match units(hierarchy, &source.value.units) {
            Ok(units) => {
                let row = source.value;
                branches.push(Branch { id, name: row.name, kind: row.kind, units, term: row.term });
            }
            Err(code) => gathered.refuse_row(&source, "units", &code, "is no unit of this district"),
        }
    }
    Roster::new(people, branches)
}

/// The units of a list of codes, or the first code that is none.
fn units(hierarchy: &Hierarchy, codes: &[String]) -> Result<Vec<UnitIx>, String> {
    codes.iter().map(|code| hierarchy.by_code(code).ok_or_else(|| code.clone())).collect()
}

/// Places, without those whose id was there before.
pub(super) fn places(gathered: &mut Gathered) -> Vec<Place> {
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(gathered.places.len());
    for source in mem::take(&mut gathered.places) {
        if seen.insert(source.value.id.clone()) {
            kept.push(source.value);
        } else {
            let id = source.value.id.clone();
            gathered.refuse_row(&source, "id", &id, "stands twice; give every place an id of its own");
        }
    }
    kept
}

/// Issues, without those whose number was there before.
pub(super) fn issues(gathered: &mut Gathered) -> Vec<Issue> {
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(gathered.issues.len());
    for source in mem::take(&mut gathered.issues) {
        if seen.insert(source.value.id.clone()) {
            kept.push(source.value);
        } else {
            let id = source.value.id.clone();
            gathered.refuse_row(&source, "id", &id, "stands twice; an order is imported once");
        }
    }
    kept
}

/// How many of each there are, and how many lie outside every unit.
pub(super) fn counts(
    levels: impl Iterator<Item = String>,
    coverage: Option<&Coverage>,
    (hierarchy, roster): (&Hierarchy, &Roster),
    (places, issues, base): (&[Place], &[Issue], usize),
) -> Counts {
    let locator = coverage.map(Locator::new);
    let outside = |point| locator.as_ref().is_some_and(|l| hierarchy.unit_of_face(l.owner_of(point)).is_none());
    Counts {
        units: levels.enumerate().map(|(i, key)| (key, hierarchy.at_level(i as u8).count())).collect(),
        people: roster.people().len(),
        branches: roster.branches().len(),
        places: places.len(),
        places_outside: places.iter().filter(|p| outside(p.point)).count(),
        issues: issues.len(),
        issues_outside: issues.iter().filter_map(|i| i.point).filter(|p| outside(*p)).count(),
        issues_without_position: issues.iter().filter(|i| i.point.is_none()).count(),
        base,
    }
}
