//! Stage 4, *trace*: half-edges, rotation by exact angle, loops, and which loop lies in which face.

use std::cmp::Ordering;

use super::node::{Edge, Runs};
use crate::coverage::LatticePoint;
use crate::coverage::exact::{by_angle, cross};
use crate::coverage::strips::{StepBox, Strips};

/// The planar subdivision of the noded edges. Half-edge `2e` runs along edge `e` from its smaller end, `2e + 1` back.
#[derive(Debug)]
pub(super) struct Planar {
    pub edges: Vec<(Edge, Runs)>,
    /// The face on the left of each half-edge. Face 0 is the outside.
    pub face_of: Vec<u32>,
    pub faces: usize,
    /// Twice the area of each face, holes taken off; 0 for the outside.
    pub doubled_area: Vec<i128>,
}

impl Planar {
    pub fn ends(&self, half: u32) -> Edge {
        let (a, b) = self.edges[half as usize / 2].0;
        if half.is_multiple_of(2) { (a, b) } else { (b, a) }
    }

    /// The half-edges in face order: for each face, those with it on their left, ascending.
    pub fn halves_by_face(&self) -> Vec<Vec<u32>> {
        let mut halves = vec![Vec::new(); self.faces];
        for (half, face) in self.face_of.iter().enumerate() {
            halves[*face as usize].push(half as u32);
        }
        halves
    }
}

/// The closed chains of half-edges, face on the left.
struct Loops {
    loop_of: Vec<u32>,
    /// Twice the signed area: positive around a face, negative around a component.
    area: Vec<i128>,
    /// The westernmost vertex.
    west: Vec<LatticePoint>,
}

pub(super) fn trace(edges: Vec<(Edge, Runs)>) -> Planar {
    let loops = loops(&edges);
    let strips = Strips::new(edges.iter().map(|((a, b), _)| StepBox::of_edge(*a, *b)).collect());
    let mut face_of_loop: Vec<Option<u32>> = vec![None; loops.area.len()];
    let mut faces = 1u32;
    for (i, area) in loops.area.iter().enumerate() {
        if *area > 0 {
            face_of_loop[i] = Some(faces);
            faces += 1;
        }
    }
    // A component lies in the face just west of its westernmost vertex; whatever bounds that face begins further west, so going
    // from west to east every answer is already known.
    let mut outer: Vec<u32> = (0..loops.area.len() as u32).filter(|&i| loops.area[i as usize] <= 0).collect();
    outer.sort_unstable_by_key(|&i| (loops.west[i as usize], i));
    for i in outer {
        let west = edge_to_the_west(&edges, &strips, loops.west[i as usize]);
        let face = west.and_then(|half| face_of_loop[loops.loop_of[half as usize] as usize]).unwrap_or(0);
        face_of_loop[i as usize] = Some(face);
    }
    let mut doubled_area = vec![0i128; faces as usize];
    for (i, face) in face_of_loop.iter().enumerate() {
        doubled_area[face.unwrap_or(0) as usize] += loops.area[i];
    }
    doubled_area[0] = 0;
    let face_of = loops.loop_of.iter().map(|l| face_of_loop[*l as usize].unwrap_or(0)).collect();
    Planar { edges, face_of, faces: faces as usize, doubled_area }
}

fn loops(edges: &[(Edge, Runs)]) -> Loops {
    let ends = |half: u32| {
        let (a, b) = edges[half as usize / 2].0;
        if half.is_multiple_of(2) { (a, b) } else { (b, a) }
    };
    let mut leaving: Vec<u32> = (0..edges.len() as u32 * 2).collect();
    leaving.sort_unstable_by(|&g, &h| {
        let ((o, a), (p, b)) = (ends(g), ends(h));
        o.cmp(&p).then_with(|| by_angle(o, a, b))
    });
    let mut place = vec![0u32; leaving.len()];
    for (i, half) in leaving.iter().enumerate() {
        place[*half as usize] = i as u32;
    }
    // Clockwise from the way back: the previous of the twin among those leaving the same vertex.
    let next = |half: u32| {
        let twin = half ^ 1;
        let (at, i) = (ends(twin).0, place[twin as usize] as usize);
        if i > 0 && ends(leaving[i - 1]).0 == at {
            return leaving[i - 1];
        }
        let stop = leaving[i..].partition_point(|&h| ends(h).0 == at);
        leaving[i + stop - 1]
    };
    let mut found = Loops { loop_of: vec![u32::MAX; leaving.len()], area: Vec::new(), west: Vec::new() };
    for start in 0..leaving.len() as u32 {
        if found.loop_of[start as usize] != u32::MAX {
            continue;
        }
        let (id, origin) = (found.area.len() as u32, ends(start).0);
        let (mut area, mut west, mut half) = (0i128, origin, start);
        loop {
            found.loop_of[half as usize] = id;
            let (a, b) = ends(half);
            area += cross(origin, a, b);
            west = west.min(a);
            half = next(half);
            if half == start {
                break;
            }
        }
        found.area.push(area);
        found.west.push(west);
    }
    found
}

/// The half-edge first met going west from `p` (just above `p`, so that a vertex at the same height decides nothing), with `p` on its
/// left.
fn edge_to_the_west(edges: &[(Edge, Runs)], strips: &Strips, p: LatticePoint) -> Option<u32> {
    let mut best: Option<(u32, Edge)> = None;
    for &i in strips.at(i64::from(p.y)) {
        let (a, b) = edges[i as usize].0;
        let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
        // Half-open: the edge crosses the line just above p, and p lies east of it.
        if low.y > p.y || high.y <= p.y || cross(low, high, p) >= 0 {
            continue;
        }
        if best.is_none_or(|(_, (l, h))| further_east((low, high), (l, h), p.y) == Ordering::Greater) {
            best = Some((i, (low, high)));
        }
    }
    let (edge, (low, _)) = best?;
    // East of an upward edge is its right: the half-edge that runs down has it on the left.
    let down = edge * 2 + u32::from(edges[edge as usize].0.0 == low);
    Some(down)
}

/// Orders two upward edges that do not cross by where they meet the line just above height `y`.
fn further_east(e: Edge, f: Edge, y: i32) -> Ordering {
    // x at height y as a fraction; denominators are positive.
    let at = |(low, high): Edge| {
        let rise = i128::from(i64::from(high.y) - i64::from(low.y));
        let run = i128::from(i64::from(high.x) - i64::from(low.x));
        (i128::from(low.x) * rise + run * i128::from(i64::from(y) - i64::from(low.y)), rise, run)
    };
    let ((ex, ed, erun), (fx, fd, frun)) = (at(e), at(f));
    (ex * fd).cmp(&(fx * ed)).then_with(|| (erun * fd).cmp(&(frun * ed)))
}
