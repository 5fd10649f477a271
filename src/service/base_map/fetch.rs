//! One tile from the host: the only request that this program ever sends. To the one host that is configured, at an address that was looked at, over a
//! connection that goes nowhere else; nothing of the client's request is in it but three numbers. What comes back is a small picture or nothing.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::file::media_type;
use super::host::Wanted;
use super::template::{Allowed, Name, Template, refuse};
use crate::exchange::archive::{Kind, named};
use crate::service::bytes::Finished;
use crate::tile::TileCoord;

/// How long an idle connection is kept for the next tile.
const IDLE: Duration = Duration::from_secs(20);
/// The largest head of an answer that is read, and the most fields in it.
const HEAD_BYTES: usize = 16 << 10;
const HEAD_FIELDS: usize = 64;
/// The most addresses of a name that are looked at.
const MOST_ADDRESSES: usize = 16;

const AGENT: &str = concat!("wangge/", env!("CARGO_PKG_VERSION"));

/// Why the host gave no tile. Holds no part of the address that is asked: whoever looks at a map may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    #[error("is not known by that name here")]
    Unresolved,
    #[error("has an address of this machine or of a network of its own, which is refused")]
    Refused,
    #[error("cannot be connected to")]
    Unreachable,
    #[error("cannot show a certificate that is trusted here")]
    Untrusted,
    #[error("took too long")]
    Slow,
    #[error("answered in no way that HTTP knows, or hung up")]
    Broken,
    #[error("wants to send us elsewhere (status {0}), which is refused")]
    Redirects(u16),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answered with more bytes than a tile may have")]
    TooLarge,
    #[error("answered with something that is no PNG, JPEG or WebP")]
    NoPicture,
    #[error("is asked for too many tiles already: try again in a second")]
    Busy,
    #[error("cannot be asked: no certificates are trusted here; install ca-certificates, or give --base-map-ca")]
    NoRoots,
}

impl HostFault {
    /// Whether it came before anything was asked.
    const fn is_of_connecting(self) -> bool {
        matches!(self, Self::Unresolved | Self::Refused | Self::Unreachable | Self::Untrusted)
    }
}

/// A byte stream, whatever it runs through.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

type Connection = SendRequest<Empty<Bytes>>;

/// Asks one host.
pub(super) struct Client {
    template: Template,
    allowed: Allowed,
    total: Duration,
    failure: Duration,
    bytes: usize,
    tls: Option<TlsConnector>,
    idle: Mutex<Vec<(Connection, Instant)>>,
    /// The host could not be reached, and until when that is believed.
    away: Mutex<Option<(HostFault, Instant)>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("template", &self.template).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    pub(super) fn new(wanted: Wanted) -> Result<Self, HostFault> {
        let tls = wanted.template.secure.then(|| connector(wanted.roots.as_deref())).transpose()?;
        Ok(Self {
            template: wanted.template,
            allowed: wanted.allowed,
            total: wanted.limits.total,
            failure: wanted.limits.failure,
            bytes: wanted.limits.bytes,
            tls,
            idle: Mutex::default(),
            away: Mutex::default(),
        })
    }

    fn origin(&self) -> String {
        self.template.origin()
    }

    /// A tile; `None` where the host has none.
    pub(super) async fn tile(&self, coord: TileCoord) -> Result<Option<Finished>, HostFault> {
        let found = timeout(self.total, self.in_time(coord)).await.unwrap_or(Err(HostFault::Slow));
        if let Err(fault) = &found
            && !fault.is_of_connecting()
        {
            tracing::warn!(host = self.origin(), tile = named(coord), %fault, "no tile of the base map: its host");
        }
        found
    }

    async fn in_time(&self, coord: TileCoord) -> Result<Option<Finished>, HostFault> {
        let (connection, response) = self.ask(coord).await?;
        let found = read(response, self.bytes).await?;
        // Where something was left unread the connection is worth nothing.
        if found.is_some() {
            locked(&self.idle).push((connection, Instant::now()));
        }
        Ok(found)
    }

    /// Sends the request over a connection that is there, or over a new one; a kept one may have been closed meanwhile.
    async fn ask(&self, coord: TileCoord) -> Result<(Connection, Response<Incoming>), HostFault> {
        while let Some(mut connection) = self.idle() {
            if connection.ready().await.is_ok()
                && let Ok(response) = connection.send_request(self.request(coord)?).await
            {
                return Ok((connection, response));
            }
        }
        let mut connection = self.connect().await?;
        let response = connection.send_request(self.request(coord)?).await.map_err(|_| HostFault::Broken)?;
        Ok((connection, response))
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = locked(&self.idle);
        idle.retain(|(connection, since)| since.elapsed() < IDLE && !connection.is_closed());
        idle.pop().map(|(connection, _)| connection)
    }

    fn request(&self, coord: TileCoord) -> Result<Request<Empty<Bytes>>, HostFault> {
        let request = Request::get(self.template.target(coord))
            .header(HOST, &self.template.authority)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "image/png, image/jpeg, image/webp")
            .header(ACCEPT_ENCODING, "identity");
        request.body(Empty::new()).map_err(|_| HostFault::Broken)
    }

    /// A new connection, unless the host could not be reached a moment ago: a screen of tiles is not to try it one by one.
    async fn connect(&self) -> Result<Connection, HostFault> {
        if let Some((fault, until)) = *locked(&self.away)
            && Instant::now() < until
        {
            return Err(fault);
        }
        // Sooner than a tile is given up, so that it is remembered.
        let connected = timeout(self.total * 3 / 5, self.reach()).await.unwrap_or(Err(HostFault::Unreachable));
        if let Err(fault) = connected {
            // Once, and not for each tile that is not tried.
            tracing::warn!(host = self.origin(), %fault, "the base map is away: its host");
            *locked(&self.away) = Some((fault, Instant::now() + self.failure));
        }
        connected
    }

    async fn reach(&self) -> Result<Connection, HostFault> {
        let mut stream = None;
        for address in self.addresses().await? {
            if let Ok(connected) = TcpStream::connect(address).await {
                stream = Some(connected);
                break;
            }
        }
        let stream = stream.ok_or(HostFault::Unreachable)?;
        let _ = stream.set_nodelay(true); // it works without
        let wire: Box<dyn Wire> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = match &self.template.name {
                    Name::Domain(domain) => ServerName::try_from(domain.clone()).map_err(|_| HostFault::Unresolved)?,
                    Name::Address(address) => ServerName::from(*address),
                };
                Box::new(tls.connect(name, stream).await.map_err(|_| HostFault::Untrusted)?)
            }
        };
        let builder = Builder::new().max_buf_size(HEAD_BYTES).max_headers(HEAD_FIELDS).clone();
        let (connection, running) = builder.handshake(TokioIo::new(wire)).await.map_err(|_| HostFault::Broken)?;
        tokio::spawn(running); // ends with the connection, which ends when nobody holds it
        Ok(connection)
    }

    /// Where the host is. A name that leads to one address that is refused is refused whole: an honest name does not.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, HostFault> {
        let port = self.template.port;
        let found: Vec<SocketAddr> = match &self.template.name {
            Name::Address(address) => vec![SocketAddr::new(*address, port)],
            Name::Domain(domain) => {
                let found = lookup_host((domain.as_str(), port)).await.map_err(|_| HostFault::Unresolved)?;
                found.take(MOST_ADDRESSES).collect()
            }
        };
        if found.is_empty() {
            return Err(HostFault::Unresolved);
        }
        let refused: Option<IpAddr> =
            found.iter().map(SocketAddr::ip).find(|address| refuse(*address, self.allowed).is_err());
        match refused {
            None => Ok(found),
            Some(address) => {
                tracing::warn!(host = self.origin(), %address, "the host of the base map has an address that is refused");
                Err(HostFault::Refused)
            }
        }
    }
}

/// TLS 1.2 and 1.3, with the certificates of a file or of the system.
fn connector(roots: Option<&[u8]>) -> Result<TlsConnector, HostFault> {
    let mut store = RootCertStore::empty();
    let certificates: Vec<CertificateDer<'static>> = match roots {
        Some(pem) => CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect(),
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = store.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(HostFault::NoRoots);
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| HostFault::NoRoots)?.with_root_certificates(store).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What an answer holds, read no further than it may be long.
async fn read(response: Response<Incoming>, most: usize) -> Result<Option<Finished>, HostFault> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => return Ok(None),
        status if status.is_redirection() => return Err(HostFault::Redirects(status.as_u16())),
        status => return Err(HostFault::Status(status.as_u16())),
    }
    says_picture(response.headers())?;
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) {
        return Err(HostFault::TooLarge);
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| HostFault::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(HostFault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    // What it says it is may be wrong, what it is decides: browsers are told that and nothing else.
    let kind = Kind::of_picture(&bytes).ok_or(HostFault::NoPicture)?;
    Ok(Some(Finished::as_is(media_type(kind), bytes)))
}

/// The kinds of pictures that are taken, as they are announced.
fn says_picture(headers: &HeaderMap) -> Result<(), HostFault> {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    let known = ["image/png", "image/jpeg", "image/jpg", "image/webp"].contains(&said.as_str());
    if known && plain { Ok(()) } else { Err(HostFault::NoPicture) }
}
