//! Who lives where in a unit: its buildings with their share of the households, and which of them belong together.
//!
//! A register says how many households a unit has, not at which door. So they are spread evenly over the unit's home addresses; where it has none, over
//! the outlines of the base map by their size; where it has not even those, over the land. [`Basis`] says which it was.

use std::collections::HashMap;

use super::ground::{Ground, Spot, bounds, distance, edges, foot, inside, measure, middle};
use super::{Basis, Compound, Opened};
use crate::coverage::FaceIx;
use crate::grid::UnitIx;
use crate::place::Place;
use crate::snapshot::{BaseShape, Snapshot};

/// A building, a house, or – where nothing is known of either – a block of land.
#[derive(Clone, Debug)]
pub(super) struct Building {
    pub(super) middle: Spot,
    /// The outline of the base map in which its address lies.
    pub(super) outline: Option<Vec<Spot>>,
    pub(super) households: f64,
    pub(super) people: f64,
    /// Index of the compound that must not be cut.
    pub(super) compound: Option<u32>,
    /// Index of the compound that lies in one unit, kept whole or too heavy for it.
    pub(super) estate: Option<u32>,
    /// Stairwells (单元): by its addresses, else by its length. 0 where it is never divided: a house, or without an outline.
    pub(super) stairwells: usize,
    /// Which of the units it lies in.
    pub(super) unit: usize,
    /// A block of land: it has no walls to keep away from, and counts by its cells.
    pub(super) land: bool,
}

/// What stands in the units.
#[derive(Clone, Debug)]
pub(super) struct Dwellings {
    pub(super) buildings: Vec<Building>,
    pub(super) basis: Vec<Basis>,
    pub(super) opened: Vec<Opened>,
}

/// A building of this length has one stairwell; a longer one more, where its addresses do not say.
const STAIRWELL_M: f64 = 16.0;
const MOST_STAIRWELLS: usize = 8;
/// Blocks of land along the shorter side of the box around a unit of which nothing else is known; about three hundred in all.
const LAND_BLOCKS: f64 = 300.0;

/// Open land is looked at in pieces at least this wide, and about so many along a unit.
const OPEN_STEP_M: f64 = 14.0;
const OPEN_PIECES: f64 = 12.0;

/// An outline of the base map.
struct Outline {
    ring: Vec<Spot>,
    /// The building that it is.
    taken: Option<usize>,
}

/// Gathers what stands in the units. `rings` are those of the land of all of them together.
///
/// Cost: one pass over the district's places and base map, with a box test each.
pub(super) fn gather(
    snapshot: &Snapshot,
    ground: &Ground,
    units: &[UnitIx],
    rings: &[Vec<Spot>],
    most_share: f64,
) -> Dwellings {
    let faces: Vec<Option<FaceIx>> = units.iter().map(|u| snapshot.hierarchy.unit(*u).face).collect();
    let owner = |place: &Place| {
        let face = snapshot.locator.owner_of(place.point);
        faces.iter().position(|f| *f == Some(face))
    };
    let own = |spot: Spot| {
        let face = snapshot.locator.owner(ground.point(spot));
        faces.iter().position(|f| *f == Some(face))
    };
    let limits = bounds(rings.iter().flatten());
    let near = |s: Spot| within(limits, s);
    let places: Vec<(&Place, usize)> = (snapshot.places.iter())
        .filter(|p| near(ground.spot_of(p.point)))
        .filter_map(|p| Some((p, owner(p)?)))
        .collect();
    let mut outlines = outlines(snapshot, ground, &near);
    let (mut buildings, mut addresses) = addressed(&homes(&places), ground, &mut outlines);
    let mut basis = Vec::new();
    for unit in 0..units.len() {
        let addressed = buildings.iter().any(|b| b.unit == unit);
        let free = outlines.iter().filter(|o| o.taken.is_none() && own(middle(&o.ring)) == Some(unit));
        buildings.extend(free.map(|o| Building {
            middle: middle(&o.ring),
            outline: Some(o.ring.clone()),
            households: if addressed { 0.0 } else { measure(&o.ring).0.abs() },
            people: 0.0,
            compound: None,
            estate: None,
            stairwells: if addressed { 0 } else { stairwells(&o.ring, 0) },
            unit,
            land: false,
        }));
        let found = if addressed { Basis::Addresses } else { Basis::Outlines };
        if buildings.iter().any(|b| b.unit == unit) {
            basis.push(found);
        } else {
            basis.push(Basis::Land);
            let own = |s: Spot| inside(rings, s) && own(s) == Some(unit);
            buildings.extend(blocks(limits, own).into_iter().map(|middle| land(middle, unit)));
        }
    }
    addresses.resize(buildings.len(), None);
    share(snapshot, units, &mut buildings);
    let opened = compounds(snapshot, &places, &addresses, &mut buildings, most_share);
    Dwellings { buildings, basis, opened }
}

/// The buildings of home addresses, each with the first of its addresses. Several in one outline, or at one spot, are one building.
fn addressed<'a>(
    homes: &[Home<'a>],
    ground: &Ground,
    outlines: &mut [Outline],
) -> (Vec<Building>, Vec<Option<&'a Place>>) {
    let (mut buildings, mut addresses): (Vec<Building>, Vec<Option<&Place>>) = (Vec::new(), Vec::new());
    let mut at_spot: HashMap<(i64, i64), usize> = HashMap::new();
    for home in homes {
        let spot = ground.spot_of(home.place.point);
        let outline = outlines.iter_mut().find(|o| inside(std::slice::from_ref(&o.ring), spot));
        let half_metres = ((2.0 * spot.0).round() as i64, (2.0 * spot.1).round() as i64);
        let known = outline.as_ref().map_or_else(|| at_spot.get(&half_metres).copied(), |o| o.taken);
        if let Some(building) = known {
            buildings[building].households += 1.0;
            continue;
        }
        at_spot.insert(half_metres, buildings.len());
        let outline = outline.map(|o| {
            o.taken = Some(buildings.len());
            o.ring.clone()
        });
        let stairwells = match &outline {
            Some(ring) if home.place.kind == "building" => stairwells(ring, home.entrances),
            _ => 0,
        };
        let middle = outline.as_ref().map_or(spot, |ring| middle(ring));
        let unit = home.unit;
        let (compound, estate, land) = (None, None, false);
        let (households, people) = (1.0, 0.0);
        buildings.push(Building { middle, outline, households, people, compound, estate, stairwells, unit, land });
        addresses.push(Some(home.place));
    }
    (buildings, addresses)
}

const fn land(middle: Spot, unit: usize) -> Building {
    let (outline, compound, estate, stairwells, land) = (None, None, None, 0, true);
    Building { middle, outline, households: 1.0, people: 0.0, compound, estate, stairwells, unit, land }
}

/// The households and people of each unit, spread over its buildings in proportion to what `households` says so far.
fn share(snapshot: &Snapshot, units: &[UnitIx], buildings: &mut [Building]) {
    for (i, unit) in units.iter().enumerate() {
        let unit = snapshot.hierarchy.unit(*unit);
        let whole: f64 = buildings.iter().filter(|b| b.unit == i).map(|b| b.households).sum();
        for building in buildings.iter_mut().filter(|b| b.unit == i && whole > 0.0) {
            let share = building.households / whole;
            building.households = share * f64::from(unit.households);
            building.people = share * f64::from(unit.population);
        }
    }
}

fn within((lo, hi): (Spot, Spot), s: Spot) -> bool {
    lo.0 <= s.0 && s.0 <= hi.0 && lo.1 <= s.1 && s.1 <= hi.1
}

/// Outlines of buildings whose first corner is in the box, counter-clockwise.
fn outlines(snapshot: &Snapshot, ground: &Ground, near: &impl Fn(Spot) -> bool) -> Vec<Outline> {
    let rings = snapshot.base.iter().filter(|f| f.kind == "building").filter_map(|f| match &f.shape {
        BaseShape::Area(rings) => rings.first(),
        BaseShape::Line(_) => None,
    });
    let close = rings.filter(|ring| ring.first().and_then(|p| ground.spot_at(*p)).is_some_and(near));
    let outline = |ring: &Vec<(f64, f64)>| {
        let mut ring: Vec<Spot> = ring.iter().filter_map(|p| ground.spot_at(*p)).collect();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        if measure(&ring).0 < 0.0 {
            ring.reverse();
        }
        (ring.len() > 2).then_some(Outline { ring, taken: None })
    };
    close.filter_map(outline).collect()
}

/// A home address.
struct Home<'a> {
    place: &'a Place,
    unit: usize,
    entrances: usize,
}

/// Buildings and houses, with the number of their entrances; entrances of which no building is known stand for themselves.
fn homes<'a>(places: &[(&'a Place, usize)]) -> Vec<Home<'a>> {
    let of_kind = |kinds: &'static [&'static str]| places.iter().filter(move |(p, _)| kinds.contains(&p.kind.as_str()));
    let mut homes: Vec<Home> = of_kind(&["building", "house"])
        .filter(|(p, _)| !p.address.is_empty() || !p.name.is_empty())
        .map(|(place, unit)| Home { place, unit: *unit, entrances: 0 })
        .collect();
    let by_address: HashMap<&str, usize> =
        homes.iter().enumerate().map(|(i, h)| (h.place.address.as_str(), i)).collect();
    let mut alone = Vec::new();
    for (entrance, unit) in of_kind(&["entrance"]) {
        let starts = entrance.address.char_indices().rev().map(|(at, _)| &entrance.address[..at]);
        match starts.take(12).find_map(|start| by_address.get(start)) {
            Some(building) => homes[*building].entrances += 1,
            None => alone.push(Home { place: entrance, unit: *unit, entrances: 0 }),
        }
    }
    // A building of the next unit may have its entrances here; they are its own, and no homes beside those that have buildings.
    if homes.is_empty() { alone } else { homes }
}

fn stairwells(outline: &[Spot], entrances: usize) -> usize {
    let length = edges(outline).map(|(a, b)| distance(a, b)).fold(0.0, f64::max);
    let known = if entrances > 0 { entrances } else { (length / STAIRWELL_M).round() as usize };
    known.clamp(1, MOST_STAIRWELLS)
}

/// Middles of square blocks of land.
fn blocks((lo, hi): (Spot, Spot), own: impl Fn(Spot) -> bool) -> Vec<Spot> {
    let size = ((hi.0 - lo.0) * (hi.1 - lo.1) / LAND_BLOCKS).sqrt().max(1.0);
    let along = |from: f64, to: f64| {
        let n = ((to - from) / size).ceil().clamp(1.0, 1_000.0) as usize;
        (0..n).map(move |i| from + (i as f64 + 0.5) * size)
    };
    along(lo.1, hi.1).flat_map(|y| along(lo.0, hi.0).map(move |x| (x, y))).filter(|s| own(*s)).collect()
}

/// Marks the buildings of compounds that can be kept whole; says of the others why they cannot.
fn compounds(
    snapshot: &Snapshot,
    places: &[(&Place, usize)],
    addresses: &[Option<&Place>],
    buildings: &mut [Building],
    most_share: f64,
) -> Vec<Opened> {
    let whole: f64 = buildings.iter().map(|b| b.households).sum();
    let all = || snapshot.places.iter().filter(|p| p.kind == "compound" && !p.address.is_empty());
    let of_building = |address: &str| all().filter(|c| belongs(address, &c.address)).max_by_key(|c| c.address.len());
    let mut members: HashMap<&str, (&Place, Vec<usize>)> = HashMap::new();
    for (i, address) in addresses.iter().enumerate() {
        if let Some(compound) = address.and_then(|p| of_building(&p.address)) {
            members.entry(&compound.address).or_insert_with(|| (compound, Vec::new())).1.push(i);
        }
    }
    let mut sorted: Vec<(&Place, Vec<usize>)> = members.into_values().collect();
    sorted.sort_by(|a, b| a.0.address.cmp(&b.0.address));
    let mut opened = Vec::new();
    for (number, (compound, own)) in sorted.into_iter().enumerate() {
        let elsewhere = snapshot.places.iter().any(|p| {
            p.kind == "building"
                && belongs(&p.address, &compound.address)
                && !places.iter().any(|(known, _)| std::ptr::eq(*known, p))
                && of_building(&p.address).is_some_and(|c| c.address == compound.address)
        });
        let first = buildings[own[0]].unit;
        let weight: f64 = own.iter().map(|i| buildings[*i].households).sum();
        let why = if elsewhere || own.iter().any(|i| buildings[*i].unit != first) {
            Some(Compound::AlreadyDivided)
        } else if buildings.iter().enumerate().all(|(i, b)| b.households <= 0.0 || own.contains(&i)) {
            Some(Compound::IsTheUnit)
        } else if weight > most_share * whole {
            Some(Compound::OutweighsHalf)
        } else {
            None
        };
        if matches!(why, None | Some(Compound::OutweighsHalf)) {
            own.iter().for_each(|i| buildings[*i].estate = Some(number as u32));
        }
        match why {
            Some(why) => opened.push(Opened { name: compound.name.clone(), share: weight / whole.max(1e-9), why }),
            None => own.iter().for_each(|i| buildings[*i].compound = Some(number as u32)),
        }
    }
    opened
}

/// Whether an address lies within a compound's: it goes on where that ends.
fn belongs(address: &str, compound: &str) -> bool {
    address.len() > compound.len() && address.starts_with(compound)
}

/// A part of a building that is not divided further: the whole of it, or one hand of a stairwell.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    /// What it covers; a single spot where no outline is known.
    pub(super) outline: Vec<Spot>,
    pub(super) middle: Spot,
    pub(super) households: f64,
    pub(super) people: f64,
    pub(super) building: u32,
    pub(super) stairwell: u32,
    pub(super) compound: Option<u32>,
    pub(super) unit: usize,
    pub(super) land: bool,
}

/// Whole buildings; or, `fine`, each stairwell of a building in two.
pub(super) fn atoms(buildings: &[Building], fine: bool) -> Vec<Atom> {
    let mut out = Vec::new();
    for (number, building) in buildings.iter().enumerate() {
        let parts = if fine { (2 * building.stairwells).max(1) } else { 1 };
        for part in 0..parts {
            let outline = match &building.outline {
                Some(ring) if parts > 1 => slice(ring, part, parts),
                Some(ring) => ring.clone(),
                None => vec![building.middle],
            };
            out.push(Atom {
                middle: middle(&outline),
                outline,
                households: building.households / parts as f64,
                people: building.people / parts as f64,
                building: number as u32,
                stairwell: (part / 2) as u32,
                compound: building.compound,
                unit: building.unit,
                land: building.land,
            });
        }
    }
    out
}

/// Pieces of open land, away from all atoms, which may go to either side: so two buildings can hang together around a third.
pub(super) fn open_land(rings: &[Vec<Spot>], atoms: &[Atom]) -> Vec<Atom> {
    let area: f64 = rings.iter().map(|r| measure(r).0).sum();
    let step = (area.max(0.0).sqrt() / OPEN_PIECES).max(OPEN_STEP_M);
    let (lo, hi) = bounds(rings.iter().flatten());
    let along = |from: f64, to: f64| {
        let n = ((to - from) / step).clamp(0.0, 4.0 * OPEN_PIECES) as usize;
        (0..=n).map(move |i| from + (i as f64 + 0.5) * step)
    };
    let far = |ring: &[Spot], s: Spot| match ring {
        [one] => distance(*one, s),
        _ => edges(ring).map(|(a, b)| foot(s, a, b).1).fold(f64::INFINITY, f64::min),
    };
    let spots = along(lo.1, hi.1).flat_map(|y| along(lo.0, hi.0).map(move |x| (x, y)));
    let open = spots.filter(|s| {
        inside(rings, *s)
            && rings.iter().all(|r| far(r, *s) > 0.3 * step)
            && atoms.iter().all(|a| far(&a.outline, *s) > 0.6 * step)
    });
    let first = atoms.iter().map(|a| a.building + 1).max().unwrap_or(0);
    let piece = |(number, middle): (u32, Spot)| Atom {
        outline: vec![middle],
        middle,
        households: 0.0,
        people: 0.0,
        building: first + number,
        stairwell: 0,
        compound: None,
        unit: 0,
        land: false,
    };
    (0..).zip(open).map(piece).collect()
}

/// A slice of an outline across its longest edge: the `part`-th of `parts`.
fn slice(ring: &[Spot], part: usize, parts: usize) -> Vec<Spot> {
    let longest = edges(ring).max_by(|x, y| distance(x.0, x.1).total_cmp(&distance(y.0, y.1)));
    let Some((a, b)) = longest else { return ring.to_vec() };
    let length = distance(a, b).max(1e-9);
    let unit = ((b.0 - a.0) / length, (b.1 - a.1) / length);
    let at = |p: &Spot| (p.0 - a.0) * unit.0 + (p.1 - a.1) * unit.1;
    let (low, high) = ring.iter().map(at).fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
    let cut = |i: usize| low + (high - low) * i as f64 / parts as f64;
    let keep = |ring: &[Spot], limit: f64, sign: f64| {
        let mut out = Vec::new();
        for (p, q) in edges(ring) {
            let (x, y) = (sign * (at(&p) - limit), sign * (at(&q) - limit));
            if x >= 0.0 {
                out.push(p);
            }
            if (x < 0.0) != (y < 0.0) {
                let t = x / (x - y);
                out.push((p.0 + t * (q.0 - p.0), p.1 + t * (q.1 - p.1)));
            }
        }
        out
    };
    keep(&keep(ring, cut(part), 1.0), cut(part + 1), -1.0)
}
