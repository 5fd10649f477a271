//! The legend of a style: a swatch and a name for each layer that has a name for people (`metadata.legend`).

use tiny_skia::{Color, PathBuilder, Pixmap};

use super::RenderFault;
use super::expression::{Scene, Val};
use super::fill::Hatching;
use super::font::Font;
use super::glyph::GlyphCache;
use super::label::{Candidate, Placement};
use super::map::{blank, fill_colour, finish, look};
use super::square::PEN;
use super::stance::Stance;
use super::style::{Kind, Layer, Style};
use super::view::Picture;

/// Logical pixels.
const MARGIN: f32 = 10.0;
const ROW: f32 = 26.0;
const SWATCH: (f32, f32) = (38.0, 18.0);
const GAP: f32 = 10.0;
const TEXT_PX: f32 = 13.0;
/// What is drawn about that deep shows what it looks like.
const ZOOM: f64 = 14.0;
/// More layers than that are no legend.
const MOST_ROWS: usize = 64;

/// One row: layers of the same name are drawn over each other.
struct Row<'a> {
    name: &'a str,
    layers: Vec<&'a Layer>,
}

/// Draws it on the style's own background, or on white when it has none.
pub(super) fn draw(style: &Style, font: &Font, glyphs: &GlyphCache, scale: u8) -> Result<Picture, RenderFault> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for layer in &style.layers {
        let Some(name) = layer.legend.as_deref() else { continue };
        match rows.iter().position(|row| row.name == name) {
            Some(at) => rows[at].layers.push(layer),
            None if rows.len() < MOST_ROWS => rows.push(Row { name, layers: vec![layer] }),
            None => break,
        }
    }
    let widest = rows.iter().map(|row| font.advance(row.name, TEXT_PX)).fold(0.0, f32::max);
    let px = |logical: f32| (logical * f32::from(scale)).ceil() as u32;
    let text_left = MARGIN + SWATCH.0 + GAP;
    let mut picture = blank(px(text_left + widest + MARGIN), px(2.0 * MARGIN + ROW * rows.len().max(1) as f32))?;
    let ground = ground(style);
    picture.fill(Color::from_rgba8(ground[0], ground[1], ground[2], 255));
    let bright = u32::from(ground[0]) * 2 + u32::from(ground[1]) * 5 + u32::from(ground[2]) > 8 * 128;
    let ink = if bright { [0x33, 0x33, 0x33, 255] } else { [0xee, 0xee, 0xee, 255] };
    let mut names = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let middle = MARGIN + ROW * (i as f32 + 0.5);
        for layer in &row.layers {
            swatch(layer, middle, scale, &mut picture);
        }
        names.push(Candidate {
            x: f64::from(text_left + font.advance(row.name, TEXT_PX) / 2.0),
            y: f64::from(middle),
            text: row.name.to_owned(),
            size_px: TEXT_PX,
            color: ink,
            halo_px: 0.0,
            max_width_em: 0.0,
            padding_px: 0.0,
            ..Candidate::default()
        });
    }
    Placement::new(names, font).draw(&mut picture.as_mut(), glyphs, &Stance::of_tile((0, 0), scale));
    Ok(Picture::of(picture))
}

fn scene<'a>(layer: &Layer, tags: &'a [(&'static str, Val)]) -> Scene<'a> {
    let zoom = ZOOM.clamp(layer.min_zoom + 1.0, (layer.max_zoom - 0.01).max(layer.min_zoom + 1.0));
    Scene { zoom, geometry: if layer.kind == Kind::Line { "LineString" } else { "Polygon" }, tags, state: &[] }
}

fn ground(style: &Style) -> [u8; 3] {
    let background = style.layers.iter().find(|layer| layer.kind == Kind::Background);
    let colour = background
        .map_or([1.0; 4], |layer| layer.colour("background-color", [1.0; 4], "background-opacity", &scene(layer, &[])));
    [0, 1, 2].map(|i| (colour[i].clamp(0.0, 1.0) * 255.0).round() as u8)
}

fn swatch(layer: &Layer, middle: f32, scale: u8, picture: &mut Pixmap) {
    // A feature of the first class stands for all.
    let tags = [("class", Val::Num(1.0))];
    let scene = scene(layer, &tags);
    let (pen, mut path) = (PEN as f32, PathBuilder::new());
    let (left, right, half) = (MARGIN * pen, (MARGIN + SWATCH.0) * pen, SWATCH.1 / 2.0 * pen);
    match layer.kind {
        Kind::Line => {
            let mut look = look(layer, &scene);
            look.width = look.width.min(SWATCH.1);
            path.move_to(left, middle * pen);
            path.line_to(right, middle * pen);
            if look.width > 0.0 && look.colour[3] > 0.0 {
                finish(&look, path, 0.0, scale, picture);
            }
        }
        Kind::Fill => {
            let [r, g, b, a] = fill_colour(layer, &scene).map(|c| c.clamp(0.0, 1.0));
            let rect = tiny_skia::Rect::from_ltrb(left, middle * pen - half, right, middle * pen + half);
            let to_pixels = tiny_skia::Transform::from_scale(f32::from(scale) / pen, f32::from(scale) / pen);
            if let (Some(rect), Some(colour)) = (rect, Color::from_rgba(r, g, b, a)) {
                if layer.is_hatched() {
                    return Hatching::swatch(rect, to_pixels, a, scale, picture);
                }
                let mut paint = tiny_skia::Paint::default();
                paint.set_color(colour);
                picture.fill_rect(rect, &paint, to_pixels, None);
            }
        }
        Kind::Background | Kind::Circle | Kind::Symbol => {}
    }
}
