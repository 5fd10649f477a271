//! Which unit of the beginning became which: what a version says of its units beside the boundaries.

use std::collections::{BTreeMap, BTreeSet};

use super::Row;
use super::desk::Desk;
use crate::grid::history::{Descent, Lineage};

impl Desk {
    /// What all changes together made of the units that were there in the beginning, as the lineage of `version`. A unit that kept its land and code
    /// has no row; one that was split and goes on has one to itself beside those to the others. A piece of land that was handed over is not
    /// descent.
    #[must_use]
    pub fn lineage(&self, version: u64) -> Vec<Lineage> {
        let changed = self.done.first.keys().chain(self.done.origins.keys()).copied().collect::<BTreeSet<u64>>();
        // Where land of an origin is now: only among units that changed can there be another than itself.
        let now: BTreeMap<u64, BTreeSet<u64>> = (changed.iter())
            .filter(|unit| self.row(**unit).is_some())
            .map(|unit| (*unit, self.origins(*unit)))
            .collect();
        let mut targets: BTreeMap<u64, usize> = BTreeMap::new();
        now.values().flatten().for_each(|origin| *targets.entry(*origin).or_default() += 1);
        let mut rows = Vec::new();
        for (unit, origins) in &now {
            let Some(new) = self.row(*unit) else { continue };
            for origin in origins {
                let Some(old) = self.first_row(*origin) else { continue };
                let kind = if targets.get(origin).is_some_and(|n| *n > 1) {
                    Descent::Split
                } else if origin != unit {
                    Descent::Merge
                } else if old.code != new.code {
                    Descent::Transfer
                } else {
                    continue;
                };
                rows.push(Lineage { version, kind, old: old.code.clone(), new: new.code.clone() });
            }
        }
        rows.sort();
        rows.dedup();
        rows
    }

    /// A unit as it was in the beginning.
    #[must_use]
    pub fn first_row(&self, unit: u64) -> Option<&Row> {
        match self.done.first.get(&unit) {
            Some(first) => first.as_ref(),
            None => self.row(unit),
        }
    }
}
