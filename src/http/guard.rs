//! Around every request: sizes, counting, the headers that every answer carries, and a panic that stays inside.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use jiff::Timestamp;
use tower_http::catch_panic::ResponseForPanic;

use super::batch;
use super::metrics::Metrics;
use super::problem::Problem;
use super::routes::App;

/// Sizes first, then the answer, then its headers and the count.
pub(super) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let open = is_open(request.uri().path());
    let mut response = match (too_large(&app, &request), request.method()) {
        (Some(problem), _) => problem.into_response(),
        (None, &Method::OPTIONS) if open => preflight(request.uri().path()),
        (None, _) => next.run(request).await,
    };
    headers(response.headers_mut(), open);
    app.metrics.count(route.as_ref().map(MatchedPath::as_str), response.status(), begun.elapsed());
    response
}

/// A stated length is believed at once; a body without one is read by the batch route only, which bounds rows instead.
fn too_large(app: &App, request: &Request) -> Option<Problem> {
    let length = |headers: &HeaderMap| headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > app.limits.uri_bytes {
        Some(Problem::uri_length(app.limits.uri_bytes))
    } else if request.uri().path() != batch::PATH
        && length(request.headers()).is_some_and(|bytes| bytes > app.limits.body_bytes)
    {
        Some(Problem::body_size(app.limits.body_bytes))
    } else {
        None
    }
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

fn headers(headers: &mut HeaderMap, open: bool) {
    const NOSNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(NOSNIFF.0, NOSNIFF.1);
    if open {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
    }
}

/// Turns a panic of one request into its 500, with an identifier that is in the log beside the reason.
#[derive(Clone, Debug)]
pub(super) struct OnPanic(pub(super) Arc<Metrics>);

impl ResponseForPanic for OnPanic {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, reason: Box<dyn Any + Send + 'static>) -> Response<Body> {
        let number = self.0.panicked();
        let instance = format!("urn:wangge:panic:{}-{number}", Timestamp::now().as_millisecond());
        let text =
            reason.downcast_ref::<&str>().copied().or_else(|| reason.downcast_ref::<String>().map(String::as_str));
        tracing::error!(instance, reason = text.unwrap_or("not a text"), "a request panicked");
        Problem::internal(instance).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_with_an_identifier_for_that_request_only() {
        async fn boom() -> &'static str {
            panic!("on purpose")
        }
        let metrics = Arc::new(Metrics::new(std::iter::empty()));
        let router = Router::new()
            .route("/boom", get(boom))
            .route("/fine", get(async || "fine"))
            .layer(CatchPanicLayer::custom(OnPanic(Arc::clone(&metrics))));
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            router.clone().oneshot(request).await.expect("answers")
        };
        let broken = ask("/boom").await;
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(broken.into_body(), 4096).await.expect("a body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert!(problem["instance"].as_str().is_some_and(|id| id.starts_with("urn:wangge:panic:")), "{problem}");
        assert!(!String::from_utf8_lossy(&body).contains("on purpose"), "the reason stays in the log");
        assert_eq!(ask("/fine").await.status(), StatusCode::OK);
        assert!(metrics.written(1, 0, &[]).contains("wangge_panics_total 1"));
    }
}
