//! The versions before today's: told by files, kept by the store, asked by day.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod publication;
mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};
use town::{Desk, Town, code};
use wangge::coverage::{FaceRole, validate};
use wangge::exchange::Limits;
use wangge::grid::draft::{Actor, Entry, Logged, Scope};
use wangge::grid::past::Boundaries;
use wangge::locate::Locator;
use wangge::place::choice::{Choice, State};
use wangge::place::edit::{PlaceEdit, apply_all};
use wangge::service::import::{Imported, Sources, import, prepare};
use wangge::service::past::{Held, held};
use wangge::snapshot::Snapshot;
use wangge::store::{Edition, GeoPackage, Publication, Store, StoreFault};

const NOW: &str = "2026-07-01T02:00:00Z";

fn sources(district: &Path) -> Sources {
    Sources { district: district.to_owned(), ..Sources::default() }
}

/// The sample with its past, put together once.
fn sample() -> &'static Imported {
    static SAMPLE: OnceLock<Imported> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let now = NOW.parse().unwrap();
        prepare(&sources(&district), &Limits::default(), now, &mut |_| {}).unwrap().accept(None, now).unwrap()
    })
}

fn earlier(version: u64) -> &'static Boundaries {
    &sample().earlier.iter().find(|(number, _)| *number == version).unwrap().1
}

fn units_at(boundaries: &Boundaries, level: u8) -> usize {
    boundaries.hierarchy.at_level(level).count()
}

/// Doubled areas of the lowest units, by code.
fn areas(coverage: &wangge::coverage::Coverage, hierarchy: &wangge::grid::Hierarchy) -> BTreeMap<String, i128> {
    let units = hierarchy.units().iter().filter_map(|unit| Some((unit, unit.face?)));
    let area = |face: wangge::coverage::FaceIx| coverage.faces()[face.ix()].rings.iter().map(|r| r.doubled_area).sum();
    units.map(|(unit, face)| (unit.code.clone(), area(face))).collect()
}

#[test]
fn the_sample_tells_of_a_subdistrict_before_its_grids_were_divided() {
    let (first, second) = (earlier(1), earlier(2));
    assert_eq!([0, 1, 2, 3].map(|level| units_at(first, level)), [5, 38, 540, 2623 - 335 + 84]);
    assert_eq!([0, 1, 2, 3].map(|level| units_at(second, level)), [5, 38, 540, 2623]);
    for past in [first, second] {
        assert_eq!(validate::faults(&past.coverage), []);
        assert_eq!(past.hierarchy.faults(), []);
    }
    // 王因's 84 grids were one micro-grid each.
    let undivided = first.hierarchy.units().iter().filter(|u| u.level == 3 && u.code.starts_with("370871004"));
    assert_eq!(undivided.filter(|u| u.code.ends_with("000")).count(), 84);
}

#[test]
fn a_unit_of_the_past_has_the_land_and_the_people_of_all_that_it_became() {
    let contents = &sample().contents;
    let then = areas(&earlier(1).coverage, &earlier(1).hierarchy);
    let now = areas(&contents.coverage, &contents.hierarchy);
    let households = |hierarchy: &wangge::grid::Hierarchy, code: &str| {
        let unit = hierarchy.unit(hierarchy.by_code(code).unwrap());
        (unit.households, unit.population)
    };
    let mut followed = 0;
    for (code, area) in &then {
        let successors = contents.history.successors(code, 1, 3);
        assert_eq!(successors.iter().map(|code| now[code]).sum::<i128>(), *area, "{code}");
        let people = successors.iter().map(|code| households(&contents.hierarchy, code));
        let sum = people.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert_eq!(households(&earlier(1).hierarchy, code), sum, "{code}");
        followed += successors.len();
    }
    assert_eq!(followed, 2623, "every unit of today comes from one");
}

#[test]
fn the_owner_then_is_followed_by_the_owner_now_at_every_place() {
    let contents = &sample().contents;
    let (then, now) = (Locator::new(&earlier(1).coverage), Locator::new(&contents.coverage));
    let code = |hierarchy: &wangge::grid::Hierarchy, face| {
        hierarchy.unit_of_face(face).map(|unit| hierarchy.unit(unit).code.clone())
    };
    let mut kinds = BTreeSet::new();
    for place in contents.places.iter().step_by(3) {
        let before = code(&earlier(1).hierarchy, then.owner_of(place.point));
        let after = code(&contents.hierarchy, now.owner_of(place.point));
        let (Some(before), Some(after)) = (before, after) else { panic!("{} has no owner", place.address) };
        let successors = contents.history.successors(&before, 1, 3);
        assert!(successors.contains(&after), "{}: {before} became {successors:?}, not {after}", place.address);
        kinds.insert((successors.len() > 1, before == after));
    }
    assert!(kinds.len() >= 2, "some places lie in what was divided, others not");
}

#[test]
fn every_day_has_the_version_of_that_day() {
    let snapshot = Snapshot::new(sample().contents.clone());
    let on = |year, month, day| match held(&snapshot, Date::constant(year, month, day)) {
        Ok(Held::Now) => Ok(3),
        Ok(Held::Past(version)) => Ok(version.number),
        Err(fault) => Err(fault.to_string()),
    };
    assert_eq!([on(2024, 3, 1), on(2025, 2, 28)], [Ok(1), Ok(1)]);
    assert_eq!([on(2025, 3, 1), on(2026, 5, 31)], [Ok(2), Ok(2)]);
    assert_eq!([on(2026, 6, 1), on(2099, 1, 1)], [Ok(3), Ok(3)]);
    assert!(on(2024, 2, 29).unwrap_err().contains("version 1, hold from 2024-03-01"));
}

#[test]
fn people_of_the_past_are_those_whose_units_were_there() {
    let snapshot = Snapshot::new(sample().contents.clone());
    let version = snapshot.history.version(1).unwrap().clone();
    let past = snapshot.past(&version, earlier(1).clone());
    assert_eq!((past.version, past.history.versions().len(), past.history.lineage().len()), (1, 1, 0));
    let (hierarchy, today) = (&past.hierarchy, &snapshot.hierarchy);
    let kept = hierarchy.by_code("370871001201001001").or_else(|| {
        // Any micro-grid outside 王因 that has its officer.
        hierarchy
            .units()
            .iter()
            .position(|u| u.level == 3 && !u.code.starts_with("370871004"))
            .map(|i| wangge::grid::UnitIx(i as u32))
    });
    let kept = kept.unwrap();
    let names = |roster: &wangge::grid::people::Roster, unit| -> BTreeSet<String> {
        roster.posted_at(unit).map(|person| person.id.clone()).collect()
    };
    let same = today.by_code(&hierarchy.unit(kept).code).unwrap();
    assert!(!names(&past.roster, kept).is_empty());
    assert_eq!(names(&past.roster, kept), names(&snapshot.roster, same));
    let undivided = hierarchy.units().iter().position(|u| u.code.ends_with("000") && u.level == 3).unwrap();
    assert!(names(&past.roster, wangge::grid::UnitIx(undivided as u32)).is_empty(), "nobody is known of it");
}

#[test]
fn the_store_keeps_every_version_and_the_next_import_adds_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    assert_eq!(store.history().unwrap(), None);
    let Imported { contents, earlier, .. } = sample();
    store.replace(contents, earlier).unwrap();
    assert_eq!(store.history().unwrap().as_ref(), Some(&contents.history));
    assert_eq!(store.load().unwrap().history, contents.history);
    for (number, past) in earlier {
        assert_eq!(&store.boundaries(*number).unwrap(), past, "version {number}");
    }
    let today = Boundaries { coverage: contents.coverage.clone(), hierarchy: contents.hierarchy.clone() };
    assert_eq!(store.boundaries(3).unwrap(), today);
    assert!(matches!(store.boundaries(4), Err(StoreFault::NotKept { version: 4, .. })));

    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let later: Timestamp = "2026-09-01T02:00:00Z".parse().unwrap();
    let again = import(&sources(&district), &mut store, later, &mut |_| {}).unwrap();
    assert_eq!((again.contents.version, again.earlier.len()), (4, 0));
    let history = store.history().unwrap().unwrap();
    assert_eq!(history.versions()[..3], contents.history.versions()[..]);
    assert_eq!(history.versions()[3].effective, Date::constant(2026, 9, 1));
    assert_eq!(&store.boundaries(1).unwrap(), &earlier.iter().find(|(n, _)| *n == 1).unwrap().1, "kept, not told anew");
    assert_eq!(store.boundaries(4).unwrap().coverage, again.contents.coverage);
}

/// Level and code of every unit, with its identity; faces that are no unit's stand under their place in the list.
fn identities(boundaries: &Boundaries) -> BTreeMap<(u8, String), u64> {
    let Boundaries { coverage, hierarchy } = boundaries;
    for unit in hierarchy.units() {
        assert!(unit.face.is_none_or(|face| coverage.faces()[face.ix()].id.0 == unit.id), "{}", unit.code);
    }
    let nobodys = coverage.faces().iter().enumerate().filter(|(_, face)| face.role == FaceRole::Excluded);
    let nobodys = nobodys.map(|(i, face)| ((u8::MAX, i.to_string()), face.id.0));
    hierarchy.units().iter().map(|unit| ((unit.level, unit.code.clone()), unit.id)).chain(nobodys).collect()
}

#[test]
fn identities_stay_with_their_codes_through_imports_and_are_never_given_again() {
    let mut town = Town::new();
    let desk = Desk::with(&town);
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let first = identities(&store.boundaries(1).unwrap());
    // The last unit of the file ends: its land goes to its neighbour. Another is cut in two. A draft takes identities meanwhile.
    let taken = store.reserve_units(5).unwrap();
    let (ended, heir, cut) = (code(3, 3), code(2, 3), code(0, 0));
    town.units.retain(|unit| unit.code != ended);
    town.people = town.people.lines().filter(|l| !l.contains(&ended)).fold(String::new(), |a, l| a + l + "\n");
    let east = town::corner(4, 3);
    town.unit(&heir).ring = vec![
        town::corner(2, 3),
        town::corner(3, 3),
        east,
        town::corner(4, 4),
        town::corner(3, 4),
        town::corner(2, 4),
        town::corner(2, 3),
    ];
    let [a, b, c, d, _] = town.unit(&cut).ring.clone().try_into().unwrap();
    let middle = |p: (f64, f64), q: (f64, f64)| (f64::midpoint(p.0, q.0), p.1);
    town.unit(&cut).ring = vec![a, middle(a, b), middle(d, c), d, a];
    let ring = vec![middle(a, b), b, c, middle(d, c), middle(a, b)];
    town.units.push(town::Unit { code: "A115".to_owned(), parent: "A11".to_owned(), ring });
    town.units.reverse();
    town.write(desk.folder.path());
    desk.import().ends(0);
    let second = identities(&store.boundaries(2).unwrap());
    for (unit, id) in &second {
        match first.get(unit) {
            Some(known) => assert_eq!(known, id, "{unit:?}"),
            None => assert!(*id >= taken + 5, "{unit:?} has {id}"),
        }
    }
    assert_eq!((first.len(), second.len()), (22, 22));
    // It comes back, and nobody's land with it: that is another unit. What was cut off is gone for good.
    let mut town = Town::new();
    town.toml = town.toml.replace("[files]", "[coverage]\ngaps = \"exclude\"\n[files]");
    town.units.retain(|unit| unit.code != code(1, 1));
    town.people = town.people.lines().filter(|l| !l.contains(&code(1, 1))).fold(String::new(), |a, l| a + l + "\n");
    town.write(desk.folder.path());
    desk.import().ends(0);
    let third = identities(&store.boundaries(3).unwrap());
    let ever: BTreeSet<u64> = first.values().chain(second.values()).copied().collect();
    let new: Vec<_> = third.iter().filter(|(unit, id)| second.get(*unit) != Some(id)).collect();
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(new.iter().all(|(_, id)| !ever.contains(id)), "{new:?}");
    assert!(new.iter().any(|(unit, _)| unit.1 == ended) && new.iter().any(|(unit, _)| unit.0 == u8::MAX), "{new:?}");
    assert!(store.load().is_ok());
}

#[test]
fn a_version_that_was_damaged_is_told_by_its_number() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let connection = Connection::open(desk.store()).unwrap();
    let half = "UPDATE wangge_version SET boundaries = substr(boundaries, 1, length(boundaries) / 2) WHERE id = 1";
    connection.execute(half, []).unwrap();
    let store = GeoPackage::at(&desk.store());
    let fault = store.boundaries(1).unwrap_err();
    assert!(matches!(&fault, StoreFault::Chain { table, row: 1, .. } if table == "wangge_version"), "{fault}");
    desk.import().ends(2).says(&["wangge_version, row 1", "a new file"]);
    assert!(store.load().is_ok(), "the boundaries of today are whole");
}

/// What a store of schema 1 or 2 records of a table: type, length and bytes of every value, in the order of the rows.
fn digest(connection: &Connection, table: &str) -> String {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY rowid")).unwrap();
    let columns = statement.column_count();
    let (mut hash, mut rows) = (Sha256::new(), statement.query([]).unwrap());
    while let Some(row) = rows.next().unwrap() {
        for i in 0..columns {
            let (tag, bytes): (u8, &[u8]) = match row.get_ref(i).unwrap() {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(n) => (1, &n.to_le_bytes()),
                ValueRef::Real(x) => (2, &x.to_le_bytes()),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Makes of a store what Wangge wrote before it knew changes.
fn downgrade(desk: &Desk, schema: u32) {
    let connection = Connection::open(desk.store()).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE unit_2 (id INTEGER PRIMARY KEY NOT NULL, unit_id INTEGER NOT NULL, level INTEGER NOT NULL, code TEXT NOT \
             NULL, name TEXT NOT NULL, parent INTEGER, class TEXT NOT NULL, households INTEGER NOT NULL, population INTEGER NOT \
             NULL, face INTEGER);
             INSERT INTO unit_2 SELECT row_number() OVER (ORDER BY level, code) - 1, unit_id, level, code, name, parent, class, \
             households, population, (SELECT id FROM wangge_face f WHERE f.face_id = u.face_id) FROM wangge_unit u;
             UPDATE unit_2 SET parent = (SELECT p.id FROM unit_2 p WHERE p.unit_id = unit_2.parent);
             CREATE TABLE post_2 (id INTEGER PRIMARY KEY NOT NULL, holder TEXT NOT NULL, holder_fid INTEGER NOT NULL, unit INTEGER \
             NOT NULL);
             INSERT INTO post_2 SELECT row_number() OVER (ORDER BY holder DESC, holder_fid, place), holder, holder_fid, (SELECT id \
             FROM unit_2 u WHERE u.unit_id = p.unit_id) FROM wangge_post p;
             CREATE TABLE version_2 (id INTEGER PRIMARY KEY NOT NULL, effective TEXT NOT NULL, recorded TEXT NOT NULL, document \
             TEXT NOT NULL, reason TEXT NOT NULL, boundaries BLOB);
             INSERT INTO version_2 SELECT id, effective, recorded, document, reason, boundaries FROM wangge_version;
             DROP TABLE wangge_unit; ALTER TABLE unit_2 RENAME TO wangge_unit;
             DROP TABLE wangge_post; ALTER TABLE post_2 RENAME TO wangge_post;
             DROP TABLE wangge_version; ALTER TABLE version_2 RENAME TO wangge_version;
             DROP TABLE wangge_draft_log; DROP TABLE wangge_counter;
             DELETE FROM gpkg_extensions WHERE table_name IN ('wangge_draft_log', 'wangge_counter');
             DELETE FROM wangge_hash WHERE name = 'wangge_draft_log'",
        )
        .unwrap();
    without_places(&connection);
    if schema == 1 {
        connection
            .execute_batch(
                "DROP TABLE wangge_version; DROP TABLE wangge_lineage; DELETE FROM gpkg_extensions WHERE table_name IN \
                 ('wangge_version', 'wangge_lineage')",
            )
            .unwrap();
    } else {
        connection
            .execute_batch("INSERT INTO wangge_hash VALUES ('wangge_version', ''), ('wangge_lineage', '')")
            .unwrap();
    }
    connection.execute("UPDATE wangge_meta SET value = ?1 WHERE key = 'schema'", [schema.to_string()]).unwrap();
    let mut names = connection.prepare("SELECT name FROM wangge_hash").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for name in names {
        let sha256 = digest(&connection, &name);
        connection.execute("UPDATE wangge_hash SET sha256 = ?2 WHERE name = ?1", [name, sha256]).unwrap();
    }
}

/// Takes out what schema 4 brought.
fn without_places(connection: &Connection) {
    connection
        .execute_batch(
            "DROP TABLE wangge_place_log; DROP TABLE wangge_choice;
             DELETE FROM gpkg_extensions WHERE table_name IN ('wangge_place_log', 'wangge_choice');
             DELETE FROM wangge_hash WHERE name IN ('wangge_place_log', 'wangge_choice')",
        )
        .unwrap();
}

/// Makes of a store what Wangge wrote before it knew edits of places. Of the tables that are hashed only the one that names the schema differs.
fn downgrade_to_3(desk: &Desk) {
    let connection = Connection::open(desk.store()).unwrap();
    without_places(&connection);
    let hash_of_rows = || {
        let mut statement = connection.prepare("SELECT key, value FROM wangge_meta").unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut sum = [0_u8; 32];
        while let Some(row) = rows.next().unwrap() {
            let mut hash = Sha256::new();
            for i in 0..2 {
                let text: String = row.get(i).unwrap();
                hash.update([3]);
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
            let mut carry = 0;
            for (byte, more) in sum.iter_mut().zip(hash.finalize()) {
                carry += u16::from(*byte) + u16::from(more);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
        sum.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let recorded: String = connection
        .query_row("SELECT sha256 FROM wangge_hash WHERE name = 'wangge_meta'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(hash_of_rows(), recorded, "this is how tables are hashed");
    connection.execute("UPDATE wangge_meta SET value = '3' WHERE key = 'schema'", []).unwrap();
    connection.execute("UPDATE wangge_hash SET sha256 = ?1 WHERE name = 'wangge_meta'", [hash_of_rows()]).unwrap();
}

#[test]
fn a_store_from_before_places_were_edited_opens_and_is_brought_up_by_the_first_edit() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    assert_eq!(store.open_draft(&opened()).unwrap(), 1);
    let first = Snapshot::new(store.load().unwrap());
    let changes = [publication::bend(&first.coverage, 1)];
    let now = publication::next(&first, &changes, None);
    store.publish(&Publication { before: &first, after: &now, changes: &changes, draft: None }).unwrap();
    downgrade_to_3(&desk);
    let old = store.load().unwrap();
    assert!(old.coverage == now.coverage && old.places == *now.places);
    assert_eq!((old.place_edits, store.place_log(None).unwrap()), (0, vec![]));
    assert_eq!((store.choice(1).unwrap(), store.choices(State::Proposed, 0, 9).unwrap()), (None, (vec![], 0)));
    let inspected = store.inspect().unwrap();
    assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{:?}", inspected.problems);
    // The first choice or edit brings it up, and nothing of what it had is lost.
    let chosen = Choice::proposed("甲", NOW.parse().unwrap(), "七号", "p7").unwrap();
    assert_eq!(store.propose(&chosen).unwrap(), 1);
    let edit = PlaceEdit::Rename { id: "p7".to_owned(), name: "改名".to_owned(), address: String::new() };
    let (places, edits) = apply_all(&now.places, &[edit]).unwrap();
    let (on, actor, at) = ((now.version, now.recorded), opened().actor, NOW.parse().unwrap());
    assert_eq!(store.edit_places(&Edition { on, actor: &actor, at, edits: &edits, choice: None }).unwrap(), 1);
    let new = store.load().unwrap();
    assert_eq!((new.places, new.place_edits, new.history), (places, 1, now.history.clone()));
    assert_eq!(store.draft(1).unwrap(), Some(vec![opened()]));
    assert_eq!(store.changes(2).unwrap().as_deref(), Some(&changes[..]));
    assert_eq!(store.boundaries(1).unwrap().coverage, first.coverage);
    let inspected = store.inspect().unwrap();
    assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{:?}", inspected.problems);
}

fn opened() -> Logged {
    let actor = Actor { name: "甲".to_owned(), scope: Scope::District };
    let entry = Entry::Opened { title: "乙".to_owned(), base: 1 };
    Logged { number: 1, actor, at: NOW.parse().unwrap(), entry }
}

#[test]
fn a_store_from_before_there_were_versions_opens_and_gets_them_with_the_next_import() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let first = identities(&store.boundaries(1).unwrap());
    downgrade(&desk, 1);
    let contents = store.load().unwrap();
    assert_eq!(contents.history.versions().len(), 1);
    assert!(matches!(store.boundaries(1), Err(StoreFault::NotKept { version: 1, .. })));
    desk.import().ends(0);
    assert_eq!(store.history().unwrap().unwrap().versions().len(), 2);
    assert_eq!(store.boundaries(2).unwrap().coverage, store.load().unwrap().coverage);
    let identities = |version| identities(&store.boundaries(version).unwrap());
    assert_eq!(identities(2), first, "the same town again");
}

#[test]
fn stores_from_before_there_were_changes_open_and_are_brought_up_by_the_next_draft_or_publication() {
    for (schema, publishes) in [(1, false), (1, true), (2, false), (2, true)] {
        let desk = Desk::with(&Town::new());
        desk.import().ends(0);
        desk.import().ends(0);
        let store = GeoPackage::at(&desk.store());
        let (before, first) = (store.load().unwrap(), store.boundaries(1).unwrap());
        downgrade(&desk, schema);
        let old = store.load().unwrap();
        assert!(old.coverage == before.coverage && old.hierarchy == before.hierarchy);
        assert_eq!(old.roster.people(), before.roster.people());
        assert_eq!((store.draft(1).unwrap(), store.changes(2).unwrap()), (None, None));
        let inspected = store.inspect().unwrap();
        assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{:?}", inspected.problems);
        if schema == 2 {
            assert_eq!(store.boundaries(1).unwrap(), first);
        }
        let now = Snapshot::new(old);
        if publishes {
            let changes = [publication::bend(&now.coverage, 1)];
            let after = publication::next(&now, &changes, None);
            store.publish(&Publication { before: &now, after: &after, changes: &changes, draft: None }).unwrap();
            assert_eq!(store.load().unwrap().coverage, after.coverage);
            assert_eq!(store.boundaries(3).unwrap().hierarchy, after.hierarchy);
        } else {
            assert_eq!(store.open_draft(&opened()).unwrap(), 1);
            assert_eq!(store.draft(1).unwrap(), Some(vec![opened()]));
        }
        let history = store.history().unwrap().unwrap();
        assert_eq!(history.versions().len(), if schema == 1 { 1 } else { 2 } + usize::from(publishes));
        assert!(history.versions().iter().all(|version| version.digest.len() == 64));
        let inspected = store.inspect().unwrap();
        assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{:?}", inspected.problems);
        assert_eq!(store.boundaries(2).unwrap().coverage, before.coverage);
        if schema == 2 {
            assert_eq!(store.boundaries(1).unwrap(), first);
        }
        desk.import().ends(0);
    }
}

#[test]
fn the_command_line_tells_versions_successors_and_the_owner_of_a_day() {
    let mut town = Town::new();
    town.toml = format!("{}versions = [\"versions.csv\"]\nlineage = [\"lineage.csv\"]\n", town.toml);
    let desk = Desk::with(&town);
    // Two neighbours were one, of a code that begins like their parent's.
    let (one, other) = (code(0, 0), code(1, 0));
    let old = format!("{}9", &one[..one.len() - 1]);
    fs::write(
        desk.path("versions.csv"),
        "version,effective,document,note\n1,2024-01-01,甲1号,初版\n2,2025-01-01,乙2号,一分为二\n",
    )
    .unwrap();
    fs::write(desk.path("lineage.csv"), format!("version,kind,old,new\n2,split,{old},{one}\n2,split,{old},{other}\n"))
        .unwrap();
    desk.import().ends(0).tells(&["2"]);
    let store = desk.store();
    let store = store.to_str().unwrap();
    desk.run(&["history", "--store", store]).ends(0).tells(&["2025-01-01", "乙2号", "1 → 2", "2024-01-01"]);
    desk.run(&["history", "--store", store, &old]).ends(0).tells(&[&one, &other]);
    desk.run(&["history", "--store", store, "nothing"]).ends(1).says(&["nothing"]);
    let (lon, lat) = town::corner(0, 0);
    let at = [format!("{:.5}", lon + 0.0002), format!("{:.5}", lat + 0.0002)];
    let ask = |day: &str| desk.run(&["locate", "--store", store, "--as-of", day, &at[0], &at[1]]);
    ask("2024-06-01").ends(0).tells(&[&old]);
    ask("2025-06-01").ends(0).tells(&[&one]);
    ask("2023-06-01").ends(2).says(&["2024-01-01"]);

    for (lineage, said) in [
        (format!("2,split,{old},9999"), "9999"),
        (format!("2,split,{one},{other}"), "correct lineage"),
        (format!("2,merge,{old},{one}"), "merge"),
        (format!("2,split,zz,{one}"), "no parent"),
    ] {
        fs::write(desk.path("lineage.csv"), format!("version,kind,old,new\n{lineage}\n")).unwrap();
        let _ = fs::remove_file(desk.store());
        desk.import().ends(2).says(&[said]);
    }
    fs::write(desk.path("lineage.csv"), "version,kind,old,new\n2,cut,a,b\n").unwrap();
    desk.import().ends(2).says(&["split, merge or transfer"]);
}
