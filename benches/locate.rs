//! Whose point is this? One at a time and in a batch, against boxes in an R-tree with `geo`'s point-in-polygon, on the same positions in one run:
//! `cargo bench --bench locate`.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/partition/mod.rs"]
mod partition;
mod pairing;

use std::path::Path;

use geo::{Contains, Polygon};
use geo_types::{Coord, LineString, Point};
use jiff::Timestamp;
use partition::{Seeded, partition};
use rstar::{AABB, RTree, RTreeObject};
use wangge::coverage::build::{BuildOptions, build};
use wangge::coverage::{Coverage, FaceIx, Lattice, LatticePoint};
use wangge::crs::Cgcs2000;
use wangge::locate::Locator;
use wangge::service::import::{Sources, import};
use wangge::store::GeoPackage;

/// A unit as the naive lookup keeps it: its box in the tree, its polygon behind it.
struct Boxed {
    face: FaceIx,
    polygon: Polygon<f64>,
    bounds: AABB<[f64; 2]>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

/// The polygons in degrees, as they would come from a file.
fn boxes(coverage: &Coverage) -> RTree<Boxed> {
    let lattice = coverage.lattice();
    let line = |ring: &Vec<LatticePoint>| -> LineString<f64> {
        ring.iter().map(|p| lattice.degrees(*p)).map(|(x, y)| Coord { x, y }).collect()
    };
    let boxed = |(face, polygon): (FaceIx, Vec<Vec<LatticePoint>>)| {
        let mut rings: Vec<LineString<f64>> = polygon.iter().map(line).collect();
        let corners: Vec<[f64; 2]> = rings[0].coords().map(|c| [c.x, c.y]).collect();
        let outer = rings.remove(0);
        Boxed { face, polygon: Polygon::new(outer, rings), bounds: AABB::from_points(&corners) }
    };
    let polygons =
        coverage.units().flat_map(|(face, unit)| coverage.polygons(&unit.rings).into_iter().map(move |p| (face, p)));
    RTree::bulk_load(polygons.map(boxed).collect())
}

fn sample() -> Option<Coverage> {
    let folder = tempfile::tempdir().ok()?;
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    Some(import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ()).ok()?.contents.coverage)
}

fn generated(columns: i32, rows: i32) -> Option<Coverage> {
    let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
    build(lattice, &partition(7, columns, rows), &BuildOptions::default()).coverage
}

fn compare(name: &str, coverage: &Coverage) {
    let started = std::time::Instant::now();
    let locator = Locator::new(coverage);
    let built = started.elapsed();
    let tree = boxes(coverage);
    let Some((low, high)) = coverage.bounds() else { return };
    let mut random = Seeded(11);
    let mut inside = Vec::new();
    while inside.len() < 400_000 {
        let p = LatticePoint::new(random.between(low.x, high.x), random.between(low.y, high.y));
        if locator.owner(p) != FaceIx::OUTSIDE {
            inside.push(coverage.lattice().position(p));
        }
    }
    let naive = |p: &Cgcs2000| {
        let at = Point::new(p.lon(), p.lat());
        let mut near = tree.locate_in_envelope_intersecting(AABB::from_point([p.lon(), p.lat()]));
        near.find(|unit| unit.polygon.contains(&at)).map_or(FaceIx::OUTSIDE, |unit| unit.face)
    };
    let mut owners = Vec::new();
    locator.owners(&inside, &mut owners);
    let agree =
        inside.iter().zip(&owners).filter(|(p, owner)| naive(p) == **owner && locator.owner_of(**p) == **owner).count();
    println!(
        "{name}: {} units, {} edges; index {:.2} MiB, built in {:.0} ms; {agree} of {} positions agree",
        coverage.units().count(),
        coverage.arcs().iter().map(|a| a.points.len() - 1).sum::<usize>(),
        locator.bytes() as f64 / f64::from(1 << 20),
        built.as_secs_f64() * 1e3,
        inside.len()
    );
    let one_by_one = || inside.iter().map(|p| u64::from(locator.owner_of(*p).0)).sum::<u64>();
    let in_a_batch = || {
        let mut owners = Vec::new();
        locator.owners(&inside, &mut owners);
        owners.len()
    };
    let naively = || inside.iter().map(|p| u64::from(naive(p).0)).sum::<u64>();
    pairing::compare("  one at a time", "rstar + geo", inside.len(), one_by_one, naively);
    pairing::compare("  in a batch", "rstar + geo", inside.len(), in_a_batch, naively);
}

fn main() {
    let districts = [("sample", sample()), ("51 × 51", generated(51, 51)), ("225 × 225", generated(225, 225))];
    for (name, coverage) in districts {
        match coverage {
            Some(coverage) => compare(name, &coverage),
            None => println!("{name} did not build"),
        }
    }
}
