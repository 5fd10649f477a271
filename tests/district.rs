//! The sample district, imported through the front door: every point has exactly one owner, at every level.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "partition/mod.rs"]
mod partition;

use std::path::Path;

use jiff::Timestamp;
use partition::Seeded;
use rayon::prelude::*;
use rstar::{AABB, RTree, RTreeObject};
use wangge::coverage::exact::{cross, on_segment};
use wangge::coverage::region::trace;
use wangge::coverage::{Coverage, FaceIx, FaceRole, LatticePoint, validate};
use wangge::locate::Locator;
use wangge::service::import::{Sources, import};
use wangge::snapshot::Contents;
use wangge::store::GeoPackage;

fn sample() -> Contents {
    let folder = tempfile::tempdir().expect("a folder of its own");
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    let imported = import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ()).expect("the sample imports");
    imported.contents
}

/// A shape as plain rings, found by its box: nothing of the index under test is used.
struct Shape {
    owner: u32,
    rings: Vec<Vec<LatticePoint>>,
    bounds: AABB<[i64; 2]>,
}

impl RTreeObject for Shape {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

fn shapes(polygons: impl Iterator<Item = (u32, Vec<Vec<LatticePoint>>)>) -> RTree<Shape> {
    let shape = |(owner, rings): (u32, Vec<Vec<LatticePoint>>)| {
        let corners: Vec<[i64; 2]> = rings.iter().flatten().map(|p| [i64::from(p.x), i64::from(p.y)]).collect();
        Shape { owner, rings, bounds: AABB::from_points(&corners) }
    };
    RTree::bulk_load(polygons.map(shape).collect())
}

/// Every shape that holds the point just east of `p`, by counting the edges a westward ray meets.
fn holders(tree: &RTree<Shape>, p: LatticePoint) -> Vec<u32> {
    let at = AABB::from_point([i64::from(p.x), i64::from(p.y)]);
    let holds = |ring: &[LatticePoint]| {
        let edges = ring.iter().zip(ring.iter().cycle().skip(1));
        let met = edges.filter(|(a, b)| {
            let (low, high) = if a.y <= b.y { (**a, **b) } else { (**b, **a) };
            low.y <= p.y && p.y < high.y && cross(low, high, p) <= 0
        });
        met.count() % 2 == 1
    };
    let inside = |shape: &&Shape| shape.rings.iter().filter(|r| holds(r)).count() % 2 == 1;
    tree.locate_in_envelope_intersecting(at).filter(inside).map(|s| s.owner).collect()
}

fn leaves(coverage: &Coverage) -> RTree<Shape> {
    shapes(coverage.units().flat_map(|(ix, face)| coverage.polygons(&face.rings).into_iter().map(move |p| (ix.0, p))))
}

/// What the index says must be what the rings say: the one holder, or, where there is none, no unit unless the point is on its outline.
fn agrees(coverage: &Coverage, tree: &RTree<Shape>, p: LatticePoint, owner: FaceIx) -> bool {
    match holders(tree, p).as_slice() {
        [one] => {
            assert_eq!(owner, FaceIx(*one), "{p:?}");
            true
        }
        [] => {
            let face = &coverage.faces()[owner.ix()];
            let mut own = face.rings.iter().flat_map(|r| &r.halves).map(|h| &coverage.arcs()[h.arc().ix()]);
            let mut on_outline = || own.any(|a| a.edges().any(|(s, e)| on_segment(s, e, p)));
            assert!(face.role != FaceRole::Unit || on_outline(), "{p:?} is nobody's but given to {owner:?}");
            false
        }
        many => panic!("{p:?} has {} owners", many.len()),
    }
}

#[test]
fn ten_million_points_have_exactly_one_owner_alone_and_in_a_batch() {
    const CHUNKS: u64 = 40;
    const CHUNK: usize = 250_000;
    let contents = sample();
    let coverage = &contents.coverage;
    assert_eq!(validate::faults(coverage), vec![]);
    let (locator, tree) = (Locator::new(coverage), leaves(coverage));
    let (low, high) = coverage.bounds().expect("a district with arcs");
    let inside: usize = (0..CHUNKS)
        .into_par_iter()
        .map(|chunk| {
            let mut random = Seeded(20_261_122 + chunk);
            let mut point = |_| LatticePoint::new(random.between(low.x, high.x), random.between(low.y, high.y));
            let points: Vec<LatticePoint> = (0..CHUNK).map(&mut point).collect();
            let positions: Vec<_> = points.iter().map(|p| coverage.lattice().position(*p)).collect();
            let mut owners = Vec::new();
            locator.owners(&positions, &mut owners);
            assert_eq!(owners.len(), points.len());
            let agreed = points.iter().zip(owners).filter(|(p, owner)| {
                assert_eq!(locator.owner(**p), *owner, "{p:?} alone and in a batch");
                agrees(coverage, &tree, **p, *owner)
            });
            agreed.count()
        })
        .sum();
    assert!(inside > 4_000_000, "only {inside} of ten million points were in the district");
}

#[test]
fn every_vertex_every_middle_and_every_step_off_an_edge_has_one_owner() {
    let contents = sample();
    let coverage = &contents.coverage;
    let (locator, tree) = (Locator::new(coverage), leaves(coverage));
    coverage.arcs().par_iter().for_each(|arc| {
        for &p in &arc.points {
            let owner = locator.owner(p);
            agrees(coverage, &tree, p, owner);
            let face = &coverage.faces()[owner.ix()];
            assert_eq!(face.role, FaceRole::Unit, "{p:?} of an arc has no owner");
            let mut own = face.rings.iter().flat_map(|r| &r.halves).map(|h| &coverage.arcs()[h.arc().ix()]);
            assert!(own.any(|a| a.edges().any(|(s, e)| on_segment(s, e, p))), "{p:?} does not touch its owner");
        }
        for (a, b) in arc.edges() {
            let middle = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
            for (dx, dy) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
                for p in [a, middle] {
                    let p = LatticePoint::new(p.x + dx, p.y + dy);
                    agrees(coverage, &tree, p, locator.owner(p));
                }
            }
        }
    });
}

#[test]
fn every_level_gives_the_point_to_the_ancestor_of_its_owner() {
    let contents = sample();
    let (coverage, hierarchy) = (&contents.coverage, &contents.hierarchy);
    let locator = Locator::new(coverage);
    let (low, high) = coverage.bounds().expect("a district with arcs");
    for level in 0..hierarchy.levels() as u8 {
        let rings = trace(coverage, &hierarchy.groups(level), hierarchy.units().len());
        let parts = rings
            .iter()
            .enumerate()
            .flat_map(|(unit, rings)| coverage.polygons(rings).into_iter().map(move |polygon| (unit as u32, polygon)));
        let tree = shapes(parts);
        let mut random = Seeded(77 + u64::from(level));
        for _ in 0..10_000 {
            let p = LatticePoint::new(random.between(low.x, high.x), random.between(low.y, high.y));
            let unit = hierarchy.unit_of_face(locator.owner(p));
            let ancestor = unit.map(|u| hierarchy.chain(u)[usize::from(level)].0);
            assert_eq!(holders(&tree, p), ancestor.into_iter().collect::<Vec<_>>(), "{p:?} at level {level}");
        }
    }
}

#[test]
fn all_levels_cover_the_same_area_in_integers() {
    let contents = sample();
    let (coverage, hierarchy) = (&contents.coverage, &contents.hierarchy);
    let unit_area = |ix: usize| -> i128 { coverage.faces()[ix].rings.iter().map(|r| r.doubled_area).sum() };
    let leaf: i128 = coverage.units().map(|(ix, _)| unit_area(ix.ix())).sum();
    for level in 0..hierarchy.levels() as u8 {
        let rings = trace(coverage, &hierarchy.groups(level), hierarchy.units().len());
        assert_eq!(rings.iter().flatten().map(|r| r.doubled_area).sum::<i128>(), leaf, "level {level}");
    }
}
