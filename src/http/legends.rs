//! Legends of what is coloured by figures, as pictures and as JSON: they take the parameters of the tiles they explain.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, rounded};
use super::choropleth::{self, Classes, measured};
use super::heat::{bandwidth, peak};
use super::negotiate::{Keep, respond};
use super::period::filter;
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::{App, At};
use super::stats::Period;
use crate::issue::IssueFilter;
use crate::render::heat::Field;
use crate::render::legend::Legend;
use crate::render::shades::hex;
use crate::service::bytes::Finished;
use crate::service::choropleth::Choropleth;
use crate::service::heat;
use crate::service::serving;
use crate::service::slots::WorkFault;
use crate::service::tiles::PNG;

const FILES: [&str; 4] = ["choropleth.json", "choropleth.png", "heat.json", "heat.png"];

/// `GET /api/v1/legends/choropleth.{json,png}` and `/api/v1/legends/heat.{json,png}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(file): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let state = app.serving.state();
    let (what, form) = file.split_once('.').filter(|_| FILES.contains(&file.as_str())).ok_or_else(|| {
        Problem::not_found_at("name", format!("unknown legend “{}”; known here: {}", echo(&file), FILES.join(", ")))
    })?;
    let picture = form == "png";
    let known: Vec<&str> = if what == "heat" {
        vec!["from", "to", "category", "bandwidth_m", "peak", "scale"]
    } else {
        choropleth::PARAMETERS.into_iter().chain(["measure", "scale"]).collect()
    };
    let query = asked.only(&known)?;
    let scale = scale(&query)?;
    let subject = if what == "heat" {
        let filter = filter(&query, app.serving.zone(), state.categories())?;
        Subject::Heat { filter, bandwidth_m: bandwidth(&query)?, peak: peak(&query)? }
    } else {
        Subject::Choropleth(choropleth::asked(&query, measured(&query)?, &state, app.serving.zone())?)
    };
    state.pyramid_made().await;
    state.painter_made().await;
    let of = Arc::clone(&state);
    let key = format!("legend {picture} {scale} {subject:?}");
    let make = move || if picture { subject.picture(&of, scale) } else { subject.json(&of) };
    let finished = state.answers.get_or_make(key, &app.serving.slots, make).await?;
    Ok(respond(&headers, &finished, Keep::Revalidate))
}

fn scale(query: &Query) -> Result<u8, Problem> {
    match query.parsed::<u8>("scale", "1 or 2")? {
        None | Some(1) => Ok(1),
        Some(2) => Ok(2),
        Some(other) => Err(Problem::query("scale", format!("scale is {other}: give 1 or 2"))),
    }
}

/// What a legend explains.
#[derive(Debug)]
enum Subject {
    Choropleth(crate::service::choropleth::Asked),
    Heat { filter: IssueFilter, bandwidth_m: u32, peak: Option<u64> },
}

fn failed(fault: &dyn ToString) -> WorkFault {
    WorkFault::Failed(fault.to_string())
}

impl Subject {
    fn picture(&self, state: &serving::State, scale: u8) -> Result<Finished, WorkFault> {
        let painter = state.painter().map_err(|fault| failed(&fault))?;
        let legend: Legend = match self {
            Self::Choropleth(asked) => Choropleth::of(state, asked).legend(state),
            Self::Heat { filter, bandwidth_m, peak } => {
                let field = painter.density(&state.snapshot, filter, f64::from(*bandwidth_m));
                heat::legend(state, &field, filter, *bandwidth_m, top(*peak))
            }
        };
        painter.legend(&legend, scale).map(|png| Finished::as_is(PNG, png)).map_err(|fault| failed(&fault))
    }

    fn json(&self, state: &serving::State) -> Result<Finished, WorkFault> {
        let body = match self {
            Self::Choropleth(asked) => serde_json::to_vec(&Classes::of(state, &Choropleth::of(state, asked), false))
                .map_err(|fault| failed(&fault)),
            Self::Heat { filter, bandwidth_m, peak } => {
                let painter = state.painter().map_err(|fault| failed(&fault))?;
                let field = painter.density(&state.snapshot, filter, f64::from(*bandwidth_m));
                serde_json::to_vec(&Scale::of(state, &field, filter, *bandwidth_m, top(*peak)))
                    .map_err(|fault| failed(&fault))
            }
        };
        body.map(|body| Finished::compressible(JSON, body))
    }
}

fn top(peak: Option<u64>) -> Option<f64> {
    peak.map(|peak| peak as f64 / 1000.0)
}

/// The scale of a density.
#[derive(Debug, Serialize)]
struct Scale<'a> {
    period: Period,
    category: Option<&'a str>,
    bandwidth_m: u32,
    /// Issues with a place that were counted.
    n: u64,
    /// What the last colour stands for, and everything denser.
    peak_per_km2: f64,
    stops: Vec<Stop>,
    version: u64,
}

/// Between two stops colours are mixed evenly along the root of density.
#[derive(Debug, Serialize)]
struct Stop {
    density_per_km2: f64,
    colour: String,
    opacity: f64,
}

impl<'a> Scale<'a> {
    fn of(state: &serving::State, field: &Field, filter: &'a IssueFilter, bandwidth_m: u32, top: Option<f64>) -> Self {
        let top = field.top_per_km2(top);
        let stop = |(density, [r, g, b, a]): (f64, [u8; 4])| Stop {
            density_per_km2: rounded(density, 3),
            colour: hex([r, g, b]),
            opacity: rounded(f64::from(a) / 255.0, 3),
        };
        Self {
            period: Period::of(filter),
            category: filter.category.as_deref(),
            bandwidth_m,
            n: heat::placed(state, filter),
            peak_per_km2: rounded(top, 3),
            stops: field.stops(top).into_iter().map(stop).collect(),
            version: state.snapshot.version,
        }
    }
}
