//! A client that says exactly the bytes it is told to, because that is what the server must bear.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Everything up to the end of the stream, as one HTTP/1.1 answer.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no header in {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
        });
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn unzipped(&self) -> Vec<u8> {
        assert_eq!(self.header("content-encoding"), "gzip");
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut out).unwrap();
        out
    }

    /// The pointer of a problem, and that it is one: status, media type, a title in Chinese, a detail in English.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], status);
        assert!(body["title"].as_str().unwrap().chars().any(|c| c > '\u{4e00}'), "{body}");
        assert!(body["detail"].as_str().unwrap().chars().any(|c| c.is_ascii_lowercase()), "{body}");
        body["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned()
    }
}

/// Says `raw` and reads to the end of the stream.
pub async fn say(to: SocketAddr, raw: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let _ = stream.write_all(raw).await; // the server may have answered and closed already
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an end in time");
    bytes
}

/// One request on its own connection.
pub async fn ask(to: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut raw = format!("{method} {target} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    for (name, value) in headers {
        raw.extend([name, ": ", value, "\r\n"]);
    }
    raw.push_str("\r\n");
    Answer::parse(&say(to, raw.as_bytes()).await)
}

pub async fn get(to: SocketAddr, target: &str) -> Answer {
    ask(to, "GET", target, &[]).await
}

/// A request of an actor with a body of JSON, or none.
pub async fn act(to: SocketAddr, token: &str, method: &str, target: &str, body: Option<serde_json::Value>) -> Answer {
    let body = body.map_or_else(String::new, |body| body.to_string());
    let length = body.len();
    let raw = format!(
        "{method} {target} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    Answer::parse(&say(to, raw.as_bytes()).await)
}

/// A stream of events that stays open.
pub struct Listener {
    stream: TcpStream,
    read: String,
}

impl Listener {
    pub async fn start(to: SocketAddr, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let last = last.map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        let raw = format!("GET /api/v1/events HTTP/1.1\r\nhost: {to}\r\n{last}\r\n");
        stream.write_all(raw.as_bytes()).await.unwrap();
        let mut listener = Self { stream, read: String::new() };
        listener.until("retry: 1000\n\n").await;
        listener
    }

    /// Reads on until a text has come; what came up to its end.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.read.find(text) {
                let rest = self.read.split_off(at + text.len());
                return std::mem::replace(&mut self.read, rest);
            }
            let mut bytes = [0; 4096];
            let n = timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("an event in time").unwrap();
            assert!(n > 0, "the stream ended after {}", self.read);
            self.read.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
        }
    }

    /// The next event: its id, kind and data.
    pub async fn next(&mut self) -> (String, String, serde_json::Value) {
        let mut before = self.until("data: ").await;
        let data = self.until("\n\n").await;
        let kind = before.split_off(before.find("event: ").unwrap() + 7);
        let id = before.find("id: ").map_or("", |at| before[at + 4..].lines().next().unwrap());
        (id.to_owned(), kind.lines().next().unwrap().to_owned(), serde_json::from_str(data.trim()).unwrap())
    }
}
