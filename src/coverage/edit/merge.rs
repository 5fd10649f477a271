//! Two neighbours become one: `what lies between → may it go → walk the new rings → what do they enclose → join what is left`.

use std::collections::{BTreeSet, HashSet};

use super::refusal::{Refusal, Rule};
use super::workbench::{Done, Place, Workbench};
use super::{Edit, Line};
use crate::coverage::delta::around;
use crate::coverage::{ArcIx, FaceId, FaceIx, HalfArc, JunctionIx, LatticePoint, Ring};

impl Workbench {
    pub(super) fn merge(&mut self, keep: FaceId, gone: FaceId, enclosing: &[FaceId]) -> Result<Done, Refusal> {
        let (kept, lost) = (self.land(keep)?, self.land(gone)?);
        let corner = self.somewhere(lost);
        let both = |refusal: Refusal| refusal.of([keep, gone]);
        // The half-arcs of the one that is lost with the one that stays on the other side.
        let halves = self.face(lost).rings.iter().flat_map(|r| r.halves.iter().copied());
        let mut between: Vec<HalfArc> = halves.filter(|h| self.left(h.twin()) == kept).collect();
        between.sort_unstable();
        if between.is_empty() || kept == lost {
            return Err(both(self.refusal(Rule::NotNeighbours, corner)));
        }
        if self.face(kept).role != self.face(lost).role {
            return Err(both(self.refusal(Rule::RolesDiffer, corner)));
        }
        self.between_may_go(&between, kept, lost)?;
        self.all_parts_meet(&between, lost)?;
        let lines = between.iter().map(|h| Line { points: self.walk(*h), kind: self.arc(h.arc()).kind }).collect();
        let inverse = Edit::Split { face: keep, lines, new: gone, exclave: self.face(lost).exclave };
        let bounds = around(self.face(lost).rings.iter().flat_map(|r| self.outline(r)));
        self.dissolve(&between, kept, lost, enclosing)?;
        Ok(Done { inverse, bounds, touched: vec![keep, gone] })
    }

    /// Neither the arcs between nor those that would become one at their ends stand in the way, and the two meet nowhere else.
    fn between_may_go(&self, between: &[HalfArc], kept: FaceIx, lost: FaceIx) -> Result<(), Refusal> {
        let both = |refusal: Refusal| refusal.of([self.id(kept), self.id(lost)]);
        if let Some(half) = between.iter().find(|h| self.arc(h.arc()).locked) {
            return Err(both(self.refusal(Rule::Locked, self.start(*half)).within(self.walk(*half))));
        }
        for half in self.face(lost).rings.iter().flat_map(|r| r.halves.iter()) {
            let star = self.star(self.end_of(half.twin()));
            let at = self.start(*half);
            let dissolved = star.iter().filter(|h| between.contains(h) || between.contains(&h.twin())).count();
            let wedges = |face: FaceIx| star.iter().filter(|h| self.left(**h) == face).count();
            let free = dissolved == 2 && star.len() == 2;
            if (dissolved > 0 && !free && (dissolved > 1 || wedges(lost) > 1)) || (dissolved == 0 && wedges(kept) > 0) {
                return Err(both(self.refusal(Rule::Pinches, at)));
            }
            if dissolved == 1 && star.len() == 3 {
                let rest: Vec<ArcIx> = star.iter().map(|h| h.arc()).filter(|ix| !holds(between, *ix)).collect();
                let [one, other] = [self.arc(rest[0]), self.arc(rest[1])];
                if rest[0] != rest[1] && (one.locked || other.locked) {
                    return Err(self.refusal(Rule::Locked, at));
                }
                if rest[0] != rest[1] && one.kind != other.kind {
                    return Err(self.refusal(Rule::KindsDiffer, at));
                }
            }
        }
        Ok(())
    }

    /// Every part of the one that is lost meets the other: no part of it is left behind.
    fn all_parts_meet(&self, between: &[HalfArc], lost: FaceIx) -> Result<(), Refusal> {
        let rings = &self.face(lost).rings;
        if rings.iter().filter(|r| r.doubled_area > 0).count() < 2 {
            return Ok(());
        }
        let meeting: HashSet<LatticePoint> = between.iter().map(|h| self.start(*h)).collect();
        for part in self.coverage().polygons(rings) {
            if !part.iter().flatten().any(|p| meeting.contains(p)) {
                return Err(self.refusal(Rule::InParts, part[0][0]).of([self.id(lost)]));
            }
        }
        Ok(())
    }

    fn dissolve(
        &mut self,
        between: &[HalfArc],
        kept: FaceIx,
        lost: FaceIx,
        enclosing: &[FaceId],
    ) -> Result<(), Refusal> {
        let keep = self.id(kept);
        let given: Vec<HalfArc> = self.face(lost).rings.iter().flat_map(|r| r.halves.iter().copied()).collect();
        for half in given.iter().filter(|h| !holds(between, h.arc())) {
            self.give(*half, kept);
        }
        let before: Vec<Ring> = self.face(kept).rings.iter().chain(&self.face(lost).rings).cloned().collect();
        let mut ends: Vec<LatticePoint> = between.iter().flat_map(|h| [self.start(*h), self.start(h.twin())]).collect();
        ends.sort_unstable();
        ends.dedup();
        between.iter().for_each(|h| self.detach(h.arc()));
        let meets = |r: &Ring| r.halves.iter().any(|h| holds(between, h.arc()));
        let (opened, mut rings): (Vec<Ring>, Vec<Ring>) = before.into_iter().partition(meets);
        let starts = opened.iter().flat_map(|r| r.halves.iter().copied()).filter(|h| !holds(between, h.arc()));
        let traced = self.trace_all(starts);
        self.encloses_only(&opened, &traced, enclosing)?;
        rings.extend(traced);
        if rings.iter().filter(|r| r.doubled_area > 0).count() > 1 && !self.face(kept).exclave {
            return Err(self.refusal(Rule::InParts, ends[0]).of([keep]));
        }
        self.write_rings(kept, rings);
        self.write_rings(lost, Vec::new());
        // From the highest index down, so that no arc that is still to go is moved.
        let mut arcs: Vec<ArcIx> = between.iter().map(|h| h.arc()).collect();
        arcs.sort_unstable();
        arcs.into_iter().rev().for_each(|ix| self.drop_arc(ix));
        for end in ends {
            if let Some(Place::Junction(j)) = self.place(end) {
                self.settle(j);
            }
        }
        self.drop_face(lost);
        Ok(())
    }

    /// A junction that has lost an arc goes when none is left, becomes a plain vertex when two are, and stays otherwise or on a loop.
    fn settle(&mut self, junction: JunctionIx) {
        match self.star(junction) {
            [] => self.drop_junction(junction),
            [one, other] if one.arc() != other.arc() => self.join(junction),
            _ => {}
        }
    }

    /// Every hole of the two together lies in a hole of one of them, or holds only what was named.
    fn encloses_only(&self, opened: &[Ring], traced: &[Ring], named: &[FaceId]) -> Result<(), Refusal> {
        let enclosed: HashSet<HalfArc> =
            opened.iter().filter(|r| r.doubled_area < 0).flat_map(|r| r.halves.iter().copied()).collect();
        for hole in traced.iter().filter(|r| r.doubled_area < 0 && !r.halves.iter().any(|h| enclosed.contains(h))) {
            let within: BTreeSet<FaceId> = hole.halves.iter().map(|h| self.id(self.left(h.twin()))).collect();
            if within.iter().any(|id| !named.contains(id)) {
                let outline = self.outline(hole);
                return Err(self.refusal(Rule::Encloses, outline[0]).within(outline).of(within));
            }
        }
        Ok(())
    }
}

/// Whether the arc is one of these, which are sorted.
fn holds(halves: &[HalfArc], ix: ArcIx) -> bool {
    halves.binary_search_by_key(&ix, |h| h.arc()).is_ok()
}
