//! Why an edit was not made, and where: data for a person's screen, never a text to be parsed.

use std::fmt;

use crate::coverage::{FaceId, LatticePoint};

/// Why an edit was refused. The coverage is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct Refusal {
    pub rule: Rule,
    /// A place to look at.
    pub at: LatticePoint,
    /// South-west and north-east corner of what is in the way; at least `at` itself.
    pub bounds: (LatticePoint, LatticePoint),
    /// The faces concerned, each once; the outside among them where its border is.
    pub faces: Vec<FaceId>,
    /// What the edit named and the coverage does not have (any more): the edit was made for another version.
    pub sought: Option<Sought>,
    /// Which of several edits applied together it was, counted from 0.
    pub step: usize,
}

impl Refusal {
    /// Whether the edit names what is not there (any more): a conflict between versions, for the caller to merge, not a wrong shape.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.sought.is_some()
    }
}

/// What an edit named and the coverage does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    Chain(Vec<LatticePoint>),
    Vertex(LatticePoint),
    Edge(LatticePoint, LatticePoint),
    Face(FaceId),
}

/// The rules an edit may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    // Made for another version: `sought` says what is missing.
    ChainGone,
    VertexGone,
    EdgeGone,
    FaceGone,
    /// An interior vertex of the chain has become a junction.
    JunctionInside,
    // Not a shape.
    TooShort,
    EndsDiffer,
    OffLattice,
    RepeatedPoint,
    SelfCrossing,
    NothingChanges,
    // A shape, but not here.
    Touches,
    JumpsOver,
    OrderAround,
    TurnsOver,
    // Not for this arc or face.
    Locked,
    Outside,
    IdTaken,
    NotInFace,
    DoesNotCut,
    NotNeighbours,
    RolesDiffer,
    KindsDiffer,
    Encloses,
    Pinches,
    InParts,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChainGone => "this boundary has changed since; look at it as it is now and draw again",
            Self::VertexGone => "this vertex is not there any more; look at the boundary as it is now",
            Self::EdgeGone => "this edge is not there any more; look at the boundary as it is now",
            Self::FaceGone => "this unit is not there any more; it was merged or its id is wrong",
            Self::JunctionInside => "another boundary begins inside this chain now; edit the pieces on its two sides",
            Self::TooShort => "a boundary needs at least two points, a closed one at least three; draw more",
            Self::EndsDiffer => "the new line must begin and end where the old one does",
            Self::OffLattice => "a point lies beyond the lattice of this district; keep within it",
            Self::RepeatedPoint => "a point stands twice in the line; leave one out",
            Self::SelfCrossing => "the line crosses or touches itself; draw it without a loop",
            Self::NothingChanges => "this is how it already is",
            Self::Touches => "the line crosses or touches another boundary here; keep at least one step away",
            Self::JumpsOver => "the line jumps over another boundary, which would change sides; move that one first",
            Self::OrderAround => "the lines around this junction would change their order; stay between the neighbours",
            Self::TurnsOver => "a unit would be turned inside out or vanish; leave it some area",
            Self::Locked => "this boundary is locked; have it unlocked by who may",
            Self::Outside => "the outside of the district can be neither cut, merged nor given a role",
            Self::IdTaken => "the id of the new unit is in use; take one that was never used",
            Self::NotInFace => "the line does not run inside the unit; begin and end on its boundary and stay within",
            Self::DoesNotCut => "the line does not cut the unit in two; run it from boundary to boundary",
            Self::NotNeighbours => "the two units share no boundary; only neighbours can be merged",
            Self::RolesDiffer => "one of the two is a unit and the other is not; give both the same role first",
            Self::KindsDiffer => "two boundaries that would become one are of different kinds; mark them alike first",
            Self::Encloses => "the merged unit would enclose another; merge that one too, or name it as enclosed",
            Self::Pinches => "a unit would touch itself in a single point; move the boundaries apart there",
            Self::InParts => "a unit would be left in several parts and is not an exclave; cut or merge otherwise",
        })
    }
}
