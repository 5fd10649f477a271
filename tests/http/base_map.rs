//! The map under the grids, fetched from another's host: nothing but three numbers goes out, nothing but small pictures comes in, and the token stays here.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use wangge::http::{Limits, look};
use wangge::service::base_map::{Allowed, BaseMap, HostLimits, Template, Token, Wanted};
use wangge::service::serving::{Capacity, Serving};
use wangge::store::{GeoPackage, Store};

use crate::district::{Server, contents};
use crate::upstream::{Reply, Upstream, png};
use crate::wire::{Answer, ask, get};

/// The middle of the district.
const TILE: &str = "/tiles/basemap/14/13503/6466.png";
/// Hard to mistake for anything else, and changed on its way into a URL.
const TOKEN: &str = "s3cret/t0ken+";
const ESCAPED: &str = "s3cret%2Ft0ken%2B";

const INTRANET: Allowed = Allowed { private: true, plain: true };

fn wanted(url: &str, allowed: Allowed, limits: HostLimits) -> Wanted {
    let token = url.contains("{token}").then(|| Token::new(TOKEN).unwrap());
    Wanted {
        template: Template::new(url, token, allowed).unwrap(),
        allowed,
        roots: None,
        attribution: "示例底图 <b>审图号</b>".to_owned(),
        zooms: (8, 17),
        limits,
    }
}

async fn server(wanted: Wanted) -> Server {
    let serving = Serving::new(contents(), look(None).unwrap(), Capacity::default());
    Server::of(serving.with_base_map(Some(BaseMap::of_host(wanted).unwrap())), Limits::default(), None).await
}

fn url(at: SocketAddr) -> String {
    format!("http://{at}/k-v-p?tm={{z}}&row={{y}}&col={{x}}&tk={{token}}")
}

async fn before(upstream: &Upstream, limits: HostLimits) -> Server {
    server(wanted(&url(upstream.at), INTRANET, limits)).await
}

fn holds_no_token(answer: &Answer) {
    let text = format!("{answer:?} {}", String::from_utf8_lossy(&answer.body));
    assert!(!text.contains("s3cret") && !text.contains("k-v-p"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_for_there_is_none() {
    let server = Server::start().await;
    for path in [TILE, "/tiles/basemap.json", "/tiles/basemap/14/13503/6466.mvt"] {
        get(server.at, path).await.problem(404);
    }
    assert!(get(server.at, "/api/v1/district").await.json()["base_map"].is_null());
    let style = get(server.at, "/styles/district.json").await.json();
    assert!(style["sources"]["basemap"].is_null() && !style.to_string().contains("basemap"), "{style}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_who_look_at_one_place_are_one_request_with_nothing_of_theirs_in_it() {
    let upstream = Upstream::start(|_| Reply::picture(&png(7)).late(Duration::from_millis(150))).await;
    let server = before(&upstream, HostLimits::default()).await;
    let theirs = [
        ("cookie", "a=1"),
        ("authorization", "Bearer x"),
        ("referer", "http://a/b"),
        ("x-forwarded-for", "1.2.3.4"),
        ("accept-language", "zh"),
    ];
    let callers: Vec<_> =
        (0..20).map(|_| tokio::spawn(async move { ask(server.at, "GET", TILE, &theirs).await })).collect();
    let mut tag = String::new();
    for caller in callers {
        let answer = caller.await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
        assert_eq!((answer.header("cache-control"), &answer.body), ("public, max-age=3600", &png(7)));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        holds_no_token(&answer);
        tag = answer.header("etag").to_owned();
    }
    let again = ask(server.at, "GET", &TILE.replace("png", "jpg"), &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let heads = upstream.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    let (line, fields) = heads[0].split_once("\r\n").unwrap();
    assert_eq!(line, format!("GET /k-v-p?tm=14&row=6466&col=13503&tk={ESCAPED} HTTP/1.1"));
    let mut names: Vec<_> = fields.lines().filter_map(|field| Some(field.split_once(": ")?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    // The next tile goes over the same connection or another, and is asked for as well.
    assert_eq!(get(server.at, "/tiles/basemap/14/13504/6466.png").await.status, 200);
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_describes_it_says_where_it_is_and_nothing_of_the_host() {
    let upstream = Upstream::start(|_| Reply::picture(&png(1))).await;
    let server = before(&upstream, HostLimits::default()).await;
    let answer = get(server.at, "/tiles/basemap.json").await;
    holds_no_token(&answer);
    let described = answer.json();
    assert_eq!(described["tiles"][0], format!("http://{}/tiles/basemap/{{z}}/{{x}}/{{y}}.png", server.at));
    assert_eq!((&described["minzoom"], &described["maxzoom"]), (&8.into(), &17.into()));
    assert_eq!(described["attribution"], "示例底图 审图号");
    let [west, south, east, north] = serde_json::from_value(described["bounds"].clone()).unwrap();
    assert!(116.6f64 < west && west < 116.7 && 35.3f64 < south && south < 35.42, "{described}");
    assert!(116.712f64 < east && east < 116.8 && 35.428f64 < north && north < 35.5, "{described}");
    let district = get(server.at, "/api/v1/district").await;
    holds_no_token(&district);
    assert_eq!(
        (&district.json()["base_map"]["kind"], &district.json()["base_map"]["attribution"]),
        (&"raster".into(), &"示例底图 审图号".into())
    );
    let style = get(server.at, "/styles/dark.json").await;
    holds_no_token(&style);
    let style = style.json();
    assert_eq!(
        (&style["layers"][2]["id"], &style["layers"][2]["layout"]["visibility"]),
        (&"basemap".into(), &"none".into())
    );
    // Beyond zooms and bounds nobody is asked.
    for path in [
        "/tiles/basemap/7/105/50.png",
        "/tiles/basemap/18/216053/103457.png",
        "/tiles/basemap/14/0/0.png",
        "/tiles/basemap/14/13560/6466.png",
        "/tiles/basemap/23/0/0.png",
        "/tiles/basemap/14/13503/6466.mvt",
        "/tiles/basemap/14/13503/6466",
        "/tiles/basemap/14/13503/6466.svg",
        "/tiles/basemap/14/13503/..%2f6466.png",
        "/tiles/basemap/14/13503/6466%3fa=b.png",
        "/tiles/basemap/14/1e4/6466.png",
    ] {
        let answer = get(server.at, path).await;
        answer.problem(404);
        holds_no_token(&answer);
    }
    get(server.at, &format!("{TILE}?url=http://a")).await.problem(400);
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_host_says_but_a_small_picture_is_a_502() {
    let elsewhere = Upstream::start(|_| Reply::picture(&png(9))).await;
    let to = elsewhere.at;
    let html = b"<html>".as_slice();
    let picture = "content-type: image/png\r\n";
    let endless = format!("HTTP/1.1 200 OK\r\n{picture}transfer-encoding: chunked\r\n\r\n");
    let chunk = [b"1000\r\n".as_slice(), &png(0), &[0; 4096 - 48], b"\r\n"].concat();
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::of("302 Found", &format!("location: http://{to}/a.png\r\n"), b""), "elsewhere"),
        (Reply::of("301 Moved", &format!("location: http://{to}/a.png\r\n"), &png(0)), "elsewhere"),
        (Reply::of("307 Temporary", &format!("location: //{to}/a.png\r\n"), b""), "elsewhere"),
        (Reply::of("200 OK", picture, &[png(0), vec![0; 64 << 10]].concat()), "more bytes"),
        (Reply { bytes: [endless.as_bytes(), &chunk.repeat(40)].concat(), after: Duration::ZERO }, "more bytes"),
        (Reply::picture(&png(0)).late(Duration::from_secs(3)), "too long"),
        (Reply::of("200 OK", "content-type: text/html\r\n", html), "no PNG"),
        (Reply::of("200 OK", "content-type: text/html\r\n", &png(0)), "no PNG"),
        (
            Reply::of("200 OK", "content-type: image/svg+xml\r\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "no PNG",
        ),
        (Reply::of("200 OK", picture, b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "no PNG"),
        (Reply::of("200 OK", picture, b""), "no PNG"),
        (Reply::of("200 OK", "", &png(0)), "no PNG"),
        (Reply::of("200 OK", "content-type: image/png\r\ncontent-encoding: gzip\r\n", &png(0)), "no PNG"),
        (
            Reply::of("403 Forbidden", "content-type: application/json\r\n", b"{\"tk\": \"s3cret/t0ken+\"}"),
            "status 403",
        ),
        (Reply::of("500 Broken", "", &png(0)), "status 500"),
        (Reply { bytes: b"HELO\r\n\r\n".to_vec(), after: Duration::ZERO }, "no way that HTTP knows"),
        (
            Reply { bytes: [b"HTTP/1.1 200 OK\r\na: ".as_slice(), &[b'a'; 70_000]].concat(), after: Duration::ZERO },
            "no way that HTTP knows",
        ),
        (Reply { bytes: Vec::new(), after: Duration::ZERO }, "no way that HTTP knows"),
    ];
    for (reply, says) in cases {
        let what = String::from_utf8_lossy(&reply.bytes[..reply.bytes.len().min(80)]).into_owned();
        // Only who is late on purpose is hurried: this machine may have other work.
        let total = if reply.after.is_zero() { Duration::from_secs(15) } else { Duration::from_millis(600) };
        let upstream = Upstream::start(move |_| reply.clone()).await;
        let server = before(&upstream, HostLimits { total, bytes: 64 << 10, ..HostLimits::default() }).await;
        let answer = get(server.at, TILE).await;
        assert_eq!(answer.problem(502), "", "{what}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(says), "{what}: {}", answer.json());
        assert_eq!(answer.header("cache-control"), "no-store");
        holds_no_token(&answer);
        assert_eq!(get(server.at, "/healthz").await.status, 200);
        assert!(upstream.asked() >= 1, "{what}");
    }
    assert_eq!(elsewhere.asked(), 0, "nobody is followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_and_an_empty_place_are_remembered_for_a_while() {
    let upstream = Upstream::start(|target| {
        if target.contains("col=13503") { Reply::of("404 None", "", b"") } else { Reply::of("503 Busy", "", b"") }
    })
    .await;
    let short = Duration::from_millis(300);
    let server = before(&upstream, HostLimits { failure: short, ..HostLimits::default() }).await;
    for _ in 0..5 {
        let empty = get(server.at, TILE).await;
        assert_eq!((empty.status, empty.body.len(), empty.header("content-type")), (204, 0, ""));
    }
    assert_eq!(upstream.asked(), 1);
    let begun = Instant::now();
    for _ in 0..5 {
        get(server.at, "/tiles/basemap/14/13504/6466.png").await.problem(502);
    }
    let asked = upstream.asked();
    assert!(asked == 2 || begun.elapsed() >= short, "asked {asked} times within {:?}", begun.elapsed());
    tokio::time::sleep(short).await;
    get(server.at, "/tiles/basemap/14/13504/6466.png").await.problem(502);
    assert_eq!(upstream.asked(), asked + 1, "it is tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_into_this_machine_is_refused_after_it_is_resolved() {
    let upstream = Upstream::start(|_| Reply::picture(&png(1))).await;
    let url = format!("http://localhost:{}/{{z}}/{{x}}/{{y}}.png", upstream.at.port());
    let public = Allowed { private: false, plain: true };
    let refused = server(wanted(&url, public, HostLimits::default())).await;
    let answer = get(refused.at, TILE).await;
    answer.problem(502);
    assert!(answer.json()["detail"].as_str().unwrap().contains("of its own"), "{}", answer.json());
    assert_eq!(upstream.asked(), 0);
    let allowed = server(wanted(&url, INTRANET, HostLimits::default())).await;
    assert_eq!(get(allowed.at, TILE).await.status, 200);
    assert!(upstream.heads()[0].contains(&format!("host: localhost:{}", upstream.at.port())));
    let nowhere = server(wanted("http://nowhere.invalid/{z}/{x}/{y}", INTRANET, HostLimits::default())).await;
    get(nowhere.at, TILE).await.problem(502);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = server(wanted(&format!("http://{closed}/{{z}}/{{x}}/{{y}}"), INTRANET, HostLimits::default())).await;
    assert!(get(silent.at, TILE).await.json()["detail"].as_str().unwrap().contains("cannot be connected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_are_asked_for_at_once_and_so_many_may_wait() {
    let upstream = Upstream::start(|_| Reply::picture(&png(1)).late(Duration::from_secs(2))).await;
    let limits = HostLimits { at_once: 2, waiting: 2, ..HostLimits::default() };
    let server = before(&upstream, limits).await;
    let callers: Vec<_> = (0..12)
        .map(|i| {
            tokio::spawn(async move { get(server.at, &format!("/tiles/basemap/17/{}/51730.png", 108_022 + i)).await })
        })
        .collect();
    let mut found = Vec::new();
    for caller in callers {
        let answer = caller.await.unwrap();
        if answer.status != 200 {
            answer.problem(503);
            assert_eq!(answer.header("retry-after"), "1");
        }
        found.push(answer.status);
    }
    assert_eq!(found.iter().filter(|status| **status == 200).count(), 4, "{found:?}");
    assert_eq!(upstream.asked(), 4);
    assert_eq!(get(server.at, "/tiles/basemap/17/108033/51730.png").await.status, 200, "being busy is not remembered");
}

/// A certificate for this machine by itself, and its key, as PEM.
fn certificate(folder: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=map",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_host_shows_a_certificate_that_is_trusted_and_in_its_name() {
    let (ours, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (pem, key) = certificate(ours.path());
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificates = CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(&key).unwrap();
    let config = config.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let upstream = Upstream::with(Some(acceptor), |_| Reply::picture(&png(3))).await;
    let (stranger, _) = certificate(others.path());
    let port = upstream.at.port();
    let allowed = Allowed { private: true, plain: false };
    for (host, roots, status) in
        [("localhost", Some(pem.clone()), 200), ("localhost", Some(stranger), 502), ("127.0.0.1", Some(pem), 502)]
    {
        let url = format!("https://{host}:{port}/{{z}}/{{x}}/{{y}}.png?tk={{token}}");
        let server = server(Wanted { roots, ..wanted(&url, allowed, HostLimits::default()) }).await;
        let answer = get(server.at, TILE).await;
        assert_eq!(answer.status, status, "{host}: {}", String::from_utf8_lossy(&answer.body));
        holds_no_token(&answer);
        if status == 502 {
            assert!(answer.json()["detail"].as_str().unwrap().contains("certificate"), "{}", answer.json());
        }
    }
    assert_eq!(upstream.asked(), 1, "before the certificate is seen, nothing is said");
}

/// What the binary says when it is started so; it must end by itself.
fn refused(arguments: &[&str], token: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wangge"));
    command.arg("serve").args(arguments).env_remove("WANGGE_BASE_MAP_TOKEN");
    if let Some(token) = token {
        command.env("WANGGE_BASE_MAP_TOKEN", token);
    }
    let ended = command.output().expect("the binary runs");
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_keeps_the_token_out_of_its_log_and_the_list_of_processes() {
    let upstream = Upstream::start(|_| Reply::of("403 Forbidden", "", b"")).await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("a.gpkg");
    GeoPackage::at(&store).replace(&contents(), &[]).unwrap();
    let store = store.to_str().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = free.to_string();
    let common = ["--store", store, "--listen", &listen];
    for (more, token, says) in [
        (vec!["--base-map-url", "http://h.cn/{z}/{x}/{y}"], None, "--base-map-allow-http"),
        (vec!["--base-map-url", "https://127.0.0.1/{z}/{x}/{y}"], None, "--base-map-allow-private"),
        (vec!["--base-map-url", "https://h.cn/{z}/{x}/{y}?tk=s3cret"], None, "{token}"),
        (vec!["--base-map-url", "https://h.cn/{z}/{x}/{y}?tk={token}"], None, "WANGGE_BASE_MAP_TOKEN"),
        (vec!["--base-map-url", "https://h.cn/{z}/{x}/{y}"], Some("s3cret"), "{token}"),
        (vec!["--base-map-url", "https://h.cn/{z}/{x}/{y}?tk={token}"], Some("s3 cret"), "word"),
        (vec!["--base-map-url", "https://webrd01.is.autonavi.com/{z}/{x}/{y}"], None, "GCJ-02"),
        (vec!["--base-map", "nowhere.pmtiles"], None, "nowhere.pmtiles"),
    ] {
        let said = refused(&[&common[..], &more].concat(), token);
        assert!(said.contains(says) && said.contains("底图") && !said.contains("s3cret"), "{more:?}: {said}");
    }
    let url = url(upstream.at);
    let mut child = Command::new(env!("CARGO_BIN_EXE_wangge"))
        .arg("serve")
        .args(common)
        .args(["--base-map-url", &url, "--base-map-allow-private", "--base-map-allow-http"])
        .env("WANGGE_BASE_MAP_TOKEN", TOKEN)
        .env("WANGGE_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(free).await.is_err() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = get(free, TILE).await;
    answer.problem(502);
    holds_no_token(&answer);
    for path in ["/tiles/basemap.json", "/api/v1/district", "/styles/district.json", "/metrics"] {
        holds_no_token(&get(free, path).await);
    }
    let line = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&line).contains("s3cret"));
    child.kill().unwrap();
    let said = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.contains("status 403") && said.contains(&upstream.at.to_string()), "{said}");
    assert!(!said.contains("s3cret") && !said.contains("k-v-p"), "{said}");
    assert!(upstream.heads()[0].contains(ESCAPED), "and the host was told");
}
