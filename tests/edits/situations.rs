//! Named situations: what must be refused and why, what must be merged and how.

use wangge::coverage::edit::stroke::Stroke;
use wangge::coverage::edit::{Edit, Refusal, Rule, Sought, Workbench};
use wangge::coverage::{ArcKind, FaceId, FaceRole, validate};

use crate::pictures::{bytes, chain, drawn, id, letters, line, merge, reshape, split, squares, v};

/// The edit is refused by a rule, and nothing has changed.
#[track_caller]
fn refused(bench: &mut Workbench, edit: &Edit, rule: Rule) -> Refusal {
    let before = bench.coverage().clone();
    let refusal = bench.apply(edit).unwrap_err();
    assert_eq!(refusal.rule, rule, "{refusal:?}");
    assert_eq!(*bench.coverage(), before);
    assert!(!refusal.to_string().is_empty());
    refusal
}

/// The edit is made, keeps everything valid, and can be undone and made again.
#[track_caller]
fn made(bench: &mut Workbench, edit: &Edit) {
    let before = bytes(bench);
    let foreseen = bench.check(edit);
    let applied = bench.apply(edit).unwrap();
    assert_eq!(foreseen, Ok(applied.clone()));
    assert_eq!(validate::faults(bench.coverage()), vec![]);
    let after = bytes(bench);
    bench.apply(&applied.inverse).unwrap();
    assert_eq!(bytes(bench), before);
    bench.apply(edit).unwrap();
    assert_eq!(bytes(bench), after);
}

const TWO: [&str; 4] = ["AAAABBBB", "AAAABBBB", "AAAABBBB", "AAAABBBB"];

#[test]
fn two_drafts_split_two_adjacent_grids_and_both_are_kept() {
    //  A A A A|B B B B        A A A A|B B B B
    //  A A A A|B B B B   ──▶  -------+B B B B      peers report update-delete conflicts on both; here there are none
    //  A A A A|B B B B        C C C C+-------
    //  A A A A|B B B B        C C C C|D D D D
    let mine = [split('A', &[line(&[(4.0, 2.0), (0.0, 2.0)])], 'C')];
    let theirs = [split('B', &[line(&[(8.0, 1.0), (4.0, 1.0)])], 'D')];
    let mut ends = Vec::new();
    for (first, second) in [(&mine, &theirs), (&theirs, &mine)] {
        let mut bench = drawn(&TWO, "");
        bench.apply_all(first).unwrap();
        assert_eq!(bench.rebase(second).unwrap().len(), 1);
        assert_eq!(validate::faults(bench.coverage()), vec![]);
        assert_eq!(letters(&bench), "ABCD");
        ends.push(bytes(&bench));
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn two_drafts_tie_lines_to_one_edge_and_both_are_kept() {
    // Both lines end on the edge between (4, 1) and (4, 2), where there was no vertex: at 1.3 and at 1.7.
    let bench = drawn(&TWO, "");
    let near = |points| Stroke { points, tolerance: 4_000 };
    let drafts = [
        bench.clone().split_along(id('A'), &near(chain(&[(4.02, 1.3), (0.01, 2.0)])), ArcKind::Drawn, id('C')).unwrap(),
        bench.clone().split_along(id('B'), &near(chain(&[(3.99, 1.7), (8.0, 1.7)])), ArcKind::Drawn, id('D')).unwrap(),
    ];
    assert_eq!(drafts.each_ref().map(Vec::len), [2, 3]); // inserted vertices, then the split
    for (first, second) in [(0, 1), (1, 0)] {
        let mut bench = bench.clone();
        bench.apply_all(&drafts[first]).unwrap();
        bench.rebase(&drafts[second]).unwrap();
        assert_eq!(validate::faults(bench.coverage()), vec![]);
        assert_eq!(letters(&bench), "ABCD");
        assert_eq!(bench.coverage().faces().len(), 5);
    }
}

#[test]
fn edits_in_different_places_lead_to_the_same_bytes_in_either_order() {
    let edits = [
        reshape(&[(4.0, 1.0), (4.0, 2.0), (4.0, 3.0)], &[(4.0, 1.0), (3.5, 2.1), (4.0, 3.0)]),
        split('A', &[line(&[(2.0, 4.0), (2.0, 0.0)])], 'C'),
        split('B', &[line(&[(6.0, 2.0), (6.5, 2.0), (6.0, 2.5), (6.0, 2.0)])], 'D'),
        Edit::Mark { edge: (v(7.0, 0.0), v(8.0, 0.0)), kind: ArcKind::Road, locked: false },
        Edit::SetRole { face: id('B'), role: FaceRole::Excluded },
    ];
    let mut forth = drawn(&TWO, "");
    let mut back = drawn(&TWO, "");
    forth.apply_all(&edits).unwrap();
    // The role first would give the island the role of what it is cut from: that pair is not disjoint.
    for i in [3, 2, 1, 0, 4] {
        back.apply(&edits[i]).unwrap();
    }
    assert_eq!(bytes(&forth), bytes(&back));
}

const TALL: [&str; 8] = ["AABB", "AABB", "AABB", "AABB", "AABB", "AABB", "AABB", "AABB"];

/// The whole border of `TALL` with one vertex moved to the right.
fn bent(at: usize, to: f64) -> Edit {
    let old: Vec<(f64, f64)> = (0..=8).map(|y| (2.0, f64::from(y))).collect();
    let mut new = old.clone();
    new[at].0 = to;
    reshape(&old, &new)
}

#[test]
fn two_edits_of_one_arc_in_different_places_are_merged() {
    //   A | B          A | B
    //   A | B  theirs  A  >B
    //   A | B   and    A | B
    //   A | B   mine   A<  B
    let mut bench = drawn(&TALL, "");
    bench.apply(&bent(6, 2.4)).unwrap();
    refused(&mut bench, &bent(2, 1.6), Rule::ChainGone);
    let replayed = bench.rebase(&[bent(2, 1.6)]).unwrap();
    assert_eq!(replayed.len(), 1);
    assert_eq!(validate::faults(bench.coverage()), vec![]);
    let mut other = drawn(&TALL, "");
    other.apply(&bent(2, 1.6)).unwrap();
    other.rebase(&[bent(6, 2.4)]).unwrap();
    assert_eq!(bytes(&bench), bytes(&other));
    // What others have done already is no conflict and no edit.
    assert_eq!(bench.rebase(&[bent(6, 2.4), bent(2, 1.6)]), Ok(vec![]));
}

#[test]
fn two_edits_of_one_place_are_one_conflict_with_a_small_box() {
    let mut bench = drawn(&TALL, "");
    bench.apply_all(&[bent(6, 2.4)]).unwrap();
    let before = bench.coverage().clone();
    let elsewhere = Edit::MoveJunction { from: v(0.0, 0.0), to: v(0.1, 0.1) };
    let conflicts = bench.rebase(&[elsewhere, bent(6, 1.8)]).unwrap_err();
    assert_eq!(*bench.coverage(), before, "a draft is replayed as a whole or not at all");
    assert_eq!(conflicts.len(), 1);
    let conflict = &conflicts[0];
    assert_eq!((conflict.step, conflict.refusal.step, conflict.clashes.len()), (1, 1, 1));
    let (low, high) = conflict.refusal.bounds;
    let (east_m, north_m) = bench.coverage().lattice().metres_per_step(0);
    let size = (f64::from(high.x - low.x) * east_m, f64::from(high.y - low.y) * north_m);
    assert!(size.0 < 6.0 && size.1 < 1.0, "{size:?} metres");
    let chains = conflict.chains.as_ref().unwrap();
    assert_eq!([chains.base.len(), chains.mine.len(), chains.theirs.len()], [9; 3]);
}

#[test]
fn a_reshape_over_a_new_junction_is_made_in_two_pieces_and_keeps_it() {
    //   A | B            A | B
    //   A | B   theirs   A +---   and mine bends the border on both sides of the new junction
    //   A | B            A | D
    let mut bench = drawn(&TALL, "");
    bench.apply(&split('B', &[line(&[(4.0, 4.0), (2.0, 4.0)])], 'D')).unwrap();
    let old: Vec<(f64, f64)> = (0..=8).map(|y| (2.0, f64::from(y))).collect();
    let mut new = old.clone();
    (new[2].0, new[6].0) = (1.5, 2.5);
    let mine = reshape(&old, &new);
    assert!(refused(&mut bench, &mine, Rule::JunctionInside).is_stale());
    let replayed = bench.rebase(std::slice::from_ref(&mine)).unwrap();
    assert_eq!(replayed.iter().map(|r| r.step).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(validate::faults(bench.coverage()), vec![]);
    // A reshape that takes the junction's vertex away is a conflict at that vertex.
    let mut bench = drawn(&TALL, "");
    bench.apply(&split('B', &[line(&[(4.0, 4.0), (2.0, 4.0)])], 'D')).unwrap();
    new.remove(4);
    let conflicts = bench.rebase(&[reshape(&old, &new)]).unwrap_err();
    assert_eq!((conflicts[0].refusal.rule, conflicts[0].refusal.at), (Rule::JunctionInside, v(2.0, 4.0)));
}

#[test]
fn a_border_cannot_jump_over_an_island() {
    //  A A A A A|B         A/- - - -.B
    //  A A X A A|B   ──▶  A|  X     |B     X would be in B without having moved
    //  A A A A A|B         A\- - - -'B
    let mut bench = drawn(&["AAAAAB", "AAXAAB", "AAAAAB"], "");
    let around =
        reshape(&[(5.0, 0.0), (5.0, 1.0), (5.0, 2.0), (5.0, 3.0)], &[(5.0, 0.0), (1.0, 0.5), (1.0, 2.5), (5.0, 3.0)]);
    let refusal = refused(&mut bench, &around, Rule::JumpsOver);
    assert!(refusal.faces.contains(&id('X')) && !refusal.is_stale());
    made(
        &mut bench,
        &reshape(&[(5.0, 0.0), (5.0, 1.0), (5.0, 2.0), (5.0, 3.0)], &[(5.0, 0.0), (4.0, 0.5), (5.0, 3.0)]),
    );
}

#[test]
fn the_two_sides_of_a_lens_cannot_change_places() {
    //  A A A A A A       no junction is swept when the lower side of L is led around its upper side, but around
    //  A A(L L)A A       both ends of L the order of the lines changes
    //  B B B B B B
    let mut bench = drawn(&["AAAAAA", "AALLAA", "BBBBBB"], "");
    let over = [(2.0, 1.0), (1.5, 1.5), (1.5, 2.5), (4.5, 2.5), (4.5, 1.5), (4.0, 1.0)];
    refused(&mut bench, &reshape(&[(2.0, 1.0), (3.0, 1.0), (4.0, 1.0)], &over), Rule::OrderAround);
}

#[test]
fn a_merge_that_encloses_a_third_is_refused_unless_it_names_it() {
    //  A A A B
    //  A X X B
    //  A A A B
    let mut bench = drawn(&["AAAB", "AXXB", "AAAB"], "");
    let refusal = refused(&mut bench, &merge('A', 'B'), Rule::Encloses);
    assert_eq!(refusal.faces, [id('X')]);
    assert_eq!(refusal.bounds, (v(1.0, 1.0), v(3.0, 2.0)));
    made(&mut bench, &Edit::Merge { keep: id('A'), gone: id('B'), enclosing: vec![id('X')] });
    assert_eq!(squares(&bench, 'A'), 10.0);
}

#[test]
fn a_junction_cannot_be_dragged_across_an_arc_and_takes_all_its_arcs_along() {
    //   A A|C C|E E
    //   ---+---+---     the left junction may move, but not beyond the right one
    //   B B|D D|F F
    let mut bench = drawn(&["AACCEE", "AACCEE", "BBDDFF", "BBDDFF"], "");
    let from = v(2.0, 2.0);
    made(&mut bench, &Edit::MoveJunction { from, to: v(2.4, 2.3) });
    let refusal = refused(&mut bench, &Edit::MoveJunction { from: v(2.4, 2.3), to: v(4.5, 2.5) }, Rule::Touches);
    assert!(refusal.faces.contains(&id('C')), "{refusal:?}");
    refused(&mut bench, &Edit::MoveJunction { from: v(2.4, 2.3), to: v(4.0, 2.0) }, Rule::Touches);
    refused(&mut bench, &Edit::MoveJunction { from, to: v(2.1, 2.1) }, Rule::VertexGone);
}

#[test]
fn a_place_that_is_no_junction_any_more_moves_all_the_same() {
    let mut bench = drawn(&["AACC", "AACC", "BBBB", "BBBB"], "");
    bench.apply(&merge('A', 'C')).unwrap();
    made(&mut bench, &Edit::MoveJunction { from: v(2.0, 2.0), to: v(2.2, 2.4) });
}

#[test]
fn what_is_locked_is_neither_moved_cut_nor_dissolved() {
    let mut bench = drawn(&TWO, "");
    let edge = (v(4.0, 1.0), v(4.0, 2.0));
    made(&mut bench, &Edit::Mark { edge, kind: ArcKind::Legal, locked: true });
    let bend = reshape(&[(4.0, 1.0), (4.0, 2.0), (4.0, 3.0)], &[(4.0, 1.0), (3.5, 2.1), (4.0, 3.0)]);
    refused(&mut bench, &bend, Rule::Locked);
    refused(&mut bench, &Edit::MoveJunction { from: v(4.0, 0.0), to: v(4.1, 0.0) }, Rule::Locked);
    refused(&mut bench, &split('A', &[line(&[(4.0, 2.0), (0.0, 2.0)])], 'C'), Rule::Locked);
    refused(&mut bench, &merge('A', 'B'), Rule::Locked);
    // At its end nothing of it is touched.
    made(&mut bench, &split('A', &[line(&[(4.0, 0.0), (2.0, 2.0), (0.0, 4.0)])], 'C'));
    made(&mut bench, &Edit::Mark { edge: (edge.1, edge.0), kind: ArcKind::Legal, locked: false });
    made(&mut bench, &bend);
}

#[test]
fn what_is_not_there_is_stale_and_says_what_was_sought() {
    let mut bench = drawn(&TWO, "");
    let old = chain(&[(4.0, 1.0), (4.1, 2.0), (4.0, 3.0)]);
    let refusal = refused(
        &mut bench,
        &Edit::Reshape { old: old.clone(), new: chain(&[(4.0, 1.0), (4.0, 3.0)]) },
        Rule::ChainGone,
    );
    assert_eq!((refusal.at, refusal.sought), (v(4.1, 2.0), Some(Sought::Chain(old))));
    let edge = Edit::Mark { edge: (v(4.0, 1.0), v(4.0, 3.0)), kind: ArcKind::Road, locked: false };
    let refusal = refused(&mut bench, &edge, Rule::EdgeGone);
    assert_eq!(refusal.sought, Some(Sought::Edge(v(4.0, 1.0), v(4.0, 3.0))));
    let refusal = refused(&mut bench, &merge('A', 'Z'), Rule::FaceGone);
    assert_eq!(refusal.sought, Some(Sought::Face(id('Z'))));
    let refusal = refused(&mut bench, &split('A', &[line(&[(4.0, 2.5), (0.0, 2.0)])], 'C'), Rule::VertexGone);
    assert_eq!(refusal.sought, Some(Sought::Vertex(v(4.0, 2.5))));
}

#[test]
fn a_line_that_is_no_boundary_is_refused_by_its_own_rule() {
    let mut bench = drawn(&TWO, "");
    let ends = [(4.0, 1.0), (4.0, 2.0)];
    let with = |inner: &[(f64, f64)]| reshape(&ends, &[&ends[..1], inner, &ends[1..]].concat());
    refused(&mut bench, &with(&[(3.0, 1.0), (3.0, 2.0), (3.5, 0.5)]), Rule::SelfCrossing);
    refused(&mut bench, &with(&[(3.0, 1.0), (3.5, 1.5), (3.0, 1.0)]), Rule::RepeatedPoint);
    refused(&mut bench, &with(&[(3.0, 4.0)]), Rule::Touches);
    refused(&mut bench, &with(&[(3.0, 5.0)]), Rule::Touches);
    refused(&mut bench, &with(&[(30_000.0, 1.0)]), Rule::OffLattice);
    refused(&mut bench, &reshape(&ends, &ends), Rule::NothingChanges);
    refused(&mut bench, &reshape(&ends, &[(4.0, 1.0), (4.0, 3.0)]), Rule::EndsDiffer);
    refused(&mut bench, &split('A', &[line(&[(0.0, 2.0), (8.0, 2.0)])], 'C'), Rule::NotInFace);
    refused(&mut bench, &split('A', &[line(&[(5.0, 2.0), (5.5, 2.0), (5.0, 2.5), (5.0, 2.0)])], 'C'), Rule::NotInFace);
    refused(&mut bench, &split('A', &[line(&[(0.0, 2.0), (4.0, 2.0)])], 'B'), Rule::IdTaken);
    refused(&mut bench, &Edit::Merge { keep: id('A'), gone: FaceId(0), enclosing: vec![] }, Rule::Outside);
}

#[test]
fn a_free_loop_has_no_beginning_that_matters() {
    //  A A A A
    //  A X X A     every vertex of the island can be moved in the same way, whichever is its junction
    //  A X X A
    //  A A A A
    let mut bench = drawn(&["AAAA", "AXXA", "AXXA", "AAAA"], "");
    let ring = [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (3.0, 2.0), (3.0, 3.0), (2.0, 3.0), (1.0, 3.0), (1.0, 2.0)];
    for i in 0..8 {
        let (a, b, c) = (ring[i], ring[(i + 1) % 8], ring[(i + 2) % 8]);
        let inwards = (b.0 + (2.0 - b.0) / 3.0, b.1 + (2.0 - b.1) / 3.0);
        made(&mut bench, &reshape(&[a, b, c], &[a, inwards, c]));
        made(&mut bench, &Edit::MoveJunction { from: v(inwards.0, inwards.1), to: v(b.0, b.1) });
    }
    let mut whole = [&ring[3..], &ring[..4]].concat();
    let shrunk: Vec<(f64, f64)> = vec![ring[3], (2.0, 2.5), (2.0, 1.5), ring[3]];
    made(&mut bench, &reshape(&whole, &shrunk));
    made(&mut bench, &reshape(&shrunk, &whole));
    whole.reverse();
    refused(&mut bench, &reshape(&whole, &[ring[3], (3.5, 1.5), (3.5, 2.5), ring[3]]), Rule::TurnsOver);
    made(&mut bench, &merge('A', 'X'));
    assert_eq!(letters(&bench), "A");
}

#[test]
fn a_face_with_a_hole_is_cut_by_two_lines_past_it() {
    //  A A A A A        A A|C C C
    //  A A X A A   ──▶  A A X C C      one line alone does not cut it
    //  A A A A A        A A|C C C
    let mut bench = drawn(&["AAAAA", "AAXAA", "AAAAA"], "");
    let (up, down) = (line(&[(2.0, 2.0), (2.0, 3.0)]), line(&[(2.0, 0.0), (2.0, 1.0)]));
    refused(&mut bench, &split('A', std::slice::from_ref(&up), 'C'), Rule::DoesNotCut);
    let turned = line(&[(2.0, 1.0), (2.0, 0.0)]);
    refused(&mut bench, &split('A', &[up.clone(), turned], 'C'), Rule::DoesNotCut);
    let cut = split('A', &[up, down], 'C');
    assert_eq!(
        bench.check(&cut).unwrap().inverse,
        Edit::Merge { keep: id('A'), gone: id('C'), enclosing: vec![id('X')] }
    );
    made(&mut bench, &cut);
    assert_eq!((squares(&bench, 'A'), squares(&bench, 'C')), (8.0, 6.0));
}

#[test]
fn only_an_exclave_may_be_in_parts() {
    //  A A B C C     A and C are cut in three by lines that leave the middle; B lies between them
    //  A A B C C
    let picture = ["AABAA", "AABAA"];
    let mut bench = drawn(&picture, "A");
    let lines = [line(&[(1.0, 2.0), (1.0, 0.0)]), line(&[(4.0, 2.0), (4.0, 0.0)])];
    refused(&mut bench, &split('A', &lines, 'C'), Rule::InParts);
    made(&mut bench, &Edit::Split { face: id('A'), lines: lines.to_vec(), new: id('C'), exclave: true });
    // The part of C between A and the border is B's only by way of A.
    refused(&mut bench, &merge('B', 'A'), Rule::InParts);
    let mut bench = drawn(&["ABC"], "");
    refused(&mut bench, &merge('A', 'C'), Rule::NotNeighbours);
    refused(&mut bench, &split('A', &[line(&[(0.0, 1.0), (0.0, 0.0)])], 'D'), Rule::Touches);
}

#[test]
fn faces_that_touch_in_a_point_are_not_made() {
    //  A A X     A and C share an edge, and touch B's corner at the middle: merged with what meets only there they would be pinched
    //  A B Y
    //  C C B
    let mut bench = drawn(&["AAX", "AYX", "ABB"], "");
    let corner = split('A', &[line(&[(1.0, 1.0), (0.6, 1.6), (0.3, 1.0), (1.0, 1.0)])], 'D');
    refused(&mut bench, &corner, Rule::Pinches);
    let mut bench = drawn(&["AAAC", "ABBC", "ABAA", "AAAA"], "");
    refused(&mut bench, &merge('A', 'C'), Rule::Encloses);
}

#[test]
fn marks_come_before_a_merge_of_unlike_boundaries() {
    let mut bench = drawn(&["AACC", "AACC", "BBBB", "BBBB"], "");
    let edge = (v(0.0, 2.0), v(1.0, 2.0));
    made(&mut bench, &Edit::Mark { edge, kind: ArcKind::River, locked: false });
    refused(&mut bench, &merge('A', 'C'), Rule::KindsDiffer);
    made(&mut bench, &Edit::SetRole { face: id('C'), role: FaceRole::Gap });
    refused(&mut bench, &merge('A', 'C'), Rule::RolesDiffer);
    made(&mut bench, &Edit::SetRole { face: id('C'), role: FaceRole::Unit });
    made(&mut bench, &Edit::Mark { edge, kind: ArcKind::Drawn, locked: false });
    made(&mut bench, &merge('A', 'C'));
    assert_eq!((letters(&bench).as_str(), squares(&bench, 'A')), ("AB", 8.0));
}

#[test]
fn a_stroke_pushes_the_border_between_two() {
    //  A A A A|B B B B          A A A/B B B B B
    //  A A A A|B B B B   ──▶    A A A|B B B B B     one arc's: a plain reshape
    //  A A A A|B B B B          A A A|B B B B B
    //  A A A A|B B B B          A A A A\B B B B
    let mut bench = drawn(&TWO, "");
    let stroke = Stroke { points: chain(&[(4.1, 1.02), (3.0, 1.0), (3.0, 3.0), (3.98, 4.05)]), tolerance: 15_000 };
    let edits = bench.transfer(id('A'), id('B'), &stroke, id('S')).unwrap();
    assert_eq!(edits.len(), 1);
    assert!(matches!(&edits[0], Edit::Reshape { old, .. } if old.len() == 4));
    made(&mut bench, &edits[0]);
    assert_eq!(letters(&bench), "AB");
    // A grows or shrinks by what was drawn, and B by the opposite.
    assert_eq!(squares(&bench, 'A') + squares(&bench, 'B'), 32.0);
    assert!(squares(&bench, 'A') < 14.0);
}

#[test]
fn a_stroke_from_border_to_border_hands_over_what_it_cuts_off() {
    //  A A A A|B B B B          A A A A|B B B B
    //  A A A A|B B B B   ──▶    A A .-'B B B B B     from the border with B to the outline: a cut and a merge
    //  A A A A|B B B B          -'B B B B B B B
    //  A A A A|B B B B          B B B B B B B B
    let mut bench = drawn(&TWO, "");
    let before = bench.coverage().clone();
    let stroke = Stroke { points: chain(&[(4.1, 3.02), (2.0, 2.0), (-0.02, 1.04)]), tolerance: 15_000 };
    let edits = bench.transfer(id('A'), id('B'), &stroke, id('S')).unwrap();
    assert_eq!(*bench.coverage(), before, "asking changes nothing, numbering included");
    assert!(matches!(edits[..], [Edit::Split { .. }, Edit::Merge { .. }]));
    let applied = bench.apply_all(&edits).unwrap();
    assert_eq!((letters(&bench).as_str(), squares(&bench, 'A')), ("AB", 8.0));
    for step in applied.iter().rev() {
        bench.apply(&step.inverse).unwrap();
    }
    assert_eq!(bytes(&bench), bytes(&drawn(&TWO, "")));
    let far = Stroke { points: chain(&[(4.5, 3.0), (0.0, 1.0)]), tolerance: 15_000 };
    assert_eq!(bench.transfer(id('A'), id('B'), &far, id('S')).unwrap_err().rule, Rule::NotInFace);
}

#[test]
fn a_stroke_that_ends_on_an_edge_gets_a_vertex_there() {
    let mut bench = drawn(&TWO, "");
    let stroke = Stroke { points: chain(&[(1.52, 3.98), (1.5, 2.0), (1.48, 0.01)]), tolerance: 15_000 };
    let edits = bench.split_along(id('A'), &stroke, ArcKind::Road, id('C')).unwrap();
    assert_eq!(edits.len(), 3);
    bench.apply_all(&edits).unwrap();
    assert_eq!(validate::faults(bench.coverage()), vec![]);
    assert_eq!((letters(&bench).as_str(), squares(&bench, 'C')), ("ABC", 10.0));
    let outside = Stroke { points: chain(&[(0.0, 2.0), (5.0, 2.0), (4.0, 3.0)]), tolerance: 15_000 };
    assert!(bench.split_along(id('A'), &outside, ArcKind::Drawn, id('D')).is_err());
}
