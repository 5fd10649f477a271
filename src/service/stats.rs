//! Counts by unit and period: issue → owner → the ancestor at the asked level → numerator, denominator, value.

use super::serving::State;
use crate::grid::UnitIx;
use crate::issue::IssueFilter;

/// What is measured, by the name in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Issues received.
    Issues,
    /// Issues received for each thousand inhabitants.
    Per1000,
}

impl Measure {
    pub const ALL: [Self; 2] = [Self::Issues, Self::Per1000];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issues => "issues",
            Self::Per1000 => "per_1000",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }
}

/// A figure with what it was made of. `value` is `None` where it would divide by nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub unit: UnitIx,
    pub value: Option<f64>,
    pub numerator: u64,
    /// `None` for plain counts.
    pub denominator: Option<u64>,
    /// How many cases the figure rests on; small ones are to be flagged.
    pub n: u64,
}

/// All units of a level, those with nothing included, and what belongs to none: the sum is every issue the filter accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub figures: Vec<Figure>,
    /// Accepted issues without a position in the district.
    pub unplaced: u64,
}

/// One pass over the issues: about a millisecond for 50,000.
#[must_use]
pub fn figures(state: &State, measure: Measure, level: u8, filter: &IssueFilter) -> Figures {
    let hierarchy = &state.snapshot.hierarchy;
    let mut of_unit = vec![0u64; hierarchy.units().len()];
    let mut unplaced = 0;
    for (issue, owner) in state.snapshot.issues.iter().zip(state.issue_owners()) {
        if filter.accepts(issue) {
            match owner {
                Some(unit) => of_unit[unit.ix()] += 1,
                None => unplaced += 1,
            }
        }
    }
    // Units are sorted by level, so that adding each to its parent from the end on sums whole subtrees.
    for (i, unit) in hierarchy.units().iter().enumerate().rev() {
        if let Some(parent) = unit.parent {
            of_unit[parent.ix()] += of_unit[i];
        }
    }
    let figure = |(unit, found): (UnitIx, &crate::grid::Unit)| {
        let n = of_unit[unit.ix()];
        let (value, denominator) = match measure {
            Measure::Issues => (Some(n as f64), None),
            Measure::Per1000 => {
                let people = u64::from(found.population);
                ((people > 0).then(|| n as f64 * 1000.0 / people as f64), Some(people))
            }
        };
        Figure { unit, value, numerator: n, denominator, n }
    };
    Figures { figures: hierarchy.at_level(level).map(figure).collect(), unplaced }
}
