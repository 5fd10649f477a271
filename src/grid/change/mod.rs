//! Changes of the boundaries as a person means them – a line and the units it makes or ends – each legal or refused, each with an inverse.
//!
//! A [`Change`] is edits of the coverage and rows of the table of units that go with them, made together or not at all. It names vertices by place
//! and units by identity, and says of each row what it was and what it becomes; so it can be undone, and replayed on a version that others have
//! changed meanwhile. `docs/algorithms/edit.md` has the picture.

mod desk;
mod lineage;
mod refused;
mod rows;
mod table;
mod verbs;

pub use desk::{Desk, Made};
pub use refused::{Conflict, Field, Refused, TreeRule};
pub use verbs::{Described, Figures, NewUnit};

use super::{Hierarchy, Unit, UnitIx};
use crate::coverage::edit::Edit;

/// The identity of the land around the district.
const OUTSIDE: u64 = 0;

/// A unit as a row of its own: what [`super::Unit`] says, with the parent by identity. The shape is the face of the same identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: u64,
    pub level: u8,
    pub code: String,
    pub name: String,
    pub parent: Option<u64>,
    pub class: String,
    /// 0 for an upper unit whose figures are the sums of its children: they follow by themselves.
    pub households: u32,
    pub population: u32,
}

impl Row {
    /// A unit as a row: the figures of an upper one are left out where they are the sums of its children.
    #[must_use]
    pub fn of(hierarchy: &Hierarchy, ix: UnitIx) -> Self {
        let unit = hierarchy.unit(ix);
        let children = hierarchy.children(ix);
        let sum =
            |of: fn(&Unit) -> u32| children.iter().map(|child| u64::from(of(hierarchy.unit(*child)))).sum::<u64>();
        let summed = !children.is_empty()
            && sum(|unit| unit.households) == u64::from(unit.households)
            && sum(|unit| unit.population) == u64::from(unit.population);
        Row {
            id: unit.id,
            level: unit.level,
            code: unit.code.clone(),
            name: unit.name.clone(),
            parent: unit.parent.map(|parent| hierarchy.unit(parent).id),
            class: unit.class.clone(),
            households: if summed { 0 } else { unit.households },
            population: if summed { 0 } else { unit.population },
        }
    }

    /// Every unit as a row.
    pub fn all(hierarchy: &Hierarchy) -> impl Iterator<Item = Self> {
        (0..hierarchy.units().len() as u32).map(|i| Self::of(hierarchy, UnitIx(i)))
    }
}

/// What becomes of one row. At least one of the two is there, and both have one identity and level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub before: Option<Row>,
    pub after: Option<Row>,
}

/// Steps of a draft, each by its number: changes made together.
pub type Steps = Vec<(u64, Vec<Change>)>;

/// What a person did, for reading; what follows from it stands in the edits and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// A line was redrawn, a vertex moved, set or taken away.
    Reshape,
    /// A piece of one unit was handed to its neighbour.
    Transfer,
    Split,
    Merge,
    /// A unit went to another parent.
    Reparent,
    /// Name, class, code or figures.
    Describe,
    /// Land became nobody's, and its unit ended.
    Exclude,
    /// Land that was nobody's became a unit.
    Include,
    /// Kind or lock of a boundary.
    Mark,
}

impl Verb {
    /// Every verb with the word that files, stores and the wire use for it.
    pub const WORDS: [(Self, &'static str); 9] = [
        (Self::Reshape, "reshape"),
        (Self::Transfer, "transfer"),
        (Self::Split, "split"),
        (Self::Merge, "merge"),
        (Self::Reparent, "reparent"),
        (Self::Describe, "describe"),
        (Self::Exclude, "exclude"),
        (Self::Include, "include"),
        (Self::Mark, "mark"),
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }

    /// What undoes it.
    #[must_use]
    pub const fn undone(self) -> Self {
        match self {
            Self::Split => Self::Merge,
            Self::Merge => Self::Split,
            Self::Exclude => Self::Include,
            Self::Include => Self::Exclude,
            same => same,
        }
    }

    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(verb, _)| verb)
    }
}

/// One change: all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub verb: Verb,
    /// In order.
    pub edits: Vec<Edit>,
    /// Each unit at most once.
    pub rows: Vec<RowChange>,
    /// From which unit land and people went to which, where a unit began or ended: (from, to). What the lineage of a version is made of.
    pub descent: Vec<(u64, u64)>,
}

impl Change {
    /// A change of lines alone.
    #[must_use]
    pub const fn of_lines(verb: Verb, edits: Vec<Edit>) -> Self {
        Self { verb, edits, rows: Vec::new(), descent: Vec::new() }
    }
}
