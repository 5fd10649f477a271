//! What is served after an edit: bytes that did not change are the very same, and nothing that did is kept.

use std::sync::Arc;

use wangge::issue::IssueFilter;
use wangge::issue::classes::Method;
use wangge::render::Font;
use wangge::render::shades::Shades;
use wangge::service::choropleth::Asked;
use wangge::service::serving::{Capacity, Look, State};
use wangge::service::stats::Measure;
use wangge::service::tiles::{TileKey, draw};
use wangge::tile::{TileCoord, TileSet};

use crate::changes::Proposer;
use crate::compared::next;
use crate::districts::sample;
use crate::partition::Seeded;

fn styles() -> Vec<(String, String)> {
    let files = [
        ("district", include_str!("../../styles/district.json")),
        ("choropleth", include_str!("../../styles/choropleth.json")),
    ];
    files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
}

fn keys() -> Vec<TileKey> {
    let filter = IssueFilter::default;
    let mut keys = Vec::new();
    let asked = Arc::new(Asked {
        measure: Measure::Per1000,
        level: 1,
        filter: filter(),
        method: Method::Jenks,
        classes: 5,
        shades: Shades::Viridis,
    });
    for coord in (10..=17).flat_map(|z| wangge::service::tiles::covering([116.62, 35.40, 116.64, 35.42], z)) {
        keys.extend(TileSet::ALL.map(|set| TileKey::Vector { set, filter: filter(), coord }));
        keys.push(TileKey::Heat { filter: filter(), bandwidth_m: 250, peak: None, coord, scale: 1 });
        keys.push(TileKey::Choropleth { asked: Arc::clone(&asked), coord, scale: 1 });
        keys.push(TileKey::Map { style: "district".into(), coord, scale: 1 });
    }
    keys
}

#[test]
fn what_is_kept_over_an_edit_of_places_is_what_would_be_drawn() {
    let font = Font::new(&include_bytes!("../../data/fonts/NotoSansSC-subset.otf")[..]).unwrap();
    let styles = styles();
    let state = State::new(sample(), &Look { font, styles }, Capacity::default());
    let keys: Vec<TileKey> = keys().into_iter().filter(|key| coord_of(key).z().is_multiple_of(3)).collect();
    for key in &keys {
        state.tiles.fill(key.clone(), || draw(&state, key)).unwrap();
    }
    let owners = state.issue_owners().to_vec();
    let mut places = state.snapshot.places.to_vec();
    let middle = wangge::crs::Cgcs2000::new(116.63, 35.41).unwrap();
    let new =
        wangge::place::Place { id: "new".to_owned(), name: "新地".to_owned(), point: middle, ..places[0].clone() };
    places.remove(5);
    places.push(new);
    let after = state.with_places(places.clone(), 2);
    let anew = State::new(state.snapshot.with_places(places, 2), &after.look, Capacity::default());
    assert!(after.stamp == anew.stamp && after.stamp != state.stamp);
    assert_eq!(after.issue_owners(), owners);
    let mut kept = 0;
    for key in &keys {
        let drawn = draw(&after, key).unwrap();
        assert_eq!(drawn.identity.etag, draw(&anew, key).unwrap().identity.etag, "{key:?}");
        let Some(held) = after.tiles.peek(key) else {
            let places = matches!(key, TileKey::Vector { set: TileSet::Places, .. });
            assert!(
                places || matches!(key, TileKey::Map { .. } | TileKey::Choropleth { .. }),
                "{key:?} has nothing of places"
            );
            continue;
        };
        assert_eq!(held.identity.etag, drawn.identity.etag, "{key:?}");
        kept += 1;
    }
    assert!(kept > 20, "{kept} of {} kept", keys.len());
}

fn coord_of(key: &TileKey) -> TileCoord {
    match key {
        TileKey::Vector { coord, .. }
        | TileKey::Map { coord, .. }
        | TileKey::Heat { coord, .. }
        | TileKey::Choropleth { coord, .. } => *coord,
        TileKey::Degrees { .. } => unreachable!("none are among the keys"),
    }
}

#[test]
fn what_is_kept_is_what_would_be_drawn() {
    let font = Font::new(&include_bytes!("../../data/fonts/NotoSansSC-subset.otf")[..]).unwrap();
    let styles = styles();
    let mut state = State::new(sample(), &Look { font, styles }, Capacity::default());
    let keys: Vec<TileKey> =
        keys().into_iter().filter(|key| coord_of(key).z().is_multiple_of(2) || coord_of(key).z() == 17).collect();
    let mut proposer = Proposer { random: Seeded(5), next_id: 1 << 40 };
    let mut kept = 0;
    for _ in 0..6 {
        for key in &keys {
            state.tiles.fill(key.clone(), || draw(&state, key)).unwrap();
        }
        let _ = state.issue_owners();
        let (snapshot, delta) = next(&state.snapshot, &mut proposer, 2);
        let (after, dirty) = state.next(snapshot, &delta);
        let redrawn: Vec<TileCoord> = dirty.tiles.iter().flatten().map(|tile| tile.coord).collect();
        after.finish(dirty);
        for key in &keys {
            let Some(held) = after.tiles.peek(key) else { continue };
            let drawn = draw(&after, key).unwrap();
            assert_eq!(held.identity.etag, drawn.identity.etag, "{key:?}");
            let before = state.tiles.peek(key).unwrap();
            let units = matches!(key, TileKey::Vector { set: TileSet::Units, .. });
            let same = Arc::ptr_eq(&held, &before);
            assert_eq!(same, !(units && redrawn.contains(&coord_of(key))), "{key:?}");
            kept += usize::from(same);
        }
        for coord in redrawn {
            let key = TileKey::Vector { set: TileSet::Units, filter: IssueFilter::default(), coord };
            assert!(after.tiles.peek(&key).is_some(), "{coord:?} is made already");
        }
        let anew = State::new(next_of(&after), &after.look, Capacity::default());
        assert_eq!(after.issue_owners(), anew.issue_owners());
        state = after;
    }
    assert!(kept > 500, "{kept} bodies were kept");
}

/// The same snapshot without anything made of it.
fn next_of(state: &State) -> wangge::snapshot::Snapshot {
    let now = wangge::grid::past::Boundaries {
        coverage: state.snapshot.coverage.clone(),
        hierarchy: state.snapshot.hierarchy.clone(),
    };
    state.snapshot.next(now, &wangge::coverage::Delta::default(), state.snapshot.history.clone())
}
