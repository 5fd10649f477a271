//! Heat: how wide its bell is, what its scale ends with, and the pictures of a series.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, rounded};
use super::negotiate::{Keep, respond};
use super::period::filter;
use super::problem::Problem;
use super::query::{Asked, Query};
use super::routes::App;
use super::stats::step;
use super::tiles::again;
use crate::issue::IssueFilter;
use crate::service::bytes::Finished;
use crate::service::heat::{LEAST_BANDWIDTH_M, MOST_FRAMES, Series, series, steps, within};
use crate::service::serving;
use crate::service::slots::WorkFault;
use crate::service::stats::Step;

/// How far an issue spreads unless `bandwidth_m` says otherwise.
const BANDWIDTH_M: u32 = 250;

/// The same in a series: the fewer there are in a step, the further, since less than five in one place are not shown.
const fn usual(step: Step) -> u32 {
    match step {
        Step::Day => 800,
        Step::Week => 500,
        Step::Month => BANDWIDTH_M,
    }
}

const BANDWIDTHS_M: std::ops::RangeInclusive<u32> = 20..=20_000;
/// Issues a square kilometre.
const PEAKS: std::ops::RangeInclusive<f64> = 0.001..=1e6;

pub(super) fn bandwidth(query: &Query) -> Result<u32, Problem> {
    bandwidth_from(query, *BANDWIDTHS_M.start(), BANDWIDTH_M)
}

fn bandwidth_from(query: &Query, least: u32, usual: u32) -> Result<u32, Problem> {
    let Some(metres) = query.number("bandwidth_m")? else { return Ok(usual) };
    let most = *BANDWIDTHS_M.end();
    if (f64::from(least)..=f64::from(most)).contains(&metres) {
        return Ok(metres.round() as u32);
    }
    Err(Problem::query("bandwidth_m", format!("bandwidth_m is {metres}: give {least} to {most} metres")))
}

/// The top of the scale in thousandths of an issue a square kilometre; `None` for the densest spot.
pub(super) fn peak(query: &Query) -> Result<Option<u64>, Problem> {
    let Some(peak) = query.number("peak")? else { return Ok(None) };
    if PEAKS.contains(&peak) {
        return Ok(Some((peak * 1000.0).round() as u64));
    }
    let (least, most) = (PEAKS.start(), PEAKS.end());
    Err(Problem::query("peak", format!("peak is {peak}: give {least} to {most} issues a square kilometre")))
}

/// `GET /api/v1/stats/issues/frames`
pub(super) async fn frames(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["step", "from", "to", "category", "bandwidth_m"])?;
    let state = app.serving.state();
    let step = step(&query)?;
    let filter = filter(&query, app.serving.zone(), state.categories())?;
    let bandwidth_m = bandwidth_from(&query, LEAST_BANDWIDTH_M, usual(step))?;
    let bins = steps(&state, step, &filter).map_err(|many| {
        let what = format!(
            "there would be {many} pictures, at most {MOST_FRAMES} are made: give a wider step, or from and to"
        );
        Problem::query("step", what)
    })?;
    state.pyramid_made().await;
    state.painter_made().await;
    let key = format!("frames {} {filter:?} {bandwidth_m}", step.name());
    let of = Arc::clone(&state);
    let make = move || {
        let series = series(&of, bins, &filter, bandwidth_m)?;
        let body = serde_json::to_vec(&Frames::of(&of, step.name(), &series, &filter, bandwidth_m));
        body.map(|body| Finished::compressible(JSON, body)).map_err(|fault| WorkFault::Failed(fault.to_string()))
    };
    let finished = state.answers.get_or_make(key, &app.serving.slots, make).await?;
    Ok(respond(&headers, &finished, Keep::Revalidate))
}

#[derive(Debug, Serialize)]
struct Frames<'a> {
    step: &'static str,
    category: Option<&'a str>,
    bandwidth_m: u32,
    /// The top of the scale of every frame, issues a square kilometre.
    peak_per_km2: f64,
    legend: String,
    frames: Vec<Frame>,
    version: u64,
}

/// `from` is included, `to` is not.
#[derive(Debug, Serialize)]
struct Frame {
    from: String,
    to: String,
    n: u64,
    /// The densest spot of this frame.
    peak_per_km2: f64,
    /// Address of its tiles.
    tiles: String,
}

impl<'a> Frames<'a> {
    fn of(
        state: &serving::State,
        step: &'static str,
        series: &Series,
        filter: &'a IssueFilter,
        bandwidth_m: u32,
    ) -> Self {
        let top = series.top_per_km2;
        let address = |beginning: &str, filter: &IssueFilter| {
            let period = again(filter);
            let mark = if period.is_empty() { '?' } else { '&' };
            format!("{beginning}{period}{mark}bandwidth_m={bandwidth_m}&peak={top}")
        };
        let frame = |frame: &crate::service::heat::Frame| {
            let only = within(filter, frame.bin);
            Frame {
                from: only.from.map(|t| t.to_string()).unwrap_or_default(),
                to: only.to.map(|t| t.to_string()).unwrap_or_default(),
                n: frame.bin.n,
                peak_per_km2: rounded(frame.peak_per_km2, 3),
                tiles: address("/tiles/heat/{z}/{x}/{y}.png", &only),
            }
        };
        Self {
            step,
            category: filter.category.as_deref(),
            bandwidth_m,
            peak_per_km2: top,
            legend: address("/api/v1/legends/heat.png", filter),
            frames: series.frames.iter().map(frame).collect(),
            version: state.snapshot.version,
        }
    }
}
