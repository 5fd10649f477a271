//! Vector tiles, ours and others': the whole pyramid of the sample as one file, and single tiles made when they are asked for. Times are of processors,
//! because whoever makes tiles uses all it can get.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use jiff::Timestamp;
use rusqlite::Connection;
use wangge::exchange::Limits;
use wangge::exchange::archive::pack;
use wangge::service::import::{Sources, prepare};
use wangge::service::tiles::covering;
use wangge::snapshot::Snapshot;
use wangge::store::{GeoPackage, Store};
use wangge::tile::{Pyramid, TileCoord, TileSet};

use crate::Fallible;
use crate::layers::{self, Layer};
use crate::program::{Program, vector_tiles};
use crate::rounds::{ROUNDS, Spread, TURN, figure};

const ZOOMS: std::ops::RangeInclusive<u8> = 8..=16;
/// Tiles of one zoom in one round, and the zooms asked about.
const TILES: usize = 48;
const ASKED: [u8; 4] = [10, 12, 14, 16];

/// The sample, as ours has it and as files for the others.
struct Town {
    folder: tempfile::TempDir,
    snapshot: Snapshot,
}

impl Town {
    fn new(root: &Path) -> Fallible<Self> {
        let sources = Sources { district: root.join("data/sample/district.toml"), ..Sources::default() };
        let recorded = Timestamp::UNIX_EPOCH;
        let imported = prepare(&sources, &Limits::default(), recorded, &mut |_| ())?.accept(None, recorded)?;
        let folder = tempfile::tempdir()?;
        GeoPackage::at(&folder.path().join("store.gpkg")).replace(&imported.contents, &imported.earlier)?;
        Ok(Self { folder, snapshot: Snapshot::new(imported.contents) })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Seconds of processors that ended children of this process have taken, in hundredths.
fn children_s() -> Fallible<f64> {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(") ").next().ok_or("no name")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|n| n.parse::<f64>().ok()).ok_or("no figure");
    // Fields 16 and 17 of proc(5), counted from 1; the third is the first here.
    Ok((ticks(13)? + ticks(14)?) / TICKS_A_SECOND)
}

/// Seconds of a processor that this thread has taken.
fn thread_s() -> Fallible<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split(' ').next().ok_or("no figure")?.parse::<f64>()? / 1e9)
}

/// Processor seconds of `work` on this thread.
fn timed(work: impl FnOnce()) -> Fallible<f64> {
    let before = thread_s()?;
    work();
    Ok(thread_s()? - before)
}

/// A program that makes the whole pyramid.
struct Maker {
    who: String,
    /// Without the file, which comes last.
    command: Vec<String>,
    file: PathBuf,
    cpu_s: Vec<f64>,
    wall_s: Vec<f64>,
    ratios: Vec<f64>,
}

impl Maker {
    fn new(who: &str, file: PathBuf, command: &[&str]) -> Self {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Self { who: who.to_owned(), command, file, cpu_s: Vec::new(), wall_s: Vec::new(), ratios: Vec::new() }
    }

    /// Makes it once more.
    fn run(&mut self) -> Fallible<f64> {
        if self.file.exists() {
            fs::remove_file(&self.file)?;
        }
        let (start, before) = (Instant::now(), children_s()?);
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).arg(&self.file).stdin(Stdio::null());
        let done = command.output()?;
        if !done.status.success() {
            return Err(format!("{}: {}", self.who, String::from_utf8_lossy(&done.stderr).trim()).into());
        }
        let cpu_s = children_s()? - before;
        self.cpu_s.push(cpu_s);
        self.wall_s.push(start.elapsed().as_secs_f64());
        Ok(cpu_s)
    }

    fn line(&self) -> Fallible<String> {
        let made = Connection::open(&self.file)?;
        let sums = "SELECT count(*), sum(length(tile_data)) FROM tiles";
        let (tiles, bytes): (f64, f64) = made.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let [cpu, wall] = [&self.cpu_s, &self.wall_s].map(|values| Spread::of(values.iter().copied()).median);
        let ratio = match self.ratios.as_slice() {
            [] => "1".to_owned(),
            ratios => {
                let ratio = Spread::of(ratios.iter().copied());
                let [middle, least, most] = [ratio.median, ratio.least, ratio.most].map(figure);
                format!("**{middle}** ({least}–{most})")
            }
        };
        let (tiles, megabytes) = (figure(tiles), figure(bytes / 1e6));
        Ok(format!("| {} | {cpu:.2} | {wall:.2} | {tiles} | {megabytes} | {ratio} |\n", self.who))
    }
}

/// The others that are installed, and why not the rest.
fn makers(root: &Path, town: &Town, layers: &[Layer]) -> (Vec<Maker>, Vec<String>, Vec<String>) {
    let (mut found, mut versions, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    let zooms = (ZOOMS.start().to_string(), ZOOMS.end().to_string());
    match tippecanoe(root) {
        Ok((program, version)) => {
            versions.push(version);
            // A buffer of ours, 64 of 4096, is 4 of 256. Everything that drops or merges features is off; shared lines stay shared.
            let mut words =
                vec![program, "-q".into(), "-f".into(), "-Z".into(), zooms.0.clone(), "-z".into(), zooms.1.clone()];
            words.extend(
                ["-b", "4", "--no-tile-size-limit", "--no-feature-limit", "--no-tiny-polygon-reduction"]
                    .map(str::to_owned),
            );
            words.push("--no-simplification-of-shared-nodes".into());
            for Layer { name, .. } in layers {
                words.extend(["-L".to_owned(), format!("{name}:{}", town.at(&format!("{name}.geojsonl")).display())]);
            }
            words.push("-o".into());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            found.push(Maker::new("tippecanoe", town.at("tippecanoe.mbtiles"), &words));
        }
        Err(reason) => absent.push(format!("tippecanoe: {reason}")),
    }
    match Command::new("ogr2ogr").arg("--version").output() {
        Ok(said) => {
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            versions.push(said.split(',').next().unwrap_or_default().trim().to_owned());
            let store = town.at("store.gpkg");
            // ogr2ogr wants the target before the source: a shell turns them round.
            let levels = layers.iter().filter(|layer| layer.columns.iter().any(|(name, _)| *name == "population"));
            let levels = levels.map(|layer| layer.name.as_str()).collect::<Vec<_>>().join(" ");
            let options = "-dsco BUFFER=64 -dsco MAX_SIZE=5000000 -dsco MAX_FEATURES=1000000 -select code,name,parent,class,households,population";
            let line = format!(
                "exec ogr2ogr -q -f MBTILES \"$2\" \"$1\" {levels} -dsco MINZOOM={} -dsco MAXZOOM={} {options}",
                zooms.0, zooms.1
            );
            let store = store.display().to_string();
            found.push(Maker::new(
                "GDAL, `ogr2ogr -f MBTILES`, the levels alone",
                town.at("gdal.mbtiles"),
                &["sh", "-c", &line, "sh", &store],
            ));
        }
        Err(reason) => absent.push(format!("GDAL's ogr2ogr: {reason}")),
    }
    (found, versions, absent)
}

/// The program inside the Python package, and its version.
fn tippecanoe(root: &Path) -> Fallible<(String, String)> {
    let asked = "import cubao_tippecanoe; print(cubao_tippecanoe.__path__[0])";
    let folder = Command::new(root.join(".venv/bin/python")).args(["-c", asked]).output()?;
    if !folder.status.success() {
        return Err("its Python package is not installed".into());
    }
    let folder = String::from_utf8(folder.stdout)?;
    let program = Path::new(folder.trim()).join("__cubao_tippecanoe_tippecanoe.exe");
    // It writes its version to standard error.
    let said = Command::new(&program).arg("--version").output()?.stderr;
    Ok((program.display().to_string(), String::from_utf8(said)?.trim().replace(" v", " ")))
}

/// Every tile of the pyramid, drawn and packed by one thread from what is in memory.
fn drawn(snapshot: &Snapshot) -> usize {
    let pyramid = Pyramid::new(snapshot);
    let bounds = pyramid.info(TileSet::Units).bounds;
    let tiles = ZOOMS.flat_map(|z| covering(bounds, z)).map(|coord| pyramid.units(snapshot, coord));
    tiles.filter_map(|bytes| pack(&bytes).ok()).map(|packed| packed.len()).sum()
}

fn whole(root: &Path, town: &Town, layers: &[Layer]) -> Fallible<(String, Vec<String>, Vec<String>)> {
    let (store, zooms) =
        (town.at("store.gpkg").display().to_string(), [*ZOOMS.start(), *ZOOMS.end()].map(|z| z.to_string()));
    let program = env!("CARGO_BIN_EXE_wangge");
    let words = [
        program,
        "export",
        "--store",
        &store,
        "--format",
        "mbtiles",
        "--min-zoom",
        &zooms[0],
        "--max-zoom",
        &zooms[1],
        "--out",
    ];
    let mut ours = Maker::new("ours, `wangge export`", town.at("ours.mbtiles"), &words);
    let (mut others, versions, absent) = makers(root, town, layers);
    ours.run()?;
    ours.cpu_s.clear();
    ours.wall_s.clear();
    let mut drawing = Vec::new();
    for _ in 0..ROUNDS {
        let mut before = ours.run()?;
        for other in &mut others {
            let theirs = other.run()?;
            let after = ours.run()?;
            other.ratios.push(theirs / f64::midpoint(before, after));
            before = after;
        }
        drawing.push(timed(|| {
            std::hint::black_box(drawn(&town.snapshot));
        })?);
    }
    let mut text = String::from(
        "| the whole pyramid, z8–z16 | processor, s | wall, s | tiles | MB | × ours |\n|---|---:|---:|---:|---:|---:|\n",
    );
    text.push_str(&ours.line()?);
    others.iter().try_for_each(|other| other.line().map(|line| text.push_str(&line)))?;
    let drawing = Spread::of(drawing.into_iter()).median;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let _ = writeln!(
        text,
        "\nOf ours {drawing:.2} s is generalising, drawing and packing (one thread; the program uses {cores}); the rest is opening the store with every check of it, and reading the \
         archive back. Wall times are of a machine with {cores} cores."
    );
    Ok((text, versions, absent))
}

/// What is asked of one zoom, and what came of it.
struct Zoom {
    z: u8,
    tiles: Vec<TileCoord>,
    ours_us: Vec<f64>,
    theirs_us: Vec<f64>,
    /// Bytes a tile, before packing.
    ours_bytes: f64,
    theirs_bytes: f64,
}

fn single(root: &Path, town: &Town, pyramid: &Pyramid, layers: &[Layer]) -> Fallible<(String, String)> {
    let bounds = pyramid.info(TileSet::Units).bounds;
    let mut zooms: Vec<Zoom> = ASKED
        .into_iter()
        .map(|z| {
            let all: Vec<TileCoord> =
                covering(bounds, z).filter(|tile| !pyramid.units(&town.snapshot, *tile).is_empty()).collect();
            let tiles = all.iter().copied().step_by(all.len().div_ceil(TILES).max(1)).collect();
            Zoom { z, tiles, ours_us: Vec::new(), theirs_us: Vec::new(), ours_bytes: 0.0, theirs_bytes: 0.0 }
        })
        .collect();
    let tables: Vec<String> = layers.iter().map(|layer| format!("{}\t{}", layer.name, layer.declared())).collect();
    fs::write(town.at("tables.txt"), tables.join("\n"))?;
    let statements: Vec<String> = layers.iter().map(Layer::statement).collect();
    fs::write(town.at("tile.sql"), format!("SELECT {}", statements.join(" || ")))?;
    let places = zooms.iter().flat_map(|zoom| &zoom.tiles).flat_map(|t| [u32::from(t.z()), t.x(), t.y()]);
    fs::write(town.at("tiles.bin"), places.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())?;
    let (mut program, version): (Program, String) = vector_tiles(root, town.folder.path())?;
    let mut numbers = Vec::new();
    for round in 0..=ROUNDS {
        for zoom in &mut zooms {
            let count = zoom.tiles.len();
            let (mut bytes, mut turns) = (0, 0.0);
            let us = timed(|| {
                let start = Instant::now();
                while turns == 0.0 || start.elapsed() < TURN {
                    let drawn =
                        zoom.tiles.iter().map(|tile| std::hint::black_box(pyramid.units(&town.snapshot, *tile)));
                    bytes = drawn.map(|tile| tile.len()).sum();
                    turns += 1.0;
                }
            })? * 1e6
                / turns;
            program.ask("tiles", count, &mut numbers)?;
            let sum = |at: usize| numbers.chunks_exact(2).map(|pair| f64::from(pair[at])).sum::<f64>() / count as f64;
            if round > 0 {
                zoom.ours_us.push(us / count as f64);
                zoom.theirs_us.push(sum(0));
            }
            (zoom.ours_bytes, zoom.theirs_bytes) = (bytes as f64 / count as f64, sum(1));
        }
    }
    let mut text = String::from(
        "| one tile, before packing | tiles | ours, µs | PostGIS, µs | × ours | ours, bytes | PostGIS, bytes |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for zoom in &zooms {
        let ratio = Spread::of(zoom.theirs_us.iter().zip(&zoom.ours_us).map(|(theirs, ours)| theirs / ours));
        let [ours, theirs] = [&zoom.ours_us, &zoom.theirs_us].map(|us| figure(Spread::of(us.iter().copied()).median));
        let [middle, least, most] = [ratio.median, ratio.least, ratio.most].map(figure);
        let [own, other] = [zoom.ours_bytes, zoom.theirs_bytes].map(figure);
        let (z, tiles) = (zoom.z, zoom.tiles.len());
        let _ = writeln!(
            text,
            "| zoom {z} | {tiles} | {ours} | {theirs} | **{middle}** ({least}–{most}) | {own} | {other} |"
        );
    }
    Ok((text, version))
}

/// The page's section on tiles, the versions of those compared with, and who was not.
pub fn section(root: &Path) -> Fallible<(String, Vec<String>, Vec<String>)> {
    let town = Town::new(root)?;
    let pyramid = Pyramid::new(&town.snapshot);
    let layers = layers::all(&town.snapshot, &pyramid)?;
    layers.iter().try_for_each(|layer| layer.write(town.folder.path()))?;
    let (whole, mut versions, mut absent) = whole(root, &town, &layers)?;
    let mut text = format!("{}{whole}\n", include_str!("pyramid.md"));
    match single(root, &town, &pyramid, &layers) {
        Ok((single, version)) => {
            versions.push(version);
            text.push_str(&single);
        }
        Err(reason) => absent.push(format!("tiles of PostGIS: {reason}")),
    }
    Ok((text, versions, absent))
}
