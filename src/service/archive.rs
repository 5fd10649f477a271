//! A whole pyramid as one file: every tile drawn once, kept, read back from the disk and compared, and only then given its name. And the same
//! examination for an archive that somebody else made.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::past::{Held, PastFault, held};
use super::serving::{Capacity, Look, State};
use super::slots::WorkFault;
use super::tiles::{self, HEAT, HEAT_BANDWIDTH_M, TileKey};
use crate::exchange::archive::{
    About, ArchiveFault, ArchiveReader, ArchiveWriter, Kind, Layer, MOST_WRITTEN, TILE_BYTES, e7, named, pack, unpack,
};
use crate::exchange::pmtiles;
use crate::issue::IssueFilter;
use crate::render::read_picture;
use crate::snapshot::{Contents, Snapshot};
use crate::store::{Extras, Store, StoreFault, mbtiles};
use crate::tile::walk::walk;
use crate::tile::{DATA_ZOOM, MAX_ZOOM, SetInfo, TileCoord, TileSet};

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    PmTiles,
    MbTiles,
}

impl Format {
    /// By the extension that such files have.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "pmtiles" => Some(Self::PmTiles),
            "mbtiles" => Some(Self::MbTiles),
            _ => None,
        }
    }
}

/// What the tiles show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Vector tiles with the layers of these sets.
    Sets(Vec<TileSet>),
    /// Pictures in a map style, or the heat of all issues.
    Style(String),
}

impl Subject {
    /// What has to be read for it.
    #[must_use]
    pub fn extras(&self) -> Extras {
        match self {
            Self::Sets(sets) => Extras {
                places: sets.contains(&TileSet::Places),
                issues: sets.contains(&TileSet::Issues),
                base: sets.contains(&TileSet::Base),
            },
            Self::Style(_) => Extras::ALL,
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub format: Format,
    pub subject: Subject,
    /// From where to where; else from the first zoom with something to see to the last of the data.
    pub min_zoom: Option<u8>,
    pub max_zoom: Option<u8>,
}

/// What long work is at: done, of how many tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Drawing(u64, u64),
    Reading(u64, u64),
}

/// What was written and read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    pub about: About,
    pub tiles: u64,
    /// Of these with bytes of their own.
    pub different: u64,
    /// Of the file.
    pub bytes: u64,
}

/// Why there is no archive. What was at its place before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    #[error("zooms {0} to {1}: give --min-zoom and --max-zoom from 0 to {MAX_ZOOM}, the smaller first")]
    Zooms(u8, u8),
    #[error(
        "zooms {min_zoom} to {max_zoom} are {tiles} tiles, more than the {MOST_WRITTEN} of an archive; lower --max-zoom"
    )]
    TooMany { min_zoom: u8, max_zoom: u8, tiles: u64 },
    #[error("two of the sets have a layer “{0}”; export them into two archives")]
    SameLayer(String),
    #[error("unknown style “{name}”: use {known}")]
    UnknownStyle { name: String, known: String },
    #[error("{0} of an earlier day are not kept, only boundaries are; leave out --as-of, or export units or base")]
    OnlyToday(&'static str),
    #[error("there is nothing in it: no tile of zooms {0} to {1} holds anything")]
    Empty(u8, u8),
    #[error("a tile cannot be drawn: {0}")]
    Draw(#[from] WorkFault),
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    #[error(transparent)]
    Past(#[from] PastFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The district as an archive shows it, of contents with at least the subject's [`Subject::extras`]: today's, or with the boundaries of a day – the
/// background is always today's.
///
/// # Errors
/// [`ExportFault::OnlyToday`] where points of an earlier day are asked for, [`ExportFault::Past`], [`ExportFault::Store`].
pub fn state_on(
    contents: Contents,
    store: &dyn Store,
    day: Option<Date>,
    subject: &Subject,
    look: &Look,
) -> Result<State, ExportFault> {
    let now = Snapshot::new(contents);
    // Whatever is drawn here is drawn once: nothing is kept.
    let capacity = Capacity { tiles_bytes: 1 << 20, answers_bytes: 1 << 20 };
    let held = day.map_or(Ok(Held::Now), |day| held(&now, day))?;
    let Held::Past(version) = held else { return Ok(State::new(now, look, capacity)) };
    match subject {
        Subject::Sets(sets) if sets.contains(&TileSet::Places) => return Err(ExportFault::OnlyToday("places")),
        Subject::Sets(sets) if sets.contains(&TileSet::Issues) => return Err(ExportFault::OnlyToday("issues")),
        Subject::Style(name) if name == HEAT => return Err(ExportFault::OnlyToday("issues")),
        _ => {}
    }
    let mut past = now.past(&version, store.boundaries(version.number)?);
    past.base = Arc::clone(&now.base);
    Ok(State::new(past, look, capacity))
}

/// Writes an archive of `wanted` to `out`: drawn on every processor, written beside its place, read back whole and compared with what was drawn, and
/// renamed. The same state gives the same bytes. Cost: a millisecond or two a vector tile, some ten a picture; memory for 60 bytes a tile.
///
/// # Errors
/// [`ExportFault`]; nothing is left behind then.
pub fn export(
    state: &State,
    wanted: &Wanted,
    out: &Path,
    told: &mut dyn FnMut(Progress),
) -> Result<Exported, ExportFault> {
    let plan = Plan::of(state, wanted)?;
    let part = Part::beside(out)?;
    let exported = write(state, &plan, wanted.format, &part.path, told).map_err(|fault| part.named(fault))?;
    part.finish(out)?;
    Ok(exported)
}

/// Writes and reads back.
fn write(
    state: &State,
    plan: &Plan,
    format: Format,
    path: &Path,
    told: &mut dyn FnMut(Progress),
) -> Result<Exported, ExportFault> {
    let mut writer = writer(format, path, &plan.about)?;
    let mut drawn: HashMap<TileCoord, [u8; 32]> = HashMap::new();
    let mut done = 0;
    for block in plan.tiles.chunks(BLOCK) {
        for tile in draw_block(state, plan, block)? {
            writer.put(tile.coord, &tile.digest, &tile.kept)?;
            drawn.insert(tile.coord, tile.digest);
        }
        done += block.len();
        told(Progress::Drawing(done as u64, plan.tiles.len() as u64));
    }
    let different = writer.finish()?;
    let zooms = || drawn.keys().map(|coord| coord.z());
    let (Some(min_zoom), Some(max_zoom)) = (zooms().min(), zooms().max()) else {
        return Err(ExportFault::Empty(plan.zooms.0, plan.zooms.1));
    };
    let about = About { min_zoom, max_zoom, ..plan.about.clone() };
    let bytes = fs::metadata(path).map_err(ArchiveFault::io(path))?.len();
    let exported = Exported { about, tiles: drawn.len() as u64, different, bytes };
    compare(format, path, &exported, drawn, told)?;
    Ok(exported)
}

/// What is to be drawn.
struct Plan {
    about: About,
    subject: Subject,
    zooms: (u8, u8),
    /// In the order of the archive.
    tiles: Vec<TileCoord>,
}

impl Plan {
    fn of(state: &State, wanted: &Wanted) -> Result<Self, ExportFault> {
        let sets: &[TileSet] = match &wanted.subject {
            Subject::Sets(sets) => sets,
            Subject::Style(name) => {
                let known: Vec<&str> = state.look.maps().map(|(name, _)| name.as_str()).chain([HEAT]).collect();
                if !known.contains(&name.as_str()) {
                    let name = name.chars().take(40).collect();
                    return Err(ExportFault::UnknownStyle { name, known: known.join(", ") });
                }
                &[TileSet::Units]
            }
        };
        let infos: Vec<&SetInfo> = sets.iter().map(|set| state.info(*set)).collect();
        let first = infos.iter().map(|info| info.min_zoom).min().unwrap_or(0);
        let zooms = (
            wanted.min_zoom.unwrap_or(first.min(wanted.max_zoom.unwrap_or(first))),
            wanted.max_zoom.unwrap_or(DATA_ZOOM),
        );
        if zooms.0 > zooms.1 || zooms.1 > MAX_ZOOM {
            return Err(ExportFault::Zooms(zooms.0, zooms.1));
        }
        let bounds = infos.first().map_or([-180.0, -85.0, 180.0, 85.0], |info| info.bounds);
        let count: u64 = (zooms.0..=zooms.1).map(|z| tiles::covered(bounds, z)).sum();
        if count > MOST_WRITTEN {
            return Err(ExportFault::TooMany { min_zoom: zooms.0, max_zoom: zooms.1, tiles: count });
        }
        let mut tiles: Vec<TileCoord> = (zooms.0..=zooms.1).flat_map(|z| tiles::covering(bounds, z)).collect();
        tiles.sort_by_cached_key(|coord| pmtiles::id_of(*coord));
        let layers = match &wanted.subject {
            Subject::Sets(_) => layers(&infos, zooms)?,
            Subject::Style(_) => Vec::new(),
        };
        let about = about(state, &wanted.subject, layers, bounds, zooms);
        Ok(Self { about, subject: wanted.subject.clone(), zooms, tiles })
    }

    /// The tiles whose bytes, one behind the other, are the tile of the archive: layers are fields that repeat.
    fn keys(&self, coord: TileCoord) -> Vec<TileKey> {
        let filter = IssueFilter::default;
        match &self.subject {
            Subject::Sets(sets) => {
                sets.iter().map(|set| TileKey::Vector { set: *set, filter: filter(), coord }).collect()
            }
            Subject::Style(name) if name == HEAT => {
                vec![TileKey::Heat { filter: filter(), bandwidth_m: HEAT_BANDWIDTH_M, peak: None, coord, scale: 1 }]
            }
            Subject::Style(name) => vec![TileKey::Map { style: name.as_str().into(), coord, scale: 1 }],
        }
    }
}

fn layers(infos: &[&SetInfo], zooms: (u8, u8)) -> Result<Vec<Layer>, ExportFault> {
    let mut layers: Vec<Layer> = Vec::new();
    for info in infos.iter().flat_map(|info| &info.layers) {
        if layers.iter().any(|layer| layer.id == info.id) {
            return Err(ExportFault::SameLayer(info.id.clone()));
        }
        layers.extend(Layer::within(info, zooms));
    }
    Ok(layers)
}

fn about(state: &State, subject: &Subject, layers: Vec<Layer>, bounds: [f64; 4], zooms: (u8, u8)) -> About {
    let Snapshot { district, version, history, .. } = &state.snapshot;
    let what = match subject {
        Subject::Sets(sets) => sets.iter().map(|set| set.name()).collect::<Vec<_>>().join(", "),
        Subject::Style(name) => name.clone(),
    };
    let since =
        history.version(*version).map_or_else(String::new, |v| format!("，自 {} 起 in force since then", v.effective));
    let mark = if district.synthetic { district.mark.clone() } else { String::new() };
    let marked = if mark.is_empty() { String::new() } else { format!("{mark} · ") };
    let [west, south, east, north] = bounds.map(e7);
    About {
        name: format!("{} · {what}", district.name),
        description: format!(
            "{marked}{} {} · 第 {version} 版 version {version}{since}",
            district.name, district.name_en
        ),
        attribution: mark,
        version: version.to_string(),
        kind: if matches!(subject, Subject::Sets(_)) { Kind::Vector } else { Kind::Png },
        overlay: !matches!(subject, Subject::Style(name) if name != HEAT),
        layers,
        min_zoom: zooms.0,
        max_zoom: zooms.1,
        bounds: [west, south, east, north],
        center: (e7(f64::midpoint(west, east)), e7(f64::midpoint(south, north)), zooms.0.midpoint(zooms.1)),
    }
}

/// Tiles that are drawn before any of them is written.
const BLOCK: usize = 512;

/// A tile that holds something.
struct Drawn {
    coord: TileCoord,
    /// Of its bytes before packing.
    digest: [u8; 32],
    /// As the archive keeps it.
    kept: Vec<u8>,
}

fn draw(state: &State, plan: &Plan, coord: TileCoord) -> Result<Option<Drawn>, WorkFault> {
    let mut bytes = Vec::new();
    for key in plan.keys(coord) {
        bytes.append(&mut tiles::bytes(state, &key)?);
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let digest = Sha256::digest(&bytes).into();
    let kept = match plan.about.kind {
        Kind::Vector => pack(&bytes).map_err(|fault| WorkFault::Failed(format!("{}: {fault}", named(coord))))?,
        Kind::Png | Kind::Jpeg | Kind::Webp => bytes,
    };
    Ok(Some(Drawn { coord, digest, kept }))
}

/// Draws tiles on every processor and returns those that hold something, in order.
fn draw_block(state: &State, plan: &Plan, block: &[TileCoord]) -> Result<Vec<Drawn>, WorkFault> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Drawn)>, WorkFault> {
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(coord) = block.get(at) else { return Ok(mine) };
            mine.extend(draw(state, plan, *coord)?.map(|drawn| (at, drawn)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(block.len());
    let drawn = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = running.into_iter().map(|thread| thread.join().unwrap_or(Err(WorkFault::Crashed)));
        joined.collect::<Result<Vec<_>, _>>()
    })?;
    let mut drawn: Vec<(usize, Drawn)> = drawn.into_iter().flatten().collect();
    drawn.sort_unstable_by_key(|(at, _)| *at);
    Ok(drawn.into_iter().map(|(_, drawn)| drawn).collect())
}

fn writer(format: Format, path: &Path, about: &About) -> Result<Box<dyn ArchiveWriter>, ArchiveFault> {
    Ok(match format {
        Format::PmTiles => Box::new(pmtiles::Writer::create(path, about)?),
        Format::MbTiles => Box::new(mbtiles::Writer::create(path, about)?),
    })
}

fn reader(format: Format, path: &Path) -> Result<Box<dyn ArchiveReader>, ArchiveFault> {
    Ok(match format {
        Format::PmTiles => Box::new(pmtiles::Reader::open(path)?),
        Format::MbTiles => Box::new(mbtiles::Reader::open(path)?),
    })
}

/// Reads an archive from the disk and compares it with what was drawn: what it says of itself, every tile's bytes, and that none is missing or more.
fn compare(
    format: Format,
    path: &Path,
    exported: &Exported,
    mut drawn: HashMap<TileCoord, [u8; 32]>,
    told: &mut dyn FnMut(Progress),
) -> Result<(), ArchiveFault> {
    let mut found = reader(format, path)?;
    if *found.about() != exported.about {
        return Err(ArchiveFault::damaged(path, "description", "it is not the one that was written"));
    }
    let mut examined = Examined::new(found.about());
    found.each(&mut |coord, kept| {
        let bytes = examined.tile(coord, kept)?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        match drawn.remove(&coord) {
            Some(known) if known == digest => {}
            Some(_) => return Err("it is not the tile that was drawn".to_owned()),
            None => return Err("it was never drawn, or stands there twice".to_owned()),
        }
        if examined.tiles.is_multiple_of(BLOCK as u64) || drawn.is_empty() {
            told(Progress::Reading(examined.tiles, exported.tiles));
        }
        Ok(())
    })?;
    drawn.keys().min().map_or(Ok(()), |missing| Err(ArchiveFault::tile(path, *missing, "it is missing")))
}

/// What looking at every tile of an archive came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    kind: Kind,
    pub tiles: u64,
    /// Tiles by zoom.
    pub zooms: BTreeMap<u8, u64>,
    /// Tiles and features by layer; those that the archive describes and no tile has, with 0.
    pub layers: BTreeMap<String, (u64, u64)>,
    /// Bytes of all tiles, unpacked.
    pub bytes: u64,
}

impl Examined {
    fn new(about: &About) -> Self {
        let layers = about.layers.iter().map(|layer| (layer.id.clone(), (0, 0))).collect();
        Self { kind: about.kind, tiles: 0, zooms: BTreeMap::new(), layers, bytes: 0 }
    }

    /// Looks at one tile as it is kept and returns it unpacked.
    fn tile(&mut self, coord: TileCoord, kept: &[u8]) -> Result<Vec<u8>, String> {
        let bytes = match self.kind {
            Kind::Png => {
                let (width, height) = read_picture(kept).map_err(|fault| fault.to_string())?;
                if width != height {
                    return Err(format!("is {width} × {height} pixels, no square"));
                }
                kept.to_vec()
            }
            kind @ (Kind::Jpeg | Kind::Webp) => {
                if Kind::of_picture(kept) != Some(kind) {
                    return Err(format!("is no {} picture", kind.extension()));
                }
                kept.to_vec()
            }
            Kind::Vector => {
                let bytes = unpack(kept, TILE_BYTES)?;
                for layer in walk(&bytes).map_err(|fault| fault.to_string())? {
                    let known = self.layers.get_mut(&layer.name);
                    let known = known.ok_or_else(|| format!("layer “{}” is not described", layer.name))?;
                    *known = (known.0 + 1, known.1 + layer.features);
                }
                bytes
            }
        };
        self.tiles += 1;
        *self.zooms.entry(coord.z()).or_default() += 1;
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }
}

/// Examines an archive that somebody made: everything that its format promises, and every tile.
///
/// # Errors
/// [`ArchiveFault`]: the first thing that is wrong, and where.
pub fn examine(format: Format, path: &Path, told: &mut dyn FnMut(u64)) -> Result<(About, Examined), ArchiveFault> {
    let mut found = reader(format, path)?;
    let about = found.about().clone();
    let mut examined = Examined::new(&about);
    found.each(&mut |coord, kept| {
        examined.tile(coord, kept)?;
        if examined.tiles.is_multiple_of(BLOCK as u64) {
            told(examined.tiles);
        }
        Ok(())
    })?;
    Ok((about, examined))
}

/// A file that is being made beside its place, and goes away unless it is finished.
struct Part {
    path: PathBuf,
    /// What it is to become.
    place: PathBuf,
}

impl Part {
    fn beside(out: &Path) -> Result<Self, ArchiveFault> {
        // A link stays a link.
        let place = out.canonicalize().unwrap_or_else(|_| out.to_owned());
        if fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
            let source = std::io::Error::other("is no file");
            return Err(ArchiveFault::Io { file: place, source });
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let path = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        // Of a process of the same number that was stopped; usually there is none.
        let _ = fs::remove_file(&path);
        Ok(Self { path, place })
    }

    /// A fault with the name that whoever asked knows.
    fn named(&self, fault: ExportFault) -> ExportFault {
        let ExportFault::Archive(fault) = fault else { return fault };
        let file = self.place.clone();
        ExportFault::Archive(match fault {
            ArchiveFault::Missing(_) => {
                ArchiveFault::Io { file, source: std::io::Error::other("its folder does not exist") }
            }
            ArchiveFault::Io { source, .. } => ArchiveFault::Io { file, source },
            ArchiveFault::NotOne { format, reason, .. } => ArchiveFault::NotOne { file, format, reason },
            ArchiveFault::Damaged { place, problem, .. } => ArchiveFault::Damaged { file, place, problem },
            ArchiveFault::TooMuch { what, most, .. } => ArchiveFault::TooMuch { file, what, most },
            ArchiveFault::Sql { doing, problem, .. } => ArchiveFault::Sql { file, doing, problem },
        })
    }

    fn finish(self, out: &Path) -> Result<(), ArchiveFault> {
        let io = ArchiveFault::io(out);
        fs::rename(&self.path, &self.place).map_err(io)?;
        // The new name itself must survive a power cut.
        let folder = self.place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After a rename there is nothing of that name any more.
        let _ = fs::remove_file(&self.path);
    }
}
