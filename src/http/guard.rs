//! Around every request: sizes, counting, the headers that every answer carries, and a panic that stays inside.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::{BoxError, Router};
use futures_util::FutureExt;
use futures_util::future::Either;
use jiff::Timestamp;
use tower_service::Service;

use super::batch;
use super::express::{self, Express};
use super::problem::Problem;
use super::routes::App;

/// All routes, and what is done around each request: sizes first, then the answer, then its headers and the count.
///
/// It stands around the router as a whole: a layer of the router's own is kept once a route, and boxed and copied with it for each request.
#[derive(Clone, Debug)]
pub struct Guarded {
    router: Router,
    around: Arc<Around>,
}

#[derive(Debug)]
struct Around {
    app: Arc<App>,
    /// The places of the paths that are counted.
    paths: matchit::Router<usize>,
    /// Of those, the ones of what is answered before routing.
    express: [Option<usize>; Express::ALL.len()],
}

impl Guarded {
    /// `paths` as the metrics of `app` have them. One that `router` takes is one that the matcher of both takes.
    pub(super) fn new(app: Arc<App>, paths: &[&str], router: Router) -> Self {
        let mut places = matchit::Router::new();
        for (place, path) in paths.iter().enumerate() {
            let _ = places.insert(*path, place);
        }
        let express = Express::ALL.map(|question| paths.iter().position(|path| *path == question.route()));
        Self { router, around: Arc::new(Around { app, paths: places, express }) }
    }
}

impl<B> Service<Request<B>> for Guarded
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        Ready<Result<Response<Body>, Infallible>>,
        Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let begun = Instant::now();
        if let Some(response) = self.around.answered(&request, begun) {
            return Either::Left(ready(Ok(response)));
        }
        let around = Arc::clone(&self.around);
        let path = request.uri().path();
        let (open, place) = (is_open(path), around.paths.at(path).ok().map(|found| *found.value));
        let at_once = match too_large(&around.app, &request) {
            Some(problem) => Some(problem.into_response()),
            None if open && request.method() == Method::OPTIONS => Some(preflight(path)),
            None => None,
        };
        let answer = if at_once.is_none() { Some(self.router.call(request)) } else { None };
        Either::Right(Box::pin(async move {
            let answered = match answer {
                Some(answer) => AssertUnwindSafe(answer).catch_unwind().await,
                None => Ok(Ok(at_once.unwrap_or_default())),
            };
            let mut response = answered.unwrap_or_else(|reason| Ok(panicked(&around.app, reason.as_ref())))?;
            headers(response.headers_mut(), open);
            around.app.metrics.count(place, response.status(), begun.elapsed());
            Ok(response)
        }))
    }
}

impl Around {
    /// The answer that needs no routing, counted. A question that panics here goes the long way, where a second panic is told of.
    fn answered<B: HttpBody>(&self, request: &Request<B>, begun: Instant) -> Option<Response<Body>> {
        // What has a body, or an address longer than is read, is refused for that first.
        if target_bytes(request) > self.app.limits.uri_bytes || !request.body().is_end_stream() {
            return None;
        }
        let answered = catch_unwind(AssertUnwindSafe(|| express::answered(&self.app, request)));
        let (question, response) = answered.ok().flatten()?;
        self.app.metrics.count(self.express[question as usize], response.status(), begun.elapsed());
        Some(response)
    }
}

/// A stated length is believed at once; a body without one is read by the batch route only, which bounds rows instead.
fn too_large<B>(app: &App, request: &Request<B>) -> Option<Problem> {
    let length = |headers: &HeaderMap| headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok();
    if target_bytes(request) > app.limits.uri_bytes {
        Some(Problem::uri_length(app.limits.uri_bytes))
    } else if request.uri().path() != batch::PATH
        && length(request.headers()).is_some_and(|bytes| bytes > app.limits.body_bytes)
    {
        Some(Problem::body_size(app.limits.body_bytes))
    } else {
        None
    }
}

fn target_bytes<B>(request: &Request<B>) -> usize {
    request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}

/// What pages of other origins may read: all that anybody may read, and nothing that could change anything.
fn is_open(path: &str) -> bool {
    ["/api/", "/tiles/", "/styles/", "/wmts/"].iter().any(|prefix| path.starts_with(prefix))
        || ["/wms", "/wmts"].contains(&path)
}

fn preflight(path: &str) -> Response<Body> {
    let methods = if path == batch::PATH { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" };
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "if-none-match, cache-control, pragma, range, content-type, content-encoding",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::ALLOW, methods),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(super) fn headers(headers: &mut HeaderMap, open: bool) {
    const NOSNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(NOSNIFF.0, NOSNIFF.1);
    if open {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
    }
}

/// A panic of one request is its 500, with an identifier that is in the log beside the reason.
fn panicked(app: &App, reason: &(dyn Any + Send)) -> Response<Body> {
    let number = app.metrics.panicked();
    let instance = format!("urn:wangge:panic:{}-{number}", Timestamp::now().as_millisecond());
    let text = reason.downcast_ref::<&str>().copied().or_else(|| reason.downcast_ref::<String>().map(String::as_str));
    tracing::error!(instance, reason = text.unwrap_or("not a text"), "a request panicked");
    Problem::internal(instance).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::exchange::Limits as FileLimits;
    use crate::http::{Limits, look, router_with};
    use crate::service::actors::Actors;
    use crate::service::import::{Sources, prepare};
    use crate::service::serving::{Capacity, Serving};

    fn app() -> Arc<App> {
        let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let sources = Sources { district, ..Sources::default() };
        let prepared =
            prepare(&sources, &FileLimits::default(), Timestamp::UNIX_EPOCH, &mut |_| ()).expect("is readable");
        let contents = prepared.accept(None, Timestamp::UNIX_EPOCH).expect("the sample imports").contents;
        let serving = Serving::new(contents, look(None).expect("the look is built in"), Capacity::default());
        App::new(Arc::new(serving), Limits::default(), None, Actors::default())
    }

    #[tokio::test]
    async fn a_panic_is_a_500_with_an_identifier_for_that_request_only() {
        async fn boom() -> &'static str {
            panic!("on purpose")
        }
        let app = app();
        let router = router_with(&app, Router::new().route("/boom", get(boom)).route("/fine", get(async || "fine")));
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            router.clone().oneshot(request).await.expect("answers")
        };
        let broken = ask("/boom").await;
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(broken.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let body = axum::body::to_bytes(broken.into_body(), 4096).await.expect("a body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert!(problem["instance"].as_str().is_some_and(|id| id.starts_with("urn:wangge:panic:")), "{problem}");
        assert!(!String::from_utf8_lossy(&body).contains("on purpose"), "the reason stays in the log");
        assert_eq!(ask("/fine").await.status(), StatusCode::OK);
        assert_eq!(ask("/api/v1/units/370871001").await.status(), StatusCode::OK);
        assert_eq!(ask("/api/v1/units/1/2/3").await.status(), StatusCode::NOT_FOUND);
        let text = app.metrics.written(1, 0, &[]);
        for line in [
            "wangge_panics_total 1",
            "wangge_requests_total{route=\"other\",status=\"500\"} 1",
            "wangge_requests_total{route=\"/api/v1/units/{code}\",status=\"200\"} 1",
            "wangge_requests_total{route=\"other\",status=\"404\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing from\n{text}");
        }
    }

    /// Whether a request is answered before routing; then by what the router answers.
    async fn is_express(guarded: &mut Guarded, request: &Request<()>) -> bool {
        let request = || Request::from_parts(request.clone().into_parts().0, Body::empty());
        let ours = guarded.around.answered(&request(), Instant::now());
        let mut routed = guarded.router.call(request()).await.expect("answers");
        headers(routed.headers_mut(), is_open(request().uri().path()));
        // The router says how long a body is; what is answered before leaves that to the connection, which does.
        routed.headers_mut().remove(header::CONTENT_LENGTH);
        let mut whole = Vec::new();
        for (head, body) in [ours, Some(routed)].into_iter().flatten().map(Response::into_parts) {
            let mut lines: Vec<_> = head.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
            lines.sort();
            whole.push((head.status, lines, axum::body::to_bytes(body, 1 << 20).await.expect("a body")));
        }
        if whole.len() == 2 {
            assert_eq!(whole[0], whole[1], "{:?}", request());
        }
        whole.len() == 2
    }

    fn asking(target: &str, lines: &[(HeaderName, &str)]) -> Request<()> {
        let request = lines.iter().fold(Request::get(target), |request, (name, value)| request.header(name, *value));
        request.body(()).expect("a request")
    }

    #[tokio::test]
    async fn a_finished_tile_is_answered_before_routing_as_the_router_does() {
        let app = app();
        app.serving.state().pyramid_made().await;
        let mut guarded = router_with(&app, Router::new());
        let tile = "/tiles/units/13/6750/3236.mvt";
        let stamp = app.serving.state().stamp.clone();
        assert!(!is_express(&mut guarded, &asking(tile, &[])).await, "nobody has asked for it");
        let codings = ["gzip", "br", "gzip, deflate, br, zstd", "identity", "gzip;q=0, *"];
        for coding in [None].into_iter().chain(codings.map(Some)) {
            let mut lines: Vec<_> = coding.map(|coding| (header::ACCEPT_ENCODING, coding)).into_iter().collect();
            let tag = tag(&app, asking(tile, &lines)).await;
            assert!(is_express(&mut guarded, &asking(tile, &lines)).await, "{coding:?}");
            assert!(is_express(&mut guarded, &asking(&format!("{tile}?v={stamp}"), &lines)).await, "{coding:?}");
            lines.push((header::IF_NONE_MATCH, &tag));
            assert!(is_express(&mut guarded, &asking(tile, &lines)).await, "{coding:?}");
        }
        for target in [
            "/tiles/units.json",
            "/tiles/units/13/6750/3236.mvt?v=1&x=2",
            "/tiles/issues/13/6750/3236.mvt",
            "/tiles/%75nits/13/6750/3236.mvt",
            "/tiles/units/13/6750/3236/.mvt",
            "/tiles/light/13/6750/3236.png",
            "/tiles/units/22/0/0.mvt",
        ] {
            assert!(!is_express(&mut guarded, &asking(target, &[])).await, "{target}");
        }
        for method in [Method::HEAD, Method::POST, Method::OPTIONS] {
            let mut request = asking(tile, &[]);
            *request.method_mut() = method;
            assert!(!is_express(&mut guarded, &request).await, "{request:?}");
        }
    }

    #[tokio::test]
    async fn a_position_is_answered_before_routing_as_the_router_does() {
        let mut guarded = router_with(&app(), Router::new());
        for (target, express) in [
            ("/api/v1/locate?lon=116.66&lat=35.43", true),
            ("/api/v1/locate?lon=116.677&lat=35.441&crs=gcj02&accuracy_m=60&coordinates=true", true),
            ("/api/v1/locate?lon=39468205.34&lat=3919026.85&crs=epsg:4527", true),
            ("/api/v1/locate?lon=100&lat=%335.43", true),
            ("/api/v1/locate", false),
            ("/api/v1/locate?lon=116.66&lat=x", false),
            ("/api/v1/locate?lon=116.66&lat=35.43&as_of=2026-01-01", false),
            ("/api/v1/locate?lon=116.66&lat=35.43&lat=35.43", false),
            ("/api/v1/locate/batch", false),
        ] {
            assert_eq!(is_express(&mut guarded, &asking(target, &[])).await, express, "{target}");
        }
    }

    /// The tag of an answer, which is packed from then on as it was asked for.
    async fn tag(app: &Arc<App>, request: Request<()>) -> String {
        let request = request.map(|()| Body::empty());
        let response = router_with(app, Router::new()).oneshot(request).await.expect("answers");
        response.headers()[header::ETAG].to_str().expect("is ascii").to_owned()
    }

    #[test]
    fn every_route_is_counted_under_its_own_path() {
        let app = app();
        let Guarded { around, .. } = router_with(&app, Router::new());
        let routes = (0..).map_while(|place| Some((place, app.metrics.name(place)?)));
        let mut counted = 0;
        for (place, route) in routes {
            let parts = route.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            assert_eq!(around.paths.at(&path).map(|found| *found.value), Ok(place), "{path}");
            counted += 1;
        }
        assert!(counted > 40, "{counted}");
    }
}
