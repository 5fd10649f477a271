//! The tiles of a host: kept for a while, asked for once however many look at the same place, and a refusal is remembered for a moment too, so that a
//! host which is away is not run down by a full screen.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::fetch::{Client, HostFault};
use super::template::{Allowed, Template};
use crate::service::bytes::Finished;
use crate::service::cache::CacheCounts;
use crate::tile::TileCoord;

/// How much of a host is borne, and how long what it said is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLimits {
    /// For a tile in all: name, connection, answer, last byte.
    pub total: Duration,
    /// The largest tile.
    pub bytes: usize,
    /// Tiles asked for at once, and how many may wait for that, no longer than for a tile.
    pub at_once: usize,
    pub waiting: usize,
    /// Tiles at hand, in bytes.
    pub cache_bytes: u64,
    /// How long a tile is good, how long none is none, and how long a failure is not tried again.
    pub tile: Duration,
    pub none: Duration,
    pub failure: Duration,
}

impl Default for HostLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(5),
            bytes: 2 << 20,
            at_once: 8,
            waiting: 256,
            cache_bytes: 64 << 20,
            tile: Duration::from_hours(12),
            none: Duration::from_mins(10),
            failure: Duration::from_secs(10),
        }
    }
}

/// Which host, and how.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub template: Template,
    pub allowed: Allowed,
    /// Certificates (PEM) that are trusted instead of the system's.
    pub roots: Option<Vec<u8>>,
    pub attribution: String,
    pub zooms: (u8, u8),
    pub limits: HostLimits,
}

/// What the host said of a tile, and until when that is believed.
#[derive(Clone, Debug)]
struct Kept {
    answer: Result<Option<Arc<Finished>>, HostFault>,
    until: Instant,
}

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<TileCoord, Kept> for ByWeight {
    fn weight(&self, _: &TileCoord, kept: &Kept) -> u64 {
        let tile = kept.answer.as_ref().ok().and_then(Option::as_ref);
        200 + tile.map_or(0, |tile| tile.weight())
    }
}

/// A host and what is known of its tiles.
#[derive(Debug)]
pub(super) struct Host {
    client: Client,
    limits: HostLimits,
    turns: Semaphore,
    /// Under way or waiting.
    asked: AtomicU64,
    tiles: Cache<TileCoord, Kept, ByWeight>,
    hits: AtomicU64,
    misses: AtomicU64,
    made: AtomicU64,
}

/// Counts one less when dropped, however that comes.
struct Place<'a>(&'a AtomicU64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Host {
    pub(super) fn new(wanted: Wanted) -> Result<Self, HostFault> {
        let limits = wanted.limits;
        Ok(Self {
            client: Client::new(wanted)?,
            limits,
            turns: Semaphore::new(limits.at_once.clamp(1, Semaphore::MAX_PERMITS)),
            asked: AtomicU64::new(0),
            tiles: Cache::with_weighter(4096, limits.cache_bytes, ByWeight),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            made: AtomicU64::new(0),
        })
    }

    /// What is known of a tile, asked for if nothing is. Everybody who asks meanwhile waits for the same answer; who goes away does not stop it.
    pub(super) async fn tile(self: &Arc<Self>, coord: TileCoord) -> Result<Option<Arc<Finished>>, HostFault> {
        if let Some(kept) = self.tiles.get(&coord).filter(|kept| Instant::now() < kept.until) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return kept.answer;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let host = Arc::clone(self);
        let flight = tokio::spawn(async move {
            host.tiles.remove_if(&coord, |kept| kept.until <= Instant::now());
            let kept = host.tiles.get_or_insert_async(&coord, async { Ok::<_, Infallible>(host.kept(coord).await) });
            kept.await.map_or_else(|never| match never {}, |kept| kept.answer)
        });
        flight.await.unwrap_or(Err(HostFault::Broken))
    }

    async fn kept(&self, coord: TileCoord) -> Kept {
        let answer = self.in_turn(coord).await;
        let good = match &answer {
            Ok(Some(_)) => self.limits.tile,
            Ok(None) => self.limits.none,
            Err(HostFault::Busy) => Duration::ZERO,
            Err(_) => self.limits.failure,
        };
        Kept { answer, until: Instant::now() + good }
    }

    async fn in_turn(&self, coord: TileCoord) -> Result<Option<Arc<Finished>>, HostFault> {
        let before = self.asked.fetch_add(1, Ordering::Relaxed);
        let _place = Place(&self.asked);
        if before >= (self.limits.at_once + self.limits.waiting) as u64 {
            return Err(HostFault::Busy);
        }
        let turn = timeout(self.limits.total, self.turns.acquire()).await.map_err(|_| HostFault::Busy)?;
        let _turn = turn.map_err(|_| HostFault::Broken)?;
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(self.client.tile(coord).await?.map(Arc::new))
    }

    pub(super) fn counts(&self) -> CacheCounts {
        CacheCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            made: self.made.load(Ordering::Relaxed),
            entries: self.tiles.len() as u64,
            weight_bytes: self.tiles.weight(),
        }
    }
}
