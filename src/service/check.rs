//! The four principles over a store as it is, over files, or over a running snapshot: lists every fault and refuses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::import::{self, Prepared, Sources};
use crate::coverage::{Coverage, LatticePoint, LatticePolygon};
use crate::crs::Cgcs2000;
use crate::exchange::{FileFault, Limits, RowFault};
use crate::grid::principles::{self, Finding, Principle, Severity, Subject};
use crate::grid::{District, Hierarchy, HierarchyFault, area};
use crate::snapshot::{Contents, Snapshot};
use crate::store::{GeoPackage, Inspection, LayerRow, StoreFault, derive};

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Name of the district, and its mark where it is synthetic.
    pub name: String,
    pub mark: Option<String>,
    /// Name and key of each level with its number of units, top level first.
    pub levels: Vec<(String, String, usize)>,
    /// Of all units together; `None` where no boundaries could be read.
    pub area_m2: Option<f64>,
    pub findings: Vec<Finding>,
}

impl Checked {
    fn new(district: &District, coverage: Option<&Coverage>, hierarchy: &Hierarchy, findings: Vec<Finding>) -> Self {
        let levels = district.levels.iter().enumerate();
        let levels =
            levels.map(|(i, l)| (l.name.clone(), l.key.clone(), hierarchy.at_level(i as u8).count())).collect();
        let area_m2 = coverage.map(|c| {
            let areas = area::of_faces_m2(c, district.plane);
            c.units().map(|(ix, _)| areas[ix.ix()]).sum()
        });
        let mark = district.synthetic.then(|| district.mark.clone());
        Self { name: district.name.clone(), mark, levels, area_m2, findings }
    }

    /// Whether there is any fault; warnings are allowed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|f| f.severity == Severity::Warning)
    }

    /// How many findings of a principle and a severity there are.
    #[must_use]
    pub fn count(&self, principle: Principle, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.principle == principle && f.severity == severity).count()
    }
}

/// Checks the snapshot that is being served.
#[must_use]
pub fn of_snapshot(snapshot: &Snapshot, day: Date) -> Checked {
    let Snapshot { district, coverage, hierarchy, roster, .. } = snapshot;
    let findings = principles::check(&Subject { district, coverage, hierarchy, roster, day });
    Checked::new(district, Some(coverage), hierarchy, findings)
}

/// Checks a store, its tables and its layers.
///
/// # Errors
/// [`StoreFault`] only when the file is no store that this version can open.
pub fn of_store(store: &GeoPackage, day: Date) -> Result<Checked, StoreFault> {
    let Inspection { district, contents, problems, changed, layers, unreadable } = store.inspect()?;
    let mut findings = match &contents {
        Ok(Contents { coverage, hierarchy, roster, .. }) => {
            principles::check(&Subject { district: &district, coverage, hierarchy, roster, day })
        }
        Err(fault) => vec![of_fault(fault)],
    };
    findings.extend(problems.iter().map(|problem| {
        Finding::new(
            Principle::Complete,
            Severity::Fault,
            "table",
            format!("数据表有错误：{problem}"),
            problem.to_string(),
        )
    }));
    findings.extend(changed.into_iter().map(|table| {
        let boundaries = ["wangge_junction", "wangge_arc", "wangge_face"].contains(&table.as_str());
        let principle = if boundaries { Principle::Seamless } else { Principle::Complete };
        let zh = format!("数据表 {table} 在系统之外被改动或已损坏");
        let en = format!("table {table} was changed outside Wangge or is damaged (its content hash differs)");
        Finding::new(principle, Severity::Fault, "changed_table", zh, en)
    }));
    findings.extend(unreadable.into_iter().map(|(layer, reason)| {
        let zh = format!("图层 {layer} 无法读取");
        let en = format!("layer {layer} cannot be read: {reason}");
        Finding::new(Principle::Complete, Severity::Fault, "layer", zh, en)
    }));
    let Ok(Contents { coverage, hierarchy, .. }) = &contents else {
        let nobody = Hierarchy::new(Vec::new(), district.levels.len(), 0);
        return Ok(Checked::new(&district, None, &nobody, findings));
    };
    for (i, level) in district.levels.iter().enumerate() {
        let rows = layers.iter().filter(|row| row.level == level.key);
        findings.extend(compare(coverage, hierarchy, (i as u8, &level.key), rows));
    }
    findings.sort_by_key(|f| f.principle);
    Ok(Checked::new(&district, Some(coverage), hierarchy, findings))
}

/// Why the tables of a store cannot be put together.
fn of_fault(fault: &StoreFault) -> Finding {
    match fault {
        StoreFault::Coverage { rule, place, codes, .. } => principles::of_rule(*rule).about(codes.clone()).at(*place),
        _ => {
            let zh = format!("数据表无法读取：{fault}");
            Finding::new(Principle::Complete, Severity::Fault, "unreadable", zh, fault.to_string())
        }
    }
}

/// Checks a `district.toml` with the files it names, or a GeoJSON of units alone.
///
/// # Errors
/// [`FileFault`] when a file cannot be used at all.
pub fn of_file(file: &Path, now: Timestamp, day: Date) -> Result<Checked, FileFault> {
    let limits = Limits::default();
    let is_district = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    let prepared = if is_district {
        let sources = Sources { district: file.to_owned(), ..Sources::default() };
        import::prepare(&sources, &limits, now, &mut |_| {})?
    } else {
        import::prepare_units(file, &limits, now)?
    };
    let findings = of_prepared(&prepared, day);
    Ok(Checked::new(&prepared.district, prepared.coverage.as_ref(), &prepared.hierarchy, findings))
}

/// The findings over a district that was put together from files.
#[must_use]
pub fn of_prepared(prepared: &Prepared, day: Date) -> Vec<Finding> {
    let Prepared { district, hierarchy, roster, report, .. } = prepared;
    let mut findings = principles::of_build(&report.build, &report.lattice, |face| report.code_of(face));
    findings.extend(report.features.iter().map(|f| of_row(f, Principle::Coverage, Severity::Fault)));
    findings.extend(report.rows.iter().map(|f| of_row(f, Principle::Complete, Severity::Warning)));
    match &prepared.coverage {
        Some(coverage) => {
            // The gaps are faces of the coverage: told once. Lost parents are only known by name to the report.
            findings.retain(|f| f.rule != "gap");
            let found = principles::check(&Subject { district, coverage, hierarchy, roster, day });
            findings.extend(found.into_iter().filter(|f| f.rule != "no_parent"));
            let lost = report.tree.iter().filter(|f| matches!(f, HierarchyFault::NoParent { .. }));
            findings.extend(lost.map(of_tree));
        }
        None => findings.extend(report.tree.iter().map(of_tree)),
    }
    findings.sort_by_key(|f| f.principle);
    findings
}

fn of_tree(fault: &HierarchyFault) -> Finding {
    let (rule, code, zh) = match fault {
        HierarchyFault::DuplicateCode { code, times, .. } => {
            ("duplicate_code", code, format!("编码 {code} 重复使用 {times} 次"))
        }
        HierarchyFault::NoParent { code, parent } => ("no_parent", code, format!("网格 {code} 的上级“{parent}”不存在")),
        HierarchyFault::NoChildren { code } => ("no_children", code, format!("{code} 没有下级网格")),
        HierarchyFault::NoShape { code } => ("no_shape", code, format!("网格 {code} 没有边界")),
    };
    Finding::new(Principle::Complete, Severity::Fault, rule, zh, fault.to_string()).about(vec![code.clone()])
}

fn of_row(fault: &RowFault, principle: Principle, severity: Severity) -> Finding {
    let zh = format!("{} 第 {} 行无法使用", fault.file.display(), fault.row);
    Finding::new(principle, severity, "row", zh, fault.to_string())
}

/// A shape in a form that does not depend on where its rings start, how they turn and how its parts are ordered.
type Canonical = BTreeSet<BTreeSet<Vec<LatticePoint>>>;

fn canonical(polygons: impl IntoIterator<Item = Vec<Vec<LatticePoint>>>) -> Canonical {
    let ring = |mut ring: Vec<LatticePoint>| {
        ring.dedup();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        if let Some(start) = (0..ring.len()).min_by_key(|i| ring[*i]) {
            ring.rotate_left(start);
        }
        if ring.len() > 2 && ring[ring.len() - 1] < ring[1] {
            ring[1..].reverse();
        }
        ring
    };
    polygons.into_iter().map(|rings| rings.into_iter().map(ring).collect()).collect()
}

/// The lattice form of a layer's polygons; the error is a position that has no place on the lattice.
fn on_lattice(coverage: &Coverage, polygons: &[Vec<Vec<(f64, f64)>>]) -> Result<Vec<LatticePolygon>, (f64, f64)> {
    let point = |&(lon, lat): &(f64, f64)| {
        let position = Cgcs2000::new(lon, lat).map_err(|_| (lon, lat))?;
        coverage.lattice().quantise(position).map_err(|_| (lon, lat))
    };
    let ring = |ring: &Vec<(f64, f64)>| ring.iter().map(point).collect::<Result<Vec<_>, _>>();
    polygons.iter().map(|rings| rings.iter().map(ring).collect()).collect()
}

/// A point that only one of the two shapes has: of the layer's, if there is one.
fn difference(found: &Canonical, derived: &Canonical) -> Option<LatticePoint> {
    let points = |shape: &Canonical| shape.iter().flatten().flatten().copied().collect::<BTreeSet<_>>();
    let (found, derived) = (points(found), points(derived));
    found.difference(&derived).next().or_else(|| derived.difference(&found).next()).copied()
}

/// A layer against what the coverage derives for its level.
fn compare<'a>(
    coverage: &Coverage,
    hierarchy: &Hierarchy,
    (level, key): (u8, &str),
    rows: impl Iterator<Item = &'a LayerRow>,
) -> Vec<Finding> {
    let mut rows_of: BTreeMap<&str, Vec<&LayerRow>> = BTreeMap::new();
    for row in rows {
        rows_of.entry(&row.code).or_default().push(row);
    }
    let fault = |principle, rule, code: &str, zh: String, en: String| {
        Finding::new(principle, Severity::Fault, rule, zh, en).about(vec![code.to_owned()])
    };
    let mut findings = Vec::new();
    for (ix, polygons) in derive(coverage, hierarchy, level) {
        let code = hierarchy.unit(ix).code.as_str();
        let place = polygons.first().and_then(|p| p.first()?.first()).map(|p| coverage.lattice().degrees(*p));
        let Some(rows) = rows_of.remove(code) else {
            let zh = format!("图层 {key} 中缺少网格 {code}");
            let en = format!("layer {key} has no feature for {code}");
            findings.push(fault(Principle::Coverage, "missing_feature", code, zh, en).at(place));
            continue;
        };
        let derived = canonical(polygons);
        let unlike: Vec<_> = rows.iter().filter_map(|row| unlike(coverage, row, &derived)).collect();
        if rows.len() > 1 {
            let fids: Vec<_> = rows.iter().map(|r| r.fid.to_string()).collect();
            let zh = format!("图层 {key} 中编码 {code} 重复（fid {}）", fids.join("、"));
            let en = format!("layer {key} has code {code} {} times (fid {})", rows.len(), fids.join(", "));
            // The place of the intruder, where it can be told apart.
            let at = unlike.first().map_or(place, |(_, at)| *at);
            findings.push(fault(Principle::Complete, "duplicate_code", code, zh, en).at(at));
        }
        if unlike.len() == rows.len() {
            for (reason, at) in unlike {
                let zh = format!("图层 {key} 中网格 {code} 的图形与边界数据不一致");
                let en = format!("in layer {key} the shape of {code} {reason}");
                findings.push(fault(Principle::Seamless, "moved_vertex", code, zh, en).at(at));
            }
        }
    }
    findings.extend(rows_of.into_iter().map(|(code, rows)| {
        let zh = format!("图层 {key} 中的编码 {code} 不是本级网格");
        let en = format!("layer {key} has a feature {code} (fid {}), which is no unit of this level", rows[0].fid);
        let at = rows[0].shape.as_ref().ok().and_then(|p| p.first()?.first()?.first().copied());
        fault(Principle::Complete, "unknown_feature", code, zh, en).at(at)
    }));
    findings
}

/// Why a row's shape is not the derived one, and where.
fn unlike(coverage: &Coverage, row: &LayerRow, derived: &Canonical) -> Option<(String, Option<(f64, f64)>)> {
    let polygons = match &row.shape {
        Ok(polygons) => polygons,
        Err(reason) => return Some((format!("cannot be read: {reason}"), None)),
    };
    match on_lattice(coverage, polygons) {
        Err(at) => Some(("has a vertex far away from the district".to_owned(), Some(at))),
        Ok(found) => {
            let found = canonical(found);
            let at = difference(&found, derived).map(|p| coverage.lattice().degrees(p));
            (found != *derived)
                .then(|| ("is not what the boundaries say: a vertex was moved, added or removed".to_owned(), at))
        }
    }
}
