//! What pixels? PNG tiles of a snapshot in the styles that the browser uses too.
//!
//! A tile is `collect features → for each layer of the style: fill, stroke or name → PNG`. The caller gives the font
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
pub mod sheet;
mod square;
mod stance;
mod swatches;
pub mod style;
pub mod view;
mod wrap;
pub(crate) mod xml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use self::font::{Font, FontFault};
use self::glyph::GlyphCache;
use self::heat::{Field, Heat};
use self::legend::Legend;
pub use self::map::FeatureStates;
use self::map::{Canvas, Shown};
use self::points::{Points, STYLE_ZOOM};
pub use self::square::Projection;
use self::square::{Spread, Square, zoom_shown};
use self::style::Style;
use self::view::{Lattice, Picture, View};
use crate::issue::IssueFilter;
use crate::snapshot::Snapshot;
use crate::tile::feature::Sink;
use crate::tile::{MAX_ZOOM, Pyramid, TileCoord, TileSet};

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
    Encode(String),
    #[error("no PNG that can be read ({0})")]
    NotAPicture(String),
}

/// For so many resolutions that are not those of tiles the placing of names is kept: some megabytes each in a large district.
const PLACINGS: usize = 16;

/// Draws tiles of one snapshot. Holds the parsed styles, glyph masks, names placed once per style and zoom, and the last few
/// density fields. Shared between threads by reference.
#[derive(Debug)]
pub struct Painter {
    styles: Vec<NamedStyle>,
    font: Font,
    glyphs: GlyphCache,
    heat: Heat,
    /// Names placed for views between the zooms of tiles, the last asked for first.
    placings: Mutex<Vec<(Placing, Arc<OnceLock<Points>>)>>,
    /// The latitude in the middle of the district.
    mid_lat: f64,
    /// How many the district has.
    levels: u8,
}

#[derive(Debug)]
struct NamedStyle {
    name: String,
    style: Style,
    /// By zoom.
    points: Vec<OnceLock<Points>>,
}

/// What the placing of names depends on, besides the snapshot.
#[derive(Clone, Debug, PartialEq)]
struct Placing {
    style: String,
    levels: Option<Levels>,
    projection: Projection,
    zooms: (i32, i32),
}

/// What of a style a view shows.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub style: &'a str,
    /// Some levels alone: the lines that bound their units, and their names, which leave each other room.
    pub levels: Option<Levels>,
    /// With what the style has behind and around the district; without, there is nothing there.
    pub backdrop: bool,
}

/// Levels of a district by their index: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(u64);

impl Levels {
    /// There are never so many that they would not fit.
    #[must_use]
    pub fn one(level: u8) -> Self {
        Self(1 << level.min(63))
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, level: u8) -> bool {
        self.0 & Self::one(level).0 != 0
    }

    const fn lowest(self) -> u8 {
        63 - self.0.leading_zeros() as u8
    }
}

/// Reads a PNG to its last byte, checksums included, and returns its width and height. Cost: as drawing it took.
///
/// # Errors
/// [`RenderFault::NotAPicture`], also for one of more than 4096 pixels a side.
pub fn read_picture(png: &[u8]) -> Result<(u32, u32), RenderFault> {
    picture::decode(png)
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
        let [_, south, _, north] = pyramid.info(TileSet::Units).bounds;
        Ok(Self {
            styles: parsed.collect::<Result<_, RenderFault>>()?,
            font: font.clone(),
            glyphs: GlyphCache::new(font),
            heat: Heat::new(snapshot),
            placings: Mutex::default(),
            mid_lat: f64::midpoint(south, north),
            levels: pyramid.levels().len().min(63) as u8,
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
        let named = self.named(style)?;
        let square = Square::of_tile(coord, scale.clamp(1, 2));
        let mut canvas = Canvas::new(square.scale)?;
        let shown = Shown { style: &named.style, backdrop: true, states };
        map::draw(shown, snapshot, pyramid, &square, &mut canvas);
        if let Some(points) = self.of_tiles(named, snapshot, pyramid, coord.z()) {
            points.draw(&square.stance, &self.glyphs, &mut canvas.picture);
        }
        Picture::of(canvas.picture).png()
    }

    /// A picture of any rectangle: pixel for pixel what a tile shows at its place and zoom, and what a neighbouring view goes on with.
    /// Between the zooms of tiles, lines come from the next deeper one and names are placed for that very resolution (within 1 %),
    /// once for the whole district. Cost: that of the squares of 256 logical pixels that the view touches, some 5–15 ms each, and for a new
    /// resolution the placing of all names.
    ///
    /// # Errors
    /// [`RenderFault::UnknownStyle`], also for a level that the district has not.
    pub fn view(
        &self,
        snapshot: &Snapshot,
        pyramid: &Pyramid,
        part: Part<'_>,
        view: &View,
    ) -> Result<Picture, RenderFault> {
        let named = self.named(part.style)?;
        let style = &*self.part_of(named, part.levels)?;
        let lattice = view.lattice(self.mid_lat);
        let slot = self.placing(named, part, &lattice);
        let points = match (&slot, lattice.resolution.tile_zoom()) {
            (None, Some(z)) => self.of_tiles(named, snapshot, pyramid, z),
            (None, None) => None,
            (Some(slot), _) => Some(slot.get_or_init(|| {
                let zoom = lattice.resolution.style_zoom();
                let everywhere = |sink: &mut dyn Sink| pyramid.points_everywhere(snapshot, zoom_shown(zoom), sink);
                let spread = lattice.resolution.spread(lattice.ground);
                Points::new(style, zoom, &spread, &self.font, everywhere)
            })),
        };
        let states = FeatureStates::default();
        let shown = Shown { style, backdrop: part.backdrop, states: &states };
        lattice.compose(|square, canvas| {
            let Some(square) = square else { return canvas.picture.fill(tiny_skia::Color::TRANSPARENT) };
            map::draw(shown, snapshot, pyramid, square, canvas);
            if let Some(points) = points {
                points.draw(&square.stance, &self.glyphs, &mut canvas.picture);
            }
        })
    }

    /// What the lines and areas of a style mean: a swatch and a name each, on the style's background. `scale` is clamped to 1 or 2.
    ///
    /// # Errors
    /// As [`Painter::view`].
    pub fn swatches(&self, style: &str, level: Option<u8>, scale: u8) -> Result<Picture, RenderFault> {
        let named = self.named(style)?;
        let style = self.part_of(named, level.map(Levels::one))?;
        swatches::draw(&style, &self.font, &self.glyphs, scale.clamp(1, 2))
    }

    fn part_of<'a>(&self, named: &'a NamedStyle, levels: Option<Levels>) -> Result<Cow<'a, Style>, RenderFault> {
        match levels {
            None => Ok(Cow::Borrowed(&named.style)),
            Some(levels) if levels.lowest() < self.levels => Ok(Cow::Owned(named.style.of_levels(levels))),
            Some(levels) => Err(self.unknown(&format!("level {}", levels.lowest()))),
        }
    }

    fn named(&self, style: &str) -> Result<&NamedStyle, RenderFault> {
        self.styles.iter().find(|s| s.name == style).ok_or_else(|| self.unknown(style))
    }

    fn unknown(&self, style: &str) -> RenderFault {
        let known: Vec<&str> = self.styles.iter().map(|s| s.name.as_str()).collect();
        RenderFault::UnknownStyle { name: style.chars().take(40).collect(), known: known.join(", ") }
    }

    /// The names of a zoom of tiles, placed when first asked for.
    fn of_tiles<'a>(
        &'a self,
        named: &'a NamedStyle,
        snapshot: &Snapshot,
        pyramid: &Pyramid,
        z: u8,
    ) -> Option<&'a Points> {
        let slot = named.points.get(usize::from(z))?;
        let zoom = f64::from(z) + STYLE_ZOOM;
        let everywhere = |sink: &mut dyn Sink| pyramid.points_everywhere(snapshot, zoom_shown(zoom), sink);
        Some(slot.get_or_init(|| Points::new(&named.style, zoom, &Spread::of_tiles(z), &self.font, everywhere)))
    }

    /// Where the names of a view are kept, unless tiles keep them: the last [`PLACINGS`], so that strangers who zoom fill no memory.
    fn placing(&self, named: &NamedStyle, part: Part<'_>, lattice: &Lattice) -> Option<Arc<OnceLock<Points>>> {
        let projection = lattice.ground.projection;
        let zooms = lattice.resolution.zooms;
        let of_tiles = lattice.resolution.tile_zoom().is_some_and(|z| z <= MAX_ZOOM);
        if part.levels.is_none() && projection == Projection::WebMercator && of_tiles {
            return None;
        }
        let wanted = Placing { style: named.name.clone(), levels: part.levels, projection, zooms };
        let mut kept = self.placings.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(placing, _)| *placing == wanted);
        let entry = found.map_or_else(|| (wanted, Arc::default()), |at| kept.remove(at));
        let slot = Arc::clone(&entry.1);
        kept.insert(0, entry);
        kept.truncate(PLACINGS);
        Some(slot)
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
    /// [`RenderFault::Encode`] if the encoder fails, which it does not in memory.
    pub fn legend(&self, legend: &Legend, scale: u8) -> Result<Vec<u8>, RenderFault> {
        legend::draw(legend, &self.font, &self.glyphs, scale)
    }
}
