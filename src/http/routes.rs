//! Every route, grouped by who calls.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, Uri, header};
use axum::routing::{MethodRouter, delete, get, post};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::assets::Assets;
use super::guard::Guarded;
use super::metrics::Metrics;
use super::patience::Limits;
use super::problem::Problem;
use super::{
    base_map, batch, checks, choices, choropleth, compare, district, drafts, events, handed, health, heat, issues,
    legends, owner, places, proposals, readings, search, sheets, stats, styles, tiles, units, versions, wms, wmts,
};
use crate::service::actors::Actors;
use crate::service::drafts::Drafts;
use crate::service::events::Events;
use crate::service::places::Places;
use crate::service::serving::Serving;
use crate::service::slots::Slots;

/// A route: where the router finds it, and the paths of the OpenAPI document that it serves.
type Route = (&'static str, &'static [&'static str], MethodRouter<Arc<App>>);

fn routes() -> Vec<Route> {
    [questions(), changes(), maps(), machines()].into_iter().flatten().collect()
}

fn questions() -> Vec<Route> {
    vec![
        // Dispatchers: whose point is this?
        (owner::PATH, &[owner::PATH], get(owner::of_position)),
        (batch::PATH, &[batch::PATH], post(batch::of_rows)),
        ("/api/v1/search", &["/api/v1/search"], get(search::of_text)),
        ("/api/v1/readings", &["/api/v1/readings"], get(readings::of_text)),
        // Everybody with a map: what is there?
        ("/api/v1/district", &["/api/v1/district"], get(district::describe)),
        ("/api/v1/units", &["/api/v1/units"], get(units::list)),
        ("/api/v1/units/{code}", &["/api/v1/units/{code}"], get(units::one)),
        ("/api/v1/units/{code}/geometry", &["/api/v1/units/{code}/geometry"], get(units::geometry)),
        ("/api/v1/units/{code}/neighbours", &["/api/v1/units/{code}/neighbours"], get(units::adjacent)),
        ("/api/v1/units/{code}/people", &["/api/v1/units/{code}/people"], get(units::people)),
        ("/api/v1/units/{code}/proposals", &["/api/v1/units/{code}/proposals"], get(proposals::of_unit)),
        ("/api/v1/issues/{id}", &["/api/v1/issues/{id}"], get(issues::one)),
        ("/api/v1/versions", &["/api/v1/versions"], get(versions::list)),
        ("/api/v1/versions/{version}", &["/api/v1/versions/{version}"], get(versions::one)),
        ("/api/v1/versions/{version}/diff", &["/api/v1/versions/{version}/diff"], get(compare::of_version)),
        ("/api/v1/versions/{version}/revert", &["/api/v1/versions/{version}/revert"], post(drafts::revert)),
        ("/api/v1/versions/{version}/places", &["/api/v1/versions/{version}/places"], get(handed::of_version)),
        ("/api/v1/checks", &["/api/v1/checks"], get(checks::principles)),
        ("/api/v1/events", &["/api/v1/events"], get(events::listen)),
    ]
}

fn changes() -> Vec<Route> {
    vec![
        // Who edits boundaries: drafts, review, publication.
        ("/api/v1/drafts", &["/api/v1/drafts"], get(drafts::list).post(drafts::open)),
        ("/api/v1/drafts/{id}", &["/api/v1/drafts/{id}"], get(drafts::one).delete(drafts::discard)),
        ("/api/v1/drafts/{id}/ops", &["/api/v1/drafts/{id}/ops"], post(drafts::ask)),
        ("/api/v1/drafts/{id}/ops/{seq}", &["/api/v1/drafts/{id}/ops/{seq}"], delete(drafts::undo)),
        ("/api/v1/drafts/{id}/diff", &["/api/v1/drafts/{id}/diff"], get(compare::of_draft)),
        ("/api/v1/drafts/{id}/affected", &["/api/v1/drafts/{id}/affected"], get(compare::affected)),
        ("/api/v1/drafts/{id}/rebase", &["/api/v1/drafts/{id}/rebase"], post(drafts::rebase)),
        ("/api/v1/drafts/{id}/submit", &["/api/v1/drafts/{id}/submit"], post(drafts::submit)),
        ("/api/v1/drafts/{id}/approve", &["/api/v1/drafts/{id}/approve"], post(drafts::approve)),
        ("/api/v1/drafts/{id}/return", &["/api/v1/drafts/{id}/return"], post(drafts::give_back)),
        ("/api/v1/drafts/{id}/publish", &["/api/v1/drafts/{id}/publish"], post(drafts::publish)),
        // Who keeps the addresses: places, and what dispatchers meant by their words.
        ("/api/v1/places", &["/api/v1/places"], post(places::add)),
        ("/api/v1/places/{id}", &["/api/v1/places/{id}"], get(places::one).patch(places::edit).delete(places::retire)),
        ("/api/v1/places/{id}/history", &["/api/v1/places/{id}/history"], get(places::history)),
        ("/api/v1/search/choices", &["/api/v1/search/choices"], get(choices::list).post(choices::choose)),
        ("/api/v1/search/choices/{id}/accept", &["/api/v1/search/choices/{id}/accept"], post(choices::accept)),
        ("/api/v1/search/choices/{id}/reject", &["/api/v1/search/choices/{id}/reject"], post(choices::reject)),
    ]
}

fn maps() -> Vec<Route> {
    vec![
        // The wall: how much, where?
        ("/api/v1/stats/{measure}", &["/api/v1/stats/{measure}"], get(stats::by_unit)),
        ("/api/v1/stats/{measure}/classes", &["/api/v1/stats/{measure}/classes"], get(choropleth::classes)),
        ("/api/v1/stats/issues/timeline", &["/api/v1/stats/issues/timeline"], get(stats::over_time)),
        ("/api/v1/stats/issues/frames", &["/api/v1/stats/issues/frames"], get(heat::frames)),
        (
            "/api/v1/legends/{file}",
            &[
                "/api/v1/legends/choropleth.json",
                "/api/v1/legends/choropleth.png",
                "/api/v1/legends/heat.json",
                "/api/v1/legends/heat.png",
            ],
            get(legends::one),
        ),
        // Map clients: tiles and what describes them.
        ("/tiles/{file}", &["/tiles/{set}.json"], get(tiles::describe)),
        (
            tiles::PATH,
            &[
                "/tiles/{set}/{z}/{x}/{y}.mvt",
                "/tiles/{style}/{z}/{x}/{y}.png",
                "/tiles/{style}/{z}/{x}/{y}@2x.png",
                "/tiles/heat/{z}/{x}/{y}.png",
                "/tiles/choropleth/{z}/{x}/{y}.png",
            ],
            get(tiles::one),
        ),
        ("/tiles/basemap.json", &["/tiles/basemap.json"], get(base_map::describe)),
        ("/tiles/basemap/{z}/{x}/{file}", &["/tiles/basemap/{z}/{x}/{y}.{format}"], get(base_map::one)),
        ("/styles/{file}", &["/styles/{name}.json"], get(styles::one)),
        // Map clients that speak OGC: any GIS.
        ("/wmts", &["/wmts"], get(wmts::by_parameters)),
        (wmts::CAPABILITIES, &[wmts::CAPABILITIES], get(wmts::capabilities)),
        (
            "/wmts/{layer}/{style}/{set}/{z}/{y}/{file}",
            &["/wmts/{layer}/{style}/{set}/{z}/{y}/{x}.png"],
            get(wmts::by_path),
        ),
        ("/wms", &["/wms"], get(wms::by_parameters)),
        // Whoever prints: maps, the wall poster, public notices.
        (
            "/api/v1/sheets/{file}",
            &["/api/v1/sheets/map.{format}", "/api/v1/sheets/poster.{format}", "/api/v1/sheets/notice.{format}"],
            get(sheets::one),
        ),
    ]
}

/// Operators and machines.
fn machines() -> Vec<Route> {
    vec![
        ("/healthz", &["/healthz"], get(health::alive)),
        ("/readyz", &["/readyz"], get(health::ready)),
        ("/metrics", &["/metrics"], get(health::metrics)),
        ("/api/openapi.json", &["/api/openapi.json"], get(health::openapi)),
    ]
}

/// Sheets drawn at once, and how many may wait; beyond that a request is told to come back.
const SHEETS_AT_ONCE: usize = 1;
const SHEETS_WAITING: usize = 8;

/// What every handler shares.
#[derive(Debug)]
pub struct App {
    pub(super) serving: Arc<Serving>,
    pub(super) assets: Assets,
    pub(super) metrics: Metrics,
    pub(super) limits: Limits,
    /// Places for batches under way.
    pub(super) batches: Arc<Semaphore>,
    /// Sheets take a while: few at once, so that tiles go on meanwhile. Those that take seconds are in the line of `Serving::large`.
    pub(super) sheets: Slots,
    pub(super) actors: Actors,
    pub(super) drafts: Arc<Drafts>,
    pub(super) places: Arc<Places>,
    pub(super) events: Events,
    origin: Option<String>,
}

impl App {
    /// `origin` is the public one (`https://map.example.cn`), for the addresses inside TileJSON and styles; without it they
    /// follow the Host header of each request. `actors` may change boundaries; without any, nobody may.
    #[must_use]
    pub fn new(serving: Arc<Serving>, limits: Limits, origin: Option<String>, actors: Actors) -> Arc<Self> {
        let metrics = Metrics::new(routes().into_iter().map(|(at, ..)| at));
        let origin = origin.map(|origin| origin.trim_end_matches('/').to_owned());
        let batches = Arc::new(Semaphore::new(limits.batches.min(Semaphore::MAX_PERMITS)));
        let drafts = Arc::new(Drafts::new(Arc::clone(&serving)));
        let places = Arc::new(Places::new(Arc::clone(&serving)));
        let events = Events::new(format!("{:x}", jiff::Timestamp::now().as_millisecond()));
        let assets = Assets::new();
        let sheets = Slots::new(SHEETS_AT_ONCE, SHEETS_WAITING);
        Arc::new(Self { serving, assets, metrics, limits, batches, sheets, actors, drafts, places, events, origin })
    }

    /// Ends the streams that would go on for ever: the service stops.
    pub fn close(&self) {
        self.events.close();
    }
}

/// The whole service, to be given to [`super::serve`].
pub fn router(app: &Arc<App>) -> Guarded {
    router_with(app, Router::new())
}

/// The whole service and more routes under the same roof: sizes, headers and panics are theirs too; they are counted as `other`.
pub fn router_with(app: &Arc<App>, more: Router<Arc<App>>) -> Guarded {
    let paths: Vec<&str> = routes().into_iter().map(|(at, ..)| at).collect();
    let router = routes().into_iter().fold(more, |router, (at, _, methods)| router.route(at, methods));
    let router = router.fallback(asset).method_not_allowed_fallback(async || Problem::method());
    Guarded::new(Arc::clone(app), &paths, router.with_state(Arc::clone(app)))
}

/// The page and its files; anything else does not exist.
async fn asset(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    if !matches!(method, Method::GET | Method::HEAD) || uri.path().starts_with("/api/") {
        return Err(Problem::not_found("nothing has this address; /api/openapi.json lists what there is"));
    }
    app.assets.answer(uri.path(), &headers, &app.serving.slots).await
}

/// The parts of a path, decoded. What cannot be decoded names nothing, so it is a 404.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(parts)| Self(parts)).map_err(|_| Problem::not_found("the path is not percent-encoded UTF-8"))
    }
}

/// Where this server is reached: as configured, or as the request's Host says, if that looks like a host.
#[derive(Debug)]
pub(super) struct Origin(pub(super) String);

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if let Some(origin) = &app.origin {
            return Ok(Self(origin.clone()));
        }
        let header = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = parts.uri.authority().map(|authority| authority.as_str()).or(header);
        let plain = |host: &&str| {
            (1..=255).contains(&host.len())
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_'))
        };
        Ok(Self(host.filter(plain).map_or_else(String::new, |host| format!("http://{host}"))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_openapi_document_describes_exactly_the_routes() {
        let document: serde_json::Value = serde_json::from_str(health::OPENAPI).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<_> = paths.keys().map(String::as_str).collect();
        let served: BTreeSet<_> = routes().iter().flat_map(|(_, paths, _)| paths.iter().copied()).collect();
        assert_eq!(described, served);
        for (path, methods) in paths {
            let methods = methods.as_object().expect("methods");
            assert!(!methods.is_empty(), "{path} has a method");
            for (method, operation) in methods {
                assert!(
                    ["get", "post", "patch", "delete"].contains(&method.as_str()),
                    "{method} {path} is no method that is served"
                );
                assert!(operation["summary"].is_string(), "{method} {path} says what it is for");
                let answers = ["200", "201"].iter().any(|status| operation["responses"][status].is_object());
                assert!(answers, "{method} {path} says what it answers");
                assert_eq!(
                    ["post", "patch"].contains(&method.as_str()),
                    operation["requestBody"].is_object(),
                    "{method} {path} says what it takes"
                );
            }
        }
    }
}
