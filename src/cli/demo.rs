//! `wangge demo`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件 · the GeoPackage to serve
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 监听地址 · address to listen on
    #[arg(long, env = "WANGGE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    todo!("helper http: {} {}", args.store.display(), args.listen)
}
