//! `issues/{id}`: when and where an issue was, whose it was then, and whose that land is now. Nothing personal.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::Serialize;

use super::acting::Acting;
use super::answer::json;
use super::problem::Problem;
use super::query::Asked;
use super::routes::{App, At};
use crate::service::locate::owner_of;
use crate::service::past::{Held, held};
use crate::service::serving;
use crate::service::slots::WorkFault;

/// `GET /api/v1/issues/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    // One issue among the few of a micro-grid points at whoever called: not for strangers, who see tiles of many.
    Acting(_): Acting,
    At(id): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let Some(at) = state.snapshot.issues.iter().position(|issue| issue.id == id) else {
        return Err(Problem::not_found("there is no such issue"));
    };
    let issue = &state.snapshot.issues[at];
    let day = issue.received.date();
    let then = match held(&state.snapshot, day) {
        Ok(Held::Now) => Some(Arc::clone(&state)),
        Ok(Held::Past(version)) => {
            let (serving, now) = (Arc::clone(&app.serving), Arc::clone(&state));
            let read = app.serving.slots.run(move || serving.past.get(&now, &version)).await?;
            Some(read.map_err(|fault| WorkFault::Failed(fault.to_string()))?)
        }
        // Before the first boundaries that are known.
        Err(_) => None,
    };
    let owner = |state: &'_ Arc<serving::State>| {
        let unit = issue.point.and_then(|point| owner_of(&state.snapshot, point))?;
        let unit = state.snapshot.hierarchy.unit(unit);
        Some(Owner { code: unit.code.clone(), name: unit.name.clone(), version: state.snapshot.version })
    };
    let owner_then = then.as_ref().and_then(owner);
    let successors = owner_then
        .as_ref()
        .map(|owner| state.snapshot.history.successors(&owner.code, owner.version, state.snapshot.version));
    json(&Answer {
        id: &issue.id,
        received: issue.received.to_string(),
        closed: issue.closed.map(|closed| closed.to_string()),
        category: &issue.category,
        subcategory: &issue.subcategory,
        owner_then,
        successors: successors.unwrap_or_default(),
        owner_now: owner(&state),
    })
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    received: String,
    closed: Option<String>,
    category: &'a str,
    subcategory: &'a str,
    /// By the boundaries that held on the day it was received; `null` without a position, or before the first.
    owner_then: Option<Owner>,
    /// The codes that the land of that unit goes by now.
    successors: Vec<String>,
    /// By the boundaries of now: one of the successors.
    owner_now: Option<Owner>,
}

#[derive(Serialize)]
struct Owner {
    code: String,
    name: String,
    version: u64,
}
