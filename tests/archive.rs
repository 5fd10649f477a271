//! Archives of the sample: what `wangge export` writes is what the service draws, the same bytes every time; what is refused leaves nothing behind; and
//! what was damaged afterwards is told by `wangge check`.

#![allow(clippy::expect_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use jiff::civil::Date;
use wangge::exchange::Limits;
use wangge::exchange::archive::{ArchiveFault, ArchiveReader, Kind, unpack};
use wangge::exchange::pmtiles;
use wangge::http::look;
use wangge::issue::IssueFilter;
use wangge::service::archive::{ExportFault, Exported, Format, Progress, Subject, Wanted, examine, export, state_on};
use wangge::service::import::{Sources, prepare};
use wangge::service::serving::{Capacity, State};
use wangge::service::tiles::{TileKey, bytes, covering};
use wangge::snapshot::{Contents, Snapshot};
use wangge::store::{GeoPackage, Store, mbtiles};
use wangge::tile::{TileCoord, TileSet};

const FORMATS: [(Format, &str); 2] = [(Format::PmTiles, "pmtiles"), (Format::MbTiles, "mbtiles")];

/// The sample as a store, made once.
fn store() -> &'static (tempfile::TempDir, PathBuf) {
    static STORE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    STORE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sample.gpkg");
        let district = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let sources = Sources { district, ..Sources::default() };
        let recorded = jiff::Timestamp::UNIX_EPOCH;
        let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| {}).expect("the sample reads");
        let imported = prepared.accept(None, recorded).expect("the sample is clean");
        GeoPackage::at(&path).replace(&imported.contents, &imported.earlier).expect("a store");
        (folder, path)
    })
}

fn contents() -> Contents {
    GeoPackage::at(&store().1).load().expect("the store")
}

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let capacity = Capacity { tiles_bytes: 1 << 20, answers_bytes: 1 << 20 };
        State::new(Snapshot::new(contents()), &look(None).expect("a look"), capacity)
    })
}

fn wanted(format: Format, sets: &[TileSet], zooms: (u8, u8)) -> Wanted {
    Wanted { format, subject: Subject::Sets(sets.to_vec()), min_zoom: Some(zooms.0), max_zoom: Some(zooms.1) }
}

fn made(wanted: &Wanted, out: &Path) -> Exported {
    export(state(), wanted, out, &mut |_| ()).expect("an archive")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every tile of an archive, unpacked.
fn tiles(format: Format, path: &Path) -> BTreeMap<TileCoord, Vec<u8>> {
    let mut reader: Box<dyn ArchiveReader> = match format {
        Format::PmTiles => Box::new(pmtiles::Reader::open(path).expect("an archive")),
        Format::MbTiles => Box::new(mbtiles::Reader::open(path).expect("an archive")),
    };
    let vector = reader.about().kind == Kind::Vector;
    let mut found = BTreeMap::new();
    reader
        .each(&mut |coord, kept| {
            let bytes = if vector { unpack(kept, 1 << 24)? } else { kept.to_vec() };
            assert_eq!(found.insert(coord, bytes), None, "{coord:?} stands there twice");
            Ok(())
        })
        .expect("tiles");
    found
}

fn drawn(set: TileSet, coord: TileCoord) -> Vec<u8> {
    bytes(state(), &TileKey::Vector { set, filter: IssueFilter::default(), coord }).expect("a tile")
}

#[test]
fn an_archive_holds_every_tile_that_the_service_draws_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let sets = [TileSet::Units, TileSet::Issues, TileSet::Places];
    let bounds = state().info(TileSet::Units).bounds;
    let all = (6..=14).flat_map(|z| covering(bounds, z));
    let together = all.map(|coord| (coord, sets.map(|set| drawn(set, coord)).concat()));
    let expected: BTreeMap<TileCoord, Vec<u8>> = together.filter(|(_, bytes)| !bytes.is_empty()).collect();
    for (format, name) in FORMATS {
        let out = folder.path().join(name);
        let exported = made(&wanted(format, &sets, (6, 14)), &out);
        assert!(tiles(format, &out) == expected, "{name}");
        assert_eq!(exported.tiles, expected.len() as u64);
        assert!(exported.different < exported.tiles, "the corners of the box around the district look alike");
        let (about, examined) = examine(format, &out, &mut |_| ()).expect("a sound archive");
        assert_eq!(about, exported.about);
        assert_eq!((about.min_zoom, about.max_zoom), (6, 14));
        assert_eq!(examined.tiles, exported.tiles);
        for layer in ["subdistrict", "community", "grid", "micro", "boundaries", "labels", "places", "cells", "points"]
        {
            assert!(examined.layers[layer].1 > 0, "{layer}");
        }
        assert!(about.description.contains("示例数据") && about.attribution.contains("示例数据"), "{about:?}");
    }
}

#[test]
fn the_same_district_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, name) in FORMATS {
        for subject in [Subject::Sets(vec![TileSet::Units]), Subject::Style("district".to_owned())] {
            let wanted = Wanted { format, subject, min_zoom: Some(10), max_zoom: Some(13) };
            let (one, other) = (folder.path().join(name), folder.path().join(format!("{name}-again")));
            made(&wanted, &one);
            // Another state, as another process has it.
            let again = State::new(Snapshot::new(contents()), &state().look, Capacity::default());
            export(&again, &wanted, &other, &mut |_| ()).expect("an archive");
            assert!(fs::read(&one).expect("a file") == fs::read(&other).expect("a file"), "{wanted:?}");
        }
    }
}

#[test]
fn one_tile_is_an_archive_and_pictures_are_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, name) in FORMATS {
        let out = folder.path().join(name);
        let exported = made(&wanted(format, &[TileSet::Units], (7, 7)), &out);
        assert_eq!((exported.tiles, exported.different), (1, 1));
        let [(coord, tile)] = tiles(format, &out).into_iter().collect::<Vec<_>>().try_into().expect("one tile");
        assert_eq!(tile, drawn(TileSet::Units, coord));

        for (style, overlay) in [("dark", false), ("heat", true)] {
            let subject = Subject::Style(style.to_owned());
            let exported = made(&Wanted { format, subject, min_zoom: None, max_zoom: Some(11) }, &out);
            assert_eq!((exported.about.kind, exported.about.overlay), (Kind::Png, overlay));
            let pictures = tiles(format, &out);
            assert!(pictures.values().all(|png| png.starts_with(b"\x89PNG")), "{style}");
            assert_eq!(examine(format, &out, &mut |_| ()).expect("a sound archive").1.tiles, exported.tiles);
        }
        assert_eq!(names(folder.path()).iter().filter(|n| *n == name).count(), 1);
    }
}

#[test]
fn progress_ends_where_it_should() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut told = Vec::new();
    let wanted = wanted(Format::PmTiles, &[TileSet::Units], (12, 14));
    let exported = export(state(), &wanted, &folder.path().join("a"), &mut |at| told.push(at)).expect("an archive");
    assert!(told.iter().any(|at| matches!(at, Progress::Drawing(done, all) if done == all)));
    assert_eq!(told.last(), Some(&Progress::Reading(exported.tiles, exported.tiles)));
}

#[test]
fn what_is_refused_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("a.pmtiles");
    fs::write(&out, "before").expect("a file");
    let units = &[TileSet::Units];
    for (format, _) in FORMATS {
        let refused = |wanted: &Wanted, out: &Path| export(state(), wanted, out, &mut |_| ()).expect_err("refused");
        assert!(matches!(refused(&wanted(format, units, (9, 8)), &out), ExportFault::Zooms(9, 8)));
        assert!(matches!(refused(&wanted(format, units, (0, 22)), &out), ExportFault::TooMany { .. }));
        assert!(matches!(refused(&wanted(format, &[TileSet::Places], (5, 9)), &out), ExportFault::Empty(5, 9)));
        let twice = wanted(format, &[TileSet::Units, TileSet::Units], (8, 9));
        assert!(matches!(refused(&twice, &out), ExportFault::SameLayer(_)));
        let style = Wanted { subject: Subject::Style("nowhere".to_owned()), ..wanted(format, units, (8, 9)) };
        assert!(refused(&style, &out).to_string().contains("district"));
        let nowhere = refused(&wanted(format, units, (8, 9)), &folder.path().join("no/such/folder.pmtiles"));
        assert!(nowhere.to_string().contains("folder.pmtiles"), "{nowhere}");
        assert!(refused(&wanted(format, units, (8, 9)), folder.path()).to_string().contains("no file"));
    }
    assert_eq!(names(folder.path()), ["a.pmtiles"]);
    assert_eq!(fs::read(&out).expect("the file"), b"before");
}

#[test]
fn a_day_of_the_past_has_its_own_boundaries() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = GeoPackage::at(&store().1);
    let wanted = wanted(Format::PmTiles, &[TileSet::Units], (14, 14));
    let at = |day: Option<Date>, subject: &Subject| state_on(contents(), &store, day, subject, &state().look);
    let first = state().snapshot.history.versions().first().expect("a version").clone();
    assert!(first.number < state().snapshot.version, "the sample has an earlier version");
    let before = at(Some(first.effective), &wanted.subject).expect("the first version");
    let out = folder.path().join("a");
    let exported = export(&before, &wanted, &out, &mut |_| ()).expect("an archive");
    assert_eq!(exported.about.version, first.number.to_string());
    let (old, new) = (tiles(Format::PmTiles, &out), |coord| drawn(TileSet::Units, coord));
    let changed = old.iter().filter(|(coord, bytes)| new(**coord) != **bytes).count();
    assert!(0 < changed && changed < old.len(), "{changed} of {} tiles", old.len());

    let now = at(Some(Date::constant(2099, 1, 1)), &wanted.subject).expect("today's");
    assert_eq!(now.snapshot.version, state().snapshot.version);
    for subject in [Subject::Sets(vec![TileSet::Places]), Subject::Style("heat".to_owned())] {
        assert!(matches!(at(Some(first.effective), &subject), Err(ExportFault::OnlyToday(_))));
    }
    let too_early = Date::constant(1949, 10, 1);
    assert!(matches!(at(Some(too_early), &wanted.subject), Err(ExportFault::Past(_))));
}

fn wangge(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_wangge")).args(arguments).output().expect("the binary runs");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn a_damaged_archive_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let store = store().1.to_str().expect("a path");
    let all = ["export", "--store", store, "--set", "units,places", "--max-zoom", "12"];
    for (_, name) in FORMATS {
        let file = at(&format!("a.{name}"));
        let (code, said) = wangge(&[&all[..], &["--format", name, "--out", &file]].concat());
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = wangge(&["check", &file]);
        assert!(code == Some(0) && said.contains("✓") && said.contains("micro"), "{said}");
        let (_, json) = wangge(&["check", &file, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert!(json["layers"].as_array().is_some_and(|layers| layers.iter().any(|l| l["id"] == "places")), "{json}");
    }

    let whole = fs::read(at("a.pmtiles")).expect("the archive");
    let damage = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut other = whole.clone();
        change(&mut other);
        fs::write(at(name), other).expect("a file");
        let (code, said) = wangge(&["check", &at(name)]);
        assert!(said.contains(name), "{said}");
        (code, said)
    };
    let number = |at: usize| u64::from_le_bytes(whole[at..at + 8].try_into().expect("eight bytes")) as usize;
    let last_tile = number(56) + number(64) - 20;
    for (change, place, code) in [
        (&(|f: &mut Vec<u8>| f[last_tile] ^= 1) as &dyn Fn(&mut Vec<u8>), "tile 12/", 1),
        (&|f: &mut Vec<u8>| f[130] ^= 0xff, "root directory", 1),
        (&|f: &mut Vec<u8>| f[100] = 3, "zooms", 1),
        (&|f: &mut Vec<u8>| f[88] ^= 1, "the header says", 1),
        (&|f: &mut Vec<u8>| f.truncate(last_tile), "beyond the file", 1),
        (&|f: &mut Vec<u8>| f[16_400] ^= 0xff, "description", 1),
        (&|f: &mut Vec<u8>| f[0] = b'Q', "no PMTiles 3 archive", 2),
    ] {
        let (found, said) = damage("b.pmtiles", change);
        assert!(found == Some(code) && said.contains(place), "{place}: exit {found:?}, {said}");
    }
    assert_eq!(wangge(&["check", &at("nowhere.pmtiles")]).0, Some(2));
}

#[test]
fn damaged_rows_of_an_mbtiles_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole");
    made(&wanted(Format::MbTiles, &[TileSet::Units], (8, 10)), &whole);
    for (change, place) in [
        ("UPDATE images SET tile_data = substr(tile_data, 1, length(tile_data) - 9)", "tile 8/"),
        ("UPDATE images SET tile_data = 'text'", "no blob"),
        ("UPDATE map SET tile_row = tile_row + 4096 WHERE zoom_level = 9", "no such tile"),
        ("DELETE FROM map WHERE zoom_level = 10", "zooms"),
        ("UPDATE metadata SET value = 'gif' WHERE name = 'format'", "format"),
        ("UPDATE metadata SET value = 'jpg' WHERE name = 'format'", "no jpg picture"),
        ("UPDATE metadata SET value = '{}' WHERE name = 'json'", "vector_layers"),
        ("UPDATE metadata SET value = replace(value, '\"micro\"', '\"macro\"') WHERE name = 'json'", "micro"),
        (
            "DROP VIEW tiles; CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data); INSERT INTO tiles SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images USING (tile_id); INSERT INTO tiles SELECT * FROM tiles",
            "twice",
        ),
        ("DROP VIEW tiles", "without the tables"),
    ] {
        let file = folder.path().join("changed");
        fs::copy(&whole, &file).expect("a copy");
        let sqlite = Command::new("sqlite3").arg(&file).arg(change).output().expect("sqlite3 runs");
        assert!(sqlite.status.success(), "{change}: {}", String::from_utf8_lossy(&sqlite.stderr));
        let fault = examine(Format::MbTiles, &file, &mut |_| ()).expect_err(change);
        assert!(fault.to_string().contains(place), "{change}: {fault}");
    }
    // A view that is a program without an end.
    let endless = "DROP VIEW tiles; CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT 8 AS zoom_level, 0 AS tile_column, 0 AS tile_row, x'00' AS tile_data FROM n";
    let file = folder.path().join("endless");
    fs::copy(&whole, &file).expect("a copy");
    assert!(Command::new("sqlite3").arg(&file).arg(endless).status().expect("sqlite3 runs").success());
    let fault = examine(Format::MbTiles, &file, &mut |_| ()).expect_err("no end");
    assert!(matches!(fault, ArchiveFault::TooMuch { .. }), "{fault}");
}
