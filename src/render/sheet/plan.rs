//! A map of any box: title above, map in the middle, and beside it (or below, on upright pages) what one needs to read it.

use super::chart::{self, Chart, Source};
use super::furniture::{self, DEGREES_MM, HAIR, INK, SOFT, WHITE};
use super::pen::{Align, Pen, Type};
use super::scene::{Colour, Op, Rect, Scene, steps};
use super::table::{self, Column, Setting, UnitRow};
use super::view::{Bounds, View};
use super::{Ground, Imprint, Page};
use crate::render::style::Style;

pub(super) const ACCENT: Colour = [0x2f, 0x3e, 0x78, 255];
const MARGIN: f64 = 11.0;
/// Below this width of the design there is no column beside the map.
const NARROW: f64 = 230.0;
/// Of the column beside the map: the most, and the most of the page's width.
const BESIDE: f64 = 92.0;
const BESIDE_SHARE: f64 = 0.32;
const BELOW: f64 = 74.0;

/// A map sheet to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub imprint: Imprint,
    /// Under the title; may be empty.
    pub subtitle: String,
    /// What must be in the frame, in degrees; west < east, south < north.
    pub bounds: Bounds,
    /// A unit whose boundary stands out: its level's key and its code.
    pub unit: Option<(String, String)>,
    /// The units to be listed where there is room for all of them.
    pub rows: Vec<UnitRow>,
    /// How large a logical pixel of the style is, in millimetres.
    pub pixel_mm: f64,
    /// Letters are not set smaller than this many times their size on A3.
    pub least_enlarged: f64,
}

/// How much larger than on A3 things are drawn.
fn enlarged(page: Page, least: f64) -> f64 {
    (page.width_mm() * page.height_mm() / (420.0 * 297.0)).sqrt().clamp(least, 3.0)
}

struct Layout {
    frame: Rect,
    panel: Rect,
    beside: bool,
}

fn layout(w: f64, h: f64) -> Layout {
    let top = MARGIN + 17.0;
    let degrees = DEGREES_MM;
    if w >= h && w >= NARROW {
        let beside = BESIDE.min(w * BESIDE_SHARE);
        let panel = Rect::new(w - MARGIN - beside, top, beside, h - top - MARGIN);
        let frame = Rect::new(MARGIN + degrees, top + 5.5, panel.x - MARGIN - 2.0 * degrees - 3.0, 0.0);
        return Layout { frame: Rect { h: h - MARGIN - 5.5 - frame.y, ..frame }, panel, beside: true };
    }
    let panel = Rect::new(MARGIN, h - MARGIN - BELOW, w - 2.0 * MARGIN, BELOW);
    let frame = Rect::new(MARGIN + degrees, top + 5.5, w - 2.0 * (MARGIN + degrees), 0.0);
    Layout { frame: Rect { h: panel.y - 9.0 - frame.y, ..frame }, panel, beside: false }
}

pub(super) fn draw(ground: Ground<'_>, style: &Style, page: Page, plan: &Plan) -> Scene {
    let k = enlarged(page, plan.least_enlarged);
    let (w, h) = (page.width_mm() / k, page.height_mm() / k);
    let Layout { frame, panel, beside } = layout(w, h);
    let mut pen = Pen::new(ground.font, k);
    let source = Source { snapshot: ground.snapshot, pyramid: ground.pyramid, font: ground.font, style };
    let view = View::fitting(plan.bounds, pen.on_paper(frame), plan.pixel_mm);
    let chart = chart::draw(source, &view, &[]);
    heading(&mut pen, w, &plan.imprint, &plan.subtitle);
    print(&mut pen, source, &view, &chart, plan.unit.as_ref());
    furniture::neatline(&mut pen, frame, &view);
    if beside {
        column(&mut pen, source, &view, &chart, panel, plan);
    } else {
        foot(&mut pen, source, &view, &chart, panel, plan);
    }
    finished(pen, page, &plan.imprint, view.scale)
}

/// Title, subtitle, mark, and a rule under them.
pub(super) fn heading(pen: &mut Pen<'_>, w: f64, imprint: &Imprint, subtitle: &str) {
    let left = furniture::mark(pen, (w - MARGIN, MARGIN + 1.5), 3.6, &imprint.mark);
    let title = Type::new(8.4, ACCENT).bold();
    let width = pen.fitted((MARGIN, MARGIN + 8.2), Align::Left, title, left - MARGIN - 6.0, &imprint.title);
    let rest = left - MARGIN - width - 10.0;
    if !subtitle.is_empty() && rest > pen.measure(subtitle, 3.4) * 0.8 {
        pen.fitted((MARGIN + width + 5.0, MARGIN + 8.0), Align::Left, Type::new(3.4, SOFT), rest, subtitle);
    }
    pen.fill(Rect::new(MARGIN, MARGIN + 12.2, w - 2.0 * MARGIN, 0.9), ACCENT);
}

/// The map in its frame, with a unit's boundary over it, and the names over both.
pub(super) fn print(
    pen: &mut Pen<'_>,
    source: Source<'_>,
    view: &View,
    chart: &Chart,
    unit: Option<&(String, String)>,
) {
    let mut inside = chart.ops.clone();
    if let Some((level, code)) = unit {
        let land = chart::land(source, view, level, code);
        inside.extend(standing_out(&land, view));
    }
    inside.extend(chart.names.iter().cloned());
    let frame = view.frame;
    let clip = [steps(frame.x), steps(frame.y), steps(frame.right()), steps(frame.bottom())];
    pen.ops.push(Op::Clip(clip, inside));
}

/// A broad pale line under a firm one.
pub(super) fn standing_out(land: &crate::tile::feature::Shape, view: &View) -> Vec<Op> {
    use super::scene::{Bend, PER_MM, Stroke};
    let line = |px: f64, colour: Colour| {
        Op::Stroke(Stroke {
            path: land.clone(),
            colour,
            width: px * view.pixel_mm * PER_MM,
            dashes: Vec::new(),
            cap: Bend::Round,
            join: Bend::Round,
        })
    };
    if land.is_empty() {
        Vec::new()
    } else {
        vec![line(9.0, [0xd6, 0x2f, 0x2f, 60]), line(2.6, [0xc8, 0x1e, 0x1e, 255])]
    }
}

/// The column beside the map.
fn column(pen: &mut Pen<'_>, source: Source<'_>, view: &View, chart: &Chart, panel: Rect, plan: &Plan) {
    let Rect { x, y, w, .. } = panel;
    furniture::north(pen, (x + w - 7.0, y), 16.0, ACCENT);
    furniture::scale_bar(pen, (x, y + 5.0), w - 34.0, view, INK);
    let below = imprint(pen, Rect::new(x, panel.bottom() - IMPRINT_MM, w, IMPRINT_MM), view, plan);
    section(pen, (x, y + 21.0), w, "图例");
    let legend = Rect::new(x, y + 25.0, w, below - y - 28.0);
    let end = furniture::legend(pen, (source, view, chart), outlined(plan, view, pen.enlarged), legend, 2);
    listed(pen, Rect::new(x, end + 5.0, w, below - end - 8.0), plan);
}

/// What a legend says of the boundary that stands out.
fn outlined(plan: &Plan, view: &View, k: f64) -> Vec<(String, Vec<Op>)> {
    let sample = || ("本网格界".to_owned(), standing_out(&furniture::sample_line(k), view));
    plan.unit.iter().map(|_| sample()).collect()
}

/// The strip below the map of an upright page.
fn foot(pen: &mut Pen<'_>, source: Source<'_>, view: &View, chart: &Chart, panel: Rect, plan: &Plan) {
    let Rect { x, y, w, .. } = panel;
    let side = (w * 0.4).min(92.0);
    furniture::north(pen, (x + side - 6.0, y), 15.0, ACCENT);
    furniture::scale_bar(pen, (x, y + 5.0), side - 32.0, view, INK);
    section(pen, (x, y + 19.0), side, "图例");
    let legend = Rect::new(x, y + 23.0, side, panel.h - 23.0);
    furniture::legend(pen, (source, view, chart), outlined(plan, view, pen.enlarged), legend, 2);
    let right = Rect::new(x + side + 7.0, y, w - side - 7.0, panel.h);
    let below = imprint(pen, Rect::new(right.x, panel.bottom() - IMPRINT_MM, right.w, IMPRINT_MM), view, plan);
    listed(pen, Rect { h: below - y - 3.0, ..right }, plan);
}

/// A heading within a column.
pub(super) fn section(pen: &mut Pen<'_>, (x, y): (f64, f64), w: f64, words: &str) {
    pen.fill(Rect::new(x, y - 2.9, 1.1, 3.4), ACCENT);
    let width = pen.text((x + 2.6, y), Align::Left, Type::new(3.5, ACCENT).bold(), words);
    pen.line((x + width + 5.0, y - 1.2), (x + w, y - 1.2), 0.18, HAIR);
}

const IMPRINT_MM: f64 = 23.0;

/// Who issues the sheet, when, from which version, in which system. Answers where it begins.
fn imprint(pen: &mut Pen<'_>, box_: Rect, view: &View, plan: &Plan) -> f64 {
    let Imprint { issuer, day, version, .. } = &plan.imprint;
    let lines =
        [format!("编制：{issuer}"), format!("日期：{}", said(*day)), format!("版本：{version}"), reference(view)];
    pen.line((box_.x, box_.y), (box_.right(), box_.y), 0.25, HAIR);
    let kind = Type::new(2.7, SOFT);
    for (i, line) in lines.iter().enumerate() {
        pen.fitted((box_.x, box_.y + 5.0 + 4.5 * i as f64), Align::Left, kind, box_.w, line);
    }
    box_.y
}

/// The system of coordinates and how it is drawn.
pub(super) fn reference(view: &View) -> String {
    let minutes = (view.latitude.abs() * 60.0).round() as u32;
    let side = if view.latitude < 0.0 { "S" } else { "N" };
    format!("坐标系：CGCS2000；墨卡托投影，标准纬线 {}°{:02}′{side}", minutes / 60, minutes % 60)
}

/// A day in Chinese.
pub(super) fn said(day: jiff::civil::Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// The table, if all of its rows fit.
fn listed(pen: &mut Pen<'_>, box_: Rect, plan: &Plan) {
    let rows = &plan.rows;
    let wide = rows.iter().any(|r| !r.officer.is_empty());
    let columns: &[Column] = if wide {
        &[Column::Code, Column::Name, Column::Officer, Column::Households, Column::Population]
    } else {
        &[Column::Code, Column::Name, Column::Households, Column::Population, Column::Area]
    };
    for (size, row) in [(3.0, 6.0), (2.85, 5.2), (2.7, 4.6), (2.4, 4.0), (2.15, 3.4)] {
        if !rows.is_empty() && rows.len() <= table::room(box_.h - 5.0, row) {
            section(pen, (box_.x, box_.y + 3.0), box_.w, "一览表");
            let at = Rect::new(box_.x, box_.y + 5.5, box_.w, box_.h - 5.5);
            table::draw(pen, at, rows, Setting { columns, all: rows, size, row, accent: ACCENT });
            return;
        }
    }
}

/// The page of what was drawn.
pub(super) fn finished(pen: Pen<'_>, page: Page, imprint: &Imprint, scale: f64) -> Scene {
    let (width, height) = (steps(page.width_mm()), steps(page.height_mm()));
    let mut ops = Vec::with_capacity(pen.ops.len() + 1);
    ops.push(Op::Fill(super::scene::Mosaic {
        tiles: vec![([WHITE[0], WHITE[1], WHITE[2]], Rect::new(0.0, 0.0, page.width_mm(), page.height_mm()).shape())],
        opacity: 255,
    }));
    ops.extend(pen.ops);
    Scene {
        width,
        height,
        title: imprint.title.clone(),
        author: imprint.issuer.clone(),
        day: imprint.day,
        ops,
        font: pen.font.clone(),
        scale,
    }
}
