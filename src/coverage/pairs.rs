//! Which arc of a coverage is which of the next, when a delta leads from one to the other.

use std::collections::HashMap;

use super::{ArcIx, Coverage, Delta, HalfArc, LatticePoint};

/// The arcs of two versions, told from each other by what they are and not by their numbers: an edit that takes a row away gives its number to the
/// last one.
#[derive(Debug)]
pub struct Pairs<'a> {
    /// Rows that are equal in both unless named here.
    named: &'a [ArcIx],
    rows: (usize, usize),
    onward: HashMap<ArcIx, ArcIx>,
    back: HashMap<ArcIx, ArcIx>,
}

impl<'a> Pairs<'a> {
    /// Of the rows that the delta names, an arc is paired with the one that has the same points, or else with the row of its own number if that leads
    /// between the same two places. Cost: the rows that the delta names.
    #[must_use]
    pub fn new(before: &Coverage, after: &Coverage, delta: &'a Delta) -> Self {
        let mut found = Self {
            named: &delta.arcs,
            rows: (before.arcs().len(), after.arcs().len()),
            onward: HashMap::new(),
            back: HashMap::new(),
        };
        let rows = |coverage: &Coverage| -> Vec<ArcIx> {
            delta.arcs.iter().copied().filter(|ix| ix.ix() < coverage.arcs().len()).collect()
        };
        let (old, new) = (rows(before), rows(after));
        let by_points: HashMap<&[LatticePoint], ArcIx> =
            new.iter().map(|ix| (&*after.arcs()[ix.ix()].points, *ix)).collect();
        for ix in &old {
            if let Some(same) = by_points.get(&*before.arcs()[ix.ix()].points) {
                found.pair(*ix, *same);
            }
        }
        for ix in old {
            let Some(arc) = after.arcs().get(ix.ix()) else { continue };
            let was = &before.arcs()[ix.ix()];
            let ends = was.points.first() == arc.points.first() && was.points.last() == arc.points.last();
            if ends && !found.onward.contains_key(&ix) && !found.back.contains_key(&ix) {
                found.pair(ix, ix);
            }
        }
        found
    }

    fn pair(&mut self, old: ArcIx, new: ArcIx) {
        self.onward.insert(old, new);
        self.back.insert(new, old);
    }

    fn named(&self, arc: ArcIx) -> bool {
        self.named.binary_search(&arc).is_ok()
    }

    /// What an arc of before is now.
    #[must_use]
    pub fn after(&self, old: ArcIx) -> Option<ArcIx> {
        if self.named(old) { self.onward.get(&old).copied() } else { (old.ix() < self.rows.1).then_some(old) }
    }

    /// What an arc of now was before.
    #[must_use]
    pub fn before(&self, new: ArcIx) -> Option<ArcIx> {
        if self.named(new) { self.back.get(&new).copied() } else { (new.ix() < self.rows.0).then_some(new) }
    }

    /// What a half-arc of before is now.
    #[must_use]
    pub fn half_after(&self, old: HalfArc) -> Option<HalfArc> {
        self.after(old.arc()).map(|arc| HalfArc::new(arc, old.reversed()))
    }

    /// The arcs that the delta names: (before, now). All others are what they were.
    pub fn of_delta(&self) -> impl Iterator<Item = (Option<ArcIx>, Option<ArcIx>)> {
        let old = self.named.iter().filter(|ix| ix.ix() < self.rows.0).map(|ix| (Some(*ix), self.after(*ix)));
        let born = self.named.iter().filter(|ix| ix.ix() < self.rows.1 && !self.back.contains_key(*ix));
        old.chain(born.map(|ix| (None, Some(*ix))))
    }

    /// Every arc of either version: (before, now).
    pub fn all(&self) -> impl Iterator<Item = (Option<ArcIx>, Option<ArcIx>)> {
        let old = (0..self.rows.0 as u32).map(|i| (Some(ArcIx(i)), self.after(ArcIx(i))));
        let born = (self.named.iter()).filter(|ix| ix.ix() < self.rows.1 && !self.back.contains_key(*ix));
        old.chain(born.map(|ix| (None, Some(*ix))))
    }
}
