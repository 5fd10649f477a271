//! `wangge check` names a moved vertex, a removed face and a duplicated code – in a layer, in the tables and in the source.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use rusqlite::{Connection, params};
use serde_json::Value;
use town::{Desk, Town, code, corner};

fn stored() -> Desk {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    desk
}

/// Changes the store behind Wangge's back and checks it; the findings of severity fault.
fn faults_after(desk: &Desk, change: impl FnOnce(&Connection)) -> Vec<Value> {
    let file = Connection::open(desk.store()).unwrap();
    change(&file);
    file.close().unwrap();
    faults(desk, &["check", "--store", "town.gpkg", "--json"])
}

fn faults(desk: &Desk, args: &[&str]) -> Vec<Value> {
    let run = desk.run(args).ends(1);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    let findings = found["findings"].as_array().unwrap().clone();
    findings.into_iter().filter(|f| f["severity"] == "fault").collect()
}

#[track_caller]
fn named<'a>(faults: &'a [Value], rule: &str, code: &str) -> &'a Value {
    faults
        .iter()
        .find(|f| f["rule"] == rule && f["codes"].as_array().unwrap().iter().any(|c| c == code))
        .unwrap_or_else(|| panic!("no {rule} of {code} in {faults:#?}"))
}

#[track_caller]
fn at(fault: &Value, (lon, lat): (f64, f64), within: f64) {
    let place = (fault["lon"].as_f64().unwrap(), fault["lat"].as_f64().unwrap());
    assert!((place.0 - lon).abs() <= within && (place.1 - lat).abs() <= within, "{fault} is not at {lon}, {lat}");
}

/// Moves the x of the first vertex of a feature: it stands after 8 + 32 bytes of header and envelope, 1 + 4 + 4 of the multipolygon,
/// 1 + 4 + 4 of the polygon and 4 of the ring.
fn move_vertex(file: &Connection, layer: &str, code: &str, by: f64) -> (f64, f64) {
    let sql = format!("SELECT geom FROM {layer} WHERE code = ?1");
    let mut geom: Vec<u8> = file.query_row(&sql, [code], |row| row.get(0)).unwrap();
    let real = |at: usize| f64::from_le_bytes(geom[at..at + 8].try_into().unwrap());
    let moved = (real(62) + by, real(70));
    geom[62..70].copy_from_slice(&moved.0.to_le_bytes());
    file.execute(&format!("UPDATE {layer} SET geom = ?1 WHERE code = ?2"), params![geom, code]).unwrap();
    moved
}

#[test]
fn a_moved_vertex_a_removed_feature_and_a_duplicated_code_of_a_layer_are_each_named_with_their_place() {
    let desk = stored();
    let mut moved = (0.0, 0.0);
    let faults = faults_after(&desk, |file| {
        moved = move_vertex(file, "grid", &code(0, 0), 0.000_1);
        file.execute("DELETE FROM grid WHERE code = ?1", [code(3, 0)]).unwrap();
        file.execute("UPDATE grid SET code = ?1 WHERE code = ?2", [code(2, 2), code(3, 3)]).unwrap();
    });
    at(named(&faults, "moved_vertex", &code(0, 0)), moved, 1e-9);
    let removed = named(&faults, "missing_feature", &code(3, 0));
    assert_eq!(removed["principle"], "coverage");
    at(removed, corner(3, 0), 0.011);
    let twice = named(&faults, "duplicate_code", &code(2, 2));
    assert_eq!(twice["principle"], "complete");
    at(twice, corner(3, 3), 0.011); // where the intruder is
    named(&faults, "missing_feature", &code(3, 3));
    assert_eq!(faults.len(), 4, "{faults:#?}");
}

#[test]
fn an_upper_layer_is_checked_too() {
    let desk = stored();
    let faults = faults_after(&desk, |file| {
        move_vertex(file, "street", "A1", -0.000_02);
    });
    named(&faults, "moved_vertex", "A1");
    assert_eq!(faults.len(), 1, "{faults:#?}");
}

#[test]
fn a_removed_face_a_moved_point_and_a_duplicated_code_of_the_tables_are_each_named() {
    let desk = stored();
    let faults = faults_after(&desk, |file| {
        file.execute(
            "DELETE FROM wangge_face WHERE face_id = (SELECT face_id FROM wangge_unit WHERE code = ?1)",
            [code(1, 1)],
        )
        .unwrap();
    });
    named(&faults, "no_shape", &code(1, 1));
    let gap = faults.iter().find(|f| f["rule"] == "gap").unwrap();
    at(gap, corner(1, 1), 0.011);
    assert!(faults.iter().any(|f| f["en"].as_str().unwrap().contains("wangge_face")), "{faults:#?}");
    desk.run(&["locate", "--store", "town.gpkg", "116.61", "35.41"]).ends(2).says(&["wangge_face", "content hash"]);

    let desk = stored();
    let faults = faults_after(&desk, |file| {
        file.execute("UPDATE wangge_unit SET code = ?1 WHERE code = ?2", [code(2, 2), code(3, 3)]).unwrap();
    });
    at(named(&faults, "duplicate_code", &code(2, 2)), corner(2, 2), 0.021);

    let desk = stored();
    let faults = faults_after(&desk, |file| {
        // The first vertex of the first arc goes far to the east, with its junction and every arc that ends there.
        file.execute_batch("UPDATE wangge_junction SET x = x + 15000000 WHERE id = 0").unwrap();
        let arcs: Vec<(i64, i64, i64, Vec<u8>)> = file
            .prepare("SELECT id, from_junction, to_junction, points FROM wangge_arc")
            .unwrap()
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (id, from, to, mut points) in arcs {
            let end = points.len() - 8;
            for place in [(from == 0).then_some(0), (to == 0).then_some(end)].into_iter().flatten() {
                let x = i32::from_le_bytes(points[place..place + 4].try_into().unwrap()) + 15_000_000;
                points[place..place + 4].copy_from_slice(&x.to_le_bytes());
            }
            file.execute("UPDATE wangge_arc SET points = ?1 WHERE id = ?2", params![points, id]).unwrap();
        }
    });
    let broken = |f: &&Value| ["crossing", "ring"].contains(&f["rule"].as_str().unwrap());
    let crossing = faults.iter().find(broken).unwrap_or_else(|| panic!("{faults:#?}"));
    assert!(crossing["lon"].is_number() && !crossing["codes"].as_array().unwrap().is_empty(), "{crossing}");
}

#[test]
fn the_same_faults_in_the_source_are_named() {
    let mut town = Town::new();
    town.unit(&code(1, 1)).ring[2] = {
        let (x, y) = corner(2, 2);
        (x + 0.001, y + 0.001)
    };
    town.units.retain(|u| u.code != code(2, 1));
    town.unit(&code(3, 3)).code = code(0, 0);
    let desk = Desk::with(&town);
    let faults = faults(&desk, &["check", "district.toml", "--json"]);
    let overlap = named(&faults, "overlap", &code(1, 1));
    at(overlap, corner(2, 2), 0.002);
    let gap = named(&faults, "gap", &code(1, 1));
    at(gap, corner(2, 1), 0.011);
    named(&faults, "duplicate_code", &code(0, 0));
    let shapes_alone = self::faults(&desk, &["check", "units.geojson", "--json"]);
    named(&shapes_alone, "overlap", &code(1, 1));
    named(&shapes_alone, "duplicate_code", &code(0, 0));
}

#[test]
fn vacancies_and_sizes_are_warnings_and_the_district_stays_clean() {
    let mut town = Town::new();
    town.people = town
        .people
        .lines()
        .filter(|l| !l.contains("officer,,街道,A111,") && !l.starts_with("s22"))
        .fold(String::new(), |a, l| a + l + "\n");
    town.toml = town.toml.replace("households = [100, 500]", "households = [121, 500]");
    let desk = Desk::with(&town);
    desk.import().ends(0);
    let run = desk.run(&["check", "--store", "town.gpkg", "--json"]).ends(0);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    let count = |rule: &str| found["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule).count();
    assert_eq!((count("officer"), count("specialist"), count("branch"), count("households")), (1, 1, 0, 16));
    let text = desk.run(&["check", "--store", "town.gpkg"]).ends(0);
    text.tells(&[
        "✓ 规模适当 right size: 通过 passed · 提示 warnings 16",
        "… 另有 more: 6 (--all)",
        "没有网格员",
        "缺少专业网格员：燃气",
    ]);
}

#[test]
fn codes_that_do_not_fit_the_scheme_are_named() {
    let mut town = Town::new();
    town.unit(&code(0, 0)).code = "A11".to_owned(); // too short, and a community's
    town.unit(&code(3, 3)).code = "B224".to_owned(); // not under its parent
    town.unit(&code(0, 3)).parent = "A99".to_owned();
    let desk = Desk::with(&town);
    let faults = faults(&desk, &["check", "district.toml", "--json"]);
    assert!(named(&faults, "code", "A11")["en"].as_str().unwrap().contains("3 characters, not 4"));
    assert!(named(&faults, "code", "B224")["zh"].as_str().unwrap().contains("不以上级编码 A22 开头"));
    assert!(named(&faults, "no_parent", &code(0, 3))["en"].as_str().unwrap().contains("A99"));
}
