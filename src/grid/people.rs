//! The people who answer for a unit: officers, specialists by line, party branches; every post is dated.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Hierarchy, UnitIx};

/// What a person does for a unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 网格员
    Officer,
    /// 专业网格员 of one line (kind).
    Specialist { line: String },
    /// 支部书记
    Secretary,
    /// 党建指导员
    Advisor,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub phone: String,
    pub org: String,
    pub role: Role,
    pub units: Vec<UnitIx>,
    pub term: Term,
}

/// A party branch (党支部); many-to-many with units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub id: String,
    pub name: String,
    /// `grid` or `compound`, as the source says.
    pub kind: String,
    pub units: Vec<UnitIx>,
    pub term: Term,
}

/// When a post is held: both days included, `None` for open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Term {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Term {
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// Everybody, findable by unit.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    people: Vec<Person>,
    branches: Vec<Branch>,
    people_of: HashMap<UnitIx, Vec<u32>>,
    branches_of: HashMap<UnitIx, Vec<u32>>,
}

/// Who answers for a unit on a day.
#[derive(Clone, Debug, Default)]
pub struct OnDuty<'a> {
    pub officer: Option<&'a Person>,
    /// One a line, in the order of the people file.
    pub specialists: Vec<&'a Person>,
    pub branch: Option<&'a Branch>,
}

impl Roster {
    #[must_use]
    pub fn new(people: Vec<Person>, branches: Vec<Branch>) -> Self {
        let mut roster = Self { people, branches, ..Self::default() };
        for (i, person) in roster.people.iter().enumerate() {
            for unit in &person.units {
                roster.people_of.entry(*unit).or_default().push(i as u32);
            }
        }
        for (i, branch) in roster.branches.iter().enumerate() {
            for unit in &branch.units {
                roster.branches_of.entry(*unit).or_default().push(i as u32);
            }
        }
        roster
    }

    /// Everybody at other units: where `to` has none for a unit, nobody is posted.
    #[must_use]
    pub fn moved(&self, to: impl Fn(UnitIx) -> Option<UnitIx>) -> Self {
        let moved = |units: &[UnitIx]| units.iter().filter_map(|unit| to(*unit)).collect();
        let people = self.people.iter().map(|p| Person { units: moved(&p.units), ..p.clone() });
        let branches = self.branches.iter().map(|b| Branch { units: moved(&b.units), ..b.clone() });
        Self::new(people.collect(), branches.collect())
    }

    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The people posted at exactly this unit, whatever the day.
    pub fn posted_at(&self, unit: UnitIx) -> impl Iterator<Item = &Person> {
        self.people_of.get(&unit).into_iter().flatten().map(|&i| &self.people[i as usize])
    }

    /// The branches of exactly this unit, whatever the day.
    pub fn branches_at(&self, unit: UnitIx) -> impl Iterator<Item = &Branch> {
        self.branches_of.get(&unit).into_iter().flatten().map(|&i| &self.branches[i as usize])
    }

    /// Who answers for a unit on a day: its own people first, then those of each unit above it, so that a specialist of the
    /// whole grid answers for each of its micro-grids.
    #[must_use]
    pub fn on_duty(&self, hierarchy: &Hierarchy, unit: UnitIx, day: Date) -> OnDuty<'_> {
        let mut duty = OnDuty::default();
        for level in hierarchy.chain(unit).into_iter().rev() {
            for person in self.posted_at(level).filter(|p| p.term.holds_on(day)) {
                match &person.role {
                    Role::Officer => duty.officer = duty.officer.or(Some(person)),
                    Role::Specialist { .. } => {
                        if duty.specialists.iter().all(|known| known.role != person.role) {
                            duty.specialists.push(person);
                        }
                    }
                    Role::Secretary | Role::Advisor => {}
                }
            }
            if duty.branch.is_none() {
                duty.branch = self.branches_at(level).find(|b| b.term.holds_on(day));
            }
        }
        duty
    }
}
