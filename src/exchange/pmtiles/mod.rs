//! PMTiles 3: a whole pyramid in one file that a plain web server can serve by ranges.
//!
//! `header · root directory · padding to 16,384 bytes · description · tiles · leaf directories`: whoever reads the first 16 KB knows where everything
//! lies, and the writer needs no tile in memory. Tiles lie along the Hilbert curve of each zoom, equal ones once, and a run of equal ones is one entry.

mod directory;
mod header;
mod id;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use self::directory::Entry;
use self::header::{Header, Packing, Section};
pub use self::id::{END, id_of, tile_of};
use super::archive::{
    About, ArchiveFault, ArchiveReader, ArchiveWriter, Kind, METADATA_BYTES, MOST_READ, TILE_BYTES, Visit, pack, unpack,
};
use crate::tile::TileCoord;

/// Where the description begins.
const HEAD_BYTES: u64 = 16_384;
/// Leaves of leaves are read to this depth; more than one is rarely written.
const DEEPEST: u8 = 3;
/// The longest leaf that is read, packed.
const LONGEST_LEAF: u32 = 16 << 20;

/// Writes an archive from the front to the back; only header and root are written last.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    about: About,
    metadata: Section,
    entries: Vec<Entry>,
    known: HashMap<[u8; 32], (u64, u32)>,
    /// Bytes of tiles written.
    written: u64,
    addressed: u64,
}

impl Writer {
    /// Begins a file, instead of what is there. The zooms of `about` are those of its layers; the header gets those of the tiles.
    ///
    /// # Errors
    /// [`ArchiveFault::Io`].
    pub fn create(path: &Path, about: &About) -> Result<Self, ArchiveFault> {
        let io = ArchiveFault::io(path);
        let metadata = pack(Value::Object(metadata(about)).to_string().as_bytes()).map_err(io)?;
        let mut file = BufWriter::new(File::create(path).map_err(io)?);
        file.write_all(&[0; HEAD_BYTES as usize]).and_then(|()| file.write_all(&metadata)).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            about: about.clone(),
            metadata: Section { offset: HEAD_BYTES, length: metadata.len() as u64 },
            entries: Vec::new(),
            known: HashMap::new(),
            written: 0,
            addressed: 0,
        })
    }
}

impl ArchiveWriter for Writer {
    fn put(&mut self, coord: TileCoord, digest: &[u8; 32], tile: &[u8]) -> Result<(), ArchiveFault> {
        let id = id_of(coord);
        let next = self.entries.last().map(|entry| entry.id + u64::from(entry.run));
        if next.is_some_and(|next| id < next) || tile.is_empty() || tile.len() as u64 > TILE_BYTES {
            let problem = "comes out of order, or is no tile of a size that is kept";
            return Err(ArchiveFault::tile(&self.path, coord, problem));
        }
        self.addressed += 1;
        let (offset, length) = match self.known.get(digest) {
            Some(known) => *known,
            None => {
                self.file.write_all(tile).map_err(ArchiveFault::io(&self.path))?;
                let new = (self.written, tile.len() as u32);
                self.written += tile.len() as u64;
                self.known.insert(*digest, new);
                new
            }
        };
        match self.entries.last_mut() {
            Some(last) if next == Some(id) && last.offset == offset => last.run += 1,
            _ => self.entries.push(Entry { id, run: 1, offset, length }),
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ArchiveFault> {
        let io = ArchiveFault::io(&self.path);
        let (root, leaves) = directory::tree(&self.entries).map_err(io)?;
        self.file.write_all(&leaves).map_err(io)?;
        let tiles = Section { offset: HEAD_BYTES + self.metadata.length, length: self.written };
        let zoom = |entry: Option<&Entry>| {
            entry.and_then(|entry| tile_of(entry.id + u64::from(entry.run) - 1)).map_or(0, TileCoord::z)
        };
        self.about.min_zoom = zoom(self.entries.first());
        self.about.max_zoom = zoom(self.entries.last());
        let header = Header {
            root: Section { offset: header::BYTES as u64, length: root.len() as u64 },
            metadata: self.metadata,
            leaves: Section { offset: tiles.offset + tiles.length, length: leaves.len() as u64 },
            tiles,
            addressed: self.addressed,
            entries: self.entries.len() as u64,
            contents: self.known.len() as u64,
            ..Header::of(&self.about)
        };
        let head = [header.write(), root].concat();
        self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&head)).map_err(io)?;
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(io)?;
        Ok(header.contents)
    }
}

/// The description beside the header.
fn metadata(about: &About) -> Map<String, Value> {
    let mut json = if about.kind == Kind::Vector { about.layers_json() } else { Map::new() };
    let texts = [
        ("name", &about.name),
        ("description", &about.description),
        ("attribution", &about.attribution),
        ("version", &about.version),
    ];
    json.extend(texts.map(|(key, text)| (key.to_owned(), text.clone().into())));
    json.insert("type".to_owned(), if about.overlay { "overlay" } else { "baselayer" }.into());
    json
}

/// Reads an archive: header, description and directories when it is opened, tiles one by one.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
    header: Header,
    about: About,
    entries: Vec<Entry>,
}

impl Reader {
    /// Opens an archive and checks everything but its tiles: sections in the file and apart from each other, directories sorted, within their sections,
    /// and in the order that “clustered” promises, counts and zooms as the header has them. Cost: reads the directories.
    ///
    /// # Errors
    /// [`ArchiveFault`] saying what is wrong and where.
    pub fn open(path: &Path) -> Result<Self, ArchiveFault> {
        let io = ArchiveFault::io(path);
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let mut head = Vec::new();
        (&file).take(header::BYTES as u64).read_to_end(&mut head).map_err(io)?;
        let begins = Header::begins(head.get(..8).unwrap_or(&head));
        begins.map_err(|reason| ArchiveFault::NotOne { file: path.to_owned(), format: "PMTiles 3", reason })?;
        let head: [u8; header::BYTES] =
            head.try_into().map_err(|_| ArchiveFault::damaged(path, "header", "the file ends in it"))?;
        let header = Header::read(&head).map_err(|why| ArchiveFault::damaged(path, "header", why))?;
        lie_apart(&header, size).map_err(|why| ArchiveFault::damaged(path, "header", why))?;
        let mut reader = Self { path: path.to_owned(), file, about: about(&header), header, entries: Vec::new() };
        reader.read_metadata()?;
        reader.read_directory(header.root, (0, END), 0, "root directory")?;
        reader.check_entries().map_err(|why| ArchiveFault::damaged(path, "directories", why))?;
        Ok(reader)
    }

    fn bytes(&mut self, section: Section) -> Result<Vec<u8>, ArchiveFault> {
        let mut bytes = vec![0; section.length as usize];
        let read = self.file.seek(SeekFrom::Start(section.offset)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(ArchiveFault::io(&self.path)).map(|()| bytes)
    }

    fn read_metadata(&mut self) -> Result<(), ArchiveFault> {
        let section = self.header.metadata;
        if section.length > METADATA_BYTES {
            let what = format!("its description is {} bytes", section.length);
            return Err(ArchiveFault::TooMuch { file: self.path.clone(), what, most: METADATA_BYTES });
        }
        let packed = self.bytes(section)?;
        let damaged = |why: String| ArchiveFault::damaged(&self.path, "description", why);
        let gzip = self.header.directories == Packing::Gzip;
        let text = if gzip { unpack(&packed, METADATA_BYTES).map_err(damaged)? } else { packed };
        let json: Map<String, Value> = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let word = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.header.kind == Kind::Vector {
            self.about.layers = About::read_layers(&json).map_err(damaged)?;
        }
        self.about.name = word("name");
        self.about.description = word("description");
        self.about.attribution = word("attribution");
        self.about.version = word("version");
        self.about.overlay = word("type") != "baselayer";
        Ok(())
    }

    /// Reads a directory and those below it. Its tiles are to be those from `from` on and before `to`.
    fn read_directory(
        &mut self,
        section: Section,
        (from, to): (u64, u64),
        depth: u8,
        place: &str,
    ) -> Result<(), ArchiveFault> {
        let most = MOST_READ - self.entries.len() as u64;
        let packed = self.bytes(section)?;
        let path = self.path.clone();
        let damaged = |why: String| ArchiveFault::damaged(&path, place, why);
        let entries = directory::read(&packed, self.header.directories == Packing::Gzip, most).map_err(damaged)?;
        if entries.is_empty() && depth > 0 {
            return Err(damaged("it tells of no tile".to_owned()));
        }
        for (at, entry) in entries.iter().enumerate() {
            let next = entries.get(at + 1).map_or(to, |next| next.id);
            let inside = |section: Section| {
                let end = entry.offset.checked_add(u64::from(entry.length));
                end.is_some_and(|end| end <= section.length)
            };
            if entry.id < from || entry.id.checked_add(u64::from(entry.run)).is_none_or(|end| end > next.min(to)) {
                return Err(damaged(format!("entry {at} (tile {}) is not between its neighbours", entry.id)));
            }
            if entry.run > 0 {
                if !inside(self.header.tiles) {
                    return Err(damaged(format!("entry {at} (tile {}) points beyond the tiles", entry.id)));
                }
                self.entries.push(*entry);
                continue;
            }
            if !inside(self.header.leaves) || depth == DEEPEST || entry.length > LONGEST_LEAF {
                return Err(damaged(format!("entry {at} points beyond the leaf directories")));
            }
            let leaf = Section { offset: self.header.leaves.offset + entry.offset, length: u64::from(entry.length) };
            self.read_directory(leaf, (entry.id, next), depth + 1, &format!("leaf directory of tile {}", entry.id))?;
        }
        Ok(())
    }

    /// What the header says of all entries together.
    fn check_entries(&self) -> Result<(), String> {
        let addressed: u64 = self.entries.iter().map(|entry| u64::from(entry.run)).sum();
        if addressed > MOST_READ {
            return Err(format!("{addressed} tiles are more than the {MOST_READ} that are read"));
        }
        let mut contents: Vec<(u64, u32)> = self.entries.iter().map(|entry| (entry.offset, entry.length)).collect();
        if self.header.clustered {
            let mut end = 0;
            for (offset, length) in &contents {
                let known = *offset < end && offset + u64::from(*length) <= end;
                if !known && *offset != end {
                    return Err("the tiles do not lie in order, as “clustered” promises".to_owned());
                }
                end = end.max(offset + u64::from(*length));
            }
        }
        contents.sort_unstable();
        contents.dedup();
        let found = [addressed, self.entries.len() as u64, contents.len() as u64];
        let said = [self.header.addressed, self.header.entries, self.header.contents];
        let names = ["tiles", "entries", "different tiles"];
        for ((found, said), name) in found.into_iter().zip(said).zip(names) {
            if said != 0 && said != found {
                return Err(format!("there are {found} {name}, and the header says {said}"));
            }
        }
        let zoom = |id: Option<u64>| id.and_then(tile_of).map(TileCoord::z);
        let first = zoom(self.entries.first().map(|entry| entry.id));
        let last = zoom(self.entries.last().map(|entry| entry.id + u64::from(entry.run) - 1));
        if let (Some(first), Some(last)) = (first, last)
            && (first, last) != self.header.zooms
        {
            let (least, most) = self.header.zooms;
            return Err(format!("the tiles are of zooms {first}–{last}, and the header says {least}–{most}"));
        }
        Ok(())
    }
}

/// The header's part of what an archive says of itself.
fn about(header: &Header) -> About {
    let degrees = |steps: i32| f64::from(steps) / 1e7;
    let (lon, lat, zoom) = header.center;
    About {
        name: String::new(),
        description: String::new(),
        attribution: String::new(),
        version: String::new(),
        kind: header.kind,
        overlay: true,
        layers: Vec::new(),
        min_zoom: header.zooms.0,
        max_zoom: header.zooms.1,
        bounds: header.bounds.map(degrees),
        center: (degrees(lon), degrees(lat), zoom),
    }
}

/// Whether all sections lie in the file and none over another, and the root in what is read first.
fn lie_apart(header: &Header, size: u64) -> Result<(), String> {
    let sections = [
        ("the root directory", header.root),
        ("the description", header.metadata),
        ("the leaf directories", header.leaves),
        ("the tiles", header.tiles),
    ];
    let mut found = vec![("the header", 0, header::BYTES as u64)];
    for (name, section) in sections {
        let end = section.end().filter(|end| *end <= size);
        let end = end.ok_or_else(|| format!("{name} should end beyond the file's {size} bytes: is it whole?"))?;
        if section.length > 0 {
            found.push((name, section.offset, end));
        }
    }
    found.sort_by_key(|(_, from, _)| *from);
    if let Some([one, other]) = found.array_windows().find(|[one, other]| other.1 < one.2) {
        return Err(format!("{} and {} lie over each other", one.0, other.0));
    }
    match header.root.end() {
        Some(end) if end <= HEAD_BYTES => Ok(()),
        _ => Err(format!("the root directory is not in the first {HEAD_BYTES} bytes")),
    }
}

impl ArchiveReader for Reader {
    fn about(&self) -> &About {
        &self.about
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<(), ArchiveFault> {
        let gzip = self.header.packing == Packing::Gzip;
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get(at).copied() else { break };
            let coord = |id| tile_of(id).ok_or_else(|| ArchiveFault::damaged(&self.path, "directories", "too deep"));
            let first = coord(entry.id)?;
            if u64::from(entry.length) > TILE_BYTES {
                return Err(ArchiveFault::tile(&self.path, first, format!("is {} bytes", entry.length)));
            }
            if gzip != (self.header.kind == Kind::Vector) {
                return Err(ArchiveFault::damaged(
                    &self.path,
                    "header",
                    "vector tiles are to be packed with gzip, pictures not",
                ));
            }
            let section = Section { offset: self.header.tiles.offset + entry.offset, length: u64::from(entry.length) };
            let bytes = self.bytes(section)?;
            for id in entry.id..entry.id + u64::from(entry.run) {
                let coord = tile_of(id).unwrap_or(first);
                visit(coord, &bytes).map_err(|why| ArchiveFault::tile(&self.path, coord, why))?;
            }
        }
        Ok(())
    }

    fn tile(&mut self, coord: TileCoord) -> Result<Option<Vec<u8>>, ArchiveFault> {
        let id = id_of(coord);
        let before = self.entries.partition_point(|entry| entry.id <= id);
        let entry = before.checked_sub(1).and_then(|at| self.entries.get(at)).copied();
        let Some(entry) = entry.filter(|entry| id - entry.id < u64::from(entry.run)) else { return Ok(None) };
        if u64::from(entry.length) > TILE_BYTES {
            return Err(ArchiveFault::tile(&self.path, coord, format!("is {} bytes", entry.length)));
        }
        let section = Section { offset: self.header.tiles.offset + entry.offset, length: u64::from(entry.length) };
        self.bytes(section).map(Some)
    }
}
