//! Lays things on a page: text measured and broken as Chinese is, lines, areas. Lengths are millimetres of the design, which the
//! paper may enlarge.

use super::scene::{Bend, Colour, Mosaic, Op, Rect, Run, Stroke, steps};
use crate::render::font::Font;
use crate::tile::feature::{Geometry, Shape};

/// Marks that may not begin a line.
const CLOSING: &str = "，。、；：？！）》〉」』】〕”’…—·～％℃°,.;:?!)]}%-–";
/// Marks that may not end one.
const OPENING: &str = "（《〈「『【〔“‘([{#";

/// Room between an ideograph and a Latin letter or digit beside it, in thousandths of an em: less than what readers of PDF take for a blank.
const BESIDE_LATIN: i32 = 95;
/// What stands for a character that the font has not: the printer's 〓.
const MISSING: char = '〓';
/// Text that is too long is set smaller down to this share, then cut.
const LEAST_SHRINK: f64 = 0.78;

/// On which side of its point a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// What is left of a text that is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Beginning,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Type {
    /// Millimetres in an em.
    pub size: f64,
    pub colour: Colour,
    pub bold: bool,
}

impl Type {
    pub(super) const fn new(size: f64, colour: Colour) -> Self {
        Self { size, colour, bold: false }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// Collects the operations of a page.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    pub font: &'a Font,
    /// Millimetres of the paper in one of the design.
    pub enlarged: f64,
    pub ops: Vec<Op>,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(font: &'a Font, enlarged: f64) -> Self {
        Self { font, enlarged, ops: Vec::new() }
    }

    /// A rectangle of the design as one of the paper.
    pub(super) fn on_paper(&self, rect: Rect) -> Rect {
        let k = self.enlarged;
        Rect::new(rect.x * k, rect.y * k, rect.w * k, rect.h * k)
    }

    pub(super) fn fill(&mut self, rect: Rect, [r, g, b, a]: Colour) {
        let shape = self.on_paper(rect).shape();
        self.ops.push(Op::Fill(Mosaic { tiles: vec![([r, g, b], shape)], opacity: a }));
    }

    pub(super) fn polygon(&mut self, corners: &[(f64, f64)], [r, g, b, a]: Colour) {
        let mut shape = Shape::new(Geometry::Polygon);
        shape.push(corners.iter().map(|(x, y)| (steps(x * self.enlarged), steps(y * self.enlarged))));
        self.ops.push(Op::Fill(Mosaic { tiles: vec![([r, g, b], shape)], opacity: a }));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Colour) {
        let mut path = Shape::new(Geometry::Line);
        path.push([from, to].map(|(x, y)| (steps(x * self.enlarged), steps(y * self.enlarged))));
        self.stroke(path, width, colour);
    }

    pub(super) fn frame(&mut self, rect: Rect, width: f64, colour: Colour) {
        let path = self.on_paper(rect).shape();
        self.stroke(path, width, colour);
    }

    fn stroke(&mut self, path: Shape, width: f64, colour: Colour) {
        let width = width * self.enlarged * super::scene::PER_MM;
        let (dashes, cap, join) = (Vec::new(), Bend::Sharp, Bend::Sharp);
        self.ops.push(Op::Stroke(Stroke { path, colour, width, dashes, cap, join }));
    }

    /// Width of a text in one line.
    pub(super) fn measure(&self, text: &str, size: f64) -> f64 {
        f64::from(self.set(text).2) / 1000.0 * size
    }

    /// A text in one line from, around or up to a point on its baseline. Answers its width.
    pub(super) fn text(&mut self, (x, y): (f64, f64), align: Align, kind: Type, text: &str) -> f64 {
        let (text, glyphs, width) = self.set(text);
        if glyphs.is_empty() {
            return 0.0;
        }
        let width_mm = f64::from(width) / 1000.0 * kind.size;
        let left = match align {
            Align::Left => x,
            Align::Middle => x - width_mm / 2.0,
            Align::Right => x - width_mm,
        };
        let k = self.enlarged;
        let (x, y, size) = (steps(left * k), steps(y * k), steps(kind.size * k));
        let (colour, bold) = (kind.colour, kind.bold);
        self.ops.push(Op::Text(Run { x, y, size, glyphs, width, text, colour, bold, halo: None }));
        width_mm
    }

    /// A text in one line no wider than `most`: smaller if need be, and cut with “…” if that is not enough.
    pub(super) fn fitted(&mut self, at: (f64, f64), align: Align, kind: Type, most: f64, text: &str) -> f64 {
        self.fit(at, align, kind, most, (text, Kept::Beginning))
    }

    /// The same for names that are told apart by their ends: what is cut is the beginning.
    pub(super) fn fitted_end(&mut self, at: (f64, f64), align: Align, kind: Type, most: f64, text: &str) -> f64 {
        self.fit(at, align, kind, most, (text, Kept::End))
    }

    /// Whether [`Pen::fitted`] would cut nothing.
    pub(super) fn fits(&self, text: &str, size: f64, most: f64) -> bool {
        self.measure(text, size) * LEAST_SHRINK <= most
    }

    fn fit(&mut self, at: (f64, f64), align: Align, kind: Type, most: f64, (text, kept): (&str, Kept)) -> f64 {
        let width = self.measure(text, kind.size);
        if width <= most {
            return self.text(at, align, kind, text);
        }
        let kind = Type { size: kind.size * (most / width).max(LEAST_SHRINK), ..kind };
        if self.measure(text, kind.size) <= most + 1e-6 {
            return self.text(at, align, kind, text);
        }
        let count = text.chars().count();
        // An ellipsis is as wide as a character, so one more goes with the first.
        let cut = |left: usize| match kept {
            Kept::Beginning => text.chars().take(left).chain(['…']).collect::<String>(),
            Kept::End => ['…'].into_iter().chain(text.chars().skip(count - left)).collect(),
        };
        let said =
            (0..count.saturating_sub(1)).rev().map(cut).find(|said| self.measure(said, kind.size) <= most + 1e-6);
        // What has no room for a character has none for an ellipsis either.
        let said = said.unwrap_or_else(|| if count > 1 { '…'.to_string() } else { text.to_owned() });
        self.text(at, align, kind, &said)
    }

    /// The lines of a text no wider than `most`: no line begins with a closing mark or ends with an opening one, and words of letters and
    /// digits stay whole.
    pub(super) fn lines(&self, text: &str, size: f64, most: f64) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            for word in words(paragraph) {
                let longer = format!("{line}{word}");
                if line.is_empty() || self.measure(longer.trim_end(), size) <= most {
                    line = longer;
                } else {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                    word.trim_start().clone_into(&mut line);
                }
            }
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    /// A text of several lines whose top is at `y`; answers where it ends. `leading` is from baseline to baseline, in ems.
    pub(super) fn paragraph(&mut self, (x, y): (f64, f64), most: f64, kind: Type, leading: f64, text: &str) -> f64 {
        let mut top = y;
        for line in self.lines(text, kind.size, most) {
            let baseline = top + kind.size * (leading / 2.0 + 0.38);
            self.fitted((x, baseline), Align::Left, kind, most, &line);
            top += kind.size * leading;
        }
        top
    }

    /// What a text becomes: its characters, their glyphs with places, and the width, in thousandths of an em.
    fn set(&self, text: &str) -> (String, Vec<(u16, i32)>, i32) {
        let known: String =
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).map(|c| self.drawable(c)).collect();
        let (mut said, mut glyphs) = (String::new(), Vec::new());
        let mut x = 0;
        let mut last: Option<char> = None;
        for (c, glyph, advance_em) in self.font.glyphs(&known) {
            if last.is_some_and(|l| (ideograph(l) && latin(c)) || (latin(l) && ideograph(c))) {
                x += BESIDE_LATIN;
            }
            glyphs.push((glyph, x));
            said.push(c);
            x += (advance_em * 1000.0).round() as i32;
            last = Some(c);
        }
        (said, glyphs, x)
    }

    fn drawable(&self, c: char) -> char {
        let mut bytes = [0; 4];
        if self.font.missing(c.encode_utf8(&mut bytes)).is_empty() { c } else { MISSING }
    }
}

fn ideograph(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c) || c == '〇'
}

fn latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// What may not be parted: words of letters and digits, and marks with what they close or open.
fn words(text: &str) -> Vec<String> {
    let joined = |a: char, b: char| {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*' | '/' | ':' | '′' | '°');
        let counted = a.is_ascii_digit() && "号组楼栋户人年月日".contains(b);
        counted || CLOSING.contains(b) || OPENING.contains(a) || (word(a) && word(b)) || b.is_whitespace()
    };
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if last.is_some_and(|l| joined(l, c)) => word.push(c),
            _ => words.push(c.to_string()),
        }
        last = Some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::font::bundled;

    #[test]
    fn lines_are_broken_as_a_reader_expects() {
        let font = bundled();
        let pen = Pen::new(&font, 1.0);
        let text = "东至崇文大道，南至火炬路（含绿化带），与370871001205006相邻；西至：洸府河。";
        for tenths in 60..300 {
            let lines = pen.lines(text, 3.0, f64::from(tenths) / 2.0);
            assert_eq!(lines.concat(), text);
            for line in &lines {
                assert!(!line.starts_with(['，', '）', '；', '。', '：']), "{line}");
                assert!(!line.ends_with('（'), "{line}");
                assert!(!line.contains("3708") || line.contains("370871001205006"), "{line}");
            }
        }
    }

    #[test]
    fn text_fits_where_it_is_told_to() {
        let font = bundled();
        let mut pen = Pen::new(&font, 2.0);
        for most in [4.0, 8.0, 15.0, 40.0] {
            let kind = Type::new(3.0, [0, 0, 0, 255]);
            assert!(pen.fitted((0.0, 0.0), Align::Left, kind, most, "黄庄社区第五网格(隆鑫苑)") <= most + 1e-6);
        }
        let name = "黄庄社区第五网格(隆鑫苑)12号微网格";
        for most in [13.0, 18.0, 26.0] {
            let at = pen.ops.len();
            let kind = Type::new(3.0, [0; 4]);
            assert!(!pen.fits(name, kind.size, most), "{most}");
            assert!(pen.fitted_end((0.0, 0.0), Align::Left, kind, most, name) <= most + 1e-6);
            assert!(
                matches!(&pen.ops[at], Op::Text(run) if run.text.starts_with('…') && name.ends_with(&run.text['…'.len_utf8()..]) && run.text.ends_with("号微网格")),
                "{:?}",
                pen.ops[at]
            );
        }
        let at = pen.ops.len();
        assert!(pen.fits(name, 3.0, 50.0));
        pen.fitted_end((0.0, 0.0), Align::Left, Type::new(3.0, [0; 4]), 50.0, name);
        assert!(matches!(&pen.ops[at], Op::Text(run) if run.text == name));
        assert_eq!(pen.text((0.0, 0.0), Align::Right, Type::new(3.0, [0; 4]), ""), 0.0);
        let missing = pen.ops.len();
        pen.text((0.0, 0.0), Align::Left, Type::new(3.0, [0; 4]), "\u{1f600}里");
        assert!(matches!(&pen.ops[missing], Op::Text(run) if run.text == "〓里"));
    }
}
