//! What an import found, as files: `report.json`, `gaps.geojson`, `overlaps.geojson`, `invalid.geojson`, `changes.csv`,
//! `unresolved.csv`; and the findings of the checks as JSON.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::RowFault;
use crate::coverage::build::{BuildReport, Decision, Patch};
use crate::coverage::{FaceId, Lattice, LatticePoint};
use crate::grid::HierarchyFault;
use crate::grid::principles::{Finding, Principle, Severity};

/// One file of the import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNote {
    pub file: PathBuf,
    pub encoding: &'static str,
    /// Features or rows that were read, and that were not.
    pub read: usize,
    pub faults: usize,
    /// Columns or properties that were kept out.
    pub unread: Vec<String>,
}

/// How many of each came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Level key and number of units, top level first.
    pub units: Vec<(String, usize)>,
    pub people: usize,
    pub branches: usize,
    pub places: usize,
    /// Of those, outside every unit.
    pub places_outside: usize,
    pub issues: usize,
    pub issues_outside: usize,
    pub issues_without_position: usize,
    pub base: usize,
}

/// Everything an import found, whether or not it was saved.
#[derive(Clone, Debug)]
pub struct ImportReport {
    pub district: String,
    /// When it was read.
    pub recorded: String,
    pub files: Vec<FileNote>,
    pub counts: Counts,
    pub lattice: Lattice,
    pub build: BuildReport,
    /// The codes of the claims: that of face 1 first.
    pub codes: Vec<String>,
    /// Features that cannot be units.
    pub features: Vec<RowFault>,
    /// Rows of tables that were left out.
    pub rows: Vec<RowFault>,
    /// What keeps the units from being a tree.
    pub tree: Vec<HierarchyFault>,
}

impl ImportReport {
    /// The code of a claim, or its number for land without one.
    #[must_use]
    pub fn code_of(&self, face: FaceId) -> String {
        let code = usize::try_from(face.0).ok().and_then(|n| n.checked_sub(1)).and_then(|i| self.codes.get(i));
        code.filter(|c| !c.is_empty()).cloned().unwrap_or_else(|| format!("#{}", face.0))
    }

    /// Gaps that were found, and overlaps.
    #[must_use]
    pub fn patches(&self) -> (Vec<&Patch>, Vec<&Patch>) {
        self.build.patches.iter().partition(|p| p.claimants.is_empty())
    }

    /// Writes the files into a folder, which is created if need be. Same report, same bytes.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path, refused: Option<&str>) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let (gaps, overlaps) = self.patches();
        let pretty = serde_json::to_string_pretty(&self.summary(refused)).map_err(io::Error::other)?;
        fs::write(folder.join("report.json"), pretty + "\n")?;
        fs::write(folder.join("gaps.geojson"), self.patch_collection(&gaps))?;
        fs::write(folder.join("overlaps.geojson"), self.patch_collection(&overlaps))?;
        fs::write(folder.join("invalid.geojson"), self.ring_collection())?;
        let changes = self.build.changes.iter().map(|c| {
            let moved = format!("{:.4}", c.largest_move_m);
            vec![self.code_of(c.unit), format!("{:.3}", c.area_before_m2), format!("{:.3}", c.area_after_m2), moved]
        });
        let header = ["code", "area_before_m2", "area_after_m2", "largest_move_m"];
        fs::write(folder.join("changes.csv"), table(&header, changes)?)?;
        let unresolved = self.features.iter().chain(&self.rows).map(|f| {
            let file = f.file.display().to_string();
            vec![file, f.row.to_string(), f.column.clone(), f.value.clone(), f.reason.clone()]
        });
        let header = ["file", "row", "column", "value", "reason"];
        fs::write(folder.join("unresolved.csv"), table(&header, unresolved)?)
    }

    fn summary(&self, refused: Option<&str>) -> Value {
        let (gaps, overlaps) = self.patches();
        let units: serde_json::Map<_, _> = self.counts.units.iter().map(|(k, n)| (k.clone(), json!(n))).collect();
        let files: Vec<_> = self
            .files
            .iter()
            .map(|f| {
                json!({ "file": f.file.display().to_string(), "encoding": f.encoding, "read": f.read, "faults": f.faults,
                        "columns_not_read": f.unread })
            })
            .collect();
        let invalid: Vec<_> = self
            .build
            .invalid
            .iter()
            .map(|r| {
                let (lon, lat) = self.lattice.degrees(r.at);
                json!({ "code": self.code_of(r.unit), "kind": format!("{:?}", r.kind), "lon": lon, "lat": lat })
            })
            .collect();
        let counts = &self.counts;
        json!({
            "district": self.district, "recorded": self.recorded, "refused": refused, "files": files, "units": units,
            "people": counts.people, "branches": counts.branches,
            "places": counts.places, "places_outside": counts.places_outside,
            "issues": counts.issues, "issues_outside": counts.issues_outside,
            "issues_without_position": counts.issues_without_position, "base": counts.base,
            "coverage": {
                "vertices": self.build.vertices, "junctions": self.build.junctions, "arcs": self.build.arcs,
                "snapped": self.build.snapped, "noding_passes": self.build.noding_passes,
                "changed_units": self.build.changes.len(), "gaps": tally(&gaps), "overlaps": tally(&overlaps),
            },
            "invalid_rings": invalid,
            "tree": self.tree.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "unusable_features": self.features.len(), "unusable_rows": self.rows.len(),
        })
    }

    fn decision(&self, decision: Decision) -> String {
        match decision {
            Decision::GivenTo(face) => format!("given to {}", self.code_of(face)),
            Decision::Excluded => "excluded".to_owned(),
            Decision::Listed => "listed: a person must decide".to_owned(),
        }
    }

    fn patch_collection(&self, patches: &[&Patch]) -> String {
        let ring = |ring: &Vec<LatticePoint>| {
            let closed = ring.iter().chain(ring.first());
            closed.map(|p| self.lattice.degrees(*p)).collect::<Vec<_>>()
        };
        let features = patches.iter().map(|p| {
            let (lon, lat) = self.lattice.degrees(p.at);
            let claimants: Vec<_> = p.claimants.iter().map(|c| self.code_of(*c)).collect();
            json!({
                "type": "Feature",
                "properties": { "claimants": claimants.join(";"), "area_m2": p.area_m2, "width_m": p.width_m,
                                "decision": self.decision(p.decision), "lon": lon, "lat": lat },
                "geometry": { "type": "Polygon", "coordinates": p.rings.iter().map(ring).collect::<Vec<_>>() },
            })
        });
        collection(features)
    }

    fn ring_collection(&self) -> String {
        collection(self.build.invalid.iter().map(|r| {
            json!({
                "type": "Feature",
                "properties": { "code": self.code_of(r.unit), "kind": format!("{:?}", r.kind) },
                "geometry": { "type": "Point", "coordinates": self.lattice.degrees(r.at) },
            })
        }))
    }
}

fn tally(patches: &[&Patch]) -> Value {
    let listed = patches.iter().filter(|p| p.decision == Decision::Listed).count();
    let area_m2: f64 = patches.iter().map(|p| p.area_m2).sum();
    json!({ "found": patches.len(), "listed": listed, "area_m2": area_m2 })
}

/// One feature a line.
fn collection(features: impl Iterator<Item = Value>) -> String {
    let lines: Vec<String> = features.map(|f| f.to_string()).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", lines.join(",\n"))
}

fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = Vec<String>>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The findings of a check as JSON: counts by principle, then all of them.
#[must_use]
pub fn findings_json(subject: &str, findings: &[Finding]) -> String {
    let count =
        |principle, severity| findings.iter().filter(|f| f.principle == principle && f.severity == severity).count();
    let principles = Principle::ALL.map(|p| {
        let (zh, en, key) = p.names();
        json!({ "principle": key, "zh": zh, "en": en, "faults": count(p, Severity::Fault),
                "warnings": count(p, Severity::Warning) })
    });
    let listed: Vec<_> = findings
        .iter()
        .map(|f| {
            json!({ "principle": f.principle.names().2, "severity": severity_key(f.severity), "rule": f.rule, "codes": f.codes,
                    "zh": f.zh, "en": f.en, "lon": f.at.map(|a| a.0), "lat": f.at.map(|a| a.1), "area_m2": f.area_m2 })
        })
        .collect();
    let whole = json!({ "subject": subject, "principles": principles, "findings": listed });
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

const fn severity_key(severity: Severity) -> &'static str {
    match severity {
        Severity::Fault => "fault",
        Severity::Warning => "warning",
    }
}
