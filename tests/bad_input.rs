//! Bad input: what, where and what to do, exit 2 – and the store is as it was, byte for byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use town::{Desk, Run, Town, code};
use wangge::snapshot::Contents;
use wangge::store::{GeoPackage, Store, StoreFault};

/// A town that is in a store already.
fn stored() -> (Town, Desk, Vec<u8>) {
    let town = Town::new();
    let desk = Desk::with(&town);
    desk.import().ends(0);
    let bytes = fs::read(desk.store()).unwrap();
    (town, desk, bytes)
}

/// Changes the town's files, imports again, and sees that the store did not move.
#[track_caller]
fn refused(code: i32, change: impl FnOnce(&mut Town, &Desk), words: &[&str]) -> Run {
    let (mut town, desk, before) = stored();
    change(&mut town, &desk);
    let run = desk.import().ends(code).says(words).says(&["错误：", "error: "]);
    assert_eq!(fs::read(desk.store()).unwrap(), before, "the store was changed");
    assert!(!desk.path("town.gpkg-wal").exists() && !desk.path("town.gpkg.lock").exists());
    run
}

fn put(name: &str, bytes: impl Into<Vec<u8>>) -> impl FnOnce(&mut Town, &Desk) {
    let (name, bytes) = (name.to_owned(), bytes.into());
    move |_, desk| fs::write(desk.path(&name), bytes).unwrap()
}

#[test]
fn broken_json_is_told_with_line_and_column() {
    let cut: String = Town::new().geojson().chars().take(900).collect();
    refused(2, put("units.geojson", cut), &["units.geojson, line ", " column ", "EOF"]);
    refused(2, put("units.geojson", "[".repeat(200_000)), &["units.geojson, line 1", "not valid GeoJSON"]);
    refused(2, put("units.geojson", "{\"type\":\"Topology\"}"), &["Topology", "export it as FeatureCollection"]);
    refused(2, put("units.geojson", "  \n"), &["is empty"]);
}

#[test]
fn numbers_that_are_none_are_told() {
    let nan = Town::new().geojson().replacen("[116.61,35.4]", "[NaN,35.4]", 1);
    refused(2, put("units.geojson", nan), &["units.geojson, line 2 column ", "NaN and Infinity are not JSON numbers"]);
    let huge = Town::new().geojson().replacen("[116.61,35.4]", "[1e308,35.4]", 1);
    refused(2, put("units.geojson", huge), &["row 1, column geometry, ring 1", "longitude", "outside -180..180"]);
    let six = Town::new().geojson().replacen("[116.61,35.4]", "[116.61,35.4,1,2,3,4]", 1);
    refused(2, put("units.geojson", six), &["line 2 column ", "6 numbers"]);
}

#[test]
fn a_bow_tie_is_told_with_its_unit_and_crossing() {
    let change = |town: &mut Town, desk: &Desk| {
        town.unit(&code(1, 1)).ring.swap(1, 2);
        town.write(desk.folder.path());
    };
    refused(2, change, &["1 rings are not valid", &code(1, 1), "crosses itself", "at 116.61", "--report"]);
}

#[test]
fn rings_that_are_none_are_told() {
    let open = |town: &mut Town, desk: &Desk| {
        town.unit(&code(0, 0)).ring.pop();
        town.write(desk.folder.path());
    };
    refused(2, open, &["units.geojson, row 1, column geometry, ring 1", "not closed"]);
    let point = |town: &mut Town, desk: &Desk| {
        town.unit(&code(0, 0)).ring.truncate(1);
        town.write(desk.folder.path());
    };
    refused(2, point, &["at least 4"]);
}

#[test]
fn swapped_axes_and_projected_metres_are_told() {
    let swap = |town: &mut Town, desk: &Desk| {
        town.units.iter_mut().flat_map(|u| &mut u.ring).for_each(|p| *p = (p.1, p.0));
        town.write(desk.folder.path());
    };
    refused(2, swap, &["units.geojson", "the axes look swapped", "longitude first"]);
    let metres = |town: &mut Town, desk: &Desk| {
        town.units.iter_mut().flat_map(|u| &mut u.ring).for_each(|p| *p = (p.0 * 1e4, p.1 * 1e5));
        town.write(desk.folder.path());
    };
    refused(2, metres, &["projected metres", "EPSG:4490"]);
    let place = |town: &mut Town, desk: &Desk| {
        let swapped = town.places.lines().map(|l| {
            let mut cells: Vec<_> = l.split(',').collect();
            cells.swap(5, 6);
            cells.join(",") + "\n"
        });
        fs::write(desk.path("places.csv"), swapped.collect::<String>().replace("lat,lon", "lon,lat")).unwrap();
    };
    refused(2, place, &["places.csv: 200 of 200 rows", "longitude and latitude look swapped"]);
}

#[test]
fn two_gigabytes_are_refused_before_they_are_read() {
    let sparse =
        |_: &mut Town, desk: &Desk| File::create(desk.path("units.geojson")).unwrap().set_len(2 << 30).unwrap();
    let begun = std::time::Instant::now();
    refused(2, sparse, &["units.geojson: is 2147483648 bytes, more than the 268435456"]);
    assert!(begun.elapsed().as_secs() < 20);
    let bomb = |_: &mut Town, desk: &Desk| {
        let mut encoder = GzEncoder::new(File::create(desk.path("units.geojson")).unwrap(), Compression::fast());
        (0..300).for_each(|_| encoder.write_all(&vec![b' '; 1 << 20]).unwrap());
        encoder.finish().unwrap();
    };
    refused(2, bomb, &["units.geojson: unpacks to more than 268435456 bytes"]);
}

#[test]
fn wrong_encodings_are_told_with_the_byte() {
    let lone = |_: &mut Town, desk: &Desk| {
        let mut bytes = fs::read(desk.path("people.csv")).unwrap();
        bytes.extend(b"x,\xb9\xe2,,officer,,,A111,,\ny,\xff,,officer,,,A111,,\n");
        fs::write(desk.path("people.csv"), bytes).unwrap();
    };
    refused(2, lone, &["people.csv: is neither UTF-8 (it breaks at line 22, byte ", "nor GB18030", "save it as UTF-8"]);
    refused(
        2,
        put("people.csv", b"PK\x03\x04rest".to_vec()),
        &["people.csv: is a zip archive", "save a workbook as CSV"],
    );
}

#[test]
fn unknown_systems_are_told() {
    let crs = Town::new().geojson().replacen(
        "\"features\"",
        "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::4548\"}},\"features\"",
        1,
    );
    refused(2, put("units.geojson", crs), &["crs member says “urn:ogc:def:crs:EPSG::4548”", "EPSG:4490"]);
    for plane in ["EPSG:9999", "beijing54", "wgs84"] {
        let toml = Town::new().toml.replace("EPSG:4548", plane);
        refused(2, put("district.toml", toml), &["district.toml, line 6", "plane: "]);
    }
    let (_, desk, _) = stored();
    desk.run(&["locate", "--store", "town.gpkg", "--crs", "mars", "116.6", "35.4"]).ends(2).says(&["mars", "wgs84"]);
}

#[test]
fn missing_columns_rows_and_files_are_told() {
    let people = Town::new().people.replacen("role", "job", 1);
    refused(2, put("people.csv", people), &["people.csv, line 1: column ", "found: id, name, phone, job"]);
    let units = Town::new().uppers.replacen("level", "layer", 1);
    refused(2, put("units.csv", units), &["units.csv, line 1: column level is missing"]);
    let ghost = Town::new().people.replace("A111", "A999");
    refused(2, put("people.csv", ghost), &["people.csv: 1 of 20 rows", "column units: “A999” is no unit"]);
    let gone = |_: &mut Town, desk: &Desk| fs::remove_file(desk.path("places.csv")).unwrap();
    refused(2, gone, &["places.csv: there is no such file"]);
    let toml = Town::new().toml.replace("officer_level", "oficer_level");
    refused(2, put("district.toml", toml), &["district.toml, line 9", "oficer_level"]);
}

#[test]
fn a_tree_that_is_none_is_refused() {
    let twice = |town: &mut Town, desk: &Desk| {
        town.unit(&code(0, 0)).code = code(3, 3);
        town.people = town.people.replace(&code(0, 0), &code(3, 3));
        town.write(desk.folder.path());
    };
    refused(1, twice, &["code A224 is used 2 times"]);
    let lost = |town: &mut Town, desk: &Desk| {
        town.unit(&code(0, 0)).parent = "A19".to_owned();
        town.write(desk.folder.path());
    };
    refused(1, lost, &["A111 names parent A19"]);
}

#[test]
fn stores_that_are_none_of_ours_are_never_overwritten() {
    let (_, desk, _) = stored();
    fs::write(desk.path("note.gpkg"), "a text").unwrap();
    Connection::open(desk.path("other.gpkg"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a); PRAGMA application_id = 1196444487")
        .unwrap();
    for name in ["note.gpkg", "other.gpkg"] {
        let before = fs::read(desk.path(name)).unwrap();
        let args = ["import", "--store", name, "--district", "district.toml"];
        desk.run(&args).ends(2).says(&[name, "is not a Wangge store"]);
        desk.run(&["check", "--store", name]).ends(2).says(&[name, "is not a Wangge store"]);
        assert_eq!(fs::read(desk.path(name)).unwrap(), before);
    }
    let nowhere = ["import", "--store", "no/where.gpkg", "--district", "district.toml"];
    desk.run(&nowhere).ends(2).says(&["no/where.gpkg", "its folder does not exist"]);
    desk.run(&["check", "--store", "none.gpkg"]).ends(2).says(&["no such store", "import a district"]);
}

#[test]
fn a_newer_store_is_left_alone() {
    let (_, desk, _) = stored();
    let file = Connection::open(desk.store()).unwrap();
    file.execute("UPDATE wangge_meta SET value = '99' WHERE key = 'schema'", []).unwrap();
    file.close().unwrap();
    let before = fs::read(desk.store()).unwrap();
    for args in [&["check"][..], &["locate", "116.6", "35.4"], &["import", "--district", "district.toml"]] {
        let run = desk.run(&[args, &["--store", "town.gpkg"]].concat());
        run.ends(2).says(&["written by a newer Wangge", "schema 99", "up to 4"]);
    }
    assert_eq!(fs::read(desk.store()).unwrap(), before);
}

#[test]
fn a_store_that_another_writes_to_is_told() {
    let (_, desk, before) = stored();
    let lock = File::create(desk.path("town.gpkg.lock")).unwrap();
    (&lock).write_all(std::process::id().to_string().as_bytes()).unwrap();
    lock.lock().unwrap();
    desk.import().ends(2).says(&["open for writing by process", &std::process::id().to_string()]);
    drop(lock);
    let editor = Connection::open(desk.store()).unwrap();
    editor.execute_batch("BEGIN IMMEDIATE").unwrap();
    desk.import().ends(2).says(&["another program is writing", "QGIS"]);
    editor.execute_batch("ROLLBACK").unwrap();
    editor.close().unwrap();
    assert_eq!(fs::read(desk.store()).unwrap(), before);
    desk.import().ends(0);
}

#[test]
fn an_import_that_is_killed_leaves_the_store_before_or_after() {
    let (_, desk, _) = stored();
    for wait_ms in [5, 20, 40, 60, 80, 120] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wangge"))
            .args(["import", "--store", "town.gpkg", "--district", "district.toml"])
            .current_dir(desk.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(GeoPackage::at(&desk.store()).load().unwrap().places.len(), 200, "killed after {wait_ms} ms");
    }
    desk.import().ends(0);
}

fn same(a: &Contents, b: &Contents) -> bool {
    a.coverage == b.coverage
        && a.hierarchy == b.hierarchy
        && a.places == b.places
        && a.issues == b.issues
        && a.base == b.base
        && a.district == b.district
        && (a.roster.people(), a.roster.branches()) == (b.roster.people(), b.roster.branches())
}

#[test]
fn flipped_bytes_are_found_or_harmless_never_a_wrong_answer() {
    let (_, desk, bytes) = stored();
    let whole = GeoPackage::at(&desk.store()).load().unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut found = 0;
    for round in 0..300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (seed >> 20) as usize % bytes.len();
        let mut broken = bytes.clone();
        broken[at] ^= 1 << (seed >> 60 & 7);
        let path = desk.path(&format!("broken{round}.gpkg"));
        fs::write(&path, &broken).unwrap();
        match GeoPackage::at(&path).load() {
            Ok(contents) => assert!(same(&contents, &whole), "byte {at} changed the answer unseen"),
            Err(fault) => {
                found += 1;
                assert!(fault.to_string().contains(&format!("broken{round}.gpkg")), "{fault}");
            }
        }
        fs::remove_file(path).unwrap();
    }
    assert!(found > 50, "only {found} of 300 flips were found");
    let cut = desk.path("cut.gpkg");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let fault = GeoPackage::at(&cut).load().unwrap_err();
    assert!(
        matches!(fault, StoreFault::Damaged { .. } | StoreFault::Row { .. } | StoreFault::Hash { .. }),
        "{fault:?}"
    );
}
