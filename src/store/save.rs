//! Writing a district: every table dropped, created and filled inside the caller's transaction.

use rusqlite::{Connection, params};

use super::blob::{self, Shape};
use super::layers::{self, Bounds};
use super::schema::{self, quoted};
use super::{boundaries, digest, record};
use crate::coverage::{ArcKind, Coverage, FaceRole};
use crate::grid::history::Version;
use crate::grid::past::Boundaries;
use crate::grid::people::{Role, Term};
use crate::grid::{Hierarchy, UnitIx};
use crate::snapshot::{BaseShape, Contents};

pub(super) const KINDS: &[(ArcKind, &str)] = &[
    (ArcKind::Legal, "legal"),
    (ArcKind::Road, "road"),
    (ArcKind::River, "river"),
    (ArcKind::Wall, "wall"),
    (ArcKind::Drawn, "drawn"),
];

pub(super) const ROLES: &[(FaceRole, &str)] = &[
    (FaceRole::Outside, "outside"),
    (FaceRole::Unit, "unit"),
    (FaceRole::Excluded, "excluded"),
    (FaceRole::Gap, "gap"),
];

pub(super) fn word<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> &'static str {
    words.iter().find(|(known, _)| known == value).map_or("", |(_, word)| word)
}

/// Replaces the district of the file. `layers_before` are the layers of the one before.
pub(super) fn replace(
    connection: &Connection,
    contents: &Contents,
    earlier: &[(u64, Boundaries)],
    layers_before: &[String],
) -> rusqlite::Result<()> {
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
        let (extension, definition) = schema::EXTENSION;
        connection.execute(
            "INSERT INTO gpkg_extensions VALUES (?1, NULL, ?2, ?3, 'write-only')",
            params![name, extension, definition],
        )?;
    }
    history(connection, contents, earlier)?;
    meta(connection, contents)?;
    coverage(connection, contents)?;
    units(connection, &contents.hierarchy)?;
    for (key, title, bounds) in layers::write(connection, contents)? {
        register(connection, &key, "MULTIPOLYGON", &title, bounds)?;
    }
    for (table, geometry, title, columns) in schema::DATA {
        let geom = if geometry.is_empty() { String::new() } else { format!("geom {geometry}, ") };
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {geom}{columns})"
        ))?;
        let bounds = match *table {
            "places" => places(connection, contents)?,
            "issues" => issues(connection, contents)?,
            "base" => base(connection, contents)?,
            "people" => people(connection, contents)?,
            _ => branches(connection, contents)?,
        };
        register(connection, table, geometry, title, bounds)?;
    }
    for name in hashed(schema::SCHEMA) {
        let sha256 = digest::table(connection, name)?;
        connection.execute("INSERT INTO wangge_hash VALUES (?1, ?2)", params![name, sha256])?;
    }
    Ok(())
}

/// The tables whose content is hashed: all that a district is read from, in a store of a schema.
pub(super) fn hashed(schema: u32) -> impl Iterator<Item = &'static str> {
    let own = schema::OWN.iter().map(|t| t.0).filter(|name| *name != "wangge_hash");
    let history = schema::HISTORY.iter().map(|t| t.0).filter(move |_| schema >= schema::WITH_HISTORY);
    own.chain(history).chain(schema::DATA.iter().map(|t| t.0))
}

/// Brings the versions up to date: those that are in the history keep their boundaries, new ones get them.
fn history(connection: &Connection, contents: &Contents, earlier: &[(u64, Boundaries)]) -> rusqlite::Result<()> {
    for (name, columns) in schema::HISTORY {
        connection.execute_batch(&format!("CREATE TABLE IF NOT EXISTS {name} ({columns})"))?;
        connection.execute("DELETE FROM gpkg_extensions WHERE table_name = ?1", [name])?;
        let (extension, definition) = schema::EXTENSION;
        connection.execute(
            "INSERT INTO gpkg_extensions VALUES (?1, NULL, ?2, ?3, 'write-only')",
            params![name, extension, definition],
        )?;
    }
    let versions = contents.history.versions();
    // A history that goes on has the same first version; another one replaces it whole.
    let continues = |first: &Version| {
        let recorded: rusqlite::Result<String> =
            connection
                .query_row("SELECT recorded FROM wangge_version WHERE id = ?1", [first.number as i64], |r| r.get(0));
        recorded.is_ok_and(|recorded| recorded == first.recorded.to_string())
    };
    if !versions.first().is_some_and(continues) {
        connection.execute_batch("DELETE FROM wangge_version")?;
    }
    let packed = |coverage: &Coverage, hierarchy: &Hierarchy| {
        let bytes = boundaries::encode(coverage, hierarchy);
        bytes.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    };
    for version in versions {
        let bytes = if version.number == contents.version {
            Some(packed(&contents.coverage, &contents.hierarchy)?)
        } else {
            let known = earlier.iter().find(|(number, _)| *number == version.number);
            known.map(|(_, past)| packed(&past.coverage, &past.hierarchy)).transpose()?
        };
        connection.execute(
            "INSERT INTO wangge_version VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET boundaries = \
             coalesce(excluded.boundaries, boundaries)",
            params![
                version.number as i64,
                version.effective.to_string(),
                version.recorded.to_string(),
                version.document,
                version.reason,
                bytes
            ],
        )?;
    }
    connection.execute_batch("DELETE FROM wangge_lineage")?;
    let mut insert = connection.prepare("INSERT INTO wangge_lineage VALUES (NULL, ?1, ?2, ?3, ?4)")?;
    for row in contents.history.lineage() {
        insert.execute(params![row.version as i64, row.kind.word(), row.old, row.new])?;
    }
    Ok(())
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

fn meta(connection: &Connection, contents: &Contents) -> rusqlite::Result<()> {
    let district =
        record::write(&contents.district).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let (origin_lon, origin_lat, decimals) = contents.coverage.lattice().parts();
    for (key, value) in [
        ("schema", schema::SCHEMA.to_string()),
        ("version", contents.version.to_string()),
        ("recorded", contents.recorded.to_string()),
        ("origin_lon", origin_lon.to_string()),
        ("origin_lat", origin_lat.to_string()),
        ("decimals", decimals.to_string()),
        ("district", district),
    ] {
        connection.execute("INSERT INTO wangge_meta VALUES (?1, ?2)", params![key, value])?;
    }
    Ok(())
}

fn coverage(connection: &Connection, contents: &Contents) -> rusqlite::Result<()> {
    let coverage = &contents.coverage;
    let mut insert = connection.prepare("INSERT INTO wangge_junction VALUES (?1, ?2, ?3)")?;
    for (id, point) in coverage.junctions().iter().enumerate() {
        insert.execute(params![id as i64, point.x, point.y])?;
    }
    let mut insert = connection.prepare("INSERT INTO wangge_arc VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    for (id, arc) in coverage.arcs().iter().enumerate() {
        insert.execute(params![
            id as i64,
            arc.from.0,
            arc.to.0,
            arc.left.0,
            arc.right.0,
            word(KINDS, &arc.kind),
            arc.locked,
            blob::encode_points(&arc.points)
        ])?;
    }
    let mut insert = connection.prepare("INSERT INTO wangge_face VALUES (?1, ?2, ?3, ?4)")?;
    for (id, face) in coverage.faces().iter().enumerate() {
        insert.execute(params![id as i64, face.id.0 as i64, word(ROLES, &face.role), face.exclave])?;
    }
    Ok(())
}

fn units(connection: &Connection, hierarchy: &Hierarchy) -> rusqlite::Result<()> {
    let mut insert = connection.prepare("INSERT INTO wangge_unit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    for (id, unit) in hierarchy.units().iter().enumerate() {
        insert.execute(params![
            id as i64,
            unit.id as i64,
            unit.level,
            unit.code,
            unit.name,
            unit.parent.map(|p| p.0),
            unit.class,
            unit.households,
            unit.population,
            unit.face.map(|f| f.0)
        ])?;
    }
    Ok(())
}

fn places(connection: &Connection, contents: &Contents) -> rusqlite::Result<Bounds> {
    let mut insert = connection.prepare("INSERT INTO places VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut bounds: Bounds = None;
    for place in &contents.places {
        let (x, y) = (place.point.lon(), place.point.lat());
        bounds = layers::grow(bounds, Some([x, x, y, y]));
        insert.execute(params![
            blob::encode(&Shape::Point((x, y))),
            place.id,
            place.kind,
            place.name,
            place.address,
            place.aliases.join(";"),
            place.accuracy_m
        ])?;
    }
    Ok(bounds)
}

fn issues(connection: &Connection, contents: &Contents) -> rusqlite::Result<Bounds> {
    let mut insert = connection.prepare(
        "INSERT INTO issues VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    let mut bounds: Bounds = None;
    for issue in &contents.issues {
        let point = issue.point.map(|p| (p.lon(), p.lat()));
        bounds = layers::grow(bounds, point.map(|(x, y)| [x, x, y, y]));
        insert.execute(params![
            point.map(|p| blob::encode(&Shape::Point(p))),
            issue.id,
            issue.received.to_string(),
            issue.closed.map(|t| t.to_string()),
            issue.due.map(|t| t.to_string()),
            issue.kind,
            issue.channel,
            issue.urgency,
            issue.category,
            issue.subcategory,
            issue.contact,
            issue.phone,
            issue.confidential,
            issue.address,
            issue.text,
            issue.org,
            issue.satisfaction
        ])?;
    }
    Ok(bounds)
}

fn base(connection: &Connection, contents: &Contents) -> rusqlite::Result<Bounds> {
    let mut insert = connection.prepare("INSERT INTO base VALUES (NULL, ?1, ?2, ?3, ?4)")?;
    let mut bounds: Bounds = None;
    for feature in &contents.base {
        let shape = match &feature.shape {
            BaseShape::Line(line) => Shape::Line(line.clone()),
            BaseShape::Area(rings) => Shape::Polygon(rings.clone()),
        };
        bounds = layers::grow(bounds, blob::envelope(&shape));
        insert.execute(params![blob::encode(&shape), feature.kind, feature.name, feature.class])?;
    }
    Ok(bounds)
}

/// The two days of a term, as text.
fn days(term: Term) -> (Option<String>, Option<String>) {
    (term.from.map(|d| d.to_string()), term.to.map(|d| d.to_string()))
}

/// Writes who is posted where – `wangge_post` is what is read back – and gives the codes for a reader of the table.
fn posts(
    connection: &Connection,
    hierarchy: &Hierarchy,
    (holder, fid): (&str, usize),
    units: &[UnitIx],
) -> rusqlite::Result<String> {
    let mut insert = connection.prepare_cached("INSERT INTO wangge_post VALUES (NULL, ?1, ?2, ?3)")?;
    for unit in units {
        insert.execute(params![holder, fid as i64, unit.0])?;
    }
    Ok(units.iter().map(|u| hierarchy.unit(*u).code.as_str()).collect::<Vec<_>>().join(";"))
}

fn people(connection: &Connection, contents: &Contents) -> rusqlite::Result<Bounds> {
    let mut insert = connection.prepare("INSERT INTO people VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for (i, person) in contents.roster.people().iter().enumerate() {
        let units = posts(connection, &contents.hierarchy, ("people", i + 1), &person.units)?;
        let (role, line) = match &person.role {
            Role::Officer => ("officer", ""),
            Role::Specialist { line } => ("specialist", line.as_str()),
            Role::Secretary => ("secretary", ""),
            Role::Advisor => ("advisor", ""),
        };
        let (from, to) = days(person.term);
        insert.execute(params![person.id, person.name, person.phone, person.org, role, line, from, to, units])?;
    }
    Ok(None)
}

fn branches(connection: &Connection, contents: &Contents) -> rusqlite::Result<Bounds> {
    let mut insert = connection.prepare("INSERT INTO branches VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (i, branch) in contents.roster.branches().iter().enumerate() {
        let units = posts(connection, &contents.hierarchy, ("branches", i + 1), &branch.units)?;
        let (from, to) = days(branch.term);
        insert.execute(params![branch.id, branch.name, branch.kind, from, to, units])?;
    }
    Ok(None)
}
