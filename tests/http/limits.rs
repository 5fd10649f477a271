//! What strangers try: slowness, size, floods, broken bytes; and a stop that loses nobody's answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use wangge::http::{Drained, Limits};

use crate::district::{COLUMNS, Server, micro_code};
use crate::wire::{Answer, ask, get, say};

const SHORT: Duration = Duration::from_millis(400);

/// Reads until the other side closes; how long that took.
async fn closed(mut stream: TcpStream) -> Duration {
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("closed in time");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_does_not_come_closes_the_connection() {
    let server = Server::with(Limits { header: SHORT, ..Limits::default() }, None).await;
    for beginning in ["", "G", "PRI * HT", "GET /healthz HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let took = closed(stream).await;
        assert!(took < Duration::from_secs(5), "{beginning:?} was open for {took:?}");
    }
    // A byte now and then does not help: the time runs from the beginning.
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) && stream.write_all(b"x").await.is_ok() {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "one byte at a time held it open");
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_takes_nothing_is_let_go() {
    let server = Server::with(Limits { write_idle: SHORT, ..Limits::default() }, None).await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let request = b"GET /api/openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    // Far more answers than the socket buffers hold; none is read, so that sooner or later writing fails.
    let flood = async {
        while stream.write_all(request).await.is_ok() {
            sleep(Duration::from_micros(200)).await;
        }
    };
    timeout(Duration::from_secs(15), flood).await.expect("the server hangs up");
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_have_bounds_with_names() {
    let server = Server::start().await;
    get(server.at, &format!("/{}", "a".repeat(9_000))).await.problem(414);
    get(server.at, &format!("/api/v1/units?level={}", "a".repeat(5_000))).await.problem(400);
    get(server.at, &format!("/api/v1/units?{}", "a=1&".repeat(50))).await.problem(400);
    let wide = "x".repeat(40_000);
    let headers = ask(server.at, "GET", "/healthz", &[("x-wide", &wide)]).await;
    assert!([400, 431].contains(&headers.status), "{}", headers.status);
    let many: Vec<(String, String)> = (0..200).map(|i| (format!("x-{i}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(ask(server.at, "GET", "/healthz", &many).await.status, 431);
    let body = ask(server.at, "POST", "/api/v1/locate", &[("content-length", "1048577")]).await;
    body.problem(413);
    let raw =
        b"POST /api/v1/locate HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc";
    assert_eq!(Answer::parse(&say(server.at, raw).await).status, 405, "a body nobody wants is not waited for");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_bytes_are_answered_or_hung_up_on() {
    let server = Server::start().await;
    for junk in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET /%zz%1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET /tiles/units/%/0/0.mvt HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET http://other/api/v1/%E0%A4%A HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"CONNECT other:443 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost\x00: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        let _ = stream.write_all(junk).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(12), stream.read_to_end(&mut answer)).await.expect("an end");
        let status = (!answer.is_empty()).then(|| Answer::parse(&answer).status);
        assert!(status.is_none_or(|s| (200..500).contains(&s)), "{:?}: {status:?}", String::from_utf8_lossy(junk));
    }
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

/// What targets are put together from, separated by spaces.
const PIECES: &str = "/ api v1 locate readings units tiles styles stats issues timeline heat district geometry people checks ? & = \
    lon lat text crs level parent from to category limit offset bandwidth_m 116.705 35.424 -1 1e308 NaN epsg:4527 39468205 \
    14 13503 6466.mvt 6466@2x.png .json %2e%2e %00 %ff %E6%B4%B8 2025-03-01T00:00:00%2B08:00";

/// Targets put together from pieces that parsers stumble over: whatever comes, an answer below 500, and the service lives.
#[tokio::test(flavor = "multi_thread")]
async fn no_target_breaks_the_service() {
    let server = Server::start().await;
    let pieces: Vec<&str> = PIECES.split_whitespace().collect();
    let mut random = crate::partition::Seeded(20_260_101);
    let mut stream = None;
    for round in 0..3_000 {
        let mut target =
            String::from(["/", "/api/v1/", "/tiles/", "/api/v1/locate?lon="][random.between(0, 3) as usize]);
        for _ in 0..random.between(0, 9) {
            target.push_str(pieces[random.between(0, pieces.len() as i32 - 1) as usize]);
            if random.between(0, 2) == 0 {
                target.push(['/', '?', '&', '='][random.between(0, 3) as usize]);
            }
        }
        let mut open = match stream.take() {
            Some(open) => open,
            None => TcpStream::connect(server.at).await.unwrap(),
        };
        open.write_all(format!("HEAD {target} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(open.read_u8().await.unwrap_or_else(|fault| panic!("round {round}, {target}: {fault}")));
        }
        let answer = Answer::parse(&head);
        assert!((200..500).contains(&answer.status), "round {round}, {target}: {}", answer.status);
        stream = (answer.header("connection") != "close").then_some(open);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_its_share_and_the_rest_hear_why() {
    let header = Duration::from_secs(2);
    let limits = Limits { connections_per_address: 3, loopback_counts: true, header, ..Limits::default() };
    let server = Server::with(limits, None).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(server.at).await.unwrap());
    }
    sleep(Duration::from_millis(100)).await;
    let refused = Answer::parse(&say(server.at, b"").await);
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    // The held ones say nothing, are closed, and make room.
    for stream in held {
        closed(stream).await;
    }
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_recovers_from_a_flood() {
    let limits = Limits { connections: 50, header: SHORT, ..Limits::default() };
    let server = Server::with(limits, None).await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        if let Ok(stream) = TcpStream::connect(server.at).await {
            flood.push(stream);
        }
    }
    drop(flood);
    sleep(SHORT * 2).await;
    assert_eq!(get(server.at, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_follow_each_other_on_one_connection() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let one = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(format!("{}{last}", one.repeat(15)).as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 16);
}

/// Twenty requests that wait for a slot, because every slot is taken until the sender is dropped.
async fn requests_in_line(server: &Server) -> (Vec<mpsc::Sender<()>>, Vec<JoinHandle<u16>>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let slots = std::thread::available_parallelism().unwrap().get();
    let mut release = Vec::new();
    for _ in 0..slots {
        let (hold, held) = mpsc::channel::<()>();
        let (serving, taken) = (Arc::clone(&server.serving), Arc::clone(&taken));
        release.push(hold);
        let take = move || {
            taken.fetch_add(1, Ordering::SeqCst);
            held.recv().is_ok()
        };
        tokio::spawn(async move { serving.slots.run(take).await });
    }
    while taken.load(Ordering::SeqCst) < slots {
        sleep(Duration::from_millis(1)).await;
    }
    let ask = |i: usize| {
        let (at, code) = (server.at, micro_code(i % COLUMNS, i / COLUMNS));
        tokio::spawn(async move { get(at, &format!("/api/v1/units/{code}")).await.status })
    };
    let busy = (0..20).map(ask).collect();
    while server.serving.slots.waiting() < 20 {
        sleep(Duration::from_millis(1)).await;
    }
    (release, busy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_is_under_way_and_closes_the_rest() {
    let server = Server::start().await;
    let at = server.at;
    let idle = TcpStream::connect(at).await.unwrap();
    let mut kept = TcpStream::connect(at).await.unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    kept.read_exact(&mut first).await.unwrap();
    let (release, busy) = requests_in_line(&server).await;
    let begun = Instant::now();
    let idle = tokio::spawn(closed(idle));
    let stopping = tokio::spawn(server.stop());
    sleep(Duration::from_millis(50)).await;
    drop(release);
    let ended = stopping.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
    for request in busy {
        assert_eq!(request.await.unwrap(), 200, "a request under way at the stop");
    }
    idle.await.unwrap();
    assert_eq!(ended, Drained::Clean);
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
}

/// HTTP/2 by hand: preface, empty SETTINGS, one GET; the answer's HEADERS frame begins with the indexed field `:status 200`.
#[tokio::test(flavor = "multi_thread")]
async fn the_port_speaks_http_2_to_whoever_begins_with_it() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let mut fields = vec![0x82, 0x86, 0x04, 8]; // GET, http, a literal path of 8 bytes
    fields.extend(b"/healthz");
    fields.extend([0x01, 1, b'a']); // :authority a
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    said.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]); // SETTINGS
    said.extend([0, 0, fields.len() as u8, 1, 5, 0, 0, 0, 1]); // HEADERS, end of stream and of headers, stream 1
    said.extend(fields);
    stream.write_all(&said).await.unwrap();
    let answered = async {
        loop {
            let mut frame = [0; 9];
            stream.read_exact(&mut frame).await.unwrap();
            let mut payload = vec![0; u32::from_be_bytes([0, frame[0], frame[1], frame[2]]) as usize];
            stream.read_exact(&mut payload).await.unwrap();
            if frame[3] == 1 {
                return payload[0];
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(10), answered).await.unwrap(), 0x88);
}
