//! From polygons to a coverage: ours on clean and on jittered input, against `geo`'s pairwise boolean operations, which only *look* for the
//! overlaps that ours also heals: `cargo bench --bench build`.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/partition/mod.rs"]
mod partition;
mod pairing;

use geo::{Area, BooleanOps, Polygon};
use geo_types::{Coord, LineString};
use partition::{Seeded, partition};
use rstar::{AABB, RTree, RTreeObject};
use wangge::coverage::Lattice;
use wangge::coverage::build::{BuildOptions, Claim, build};

struct Boxed {
    index: usize,
    polygon: Polygon<f64>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let corners: Vec<[f64; 2]> = self.polygon.exterior().coords().map(|c| [c.x, c.y]).collect();
        AABB::from_points(&corners)
    }
}

/// Overlapping area of all pairs of neighbours, polygon by polygon.
fn overlaps(claims: &[Claim]) -> f64 {
    let polygon = |claim: &Claim| {
        let ring: LineString<f64> =
            claim.polygons[0][0].iter().map(|p| Coord { x: f64::from(p.x), y: f64::from(p.y) }).collect();
        Polygon::new(ring, vec![])
    };
    let tree =
        RTree::bulk_load(claims.iter().enumerate().map(|(index, c)| Boxed { index, polygon: polygon(c) }).collect());
    let mut area = 0.0;
    for unit in &tree {
        for other in tree.locate_in_envelope_intersecting(unit.envelope()).filter(|o| o.index < unit.index) {
            area += unit.polygon.intersection(&other.polygon).unsigned_area();
        }
    }
    area
}

fn main() {
    let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
    let clean = partition(7, 51, 51);
    let mut random = Seeded(5);
    let mut jittered = clean.clone();
    for point in jittered.iter_mut().flat_map(|c| c.polygons.iter_mut().flatten().flatten()) {
        point.x += random.between(-1500, 1500);
        point.y += random.between(-1500, 1500);
    }
    for (name, claims) in [("clean", &clean), ("jittered by 15 cm", &jittered)] {
        let vertices: usize = claims.iter().flat_map(|c| c.polygons.iter().flatten()).map(Vec::len).sum();
        let report = build(lattice, claims, &BuildOptions::default()).report;
        println!(
            "{name}: {} units, {vertices} vertices; {} patches healed, {} arcs",
            claims.len(),
            report.patches.len(),
            report.arcs
        );
        let ours = || build(lattice, claims, &BuildOptions::default());
        pairing::compare("build, a vertex", "geo intersections", vertices, ours, || overlaps(claims));
    }
}
