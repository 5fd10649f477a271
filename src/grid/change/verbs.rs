//! From what a person means to a [`Change`]: one function a verb. Each looks at the desk as it is and answers with what to apply.

use super::desk::Desk;
use super::refused::{Refused, TreeRule};
use super::{Change, Row, RowChange, Verb};
use crate::coverage::edit::stroke::Stroke;
use crate::coverage::edit::{Edit, Refusal};
use crate::coverage::{ArcKind, Coverage, Delta, FaceId, FaceRole};

/// What a unit is of, or what goes from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Figures {
    pub households: u32,
    pub population: u32,
}

/// A unit that is to begin. `id` was never used, and is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUnit {
    pub id: u64,
    pub code: String,
    pub name: String,
}

/// What is to be said of a unit from now on; `None` leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Described {
    pub code: Option<String>,
    pub name: Option<String>,
    pub class: Option<String>,
    pub figures: Option<Figures>,
}

impl Desk {
    /// The edits that cut a unit's land along a stroke, what lies on its left becoming `new`; nothing is made.
    ///
    /// # Errors
    /// [`TreeRule::NotSmallest`], and as [`crate::coverage::edit::Workbench::split_along`].
    pub fn cut(&mut self, unit: u64, stroke: &Stroke, kind: ArcKind, new: u64) -> Result<Vec<Edit>, Refused> {
        self.smallest(unit)?;
        self.bench().split_along(FaceId(unit), stroke, kind, FaceId(new)).map_err(Refused::from)
    }

    /// The edits that hand a piece of one unit's land to its neighbour; nothing is made. `spare` is an identity never used, and used up.
    ///
    /// # Errors
    /// [`TreeRule::NotSmallest`], and as [`crate::coverage::edit::Workbench::transfer`].
    pub fn handed(&mut self, from: u64, to: u64, stroke: &Stroke, spare: u64) -> Result<Vec<Edit>, Refused> {
        self.smallest(from)?;
        self.smallest(to)?;
        self.bench().transfer(FaceId(from), FaceId(to), stroke, FaceId(spare)).map_err(Refused::from)
    }

    /// What the coverage would be after some edits, and what they would change, while `look` looks at it; nothing is made.
    ///
    /// # Errors
    /// The first refusal.
    pub fn preview<T>(&mut self, edits: &[Edit], look: impl FnOnce(&Coverage, &Delta) -> T) -> Result<T, Refused> {
        self.bench().rehearse(edits, look).map_err(Refused::from)
    }

    /// Cuts a unit by edits of [`Desk::cut`]; `moved` are the figures that the new one gets.
    ///
    /// # Errors
    /// [`TreeRule::Gone`], [`TreeRule::NotSmallest`], [`TreeRule::TooFew`].
    pub fn split(&self, unit: u64, edits: Vec<Edit>, new: NewUnit, moved: Figures) -> Result<Change, Refused> {
        let before = self.smallest(unit)?;
        let after = less(before, moved)?;
        let begun = Row {
            id: new.id,
            code: new.code,
            name: new.name,
            households: moved.households,
            population: moved.population,
            ..before.clone()
        };
        let rows = changed(before, after).into_iter().chain([RowChange { before: None, after: Some(begun) }]).collect();
        Ok(Change { verb: Verb::Split, edits, rows, descent: vec![(unit, new.id)] })
    }

    /// Joins a unit to its neighbour, which goes on under its own name with the figures of both. `enclosing` are units that the two enclose together.
    ///
    /// # Errors
    /// [`TreeRule::Gone`], [`TreeRule::NotSmallest`].
    pub fn merge(&self, keep: u64, gone: u64, enclosing: &[u64]) -> Result<Change, Refused> {
        let (kept, ended) = (self.smallest(keep)?, self.smallest(gone)?);
        let after = more(kept, Figures { households: ended.households, population: ended.population })?;
        let enclosing = enclosing.iter().map(|unit| FaceId(*unit)).collect();
        let edits = vec![Edit::Merge { keep: FaceId(keep), gone: FaceId(gone), enclosing }];
        let ended = RowChange { before: Some(ended.clone()), after: None };
        let rows = changed(kept, after).into_iter().chain([ended]).collect();
        Ok(Change { verb: Verb::Merge, edits, rows, descent: vec![(gone, keep)] })
    }

    /// Hands land over by edits of [`Desk::handed`], and `moved` with it.
    ///
    /// # Errors
    /// [`TreeRule::Gone`], [`TreeRule::NotSmallest`], [`TreeRule::TooFew`].
    pub fn transfer(&self, from: u64, to: u64, edits: Vec<Edit>, moved: Figures) -> Result<Change, Refused> {
        let (giver, receiver) = (self.smallest(from)?, self.smallest(to)?);
        let (gives, gets) = (less(giver, moved)?, more(receiver, moved)?);
        let rows = changed(giver, gives).into_iter().chain(changed(receiver, gets)).collect();
        Ok(Change { rows, ..Change::of_lines(Verb::Transfer, edits) })
    }

    /// Divides the land of two neighbours between them anew, by edits that leave both; `second` is what the second is of from then on.
    ///
    /// # Errors
    /// [`TreeRule::Gone`], [`TreeRule::NotSmallest`], [`TreeRule::TooFew`].
    pub fn redivide(&self, one: u64, other: u64, edits: Vec<Edit>, second: Figures) -> Result<Change, Refused> {
        let (one, other) = (self.smallest(one)?, self.smallest(other)?);
        let figures = |row: &Row| Figures { households: row.households, population: row.population };
        let first = less(&more(one, figures(other))?, second)?;
        let second = Row { households: second.households, population: second.population, ..other.clone() };
        let rows = changed(one, first).into_iter().chain(changed(other, second)).collect();
        Ok(Change { rows, ..Change::of_lines(Verb::Transfer, edits) })
    }

    /// Puts a unit under another parent. `codes` are the new codes, as far as they change: of itself and of those below it.
    ///
    /// # Errors
    /// [`TreeRule::Gone`] for a unit or parent that is not there.
    pub fn reparent(&self, unit: u64, parent: u64, codes: &[(u64, String)]) -> Result<Change, Refused> {
        self.known(parent)?;
        let mut after: Vec<Row> = vec![Row { parent: Some(parent), ..self.known(unit)?.clone() }];
        for (id, code) in codes {
            match after.iter_mut().find(|row| row.id == *id) {
                Some(row) => row.code.clone_from(code),
                None => after.push(Row { code: code.clone(), ..self.known(*id)?.clone() }),
            }
        }
        let rows = after.into_iter().filter_map(|row| changed(self.row(row.id)?, row)).collect();
        Ok(Change { rows, ..Change::of_lines(Verb::Reparent, Vec::new()) })
    }

    /// Says something else of a unit.
    ///
    /// # Errors
    /// [`TreeRule::Gone`].
    pub fn describe(&self, unit: u64, said: &Described) -> Result<Change, Refused> {
        let before = self.known(unit)?;
        let text = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        let figures = Figures { households: before.households, population: before.population };
        let figures = said.figures.unwrap_or(figures);
        let after = Row {
            code: text(&said.code, &before.code),
            name: text(&said.name, &before.name),
            class: text(&said.class, &before.class),
            households: figures.households,
            population: figures.population,
            ..before.clone()
        };
        let rows = changed(before, after).into_iter().collect();
        Ok(Change { rows, ..Change::of_lines(Verb::Describe, Vec::new()) })
    }

    /// Makes a unit's land nobody's, and ends the unit.
    ///
    /// # Errors
    /// [`TreeRule::Gone`], [`TreeRule::NotSmallest`].
    pub fn exclude(&self, unit: u64) -> Result<Change, Refused> {
        let ended = RowChange { before: Some(self.smallest(unit)?.clone()), after: None };
        let edits = vec![Edit::SetRole { face: FaceId(unit), role: FaceRole::Excluded }];
        Ok(Change { rows: vec![ended], ..Change::of_lines(Verb::Exclude, edits) })
    }

    /// Makes a unit of land that was nobody's, the face `new.id`.
    ///
    /// # Errors
    /// [`TreeRule::Gone`] for a parent that is not there.
    pub fn include(&self, new: NewUnit, parent: u64, class: String, figures: Figures) -> Result<Change, Refused> {
        self.known(parent)?;
        let edits = vec![Edit::SetRole { face: FaceId(new.id), role: FaceRole::Unit }];
        let begun = Row {
            id: new.id,
            level: self.lowest(),
            code: new.code,
            name: new.name,
            parent: Some(parent),
            class,
            households: figures.households,
            population: figures.population,
        };
        let rows = vec![RowChange { before: None, after: Some(begun) }];
        Ok(Change { rows, ..Change::of_lines(Verb::Include, edits) })
    }

    fn known(&self, unit: u64) -> Result<&Row, Refused> {
        self.row(unit).ok_or_else(|| Refused::tree(TreeRule::Gone, unit, ""))
    }

    fn smallest(&self, unit: u64) -> Result<&Row, Refused> {
        let row = self.known(unit)?;
        let lowest = row.level == self.lowest();
        if lowest { Ok(row) } else { Err(Refused::tree(TreeRule::NotSmallest, unit, &row.code)) }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Edit(refusal)
    }
}

/// The change of a row, if it is one.
fn changed(before: &Row, after: Row) -> Option<RowChange> {
    (*before != after).then(|| RowChange { before: Some(before.clone()), after: Some(after) })
}

fn less(row: &Row, by: Figures) -> Result<Row, Refused> {
    let households = row.households.checked_sub(by.households);
    figured(row, households, row.population.checked_sub(by.population))
}

fn more(row: &Row, by: Figures) -> Result<Row, Refused> {
    let households = row.households.checked_add(by.households);
    figured(row, households, row.population.checked_add(by.population))
}

fn figured(row: &Row, households: Option<u32>, population: Option<u32>) -> Result<Row, Refused> {
    match (households, population) {
        (Some(households), Some(population)) => Ok(Row { households, population, ..row.clone() }),
        _ => Err(Refused::tree(TreeRule::TooFew, row.id, &row.code)),
    }
}
