//! What a text may mean: places with how well they fit, and why.

use std::ops::Range;

use super::Place;
use super::gazetteer::{Deepest, Depth, Gazetteer, HeadIx, PlaceIx, RegionIx, metres_per_degree};
use super::kind::Kind;
use super::relation::Relation;
use super::slots::Slots;
use crate::crs::Cgcs2000;
use crate::grid::UnitIx;

/// How deep an address goes, coarse to fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Region,
    Road,
    Village,
    Compound,
    Crossing,
    Spot,
    House,
    Building,
    Entrance,
}

impl Level {
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Road => "road",
            Self::Village => "village",
            Self::Compound => "compound",
            Self::Crossing => "crossing",
            Self::Spot => "spot",
            Self::House => "house",
            Self::Building => "building",
            Self::Entrance => "entrance",
        }
    }

    /// As the page shows it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Region => "区划",
            Self::Road => "道路",
            Self::Village => "村",
            Self::Compound => "小区",
            Self::Crossing => "路口",
            Self::Spot => "地点",
            Self::House => "门牌",
            Self::Building => "楼",
            Self::Entrance => "单元",
        }
    }
}

/// Why a candidate is one, and what speaks against it.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Its name stands in the text.
    Name,
    /// A name it is known by.
    Alias,
    /// The text sounds or looks like its name: what was read, and the share that fits.
    Like {
        read: String,
        share: f64,
    },
    /// Its name begins so.
    Beginning,
    /// The letters of its syllables.
    Letters,
    /// It lies in the unit that was named, or it does not.
    InRegion(RegionIx),
    NotInRegion(RegionIx),
    /// The number is in the list, or not.
    Number,
    NoSuchNumber,
    NoSuchEntrance,
    Related(Relation),
    /// The text names what is elsewhere.
    Elsewhere,
}

/// How a head came up.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub head: HeadIx,
    pub why: Why,
    /// 1 for the name itself.
    pub fit: f64,
    /// Nothing else is likely to be meant by these characters.
    pub sure: bool,
    pub slots: Slots,
    pub relation: Option<Relation>,
    /// The stretch of the text that was read as its name, and how much of the stretch that explains, in characters.
    pub span: Range<usize>,
    pub explained: f64,
}

/// A place that a text may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// None for a region.
    pub place: Option<PlaceIx>,
    pub region: Option<RegionIx>,
    pub head: Option<HeadIx>,
    pub level: Level,
    /// 0 … 1.
    pub score: f64,
    pub sure: bool,
    pub why: Vec<Why>,
    /// None where a point would say more than is known.
    pub point: Option<Cgcs2000>,
    pub accuracy_m: f64,
    pub owner: Option<UnitIx>,
    /// All of what was named lies in one unit, so that its owner is known without the number.
    pub whole: bool,
    pub slots: Slots,
}

/// Below this a candidate is not shown.
pub const LEAST_SCORE: f64 = 0.4;
const NOT_IN_REGION: f64 = 0.8;
const ELSEWHERE: f64 = 0.45;
const NO_SUCH_NUMBER: f64 = 0.72;
/// Of a village whose houses are not in the list.
const UNLISTED_NUMBER: f64 = 0.85;
const NO_SUCH_ENTRANCE: f64 = 0.96;
/// A village's houses and a compound's buildings lie so far from its point.
const UNNUMBERED_M: f64 = 150.0;

/// What a text says about where, besides the name.
#[derive(Clone, Debug, Default)]
pub struct Around {
    pub regions: Vec<(RegionIx, bool)>,
    pub foreign: bool,
}

impl Candidate {
    /// The place that a head and its numbers lead to.
    #[must_use]
    pub fn of(gazetteer: &Gazetteer, places: &[Place], found: Found, around: &Around) -> Option<Self> {
        let head = gazetteer.head(found.head);
        let (mut score, mut sure, mut why) = (found.fit, found.sure, vec![found.why]);
        let deepest = gazetteer.deepest(found.head, &found.slots);
        let (place, level) = match deepest {
            Deepest::Found(place, Depth::Entrance) => (Some(place), Level::Entrance),
            Deepest::Found(place, Depth::Building) => (Some(place), Level::Building),
            Deepest::Found(place, Depth::House) => (Some(place), Level::House),
            Deepest::NotAsked | Deepest::NotThere => (head.place, level_of(head.kind)),
        };
        match deepest {
            Deepest::Found(_, depth) => {
                why.push(Why::Number);
                let has_entrance = depth == Depth::Entrance || found.slots.unit.is_none();
                if !has_entrance {
                    score *= NO_SUCH_ENTRANCE;
                    why.push(Why::NoSuchEntrance);
                }
            }
            // A shop has no numbers in the list: a number behind it is a room, or its house's.
            Deepest::NotThere if gazetteer.has_numbers(found.head) || head.kind == Kind::Compound => {
                (score, sure) = (score * NO_SUCH_NUMBER, false);
                why.push(Why::NoSuchNumber);
            }
            Deepest::NotThere if head.kind == Kind::Village => {
                score *= UNLISTED_NUMBER;
                why.push(Why::NoSuchNumber);
            }
            Deepest::NotThere | Deepest::NotAsked => {}
        }
        let of_head = gazetteer.region(found.head);
        let region = place.and_then(|place| gazetteer.setting.owners.get(place.ix())?.1).or(of_head);
        for (named, bare) in &around.regions {
            if gazetteer.lies_in(region, *named) || gazetteer.lies_in(of_head, *named) {
                why.push(Why::InRegion(*named));
            } else if !bare || score < 1.0 {
                (score, sure) = (score * NOT_IN_REGION, false);
                why.push(Why::NotInRegion(*named));
            }
        }
        if around.foreign {
            (score, sure) = (score * ELSEWHERE, false);
            why.push(Why::Elsewhere);
        }
        let at = place.and_then(|place| places.get(place.ix()));
        let (point, own_m) = at.map_or((head.point, UNNUMBERED_M), |place| (place.point, place.accuracy_m));
        let building = found.slots.building.or(found.slots.number).or(found.slots.loose);
        let is_undivided =
            level != Level::Building || building.is_none_or(|building| gazetteer.is_undivided(found.head, building));
        let mut candidate = Self {
            place,
            region,
            head: Some(found.head),
            level,
            score,
            sure,
            why,
            point: (level != Level::Road).then_some(point),
            accuracy_m: own_m,
            owner: place.and_then(|place| gazetteer.owner(place)),
            whole: is_undivided && level > Level::Compound
                || (gazetteer.is_whole(found.head)
                    && level != Level::Road
                    && !no_number(deepest, gazetteer, found.head)),
            slots: found.slots,
        };
        if let Some(relation) = found.relation {
            candidate.relate(relation);
        }
        (candidate.score >= LEAST_SCORE).then_some(candidate)
    }

    /// Moves the point to where it is said to be.
    fn relate(&mut self, relation: Relation) {
        self.why.push(Why::Related(relation));
        self.accuracy_m += relation.slack_m();
        let (east, north) = relation.offset_m();
        if let Some(point) = self.point.filter(|_| (east, north) != (0.0, 0.0)) {
            let (per_lon, per_lat) = metres_per_degree(point.lat());
            self.point = Some(Cgcs2000::clamped(point.lon() + east / per_lon, point.lat() + north / per_lat));
            self.owner = None;
            // From its middle, which is not where the caller measured from.
            self.whole = true;
        }
    }

    /// A unit that was named and nothing in it.
    #[must_use]
    pub fn of_region(gazetteer: &Gazetteer, region: RegionIx, score: f64) -> Self {
        Self {
            place: None,
            region: Some(region),
            head: None,
            level: Level::Region,
            score,
            sure: false,
            why: vec![Why::InRegion(region)],
            point: None,
            accuracy_m: 0.0,
            owner: gazetteer.setting.regions.get(usize::from(region.0)).map(|region| region.unit),
            whole: false,
            slots: Slots::default(),
        }
    }
}

fn no_number(deepest: Deepest, gazetteer: &Gazetteer, head: HeadIx) -> bool {
    deepest == Deepest::NotThere && gazetteer.has_numbers(head)
}

const fn level_of(kind: Kind) -> Level {
    match kind {
        Kind::Compound => Level::Compound,
        Kind::Village => Level::Village,
        Kind::Road => Level::Road,
        Kind::Crossing => Level::Crossing,
        Kind::Spot => Level::Spot,
    }
}
