//! `search/choices`: which place a dispatcher meant by a text, and what somebody else says to it. Every call needs an actor's token: what callers say
//! is not for strangers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acting::Acting;
use super::answer::json;
use super::ops;
use super::places::{blocking, tell};
use super::problem::Problem;
use super::query::Asked;
use super::routes::{App, At};
use crate::place::choice::{Choice, State as Stage};
use crate::service::locate::owner_of;
use crate::snapshot::Snapshot;

/// Choices on one page, unless said, and at most.
const PAGE: usize = 100;
const MOST: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choosing {
    text: String,
    place: String,
}

/// `POST /api/v1/search/choices`
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let Choosing { text, place } = ops::body(&app, body).await?;
    let chosen = blocking(&app, move |places| places.choose(&actor, &text, &place, Timestamp::now())).await?;
    let mut response = json(&Told::of(&app.serving.state().snapshot, &chosen))?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `GET /api/v1/search/choices`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Acting(_): Acting,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["state", "after", "limit"])?;
    let state = match query.text("state") {
        None => Stage::Proposed,
        Some(word) => {
            Stage::named(word).ok_or_else(|| Problem::query("state", "states are proposed, accepted and rejected"))?
        }
    };
    let after = query.parsed("after", "the number of a choice")?.unwrap_or(0);
    let limit = query.parsed("limit", "a number of choices")?.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::query("limit", format!("limit is {limit}: between 1 and {MOST}")));
    }
    // One more than asked for tells whether there is a next page.
    let (mut choices, total) = blocking(&app, move |places| places.choices(state, after, limit + 1)).await?;
    let more = choices.len() > limit;
    choices.truncate(limit);
    let snapshot = &app.serving.state().snapshot;
    json(&List {
        state: state.word(),
        total,
        next: choices.last().filter(|_| more).map(|last| last.id),
        choices: choices.iter().map(|choice| Told::of(snapshot, choice)).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepting {
    alias: Option<String>,
    #[serde(default)]
    word: String,
}

/// `POST /api/v1/search/choices/{id}/accept`
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At(id): At<String>,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let id = number(&id)?;
    let Accepting { alias, word } = ops::body(&app, body).await?;
    let of = Arc::clone(&app);
    let decided = blocking(&app, move |places| {
        let (decided, changed) = places.accept(&actor, id, (alias.as_deref(), &word), Timestamp::now())?;
        if let Some(changed) = changed {
            tell(&of, &changed);
        }
        Ok(decided)
    });
    json(&Told::of(&app.serving.state().snapshot, &decided.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejecting {
    #[serde(default)]
    word: String,
}

/// `POST /api/v1/search/choices/{id}/reject`
pub(super) async fn reject(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At(id): At<String>,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let id = number(&id)?;
    let Rejecting { word } = ops::body(&app, body).await?;
    let decided = blocking(&app, move |places| places.reject(&actor, id, &word, Timestamp::now())).await?;
    json(&Told::of(&app.serving.state().snapshot, &decided))
}

fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::not_found("a choice is named by its number"))
}

#[derive(Serialize)]
struct List<'a> {
    state: &'static str,
    /// Of this state, on all pages.
    total: u64,
    choices: Vec<Told<'a>>,
    /// `after` of the next page.
    next: Option<u64>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: u64,
    at: String,
    by: &'a str,
    text: &'a str,
    state: &'static str,
    place: Meant<'a>,
    review: Option<Reviewed<'a>>,
}

/// The place that was meant, as it is now.
#[derive(Serialize)]
struct Meant<'a> {
    id: &'a str,
    /// `null` when it is not there any more.
    name: Option<&'a str>,
    address: Option<&'a str>,
    /// Code of the unit whose people may decide; `null` for land that is nobody's.
    owner: Option<&'a str>,
}

#[derive(Serialize)]
struct Reviewed<'a> {
    by: &'a str,
    at: String,
    word: &'a str,
    alias: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(snapshot: &'a Snapshot, choice: &'a Choice) -> Self {
        let place = snapshot.places.iter().find(|place| place.id == choice.place);
        let owner = place.and_then(|place| owner_of(snapshot, place.point));
        Self {
            id: choice.id,
            at: choice.at.to_string(),
            by: &choice.by,
            text: &choice.text,
            state: choice.state.word(),
            place: Meant {
                id: &choice.place,
                name: place.map(|place| place.name.as_str()),
                address: place.map(|place| place.address.as_str()),
                owner: owner.map(|unit| snapshot.hierarchy.unit(unit).code.as_str()),
            },
            review: choice.review.as_ref().map(|review| Reviewed {
                by: &review.by,
                at: review.at.to_string(),
                word: &review.word,
                alias: review.alias.as_deref(),
            }),
        }
    }
}
