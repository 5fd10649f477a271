//! `cargo run --release --example edited -- FOLDER [SEED [EDITS]]`: a thousand random edits of the sample district, published in twenty
//! versions and read back from the store, then one GeoJSON a level for others to judge (`tests/clients/test_edited.py`). The same bytes every time.

#![allow(clippy::unwrap_used, reason = "the proposals are those of `tests/edits`, where a test may stop")]
#![allow(clippy::print_stdout, reason = "what was done is told on the terminal, and read by the test")]

#[path = "../tests/partition/mod.rs"]
mod partition;
#[path = "../tests/edits/proposals.rs"]
mod proposals;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use wangge::coverage::edit::{Edit, Rule};
use wangge::coverage::region::trace;
use wangge::coverage::{Coverage, FaceId, FaceIx, FaceRole, LatticePoint, LatticePolygon};
use wangge::grid::change::{Change, Desk, Figures, NewUnit, Refused, Verb};
use wangge::grid::history::Version;
use wangge::grid::past::Boundaries;
use wangge::grid::{Hierarchy, Unit};
use wangge::service::import::{Sources, import};
use wangge::snapshot::{Contents, Snapshot};
use wangge::store::{GeoPackage, Publication, Store};

use crate::partition::Seeded;
use crate::proposals::{KINDS, Kind, Proposer};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const SEED: u64 = 2_026;
const EDITS: usize = 1_000;

/// Edits of one version.
const EDITS_A_VERSION: usize = 50;

fn sample(store: &GeoPackage) -> Fallible<Snapshot> {
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    Ok(Snapshot::new(import(&sources, &mut store.clone(), Timestamp::UNIX_EPOCH, &mut |_| ())?.contents))
}

/// The edit with what it makes of units: a piece that is cut off gets a share of the people, nobody's land that becomes a unit joins the parent of a
/// neighbour, and a merge that would close a ring around others names them, as a careful client would.
fn change(desk: &Desk, edit: Edit, enclosing: &[u64]) -> Option<Change> {
    let new = |id: u64| NewUnit { id, code: format!("new{id}"), name: String::new() };
    let change = match edit {
        Edit::Split { face, new: FaceId(id), .. } => {
            desk.split(face.0, vec![edit], new(id), Figures::default()).ok()?
        }
        Edit::Merge { keep, gone, .. } => desk.merge(keep.0, gone.0, enclosing).ok()?,
        Edit::SetRole { face, role: FaceRole::Excluded } => desk.exclude(face.0).ok()?,
        Edit::SetRole { face, role: FaceRole::Unit } => {
            let coverage = desk.coverage();
            let id = |ix: FaceIx| coverage.faces()[ix.ix()].id;
            let across = |arc: &wangge::coverage::Arc| match (id(arc.left), id(arc.right)) {
                (one, other) if one == face => desk.row(other.0)?.parent,
                (one, other) if other == face => desk.row(one.0)?.parent,
                _ => None,
            };
            let parent = coverage.arcs().iter().find_map(across)?;
            desk.include(new(face.0), parent, String::new(), Figures::default()).ok()?
        }
        edit => Change::of_lines(Verb::Reshape, vec![edit]),
    };
    Some(change)
}

/// Makes the edit, if it is legal.
fn attempt(desk: &mut Desk, edit: &Edit) -> Option<(Change, Vec<FaceId>)> {
    let first = change(desk, edit.clone(), &[])?;
    match desk.apply(&first) {
        Ok(made) => Some((first, made.touched)),
        Err(Refused::Edit(refusal)) if refusal.rule == Rule::Encloses => {
            let enclosing: Vec<u64> = refusal.faces.iter().map(|face| face.0).collect();
            let second = change(desk, edit.clone(), &enclosing)?;
            desk.apply(&second).ok().map(|made| (second, made.touched))
        }
        Err(_) => None,
    }
}

/// Publishes what was done on the desk as the version after `before`.
fn publish(store: &GeoPackage, before: &Snapshot, desk: &Desk, changes: &[Change]) -> Fallible<Snapshot> {
    let number = before.version + 1;
    let effective = before.history.versions().last().ok_or("no version")?.effective;
    let history = before.history.clone().followed_by(Version::dated(number, effective, Timestamp::UNIX_EPOCH));
    let history = history.with_lineage(desk.lineage(number));
    let after = before.next(desk.boundaries(), desk.delta(), history);
    store.publish(&Publication { before, after: &after, changes, draft: None })?;
    Ok(after)
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
    let scratch = tempfile::tempdir()?;
    let store = GeoPackage::at(&scratch.path().join("edited.gpkg"));
    let mut served = sample(&store)?;
    let faces = served.coverage.faces().len();
    let mut proposer = Proposer { random: Seeded(seed), next_id: 1 << 40, faces };
    let (mut accepted, mut touched): (BTreeMap<Kind, usize>, HashSet<FaceId>) = (BTreeMap::new(), HashSet::new());
    let mut done = 0;
    while done < edits {
        let mut desk =
            Desk::new(&Boundaries { coverage: served.coverage.clone(), hierarchy: served.hierarchy.clone() });
        let mut changes = Vec::new();
        while changes.len() < EDITS_A_VERSION && done < edits {
            let Some((kind, edit)) = proposer.propose(desk.coverage()) else { continue };
            let Some((change, faces)) = attempt(&mut desk, &edit) else { continue };
            touched.extend(faces);
            *accepted.entry(kind).or_default() += 1;
            changes.push(change);
            done += 1;
        }
        served = publish(&store, &served, &desk, &changes)?;
    }
    // As it is read back: what another program would be given after a restart.
    let Contents { version, coverage, hierarchy, district, .. } = store.load()?;
    let mut units = BTreeMap::new();
    for (level, named) in district.levels.iter().enumerate() {
        let path = Path::new(&folder).join(format!("{}.geojson", named.key));
        units.insert(named.key.clone(), write(&path, &coverage, &hierarchy, level as u8)?);
    }
    let count = |kind: &Kind| (format!("{kind:?}"), accepted.get(kind).copied().unwrap_or(0));
    let accepted: BTreeMap<String, usize> = KINDS.iter().map(count).collect();
    println!("{}", json!({ "accepted": accepted, "version": version, "units": units, "faces_touched": touched.len() }));
    Ok(())
}
