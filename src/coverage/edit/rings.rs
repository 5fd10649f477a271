//! Rings that follow an edit: walked by the stars of the junctions, areas exact, in the order in which `from_tables` puts them – so that the
//! tables of a workbench are always those that would be read back from a store.

use std::collections::HashSet;

use super::refusal::{Refusal, Rule};
use super::workbench::Workbench;
use crate::coverage::exact::cross;
use crate::coverage::region::ordered;
use crate::coverage::{Face, FaceIx, HalfArc, LatticePoint, Ring};

/// Twice the area between a chain and the straight line back to its first point.
pub(super) fn swept(chain: &[LatticePoint]) -> i128 {
    let Some(&origin) = chain.first() else { return 0 };
    chain.windows(2).map(|pair| cross(origin, pair[0], pair[1])).sum()
}

impl Workbench {
    /// The next half-arc with the same face on its left: the first clockwise from the way back.
    pub(super) fn next_half(&self, half: HalfArc) -> HalfArc {
        let star = self.star(self.end_of(half));
        let back = star.iter().position(|h| *h == half.twin()).unwrap_or(0);
        star[(back + star.len() - 1) % star.len()]
    }

    /// The ring that a half-arc belongs to, by the stars.
    pub(super) fn trace(&self, start: HalfArc) -> Ring {
        let (mut halves, mut area, mut half) = (Vec::new(), 0, start);
        let origin = self.start(start);
        loop {
            halves.push(half);
            let points = &self.arc(half.arc()).points;
            let along: i128 = points.windows(2).map(|e| cross(origin, e[0], e[1])).sum();
            area += if half.reversed() { -along } else { along };
            half = self.next_half(half);
            if half == start {
                return Ring { halves: halves.into(), doubled_area: area };
            }
        }
    }

    /// The distinct rings of some half-arcs.
    pub(super) fn trace_all(&self, starts: impl IntoIterator<Item = HalfArc>) -> Vec<Ring> {
        let mut walked: HashSet<HalfArc> = HashSet::new();
        let mut rings = Vec::new();
        for start in starts {
            if !walked.contains(&start) {
                let ring = self.trace(start);
                walked.extend(&ring.halves);
                rings.push(ring);
            }
        }
        rings
    }

    /// The points of a ring, the first not repeated.
    pub(super) fn outline(&self, ring: &Ring) -> Vec<LatticePoint> {
        self.coverage().ring_points(ring)
    }

    /// Writes the rings of a face.
    pub(super) fn write_rings(&mut self, ix: FaceIx, rings: Vec<Ring>) {
        let face = self.face(ix);
        let row = Face { id: face.id, role: face.role, rings: ordered(rings), exclave: face.exclave };
        self.write_face(ix, Some(row));
    }

    /// In the ring of the face on its left, puts other half-arcs in a half-arc's place. Areas stay: it is the same line.
    pub(super) fn exchange(&mut self, ix: FaceIx, half: HalfArc, others: &[HalfArc]) {
        if ix == FaceIx::OUTSIDE {
            return; // keeps no rings
        }
        let mut rings = self.face(ix).rings.to_vec();
        for ring in &mut rings {
            if let Some(at) = ring.halves.iter().position(|h| *h == half) {
                let mut halves = std::mem::take(&mut ring.halves).into_vec();
                halves.splice(at..=at, others.iter().copied());
                ring.halves = halves.into();
            }
        }
        self.write_rings(ix, rings);
    }
}

/// Rings whose areas change while their arcs stay: first collected, then judged, then written.
#[derive(Debug, Default)]
pub(super) struct Areas(Vec<(FaceIx, HalfArc, i128)>);

impl Areas {
    /// The ring with `half`, which has `face` on its left, gains so much doubled area.
    pub(super) fn gain(&mut self, bench: &Workbench, half: HalfArc, gain: i128) {
        self.0.push((bench.left(half), half, gain));
    }

    /// The faces with their new rings.
    ///
    /// # Errors
    /// [`Rule::TurnsOver`] when a ring would vanish or turn inside out.
    pub(super) fn judged(mut self, bench: &Workbench, at: LatticePoint) -> Result<Vec<(FaceIx, Vec<Ring>)>, Refusal> {
        debug_assert_eq!(self.0.iter().map(|(_, _, gain)| gain).sum::<i128>(), 0, "what one gains another loses");
        self.0.sort_by_key(|(face, half, _)| (*face, *half));
        let mut faces = Vec::new();
        for part in self.0.chunk_by(|a, b| a.0 == b.0) {
            let ix = part[0].0;
            if ix == FaceIx::OUTSIDE {
                continue; // keeps no rings: its border turns over only when a ring inside does
            }
            let mut rings = bench.face(ix).rings.to_vec();
            for (ring, was) in rings.iter_mut().zip(&bench.face(ix).rings) {
                let own = part.iter().filter(|(_, half, _)| was.halves.contains(half));
                ring.doubled_area += own.map(|(_, _, gain)| gain).sum::<i128>();
                if ring.doubled_area.signum() != was.doubled_area.signum() {
                    return Err(bench.refusal(Rule::TurnsOver, at).of([bench.id(ix)]));
                }
            }
            faces.push((ix, rings));
        }
        Ok(faces)
    }
}
