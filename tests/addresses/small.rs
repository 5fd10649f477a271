//! Gazetteers of a few places, for what the sample does not have.

use wangge::crs::Cgcs2000;
use wangge::grid::UnitIx;
use wangge::place::Place;
use wangge::place::candidate::Level;
use wangge::place::decide::Ambiguity;
use wangge::place::gazetteer::{Gazetteer, Region, RegionIx, Setting};
use wangge::place::search::Ground;

/// A unit for each hundredth of a degree; nobody's land west of 116°.
struct Squares;

impl Ground for Squares {
    fn owner(&self, point: Cgcs2000) -> Option<UnitIx> {
        (point.lon() >= 116.0).then(|| UnitIx(((point.lon() - 116.0) * 100.0).round() as u32))
    }

    fn boundary_m(&self, _: Cgcs2000) -> f64 {
        100.0
    }
}

fn place(kind: &str, name: &str, address: &str, lon: f64) -> Place {
    Place {
        id: name.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        address: address.to_owned(),
        aliases: Vec::new(),
        point: Cgcs2000::clamped(lon, 35.4),
        accuracy_m: 10.0,
    }
}

fn world(places: &[Place]) -> Gazetteer {
    let region = |unit, level, name: &str, level_name: &str, parent| Region {
        unit: UnitIx(unit),
        level,
        name: name.to_owned(),
        level_name: level_name.to_owned(),
        parent,
    };
    let regions = vec![
        region(900, 0, "东街道", "街道", None),
        region(901, 0, "西街道", "街道", None),
        region(902, 1, "和平社区", "社区", Some(RegionIx(0))),
        region(903, 1, "胜利社区", "社区", Some(RegionIx(1))),
    ];
    let region_of = |place: &Place| RegionIx(if place.address.contains("东街道") { 2 } else { 3 });
    let owners = places.iter().map(|place| (Squares.owner(place.point), Some(region_of(place)))).collect();
    Gazetteer::new(places, Setting { district: vec!["示例区".to_owned()], regions, owners })
}

#[test]
fn a_building_that_is_only_a_number_is_called_by_its_address() {
    let places = [
        place("building", "3号楼", "示例区东街道和平社区团结花园3号楼", 116.01),
        place("building", "3号楼", "示例区西街道胜利社区光明家园3号楼", 116.05),
    ];
    let gazetteer = world(&places);
    let answer = gazetteer.search(&places, &Squares, "光明家园三栋", 5).expect("short enough");
    let first = &answer.candidates[0];
    assert_eq!((first.level, first.owner, answer.ambiguity), (Level::Building, Some(UnitIx(5)), Ambiguity::None));
}

#[test]
fn one_name_in_two_places_is_asked_about_unless_the_unit_is_named() {
    let places = [
        place("shop", "便民超市", "示例区东街道和平社区便民超市", 116.01),
        place("shop", "便民超市", "示例区西街道胜利社区便民超市", 116.05),
    ];
    let gazetteer = world(&places);
    let ask = |text: &str| gazetteer.search(&places, &Squares, text, 5).expect("short enough");
    let open = ask("便民超市");
    assert_eq!((open.ambiguity, open.candidates.len()), (Ambiguity::Name, 2));
    assert_eq!(open.ask.as_deref(), Some("是和平社区的便民超市还是胜利社区的便民超市？"));
    let one = gazetteer.search(&places, &Squares, "便民超市", 1).expect("short enough");
    assert_eq!((one.ambiguity, one.candidates.len()), (Ambiguity::Name, 1), "however few are wanted");
    let told = ask("西街道便民超市");
    assert_eq!((told.ambiguity, told.candidates[0].owner), (Ambiguity::None, Some(UnitIx(5))));
}

#[test]
fn what_is_named_larger_than_a_unit_is_asked_about() {
    let places = [
        place("compound", "团结花园", "示例区东街道和平社区团结花园", 116.01),
        place("building", "团结花园1号楼", "示例区东街道和平社区团结花园1号楼", 116.01),
        place("building", "团结花园2号楼", "示例区东街道和平社区团结花园2号楼", 116.02),
        place("entrance", "团结花园2号楼1单元", "示例区东街道和平社区团结花园2号楼1单元", 116.02),
        place("entrance", "团结花园2号楼2单元", "示例区东街道和平社区团结花园2号楼2单元", 116.03),
    ];
    let gazetteer = world(&places);
    let ask = |text: &str| {
        let answer = gazetteer.search(&places, &Squares, text, 5).expect("short enough");
        (answer.ambiguity, answer.ask.unwrap_or_default())
    };
    assert_eq!(ask("团结花园"), (Ambiguity::Level, "团结花园几号楼？".to_owned()));
    assert_eq!(ask("团结花园2号楼"), (Ambiguity::Level, "团结花园2号楼几单元？".to_owned()));
    assert_eq!(ask("团结花园2号楼2单元"), (Ambiguity::None, String::new()));
    assert_eq!(ask("团结花园1号楼").0, Ambiguity::None);
    assert_eq!(ask("团结花园9号楼").0, Ambiguity::Level, "not listed");
    assert_eq!(ask("东街道和平社区").0, Ambiguity::Level, "a unit is no point");
}

#[test]
fn a_building_is_found_by_what_only_it_is_called() {
    let mut building = place("building", "团结花园1号楼", "示例区东街道和平社区团结花园1号楼", 116.01);
    building.aliases = vec!["团结花园1栋".to_owned(), "老供销社那座楼".to_owned()];
    let places = [building];
    let answer = world(&places).search(&places, &Squares, "老供销社那座楼后面", 5).expect("short enough");
    assert_eq!(answer.candidates[0].owner, Some(UnitIx(1)));
}

#[test]
fn a_place_outside_is_nobodys() {
    let places = [place("school", "城西小学", "示例区西街道胜利社区城西小学", 115.5)];
    let answer = world(&places).search(&places, &Squares, "城西小学", 5).expect("short enough");
    assert_eq!(answer.ambiguity, Ambiguity::Elsewhere);
}

#[test]
fn names_and_numbers_are_shared_by_versions_and_owners_are_not() {
    let places = [place("shop", "便民超市", "示例区东街道和平社区便民超市", 116.01)];
    let before = world(&places);
    let mut setting = Setting { district: vec!["示例区".to_owned()], ..Setting::default() };
    setting.owners = vec![(Some(UnitIx(77)), None)];
    let after = before.with(&places, setting);
    let owner = |gazetteer: &Gazetteer| {
        gazetteer.search(&places, &Squares, "便民超市", 5).expect("short enough").candidates[0].owner
    };
    assert_eq!((owner(&before), owner(&after)), (Some(UnitIx(1)), Some(UnitIx(77))));
}
