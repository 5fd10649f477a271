//! Whose point is this? Ours against boxes in an R-tree with `geo`'s point-in-polygon, on the same points in one run: `cargo bench --bench locate`.

#[path = "../tests/partition/mod.rs"]
mod partition;
mod pairing;

use geo::{Contains, Polygon};
use geo_types::{Coord, LineString, Point};
use partition::{Seeded, partition};
use rstar::{AABB, RTree, RTreeObject};
use wangge::coverage::build::{BuildOptions, build};
use wangge::coverage::{FaceIx, Lattice, LatticePoint};
use wangge::locate::Locator;

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

fn main() {
    for (columns, rows) in [(51, 51), (225, 225)] {
        let claims = partition(7, columns, rows);
        let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
        let Some(coverage) = build(lattice, &claims, &BuildOptions::default()).coverage else {
            println!("the partition did not build");
            return;
        };
        let locator = Locator::new(&coverage);
        let tree = RTree::bulk_load(
            coverage
                .units()
                .map(|(face, unit)| {
                    let ring = coverage.ring_points(&unit.rings[0]);
                    let line: LineString<f64> =
                        ring.iter().map(|p| Coord { x: f64::from(p.x), y: f64::from(p.y) }).collect();
                    let corners: Vec<[f64; 2]> = ring.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect();
                    Boxed { face, polygon: Polygon::new(line, vec![]), bounds: AABB::from_points(&corners) }
                })
                .collect(),
        );
        let mut random = Seeded(11);
        let side = (columns - 1) * 2_000_000;
        let points: Vec<LatticePoint> =
            (0..200_000).map(|_| LatticePoint::new(random.between(0, side), random.between(0, side))).collect();
        let ours = || points.iter().map(|p| u64::from(locator.owner(*p).0)).sum::<u64>();
        let naive = || {
            let owner = |p: &LatticePoint| {
                let (x, y) = (f64::from(p.x), f64::from(p.y));
                tree.locate_in_envelope_intersecting(AABB::from_point([x, y]))
                    .find(|unit| unit.polygon.contains(&Point::new(x, y)))
                    .map_or(0, |unit| u64::from(unit.face.0))
            };
            points.iter().map(owner).sum::<u64>()
        };
        let alike = points.iter().filter(|p| {
            let (x, y) = (f64::from(p.x), f64::from(p.y));
            let found = tree.locate_in_envelope_intersecting(AABB::from_point([x, y]));
            found.filter(|u| u.polygon.contains(&Point::new(x, y))).map(|u| u.face).next().unwrap_or(FaceIx(0))
                == locator.owner(**p)
        });
        println!(
            "{} units, {} edges; {} of {} points agree",
            columns * rows,
            coverage.arcs().iter().map(|a| a.points.len() - 1).sum::<usize>(),
            alike.count(),
            points.len()
        );
        pairing::compare("locate", "rstar + geo", points.len(), ours, naive);
    }
}
