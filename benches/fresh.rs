//! What a published edit costs until every wall knows: the next snapshot, the next state with its exact list of redrawn tiles, and the encoding of those,
//! against building all anew: `cargo bench --bench fresh`. Run from the project's folder.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/fresh/changes.rs"]
#[allow(dead_code, reason = "the bench uses its part")]
mod changes;
#[path = "../tests/partition/mod.rs"]
mod partition;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use changes::Proposer;
use jiff::Timestamp;
use partition::Seeded;
use wangge::coverage::Delta;
use wangge::exchange::Limits;
use wangge::grid::change::{Change, Desk};
use wangge::grid::history::Version;
use wangge::grid::past::Boundaries;
use wangge::issue::IssueFilter;
use wangge::render::Font;
use wangge::service::bytes::Finished;
use wangge::service::import::{Sources, prepare};
use wangge::service::serving::{Capacity, Look, State};
use wangge::service::tiles::{MVT, TileKey, covering, draw};
use wangge::snapshot::Snapshot;
use wangge::tile::{DATA_ZOOM, Pyramid, TileSet};

const EDITS: usize = 300;

fn sample() -> Option<Snapshot> {
    let district = PathBuf::from("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let recorded = Timestamp::UNIX_EPOCH;
    let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| ()).ok()?;
    Some(Snapshot::new(prepared.accept(None, recorded).ok()?.contents))
}

/// A state with every tile of `units` in its cache, as a server has after a while.
fn warm(snapshot: Snapshot) -> Option<State> {
    let font = Font::new(&include_bytes!("../data/fonts/NotoSansSC-subset.otf")[..]).ok()?;
    let state = State::new(snapshot, &Look { font, styles: Vec::new() }, Capacity::default());
    let info = state.info(TileSet::Units);
    for coord in (info.min_zoom..=DATA_ZOOM).flat_map(|z| covering(info.bounds, z)) {
        let key = TileKey::Vector { set: TileSet::Units, filter: IssueFilter::default(), coord };
        state.tiles.fill(key.clone(), || draw(&state, &key)).ok()?;
    }
    Some(state)
}

fn said(what: &str, mut millis: Vec<f64>) -> f64 {
    millis.sort_by(f64::total_cmp);
    let Some(last) = millis.len().checked_sub(1) else { return 0.0 };
    let at = |share: usize| millis[last * share / 100];
    println!("  {what}: p50 {:.1}, p95 {:.1}, p99 {:.1}, most {:.1}", at(50), at(95), at(99), at(100));
    at(50)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The boundaries after a change, and the delta that leads to them.
fn after(desk: &mut Desk, change: &Change) -> Option<(Boundaries, Delta)> {
    let made = desk.apply(change).ok()?;
    Some((desk.boundaries(), made.delta))
}

/// Edits of one kind, each of the same version.
fn measure(what: &str, state: &State, anew: f64, mut propose: impl FnMut(&mut Proposer, &mut Desk) -> Option<Change>) {
    let now = Boundaries { coverage: state.snapshot.coverage.clone(), hierarchy: state.snapshot.hierarchy.clone() };
    let mut desk = Desk::new(&now);
    let mut proposer = Proposer { random: Seeded(9), next_id: 1 << 40 };
    let mut figures: [Vec<f64>; 4] = Default::default();
    let mut units = Vec::new();
    while figures[0].len() < EDITS {
        let Some(change) = propose(&mut proposer, &mut desk) else { continue };
        let Some((boundaries, delta)) = after(&mut desk, &change) else { continue };
        let version = Version::dated(state.snapshot.version + 1, jiff::civil::date(2026, 1, 1), Timestamp::UNIX_EPOCH);
        let history = state.snapshot.history.clone().followed_by(version);
        let started = Instant::now();
        let snapshot = state.snapshot.next(boundaries, &delta, history);
        figures[0].push(millis(started));
        let started = Instant::now();
        let (next, dirty) = state.next(snapshot, &delta);
        figures[1].push(millis(started));
        let tiles = dirty.tiles.unwrap_or_default();
        let started = Instant::now();
        for tile in &tiles {
            std::hint::black_box(next.pyramid().units(&next.snapshot, tile.coord));
            std::hint::black_box(Finished::compressible(MVT, tile.bytes.clone()));
        }
        figures[2].push(millis(started));
        figures[3].push(tiles.len() as f64);
        units.push(dirty.units.len() as f64);
        desk = Desk::new(&now);
    }
    println!("{what}, {EDITS} of them, in milliseconds:");
    let [snapshot, state, encoding, tiles] = figures;
    said("Snapshot::next", snapshot);
    let median = said("State::next, with what follows", state);
    said("of which the encoding of the redrawn tiles", encoding);
    said("redrawn tiles (number)", tiles);
    said("changed units (number)", units);
    println!("  {:.1} times faster than all anew", anew / median);
}

fn main() {
    let Some(snapshot) = sample() else { return println!("the sample does not import") };
    let made = |_| {
        let started = Instant::now();
        std::hint::black_box(Pyramid::new(&snapshot));
        millis(started)
    };
    println!("all anew, in milliseconds:");
    let pyramid = said("Pyramid::new", (0..9).map(made).collect());
    let started = Instant::now();
    let Some(state) = warm(snapshot) else { return println!("no tiles") };
    let tiles: Duration = started.elapsed();
    println!("  with all {} tiles of units: {:.0}", state.tiles.counts().entries, tiles.as_secs_f64() * 1e3);
    measure("a vertex moved", &state, pyramid, |proposer, desk| proposer.vertex(desk));
    measure("a unit cut in two", &state, pyramid, |proposer, desk| proposer.split(desk));
    measure("a junction moved", &state, pyramid, |proposer, desk| proposer.junction(desk));
}
