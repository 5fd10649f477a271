//! `wangge demo`: the sample district, imported if need be, and served.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use super::serve::{Wire, log};
use super::{Failure, progress, text};
use crate::service::import::{Sources, import};
use crate::snapshot::Contents;
use crate::store::{GeoPackage, Store, StoreFault};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件，没有则新建 · the GeoPackage to serve; made if there is none
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 示例数据目录 · the folder of the sample's district.toml
    #[arg(long, env = "WANGGE_DATA", value_name = "DIR", default_value = "data/sample")]
    data: PathBuf,
    #[command(flatten)]
    wire: Wire,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    log();
    args.wire.is_free()?;
    let contents = match GeoPackage::at(&args.store).load() {
        Err(StoreFault::Missing(_)) => import_sample(&args.store, &args.data)?,
        stored => stored?,
    };
    args.wire.serve(contents, &args.store, true)
}

/// Imports beside the store and renames at the end, so that a demo stopped half-way leaves nothing that looks like a store.
fn import_sample(store: &Path, data: &Path) -> Result<Contents, Failure> {
    let district = data.join("district.toml");
    if !district.is_file() {
        let detail = format!("{}: no such file; run from the project's folder, or give --data", district.display());
        return Err(Failure::unusable(text::NO_SAMPLE, detail));
    }
    let mut unfinished = store.as_os_str().to_owned();
    unfinished.push(".importing");
    let unfinished = PathBuf::from(unfinished);
    let _ = fs::remove_file(&unfinished); // of a demo that was stopped; usually there is none
    let begun = Instant::now();
    let bar = progress::steps();
    let sources = Sources { district, ..Sources::default() };
    let mut target = GeoPackage::at(&unfinished);
    let imported = import(&sources, &mut target, jiff::Timestamp::now(), &mut |step| progress::step(&bar, step));
    bar.finish_and_clear();
    let imported = imported?;
    fs::rename(&unfinished, store)
        .map_err(|fault| Failure::unusable(text::CANNOT_IMPORT, format_args!("{}: {fault}", store.display())))?;
    say!("{} {:.1} s → {}", text::IMPORTED, begun.elapsed().as_secs_f64(), store.display());
    Ok(imported.contents)
}
