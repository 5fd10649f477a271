//! MBTiles 1.3: a pyramid of tiles in one SQLite file. Tiles are rows counted from the south; equal ones are kept once, in `images`, and `tiles` is a
//! view over `map`, as most writers have it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use serde_json::{Map, Value};

use crate::exchange::archive::{
    About, ArchiveFault, ArchiveReader, ArchiveWriter, Kind, Layer, METADATA_BYTES, MOST_READ, TILE_BYTES, Visit,
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
const STEPS_A_LOOK: i32 = 10_000;
/// Steps after which a single tile is given up. With an index it takes fewer than a hundred.
const STEPS_A_TILE: i32 = 200_000;

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
        ("format", about.kind.extension().to_owned()),
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
    steps: Steps,
    about: About,
}

/// Steps of SQLite's machine that are left until it is stopped.
#[derive(Clone, Debug, Default)]
struct Steps(Arc<AtomicI64>);

impl Steps {
    fn allow(&self, steps: i32) {
        self.0.store(steps.into(), Ordering::Relaxed);
    }
}

impl Reader {
    /// Opens an archive, reads what it says of itself, and checks the whole file. Cost: reads all of it.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn open(path: &Path) -> Result<Self, ArchiveFault> {
        let (connection, steps) = connect(path)?;
        let sound: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql(path, "opening"))?;
        if sound != "ok" {
            return Err(ArchiveFault::damaged(path, "SQLite", sound));
        }
        let about = Description { connection: &connection, path }.strictly()?;
        Ok(Self { path: path.to_owned(), connection, steps, about })
    }

    /// Opens an archive to take single tiles from it, however large it is: reads its description, which others write with gaps, and sees that a tile
    /// is found quickly.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn to_serve(path: &Path) -> Result<Self, ArchiveFault> {
        let (connection, steps) = connect(path)?;
        let about = Description { connection: &connection, path }.loosely()?;
        let mut reader = Self { path: path.to_owned(), connection, steps, about };
        if let Some(coord) = TileCoord::new(reader.about.max_zoom, 0, 0) {
            reader.tile(coord)?;
        }
        Ok(reader)
    }
}

/// Opens a stranger's file: nothing in it is run that could do harm or never end.
fn connect(path: &Path) -> Result<(Connection, Steps), ArchiveFault> {
    let found = std::fs::metadata(path).map_err(ArchiveFault::io(path))?;
    if !found.is_file() || found.len() == 0 {
        return Err(not_one(path, "no file, or an empty one"));
    }
    let opening = sql(path, "opening");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    let pragmas = "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON";
    connection.execute_batch(pragmas).map_err(opening)?;
    let steps = Steps::default();
    steps.allow(MOST_STEPS);
    let left = Arc::clone(&steps.0);
    let tired = move || left.fetch_sub(STEPS_A_LOOK.into(), Ordering::Relaxed) < 0;
    connection.progress_handler(STEPS_A_LOOK, Some(tired));
    let tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('metadata', 'tiles')";
    if connection.query_row(tables, [], |row| row.get::<_, i64>(0)).map_err(opening)? != 2 {
        return Err(not_one(path, "without the tables metadata and tiles"));
    }
    Ok((connection, steps))
}

/// The table `metadata`.
struct Description<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl Description<'_> {
    fn value(&self, name: &str) -> Result<Option<String>, ArchiveFault> {
        let row = "SELECT substr(CAST(value AS TEXT), 1, ?2) FROM metadata WHERE name = ?1 LIMIT 1";
        let value =
            self.connection.query_row(row, (name, METADATA_BYTES as i64), |row| row.get::<_, Option<String>>(0));
        value.optional().map(Option::flatten).map_err(sql(self.path, "reading the description"))
    }

    fn damaged(&self, name: &str, problem: &str) -> ArchiveFault {
        ArchiveFault::damaged(self.path, format!("metadata, {name}"), problem)
    }

    fn zoom(&self, name: &str) -> Result<Option<u8>, ArchiveFault> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        let zoom = text.trim().parse().ok().filter(|zoom| *zoom <= MAX_ZOOM);
        zoom.map(Some).ok_or_else(|| self.damaged(name, "is no zoom"))
    }

    fn numbers(&self, name: &str, count: usize) -> Result<Option<Vec<f64>>, ArchiveFault> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let numbers = numbers.filter(|n| n.len() == count && n.iter().all(|n| n.is_finite()));
        numbers.map(Some).ok_or_else(|| self.damaged(name, "is no list of as many numbers as it should be"))
    }

    fn layers(&self, kind: Kind) -> Result<Vec<Layer>, ArchiveFault> {
        if kind != Kind::Vector {
            return Ok(Vec::new());
        }
        let text = self.value("json")?.ok_or_else(|| self.damaged("json", "is missing"))?;
        let json: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| self.damaged("json", &error.to_string()))?;
        About::read_layers(&json).map_err(|problem| self.damaged("json", &problem))
    }

    fn kind(&self) -> Result<Kind, ArchiveFault> {
        let format = self.value("format")?.unwrap_or_default();
        Kind::named(&format)
            .ok_or_else(|| self.damaged("format", &format!("is “{format}”; pbf, png, jpg and webp are read")))
    }

    /// One end of the zooms that there are tiles of. With an index it is found at once.
    fn found_zoom(&self, which: &str) -> Result<Option<u8>, ArchiveFault> {
        let query = format!("SELECT {which}(zoom_level) FROM tiles");
        self.connection.query_row(&query, [], |row| row.get(0)).map_err(sql(self.path, "reading the zooms"))
    }

    /// What everybody writes.
    fn strictly(&self) -> Result<About, ArchiveFault> {
        let kind = self.kind()?;
        let found = (self.found_zoom("min")?, self.found_zoom("max")?);
        let zooms = (self.zoom("minzoom")?.or(found.0), self.zoom("maxzoom")?.or(found.1));
        if zooms != found {
            let problem = format!("the tiles are of zooms {:?}–{:?}, another range", found.0, found.1);
            return Err(self.damaged("minzoom, maxzoom", &problem));
        }
        let name = self.value("name")?.ok_or_else(|| self.damaged("name", "is missing"))?;
        self.about(kind, name, (zooms.0.unwrap_or_default(), zooms.1.unwrap_or_default()))
    }

    /// As far as it is needed to find and show tiles: what is missing is found out.
    fn loosely(&self) -> Result<About, ArchiveFault> {
        let kind = match self.value("format")? {
            Some(_) => self.kind()?,
            None => {
                let first: Option<Vec<u8>> = self
                    .connection
                    .query_row("SELECT CAST(substr(tile_data, 1, 16) AS BLOB) FROM tiles LIMIT 1", [], |row| row.get(0))
                    .optional()
                    .map_err(sql(self.path, "reading a tile"))?;
                first.and_then(|tile| Kind::of_picture(&tile)).unwrap_or(Kind::Vector)
            }
        };
        let zoom = |said: Option<u8>, which: &str| said.map_or_else(|| self.found_zoom(which), |zoom| Ok(Some(zoom)));
        let (least, most) = (zoom(self.zoom("minzoom")?, "min")?, zoom(self.zoom("maxzoom")?, "max")?);
        let (Some(least), Some(most)) = (least, most) else { return Err(not_one(self.path, "without tiles")) };
        if least > most || most > MAX_ZOOM {
            return Err(self.damaged("minzoom, maxzoom", &format!("{least}–{most} is no range of zooms")));
        }
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.about(kind, self.value("name")?.unwrap_or(stem), (least, most))
    }

    fn about(&self, kind: Kind, name: String, (min_zoom, max_zoom): (u8, u8)) -> Result<About, ArchiveFault> {
        let bounds = self.numbers("bounds", 4)?.and_then(|n| n.try_into().ok());
        let center = self.numbers("center", 3)?.map_or((0.0, 0.0, 0), |n| (n[0], n[1], n[2].clamp(0.0, 255.0) as u8));
        Ok(About {
            name,
            description: self.value("description")?.unwrap_or_default(),
            attribution: self.value("attribution")?.unwrap_or_default(),
            version: self.value("version")?.unwrap_or_default(),
            kind,
            overlay: self.value("type")?.as_deref() != Some("baselayer"),
            layers: self.layers(kind)?,
            min_zoom,
            max_zoom,
            bounds: bounds.unwrap_or([-180.0, -85.0, 180.0, 85.0]),
            center,
        })
    }
}

impl ArchiveReader for Reader {
    fn about(&self) -> &About {
        &self.about
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<(), ArchiveFault> {
        let reading = sql(&self.path, "reading the tiles");
        self.steps.allow(MOST_STEPS);
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

    fn tile(&mut self, coord: TileCoord) -> Result<Option<Vec<u8>>, ArchiveFault> {
        self.steps.allow(STEPS_A_TILE);
        let finding = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => ArchiveFault::Sql {
                file: self.path.clone(),
                doing: "finding a tile",
                problem: format!(
                    "it takes SQLite more than {STEPS_A_TILE} steps; make an index: CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)"
                ),
            },
            _ => sql(&self.path, "finding a tile")(error),
        };
        // The length is known before the bytes are read.
        let one = "SELECT length(tile_data), CASE WHEN length(tile_data) <= ?4 THEN tile_data END FROM tiles \
                   WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3 LIMIT 1";
        let mut statement = self.connection.prepare_cached(one).map_err(finding)?;
        let numbers = (coord.z(), coord.x(), row(coord), TILE_BYTES as i64);
        let found = statement.query_row(numbers, |row| {
            let tile = row.get_ref(1)?;
            Ok((row.get::<_, Option<i64>>(0)?, tile.as_blob().map(<[u8]>::to_vec).ok()))
        });
        match found.optional().map_err(finding)? {
            None => Ok(None),
            Some((_, Some(tile))) => Ok(Some(tile).filter(|tile| !tile.is_empty())),
            Some((Some(length), None)) if length as u64 > TILE_BYTES => {
                Err(ArchiveFault::tile(&self.path, coord, format!("is {length} bytes")))
            }
            Some(_) => Err(ArchiveFault::tile(&self.path, coord, "is no blob")),
        }
    }
}

fn coord(z: i64, x: i64, from_south: i64) -> Option<TileCoord> {
    let z = u8::try_from(z).ok().filter(|z| *z <= MAX_ZOOM)?;
    let y = (1i64 << z) - 1 - from_south;
    TileCoord::new(z, u32::try_from(x).ok()?, u32::try_from(y).ok()?)
}
