//! Rings from arcs: of the faces themselves, and of any grouping of faces – which is how every upper level gets its shape.

use std::collections::HashMap;

use super::exact::{Side, by_angle, doubled_area, side_of_ring};
use super::validate::{Fault, Rule};
use super::{
    Arc, ArcIx, Coverage, Face, FaceId, FaceIx, FaceRole, HalfArc, JunctionIx, Lattice, LatticePoint, LatticePolygon,
    Ring,
};

/// The group a face belongs to in [`trace`]; [`Group::NONE`] for faces outside every group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u32);

impl Group {
    pub const NONE: Self = Self(u32::MAX);
}

/// The rings of every group, group on the left: the arcs whose two sides lie in different groups. `group_of_face` has one
/// entry a face; `groups` is the number of groups (a greater group number counts as [`Group::NONE`]). Each group's outer rings come
/// first, largest first, then its holes. Linear in arcs, plus sorting at junctions.
#[must_use]
pub fn trace(coverage: &Coverage, group_of_face: &[Group], groups: usize) -> Vec<Vec<Ring>> {
    Tracer::new(coverage).trace(group_of_face, groups)
}

/// Traces several groupings of one coverage: what is sorted at junctions is sorted once.
pub struct Tracer<'a> {
    coverage: &'a Coverage,
    rotation: Rotation,
}

impl std::fmt::Debug for Tracer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

impl<'a> Tracer<'a> {
    /// Cost: linear in arcs, plus sorting at junctions.
    #[must_use]
    pub fn new(coverage: &'a Coverage) -> Self {
        Self { coverage, rotation: Rotation::new(coverage.junctions.len(), &coverage.arcs) }
    }

    /// As [`trace`]. Cost: the arcs, and the points of those that separate groups.
    #[must_use]
    pub fn trace(&self, group_of_face: &[Group], groups: usize) -> Vec<Vec<Ring>> {
        // The faces close around every junction (checked when the coverage was put together), so any grouping of them does too.
        rings(&self.coverage.arcs, &self.rotation, group_of_face, groups).unwrap_or_else(|_| vec![Vec::new(); groups])
    }
}

/// The highest level that each arc separates: the smallest index `k` at which `group_of_face[k]` (top level first) differs
/// between its sides; the number of levels where none does (between two pieces of nobody's land). An arc of the outline has rank 0.
#[must_use]
pub fn ranks(coverage: &Coverage, group_of_face: &[Vec<Group>]) -> Vec<u8> {
    let rank = |arc: &Arc| {
        let differs = |level: &Vec<Group>| level[arc.left.ix()] != level[arc.right.ix()];
        group_of_face.iter().position(differs).unwrap_or(group_of_face.len()) as u8
    };
    coverage.arcs.iter().map(rank).collect()
}

/// The half-arcs leaving each junction, counter-clockwise.
pub(super) struct Rotation {
    starts: Vec<u32>,
    leaving: Vec<HalfArc>,
    /// The place of each half-arc in `leaving`.
    place: Vec<u32>,
}

impl Rotation {
    pub(super) fn new(junctions: usize, arcs: &[Arc]) -> Self {
        let mut starts = vec![0u32; junctions + 1];
        for arc in arcs {
            starts[arc.from.ix() + 1] += 1;
            starts[arc.to.ix() + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut fill = starts.clone();
        let mut leaving = vec![HalfArc::new(ArcIx(0), false); arcs.len() * 2];
        for (i, arc) in arcs.iter().enumerate() {
            for (junction, reversed) in [(arc.from, false), (arc.to, true)] {
                leaving[fill[junction.ix()] as usize] = HalfArc::new(ArcIx(i as u32), reversed);
                fill[junction.ix()] += 1;
            }
        }
        for span in starts.windows(2) {
            leaving[span[0] as usize..span[1] as usize].sort_unstable_by(|a, b| {
                let (first, second) = (first_edge(arcs, *a), first_edge(arcs, *b));
                by_angle(first.0, first.1, second.1).then(a.cmp(b))
            });
        }
        let mut place = vec![0u32; leaving.len()];
        for (i, half) in leaving.iter().enumerate() {
            place[half.0 as usize] = i as u32;
        }
        Self { starts, leaving, place }
    }

    /// The half-arcs leaving a junction, counter-clockwise.
    pub(super) fn around(&self, junction: usize) -> &[HalfArc] {
        &self.leaving[self.starts[junction] as usize..self.starts[junction + 1] as usize]
    }

    /// The half-arcs leaving the junction where `half` ends, clockwise from the way back; the way back itself comes last.
    fn clockwise_from_back<'a>(&'a self, arcs: &[Arc], half: HalfArc) -> impl Iterator<Item = HalfArc> + 'a {
        let arc = &arcs[half.arc().ix()];
        let end = if half.reversed() { arc.from } else { arc.to };
        let (start, stop) = (self.starts[end.ix()], self.starts[end.ix() + 1]);
        let back = self.place[half.twin().0 as usize] - start;
        let degree = stop - start;
        (1..=degree).map(move |k| self.leaving[(start + (back + degree - k) % degree) as usize])
    }
}

fn first_edge(arcs: &[Arc], half: HalfArc) -> (LatticePoint, LatticePoint) {
    let points = &arcs[half.arc().ix()].points;
    let n = points.len();
    if half.reversed() { (points[n - 1], points[n - 2]) } else { (points[0], points[1]) }
}

fn rings(arcs: &[Arc], rotation: &Rotation, group_of_face: &[Group], groups: usize) -> Result<Vec<Vec<Ring>>, Fault> {
    let side = |half: HalfArc| {
        let arc = &arcs[half.arc().ix()];
        group_of_face[if half.reversed() { arc.right } else { arc.left }.ix()]
    };
    let mut found = vec![Vec::new(); groups];
    let mut walked = vec![false; arcs.len() * 2];
    for start in (0..arcs.len() as u32 * 2).map(HalfArc) {
        let group = side(start);
        if walked[start.0 as usize] || group == side(start.twin()) || group.0 as usize >= groups {
            continue;
        }
        let mut halves = Vec::new();
        let mut half = start;
        loop {
            walked[half.0 as usize] = true;
            halves.push(half);
            // Clockwise from the way back lies the group's own wedge; the first boundary met closes it.
            let next = rotation.clockwise_from_back(arcs, half).find(|&h| side(h) != side(h.twin()));
            match next {
                Some(h) if h == start => break,
                Some(h) if side(h) == group && !walked[h.0 as usize] => half = h,
                _ => {
                    let at = arcs[half.arc().ix()].points.last().copied();
                    return Err(Fault { rule: Rule::Ring, arcs: vec![half.arc()], faces: Vec::new(), at });
                }
            }
        }
        found[group.0 as usize].push(ring(arcs, halves));
    }
    for rings in &mut found {
        rings.sort_by_key(|r| (r.doubled_area < 0, -r.doubled_area.abs()));
    }
    Ok(found)
}

/// Each ring begins with its lowest half-arc; outer rings by descending area, then holes: as [`rings`] finds them.
pub(super) fn ordered(mut rings: Vec<Ring>) -> Box<[Ring]> {
    for ring in &mut rings {
        let lowest = ring.halves.iter().enumerate().min_by_key(|(_, h)| **h).map_or(0, |(i, _)| i);
        ring.halves.rotate_left(lowest);
    }
    rings.sort_by_key(|r| (r.doubled_area < 0, -r.doubled_area.abs(), r.halves.first().copied()));
    rings.into()
}

fn ring(arcs: &[Arc], halves: Vec<HalfArc>) -> Ring {
    let mut points = Vec::new();
    for half in &halves {
        let walk = &arcs[half.arc().ix()].points;
        if half.reversed() {
            points.extend(walk[1..].iter().rev());
        } else {
            points.extend(&walk[..walk.len() - 1]);
        }
    }
    Ring { halves: halves.into(), doubled_area: doubled_area(&points) }
}

/// A closed line that comes to no vertex twice.
struct Loop {
    points: Vec<LatticePoint>,
    doubled_area: i128,
}

/// A ring comes back to a junction where its region touches itself in that mere point, and a polygon's ring may not: it is taken apart there. An outer
/// ring becomes one loop around everything and, for what lies in between, loops that are holes; a hole becomes several.
fn loops(coverage: &Coverage, ring: &Ring) -> Vec<Loop> {
    let from = |half: HalfArc| {
        let arc = &coverage.arcs[half.arc().ix()];
        if half.reversed() { arc.to } else { arc.from }
    };
    let mut starts: Vec<JunctionIx> = ring.halves.iter().map(|half| from(*half)).collect();
    starts.sort_unstable();
    if starts.windows(2).all(|pair| pair[0] != pair[1]) {
        return vec![Loop { points: coverage.ring_points(ring), doubled_area: ring.doubled_area }];
    }
    let closed = |halves: Vec<HalfArc>| {
        let ring = self::ring(&coverage.arcs, halves);
        Loop { points: coverage.ring_points(&ring), doubled_area: ring.doubled_area }
    };
    let (mut found, mut walked, mut place) = (Vec::new(), Vec::new(), HashMap::new());
    for half in ring.halves.iter().copied() {
        if let Some(back) = place.get(&from(half)).copied() {
            let halves: Vec<HalfArc> = walked.split_off(back);
            for past in &halves {
                place.remove(&from(*past));
            }
            found.push(closed(halves));
        }
        place.insert(from(half), walked.len());
        walked.push(half);
    }
    found.push(closed(walked));
    found
}

pub(super) fn polygons(coverage: &Coverage, rings: &[Ring]) -> Vec<LatticePolygon> {
    let (mut outer, holes): (Vec<Loop>, Vec<Loop>) =
        rings.iter().flat_map(|ring| loops(coverage, ring)).partition(|l| l.doubled_area > 0);
    outer.sort_by_key(|l| -l.doubled_area);
    let mut found: Vec<LatticePolygon> = outer.into_iter().map(|l| vec![l.points]).collect();
    for Loop { points, .. } in holes {
        let holds = |outer: &[LatticePoint]| {
            // A hole may touch its outer ring at a vertex; the first vertex off the ring decides.
            points.iter().map(|&p| side_of_ring(outer, p)).find(|s| *s != Side::On) != Some(Side::Outside)
        };
        // Outer rings come largest first: the last that holds the hole is the smallest.
        let home = if found.len() == 1 { Some(0) } else { (0..found.len()).rev().find(|&i| holds(&found[i][0])) };
        if let Some(home) = home {
            found[home].push(points);
        }
    }
    found
}

pub(super) fn assemble(
    lattice: Lattice,
    junctions: Vec<LatticePoint>,
    arcs: Vec<Arc>,
    faces: Vec<(FaceId, FaceRole, bool)>,
) -> Result<Coverage, Fault> {
    for (i, arc) in arcs.iter().enumerate() {
        let end = |junction: super::JunctionIx| junctions.get(junction.ix()).copied();
        let refers = arc.left.ix() < faces.len() && arc.right.ix() < faces.len();
        if arc.points.len() < 2
            || !refers
            || end(arc.from) != arc.points.first().copied()
            || end(arc.to) != arc.points.last().copied()
        {
            let faces = vec![arc.left, arc.right];
            return Err(Fault {
                rule: Rule::Reference,
                arcs: vec![ArcIx(i as u32)],
                faces,
                at: arc.points.first().copied(),
            });
        }
    }
    if faces.first().is_none_or(|f| f.1 != FaceRole::Outside) || faces.iter().skip(1).any(|f| f.1 == FaceRole::Outside)
    {
        return Err(Fault { rule: Rule::Reference, arcs: Vec::new(), faces: vec![FaceIx::OUTSIDE], at: None });
    }
    let rotation = Rotation::new(junctions.len(), &arcs);
    let own: Vec<Group> = (0..faces.len() as u32).map(|i| if i == 0 { Group::NONE } else { Group(i) }).collect();
    let traced = rings(&arcs, &rotation, &own, faces.len())?;
    let faces = faces
        .into_iter()
        .zip(traced)
        .map(|((id, role, exclave), rings)| Face { id, role, rings: rings.into(), exclave })
        .collect();
    Ok(Coverage { lattice, junctions, arcs, faces })
}
