//! WMTS over the wire: the same bytes as `/tiles/…`, a pyramid in degrees, and what is not a tile.

use crate::district::{Server, micro_code, middle};
use crate::wire::{Answer, ask, get};

/// By the published formula (116.706, 35.424) is in column 13503 and row 6466 of zoom 14, and in row 2483 of it in degrees.
const MERCATOR: (u32, u32, u32) = (14, 13503, 6466);
const DEGREES: (u32, u32, u32) = (14, 13503, 2483);

const GET_TILE: [(&str, &str); 9] = [
    ("SERVICE", "WMTS"),
    ("REQUEST", "GetTile"),
    ("VERSION", "1.0.0"),
    ("LAYER", "district"),
    ("STYLE", "default"),
    ("FORMAT", "image/png"),
    ("TILEMATRIXSET", "WebMercatorQuad"),
    ("TILEMATRIX", "14"),
    ("TILEROW", "6466"),
];

fn tile(changed: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(&str, &str)> = GET_TILE.into_iter().chain([("TILECOL", "13503")]).collect();
    for (name, value) in changed {
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some(pair) => pair.1 = value,
            None => pairs.push((name, value)),
        }
    }
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("/wmts?{}", pairs.join("&"))
}

/// The code and the parameter of an exception report.
pub fn exception(answer: &Answer, status: u16) -> (String, String) {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, status, "{text}");
    assert!(answer.header("content-type").contains("xml"), "{}", answer.header("content-type"));
    well_formed(&text);
    let attribute = |name: &str| {
        let rest = text.split_once(&format!(" {name}=\"")).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let code = if text.contains("exceptionCode") { attribute("exceptionCode") } else { attribute("code") };
    (code, attribute("locator"))
}

/// Every element is closed in its order, and nothing that opens one stands in a text.
pub fn well_formed(text: &str) {
    let mut open = Vec::new();
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap_or_else(|| panic!("{text}"));
    for piece in body.split('<').skip(1) {
        let (tag, rest) = piece.split_once('>').unwrap_or_else(|| panic!("an open tag: {piece}"));
        assert!(!rest.contains('>'), "{piece}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap().to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mercator_tile_is_the_tile_by_whatever_name() {
    let server = Server::start().await;
    let (z, x, y) = MERCATOR;
    let plain = get(server.at, &format!("/tiles/district/{z}/{x}/{y}.png")).await;
    assert_eq!(plain.status, 200);
    for target in [
        tile(&[]),
        tile(&[("TILEMATRIXSET", "w"), ("FORMAT", "tiles"), ("TK", "0123")]),
        tile(&[("TILEMATRIX", "WebMercatorQuad:14")]),
        tile(&[]).replace("TILEROW", "tileRow").replace("SERVICE=WMTS", "service=wmts"),
        format!("/wmts/district/default/WebMercatorQuad/{z}/{y}/{x}.png"),
        format!("/wmts/district/default/w/{z}/{y}/{x}.png"),
    ] {
        let answer = get(server.at, &target).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"), "{target}");
        assert_eq!((answer.header("etag"), &answer.body), (plain.header("etag"), &plain.body), "{target}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let again = ask(server.at, "GET", &target, &[("if-none-match", plain.header("etag"))]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    assert_eq!(server.serving.state().tiles.counts().made, 1, "one tile, drawn once");
    let heat = get(server.at, &format!("/tiles/heat/{z}/{x}/{y}.png")).await;
    assert_eq!(get(server.at, &tile(&[("LAYER", "heat")])).await.body, heat.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_in_degrees_is_the_same_picture_as_wms_draws() {
    let server = Server::start().await;
    let (z, x, y) = DEGREES;
    let side = 360.0 / f64::from(1u32 << z);
    let (west, north) = (f64::from(x) * side - 180.0, 90.0 - f64::from(y) * side);
    let (south, east) = (north - side, west + side);
    let by_path = get(server.at, &format!("/wmts/district/default/CGCS2000Quad/{z}/{y}/{x}.png")).await;
    assert_eq!(by_path.status, 200);
    let by_name = tile(&[("TILEMATRIXSET", "c"), ("TILEROW", &y.to_string()), ("TILECOL", &x.to_string())]);
    assert_eq!(get(server.at, &by_name).await.body, by_path.body);
    assert_eq!(server.serving.state().tiles.counts().made, 1);
    let wms = "/wms?service=WMS&request=GetMap&layers=district&styles=&width=256&height=256&format=image/png";
    for window in [
        format!("version=1.3.0&crs=EPSG:4490&bbox={south},{west},{north},{east}"),
        format!("version=1.3.0&crs=EPSG:4326&bbox={south},{west},{north},{east}"),
        format!("version=1.3.0&crs=CRS:84&bbox={west},{south},{east},{north}"),
        format!("version=1.1.1&srs=EPSG:4490&bbox={west},{south},{east},{north}"),
    ] {
        let answer = get(server.at, &format!("{wms}&{window}")).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.body, by_path.body, "{window}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pixel_of_a_tile_has_an_owner() {
    let server = Server::start().await;
    let (lon, lat) = middle(3, 2);
    let across = f64::from(1u32 << 14);
    let column = (lon + 180.0) / 360.0 * across;
    let row = (0.5 - lat.to_radians().tan().asinh() / std::f64::consts::TAU) * across;
    let row_in_degrees = (90.0 - lat) / 360.0 * across;
    for (set, row) in [("w", row), ("c", row_in_degrees)] {
        let pixel = |at: f64| ((at.fract() * 256.0) as u32).to_string();
        let target = tile(&[
            ("REQUEST", "GetFeatureInfo"),
            ("TILEMATRIXSET", set),
            ("TILEROW", &(row as u32).to_string()),
            ("TILECOL", &(column as u32).to_string()),
            ("INFOFORMAT", "application/json"),
            ("I", &pixel(column)),
            ("J", &pixel(row)),
        ]);
        let answer = get(server.at, &target).await.json();
        assert_eq!(answer["features"][0]["properties"]["code"], micro_code(3, 2), "{set}: {answer}");
        // QGIS names no format of a picture that it does not want.
        let bare = target.replace("&FORMAT=image/png", "");
        assert!(bare.len() < target.len());
        assert_eq!(get(server.at, &bare).await.json(), answer);
        let beyond = get(server.at, &target.replace(&format!("&I={}", pixel(column)), "&I=256")).await;
        assert_eq!(exception(&beyond, 400), ("PointIJOutOfRange".to_owned(), "i".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_well_formed_and_says_where_the_district_is() {
    let server = Server::with(wangge::http::Limits::default(), Some("https://map.example.cn")).await;
    let document = get(server.at, "/wmts/1.0.0/WMTSCapabilities.xml").await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/xml"));
    let asked = get(server.at, "/wmts?service=WMTS&request=GetCapabilities&acceptversions=2.0.0,1.0.0").await;
    assert_eq!(asked.body, document.body);
    let text = String::from_utf8(document.body).unwrap();
    well_formed(&text);
    for part in [
        "示例区",
        "示例数据",
        "<ows:SupportedCRS>urn:ogc:def:crs:EPSG::4490</ows:SupportedCRS>",
        "<TopLeftCorner>90 -180</TopLeftCorner>",
        "<ScaleDenominator>279541132.0143589</ScaleDenominator>",
        "template=\"https://map.example.cn/wmts/district/default/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png\"",
        "<TileMatrix>14</TileMatrix>\n<MinTileRow>2483</MinTileRow>\n<MaxTileRow>2484</MaxTileRow>\n<MinTileCol>13503</MinTileCol>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_tile_is_an_exception_before_any_work() {
    let server = Server::start().await;
    for (name, _) in GET_TILE.into_iter().chain([("TILECOL", "")]) {
        let lower = name.to_ascii_lowercase();
        // A style and a version go without saying: there is one of each.
        if name != "STYLE" && name != "VERSION" {
            let report = exception(&get(server.at, &tile(&[(name, "")])).await, 400);
            assert_eq!(report, ("MissingParameterValue".to_owned(), lower.clone()));
        }
        let doubled = format!("{}&{lower}=1", tile(&[]));
        assert_eq!(exception(&get(server.at, &doubled).await, 400), ("InvalidParameterValue".to_owned(), lower));
    }
    let zooms =
        [("TILEMATRIX", "23"), ("TILEMATRIX", "-1"), ("TILEMATRIX", "1e1"), ("TILEMATRIX", "99999999999999999999")];
    let others = [
        ("SERVICE", "WMS"),
        ("VERSION", "1.1.0"),
        ("LAYER", "nothing"),
        ("LAYER", "%3Cscript%3E%22%26"),
        ("STYLE", "night"),
        ("FORMAT", "image/tiff"),
        ("TILEMATRIXSET", "EPSG:3857"),
        ("TILEROW", "NaN"),
        ("TILEROW", "6466.0"),
        ("TILECOL", "-13503"),
        ("TILECOL", "%EF%BC%91"),
        ("TILECOL", "18446744073709551616"),
    ];
    for (name, value) in zooms.into_iter().chain(others) {
        let report = exception(&get(server.at, &tile(&[(name, value)])).await, 400);
        assert_eq!(report, ("InvalidParameterValue".to_owned(), name.to_ascii_lowercase()), "{value}");
    }
    // Row and column swapped, a level where the tile does not exist, the far side of the world.
    for changed in [
        [("TILEROW", "13503"), ("TILECOL", "6466")],
        [("TILEMATRIX", "3"), ("TILEROW", "8")],
        [("TILEROW", "0"), ("TILECOL", "0")],
        [("TILEROW", "4294967295"), ("TILECOL", "4294967295")],
    ] {
        assert_eq!(exception(&get(server.at, &tile(&changed)).await, 400).0, "TileOutOfRange", "{changed:?}");
    }
    let degrees = tile(&[("TILEMATRIXSET", "c"), ("TILEMATRIX", "0"), ("TILEROW", "0"), ("TILECOL", "0")]);
    assert_eq!(exception(&get(server.at, &degrees).await, 400).1, "tilematrix");
    let heat = tile(&[("LAYER", "heat"), ("TILEMATRIXSET", "c"), ("TILEROW", "2483")]);
    assert_eq!(exception(&get(server.at, &heat).await, 400).1, "layer");
    let unknown = exception(&get(server.at, &tile(&[("REQUEST", "Transaction")])).await, 501);
    assert_eq!(unknown, ("OperationNotSupported".to_owned(), "request".to_owned()));
    let version = get(server.at, "/wmts?service=WMTS&request=GetCapabilities&acceptversions=9.9").await;
    assert_eq!(exception(&version, 400).0, "VersionNegotiationFailed");
    for path in [
        "/wmts/district/default/w/14/6466/13503.jpg",
        "/wmts/district/default/w/14/6466/13503",
        "/wmts/district/default/w/14/13503/6466.png",
        "/wmts/nothing/default/w/14/6466/13503.png",
        "/wmts/district/default/x/14/6466/13503.png",
        "/wmts/..%2f..%2fetc/default/w/14/6466/13503.png",
        "/wmts/district/default/w/NaN/6466/13503.png",
    ] {
        exception(&get(server.at, path).await, 404);
    }
    get(server.at, "/wmts/district/default/w/14/6466").await.problem(404);
    assert_eq!(server.serving.state().tiles.counts().misses, 0);
}
