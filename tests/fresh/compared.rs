//! A district whose pyramid follows it, and every tile of it made anew beside.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wangge::coverage::Delta;
use wangge::crs::Cgcs2000;
use wangge::crs::mercator::WorldPoint;
use wangge::grid::change::Desk;
use wangge::grid::history::Version;
use wangge::grid::past::Boundaries;
use wangge::snapshot::Snapshot;
use wangge::tile::{Pyramid, TileCoord, TileSet};

use crate::changes::Proposer;
use crate::partition::Seeded;

/// Publishes changes that are accepted, and gives the next snapshot with the delta that leads to it.
pub fn next(snapshot: &Snapshot, proposer: &mut Proposer, changes: usize) -> (Snapshot, Delta) {
    let now = Boundaries { coverage: snapshot.coverage.clone(), hierarchy: snapshot.hierarchy.clone() };
    let mut desk = Desk::new(&now);
    let mut made = 0;
    while made < changes {
        if let Some(change) = proposer.propose(&mut desk)
            && desk.apply(&change).is_ok()
        {
            made += 1;
        }
    }
    let number = snapshot.version + 1;
    let version = Version::dated(number, jiff::civil::date(2026, 1, 1), Timestamp::UNIX_EPOCH);
    let delta = desk.delta().clone();
    (snapshot.next(desk.boundaries(), &delta, snapshot.history.clone().followed_by(version)), delta)
}

pub struct Followed {
    snapshot: Snapshot,
    pyramid: Pyramid,
    /// Every tile that is not empty.
    tiles: BTreeMap<TileCoord, Vec<u8>>,
    proposer: Proposer,
    versions: usize,
    dirty: Vec<usize>,
}

impl Followed {
    pub fn new(snapshot: Snapshot, seed: u64) -> Self {
        let pyramid = Pyramid::new(&snapshot);
        let tiles = all(&pyramid, &snapshot);
        let proposer = Proposer { random: Seeded(seed), next_id: 1 << 40 };
        Self { snapshot, pyramid, tiles, proposer, versions: 0, dirty: Vec::new() }
    }

    /// One more version, compared with the one made anew.
    pub fn publish(&mut self, changes: usize) {
        let (after, delta) = next(&self.snapshot, &mut self.proposer, changes);
        let (pyramid, dirty) = self.pyramid.next(&self.snapshot, &after, &delta, &|_| None);
        let anew = Pyramid::new(&after);
        assert_eq!(pyramid.levels(), anew.levels());
        assert_eq!(TileSet::ALL.map(|set| pyramid.info(set)), TileSet::ALL.map(|set| anew.info(set)));
        let (followed, tiles) = (all(&pyramid, &after), all(&anew, &after));
        let apart: Vec<_> = differing(&followed, &tiles);
        assert_eq!(apart, [], "version {}: not as made anew", after.version);
        let first = pyramid.info(TileSet::Units).min_zoom.min(self.pyramid.info(TileSet::Units).min_zoom);
        let expected: Vec<_> =
            differing(&self.tiles, &tiles).into_iter().filter(|coord| (first..=16).contains(&coord.z())).collect();
        let named = dirty.tiles.expect("so few tiles");
        let coords: Vec<_> = named.iter().map(|tile| tile.coord).collect();
        assert_eq!(coords, expected, "version {}: {delta:?}", after.version);
        for tile in &named {
            assert_eq!(tile.bytes, tiles.get(&tile.coord).cloned().unwrap_or_default());
        }
        self.deep(&pyramid, &anew, &after);
        self.dirty.push(named.len());
        (self.snapshot, self.pyramid, self.tiles) = (after, pyramid, tiles);
        self.versions += 1;
    }

    /// A few tiles below the last zoom with data.
    fn deep(&mut self, followed: &Pyramid, anew: &Pyramid, snapshot: &Snapshot) {
        let near: Vec<TileCoord> = self.tiles.keys().copied().filter(|coord| coord.z() == 16).collect();
        for _ in 0..40 {
            let at = near[(self.proposer.random.next() % near.len() as u64) as usize];
            let z = 17 + (self.proposer.random.next() % 6) as u8;
            let (up, inside) = (z - 16, self.proposer.random.next() as u32 % (1 << (z - 16)));
            let coord = TileCoord::new(z, (at.x() << up) + inside, (at.y() << up) + inside).expect("in range");
            assert_eq!(followed.units(snapshot, coord), anew.units(snapshot, coord), "{coord:?}");
        }
    }

    pub fn said(&self) -> String {
        let mut dirty = self.dirty.clone();
        dirty.sort_unstable();
        let at = |share: usize| dirty[(dirty.len() - 1) * share / 100];
        format!(
            "{} versions, {} tiles; dirty tiles p50 {}, p90 {}, most {}",
            self.versions,
            self.tiles.len(),
            at(50),
            at(90),
            at(100)
        )
    }
}

/// The tiles whose bytes differ.
fn differing(one: &BTreeMap<TileCoord, Vec<u8>>, other: &BTreeMap<TileCoord, Vec<u8>>) -> Vec<TileCoord> {
    let mut found: Vec<TileCoord> =
        one.keys().chain(other.keys()).copied().filter(|coord| one.get(coord) != other.get(coord)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Every tile of `units` down to zoom 16, with one around the district for what reaches over its edge.
pub fn all(pyramid: &Pyramid, snapshot: &Snapshot) -> BTreeMap<TileCoord, Vec<u8>> {
    let [west, south, east, north] = pyramid.info(TileSet::Units).bounds;
    let mut found = BTreeMap::new();
    for zoom in 0..=16u8 {
        let last = (1u32 << zoom) - 1;
        let at = |lon, lat| {
            let p = WorldPoint::of(Cgcs2000::new(lon, lat).expect("a position")).cell();
            ((p.x >> (28 - zoom)) as u32, (p.y >> (28 - zoom)) as u32)
        };
        let ((left, top), (right, bottom)) = (at(west, north), at(east, south));
        for y in top.saturating_sub(1)..=(bottom + 1).min(last) {
            for x in left.saturating_sub(1)..=(right + 1).min(last) {
                let coord = TileCoord::new(zoom, x, y).expect("in range");
                let bytes = pyramid.units(snapshot, coord);
                if !bytes.is_empty() {
                    found.insert(coord, bytes);
                }
            }
        }
    }
    found
}
