//! What a legal edit costs, checks included, in the sample and in districts of three sizes: `cargo bench --bench edits`.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/partition/mod.rs"]
mod partition;
#[path = "../tests/partition/tables.rs"]
mod tables;

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use partition::Seeded;
use tables::Grid;
use wangge::coverage::edit::{Edit, Line, Workbench};
use wangge::coverage::{ArcKind, Coverage, FaceId, FaceRole, Lattice, LatticePoint};
use wangge::service::import::{Sources, import};
use wangge::store::GeoPackage;

const EDITS: usize = 20_000;

fn near(random: &mut Seeded, p: LatticePoint) -> LatticePoint {
    LatticePoint::new(p.x + random.between(-50_000, 50_000), p.y + random.between(-50_000, 50_000))
}

fn any(random: &mut Seeded, n: usize) -> usize {
    (random.next() % n as u64) as usize
}

fn move_vertex(coverage: &Coverage, random: &mut Seeded) -> Option<Edit> {
    let points = &coverage.arcs()[any(random, coverage.arcs().len())].points;
    let at = 1 + any(random, points.len().checked_sub(2).filter(|n| *n > 0)?);
    let (a, b, c) = (points[at - 1], points[at], points[at + 1]);
    Some(Edit::Reshape { old: vec![a, b, c], new: vec![a, near(random, b), c] })
}

fn move_junction(coverage: &Coverage, random: &mut Seeded) -> Edit {
    let from = coverage.junctions()[any(random, coverage.junctions().len())];
    Edit::MoveJunction { from, to: near(random, from) }
}

fn split(coverage: &Coverage, random: &mut Seeded, new: FaceId) -> Option<Edit> {
    let face = &coverage.faces()[1 + any(random, coverage.faces().len() - 1)];
    let ring = coverage.ring_points(face.rings.first()?);
    let start = any(random, ring.len());
    let points = vec![ring[start], ring[(start + ring.len() / 2) % ring.len()]];
    (face.role == FaceRole::Unit).then(|| Edit::Split {
        face: face.id,
        lines: vec![Line { points, kind: ArcKind::Drawn }],
        new,
        exclave: false,
    })
}

fn said(what: &str, mut micros: Vec<f64>) {
    if micros.is_empty() {
        return;
    }
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    println!(
        "  {what}: p50 {:.1} µs, p99 {:.1} µs, most {:.1} µs ({} edits)",
        at(0.5),
        at(0.99),
        at(1.0),
        micros.len()
    );
}

/// Edits until enough were legal; the time of those, and of the inverse of each of them when it is applied next.
fn measure(bench: &mut Workbench, what: &str, mut propose: impl FnMut(&Coverage, u64) -> Option<Edit>) {
    let (mut forth, mut back, mut refused) = (Vec::new(), Vec::new(), 0);
    for turn in 0..EDITS as u64 * 4 {
        let Some(edit) = propose(bench.coverage(), turn) else { continue };
        let started = Instant::now();
        let answer = bench.apply(&edit);
        let micros = started.elapsed().as_secs_f64() * 1e6;
        let Ok(applied) = answer else {
            refused += 1;
            continue;
        };
        forth.push(micros);
        let started = Instant::now();
        let undone = bench.apply(&applied.inverse);
        if undone.is_ok() {
            back.push(started.elapsed().as_secs_f64() * 1e6);
        }
        if forth.len() == EDITS {
            break;
        }
    }
    said(what, forth);
    said(&format!("{what}, undone at once"), back);
    println!("  {what}: {refused} proposals refused");
}

fn sample() -> Option<Coverage> {
    let folder = tempfile::tempdir().ok()?;
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    Some(import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ()).ok()?.contents.coverage)
}

fn measure_all(name: &str, coverage: Option<Coverage>) {
    let Some(coverage) = coverage else { return println!("{name} did not build") };
    let started = Instant::now();
    let mut bench = Workbench::new(coverage);
    let units = bench.coverage().units().count();
    println!("{name}: {units} units, workbench made in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    let mut random = Seeded(3);
    measure(&mut bench, "a vertex moved", |coverage, _| move_vertex(coverage, &mut random));
    measure(&mut bench, "a junction moved", |coverage, _| Some(move_junction(coverage, &mut random)));
    measure(&mut bench, "a unit cut in two", |coverage, turn| split(coverage, &mut random, FaceId((1 << 40) + turn)));
}

fn main() {
    measure_all("the sample", sample());
    for side in [51, 225, 1_000] {
        let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
        measure_all(&format!("{side} × {side} cells"), Grid::new(7, side, side, 2_000_000).coverage(lattice));
    }
}
