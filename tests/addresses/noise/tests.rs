//! The noise is what it says it is: repeatable, evenly spread, and true to the place it began with.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::Path;

use wangge::place::Place;

use super::dice::Dice;
use super::field::Field;
use super::outside::{NAMES_OF_THE_ZONE, NO_VILLAGE, NOWHERE, ROADS_ELSEWHERE};
use super::parts::{Number, Parts, plain};
use super::{Class, outside, queries, sheet};

/// The sample's places as the plain file has them.
fn sample() -> Vec<Place> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/places.csv.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |r: csv::StringRecord| Place {
        id: r[0].to_owned(),
        kind: r[1].to_owned(),
        name: r[2].to_owned(),
        address: r[3].to_owned(),
        aliases: r[4].split(';').filter(|a| !a.is_empty()).map(str::to_owned).collect(),
        point: wangge::crs::Cgcs2000::new(r[5].parse().unwrap(), r[6].parse().unwrap()).unwrap(),
        accuracy_m: r[7].parse().unwrap(),
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let places = sample();
    let made = queries(&places, 7, 2000);
    assert_eq!(made, queries(&places, 7, 2000));
    assert_ne!(made, queries(&places, 8, 2000));
    assert_eq!(outside(7, 500), outside(7, 500));
    assert_ne!(outside(7, 500), outside(8, 500));
}

#[test]
fn the_classes_are_equally_large_and_do_not_repeat_themselves() {
    let made = queries(&sample(), 1, 20_000);
    let mut count = BTreeMap::new();
    for query in &made {
        *count.entry(query.class).or_insert(0) += 1;
        assert!(!query.text.is_empty() && !query.truth.is_empty(), "{query:?}");
    }
    assert_eq!(count.into_iter().collect::<Vec<_>>(), Class::ALL.map(|c| (c, 2000)));
    let different: HashSet<_> = made.iter().map(|q| (q.class, &q.text)).collect();
    assert!(different.len() > 19_900, "{} different texts", different.len());
}

#[test]
fn an_undisturbed_address_means_its_own_place() {
    let places = sample();
    let field = Field::new(&places);
    let mut read = 0;
    for (at, place) in places.iter().enumerate() {
        let Some(parts) = &field.parts[at] else {
            assert_eq!(place.kind, "road", "{}: the address is not understood", place.address);
            continue;
        };
        let said = plain(parts, 3);
        assert_eq!(said.text(), place.address);
        assert_eq!(field.fitting(parts, parts.number, &said), [at], "{}", place.address);
        read += 1;
    }
    assert!(read > 20_000);
}

/// A reader with nothing but the names: the last that stands in the text, and the longest of those that end there.
fn last_name<'a>(text: &str, names: &'a HashSet<&str>) -> Option<&'a str> {
    names.iter().copied().filter_map(|n| Some((text.rfind(n)? + n.len(), n.len(), n))).max().map(|(.., n)| n)
}

#[test]
fn what_is_said_around_an_address_does_not_change_the_place() {
    let places = sample();
    let parts: Vec<Option<Parts<'_>>> = places.iter().map(Parts::of).collect();
    // 洸河街道办事处 and 崇文社区 are places, and parts of the way to others.
    let also_a_way = |name: &str| name.ends_with("办事处") || name.ends_with("社区");
    let names: HashSet<&str> = parts.iter().flatten().map(|p| p.name).filter(|n| !also_a_way(n)).collect();
    let mut read = 0;
    for query in queries(&places, 3, 5000) {
        let untouched = matches!(query.class, Class::PrefixVariants | Class::Tails | Class::BuildingWords);
        let meant = parts[query.truth[0]].as_ref().unwrap();
        if untouched && !also_a_way(meant.name) {
            read += 1;
            assert_eq!(last_name(&query.text, &names), Some(meant.name), "{query:?}");
        }
    }
    assert!(read > 1400, "{read}");
}

#[test]
fn only_what_was_dropped_leaves_a_choice() {
    let places = sample();
    let made = queries(&places, 5, 20_000);
    let several: Vec<_> = made.iter().filter(|q| q.truth.len() > 1).collect();
    assert!((5..400).contains(&several.len()), "{} of 20,000 texts fit several places", several.len());
    for query in several {
        let names: HashSet<&str> = query.truth.iter().map(|at| places[*at].name.as_str()).collect();
        // One name for two factories, or the beginning of several names.
        assert!(names.len() == 1 || query.class == Class::DroppedParts, "{query:?}");
    }
}

#[test]
fn a_damaged_name_is_no_other_name() {
    let places = sample();
    let field = Field::new(&places);
    let names: HashSet<&str> =
        places.iter().flat_map(|p| std::iter::once(&p.name).chain(&p.aliases)).map(String::as_str).collect();
    let mut dice = Dice::new(11);
    let mut made = 0;
    let carriers = field.parts.iter().flatten().filter(|p| p.number == Number::None);
    for parts in carriers {
        for _ in 0..4 {
            let damaged = [field.mistyped(parts.name, &mut dice), field.misheard(parts.name, 1, &mut dice)];
            for text in damaged.into_iter().flatten() {
                made += 1;
                assert!(!names.contains(text.as_str()), "{} became {text}", parts.name);
                let digits = |t: &str| t.chars().filter(|c| super::parts::counts(*c)).collect::<String>();
                assert_eq!(digits(parts.name), digits(&text), "a number was damaged");
                if made % 25 != 0 {
                    continue; // the slow way is to look at every name there is
                }
                let (_, nearest) = field.names.nearest(&text, 4).unwrap();
                assert!(field.names.same_place(parts.name, &nearest), "{} as {text} is {nearest}", parts.name);
            }
        }
    }
    assert!(made > 3000, "{made}");
}

#[test]
fn a_name_that_could_be_another_is_refused() {
    let places = sample();
    let field = Field::new(&places);
    for (typed, meant, recognisable) in [
        ("隆鑫院", "隆鑫苑", true),
        ("龙鑫苑", "隆鑫苑", true),
        ("窿鑫苑", "隆鑫苑", true),
        ("洸鑫苑", "隆鑫苑", false), // an arbitrary character of three
        ("东闸村", "西闸社区", false),
        ("锦绣加园", "锦绣家园", false), // 家园 or 嘉园
        ("恒信家圆", "恒信家园", true),
        ("簧庄村", "黄庄村", true),
        ("汪庄村", "黄庄村", false), // nearer to 王庄村
    ] {
        assert_eq!(field.names.recognisable(typed, meant), recognisable, "{typed} for {meant}");
    }
}

#[test]
fn outside_is_outside() {
    let places = sample();
    let field = Field::new(&places);
    let texts = outside(1, 2000);
    let addresses: HashSet<&str> = places.iter().map(|p| p.address.as_str()).collect();
    for text in &texts {
        let inside =
            text.contains("济宁市高新区") || ["洸河", "柳行", "接庄", "王因", "黄屯"].iter().any(|s| text.contains(s));
        assert!(!inside && !addresses.contains(text.as_str()), "{text}");
    }
    let different: HashSet<_> = texts.iter().collect();
    assert!(different.len() > 1700, "{}", different.len());
    for name in NAMES_OF_THE_ZONE {
        assert!(field.names.is_name(name), "{name} is not one of the zone's names");
    }
}

#[test]
fn a_name_from_nowhere_is_like_no_name_here() {
    let places = sample();
    let field = Field::new(&places);
    let compounds = NOWHERE.0.iter().flat_map(|a| NOWHERE.1.iter().map(move |b| format!("{a}{b}")));
    let mut alike: Vec<_> = compounds
        .chain(ROADS_ELSEWHERE.map(str::to_owned))
        .filter_map(|n| Some((field.names.nearest(&n, 2)?, n)))
        .collect();
    // Of a village's three characters one differs, and neither sounds nor looks alike.
    alike.extend(NO_VILLAGE.iter().filter_map(|n| Some((field.names.nearest(n, 1)?, (*n).to_owned()))));
    assert!(alike.is_empty(), "{alike:?}");
}

#[test]
fn the_sheet_has_a_row_for_every_text() {
    let places = sample();
    let made = queries(&places, 1, 200);
    let texts = outside(1, 50);
    let sheet = sheet(&places, &made, &texts, |at| places[at].id.clone()).unwrap();
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 250);
    for (row, query) in rows.iter().zip(&made) {
        let place = &places[query.truth[0]];
        assert_eq!((&row[0], &row[1], &row[2]), (query.class.name(), query.text.as_str(), place.id.as_str()));
        assert!(place.address.contains(&format!("{}街道", &row[4])) && place.name.starts_with(&row[6]));
    }
    assert!(rows[200..].iter().all(|row| &row[0] == "outside" && row[2].is_empty()));
}
