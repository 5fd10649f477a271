//! Classes of a choropleth: where a list of figures is cut, and which class a figure falls in.
//!
//! A class is half-open: its lowest value belongs to it, that of the next does not; the last holds its highest too. No class is empty, so there may
//! be fewer than were asked for, and equal figures are never in two classes.

/// How many classes may be asked for: fewer say nothing, more cannot be told apart on a map.
pub const CLASSES: std::ops::RangeInclusive<u8> = 3..=7;

/// Where the cuts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// As many units in each class as ties allow: of all cuts between two values those with the least sum of squared counts, found exactly.
    Quantile,
    /// Natural breaks: the least sum of squared distances from the means of classes, found exactly (Fisher 1958; Jenks and Caspall 1971).
    Jenks,
    /// Equal steps from the lowest value to the highest, to four decimals; a step that nothing falls in is added to the one below.
    Equal,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::Quantile, Self::Jenks, Self::Equal];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quantile => "quantile",
            Self::Jenks => "jenks",
            Self::Equal => "equal",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The classes of one list of figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classes {
    /// The lowest value of each class, then the highest of the last; ascending. Empty without figures.
    breaks: Vec<f64>,
    /// How many figures each class has.
    counts: Vec<usize>,
}

/// A value, and how often it occurs; ascending.
type Tally = Vec<(f64, usize)>;

impl Classes {
    /// Cuts figures into at most `wanted` classes (at least 1). What is not finite is left out. Cost: O(n log n), for Jenks O(k · d log d) in the
    /// number of distinct values d and as much memory as k · d: 5 ms for 2,600 units.
    #[must_use]
    pub fn new(values: &[f64], method: Method, wanted: u8) -> Self {
        let tally = tally(values);
        let wanted = usize::from(wanted.max(1));
        let possible = wanted.min(tally.len());
        let (Some(first), Some(last)) = (tally.first(), tally.last()) else { return Self::default() };
        let mut breaks = match method {
            Method::Quantile => starts(&tally, quantile(&tally, possible)),
            Method::Jenks => starts(&tally, jenks(&tally, possible)),
            Method::Equal => equal(&tally, first.0, last.0, wanted),
        };
        breaks.push(last.0);
        let mut classes = Self { counts: vec![0; breaks.len() - 1], breaks };
        for (value, n) in &tally {
            if let Some(class) = classes.of(*value) {
                classes.counts[class] += n;
            }
        }
        classes
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The lowest value of each class, then the highest of the last: one more than there are classes, or none.
    #[must_use]
    pub fn breaks(&self) -> &[f64] {
        &self.breaks
    }

    /// How many figures each class has.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The class of a value, from 0; `None` below the first, above the last, or not a number.
    #[must_use]
    pub fn of(&self, value: f64) -> Option<usize> {
        let (lowest, highest) = (*self.breaks.first()?, *self.breaks.last()?);
        if !(lowest..=highest).contains(&value) {
            return None;
        }
        let inner = self.breaks.get(1..self.counts.len()).unwrap_or_default();
        Some(inner.partition_point(|start| *start <= value))
    }
}

fn tally(values: &[f64]) -> Tally {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).map(|v| v + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
}

/// The values at which classes start, given where in the tally they do.
fn starts(tally: &Tally, places: Vec<usize>) -> Vec<f64> {
    places.into_iter().filter_map(|at| tally.get(at)).map(|(value, _)| *value).collect()
}

/// Where in the tally `k` classes begin.
fn quantile(tally: &Tally, k: usize) -> Vec<usize> {
    let mut below = vec![0.0];
    for (_, n) in tally {
        below.push(below[below.len() - 1] + *n as f64);
    }
    least(tally.len(), k, |from, to| (below[to] - below[from]).powi(2))
}

/// Where in the tally `k` classes begin.
fn jenks(tally: &Tally, k: usize) -> Vec<usize> {
    let sums = Sums::new(tally);
    least(tally.len(), k, |from, to| sums.spread(from, to))
}

fn equal(tally: &Tally, low: f64, high: f64, k: usize) -> Vec<f64> {
    let step = |i: usize| ((low + (high - low) * i as f64 / k as f64) * 1e4).round() / 1e4;
    let mut breaks = vec![low];
    for i in 1..k {
        let (from, to) = (step(i), if i + 1 < k { step(i + 1) } else { f64::INFINITY });
        if from > low && tally.iter().any(|(value, _)| (from..to).contains(value)) {
            breaks.push(from);
        }
    }
    breaks
}

/// Sums up to each place of the tally, of what is left of the mean, so that squares of large numbers do not swallow small differences.
struct Sums(Vec<(f64, f64, f64)>);

impl Sums {
    fn new(tally: &Tally) -> Self {
        let all = tally.iter().map(|(_, n)| *n as f64).sum::<f64>();
        let mean = tally.iter().map(|(value, n)| value * *n as f64).sum::<f64>() / all;
        let mut sums = vec![(0.0, 0.0, 0.0)];
        for (value, n) in tally {
            let (n, off, (weight, sum, squares)) = (*n as f64, value - mean, sums[sums.len() - 1]);
            sums.push((weight + n, sum + n * off, squares + n * off * off));
        }
        Self(sums)
    }

    /// Squared distances from the mean of the values from one place to before another.
    fn spread(&self, from: usize, to: usize) -> f64 {
        let (a, b) = (self.0[from], self.0[to]);
        let (weight, sum, squares) = (b.0 - a.0, b.1 - a.1, b.2 - a.2);
        (squares - sum * sum / weight).max(0.0)
    }
}

/// Fisher's programme: where `k` classes of `d` values begin so that the sum of what each costs, given where it begins and before where it ends, is the
/// least. The best of k classes up to a place is the best of k − 1 up to some place before, and one more. For costs such as these that place never
/// moves back as the end moves on, so each row is filled by halves.
fn least(d: usize, k: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut best: Vec<f64> = (0..=d).map(|to| if to == 0 { 0.0 } else { cost(0, to) }).collect();
    let mut cuts: Vec<Vec<usize>> = Vec::new();
    for classes in 2..=k {
        let (mut row, mut cut) = (vec![f64::INFINITY; d + 1], vec![0; d + 1]);
        let left = |start: usize, end: usize| best[start] + cost(start, end);
        // Ends still to do, with the range in which their last class begins.
        let mut todo = vec![((classes, d), (classes - 1, d - 1))];
        while let Some(((from, to), (least, most))) = todo.pop() {
            if from > to {
                continue;
            }
            let end = from.midpoint(to);
            for start in least.max(classes - 1)..=most.min(end - 1) {
                let spread = left(start, end);
                if spread < row[end] {
                    (row[end], cut[end]) = (spread, start);
                }
            }
            todo.push(((from, end - 1), (least, cut[end])));
            todo.push(((end + 1, to), (cut[end], most)));
        }
        best = row;
        cuts.push(cut);
    }
    let (mut places, mut end) = (Vec::new(), d);
    for cut in cuts.iter().rev() {
        end = cut[end];
        places.push(end);
    }
    places.push(0);
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], method: Method, wanted: u8, breaks: &[f64], counts: &[usize]) {
        let classes = Classes::new(values, method, wanted);
        assert_eq!((classes.breaks(), classes.counts()), (breaks, counts), "{method:?} of {values:?}");
    }

    #[test]
    fn quantiles_share_units_evenly_and_never_part_equals() {
        let method = Method::Quantile;
        check(&[9.0, 1.0, 2.0, 3.0, 4.0, 5.0], method, 3, &[1.0, 3.0, 5.0, 9.0], &[2, 2, 2]);
        // Eight zeros of twelve: the first class takes them all, the others share the rest evenly.
        let tied = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0];
        check(&tied, method, 3, &[0.0, 1.0, 3.0, 4.0], &[8, 2, 2]);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], method, 3, &[1.0, 3.0, 5.0, 7.0], &[2, 2, 3]);
        check(&[5.0, 5.0, 7.0], method, 5, &[5.0, 7.0, 7.0], &[2, 1]);
    }

    #[test]
    fn natural_breaks_are_those_worked_by_hand() {
        let method = Method::Jenks;
        check(&[1.0, 2.0, 10.0, 11.0, 50.0], method, 3, &[1.0, 10.0, 50.0, 50.0], &[2, 2, 1]);
        // {0, 1} {4, 5} {9} leaves ½ + ½ = 1; {0} {1} {4, 5, 9} leaves 14, {0, 1} {4} {5, 9} leaves 8½.
        check(&[4.0, 0.0, 9.0, 5.0, 1.0], method, 3, &[0.0, 4.0, 9.0, 9.0], &[2, 2, 1]);
        // Weight moves a break: the 6 stays with four times 4 (3.2 around their mean 4.4) rather than with the 9 (4.5).
        check(&[4.0, 4.0, 4.0, 4.0, 6.0, 9.0], method, 2, &[4.0, 9.0, 9.0], &[5, 1]);
    }

    #[test]
    fn equal_steps_have_equal_widths_and_join_what_is_empty_to_the_step_below() {
        let method = Method::Equal;
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 10.0], method, 5, &[0.0, 2.0, 4.0, 8.0, 10.0], &[2, 2, 1, 1]);
        check(&[0.0, 1.0, 2.0], method, 3, &[0.0, 0.6667, 1.3333, 2.0], &[1, 1, 1]);
        check(&[0.0, 100.0], method, 7, &[0.0, 85.7143, 100.0], &[1, 1]);
    }

    #[test]
    fn strange_lists_have_few_classes_or_none() {
        for method in Method::ALL {
            check(&[], method, 5, &[], &[]);
            check(&[f64::NAN, f64::INFINITY], method, 5, &[], &[]);
            check(&[3.0, 3.0, f64::NAN], method, 5, &[3.0, 3.0], &[2]);
            check(&[-0.0, 0.0], method, 3, &[0.0, 0.0], &[2]);
            check(&[1.0, 2.0], method, 0, &[1.0, 2.0], &[2]);
        }
    }

    fn numbers(seed: u64, count: usize, of: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % of
        };
        (0..count).map(|_| (next() * next()) as f64 / 8.0).collect()
    }

    /// Every way to cut `d` values from one of them on, and what the best costs.
    fn cheapest(d: usize, k: usize, from: usize, cost: &dyn Fn(usize, usize) -> f64) -> f64 {
        if k == 1 {
            return cost(from, d);
        }
        let ways = from + 1..=d + 1 - k;
        ways.map(|to| cost(from, to) + cheapest(d, k - 1, to, cost)).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_other_cut_leaves_less_than_natural_breaks_or_shares_more_evenly_than_quantiles() {
        for seed in 0..60 {
            let values = numbers(seed, 6 + seed as usize % 14, 40);
            let tally = tally(&values);
            let sums = Sums::new(&tally);
            let spread = |from: usize, to: usize| sums.spread(from, to);
            let square =
                |from: usize, to: usize| (tally[from..to].iter().map(|(_, n)| n).sum::<usize>() as f64).powi(2);
            for k in 2..=5.min(tally.len()) {
                let costs: [(_, &dyn Fn(usize, usize) -> f64); 2] =
                    [(jenks(&tally, k), &spread), (quantile(&tally, k), &square)];
                for (mut places, cost) in costs {
                    places.push(tally.len());
                    let found: f64 = places.windows(2).map(|pair| cost(pair[0], pair[1])).sum();
                    let least = cheapest(tally.len(), k, 0, cost);
                    assert!((found - least).abs() <= 1e-9 * (1.0 + least), "seed {seed}, {k}: {found}, not {least}");
                }
            }
        }
    }

    #[test]
    fn every_value_is_in_the_one_class_whose_bounds_hold_it_and_no_class_is_empty() {
        for seed in 0..200 {
            let values = numbers(seed, 1 + seed as usize * 3, 30);
            for (method, wanted) in Method::ALL.into_iter().flat_map(|m| CLASSES.map(move |k| (m, k))) {
                let classes = Classes::new(&values, method, wanted);
                assert!(classes.len() <= usize::from(wanted) && classes.counts().iter().all(|n| *n > 0));
                assert_eq!(classes.counts().iter().sum::<usize>(), values.len());
                assert!(classes.breaks().windows(2).rev().skip(1).all(|pair| pair[0] < pair[1]));
                for value in &values {
                    let class = classes.of(*value).expect("a class");
                    let (from, to) = (classes.breaks()[class], classes.breaks()[class + 1]);
                    assert!(from <= *value && (*value < to || (class + 1 == classes.len() && *value <= to)));
                }
            }
        }
    }
}
