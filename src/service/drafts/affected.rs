//! Who is affected by a draft: addresses, open issues and people whose unit would be another, and every unit concerned before and after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::Open;
use crate::coverage::region::Group;
use crate::coverage::{Coverage, FaceIx};
use crate::crs::{Cgcs2000, PlaneCrs};
use crate::grid::past::Boundaries;
use crate::grid::people::{Role, Roster};
use crate::grid::{Hierarchy, UnitIx, area};
use crate::issue::Issue;
use crate::locate::Locator;
use crate::place::Place;
use crate::service::units::length_m;

/// Everything that a draft would change for somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Affected {
    /// Units whose land or row changes, upper levels first.
    pub units: Vec<UnitEffect>,
    /// Addresses and places that would be another unit's.
    pub places: Vec<Handed>,
    /// Open issues that would be another unit's.
    pub issues: Vec<Handed>,
    /// People and branches posted at units that end, or whose land changes.
    pub people: Vec<PersonEffect>,
}

/// A unit before and after; one of the two is missing where it begins or ends.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitEffect {
    pub before: Option<Profile>,
    pub after: Option<Profile>,
}

/// What a unit is, in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub level: u8,
    pub code: String,
    pub name: String,
    pub households: u32,
    pub population: u32,
    pub area_m2: f64,
    /// Places of every kind.
    pub places: usize,
    /// Issues received, a month of 30 days, over the time that issues are known of.
    pub issues_a_month: f64,
    /// 4π times the area by the square of the perimeter (Polsby–Popper): 1 for a disc, little for what is long or ragged.
    pub compactness: f64,
}

/// Something that goes from one smallest unit to another, by code; `None` for land that is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    pub id: String,
    pub kind: String,
    pub text: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Somebody whose units change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonEffect {
    pub id: String,
    pub name: String,
    /// `officer`, `specialist`, `secretary`, `advisor`, or `branch`.
    pub role: &'static str,
    pub line: String,
    /// Codes, as they are now, of the units concerned that end …
    pub ends: Vec<String>,
    /// … and of those that stay with other land or another row.
    pub changes: Vec<String>,
}

/// The boundaries at one time, and what is asked of them.
struct Side<'a> {
    coverage: &'a Coverage,
    hierarchy: &'a Hierarchy,
    locator: &'a Locator,
}

impl Side<'_> {
    /// The smallest unit of a place.
    fn unit(&self, point: Cgcs2000) -> Option<UnitIx> {
        self.hierarchy.unit_of_face(self.locator.owner_of(point))
    }
}

impl Open {
    /// Who is affected, of the places as they are now. `day` decides who is posted. Cost: a lookup for each place and issue before and after, linear otherwise.
    #[must_use]
    pub fn affected(&self, places: &[Place], day: Date) -> Affected {
        let snapshot = &self.base.snapshot;
        let Boundaries { coverage, hierarchy } = self.desk.boundaries();
        let before = Side { coverage: &snapshot.coverage, hierarchy: &snapshot.hierarchy, locator: &snapshot.locator };
        let after = Side { coverage: &coverage, hierarchy: &hierarchy, locator: &self.locator };
        let touched = self.desk.touched();
        let handed = |point| {
            let (from, to) = (before.unit(point), after.unit(point));
            let id = |side: &Side, unit: Option<UnitIx>| unit.map(|unit| side.hierarchy.unit(unit).id);
            (id(&before, from) != id(&after, to)).then(|| {
                let code = |side: &Side, unit: Option<UnitIx>| unit.map(|u| side.hierarchy.unit(u).code.clone());
                (code(&before, from), code(&after, to))
            })
        };
        let of_place = |place: &Place| {
            let (from, to) = handed(place.point)?;
            let text = if place.address.is_empty() { &place.name } else { &place.address };
            Some(Handed { id: place.id.clone(), kind: place.kind.clone(), text: text.clone(), from, to })
        };
        let of_issue = |issue: &Issue| {
            let (from, to) = handed(issue.point?)?;
            Some(Handed {
                id: issue.id.clone(),
                kind: issue.category.clone(),
                text: issue.subcategory.clone(),
                from,
                to,
            })
        };
        let open = snapshot.issues.iter().filter(|issue| issue.closed.is_none());
        let (old, new) = (self.profiles(places, &before, &touched), self.profiles(places, &after, &touched));
        let units = old.keys().chain(new.keys()).copied().collect::<BTreeSet<(u8, u64)>>();
        Affected {
            units: units
                .into_iter()
                .map(|key| UnitEffect { before: old.get(&key).cloned(), after: new.get(&key).cloned() })
                .collect(),
            places: places.iter().filter_map(of_place).collect(),
            issues: open.filter_map(of_issue).collect(),
            people: self.people(&snapshot.roster, &touched, day),
        }
    }

    /// Figures of the units that are touched, by level and identity.
    fn profiles(&self, places: &[Place], side: &Side, touched: &BTreeSet<u64>) -> BTreeMap<(u8, u64), Profile> {
        let snapshot = &self.base.snapshot;
        let months = months(&snapshot.issues);
        let Side { coverage, hierarchy, .. } = side;
        let units: Vec<UnitIx> = (0..hierarchy.units().len() as u32).map(UnitIx).collect();
        let levels: BTreeSet<u8> = (units.iter().map(|ix| hierarchy.unit(*ix)))
            .filter(|unit| touched.contains(&unit.id))
            .map(|unit| unit.level)
            .collect();
        let mut profiles = BTreeMap::new();
        for level in levels {
            let mut groups = hierarchy.groups(level);
            for group in groups.iter_mut().filter(|group| **group != Group::NONE) {
                if !touched.contains(&hierarchy.unit(UnitIx(group.0)).id) {
                    *group = Group::NONE;
                }
            }
            let sizes = Sizes::of(coverage, &groups, hierarchy.units().len(), snapshot.district.plane);
            let group_of = |point| groups.get(side.locator.owner_of(point).ix()).copied().filter(|g| *g != Group::NONE);
            let homes = counted(places.iter().filter_map(|place| group_of(place.point)));
            let issues = counted(snapshot.issues.iter().filter_map(|issue| group_of(issue.point?)));
            for (ix, unit) in hierarchy.at_level(level).filter(|(_, unit)| touched.contains(&unit.id)) {
                let count = |of: &HashMap<Group, usize>| of.get(&Group(ix.0)).copied().unwrap_or_default();
                let profile = Profile {
                    level,
                    code: unit.code.clone(),
                    name: unit.name.clone(),
                    households: unit.households,
                    population: unit.population,
                    area_m2: sizes.areas_m2[ix.ix()],
                    places: count(&homes),
                    issues_a_month: count(&issues) as f64 / months,
                    compactness: sizes.compactness(ix),
                };
                profiles.insert((level, unit.id), profile);
            }
        }
        profiles
    }

    fn people(&self, roster: &Roster, touched: &BTreeSet<u64>, day: Date) -> Vec<PersonEffect> {
        let hierarchy = &self.base.snapshot.hierarchy;
        let concerned = |units: &[UnitIx]| {
            let codes = |ended: bool| {
                let units = units.iter().map(|ix| hierarchy.unit(*ix)).filter(|unit| touched.contains(&unit.id));
                let units = units.filter(|unit| self.desk.row(unit.id).is_none() == ended);
                units.map(|unit| unit.code.clone()).collect::<Vec<_>>()
            };
            let (ends, changes) = (codes(true), codes(false));
            (!ends.is_empty() || !changes.is_empty()).then_some((ends, changes))
        };
        let people = roster.people().iter().filter(|person| person.term.holds_on(day)).filter_map(|person| {
            let (ends, changes) = concerned(&person.units)?;
            let (role, line) = match &person.role {
                Role::Officer => ("officer", ""),
                Role::Specialist { line } => ("specialist", line.as_str()),
                Role::Secretary => ("secretary", ""),
                Role::Advisor => ("advisor", ""),
            };
            let (id, name) = (person.id.clone(), person.name.clone());
            Some(PersonEffect { id, name, role, line: line.to_owned(), ends, changes })
        });
        let branches = roster.branches().iter().filter(|branch| branch.term.holds_on(day)).filter_map(|branch| {
            let (ends, changes) = concerned(&branch.units)?;
            let (id, name) = (branch.id.clone(), branch.name.clone());
            Some(PersonEffect { id, name, role: "branch", line: String::new(), ends, changes })
        });
        people.chain(branches).collect()
    }
}

/// Areas and perimeters of groups of faces.
struct Sizes {
    areas_m2: Vec<f64>,
    around_m: Vec<f64>,
}

impl Sizes {
    fn of(coverage: &Coverage, groups: &[Group], count: usize, plane: PlaneCrs) -> Self {
        let areas_m2 = area::of_groups_m2(coverage, groups, count, plane);
        let mut around_m = vec![0.0; count];
        let group = |face: FaceIx| groups.get(face.ix()).copied().unwrap_or(Group::NONE);
        for arc in coverage.arcs() {
            let (left, right) = (group(arc.left), group(arc.right));
            if left == right {
                continue;
            }
            let length = length_m(coverage, arc);
            for side in [left, right] {
                if let Some(around) = around_m.get_mut(side.0 as usize) {
                    *around += length;
                }
            }
        }
        Self { areas_m2, around_m }
    }

    fn compactness(&self, unit: UnitIx) -> f64 {
        let (area, around) = (self.areas_m2[unit.ix()], self.around_m[unit.ix()]);
        if around > 0.0 { 4.0 * std::f64::consts::PI * area / (around * around) } else { 0.0 }
    }
}

fn counted(groups: impl Iterator<Item = Group>) -> HashMap<Group, usize> {
    let mut counts = HashMap::new();
    groups.for_each(|group| *counts.entry(group).or_default() += 1);
    counts
}

/// How many months of 30 days the issues span; at least one.
fn months(issues: &[Issue]) -> f64 {
    let (Some(first), Some(last)) = (issues.first(), issues.last()) else { return 1.0 };
    (f64::from(last.received.date().since(first.received.date()).map_or(0, |span| span.get_days())) / 30.0).max(1.0)
}
