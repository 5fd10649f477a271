//! Edits of places and choices in the store: what comes back, what is refused, what shows when it was tampered with, and what an import leaves of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod publication;
mod town;

use jiff::Timestamp;
use rusqlite::Connection;
use town::{Desk, Town};
use wangge::crs::Cgcs2000;
use wangge::grid::draft::{Actor, Scope};
use wangge::place::Place;
use wangge::place::choice::{Choice, State};
use wangge::place::edit::{Edited, PlaceEdit, Verb, apply_all};
use wangge::snapshot::Snapshot;
use wangge::store::{Edition, GeoPackage, Publication, Store, StoreFault};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn stored() -> (Desk, GeoPackage, Snapshot) {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let snapshot = Snapshot::new(store.load().unwrap());
    (desk, store, snapshot)
}

fn actor() -> Actor {
    Actor { name: "李四".to_owned(), scope: Scope::Units(vec!["A1".to_owned()]) }
}

/// Edits as the service makes them: durable, and then in memory.
fn edited(
    store: &GeoPackage,
    on: &Snapshot,
    edits: &[PlaceEdit],
    choice: Option<&Choice>,
) -> Result<Snapshot, StoreFault> {
    let (places, edits) = apply_all(&on.places, edits).unwrap();
    written(store, on, &edits, choice).map(|count| on.with_places(places, count))
}

fn written(store: &GeoPackage, on: &Snapshot, edits: &[Edited], choice: Option<&Choice>) -> Result<u64, StoreFault> {
    let on = (on.version, on.recorded);
    store.edit_places(&Edition { on, actor: &actor(), at: NOW, edits, choice })
}

fn id(id: &str) -> String {
    id.to_owned()
}

fn new(id: &str, name: &str) -> PlaceEdit {
    PlaceEdit::Add(Place {
        id: id.to_owned(),
        kind: "shop".to_owned(),
        name: name.to_owned(),
        address: "测试路“甲”号".to_owned(),
        aliases: vec!["一".to_owned(), "二".to_owned()],
        point: Cgcs2000::clamped(116.610_000_000_1, 35.41),
        accuracy_m: 0.1 + 0.2,
    })
}

fn rename(place: &str, name: &str) -> PlaceEdit {
    PlaceEdit::Rename { id: id(place), name: name.to_owned(), address: String::new() }
}

fn alias(place: &str, alias: &str) -> PlaceEdit {
    PlaceEdit::Alias { id: id(place), alias: alias.to_owned() }
}

#[track_caller]
fn is_whole(store: &GeoPackage) {
    let inspected = store.inspect().unwrap();
    assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{inspected:?}");
}

#[test]
fn what_is_edited_comes_back_in_order_with_its_history() {
    let (_desk, store, first) = stored();
    assert_eq!((first.place_edits, store.place_log(None).unwrap()), (0, vec![]));
    let there = Cgcs2000::clamped(116.63, 35.43);
    let edits = [
        new("n1", "新店"),
        PlaceEdit::Move { id: id("p3"), point: there, accuracy_m: 7.0 },
        rename("p4", "改名"),
        alias("n1", "三"),
    ];
    let second = edited(&store, &first, &edits, None).unwrap();
    let more = [
        PlaceEdit::Retire { id: id("p0") },
        PlaceEdit::Retire { id: id("n1") },
        new("n2", "又一家"),
        new("n1", "再来"),
    ];
    let third = edited(&store, &second, &more, None).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!((loaded.places.clone(), loaded.place_edits), (third.places.to_vec(), 8));
    let names: Vec<&str> = loaded.places.iter().rev().take(2).map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["再来", "又一家"], "what is new stands at the end, in order");
    is_whole(&store);
    let log = store.place_log(Some("n1")).unwrap();
    let told: Vec<(u64, Verb)> = log.iter().map(|logged| (logged.number, logged.edited.verb)).collect();
    assert_eq!(told, [(1, Verb::Add), (4, Verb::Alias), (6, Verb::Retire), (8, Verb::Add)]);
    assert_eq!((&log[0].actor, log[0].at, log[0].choice), (&actor(), NOW, None));
    assert!(log.windows(2).all(|pair| pair[0].edited.after == pair[1].edited.before));
    let all = store.place_log(None).unwrap();
    assert_eq!(all.iter().map(|logged| logged.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    // The layer says to other programs where its points lie.
    let file = Connection::open(store.path()).unwrap();
    let (fids, east): (i64, f64) = file
        .query_row(
            "SELECT (SELECT max(fid) FROM places), max_x FROM gpkg_contents WHERE table_name = 'places'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(fids == 203 && east >= 116.63, "{fids} {east}: no number is given twice");
    // A publication after it leaves them alone.
    let changes = [publication::bend(&third.coverage, 1)];
    let fourth = publication::next(&third, &changes, None);
    store.publish(&Publication { before: &third, after: &fourth, changes: &changes, draft: None }).unwrap();
    assert_eq!((store.load().unwrap().places, fourth.place_edits), (third.places.to_vec(), 8));
    is_whole(&store);
}

#[test]
fn an_edit_of_what_is_another_by_now_changes_nothing() {
    let (desk, store, first) = stored();
    let second = edited(&store, &first, &[rename("p1", "改名")], None).unwrap();
    // Seen before the edit; of a place that is there; of one that is not.
    for late in [rename("p1", "晚了"), PlaceEdit::Retire { id: id("p1") }] {
        let refused = edited(&store, &first, &[alias("p2", "好的"), late], None).unwrap_err();
        assert!(matches!(&refused, StoreFault::Row { table, .. } if table == "places"), "{refused}");
    }
    let (_, made) = apply_all(&[], &[new("p5", "有了")]).unwrap();
    assert!(matches!(written(&store, &second, &made, None), Err(StoreFault::Row { .. })));
    let gone =
        Edited { verb: Verb::Retire, before: Some(Place { id: id("nobody"), ..first.places[0].clone() }), after: None };
    assert!(matches!(written(&store, &second, &[gone], None), Err(StoreFault::Row { .. })));
    // On boundaries that are not the last ones any more.
    let changes = [publication::bend(&second.coverage, 1)];
    let third = publication::next(&second, &changes, None);
    store.publish(&Publication { before: &second, after: &third, changes: &changes, draft: None }).unwrap();
    let refused = edited(&store, &second, &[rename("p9", "晚了")], None).unwrap_err();
    assert!(matches!(refused, StoreFault::Moved { expected: 1, found: 2, .. }), "{refused}");
    // A choice that is decided already takes its edit with it.
    let chosen = Choice { id: store.propose(&proposed("p9")).unwrap(), ..proposed("p9") };
    store.decide(&chosen.rejected("王五", NOW, "").unwrap()).unwrap();
    let accepted = chosen.accepted("赵六", NOW, "", "九").unwrap();
    let refused = edited(&store, &third, &[alias("p9", "九")], Some(&accepted)).unwrap_err();
    assert!(matches!(refused, StoreFault::Decided { choice: 1, .. }), "{refused}");
    let loaded = store.load().unwrap();
    assert_eq!((loaded.places, loaded.place_edits), (second.places.to_vec(), 1));
    assert_eq!(store.place_log(None).unwrap().len(), 1);
    is_whole(&store);
    let none = GeoPackage::at(&desk.path("none.gpkg"));
    assert!(matches!(written(&none, &first, &[], None), Err(StoreFault::Missing(_))));
    assert_eq!((none.place_log(None).unwrap(), none.choice(1).unwrap()), (vec![], None));
}

fn proposed(place: &str) -> Choice {
    Choice::proposed("李四", NOW, "那个“楼”;", place).unwrap()
}

#[test]
fn choices_wait_in_order_and_are_decided_once() {
    let (_desk, store, first) = stored();
    for n in 1..=5 {
        assert_eq!(store.propose(&proposed("p1")).unwrap(), n);
    }
    let one = store.choice(2).unwrap().unwrap();
    assert_eq!(one, Choice { id: 2, ..proposed("p1") });
    let accepted = one.accepted("王五", NOW, "对", "那楼").unwrap();
    edited(&store, &first, &[alias("p1", "那楼")], Some(&accepted)).unwrap();
    assert_eq!(
        (store.choice(2).unwrap().as_ref(), store.place_log(None).unwrap()[0].choice),
        (Some(&accepted), Some(2))
    );
    let rejected = store.choice(4).unwrap().unwrap().rejected("王五", NOW, "").unwrap();
    store.decide(&rejected).unwrap();
    for decided in [&accepted, &rejected, &Choice { id: 77, ..rejected.clone() }] {
        assert!(matches!(store.decide(decided), Err(StoreFault::Decided { .. })));
    }
    let listed = |state, after, most| {
        let (choices, total) = store.choices(state, after, most).unwrap();
        (choices.iter().map(|choice| choice.id).collect::<Vec<_>>(), total)
    };
    assert_eq!(listed(State::Proposed, 0, 2), (vec![1, 3], 3));
    assert_eq!(listed(State::Proposed, 3, 2), (vec![5], 3));
    assert_eq!(listed(State::Accepted, 0, 9), (vec![2], 1));
    assert_eq!(listed(State::Rejected, u64::MAX, 9), (vec![], 1));
    is_whole(&store);
}

#[test]
fn what_was_tampered_with_is_told_and_the_places_of_today_stay() {
    for (tampering, broken) in [
        ("UPDATE wangge_place_log SET actor = '王五' WHERE number = 1", true),
        ("UPDATE wangge_place_log SET after = before WHERE number = 2", true),
        ("UPDATE wangge_place_log SET verb = 'drop' WHERE number = 2", true),
        ("UPDATE wangge_place_log SET choice = 9 WHERE number = 2", true),
        ("DELETE FROM wangge_place_log WHERE number = 1", true),
        // The end of a log: its chain cannot tell, the hash of the table can.
        ("DELETE FROM wangge_place_log WHERE number = 2", false),
    ] {
        let (_desk, store, first) = stored();
        let second =
            edited(&store, &first, &[rename("p1", "甲"), alias("p1", "乙"), rename("p2", "丙")], None).unwrap();
        Connection::open(store.path()).unwrap().execute_batch(tampering).unwrap();
        let told = store.place_log(Some("p1"));
        assert_eq!(
            matches!(&told, Err(StoreFault::Chain { table, .. }) if table == "wangge_place_log"),
            broken,
            "{told:?}"
        );
        assert_eq!(store.place_log(Some("p2")).unwrap().len(), 1, "{tampering}: the others stay");
        assert_eq!(store.load().unwrap().places, *second.places);
        let inspected = store.inspect().unwrap();
        assert_eq!((inspected.problems.len(), inspected.changed), (usize::from(broken), vec![id("wangge_place_log")]));
    }
    for tampering in [
        "UPDATE wangge_choice SET state = 'accepted'",
        "UPDATE wangge_choice SET state = 'perhaps'",
        "UPDATE wangge_choice SET at = 'soon'",
    ] {
        let (_desk, store, _) = stored();
        store.propose(&proposed("p1")).unwrap();
        Connection::open(store.path()).unwrap().execute_batch(tampering).unwrap();
        assert!(matches!(store.choice(1), Err(StoreFault::Row { row: 1, .. })), "{tampering}");
        assert_eq!(store.inspect().unwrap().changed, ["wangge_choice"]);
        assert!(store.load().is_ok());
    }
}

#[test]
fn an_import_keeps_what_people_changed_until_the_files_say_something_new() {
    let (desk, store, first) = stored();
    store.propose(&proposed("p1")).unwrap();
    let edits = [
        rename("p1", "人改"),
        alias("p2", "人称"),
        PlaceEdit::Retire { id: id("p3") },
        new("n1", "人加"),
        rename("p4", "人也改"),
        alias("p4", "人也称"),
    ];
    let second = edited(&store, &first, &edits, None).unwrap();
    desk.import().ends(0).tells(&["kept 5", "replaced by what the files say anew 0"]);
    let again = store.load().unwrap();
    assert_eq!((again.version, again.place_edits), (2, 6));
    assert!(again.places == *second.places, "the files say what they said");
    assert_eq!(store.place_log(None).unwrap().len(), 6, "and the log has nothing to tell");
    // Now they say something new of two places, and nothing of a third any more.
    let old = std::fs::read_to_string(desk.path("places.csv")).unwrap();
    let news =
        old.replace("p4,building,4号楼", "p4,building,新四号楼").replace("p3,building,3号楼", "p3,building,新三号楼");
    let news: String = news.split_inclusive('\n').filter(|line| !line.starts_with("p2,")).collect();
    std::fs::write(desk.path("places.csv"), news).unwrap();
    desk.import().ends(0).tells(&["kept 2", "replaced by what the files say anew 3"]);
    let third = store.load().unwrap();
    let find = |id: &str| third.places.iter().find(|place| place.id == id);
    assert_eq!(find("p1").unwrap().name, "人改");
    assert!(find("p2").is_none() && find("n1").is_some());
    assert_eq!(find("p3").unwrap().name, "新三号楼");
    let four = find("p4").unwrap();
    assert!(four.name == "新四号楼" && four.aliases.contains(&"人也称".to_owned()), "{four:?}");
    let verbs = |place: &str| -> Vec<Verb> {
        store.place_log(Some(place)).unwrap().iter().map(|logged| logged.edited.verb).collect()
    };
    assert_eq!(verbs("p4"), [Verb::Rename, Verb::Alias, Verb::Import]);
    assert_eq!((verbs("p2"), verbs("p3")), (vec![Verb::Alias, Verb::Import], vec![Verb::Retire, Verb::Import]));
    assert_eq!(third.place_edits, 9);
    is_whole(&store);
    // An import that began before an edit would lose it.
    let refused = store.replace(&again, &[]).unwrap_err();
    assert!(matches!(refused, StoreFault::Moved { .. } | StoreFault::Edited(_)), "{refused}");
    let late = wangge::snapshot::Contents { place_edits: 8, ..store.load().unwrap() };
    assert!(matches!(store.replace(&late, &[]), Err(StoreFault::Edited(_))));
    assert!(store.load().unwrap().places == third.places);
    // The same once more changes nothing; edits go on from there.
    desk.import().ends(0);
    let fourth = Snapshot::new(store.load().unwrap());
    assert!(*fourth.places == third.places && fourth.place_edits == 9);
    edited(&store, &fourth, &[rename("p4", "再改")], None).unwrap();
    desk.import().ends(0).tells(&["kept 4"]);
    let fifth = store.load().unwrap();
    let four = fifth.places.iter().find(|place| place.id == "p4").unwrap();
    assert!(four.name == "再改" && four.aliases.contains(&"人也称".to_owned()), "{four:?}");
    assert_eq!(store.choices(State::Proposed, 0, 9).unwrap().1, 1, "choices wait on");
    is_whole(&store);
    // Another district has none of it.
    let mut contents = store.load().unwrap();
    contents.recorded = NOW;
    contents.history = wangge::grid::history::History::of_one(1, jiff::civil::Date::constant(2020, 1, 1), NOW);
    contents.version = 1;
    store.replace(&contents, &[]).unwrap();
    assert_eq!((store.place_log(None).unwrap(), store.choice(1).unwrap()), (vec![], None));
    is_whole(&store);
}
