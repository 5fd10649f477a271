//! `locate`: whose is this position, and who answers for it?

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::answer::{JSON, rounded};
use super::card::written;
use super::negotiate::{Keep, fresh};
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::App;
use crate::crs::{Cgcs2000, Crs, CrsFault, UnknownCrs};
use crate::grid::{District, Unit};
use crate::locate::Outcome;
use crate::service::locate::{Question, QuestionFault, place};
use crate::service::past::{Held, PastFault, held};
use crate::service::serving;
use crate::service::slots::WorkFault;

pub(super) const PATH: &str = "/api/v1/locate";

/// What the parameters ask for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    question: Question,
    /// Whether the position is wanted in other systems too.
    coordinates: bool,
    as_of: Option<Cow<'a, str>>,
}

impl<'a> Wanted<'a> {
    pub(super) const PARAMETERS: [&'static str; 6] = ["lon", "lat", "crs", "accuracy_m", "as_of", "coordinates"];

    pub(super) fn of(query: Query<'a>) -> Result<Self, Problem> {
        let coordinates = query.parsed("coordinates", "true or false")?.unwrap_or(false);
        let question = Question {
            crs: crs(&query)?,
            x: query.needed_number("lon")?,
            y: query.needed_number("lat")?,
            accuracy_m: query.number("accuracy_m")?.unwrap_or(0.0),
        };
        Ok(Self { question, coordinates, as_of: query.take("as_of") })
    }

    /// Opening a plane that is not the district's own takes PROJ some 10 ms: not on a thread that others wait for.
    fn is_quick(&self, state: &serving::State) -> bool {
        let Question { crs, x, y, .. } = self.question;
        match crs {
            Crs::Plane(plane) => plane == state.snapshot.district.plane || plane.reads_at_once(x, y),
            _ => true,
        }
    }

    /// The JSON of the answer.
    fn answer(&self, state: &serving::State, day: Date) -> Result<Vec<u8>, Problem> {
        let placed = place(&state.snapshot, self.question).map_err(refused)?;
        written(state, &placed, day, self.coordinates)
    }
}

/// The JSON of an answer from what is in force, where nobody has to wait for it; `None` where somebody has.
pub(super) fn at_hand(app: &App, wanted: &Wanted<'_>) -> Option<Result<Vec<u8>, Problem>> {
    if wanted.as_of.is_some() {
        return None;
    }
    let day = app.serving.today();
    app.serving.read(|state| wanted.is_quick(state).then(|| wanted.answer(state, day)))
}

/// `GET /api/v1/locate`
pub(super) async fn of_position(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, Problem> {
    let wanted = Wanted::of(asked.only(&Wanted::PARAMETERS)?)?;
    let body = match at_hand(&app, &wanted) {
        Some(answer) => answer?,
        None => patiently(&app, wanted).await?,
    };
    Ok(fresh(JSON, body, Keep::Never))
}

/// The answer for which versions or planes may have to be opened.
async fn patiently(app: &Arc<App>, Wanted { question, coordinates, as_of }: Wanted<'_>) -> Result<Vec<u8>, Problem> {
    let (state, day) = match as_of {
        None => (app.serving.state(), app.serving.today()),
        Some(text) => self::as_of(app, &text).await?,
    };
    let wanted = Wanted { question, coordinates, as_of: None };
    if wanted.is_quick(&state) {
        return wanted.answer(&state, day);
    }
    app.serving.slots.run(move || wanted.answer(&state, day)).await?
}

fn crs(query: &Query) -> Result<Crs, Problem> {
    let Some(text) = query.text("crs") else { return Ok(Crs::Cgcs2000) };
    text.parse().map_err(|fault: UnknownCrs| Problem::query("crs", fault.to_string()))
}

/// The boundaries that hold on a day, and the day.
async fn as_of(app: &Arc<App>, text: &str) -> Result<(Arc<serving::State>, Date), Problem> {
    let zone = app.serving.zone();
    let instant = text.parse::<Timestamp>().map(|t| t.to_zoned(zone.clone()).datetime());
    let day = instant.or_else(|_| text.parse::<DateTime>()).map(DateTime::date).map_err(|_| {
        Problem::query("as_of", format!("as_of is “{}”: expected a date (2025-03-01) or an RFC 3339 time", echo(text)))
    })?;
    let now = app.serving.state();
    let version = match held(&now.snapshot, day) {
        Ok(Held::Now) => return Ok((now, day)),
        Ok(Held::Past(version)) => version,
        Err(fault) => return Err(Problem::query("as_of", fault.to_string())),
    };
    if let Some(state) = app.serving.past.at_hand(&version) {
        return Ok((state, day));
    }
    let serving = Arc::clone(&app.serving);
    let found = app.serving.slots.run(move || serving.past.get(&now, &version)).await?;
    match found {
        Ok(state) => Ok((state, day)),
        Err(fault @ PastFault::NoStore(_)) => Err(Problem::query("as_of", fault.to_string())),
        Err(fault) => {
            tracing::error!(%fault, "an earlier version cannot be read");
            Err(Problem::from(WorkFault::Failed("an earlier version cannot be read; the log says why".to_owned())))
        }
    }
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
pub(super) struct Point {
    lon: f64,
    lat: f64,
}

/// To 10⁻⁹°, as stored: the rest is noise of the conversion.
pub(super) const POINT_DECIMALS: i32 = 9;

impl From<Cgcs2000> for Point {
    fn from(point: Cgcs2000) -> Self {
        Self { lon: rounded(point.lon(), POINT_DECIMALS), lat: rounded(point.lat(), POINT_DECIMALS) }
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

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Inside => "inside",
        Outcome::OnBoundary => "boundary",
        Outcome::Outside => "outside",
    }
}
