//! Which bytes this client gets: encoding by q-value, a 304 when it has them already, how long it may keep them.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::service::bytes::{Encoded, Finished};

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Ask again each time; a 304 is cheap.
    Revalidate,
    /// The address names the content: for a year.
    Immutable,
    /// Personal data and the state of the moment: nowhere.
    Never,
}

impl Keep {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidate => "no-cache",
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Never => "no-store",
        })
    }
}

/// The finished bytes as this request wants them. Costs no compression, hashing or copying.
pub(super) fn respond(asked: &HeaderMap, finished: &Finished, keep: Keep) -> Response<Body> {
    let gzip = finished.gzip.as_ref().filter(|_| accepts_gzip(asked));
    let chosen = gzip.unwrap_or(&finished.identity);
    let known = already_has(asked, &chosen.etag);
    let body = if known { Body::empty() } else { Body::from(shared(chosen)) };
    let mut response = Response::new(body);
    *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let headers = response.headers_mut();
    if !known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(finished.content_type));
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    if finished.gzip.is_some() {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(etag) = HeaderValue::from_str(&chosen.etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, keep.header());
    response
}

/// A body made for this request alone, without a tag.
pub(super) fn fresh(content_type: &'static str, body: impl Into<Body>, keep: Keep) -> Response<Body> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, keep.header());
    response
}

fn shared(encoded: &Encoded) -> Bytes {
    Bytes::from_owner(std::sync::Arc::clone(&encoded.bytes))
}

/// `Accept-Encoding` with q-values: gzip named and not refused, or `*` and gzip not refused, and not less liked than identity.
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for value in asked.get_all(header::ACCEPT_ENCODING) {
        for item in value.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
                gzip = Some(quality);
            } else if coding.eq_ignore_ascii_case("identity") {
                identity = Some(quality);
            } else if coding == "*" {
                any = Some(quality);
            }
        }
    }
    // Identity is acceptable unless refused, but only a stated preference for it beats compression.
    gzip.or(any).is_some_and(|q| q > 0.0 && q >= identity.unwrap_or(0.0))
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
    fn gzip_is_sent_to_whoever_wants_it() {
        for (value, wanted) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("identity;q=0.5, gzip;q=1", true),
            ("gzip;q=abc", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(&with(header::ACCEPT_ENCODING, value)), wanted, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
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
