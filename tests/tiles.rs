//! The sample district in tiles and pictures: every tile of the pyramid adds up, every name can be drawn.

#![allow(clippy::expect_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use fast_mvt::MvtReaderRef;
use wangge::crs::Cgcs2000;
use wangge::crs::mercator::WorldPoint;
use wangge::exchange::Limits;
use wangge::render::{Font, Painter};
use wangge::service::import::{Sources, prepare};
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
    for zoom in 8..=16 {
        for coord in tiles(pyramid, zoom) {
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
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        let mut colours: BTreeMap<&[u8], u32> = BTreeMap::new();
        pixels.chunks_exact(3).for_each(|p| *colours.entry(p).or_default() += 1);
        let dark = colours.iter().filter(|(c, _)| c.iter().all(|v| *v < 130)).map(|(_, n)| n).sum::<u32>();
        assert!(colours.len() > 40 && dark > 150, "zoom {zoom}: {} colours, {dark} dark pixels", colours.len());
    }
}
