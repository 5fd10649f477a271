//! `locate`: whose is this position, and who answers for it?

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::answer::{json, rounded};
use super::people::People;
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::App;
use crate::crs::{Cgcs2000, Crs, CrsFault, PlaneCrs, UnknownCrs};
use crate::grid::{District, Unit};
use crate::locate::Outcome;
use crate::service::locate::{Neighbour, Ownership, Question, QuestionFault, locate};
use crate::snapshot::Snapshot;

/// `GET /api/v1/locate`
pub(super) async fn of_position(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["lon", "lat", "crs", "accuracy_m", "as_of"])?;
    let crs = crs(&query)?;
    let question = Question {
        crs,
        x: query.needed_number("lon")?,
        y: query.needed_number("lat")?,
        accuracy_m: query.number("accuracy_m")?.unwrap_or(0.0),
    };
    let state = app.serving.state();
    let day = day(&app, &state.snapshot, &query)?;
    let of = Arc::clone(&state);
    let answer = move || {
        let owned = locate(&of.snapshot, question, day).map_err(refused)?;
        json(&Answer::of(&of.snapshot.district, &owned))
    };
    // Opening a plane that is not the district's own takes PROJ some 10 ms: not on a thread that others wait for.
    match crs {
        Crs::Plane(plane) if plane != state.snapshot.district.plane => app.serving.slots.run(answer).await?,
        _ => answer(),
    }
}

fn crs(query: &Query) -> Result<Crs, Problem> {
    let Some(text) = query.text("crs") else { return Ok(Crs::Cgcs2000) };
    text.parse().map_err(|fault: UnknownCrs| Problem::query("crs", fault.to_string()))
}

/// The day asked about: today, or `as_of`. Only one version is kept yet, so a day before it was recorded has no answer.
fn day(app: &App, snapshot: &Snapshot, query: &Query) -> Result<Date, Problem> {
    let Some(text) = query.text("as_of") else { return Ok(app.serving.today()) };
    let zone = app.serving.zone();
    let instant = text.parse::<Timestamp>().map(|t| t.to_zoned(zone.clone()).datetime());
    let day = instant.or_else(|_| text.parse::<DateTime>()).map(DateTime::date).map_err(|_| {
        Problem::query("as_of", format!("as_of is “{}”: expected a date (2025-03-01) or an RFC 3339 time", echo(text)))
    })?;
    let recorded = snapshot.recorded.to_zoned(zone.clone()).date();
    if day < recorded {
        let detail = format!("no boundaries are recorded as of {day}: version {} is of {recorded}", snapshot.version);
        return Err(Problem::query("as_of", detail));
    }
    Ok(day)
}

fn refused(fault: QuestionFault) -> Problem {
    let name = match &fault {
        QuestionFault::Accuracy(_) => "accuracy_m",
        QuestionFault::Position(CrsFault::NotFinite { axis, .. } | CrsFault::OutOfRange { axis, .. }) => match *axis {
            "latitude" | "northing" => "lat",
            _ => "lon",
        },
        QuestionFault::Position(CrsFault::UnknownPlane(_)) => "crs",
        QuestionFault::Position(CrsFault::NotProjectable(..)) => "lon",
    };
    Problem::query(name, fault.to_string())
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    query: Asking,
    point: Point,
    outcome: &'static str,
    owner: Option<Owner<'a>>,
    chain: Vec<Link<'a>>,
    people: People<'a>,
    boundary: Boundary<'a>,
    nearest: Option<Near<'a>>,
    /// The same position in the systems that people work with, ready to be copied.
    coordinates: Vec<Coordinate>,
    version: u64,
    as_of: String,
}

#[derive(Debug, Serialize)]
struct Coordinate {
    crs: String,
    text: String,
}

/// Degrees to 1 cm, metres to 1 mm; a system in which the position has no place is left out.
fn coordinates(point: Cgcs2000, plane: PlaneCrs) -> Vec<Coordinate> {
    let systems = [Crs::Wgs84, Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09, Crs::Plane(plane)];
    let written = systems.into_iter().filter_map(|crs| {
        let (x, y) = crs.write(point).ok()?;
        let decimals = if matches!(crs, Crs::Plane(_)) { 3 } else { 7 };
        Some(Coordinate { crs: crs.to_string(), text: format!("{x:.decimals$},{y:.decimals$}") })
    });
    written.collect()
}

#[derive(Debug, Serialize)]
struct Asking {
    lon: f64,
    lat: f64,
    crs: String,
    accuracy_m: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Point {
    lon: f64,
    lat: f64,
}

impl From<Cgcs2000> for Point {
    /// To 10⁻⁹°, as stored: the rest is noise of the conversion.
    fn from(point: Cgcs2000) -> Self {
        Self { lon: rounded(point.lon(), 9), lat: rounded(point.lat(), 9) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Owner<'a> {
    id: u64,
    code: &'a str,
    name: &'a str,
    level: &'a str,
}

/// A unit of the chain.
#[derive(Debug, Serialize)]
pub(super) struct Link<'a> {
    level: &'a str,
    level_name: &'a str,
    code: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct Boundary<'a> {
    distance_m: f64,
    ambiguous: bool,
    neighbours: Vec<Near<'a>>,
}

#[derive(Debug, Serialize)]
struct Near<'a> {
    code: &'a str,
    name: &'a str,
    distance_m: f64,
}

impl<'a> Owner<'a> {
    pub(super) fn of(district: &'a District, unit: &'a Unit) -> Self {
        Self { id: unit.id, code: &unit.code, name: &unit.name, level: level_key(district, unit) }
    }

    pub(super) const fn code(&self) -> &'a str {
        self.code
    }
}

impl<'a> Link<'a> {
    pub(super) fn of(district: &'a District, unit: &'a Unit) -> Self {
        let level_name = district.levels.get(usize::from(unit.level)).map_or("", |level| level.name.as_str());
        Self { level: level_key(district, unit), level_name, code: &unit.code, name: &unit.name }
    }
}

pub(super) fn level_key<'a>(district: &'a District, unit: &Unit) -> &'a str {
    district.levels.get(usize::from(unit.level)).map_or("", |level| level.key.as_str())
}

impl<'a> Near<'a> {
    fn of(near: &Neighbour<'a>) -> Self {
        Self { code: &near.unit.code, name: &near.unit.name, distance_m: rounded(near.distance_m, 3) }
    }
}

impl<'a> Answer<'a> {
    fn of(district: &'a District, owned: &'a Ownership<'a>) -> Self {
        let Question { crs, x, y, accuracy_m } = owned.asked;
        Self {
            query: Asking { lon: x, lat: y, crs: crs.to_string(), accuracy_m },
            point: owned.point.into(),
            outcome: outcome(owned.outcome),
            owner: owned.owner.map(|unit| Owner::of(district, unit)),
            chain: owned.chain.iter().map(|unit| Link::of(district, unit)).collect(),
            people: People::masked(&owned.duty),
            boundary: Boundary {
                distance_m: rounded(owned.boundary.distance_m, 3),
                ambiguous: owned.boundary.ambiguous,
                neighbours: owned.boundary.neighbours.iter().map(Near::of).collect(),
            },
            nearest: owned.nearest.as_ref().map(Near::of),
            coordinates: coordinates(owned.point, district.plane),
            version: owned.version,
            as_of: owned.as_of.to_string(),
        }
    }
}

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Inside => "inside",
        Outcome::OnBoundary => "boundary",
        Outcome::Outside => "outside",
    }
}
