//! The sample district as a stranger reads it: every number the project states about it is recomputed from the plain files, its
//! geometry is checked in integers, and the generator is run again to see that it still writes the same bytes.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests fail as tests do

#[path = "../examples/sample/mod.rs"]
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use geojson::{FeatureCollection, GeometryValue, JsonObject};

/// A vertex in units of 1e-7°.
type P = (i64, i64);
type Row = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

fn text(name: &str) -> String {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    if Path::new(name).extension().is_none_or(|e| e != "gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut out = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut out).unwrap();
    out
}

/// A CSV as rows of (column → field).
fn table(name: &str) -> Vec<Row> {
    let text = text(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

struct Micro {
    code: String,
    name: String,
    parent: String,
    households: u64,
    population: u64,
    polygons: Vec<Vec<Vec<P>>>,
}

fn lattice(rings: &[Vec<geojson::Position>]) -> Vec<Vec<P>> {
    let unit = |x: f64| {
        let units = (x * 1e7).round();
        assert!((x * 1e7 - units).abs() < 1e-4, "{x} is not on the lattice");
        units as i64
    };
    rings.iter().map(|r| r.iter().map(|p| (unit(p[0]), unit(p[1]))).collect()).collect()
}

fn word(properties: &JsonObject, key: &str) -> String {
    properties[key].as_str().unwrap().to_owned()
}

fn micros() -> Vec<Micro> {
    let collection: FeatureCollection = text("units.geojson.gz").parse().unwrap();
    let read = |feature: geojson::Feature| {
        let properties = feature.properties.unwrap();
        let polygons = match feature.geometry.unwrap().value {
            GeometryValue::Polygon { coordinates } => vec![lattice(&coordinates)],
            GeometryValue::MultiPolygon { coordinates } => coordinates.iter().map(|p| lattice(p)).collect(),
            other => panic!("a unit is {other:?}"),
        };
        Micro {
            code: word(&properties, "code"),
            name: word(&properties, "name"),
            parent: word(&properties, "parent"),
            households: properties["households"].as_u64().unwrap(),
            population: properties["population"].as_u64().unwrap(),
            polygons,
        }
    };
    collection.features.into_iter().map(read).collect()
}

fn level<'a>(units: &'a [Row], key: &'a str) -> impl Iterator<Item = &'a Row> {
    units.iter().filter(move |u| u["level"] == key)
}

#[test]
fn the_levels_have_the_counts_of_the_published_district() {
    let (units, micros) = (table("units.csv"), micros());
    let count = |key| level(&units, key).count();
    assert_eq!((count("subdistrict"), count("community"), count("grid"), micros.len()), (5, 38, 540, 2623));
    let expected = [
        ("洸河街道", "370871001", 9, 160, 880),
        ("柳行街道", "370871002", 8, 120, 612),
        ("接庄街道", "370871003", 8, 104, 476),
        ("王因街道", "370871004", 7, 84, 335),
        ("黄屯街道", "370871005", 6, 72, 320),
    ];
    for (sub, (name, code, communities, grids, smallest)) in level(&units, "subdistrict").zip(expected) {
        assert_eq!((sub["name"].as_str(), sub["code"].as_str()), (name, code));
        let below = |key| level(&units, key).filter(|u| u["code"].starts_with(code)).count();
        assert_eq!((below("community"), below("grid")), (communities, grids), "{name}");
        assert_eq!(micros.iter().filter(|m| m.code.starts_with(code)).count(), smallest, "{name}");
    }
}

#[test]
fn codes_are_unique_and_start_with_their_parents() {
    let (units, micros) = (table("units.csv"), micros());
    let lengths = BTreeMap::from([("subdistrict", 9), ("community", 12), ("grid", 15)]);
    let mut codes = BTreeSet::new();
    for unit in &units {
        assert_eq!(unit["code"].len(), lengths[unit["level"].as_str()]);
        assert!(unit["code"].starts_with(&unit["parent"]) && !unit["name"].is_empty());
        assert!(unit["parent"].is_empty() || codes.contains(&unit["parent"]), "parents come first");
        assert!(codes.insert(unit["code"].clone()), "{} twice", unit["code"]);
    }
    let mut names = BTreeSet::new();
    for micro in &micros {
        assert_eq!(micro.code.len(), 18);
        assert!(micro.code.starts_with(&micro.parent) && codes.contains(&micro.parent));
        assert!(codes.insert(micro.code.clone()) && names.insert(micro.name.clone()), "{}", micro.name);
    }
}

#[test]
fn huangzhuang_has_eight_grids_and_the_people_it_is_known_for() {
    let units = table("units.csv");
    let community = level(&units, "community").find(|u| u["name"] == "黄庄社区").unwrap();
    assert_eq!((community["households"].as_str(), community["population"].as_str()), ("2700", "8900"));
    let grids: Vec<_> = level(&units, "grid").filter(|g| g["parent"] == community["code"]).collect();
    assert_eq!(grids.len(), 8);
    let fifth = grids.iter().find(|g| g["name"] == "黄庄社区第五网格(隆鑫苑)").unwrap();
    assert_eq!((fifth["households"].as_str(), &fifth["code"][12..]), ("446", "005"));
}

#[test]
fn sizes_of_upper_units_are_the_sums_of_their_children() {
    let (units, micros) = (table("units.csv"), micros());
    for unit in &units {
        let own = micros.iter().filter(|m| m.code.starts_with(&unit["code"]));
        let (households, population) = own.fold((0, 0), |s, m| (s.0 + m.households, s.1 + m.population));
        let stated = (unit["households"].clone(), unit["population"].clone());
        assert_eq!(stated, (households.to_string(), population.to_string()), "{}", unit["name"]);
    }
}

fn doubled_area(ring: &[P]) -> i128 {
    let cross = |a: P, b: P| i128::from(a.0) * i128::from(b.1) - i128::from(b.0) * i128::from(a.1);
    ring.windows(2).map(|w| cross(w[0], w[1])).sum()
}

/// Directed edges with the owner on the left: outer rings counter-clockwise, holes clockwise.
fn directed(rings: &[Vec<P>]) -> Vec<(P, P)> {
    let mut out = Vec::new();
    for (i, ring) in rings.iter().enumerate() {
        assert_eq!(ring.first(), ring.last(), "a ring is open");
        let distinct: BTreeSet<P> = ring.iter().copied().collect();
        assert_eq!(distinct.len(), ring.len() - 1, "a ring passes a vertex twice");
        let forward = (doubled_area(ring) > 0) == (i == 0);
        out.extend(ring.windows(2).map(|w| if forward { (w[0], w[1]) } else { (w[1], w[0]) }));
    }
    out
}

/// Follows edges into closed rings.
fn rings_of(edges: &BTreeSet<(P, P)>) -> Vec<Vec<P>> {
    let mut next: BTreeMap<P, P> = BTreeMap::new();
    for (a, b) in edges {
        assert!(next.insert(*a, *b).is_none(), "the outline passes {a:?} twice");
    }
    let mut rings = Vec::new();
    while let Some((&start, _)) = next.iter().next() {
        let mut ring = vec![start];
        while let Some(b) = next.remove(ring.last().unwrap()) {
            ring.push(b);
        }
        assert_eq!(ring.first(), ring.last());
        rings.push(ring);
    }
    rings
}

#[test]
fn the_micro_grids_are_an_exact_partition_of_one_outline() {
    let micros = micros();
    let mut seen: BTreeSet<(P, P)> = BTreeSet::new();
    let mut area = 0i128;
    for rings in micros.iter().flat_map(|m| &m.polygons) {
        area += doubled_area(&rings[0]).abs() - rings[1..].iter().map(|h| doubled_area(h).abs()).sum::<i128>();
        for edge in directed(rings) {
            assert!(seen.insert(edge), "two units on the same side of {edge:?}");
        }
    }
    let outline: BTreeSet<(P, P)> = seen.iter().filter(|(a, b)| !seen.contains(&(*b, *a))).copied().collect();
    let rings = rings_of(&outline);
    assert_eq!(rings.len(), 1, "gaps, or parts that lie apart");
    assert_eq!(area, doubled_area(&rings[0]));
    let vertices: usize = micros.iter().flat_map(|m| m.polygons.iter().flatten()).map(Vec::len).sum();
    assert!((80_000..130_000).contains(&vertices), "{vertices}");
}

#[test]
fn one_unit_is_an_exclave_and_one_has_a_hole_filled_by_a_grid_of_its_own() {
    let micros = micros();
    let parts: Vec<_> = micros.iter().map(|m| m.polygons.len()).filter(|n| *n > 1).collect();
    assert_eq!(parts, [2]);
    let holed: Vec<_> = micros.iter().filter(|m| m.polygons[0].len() > 1).collect();
    assert_eq!(holed.len(), 1);
    let hole: BTreeSet<P> = holed[0].polygons[0][1].iter().copied().collect();
    let filling = micros.iter().find(|m| m.polygons[0][0].iter().all(|p| hole.contains(p))).unwrap();
    assert!(filling.name.contains("专属网格"));
    assert_eq!(micros.iter().filter(|m| m.parent == filling.parent).count(), 1);
}

/// Whether faces hang together along shared edges.
fn connected(faces: &[Vec<(P, P)>]) -> bool {
    let mut side: BTreeMap<(P, P), usize> = BTreeMap::new();
    for (i, edges) in faces.iter().enumerate() {
        side.extend(edges.iter().map(|e| (*e, i)));
    }
    let mut reached = BTreeSet::from([0]);
    let mut todo = vec![0];
    while let Some(face) = todo.pop() {
        let across = faces[face].iter().filter_map(|(a, b)| side.get(&(*b, *a)).copied());
        todo.extend(across.filter(|n| reached.insert(*n)));
    }
    reached.len() == faces.len()
}

#[test]
fn every_grid_community_and_subdistrict_hangs_together_but_for_the_exclave() {
    let micros = micros();
    let mut apart = Vec::new();
    for length in [15, 12, 9] {
        let mut groups: BTreeMap<&str, Vec<Vec<(P, P)>>> = BTreeMap::new();
        for micro in &micros {
            let group = groups.entry(&micro.code[..length]).or_default();
            group.extend(micro.polygons.iter().map(|rings| directed(rings)));
        }
        apart.extend(groups.into_iter().filter(|(_, faces)| !connected(faces)).map(|(code, _)| code));
    }
    let exclave = micros.iter().find(|m| m.polygons.len() > 1).unwrap();
    assert_eq!(apart, [&exclave.code[..15], &exclave.code[..12]]);
}

fn units_of(row: &Row) -> Vec<&str> {
    row["units"].split(';').collect()
}

#[test]
fn every_post_is_held_once() {
    let (people, units, micros) = (table("people.csv"), table("units.csv"), micros());
    let of = |role: &str| people.iter().filter(|p| p["role"] == role).collect::<Vec<_>>();
    let (officers, specialists) = (of("officer"), of("specialist"));
    assert_eq!((specialists.len(), of("secretary").len(), of("advisor").len()), (1108, 211, 466));
    assert_eq!(officers.len() + 1108 + 211 + 466, people.len());
    let posted: BTreeSet<&str> = officers.iter().flat_map(|p| units_of(p)).collect();
    assert_eq!(posted, micros.iter().map(|m| m.code.as_str()).collect());
    let mut posts = BTreeMap::new();
    for person in &specialists {
        for unit in units_of(person) {
            *posts.entry((person["line"].as_str(), unit)).or_insert(0) += 1;
        }
    }
    let lines: BTreeSet<&str> = posts.keys().map(|k| k.0).collect();
    let grids: BTreeSet<&str> = level(&units, "grid").map(|u| u["code"].as_str()).collect();
    assert_eq!((lines.len(), posts.len()), (21, 21 * 540));
    assert!(posts.iter().all(|((_, unit), n)| *n == 1 && grids.contains(unit)));
    let settings = text("district.toml");
    assert!(lines.iter().all(|line| settings.contains(&format!("\"{line}\""))));
    let ids: BTreeSet<_> = people.iter().map(|p| &p["id"]).collect();
    assert_eq!(ids.len(), people.len());
}

#[test]
fn branches_cover_every_grid_and_33_belong_to_compounds_of_guanghe() {
    let (branches, units) = (table("branches.csv"), table("units.csv"));
    assert_eq!(branches.len(), 211);
    let compound: Vec<_> = branches.iter().filter(|b| b["kind"] == "compound").collect();
    assert_eq!(compound.len(), 33);
    assert!(compound.iter().all(|b| b["units"].starts_with("370871001")));
    let led: BTreeSet<&str> = branches.iter().flat_map(units_of).collect();
    assert_eq!(led, level(&units, "grid").map(|g| g["code"].as_str()).collect());
}

#[test]
fn teams_activities_and_places_of_civic_practice_add_up() {
    let (teams, activities, places) = (table("teams.csv"), table("activities.csv"), table("places.csv.gz"));
    assert_eq!((teams.len(), activities.len()), (275, 409));
    let visits: u64 = activities.iter().map(|a| a["attendance"].parse::<u64>().unwrap()).sum();
    assert_eq!(visits, 30_000);
    let known: BTreeSet<_> = teams.iter().map(|t| &t["id"]).collect();
    assert!(activities.iter().all(|a| known.contains(&a["team"])));
    assert_eq!(places.iter().filter(|p| p["kind"] == "civic").count(), 79);
    let centres = places.iter().filter(|p| p["kind"] == "office" && p["name"].ends_with("网格中心"));
    assert_eq!(centres.filter(|p| p["address"].contains("王因街道")).count(), 7);
}

#[test]
fn nobody_can_be_called() {
    for (file, column) in [("people.csv", "phone"), ("teams.csv", "phone"), ("issues.csv.gz", "联系电话")] {
        for row in table(file) {
            let phone = &row[column];
            assert!(
                phone.len() == 11 && phone.starts_with("12") && phone.bytes().all(|b| b.is_ascii_digit()),
                "{phone}"
            );
        }
    }
}

/// Even-odd over all rings of a unit.
fn holds(micro: &Micro, p: P) -> bool {
    let mut within = false;
    for w in micro.polygons.iter().flatten().flat_map(|ring| ring.windows(2)) {
        let (a, b) = (w[0], w[1]);
        if (a.1 > p.1) != (b.1 > p.1) {
            let side = (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
            within ^= (b.1 > a.1) == (side > 0);
        }
    }
    within
}

fn point(row: &Row, lon: &str, lat: &str) -> P {
    let unit = |key: &str| (row[key].parse::<f64>().unwrap() * 1e7).round() as i64;
    (unit(lon), unit(lat))
}

#[test]
fn addresses_lie_in_the_community_they_name() {
    let (places, units, micros) = (table("places.csv.gz"), table("units.csv"), micros());
    assert!((18_000..24_000).contains(&places.len()), "{}", places.len());
    let community: BTreeMap<&str, &str> =
        level(&units, "community").map(|u| (u["code"].as_str(), u["name"].as_str())).collect();
    for place in places.iter().step_by(17).filter(|p| p["kind"] != "road") {
        let p = point(place, "lon", "lat");
        let owners: Vec<_> = micros.iter().filter(|m| holds(m, p)).collect();
        assert_eq!(owners.len(), 1, "{}", place["address"]);
        let name = community[&owners[0].code[..12]];
        assert!(place["address"].contains(name), "{} lies in {name}", place["address"]);
    }
}

#[test]
fn the_names_people_ask_for_are_there_in_the_right_subdistrict() {
    let places = table("places.csv.gz");
    let there = |name: &str, sub: &str| {
        let known = |p: &&Row| p["name"] == name || p["aliases"].split(';').any(|a| a == name);
        assert!(places.iter().filter(known).any(|p| p["address"].contains(sub)), "{name} is not in {sub}");
    };
    for n in 1..=12 {
        there(&format!("隆鑫苑{n}号楼"), "洸河街道黄庄社区");
        there(&format!("隆鑫苑{n}号楼2单元"), "洸河街道黄庄社区");
    }
    assert!(!places.iter().any(|p| p["name"] == "隆鑫苑13号楼"));
    for (sub, names) in [
        ("洸河街道", "隆鑫苑 黄庄村 苏东村 苏西村 三郭 崇文大道与火炬路交叉口"),
        ("柳行街道", "东黄庄村 菱花小区12栋 菱花小区12号楼2单元 崇文社区 惠仁医院"),
        ("接庄街道", "南贯集四村 二十里铺新村 前苏村 后苏村 八里营村 十里营村"),
        ("王因街道", "三河新村 沙河村村委会 崇文新村"),
        ("黄屯街道", "二十里铺村 327国道黄屯段加油站"),
        ("高新区", "崇文大道 火炬路 海川路 金宇路 任城大道 济邹公路 G327 日兰高速"),
    ] {
        names.split(' ').for_each(|name| there(name, sub));
    }
    assert_eq!(places.iter().filter(|p| p["kind"] == "village").count(), 123);
}

#[test]
fn issues_follow_the_calendar_and_gather_in_hot_spots() {
    let issues = table("issues.csv.gz");
    assert_eq!(issues.len(), 50_000);
    let ids: BTreeSet<_> = issues.iter().map(|i| &i["工单编号"]).collect();
    assert_eq!(ids.len(), issues.len());
    let (first, last) = (issues.first().unwrap(), issues.last().unwrap());
    assert!(first["接收时间"].starts_with("2024-11-") && last["接收时间"].starts_with("2026-10-"));
    assert!(issues.windows(2).all(|w| w[0]["接收时间"][..16] <= w[1]["接收时间"][..16]));
    assert!(issues.iter().all(|i| i["办结时间"].is_empty() || i["办结时间"] > i["接收时间"]));
    let kinds = |key: &str| issues.iter().map(|i| i[key].clone()).collect::<BTreeSet<_>>().len();
    assert_eq!((kinds("一级分类"), kinds("二级分类")), (10, 40));
    let heating =
        |month: &str| issues.iter().filter(|i| i["一级分类"] == "供热供气" && i["接收时间"][5..7] == *month).count();
    assert!(heating("12") > 8 * heating("07"));
    let open = issues.iter().filter(|i| i["办结时间"].is_empty()).count();
    assert!((200..3_000).contains(&open), "{open}");
    let placed: Vec<P> = issues.iter().filter(|i| !i["经度"].is_empty()).map(|i| point(i, "经度", "纬度")).collect();
    assert!((47_500..50_000).contains(&placed.len()));
    let mut cells: BTreeMap<P, usize> = BTreeMap::new();
    for (x, y) in placed {
        *cells.entry((x / 30_000, y / 30_000)).or_default() += 1;
    }
    let mut counts: Vec<usize> = cells.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let median = counts[counts.len() / 2];
    assert!(counts[4] > 12 * median, "the five hottest cells {:?} against a median of {median}", &counts[..5]);
}

#[test]
fn history_divides_wangyins_84_grids_into_335() {
    let (versions, lineage, micros) = (table("versions.csv"), table("lineage.csv"), micros());
    assert_eq!(versions.iter().map(|v| v["version"].as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    let today: BTreeSet<&str> = micros.iter().map(|m| m.code.as_str()).collect();
    let split: Vec<_> = lineage.iter().filter(|l| l["kind"] == "split" && l["version"] == "2").collect();
    let old: BTreeSet<_> = split.iter().map(|l| &l["old"]).collect();
    assert_eq!((old.len(), split.len()), (84, 335));
    let transfers: Vec<_> = lineage.iter().filter(|l| l["kind"] == "transfer" && l["version"] == "3").collect();
    assert_eq!(transfers.len(), 1);
    assert!(lineage.iter().all(|l| today.contains(l["new"].as_str()) && !today.contains(l["old"].as_str())));
}

#[test]
fn the_base_map_has_rivers_streets_and_buildings() {
    let collection: FeatureCollection = text("base.geojson.gz").parse().unwrap();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for feature in collection {
        let properties = feature.properties.unwrap();
        *kinds.entry(word(&properties, "kind")).or_default() += 1;
        names.extend(properties.get("name").and_then(|n| n.as_str()).map(str::to_owned));
    }
    assert!((12_000..18_000).contains(&kinds["building"]), "{kinds:?}");
    assert!(["river", "water", "road", "highway", "rail", "green"].iter().all(|k| kinds.contains_key(*k)));
    for name in "洸府河 蓼河 泗河 火炬路 崇文大道 海川路 金宇路 任城大道 济邹公路 327国道 日兰高速".split(' ')
    {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn the_sample_says_it_is_one_and_stays_small() {
    let settings = text("district.toml");
    assert!(settings.contains("synthetic = true") && settings.contains("mark = \"示例数据\""));
    assert!(text("README.md").contains("Synthetic"));
    let sizes = std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().metadata().unwrap().len());
    assert!(sizes.sum::<u64>() <= 10_000_000);
}

#[test]
fn the_generator_writes_the_same_bytes_again() {
    let fresh = tempfile::tempdir().unwrap();
    sample::generate(fresh.path()).unwrap();
    let names = |folder: &Path| -> BTreeSet<String> {
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names(fresh.path()), names(&folder()));
    for name in names(fresh.path()) {
        // What is packed is compared unpacked: how it is packed may depend on the processor.
        let read = |folder: &Path| {
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            if Path::new(&name).extension().is_none_or(|extension| extension != "gz") {
                return bytes;
            }
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
            unpacked
        };
        assert!(read(fresh.path()) == read(&folder()), "{name} differs from data/sample: run `make data`");
    }
}
