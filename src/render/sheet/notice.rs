//! The public notice of a unit (网格公示牌): its boundary in its surroundings, who answers for it, what they do, whom to call.

use std::collections::BTreeSet;

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
    /// (东至：, what lies there) …, of the largest part.
    pub abuts: Vec<(String, String)>,
    /// The same of each other part (飞地), in one sentence, and how many parts there are beside these.
    pub exclaves: Vec<String>,
    pub more_exclaves: usize,
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
        Rect::new(frame.x + 2.5, frame.bottom() - 20.5, 60.0, 18.0),
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

/// Legend, scale and north in the corners of the map, on cards that names keep away from.
fn corner(pen: &mut Pen<'_>, [scale, north]: [Rect; 2], view: &View) {
    for card in [scale, north] {
        pen.fill(card, WHITE);
        pen.frame(card, 0.2, HAIR);
    }
    let boundary = standing_out(&furniture::sample_line(pen.enlarged), view);
    furniture::sampled_line(pen, (scale.x + 3.5, scale.y + 1.8), scale.w - 5.0, "本单元边界 · Boundary", boundary);
    furniture::scale_bar(pen, (scale.x + 3.5, scale.y + 10.3), 40.0, view, INK);
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
    sides(pen, Rect::new(box_.x, box_.y + 7.0, half, box_.h - 7.0), notice);
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

/// Letters of the boundary in words and the room after each of its items: from what reads best to what can still be read.
const SETTINGS: [(f64, f64); 7] = [(3.5, 2.4), (3.3, 1.8), (3.1, 1.4), (2.9, 1.0), (2.7, 0.8), (2.5, 0.6), SMALLEST];
const SMALLEST: (f64, f64) = (2.3, 0.4);
const LEADING: f64 = 1.5;

/// The sides of every part, in the largest letters in which all are said; parts for which there is no room even in the smallest are counted.
fn sides(pen: &mut Pen<'_>, box_: Rect, notice: &Notice) {
    let indent = |pen: &Pen<'_>, said: &[(String, String)], size: f64| {
        said.iter().map(|(head, _)| pen.measure(head, size)).fold(0.0, f64::max) + size * 0.7
    };
    let fits = |said: &[(String, String)], (size, gap): (f64, f64)| {
        let room = box_.w - indent(pen, said, size);
        let lines: usize = said.iter().map(|(_, what)| pen.lines(what, size, room).len()).sum();
        lines as f64 * size * LEADING + (said.len() as f64 - 1.0) * gap <= box_.h
    };
    let setting = |shown: usize| {
        let said = said_of(notice, shown);
        SETTINGS.into_iter().find(|setting| fits(&said, *setting)).map(|setting| (said, setting))
    };
    let found = (0..=notice.exclaves.len()).rev().find_map(setting);
    let (said, (size, gap)) = found.unwrap_or_else(|| (said_of(notice, 0), SMALLEST));
    let indent = indent(pen, &said, size);
    let mut y = box_.y;
    for (head, what) in &said {
        // Only names of hundreds of characters come here.
        if y + size * LEADING > box_.bottom() {
            break;
        }
        let baseline = y + size * (LEADING / 2.0 + 0.38);
        pen.text((box_.x, baseline), Align::Left, Type::new(size, ACCENT).bold(), head);
        y = pen.paragraph((box_.x + indent, y), box_.w - indent, Type::new(size, INK), LEADING, what) + gap;
    }
}

/// What is said of the boundary: (东至：, what lies there) …, then so many other parts (飞地), then how many more there are.
fn said_of(notice: &Notice, shown: usize) -> Vec<(String, String)> {
    let all = notice.exclaves.len() + notice.more_exclaves;
    let head = |i: usize| match ["一", "二", "三"].get(i) {
        Some(number) if all > 1 => format!("飞地{number}："),
        _ if all > 1 => format!("飞地{}：", i + 1),
        _ => "飞地：".to_owned(),
    };
    let mut said = notice.abuts.clone();
    said.extend(notice.exclaves.iter().take(shown).enumerate().map(|(i, sides)| (head(i), sides.clone())));
    let more = all - shown.min(notice.exclaves.len());
    if more > 0 {
        said.push((String::new(), format!("另有 {more} 处飞地，四至见图")));
    }
    said
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
    } else if notice.officers.is_empty() {
        pen.fitted((x + 2.6, y + 4.6), Align::Left, Type::new(3.8, RED).bold(), w - 2.6, NOBODY);
        y += 9.0;
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

/// Said where no term of an officer holds on the day of the notice: an empty heading would look like a fault of print.
const NOBODY: &str = "该日无在任网格员 · no officer in post on this day";

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
    if !officer.what.is_empty() {
        let whose = format!("由{}网格员负责", officer.what);
        pen.fitted((box_.x + 6.0, box_.y + 5.0), Align::Left, Type::new(3.1, SOFT), box_.w - 11.0, &whose);
    }
    let kind = Type::new(size * 0.84, ACCENT).bold();
    pen.fitted((box_.right() - 5.0, base), Align::Right, kind, box_.w * 0.52, &officer.phone);
    box_.bottom()
}

/// Helpers in columns, row by row; those for whom there is no room are counted. Answers where they end.
fn listed(pen: &mut Pen<'_>, box_: Rect, helpers: &[Helper], columns: usize, most: usize, size: f64) -> f64 {
    let width = box_.w / columns as f64;
    let shown = if helpers.len() > most { most.saturating_sub(1) } else { helpers.len() };
    let gap = if columns == 2 { 7.0 } else { 3.5 };
    let listed = helpers.get(..shown).unwrap_or(helpers);
    let Columns { size, called, what, name } = columns_of(pen, listed, width - gap, size);
    for (i, (helper, called)) in listed.iter().zip(&called).enumerate() {
        let (x, y) = (box_.x + (i % columns) as f64 * width, box_.y + (i / columns) as f64 * box_.h);
        let base = y + box_.h * 0.68;
        pen.fitted_end((x, base), Align::Left, Type::new(size, SOFT), what - 1.0, called);
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

/// How a list of helpers is set: its letters, what it calls the units, and the widths of those and of the names of people.
struct Columns {
    size: f64,
    called: Vec<String>,
    what: f64,
    name: f64,
}

/// Letters become so much smaller before a name is cut, but no smaller than can be read.
const SHRINKING: [f64; 4] = [1.0, 0.9, 0.8, 0.7];
const LEAST_LETTERS: f64 = 2.2;

/// People and numbers take what they need, units have the rest: their names are the longest. These are set whole, or else without what stands in
/// brackets, or else smaller; only then the pen cuts them.
fn columns_of(pen: &Pen<'_>, helpers: &[Helper], width: f64, largest: f64) -> Columns {
    let units: Vec<&str> = helpers.iter().map(|helper| helper.what.as_str()).collect();
    let set = |size: f64| {
        let longest =
            |of: fn(&Helper) -> &str| helpers.iter().map(|helper| pen.measure(of(helper), size)).fold(0.0, f64::max);
        let phone = longest(|helper| helper.phone.as_str()).min(width * 0.45);
        let name = (longest(|helper| helper.name.as_str()) + 1.5).min(width * 0.28);
        let rest = width - phone - name - 1.0;
        let fits = |unit: &str| pen.fits(unit, size, rest - 1.0);
        let called = told_apart(&units, fits);
        let whole = called.iter().all(|unit| fits(unit));
        let what = called.iter().map(|unit| pen.measure(unit, size) + 1.0).fold(width * 0.36, f64::max).min(rest);
        (whole, Columns { size, called, what, name })
    };
    let sizes = SHRINKING.into_iter().map(|share| largest * share).filter(|size| *size >= LEAST_LETTERS);
    sizes.map(set).find(|(whole, _)| *whole).map_or_else(|| set(largest.min(LEAST_LETTERS)).1, |(_, columns)| columns)
}

/// What a list calls its units: their names or, where one has no room, all of them without what stands in brackets – so long as this leaves as
/// many different ones. 第八网格(明德花园)1号微网格 and …2号微网格 are told apart by their ends.
fn told_apart(names: &[&str], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let whole: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    if names.iter().all(|name| fits(name)) {
        return whole;
    }
    let shorter: Vec<String> = names.iter().map(|name| unbracketed(name)).collect();
    let different = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len();
    if different(&shorter) == different(&whole) { shorter } else { whole }
}

/// Without what stands in brackets; the whole name when nothing else is in it, or a bracket has no other.
fn unbracketed(name: &str) -> String {
    let mut depth = 0_i32;
    let mut kept = String::new();
    for c in name.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth -= 1,
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
        if depth < 0 {
            return name.to_owned();
        }
    }
    if depth != 0 || kept.trim().is_empty() { name.to_owned() } else { kept }
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
