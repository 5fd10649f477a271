//! The answer to `locate`, written straight into its body.
//!
//! What depends on the owner and the day alone – unit, chain, people – is kept as bytes (see [`Cards`]) and copied; the rest is a few dozen
//! numbers between constant texts, before and behind it. The shape is spelled once here and once, as serde writes it, in the tests, which hold
//! every byte of one against the other.
//!
//! [`Cards`]: crate::service::cards::Cards

use jiff::civil::Date;
use serde::Serialize;

use super::decimals;
use super::owner::{Link, Owner, POINT_DECIMALS, outcome};
use super::people::People;
use super::problem::Problem;
use crate::crs::{Cgcs2000, Crs, PlaneCrs};
use crate::grid::UnitIx;
use crate::grid::people::OnDuty;
use crate::service::cards::Made;
use crate::service::locate::{Neighbour, Placed, Question, chain};
use crate::service::serving::State;
use crate::service::slots::WorkFault;
use crate::snapshot::Snapshot;

/// What an answer has besides the card: enough without neighbours.
const REST_BYTES: usize = 600;
/// Shorter texts are not worth looking elsewhere for.
const WORTH_SHARING: usize = 128;

/// Writes the answer; with the position in other systems only if these are asked for: they cost as much as all the rest.
pub(super) fn written(state: &State, placed: &Placed<'_>, day: Date, coordinates: bool) -> Result<Vec<u8>, Problem> {
    let snapshot = &state.snapshot;
    let card = state.cards.of(placed.owner, day, || card(snapshot, placed.owner, day))?;
    let card = state.cards.pieces(&card);
    let mut json = Json(Vec::with_capacity(card.map(<[u8]>::len).iter().sum::<usize>() + REST_BYTES));
    let Question { crs, x, y, accuracy_m } = placed.asked;
    json.raw(r#"{"query":{"lon":"#).number(x).raw(r#","lat":"#).number(y);
    json.raw(r#","crs":""#).system(crs).raw(r#"","accuracy_m":"#).number(accuracy_m);
    json.raw(r#"},"point":{"lon":"#).rounded::<{ POINT_DECIMALS as usize }>(placed.point.lon());
    json.raw(r#","lat":"#).rounded::<{ POINT_DECIMALS as usize }>(placed.point.lat());
    json.raw(r#"},"outcome":""#).raw(outcome(placed.outcome)).raw(r#"","#);
    card.into_iter().for_each(|piece| _ = json.bytes(piece));
    json.raw(r#","boundary":{"distance_m":"#).rounded::<3>(placed.boundary.distance_m);
    json.raw(r#","ambiguous":"#).raw(if placed.boundary.ambiguous { "true" } else { "false" });
    json.raw(r#","neighbours":["#);
    for (at, neighbour) in placed.boundary.neighbours.iter().enumerate() {
        json.raw(if at > 0 { "," } else { "" }).near(neighbour);
    }
    json.raw(r#"]},"nearest":"#);
    match &placed.nearest {
        Some(nearest) => json.near(nearest),
        None => json.raw("null"),
    };
    if coordinates {
        json.raw(r#","coordinates":["#).coordinates(placed.point, snapshot.district.plane);
        json.raw("]");
    }
    json.raw(r#","version":"#).whole(snapshot.version).raw(r#","as_of":""#).raw(&state.as_of).raw(r#""}"#);
    Ok(json.0)
}

/// Owner, chain and people of a unit: the members of an object, without its braces.
fn card(snapshot: &Snapshot, owner: Option<UnitIx>, day: Date) -> Result<Made, Problem> {
    #[derive(Serialize)]
    struct Card<'a> {
        owner: Option<Owner<'a>>,
        chain: Vec<Link<'a>>,
        people: People<'a>,
    }
    let (district, hierarchy) = (&snapshot.district, &snapshot.hierarchy);
    let above = owner.map_or_else(Vec::new, |ix| chain(snapshot, ix));
    let duty = owner.map_or_else(OnDuty::default, |ix| snapshot.roster.on_duty(hierarchy, ix, day));
    let card = Card {
        owner: owner.map(|ix| Owner::of(district, hierarchy.unit(ix))),
        chain: above.into_iter().map(|unit| Link::of(district, unit)).collect(),
        people: People::masked(&duty),
    };
    let failed = |fault: serde_json::Error| WorkFault::Failed(fault.to_string());
    let mut text = serde_json::to_vec(&card).map_err(failed)?;
    text.pop();
    text.remove(0);
    // The units of a street have the same specialists.
    let common = serde_json::to_vec(card.people.specialists()).map_err(failed)?;
    let at = text.windows(common.len().max(1)).position(|part| part == common);
    let shared = at.filter(|_| common.len() >= WORTH_SHARING).map_or(0..0, |at| at..at + common.len());
    Ok(Made { text, shared })
}

/// JSON as it grows. Writing to memory cannot fail, so what the writers return is of no interest.
struct Json(Vec<u8>);

impl Json {
    /// JSON already.
    fn raw(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The name of a system.
    fn system(&mut self, crs: Crs) -> &mut Self {
        match crs {
            Crs::Wgs84 => self.raw("wgs84"),
            Crs::Cgcs2000 => self.raw("cgcs2000"),
            Crs::Gcj02 => self.raw("gcj02"),
            Crs::Bd09 => self.raw("bd09"),
            Crs::Plane(PlaneCrs(code)) => self.raw("epsg:").whole(u64::from(code)),
        }
    }

    fn whole(&mut self, value: u64) -> &mut Self {
        let _ = serde_json::to_writer(&mut self.0, &value);
        self
    }

    /// The shortest digits that read as this number; `null` if there are none.
    fn number(&mut self, value: f64) -> &mut Self {
        decimals::number(&mut self.0, value);
        self
    }

    /// A number rounded to so many decimals, in the shortest digits.
    fn rounded<const DECIMALS: usize>(&mut self, value: f64) -> &mut Self {
        decimals::rounded_to::<DECIMALS>(&mut self.0, value);
        self
    }

    /// What people wrote, quoted and escaped.
    fn text(&mut self, text: &str) -> &mut Self {
        let _ = serde_json::to_writer(&mut self.0, text);
        self
    }

    fn near(&mut self, near: &Neighbour<'_>) -> &mut Self {
        self.raw(r#"{"code":"#).text(&near.unit.code).raw(r#","name":"#).text(&near.unit.name);
        self.raw(r#","distance_m":"#).rounded::<3>(near.distance_m).raw("}")
    }

    /// The same position in the systems that people work with, ready to be copied: degrees to 1 cm, metres to 1 mm. A system in which it
    /// has no place is left out.
    fn coordinates(&mut self, point: Cgcs2000, plane: PlaneCrs) {
        let gcj02 = point.to_gcj02();
        self.raw(r#"{"crs":"wgs84","text":""#);
        let from = self.0.len();
        self.decimal::<7>(point.lon()).raw(",").decimal::<7>(point.lat());
        let degrees = from..self.0.len();
        // Between these two nothing is converted.
        self.raw(r#""},{"crs":"cgcs2000","text":""#).0.extend_from_within(degrees);
        self.raw(r#""},{"crs":"gcj02","text":""#).decimal::<7>(gcj02.lon()).raw(",").decimal::<7>(gcj02.lat());
        if let Ok(bd09) = gcj02.to_bd09() {
            self.raw(r#""},{"crs":"bd09","text":""#).decimal::<7>(bd09.lon()).raw(",").decimal::<7>(bd09.lat());
        }
        if let Ok(metres) = plane.project(point) {
            self.raw(r#""},{"crs":""#).system(Crs::Plane(plane)).raw(r#"","text":""#);
            self.decimal::<3>(metres.east()).raw(",").decimal::<3>(metres.north());
        }
        self.raw(r#""}"#);
    }

    /// With all of so many decimals.
    fn decimal<const DECIMALS: usize>(&mut self, value: f64) -> &mut Self {
        decimals::decimal::<DECIMALS>(&mut self.0, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use jiff::Timestamp;

    use super::*;
    use crate::coverage::LatticePoint;
    use crate::exchange::Limits;
    use crate::http::answer::rounded;
    use crate::http::look;
    use crate::http::owner::Point;
    use crate::locate::Outcome;
    use crate::service::import::{Sources, prepare};
    use crate::service::locate::{Ownership, locate, place};
    use crate::service::serving::Capacity;

    /// The shape of the answer as serde writes it.
    #[derive(Serialize)]
    struct Answer<'a> {
        query: Asking,
        point: Point,
        outcome: &'static str,
        owner: Option<Owner<'a>>,
        chain: Vec<Link<'a>>,
        people: People<'a>,
        boundary: Edge<'a>,
        nearest: Option<Near<'a>>,
        coordinates: Vec<Elsewhere>,
        version: u64,
        as_of: String,
    }

    #[derive(Serialize)]
    struct Asking {
        lon: f64,
        lat: f64,
        crs: String,
        accuracy_m: f64,
    }

    #[derive(Serialize)]
    struct Edge<'a> {
        distance_m: f64,
        ambiguous: bool,
        neighbours: Vec<Near<'a>>,
    }

    #[derive(Serialize)]
    struct Near<'a> {
        code: &'a str,
        name: &'a str,
        distance_m: f64,
    }

    #[derive(Serialize)]
    struct Elsewhere {
        crs: String,
        text: String,
    }

    fn as_serde_writes(snapshot: &Snapshot, owned: &Ownership<'_>) -> Vec<u8> {
        let district = &snapshot.district;
        let near = |near: &Neighbour<'_>| Near {
            code: &snapshot.hierarchy.unit(snapshot.hierarchy.by_code(&near.unit.code).expect("a unit")).code,
            name: &snapshot.hierarchy.unit(snapshot.hierarchy.by_code(&near.unit.code).expect("a unit")).name,
            distance_m: rounded(near.distance_m, 3),
        };
        let systems = [Crs::Wgs84, Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09, Crs::Plane(district.plane)];
        let coordinates = systems.into_iter().filter_map(|crs| {
            let (x, y) = crs.write(owned.point).ok()?;
            let decimals = if matches!(crs, Crs::Plane(_)) { 3 } else { 7 };
            Some(Elsewhere { crs: crs.to_string(), text: format!("{x:.decimals$},{y:.decimals$}") })
        });
        let Question { crs, x, y, accuracy_m } = owned.asked;
        let answer = Answer {
            query: Asking { lon: x, lat: y, crs: crs.to_string(), accuracy_m },
            point: owned.point.into(),
            outcome: outcome(owned.outcome),
            owner: owned.owner.map(|unit| Owner::of(district, unit)),
            chain: owned.chain.iter().map(|unit| Link::of(district, unit)).collect(),
            people: People::masked(&owned.duty),
            boundary: Edge {
                distance_m: rounded(owned.boundary.distance_m, 3),
                ambiguous: owned.boundary.ambiguous,
                neighbours: owned.boundary.neighbours.iter().map(near).collect(),
            },
            nearest: owned.nearest.as_ref().map(near),
            coordinates: coordinates.collect(),
            version: owned.version,
            as_of: owned.as_of.to_string(),
        };
        serde_json::to_vec(&answer).expect("serialises")
    }

    fn sample() -> State {
        let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let sources = Sources { district, ..Sources::default() };
        let recorded: Timestamp = "2026-01-02T03:04:05.678Z".parse().expect("a time");
        let prepared = prepare(&sources, &Limits::default(), recorded, &mut |_| ()).expect("the sample is readable");
        let contents = prepared.accept(None, recorded).expect("the sample imports").contents;
        State::new(Snapshot::new(contents), &look(None).expect("the look is built in"), Capacity::default())
    }

    /// Points of every unit: corners, which lie on boundaries, and points inside near them; then points around the district and far away.
    fn points(snapshot: &Snapshot) -> Vec<Cgcs2000> {
        let (coverage, mut points) = (&snapshot.coverage, Vec::new());
        let lattice = coverage.lattice();
        for (face, unit) in coverage.units() {
            let ring = coverage.ring_points(&unit.rings[0]);
            points.push(lattice.position(ring[0]));
            let between =
                |a: LatticePoint, b: LatticePoint| LatticePoint::new(i32::midpoint(a.x, b.x), i32::midpoint(a.y, b.y));
            let ears = (0..ring.len()).map(|i| between(ring[i], ring[(i + 2) % ring.len()]));
            points.extend(
                ears.filter(|ear| snapshot.locator.owner(*ear) == face).take(2).map(|ear| lattice.position(ear)),
            );
        }
        let far = [(0.0, 0.0), (-180.0, 90.0), (180.0, -90.0), (-63.0, -35.0), (120.0, 35.0), (116.65, 36.0)];
        points.extend(far.into_iter().map(|(lon, lat)| Cgcs2000::clamped(lon, lat)));
        points.extend(
            (0..500).map(|i| Cgcs2000::clamped(116.3 + f64::from(i) * 0.001_37, 35.2 + f64::from(i) * 0.000_9)),
        );
        points
    }

    #[test]
    fn every_byte_is_what_serde_writes() {
        let state = sample();
        let snapshot = &state.snapshot;
        let planes = [snapshot.district.plane.0, 4527, 3857, 32650].map(|code| Crs::Plane(PlaneCrs(code)));
        let systems = [Crs::Cgcs2000, Crs::Wgs84, Crs::Gcj02, Crs::Bd09].into_iter().chain(planes);
        let systems: Vec<Crs> = systems.collect();
        let (mut owners, mut outcomes, mut neighbours) = (BTreeSet::new(), [0; 3], 0);
        for (i, point) in points(snapshot).into_iter().enumerate() {
            let crs = systems[i % systems.len()];
            let Ok((x, y)) = crs.write(point) else { continue };
            let asked = Question { crs, x, y, accuracy_m: [0.0, 7.5, 60.0][i % 3] };
            let day = Date::constant(2026, 1 + (i % 2) as i8, 15);
            let (placed, owned) =
                (place(snapshot, asked).expect("a place"), locate(snapshot, asked, day).expect("an owner"));
            let ours = written(&state, &placed, day, true).expect("is written");
            let theirs = as_serde_writes(snapshot, &owned);
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs));
            owners.extend(placed.owner);
            outcomes[placed.outcome as usize] += 1;
            neighbours += placed.boundary.neighbours.len();
        }
        assert_eq!(owners.len(), snapshot.coverage.units().count(), "every unit is asked for");
        let [inside, boundary, outside] =
            [Outcome::Inside, Outcome::OnBoundary, Outcome::Outside].map(|o| outcomes[o as usize]);
        assert!(inside > 1000 && boundary > 500 && outside > 100 && neighbours > 1000, "{outcomes:?}, {neighbours}");
    }

    #[test]
    fn what_people_wrote_is_escaped_and_what_has_no_digits_is_null() {
        let mut json = Json(Vec::new());
        json.text("\"引号\"\n\u{1}\\").raw(",").number(f64::INFINITY).raw(",").number(-0.0);
        assert_eq!(String::from_utf8_lossy(&json.0), r#""\"引号\"\n\u0001\\",null,-0.0"#);
    }
}
