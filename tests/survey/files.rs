//! From files to a draft in a store, by the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use wangge::coverage::edit::Workbench;
use wangge::coverage::{Coverage, FaceIx, FaceRole, LatticePoint, validate};
use wangge::exchange::Limits;
use wangge::grid::change::{Desk as Changing, Verb};
use wangge::grid::draft::{Draft, Scope};
use wangge::grid::past::Boundaries;
use wangge::grid::{Hierarchy, Unit, UnitIx};
use wangge::service::import::{Sources, prepare};
use wangge::store::{GeoPackage, Store};

use crate::partition::Seeded;
use crate::plans::{leads_to, surveyed};
use crate::proposals::{Kind, Proposer};
use crate::town::{Desk, Ring, Town, Unit as Cell, code, corner};

/// Every edge with the code of the unit on its left.
fn edges(boundaries: &Boundaries) -> BTreeSet<(LatticePoint, LatticePoint, String)> {
    let Boundaries { coverage, hierarchy } = boundaries;
    let code = |face| hierarchy.unit_of_face(face).map_or_else(String::new, |unit| hierarchy.unit(unit).code.clone());
    let mut all = BTreeSet::new();
    for arc in coverage.arcs() {
        for (a, b) in arc.edges() {
            all.insert((a, b, code(arc.left)));
            all.insert((b, a, code(arc.right)));
        }
    }
    all
}

type Told = (String, String, Option<String>, u32, u32);

fn units(hierarchy: &Hierarchy) -> BTreeMap<(u8, String), Told> {
    let told = |u: &Unit| {
        let parent = u.parent.map(|p| hierarchy.unit(p).code.clone());
        ((u.level, u.code.clone()), (u.name.clone(), u.class.clone(), parent, u.households, u.population))
    };
    hierarchy.units().iter().map(told).collect()
}

/// What the store has after a draft would be published.
fn drafted(store: &GeoPackage, id: u64) -> (Draft, Boundaries) {
    let draft = Draft::fold(id, &store.draft(id).unwrap().unwrap()).unwrap();
    let mut desk = Changing::new(&store.boundaries(draft.base).unwrap());
    desk.apply_all(&draft.changes().cloned().collect::<Vec<_>>()).unwrap();
    (draft, desk.boundaries())
}

const INTO_DRAFT: [&str; 5] = ["import", "--store", "town.gpkg", "--district", "district.toml"];

fn mid(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    // To the hundred-thousandth, as the town has it, and a half.
    (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1))
}

/// One of everything.
fn changed_town() -> (Town, Vec<(String, String)>) {
    let mut town = Town::new();
    let east = |p: (f64, f64), by: f64| (p.0 + by, p.1);
    // A boundary is bent: that between the third and the fourth cell of the southern row.
    let bend = east(mid(corner(3, 0), corner(3, 1)), 0.001);
    town.unit(&code(2, 0)).ring.insert(2, bend);
    town.unit(&code(3, 0)).ring.insert(4, bend);
    // A corner where four meet is moved.
    let to = (corner(1, 1).0 - 0.0012, corner(1, 1).1 + 0.0009);
    for cell in &mut town.units {
        cell.ring.iter_mut().filter(|p| **p == corner(1, 1)).for_each(|p| *p = to);
    }
    // One is cut in two, two are joined, one goes to another parent.
    let [a, b, c, d, _]: [(f64, f64); 5] = town.unit(&code(0, 3)).ring.clone().try_into().unwrap();
    let (south, north) = (mid(a, b), mid(d, c));
    town.unit(&code(0, 3)).ring = vec![a, south, north, d, a];
    let ring: Ring = vec![south, b, c, north, south];
    town.units.push(Cell { code: "A129".to_owned(), parent: "A12".to_owned(), ring });
    // The unit south of it gets the vertex too: its shape stays.
    town.unit(&code(0, 2)).ring.insert(3, south);
    town.units.retain(|cell| cell.code != code(3, 3));
    town.unit(&code(2, 3)).ring =
        [(2, 3), (3, 3), (4, 3), (4, 4), (3, 4), (2, 4), (2, 3)].map(|(c, r)| corner(c, r)).to_vec();
    "A22".clone_into(&mut town.unit(&code(1, 2)).parent);
    let renamed = ("网格".to_owned() + &code(3, 1), "新名".to_owned());
    (town, vec![renamed])
}

#[test]
fn one_of_everything_in_one_file_becomes_a_draft_that_leads_to_it() {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    let store = GeoPackage::at(&desk.store());
    let before = store.load().unwrap();
    let (town, names) = changed_town();
    town.write(desk.folder.path());
    let mut text = town.geojson();
    for (old, new) in &names {
        text = text.replace(old, new);
    }
    fs::write(desk.path("units.geojson"), text).unwrap();
    // Nobody reads the people: they name a unit that is gone.
    let dry = [&INTO_DRAFT[..], &["--into-draft", "--dry-run"]].concat();
    desk.run(&dry).ends(0).tells(&[
        "begun 1",
        "ended 1",
        "people, places and issues were not read",
        "nothing was saved",
    ]);
    assert!(store.drafts().unwrap().is_empty());
    let run = [&INTO_DRAFT[..], &["--into-draft", "二〇二六年测绘", "--actor", "张三"]].concat();
    desk.run(&run).ends(0).tells(&["begun 1", "ended 1", "drafted as 1"]);
    let (draft, made) = drafted(&store, 1);
    assert_eq!((draft.title.as_str(), draft.base), ("二〇二六年测绘", 1));
    assert_eq!((draft.author.name.as_str(), &draft.author.scope), ("张三", &Scope::District));
    assert_eq!(validate::faults(&made.coverage), []);
    let mut verbs: Vec<Verb> = draft.changes().map(|change| change.verb).collect();
    verbs.sort();
    verbs.dedup();
    let all = [Verb::Reshape, Verb::Split, Verb::Merge, Verb::Reparent, Verb::Describe];
    assert_eq!(verbs, all, "nothing is handed over piece by piece");
    assert!(draft.steps.len() >= 5, "{}", draft.steps.len());
    // The same files in a store of their own.
    let sources = Sources { district: desk.path("district.toml"), ..Sources::default() };
    let prepared = prepare(&sources, &Limits::default(), draft.opened, &mut |_| {}).unwrap();
    let wanted = Boundaries { coverage: prepared.coverage.unwrap(), hierarchy: prepared.hierarchy };
    assert_eq!(made.coverage.lattice(), wanted.coverage.lattice());
    assert_eq!(edges(&made), edges(&wanted));
    assert_eq!(units(&made.hierarchy), units(&wanted.hierarchy));
    // Nothing else of the store changed.
    let after = store.load().unwrap();
    assert_eq!((after.version, &after.history, &after.coverage), (1, &before.history, &before.coverage));
    assert_eq!((&after.hierarchy, after.roster.people()), (&before.hierarchy, before.roster.people()));
}

#[test]
fn the_same_files_again_are_no_draft_and_other_levels_are_refused() {
    let mut town = Town::new();
    let desk = Desk::with(&town);
    let run = [&INTO_DRAFT[..], &["--into-draft"]].concat();
    desk.run(&run).ends(2).says(&["town.gpkg"]);
    desk.import().ends(0);
    let before = fs::read(desk.store()).unwrap();
    desk.run(&run).ends(0).tells(&["steps 0", "no differences"]);
    assert_eq!(fs::read(desk.store()).unwrap(), before);
    town.toml = town.toml.replace("\"community\"", "\"village\"");
    town.uppers = town.uppers.replace("community", "village");
    town.write(desk.folder.path());
    desk.run(&run).ends(2).says(&["street, village, grid", "street, community, grid"]);
    // What an import would refuse, this refuses.
    let mut town = Town::new();
    town.unit(&code(1, 1)).ring[2].0 -= 0.003;
    town.write(desk.folder.path());
    desk.run(&run).ends(1).says(&["1 gaps and 0 overlaps"]);
    assert_eq!(GeoPackage::at(&desk.store()).drafts().unwrap(), []);
}

fn sample() -> Boundaries {
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let now = "2026-07-01T02:00:00Z".parse().unwrap();
    let prepared = prepare(&sources, &Limits::default(), now, &mut |_| {}).unwrap();
    Boundaries { coverage: prepared.coverage.unwrap(), hierarchy: prepared.hierarchy }
}

/// The units of the sample over a coverage that was edited: what is new is below the first unit of the level above.
fn over(sample: &Hierarchy, coverage: Coverage) -> Boundaries {
    let lowest = sample.levels() as u8 - 1;
    let upper = sample.units().iter().take_while(|unit| unit.level < lowest).count();
    let mut units: Vec<Unit> = sample.units()[..upper].to_vec();
    let parent = units.iter().position(|unit| unit.level + 1 == lowest).map(|i| UnitIx(i as u32));
    let known: BTreeMap<u64, &Unit> = sample.units().iter().map(|unit| (unit.id, unit)).collect();
    let mut low: Vec<Unit> = (coverage.faces().iter().enumerate().filter(|(_, f)| f.role == FaceRole::Unit))
        .map(|(i, face)| {
            let face_ix = Some(FaceIx(i as u32));
            let new = || Unit {
                id: face.id.0,
                level: lowest,
                code: format!("9{:017}", face.id.0),
                name: "新".to_owned(),
                parent,
                class: String::new(),
                households: 1,
                population: 2,
                face: None,
            };
            Unit { face: face_ix, ..known.get(&face.id.0).map_or_else(new, |unit| (*unit).clone()) }
        })
        .collect();
    low.sort_by(|a, b| a.code.cmp(&b.code));
    units.extend(low);
    Boundaries { hierarchy: Hierarchy::new(units, sample.levels(), coverage.faces().len()), coverage }
}

#[test]
fn the_sample_after_random_edits_is_reached_from_the_sample() {
    let base = sample();
    let same = over(&base.hierarchy, surveyed(&base.coverage));
    let (plan, _) = leads_to(&base, &same);
    assert!(plan.steps.is_empty());
    let mut bench = Workbench::new(base.coverage.clone());
    let mut proposer = Proposer { random: Seeded(11), next_id: 100_000, faces: base.coverage.faces().len() };
    let mut made = 0;
    while made < 60 {
        let Some((kind, edit)) = proposer.propose(bench.coverage()) else { continue };
        // Whole grids may not lose all they have.
        if !matches!(kind, Kind::Mark | Kind::Nonsense | Kind::SetRole | Kind::Merge) && bench.apply(&edit).is_ok() {
            made += 1;
        }
    }
    let survey = over(&base.hierarchy, surveyed(bench.coverage()));
    let (plan, _) = leads_to(&base, &survey);
    assert!(plan.steps.len() > 20, "{}", plan.steps.len());
}
