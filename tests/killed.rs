//! kill -9 at every point where a writer touches its files: what is found afterwards is the version before or the one after, whole, and the one after
//! when it was acknowledged. `strace` sends the signal; without it, or where it may not trace, this test fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod publication;
mod town;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;
use town::{Desk, Town};
use wangge::grid::draft::{Actor, Entry, Logged, Scope};
use wangge::place::choice::{Choice, State};
use wangge::place::edit::{PlaceEdit, apply_all};
use wangge::snapshot::Snapshot;
use wangge::store::{Edition, GeoPackage, Publication, Store, digest_of};

/// Every call by which a writer changes a file or makes a change last.
const CALLS: [&str; 7] = ["write", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "rename"];
const STORE: &str = "WANGGE_KILLED_STORE";
const DEED: &str = "WANGGE_KILLED_DEED";
const ACKNOWLEDGED: &str = "acknowledged";

fn logged(number: u64, entry: Entry) -> Logged {
    let actor = Actor { name: "李四".to_owned(), scope: Scope::Units(vec!["A1".to_owned()]) };
    Logged { number, actor, at: Timestamp::UNIX_EPOCH, entry }
}

/// What is killed, when the test calls itself: one deed, its acknowledgement, and a reader after it, who puts the log into the file.
#[test]
fn the_child() {
    let (Ok(path), Ok(deed)) = (std::env::var(STORE), std::env::var(DEED)) else { return };
    let store = GeoPackage::at(Path::new(&path));
    let before = Snapshot::new(store.load().unwrap());
    let number = store.draft(1).unwrap().unwrap().len() as u64 + 1;
    if deed == "publish" {
        let changes = [publication::bend(&before.coverage, 5)];
        let after = publication::next(&before, &changes, Some(1));
        let ended = logged(number, Entry::Published { version: after.version });
        let draft = Some((1, &ended));
        store.publish(&Publication { before: &before, after: &after, changes: &changes, draft }).unwrap();
    } else if deed == "place" {
        let edit = PlaceEdit::Alias { id: "p7".to_owned(), alias: "七号".to_owned() };
        let (_, edits) = apply_all(&before.places, &[edit]).unwrap();
        let (on, at) = ((before.version, before.recorded), Timestamp::UNIX_EPOCH);
        let actor = logged(1, Entry::Discarded).actor;
        let choice = store.choice(1).unwrap().unwrap().accepted("王五", at, "", "七号").unwrap();
        store.edit_places(&Edition { on, actor: &actor, at, edits: &edits, choice: Some(&choice) }).unwrap();
    } else {
        let changes = vec![publication::bend(&before.coverage, 6)];
        store.append(1, &logged(number, Entry::Changed { changes })).unwrap();
    }
    // Not `println!`, which the harness keeps to itself.
    std::io::stdout().write_all(ACKNOWLEDGED.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
    store.load().unwrap();
}

fn strace(options: &[&str], store: &Path, deed: &str) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null"]).args(options).arg(std::env::current_exe().unwrap());
    // On one thread: calls are counted by thread.
    command.args(["--exact", "the_child", "--test-threads=1"]).env(STORE, store).env(DEED, deed);
    command.output().unwrap_or_else(|error| panic!("strace does not start ({error}): tools/setup clients installs it"))
}

/// A store with some past – a publication still in its log – and an open draft.
fn prepared(desk: &Desk) -> PathBuf {
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let before = Snapshot::new(store.load().unwrap());
    assert_eq!(store.open_draft(&logged(1, Entry::Opened { title: "甲".to_owned(), base: 1 })).unwrap(), 1);
    let changes = [publication::bend(&before.coverage, 3)];
    let after = publication::next(&before, &changes, None);
    store.publish(&Publication { before: &before, after: &after, changes: &changes, draft: None }).unwrap();
    let chosen = Choice::proposed("李四", Timestamp::UNIX_EPOCH, "七号", "p7").unwrap();
    assert_eq!(store.propose(&chosen).unwrap(), 1);
    assert!(desk.path("town.gpkg-wal").exists(), "the publication lies in the log");
    desk.store()
}

fn copied(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm", ".lock"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        let _ = fs::remove_file(name(to));
        if name(from).exists() {
            fs::copy(name(from), name(to)).unwrap();
        }
    }
}

/// The version, the length of the draft's log and the edits of places that are found, after looking whether everything else fits them.
fn found(path: &Path) -> (u64, usize, u64) {
    let store = GeoPackage::at(path);
    let contents = store.load().unwrap();
    let history = store.history().unwrap().unwrap();
    assert_eq!(history, contents.history);
    let last = history.versions().last().unwrap();
    assert_eq!(last.number, contents.version);
    assert_eq!(last.digest, digest_of(&contents.coverage, &contents.hierarchy));
    let told = store.boundaries(contents.version).unwrap();
    assert_eq!(digest_of(&told.coverage, &told.hierarchy), last.digest);
    let log = store.draft(1).unwrap().unwrap();
    let published = matches!(log.last().unwrap().entry, Entry::Published { version } if version == contents.version);
    assert_eq!(published, last.draft == Some(1), "the draft and the version come together");
    let inspected = store.inspect().unwrap();
    assert!(inspected.problems.is_empty() && inspected.changed.is_empty(), "{:?}", inspected.problems);
    let place = contents.places.iter().find(|place| place.id == "p7").unwrap();
    let (aliased, edits) = (place.aliases.contains(&"七号".to_owned()), store.place_log(Some("p7")).unwrap());
    let accepted = store.choice(1).unwrap().unwrap().state == State::Accepted;
    let together = [accepted, contents.place_edits == 1, edits.len() == 1];
    assert_eq!(together, [aliased; 3], "the place, its log, the choice and the count come together");
    (contents.version, log.len(), contents.place_edits)
}

#[test]
fn a_writer_that_is_killed_anywhere_leaves_the_store_before_or_after() {
    let desk = Desk::with(&Town::new());
    let whole = prepared(&desk);
    let copy = desk.path("copy.gpkg");
    for (deed, after) in [("publish", (3, 2, 0)), ("append", (2, 2, 0)), ("place", (2, 1, 1))] {
        copied(&whole, &copy);
        let run = strace(&["-e", "trace=none"], &copy, deed);
        let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && said.contains(ACKNOWLEDGED), "strace must be allowed to trace: {said}");
        assert_eq!(found(&copy), after);
        let (mut points, mut done) = (0, 0);
        for call in CALLS {
            for n in 1.. {
                copied(&whole, &copy);
                let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={n}"));
                let run = strace(&["-e", &trace, "-e", &inject], &copy, deed);
                let acknowledged = String::from_utf8_lossy(&run.stdout).contains(ACKNOWLEDGED);
                let state = found(&copy);
                assert!(state == (2, 1, 0) || state == after, "{deed} killed at {call} {n}: {state:?}");
                assert!(!acknowledged || state == after, "{deed} killed at {call} {n}: what was acknowledged is lost");
                if run.status.success() {
                    break;
                }
                points += 1;
                done += usize::from(state == after);
            }
        }
        eprintln!("{deed}: killed at {points} points, {done} of them after it was done");
        assert!(points >= 30 && done >= 3, "{deed}: {points} points, {done} of them after it was done");
    }
}
