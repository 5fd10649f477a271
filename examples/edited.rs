//! `cargo run --release --example edited -- FOLDER [SEED [EDITS]]`: a thousand random edits of the sample district, then one GeoJSON a level for
//! others to judge (`tests/clients/test_edited.py`). The same bytes every time.

#![allow(clippy::unwrap_used, reason = "the proposals are those of `tests/edits`, where a test may stop")]
#![allow(clippy::print_stdout, reason = "what was done is told on the terminal, and read by the test")]

#[path = "../tests/partition/mod.rs"]
mod partition;
#[path = "../tests/edits/proposals.rs"]
mod proposals;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use wangge::coverage::edit::{Edit, Rule, Workbench};
use wangge::coverage::region::trace;
use wangge::coverage::{Coverage, FaceId, FaceIx, FaceRole, LatticePoint, LatticePolygon};
use wangge::grid::{Hierarchy, Unit, UnitIx};
use wangge::service::import::{Sources, import};
use wangge::snapshot::Contents;
use wangge::store::GeoPackage;

use crate::partition::Seeded;
use crate::proposals::{KINDS, Kind, Proposer};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const SEED: u64 = 2_026;
const EDITS: usize = 1_000;

/// The unit of the level above to which a face belongs, whatever has become of it.
type Parents = HashMap<FaceId, UnitIx>;

fn sample() -> Fallible<Contents> {
    let folder = tempfile::tempdir()?;
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    Ok(import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ())?.contents)
}

/// A merge that would close a ring around others names them, as a careful client would.
fn attempt(bench: &mut Workbench, edit: &mut Edit) -> Option<Vec<FaceId>> {
    let mut answer = bench.apply(edit);
    if let (Err(refusal), Edit::Merge { enclosing, .. }) = (&answer, &mut *edit)
        && refusal.rule == Rule::Encloses
    {
        enclosing.clone_from(&refusal.faces);
        answer = bench.apply(edit);
    }
    answer.ok().map(|applied| applied.touched)
}

/// What a split cuts off stays with the parent of the whole; nobody's land that becomes a unit joins the parent of a neighbour.
fn follow(parents: &mut Parents, coverage: &Coverage, edit: &Edit) {
    match edit {
        Edit::Split { face, new, .. } => {
            if let Some(parent) = parents.get(face).copied() {
                parents.insert(*new, parent);
            }
        }
        Edit::SetRole { face, role: FaceRole::Unit } if !parents.contains_key(face) => {
            let id = |ix: FaceIx| coverage.faces()[ix.ix()].id;
            let across = |arc: &wangge::coverage::Arc| match (id(arc.left), id(arc.right)) {
                (one, other) if one == *face => parents.get(&other).copied(),
                (one, other) if other == *face => parents.get(&one).copied(),
                _ => None,
            };
            if let Some(parent) = coverage.arcs().iter().find_map(across) {
                parents.insert(*face, parent);
            }
        }
        _ => {}
    }
}

/// The tree over the faces as they are now: upper units as they were, and every face that is a unit under its parent.
fn tree(base: &Hierarchy, parents: &Parents, coverage: &Coverage) -> Fallible<Hierarchy> {
    let lowest = base.levels() as u8 - 1;
    let mut units: Vec<Unit> = base.units().iter().filter(|u| u.level < lowest).cloned().collect();
    for (face, row) in coverage.units() {
        let parent = parents.get(&row.id).copied().ok_or_else(|| format!("{:?} has no parent", row.id))?;
        units.push(Unit {
            id: row.id.0,
            level: lowest,
            code: row.id.0.to_string(),
            name: String::new(),
            parent: Some(parent),
            class: String::new(),
            households: 0,
            population: 0,
            face: Some(face),
        });
    }
    Ok(Hierarchy::new(units, base.levels(), coverage.faces().len()))
}

fn feature(coverage: &Coverage, unit: &Unit, polygons: &[LatticePolygon]) -> Value {
    let place = |p: &LatticePoint| <[f64; 2]>::from(coverage.lattice().degrees(*p));
    let ring = |ring: &Vec<LatticePoint>| ring.iter().chain(ring.first()).map(place).collect::<Vec<_>>();
    let rings = |polygon: &LatticePolygon| polygon.iter().map(ring).collect::<Vec<_>>();
    let coordinates: Vec<_> = polygons.iter().map(rings).collect();
    json!({
        "type": "Feature",
        "properties": { "code": unit.code },
        "geometry": { "type": "MultiPolygon", "coordinates": coordinates },
    })
}

fn write(path: &Path, coverage: &Coverage, hierarchy: &Hierarchy, level: u8) -> Fallible<usize> {
    let traced = trace(coverage, &hierarchy.groups(level), hierarchy.units().len());
    let features: Vec<Value> = (hierarchy.at_level(level))
        .filter(|(unit, _)| !traced[unit.ix()].is_empty())
        .map(|(ix, unit)| feature(coverage, unit, &coverage.polygons(&traced[ix.ix()])))
        .collect();
    let written = features.len();
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, &json!({ "type": "FeatureCollection", "features": features }))?;
    file.flush()?;
    Ok(written)
}

fn main() -> Fallible<()> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("say where to write it: cargo run --example edited -- FOLDER")?;
    let seed = words.next().map_or(Ok(SEED), |word| word.parse())?;
    let edits = words.next().map_or(Ok(EDITS), |word| word.parse())?;
    let Contents { coverage, hierarchy, district, .. } = sample()?;
    let parent = |(ix, face): (FaceIx, &wangge::coverage::Face)| {
        Some((face.id, hierarchy.unit(hierarchy.unit_of_face(ix)?).parent?))
    };
    let mut parents: Parents = coverage.units().filter_map(parent).collect();
    let mut bench = Workbench::new(coverage);
    let mut proposer = Proposer { random: Seeded(seed), next_id: 1 << 40, faces: bench.coverage().faces().len() };
    let (mut accepted, mut touched): (BTreeMap<Kind, usize>, HashSet<FaceId>) = (BTreeMap::new(), HashSet::new());
    while accepted.values().sum::<usize>() < edits {
        let Some((kind, mut edit)) = proposer.propose(bench.coverage()) else { continue };
        let Some(faces) = attempt(&mut bench, &mut edit) else { continue };
        follow(&mut parents, bench.coverage(), &edit);
        touched.extend(faces);
        *accepted.entry(kind).or_default() += 1;
    }
    let edited = tree(&hierarchy, &parents, bench.coverage())?;
    let mut units = BTreeMap::new();
    for (level, named) in district.levels.iter().enumerate() {
        let path = Path::new(&folder).join(format!("{}.geojson", named.key));
        units.insert(named.key.clone(), write(&path, bench.coverage(), &edited, level as u8)?);
    }
    let count = |kind: &Kind| (format!("{kind:?}"), accepted.get(kind).copied().unwrap_or(0));
    let accepted: BTreeMap<String, usize> = KINDS.iter().map(count).collect();
    println!("{}", json!({ "accepted": accepted, "units": units, "faces_touched": touched.len() }));
    Ok(())
}
