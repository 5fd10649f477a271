//! Glyphs as masks: rasterised once per size, blitted ever after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use swash::FontRef;
use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::{Format, Join, Stroke, Style, Vector};

use super::RenderFault;

/// A font as its file's bytes, checked once. Cheap to clone.
#[derive(Clone)]
pub struct Font {
    bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Font({} bytes)", self.bytes.len())
    }
}

impl Font {
    /// Reads an OpenType or TrueType file with Chinese and Latin glyphs.
    ///
    /// # Errors
    /// [`RenderFault::Font`] when it is not one.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, RenderFault> {
        let font = Self { bytes: bytes.into() };
        let Some(face) = font.face() else { return Err(RenderFault::Font("no OpenType or TrueType tables")) };
        if face.charmap().map('0') == 0 { Err(RenderFault::Font("it has no digits")) } else { Ok(font) }
    }

    fn face(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(&self.bytes, 0)
    }

    /// The characters of `text` that the font cannot draw.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<char> {
        let Some(face) = self.face() else { return text.chars().collect() };
        let map = face.charmap();
        text.chars().filter(|c| !c.is_whitespace() && map.map(*c) == 0).collect()
    }

    /// Each character's glyph and its width in ems.
    pub(super) fn glyphs(&self, text: &str) -> Vec<(u16, f32)> {
        let Some(face) = self.face() else { return Vec::new() };
        let (map, metrics) = (face.charmap(), face.glyph_metrics(&[]));
        let em = f32::from(metrics.units_per_em().max(1));
        let glyph = |c: char| {
            let glyph = map.map(c);
            (glyph, metrics.advance_width(glyph) / em)
        };
        text.chars().map(glyph).collect()
    }
}

/// What one mask shows. Sizes and widths in quarters of a pixel, the pen's fraction in quarters, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct GlyphKey {
    pub glyph: u16,
    pub size_q: u16,
    /// 0 is the glyph itself, more a line of that width around it.
    pub halo_q: u8,
    pub bold: bool,
    pub fraction_q: u8,
}

/// Coverage of a glyph: `left`, `top` from the pen to the mask's corner, `top` upwards.
#[derive(Debug, Default)]
pub(super) struct Mask {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub coverage: Vec<u8>,
}

/// The masks made so far.
pub(super) struct Glyphs {
    pub font: Font,
    context: Mutex<ScaleContext>,
    masks: RwLock<HashMap<GlyphKey, Arc<Mask>>>,
}

/// Enough for every name of a district at every zoom; beyond it the cache starts again.
const MAX_MASKS: usize = 60_000;

impl std::fmt::Debug for Glyphs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Glyphs({:?})", self.font)
    }
}

impl Glyphs {
    pub(super) fn new(font: Font) -> Self {
        Self { font, context: Mutex::default(), masks: RwLock::default() }
    }

    pub(super) fn mask(&self, key: GlyphKey) -> Arc<Mask> {
        let known = self.masks.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let mask = Arc::new(self.rasterise(key).unwrap_or_default());
            let mut masks = self.masks.write().unwrap_or_else(PoisonError::into_inner);
            if masks.len() >= MAX_MASKS {
                masks.clear();
            }
            masks.insert(key, Arc::clone(&mask));
            mask
        })
    }

    fn rasterise(&self, key: GlyphKey) -> Option<Mask> {
        let face = self.font.face()?;
        let size = f32::from(key.size_q) / 4.0;
        let mut context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scaler = context.builder(face).size(size).build();
        let mut render = Render::new(&[Source::Outline]);
        render.format(Format::Alpha).offset(Vector::new(f32::from(key.fraction_q) / 4.0, 0.0));
        let weight = if key.bold { size * 0.018 } else { 0.0 };
        if key.halo_q > 0 {
            let mut stroke = Stroke::new(2.0 * (f32::from(key.halo_q) / 4.0 + weight));
            stroke.join(Join::Round);
            render.style(Style::Stroke(stroke));
        } else {
            render.embolden(weight);
        }
        let image = render.render(&mut scaler, key.glyph)?;
        let place = image.placement;
        Some(Mask { left: place.left, top: place.top, width: place.width, coverage: image.data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn shipped() -> Font {
        Font::new(std::fs::read("data/fonts/NotoSansSC-subset.otf").expect("the shipped font")).expect("a font")
    }

    #[test]
    fn the_shipped_font_draws_what_a_narrower_one_would_not() {
        let font = shipped();
        assert_eq!(font.missing("洸河街道 隆鑫苑5号楼（一期）G327·K12+300 №①"), vec![]);
        assert_eq!(font.missing("\u{10FFFF}"), vec!['\u{10FFFF}']);
        let glyphs = Glyphs::new(font);
        let [(glyph, width)] = glyphs.font.glyphs("洸")[..] else { panic!("one glyph") };
        assert!((width - 1.0).abs() < 0.01);
        let key = GlyphKey { glyph, size_q: 64, halo_q: 0, bold: false, fraction_q: 0 };
        let (plain, halo) = (glyphs.mask(key), glyphs.mask(GlyphKey { halo_q: 6, ..key }));
        let ink = |m: &Mask| m.coverage.iter().map(|c| u64::from(*c)).sum::<u64>();
        assert!(ink(&plain) > 255 * 20 && ink(&halo) > ink(&plain));
        assert!(halo.left < plain.left && halo.top > plain.top);
        assert_eq!(plain.coverage.len() % plain.width as usize, 0);
    }

    #[test]
    fn what_is_not_a_font_is_refused() {
        assert!(matches!(Font::new(&b"not a font"[..]), Err(RenderFault::Font(_))));
        assert!(matches!(Font::new(Vec::new()), Err(RenderFault::Font(_))));
    }
}
