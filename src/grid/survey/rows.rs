//! The rows of units that go with the edits: who begins and ends with the land, who is described anew, who goes to another parent.

use std::collections::{BTreeMap, BTreeSet};

use super::{Item, Missing, Target};
use crate::coverage::FaceRole;
use crate::coverage::LatticePoint;
use crate::coverage::edit::{Edit, Line};
use crate::grid::change::{Change, Desk, Refused, Row, RowChange, Verb};

/// Changes that belong together, and the vertices that they are about.
pub(super) struct Made {
    pub(super) changes: Vec<Change>,
    pub(super) points: Vec<LatticePoint>,
    /// For rows alone: from which parent to which.
    pub(super) parents: Option<Parents>,
}

pub(super) type Parents = (Option<u64>, Option<u64>);

/// Makes the edits on the desk with the rows that go with them, then what is left to say of units.
///
/// # Errors
/// The first change that is not legal, or what keeps the units from being the tree of the survey.
pub(super) fn with_rows(
    desk: &mut Desk,
    items: Vec<Item>,
    target: &Target,
    descent: &BTreeSet<(u64, u64)>,
) -> Result<Vec<Made>, Missing> {
    let mut all = Vec::new();
    let mut early = false;
    for Item { edits, members } in items {
        let points = points(&edits);
        let mut changes = Vec::new();
        if members.is_empty() {
            let change = Change::of_lines(Verb::Reshape, edits);
            desk.apply(&change).map_err(|refused| missing(desk, &refused))?;
            changes.push(change);
        } else {
            let mut change = shared(desk, edits.clone(), &members, target, descent);
            let mut made = desk.apply(&change);
            if made.is_err() && !early {
                // Units that only go to other parents may make room for it.
                early = true;
                all.extend(said(desk, target));
                change = shared(desk, edits, &members, target, descent);
                made = desk.apply(&change);
            }
            made.map_err(|refused| missing(desk, &refused))?;
            changes.push(change);
            let rows = members.iter().filter_map(|id| changed(desk, target, *id));
            for row in rows.collect::<Vec<_>>() {
                changes.extend(put(desk, target, row).ok());
            }
        }
        all.push(Made { changes, points, parents: None });
    }
    all.extend(said(desk, target));
    let rest: Vec<RowChange> = target.rows.keys().filter_map(|id| changed(desk, target, *id)).collect();
    if !rest.is_empty() {
        // Each alone would leave some parent without children: all at once.
        let change = Change { rows: completed(desk, target, rest), ..Change::of_lines(Verb::Reparent, Vec::new()) };
        desk.apply(&change).map_err(|refused| missing(desk, &refused))?;
        all.push(Made { changes: vec![change], points: Vec::new(), parents: None });
    }
    Ok(all)
}

/// Land shared out anew among some units, with the rows of those that begin and end.
fn shared(
    desk: &Desk,
    edits: Vec<Edit>,
    members: &BTreeSet<u64>,
    target: &Target,
    descent: &BTreeSet<(u64, u64)>,
) -> Change {
    let mut rows = Vec::new();
    let (mut begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
    for id in members {
        match (desk.row(*id), target.rows.get(id)) {
            (None, Some(row)) => {
                begun.insert(*id);
                rows.push(RowChange { before: None, after: Some(row.clone()) });
            }
            (Some(row), None) => {
                ended.insert(*id);
                rows.push(RowChange { before: Some(row.clone()), after: None });
            }
            _ => {}
        }
    }
    let roles = |role: FaceRole| edits.iter().all(|e| matches!(e, Edit::SetRole { role: to, .. } if *to == role));
    let verb = match (begun.is_empty(), ended.is_empty()) {
        (false, true) if roles(FaceRole::Unit) => Verb::Include,
        (true, false) if roles(FaceRole::Excluded) => Verb::Exclude,
        (false, true) => Verb::Split,
        (true, false) => Verb::Merge,
        _ => Verb::Transfer,
    };
    let lives = |id: &u64| target.rows.contains_key(id) && (desk.row(*id).is_some() || begun.contains(id));
    let concerns = |(from, to): &&(u64, u64)| {
        (begun.contains(to) || ended.contains(from)) && lives(to) && desk.row(*from).is_some()
    };
    let descent = descent.iter().filter(concerns).copied().collect();
    Change { verb, edits, rows: completed(desk, target, rows), descent }
}

/// The rows with those of parents that begin with their first child or end with their last.
fn completed(desk: &Desk, target: &Target, rows: Vec<RowChange>) -> Vec<RowChange> {
    let id = |row: &RowChange| row.before.as_ref().or(row.after.as_ref()).map_or(0, |row| row.id);
    let mut all: BTreeMap<u64, RowChange> = rows.into_iter().map(|row| (id(&row), row)).collect();
    let mut waiting: Vec<RowChange> = all.values().cloned().collect();
    while let Some(row) = waiting.pop() {
        let mut add = |row: RowChange, all: &mut BTreeMap<u64, RowChange>| {
            all.insert(id(&row), row.clone());
            waiting.push(row);
        };
        if let Some(parent) = row.after.as_ref().and_then(|row| row.parent)
            && desk.row(parent).is_none()
            && !all.contains_key(&parent)
            && let Some(begun) = target.rows.get(&parent)
        {
            add(RowChange { before: None, after: Some(begun.clone()) }, &mut all);
        }
        if let Some(parent) = row.before.as_ref().and_then(|row| row.parent)
            && !target.rows.contains_key(&parent)
            && !all.contains_key(&parent)
            && let Some(old) = desk.row(parent)
        {
            let stays = |child: &&Row| {
                all.get(&child.id).is_none_or(|row| row.after.as_ref().is_some_and(|row| row.parent == Some(parent)))
            };
            let joins = all.values().any(|row| row.after.as_ref().is_some_and(|row| row.parent == Some(parent)));
            if !joins && !desk.children(parent).iter().any(stays) {
                add(RowChange { before: Some(old.clone()), after: None }, &mut all);
            }
        }
    }
    all.into_values().collect()
}

/// What is to be said of a unit that goes on.
fn changed(desk: &Desk, target: &Target, id: u64) -> Option<RowChange> {
    let (before, after) = (desk.row(id)?, target.rows.get(&id)?);
    (before != after).then(|| RowChange { before: Some(before.clone()), after: Some(after.clone()) })
}

fn put(desk: &mut Desk, target: &Target, row: RowChange) -> Result<Change, Refused> {
    let parent = |row: &Option<Row>| row.as_ref().and_then(|row| row.parent);
    let verb = if parent(&row.before) == parent(&row.after) { Verb::Describe } else { Verb::Reparent };
    let change = Change { rows: completed(desk, target, vec![row]), ..Change::of_lines(verb, Vec::new()) };
    desk.apply(&change).map(|_| change)
}

/// Everything that can be said of units one by one.
fn said(desk: &mut Desk, target: &Target) -> Vec<Made> {
    let mut all = Vec::new();
    loop {
        let before = all.len();
        let waiting: Vec<RowChange> = target.rows.keys().filter_map(|id| changed(desk, target, *id)).collect();
        for row in waiting {
            let parent = |row: &Option<Row>| row.as_ref().and_then(|row| row.parent);
            let parents = Some((parent(&row.before), parent(&row.after)));
            let made = put(desk, target, row);
            all.extend(made.map(|change| Made { changes: vec![change], points: Vec::new(), parents }));
        }
        if all.len() == before {
            return all;
        }
    }
}

/// The vertices that edits name.
fn points(edits: &[Edit]) -> Vec<LatticePoint> {
    let mut all = Vec::new();
    for edit in edits {
        match edit {
            Edit::Reshape { old, new } => all.extend(old.iter().chain(new).copied()),
            Edit::MoveJunction { from, to } => all.extend([*from, *to]),
            Edit::Split { lines, .. } => {
                all.extend(lines.iter().flat_map(|Line { points, .. }| points.iter().copied()));
            }
            Edit::Mark { edge, .. } => all.extend([edge.0, edge.1]),
            Edit::Merge { .. } | Edit::SetRole { .. } => {}
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn missing(desk: &Desk, refused: &Refused) -> Missing {
    let codes = refused.units().into_iter().filter_map(|id| desk.row(id).map(|row| row.code.clone()));
    Missing { at: refused.bounds().map(|bounds| bounds.0), units: codes.collect(), reason: refused.to_string() }
}
