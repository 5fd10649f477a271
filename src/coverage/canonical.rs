//! One numbering for equal coverages, whatever the order of the edits that led to them – and its bytes, so that “the same, byte for byte”
//! means something.
//!
//! Junctions stand by place. Arcs are directed and sorted by their points; a free loop begins at its lowest point, and so does not depend on where
//! it was drawn from. Faces stand by id, the outside first; rings as [`super::region`] puts them. Cost: O(n log n).

use super::region::ordered;
use super::{Arc, ArcIx, ArcKind, Coverage, Face, FaceId, FaceIx, FaceRole, HalfArc, JunctionIx, LatticePoint, Ring};

/// An arc on its way to its place: where it was, and whether its direction has changed.
struct Placed {
    arc: Arc,
    was: u32,
    turned: bool,
}

/// The same coverage in canonical numbering.
#[must_use]
pub fn canonical(coverage: &Coverage) -> Coverage {
    let mut degrees = vec![0u32; coverage.junctions.len()];
    for arc in &coverage.arcs {
        degrees[arc.from.ix()] += 1;
        degrees[arc.to.ix()] += 1;
    }
    let mut places = coverage.junctions.clone();
    let mut placed: Vec<Placed> = Vec::with_capacity(coverage.arcs.len());
    for (was, arc) in coverage.arcs.iter().enumerate() {
        let mut arc = arc.clone();
        if arc.from == arc.to && degrees[arc.from.ix()] == 2 {
            begin_lowest(&mut arc.points);
            places[arc.from.ix()] = arc.points[0];
        }
        let turned = arc.points.iter().rev().lt(arc.points.iter());
        if turned {
            arc.points.reverse();
            (arc.from, arc.to, arc.left, arc.right) = (arc.to, arc.from, arc.right, arc.left);
        }
        placed.push(Placed { arc, was: was as u32, turned });
    }
    placed.sort_by(|a, b| a.arc.points.cmp(&b.arc.points));
    let (junctions, junction_at) = sorted(&places, |p| *p);
    let (faces, face_at) = sorted(&coverage.faces, |f| (f.role != FaceRole::Outside, f.id));
    let mut half_at = vec![HalfArc::new(ArcIx(0), false); coverage.arcs.len() * 2];
    for (i, arc) in placed.iter().enumerate() {
        for reversed in [false, true] {
            half_at[arc.was as usize * 2 + usize::from(reversed)] =
                HalfArc::new(ArcIx(i as u32), reversed != arc.turned);
        }
    }
    let renumbered = |ring: &Ring| {
        let halves = ring.halves.iter().map(|h| half_at[h.arc().ix() * 2 + usize::from(h.reversed())]);
        Ring { halves: halves.collect(), doubled_area: ring.doubled_area }
    };
    let faces =
        faces.into_iter().map(|face| Face { rings: ordered(face.rings.iter().map(renumbered).collect()), ..face });
    let arcs = placed.into_iter().map(|Placed { arc, .. }| Arc {
        from: JunctionIx(junction_at[arc.from.ix()]),
        to: JunctionIx(junction_at[arc.to.ix()]),
        left: FaceIx(face_at[arc.left.ix()]),
        right: FaceIx(face_at[arc.right.ix()]),
        ..arc
    });
    Coverage { lattice: coverage.lattice, junctions, arcs: arcs.collect(), faces: faces.collect() }
}

/// The rows in order of their keys, and where each has gone.
fn sorted<T: Clone, K: Ord>(rows: &[T], key: impl Fn(&T) -> K) -> (Vec<T>, Vec<u32>) {
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by_key(|i| key(&rows[*i as usize]));
    let mut at = vec![0; rows.len()];
    for (to, from) in order.iter().enumerate() {
        at[*from as usize] = to as u32;
    }
    (order.iter().map(|i| rows[*i as usize].clone()).collect(), at)
}

/// Turns a closed chain so that it begins and ends at its lowest point.
fn begin_lowest(points: &mut [LatticePoint]) {
    let n = points.len() - 1;
    let lowest = (0..n).min_by_key(|i| points[*i]).unwrap_or(0);
    points[..n].rotate_left(lowest);
    points[n] = points[0];
}

/// The canonical coverage in a compact form of its own: two coverages are the same up to numbering exactly when their bytes are. For hashing and
/// comparing; there is no reader.
#[must_use]
pub fn bytes(coverage: &Coverage) -> Vec<u8> {
    let canonical = canonical(coverage);
    let mut out = Vec::with_capacity(canonical.arcs.len() * 48);
    let (lon, lat, decimals) = canonical.lattice.parts();
    out.push(decimals);
    whole(&mut out, lon);
    whole(&mut out, lat);
    // Faces: how many, then id, role and flag of each. The rings follow from the arcs.
    count(&mut out, canonical.faces.len() as u64);
    for Face { id: FaceId(id), role, exclave, .. } in &canonical.faces {
        count(&mut out, *id);
        let role = match role {
            FaceRole::Outside => 0,
            FaceRole::Unit => 1,
            FaceRole::Excluded => 2,
            FaceRole::Gap => 3,
        };
        out.push(role * 2 + u8::from(*exclave));
    }
    // Arcs: sides, kind and lock, then points, each as its distance from the one before. The junctions are the ends.
    count(&mut out, canonical.arcs.len() as u64);
    let (mut x, mut y) = (0, 0);
    for arc in &canonical.arcs {
        count(&mut out, u64::from(arc.left.0));
        count(&mut out, u64::from(arc.right.0));
        let kind = match arc.kind {
            ArcKind::Legal => 0,
            ArcKind::Road => 1,
            ArcKind::River => 2,
            ArcKind::Wall => 3,
            ArcKind::Drawn => 4,
        };
        out.push(kind * 2 + u8::from(arc.locked));
        count(&mut out, arc.points.len() as u64);
        for p in &arc.points {
            whole(&mut out, i64::from(p.x) - x);
            whole(&mut out, i64::from(p.y) - y);
            (x, y) = (i64::from(p.x), i64::from(p.y));
        }
    }
    out
}

/// Seven bits a byte, the lowest first.
fn count(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small distances either way in few bytes.
fn whole(out: &mut Vec<u8>, value: i64) {
    count(out, ((value << 1) ^ (value >> 63)) as u64);
}
