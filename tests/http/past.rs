//! Days before today's boundaries: which version answers, and what is listed of them.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::json;
use wangge::grid::history::{Descent, History, Lineage, Version};
use wangge::grid::past::{Boundaries, before};
use wangge::http::{Limits, look};
use wangge::service::serving::{Capacity, Serving};
use wangge::store::{GeoPackage, Store};

use crate::district::{Server, contents, micro_code, middle};
use crate::wire::get;

/// The unit of which two cells of the first column were made.
const OLD: &str = "1019";

async fn with_a_past() -> (Server, tempfile::TempDir) {
    let mut contents = contents();
    let row = |new: String| Lineage { version: 3, kind: Descent::Split, old: OLD.to_owned(), new };
    let lineage = vec![row(micro_code(0, 0)), row(micro_code(0, 1))];
    let version = |number, effective, reason: &str| Version {
        document: format!("示例{number}号"),
        reason: reason.to_owned(),
        ..Version::dated(number, effective, contents.recorded)
    };
    let versions = vec![
        version(1, Date::constant(2023, 1, 1), "初版"),
        version(2, Date::constant(2024, 1, 1), "未变"),
        version(3, Date::constant(2025, 1, 1), "一分为二"),
    ];
    contents.history = History::new(versions, lineage.clone());
    let today = Boundaries { coverage: contents.coverage.clone(), hierarchy: contents.hierarchy.clone() };
    let past = before(&today, &lineage).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = GeoPackage::at(&folder.path().join("past.gpkg"));
    // Of the first version the boundaries are not known any more.
    store.replace(&contents, &[(2, past)]).unwrap();
    let serving = Serving::new(store.load().unwrap(), look(None).unwrap(), Capacity::default());
    (Server::of(serving.with_store(Arc::new(store)), Limits::default(), None).await, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_answered_by_the_boundaries_of_that_day() {
    let (server, _folder) = with_a_past().await;
    let (lon, lat) = middle(0, 1);
    let ask = async |as_of: &str| get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}{as_of}")).await;
    let owner = |body: &serde_json::Value| (body["owner"]["code"].clone(), body["version"].clone());
    let now = (json!(micro_code(0, 1)), json!(3));
    for as_of in ["", "&as_of=2025-01-01", "&as_of=2024-12-31T16:00:00Z", "&as_of=2030-05-05"] {
        assert_eq!(owner(&ask(as_of).await.json()), now, "{as_of}");
    }
    for as_of in ["&as_of=2024-01-01", "&as_of=2024-12-31", "&as_of=2024-12-31T15:59:59Z"] {
        let body = ask(as_of).await.json();
        assert_eq!(owner(&body), (json!(OLD), json!(2)), "{as_of}");
        assert_eq!(body["chain"][1]["code"], "101");
        assert_eq!(body["people"]["officer"], json!(null), "nobody is known of a unit that is no more");
        assert_eq!(body["people"]["specialists"].as_array().unwrap().len(), 1, "the street has its specialist still");
    }
    assert_eq!(ask("&as_of=2022-12-31").await.problem(400), "/query/as_of");
    assert_eq!(ask("&as_of=2023-06-01").await.status, 500, "the version is listed, but its boundaries are lost");
    assert_eq!(owner(&ask("").await.json()), now, "and that hurts nobody else");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_listed_with_what_became_of_units() {
    let (server, _folder) = with_a_past().await;
    let body = get(server.at, "/api/v1/versions").await.json();
    assert_eq!(body["current"], 3);
    let listed: Vec<_> = body["versions"].as_array().unwrap().iter().map(|v| v["version"].clone()).collect();
    assert_eq!(listed, [3, 2, 1]);
    let last = &body["versions"][0];
    assert_eq!(
        (&last["effective"], &last["document"], &last["reason"], &last["units_old"], &last["units_new"]),
        (&json!("2025-01-01"), &json!("示例3号"), &json!("一分为二"), &json!(1), &json!(2))
    );
    let one = get(server.at, "/api/v1/versions/3").await.json();
    assert_eq!(one["lineage"][1], json!({"kind": "split", "old": OLD, "new": micro_code(0, 1)}));
    assert_eq!(one["version"], 3);
    for missing in ["4", "0", "-1", "x", "18446744073709551616"] {
        assert_eq!(get(server.at, &format!("/api/v1/versions/{missing}")).await.status, 404, "{missing}");
    }
}
