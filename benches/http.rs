//! What an answer costs beside a body that is only sent: `GET /api/v1/locate` on the sample, and a cached vector tile, against a route that answers
//! the same bytes under the same roof, over sockets, in turn, requests and p99 side by side: `cargo bench --bench http [seconds a turn] [a way of
//! asking | tile | martin]`. `martin` compares the two programs, ours and Martin from the path, serving the same vector tiles, Martin from our MBTiles.
//!
//! Both sides have the same server, headers, request targets and client: a few connections kept alive, each asking again as soon as it is
//! answered. The client is a thread of this process, so what is printed is the ratio of whole exchanges, not of the server's share.

#![allow(clippy::print_stdout, reason = "a bench speaks to the terminal")]

#[path = "../tests/partition/mod.rs"]
mod partition;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::response::Parts;
use axum::http::{HeaderValue, Request, Response, header};
use axum::routing::get;
use jiff::Timestamp;
use partition::Seeded;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use wangge::coverage::LatticePoint;
use wangge::crs::{Crs, PlaneCrs};
use wangge::exchange::Limits as FileLimits;
use wangge::http::{App, Guarded, Limits, look, router, router_with, serve};
use wangge::service::actors::Actors;
use wangge::service::import::{Sources, prepare};
use wangge::service::locate::owner_of;
use wangge::service::serving::{Capacity, Serving, State};
use wangge::service::tiles::covering;
use wangge::snapshot::{Contents, Snapshot};
use wangge::tile::TileSet;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 21;
const QUESTIONS: usize = 4096;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A way of asking.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    crs: Crs,
    /// What is added to the query.
    rest: &'static str,
    /// Positions that have an owner, or those in the box around the district that have none.
    owned: bool,
}

const WAYS: [Way; 4] = [
    Way { name: "degrees", crs: Crs::Cgcs2000, rest: "", owned: true },
    Way { name: "AMap, 30 m", crs: Crs::Gcj02, rest: "&crs=gcj02&accuracy_m=30", owned: true },
    Way { name: "metres", crs: Crs::Plane(PlaneCrs(4527)), rest: "&crs=epsg:4527", owned: true },
    Way { name: "outside", crs: Crs::Cgcs2000, rest: "", owned: false },
];

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let seconds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(0.5);
    let named: Vec<Way> = WAYS.into_iter().filter(|way| words.iter().any(|word| word == way.name)).collect();
    if words.iter().any(|word| word == "martin") {
        return tokio::runtime::Runtime::new()?.block_on(beside_martin(Duration::from_secs_f64(seconds)));
    }
    let tile = words.iter().any(|word| word == "tile");
    let ways = if named.is_empty() && !tile { WAYS.to_vec() } else { named };
    let asked = Asked { tile: tile || ways.len() == WAYS.len(), ways };
    tokio::runtime::Runtime::new()?.block_on(compare(&asked, Duration::from_secs_f64(seconds)))
}

/// What is compared.
struct Asked {
    ways: Vec<Way>,
    tile: bool,
}

async fn compare(Asked { ways, tile }: &Asked, turn: Duration) -> Result<(), Failure> {
    let contents = sample()?;
    let serving = Arc::new(Serving::new(contents, look(None)?, Capacity::default()));
    let state = serving.state();
    state.pyramid_made().await;
    let asked: Vec<_> = ways.iter().map(|way| questions(&state.snapshot, *way)).collect();
    let limits = Limits::default();
    let app = App::new(serving, limits.clone(), None, Actors::default());
    let mut more = Router::new();
    for (at, questions) in asked.iter().enumerate() {
        let body = typical(&router(&app), questions).await?;
        more = more.route(&format!("/api/v1/same{at}"), get(async move || unchanging(body.clone())));
    }
    let (path, head, body) = typical_tile(&router(&app), &state).await?;
    let bytes = body.len();
    let same = async move || again(&head, body.clone());
    more = more.route("/api/v1/sametile", get(same.clone()));
    // Nothing but axum, as its own examples serve.
    let bare = TcpListener::bind("127.0.0.1:0").await?;
    let bare_to = bare.local_addr()?;
    tokio::spawn(axum::serve(bare, Router::new().route("/sametile", get(same))).into_future());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let to = listener.local_addr()?;
    let router = router_with(&app, more);
    tokio::spawn(serve(listener, router.clone(), limits, std::future::pending()));
    for (at, (way, questions)) in ways.iter().zip(&asked).enumerate() {
        let paths = [format!("/api/v1/same{at}"), "/api/v1/locate".to_owned()];
        println!("locate, {}", way.name);
        without_sockets(&router, questions, &paths).await?;
        side_by_side(turn, "the same body", paths.map(|path| Side::new(to, None, questions, "", &path))).await?;
    }
    if *tile {
        println!("a cached vector tile, {path}, {bytes} bytes packed");
        let others =
            [("the same body", to, "/api/v1/sametile"), ("the same body from axum alone", bare_to, "/sametile")];
        for (name, other, same) in others {
            let sides =
                [(other, same), (to, &path)].map(|(at, path)| Side::new(at, None, &[String::new()], PACKED, path));
            side_by_side(turn, name, sides).await?;
        }
    }
    Ok(())
}

/// A header line of who takes packed answers.
const PACKED: &str = "accept-encoding: gzip\r\n";
/// The tile asked for is the one whose packed size is nearest to this.
const TILE_BYTES: usize = 10_000;

/// A tile of about [`TILE_BYTES`], cached from now on: its path, and head and body of its answer.
async fn typical_tile(router: &Guarded, state: &State) -> Result<(String, Parts, Bytes), Failure> {
    let mut found: Vec<(String, Parts, Bytes)> = Vec::new();
    for tile in covering(state.info(TileSet::Units).bounds, 13) {
        let path = format!("/tiles/units/{}/{}/{}.mvt", tile.z(), tile.x(), tile.y());
        let request = Request::get(&path).header(header::ACCEPT_ENCODING, "gzip").body(Body::empty())?;
        let (head, body) = router.clone().oneshot(request).await?.into_parts();
        found.push((path, head, to_bytes(body, 1 << 20).await?));
    }
    found.into_iter().min_by_key(|(_, _, body)| body.len().abs_diff(TILE_BYTES)).ok_or_else(|| "no tile".into())
}

/// The same answer, whoever asks.
fn again(head: &Parts, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().clone_from(&head.headers);
    response
}

fn sample() -> Result<Contents, Failure> {
    let sources = Sources { district: PathBuf::from("data/sample/district.toml"), ..Sources::default() };
    let recorded = Timestamp::UNIX_EPOCH;
    let prepared = prepare(&sources, &FileLimits::default(), recorded, &mut |_| ())?;
    Ok(prepared.accept(None, recorded)?.contents)
}

/// Random positions in the box around the district, as this way asks for them.
fn questions(snapshot: &Snapshot, Way { crs, rest, owned, .. }: Way) -> Vec<String> {
    let mut random = Seeded(11);
    let Some((low, high)) = snapshot.coverage.bounds() else { return Vec::new() };
    let lattice = snapshot.coverage.lattice();
    let points = std::iter::repeat_with(|| {
        lattice.position(LatticePoint::new(random.between(low.x, high.x), random.between(low.y, high.y)))
    });
    let wanted = points.filter(|point| owner_of(snapshot, *point).is_some() == owned).take(QUESTIONS);
    let numbers = wanted.filter_map(|point| crs.write(point).ok());
    numbers.map(|(x, y)| format!("?lon={x:.7}&lat={y:.7}{rest}")).collect()
}

/// The answer of the middle length.
async fn typical(router: &Guarded, questions: &[String]) -> Result<Bytes, Failure> {
    let mut answers = Vec::new();
    for question in questions.iter().take(501) {
        let request = Request::get(format!("/api/v1/locate{question}")).body(Body::empty())?;
        answers.push(to_bytes(router.clone().oneshot(request).await?.into_body(), 1 << 20).await?);
    }
    answers.sort_by_key(Bytes::len);
    let lengths = [0, answers.len() / 2, answers.len() - 1].map(|at| answers[at].len());
    println!("answers of {} … {} … {} bytes", lengths[0], lengths[1], lengths[2]);
    Ok(answers.swap_remove(answers.len() / 2))
}

fn unchanging(body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the two paths cost between the connection and the answer, in turn on this thread, and what is left in the best round of each.
async fn without_sockets(router: &Guarded, questions: &[String], paths: &[String; 2]) -> Result<(), Failure> {
    let mut best_us = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        for (path, best_us) in paths.iter().zip(&mut best_us) {
            let mut spent = Duration::ZERO;
            for question in questions {
                let request = Request::get(format!("{path}{question}")).body(Body::empty())?;
                let begun = Instant::now();
                let response = router.clone().oneshot(request).await?;
                spent += begun.elapsed();
                drop(response);
            }
            *best_us = best_us.min(spent.as_secs_f64() * 1e6 / questions.len() as f64);
        }
    }
    println!("  without sockets: {:.2} µs, the same body {:.2} µs", best_us[1], best_us[0]);
    Ok(())
}

/// A program that goes with this one.
struct Served(Child);

impl Served {
    /// Starts it, and waits until it answers at an address.
    async fn start(command: &mut Command, to: SocketAddr) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let served = Self(child.map_err(|error| format!("{program}: {error}"))?);
        for _ in 0..300 {
            if TcpStream::connect(to).await.is_ok() {
                return Ok(served);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("{program} does not listen at {to}").into())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Our program and Martin, each asked for every vector tile of two zooms in turn, cached by both.
async fn beside_martin(turn: Duration) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (store, tiles) = (at("sample.gpkg"), at("sample.mbtiles"));
    let ours = || Command::new(env!("CARGO_BIN_EXE_wangge"));
    finished(ours().args(["import", "--district", "data/sample/district.toml", "--store"]).arg(&store))?;
    finished(ours().args(["export", "--format", "mbtiles", "--store"]).arg(&store).arg("--out").arg(&tiles))?;
    let paths = paths_within(&tiles)?;
    let free = || async { TcpListener::bind("127.0.0.1:0").await?.local_addr() };
    let [our_door, their_door] = [free().await?, free().await?];
    let mut serve = ours();
    serve.args(["serve", "--listen", &our_door.to_string(), "--store"]).arg(&store);
    let us = Served::start(&mut serve, our_door).await?;
    let mut serve = Command::new("martin");
    serve.args(["--listen-addresses", &their_door.to_string()]).arg(&tiles);
    let martin = Served::start(&mut serve, their_door).await?;
    println!("{} vector tiles of our program, beside Martin with our MBTiles", paths.len());
    let our_paths: Vec<String> = paths.iter().map(|path| format!("{path}.mvt")).collect();
    let sides = [
        Side::new(their_door, Some(martin.0.id()), &paths, PACKED, "/sample/"),
        Side::new(our_door, Some(us.0.id()), &our_paths, PACKED, "/tiles/units/"),
    ];
    side_by_side(turn, "Martin", sides).await
}

fn finished(command: &mut Command) -> Result<(), Failure> {
    let done = command.stdout(Stdio::null()).output()?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned().into()) }
}

/// `z/x/y` of the tiles of zooms 13 and 14 in an MBTiles file, whose rows count from the south.
fn paths_within(tiles: &Path) -> Result<Vec<String>, Failure> {
    let opened = rusqlite::Connection::open(tiles)?;
    let mut asked =
        opened.prepare("SELECT zoom_level, tile_column, tile_row FROM tiles WHERE zoom_level IN (13, 14)")?;
    let path = |row: &rusqlite::Row<'_>| {
        let (z, x, row): (u32, u32, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{z}/{x}/{}", (1 << z) - 1 - row))
    };
    let paths = asked.query_map([], path)?.collect::<Result<_, _>>()?;
    Ok(paths)
}

/// One of the two that are compared.
struct Side {
    to: SocketAddr,
    /// The program that answers, if it is not this one.
    process: Option<u32>,
    requests: Arc<Vec<Vec<u8>>>,
}

impl Side {
    /// With questions behind a path, and a header line of one's own.
    fn new(to: SocketAddr, process: Option<u32>, questions: &[String], line: &str, path: &str) -> Self {
        let request =
            |question| format!("GET {path}{question} HTTP/1.1\r\nhost: {to}\r\naccept: */*\r\n{line}\r\n").into_bytes();
        Self { to, process, requests: Arc::new(questions.iter().map(request).collect()) }
    }
}

/// Runs the two in turn, ours last, and prints their medians and the median of the rounds' ratios.
async fn side_by_side(turn: Duration, other: &str, sides: [Side; 2]) -> Result<(), Failure> {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let same = loaded(&sides[0], turn).await?;
        let ours = loaded(&sides[1], turn).await?;
        if round > 0 {
            rounds.push((same, ours));
        }
    }
    let middle = |value: &dyn Fn(&(Load, Load)) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        (values[0], values[values.len() / 2], values[values.len() - 1])
    };
    let print = |what: &str, value: fn(&Load) -> f64, ratio: fn(&Load, &Load) -> f64| {
        let (low, usual, high) = middle(&|(same, ours)| ratio(same, ours));
        let (_, ours, _) = middle(&|(_, ours)| value(ours));
        let (_, same, _) = middle(&|(same, _)| value(same));
        println!("  {what}: {ours:.1}, {other} {same:.1} – {usual:.2} of it ({low:.2} … {high:.2} in {ROUNDS} rounds)");
    };
    print("answers a second", |l| l.rate, |same, ours| ours.rate / same.rate);
    print("the same from processor time", |l| 1e6 / l.cpu_us, |same, ours| same.cpu_us / ours.cpu_us);
    print("p99 in µs", |l| l.p99_us, |same, ours| ours.p99_us / same.p99_us);
    Ok(())
}

/// What came of one turn.
struct Load {
    /// Answers a second.
    rate: f64,
    p99_us: f64,
    /// Processor time for each answer, server and client; NaN where the system does not tell.
    cpu_us: f64,
}

/// The processor time of the living threads of this process, and of the one that answers if that is another, in microseconds, as Linux counts it.
fn cpu_us(other: Option<u32>) -> f64 {
    let mut folders = vec!["/proc/self/task".to_owned()];
    folders.extend(other.map(|process| format!("/proc/{process}/task")));
    let tasks = folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let spent = tasks.filter_map(|task| {
        let line = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<f64>().ok()
    });
    let spent: Vec<f64> = spent.collect();
    if spent.is_empty() { f64::NAN } else { spent.iter().sum::<f64>() / 1e3 }
}

/// Asks for a while on a thread of its own.
async fn loaded(Side { to, process, requests }: &Side, turn: Duration) -> Result<Load, Failure> {
    let (to, process, requests) = (*to, *process, Arc::clone(requests));
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let _ = tell.send(runtime.map_err(Failure::from).and_then(|runtime| {
            runtime.block_on(async {
                let (begun, cpu_before) = (Instant::now(), cpu_us(process));
                let asking: Vec<_> = (0..CONNECTIONS)
                    .map(|first| tokio::spawn(ask(to, begun + turn, Arc::clone(&requests), first * 251)))
                    .collect();
                let mut spent_us = Vec::new();
                for connection in asking {
                    spent_us.extend(connection.await??);
                }
                let rate = spent_us.len() as f64 / begun.elapsed().as_secs_f64();
                let cpu_us = (cpu_us(process) - cpu_before) / spent_us.len() as f64;
                spent_us.sort_by(f64::total_cmp);
                Ok(Load { rate, p99_us: spent_us[spent_us.len() * 99 / 100], cpu_us })
            })
        }));
    });
    told.await?
}

/// One connection: asks until the end, and how long each answer took.
async fn ask(to: SocketAddr, end: Instant, requests: Arc<Vec<Vec<u8>>>, first: usize) -> Result<Vec<f64>, Failure> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let mut spent_us = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    for request in requests.iter().cycle().skip(first) {
        let begun = Instant::now();
        if begun >= end {
            break;
        }
        stream.write_all(request).await?;
        let (mut read, mut length) = (0, usize::MAX);
        while read < length {
            read += match stream.read(&mut buffer[read..]).await? {
                0 => return Err("the server hung up".into()),
                more => more,
            };
            if length == usize::MAX {
                length = whole(&buffer[..read])?.unwrap_or(usize::MAX);
            }
        }
        spent_us.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(spent_us)
}

/// The length of the answer, head and body, once the head is there.
fn whole(seen: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&seen[..end])?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(head.into());
    }
    let named = |line: &&str| line.get(..16).is_some_and(|name| name.eq_ignore_ascii_case("content-length: "));
    let length = head.split("\r\n").find(named).map(|line| &line[16..]);
    Ok(Some(end + 4 + length.ok_or("an answer without a length")?.parse::<usize>()?))
}
