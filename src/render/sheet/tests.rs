//! Whole pages of a wild district: nothing leaves the page, no text stands on another, each unit is listed once, the same bytes twice.

use jiff::civil::date;

use super::scene::{Mosaic, Op, Rect, Run, steps};
use super::*;
use crate::render::font::bundled;
use crate::tile::feature::{Geometry, Shape};
use crate::tile::fixture::snapshot;

const POSTER: &str = include_str!("../../../styles/poster.json");
const DISTRICT: &str = include_str!("../../../styles/district.json");

fn imprint(title: &str) -> Imprint {
    Imprint {
        title: title.to_owned(),
        mark: "示例数据 · 内部使用".to_owned(),
        issuer: "<某区> & 网格中心".to_owned(),
        day: date(2025, 3, 1),
        version: "第 3 版（2025-03-01 起执行）".to_owned(),
    }
}

fn bounds(snapshot: &Snapshot) -> Bounds {
    let (low, high) = snapshot.coverage.bounds().expect("arcs");
    let ((west, south), (east, north)) =
        (snapshot.coverage.lattice().degrees(low), snapshot.coverage.lattice().degrees(high));
    [west, south, east, north]
}

/// A code that no figure looks like.
fn code(unit: &crate::grid::Unit) -> String {
    format!("U{}-{}", unit.level, unit.code)
}

fn row(unit: &crate::grid::Unit) -> UnitRow {
    UnitRow {
        depth: unit.level,
        code: code(unit),
        name: unit.name.clone(),
        officer: "王**".to_owned(),
        phone: String::new(),
        households: unit.households,
        population: unit.population,
        area_m2: 12_345.0,
        parts: 3,
    }
}

/// The units of the first levels, each below the one it is part of.
fn rows(snapshot: &Snapshot, levels: u8) -> Vec<UnitRow> {
    fn add(snapshot: &Snapshot, ix: crate::grid::UnitIx, levels: u8, rows: &mut Vec<UnitRow>) {
        rows.push(row(snapshot.hierarchy.unit(ix)));
        if snapshot.hierarchy.unit(ix).level + 1 < levels {
            snapshot.hierarchy.children(ix).iter().for_each(|child| add(snapshot, *child, levels, rows));
        }
    }
    let mut found = Vec::new();
    snapshot.hierarchy.at_level(0).for_each(|(ix, _)| add(snapshot, ix, levels, &mut found));
    found
}

fn helper(what: &str) -> Helper {
    Helper { what: what.to_owned(), name: "王**".to_owned(), phone: "128****5678".to_owned() }
}

/// Longer than any of the sample's.
const EXCLAVE: &str = "东至崇文大道，邻接庄社区第二网格（苗圃生活区）3号微网格；南至宗营社区第一网格（蒋屯村）2号微网格；西至区界；\
                       北至接庄社区第二网格（苗圃生活区）1号微网格";

fn a_notice(snapshot: &Snapshot) -> Notice {
    let (ix, unit) = snapshot.hierarchy.at_level(2).next().expect("a village");
    let above = snapshot.hierarchy.chain(ix);
    Notice {
        imprint: imprint("某街道黄庄社区第五网格（隆鑫苑）公示牌"),
        level_key: snapshot.district.levels[2].key.clone(),
        code: unit.code.clone(),
        chain: above.iter().map(|ix| ("级".to_owned(), snapshot.hierarchy.unit(*ix).name.clone())).collect(),
        bounds: bounds(snapshot),
        district: bounds(snapshot),
        households: 446,
        population: 1474,
        area_m2: 160_000.0,
        parts: Some((5, "微网格".to_owned())),
        officer: Some(helper("")),
        officers: (1..=40).map(|i| helper(&format!("{i}号微网格"))).collect(),
        branch: Some(helper("隆鑫苑小区党支部")),
        specialists: (0..21).map(|_| helper("市场监管")).collect(),
        abuts: ["东至：", "南至：", "西至：", "北至："]
            .map(|side| (side.to_owned(), "崇文大道，邻第六网格、第七网格".to_owned()))
            .to_vec(),
        exclaves: vec![EXCLAVE.to_owned(); 3],
        more_exclaves: 2,
        duties: vec!["入户走访，采集并更新人口、房屋、单位等基础信息".to_owned(); 6],
        hotline: ("政务服务便民热线".to_owned(), "12345".to_owned()),
    }
}

/// Every kind of sheet, on pages of every shape.
fn sheets() -> Vec<(String, Scene)> {
    let snapshot = snapshot(3, 12, 12, 4);
    let (pyramid, font) = (Pyramid::new(&snapshot), bundled());
    let ground = |style| Ground { snapshot: &snapshot, pyramid: &pyramid, font: &font, style };
    let mut sheets = Vec::new();
    for (width, height) in
        [(420.0, 297.0), (297.0, 420.0), (211.0, 158.0), (1189.0, 841.0), (80.0, 60.0), (60.0, 180.0)]
    {
        let plan = Plan {
            imprint: imprint("某区网格图"),
            subtitle: "5 个街道 · 38 个社区".to_owned(),
            bounds: bounds(&snapshot),
            unit: Some((
                snapshot.district.levels[1].key.clone(),
                snapshot.hierarchy.at_level(1).next().expect("a town").1.code.clone(),
            )),
            rows: rows(&snapshot, 2),
            pixel_mm: 0.22,
            least_enlarged: 0.4,
        };
        let page = Page::new(width, height).expect("a page");
        sheets.push((format!("map {width} × {height}"), ground(DISTRICT).plan(page, &plan).expect("a plan")));
    }
    let poster = Poster {
        imprint: imprint("某区社会治理网格一张图"),
        subtitle: "5 个街道 · 38 个社区".to_owned(),
        bounds: bounds(&snapshot),
        rows: rows(&snapshot, 4),
    };
    for paper in [Paper::A0, Paper::A1] {
        let page = ground(POSTER).poster(paper.page(true), &poster).expect("a poster");
        sheets.push((format!("poster {}", paper.name()), page));
    }
    let notice = a_notice(&snapshot);
    for (paper, landscape) in [(Paper::A3, true), (Paper::A4, true), (Paper::A3, false)] {
        let page = ground(DISTRICT).notice(paper.page(landscape), &notice).expect("a notice");
        sheets.push((format!("notice {} {landscape}", paper.name()), page));
    }
    sheets
}

/// Left, top, right, bottom of the ink of a run, without the parts of its em that nothing touches.
fn ink(run: &Run) -> [i32; 4] {
    let part = |share: i32| run.size * share / 1000;
    [run.x, run.y - part(760), run.x + part(run.width), run.y + part(40)]
}

fn apart(a: [i32; 4], b: [i32; 4]) -> bool {
    a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]
}

fn within(inner: [i32; 4], outer: [i32; 4]) -> bool {
    inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3]
}

fn box_of(shape: &Shape) -> [i32; 4] {
    shape.points.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| {
        [b[0].min(p.0), b[1].min(p.1), b[2].max(p.0), b[3].max(p.1)]
    })
}

/// What stands out of a frame; inside a clip only text must keep to it.
fn outside(ops: &[Op], frame: [i32; 4], clipped: bool) -> Vec<String> {
    let mut found = Vec::new();
    for op in ops {
        let inside = match op {
            Op::Fill(mosaic) => clipped || mosaic.tiles.iter().all(|(_, shape)| within(box_of(shape), frame)),
            Op::Stroke(line) => clipped || within(box_of(&line.path), frame),
            Op::Dot { x, y, .. } => within([*x, *y, *x, *y], frame),
            Op::Text(run) => within(ink(run), frame),
            Op::Clip(inner, ops) => {
                found.extend(outside(ops, *inner, true));
                within(*inner, frame)
            }
        };
        if !inside {
            found.push(format!("{op:?}").chars().take(200).collect());
        }
    }
    found
}

#[test]
fn nothing_leaves_the_page_and_names_stay_in_their_frame() {
    for (name, sheet) in sheets() {
        let found = outside(&sheet.ops, [0, 0, sheet.width, sheet.height], false);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn no_text_stands_on_another_and_every_character_has_its_glyph() {
    for (name, sheet) in sheets() {
        let runs = sheet.runs();
        for (i, a) in runs.iter().enumerate() {
            assert_eq!(a.glyphs.len(), a.text.chars().count(), "{name}: {}", a.text);
            assert!(a.glyphs.iter().all(|(glyph, _)| *glyph != 0) && !a.text.contains('〓'), "{name}: {}", a.text);
            for b in &runs[i + 1..] {
                assert!(apart(ink(a), ink(b)), "{name}: “{}” and “{}”", a.text, b.text);
            }
        }
    }
}

#[test]
fn a_poster_lists_each_unit_once_and_refuses_more_than_it_can_list() {
    let snapshot = snapshot(3, 12, 12, 4);
    let sheets = sheets();
    let (_, poster) = sheets.iter().find(|(name, _)| name == "poster A0").expect("a poster");
    let texts = poster.texts();
    for unit in snapshot.hierarchy.units() {
        let times = texts.iter().filter(|text| **text == code(unit)).count();
        assert_eq!(times, 1, "{}", unit.code);
    }
    let (pyramid, font) = (Pyramid::new(&snapshot), bundled());
    let ground = Ground { snapshot: &snapshot, pyramid: &pyramid, font: &font, style: POSTER };
    let many = vec![rows(&snapshot, 1)[0].clone(); MAX_ROWS + 1];
    let poster = |rows: Vec<UnitRow>| Poster {
        imprint: imprint("某区"),
        subtitle: String::new(),
        bounds: bounds(&snapshot),
        rows,
    };
    let page = Paper::A0.page(true);
    assert_eq!(ground.poster(page, &poster(many[1..].to_vec())).map(|_| ()), Ok(()), "the most there may be");
    assert_eq!(ground.poster(page, &poster(many)).map(|_| ()), Err(SheetFault::Rows));
    assert_eq!(ground.poster(page, &poster(Vec::new())).map(|_| ()), Err(SheetFault::Rows));
}

#[test]
fn the_same_sheet_has_the_same_bytes() {
    let (first, second) = (sheets(), sheets());
    for ((name, a), (_, b)) in
        first.iter().zip(&second).filter(|((name, _), _)| name.contains('4') || name.contains("80"))
    {
        for format in Format::ALL {
            let bytes = a.write(format, 72.0).expect("a page");
            assert!(bytes.len() > 1000, "{name} {format:?}");
            assert_eq!(bytes, b.write(format, 72.0).expect("a page"), "{name} {format:?}");
        }
    }
}

#[test]
fn pages_and_pictures_have_limits() {
    for (width, height, fits) in
        [(60.0, 60.0, true), (60.0, 180.0, true), (60.0, 181.0, false), (59.9, 60.0, false), (2000.1, 2000.0, false)]
    {
        assert_eq!(Page::new(width, height).is_ok(), fits, "{width} × {height}");
    }
    assert!(Page::new(f64::NAN, 100.0).is_err() && Page::new(100.0, f64::INFINITY).is_err());
    let page = Paper::A0.page(true);
    assert_eq!(page.pixels(300.0), Ok((14043, 9933)));
    assert!(matches!(page.pixels(400.0), Err(SheetFault::Pixels(..))));
    assert!(matches!(page.pixels(f64::NAN), Err(SheetFault::Dpi(_))));
}

/// Notices on every page, after a change.
fn notices(change: impl Fn(&mut Notice)) -> Vec<Scene> {
    let snapshot = snapshot(3, 12, 12, 4);
    let (pyramid, font) = (Pyramid::new(&snapshot), bundled());
    let ground = Ground { snapshot: &snapshot, pyramid: &pyramid, font: &font, style: DISTRICT };
    let mut notice = a_notice(&snapshot);
    change(&mut notice);
    let pages = [Paper::A3.page(true), Paper::A4.page(true), Paper::A3.page(false)];
    pages.into_iter().map(|page| ground.notice(page, &notice).expect("a notice")).collect()
}

#[test]
fn a_notice_says_the_sides_of_every_part_and_counts_those_it_does_not() {
    let all = |sheet: &Scene| sheet.texts().concat();
    for sheet in notices(|_| ()) {
        let texts = all(&sheet);
        for head in ["东至：", "北至：", "飞地一：", "飞地二：", "飞地三：", "另有 2 处飞地"] {
            assert_eq!(texts.matches(head).count(), 1, "{head}");
        }
        assert_eq!(texts.matches(EXCLAVE).count(), 3, "in full");
    }
    for sheet in notices(|notice| {
        notice.exclaves.truncate(1);
        notice.more_exclaves = 0;
    }) {
        let texts = all(&sheet);
        assert_eq!((texts.matches("飞地：").count(), texts.matches("飞地一").count()), (1, 0));
        assert!(!texts.contains("另有 1 处") && texts.contains(EXCLAVE));
    }
    // What has no room is counted, not left out.
    for sheet in notices(|notice| notice.exclaves = vec![EXCLAVE.repeat(6); 3]) {
        let texts = all(&sheet);
        let said = texts.matches(EXCLAVE).count() / 6;
        assert!(said < 3 && texts.contains(&format!("另有 {} 处飞地", 5 - said)), "{said}");
    }
    for sheet in notices(|notice| {
        notice.exclaves.clear();
        notice.more_exclaves = 0;
    }) {
        assert!(!all(&sheet).contains("飞地"));
    }
}

#[test]
fn a_notice_tells_officers_units_apart_and_says_when_there_are_none() {
    let names: Vec<String> = (0..24)
        .map(|i| {
            let (grid, micro) = (["第八网格(明德花园)", "第十一网格(富华名郡)", "第九网格"][i / 3 % 3], i % 3 + 1);
            format!(
                "{}{grid}{micro}号微网格{}",
                ["东闸社区", "王庄社区", "黄庄社区"][i / 9],
                if i == 4 { "(含飞地)" } else { "" }
            )
        })
        .collect();
    let whole = notices(|notice| {
        notice.officer = None;
        notice.specialists.clear();
        notice.exclaves.clear();
        notice.officers = names.iter().map(|name| helper(name)).collect();
    });
    for sheet in whole {
        let texts = sheet.texts();
        let said: Vec<&&str> = texts.iter().filter(|text| text.contains("号微网格")).collect();
        let different: std::collections::BTreeSet<_> = said.iter().collect();
        assert_eq!((said.len(), different.len()), (24, 24), "{said:?}");
        assert!(!texts.iter().any(|text| text.contains("无在任网格员")));
    }
    let nobody = notices(|notice| {
        notice.officer = None;
        notice.officers.clear();
    });
    for sheet in nobody {
        assert_eq!(sheet.texts().iter().filter(|text| text.starts_with("该日无在任网格员")).count(), 1);
    }
}

#[test]
fn a_notice_explains_the_line_around_its_unit() {
    for sheet in notices(|_| ()) {
        assert_eq!(sheet.texts().iter().filter(|text| **text == "本单元边界 · Boundary").count(), 1);
    }
}

fn rgb(png: &[u8]) -> (u32, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG");
    let mut data = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut data).expect("pixels");
    (info.width, data.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect())
}

#[test]
fn nothing_shines_through_where_areas_meet_and_bands_leave_no_trace() {
    let triangle = |corners: [(i32, i32); 3]| {
        let mut shape = Shape::new(Geometry::Polygon);
        shape.push(corners);
        shape
    };
    let square = |side: i32| Rect::new(0.0, 0.0, f64::from(side), f64::from(side)).shape();
    let mut scene = sheets().swap_remove(0).1;
    (scene.width, scene.height) = (steps(100.0), steps(100.0));
    let (s, red, green) = (steps(100.0), [255, 0, 0], [0, 255, 0]);
    let tiles = vec![(red, triangle([(0, 0), (s, 0), (s, s)])), (green, triangle([(0, 0), (s, s), (0, s)]))];
    scene.ops = vec![
        Op::Fill(Mosaic { tiles: vec![([0, 0, 255], square(100))], opacity: 255 }),
        Op::Fill(Mosaic { tiles, opacity: 255 }),
    ];
    // 1000 pixels high: three bands.
    let (width, pixels) = rgb(&scene.write(Format::Png, 254.0).expect("a picture"));
    assert_eq!((width, pixels.len()), (1000, 1_000_000));
    let blue = pixels.iter().filter(|p| p[2] > 0).count();
    assert_eq!(blue, 0, "of the ground under both");
    for y in [383_usize, 384, 767, 768] {
        assert_eq!((pixels[y * 1000 + 5], pixels[y * 1000 + 995]), (green, red), "row {y}");
    }
}
