//! The JSON of the API: shapes, masking, faults that point at their parameter.

use serde_json::{Value, json};
use wangge::coverage::exact::doubled_area;

use crate::district::{COLUMNS, ISSUES, ROWS, Server, lattice, micro_code, middle};
use crate::wire::{ask, get, say};

#[tokio::test(flavor = "multi_thread")]
async fn a_position_has_an_owner_a_chain_people_and_a_distance() {
    let server = Server::start().await;
    let (lon, lat) = middle(4, 1);
    let answer = get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}&accuracy_m=300")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["query"], json!({"lon": lon, "lat": lat, "crs": "cgcs2000", "accuracy_m": 300.0}));
    assert_eq!(body["outcome"], "inside");
    assert_eq!(body["owner"], json!({"id": 11, "code": "2052", "name": "5-2微网格", "level": "cell"}));
    let chain: Vec<_> = body["chain"].as_array().unwrap().iter().map(|link| link["code"].as_str().unwrap()).collect();
    assert_eq!(chain, ["2", "205", "2052"]);
    assert_eq!(body["chain"][0]["level_name"], "街道");
    let people = &body["people"];
    assert_eq!(people["masked"], true);
    assert_eq!(people["officer"]["name"], "张**");
    assert!(people["officer"]["phone"].as_str().unwrap().starts_with("128****00"), "{people}");
    assert_eq!(people["specialists"][0]["kind"], "燃气");
    assert_eq!(people["specialists"][0]["name"], "欧**");
    assert_eq!(people["branch"]["name"], "第5网格党支部");
    let distance = body["boundary"]["distance_m"].as_f64().unwrap();
    assert!((40.0..130.0).contains(&distance), "the middle of a 200 m cell: {distance}");
    assert_eq!(body["boundary"]["ambiguous"], true);
    let near: Vec<_> = body["boundary"]["neighbours"].as_array().unwrap().iter().map(|n| &n["code"]).collect();
    assert!(near.contains(&&json!("2042")) && !near.contains(&&json!("2052")), "{near:?}");
    assert_eq!((&body["nearest"], &body["version"]), (&Value::Null, &json!(3)));
    assert_eq!(body["as_of"], "2026-01-02T03:04:05Z");
    assert_eq!(body.get("coordinates"), None, "they are for whoever asks");
    let asked = get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}&coordinates=true")).await.json();
    let systems: Vec<_> = asked["coordinates"].as_array().unwrap().iter().map(|c| c["crs"].as_str().unwrap()).collect();
    assert_eq!(systems, ["wgs84", "cgcs2000", "gcj02", "bd09", "epsg:4548"]);
    // A junction belongs to exactly one of its cells, and says that it lies on the line.
    let coverage = &server.serving.state().snapshot.coverage;
    let junction = coverage.arcs().iter().find(|arc| arc.left.0 != 0 && arc.right.0 != 0).unwrap().points[0];
    let (lon, lat) = lattice().degrees(junction);
    let body = get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}")).await.json();
    assert_eq!((&body["outcome"], &body["boundary"]["distance_m"]), (&json!("boundary"), &json!(0.0)));
    assert!(body["owner"]["code"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_names_the_nearest_unit_and_nobody_in_charge() {
    let server = Server::start().await;
    let body = get(server.at, "/api/v1/locate?lon=116.6&lat=35.42&crs=wgs84").await.json();
    assert_eq!((&body["outcome"], &body["owner"]), (&json!("outside"), &Value::Null));
    assert_eq!((&body["chain"], &body["people"]["officer"]), (&json!([]), &Value::Null));
    assert!(body["nearest"]["code"].as_str().unwrap().starts_with("101"), "{body}");
    let distance = body["nearest"]["distance_m"].as_f64().unwrap();
    assert!((8_700.0..9_500.0).contains(&distance), "0.1° of longitude at 35.42° is 9.08 km: {distance}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_system_leads_to_the_same_owner() {
    let server = Server::start().await;
    // The last row of the golden table.
    let point = |body: &Value| (body["point"]["lon"].as_f64().unwrap(), body["point"]["lat"].as_f64().unwrap());
    for query in [
        "lon=116.7&lat=35.36&crs=wgs84",
        "lon=116.705490526&lat=35.359646031&crs=gcj02",
        "lon=116.712075855&lat=35.365305315&crs=bd09",
        "lon=472733.9937&lat=3914574.0068&crs=epsg:4548",
        "lon=39472733.9937&lat=3914574.0068&crs=EPSG:4527",
    ] {
        let body = get(server.at, &format!("/api/v1/locate?{query}")).await.json();
        let (lon, lat) = point(&body);
        assert!((lon - 116.7).abs() < 2e-8 && (lat - 35.36).abs() < 2e-8, "{query}: {lon}, {lat}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_question_is_told_which_parameter_is_bad() {
    let server = Server::start().await;
    for (query, pointer) in [
        ("lat=35.4", "/query/lon"),
        ("lon=116.7", "/query/lat"),
        ("lon=abc&lat=35.4", "/query/lon"),
        ("lon=116.7&lat=NaN", "/query/lat"),
        ("lon=116.7&lat=-inf", "/query/lat"),
        ("lon=1e308&lat=35.4", "/query/lon"),
        ("lon=1e999&lat=35.4", "/query/lon"),
        ("lon=35.4&lat=116.7", "/query/lat"),
        ("lon=116.7&lat=35.4&crs=wgs72", "/query/crs"),
        ("lon=116.7&lat=35.4&crs=epsg:9999", "/query/crs"),
        ("lon=1e9&lat=35.4&crs=epsg:4548", "/query/lon"),
        ("lon=116.7&lat=35.4&accuracy_m=-1", "/query/accuracy_m"),
        ("lon=116.7&lat=35.4&accuracy_m=1e9", "/query/accuracy_m"),
        ("lon=116.7&lat=35.4&as_of=yesterday", "/query/as_of"),
        ("lon=116.7&lat=35.4&as_of=2020-01-01", "/query/as_of"),
        ("lon=116.7&lat=35.4&token=1", "/query/token"),
        ("lon=116.7&lat=35.4&lon=116.8", "/query/lon"),
        ("lon=%FF%FE&lat=35.4", "/query/lon"),
        ("lon=%zz&lat=35.4", "/query/lon"),
        ("%ff=1", "/query"),
        ("lon=116.7%00&lat=35.4", "/query/lon"),
    ] {
        let answer = get(server.at, &format!("/api/v1/locate?{query}")).await;
        assert_eq!(answer.problem(400), pointer, "{query}");
    }
    let odd = get(server.at, "/api/v1/locate?lon=-0.0&lat=5e-324").await;
    assert_eq!((odd.status, &odd.json()["outcome"]), (200, &json!("outside")), "odd but legal numbers");
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_text_gives_every_reading_with_its_owner() {
    let server = Server::start().await;
    let (lon, lat) = middle(2, 2);
    let body = get(server.at, &format!("/api/v1/readings?text={lat}%EF%BC%8C{lon}")).await.json();
    let first = &body["readings"][0];
    assert_eq!((&first["swapped"], &first["owner"]["code"]), (&json!(true), &json!(micro_code(2, 2))), "{body}");
    assert_eq!(body["ask"], body["readings"].as_array().unwrap().len() > 1);
    let nothing = get(server.at, "/api/v1/readings?text=%E4%BD%A0%E5%A5%BD").await;
    assert_eq!(nothing.problem(400), "/query/text");
    assert_eq!(get(server.at, "/api/v1/readings").await.problem(400), "/query/text");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_a_place_and_its_owner_as_locate_answers_it() {
    let server = Server::start().await;
    let words = "%E7%A4%BA%E4%BE%8B%E5%B0%8F%E5%AD%A6"; // 示例小学
    let body = get(server.at, &format!("/api/v1/search?q={words}")).await.json();
    assert_eq!((&body["query"], &body["ambiguity"], &body["ask"]), (&json!("示例小学"), &json!("none"), &json!(null)));
    assert_eq!(body["marks"], json!([{"part": "name", "start": 0, "end": 4}]));
    let first = &body["candidates"][0];
    assert_eq!(
        (&first["place"], &first["match_level"], &first["address"], &first["score"]),
        (&json!("p1"), &json!("spot"), &json!("示例路1号"), &json!(1.0))
    );
    let located = get(server.at, "/api/v1/locate?lon=116.705&lat=35.424&accuracy_m=5").await.json();
    assert_eq!(first["owner"], located);
    let nothing = get(server.at, "/api/v1/search?q=%E4%BD%A0%E5%A5%BD").await.json();
    assert_eq!((&nothing["ambiguity"], &nothing["candidates"]), (&json!("unknown"), &json!([])));
    assert!(nothing["ask"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_cannot_be_read_says_why() {
    let server = Server::start().await;
    for (query, pointer) in [
        ("", "/query/q"),
        ("?q=a&limit=0", "/query/limit"),
        ("?q=a&limit=11", "/query/limit"),
        ("?q=a&limit=x", "/query/limit"),
        ("?q=a&near=b", "/query/near"),
    ] {
        assert_eq!(get(server.at, &format!("/api/v1/search{query}")).await.problem(400), pointer, "{query}");
    }
    let long = "a".repeat(401);
    assert_eq!(get(server.at, &format!("/api/v1/search?q={long}")).await.problem(400), "/query/q");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_district_says_what_a_page_needs() {
    let server = Server::start().await;
    let body = get(server.at, "/api/v1/district").await.json();
    assert_eq!(
        (&body["name"], &body["synthetic"], &body["mark"]),
        (&json!("示例区"), &json!(true), &json!("示例数据"))
    );
    let units: Vec<_> = body["levels"].as_array().unwrap().iter().map(|l| l["units"].as_u64().unwrap()).collect();
    assert_eq!(units, [2, 6, 24]);
    assert_eq!(body["issues"]["total"], ISSUES);
    assert_eq!(body["issues"]["categories"].as_array().unwrap().len(), 3);
    let bounds: Vec<_> = body["bounds"].as_array().unwrap().iter().map(|b| b.as_f64().unwrap()).collect();
    assert!((bounds[0] - 116.7).abs() < 0.001 && (bounds[3] - 35.428).abs() < 0.001, "{bounds:?}");
    assert_eq!(body["people"], json!({"officers": 24, "specialists": 2, "branches": 6}));
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_listed_whole_in_pages_and_by_parent() {
    let server = Server::start().await;
    let codes = async |query: &str| {
        let body = get(server.at, &format!("/api/v1/units{query}")).await.json();
        let units = body["units"].as_array().unwrap().clone();
        let codes: Vec<_> = units.iter().map(|unit| unit["code"].as_str().unwrap().to_owned()).collect();
        (body["matched"].as_u64().unwrap(), codes)
    };
    assert_eq!(codes("").await, (2, vec!["1".to_owned(), "2".to_owned()]));
    assert_eq!(codes("?parent=2").await.1, ["204", "205", "206"]);
    assert_eq!(codes("?level=cell&parent=1&limit=2&offset=4").await, (12, vec!["1021".to_owned(), "1022".to_owned()]));
    assert_eq!(codes("?level=cell").await.0, 24);
    assert_eq!(codes("?level=cell&offset=99999999999").await, (24, vec![]));
    for (query, pointer) in [
        ("?level=micro", "/query/level"),
        ("?parent=nobody", "/query/parent"),
        ("?limit=0", "/query/limit"),
        ("?limit=10001", "/query/limit"),
        ("?offset=-1", "/query/offset"),
        ("?f=json", "/query/f"),
    ] {
        assert_eq!(get(server.at, &format!("/api/v1/units{query}")).await.problem(400), pointer, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_has_attributes_geometry_neighbours_and_people() {
    let server = Server::start().await;
    let unit = get(server.at, "/api/v1/units/205").await.json();
    assert_eq!((&unit["name"], &unit["level"], &unit["parent"]), (&json!("第5网格"), &json!("block"), &json!("2")));
    assert_eq!((&unit["households"], &unit["population"], &unit["children"]), (&json!(240), &json!(720), &json!(4)));
    let area = unit["area_m2"].as_f64().unwrap();
    assert!((130_000.0..190_000.0).contains(&area), "four cells of about 181 m × 222 m: {area}");
    let neighbours = get(server.at, "/api/v1/units/205/neighbours").await.json();
    let mut codes: Vec<_> = neighbours["neighbours"].as_array().unwrap().iter().map(|n| n["code"].clone()).collect();
    codes.sort_by_key(|code| code.to_string());
    assert_eq!(codes, [json!("204"), json!("206")]);
    assert!(neighbours["outer_m"].as_f64().unwrap() > 200.0);
    let shared = neighbours["neighbours"][0]["shared_m"].as_f64().unwrap();
    assert!((800.0..1400.0).contains(&shared), "four crooked sides of 222 m: {shared}");
    let people = get(server.at, "/api/v1/units/2052/people").await.json();
    assert_eq!((&people["masked"], &people["officer"]["name"]), (&json!(true), &json!("张**")));
    for path in ["/api/v1/units/nobody", "/api/v1/units/nobody/geometry", "/api/v1/units/%2e%2e/people"] {
        assert_eq!(get(server.at, path).await.problem(404), "/path/code", "{path}");
    }
}

/// The shapes of a level, read back to the lattice, cover the same integer area as the level below.
#[tokio::test(flavor = "multi_thread")]
async fn geometry_is_exact_on_every_level() {
    let server = Server::start().await;
    let area = async |code: String| {
        let answer = get(server.at, &format!("/api/v1/units/{code}/geometry")).await;
        assert_eq!(answer.header("content-type"), "application/geo+json");
        let feature = answer.json();
        assert_eq!((&feature["type"], &feature["geometry"]["type"]), (&json!("Feature"), &json!("MultiPolygon")));
        let mut doubled = 0;
        for ring in feature["geometry"]["coordinates"].as_array().unwrap().iter().flat_map(|p| p.as_array().unwrap()) {
            let ring = ring.as_array().unwrap();
            assert_eq!(ring.first(), ring.last(), "a ring closes");
            let point = |p: &Value| {
                let steps = |v: &Value, origin: f64| (v.as_f64().unwrap() * 1e9 - origin).round() as i32;
                wangge::coverage::LatticePoint::new(steps(&p[0], 116.7e9), steps(&p[1], 35.42e9))
            };
            doubled += doubled_area(&ring[1..].iter().map(point).collect::<Vec<_>>());
        }
        assert!(doubled > 0, "{code}: outer rings run counter-clockwise");
        doubled
    };
    let mut cells = 0;
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            cells += area(micro_code(column, row)).await;
        }
    }
    assert_eq!(area("1".to_owned()).await + area("2".to_owned()).await, cells);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_reconcile_on_every_level() {
    let server = Server::start().await;
    let stats = async |query: &str| get(server.at, &format!("/api/v1/stats/issues?{query}")).await.json();
    let sum = |body: &Value| {
        let values = body["values"].as_array().unwrap().iter().map(|v| v["n"].as_u64().unwrap());
        values.sum::<u64>() + body["unplaced"].as_u64().unwrap()
    };
    for level in ["street", "block", "cell"] {
        let body = stats(&format!("level={level}")).await;
        assert_eq!((sum(&body), &body["level"]), (ISSUES as u64, &json!(level)));
    }
    assert_eq!(stats("level=cell").await["values"].as_array().unwrap().len(), 24, "units with nothing are listed too");
    let by_category = [
        "%E7%8E%AF%E5%A2%83%E5%8D%AB%E7%94%9F",
        "%E7%89%A9%E4%B8%9A%E7%AE%A1%E7%90%86",
        "%E5%99%AA%E5%A3%B0%E6%89%B0%E6%B0%91",
    ];
    let mut total = 0;
    for category in by_category {
        total += sum(&stats(&format!("category={category}")).await);
    }
    assert_eq!(total, ISSUES as u64);
    let (early, late) = (stats("to=2025-07-01").await, stats("from=2025-07-01").await);
    assert_eq!(sum(&early) + sum(&late), ISSUES as u64, "half-open periods meet without overlap");
    assert!(sum(&early) > 100 && sum(&late) > 100);
    assert_eq!(late["period"], json!({"from": "2025-07-01T00:00:00", "to": null}));
    let offset = stats("from=2025-06-30T16:00:00Z").await;
    assert_eq!(offset["period"]["from"], "2025-07-01T00:00:00", "16:00 UTC is midnight in the district");
    let per_1000 = get(server.at, "/api/v1/stats/per_1000?level=street").await.json();
    let first = &per_1000["values"][0];
    let expected = first["numerator"].as_f64().unwrap() * 1000.0 / first["denominator"].as_f64().unwrap();
    assert!((first["value"].as_f64().unwrap() - expected).abs() < 1e-3);
    for (query, pointer) in [
        ("level=nothing", "/query/level"),
        ("from=2025-13-01", "/query/from"),
        ("from=2025-02-01&to=2025-01-01", "/query/to"),
        ("category=other", "/query/category"),
    ] {
        let answer = get(server.at, &format!("/api/v1/stats/issues?{query}")).await;
        assert_eq!(answer.problem(400), pointer, "{query}");
    }
    assert_eq!(get(server.at, "/api/v1/stats/nothing").await.problem(404), "/path/measure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_has_every_bin_and_every_issue() {
    let server = Server::start().await;
    for (step, least) in [("day", 300), ("week", 48), ("month", 12)] {
        let body = get(server.at, &format!("/api/v1/stats/issues/timeline?step={step}")).await.json();
        let bins = body["values"].as_array().unwrap();
        assert!((least..=366).contains(&bins.len()), "{step}: {}", bins.len());
        assert_eq!(bins.iter().map(|bin| bin["n"].as_u64().unwrap()).sum::<u64>(), ISSUES as u64);
        assert!(bins.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{step}: bins touch");
    }
    let weeks = get(server.at, "/api/v1/stats/issues/timeline?from=2025-03-01&to=2025-04-01").await.json();
    assert_eq!(weeks["values"][0]["from"], "2025-02-24", "the Monday before 1 March 2025, a Saturday");
    assert_eq!(get(server.at, "/api/v1/stats/issues/timeline?step=year").await.problem(400), "/query/step");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_principles_are_reported_by_name() {
    let server = Server::start().await;
    let body = get(server.at, "/api/v1/checks").await.json();
    let names: Vec<_> = body["principles"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["全域覆盖", "无缝衔接", "规模适当", "规范完整"]);
    assert_eq!(body["principles"][0]["faults"], 0, "{body}");
    assert_eq!(body["principles"][1]["faults"], 0, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_cors_and_heads() {
    let server = Server::start().await;
    let target = "/api/v1/units?level=cell";
    let full = get(server.at, target).await;
    assert_eq!(full.header("access-control-allow-origin"), "*");
    assert_eq!(full.header("x-content-type-options"), "nosniff");
    let raw = say(server.at, format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await;
    assert!(
        String::from_utf8_lossy(&raw).contains("\r\nContent-Type: application/json\r\n"),
        "as clients expect it to be spelt"
    );
    let head = ask(server.at, "HEAD", target, &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), full.body.len().to_string());
    assert_eq!(head.header("etag"), full.header("etag"));
    let refused = ask(server.at, "POST", target, &[("content-length", "0")]).await;
    assert_eq!(refused.problem(405), "");
    assert_eq!(refused.header("allow"), "GET,HEAD");
    let preflight =
        ask(server.at, "OPTIONS", target, &[("origin", "http://x"), ("access-control-request-method", "GET")]).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "*"));
    assert_eq!(get(server.at, "/api/v1/nothing").await.problem(404), "");
    assert_eq!(ask(server.at, "DELETE", "/api/v1/nothing", &[]).await.problem(404), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchers_of_the_service_get_plain_answers() {
    let server = Server::start().await;
    assert_eq!(get(server.at, "/healthz").await.body, b"ok\n");
    let ready = get(server.at, "/readyz").await.json();
    assert_eq!((&ready["ready"], &ready["version"]), (&json!(true), &json!(3)));
    get(server.at, "/api/v1/locate?lon=1").await;
    let metrics = String::from_utf8(get(server.at, "/metrics").await.body).unwrap();
    assert!(metrics.contains("wangge_requests_total{route=\"/api/v1/locate\",status=\"400\"} 1\n"), "{metrics}");
    assert!(metrics.contains("wangge_snapshot_version 3\n"));
    let document = get(server.at, "/api/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
}
