//! Who is responsible: levels, codes, the strict tree of units, and the people who answer for them.

mod hierarchy;
pub mod area;
pub mod change;
pub mod diff;
pub mod draft;
pub mod history;
pub mod past;
pub mod people;
pub mod principles;
pub mod survey;

pub use hierarchy::{Hierarchy, HierarchyFault, Unit, UnitIx};

use crate::crs::PlaneCrs;

/// What is true of the whole dataset, whatever its boundaries: read from `district.toml`, kept in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    pub code: String,
    pub name: String,
    pub name_en: String,
    pub aliases: Vec<String>,
    /// Synthetic data says so wherever it shows, with `mark`.
    pub synthetic: bool,
    pub mark: String,
    /// Lengths and areas are metres in this plane.
    pub plane: PlaneCrs,
    /// Top level first. Only the last one's units have shapes.
    pub levels: Vec<Level>,
    pub required: Required,
}

impl District {
    /// The index of a level by its key.
    #[must_use]
    pub fn level(&self, key: &str) -> Option<usize> {
        self.levels.iter().position(|l| l.key == key)
    }
}

/// One level of the tree. Levels are data: their number and names differ from city to city.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// ASCII; also the name of the tile layer and the GeoPackage layer.
    pub key: String,
    pub name: String,
    pub name_en: String,
    /// Characters of a well-formed code, where the city has a scheme; a child's code then starts with its parent's.
    pub code_length: Option<usize>,
    pub bands: Vec<SizeBand>,
}

/// The configured size of a class of units; inclusive bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeBand {
    pub class: String,
    pub households: Option<(u32, u32)>,
    pub population: Option<(u32, u32)>,
    pub area_km2: Option<(f64, f64)>,
}

/// Who must be there for a unit to count as complete (规范完整). Level indices.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Required {
    pub officer_level: Option<usize>,
    pub branch_level: Option<usize>,
    pub lines: Vec<String>,
    pub lines_level: Option<usize>,
}
