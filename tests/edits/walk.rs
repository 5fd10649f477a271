//! A long random walk of edits over a small partition with a hole, an exclave and excluded land.

use std::collections::BTreeMap;
use std::env;

use wangge::coverage::edit::{Applied, Edit, Line, Rule, Workbench};
use wangge::coverage::exact::{Side, side_of_ring};
use wangge::coverage::{
    ArcIx, ArcKind, Coverage, Delta, FaceId, FaceIx, FaceRole, Lattice, LatticePoint, canonical, validate,
};

use crate::partition::{Seeded, p};
use crate::proposals::{KINDS, Kind, Proposer};
use crate::tables::Grid;

/// 8 × 8 crooked cells; the last is the exclave of the tenth; one cell has an island in it; one is nobody's land.
pub fn board() -> Coverage {
    let grid = Grid::new(11, 8, 8, 2_000_000).coverage(Lattice::for_extent(116.5, 35.3, 116.7, 35.5)).unwrap();
    let mut arcs = grid.arcs().to_vec();
    let mut faces: Vec<_> = grid.faces().iter().map(|f| (f.id, f.role, f.exclave)).collect();
    let (home, part) = (FaceIx(10), FaceIx(faces.len() as u32 - 1));
    for arc in &mut arcs {
        for side in [&mut arc.left, &mut arc.right] {
            if *side == part {
                *side = home;
            }
        }
    }
    faces.pop();
    faces[home.ix()].2 = true;
    faces[30].1 = FaceRole::Excluded;
    let coverage = Coverage::from_tables(*grid.lattice(), grid.junctions().to_vec(), arcs, faces).unwrap();
    let mut bench = Workbench::new(coverage);
    let c = p(9_000_000, 5_000_000);
    let points = [(1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1)].map(|(x, y)| p(c.x + x * 300_000, c.y + y * 300_000));
    let lines = vec![Line { points: points.to_vec(), kind: ArcKind::Drawn }];
    let home = bench.coverage().faces()[2 * 8 + 5].id;
    bench.apply(&Edit::Split { face: home, lines, new: FaceId(1_000), exclave: false }).unwrap();
    assert_eq!(validate::faults(bench.coverage()), vec![]);
    bench.into_coverage()
}

pub fn doubled_area(coverage: &Coverage) -> i128 {
    coverage.faces().iter().flat_map(|f| f.rings.iter()).map(|r| r.doubled_area).sum()
}

/// The tables of a workbench are the ones that reading them back would give: rings, their order and their areas included.
#[track_caller]
pub fn reads_back(coverage: &Coverage) {
    let faces = coverage.faces().iter().map(|f| (f.id, f.role, f.exclave)).collect();
    let again =
        Coverage::from_tables(*coverage.lattice(), coverage.junctions().to_vec(), coverage.arcs().to_vec(), faces);
    assert_eq!(again.as_ref(), Ok(coverage));
}

/// Every hole lies where its face is: no line has jumped over what is in there. Neither the rules nor the tables can say that.
#[track_caller]
pub fn holes_lie_in_their_faces(coverage: &Coverage) {
    for face in coverage.faces() {
        let (outer, holes): (Vec<_>, Vec<_>) = face.rings.iter().partition(|r| r.doubled_area > 0);
        let outlines: Vec<_> = outer.into_iter().map(|r| coverage.ring_points(r)).collect();
        for hole in holes {
            let points = coverage.ring_points(hole);
            let around = outlines.iter().filter(|o| points.iter().all(|p| side_of_ring(o, *p) != Side::Outside));
            assert!(around.count() == 1, "a hole of {:?} at {:?}", face.id, points[0]);
        }
    }
}

/// Proposals of one walk: a longer one only makes the board ever more crowded, and its checks slower.
const STEPS: usize = 20_000;

/// As many walks, each from a seed of its own, as `WANGGE_EDITS` proposals need; one unless it says otherwise.
fn walks() -> u64 {
    let wanted: Option<usize> = env::var("WANGGE_EDITS").ok().and_then(|n| n.parse().ok());
    wanted.map_or(1, |wanted| wanted.div_ceil(STEPS) as u64)
}

/// What a step did not change keeps its row: the contract of a delta.
#[track_caller]
pub fn delta_is_honest(before: &Coverage, after: &Coverage, delta: &Delta) {
    for i in 0..before.arcs().len().max(after.arcs().len()) {
        if before.arcs().get(i) != after.arcs().get(i) {
            assert!(delta.arcs.binary_search(&ArcIx(i as u32)).is_ok(), "arc {i} of {delta:?}");
        }
    }
    let kind = |c: &Coverage, i: usize| c.faces().get(i).map(|f| (f.id, f.role, f.exclave));
    for i in 0..before.faces().len().max(after.faces().len()) {
        if kind(before, i) != kind(after, i) {
            assert!(delta.faces.binary_search(&FaceIx(i as u32)).is_ok(), "face {i} of {delta:?}");
        }
    }
}

#[test]
fn whatever_is_accepted_is_valid_and_can_be_undone_and_whatever_is_refused_changes_nothing() {
    (0..walks()).for_each(|walk| walked(2_026 + walk));
}

fn walked(seed: u64) {
    let base = board();
    let base_bytes = canonical::bytes(&base);
    let mut bench = Workbench::new(base.clone());
    let mut proposer = Proposer { random: Seeded(seed), next_id: 10_000, faces: 70 };
    let (mut log, mut edits): (Vec<Applied>, Vec<Edit>) = (Vec::new(), Vec::new());
    let mut tally: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let mut rules: BTreeMap<Rule, usize> = BTreeMap::new();
    let mut bytes = base_bytes.clone();
    for step in 0..STEPS {
        let Some((kind, mut edit)) = proposer.propose(bench.coverage()) else { continue };
        let before = bench.coverage().clone();
        let mut answer = bench.apply(&edit);
        if let (Err(refusal), Edit::Merge { enclosing, .. }) = (&answer, &mut edit)
            && refusal.rule == Rule::Encloses
        {
            enclosing.clone_from(&refusal.faces);
            assert_eq!(*bench.coverage(), before);
            answer = bench.apply(&edit);
        }
        let counts = tally.entry(kind).or_default();
        match answer {
            Ok(applied) => {
                counts.0 += 1;
                let after = bench.coverage();
                assert_eq!(validate::faults(after), vec![], "step {step}: {edit:?}");
                reads_back(after);
                holes_lie_in_their_faces(after);
                delta_is_honest(&before, after, &applied.delta);
                let moves_outline = applied.touched.contains(&FaceId(0));
                assert!(moves_outline || doubled_area(&before) == doubled_area(after), "step {step}: {edit:?}");
                let reached = canonical::bytes(after);
                bench.apply(&applied.inverse).unwrap_or_else(|r| panic!("step {step}: {edit:?}\n{applied:?}\n{r:?}"));
                assert!(canonical::bytes(bench.coverage()) == bytes, "step {step} undone: {edit:?}\n{applied:?}");
                let again = bench.apply(&edit).unwrap_or_else(|r| panic!("step {step} redone: {edit:?}\n{r:?}"));
                assert!(canonical::bytes(bench.coverage()) == reached, "step {step} redone: {edit:?}");
                bytes = reached;
                log.push(again);
                edits.push(edit);
            }
            Err(refusal) => {
                counts.1 += 1;
                *rules.entry(refusal.rule).or_default() += 1;
                assert!(*bench.coverage() == before, "step {step}: refused with {refusal:?}, and yet changed");
            }
        }
    }
    eprintln!("seed {seed}, accepted and refused: {tally:?}\nrules: {rules:?}");
    let end = canonical::bytes(bench.coverage());
    for applied in log.iter().rev() {
        bench.apply(&applied.inverse).unwrap();
    }
    assert!(canonical::bytes(bench.coverage()) == base_bytes, "undoing everything does not lead back");
    let mut replayed = Workbench::new(canonical::canonical(&base));
    for edit in &edits {
        replayed.apply(edit).unwrap_or_else(|r| panic!("{edit:?}\n{r:?}"));
    }
    assert!(canonical::bytes(replayed.coverage()) == end, "the log does not lead to the same end");
    for kind in KINDS.into_iter().filter(|k| *k != Kind::Nonsense) {
        let (accepted, refused) = tally[&kind];
        assert!(accepted * 50 >= accepted + refused && refused > 0, "{kind:?}: {accepted} accepted, {refused} refused");
    }
    assert_eq!(tally[&Kind::Nonsense].0, 0);
}

#[test]
fn steps_that_fail_together_leave_the_very_same_tables() {
    let base = board();
    let mut bench = Workbench::new(base.clone());
    let mut proposer = Proposer { random: Seeded(7), next_id: 10_000, faces: 70 };
    for _ in 0..20 {
        let mut edits = Vec::new();
        let mut scratch = bench.clone();
        while edits.len() < 30 {
            let Some((_, edit)) = proposer.propose(scratch.coverage()) else { continue };
            if scratch.apply(&edit).is_ok() {
                edits.push(edit);
            }
        }
        let nowhere = LatticePoint::new(1, 1);
        edits.push(Edit::MoveJunction { from: nowhere, to: nowhere });
        let before = bench.coverage().clone();
        let refusal = bench.apply_all(&edits).unwrap_err();
        assert_eq!((refusal.step, refusal.rule), (30, Rule::VertexGone));
        assert!(*bench.coverage() == before);
        edits.pop();
        bench.apply_all(&edits).unwrap();
        assert_eq!(canonical::bytes(bench.coverage()), canonical::bytes(scratch.coverage()));
    }
}

#[test]
fn a_draft_on_another_head_is_made_as_a_whole_or_named_in_its_conflicts() {
    let base = board();
    let (mut kept, mut refused) = (0, 0);
    for round in 0..300 {
        // Two drafts of five legal edits, made apart on one base; ids of new faces never meet.
        let [mine, theirs] = [0, 1].map(|who| {
            let mut bench = Workbench::new(base.clone());
            let mut proposer = Proposer { random: Seeded(round * 2 + who), next_id: 10_000 * (who + 1), faces: 70 };
            let mut draft = Vec::new();
            while draft.len() < 5 {
                let Some((_, edit)) = proposer.propose(bench.coverage()) else { continue };
                if bench.apply(&edit).is_ok() {
                    draft.push(edit);
                }
            }
            draft
        });
        let mut bench = Workbench::new(base.clone());
        bench.apply_all(&theirs).unwrap();
        let head = bench.coverage().clone();
        match bench.rebase(&mine) {
            Ok(replayed) => {
                kept += 1;
                assert_eq!(validate::faults(bench.coverage()), vec![], "round {round}");
                holes_lie_in_their_faces(bench.coverage());
                for step in replayed.iter().rev() {
                    bench.apply(&step.applied.inverse).unwrap();
                }
                assert!(canonical::bytes(bench.coverage()) == canonical::bytes(&head), "round {round}");
            }
            Err(conflicts) => {
                refused += 1;
                assert!(*bench.coverage() == head, "round {round}");
                assert!(conflicts.iter().all(|c| c.step < 5 && c.refusal.step == c.step));
            }
        }
    }
    eprintln!("{kept} drafts were replayed, {refused} were in conflict");
    assert!(kept > 100 && refused > 10);
}
