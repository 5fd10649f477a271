//! `district`: what a page needs before it can draw anything.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde::Serialize;

use super::answer::{JSON, kept};
use super::problem::Problem;
use super::query::Asked;
use super::routes::App;
use crate::crs::Crs;
use crate::crs::paste::Extent;
use crate::exchange::archive::{About, Kind};
use crate::grid::people::Role;
use crate::service::base_map::BaseMap;
use crate::service::serving;
use crate::service::tiles::HEAT;
use crate::tile::TileSet;

/// `GET /api/v1/district`
pub(super) async fn describe(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    asked.only(&[])?;
    let state = app.serving.state();
    state.pyramid_made().await;
    let base_map = app.serving.base_map().cloned();
    let make = move |state: &serving::State| serde_json::to_vec(&Description::of(state, base_map.as_deref()));
    kept(&app, &state, &headers, "district".to_owned(), JSON, make).await
}

#[derive(Debug, Serialize)]
struct Description<'a> {
    code: &'a str,
    name: &'a str,
    name_en: &'a str,
    synthetic: bool,
    /// How synthetic data says so; to be shown wherever it is.
    mark: &'a str,
    version: u64,
    as_of: String,
    /// Changes with the content and the build.
    stamp: &'a str,
    plane: String,
    /// West, south, east, north.
    bounds: [f64; 4],
    levels: Vec<Level<'a>>,
    issues: Issues<'a>,
    people: Counts,
    places: usize,
    sets: Vec<&'static str>,
    styles: Vec<&'a str>,
    /// The map under the grids, if the service has one.
    base_map: Option<UnderGrids<'a>>,
}

#[derive(Debug, Serialize)]
struct UnderGrids<'a> {
    /// `raster` or `vector`.
    kind: &'static str,
    name: &'a str,
    /// To be shown with it.
    attribution: &'a str,
    min_zoom: u8,
    max_zoom: u8,
    /// Where it has tiles: west, south, east, north.
    bounds: [f64; 4],
}

impl<'a> UnderGrids<'a> {
    fn of(base_map: &'a BaseMap, district: Extent) -> Self {
        let About { kind, name, attribution, min_zoom, max_zoom, .. } = base_map.about();
        let kind = if *kind == Kind::Vector { "vector" } else { "raster" };
        let bounds = base_map.bounds(district);
        Self { kind, name, attribution, min_zoom: *min_zoom, max_zoom: *max_zoom, bounds }
    }
}

#[derive(Debug, Serialize)]
struct Level<'a> {
    key: &'a str,
    name: &'a str,
    name_en: &'a str,
    units: usize,
    /// First zoom whose tiles hold the level's polygons.
    min_zoom: u8,
    /// Zooms from which names, and short numbers, fit.
    name_zoom: f64,
    short_zoom: f64,
}

#[derive(Debug, Serialize)]
struct Issues<'a> {
    total: usize,
    /// Local times; the first and the last received.
    from: Option<String>,
    to: Option<String>,
    /// Most frequent first.
    categories: Vec<Category<'a>>,
}

#[derive(Debug, Serialize)]
struct Category<'a> {
    name: &'a str,
    n: u64,
}

#[derive(Debug, Serialize)]
struct Counts {
    officers: usize,
    specialists: usize,
    branches: usize,
}

impl<'a> Description<'a> {
    fn of(state: &'a serving::State, base_map: Option<&'a BaseMap>) -> Self {
        let snapshot = &state.snapshot;
        let district = &snapshot.district;
        let extent = state.extent();
        let drawn = state.pyramid().levels();
        let level = |(i, level): (usize, &'a crate::grid::Level)| Level {
            key: &level.key,
            name: &level.name,
            name_en: &level.name_en,
            units: snapshot.hierarchy.at_level(i as u8).count(),
            min_zoom: drawn.get(i).map_or(0, |drawn| drawn.min_zoom),
            name_zoom: drawn.get(i).map_or(0.0, |drawn| drawn.name_zoom),
            short_zoom: drawn.get(i).map_or(0.0, |drawn| drawn.short_zoom),
        };
        let people = snapshot.roster.people();
        let categories = state.categories().iter().map(|(name, n)| Category { name, n: *n });
        let styles = state.look.styles.iter().map(|(name, _)| name.as_str());
        Self {
            code: &district.code,
            name: &district.name,
            name_en: &district.name_en,
            synthetic: district.synthetic,
            mark: &district.mark,
            version: snapshot.version,
            as_of: snapshot.recorded.to_string(),
            stamp: &state.stamp,
            plane: Crs::Plane(district.plane).to_string(),
            bounds: [extent.west, extent.south, extent.east, extent.north],
            levels: district.levels.iter().enumerate().map(level).collect(),
            issues: Issues {
                total: snapshot.issues.len(),
                from: snapshot.issues.first().map(|issue| issue.received.to_string()),
                to: snapshot.issues.last().map(|issue| issue.received.to_string()),
                categories: categories.collect(),
            },
            people: Counts {
                officers: people.iter().filter(|person| person.role == Role::Officer).count(),
                specialists: people.iter().filter(|person| matches!(person.role, Role::Specialist { .. })).count(),
                branches: snapshot.roster.branches().len(),
            },
            places: snapshot.places.len(),
            sets: TileSet::ALL.map(TileSet::name).to_vec(),
            styles: styles.chain([HEAT]).collect(),
            base_map: base_map.map(|base_map| UnderGrids::of(base_map, state.extent())),
        }
    }
}
