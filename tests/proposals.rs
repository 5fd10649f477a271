//! Ways to cut an overloaded unit, recounted by other means: every address and every building is located anew in what the edits give.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use town::Town;
use wangge::coverage::edit::Workbench;
use wangge::coverage::{Coverage, FaceId, LatticePoint, validate};
use wangge::crs::Cgcs2000;
use wangge::exchange::Limits;
use wangge::grid::UnitIx;
use wangge::locate::Locator;
use wangge::propose::{Basis, Compound, Goal, Proposal, ProposalFault, rebalance, splits};
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::{BaseShape, Snapshot};

fn snapshot(district: &Path) -> Snapshot {
    let now: Timestamp = "2026-07-01T02:00:00Z".parse().unwrap();
    let sources = Sources { district: district.to_owned(), ..Sources::default() };
    let prepared = prepare(&sources, &Limits::default(), now, &mut |_| {}).unwrap();
    Snapshot::new(prepared.accept(None, now).unwrap().contents)
}

fn sample() -> &'static Snapshot {
    static SAMPLE: OnceLock<Snapshot> = OnceLock::new();
    SAMPLE.get_or_init(|| snapshot(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml")))
}

/// Lowest units, most households first.
fn largest(snapshot: &Snapshot, n: usize) -> Vec<UnitIx> {
    let lowest = snapshot.hierarchy.levels() as u8 - 1;
    let mut units: Vec<UnitIx> = snapshot.hierarchy.at_level(lowest).map(|(ix, _)| ix).collect();
    units.sort_by_key(|u| (std::cmp::Reverse(snapshot.hierarchy.unit(*u).households), *u));
    units.truncate(n);
    units
}

fn id(snapshot: &Snapshot, unit: UnitIx) -> FaceId {
    snapshot.coverage.faces()[snapshot.hierarchy.unit(unit).face.unwrap().ix()].id
}

/// Something with households, as points that are spread over it; each stands for the same part of them.
struct Home {
    address: String,
    points: Vec<Cgcs2000>,
    households: f64,
}

fn even_odd(ring: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    (0..ring.len()).fold(false, |inside, i| {
        let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
        let over = (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0;
        inside != over
    })
}

/// A four-cornered outline as 200 × 6 points.
fn spread(ring: &[(f64, f64)]) -> Vec<Cgcs2000> {
    let mix = |p: (f64, f64), q: (f64, f64), t: f64| (p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t);
    let mut out = Vec::new();
    for i in 0..200 {
        for k in 0..6 {
            let (s, t) = ((f64::from(i) + 0.5) / 200.0, (f64::from(k) + 0.5) / 6.0);
            let (x, y) = mix(mix(ring[0], ring[1], s), mix(ring[3], ring[2], s), t);
            out.push(Cgcs2000::new(x, y).unwrap());
        }
    }
    out
}

/// The homes of a unit as the test sees them: its buildings and houses; without any, its land.
fn homes(snapshot: &Snapshot, unit: UnitIx) -> Vec<Home> {
    let named = snapshot.hierarchy.unit(unit);
    let own = |p: Cgcs2000| snapshot.locator.owner_of(p) == named.face.unwrap();
    let kinds = ["building", "house"];
    let places: Vec<_> = snapshot.places.iter().filter(|p| kinds.contains(&p.kind.as_str()) && own(p.point)).collect();
    if !places.is_empty() {
        let each = f64::from(named.households) / places.len() as f64;
        let outline = |p: Cgcs2000| {
            let rings = snapshot.base.iter().filter(|f| f.kind == "building").filter_map(|f| match &f.shape {
                BaseShape::Area(rings) => Some(&rings[0]),
                BaseShape::Line(_) => None,
            });
            rings.into_iter().find(|r| even_odd(r, (p.lon(), p.lat())))
        };
        let points = |p: Cgcs2000| outline(p).map_or_else(|| vec![p], |ring| spread(ring));
        return places
            .iter()
            .map(|p| Home { address: p.address.clone(), points: points(p.point), households: each })
            .collect();
    }
    let rings = &snapshot.coverage.faces()[named.face.unwrap().ix()].rings;
    let corners: Vec<LatticePoint> = rings.iter().flat_map(|r| snapshot.coverage.ring_points(r)).collect();
    let span = |at: fn(&LatticePoint) -> i32| {
        let (lo, hi) = (corners.iter().map(at).min().unwrap(), corners.iter().map(at).max().unwrap());
        (0..200).map(move |i| (i64::from(lo) + (i64::from(hi) - i64::from(lo)) * (2 * i + 1) / 400) as i32)
    };
    let all = span(|p| p.y).flat_map(|y| span(|p| p.x).map(move |x| LatticePoint::new(x, y)));
    let points = all.map(|p| snapshot.coverage.lattice().position(p)).filter(|p| own(*p)).collect();
    vec![Home { address: String::new(), points, households: f64::from(named.households) }]
}

fn applied(snapshot: &Snapshot, proposal: &Proposal) -> Coverage {
    let mut bench = Workbench::new(snapshot.coverage.clone());
    bench.apply_all(&proposal.edits).unwrap();
    bench.into_coverage()
}

/// Which points of each home are on the side of the second face.
fn there(coverage: &Coverage, proposal: &Proposal, homes: &[Home]) -> Vec<Vec<bool>> {
    let locator = Locator::new(coverage);
    let faces = proposal.sides.each_ref().map(|s| s.face);
    let second = |p: &Cgcs2000| {
        let face = coverage.faces()[locator.owner_of(*p).ix()].id;
        assert!(faces.contains(&face));
        face == faces[1]
    };
    homes.iter().map(|home| home.points.iter().map(second).collect()).collect()
}

/// The share of a home's points that are there.
fn share(points: &[bool]) -> f64 {
    points.iter().filter(|there| **there).count() as f64 / points.len() as f64
}

/// What is true of every proposal; the answer is which points of each home go to the second face.
fn sound(snapshot: &Snapshot, proposal: &Proposal, homes: &[Home]) -> Vec<Vec<bool>> {
    let coverage = applied(snapshot, proposal);
    let points = there(&coverage, proposal, homes);
    let shares: Vec<f64> = points.iter().map(|p| share(p)).collect();
    let whole: f64 = homes.iter().map(|h| h.households).sum();
    let second: f64 = homes.iter().zip(&shares).map(|(h, s)| h.households * s).sum();
    let deviation = (second / whole - 0.5).abs() * 2.0;
    let cut = shares.iter().filter(|s| **s > 0.0 && **s < 1.0).count();
    let land = homes.iter().all(|h| h.address.is_empty());
    // Whole homes are counted exactly. Of a building on both sides the proposal counts squares of 0.75 m, of land cells of 1 m or more.
    let close = if cut == 0 { 1e-9 } else { 0.012 };
    assert!((deviation - proposal.deviation).abs() < close, "{deviation} {proposal:?}");
    assert!(land || cut == proposal.buildings_cut as usize, "{cut} {proposal:?}");
    assert_eq!(proposal.balanced, proposal.deviation <= 0.05);
    let [a, b] = &proposal.sides;
    assert!((a.households + b.households - whole).abs() < 1e-6);
    assert!((b.households - second).abs() < close.max(1e-6) * whole);
    assert!(a.area_m2 > 0.0 && b.area_m2 > 0.0 && proposal.cut_m > 0.0);
    assert!((0.0..=1.0).contains(&proposal.on_street));
    for side in [a, b] {
        assert!(side.compactness > 0.0 && side.compactness < 1.0);
    }
    points
}

/// Compounds that lay in the unit as a whole, beside other homes, and now lie on both sides.
fn compounds_cut(snapshot: &Snapshot, homes: &[Home], points: &[Vec<bool>]) -> usize {
    let compounds = snapshot.places.iter().filter(|p| p.kind == "compound");
    let cut = compounds.filter(|c| {
        let of = |address: &str| address.len() > c.address.len() && address.starts_with(&c.address);
        let all = snapshot.places.iter().filter(|p| p.kind == "building" && of(&p.address)).count();
        let own: Vec<f64> = homes.iter().zip(points).filter(|(h, _)| of(&h.address)).map(|(_, p)| share(p)).collect();
        own.len() == all && all < homes.len() && own.iter().any(|s| *s > 0.0) && own.iter().any(|s| *s < 1.0)
    });
    cut.count()
}

/// The share of the households that two ways place differently, point by point, whichever side is called which.
fn differ(homes: &[Home], one: &[Vec<bool>], other: &[Vec<bool>]) -> f64 {
    let whole: f64 = homes.iter().map(|h| h.households).sum();
    let moved = |(a, b): (&Vec<bool>, &Vec<bool>)| share(&a.iter().zip(b).map(|(x, y)| x != y).collect::<Vec<bool>>());
    let moved: f64 = homes.iter().zip(one.iter().zip(other)).map(|(h, pair)| h.households * moved(pair)).sum();
    (moved / whole).min(1.0 - moved / whole)
}

#[test]
fn each_of_the_ten_largest_micro_grids_has_three_different_balanced_ways() {
    let snapshot = sample();
    for unit in largest(snapshot, 10) {
        let answer = splits(snapshot, unit, &Goal::default()).unwrap();
        let homes = homes(snapshot, unit);
        let code = &snapshot.hierarchy.unit(unit).code;
        let balanced: Vec<&Proposal> = answer.list.iter().filter(|p| p.balanced).collect();
        assert!((3..=5).contains(&balanced.len()), "{code}: {}", balanced.len());
        let mut seen: Vec<Vec<Vec<bool>>> = Vec::new();
        for proposal in &answer.list {
            let points = sound(snapshot, proposal, &homes);
            assert_eq!((compounds_cut(snapshot, &homes, &points), proposal.compounds_cut), (0, 0), "{code}");
            assert!(proposal.sides.iter().all(|s| s.contiguous), "{code}");
            assert_eq!(proposal.sides[0].face, id(snapshot, unit));
            // The nearest way with whole buildings, which may be told beside, is near to one of them by its nature.
            let least = seen.iter().map(|s| differ(&homes, s, &points)).fold(f64::INFINITY, f64::min);
            assert!(!proposal.balanced || least > 0.05, "{code}: {least}");
            seen.push(points);
        }
        let lines: BTreeSet<String> = answer.list.iter().map(|p| format!("{:?}", p.lines)).collect();
        assert_eq!(lines.len(), answer.list.len());
        assert_eq!(validate::faults(&applied(snapshot, balanced[0])), []);
    }
}

#[test]
fn whole_buildings_come_first_and_the_nearest_such_way_is_told_where_none_balances() {
    let snapshot = sample();
    for unit in largest(snapshot, 10) {
        let answer = splits(snapshot, unit, &Goal::default()).unwrap();
        let cuts: Vec<u32> = answer.list.iter().filter(|p| p.balanced).map(|p| p.buildings_cut).collect();
        assert!(cuts.is_sorted());
        let last = answer.list.last().unwrap();
        assert!(cuts[0] == 0 || (!last.balanced && last.buildings_cut == 0));
    }
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let snapshot = sample();
    let unit = largest(snapshot, 1)[0];
    for seed in [0, 7] {
        let goal = Goal { seed, most: 3, ..Goal::default() };
        let [one, other] = [0, 1].map(|_| splits(snapshot, unit, &goal).unwrap());
        assert_eq!(one, other);
        assert_eq!(one.list.len(), 3);
    }
}

#[test]
fn two_neighbours_are_balanced_and_keep_their_names() {
    let snapshot = sample();
    let mut done = 0;
    for unit in largest(snapshot, 12) {
        let parent = snapshot.hierarchy.unit(unit).parent.unwrap();
        for other in snapshot.hierarchy.children(parent).iter().copied().filter(|o| *o != unit) {
            let answer = match rebalance(snapshot, unit, other, &Goal::default()) {
                Ok(answer) => answer,
                Err(ProposalFault::NotNeighbours | ProposalFault::Balanced { .. }) => continue,
                Err(fault) => panic!("{fault}"),
            };
            let pair = [id(snapshot, unit), id(snapshot, other)];
            let units = |c: &Coverage| c.faces().iter().map(|f| f.id).collect::<BTreeSet<_>>();
            for proposal in &answer.list {
                assert_eq!(proposal.sides.each_ref().map(|s| s.face), pair);
                let coverage = applied(snapshot, proposal);
                assert_eq!(units(&coverage), units(&snapshot.coverage));
                let land = |c: &Coverage, id: FaceId| -> i128 {
                    let face = c.faces().iter().find(|f| f.id == id).unwrap();
                    face.rings.iter().map(|r| r.doubled_area).sum()
                };
                let both = |c: &Coverage| pair.iter().map(|id| land(c, *id)).sum::<i128>();
                // A new vertex on the border bends it by less than a step.
                let (now, then) = (both(&coverage), both(&snapshot.coverage));
                assert!((now - then).abs() < then / 1_000_000);
                let [a, b] = [unit, other].map(|u| f64::from(snapshot.hierarchy.unit(u).households));
                assert!((proposal.sides[0].households + proposal.sides[1].households - a - b).abs() < 1e-6);
                assert!(proposal.deviation < (a - b).abs() / (a + b), "no better than it was");
            }
            assert!(answer.list.iter().any(|p| p.balanced));
            done += 1;
        }
    }
    assert!(done >= 8, "{done}");
}

#[test]
fn an_exclave_and_a_unit_around_another_are_divided_like_any() {
    let snapshot = sample();
    let lowest = snapshot.hierarchy.levels() as u8 - 1;
    let with = |wanted: fn(&wangge::coverage::Face) -> bool| {
        let face = |u: &wangge::grid::Unit| &snapshot.coverage.faces()[u.face.unwrap().ix()];
        snapshot.hierarchy.at_level(lowest).find(|(_, u)| wanted(face(u))).unwrap().0
    };
    for unit in [with(|f| f.exclave), with(|f| f.rings.iter().any(|r| r.doubled_area < 0))] {
        let answer = splits(snapshot, unit, &Goal::default()).unwrap();
        let homes = homes(snapshot, unit);
        assert!(!answer.list.is_empty());
        for proposal in &answer.list {
            sound(snapshot, proposal, &homes);
        }
    }
}

// ---- a small town, where it is known what must come out ------------------------------------------------------------------------------

/// Rows of places; the first cell of the town is 0.01° wide with its corner at 116.60, 35.40.
fn town(places: &str, households: u32) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let mut town = Town::new();
    "id,kind,name,address,aliases,lon,lat,accuracy_m\n".clone_into(&mut town.places);
    town.places.push_str(places);
    let district = town.write(folder.path());
    let units = town.geojson().replace("\"households\":120", &format!("\"households\":{households}"));
    fs::write(folder.path().join("units.geojson"), units).unwrap();
    snapshot(&district)
}

/// Buildings of a compound in a row of two, from a corner; `east` and `north` in ten-thousandths of a degree from the town's.
fn compound(rows: &mut String, name: &str, buildings: usize, (east, north): (usize, usize)) {
    let at = |e: usize, n: usize| (116.60 + e as f64 * 1e-4, 35.40 + n as f64 * 1e-4);
    let (lon, lat) = at(east, north);
    writeln!(rows, "{name},compound,{name},测试路{name},,{lon:.6},{lat:.6},50").unwrap();
    for i in 0..buildings {
        let (lon, lat) = at(east + i % 2 * 6, north + i / 2 * 5);
        writeln!(rows, "{name}{i},building,{name}{i}号楼,测试路{name}{i}号楼,,{lon:.6},{lat:.6},5").unwrap();
    }
}

fn first(snapshot: &Snapshot) -> UnitIx {
    snapshot.hierarchy.by_code(&town::code(0, 0)).unwrap()
}

#[test]
fn no_compound_is_cut() {
    let mut rows = String::new();
    for (name, buildings, at) in [("甲", 4, (12, 12)), ("乙", 4, (70, 15)), ("丙", 4, (40, 45)), ("丁", 4, (20, 75))]
    {
        compound(&mut rows, name, buildings, at);
    }
    for i in 0..8 {
        let (lon, lat) = (116.6065 + f64::from(i % 4) * 8e-4, 35.4065 + f64::from(i / 4) * 2e-3);
        writeln!(rows, "h{i},house,{i}号,散户{i}号,,{lon:.6},{lat:.6},5").unwrap();
    }
    let snapshot = town(&rows, 240);
    let unit = first(&snapshot);
    let answer = splits(&snapshot, unit, &Goal::default()).unwrap();
    assert_eq!((answer.basis.as_slice(), answer.opened.as_slice()), ([Basis::Addresses].as_slice(), [].as_slice()));
    assert!(answer.list.len() >= 3 && answer.list.iter().all(|p| p.balanced));
    let homes = homes(&snapshot, unit);
    for proposal in &answer.list {
        let points = sound(&snapshot, proposal, &homes);
        assert_eq!((proposal.compounds_cut, compounds_cut(&snapshot, &homes, &points)), (0, 0));
    }
}

#[test]
fn a_compound_that_outweighs_half_is_named_and_counted() {
    let mut rows = String::new();
    compound(&mut rows, "甲", 10, (20, 20));
    compound(&mut rows, "乙", 2, (70, 70));
    let snapshot = town(&rows, 120);
    let answer = splits(&snapshot, first(&snapshot), &Goal::default()).unwrap();
    assert_eq!(
        answer.opened.iter().map(|o| (o.name.as_str(), o.why)).collect::<Vec<_>>(),
        [("甲", Compound::OutweighsHalf)]
    );
    assert!((answer.opened[0].share - 10.0 / 12.0).abs() < 1e-9);
    assert!(answer.list.iter().any(|p| p.balanced) && answer.list.iter().all(|p| p.compounds_cut == 1));
}

#[test]
fn without_an_address_the_land_is_divided_and_it_says_so() {
    let snapshot = town("x,office,中心,测试路1号,,116.605,35.405,5\n", 120);
    let unit = first(&snapshot);
    let answer = splits(&snapshot, unit, &Goal::default()).unwrap();
    assert_eq!(answer.basis, [Basis::Land]);
    assert!(answer.list.len() >= 3);
    let homes = homes(&snapshot, unit);
    answer.list.iter().for_each(|p| drop(sound(&snapshot, p, &homes)));
}

#[test]
fn what_cannot_be_divided_is_told_why() {
    let one = "h,house,1号,测试路1号,,116.605,35.405,5\n";
    let snapshot_of_one = town(one, 120);
    let goal = Goal::default();
    assert_eq!(splits(&snapshot_of_one, first(&snapshot_of_one), &goal), Err(ProposalFault::OneHome));
    let nobody = town(one, 0);
    assert_eq!(splits(&nobody, first(&nobody), &goal), Err(ProposalFault::NobodyLives));
    let above = snapshot_of_one.hierarchy.unit(first(&snapshot_of_one)).parent.unwrap();
    assert_eq!(splits(&snapshot_of_one, above, &goal), Err(ProposalFault::NotAUnit));
    assert_eq!(splits(&snapshot_of_one, UnitIx(u32::MAX), &goal), Err(ProposalFault::NotAUnit));
    let far = snapshot_of_one.hierarchy.by_code(&town::code(3, 3)).unwrap();
    assert_eq!(rebalance(&snapshot_of_one, first(&snapshot_of_one), far, &goal), Err(ProposalFault::NotNeighbours));
    let next = snapshot_of_one.hierarchy.by_code(&town::code(1, 0)).unwrap();
    let same = rebalance(&snapshot_of_one, first(&snapshot_of_one), next, &goal);
    assert_eq!(same, Err(ProposalFault::Balanced { deviation: 0.0 }));
    // Itself is no neighbour.
    let itself = rebalance(&snapshot_of_one, next, next, &goal);
    assert_eq!(itself, Err(ProposalFault::NotNeighbours));
}

#[test]
fn three_houses_are_divided_as_well_as_they_can_be() {
    let rows = "a,house,1号,测试路1号,,116.602,35.405,5\nb,house,2号,测试路2号,,116.605,35.405,5\nc,house,3号,测试路3号,,116.608,35.405,5\n";
    let snapshot = town(rows, 120);
    let answer = splits(&snapshot, first(&snapshot), &Goal::default()).unwrap();
    assert!(!answer.list.is_empty());
    assert!(answer.list.iter().all(|p| !p.balanced && (p.deviation - 1.0 / 3.0).abs() < 1e-9));
    let strange = Goal { tolerance: f64::NAN, most: usize::MAX, ..Goal::default() };
    let _ = splits(&snapshot, first(&snapshot), &strange);
}
