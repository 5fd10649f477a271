//! Land that changed hands among some units: these are joined to one, its border is drawn as the survey has it, and the units are cut out of it again.
//!
//! Coarse, but it needs no geometry but that of the two versions: no crossing of an old line with a new one is ever computed, and what comes out is
//! the survey to the bit.

use std::collections::{BTreeSet, HashMap};

use super::follow::follow;
use super::hand::Hand;
use super::lines::{Chain, Lines};
use super::{Stuck, Target};
use crate::coverage::edit::{Edit, Line, Refusal, Rule};
use crate::coverage::{ArcKind, Coverage, FaceId, FaceIx, FaceRole, HalfArc, LatticePoint};

/// Makes the faces of the survey out of those that are there, among the members. What is made is left on the hand; nothing is when it fails.
pub(super) fn redraw(hand: &mut Hand, target: &Target, members: &BTreeSet<u64>) -> Result<(), Stuck> {
    let mark = hand.made.len();
    let made = attempt(hand, target, members);
    if made.is_err() {
        hand.back_to(mark);
    }
    made
}

fn attempt(hand: &mut Hand, target: &Target, members: &BTreeSet<u64>) -> Result<(), Stuck> {
    let there: Vec<u64> = members.iter().copied().filter(|id| hand.bench.index_of(FaceId(*id)).is_some()).collect();
    let wanted: BTreeSet<u64> = members.iter().copied().filter(|id| target.face_of.contains_key(id)).collect();
    let mut root = root(hand, target, &there, &wanted)
        .ok_or_else(|| Stuck::of(members, "nothing is there yet that this land could be added to"))?;
    let kinds = kinds(hand, &there);
    let role = hand.bench.role(FaceId(root)).unwrap_or(FaceRole::Unit);
    for id in &there {
        if hand.bench.role(FaceId(*id)) != Some(role) {
            hand.make(Edit::SetRole { face: FaceId(*id), role })?;
        }
    }
    guard(hand, &there)?;
    join(hand, root, &there)?;
    border(hand, target, root, &wanted)?;
    if !goes_on(hand, target, root) {
        root = succeeded(hand, target, root, &wanted)?;
    }
    cut(hand, target, root, &wanted)?;
    for id in &wanted {
        let role = target.coverage.faces()[target.face_of[id].ix()].role;
        if hand.bench.role(FaceId(*id)) != Some(role) {
            hand.make(Edit::SetRole { face: FaceId(*id), role })?;
        }
    }
    mark_again(hand, &wanted, &kinds)?;
    as_surveyed(hand, target, &wanted)
}

/// Whether the faces are those of the survey: a whole part of one in several parts may have stayed with another, as no line cuts it off.
fn as_surveyed(hand: &Hand, target: &Target, wanted: &BTreeSet<u64>) -> Result<(), Stuck> {
    let edges = |coverage: &Coverage, face: Option<FaceIx>| -> BTreeSet<(LatticePoint, LatticePoint)> {
        let rings = face.into_iter().flat_map(|face| coverage.faces()[face.ix()].rings.iter());
        let halves = rings.flat_map(|ring| ring.halves.iter());
        halves
            .flat_map(|half| {
                let points: Vec<LatticePoint> = coverage.half_points(*half).collect();
                points.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
            })
            .collect()
    };
    for id in wanted {
        let is = edges(hand.bench.coverage(), hand.bench.index_of(FaceId(*id)));
        let is_to_be = edges(target.coverage, target.face_of.get(id).copied());
        if let Some((at, _)) = is.symmetric_difference(&is_to_be).next() {
            let stuck = Stuck::of(wanted, "a part of a unit in several parts cannot be cut off from those around it");
            return Err(Stuck { at: Some(*at), ..stuck });
        }
    }
    Ok(())
}

/// Who takes in the others and is left in the end: one of both versions, in parts if it may be, the largest.
fn root(hand: &Hand, target: &Target, there: &[u64], wanted: &BTreeSet<u64>) -> Option<u64> {
    there.iter().copied().max_by_key(|id| {
        let face = hand.bench.index_of(FaceId(*id)).map(|ix| &hand.bench.coverage().faces()[ix.ix()]);
        let area = face.map_or(0, |face| face.rings.iter().map(|ring| ring.doubled_area).sum::<i128>());
        let flag = face.is_some_and(|face| face.exclave);
        (goes_on(hand, target, *id), wanted.contains(id), flag, area, std::cmp::Reverse(*id))
    })
}

/// Whether a face is one of the survey too, and may be in parts if it is to be and only then.
fn goes_on(hand: &Hand, target: &Target, id: u64) -> bool {
    let flag = hand.bench.index_of(FaceId(id)).map(|ix| hand.bench.coverage().faces()[ix.ix()].exclave);
    target.face_of.get(&id).is_some_and(|ix| Some(target.coverage.faces()[ix.ix()].exclave) == flag)
}

/// Puts a face of the survey in the place of one that cannot go on: it is cut out, and takes the rest in.
fn succeeded(hand: &mut Hand, target: &Target, root: u64, wanted: &BTreeSet<u64>) -> Result<u64, Stuck> {
    for id in wanted.iter().copied().filter(|id| *id != root) {
        let mark = hand.made.len();
        let exclave = target.coverage.faces()[target.face_of[&id].ix()].exclave;
        let split = Edit::Split { face: FaceId(root), lines: between(target, id, wanted), new: FaceId(id), exclave };
        if hand.make(split).is_ok() && merge(hand, id, root).is_ok() {
            return Ok(id);
        }
        hand.back_to(mark);
    }
    // Being in one part, or in several, may be all that is wrong with it.
    let reason = "nothing goes on of the units that were there";
    if wanted.contains(&root) { Ok(root) } else { Err(Stuck::of(wanted, reason)) }
}

fn merge(hand: &mut Hand, keep: u64, gone: u64) -> Result<(), Refusal> {
    let mut merge = |enclosing| hand.make(Edit::Merge { keep: FaceId(keep), gone: FaceId(gone), enclosing });
    merge(Vec::new()).or_else(|refusal| match refusal.rule {
        Rule::Encloses => merge(refusal.faces),
        _ => Err(refusal),
    })
}

fn halves(hand: &Hand, id: u64) -> Vec<HalfArc> {
    let face = hand.bench.index_of(FaceId(id)).map(|ix| &hand.bench.coverage().faces()[ix.ix()]);
    face.into_iter().flat_map(|face| face.rings.iter()).flat_map(|ring| ring.halves.iter().copied()).collect()
}

type Kinds = HashMap<(LatticePoint, LatticePoint), ArcKind>;

/// What the lines of some faces follow, where it is more than a drawing.
fn kinds(hand: &Hand, faces: &[u64]) -> Kinds {
    let arcs = faces.iter().flat_map(|id| halves(hand, *id)).map(|half| &hand.bench.coverage().arcs()[half.arc().ix()]);
    arcs.filter(|arc| arc.kind != ArcKind::default())
        .flat_map(|arc| arc.edges().flat_map(|(a, b)| [((a, b), arc.kind), ((b, a), arc.kind)]))
        .collect()
}

fn mark_again(hand: &mut Hand, faces: &BTreeSet<u64>, kinds: &Kinds) -> Result<(), Stuck> {
    if kinds.is_empty() {
        return Ok(());
    }
    let mut marks = Vec::new();
    for half in faces.iter().flat_map(|id| halves(hand, *id)) {
        let arc = &hand.bench.coverage().arcs()[half.arc().ix()];
        let known = arc.edges().find_map(|edge| Some((edge, *kinds.get(&edge)?)));
        if let Some((edge, kind)) = known.filter(|(_, kind)| *kind != arc.kind && !arc.locked) {
            marks.push(Edit::Mark { edge, kind, locked: false });
        }
    }
    for edit in marks {
        match hand.make(edit) {
            // Both faces beside it have named it.
            Err(refusal) if refusal.rule == Rule::NothingChanges => {}
            made => made?,
        }
    }
    Ok(())
}

/// Names every edge that is to be dissolved, by marking it and marking it back: replayed where others have changed one meanwhile, that is a conflict, and
/// what they drew is not overwritten unseen.
fn guard(hand: &mut Hand, there: &[u64]) -> Result<(), Stuck> {
    let inside = |face: FaceIx| there.binary_search(&hand.bench.coverage().faces()[face.ix()].id.0).is_ok();
    let arcs: BTreeSet<_> = there.iter().flat_map(|id| halves(hand, *id)).map(|half| half.arc()).collect();
    let mut marks = Vec::new();
    for arc in arcs.into_iter().map(|ix| &hand.bench.coverage().arcs()[ix.ix()]) {
        if !inside(arc.left) || !inside(arc.right) {
            continue;
        }
        let other = if arc.kind == ArcKind::Legal { ArcKind::Drawn } else { ArcKind::Legal };
        let kinds = [other, arc.kind];
        let edges: Vec<_> = arc.edges().collect();
        // As often there as back: the first edge once more where they are odd.
        let named = edges.iter().chain(edges.iter().take(edges.len() % 2)).enumerate();
        marks.extend(named.map(|(i, edge)| Edit::Mark { edge: *edge, kind: kinds[i % 2], locked: arc.locked }));
    }
    marks.into_iter().try_for_each(|mark| hand.make(mark)).map_err(Stuck::from)
}

/// Merges all into one, in whatever order that is legal.
fn join(hand: &mut Hand, root: u64, there: &[u64]) -> Result<(), Stuck> {
    let mut waiting: Vec<u64> = there.iter().copied().filter(|id| *id != root).collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut last: Option<Refusal> = None;
        waiting.retain(|gone| {
            let made = merge(hand, root, *gone);
            let waits = made.is_err();
            last = made.err().or(last.take());
            waits
        });
        if waiting.len() == before {
            return Err(last.map_or_else(|| Stuck::of(there, "they cannot be joined"), Stuck::from));
        }
    }
    Ok(())
}

/// Draws the border of what was joined as the survey has it.
fn border(hand: &mut Hand, target: &Target, root: u64, wanted: &BTreeSet<u64>) -> Result<(), Stuck> {
    let faces: Vec<FaceIx> = wanted.iter().map(|id| target.face_of[id]).collect();
    let name = |face: FaceIx| {
        let id = target.ids[face.ix()];
        if wanted.contains(&id) { root } else { id }
    };
    let goal = Lines::around(target.coverage, &faces, name);
    let concerned = |chain: &Chain| chain.left == root || chain.right == root;
    loop {
        let coverage = hand.bench.coverage();
        let own: Vec<FaceIx> = hand.bench.index_of(FaceId(root)).into_iter().collect();
        let now = Lines::around(coverage, &own, |face| coverage.faces()[face.ix()].id.0);
        let left = now.only(&goal).into_iter().chain(goal.only(&now)).find(concerned);
        let Some(left) = left else { return Ok(()) };
        if !follow(hand, &now, &goal, concerned) {
            let reason = "the border with those around them cannot be drawn as it was surveyed";
            return Err(Stuck { at: Some(left.start()), ..Stuck::of(wanted, reason) });
        }
    }
}

/// Cuts the units out, all but the root.
fn cut(hand: &mut Hand, target: &Target, root: u64, wanted: &BTreeSet<u64>) -> Result<(), Stuck> {
    let mut rest = wanted.clone();
    while rest.len() > 1 {
        let mut last: Option<Refusal> = None;
        let done = rest.iter().copied().filter(|id| *id != root).find(|id| {
            let lines = between(target, *id, &rest);
            let exclave = target.coverage.faces()[target.face_of[id].ix()].exclave;
            let split = Edit::Split { face: FaceId(root), lines, new: FaceId(*id), exclave };
            hand.make(split).map_err(|refusal| last = Some(refusal)).is_ok()
        });
        match done {
            Some(id) => _ = rest.remove(&id),
            None => return Err(last.map_or_else(|| Stuck::of(&rest, "they cannot be cut apart"), Stuck::from)),
        }
    }
    Ok(())
}

/// The lines of the survey between a face and the others that are still one with it, the face on their left.
fn between(target: &Target, id: u64, rest: &BTreeSet<u64>) -> Vec<Line> {
    let coverage = target.coverage;
    let inner = |half: &HalfArc| {
        let beyond = target.ids[coverage.left_of(half.twin()).ix()];
        beyond != id && rest.contains(&beyond)
    };
    let mut lines = Vec::new();
    for ring in &coverage.faces()[target.face_of[&id].ix()].rings {
        let halves = &ring.halves;
        // Begin where a run of them begins; a ring that is all of it is one closed line.
        let first = halves.iter().position(|half| !inner(half)).unwrap_or(0);
        let mut run: Vec<LatticePoint> = Vec::new();
        let mut end = |run: &mut Vec<LatticePoint>| {
            if !run.is_empty() {
                lines.push(Line { points: std::mem::take(run), kind: ArcKind::default() });
            }
        };
        for half in halves[first..].iter().chain(&halves[..first]) {
            if inner(half) {
                run.extend(coverage.half_points(*half).skip(usize::from(!run.is_empty())));
            } else {
                end(&mut run);
            }
        }
        end(&mut run);
    }
    lines
}
