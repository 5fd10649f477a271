//! Two pieces of code timed in turn, A B A B …, so that a slow moment of the machine hits both: what is printed is the ratio, pair by pair.

use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 7;

/// Times `ours` and `theirs` (each doing the same `items` pieces of work) and prints nanoseconds an item and the ratio: the median of the
/// rounds' ratios, with the smallest and largest.
pub fn compare<R, S>(what: &str, peer: &str, items: usize, mut ours: impl FnMut() -> R, mut theirs: impl FnMut() -> S) {
    let mut rounds: Vec<(f64, f64)> = Vec::with_capacity(ROUNDS);
    black_box(ours());
    black_box(theirs());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(ours());
        let middle = Instant::now();
        black_box(theirs());
        rounds.push(((middle - start).as_secs_f64(), middle.elapsed().as_secs_f64()));
    }
    let each = |seconds: f64| seconds * 1e9 / items as f64;
    let mut ratios: Vec<f64> = rounds.iter().map(|(a, b)| b / a).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (a, b): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
    println!(
        "{what}: ours {:.0} ns, {peer} {:.0} ns an item – {:.2} times faster ({:.2} … {:.2} in {ROUNDS} rounds)",
        each(median(a)),
        each(median(b)),
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1],
    );
}
