//! What the archives of tiles share, whatever file they are: what an archive says of itself, how tiles are packed, what can be wrong with one.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::tile::{DATA_ZOOM, LayerInfo, MAX_ZOOM, TileCoord};

/// The most tiles of an archive that is read: some four times what [`MOST_WRITTEN`] allows.
pub const MOST_READ: u64 = 4_000_000;
/// The most tiles of an archive that is written: zoom 16 of 300 km × 300 km, a gigabyte or two.
pub const MOST_WRITTEN: u64 = 1_000_000;
/// The largest tile that is read, packed or unpacked.
pub const TILE_BYTES: u64 = 16 << 20;
/// The largest description, packed or unpacked.
pub const METADATA_BYTES: u64 = 4 << 20;

/// What the tiles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mapbox Vector Tiles, each packed with gzip.
    Vector,
    /// Pictures, as they are.
    Png,
    Jpeg,
    Webp,
}

impl Kind {
    /// As files and addresses of such tiles end, and as MBTiles names the format.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Vector => "pbf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "pbf" | "mvt" => Some(Self::Vector),
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// What a picture is by its first bytes, whatever it is called; `None` when it is none of these.
    #[must_use]
    pub fn of_picture(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }
}

/// A layer of vector tiles, as `vector_layers` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub id: String,
    pub description: String,
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// Name and type: `String`, `Number` or `Boolean`.
    pub fields: BTreeMap<String, String>,
}

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    pub name: String,
    pub description: String,
    /// To be shown on the map.
    pub attribution: String,
    /// Of the data.
    pub version: String,
    pub kind: Kind,
    /// Drawn over another map; otherwise it is the map.
    pub overlay: bool,
    pub layers: Vec<Layer>,
    /// Of the tiles that are there.
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// West, south, east, north in degrees, whole steps of 10⁻⁷.
    pub bounds: [f64; 4],
    /// Longitude, latitude and zoom to begin with.
    pub center: (f64, f64, u8),
}

/// What is wrong with an archive, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveFault {
    #[error("{}: there is no such file; check the path", .0.display())]
    Missing(PathBuf),
    #[error("{}: {source}; check the folder, its permissions and the room on its disk", file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error("{}: is no {format} archive ({reason}); give a file that wangge export wrote, or one like it", file.display())]
    NotOne { file: PathBuf, format: &'static str, reason: String },
    #[error("{}, {place}: {problem}; the archive is damaged: export it again, or get another copy", file.display())]
    Damaged { file: PathBuf, place: String, problem: String },
    #[error("{}: {what}, more than the {most} that are read; make an archive of fewer zooms", file.display())]
    TooMuch { file: PathBuf, what: String, most: u64 },
    #[error("{}: {doing} failed ({problem})", file.display())]
    Sql { file: PathBuf, doing: &'static str, problem: String },
}

impl ArchiveFault {
    /// What the system said about a file.
    pub fn io(file: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(file.to_owned()),
            _ => Self::Io { file: file.to_owned(), source },
        }
    }

    /// A part of an archive that cannot be what it should.
    #[must_use]
    pub fn damaged(file: &Path, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), place: place.into(), problem: problem.into() }
    }

    /// A tile that cannot be what it should.
    #[must_use]
    pub fn tile(file: &Path, coord: TileCoord, problem: impl Into<String>) -> Self {
        Self::damaged(file, format!("tile {}", named(coord)), problem)
    }
}

/// `14/13501/6472`
#[must_use]
pub fn named(coord: TileCoord) -> String {
    format!("{}/{}/{}", coord.z(), coord.x(), coord.y())
}

/// Whoever looks at the tiles of an archive: what is wrong with one, if something is.
pub type Visit<'a> = dyn FnMut(TileCoord, &[u8]) -> Result<(), String> + 'a;

/// An archive that is being written. Tiles come in the order of [`super::pmtiles::id_of`].
pub trait ArchiveWriter: std::fmt::Debug {
    /// Adds a tile as it is kept: packed if it is a vector tile. Tiles of one digest are kept once.
    ///
    /// # Errors
    /// [`ArchiveFault`] when it cannot be written, or comes out of order.
    fn put(&mut self, coord: TileCoord, digest: &[u8; 32], tile: &[u8]) -> Result<(), ArchiveFault>;

    /// Writes what stands before and behind the tiles, and returns once everything is on the disk. Returns how many different tiles there are.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    fn finish(self: Box<Self>) -> Result<u64, ArchiveFault>;
}

/// An archive that is read: what can be told without its tiles is checked already.
pub trait ArchiveReader: std::fmt::Debug {
    fn about(&self) -> &About;

    /// Shows every tile as it is kept, in the order of the archive.
    ///
    /// # Errors
    /// [`ArchiveFault`] naming the tile that cannot be read, or with which `visit` was not content.
    fn each(&mut self, visit: &mut Visit<'_>) -> Result<(), ArchiveFault>;

    /// One tile as it is kept; `None` where there is none. Cost: a search and a read.
    ///
    /// # Errors
    /// [`ArchiveFault`] when it cannot be read, or is larger than [`TILE_BYTES`].
    fn tile(&mut self, coord: TileCoord) -> Result<Option<Vec<u8>>, ArchiveFault>;
}

impl Layer {
    /// What is left of a set's layer in an archive of some zooms; `None` when that is nothing.
    #[must_use]
    pub fn within(info: &LayerInfo, (least, most): (u8, u8)) -> Option<Self> {
        // What reaches the last zoom of the data is in all deeper tiles too.
        let last = if info.max_zoom >= DATA_ZOOM { MAX_ZOOM } else { info.max_zoom };
        let (min_zoom, max_zoom) = (info.min_zoom.max(least), last.min(most));
        // TileJSON has room for words; here other programs look for the bare type.
        let bare = |what: &str| what.split([':', ',']).next().unwrap_or_default().trim().to_owned();
        (min_zoom <= max_zoom).then(|| Self {
            id: info.id.clone(),
            description: info.description.clone(),
            min_zoom,
            max_zoom,
            fields: info.fields.iter().map(|(name, what)| ((*name).to_owned(), bare(what))).collect(),
        })
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "description": self.description, "minzoom": self.min_zoom, "maxzoom": self.max_zoom,
            "fields": self.fields,
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let zoom = |key: &str, unless: u8| value[key].as_u64().and_then(|z| z.try_into().ok()).unwrap_or(unless);
        let fields = value["fields"].as_object().into_iter().flatten();
        Some(Self {
            id: value["id"].as_str()?.to_owned(),
            description: text("description"),
            min_zoom: zoom("minzoom", 0),
            max_zoom: zoom("maxzoom", MAX_ZOOM),
            fields: fields.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect(),
        })
    }
}

impl About {
    /// `{"vector_layers": […]}`, which both formats keep.
    #[must_use]
    pub fn layers_json(&self) -> Map<String, Value> {
        let layers = self.layers.iter().map(Layer::json).collect();
        Map::from_iter([("vector_layers".to_owned(), Value::Array(layers))])
    }

    /// The layers of [`About::layers_json`].
    ///
    /// # Errors
    /// What is wrong with the list.
    pub fn read_layers(json: &Map<String, Value>) -> Result<Vec<Layer>, String> {
        let listed = json.get("vector_layers").and_then(Value::as_array).ok_or("vector_layers is missing")?;
        listed.iter().map(|layer| Layer::read(layer).ok_or_else(|| "a vector layer has no id".to_owned())).collect()
    }
}

/// A position as archives keep it: whole steps of 10⁻⁷ degrees.
#[must_use]
pub fn e7(degrees: f64) -> f64 {
    f64::from(steps(degrees)) / 1e7
}

pub(super) fn steps(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// Packs with gzip, without a time or a name: the same bytes every time.
///
/// # Errors
/// None in memory; the encoder's if it has one.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3 + 32), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Unpacks one gzip member and nothing behind it, up to a number of bytes.
///
/// # Errors
/// What is wrong with it.
pub fn unpack(packed: &[u8], most: u64) -> Result<Vec<u8>, String> {
    let mut decoder = GzDecoder::new(packed);
    let mut bytes = Vec::new();
    decoder.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(|error| format!("is no whole gzip ({error})"))?;
    if bytes.len() as u64 > most {
        return Err(format!("unpacks to more than {most} bytes"));
    }
    if !decoder.into_inner().is_empty() {
        return Err("has bytes behind its gzip".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_the_same_every_time_and_unpacks() {
        let body = "网格一张图".repeat(100).into_bytes();
        let packed = pack(&body).unwrap();
        assert_eq!(packed, pack(&body).unwrap());
        assert_eq!(packed[4..8], [0; 4], "a time of packing would differ from run to run");
        assert_eq!(unpack(&packed, 1500).unwrap(), body);
        assert!(unpack(&packed, 1499).unwrap_err().contains("more than 1499"));
        assert!(unpack(&[&packed[..], &[0]].concat(), 1500).unwrap_err().contains("behind"));
        assert!(unpack(&packed[..packed.len() - 1], 1500).unwrap_err().contains("gzip"));
    }

    #[test]
    fn a_layer_keeps_the_zooms_that_are_there_and_bare_types() {
        let info = LayerInfo {
            id: "micro".to_owned(),
            description: "微网格".to_owned(),
            fields: vec![("code", "String: code"), ("households", "Number, from three zooms in"), ("n", "Number")],
            min_zoom: 11,
            max_zoom: 16,
        };
        let layer = Layer::within(&info, (8, 13)).unwrap();
        assert_eq!((layer.min_zoom, layer.max_zoom), (11, 13));
        assert_eq!(layer.fields.values().map(String::as_str).collect::<Vec<_>>(), ["String", "Number", "Number"]);
        assert_eq!(Layer::within(&info, (8, 10)), None);
        // Deeper than the data: cut from the last zoom, and there.
        let deep = Layer::within(&info, (18, 19)).unwrap();
        assert_eq!((deep.min_zoom, deep.max_zoom), (18, 19));
        assert_eq!(Layer::within(&LayerInfo { max_zoom: 13, ..info }, (14, 16)), None);
        assert_eq!(Layer::read(&layer.json()), Some(layer));
    }
}
