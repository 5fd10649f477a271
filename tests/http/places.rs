//! Places edited over the wire, choices that become aliases, and the addresses that a version gave to another unit.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use wangge::crs::Cgcs2000;
use wangge::http::{Limits, look};
use wangge::place::Place;
use wangge::service::actors::DEMO_TOKENS;
use wangge::service::serving::{Capacity, Serving};
use wangge::service::tiles::covering;
use wangge::store::{GeoPackage, Store};

use crate::district::{COLUMNS, ROWS, Server, contents, micro_code, middle};
use crate::partition::Seeded;
use crate::wire::{Answer, Listener, act, ask, get, say};

const DISTRICT: &str = DEMO_TOKENS[0];
const REVIEWER: &str = DEMO_TOKENS[1];
/// Of the first street: columns 0 to 2.
const STREET: &str = DEMO_TOKENS[2];

/// So many places more than the one there is, anywhere.
fn scattered(many: u32) -> Vec<Place> {
    let mut random = Seeded(5);
    let mut anywhere = |n: u32| {
        let (lon, lat) = (random.between(0, 12_400_000), random.between(0, 8_400_000));
        let point = Cgcs2000::clamped(116.6998 + f64::from(lon) / 1e9, 35.4198 + f64::from(lat) / 1e9);
        let (id, name) = (format!("s{n}"), format!("散点{n}"));
        Place {
            id,
            kind: "house".to_owned(),
            name,
            address: format!("=散{n}号"),
            aliases: vec![],
            point,
            accuracy_m: 3.0,
        }
    };
    (0..many).map(&mut anywhere).collect()
}

async fn served(folder: &Path) -> Server {
    let store = GeoPackage::at(&folder.join("places.gpkg"));
    if store.version().unwrap().is_none() {
        let mut district = contents();
        district.places.extend(scattered(400));
        store.replace(&district, &[]).unwrap();
    }
    let serving = Serving::new(store.load().unwrap(), look(None).unwrap(), Capacity::default());
    Server::of(serving.with_store(Arc::new(store)), Limits::default(), None).await
}

async fn call(server: &Server, token: &str, method: &str, target: &str, body: Value) -> Answer {
    act(server.at, token, method, &format!("/api/v1{target}"), Some(body)).await
}

#[track_caller]
fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn at(column: usize, row: usize) -> Value {
    let (lon, lat) = middle(column, row);
    json!({"lon": lon, "lat": lat})
}

fn with(mut base: Value, mut more: Value) -> Value {
    base.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
    base
}

/// Whether the deepest tile of a cell's middle shows a name.
async fn drawn(server: &Server, (column, row): (usize, usize), name: &str) -> bool {
    let (lon, lat) = middle(column, row);
    let coord = covering([lon, lat, lon, lat], 16).next().unwrap();
    let tile = get(server.at, &format!("/tiles/places/16/{}/{}.mvt", coord.x(), coord.y())).await;
    tile.body.windows(name.len()).any(|bytes| bytes == name.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_added_moved_renamed_and_retired_and_its_history_stays() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let mut wall = Listener::start(server.at, None).await;
    let before = get(server.at, "/api/v1/district").await.json();
    assert!(!drawn(&server, (1, 1), "新书店").await);
    let new = with(at(1, 1), json!({"kind": "shop", "name": "新书店", "address": "示例路9号", "aliases": ["书店"]}));
    let added = call(&server, DISTRICT, "POST", "/places", new).await;
    assert_eq!(added.status, 201, "{}", added.json());
    let place = added.json();
    assert_eq!(added.header("location"), "/api/v1/places/N000001");
    assert_eq!(added.header("etag"), format!("\"{}\"", place["revision"].as_str().unwrap()));
    assert_eq!((&place["owner"]["code"], place["chain"].as_array().unwrap().len()), (&json!(micro_code(1, 1)), 3));
    let (_, kind, told) = wall.next().await;
    assert_eq!((kind.as_str(), told), ("places", json!({"revision": 1, "ids": ["N000001"]})));
    assert_eq!(ok(&get(server.at, "/api/v1/places/N000001").await), place);
    assert!(drawn(&server, (1, 1), "新书店").await, "the tile is drawn anew");
    let after = get(server.at, "/api/v1/district").await.json();
    assert_eq!(after["places"].as_u64(), before["places"].as_u64().map(|n| n + 1));
    assert_ne!(after["stamp"], before["stamp"], "addresses that may be kept for ever are other ones");
    // Over a boundary, and under another name; the old one stays as an alias.
    let revision = place["revision"].clone();
    let moved = with(at(4, 2), json!({"revision": revision, "accuracy_m": 2.5}));
    let moved = ok(&call(&server, DISTRICT, "PATCH", "/places/N000001", moved).await);
    assert_eq!(moved["owner"]["code"], micro_code(4, 2));
    assert!(drawn(&server, (4, 2), "新书店").await && !drawn(&server, (1, 1), "新书店").await);
    let stale = json!({"revision": revision, "name": "另一家"});
    call(&server, REVIEWER, "PATCH", "/places/N000001", stale).await.problem(409);
    let renamed = json!({"name": "老书店", "alias": ["新书店"], "unalias": ["书店"]});
    let raw = renamed.to_string();
    let raw = format!(
        "PATCH /api/v1/places/N000001 HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {DISTRICT}\r\n\
         if-match: \"{}\"\r\ncontent-length: {}\r\n\r\n{raw}",
        moved["revision"].as_str().unwrap(),
        raw.len()
    );
    let renamed = ok(&Answer::parse(&say(server.at, raw.as_bytes()).await));
    assert_eq!(
        (&renamed["name"], &renamed["address"], &renamed["aliases"]),
        (&json!("老书店"), &json!("示例路9号"), &json!(["新书店"]))
    );
    // All of it is durable, and told with who did it.
    server.stop().await;
    let server = served(folder.path()).await;
    assert_eq!(ok(&get(server.at, "/api/v1/places/N000001").await), renamed);
    let retire = format!("/places/N000001?revision={}", renamed["revision"].as_str().unwrap());
    call(&server, DISTRICT, "DELETE", "/places/N000001?revision=0123456789abcdef", json!({})).await.problem(409);
    assert_eq!(ok(&call(&server, REVIEWER, "DELETE", &retire, json!({})).await)["retired"], true);
    get(server.at, "/api/v1/places/N000001").await.problem(404);
    assert!(!drawn(&server, (4, 2), "老书店").await);
    let history = ok(&get(server.at, "/api/v1/places/N000001/history").await);
    let edits = history["edits"].as_array().unwrap();
    let verbs: Vec<_> = edits.iter().map(|edit| edit["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["add", "move", "rename", "unalias", "alias", "retire"]);
    assert_eq!((&history["retired"], &edits[0]["before"]), (&json!(true), &Value::Null));
    assert_eq!((&edits[2]["before"]["name"], &edits[2]["after"]["name"]), (&json!("新书店"), &json!("老书店")));
    assert_eq!((&edits[5]["by"], &edits[5]["after"]), (&json!("区复核员（示例）"), &Value::Null));
    assert!(edits.windows(2).all(|pair| pair[0]["after"] == pair[1]["before"]), "each follows from the one before");
    // The next one gets another id, though the first is gone.
    let again = call(&server, DISTRICT, "POST", "/places", with(at(0, 0), json!({"name": "又一家"}))).await.json();
    assert_eq!((&again["id"], &again["kind"]), (&json!("N000007"), &json!("other")));
    get(server.at, "/api/v1/places/nothing/history").await.problem(404);
    assert_eq!(ok(&get(server.at, "/api/v1/places/p1/history").await)["edits"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_is_refused_with_its_pointer_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let place = ok(&get(server.at, "/api/v1/places/p1").await);
    let revision = place["revision"].clone();
    let held = server.serving.state();
    let add = |more: Value| with(with(at(1, 1), json!({"name": "某处"})), more);
    for (body, status, pointer) in [
        (json!({"lon": 116.7, "lat": 35.42}), 400, "/body"),
        (add(json!({"name": "  "})), 400, "/name"),
        (add(json!({"name": "长".repeat(101)})), 400, "/name"),
        (add(json!({"id": "p1"})), 409, ""),
        (add(json!({"id": "长".repeat(65)})), 400, "/id"),
        (add(json!({"lat": 91})), 400, "/lon"),
        (add(json!({"lon": -80, "lat": -20})), 400, "/lon"),
        (add(json!({"crs": "mars"})), 400, "/crs"),
        (add(json!({"accuracy_m": -1})), 400, "/accuracy_m"),
        (add(json!({"aliases": ["甲；乙"]})), 400, "/alias"),
        (add(json!({"colour": "red"})), 400, "/body"),
    ] {
        let refused = call(&server, DISTRICT, "POST", "/places", body.clone()).await;
        assert_eq!(refused.problem(status), pointer, "{body}");
    }
    for (body, status, pointer) in [
        (json!({"name": "改"}), 400, "/revision"),
        (json!({"revision": revision}), 400, "/body"),
        (json!({"revision": revision, "lon": 116.7}), 400, "/lon"),
        (json!({"revision": revision, "name": place["name"]}), 409, ""),
        (json!({"revision": revision, "unalias": ["没有"]}), 409, ""),
        (json!({"revision": revision, "alias": [place["name"]]}), 409, ""),
        (json!({"revision": revision, "alias": ["长".repeat(61)]}), 400, "/alias"),
        (json!({"revision": revision, "alias": vec!["x"; 51]}), 400, "/body"),
        // The first of the two could be made.
        (json!({"revision": revision, "name": "改", "alias": [""]}), 400, "/alias"),
    ] {
        let refused = call(&server, DISTRICT, "PATCH", "/places/p1", body.clone()).await;
        assert_eq!(refused.problem(status), pointer, "{body}");
    }
    call(&server, DISTRICT, "PATCH", "/places/nothing", json!({"revision": revision, "name": "改"})).await.problem(404);
    call(&server, DISTRICT, "DELETE", "/places/p1", json!({})).await.problem(400);
    call(&server, "no-such-token-at-all", "POST", "/places", add(json!({}))).await.problem(401);
    ask(server.at, "DELETE", "/api/v1/places/p1?revision=x", &[("content-length", "0")]).await.problem(401);
    // The street has a say in its own part only: not in what lies elsewhere, not in taking a place there, not outside of everything.
    let theirs = call(&server, STREET, "POST", "/places", with(at(4, 1), json!({"name": "彼处"}))).await;
    theirs.problem(403);
    let outside = with(json!({"lon": 116.69, "lat": 35.41}), json!({"name": "区外"}));
    call(&server, STREET, "POST", "/places", outside.clone()).await.problem(403);
    let away = with(at(5, 0), json!({"revision": revision}));
    call(&server, STREET, "PATCH", "/places/p1", away).await.problem(403);
    assert!(Arc::ptr_eq(&held, &server.serving.state()), "nothing was served anew");
    assert_eq!(call(&server, STREET, "POST", "/places", with(at(2, 1), json!({"name": "此处"}))).await.status, 201);
    let outside = call(&server, DISTRICT, "POST", "/places", outside).await;
    assert_eq!((outside.status, &outside.json()["owner"], &outside.json()["chain"]), (201, &Value::Null, &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_an_alias_once_somebody_else_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    let choose = async |token: &str, text: &str, place: &str| {
        call(&server, token, "POST", "/search/choices", json!({"text": text, "place": place})).await
    };
    let chosen = choose(STREET, " 娃娃学校 ", "p1").await;
    assert_eq!(chosen.status, 201);
    let chosen = chosen.json();
    assert_eq!((&chosen["text"], &chosen["state"]), (&json!("娃娃学校"), &json!("proposed")));
    let meant = json!({"id": "p1", "name": "示例小学", "address": "示例路1号", "owner": micro_code(2, 1)});
    assert_eq!((&chosen["place"], &chosen["review"]), (&meant, &Value::Null));
    choose(STREET, "娃娃学校", "nothing").await.problem(404);
    assert_eq!(choose(STREET, "", "p1").await.problem(400), "/text");
    for (text, place) in [("示例小学东门往北第二个门", "p1"), ("学校", "s0"), ("娃娃学校", "p1"), ("那个学校", "p1")]
    {
        assert_eq!(choose(DISTRICT, text, place).await.status, 201);
    }
    // Not for strangers; by pages.
    get(server.at, "/api/v1/search/choices").await.problem(401);
    let page =
        async |query: &str| ok(&act(server.at, REVIEWER, "GET", &format!("/api/v1/search/choices{query}"), None).await);
    let first = page("?limit=2").await;
    let ids = |page: &Value| -> Vec<u64> {
        page["choices"].as_array().unwrap().iter().map(|choice| choice["id"].as_u64().unwrap()).collect()
    };
    assert_eq!((ids(&first), &first["total"], &first["next"]), (vec![1, 2], &json!(5), &json!(2)));
    let last = page("?state=proposed&limit=3&after=2").await;
    assert_eq!((ids(&last), &last["next"]), (vec![3, 4, 5], &Value::Null));
    for (query, pointer) in [("?state=x", "/query/state"), ("?limit=0", "/query/limit"), ("?after=-1", "/query/after")]
    {
        let target = format!("/api/v1/search/choices{query}");
        assert_eq!(act(server.at, REVIEWER, "GET", &target, None).await.problem(400), pointer);
    }
    // Four eyes, and the say of the place's unit.
    let decide = async |token: &str, id: u64, verb: &str, body: Value| {
        call(&server, token, "POST", &format!("/search/choices/{id}/{verb}"), body).await
    };
    decide(STREET, 1, "accept", json!({})).await.problem(403);
    decide(STREET, 1, "reject", json!({})).await.problem(403);
    assert_eq!(ok(&get(server.at, "/api/v1/places/p1").await)["aliases"], json!([]));
    let accepted = ok(&decide(DISTRICT, 1, "accept", json!({"word": "属实"})).await);
    assert_eq!((&accepted["state"], &accepted["review"]["alias"]), (&json!("accepted"), &json!("娃娃学校")));
    assert_eq!(
        (&accepted["review"]["by"], &accepted["review"]["word"]),
        (&json!("区网格中心（示例）"), &json!("属实"))
    );
    decide(REVIEWER, 1, "accept", json!({})).await.problem(409);
    decide(REVIEWER, 1, "reject", json!({})).await.problem(409);
    decide(REVIEWER, 9, "reject", json!({})).await.problem(404);
    // What says too much is put shorter; what is an alias already is agreed to; the rest is not.
    ok(&decide(REVIEWER, 2, "accept", json!({"alias": "小学东门"})).await);
    ok(&decide(STREET, 4, "accept", json!({})).await);
    assert_eq!(decide(STREET, 5, "accept", json!({"alias": "甲;乙"})).await.problem(400), "/alias");
    assert_eq!(ok(&decide(REVIEWER, 5, "reject", json!({"word": "说不清"})).await)["state"], "rejected");
    let place = ok(&get(server.at, "/api/v1/places/s0").await);
    let retire = format!("/places/s0?revision={}", place["revision"].as_str().unwrap());
    ok(&call(&server, DISTRICT, "DELETE", &retire, json!({})).await);
    decide(REVIEWER, 3, "accept", json!({})).await.problem(404);
    ok(&decide(REVIEWER, 3, "reject", json!({})).await);
    // All of it is durable.
    server.stop().await;
    let server = served(folder.path()).await;
    assert_eq!(ok(&get(server.at, "/api/v1/places/p1").await)["aliases"], json!(["娃娃学校", "小学东门"]));
    let list = ok(&act(server.at, REVIEWER, "GET", "/api/v1/search/choices", None).await);
    assert_eq!((&list["total"], &list["choices"]), (&json!(0), &json!([])));
    let accepted = ok(&act(server.at, REVIEWER, "GET", "/api/v1/search/choices?state=accepted", None).await);
    assert_eq!(ids(&accepted), [1, 2, 4]);
    let history = ok(&get(server.at, "/api/v1/places/p1/history").await);
    let from: Vec<_> = history["edits"].as_array().unwrap().iter().map(|e| (&e["verb"], &e["choice"])).collect();
    assert_eq!(from, [(&json!("alias"), &json!(1)), (&json!("alias"), &json!(2))]);
}

/// Code of the owner of a place's position on a day, asked of `locate`.
async fn owner(server: &Server, place: &Value, as_of: &str) -> Value {
    let (lon, lat) = (&place["lon"], &place["lat"]);
    get(server.at, &format!("/api/v1/locate?lon={lon}&lat={lat}{as_of}")).await.json()["owner"]["code"].clone()
}

async fn published(server: &Server, ops: Value) {
    let draft = call(server, DISTRICT, "POST", "/drafts", json!({"title": "调整"})).await.json()["id"].clone();
    for (token, verb, body) in [
        (DISTRICT, "ops", json!({ "ops": ops })),
        (DISTRICT, "submit", json!({"reason": "调整", "effective": "2026-02-01"})),
        (REVIEWER, "approve", json!({})),
        (DISTRICT, "publish", json!({})),
    ] {
        ok(&call(server, token, "POST", &format!("/drafts/{draft}/{verb}"), body).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_tells_every_address_that_it_gave_to_another_unit() {
    let folder = tempfile::tempdir().unwrap();
    let server = served(folder.path()).await;
    // One that was added by hand, in the northern half of the cell that is cut, counts like the others.
    let (lon, lat) = middle(1, 1);
    let new = json!({"id": "mine", "name": "我的", "lon": lon, "lat": lat + 0.0005});
    assert_eq!(call(&server, DISTRICT, "POST", "/places", new).await.status, 201);
    let (line, unit) = (json!([[lon - 0.001, lat], [lon + 0.001, lat]]), micro_code(1, 1));
    let split = json!({"op": "split", "unit": unit, "line": line, "tolerance_m": 60, "keep": "right", "code": "1029"});
    let gone = json!({"op": "merge", "keep": micro_code(4, 1), "gone": micro_code(4, 2)});
    published(&server, json!([with(split, json!({"name": "新微网格"})), gone])).await;
    // An edit after the publication is on the new boundaries, and loses nothing of them.
    let new = json!({"id": "late", "name": "后来", "lon": lon, "lat": lat + 0.0004});
    assert_eq!(call(&server, DISTRICT, "POST", "/places", new).await.json()["owner"]["code"], "1029");
    let listed = ok(&get(server.at, "/api/v1/versions/4/places").await);
    // Brute force: every place there is, asked for on the day before and now.
    let state = server.serving.state();
    let mut expected = Vec::new();
    for place in state.snapshot.places.iter() {
        let at = json!({"lon": place.point.lon(), "lat": place.point.lat()});
        let (was, is) = (owner(&server, &at, "&as_of=2026-01-31").await, owner(&server, &at, "").await);
        if was != is {
            expected.push((place.id.clone(), was, is));
        }
    }
    assert!(expected.len() > 10 && expected.iter().any(|(id, ..)| id == "mine"), "{expected:?}");
    let told: Vec<_> = (listed["changes"].as_array().unwrap().iter())
        .map(|c| (c["id"].as_str().unwrap().to_owned(), c["from"]["code"].clone(), c["to"]["code"].clone()))
        .collect();
    assert_eq!(told, expected);
    assert_eq!((&listed["before"], &listed["places"], &listed["total"]), (&json!(3), &json!(403), &json!(told.len())));
    let page = ok(&get(server.at, "/api/v1/versions/4/places?offset=2&limit=3").await);
    assert_eq!(
        (&page["total"], &page["changes"]),
        (&listed["total"], &json!(listed["changes"].as_array().unwrap()[2..5]))
    );
    let table = get(server.at, "/api/v1/versions/4/places?format=csv").await;
    let text = String::from_utf8(table.body.clone()).unwrap();
    assert_eq!((text.lines().count(), table.header("content-type")), (told.len() + 1, "text/csv; charset=utf-8"));
    assert!(text.contains("我的") && text.contains(",'=散"), "no cell runs as a formula");
    let first = ok(&get(server.at, "/api/v1/versions/3/places").await);
    assert_eq!((&first["before"], &first["total"]), (&Value::Null, &json!(0)));
    get(server.at, "/api/v1/versions/9/places").await.problem(404);
    for query in ["format=xml", "limit=0", "limit=10001", "offset=x"] {
        get(server.at, &format!("/api/v1/versions/4/places?{query}")).await.problem(400);
    }
    // The same from the store, where the version before is made anew.
    server.stop().await;
    let again = served(folder.path()).await;
    assert_eq!(ok(&get(again.at, "/api/v1/versions/4/places").await), listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_change_places_and_boundaries_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(served(folder.path()).await);
    let (lon, lat) = middle(1, 1);
    let line = json!([[lon - 0.001, lat], [lon + 0.001, lat]]);
    let split = json!({"op": "split", "unit": micro_code(1, 1), "line": line, "tolerance_m": 60, "keep": "right",
                       "code": "1029", "name": "新微网格"});
    let publisher = {
        let server = Arc::clone(&server);
        tokio::spawn(async move { published(&server, json!([split])).await })
    };
    let adders = (0..4).map(|who| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            for n in 0..6 {
                let new = with(at((who + n) % COLUMNS, n % ROWS), json!({"id": format!("t{who}-{n}"), "name": "同时"}));
                assert_eq!(call(&server, DISTRICT, "POST", "/places", new).await.status, 201);
            }
        })
    });
    let adders: Vec<_> = adders.collect();
    publisher.await.unwrap();
    for adder in adders {
        adder.await.unwrap();
    }
    let state = server.serving.state();
    let stored = GeoPackage::at(&folder.path().join("places.gpkg")).load().unwrap();
    assert_eq!((state.snapshot.version, stored.version, stored.place_edits), (4, 4, 24));
    assert_eq!(*state.snapshot.places, stored.places);
    assert_eq!(stored.places.iter().filter(|place| place.name == "同时").count(), 24);
    assert!(stored.hierarchy.by_code("1029").is_some() && state.snapshot.hierarchy.by_code("1029").is_some());
}
