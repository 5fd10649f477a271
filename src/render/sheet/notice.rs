//! The public notice of a unit (网格公示牌): its boundary in its surroundings, who answers for it, what they do, whom to call.

use super::chart::{self, Source};
use super::furniture::{self, HAIR, INK, SOFT, WHITE};
use super::pen::{Align, Pen, Type};
use super::plan::{ACCENT, finished, reference, said, section, standing_out};
use super::scene::{Colour, Mosaic, Op, Rect, Scene, steps};
use super::table::square;
use super::view::{Bounds, View};
use super::{Ground, Imprint, Page};
use crate::render::style::Style;
use crate::tile::feature::{Geometry, Shape};

/// Designed for A3, lying, and set smaller or larger as a whole.
const WIDE_MM: f64 = 420.0;
const HIGH_MM: f64 = 297.0;
const MARGIN: f64 = 12.0;
const BAND: f64 = 27.0;
const RIGHT: f64 = 144.0;
const STRIP: f64 = 63.0;
const PIXEL_MM: f64 = 0.25;
const OVERVIEW_PIXEL_MM: f64 = 0.18;
const CALM: Colour = [0xf3, 0xf5, 0xfa, 255];
const RED: Colour = [0xb8, 0x22, 0x28, 255];

/// Somebody with what he answers for, as this reader may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    pub what: String,
    pub name: String,
    pub phone: String,
}

/// A notice to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub imprint: Imprint,
    /// The key of the unit's level, and its code.
    pub level_key: String,
    pub code: String,
    /// (name of the level, name of the unit), top first, the unit itself last.
    pub chain: Vec<(String, String)>,
    /// The unit's box and the district's, in degrees.
    pub bounds: Bounds,
    pub district: Bounds,
    pub households: u32,
    pub population: u32,
    pub area_m2: f64,
    /// How many units of the level below, and that level's name.
    pub parts: Option<(u32, String)>,
    pub officer: Option<Helper>,
    /// Officers of the units below, where the unit has none of its own.
    pub officers: Vec<Helper>,
    pub branch: Option<Helper>,
    pub specialists: Vec<Helper>,
    /// (东至, what lies there) …
    pub abuts: Vec<(String, String)>,
    pub duties: Vec<String>,
    /// Name and number.
    pub hotline: (String, String),
}

pub(super) fn draw(ground: Ground<'_>, style: &Style, page: Page, notice: &Notice) -> Scene {
    let k = (page.width_mm() / WIDE_MM).min(page.height_mm() / HIGH_MM);
    let (w, h) = (page.width_mm() / k, page.height_mm() / k);
    let mut pen = Pen::new(ground.font, k);
    let source = Source { snapshot: ground.snapshot, pyramid: ground.pyramid, font: ground.font, style };
    band(&mut pen, w, notice);
    let left = w - 2.0 * MARGIN - RIGHT - 8.0;
    let strip = Rect::new(MARGIN, h - MARGIN - STRIP, left, STRIP);
    let frame = Rect::new(MARGIN + 9.5, BAND + 14.0, left - 19.0, strip.y - BAND - 14.0 - 11.0);
    let view = View::fitting(widened(notice.bounds, notice.parts.is_none()), pen.on_paper(frame), PIXEL_MM * k);
    let cards = [
        Rect::new(frame.x + 2.5, frame.bottom() - 15.0, 60.0, 12.5),
        Rect::new(frame.right() - 15.5, frame.y + 2.5, 13.0, 19.0),
    ];
    surroundings(&mut pen, source, &view, notice, &cards);
    furniture::neatline(&mut pen, frame, &view);
    corner(&mut pen, cards, &view);
    overview(&mut pen, source, Rect::new(strip.x, strip.y, 50.0, STRIP), notice);
    words(&mut pen, Rect::new(strip.x + 56.0, strip.y, left - 56.0, STRIP), notice);
    let right = Rect::new(w - MARGIN - RIGHT, BAND + 9.0, RIGHT, h - BAND - 9.0 - MARGIN);
    people(&mut pen, right, &view, notice);
    finished(pen, page, &notice.imprint, view.scale)
}

/// The unit in its surroundings: a box with a sixth of its size more on every side; around the smallest units nearly half.
fn widened([west, south, east, north]: Bounds, smallest: bool) -> Bounds {
    let share = if smallest { 0.45 } else { 0.17 };
    let (across, up) = ((east - west) * share, (north - south) * share);
    [west - across, south - up, east + across, north + up]
}

fn band(pen: &mut Pen<'_>, w: f64, notice: &Notice) {
    pen.fill(Rect::new(0.0, 0.0, w, BAND), ACCENT);
    pen.fill(Rect::new(0.0, BAND, w, 1.2), [0xd9, 0xa6, 0x3a, 255]);
    let mark = &notice.imprint.mark;
    let mut right = w - MARGIN;
    if !mark.is_empty() {
        let width = pen.measure(mark, 4.0) + 6.0;
        let chip = Rect::new(right - width, 9.5, width, 8.0);
        pen.fill(chip, WHITE);
        pen.text((chip.x + width / 2.0, 15.0), Align::Middle, Type::new(4.0, RED).bold(), mark);
        right = chip.x - 6.0;
    }
    let title = Type::new(11.5, WHITE).bold();
    pen.fitted((MARGIN, 18.2), Align::Left, title, right - MARGIN, &notice.imprint.title);
}

/// The map, with what is not the unit's paler, and the unit's boundary over it.
fn surroundings(pen: &mut Pen<'_>, source: Source<'_>, view: &View, notice: &Notice, cards: &[Rect]) {
    let taken: Vec<Rect> = cards.iter().map(|card| pen.on_paper(*card)).collect();
    let chart = chart::draw(source, view, &taken);
    let land = chart::land(source, view, &notice.level_key, &notice.code);
    let mut inside = chart.ops;
    let mut around = view.frame.inset(-4.0).shape();
    for part in land.parts() {
        around.push(part.iter().rev().copied());
    }
    inside.push(Op::Fill(Mosaic { tiles: vec![([255, 255, 255], around)], opacity: 128 }));
    inside.extend(standing_out(&land, view));
    inside.extend(chart.names);
    pen.ops.push(Op::Clip(edges(view.frame), inside));
}

fn edges(frame: Rect) -> [i32; 4] {
    [steps(frame.x), steps(frame.y), steps(frame.right()), steps(frame.bottom())]
}

/// Scale and north in the corners of the map, on cards that names keep away from.
fn corner(pen: &mut Pen<'_>, [scale, north]: [Rect; 2], view: &View) {
    for card in [scale, north] {
        pen.fill(card, WHITE);
        pen.frame(card, 0.2, HAIR);
    }
    furniture::scale_bar(pen, (scale.x + 3.5, scale.y + 4.8), 40.0, view, INK);
    furniture::north(pen, (north.x + north.w / 2.0, north.y + 1.2), 16.0, ACCENT);
}

/// Where in the district the unit lies.
fn overview(pen: &mut Pen<'_>, source: Source<'_>, box_: Rect, notice: &Notice) {
    section(pen, (box_.x, box_.y + 3.0), box_.w, "位置示意");
    let frame = Rect::new(box_.x, box_.y + 6.0, box_.w, box_.h - 6.0);
    let k = pen.enlarged;
    let view = View::fitting(notice.district, pen.on_paper(frame.inset(1.0)), OVERVIEW_PIXEL_MM * k);
    let view = View { frame: pen.on_paper(frame), ..view };
    let [west, south, east, north] = notice.bounds;
    let at = view.at(f64::midpoint(west, east), f64::midpoint(south, north));
    let marked = Rect::new(at.0 - 3.0 * k, at.1 - 3.0 * k, 6.0 * k, 6.0 * k);
    let chart = chart::draw(source, &view, &[marked]);
    let mut inside = chart.ops;
    let land = chart::land(source, &view, &notice.level_key, &notice.code);
    inside.push(Op::Fill(Mosaic { tiles: vec![([RED[0], RED[1], RED[2]], land)], opacity: 255 }));
    let ring = |radius: f64| {
        let mut shape = Shape::new(Geometry::Polygon);
        let point = |i: u32| {
            let turn = f64::from(i) / 48.0 * std::f64::consts::TAU;
            (steps(at.0 + radius * turn.cos()), steps(at.1 + radius * turn.sin()))
        };
        shape.push((0..48).map(point));
        shape
    };
    inside.extend(chart.names);
    for op in standing_out(&ring(2.6 * k), &view).into_iter().skip(1) {
        inside.push(op);
    }
    pen.ops.push(Op::Clip(edges(view.frame), inside));
    pen.frame(frame, 0.3, INK);
}

/// The boundary in words, and what an officer does.
fn words(pen: &mut Pen<'_>, box_: Rect, notice: &Notice) {
    let half = (box_.w - 8.0) / 2.0;
    section(pen, (box_.x, box_.y + 3.0), half, "四至范围");
    let mut y = box_.y + 7.0;
    let kind = Type::new(3.5, INK);
    for (side, what) in &notice.abuts {
        pen.text((box_.x, y + 4.0), Align::Left, Type::new(3.5, ACCENT).bold(), side);
        y = pen.paragraph((box_.x + 13.0, y), half - 13.0, kind, 1.5, what) + 2.4;
        if y > box_.bottom() - 6.0 {
            break;
        }
    }
    let x = box_.x + half + 8.0;
    section(pen, (x, box_.y + 3.0), half, "网格员职责");
    let mut y = box_.y + 7.0;
    let kind = Type::new(3.3, INK);
    for (i, duty) in notice.duties.iter().enumerate() {
        if y > box_.bottom() - 5.0 {
            break;
        }
        pen.text((x, y + 3.75), Align::Left, Type::new(3.3, ACCENT).bold(), &format!("{}.", i + 1));
        y = pen.paragraph((x + 5.0, y), half - 5.0, kind, 1.45, duty) + 1.5;
    }
}

/// The column of people and facts, the hotline at its foot.
fn people(pen: &mut Pen<'_>, box_: Rect, view: &View, notice: &Notice) {
    let Rect { x, w, .. } = box_;
    let hotline = Rect::new(x, box_.bottom() - 35.0, w, 22.0);
    let mut y = facts(pen, box_, notice) + 7.0;
    section(pen, (x, y), w, "网格员");
    y += 3.5;
    if let Some(officer) = &notice.officer {
        let high = if notice.parts.is_none() { 27.0 } else { 19.0 };
        y = card(pen, Rect::new(x, y, w, high), officer) + 4.0;
    }
    let branch = if notice.branch.is_some() { 18.0 } else { 0.0 };
    let head = if notice.specialists.is_empty() { 0.0 } else { 8.5 };
    let (officers, specialists) = (notice.officers.len().div_ceil(2), notice.specialists.len().div_ceil(3));
    // Rows share what room there is: as large as reads well, and no smaller than can be read.
    let room = hotline.y - 5.0 - y - branch - head - 3.0;
    let row = (room / (officers as f64 * 1.15 + specialists as f64).max(1.0))
        .clamp(4.4, if officers == 0 { 9.4 } else { 7.8 });
    if !notice.officers.is_empty() {
        let most = ((room - specialists as f64 * row) / (row * 1.15)).floor().max(2.0) as usize * 2;
        y = listed(pen, Rect::new(x, y, w, row * 1.15), &notice.officers, 2, most, (row * 0.56).min(3.7)) + 3.0;
    }
    if let Some(branch) = &notice.branch {
        section(pen, (x, y + 4.0), w, "党组织");
        pen.fitted((x, y + 11.6), Align::Left, Type::new(3.8, INK).bold(), w * 0.6, &branch.what);
        let secretary = format!("{} {}", branch.name, branch.phone);
        pen.fitted((x + w, y + 11.6), Align::Right, Type::new(3.3, INK), w * 0.38, secretary.trim());
        y += 15.0;
    }
    let left = hotline.y - 5.0 - y - head;
    if !notice.specialists.is_empty() && left >= row {
        section(pen, (x, y + 4.0), w, "专业网格员");
        let most = (left / row).floor().max(1.0) as usize * 3;
        listed(pen, Rect::new(x, y + 7.0, w, row), &notice.specialists, 3, most, (row * 0.45).clamp(2.2, 3.05));
    }
    call(pen, hotline, notice);
    imprint(pen, Rect::new(x, hotline.bottom() + 2.5, w, 10.0), view, &notice.imprint);
}

/// What the unit is: code, units above, figures. Answers where it ends.
fn facts(pen: &mut Pen<'_>, box_: Rect, notice: &Notice) -> f64 {
    let Rect { x, y, w, .. } = box_;
    section(pen, (x, y + 3.0), w, "基本情况");
    let before = pen.ops.len();
    let (half, row) = (w / 2.0, 6.8);
    let mut top = y + 6.5;
    let above: Vec<&str> = notice.chain.iter().rev().skip(1).rev().map(|(_, name)| name.as_str()).collect();
    let mut pair = |left: f64, top: f64, room: f64, key: &str, value: &str| {
        pen.text((left + 2.0, top + 4.2), Align::Left, Type::new(3.1, SOFT), key);
        pen.fitted((left + 11.5, top + 4.2), Align::Left, Type::new(3.3, INK).bold(), room - 13.0, value);
    };
    let figures = [
        ("编码", notice.code.clone()),
        ("面积", square(notice.area_m2)),
        ("户数", format!("{} 户", furniture::grouped(f64::from(notice.households)))),
        ("人口", format!("{} 人", furniture::grouped(f64::from(notice.population)))),
    ];
    let mut lines: Vec<Vec<(&str, String)>> = figures.chunks(2).map(<[_]>::to_vec).collect();
    if !above.is_empty() {
        lines.insert(1, vec![("所属", above.join(" · "))]);
    }
    lines.extend(notice.parts.iter().map(|(count, name)| vec![("下辖", format!("{count} 个{name}"))]));
    for line in &lines {
        let room = if line.len() == 1 { w } else { half };
        for (i, (key, value)) in line.iter().enumerate() {
            pair(x + half * i as f64, top, room, key, value);
        }
        top += row;
    }
    // Drawn last, below: bands of the lines.
    let bands = (0..lines.len()).step_by(2).map(|i| Rect::new(x, y + 6.5 + row * i as f64, w, row));
    let words = pen.ops.split_off(before);
    bands.for_each(|band| pen.fill(band, CALM));
    pen.ops.extend(words);
    top
}

/// The officer, to be read from across the street.
fn card(pen: &mut Pen<'_>, box_: Rect, officer: &Helper) -> f64 {
    pen.fill(box_, CALM);
    pen.fill(Rect::new(box_.x, box_.y, 1.6, box_.h), ACCENT);
    let size = box_.h * 0.46;
    let base = box_.y + box_.h / 2.0 + size * 0.37;
    pen.fitted((box_.x + 6.0, base), Align::Left, Type::new(size, INK).bold(), box_.w * 0.4, &officer.name);
    let kind = Type::new(size * 0.84, ACCENT).bold();
    pen.fitted((box_.right() - 5.0, base), Align::Right, kind, box_.w * 0.52, &officer.phone);
    box_.bottom()
}

/// Helpers in columns, row by row; those for whom there is no room are counted. Answers where they end.
fn listed(pen: &mut Pen<'_>, box_: Rect, helpers: &[Helper], columns: usize, most: usize, size: f64) -> f64 {
    let width = box_.w / columns as f64;
    let shown = if helpers.len() > most { most.saturating_sub(1) } else { helpers.len() };
    for (i, helper) in helpers.iter().take(shown).enumerate() {
        let (x, y) = (box_.x + (i % columns) as f64 * width, box_.y + (i / columns) as f64 * box_.h);
        let base = y + box_.h * 0.68;
        let gap = if columns == 2 { 7.0 } else { 3.5 };
        let (what, name) = (width * 0.33, width * 0.22);
        pen.fitted((x, base), Align::Left, Type::new(size, SOFT), what - 1.0, &helper.what);
        pen.fitted((x + what, base), Align::Left, Type::new(size, INK).bold(), name, &helper.name);
        pen.fitted(
            (x + width - gap, base),
            Align::Right,
            Type::new(size, INK),
            width - what - name - gap,
            &helper.phone,
        );
        if i % columns == 0 {
            pen.line((box_.x, y + box_.h), (box_.right(), y + box_.h), 0.12, HAIR);
        }
    }
    if shown < helpers.len() {
        let (x, y) = (box_.x + (shown % columns) as f64 * width, box_.y + (shown / columns) as f64 * box_.h);
        let words = format!("另有 {} 人", helpers.len() - shown);
        pen.text((x, y + box_.h * 0.68), Align::Left, Type::new(size, SOFT), &words);
    }
    box_.y + shown.max(1).div_ceil(columns) as f64 * box_.h
}

fn call(pen: &mut Pen<'_>, box_: Rect, notice: &Notice) {
    pen.fill(box_, RED);
    let (name, number) = &notice.hotline;
    let middle = box_.y + box_.h / 2.0;
    pen.fitted((box_.x + 6.0, middle + 2.0), Align::Left, Type::new(5.4, WHITE).bold(), box_.w * 0.56, name);
    pen.text((box_.right() - 6.0, middle + 5.0), Align::Right, Type::new(14.5, WHITE).bold(), number);
}

fn imprint(pen: &mut Pen<'_>, box_: Rect, view: &View, imprint: &Imprint) {
    let first = format!("公示：{}　{}　{}", imprint.issuer, said(imprint.day), imprint.version);
    let kind = Type::new(2.5, SOFT);
    pen.fitted((box_.x, box_.y + 3.4), Align::Left, kind, box_.w, &first);
    pen.fitted((box_.x, box_.y + 7.6), Align::Left, kind, box_.w, &reference(view));
}
