//! The tables: those of GeoPackage 1.3, and ours beside them (prefix `wangge_`), registered as an extension for writers.

/// Version of our own tables; a higher one is refused.
pub(super) const SCHEMA: u32 = 4;
/// The first that keeps versions: [`HISTORY`].
pub(super) const WITH_HISTORY: u32 = 2;
/// The first that keeps what versions were made by, and drafts; units and posts go by identity, hashes are sums.
pub(super) const WITH_CHANGES: u32 = 3;
/// The first that keeps edits of places, and choices.
pub(super) const WITH_PLACE_EDITS: u32 = 4;
/// `GPKG` in ASCII, and version 1.3.
pub(super) const APPLICATION_ID: i64 = 0x4750_4B47;
pub(super) const USER_VERSION: i64 = 10_300;
/// CGCS2000, longitude and latitude.
pub(super) const SRS: i32 = 4490;

const WKT_4490: &str = r#"GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4490"]]"#;
const WKT_4326: &str = r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]"#;

/// (name, id, organisation, its id, definition, description)
pub(super) const REFERENCE_SYSTEMS: &[(&str, i32, &str, i32, &str, &str)] = &[
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", "undefined cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, WKT_4326, "longitude/latitude on the WGS 84 ellipsoid"),
    ("CGCS2000", SRS, "EPSG", SRS, WKT_4490, "China Geodetic Coordinate System 2000, longitude/latitude"),
];

/// What every GeoPackage has.
pub(super) const GEOPACKAGE: &str = "
CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE IF NOT EXISTS gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
";

/// The name under which our tables are registered, and where it is described.
pub(super) const EXTENSION: (&str, &str) = ("wangge_coverage", "docs/FORMATS.md#the-store");

/// Our own tables, in the order they are hashed: what a district is made of.
pub(super) const OWN: &[(&str, &str)] = &[
    ("wangge_meta", "key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL"),
    ("wangge_junction", "id INTEGER PRIMARY KEY NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL"),
    (
        "wangge_arc",
        "id INTEGER PRIMARY KEY NOT NULL, from_junction INTEGER NOT NULL, to_junction INTEGER NOT NULL, left_face INTEGER \
         NOT NULL, right_face INTEGER NOT NULL, kind TEXT NOT NULL, locked BOOLEAN NOT NULL, points BLOB NOT NULL",
    ),
    (
        "wangge_face",
        "id INTEGER PRIMARY KEY NOT NULL, face_id INTEGER NOT NULL, role TEXT NOT NULL, exclave BOOLEAN NOT NULL",
    ),
    (
        "wangge_unit",
        "unit_id INTEGER PRIMARY KEY NOT NULL, level INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, parent INTEGER, \
         class TEXT NOT NULL, households INTEGER NOT NULL, population INTEGER NOT NULL, face_id INTEGER",
    ),
    (
        "wangge_post",
        "holder TEXT NOT NULL, holder_fid INTEGER NOT NULL, place INTEGER NOT NULL, unit_id INTEGER NOT NULL, \
         PRIMARY KEY (holder, holder_fid, place)",
    ),
    ("wangge_hash", "name TEXT NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL"),
];

/// The versions, drafts and edits of places, which outlive what [`OWN`] says of the last version. Rows are only ever added, and each says in `chain`
/// what it follows; a choice is one row, decided once.
pub(super) const HISTORY: &[(&str, &str)] = &[
    (
        "wangge_version",
        "id INTEGER PRIMARY KEY NOT NULL, effective TEXT NOT NULL, recorded TEXT NOT NULL, document TEXT NOT NULL, reason TEXT \
         NOT NULL, published_by TEXT NOT NULL, draft INTEGER, digest TEXT NOT NULL, changes BLOB, boundaries BLOB, chain TEXT \
         NOT NULL",
    ),
    (
        "wangge_lineage",
        "id INTEGER PRIMARY KEY NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, old_code TEXT NOT NULL, new_code TEXT \
         NOT NULL",
    ),
    (
        "wangge_draft_log",
        "draft INTEGER NOT NULL, number INTEGER NOT NULL, actor TEXT NOT NULL, scope TEXT NOT NULL, at TEXT NOT NULL, entry \
         TEXT NOT NULL, chain TEXT NOT NULL, PRIMARY KEY (draft, number)",
    ),
    (
        "wangge_place_log",
        "number INTEGER PRIMARY KEY NOT NULL, place TEXT NOT NULL, actor TEXT NOT NULL, scope TEXT NOT NULL, at TEXT NOT NULL, \
         verb TEXT NOT NULL, before TEXT, after TEXT, choice INTEGER, chain TEXT NOT NULL, UNIQUE (place, number)",
    ),
    (
        "wangge_choice",
        "id INTEGER PRIMARY KEY NOT NULL, at TEXT NOT NULL, chosen_by TEXT NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL, \
         state TEXT NOT NULL, decided_by TEXT, decided_at TEXT, word TEXT, alias TEXT, UNIQUE (state, id)",
    ),
    ("wangge_counter", "name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL"),
];

/// Data tables that are layers or tables of the GeoPackage: (name, geometry type or "", label, columns after fid and geom).
pub(super) const DATA: &[(&str, &str, &str, &str)] = &[
    (
        "places",
        "POINT",
        "地点 places",
        "id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, aliases TEXT NOT NULL, accuracy_m \
         DOUBLE NOT NULL",
    ),
    (
        "issues",
        "POINT",
        "诉求 issues",
        "id TEXT NOT NULL, received TEXT NOT NULL, closed TEXT, due TEXT, kind TEXT NOT NULL, channel TEXT NOT NULL, urgency \
         TEXT NOT NULL, category TEXT NOT NULL, subcategory TEXT NOT NULL, contact TEXT NOT NULL, phone TEXT NOT NULL, \
         confidential BOOLEAN NOT NULL, address TEXT NOT NULL, text TEXT NOT NULL, org TEXT NOT NULL, satisfaction TEXT",
    ),
    ("base", "GEOMETRY", "背景 base map", "kind TEXT NOT NULL, name TEXT, class INTEGER NOT NULL"),
    (
        "people",
        "",
        "人员 people",
        "id TEXT NOT NULL, name TEXT NOT NULL, phone TEXT NOT NULL, org TEXT NOT NULL, role TEXT NOT NULL, line TEXT NOT \
         NULL, from_day TEXT, to_day TEXT, units TEXT NOT NULL",
    ),
    (
        "branches",
        "",
        "党支部 party branches",
        "id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, from_day TEXT, to_day TEXT, units TEXT NOT NULL",
    ),
];

/// Columns of a level's layer after fid and geom.
pub(super) const LAYER: &str = "code TEXT NOT NULL, name TEXT NOT NULL, parent TEXT, class TEXT NOT NULL, households INTEGER \
                                NOT NULL, population INTEGER NOT NULL, area_m2 DOUBLE NOT NULL, exclave BOOLEAN NOT NULL";

/// An identifier, quoted for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
