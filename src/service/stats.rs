//! Counts by unit and period: issue → owner → the ancestor at the asked level → numerator, denominator, value.

use jiff::Span;
use jiff::civil::Date;

use super::serving::State;
use crate::grid::UnitIx;
use crate::issue::IssueFilter;

/// What is measured, by the name in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    /// What readers of a map call it, with its unit.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Issues => "诉求件数（件）",
            Self::Per1000 => "每千人诉求件数（件/千人）",
        }
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

/// How wide the bins of a [`timeline`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Day,
    /// From Monday on.
    Week,
    Month,
}

impl Step {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the bin that a day lies in.
    fn begin(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let since_monday = i64::from(day.weekday().to_monday_zero_offset());
                day.saturating_sub(Span::new().days(since_monday))
            }
            Self::Month => day.first_of_month(),
        }
    }

    fn after(self, begin: Date) -> Date {
        begin.saturating_add(match self {
            Self::Day => Span::new().days(1),
            Self::Week => Span::new().weeks(1),
            Self::Month => Span::new().months(1),
        })
    }
}

/// Issues received in a span of days; `to` is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    pub from: Date,
    pub to: Date,
    pub n: u64,
}

/// Counts over time, empty bins included: over the filter's period as far as there are issues of any category, so that the
/// bins of all categories line up. At most [`MOST_BINS`].
#[must_use]
pub fn timeline(state: &State, step: Step, filter: &IssueFilter) -> Vec<Bin> {
    let issues = &state.snapshot.issues; // in the order received
    let (Some(first), Some(last)) = (issues.first(), issues.last()) else { return Vec::new() };
    let begin = filter.from.map_or(first.received, |from| from.max(first.received));
    let end = filter.to.map_or(last.received, |to| to.min(last.received));
    let mut bins = Vec::new();
    let mut from = step.begin(begin.date());
    while from <= end.date() && filter.to.is_none_or(|to| from.at(0, 0, 0, 0) < to) && bins.len() < MOST_BINS {
        let to = step.after(from);
        bins.push(Bin { from, to, n: 0 });
        from = to;
    }
    for issue in issues.iter().filter(|issue| filter.accepts(issue)) {
        let day = issue.received.date();
        let at = bins.partition_point(|bin| bin.to <= day);
        if let Some(bin) = bins.get_mut(at) {
            bin.n += 1;
        }
    }
    bins
}

/// Ten years of days.
pub const MOST_BINS: usize = 3_660;
