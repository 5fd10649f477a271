//! Legends as pictures: swatches or a scale of colours, with what they mean beside them.

use tiny_skia::{Color, Paint, Pixmap, Rect, Transform};

use super::RenderFault;
use super::fill::Hatching;
use super::font::Font;
use super::glyph::GlyphCache;
use super::label::{Candidate, Placement};
use super::picture;
use super::stance::Stance;

/// More rows than classes and remarks ever need; further ones are left out, as is what a line has more than this many characters.
const MOST_ROWS: usize = 24;
const MARGIN_PX: f32 = 14.0;
const TITLE_PX: f32 = 14.0;
const TEXT_PX: f32 = 12.0;
const NOTE_PX: f32 = 11.0;
const ROW_PX: f32 = 21.0;
const SWATCH_PX: (f32, f32) = (24.0, 14.0);
const SCALE_PX: (f32, f32) = (224.0, 14.0);
/// The picture's width, without margins.
const WIDTH_PX: std::ops::RangeInclusive<f32> = 232.0..=640.0;
const INK: [u8; 4] = [0x22, 0x2a, 0x36, 255];
const RIM: [u8; 4] = [0x9a, 0xa2, 0xad, 255];
const FAINT: [u8; 4] = [0x56, 0x5f, 0x6d, 255];

/// What stands beside a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swatch {
    Colour([u8; 3]),
    /// As a map hatches (`fill-pattern`), on bare paper.
    Hatched,
    /// Bare paper.
    Bare,
}

/// What a legend says, in the order it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legend {
    pub title: String,
    /// Small, under the title.
    pub notes: Vec<String>,
    /// Colours from left to right with the places (0 … 1) that have a text; none for swatches alone.
    pub scale: Vec<[u8; 4]>,
    pub ticks: Vec<(f32, String)>,
    /// Swatches, and what they mean.
    pub rows: Vec<(Swatch, String)>,
}

/// A line of text: its left end, the middle of its height.
struct Line<'a> {
    x: f32,
    y: f32,
    text: &'a str,
    size_px: f32,
    color: [u8; 4],
    middle: bool,
}

/// Draws a legend on white, as wide as its longest line (at most 668 pixels), with `scale` (1 … 4, clamped) pixels for each.
///
/// # Errors
/// [`RenderFault::Encode`] if the encoder fails, which it does not in memory.
pub(super) fn draw(legend: &Legend, font: &Font, glyphs: &GlyphCache, scale: u8) -> Result<Vec<u8>, RenderFault> {
    let scale = scale.clamp(1, 4);
    let (lines, height) = lines(legend);
    let end =
        |line: &Line<'_>| if line.middle { 0.0 } else { line.x - MARGIN_PX + font.advance(line.text, line.size_px) };
    let widest = lines.iter().map(end).fold(0.0, f32::max).clamp(*WIDTH_PX.start(), *WIDTH_PX.end());
    let side = |px: f32| (px.ceil() as u32) * u32::from(scale);
    let (width, height) = (side(widest + 2.0 * MARGIN_PX), side(height));
    let mut picture = Pixmap::new(width, height)
        .ok_or_else(|| RenderFault::Encode(format!("no memory for {width} × {height} pixels")))?;
    picture.fill(Color::WHITE);
    paint(legend, scale, &mut picture);
    let candidate = |line: &Line<'_>| {
        let half = if line.middle { 0.0 } else { font.advance(line.text, line.size_px) / 2.0 };
        Candidate {
            x: f64::from(line.x + half),
            y: f64::from(line.y),
            text: line.text.to_owned(),
            size_px: line.size_px,
            color: line.color,
            halo_px: 0.0,
            max_width_em: 0.0,
            padding_px: 0.0,
            ..Candidate::default()
        }
    };
    let placement = Placement::new(lines.iter().map(candidate).collect(), font);
    placement.draw(&mut picture.as_mut(), glyphs, &Stance::of_tile((0, 0), scale));
    picture::encode((picture.width(), picture.height()), picture.data().as_chunks().0)
}

/// Where the scale begins, and the first row.
fn tops(legend: &Legend) -> (f32, f32) {
    let scale = MARGIN_PX + 24.0 + legend.notes.len().min(MOST_ROWS) as f32 * 17.0 + 4.0;
    (scale, if legend.scale.is_empty() { scale } else { scale + 42.0 })
}

/// The lines of text, and how high the picture is.
fn lines(legend: &Legend) -> (Vec<Line<'_>>, f32) {
    let line = |x, y, text, size_px, color| Line { x, y, text, size_px, color, middle: false };
    let mut lines = vec![line(MARGIN_PX, MARGIN_PX + 9.0, legend.title.as_str(), TITLE_PX, INK)];
    for (i, note) in legend.notes.iter().take(MOST_ROWS).enumerate() {
        lines.push(line(MARGIN_PX, MARGIN_PX + 30.0 + i as f32 * 17.0, note, NOTE_PX, FAINT));
    }
    let (scale, rows) = tops(legend);
    for (at, text) in legend.ticks.iter().take(MOST_ROWS) {
        let x = MARGIN_PX + at.clamp(0.0, 1.0) * SCALE_PX.0;
        lines.push(Line { middle: true, ..line(x, scale + SCALE_PX.1 + 14.0, text, NOTE_PX, FAINT) });
    }
    for (i, (_, text)) in legend.rows.iter().take(MOST_ROWS).enumerate() {
        let y = rows + (i as f32 + 0.5) * ROW_PX;
        lines.push(line(MARGIN_PX + SWATCH_PX.0 + 10.0, y, text, TEXT_PX, INK));
    }
    (lines, rows + legend.rows.len().min(MOST_ROWS) as f32 * ROW_PX + MARGIN_PX - 4.0)
}

/// Swatches with their rims, and the scale.
fn paint(legend: &Legend, scale: u8, picture: &mut Pixmap) {
    let to_pixels = Transform::from_scale(f32::from(scale), f32::from(scale));
    let mut rectangle = |(x, y, width, height): (f32, f32, f32, f32), [r, g, b, a]: [u8; 4]| {
        // Without, so that strips side by side are one scale.
        let mut paint = Paint { anti_alias: false, ..Paint::default() };
        paint.set_color_rgba8(r, g, b, a);
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            picture.fill_rect(rect, &paint, to_pixels, None);
        }
    };
    let (top, rows) = tops(legend);
    if !legend.scale.is_empty() {
        rectangle((MARGIN_PX - 1.0, top - 1.0, SCALE_PX.0 + 2.0, SCALE_PX.1 + 2.0), RIM);
        rectangle((MARGIN_PX, top, SCALE_PX.0, SCALE_PX.1), [255; 4]);
        let step = SCALE_PX.0 / legend.scale.len() as f32;
        for (i, colour) in legend.scale.iter().enumerate() {
            rectangle((MARGIN_PX + i as f32 * step, top, step, SCALE_PX.1), *colour);
        }
    }
    let swatches = legend.rows.iter().take(MOST_ROWS).enumerate().map(|(i, (swatch, _))| {
        let y = rows + (i as f32 + 0.5) * ROW_PX - SWATCH_PX.1 / 2.0;
        (y, swatch)
    });
    for (y, swatch) in swatches.clone() {
        let [r, g, b] = if let Swatch::Colour(colour) = swatch { *colour } else { [255; 3] };
        rectangle((MARGIN_PX - 1.0, y - 1.0, SWATCH_PX.0 + 2.0, SWATCH_PX.1 + 2.0), RIM);
        rectangle((MARGIN_PX, y, SWATCH_PX.0, SWATCH_PX.1), [r, g, b, 255]);
    }
    for (y, _) in swatches.filter(|(_, swatch)| **swatch == Swatch::Hatched) {
        if let Some(rect) = Rect::from_xywh(MARGIN_PX, y, SWATCH_PX.0, SWATCH_PX.1) {
            Hatching::swatch(rect, to_pixels, 1.0, scale, picture);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::font::bundled;

    fn drawn(legend: &Legend, scale: u8) -> (u32, u32, Vec<[u8; 4]>) {
        let font = bundled();
        let bytes = draw(legend, &font, &GlyphCache::new(&font), scale).expect("a picture");
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut data = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut data).expect("pixels");
        (info.width, info.height, data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect())
    }

    #[test]
    fn every_swatch_stands_beside_its_text_at_both_scales() {
        let colours = [[200, 10, 10], [10, 200, 10], [10, 10, 200]];
        let rows = colours.iter().map(|colour| (Swatch::Colour(*colour), "12–34".to_owned())).collect();
        let legend = Legend { title: "诉求件数".into(), notes: vec!["2025 年".into()], rows, ..Legend::default() };
        for scale in [1, 2] {
            let (width, height, pixels) = drawn(&legend, scale);
            assert_eq!(width, 260 * u32::from(scale));
            for (i, [r, g, b]) in colours.into_iter().enumerate() {
                let of = |(at, _): &(usize, &[u8; 4])| (*at as u32 % width, *at as u32 / width);
                let found: Vec<(u32, u32)> =
                    pixels.iter().enumerate().filter(|(_, p)| **p == [r, g, b, 255]).map(|p| of(&p)).collect();
                assert_eq!(found.len() as u32, 24 * 14 * u32::from(scale).pow(2), "swatch {i} at {scale}");
                // Ink right of it, in its rows.
                let (top, bottom) = (found[0].1, found[found.len() - 1].1);
                let ink = |x: u32, y: u32| pixels[(y * width + x) as usize][0] < 120;
                assert!(bottom < height && (top..=bottom).any(|y| (48 * u32::from(scale)..width).any(|x| ink(x, y))));
            }
        }
    }

    #[test]
    fn a_hatched_swatch_is_lines_on_paper_and_nothing_beside_it_changes() {
        for scale in [1u8, 2] {
            let side = u32::from(scale);
            let of = |swatch| {
                let rows = vec![(Swatch::Colour([9; 3]), "1 – 2".to_owned()), (swatch, "不足".to_owned())];
                drawn(&Legend { title: "诉求".into(), rows, ..Legend::default() }, scale)
            };
            let ((width, _, bare), (_, _, hatched)) = (of(Swatch::Bare), of(Swatch::Hatched));
            let inked: Vec<(u32, u32)> = (0..width * (bare.len() as u32 / width))
                .filter(|at| bare[*at as usize] != hatched[*at as usize])
                .map(|at| (at % width, at / width))
                .collect();
            // In the second row's swatch.
            let inside =
                |(x, y): (u32, u32)| (14 * side..38 * side).contains(&x) && (66 * side..82 * side).contains(&y);
            assert!(inked.iter().all(|at| inside(*at)), "at {scale}: {inked:?}");
            let area = 24 * 14 * side * side;
            let lines = inked.len() as u32;
            assert!(area / 4 < lines && lines < area * 2 / 3, "at {scale}: {lines} of {area} pixels have ink");
            // Diagonals: what is inked goes on up to the right, as on the map, and has its colour.
            let at = |(x, y): (u32, u32)| hatched[(y * width + x) as usize];
            let next = |(x, y): (u32, u32)| (x + 1, y - 1);
            let pairs: Vec<_> = inked.iter().filter(|one| inked.contains(&next(**one))).collect();
            assert!(pairs.len() > inked.len() * 3 / 4 && pairs.iter().all(|one| at(**one) == at(next(**one))));
            let darkest = inked.iter().map(|one| at(*one)[0]).min();
            assert_eq!(darkest, Some(if scale == 1 { 143 } else { 0x68 }));
        }
    }

    #[test]
    fn too_much_is_cut_and_nothing_is_still_a_picture() {
        let (width, height, _) = drawn(&Legend::default(), 0);
        assert!(width == 260 && height > 20);
        let rows = (0..1000).map(|_| (Swatch::Bare, "长".repeat(500))).collect();
        let (width, height, _) = drawn(&Legend { rows, ..Legend::default() }, 9);
        assert!(width <= 4 * 668 && height <= 4 * 600, "{width} × {height}");
    }
}
