//! Choropleths, legends and heat in frames over the wire: figures, map, legend and JSON say the same.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::district::{COLUMNS, ISSUES, ROWS, Server, middle};
use crate::wire::get;

/// Pixels of a PNG, RGB.
fn pixels(bytes: &[u8]) -> (u32, Vec<[u8; 4]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let width = reader.next_frame(&mut data).unwrap().width;
    (width, data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect())
}

/// The square of a zoom around a position, by the published formula.
fn square((lon, lat): (f64, f64), z: u32) -> (u32, u32) {
    let across = f64::from(1u32 << z);
    let y = 0.5 - (lat.to_radians().tan().asinh()) / (2.0 * std::f64::consts::PI);
    (((lon + 180.0) / 360.0 * across) as u32, (y * across) as u32)
}

fn hex(colour: &str) -> [f64; 3] {
    std::array::from_fn(|i| f64::from(u8::from_str_radix(&colour[1 + 2 * i..3 + 2 * i], 16).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unit_is_in_the_class_whose_bounds_hold_its_figure() {
    let server = Server::start().await;
    for (measure, method) in [("issues", "quantile"), ("issues", "jenks"), ("per_1000", "equal"), ("per_1000", "jenks")]
    {
        for wanted in 3..=7 {
            let target = format!("/api/v1/stats/{measure}/classes?level=cell&method={method}&classes={wanted}");
            let body = get(server.at, &target).await.json();
            let (breaks, classes) = (body["breaks"].as_array().unwrap(), body["classes"].as_array().unwrap());
            assert!(classes.len() <= wanted && breaks.len() == classes.len() + 1, "{target}");
            let values = body["values"].as_array().unwrap();
            assert_eq!(values.len(), COLUMNS * ROWS);
            let mut counts = vec![0; classes.len()];
            for value in values {
                let Some(class) = value["class"].as_u64() else {
                    assert_eq!((measure, &value["shown"]), ("per_1000", &json!("few")));
                    assert!((1..5).contains(&value["n"].as_u64().unwrap()));
                    continue;
                };
                let class = class as usize;
                counts[class] += 1;
                let (figure, from, to) = (value["value"].as_f64(), breaks[class].as_f64(), breaks[class + 1].as_f64());
                assert!(from <= figure && (figure < to || (class + 1 == classes.len() && figure <= to)), "{value}");
                assert_eq!((&value["colour"], value["shown"].as_str()), (&classes[class]["colour"], Some("class")));
            }
            let told: Vec<u64> = classes.iter().map(|class| class["units"].as_u64().unwrap()).collect();
            assert!(told == counts && !told.contains(&0), "{target}: {told:?}, found {counts:?}");
            let figures = get(server.at, &format!("/api/v1/stats/{measure}?level=cell")).await.json();
            for (a, b) in values.iter().zip(figures["values"].as_array().unwrap()) {
                assert_eq!((&a["code"], &a["value"], &a["n"]), (&b["code"], &b["value"], &b["n"]));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_cases_are_hatched_and_counts_never_are() {
    let server = Server::start().await;
    // A month has some sixteen issues on 24 cells.
    let month = "level=cell&from=2025-03-01&to=2025-04-01";
    let rates = get(server.at, &format!("/api/v1/stats/per_1000/classes?{month}")).await.json();
    let shown = |body: &Value, what: &str| {
        body["values"].as_array().unwrap().iter().filter(|value| value["shown"] == what).count() as u64
    };
    assert!(rates["few"]["units"].as_u64().unwrap() > 5);
    assert_eq!((rates["few"]["units"].as_u64(), &rates["few"]["below"]), (Some(shown(&rates, "few")), &json!(5)));
    for value in rates["values"].as_array().unwrap() {
        let n = value["n"].as_u64().unwrap();
        let expect =
            if (1..5).contains(&n) { (&json!("few"), &Value::Null) } else { (&json!("class"), &value["colour"]) };
        assert_eq!((&value["shown"], &value["colour"]), expect);
    }
    let counts = get(server.at, &format!("/api/v1/stats/issues/classes?{month}")).await.json();
    assert_eq!(shown(&counts, "class"), 24);
    assert_eq!((&rates["few"]["pattern"], &rates["few"]["colour"]), (&json!("hatching"), &json!("#687382")));
    // A pixel of a line has three quarters of the ink, on white in the legend and on the land in the tile.
    let lined = |ground: [f64; 3]| -> [f64; 3] {
        let ink = hex(rates["few"]["colour"].as_str().unwrap());
        std::array::from_fn(|i| (189.0 * ink[i] + 66.0 * ground[i]) / 255.0)
    };
    let count = |seen: &[[u8; 4]], colour: [f64; 3]| {
        let is = |p: &&[u8; 4]| colour.iter().zip(**p).all(|(c, got)| (c - f64::from(got)).abs() <= 1.5);
        seen.iter().filter(is).count()
    };
    let land = [0xfd, 0xfc, 0xf9].map(f64::from);
    let mut hatched = 0;
    for (column, row) in (0..COLUMNS).flat_map(|column| (0..ROWS).map(move |row| (column, row))) {
        let code = crate::district::micro_code(column, row);
        let value = rates["values"].as_array().unwrap().iter().find(|value| value["code"] == code.as_str()).unwrap();
        // Beside the river.
        let (x, y) = square(middle(column, row), 19);
        let target = format!("/tiles/choropleth/19/{x}/{y}.png?measure=per_1000&{month}");
        let (_, seen) = pixels(&get(server.at, &target).await.body);
        let (lines, paper) = (count(&seen, lined(land)), count(&seen, land));
        if value["shown"] == "few" {
            assert!(
                lines > seen.len() / 8 && paper > seen.len() / 4,
                "{target}: {lines} and {paper} of {}",
                seen.len()
            );
            hatched += 1;
        } else {
            assert!(lines < seen.len() / 20, "{target}: {lines}");
        }
    }
    assert_eq!(rates["few"]["units"].as_u64(), Some(hatched));
    for (measure, least) in [("per_1000", 24 * 14 / 5), ("issues", 0)] {
        let target = format!("/api/v1/legends/choropleth.png?measure={measure}&{month}");
        let lines = count(&pixels(&get(server.at, &target).await.body).1, lined([255.0; 3]));
        assert!(if least > 0 { lines >= least } else { lines < 24 }, "{target}: {lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_has_the_colours_that_the_classes_tell() {
    let server = Server::start().await;
    let asked = "level=cell&classes=5&method=quantile";
    let told = get(server.at, &format!("/api/v1/stats/issues/classes?{asked}")).await.json();
    let of: HashMap<&str, &str> = told["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| (value["code"].as_str().unwrap(), value["colour"].as_str().unwrap()))
        .collect();
    let mut seen = std::collections::HashSet::new();
    for (column, row) in (0..COLUMNS).flat_map(|column| (0..ROWS).map(move |row| (column, row))) {
        // Beside the river.
        let (x, y) = square(middle(column, row), 19);
        let target = format!("/tiles/choropleth/19/{x}/{y}.png?measure=issues&{asked}");
        let answer = get(server.at, &target).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"), "{target}");
        let mut counts: HashMap<[u8; 4], u32> = HashMap::new();
        pixels(&answer.body).1.into_iter().for_each(|p| *counts.entry(p).or_default() += 1);
        let (most, _) = counts.into_iter().max_by_key(|(_, n)| *n).unwrap();
        let colour = of[crate::district::micro_code(column, row).as_str()];
        // 88 % over the land.
        let land = [0xfd, 0xfc, 0xf9].map(f64::from);
        let expect = hex(colour).iter().zip(land).map(|(c, land)| 0.88 * c + 0.12 * land).collect::<Vec<_>>();
        assert!(
            expect.iter().zip(most).all(|(e, got)| (e - f64::from(got)).abs() <= 1.5),
            "{target}: {most:?} {colour}"
        );
        seen.insert(colour);
    }
    assert!(seen.len() >= 4, "{seen:?}");
    let (x, y) = square(middle(2, 1), 15);
    let large = get(server.at, &format!("/tiles/choropleth/15/{x}/{y}@2x.png?measure=issues&level=street")).await;
    assert_eq!(pixels(&large.body).0, 512);
}

#[tokio::test(flavor = "multi_thread")]
async fn legends_say_what_is_drawn_in_the_tiles_own_parameters() {
    let server = Server::start().await;
    let asked = "level=block&method=equal&classes=4&from=2025-02-01";
    let mut whole = get(server.at, &format!("/api/v1/stats/per_1000/classes?{asked}")).await.json();
    let legend = get(server.at, &format!("/api/v1/legends/choropleth.json?measure=per_1000&{asked}")).await.json();
    whole.as_object_mut().unwrap().remove("values");
    assert_eq!(legend, whole);
    let picture = get(server.at, &format!("/api/v1/legends/choropleth.png?measure=per_1000&{asked}")).await;
    assert_eq!(picture.header("content-type"), "image/png");
    let (_, seen) = pixels(&picture.body);
    for class in legend["classes"].as_array().unwrap() {
        let [r, g, b] = hex(class["colour"].as_str().unwrap()).map(|c| c as u8);
        assert_eq!(seen.iter().filter(|p| **p == [r, g, b, 255]).count(), 24 * 14, "{class}");
    }
    let heat = get(server.at, "/api/v1/legends/heat.json?bandwidth_m=200").await.json();
    let placed = ISSUES - ISSUES / 10;
    assert_eq!((&heat["n"], &heat["bandwidth_m"]), (&json!(placed), &json!(200)));
    let stops = heat["stops"].as_array().unwrap();
    assert_eq!(
        (&stops[0]["opacity"], &stops[stops.len() - 1]["density_per_km2"]),
        (&json!(0.0), &heat["peak_per_km2"])
    );
    let (small, _) = pixels(&get(server.at, "/api/v1/legends/heat.png?bandwidth_m=200").await.body);
    let (large, _) = pixels(&get(server.at, "/api/v1/legends/heat.png?bandwidth_m=200&scale=2").await.body);
    assert_eq!(large, 2 * small);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_follow_each_other_and_a_colour_means_the_same_in_all() {
    let server = Server::start().await;
    let series = get(server.at, "/api/v1/stats/issues/frames?step=month&bandwidth_m=300").await.json();
    let frames = series["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 12);
    assert!(frames.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]));
    assert_eq!(frames.iter().map(|frame| frame["n"].as_u64().unwrap()).sum::<u64>(), ISSUES as u64);
    let top = series["peak_per_km2"].as_f64().unwrap();
    let highest = frames.iter().map(|frame| frame["peak_per_km2"].as_f64().unwrap()).fold(0.0, f64::max);
    assert!(highest <= top && top <= highest * 1.1, "{highest} {top}");
    // Its square of zoom 12 holds the whole district.
    let (x, y) = square(middle(3, 2), 12);
    let mut pictures = Vec::new();
    for frame in frames {
        let tiles = frame["tiles"].as_str().unwrap();
        assert!(tiles.ends_with(&format!("&peak={top}")), "{tiles}");
        let target = tiles.replace("{z}", "12").replace("{x}", &x.to_string()).replace("{y}", &y.to_string());
        let answer = get(server.at, &target).await;
        assert_eq!(answer.status, 200, "{target}");
        pictures.push(pixels(&answer.body).1.iter().map(|p| u64::from(p[3])).max().unwrap());
    }
    let peak = |i: usize| frames[i]["peak_per_km2"].as_f64().unwrap();
    for (i, j) in (0..12).flat_map(|i| (0..12).map(move |j| (i, j))).filter(|(i, j)| peak(*i) > 1.15 * peak(*j)) {
        assert!(pictures[i] > pictures[j], "{i} is denser than {j}, and drawn so: {pictures:?}");
    }
    assert!(pictures.iter().max().unwrap() - pictures.iter().min().unwrap() > 5, "they differ: {pictures:?}");
    let legend = get(server.at, series["legend"].as_str().unwrap()).await;
    assert_eq!((legend.status, legend.header("content-type")), (200, "image/png"));
    // A part of a step is a part of the period asked for.
    let part = get(server.at, "/api/v1/stats/issues/frames?step=month&from=2025-03-10&to=2025-04-02").await.json();
    assert_eq!(part["frames"][0]["from"], "2025-03-10T00:00:00");
    assert_eq!(part["frames"][1]["to"], "2025-04-02T00:00:00");
    // However low the top is asked to be, a handful of issues does not look like many.
    let low = get(server.at, "/api/v1/legends/heat.json?peak=0.001&bandwidth_m=100").await.json();
    assert!(low["peak_per_km2"].as_f64().unwrap() > 50.0, "{}", low["peak_per_km2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_classed_or_drawn_points_to_its_parameter() {
    let server = Server::start().await;
    let (classes, legend) = ("/api/v1/stats/issues/classes", "/api/v1/legends/choropleth.json");
    let (frames, heat, tile) =
        ("/api/v1/stats/issues/frames", "/api/v1/legends/heat.png", "/tiles/choropleth/14/13503/6466.png");
    for (target, pointer) in [
        (format!("{classes}?classes=2"), "classes"),
        (format!("{classes}?classes=8"), "classes"),
        (format!("{classes}?classes=256"), "classes"),
        (format!("{classes}?classes=-1"), "classes"),
        (format!("{classes}?classes=five"), "classes"),
        (format!("{classes}?method=pretty"), "method"),
        (format!("{classes}?method="), "method"),
        (format!("{classes}?shades=RdYlGn"), "shades"),
        (format!("{classes}?level=country"), "level"),
        (format!("{classes}?from=2025-02-01&to=2025-02-01"), "to"),
        (format!("{classes}?category=%E6%97%A0"), "category"),
        (format!("{classes}?measure=issues"), "measure"),
        (format!("{classes}?scale=2"), "scale"),
        (legend.to_owned(), "measure"),
        (format!("{legend}?measure=happiness"), "measure"),
        (format!("{legend}?measure=issues&scale=3"), "scale"),
        (format!("{heat}?measure=issues"), "measure"),
        (format!("{heat}?peak=0"), "peak"),
        (format!("{heat}?peak=1e7"), "peak"),
        (format!("{heat}?peak=NaN"), "peak"),
        (format!("{heat}?bandwidth_m=19"), "bandwidth_m"),
        (format!("{frames}?bandwidth_m=99"), "bandwidth_m"),
        (format!("{frames}?step=day"), "step"),
        (format!("{frames}?step=hour"), "step"),
        (format!("{frames}?peak=3"), "peak"),
        (tile.to_owned(), "measure"),
        (format!("{tile}?measure=issues&bandwidth_m=100"), "bandwidth_m"),
        (format!("{tile}?measure=issues&classes=9"), "classes"),
        ("/tiles/heat/14/13503/6466.png?peak=-1".to_owned(), "peak"),
        ("/tiles/district/14/13503/6466.png?measure=issues".to_owned(), "measure"),
    ] {
        assert_eq!(get(server.at, &target).await.problem(400), format!("/query/{pointer}"), "{target}");
    }
    for (target, pointer) in [
        ("/api/v1/stats/happiness/classes", "/path/measure"),
        ("/api/v1/legends/choropleth.svg", "/path/name"),
        ("/api/v1/legends/choropleth", "/path/name"),
        ("/api/v1/legends/district.png", "/path/name"),
    ] {
        assert_eq!(get(server.at, target).await.problem(404), pointer, "{target}");
    }
    assert_eq!(server.serving.state().tiles.counts().misses, 0, "refused before any work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_without_issues_has_bare_rates_of_nothing_and_one_class_of_noughts() {
    let server = Server::start().await;
    let empty = "level=cell&from=1999-01-01&to=1999-02-01";
    let body = get(server.at, &format!("/api/v1/stats/issues/classes?{empty}")).await.json();
    assert_eq!((&body["breaks"], &body["classes"][0]["units"]), (&json!([0.0, 0.0]), &json!(24)));
    let picture = get(server.at, &format!("/api/v1/legends/choropleth.png?measure=issues&{empty}")).await;
    assert_eq!(picture.status, 200);
    assert_eq!(get(server.at, "/api/v1/stats/issues/frames?from=1999-01-01&to=1999-02-01").await.status, 200);
}
