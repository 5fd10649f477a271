//! Finished bytes: a body in every encoding a client may ask for, each with the strong ETag of exactly those bytes.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Below this a gzip header costs more than it saves.
const WORTH_COMPRESSING_BYTES: usize = 256;

/// A way to make a body smaller, the one that makes it smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// As `Accept-Encoding` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

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
    /// What not every client reads is made for the first that wants it, and only kept if it is smaller than `gzip`.
    brotli: OnceLock<Option<Encoded>>,
    zstd: OnceLock<Option<Encoded>>,
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
        Self { gzip, ..Self::as_is(content_type, bytes) }
    }

    /// A body that is compressed already.
    #[must_use]
    pub fn as_is(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let (brotli, zstd) = (OnceLock::new(), OnceLock::new());
        Self { content_type, identity: Encoded::new(bytes), gzip: None, brotli, zstd }
    }

    /// A body that came packed with gzip, and goes out as it came to whoever reads that.
    #[must_use]
    pub fn gzipped(content_type: &'static str, bytes: Vec<u8>, packed: Vec<u8>) -> Self {
        Self { gzip: Some(Encoded::new(packed)), ..Self::as_is(content_type, bytes) }
    }

    /// The body in this coding, if it is made and worth sending.
    #[must_use]
    pub fn packed(&self, coding: Coding) -> Option<&Encoded> {
        match coding {
            Coding::Brotli => self.brotli.get().and_then(Option::as_ref),
            Coding::Zstd => self.zstd.get().and_then(Option::as_ref),
            Coding::Gzip => self.gzip.as_ref(),
        }
    }

    /// Whether [`Finished::pack`] has something to do.
    #[must_use]
    pub fn is_to_be_packed(&self, coding: Coding) -> bool {
        self.gzip.is_some()
            && match coding {
                Coding::Brotli => self.brotli.get().is_none(),
                Coding::Zstd => self.zstd.get().is_none(),
                Coding::Gzip => false,
            }
    }

    /// Makes the body in this coding, once: milliseconds for a hundred kilobytes. Whoever comes meanwhile waits.
    pub fn pack(&self, coding: Coding) {
        let Some(gzip) = self.gzip.as_ref().map(|gzip| gzip.bytes.len()) else { return };
        let smaller = |packed: Option<Vec<u8>>| packed.filter(|packed| packed.len() < gzip).map(Encoded::new);
        match coding {
            Coding::Brotli => _ = self.brotli.get_or_init(|| smaller(brotli(&self.identity.bytes))),
            Coding::Zstd => _ = self.zstd.get_or_init(|| smaller(zstd(&self.identity.bytes))),
            Coding::Gzip => {}
        }
    }

    /// Bytes held in memory once every coding has been asked for, at most.
    #[must_use]
    pub fn weight(&self) -> u64 {
        (self.identity.bytes.len() + Coding::ALL.len() * self.gzip.as_ref().map_or(0, |g| g.bytes.len())) as u64
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

/// At quality 5: what is above takes several times as long for a few hundredths.
fn brotli(bytes: &[u8]) -> Option<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality: 5, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    let mut packed = Vec::with_capacity(bytes.len() / 3);
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters).ok()?;
    Some(packed)
}

/// At its usual level (3) what is small, as tiles are, comes out larger than from gzip.
const ZSTD_LEVEL: i32 = 9;

fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, ZSTD_LEVEL).ok()
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
    fn every_coding_unpacks_to_the_same_body_under_its_own_tag_within_the_stated_weight() {
        let body: Vec<u8> =
            (0..20_000u32).flat_map(|i| format!("街道 {} 社区 {};", i % 7, i * i % 131).into_bytes()).collect();
        let finished = Finished::compressible("text/plain", body.clone());
        let mut tags = std::collections::BTreeSet::from([finished.identity.etag.clone()]);
        let mut held = finished.identity.bytes.len();
        for coding in Coding::ALL {
            assert_eq!(finished.packed(coding).is_none(), finished.is_to_be_packed(coding), "{coding:?} before");
            finished.pack(coding);
            assert!(!finished.is_to_be_packed(coding), "{coding:?} is made");
            let packed = finished.packed(coding).expect("phrases compress");
            let mut unpacked = Vec::new();
            match coding {
                Coding::Brotli => {
                    brotli::Decompressor::new(&packed.bytes[..], 4096)
                        .read_to_end(&mut unpacked)
                        .expect("valid brotli");
                }
                Coding::Zstd => unpacked = zstd::bulk::decompress(&packed.bytes, body.len()).expect("valid zstd"),
                Coding::Gzip => {
                    flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).expect("valid gzip");
                }
            }
            assert_eq!(unpacked, body, "{coding:?}");
            assert!(tags.insert(packed.etag.clone()), "{coding:?} has a tag of its own");
            held += packed.bytes.len();
        }
        assert!(held as u64 <= finished.weight());
        let picture = Finished::as_is("image/png", body);
        picture.pack(Coding::Brotli);
        assert!(picture.packed(Coding::Brotli).is_none() && !picture.is_to_be_packed(Coding::Brotli));
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
