//! Publications, versions and drafts in the store: what is written row by row is what would be written whole, and what was recorded shows when it was
//! tampered with.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod publication;
mod town;

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use jiff::civil::Date;
use publication::{bend, desk, halve, next};
use rusqlite::Connection;
use rusqlite::types::Value;
use town::{Desk, Town, code};
use wangge::grid::change::{Change, Described, NewUnit, Verb};
use wangge::grid::draft::{Actor, Draft, Entry, Logged, Scope};
use wangge::grid::past::Boundaries;
use wangge::service::check;
use wangge::snapshot::{Contents, Snapshot};
use wangge::store::{Extras, GeoPackage, Publication, Store, StoreFault, digest_of};

fn stored() -> (Desk, GeoPackage, Snapshot) {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let snapshot = Snapshot::new(store.load().unwrap());
    (desk, store, snapshot)
}

fn published(store: &GeoPackage, before: &Snapshot, changes: &[Change]) -> Result<Snapshot, StoreFault> {
    let after = next(before, changes, None);
    store.publish(&Publication { before, after: &after, changes, draft: None }).map(|()| after)
}

fn logged(number: u64, entry: Entry) -> Logged {
    let actor = Actor { name: "李四".to_owned(), scope: Scope::Units(vec!["A1".to_owned()]) };
    Logged { number, actor, at: "2026-07-01T02:00:00.5Z".parse().unwrap(), entry }
}

fn opened() -> Logged {
    logged(1, Entry::Opened { title: "甲".to_owned(), base: 1 })
}

/// The changes of a step of the walk, each kind in turn.
fn step(on: &Snapshot, store: &GeoPackage, n: usize) -> Vec<Change> {
    let unit = |code: &str| on.hierarchy.unit(on.hierarchy.by_code(code).unwrap()).id;
    let said = |name: &str| Described { name: Some(name.to_owned()), ..Described::default() };
    let new =
        |code: &str| NewUnit { id: store.reserve_units(1).unwrap(), code: code.to_owned(), name: format!("新{n}") };
    match n % 6 {
        0 => vec![halve(on, &code(0, 0), new("A11Z"))],
        1 => vec![bend(&on.coverage, n * 7), desk(on).describe(unit("A1"), &said(&format!("第{n}街道"))).unwrap()],
        // A unit with an officer ends.
        2 => vec![desk(on).merge(unit("A11Z"), unit(&code(0, 0)), &[]).unwrap()],
        3 => vec![desk(on).describe(unit("A11Z"), &Described { code: Some(code(0, 0)), ..said("旧") }).unwrap()],
        4 => {
            let home = code(2, 1);
            let there = n % 12 == 4;
            let (from, to, code) = if there { (home.as_str(), "A22", "A229") } else { ("A229", "A21", home.as_str()) };
            let id = unit(from);
            vec![desk(on).reparent(id, unit(to), &[(id, code.to_owned())]).unwrap()]
        }
        _ => vec![bend(&on.coverage, n)],
    }
}

/// Every row of every table that says what the district is now; times of writing left out.
fn tables(store: &GeoPackage) -> BTreeMap<String, Vec<Vec<Value>>> {
    let file = Connection::open(store.path()).unwrap();
    let names = "wangge_meta wangge_junction wangge_arc wangge_face wangge_unit wangge_post wangge_hash people branches places street \
                 community grid";
    let mut tables = BTreeMap::new();
    let mut read = |name: &str, sql: &str| {
        let mut statement = file.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect()).unwrap();
        let mut rows = rows.collect::<rusqlite::Result<Vec<Vec<Value>>>>().unwrap();
        rows.sort_by_key(|row| format!("{row:?}"));
        tables.insert(name.to_owned(), rows);
    };
    names.split_whitespace().for_each(|name| read(name, &format!("SELECT * FROM {name}")));
    read("gpkg_contents", "SELECT table_name, min_x, max_x, min_y, max_y FROM gpkg_contents ORDER BY 1");
    tables
}

fn whole(snapshot: &Snapshot) -> Contents {
    Contents {
        version: snapshot.version,
        recorded: snapshot.recorded,
        district: snapshot.district.clone(),
        history: snapshot.history.clone(),
        coverage: snapshot.coverage.clone(),
        hierarchy: snapshot.hierarchy.clone(),
        roster: snapshot.roster.clone(),
        places: snapshot.places.to_vec(),
        place_edits: snapshot.place_edits,
        issues: snapshot.issues.to_vec(),
        base: snapshot.base.to_vec(),
    }
}

#[test]
fn what_publications_write_is_what_would_be_written_whole_and_every_version_is_told_again() {
    let (desk, store, mut now) = stored();
    // Written again from memory, where issues stand in the order received.
    store.replace(&whole(&now), &[]).unwrap();
    let mut all = vec![Boundaries { coverage: now.coverage.clone(), hierarchy: now.hierarchy.clone() }];
    let mut made = Vec::new();
    for n in 0..40 {
        let changes = step(&now, &store, n);
        now = published(&store, &now, &changes).unwrap();
        all.push(Boundaries { coverage: now.coverage.clone(), hierarchy: now.hierarchy.clone() });
        made.push(changes);
        if n % 6 == 5 || n < 5 {
            let other = GeoPackage::at(&desk.path(&format!("whole{n}.gpkg")));
            other.replace(&whole(&now), &[]).unwrap();
            for (name, rows) in tables(&store) {
                assert_eq!(rows, tables(&other)[&name], "{name} after step {n}");
            }
        }
        let contents = store.load().unwrap();
        assert_eq!((contents.version, contents.recorded), (now.version, now.recorded));
        assert_eq!(contents.history, now.history);
        assert!(contents.coverage == now.coverage && contents.hierarchy == now.hierarchy);
        assert_eq!(contents.roster.people(), now.roster.people());
    }
    let checked = check::of_store(&store, Date::constant(2026, 7, 1)).unwrap();
    assert!(
        !checked.findings.iter().any(|f| ["moved_vertex", "missing_feature", "changed_table"].contains(&f.rule)),
        "the layers follow"
    );
    for (version, then) in (1..).zip(&all) {
        let told = store.boundaries(version).unwrap();
        assert_eq!(digest_of(&told.coverage, &told.hierarchy), digest_of(&then.coverage, &then.hierarchy), "{version}");
    }
    assert_eq!(store.changes(1).unwrap(), None);
    for (version, changes) in (2..).zip(&made) {
        assert_eq!(store.changes(version).unwrap().as_ref(), Some(changes));
    }
    let file = Connection::open(desk.store()).unwrap();
    let whole: Vec<i64> = file
        .prepare("SELECT id FROM wangge_version WHERE boundaries IS NOT NULL ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(whole, [1, 17, 33], "every sixteenth is kept whole");
}

#[test]
fn what_is_left_out_is_neither_read_nor_checked_and_the_rest_is_all_there() {
    let (_desk, store, _) = stored();
    let whole = store.load().unwrap();
    assert!(!whole.places.is_empty() && !whole.issues.is_empty());

    let part = store.load_with(Extras { places: true, issues: false, base: false }).unwrap();
    assert!(part.issues.is_empty() && part.places == whole.places);
    assert_eq!(digest_of(&part.coverage, &part.hierarchy), digest_of(&whole.coverage, &whole.hierarchy));

    let changed = Connection::open(store.path()).unwrap();
    changed.execute("UPDATE issues SET text = 'x' WHERE fid = (SELECT min(fid) FROM issues)", []).unwrap();
    drop(changed);
    assert!(matches!(store.load(), Err(StoreFault::Hash { table, .. }) if table == "issues"));
    let without = |issues| store.load_with(Extras { places: false, issues, base: true });
    assert!(without(false).is_ok() && without(true).is_err());
}

#[test]
fn a_publication_on_another_version_changes_nothing() {
    let (desk, store, first) = stored();
    let second = published(&store, &first, &[bend(&first.coverage, 1)]).unwrap();
    let refused = published(&store, &first, &[bend(&first.coverage, 2)]).unwrap_err();
    assert!(matches!(refused, StoreFault::Moved { expected: 1, found: 2, .. }), "{refused}");
    assert_eq!(store.load().unwrap().history, second.history);
    // An import that began before the publication.
    let mut late = whole(&first);
    late.version = 2;
    late.recorded = "2030-01-01T00:00:00Z".parse().unwrap();
    late.history =
        late.history.followed_by(wangge::grid::history::Version::dated(2, Date::constant(2030, 1, 1), late.recorded));
    assert!(matches!(store.replace(&late, &[]), Err(StoreFault::Moved { found: 2, .. })));
    // A digest that is not that of the boundaries.
    let mut wrong = next(&second, &[bend(&second.coverage, 2)], None);
    wrong.coverage = second.coverage.clone();
    let refused =
        store.publish(&Publication { before: &second, after: &wrong, changes: &[], draft: None }).unwrap_err();
    assert!(matches!(refused, StoreFault::Version { version: 3, .. }), "{refused}");
    assert_eq!(store.load().unwrap().history, second.history);
    // A row that is to change was changed by somebody else.
    let file = Connection::open(desk.store()).unwrap();
    file.execute("UPDATE wangge_arc SET kind = 'wall' WHERE id < 100", []).unwrap();
    let refused = published(&store, &second, &[bend(&second.coverage, 4)]).unwrap_err();
    assert!(matches!(&refused, StoreFault::Row { table, .. } if table == "wangge_arc"), "{refused}");
}

#[test]
fn versions_that_were_tampered_with_are_told_and_the_district_of_today_stays() {
    for tampering in [
        "UPDATE wangge_version SET reason = '别的' WHERE id = 2",
        "UPDATE wangge_version SET effective = '1999-01-01' WHERE id = 1",
        "UPDATE wangge_version SET effective = 'soon' WHERE id = 2",
        "UPDATE wangge_version SET published_by = 'x' WHERE id = 3",
        "UPDATE wangge_version SET draft = 7 WHERE id = 3",
        "UPDATE wangge_version SET changes = zeroblob(9) WHERE id = 2",
        "UPDATE wangge_version SET boundaries = NULL WHERE id = 1",
        "DELETE FROM wangge_version WHERE id = 3",
        "DELETE FROM wangge_version WHERE id = 2",
        "INSERT INTO wangge_lineage VALUES (100, 2, 'split', 'a', 'b')",
        "UPDATE wangge_lineage SET new_code = 'c' WHERE version = 3",
        "DELETE FROM wangge_lineage",
        "DROP TABLE wangge_lineage",
    ] {
        let (desk, store, first) = stored();
        let second = published(&store, &first, &[bend(&first.coverage, 1)]).unwrap();
        let third = published(&store, &second, &step(&second, &store, 0)).unwrap();
        let file = Connection::open(desk.store()).unwrap();
        file.execute_batch(tampering).unwrap();
        drop(file);
        let today = store.load().unwrap();
        assert!(today.coverage == third.coverage && today.hierarchy == third.hierarchy, "{tampering}");
        assert_eq!(today.history.versions().len(), 1, "{tampering}: nothing is said of the past");
        assert!(matches!(store.history(), Err(StoreFault::Chain { .. } | StoreFault::Row { .. })), "{tampering}");
        let problems = store.inspect().unwrap().problems;
        assert!(problems.iter().any(|p| matches!(p, StoreFault::Chain { .. })), "{tampering}: {problems:?}");
        let refused = published(&store, &Snapshot::new(today), &[bend(&third.coverage, 3)]);
        assert!(refused.is_err(), "{tampering}: nothing follows a past that is not known");
        desk.run(&["check", "--store", "town.gpkg"]).ends(1).tells(&["wangge_"]);
    }
}

#[test]
fn drafts_are_logged_in_order_and_kept_by_the_next_import() {
    let (desk, store, snapshot) = stored();
    assert_eq!(store.drafts().unwrap(), []);
    assert_eq!(store.draft(1).unwrap(), None);
    assert!(matches!(store.append(1, &logged(2, Entry::Discarded)), Err(StoreFault::NoDraft { draft: 1, .. })));
    assert!(matches!(store.open_draft(&logged(2, Entry::Discarded)), Err(StoreFault::NotNext { expected: 1, .. })));
    let log = [
        opened(),
        logged(
            2,
            Entry::Changed {
                changes: vec![
                    bend(&snapshot.coverage, 1),
                    halve(
                        &snapshot,
                        &code(1, 1),
                        NewUnit { id: 5_000, code: "A115".to_owned(), name: "新“格”\n".to_owned() },
                    ),
                ],
            },
        ),
        logged(3, Entry::Undone { step: 2, steps: Vec::new() }),
        logged(
            4,
            Entry::Submitted {
                effective: Date::constant(2026, 8, 1),
                document: "乙1号".to_owned(),
                reason: String::new(),
            },
        ),
    ];
    assert_eq!(store.open_draft(&log[0]).unwrap(), 1);
    assert_eq!(store.open_draft(&opened()).unwrap(), 2);
    log[1..].iter().for_each(|entry| store.append(1, entry).unwrap());
    for number in [1, 4, 6] {
        let refused = store.append(1, &logged(number, Entry::Discarded)).unwrap_err();
        assert!(matches!(refused, StoreFault::NotNext { draft: 1, expected: 5, .. }), "{refused}");
    }
    let long = Entry::Returned { reason: "长".repeat(6 << 20) };
    assert!(matches!(store.append(1, &logged(5, long)), Err(StoreFault::TooMuch { .. })));
    assert_eq!(store.draft(1).unwrap().unwrap(), log);
    assert_eq!(store.drafts().unwrap(), [(1, log.to_vec()), (2, vec![opened()])]);
    assert!(Draft::fold(1, &log).is_ok());
    assert_eq!(store.reserve_units(10).unwrap(), 5_001, "above every identity that a draft names");
    assert_eq!(store.reserve_units(1).unwrap(), 5_011);

    desk.import().ends(0);
    assert_eq!(store.drafts().unwrap().len(), 2, "an import that goes on keeps them");
    assert_eq!(store.reserve_units(1).unwrap(), 5_012);
    let mut another = whole(&snapshot);
    another.recorded = Timestamp::UNIX_EPOCH;
    another.history = wangge::grid::history::History::of_one(1, Date::constant(2020, 1, 1), Timestamp::UNIX_EPOCH);
    store.replace(&another, &[]).unwrap();
    assert_eq!(store.drafts().unwrap(), [], "another district has none");
    assert_eq!(store.history().unwrap().unwrap().versions().len(), 1);
    assert_eq!(store.reserve_units(1).unwrap(), 5_013, "identities are never given again");
}

#[test]
fn a_draft_that_was_tampered_with_is_told_and_the_others_stay() {
    for tampering in [
        "UPDATE wangge_draft_log SET actor = '王五' WHERE draft = 1 AND number = 2",
        "UPDATE wangge_draft_log SET at = '2020-01-01T00:00:00Z' WHERE draft = 1 AND number = 1",
        "UPDATE wangge_draft_log SET entry = '{\"discarded\":{}}' WHERE draft = 1 AND number = 2",
        "UPDATE wangge_draft_log SET entry = 7 WHERE draft = 1 AND number = 3",
        "DELETE FROM wangge_draft_log WHERE draft = 1 AND number = 2",
        "DELETE FROM wangge_draft_log WHERE draft = 1 AND number = 1",
    ] {
        let (desk, store, _) = stored();
        store.open_draft(&opened()).unwrap();
        store.open_draft(&opened()).unwrap();
        store
            .append(1, &logged(2, Entry::Changed { changes: vec![Change::of_lines(Verb::Mark, Vec::new())] }))
            .unwrap();
        store.append(1, &logged(3, Entry::Discarded)).unwrap();
        Connection::open(desk.store()).unwrap().execute_batch(tampering).unwrap();
        let fault = store.draft(1).unwrap_err();
        assert!(matches!(&fault, StoreFault::Chain { table, .. } if table == "wangge_draft_log"), "{fault}");
        assert_eq!(store.drafts().unwrap(), [(2, vec![opened()])], "{tampering}");
        assert!(store.load().is_ok());
        let inspected = store.inspect().unwrap();
        assert_eq!((inspected.problems.len(), inspected.changed), (1, vec!["wangge_draft_log".to_owned()]));
    }
    // The end of a log: its chain cannot tell, the hash of the table can.
    let (desk, store, _) = stored();
    store.open_draft(&opened()).unwrap();
    store.append(1, &logged(2, Entry::Discarded)).unwrap();
    Connection::open(desk.store()).unwrap().execute_batch("DELETE FROM wangge_draft_log WHERE number = 2").unwrap();
    assert_eq!(store.inspect().unwrap().changed, ["wangge_draft_log"]);
}

#[test]
fn a_store_that_is_not_there_or_may_not_be_written_is_told() {
    let desk = Desk::with(&Town::new());
    let store = GeoPackage::at(&desk.store());
    assert!(matches!(store.open_draft(&opened()), Err(StoreFault::Missing(_))));
    assert_eq!((store.draft(1).unwrap(), store.drafts().unwrap(), store.changes(1).unwrap()), (None, vec![], None));
    assert!(matches!(store.reserve_units(1), Err(StoreFault::Missing(_))));
    assert_eq!(
        fs::read_dir(desk.folder.path()).unwrap().filter(|f| f.as_ref().unwrap().path().ends_with(".lock")).count(),
        0
    );
    desk.import().ends(0);
    let editor = Connection::open(desk.store()).unwrap();
    editor.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.open_draft(&opened()), Err(StoreFault::Busy(_))));
}
