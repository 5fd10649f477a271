//! WMS over the wire: pictures of rectangles in every system, the owner of a pixel, legends, and what is no request.

use wangge::crs::{Cgcs2000, Crs, PlaneCrs};

use crate::district::{Server, micro_code, middle};
use crate::wire::{Answer, get};
use crate::wmts::{exception, well_formed};

/// A window of 101 × 101 pixels around a position, in a system as version 1.3.0 writes it.
fn window(crs: &str, (lon, lat): (f64, f64)) -> String {
    let (half, (x, y)) = match crs.strip_prefix("EPSG:").and_then(|code| code.parse::<u32>().ok()) {
        Some(code @ (3857 | 4527 | 4548)) => {
            let point = Cgcs2000::new(lon, lat).unwrap();
            (100.0, Crs::Plane(PlaneCrs(code)).write(point).unwrap())
        }
        _ => (0.001, (lon, lat)),
    };
    let north_first = !matches!(crs, "CRS:84" | "EPSG:3857");
    let (a, b) = if north_first { (y, x) } else { (x, y) };
    format!("{},{},{},{}", a - half, b - half, a + half, b + half)
}

const SYSTEMS: [&str; 6] = ["CRS:84", "EPSG:4326", "EPSG:4490", "EPSG:3857", "EPSG:4548", "EPSG:4527"];

fn request(changed: &[(&str, &str)]) -> String {
    let bbox = window("EPSG:4490", middle(3, 2));
    let mut pairs = vec![
        ("SERVICE", "WMS"),
        ("REQUEST", "GetMap"),
        ("VERSION", "1.3.0"),
        ("LAYERS", "district"),
        ("STYLES", ""),
        ("CRS", "EPSG:4490"),
        ("BBOX", bbox.as_str()),
        ("WIDTH", "101"),
        ("HEIGHT", "101"),
        ("FORMAT", "image/png"),
    ];
    for (name, value) in changed {
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some(pair) => pair.1 = value,
            None => pairs.push((name, value)),
        }
    }
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("/wms?{}", pairs.join("&"))
}

/// Width, height, and the pixels as red, green, blue, opacity.
fn decoded(answer: &Answer) -> ((u32, u32), Vec<[u8; 4]>) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), "image/png");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&answer.body));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    ((info.width, info.height), data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clicked_pixel_answers_its_unit_in_every_system() {
    let server = Server::start().await;
    for (crs, (column, row)) in SYSTEMS.into_iter().flat_map(|crs| [(0, 0), (3, 2), (5, 3)].map(|at| (crs, at))) {
        let bbox = window(crs, middle(column, row));
        let ask = [("REQUEST", "GetFeatureInfo"), ("QUERY_LAYERS", "district"), ("I", "50"), ("J", "50")];
        let place = [("CRS", crs), ("BBOX", bbox.as_str()), ("INFO_FORMAT", "application/json")];
        let answer = get(server.at, &request(&[&ask[..], &place[..]].concat())).await.json();
        let features = answer["features"].as_array().unwrap();
        let codes: Vec<&str> = features.iter().filter_map(|f| f["properties"]["code"].as_str()).collect();
        let street = if column < 3 { "1" } else { "2" };
        let block = format!("{street}{:02}", column + 1);
        assert_eq!(codes, [&*micro_code(column, row), &block, street], "{crs}");
        // Whatever the map is in, positions are degrees, and say so.
        assert_eq!(answer["crs"]["properties"]["name"], "urn:ogc:def:crs:OGC:1.3:CRS84");
        let one = get(server.at, &request(&[&ask[..], &place[..], &[("FEATURE_COUNT", "1")]].concat())).await.json();
        assert_eq!(one["features"].as_array().map(Vec::len), Some(1));
    }
    let ask = [("REQUEST", "GetFeatureInfo"), ("I", "50"), ("J", "50")];
    let level = [("LAYERS", "block"), ("QUERY_LAYERS", "block"), ("INFO_FORMAT", "text/plain")];
    let plain = get(server.at, &request(&[&ask[..], &level[..]].concat())).await;
    assert_eq!(String::from_utf8(plain.body).unwrap(), "网格: 第4网格 (204)\n");
    let page = [("QUERY_LAYERS", "district"), ("INFO_FORMAT", "text/html")];
    let html = String::from_utf8(get(server.at, &request(&[&ask[..], &page[..]].concat())).await.body).unwrap();
    assert!(html.contains("<td>第4网格</td><td>204</td>"), "{html}");
    let far = [("BBOX", "10,10,10.001,10.001"), ("QUERY_LAYERS", "district"), ("INFO_FORMAT", "application/json")];
    let nowhere = get(server.at, &request(&[&ask[..], &far[..]].concat())).await.json();
    assert_eq!(nowhere["features"].as_array().map(Vec::len), Some(0));
    // The old version has its own names, and longitude first.
    let (lon, lat) = middle(3, 2);
    let (west, south, east, north) = (lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001);
    let old = format!(
        "/wms?VERSION=1.1.1&REQUEST=GetFeatureInfo&LAYERS=district&SRS=EPSG:4490&BBOX={west},{south},{east},{north}\
         &WIDTH=101&HEIGHT=101&FORMAT=image/png&QUERY_LAYERS=district&INFO_FORMAT=application/geo%2Bjson&X=50&Y=50"
    );
    let answer = get(server.at, &old).await.json();
    assert_eq!(answer["features"][0]["properties"]["code"], micro_code(3, 2));
    assert_eq!(answer.get("crs"), None, "RFC 7946 knows one system only");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_have_the_ground_that_was_asked_for() {
    let server = Server::start().await;
    let wide = ("BBOX", "35.40,116.68,35.45,116.73");
    let corner = async |changed: &[(&str, &str)]| {
        let ((width, height), pixels) = decoded(&get(server.at, &request(&[&[wide], changed].concat())).await);
        assert_eq!((width, height, pixels.len()), (101, 101, 101 * 101));
        (pixels[0], pixels[50 * 101 + 50])
    };
    assert_eq!(corner(&[]).await.0, [0xe9, 0xeb, 0xea, 255], "the style's own");
    assert_eq!(corner(&[("TRANSPARENT", "TRUE")]).await.0, [0; 4]);
    assert_eq!(corner(&[("BGCOLOR", "0x123456")]).await.0, [0x12, 0x34, 0x56, 255]);
    assert_eq!(corner(&[("TRANSPARENT", "false"), ("BGCOLOR", "0xABCDEF")]).await.0, [0xab, 0xcd, 0xef, 255]);
    assert_eq!(corner(&[("LAYERS", "cell"), ("STYLES", "dark")]).await.0, [255; 4], "white where there is nothing");
    let (outside, inside) = corner(&[("LAYERS", "district,street"), ("STYLES", ","), ("TRANSPARENT", "TRUE")]).await;
    assert!(outside[3] == 0 && inside[3] == 255, "{outside:?} {inside:?}");
    // Levels asked for together are one picture, in whatever order: names leave each other room.
    let levels = async |names: &str| {
        let styles = ",".repeat(names.matches(',').count());
        let large = [("WIDTH", "606"), ("HEIGHT", "606"), ("TRANSPARENT", "TRUE")];
        let target = request(&[&[wide, ("LAYERS", names), ("STYLES", &styles)], &large[..]].concat());
        decoded(&get(server.at, &target).await)
    };
    let together = levels("cell,street").await;
    assert!(together == levels("street,cell").await);
    assert!(together != levels("cell").await && together != levels("street").await);
    for (format, content_type, begins) in [
        ("image/png", "image/png", &b"\x89PNG\r\n\x1a\n"[..]),
        ("image/png;%20mode=8bit", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("image/jpeg", "image/jpeg", b"\xff\xd8\xff"),
    ] {
        let answer = get(server.at, &request(&[wide, ("FORMAT", format), ("TRANSPARENT", "TRUE")])).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type), "{format}");
        assert!(answer.body.starts_with(begins), "{format}");
    }
    let fine = request(&[("WIDTH", "202"), ("HEIGHT", "202"), ("DPI", "192")]);
    assert_eq!(decoded(&get(server.at, &fine).await).0, (202, 202));
    assert_ne!(get(server.at, &fine).await.body, get(server.at, &fine.replace("DPI=192", "DPI=96")).await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_picture_waits_for_others_like_it_and_no_small_one_does() {
    let server = Server::start().await;
    let (go, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel::<()>();
    let large = server.serving.large.clone();
    let work = move || begun.send(()).is_ok() && held.recv().is_ok();
    let busy = tokio::spawn(async move { large.run(work).await });
    begins.await.unwrap();
    let at = server.at;
    let target = request(&[("WIDTH", "2100"), ("HEIGHT", "2100")]);
    let waiting = tokio::spawn(async move { get(at, &target).await.status });
    while server.serving.waiting() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(get(server.at, &request(&[])).await.status, 200);
    assert!(!waiting.is_finished() && server.serving.waiting() == 1, "the place is taken");
    go.send(()).unwrap();
    assert_eq!(waiting.await.unwrap(), 200);
    assert!(busy.await.unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn legends_are_pictures_of_every_layer_and_style() {
    let server = Server::start().await;
    let legend = |layer: &str, style: &str| {
        format!("/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER={layer}&STYLE={style}")
    };
    let (size, pixels) = decoded(&get(server.at, &legend("district", "default")).await);
    assert!(size.0 > 80 && size.1 > 200, "{size:?}");
    let green = pixels.iter().filter(|p| **p == [0xdb, 0xe9, 0xcf, 255]).count();
    assert!(green > 38 * 18 / 2, "the swatch of green land: {green}");
    let few = decoded(&get(server.at, &legend("street", "dark")).await).0;
    assert!(few.1 < size.1, "one level has fewer rows: {few:?}");
    assert_eq!(exception(&get(server.at, &legend("nothing", "")).await, 400).0, "LayerNotDefined");
    assert_eq!(exception(&get(server.at, &legend("street", "neon")).await, 400).0, "StyleNotDefined");
    let formats = |format: &str| legend("street", "dark").replace("image/png", format);
    assert_eq!(get(server.at, &formats("image/png8")).await.status, 200);
    assert_eq!(exception(&get(server.at, &formats("image/jpeg")).await, 400).0, "InvalidFormat");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_are_well_formed_in_both_versions() {
    let server = Server::start().await;
    for (version, root, parts) in [
        ("1.3.0", "<WMS_Capabilities version=\"1.3.0\"", ["<CRS>EPSG:4490</CRS>", "<MaxWidth>4096</MaxWidth>"]),
        ("1.1.1", "<WMT_MS_Capabilities version=\"1.1.1\"", ["<SRS>EPSG:4548</SRS>", "<Name>OGC:WMS</Name>"]),
        ("1.0.7", "<WMT_MS_Capabilities version=\"1.1.1\"", ["<LatLonBoundingBox ", "<Name>street</Name>"]),
        ("7.0.0", "<WMS_Capabilities version=\"1.3.0\"", ["示例数据", "<Name>cell</Name>"]),
    ] {
        let target = format!("/wms?service=WMS&request=GetCapabilities&version={version}");
        let text = String::from_utf8(get(server.at, &target).await.body).unwrap();
        well_formed(&text);
        assert!(text.contains(root), "{text}");
        for part in parts {
            assert!(text.contains(part), "{version}: {part} in {text}");
        }
    }
    let text = String::from_utf8(get(server.at, "/wms?service=WMS&request=GetCapabilities").await.body).unwrap();
    let box_of = |crs: &str| {
        let rest = text.split_once(&format!("<BoundingBox CRS=\"{crs}\" minx=\"")).unwrap().1;
        rest.split('"').next().unwrap().parse::<f64>().unwrap()
    };
    assert!((35.0..36.0).contains(&box_of("EPSG:4490")) && (116.0..117.0).contains(&box_of("CRS:84")));
    assert!((3_900_000.0..4_000_000.0).contains(&box_of("EPSG:4548")), "northings first");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_an_exception_before_any_work() {
    let server = Server::start().await;
    for name in ["REQUEST", "LAYERS", "CRS", "BBOX", "WIDTH", "HEIGHT", "FORMAT"] {
        let lower = name.to_ascii_lowercase();
        let report = exception(&get(server.at, &request(&[(name, "")])).await, 400);
        assert_eq!(report, ("MissingParameterValue".to_owned(), lower.clone()));
        let doubled = format!("{}&{lower}=1", request(&[]));
        assert_eq!(exception(&get(server.at, &doubled).await, 400), ("InvalidParameterValue".to_owned(), lower));
    }
    let many = ["district"; 9].join(",");
    for (name, value, code) in [
        ("SERVICE", "WFS", "InvalidParameterValue"),
        ("VERSION", "2.0.0", "InvalidParameterValue"),
        ("LAYERS", "nothing", "LayerNotDefined"),
        ("LAYERS", "district,%3Cb%3E", "LayerNotDefined"),
        ("LAYERS", many.as_str(), "InvalidParameterValue"),
        ("STYLES", "neon", "StyleNotDefined"),
        ("STYLES", ",,", "InvalidParameterValue"),
        ("CRS", "EPSG:27700", "InvalidCRS"),
        ("CRS", "AUTO2:42001,1,0,0", "InvalidCRS"),
        ("FORMAT", "image/gif", "InvalidFormat"),
        ("WIDTH", "0", "InvalidParameterValue"),
        ("WIDTH", "4097", "InvalidParameterValue"),
        ("WIDTH", "99999999999999", "InvalidParameterValue"),
        ("HEIGHT", "-1", "InvalidParameterValue"),
        ("HEIGHT", "1e2", "InvalidParameterValue"),
        ("HEIGHT", "NaN", "InvalidParameterValue"),
        ("BBOX", "1,2,3", "InvalidParameterValue"),
        ("BBOX", "1,2,3,4,5", "InvalidParameterValue"),
        ("BBOX", "1,2,3,NaN", "InvalidParameterValue"),
        ("BBOX", "1,2,3,inf", "InvalidParameterValue"),
        ("BBOX", "1,2,3,1e400", "InvalidParameterValue"),
        ("BBOX", "35.43,116.71,35.42,116.70", "InvalidParameterValue"),
        ("BBOX", "116.70,35.42,116.71,35.43", "InvalidParameterValue"), // latitude comes first
        ("BBOX", "35.42,116.70,35.42,116.71", "InvalidParameterValue"),
        ("BBOX", "35.4200000000001,116.7,35.4200000000002,116.71", "InvalidParameterValue"),
        ("BBOX", "-1e9,-1e9,1e9,1e9", "InvalidParameterValue"),
        ("TRANSPARENT", "maybe", "InvalidParameterValue"),
        ("BGCOLOR", "red", "InvalidParameterValue"),
        ("BGCOLOR", "0x12345", "InvalidParameterValue"),
        ("DPI", "0", "InvalidParameterValue"),
        ("DPI", "NaN", "InvalidParameterValue"),
    ] {
        assert_eq!(exception(&get(server.at, &request(&[(name, value)])).await, 400).0, code, "{name}={value}");
    }
    let both = request(&[("WIDTH", "4096"), ("HEIGHT", "4096"), ("LAYERS", "district,street,cell")]);
    assert_eq!(exception(&get(server.at, &both).await, 400).1, "width", "all layers together");
    assert_eq!(exception(&get(server.at, &request(&[("REQUEST", "GetMoon")])).await, 501).0, "OperationNotSupported");
    let old = get(server.at, "/wms?VERSION=1.1.1&REQUEST=GetMap&LAYERS=district&SRS=EPSG:1&BBOX=0,0,1,1").await;
    assert_eq!(
        (exception(&old, 400).0.as_str(), old.header("content-type")),
        ("InvalidSRS", "application/vnd.ogc.se_xml")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_beside_the_picture_is_an_exception() {
    let server = Server::start().await;
    let click = |extra: &[(&'static str, &'static str)]| {
        let info = [("REQUEST", "GetFeatureInfo"), ("QUERY_LAYERS", "district"), ("I", "50"), ("J", "50")];
        let mut pairs: Vec<_> =
            info.into_iter().filter(|(name, _)| extra.iter().all(|(other, _)| other != name)).collect();
        pairs.extend(extra.iter().filter(|(_, value)| !value.is_empty()));
        request(&pairs)
    };
    for (name, value, code) in [
        ("I", "101", "InvalidPoint"),
        ("J", "4294967295", "InvalidPoint"),
        ("I", "-1", "InvalidParameterValue"),
        ("I", "", "MissingParameterValue"),
        ("QUERY_LAYERS", "", "MissingParameterValue"),
        ("QUERY_LAYERS", "nothing", "LayerNotDefined"),
        ("INFO_FORMAT", "text/xml", "InvalidFormat"),
        ("FEATURE_COUNT", "many", "InvalidParameterValue"),
    ] {
        assert_eq!(exception(&get(server.at, &click(&[(name, value)])).await, 400).0, code, "{name}={value}");
    }
}
