//! The table of units, found by identity and by code, and the rules that make it a tree over the faces.

use std::collections::{BTreeSet, HashMap};

use super::refused::{Refused, TreeRule};
use super::{OUTSIDE, Row, RowChange};
use crate::coverage::edit::{Applied, Workbench};
use crate::coverage::{FaceId, FaceRole};
use crate::grid::Hierarchy;

#[derive(Clone, Debug)]
pub(super) struct Table {
    levels: usize,
    rows: HashMap<u64, Row>,
    /// Unit by level and code.
    codes: HashMap<(u8, String), u64>,
    /// How many units each has below it.
    below: HashMap<u64, u32>,
}

impl Table {
    pub(super) fn new(hierarchy: &Hierarchy) -> Self {
        let rows: HashMap<u64, Row> = Row::all(hierarchy).map(|row| (row.id, row)).collect();
        let codes = rows.values().map(|row| ((row.level, row.code.clone()), row.id)).collect();
        let mut below: HashMap<u64, u32> = HashMap::new();
        for parent in rows.values().filter_map(|row| row.parent) {
            *below.entry(parent).or_default() += 1;
        }
        Self { levels: hierarchy.levels(), rows, codes, below }
    }

    pub(super) fn row(&self, unit: u64) -> Option<&Row> {
        self.rows.get(&unit)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    pub(super) fn by_code(&self, level: u8, code: &str) -> Option<&Row> {
        self.codes.get(&(level, code.to_owned())).and_then(|id| self.rows.get(id))
    }

    pub(super) const fn lowest(&self) -> u8 {
        self.levels.saturating_sub(1) as u8
    }

    /// Whether the rows are what the change takes them to be.
    pub(super) fn fits(&self, rows: &[RowChange]) -> Result<(), Refused> {
        let mut seen = BTreeSet::new();
        for RowChange { before, after } in rows {
            let Some(any) = before.as_ref().or(after.as_ref()) else {
                return Err(Refused::tree(TreeRule::Malformed, OUTSIDE, ""));
            };
            let refused = |rule| Err(Refused::tree(rule, any.id, &any.code));
            let alike = after.as_ref().is_none_or(|row| (row.id, row.level) == (any.id, any.level));
            if !alike || !seen.insert(any.id) || any.id == OUTSIDE || usize::from(any.level) >= self.levels {
                return refused(TreeRule::Malformed);
            }
            match (self.rows.get(&any.id), before) {
                (None, Some(_)) => return refused(TreeRule::Gone),
                (Some(_), None) => return refused(TreeRule::IdTaken),
                (Some(now), Some(before)) if now != before => return refused(TreeRule::Changed),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the rows as they become – or, `back`, as they were.
    pub(super) fn write(&mut self, rows: &[RowChange], back: bool) {
        // All old ones first: one unit may take the code of another.
        for row in rows {
            let (old, new) = if back { (&row.after, &row.before) } else { (&row.before, &row.after) };
            if let Some(old) = old {
                let slot = (old.level, old.code.clone());
                if self.codes.get(&slot) == Some(&old.id) {
                    self.codes.remove(&slot);
                }
                if let Some(n) = old.parent.and_then(|parent| self.below.get_mut(&parent)) {
                    *n -= 1;
                }
                if new.is_none() {
                    self.rows.remove(&old.id);
                }
            }
        }
        for row in rows {
            if let Some(new) = if back { &row.before } else { &row.after } {
                // A code that is taken stays with who has it: `whole` finds the other by that.
                self.codes.entry((new.level, new.code.clone())).or_insert(new.id);
                if let Some(parent) = new.parent {
                    *self.below.entry(parent).or_default() += 1;
                }
                self.rows.insert(new.id, new.clone());
            }
        }
    }

    /// Whether units and faces are whole, after the edits and with the new rows.
    pub(super) fn whole(&self, bench: &Workbench, made: &[Applied], rows: &[RowChange]) -> Result<(), Refused> {
        for RowChange { before, after } in rows {
            if let Some(row) = after {
                self.row_is_whole(row)?;
            }
            let Some(before) = before else { continue };
            if after.is_none() && self.below.get(&before.id).is_some_and(|n| *n > 0) {
                return Err(Refused::tree(TreeRule::NoParent, before.id, &before.code));
            }
            let parent = before.parent.and_then(|parent| self.rows.get(&parent));
            let alone = |parent: &&Row| self.below.get(&parent.id).is_none_or(|n| *n == 0);
            if let Some(parent) = parent.filter(alone) {
                return Err(Refused::tree(TreeRule::NoChildren, parent.id, &parent.code));
            }
        }
        let named = rows.iter().filter_map(|row| row.before.as_ref().or(row.after.as_ref()));
        let named = named.filter(|row| row.level == self.lowest()).map(|row| row.id);
        for id in named.chain(made.iter().flat_map(|applied| applied.touched.iter().map(|face| face.0))) {
            let row = self.rows.get(&id).filter(|row| row.level == self.lowest());
            if row.is_some() != (bench.role(FaceId(id)) == Some(FaceRole::Unit)) {
                return Err(Refused::tree(TreeRule::NoShape, id, row.map_or("", |row| &row.code)));
            }
        }
        Ok(())
    }

    fn row_is_whole(&self, row: &Row) -> Result<(), Refused> {
        let refused = |rule| Err(Refused::tree(rule, row.id, &row.code));
        if row.code.is_empty() {
            return refused(TreeRule::CodeEmpty);
        }
        if self.codes.get(&(row.level, row.code.clone())) != Some(&row.id) {
            return refused(TreeRule::CodeTaken);
        }
        let parent = row.parent.map(|parent| self.rows.get(&parent));
        let fits = match parent {
            None => row.level == 0,
            Some(parent) => parent.is_some_and(|parent| parent.level + 1 == row.level),
        };
        if !fits {
            return refused(TreeRule::NoParent);
        }
        if row.level != self.lowest() && self.below.get(&row.id).is_none_or(|n| *n == 0) {
            return refused(TreeRule::NoChildren);
        }
        Ok(())
    }
}
