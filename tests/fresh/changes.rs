//! Random changes of boundaries as people make them.

use wangge::coverage::edit::{Edit, Line};
use wangge::coverage::{ArcKind, FaceId, FaceRole, LatticePoint};
use wangge::grid::change::Desk;
use wangge::grid::change::{Change, Described, Figures, NewUnit, Verb};

use crate::partition::Seeded;

pub struct Proposer {
    pub random: Seeded,
    pub next_id: u64,
}

impl Proposer {
    fn below(&mut self, n: usize) -> usize {
        (self.random.next() % n.max(1) as u64) as usize
    }

    fn any<'a, T>(&mut self, rows: &'a [T]) -> &'a T {
        &rows[self.below(rows.len())]
    }

    fn near(&mut self, p: LatticePoint) -> LatticePoint {
        let reach = *self.any(&[2, 5_000, 50_000, 200_000, 1_000_000]);
        LatticePoint::new(p.x + self.random.between(-reach, reach), p.y + self.random.between(-reach, reach))
    }

    fn fresh(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A change that may be refused.
    pub fn propose(&mut self, desk: &mut Desk) -> Option<Change> {
        match self.below(100) {
            0..=9 => self.vertex(desk),
            10..=39 => self.reshape(desk).map(|edit| lines(Verb::Reshape, vec![edit])),
            40..=54 => Some(self.junction(desk)),
            55..=69 => self.split(desk),
            70..=77 => self.merge(desk),
            78..=85 => self.transfer(desk),
            86..=91 => self.reparent(desk),
            92..=94 => self.describe(desk),
            _ => self.role(desk),
        }
    }

    /// A junction goes somewhere near.
    pub fn junction(&mut self, desk: &Desk) -> Change {
        let from = *self.any(desk.coverage().junctions());
        let to = self.near(from);
        lines(Verb::Reshape, vec![Edit::MoveJunction { from, to }])
    }

    /// A vertex goes up to ten metres.
    pub fn vertex(&mut self, desk: &Desk) -> Option<Change> {
        let points = &self.any(desk.coverage().arcs()).points;
        let at = 1 + self.below(points.len().checked_sub(2).filter(|n| *n > 0)?);
        let (a, b, c) = (points[at - 1], points[at], points[at + 1]);
        let moved = LatticePoint::new(
            b.x + self.random.between(-100_000, 100_000),
            b.y + self.random.between(-100_000, 100_000),
        );
        Some(lines(Verb::Reshape, vec![Edit::Reshape { old: vec![a, b, c], new: vec![a, moved, c] }]))
    }

    fn reshape(&mut self, desk: &Desk) -> Option<Edit> {
        let arc = self.any(desk.coverage().arcs());
        let edges = 1 + self.below(3);
        if arc.points.len() <= edges {
            return None;
        }
        let at = self.below(arc.points.len() - edges);
        let old = arc.points[at..=at + edges].to_vec();
        let middle = match old.len() {
            2 => LatticePoint::new(i32::midpoint(old[0].x, old[1].x), i32::midpoint(old[0].y, old[1].y)),
            _ => old[1],
        };
        let inner = if edges > 1 && self.below(3) == 0 { vec![] } else { vec![self.near(middle)] };
        let new = [&[old[0]], &inner[..], &[old[edges]]].concat();
        Some(Edit::Reshape { old, new })
    }

    /// A cut of some unit along a chord, or around an island.
    fn cut(&mut self, desk: &Desk, new: u64) -> Option<(u64, Edit)> {
        let coverage = desk.coverage();
        let face = self.any(coverage.faces());
        if face.role != FaceRole::Unit {
            return None;
        }
        let ring = coverage.ring_points(self.any(&face.rings));
        let (a, b) = (*self.any(&ring), *self.any(&ring));
        let c = LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
        let points = if self.below(4) == 0 {
            let r = self.random.between(1, 200_000);
            let p = |x: i32, y: i32| LatticePoint::new(c.x + x * r, c.y + y * r);
            vec![p(1, 0), p(0, 1), p(-1, 0), p(0, -1), p(1, 0)]
        } else {
            vec![a, self.near(c), b]
        };
        let lines = vec![Line { points, kind: ArcKind::Drawn }];
        Some((face.id.0, Edit::Split { face: face.id, lines, new: FaceId(new), exclave: false }))
    }

    /// A unit is cut in two.
    pub fn split(&mut self, desk: &Desk) -> Option<Change> {
        let id = self.fresh();
        let (unit, edit) = self.cut(desk, id)?;
        let code = format!("{}-{id}", desk.row(unit)?.code);
        desk.split(unit, vec![edit], NewUnit { id, name: format!("新{code}"), code }, Figures::default()).ok()
    }

    fn neighbours(&mut self, desk: &Desk) -> [u64; 2] {
        let arc = self.any(desk.coverage().arcs());
        [arc.left, arc.right].map(|ix| desk.coverage().faces()[ix.ix()].id.0)
    }

    fn merge(&mut self, desk: &Desk) -> Option<Change> {
        let [keep, gone] = self.neighbours(desk);
        desk.merge(keep, gone, &[]).ok()
    }

    fn transfer(&mut self, desk: &Desk) -> Option<Change> {
        let spare = self.fresh();
        let (from, cut) = self.cut(desk, spare)?;
        let sides = (0..200).map(|_| self.neighbours(desk)).find(|sides| sides.contains(&from))?;
        let to = if sides[0] == from { sides[1] } else { sides[0] };
        let merge = Edit::Merge { keep: FaceId(to), gone: FaceId(spare), enclosing: Vec::new() };
        desk.transfer(from, to, vec![cut, merge], Figures { households: 1, population: 2 }).ok()
    }

    fn reparent(&mut self, desk: &Desk) -> Option<Change> {
        let [one, other] = self.neighbours(desk);
        let parent = desk.row(other)?.parent?;
        let code = format!("{}-{}", desk.row(parent)?.code, self.fresh());
        desk.reparent(one, parent, &[(one, code)]).ok()
    }

    fn describe(&mut self, desk: &Desk) -> Option<Change> {
        let mut unit = self.neighbours(desk)[0];
        for _ in 0..self.below(3) {
            unit = desk.row(unit)?.parent.unwrap_or(unit);
        }
        let name = Some(format!("新名{}", self.fresh()));
        desk.describe(unit, &Described { name, ..Described::default() }).ok()
    }

    fn role(&mut self, desk: &Desk) -> Option<Change> {
        let faces = desk.coverage().faces();
        let excluded: Vec<u64> = faces.iter().filter(|f| f.role == FaceRole::Excluded).map(|f| f.id.0).collect();
        if excluded.is_empty() || self.below(2) == 0 {
            return desk.exclude(self.neighbours(desk)[0]).ok();
        }
        let id = *self.any(&excluded);
        let beside = desk.coverage().units().map(|(_, face)| face.id.0).collect::<Vec<_>>();
        let parent = desk.row(*self.any(&beside))?.parent?;
        let code = format!("{}-{}", desk.row(parent)?.code, self.fresh());
        desk.include(NewUnit { id, name: code.clone(), code }, parent, String::new(), Figures::default()).ok()
    }
}

fn lines(verb: Verb, edits: Vec<Edit>) -> Change {
    Change { verb, edits, rows: Vec::new(), descent: Vec::new() }
}
