//! Why a change was not made, or does not fit on what others have changed meanwhile: data for a person's screen, never a text to be parsed.

use std::fmt;

use crate::coverage::edit::{Refusal, rebase};
use crate::coverage::{FaceId, LatticePoint};

/// Why a change was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The boundary would break a rule.
    #[error("{0}")]
    Edit(Refusal),
    /// The units would be no tree, or not those of the faces.
    #[error("{rule}: {code}")]
    Tree {
        rule: TreeRule,
        /// Identity and code of the unit concerned.
        unit: u64,
        code: String,
    },
}

impl Refused {
    pub(super) fn tree(rule: TreeRule, unit: u64, code: impl Into<String>) -> Self {
        Self::Tree { rule, unit, code: code.into() }
    }

    /// The units concerned, by identity; the outside is none.
    #[must_use]
    pub fn units(&self) -> Vec<u64> {
        match self {
            Self::Edit(refusal) => {
                refusal.faces.iter().map(|FaceId(id)| *id).filter(|id| *id != super::OUTSIDE).collect()
            }
            Self::Tree { unit, .. } => vec![*unit],
        }
    }

    /// South-west and north-east corner of what is in the way.
    #[must_use]
    pub const fn bounds(&self) -> Option<(LatticePoint, LatticePoint)> {
        match self {
            Self::Edit(refusal) => Some(refusal.bounds),
            Self::Tree { .. } => None,
        }
    }
}

/// The rules of the table of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeRule {
    /// A row is not what the change was made for.
    Changed,
    /// The unit is not there (any more).
    Gone,
    /// The identity of a new unit is in use.
    IdTaken,
    /// The change names a row twice, or a row without a state.
    Malformed,
    CodeEmpty,
    CodeTaken,
    NoParent,
    /// An upper unit would have none below it.
    NoChildren,
    /// A smallest unit has no land, or land has no unit.
    NoShape,
    /// Only smallest units have land to cut, merge or hand over.
    NotSmallest,
    /// More households or people would go than there are.
    TooFew,
}

impl TreeRule {
    /// Every rule with the word that the wire uses for it.
    pub const WORDS: [(Self, &'static str); 11] = [
        (Self::Changed, "changed"),
        (Self::Gone, "unit-gone"),
        (Self::IdTaken, "id-taken"),
        (Self::Malformed, "malformed"),
        (Self::CodeEmpty, "code-empty"),
        (Self::CodeTaken, "code-taken"),
        (Self::NoParent, "no-parent"),
        (Self::NoChildren, "no-children"),
        (Self::NoShape, "no-shape"),
        (Self::NotSmallest, "not-smallest"),
        (Self::TooFew, "too-few"),
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(rule, _)| *rule == self).map_or("", |(_, word)| word)
    }
}

impl fmt::Display for TreeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "this unit has been changed since; look at it as it is now and change it again",
            Self::Gone => "this unit is not there any more; it was merged or excluded, or its code is wrong",
            Self::IdTaken => "the identity of the new unit is in use; take one that was never used",
            Self::Malformed => "the change says nothing of this unit, or two things; name each unit once",
            Self::CodeEmpty => "a unit needs a code; give it one",
            Self::CodeTaken => "another unit of this level has this code, or had it; give it one that was never used",
            Self::NoParent => "the parent is not a unit of the level above; name one that is",
            Self::NoChildren => "a unit would be left without any below it; move or merge it as well",
            Self::NoShape => "a smallest unit and its land belong together; neither begins or ends without the other",
            Self::NotSmallest => "only units of the lowest level have boundaries of their own; name one of those",
            Self::TooFew => "more households or people would go than the unit has; give smaller figures",
        })
    }
}

/// A field of a unit's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Code,
    Name,
    Parent,
    Class,
    Households,
    Population,
}

impl Field {
    /// Every field with the word that the wire uses for it.
    pub const WORDS: [(Self, &'static str); 6] = [
        (Self::Code, "code"),
        (Self::Name, "name"),
        (Self::Parent, "parent"),
        (Self::Class, "class"),
        (Self::Households, "households"),
        (Self::Population, "population"),
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(field, _)| *field == self).map_or("", |(_, word)| word)
    }
}

/// Why a step of a draft cannot be made on a later version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Both changed a boundary at one place, or the result is not legal.
    Boundary(Box<rebase::Conflict>),
    /// Both gave a unit's field another value.
    Field { unit: u64, code: String, field: Field, base: String, mine: String, theirs: String },
    /// What comes out would break a rule.
    Refused(Refused),
}

impl Conflict {
    /// South-west and north-east corner of where it is, as far as it is somewhere.
    #[must_use]
    pub const fn bounds(&self) -> Option<(LatticePoint, LatticePoint)> {
        match self {
            Self::Boundary(conflict) => Some(conflict.refusal.bounds),
            Self::Field { .. } => None,
            Self::Refused(refused) => refused.bounds(),
        }
    }

    /// The units concerned, by identity.
    #[must_use]
    pub fn units(&self) -> Vec<u64> {
        match self {
            Self::Boundary(conflict) => Refused::Edit(conflict.refusal.clone()).units(),
            Self::Field { unit, .. } => vec![*unit],
            Self::Refused(refused) => refused.units(),
        }
    }
}
