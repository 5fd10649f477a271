//! The generator behind the large benches makes the coverage that the library builds of the same polygons, and knows its owners without it.

#[path = "partition/mod.rs"]
mod partition;
#[path = "partition/tables.rs"]
mod tables;

use partition::{Seeded, partition};
use tables::Grid;
use wangge::coverage::build::{BuildOptions, build};
use wangge::coverage::{FaceIx, Lattice, LatticePoint, validate};
use wangge::locate::Locator;

const CELL: i32 = 2_000_000;

fn lattice() -> Lattice {
    Lattice::for_extent(116.5, 35.3, 116.7, 35.5)
}

#[test]
fn the_tables_are_what_build_makes_of_the_same_claims() {
    for (seed, columns, rows) in [(7, 2, 2), (8, 2, 5), (9, 12, 9), (10, 31, 40)] {
        let built = build(lattice(), &partition(seed, columns, rows), &BuildOptions::default());
        let made = Grid::new(seed, columns as usize, rows as usize, CELL).coverage(lattice());
        assert!(built.coverage.is_some());
        assert!(made == built.coverage, "{columns} × {rows}, seed {seed}: the tables differ from the build");
    }
}

#[test]
fn smaller_cells_are_as_valid() {
    for cell in [330_000, 1_000_000] {
        let coverage = Grid::new(3, 40, 30, cell).coverage(lattice()).unwrap();
        assert_eq!(validate::faults(&coverage), vec![], "cells of {cell} steps");
    }
}

#[test]
fn the_oracle_finds_one_holder_and_the_locator_agrees() {
    let grid = Grid::new(5, 30, 20, CELL);
    let coverage = grid.coverage(lattice()).unwrap();
    let locator = Locator::new(&coverage);
    let mut random = Seeded(11);
    let anywhere =
        (0..20_000).map(|_| LatticePoint::new(random.between(-CELL, 31 * CELL), random.between(-CELL, 21 * CELL)));
    let vertices = coverage.arcs().iter().flat_map(|arc| arc.points.iter().copied());
    let (mut inside, mut outside) = (0, 0);
    for p in anywhere.chain(vertices) {
        let on_outline =
            coverage.arcs().iter().any(|a| a.left.min(a.right) == FaceIx::OUTSIDE && a.points.contains(&p));
        match grid.holders(p).as_slice() {
            [one] => {
                assert_eq!(locator.owner(p), *one, "{p:?}");
                inside += 1;
            }
            [] => {
                // The district is closed: a point on its outline belongs to the unit that it touches.
                assert!(on_outline || locator.owner(p) == FaceIx::OUTSIDE, "{p:?}");
                outside += 1;
            }
            many => panic!("{p:?} has {} owners", many.len()),
        }
    }
    assert!(inside > 15_000 && outside > 1_000, "{inside} inside, {outside} outside");
}
