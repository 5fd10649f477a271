//! `wangge check`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    todo!("{}", args.store.display())
}
