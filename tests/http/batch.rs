//! `POST /api/v1/locate/batch`: rows in, rows out, both ways at once; and what becomes of clients who are slow, silent or gone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use wangge::http::Limits;

use crate::district::{COLUMNS, ROWS, Server, micro_code, middle};
use crate::wire::{Answer, ask, get, say};

const PATH: &str = "/api/v1/locate/batch";
const CSV: &str = "text/csv; charset=utf-8";
const NDJSON: &str = "application/x-ndjson";

fn head(target: &str, media: &str, more: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: {media}\r\n{more}\r\n")
}

/// One request with its body whole; the answer's chunks joined.
async fn post(server: &Server, target: &str, media: &str, body: &[u8]) -> Answer {
    post_with(server, target, media, "", body).await
}

async fn post_with(server: &Server, target: &str, media: &str, more: &str, body: &[u8]) -> Answer {
    let mut raw = head(target, media, &format!("content-length: {}\r\n{more}", body.len())).into_bytes();
    raw.extend_from_slice(body);
    let answer = say(server.at, &raw).await;
    let (answer, ended) = joined(&answer);
    assert!(ended, "the body was cut: {}", String::from_utf8_lossy(&answer.body));
    answer
}

/// An answer with its chunks joined, and whether its last chunk came.
fn joined(bytes: &[u8]) -> (Answer, bool) {
    let mut answer = Answer::parse(bytes);
    if answer.header("transfer-encoding") != "chunked" {
        return (answer, true);
    }
    let (mut rest, mut body) = (answer.body.as_slice(), Vec::new());
    let ended = loop {
        let Some(line) = rest.windows(2).position(|w| w == b"\r\n") else { break false };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            break true;
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        rest = rest.get(size + 2..).unwrap_or_default();
    };
    answer.body = body;
    (answer, ended)
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn cell(i: usize) -> (usize, usize) {
    (i % COLUMNS, i / COLUMNS % ROWS)
}

fn row(out: &mut String, i: usize) {
    let (column, row) = cell(i);
    let (lon, lat) = middle(column, row);
    writeln!(out, "{i},{lon:.6},{lat:.6}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_comes_back_with_the_owners_that_single_questions_have() {
    let server = Server::start().await;
    let mut table = "编号,lon,lat\n".to_owned();
    (0..24).for_each(|i| row(&mut table, i));
    table.push_str("x,116.70,95\n\"y\n\",,35.4\nz,116.1,35.1\n");
    let answer = post(&server, PATH, "text/csv", table.as_bytes()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=UTF-8; header=present"));
    assert_eq!((answer.header("cache-control"), answer.header("access-control-allow-origin")), ("no-store", "*"));
    let mut reader = csv::Reader::from_reader(answer.body.as_slice());
    assert_eq!(
        reader.headers().unwrap().iter().skip(3).collect::<Vec<_>>().join(","),
        "code,name,chain,distance_m,outcome,error"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 27);
    for (i, row) in rows[..24].iter().enumerate() {
        let alone = get(server.at, &format!("/api/v1/locate?lon={}&lat={}", &row[1], &row[2])).await.json();
        let (column, line) = cell(i);
        assert_eq!((&row[3], alone["owner"]["code"].as_str()), (micro_code(column, line).as_str(), Some(&row[3])));
        assert_eq!(row[6].parse::<f64>().ok(), alone["boundary"]["distance_m"].as_f64());
        assert_eq!(Some(&row[7]), alone["outcome"].as_str());
        let chain: Vec<&str> = alone["chain"].as_array().unwrap().iter().map(|u| u["name"].as_str().unwrap()).collect();
        assert_eq!(row[5], *chain.join(" > "));
    }
    assert_eq!((&rows[24][7], rows[24][8].contains("latitude is 95")), ("error", true));
    assert_eq!((&rows[25][0], &rows[25][8]), ("y\n", "lon is empty"));
    assert_eq!((&rows[26][3], &rows[26][7]), ("", "outside"));
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_say_how_to_read() {
    let server = Server::start().await;
    let (lon, lat) = middle(1, 2);
    let body = format!("{lat}|{lon}\n");
    let target = format!("{PATH}?header=absent&lon_column=2&lat_column=1&delimiter=%7C&accuracy_m=500&prefix=g_");
    let answer = post(&server, &target, CSV, body.as_bytes()).await;
    assert!(text(&answer).starts_with(&format!("{lat}|{lon}|{}|", micro_code(1, 2))), "{}", text(&answer));
    assert!(text(&answer).trim_end().rsplit('|').next().unwrap().split(' ').count() >= 4, "{}", text(&answer));
    let gcj = post(&server, &format!("{PATH}?crs=gcj02"), CSV, b"lon,lat\n116.711,35.4235\n").await;
    let alone = get(server.at, "/api/v1/locate?crs=gcj02&lon=116.711&lat=35.4235").await.json();
    let code = alone["owner"]["code"].as_str().unwrap();
    assert!(text(&gcj).contains(&format!(",{code},")), "{}", text(&gcj));
    let gbk = encoding_rs::GB18030.encode("名称,经度,纬度\n甲,116.70,1\n").0.into_owned();
    let answer = post(&server, PATH, "text/csv", &gbk).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=gb18030; header=present");
    assert!(answer.body.starts_with(&gbk[..12]));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_keep_their_members() {
    let server = Server::start().await;
    let (lon, lat) = middle(3, 1);
    let body = format!(
        "{{\"id\":1,\"lon\":{lon},\"lat\":{lat},\"more\":{{\"a\":[1.0,1e2]}}}}\n\n{{\"x\":\"{lon}\",\"y\":\"{lat}\",\"name\":\"old\",\"k\":2}}\r\n[1,2]\n{{\"lon\":1}}\n{{\"lon\":true,\"lat\":3}}\n{{\"lon\":116,\"lat\":91}}\n{{\"lon\":116.1,\"lat\":35.1}}\n{{\"lon"
    );
    let answer = post(&server, PATH, NDJSON, body.as_bytes()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, NDJSON));
    let lines: Vec<&str> = text(&answer).lines().collect();
    assert!(
        lines[0].starts_with(&format!("{{\"id\":1,\"lon\":{lon},\"lat\":{lat},\"more\":{{\"a\":[1.0,1e2]}},\"code\":"))
    );
    let rows: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 8);
    for row in &rows[..2] {
        assert_eq!(
            (&row["code"], &row["outcome"], &row["error"]),
            (&micro_code(3, 1).into(), &"inside".into(), &Value::Null)
        );
        assert!(
            row["distance_m"].as_f64().unwrap() > 10.0 && row["chain"].as_str().unwrap().matches(" > ").count() == 2
        );
    }
    assert_eq!(
        (&rows[1]["name"], &rows[1]["k"], lines[1].matches("\"name\"").count()),
        (&"4-2微网格".into(), &2.into(), 1)
    );
    let error = |i: usize| rows[i]["error"].as_str().unwrap_or_default();
    assert!(error(2).contains("line 4") && error(2).contains("not a JSON object"), "{}", error(2));
    assert_eq!((error(3), error(4)), ("lat is missing", "lon is not a number"));
    assert!(error(5).contains("latitude is 91") && error(7).contains("line 9"), "{} {}", error(5), error(7));
    assert_eq!((&rows[3]["lon"], &rows[3]["code"], &rows[3]["outcome"]), (&1.into(), &Value::Null, &"error".into()));
    assert_eq!(
        (&rows[6]["outcome"], &rows[6]["code"], &rows[6]["error"]),
        (&"outside".into(), &Value::Null, &Value::Null)
    );
    assert!(rows[6]["distance_m"].is_f64());
    let named = post(
        &server,
        &format!("{PATH}?prefix=g_&lon_column=a&lat_column=b"),
        NDJSON,
        format!("{{\"a\":{lon},\"b\":{lat},\"code\":7}}").as_bytes(),
    )
    .await;
    let row: Value = serde_json::from_str(text(&named)).unwrap();
    assert_eq!((&row["g_code"], &row["code"]), (&micro_code(3, 1).into(), &7.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_begun_is_a_problem() {
    let server = Server::start().await;
    let table = b"lon,lat\n1,2\n";
    for (target, media, body, status, pointer) in [
        ("", "application/json", &b"{}"[..], 415, ""),
        ("", "", table, 415, ""),
        ("", "text/csv; charset=klingon", table, 415, ""),
        ("", "application/x-ndjson; charset=gbk", table, 415, ""),
        ("?crs=mars", CSV, table, 400, "/query/crs"),
        ("?crs=epsg:9999", CSV, table, 400, "/query/crs"),
        ("?accuracy_m=-1", CSV, table, 400, "/query/accuracy_m"),
        ("?accuracy_m=1e9", CSV, table, 400, "/query/accuracy_m"),
        ("?header=maybe", CSV, table, 400, "/query/header"),
        ("?delimiter=ab", CSV, table, 400, "/query/delimiter"),
        ("?colour=1", CSV, table, 400, "/query/colour"),
        ("?lon_column=z", CSV, table, 400, "/body"),
        ("", CSV, b"a,b\n1,2\n", 400, "/body"),
        ("", CSV, b"", 400, "/body"),
        ("", "text/csv", b"lon,lat,\xff\xff\n", 400, "/body"),
        ("", CSV, b"lon,lat,\"never closed\n1,2,3\n", 400, "/body"),
    ] {
        let answer = post(&server, &format!("{PATH}{target}"), media, body).await;
        assert_eq!(answer.problem(status), pointer, "{target} {media}: {}", text(&answer));
    }
    let commas = ",".repeat(50_000);
    assert_eq!(post(&server, PATH, CSV, commas.as_bytes()).await.problem(400), "/body");
    let answer = post_with(&server, PATH, CSV, "content-encoding: br\r\n", table).await;
    answer.problem(415);
    let asked =
        ask(server.at, "OPTIONS", PATH, &[("origin", "http://x"), ("access-control-request-method", "POST")]).await;
    assert_eq!((asked.status, asked.header("access-control-allow-methods")), (204, "POST, OPTIONS"));
    assert!(asked.header("access-control-allow-headers").contains("content-type"));
    get(server.at, PATH).await.problem(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_body_is_unpacked_and_a_damaged_one_cut() {
    let server = Server::start().await;
    let mut table = "编号,lon,lat\n".to_owned();
    (0..50_000).for_each(|i| row(&mut table, i));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(table.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let answer = post_with(&server, PATH, "text/csv", "content-encoding: gzip\r\n", &packed).await;
    assert_eq!(text(&answer).lines().count(), 50_001);
    let mut cut =
        head(PATH, "text/csv", &format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len() - 9))
            .into_bytes();
    cut.extend(&packed[..packed.len() - 9]);
    assert!(!joined(&say(server.at, &cut).await).1, "half a stream was taken for a whole one");
    // A thousandfold bomb: one row that never ends is cut at its limit, and costs no more.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(b"lon,lat\n1,2\n").unwrap();
    for _ in 0..64 {
        bomb.write_all(&vec![b'1'; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let mut raw =
        head(PATH, "text/csv", &format!("content-encoding: gzip\r\ncontent-length: {}\r\n", bomb.len())).into_bytes();
    raw.extend(bomb);
    let (answer, ended) = joined(&say(server.at, &raw).await);
    assert!(answer.status == 400 || !ended, "{}", answer.status);
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

/// Says a body in chunks of `rows` rows until all are said or nobody takes them; counts the bytes taken.
async fn chatter(mut half: tokio::net::tcp::OwnedWriteHalf, count: usize, said: Arc<AtomicU64>) {
    let mut at = 0;
    while at < count {
        let mut rows = String::new();
        for i in at..(at + 1000).min(count) {
            row(&mut rows, i);
        }
        at += 1000;
        let chunk = format!("{:x}\r\n{rows}\r\n", rows.len());
        if half.write_all(chunk.as_bytes()).await.is_err() {
            return;
        }
        said.fetch_add(rows.len() as u64, Ordering::Relaxed);
    }
    let _ = half.write_all(b"0\r\n\r\n").await;
    // The half stays open until the answer is read.
    sleep(Duration::from_mins(1)).await;
}

/// Begins a chunked batch with its header row.
async fn begin(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let begun = head(PATH, CSV, "transfer-encoding: chunked\r\n") + "b\r\nid,lon,lat\n\r\n";
    stream.write_all(begun.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_thousand_rows_keep_their_order_for_a_slow_reader() {
    let server = Server::start().await;
    let (mut reading, writing) = begin(&server).await.into_split();
    let said = Arc::new(AtomicU64::new(0));
    let sender = tokio::spawn(chatter(writing, 300_000, Arc::clone(&said)));
    let (mut bytes, mut piece, mut reads) = (Vec::new(), vec![0; 256 << 10], 0);
    loop {
        let read = timeout(Duration::from_secs(20), reading.read(&mut piece)).await.unwrap().unwrap();
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..read]);
        reads += 1;
        if reads % 8 == 0 {
            sleep(Duration::from_millis(3)).await;
        }
    }
    sender.abort();
    let (answer, ended) = joined(&bytes);
    assert!(ended && answer.status == 200);
    let mut lines = text(&answer).lines();
    assert_eq!(lines.next(), Some("id,lon,lat,code,name,chain,distance_m,outcome,error"));
    let mut count = 0;
    for (i, line) in lines.enumerate() {
        let (column, row) = cell(i);
        let mut cells = line.split(',');
        assert_eq!(cells.next().and_then(|n| n.parse().ok()), Some(i));
        assert_eq!(cells.nth(2), Some(micro_code(column, row).as_str()), "{line}");
        count += 1;
    }
    assert_eq!(count, 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_not_read_from() {
    let server = Server::start().await;
    let (_reading, writing) = begin(&server).await.into_split();
    let said = Arc::new(AtomicU64::new(0));
    let sender = tokio::spawn(chatter(writing, 8_000_000, Arc::clone(&said))); // some 200 MB, were they taken
    let mut before = u64::MAX;
    while before != said.load(Ordering::Relaxed) {
        before = said.load(Ordering::Relaxed);
        sleep(Duration::from_millis(700)).await;
    }
    sender.abort();
    assert!(before < 48 << 20, "{before} bytes were taken from a client who reads nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_counted_and_one_that_hangs_up_makes_room() {
    let server = Server::with(Limits { batches: 1, ..Limits::default() }, None).await;
    let mut held = begin(&server).await;
    let mut first = [0; 12];
    held.read_exact(&mut first).await.unwrap();
    let table = b"lon,lat\n116.7,35.42\n";
    let refused = post(&server, PATH, CSV, table).await;
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "1");
    // Others than batches are not in their way.
    assert_eq!(get(server.at, "/api/v1/locate?lon=116.7&lat=35.42").await.status, 200);
    drop(held);
    let begun = Instant::now();
    while post(&server, PATH, CSV, table).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the place is not given back");
        sleep(Duration::from_millis(20)).await;
    }
    // In the middle of rows that nobody reads.
    let (reading, writing) = begin(&server).await.into_split();
    let said = Arc::new(AtomicU64::new(0));
    let sender = tokio::spawn(chatter(writing, 1_000_000, Arc::clone(&said)));
    while said.load(Ordering::Relaxed) < 1 << 20 {
        sleep(Duration::from_millis(5)).await;
    }
    sender.abort();
    drop(reading);
    let begun = Instant::now();
    while post(&server, PATH, CSV, table).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the place is not given back");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.serving.slots.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_go_on_is_cut_and_never_ended() {
    let server =
        Server::with(Limits { body_idle: Duration::from_millis(300), row_bytes: 4096, ..Limits::default() }, None)
            .await;
    // Silence before the form is known is a problem …
    let silent = head(PATH, "text/csv", "content-length: 100\r\n") + "lon,lat\n";
    let (answer, _) = joined(&say(server.at, silent.as_bytes()).await);
    answer.problem(408);
    // … and after that the rows that came are answered, and the stream breaks.
    let rows = "lon,lat\n116.701,35.421\n116.7";
    let (answer, ended) = joined(&say(server.at, (head(PATH, CSV, "content-length: 100\r\n") + rows).as_bytes()).await);
    assert_eq!((answer.status, ended), (200, false));
    assert_eq!(text(&answer).lines().count(), 2, "{}", text(&answer));
    // So it does for a row that is too long, and for what is no chunk.
    let long = format!("lon,lat\n116.701,35.421\n{}", "1".repeat(10_000));
    let raw = head(PATH, CSV, &format!("content-length: {}\r\n", long.len())) + &long;
    let (answer, ended) = joined(&say(server.at, raw.as_bytes()).await);
    assert!(answer.status == 400 || !ended, "a problem where it came with the header row, a cut behind it");
    let raw = head(PATH, CSV, "transfer-encoding: chunked\r\n") + "8\r\nlon,lat\n\r\n3\r\n1,2,zz\r\n";
    let answer = say(server.at, raw.as_bytes()).await;
    assert!(answer.is_empty() || !joined(&answer).1 || joined(&answer).0.status == 400);
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_has_each_row_answered_before_the_next() {
    let server = Server::start().await;
    let mut stream = begin(&server).await;
    let mut seen = String::new();
    for i in 0..5 {
        let mut line = String::new();
        row(&mut line, i);
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
        let (column, line) = cell(i);
        let code = format!(",{},", micro_code(column, line));
        while !seen.contains(&code) {
            let mut piece = [0; 4096];
            let read = timeout(Duration::from_secs(20), stream.read(&mut piece)).await.expect("an answer").unwrap();
            assert!(read > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
    }
}

/// The methods that the document describes are those that the router has, path by path.
#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_names_exactly_the_methods_that_are_served() {
    let server = Server::start().await;
    let document = get(server.at, "/api/openapi.json").await.json();
    for (path, described) in document["paths"].as_object().unwrap() {
        let target: String =
            path.split('/').map(|part| if part.contains('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let endless = &described[method.to_ascii_lowercase()]["responses"]["200"]["content"]["text/event-stream"];
            if endless.is_object() {
                continue; // `drafts.rs` listens to it
            }
            let status = ask(server.at, method, &target, &[("content-length", "0")]).await.status;
            let is_described = described.get(method.to_ascii_lowercase()).is_some();
            assert_eq!(status != 405, is_described, "{method} {path} ({target}): {status}");
        }
    }
}
