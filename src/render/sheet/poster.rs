//! The wall poster: the whole district on one sheet, and every grid in the table beside it.

use super::chart::{self, Chart, Source};
use super::furniture::{self, INK, SOFT};
use super::pen::{Align, Pen, Type};
use super::plan::{ACCENT, finished, print, reference, said, section};
use super::scene::{Rect, Scene};
use super::table::{self, Column, Setting, UnitRow, room, shared_out};
use super::view::{Bounds, View};
use super::{Ground, Imprint, MAX_ROWS, Page, SheetFault};
use crate::crs::Cgcs2000;
use crate::render::style::Style;

/// The poster is designed for A0, lying, and set smaller or larger as a whole.
const WIDE_MM: f64 = 1189.0;
const HIGH_MM: f64 = 841.0;
const MARGIN: f64 = 24.0;
const TOP: f64 = 82.0;
const TABLES: f64 = 520.0;
const GAP: f64 = 9.0;
/// Below the tables: legend, scale, imprint.
const FOOT: f64 = 66.0;
/// A logical pixel of the style, in millimetres of the design.
const PIXEL_MM: f64 = 0.27;

/// A poster to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Poster {
    pub imprint: Imprint,
    /// Under the title: how many units of each level.
    pub subtitle: String,
    /// The district's box in degrees.
    pub bounds: Bounds,
    /// The units with those above them as headings.
    pub rows: Vec<UnitRow>,
}

pub(super) fn draw(ground: Ground<'_>, style: &Style, page: Page, poster: &Poster) -> Result<Scene, SheetFault> {
    if poster.rows.is_empty() || poster.rows.len() > MAX_ROWS {
        return Err(SheetFault::Rows);
    }
    let k = (page.width_mm() / WIDE_MM).min(page.height_mm() / HIGH_MM);
    let (w, h) = (page.width_mm() / k, page.height_mm() / k);
    let mut pen = Pen::new(ground.font, k);
    let source = Source { snapshot: ground.snapshot, pyramid: ground.pyramid, font: ground.font, style };
    let left = MARGIN + 18.0;
    let frame = Rect::new(left, TOP + 9.0, w - 2.0 * MARGIN - TABLES - 50.0, h - TOP - MARGIN - 18.0);
    let tables = Rect::new(w - MARGIN - TABLES, TOP + 7.0, TABLES, h - TOP - 7.0 - MARGIN - FOOT);
    let tables_set = tabulated(&mut pen, tables, &poster.rows)?;
    let view = View::fitting(poster.bounds, pen.on_paper(frame), PIXEL_MM * k);
    let tops = summary(&poster.rows);
    let size = (CARD_W, (tops.len() as f64 + 1.2) * CARD_ROW + 6.0);
    let corner = if tops.len() > MOST_IN_CARD { None } else { free_corner(source, &view, frame, size) };
    let chart = chart::draw(source, &view, &corner.map(|c| pen.on_paper(c)).into_iter().collect::<Vec<_>>());
    banner(&mut pen, w, poster);
    print(&mut pen, source, &view, &chart, None);
    if let Some(corner) = corner {
        card(&mut pen, corner, &tops);
    }
    let mut large = Pen::new(ground.font, k * 2.0);
    let half = Rect::new(frame.x / 2.0, frame.y / 2.0, frame.w / 2.0, frame.h / 2.0);
    furniture::neatline(&mut large, half, &view);
    pen.ops.append(&mut large.ops);
    let foot = Rect::new(tables.x, tables_set.max(tables.bottom()) + 8.0, TABLES, FOOT - 8.0);
    below(&mut pen, source, &view, &chart, foot, poster);
    Ok(finished(pen, page, &poster.imprint, view.scale))
}

fn banner(pen: &mut Pen<'_>, w: f64, poster: &Poster) {
    let left = furniture::mark(pen, (w - MARGIN, MARGIN + 8.0), 9.0, &poster.imprint.mark);
    let title = Type::new(29.0, ACCENT).bold();
    let width = pen.fitted((MARGIN, MARGIN + 28.0), Align::Left, title, left - MARGIN - 20.0, &poster.imprint.title);
    let rest = left - MARGIN - width - 36.0;
    if rest > 120.0 {
        pen.fitted((MARGIN + width + 18.0, MARGIN + 27.0), Align::Left, Type::new(10.5, SOFT), rest, &poster.subtitle);
    }
    pen.fill(Rect::new(MARGIN, MARGIN + 42.0, w - 2.0 * MARGIN, 2.6), ACCENT);
    pen.fill(Rect::new(MARGIN, MARGIN + 45.6, w - 2.0 * MARGIN, 0.6), ACCENT);
}

/// The largest setting in which every row has its place. Answers where the longest column ends.
fn tabulated(pen: &mut Pen<'_>, box_: Rect, rows: &[UnitRow]) -> Result<f64, SheetFault> {
    const SETTINGS: [(usize, f64, f64); 11] = [
        (1, 5.6, 9.0),
        (2, 4.6, 7.4),
        (3, 4.0, 6.2),
        (3, 3.6, 5.4),
        (4, 3.2, 4.5),
        (4, 3.05, 4.45),
        (4, 2.9, 4.4),
        (4, 2.7, 3.8),
        (4, 2.5, 3.4),
        (4, 2.3, 3.0),
        (4, 2.2, 2.8),
    ];
    // Where a unit has no officer of its own, how many there are below says what the number of parts would.
    let officers = rows.iter().any(|r| !r.officer.is_empty());
    let columns: &[Column] = if officers { &WITH_OFFICERS } else { &WITHOUT_OFFICERS };
    for (i, (count, size, row)) in SETTINGS.into_iter().enumerate() {
        let setting = Setting { columns, all: rows, size, row, accent: ACCENT };
        let width = (box_.w - GAP * (count - 1) as f64) / count as f64;
        let last = i + 1 == SETTINGS.len();
        if !last && table::natural(pen, setting) > width * 1.04 {
            continue;
        }
        let Some(shares) = shared_out(rows, &vec![room(box_.h, row); count]) else { continue };
        let mut end: f64 = 0.0;
        for (i, share) in shares.into_iter().enumerate().filter(|(_, share)| !share.is_empty()) {
            let column = Rect::new(box_.x + i as f64 * (width + GAP), box_.y, width, box_.h);
            end = end.max(table::draw(pen, column, rows.get(share).unwrap_or_default(), setting));
        }
        return Ok(end);
    }
    Err(SheetFault::Rows)
}

const WITH_OFFICERS: [Column; 6] =
    [Column::Code, Column::Name, Column::Officer, Column::Households, Column::Population, Column::Area];
const WITHOUT_OFFICERS: [Column; 6] =
    [Column::Code, Column::Name, Column::Parts, Column::Households, Column::Population, Column::Area];

/// The corner of the frame in which the district has no land, for a card of this size; `None` if it has some in each.
fn free_corner(source: Source<'_>, view: &View, frame: Rect, (w, h): (f64, f64)) -> Option<Rect> {
    let [west, south, east, north] = view.bounds();
    let inset = 7.0;
    let (left, right) = (frame.x + inset, frame.right() - inset - w);
    let (top, bottom) = (frame.y + inset, frame.bottom() - inset - h);
    let corners = [(right, bottom), (right, top), (left, bottom), (left, top)];
    let owned = |x: f64, y: f64| {
        let lon = west + (east - west) * (x - frame.x) / frame.w;
        let lat = north - (north - south) * (y - frame.y) / frame.h;
        let face = source.snapshot.locator.owner_of(Cgcs2000::clamped(lon, lat));
        source.snapshot.hierarchy.unit_of_face(face).is_some()
    };
    let free = |(x, y): &(f64, f64)| {
        let at = |i: u32, from: f64, size: f64| from - 3.0 + (size + 6.0) * f64::from(i) / 24.0;
        (0..=24).all(|row| (0..=24).all(|column| !owned(at(column, *x, w), at(row, *y, h))))
    };
    corners.into_iter().find(free).map(|(x, y)| Rect::new(x, y, w, h))
}

/// The units at the top with their sum, as a card.
fn summary(rows: &[UnitRow]) -> Vec<UnitRow> {
    let mut tops: Vec<UnitRow> =
        rows.iter().filter(|r| r.depth == 0).map(|r| UnitRow { depth: 1, ..r.clone() }).collect();
    let sum = UnitRow {
        depth: 0,
        code: String::new(),
        name: "合计".to_owned(),
        officer: String::new(),
        phone: String::new(),
        households: tops.iter().map(|r| r.households).sum(),
        population: tops.iter().map(|r| r.population).sum(),
        area_m2: tops.iter().map(|r| r.area_m2).sum(),
        parts: tops.iter().map(|r| r.parts).sum(),
    };
    tops.push(sum);
    tops
}

const CARD_W: f64 = 138.0;
const CARD_ROW: f64 = 7.8;
const MOST_IN_CARD: usize = 12;

fn card(pen: &mut Pen<'_>, box_: Rect, rows: &[UnitRow]) {
    pen.fill(box_, [255, 255, 255, 255]);
    pen.frame(box_, 0.5, ACCENT);
    let columns = &[Column::Name, Column::Parts, Column::Households, Column::Population, Column::Area];
    let setting = Setting { columns, all: rows, size: 4.7, row: CARD_ROW, accent: ACCENT };
    table::draw(pen, box_.inset(3.0), rows, setting);
}

/// Legend, scale and imprint, twice as large as on a small sheet.
fn below(pen: &mut Pen<'_>, source: Source<'_>, view: &View, chart: &Chart, box_: Rect, poster: &Poster) {
    let k = pen.enlarged;
    let mut large = Pen::new(pen.font, k * 1.75);
    let Rect { x, y, w, h } = Rect::new(box_.x / 1.75, box_.y / 1.75, box_.w / 1.75, box_.h / 1.75);
    let legend = w * 0.40;
    section(&mut large, (x, y + 3.0), legend, "图例");
    let samples = Rect::new(x, y + 6.5, legend, h - 6.5);
    furniture::legend(&mut large, (source, view, chart), Vec::new(), samples, 3);
    let at = x + legend + 7.0;
    section(&mut large, (at, y + 3.0), 74.0, "比例尺");
    furniture::scale_bar(&mut large, (at, y + 11.0), 52.0, view, INK);
    furniture::north(&mut large, (at + 70.0, y + 6.0), 17.0, ACCENT);
    let at = at + 82.0;
    let rest = x + w - at;
    section(&mut large, (at, y + 3.0), rest, "说明");
    let Imprint { issuer, day, version, .. } = &poster.imprint;
    let words = format!("编制：{issuer}\n日期：{}\n版本：{version}\n{}", said(*day), reference(view));
    large.paragraph((at, y + 5.6), rest, Type::new(2.6, SOFT), 1.55, &words);
    pen.ops.append(&mut large.ops);
}
