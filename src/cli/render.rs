//! `wangge render`: a map sheet, the wall poster or a public notice, as a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::Date;

use super::{Failure, text, today};
use crate::http::look;
use crate::http::mask::{MaskedName, MaskedPhone};
use crate::render::sheet::{Bounds, Format, Page, Paper};
use crate::service::serving::{Capacity, State};
use crate::service::sheets::{Area, Contacts, Kind, MAX_CHARS, Print, Wanted, bounds_of, day_of, scene, size_of};
use crate::snapshot::Snapshot;
use crate::store::{GeoPackage, Store};

/// Dots an inch of a picture on paper, and of one for a screen.
const PAPER_DPI: f64 = 150.0;
const SCREEN_DPI: f64 = 96.0;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 图件种类 · map, poster (the whole district, A0) or notice (of one unit, A3)
    #[arg(value_name = "KIND", default_value = "map", value_parser = kind)]
    kind: Kind,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 范围：西,南,东,北 · west, south, east and north in degrees
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, conflicts_with = "unit", value_parser = bounds_of)]
    bbox: Option<Bounds>,
    /// 网格编码 · the unit to be shown, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// 像素尺寸 · the picture's size in pixels, like 1600x1200
    #[arg(long, value_name = "WxH", conflicts_with_all = ["paper", "landscape", "portrait"], value_parser = size_of)]
    size: Option<(u32, u32)>,
    /// 纸张 · A4 to A0; A3 unless given, A0 for a poster
    #[arg(long, value_name = "PAPER", value_parser = paper)]
    paper: Option<Paper>,
    /// 横放 · lying; so are posters and notices
    #[arg(long)]
    landscape: bool,
    /// 竖放 · upright
    #[arg(long, conflicts_with = "landscape")]
    portrait: bool,
    /// 每英寸点数 · dots an inch of a PNG; 150 on paper, 96 with --size
    #[arg(long, value_name = "N")]
    dpi: Option<f64>,
    /// 样式 · a style of styles/ but choropleth, which needs a measure
    #[arg(long, value_name = "NAME")]
    style: Option<String>,
    /// 标题 · what stands at the top
    #[arg(long, value_name = "TEXT", value_parser = short)]
    title: Option<String>,
    /// 编制单位 · who issues it; the district unless given
    #[arg(long, value_name = "TEXT", value_parser = short)]
    issuer: Option<String>,
    /// 日期，不早于现行边界的生效日 · the day on it and of who is on duty, not before its boundaries are in force; today unless given
    #[arg(long, value_name = "DAY")]
    date: Option<Date>,
    /// 印出完整姓名和电话 · names and telephones in full: for those who may see them
    #[arg(long)]
    contacts: bool,
    /// 地图字体文件 · a font file for names that the built-in font cannot write
    #[arg(long, env = "WANGGE_FONT", value_name = "FILE")]
    font: Option<PathBuf>,
    /// 输出文件 · a file that ends in .png, .svg or .pdf
    #[arg(long, value_name = "FILE", value_parser = out)]
    out: PathBuf,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| format!("use {}", Kind::ALL.map(Kind::name).join(", ")))
}

fn paper(name: &str) -> Result<Paper, String> {
    Paper::named(name).ok_or_else(|| format!("use {}", Paper::ALL.map(Paper::name).join(", ")))
}

fn short(words: &str) -> Result<String, String> {
    let fits = words.chars().count() <= MAX_CHARS && !words.trim().is_empty();
    if fits { Ok(words.trim().to_owned()) } else { Err(format!("1 to {MAX_CHARS} characters")) }
}

fn out(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    if format(&path).is_some() { Ok(path) } else { Err("a file that ends in .png, .svg or .pdf".to_owned()) }
}

fn format(path: &Path) -> Option<Format> {
    path.extension().and_then(|end| end.to_str()).and_then(Format::of_extension)
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    args.used().map_err(|why| Failure::unusable(text::CANNOT_PRINT, why))?;
    let dpi = args.dpi.unwrap_or(if args.size.is_some() { SCREEN_DPI } else { PAPER_DPI });
    let print = args.print(dpi).map_err(|fault| Failure::unusable(text::BAD_PAGE, fault))?;
    let format = format(&args.out).unwrap_or(Format::Png);
    if format == Format::Png {
        print.page.pixels(dpi).map_err(|fault| Failure::unusable(text::BAD_PAGE, fault))?;
    }
    let font = args.font.as_deref().map(super::serve::read_font).transpose()?;
    let look = look(font).map_err(|fault| Failure::unusable(text::CANNOT_DRAW, fault))?;
    let contents = GeoPackage::at(&args.store).load()?;
    let state = State::new(Snapshot::new(contents), &look, Capacity::default());
    let wanted = args.wanted(&state, print)?;
    let page = scene(&state, &wanted, contacts(args.contacts));
    let page = page.map_err(|fault| Failure::unusable(text::CANNOT_PRINT, fault))?;
    let bytes = page.write(format, dpi).map_err(|fault| Failure::unusable(text::CANNOT_PRINT, fault))?;
    std::fs::write(&args.out, &bytes)
        .map_err(|fault| Failure::unusable(text::UNWRITABLE, format_args!("{}: {fault}", args.out.display())))?;
    let (width, height) = page.size_mm();
    say!(
        "{} {}  {width:.0} × {height:.0} mm  1:{:.0}  {} kB",
        text::PRINTED,
        args.out.display(),
        page.scale(),
        bytes.len().div_ceil(1000)
    );
    if args.contacts {
        say!("{}", text::CONTACTS_SHOWN);
    }
    Ok(ExitCode::SUCCESS)
}

fn contacts(full: bool) -> Contacts {
    if full {
        return Contacts { name: str::to_owned, phone: str::to_owned };
    }
    Contacts { name: |name| MaskedName::new(name).to_string(), phone: |phone| MaskedPhone::new(phone).to_string() }
}

impl Args {
    /// Nothing is said of where that the kind of sheet would not show.
    fn used(&self) -> Result<(), &'static str> {
        match self.kind {
            Kind::Poster if self.unit.is_some() => {
                Err("a poster shows the whole district: leave --unit out, or print a map or a notice of that unit")
            }
            Kind::Poster if self.bbox.is_some() => {
                Err("a poster shows the whole district: leave --bbox out, or print a map of that box")
            }
            Kind::Notice if self.bbox.is_some() => {
                Err("a notice is of one unit: leave --bbox out and name the unit by its code with --unit")
            }
            Kind::Map | Kind::Poster | Kind::Notice => Ok(()),
        }
    }

    fn print(&self, dpi: f64) -> Result<Print, String> {
        if let Some(size) = self.size {
            return Print::of_pixels(size, dpi).map_err(|fault| fault.to_string());
        }
        let paper = self.paper.unwrap_or(self.kind.paper());
        if !self.kind.papers().contains(&paper) {
            let known: Vec<&str> = self.kind.papers().iter().map(|paper| paper.name()).collect();
            return Err(format!("a {} is printed on {}", self.kind.name(), known.join(" or ")));
        }
        let lying = if self.kind == Kind::Map { self.landscape } else { !self.portrait };
        let page: Page = paper.page(lying);
        Ok(Print::on(page))
    }

    fn wanted(&self, state: &State, print: Print) -> Result<Wanted, Failure> {
        let area = match (&self.unit, self.bbox) {
            (Some(code), _) => {
                let known = state.snapshot.hierarchy.by_code(code);
                let unknown = || Failure::unusable(text::NO_SUCH_UNIT, format_args!("no unit has the code “{code}”"));
                Area::Unit(known.ok_or_else(unknown)?)
            }
            (None, Some(bounds)) => Area::Bounds(bounds),
            (None, None) => Area::District,
        };
        let day = day_of(&state.snapshot.history, self.date, today());
        let day = day.map_err(|fault| Failure::unusable(text::NO_SUCH_DAY, fault))?;
        Ok(Wanted {
            kind: self.kind,
            area,
            print,
            style: self.style.clone(),
            title: self.title.clone(),
            issuer: self.issuer.clone(),
            day,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Alone {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_a_kind_of_sheet_does_not_show_is_refused_not_ignored() {
        let (unit, bbox) = (["--unit", "370871001205"], ["--bbox", "116.60,35.40,116.64,35.45"]);
        for (kind, option, refused) in [
            ("map", unit, None),
            ("map", bbox, None),
            ("poster", unit, Some("--unit")),
            ("poster", bbox, Some("--bbox")),
            ("notice", unit, None),
            ("notice", bbox, Some("--bbox")),
        ] {
            let line = ["render", kind, option[0], option[1], "--out", "sheet.pdf"];
            let args = Alone::try_parse_from(line).expect("options that there are").args;
            match (args.used(), refused) {
                (Ok(()), None) => {}
                (Err(why), Some(option)) => assert!(why.contains(&format!("leave {option} out")), "{why}"),
                (used, _) => assert_eq!(used.err(), refused, "{kind} {option:?}"),
            }
        }
    }
}
