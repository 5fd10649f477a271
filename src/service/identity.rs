//! Identities outlive an import: a unit of the kept boundaries is found again by its level and code, everything else gets an identity that was never given.

use std::collections::HashMap;

use crate::coverage::validate::Fault;
use crate::coverage::{Coverage, FaceId, FaceIx};
use crate::grid::history::History;
use crate::grid::past::Boundaries;
use crate::grid::{Hierarchy, Unit};
use crate::place::edit::LoggedEdit;
use crate::store::{Store, StoreFault};

/// What an import follows: the versions of the store it goes to, and the identities given there.
#[derive(Debug)]
pub struct Kept<'a> {
    pub history: History,
    /// `None` where nothing is known but the versions: the units are then numbered anew.
    pub given: Option<Given<'a>>,
    /// What people changed about places.
    pub edits: Vec<LoggedEdit>,
}

/// The boundaries that hold, and who gives identities.
#[derive(Debug)]
pub struct Given<'a> {
    pub boundaries: Boundaries,
    pub store: &'a dyn Store,
}

impl<'a> Kept<'a> {
    /// What a store has; `None` when there is no store yet.
    ///
    /// # Errors
    /// [`StoreFault`] when there is something that cannot be read.
    pub fn of(store: &'a dyn Store) -> Result<Option<Self>, StoreFault> {
        let Some(history) = store.history()? else { return Ok(None) };
        let edits = store.place_log(None)?;
        let Some(last) = history.versions().last() else { return Ok(Some(Self { history, given: None, edits })) };
        let boundaries = match store.boundaries(last.number) {
            // From before versions were kept: the tables are the boundaries.
            Err(StoreFault::NotKept { .. }) => {
                let contents = store.load()?;
                Boundaries { coverage: contents.coverage, hierarchy: contents.hierarchy }
            }
            told => told?,
        };
        Ok(Some(Self { history, given: Some(Given { boundaries, store }), edits }))
    }
}

/// Why identities could not be carried over.
#[derive(Debug)]
pub(super) enum IdentityFault {
    Store(StoreFault),
    Broken(Fault),
}

impl Given<'_> {
    /// The same boundaries under lasting identities. Nothing else of them changes, neither order nor shape.
    pub(super) fn carry(&self, new: &Boundaries) -> Result<Boundaries, IdentityFault> {
        let known: HashMap<(u8, &str), u64> =
            self.boundaries.hierarchy.units().iter().map(|unit| ((unit.level, unit.code.as_str()), unit.id)).collect();
        let Boundaries { coverage, hierarchy } = new;
        let id_of = |unit: &Unit| known.get(&(unit.level, unit.code.as_str())).copied();
        let fresh_units = hierarchy.units().iter().filter(|unit| id_of(unit).is_none()).count();
        let nobodys = |face: FaceIx| face != FaceIx::OUTSIDE && hierarchy.unit_of_face(face).is_none();
        let faces = || (0..coverage.faces().len() as u32).map(FaceIx);
        let fresh = fresh_units + faces().filter(|face| nobodys(*face)).count();
        let mut next = match u32::try_from(fresh) {
            Ok(0) => 0,
            fresh => self.store.reserve_units(fresh.unwrap_or(u32::MAX)).map_err(IdentityFault::Store)?,
        };
        let mut take = || {
            next += 1;
            next - 1
        };
        let units: Vec<Unit> = (hierarchy.units().iter())
            .map(|unit| Unit { id: id_of(unit).unwrap_or_else(&mut take), ..unit.clone() })
            .collect();
        let face_ids: HashMap<FaceIx, u64> = units.iter().filter_map(|unit| Some((unit.face?, unit.id))).collect();
        let rows = faces().zip(coverage.faces()).map(|(ix, face)| {
            let id = match face_ids.get(&ix) {
                Some(id) => *id,
                None if ix == FaceIx::OUTSIDE => face.id.0,
                None => take(),
            };
            (FaceId(id), face.role, face.exclave)
        });
        let rows = rows.collect();
        let (lattice, junctions, arcs) = (*coverage.lattice(), coverage.junctions().to_vec(), coverage.arcs().to_vec());
        let count = coverage.faces().len();
        let coverage = Coverage::from_tables(lattice, junctions, arcs, rows).map_err(IdentityFault::Broken)?;
        Ok(Boundaries { coverage, hierarchy: Hierarchy::new(units, hierarchy.levels(), count) })
    }
}
