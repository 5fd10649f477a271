//! Boundaries that take changes and stay whole: the workbench of the lines, and the table of units beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::refused::{Conflict, Refused, TreeRule};
use super::rows::merge;
use super::table::Table;
use super::{Change, OUTSIDE, Row, RowChange, Steps};
use crate::coverage::edit::{Applied, Workbench};
use crate::coverage::{Coverage, Delta, FaceId, FaceIx};
use crate::grid::past::Boundaries;
use crate::grid::{Hierarchy, Unit, UnitIx};

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Made next, gives back the same boundaries up to numbering.
    pub inverse: Change,
    pub delta: Delta,
    /// The faces whose land, role or line changed, and those made or dissolved; sorted. The outside is among them when the outline changed.
    pub touched: Vec<FaceId>,
}

/// Boundaries that changes are made on.
///
/// Cost: making one is linear. A change costs what its edits cost, and the rows it names.
#[derive(Clone, Debug)]
pub struct Desk {
    bench: Workbench,
    pub(super) table: Table,
    pub(super) done: Done,
}

/// What all changes since the beginning did together.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) delta: Delta,
    pub(super) touched: BTreeSet<FaceId>,
    /// The row of each unit that was named by a change, as it was in the beginning.
    pub(super) first: BTreeMap<u64, Option<Row>>,
    /// From which units of the beginning a unit has land and people by splits and merges: itself where it says nothing.
    pub(super) origins: BTreeMap<u64, BTreeSet<u64>>,
}

impl Desk {
    /// `boundaries` must be valid: changes keep them so, they do not make them so.
    #[must_use]
    pub fn new(boundaries: &Boundaries) -> Self {
        let (bench, table) = (Workbench::new(boundaries.coverage.clone()), Table::new(&boundaries.hierarchy));
        Self { bench, table, done: Done::default() }
    }

    #[must_use]
    pub const fn coverage(&self) -> &Coverage {
        self.bench.coverage()
    }

    /// For trying edits. What is made on it without [`Desk::apply`] is not made with its units.
    pub(super) const fn bench(&mut self) -> &mut Workbench {
        &mut self.bench
    }

    #[must_use]
    pub fn row(&self, unit: u64) -> Option<&Row> {
        self.table.row(unit)
    }

    /// The unit of a level with a code.
    #[must_use]
    pub fn by_code(&self, level: u8, code: &str) -> Option<&Row> {
        self.table.by_code(level, code)
    }

    /// The lowest level.
    #[must_use]
    pub fn lowest(&self) -> u8 {
        self.table.lowest()
    }

    /// The units directly below one, by code.
    #[must_use]
    pub fn children(&self, unit: u64) -> Vec<&Row> {
        let mut children: Vec<&Row> = self.table.rows().filter(|row| row.parent == Some(unit)).collect();
        children.sort_by(|a, b| a.code.cmp(&b.code));
        children
    }

    /// What all changes did together, and the units whose land, line or row changed.
    #[must_use]
    pub const fn delta(&self) -> &Delta {
        &self.done.delta
    }

    /// The units whose land, line or row differs, or did meanwhile, from the beginning; sorted. Not the outside.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<u64> {
        let faces = self.done.touched.iter().map(|face| face.0).filter(|id| *id != OUTSIDE);
        faces.chain(self.done.first.keys().copied()).collect()
    }

    /// Whether the outline of the district changed.
    #[must_use]
    pub fn touches_outside(&self) -> bool {
        self.done.touched.contains(&FaceId(OUTSIDE))
    }

    /// Makes a change, all of it or nothing.
    ///
    /// # Errors
    /// The rule it breaks, and where or at which unit.
    pub fn apply(&mut self, change: &Change) -> Result<Made, Refused> {
        let Self { bench, table, .. } = self;
        table.fits(&change.rows)?;
        table.write(&change.rows, false);
        match bench.apply_if(&change.edits, |bench, made| table.whole(bench, made, &change.rows)) {
            Ok((made, ())) => Ok(self.made(change, made)),
            Err(refused) => {
                table.write(&change.rows, true);
                Err(refused)
            }
        }
    }

    /// Makes changes in order, all or none.
    ///
    /// # Errors
    /// Which one is refused, counted from 0, and why.
    pub fn apply_all(&mut self, changes: &[Change]) -> Result<Vec<Made>, (usize, Refused)> {
        let before = self.done.clone();
        let mut all: Vec<Made> = Vec::new();
        for (i, change) in changes.iter().enumerate() {
            match self.apply(change) {
                Ok(made) => all.push(made),
                Err(refused) => {
                    self.take_back(&all, before);
                    return Err((i, refused));
                }
            }
        }
        Ok(all)
    }

    /// Undoes changes just made, the last first: what an inverse is for. `before` is what had been done before them.
    fn take_back(&mut self, made: &[Made], before: Done) {
        for made in made.iter().rev() {
            let undone = self.apply(&made.inverse);
            debug_assert!(undone.is_ok(), "an inverse is legal right after its change: {undone:?}");
        }
        let delta = std::mem::take(&mut self.done.delta);
        self.done = before;
        // Rows of the tables may have changed places: that is a difference too.
        if !made.is_empty() {
            self.done.delta.join(delta);
        }
    }

    fn made(&mut self, change: &Change, made: Vec<Applied>) -> Made {
        let mut delta = Delta::default();
        let mut touched = BTreeSet::new();
        let mut edits = Vec::with_capacity(made.len());
        for applied in made {
            delta.join(applied.delta);
            touched.extend(applied.touched);
            edits.push(applied.inverse);
        }
        edits.reverse();
        for RowChange { before, after } in &change.rows {
            if let Some(id) = before.as_ref().or(after.as_ref()).map(|row| row.id) {
                self.done.first.entry(id).or_insert_with(|| before.clone());
            }
        }
        for (from, to) in &change.descent {
            let from = self.origins(*from);
            let mut origins = self.origins(*to);
            origins.extend(from);
            self.done.origins.insert(*to, origins);
        }
        self.done.delta.join(delta.clone());
        self.done.touched.extend(touched.iter().copied());
        let swapped = |row: &RowChange| RowChange { before: row.after.clone(), after: row.before.clone() };
        let inverse = Change {
            verb: change.verb.undone(),
            edits,
            rows: change.rows.iter().map(swapped).collect(),
            descent: change.descent.iter().map(|(from, to)| (*to, *from)).collect(),
        };
        Made { inverse, delta, touched: touched.into_iter().collect() }
    }

    /// The units of the beginning that a unit comes from.
    pub(super) fn origins(&self, unit: u64) -> BTreeSet<u64> {
        let known = self.done.origins.get(&unit).cloned();
        known.unwrap_or_else(|| {
            let new = self.done.first.get(&unit).is_some_and(Option::is_none);
            if new { BTreeSet::new() } else { BTreeSet::from([unit]) }
        })
    }

    /// The boundaries as they are now. Cost: linear.
    #[must_use]
    pub fn boundaries(&self) -> Boundaries {
        let coverage = self.bench.coverage().clone();
        let faces: HashMap<u64, FaceIx> =
            coverage.faces().iter().enumerate().map(|(i, face)| (face.id.0, FaceIx(i as u32))).collect();
        let mut rows: Vec<&Row> = self.table.rows().collect();
        rows.sort_by(|a, b| (a.level, &a.code, a.id).cmp(&(b.level, &b.code, b.id)));
        let places: HashMap<u64, UnitIx> = rows.iter().enumerate().map(|(i, row)| (row.id, UnitIx(i as u32))).collect();
        let unit = |row: &Row| Unit {
            id: row.id,
            level: row.level,
            code: row.code.clone(),
            name: row.name.clone(),
            parent: row.parent.and_then(|parent| places.get(&parent).copied()),
            class: row.class.clone(),
            households: row.households,
            population: row.population,
            face: if row.level == self.lowest() { faces.get(&row.id).copied() } else { None },
        };
        let units = rows.into_iter().map(unit).collect();
        Boundaries {
            hierarchy: Hierarchy::new(units, usize::from(self.lowest()) + 1, coverage.faces().len()),
            coverage,
        }
    }
}

// ---- replaying on a later version -------------------------------------------------------------------------------------------------

impl Desk {
    /// Makes the steps of a draft on these boundaries, which others have changed since they were drawn: what they left alone passes unchanged, lines
    /// changed in different places and different fields of one row are merged. The answer is the steps as they read now.
    ///
    /// # Errors
    /// Every conflict found, with the number of its step. The desk is then spent: some steps were made.
    pub fn rebase(&mut self, steps: &[(u64, Vec<Change>)]) -> Result<Steps, Vec<(u64, Conflict)>> {
        let (mut replayed, mut conflicts) = (Vec::new(), Vec::new());
        for (number, changes) in steps {
            let mut standing = Vec::with_capacity(changes.len());
            for change in changes {
                match self.replay(change) {
                    Ok(change) => standing.extend(change),
                    Err(found) => conflicts.extend(found.into_iter().map(|conflict| (*number, conflict))),
                }
            }
            replayed.push((*number, standing));
        }
        if conflicts.is_empty() { Ok(replayed) } else { Err(conflicts) }
    }

    /// One change; nothing where others have already done the same.
    fn replay(&mut self, change: &Change) -> Result<Option<Change>, Vec<Conflict>> {
        // Most changes meet nothing of others.
        if self.apply(change).is_ok() {
            return Ok(Some(change.clone()));
        }
        let rows = self.merged(change).map_err(|conflict| vec![conflict])?;
        let edits = match self.bench.clone().rebase(&change.edits) {
            Ok(replayed) => replayed.into_iter().map(|one| one.edit).collect::<Vec<_>>(),
            Err(conflicts) => return Err(conflicts.into_iter().map(Box::new).map(Conflict::Boundary).collect()),
        };
        if edits.is_empty() && rows.iter().all(|row| row.before == row.after) {
            return Ok(None);
        }
        let change = Change { edits, rows, ..change.clone() };
        self.apply(&change).map_err(|refused| vec![Conflict::Refused(refused)])?;
        Ok(Some(change))
    }

    /// The rows of a change over the rows as they are now.
    fn merged(&self, change: &Change) -> Result<Vec<RowChange>, Conflict> {
        let merged = |row: &RowChange| match (&row.before, &row.after) {
            (Some(before), after) => {
                let gone = || Conflict::Refused(Refused::tree(TreeRule::Gone, before.id, &before.code));
                let theirs = self.table.row(before.id).ok_or_else(gone)?;
                let after = after.as_ref().map(|mine| merge(change.verb, before, mine, theirs));
                Ok(RowChange { before: Some(theirs.clone()), after: after.transpose()? })
            }
            (None, _) => Ok(row.clone()),
        };
        change.rows.iter().map(merged).collect()
    }
}
