//! Sheets: a map, the wall poster or a public notice as PNG, SVG or PDF, with names and telephones masked for everybody.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use jiff::civil::Date;

use super::mask::{MaskedName, MaskedPhone};
use super::negotiate::{Keep, served};
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::{App, At};
use crate::render::sheet::{Format, Paper, SheetFault};
use crate::service::bytes::Finished;
use crate::service::serving;
use crate::service::sheets::{
    Area, Contacts, Kind, MAX_CHARS, Print, SheetsFault, Wanted, bounds_of, day_of, scene, size_of, template,
};
use crate::service::slots::WorkFault;

/// Pictures of more pixels are for the command line: A0 at 150 dots an inch has 35 million.
const MOST_PIXELS: u64 = 40_000_000;
const PAPER_DPI: f64 = 150.0;
const SCREEN_DPI: f64 = 96.0;

const CONTACTS: Contacts =
    Contacts { name: |name| MaskedName::new(name).to_string(), phone: |phone| MaskedPhone::new(phone).to_string() };

/// `GET /api/v1/sheets/{kind}.{png|svg|pdf}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(file): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let (kind, format) = file_of(&file)?;
    let known = match kind {
        Kind::Map => &["bbox", "unit", "size", "paper", "orientation", "dpi", "style", "title", "issuer", "date"][..],
        Kind::Poster => &["paper", "orientation", "dpi", "style", "title", "issuer", "date"],
        Kind::Notice => &["unit", "paper", "orientation", "dpi", "style", "title", "issuer", "date"],
    };
    let query = asked.only(known)?;
    let state = app.serving.state();
    let Page { print, dpi, pixels } = page(&query, kind, format)?;
    let wanted = Wanted {
        kind,
        area: area(&query, kind, &state)?,
        print,
        style: style(&query, &state)?,
        title: words(&query, "title")?,
        issuer: words(&query, "issuer")?,
        day: day_of(&state.snapshot.history, day(&query)?, app.serving.today()).map_err(|fault| refused(&fault))?,
    };
    state.pyramid_made().await;
    let drawing = Arc::clone(&state);
    let line = if kind == Kind::Poster || pixels > LARGE_PX { &app.serving.large } else { &app.sheets };
    let drawn = line.run(move || drawn(&drawing, &wanted, format, dpi)).await??;
    let mut response = served(&app.serving.slots, &headers, &Arc::new(drawn), Keep::Revalidate).await;
    let named = format!("inline; filename=\"{}\"", file.to_ascii_lowercase());
    if let Ok(named) = HeaderValue::from_str(&named) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
    }
    Ok(response)
}

fn drawn(state: &serving::State, wanted: &Wanted, format: Format, dpi: f64) -> Result<Finished, Problem> {
    let bytes = scene(state, wanted, CONTACTS)
        .and_then(|page| Ok(page.write(format, dpi)?))
        .map_err(|fault| refused(&fault))?;
    Ok(match format {
        Format::Png => Finished::as_is("image/png", bytes),
        Format::Svg => Finished::compressible("image/svg+xml", bytes),
        Format::Pdf => Finished::as_is("application/pdf", bytes),
    })
}

fn file_of(file: &str) -> Result<(Kind, Format), Problem> {
    let parts = file.split_once('.').and_then(|(kind, end)| Some((Kind::named(kind)?, Format::of_extension(end)?)));
    parts.ok_or_else(|| {
        let kinds = Kind::ALL.map(Kind::name).join(", ");
        Problem::not_found_at("file", format!("“{}” is no sheet: {kinds}, each as .png, .svg or .pdf", echo(file)))
    })
}

/// A picture of more pixels waits with the posters.
const LARGE_PX: u64 = 16_000_000;

/// A page, the dots an inch of a picture of it, and how many those are.
struct Page {
    print: Print,
    dpi: f64,
    pixels: u64,
}

/// Refused here when it would be too large.
fn page(query: &Query, kind: Kind, format: Format) -> Result<Page, Problem> {
    let size = query.text("size").map(|text| size_of(text).map_err(|why| bad(query, "size", &why))).transpose()?;
    let dpi = query.number("dpi")?.unwrap_or(if size.is_some() { SCREEN_DPI } else { PAPER_DPI });
    let paper = query.text("paper").map(|name| {
        let known: Vec<&str> = kind.papers().iter().map(|paper| paper.name()).collect();
        let found = Paper::named(name).filter(|paper| kind.papers().contains(paper));
        found.ok_or_else(|| bad(query, "paper", &format!("expected {}", known.join(", "))))
    });
    let lying = match query.text("orientation") {
        None => kind != Kind::Map,
        Some("landscape") => true,
        Some("portrait") => false,
        Some(_) => return Err(bad(query, "orientation", "expected landscape or portrait")),
    };
    let print = match size {
        Some(_) if paper.is_some() || query.text("orientation").is_some() => {
            return Err(Problem::query("size", "give either size or paper and orientation"));
        }
        Some(size) => Print::of_pixels(size, dpi).map_err(|fault| page_fault(&fault))?,
        None => Print::on(paper.transpose()?.unwrap_or(kind.paper()).page(lying)),
    };
    let (width, height) =
        if format == Format::Png { print.page.pixels(dpi).map_err(|fault| page_fault(&fault))? } else { (0, 0) };
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        let detail =
            format!("{width} × {height} pixels are more than {MOST_PIXELS}: ask for fewer dots an inch, or for PDF");
        return Err(Problem::query("dpi", detail));
    }
    Ok(Page { print, dpi, pixels })
}

fn page_fault(fault: &SheetFault) -> Problem {
    let name = if matches!(fault, SheetFault::Page(..)) { "size" } else { "dpi" };
    Problem::query(name, fault.to_string())
}

fn bad(query: &Query, name: &str, why: &str) -> Problem {
    Problem::query(name, format!("{name} is “{}”: {why}", echo(query.text(name).unwrap_or_default())))
}

fn area(query: &Query, kind: Kind, state: &serving::State) -> Result<Area, Problem> {
    let unit = match query.text("unit") {
        None => None,
        Some(code) => {
            let known = state.snapshot.hierarchy.by_code(code);
            Some(known.ok_or_else(|| Problem::query("unit", format!("no unit has the code “{}”", echo(code))))?)
        }
    };
    let bounds = query.text("bbox").map(|text| bounds_of(text).map_err(|why| bad(query, "bbox", &why))).transpose()?;
    match (kind, unit, bounds) {
        (_, Some(_), Some(_)) => Err(Problem::query("bbox", "give either bbox or unit")),
        (_, Some(unit), None) => Ok(Area::Unit(unit)),
        (_, None, Some(bounds)) => Ok(Area::Bounds(bounds)),
        (Kind::Notice, None, None) => query.needed("unit").map(|_| Area::District),
        (_, None, None) => Ok(Area::District),
    }
}

fn style(query: &Query, state: &serving::State) -> Result<Option<String>, Problem> {
    let Some(name) = query.text("style") else { return Ok(None) };
    template(&state.look, name).map_err(|fault| refused(&fault))?;
    Ok(Some(name.to_owned()))
}

fn words(query: &Query, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = query.text(name).map(str::trim) else { return Ok(None) };
    let fits = !text.is_empty() && text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control);
    if fits {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::query(name, format!("{name}: 1 to {MAX_CHARS} characters in one line")))
    }
}

fn day(query: &Query) -> Result<Option<Date>, Problem> {
    query.parsed("date", "a date such as 2025-03-01")
}

fn refused(fault: &SheetsFault) -> Problem {
    match fault {
        SheetsFault::NoUnit | SheetsFault::NoLand(_) => Problem::query("unit", fault.to_string()),
        SheetsFault::Style { .. } => Problem::query("style", fault.to_string()),
        SheetsFault::TooEarly { .. } => Problem::query("date", fault.to_string()),
        SheetsFault::Sheet(SheetFault::Dpi(_) | SheetFault::Pixels(..)) => Problem::query("dpi", fault.to_string()),
        SheetsFault::Sheet(_) => Problem::from(WorkFault::Failed(fault.to_string())),
    }
}
