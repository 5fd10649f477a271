//! What stands around a map: its frame with degrees, the scale bar, the north arrow, the legend.

use super::chart::{Chart, Source, bytes, stroked};
use super::pen::{Align, Pen, Type};
use super::scene::{Colour, Mosaic, Op, Rect, steps};
use super::view::View;
use crate::render::expression::{Scene as Asked, Val};
use crate::render::map::look;
use crate::render::style::{Kind, Layer};
use crate::tile::feature::{Geometry, Shape};

pub(super) const INK: Colour = [0x22, 0x26, 0x33, 255];
pub(super) const SOFT: Colour = [0x62, 0x68, 0x78, 255];
pub(super) const HAIR: Colour = [0xc9, 0xcd, 0xd6, 255];
/// Behind the samples of a legend, so that white roads are seen.
const PALE: Colour = [0xdd, 0xe1, 0xe7, 255];
pub(super) const WHITE: Colour = [255, 255, 255, 255];

/// Room that the degrees around a frame need, in millimetres of the design.
pub(super) const DEGREES_MM: f64 = 9.0;

/// Neat line and outer line, ticks and degrees. `frame` is in the design's millimetres, as the view's is in the paper's.
pub(super) fn neatline(pen: &mut Pen<'_>, frame: Rect, view: &View) {
    let k = pen.enlarged;
    pen.frame(frame, 0.25, INK);
    pen.frame(frame.inset(-1.0), 0.6, INK);
    let bounds = view.bounds();
    let kind = Type::new(2.3, SOFT);
    let step = tick_seconds((bounds[2] - bounds[0]) * 3600.0 * (60.0 / frame.w).min(0.5));
    for seconds in ticks(bounds[0], bounds[2], step) {
        let x = view.at(seconds / 3600.0, bounds[1]).0 / k;
        if x - frame.x > 8.0 && frame.right() - x > 8.0 {
            for (from, to) in [(frame.y - 1.0, frame.y + 1.2), (frame.bottom() + 1.0, frame.bottom() - 1.2)] {
                pen.line((x, from), (x, to), 0.2, INK);
            }
            pen.text((x, frame.y - 2.2), Align::Middle, kind, &degrees(seconds, step, 'E'));
            pen.text((x, frame.bottom() + 4.1), Align::Middle, kind, &degrees(seconds, step, 'E'));
        }
    }
    for seconds in ticks(bounds[1], bounds[3], step) {
        let y = view.at(bounds[0], seconds / 3600.0).1 / k;
        if y - frame.y > 12.0 && frame.bottom() - y > 12.0 {
            for (from, to) in [(frame.x - 1.0, frame.x + 1.2), (frame.right() + 1.0, frame.right() - 1.2)] {
                pen.line((from, y), (to, y), 0.2, INK);
            }
            upright(pen, (frame.x - 1.9, y), Align::Right, kind, &degrees(seconds, step, 'N'));
            upright(pen, (frame.right() + 1.9, y), Align::Left, kind, &degrees(seconds, step, 'N'));
        }
    }
}

/// Degrees beside an upright edge, in two short lines.
fn upright(pen: &mut Pen<'_>, (x, y): (f64, f64), align: Align, kind: Type, text: &str) {
    let (head, tail) = text.split_at(text.find('°').map_or(0, |at| at + '°'.len_utf8()));
    pen.text((x, y - 0.4), align, Type { size: 2.0, ..kind }, head);
    pen.text((x, y + 2.0), align, Type { size: 2.0, ..kind }, tail);
}

/// The next of the customary steps, in seconds of arc.
fn tick_seconds(at_least: f64) -> f64 {
    const STEPS: [f64; 13] =
        [5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 18000.0, 36000.0];
    STEPS.into_iter().find(|step| *step >= at_least).unwrap_or(72000.0)
}

fn ticks(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from * 3600.0 / step).ceil() as i64;
    let last = (to * 3600.0 / step).floor() as i64;
    (first..=last).take(400).map(move |n| n as f64 * step)
}

fn degrees(seconds: f64, step: f64, side: char) -> String {
    let side = if seconds < 0.0 { if side == 'E' { 'W' } else { 'S' } } else { side };
    let whole = seconds.abs().round() as u64;
    let (d, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    if step < 60.0 { format!("{d}°{m:02}′{s:02}″{side}") } else { format!("{d}°{m:02}′{side}") }
}

/// An arrow to the north with its letter, `h` high; `x` is its middle.
pub(super) fn north(pen: &mut Pen<'_>, (x, y): (f64, f64), h: f64, ink: Colour) {
    let (top, foot, half) = (y + h * 0.28, y + h, h * 0.2);
    pen.polygon(&[(x, top), (x + half, foot), (x, foot - h * 0.17)], ink);
    let pale = [ink[0], ink[1], ink[2], 90];
    pen.polygon(&[(x, top), (x, foot - h * 0.17), (x - half, foot)], pale);
    pen.text((x, y + h * 0.22), Align::Middle, Type::new(h * 0.26, ink).bold(), "北");
}

/// A bar of four parts no longer than `most`, with the scale as a fraction above it. Answers its length.
pub(super) fn scale_bar(pen: &mut Pen<'_>, (x, y): (f64, f64), most: f64, view: &View, ink: Colour) -> f64 {
    let kilometre = view.kilometre_mm() / pen.enlarged;
    let longest_m = most / kilometre * 1000.0;
    let unit = 10f64.powf(longest_m.log10().floor());
    let metres = [8.0, 4.0, 2.0, 1.0].into_iter().map(|n| n * unit).find(|m| *m <= longest_m).unwrap_or(unit);
    let length = metres / 1000.0 * kilometre;
    let kind = Type::new(2.5, ink);
    pen.text((x, y), Align::Left, Type::new(3.4, ink).bold(), &format!("1 : {}", grouped(view.scale)));
    let bar = Rect::new(x, y + 5.2, length, 1.3);
    pen.fill(bar, WHITE);
    for part in 0..4 {
        if part % 2 == 0 {
            pen.fill(Rect::new(x + length / 4.0 * f64::from(part), bar.y, length / 4.0, bar.h), ink);
        }
    }
    pen.frame(bar, 0.18, ink);
    let (whole, name) = if metres >= 2000.0 { (metres / 1000.0, "千米") } else { (metres, "米") };
    pen.text((x, bar.y - 0.9), Align::Left, kind, "0");
    pen.text((x + length / 2.0, bar.y - 0.9), Align::Middle, kind, &format!("{}", whole / 2.0));
    let last = format!("{whole}");
    let left = x + length - pen.measure(&last, kind.size) / 2.0;
    pen.text((left, bar.y - 0.9), Align::Left, kind, &format!("{last} {name}"));
    length
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A line of a legend: what it says, and what the style is asked to draw for it.
struct Entry {
    words: String,
    layer: String,
    area: bool,
    tags: Vec<(&'static str, Val)>,
}

/// What can be in a legend, in the order of importance: the boundaries by level, then the background that is in the frame.
fn entries(source: Source<'_>, chart: &Chart) -> Vec<Entry> {
    let text = |t: &str| Val::Text(t.to_owned());
    let border = |words: String, key: &str, outline: bool| Entry {
        words,
        layer: "boundaries".to_owned(),
        area: false,
        tags: vec![("level_key", text(key)), ("outline", Val::Bool(outline)), ("level", Val::Num(0.0))],
    };
    let levels = &source.snapshot.district.levels;
    let mut entries = vec![border("区界".to_owned(), levels.first().map_or("", |l| &l.key), true)];
    entries.extend(levels.iter().map(|level| border(format!("{}界", level.name), &level.key, false)));
    let base = [
        ("road", "highway", 0, false, "高速公路"),
        ("road", "road", 1, false, "主干路"),
        ("road", "road", 2, false, "次干路"),
        ("road", "road", 3, false, "支路"),
        ("road", "road", 4, false, "街巷"),
        ("road", "rail", 0, false, "铁路"),
        ("water", "water", 0, true, "水面"),
        ("waterway", "river", 0, false, "河流"),
        ("green", "green", 0, true, "绿地"),
        ("building", "building", 0, true, "建筑"),
    ];
    let seen = |layer: &str, kind: &str, class: i64| {
        chart.seen.iter().any(|(l, k, c)| l == layer && (k == kind) && (class == 0 || *c == class))
    };
    entries.extend(base.into_iter().filter(|(layer, kind, class, ..)| seen(layer, kind, *class)).map(
        |(layer, kind, class, area, words)| Entry {
            words: words.to_owned(),
            layer: layer.to_owned(),
            area,
            tags: vec![("kind", text(kind)), ("class", Val::Num(class as f64))],
        },
    ));
    entries
}

/// Samples of what the map shows, drawn by the map's own style, after those that are `given`; in `columns` no deeper than `box_`. Answers where it
/// ends.
pub(super) fn legend(
    pen: &mut Pen<'_>,
    (source, view, chart): (Source<'_>, &View, &Chart),
    given: Vec<(String, Vec<Op>)>,
    box_: Rect,
    columns: usize,
) -> f64 {
    const ROW: f64 = 5.2;
    let columns = columns.max(1);
    let column = box_.w / columns as f64;
    let most = (box_.h / ROW).floor().max(0.0) as usize * columns;
    let sampled = entries(source, chart).into_iter().filter_map(|entry| {
        let ops = sample(source, view, &entry, pen.enlarged);
        (!ops.is_empty()).then_some((entry.words, ops))
    });
    let drawn: Vec<(String, Vec<Op>)> = given.into_iter().chain(sampled).take(most).collect();
    let rows = drawn.len().div_ceil(columns);
    for (i, (words, ops)) in drawn.into_iter().enumerate() {
        let at = (box_.x + (i / rows) as f64 * column, box_.y + (i % rows) as f64 * ROW);
        sampled_line(pen, at, column, &words, ops);
    }
    box_.y + rows as f64 * ROW
}

/// A line of a legend: a sample, which was drawn at the page's corner, and what it shows; 4 high.
pub(super) fn sampled_line(pen: &mut Pen<'_>, (x, y): (f64, f64), w: f64, words: &str, sample: Vec<Op>) {
    let by = (steps(x * pen.enlarged), steps(y * pen.enlarged));
    pen.fill(Rect::new(x, y + 0.2, 10.0, 3.6), PALE);
    pen.ops.extend(sample.into_iter().map(|op| moved(op, by)));
    pen.fitted((x + 12.5, y + 3.2), Align::Left, Type::new(2.9, INK), w - 13.5, words);
}

/// No line of a legend is broader than this, in millimetres of the design.
const SAMPLE_MM: f64 = 2.6;

/// A line as legends show it, at the page's corner.
pub(super) fn sample_line(k: f64) -> Shape {
    let mut path = Shape::new(Geometry::Line);
    path.push([(steps(1.2 * k), steps(2.0 * k)), (steps(8.8 * k), steps(2.0 * k))]);
    path
}

/// What the layers of the style draw for an entry, in a box of 10 × 3.6 at the page's corner.
fn sample(source: Source<'_>, view: &View, entry: &Entry, k: f64) -> Vec<Op> {
    let zoom = view.style_zoom();
    let geometry = if entry.area { "Polygon" } else { "LineString" };
    let asked = Asked { zoom, geometry, tags: &entry.tags, state: &[] };
    let of = |layer: &&Layer| {
        layer.source_layer == entry.layer
            && layer.shows_at(zoom)
            && layer.filter.as_ref().is_none_or(|filter| filter.truth(&asked))
    };
    let mut ops = Vec::new();
    for layer in source.style.layers.iter().filter(of) {
        match layer.kind {
            Kind::Fill if entry.area && !layer.is_hatched() => {
                let [r, g, b, a] = bytes(layer.colour("fill-color", [0.0, 0.0, 0.0, 1.0], "fill-opacity", &asked));
                let area = Rect::new(0.0, 0.4 * k, 10.0 * k, 3.2 * k).shape();
                ops.push(Op::Fill(Mosaic { tiles: vec![([r, g, b], area)], opacity: a }));
            }
            Kind::Line => {
                let mut look = look(layer, &asked);
                look.width = look.width.min((SAMPLE_MM * k / view.pixel_mm) as f32);
                if look.width > 0.0 && look.colour[3] > 0.0 {
                    let area = Rect::new(0.0, 0.4 * k, 10.0 * k, 3.2 * k).shape();
                    ops.push(stroked(&look, if entry.area { area } else { sample_line(k) }, view.pixel_mm));
                }
            }
            _ => {}
        }
    }
    ops
}

fn moved(op: Op, (dx, dy): (i32, i32)) -> Op {
    let shift = |mut shape: Shape| {
        shape.points.iter_mut().for_each(|p| *p = (p.0 + dx, p.1 + dy));
        shape
    };
    match op {
        Op::Fill(mosaic) => {
            let tiles = mosaic.tiles.into_iter().map(|(c, shape)| (c, shift(shape))).collect();
            Op::Fill(Mosaic { tiles, ..mosaic })
        }
        Op::Stroke(mut line) => {
            line.path = shift(line.path);
            Op::Stroke(line)
        }
        other => other,
    }
}

/// The stamp that says what kind of data this is: a red box, `right` its right edge. Answers its left edge.
pub(super) fn mark(pen: &mut Pen<'_>, (right, y): (f64, f64), size: f64, words: &str) -> f64 {
    const RED: Colour = [0xc0, 0x26, 0x2d, 255];
    if words.is_empty() {
        return right;
    }
    let width = pen.measure(words, size) + size * 1.4;
    let stamp = Rect::new(right - width, y, width, size * 1.8);
    pen.frame(stamp, size * 0.1, RED);
    pen.text((stamp.x + width / 2.0, y + size * 1.26), Align::Middle, Type::new(size, RED).bold(), words);
    stamp.x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(grouped(31_000.0), "31,000");
        assert_eq!(grouped(1_000_000.0), "1,000,000");
        assert_eq!(grouped(500.0), "500");
        assert_eq!(degrees(419_820.0, 60.0, 'E'), "116°37′E");
        assert_eq!(degrees(-419_825.0, 5.0, 'E'), "116°37′05″W");
        assert_eq!(ticks(116.6, 116.7, 120.0).count(), 4);
    }
}
