//! The sample district in tiles and pictures: every tile of the pyramid adds up, every name can be drawn.

#![allow(clippy::expect_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use fast_mvt::MvtReaderRef;
use wangge::crs::Cgcs2000;
use wangge::crs::mercator::WorldPoint;
use wangge::exchange::Limits;
use wangge::render::view::View;
use wangge::render::{Font, Painter, Part, Projection};
use wangge::service::import::{Sources, prepare};
use wangge::service::locate::owner_of;
use wangge::snapshot::Snapshot;
use wangge::tile::{Pyramid, TileCoord, TileSet};

fn sample() -> &'static (Snapshot, Pyramid) {
    static SAMPLE: OnceLock<(Snapshot, Pyramid)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let district = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let sources = Sources { district, ..Sources::default() };
        let recorded = jiff::Timestamp::UNIX_EPOCH;
        let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| {}).expect("the sample reads");
        let snapshot = Snapshot::new(prepared.accept(None, recorded).expect("the sample is clean").contents);
        let pyramid = Pyramid::new(&snapshot);
        (snapshot, pyramid)
    })
}

/// The tiles of a zoom that the district's box touches.
fn tiles(pyramid: &Pyramid, zoom: u8) -> Vec<TileCoord> {
    let [west, south, east, north] = pyramid.info(TileSet::Units).bounds;
    let at = |lon, lat| {
        let p = WorldPoint::of(Cgcs2000::new(lon, lat).expect("a position")).cell();
        ((p.x >> (28 - zoom)) as u32, (p.y >> (28 - zoom)) as u32)
    };
    let ((left, top), (right, bottom)) = (at(west, north), at(east, south));
    (top..=bottom).flat_map(|y| (left..=right).filter_map(move |x| TileCoord::new(zoom, x, y))).collect()
}

/// Twice the signed area of a polygon's rings, from its drawing commands.
fn doubled_area(commands: &[u32]) -> i64 {
    let (mut x, mut y, mut start, mut sum, mut i) = (0i64, 0i64, (0, 0), 0, 0);
    while i < commands.len() {
        let (command, count) = (commands[i] & 7, commands[i] >> 3);
        i += 1;
        if command == 7 {
            sum += x * start.1 - y * start.0;
            continue;
        }
        for _ in 0..count {
            let delta = |n: u32| i64::from(n >> 1) ^ -i64::from(n & 1);
            let (nx, ny) = (x + delta(commands[i]), y + delta(commands[i + 1]));
            if command == 1 {
                start = (nx, ny);
            } else {
                sum += x * ny - y * nx;
            }
            (x, y) = (nx, ny);
            i += 2;
        }
    }
    sum
}

#[test]
fn in_every_tile_of_the_sample_all_levels_have_the_same_area_to_the_unit() {
    let (snapshot, pyramid) = sample();
    let keys: Vec<&str> = snapshot.district.levels.iter().map(|l| l.key.as_str()).collect();
    let mut checked = 0;
    // Above z16 there are thousands of tiles that show the same lines nearer: a prime of steps apart they lie everywhere.
    for (zoom, step) in (8..=16).map(|zoom| (zoom, 1)).chain([(17, 13), (18, 53), (22, 13_001)]) {
        for coord in tiles(pyramid, zoom).into_iter().step_by(step) {
            let bytes = pyramid.units(snapshot, coord);
            if bytes.is_empty() {
                continue;
            }
            let reader = MvtReaderRef::new(&bytes).expect("a tile");
            let shown = pyramid.levels().iter().filter(|l| l.min_zoom <= zoom).map(|l| (l.key.as_str(), 0));
            let mut areas: BTreeMap<&str, i64> = shown.collect();
            for layer in reader.layers().filter(|l| keys.contains(&l.name())) {
                for feature in layer.features() {
                    let area = doubled_area(feature.geometry_commands());
                    assert!(area > 0, "{coord:?}: a polygon with area {area} in {}", layer.name());
                    *areas.get_mut(layer.name()).expect("a level") += area;
                }
            }
            let mut sums = areas.values();
            let first = sums.next().expect("a level");
            assert!(sums.all(|s| s == first), "{coord:?}: {areas:?}");
            checked += 1;
        }
    }
    assert!(checked > 1500, "{checked} tiles");
}

#[test]
fn every_name_of_the_sample_can_be_drawn() {
    let (snapshot, _) = sample();
    let font = Font::new(&include_bytes!("../data/fonts/NotoSansSC-subset.otf")[..]).expect("the shipped font");
    let units = snapshot.hierarchy.units().iter().map(|u| u.name.as_str());
    let names = units.chain(snapshot.places.iter().map(|p| p.name.as_str())).chain([snapshot.district.name.as_str()]);
    for name in names {
        assert_eq!(font.missing(name), Vec::<char>::new(), "{name}");
    }
    assert_eq!(font.missing("洸"), Vec::<char>::new());
}

#[test]
fn no_tile_is_larger_than_a_phone_will_wait_for() {
    use std::io::Write;
    let (snapshot, pyramid) = sample();
    for zoom in 8..=14 {
        for coord in tiles(pyramid, zoom) {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            packed.write_all(&pyramid.units(snapshot, coord)).expect("memory");
            let bytes = packed.finish().expect("memory").len();
            assert!(bytes < 130_000, "{coord:?}: {bytes} bytes");
        }
    }
}

#[test]
fn the_sample_looks_like_a_town() {
    let (snapshot, pyramid) = sample();
    let font = Font::new(&include_bytes!("../data/fonts/NotoSansSC-subset.otf")[..]).expect("the shipped font");
    let style = include_str!("../styles/district.json");
    let painter = Painter::new(snapshot, pyramid, &font, &[("district", style)]).expect("a painter");
    let p = WorldPoint::of(Cgcs2000::new(116.62, 35.43).expect("a position")).cell();
    for zoom in [12, 14, 16] {
        let coord = TileCoord::new(zoom, (p.x >> (28 - zoom)) as u32, (p.y >> (28 - zoom)) as u32).expect("in range");
        let png = painter.map(snapshot, pyramid, "district", coord, 2).expect("a tile");
        assert!(png.len() < 120_000, "zoom {zoom}: {} bytes", png.len());
        let pixels = pixels(&png);
        let mut colours: BTreeMap<[u8; 3], u32> = BTreeMap::new();
        pixels.into_iter().for_each(|p| *colours.entry(p).or_default() += 1);
        let dark = colours.iter().filter(|(c, _)| c.iter().all(|v| *v < 130)).map(|(_, n)| n).sum::<u32>();
        assert!(colours.len() > 40 && dark > 150, "zoom {zoom}: {} colours, {dark} dark pixels", colours.len());
    }
}

/// RGB of every pixel, row by row.
fn pixels(png: &[u8]) -> Vec<[u8; 3]> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut data = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut data).expect("pixels");
    data.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect()
}

#[test]
fn no_pixel_between_neighbours_shows_the_ground_behind_them() {
    /// Tiles of a zoom that are looked at.
    const MOST: usize = 24;
    /// How far the drawn outline may be from the true one, in half pixels.
    const NEAR: i32 = 6;
    /// Half the side of the world of EPSG:3857, in metres.
    const HALF_M: f64 = 20_037_508.342_789_244;
    let (snapshot, pyramid) = sample();
    let font = Font::new(&include_bytes!("../data/fonts/NotoSansSC-subset.otf")[..]).expect("the shipped font");
    // The ground is red, and no area has any of it.
    let style = |key: &str| {
        format!(
            r##"{{"version": 8, "sources": {{}}, "layers": [
            {{"id": "ground", "type": "background", "paint": {{"background-color": "#ff0000"}}}},
            {{"id": "areas", "type": "fill", "source": "units", "source-layer": "{key}", "paint": {{
              "fill-color": ["match", ["get", "colour"], 0, "#0000ff", 1, "#00ff00", 2, "#00ffff", 3, "#008040", "#000000"]}}}}]}}"##
        )
    };
    let styles: Vec<(&str, String)> = pyramid.levels().iter().map(|l| (l.key.as_str(), style(&l.key))).collect();
    let named: Vec<(&str, &str)> = styles.iter().map(|(key, style)| (*key, style.as_str())).collect();
    let painter = Painter::new(snapshot, pyramid, &font, &named).expect("a painter");
    let (mut inside, mut ground) = (0, 0);
    for zoom in 10..=18 {
        let found = tiles(pyramid, zoom);
        for coord in found.iter().step_by(found.len().div_ceil(MOST)) {
            // Whether a place in pixels of the tile is somebody's.
            let owned = |x: f64, y: f64| {
                let world = |tile: u32, px: f64| (f64::from(tile) + px / 256.0) * f64::from(1u32 << (28 - zoom));
                let at = WorldPoint { x: world(coord.x(), x), y: world(coord.y(), y) };
                owner_of(snapshot, at.position()).is_some()
            };
            let side = 2.0 * HALF_M / f64::from(1u32 << zoom);
            let (west, north) = (f64::from(coord.x()) * side - HALF_M, HALF_M - f64::from(coord.y()) * side);
            let square = [west, north - side, west + side, north];
            let view = View::new(Projection::WebMercator, square, 256, 256, 1).expect("a view");
            // A picture shows what a vector tile of the zoom before has.
            for level in pyramid.levels().iter().filter(|level| level.min_zoom < zoom) {
                let part = Part { style: &level.key, levels: None, backdrop: true };
                let drawn = painter.view(snapshot, pyramid, part, &view).expect("a picture");
                for at in 0..256 * 256u32 {
                    let [red, ..] = drawn.pixel(at % 256, at / 256).expect("a pixel");
                    let (x, y) = (f64::from(at % 256) + 0.5, f64::from(at / 256) + 0.5);
                    let around = (-NEAR..=NEAR).flat_map(|dx| (-NEAR..=NEAR).map(move |dy| (dx, dy)));
                    let mut around = around.map(|(dx, dy)| (x + f64::from(dx) / 2.0, y + f64::from(dy) / 2.0));
                    if red == 0 {
                        inside += 1;
                    } else if owned(x, y) && around.all(|(x, y)| owned(x, y)) {
                        panic!("{coord:?}, {}: the pixel {x}, {y} has {red} of the ground", level.key);
                    } else {
                        ground += 1;
                    }
                }
            }
        }
    }
    assert!(inside > 10_000_000 && ground > 1_000_000, "{inside} pixels of areas, {ground} of the ground");
}
