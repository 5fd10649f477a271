//! Finished bytes: a body in every encoding a client may ask for, each with the strong ETag of exactly those bytes.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Below this a gzip header costs more than it saves.
const WORTH_COMPRESSING_BYTES: usize = 256;

/// One encoding of a body. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub bytes: Arc<[u8]>,
    /// Quoted, as the header wants it: the first 16 bytes of SHA-256 in hexadecimal.
    pub etag: Arc<str>,
}

impl Encoded {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let etag = strong_etag(&bytes).into();
        Self { bytes: bytes.into(), etag }
    }
}

/// A body ready for the wire: nothing is compressed, hashed or cloned when it is sent.
#[derive(Clone, Debug)]
pub struct Finished {
    pub content_type: &'static str,
    pub identity: Encoded,
    /// `None` where compressing gains nothing: images, tiny bodies.
    pub gzip: Option<Encoded>,
}

impl Finished {
    /// A body that compresses: text, vector tiles. Costs one gzip pass at level 6.
    #[must_use]
    pub fn compressible(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let gzip = (bytes.len() >= WORTH_COMPRESSING_BYTES)
            .then(|| gzip(&bytes))
            .flatten()
            .filter(|packed| packed.len() < bytes.len())
            .map(Encoded::new);
        Self { content_type, identity: Encoded::new(bytes), gzip }
    }

    /// A body that is compressed already.
    #[must_use]
    pub fn as_is(content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { content_type, identity: Encoded::new(bytes), gzip: None }
    }

    /// Bytes held in memory.
    #[must_use]
    pub fn weight(&self) -> u64 {
        (self.identity.bytes.len() + self.gzip.as_ref().map_or(0, |g| g.bytes.len())) as u64
    }
}

/// The same bytes give the same tag on every machine and in every process.
#[must_use]
pub fn strong_etag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in digest.iter().take(16) {
        for nibble in [byte >> 4, byte & 15] {
            tag.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    tag.push('"');
    tag
}

/// `None` when the encoder fails, which writing to memory cannot; the body is then sent as it is.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_gzip_form_unpacks_to_the_identity_form_and_has_its_own_tag() {
        let body = "网格一张图".repeat(100).into_bytes();
        let finished = Finished::compressible("text/plain", body.clone());
        let gzip = finished.gzip.expect("900 bytes of one phrase compress");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip.bytes[..]).read_to_end(&mut unpacked).expect("valid gzip");
        assert_eq!(unpacked, body);
        assert_ne!(gzip.etag, finished.identity.etag);
    }

    #[test]
    fn the_tag_is_the_hash_of_the_bytes() {
        // The first 16 bytes of the published SHA-256 of the empty string.
        assert_eq!(strong_etag(b""), "\"e3b0c44298fc1c149afbf4c8996fb924\"");
        assert_ne!(strong_etag(b"a"), strong_etag(b"b"));
    }

    #[test]
    fn tiny_bodies_stay_as_they_are() {
        assert!(Finished::compressible("text/plain", b"ok".to_vec()).gzip.is_none());
    }
}
