//! A font: its bytes, checked once, and the widths of its glyphs. No shaping: Chinese and Latin labels need none.

use std::sync::Arc;

use swash::{CacheKey, FontRef};

/// A larger file is refused before it is read: the whole Noto CJK collection has 20 MB.
const MAX_FONT_BYTES: usize = 64 << 20;

/// Why bytes are not a font that can be drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FontFault {
    #[error("the file is larger than 64 MB")]
    TooLarge,
    #[error("the file is neither OpenType nor TrueType")]
    NotAFont,
    #[error("the font has no outlines for digits: it cannot draw labels")]
    NoOutlines,
}

impl FontFault {
    /// The same message without formatting, for [`super::RenderFault::Font`].
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::TooLarge => "the file is larger than 64 MB",
            Self::NotAFont => "the file is neither OpenType nor TrueType",
            Self::NoOutlines => "the font has no outlines for digits: it cannot draw labels",
        }
    }
}

impl From<FontFault> for super::RenderFault {
    fn from(fault: FontFault) -> Self {
        Self::Font(fault.message())
    }
}

/// Heights of a line, in em, upwards and downwards from the baseline (both positive).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineMetrics {
    /// No glyph reaches higher (as the font says).
    pub ascent_em: f32,
    /// No glyph reaches lower.
    pub descent_em: f32,
    /// Height of Latin capitals and digits.
    pub cap_em: f32,
}

/// A font as its file's bytes, checked once. Cheap to clone.
#[derive(Clone)]
pub struct Font {
    bytes: Arc<[u8]>,
    offset: u32,
    key: CacheKey,
    lines: LineMetrics,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font").field("bytes", &self.bytes.len()).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Font {
    /// Reads an OpenType or TrueType file with Chinese and Latin glyphs; of a collection, its first font.
    ///
    /// # Errors
    /// [`FontFault`] when it is not one, has no outlines, or is larger than 64 MB.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, FontFault> {
        let bytes = bytes.into();
        if bytes.len() > MAX_FONT_BYTES {
            return Err(FontFault::TooLarge);
        }
        let face = FontRef::from_index(&bytes, 0).ok_or(FontFault::NotAFont)?;
        let metrics = face.metrics(&[]);
        if metrics.units_per_em == 0 || metrics.glyph_count == 0 {
            return Err(FontFault::NotAFont);
        }
        let zero = face.charmap().map('0');
        let drawn = swash::scale::ScaleContext::new().builder(face).size(16.0).build().scale_outline(zero);
        if zero == 0 || drawn.is_none_or(|outline| outline.is_empty()) {
            return Err(FontFault::NoOutlines);
        }
        let em = f32::from(metrics.units_per_em);
        let sane = |units: f32, otherwise: f32| {
            let height_em = units.abs() / em;
            if height_em.is_finite() && height_em > 0.0 { height_em.min(4.0) } else { otherwise }
        };
        let lines = LineMetrics {
            ascent_em: sane(metrics.ascent, 1.2),
            descent_em: sane(metrics.descent, 0.3),
            cap_em: sane(metrics.cap_height, 0.73),
        };
        let (offset, key) = (face.offset, face.key);
        Ok(Self { bytes, offset, key, lines })
    }

    /// The characters of `text` that the font cannot draw, each once, in order of appearance. Line feeds and hints where to
    /// break are not characters to draw. Use it when names are read, to warn early; drawing itself skips them.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<char> {
        let charmap = self.face().charmap();
        let mut missing = Vec::new();
        for ch in text.chars().filter(|&ch| ch != '\n' && ch != super::wrap::HINT) {
            if charmap.map(ch) == 0 && !missing.contains(&ch) {
                missing.push(ch);
            }
        }
        missing
    }

    /// Width of `text` in one line at `size_px`, in pixels; characters without a glyph have none.
    #[must_use]
    pub fn advance(&self, text: &str, size_px: f32) -> f32 {
        self.glyphs(text).map(|(_, _, advance_em)| advance_em).sum::<f32>() * size_px
    }

    /// Heights of a line.
    #[must_use]
    pub fn lines(&self) -> LineMetrics {
        self.lines
    }

    /// The characters of `text` that have a glyph: (character, glyph, advance in em).
    pub(super) fn glyphs<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (char, u16, f32)> + 'a {
        let face = self.face();
        let (charmap, widths) = (face.charmap(), face.glyph_metrics(&[]));
        let em = f32::from(widths.units_per_em().max(1));
        text.chars().filter_map(move |ch| {
            let glyph = charmap.map(ch);
            (glyph != 0).then(|| (ch, glyph, widths.advance_width(glyph) / em))
        })
    }

    /// What the font calls itself, as far as PDF can write it.
    pub(super) fn postscript_name(&self) -> String {
        let names = self.face().localized_strings();
        let name = names.find_by_id(swash::StringId::PostScript, None).map(|name| name.chars().collect::<String>());
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let name: String = name.unwrap_or_default().chars().filter(plain).take(60).collect();
        if name.is_empty() { "Font".to_owned() } else { name }
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn face(&self) -> FontRef<'_> {
        FontRef { data: &self.bytes, offset: self.offset, key: self.key }
    }
}

#[cfg(test)]
pub(super) fn bundled() -> Font {
    Font::new(&include_bytes!("../../data/fonts/NotoSansSC-subset.otf")[..]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_glyphs_rare_ones_too() {
        let font = bundled();
        let names = "洸河街道黄庄社区第五网格翰林隆鑫苑仙营阜桥越河济阳观音阁古槐唐口喻屯安居金城李营南张长沟二十里铺";
        let rare = "洸堽峄滕鄹泗郓兖汶〇";
        let marks = "0123456789 ABCxyz é ü °·–—…‘’“”§×m²m³ ，。、（）《》〈〉「」！？：；％＃－～①Ⅻ№℃→";
        assert_eq!(font.missing(&[names, rare, marks].concat()), Vec::<char>::new());
        let every: String = ('\u{4e00}'..='\u{9fff}').collect();
        // Unicode 13 and 14 added the last sixteen; the font is older.
        assert!(font.missing(&every).iter().all(|&ch| ch > '\u{9fef}'), "{:?}", font.missing(&every));
    }

    #[test]
    fn missing_characters_are_named_once_and_have_no_width() {
        let font = bundled();
        assert_eq!(font.missing("洸\u{1f600}a\u{1f600}\u{20000}\n"), ['\u{1f600}', '\u{20000}']);
        assert_eq!(font.advance("\u{1f600}", 20.0), 0.0);
    }

    #[test]
    fn a_font_says_what_it_is_called() {
        assert_eq!(bundled().postscript_name(), "NotoSansCJKsc-Regular");
    }

    #[test]
    fn ideographs_are_one_em_wide() {
        let font = bundled();
        assert!((font.advance("洸河街道", 12.5) - 50.0).abs() < 1e-3);
        let digits = font.advance("12", 100.0);
        assert!((100.0..120.0).contains(&digits), "{digits}");
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(Font::new(&b""[..]).unwrap_err(), FontFault::NotAFont);
        assert_eq!(Font::new(&[0_u8; 4096][..]).unwrap_err(), FontFault::NotAFont);
        let whole = include_bytes!("../../data/fonts/NotoSansSC-subset.otf");
        for end in [4, 12, 200, 4000, 100_000] {
            assert!(Font::new(&whole[..end]).is_err(), "{end}");
        }
        assert_eq!(
            crate::render::RenderFault::from(FontFault::NotAFont).to_string(),
            "the font cannot be read: the file is neither OpenType nor TrueType"
        );
    }
}
