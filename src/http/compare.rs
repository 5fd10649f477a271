//! What is different between two boundaries – a draft and its base, a version and the one before it – and who is affected.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use serde::Serialize;

use super::acting::Acting;
use super::answer::{JSON, json, kept, rounded};
use super::drafts::{Call, blocking, number};
use super::mask::MaskedName;
use super::negotiate::{Keep, fresh};
use super::problem::Problem;
use super::proposals::kind;
use super::query::Asked;
use super::routes::{App, At};
use crate::coverage::Lattice;
use crate::exchange::sheet;
use crate::grid::District;
use crate::grid::change::Row;
use crate::grid::diff::{Diff, LineDiff, UnitDiff, diff};
use crate::grid::past::Boundaries;
use crate::service::drafts::affected::{Affected, Handed, PersonEffect, Profile, UnitEffect};
use crate::service::serving;
use crate::service::slots::WorkFault;
use crate::snapshot::Snapshot;

/// `GET /api/v1/drafts/{id}/diff`
pub(super) async fn of_draft(Call { app, actor: _, id }: Call) -> Result<Response<Body>, Problem> {
    let body = blocking(&app, move |drafts| {
        drafts.look(id, |open| {
            let base = &open.base.snapshot;
            let after = open.desk.boundaries();
            serde_json::to_vec(&Answer::of(&base.district, &boundaries(base), &after, (base.version, None)))
        })
    });
    let body = body.await?.map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    Ok(fresh(JSON, body, Keep::Never))
}

/// `GET /api/v1/versions/{version}/diff`
pub(super) async fn of_version(
    State(app): State<Arc<App>>,
    At(version): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["from"])?;
    let state = app.serving.state();
    let missing = || Problem::not_found("there is no such version; /api/v1/versions lists them");
    let to: u64 = version.parse().map_err(|_| missing())?;
    let from = query.parsed("from", "the number of a version")?.unwrap_or(to.saturating_sub(1));
    let history = &state.snapshot.history;
    if history.version(to).is_none() {
        return Err(missing());
    }
    if history.version(from).is_none() {
        return Err(Problem::query("from", format!("there is no version {from}; /api/v1/versions lists them")));
    }
    let serving = Arc::clone(&app.serving);
    let make = move |state: &serving::State| {
        let read = |number| {
            let version = state.snapshot.history.version(number).filter(|v| v.number != state.snapshot.version);
            version.map_or_else(
                || Ok(boundaries(&state.snapshot)),
                |version| serving.past.get(state, version).map(|state| boundaries(&state.snapshot)),
            )
        };
        let both = read(from).and_then(|before| Ok((before, read(to)?)));
        let (before, after) = both.map_err(serde::ser::Error::custom)?;
        serde_json::to_vec(&Answer::of(&state.snapshot.district, &before, &after, (from, Some(to))))
    };
    kept(&app, &state, &headers, format!("diff {from} {to}"), JSON, make).await
}

fn boundaries(snapshot: &Snapshot) -> Boundaries {
    Boundaries { coverage: snapshot.coverage.clone(), hierarchy: snapshot.hierarchy.clone() }
}

/// `GET /api/v1/drafts/{id}/affected`
pub(super) async fn affected(
    State(app): State<Arc<App>>,
    Acting(_): Acting,
    At(id): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["format"])?;
    let table = match query.text("format") {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::query("format", "formats are json and csv")),
    };
    let id = number(&id)?;
    let day = app.serving.today();
    let places = Arc::clone(&app.serving.state().snapshot.places);
    let found = blocking(&app, move |drafts| {
        drafts.look(id, |open| (open.affected(&places, day), open.base.snapshot.district.clone()))
    });
    let (found, district) = found.await?;
    if !table {
        return json(&Effects::of(&found, &district));
    }
    let body = sheet::csv(&CSV, rows(&found, &district)).map_err(|fault| WorkFault::Failed(fault.to_string()))?;
    let mut response = fresh("text/csv; charset=utf-8", body, Keep::Never);
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"affected-{id}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

#[derive(Serialize)]
struct Answer {
    from: u64,
    /// `null` for a draft.
    to: Option<u64>,
    words: Vec<Words>,
    units: Vec<Unit>,
    lines: Lines,
}

#[derive(Serialize)]
struct Words {
    zh: String,
    en: String,
}

#[derive(Serialize)]
struct Unit {
    id: u64,
    level: String,
    change: &'static str,
    redrawn: bool,
    before: Option<Described>,
    after: Option<Described>,
}

#[derive(Serialize)]
struct Described {
    code: String,
    name: String,
    /// Identity of the parent.
    parent: Option<u64>,
    class: String,
    households: u32,
    population: u32,
}

/// GeoJSON.
#[derive(Serialize)]
struct Lines {
    r#type: &'static str,
    features: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    properties: Stretch,
    geometry: LineString,
}

#[derive(Serialize)]
struct Stretch {
    change: &'static str,
    kind: &'static str,
    /// Codes of the units on the two sides; `null` for land that is nobody's.
    left: Option<String>,
    right: Option<String>,
}

#[derive(Serialize)]
struct LineString {
    r#type: &'static str,
    coordinates: Vec<(f64, f64)>,
}

impl Answer {
    fn of(district: &District, before: &Boundaries, after: &Boundaries, (from, to): (u64, Option<u64>)) -> Self {
        let found = diff(before, after);
        let mut codes: HashMap<u64, &str> = HashMap::new();
        for units in [before.hierarchy.units(), after.hierarchy.units()] {
            codes.extend(units.iter().map(|unit| (unit.id, unit.code.as_str())));
        }
        let Diff { units, lines } = &found;
        let features = lines.iter().map(|line| Line::of(line, &codes, after.coverage.lattice())).collect();
        Self {
            from,
            to,
            words: found.words().into_iter().map(|(zh, en)| Words { zh, en }).collect(),
            units: units.iter().filter_map(|unit| Unit::of(unit, district)).collect(),
            lines: Lines { r#type: "FeatureCollection", features },
        }
    }
}

impl Unit {
    fn of(found: &UnitDiff, district: &District) -> Option<Self> {
        let UnitDiff { before, after, redrawn } = found;
        let any = after.as_ref().or(before.as_ref())?;
        let change = match (before, after) {
            (None, _) => "begun",
            (_, None) => "ended",
            _ => "changed",
        };
        let described = |row: &Row| Described {
            code: row.code.clone(),
            name: row.name.clone(),
            parent: row.parent,
            class: row.class.clone(),
            households: row.households,
            population: row.population,
        };
        let level = level_key(district, any.level);
        let (before, after) = (before.as_ref().map(described), after.as_ref().map(described));
        Some(Self { id: any.id, level, change, redrawn: *redrawn, before, after })
    }
}

fn level_key(district: &District, level: u8) -> String {
    district.levels.get(usize::from(level)).map_or_else(String::new, |level| level.key.clone())
}

impl Line {
    fn of(found: &LineDiff, codes: &HashMap<u64, &str>, lattice: &Lattice) -> Self {
        let code = |unit: u64| codes.get(&unit).map(|code| (*code).to_owned());
        let kind = kind(found.kind);
        let change = if found.added { "added" } else { "removed" };
        let coordinates = found.points.iter().map(|p| lattice.degrees(*p)).collect();
        Self {
            r#type: "Feature",
            properties: Stretch { change, kind, left: code(found.left), right: code(found.right) },
            geometry: LineString { r#type: "LineString", coordinates },
        }
    }
}

#[derive(Serialize)]
struct Effects<'a> {
    units: Vec<Effect<'a>>,
    places: Vec<Moved<'a>>,
    issues: Vec<Moved<'a>>,
    people: Vec<Posted<'a>>,
}

#[derive(Serialize)]
struct Effect<'a> {
    before: Option<Figures<'a>>,
    after: Option<Figures<'a>>,
}

#[derive(Serialize)]
struct Figures<'a> {
    level: String,
    code: &'a str,
    name: &'a str,
    households: u32,
    population: u32,
    area_m2: f64,
    places: usize,
    issues_a_month: f64,
    compactness: f64,
}

#[derive(Serialize)]
struct Moved<'a> {
    id: &'a str,
    kind: &'a str,
    text: &'a str,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

#[derive(Serialize)]
struct Posted<'a> {
    id: &'a str,
    name: MaskedName,
    role: &'static str,
    line: &'a str,
    ends: &'a [String],
    changes: &'a [String],
}

impl<'a> Effects<'a> {
    fn of(found: &'a Affected, district: &District) -> Self {
        let figures = |profile: &'a Profile| Figures {
            level: level_key(district, profile.level),
            code: &profile.code,
            name: &profile.name,
            households: profile.households,
            population: profile.population,
            area_m2: rounded(profile.area_m2, 1),
            places: profile.places,
            issues_a_month: rounded(profile.issues_a_month, 2),
            compactness: rounded(profile.compactness, 3),
        };
        let effect = |unit: &'a UnitEffect| Effect {
            before: unit.before.as_ref().map(figures),
            after: unit.after.as_ref().map(figures),
        };
        let moved = |handed: &'a Handed| Moved {
            id: &handed.id,
            kind: &handed.kind,
            text: &handed.text,
            from: handed.from.as_deref(),
            to: handed.to.as_deref(),
        };
        let posted = |person: &'a PersonEffect| Posted {
            id: &person.id,
            name: MaskedName::new(&person.name),
            role: person.role,
            line: &person.line,
            ends: &person.ends,
            changes: &person.changes,
        };
        Self {
            units: found.units.iter().map(effect).collect(),
            places: found.places.iter().map(moved).collect(),
            issues: found.issues.iter().map(moved).collect(),
            people: found.people.iter().map(posted).collect(),
        }
    }
}

/// The columns of the table: what, which, and where from and to.
const CSV: [&str; 12] = [
    "类别 what",
    "编号 id",
    "种类 kind",
    "名称 text",
    "原网格 from",
    "新网格 to",
    "户数 households",
    "人口 population",
    "面积 area_m2",
    "地点 places",
    "每月诉求 issues_a_month",
    "紧凑度 compactness",
];

/// One row each: units before and after, places, issues, people.
fn rows<'a>(found: &'a Affected, district: &'a District) -> impl Iterator<Item = Vec<Cow<'a, str>>> {
    let units = found.units.iter().flat_map(move |unit| {
        let row = move |what: &'static str, profile: &'a Profile| -> Vec<Cow<'a, str>> {
            vec![
                what.into(),
                profile.code.as_str().into(),
                level_key(district, profile.level).into(),
                profile.name.as_str().into(),
                "".into(),
                "".into(),
                profile.households.to_string().into(),
                profile.population.to_string().into(),
                format!("{:.1}", profile.area_m2).into(),
                profile.places.to_string().into(),
                format!("{:.2}", profile.issues_a_month).into(),
                format!("{:.3}", profile.compactness).into(),
            ]
        };
        let before = unit.before.as_ref().map(|profile| row("调整前 before", profile));
        before.into_iter().chain(unit.after.as_ref().map(|profile| row("调整后 after", profile)))
    });
    let handed = |what: &'static str, handed: &'a Handed| -> Vec<Cow<'a, str>> {
        let code = |code: &'a Option<String>| Cow::from(code.as_deref().unwrap_or_default());
        let (id, kind, text) = (handed.id.as_str(), handed.kind.as_str(), handed.text.as_str());
        vec![what.into(), id.into(), kind.into(), text.into(), code(&handed.from), code(&handed.to)]
    };
    let person = |person: &'a PersonEffect| -> Vec<Cow<'a, str>> {
        let name = MaskedName::new(&person.name).to_string();
        let units = person.ends.iter().chain(&person.changes).map(String::as_str).collect::<Vec<_>>().join(";");
        vec!["人员 person".into(), person.id.as_str().into(), person.role.into(), name.into(), units.into()]
    };
    units
        .chain(found.places.iter().map(move |place| handed("地点 place", place)))
        .chain(found.issues.iter().map(move |issue| handed("未办结诉求 open issue", issue)))
        .chain(found.people.iter().map(person))
}
