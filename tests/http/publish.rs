//! A new version on a running server: store first, swap second, and nothing at all when the store refuses.

use wangge::grid::history::Version;
use wangge::service::serving::ServingFault;
use wangge::store::{GeoPackage, Store};

use crate::district::{Server, contents};
use crate::wire::{ask, get};

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_is_stored_and_then_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let before = get(server.at, "/api/v1/units").await;
    let held = server.serving.state();
    let mut next = contents();
    next.version = 4;
    let version = Version { number: 4, ..next.history.versions()[0].clone() };
    next.history = next.history.followed_by(version);
    next.district.levels[0].key = "town".to_owned();
    let (serving, path) = (std::sync::Arc::clone(&server.serving), folder.path().join("district.gpkg"));
    let mut store = GeoPackage::at(&path);
    tokio::task::spawn_blocking(move || serving.publish(&mut store, next).map(|_| ())).await.unwrap().unwrap();
    assert_eq!(GeoPackage::at(&path).load().unwrap().version, 4, "it is in the store");
    assert_eq!(held.snapshot.version, 3, "a request under way keeps its snapshot");
    let after = ask(server.at, "GET", "/api/v1/units", &[("if-none-match", before.header("etag"))]).await;
    assert_eq!((after.status, after.json()["version"].as_u64()), (200, Some(4)), "the old tag is no longer good");
    assert_eq!(after.json()["units"][0]["level"], "town");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let mut next = contents();
    next.version = 4;
    let (serving, path) = (std::sync::Arc::clone(&server.serving), folder.path().join("missing/district.gpkg"));
    let mut store = GeoPackage::at(&path);
    let refused =
        tokio::task::spawn_blocking(move || serving.publish(&mut store, next).map(|_| ())).await.unwrap().unwrap_err();
    assert!(matches!(refused, ServingFault::Store(_)), "{refused}");
    assert_eq!(get(server.at, "/readyz").await.json()["version"], 3);
}
