//! The map under the grids, from an archive: its bytes go out as they are kept; what is broken or malicious is told when it is opened, or stays a 500.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use wangge::exchange::archive::{About, ArchiveWriter, Kind, Layer, pack};
use wangge::exchange::pmtiles;
use wangge::http::{Limits, look};
use wangge::service::base_map::BaseMap;
use wangge::service::serving::{Capacity, Serving};
use wangge::store::mbtiles;
use wangge::tile::TileCoord;

use crate::district::{Server, contents};
use crate::upstream::png;
use crate::wire::{Answer, ask, get};

const TILE: (u8, u32, u32) = (14, 13503, 6466);

fn coord((z, x, y): (u8, u32, u32)) -> TileCoord {
    TileCoord::new(z, x, y).unwrap()
}

fn about(kind: Kind) -> About {
    let layer = |id: &str| Layer {
        id: id.to_owned(),
        description: "示例".to_owned(),
        min_zoom: 12,
        max_zoom: 14,
        fields: BTreeMap::from([("kind".to_owned(), "String".to_owned())]),
    };
    About {
        name: "航拍影像".to_owned(),
        description: String::new(),
        attribution: "<a href='https://a.cn'>示例 &amp; 测试</a>".to_owned(),
        version: "1".to_owned(),
        kind,
        overlay: false,
        layers: if kind == Kind::Vector { vec![layer("roads"), layer("water")] } else { Vec::new() },
        min_zoom: 12,
        max_zoom: 14,
        bounds: [116.69, 35.40, 116.72, 35.44],
        center: (116.706, 35.424, 13),
    }
}

/// A tile's key and its bytes.
type Tile = ((u8, u32, u32), Vec<u8>);

/// An archive of these tiles, by the ending of its name.
fn write(path: &Path, kind: Kind, tiles: &[Tile]) {
    let mut writer: Box<dyn ArchiveWriter> = if path.extension().is_some_and(|e| e == "pmtiles") {
        Box::new(pmtiles::Writer::create(path, &about(kind)).unwrap())
    } else {
        Box::new(mbtiles::Writer::create(path, &about(kind)).unwrap())
    };
    let mut sorted: Vec<_> = tiles.iter().collect();
    sorted.sort_by_key(|(at, _)| pmtiles::id_of(coord(*at)));
    for (at, bytes) in sorted {
        let mut digest = [0u8; 32];
        bytes.iter().enumerate().for_each(|(i, b)| digest[i % 32] = digest[i % 32].wrapping_mul(31).wrapping_add(*b));
        writer.put(coord(*at), &digest, bytes).unwrap();
    }
    writer.finish().unwrap();
}

async fn serve(path: &Path) -> Server {
    let base_map = BaseMap::of_file(path, None).unwrap();
    let serving = Serving::new(contents(), look(None).unwrap(), Capacity::default());
    Server::of(serving.with_base_map(Some(base_map)), Limits::default(), None).await
}

async fn tile(server: &Server, at: (u8, u32, u32), rest: &str, headers: &[(&str, &str)]) -> Answer {
    let (z, x, y) = at;
    ask(server.at, "GET", &format!("/tiles/basemap/{z}/{x}/{y}.{rest}"), headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_go_out_as_they_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = [b"\xff\xd8\xff\xe0".as_slice(), &[5; 30]].concat();
    let webp = [b"RIFF\x20\0\0\0WEBPVP8 ".as_slice(), &[6; 30]].concat();
    let tiles = [((12, 3375, 1616), jpeg.clone()), (TILE, png(1)), ((14, 13503, 6467), webp.clone())];
    for (name, kind) in
        [("a.pmtiles", Kind::Png), ("a.mbtiles", Kind::Png), ("b.pmtiles", Kind::Webp), ("b.mbtiles", Kind::Jpeg)]
    {
        let path = folder.path().join(name);
        write(&path, kind, &tiles);
        let server = serve(&path).await;
        let described = get(server.at, "/tiles/basemap.json").await.json();
        let address = described["tiles"][0].as_str().unwrap().to_owned();
        let ending = format!("/tiles/basemap/{{z}}/{{x}}/{{y}}.{}?v=", kind.extension());
        assert!(address.contains(&ending), "{address}");
        assert_eq!(described["bounds"], serde_json::json!([116.69, 35.4, 116.72, 35.44]), "{name}");
        assert_eq!((&described["minzoom"], &described["maxzoom"]), (&12.into(), &14.into()));
        assert_eq!((&described["attribution"], &described["name"]), (&"示例 &amp; 测试".into(), &"航拍影像".into()));
        assert!(described["vector_layers"].is_null());
        let stamp = address.split_once('?').unwrap().1;
        for (at, bytes, media) in [
            (TILE, &png(1), "image/png"),
            ((12, 3375, 1616), &jpeg, "image/jpeg"),
            ((14, 13503, 6467), &webp, "image/webp"),
        ] {
            let answer = tile(&server, at, "png", &[("accept-encoding", "gzip, br")]).await;
            assert_eq!((answer.status, answer.header("content-type"), &answer.body), (200, media, bytes), "{name}");
            assert_eq!((answer.header("content-encoding"), answer.header("cache-control")), ("", "no-cache"));
            let kept = tile(&server, at, &format!("webp?{stamp}"), &[("if-none-match", answer.header("etag"))]).await;
            assert_eq!((kept.status, kept.body.len()), (304, 0));
            assert!(kept.header("cache-control").contains("immutable"));
        }
        let hole = tile(&server, (13, 6751, 3233), "png", &[]).await;
        assert_eq!((hole.status, hole.body.len()), (204, 0), "{name}");
        for at in [(11, 1687, 808), (15, 27006, 12932), (14, 0, 0), (14, 13520, 6466)] {
            tile(&server, at, "png", &[]).await.problem(404);
        }
        tile(&server, TILE, "pbf", &[]).await.problem(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vector_tiles_go_out_packed_as_they_are_and_unpacked_for_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let plain = b"a layer of many words ".repeat(40);
    let packed = pack(&plain).unwrap();
    for name in ["a.pmtiles", "a.mbtiles"] {
        let path = folder.path().join(name);
        write(&path, Kind::Vector, &[((12, 3375, 1616), pack(b"x").unwrap()), (TILE, packed.clone())]);
        let server = serve(&path).await;
        let gzip = tile(&server, TILE, "pbf", &[("accept-encoding", "gzip")]).await;
        assert_eq!((gzip.status, gzip.header("content-encoding"), &gzip.body), (200, "gzip", &packed), "{name}");
        assert_eq!(
            (gzip.header("content-type"), gzip.header("vary")),
            ("application/vnd.mapbox-vector-tile", "accept-encoding")
        );
        let identity = tile(&server, TILE, "mvt", &[]).await;
        assert_eq!((identity.header("content-encoding"), &identity.body), ("", &plain));
        assert_ne!(identity.header("etag"), gzip.header("etag"));
        let known = [("accept-encoding", "gzip"), ("if-none-match", gzip.header("etag"))];
        assert_eq!(tile(&server, TILE, "pbf", &known).await.status, 304);
        let hole = tile(&server, (13, 6751, 3233), "pbf", &[]).await;
        assert_eq!(
            (hole.status, hole.body.len(), hole.header("content-type")),
            (200, 0, "application/vnd.mapbox-vector-tile")
        );
        tile(&server, (14, 0, 0), "pbf", &[]).await.problem(404);
        tile(&server, TILE, "png", &[]).await.problem(404);
        let described = get(server.at, "/tiles/basemap.json").await.json();
        assert_eq!(described["vector_layers"][0]["id"], "roads");
        assert_eq!(described["vector_layers"][0]["fields"]["kind"], "String");
        let style = get(server.at, "/styles/district.json").await.json();
        let ids: Vec<_> = style["layers"].as_array().unwrap().iter().filter_map(|layer| layer["id"].as_str()).collect();
        assert_eq!(
            ids[..6],
            [
                "surroundings",
                "land",
                "basemap-fill-water",
                "basemap-line-water",
                "basemap-fill-roads",
                "basemap-line-roads"
            ]
        );
        assert_eq!(get(server.at, "/api/v1/district").await.json()["base_map"]["kind"], "vector");
        assert!(String::from_utf8(get(server.at, "/metrics").await.body).unwrap().contains("base_map"));
    }
}

fn change(path: &Path, sql: &str) {
    let done = Command::new("sqlite3").arg(path).arg(sql).output().expect("sqlite3 runs");
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
}

/// What is said of a file that cannot be used.
fn refused(path: &Path) -> String {
    let fault = BaseMap::of_file(path, None).expect_err("it is refused").to_string();
    assert!(fault.contains(path.file_name().unwrap().to_str().unwrap()), "{fault}");
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_with_gaps_in_what_it_says_is_served_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("downloaded.mbtiles");
    write(&path, Kind::Png, &[((12, 3375, 1616), png(2)), (TILE, png(1))]);
    change(
        &path,
        "DELETE FROM metadata WHERE name <> 'bounds'; UPDATE metadata SET value = '116.69,35.41,116.72,35.44'",
    );
    let server = serve(&path).await;
    let described = get(server.at, "/tiles/basemap.json").await.json();
    assert_eq!(
        (&described["name"], &described["minzoom"], &described["maxzoom"]),
        (&"downloaded".into(), &12.into(), &14.into())
    );
    assert_eq!(tile(&server, TILE, "png", &[]).await.body, png(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_that_is_none_is_a_500_that_says_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbtiles");
    let tiles: Vec<_> = (0..3).map(|i| ((14, 13502 + i, 6466), png(i as u8))).collect();
    write(&path, Kind::Png, &[&tiles[..], &[((12, 3375, 1616), png(9))]].concat());
    for (column, bytes) in [(13502, "'text'"), (13503, "zeroblob(20000000)"), (13504, "CAST('<svg/>' AS BLOB)")] {
        change(
            &path,
            &format!(
                "UPDATE images SET tile_data = {bytes} WHERE tile_id = (SELECT tile_id FROM map WHERE tile_column = {column})"
            ),
        );
    }
    let server = serve(&path).await;
    for (x, path) in (13502..13505).zip([&path, &path, &path]) {
        let answer = tile(&server, (14, x, 6466), "png", &[]).await;
        answer.problem(500);
        assert!(!String::from_utf8_lossy(&answer.body).contains(path.parent().unwrap().to_str().unwrap()));
    }
    assert_eq!(tile(&server, (12, 3375, 1616), "png", &[]).await.body, png(9));
}

#[test]
fn a_malicious_mbtiles_is_told_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let tables = "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)";
    let many = "INSERT INTO tiles WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) SELECT 14, i, 1, x'00' FROM n";
    let endless = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT 14 AS zoom_level, 0 AS tile_column, -1 - i AS tile_row, x'00' AS tile_data FROM n";
    for (sql, says) in [
        (format!("DROP VIEW tiles; CREATE VIEW tiles AS {endless}"), "steps"),
        (format!("DROP VIEW tiles; {tables}; {many}"), "CREATE UNIQUE INDEX"),
        ("DROP VIEW tiles".to_owned(), "without the tables"),
        ("UPDATE metadata SET value = 'gif' WHERE name = 'format'".to_owned(), "png"),
        ("UPDATE metadata SET value = '99' WHERE name = 'maxzoom'".to_owned(), "no zoom"),
        ("UPDATE metadata SET value = '1,2' WHERE name = 'bounds'".to_owned(), "bounds"),
        ("UPDATE metadata SET value = 'pbf' WHERE name = 'format'".to_owned(), "json"),
        ("DELETE FROM metadata; DELETE FROM map".to_owned(), "without tiles"),
    ] {
        let path = folder.path().join("a.mbtiles");
        let _ = std::fs::remove_file(&path);
        write(&path, Kind::Png, &[((12, 3375, 1616), png(2)), (TILE, png(1))]);
        change(&path, &sql);
        let fault = refused(&path);
        assert!(fault.contains(says), "{sql}: {fault}");
    }
}

#[test]
fn a_malicious_pmtiles_is_told_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.pmtiles");
    write(&whole, Kind::Png, &[((12, 3375, 1616), png(2)), (TILE, png(1))]);
    let whole = std::fs::read(whole).unwrap();
    let path = folder.path().join("b.pmtiles");
    let huge = u64::MAX / 2;
    // Where in the header, and what stands there then.
    for (at, bytes, says) in [
        (0, b"x".to_vec(), "PMTiles"),
        (7, vec![4], "version"),
        (16, huge.to_le_bytes().to_vec(), "beyond the file"),
        (8, huge.to_le_bytes().to_vec(), "beyond the file"),
        (64, huge.to_le_bytes().to_vec(), "beyond the file"),
        (99, vec![5], "type 5"),
        (98, vec![4], "zstd"),
        (97, vec![3], "brotli"),
        (101, vec![40], "zooms"),
        (102, i32::MIN.to_le_bytes().to_vec(), "bounds"),
        (72, 7u64.to_le_bytes().to_vec(), "header says"),
        (130, vec![0xff, 0xff], "root directory"),
    ] {
        let mut other = whole.clone();
        other[at..at + bytes.len()].copy_from_slice(&bytes);
        std::fs::write(&path, other).unwrap();
        let fault = refused(&path);
        assert!(fault.contains(says), "byte {at}: {fault}");
    }
    std::fs::write(&path, &whole[..100]).unwrap();
    refused(&path);
    let named = folder.path().join("a.zip");
    std::fs::write(&named, &whole).unwrap();
    assert!(refused(&named).contains(".mbtiles"));
    refused(&folder.path().join("nowhere.mbtiles"));
}
