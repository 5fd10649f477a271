//! Writing a district: every table dropped, created and filled inside the caller's transaction.

use std::path::Path;

use rusqlite::{Connection, params, params_from_iter};

use super::digest::Sum;
use super::layers::{self, Bounds};
use super::rows::{self, Row, View};
use super::schema::{self, quoted};
use super::{StoreFault, choices, counter, digest, log, places, versions};
use crate::grid::past::Boundaries;

/// A store file in a transaction of its writer.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) file: &'a Path,
}

impl Writing<'_> {
    pub(super) fn sql(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreFault + Copy {
        StoreFault::sql(self.file, doing)
    }

    /// What cannot be put into words to be written.
    pub(super) fn unwritable(&self, error: impl std::error::Error + Send + Sync + 'static) -> StoreFault {
        self.sql("writing")(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

/// Replaces the district of the file. `layers_before` are the layers of the one before, and `found` is the schema it was written in.
pub(super) fn replace(
    writing: &Writing,
    view: &View,
    earlier: &[(u64, Boundaries)],
    (found, layers_before): (Option<u32>, &[String]),
) -> Result<(), StoreFault> {
    let broken = writing.sql("writing");
    prepare(writing.connection, layers_before).map_err(broken)?;
    versions::keep(writing, view, earlier, found)?;
    places::not_behind(writing, view)?;
    let meta = rows::meta(view).map_err(|error| writing.unwritable(error))?;
    tables(writing.connection, view, meta).map_err(broken)?;
    places::imported(writing, view)?;
    let shown = earlier.iter().map(|(_, past)| counter::highest(&past.coverage, &past.hierarchy));
    let highest = shown.chain([counter::highest(view.coverage, view.hierarchy)]).max().unwrap_or(0);
    counter::raise(writing, highest)
}

/// The tables, empty; those of the history as they are.
fn prepare(connection: &Connection, layers_before: &[String]) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA application_id = {}; PRAGMA user_version = {};",
        schema::APPLICATION_ID,
        schema::USER_VERSION
    ))?;
    connection.execute_batch(schema::GEOPACKAGE)?;
    for &(name, id, organisation, its_id, definition, description) in schema::REFERENCE_SYSTEMS {
        connection.execute(
            "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![name, id, organisation, its_id, definition, description],
        )?;
    }
    for name in layers_before.iter().map(String::as_str).chain(schema::DATA.iter().map(|d| d.0)) {
        drop_table(connection, name)?;
    }
    for (name, columns) in schema::OWN {
        drop_table(connection, name)?;
        connection.execute_batch(&format!("CREATE TABLE {name} ({columns})"))?;
        extend(connection, name)?;
    }
    Ok(())
}

/// Registers one of our own tables.
pub(super) fn extend(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM gpkg_extensions WHERE table_name = ?1", [name])?;
    let (extension, definition) = schema::EXTENSION;
    let insert = "INSERT INTO gpkg_extensions VALUES (?1, NULL, ?2, ?3, 'write-only')";
    connection.execute(insert, params![name, extension, definition]).map(|_| ())
}

fn tables(connection: &Connection, view: &View, meta: Vec<Row>) -> rusqlite::Result<()> {
    let View { coverage, hierarchy, roster, .. } = *view;
    fill(connection, "wangge_meta", meta)?;
    let junctions = coverage.junctions().iter().enumerate().map(|(at, point)| rows::junction(at, *point));
    fill(connection, "wangge_junction", junctions)?;
    fill(connection, "wangge_arc", coverage.arcs().iter().enumerate().map(|(at, arc)| rows::arc(at, arc)))?;
    let faces = coverage.faces().iter().enumerate();
    fill(connection, "wangge_face", faces.map(|(at, face)| rows::face(at, (face.id, face.role, face.exclave))))?;
    let units = hierarchy.units().iter().map(|unit| rows::unit(rows::cells(coverage, hierarchy, unit)));
    fill(connection, "wangge_unit", units)?;
    fill(connection, "wangge_post", rows::posts(roster, hierarchy).map(rows::post))?;
    for (key, title, bounds) in layers::write(connection, view)? {
        register(connection, &key, "MULTIPOLYGON", &title, bounds)?;
    }
    for (table, geometry, title, columns) in schema::DATA {
        let geom = if geometry.is_empty() { String::new() } else { format!("geom {geometry}, ") };
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {geom}{columns})"
        ))?;
        let mut bounds = None;
        let mut note = |(row, more): (Row, Bounds)| {
            bounds = layers::grow(bounds, more);
            row
        };
        match *table {
            "places" => {
                fill(connection, table, view.places.iter().enumerate().map(|(at, p)| note(rows::place(at, p))))?;
            }
            "issues" => {
                fill(connection, table, view.issues.iter().enumerate().map(|(at, i)| note(rows::issue(at, i))))?;
            }
            "base" => fill(connection, table, view.base.iter().enumerate().map(|(at, b)| note(rows::base(at, b))))?,
            "people" => {
                let people = roster.people().iter().enumerate().map(|(at, p)| rows::person(hierarchy, at, p));
                fill(connection, table, people)?;
            }
            _ => {
                let branches = roster.branches().iter().enumerate().map(|(at, b)| rows::branch(hierarchy, at, b));
                fill(connection, table, branches)?;
            }
        }
        register(connection, table, geometry, title, bounds)?;
    }
    for name in hashed(schema::SCHEMA).chain([log::TABLE, places::TABLE, choices::TABLE]) {
        let sum = digest::table(connection, name)?;
        connection.execute("INSERT INTO wangge_hash VALUES (?1, ?2)", params![name, sum.hex()])?;
    }
    Ok(())
}

/// Inserts rows into an empty table.
pub(super) fn fill(connection: &Connection, table: &str, rows: impl IntoIterator<Item = Row>) -> rusqlite::Result<()> {
    let mut rows = rows.into_iter().peekable();
    let Some(columns) = rows.peek().map(Vec::len) else { return Ok(()) };
    let mut statement = connection.prepare(&insertion("INSERT", table, columns))?;
    rows.try_for_each(|row| statement.execute(params_from_iter(row)).map(|_| ()))
}

pub(super) fn insertion(verb: &str, table: &str, columns: usize) -> String {
    let marks = vec!["?"; columns].join(", ");
    format!("{verb} INTO {} VALUES ({marks})", quoted(table))
}

/// The tables whose content is hashed: all that a district is read from, in a store of a schema. Later schemas chain the history instead.
pub(super) fn hashed(schema: u32) -> impl Iterator<Item = &'static str> {
    let own = schema::OWN.iter().map(|t| t.0).filter(|name| *name != "wangge_hash");
    let history: &[_] = if schema == schema::WITH_HISTORY { &["wangge_version", "wangge_lineage"] } else { &[] };
    own.chain(history.iter().copied()).chain(schema::DATA.iter().map(|t| t.0))
}

/// The hash that is recorded of a table.
pub(super) fn recorded(writing: &Writing, table: &str) -> Result<Sum, StoreFault> {
    let sql = "SELECT sha256 FROM wangge_hash WHERE name = ?1";
    let hex = writing.connection.query_row(sql, [table], |row| row.get::<_, String>(0));
    let sum = hex.ok().and_then(|hex| Sum::read(&hex));
    sum.ok_or_else(|| StoreFault::Hash { file: writing.file.to_owned(), table: table.to_owned() })
}

pub(super) fn record(writing: &Writing, table: &str, sum: Sum) -> Result<(), StoreFault> {
    let written =
        writing.connection.execute("UPDATE wangge_hash SET sha256 = ?2 WHERE name = ?1", params![table, sum.hex()]);
    written.map(|_| ()).map_err(writing.sql("writing"))
}

fn drop_table(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    for register in ["gpkg_extensions", "gpkg_geometry_columns", "gpkg_contents"] {
        connection.execute(&format!("DELETE FROM {register} WHERE table_name = ?1"), [name])?;
    }
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", quoted(name)))
}

fn register(connection: &Connection, table: &str, geometry: &str, title: &str, at: Bounds) -> rusqlite::Result<()> {
    let spatial = !geometry.is_empty();
    let kind = if spatial { "features" } else { "attributes" };
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, max_x, min_y, max_y, srs_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            table,
            kind,
            title,
            at.map(|b| b[0]),
            at.map(|b| b[1]),
            at.map(|b| b[2]),
            at.map(|b| b[3]),
            spatial.then_some(schema::SRS)
        ],
    )?;
    if spatial {
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)",
            params![table, geometry, schema::SRS],
        )?;
    }
    Ok(())
}
