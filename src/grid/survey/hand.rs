//! A workbench with what was done on it, so that a way that leads nowhere is gone back.

use crate::coverage::edit::{Edit, Refusal, Workbench};

pub(super) struct Hand {
    pub(super) bench: Workbench,
    pub(super) made: Vec<Edit>,
    inverses: Vec<Edit>,
}

impl Hand {
    pub(super) const fn on(bench: Workbench) -> Self {
        Self { bench, made: Vec::new(), inverses: Vec::new() }
    }

    pub(super) fn make(&mut self, edit: Edit) -> Result<(), Refusal> {
        let applied = self.bench.apply(&edit)?;
        self.made.push(edit);
        self.inverses.push(applied.inverse);
        Ok(())
    }

    /// Undoes all but the first edits.
    pub(super) fn back_to(&mut self, mark: usize) {
        while self.made.len() > mark {
            self.made.pop();
            let undone = self.inverses.pop().map(|inverse| self.bench.apply(&inverse));
            debug_assert!(matches!(undone, Some(Ok(_))), "an inverse is legal right after its edit");
        }
    }

    /// What was made since the last time.
    pub(super) fn take(&mut self) -> Vec<Edit> {
        self.inverses.clear();
        std::mem::take(&mut self.made)
    }
}
