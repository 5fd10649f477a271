//! Whole pictures of a wild district: even fills, tiles that fit together, names that are not cut, faults that are said.

use super::*;
use crate::coverage::world::project;
use crate::tile::fixture::snapshot;

const PLAIN: &str = r##"{"version": 8, "sources": {}, "layers": [
    {"id": "b", "type": "background", "paint": {"background-color": "#ffffff"}},
    {"id": "f", "type": "fill", "source": "units", "source-layer": "{leaf}", "paint": {"fill-color": "#336699", "fill-opacity": 0.4}}
]}"##;

const FULL: &str = include_str!("../../styles/district.json");
const DARK: &str = include_str!("../../styles/dark.json");
const PRINT: &str = include_str!("../../styles/print.json");
const CHOROPLETH: &str = include_str!("../../styles/choropleth.json");

fn painter(snapshot: &Snapshot, pyramid: &Pyramid) -> Painter {
    let styles = [("plain", PLAIN), ("district", FULL), ("dark", DARK), ("print", PRINT), ("choropleth", CHOROPLETH)];
    Painter::new(snapshot, pyramid, &font::bundled(), &styles).expect("styles that can be read")
}

/// The tile in the middle of the district, moved by whole tiles.
fn middle(snapshot: &Snapshot, z: u8, (dx, dy): (u32, u32)) -> TileCoord {
    let (low, high) = snapshot.coverage.bounds().expect("arcs");
    let (a, b) =
        (project(snapshot.coverage.lattice().position(low)), project(snapshot.coverage.lattice().position(high)));
    let at = |a: i32, b: i32| (i64::from(a.midpoint(b)) << z >> 28) as u32;
    TileCoord::new(z, at(a.x, b.x) + dx, at(a.y, b.y) + dy).expect("in range")
}

/// A square picture read back: RGBA by row and column.
struct Sheet {
    side: u32,
    pixels: Vec<[u8; 4]>,
}

impl Sheet {
    fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.side + x) as usize]
    }
}

fn decoded(bytes: &[u8]) -> Sheet {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut data = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut data).expect("pixels");
    assert_eq!(info.width, info.height);
    Sheet { side: info.width, pixels: data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect() }
}

#[test]
fn neighbours_of_one_colour_leave_no_hairline() {
    let snapshot = snapshot(1, 12, 12, 5);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    for z in [15, 17] {
        let picture =
            decoded(&painter.map(&snapshot, &pyramid, "plain", middle(&snapshot, z, (0, 0)), 2).expect("a tile"));
        assert_eq!(picture.side, 512);
        let colours: std::collections::HashSet<_> = picture.pixels.iter().collect();
        assert_eq!(colours.len(), 1, "zoom {z}: a tile inside the district is even");
    }
}

#[test]
fn four_tiles_fit_together_and_say_the_same_twice() {
    let snapshot = snapshot(2, 12, 12, 4);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    for style in ["district", "dark", "print", "choropleth"] {
        for (z, scale) in [(14, 1), (16, 2)] {
            let side = 256 * u32::from(scale);
            let mut sheets = Vec::new();
            for offset in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let coord = middle(&snapshot, z, offset);
                let tile = painter.map(&snapshot, &pyramid, style, coord, scale).expect("a tile");
                assert_eq!(painter.map(&snapshot, &pyramid, style, coord, scale).as_ref(), Ok(&tile));
                sheets.push(decoded(&tile));
            }
            let at = |x: u32, y: u32| sheets[(x / side + y / side * 2) as usize].at(x % side, y % side);
            // Steps from column to column are no greater over the seam than elsewhere: lines and names run on.
            let step = |x: u32| {
                let far = |y: u32| (0..3).map(|c| u32::from(at(x, y)[c].abs_diff(at(x + 1, y)[c]))).sum::<u32>();
                (0..2 * side).map(far).sum::<u32>()
            };
            let mut steps: Vec<u32> = (side - 64..side + 64).map(step).collect();
            let seam = steps.remove(63);
            steps.sort_unstable();
            assert!(seam <= steps[steps.len() - 2] * 5 / 4 + 200, "{style} zoom {z}: {seam}, elsewhere {steps:?}");
        }
    }
}

#[test]
fn every_zoom_and_far_away_tiles_can_be_drawn() {
    let snapshot = snapshot(3, 3, 3, 3);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    for z in 0..=MAX_ZOOM {
        let tile = painter.map(&snapshot, &pyramid, "district", middle(&snapshot, z, (0, 0)), 1).expect("a tile");
        assert_eq!(decoded(&tile).side, 256);
    }
    let far = TileCoord::new(12, 0, 0).expect("in range");
    let empty = decoded(&painter.map(&snapshot, &pyramid, "district", far, 200).expect("a tile"));
    assert_eq!(empty.side, 512, "scale is clamped to 2");
    assert!(empty.pixels.iter().all(|p| *p == empty.at(0, 0)));
    let heat = painter.density(&snapshot, &IssueFilter::default(), 300.0).tile(far, 1, None).expect("a tile");
    assert!(decoded(&heat).pixels.iter().all(|p| p[3] == 0));
}

#[test]
fn a_state_colours_its_unit_and_no_other() {
    let snapshot = snapshot(5, 3, 3, 2);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    let bottom = snapshot.district.levels.len() as u8 - 1;
    let ids: Vec<u64> = snapshot.hierarchy.at_level(bottom).map(|(_, unit)| unit.id).collect();
    let coord = middle(&snapshot, 15, (0, 0));
    let drawn = |states: &FeatureStates| {
        decoded(&painter.map_showing((&snapshot, &pyramid), "choropleth", coord, 1, states).expect("a tile")).pixels
    };
    // The paper shines through a little; names and lines lie over it.
    let red = |states: &FeatureStates| drawn(states).iter().filter(|p| p[0] > 225 && p[1] < 90 && p[2] < 90).count();
    let with = |ids: &[u64]| {
        let mut states = FeatureStates::default();
        ids.iter().for_each(|id| states.set(*id, "colour", "#ff0000"));
        red(&states)
    };
    let each: Vec<usize> = ids.iter().map(|id| with(&[*id])).collect();
    let all = with(&ids);
    assert!(each.iter().filter(|n| **n > 0).count() > 1 && all > 10_000, "{each:?} of {all}");
    assert!(each.iter().sum::<usize>().abs_diff(all) < all / 10, "{each:?} of {all}");
    assert_eq!((with(&[u64::MAX]), with(&[])), (0, 0));
}

#[test]
fn an_unknown_style_is_named_with_the_known_ones() {
    let snapshot = snapshot(4, 2, 2, 1);
    let pyramid = Pyramid::new(&snapshot);
    let fault = painter(&snapshot, &pyramid).map(&snapshot, &pyramid, "neon", middle(&snapshot, 12, (0, 0)), 1);
    let message = fault.expect_err("a fault").to_string();
    assert!(message.contains("neon") && message.contains("district, dark, print, choropleth"), "{message}");
    let broken = Painter::new(&snapshot, &pyramid, &font::bundled(), &[("x", "{")]);
    assert!(matches!(broken, Err(RenderFault::Style(_))));
}
