//! Files, each a pure function of what it says: CSV, GeoJSON, gzip without a time stamp.

use std::io::{self, Write as _};
use std::path::Path;

use flate2::{Compression, GzBuilder};

use super::plane::P;

/// A CSV in the making. Fields with a comma, quote or line break are quoted.
#[derive(Clone, Debug)]
pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        let mut table = Self { text: String::new(), columns: head.len() };
        table.row(&head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
        table
    }

    pub fn row(&mut self, fields: &[String]) {
        debug_assert_eq!(fields.len(), self.columns);
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                self.text.push(',');
            }
            if field.contains([',', '"', '\n']) {
                self.text.push('"');
                self.text.push_str(&field.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(field);
            }
        }
        self.text.push('\n');
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// Seven decimals at most, without trailing zeros: the lattice point itself.
pub fn degrees(units: i64) -> String {
    let text = format!("{}.{:07}", units / 10_000_000, units % 10_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub fn position(p: P) -> String {
    format!("[{},{}]", degrees(p.x), degrees(p.y))
}

/// `[[lon,lat],…]`; a ring repeats its first point.
pub fn positions(points: &[P], closed: bool) -> String {
    let first = points.first().filter(|_| closed);
    let all: Vec<String> = points.iter().chain(first).map(|p| position(*p)).collect();
    format!("[{}]", all.join(","))
}

/// A FeatureCollection, one feature a line. Each feature is its properties and its geometry, as JSON.
pub fn collection(name: &str, features: &[(String, String)]) -> Vec<u8> {
    let mut out = format!("{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"features\":[\n");
    for (i, (properties, geometry)) in features.iter().enumerate() {
        let comma = if i + 1 < features.len() { "," } else { "" };
        out.push_str("{\"type\":\"Feature\",\"properties\":");
        out.push_str(properties);
        out.push_str(",\"geometry\":");
        out.push_str(geometry);
        out.push('}');
        out.push_str(comma);
        out.push('\n');
    }
    out.push_str("]}\n");
    out.into_bytes()
}

pub fn geometry(kind: &str, coordinates: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}")
}

/// Writes a file; one whose name ends in `.gz` is compressed, with no time and no name in its header.
pub fn file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if path.extension().is_none_or(|e| e != "gz") {
        return std::fs::write(path, bytes);
    }
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    std::fs::write(path, encoder.finish()?)
}
