//! What is answered before anything is routed: the two questions that come by the thousand, where the answer is at hand. To route such a request, to box
//! it and to take it apart costs more than to answer it.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};

use super::answer::JSON;
use super::guard::headers;
use super::negotiate::{Chosen, Keep, VARY, respond, to_be_packed};
use super::owner::Wanted;
use super::query::only;
use super::routes::App;
use super::{owner, tiles};
use crate::service::bytes::Coding;
use crate::service::tiles::MVT;

/// A question that may be answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Express {
    Locate,
    Tile,
}

impl Express {
    pub(super) const ALL: [Self; 2] = [Self::Locate, Self::Tile];

    /// The route that takes it otherwise, and under which it is counted.
    pub(super) const fn route(self) -> &'static str {
        match self {
            Self::Locate => owner::PATH,
            Self::Tile => tiles::PATH,
        }
    }

    fn of(path: &str) -> Option<Self> {
        if path == owner::PATH {
            Some(Self::Locate)
        } else if path.starts_with("/tiles/") {
            Some(Self::Tile)
        } else {
            None
        }
    }
}

/// The whole answer to a `GET` for which nobody has to wait and in which nothing is wrong: what the router answers, byte for byte. `None` for all else.
pub(super) fn answered<B>(app: &App, request: &Request<B>) -> Option<(Express, Response<Body>)> {
    if request.method() != Method::GET {
        return None;
    }
    let question = Express::of(request.uri().path())?;
    let response = match question {
        Express::Locate => located(app, request.uri())?,
        Express::Tile => tile(app, request.uri(), request.headers())?,
    };
    Some((question, response))
}

/// The head of answers that anybody may read. Copied whole, it takes one allocation of just its size; line by line, it would grow.
fn head(lines: &[(header::HeaderName, HeaderValue)]) -> HeaderMap {
    let mut head: HeaderMap = lines.iter().cloned().collect();
    headers(&mut head, true);
    head
}

fn located(app: &App, uri: &Uri) -> Option<Response<Body>> {
    static HEAD: LazyLock<HeaderMap> = LazyLock::new(|| {
        head(&[(header::CONTENT_TYPE, HeaderValue::from_static(JSON)), (header::CACHE_CONTROL, Keep::Never.header())])
    });
    let wanted = Wanted::of(only(uri, &Wanted::PARAMETERS).ok()?).ok()?;
    let body = owner::at_hand(app, &wanted)?.ok()?;
    let mut response = Response::new(Body::from(body));
    response.headers_mut().clone_from(&HEAD);
    Some(response)
}

fn tile(app: &App, uri: &Uri, asked: &HeaderMap) -> Option<Response<Body>> {
    static HEAD: LazyLock<HeaderMap> = LazyLock::new(|| {
        head(&[
            (header::CONTENT_TYPE, HeaderValue::from_static(MVT)),
            (header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
            (header::VARY, VARY),
            (header::ETAG, HeaderValue::from_static("\"0123456789abcdef0123456789abcdef\"")),
            (header::CACHE_CONTROL, Keep::Revalidate.header()),
        ])
    });
    let key = tiles::plain_key(uri.path())?;
    let query = only(uri, &["v"]).ok()?;
    app.serving.read(|state| {
        let finished = state.tiles.get(&key)?;
        if to_be_packed(asked, &finished).is_some() {
            return None;
        }
        let keep = tiles::keep(&query, state);
        let chosen = Chosen::of(asked, &finished);
        let Some(coding) = chosen.coding.filter(|_| !chosen.known) else {
            let mut response = respond(asked, &finished, keep);
            headers(response.headers_mut(), true);
            return Some(response);
        };
        let mut response = chosen.response();
        let lines = response.headers_mut();
        lines.clone_from(&HEAD);
        lines.insert(header::ETAG, chosen.etag()?);
        if coding != Coding::Gzip {
            lines.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        if keep != Keep::Revalidate {
            lines.insert(header::CACHE_CONTROL, keep.header());
        }
        Some(response)
    })
}
