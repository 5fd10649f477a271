//! A stretch of one boundary is drawn anew; a vertex where arcs meet moves.

use super::Edit;
use super::legal::Edges;
use super::refusal::{Refusal, Rule, Sought};
use super::rings::{Areas, swept};
use super::workbench::{Done, Junction, Place, Workbench};
use crate::coverage::delta::around;
use crate::coverage::exact::cross;
use crate::coverage::{Arc, ArcIx, FaceIx, HalfArc, JunctionIx, LatticePoint, Ring};

/// A chain found on an arc: its first point in the arc's direction, and whether the chain runs against it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) arc: ArcIx,
    pub(super) at: usize,
    pub(super) against: bool,
}

/// What is left of two chains with the same ends when the vertices that both begin and end with are taken off: how many at the
/// start and at the end, one of each kept as an anchor. `None` for equal chains.
fn difference(old: &[LatticePoint], new: &[LatticePoint]) -> Option<(usize, usize)> {
    let least = old.len().min(new.len());
    let head = old.iter().zip(new).take(least - 1).take_while(|(a, b)| a == b).count();
    let tail = (old.iter().rev().zip(new.iter().rev())).take(least - head).take_while(|(a, b)| a == b).count();
    (old != new).then_some((head - 1, tail - 1))
}

impl Workbench {
    pub(super) fn reshape(&mut self, old: &[LatticePoint], new: &[LatticePoint]) -> Result<Done, Refusal> {
        let origin = old.first().or(new.first()).copied().unwrap_or(LatticePoint::new(0, 0));
        let closed = new.first() == new.last();
        if old.len() < 2 || new.len() < if closed { 4 } else { 2 } {
            return Err(self.refusal(Rule::TooShort, origin));
        }
        if old.first() != new.first() || old.last() != new.last() {
            return Err(self.refusal(Rule::EndsDiffer, origin).within(old.iter().chain(new).copied()));
        }
        let found = self.find_chain(old)?;
        let Some((head, tail)) = difference(old, new) else {
            return Err(self.refusal(Rule::NothingChanges, origin).within(old.iter().copied()));
        };
        let mut old = old[head..old.len() - tail].to_vec();
        let mut new = new[head..new.len() - tail].to_vec();
        let inverse = Edit::Reshape { old: new.clone(), new: old.clone() };
        if found.against {
            old.reverse();
            new.reverse();
        }
        let at = found.at + if found.against { tail } else { head };
        let rings = self.judge_reshape(found.arc, at, &old, &new)?;
        let arc = self.arc(found.arc);
        let points = [&arc.points[..at], &new[..], &arc.points[at + old.len()..]].concat();
        let row = Arc { points: points.into(), ..*arc };
        let touched = vec![self.id(row.left), self.id(row.right)];
        self.write_arc(found.arc, Some(row));
        for (face, rings) in rings {
            self.write_rings(face, rings);
        }
        Ok(Done { inverse, bounds: around(old.into_iter().chain(new)), touched })
    }

    /// Whether `new` may stand for the stretch `old` that begins at point `at` of the arc; the new rings if so.
    fn judge_reshape(
        &self,
        ix: ArcIx,
        at: usize,
        old: &[LatticePoint],
        new: &[LatticePoint],
    ) -> Result<Vec<(FaceIx, Vec<Ring>)>, Refusal> {
        let arc = self.arc(ix);
        if arc.locked {
            return Err(self.refusal(Rule::Locked, old[0]).of([self.id(arc.left), self.id(arc.right)]));
        }
        self.on_lattice(new)?;
        self.simple(new)?;
        self.places_free(new, &old[1..old.len() - 1])?;
        let leaving = Edges::of_chain(old);
        new.windows(2).try_for_each(|e| self.edge_free((e[0], e[1]), &leaving))?;
        let end = at + old.len() == arc.points.len();
        let second = |half: HalfArc| match (half.arc() == ix, half.reversed()) {
            (true, false) if at == 0 => new[1],
            (true, true) if end => new[new.len() - 2],
            _ => self.second(half),
        };
        for vertex in [new[0], new[new.len() - 1]] {
            self.order_stays(vertex, vertex, second)?;
        }
        let gain = swept(new) - swept(old);
        let mut areas = Areas::default();
        areas.gain(self, HalfArc::new(ix, false), gain);
        areas.gain(self, HalfArc::new(ix, true), -gain);
        let rings = areas.judged(self, new[new.len() / 2])?;
        let back = new[1..new.len() - 1].iter().rev();
        self.nothing_inside(&old.iter().chain(back).copied().collect::<Vec<_>>())?;
        Ok(rings)
    }

    /// Finds a chain on one arc. A free loop is turned so that the chain begins at its first point, if need be.
    pub(super) fn find_chain(&mut self, chain: &[LatticePoint]) -> Result<Found, Refusal> {
        let stale = |rule, at| {
            let refusal = self.refusal(rule, at).within(chain.iter().copied());
            Err(refusal.seeking(Sought::Chain(chain.to_vec())))
        };
        let missing = chain.iter().find(|p| self.place(**p).is_none());
        if let Some(p) = missing {
            return stale(Rule::ChainGone, *p);
        }
        let inner = &chain[1..chain.len() - 1];
        let free = |j: JunctionIx| self.is_free_loop(self.star(j)[0].arc());
        let blocked = inner.iter().find(|p| matches!(self.place(**p), Some(Place::Junction(j)) if !free(j)));
        let Some((half, _)) = self.half_with(chain[0], chain[1]) else { return stale(Rule::ChainGone, chain[0]) };
        if let Some(p) = blocked {
            return stale(Rule::JunctionInside, *p);
        }
        let arc = half.arc();
        if let Some(found) = self.chain_on(arc, chain) {
            return Ok(found);
        }
        if self.is_free_loop(arc) {
            self.begin_loop_at(arc, chain[0]);
            if let Some(found) = self.chain_on(arc, chain) {
                return Ok(found);
            }
        }
        let refusal = self.refusal(Rule::ChainGone, chain[0]).within(chain.iter().copied());
        Err(refusal.seeking(Sought::Chain(chain.to_vec())))
    }

    fn chain_on(&self, arc: ArcIx, chain: &[LatticePoint]) -> Option<Found> {
        let points = &self.arc(arc).points;
        let n = chain.len();
        let starts = (0..points.len()).filter(|i| points[*i] == chain[0]);
        starts.into_iter().find_map(|i| {
            if points[i..].starts_with(chain) {
                return Some(Found { arc, at: i, against: false });
            }
            let at = (i + 1).checked_sub(n)?;
            points[at..=i].iter().rev().eq(chain).then_some(Found { arc, at, against: true })
        })
    }

    /// Turns a free loop so that it begins at one of its vertices. The same coverage, numbered otherwise.
    pub(super) fn begin_loop_at(&mut self, ix: ArcIx, vertex: LatticePoint) {
        let arc = self.arc(ix);
        let (junction, n) = (arc.from, arc.points.len() - 1);
        let Some(start) = arc.points.iter().position(|p| *p == vertex).filter(|i| i % n > 0) else { return };
        let points: Vec<LatticePoint> = (0..=n).map(|i| arc.points[(start + i) % n]).collect();
        let row = Arc { points: points.into(), ..*arc };
        let star = self.star(junction).to_vec();
        self.write_arc(ix, Some(row));
        self.write_junction(junction, Some(Junction { at: vertex, star }));
    }

    pub(super) fn move_junction(&mut self, from: LatticePoint, to: LatticePoint) -> Result<Done, Refusal> {
        let inverse = Edit::MoveJunction { from: to, to: from };
        let junction = match self.place(from) {
            Some(Place::Junction(junction)) => junction,
            Some(Place::Arc(ix)) => {
                let points = &self.arc(ix).points;
                let at = points.iter().position(|p| *p == from).unwrap_or(1);
                let (before, after) = (points[at - 1], points[at + 1]);
                let done = self.reshape(&[before, from, after], &[before, to, after])?;
                return Ok(Done { inverse, ..done });
            }
            None => return Err(self.refusal(Rule::VertexGone, from).seeking(Sought::Vertex(from))),
        };
        let star = self.star(junction).to_vec();
        let ends: Vec<LatticePoint> = star.iter().map(|h| self.second(*h)).collect();
        let rings = self.judge_move(junction, from, to, &ends)?;
        let mut arcs: Vec<ArcIx> = star.iter().map(|h| h.arc()).collect();
        arcs.sort_unstable();
        arcs.dedup();
        let touched = star.iter().map(|h| self.id(self.left(*h))).collect();
        for ix in arcs {
            let mut row = self.arc(ix).clone();
            let last = row.points.len() - 1;
            for (end, at) in [(row.from, 0), (row.to, last)] {
                if end == junction {
                    row.points[at] = to;
                }
            }
            self.write_arc(ix, Some(row));
        }
        self.write_junction(junction, Some(Junction { at: to, star }));
        for (face, rings) in rings {
            self.write_rings(face, rings);
        }
        Ok(Done { inverse, bounds: around(ends.into_iter().chain([from, to])), touched })
    }

    /// Whether a junction may move; `ends` are the points next to it on its half-arcs, in the order of its star.
    fn judge_move(
        &self,
        junction: JunctionIx,
        from: LatticePoint,
        to: LatticePoint,
        ends: &[LatticePoint],
    ) -> Result<Vec<(FaceIx, Vec<Ring>)>, Refusal> {
        let star = self.star(junction);
        if from == to {
            return Err(self.refusal(Rule::NothingChanges, from));
        }
        if let Some(half) = star.iter().find(|h| self.arc(h.arc()).locked) {
            return Err(self
                .refusal(Rule::Locked, from)
                .of([self.id(self.left(*half)), self.id(self.left(half.twin()))]));
        }
        self.on_lattice(&[to])?;
        if self.place(to).is_some() {
            return Err(self.refusal(Rule::Touches, to));
        }
        let leaving = Edges::of(ends.iter().map(|end| (*end, from)));
        ends.iter().try_for_each(|end| self.edge_free((*end, to), &leaving))?;
        self.order_stays(from, to, |half| self.second(half))?;
        for end in ends {
            self.order_stays(*end, *end, |half| match self.second(half) {
                second if second == from => to,
                second => second,
            })?;
        }
        let mut areas = Areas::default();
        let mut wedges = Vec::new();
        for (i, half) in star.iter().enumerate() {
            // The face left of a half-arc comes in along the next one and goes out along this one.
            let (into, out) = (ends[(i + 1) % ends.len()], ends[i]);
            areas.gain(self, *half, cross(into, to, out) - cross(into, from, out));
            wedges.push([into, from, out, to]);
        }
        let rings = areas.judged(self, to)?;
        wedges.iter().try_for_each(|wedge| self.nothing_inside(wedge))?;
        Ok(rings)
    }
}
