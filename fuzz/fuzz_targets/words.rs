//! Any text at the address engine: it answers or asks, marks only what is in the text, and gives no owner it was not told.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wangge::crs::Cgcs2000;
use wangge::grid::UnitIx;
use wangge::place::Place;
use wangge::place::decide::Ambiguity;
use wangge::place::gazetteer::{Gazetteer, Region, RegionIx, Setting};
use wangge::place::search::{Ground, MOST_CANDIDATES};
use wangge::place::text::MOST_CHARS;

/// A unit for each hundredth of a degree.
struct Squares;

impl Ground for Squares {
    fn owner(&self, point: Cgcs2000) -> Option<UnitIx> {
        Some(UnitIx((point.lon() * 100.0) as u32 % 1000))
    }

    fn boundary_m(&self, _: Cgcs2000) -> f64 {
        50.0
    }
}

/// A small world with what is hard in a large one: numbers in names, names in names, roads that meet, letters.
static WORLD: LazyLock<(Vec<Place>, Gazetteer)> = LazyLock::new(|| {
    let rows: [(&str, &str, &str); 17] = [
        ("compound", "隆鑫苑", ""),
        ("building", "隆鑫苑3号楼", "隆鑫苑3栋"),
        ("entrance", "隆鑫苑3号楼2单元", ""),
        ("building", "隆鑫苑A座", ""),
        ("compound", "黄庄小区", ""),
        ("village", "黄庄村", "黄庄"),
        ("village", "东黄庄村", "东黄庄"),
        ("house", "黄庄村12号", ""),
        ("village", "二十里铺新村", ""),
        ("village", "南贯集四村", ""),
        ("road", "327国道", "G327;国道327"),
        ("road", "崇文大道", ""),
        ("road", "火炬路", ""),
        ("crossing", "火炬路与崇文大道交叉口", ""),
        ("shop", "三郭四十七电动车行", ""),
        ("factory", "汇通电子五十七厂", ""),
        ("station", "327国道十二站", ""),
    ];
    let place = |(at, (kind, name, aliases)): (usize, &(&str, &str, &str))| Place {
        id: at.to_string(),
        kind: (*kind).to_owned(),
        name: (*name).to_owned(),
        address: format!("山东省济宁市高新区洸河街道{name}"),
        aliases: aliases.split(';').filter(|alias| !alias.is_empty()).map(str::to_owned).collect(),
        point: Cgcs2000::clamped(116.6 + at as f64 / 200.0, 35.4),
        accuracy_m: 20.0,
    };
    let places: Vec<Place> = rows.iter().enumerate().map(place).collect();
    let region = |unit, level, name: &str, level_name: &str, parent| Region {
        unit: UnitIx(unit),
        level,
        name: name.to_owned(),
        level_name: level_name.to_owned(),
        parent,
    };
    let regions =
        vec![region(0, 0, "洸河街道", "街道", None), region(1, 1, "黄庄社区", "社区", Some(RegionIx(0)))];
    let owners = places.iter().map(|place| (Squares.owner(place.point), Some(RegionIx(1)))).collect();
    let district = ["高新区", "任城区", "山东省", "济宁市"].map(str::to_owned).to_vec();
    let gazetteer = Gazetteer::new(&places, Setting { district, regions, owners });
    (places, gazetteer)
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (places, gazetteer) = &*WORLD;
    let chars = text.chars().count();
    let Ok(answer) = gazetteer.search(places, &Squares, &text, MOST_CANDIDATES) else {
        assert!(chars > MOST_CHARS);
        return;
    };
    assert!(chars <= MOST_CHARS && answer.candidates.len() <= MOST_CANDIDATES);
    for (_, span) in &answer.marks {
        assert!(span.start <= span.end && span.end <= chars, "{span:?} of {chars}");
    }
    assert_eq!(answer.ask.is_none(), answer.ambiguity == Ambiguity::None, "a question, or an answer");
    let mut last = f64::INFINITY;
    for candidate in &answer.candidates {
        assert!(candidate.score.is_finite() && candidate.score <= last && candidate.score <= 1.0);
        assert!(candidate.accuracy_m.is_finite() && candidate.accuracy_m >= 0.0);
        last = candidate.score;
    }
    if answer.ambiguity == Ambiguity::None {
        assert!(answer.candidates[0].owner.is_some(), "an answer has an owner");
    }
});
