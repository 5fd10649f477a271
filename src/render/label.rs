//! Labels, placed once per style and zoom for the whole district: none is repeated, cut or different at a tile's edge.
//!
//! candidates → laid out → greedy by priority → placed; a tile draws those that touch it, at pixels of the world, not of the tile.

use std::collections::HashMap;
use std::sync::Arc;

use tiny_skia::PixmapMut;

use super::font::Font;
use super::glyph::{GlyphCache, Mask, MaskKey, raise};
use super::stance::Stance;
use super::wrap;

/// Longer texts end in “…”: a label is a name, not a story.
const MAX_CHARS: usize = 64;
/// From baseline to baseline.
const LINE_HEIGHT_EM: f32 = 1.2;
/// Where browsers set a name: its baseline so far below the middle of its line. (MapLibre counts in 24ths of an em: 27.5 from the top of a line
/// down to the baseline of a glyph that it draws itself, less 17, less the half that the middle of a pixel lies beside its corner.)
const BASELINE_EM: f32 = 10.0 / 24.0;
/// Glyphs may lean this far out of their advance widths.
const LEAN_EM: f32 = 0.25;
/// Rounding to whole and quarter pixels, and antialiasing, move ink by less than this.
const ROUNDING_PX: f64 = 2.0;
/// Side of the cells that find neighbours.
const CELL_PX: f64 = 128.0;

/// A label that would like a place. Pixels are those of the world at scale 1, which is 256 · 2^zoom pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Where the middle of the label goes, or of its upper side if it stands `below`.
    pub x: f64,
    pub y: f64,
    pub below: bool,
    /// From there to the right and down, in ems.
    pub offset_em: (f32, f32),
    /// Line feeds break lines; characters that the font has not are left out.
    pub text: String,
    /// 4 … 96, in steps of ¹⁄₁₆.
    pub size_px: f32,
    /// The size for which room is kept, if larger: what it will have grown to when the reader has zoomed in by one.
    pub room_px: f32,
    /// Red, green, blue, opacity (not premultiplied).
    pub color: [u8; 4],
    pub halo: [u8; 4],
    /// Radius of the halo, 0 … 8, in steps of ¼.
    pub halo_px: f32,
    /// Higher is placed first.
    pub priority: i64,
    /// Added between characters, −0.1 … 2.
    pub letter_spacing_em: f32,
    /// Longer texts are broken into balanced lines; 0 for one line whatever its length.
    pub max_width_em: f32,
    /// Kept free around the label: 0 … 64.
    pub padding_px: f32,
}

impl Default for Candidate {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            below: false,
            offset_em: (0.0, 0.0),
            text: String::new(),
            size_px: 12.0,
            room_px: 0.0,
            color: [0x22, 0x22, 0x22, 255],
            halo: [255, 255, 255, 255],
            halo_px: 1.5,
            priority: 0,
            letter_spacing_em: 0.0,
            max_width_em: 8.0,
            padding_px: 2.0,
        }
    }
}

/// A rectangle in pixels of the world at scale 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Extent {
    fn touches(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left && other.right <= self.right && self.top <= other.top && other.bottom <= self.bottom
    }

    /// The squares of [`CELL_PX`] that it touches.
    fn cells(&self) -> impl Iterator<Item = (i64, i64)> + use<> {
        let cell = |px: f64| (px / CELL_PX).floor() as i64;
        let (left, right) = (cell(self.left), cell(self.right));
        (cell(self.top)..=cell(self.bottom)).flat_map(move |row| (left..=right).map(move |column| (column, row)))
    }
}

/// A line of a placed label, in pixels of the world at scale 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetLine<'a> {
    pub candidate: &'a Candidate,
    /// Each glyph and its distance from the line's left end, in ems.
    pub glyphs: &'a [(u16, f32)],
    pub width_em: f32,
    pub size_px: f64,
    pub halo_px: f64,
    pub left: f64,
    pub baseline: f64,
}

#[derive(Clone, Debug)]
struct Line {
    /// Each glyph and its distance from the line's left end.
    glyphs: Vec<(u16, f32)>,
    width_em: f32,
}

#[derive(Clone, Debug)]
struct Label {
    candidate: Candidate,
    size_16: u16,
    halo_q: u16,
    lines: Vec<Line>,
    /// From the candidate's point down to the first baseline, and to the right to the middle of the lines.
    baseline_em: f32,
    middle_em: f32,
    /// What no other label may enter.
    claim: Extent,
    /// Where its pixels can be.
    ink: Extent,
}

/// The labels that found a place. Which they are depends on the candidates alone, not on their order, and not on tiles.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// Highest priority first.
    labels: Vec<Label>,
    cells: HashMap<(i64, i64), Vec<u32>>,
}

impl Placement {
    /// Places labels greedily: by priority, then larger size, then text, then position. One whose box (text and padding) would
    /// enter another's is left out, as is one without a drawable character or with a position that is not a number.
    #[must_use]
    pub fn new(candidates: Vec<Candidate>, font: &Font) -> Self {
        Self::within(candidates, font, None, &[])
    }

    /// As [`Placement::new`], on a sheet: a label whose box would leave the frame, or enter one of the boxes that are taken, is left out.
    #[must_use]
    pub fn within(candidates: Vec<Candidate>, font: &Font, frame: Option<Extent>, taken: &[Extent]) -> Self {
        let fits = |claim: &Extent| {
            frame.is_none_or(|frame| frame.holds(claim)) && !taken.iter().any(|taken| taken.touches(claim))
        };
        let mut ordered = candidates;
        ordered.retain(|c| c.x.abs() < 1e12 && c.y.abs() < 1e12);
        ordered.sort_by(|a, b| {
            (b.priority.cmp(&a.priority))
                .then_with(|| b.size_px.total_cmp(&a.size_px))
                .then_with(|| a.text.cmp(&b.text))
                .then_with(|| a.x.total_cmp(&b.x))
                .then_with(|| a.y.total_cmp(&b.y))
        });
        let mut placement = Self::default();
        for label in ordered.into_iter().filter_map(|candidate| Label::new(candidate, font)) {
            if fits(&label.claim) && !placement.near(&label.claim).any(|other| other.claim.touches(&label.claim)) {
                placement.add(label);
            }
        }
        placement
    }

    /// How many labels have a place.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The placed labels, highest priority first, with the boxes they claim.
    pub fn iter(&self) -> impl Iterator<Item = (&Candidate, Extent)> {
        self.labels.iter().map(|label| (&label.candidate, label.claim))
    }

    /// The placed labels line by line, for writers that draw outlines.
    pub(super) fn set(&self) -> impl Iterator<Item = SetLine<'_>> {
        self.labels.iter().flat_map(|label| {
            let (size_px, halo_px) = (f64::from(label.size_16) / 16.0, f64::from(label.halo_q) / 4.0);
            let Candidate { x, y, .. } = label.candidate;
            label.lines.iter().enumerate().map(move |(row, line)| SetLine {
                candidate: &label.candidate,
                glyphs: &line.glyphs,
                width_em: line.width_em,
                size_px,
                halo_px,
                left: x + f64::from(label.middle_em - line.width_em / 2.0) * size_px,
                baseline: y + f64::from(label.baseline_em + row as f32 * LINE_HEIGHT_EM) * size_px,
            })
        })
    }

    /// Draws every label that touches the canvas, which lies in the world as `stance` says. What lies outside is clipped, and the
    /// neighbouring canvas shows it, pixel for pixel as one large canvas would. `glyphs` must be of the font that placed the labels.
    pub fn draw(&self, canvas: &mut PixmapMut<'_>, glyphs: &GlyphCache, stance: &Stance) {
        let sheet = stance.sheet(canvas.width(), canvas.height());
        let mut found: Vec<u32> = sheet.cells().filter_map(|cell| self.cells.get(&cell)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        let scale = u16::from(stance.scale());
        let mut stamp = Stamp::default();
        for label in found.iter().filter_map(|&index| self.labels.get(index as usize)) {
            if !label.ink.touches(&sheet) {
                continue;
            }
            // All halos before all glyphs: a halo must not cover the glyph beside it.
            if label.halo_q > 0 {
                stamp.compose(&label.masks(glyphs, label.halo_q * scale, stance));
                stamp.blit(canvas, label.candidate.halo, stance.origin);
            }
            stamp.compose(&label.masks(glyphs, 0, stance));
            stamp.blit(canvas, label.candidate.color, stance.origin);
        }
    }

    fn add(&mut self, label: Label) {
        let index = self.labels.len() as u32;
        for cell in label.reach().cells() {
            self.cells.entry(cell).or_default().push(index);
        }
        self.labels.push(label);
    }

    fn near(&self, extent: &Extent) -> impl Iterator<Item = &Label> {
        let found = extent.cells().filter_map(|cell| self.cells.get(&cell)).flatten();
        found.filter_map(|&index| self.labels.get(index as usize))
    }
}

impl Label {
    fn new(mut candidate: Candidate, font: &Font) -> Option<Self> {
        let clamp = |length: f32, low: f32, high: f32| if length.is_finite() { length.clamp(low, high) } else { low };
        let size_16 = (clamp(candidate.size_px, 4.0, 96.0) * 16.0).round() as u16;
        let halo_q = if candidate.halo[3] == 0 { 0 } else { (clamp(candidate.halo_px, 0.0, 8.0) * 4.0).round() as u16 };
        let spacing_em = clamp(candidate.letter_spacing_em, -0.1, 2.0);
        let padding_px = f64::from(clamp(candidate.padding_px, 0.0, 64.0));
        shorten(&mut candidate.text);
        let lines = lay_out(&candidate.text, font, spacing_em, clamp(candidate.max_width_em, 0.0, 1e3));
        let width_em = lines.iter().map(|line| line.width_em).reduce(f32::max)?;
        let height_em = lines.len() as f32 * LINE_HEIGHT_EM;
        let (right_em, down_em) =
            (clamp(candidate.offset_em.0, -64.0, 64.0), clamp(candidate.offset_em.1, -64.0, 64.0));
        let top_em = if candidate.below { down_em } else { down_em - height_em / 2.0 };
        let baseline_em = top_em + LINE_HEIGHT_EM / 2.0 + BASELINE_EM;
        let size_px = f64::from(size_16) / 16.0;
        let room_px = size_px.max(f64::from(clamp(candidate.room_px, 4.0, 96.0)));
        let around = |size_px: f64, top_em: f32, bottom_em: f32, side_em: f32, margin_px: f64| {
            let (middle, half_px) =
                (candidate.x + f64::from(right_em) * size_px, f64::from(width_em / 2.0 + side_em) * size_px);
            Extent {
                left: middle - half_px - margin_px,
                top: candidate.y + f64::from(top_em) * size_px - margin_px,
                right: middle + half_px + margin_px,
                bottom: candidate.y + f64::from(bottom_em) * size_px + margin_px,
            }
        };
        let metrics = font.lines();
        let claim = around(room_px, top_em, top_em + height_em, 0.0, padding_px);
        let (ascent_em, descent_em) = (baseline_em - metrics.ascent_em, height_em + metrics.descent_em);
        let ink = around(size_px, ascent_em, baseline_em + descent_em, LEAN_EM, f64::from(halo_q) / 4.0 + ROUNDING_PX);
        Some(Self { candidate, size_16, halo_q, lines, baseline_em, middle_em: right_em, claim, ink })
    }

    fn reach(&self) -> Extent {
        Extent {
            left: self.claim.left.min(self.ink.left),
            top: self.claim.top.min(self.ink.top),
            right: self.claim.right.max(self.ink.right),
            bottom: self.claim.bottom.max(self.ink.bottom),
        }
    }

    /// Where each mask's top left corner goes, in device pixels of the world.
    fn masks(&self, glyphs: &GlyphCache, halo_q: u16, stance: &Stance) -> Vec<(i64, i64, Arc<Mask>)> {
        let size_16 = self.size_16 * u16::from(stance.scale());
        let size_px = f64::from(size_16) / 16.0;
        let (x, y) = stance.device(self.candidate.x, self.candidate.y);
        let quarters = |px: f64| (px * 4.0).round() as i64;
        let mut masks = Vec::new();
        for (row, line) in self.lines.iter().enumerate() {
            let down_em = f64::from(self.baseline_em) + row as f64 * f64::from(LINE_HEIGHT_EM);
            let baseline = quarters(y + down_em * size_px);
            let left = x + f64::from(self.middle_em - line.width_em / 2.0) * size_px;
            for &(glyph, x_em) in &line.glyphs {
                let at = quarters(left + f64::from(x_em) * size_px);
                let (shift_q, down_q) = (at.rem_euclid(4) as u8, baseline.rem_euclid(4) as u8);
                let mask = glyphs.mask(MaskKey { glyph, size_16, halo_q, shift_q, down_q });
                let corner = at.div_euclid(4) + i64::from(mask.left_px);
                masks.push((corner, baseline.div_euclid(4) - i64::from(mask.top_px), mask));
            }
        }
        masks
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.pop();
        text.push('…');
    }
}

fn lay_out(text: &str, font: &Font, spacing_em: f32, max_em: f32) -> Vec<Line> {
    let mut chars = Vec::new();
    let mut glyphs = Vec::new();
    for (row, paragraph) in text.split('\n').enumerate() {
        if row > 0 {
            chars.push(('\n', 0.0));
            glyphs.push(0);
        }
        for (part, piece) in paragraph.split(wrap::HINT).enumerate() {
            if part > 0 {
                chars.push((wrap::HINT, spacing_em));
                glyphs.push(0);
            }
            for (ch, glyph, advance_em) in font.glyphs(piece) {
                chars.push((ch, advance_em + spacing_em));
                glyphs.push(glyph);
            }
        }
    }
    let lines = wrap::lines(&chars, max_em).into_iter().filter_map(|range| {
        let (chars, glyphs) = (chars.get(range.clone())?, glyphs.get(range)?);
        let mut x_em = 0.0;
        let places = chars.iter().zip(glyphs).filter_map(|(&(ch, advance_em), &glyph)| {
            let place = (glyph, x_em);
            x_em += advance_em;
            (ch != wrap::HINT).then_some(place)
        });
        let glyphs: Vec<(u16, f32)> = places.collect();
        if glyphs.is_empty() {
            return None;
        }
        Some(Line { glyphs, width_em: x_em - spacing_em })
    });
    lines.collect()
}

/// One colour of one label, as a mask; its memory serves the next.
#[derive(Debug, Default)]
struct Stamp {
    left: i64,
    top: i64,
    width: usize,
    cover: Vec<u8>,
}

impl Stamp {
    fn compose(&mut self, masks: &[(i64, i64, Arc<Mask>)]) {
        self.cover.clear();
        self.width = 0;
        let inked = || masks.iter().filter(|(_, _, mask)| mask.width_px > 0);
        let bounds = inked().fold(None, |bounds: Option<(i64, i64, i64, i64)>, (x, y, mask)| {
            let (left, top, right, bottom) = bounds.unwrap_or((*x, *y, *x, *y));
            let (end, foot) = (x + i64::from(mask.width_px), y + i64::from(mask.height_px));
            Some((left.min(*x), top.min(*y), right.max(end), bottom.max(foot)))
        });
        let Some((left, top, right, bottom)) = bounds else { return };
        (self.left, self.top, self.width) = (left, top, (right - left) as usize);
        self.cover.resize(self.width * (bottom - top) as usize, 0);
        for (x, y, mask) in inked() {
            raise(&mut self.cover, self.width, (x - left) as usize, (y - top) as usize, mask);
        }
    }

    /// Lays the colour over the canvas where the mask is.
    fn blit(&self, canvas: &mut PixmapMut<'_>, color: [u8; 4], origin: (i64, i64)) {
        if self.width == 0 {
            return;
        }
        let (width, height) = (i64::from(canvas.width()), i64::from(canvas.height()));
        let (dx, dy) = (self.left - origin.0, self.top - origin.1);
        let skip = (-dx).clamp(0, self.width as i64) as usize;
        let stride = canvas.width() as usize * 4;
        let data = canvas.data_mut();
        for (row, cover) in self.cover.chunks_exact(self.width).enumerate() {
            let y = dy + row as i64;
            if !(0..height).contains(&y) || dx >= width {
                continue;
            }
            let start = y as usize * stride + dx.max(0) as usize * 4;
            let end = (y as usize + 1) * stride;
            let Some(pixels) = data.get_mut(start..end) else { continue };
            for (pixel, &cover) in pixels.chunks_exact_mut(4).zip(cover.iter().skip(skip)) {
                if cover != 0 {
                    blend(pixel, color, cover);
                }
            }
        }
    }
}

/// n / 255, rounded, for n up to 255².
fn per_255(n: u32) -> u32 {
    (n + 128 + ((n + 128) >> 8)) >> 8
}

fn blend(pixel: &mut [u8], color: [u8; 4], cover: u8) {
    if cover & color[3] == 255 {
        pixel.copy_from_slice(&color);
        return;
    }
    let opacity = per_255(u32::from(color[3]) * u32::from(cover));
    let ink = [color[0], color[1], color[2], 255];
    for (under, over) in pixel.iter_mut().zip(ink) {
        *under = per_255(u32::from(over) * opacity + u32::from(*under) * (255 - opacity)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use tiny_skia::{Color, Pixmap};

    use super::*;
    use crate::render::font::bundled;

    const NAMES: [&str; 8] =
        ["洸河街道", "黄庄社区第五网格", "12", "观音阁街道", "翰林社区第12网格", "金城", "Jy (a) – 3号", "古槐\n越河"];

    /// A fixed sequence of numbers in 0 … n.
    fn dice(mut seed: u64) -> impl FnMut(u64) -> u64 {
        move |n| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        }
    }

    fn crowd(count: usize, side_px: u64) -> Vec<Candidate> {
        let mut roll = dice(7);
        let candidate = |_| Candidate {
            x: 5_000_000.0 + roll(side_px * 100) as f64 / 100.0,
            y: 3_000_000.0 + roll(side_px * 100) as f64 / 100.0,
            text: NAMES[roll(8) as usize].to_owned(),
            size_px: 9.0 + roll(20) as f32 / 2.0,
            halo_px: roll(5) as f32 / 2.0,
            halo: [255, 255, 240, 128 + roll(128) as u8],
            priority: roll(4) as i64,
            max_width_em: roll(3) as f32 * 3.0,
            ..Candidate::default()
        };
        (0..count).map(candidate).collect()
    }

    fn sheet(placement: &Placement, glyphs: &GlyphCache, origin: (i64, i64), side_px: u32, scale: u8) -> Pixmap {
        let mut pixmap = Pixmap::new(side_px * u32::from(scale), side_px * u32::from(scale)).unwrap();
        pixmap.fill(Color::from_rgba8(180, 200, 220, 255));
        placement.draw(&mut pixmap.as_mut(), glyphs, &Stance::of_tile(origin, scale));
        pixmap
    }

    #[test]
    fn tiles_side_by_side_are_one_picture() {
        let font = bundled();
        let (placement, glyphs) = (Placement::new(crowd(600, 512), &font), GlyphCache::new(&font));
        assert!(placement.len() > 20, "{}", placement.len());
        let origin = (5_000_000, 3_000_000);
        for scale in [1_u8, 2] {
            let whole = sheet(&placement, &glyphs, origin, 512, scale);
            let plain = sheet(&Placement::default(), &glyphs, origin, 512, scale);
            let side = 256 * u32::from(scale);
            let mut seams = 0;
            for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let at = (origin.0 + i64::from(column) * 256, origin.1 + i64::from(row) * 256);
                // Another cache: what was drawn before must not matter.
                let tile = sheet(&placement, &GlyphCache::new(&font), at, 256, scale);
                for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
                    let pixel = whole.pixel(column * side + x, row * side + y);
                    assert_eq!(tile.pixel(x, y), pixel, "{x} {y} of {column} {row}");
                    let edge = (x + 1 == side && column == 0) || (y + 1 == side && row == 0);
                    seams += u32::from(edge && pixel != plain.pixel(0, 0));
                }
            }
            assert!(seams > 20, "labels cross the seams: {seams}");
        }
    }

    #[test]
    fn boxes_do_not_overlap_and_whoever_is_left_out_has_a_reason() {
        let font = bundled();
        let candidates = crowd(500, 1000);
        let placement = Placement::new(candidates.clone(), &font);
        let boxes: Vec<(Candidate, Extent)> = placement.iter().map(|(c, extent)| (c.clone(), extent)).collect();
        for (i, (_, a)) in boxes.iter().enumerate() {
            assert!(boxes[i + 1..].iter().all(|(_, b)| !a.touches(b)));
        }
        for out in candidates.iter().filter(|c| !boxes.iter().any(|(placed, _)| placed == *c)) {
            let alone = Placement::new(vec![out.clone()], &font);
            let (_, claim) = alone.iter().next().unwrap();
            assert!(boxes.iter().any(|(other, extent)| other.priority >= out.priority && extent.touches(&claim)));
        }
    }

    #[test]
    fn the_order_of_candidates_does_not_matter() {
        let font = bundled();
        let mut candidates = crowd(300, 600);
        let texts = |placement: &Placement| placement.iter().map(|(c, e)| (c.clone(), e)).collect::<Vec<_>>();
        let first = texts(&Placement::new(candidates.clone(), &font));
        candidates.reverse();
        candidates.rotate_left(77);
        assert_eq!(texts(&Placement::new(candidates, &font)), first);
    }

    #[test]
    fn strange_candidates_are_left_out_or_drawn_as_far_as_they_can_be() {
        let font = bundled();
        let at = |x: f64, text: &str| Candidate { x, y: 50.0, text: text.to_owned(), ..Candidate::default() };
        let candidates = vec![
            at(f64::NAN, "洸河"),
            at(f64::INFINITY, "洸河"),
            at(1e15, "洸河"),
            at(1000.0, ""),
            at(2000.0, "\u{1f600}\u{20000}"),
            at(3000.0, " \n "),
            Candidate { size_px: f32::NAN, halo_px: f32::INFINITY, padding_px: -3.0, ..at(200.0, "黄庄") },
            Candidate { size_px: 1e9, letter_spacing_em: f32::NAN, max_width_em: f32::NAN, ..at(900.0, "里") },
            at(9000.0, &"长".repeat(10_000)),
            at(50.0, "洸\u{1f600}河"),
        ];
        let placement = Placement::new(candidates, &font);
        assert_eq!(placement.len(), 4);
        let (glyphs, whole) = (GlyphCache::new(&font), Placement::new(vec![at(50.0, "洸河")], &font));
        assert_eq!(sheet(&placement, &glyphs, (0, 0), 100, 1), sheet(&whole, &glyphs, (0, 0), 100, 1));
        for scale in [0, 3, 255] {
            let mut pixmap = Pixmap::new(300, 7).unwrap();
            placement.draw(&mut pixmap.as_mut(), &glyphs, &Stance::of_tile((-20, 40), scale));
        }
        assert_eq!(placement.iter().map(|(c, _)| c.text.chars().count()).max(), Some(MAX_CHARS));
    }

    #[test]
    fn the_halo_is_all_around_and_ink_is_in_the_middle() {
        let font = bundled();
        for (text, size_px) in [("洸河街道", 13.0), ("12", 18.0), ("黄庄社区第五网格", 11.0)] {
            let (halo, color) = ([255, 255, 0, 255], [0, 0, 255, 255]);
            let label = Candidate {
                x: 100.0,
                y: 50.0,
                text: text.to_owned(),
                size_px,
                halo,
                color,
                halo_px: 2.0,
                max_width_em: 6.0,
                ..Candidate::default()
            };
            let placement = Placement::new(vec![label], &font);
            let sheet = sheet(&placement, &GlyphCache::new(&font), (0, 0), 200, 1);
            let (mut left, mut top, mut right, mut bottom) = (200, 200, 0, 0);
            for (x, y) in (2..198).flat_map(|y| (2..198).map(move |x| (x, y))) {
                let pixel = sheet.pixel(x, y).unwrap();
                if pixel.blue() > 225 && pixel.red() < 100 {
                    (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
                    // A pixel away from ink there is ink or halo, never the background (blue and green about equal).
                    for (dx, dy) in [(0, 1), (2, 1), (1, 0), (1, 2)] {
                        let beside = sheet.pixel(x + dx - 1, y + dy - 1).unwrap();
                        assert!(beside != sheet.pixel(0, 0).unwrap(), "{text}: {x} {y}");
                    }
                }
            }
            assert!(left < right, "{text} has ink");
            let (off_x, off_y) = (f64::from(left + right + 1) / 2.0 - 100.0, f64::from(top + bottom + 1) / 2.0 - 50.0);
            assert!(off_x.abs() <= 1.5 && off_y.abs() <= 1.5, "{text}: {off_x} {off_y}");
            let (_, claim) = placement.iter().next().unwrap();
            assert!(f64::from(left) > claim.left && f64::from(right) < claim.right);
            assert!(f64::from(top) > claim.top && f64::from(bottom) < claim.bottom);
        }
    }
}
