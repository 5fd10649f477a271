//! Stage 6, *resolve*: every face gets one owner. Small gaps, overlaps and cut-off scraps go by rule; large ones are listed for a person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::node::Runs;
use super::planar::Planar;
use super::{BuildOptions, Claim, Decision, Patch};
use crate::coverage::{Lattice, LatticePoint};

/// Who has a face in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Owner {
    Outside,
    Claim(u32),
    /// Nobody's; each connected piece becomes a face of its own.
    Nobody,
}

pub(super) struct Resolved {
    pub owner: Vec<Owner>,
    pub patches: Vec<Patch>,
    /// Claims whose own rings overlap or turn over on more land than a sliver.
    pub muddled: BTreeSet<u32>,
}

/// A face as the rules see it: its size on the ground and its borders in metres by the face beyond.
struct Shape {
    area_m2: f64,
    width_m: f64,
    borders: BTreeMap<u32, f64>,
}

pub(super) fn resolve(
    lattice: &Lattice,
    planar: &Planar,
    cover: &[Runs],
    claims: &[Claim],
    options: &BuildOptions,
) -> Resolved {
    let halves = planar.halves_by_face();
    let mut owner: Vec<Option<Owner>> = (cover.iter())
        .map(|runs| match runs.as_slice() {
            [(claim, 1)] => Some(Owner::Claim(*claim)),
            _ => None,
        })
        .collect();
    owner[0] = Some(Owner::Outside);
    let (mut patches, mut muddled) = (Vec::new(), BTreeSet::new());
    let mut open: Vec<(u32, Shape)> = (0..planar.faces as u32)
        .filter(|&f| owner[f as usize].is_none())
        .map(|f| (f, shape(lattice, planar, &halves[f as usize], planar.doubled_area[f as usize])))
        .collect();
    open.sort_by(|(f, a), (g, b)| a.area_m2.total_cmp(&b.area_m2).then(f.cmp(g)));
    let mut decide = |face: u32, shape: &Shape, decision: Decision| {
        patches.push(Patch {
            claimants: cover[face as usize].iter().map(|(c, _)| claims[*c as usize].id).collect(),
            rings: outlines(planar, &halves[face as usize]),
            area_m2: shape.area_m2,
            width_m: shape.width_m,
            decision,
            at: halves[face as usize].first().map_or(LatticePoint::new(0, 0), |h| planar.ends(*h).0),
        });
    };
    // A small patch may touch only other patches at first; each round settles those next to settled land.
    loop {
        let before = open.len();
        open.retain(|(face, shape)| {
            let claimed = &cover[*face as usize];
            let small = shape.area_m2 <= options.sliver_area_m2 && shape.width_m <= options.sliver_width_m;
            let heir = heir(shape, &owner, claimed, claims);
            let (settled, decision) = match (small, claimed.is_empty(), heir) {
                (true, _, Some(heir)) => (Owner::Claim(heir), Decision::GivenTo(claims[heir as usize].id)),
                (true, true, None) => return true,
                (false, true, _) if options.gaps_are_excluded => (Owner::Nobody, Decision::Excluded),
                (false, true, _) => (Owner::Nobody, Decision::Listed),
                (_, false, _) => (Owner::Claim(claimed[0].0), Decision::Listed),
            };
            if !small {
                muddled.extend(claimed.iter().filter(|(_, times)| *times != 1).map(|(claim, _)| *claim));
            }
            owner[*face as usize] = Some(settled);
            decide(*face, shape, decision);
            false
        });
        if open.len() == before {
            break;
        }
    }
    for (face, shape) in &open {
        let decision = if options.gaps_are_excluded { Decision::Excluded } else { Decision::Listed };
        decide(*face, shape, decision);
    }
    let mut owner: Vec<Owner> = owner.into_iter().map(|o| o.unwrap_or(Owner::Nobody)).collect();
    scraps(lattice, planar, &halves, claims, options, &mut owner, &mut patches);
    Resolved { owner, patches, muddled }
}

/// The claim with the longest border, then the most weight, then the lowest id; among the claimants, or among all neighbours of a gap.
fn heir(shape: &Shape, owner: &[Option<Owner>], claimed: &Runs, claims: &[Claim]) -> Option<u32> {
    let mut border: BTreeMap<u32, f64> = claimed.iter().map(|(c, _)| (*c, 0.0)).collect();
    for (face, metres) in &shape.borders {
        if let Some(Owner::Claim(claim)) = owner[*face as usize]
            && (claimed.is_empty() || border.contains_key(&claim))
        {
            *border.entry(claim).or_default() += metres;
        }
    }
    (border.into_iter())
        .max_by(|(c, a), (d, b)| {
            let (first, second) = (&claims[*c as usize], &claims[*d as usize]);
            a.total_cmp(b).then(first.weight.cmp(&second.weight)).then(second.id.cmp(&first.id))
        })
        .map(|(claim, _)| claim)
}

/// Pieces of a unit that snapping or a neighbour's decision cut off: more pieces than the source declared, and small. They go to the
/// neighbour with the longest border.
fn scraps(
    lattice: &Lattice,
    planar: &Planar,
    halves: &[Vec<u32>],
    claims: &[Claim],
    options: &BuildOptions,
    owner: &mut [Owner],
    patches: &mut Vec<Patch>,
) {
    let piece_of = pieces(planar, halves, owner);
    let mut pieces: BTreeMap<u32, Vec<Vec<u32>>> = BTreeMap::new();
    let mut slot: HashMap<u32, (u32, usize)> = HashMap::new();
    for face in 1..planar.faces as u32 {
        let Owner::Claim(claim) = owner[face as usize] else { continue };
        let list = pieces.entry(claim).or_default();
        let (_, at) = *slot.entry(piece_of[face as usize]).or_insert_with(|| {
            list.push(Vec::new());
            (claim, list.len() - 1)
        });
        list[at].push(face);
    }
    for (claim, mut list) in pieces {
        let declared = claims[claim as usize].polygons.len();
        let area = |piece: &Vec<u32>| piece.iter().map(|f| planar.doubled_area[*f as usize]).sum::<i128>();
        list.sort_by_key(|piece| (std::cmp::Reverse(area(piece)), piece[0]));
        for piece in list.iter().skip(declared) {
            let own: Vec<u32> = piece.iter().flat_map(|f| halves[*f as usize].iter().copied()).collect();
            let border: Vec<u32> =
                own.into_iter().filter(|h| !piece.contains(&planar.face_of[(*h ^ 1) as usize])).collect();
            let shape = shape(lattice, planar, &border, area(piece));
            if shape.area_m2 > options.sliver_area_m2 || shape.width_m > options.sliver_width_m {
                continue;
            }
            let settled: Vec<Option<Owner>> = owner.iter().copied().map(Some).collect();
            let Some(heir) = heir(&shape, &settled, &Vec::new(), claims) else { continue };
            for face in piece {
                owner[*face as usize] = Owner::Claim(heir);
            }
            patches.push(Patch {
                claimants: vec![claims[claim as usize].id],
                rings: outlines(planar, &border),
                area_m2: shape.area_m2,
                width_m: shape.width_m,
                decision: Decision::GivenTo(claims[heir as usize].id),
                at: border.first().map_or(LatticePoint::new(0, 0), |h| planar.ends(*h).0),
            });
        }
    }
}

/// The connected piece of each face: faces of one owner that share an edge. Named by its smallest face.
pub(super) fn pieces(planar: &Planar, halves: &[Vec<u32>], owner: &[Owner]) -> Vec<u32> {
    let mut piece = vec![u32::MAX; planar.faces];
    for start in 0..planar.faces as u32 {
        if piece[start as usize] != u32::MAX {
            continue;
        }
        let mut stack = vec![start];
        piece[start as usize] = start;
        while let Some(face) = stack.pop() {
            for &half in &halves[face as usize] {
                let other = planar.face_of[(half ^ 1) as usize];
                if piece[other as usize] == u32::MAX && owner[other as usize] == owner[start as usize] {
                    piece[other as usize] = start;
                    stack.push(other);
                }
            }
        }
    }
    piece
}

fn shape(lattice: &Lattice, planar: &Planar, border: &[u32], doubled_area: i128) -> Shape {
    let mut borders: BTreeMap<u32, f64> = BTreeMap::new();
    let (mut perimeter_m, mut scale) = (0.0, (0.0, 0.0));
    for &half in border {
        let (a, b) = planar.ends(half);
        let (mx, my) = lattice.metres_per_step(a.y);
        scale = (mx, my);
        let length_m = ((f64::from(b.x) - f64::from(a.x)) * mx).hypot((f64::from(b.y) - f64::from(a.y)) * my);
        *borders.entry(planar.face_of[(half ^ 1) as usize]).or_default() += length_m;
        perimeter_m += length_m;
    }
    let area_m2 = doubled_area as f64 / 2.0 * scale.0 * scale.1;
    // A strip of length l and width w has area l·w and perimeter near 2·l.
    let width_m = if perimeter_m > 0.0 { 2.0 * area_m2 / perimeter_m } else { 0.0 };
    Shape { area_m2, width_m, borders }
}

/// The closed chains that a set of half-edges forms, for a map of the patch; each begins at its westernmost vertex.
fn outlines(planar: &Planar, halves: &[u32]) -> Vec<Vec<LatticePoint>> {
    let mut next: BTreeMap<LatticePoint, Vec<LatticePoint>> = BTreeMap::new();
    for half in halves {
        let (a, b) = planar.ends(*half);
        next.entry(a).or_default().push(b);
    }
    let mut rings = Vec::new();
    while let Some(&start) = next.keys().next() {
        let (mut ring, mut at) = (Vec::new(), start);
        while let Some(targets) = next.get_mut(&at) {
            ring.push(at);
            let to = targets.pop();
            if targets.is_empty() {
                next.remove(&at);
            }
            match to {
                Some(to) if to != start => at = to,
                _ => break,
            }
        }
        rings.push(ring);
    }
    rings
}
