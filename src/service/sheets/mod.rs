//! Flow: who prints a sheet asks for a kind, a place and a page → the facts of that place → a scene → bytes.

mod abutting;
mod facts;

use jiff::civil::Date;

use super::serving::{Look, State};
use super::tiles::{CHOROPLETH, HEAT};
use super::units;
use crate::grid::UnitIx;
use crate::grid::history::{History, Version};
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
    /// As [`day_of`] allows it.
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
    #[error("style is “{name}”: {why}")]
    Style { name: String, why: String },
    #[error(
        "a sheet shows the boundaries of version {version}, not those of {day}: give {from} or a later day; for earlier boundaries use `wangge export --as-of {day}`, or `locate` with as_of={day}"
    )]
    TooEarly { day: Date, version: u64, from: Date },
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
    if let Some(name) = &wanted.style {
        return template(&state.look, name);
    }
    let styles = &state.look.styles;
    let named = |name: &str| styles.iter().find(|(known, _)| known == name).map(|(_, template)| template.as_str());
    match wanted.kind.styles().into_iter().find_map(named) {
        Some(template) => Ok(template),
        None => template(&state.look, "district"),
    }
}

/// The template of a style that is a map by itself.
///
/// # Errors
/// [`SheetsFault::Style`].
pub fn template<'a>(look: &'a Look, name: &str) -> Result<&'a str, SheetsFault> {
    if let Some((_, template)) = look.maps().find(|(known, _)| known == name) {
        return Ok(template);
    }
    let known: Vec<&str> = look.maps().map(|(name, _)| name.as_str()).collect();
    let measure =
        if [CHOROPLETH, HEAT].contains(&name) { "it colours by a measure, and a sheet has none; " } else { "" };
    let why = format!("{measure}there are {}", known.join(", "));
    Err(SheetsFault::Style { name: name.chars().filter(|c| !c.is_control()).take(40).collect(), why })
}

/// The version that sheets show.
fn drawn_version(history: &History) -> Option<&Version> {
    history.versions().last()
}

/// The day of a sheet: the one asked for, or today. Of a day before the boundaries that are drawn came into force there is no sheet: it would show
/// land and people that do not belong together. Today has one even when those boundaries are still to come.
///
/// # Errors
/// [`SheetsFault::TooEarly`].
pub fn day_of(history: &History, asked: Option<Date>, today: Date) -> Result<Date, SheetsFault> {
    let Some(day) = asked else { return Ok(today) };
    match drawn_version(history) {
        Some(version) if day < version.effective.min(today) => {
            Err(SheetsFault::TooEarly { day, version: version.number, from: version.effective.min(today) })
        }
        _ => Ok(day),
    }
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
    let since = drawn_version(&snapshot.history).map(|version| format!("（{} 起执行）", version.effective));
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
    // What people write as 0.0001 apart is a little less once it is binary.
    let least = LEAST_DEGREES - ROUNDING_DEGREES;
    if east - west < least || north - south < least {
        return Err(format!("west must be below east and south below north, by {LEAST_DEGREES}° at least"));
    }
    Ok([west, south, east, north])
}

/// About ten metres.
const LEAST_DEGREES: f64 = 1e-4;
/// A tenth of a millimetre: less than anybody means, more than the difference of two such numbers is off.
const ROUNDING_DEGREES: f64 = 1e-9;

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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::render::Font;

    /// With styles of these names.
    pub(super) fn look(styles: &[&str]) -> Look {
        let font = Font::new(&include_bytes!("../../../data/fonts/NotoSansSC-subset.otf")[..]).expect("a font");
        let styles = styles.iter().map(|name| ((*name).to_owned(), format!("{name} template"))).collect();
        Look { font, styles }
    }

    #[test]
    fn a_box_may_be_as_small_as_is_said_and_no_smaller() {
        for (text, fits) in [
            ("116.6200,35.4200,116.6201,35.4201", true),
            ("-116.6201,-35.4201,-116.6200,-35.4200", true),
            ("179.9999,79.9999,180,80", true),
            ("116.6200,35.4200,116.62009,35.4201", false),
            ("116.6200,35.4200,116.6201,35.4200999", false),
            ("116.6200,35.4200,116.6200,35.4200", false),
        ] {
            assert_eq!(bounds_of(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn no_sheet_is_dated_before_its_boundaries_and_today_always_has_one() {
        let of = |effective| History::of_one(3, effective, Timestamp::UNIX_EPOCH);
        let (since, today, later) = (date(2026, 6, 1), date(2026, 11, 27), date(2030, 1, 1));
        let history = of(since);
        for (asked, day) in [(None, today), (Some(today), today), (Some(since), since), (Some(later), later)] {
            assert_eq!(day_of(&history, asked, today), Ok(day));
        }
        let before = date(2026, 5, 31);
        let fault = day_of(&history, Some(before), today).expect_err("before the version in force");
        assert_eq!(fault, SheetsFault::TooEarly { day: before, version: 3, from: since });
        let words = fault.to_string();
        for word in ["2026-05-31", "give 2026-06-01 or a later day", "version 3", "--as-of 2026-05-31", "as_of="] {
            assert!(words.contains(word), "{word}: {words}");
        }
        // Boundaries that are still to come.
        assert_eq!(day_of(&of(later), None, today), Ok(today));
        assert_eq!(day_of(&of(later), Some(today), today), Ok(today));
        assert!(day_of(&of(later), Some(since), today).is_err());
        assert_eq!(day_of(&History::default(), Some(since), today), Ok(since), "nothing is known of any day");
    }

    #[test]
    fn a_style_that_needs_a_measure_is_refused_with_the_reason() {
        let look = look(&["choropleth", "district"]);
        assert_eq!(template(&look, "district"), Ok("district template"));
        for (name, measure) in [("choropleth", true), ("heat", true), ("none", false)] {
            let words = template(&look, name).expect_err("no map by itself").to_string();
            assert_eq!(words.contains("a sheet has none"), measure, "{words}");
            assert!(words.contains(name) && words.ends_with("there are district"), "{words}");
        }
    }
}
