//! The sample and small towns through random changes, version by version.

use std::path::Path;

use jiff::Timestamp;
use wangge::coverage::{FaceId, Lattice};
use wangge::crs::PlaneCrs;
use wangge::exchange::Limits;
use wangge::grid::history::History;
use wangge::grid::people::Roster;
use wangge::grid::{District, Hierarchy, Level, Required, Unit, UnitIx};
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::{Contents, Snapshot};

use crate::compared::Followed;
use crate::tables::Grid;

pub fn sample() -> Snapshot {
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let recorded = Timestamp::UNIX_EPOCH;
    let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| {}).expect("the sample reads");
    Snapshot::new(prepared.accept(None, recorded).expect("the sample is clean").contents)
}

/// A town of `side` × `side` crooked plots in villages of six and quarters of four villages, which need not hang together.
pub fn town(seed: u64, side: usize) -> Snapshot {
    let coverage =
        Grid::new(seed, side, side, 2_000_000).coverage(Lattice::for_extent(116.5, 35.3, 116.7, 35.5)).unwrap();
    let faces: Vec<_> = coverage.units().map(|(ix, face)| (ix, face.id)).collect();
    let villages = faces.len().div_ceil(6);
    let quarters = villages.div_ceil(4);
    let unit = |id: u64, level: u8, code: String, parent: Option<usize>| Unit {
        id,
        level,
        name: format!("第{code}号"),
        code,
        parent: parent.map(|p| UnitIx(p as u32)),
        class: "urban".to_owned(),
        households: if level == 2 { 100 } else { 0 },
        population: if level == 2 { 300 } else { 0 },
        face: None,
    };
    let mut units: Vec<Unit> = (0..quarters).map(|q| unit(1_000_000 + q as u64, 0, format!("Q{q:02}"), None)).collect();
    units.extend((0..villages).map(|v| unit(2_000_000 + v as u64, 1, format!("Q{:02}V{v:02}", v / 4), Some(v / 4))));
    for (i, (face, FaceId(id))) in faces.iter().enumerate() {
        let code = format!("Q{:02}V{:02}P{i:03}", i / 24, i / 6);
        units.push(Unit { face: Some(*face), ..unit(*id, 2, code, Some(quarters + i / 6)) });
    }
    let level = |key: &str| Level {
        key: key.to_owned(),
        name: key.to_owned(),
        name_en: key.to_owned(),
        code_length: None,
        bands: Vec::new(),
    };
    let district = District {
        code: "Q".to_owned(),
        name: "测试区".to_owned(),
        name_en: "Test".to_owned(),
        aliases: Vec::new(),
        synthetic: true,
        mark: "示例数据".to_owned(),
        plane: PlaneCrs(4548),
        levels: vec![level("quarter"), level("village"), level("plot")],
        required: Required::default(),
    };
    let hierarchy = Hierarchy::new(units, 3, coverage.faces().len());
    Snapshot::new(Contents {
        version: 1,
        recorded: Timestamp::UNIX_EPOCH,
        district,
        history: History::of_one(1, jiff::civil::date(2025, 1, 1), Timestamp::UNIX_EPOCH),
        coverage,
        hierarchy,
        roster: Roster::default(),
        places: Vec::new(),
        place_edits: 0,
        issues: Vec::new(),
        base: Vec::new(),
    })
}

#[test]
fn small_towns_follow_their_edits_to_the_byte() {
    for (seed, side, versions) in [(1, 5, 60), (2, 9, 60), (3, 3, 60), (4, 14, 30)] {
        let mut followed = Followed::new(town(seed, side), seed);
        for turn in 0..versions {
            followed.publish(1 + turn % 4);
        }
        eprintln!("{side} × {side}: {}", followed.said());
    }
}

#[test]
fn the_sample_follows_its_edits_to_the_byte() {
    let mut followed = Followed::new(sample(), 7);
    for turn in 0..20 {
        followed.publish(1 + turn % 3 * 2);
    }
    eprintln!("the sample: {}", followed.said());
}
