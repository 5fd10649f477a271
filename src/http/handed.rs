//! `versions/{version}/places`: the addresses that a version gave to another unit.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use serde::Serialize;

use super::answer::JSON;
use super::negotiate::{Keep, fresh};
use super::problem::Problem;
use super::query::Asked;
use super::routes::{App, At};
use crate::exchange::sheet;
use crate::service::past::PastFault;
use crate::service::places::{OwnerChange, moved};
use crate::service::serving::{self, Serving};
use crate::service::slots::WorkFault;
use crate::store::StoreFault;

/// Addresses on one page, unless said, and at most. A table has all of them.
const PAGE: usize = 1000;
const MOST: usize = 10_000;

/// `GET /api/v1/versions/{version}/places`
pub(super) async fn of_version(
    State(app): State<Arc<App>>,
    At(number): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["format", "offset", "limit"])?;
    let table = match query.text("format") {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::query("format", "formats are json and csv")),
    };
    let offset = query.parsed("offset", "a number of addresses")?.unwrap_or(0);
    let limit = query.parsed("limit", "a number of addresses")?.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::query("limit", format!("limit is {limit}: between 1 and {MOST}")));
    }
    let state = app.serving.state();
    let versions = state.snapshot.history.versions();
    let number: Option<u64> = number.parse().ok();
    let Some(at) = versions.iter().position(|version| Some(version.number) == number) else {
        return Err(Problem::not_found("there is no such version; /api/v1/versions lists them"));
    };
    let serving = Arc::clone(&app.serving);
    let work = move || answer(&serving, &state, at, (table, offset, limit));
    app.serving.slots.run(work).await?
}

/// The places as they are now, by the boundaries of a version and of the one before it. Nothing has moved by the first.
fn answer(
    serving: &Serving,
    state: &Arc<serving::State>,
    at: usize,
    (table, offset, limit): (bool, usize, usize),
) -> Result<Response<Body>, Problem> {
    let versions = state.snapshot.history.versions();
    let boundaries = |at: usize| {
        let version = &versions[at];
        if version.number == state.snapshot.version {
            return Ok(Arc::clone(state));
        }
        serving.past.get(state, version).map_err(|fault| match fault {
            PastFault::Store(StoreFault::NotKept { version, .. }) => Problem::not_found(format!(
                "the boundaries of version {version} are not kept, so nothing can be compared"
            )),
            fault => Problem::from(WorkFault::Failed(fault.to_string())),
        })
    };
    let after = boundaries(at)?;
    let before = at.checked_sub(1).map(boundaries).transpose()?;
    let places = &state.snapshot.places;
    let found = before.as_ref().map_or_else(Vec::new, |before| moved(places, &before.snapshot, &after.snapshot));
    let version = versions[at].number;
    if table {
        let body = sheet::csv(&CSV, found.iter().map(row)).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
        let mut response = fresh("text/csv; charset=utf-8", body, Keep::Never);
        if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"places-{version}.csv\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
        }
        return Ok(response);
    }
    let body = serde_json::to_vec(&Answer {
        version,
        before: at.checked_sub(1).map(|at| versions[at].number),
        places: places.len(),
        total: found.len(),
        changes: found.iter().skip(offset).take(limit).map(Handed::of).collect(),
    });
    let body = body.map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    Ok(fresh(JSON, body, Keep::Never))
}

#[derive(Serialize)]
struct Answer<'a> {
    version: u64,
    /// The version that it is compared with; `null` for the first.
    before: Option<u64>,
    /// All that were looked at.
    places: usize,
    /// Those that are another unit's, on all pages.
    total: usize,
    changes: Vec<Handed<'a>>,
}

#[derive(Serialize)]
struct Handed<'a> {
    id: &'a str,
    kind: &'a str,
    name: &'a str,
    address: &'a str,
    /// `null` for land that is nobody's.
    from: Option<Unit<'a>>,
    to: Option<Unit<'a>>,
}

#[derive(Serialize)]
struct Unit<'a> {
    code: &'a str,
    name: &'a str,
}

impl<'a> Handed<'a> {
    fn of(change: &OwnerChange<'a>) -> Self {
        let unit = |(code, name)| Unit { code, name };
        let place = change.place;
        Self {
            id: &place.id,
            kind: &place.kind,
            name: &place.name,
            address: &place.address,
            from: change.from.map(unit),
            to: change.to.map(unit),
        }
    }
}

/// The columns of the table.
const CSV: [&str; 8] = [
    "编号 id",
    "种类 kind",
    "名称 name",
    "地址 address",
    "原网格 from",
    "原网格名称 from_name",
    "新网格 to",
    "新网格名称 to_name",
];

fn row<'a>(change: &OwnerChange<'a>) -> Vec<Cow<'a, str>> {
    let (from, to) = (change.from.unwrap_or_default(), change.to.unwrap_or_default());
    let place = change.place;
    let texts = [&place.id, &place.kind, &place.name, &place.address].map(|text| Cow::from(text.as_str()));
    texts.into_iter().chain([from.0, from.1, to.0, to.1].map(Cow::from)).collect()
}
