//! The next version of a district as a test makes it: changes on a desk, and the snapshot that follows.

#![allow(dead_code, reason = "each test file uses its own part")]

use jiff::SignedDuration;
use wangge::coverage::edit::{Edit, Line};
use wangge::coverage::{ArcKind, Coverage, FaceId, FaceRole, LatticePoint};
use wangge::grid::change::{Change, Desk, Figures, NewUnit, Verb};
use wangge::grid::history::Version;
use wangge::grid::past::Boundaries;
use wangge::snapshot::Snapshot;
use wangge::store::digest_of;

/// A desk on the boundaries of a snapshot.
pub fn desk(on: &Snapshot) -> Desk {
    Desk::new(&Boundaries { coverage: on.coverage.clone(), hierarchy: on.hierarchy.clone() })
}

/// The version after, by changes.
pub fn next(before: &Snapshot, changes: &[Change], draft: Option<u64>) -> Snapshot {
    let mut desk = desk(before);
    desk.apply_all(changes).unwrap();
    let boundaries = desk.boundaries();
    let number = before.version + 1;
    let last = before.history.versions().last().unwrap();
    let version = Version {
        document: format!("{number}号"),
        by: "网格办".to_owned(),
        draft,
        digest: digest_of(&boundaries.coverage, &boundaries.hierarchy),
        ..Version::dated(number, last.effective, before.recorded + SignedDuration::from_secs(60))
    };
    let history = before.history.clone().followed_by(version).with_lineage(desk.lineage(number));
    before.next(boundaries, desk.delta(), history)
}

/// A new vertex in the middle of a line between two units, a little beside it.
pub fn bend(coverage: &Coverage, which: usize) -> Change {
    let between = |face: wangge::coverage::FaceIx| coverage.faces()[face.ix()].role == FaceRole::Unit;
    let inner: Vec<_> = coverage.arcs().iter().filter(|arc| between(arc.left) && between(arc.right)).collect();
    let arc = inner[which % inner.len()];
    let (a, b) = arc
        .points
        .windows(2)
        .map(|w| (w[0], w[1]))
        .max_by_key(|(a, b)| a.x.abs_diff(b.x).max(a.y.abs_diff(b.y)))
        .unwrap();
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let middle = LatticePoint::new(a.x + dx / 2 - dy / 16, a.y + dy / 2 + dx / 16);
    Change::of_lines(Verb::Reshape, vec![Edit::Reshape { old: vec![a, b], new: vec![a, middle, b] }])
}

/// Cuts a unit that is a rectangle from its lowest corner to its highest.
pub fn halve(on: &Snapshot, code: &str, new: NewUnit) -> Change {
    let unit = on.hierarchy.unit(on.hierarchy.by_code(code).unwrap());
    let ring = on.coverage.ring_points(&on.coverage.faces()[unit.face.unwrap().ix()].rings[0]);
    let (low, high) = (*ring.iter().min().unwrap(), *ring.iter().max().unwrap());
    let line = Line { points: vec![low, high], kind: ArcKind::Drawn };
    let edits = vec![Edit::Split { face: FaceId(unit.id), lines: vec![line], new: FaceId(new.id), exclave: false }];
    desk(on).split(unit.id, edits, new, Figures { households: 20, population: 50 }).unwrap()
}
