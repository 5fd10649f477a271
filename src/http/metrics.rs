//! Counters: requests by route and status, time spent, what the caches did. No lock is taken while a request is counted.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use crate::service::cache::CacheCounts;

/// The statuses this server sends; anything else counts as `other`.
const STATUSES: [u16; 15] = [200, 204, 304, 400, 404, 405, 408, 413, 414, 415, 431, 500, 502, 503, 0];

/// Where requests without a route are counted: assets and addresses that do not exist.
const NO_ROUTE: &str = "other";

/// A figure of a cache: name, kind, and where it stands.
type Counter = (&'static str, &'static str, fn(&CacheCounts) -> u64);

#[derive(Debug, Default)]
struct Route {
    by_status: [AtomicU64; STATUSES.len()],
    spent_us: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Metrics {
    names: Vec<&'static str>,
    routes: Vec<Route>,
    panics: AtomicU64,
}

impl Metrics {
    pub(super) fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        let names: Vec<_> = [NO_ROUTE].into_iter().chain(routes).collect();
        Self { routes: names.iter().map(|_| Route::default()).collect(), names, panics: AtomicU64::new(0) }
    }

    /// `route` is its place among those that [`Metrics::new`] was given.
    pub(super) fn count(&self, route: Option<usize>, status: StatusCode, spent: Duration) {
        let Some(route) = self.routes.get(route.map_or(0, |at| at + 1)) else { return };
        let slot = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        route.by_status[slot].fetch_add(1, Ordering::Relaxed);
        route.spent_us.fetch_add(spent.as_micros() as u64, Ordering::Relaxed);
    }

    /// The path of a route, by its place.
    #[cfg(test)]
    pub(super) fn name(&self, place: usize) -> Option<&'static str> {
        self.names.get(place + 1).copied()
    }

    /// Counts a panic and returns its number.
    pub(super) fn panicked(&self) -> u64 {
        self.panics.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn written(&self, version: u64, waiting: usize, caches: &[(&str, CacheCounts)]) -> String {
        let mut text = String::with_capacity(4096);
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, version, waiting, caches);
        text
    }

    fn write(
        &self,
        out: &mut String,
        version: u64,
        waiting: usize,
        caches: &[(&str, CacheCounts)],
    ) -> std::fmt::Result {
        writeln!(out, "# TYPE wangge_build_info gauge")?;
        writeln!(out, "wangge_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "# TYPE wangge_snapshot_version gauge\nwangge_snapshot_version {version}")?;
        writeln!(out, "# TYPE wangge_work_waiting gauge\nwangge_work_waiting {waiting}")?;
        writeln!(
            out,
            "# TYPE wangge_panics_total counter\nwangge_panics_total {}",
            self.panics.load(Ordering::Relaxed)
        )?;
        writeln!(out, "# TYPE wangge_requests_total counter")?;
        for (name, route) in self.names.iter().zip(&self.routes) {
            for (status, count) in STATUSES.iter().zip(&route.by_status) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
                    writeln!(out, "wangge_requests_total{{route=\"{name}\",status=\"{status}\"}} {count}")?;
                }
            }
        }
        writeln!(out, "# TYPE wangge_request_seconds_total counter")?;
        for (name, route) in self.names.iter().zip(&self.routes) {
            let spent = route.spent_us.load(Ordering::Relaxed);
            if spent > 0 {
                writeln!(out, "wangge_request_seconds_total{{route=\"{name}\"}} {:.6}", spent as f64 / 1e6)?;
            }
        }
        let counters: [Counter; 5] = [
            ("hits_total", "counter", |c| c.hits),
            ("misses_total", "counter", |c| c.misses),
            ("made_total", "counter", |c| c.made),
            ("entries", "gauge", |c| c.entries),
            ("bytes", "gauge", |c| c.weight_bytes),
        ];
        for (name, kind, value) in counters {
            writeln!(out, "# TYPE wangge_cache_{name} {kind}")?;
            for (cache, counts) in caches {
                writeln!(out, "wangge_cache_{name}{{cache=\"{cache}\"}} {}", value(counts))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::new(["/a", "/b"].into_iter());
        metrics.count(Some(0), StatusCode::OK, Duration::from_millis(1500));
        metrics.count(Some(0), StatusCode::OK, Duration::ZERO);
        metrics.count(Some(1), StatusCode::IM_A_TEAPOT, Duration::ZERO);
        metrics.count(None, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = metrics.written(3, 0, &[("tiles", CacheCounts { hits: 7, ..CacheCounts::default() })]);
        for line in [
            "wangge_requests_total{route=\"/a\",status=\"200\"} 2",
            "wangge_requests_total{route=\"/b\",status=\"other\"} 1",
            "wangge_requests_total{route=\"other\",status=\"404\"} 1",
            "wangge_request_seconds_total{route=\"/a\"} 1.500000",
            "wangge_snapshot_version 3",
            "wangge_cache_hits_total{cache=\"tiles\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing from\n{text}");
        }
    }
}
