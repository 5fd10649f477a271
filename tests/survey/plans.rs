//! Two versions of a board in memory: the plan from one to the other, made on the one, gives the other.

use std::collections::{BTreeMap, BTreeSet};

use wangge::coverage::build::{BuildOptions, Claim, build, settle};
use wangge::coverage::edit::{Edit, Line, Workbench};
use wangge::coverage::{ArcKind, Coverage, FaceId, FaceIx, FaceRole, Lattice, LatticePoint, canonical, validate};
use wangge::grid::change::{Desk, Verb};
use wangge::grid::diff::diff;
use wangge::grid::past::Boundaries;
use wangge::grid::survey::{Plan, Survey};
use wangge::grid::{Hierarchy, Unit, UnitIx};

use crate::partition::{Seeded, p, partition};
use crate::proposals::{Kind, Proposer};

/// Identities of upper units begin here; those of new ones are given above.
const UPPER: u64 = 1 << 30;
const FRESH: u64 = 1 << 40;

fn exact() -> BuildOptions {
    BuildOptions { snap_m: 0.0, ..BuildOptions::default() }
}

fn lattice() -> Lattice {
    Lattice::for_extent(116.5, 35.3, 116.7, 35.5)
}

/// One town of three quarters over the faces that are units; a unit's code is its identity, `quarter` says where it belongs.
fn boundaries(coverage: Coverage, code: impl Fn(u64) -> String, quarter: impl Fn(u64) -> u64) -> Boundaries {
    let unit = |id, level, code: String, parent: Option<u32>| Unit {
        id,
        level,
        name: format!("名{code}"),
        code,
        parent: parent.map(UnitIx),
        class: String::new(),
        households: 0,
        population: 0,
        face: None,
    };
    let quarters: BTreeSet<u64> = coverage.units().map(|(_, face)| quarter(face.id.0)).collect();
    let mut units = vec![unit(UPPER, 0, "town".to_owned(), None)];
    units.extend(quarters.iter().map(|q| unit(UPPER + 1 + q, 1, format!("q{q}"), Some(0))));
    let mut low: Vec<Unit> = (coverage.units())
        .map(|(ix, face)| {
            let parent = 1 + quarters.iter().position(|q| *q == quarter(face.id.0)).unwrap() as u32;
            let (households, population) = (100 + face.id.0 as u32 % 7, 300);
            Unit { households, population, face: Some(ix), ..unit(face.id.0, 2, code(face.id.0), Some(parent)) }
        })
        .collect();
    low.sort_by(|a, b| a.code.cmp(&b.code));
    units.extend(low);
    Boundaries { hierarchy: Hierarchy::new(units, 3, coverage.faces().len()), coverage }
}

fn coded(id: u64) -> String {
    format!("u{id:05}")
}

fn board(seed: u64, columns: i32, rows: i32) -> Boundaries {
    let coverage = build(lattice(), &partition(seed, columns, rows), &exact()).coverage.unwrap();
    boundaries(coverage, coded, |id| id % 3)
}

/// The coverage as a source would tell it, built anew: other numbers, and flags as the shapes have them.
pub fn surveyed(of: &Coverage) -> Coverage {
    let claims: Vec<Claim> = (of.faces().iter().skip(1))
        .map(|face| Claim {
            id: face.id,
            polygons: of.polygons(&face.rings),
            excluded: face.role != FaceRole::Unit,
            weight: 0,
        })
        .collect();
    let built = build(*of.lattice(), &claims, &exact());
    built.coverage.unwrap_or_else(|| panic!("{:?}", built.report))
}

/// Makes the plan on the base, each change checked; the result has every invariant.
#[track_caller]
fn made(base: &Boundaries, plan: &Plan) -> Boundaries {
    assert_eq!(plan.missing, []);
    let mut desk = Desk::new(base);
    for change in plan.steps.iter().flatten() {
        desk.apply(change).unwrap_or_else(|refused| panic!("{refused}: {change:?}"));
    }
    let made = desk.boundaries();
    assert_eq!(validate::faults(&made.coverage), []);
    assert_eq!(made.hierarchy.faults(), []);
    made
}

/// The survey under the identities that units of the same code have in what was made.
fn renamed(survey: &Boundaries, made: &Boundaries) -> Boundaries {
    let code = |b: &Boundaries| -> BTreeMap<(u8, String), u64> {
        b.hierarchy.units().iter().map(|u| ((u.level, u.code.clone()), u.id)).collect()
    };
    let known = code(made);
    let units: Vec<Unit> = (survey.hierarchy.units().iter())
        .map(|u| Unit { id: known[&(u.level, u.code.clone())], ..u.clone() })
        .collect();
    let ids: BTreeMap<FaceIx, u64> = units.iter().filter_map(|u| Some((u.face?, u.id))).collect();
    // Nobody's land has no code: by a vertex and an edge of its border.
    let halves = |c: &Coverage| -> BTreeMap<(LatticePoint, LatticePoint), u64> {
        let mut all = BTreeMap::new();
        for arc in c.arcs() {
            for (a, b) in arc.edges() {
                all.insert((a, b), c.faces()[arc.left.ix()].id.0);
                all.insert((b, a), c.faces()[arc.right.ix()].id.0);
            }
        }
        all
    };
    let there = halves(&made.coverage);
    let c = &survey.coverage;
    let faces = c.faces().iter().enumerate().map(|(i, face)| {
        let edge = face.rings.first().map(|r| c.ring_points(r)).map(|points| (points[0], points[1]));
        let id = match (i, ids.get(&FaceIx(i as u32))) {
            (0, _) => 0,
            (_, Some(id)) => *id,
            _ => edge.and_then(|edge| there.get(&edge).copied()).unwrap_or(u64::MAX - i as u64),
        };
        (FaceId(id), face.role, face.rings.iter().filter(|r| r.doubled_area > 0).count() > 1)
    });
    let coverage =
        Coverage::from_tables(*c.lattice(), c.junctions().to_vec(), c.arcs().to_vec(), faces.collect()).unwrap();
    Boundaries { hierarchy: Hierarchy::new(units, survey.hierarchy.levels(), coverage.faces().len()), coverage }
}

/// With flags as the shapes have them.
fn flagged(coverage: &Coverage) -> Coverage {
    let faces = coverage.faces().iter();
    let faces = faces.map(|f| (f.id, f.role, f.rings.iter().filter(|r| r.doubled_area > 0).count() > 1)).collect();
    let (junctions, arcs) = (coverage.junctions().to_vec(), coverage.arcs().to_vec());
    Coverage::from_tables(*coverage.lattice(), junctions, arcs, faces).unwrap()
}

#[track_caller]
pub fn leads_to(base: &Boundaries, survey: &Boundaries) -> (Plan, Boundaries) {
    let plan = Survey::new(base, survey).plan(FRESH, 0.0);
    let made = made(base, &plan);
    let wanted = renamed(survey, &made);
    let differences = diff(&made, &wanted);
    assert!(differences.lines.is_empty() && differences.units.is_empty(), "{differences:#?}");
    assert!(canonical::bytes(&flagged(&made.coverage)) == canonical::bytes(&flagged(&wanted.coverage)));
    (plan, made)
}

#[test]
fn the_same_again_has_no_differences() {
    let base = board(1, 6, 5);
    let survey = boundaries(surveyed(&base.coverage), coded, |id| id % 3);
    let plan = Survey::new(&base, &survey).plan(FRESH, 0.5);
    assert_eq!(plan, Plan::default());
}

/// A board after random legal edits.
fn edited_at_random(base: &Boundaries, seed: u64, edits: usize, tally: &mut BTreeMap<Kind, usize>) -> Coverage {
    let mut bench = Workbench::new(base.coverage.clone());
    // More faces than there are, or fewer: now splits prevail, now merges.
    let faces = if seed.is_multiple_of(2) { 14 } else { 40 };
    let mut proposer = Proposer { random: Seeded(seed * 7 + 1), next_id: 1000, faces };
    let mut made = 0;
    for _ in 0..4000 {
        if made == edits {
            break;
        }
        let Some((kind, edit)) = proposer.propose(bench.coverage()) else { continue };
        // A survey says nothing of what lines follow.
        if !matches!(kind, Kind::Mark | Kind::Nonsense) && bench.apply(&edit).is_ok() {
            *tally.entry(kind).or_default() += 1;
            made += 1;
        }
    }
    bench.into_coverage()
}

#[test]
fn random_edits_exported_and_surveyed_come_back_to_the_bit() {
    let mut tally = BTreeMap::new();
    let seeds = std::env::var("SURVEY_SEEDS").map_or(80, |n| n.parse().unwrap());
    let mut refused = Vec::new();
    for seed in 0..seeds {
        let base = board(seed, 5, 4);
        let coverage = edited_at_random(&base, seed, 1 + seed as usize % 30, &mut tally);
        // Some units get codes that nobody had, and some that of a neighbour.
        let recoded = |id: u64| match (seed % 4, id % 5) {
            (2, 0) => format!("new{id}"),
            (3, 1) => coded(id + 1),
            (3, 2) => coded(id - 1),
            _ => coded(id),
        };
        let codes: BTreeSet<String> = coverage.units().map(|(_, face)| recoded(face.id.0)).collect();
        let distinct = codes.len() == coverage.units().count();
        let code = |id: u64| if distinct { recoded(id) } else { coded(id) };
        let survey = boundaries(surveyed(&coverage), code, |id| (id + seed % 2) % 3);
        let plan = Survey::new(&base, &survey).plan(FRESH, 0.0);
        if !plan.missing.is_empty() {
            refused.push((seed, plan.missing));
            continue;
        }
        leads_to(&base, &survey);
    }
    let kinds =
        [Kind::MoveVertex, Kind::MoveJunction, Kind::SplitAcross, Kind::SplitIsland, Kind::Merge, Kind::SetRole];
    assert!(kinds.iter().all(|kind| tally.get(kind).is_some_and(|n| *n > 3)), "{tally:?}");
    assert!(refused.is_empty(), "{} of {seeds}: {refused:#?}", refused.len());
}

fn edited(base: &Boundaries, edits: &[Edit]) -> Coverage {
    let mut bench = Workbench::new(base.coverage.clone());
    bench.apply_all(edits).unwrap();
    bench.into_coverage()
}

fn verbs(plan: &Plan) -> Vec<Vec<Verb>> {
    plan.steps.iter().map(|step| step.iter().map(|change| change.verb).collect()).collect()
}

/// A junction inside the board where three meet, and its faces.
fn inner_junction(coverage: &Coverage, nth: usize) -> LatticePoint {
    let outline: BTreeSet<LatticePoint> = (coverage.arcs().iter())
        .filter(|arc| arc.left == FaceIx::OUTSIDE || arc.right == FaceIx::OUTSIDE)
        .flat_map(|arc| arc.points.iter().copied())
        .collect();
    let inner: Vec<LatticePoint> = coverage.junctions().iter().filter(|p| !outline.contains(p)).copied().collect();
    inner[nth % inner.len()]
}

#[test]
fn a_moved_line_is_reshaped_and_a_moved_junction_moved() {
    let base = board(3, 6, 5);
    let from = inner_junction(&base.coverage, 7);
    let to = p(from.x + 50_000, from.y - 30_000);
    let survey = boundaries(surveyed(&edited(&base, &[Edit::MoveJunction { from, to }])), coded, |id| id % 3);
    let (plan, _) = leads_to(&base, &survey);
    assert_eq!(verbs(&plan), [[Verb::Reshape]]);
    assert_eq!(plan.steps[0][0].edits, [Edit::MoveJunction { from, to }]);
    assert_eq!((plan.begun, plan.ended, plan.changed), (0, 0, 4));
    assert!(plan.handed_m2 > 100.0);
}

#[test]
fn where_only_the_end_of_a_line_slides_along_a_third_unit_that_one_is_left_alone() {
    let base = board(4, 6, 5);
    // A line that ends on the outline ends at the next vertex of it instead.
    let outline = |arc: &&wangge::coverage::Arc| arc.left == FaceIx::OUTSIDE || arc.right == FaceIx::OUTSIDE;
    let arcs = base.coverage.arcs();
    let along = arcs.iter().find(|arc| outline(arc) && arc.points.len() > 3).unwrap();
    let (end, next) = (along.points[0], along.points[1]);
    let line = arcs
        .iter()
        .find(|arc| !outline(arc) && (arc.points[0] == end || arc.points[arc.points.len() - 1] == end))
        .unwrap();
    let ids = [line.left, line.right].map(|face| base.coverage.faces()[face.ix()].id);
    let mut points = line.points.to_vec();
    if points[0] != end {
        points.reverse();
    }
    points[0] = next;
    let kind = ArcKind::default();
    let mut coverage = None;
    for (keep, gone) in [(ids[0], ids[1]), (ids[1], ids[0])] {
        for reversed in [false, true] {
            let mut points = points.clone();
            if reversed {
                points.reverse();
            }
            let mut bench = Workbench::new(base.coverage.clone());
            bench.apply(&Edit::Merge { keep, gone, enclosing: vec![] }).unwrap();
            let split = Edit::Split { face: keep, lines: vec![Line { points, kind }], new: gone, exclave: false };
            let area = |c: &Coverage, id: FaceId| -> i128 {
                c.faces().iter().find(|f| f.id == id).unwrap().rings.iter().map(|r| r.doubled_area).sum()
            };
            if bench.apply(&split).is_ok() {
                let made = bench.coverage().clone();
                if (area(&made, gone) - area(&base.coverage, gone)).abs() * 4 < area(&base.coverage, gone) {
                    coverage = Some(made);
                }
            }
        }
    }
    let survey = boundaries(surveyed(&coverage.unwrap()), coded, |id| id % 3);
    let (plan, _) = leads_to(&base, &survey);
    assert_eq!(verbs(&plan), [[Verb::Transfer]]);
    assert_eq!(plan.changed, 2);
    // Others put a vertex on the line meanwhile, far from its end: that is not overwritten unseen.
    let [a, b] = [line.points[line.points.len() - 2], line.points[1]];
    let (a, b) = if line.points[0] == end { (a, line.points[line.points.len() - 1]) } else { (b, line.points[0]) };
    let between = p(a.x / 2 + b.x / 2, a.y / 2 + b.y / 2 + 3);
    let theirs = edited(&base, &[Edit::Reshape { old: vec![a, b], new: vec![a, between, b] }]);
    let theirs = boundaries(theirs, coded, |id| id % 3);
    let steps: Vec<(u64, Vec<_>)> = plan.steps.iter().cloned().enumerate().map(|(i, step)| (i as u64, step)).collect();
    assert!(Desk::new(&theirs).rebase(&steps).is_err());
    assert_eq!(Desk::new(&base).rebase(&steps).unwrap(), steps);
}

#[test]
fn units_begin_and_end_with_their_rows_and_descent() {
    let base = board(5, 6, 5);
    let pair =
        base.coverage.arcs().iter().find(|arc| arc.left != FaceIx::OUTSIDE && arc.right != FaceIx::OUTSIDE).unwrap();
    let [keep, gone] = [pair.left, pair.right].map(|face| base.coverage.faces()[face.ix()].id);
    let mut bench = Workbench::new(base.coverage.clone());
    bench.apply(&Edit::Merge { keep, gone, enclosing: vec![] }).unwrap();
    // Another is cut in two, both of new codes.
    let cut = base
        .coverage
        .faces()
        .iter()
        .skip(1)
        .find(|f| f.id != keep && f.id != gone && f.rings[0].halves.len() > 3)
        .unwrap();
    let ring = base.coverage.ring_points(&cut.rings[0]);
    let line = vec![ring[0], ring[ring.len() / 2]];
    let split = Edit::Split {
        face: cut.id,
        lines: vec![Line { points: line, kind: ArcKind::default() }],
        new: FaceId(900),
        exclave: false,
    };
    bench.apply(&split).unwrap();
    let cut = cut.id.0;
    let code = |id: u64| if id == cut || id == 900 { format!("new{id}") } else { coded(id) };
    let survey = boundaries(surveyed(bench.coverage()), code, |id| if id == 900 { cut % 3 } else { id % 3 });
    let (plan, made) = leads_to(&base, &survey);
    assert_eq!((plan.begun, plan.ended, plan.changed), (1, 1, 2));
    let mut all: Vec<Vec<Verb>> = verbs(&plan);
    all.sort();
    assert_eq!(all, [vec![Verb::Split, Verb::Describe], vec![Verb::Merge]]);
    // The larger half goes on under its new code; the other has an identity that was never given.
    let new: Vec<u64> = made.hierarchy.units().iter().filter(|u| u.code.starts_with("new")).map(|u| u.id).collect();
    assert!(new.contains(&cut) && new.contains(&FRESH), "{new:?}");
    let mut desk = Desk::new(&base);
    plan.steps.iter().flatten().for_each(|change| drop(desk.apply(change).unwrap()));
    let lineage: BTreeSet<(String, String)> = desk.lineage(2).into_iter().map(|row| (row.old, row.new)).collect();
    let row = |old: u64, new: String| (coded(old), new);
    let told = [row(cut, format!("new{cut}")), row(cut, "new900".to_owned()), row(gone.0, coded(keep.0))];
    assert_eq!(lineage, BTreeSet::from(told));
}

/// Every vertex moved by up to `reach` steps, the same way for all who have it – or for each unit its own way.
fn jittered(of: &Coverage, seed: u64, reach: i32, apart: bool, skip: impl Fn(LatticePoint) -> bool) -> Vec<Claim> {
    let mut random = Seeded(seed);
    let mut moved: BTreeMap<LatticePoint, LatticePoint> = BTreeMap::new();
    let mut claims = Vec::new();
    for face in of.faces().iter().skip(1) {
        let mut polygons = of.polygons(&face.rings);
        for at in polygons.iter_mut().flatten().flatten() {
            let mut off = || p(at.x + random.between(-reach, reach), at.y + random.between(-reach, reach));
            *at = match (skip(*at), apart) {
                (true, _) => *at,
                (false, true) => off(),
                (false, false) => *moved.entry(*at).or_insert_with(off),
            };
        }
        claims.push(Claim { id: face.id, polygons, excluded: false, weight: 0 });
    }
    claims
}

/// 0.2 m east-west, and a little more north-south.
const HAND: i32 = 2_000;

fn settled(base: &Boundaries, claims: &[Claim]) -> Boundaries {
    let options = BuildOptions::default();
    let built = build(lattice(), claims, &options);
    assert!(built.report.is_settled(), "{:?}", built.report);
    let settled = settle(&base.coverage, &built.coverage.unwrap(), &options);
    assert!(settled.report.is_settled(), "{:?}", settled.report);
    boundaries(settled.coverage.unwrap(), coded, |id| id % 3)
}

#[test]
fn a_survey_that_is_off_by_less_than_the_tolerance_has_no_differences() {
    for seed in 0..12 {
        let base = board(seed, 5, 4);
        for apart in [false, true] {
            let survey = settled(&base, &jittered(&base.coverage, seed, HAND, apart, |_| false));
            let plan = Survey::new(&base, &survey).plan(FRESH, 0.5);
            assert_eq!(plan, Plan::default(), "seed {seed}, each unit on its own: {apart}");
        }
    }
}

#[test]
fn vertices_more_or_less_on_the_same_line_are_no_difference() {
    let base = board(9, 5, 4);
    let mut claims = jittered(&base.coverage, 9, 0, false, |_| true);
    for claim in &mut claims {
        for ring in claim.polygons.iter_mut().flatten() {
            // A vertex in the middle of every edge, to the step.
            let n = ring.len();
            *ring = (0..n)
                .flat_map(|i| {
                    let (a, b) = (ring[i], ring[(i + 1) % n]);
                    let (low, high) = (a.min(b), a.max(b));
                    [a, p(low.x + (high.x - low.x) / 2, low.y + (high.y - low.y) / 2)]
                })
                .collect();
        }
    }
    let plan = Survey::new(&base, &settled(&base, &claims)).plan(FRESH, 0.5);
    assert_eq!(plan, Plan::default());
}

#[test]
fn what_moved_is_as_surveyed_and_what_did_not_is_as_it_was() {
    for seed in 0..12 {
        let base = board(seed, 5, 4);
        let (from, to) = {
            let from = inner_junction(&base.coverage, seed as usize);
            (from, p(from.x + 70_000, from.y + 70_000))
        };
        let coverage = edited(&base, &[Edit::MoveJunction { from, to }]);
        let survey = settled(&base, &jittered(&coverage, seed, HAND, seed.is_multiple_of(2), |at| at == to));
        let plan = Survey::new(&base, &survey).plan(FRESH, 0.5);
        assert_eq!(
            plan.steps.concat().iter().flat_map(|c| c.edits.clone()).collect::<Vec<_>>(),
            [Edit::MoveJunction { from, to }]
        );
        assert!(diff(&made(&base, &plan), &renamed(&survey, &made(&base, &plan))).lines.is_empty());
    }
}

#[test]
fn land_comes_from_outside_and_goes_there_with_and_without_a_unit() {
    let base = board(6, 5, 4);
    let outline =
        base.coverage.arcs().iter().find(|arc| arc.right == FaceIx::OUTSIDE && arc.points.len() == 5).unwrap();
    let (id, points) = (base.coverage.faces()[outline.left.ix()].id, outline.points.to_vec());
    let (a, b) = (points[1], points[points.len() - 2]);
    // Outside is on the right.
    let out = |at: LatticePoint| p(at.x + (b.y - a.y) / 2, at.y - (b.x - a.x) / 2);
    let mut new = points.clone();
    new.splice(2..points.len() - 2, [out(a), out(b)]);
    let grown = Edit::Reshape { old: points.clone(), new };
    let bigger = edited(&base, std::slice::from_ref(&grown));
    let (plan, _) = leads_to(&base, &boundaries(surveyed(&bigger), coded, |id| id % 3));
    assert_eq!(verbs(&plan), [[Verb::Reshape]]);
    // The land that is new is a unit of its own.
    let line = Line { points: points[1..points.len() - 1].to_vec(), kind: ArcKind::default() };
    let cut = [false, true].map(|reversed| {
        let mut line = line.clone();
        if reversed {
            line.points.reverse();
        }
        Edit::Split { face: id, lines: vec![line], new: FaceId(900), exclave: false }
    });
    for cut in cut {
        let grown = boundaries(surveyed(&edited(&base, &[grown.clone(), cut])), coded, |id| id % 3);
        leads_to(&base, &grown);
        // And the other way about: a unit is given up.
        leads_to(&grown, &base);
    }
}
