//! One connection, many questions: kept alive in HTTP/1.1, side by side in HTTP/2, let go in silence.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wangge::http::Limits;

use crate::district::{COLUMNS, ROWS, Server, middle};
use crate::wire::{Answer, get};

const PATIENCE: Duration = Duration::from_secs(20);

/// Good questions, one for each cell, with some that are none in between.
fn targets() -> Vec<String> {
    let mut targets = Vec::new();
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            let (lon, lat) = middle(column, row);
            targets.push(format!("/api/v1/locate?lon={lon}&lat={lat}&accuracy_m=120"));
        }
        targets.push(format!("/api/v1/locate?lon=116.7&lat={}", 90 + column));
        targets.push("/api/v1/nothing".to_owned());
    }
    targets
}

/// The next answer on a connection that stays open.
async fn next(stream: &mut TcpStream) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    let mut answer = Answer::parse(&head);
    let mut body = vec![0; answer.header("content-length").parse().unwrap()];
    timeout(PATIENCE, stream.read_exact(&mut body)).await.unwrap().unwrap();
    answer.body = body;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_on_one_connection_get_the_answers_they_get_on_their_own() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    for target in targets() {
        stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: {}\r\n\r\n", server.at).as_bytes()).await.unwrap();
        let (kept, alone) = (next(&mut stream).await, get(server.at, &target).await);
        assert_eq!((kept.status, kept.header("connection")), (alone.status, ""), "{target}");
        assert_eq!(kept.json(), alone.json(), "{target}");
        assert_eq!(kept.body, alone.body, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_kept_in_silence_is_let_go() {
    let server = Server::with(Limits { header: Duration::from_millis(400), ..Limits::default() }, None).await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(next(&mut stream).await.status, 200);
    let (begun, mut rest) = (Instant::now(), Vec::new());
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed in time").unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "open for {:?}", begun.elapsed());
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "nobody asked");
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

/// A frame of HTTP/2: length, type, flags, stream, payload (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The streams of one connection, opened together: `GET` of each target. By stream, whether the status was 200, and the body.
async fn side_by_side(server: &Server, targets: &[String]) -> BTreeMap<u32, (bool, Vec<u8>)> {
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    said.extend(frame(SETTINGS, 0, 0, &[]));
    for (target, number) in targets.iter().zip((1..).step_by(2)) {
        // GET, http, a literal path, :authority a (RFC 7541 §6); lengths under 127 are one byte.
        assert!(target.len() < 127);
        let mut fields = vec![0x82, 0x86, 0x04, target.len() as u8];
        fields.extend(target.as_bytes());
        fields.extend([0x01, 1, b'a']);
        said.extend(frame(HEADERS, 5, number, &fields)); // the end of the headers and of the stream
    }
    stream.write_all(&said).await.unwrap();
    let (mut answers, mut open) = (BTreeMap::new(), targets.len());
    while open > 0 {
        let mut head = [0; 9];
        timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        timeout(PATIENCE, stream.read_exact(&mut payload)).await.unwrap().unwrap();
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let answer: &mut (bool, Vec<u8>) = answers.entry(number).or_default();
        match head[3] {
            HEADERS => answer.0 = payload[0] == 0x88, // the indexed field `:status 200`
            DATA => answer.1.extend(payload),
            SETTINGS if head[4] == 0 => stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.unwrap(),
            _ => {}
        }
        open -= usize::from(number != 0 && head[4] & 1 == 1);
    }
    answers.remove(&0);
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_side_by_side_in_http_2_get_the_answers_of_http_1() {
    let server = Server::start().await;
    let targets: Vec<String> = targets().into_iter().take(20).collect();
    let answers = side_by_side(&server, &targets).await;
    assert_eq!(answers.len(), targets.len());
    for (target, (ok, body)) in targets.iter().zip(answers.into_values()) {
        let alone = get(server.at, target).await;
        assert_eq!((ok, body), (alone.status == 200, alone.body), "{target}");
    }
}
