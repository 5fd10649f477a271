//! A page as a list of drawing operations, in whole hundredths of a millimetre: what the three writers draw.
//!
//! Whoever lays out a page thinks in millimetres; a [`Scene`] holds integers, so that PNG, SVG and PDF show the same lines and
//! the same bytes come out on every machine.

use jiff::civil::Date;

use crate::render::font::Font;
use crate::tile::feature::{Geometry, Shape};

/// Steps of the page in a millimetre.
pub(super) const PER_MM: f64 = 100.0;

/// Millimetres to steps.
pub(super) fn steps(mm: f64) -> i32 {
    (mm * PER_MM).round().clamp(-1e9, 1e9) as i32
}

/// A rectangle of the page in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub(super) const fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(super) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub(super) fn inset(&self, by: f64) -> Self {
        Self { x: self.x + by, y: self.y + by, w: self.w - 2.0 * by, h: self.h - 2.0 * by }
    }

    pub(super) fn shape(&self) -> Shape {
        let mut shape = Shape::new(Geometry::Polygon);
        let (x0, y0, x1, y1) = (steps(self.x), steps(self.y), steps(self.right()), steps(self.bottom()));
        shape.push([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]);
        shape
    }
}

/// Red, green, blue, opacity; not premultiplied.
pub(super) type Colour = [u8; 4];

/// How a line ends and turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bend {
    Sharp,
    Round,
}

/// A stroked line. Lengths are in steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stroke {
    pub path: Shape,
    pub colour: Colour,
    pub width: f64,
    /// Lengths of strokes and gaps by turns; empty for a whole line.
    pub dashes: Vec<f64>,
    pub cap: Bend,
    pub join: Bend,
}

/// Areas side by side, each of one colour, none of which shines through another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mosaic {
    pub tiles: Vec<([u8; 3], Shape)>,
    /// Of the whole.
    pub opacity: u8,
}

impl Mosaic {
    /// All areas as one, in the colour of the first, to be laid under areas of different colours: what shines through where two of them meet is then
    /// a neighbour's colour and not the ground. Areas that share a line walk it in opposite directions, so as one path they have no seam.
    pub(super) fn ground(&self) -> Option<([u8; 3], Shape)> {
        let (first, rest) = self.tiles.split_first()?;
        let mut all = first.1.clone();
        rest.iter().flat_map(|(_, shape)| shape.parts()).for_each(|part| all.push(part.iter().copied()));
        (!rest.is_empty()).then_some((first.0, all))
    }
}

/// Characters set in one line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Where the baseline begins.
    pub x: i32,
    pub y: i32,
    /// Steps in an em.
    pub size: i32,
    /// Each glyph with the distance of its origin from the beginning, in thousandths of an em.
    pub glyphs: Vec<(u16, i32)>,
    /// To the end of the last, in thousandths of an em.
    pub width: i32,
    /// What the glyphs say, a character each.
    pub text: String,
    pub colour: Colour,
    /// Drawn with a line around each glyph, in its own colour.
    pub bold: bool,
    /// Colour and radius in steps.
    pub halo: Option<(Colour, i32)>,
}

/// How much wider bold strokes are, in thousandths of an em: the font has one weight.
pub(super) const BOLD: i32 = 36;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    Fill(Mosaic),
    Stroke(Stroke),
    Dot {
        x: i32,
        y: i32,
        radius: i32,
        colour: Colour,
    },
    Text(Run),
    /// What is outside of the rectangle (left, top, right, bottom) is not drawn.
    Clip([i32; 4], Vec<Op>),
}

/// A page, ready to be written.
#[derive(Clone, Debug)]
pub struct Scene {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) day: Date,
    pub(super) ops: Vec<Op>,
    pub(super) font: Font,
    /// 1 : so much, of the main map.
    pub(super) scale: f64,
}

impl Scene {
    /// Width and height in millimetres.
    #[must_use]
    pub fn size_mm(&self) -> (f64, f64) {
        (f64::from(self.width) / PER_MM, f64::from(self.height) / PER_MM)
    }

    /// 1 : so much, of the main map.
    #[must_use]
    pub const fn scale(&self) -> f64 {
        self.scale
    }

    /// What is written on the page, line by line, in drawing order.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        fn collect<'a>(ops: &'a [Op], found: &mut Vec<&'a str>) {
            for op in ops {
                match op {
                    Op::Text(run) => found.push(&run.text),
                    Op::Clip(_, inner) => collect(inner, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.ops, &mut found);
        found
    }

    /// Every run, wherever it stands.
    pub(super) fn runs(&self) -> Vec<&Run> {
        fn collect<'a>(ops: &'a [Op], found: &mut Vec<&'a Run>) {
            for op in ops {
                match op {
                    Op::Text(run) => found.push(run),
                    Op::Clip(_, inner) => collect(inner, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.ops, &mut found);
        found
    }
}
