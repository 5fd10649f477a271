//! A seeded district for the tests of `tile` and `render`: four levels over a wild partition, with places, issues and a
//! background. Not part of the product.

use jiff::civil::date;

use crate::coverage::generalize::wild::{Seeded, wild};
use crate::coverage::{Coverage, FaceRole};
use crate::crs::{Cgcs2000, PlaneCrs};
use crate::grid::history::History;
use crate::grid::people::Roster;
use crate::grid::{District, Hierarchy, Level, Required, Unit, UnitIx};
use crate::issue::Issue;
use crate::place::Place;
use crate::snapshot::{BaseFeature, BaseShape, Contents, Snapshot};

/// Levels `district` (one unit: the outline), `town`, `village`, `plot`. Towns and villages are runs of plots and need not hang
/// together.
pub(crate) fn snapshot(seed: u64, columns: i32, rows: i32, depth: u8) -> Snapshot {
    let coverage = wild(seed, columns, rows, depth);
    let hierarchy = hierarchy(&coverage);
    let bounds = coverage.bounds().expect("arcs");
    let (low, high) = (coverage.lattice().degrees(bounds.0), coverage.lattice().degrees(bounds.1));
    let mut random = Seeded(seed);
    let mut anywhere = move || {
        let part = |low: f64, high: f64, n: i32| low + (high - low) * f64::from(n) / 10_000.0;
        let (x, y) = (random.between(0, 10_000), random.between(0, 10_000));
        (part(low.0, high.0, x), part(low.1, high.1, y))
    };
    let point = |p: (f64, f64)| Cgcs2000::new(p.0, p.1).expect("a position");
    let places = (0..300)
        .map(|i| Place {
            id: format!("P{i}"),
            kind: ["compound", "building", "village", "school"][i % 4].to_owned(),
            name: format!("隆鑫苑{i}号"),
            address: String::new(),
            aliases: Vec::new(),
            point: point(anywhere()),
            accuracy_m: 5.0,
        })
        .collect();
    let spots: Vec<(f64, f64)> = (0..400).map(|_| anywhere()).collect();
    let issues = (0..2000).map(|i| issue(i, point(spots[if i < 1600 { i % 40 } else { i - 1600 }]))).collect();
    let around =
        |p: (f64, f64), r: f64| vec![(p.0 - r, p.1 - r), (p.0 + r, p.1 - r), (p.0 + r, p.1 + r), (p.0 - r, p.1 + r)];
    let feature = |kind: &str, class: u8, shape: BaseShape| BaseFeature {
        kind: kind.to_owned(),
        name: Some("洸府河".to_owned()),
        class,
        shape,
    };
    let mut base = vec![
        feature("river", 0, BaseShape::Line((0..20).map(|_| anywhere()).collect())),
        feature("water", 0, BaseShape::Area(vec![around(anywhere(), 0.002), around(spots[0], 0.0001)])),
        feature("green", 0, BaseShape::Area(vec![around(anywhere(), 0.001)])),
        feature("road", 1, BaseShape::Line(vec![low, high])),
        feature("unheard-of", 1, BaseShape::Line(vec![low, high])),
    ];
    base.extend((0..50).map(|_| feature("building", 0, BaseShape::Area(vec![around(anywhere(), 0.0001)]))));
    Snapshot::new(Contents {
        version: 1,
        recorded: jiff::Timestamp::UNIX_EPOCH,
        district: district(),
        history: History::default(),
        coverage,
        hierarchy,
        roster: Roster::default(),
        places,
        place_edits: 0,
        issues,
        base,
    })
}

fn district() -> District {
    let level = |key: &str, name: &str| Level {
        key: key.to_owned(),
        name: name.to_owned(),
        name_en: key.to_owned(),
        code_length: None,
        bands: Vec::new(),
    };
    District {
        code: "990000".to_owned(),
        name: "示例区".to_owned(),
        name_en: "Sample".to_owned(),
        aliases: Vec::new(),
        synthetic: true,
        mark: "示例数据".to_owned(),
        plane: PlaneCrs(4548),
        levels: vec![level("district", "区"), level("town", "街道"), level("village", "社区"), level("plot", "微网格")],
        required: Required::default(),
    }
}

fn hierarchy(coverage: &Coverage) -> Hierarchy {
    let faces: Vec<_> = coverage.units().map(|(ix, face)| (ix, face.id)).collect();
    let villages = faces.len().div_ceil(6);
    let towns = villages.div_ceil(4);
    let unit = |id: u64, level: u8, code: String, parent: Option<usize>| Unit {
        id,
        level,
        name: format!("第{code}号"),
        code,
        parent: parent.map(|p| UnitIx(p as u32)),
        class: String::new(),
        households: 100 + id as u32,
        population: 300,
        face: None,
    };
    let mut units = vec![unit(1_000_000, 0, "99".to_owned(), None)];
    units.extend((0..towns).map(|t| unit(1_000_001 + t as u64, 1, format!("99{t:03}"), Some(0))));
    units.extend((0..villages).map(|v| {
        let town = v / 4;
        unit(2_000_000 + v as u64, 2, format!("99{town:03}{v:03}"), Some(1 + town))
    }));
    for (i, (face, id)) in faces.iter().enumerate() {
        let (village, town) = (i / 6, i / 24);
        let parent = Some(1 + towns + village);
        units.push(Unit { face: Some(*face), ..unit(id.0, 3, format!("99{town:03}{village:03}{i:03}"), parent) });
    }
    assert!(coverage.faces().iter().any(|f| f.role == FaceRole::Excluded), "the fixture has a hole that is nobody's");
    Hierarchy::new(units, 4, coverage.faces().len())
}

pub(crate) fn issue(i: usize, point: Cgcs2000) -> Issue {
    let received = date(2025, 1 + (i % 12) as i8, 1 + (i % 28) as i8).at(8, 30, 0, 0);
    Issue {
        id: format!("SECRET-{i}"),
        received,
        closed: (!i.is_multiple_of(3)).then_some(received),
        due: None,
        kind: "投诉".to_owned(),
        channel: "电话".to_owned(),
        urgency: "一般".to_owned(),
        category: ["噪音", "停车", "路灯"][i % 3].to_owned(),
        subcategory: "SECRET".to_owned(),
        contact: "SECRET".to_owned(),
        phone: "12000000000".to_owned(),
        confidential: false,
        address: "SECRET".to_owned(),
        text: "SECRET".to_owned(),
        org: "SECRET".to_owned(),
        satisfaction: None,
        point: Some(point),
    }
}
