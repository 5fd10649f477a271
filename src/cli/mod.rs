//! The command line: one verb, one file. Exit codes: 0 fine, 1 faults found or refused, 2 unusable input.

/// Prints a line. A reader that has seen enough (`| head`) is no fault of ours.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod addresses;
mod base_map;
mod check;
mod demo;
mod diff;
mod export;
mod import;
mod locate;
mod history;
mod progress;
mod render;
mod search;
mod serve;
mod table;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::civil::Date;

use crate::exchange::FileFault;
use crate::service::serving::ZONE;
use crate::store::StoreFault;

/// 网格一张图 Wangge: the grids of a city district as one exact map.
#[derive(Debug, Parser)]
#[command(name = "wangge", version, about = text::ABOUT, max_term_width = 110)]
struct Wangge {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(about = text::IMPORT, after_help = text::IMPORT_EXAMPLE)]
    Import(import::Args),
    #[command(about = text::CHECK, after_help = text::CHECK_EXAMPLE)]
    Check(check::Args),
    #[command(about = text::LOCATE, after_help = text::LOCATE_EXAMPLE)]
    Locate(locate::Args),
    #[command(about = text::SEARCH, after_help = text::SEARCH_EXAMPLE)]
    Search(search::Args),
    #[command(about = text::RENDER, after_help = text::RENDER_EXAMPLE)]
    Render(render::Args),
    #[command(about = text::HISTORY, after_help = text::HISTORY_EXAMPLE)]
    History(history::Args),
    #[command(about = text::DIFF, after_help = text::DIFF_EXAMPLE)]
    Diff(diff::Args),
    #[command(about = text::EXPORT, after_help = text::EXPORT_EXAMPLE)]
    Export(export::Args),
    #[command(about = text::SERVE, after_help = text::SERVE_EXAMPLE)]
    Serve(serve::Args),
    #[command(about = text::DEMO, after_help = text::DEMO_EXAMPLE)]
    Demo(demo::Args),
}

/// Why a verb ended early: what, where and what to do, with the exit code that says how bad it is.
#[derive(Debug)]
struct Failure {
    code: u8,
    /// One line in Chinese.
    title: &'static str,
    /// The typed error's own words.
    detail: String,
}

impl Failure {
    /// Faults were found in usable input, or the operation was refused: exit 1.
    fn refused(title: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { code: 1, title, detail: detail.to_string() }
    }

    /// The input cannot be used: exit 2.
    fn unusable(title: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { code: 2, title, detail: detail.to_string() }
    }
}

impl From<FileFault> for Failure {
    fn from(fault: FileFault) -> Self {
        Self::unusable(text::file_fault(&fault), fault)
    }
}

impl From<StoreFault> for Failure {
    fn from(fault: StoreFault) -> Self {
        Self::unusable(text::store_fault(&fault), fault)
    }
}

/// Today in the district.
fn today() -> Date {
    let now = jiff::Timestamp::now();
    now.in_tz(ZONE).unwrap_or_else(|_| now.to_zoned(jiff::tz::TimeZone::UTC)).date()
}

/// Runs the verb that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Wangge::parse().verb {
        Verb::Import(args) => import::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Locate(args) => locate::run(&args),
        Verb::Search(args) => search::run(&args),
        Verb::Render(args) => render::run(&args),
        Verb::History(args) => history::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Serve(args) => serve::run(&args),
        Verb::Demo(args) => demo::run(&args),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("错误：{}\nerror: {}", failure.title, failure.detail);
        ExitCode::from(failure.code)
    })
}
