//! Whole pictures of a wild district: even fills, tiles that fit together, names that are not cut, faults that are said.

use super::*;
use crate::coverage::world::project;
use crate::tile::fixture::snapshot;

const PLAIN: &str = r##"{"version": 8, "sources": {}, "layers": [
    {"id": "b", "type": "background", "paint": {"background-color": "#ffffff"}},
    {"id": "f", "type": "fill", "source": "units", "source-layer": "{leaf}", "paint": {"fill-color": "#336699", "fill-opacity": 0.4}}
]}"##;

const HATCHED: &str = r##"{"version": 8, "sources": {}, "layers": [
    {"id": "b", "type": "background", "paint": {"background-color": "#ffffff"}},
    {"id": "h", "type": "fill", "source": "units", "source-layer": "{leaf}", "metadata": {"legend": "不足"},
     "paint": {"fill-color": "#000000", "fill-pattern": "hatching"}}
]}"##;

const DASHES: &str = r##"{"version": 8, "sources": {}, "layers": [
    {"id": "b", "type": "background", "paint": {"background-color": "#ffffff"}},
    {"id": "d", "type": "line", "source": "units", "source-layer": "boundaries",
     "paint": {"line-color": "#000000", "line-width": 8, "line-dasharray": [3, 2]}}
]}"##;

const FULL: &str = include_str!("../../styles/district.json");
const DARK: &str = include_str!("../../styles/dark.json");
const PRINT: &str = include_str!("../../styles/print.json");
const CHOROPLETH: &str = include_str!("../../styles/choropleth.json");

fn painter(snapshot: &Snapshot, pyramid: &Pyramid) -> Painter {
    let styles = [
        ("plain", PLAIN),
        ("hatched", HATCHED),
        ("dashes", DASHES),
        ("district", FULL),
        ("dark", DARK),
        ("print", PRINT),
        ("choropleth", CHOROPLETH),
    ];
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
    for style in ["district", "dark", "dashes", "print", "choropleth"] {
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

/// The units of the lowest level, by their identities.
fn lowest(snapshot: &Snapshot) -> Vec<u64> {
    let bottom = snapshot.district.levels.len() as u8 - 1;
    snapshot.hierarchy.at_level(bottom).map(|(_, unit)| unit.id).collect()
}

#[test]
fn a_state_colours_its_unit_and_no_other() {
    let snapshot = snapshot(5, 3, 3, 2);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    let ids = lowest(&snapshot);
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
fn units_of_few_are_hatched_on_bare_paper_and_no_others() {
    let snapshot = snapshot(5, 3, 3, 2);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    let ids = lowest(&snapshot);
    let coord = middle(&snapshot, 15, (0, 0));
    let drawn = |states: &FeatureStates| {
        decoded(&painter.map_showing((&snapshot, &pyramid), "choropleth", coord, 1, states).expect("a tile"))
    };
    let bare = drawn(&FeatureStates::default());
    // Where there is ink that is not there without; names and lines lie over it.
    let differing = |states: &FeatureStates| -> Vec<(u32, u32)> {
        let sheet = drawn(states);
        let all = (0..256).flat_map(|y| (0..256).map(move |x| (x, y)));
        all.filter(|&(x, y)| sheet.at(x, y) != bare.at(x, y)).collect()
    };
    let inked = |ids: &[u64]| {
        let mut states = FeatureStates::default();
        ids.iter().for_each(|id| states.mark(*id, "few"));
        differing(&states)
    };
    let mut filled = FeatureStates::default();
    ids.iter().for_each(|id| filled.set(*id, "colour", "#ff0000"));
    let (area, all) = (differing(&filled).len(), inked(&ids));
    assert!((area * 2 / 5..area * 3 / 5).contains(&all.len()), "half of their area: {} of {area}", all.len());
    assert!(all.iter().all(|(x, y)| [0, 1, 6, 7].contains(&((x + y) % 8))), "paper is bare between the lines");
    let each: Vec<usize> = ids.iter().map(|id| inked(&[*id]).len()).collect();
    assert!(each.iter().filter(|n| **n > 0).count() > 1, "{each:?} of {}", all.len());
    assert!(each.iter().sum::<usize>().abs_diff(all.len()) < all.len() / 10, "{each:?} of {}", all.len());
    assert_eq!(inked(&[u64::MAX]), []);
}

#[test]
fn the_swatch_of_a_hatched_layer_is_hatched() {
    let snapshot = snapshot(5, 3, 3, 2);
    let pyramid = Pyramid::new(&snapshot);
    let painter = painter(&snapshot, &pyramid);
    for scale in [1u8, 2] {
        let side = u32::from(scale);
        let picture = painter.swatches("hatched", None, scale).expect("a picture");
        let colours: std::collections::HashSet<_> = (10 * side..47 * side)
            .flat_map(|x| (14 * side + 1..32 * side).map(move |y| (x, y)))
            .map(|(x, y)| {
                assert_eq!(picture.pixel(x, y), picture.pixel(x + 1, y - 1), "{x} {y} at {scale}");
                picture.pixel(x, y)
            })
            .collect();
        let [r, g, b] = shades::HATCHING_INK;
        let darkest = if scale == 1 { None } else { Some([r, g, b, 255]) };
        assert!(colours.contains(&Some([255; 4])) && (darkest.is_none() || colours.contains(&darkest)), "{colours:?}");
        assert!(colours.len() > 2 && colours.iter().flatten().all(|p| p[0] >= r), "{colours:?}");
    }
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

mod views {
    //! Views against tiles, against each other, and against the locator.

    use super::*;
    use crate::coverage::generalize::wild::Seeded;
    use crate::crs::{Cgcs2000, Crs, PlaneCrs};
    use crate::render::square::PEN;
    use crate::render::view::{MAX_SIDE_PX, ViewFault};

    const HALF_M: f64 = 20_037_508.342_789_244;
    const MAP: Part<'_> = Part { style: "district", levels: None, backdrop: true };
    const PLANES: [Projection; 3] =
        [Projection::WebMercator, Projection::Geographic, Projection::Plane(PlaneCrs(4548))];

    /// A tile's rectangle as a client writes it: metres with so many decimals.
    fn rectangle(coord: TileCoord, decimals: usize) -> [f64; 4] {
        let side = 2.0 * HALF_M / f64::from(1u32 << coord.z());
        let (west, north) = (f64::from(coord.x()) * side - HALF_M, HALF_M - f64::from(coord.y()) * side);
        [west, north - side, west + side, north].map(|v| format!("{v:.decimals$}").parse().expect("a number"))
    }

    /// The middle of the district in a projection, and how many of its units a metre on the ground about is.
    fn middle_in(snapshot: &Snapshot, projection: Projection) -> ((f64, f64), f64) {
        let (low, high) = snapshot.coverage.bounds().expect("arcs");
        let lattice = snapshot.coverage.lattice();
        let ((west, south), (east, north)) = (lattice.degrees(low), lattice.degrees(high));
        let point = Cgcs2000::clamped(f64::midpoint(west, east), f64::midpoint(south, north));
        match projection {
            Projection::WebMercator => {
                let at = Crs::Plane(PlaneCrs(3857)).write(point).expect("metres");
                (at, 1.0 / point.lat().to_radians().cos())
            }
            Projection::Geographic => ((point.lon(), point.lat()), 1.0 / 111_319.5),
            Projection::Plane(crs) => (Crs::Plane(crs).write(point).expect("metres"), 1.0),
        }
    }

    /// A view of so many metres a pixel around a place in the middle.
    fn around(snapshot: &Snapshot, projection: Projection, per_px_m: f64, (w, h): (u32, u32), shift: f64) -> [f64; 4] {
        let ((x, y), metre) = middle_in(snapshot, projection);
        let px = per_px_m * metre;
        let (west, south) = (x + (shift - f64::from(w) / 2.0) * px, y + (shift - f64::from(h) / 2.0) * px);
        [west, south, west + f64::from(w) * px, south + f64::from(h) * px]
    }

    #[test]
    fn tiles_beside_each_other_are_one_large_picture_cut() {
        let snapshot = snapshot(2, 12, 12, 4);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        for (style, z, scale) in [("district", 14, 1), ("district", 16, 2), ("dark", 15, 1), ("print", 13, 2)] {
            let side = 256 * u32::from(scale);
            let [west, south, ..] = rectangle(middle(&snapshot, z, (0, 1)), 9);
            let [.., east, north] = rectangle(middle(&snapshot, z, (1, 0)), 9);
            let view = View::new(Projection::WebMercator, [west, south, east, north], 2 * side, 2 * side, scale);
            let part = Part { style, ..MAP };
            let whole = painter.view(&snapshot, &pyramid, part, &view.expect("a view")).expect("a picture");
            let whole = decoded(&whole.png().expect("a PNG"));
            for offset in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let tile =
                    painter.map(&snapshot, &pyramid, style, middle(&snapshot, z, offset), scale).expect("a tile");
                let tile = decoded(&tile);
                let at = |i: u32| whole.at(offset.0 * side + i % side, offset.1 * side + i / side);
                let other = (0..side * side).filter(|i| tile.at(i % side, i / side) != at(*i)).count();
                assert_eq!(other, 0, "{style} {z} @{scale}, {offset:?}: pixels that differ as they are sent");
            }
        }
    }

    #[test]
    fn the_view_of_a_tile_is_the_tile() {
        let snapshot = snapshot(2, 12, 12, 4);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        for style in ["district", "dark"] {
            for (z, scale) in (0..=MAX_ZOOM).flat_map(|z| [(z, 1), (z, 2)]) {
                let coord = middle(&snapshot, z, (0, 0));
                let tile = painter.map(&snapshot, &pyramid, style, coord, scale).expect("a tile");
                let side = 256 * u32::from(scale);
                let decimals = if z > 18 { 12 } else { 9 };
                let view = View::new(Projection::WebMercator, rectangle(coord, decimals), side, side, scale);
                let part = Part { style, ..MAP };
                let picture = painter.view(&snapshot, &pyramid, part, &view.expect("a view")).expect("a picture");
                assert!(picture.png().expect("a PNG") == tile, "{style} {z} @{scale}");
            }
        }
    }

    #[test]
    fn views_side_by_side_are_one_large_view() {
        let snapshot = snapshot(5, 12, 12, 4);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        let mut random = Seeded(11);
        for projection in PLANES {
            for (per_px_m, scale) in [(0.7, 1), (1.9, 2), (4.777, 1), (11.0, 1), (38.2, 2)] {
                let (w, h) = (random.between(500, 700) as u32, random.between(300, 400) as u32);
                let [west, south, east, north] =
                    around(&snapshot, projection, per_px_m, (w, h), f64::from(random.between(0, 1000)) / 1000.0);
                let draw = |bounds: [f64; 4], (w, h): (u32, u32)| {
                    let view = View::new(projection, bounds, w, h, scale).expect("a view");
                    painter.view(&snapshot, &pyramid, MAP, &view).expect("a picture")
                };
                let whole = draw([west, south, east, north], (w, h));
                let (cut, drop) = (random.between(1, w as i32 - 1) as u32, random.between(1, h as i32 - 1) as u32);
                let x = west + (east - west) * f64::from(cut) / f64::from(w);
                let y = north - (north - south) * f64::from(drop) / f64::from(h);
                let parts = [
                    ((0, 0), [west, y, x, north], (cut, drop)),
                    ((cut, 0), [x, y, east, north], (w - cut, drop)),
                    ((0, drop), [west, south, x, y], (cut, h - drop)),
                    ((cut, drop), [x, south, east, y], (w - cut, h - drop)),
                ];
                let mut colours = std::collections::HashSet::new();
                for ((left, top), bounds, size) in parts {
                    let part = draw(bounds, size);
                    for (px, py) in (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))) {
                        let pixel = part.pixel(px, py);
                        assert_eq!(pixel, whole.pixel(left + px, top + py), "{projection:?} {per_px_m} {px} {py}");
                        colours.insert(pixel);
                    }
                }
                assert!(colours.len() > 20, "{projection:?} {per_px_m}: something is drawn");
            }
        }
    }

    #[test]
    fn hatching_runs_on_from_tile_to_tile_and_from_tiles_into_views() {
        let snapshot = snapshot(1, 12, 12, 5);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        let part = Part { style: "hatched", ..MAP };
        for scale in [1, 2] {
            let side = 256 * u32::from(scale);
            let coords = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|offset| middle(&snapshot, 18, offset));
            let tile = |coord| decoded(&painter.map(&snapshot, &pyramid, "hatched", coord, scale).expect("a tile"));
            let tiles = coords.map(tile);
            let at = |x: u32, y: u32| tiles[(x / side + y / side * 2) as usize].at(x % side, y % side);
            // All of it is hatched: along a diagonal there is one colour, across every seam and every border.
            for (x, y) in (1..2 * side).flat_map(|y| (0..2 * side - 1).map(move |x| (x, y))) {
                assert_eq!(at(x, y), at(x + 1, y - 1), "{x} {y} @{scale}");
            }
            let row: Vec<[u8; 4]> = (0..2 * side).map(|x| at(x, 0)).collect();
            let lines: Vec<usize> = (1..row.len()).filter(|x| row[*x][0] < 200 && row[x - 1][0] >= 200).collect();
            assert!(lines.len() >= 63 && lines.windows(2).all(|pair| pair[1] - pair[0] == 8 * usize::from(scale)));
            let [west, _, _, north] = rectangle(coords[0], 12);
            let [_, south, east, _] = rectangle(coords[3], 12);
            let px = (east - west) / f64::from(2 * side);
            for (right, down) in [(0, 0), (37, 21), (side - 1, 5)] {
                let (w, h) = (2 * side - right, 2 * side - down);
                let bounds = [west + f64::from(right) * px, south, east, north - f64::from(down) * px];
                let view = View::new(Projection::WebMercator, bounds, w, h, scale).expect("a view");
                let picture = painter.view(&snapshot, &pyramid, part, &view).expect("a picture");
                for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
                    assert_eq!(
                        picture.pixel(x, y),
                        Some(at(x + right, y + down)),
                        "{x} {y} from {right} {down} @{scale}"
                    );
                }
            }
        }
    }

    #[test]
    fn dashes_fall_in_the_same_places_whichever_square_shows_them() {
        let snapshot = snapshot(7, 8, 8, 3);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        let style = &painter.named("dashes").expect("a style").style;
        let shown = Shown { style, backdrop: true, states: &FeatureStates::default() };
        for projection in PLANES {
            let bounds = around(&snapshot, projection, 5.3, (512, 512), 0.0);
            let lattice = View::new(projection, bounds, 512, 512, 1).expect("a view").lattice(35.0);
            let (x, y) = lattice.corner;
            let draw = |right: i64, down: i64| {
                let phase = (x.rem_euclid(PEN), y.rem_euclid(PEN));
                let corner = (x + right * PEN, y + down * PEN);
                let square = Square::at(corner, phase, &lattice.resolution, lattice.ground, 1).expect("ground");
                let mut canvas = Canvas::new(1).expect("memory");
                map::draw(shown, &snapshot, &pyramid, &square, &mut canvas);
                canvas.picture
            };
            let (one, other) = (draw(0, 0), draw(100, 37));
            // How many pixels of the part that both show are not the same, when the other is laid so far from its place.
            let differing = |off: u32| {
                let shade = |of: &tiny_skia::Pixmap, x, y| of.pixel(x, y).map_or(0, |p| p.red());
                let both = (0..256 - 37).flat_map(|y| (0..256 - 100 - off).map(move |x| (x, y)));
                both.filter(|&(x, y)| shade(&one, x + 100, y + 37).abs_diff(shade(&other, x + off, y)) > 48).count()
            };
            assert!(differing(3) > 500, "{projection:?}: dashes out of step are seen: {}", differing(3));
            assert!(differing(0) <= 8, "{projection:?}: {} pixels", differing(0));
        }
    }

    #[test]
    fn what_the_locator_says_of_a_pixel_is_its_colour() {
        let snapshot = snapshot(3, 12, 12, 4);
        let pyramid = Pyramid::new(&snapshot);
        let odd: Vec<&str> = snapshot
            .hierarchy
            .units()
            .iter()
            .enumerate()
            .filter(|(i, _)| i % 2 == 1)
            .map(|(_, u)| u.code.as_str())
            .collect();
        let list = serde_json::to_string(&odd).expect("JSON");
        let style = PLAIN
            .replace(
                "\"#336699\"",
                &format!(r##"["case", ["in", ["get", "code"], ["literal", {list}]], "#ff0000", "#0000ff"]"##),
            )
            .replace("0.4", "1");
        let painter = Painter::new(&snapshot, &pyramid, &font::bundled(), &[("plain", &style)]).expect("a style");
        let part = Part { style: "plain", levels: None, backdrop: false };
        for projection in PLANES {
            let (mut compared, mut shown) = (0, [0; 3]);
            for (per_px_m, shift) in [(3.0, 0.37), (7.3, 0.21), (9.1, 400.66)] {
                let bounds = around(&snapshot, projection, per_px_m, (600, 500), shift);
                let view = View::new(projection, bounds, 600, 500, 1).expect("a view");
                let picture = painter.view(&snapshot, &pyramid, part, &view).expect("a picture");
                for (x, y) in (1..499).flat_map(|y| (1..599).map(move |x| (x, y))) {
                    let pixel = picture.pixel(x, y);
                    let even = [(0, 1), (2, 1), (1, 0), (1, 2)]
                        .iter()
                        .all(|(dx, dy)| picture.pixel(x + dx - 1, y + dy - 1) == pixel);
                    if !even {
                        continue;
                    }
                    let owner =
                        view.position(x, y).and_then(|p| snapshot.hierarchy.unit_of_face(snapshot.locator.owner_of(p)));
                    let expected = owner.map_or([0; 4], |unit| {
                        let is_odd = odd.contains(&snapshot.hierarchy.unit(unit).code.as_str());
                        if is_odd { [255, 0, 0, 255] } else { [0, 0, 255, 255] }
                    });
                    assert_eq!(pixel, Some(expected), "{projection:?} {per_px_m} at {x} {y}");
                    compared += 1;
                    shown[usize::from(expected[0] / 255 + expected[2] / 255 * 2)] += 1;
                }
            }
            assert!(compared > 500_000 && shown.iter().all(|n| *n > 1000), "{projection:?}: {compared} {shown:?}");
        }
    }

    #[test]
    fn one_level_alone_is_lines_and_names_on_nothing() {
        let snapshot = snapshot(4, 12, 12, 4);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        let bounds = around(&snapshot, Projection::WebMercator, 8.0, (400, 400), 0.0);
        let view = View::new(Projection::WebMercator, bounds, 400, 400, 1).expect("a view");
        let empty = |level: u8| {
            let part = Part { levels: Some(Levels::one(level)), backdrop: false, ..MAP };
            let picture = painter.view(&snapshot, &pyramid, part, &view).expect("a picture");
            (0..400 * 400).filter(|i| picture.pixel(i % 400, i / 400).is_some_and(|p| p[3] == 0)).count()
        };
        assert!(empty(0) > empty(1) && empty(1) > 1000, "{} {}", empty(0), empty(1));
        let beyond = painter.view(&snapshot, &pyramid, Part { levels: Some(Levels::one(9)), ..MAP }, &view);
        assert!(matches!(beyond, Err(RenderFault::UnknownStyle { .. })));
    }

    #[test]
    fn strangers_who_zoom_fill_no_memory() {
        let snapshot = snapshot(6, 3, 3, 2);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        for step in 0..3 * PLACINGS {
            let bounds = around(&snapshot, Projection::Geographic, 2.0 * 1.07f64.powi(step as i32), (40, 30), 0.0);
            let view = View::new(Projection::Geographic, bounds, 40, 30, 1).expect("a view");
            assert!(painter.view(&snapshot, &pyramid, MAP, &view).is_ok());
        }
        assert_eq!(painter.placings.lock().expect("a lock").len(), PLACINGS);
    }

    #[test]
    fn what_is_too_large_too_small_or_nowhere_is_refused_before_work() {
        let mercator = |bounds, w, h| View::new(Projection::WebMercator, bounds, w, h, 1);
        let good = [0.0, 0.0, 1000.0, 1000.0];
        for (w, h) in [(0, 5), (5, 0), (MAX_SIDE_PX + 1, 1), (1, u32::MAX)] {
            assert_eq!(mercator(good, w, h), Err(ViewFault::Size { width: w, height: h }));
        }
        assert!(mercator([0.0, 0.0, 8192.0, 8192.0], 4096, 4096).is_ok());
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for i in 0..4 {
                let mut bounds = good;
                bounds[i] = bad;
                assert_eq!(mercator(bounds, 9, 9), Err(ViewFault::NotFinite));
            }
        }
        assert_eq!(mercator([1.0, 0.0, 1.0, 5.0], 9, 9), Err(ViewFault::Empty));
        assert_eq!(mercator([0.0, 5.0, 1.0, 0.0], 9, 9), Err(ViewFault::Empty));
        assert!(matches!(mercator([0.0, 0.0, 1e300, 1e300], 9, 9), Err(ViewFault::Outside { .. })));
        assert!(matches!(mercator([0.0, 0.0, 1e-9, 1e-9], 9, 9), Err(ViewFault::Resolution { .. })));
        assert!(mercator([0.0, 0.0, f64::MIN_POSITIVE, f64::MIN_POSITIVE], 9, 9).is_err());
        assert!(matches!(mercator([-4e7, -4e7, 4e7, 4e7], 9, 9), Err(ViewFault::Resolution { .. })));
        assert!(matches!(mercator([0.0, 0.0, 900.0, 100.0], 9, 9), Err(ViewFault::Stretched { .. })));
        let degrees = |bounds| View::new(Projection::Geographic, bounds, 512, 256, 1);
        assert!(degrees([-180.0, -90.0, 180.0, 90.0]).is_ok());
        assert_eq!(degrees([35.42, 116.70, 35.43, 116.71]), Err(ViewFault::Beyond), "latitude first");
        assert!(matches!(degrees([-400.0, -90.0, 180.0, 90.0]), Err(ViewFault::Outside { .. })));
    }

    #[test]
    fn the_whole_world_and_the_deepest_zoom_can_be_drawn() {
        let snapshot = snapshot(3, 3, 3, 3);
        let pyramid = Pyramid::new(&snapshot);
        let painter = painter(&snapshot, &pyramid);
        for (projection, bounds, (w, h)) in [
            (Projection::Geographic, [-180.0, -90.0, 180.0, 90.0], (512, 256)),
            (Projection::Geographic, [-360.0, -180.0, 360.0, 180.0], (512, 256)),
            (Projection::WebMercator, [-HALF_M * 1.9, -HALF_M * 1.9, HALF_M * 1.9, HALF_M * 1.9], (300, 300)),
            (Projection::Plane(PlaneCrs(4548)), [-1e7, -1e7, 2e7, 2e7], (300, 300)),
            (Projection::Geographic, around(&snapshot, Projection::Geographic, 0.01, (90, 70), 0.0), (90, 70)),
            (Projection::WebMercator, around(&snapshot, Projection::WebMercator, 0.01, (90, 70), 0.0), (90, 70)),
        ] {
            let view = View::new(projection, bounds, w, h, 1).expect("a view");
            let picture = painter.view(&snapshot, &pyramid, MAP, &view).expect("a picture");
            assert_eq!(picture.size(), (w, h));
            assert_eq!(decoded_size(&picture.png().expect("a PNG")), (w, h));
        }
    }

    fn decoded_size(bytes: &[u8]) -> (u32, u32) {
        let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        (reader.info().width, reader.info().height)
    }
}
