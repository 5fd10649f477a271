//! What pixels? PNG tiles of a snapshot in the styles that the browser uses too.
//!
//! The caller gives the font and the styles as bytes: nothing here reads a file.

pub mod heat;
pub mod style;

use std::sync::Arc;

use crate::issue::IssueFilter;
use crate::snapshot::Snapshot;
use crate::tile::{Pyramid, TileCoord};

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    #[error("unknown style “{name}”: there are {known}")]
    UnknownStyle { name: String, known: String },
    #[error("the font cannot be read: {0}")]
    Font(&'static str),
    #[error("the picture cannot be encoded: {0}")]
    Png(String),
    #[error(transparent)]
    Style(#[from] style::StyleFault),
}

/// A font as its file's bytes, checked once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Font {
    bytes: Arc<[u8]>,
}

impl Font {
    /// Reads an OpenType or TrueType file with Chinese and Latin glyphs.
    ///
    /// # Errors
    /// [`RenderFault::Font`] when it is not one.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, RenderFault> {
        let bytes = bytes.into();
        Ok(Self { bytes })
    }

    /// The characters of `text` that the font cannot draw.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<char> {
        let _ = (text, &self.bytes);
        todo!()
    }
}

/// Draws tiles of one snapshot. Holds the parsed styles, glyph masks, and labels placed once per style and zoom.
#[derive(Debug)]
pub struct Painter {}

impl Painter {
    /// `styles` are (name, template) pairs: the files of `styles/`.
    ///
    /// # Errors
    /// When a template is not a style the renderer reads.
    pub fn new(
        snapshot: &Snapshot,
        pyramid: &Pyramid,
        font: &Font,
        styles: &[(&str, &str)],
    ) -> Result<Self, RenderFault> {
        let _ = (snapshot, pyramid, font, styles);
        todo!()
    }

    /// A map tile as PNG: 256 logical pixels a side, as XYZ, WMTS and OGC clients expect, times `scale` (1 or 2, clamped). The
    /// style's zoom is one less than the tile's, because styles count in 512-pixel tiles.
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
        let _ = (snapshot, pyramid, style, coord, scale);
        todo!()
    }

    /// Kernel density of the issues a filter accepts, as a transparent PNG of 256 · `scale` pixels. Same colours in every tile and
    /// at every zoom: red is the densest spot of the district under this filter. `bandwidth_m` is clamped to 20 m … 20 km.
    #[must_use]
    pub fn heat(
        &self,
        snapshot: &Snapshot,
        filter: &IssueFilter,
        bandwidth_m: f64,
        coord: TileCoord,
        scale: u8,
    ) -> Vec<u8> {
        let _ = (snapshot, filter, bandwidth_m, coord, scale);
        todo!()
    }
}
