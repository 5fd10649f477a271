//! How long the server waits for a client, and how many it lets in: the limits, and a stream that gives up on slow readers.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Everything a stranger can use up, and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the connection, or from the last answer, to the end of the next request's header.
    pub header: Duration,
    /// A reader who takes nothing for so long is gone.
    pub write_idle: Duration,
    /// From the signal to stop to the last answer.
    pub drain: Duration,
    pub connections: usize,
    /// From one IPv4 address or one IPv6 /64. The loopback is exempt unless `loopback_counts`: a reverse proxy lives there.
    pub connections_per_address: usize,
    pub loopback_counts: bool,
    pub header_bytes: usize,
    pub uri_bytes: usize,
    pub body_bytes: u64,
    /// Batches at once; their bodies may be of any length, but …
    pub batches: usize,
    /// … none of their rows longer than this …
    pub row_bytes: usize,
    /// … and a sender who says nothing for so long is gone.
    pub body_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            write_idle: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            connections: 4096,
            connections_per_address: 64,
            loopback_counts: false,
            header_bytes: 16 * 1024,
            uri_bytes: 8 * 1024,
            body_bytes: 1024 * 1024,
            batches: 8,
            row_bytes: 1024 * 1024,
            body_idle: Duration::from_secs(30),
        }
    }
}

/// Connections by address.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Who is in. Cloning shares the count.
#[derive(Clone, Debug)]
pub(super) struct Doorkeeper {
    total: Arc<Semaphore>,
    by_address: Counts,
    per_address: usize,
    loopback_counts: bool,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _total: OwnedSemaphorePermit,
    counted: Option<(IpAddr, Counts)>,
}

impl Doorkeeper {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            total: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            by_address: Arc::default(),
            per_address: limits.connections_per_address,
            loopback_counts: limits.loopback_counts,
        }
    }

    /// A place, or `None` when the house or the address has too many.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Place> {
        let total = Arc::clone(&self.total).try_acquire_owned().ok()?;
        let peer = network(peer);
        if peer.is_loopback() && !self.loopback_counts {
            return Some(Place { _total: total, counted: None });
        }
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(peer).or_default();
        if *count >= self.per_address {
            return None;
        }
        *count += 1;
        Some(Place { _total: total, counted: Some((peer, Arc::clone(&self.by_address))) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((peer, by_address)) = &self.counted else { return };
        let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(peer) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(peer);
            }
        }
    }
}

/// What counts as one address: mapped IPv4 as IPv4, and a whole /64 of IPv6, because that is what one subscriber gets.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other,
    }
}

/// A TCP stream whose writes fail once the other side has taken nothing for a while.
#[derive(Debug)]
pub(super) struct PatientStream {
    stream: TcpStream,
    write_idle: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl PatientStream {
    pub(super) const fn new(stream: TcpStream, write_idle: Duration) -> Self {
        Self { stream, write_idle, stuck: None }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let idle = self.write_idle;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + idle)));
        match stuck.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the reader takes nothing"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let door = Doorkeeper::new(&Limits { connections: 5, connections_per_address: 2, ..Limits::default() });
        let first = door.admit(address("192.0.2.1"));
        let _second = door.admit(address("::ffff:192.0.2.1")).expect("the second of two");
        assert!(door.admit(address("192.0.2.1")).is_none(), "a third from one address");
        drop(first);
        let _third = door.admit(address("192.0.2.1")).expect("a place came free");
        let _other = door.admit(address("2001:db8::1")).expect("another address");
        let _same_net = door.admit(address("2001:db8::2")).expect("the second of its /64");
        assert!(door.admit(address("2001:db8::3")).is_none());
        let _local = door.admit(address("127.0.0.1")).expect("the fifth of five");
        assert!(door.admit(address("127.0.0.1")).is_none(), "the house is full");
    }
}
