//! What pixels? PNG tiles of a snapshot in the styles that the browser uses too.
//!
//! A tile is `collect features → for each layer of the style: fill, stroke or name → palette → PNG`. The caller gives the font
//! and the styles as bytes: nothing here reads a file.

mod along;
mod expression;
mod fill;
pub mod font;
pub mod glyph;
pub mod heat;
pub mod label;
mod map;
mod picture;
mod points;
pub mod sheet;
pub mod style;
mod wrap;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub use self::font::{Font, FontFault};
use self::glyph::GlyphCache;
use self::heat::Heat;
use self::points::Points;
use self::style::Style;
use crate::issue::IssueFilter;
use crate::snapshot::Snapshot;
use crate::tile::{MAX_ZOOM, Pyramid, TileCoord};

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    #[error("unknown style “{name}”: there are {known}")]
    UnknownStyle { name: String, known: String },
    #[error("the font cannot be read: {0}")]
    Font(&'static str),
    #[error(transparent)]
    Style(#[from] style::StyleFault),
    #[error("the picture cannot be encoded: {0}")]
    Png(String),
}

/// Draws tiles of one snapshot. Holds the parsed styles, glyph masks, names placed once per style and zoom, and the last few
/// density fields. Shared between threads by reference.
#[derive(Debug)]
pub struct Painter {
    styles: Vec<NamedStyle>,
    font: Font,
    glyphs: GlyphCache,
    heat: Heat,
}

#[derive(Debug)]
struct NamedStyle {
    name: String,
    style: Style,
    /// By zoom.
    points: Vec<OnceLock<Points>>,
}

impl Painter {
    /// `styles` are (name, template) pairs: the files of `styles/`. Cheap: names are placed when a zoom is first asked for.
    ///
    /// # Errors
    /// When a template is not a style the renderer reads.
    pub fn new(
        snapshot: &Snapshot,
        pyramid: &Pyramid,
        font: &Font,
        styles: &[(&str, &str)],
    ) -> Result<Self, RenderFault> {
        let parsed = styles.iter().map(|(name, template)| {
            let style = Style::parse(template, pyramid.levels())?;
            let points = (0..=MAX_ZOOM).map(|_| OnceLock::new()).collect();
            Ok(NamedStyle { name: (*name).to_owned(), style, points })
        });
        Ok(Self {
            styles: parsed.collect::<Result<_, RenderFault>>()?,
            font: font.clone(),
            glyphs: GlyphCache::new(font),
            heat: Heat::new(snapshot),
        })
    }

    /// A map tile as PNG: 256 logical pixels a side, as XYZ, WMTS and OGC clients expect, times `scale` (1 or 2, clamped). The
    /// style's zoom is one less than the tile's, because styles count in 512-pixel tiles. Cost: 5–15 ms, and once per style and
    /// zoom the placing of all names.
    ///
    /// # Errors
    /// [`RenderFault::UnknownStyle`].
    pub fn map(
        &self,
        snapshot: &Snapshot,
        pyramid: &Pyramid,
        style: &str,
        coord: TileCoord,
        scale: u8,
    ) -> Result<Vec<u8>, RenderFault> {
        let Some(named) = self.styles.iter().find(|s| s.name == style) else {
            let known: Vec<&str> = self.styles.iter().map(|s| s.name.as_str()).collect();
            return Err(RenderFault::UnknownStyle { name: style.chars().take(40).collect(), known: known.join(", ") });
        };
        let scale = scale.clamp(1, 2);
        let mut picture = map::draw(&named.style, snapshot, pyramid, coord, scale)?;
        if let Some(slot) = named.points.get(usize::from(coord.z())) {
            let everywhere = |sink: &mut dyn crate::tile::feature::Sink| pyramid.points_everywhere(snapshot, sink);
            let points = slot.get_or_init(|| Points::new(&named.style, coord.z(), &self.font, everywhere));
            points.draw(coord, scale, &self.glyphs, &mut picture);
        }
        picture::encode((picture.width(), picture.height()), picture.data())
    }

    /// Kernel density of the issues a filter accepts, as a transparent PNG of 256 · `scale` pixels. Same colours in every tile and
    /// at every zoom: the palest spot is the densest of the district under this filter. `bandwidth_m` is clamped to 20 m … 20 km.
    /// Cost: one pass over the issues per filter and bandwidth, then a few milliseconds a tile. Empty if the encoder fails, which it
    /// does not in memory.
    #[must_use]
    pub fn heat(
        &self,
        snapshot: &Snapshot,
        filter: &IssueFilter,
        bandwidth_m: f64,
        coord: TileCoord,
        scale: u8,
    ) -> Vec<u8> {
        self.heat.field(snapshot, filter, bandwidth_m).tile(coord, scale.clamp(1, 2)).unwrap_or_default()
    }
}
