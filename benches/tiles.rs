//! What bytes is this square? Our vector tiles of the sample against the way everybody else makes them – each polygon simplified and clipped by
//! itself (`geo`), not even encoded: `cargo bench --bench tiles`. Run from the project's folder. Then what a picture tile of 512 pixels costs that
//! nobody has asked for before.

#![allow(clippy::print_stdout)] // figures are what a bench is for

mod pairing;

use std::path::PathBuf;
use std::time::Instant;

use geo::{BooleanOps, BoundingRect, Polygon, SimplifyVw};
use geo_types::{Coord, LineString, Rect};
use jiff::Timestamp;
use rstar::{AABB, RTree, RTreeObject};
use wangge::coverage::region::trace;
use wangge::crs::mercator::{WORLD_BITS, WorldPoint};
use wangge::exchange::Limits;
use wangge::render::{Font, Painter, RenderFault};
use wangge::service::import::{Sources, prepare};
use wangge::service::tiles::covering;
use wangge::snapshot::{Contents, Snapshot};
use wangge::tile::{Pyramid, TileCoord, TileSet};

/// A polygon of some level on the world grid.
struct Shape(Polygon<f64>);

impl RTreeObject for Shape {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.0.bounding_rect().map_or(AABB::from_point([0.0, 0.0]), |r| {
            AABB::from_corners([r.min().x, r.min().y], [r.max().x, r.max().y])
        })
    }
}

fn shapes(contents: &Contents) -> RTree<Shape> {
    let (coverage, hierarchy) = (&contents.coverage, &contents.hierarchy);
    let line = |ring: &Vec<_>| -> LineString<f64> {
        ring.iter()
            .map(|p| {
                let at = WorldPoint::of(coverage.lattice().position(*p));
                Coord { x: at.x, y: at.y }
            })
            .collect()
    };
    let mut shapes = Vec::new();
    for level in 0..hierarchy.levels() as u8 {
        for rings in trace(coverage, &hierarchy.groups(level), hierarchy.units().len()) {
            for polygon in coverage.polygons(&rings) {
                let mut lines = polygon.iter().map(line);
                if let Some(outer) = lines.next() {
                    shapes.push(Shape(Polygon::new(outer, lines.collect())));
                }
            }
        }
    }
    RTree::bulk_load(shapes)
}

/// One tile polygon by polygon: find, simplify for the zoom, clip. Returns the vertices left.
fn naive(tree: &RTree<Shape>, coord: TileCoord) -> usize {
    let size = f64::from(1u32 << (WORLD_BITS - u32::from(coord.z())));
    let (x, y) = (f64::from(coord.x()) * size, f64::from(coord.y()) * size);
    let step = size / 4096.0;
    let square = Rect::new(Coord { x, y }, Coord { x: x + size, y: y + size }).to_polygon();
    let found = tree.locate_in_envelope_intersecting(AABB::from_corners([x, y], [x + size, y + size]));
    let clipped = found.flat_map(|shape| shape.0.simplify_vw(step * step).intersection(&square).0);
    clipped.map(|p| p.exterior().0.len() + p.interiors().iter().map(|r| r.0.len()).sum::<usize>()).sum()
}

/// Milliseconds of a processor that this thread has taken.
fn thread_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e6)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Draws every picture of 512 pixels of some zooms, each once.
fn pictures(snapshot: &Snapshot, pyramid: &Pyramid) -> Result<(), RenderFault> {
    let styles = [("district", include_str!("../styles/district.json"))];
    let font = Font::new(&include_bytes!("../data/fonts/NotoSansSC-subset.otf")[..])?;
    let painter = Painter::new(snapshot, pyramid, &font, &styles)?;
    for z in 11..=15 {
        let tiles: Vec<TileCoord> = covering(pyramid.info(TileSet::Units).bounds, z).collect();
        // The first places the names of the zoom, once for all.
        let begun = Instant::now();
        let first = tiles.first().map_or(Ok(Vec::new()), |tile| painter.map(snapshot, pyramid, "district", *tile, 2));
        println!("zoom {z}: names placed and one picture ({} bytes) in {:.1} ms", first?.len(), ms(begun));
        let (mut bytes, mut clock) = (0, Vec::new());
        // The system counts a thread's time in steps of some milliseconds: enough for all together.
        let before = thread_ms();
        for tile in &tiles {
            let begun = Instant::now();
            bytes += painter.map(snapshot, pyramid, "district", *tile, 2)?.len();
            clock.push(ms(begun));
        }
        let each = |sum: f64| sum / tiles.len() as f64;
        clock.sort_by(f64::total_cmp);
        println!(
            "  {} of 512 pixels: {:.1} ms of processor each, median {:.1} ms by the clock, {:.0} bytes",
            tiles.len(),
            each(thread_ms() - before),
            clock[clock.len() / 2],
            each(bytes as f64),
        );
    }
    Ok(())
}

fn main() {
    let district = PathBuf::from("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let recorded = Timestamp::UNIX_EPOCH;
    let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| ());
    let contents = match prepared.map(|p| p.accept(None, recorded)) {
        Ok(Ok(imported)) => imported.contents,
        Ok(Err(fault)) => return println!("the sample does not import: {fault}"),
        Err(fault) => return println!("the sample cannot be read: {fault}"),
    };
    let tree = shapes(&contents);
    let snapshot = Snapshot::new(contents);
    let pyramid = Pyramid::new(&snapshot);
    let lattice = snapshot.coverage.lattice();
    let Some((low, high)) = snapshot.coverage.bounds() else { return };
    let (sw, ne) = (WorldPoint::of(lattice.position(low)), WorldPoint::of(lattice.position(high)));
    for z in [10u8, 12, 14, 16] {
        let size = f64::from(1u32 << (WORLD_BITS - u32::from(z)));
        let span = |from: f64, to: f64| (from / size) as u32..=(to / size) as u32;
        let all: Vec<TileCoord> =
            span(ne.y, sw.y).flat_map(|y| span(sw.x, ne.x).filter_map(move |x| TileCoord::new(z, x, y))).collect();
        let tiles: Vec<TileCoord> = all.iter().copied().step_by(all.len().div_ceil(64)).collect();
        let bytes: usize = tiles.iter().map(|t| pyramid.units(&snapshot, *t).len()).sum();
        println!("zoom {z}: {} of {} tiles, {} bytes a tile", tiles.len(), all.len(), bytes / tiles.len());
        let ours = || tiles.iter().map(|t| pyramid.units(&snapshot, *t).len()).sum::<usize>();
        pairing::compare("tile", "geo per polygon", tiles.len(), ours, || {
            tiles.iter().map(|t| naive(&tree, *t)).sum::<usize>()
        });
    }
    if let Err(fault) = pictures(&snapshot, &pyramid) {
        println!("no pictures: {fault}");
    }
}
