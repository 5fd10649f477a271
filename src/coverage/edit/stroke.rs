//! From what a person draws to edits: a line is tied to the boundary near its ends, cuts a face, and may hand the piece to a neighbour.
//!
//! Everything is tried on the workbench first and undone, numbering included, so the edits in an answer are known to be legal together.

use super::refusal::{Refusal, Rule};
use super::workbench::Workbench;
use super::{Edit, Line};
use crate::coverage::exact::dot;
use crate::coverage::{ArcKind, FaceId, FaceIx, LatticePoint};

/// A drawn line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// Its first and last point are near the boundary of the face it cuts; all between lie in the face.
    pub points: Vec<LatticePoint>,
    /// How far from the boundary an end may be, in steps of the lattice (which are shorter east-west than north-south): up to 2³⁰.
    pub tolerance: u32,
}

const MOST_TOLERANCE: u32 = 1 << 30;

impl Workbench {
    /// The edits that cut a face along a stroke: what lies on its left becomes `new`. An end is tied to the nearest vertex of the face's boundary
    /// within the tolerance, else to a new vertex on the nearest edge, rounded to the lattice, so that the edge bends by less than a step.
    ///
    /// # Errors
    /// [`Rule::NotInFace`] when an end is near no boundary of the face; else what the edits would be refused for.
    pub fn split_along(
        &mut self,
        face: FaceId,
        stroke: &Stroke,
        kind: ArcKind,
        new: FaceId,
    ) -> Result<Vec<Edit>, Refusal> {
        self.trial(|bench| {
            let (mut edits, points) = bench.tied(face, stroke)?;
            let split = Edit::Split { face, lines: vec![Line { points, kind }], new, exclave: false };
            bench.step(&split)?;
            edits.push(split);
            Ok(edits)
        })
    }

    /// The edits that hand the piece of `from` that a stroke cuts off to its neighbour `to`: of the two pieces the one that borders on `to`, the
    /// smaller if both do. One reshape where both ends lie on one arc between the two; else a split and a merge, for which `spare` is an id never
    /// used, and used up. The new line is of the kind of the boundary it takes the place of.
    ///
    /// # Errors
    /// [`Rule::NotInFace`] when an end is near no boundary of `from`, [`Rule::NotNeighbours`] when the two share none; else what the edits
    /// would be refused for.
    pub fn transfer(&mut self, from: FaceId, to: FaceId, stroke: &Stroke, spare: FaceId) -> Result<Vec<Edit>, Refusal> {
        self.trial(|bench| {
            let receiver = bench.land(to)?;
            let (mut edits, points) = bench.tied(from, stroke)?;
            let giver = bench.land(from)?;
            let halves = || bench.face(giver).rings.iter().flat_map(|r| r.halves.iter());
            let Some(shared) = halves().find(|h| bench.left(h.twin()) == receiver) else {
                return Err(bench.refusal(Rule::NotNeighbours, points[0]).of([from, to]));
            };
            let kind = bench.arc(shared.arc()).kind;
            if let Some(reshape) = bench.pushed(giver, receiver, &points) {
                edits.push(reshape);
                return Ok(edits);
            }
            let left = bench.handed(from, to, points.clone(), kind, spare);
            let right = bench.handed(from, to, points.into_iter().rev().collect(), kind, spare);
            let (_, pair) = match (left, right) {
                (Ok(one), Ok(other)) => {
                    if one.0 <= other.0 {
                        one
                    } else {
                        other
                    }
                }
                (Ok(one), Err(_)) | (Err(_), Ok(one)) => one,
                // Not bordering on the receiver is what is to be expected of one of the two; the other's reason is the telling one.
                (Err(one), Err(other)) => return Err(if one.rule == Rule::NotNeighbours { other } else { one }),
            };
            edits.extend(pair);
            Ok(edits)
        })
    }

    /// The boundary between the two pushed out to the stroke, when both its ends lie on one arc between them and the giver gets smaller.
    fn pushed(&mut self, giver: FaceIx, receiver: FaceIx, line: &[LatticePoint]) -> Option<Edit> {
        let (first, last) = (line[0], line[line.len() - 1]);
        let between = |half: &&crate::coverage::HalfArc| self.left(half.twin()) == receiver;
        let halves: Vec<_> =
            self.face(giver).rings.iter().flat_map(|r| r.halves.iter()).filter(between).copied().collect();
        let size = |bench: &Self| bench.face(giver).rings.iter().map(|r| r.doubled_area).sum::<i128>();
        for half in halves {
            let points = self.walk(half);
            let at = |p: LatticePoint| points.iter().position(|q| *q == p);
            let (Some(a), Some(b)) = (at(first), at(last)) else { continue };
            let mut old = points[a.min(b)..=a.max(b)].to_vec();
            if a > b {
                old.reverse();
            }
            let before = size(self);
            let edit = Edit::Reshape { old, new: line.to_vec() };
            let gives = self.trial(|bench| bench.step(&edit).is_ok() && size(bench) < before);
            if gives {
                return Some(edit);
            }
        }
        None
    }

    /// The cut and the merge that hand over what lies on the left of the line, and the doubled area of that.
    fn handed(
        &mut self,
        from: FaceId,
        to: FaceId,
        points: Vec<LatticePoint>,
        kind: ArcKind,
        spare: FaceId,
    ) -> Result<(i128, [Edit; 2]), Refusal> {
        let split = Edit::Split { face: from, lines: vec![Line { points, kind }], new: spare, exclave: false };
        let merge = Edit::Merge { keep: to, gone: spare, enclosing: Vec::new() };
        self.trial(|bench| {
            bench.step(&split)?;
            let piece = bench.land(spare)?;
            let area = bench.face(piece).rings.iter().map(|r| r.doubled_area).sum();
            bench.step(&merge)?;
            Ok((area, [split, merge]))
        })
    }

    /// The stroke with its ends on vertices of the face's boundary, and the edits – made – that put these there.
    fn tied(&mut self, face: FaceId, stroke: &Stroke) -> Result<(Vec<Edit>, Vec<LatticePoint>), Refusal> {
        let ix = self.land(face)?;
        let (Some(first), Some(last)) = (stroke.points.first(), stroke.points.last()) else {
            return Err(self.refusal(Rule::TooShort, self.somewhere(ix)).of([face]));
        };
        let mut edits = Vec::new();
        let mut ends = [*first, *last];
        for end in &mut ends {
            let (vertex, edge) = self.nearest(ix, *end, stroke.tolerance.min(MOST_TOLERANCE))?;
            if let Some((a, b)) = edge {
                let insert = Edit::Reshape { old: vec![a, b], new: vec![a, vertex, b] };
                self.step(&insert)?;
                edits.push(insert);
            }
            *end = vertex;
        }
        if ends[0] == ends[1] {
            return Err(self.refusal(Rule::DoesNotCut, ends[0]).of([face]));
        }
        let inner = stroke.points.iter().skip(1).take(stroke.points.len().saturating_sub(2));
        let mut points = vec![ends[0]];
        points.extend(inner.filter(|p| !ends.contains(p)));
        points.push(ends[1]);
        points.dedup();
        Ok((edits, points))
    }

    /// The vertex of the face's boundary nearest to `p` within the tolerance; else the lattice point nearest to `p` on its nearest edge, and that
    /// edge.
    fn nearest(
        &self,
        face: FaceIx,
        p: LatticePoint,
        tolerance: u32,
    ) -> Result<(LatticePoint, Option<(LatticePoint, LatticePoint)>), Refusal> {
        let reach = tolerance.max(1) as i32;
        let low = LatticePoint::new(p.x.saturating_sub(reach), p.y.saturating_sub(reach));
        let high = LatticePoint::new(p.x.saturating_add(reach), p.y.saturating_add(reach));
        let (mut vertices, mut feet) = (Vec::new(), Vec::new());
        self.edges().within((low, high), |a, b| {
            let own = |h: crate::coverage::HalfArc| self.left(h) == face || self.left(h.twin()) == face;
            let foot = foot(p, a, b);
            let near = [a, b, foot].map(|q| dot(p, q, q) <= i128::from(tolerance).pow(2));
            if near.contains(&true) && self.half_with(a, b).is_some_and(|(half, _)| own(half)) {
                vertices.extend([a, b].into_iter().zip(near).filter(|(_, near)| *near).map(|(q, _)| q));
                if near[2] {
                    feet.push((foot, (a, b)));
                }
            }
        });
        let vertex = vertices.into_iter().min_by_key(|q| (dot(p, *q, *q), *q));
        if let Some(vertex) = vertex {
            return Ok((vertex, None));
        }
        let foot = feet.into_iter().min_by_key(|(q, edge)| (dot(p, *q, *q), *q, *edge));
        let Some((foot, edge)) = foot else { return Err(self.refusal(Rule::NotInFace, p).of([self.id(face)])) };
        let end = foot == edge.0 || foot == edge.1;
        Ok((foot, (!end).then_some(edge)))
    }
}

/// The lattice point nearest to where the perpendicular from `p` meets the edge; one of its ends beyond them.
fn foot(p: LatticePoint, a: LatticePoint, b: LatticePoint) -> LatticePoint {
    let (along, whole) = (dot(a, b, p), dot(a, b, b));
    if along <= 0 || along >= whole {
        return if along <= 0 { a } else { b };
    }
    let share = |from: i32, to: i32| {
        let top = (i128::from(to) - i128::from(from)) * along;
        (i128::from(from) + (2 * top + whole).div_euclid(2 * whole)) as i32
    };
    LatticePoint::new(share(a.x, b.x), share(a.y, b.y))
}
