//! A district as the gazetteer needs it: what its units are called, and whose each place is.

use super::Place;
use super::gazetteer::{Region, RegionIx, Setting};
use super::search::Ground;
use crate::crs::Cgcs2000;
use crate::grid::{District, Hierarchy, UnitIx};
use crate::locate::Locator;

/// The boundaries that say whose a position is.
#[derive(Clone, Copy, Debug)]
pub struct Boundaries<'a> {
    pub hierarchy: &'a Hierarchy,
    pub locator: &'a Locator,
}

impl Ground for Boundaries<'_> {
    fn owner(&self, point: Cgcs2000) -> Option<UnitIx> {
        self.hierarchy.unit_of_face(self.locator.owner_of(point))
    }

    fn boundary_m(&self, point: Cgcs2000) -> f64 {
        self.locator.locate(point, 0.0).boundary_m
    }
}

impl Setting {
    /// Names of units down to the last but two levels, since nobody speaks of the lower ones, and the owner of each place. Some 100 ns a place.
    #[must_use]
    pub fn of(district: &District, boundaries: &Boundaries<'_>, places: &[Place]) -> Self {
        let hierarchy = boundaries.hierarchy;
        let spoken = district.levels.len().saturating_sub(2).max(1);
        let units = hierarchy.units();
        let mut of_unit: Vec<Option<RegionIx>> = vec![None; units.len()];
        let mut regions = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            let parent = unit.parent.and_then(|parent| of_unit[parent.ix()]);
            let next = u16::try_from(regions.len()).ok().filter(|_| usize::from(unit.level) < spoken);
            of_unit[at] = next.map(RegionIx).or(parent);
            if next.is_some() {
                let level_name = district.levels.get(usize::from(unit.level)).map_or("", |level| &level.name);
                regions.push(Region {
                    unit: UnitIx(at as u32),
                    level: unit.level,
                    name: unit.name.clone(),
                    level_name: level_name.to_owned(),
                    parent,
                });
            }
        }
        let owners = places.iter().map(|place| {
            let owner = boundaries.owner(place.point);
            (owner, owner.and_then(|owner| of_unit[owner.ix()]))
        });
        let own: Vec<String> = std::iter::once(&district.name).chain(&district.aliases).cloned().collect();
        let above = above(&own, places);
        Self { district: own.into_iter().chain(above).collect(), regions, owners: owners.collect() }
    }
}

/// What stands before the district's name in the standard addresses: 山东省, 济宁市, and their short names.
fn above(own: &[String], places: &[Place]) -> Vec<String> {
    let before = |address: &str| {
        let ends = own.iter().filter_map(|name| address.find(name.as_str())).filter(|at| *at > 0);
        ends.min().map(|end| address[..end].to_owned())
    };
    let Some(before) = places.iter().take(MOST_LOOKED_AT).find_map(|place| before(&place.address)) else {
        return Vec::new();
    };
    let parts = before.split_inclusive(['省', '市', '区']).map(str::to_owned);
    let with_short = parts.flat_map(|part| {
        let short = part.trim_end_matches(['省', '市', '区']).to_owned();
        [part, short]
    });
    with_short.filter(|name| name.chars().count() >= 2).collect()
}

const MOST_LOOKED_AT: usize = 64;
