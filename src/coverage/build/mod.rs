//! From polygons, clean or messy, to a coverage: `resolve(claim(trace(node(snap(polygons)))))`, with a report of everything that
//! was not exactly as the source said.

mod ring;
mod snap;
mod node;
mod planar;
mod cover;
mod resolve;
mod chain;
mod overlay;
mod settle;

use super::exact::doubled_area;
use super::validate::{self, Fault};
use super::{Coverage, FaceId, FaceRole, Lattice, LatticePoint};
use ring::SourceRing;

pub use overlay::{Overlap, overlaps};
pub use settle::settle;

/// One unit of the source: its polygons on the lattice. The first ring of each is the outer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: FaceId,
    pub polygons: Vec<Vec<Vec<LatticePoint>>>,
    /// Land that is nobody's on purpose.
    pub excluded: bool,
    /// How much of the outline's people hang on it: breaks ties when two units claim the same sliver.
    pub weight: u64,
}

/// Tolerances, in metres and square metres on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuildOptions {
    /// Vertices of different units nearer than this are the same vertex.
    pub snap_m: f64,
    /// Gaps and overlaps larger than this, or wider than `sliver_width_m`, are listed for a person instead of healed.
    pub sliver_area_m2: f64,
    pub sliver_width_m: f64,
    /// Unclaimed land that is too large to heal becomes an excluded face instead of a fault.
    pub gaps_are_excluded: bool,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { snap_m: 0.5, sliver_area_m2: 50.0, sliver_width_m: 3.0, gaps_are_excluded: false }
    }
}

/// What was found and what was done about it. Same input, same report, same coverage, byte for byte.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BuildReport {
    /// Rings that cannot be read as rings (too few points, crossing themselves). Not empty: nothing was built.
    pub invalid: Vec<RingFault>,
    /// Rings without area that were left out, of units that have others.
    pub dropped: Vec<RingFault>,
    /// The graph could not be closed; a fault of this code, not of the source. Nothing was built.
    pub broken: Option<Fault>,
    /// Land that nobody or more than one claimed, and what became of it.
    pub patches: Vec<Patch>,
    /// Units whose shape is not exactly the source's.
    pub changes: Vec<FaceChange>,
    /// Whether vertices had to be snapped at all; a clean source is taken as it is.
    pub snapped: bool,
    pub noding_passes: u32,
    pub vertices: usize,
    pub junctions: usize,
    pub arcs: usize,
}

/// A ring of the source that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingFault {
    pub unit: FaceId,
    pub kind: RingFaultKind,
    pub at: LatticePoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RingFaultKind {
    /// Fewer than three different points, or no area.
    Degenerate,
    /// The ring crosses itself, like a bow-tie, and turns over more land than a sliver.
    SelfCrossing,
    /// The unit has no ring at all.
    Empty,
    /// Nothing is left of the unit: others claim all of its land with a better right.
    Covered,
}

/// A gap (no claimant) or an overlap (two or more).
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    pub claimants: Vec<FaceId>,
    pub rings: Vec<Vec<LatticePoint>>,
    pub area_m2: f64,
    pub width_m: f64,
    pub decision: Decision,
    /// A point inside or on the patch, for a map.
    pub at: LatticePoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Given to this unit by the rule longest shared border > more weight > lower id.
    GivenTo(FaceId),
    /// Left as land that is nobody's.
    Excluded,
    /// Too large for a rule: a person must decide. An overlap so marked was given to the first claimant provisionally.
    Listed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceChange {
    pub unit: FaceId,
    pub area_before_m2: f64,
    pub area_after_m2: f64,
    pub largest_move_m: f64,
}

/// A coverage with the report of how it came to be. `coverage` is `None` when the report lists invalid rings.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    pub coverage: Option<Coverage>,
    pub report: BuildReport,
}

impl BuildReport {
    /// Nothing that a person has to decide.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.invalid.is_empty() && self.broken.is_none() && self.patches.iter().all(|p| p.decision != Decision::Listed)
    }
}

/// Builds the coverage of `claims`. Faces come out in the order of the claims, after the outside; then gaps. A source whose edges already
/// match everywhere is taken exactly as it is; only otherwise are vertices snapped.
/// Cost: O(n log n) in vertices for input whose crossings are few.
#[must_use]
pub fn build(lattice: Lattice, claims: &[Claim], options: &BuildOptions) -> Built {
    let ring::Read { rings: source, invalid, dropped, crossings } = ring::read(claims);
    let mut report = BuildReport { invalid, dropped, ..BuildReport::default() };
    let exact = node::already_noded(&source).map(|noded| stages(lattice, noded, claims, options));
    let mut moved = vec![0.0; claims.len()];
    let subdivision = match exact.filter(|e| options.snap_m <= 0.0 || !e.needs_snapping(options)) {
        Some(exact) => exact,
        None => {
            let mut rings = source.clone();
            if options.snap_m > 0.0 {
                moved = snap::snap(&lattice, &mut rings, claims.len(), options.snap_m);
                report.snapped = true;
            }
            stages(lattice, node::node(&rings), claims, options)
        }
    };
    let muddled: Vec<FaceId> = subdivision.resolved.muddled.iter().map(|c| claims[*c as usize].id).collect();
    report.invalid.extend(crossings.into_iter().filter(|c| muddled.contains(&c.unit)));
    report.invalid.sort_by_key(|f| (f.unit, f.at));
    report.patches = subdivision.resolved.patches;
    if !report.invalid.is_empty() {
        return Built { coverage: None, report };
    }
    report.noding_passes = subdivision.passes;
    let nobody = if options.gaps_are_excluded { FaceRole::Excluded } else { FaceRole::Gap };
    match chain::dissolve(lattice, &subdivision.planar, &subdivision.resolved.owner, claims, nobody) {
        Ok(coverage) => finish(coverage, &source, claims, &moved, report),
        Err(fault) => {
            report.broken = Some(fault);
            Built { coverage: None, report }
        }
    }
}

/// Node, trace, claim, resolve: what the rings amount to.
struct Subdivision {
    planar: planar::Planar,
    resolved: resolve::Resolved,
    passes: u32,
}

impl Subdivision {
    /// Anything that snapping may cure: a patch small enough to be a sliver, or too thin to be meant.
    fn needs_snapping(&self, options: &BuildOptions) -> bool {
        self.resolved.patches.iter().any(|p| p.width_m <= options.sliver_width_m || !p.claimants.is_empty())
    }
}

fn stages(lattice: Lattice, noded: node::Noded, claims: &[Claim], options: &BuildOptions) -> Subdivision {
    let node::Noded { edges, passes } = noded;
    let planar = planar::trace(edges);
    let cover = cover::claimants(&planar);
    let resolved = resolve::resolve(&lattice, &planar, &cover, claims, options);
    Subdivision { planar, resolved, passes }
}

/// Counts, lists changed units, and refuses units that ended without land.
fn finish(
    coverage: Coverage,
    source: &[SourceRing],
    claims: &[Claim],
    moved: &[f64],
    mut report: BuildReport,
) -> Built {
    report.junctions = coverage.junctions.len();
    report.arcs = coverage.arcs.len();
    report.vertices = coverage.arcs.iter().map(|a| a.points.len() - 2).sum::<usize>() + report.junctions;
    let mut before = vec![0i128; claims.len()];
    let mut place = vec![LatticePoint::new(0, 0); claims.len()];
    for ring in source {
        before[ring.claim as usize] += doubled_area(&ring.points);
        place[ring.claim as usize] = ring.points[0];
    }
    for (i, claim) in claims.iter().enumerate() {
        let after: i128 = coverage.faces[i + 1].rings.iter().map(|r| r.doubled_area).sum();
        let (mx, my) = coverage.lattice.metres_per_step(place[i].y);
        let area_m2 = |doubled: i128| doubled as f64 / 2.0 * mx * my;
        if after == 0 {
            report.invalid.push(RingFault { unit: claim.id, kind: RingFaultKind::Covered, at: place[i] });
        } else if after != before[i] || moved[i] > 0.0 {
            report.changes.push(FaceChange {
                unit: claim.id,
                area_before_m2: area_m2(before[i]),
                area_after_m2: area_m2(after),
                largest_move_m: moved[i],
            });
        }
    }
    if !report.invalid.is_empty() {
        return Built { coverage: None, report };
    }
    // Nothing leaves here that the checks would refuse later, whatever the stages above believe.
    report.broken = validate::faults(&coverage).into_iter().next();
    let coverage = report.broken.is_none().then_some(coverage);
    Built { coverage, report }
}
