//! The files of the sample by name, from the finished district.

use super::names::{LINES, SUBS};
use super::places::Place;
use super::plane::P;
use super::units::District;
use super::write::{Table, collection, geometry, positions};

fn class(urban: bool) -> &'static str {
    if urban { "urban" } else { "rural" }
}

pub fn units_geojson(district: &District) -> Vec<u8> {
    let mesh = &district.part.mesh;
    let mut features = Vec::new();
    for micro in &district.micros {
        let parts: Vec<String> = micro
            .faces
            .iter()
            .map(|f| {
                let holes = mesh.holes(*f).map(|h| h.iter().map(|v| mesh.p(*v)).collect::<Vec<P>>());
                let rings: Vec<String> =
                    std::iter::once(mesh.points(*f)).chain(holes).map(|r| positions(&r, true)).collect();
                format!("[{}]", rings.join(","))
            })
            .collect();
        let properties = format!(
            "{{\"code\":\"{}\",\"name\":\"{}\",\"parent\":\"{}\",\"class\":\"{}\",\"households\":{},\"population\":{}}}",
            micro.code,
            micro.name,
            district.grids[micro.grid].code,
            class(micro.urban),
            micro.households,
            micro.population
        );
        let shape = if parts.len() == 1 {
            geometry("Polygon", &parts[0])
        } else {
            geometry("MultiPolygon", &format!("[{}]", parts.join(",")))
        };
        features.push((properties, shape));
    }
    collection("micro", &features)
}

pub fn units_csv(district: &District) -> Table {
    let mut table = Table::new(&["level", "code", "name", "parent", "class", "households", "population"]);
    let sums = |keep: &dyn Fn(&super::units::Micro) -> bool| {
        let own = district.micros.iter().filter(|m| keep(m));
        own.fold((0u32, 0u32), |s, m| (s.0 + m.households, s.1 + m.population))
    };
    let mut row = |level: &str, code: &str, name: &str, parent: &str, class: &str, size: (u32, u32)| {
        table.row(&[level, code, name, parent, class, &size.0.to_string(), &size.1.to_string()].map(str::to_owned));
    };
    for (i, sub) in SUBS.iter().enumerate() {
        row("subdistrict", sub.1, sub.0, "", "", sums(&|m| district.sub_of(m) == i));
    }
    for (i, community) in district.communities.iter().enumerate() {
        let size = sums(&|m| district.grids[m.grid].community == i);
        let own: Vec<bool> = district.grids.iter().filter(|g| g.community == i).map(|g| g.urban).collect();
        let urban = own.iter().filter(|u| **u).count() * 2 > own.len();
        row("community", &community.code, &community.name, SUBS[community.sub].1, class(urban), size);
    }
    for (i, grid) in district.grids.iter().enumerate() {
        let size = sums(&|m| m.grid == i);
        row("grid", &grid.code, &grid.name, &district.communities[grid.community].code, class(grid.urban), size);
    }
    table
}

pub fn places_csv(places: &[Place]) -> Table {
    let mut table = Table::new(&["id", "kind", "name", "address", "aliases", "lon", "lat", "accuracy_m"]);
    for (i, place) in places.iter().enumerate() {
        table.row(&[
            format!("D{:05}", i + 1),
            place.kind.into(),
            place.name.clone(),
            place.address.clone(),
            place.aliases.clone(),
            super::write::degrees(place.at.x),
            super::write::degrees(place.at.y),
            place.accuracy_m.to_string(),
        ]);
    }
    table
}

pub fn district_toml() -> String {
    let lines: Vec<String> = LINES.iter().map(|l| format!("\"{l}\"")).collect();
    format!(
        r#"# The sample district: synthetic, see README.md in this folder. The format is described in docs/FORMATS.md.
[district]
code = "370871"
name = "济宁高新区"
name_en = "Jining High-tech Zone"
aliases = ["济宁高新技术产业开发区", "济宁国家高新技术产业开发区", "国家高新技术产业开发区", "高新区", "高新技术产业开发区", "任城区", "兖州区"]
synthetic = true
mark = "示例数据"
plane = "EPSG:4548"
lines = [{}]
lines_level = "grid"
officer_level = "micro"
branch_level = "grid"

[[level]]
key = "subdistrict"
name = "街道"
name_en = "Subdistrict"
code_length = 9

[[level]]
key = "community"
name = "社区"
name_en = "Community"
code_length = 12

[[level]]
key = "grid"
name = "三级网格"
name_en = "Grid"
code_length = 15
[[level.band]]
class = "urban"
households = [200, 500]
population = [500, 1600]
[[level.band]]
class = "rural"
households = [60, 300]
population = [180, 1000]

[[level]]
key = "micro"
name = "微网格"
name_en = "Micro-grid"
code_length = 18
[[level.band]]
class = "urban"
households = [2, 150]
population = [5, 500]
[[level.band]]
class = "rural"
households = [2, 90]
population = [5, 320]

[files]
units = ["units.geojson.gz", "units.csv"]
people = ["people.csv", "branches.csv"]
places = ["places.csv.gz"]
issues = ["issues.csv.gz"]
base = ["base.geojson.gz"]
versions = ["versions.csv"]
lineage = ["lineage.csv"]
"#,
        lines.join(", ")
    )
}

pub fn readme(seed: u64) -> String {
    format!(
        r"# 示例数据 · the sample district

**Synthetic.** Drawn by this project's own code (`examples/sample`, `make data`) from the seed {seed}; the same seed gives the same bytes.
No boundary, household, person, phone, call or building in these files is real. Phone numbers begin with 12, which no operator uses.

Real are only names: the five subdistricts of 济宁高新区 with their statistics codes, the villages and neighbourhoods with theirs (the
county's list of village-level statistics codes, 370871), the rivers and the main roads. Where they lie here is composed; so are all names of
compounds, firms, people and minor streets. The counts (5 / 38 / 540 / 2623 and those below) follow a published article about the zone.

| file | what |
|---|---|
| `district.toml` | levels, bands, required posts, and which file is what |
| `units.geojson.gz` | 2623 micro-grids (微网格), exact to the vertex on a lattice of 1e-7°: no gap, no overlap; one exclave (飞地), one enclosed hospital (专属网格) |
| `units.csv` | 5 subdistricts, 38 communities, 540 grids |
| `people.csv` | an officer for each micro-grid, 1108 specialists of 21 lines, 211 secretaries, 466 advisors (党建指导员) |
| `branches.csv` | 211 party branches, 33 of them of compounds of 洸河 |
| `teams.csv`, `activities.csv` | 275 volunteer teams; 409 activities with 30,000 visits (3 万人次) |
| `places.csv.gz` | standard addresses: compounds, buildings, entrances, village houses, crossings; 79 文明实践阵地 (`civic`), 王因's 7 grid centres (`office`) |
| `issues.csv.gz` | 50,000 calls, 2024-11-01 to 2026-10-31 |
| `base.geojson.gz` | rivers, roads, railway, buildings, greens |
| `versions.csv`, `lineage.csv` | three boundary versions; 王因's 84 grids become 335 micro-grids at version 2 |

Codes: 12 digits of the community (those of the village it is named after), 3 of the grid, 3 of the micro-grid; numbered row by row from
north to south, each row from west to east. A code that ends in 000 is a grid that was not yet divided.
"
    )
}
