//! A cache of finished bytes: bounded by weight, and a cold key is made exactly once however many ask for it.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::bytes::Finished;
use super::slots::{Slots, WorkFault};

/// What the map of an entry costs besides its bytes, roughly.
const ENTRY_BYTES: u64 = 160;

#[derive(Clone, Debug)]
struct ByWeight;

impl<K> Weighter<K, Arc<Finished>> for ByWeight {
    fn weight(&self, _key: &K, finished: &Arc<Finished>) -> u64 {
        finished.weight() + ENTRY_BYTES
    }
}

/// Finished bytes by key.
#[derive(Debug)]
pub struct ByteCache<K: Eq + Hash> {
    cache: Cache<K, Arc<Finished>, ByWeight>,
    entries: usize,
    hits: AtomicU64,
    misses: AtomicU64,
    made: AtomicU64,
}

/// What a cache has done since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CacheCounts {
    pub hits: u64,
    /// Requests that found nothing, whether they made it or waited for whoever did.
    pub misses: u64,
    /// Bodies made: with single flight, at most one a key that was not evicted.
    pub made: u64,
    pub entries: u64,
    pub weight_bytes: u64,
}

impl<K: Eq + Hash + Clone + Send + Sync + 'static> ByteCache<K> {
    /// `capacity_bytes` bounds the bytes held; `entries` is the number expected.
    #[must_use]
    pub fn new(entries: usize, capacity_bytes: u64) -> Self {
        Self {
            cache: Cache::with_weighter(entries, capacity_bytes, ByWeight),
            entries,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            made: AtomicU64::new(0),
        }
    }

    /// Another cache of the same size, with the bodies whose keys `keep` names. Cost: a pass over the entries; no body is copied.
    #[must_use]
    pub fn carried(&self, keep: impl Fn(&K) -> bool) -> Self {
        let next = Self::new(self.entries, self.cache.capacity());
        for (key, body) in self.cache.iter().filter(|(key, _)| keep(key)) {
            next.cache.insert(key, body);
        }
        next
    }

    /// The body, if it is there, without counting that somebody asked.
    pub fn peek(&self, key: &K) -> Option<Arc<Finished>> {
        self.cache.peek(key)
    }

    /// The body, if it is there.
    pub fn get(&self, key: &K) -> Option<Arc<Finished>> {
        let hit = self.cache.get(key);
        if hit.is_some() {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        hit
    }

    /// The body, made by `make` in one of the `slots` if it is not there. Everybody who asks meanwhile waits for that one; a
    /// caller who goes away does not stop it.
    ///
    /// # Errors
    /// [`WorkFault`] when the line is full, or `make` failed or panicked; the next caller tries again.
    pub async fn get_or_make(
        self: &Arc<Self>,
        key: K,
        slots: &Slots,
        make: impl FnOnce() -> Result<Finished, WorkFault> + Send + 'static,
    ) -> Result<Arc<Finished>, WorkFault> {
        if let Some(hit) = self.get(&key) {
            return Ok(hit);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let (cache, slots) = (Arc::clone(self), slots.clone());
        let flight = tokio::spawn(async move {
            let body = async {
                let body = slots.run(make).await??;
                cache.made.fetch_add(1, Ordering::Relaxed);
                Ok(Arc::new(body))
            };
            cache.cache.get_or_insert_async(&key, body).await
        });
        flight.await.unwrap_or(Err(WorkFault::Crashed))
    }

    /// Makes the body now, on this thread, unless it is there: for building ahead.
    ///
    /// # Errors
    /// What `make` says; nothing is kept then.
    pub fn fill(&self, key: K, make: impl FnOnce() -> Result<Finished, WorkFault>) -> Result<(), WorkFault> {
        if !self.cache.contains_key(&key) {
            let body = make()?;
            self.made.fetch_add(1, Ordering::Relaxed);
            self.cache.insert(key, Arc::new(body));
        }
        Ok(())
    }

    /// The bound on the bytes held.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.cache.capacity()
    }

    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        CacheCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            made: self.made.load(Ordering::Relaxed),
            entries: self.cache.len() as u64,
            weight_bytes: self.cache.weight(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn body(text: &str) -> Finished {
        Finished::as_is("text/plain", text.as_bytes().to_vec())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_callers_of_one_cold_key_make_it_once() {
        let cache = Arc::new(ByteCache::new(16, 1 << 20));
        let slots = Slots::new(2, 4);
        let callers: Vec<_> = (0..1000)
            .map(|_| {
                let (cache, slots) = (Arc::clone(&cache), slots.clone());
                tokio::spawn(async move {
                    let slow = || {
                        std::thread::sleep(Duration::from_millis(20));
                        Ok(body("tile"))
                    };
                    cache.get_or_make(7u32, &slots, slow).await
                })
            })
            .collect();
        for caller in callers {
            let got = caller.await.expect("joins").expect("is made");
            assert_eq!(&got.identity.bytes[..], b"tile");
        }
        assert_eq!(cache.counts().made, 1);
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_does_not_stop_the_work() {
        let cache = Arc::new(ByteCache::new(16, 1 << 20));
        let slots = Slots::new(1, 4);
        let slow = || {
            std::thread::sleep(Duration::from_millis(50));
            Ok(body("tile"))
        };
        let gone = tokio::time::timeout(Duration::from_millis(5), cache.get_or_make(1u32, &slots, slow)).await;
        assert!(gone.is_err(), "the caller left first");
        let got = cache.get_or_make(1, &slots, || Ok(body("made twice"))).await.expect("is there");
        assert_eq!(&got.identity.bytes[..], b"tile");
        assert_eq!(cache.counts().made, 1);
    }

    #[tokio::test]
    async fn a_crash_is_one_callers_and_the_next_tries_again() {
        let cache = Arc::new(ByteCache::new(16, 1 << 20));
        let slots = Slots::new(1, 4);
        let crashed = cache.get_or_make(1u32, &slots, || panic!("on purpose")).await;
        assert_eq!(crashed.map(|_| ()), Err(WorkFault::Crashed));
        assert!(cache.get_or_make(1, &slots, || Ok(body("tile"))).await.is_ok());
    }

    #[test]
    fn the_weight_is_bounded() {
        let cache = ByteCache::new(64, 64 * 1024);
        for key in 0..1000u32 {
            cache.fill(key, || Ok(Finished::as_is("text/plain", vec![0; 4096]))).expect("is made");
        }
        assert!(cache.counts().weight_bytes <= 64 * 1024);
    }
}
