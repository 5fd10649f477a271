//! `wangge serve`: a stored district on the wire, until told to stop.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::net::TcpListener;

use super::{Failure, base_map, text};
use crate::http::{App, Drained, Limits, look, router, serve};
use crate::service::actors::{Actors, DEMO_TOKENS};
use crate::service::serving::{Capacity, Serving};
use crate::service::tiles::prebuild;
use crate::snapshot::Contents;
use crate::store::{GeoPackage, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 数据文件 · the GeoPackage to serve
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    #[command(flatten)]
    wire: Wire,
}

/// How a district is served, whoever loaded it.
#[derive(Debug, clap::Args)]
pub(super) struct Wire {
    /// 监听地址 · address to listen on
    #[arg(long, env = "WANGGE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// 对外网址，如经反向代理 · public origin, if it differs (behind a proxy): https://map.example.cn
    #[arg(long, env = "WANGGE_ORIGIN", value_name = "URL", value_parser = origin)]
    origin: Option<String>,
    /// 地图字体文件 · a font file for names that the built-in font cannot write
    #[arg(long, env = "WANGGE_FONT", value_name = "FILE")]
    font: Option<PathBuf>,
    /// 可修改边界的人员及其令牌（见 docs/FORMATS.md） · who may change boundaries, and their tokens
    #[arg(long, env = "WANGGE_ACTORS", value_name = "FILE")]
    actors: Option<PathBuf>,
    /// 瓦片缓存上限（兆字节） · bound of the tile cache, in megabytes
    #[arg(long, env = "WANGGE_CACHE_MB", value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(8..=65_536))]
    cache_mb: u64,
    /// 最多同时连接数 · connections at once, at most
    #[arg(long, env = "WANGGE_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096)]
    max_connections: usize,
    /// 每个客户端地址最多同时连接数（本机不限） · of these from one address, at most (this machine is exempt)
    #[arg(long, env = "WANGGE_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = 64)]
    max_connections_per_address: usize,
    #[command(flatten)]
    base_map: base_map::Args,
}

/// An origin is scheme, host and perhaps port: addresses are built by writing a path behind it.
fn origin(url: &str) -> Result<String, String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host.map(|host| host.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '"', '\\', ' ', '{']) => Ok(url.to_owned()),
        _ => Err("an origin looks like https://map.example.cn or http://10.0.0.5:8080".to_owned()),
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    log();
    args.wire.is_free()?;
    let begun = Instant::now();
    let contents = GeoPackage::at(&args.store).load()?;
    tracing::info!(took_ms = begun.elapsed().as_millis(), "the district is loaded");
    args.wire.serve(contents, &args.store, false)
}

/// Where the log goes: the terminal's error stream, what `WANGGE_LOG` asks for (`info` unless set).
pub(super) fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WANGGE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // Fails only when a log is set up already, which then stays.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(io::stderr().is_terminal());
    let _ = log.with_writer(io::stderr).try_init();
}

impl Wire {
    /// Whether the port can be had, asked before anything long begins.
    pub(super) fn is_free(&self) -> Result<(), Failure> {
        std::net::TcpListener::bind(self.listen).map(drop).map_err(|fault| cannot_listen(self.listen, &fault))
    }

    /// Indexes the district, opens the port, and answers until Ctrl-C or SIGTERM. A demonstration knows actors of its own, where the data is made up.
    pub(super) fn serve(&self, contents: Contents, store: &Path, demonstration: bool) -> Result<ExitCode, Failure> {
        let font = self.font.as_deref().map(read_font).transpose()?;
        let look = look(font).map_err(|fault| Failure::unusable(text::CANNOT_DRAW, fault))?;
        let base_map = self.base_map.open()?;
        let capacity = Capacity { tiles_bytes: self.cache_mb << 20, ..Capacity::default() };
        let begun = Instant::now();
        let store = Arc::new(GeoPackage::at(store));
        let serving = Serving::new(contents, look, capacity).with_store(store).with_base_map(base_map);
        tracing::info!(took_ms = begun.elapsed().as_millis(), "lookups are ready");
        let runtime = tokio::runtime::Runtime::new().map_err(|fault| Failure::unusable(text::NO_RUNTIME, fault))?;
        let drained = runtime.block_on(self.answer(Arc::new(serving), demonstration))?;
        // Whatever still runs on blocking threads works for nobody now.
        runtime.shutdown_background();
        match drained {
            Drained::Clean => say!("{}", text::STOPPED),
            Drained::Cut(connections) => say!("{}（{connections}）", text::STOPPED_SHORT),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Who may change boundaries: those of the file; those of the demonstration, where it is asked for and the data is made up.
    fn actors(&self, serving: &Serving, demonstration: bool) -> Result<Actors, Failure> {
        let state = serving.state();
        let Some(file) = &self.actors else {
            let part = state.snapshot.hierarchy.at_level(0).last().map(|(_, unit)| (&*unit.code, &*unit.name));
            let demonstration = demonstration && state.snapshot.district.synthetic;
            return Ok(if demonstration { Actors::of_a_demonstration(part) } else { Actors::default() });
        };
        let text = crate::exchange::text::read(file, &crate::exchange::Limits::default())?;
        let actors = Actors::new(crate::exchange::actors::read(&text)?);
        actors.map_err(|fault| Failure::unusable(text::NO_ACTORS, format_args!("{}: {fault}", file.display())))
    }

    async fn answer(&self, serving: Arc<Serving>, demonstration: bool) -> Result<Drained, Failure> {
        let listener = TcpListener::bind(self.listen).await.map_err(|fault| cannot_listen(self.listen, &fault))?;
        let address = listener.local_addr().unwrap_or(self.listen);
        let limits = Limits {
            connections: self.max_connections.min(descriptors().saturating_sub(DESCRIPTORS_KEPT).max(16)),
            connections_per_address: self.max_connections_per_address,
            ..Limits::default()
        };
        let app =
            App::new(Arc::clone(&serving), limits.clone(), self.origin.clone(), self.actors(&serving, demonstration)?);
        announce(&serving, address);
        if demonstration && self.actors.is_none() {
            say!("{} {}", text::DEMO_ACTORS, DEMO_TOKENS.join(" · "));
        }
        let going = Arc::new(AtomicBool::new(true));
        let ahead = tokio::task::spawn_blocking({
            let going = Arc::clone(&going);
            move || build_ahead(&serving, &going)
        });
        let stopping = {
            let app = Arc::clone(&app);
            async move {
                asked_to_stop().await;
                app.close();
            }
        };
        let drained = serve(listener, router(&app), limits, stopping).await;
        going.store(false, Ordering::Relaxed);
        let _ = ahead.await; // ends at the next tile
        Ok(drained)
    }
}

/// For the store, the log, and whatever else a process holds.
const DESCRIPTORS_KEPT: usize = 64;

/// How many files this process may have open, where the system says so: a connection beyond it could not even be refused.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(usize::MAX)
}

fn build_ahead(serving: &Serving, going: &AtomicBool) {
    let begun = Instant::now();
    let state = serving.state();
    // Some milliseconds: before the first caller says an address.
    state.snapshot.gazetteer();
    prebuild(serving, &state, &|| going.load(Ordering::Relaxed));
    let counts = state.tiles.counts();
    tracing::info!(
        tiles = counts.entries,
        megabytes = counts.weight_bytes / 1_000_000,
        took_ms = begun.elapsed().as_millis(),
        "tiles are built ahead"
    );
    if let Err(fault) = state.painter() {
        tracing::error!(%fault, "picture tiles cannot be drawn");
    }
}

fn announce(serving: &Serving, address: SocketAddr) {
    let state = serving.state();
    let district = &state.snapshot.district;
    let mark = if district.synthetic { format!("（{}）", district.mark) } else { String::new() };
    say!("{}{mark}", district.name);
    say!("{} http://{address}/", text::OPEN_THE_PAGE);
    say!("{}", text::HOW_TO_STOP);
}

pub(super) fn read_font(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|fault| Failure::unusable(text::CANNOT_DRAW, format_args!("{}: {fault}", path.display())))
}

fn cannot_listen(address: SocketAddr, fault: &io::Error) -> Failure {
    let (title, advice) = match fault.kind() {
        io::ErrorKind::AddrInUse => {
            (text::PORT_IN_USE, "another program listens there; stop it, or choose another port with --listen")
        }
        io::ErrorKind::PermissionDenied => (text::CANNOT_LISTEN, "ports below 1024 need rights; take 8080"),
        io::ErrorKind::AddrNotAvailable => {
            (text::CANNOT_LISTEN, "this machine does not have that address; 0.0.0.0 listens on all it has")
        }
        _ => (text::CANNOT_LISTEN, "choose another address with --listen"),
    };
    Failure::unusable(title, format_args!("{address}: {fault}; {advice}"))
}

/// Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
        let terminated = async {
            match &mut terminate {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { _ = interrupt => {}, _ = terminated => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    say!("{}", text::STOPPING);
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}
