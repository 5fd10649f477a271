//! `versions`: when the boundaries changed, by which document, and which unit became which.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, kept};
use super::problem::Problem;
use super::query::Asked;
use super::routes::{App, At};
use crate::service::serving;

/// `GET /api/v1/versions`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let make = |state: &serving::State| {
        let history = &state.snapshot.history;
        let described = |version| Described::of(&state.snapshot, version);
        serde_json::to_vec(&Versions {
            current: state.snapshot.version,
            versions: history.versions().iter().rev().map(described).collect(),
        })
    };
    kept(&app, &state, &headers, "versions".to_owned(), JSON, make).await
}

/// `GET /api/v1/versions/{version}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(number): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let known = number.parse().ok().filter(|number| state.snapshot.history.version(*number).is_some());
    let Some(number) = known else {
        return Err(Problem::not_found("there is no such version; /api/v1/versions lists them"));
    };
    let make = move |state: &serving::State| {
        let history = &state.snapshot.history;
        let lineage = history.lineage_of(number).map(|row| Row { kind: row.kind.word(), old: &row.old, new: &row.new });
        let version = history.version(number).map(|version| Described::of(&state.snapshot, version));
        serde_json::to_vec(&Whole { version, lineage: lineage.collect() })
    };
    kept(&app, &state, &headers, format!("versions/{number}"), JSON, make).await
}

#[derive(Serialize)]
struct Versions<'a> {
    /// The one that is served.
    current: u64,
    /// The latest first.
    versions: Vec<Described<'a>>,
}

#[derive(Serialize)]
struct Described<'a> {
    version: u64,
    effective: String,
    recorded: String,
    document: &'a str,
    reason: &'a str,
    /// Who published it; empty for an import.
    by: &'a str,
    /// The draft it came from.
    draft: Option<u64>,
    /// The content hash of its boundaries.
    sha256: &'a str,
    /// How many units came from another, and from how many.
    units_new: usize,
    units_old: usize,
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    version: Option<Described<'a>>,
    lineage: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    old: &'a str,
    new: &'a str,
}

impl<'a> Described<'a> {
    fn of(snapshot: &'a crate::snapshot::Snapshot, version: &'a crate::grid::history::Version) -> Self {
        let (units_old, units_new) = snapshot.history.changed_at(version.number);
        Self {
            version: version.number,
            effective: version.effective.to_string(),
            recorded: version.recorded.to_string(),
            document: &version.document,
            reason: &version.reason,
            by: &version.by,
            draft: version.draft,
            sha256: &version.digest,
            units_new,
            units_old,
        }
    }
}
