//! The boundaries of one version as one value: JSON under gzip, every table of it in the order of its indices.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::rows::{KINDS, ROLES, word};
use crate::coverage::validate::{self, Fault};
use crate::coverage::{Arc, Coverage, FaceId, FaceIx, FaceRole, JunctionIx, Lattice, LatticePoint};
use crate::grid::past::Boundaries;
use crate::grid::{Hierarchy, Unit, UnitIx};

/// Unpacked, a million units take half of this.
const MOST_BYTES: u64 = 4 << 30;

#[derive(Serialize, Deserialize)]
struct Record {
    /// Origin of the lattice in steps, and its decimals.
    lattice: (i64, i64, u8),
    levels: usize,
    junctions: Vec<(i32, i32)>,
    arcs: Vec<ArcRecord>,
    faces: Vec<(u64, String, bool)>,
    units: Vec<UnitRecord>,
}

#[derive(Serialize, Deserialize)]
struct ArcRecord {
    from: u32,
    to: u32,
    left: u32,
    right: u32,
    kind: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
    /// x and y of the first point, then by how much each next one differs.
    points: Vec<i64>,
}

#[derive(Serialize, Deserialize)]
struct UnitRecord {
    id: u64,
    level: u8,
    code: String,
    name: String,
    parent: Option<u32>,
    class: String,
    households: u32,
    population: u32,
    face: Option<u32>,
}

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) enum BoundariesFault {
    /// They are not what [`encode`] writes.
    Unreadable(String),
    /// They are, but the coverage breaks a rule.
    Invalid(Fault),
}

fn unreadable(problem: impl std::fmt::Display) -> BoundariesFault {
    BoundariesFault::Unreadable(problem.to_string())
}

/// How much trouble to take for fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// While somebody waits for a publication: a tenth of the time for a third more.
    Quick,
    Small,
}

/// Bytes that [`decode`] reads. The same for the same boundaries and packing.
///
/// # Errors
/// None that a vector in memory can have.
pub(super) fn encode(coverage: &Coverage, hierarchy: &Hierarchy, packing: Packing) -> std::io::Result<Vec<u8>> {
    let packing = if packing == Packing::Quick { Compression::fast() } else { Compression::default() };
    let arc = |arc: &Arc| ArcRecord {
        from: arc.from.0,
        to: arc.to.0,
        left: arc.left.0,
        right: arc.right.0,
        kind: word(KINDS, &arc.kind).to_owned(),
        locked: arc.locked,
        points: differences(&arc.points),
    };
    let unit = |unit: &Unit| UnitRecord {
        id: unit.id,
        level: unit.level,
        code: unit.code.clone(),
        name: unit.name.clone(),
        parent: unit.parent.map(|parent| parent.0),
        class: unit.class.clone(),
        households: unit.households,
        population: unit.population,
        face: unit.face.map(|face| face.0),
    };
    let record = Record {
        lattice: coverage.lattice().parts(),
        levels: hierarchy.levels(),
        junctions: coverage.junctions().iter().map(|p| (p.x, p.y)).collect(),
        arcs: coverage.arcs().iter().map(arc).collect(),
        faces: coverage.faces().iter().map(|f| (f.id.0, word(ROLES, &f.role).to_owned(), f.exclave)).collect(),
        units: hierarchy.units().iter().map(unit).collect(),
    };
    let text = serde_json::to_vec(&record)?;
    let mut packed = GzEncoder::new(Vec::new(), packing);
    packed.write_all(&text)?;
    packed.finish()
}

/// Reads boundaries back and checks every invariant.
///
/// # Errors
/// [`BoundariesFault`].
pub(super) fn decode(bytes: &[u8]) -> Result<Boundaries, BoundariesFault> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(MOST_BYTES).read_to_end(&mut text).map_err(unreadable)?;
    let record: Record = serde_json::from_slice(&text).map_err(unreadable)?;
    let (lon, lat, decimals) = record.lattice;
    let lattice = Lattice::from_parts(lon, lat, decimals).map_err(unreadable)?;
    let junctions = record.junctions.into_iter().map(|(x, y)| LatticePoint::new(x, y)).collect();
    let arcs = record.arcs.iter().map(arc).collect::<Result<Vec<_>, _>>()?;
    let face = |(id, role, exclave): (u64, String, bool)| {
        let role = ROLES.iter().find(|(_, known)| *known == role).map(|(role, _)| *role);
        role.map(|role| (FaceId(id), role, exclave)).ok_or_else(|| unreadable("a face has an unknown role"))
    };
    let faces = record.faces.into_iter().map(face).collect::<Result<Vec<_>, _>>()?;
    let roles: Vec<FaceRole> = faces.iter().map(|face| face.1).collect();
    let coverage = Coverage::from_tables(lattice, junctions, arcs, faces).map_err(BoundariesFault::Invalid)?;
    if let Some(fault) = validate::faults(&coverage).into_iter().next() {
        return Err(BoundariesFault::Invalid(fault));
    }
    let units = units(record.units, record.levels, &roles)?;
    Ok(Boundaries { hierarchy: Hierarchy::new(units, record.levels, roles.len()), coverage })
}

fn differences(points: &[LatticePoint]) -> Vec<i64> {
    let mut before = LatticePoint::new(0, 0);
    let mut all = Vec::with_capacity(points.len() * 2);
    for point in points {
        let apart = |to: i32, from: i32| i64::from(to) - i64::from(from);
        all.extend([apart(point.x, before.x), apart(point.y, before.y)]);
        before = *point;
    }
    all
}

fn arc(record: &ArcRecord) -> Result<Arc, BoundariesFault> {
    let kind = KINDS.iter().find(|(_, known)| *known == record.kind).map(|(kind, _)| *kind);
    let (pairs, rest) = record.points.as_chunks::<2>();
    let mut at = (0_i64, 0_i64);
    let mut points = Vec::with_capacity(pairs.len());
    for [dx, dy] in pairs {
        at = (at.0.saturating_add(*dx), at.1.saturating_add(*dy));
        let (Ok(x), Ok(y)) = (i32::try_from(at.0), i32::try_from(at.1)) else {
            return Err(unreadable("a point of an arc lies off the lattice"));
        };
        points.push(LatticePoint::new(x, y));
    }
    match kind {
        Some(kind) if rest.is_empty() => Ok(Arc {
            from: JunctionIx(record.from),
            to: JunctionIx(record.to),
            left: FaceIx(record.left),
            right: FaceIx(record.right),
            points: points.into(),
            kind,
            locked: record.locked,
        }),
        _ => Err(unreadable("an arc has an unknown kind, or half a point")),
    }
}

fn units(records: Vec<UnitRecord>, levels: usize, roles: &[FaceRole]) -> Result<Vec<Unit>, BoundariesFault> {
    let unit = |record: UnitRecord| Unit {
        id: record.id,
        level: record.level,
        code: record.code,
        name: record.name,
        parent: record.parent.map(UnitIx),
        class: record.class,
        households: record.households,
        population: record.population,
        face: record.face.map(FaceIx),
    };
    let units: Vec<Unit> = records.into_iter().map(unit).collect();
    let shaped = |face: FaceIx| roles.get(face.ix()) == Some(&FaceRole::Unit);
    if let Some(bad) = units.iter().find(|unit| unit.face.is_some_and(|face| !shaped(face))) {
        return Err(unreadable(format_args!("the face of unit {} is not a unit's", bad.code)));
    }
    match misplaced(&units, levels) {
        Some((_, problem)) => Err(unreadable(problem)),
        None => Ok(units),
    }
}

/// The first unit that is out of place, and why. They are sorted by level, and a parent stands before its children: so the tree has no loop.
pub(super) fn misplaced(units: &[Unit], levels: usize) -> Option<(&Unit, String)> {
    let mut above = 0;
    for (i, unit) in units.iter().enumerate() {
        let Unit { code, level, .. } = unit;
        if usize::from(*level) >= levels || *level < above {
            return Some((unit, format!("unit {code} is out of order: its level is {level}")));
        }
        if unit.parent.is_some_and(|parent| parent.ix() >= i) {
            return Some((unit, format!("the parent of unit {code} does not stand before it")));
        }
        above = *level;
    }
    None
}
