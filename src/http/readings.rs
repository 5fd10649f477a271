//! `readings`: what a pasted pair of coordinates may mean, each reading with its owner, and how far apart they lie.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::Serialize;

use super::answer::{json, rounded};
use super::owner::{Link, Owner, Point};
use super::problem::Problem;
use super::query::Asked;
use super::routes::App;
use crate::crs::paste::{How, Reading, readings};
use crate::crs::{Cgcs2000, Crs};
use crate::service::locate::owner_of;
use crate::service::serving;

/// `GET /api/v1/readings`
pub(super) async fn of_text(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["text"])?;
    let text = query.needed("text")?.to_owned();
    let state = app.serving.state();
    // Metres are tried in the district's own plane too, and where that is no national one, opening it takes PROJ some 10 ms.
    let answer = move || {
        let found = readings(&text, state.extent(), state.snapshot.district.plane)
            .map_err(|fault| Problem::query("text", fault.to_string()))?;
        json(&Answer::of(&state, &text, &found))
    };
    app.serving.slots.run(answer).await?
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    text: &'a str,
    /// The text does not say which reading is meant, and it matters: they have different owners.
    ask: bool,
    /// Between the two readings furthest apart.
    spread_m: f64,
    readings: Vec<Meaning<'a>>,
    version: u64,
}

#[derive(Debug, Serialize)]
struct Meaning<'a> {
    crs: String,
    how: &'static str,
    /// Latitude or northing stood first.
    swapped: bool,
    /// The text itself named this system.
    named: bool,
    point: Point,
    owner: Option<Owner<'a>>,
    chain: Vec<Link<'a>>,
}

impl<'a> Answer<'a> {
    fn of(state: &'a serving::State, text: &'a str, found: &[Reading]) -> Self {
        let meanings: Vec<_> = found.iter().map(|reading| Meaning::of(state, reading)).collect();
        let named = found.iter().filter(|reading| reading.named).count();
        let first = meanings.first().map(Meaning::owner_code);
        let open = named != 1 && meanings.iter().any(|meaning| Some(meaning.owner_code()) != first);
        Self {
            text,
            ask: open,
            spread_m: rounded(spread_m(found, Crs::Plane(state.snapshot.district.plane)), 1),
            readings: meanings,
            version: state.snapshot.version,
        }
    }
}

impl<'a> Meaning<'a> {
    fn of(state: &'a serving::State, reading: &Reading) -> Self {
        let snapshot = &state.snapshot;
        let (district, hierarchy) = (&snapshot.district, &snapshot.hierarchy);
        let owner = owner_of(snapshot, reading.point);
        let chain = owner.map_or_else(Vec::new, |ix| hierarchy.chain(ix));
        Self {
            crs: reading.crs.to_string(),
            how: match reading.how {
                How::Degrees => "degrees",
                How::Metres => "metres",
                How::Sexagesimal => "sexagesimal",
                How::Packed => "packed",
            },
            swapped: reading.swapped,
            named: reading.named,
            point: reading.point.into(),
            owner: owner.map(|ix| Owner::of(district, hierarchy.unit(ix))),
            chain: chain.into_iter().map(|ix| Link::of(district, hierarchy.unit(ix))).collect(),
        }
    }

    fn owner_code(&self) -> Option<&'a str> {
        self.owner.as_ref().map(Owner::code)
    }
}

/// The greatest distance between two readings, in the district's plane; there are a handful at most.
fn spread_m(found: &[Reading], plane: Crs) -> f64 {
    let metres = |point: Cgcs2000| plane.write(point).ok();
    let places: Vec<_> = found.iter().filter_map(|reading| metres(reading.point)).collect();
    let pairs = places.iter().enumerate().flat_map(|(i, a)| places[i + 1..].iter().map(move |b| (a, b)));
    pairs.map(|((ae, an), (be, bn))| (ae - be).hypot(an - bn)).fold(0.0, f64::max)
}
