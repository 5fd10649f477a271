//! For whoever watches the service: alive, ready, counters, and the description of the interface itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, json};
use super::negotiate::{Keep, fresh, respond};
use super::problem::Problem;
use super::routes::App;
use crate::service::bytes::Finished;

/// The interface as OpenAPI 3.1; a test holds it against the routes.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

const TEXT: &str = "text/plain; charset=utf-8";

/// `GET /healthz`: the process answers. Never asks anything else.
pub(super) async fn alive() -> Response<Body> {
    fresh(TEXT, b"ok\n".to_vec(), Keep::Never)
}

/// `GET /readyz`: a snapshot is loaded, which is so before the port opens.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Response<Body>, Problem> {
    let state = app.serving.state();
    json(&Ready { ready: true, version: state.snapshot.version, as_of: state.snapshot.recorded.to_string() })
}

#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    version: u64,
    as_of: String,
}

/// `GET /metrics` in the text format of Prometheus.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response<Body> {
    let state = app.serving.state();
    let mut caches =
        vec![("tiles", state.tiles.counts()), ("answers", state.answers.counts()), ("assets", app.assets.counts())];
    caches.extend(app.serving.base_map().map(|base_map| ("base_map", base_map.counts())));
    let text = app.metrics.written(state.snapshot.version, app.serving.waiting(), &caches);
    fresh("text/plain; version=0.0.4; charset=utf-8", text.into_bytes(), Keep::Never)
}

/// `GET /api/openapi.json`
pub(super) async fn openapi(headers: HeaderMap) -> Response<Body> {
    respond(&headers, &Finished::compressible(JSON, OPENAPI.as_bytes().to_vec()), Keep::Revalidate)
}
