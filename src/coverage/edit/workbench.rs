//! A coverage on which edits are made: the tables, what is derived from them to find things by place, and a journal of the rows that were
//! changed.
//!
//! Every change is a *row write*: an arc, a face or a junction with its star is replaced, appended, or – the last one – taken away. A write
//! keeps the derived indices true and puts the old row in the journal. So a refused edit, or the first steps of several, are undone by
//! writing the old rows back, to the very same tables; and the rows in the journal are the [`Delta`].

use std::collections::HashMap;

use super::refusal::{Refusal, Rule, Sought};
use super::squares::{Mixing, Squares};
use super::{Applied, Edit};
use crate::coverage::delta::around;
use crate::coverage::region::Rotation;
use crate::coverage::{Arc, ArcIx, Coverage, Delta, Face, FaceId, FaceIx, FaceRole, HalfArc, JunctionIx, LatticePoint};

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Junction(JunctionIx),
    /// A vertex between the ends of an arc.
    Arc(ArcIx),
}

/// A row as it was before a write; `None` when the write appended it.
#[derive(Clone, Debug)]
enum Was {
    Arc(ArcIx, Option<Arc>),
    Face(FaceIx, Option<Face>),
    Junction(JunctionIx, Option<Junction>),
}

/// A junction's place, and the half-arcs leaving it, counter-clockwise from any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Junction {
    pub(super) at: LatticePoint,
    pub(super) star: Vec<HalfArc>,
}

/// What an edit reports of itself; the rows it wrote are in the journal.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) inverse: Edit,
    pub(super) bounds: (LatticePoint, LatticePoint),
    pub(super) touched: Vec<FaceId>,
}

/// A valid coverage that takes edits and stays valid.
///
/// Cost: making one is linear and takes in the order of a hundred bytes an edge beside the coverage. An edit costs what it touches – the arcs and faces it changes, the edges near
/// its lines, and the one row that is renumbered for each it takes away – whatever the size of the district.
#[derive(Clone, Debug)]
pub struct Workbench {
    coverage: Coverage,
    stars: Vec<Vec<HalfArc>>,
    places: HashMap<LatticePoint, Place, Mixing>,
    ids: HashMap<FaceId, FaceIx>,
    edges: Squares,
    nodes: Squares,
    journal: Vec<Was>,
}

/// Squares are this many times as wide as the mean edge, and those of the junctions, which are fewer, this many times as wide again.
const EDGES_WIDE: i64 = 2;
const NODES_WIDE: i64 = 4;

impl Workbench {
    /// `coverage` must be valid ([`crate::coverage::validate::faults`]): edits keep it so, they do not make it so.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        let rotation = Rotation::new(coverage.junctions.len(), &coverage.arcs);
        let stars = (0..coverage.junctions.len()).map(|j| rotation.around(j).to_vec()).collect();
        let (mut length, mut count) = (0, 0);
        for (a, b) in coverage.arcs.iter().flat_map(Arc::edges) {
            length += (i64::from(a.x) - i64::from(b.x)).abs().max((i64::from(a.y) - i64::from(b.y)).abs());
            count += 1;
        }
        let width = EDGES_WIDE * length / count.max(1);
        let mut edges = Squares::new(width);
        let mut nodes = Squares::new(width * NODES_WIDE);
        let mut places = HashMap::with_capacity_and_hasher(count as usize, Mixing::default());
        for (i, arc) in coverage.arcs.iter().enumerate() {
            arc.edges().for_each(|(a, b)| edges.insert(a, b));
            let inner = &arc.points[1..arc.points.len() - 1];
            places.extend(inner.iter().map(|p| (*p, Place::Arc(ArcIx(i as u32)))));
        }
        for (j, at) in coverage.junctions.iter().enumerate() {
            nodes.insert(*at, *at);
            places.insert(*at, Place::Junction(JunctionIx(j as u32)));
        }
        let ids = coverage.faces.iter().enumerate().map(|(i, f)| (f.id, FaceIx(i as u32))).collect();
        Self { coverage, stars, places, ids, edges, nodes, journal: Vec::new() }
    }

    #[must_use]
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    #[must_use]
    pub fn into_coverage(self) -> Coverage {
        self.coverage
    }

    /// Makes an edit.
    ///
    /// # Errors
    /// The rule it breaks, and where; nothing has changed then.
    pub fn apply(&mut self, edit: &Edit) -> Result<Applied, Refusal> {
        let applied = self.step(edit);
        self.journal.clear();
        applied
    }

    /// What [`Workbench::apply`] would answer; nothing changes. For a line that is still being dragged.
    ///
    /// # Errors
    /// As [`Workbench::apply`].
    pub fn check(&mut self, edit: &Edit) -> Result<Applied, Refusal> {
        self.trial(|bench| bench.step(edit))
    }

    /// Makes edits in order, all or none.
    ///
    /// # Errors
    /// The first refusal, with its step; nothing has changed then, numbering included.
    pub fn apply_all(&mut self, edits: &[Edit]) -> Result<Vec<Applied>, Refusal> {
        self.apply_if(edits, |_, _| Ok::<_, Refusal>(())).map(|(made, ())| made)
    }

    /// Makes edits in order and lets `judge` look at the result: all stand, or – when an edit is refused, or `judge` says no – none.
    ///
    /// # Errors
    /// The first refusal, or what `judge` says; nothing has changed then, numbering included.
    pub fn apply_if<T, E: From<Refusal>>(
        &mut self,
        edits: &[Edit],
        judge: impl FnOnce(&Self, &[Applied]) -> Result<T, E>,
    ) -> Result<(Vec<Applied>, T), E> {
        let mark = self.mark_here();
        let judged = self.steps(edits).map_err(E::from).and_then(|made| {
            let answer = judge(self, &made)?;
            Ok((made, answer))
        });
        if judged.is_err() {
            self.roll_back(mark);
        }
        self.forget();
        judged
    }

    /// What a face is; `None` when there is none of that identity.
    #[must_use]
    pub fn role(&self, id: FaceId) -> Option<FaceRole> {
        self.ids.get(&id).map(|ix| self.face(*ix).role)
    }

    /// Where a face stands in the coverage as it is now.
    #[must_use]
    pub fn index_of(&self, id: FaceId) -> Option<FaceIx> {
        self.ids.get(&id).copied()
    }

    /// Makes edits in order, looks at the coverage they give and at what they changed, and undoes them, numbering included. For showing what would be.
    ///
    /// # Errors
    /// As [`Workbench::apply_all`]; nothing is looked at then.
    pub fn rehearse<T>(&mut self, edits: &[Edit], look: impl FnOnce(&Coverage, &Delta) -> T) -> Result<T, Refusal> {
        self.trial(|bench| {
            let mut delta = Delta::default();
            bench.steps(edits)?.into_iter().for_each(|applied| delta.join(applied.delta));
            Ok(look(bench.coverage(), &delta))
        })
    }

    /// As [`Workbench::apply_all`], within a trial or a longer sequence.
    pub(super) fn steps(&mut self, edits: &[Edit]) -> Result<Vec<Applied>, Refusal> {
        let mark = self.journal.len();
        let made: Result<Vec<Applied>, Refusal> = (edits.iter().enumerate())
            .map(|(step, edit)| self.step(edit).map_err(|refusal| Refusal { step, ..refusal }))
            .collect();
        if made.is_err() {
            self.roll_back(mark);
        }
        made
    }

    /// As [`Workbench::apply`], within a trial or a longer sequence: the journal goes on.
    pub(super) fn step(&mut self, edit: &Edit) -> Result<Applied, Refusal> {
        let mark = self.journal.len();
        match self.make(edit) {
            Ok(done) => Ok(self.applied(mark, done)),
            Err(refusal) => {
                self.roll_back(mark);
                Err(refusal)
            }
        }
    }

    /// Does some work and undoes it, numbering included.
    pub(super) fn trial<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.journal.len();
        let answer = work(self);
        self.roll_back(mark);
        answer
    }

    /// Where the journal stands, to roll back to.
    pub(super) const fn mark_here(&self) -> usize {
        self.journal.len()
    }

    /// What was done stays done.
    pub(super) fn forget(&mut self) {
        self.journal.clear();
    }

    fn make(&mut self, edit: &Edit) -> Result<Done, Refusal> {
        match edit {
            Edit::Reshape { old, new } => self.reshape(old, new),
            Edit::MoveJunction { from, to } => self.move_junction(*from, *to),
            Edit::Split { face, lines, new, exclave } => self.split(*face, lines, *new, *exclave),
            Edit::Merge { keep, gone, enclosing } => self.merge(*keep, *gone, enclosing),
            Edit::SetRole { face, role } => self.set_role(*face, *role),
            Edit::Mark { edge, kind, locked } => self.mark(*edge, *kind, *locked),
        }
    }

    fn applied(&self, mark: usize, done: Done) -> Applied {
        let mut delta = Delta { bounds: Some(done.bounds), ..Delta::default() };
        for was in &self.journal[mark..] {
            match was {
                Was::Arc(ix, _) => delta.arcs.push(*ix),
                Was::Face(ix, before) => {
                    let kind = |face: &Face| (face.id, face.role, face.exclave);
                    if before.as_ref().map(kind) != self.coverage.faces.get(ix.ix()).map(kind) {
                        delta.faces.push(*ix);
                    }
                }
                Was::Junction(..) => {}
            }
        }
        let mut touched = done.touched;
        touched.sort_unstable();
        touched.dedup();
        delta.join(Delta::default());
        Applied { inverse: done.inverse, delta, touched }
    }

    pub(super) fn roll_back(&mut self, mark: usize) {
        while self.journal.len() > mark {
            match self.journal.pop() {
                Some(Was::Arc(ix, row)) => drop(self.put_arc(ix, row)),
                Some(Was::Face(ix, row)) => drop(self.put_face(ix, row)),
                Some(Was::Junction(ix, row)) => drop(self.put_junction(ix, row)),
                None => return,
            }
        }
    }
}

// ---- reading --------------------------------------------------------------------------------------------------------------------

impl Workbench {
    pub(super) fn arc(&self, ix: ArcIx) -> &Arc {
        &self.coverage.arcs[ix.ix()]
    }

    pub(super) fn face(&self, ix: FaceIx) -> &Face {
        &self.coverage.faces[ix.ix()]
    }

    pub(super) fn id(&self, ix: FaceIx) -> FaceId {
        self.face(ix).id
    }

    pub(super) fn has_id(&self, id: FaceId) -> bool {
        self.ids.contains_key(&id)
    }

    /// A face that an edit may cut, merge or give a role: any but the outside.
    pub(super) fn land(&self, id: FaceId) -> Result<FaceIx, Refusal> {
        match self.ids.get(&id) {
            Some(&FaceIx::OUTSIDE) => Err(self.refusal(Rule::Outside, self.somewhere(FaceIx::OUTSIDE)).of([id])),
            Some(ix) => Ok(*ix),
            None => {
                let refusal = self.refusal(Rule::FaceGone, self.somewhere(FaceIx::OUTSIDE));
                Err(refusal.of([id]).seeking(Sought::Face(id)))
            }
        }
    }

    /// A vertex of a face; the origin for a face without rings.
    pub(super) fn somewhere(&self, face: FaceIx) -> LatticePoint {
        let half = self.face(face).rings.first().and_then(|r| r.halves.first());
        half.map_or(LatticePoint::new(0, 0), |h| self.start(*h))
    }

    pub(super) fn place(&self, at: LatticePoint) -> Option<Place> {
        self.places.get(&at).copied()
    }

    pub(super) fn junction(&self, ix: JunctionIx) -> Junction {
        Junction { at: self.coverage.junctions[ix.ix()], star: self.stars[ix.ix()].clone() }
    }

    pub(super) fn star(&self, ix: JunctionIx) -> &[HalfArc] {
        &self.stars[ix.ix()]
    }

    pub(super) fn left(&self, half: HalfArc) -> FaceIx {
        self.coverage.left_of(half)
    }

    /// The junction where a half-arc ends.
    pub(super) fn end_of(&self, half: HalfArc) -> JunctionIx {
        let arc = self.arc(half.arc());
        if half.reversed() { arc.from } else { arc.to }
    }

    /// The first point of a half-arc.
    pub(super) fn start(&self, half: HalfArc) -> LatticePoint {
        self.nth(half, 0)
    }

    /// The point after the first.
    pub(super) fn second(&self, half: HalfArc) -> LatticePoint {
        self.nth(half, 1)
    }

    fn nth(&self, half: HalfArc, n: usize) -> LatticePoint {
        let points = &self.arc(half.arc()).points;
        if half.reversed() { points[points.len() - 1 - n] } else { points[n] }
    }

    pub(super) fn walk(&self, half: HalfArc) -> Vec<LatticePoint> {
        self.coverage.half_points(half).collect()
    }

    /// Whether the arc is a loop that nothing else is attached to.
    pub(super) fn is_free_loop(&self, ix: ArcIx) -> bool {
        let arc = self.arc(ix);
        arc.from == arc.to && self.stars[arc.from.ix()].len() == 2
    }

    pub(super) const fn edges(&self) -> &Squares {
        &self.edges
    }

    pub(super) const fn nodes(&self) -> &Squares {
        &self.nodes
    }

    /// The half-arc on which the edge `a → b` lies, and the place of `a` among its points.
    pub(super) fn half_with(&self, a: LatticePoint, b: LatticePoint) -> Option<(HalfArc, usize)> {
        let on = |ix: ArcIx| {
            let points = &self.arc(ix).points;
            let edge = points.windows(2).position(|e| (e[0] == a && e[1] == b) || (e[0] == b && e[1] == a))?;
            let reversed = points[edge] == b;
            // A loop of two edges does not exist, so the direction is that of the pair found.
            Some((HalfArc::new(ix, reversed), if reversed { points.len() - 2 - edge } else { edge }))
        };
        match (self.place(a)?, self.place(b)?) {
            (Place::Arc(ix), _) | (_, Place::Arc(ix)) => on(ix),
            (Place::Junction(j), _) => self.star(j).iter().find(|h| self.second(**h) == b).map(|h| (*h, 0)),
        }
    }

    pub(super) fn refusal(&self, rule: Rule, at: LatticePoint) -> Refusal {
        Refusal { rule, at, bounds: (at, at), faces: self.faces_at(at), sought: None, step: 0 }
    }

    /// The faces around a vertex; none elsewhere.
    pub(super) fn faces_at(&self, at: LatticePoint) -> Vec<FaceId> {
        let mut faces: Vec<FaceId> = match self.place(at) {
            Some(Place::Arc(ix)) => vec![self.id(self.arc(ix).left), self.id(self.arc(ix).right)],
            Some(Place::Junction(j)) => self.star(j).iter().map(|h| self.id(self.left(*h))).collect(),
            None => Vec::new(),
        };
        faces.sort_unstable();
        faces.dedup();
        faces
    }
}

// ---- writing --------------------------------------------------------------------------------------------------------------------

impl Workbench {
    pub(super) fn next_arc(&self) -> ArcIx {
        ArcIx(self.coverage.arcs.len() as u32)
    }

    pub(super) fn next_face(&self) -> FaceIx {
        FaceIx(self.coverage.faces.len() as u32)
    }

    pub(super) fn next_junction(&self) -> JunctionIx {
        JunctionIx(self.coverage.junctions.len() as u32)
    }

    /// Replaces or appends an arc; `None` takes the last one away.
    pub(super) fn write_arc(&mut self, ix: ArcIx, row: Option<Arc>) {
        let was = self.put_arc(ix, row);
        self.journal.push(Was::Arc(ix, was));
    }

    /// Replaces or appends a face; `None` takes the last one away.
    pub(super) fn write_face(&mut self, ix: FaceIx, row: Option<Face>) {
        let was = self.put_face(ix, row);
        self.journal.push(Was::Face(ix, was));
    }

    /// Replaces or appends a junction; `None` takes the last one away.
    pub(super) fn write_junction(&mut self, ix: JunctionIx, row: Option<Junction>) {
        let was = self.put_junction(ix, row);
        self.journal.push(Was::Junction(ix, was));
    }

    // A place always belongs to who was written there last: a write takes out only places that are still its own row's. So the rows around
    // a vertex that becomes a junction, or stops being one, can be written in any order, and written back in the opposite one.

    fn put_arc(&mut self, ix: ArcIx, row: Option<Arc>) -> Option<Arc> {
        let was = put(&mut self.coverage.arcs, ix.ix(), row);
        let before: &[LatticePoint] = was.as_ref().map_or(&[], |arc| &arc.points);
        let after: &[LatticePoint] = self.coverage.arcs.get(ix.ix()).map_or(&[], |arc| &arc.points);
        let (n, m) = (before.len(), after.len());
        // What both begin and end with stays filed. An end is no inner vertex, hence one less.
        let most = n.min(m).saturating_sub(1);
        let head = before.iter().zip(after).take(most).take_while(|(a, b)| a == b).count();
        let tail = (before.iter().rev().zip(after.iter().rev()))
            .take(most.min(n.min(m) - head))
            .take_while(|(a, b)| a == b)
            .count();
        let edges = |points: usize| head.saturating_sub(1)..(points - tail).min(points.saturating_sub(1));
        let inner = |points: usize| head.max(1)..(points - tail).min(points.saturating_sub(1)).max(head.max(1));
        edges(n).for_each(|i| self.edges.remove(before[i], before[i + 1]));
        for p in &before[if n == 0 { 0..0 } else { inner(n) }] {
            if self.places.get(p) == Some(&Place::Arc(ix)) {
                self.places.remove(p);
            }
        }
        edges(m).for_each(|i| self.edges.insert(after[i], after[i + 1]));
        for p in &after[if m == 0 { 0..0 } else { inner(m) }] {
            self.places.insert(*p, Place::Arc(ix));
        }
        was
    }

    fn put_face(&mut self, ix: FaceIx, row: Option<Face>) -> Option<Face> {
        let was = put(&mut self.coverage.faces, ix.ix(), row);
        if let Some(id) = was.as_ref().map(|f| f.id).filter(|id| self.ids.get(id) == Some(&ix)) {
            self.ids.remove(&id);
        }
        if let Some(face) = self.coverage.faces.get(ix.ix()) {
            self.ids.insert(face.id, ix);
        }
        was
    }

    fn put_junction(&mut self, ix: JunctionIx, row: Option<Junction>) -> Option<Junction> {
        let (at, star) = row.map_or((None, None), |j| (Some(j.at), Some(j.star)));
        let place = put(&mut self.coverage.junctions, ix.ix(), at);
        let star = put(&mut self.stars, ix.ix(), star);
        if place != at {
            if let Some(p) = place {
                self.nodes.remove(p, p);
                if self.places.get(&p) == Some(&Place::Junction(ix)) {
                    self.places.remove(&p);
                }
            }
            if let Some(p) = at {
                self.nodes.insert(p, p);
            }
        }
        if let Some(p) = at {
            self.places.insert(p, Place::Junction(ix));
        }
        Some(Junction { at: place?, star: star? })
    }
}

/// Replaces, appends, or takes the last row away; the row that was there.
fn put<T>(rows: &mut Vec<T>, at: usize, row: Option<T>) -> Option<T> {
    match row {
        Some(row) if at < rows.len() => Some(std::mem::replace(&mut rows[at], row)),
        Some(row) => {
            debug_assert_eq!(at, rows.len(), "rows are appended in order");
            rows.push(row);
            None
        }
        None => {
            debug_assert_eq!(at + 1, rows.len(), "only the last row can go");
            rows.pop()
        }
    }
}

impl Refusal {
    pub(super) fn of(mut self, faces: impl IntoIterator<Item = FaceId>) -> Self {
        self.faces = faces.into_iter().collect();
        self.faces.sort_unstable();
        self.faces.dedup();
        self
    }

    pub(super) fn within(self, points: impl IntoIterator<Item = LatticePoint>) -> Self {
        let bounds = around(points.into_iter().chain([self.at]));
        Self { bounds, ..self }
    }

    pub(super) fn seeking(self, sought: Sought) -> Self {
        Self { sought: Some(sought), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::coverage::build::{BuildOptions, Claim, build};
    use crate::coverage::edit::Line;
    use crate::coverage::{ArcKind, Lattice};

    const fn p(x: i32, y: i32) -> LatticePoint {
        LatticePoint::new(x * 100_000, y * 100_000)
    }

    /// Nine squares of three by three, with a vertex at each third of their sides.
    fn board() -> Workbench {
        let square = |i: i32, j: i32| {
            let (x, y) = (3 * i, 3 * j);
            let side = |dx: i32, dy: i32, from: LatticePoint| {
                (0..3).map(move |k| LatticePoint::new(from.x + k * dx * 100_000, from.y + k * dy * 100_000))
            };
            let (south, east) = (side(1, 0, p(x, y)), side(0, 1, p(x + 3, y)));
            south.chain(east).chain(side(-1, 0, p(x + 3, y + 3))).chain(side(0, -1, p(x, y + 3))).collect()
        };
        let claim = |n: i32| Claim {
            id: FaceId(n as u64 + 1),
            polygons: vec![vec![square(n % 3, n / 3)]],
            excluded: false,
            weight: 0,
        };
        let claims: Vec<Claim> = (0..9).map(claim).collect();
        let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
        let options = BuildOptions { snap_m: 0.0, ..BuildOptions::default() };
        Workbench::new(build(lattice, &claims, &options).coverage.expect("nine squares"))
    }

    fn filed(squares: &Squares) -> BTreeSet<(LatticePoint, LatticePoint)> {
        let mut all = BTreeSet::new();
        squares.within((p(-9_000, -9_000), p(9_000, 9_000)), |a, b| {
            all.insert((a, b));
        });
        all
    }

    /// What is derived from the tables is what would be derived anew.
    #[track_caller]
    fn is_derived(bench: &Workbench) {
        let anew = Workbench::new(bench.coverage.clone());
        assert_eq!(bench.places, anew.places);
        assert_eq!(bench.ids, anew.ids);
        assert_eq!(filed(&bench.edges), filed(&anew.edges));
        assert_eq!(filed(&bench.nodes), filed(&anew.nodes));
        for (star, other) in bench.stars.iter().zip(&anew.stars) {
            let turn = other.iter().position(|h| *h == star[0]).expect("the same half-arcs");
            assert!(star.iter().eq(other[turn..].iter().chain(&other[..turn])), "{star:?} {other:?}");
        }
    }

    #[test]
    fn what_is_derived_follows_every_kind_of_edit_and_every_way_back() {
        let mut bench = board();
        let line = |points: &[LatticePoint]| vec![Line { points: points.to_vec(), kind: ArcKind::Drawn }];
        let split = |face, points: &[LatticePoint], new| Edit::Split {
            face: FaceId(face),
            lines: line(points),
            new: FaceId(new),
            exclave: false,
        };
        let off = |at: LatticePoint, dx: i32| LatticePoint::new(at.x + dx, at.y + 7_000);
        let ring = [p(4, 4), p(5, 4), p(5, 5), p(4, 4)].map(|at| off(at, 10_000));
        let edits = [
            Edit::Reshape { old: vec![p(3, 4), p(3, 5)], new: vec![p(3, 4), off(p(3, 4), 9_000), p(3, 5)] },
            Edit::MoveJunction { from: p(3, 3), to: off(p(3, 3), -20_000) },
            split(5, &ring, 20),
            Edit::MoveJunction { from: ring[0], to: off(ring[0], 5_000) },
            split(1, &[p(0, 2), p(2, 0)], 21),
            Edit::Merge { keep: FaceId(2), gone: FaceId(3), enclosing: vec![] },
            Edit::Merge { keep: FaceId(5), gone: FaceId(20), enclosing: vec![] },
            Edit::Merge { keep: FaceId(1), gone: FaceId(21), enclosing: vec![] },
            Edit::SetRole { face: FaceId(9), role: crate::coverage::FaceRole::Excluded },
        ];
        let base = bench.coverage.clone();
        let mut inverses = Vec::new();
        for edit in &edits {
            bench.check(edit).expect("legal");
            is_derived(&bench);
            inverses.push(bench.apply(edit).expect("legal").inverse);
            is_derived(&bench);
        }
        for inverse in inverses.iter().rev() {
            bench.apply(inverse).expect("undone");
            is_derived(&bench);
        }
        let mut bench = Workbench::new(base.clone());
        bench.trial(|bench| bench.steps(&edits).map(|all| all.len())).expect("legal together");
        assert_eq!(bench.coverage, base);
        is_derived(&bench);
    }
}
