//! The strict tree of units (网格): the lowest level owns the faces, every other unit is exactly its children.

use std::collections::HashMap;

use crate::coverage::FaceIx;
use crate::coverage::region::Group;

/// Index of a unit in [`Hierarchy::units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitIx(pub u32);

impl UnitIx {
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A unit of any level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Permanent identity: kept through reshapes and renames, never used twice. A lowest-level unit's is its face's.
    pub id: u64,
    pub level: u8,
    pub code: String,
    pub name: String,
    pub parent: Option<UnitIx>,
    /// Class for the size bands (`urban`, `rural`, …); empty when the source has none.
    pub class: String,
    pub households: u32,
    pub population: u32,
    /// The shape, at the lowest level only.
    pub face: Option<FaceIx>,
}

/// A tree that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HierarchyFault {
    #[error("code {code} is used {times} times at level {level}")]
    DuplicateCode { level: u8, code: String, times: usize },
    #[error("{code} names parent {parent}, which is not a unit of the level above")]
    NoParent { code: String, parent: String },
    #[error("{code} has no unit below it")]
    NoChildren { code: String },
    #[error("{code} has no shape")]
    NoShape { code: String },
}

/// The tree, indexed. Units are sorted by level, then code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    units: Vec<Unit>,
    levels: usize,
    children: Vec<Vec<UnitIx>>,
    by_code: HashMap<String, UnitIx>,
    unit_of_face: Vec<Option<UnitIx>>,
}

impl Hierarchy {
    /// Indexes units whose `parent`s already point into the list, sorted by level. `faces` is the number of faces of the coverage.
    /// Upper units with 0 households and population get the sums of their children. Duplicate codes keep the first; ask
    /// [`Hierarchy::faults`].
    #[must_use]
    pub fn new(mut units: Vec<Unit>, levels: usize, faces: usize) -> Self {
        let mut children = vec![Vec::new(); units.len()];
        let mut by_code = HashMap::with_capacity(units.len());
        let mut unit_of_face = vec![None; faces];
        for (i, unit) in units.iter().enumerate() {
            let ix = UnitIx(i as u32);
            if let Some(parent) = unit.parent {
                children[parent.ix()].push(ix);
            }
            by_code.entry(unit.code.clone()).or_insert(ix);
            if let Some(slot) = unit.face.and_then(|f| unit_of_face.get_mut(f.ix())) {
                *slot = Some(ix);
            }
        }
        for i in (0..units.len()).rev() {
            if units[i].households == 0 && units[i].population == 0 && !children[i].is_empty() {
                units[i].households = children[i].iter().map(|c| units[c.ix()].households).sum();
                units[i].population = children[i].iter().map(|c| units[c.ix()].population).sum();
            }
        }
        Self { units, levels, children, by_code, unit_of_face }
    }

    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    #[must_use]
    pub fn unit(&self, ix: UnitIx) -> &Unit {
        &self.units[ix.ix()]
    }

    /// Number of levels; the lowest is `levels() - 1`.
    #[must_use]
    pub const fn levels(&self) -> usize {
        self.levels
    }

    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<UnitIx> {
        self.by_code.get(code).copied()
    }

    #[must_use]
    pub fn children(&self, ix: UnitIx) -> &[UnitIx] {
        &self.children[ix.ix()]
    }

    /// The units of one level, in code order.
    pub fn at_level(&self, level: u8) -> impl Iterator<Item = (UnitIx, &Unit)> {
        self.units.iter().enumerate().filter(move |(_, u)| u.level == level).map(|(i, u)| (UnitIx(i as u32), u))
    }

    /// The lowest-level unit of a face; `None` for the outside, excluded land and gaps.
    #[must_use]
    pub fn unit_of_face(&self, face: FaceIx) -> Option<UnitIx> {
        self.unit_of_face.get(face.ix()).copied().flatten()
    }

    /// The unit and all above it, top first.
    #[must_use]
    pub fn chain(&self, ix: UnitIx) -> Vec<UnitIx> {
        let mut chain = vec![ix];
        while let Some(parent) = self.units[chain[chain.len() - 1].ix()].parent {
            chain.push(parent);
        }
        chain.reverse();
        chain
    }

    /// Each face's unit of one level, as groups for [`crate::coverage::region::trace`]: the group number is the unit's index.
    #[must_use]
    pub fn groups(&self, level: u8) -> Vec<Group> {
        let ancestor = |unit: UnitIx| {
            let mut at = unit;
            while self.unit(at).level > level {
                match self.unit(at).parent {
                    Some(parent) => at = parent,
                    None => return Group::NONE,
                }
            }
            Group(at.0)
        };
        self.unit_of_face.iter().map(|unit| unit.map_or(Group::NONE, ancestor)).collect()
    }

    /// What keeps the units from being a strict tree.
    #[must_use]
    pub fn faults(&self) -> Vec<HierarchyFault> {
        let mut faults = Vec::new();
        let mut seen: HashMap<(u8, &str), usize> = HashMap::new();
        for unit in &self.units {
            *seen.entry((unit.level, &unit.code)).or_default() += 1;
        }
        let mut twice: Vec<_> = seen.into_iter().filter(|(_, times)| *times > 1).collect();
        twice.sort_unstable();
        faults.extend(twice.into_iter().map(|((level, code), times)| HierarchyFault::DuplicateCode {
            level,
            code: code.to_owned(),
            times,
        }));
        for (i, unit) in self.units.iter().enumerate() {
            let lowest = usize::from(unit.level) + 1 == self.levels;
            let parent_fits = match unit.parent {
                None => unit.level == 0,
                Some(p) => self.units[p.ix()].level + 1 == unit.level,
            };
            if !parent_fits {
                let parent = unit.parent.map(|p| self.units[p.ix()].code.clone()).unwrap_or_default();
                faults.push(HierarchyFault::NoParent { code: unit.code.clone(), parent });
            }
            if lowest && unit.face.is_none() {
                faults.push(HierarchyFault::NoShape { code: unit.code.clone() });
            }
            if !lowest && self.children[i].is_empty() {
                faults.push(HierarchyFault::NoChildren { code: unit.code.clone() });
            }
        }
        faults
    }
}
