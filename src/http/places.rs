//! `places`: addresses added, moved, renamed and taken away, each with its history. Reading needs no token, and holds nothing personal.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acting::Acting;
use super::answer::{json, rounded};
use super::ops;
use super::owner::{Link, Owner, POINT_DECIMALS};
use super::problem::{Kind, Problem};
use super::query::{Asked, Query};
use super::routes::{App, At};
use crate::crs::{Cgcs2000, Crs, UnknownCrs};
use crate::place::Place;
use crate::place::choice::ChoiceFault;
use crate::place::edit::{LoggedEdit, OTHER, PlaceFault};
use crate::service::locate::{chain, owner_of};
use crate::service::places::{Changed, Places, PlacesFault, Seen, Wanted, revision};
use crate::snapshot::Snapshot;
use crate::store::StoreFault;

/// Runs what waits for the disk on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Places) -> Result<T, PlacesFault> + Send + 'static,
) -> Result<T, Problem> {
    let places = Arc::clone(&app.places);
    let done = app.serving.slots.run(move || work(&places)).await?;
    done.map_err(|fault| Problem::of_places(&fault))
}

/// Tells everybody which places are not what they were: to be called where the edit is made, so that a client who has gone away meanwhile keeps
/// nobody from hearing of it.
pub(super) fn tell(app: &App, changed: &Changed) {
    let revision = changed.state.snapshot.place_edits;
    let mut ids: Vec<&str> = changed.edits.iter().map(|edited| edited.id()).collect();
    ids.dedup();
    match serde_json::to_string(&Told { revision, ids }) {
        Ok(told) => app.events.tell("places", told),
        Err(fault) => tracing::error!(%fault, "an edit of places cannot be told of"),
    }
}

#[derive(Serialize)]
struct Told<'a> {
    /// How many edits of places there have been.
    revision: u64,
    ids: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adding {
    id: Option<String>,
    kind: Option<String>,
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    aliases: Vec<String>,
    lon: f64,
    lat: f64,
    crs: Option<String>,
    #[serde(default)]
    accuracy_m: f64,
}

/// `POST /api/v1/places`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let adding: Adding = ops::body(&app, body).await?;
    let (crs, of) = (crs(adding.crs.as_deref())?, Arc::clone(&app));
    // A plane may have to be opened first, which takes a while.
    let point = app.serving.slots.run(move || point(crs, adding.lon, adding.lat)).await??;
    let place = Place {
        id: adding.id.unwrap_or_default(),
        kind: adding.kind.unwrap_or_else(|| OTHER.to_owned()),
        name: adding.name,
        address: adding.address,
        aliases: adding.aliases,
        point,
        accuracy_m: adding.accuracy_m,
    };
    let changed = blocking(&app, move |places| {
        let changed = places.add(&actor, place, Timestamp::now())?;
        tell(&of, &changed);
        Ok(changed)
    });
    let mut response = answer(&changed.await?)?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `GET /api/v1/places/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    match state.snapshot.places.iter().find(|place| place.id == id) {
        Some(place) => described(&state.snapshot, place),
        None => Err(Problem::not_found("there is no such place; if there was, its history is at …/history")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changing {
    revision: Option<String>,
    lon: Option<f64>,
    lat: Option<f64>,
    crs: Option<String>,
    accuracy_m: Option<f64>,
    name: Option<String>,
    address: Option<String>,
    #[serde(default)]
    alias: Vec<String>,
    #[serde(default)]
    unalias: Vec<String>,
}

/// `PATCH /api/v1/places/{id}`
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At(id): At<String>,
    headers: HeaderMap,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["revision"])?;
    let said = seen(&headers, &query);
    let changing: Changing = ops::body(&app, body).await?;
    let seen = said.or(changing.revision.map(Seen::Revision)).ok_or_else(revision_needed)?;
    let crs = crs(changing.crs.as_deref())?;
    let at = match (changing.lon, changing.lat) {
        (Some(lon), Some(lat)) => Some(app.serving.slots.run(move || point(crs, lon, lat)).await??),
        (None, None) => None,
        _ => return Err(Problem::body_at("/lon", "a position needs both lon and lat")),
    };
    let wanted = Wanted {
        point: at,
        accuracy_m: changing.accuracy_m,
        name: changing.name,
        address: changing.address,
        alias: changing.alias,
        unalias: changing.unalias,
    };
    let of = Arc::clone(&app);
    let changed = blocking(&app, move |places| {
        let changed = places.edit(&actor, (&id, &seen), wanted, Timestamp::now())?;
        tell(&of, &changed);
        Ok(changed)
    });
    answer(&changed.await?)
}

/// `DELETE /api/v1/places/{id}`
pub(super) async fn retire(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At(id): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["revision"])?;
    let seen = seen(&headers, &query).ok_or_else(revision_needed)?;
    let of = Arc::clone(&app);
    let changed = blocking(&app, move |places| {
        let changed = places.retire(&actor, (&id, &seen), Timestamp::now())?;
        tell(&of, &changed);
        Ok(changed)
    });
    let changed = changed.await?;
    json(&Retired { id: changed.edits.first().map_or("", |edited| edited.id()), retired: true })
}

#[derive(Serialize)]
struct Retired<'a> {
    id: &'a str,
    retired: bool,
}

/// `GET /api/v1/places/{id}/history`
pub(super) async fn history(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let asked_for = id.clone();
    let log = blocking(&app, move |places| places.history(&asked_for)).await?;
    let of = state.snapshot.places.iter().find(|place| place.id == id);
    if of.is_none() && log.is_empty() {
        return Err(Problem::not_found("there is no such place, and nobody edited one of this id"));
    }
    json(&History { id: &id, retired: of.is_none(), edits: log.iter().map(Entry::of).collect() })
}

/// What somebody has seen of a place: `If-Match`, or `revision` of the query.
fn seen(headers: &HeaderMap, query: &Query) -> Option<Seen> {
    if let Some(revision) = query.text("revision") {
        return Some(Seen::Revision(revision.to_owned()));
    }
    let tag = headers.get(header::IF_MATCH)?.to_str().ok()?.trim();
    if tag == "*" {
        return Some(Seen::Any);
    }
    Some(Seen::Revision(tag.trim_start_matches("W/").trim_matches('"').to_owned()))
}

fn revision_needed() -> Problem {
    let wanted = "say which revision of the place you have seen: If-Match with its ETag, or revision";
    Problem::body_at("/revision", wanted)
}

fn crs(text: Option<&str>) -> Result<Crs, Problem> {
    let Some(text) = text else { return Ok(Crs::Cgcs2000) };
    text.parse().map_err(|fault: UnknownCrs| Problem::body_at("/crs", fault.to_string()))
}

/// A position as it is stored: to 10⁻⁹°.
fn point(crs: Crs, x: f64, y: f64) -> Result<Cgcs2000, Problem> {
    let read = crs
        .read(x, y)
        .and_then(|point| Cgcs2000::new(rounded(point.lon(), POINT_DECIMALS), rounded(point.lat(), POINT_DECIMALS)));
    read.map_err(|fault| Problem::body_at("/lon", fault.to_string()))
}

/// The place that an edit left.
fn answer(changed: &Changed) -> Result<Response<Body>, Problem> {
    let snapshot = &changed.state.snapshot;
    let Some(place) = changed.edits.last().and_then(|edited| edited.after.as_ref()) else {
        return Err(Problem::not_found("the place is not there any more"));
    };
    let mut response = described(snapshot, place)?;
    let address = format!("/api/v1/places/{}", encoded(&place.id));
    if let Ok(address) = address.parse() {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// A part of a path in which whatever is not a letter or digit of ASCII is escaped.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let escaped = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escaped).collect()
}

fn described(snapshot: &Snapshot, place: &Place) -> Result<Response<Body>, Problem> {
    let owner = owner_of(snapshot, place.point);
    let district = &snapshot.district;
    let revision = revision(place);
    let mut response = json(&Described {
        place: Facts::of(place),
        revision: &revision,
        owner: owner.map(|unit| Owner::of(district, snapshot.hierarchy.unit(unit))),
        chain: owner.map_or_else(Vec::new, |unit| {
            chain(snapshot, unit).into_iter().map(|unit| Link::of(district, unit)).collect()
        }),
        version: snapshot.version,
    })?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

#[derive(Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    place: Facts<'a>,
    /// Also the ETag: what whoever edits the place has to name.
    revision: &'a str,
    /// `null` for land that is nobody's.
    owner: Option<Owner<'a>>,
    chain: Vec<Link<'a>>,
    version: u64,
}

#[derive(Serialize)]
struct Facts<'a> {
    id: &'a str,
    kind: &'a str,
    name: &'a str,
    address: &'a str,
    aliases: &'a [String],
    lon: f64,
    lat: f64,
    accuracy_m: f64,
}

impl<'a> Facts<'a> {
    fn of(place: &'a Place) -> Self {
        let Place { id, kind, name, address, aliases, point, accuracy_m } = place;
        let (lon, lat) = (rounded(point.lon(), POINT_DECIMALS), rounded(point.lat(), POINT_DECIMALS));
        Self { id, kind, name, address, aliases, lon, lat, accuracy_m: *accuracy_m }
    }
}

#[derive(Serialize)]
struct History<'a> {
    id: &'a str,
    retired: bool,
    /// The first one first.
    edits: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    number: u64,
    verb: &'static str,
    by: &'a str,
    at: String,
    /// The choice that it came from.
    choice: Option<u64>,
    before: Option<Facts<'a>>,
    after: Option<Facts<'a>>,
}

impl<'a> Entry<'a> {
    fn of(logged: &'a LoggedEdit) -> Self {
        Self {
            number: logged.number,
            verb: logged.edited.verb.word(),
            by: &logged.actor.name,
            at: logged.at.to_string(),
            choice: logged.choice,
            before: logged.edited.before.as_ref().map(Facts::of),
            after: logged.edited.after.as_ref().map(Facts::of),
        }
    }
}

impl Problem {
    /// Why a place was not edited, or a choice not decided.
    pub(super) fn of_places(fault: &PlacesFault) -> Self {
        let detail = fault.to_string();
        match fault {
            PlacesFault::Edit(PlaceFault::NoPlace(_)) | PlacesFault::NoChoice(_) => Self::not_found(detail),
            PlacesFault::Edit(PlaceFault::Text { field, .. }) => Self::body_at(&format!("/{field}"), detail),
            PlacesFault::Edit(PlaceFault::Separator | PlaceFault::Aliases) => Self::body_at("/alias", detail),
            PlacesFault::Edit(PlaceFault::Accuracy) => Self::body_at("/accuracy_m", detail),
            PlacesFault::Off(_) => Self::body_at("/lon", detail),
            PlacesFault::Count => Self::body(detail),
            PlacesFault::Scope(_) | PlacesFault::Choice(ChoiceFault::FourEyes) => Self::new(Kind::Forbidden, detail),
            PlacesFault::Edit(_)
            | PlacesFault::Stale { .. }
            | PlacesFault::Choice(_)
            | PlacesFault::Store(StoreFault::Moved { .. } | StoreFault::Decided { .. } | StoreFault::TooMuch { .. }) => {
                Self::new(Kind::Conflict, detail)
            }
            PlacesFault::Store(StoreFault::Busy(_) | StoreFault::Locked { .. }) => Self::new(Kind::Busy, detail),
            PlacesFault::NoStore | PlacesFault::Store(_) => {
                tracing::error!(%fault, "places could not be read or written");
                Self::new(Kind::Internal, detail)
            }
        }
    }
}
