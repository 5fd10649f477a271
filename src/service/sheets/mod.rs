//! Flow: who prints a sheet asks for a kind, a place and a page → the facts of that place → a scene → bytes.

mod abutting;
mod facts;

use jiff::civil::Date;

use super::serving::State;
use super::units;
use crate::grid::UnitIx;
use crate::render::RenderFault;
use crate::render::sheet::{Bounds, DPI, Ground, Imprint, Page, Paper, Plan, Poster, Scene, SheetFault};

/// What kind of sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A map of a box or a unit.
    Map,
    /// The wall poster of the whole district.
    Poster,
    /// The public notice of a unit.
    Notice,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Map, Self::Poster, Self::Notice];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Poster => "poster",
            Self::Notice => "notice",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The paper unless one is asked for.
    #[must_use]
    pub const fn paper(self) -> Paper {
        match self {
            Self::Map | Self::Notice => Paper::A3,
            Self::Poster => Paper::A0,
        }
    }

    /// The papers on which its smallest letters can be read.
    #[must_use]
    pub const fn papers(self) -> &'static [Paper] {
        match self {
            Self::Map | Self::Notice => &Paper::ALL,
            Self::Poster => &[Paper::A0, Paper::A1],
        }
    }

    /// The style unless one is asked for: the first of these that there is.
    const fn styles(self) -> [&'static str; 3] {
        match self {
            Self::Map => ["print", "district", "poster"],
            Self::Poster => ["poster", "print", "district"],
            Self::Notice => ["notice", "print", "district"],
        }
    }
}

/// What a map shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Area {
    District,
    Bounds(Bounds),
    Unit(UnitIx),
}

/// The page, and how fine its map is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Print {
    pub page: Page,
    /// A logical pixel of the style in millimetres; posters and notices have their own.
    pub pixel_mm: f64,
    /// Letters of a map sheet are no smaller than so many times their size on A3.
    pub least_enlarged: f64,
}

impl Print {
    /// On paper: letters grow with it.
    #[must_use]
    pub fn on(page: Page) -> Self {
        let side = (page.width_mm() * page.height_mm() / (420.0 * 297.0)).sqrt();
        Self { page, pixel_mm: 0.2 * side.sqrt().clamp(1.0, 1.6), least_enlarged: 0.5 }
    }

    /// For a screen: a pixel of the style is one of a screen with 96 dots an inch.
    #[must_use]
    pub const fn for_screen(page: Page) -> Self {
        Self { page, pixel_mm: 25.4 / 96.0, least_enlarged: 0.85 }
    }
}

/// A sheet that somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub kind: Kind,
    pub area: Area,
    pub print: Print,
    pub style: Option<String>,
    pub title: Option<String>,
    /// Who issues it; the district unless somebody is named.
    pub issuer: Option<String>,
    pub day: Date,
}

/// How this reader may see a person's name and telephone.
#[derive(Clone, Copy, Debug)]
pub struct Contacts {
    pub name: fn(&str) -> String,
    pub phone: fn(&str) -> String,
}

/// Why there is no sheet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SheetsFault {
    #[error("unknown style “{name}”: there are {known}")]
    Style { name: String, known: String },
    #[error("a notice is of one unit: name it by its code")]
    NoUnit,
    #[error("{0} has no land to be drawn")]
    NoLand(String),
    #[error(transparent)]
    Sheet(#[from] SheetFault),
}

/// Texts that people give may be so long.
pub const MAX_CHARS: usize = 60;

/// Lays out a sheet. Takes a second or two for a poster: not on a thread that others wait for.
///
/// # Errors
/// [`SheetsFault`].
pub fn scene(state: &State, wanted: &Wanted, contacts: Contacts) -> Result<Scene, SheetsFault> {
    let style = style(state, wanted)?;
    let ground = Ground { snapshot: &state.snapshot, pyramid: state.pyramid(), font: &state.look.font, style };
    let facts = facts::Facts { state, day: wanted.day, contacts };
    let imprint = imprint(state, wanted);
    let district = district(state);
    let Print { page, pixel_mm, least_enlarged } = wanted.print;
    match (wanted.kind, wanted.area) {
        (Kind::Map, area) => {
            let bounds = match area {
                Area::District => district,
                Area::Bounds(bounds) => bounds,
                Area::Unit(unit) => margined(land(state, unit)?),
            };
            let unit = if let Area::Unit(unit) = area { Some(key(state, unit)) } else { None };
            let (rows, subtitle) = (facts.rows_of(area, bounds), facts.subtitle(area));
            let plan = Plan { imprint, subtitle, bounds, unit, rows, pixel_mm, least_enlarged };
            Ok(ground.plan(page, &plan)?)
        }
        (Kind::Poster, _) => {
            let (rows, subtitle) = (facts.rows_of_all(), facts.counts());
            Ok(ground.poster(page, &Poster { imprint, subtitle, bounds: district, rows })?)
        }
        (Kind::Notice, Area::Unit(unit)) => {
            let bounds = land(state, unit)?;
            Ok(ground.notice(page, &facts.notice(unit, imprint, bounds, district))?)
        }
        (Kind::Notice, _) => Err(SheetsFault::NoUnit),
    }
}

fn style<'a>(state: &'a State, wanted: &Wanted) -> Result<&'a str, SheetsFault> {
    let styles = &state.look.styles;
    let named = |name: &str| styles.iter().find(|(known, _)| known == name).map(|(_, template)| template.as_str());
    let found = match &wanted.style {
        Some(name) => named(name),
        None => wanted.kind.styles().into_iter().find_map(named),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = styles.iter().map(|(name, _)| name.as_str()).collect();
        let name = wanted.style.as_deref().unwrap_or("district").chars().take(40).collect();
        SheetsFault::Style { name, known: known.join(", ") }
    })
}

fn imprint(state: &State, wanted: &Wanted) -> Imprint {
    let snapshot = &state.snapshot;
    let district = &snapshot.district;
    let title = wanted.title.clone().unwrap_or_else(|| match (wanted.kind, wanted.area) {
        (Kind::Map, Area::Unit(unit)) => format!("{}网格图", facts::full_name(snapshot, unit)),
        (Kind::Map, _) => format!("{}网格图", district.name),
        (Kind::Notice, Area::Unit(unit)) => format!("{}公示牌", facts::full_name(snapshot, unit)),
        (Kind::Poster | Kind::Notice, _) => format!("{}社会治理网格一张图", district.name),
    });
    let internal = if wanted.kind == Kind::Notice { "" } else { "内部使用" };
    let synthetic = if district.synthetic { district.mark.as_str() } else { "" };
    let marks: Vec<&str> = [synthetic, internal].into_iter().filter(|mark| !mark.is_empty()).collect();
    let since = snapshot.history.versions().last().map(|version| format!("（{} 起执行）", version.effective));
    Imprint {
        title,
        mark: marks.join(" · "),
        issuer: wanted.issuer.clone().unwrap_or_else(|| district.name.clone()),
        day: wanted.day,
        version: format!("第 {} 版{}", snapshot.version, since.unwrap_or_default()),
    }
}

fn district(state: &State) -> Bounds {
    let extent = state.extent();
    [extent.west, extent.south, extent.east, extent.north]
}

fn land(state: &State, unit: UnitIx) -> Result<Bounds, SheetsFault> {
    units::bounds(state, unit).ok_or_else(|| SheetsFault::NoLand(state.snapshot.hierarchy.unit(unit).code.clone()))
}

/// A box with a tenth of its size more on every side.
fn margined([west, south, east, north]: Bounds) -> Bounds {
    let (across, up) = ((east - west) * 0.1, (north - south) * 0.1);
    [west - across, south - up, east + across, north + up]
}

fn key(state: &State, unit: UnitIx) -> (String, String) {
    let unit = state.snapshot.hierarchy.unit(unit);
    let level = state.snapshot.district.levels.get(usize::from(unit.level));
    (level.map_or_else(String::new, |level| level.key.clone()), unit.code.clone())
}

impl From<RenderFault> for SheetsFault {
    fn from(fault: RenderFault) -> Self {
        Self::Sheet(SheetFault::Render(fault))
    }
}

impl Print {
    /// For a screen, by its size in pixels.
    ///
    /// # Errors
    /// [`SheetFault::Dpi`], [`SheetFault::Page`].
    pub fn of_pixels((width, height): (u32, u32), dpi: f64) -> Result<Self, SheetFault> {
        if !DPI.contains(&dpi) {
            return Err(SheetFault::Dpi(dpi));
        }
        let mm = |px: u32| f64::from(px) / dpi * 25.4;
        Page::new(mm(width), mm(height)).map(Self::for_screen)
    }
}

/// A box as people write it: `116.60,35.40,116.64,35.45`, west, south, east, north in degrees.
///
/// # Errors
/// What is wrong with it, in words.
pub fn bounds_of(text: &str) -> Result<Bounds, String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let Some(&[west, south, east, north]) = numbers.as_deref() else {
        return Err("expected west,south,east,north in degrees, like 116.60,35.40,116.64,35.45".to_owned());
    };
    let inside = (-180.0..=180.0).contains(&west)
        && (-180.0..=180.0).contains(&east)
        && (-80.0..=80.0).contains(&south)
        && (-80.0..=80.0).contains(&north);
    if !inside {
        return Err("longitudes are −180 to 180, latitudes −80 to 80 degrees".to_owned());
    }
    if east - west < LEAST_DEGREES || north - south < LEAST_DEGREES {
        return Err(format!("west must be below east and south below north, by {LEAST_DEGREES}° at least"));
    }
    Ok([west, south, east, north])
}

/// About ten metres.
const LEAST_DEGREES: f64 = 1e-4;

/// A size in pixels as people write it: `1600x1200`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn size_of(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once(['x', 'X', '×']).and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    let fits = |side: u32| PIXELS.contains(&side);
    match sides {
        Some((w, h)) if fits(w) && fits(h) => Ok((w, h)),
        _ => {
            Err(format!("expected WIDTHxHEIGHT in pixels, {} to {} each, like 1600x1200", PIXELS.start(), PIXELS.end()))
        }
    }
}

const PIXELS: std::ops::RangeInclusive<u32> = 200..=8192;
