//! `search`: what a caller's words may mean, each candidate with its owner as `locate` answers it, and the next question to ask.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::{json, rounded};
use super::card::written;
use super::owner::{Owner, POINT_DECIMALS};
use super::problem::Problem;
use super::query::Asked;
use super::routes::App;
use crate::place::candidate::{Candidate, Why};
use crate::place::decide::label;
use crate::place::read::Part;
use crate::place::search::MOST_CANDIDATES;
use crate::service::search::{CANDIDATES, address, search};
use crate::service::serving;
use crate::service::slots::WorkFault;

/// `GET /api/v1/search`
pub(super) async fn of_text(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["q", "limit"])?;
    let limit = query.parsed("limit", "1 to 10")?.unwrap_or(CANDIDATES);
    if !(1..=MOST_CANDIDATES).contains(&limit) {
        return Err(Problem::query("limit", format!("limit is {limit}: expected 1 to {MOST_CANDIDATES}")));
    }
    let text = query.needed("q")?.to_owned();
    let (state, day) = (app.serving.state(), app.serving.today());
    // The first question of a version compiles the gazetteer: not on a thread that others wait for.
    app.serving.slots.run(move || answer(&state, &text, limit, day)).await?
}

fn answer(state: &serving::State, text: &str, limit: usize, day: Date) -> Result<Response<Body>, Problem> {
    let found = search(&state.snapshot, text, limit).map_err(|fault| Problem::query("q", fault.to_string()))?;
    let mut candidates = Vec::with_capacity(found.placed.len());
    for (candidate, placed) in found.answer.candidates.iter().zip(&found.placed) {
        let owner = placed.as_ref().map(|placed| written(state, placed, day, false)).transpose()?;
        let owner = owner.map(raw).transpose()?;
        candidates.push(One::of(state, candidate, owner));
    }
    json(&Answer {
        query: text,
        normalised: &found.answer.normalised,
        marks: found.answer.marks.iter().map(|(part, span)| Mark::of(*part, span)).collect(),
        ambiguity: found.answer.ambiguity.key(),
        ask: found.answer.ask.as_deref(),
        candidates,
        version: state.snapshot.version,
    })
}

fn raw(bytes: Vec<u8>) -> Result<Box<RawValue>, Problem> {
    let failed = |fault: String| Problem::from(WorkFault::Failed(fault));
    let text = String::from_utf8(bytes).map_err(|fault| failed(fault.to_string()))?;
    RawValue::from_string(text).map_err(|fault| failed(fault.to_string()))
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    query: &'a str,
    normalised: &'a str,
    /// What was understood, by characters of the query.
    marks: Vec<Mark>,
    ambiguity: &'static str,
    /// The next question to the caller; none when there is one answer.
    ask: Option<&'a str>,
    candidates: Vec<One<'a>>,
    version: u64,
}

#[derive(Debug, Serialize)]
struct Mark {
    part: &'static str,
    start: usize,
    end: usize,
}

impl Mark {
    fn of(part: Part, span: &Range<usize>) -> Self {
        let part = match part {
            Part::Region => "region",
            Part::Name => "name",
            Part::Number => "number",
            Part::Relation => "relation",
            Part::Elsewhere => "elsewhere",
        };
        Self { part, start: span.start, end: span.end }
    }
}

#[derive(Debug, Serialize)]
struct One<'a> {
    place: Option<&'a str>,
    name: String,
    address: String,
    match_level: &'static str,
    match_level_name: &'static str,
    score: f64,
    /// Sentences in Chinese, the strongest first.
    why: Vec<String>,
    lon: Option<f64>,
    lat: Option<f64>,
    accuracy_m: Option<f64>,
    /// Floor and room, as they were said: no list has them.
    floor: Option<u32>,
    room: Option<u32>,
    /// The unit that was named, when nothing in it was.
    unit: Option<Owner<'a>>,
    owner: Option<Box<RawValue>>,
}

impl<'a> One<'a> {
    fn of(state: &'a serving::State, candidate: &Candidate, owner: Option<Box<RawValue>>) -> Self {
        let snapshot = &state.snapshot;
        let place = candidate.place.and_then(|place| snapshot.places.get(place.ix()));
        let unit = candidate.owner.filter(|_| candidate.head.is_none()).map(|ix| snapshot.hierarchy.unit(ix));
        let point = candidate.point;
        Self {
            place: place.map(|place| place.id.as_str()),
            name: label(snapshot.gazetteer(), &snapshot.places, candidate),
            address: address(snapshot, candidate),
            match_level: candidate.level.key(),
            match_level_name: candidate.level.label(),
            score: rounded(candidate.score, 3),
            why: candidate.why.iter().map(|why| sentence(state, why)).collect(),
            lon: point.map(|point| rounded(point.lon(), POINT_DECIMALS)),
            lat: point.map(|point| rounded(point.lat(), POINT_DECIMALS)),
            accuracy_m: point.map(|_| rounded(candidate.accuracy_m, 1)),
            floor: candidate.slots.floor,
            room: candidate.slots.room,
            unit: unit.map(|unit| Owner::of(&snapshot.district, unit)),
            owner,
        }
    }
}

fn sentence(state: &serving::State, why: &Why) -> String {
    let region = |region| state.snapshot.gazetteer().region_name(region).unwrap_or_default().to_owned();
    match why {
        Why::Name => "名称一致".to_owned(),
        Why::Alias => "别名一致".to_owned(),
        Why::Like { read, share } => format!("“{read}”音近或形近，相似 {:.0}%", share * 100.0),
        Why::Beginning => "名称以此开头".to_owned(),
        Why::Letters => "拼音一致".to_owned(),
        Why::InRegion(of) => format!("在{}", region(*of)),
        Why::NotInRegion(of) => format!("不在{}", region(*of)),
        Why::Number => "号码已登记".to_owned(),
        Why::NoSuchNumber => "没有登记这个号码".to_owned(),
        Why::NoSuchEntrance => "没有登记这个单元".to_owned(),
        Why::Related(relation) => relation.to_string(),
        Why::Elsewhere => "提到了外地地名".to_owned(),
    }
}
