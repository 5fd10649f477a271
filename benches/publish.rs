//! From the wish to publish to the news of it: drafts of one moved vertex, handed in, agreed to and published over HTTP on the sample, until the event has
//! come to who listens: `cargo bench --bench publish [how many]`. Run from the project's folder.

#![allow(clippy::print_stdout, reason = "a bench speaks to the terminal")]

#[path = "../tests/partition/mod.rs"]
mod partition;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use partition::Seeded;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wangge::http::{App, Limits, look, router, serve};
use wangge::service::actors::{Actors, DEMO_TOKENS};
use wangge::service::import::{Sources, import};
use wangge::service::serving::{Capacity, Serving};
use wangge::service::tiles::prebuild;
use wangge::store::{GeoPackage, Store};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PUBLICATIONS: usize = 100;
/// From the agreement to the wish to publish.
const READ: Duration = Duration::from_millis(250);
/// How far a vertex moves, in degrees: about a metre.
const STEP: f64 = 0.000_01;

fn main() -> Result<(), Failure> {
    let wanted = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(PUBLICATIONS);
    let folder = tempfile::tempdir()?;
    let store = GeoPackage::at(&folder.path().join("publish.gpkg"));
    let sources = Sources { district: PathBuf::from("data/sample/district.toml"), ..Sources::default() };
    import(&sources, &mut store.clone(), Timestamp::UNIX_EPOCH, &mut |_| ())?;
    let serving = Arc::new(Serving::new(store.load()?, look(None)?, Capacity::default()).with_store(Arc::new(store)));
    prebuild(&serving, &serving.state(), &|| true);
    let runtime = tokio::runtime::Runtime::new()?;
    let app = App::new(Arc::clone(&serving), Limits::default(), None, Actors::of_a_demonstration(None));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let to = listener.local_addr()?;
    runtime.spawn(serve(listener, router(&app), Limits::default(), std::future::pending()));
    let mut wall = listen(to)?;
    let mut random = Seeded(5);
    let mut millis: Vec<f64> = Vec::with_capacity(wanted);
    let mut tiles = 0;
    while millis.len() < wanted {
        let Some(draft) = drafted(&serving, to, &mut random)? else { continue };
        // Who publishes what he has just read takes longer than the service needs to make it ready.
        std::thread::sleep(READ);
        let begun = Instant::now();
        let published = ask(to, 0, "POST", &format!("/api/v1/drafts/{draft}/publish"), None)?;
        let (kind, told) = next_event(&mut wall)?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        if published["state"] != "published" || kind != "published" {
            return Err(format!("not published: {published}").into());
        }
        tiles += told["tiles"]["units"].as_array().map_or(0, Vec::len);
    }
    millis.sort_by(f64::total_cmp);
    let at = |share: usize| millis[(millis.len() - 1) * share / 100];
    println!(
        "{wanted} publications: asked to told in {:.1} ms (p50), {:.1} (p95), {:.1} (p99), {:.1} (most); {:.1} tiles each",
        at(50),
        at(95),
        at(99),
        at(100),
        tiles as f64 / wanted as f64
    );
    Ok(())
}

/// An approved draft that moves one vertex; `None` when the vertex may not move so.
fn drafted(serving: &Serving, to: SocketAddr, random: &mut Seeded) -> Result<Option<u64>, Failure> {
    let state = serving.state();
    let coverage = &state.snapshot.coverage;
    let arc = &coverage.arcs()[random.between(0, coverage.arcs().len() as i32 - 1) as usize];
    let Some(inner) = arc.points.len().checked_sub(2).filter(|inner| *inner > 0) else { return Ok(None) };
    let at = 1 + random.between(0, inner as i32 - 1) as usize;
    let degrees = |i: usize| coverage.lattice().degrees(arc.points[i]);
    let (old, (lon, lat)) = ([degrees(at - 1), degrees(at), degrees(at + 1)], degrees(at));
    let step = |random: &mut Seeded| STEP * f64::from(random.between(-100, 100)) / 100.0;
    let new = [old[0], (lon + step(random), lat + step(random)), old[2]];
    let opened = ask(to, 0, "POST", "/api/v1/drafts", Some(json!({"title": "bench"})))?;
    let id = opened["id"].as_u64().ok_or("no draft was opened")?;
    let path = |verb: &str| format!("/api/v1/drafts/{id}{verb}");
    let ops = json!({"ops": [{"op": "reshape", "old": old, "new": new}]});
    if ask(to, 0, "POST", &path("/ops"), Some(ops))?["seq"].is_null() {
        ask(to, 0, "DELETE", &path(""), None)?;
        return Ok(None);
    }
    ask(to, 0, "POST", &path("/submit"), Some(json!({"reason": "bench"})))?;
    ask(to, 1, "POST", &path("/approve"), None)?;
    Ok(Some(id))
}

/// A request of one of the demonstration's actors on a connection of its own.
fn ask(to: SocketAddr, actor: usize, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
    let (token, body) = (DEMO_TOKENS[actor], body.map_or_else(String::new, |body| body.to_string()));
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").ok_or("no answer")?.1;
    Ok(serde_json::from_str(body)?)
}

fn listen(to: SocketAddr) -> Result<BufReader<TcpStream>, Failure> {
    let mut stream = TcpStream::connect(to)?;
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nhost: {to}\r\n\r\n")?;
    let mut wall = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("retry:") {
        line.clear();
        wall.read_line(&mut line)?;
    }
    Ok(wall)
}

fn next_event(wall: &mut BufReader<TcpStream>) -> Result<(String, Value), Failure> {
    let mut kind = String::new();
    loop {
        let mut line = String::new();
        if wall.read_line(&mut line)? == 0 {
            return Err("the stream ended".into());
        }
        if let Some(named) = line.strip_prefix("event: ") {
            named.trim().clone_into(&mut kind);
        } else if let Some(data) = line.strip_prefix("data: ") {
            return Ok((kind, serde_json::from_str(data.trim())?));
        }
    }
}
