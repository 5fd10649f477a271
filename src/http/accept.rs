//! The accept loop: HTTP/1.1 and h2c on one port, bounded in every direction, drained on request.

use std::future::Future;
use std::io::{self, Write};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::guard::Guarded;
use super::patience::{Doorkeeper, Limits, PatientStream, Place};

/// What an HTTP/2 client that was told beforehand sends first (RFC 9113 §3.4).
const H2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What a connection beyond the limits hears.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const MOST_HEADERS: usize = 100;
const H2_STREAMS: u32 = 128;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request under way was answered.
    Clean,
    /// The time was up first; this many connections were cut.
    Cut(usize),
}

/// Serves until `stop` is done, then answers what is under way for at most `limits.drain`. One bad connection, or a lack
/// of file descriptors, never ends the loop.
pub async fn serve(listener: TcpListener, router: Guarded, limits: Limits, stop: impl Future<Output = ()>) -> Drained {
    let door = Doorkeeper::new(&limits);
    let graceful = GracefulShutdown::new();
    let (stopping, silent) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    let mut backoff = Backoff::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                backoff = Backoff::default();
                let Some(place) = door.admit(peer.ip()) else {
                    refuse(stream);
                    continue;
                };
                let _ = stream.set_nodelay(true); // only a lost optimisation if it fails
                let connection = Connection { place, limits: limits.clone(), silent: silent.clone() };
                tokio::spawn(connection.converse(stream, router.clone(), graceful.watcher()));
            }
            Err(fault) if concerns_one_connection(&fault) => {}
            Err(fault) => {
                let pause = backoff.next();
                tracing::warn!(%fault, pause_ms = pause.as_millis(), "cannot accept connections; waiting");
                tokio::select! { () = sleep(pause) => {}, () = &mut stop => break }
            }
        }
    }
    drop((listener, stopping));
    let open = graceful.count();
    match timeout(limits.drain, graceful.shutdown()).await {
        Ok(()) => Drained::Clean,
        Err(_) => Drained::Cut(open),
    }
}

/// Pauses after failures to accept: 10 ms, doubling, one second at most.
#[derive(Debug, Default)]
struct Backoff(u32);

impl Backoff {
    fn next(&mut self) -> Duration {
        let pause = Duration::from_millis(10 << self.0.min(7)).min(Duration::from_secs(1));
        self.0 += 1;
        pause
    }
}

/// The other side went away between knocking and coming in.
fn concerns_one_connection(fault: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(fault.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A word to a connection that is one too many. Best effort: a fresh socket takes these bytes without waiting.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(FULL);
    }
}

/// What a connection needs besides its stream.
#[derive(Debug)]
struct Connection {
    /// Given back at the end.
    place: Place,
    limits: Limits,
    /// Closed when the server stops: who has said nothing by then has nothing to lose.
    silent: watch::Receiver<()>,
}

impl Connection {
    /// From the first byte to the last. Faults of the other side end it quietly.
    async fn converse(mut self, stream: TcpStream, router: Guarded, watcher: Watcher) {
        let version = tokio::select! {
            spoken = timeout(self.limits.header, spoken(&stream)) => spoken,
            _ = self.silent.changed() => return,
        };
        let builder = match version {
            Ok(Ok(Some(Version::H1))) => builder(&self.limits).http1_only(),
            Ok(Ok(Some(Version::H2))) => builder(&self.limits).http2_only(),
            Ok(Ok(None) | Err(_)) | Err(_) => return,
        };
        let io = TokioIo::new(PatientStream::new(stream, self.limits.write_idle));
        let connection = builder.serve_connection(io, TowerToHyperService::new(router)).into_owned();
        if let Err(fault) = watcher.watch(connection).await {
            tracing::debug!(%fault, "a connection ended early");
        }
        drop(self.place);
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(limits.header_bytes.max(8192))
        .max_headers(MOST_HEADERS)
        // QGIS 3.22 and others know what an answer is by `Content-Type` in just this spelling.
        .title_case_headers(true)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS)
        .max_header_list_size(limits.header_bytes as u32)
        .max_send_buf_size(256 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(limits.header);
    builder
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    H1,
    H2,
}

/// Which protocol the first bytes begin; `None` when the other side left without a word. Peeks, so nothing is consumed.
async fn spoken(stream: &TcpStream) -> io::Result<Option<Version>> {
    let mut seen = [0; H2_PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        let (seen, expected) = (&seen[..count], &H2_PREFACE[..count]);
        if count == 0 {
            return Ok(None);
        } else if seen != expected {
            return Ok(Some(Version::H1));
        } else if count == H2_PREFACE.len() {
            return Ok(Some(Version::H2));
        }
        // Part of the preface: a peek returns at once until more arrives, so look again a little later.
        sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_to_a_second() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..9).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    }
}
