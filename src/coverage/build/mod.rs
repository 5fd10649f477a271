//! From polygons, clean or messy, to a coverage: `resolve(claim(trace(node(snap(polygons)))))`, with a report of everything that
//! was not exactly as the source said.

use super::{Coverage, FaceId, Lattice, LatticePoint};

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
    /// The ring crosses itself, like a bow-tie.
    SelfCrossing,
    /// The unit has no ring at all.
    Empty,
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
        self.invalid.is_empty() && self.patches.iter().all(|p| p.decision != Decision::Listed)
    }
}

/// Builds the coverage of `claims`. Faces come out in the order of the claims, after the outside; then gaps.
/// Cost: O(n log n) in vertices for input whose crossings are few.
#[must_use]
pub fn build(lattice: Lattice, claims: &[Claim], options: &BuildOptions) -> Built {
    let _ = (lattice, claims, options);
    todo!()
}
