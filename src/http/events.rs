//! `events`: what happens, as it happens (server-sent events). `Last-Event-ID` goes on where a listener left off.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::Interval;

use super::negotiate::{Keep, fresh};
use super::problem::Problem;
use super::query::Asked;
use super::routes::App;
use crate::service::drafts::Published;
use crate::service::events::{Event, Listening};
use crate::tile::{Redrawn, TileSet};

/// A silent line is taken for a dead one by many a proxy.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `GET /api/v1/events`
pub(super) async fn listen(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let Listening { missed, events } = app.events.listen(last).ok_or_else(Problem::too_many_listeners)?;
    let mut beginning = String::from("retry: 1000\n\n");
    match missed {
        Some(missed) => missed.iter().for_each(|event| beginning.push_str(&written(&app, event))),
        // Whoever was away too long has to fetch anew whatever he has.
        None => {
            let version = app.serving.state().snapshot.version;
            beginning.extend(["event: reset\ndata: {\"version\":", &version.to_string(), "}\n\n"]);
        }
    }
    let heartbeat = tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
    let stream = Stream { app: Arc::clone(&app), beginning: Some(beginning.into()), events, heartbeat };
    let mut response = fresh("text/event-stream; charset=utf-8", Body::new(stream), Keep::Never);
    // nginx would collect what is to be told at once.
    response.headers_mut().insert(header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn written(app: &App, event: &Event) -> String {
    format!("id: {}\nevent: {}\ndata: {}\n\n", app.events.id(event.number), event.kind, event.data)
}

struct Stream {
    app: Arc<App>,
    beginning: Option<Bytes>,
    events: mpsc::Receiver<Arc<Event>>,
    heartbeat: Interval,
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(beginning) = self.beginning.take() {
            return Poll::Ready(Some(Ok(Frame::data(beginning))));
        }
        match self.events.poll_recv(cx) {
            Poll::Ready(Some(event)) => {
                let text = written(&self.app, &event);
                return Poll::Ready(Some(Ok(Frame::data(text.into()))));
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        self.heartbeat
            .poll_tick(cx)
            .map(|_| Some(Ok(Frame::data(Bytes::from_static(b": so that the line is not silent\n\n")))))
    }
}

/// A version that came into force, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    version: u64,
    recorded: String,
    effective: Option<String>,
    reason: Option<&'a str>,
    /// Codes of the units that changed.
    units: &'a [String],
    /// By tile set, the tiles that are not what they were; `null` for a set of which all have to be fetched anew.
    tiles: std::collections::BTreeMap<&'static str, Option<Vec<String>>>,
}

impl<'a> Told<'a> {
    pub(super) fn of(published: &'a Published) -> Self {
        let snapshot = &published.state.snapshot;
        let version = snapshot.history.version(snapshot.version);
        let named = |tile: &Redrawn| format!("{}/{}/{}", tile.coord.z(), tile.coord.x(), tile.coord.y());
        let units = published.dirty.tiles.as_ref().map(|tiles| tiles.iter().map(named).collect());
        Self {
            version: snapshot.version,
            recorded: snapshot.recorded.to_string(),
            effective: version.map(|version| version.effective.to_string()),
            reason: version.map(|version| version.reason.as_str()),
            units: &published.units,
            tiles: [(TileSet::Units.name(), units)].into(),
        }
    }
}
