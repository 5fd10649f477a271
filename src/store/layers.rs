//! The layers that a GIS opens: one a level, each unit as the multipolygon that the coverage derives for it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::blob::{self, Shape};
use super::rows::{Row, View};
use super::schema::{LAYER, quoted};
use super::{rows, save};
use crate::coverage::region::{self, Group};
use crate::coverage::{Coverage, LatticePolygon};
use crate::grid::{Hierarchy, UnitIx, area};

/// Bounds of a layer: west, east, south, north.
pub(super) type Bounds = Option<[f64; 4]>;

/// The polygons of every unit of one level, in unit order. Outer rings run counter-clockwise, holes clockwise.
#[must_use]
pub fn derive(coverage: &Coverage, hierarchy: &Hierarchy, level: u8) -> Vec<(UnitIx, Vec<LatticePolygon>)> {
    let rings = region::trace(coverage, &hierarchy.groups(level), hierarchy.units().len());
    hierarchy.at_level(level).map(|(ix, _)| (ix, coverage.polygons(&rings[ix.ix()]))).collect()
}

/// The rows of the features of some units of one level – of all when `only` is `None` – with their bounds; a feature's number is its unit's identity.
pub(super) fn features(view: &View, level: u8, only: Option<&HashSet<u64>>) -> Vec<(Row, Bounds)> {
    let View { district, coverage, hierarchy, .. } = *view;
    let mut groups = hierarchy.groups(level);
    let wanted = |ix: UnitIx| only.is_none_or(|only| only.contains(&hierarchy.unit(ix).id));
    if only.is_some() {
        for group in groups.iter_mut().filter(|group| **group != Group::NONE) {
            if !wanted(UnitIx(group.0)) {
                *group = Group::NONE;
            }
        }
    }
    let rings = region::trace(coverage, &groups, hierarchy.units().len());
    let areas = area::of_groups_m2(coverage, &groups, hierarchy.units().len(), district.plane);
    let units = hierarchy.at_level(level).filter(|(ix, _)| wanted(*ix));
    let row = |(ix, unit): (UnitIx, _)| {
        let shape = degrees(coverage, &coverage.polygons(&rings[ix.ix()]));
        rows::layer(rows::feature(hierarchy, unit), &shape, areas[ix.ix()])
    };
    units.map(row).collect()
}

/// Creates and fills the layer of each level; returns their names, titles and bounds.
pub(super) fn write(connection: &Connection, view: &View) -> rusqlite::Result<Vec<(String, String, Bounds)>> {
    let mut written = Vec::new();
    for (i, level) in view.district.levels.iter().enumerate() {
        let table = quoted(&level.key);
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, {LAYER})"
        ))?;
        let (rows, bounds): (Vec<Row>, Vec<Bounds>) = features(view, i as u8, None).into_iter().unzip();
        save::fill(connection, &level.key, rows)?;
        let bounds = bounds.into_iter().fold(None, grow);
        written.push((level.key.clone(), format!("{} {}", level.name, level.key), bounds));
    }
    Ok(written)
}

pub(super) fn grow(bounds: Bounds, more: Bounds) -> Bounds {
    match (bounds, more) {
        (Some(a), Some(b)) => Some([a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])]),
        (a, b) => a.or(b),
    }
}

fn degrees(coverage: &Coverage, polygons: &[LatticePolygon]) -> Shape {
    let ring = |ring: &Vec<_>| ring.iter().map(|p| coverage.lattice().degrees(*p)).collect();
    Shape::MultiPolygon(polygons.iter().map(|rings| rings.iter().map(ring).collect()).collect())
}

/// Polygons in degrees, each its outer ring and then its holes.
pub type DegreePolygons = Vec<Vec<Vec<(f64, f64)>>>;

/// A feature of a level's layer, as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRow {
    /// Key of the level.
    pub level: String,
    pub fid: i64,
    pub code: String,
    /// Polygons in degrees, or why there are none.
    pub shape: Result<DegreePolygons, String>,
}

/// Reads a level's layer as it is, whatever was done to it.
pub(super) fn read(connection: &Connection, level: &str) -> rusqlite::Result<Vec<LayerRow>> {
    let sql = format!("SELECT fid, CAST(code AS TEXT), geom FROM {} ORDER BY fid", quoted(level));
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let shape = match row.get::<_, Option<Vec<u8>>>(2) {
            Ok(Some(bytes)) => match blob::decode(&bytes) {
                Ok(Shape::MultiPolygon(polygons)) => Ok(polygons),
                Ok(Shape::Polygon(rings)) => Ok(vec![rings]),
                Ok(_) => Err("the geometry is not a polygon".to_owned()),
                Err(fault) => Err(fault.to_string()),
            },
            Ok(None) => Err("the geometry is missing".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let code = row.get::<_, Option<String>>(1)?.unwrap_or_default();
        Ok(LayerRow { level: level.to_owned(), fid: row.get(0)?, code, shape })
    })?;
    rows.collect()
}
