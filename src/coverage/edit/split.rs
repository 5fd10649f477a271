//! A face is cut along new lines: `attach the lines → walk the new rings → which lies on the left → who may be in parts`.

use std::collections::{BTreeSet, HashSet};

use super::legal::Edges;
use super::refusal::{Refusal, Rule, Sought};
use super::workbench::{Done, Junction, Place, Workbench};
use super::{Edit, Line};
use crate::coverage::delta::around;
use crate::coverage::exact::{Side, side_of_ring};
use crate::coverage::{Arc, ArcIx, Face, FaceId, FaceIx, HalfArc, JunctionIx, LatticePoint, Ring};

/// Which of the two faces a ring belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    New,
    Old,
}

/// A face in two: the rings of each.
struct Shares {
    new: Vec<Ring>,
    old: Vec<Ring>,
}

impl Workbench {
    pub(super) fn split(&mut self, id: FaceId, lines: &[Line], new: FaceId, exclave: bool) -> Result<Done, Refusal> {
        let mut done = self.cut_face(id, lines, new, exclave);
        if let Err(refusal) = &mut done
            && refusal.rule != Rule::IdTaken
        {
            refusal.faces.retain(|face| *face != new); // it is not made
        }
        done
    }

    fn cut_face(&mut self, id: FaceId, lines: &[Line], new: FaceId, exclave: bool) -> Result<Done, Refusal> {
        let face = self.land(id)?;
        let corner = self.somewhere(face);
        if self.has_id(new) {
            return Err(self.refusal(Rule::IdTaken, corner).of([new]));
        }
        self.lines_are_sound(lines, corner)?;
        let tied: Vec<LatticePoint> = lines.iter().flat_map(ends).collect();
        tied.iter().try_for_each(|end| self.make_junction(*end, &tied, face))?;
        for line in lines.iter().filter(|l| is_closed(l)) {
            if !self.holds(face, line.points[0]) {
                return Err(self.refusal(Rule::NotInFace, line.points[0]).of([id]));
            }
        }
        let before = self.face(face).rings.to_vec();
        let made = self.next_face();
        let row = Face { id: new, role: self.face(face).role, rings: Box::default(), exclave };
        self.write_face(made, Some(row));
        let arcs: Vec<ArcIx> =
            lines.iter().map(|line| self.attach(line, face, made)).collect::<Result<_, Refusal>>()?;
        let shares = self.share(&before, &arcs).map_err(|refusal| refusal.of([id]))?;
        let parts = |rings: &[Ring]| rings.iter().filter(|r| r.doubled_area > 0).count();
        for (rings, may) in [(&shares.new, exclave), (&shares.old, self.face(face).exclave)] {
            match parts(rings) {
                0 => return Err(self.refusal(Rule::DoesNotCut, lines[0].points[0]).of([id])),
                1 => {}
                _ if may => {}
                _ => return Err(self.refusal(Rule::InParts, lines[0].points[0]).of([id])),
            }
        }
        let enclosing = self.enclosed_between(&before, &shares);
        let around_new: Vec<HalfArc> = shares.new.iter().flat_map(|r| r.halves.iter().copied()).collect();
        for half in around_new.iter().filter(|h| !arcs.contains(&h.arc())) {
            self.give(*half, made);
        }
        self.no_new_pinch(&around_new, face, made, &tied)?;
        let bounds = around(shares.new.iter().flat_map(|ring| self.outline(ring)));
        self.write_rings(made, shares.new);
        self.write_rings(face, shares.old);
        Ok(Done { inverse: Edit::Merge { keep: id, gone: new, enclosing }, bounds, touched: vec![id, new] })
    }

    /// What can be said of the lines without the face: each is simple, on the lattice and on free places, and no two share a point.
    fn lines_are_sound(&self, lines: &[Line], corner: LatticePoint) -> Result<(), Refusal> {
        if lines.is_empty() {
            return Err(self.refusal(Rule::DoesNotCut, corner));
        }
        let mut seen = HashSet::new();
        for line in lines {
            let points = &line.points;
            let closed = is_closed(line);
            if points.len() < if closed { 4 } else { 2 } {
                return Err(self.refusal(Rule::TooShort, points.first().copied().unwrap_or(corner)));
            }
            self.on_lattice(points)?;
            self.simple(points)?;
            self.places_free(points, &[])?;
            if closed && self.place(points[0]).is_some() {
                return Err(self.refusal(Rule::Pinches, points[0]));
            }
            if let Some(p) = points[usize::from(closed)..].iter().find(|p| !seen.insert(**p)) {
                return Err(self.refusal(Rule::RepeatedPoint, *p));
            }
        }
        Ok(())
    }

    /// Makes the vertex where a line is to begin or end a junction, if it is none.
    fn make_junction(&mut self, at: LatticePoint, tied: &[LatticePoint], face: FaceIx) -> Result<(), Refusal> {
        match self.place(at) {
            None => Err(self.refusal(Rule::VertexGone, at).of([self.id(face)]).seeking(Sought::Vertex(at))),
            Some(Place::Junction(_)) => Ok(()), // its wedges are looked at when the line is attached
            Some(Place::Arc(ix)) => {
                let arc = self.arc(ix);
                if arc.left != face && arc.right != face {
                    return Err(self.refusal(Rule::NotInFace, at));
                }
                if arc.locked {
                    return Err(self.refusal(Rule::Locked, at));
                }
                let within = arc.points.iter().position(|p| *p == at).unwrap_or(1);
                // The junction of a free loop means nothing, unless another line is tied to it.
                if self.is_free_loop(ix) && !tied.contains(&arc.points[0]) {
                    self.begin_loop_at(ix, at);
                } else {
                    self.cut(ix, within);
                }
                Ok(())
            }
        }
    }

    /// Whether a point that is no vertex lies inside a face.
    fn holds(&self, face: FaceIx, p: LatticePoint) -> bool {
        let sides: Vec<Side> = self.face(face).rings.iter().map(|r| side_of_ring(&self.outline(r), p)).collect();
        !sides.contains(&Side::On) && sides.iter().filter(|s| **s == Side::Inside).count() % 2 == 1
    }

    /// Lays a line down as an arc between `face` and the face to be made on its left.
    fn attach(&mut self, line: &Line, face: FaceIx, made: FaceIx) -> Result<ArcIx, Refusal> {
        let points = &line.points;
        let nothing = Edges::of([]);
        points.windows(2).try_for_each(|e| self.edge_free((e[0], e[1]), &nothing))?;
        let ix = self.next_arc();
        let (first, last) = (points[0], points[points.len() - 1]);
        let (out, back) = (HalfArc::new(ix, false), HalfArc::new(ix, true));
        let mut stars: Vec<(JunctionIx, Junction)> = Vec::new();
        if is_closed(line) {
            stars.push((self.next_junction(), Junction { at: first, star: vec![out, back] }));
        } else {
            for (at, second, half) in [(first, points[1], out), (last, points[points.len() - 2], back)] {
                let Some(Place::Junction(j)) = self.place(at) else {
                    return Err(self.refusal(Rule::NotInFace, at));
                };
                let mut junction = self.junction(j);
                match self.wedge(j, second).filter(|i| self.left(junction.star[*i]) == face) {
                    Some(i) => junction.star.insert(i + 1, half),
                    None => return Err(self.refusal(Rule::NotInFace, at).of([self.id(face)])),
                }
                stars.push((j, junction));
            }
        }
        let (from, to) = (stars[0].0, stars[stars.len() - 1].0);
        let row = Arc { from, to, left: made, right: face, points: points[..].into(), kind: line.kind, locked: false };
        self.write_arc(ix, Some(row));
        for (j, junction) in stars {
            self.write_junction(j, Some(junction));
        }
        Ok(ix)
    }

    /// Shares the rings out: along a line by its sides; a ring that no line meets goes where the ring around it goes, and a part of an exclave
    /// that no line meets stays.
    fn share(&self, before: &[Ring], arcs: &[ArcIx]) -> Result<Shares, Refusal> {
        let at = self.arc(arcs[0]).points[0];
        let refused = || self.refusal(Rule::DoesNotCut, at);
        let new = self.trace_all(arcs.iter().map(|ix| HalfArc::new(*ix, false)));
        let old = self.trace_all(arcs.iter().map(|ix| HalfArc::new(*ix, true)));
        if new.iter().flat_map(|r| r.halves.iter()).any(|h| h.reversed() && arcs.contains(&h.arc())) {
            return Err(refused());
        }
        let met: HashSet<HalfArc> = new.iter().chain(&old).flat_map(|r| r.halves.iter().copied()).collect();
        let untouched = before.iter().filter(|r| !met.contains(&r.halves[0])).cloned().map(|r| (r, None));
        let known = |share| move |ring| (ring, Some(share));
        let rings: Vec<(Ring, Option<Share>)> = new
            .into_iter()
            .map(known(Share::New))
            .chain(old.into_iter().map(known(Share::Old)))
            .chain(untouched)
            .collect();
        let (mut outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|(r, _)| r.doubled_area > 0);
        outer.sort_by_key(|(r, _)| r.doubled_area);
        let outlines: Vec<Vec<LatticePoint>> = if outer.len() > 1 {
            outer.iter().map(|(r, _)| self.outline(r)).collect()
        } else {
            vec![Vec::new(); outer.len()]
        };
        let home = |hole: &Ring| {
            let points = self.outline(hole);
            // A hole may touch the ring around it at vertices; where all are on it, it may be that ring's own other side.
            let around = |(outline, (ring, _)): (&Vec<LatticePoint>, &(Ring, Option<Share>))| {
                let side = points.iter().map(|p| side_of_ring(outline, *p)).find(|s| *s != Side::On);
                side.map_or(-hole.doubled_area < ring.doubled_area, |side| side == Side::Inside)
            };
            if outlines.len() == 1 { Some(0) } else { outlines.iter().zip(&outer).position(around) }
        };
        let homes: Vec<usize> = holes.iter().map(|(r, _)| home(r)).collect::<Option<_>>().ok_or_else(refused)?;
        for ((_, share), home) in holes.iter().zip(&homes) {
            match (share, outer[*home].1) {
                (Some(own), None) => outer[*home].1 = Some(*own),
                (Some(own), Some(other)) if *own != other => return Err(refused()),
                _ => {}
            }
        }
        let mut shares = Shares { new: Vec::new(), old: Vec::new() };
        let inner: Vec<(Ring, Option<Share>)> =
            holes.into_iter().zip(homes).map(|((ring, share), home)| (ring, share.or(outer[home].1))).collect();
        for (ring, share) in outer.into_iter().chain(inner) {
            if share == Some(Share::New) { &mut shares.new } else { &mut shares.old }.push(ring);
        }
        Ok(shares)
    }

    /// The faces in holes that neither of the two encloses alone.
    fn enclosed_between(&self, before: &[Ring], shares: &Shares) -> Vec<FaceId> {
        let outer: HashSet<HalfArc> = (shares.new.iter().chain(&shares.old))
            .filter(|r| r.doubled_area > 0)
            .flat_map(|r| r.halves.iter().copied())
            .collect();
        let opened = before.iter().filter(|r| r.doubled_area < 0 && r.halves.iter().all(|h| outer.contains(h)));
        let ids: BTreeSet<FaceId> =
            opened.flat_map(|r| r.halves.iter()).map(|h| self.id(self.left(h.twin()))).collect();
        ids.into_iter().collect()
    }

    /// At the ends of the lines the new face has one wedge; away from them the two do not meet in a mere point.
    fn no_new_pinch(
        &self,
        around_new: &[HalfArc],
        face: FaceIx,
        made: FaceIx,
        tied: &[LatticePoint],
    ) -> Result<(), Refusal> {
        for half in around_new {
            let at = self.start(*half);
            let star = self.star(self.end_of(half.twin()));
            let wedges = |face: FaceIx| star.iter().filter(|h| self.left(**h) == face).count();
            let closed = star.len() == 2;
            if if tied.contains(&at) { wedges(made) > 1 } else { wedges(face) > 0 && !closed } {
                return Err(self.refusal(Rule::Pinches, at));
            }
        }
        Ok(())
    }
}

fn is_closed(line: &Line) -> bool {
    line.points.first() == line.points.last()
}

/// Where a line is tied to the boundary.
fn ends(line: &Line) -> impl Iterator<Item = LatticePoint> {
    let ends = [line.points.first(), line.points.last()].map(|p| p.filter(|_| !is_closed(line)).copied());
    ends.into_iter().flatten()
}
