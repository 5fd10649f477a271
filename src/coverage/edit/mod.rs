//! Edits of a boundary as values: each is legal or refused, and each has an inverse.
//!
//! An edit names vertices by location – in a planar graph no two share a place – and faces by [`FaceId`], never by index. So it
//! finds its target on another version of the coverage even when a neighbour has cut the arc meanwhile, and fails as stale when
//! the place itself has changed. `docs/algorithms/edit.md` has pictures and costs.

mod refusal;
mod squares;
mod workbench;
mod rings;
mod legal;
mod reshape;
mod topology;
mod split;
mod merge;
mod mark;
pub mod stroke;
pub mod diff3;
pub mod rebase;

pub use refusal::{Refusal, Rule, Sought};
pub use workbench::Workbench;

use super::{ArcKind, Delta, FaceId, FaceRole, LatticePoint};

/// A change of a coverage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Replaces a chain of consecutive vertices of one boundary by another with the same two ends. The ends may be junctions, vertices
    /// between them may not. To move, insert or delete a vertex, and to redraw a stretch, are all this.
    ///
    /// A free loop (an island's whole boundary) has no junction that means anything: a chain may run over its first point, and a chain
    /// with equal ends is the whole loop.
    Reshape { old: Vec<LatticePoint>, new: Vec<LatticePoint> },
    /// A vertex where arcs meet moves, and the ends of all of them with it. A vertex that is a junction no more moves all the same.
    MoveJunction { from: LatticePoint, to: LatticePoint },
    /// Cuts `face` along new lines; what lies on the left of every line becomes face `new`, which has the same role. A line runs from an
    /// existing vertex of the face's boundary to another, or is a closed loop (first point = last) inside the face. Several lines only
    /// where one alone does not cut: past a hole, or through the parts of an exclave. Exactly two faces result. `exclave` says that the new
    /// face may be in several parts; whether the old one may, its own flag says.
    Split { face: FaceId, lines: Vec<Line>, new: FaceId, exclave: bool },
    /// Dissolves every arc between the two; `keep` gets the land. A junction where two arc ends are left becomes a plain vertex, save on a loop.
    /// Faces that neither enclosed before and the two together do (the C and what closes it) must be named in `enclosing`.
    Merge { keep: FaceId, gone: FaceId, enclosing: Vec<FaceId> },
    /// Excludes or includes land; claims a gap.
    SetRole { face: FaceId, role: FaceRole },
    /// Kind and lock of the arc that has this edge.
    Mark { edge: (LatticePoint, LatticePoint), kind: ArcKind, locked: bool },
}

/// A new arc of a [`Edit::Split`]. It is not locked (a locked one could not be dissolved again by the inverse): [`Edit::Mark`] locks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub points: Vec<LatticePoint>,
    pub kind: ArcKind,
}

/// What an edit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Applied next, gives back the same coverage up to numbering: the same `canonical::bytes`.
    pub inverse: Edit,
    pub delta: Delta,
    /// The faces whose land, role or line changed, and those that were made or dissolved; sorted. The outside is among them when the
    /// outline changed.
    pub touched: Vec<FaceId>,
}
