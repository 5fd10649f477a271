//! What pixels? PNG tiles of a snapshot in the styles that the browser uses too.
//!
//! A tile is `collect features → for each layer of the style: fill, stroke or name → palette → PNG`. The caller gives the font
//! and the styles as bytes: nothing here reads a file.

mod expression;
mod fill;
mod font;
mod heat;
mod label;
mod map;
mod picture;
pub mod style;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use self::font::Font;
use self::font::Glyphs;
use self::heat::Field;
use self::label::Placement;
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
    #[error("the picture could not be written as PNG")]
    Png,
}

/// Draws tiles of one snapshot. Holds the parsed styles, glyph masks, names placed once per style and zoom, and the last few
/// density fields. Shared between threads by reference.
#[derive(Debug)]
pub struct Painter {
    styles: Vec<NamedStyle>,
    glyphs: Glyphs,
    /// The most recently used first.
    fields: Mutex<VecDeque<(FieldKey, Arc<Option<Field>>)>>,
}

#[derive(Debug)]
struct NamedStyle {
    name: String,
    style: Style,
    placements: Vec<OnceLock<Placement>>,
}

/// A filter and a bandwidth in whole metres.
type FieldKey = (IssueFilter, u32);

/// Fields kept: a handful of filters is in use at a time, each of up to 8 MB.
const MAX_FIELDS: usize = 12;

impl Painter {
    /// `styles` are (name, template) pairs: the files of `styles/`. Cheap: names are placed when a zoom is first asked for.
    ///
    /// # Errors
    /// When a template is not a style the renderer reads.
    pub fn new(pyramid: &Pyramid, font: &Font, styles: &[(&str, &str)]) -> Result<Self, RenderFault> {
        let parsed = styles.iter().map(|(name, template)| {
            let style = Style::parse(template, pyramid.levels())?;
            let placements = (0..=MAX_ZOOM).map(|_| OnceLock::new()).collect();
            Ok(NamedStyle { name: (*name).to_owned(), style, placements })
        });
        Ok(Self {
            styles: parsed.collect::<Result<_, RenderFault>>()?,
            glyphs: Glyphs::new(font.clone()),
            fields: Mutex::default(),
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
        let place = || {
            Placement::new(&named.style, coord.z(), &self.glyphs.font, |sink| pyramid.points_everywhere(snapshot, sink))
        };
        if let Some(slot) = named.placements.get(usize::from(coord.z())) {
            slot.get_or_init(place).draw(coord, scale, &self.glyphs, &mut picture);
        }
        picture::encode((picture.width(), picture.height()), picture.data())
    }

    /// Kernel density of the issues a filter accepts, as a transparent PNG of 256 · `scale` pixels. Same colours in every tile and
    /// at every zoom: the palest spot is the densest of the district under this filter; where fewer than
    /// [`crate::tile::PUBLIC_K`] issues lie under the kernel, nothing is drawn. `bandwidth_m` is clamped to 20 m … 20 km. Cost: one
    /// pass over the issues per filter and bandwidth, then a few milliseconds a tile.
    ///
    /// # Errors
    /// [`RenderFault::Png`].
    pub fn heat(
        &self,
        snapshot: &Snapshot,
        filter: &IssueFilter,
        bandwidth_m: f64,
        coord: TileCoord,
        scale: u8,
    ) -> Result<Vec<u8>, RenderFault> {
        let scale = scale.clamp(1, 2);
        let bandwidth_m = if bandwidth_m.is_finite() { bandwidth_m.clamp(20.0, 20_000.0).round() } else { 300.0 };
        match &*self.field(snapshot, (filter.clone(), bandwidth_m as u32)) {
            Some(field) => field.tile(coord, scale),
            None => heat::empty_tile(scale),
        }
    }

    fn field(&self, snapshot: &Snapshot, key: FieldKey) -> Arc<Option<Field>> {
        // Held while computing: the second of two equal questions waits instead of computing again.
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        let found = fields.iter().position(|(k, _)| *k == key).and_then(|i| fields.remove(i));
        let entry = found.unwrap_or_else(|| {
            let field = Field::new(&snapshot.issues, &key.0, f64::from(key.1));
            (key, Arc::new(field))
        });
        let field = Arc::clone(&entry.1);
        fields.push_front(entry);
        fields.truncate(MAX_FIELDS);
        field
    }
}
