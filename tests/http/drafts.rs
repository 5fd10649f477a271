//! Boundaries edited over the wire: drafts, review with four eyes and scopes, publication with its event, conflicts, restarts, reverts.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};
use wangge::grid::history::History;
use wangge::http::{Limits, look};
use wangge::service::actors::DEMO_TOKENS;
use wangge::service::serving::{Capacity, Serving};
use wangge::snapshot::Contents;
use wangge::store::{GeoPackage, Store};

use crate::district::{Server, contents, micro_code, middle};
use crate::wire::{Answer, Listener, act, get};

const DISTRICT: &str = DEMO_TOKENS[0];
const REVIEWER: &str = DEMO_TOKENS[1];
const STREET: &str = DEMO_TOKENS[2];

async fn served(folder: &Path) -> Server {
    let store = GeoPackage::at(&folder.join("drafts.gpkg"));
    if store.version().unwrap().is_none() {
        store.replace(&contents(), &[]).unwrap();
    }
    let serving = Serving::new(store.load().unwrap(), look(None).unwrap(), Capacity::default());
    Server::of(serving.with_store(Arc::new(store)), Limits::default(), None).await
}

/// Calls of one actor.
struct Desk<'a> {
    server: &'a Server,
    token: &'static str,
}

impl Desk<'_> {
    async fn post(&self, target: &str, body: Value) -> Answer {
        act(self.server.at, self.token, "POST", &format!("/api/v1{target}"), Some(body)).await
    }

    async fn get(&self, target: &str) -> Answer {
        act(self.server.at, self.token, "GET", &format!("/api/v1{target}"), None).await
    }

    async fn delete(&self, target: &str) -> Answer {
        act(self.server.at, self.token, "DELETE", &format!("/api/v1{target}"), None).await
    }

    async fn open(&self, title: &str) -> u64 {
        let answer = self.post("/drafts", json!({ "title": title })).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let body = answer.json();
        assert_eq!(answer.header("location"), format!("/api/v1/drafts/{}", body["id"]));
        assert_eq!((&body["state"], &body["behind"]), (&json!("draft"), &json!(false)));
        body["id"].as_u64().unwrap()
    }

    async fn ops(&self, draft: u64, ops: Value) -> Answer {
        self.post(&format!("/drafts/{draft}/ops"), json!({ "ops": ops })).await
    }
}

fn desk<'a>(server: &'a Server, token: &'static str) -> Desk<'a> {
    Desk { server, token }
}

/// A cut of a cell from west to east through its middle: the northern half is on the left.
fn halved(column: usize, row: usize, code: &str) -> Value {
    let (lon, lat) = middle(column, row);
    json!({"op": "split", "unit": micro_code(column, row), "line": [[lon - 0.001, lat], [lon + 0.001, lat]],
           "tolerance_m": 60, "keep": "right", "code": code, "name": "新微网格"})
}

#[track_caller]
fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn owner(server: &Server, column: usize, row: usize, north: bool, as_of: &str) -> Value {
    let (lon, lat) = middle(column, row);
    let lat = if north { lat + 0.0004 } else { lat - 0.0004 };
    get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}{as_of}")).await.json()["owner"]["code"].clone()
}

async fn approved_and_published(server: &Server, draft: u64) -> Answer {
    let author = desk(server, DISTRICT);
    ok(&author
        .post(&format!("/drafts/{draft}/submit"), json!({"reason": "细分", "document": "示例〔2026〕1号"}))
        .await);
    ok(&desk(server, REVIEWER).post(&format!("/drafts/{draft}/approve"), json!({})).await);
    author.post(&format!("/drafts/{draft}/publish"), json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_split_reviewed_by_another_published_and_everybody_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let mut wall = Listener::start(server.at, None).await;
    let (author, reviewer) = (desk(&server, DISTRICT), desk(&server, REVIEWER));
    let draft = author.open("一分为二").await;
    let stepped = ok(&author.ops(draft, json!([halved(1, 1, "1029")])).await);
    assert_eq!((&stepped["seq"], &stepped["draft"]["ops"][0]["verbs"]), (&json!(2), &json!(["split"])));
    let units: Vec<_> = stepped["units"].as_array().unwrap().iter().map(|u| u.as_str().unwrap()).collect();
    assert!(units.contains(&"1022") && units.contains(&"1029"), "{units:?}");
    assert_eq!(owner(&server, 1, 1, true, "").await, "1022", "a draft is not in force");
    // Review: handed in, it is closed; who had a hand in it has no say.
    let submit = json!({"reason": "户数过多", "document": "示例〔2026〕1号", "effective": "2026-02-01"});
    assert_eq!(ok(&author.post(&format!("/drafts/{draft}/submit"), submit).await)["state"], "submitted");
    assert_eq!(author.ops(draft, json!([halved(2, 2, "1039")])).await.status, 409);
    author.post(&format!("/drafts/{draft}/approve"), json!({})).await.problem(403);
    assert_eq!(author.post(&format!("/drafts/{draft}/publish"), json!({})).await.status, 409, "nobody has agreed");
    let returned = reviewer.post(&format!("/drafts/{draft}/return"), json!({"reason": "请再核实"})).await;
    let returned = ok(&returned);
    assert_eq!((&returned["state"], &returned["returned"]), (&json!("draft"), &json!("请再核实")));
    let submit = json!({"reason": "户数过多", "document": "示例〔2026〕1号", "effective": "2026-02-01"});
    ok(&author.post(&format!("/drafts/{draft}/submit"), submit).await);
    let agreed = ok(&reviewer.post(&format!("/drafts/{draft}/approve"), json!({"note": "同意"})).await);
    assert_eq!((&agreed["state"], &agreed["approvals"][0]["note"]), (&json!("approved"), &json!("同意")));
    let published = ok(&author.post(&format!("/drafts/{draft}/publish"), json!({})).await);
    assert_eq!((&published["state"], &published["version"]), (&json!("published"), &json!(4)));
    // It is in force, the day before is as it was, and the wall knows which tiles to fetch.
    let (id, kind, told) = wall.next().await;
    assert_eq!((kind.as_str(), &told["version"], &told["reason"]), ("published", &json!(4), &json!("户数过多")));
    let tiles: Vec<_> = told["tiles"]["units"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
    assert!(tiles.iter().any(|tile| tile.starts_with("16/")) && tiles.len() < 120, "{tiles:?}");
    assert_eq!(owner(&server, 1, 1, true, "").await, "1029");
    assert_eq!(owner(&server, 1, 1, false, "").await, "1022");
    assert_eq!(owner(&server, 1, 1, true, "&as_of=2026-01-31").await, "1022");
    let version = get(server.at, "/api/v1/versions/4").await.json();
    assert_eq!((&version["document"], &version["effective"]), (&json!("示例〔2026〕1号"), &json!("2026-02-01")));
    assert_eq!((&version["by"], &version["draft"]), (&json!("区网格中心（示例）"), &json!(draft)));
    assert_eq!(version["sha256"].as_str().unwrap().len(), 64);
    let lineage =
        json!([{"kind": "split", "old": "1022", "new": "1022"}, {"kind": "split", "old": "1022", "new": "1029"}]);
    assert_eq!(version["lineage"], lineage);
    // Who was away hears what he missed; who was away since another run, that he has to fetch anew.
    let second = author.open("再分").await;
    ok(&author.ops(second, json!([halved(4, 2, "2059")])).await);
    ok(&approved_and_published(&server, second).await);
    let mut back = Listener::start(server.at, Some(&id)).await;
    assert_eq!(back.next().await.2["version"], 5);
    let mut lost = Listener::start(server.at, Some("another-1")).await;
    let (_, kind, told) = lost.next().await;
    assert_eq!((kind.as_str(), told), ("reset", json!({"version": 5})));
    // And all of it is durable.
    server.stop().await;
    let again = served(folder.path()).await;
    assert_eq!(owner(&again, 1, 1, true, "").await, "1029");
    assert_eq!(owner(&again, 4, 2, true, "&as_of=2026-01-31").await, "2053");
    assert_eq!(ok(&desk(&again, STREET).get(&format!("/drafts/{draft}")).await)["version"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_known_or_has_no_say_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let unknown = get(server.at, "/api/v1/drafts").await;
    unknown.problem(401);
    assert_eq!(unknown.header("www-authenticate"), "Bearer");
    act(server.at, "no-such-token-at-all", "POST", "/api/v1/drafts", Some(json!({"title": "x"}))).await.problem(401);
    // The street draws in its own part, and where it is one of two sides; not elsewhere.
    let street = desk(&server, STREET);
    let draft = street.open("街道方案").await;
    street.ops(draft, json!([halved(4, 1, "2058")])).await.problem(403);
    assert_eq!(ok(&street.get(&format!("/drafts/{draft}")).await)["ops"], json!([]), "it was taken back whole");
    ok(&street.ops(draft, json!([halved(0, 1, "1019")])).await);
    // Its word is one side's: a line to the other street needs the district's.
    let border = ok(&street.ops(draft, json!([{"op": "merge", "keep": "1033", "gone": "2043"}])).await);
    assert_eq!(border["seq"], 3);
    ok(&street.post(&format!("/drafts/{draft}/submit"), json!({"reason": "并入"})).await);
    street.post(&format!("/drafts/{draft}/approve"), json!({})).await.problem(403);
    let agreed = ok(&desk(&server, REVIEWER).post(&format!("/drafts/{draft}/approve"), json!({})).await);
    assert_eq!(agreed["state"], "approved");
    desk(&server, REVIEWER).delete(&format!("/drafts/{draft}")).await;
    assert_eq!(ok(&street.get(&format!("/drafts/{draft}")).await)["state"], "discarded");
    assert_eq!(street.ops(draft, json!([halved(0, 2, "1018")])).await.status, 409);
    // A district's draft that only concerns the street is the street's to agree to.
    let author = desk(&server, DISTRICT);
    let second = author.open("区方案").await;
    ok(&author.ops(second, json!([halved(0, 1, "1017")])).await);
    ok(&author.post(&format!("/drafts/{second}/submit"), json!({"reason": "细分"})).await);
    assert_eq!(ok(&street.post(&format!("/drafts/{second}/approve"), json!({})).await)["state"], "approved");
    // One that concerns both needs more than its word.
    let third = author.open("两边").await;
    ok(&author.ops(third, json!([halved(0, 2, "1016"), halved(5, 2, "2069")])).await);
    ok(&author.post(&format!("/drafts/{third}/submit"), json!({"reason": "细分"})).await);
    assert_eq!(ok(&street.post(&format!("/drafts/{third}/approve"), json!({})).await)["state"], "submitted");
    assert_eq!(
        ok(&desk(&server, REVIEWER).post(&format!("/drafts/{third}/approve"), json!({})).await)["state"],
        "approved"
    );
    let asked = [("access-control-request-headers", "authorization")];
    let foreign = crate::wire::ask(server.at, "OPTIONS", "/api/v1/drafts", &asked).await;
    assert!(!foreign.header("access-control-allow-methods").contains("POST"), "no page of others may edit");
    assert!(!foreign.header("access-control-allow-headers").contains("authorization"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ops_are_made_together_or_not_at_all_and_any_step_can_be_undone_even_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let draft = author.open("多步").await;
    let refused =
        author.ops(draft, json!([halved(1, 1, "1029"), {"op": "merge", "keep": "1011", "gone": "1033"}])).await;
    assert_eq!(refused.problem(409), "/ops/1");
    let conflict = &refused.json()["conflicts"][0];
    assert_eq!((&conflict["rule"], &conflict["step"]), (&json!("not-neighbours"), &json!(1)));
    assert_eq!(conflict["bounds"].as_array().unwrap().len(), 4);
    assert_eq!(ok(&author.get(&format!("/drafts/{draft}")).await)["ops"], json!([]));
    // Three steps, the second built on by none, the first by the third.
    ok(&author.ops(draft, json!([halved(1, 1, "1029")])).await);
    ok(&author.ops(draft, json!([{"op": "describe", "unit": "1011", "name": "改名", "households": 70}])).await);
    ok(&author.ops(draft, json!([{"op": "describe", "unit": "1029", "name": "后来的"}])).await);
    let stuck = author.delete(&format!("/drafts/{draft}/ops/2")).await;
    stuck.problem(409);
    assert_eq!(stuck.json()["conflicts"][0]["rule"], "unit-gone");
    server.stop().await;
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let body = ok(&author.delete(&format!("/drafts/{draft}/ops/3")).await);
    let undone: Vec<_> = body["ops"].as_array().unwrap().iter().map(|op| op["undone"].as_bool().unwrap()).collect();
    assert_eq!(undone, [false, true, false]);
    author.delete(&format!("/drafts/{draft}/ops/3")).await.problem(404);
    ok(&author.delete(&format!("/drafts/{draft}/ops/4")).await);
    ok(&author.delete(&format!("/drafts/{draft}/ops/2")).await);
    author.post(&format!("/drafts/{draft}/submit"), json!({"reason": "空"})).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_apart_are_both_published_and_drafts_of_one_line_meet_in_one_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    // Two neighbours are cut by two drafts, made at the same time.
    let (mine, theirs) = (author.open("我的").await, author.open("他们的").await);
    ok(&author.ops(mine, json!([halved(1, 1, "1029")])).await);
    ok(&author.ops(theirs, json!([halved(2, 1, "1039")])).await);
    assert_eq!(author.ops(theirs, json!([halved(1, 2, "1029")])).await.problem(400), "/ops/0");
    ok(&approved_and_published(&server, theirs).await);
    let published = ok(&approved_and_published(&server, mine).await);
    assert_eq!(published["version"], 5, "the other's change was none of its business");
    assert_eq!(owner(&server, 2, 1, true, "").await, "1039");
    assert_eq!(owner(&server, 1, 1, true, "").await, "1029");
    // A line between two units, drawn otherwise by two drafts in one place.
    let geometry = get(server.at, "/api/v1/units/2041/geometry").await.json();
    let ring: Vec<[f64; 2]> = serde_json::from_value(geometry["geometry"]["coordinates"][0][0].clone()).unwrap();
    let at = ring.windows(3).find(|w| w.iter().all(|p| p[0] > 116.7002 && p[1] > 35.4202)).unwrap().to_vec();
    let moved = |by: f64| json!([{"op": "reshape", "old": at, "new": [at[0], [at[1][0] + by, at[1][1] + by], at[2]]}]);
    let (one, other) = (author.open("一").await, author.open("二").await);
    ok(&author.ops(one, moved(0.00002)).await);
    ok(&author.ops(other, moved(0.00004)).await);
    ok(&approved_and_published(&server, one).await);
    ok(&author.post(&format!("/drafts/{other}/submit"), json!({"reason": "二"})).await);
    ok(&desk(&server, REVIEWER).post(&format!("/drafts/{other}/approve"), json!({})).await);
    let refused = author.post(&format!("/drafts/{other}/publish"), json!({})).await;
    refused.problem(409);
    let body = refused.json();
    let conflicts = body["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{body}");
    let bounds: [f64; 4] = serde_json::from_value(conflicts[0]["bounds"].clone()).unwrap();
    assert!((bounds[2] - bounds[0]) * 91_000.0 < 20.0 && (bounds[3] - bounds[1]) * 111_000.0 < 20.0, "{bounds:?}");
    assert_eq!(conflicts[0]["mine"][1], json!([at[1][0] + 0.00004, at[1][1] + 0.00004]));
    assert_eq!(get(server.at, "/readyz").await.json()["version"], 6, "nothing was published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_is_reverted_by_a_new_draft() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let draft = author.open("一分为二").await;
    ok(&author.ops(draft, json!([halved(1, 1, "1029")])).await);
    ok(&approved_and_published(&server, draft).await);
    let other = author.open("另一处").await;
    ok(&author.ops(other, json!([halved(4, 1, "2059")])).await);
    ok(&approved_and_published(&server, other).await);
    assert_eq!(author.post("/versions/3/revert", json!({"title": "撤销"})).await.status, 409, "it was imported");
    let reverting = author.post("/versions/4/revert", json!({"title": "撤销细分"})).await;
    assert_eq!(reverting.status, 201, "{}", reverting.json());
    let id = reverting.json()["id"].as_u64().unwrap();
    ok(&approved_and_published(&server, id).await);
    assert_eq!(owner(&server, 1, 1, true, "").await, "1022");
    assert_eq!(owner(&server, 4, 1, true, "").await, "2059", "the later version stays");
    assert_eq!(get(server.at, "/api/v1/units/1022").await.json()["households"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let draft = author.open("差错").await;
    for (ops, status) in [
        (json!([]), 400),
        (json!([{"op": "cut"}]), 400),
        (json!([{"op": "merge", "keep": "1011"}]), 400),
        (json!([{"op": "merge", "keep": "1011", "gone": "1012", "also": 1}]), 400),
        (json!([{"op": "merge", "keep": "1011", "gone": "9999"}]), 400),
        (json!([{"op": "merge", "keep": "101", "gone": "102"}]), 400),
        (json!([{"op": "move", "from": [200, 0], "to": [0, 0]}]), 400),
        (json!([{"op": "move", "from": [0, 0], "to": [0, 0]}]), 400),
        (json!([{"op": "move", "from": [116.7, 35.4], "to": [116.7, 35.4]}]), 409),
        (json!([{"op": "split", "unit": "1011", "line": [[116.7, 35.4]], "code": "1"}]), 400),
        (json!([{"op": "split", "unit": "1011", "line": [[116.7, 35.4], [116.8, 35.4]]}]), 400),
        (json!([{"op": "reparent", "unit": "1011", "parent": "1"}]), 400),
        (json!([{"op": "exclude", "unit": "1\u{7}"}]), 400),
        (json!([{"op": "include", "at": [116.701, 35.421], "parent": "101", "name": "x"}]), 400),
    ] {
        author.ops(draft, ops.clone()).await.problem(status);
    }
    let many = json!(vec![json!({"op": "exclude", "unit": "1011"}); 1001]);
    author.ops(draft, many).await.problem(400);
    let long = json!({"title": "长".repeat(600)});
    assert_eq!(author.post("/drafts", long).await.problem(400), "/title");
    let large = json!({"title": "x".repeat(2 << 20)});
    author.post("/drafts", large).await.problem(413);
    author.get("/drafts/x").await.problem(404);
    author.get("/drafts/99").await.problem(404);
    let early = json!({"reason": "r", "effective": "2025-01-01"});
    ok(&author.ops(draft, json!([{"op": "describe", "unit": "1011", "name": "新名"}])).await);
    author.post(&format!("/drafts/{draft}/submit"), early).await.problem(409);
    author.post(&format!("/drafts/{draft}/submit"), json!({"reason": "r", "effective": "soon"})).await.problem(400);
    let late = json!({"reason": "r", "effective": "2999-01-01"});
    ok(&author.post(&format!("/drafts/{draft}/submit"), late).await);
    ok(&desk(&server, REVIEWER).post(&format!("/drafts/{draft}/approve"), json!({})).await);
    author.post(&format!("/drafts/{draft}/publish"), json!({})).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_would_change_and_for_whom_is_told_before_it_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let draft = author.open("影响").await;
    ok(&author.ops(draft, json!([halved(1, 1, "1029")])).await);
    let told = ok(&author.get(&format!("/drafts/{draft}/diff")).await);
    assert_eq!((&told["from"], &told["to"]), (&json!(3), &json!(null)));
    let changes: Vec<_> = told["units"].as_array().unwrap().iter().map(|unit| unit["change"].clone()).collect();
    assert_eq!(changes, ["changed", "begun"]);
    assert!(told["words"][1]["zh"].as_str().unwrap().starts_with("新设 1029 新微网格"), "{}", told["words"]);
    let features = told["lines"]["features"].as_array().unwrap();
    let added: Vec<_> = features.iter().filter(|f| f["properties"]["change"] == "added").collect();
    let cut = added.iter().find(|f| f["properties"]["left"] == "1029" || f["properties"]["right"] == "1029").unwrap();
    let sides = [&cut["properties"]["left"], &cut["properties"]["right"]];
    assert!(sides.contains(&&json!("1022")), "{cut}");
    // Whom it concerns: calls that would be the new unit's, the officer of the one that is cut, households that add up.
    let told = ok(&author.get(&format!("/drafts/{draft}/affected")).await);
    let issues = told["issues"].as_array().unwrap();
    assert!(!issues.is_empty() && issues.iter().all(|i| (&i["from"], &i["to"]) == (&json!("1022"), &json!("1029"))));
    for issue in issues {
        let id = issue["id"].as_str().unwrap();
        let point = contents().issues.iter().find(|known| known.id == id).unwrap().point.unwrap();
        assert!(point.lat() > middle(1, 1).1 - 0.0005, "it lies in the northern half");
    }
    let officer = &told["people"].as_array().unwrap().iter().find(|p| p["role"] == "officer").unwrap();
    assert_eq!((&officer["name"], &officer["changes"]), (&json!("张**"), &json!(["1022"])));
    let units = told["units"].as_array().unwrap();
    let figure = |side: &str, key: &str| -> f64 { units.iter().filter_map(|unit| unit[side][key].as_f64()).sum() };
    assert_eq!((figure("before", "households"), figure("after", "households")), (60.0, 60.0));
    assert!((figure("before", "area_m2") - figure("after", "area_m2")).abs() < 0.3);
    assert!((figure("before", "issues_a_month") - figure("after", "issues_a_month")).abs() < 0.02);
    assert!(units.iter().all(|u| u["after"]["compactness"].as_f64().is_none_or(|c| c > 0.3 && c < 1.0)));
    let table = author.get(&format!("/drafts/{draft}/affected?format=csv")).await;
    assert_eq!((table.status, table.header("content-type")), (200, "text/csv; charset=utf-8"));
    let text = String::from_utf8(table.body).unwrap();
    assert!(text.starts_with("\u{feff}类别 what,编号 id,"), "{text}");
    assert_eq!(text.lines().count(), 1 + 3 + issues.len() + told["people"].as_array().unwrap().len());
    author.get(&format!("/drafts/{draft}/affected?format=xls")).await.problem(400);
    // The same of the version that it becomes.
    ok(&approved_and_published(&server, draft).await);
    let told = get(server.at, "/api/v1/versions/4/diff").await.json();
    assert_eq!(
        (&told["from"], &told["to"], &told["units"][1]["after"]["code"]),
        (&json!(3), &json!(4), &json!("1029"))
    );
    assert_eq!(get(server.at, "/api/v1/versions/4/diff?from=4").await.json()["units"], json!([]));
    get(server.at, "/api/v1/versions/4/diff?from=9").await.problem(400);
    get(server.at, "/api/v1/versions/3/diff").await.problem(400);
    get(server.at, "/api/v1/versions/9/diff").await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_of_before_shows_whose_it_was_and_whose_its_land_is_now() {
    let folder = tempfile::tempdir().unwrap();
    // Boundaries that held when the issues came in.
    let contents = contents();
    let history = History::of_one(contents.version, Date::constant(2024, 1, 1), contents.recorded);
    let store = GeoPackage::at(&folder.path().join("drafts.gpkg"));
    store.replace(&Contents { history, ..contents.clone() }, &[]).unwrap();
    let server = served(folder.path()).await;
    let author = desk(&server, DISTRICT);
    let draft = author.open("合并").await;
    ok(&author.ops(draft, json!([{"op": "merge", "keep": "1022", "gone": "1023"}])).await);
    ok(&approved_and_published(&server, draft).await);
    let locator = wangge::locate::Locator::new(&contents.coverage);
    let unit = contents.hierarchy.by_code("1023").and_then(|ix| contents.hierarchy.unit(ix).face).unwrap();
    let there = |issue: &&wangge::issue::Issue| issue.point.is_some_and(|p| locator.owner_of(p) == unit);
    let id = &contents.issues.iter().find(there).unwrap().id;
    let told = ok(&author.get(&format!("/issues/{id}")).await);
    assert_eq!(told["owner_then"], json!({"code": "1023", "name": "2-3微网格", "version": 3}));
    assert_eq!((&told["successors"], &told["owner_now"]["code"]), (&json!(["1022"]), &json!("1022")));
    assert_eq!(told["owner_now"]["version"], 4);
    author.get("/issues/none").await.problem(404);
    get(server.at, &format!("/api/v1/issues/{id}")).await.problem(401);
}
