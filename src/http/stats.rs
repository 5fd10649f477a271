//! `stats`: one figure a unit, with what it was made of.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, kept, rounded};
use super::period::filter;
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::{App, At};
use super::units::level;
use crate::issue::IssueFilter;
use crate::service::serving;
use crate::service::stats::{Bin, Figure, Measure, Step, figures, timeline};

/// `GET /api/v1/stats/{measure}`
pub(super) async fn by_unit(
    State(app): State<Arc<App>>,
    At(measure): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let measure = Measure::by_name(&measure).ok_or_else(|| {
        let known = Measure::ALL.map(Measure::name).join(", ");
        Problem::not_found_at("measure", format!("unknown measure “{}”; known here: {known}", echo(&measure)))
    })?;
    let query = asked.only(&["level", "from", "to", "category"])?;
    let state = app.serving.state();
    let level = level(&query, &state.snapshot)?.unwrap_or(0);
    let filter = filter(&query, app.serving.zone(), state.categories())?;
    let key = format!("stats {} {level} {filter:?}", measure.name());
    let make = move |state: &serving::State| serde_json::to_vec(&Answer::of(state, measure, level, &filter));
    kept(&app, &state, &headers, key, JSON, make).await
}

/// `GET /api/v1/stats/issues/timeline`
pub(super) async fn over_time(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["step", "from", "to", "category"])?;
    let state = app.serving.state();
    let step = step(&query)?;
    let filter = filter(&query, app.serving.zone(), state.categories())?;
    let key = format!("timeline {} {filter:?}", step.name());
    let make = move |state: &serving::State| serde_json::to_vec(&Timeline::of(state, step, &filter));
    kept(&app, &state, &headers, key, JSON, make).await
}

/// `step`: a week unless the query says otherwise.
pub(super) fn step(query: &Query) -> Result<Step, Problem> {
    let step = query.text("step").unwrap_or(Step::Week.name());
    Step::ALL.into_iter().find(|known| known.name() == step).ok_or_else(|| {
        let known = Step::ALL.map(Step::name).join(", ");
        Problem::query("step", format!("unknown step “{}”; known here: {known}", echo(step)))
    })
}

#[derive(Debug, Serialize)]
struct Timeline<'a> {
    measure: &'static str,
    step: &'static str,
    period: Period,
    category: Option<&'a str>,
    values: Vec<Count>,
    version: u64,
}

/// Whole days; `to` is not included.
#[derive(Debug, Serialize)]
struct Count {
    from: String,
    to: String,
    n: u64,
}

impl<'a> Timeline<'a> {
    fn of(state: &serving::State, step: Step, filter: &'a IssueFilter) -> Self {
        let count = |bin: Bin| Count { from: bin.from.to_string(), to: bin.to.to_string(), n: bin.n };
        Self {
            measure: Measure::Issues.name(),
            step: step.name(),
            period: Period::of(filter),
            category: filter.category.as_deref(),
            values: timeline(state, step, filter).into_iter().map(count).collect(),
            version: state.snapshot.version,
        }
    }
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    measure: &'static str,
    level: &'a str,
    period: Period,
    category: Option<&'a str>,
    values: Vec<Value<'a>>,
    /// Issues that belong to no unit: without a position, or outside. Values and these add up to all.
    unplaced: u64,
    version: u64,
}

/// `from` is included, `to` is not; local time; null is open.
#[derive(Debug, Serialize)]
pub(super) struct Period {
    from: Option<String>,
    to: Option<String>,
}

impl Period {
    pub(super) fn of(filter: &IssueFilter) -> Self {
        Self { from: filter.from.map(|t| t.to_string()), to: filter.to.map(|t| t.to_string()) }
    }
}

#[derive(Debug, Serialize)]
struct Value<'a> {
    code: &'a str,
    name: &'a str,
    value: Option<f64>,
    numerator: u64,
    denominator: Option<u64>,
    n: u64,
}

impl<'a> Answer<'a> {
    fn of(state: &'a serving::State, measure: Measure, level: u8, filter: &'a IssueFilter) -> Self {
        let snapshot = &state.snapshot;
        let counted = figures(state, measure, level, filter);
        let value = |figure: Figure| {
            let unit = snapshot.hierarchy.unit(figure.unit);
            Value {
                code: &unit.code,
                name: &unit.name,
                value: figure.value.map(|value| rounded(value, 4)),
                numerator: figure.numerator,
                denominator: figure.denominator,
                n: figure.n,
            }
        };
        Self {
            measure: measure.name(),
            level: snapshot.district.levels.get(usize::from(level)).map_or("", |level| level.key.as_str()),
            period: Period::of(filter),
            category: filter.category.as_deref(),
            values: counted.figures.into_iter().map(value).collect(),
            unplaced: counted.unplaced,
            version: snapshot.version,
        }
    }
}
