//! JSON answers: made for one request, or kept finished with the snapshot they came from.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::negotiate::{Keep, fresh, served};
use super::problem::Problem;
use super::routes::App;
use crate::service::bytes::Finished;
use crate::service::serving::State;
use crate::service::slots::WorkFault;

pub(super) const JSON: &str = "application/json";
pub(super) const GEOJSON: &str = "application/geo+json";

/// An answer nobody else gets: people, positions, the state of the moment. Not to be kept anywhere.
pub(super) fn json(body: &impl Serialize) -> Result<Response<Body>, Problem> {
    let body = serde_json::to_vec(body).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    Ok(fresh(JSON, body, Keep::Never))
}

/// An answer that depends on the snapshot and `key` only (the path and what of the query matters): made once, in a slot, and
/// kept in every encoding.
pub(super) async fn kept(
    app: &App,
    state: &Arc<State>,
    asked: &HeaderMap,
    key: String,
    content_type: &'static str,
    make: impl FnOnce(&State) -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<Response<Body>, Problem> {
    let of = Arc::clone(state);
    let make = move || {
        let body = make(&of).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
        Ok(Finished::compressible(content_type, body))
    };
    let finished = state.answers.get_or_make(key, &app.serving.slots, make).await?;
    Ok(served(&app.serving.slots, asked, &finished, Keep::Revalidate).await)
}

/// A number as people read it: whole metres and steps have no tail of binary noise.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}
