//! Units by level, parent and code: attributes, geometry, neighbours, people.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{GEOJSON, JSON, json, kept, rounded};
use super::owner::{Link, level_key};
use super::people::People;
use super::problem::Problem;
use super::query::{Asked, Query, echo};
use super::routes::{App, At};
use crate::coverage::LatticePolygon;
use crate::grid::{Unit, UnitIx};
use crate::service::serving;
use crate::service::units::{bounds, neighbours, polygons};
use crate::snapshot::Snapshot;

const MOST_UNITS: usize = 10_000;

/// `GET /api/v1/units`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["level", "parent", "limit", "offset"])?;
    let state = app.serving.state();
    let wanted = Wanted::read(&query, &state.snapshot)?;
    kept(&app, &state, &headers, format!("units?{wanted:?}"), JSON, move |state| {
        serde_json::to_vec(&wanted.list(&state.snapshot))
    })
    .await
}

/// `GET /api/v1/units/{code}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(code): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let unit = known(&state.snapshot, &code)?;
    let make = move |state: &serving::State| serde_json::to_vec(&Detail::of(state, unit));
    kept(&app, &state, &headers, format!("unit {code}"), JSON, make).await
}

/// `GET /api/v1/units/{code}/geometry`
pub(super) async fn geometry(
    State(app): State<Arc<App>>,
    At(code): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let unit = known(&state.snapshot, &code)?;
    let make = move |state: &serving::State| serde_json::to_vec(&Feature::of(state, unit));
    kept(&app, &state, &headers, format!("geometry {code}"), GEOJSON, make).await
}

/// `GET /api/v1/units/{code}/neighbours`
pub(super) async fn adjacent(
    State(app): State<Arc<App>>,
    At(code): At<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let unit = known(&state.snapshot, &code)?;
    let make = move |state: &serving::State| serde_json::to_vec(&Adjacency::of(state, unit));
    kept(&app, &state, &headers, format!("neighbours {code}"), JSON, make).await
}

/// `GET /api/v1/units/{code}/people`
pub(super) async fn people(
    State(app): State<Arc<App>>,
    At(code): At<String>,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    let snapshot = &state.snapshot;
    let unit = known(snapshot, &code)?;
    let day = app.serving.today();
    let duty = snapshot.roster.on_duty(&snapshot.hierarchy, unit, day);
    json(&Duty { code: &code, day: day.to_string(), people: People::masked(&duty), version: snapshot.version })
}

fn known(snapshot: &Snapshot, code: &str) -> Result<UnitIx, Problem> {
    snapshot
        .hierarchy
        .by_code(code)
        .ok_or_else(|| Problem::not_found_at("code", format!("no unit has the code “{}”", echo(code))))
}

/// Which units a list is asked for.
#[derive(Debug)]
struct Wanted {
    level: Option<u8>,
    parent: Option<UnitIx>,
    limit: usize,
    offset: usize,
}

impl Wanted {
    fn read(query: &Query, snapshot: &Snapshot) -> Result<Self, Problem> {
        let parent = match query.text("parent") {
            None | Some("") => None,
            Some(code) => Some(
                snapshot
                    .hierarchy
                    .by_code(code)
                    .ok_or_else(|| Problem::query("parent", format!("no unit has the code “{}”", echo(code))))?,
            ),
        };
        let limit: usize = query.parsed("limit", "a whole number of units")?.unwrap_or(MOST_UNITS);
        if !(1..=MOST_UNITS).contains(&limit) {
            return Err(Problem::query("limit", format!("limit is {limit}: give 1 to {MOST_UNITS}")));
        }
        let offset = query.parsed("offset", "a whole number of units to skip")?.unwrap_or(0);
        Ok(Self { level: level(query, snapshot)?, parent, limit, offset })
    }

    /// Units of the level below the parent, at any depth; without a level, the parent's children; without both, the top level.
    fn list<'a>(&self, snapshot: &'a Snapshot) -> List<'a> {
        let hierarchy = &snapshot.hierarchy;
        let level = self.level.unwrap_or_else(|| self.parent.map_or(0, |parent| hierarchy.unit(parent).level + 1));
        let below = |ix: UnitIx| self.parent.is_none_or(|parent| hierarchy.chain(ix).contains(&parent));
        let found: Vec<_> = hierarchy.at_level(level).filter(|(ix, _)| below(*ix)).collect();
        let matched = found.len();
        let units = found.into_iter().skip(self.offset).take(self.limit);
        List {
            version: snapshot.version,
            matched,
            units: units.map(|(ix, unit)| Row::of(snapshot, ix, unit)).collect(),
        }
    }
}

/// The level a query names, by its key.
pub(super) fn level(query: &Query, snapshot: &Snapshot) -> Result<Option<u8>, Problem> {
    let district = &snapshot.district;
    let Some(key) = query.text("level") else { return Ok(None) };
    let level = district.level(key).and_then(|level| u8::try_from(level).ok());
    level.map(Some).ok_or_else(|| {
        let known: Vec<_> = district.levels.iter().map(|level| level.key.as_str()).collect();
        Problem::query("level", format!("unknown level “{}”; known here: {}", echo(key), known.join(", ")))
    })
}

#[derive(Debug, Serialize)]
struct List<'a> {
    version: u64,
    /// All that match; `units` may be a page of them.
    matched: usize,
    units: Vec<Row<'a>>,
}

/// A unit's own attributes.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: u64,
    code: &'a str,
    name: &'a str,
    level: &'a str,
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    class: &'a str,
    households: u32,
    population: u32,
    children: usize,
}

impl<'a> Row<'a> {
    fn of(snapshot: &'a Snapshot, ix: UnitIx, unit: &'a Unit) -> Self {
        let hierarchy = &snapshot.hierarchy;
        Self {
            id: unit.id,
            code: &unit.code,
            name: &unit.name,
            level: level_key(&snapshot.district, unit),
            parent: unit.parent.map(|parent| hierarchy.unit(parent).code.as_str()),
            class: &unit.class,
            households: unit.households,
            population: unit.population,
            children: hierarchy.children(ix).len(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    chain: Vec<Link<'a>>,
    /// West, south, east, north.
    bounds: Option<[f64; 4]>,
    area_m2: f64,
    version: u64,
}

impl<'a> Detail<'a> {
    fn of(state: &'a serving::State, ix: UnitIx) -> Self {
        let snapshot = &state.snapshot;
        let hierarchy = &snapshot.hierarchy;
        let chain = hierarchy.chain(ix).into_iter().map(|ix| Link::of(&snapshot.district, hierarchy.unit(ix)));
        Self {
            row: Row::of(snapshot, ix, hierarchy.unit(ix)),
            chain: chain.collect(),
            bounds: bounds(state, ix),
            area_m2: rounded(state.areas_m2().get(ix.ix()).copied().unwrap_or_default(), 1),
            version: snapshot.version,
        }
    }
}

/// GeoJSON (RFC 7946): outer rings counter-clockwise, closed; always a MultiPolygon, so that readers see one type.
#[derive(Debug, Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    properties: Row<'a>,
    geometry: MultiPolygon,
}

#[derive(Debug, Serialize)]
struct MultiPolygon {
    r#type: &'static str,
    coordinates: Vec<Vec<Vec<(f64, f64)>>>,
}

impl<'a> Feature<'a> {
    fn of(state: &'a serving::State, ix: UnitIx) -> Self {
        let snapshot = &state.snapshot;
        let unit = snapshot.hierarchy.unit(ix);
        let lattice = snapshot.coverage.lattice();
        let closed = |ring: &Vec<_>| ring.iter().chain(ring.first()).map(|p| lattice.degrees(*p)).collect();
        let polygon = |rings: LatticePolygon| rings.iter().map(closed).collect();
        Self {
            r#type: "Feature",
            id: &unit.code,
            bbox: bounds(state, ix),
            properties: Row::of(snapshot, ix, unit),
            geometry: MultiPolygon {
                r#type: "MultiPolygon",
                coordinates: polygons(state, ix).into_iter().map(polygon).collect(),
            },
        }
    }
}

#[derive(Debug, Serialize)]
struct Adjacency<'a> {
    code: &'a str,
    neighbours: Vec<Side<'a>>,
    /// Length of the line to land that is nobody's: the outside, excluded land, gaps.
    outer_m: f64,
    version: u64,
}

#[derive(Debug, Serialize)]
struct Side<'a> {
    code: &'a str,
    name: &'a str,
    shared_m: f64,
}

impl<'a> Adjacency<'a> {
    fn of(state: &'a serving::State, ix: UnitIx) -> Self {
        let hierarchy = &state.snapshot.hierarchy;
        let adjacent = neighbours(state, ix);
        let outer: f64 = adjacent.iter().filter(|side| side.unit.is_none()).map(|side| side.shared_m).sum();
        let side = |(unit, shared_m): (UnitIx, f64)| {
            let unit = hierarchy.unit(unit);
            Side { code: &unit.code, name: &unit.name, shared_m: rounded(shared_m, 1) }
        };
        let named = adjacent.iter().filter_map(|side| side.unit.map(|unit| (unit, side.shared_m)));
        Self {
            code: &hierarchy.unit(ix).code,
            neighbours: named.map(side).collect(),
            outer_m: rounded(outer, 1),
            version: state.snapshot.version,
        }
    }
}

#[derive(Debug, Serialize)]
struct Duty<'a> {
    code: &'a str,
    day: String,
    #[serde(flatten)]
    people: People<'a>,
    version: u64,
}
