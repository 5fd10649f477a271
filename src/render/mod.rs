//! What pixels? PNG tiles of a snapshot in the styles that the browser uses too.
//!
//! A tile is `collect features → for each layer of the style: fill, stroke or name → palette → PNG`. The caller gives the font
//! and the styles as bytes: nothing here reads a file.

mod expression;
mod fill;
pub mod font;
pub mod glyph;
pub mod heat;
pub mod label;
pub mod legend;
mod map;
mod picture;
mod points;
pub mod shades;
pub mod style;
mod wrap;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

pub use self::font::{Font, FontFault};
use self::glyph::GlyphCache;
use self::heat::{Field, Heat};
use self::legend::Legend;
pub use self::map::FeatureStates;
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
        self.map_showing((snapshot, pyramid), style, coord, scale, &FeatureStates::default())
    }

    /// As [`Painter::map`], with what the style's `feature-state` expressions answer: the colours of a choropleth.
    ///
    /// # Errors
    /// [`RenderFault::UnknownStyle`].
    pub fn map_showing(
        &self,
        (snapshot, pyramid): (&Snapshot, &Pyramid),
        style: &str,
        coord: TileCoord,
        scale: u8,
        states: &FeatureStates,
    ) -> Result<Vec<u8>, RenderFault> {
        let Some(named) = self.styles.iter().find(|s| s.name == style) else {
            let known: Vec<&str> = self.styles.iter().map(|s| s.name.as_str()).collect();
            return Err(RenderFault::UnknownStyle { name: style.chars().take(40).collect(), known: known.join(", ") });
        };
        let scale = scale.clamp(1, 2);
        let mut picture = map::draw(&named.style, (snapshot, pyramid), coord, scale, states)?;
        if let Some(slot) = named.points.get(usize::from(coord.z())) {
            let zoom = coord.z().saturating_sub(1);
            let everywhere =
                |sink: &mut dyn crate::tile::feature::Sink| pyramid.points_everywhere(snapshot, zoom, sink);
            let points = slot.get_or_init(|| Points::new(&named.style, coord.z(), &self.font, everywhere));
            points.draw(coord, scale, &self.glyphs, &mut picture);
        }
        picture::encode((picture.width(), picture.height()), picture.data())
    }

    /// Kernel density of the issues a filter accepts: one for the whole district, of which [`Field::tile`] cuts transparent pictures, the same at
    /// every zoom. `bandwidth_m` is clamped to 20 m … 20 km. Cost: one pass over the issues and the raster, unless it is among the last few.
    #[must_use]
    pub fn density(&self, snapshot: &Snapshot, filter: &IssueFilter, bandwidth_m: f64) -> Arc<Field> {
        self.heat.field(snapshot, filter, bandwidth_m)
    }

    /// The top of a density's scale, in issues a square kilometre, without keeping it: for series of many. Cost: as a density that is not kept.
    #[must_use]
    pub fn peak_per_km2(&self, snapshot: &Snapshot, filter: &IssueFilter, bandwidth_m: f64) -> f64 {
        self.heat.passing(snapshot, filter, bandwidth_m).peak_per_km2()
    }

    /// A legend as PNG, in the font of the maps.
    ///
    /// # Errors
    /// [`RenderFault::Png`] if the encoder fails, which it does not in memory.
    pub fn legend(&self, legend: &Legend, scale: u8) -> Result<Vec<u8>, RenderFault> {
        legend::draw(legend, &self.font, &self.glyphs, scale)
    }
}
