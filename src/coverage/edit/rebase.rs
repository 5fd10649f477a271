//! A draft made on one version is replayed on another: what others left alone passes unchanged, a boundary that both changed in different places
//! is merged, and the rest is a list of conflicts, each with its place.

use super::diff3::{self, Clash};
use super::refusal::{Refusal, Rule, Sought};
use super::workbench::{Place, Workbench};
use super::{Applied, Edit};
use crate::coverage::{HalfArc, LatticePoint};

/// An edit as it was made on the other version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Which edit of the draft it comes from. One may have become several, where a neighbour's line now ends on the chain, or none, where others
    /// have already done the same.
    pub step: usize,
    pub edit: Edit,
    pub applied: Applied,
}

/// An edit of a draft that cannot be made on the other version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which edit of the draft it is.
    pub step: usize,
    pub refusal: Refusal,
    /// The boundary in its three states, when it was redrawn by both.
    pub chains: Option<Chains>,
    /// Where both changed it; empty when merging was possible and the result is not legal.
    pub clashes: Vec<Clash>,
}

/// One boundary before both edits, after mine, and after theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chains {
    pub base: Vec<LatticePoint>,
    pub mine: Vec<LatticePoint>,
    pub theirs: Vec<LatticePoint>,
}

/// How much longer than the old chain its new form may be for it to be found.
const LONGER: usize = 4;
const LONGER_BY: usize = 256;

/// A way along boundaries from one vertex to another.
struct Path {
    points: Vec<LatticePoint>,
    /// Places in `points`, ends excluded, where other boundaries begin.
    junctions: Vec<usize>,
}

impl Workbench {
    /// Replays a draft on this version. All edits are made, or none: then the answer is every conflict found, though an edit that builds on one in
    /// conflict is likely to be in conflict for that reason alone.
    ///
    /// # Errors
    /// The conflicts, in order; nothing has changed then.
    pub fn rebase(&mut self, draft: &[Edit]) -> Result<Vec<Replayed>, Vec<Conflict>> {
        let mark = self.mark_here();
        let (mut replayed, mut conflicts) = (Vec::new(), Vec::new());
        for (step, edit) in draft.iter().enumerate() {
            match self.replay(edit) {
                Ok(made) => {
                    replayed.extend(made.into_iter().map(|(edit, applied)| Replayed { step, edit, applied }));
                }
                Err(conflict) => {
                    let refusal = Refusal { step, ..conflict.refusal };
                    conflicts.push(Conflict { step, refusal, ..*conflict });
                }
            }
        }
        if conflicts.is_empty() {
            self.forget();
            return Ok(replayed);
        }
        self.roll_back(mark);
        Err(conflicts)
    }

    fn replay(&mut self, edit: &Edit) -> Result<Vec<(Edit, Applied)>, Box<Conflict>> {
        let refusal = match self.step(edit) {
            Ok(applied) => return Ok(vec![(edit.clone(), applied)]),
            Err(refusal) if refusal.rule == Rule::NothingChanges => return Ok(Vec::new()),
            Err(refusal) => refusal,
        };
        match edit {
            Edit::Reshape { old, new } if refusal.is_stale() => self.follow(old, new, refusal),
            _ => Err(Box::new(Conflict { step: 0, refusal, chains: None, clashes: Vec::new() })),
        }
    }

    /// Makes a reshape of a chain that others have changed meanwhile.
    fn follow(
        &mut self,
        old: &[LatticePoint],
        new: &[LatticePoint],
        refusal: Refusal,
    ) -> Result<Vec<(Edit, Applied)>, Box<Conflict>> {
        let conflict = |bench: &Self, refusal: Refusal, theirs: &[LatticePoint], clashes| {
            let refusal = if refusal.faces.is_empty() { bench.beside(refusal, theirs) } else { refusal };
            let chains = Chains { base: old.to_vec(), mine: new.to_vec(), theirs: theirs.to_vec() };
            Box::new(Conflict { step: 0, refusal, chains: Some(chains), clashes })
        };
        let Some(path) = self.path_like(old) else { return Err(conflict(self, refusal, &[], Vec::new())) };
        let theirs = &path.points;
        let merged = match diff3::merge(old, new, theirs) {
            Ok(merged) => merged,
            Err(clashes) => {
                let corners = clashes.iter().flat_map(|c| [c.bounds.0, c.bounds.1]);
                let refusal = Refusal { at: clashes[0].bounds.0, ..refusal }.within(corners);
                return Err(conflict(self, refusal, theirs, clashes));
            }
        };
        let Some(pieces) = pieces(&path, &merged) else {
            let lost = path.junctions.iter().map(|i| theirs[*i]).find(|p| !merged.contains(p));
            let refusal = self.refusal(Rule::JunctionInside, lost.unwrap_or(old[0]));
            return Err(conflict(self, refusal.seeking(Sought::Chain(old.to_vec())), theirs, Vec::new()));
        };
        let made = self.steps(&pieces);
        let made = made.map_err(|refusal| conflict(self, refusal, theirs, Vec::new()))?;
        Ok(pieces.into_iter().zip(made).collect())
    }

    /// Names the faces on the two sides of the beginning of a boundary.
    fn beside(&self, refusal: Refusal, boundary: &[LatticePoint]) -> Refusal {
        let half = boundary.first_chunk::<2>().and_then(|[a, b]| self.half_with(*a, *b));
        match half {
            Some((half, _)) => refusal.of([half, half.twin()].map(|half| self.id(self.left(half)))),
            None => refusal,
        }
    }

    /// The way from the first to the last vertex of a chain as it is now: along one face's ring, sharing as many vertices with the chain as
    /// can be, the shortest of those.
    fn path_like(&self, chain: &[LatticePoint]) -> Option<Path> {
        let (first, last) = (chain[0], chain[chain.len() - 1]);
        let starts: Vec<(HalfArc, usize)> = match self.place(first)? {
            Place::Junction(j) => self.star(j).iter().map(|h| (*h, 0)).collect(),
            Place::Arc(ix) => [HalfArc::new(ix, false), HalfArc::new(ix, true)]
                .into_iter()
                .filter_map(|half| Some((half, self.walk(half).iter().position(|p| *p == first)?)))
                .collect(),
        };
        let shared = |path: &Path| path.points.iter().filter(|p| chain.contains(p)).count();
        let ways = starts.iter().flat_map(|(half, at)| [(*half, *at, true), (*half, *at, false)]);
        let limit = chain.len() * LONGER + LONGER_BY;
        ways.filter_map(|(half, at, left)| self.way(half, at, last, left, limit))
            .max_by_key(|path| (shared(path), usize::MAX - path.points.len()))
    }

    /// Follows the boundary of the face on the left (or right) from a vertex of a half-arc to another vertex.
    fn way(&self, start: HalfArc, at: usize, last: LatticePoint, left: bool, limit: usize) -> Option<Path> {
        let first = self.walk(start);
        let mut path = Path { points: vec![first[at]], junctions: Vec::new() };
        let (mut half, mut points) = (start, first[at..].to_vec());
        loop {
            for p in &points[1..] {
                path.points.push(*p);
                if *p == last {
                    return Some(path);
                }
            }
            if path.points.len() > limit {
                return None;
            }
            // Where only two half-arcs meet, on a free loop, no other boundary begins.
            if self.star(self.end_of(half)).len() > 2 {
                path.junctions.push(path.points.len() - 1);
            }
            half = if left { self.next_half(half) } else { self.next_half_right(half) };
            points = self.walk(half);
        }
    }

    /// The next half-arc with the same face on its right: the first counter-clockwise from the way back.
    fn next_half_right(&self, half: HalfArc) -> HalfArc {
        let star = self.star(self.end_of(half));
        let back = star.iter().position(|h| *h == half.twin()).unwrap_or(0);
        star[(back + 1) % star.len()]
    }
}

/// One reshape for each stretch between the junctions on the path that differs; `None` when the merged chain leaves a junction out.
fn pieces(path: &Path, merged: &[LatticePoint]) -> Option<Vec<Edit>> {
    let theirs = &path.points;
    let (mut from, mut merged_from, mut edits) = (0, 0, Vec::new());
    for to in path.junctions.iter().copied().chain([theirs.len() - 1]) {
        let rest = &merged[merged_from + 1..];
        let merged_to = if to == theirs.len() - 1 {
            merged.len() - 1
        } else {
            merged_from + 1 + rest.iter().position(|p| *p == theirs[to])?
        };
        let (old, new) = (theirs[from..=to].to_vec(), merged[merged_from..=merged_to].to_vec());
        if old != new {
            edits.push(Edit::Reshape { old, new });
        }
        (from, merged_from) = (to, merged_to);
    }
    Some(edits)
}
