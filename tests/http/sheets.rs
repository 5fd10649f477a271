//! Sheets over the wire: three formats of one page, masked, and everything that cannot be printed refused before work.

use crate::district::{Server, micro_code};
use crate::wire::{ask, get};

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_comes_in_three_formats_with_people_masked() {
    let server = Server::start().await;
    let code = micro_code(1, 1);
    for (target, kind) in [
        ("poster.svg?date=2026-01-02".to_owned(), "image/svg+xml"),
        (format!("notice.svg?unit={code}&date=2026-01-02"), "image/svg+xml"),
        (format!("notice.pdf?unit={code}&paper=A4&date=2026-01-02"), "application/pdf"),
        ("map.svg?bbox=116.7000,35.4200,116.7001,35.4201&date=2030-01-01".to_owned(), "image/svg+xml"),
        ("map.png?bbox=116.70,35.42,116.708,35.426&size=640x480&date=2026-01-02".to_owned(), "image/png"),
        (
            format!("map.svg?unit={code}&paper=a4&orientation=landscape&title=%3Cb%3E%26&date=2026-01-02"),
            "image/svg+xml",
        ),
    ] {
        let target = format!("/api/v1/sheets/{target}");
        let first = get(server.at, &target).await;
        assert_eq!((first.status, first.header("content-type")), (200, kind), "{target}");
        assert_eq!(first.header("cache-control"), "no-cache");
        assert!(first.header("content-disposition").starts_with("inline; filename=\""), "{target}");
        let begins: &[u8] = match kind {
            "image/png" => b"\x89PNG",
            "application/pdf" => b"%PDF-1.",
            _ => b"<?xml",
        };
        assert!(first.body.starts_with(begins), "{target}");
        let again = ask(server.at, "GET", &target, &[("if-none-match", first.header("etag"))]).await;
        assert_eq!(again.status, 304, "the same page has the same bytes: {target}");
        if kind == "image/png" {
            let side = |at: usize| u32::from_be_bytes(first.body[at..at + 4].try_into().unwrap());
            assert_eq!((side(16), side(20)), (640, 480));
        }
        if kind == "image/svg+xml" {
            let text = String::from_utf8(first.body).unwrap();
            assert!(!text.contains("张示例") && !text.contains("<b>"), "{target}");
        }
    }
    let notice = get(server.at, &format!("/api/v1/sheets/notice.svg?unit={code}")).await;
    let text = String::from_utf8(notice.body).unwrap();
    for words in ["张**", "128****", "12345", "第2网格党支部", "东至：", "本单元边界", &code] {
        assert!(text.contains(&format!("aria-label=\"{words}")), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_does_not_wait_for_posters() {
    let server = Server::start().await;
    let at = server.at;
    let poster =
        |nth: usize| async move { get(at, &format!("/api/v1/sheets/poster.png?dpi=100&title=p{nth}")).await.status };
    let mut posters = tokio::task::JoinSet::new();
    (0..16).for_each(|nth| drop(posters.spawn(poster(nth))));
    // Once somebody has been sent away the line of posters is full.
    let mut answers = vec![posters.join_next().await.unwrap().unwrap()];
    while !answers.contains(&503) {
        answers.push(posters.join_next().await.expect("sixteen are too many").unwrap());
    }
    let notice = format!("/api/v1/sheets/notice.svg?unit={}", micro_code(1, 1));
    assert_eq!(get(server.at, &notice).await.status, 200);
    while let Some(status) = posters.join_next().await {
        answers.push(status.unwrap());
    }
    assert!(answers.contains(&200) && answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_printed_is_refused_with_its_parameter() {
    let server = Server::start().await;
    let code = micro_code(1, 1);
    for (target, status, pointer) in [
        ("atlas.pdf", 404, "/path/file"),
        ("map.gif", 404, "/path/file"),
        ("map", 404, "/path/file"),
        ("map.png.exe", 404, "/path/file"),
        ("map.png?bbox=1,2,3", 400, "/query/bbox"),
        ("map.png?bbox=116.7,35.4,116.6,35.5", 400, "/query/bbox"),
        ("map.png?bbox=116.7,35.4,116.7,35.4", 400, "/query/bbox"),
        ("map.png?bbox=116.6200,35.4200,116.62009,35.4201", 400, "/query/bbox"),
        ("map.png?bbox=NaN,35.4,116.7,35.5", 400, "/query/bbox"),
        ("map.png?bbox=-inf,35.4,inf,35.5", 400, "/query/bbox"),
        ("map.png?bbox=116.6,-95,116.7,35.5", 400, "/query/bbox"),
        ("map.png?bbox=116.6,35.4,116.7,35.5&unit=CODE", 400, "/query/bbox"),
        ("map.png?unit=nobody", 400, "/query/unit"),
        ("map.png?unit=%3Cscript%3E", 400, "/query/unit"),
        ("map.png?size=199x300", 400, "/query/size"),
        ("map.png?size=99999x99999", 400, "/query/size"),
        ("map.png?size=4294967296x300", 400, "/query/size"),
        ("map.png?size=-1x300", 400, "/query/size"),
        ("map.png?size=300", 400, "/query/size"),
        ("map.png?size=2000x300", 400, "/query/size"),
        ("map.png?size=800x600&paper=A3", 400, "/query/size"),
        ("map.png?size=8192x8192&dpi=200", 400, "/query/dpi"),
        ("map.png?paper=A5", 400, "/query/paper"),
        ("map.png?paper=A0&dpi=300", 400, "/query/dpi"),
        ("map.png?dpi=0", 400, "/query/dpi"),
        ("map.png?dpi=1e9", 400, "/query/dpi"),
        ("map.png?dpi=NaN", 400, "/query/dpi"),
        ("map.png?orientation=upside-down", 400, "/query/orientation"),
        ("map.png?style=..%2Fdistrict", 400, "/query/style"),
        ("map.png?style=choropleth", 400, "/query/style"),
        ("map.png?style=heat", 400, "/query/style"),
        ("poster.svg?style=choropleth", 400, "/query/style"),
        ("notice.svg?unit=CODE&style=choropleth", 400, "/query/style"),
        ("map.png?title=", 400, "/query/title"),
        ("map.png?title=a%0Ab", 400, "/query/title"),
        ("map.png?date=yesterday", 400, "/query/date"),
        ("map.png?date=2025-02-30", 400, "/query/date"),
        // The version that is served holds from 2026-01-02.
        ("map.png?date=2026-01-01", 400, "/query/date"),
        ("poster.svg?date=2026-01-01", 400, "/query/date"),
        ("notice.svg?unit=CODE&date=2025-03-01", 400, "/query/date"),
        ("map.png?contacts=full", 400, "/query/contacts"),
        ("poster.pdf?paper=A4", 400, "/query/paper"),
        ("poster.pdf?unit=CODE", 400, "/query/unit"),
        ("notice.pdf", 400, "/query/unit"),
        ("notice.pdf?unit=CODE&unit=CODE", 400, "/query/unit"),
        ("notice.pdf?unit=CODE&bbox=116.6,35.4,116.7,35.5", 400, "/query/bbox"),
    ] {
        let target = target.replace("CODE", &code);
        let answer = get(server.at, &format!("/api/v1/sheets/{target}")).await;
        assert_eq!(answer.problem(status), pointer, "{target}");
    }
    let early = get(server.at, "/api/v1/sheets/map.svg?date=2026-01-01").await;
    let said = early.json()["detail"].as_str().unwrap().to_owned();
    for words in ["2026-01-01", "give 2026-01-02 or a later day", "as_of"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let long = "%E9%95%BF".repeat(61); // 长
    let answer = get(server.at, &format!("/api/v1/sheets/map.svg?title={long}")).await;
    assert_eq!(answer.problem(400), "/query/title");
    assert_eq!(ask(server.at, "POST", "/api/v1/sheets/map.svg", &[("content-length", "0")]).await.problem(405), "");
}
