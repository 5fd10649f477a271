//! Tables of units: columns that fit their box, headings for the units that hold the others, figures under each other.

use super::furniture::{HAIR, INK, SOFT, grouped};
use super::pen::{Align, Pen, Type};
use super::scene::{Colour, Rect};

/// A unit in a table.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitRow {
    /// How many headings it stands under; a heading is a row before those one deeper.
    pub depth: u8,
    pub code: String,
    pub name: String,
    pub officer: String,
    pub phone: String,
    pub households: u32,
    pub population: u32,
    pub area_m2: f64,
    /// Units one level down.
    pub parts: u32,
}

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Code,
    Name,
    Officer,
    Phone,
    Parts,
    Households,
    Population,
    Area,
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Code => "编码",
            Self::Name => "名称",
            Self::Officer => "网格员",
            Self::Phone => "联系电话",
            Self::Parts => "下辖",
            Self::Households => "户数",
            Self::Population => "人口",
            Self::Area => "面积",
        }
    }

    /// The title, with the unit of areas.
    fn head(self, hectares: bool) -> &'static str {
        match self {
            Self::Area if hectares => "公顷",
            Self::Area => "km²",
            other => other.title(),
        }
    }

    const fn figures(self) -> bool {
        matches!(self, Self::Parts | Self::Households | Self::Population | Self::Area)
    }

    fn says(self, row: &UnitRow, hectares: bool) -> String {
        match self {
            Self::Code => row.code.clone(),
            Self::Name => row.name.clone(),
            Self::Officer => row.officer.clone(),
            Self::Phone => row.phone.clone(),
            Self::Parts if row.parts == 0 => String::new(),
            Self::Parts => grouped(f64::from(row.parts)),
            Self::Households => grouped(f64::from(row.households)),
            Self::Population => grouped(f64::from(row.population)),
            Self::Area if hectares => format!("{:.1}", row.area_m2 / 1e4),
            Self::Area => format!("{:.2}", row.area_m2 / 1e6),
        }
    }
}

/// Whether the areas of a table are told in hectares: where the largest is below a square kilometre.
fn hectares(rows: &[UnitRow]) -> bool {
    rows.iter().all(|row| row.area_m2 < 1e6)
}

/// An area as people say it.
pub(super) fn square(area_m2: f64) -> String {
    if area_m2 >= 1e6 { format!("{:.2} 平方千米", area_m2 / 1e6) } else { format!("{:.1} 公顷", area_m2 / 1e4) }
}

/// How a table is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub columns: &'a [Column],
    /// Of all rows that belong together, wherever they are drawn.
    pub all: &'a [UnitRow],
    pub size: f64,
    pub row: f64,
    pub accent: Colour,
}

/// How many rows a box has room for, below its head.
pub(super) fn room(height: f64, row: f64) -> usize {
    (height / row - 1.2).floor().max(0.0) as usize
}

/// Rows in as many boxes as they need, one after the other: (rows of each box). A heading never stands alone at the foot of one.
pub(super) fn shared_out(rows: &[UnitRow], boxes: &[usize]) -> Option<Vec<std::ops::Range<usize>>> {
    let mut shares = Vec::new();
    let mut from = 0;
    for most in boxes {
        let mut to = (from + most).min(rows.len());
        if to < rows.len() {
            // A heading is followed by something deeper.
            while to > from + 1 && rows[to].depth > rows[to - 1].depth {
                to -= 1;
            }
        }
        shares.push(from..to);
        from = to;
    }
    (from == rows.len()).then_some(shares)
}

/// Draws rows into a box whose height they fit. Answers where they end.
pub(super) fn draw(pen: &mut Pen<'_>, box_: Rect, rows: &[UnitRow], setting: Setting<'_>) -> f64 {
    let Setting { columns, all, size, row, accent } = setting;
    let hectares = hectares(all);
    let widths = widths(pen, box_.w, setting);
    let deepest = rows.iter().map(|r| r.depth).max().unwrap_or(0);
    let head = row * 1.2;
    pen.fill(Rect::new(box_.x, box_.y, box_.w, head), accent);
    let baseline = |top: f64, height: f64, size: f64| top + height / 2.0 + size * 0.37;
    let mut x = box_.x;
    for (column, width) in columns.iter().zip(&widths) {
        let kind = Type::new(size, [255, 255, 255, 255]).bold();
        cell(pen, (x, baseline(box_.y, head, size)), *width, *column, kind, column.head(hectares));
        x += width;
    }
    let mut y = box_.y + head;
    for unit in rows {
        let up = deepest - unit.depth;
        if up > 0 {
            let tint = [accent[0], accent[1], accent[2], if up > 1 { 70 } else { 28 }];
            pen.fill(Rect::new(box_.x, y, box_.w, row), tint);
        }
        let kind = Type::new(if up > 1 { size * 1.08 } else { size }, INK);
        let kind = if up > 0 { kind.bold() } else { kind };
        let mut x = box_.x;
        for (column, width) in columns.iter().zip(&widths) {
            let quiet = *column == Column::Code || *column == Column::Phone;
            let kind = if quiet && up == 0 { Type { colour: SOFT, ..kind } } else { kind };
            cell(pen, (x, baseline(y, row, size)), *width, *column, kind, &column.says(unit, hectares));
            x += width;
        }
        y += row;
        pen.line((box_.x, y), (box_.x + box_.w, y), 0.1, HAIR);
    }
    y
}

fn cell(pen: &mut Pen<'_>, (x, y): (f64, f64), width: f64, column: Column, kind: Type, text: &str) {
    let pad = kind.size * 0.4;
    let (at, align) = if column.figures() { (x + width - pad, Align::Right) } else { (x + pad, Align::Left) };
    pen.fitted((at, y), align, kind, width - 2.0 * pad, text);
}

/// What each column would like.
fn wanted(pen: &Pen<'_>, setting: Setting<'_>) -> Vec<f64> {
    let Setting { columns, all, size, .. } = setting;
    let hectares = hectares(all);
    let longest = |column: &Column| {
        let texts = all.iter().map(|r| column.says(r, hectares)).chain([column.head(hectares).to_owned()]);
        texts.map(|t| pen.measure(&t, size * 1.04)).fold(0.0, f64::max) + size * 1.1
    };
    columns.iter().map(longest).collect()
}

/// How wide a table would like to be.
pub(super) fn natural(pen: &Pen<'_>, setting: Setting<'_>) -> f64 {
    wanted(pen, setting).iter().sum()
}

/// Each column as wide as its longest text, the rest to the names.
fn widths(pen: &Pen<'_>, whole: f64, setting: Setting<'_>) -> Vec<f64> {
    let wanted = wanted(pen, setting);
    let names = setting.columns.iter().position(|c| *c == Column::Name);
    let sum: f64 = wanted.iter().sum();
    match names.and_then(|at| Some((at, *wanted.get(at)?))) {
        // Names give way, but not below two fifths of what they want; then all do.
        Some((at, name)) if sum - name * 0.6 <= whole => {
            wanted.iter().enumerate().map(|(i, w)| if i == at { w + whole - sum } else { *w }).collect()
        }
        _ => wanted.iter().map(|w| w * whole / sum.max(1e-9)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(depths: &[u8]) -> Vec<UnitRow> {
        let row = |depth: &u8| UnitRow {
            depth: *depth,
            code: String::new(),
            name: String::new(),
            officer: String::new(),
            phone: String::new(),
            households: 0,
            population: 0,
            area_m2: 0.0,
            parts: 0,
        };
        depths.iter().map(row).collect()
    }

    #[test]
    fn every_row_is_in_one_box_and_no_heading_ends_one() {
        let rows = rows(&[0, 1, 2, 2, 1, 2, 0, 1, 2, 2, 2]);
        for most in 3..12 {
            let shares = shared_out(&rows, &[most; 6]).expect("room");
            assert_eq!(shares.iter().map(|s| s.len()).sum::<usize>(), rows.len());
            for share in shares.iter().filter(|s| s.end < rows.len()) {
                assert!(rows[share.end - 1].depth >= rows[share.end].depth, "{most}: {share:?}");
            }
        }
        assert_eq!(shared_out(&rows, &[4, 4]), None);
    }

    #[test]
    fn areas_are_said_in_fitting_units() {
        assert_eq!([square(12_340_000.0), square(12_345.0)], ["12.34 平方千米", "1.2 公顷"]);
        let mut rows = rows(&[0, 0]);
        rows[1].area_m2 = 76_000.0;
        assert_eq!(Column::Area.says(&rows[1], hectares(&rows)), "7.6");
        rows[0].area_m2 = 15_700_000.0;
        assert_eq!(Column::Area.says(&rows[1], hectares(&rows)), "0.08");
    }
}
