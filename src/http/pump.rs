//! A body that is answered while it still comes: at most two blocks at work and one on its way out, so that a client who does not read is not
//! read from either. A stream that breaks is cut, never ended.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::exchange::points::{Answered, Block, Cutter, Overlong, Unpacker};
use crate::service::bulk::{BLOCK_BYTES, Bulk};
use crate::service::serving::{Serving, State};
use crate::service::slots::WorkFault;

/// Blocks of one batch at work at once.
const AT_WORK: usize = 2;
/// How much of a body is looked at in one go …
const PIECE_BYTES: usize = 64 << 10;
/// … and of a packed one, which may unpack to a thousand times as much.
const PACKED_PIECE_BYTES: usize = 1 << 10;

/// Why a stream ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the client sent nothing for {0:?}")]
    Idle(Duration),
    #[error("the client's stream broke: {0}")]
    Client(axum::Error),
    #[error("the body is no gzip stream: {0}")]
    Gzip(std::io::Error),
    #[error(transparent)]
    Overlong(#[from] Overlong),
    #[error("the client stopped reading")]
    Gone,
    #[error(transparent)]
    Work(#[from] WorkFault),
    #[error("the service stopped answering; the log says why")]
    Unfinished,
}

/// What a client sends, unpacked, in pieces of a bounded size.
pub(super) struct Incoming {
    body: Body,
    unpacker: Option<Unpacker>,
    pending: Bytes,
    ended: bool,
    idle: Duration,
}

impl Incoming {
    pub(super) fn new(body: Body, packed: bool, idle: Duration) -> Self {
        let unpacker = packed.then(Unpacker::default);
        Self { body, unpacker, pending: Bytes::new(), ended: false, idle }
    }

    /// The next piece; `None` at the end. Nothing is lost when the future is dropped.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        while self.pending.is_empty() {
            if self.ended {
                let rest = self.unpacker.take().map(Unpacker::finish).transpose().map_err(Broken::Gzip)?;
                return Ok(rest.map(Bytes::from));
            }
            let body = &mut self.body;
            let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
            match timeout(self.idle, frame).await {
                Err(_) => return Err(Broken::Idle(self.idle)),
                Ok(None) => self.ended = true,
                Ok(Some(Err(fault))) => return Err(Broken::Client(fault)),
                Ok(Some(Ok(frame))) => self.pending = frame.into_data().unwrap_or_default(), // trailers say nothing here
            }
        }
        let most = if self.unpacker.is_some() { PACKED_PIECE_BYTES } else { PIECE_BYTES };
        let piece = self.pending.split_to(most.min(self.pending.len()));
        match &mut self.unpacker {
            Some(unpacker) => unpacker.push(&piece).map(|unpacked| Some(unpacked.into())).map_err(Broken::Gzip),
            None => Ok(Some(piece)),
        }
    }
}

/// The answer's body: what is sent into it, and an error unless its end was said.
pub(super) struct Outgoing {
    pieces: mpsc::Receiver<Piece>,
    ended: bool,
}

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(cx).map(|piece| match piece {
            Some(Piece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            None => Some(Err(Broken::Unfinished)),
        })
    }
}

/// A batch under way.
pub(super) struct Pump {
    pub(super) incoming: Incoming,
    pub(super) cutter: Cutter,
    pub(super) bulk: Arc<Bulk>,
    pub(super) state: Arc<State>,
    pub(super) serving: Arc<Serving>,
    /// Given back at the end.
    pub(super) place: OwnedSemaphorePermit,
}

impl Pump {
    /// Answers on a task of its own; returns the body that the answers come out of, `beginning` first.
    pub(super) fn start(self, beginning: Vec<u8>) -> Body {
        let (pieces, received) = mpsc::channel(1);
        tokio::spawn(async move {
            let place = self.place;
            let running =
                Running { bulk: self.bulk, state: self.state, serving: self.serving, at_work: VecDeque::new() };
            match running.run(self.incoming, self.cutter, &pieces, beginning).await {
                Ok(()) => drop(pieces.send(Piece::End).await), // nobody to tell when the client has gone
                Err(fault) => tracing::info!(%fault, "a batch was cut"),
            }
            drop(place);
        });
        Body::new(Outgoing { pieces: received, ended: false })
    }
}

struct Running {
    bulk: Arc<Bulk>,
    state: Arc<State>,
    serving: Arc<Serving>,
    /// Oldest first.
    at_work: VecDeque<JoinHandle<Result<Answered, WorkFault>>>,
}

impl Running {
    async fn run(
        mut self,
        mut incoming: Incoming,
        cutter: Cutter,
        out: &mpsc::Sender<Piece>,
        beginning: Vec<u8>,
    ) -> Result<(), Broken> {
        let send = async |bytes: Vec<u8>| {
            if bytes.is_empty() {
                return Ok(());
            }
            out.send(Piece::Bytes(bytes.into())).await.map_err(|_| Broken::Gone)
        };
        send(beginning).await?;
        let mut cutter = Some(cutter);
        loop {
            // A full block, or whatever there is while nothing is at work: a slow sender gets its answers row by row.
            let ready = cutter.as_ref().map_or(0, Cutter::ready);
            let least = if self.at_work.is_empty() { 1 } else { BLOCK_BYTES };
            if self.at_work.len() < AT_WORK && ready >= least {
                let block = cutter.as_mut().and_then(Cutter::take);
                self.begin(block);
                continue;
            }
            if cutter.is_none() && self.at_work.is_empty() {
                return Ok(());
            }
            tokio::select! {
                piece = incoming.piece(), if cutter.is_some() && ready < BLOCK_BYTES => match (piece?, &mut cutter) {
                    (Some(bytes), Some(cutter)) => cutter.push(&bytes)?,
                    _ => {
                        let last = cutter.take().and_then(Cutter::finish);
                        self.begin(last);
                    }
                },
                answered = oldest(&mut self.at_work) => {
                    self.at_work.pop_front();
                    send(answered?.bytes).await?;
                }
            }
        }
    }

    fn begin(&mut self, block: Option<Block>) {
        let Some(block) = block else { return };
        let (bulk, state, serving) = (Arc::clone(&self.bulk), Arc::clone(&self.state), Arc::clone(&self.serving));
        let work = move || bulk.answer(&state.snapshot, &block);
        self.at_work.push_back(tokio::spawn(async move { serving.slots.run_admitted(work).await }));
    }
}

/// The answer to the oldest block at work; never, when none is.
async fn oldest(at_work: &mut VecDeque<JoinHandle<Result<Answered, WorkFault>>>) -> Result<Answered, WorkFault> {
    match at_work.front_mut() {
        Some(work) => work.await.unwrap_or(Err(WorkFault::Crashed)),
        None => std::future::pending().await,
    }
}
