//! What an edit costs the index: one vertex moved to and fro in districts of three sizes, against indexing anew: `cargo bench --bench update`.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/partition/mod.rs"]
mod partition;
#[path = "../tests/partition/tables.rs"]
mod tables;

use std::time::Instant;

use tables::Grid;
use wangge::coverage::{ArcIx, Coverage, Delta, FaceIx, Lattice, LatticePoint};
use wangge::locate::Locator;

const MOVES: u32 = 500;

/// The same coverage with one bend of one arc in the middle a little elsewhere.
fn moved(coverage: &Coverage) -> Option<(Coverage, Delta)> {
    let mut arcs = coverage.arcs().to_vec();
    let inner =
        |i: &usize| arcs[*i].left != FaceIx::OUTSIDE && arcs[*i].right != FaceIx::OUTSIDE && arcs[*i].points.len() > 2;
    let at = (arcs.len() / 2..arcs.len()).find(inner)?;
    let bend = &mut arcs[at].points[1];
    *bend = LatticePoint::new(bend.x + 1_000, bend.y - 1_000);
    let faces = coverage.faces().iter().map(|f| (f.id, f.role, f.exclave)).collect();
    let next = Coverage::from_tables(*coverage.lattice(), coverage.junctions().to_vec(), arcs, faces).ok()?;
    Some((next, Delta { arcs: vec![ArcIx(at as u32)], faces: Vec::new(), bounds: None }))
}

fn main() {
    for (side, cell) in [(51, 2_000_000), (225, 2_000_000), (1_000, 2_000_000)] {
        let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
        let before = Grid::new(7, side, side, cell).coverage(lattice);
        let Some((after, delta)) = before.as_ref().and_then(moved) else {
            println!("{side} × {side} did not build");
            continue;
        };
        let started = Instant::now();
        let mut locator = Locator::new(&after);
        let anew = started.elapsed();
        let Some(before) = before else { continue };
        let mut micros: Vec<f64> = (0..MOVES)
            .map(|turn| {
                let started = Instant::now();
                locator.update(if turn % 2 == 0 { &before } else { &after }, &delta);
                started.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        micros.sort_by(f64::total_cmp);
        let median = micros[micros.len() / 2];
        println!(
            "{} units: a vertex moved in {median:.1} µs (p99 {:.1}, most {:.1}), indexed anew in {:.1} ms – {:.0} times the work",
            side * side,
            micros[micros.len() * 99 / 100],
            micros[micros.len() - 1],
            anew.as_secs_f64() * 1e3,
            anew.as_secs_f64() * 1e6 / median
        );
    }
}
