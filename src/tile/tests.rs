//! Whole tiles: exact areas at all levels, agreement across tiles, nothing personal, readable by another reader.

use std::collections::{BTreeMap, HashMap};

use fast_mvt::{MvtReaderRef, MvtValueRef};

use super::feature::{Geometry, Shape, Tag, Value};
use super::fixture::snapshot;
use super::*;
use crate::coverage::world::{WORLD_BITS, project};
use crate::crs::mercator::WorldCell;

/// The tiles of a zoom that the district touches.
fn tiles(snapshot: &Snapshot, zoom: u8) -> Vec<TileCoord> {
    let (low, high) = snapshot.coverage.bounds().expect("arcs");
    let at = |p: crate::coverage::LatticePoint| {
        let p = project(snapshot.coverage.lattice().position(p));
        let tile = |v: i32| (i64::from(v) << zoom >> WORLD_BITS) as u32;
        (tile(p.x), tile(p.y))
    };
    let ((west, south), (east, north)) = (at(low), at(high));
    (north..=south).flat_map(|y| (west..=east).filter_map(move |x| TileCoord::new(zoom, x, y))).collect()
}

/// Adds up doubled areas by layer.
#[derive(Default)]
struct Areas {
    layer: String,
    sums: BTreeMap<String, i64>,
    outside: i64,
    least: i64,
}

impl Sink for Areas {
    fn layer(&mut self, name: &str) {
        self.layer = name.to_owned();
        if !["outside", "boundaries", "labels"].contains(&name) {
            self.sums.insert(name.to_owned(), 0);
        }
    }

    fn feature(&mut self, _: Option<u64>, _: &[Tag<'_>], shape: &Shape) {
        if self.layer == "outside" {
            self.outside += shape.doubled_area();
        }
        if let Some(sum) = self.sums.get_mut(&self.layer) {
            *sum += shape.doubled_area();
            self.least = self.least.min(shape.doubled_area());
        }
    }
}

#[test]
fn in_every_tile_the_areas_of_all_levels_are_equal_to_the_unit() {
    let mut checked = 0;
    for seed in 1..=4 {
        let snapshot = snapshot(seed, 9, 8, 5);
        let pyramid = Pyramid::new(&snapshot);
        let first = pyramid.levels().iter().map(|l| l.min_zoom).max().expect("levels");
        for zoom in first.min(8)..=18 {
            let all = tiles(&snapshot, zoom);
            let step = all.len().div_ceil(150);
            for coord in all.into_iter().step_by(step) {
                let mut areas = Areas::default();
                pyramid.draw(&snapshot, TileSet::Units, &Frame::new(coord, BUFFER), &mut areas);
                let mut sums = areas.sums.values();
                let one = sums.next().expect("a level");
                assert!(sums.all(|s| s == one), "seed {seed}, {coord:?}: {:?}", areas.sums);
                assert!(areas.least >= 0);
                let window = i64::from(feature::EXTENT + 2 * BUFFER).pow(2) * 2;
                assert_eq!(one + areas.outside, window, "seed {seed}, {coord:?}: the rest is outside");
                checked += 1;
            }
        }
    }
    assert!(checked > 1400, "{checked} tiles");
}

#[test]
fn another_reader_finds_every_unit_with_its_attributes() {
    let snapshot = snapshot(5, 6, 6, 4);
    let pyramid = Pyramid::new(&snapshot);
    let mut seen: HashMap<(String, u64), String> = HashMap::new();
    for coord in tiles(&snapshot, 16) {
        let bytes = pyramid.units(&snapshot, coord);
        let reader = MvtReaderRef::new(&bytes).expect("a tile");
        for layer in reader.layers() {
            assert_eq!((layer.version(), layer.extent()), (2, 4096));
            for feature in layer.features() {
                feature.geometry().expect("a readable geometry");
                let tags: HashMap<&str, MvtValueRef<'_>> =
                    feature.properties().map(|p| p.expect("a property")).collect();
                if layer.name() == "outside" {
                    assert!(tags.is_empty());
                } else if layer.name() == "boundaries" {
                    assert!(tags.contains_key("level") && tags.contains_key("outline"));
                } else {
                    let MvtValueRef::String(code) = tags["code"] else { panic!("a code is text") };
                    seen.insert((layer.name().to_owned(), feature.id().expect("an id")), code.to_owned());
                }
            }
        }
    }
    for unit in snapshot.hierarchy.units() {
        let layer = &snapshot.district.levels[usize::from(unit.level)].key;
        assert_eq!(seen.get(&(layer.clone(), unit.id)), Some(&unit.code), "polygon of {}", unit.code);
    }
}

/// Whether there is a feature of `outside`.
struct Outside(String, bool);

impl Sink for Outside {
    fn layer(&mut self, name: &str) {
        self.0 = name.to_owned();
    }

    fn feature(&mut self, _: Option<u64>, _: &[Tag<'_>], _: &Shape) {
        self.1 |= self.0 == "outside";
    }
}

#[test]
fn what_is_drawn_as_it_is_walked_is_what_is_cut() {
    let (mut alike, mut walked) = (0, 0);
    for (seed, columns) in [(21, 3), (22, 9), (23, 14)] {
        let snapshot = snapshot(seed, columns, columns, 4);
        let units = Pyramid::new(&snapshot).units;
        let mut clipper = clip::Clipper::new();
        for (zoom, level) in (6..=18).flat_map(|zoom| units.levels.iter().map(move |level| (zoom, level))) {
            for coord in tiles(&snapshot, zoom) {
                let frame = Frame::new(coord, BUFFER);
                for unit in &level.units {
                    let [mut drawn, mut cut] = [(); 2].map(|()| Shape::new(Geometry::Polygon));
                    unit.draw(&units.arcs, &frame, &mut clipper, &mut drawn);
                    unit.cut(&units.arcs, &frame, &mut clipper, &mut cut);
                    assert_eq!(drawn, cut, "{coord:?}");
                    alike += 1;
                    walked += usize::from(unit.as_walked(units.arcs.at(zoom), &frame, &mut cut));
                }
                let mut outside = Shape::new(Geometry::Polygon);
                units.outside_in(&frame, &mut clipper, &mut outside);
                let mut drawn = Outside(String::new(), false);
                units.draw(&snapshot, coord, BUFFER, &mut drawn);
                assert_eq!(drawn.1, !outside.is_empty(), "{coord:?}");
            }
        }
    }
    assert!(walked > 1000 && walked < alike, "{walked} of {alike}");
}

/// Counts labels by unit and lines by length.
#[derive(Default)]
struct Census {
    layer: String,
    labels: HashMap<String, usize>,
    border_units: f64,
}

impl Sink for Census {
    fn layer(&mut self, name: &str) {
        self.layer = name.to_owned();
    }

    fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        if let ("labels", Some((_, Value::Text(code)))) = (self.layer.as_str(), tags.first()) {
            *self.labels.entry((*code).to_owned()).or_default() += 1;
        }
        if self.layer == "boundaries" {
            let length = |p: &[(i32, i32)]| f64::from(p[1].0 - p[0].0).hypot(f64::from(p[1].1 - p[0].1));
            self.border_units += shape.parts().flat_map(|l| l.windows(2)).map(length).sum::<f64>();
        }
    }
}

/// Fails for a label outside its own unit.
struct Inside<'a>(&'a Snapshot);
impl Sink for Inside<'_> {
    fn layer(&mut self, _: &str) {}
    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let (x, y) = shape.points[0];
        let lattice = self.0.coverage.lattice();
        let owner = self.0.locator.owner(lattice.quantise(WorldCell { x, y }.position()).expect("near"));
        let leaf = self.0.hierarchy.unit_of_face(owner).expect("a unit");
        let chain = self.0.hierarchy.chain(leaf);
        assert!(chain.iter().any(|u| Some(self.0.hierarchy.unit(*u).id) == id), "{tags:?} stands elsewhere");
    }
}

#[test]
fn each_name_stands_in_exactly_one_tile_inside_its_own_unit() {
    let snapshot = snapshot(6, 7, 6, 4);
    let pyramid = Pyramid::new(&snapshot);
    let mut census = Census::default();
    for coord in tiles(&snapshot, 17) {
        pyramid.units.draw(&snapshot, coord, 0, &mut census);
    }
    assert_eq!(census.labels.len(), snapshot.hierarchy.units().len());
    assert!(census.labels.values().all(|n| *n == 1));

    pyramid.units.labels.everywhere(&snapshot.hierarchy, &pyramid.units.levels, &mut Inside(&snapshot));
}

#[test]
fn lines_are_drawn_once_however_many_polygons_they_bound() {
    let snapshot = snapshot(7, 5, 5, 4);
    let pyramid = Pyramid::new(&snapshot);
    let zoom = 16;
    let mut census = Census::default();
    for coord in tiles(&snapshot, zoom) {
        pyramid.draw(&snapshot, TileSet::Units, &Frame::new(coord, 0), &mut census);
    }
    let arcs = &pyramid.units.arcs;
    let length = |p: &[crate::coverage::world::GridPoint]| f64::from(p[1].x - p[0].x).hypot(f64::from(p[1].y - p[0].y));
    let whole: f64 = (0..snapshot.coverage.arcs().len() as u32)
        .flat_map(|a| arcs.points(zoom, crate::coverage::ArcIx(a)).windows(2))
        .map(length)
        .sum();
    assert!((census.border_units / whole - 1.0).abs() < 1e-3, "{} of {whole}", census.border_units);
}

/// Colour numbers by unit.
struct Colours<'a>(&'a mut HashMap<u64, i64>);
impl Sink for Colours<'_> {
    fn layer(&mut self, _: &str) {}
    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], _: &Shape) {
        if let (Some(id), Some((_, Value::Integer(n)))) = (id, tags.iter().find(|t| t.0 == "colour")) {
            self.0.insert(id, *n);
        }
    }
}

#[test]
fn neighbours_have_different_colours() {
    let snapshot = snapshot(8, 10, 10, 3);
    let pyramid = Pyramid::new(&snapshot);
    let mut colours: HashMap<u64, i64> = HashMap::new();
    for coord in tiles(&snapshot, 16) {
        pyramid.draw(&snapshot, TileSet::Units, &Frame::new(coord, 0), &mut Colours(&mut colours));
    }
    assert_eq!(colours.len(), snapshot.hierarchy.units().len());
    let colour = |face| snapshot.hierarchy.unit_of_face(face).map(|u| colours[&snapshot.hierarchy.unit(u).id]);
    for arc in snapshot.coverage.arcs() {
        let (left, right) = (colour(arc.left), colour(arc.right));
        assert!(left != right || left.is_none(), "two neighbours look alike");
    }
}

#[test]
fn issue_tiles_hold_nothing_personal_and_nothing_rare() {
    let snapshot = snapshot(9, 6, 6, 3);
    let pyramid = Pyramid::new(&snapshot);
    let filter = IssueFilter::default();
    for zoom in [9, 12, 13, 14, 16, 18] {
        let (mut shown, mut all) = (0, 0);
        for coord in tiles(&snapshot, zoom) {
            for (k, total) in [(PUBLIC_K, &mut shown), (1, &mut all)] {
                let bytes = pyramid.issues(&snapshot, &filter, k, coord);
                assert!(!bytes.windows(6).any(|w| w == b"SECRET") && !bytes.windows(5).any(|w| w == b"12000"));
                let reader = MvtReaderRef::new(&bytes).expect("a tile");
                for feature in reader.layers().flat_map(|l| l.features().collect::<Vec<_>>()) {
                    let n = feature.properties().filter_map(Result::ok).find_map(|(key, value)| match value {
                        MvtValueRef::UInt(n) if key == "n" => Some(n),
                        _ => None,
                    });
                    assert!(n.is_none_or(|n| n >= u64::from(k)), "a cell of {n:?} with k = {k}");
                    *total += n.unwrap_or(1);
                }
            }
        }
        assert_eq!(all, 2000, "zoom {zoom}: every issue in exactly one tile");
        assert!(shown < all || zoom < 12, "zoom {zoom}: rare ones are withheld");
    }
}

#[test]
fn places_and_background_come_where_they_belong() {
    let snapshot = snapshot(10, 6, 6, 3);
    let pyramid = Pyramid::new(&snapshot);
    let mut layers: BTreeMap<String, usize> = BTreeMap::new();
    for coord in tiles(&snapshot, 16) {
        for bytes in [pyramid.places(&snapshot, coord), pyramid.base(&snapshot, coord)] {
            let reader = MvtReaderRef::new(&bytes).expect("a tile");
            for layer in reader.layers() {
                layer.features().for_each(|f| drop(f.geometry().expect("a geometry")));
                *layers.entry(layer.name().to_owned()).or_default() += layer.feature_count();
            }
        }
    }
    assert_eq!(layers["places"], 300, "every place in exactly one tile");
    assert_eq!(
        layers.keys().collect::<Vec<_>>(),
        ["building", "green", "names", "places", "road", "water", "waterway"]
    );
    let documented: Vec<String> = pyramid.info(TileSet::Base).layers.iter().map(|l| l.id.clone()).collect();
    assert_eq!(documented, base::LAYERS.iter().chain(&[along::LAYER]).copied().collect::<Vec<_>>());
}

#[test]
fn tile_coordinates_are_in_range_by_construction() {
    assert!(TileCoord::new(22, (1 << 22) - 1, 0).is_some());
    for (z, x, y) in [(23, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, 8), (255, 0, 0), (1, u32::MAX, 0)] {
        assert_eq!(TileCoord::new(z, x, y), None);
    }
    let snapshot = snapshot(11, 2, 2, 1);
    let pyramid = Pyramid::new(&snapshot);
    for z in 0..=MAX_ZOOM {
        let far = TileCoord::new(z, 0, 0).expect("in range");
        let last = TileCoord::new(z, (1 << z) - 1, (1 << z) - 1).expect("in range");
        for coord in [far, last] {
            if z > 4 {
                assert!(pyramid.units(&snapshot, coord).is_empty());
            }
            let _ = (pyramid.base(&snapshot, coord), pyramid.places(&snapshot, coord));
        }
    }
}
