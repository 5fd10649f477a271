//! Heat over time: pictures of one period after the other, all with the same scale, and what their colours mean.

use super::choropleth::period;
use super::serving::State;
use super::slots::WorkFault;
use super::stats::{Bin, Step, timeline};
use crate::issue::IssueFilter;
use crate::render::heat::Field;
use crate::render::legend::Legend;

/// More pictures than that nobody looks at, and each costs a density of the whole district.
pub const MOST_FRAMES: usize = 120;
/// Narrower bells take finer rasters than a series should compute.
pub const LEAST_BANDWIDTH_M: u32 = 100;

/// One period of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub bin: Bin,
    pub peak_per_km2: f64,
}

/// A series of densities, and the top of the scale for all of them: the highest of the peaks, rounded up to two figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub frames: Vec<Frame>,
    pub top_per_km2: f64,
}

/// The densities of each step of a filter's period; `bins` are those of [`timeline`]. Cost: one density a step, some 20 ms each for the
/// narrowest bandwidth, and none is kept.
///
/// # Errors
/// [`WorkFault`] when nothing can be drawn.
pub fn series(state: &State, bins: Vec<Bin>, filter: &IssueFilter, bandwidth_m: u32) -> Result<Series, WorkFault> {
    let painter = state.painter().map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    let frame = |bin: Bin| {
        let only = within(filter, bin);
        Frame { bin, peak_per_km2: painter.peak_per_km2(&state.snapshot, &only, f64::from(bandwidth_m)) }
    };
    let frames: Vec<Frame> = bins.into_iter().map(frame).collect();
    let top_per_km2 = rounded_up(frames.iter().map(|frame| frame.peak_per_km2).fold(0.0, f64::max));
    Ok(Series { frames, top_per_km2 })
}

/// The steps of a period: at most [`MOST_FRAMES`], else how many there would be.
///
/// # Errors
/// The number of steps when it is too large.
pub fn steps(state: &State, step: Step, filter: &IssueFilter) -> Result<Vec<Bin>, usize> {
    let bins = timeline(state, step, filter);
    if bins.len() > MOST_FRAMES { Err(bins.len()) } else { Ok(bins) }
}

/// A filter within one step; what the filter's own period cuts off stays cut off.
#[must_use]
pub fn within(filter: &IssueFilter, bin: Bin) -> IssueFilter {
    let (from, to) = (bin.from.at(0, 0, 0, 0), bin.to.at(0, 0, 0, 0));
    IssueFilter {
        from: Some(filter.from.map_or(from, |own| own.max(from))),
        to: Some(filter.to.map_or(to, |own| own.min(to))),
        category: filter.category.clone(),
    }
}

/// Up to two figures: 1234 → 1300.
fn rounded_up(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 0.0;
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    ((value / unit - 1e-9).ceil() * unit * 1e6).round() / 1e6
}

/// How many issues with a place a filter accepts.
#[must_use]
pub fn placed(state: &State, filter: &IssueFilter) -> u64 {
    state.snapshot.issues.iter().filter(|issue| issue.point.is_some() && filter.accepts(issue)).count() as u64
}

/// What a reader is told beside the map.
#[must_use]
pub fn legend(state: &State, field: &Field, filter: &IssueFilter, bandwidth_m: u32, top: Option<f64>) -> Legend {
    let top = field.top_per_km2(top);
    // The scale goes with the root of density.
    let tick = |at: f32| (at, figure(top * f64::from(at) * f64::from(at)));
    let mut notes = vec![
        period(filter),
        format!("{} 件 · 核密度半径 {bandwidth_m} 米", placed(state, filter)),
        "件/平方千米".to_owned(),
    ];
    if state.snapshot.district.synthetic {
        notes.insert(2, state.snapshot.district.mark.clone());
    }
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(tick).to_vec();
    Legend { title: "诉求热力".to_owned(), notes, scale: field.scale(top).to_vec(), ticks, rows: Vec::new() }
}

fn figure(value: f64) -> String {
    if value >= 100.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round_and_never_lower() {
        for (value, expect) in
            [(0.0, 0.0), (f64::NAN, 0.0), (1234.0, 1300.0), (1.0, 1.0), (9.91, 10.0), (0.0123, 0.013)]
        {
            assert!((rounded_up(value) - expect).abs() < 1e-9, "{value}: {}", rounded_up(value));
        }
        assert!((1..5000).map(|i| f64::from(i) * 0.37).all(|v| rounded_up(v) >= v && rounded_up(v) <= v * 1.1));
    }

    #[test]
    fn a_step_is_cut_to_the_period() {
        let day = |d| jiff::civil::date(2025, 3, d);
        let filter = IssueFilter { from: Some(day(5).at(8, 0, 0, 0)), to: Some(day(9).at(0, 0, 0, 0)), category: None };
        let one = within(&filter, Bin { from: day(3), to: day(10), n: 0 });
        assert_eq!((one.from, one.to), (filter.from, filter.to));
        let other = within(&IssueFilter::default(), Bin { from: day(3), to: day(10), n: 0 });
        assert_eq!((other.from, other.to), (Some(day(3).at(0, 0, 0, 0)), Some(day(10).at(0, 0, 0, 0))));
    }
}
