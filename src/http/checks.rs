//! `checks`: the four principles by name, how many faults, and where.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, kept, rounded};
use super::problem::Problem;
use super::query::Asked;
use super::routes::App;
use crate::grid::principles::{Finding, Principle, Severity};
use crate::service::check::{Checked, of_snapshot};
use crate::service::serving;

/// A principle that is broken everywhere is not listed to the end; the counts are whole.
const MOST_FINDINGS: usize = 1_000;

/// `GET /api/v1/checks`
pub(super) async fn principles(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let day = app.serving.today();
    let make = move |state: &serving::State| {
        let checked = of_snapshot(&state.snapshot, day);
        serde_json::to_vec(&Answer::of(state.snapshot.version, day.to_string(), &checked))
    };
    kept(&app, &state, &headers, format!("checks {day}"), JSON, make).await
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    version: u64,
    day: String,
    /// No fault; warnings are for a person to weigh.
    clean: bool,
    area_m2: Option<f64>,
    levels: Vec<Level<'a>>,
    principles: Vec<Class<'a>>,
}

#[derive(Debug, Serialize)]
struct Level<'a> {
    key: &'a str,
    name: &'a str,
    units: usize,
}

#[derive(Debug, Serialize)]
struct Class<'a> {
    key: &'static str,
    name: &'static str,
    name_en: &'static str,
    faults: usize,
    warnings: usize,
    /// Faults first; at most a thousand.
    findings: Vec<Found<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Found<'a> {
    pub(super) rule: &'static str,
    severity: &'static str,
    pub(super) codes: &'a [String],
    pub(super) zh: &'a str,
    pub(super) en: &'a str,
    pub(super) at: Option<Place>,
    area_m2: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub(super) lon: f64,
    pub(super) lat: f64,
}

impl<'a> Answer<'a> {
    fn of(version: u64, day: String, checked: &'a Checked) -> Self {
        let level = |(name, key, units): &'a (String, String, usize)| Level { key, name, units: *units };
        Self {
            version,
            day,
            clean: checked.is_clean(),
            area_m2: checked.area_m2.map(|area| rounded(area, 1)),
            levels: checked.levels.iter().map(level).collect(),
            principles: Principle::ALL.into_iter().map(|principle| Class::of(principle, checked)).collect(),
        }
    }
}

impl<'a> Class<'a> {
    fn of(principle: Principle, checked: &'a Checked) -> Self {
        let (name, name_en, key) = principle.names();
        let mut findings: Vec<_> = checked.findings.iter().filter(|found| found.principle == principle).collect();
        findings.sort_by_key(|found| found.severity);
        Self {
            key,
            name,
            name_en,
            faults: checked.count(principle, Severity::Fault),
            warnings: checked.count(principle, Severity::Warning),
            findings: findings.into_iter().take(MOST_FINDINGS).map(Found::of).collect(),
        }
    }
}

impl<'a> Found<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: match finding.severity {
                Severity::Fault => "fault",
                Severity::Warning => "warning",
            },
            codes: &finding.codes,
            zh: &finding.zh,
            en: &finding.en,
            at: finding.at.map(|(lon, lat)| Place { lon: rounded(lon, 9), lat: rounded(lat, 9) }),
            area_m2: finding.area_m2.map(|area| rounded(area, 2)),
        }
    }
}
