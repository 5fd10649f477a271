//! What a face is, and what an arc follows: edits that move nothing.

use super::Edit;
use super::refusal::{Refusal, Rule, Sought};
use super::workbench::{Done, Workbench};
use crate::coverage::delta::around;
use crate::coverage::{Arc, ArcKind, Face, FaceId, FaceRole, LatticePoint};

impl Workbench {
    pub(super) fn set_role(&mut self, id: FaceId, role: FaceRole) -> Result<Done, Refusal> {
        let ix = self.land(id)?;
        let at = self.somewhere(ix);
        if role == FaceRole::Outside {
            return Err(self.refusal(Rule::Outside, at).of([id]));
        }
        let was = self.face(ix).role;
        if was == role {
            return Err(self.refusal(Rule::NothingChanges, at).of([id]));
        }
        let row = Face { role, ..self.face(ix).clone() };
        let bounds = around(row.rings.iter().flat_map(|ring| self.outline(ring)));
        self.write_face(ix, Some(row));
        Ok(Done { inverse: Edit::SetRole { face: id, role: was }, bounds, touched: vec![id] })
    }

    pub(super) fn mark(
        &mut self,
        edge: (LatticePoint, LatticePoint),
        kind: ArcKind,
        locked: bool,
    ) -> Result<Done, Refusal> {
        let Some((half, _)) = self.half_with(edge.0, edge.1) else {
            let refusal = self.refusal(Rule::EdgeGone, edge.0).within([edge.1]);
            return Err(refusal.seeking(Sought::Edge(edge.0, edge.1)));
        };
        let arc = self.arc(half.arc());
        let inverse = Edit::Mark { edge, kind: arc.kind, locked: arc.locked };
        if (arc.kind, arc.locked) == (kind, locked) {
            return Err(self.refusal(Rule::NothingChanges, edge.0).within([edge.1]));
        }
        let row = Arc { kind, locked, ..arc.clone() };
        let touched = vec![self.id(row.left), self.id(row.right)];
        let bounds = around(row.points.iter().copied());
        self.write_arc(half.arc(), Some(row));
        Ok(Done { inverse, bounds, touched })
    }
}
