//! Importing: what goes in comes out again, whatever the encoding; what is small is healed, what is large is listed and refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use encoding_rs::GB18030;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::Date;
use rusqlite::Connection;
use town::{Desk, Town, code, corner};
use wangge::exchange::Limits;
use wangge::grid::history::History;
use wangge::service::import::{Imported, Kept, Sources, prepare};
use wangge::snapshot::Contents;
use wangge::store::{GeoPackage, Store};

fn built(district: &Path) -> Contents {
    let sources = Sources { district: district.to_owned(), ..Sources::default() };
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let prepared = prepare(&sources, &Limits::default(), now, &mut |_| {}).unwrap();
    let kept = History::of_one(6, Date::constant(2026, 1, 1), now);
    let Imported { contents, .. } =
        prepared.accept(Some(Kept { history: kept, given: None, edits: Vec::new() }), now).unwrap();
    contents
}

#[track_caller]
fn assert_same(a: &Contents, b: &Contents) {
    assert_eq!((a.version, a.recorded, &a.district), (b.version, b.recorded, &b.district));
    assert_eq!(a.history, b.history);
    assert_eq!(a.coverage, b.coverage);
    assert_eq!(a.hierarchy, b.hierarchy);
    assert_eq!((a.roster.people(), a.roster.branches()), (b.roster.people(), b.roster.branches()));
    assert_eq!(a.places, b.places);
    assert_eq!(a.issues, b.issues);
    assert_eq!(a.base, b.base);
}

#[test]
fn everything_that_is_saved_is_loaded_again() {
    let desk = Desk::with(&Town::new());
    let contents = built(&desk.path("district.toml"));
    let store = GeoPackage::at(&desk.store());
    assert_eq!(store.version().unwrap(), None);
    store.replace(&contents, &[]).unwrap();
    assert_eq!(store.version().unwrap(), Some(7));
    assert_same(&store.load().unwrap(), &contents);
    store.replace(&contents, &[]).unwrap();
    assert_same(&store.load().unwrap(), &contents);
    let left: Vec<_> = fs::read_dir(desk.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|n| n.to_string_lossy().contains("gpkg-") || n.to_string_lossy().ends_with(".lock")),
        "{left:?}"
    );
}

#[test]
fn the_town_is_imported_counted_and_found() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0).tells(&[
        "street 2",
        "community 4",
        "grid 16",
        "无坐标 no position 10",
        "imported as version 1",
    ]);
    desk.import().ends(0).tells(&["imported as version 2"]);
    desk.run(&["check", "--store", "town.gpkg"]).ends(0).tells(&["gaps 0", "overlaps 0", "示例数据"]);
    let (lon, lat) = (116.6150, 35.4250); // the middle of column 1, row 2
    let located = desk.run(&["locate", "--store", "town.gpkg", &lon.to_string(), &lat.to_string()]).ends(0);
    located.tells(&[&code(1, 2), "内部 inside", "王**", "燃气 李**"]);
}

#[test]
fn the_layers_are_a_geopackage_as_gdal_expects_it() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let file = Connection::open(desk.store()).unwrap();
    let one = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(one("PRAGMA application_id"), 0x4750_4B47);
    assert_eq!(one("SELECT count(*) FROM gpkg_spatial_ref_sys WHERE srs_id IN (-1, 0, 4326, 4490)"), 4);
    for (layer, features) in [("street", 2), ("community", 4), ("grid", 16), ("places", 200), ("issues", 200)] {
        assert_eq!(one(&format!("SELECT count(*) FROM {layer}")), features, "{layer}");
        assert_eq!(
            one(&format!(
                "SELECT count(*) FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name, srs_id) \
                 WHERE table_name = '{layer}' AND srs_id = 4490 AND data_type = 'features'"
            )),
            1,
            "{layer}"
        );
    }
    assert_eq!(one("SELECT count(*) FROM gpkg_contents WHERE data_type = 'attributes'"), 2);
    let mut broken = file.prepare("PRAGMA foreign_key_check").unwrap();
    assert_eq!(broken.query_map([], |_| Ok(())).unwrap().count(), 0);
    // 1 km² cells: 0.01° of longitude × 0.01° of latitude here.
    let area: f64 = file.query_row("SELECT sum(area_m2) FROM street", [], |row| row.get(0)).unwrap();
    assert!((area / 16.0 - 907.9 * 1109.7).abs() < 1_500.0, "{area}");
}

#[test]
fn gbk_marks_chinese_headers_and_gzip_read_the_same_town() {
    let plain = Desk::with(&Town::new());
    let mut town = Town::new();
    town.toml =
        town.toml.replace("\"units.csv\"", "\"units.csv.gz\"").replace("\"base.geojson\"", "\"base.geojson.gz\"");
    let other = Desk::with(&town);
    let gbk = |text: &str| GB18030.encode(text).0.into_owned();
    let gz = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let chinese = town.people.replacen(
        "id,name,phone,role,line,org,units,from,to",
        "编号,姓名,电话,角色,条线,单位,网格,开始日期,结束日期",
        1,
    );
    fs::write(other.path("people.csv"), gbk(&chinese.replace("officer", "网格员"))).unwrap();
    fs::write(other.path("issues.csv"), gbk(&town.issues)).unwrap();
    fs::write(other.path("places.csv"), ["\u{feff}", &town.places].concat()).unwrap();
    fs::write(other.path("units.geojson"), gbk(&town.geojson())).unwrap();
    fs::write(other.path("units.csv.gz"), gz(&gbk(&town.uppers))).unwrap();
    fs::write(other.path("base.geojson.gz"), gz(town.base.as_bytes())).unwrap();
    assert_same(&built(&plain.path("district.toml")), &built(&other.path("district.toml")));
}

#[test]
fn a_small_gap_is_healed_and_recorded_and_a_large_one_is_refused() {
    let mut town = Town::new();
    // A vertex in the middle of the board, moved by about 0.3 m in one unit only.
    let ring = &mut town.unit(&code(1, 1)).ring;
    ring[2].0 -= 0.000_003;
    let desk = Desk::with(&town);
    desk.import().ends(0);
    let changes = fs::read_to_string(desk.path("report/changes.csv")).unwrap();
    assert!(changes.lines().count() >= 2, "{changes}");

    town.unit(&code(1, 1)).ring[2].0 -= 0.003; // about 270 m: a wedge of 0.15 km²
    town.write(desk.folder.path());
    let before = fs::read(desk.store()).unwrap();
    desk.import().ends(1).says(&["1 gaps and 0 overlaps", "gap of", " at 116.6"]);
    assert_eq!(fs::read(desk.store()).unwrap(), before);
    let gaps: geojson::FeatureCollection =
        fs::read_to_string(desk.path("report/gaps.geojson")).unwrap().parse().unwrap();
    assert_eq!(gaps.features.len(), 1);
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(desk.path("report/report.json")).unwrap()).unwrap();
    assert_eq!(report["coverage"]["gaps"]["listed"], 1);
    assert!(report["refused"].as_str().unwrap().contains("gap"));
}

#[test]
fn unclaimed_land_may_be_excluded_on_purpose() {
    let mut town = Town::new();
    town.units.retain(|u| u.code != code(1, 1));
    town.people = town.people.lines().filter(|l| !l.contains(&code(1, 1))).fold(String::new(), |a, l| a + l + "\n");
    let desk = Desk::with(&town);
    desk.import().ends(1).says(&["1 gaps"]);
    town.toml = town.toml.replace("[files]", "[coverage]\ngaps = \"exclude\"\n[files]");
    town.write(desk.folder.path());
    desk.import().ends(0);
    let (lon, lat) = corner(1, 1);
    let located = desk.run(&["locate", "--store", "town.gpkg", &(lon + 0.004).to_string(), &(lat + 0.005).to_string()]);
    located.ends(0).tells(&["区外 outside"]);
}

#[test]
fn a_dry_run_says_the_same_and_saves_nothing() {
    let desk = Desk::with(&Town::new());
    let run = desk.run(&["import", "--store", "town.gpkg", "--district", "district.toml", "--dry-run"]);
    run.ends(0).tells(&["grid 16", "nothing was saved"]);
    assert!(!desk.store().exists());
}

#[test]
fn a_few_bad_rows_are_left_out_and_listed() {
    let mut town = Town::new();
    town.issues = town.issues.replacen("2025-03-01 08:07:00", "soon", 1);
    let desk = Desk::with(&town);
    desk.import().ends(0).tells(&["rows left out: 1", "“soon” is not a time"]);
    let listed = fs::read_to_string(desk.path("report/unresolved.csv")).unwrap();
    assert!(listed.contains("issues.csv,9,接收时间,soon"), "{listed}");
    assert_eq!(GeoPackage::at(&desk.store()).load().unwrap().issues.len(), 199);
}

#[test]
fn the_sample_is_imported_whole_and_passes_the_four_principles() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let desk = Desk { folder };
    let sample = sample.to_str().unwrap();
    desk.run(&["import", "--store", "town.gpkg", "--district", sample]).ends(0);
    let run = desk.run(&["check", "--store", "town.gpkg", "--json"]).ends(0);
    let found: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    for principle in found["principles"].as_array().unwrap() {
        assert_eq!(principle["faults"], 0, "{principle}");
    }
    let file = Connection::open(desk.store()).unwrap();
    for (layer, features) in [("subdistrict", 5), ("community", 38), ("grid", 540), ("micro", 2623)] {
        let found: i64 = file.query_row(&format!("SELECT count(*) FROM {layer}"), [], |row| row.get(0)).unwrap();
        assert_eq!(found, features, "{layer}");
    }
}
