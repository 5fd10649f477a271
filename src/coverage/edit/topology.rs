//! The steps of cutting and merging that keep all tables true to each other: an arc is cut, two are joined, a line is attached, rows are
//! taken away and the last row moves into the gap.

use super::legal::turns_once;
use super::workbench::{Junction, Workbench};
use crate::coverage::{Arc, ArcIx, Face, FaceIx, HalfArc, JunctionIx, LatticePoint};

fn replace(star: &mut [HalfArc], old: HalfArc, new: HalfArc) {
    if let Some(half) = star.iter_mut().find(|h| **h == old) {
        *half = new;
    }
}

impl Workbench {
    /// Makes the vertex at place `at` of an arc a junction: the arc ends there, and a new one goes on.
    pub(super) fn cut(&mut self, ix: ArcIx, at: usize) {
        let (rest, junction) = (self.next_arc(), self.next_junction());
        let arc = self.arc(ix);
        let (left, right, to, vertex) = (arc.left, arc.right, arc.to, arc.points[at]);
        let head = Arc { to: junction, points: arc.points[..=at].into(), ..*arc };
        let tail = Arc { from: junction, points: arc.points[at..].into(), ..*arc };
        let mut end = self.junction(to);
        replace(&mut end.star, HalfArc::new(ix, true), HalfArc::new(rest, true));
        self.write_arc(ix, Some(head));
        self.write_arc(rest, Some(tail));
        self.write_junction(to, Some(end));
        let star = vec![HalfArc::new(ix, true), HalfArc::new(rest, false)];
        self.write_junction(junction, Some(Junction { at: vertex, star }));
        self.exchange(left, HalfArc::new(ix, false), &[HalfArc::new(ix, false), HalfArc::new(rest, false)]);
        self.exchange(right, HalfArc::new(ix, true), &[HalfArc::new(rest, true), HalfArc::new(ix, true)]);
    }

    /// Makes the junction, where two different arcs end and no other, a plain vertex; the arc with the lower index keeps its number and direction.
    pub(super) fn join(&mut self, junction: JunctionIx) {
        let [mut into, mut out] = [self.star(junction)[0], self.star(junction)[1]];
        if into.arc() > out.arc() {
            std::mem::swap(&mut into, &mut out);
        }
        // `kept` arrives at the junction, `rest` leaves it.
        let (kept, rest) = (into.twin(), out);
        let (far, sides) = (self.end_of(rest), [self.left(rest), self.left(rest.twin())]);
        let mut points = self.walk(kept);
        points.extend(&self.walk(rest)[1..]);
        let arc = self.arc(kept.arc());
        let row = if kept.reversed() {
            points.reverse();
            Arc { from: far, points: points.into(), ..*arc }
        } else {
            Arc { to: far, points: points.into(), ..*arc }
        };
        self.write_arc(kept.arc(), Some(row));
        let mut end = self.junction(far);
        replace(&mut end.star, rest.twin(), kept.twin());
        self.write_junction(far, Some(end));
        for (face, half) in [(sides[0], rest), (sides[1], rest.twin())] {
            self.exchange(face, half, &[]);
        }
        self.drop_arc(rest.arc());
        self.drop_junction(junction);
    }

    /// The place in a star for a line that leaves the junction towards `second`: the half-arc after which it comes.
    pub(super) fn wedge(&self, junction: JunctionIx, second: LatticePoint) -> Option<usize> {
        let Junction { at, star } = self.junction(junction);
        let between = |i: &usize| {
            let next = star[(i + 1) % star.len()];
            turns_once(at, &[self.second(star[*i]), second, self.second(next)])
        };
        (0..star.len()).find(between)
    }

    /// The face left of the half-arc from now on is another. Rings are the caller's.
    pub(super) fn give(&mut self, half: HalfArc, face: FaceIx) {
        let mut row = self.arc(half.arc()).clone();
        *(if half.reversed() { &mut row.right } else { &mut row.left }) = face;
        self.write_arc(half.arc(), Some(row));
    }

    /// Takes an arc out of the stars at its ends.
    pub(super) fn detach(&mut self, ix: ArcIx) {
        let (from, to) = (self.arc(ix).from, self.arc(ix).to);
        for end in [from, to] {
            let mut junction = self.junction(end);
            junction.star.retain(|h| h.arc() != ix);
            self.write_junction(end, Some(junction));
        }
    }

    /// Takes away the row of an arc that no star and no ring has.
    pub(super) fn drop_arc(&mut self, ix: ArcIx) {
        let last = ArcIx(self.next_arc().0 - 1);
        if ix != last {
            let row = self.arc(last).clone();
            let (ends, sides) = ([(row.from, false), (row.to, true)], [(row.left, false), (row.right, true)]);
            self.write_arc(ix, Some(row));
            for (end, reversed) in ends {
                let mut junction = self.junction(end);
                replace(&mut junction.star, HalfArc::new(last, reversed), HalfArc::new(ix, reversed));
                self.write_junction(end, Some(junction));
            }
            for (face, reversed) in sides {
                self.exchange(face, HalfArc::new(last, reversed), &[HalfArc::new(ix, reversed)]);
            }
        }
        self.write_arc(last, None);
    }

    /// Takes away a junction that no arc ends at.
    pub(super) fn drop_junction(&mut self, ix: JunctionIx) {
        let last = JunctionIx(self.next_junction().0 - 1);
        if ix != last {
            let row = self.junction(last);
            for half in &row.star {
                let mut arc = self.arc(half.arc()).clone();
                *(if half.reversed() { &mut arc.to } else { &mut arc.from }) = ix;
                self.write_arc(half.arc(), Some(arc));
            }
            self.write_junction(ix, Some(row));
        }
        self.write_junction(last, None);
    }

    /// Takes away a face that no arc has at its side.
    pub(super) fn drop_face(&mut self, ix: FaceIx) {
        let last = FaceIx(self.next_face().0 - 1);
        if ix != last {
            let row: Face = self.face(last).clone();
            for half in row.rings.iter().flat_map(|ring| ring.halves.iter()) {
                self.give(*half, ix);
            }
            self.write_face(ix, Some(row));
        }
        self.write_face(last, None);
    }
}
