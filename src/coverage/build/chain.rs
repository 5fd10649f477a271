//! Stage 7, *dissolve*: drop the edges between faces of one owner, chain the rest to arcs, and number everything by place, so that the same
//! polygons always give the same bytes.

use std::collections::{BTreeMap, HashMap};

use super::Claim;
use super::planar::Planar;
use super::resolve::{Owner, pieces};
use crate::coverage::validate::Fault;
use crate::coverage::{Arc, ArcKind, Coverage, FaceId, FaceIx, FaceRole, JunctionIx, Lattice, LatticePoint};

/// Face 0 is the outside, then the claims in order, then nobody's land piece by piece.
pub(super) fn dissolve(
    lattice: Lattice,
    planar: &Planar,
    owner: &[Owner],
    claims: &[Claim],
    nobody: FaceRole,
) -> Result<Coverage, Fault> {
    let mut faces = vec![(FaceId(0), FaceRole::Outside)];
    faces.extend(claims.iter().map(|c| (c.id, if c.excluded { FaceRole::Excluded } else { FaceRole::Unit })));
    let piece = pieces(planar, &planar.halves_by_face(), owner);
    let mut free = claims.iter().map(|c| c.id.0).max().unwrap_or(0) + 1;
    let mut face_of_piece: HashMap<u32, u32> = HashMap::new();
    let label: Vec<FaceIx> = (owner.iter().enumerate())
        .map(|(i, owner)| match owner {
            Owner::Outside => FaceIx::OUTSIDE,
            Owner::Claim(claim) => FaceIx(claim + 1),
            Owner::Nobody => FaceIx(*face_of_piece.entry(piece[i]).or_insert_with(|| {
                faces.push((FaceId(free), nobody));
                free += 1;
                faces.len() as u32 - 1
            })),
        })
        .collect();
    let arcs = arcs(planar, &label);
    let mut places: Vec<LatticePoint> = arcs.iter().flat_map(|a| [a.0[0], a.0[a.0.len() - 1]]).collect();
    places.sort_unstable();
    places.dedup();
    let junction = |p: LatticePoint| JunctionIx(places.partition_point(|q| *q < p) as u32);
    let arcs: Vec<Arc> = (arcs.into_iter())
        .map(|(points, left, right)| Arc {
            from: junction(points[0]),
            to: junction(points[points.len() - 1]),
            left,
            right,
            points: points.into(),
            kind: ArcKind::default(),
            locked: false,
        })
        .collect();
    // Several outer rings make an exclave, whether the source declared it or the rules left it so.
    let bare: Vec<(FaceId, FaceRole, bool)> = faces.iter().map(|(id, role)| (*id, *role, false)).collect();
    let coverage = Coverage::from_tables(lattice, places, arcs, bare)?;
    let Coverage { lattice, junctions, arcs, mut faces } = coverage;
    for face in &mut faces {
        face.exclave = face.rings.iter().filter(|r| r.doubled_area > 0).count() > 1;
    }
    Ok(Coverage { lattice, junctions, arcs, faces })
}

type Chain = (Vec<LatticePoint>, FaceIx, FaceIx);

/// Maximal chains between vertices where not exactly two boundaries meet; loops begin at their westernmost vertex.
fn arcs(planar: &Planar, label: &[FaceIx]) -> Vec<Chain> {
    let side = |half: u32| label[planar.face_of[half as usize] as usize];
    let mut leaving: BTreeMap<LatticePoint, Vec<u32>> = BTreeMap::new();
    for half in (0..planar.face_of.len() as u32).filter(|&h| side(h) != side(h ^ 1)) {
        leaving.entry(planar.ends(half).0).or_default().push(half);
    }
    let mut walked = vec![false; planar.face_of.len()];
    let mut chains = Vec::new();
    let mut walk = |start: u32| {
        if walked[start as usize] {
            return;
        }
        let (mut points, mut half) = (vec![planar.ends(start).0], start);
        loop {
            walked[half as usize] = true;
            walked[(half ^ 1) as usize] = true;
            let at = planar.ends(half).1;
            points.push(at);
            match leaving[&at].as_slice() {
                [a, b] if at != points[0] => half = if *a == half ^ 1 { *b } else { *a },
                _ => break,
            }
        }
        chains.push((points, side(start), side(start ^ 1)));
    };
    for halves in leaving.values().filter(|h| h.len() != 2) {
        halves.iter().for_each(|&h| walk(h));
    }
    // What is left are loops that no third boundary meets.
    for halves in leaving.values() {
        halves.iter().take(1).for_each(|&h| walk(h));
    }
    chains.sort_unstable();
    chains
}
