//! Random edits of all kinds, legal and not, proposed by someone who knows the coverage but not the rules.

use wangge::coverage::edit::{Edit, Line};
use wangge::coverage::{Arc, ArcIx, ArcKind, Coverage, Face, FaceId, FaceIx, FaceRole, LatticePoint, Ring};

use crate::partition::Seeded;

/// The kinds of edit proposed, for the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    MoveVertex,
    Insert,
    Delete,
    Redraw,
    MoveJunction,
    SplitAcross,
    SplitIsland,
    SplitPastHole,
    SplitExclave,
    Merge,
    SetRole,
    Mark,
    Nonsense,
}

pub const KINDS: [Kind; 13] = [
    Kind::MoveVertex,
    Kind::Insert,
    Kind::Delete,
    Kind::Redraw,
    Kind::MoveJunction,
    Kind::SplitAcross,
    Kind::SplitIsland,
    Kind::SplitPastHole,
    Kind::SplitExclave,
    Kind::Merge,
    Kind::SetRole,
    Kind::Mark,
    Kind::Nonsense,
];

pub struct Proposer {
    pub random: Seeded,
    pub next_id: u64,
    /// Splits are proposed below and merges above this number of faces.
    pub faces: usize,
}

impl Proposer {
    fn below(&mut self, n: usize) -> usize {
        (self.random.next() % n.max(1) as u64) as usize
    }

    fn any<'a, T>(&mut self, rows: &'a [T]) -> &'a T {
        &rows[self.below(rows.len())]
    }

    /// A point near another: mostly a few steps or metres away, sometimes a whole cell.
    fn near(&mut self, p: LatticePoint) -> LatticePoint {
        let reach = *self.any(&[2, 5_000, 50_000, 50_000, 200_000, 200_000, 200_000, 1_500_000]);
        self.within(p, reach)
    }

    fn within(&mut self, p: LatticePoint, reach: i32) -> LatticePoint {
        LatticePoint::new(p.x + self.random.between(-reach, reach), p.y + self.random.between(-reach, reach))
    }

    /// The next proposal; `None` where the coverage has nothing of the kind.
    pub fn propose(&mut self, coverage: &Coverage) -> Option<(Kind, Edit)> {
        let crowded = coverage.faces().len() > self.faces;
        let kind = match self.below(100) {
            0..=15 => Kind::MoveVertex,
            16..=27 => Kind::Insert,
            28..=39 => Kind::Delete,
            40..=47 => Kind::Redraw,
            48..=59 => Kind::MoveJunction,
            60..=67 if crowded => Kind::Merge,
            60..=67 => Kind::SplitAcross,
            68..=70 => Kind::SplitIsland,
            71..=74 => Kind::SplitPastHole,
            75..=77 => Kind::SplitExclave,
            78..=87 => Kind::Merge,
            88..=91 => Kind::SetRole,
            92..=95 => Kind::Mark,
            _ => Kind::Nonsense,
        };
        let edit = match kind {
            Kind::MoveVertex | Kind::Insert | Kind::Delete | Kind::Redraw => self.reshape(coverage, kind),
            Kind::MoveJunction => {
                let from = *self.any(coverage.junctions());
                Some(Edit::MoveJunction { from, to: self.near(from) })
            }
            Kind::SplitAcross => self.across(coverage),
            Kind::SplitIsland => self.island(coverage),
            Kind::SplitPastHole => self.past_hole(coverage),
            Kind::SplitExclave => self.exclave(coverage),
            Kind::Merge => {
                let arc = self.any(coverage.arcs());
                let [keep, gone] = self.either([arc.left, arc.right]).map(|ix| coverage.faces()[ix.ix()].id);
                Some(Edit::Merge { keep, gone, enclosing: Vec::new() })
            }
            Kind::SetRole => {
                let face = self.any(coverage.faces()).id;
                let role =
                    *self.any(&[FaceRole::Unit, FaceRole::Unit, FaceRole::Unit, FaceRole::Excluded, FaceRole::Gap]);
                Some(Edit::SetRole { face, role })
            }
            Kind::Mark => Some(self.mark(coverage)),
            Kind::Nonsense => Some(self.nonsense(coverage)),
        };
        edit.map(|edit| (kind, edit))
    }

    fn either<T>(&mut self, mut pair: [T; 2]) -> [T; 2] {
        if self.below(2) == 0 {
            pair.reverse();
        }
        pair
    }

    fn reshape(&mut self, coverage: &Coverage, kind: Kind) -> Option<Edit> {
        let arc = self.any(coverage.arcs());
        let mut points = arc.points.to_vec();
        if self.below(2) == 0 {
            points.reverse();
        }
        let edges = match kind {
            Kind::Insert => 1,
            Kind::Redraw => 1 + self.below(points.len() - 1),
            _ => 2,
        };
        if points.len() <= edges {
            return None;
        }
        let at = self.below(points.len() - edges);
        let old = points[at..=at + edges].to_vec();
        let (first, last) = (old[0], old[edges]);
        let middle = LatticePoint::new(i32::midpoint(first.x, last.x), i32::midpoint(first.y, last.y));
        let inner = match kind {
            Kind::MoveVertex => vec![self.near(old[1])],
            Kind::Insert => vec![self.near(middle)],
            Kind::Delete => Vec::new(),
            _ => {
                let n = 1 + self.below(4) as i64;
                let along =
                    |from: i32, to: i32, k: i64| from + ((i64::from(to) - i64::from(from)) * k / (n + 1)) as i32;
                let on = |k| LatticePoint::new(along(first.x, last.x, k), along(first.y, last.y, k));
                (1..=n).map(|k| self.within(on(k), 100_000)).collect()
            }
        };
        let new = [&[first], &inner[..], &[last]].concat();
        Some(Edit::Reshape { old, new })
    }

    fn fresh(&mut self) -> FaceId {
        self.next_id += 1;
        FaceId(self.next_id)
    }

    fn line(&mut self, points: Vec<LatticePoint>) -> Line {
        Line { points, kind: *self.any(&[ArcKind::Drawn, ArcKind::Drawn, ArcKind::Drawn, ArcKind::Road]) }
    }

    /// A line between two vertices of one ring, straight or with a bend near the middle.
    fn chord(&mut self, ring: &[LatticePoint]) -> Line {
        let (a, b) = (*self.any(ring), *self.any(ring));
        let middle = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
        let bend = self.within(middle, 80_000);
        let points = if self.below(2) == 0 { vec![a, b] } else { vec![a, bend, b] };
        self.line(points)
    }

    fn some_face<'a>(&mut self, coverage: &'a Coverage, wanted: impl Fn(&Face) -> bool) -> Option<&'a Face> {
        let faces: Vec<&Face> = coverage.faces().iter().filter(|f| !f.rings.is_empty() && wanted(f)).collect();
        (!faces.is_empty()).then(|| *self.any(&faces))
    }

    fn across(&mut self, coverage: &Coverage) -> Option<Edit> {
        let face = self.some_face(coverage, |_| true)?;
        let ring = coverage.ring_points(self.any(&face.rings));
        let lines = vec![self.chord(&ring)];
        Some(Edit::Split { face: face.id, lines, new: self.fresh(), exclave: false })
    }

    fn island(&mut self, coverage: &Coverage) -> Option<Edit> {
        let face = self.some_face(coverage, |_| true)?;
        let ring = coverage.ring_points(&face.rings[0]);
        let (a, b) = (*self.any(&ring), *self.any(&ring));
        let c = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
        let r = self.random.between(1, 300_000);
        let p = |x: i32, y: i32| LatticePoint::new(c.x + x * r, c.y + y * r);
        let mut points = vec![p(1, 0), p(0, 1), p(-1, 0), p(0, -1), p(1, 0)];
        if self.below(2) == 0 {
            points.reverse();
        }
        let lines = vec![self.line(points)];
        Some(Edit::Split { face: face.id, lines, new: self.fresh(), exclave: false })
    }

    fn past_hole(&mut self, coverage: &Coverage) -> Option<Edit> {
        let face = self.some_face(coverage, |f| f.rings.iter().any(|r| r.doubled_area < 0))?;
        let outer = coverage.ring_points(&face.rings[0]);
        let holes: Vec<Ring> = face.rings.iter().filter(|r| r.doubled_area < 0).cloned().collect();
        let hole = coverage.ring_points(self.any(&holes));
        let nearest = |p: LatticePoint| {
            let far =
                |q: &LatticePoint| (i64::from(q.x) - i64::from(p.x)).pow(2) + (i64::from(q.y) - i64::from(p.y)).pow(2);
            *outer.iter().min_by_key(|q| far(q)).unwrap()
        };
        let i = self.below(hole.len());
        let (a, b) = (hole[i], hole[(i + hole.len() / 2) % hole.len()]);
        // Out along one and back along the other, so that the same land is on the left of both.
        let lines = vec![self.line(vec![nearest(a), a]), self.line(vec![b, nearest(b)])];
        Some(Edit::Split { face: face.id, lines, new: self.fresh(), exclave: false })
    }

    fn exclave(&mut self, coverage: &Coverage) -> Option<Edit> {
        let parts = |f: &Face| f.rings.iter().filter(|r| r.doubled_area > 0).count();
        let face = self.some_face(coverage, |f| parts(f) > 1)?;
        let outlines: Vec<_> =
            face.rings.iter().filter(|r| r.doubled_area > 0).map(|r| coverage.ring_points(r)).collect();
        let lines = outlines[..2].iter().map(|ring| self.chord(ring)).collect();
        Some(Edit::Split { face: face.id, lines, new: self.fresh(), exclave: self.below(4) > 0 })
    }

    fn mark(&mut self, coverage: &Coverage) -> Edit {
        let locked: Vec<&Arc> = coverage.arcs().iter().filter(|a| a.locked).collect();
        let arc = if locked.len() > 5 { *self.any(&locked) } else { self.any(coverage.arcs()) };
        let edge = self.below(arc.points.len() - 1);
        let edge = self.either([arc.points[edge], arc.points[edge + 1]]);
        let kind = *self.any(&[ArcKind::Drawn, ArcKind::Drawn, ArcKind::Drawn, ArcKind::Road, ArcKind::Legal]);
        let locked = locked.len() <= 5 && self.below(2) == 0;
        Edit::Mark { edge: (edge[0], edge[1]), kind, locked }
    }

    /// What a broken client might send.
    fn nonsense(&mut self, coverage: &Coverage) -> Edit {
        let arc = ArcIx(self.below(coverage.arcs().len()) as u32);
        let points = &coverage.arcs()[arc.ix()].points;
        let (first, second) = (points[0], points[1]);
        let far = LatticePoint::new(i32::MAX, i32::MIN);
        let id = coverage.faces()[self.below(coverage.faces().len())].id;
        let line = |points: Vec<LatticePoint>| vec![Line { points, kind: ArcKind::Drawn }];
        let outside = coverage.faces()[FaceIx::OUTSIDE.ix()].id;
        match self.below(14) {
            0 => Edit::Reshape { old: vec![], new: vec![] },
            1 => Edit::Reshape { old: vec![first, second], new: vec![first, second] },
            2 => Edit::Reshape { old: vec![first, second], new: vec![first, first, second] },
            3 => Edit::Reshape { old: vec![first, second], new: vec![first, far, second] },
            4 => Edit::Reshape { old: vec![first, self.near(second)], new: vec![first, far] },
            5 => Edit::MoveJunction { from: self.near(first), to: second },
            6 => Edit::MoveJunction { from: first, to: far },
            7 => Edit::Split { face: id, lines: vec![], new: self.fresh(), exclave: true },
            8 => Edit::Split { face: id, lines: line(vec![first]), new: self.fresh(), exclave: true },
            9 => Edit::Split { face: id, lines: line(vec![first, second]), new: id, exclave: false },
            10 => Edit::Split { face: outside, lines: line(vec![first, far]), new: self.fresh(), exclave: false },
            11 => Edit::Merge { keep: id, gone: id, enclosing: vec![id] },
            12 => Edit::SetRole { face: self.fresh(), role: FaceRole::Unit },
            _ => Edit::Reshape { old: vec![first, second, first], new: vec![first, self.near(first), second, first] },
        }
    }
}
