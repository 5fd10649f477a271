//! A base map from an archive on this machine: tiles are read one by one, as they are kept, and a few megabytes of them stay at hand.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::exchange::archive::{About, ArchiveFault, ArchiveReader, Kind, TILE_BYTES, named, unpack};
use crate::exchange::pmtiles;
use crate::service::archive::Format;
use crate::service::bytes::{Finished, strong_etag};
use crate::service::cache::{ByteCache, CacheCounts};
use crate::service::slots::{Slots, WorkFault};
use crate::service::tiles::MVT;
use crate::store::mbtiles;
use crate::tile::TileCoord;

/// Tiles at hand, in bytes.
const CACHE_BYTES: u64 = 64 << 20;

/// An open archive.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    kind: Kind,
    /// One read at a time: each takes microseconds.
    reader: Arc<Mutex<Box<dyn ArchiveReader + Send>>>,
    tiles: Arc<ByteCache<TileCoord>>,
}

impl File {
    /// Opens an archive: what it says of itself, and a stamp that names its content.
    pub(super) fn open(path: &Path) -> Result<(Self, About, String), ArchiveFault> {
        let reader: Box<dyn ArchiveReader + Send> = match Format::of(path) {
            Some(Format::PmTiles) => Box::new(pmtiles::Reader::open(path)?),
            Some(Format::MbTiles) => Box::new(mbtiles::Reader::to_serve(path)?),
            None => {
                let reason = "a base map ends in .pmtiles or .mbtiles".to_owned();
                return Err(ArchiveFault::NotOne { file: path.to_owned(), format: "PMTiles or MBTiles", reason });
            }
        };
        let (about, stamp) = (reader.about().clone(), stamp(path).map_err(ArchiveFault::io(path))?);
        let (reader, tiles) = (Arc::new(Mutex::new(reader)), Arc::new(ByteCache::new(4096, CACHE_BYTES)));
        Ok((Self { path: path.to_owned(), kind: about.kind, reader, tiles }, about, stamp))
    }

    pub(super) async fn tile(&self, slots: &Slots, coord: TileCoord) -> Result<Option<Arc<Finished>>, WorkFault> {
        let (reader, kind, path) = (Arc::clone(&self.reader), self.kind, self.path.clone());
        let make = move || {
            // Whoever panicked here left a reader that reads.
            let read = reader.lock().unwrap_or_else(PoisonError::into_inner).tile(coord);
            let finished = read.and_then(|kept| {
                finished(kind, kept.unwrap_or_default()).map_err(|why| ArchiveFault::tile(&path, coord, why))
            });
            finished.map_err(|fault| {
                // Where the file lies is nobody's business but the operator's.
                tracing::error!(%fault, "the base map's file");
                WorkFault::Failed(format!("tile {} of the base map cannot be read; the log says why", named(coord)))
            })
        };
        let finished = self.tiles.get_or_make(coord, slots, make).await?;
        Ok(Some(finished).filter(|finished| !finished.identity.bytes.is_empty()))
    }

    pub(super) fn counts(&self) -> CacheCounts {
        self.tiles.counts()
    }
}

/// A tile as it is kept, ready for the wire; of none, nothing.
fn finished(kind: Kind, kept: Vec<u8>) -> Result<Finished, String> {
    if kept.is_empty() {
        return Ok(Finished::as_is(MVT, kept));
    }
    if kind == Kind::Vector {
        let packed = kept.starts_with(&[0x1f, 0x8b]);
        return Ok(if packed {
            Finished::gzipped(MVT, unpack(&kept, TILE_BYTES)?, kept)
        } else {
            Finished::compressible(MVT, kept)
        });
    }
    // Many archives hold other pictures than they say: the bytes decide.
    let found = Kind::of_picture(&kept).ok_or("is no PNG, JPEG or WebP")?;
    Ok(Finished::as_is(media_type(found), kept))
}

/// The media type of a kind of tile.
pub(super) const fn media_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Vector => MVT,
        Kind::Png => "image/png",
        Kind::Jpeg => "image/jpeg",
        Kind::Webp => "image/webp",
    }
}

/// Names a file's content without reading it whole: its beginning – where PMTiles has its directory and SQLite counts its changes –, size and time.
fn stamp(path: &Path) -> std::io::Result<String> {
    let found = fs::metadata(path)?;
    let mut seen = Vec::new();
    fs::File::open(path)?.take(16_384).read_to_end(&mut seen)?;
    let time = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    seen.extend(found.len().to_le_bytes());
    seen.extend(time.as_nanos().to_le_bytes());
    Ok(strong_etag(&seen).get(1..9).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::archive::pack;

    #[test]
    fn a_tile_goes_out_as_it_is_kept() {
        let tile = b"layer ".repeat(100);
        let packed = pack(&tile).expect("packs");
        let vector = finished(Kind::Vector, packed.clone()).expect("a tile");
        assert_eq!((&vector.identity.bytes[..], vector.content_type), (&tile[..], MVT));
        assert_eq!(vector.gzip.map(|gzip| gzip.bytes.to_vec()), Some(packed));
        assert_eq!(&finished(Kind::Vector, tile.clone()).expect("a tile").identity.bytes[..], &tile[..]);
        // Named PNG, and a JPEG.
        let jpeg = finished(Kind::Png, vec![0xff, 0xd8, 0xff, 0xe0]).expect("a picture");
        assert_eq!((jpeg.content_type, jpeg.gzip.is_none()), ("image/jpeg", true));
        for bytes in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a", b"<html>", &pack(b"x").expect("packs")]
        {
            assert!(finished(Kind::Png, bytes.to_vec()).is_err());
        }
        assert!(finished(Kind::Vector, vec![0x1f, 0x8b, 8, 0]).is_err());
        let bomb = pack(&vec![0; TILE_BYTES as usize + 1]).expect("packs");
        assert!(finished(Kind::Vector, bomb).expect_err("too much").contains("more than"));
    }
}
