//! What it costs to propose ways to cut the ten largest micro-grids of the sample: `cargo bench --bench propose`.

#![allow(clippy::print_stdout)] // figures are what a bench is for

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use wangge::coverage::edit::Workbench;
use wangge::grid::UnitIx;
use wangge::propose::{Goal, rebalance_on, splits, splits_on};
use wangge::service::import::{Sources, import};
use wangge::snapshot::Snapshot;
use wangge::store::GeoPackage;

const UNITS: usize = 10;
const TURNS: usize = 5;

fn sample() -> Option<Snapshot> {
    let folder = tempfile::tempdir().ok()?;
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    Some(Snapshot::new(import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ()).ok()?.contents))
}

fn said(what: &str, mut millis: Vec<f64>) {
    millis.sort_by(f64::total_cmp);
    if let (Some(median), Some(most)) = (millis.get(millis.len() / 2), millis.last()) {
        println!("{what}: median {median:.0} ms, most {most:.0} ms ({} times)", millis.len());
    }
}

fn timed<T>(millis: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let answer = work();
    millis.push(started.elapsed().as_secs_f64() * 1e3);
    answer
}

fn main() {
    let Some(snapshot) = sample() else { return println!("the sample did not build") };
    let lowest = snapshot.hierarchy.levels() as u8 - 1;
    let mut units: Vec<UnitIx> = snapshot.hierarchy.at_level(lowest).map(|(ix, _)| ix).collect();
    units.sort_by_key(|u| std::cmp::Reverse(snapshot.hierarchy.unit(*u).households));
    let mut bench = Workbench::new(snapshot.coverage.clone());
    let (mut alone, mut on_bench, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for unit in &units[..UNITS] {
        let named = snapshot.hierarchy.unit(*unit);
        let (mut own, mut found) = (Vec::new(), 0);
        for turn in 0..TURNS {
            let goal = Goal { seed: turn as u64, ..Goal::default() };
            let answer = timed(&mut own, || splits_on(&snapshot, &mut bench, *unit, &goal));
            found = answer.map_or(0, |all| all.list.iter().filter(|p| p.balanced).count());
        }
        let _ = timed(&mut alone, || splits(&snapshot, *unit, &Goal::default()));
        on_bench.extend(own.iter().copied());
        said(&format!("  {} {} households, {found} balanced", named.code, named.households), own);
        let siblings = named.parent.map(|p| snapshot.hierarchy.children(p)).unwrap_or_default();
        for other in siblings.iter().filter(|s| *s != unit) {
            let _ = timed(&mut pairs, || rebalance_on(&snapshot, &mut bench, *unit, *other, &Goal::default()));
        }
    }
    said("a split proposed", on_bench);
    said("with a workbench of its own", alone);
    said("a pair balanced", pairs);
}
