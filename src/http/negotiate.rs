//! Which bytes this client gets: encoding by q-value, a 304 when it has them already, how long it may keep them.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::service::bytes::{Coding, Encoded, Finished};
use crate::service::slots::Slots;

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Ask again each time; a 304 is cheap.
    Revalidate,
    /// What changes once in a while, and not here: for an hour.
    Hour,
    /// The address names the content: for a year.
    Immutable,
    /// Personal data and the state of the moment: nowhere.
    Never,
}

impl Keep {
    pub(super) const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidate => "no-cache",
            Self::Hour => "public, max-age=3600",
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Never => "no-store",
        })
    }
}

/// The finished bytes as this request likes them best, which are made in a slot if nobody wanted them so before. When the slots are all taken,
/// they go out in a form that is there.
pub(super) async fn served(slots: &Slots, asked: &HeaderMap, finished: &Arc<Finished>, keep: Keep) -> Response<Body> {
    if let Some(coding) = to_be_packed(asked, finished) {
        let of = Arc::clone(finished);
        let _ = slots.run(move || of.pack(coding)).await;
    }
    respond(asked, finished, keep)
}

/// The coding that this request likes best, if the bytes are still to be packed so.
pub(super) fn to_be_packed(asked: &HeaderMap, finished: &Finished) -> Option<Coding> {
    liked(asked).into_iter().flatten().next().filter(|coding| finished.is_to_be_packed(*coding))
}

/// The finished bytes as this request wants them, of the forms that are there. Costs no compression, hashing or copying.
pub(super) fn respond(asked: &HeaderMap, finished: &Finished, keep: Keep) -> Response<Body> {
    let chosen = Chosen::of(asked, finished);
    let mut response = chosen.response();
    let headers = response.headers_mut();
    if !chosen.known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(finished.content_type));
        if let Some(coding) = chosen.coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
    }
    if finished.gzip.is_some() {
        headers.insert(header::VARY, VARY);
    }
    if let Some(etag) = chosen.etag() {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, keep.header());
    response
}

/// What an answer depends on that comes in several codings.
pub(super) const VARY: HeaderValue = HeaderValue::from_static("accept-encoding");

/// One of the forms of finished bytes.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub coding: Option<Coding>,
    encoded: &'a Encoded,
    /// The client has it already.
    pub known: bool,
}

impl<'a> Chosen<'a> {
    /// The one that a request likes best of those that are there.
    pub(super) fn of(asked: &HeaderMap, finished: &'a Finished) -> Self {
        let packed = |coding: Coding| finished.packed(coding).map(|encoded| (coding, encoded));
        let packed = liked(asked).into_iter().flatten().find_map(packed);
        let encoded = packed.map_or(&finished.identity, |(_, encoded)| encoded);
        Self { coding: packed.map(|(coding, _)| coding), encoded, known: already_has(asked, &encoded.etag) }
    }

    /// Status and body.
    pub(super) fn response(&self) -> Response<Body> {
        if self.known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        Response::new(Body::from(Bytes::from_owner(Arc::clone(&self.encoded.bytes))))
    }

    pub(super) fn etag(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.encoded.etag).ok()
    }
}

/// A body made for this request alone, without a tag.
pub(super) fn fresh(content_type: &'static str, body: impl Into<Body>, keep: Keep) -> Response<Body> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, keep.header());
    response
}

/// The codings of `Accept-Encoding` that are to be tried, the best liked first, and of those alike the smallest. A coding is tried when it is
/// named and not refused, and not less liked than identity; under `*` only gzip, which everybody reads.
fn liked(asked: &HeaderMap) -> [Option<Coding>; 3] {
    let (mut stated, mut identity, mut any) = ([None; 3], None, None);
    for value in asked.get_all(header::ACCEPT_ENCODING) {
        for item in value.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let is = |coding: Coding| name.eq_ignore_ascii_case(coding.name());
            if let Some(at) = Coding::ALL.iter().position(|coding| is(*coding)) {
                stated[at] = Some(quality);
            } else if name.eq_ignore_ascii_case("x-gzip") {
                stated[Coding::Gzip as usize] = Some(quality);
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(quality);
            } else if name == "*" {
                any = Some(quality);
            }
        }
    }
    stated[Coding::Gzip as usize] = stated[Coding::Gzip as usize].or(any);
    // Identity is acceptable unless refused, but only a stated preference for it beats compression.
    let least = identity.unwrap_or(0.0);
    let mut tried = Coding::ALL.map(|coding| {
        let quality = stated[coding as usize].filter(|q| *q > 0.0 && *q >= least)?;
        Some((quality, coding))
    });
    tried.sort_by(|one, other| {
        let quality = |one: &Option<(f32, Coding)>| one.map_or(0.0, |(quality, _)| quality);
        quality(other).total_cmp(&quality(one))
    });
    tried.map(|one| one.map(|(_, coding)| coding))
}

/// `If-None-Match` as RFC 9110 §13.1.2: a list or `*`, compared weakly.
fn already_has(asked: &HeaderMap, etag: &str) -> bool {
    asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
        list.trim() == "*" || list.split(',').map(str::trim).any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn everybody_gets_the_coding_he_likes_best() {
        for (value, wanted) in [
            ("gzip", "gzip"),
            ("gzip, deflate, br", "br gzip"),
            ("gzip, deflate, br, zstd", "br zstd gzip"),
            ("br;q=0.5, zstd, gzip;q=0.8", "zstd gzip br"),
            ("GZIP;q=0.5", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=0", ""),
            ("br", "br"),
            ("br;q=0, *", "gzip"),
            ("*", "gzip"),
            ("*;q=0", ""),
            ("gzip;q=0, *", ""),
            ("identity", ""),
            ("identity;q=1, gzip;q=0.5", ""),
            ("identity;q=0.5, gzip;q=1, br;q=0.2", "gzip"),
            ("gzip;q=abc, br;q=-1, zstd;q=NaN", ""),
            ("", ""),
        ] {
            let tried = liked(&with(header::ACCEPT_ENCODING, value));
            let names: Vec<&str> = tried.into_iter().flatten().map(Coding::name).collect();
            assert_eq!(names.join(" "), wanted, "{value}");
        }
        assert_eq!(liked(&HeaderMap::new()), [None; 3]);
    }

    #[tokio::test]
    async fn a_coding_is_made_for_the_first_who_wants_it_and_then_there() {
        let (slots, finished) = (Slots::new(1, 1), Arc::new(Finished::compressible("text/plain", vec![b'a'; 1000])));
        let asked = with(header::ACCEPT_ENCODING, "gzip, br");
        let coding = |response: Response<Body>| response.headers()[header::CONTENT_ENCODING].clone();
        assert_eq!(coding(respond(&asked, &finished, Keep::Revalidate)), "gzip", "what is there");
        assert_eq!(coding(served(&slots, &asked, &finished, Keep::Revalidate).await), "br");
        assert_eq!(coding(respond(&asked, &finished, Keep::Revalidate)), "br");
    }

    #[test]
    fn a_client_that_has_the_bytes_gets_a_304() {
        let finished = Finished::compressible("text/plain", vec![b'a'; 1000]);
        let gzip = finished.gzip.as_ref().expect("compresses").etag.to_string();
        let ask = |tag: &str, encoding: &'static str| {
            let mut headers = with(header::ACCEPT_ENCODING, encoding);
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(tag).expect("ascii"));
            respond(&headers, &finished, Keep::Revalidate).status()
        };
        assert_eq!(ask(&gzip, "gzip"), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&format!("\"x\", W/{gzip} , \"y\""), "gzip"), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("*", "gzip"), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&gzip, "identity"), StatusCode::OK, "the other encoding is other bytes");
        assert_eq!(ask("\"x\"", "gzip"), StatusCode::OK);
    }
}
