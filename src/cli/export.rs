//! `wangge export`: a store → a file for other systems.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::civil::Date;

use super::{Failure, progress, text};
use crate::http::look;
use crate::service::archive::{self, ExportFault, Exported, Progress, Subject, Wanted};
use crate::store::{GeoPackage, Store};
use crate::tile::{MAX_ZOOM, TileSet};

/// What can be written. Each is one more line here, and one more arm of [`run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 瓦片，一个文件，静态网站即可提供 · tiles in one file that a plain web server can serve
    Pmtiles,
    /// 瓦片，SQLite · tiles in an SQLite file
    Mbtiles,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 文件格式 · the kind of file
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Format,
    /// 写入的文件，已有则替换 · the file to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 瓦片集，可合并：units、issues、places、base · vector tiles of these sets, their layers side by side
    #[arg(long, value_name = "SET", value_delimiter = ',', default_value = "units")]
    set: Vec<TileSet>,
    /// 地图样式，代替瓦片集：PNG 瓦片 · PNG tiles in this style instead: district, dark, heat
    #[arg(long, value_name = "NAME", conflicts_with = "set")]
    style: Option<String>,
    /// 最小级别 · the first zoom; where something can be seen unless given
    #[arg(long, value_name = "Z", value_parser = clap::value_parser!(u8).range(0..=MAX_ZOOM as i64))]
    min_zoom: Option<u8>,
    /// 最大级别 · the last zoom; 16 unless given, deeper ones hold nothing new
    #[arg(long, value_name = "Z", value_parser = clap::value_parser!(u8).range(0..=MAX_ZOOM as i64))]
    max_zoom: Option<u8>,
    /// 按哪一天的边界 · the day whose boundaries are meant, like 2025-03-01; today's unless given. The background is today's
    #[arg(long, value_name = "DAY")]
    as_of: Option<Date>,
}

impl Args {
    fn subject(&self) -> Subject {
        match &self.style {
            Some(style) => Subject::Style(style.clone()),
            None => {
                // Each once, in the order asked for.
                let mut sets: Vec<TileSet> = Vec::new();
                for set in &self.set {
                    if !sets.contains(set) {
                        sets.push(*set);
                    }
                }
                Subject::Sets(sets)
            }
        }
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match args.format {
        Format::Pmtiles => tiles(args, archive::Format::PmTiles),
        Format::Mbtiles => tiles(args, archive::Format::MbTiles),
    }
}

fn tiles(args: &Args, format: archive::Format) -> Result<ExitCode, Failure> {
    let same = args.out.canonicalize().is_ok_and(|out| args.store.canonicalize().is_ok_and(|store| out == store));
    if same {
        let detail = format!("{} is the store itself; give another name", args.out.display());
        return Err(Failure::unusable(text::OUTPUT_UNWRITABLE, detail));
    }
    let store = GeoPackage::at(&args.store);
    let wanted = Wanted { format, subject: args.subject(), min_zoom: args.min_zoom, max_zoom: args.max_zoom };
    let look = look(None).map_err(|fault| Failure::unusable(text::CANNOT_DRAW, fault))?;
    let contents = store.load_with(wanted.subject.extras())?;
    let state = archive::state_on(contents, &store, args.as_of, &wanted.subject, &look).map_err(Failure::from)?;
    let bar = progress::tiles();
    let exported = archive::export(&state, &wanted, &args.out, &mut |at| {
        let (message, done, total) = match at {
            Progress::Drawing(done, total) => (text::DRAWING, done, total),
            Progress::Reading(done, total) => (text::READING_BACK, done, total),
        };
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(message);
    });
    bar.finish_and_clear();
    let Exported { about, tiles, different, bytes } = exported.map_err(Failure::from)?;
    let megabytes = bytes as f64 / 1e6;
    say!(
        "{} {} {tiles}（{} {different}）· z{}–z{} · {megabytes:.1} MB → {}",
        text::EXPORTED,
        text::TILES,
        text::DIFFERENT,
        about.min_zoom,
        about.max_zoom,
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}

impl From<ExportFault> for Failure {
    fn from(fault: ExportFault) -> Self {
        match fault {
            ExportFault::Store(fault) => Self::from(fault),
            ExportFault::Archive(fault) => Self::unusable(text::archive_fault(&fault), fault),
            ExportFault::Past(fault) => Self::unusable(text::NO_SUCH_DAY, fault),
            ExportFault::Draw(fault) => Self::unusable(text::CANNOT_DRAW, fault),
            refused => Self::refused(text::NOT_EXPORTED, refused),
        }
    }
}
