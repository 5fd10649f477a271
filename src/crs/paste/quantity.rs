//! Tokens → the pairs of quantities that may be a position.

use super::tokens::{Axis, Figure, Token};

/// How a quantity was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One figure, perhaps with a degree sign: degrees or metres.
    Figure,
    /// Degrees with minutes.
    Sexagesimal,
}

/// One coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub value: f64,
    pub form: Form,
    /// Digits after its last figure's decimal point.
    decimals: usize,
    /// What a label says it is.
    axis: Option<Axis>,
}

impl Quantity {
    /// The degrees of `1163918.5` or `116.39185` (116°39′18.5″), if the figure may be such: below 1000 it must show its seconds.
    pub(super) fn unpacked(self) -> Option<f64> {
        if self.form != Form::Figure || (self.value.abs() < 1000.0 && self.decimals < 4) {
            return None;
        }
        // Tenths of a millisecond in whole numbers: the decimals of the figure are digits here, not a fraction.
        let size = self.value.abs();
        let dms = if size >= 10_000.0 { size * 10_000.0 } else { size * 1e8 }.round();
        if dms > 1.8e12 {
            return None;
        }
        let dms = dms as u64;
        let (degrees, minutes, seconds) = (dms / 100_000_000, dms / 1_000_000 % 100, (dms % 1_000_000) as f64 / 1e4);
        (minutes < 60 && seconds < 60.0)
            .then(|| (degrees as f64 + minutes as f64 / 60.0 + seconds / 3600.0).copysign(self.value))
    }
}

/// Two quantities that stand together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    first: Quantity,
    second: Quantity,
    /// 0 for the text's only two quantities; more where the choice of these two is a guess.
    pub doubt: u32,
}

impl Pair {
    /// (east, north), reading the second as east when `swapped`; `None` when the labels say otherwise.
    pub(super) fn ordered(&self, swapped: bool) -> Option<(Quantity, Quantity)> {
        let (east, north) = if swapped { (self.second, self.first) } else { (self.first, self.second) };
        (east.axis != Some(Axis::North) && north.axis != Some(Axis::East)).then_some((east, north))
    }
}

/// More figures than this are a table, not a position.
const MAX_QUANTITIES: usize = 12;

/// An angle as it is gathered: the figures, and the tokens it spans.
struct Gathered {
    figures: Vec<Figure>,
    /// It has unit marks.
    marked: bool,
    first: usize,
    last: usize,
}

/// The pairs a text may mean, the likeliest first: its two quantities; four or six bare figures as two angles; else any two neighbours.
pub(super) fn pairs(tokens: &[Token]) -> Vec<Pair> {
    let gathered = gather(tokens);
    if gathered.len() < 2 || gathered.len() > MAX_QUANTITIES {
        return Vec::new();
    }
    let quantities = labelled(tokens, &gathered);
    if let [first, second] = quantities[..] {
        return vec![Pair { first, second, doubt: 0 }];
    }
    let mut found = Vec::new();
    let halves = gathered.len() / 2;
    if matches!(gathered.len(), 4 | 6) && gathered.iter().all(|g| !g.marked) {
        let joined: Vec<Gathered> = gathered.chunks(halves).filter_map(join).collect();
        if let [first, second] = labelled(tokens, &joined)[..] {
            found.push(Pair { first, second, doubt: 0 });
        }
    }
    found.extend((1..).zip(quantities.windows(2)).map(|(doubt, two)| Pair { first: two[0], second: two[1], doubt }));
    found
}

/// Figures with the minutes and seconds that belong to them.
fn gather(tokens: &[Token]) -> Vec<Gathered> {
    let mut all: Vec<Gathered> = Vec::new();
    let mut last_mark: Option<Token> = None; // the unit mark just before, while its angle is open
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            Token::Figure(figure) => {
                let next = tokens.get(at + 1);
                let open = match last_mark {
                    Some(Token::Degree) => 1,
                    Some(Token::Minute) => 2,
                    _ => 0,
                };
                let part = (0.0..60.0).contains(&figure.value) && next != Some(&Token::Degree);
                match all.last_mut() {
                    Some(angle) if open > 0 && part && angle.figures.len() == open && !ends_in_fraction(angle) => {
                        angle.figures.push(figure);
                        angle.last = at;
                    }
                    _ => all.push(Gathered { figures: vec![figure], marked: false, first: at, last: at }),
                }
                last_mark = None;
            }
            Token::Degree | Token::Minute | Token::Second => {
                if let Some(angle) = all.last_mut().filter(|angle| angle.last + 1 == at) {
                    angle.marked = true;
                    angle.last = at;
                    last_mark = Some(*token);
                }
            }
            Token::Label(..) | Token::Break => last_mark = None,
        }
    }
    all
}

fn ends_in_fraction(angle: &Gathered) -> bool {
    angle.figures.last().is_some_and(|f| f.decimals > 0)
}

/// Two or three bare figures as degrees, minutes and seconds.
fn join(parts: &[Gathered]) -> Option<Gathered> {
    let figures: Vec<Figure> = parts.iter().flat_map(|p| p.figures.iter().copied()).collect();
    let (last, whole) = figures.split_last()?;
    let fits = whole.iter().all(|f| f.decimals == 0) && figures.iter().skip(1).all(|f| (0.0..60.0).contains(&f.value));
    (fits && last.value < 60.0).then(|| Gathered {
        marked: true,
        first: parts.first().map_or(0, |p| p.first),
        last: parts.last().map_or(0, |p| p.last),
        figures,
    })
}

/// Gives each quantity its value and the axis its label says. Labels stand either all before or all after their figures.
fn labelled(tokens: &[Token], gathered: &[Gathered]) -> Vec<Quantity> {
    let label = |t: &Token| if let Token::Label(axis, against) = t { Some((*axis, *against)) } else { None };
    let first_figure = gathered.first().map_or(0, |g| g.first);
    let before = tokens.iter().take(first_figure).any(|t| label(t).is_some());
    let span = |from: usize, to: usize| tokens.get(from..to).unwrap_or_default();
    (0..gathered.len())
        .map(|i| {
            let this = &gathered[i];
            let found = if before {
                let since = i.checked_sub(1).and_then(|j| gathered.get(j)).map_or(0, |g| g.last + 1);
                span(since, this.first).iter().rev().find_map(label)
            } else {
                let until = gathered.get(i + 1).map_or(tokens.len(), |g| g.first);
                span(this.last + 1, until).iter().find_map(label)
            };
            quantity(&this.figures, found)
        })
        .collect()
}

fn quantity(figures: &[Figure], label: Option<(Axis, bool)>) -> Quantity {
    let degrees = figures.first().map_or(0.0, |f| f.value);
    let part = |i: usize, share: f64| figures.get(i).map_or(0.0, |f| f.value / share);
    let size = degrees.abs() + part(1, 60.0) + part(2, 3600.0);
    let against = label.is_some_and(|(_, against)| against);
    let value = if degrees.is_sign_negative() == against { size } else { -size };
    let form = if figures.len() == 1 { Form::Figure } else { Form::Sexagesimal };
    let decimals = figures.last().map_or(0, |f| f.decimals);
    Quantity { value, form, decimals, axis: label.map(|(axis, _)| axis) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::paste::tokens::{Grouping, read};

    fn first_pair(text: &str) -> (f64, f64) {
        let all = pairs(&read(text, Grouping::None).tokens);
        let pair = all.first().unwrap_or_else(|| panic!("{text}: no pair"));
        (pair.first.value, pair.second.value)
    }

    #[test]
    fn minutes_and_seconds_stay_with_their_degrees() {
        for (text, want) in [
            ("116°30' 35°15'", (116.5, 35.25)),
            ("116°30'36\" 35°15'", (116.51, 35.25)),
            ("116.5° 35.25°", (116.5, 35.25)),
            ("116° 35°", (116.0, 35.0)),
            ("116°,35°", (116.0, 35.0)),
            ("116°30 35°15", (116.5, 35.25)),
            ("116°30'W 35°15'S", (-116.5, -35.25)),
            ("西经116°30' 南纬35°15'", (-116.5, -35.25)),
            ("-116°30' -35°15'", (-116.5, -35.25)),
            ("116 30 35 15", (116.5, 35.25)),
        ] {
            let got = first_pair(text);
            assert!((got.0 - want.0).abs() < 1e-12 && (got.1 - want.1).abs() < 1e-12, "{text}: {got:?}");
        }
    }

    #[test]
    fn packed_figures_are_unpacked() {
        let figure = |value: f64| Quantity { value, form: Form::Figure, decimals: 4, axis: None };
        for (packed, degrees) in [(1163000.0, 116.5), (116.3000, 116.5), (-116.3036, -116.51), (351500.0, 35.25)] {
            let got = figure(packed).unpacked().unwrap();
            assert!((got - degrees).abs() < 1e-9, "{packed}: {got}");
        }
        for no in [116.65, 1166500.0, 116.3075, f64::INFINITY, 1e300] {
            assert_eq!(figure(no).unpacked(), None, "{no}");
        }
    }

    #[test]
    fn a_table_is_no_position() {
        let row = "116.65 35.40 ".repeat(7);
        assert!(pairs(&read(&row, Grouping::None).tokens).is_empty());
    }
}
