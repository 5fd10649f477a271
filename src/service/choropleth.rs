//! A choropleth: figures of units → classes → the colour of each unit, the same for the page, the picture tiles and the legend.

use std::sync::{Arc, Mutex, PoisonError};

use super::serving::State;
use super::stats::{Figure, Figures, Measure, figures};
use crate::issue::IssueFilter;
use crate::issue::classes::{Classes, Method};
use crate::render::FeatureStates;
use crate::render::legend::{Legend, Swatch};
use crate::render::shades::{Shades, hex};
use crate::tile::PUBLIC_K;

/// Decimals of a figure, as it is classed and as it is told: what is told falls in the class that is told.
const DECIMALS: f64 = 1e4;
/// Choropleths kept ready, newest last.
const KEPT: usize = 8;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    pub measure: Measure,
    pub level: u8,
    pub filter: IssueFilter,
    pub method: Method,
    pub classes: u8,
    pub shades: Shades,
}

/// How a unit is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In a class, from 0.
    Class(usize),
    /// Hatched: a rate of so few cases that one more or less would move it by a class. It takes no part in the cuts.
    Few,
    /// Bare paper: there is no figure.
    Nothing,
}

/// One measure, classed.
#[derive(Clone, Debug)]
pub struct Choropleth {
    pub asked: Asked,
    /// Values have four decimals.
    pub figures: Figures,
    pub classes: Classes,
    /// The colour of each class.
    pub colours: Vec<[u8; 3]>,
    /// How each figure is shown.
    pub shown: Vec<Shown>,
}

/// The last choropleths of a state.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Vec<Arc<Choropleth>>>);

impl Choropleth {
    /// The classed figures of a state: made once while they are among the last few asked for. Cost: [`figures`] and [`Classes::new`].
    pub fn of(state: &State, asked: &Asked) -> Arc<Self> {
        let found = |kept: &mut Vec<Arc<Self>>| {
            let at = kept.iter().position(|one| one.asked == *asked)?;
            let hit = kept.remove(at);
            kept.push(Arc::clone(&hit));
            Some(hit)
        };
        let lock = || state.choropleths.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hit) = found(&mut lock()) {
            return hit;
        }
        // Made outside the lock; two who ask at once make the same.
        let made = Arc::new(Self::made(state, asked));
        let mut kept = lock();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&made));
        made
    }

    fn made(state: &State, asked: &Asked) -> Self {
        let mut figures = figures(state, asked.measure, asked.level, &asked.filter);
        for figure in &mut figures.figures {
            figure.value = figure.value.map(|value| (value * DECIMALS).round() / DECIMALS);
        }
        let sound: Vec<f64> = figures.figures.iter().filter(|f| !few(f)).filter_map(|f| f.value).collect();
        let classes = Classes::new(&sound, asked.method, asked.classes);
        let show = |figure: &Figure| match figure.value {
            Some(_) if few(figure) => Shown::Few,
            Some(value) => classes.of(value).map_or(Shown::Nothing, Shown::Class),
            None => Shown::Nothing,
        };
        let shown = figures.figures.iter().map(show).collect();
        let colours = asked.shades.of(classes.len());
        Self { asked: asked.clone(), figures, classes, colours, shown }
    }

    /// The colour that a unit is filled with; `None` for bare paper, hatched or not.
    #[must_use]
    pub fn colour(&self, shown: Shown) -> Option<[u8; 3]> {
        match shown {
            Shown::Class(class) => self.colours.get(class).copied(),
            Shown::Few | Shown::Nothing => None,
        }
    }

    /// How many units are shown in a way.
    #[must_use]
    pub fn count(&self, shown: Shown) -> usize {
        self.shown.iter().filter(|other| **other == shown).count()
    }

    /// What the style `choropleth` draws units by.
    #[must_use]
    pub fn states(&self, state: &State) -> FeatureStates {
        let mut states = FeatureStates::default();
        for (figure, shown) in self.figures.figures.iter().zip(&self.shown) {
            let id = state.snapshot.hierarchy.unit(figure.unit).id;
            if let Some(colour) = self.colour(*shown) {
                states.set(id, "colour", &hex(colour));
            }
            if *shown == Shown::Few {
                states.mark(id, "few");
            }
        }
        states
    }

    /// What a reader is told beside the map.
    #[must_use]
    pub fn legend(&self, state: &State) -> Legend {
        let level = state.snapshot.district.levels.get(usize::from(self.asked.level));
        let counted = matches!(self.asked.measure, Measure::Issues);
        let figure = |value: f64| if counted { format!("{value:.0}") } else { format!("{value:.1}") };
        let breaks = self.classes.breaks();
        let mut rows = Vec::new();
        for (i, pair) in breaks.windows(2).enumerate() {
            let units = self.classes.counts().get(i).copied().unwrap_or(0);
            let last = i + 1 == self.classes.len();
            rows.push((
                self.colours.get(i).map_or(Swatch::Bare, |colour| Swatch::Colour(*colour)),
                format!("{}  ·  {units} 个", range((pair[0], pair[1]), last, counted, figure)),
            ));
        }
        let few = self.count(Shown::Few);
        if few > 0 {
            rows.push((Swatch::Hatched, format!("不足 {PUBLIC_K} 件，不作比较  ·  {few} 个")));
        }
        let nothing = self.count(Shown::Nothing);
        if nothing > 0 {
            rows.push((Swatch::Bare, format!("无数据  ·  {nothing} 个")));
        }
        let method = match self.asked.method {
            Method::Quantile => "分位数分级",
            Method::Jenks => "自然间断点分级",
            Method::Equal => "等间距分级",
        };
        let of = level.map_or("", |level| level.name.as_str());
        let mut notes = vec![format!("按{of} · {method}"), period(&self.asked.filter)];
        if !counted && self.classes.len() > 1 {
            notes.push("各级含下限，不含上限".to_owned());
        }
        if state.snapshot.district.synthetic {
            notes.push(state.snapshot.district.mark.clone());
        }
        Legend { title: self.asked.measure.title().to_owned(), notes, rows, ..Legend::default() }
    }
}

/// A class in words; of counts, which are whole, both ends are numbers that may occur in it.
fn range((from, to): (f64, f64), last: bool, counted: bool, figure: impl Fn(f64) -> String) -> String {
    if counted {
        let (low, high) = (from.ceil(), if last { to } else { to.ceil() - 1.0 });
        return if low >= high { figure(low) } else { format!("{} – {}", figure(low), figure(high)) };
    }
    if from >= to { figure(from) } else { format!("{} – {}", figure(from), figure(to)) }
}

/// The period and category of a filter, as a line.
#[must_use]
pub fn period(filter: &IssueFilter) -> String {
    let day = |t: jiff::civil::DateTime| {
        if t.time() == jiff::civil::Time::midnight() {
            t.date().to_string()
        } else {
            t.strftime("%Y-%m-%d %H:%M").to_string()
        }
    };
    let span = match (filter.from, filter.to) {
        (None, None) => "全部时段".to_owned(),
        (Some(from), None) => format!("{} 起", day(from)),
        (None, Some(to)) => format!("{} 前", day(to)),
        (Some(from), Some(to)) => format!("{} 起，{} 前", day(from), day(to)),
    };
    filter.category.as_ref().map_or(span.clone(), |category| format!("{span} · {category}"))
}

/// Whether a rate rests on too few cases. None at all is no rate of few: nobody called, and that is known.
fn few(figure: &Figure) -> bool {
    figure.denominator.is_some() && (1..u64::from(PUBLIC_K)).contains(&figure.n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_counts_are_told_by_counts_that_occur_in_them() {
        let whole = |value: f64| format!("{value:.0}");
        assert_eq!(range((0.0, 3.0), false, true, whole), "0 – 2");
        assert_eq!(range((2.4, 4.8), false, true, whole), "3 – 4");
        assert_eq!(range((3.0, 4.0), false, true, whole), "3");
        assert_eq!(range((3.0, 9.0), true, true, whole), "3 – 9");
        assert_eq!(range((9.0, 9.0), true, true, whole), "9");
        assert_eq!(range((1.5, 2.0), false, false, |v| format!("{v:.1}")), "1.5 – 2.0");
        assert_eq!(range((48.3, 48.3), true, false, |v| format!("{v:.1}")), "48.3");
    }

    #[test]
    fn a_rate_of_few_cases_is_not_compared_but_none_is_a_figure() {
        let figure =
            |n, denominator| Figure { unit: crate::grid::UnitIx(0), value: Some(1.0), numerator: n, denominator, n };
        assert!([1, 4].iter().all(|n| few(&figure(*n, Some(900)))));
        assert!([0, 5, 900].iter().all(|n| !few(&figure(*n, Some(900)))));
        assert!([0, 1, 4].iter().all(|n| !few(&figure(*n, None))), "a count is a count");
    }
}
