//! One answer, or what to ask: candidates that lead to one unit need no question.

use super::Place;
use super::candidate::{Candidate, Level, Why};
use super::gazetteer::{Gazetteer, RegionIx};
use super::read::Said;
use super::search::Ground;

/// Why the owner is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// It is.
    None,
    /// The place may lie on either side of a boundary.
    Boundary,
    /// Several places of different units fit.
    Name,
    /// What was named is larger than a unit.
    Level,
    /// Nothing fits.
    Unknown,
    /// What was named lies elsewhere.
    Elsewhere,
}

impl Ambiguity {
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Boundary => "boundary",
            Self::Name => "name",
            Self::Level => "level",
            Self::Unknown => "unknown",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// A candidate with a lower score is no answer by itself.
const GOOD: f64 = 0.72;
/// Another that is less than so much worse is as good.
const MARGIN: f64 = 0.12;

/// Decides over candidates in their order.
#[must_use]
pub fn decide(
    gazetteer: &Gazetteer,
    places: &[Place],
    ground: &impl Ground,
    said: &Said,
    candidates: &[Candidate],
) -> (Ambiguity, Option<String>) {
    if said.foreign.is_some() && candidates.first().is_none_or(|best| best.score < GOOD) {
        return (Ambiguity::Elsewhere, Some("听起来不在本区，请确认是哪个县（市、区）、哪个街道？".to_owned()));
    }
    let Some(best) = candidates.first() else {
        let ask = if said.numbers.is_empty() {
            "没有找到这个地点，请问附近有什么小区、村、单位或路口？"
        } else {
            "只听到号码，请问是哪个小区、哪个村？"
        };
        return (Ambiguity::Unknown, Some(ask.to_owned()));
    };
    if best.owner.is_none() && best.point.is_some() {
        return (Ambiguity::Elsewhere, Some(format!("{}在本区之外，是否转给邻区？", label(gazetteer, places, best))));
    }
    let rival = candidates[1..].iter().find(|other| {
        other.score > best.score - MARGIN
            && other.level != Level::Region
            && (other.owner != best.owner || !other.whole || !best.whole)
            && !(is_part_of(gazetteer, other, best) && best.sure)
    });
    let name_of = |candidate: &Candidate| label(gazetteer, places, candidate);
    if let Some(rival) = rival.filter(|_| best.level != Level::Region) {
        return (Ambiguity::Name, Some(which(gazetteer, best, rival, &name_of)));
    }
    if let Some(ask) = missing(gazetteer, ground, best, &name_of(best)) {
        return (Ambiguity::Level, Some(ask));
    }
    if !best.sure || best.score < GOOD || said.doubt {
        return (Ambiguity::Name, Some(format!("是{}吗？", name_of(best))));
    }
    let near = best.point.is_some_and(|point| ground.boundary_m(point) <= best.accuracy_m);
    // A listed address belongs where it is listed; only what was said to lie beside it may lie across the line.
    if near && best.why.iter().any(|why| matches!(why, Why::Related(_))) {
        return (Ambiguity::Boundary, Some(format!("{}靠近网格边界，请问在路的哪一侧、离哪栋楼近？", name_of(best))));
    }
    (Ambiguity::None, None)
}

/// A building of the compound, the compound of a building; what is called after it (前苏村新时代文明实践站 is no other 前苏村).
fn is_part_of(gazetteer: &Gazetteer, other: &Candidate, best: &Candidate) -> bool {
    let name = |candidate: &Candidate| candidate.head.map(|head| gazetteer.index.chars(gazetteer.head(head).name));
    let called_after = name(other).zip(name(best)).is_some_and(|(other, best)| other.starts_with(best));
    other.score < best.score && (other.head == best.head || called_after)
}

/// What to ask when what was named is larger than a unit.
fn missing(gazetteer: &Gazetteer, ground: &impl Ground, best: &Candidate, name: &str) -> Option<String> {
    let numbers = best.head.is_some_and(|head| gazetteer.has_numbers(head));
    // Where the list has no numbers under it, how far it reaches is not known.
    let larger =
        if numbers { !best.whole } else { best.point.is_some_and(|point| ground.boundary_m(point) <= best.accuracy_m) };
    let no_such = best.why.contains(&Why::NoSuchNumber);
    match best.level {
        Level::Region => Some(format!("{name}的哪个小区、村或单位？")),
        Level::Road => Some(format!("{name}很长，请问靠近哪个路口、小区或单位？")),
        Level::Building if !best.whole => Some(format!("{name}几单元？")),
        _ if no_such => Some(format!("{name}没有登记这个号，请再核对一下楼号？")),
        Level::Compound if larger => Some(format!("{name}几号楼？")),
        Level::Village if larger => Some(format!("{name}几号，靠近村里哪一处？")),
        _ => None,
    }
}

/// The question that separates two candidates: by what they are called, else by where they lie.
fn which(gazetteer: &Gazetteer, one: &Candidate, other: &Candidate, name_of: &impl Fn(&Candidate) -> String) -> String {
    let (mut a, mut b) = (name_of(one), name_of(other));
    if a == b {
        let region = |region: Option<RegionIx>| {
            region.and_then(|r| gazetteer.setting.regions.get(usize::from(r.0))).map_or("", |r| r.name.as_str())
        };
        (a, b) = (format!("{}的{a}", region(one.region)), format!("{}的{b}", region(other.region)));
    }
    format!("是{a}还是{b}？")
}

/// What a candidate is called in a question.
#[must_use]
pub fn label(gazetteer: &Gazetteer, places: &[Place], candidate: &Candidate) -> String {
    let region = || {
        let region = candidate.region.and_then(|region| gazetteer.setting.regions.get(usize::from(region.0)));
        region.map_or_else(String::new, |region| region.name.clone())
    };
    match (candidate.place.and_then(|place| places.get(place.ix())), candidate.head) {
        (Some(place), _) => place.name.clone(),
        (None, Some(head)) => gazetteer.index.chars(gazetteer.head(head).name).iter().collect(),
        (None, None) => region(),
    }
}
