//! What a published edit costs until every wall knows: the next snapshot, the next state with its exact list of redrawn tiles, and the encoding of those,
//! against building all anew: `cargo bench --bench fresh`. Run from the project's folder.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/fresh/changes.rs"]
#[allow(dead_code, reason = "the bench uses its part")]
mod changes;
#[path = "../tests/partition/mod.rs"]
mod partition;

use std::path::PathBuf;
use std::time::Instant;

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
use wangge::service::import::{Sources, prepare};
use wangge::service::serving::{Capacity, Look, State};
use wangge::service::tiles::{TileKey, covering, draw};
use wangge::snapshot::Snapshot;
use wangge::tile::{DATA_ZOOM, Pyramid, TileSet};

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

fn line(mut numbers: Vec<f64>) -> (String, f64) {
    numbers.sort_by(f64::total_cmp);
    let Some(last) = numbers.len().checked_sub(1) else { return (String::new(), 0.0) };
    let at = |share: usize| numbers[last * share / 100];
    (format!("p50 {:.1}, p95 {:.1}, p99 {:.1}, most {:.1}", at(50), at(95), at(99), at(100)), at(50))
}

/// Prints milliseconds by the clock and by the processor; the median of the latter is the answer.
fn said(what: &str, millis: Vec<(f64, f64)>) -> f64 {
    let (clock, processor): (Vec<f64>, Vec<f64>) = millis.into_iter().unzip();
    let (processor, median) = line(processor);
    println!("  {what}: {processor} (by the clock {})", line(clock).0);
    median
}

/// A moment, and the processor's time that this thread had had by then (where the system tells it): on a busy machine only that is a figure of ours.
struct Clock(Instant, f64);

impl Clock {
    fn now() -> Self {
        Self(Instant::now(), Self::processor())
    }

    fn processor() -> f64 {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e6
    }

    /// Milliseconds since: by the clock, by the processor.
    fn millis(&self) -> (f64, f64) {
        (self.0.elapsed().as_secs_f64() * 1e3, Self::processor() - self.1)
    }
}

/// The boundaries after a change, and the delta that leads to them.
fn after(desk: &mut Desk, change: &Change) -> Option<(Boundaries, Delta)> {
    let made = desk.apply(change).ok()?;
    Some((desk.boundaries(), made.delta))
}

/// Edits of one kind, each of the same version.
fn measure(
    what: &str,
    edits: usize,
    state: &State,
    anew: f64,
    mut propose: impl FnMut(&mut Proposer, &mut Desk) -> Option<Change>,
) {
    let now = Boundaries { coverage: state.snapshot.coverage.clone(), hierarchy: state.snapshot.hierarchy.clone() };
    let base = Desk::new(&now);
    let mut desk = base.clone();
    let mut proposer = Proposer { random: Seeded(9), next_id: 1 << 40 };
    let mut figures: [Vec<(f64, f64)>; 4] = Default::default();
    let (mut redrawn, mut units) = (Vec::new(), Vec::new());
    while figures[0].len() < edits {
        let Some(change) = propose(&mut proposer, &mut desk) else { continue };
        let Some((boundaries, delta)) = after(&mut desk, &change) else { continue };
        let version = Version::dated(state.snapshot.version + 1, jiff::civil::date(2026, 1, 1), Timestamp::UNIX_EPOCH);
        let history = state.snapshot.history.clone().followed_by(version);
        let started = Clock::now();
        let snapshot = state.snapshot.next(boundaries, &delta, history);
        figures[0].push(started.millis());
        let started = Clock::now();
        let (next, dirty) = state.next(snapshot, &delta);
        figures[1].push(started.millis());
        redrawn.push(dirty.tiles.as_ref().map_or(0, Vec::len) as f64);
        units.push(dirty.units.len() as f64);
        let started = Clock::now();
        for tile in dirty.tiles.iter().flatten() {
            std::hint::black_box(next.pyramid().units(&next.snapshot, tile.coord));
        }
        figures[2].push(started.millis());
        let started = Clock::now();
        next.finish(dirty);
        figures[3].push(started.millis());
        desk.clone_from(&base);
    }
    println!("{what}, {edits} of them, in milliseconds of processor time:");
    let [snapshot, state, encoding, finishing] = figures;
    said("Snapshot::next", snapshot);
    let median = said("State::next", state);
    said("of which the encoding of the redrawn tiles", encoding);
    said("State::finish, after everybody was told", finishing);
    println!("  redrawn tiles: {}", line(redrawn).0);
    println!("  changed units: {}", line(units).0);
    println!("  {:.1} times faster than all anew", anew / median);
}

fn main() {
    let Some(snapshot) = sample() else { return println!("the sample does not import") };
    let made = |_| {
        let started = Clock::now();
        std::hint::black_box(Pyramid::new(&snapshot));
        started.millis()
    };
    println!("all anew, in milliseconds of processor time:");
    let pyramid = said("Pyramid::new", (0..9).map(made).collect());
    let started = Clock::now();
    let Some(state) = warm(snapshot) else { return println!("no tiles") };
    println!("  with all {} tiles of units: {:.0}", state.tiles.counts().entries, started.millis().1);
    measure("a vertex moved", 200, &state, pyramid, |proposer, desk| proposer.vertex(desk));
    measure("a unit cut in two", 60, &state, pyramid, |proposer, desk| proposer.split(desk));
    measure("a junction moved", 60, &state, pyramid, |proposer, desk| Some(proposer.junction(desk)));
}
