//! The versions of a district's boundaries: when each came into force, on whose word, and which unit became which.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

/// A version of the boundaries. Two times, neither of which follows from the other: the day from which it holds, and the moment it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// 1, 2, 3 … in the order recorded.
    pub number: u64,
    /// The first day on which these boundaries hold.
    pub effective: Date,
    pub recorded: Timestamp,
    /// The document that orders it (文号); empty when none is known.
    pub document: String,
    /// What changed, in words.
    pub reason: String,
    /// Who published it; empty when nobody is known.
    pub by: String,
    /// The draft it came from.
    pub draft: Option<u64>,
    /// The content hash of its boundaries, in hexadecimal; empty when it was never taken.
    pub digest: String,
}

impl Version {
    /// A version of which only the days are known.
    #[must_use]
    pub fn dated(number: u64, effective: Date, recorded: Timestamp) -> Self {
        let (document, reason, by, digest) = (String::new(), String::new(), String::new(), String::new());
        Self { number, effective, recorded, document, reason, by, draft: None, digest }
    }
}

/// How a unit came from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Descent {
    /// One unit became several.
    Split,
    /// Several units became one.
    Merge,
    /// The unit kept its land and went to another parent, which gave it another code.
    Transfer,
}

impl Descent {
    /// Every kind with the word that files and stores use for it.
    pub const WORDS: [(Self, &'static str); 3] =
        [(Self::Split, "split"), (Self::Merge, "merge"), (Self::Transfer, "transfer")];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(kind, _)| kind)
    }
}

/// At a version, the unit of code `old` was followed by that of code `new`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lineage {
    pub version: u64,
    pub kind: Descent,
    pub old: String,
    pub new: String,
}

/// All versions, oldest first, and what became of the units between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    versions: Vec<Version>,
    lineage: Vec<Lineage>,
}

impl History {
    /// Of a district of which one version is known.
    #[must_use]
    pub fn of_one(number: u64, effective: Date, recorded: Timestamp) -> Self {
        Self { versions: vec![Version::dated(number, effective, recorded)], lineage: Vec::new() }
    }

    /// With one more version after the others.
    #[must_use]
    pub fn followed_by(mut self, version: Version) -> Self {
        self.versions.push(version);
        self
    }

    /// With what became of units.
    #[must_use]
    pub fn with_lineage(mut self, rows: Vec<Lineage>) -> Self {
        self.lineage.extend(rows);
        self.lineage.sort();
        self
    }

    /// Sorts both by version.
    #[must_use]
    pub fn new(mut versions: Vec<Version>, mut lineage: Vec<Lineage>) -> Self {
        versions.sort_by_key(|version| version.number);
        lineage.sort();
        Self { versions, lineage }
    }

    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    #[must_use]
    pub fn lineage(&self) -> &[Lineage] {
        &self.lineage
    }

    /// What became of units at one version.
    pub fn lineage_of(&self, version: u64) -> impl Iterator<Item = &Lineage> {
        self.lineage.iter().filter(move |row| row.version == version)
    }

    /// Units that ended at a version, and units that began.
    #[must_use]
    pub fn changed_at(&self, version: u64) -> (usize, usize) {
        let count = |code: fn(&Lineage) -> &str| self.lineage_of(version).map(code).collect::<BTreeSet<_>>().len();
        (count(|row| &row.old), count(|row| &row.new))
    }

    #[must_use]
    pub fn version(&self, number: u64) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The version that holds on a day: of those in force by then, the one that came into force last, and of several on one day the one recorded last.
    /// `None` before the first.
    #[must_use]
    pub fn valid_on(&self, day: Date) -> Option<&Version> {
        self.versions.iter().filter(|version| version.effective <= day).max_by_key(|v| (v.effective, v.number))
    }

    /// The codes that a unit's land goes by at version `to`, when `code` was its code at version `from`: itself where nothing happened to it. In code
    /// order, each once. Forward only.
    #[must_use]
    pub fn successors(&self, code: &str, from: u64, to: u64) -> Vec<String> {
        let mut codes = vec![code.to_owned()];
        for version in self.versions.iter().filter(|v| from < v.number && v.number <= to) {
            let mut next = Vec::with_capacity(codes.len());
            for code in codes {
                let before = next.len();
                next.extend(self.lineage_of(version.number).filter(|row| row.old == code).map(|row| row.new.clone()));
                if next.len() == before {
                    next.push(code);
                }
            }
            next.sort_unstable();
            next.dedup();
            codes = next;
        }
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let version = |number, effective| Version::dated(number, effective, Timestamp::UNIX_EPOCH);
        let day = Date::constant;
        let row = |version, kind, old: &str, new: &str| Lineage { version, kind, old: old.into(), new: new.into() };
        History::new(
            vec![version(3, day(2026, 6, 1)), version(1, day(2024, 3, 1)), version(2, day(2025, 3, 1))],
            vec![
                row(3, Descent::Transfer, "a2", "b1"),
                row(2, Descent::Split, "a", "a1"),
                row(2, Descent::Split, "a", "a2"),
                row(3, Descent::Merge, "a1", "c"),
                row(3, Descent::Merge, "d", "c"),
            ],
        )
    }

    #[test]
    fn the_version_of_a_day_is_the_last_in_force_by_then() {
        let history = history();
        let on = |year, month, day| history.valid_on(Date::constant(year, month, day)).map(|v| v.number);
        assert_eq!(
            [on(2024, 2, 29), on(2024, 3, 1), on(2025, 2, 28), on(2025, 3, 1), on(2026, 6, 1), on(2040, 1, 1)],
            [None, Some(1), Some(1), Some(2), Some(3), Some(3)]
        );
    }

    #[test]
    fn successors_are_followed_through_splits_merges_and_transfers() {
        let history = history();
        assert_eq!(history.successors("a", 1, 2), ["a1", "a2"]);
        assert_eq!(history.successors("a", 1, 3), ["b1", "c"]);
        assert_eq!(history.successors("d", 1, 3), ["c"]);
        assert_eq!(history.successors("e", 1, 3), ["e"]);
        assert_eq!(history.successors("a1", 2, 2), ["a1"]);
    }

    #[test]
    fn every_kind_of_descent_has_a_word() {
        for (kind, word) in Descent::WORDS {
            assert_eq!((Descent::named(word), kind.word()), (Some(kind), word));
        }
        assert_eq!(Descent::named("cut"), None);
    }
}
