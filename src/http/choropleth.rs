//! Choropleths: what a query asks for, and its classes as JSON for a map's feature-state.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::answer::{JSON, kept};
use super::period::filter;
use super::problem::Problem;
use super::query::{Asked as Sent, Query, echo};
use super::routes::{App, At};
use super::stats::Period;
use super::units::level;
use crate::issue::classes::{CLASSES, Method};
use crate::render::shades::{HATCHING, HATCHING_INK, Shades, hex};
use crate::service::choropleth::{Asked, Choropleth, Shown};
use crate::service::serving;
use crate::service::stats::Measure;
use crate::tile::PUBLIC_K;

/// The parameters read by [`asked`], but for `measure`.
pub(super) const PARAMETERS: [&str; 7] = ["level", "from", "to", "category", "method", "classes", "shades"];

/// Five classes by natural breaks, in viridis, unless the query says otherwise.
pub(super) fn asked(
    query: &Query,
    measure: Measure,
    state: &serving::State,
    zone: &TimeZone,
) -> Result<Asked, Problem> {
    let level = level(query, &state.snapshot)?.unwrap_or(0);
    let filter = filter(query, zone, state.categories())?;
    let method = one_of(query, "method", Method::by_name, &Method::ALL.map(Method::name))?.unwrap_or(Method::Jenks);
    let shades = one_of(query, "shades", Shades::by_name, &Shades::ALL.map(Shades::name))?.unwrap_or(Shades::Viridis);
    let (fewest, most) = (*CLASSES.start(), *CLASSES.end());
    let classes = query.parsed::<u8>("classes", &format!("a number from {fewest} to {most}"))?.unwrap_or(5);
    if !CLASSES.contains(&classes) {
        return Err(Problem::query("classes", format!("classes is {classes}: give {fewest} to {most}")));
    }
    Ok(Asked { measure, level, filter, method, classes, shades })
}

/// The measure that a query names.
pub(super) fn measured(query: &Query) -> Result<Measure, Problem> {
    let name = query.needed("measure")?;
    Measure::by_name(name)
        .ok_or_else(|| Problem::query("measure", unknown("measure", name, &Measure::ALL.map(Measure::name))))
}

fn one_of<T>(query: &Query, name: &str, read: fn(&str) -> Option<T>, known: &[&str]) -> Result<Option<T>, Problem> {
    let Some(text) = query.text(name) else { return Ok(None) };
    read(text).map(Some).ok_or_else(|| Problem::query(name, unknown(name, text, known)))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    format!("unknown {what} “{}”; known here: {}", echo(name), known.join(", "))
}

/// `GET /api/v1/stats/{measure}/classes`
pub(super) async fn classes(
    State(app): State<Arc<App>>,
    At(measure): At<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response<Body>, Problem> {
    let measure = Measure::by_name(&measure).ok_or_else(|| {
        Problem::not_found_at("measure", unknown("measure", &measure, &Measure::ALL.map(Measure::name)))
    })?;
    let query = sent.only(&PARAMETERS)?;
    let state = app.serving.state();
    let asked = asked(&query, measure, &state, app.serving.zone())?;
    let key = format!("classes {asked:?}");
    let make = move |state: &serving::State| {
        let made = Choropleth::of(state, &asked);
        serde_json::to_vec(&Classes::of(state, &made, true))
    };
    kept(&app, &state, &headers, key, JSON, make).await
}

/// Classes with what they were made of, and the figures in them.
#[derive(Debug, Serialize)]
pub(super) struct Classes<'a> {
    measure: &'static str,
    title: &'static str,
    level: &'a str,
    period: Period,
    category: Option<&'a str>,
    method: &'static str,
    shades: &'static str,
    /// The lowest value of each class, then the highest of the last.
    breaks: &'a [f64],
    classes: Vec<Class>,
    few: Few,
    none: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Value<'a>>>,
    unplaced: u64,
    version: u64,
}

/// `from` belongs to it, `to` does not, but for the last class.
#[derive(Debug, Serialize)]
struct Class {
    from: f64,
    to: f64,
    colour: String,
    units: usize,
}

/// Units whose rate rests on fewer cases than `below`: bare paper with a pattern, of which `colour` is the ink.
#[derive(Debug, Serialize)]
struct Few {
    below: u32,
    pattern: &'static str,
    colour: String,
    units: usize,
}

#[derive(Debug, Serialize)]
struct Count {
    units: usize,
}

/// `id` is that of the unit's feature in the tiles.
#[derive(Debug, Serialize)]
struct Value<'a> {
    id: u64,
    code: &'a str,
    value: Option<f64>,
    n: u64,
    shown: &'static str,
    class: Option<usize>,
    colour: Option<String>,
}

impl<'a> Classes<'a> {
    pub(super) fn of(state: &'a serving::State, made: &'a Choropleth, with_values: bool) -> Self {
        let snapshot = &state.snapshot;
        let asked = &made.asked;
        let counts = made.classes.counts().iter().zip(&made.colours);
        let class = |(pair, (units, colour)): (&[f64], (&usize, &[u8; 3]))| Class {
            from: pair[0],
            to: pair[1],
            colour: hex(*colour),
            units: *units,
        };
        let value = |(figure, shown): (&crate::service::stats::Figure, &Shown)| {
            let unit = snapshot.hierarchy.unit(figure.unit);
            let (name, class) = match shown {
                Shown::Class(class) => ("class", Some(*class)),
                Shown::Few => ("few", None),
                Shown::Nothing => ("none", None),
            };
            let colour = made.colour(*shown).map(hex);
            Value { id: unit.id, code: &unit.code, value: figure.value, n: figure.n, shown: name, class, colour }
        };
        Self {
            measure: asked.measure.name(),
            title: asked.measure.title(),
            level: snapshot.district.levels.get(usize::from(asked.level)).map_or("", |level| level.key.as_str()),
            period: Period::of(&asked.filter),
            category: asked.filter.category.as_deref(),
            method: asked.method.name(),
            shades: asked.shades.name(),
            breaks: made.classes.breaks(),
            classes: made.classes.breaks().windows(2).zip(counts).map(class).collect(),
            few: Few { below: PUBLIC_K, pattern: HATCHING, colour: hex(HATCHING_INK), units: made.count(Shown::Few) },
            none: Count { units: made.count(Shown::Nothing) },
            values: with_values.then(|| made.figures.figures.iter().zip(&made.shown).map(value).collect()),
            unplaced: made.figures.unplaced,
            version: snapshot.version,
        }
    }
}
