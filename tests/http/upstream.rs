//! A map server of another's, as it may be: it notes what it is asked and says exactly what a test tells it to, over plain TCP or TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The bytes of an answer, and how long they are waited for.
#[derive(Clone, Debug)]
pub struct Reply {
    pub bytes: Vec<u8>,
    pub after: Duration,
}

impl Reply {
    /// An answer with its length.
    pub fn of(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
        Self { bytes: [head.as_bytes(), body].concat(), after: Duration::ZERO }
    }

    pub fn picture(body: &[u8]) -> Self {
        Self::of("200 OK", "content-type: image/png\r\n", body)
    }

    pub fn late(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

/// The smallest thing that begins as a PNG does.
pub fn png(mark: u8) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &[mark; 40]].concat()
}

#[derive(Debug)]
pub struct Upstream {
    pub at: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub async fn start(says: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(None, says).await
    }

    pub async fn with(tls: Option<TlsAcceptor>, says: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (noted, says) = (Arc::clone(&heads), Arc::new(says));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, says, tls) = (Arc::clone(&noted), Arc::clone(&says), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &noted, &*says).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &noted, &*says).await;
                            }
                        }
                    }
                });
            }
        });
        Self { at, heads }
    }

    /// The head of each request so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub fn asked(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

/// Answers one request after the other; an answer of no bytes is a connection that is dropped.
async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    noted: &Mutex<Vec<String>>,
    says: &(impl Fn(&str) -> Reply + ?Sized),
) {
    let mut read = Vec::new();
    loop {
        while let Some(end) = read.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8(read.drain(..end + 4).collect()).unwrap();
            noted.lock().unwrap().push(head.clone());
            let reply = says(head.split(' ').nth(1).unwrap_or_default());
            tokio::time::sleep(reply.after).await;
            if reply.bytes.is_empty() || stream.write_all(&reply.bytes).await.is_err() {
                return;
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(n) if n > 0 => read.extend_from_slice(&more[..n]),
            _ => return,
        }
    }
}
