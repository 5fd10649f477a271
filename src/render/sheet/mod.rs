//! Sheets for the wall and the notice board: a page laid out as one scene, written as PNG, SVG or PDF.
//!
//! `facts + map → scene → writer`. A [`Scene`] is a list of areas, lines and glyphs in whole hundredths of a millimetre, so that the three
//! formats show one picture. `docs/algorithms/sheets.md` shows how a page is made. Who reads no clock prints no date: the day comes from the
//! caller, as do names and telephones, already as this reader may see them.

mod chart;
mod furniture;
mod notice;
mod outline;
mod pdf;
mod pen;
mod plan;
mod poster;
mod raster;
mod scene;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod view;

use jiff::civil::Date;

pub use self::furniture::grouped;
pub use self::notice::{Helper, Notice};
pub use self::plan::Plan;
pub use self::poster::Poster;
pub use self::scene::Scene;
pub use self::table::UnitRow;
pub use self::view::Bounds;
use super::style::Style;
use super::{Font, RenderFault};
use crate::snapshot::Snapshot;
use crate::tile::Pyramid;

/// The largest picture of a page: A0 at 300 dots an inch has 139 million pixels.
pub const MAX_PIXELS: u64 = 160_000_000;
/// Dots an inch that a picture may have.
pub const DPI: std::ops::RangeInclusive<f64> = 24.0..=600.0;
/// Sides that a page may have, in millimetres.
pub const SIDES_MM: std::ops::RangeInclusive<f64> = 60.0..=2000.0;
/// How many times longer than wide a page may be.
pub const MOST_SLENDER: f64 = 3.0;
/// Units that a table may list.
pub const MAX_ROWS: usize = 900;

/// Why there is no sheet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SheetFault {
    #[error("a page of {0:.0} × {1:.0} mm: sides are {min:.0} to {max:.0} mm, and one no more than {MOST_SLENDER} times the other", min = SIDES_MM.start(), max = SIDES_MM.end())]
    Page(f64, f64),
    #[error("{0} × {1} pixels are more than {MAX_PIXELS}: ask for fewer dots an inch or a smaller page")]
    Pixels(u32, u32),
    #[error("{0} dots an inch: give {min} to {max}", min = DPI.start(), max = DPI.end())]
    Dpi(f64),
    #[error("a poster lists the units of one level, and none of this district has between 1 and {MAX_ROWS}")]
    Rows,
    #[error(transparent)]
    Render(#[from] RenderFault),
}

/// A page in millimetres: within [`SIDES_MM`] and [`MOST_SLENDER`] by construction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    width_mm: f64,
    height_mm: f64,
}

impl Page {
    /// # Errors
    /// [`SheetFault::Page`].
    pub fn new(width_mm: f64, height_mm: f64) -> Result<Self, SheetFault> {
        let fits = |side: f64| SIDES_MM.contains(&side);
        let (longer, shorter) = (width_mm.max(height_mm), width_mm.min(height_mm));
        if fits(width_mm) && fits(height_mm) && longer <= shorter * MOST_SLENDER {
            Ok(Self { width_mm, height_mm })
        } else {
            Err(SheetFault::Page(width_mm, height_mm))
        }
    }

    #[must_use]
    pub const fn width_mm(self) -> f64 {
        self.width_mm
    }

    #[must_use]
    pub const fn height_mm(self) -> f64 {
        self.height_mm
    }

    /// Width and height in pixels, if a picture may be so large.
    ///
    /// # Errors
    /// [`SheetFault::Dpi`], [`SheetFault::Pixels`].
    pub fn pixels(self, dpi: f64) -> Result<(u32, u32), SheetFault> {
        if !DPI.contains(&dpi) {
            return Err(SheetFault::Dpi(dpi));
        }
        let px = |mm: f64| (mm / 25.4 * dpi).round() as u32;
        let (width, height) = (px(self.width_mm), px(self.height_mm));
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(SheetFault::Pixels(width, height));
        }
        Ok((width, height))
    }
}

/// A sheet size of ISO 216.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    A0,
    A1,
    A2,
    A3,
    A4,
}

impl Paper {
    pub const ALL: [Self; 5] = [Self::A0, Self::A1, Self::A2, Self::A3, Self::A4];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A0 => "A0",
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::A3 => "A3",
            Self::A4 => "A4",
        }
    }

    /// `A3`, `a3`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|paper| paper.name().eq_ignore_ascii_case(name))
    }

    /// The page of this paper, upright or lying.
    #[must_use]
    pub const fn page(self, landscape: bool) -> Page {
        let (short, long) = match self {
            Self::A0 => (841.0, 1189.0),
            Self::A1 => (594.0, 841.0),
            Self::A2 => (420.0, 594.0),
            Self::A3 => (297.0, 420.0),
            Self::A4 => (210.0, 297.0),
        };
        let (width_mm, height_mm) = if landscape { (long, short) } else { (short, long) };
        Page { width_mm, height_mm }
    }
}

/// What a page is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Png,
    Svg,
    Pdf,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Pdf];

    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }

    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }
}

/// What sheets are drawn from. `style` is a template of `styles/`.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub snapshot: &'a Snapshot,
    pub pyramid: &'a Pyramid,
    pub font: &'a Font,
    pub style: &'a str,
}

/// What every sheet says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Imprint {
    pub title: String,
    /// `示例数据 · 内部使用`; empty for none.
    pub mark: String,
    /// Who issues it.
    pub issuer: String,
    pub day: Date,
    /// `第 3 版（2025-03-01 起执行）`.
    pub version: String,
}

impl Ground<'_> {
    fn style(&self) -> Result<Style, RenderFault> {
        Ok(Style::parse(self.style, self.pyramid.levels())?)
    }

    /// A map of a box, with title, legend, scale and, where there is room, a table.
    ///
    /// # Errors
    /// When the style cannot be read.
    pub fn plan(&self, page: Page, plan: &Plan) -> Result<Scene, SheetFault> {
        Ok(plan::draw(*self, &self.style()?, page, plan))
    }

    /// The wall poster of the whole district.
    ///
    /// # Errors
    /// When the style cannot be read, or no table fits.
    pub fn poster(&self, page: Page, poster: &Poster) -> Result<Scene, SheetFault> {
        poster::draw(*self, &self.style()?, page, poster)
    }

    /// The public notice of a unit.
    ///
    /// # Errors
    /// When the style cannot be read.
    pub fn notice(&self, page: Page, notice: &Notice) -> Result<Scene, SheetFault> {
        Ok(notice::draw(*self, &self.style()?, page, notice))
    }
}

impl Scene {
    /// The page as bytes. The same scene gives the same bytes. Only a picture looks at `dpi`. Cost: a second or two for an A0 sheet.
    ///
    /// # Errors
    /// [`SheetFault::Pixels`], [`SheetFault::Dpi`]; [`SheetFault::Render`] when there is no memory, or the font cannot be cut down.
    pub fn write(&self, format: Format, dpi: f64) -> Result<Vec<u8>, SheetFault> {
        match format {
            Format::Png => {
                let (width_mm, height_mm) = self.size_mm();
                Page { width_mm, height_mm }.pixels(dpi)?;
                Ok(raster::write(self, dpi)?)
            }
            Format::Svg => Ok(svg::write(self).into_bytes()),
            Format::Pdf => Ok(pdf::write(self)?),
        }
    }
}
