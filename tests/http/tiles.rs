//! Tiles over the wire: they decode, are compressed once, revalidate cheaply, and a cold one is drawn once.

use std::io::Read;

use fast_mvt::MvtReaderRef;
use serde_json::json;

use crate::district::{ISSUES, Server};
use crate::wire::{Answer, ask, get};

/// The tile of the middle of the district at zoom 14 by the published formula: (116.706, 35.424) is at 13503.4, 6466.0.
const TILE: &str = "14/13503/6466";

fn layers(mvt: &[u8]) -> Vec<(String, usize)> {
    let reader = MvtReaderRef::new(mvt).unwrap();
    reader.layers().map(|layer| (layer.name().to_owned(), layer.feature_count())).collect()
}

async fn packed_as(server: &Server, accepted: &str, target: &str, known: &str) -> Answer {
    ask(server.at, "GET", target, &[("accept-encoding", accepted), ("if-none-match", known)]).await
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut body = Vec::new();
    match answer.header("content-encoding") {
        "br" => drop(brotli::Decompressor::new(&answer.body[..], 4096).read_to_end(&mut body).expect("brotli")),
        "zstd" => body = zstd::stream::decode_all(&answer.body[..]).expect("zstd"),
        _ => body = answer.unzipped(),
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_tile_decodes_and_its_tag_saves_the_second_transfer() {
    let server = Server::start().await;
    let target = format!("/tiles/units/{TILE}.mvt");
    let plain = get(server.at, &target).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, "application/vnd.mapbox-vector-tile"));
    assert_eq!((plain.header("vary"), plain.header("content-encoding")), ("accept-encoding", ""));
    assert_eq!(plain.header("content-length"), plain.body.len().to_string());
    let found = layers(&plain.body);
    for layer in ["cell", "boundaries"] {
        assert!(found.iter().any(|(name, features)| name == layer && *features > 0), "{layer} in {found:?}");
    }
    for (accepted, coding) in [("gzip", "gzip"), ("gzip, br", "br"), ("gzip, deflate, zstd", "zstd")] {
        let packed = packed_as(&server, accepted, &target, "\"other\"").await;
        // Of a tile as small as this one zstd may make no less than gzip, and is not sent then.
        assert!(
            [coding, "gzip"].contains(&packed.header("content-encoding"))
                && (coding != "br" || packed.header("content-encoding") == coding)
        );
        assert_eq!(unpacked(&packed), plain.body, "{coding}");
        assert!(packed.header("etag").starts_with('"') && packed.header("etag") != plain.header("etag"));
        assert_eq!(packed.header("cache-control"), "no-cache");
        for known in [packed.header("etag"), "*", &format!("\"a\", W/{}", packed.header("etag"))] {
            let again = packed_as(&server, accepted, &target, known).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
            assert_eq!(again.header("etag"), packed.header("etag"));
            assert_eq!(again.header("vary"), "accept-encoding");
            assert!(
                ["", &packed.body.len().to_string()].contains(&again.header("content-length")),
                "not a length of its own"
            );
        }
        let other = packed_as(&server, accepted, &target, plain.header("etag")).await;
        assert_eq!(other.status, 200, "the tag of the other encoding");
    }
    assert_eq!(get(server.at, &format!("/tiles/units/{TILE}.pbf")).await.body, plain.body);
    let refused = ask(server.at, "GET", &target, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.body, plain.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_the_stamp_may_be_kept_for_ever() {
    let server = Server::start().await;
    let stamp = server.serving.state().stamp.clone();
    let kept = get(server.at, &format!("/tiles/units/{TILE}.mvt?v={stamp}")).await;
    assert!(kept.header("cache-control").contains("immutable"));
    let old = get(server.at, &format!("/tiles/units/{TILE}.mvt?v=1-00000000")).await;
    assert_eq!((old.status, old.header("cache-control")), (200, "no-cache"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_with_nothing_in_it_is_an_empty_200() {
    let server = Server::start().await;
    for target in ["/tiles/units/14/0/0.mvt", "/tiles/issues/22/4194303/4194303.mvt", "/tiles/base/14/13520/6466.mvt"] {
        let answer = get(server.at, target).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{target}");
        assert_eq!(answer.header("content-type"), "application/vnd.mapbox-vector-tile");
    }
    assert_eq!(server.serving.state().tiles.counts().entries, 0, "squares of the wide world are not worth remembering");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_tile_is_a_404_before_any_work() {
    let server = Server::start().await;
    for path in [
        "/tiles/units/30/0/0.mvt",
        "/tiles/units/255/0/0.mvt",
        "/tiles/units/14/16384/0.mvt",
        "/tiles/units/14/-1/0.mvt",
        "/tiles/units/14/0/4294967296.mvt",
        "/tiles/units/14/0/NaN.mvt",
        "/tiles/units/1e1/0/0.mvt",
        "/tiles/units/14/0/0.png",
        "/tiles/units/14/0/0",
        "/tiles/units/14/0/0.mvt.gz",
        "/tiles/nothing/14/0/0.mvt",
        "/tiles/nothing/14/0/0.png",
        "/tiles/..%2f..%2fetc/14/0/0.png",
        "/tiles/%2e%2e/14/0/passwd.mvt",
        "/tiles/units%00/14/0/0.mvt",
        "/tiles/%ff%fe/14/0/0.mvt",
        "/tiles/con/14/0/0.png",
        "/tiles/nothing.json",
        "/tiles/units",
        "/tiles/..%5c..%5cwin.json",
        "/styles/..%2f..%2fCargo.toml",
        "/styles/nothing.json",
        "/../Cargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cCargo.toml",
        "/assets/nothing-00000000.js",
        "/index.html/..",
        "/%00",
        "//etc/passwd",
    ] {
        get(server.at, path).await.problem(404);
    }
    let long = format!("/tiles/{}/14/0/0.mvt", "a".repeat(7000));
    get(server.at, &long).await.problem(404);
    assert_eq!(server.serving.state().tiles.counts().misses, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_tiles_are_known_and_in_range() {
    let server = Server::start().await;
    for (target, pointer) in [
        (format!("/tiles/units/{TILE}.mvt?token=1"), "/query/token"),
        (format!("/tiles/units/{TILE}.mvt?from=2025-01-01"), "/query/from"),
        (format!("/tiles/issues/{TILE}.mvt?from=tomorrow"), "/query/from"),
        (format!("/tiles/heat/{TILE}.png?bandwidth_m=1"), "/query/bandwidth_m"),
        (format!("/tiles/heat/{TILE}.png?bandwidth_m=1e308"), "/query/bandwidth_m"),
        (format!("/tiles/heat/{TILE}.png?bandwidth_m=NaN"), "/query/bandwidth_m"),
        (format!("/tiles/heat/{TILE}.png?category=%E6%97%A0"), "/query/category"),
        (format!("/tiles/district/{TILE}.png?bandwidth_m=100"), "/query/bandwidth_m"),
    ] {
        assert_eq!(get(server.at, &target).await.problem(400), pointer, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tilejson_describes_tiles_that_exist() {
    let server = Server::start().await;
    for set in ["units", "issues", "places", "base"] {
        let body = get(server.at, &format!("/tiles/{set}.json")).await.json();
        assert_eq!(
            (&body["tilejson"], &body["version"], &body["scheme"]),
            (&json!("3.0.0"), &json!("3.0.0"), &json!("xyz"))
        );
        assert_eq!(body["attribution"], "示例数据");
        assert!(!body["vector_layers"].as_array().unwrap().is_empty());
        let template = body["tiles"][0].as_str().unwrap();
        let base = format!("http://{}", server.at);
        let path = template.strip_prefix(&base).unwrap_or_else(|| panic!("{template} is absolute"));
        let path = path.replace("{z}", "14").replace("{x}", "13503").replace("{y}", "6466");
        let tile = get(server.at, &path).await;
        assert_eq!(tile.status, 200, "{path}");
        let known: Vec<_> = body["vector_layers"].as_array().unwrap().iter().map(|l| l["id"].clone()).collect();
        for (layer, _) in layers(&tile.body) {
            assert!(known.contains(&json!(layer)), "{layer} is described in {known:?}");
        }
    }
    let filtered =
        get(server.at, "/tiles/issues.json?from=2025-03-01&category=%E5%99%AA%E5%A3%B0%E6%89%B0%E6%B0%91").await;
    let template = filtered.json()["tiles"][0].as_str().unwrap().to_owned();
    assert!(
        template.ends_with(".mvt?from=2025-03-01T00:00:00&category=%E5%99%AA%E5%A3%B0%E6%89%B0%E6%B0%91"),
        "{template}"
    );
    let path = template.split_once(&server.at.to_string()).unwrap().1;
    let path = path.replace("{z}", "14").replace("{x}", "13503").replace("{y}", "6466");
    assert_eq!(get(server.at, &path).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_origin_replaces_the_host_and_a_strange_host_is_not_repeated() {
    let server = Server::with(wangge::http::Limits::default(), Some("https://map.example.cn/")).await;
    let body = get(server.at, "/tiles/units.json").await.json();
    assert_eq!(body["tiles"][0], "https://map.example.cn/tiles/units/{z}/{x}/{y}.mvt");
    let plain = Server::start().await;
    let raw = b"GET /tiles/units.json HTTP/1.1\r\nhost: evil\"<script>\r\nconnection: close\r\n\r\n";
    let answer = String::from_utf8_lossy(&crate::wire::say(plain.at, raw).await).into_owned();
    assert!(!answer.contains("<script>"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_in_tiles_follow_the_filter_and_hold_nothing_personal() {
    let server = Server::start().await;
    let whole = get(server.at, "/tiles/issues/12/3375/1616.mvt").await;
    let half = get(server.at, "/tiles/issues/12/3375/1616.mvt?to=2025-07-01").await;
    assert_ne!(whole.body, half.body);
    for secret in ["李示例", "12612345678", "示例地址", "示例诉求", "JN00"] {
        let bytes = secret.as_bytes();
        assert!(!whole.body.windows(bytes.len()).any(|w| w == bytes), "{secret} is in the tile");
    }
    assert!(ISSUES > 100 && !whole.body.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_clients_of_one_cold_tile_cost_one_render() {
    let server = Server::start().await;
    let target = format!("/tiles/units/{TILE}.mvt");
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let (at, target) = (server.at, target.clone());
            tokio::spawn(async move { get(at, &target).await })
        })
        .collect();
    let mut bodies = Vec::new();
    for client in clients {
        let answer = client.await.unwrap();
        assert_eq!(answer.status, 200);
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let counts = server.serving.state().tiles.counts();
    assert_eq!((counts.made, counts.entries), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pyramid_built_ahead_is_the_one_that_is_served() {
    let server = Server::start().await;
    let state = server.serving.state();
    let serving = std::sync::Arc::clone(&server.serving);
    let of = std::sync::Arc::clone(&state);
    tokio::task::spawn_blocking(move || wangge::service::tiles::prebuild(&serving, &of, &|| true)).await.unwrap();
    let built = state.tiles.counts();
    assert!(built.made > 50 && built.made == built.entries, "{built:?}");
    for tile in ["10/843/404", TILE, "16/54013/25864"] {
        assert_eq!(get(server.at, &format!("/tiles/units/{tile}.mvt")).await.status, 200);
    }
    let served = state.tiles.counts();
    assert_eq!((served.made, served.misses), (built.made, 0), "nothing is left to draw");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_png_of_the_size_asked_for() {
    let server = Server::start().await;
    let state = server.serving.state();
    let styles = state.look.styles.iter().map(|(name, _)| name.clone());
    for name in styles.chain(["heat".to_owned()]) {
        let query = if name == "choropleth" { "?measure=issues" } else { "" };
        for (suffix, size) in [("", 256u32), ("@2x", 512)] {
            let target = format!("/tiles/{name}/{TILE}{suffix}.png{query}");
            let answer = get(server.at, &target).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"), "{name}");
            assert_eq!(&answer.body[..8], b"\x89PNG\r\n\x1a\n");
            assert_eq!(answer.body[16..24], [size.to_be_bytes(), size.to_be_bytes()].concat());
            assert_eq!(answer.header("content-encoding"), "");
            let again = ask(server.at, "GET", &target, &[("if-none-match", answer.header("etag"))]).await;
            assert_eq!(again.status, 304);
        }
    }
    let all = get(server.at, &format!("/tiles/heat/{TILE}.png")).await.body;
    let march =
        get(server.at, &format!("/tiles/heat/{TILE}.png?from=2025-03-01&to=2025-04-01&bandwidth_m=100")).await.body;
    assert_ne!(all, march, "the filter and the bandwidth show");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wide_world_is_one_blank_picture_a_zoom() {
    let server = Server::start().await;
    for (name, suffix) in [("district", ""), ("heat", ""), ("heat", "?bandwidth_m=20000")] {
        let before = server.serving.state().tiles.counts().entries;
        let mut bodies = Vec::new();
        for square in ["14/1/1", "14/77/9000", "14/16383/16383", "14/13503/1"] {
            let answer = get(server.at, &format!("/tiles/{name}/{square}.png{suffix}")).await;
            assert_eq!(answer.status, 200);
            bodies.push(answer.body);
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(server.serving.state().tiles.counts().entries, before + 1, "{name}{suffix}");
    }
    // A wide kernel reaches a tile some 11 km away from the district; a narrow one does not.
    let wide = get(server.at, "/tiles/heat/14/13510/6466.png?bandwidth_m=20000").await.body;
    let narrow = get(server.at, "/tiles/heat/14/13510/6466.png?bandwidth_m=20").await.body;
    assert_ne!(wide, narrow);
}

#[tokio::test(flavor = "multi_thread")]
async fn styles_name_this_servers_addresses() {
    let server = Server::start().await;
    let styles = server.serving.state().look.styles.clone();
    assert!(styles.iter().any(|(name, _)| name == "district"));
    for (name, _) in styles {
        let answer = get(server.at, &format!("/styles/{name}.json")).await;
        assert_eq!((answer.status, &answer.json()["version"]), (200, &json!(8)), "{name}");
        let text = String::from_utf8(answer.body).unwrap();
        for address in text.split('"').filter(|part| part.contains("://")) {
            assert!(address.starts_with(&format!("http://{}/", server.at)), "{address} is another server's");
        }
    }
}
