//! What has a name: heads (a compound, a village, a road …) with the numbers under them, and the units that addresses begin with. Compiled once from the
//! places of a snapshot; answers without touching anything else.

use std::collections::HashMap;
use std::sync::Arc;

use super::Place;
use super::kind::Kind;
use super::names::{Index, NameIx};
use super::slots::{self, Label, Slots, split};
use super::text::Text;
use crate::crs::Cgcs2000;
use crate::grid::UnitIx;

/// A place by its position in the list that the gazetteer was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceIx(pub u32);

impl PlaceIx {
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A named unit above the lowest levels: what addresses begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub unit: UnitIx,
    /// 0 is the top level.
    pub level: u8,
    pub name: String,
    /// What the level is called: 街道, 社区.
    pub level_name: String,
    /// The region it lies in.
    pub parent: Option<RegionIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionIx(pub u16);

/// What the gazetteer is made from, besides the places.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// Of the district itself: 济宁高新区, 高新区, 任城区.
    pub district: Vec<String>,
    pub regions: Vec<Region>,
    /// For each place, the unit that owns it and the lowest region that holds it.
    pub owners: Vec<(Option<UnitIx>, Option<RegionIx>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadIx(pub u32);

/// Something with a name of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    pub kind: Kind,
    /// The place itself; none where a list has its buildings only.
    pub place: Option<PlaceIx>,
    /// The place itself, or the first of its buildings.
    seat: PlaceIx,
    /// Where it is, or where one of its buildings is.
    pub point: Cgcs2000,
    /// Its primary name.
    pub name: NameIx,
    /// What stands under it: a range of [`Gazetteer::numbers`].
    first: u32,
    count: u32,
}

/// What a number under a head says: a house, or a building and its entrance (0 for the building itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    House(Label),
    Building(Label, u32),
}

/// The index: names and numbers, which the versions of a district share, and whose they are.
#[derive(Clone, Debug)]
pub struct Gazetteer {
    lists: Arc<Lists>,
    pub(super) setting: Setting,
    /// Of each head: all of it lies in one unit, as far as its numbers tell.
    whole: Vec<bool>,
}

/// What does not depend on who owns what.
#[derive(Debug)]
pub struct Lists {
    heads: Vec<Head>,
    numbers: Vec<(HeadIx, Number, PlaceIx)>,
    pub(super) index: Index,
    /// The crossings of two roads, by their heads.
    crossings: HashMap<(HeadIx, HeadIx), HeadIx>,
}

impl std::ops::Deref for Gazetteer {
    type Target = Lists;

    fn deref(&self) -> &Lists {
        &self.lists
    }
}

/// How far apart two things of one name may be and still be one.
const ONE_THING_M: f64 = 2500.0;

impl Gazetteer {
    /// Compiles. Linear in the places but for sorting; some 30 ms for 20,000.
    #[must_use]
    pub fn new(places: &[Place], setting: Setting) -> Self {
        let mut building = Build { index: Index::new(&setting), ..Build::default() };
        let names: Vec<Text> = places.iter().map(|place| building.name_of(place)).collect();
        let splits: Vec<Option<(usize, Slots)>> = names.iter().map(|name| split(&name.chars)).collect();
        for (at, place) in places.iter().enumerate().filter(|(at, _)| splits[*at].is_none()) {
            building.head(PlaceIx(at as u32), place, &names[at]);
        }
        for (at, place) in places.iter().enumerate() {
            if let Some((end, slots)) = splits[at] {
                building.number(PlaceIx(at as u32), place, (&names[at].chars[..end], slots));
            }
        }
        Self::over(Arc::new(building.finish()), setting)
    }

    /// The same places under other owners: what a publication of boundaries makes of a gazetteer. Compiled anew only where units are called otherwise.
    #[must_use]
    pub fn with(&self, places: &[Place], setting: Setting) -> Self {
        let same = self.setting.regions == setting.regions && self.setting.district == setting.district;
        if same { Self::over(Arc::clone(&self.lists), setting) } else { Self::new(places, setting) }
    }

    fn over(lists: Arc<Lists>, setting: Setting) -> Self {
        let owner = |place: PlaceIx| setting.owners.get(place.ix()).and_then(|(owner, _)| *owner);
        let whole = lists.heads.iter().map(|head| {
            let under = &lists.numbers[head.first as usize..(head.first + head.count) as usize];
            under.iter().all(|(_, _, place)| owner(*place) == owner(head.seat))
        });
        Self { whole: whole.collect(), lists, setting }
    }

    /// The lowest region that holds a head.
    #[must_use]
    pub fn region(&self, head: HeadIx) -> Option<RegionIx> {
        self.setting.owners.get(self.head(head).seat.ix()).and_then(|(_, region)| *region)
    }

    #[must_use]
    pub fn region_name(&self, region: RegionIx) -> Option<&str> {
        self.setting.regions.get(usize::from(region.0)).map(|region| region.name.as_str())
    }

    /// Whether all that is numbered under a head lies in one unit.
    #[must_use]
    pub fn is_whole(&self, head: HeadIx) -> bool {
        self.whole[head.0 as usize]
    }

    #[must_use]
    pub fn owner(&self, place: PlaceIx) -> Option<UnitIx> {
        self.setting.owners.get(place.ix()).and_then(|(owner, _)| *owner)
    }

    #[must_use]
    pub fn head(&self, head: HeadIx) -> &Head {
        &self.heads[head.0 as usize]
    }

    fn under(&self, head: HeadIx) -> &[(HeadIx, Number, PlaceIx)] {
        let Head { first, count, .. } = self.heads[head.0 as usize];
        &self.numbers[first as usize..(first + count) as usize]
    }

    fn find(&self, head: HeadIx, number: Number) -> Option<PlaceIx> {
        let under = self.under(head);
        under.binary_search_by(|(_, n, _)| n.cmp(&number)).ok().map(|at| under[at].2)
    }

    /// Whether anything is numbered under a head.
    #[must_use]
    pub fn has_numbers(&self, head: HeadIx) -> bool {
        self.heads[head.0 as usize].count > 0
    }

    /// How many things are numbered under a head.
    #[must_use]
    pub fn size(&self, head: HeadIx) -> u32 {
        self.heads[head.0 as usize].count
    }

    /// The deepest place that the numbers name under a head.
    #[must_use]
    pub fn deepest(&self, head: HeadIx, slots: &Slots) -> Deepest {
        let with_unit = |building: Label| {
            let unit = slots.unit.and_then(|unit| self.find(head, Number::Building(building, unit)));
            let whole = self.find(head, Number::Building(building, 0));
            match (unit, whole) {
                (Some(unit), _) => Some((unit, Depth::Entrance)),
                (None, Some(whole)) => Some((whole, Depth::Building)),
                // A list may have the entrances only: any of them is in the building.
                (None, None) => self.any_entrance(head, building).map(|place| (place, Depth::Building)),
            }
        };
        let house = |label: Label| self.find(head, Number::House(label)).map(|place| (place, Depth::House));
        let found = match (slots.building, slots.number, slots.loose) {
            (Some(building), ..) => with_unit(building).or_else(|| house(building)),
            (None, Some(number), _) => house(number).or_else(|| with_unit(number)),
            (None, None, Some(loose)) => with_unit(loose).or_else(|| house(loose)),
            (None, None, None) => return Deepest::NotAsked,
        };
        found.map_or(Deepest::NotThere, |(place, depth)| Deepest::Found(place, depth))
    }

    fn any_entrance(&self, head: HeadIx, building: Label) -> Option<PlaceIx> {
        let under = self.under(head);
        let at = under.partition_point(|(_, n, _)| *n < Number::Building(building, 0));
        under.get(at).filter(|(_, n, _)| matches!(n, Number::Building(label, _) if *label == building)).map(|row| row.2)
    }

    /// Whether all entrances of a building have one owner, as far as they are listed.
    #[must_use]
    pub fn is_undivided(&self, head: HeadIx, building: Label) -> bool {
        let under = self.under(head);
        let first = under.partition_point(|(_, n, _)| *n < Number::Building(building, 0));
        let all =
            under[first..].iter().take_while(|(_, n, _)| matches!(n, Number::Building(label, _) if *label == building));
        let mut owners = all.map(|(_, _, place)| self.owner(*place));
        let one = owners.next();
        owners.all(|owner| Some(owner) == one)
    }

    /// Buildings and houses whose number begins with the digits of `label`: 1 → 1, 10, 11 …, at most `most`.
    #[must_use]
    pub fn beginning_with(&self, head: HeadIx, label: Label, most: usize) -> Vec<PlaceIx> {
        let digits = label.value.to_string();
        let begins = |other: &Label| other.letter == label.letter && other.value.to_string().starts_with(&digits);
        let rows = self.under(head).iter().filter(|(_, number, _)| match number {
            Number::House(other) | Number::Building(other, 0) => begins(other),
            Number::Building(..) => false,
        });
        rows.map(|row| row.2).take(most).collect()
    }

    #[must_use]
    pub fn crossing(&self, one: HeadIx, other: HeadIx) -> Option<HeadIx> {
        self.crossings.get(&(one.min(other), one.max(other))).copied()
    }

    /// Whether a region is another or lies in it.
    #[must_use]
    pub fn lies_in(&self, region: Option<RegionIx>, other: RegionIx) -> bool {
        let mut at = region;
        while let Some(region) = at {
            if region == other {
                return true;
            }
            at = self.setting.regions.get(usize::from(region.0)).and_then(|r| r.parent);
        }
        false
    }

    /// Bytes of the index on the heap, without the places.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.numbers.capacity() * size_of::<(HeadIx, Number, PlaceIx)>()
            + self.setting.owners.capacity() * size_of::<(Option<UnitIx>, Option<RegionIx>)>()
            + self.crossings.capacity() * (size_of::<((HeadIx, HeadIx), HeadIx)>() + 1)
            + self.index.bytes()
    }
}

/// What numbers led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deepest {
    NotAsked,
    NotThere,
    Found(PlaceIx, Depth),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Entrance,
    Building,
    House,
}

#[derive(Default)]
struct Build {
    heads: Vec<Head>,
    numbers: Vec<(HeadIx, Number, PlaceIx)>,
    index: Index,
    by_name: HashMap<Vec<char>, Vec<HeadIx>>,
}

impl Build {
    /// What a place is called. Where lists call a building 3号楼, it is what its address says behind the units: 隆鑫苑3号楼.
    fn name_of(&self, place: &Place) -> Text {
        let name = Text::read(&place.name);
        let number = slots::read(&name.chars).is_some_and(|(_, used)| used == name.chars.len());
        let address = if number { Text::read(&place.address) } else { Text::default() };
        let tail = self.index.behind_units(&address.chars);
        if tail.len() > name.chars.len() { Text { chars: tail.to_vec(), from: Vec::new() } } else { name }
    }

    fn head(&mut self, at: PlaceIx, place: &Place, name: &Text) {
        let ix = self.push(Kind::of(&place.kind), (Some(at), at), place.point, &name.chars);
        for alias in &place.aliases {
            let alias = Text::read(alias);
            // An alias of a number (隆鑫苑3栋) says nothing that the name of the compound does not.
            if split(&alias.chars).is_none() {
                self.index.add(ix, &alias.chars, true);
            }
        }
    }

    fn push(
        &mut self,
        kind: Kind,
        (place, seat): (Option<PlaceIx>, PlaceIx),
        point: Cgcs2000,
        name: &[char],
    ) -> HeadIx {
        let ix = HeadIx(self.heads.len() as u32);
        let name_ix = self.index.add(ix, name, false);
        self.heads.push(Head { kind, place, seat, point, name: name_ix, first: 0, count: 0 });
        self.by_name.entry(name.to_vec()).or_default().push(ix);
        ix
    }

    /// A building, an entrance or a house: under the nearest head of that name, or under a new one.
    fn number(&mut self, at: PlaceIx, place: &Place, (name, slots): (&[char], Slots)) {
        let named = self.by_name.get(name).into_iter().flatten();
        let near = named.map(|ix| (*ix, metres(self.heads[ix.0 as usize].point, place.point)));
        let near = near.filter(|(_, far)| *far <= ONE_THING_M).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(ix, _)| ix);
        let head = near.unwrap_or_else(|| self.push(Kind::Compound, (None, at), place.point, name));
        let number = match (slots.building, slots.number) {
            (Some(building), _) => Number::Building(building, slots.unit.unwrap_or(0)),
            (None, Some(number)) => Number::House(number),
            (None, None) => return,
        };
        self.numbers.push((head, number, at));
        // 老供销社楼: what only this building is called. 隆鑫苑3栋 says nothing that the name of the compound does not.
        for alias in place.aliases.iter().map(|alias| Text::read(alias)).filter(|alias| split(&alias.chars).is_none()) {
            self.push(Kind::Spot, (Some(at), at), place.point, &alias.chars);
        }
    }

    /// G327十二站: what begins with the name of a road is also called by the road's other names.
    fn by_roads(&mut self) {
        let mut aliases: HashMap<Vec<char>, Vec<Vec<char>>> = HashMap::new();
        for head in self.heads.iter().filter(|head| head.kind == Kind::Road) {
            let names = self.index.names_of(head.name);
            if let [name, others @ ..] = names.as_slice()
                && !others.is_empty()
            {
                aliases.insert(name.clone(), others.to_vec());
            }
        }
        for at in 0..self.heads.len() {
            let name = self.index.chars(self.heads[at].name).to_vec();
            let road = (2..name.len()).rev().find_map(|end| Some((end, aliases.get(&name[..end])?)));
            for other in road.into_iter().flat_map(|(end, others)| others.iter().map(move |other| (end, other))) {
                let said: Vec<char> = other.1.iter().chain(&name[other.0..]).copied().collect();
                self.index.one(HeadIx(at as u32), &said, true);
            }
        }
    }

    fn finish(mut self) -> Lists {
        self.by_roads();
        self.numbers.sort_unstable();
        self.numbers.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        let mut first = 0;
        for group in self.numbers.chunk_by(|a, b| a.0 == b.0) {
            let head = &mut self.heads[group[0].0.0 as usize];
            (head.first, head.count) = (first, group.len() as u32);
            first += group.len() as u32;
        }
        self.numbers.shrink_to_fit();
        self.index.finish();
        let crossings = crossings(&self.heads, &self.index);
        Lists { heads: self.heads, numbers: self.numbers, index: self.index, crossings }
    }
}

/// Which roads meet at the crossings: those whose names stand in a crossing's names.
fn crossings(heads: &[Head], index: &Index) -> HashMap<(HeadIx, HeadIx), HeadIx> {
    let mut found = HashMap::new();
    for (at, head) in heads.iter().enumerate().filter(|(_, head)| head.kind == Kind::Crossing) {
        let mut roads: Vec<HeadIx> =
            index.inside(index.chars(head.name)).filter(|road| heads[road.0 as usize].kind == Kind::Road).collect();
        roads.dedup();
        for (i, one) in roads.iter().enumerate() {
            for other in &roads[i + 1..] {
                if one != other {
                    found.entry((*one.min(other), *one.max(other))).or_insert(HeadIx(at as u32));
                }
            }
        }
    }
    found
}

/// Metres between two positions of one district, good to a part in a thousand.
#[must_use]
pub(super) fn metres(a: Cgcs2000, b: Cgcs2000) -> f64 {
    let (east, north) = metres_per_degree(a.lat());
    ((a.lon() - b.lon()) * east).hypot((a.lat() - b.lat()) * north)
}

/// Metres of a degree to the east and to the north, at a latitude, on a sphere of the ellipsoid's mean radius.
#[must_use]
pub(super) fn metres_per_degree(lat: f64) -> (f64, f64) {
    const DEGREE_M: f64 = 111_195.08;
    (DEGREE_M * lat.to_radians().cos().max(1e-6), DEGREE_M)
}
