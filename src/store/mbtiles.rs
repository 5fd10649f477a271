//! MBTiles 1.3: a pyramid of tiles in one SQLite file. Tiles are rows counted from the south; equal ones are kept once, in `images`, and `tiles` is a
//! view over `map`, as most writers have it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use serde_json::{Map, Value};

use crate::exchange::archive::{
    About, ArchiveFault, ArchiveReader, ArchiveWriter, Kind, METADATA_BYTES, MOST_READ, TILE_BYTES, Visit,
};
use crate::tile::{MAX_ZOOM, TileCoord};

/// `MPBX`, by which programs know the format.
const APPLICATION_ID: i64 = 0x4D50_4258;

const SCHEMA: &str = "
CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE images (tile_id TEXT NOT NULL PRIMARY KEY, tile_data BLOB NOT NULL);
CREATE TABLE map (
  zoom_level INTEGER NOT NULL, tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL, tile_id TEXT NOT NULL,
  PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;
CREATE VIEW tiles AS
  SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column, map.tile_row AS tile_row,
         images.tile_data AS tile_data
  FROM map JOIN images ON images.tile_id = map.tile_id;
";

/// Steps of SQLite's machine after which a stranger's file is given up: a view may be a program that never ends. A hundred for each of
/// [`MOST_READ`] tiles, of which one takes some thirty.
const MOST_STEPS: i32 = 400_000_000;
/// Steps from one look at how many there were to the next.
const STEPS_A_LOOK: i32 = 100_000;

fn sql(path: &Path, doing: &'static str) -> impl Fn(rusqlite::Error) -> ArchiveFault + Copy {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => not_one(path, "no SQLite file"),
        Some(ErrorCode::DatabaseCorrupt) => ArchiveFault::damaged(path, "SQLite", error.to_string()),
        Some(ErrorCode::OperationInterrupted) => {
            let what = "reading it takes SQLite too many steps".to_owned();
            ArchiveFault::TooMuch { file: path.to_owned(), what, most: MOST_STEPS.unsigned_abs().into() }
        }
        _ => ArchiveFault::Sql { file: path.to_owned(), doing, problem: error.to_string() },
    }
}

fn not_one(path: &Path, reason: &str) -> ArchiveFault {
    ArchiveFault::NotOne { file: path.to_owned(), format: "MBTiles", reason: reason.to_owned() }
}

/// Rows count from the south.
const fn row(coord: TileCoord) -> u32 {
    (1 << coord.z()) - 1 - coord.y()
}

/// Writes an archive: one transaction, without a log beside it.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    connection: Connection,
    about: About,
    known: HashSet<[u8; 32]>,
    zooms: Option<(u8, u8)>,
}

impl Writer {
    /// Begins a file where there is none.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn create(path: &Path, about: &About) -> Result<Self, ArchiveFault> {
        // SQLite's own words for a folder that is not there or may not be written say neither.
        File::create_new(path).map_err(ArchiveFault::io(path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let beginning = sql(path, "beginning");
        let connection = Connection::open_with_flags(path, flags).map_err(beginning)?;
        // Nobody knows the file yet: when this is stopped half-way it is thrown away, not rolled back.
        let pragmas = format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA application_id = {APPLICATION_ID}; BEGIN; {SCHEMA}"
        );
        connection.execute_batch(&pragmas).map_err(beginning)?;
        Ok(Self { path: path.to_owned(), connection, about: about.clone(), known: HashSet::new(), zooms: None })
    }
}

impl ArchiveWriter for Writer {
    fn put(&mut self, coord: TileCoord, digest: &[u8; 32], tile: &[u8]) -> Result<(), ArchiveFault> {
        let writing = sql(&self.path, "writing a tile");
        let id = digest.iter().take(16).fold(String::with_capacity(32), |mut id, byte| {
            let _ = write!(id, "{byte:02x}"); // writing to a String cannot fail
            id
        });
        if self.known.insert(*digest) {
            let image = self.connection.prepare_cached("INSERT INTO images (tile_id, tile_data) VALUES (?1, ?2)");
            image.and_then(|mut image| image.execute((&id, tile))).map_err(writing)?;
        }
        let map = "INSERT INTO map (zoom_level, tile_column, tile_row, tile_id) VALUES (?1, ?2, ?3, ?4)";
        let map = self.connection.prepare_cached(map);
        map.and_then(|mut map| map.execute((coord.z(), coord.x(), row(coord), &id))).map_err(writing)?;
        let (least, most) = self.zooms.unwrap_or((coord.z(), coord.z()));
        self.zooms = Some((least.min(coord.z()), most.max(coord.z())));
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ArchiveFault> {
        let ending = sql(&self.path, "writing the description");
        (self.about.min_zoom, self.about.max_zoom) = self.zooms.unwrap_or_default();
        for (name, value) in metadata(&self.about) {
            let insert = self.connection.prepare_cached("INSERT INTO metadata (name, value) VALUES (?1, ?2)");
            insert.and_then(|mut insert| insert.execute((name, value))).map_err(ending)?;
        }
        self.connection.execute_batch("COMMIT").map_err(ending)?;
        let different = self.known.len() as u64;
        let Self { path, connection, .. } = *self;
        connection.close().map_err(|(_, error)| sql(&path, "closing")(error))?;
        File::open(&path).and_then(|file| file.sync_all()).map_err(ArchiveFault::io(&path))?;
        Ok(different)
    }
}

/// The rows of `metadata`, in the order of the specification.
fn metadata(about: &About) -> Vec<(&'static str, String)> {
    let list = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let (lon, lat, zoom) = about.center;
    let mut rows = vec![
        ("name", about.name.clone()),
        ("format", if about.kind == Kind::Vector { "pbf" } else { "png" }.to_owned()),
        ("bounds", list(&about.bounds)),
        ("center", format!("{},{zoom}", list(&[lon, lat]))),
        ("minzoom", about.min_zoom.to_string()),
        ("maxzoom", about.max_zoom.to_string()),
        ("attribution", about.attribution.clone()),
        ("description", about.description.clone()),
        ("type", if about.overlay { "overlay" } else { "baselayer" }.to_owned()),
        ("version", about.version.clone()),
    ];
    if about.kind == Kind::Vector {
        rows.push(("json", Value::Object(about.layers_json()).to_string()));
    }
    rows
}

/// Reads an archive, ours or another's.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    about: About,
}

impl Reader {
    /// Opens an archive and reads what it says of itself.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn open(path: &Path) -> Result<Self, ArchiveFault> {
        let found = std::fs::metadata(path).map_err(ArchiveFault::io(path))?;
        if !found.is_file() || found.len() == 0 {
            return Err(not_one(path, "no file, or an empty one"));
        }
        let opening = sql(path, "opening");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
        let pragmas = "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON";
        connection.execute_batch(pragmas).map_err(opening)?;
        let mut left = MOST_STEPS;
        let tired = move || {
            left -= STEPS_A_LOOK;
            left < 0
        };
        connection.progress_handler(STEPS_A_LOOK, Some(tired));
        let tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('metadata', 'tiles')";
        if connection.query_row(tables, [], |row| row.get::<_, i64>(0)).map_err(opening)? != 2 {
            return Err(not_one(path, "without the tables metadata and tiles"));
        }
        let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(opening)?;
        if sound != "ok" {
            return Err(ArchiveFault::damaged(path, "SQLite", sound));
        }
        let about = read_about(&connection, path)?;
        Ok(Self { path: path.to_owned(), connection, about })
    }
}

fn read_about(connection: &Connection, path: &Path) -> Result<About, ArchiveFault> {
    let value = |name: &str| -> Result<Option<String>, ArchiveFault> {
        let row = "SELECT substr(CAST(value AS TEXT), 1, ?2) FROM metadata WHERE name = ?1 LIMIT 1";
        let value = connection.query_row(row, (name, METADATA_BYTES as i64), |row| row.get::<_, Option<String>>(0));
        value.optional().map(Option::flatten).map_err(sql(path, "reading the description"))
    };
    let damaged = |name: &str, problem: &str| ArchiveFault::damaged(path, format!("metadata, {name}"), problem);
    let kind = match value("format")?.as_deref() {
        Some("pbf") => Kind::Vector,
        Some("png") => Kind::Picture,
        other => {
            let problem = format!("is “{}”; pbf and png are read", other.unwrap_or_default());
            return Err(damaged("format", &problem));
        }
    };
    let zoom = |name: &str| -> Result<Option<u8>, ArchiveFault> {
        let Some(text) = value(name)? else { return Ok(None) };
        let zoom = text.trim().parse().ok().filter(|zoom| *zoom <= MAX_ZOOM);
        zoom.map(Some).ok_or_else(|| damaged(name, "is no zoom"))
    };
    let found: (Option<u8>, Option<u8>) = connection
        .query_row("SELECT min(zoom_level), max(zoom_level) FROM tiles", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(sql(path, "reading the zooms"))?;
    let numbers = |name: &str, count: usize| -> Result<Option<Vec<f64>>, ArchiveFault> {
        let Some(text) = value(name)? else { return Ok(None) };
        let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let numbers = numbers.filter(|n| n.len() == count && n.iter().all(|n| n.is_finite()));
        numbers.map(Some).ok_or_else(|| damaged(name, "is no list of as many numbers as it should be"))
    };
    let (min_zoom, max_zoom) = (zoom("minzoom")?.or(found.0), zoom("maxzoom")?.or(found.1));
    if (min_zoom, max_zoom) != found {
        let problem = format!("the tiles are of zooms {:?}–{:?}, another range", found.0, found.1);
        return Err(damaged("minzoom, maxzoom", &problem));
    }
    let bounds = numbers("bounds", 4)?.and_then(|n| n.try_into().ok()).unwrap_or([-180.0, -85.0, 180.0, 85.0]);
    let center = numbers("center", 3)?.map_or((0.0, 0.0, 0), |n| (n[0], n[1], n[2].clamp(0.0, 255.0) as u8));
    let layers = match kind {
        Kind::Picture => Vec::new(),
        Kind::Vector => {
            let text = value("json")?.ok_or_else(|| damaged("json", "is missing"))?;
            let json: Map<String, Value> =
                serde_json::from_str(&text).map_err(|error| damaged("json", &error.to_string()))?;
            About::read_layers(&json).map_err(|problem| damaged("json", &problem))?
        }
    };
    Ok(About {
        name: value("name")?.ok_or_else(|| damaged("name", "is missing"))?,
        description: value("description")?.unwrap_or_default(),
        attribution: value("attribution")?.unwrap_or_default(),
        version: value("version")?.unwrap_or_default(),
        kind,
        overlay: value("type")?.as_deref() != Some("baselayer"),
        layers,
        min_zoom: min_zoom.unwrap_or_default(),
        max_zoom: max_zoom.unwrap_or_default(),
        bounds,
        center,
    })
}

impl ArchiveReader for Reader {
    fn about(&self) -> &About {
        &self.about
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<(), ArchiveFault> {
        let reading = sql(&self.path, "reading the tiles");
        let all =
            "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles ORDER BY zoom_level, tile_column, tile_row";
        let mut statement = self.connection.prepare(all).map_err(reading)?;
        let mut rows = statement.query([]).map_err(reading)?;
        let (mut count, mut last) = (0, None);
        while let Some(row) = rows.next().map_err(reading)? {
            let numbers = (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2));
            let place = || {
                let (z, x, y) = &numbers;
                let number = |n: &rusqlite::Result<i64>| n.as_ref().map_or_else(|_| "?".to_owned(), i64::to_string);
                format!("tiles, row {}/{}/{}", number(z), number(x), number(y))
            };
            let damaged = |problem: &str| ArchiveFault::damaged(&self.path, place(), problem);
            let coord = match &numbers {
                (Ok(z), Ok(x), Ok(from_south)) => coord(*z, *x, *from_south),
                _ => None,
            };
            let coord = coord.ok_or_else(|| damaged("there is no such tile"))?;
            if last == Some(coord) {
                return Err(damaged("stands there twice"));
            }
            last = Some(coord);
            count += 1;
            if count > MOST_READ {
                let what = "it has more tiles".to_owned();
                return Err(ArchiveFault::TooMuch { file: self.path.clone(), what, most: MOST_READ });
            }
            let tile = row.get_ref(3).map_err(reading)?.as_blob().map_err(|_| damaged("is no blob"))?;
            if tile.len() as u64 > TILE_BYTES {
                return Err(damaged("is larger than any tile that is read"));
            }
            visit(coord, tile).map_err(|why| ArchiveFault::tile(&self.path, coord, why))?;
        }
        Ok(())
    }
}

fn coord(z: i64, x: i64, from_south: i64) -> Option<TileCoord> {
    let z = u8::try_from(z).ok().filter(|z| *z <= MAX_ZOOM)?;
    let y = (1i64 << z) - 1 - from_south;
    TileCoord::new(z, u32::try_from(x).ok()?, u32::try_from(y).ok()?)
}
