//! The page: the files of `web/dist`, inside the binary. Nothing here touches the disk, so no path can lead out of it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use rust_embed::RustEmbed;

use super::negotiate::{Keep, served};
use super::problem::Problem;
use crate::service::bytes::Finished;
use crate::service::cache::{ByteCache, CacheCounts};
use crate::service::slots::Slots;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
struct Dist;

/// What a page from here may do: talk to its own origin, nothing else. MapLibre needs workers and images from blobs, and sets
/// inline styles.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
);

/// The embedded files, compressed the first time each is asked for.
#[derive(Debug)]
pub(super) struct Assets(Arc<ByteCache<String>>);

impl Assets {
    pub(super) fn new() -> Self {
        Self(Arc::new(ByteCache::new(64, 64 << 20)))
    }

    pub(super) fn counts(&self) -> CacheCounts {
        self.0.counts()
    }

    /// The file of exactly this path; `/` is `index.html`. A missing one is a 404, never another page.
    pub(super) async fn answer(&self, path: &str, asked: &HeaderMap, slots: &Slots) -> Result<Response<Body>, Problem> {
        let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
        let content_type = content_type(name);
        let found = match self.0.get(&name.to_owned()) {
            Some(hit) => hit,
            None => {
                let file = Dist::get(name).ok_or_else(|| Problem::not_found("nothing has this address"))?;
                let make = move || {
                    let bytes = file.data.into_owned();
                    let packed = matches!(content_type, "image/png" | "font/woff2" | "image/webp" | "image/jpeg");
                    Ok(if packed {
                        Finished::as_is(content_type, bytes)
                    } else {
                        Finished::compressible(content_type, bytes)
                    })
                };
                self.0.get_or_make(name.to_owned(), slots, make).await?
            }
        };
        let keep = if is_hashed(name) { Keep::Immutable } else { Keep::Revalidate };
        let mut response = served(slots, asked, &found, keep).await;
        if content_type.starts_with("text/html") {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        }
        Ok(response)
    }
}

/// By extension; a file of a kind we do not ship is bytes to the browser.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The bundler puts a hash of the content into the names under `assets/`: `index-BxYz12ab.js`.
fn is_hashed(name: &str) -> bool {
    let stem = name.strip_prefix("assets/").and_then(|file| file.rsplit_once('.')).map(|(stem, _)| stem);
    let hash = stem.and_then(|stem| stem.get(stem.len().checked_sub(9)?..)).and_then(|tail| tail.strip_prefix('-'));
    hash.is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_kept_for_ever() {
        for name in ["assets/index-BxYz12ab.js", "assets/maplibre-worker-C_-9az0Q.js"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in
            ["index.html", "assets/index.js", "assets/a.js", "other/index-BxYz12ab.js", "assets/图-1.js", "assets/"]
        {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
