//! `drafts`: boundaries being changed, and their way through review to the next version. Every call needs an actor's token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::acting::Acting;
use super::answer::json;
use super::checks::Found;
use super::events::Told;
use super::ops::{self, Ops};
use super::problem::Problem;
use super::query::Asked;
use super::routes::{App, At};
use crate::coverage::{Lattice, LatticePoint};
use crate::grid::draft::{Actor, Draft, Scope};
use crate::service::drafts::{DraftFault, Drafts, Published, Stepped};

/// A call of an actor about one draft, without wishes in the query.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
    pub(super) id: u64,
}

impl FromRequestParts<Arc<App>> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Acting(actor) = Acting::from_request_parts(parts, app).await?;
        let Ok(asked) = Asked::from_request_parts(parts, app).await;
        asked.only(&[])?;
        let At(part) = At::<std::collections::HashMap<String, String>>::from_request_parts(parts, app).await?;
        let id = number(part.get("id").map_or("", String::as_str))?;
        Ok(Self { app: Arc::clone(app), actor, id })
    }
}

/// Runs what waits for the disk, and what may take long, on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Drafts) -> Result<T, DraftFault> + Send + 'static,
) -> Result<T, Problem> {
    let drafts = Arc::clone(&app.drafts);
    let done = app.serving.slots.run(move || work(&drafts)).await?;
    done.map_err(|fault| Problem::of_draft(&fault, app.serving.state().snapshot.coverage.lattice()))
}

/// `GET /api/v1/drafts`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Acting(_): Acting,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let drafts = blocking(&app, Drafts::list).await?;
    let current = app.serving.state().snapshot.version;
    json(&List { current, drafts: drafts.iter().map(|draft| Summary::of(draft, current)).collect() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    title: String,
}

/// `POST /api/v1/drafts`
pub(super) async fn open(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let Opening { title } = ops::body(&app, body).await?;
    let draft = blocking(&app, move |drafts| drafts.open(&actor, &title, Timestamp::now())).await?;
    created(&app, &draft)
}

/// `POST /api/v1/versions/{version}/revert`
pub(super) async fn revert(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At(version): At<String>,
    asked: Asked,
    body: Body,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let number = version.parse().ok().filter(|n| app.serving.state().snapshot.history.version(*n).is_some());
    let Some(number) = number else {
        return Err(Problem::not_found("there is no such version; /api/v1/versions lists them"));
    };
    let Opening { title } = ops::body(&app, body).await?;
    let draft = blocking(&app, move |drafts| drafts.revert(&actor, number, &title, Timestamp::now())).await?;
    created(&app, &draft)
}

fn created(app: &App, draft: &Draft) -> Result<Response<Body>, Problem> {
    let mut response = answer(app, draft)?;
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(place) = format!("/api/v1/drafts/{}", draft.id).parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

fn answer(app: &App, draft: &Draft) -> Result<Response<Body>, Problem> {
    json(&Whole::of(draft, app.serving.state().snapshot.version))
}

/// `GET /api/v1/drafts/{id}`
pub(super) async fn one(Call { app, actor: _, id }: Call) -> Result<Response<Body>, Problem> {
    let draft = blocking(&app, move |drafts| drafts.look(id, |open| open.draft.clone())).await?;
    answer(&app, &draft)
}

/// `DELETE /api/v1/drafts/{id}`
pub(super) async fn discard(Call { app, actor, id }: Call) -> Result<Response<Body>, Problem> {
    let draft = blocking(&app, move |drafts| drafts.discard(&actor, id, Timestamp::now())).await?;
    answer(&app, &draft)
}

/// `POST /api/v1/drafts/{id}/ops`
pub(super) async fn ask(Call { app, actor, id }: Call, body: Body) -> Result<Response<Body>, Problem> {
    let asks = ops::body::<Ops>(&app, body).await?.asks()?;
    let stepped = blocking(&app, move |drafts| drafts.ask(&actor, id, &asks, Timestamp::now())).await?;
    let state = app.serving.state();
    json(&Step::of(&stepped, state.snapshot.coverage.lattice(), state.snapshot.version))
}

/// `DELETE /api/v1/drafts/{id}/ops/{step}`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    Acting(actor): Acting,
    At((id, step)): At<(String, String)>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let (id, step) = (number(&id)?, number(&step)?);
    let draft = blocking(&app, move |drafts| drafts.undo(&actor, id, step, Timestamp::now())).await?;
    answer(&app, &draft)
}

/// `POST /api/v1/drafts/{id}/rebase`
pub(super) async fn rebase(Call { app, actor, id }: Call) -> Result<Response<Body>, Problem> {
    let draft = blocking(&app, move |drafts| drafts.rebase(&actor, id, Timestamp::now())).await?;
    answer(&app, &draft)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submitting {
    /// Today, unless said.
    effective: Option<String>,
    #[serde(default)]
    document: String,
    reason: String,
}

/// `POST /api/v1/drafts/{id}/submit`
pub(super) async fn submit(Call { app, actor, id }: Call, body: Body) -> Result<Response<Body>, Problem> {
    let Submitting { effective, document, reason } = ops::body(&app, body).await?;
    let effective = match effective {
        None => app.serving.today(),
        Some(day) => {
            day.parse::<Date>().map_err(|_| Problem::body_at("/effective", "expected a day such as 2026-12-01"))?
        }
    };
    let handed_in = move |drafts: &Drafts| drafts.submit(&actor, id, (effective, &document, &reason), Timestamp::now());
    answer(&app, &blocking(&app, handed_in).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noting {
    #[serde(default)]
    note: String,
}

/// `POST /api/v1/drafts/{id}/approve`
pub(super) async fn approve(Call { app, actor, id }: Call, body: Body) -> Result<Response<Body>, Problem> {
    let Noting { note } = ops::body(&app, body).await?;
    let draft = blocking(&app, move |drafts| drafts.approve(&actor, id, &note, Timestamp::now())).await?;
    let drafts = Arc::clone(&app.drafts);
    // Nobody waits for it, and whoever publishes is told what is wrong.
    drop(tokio::task::spawn_blocking(move || drafts.rehearse(id)));
    answer(&app, &draft)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returning {
    reason: String,
}

/// `POST /api/v1/drafts/{id}/return`
pub(super) async fn give_back(Call { app, actor, id }: Call, body: Body) -> Result<Response<Body>, Problem> {
    let Returning { reason } = ops::body(&app, body).await?;
    let draft = blocking(&app, move |drafts| drafts.give_back(&actor, id, &reason, Timestamp::now())).await?;
    answer(&app, &draft)
}

/// `POST /api/v1/drafts/{id}/publish`
pub(super) async fn publish(Call { app, actor, id }: Call) -> Result<Response<Body>, Problem> {
    let of = Arc::clone(&app);
    let published = blocking(&app, move |drafts| {
        let published = drafts.publish(&actor, id, Timestamp::now())?;
        // From here, not from the handler: a client who has gone away meanwhile keeps nobody from hearing of it.
        match serde_json::to_string(&Told::of(&published)) {
            Ok(told) => of.events.tell("published", told),
            Err(fault) => tracing::error!(%fault, "a version cannot be told of"),
        }
        Ok(published)
    });
    let Published { draft, state, dirty, .. } = published.await?;
    let (drafts, of) = (Arc::clone(&app.drafts), Arc::clone(&state));
    // Nobody waits for it.
    drop(tokio::task::spawn_blocking(move || drafts.settle(&of, dirty)));
    json(&Whole::of(&draft, state.snapshot.version))
}

pub(super) fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::not_found("a draft or step is named by its number"))
}

#[derive(Serialize)]
struct List<'a> {
    /// The version that is served.
    current: u64,
    /// The one changed last first.
    drafts: Vec<Summary<'a>>,
}

#[derive(Serialize)]
struct Summary<'a> {
    id: u64,
    title: &'a str,
    author: &'a str,
    scope: Option<&'a [String]>,
    state: &'static str,
    opened: String,
    changed: String,
    /// The version that it is made on …
    base: u64,
    /// … and whether that is not the one in force any more.
    behind: bool,
    steps: usize,
    version: Option<u64>,
}

impl<'a> Summary<'a> {
    fn of(draft: &'a Draft, current: u64) -> Self {
        Self {
            id: draft.id,
            title: &draft.title,
            author: &draft.author.name,
            scope: scope(&draft.author),
            state: draft.state.word(),
            opened: draft.opened.to_string(),
            changed: draft.changed.to_string(),
            base: draft.base,
            behind: draft.base != current && draft.version.is_none(),
            steps: draft.steps.iter().filter(|step| !step.undone).count(),
            version: draft.version,
        }
    }
}

fn scope(actor: &Actor) -> Option<&[String]> {
    match &actor.scope {
        Scope::District => None,
        Scope::Units(codes) => Some(codes),
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    ops: Vec<Made<'a>>,
    submission: Option<Submission<'a>>,
    approvals: Vec<Approval<'a>>,
    /// Why it was given back last.
    returned: Option<&'a str>,
}

/// A step of a draft.
#[derive(Serialize)]
struct Made<'a> {
    seq: u64,
    by: &'a str,
    at: String,
    verbs: Vec<&'static str>,
    /// Codes of the units whose rows change, as they become, or were.
    units: Vec<&'a str>,
    undone: bool,
}

#[derive(Serialize)]
struct Submission<'a> {
    effective: String,
    document: &'a str,
    reason: &'a str,
    by: &'a str,
    at: String,
}

#[derive(Serialize)]
struct Approval<'a> {
    by: &'a str,
    scope: Option<&'a [String]>,
    at: String,
    note: &'a str,
}

impl<'a> Whole<'a> {
    fn of(draft: &'a Draft, current: u64) -> Self {
        let made = |step: &'a crate::grid::draft::Step| Made {
            seq: step.number,
            by: &step.by,
            at: step.at.to_string(),
            verbs: step.changes.iter().map(|change| change.verb.word()).collect(),
            units: (step.changes.iter().flat_map(|change| &change.rows))
                .filter_map(|row| row.after.as_ref().or(row.before.as_ref()))
                .map(|row| row.code.as_str())
                .collect(),
            undone: step.undone,
        };
        let approval = |approval: &'a crate::grid::draft::Approval| Approval {
            by: &approval.by.name,
            scope: scope(&approval.by),
            at: approval.at.to_string(),
            note: &approval.note,
        };
        Self {
            summary: Summary::of(draft, current),
            ops: draft.steps.iter().map(made).collect(),
            submission: draft.submission.as_ref().map(|submission| Submission {
                effective: submission.effective.to_string(),
                document: &submission.document,
                reason: &submission.reason,
                by: &submission.by,
                at: submission.at.to_string(),
            }),
            approvals: draft.approvals.iter().map(approval).collect(),
            returned: draft.returned.as_deref(),
        }
    }
}

/// What a step did.
#[derive(Serialize)]
struct Step<'a> {
    seq: u64,
    draft: Whole<'a>,
    units: &'a [String],
    /// West, south, east, north.
    bounds: Option<[f64; 4]>,
    findings: Vec<Found<'a>>,
}

impl<'a> Step<'a> {
    fn of(stepped: &'a Stepped, lattice: &Lattice, current: u64) -> Self {
        Self {
            seq: stepped.step,
            draft: Whole::of(&stepped.draft, current),
            units: &stepped.units,
            bounds: stepped.bounds.map(|bounds| degrees(lattice, bounds)),
            findings: stepped.findings.iter().map(Found::of).collect(),
        }
    }
}

/// West, south, east, north.
pub(super) fn degrees(lattice: &Lattice, (low, high): (LatticePoint, LatticePoint)) -> [f64; 4] {
    let ((west, south), (east, north)) = (lattice.degrees(low), lattice.degrees(high));
    [west, south, east, north]
}
