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
const STRIP: f64 = 62.0;
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
    let frame = Rect::new(MARGIN + 6.0, BAND + 14.0, left - 12.0, strip.y - BAND - 14.0 - 12.0);
    let view = View::fitting(widened(notice.bounds), pen.on_paper(frame), PIXEL_MM * k);
    surroundings(&mut pen, source, &view, notice);
    furniture::neatline(&mut pen, frame, &view);
    corner(&mut pen, frame, &view);
    overview(&mut pen, source, Rect::new(strip.x, strip.y, 50.0, STRIP), notice);
    words(&mut pen, Rect::new(strip.x + 56.0, strip.y, left - 56.0, STRIP), notice);
    let right = Rect::new(w - MARGIN - RIGHT, BAND + 9.0, RIGHT, h - BAND - 9.0 - MARGIN);
    people(&mut pen, right, &view, notice);
    finished(pen, page, &notice.imprint, view.scale)
}

/// A box with a third of its size more around it: the unit in its surroundings.
fn widened([west, south, east, north]: Bounds) -> Bounds {
    let (across, up) = ((east - west) * 0.17, (north - south) * 0.17);
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
fn surroundings(pen: &mut Pen<'_>, source: Source<'_>, view: &View, notice: &Notice) {
    let chart = chart::draw(source, view, &[]);
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

/// Scale and north below the map's frame, on one line with its degrees.
fn corner(pen: &mut Pen<'_>, frame: Rect, view: &View) {
    let card = Rect::new(frame.x + 2.5, frame.bottom() - 14.5, 74.0, 12.0);
    pen.fill(card, [255, 255, 255, 225]);
    furniture::scale_bar(pen, (card.x + 3.0, card.y + 4.4), 42.0, view, INK);
    let north = Rect::new(frame.right() - 15.5, frame.y + 2.5, 13.0, 19.0);
    pen.fill(north, [255, 255, 255, 225]);
    furniture::north(pen, (north.x + 6.5, north.y + 1.5), 16.0, ACCENT);
}

/// Where in the district the unit lies.
fn overview(pen: &mut Pen<'_>, source: Source<'_>, box_: Rect, notice: &Notice) {
    section(pen, (box_.x, box_.y + 3.0), box_.w, "位置示意");
    let frame = Rect::new(box_.x, box_.y + 6.0, box_.w, box_.h - 6.0);
    let k = pen.enlarged;
    let view = View::fitting(notice.district, pen.on_paper(frame.inset(1.0)), OVERVIEW_PIXEL_MM * k);
    let view = View { frame: pen.on_paper(frame), ..view };
    let chart = chart::draw(source, &view, &[]);
    let mut inside = chart.ops;
    let land = chart::land(source, &view, &notice.level_key, &notice.code);
    inside.push(Op::Fill(Mosaic { tiles: vec![([RED[0], RED[1], RED[2]], land)], opacity: 255 }));
    let [west, south, east, north] = notice.bounds;
    let at = view.at(f64::midpoint(west, east), f64::midpoint(south, north));
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
    let mut y = box_.y + 6.5;
    let kind = Type::new(3.1, INK);
    for (side, what) in &notice.abuts {
        pen.text((box_.x, y + 3.8), Align::Left, Type::new(3.1, ACCENT).bold(), side);
        y = pen.paragraph((box_.x + 12.0, y), half - 12.0, kind, 1.5, what) + 1.6;
        if y > box_.bottom() - 6.0 {
            break;
        }
    }
    let x = box_.x + half + 8.0;
    section(pen, (x, box_.y + 3.0), half, "网格员职责");
    let mut y = box_.y + 6.5;
    for (i, duty) in notice.duties.iter().enumerate() {
        if y > box_.bottom() - 5.0 {
            break;
        }
        pen.text((x, y + 3.8), Align::Left, Type::new(3.1, ACCENT).bold(), &format!("{}.", i + 1));
        y = pen.paragraph((x + 4.6, y), half - 4.6, kind, 1.5, duty) + 1.0;
    }
}

/// The column of people and facts, the hotline at its foot.
fn people(pen: &mut Pen<'_>, box_: Rect, view: &View, notice: &Notice) {
    let Rect { x, w, .. } = box_;
    let mut y = facts(pen, box_, notice) + 8.0;
    let hotline = Rect::new(x, box_.bottom() - 36.0, w, 22.0);
    section(pen, (x, y), w, "网格员");
    y += 3.5;
    if let Some(officer) = &notice.officer {
        y = card(pen, Rect::new(x, y, w, 19.0), officer) + 3.0;
    }
    let left = |y: f64| hotline.y - 6.0 - y;
    let branch = if notice.branch.is_some() { 17.0 } else { 0.0 };
    let lines = notice.specialists.len().div_ceil(3) as f64 * 4.9 + 9.0;
    if !notice.officers.is_empty() {
        let most = ((left(y) - branch - lines) / 5.6).floor().max(2.0) as usize * 2;
        y = listed(pen, Rect::new(x, y, w, 5.6), &notice.officers, 2, most, 3.0) + 3.0;
    }
    if let Some(branch) = &notice.branch {
        section(pen, (x, y + 4.0), w, "党组织");
        pen.fitted((x, y + 11.0), Align::Left, Type::new(3.6, INK).bold(), w * 0.62, &branch.what);
        let secretary = format!("{} {}", branch.name, branch.phone);
        pen.fitted((x + w, y + 11.0), Align::Right, Type::new(3.1, SOFT), w * 0.36, secretary.trim());
        y += 14.0;
    }
    if !notice.specialists.is_empty() && left(y) > 16.0 {
        section(pen, (x, y + 4.0), w, "专业网格员");
        let most = ((left(y) - 7.0) / 4.9).floor().max(1.0) as usize * 3;
        listed(pen, Rect::new(x, y + 6.5, w, 4.9), &notice.specialists, 3, most, 2.45);
    }
    call(pen, hotline, notice);
    imprint(pen, Rect::new(x, hotline.bottom() + 3.0, w, 11.0), view, &notice.imprint);
}

/// What the unit is: code, units above, figures. Answers where it ends.
fn facts(pen: &mut Pen<'_>, box_: Rect, notice: &Notice) -> f64 {
    let Rect { x, y, w, .. } = box_;
    section(pen, (x, y + 3.0), w, "基本情况");
    let above: Vec<&str> = notice.chain.iter().rev().skip(1).rev().map(|(_, name)| name.as_str()).collect();
    let mut pairs = vec![("编码", notice.code.clone())];
    if !above.is_empty() {
        pairs.push(("所属", above.join(" ")));
    }
    pairs.push(("户数", format!("{} 户", furniture::grouped(f64::from(notice.households)))));
    pairs.push(("人口", format!("{} 人", furniture::grouped(f64::from(notice.population)))));
    pairs.push(("面积", square(notice.area_m2)));
    if let Some((count, name)) = &notice.parts {
        pairs.push(("下辖", format!("{count} 个{name}")));
    }
    let (half, row) = (w / 2.0, 6.6);
    for (i, (key, value)) in pairs.iter().enumerate() {
        let (left, top) = (x + (i % 2) as f64 * half, y + 6.5 + (i / 2) as f64 * row);
        if i % 2 == 0 {
            pen.fill(Rect::new(x, top, w, row - 0.8), CALM);
        }
        pen.text((left + 2.0, top + 4.1), Align::Left, Type::new(3.0, SOFT), key);
        pen.fitted((left + 11.5, top + 4.1), Align::Left, Type::new(3.2, INK).bold(), half - 13.0, value);
    }
    y + 6.5 + pairs.len().div_ceil(2) as f64 * row
}

/// The officer, to be read from across the street.
fn card(pen: &mut Pen<'_>, box_: Rect, officer: &Helper) -> f64 {
    pen.fill(box_, CALM);
    pen.fill(Rect::new(box_.x, box_.y, 1.6, box_.h), ACCENT);
    pen.fitted((box_.x + 6.0, box_.y + 12.6), Align::Left, Type::new(9.0, INK).bold(), box_.w * 0.4, &officer.name);
    pen.fitted((box_.right() - 5.0, box_.y + 12.4), Align::Right, Type::new(7.4, ACCENT).bold(), box_.w * 0.5, &officer.phone);
    box_.bottom()
}

/// Helpers in columns, row by row; those for whom there is no room are counted. Answers where they end.
fn listed(pen: &mut Pen<'_>, box_: Rect, helpers: &[Helper], columns: usize, most: usize, size: f64) -> f64 {
    let width = box_.w / columns as f64;
    let shown = if helpers.len() > most { most.saturating_sub(1) } else { helpers.len() };
    for (i, helper) in helpers.iter().take(shown).enumerate() {
        let (x, y) = (box_.x + (i % columns) as f64 * width, box_.y + (i / columns) as f64 * box_.h);
        let base = y + box_.h * 0.68;
        let (what, name) = (width * 0.34, width * 0.24);
        pen.fitted((x, base), Align::Left, Type::new(size, SOFT), what - 1.0, &helper.what);
        pen.fitted((x + what, base), Align::Left, Type::new(size, INK).bold(), name, &helper.name);
        pen.fitted((x + width - 3.0, base), Align::Right, Type::new(size, INK), width - what - name - 3.0, &helper.phone);
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
