//! Projected systems in metres: those of CGCS2000 and UTM in closed form ([`super::krueger`]), some 0.03 µs a point; every other through
//! PROJ, created once a thread for each plane, then about 0.3 µs a point. Where both can answer they agree to 2·10⁻⁸ m (tested).
//!
//! PROJ is asked for the projection alone, from the plane's own geographic system and never through a datum shift: CGCS2000
//! longitude and latitude are taken as they stand in whatever datum the plane has (EPSG:4490 for the national planes, NAD83 for
//! EPSG:5070, …). That keeps the answer free of grids, networks and the choice among datum operations; the systems agree to a
//! metre or better, and a dataset that needs more brings its coordinates already shifted. Axes are east, north whatever the
//! EPSG entry prints, and EPSG:4527's easting carries the zone number (39 468 205 is 468 205 in zone 39).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use proj::Proj;

use super::krueger::{LANES, Zone};
use super::{Cgcs2000, CrsFault, Plane, PlaneCrs, mercator};

/// EPSG keeps its coordinate systems between these numbers.
const EPSG_CODES: std::ops::RangeInclusive<u32> = 1024..=32767;

/// Planes kept open by one thread, at about 1 MiB each. A stranger may name any plane, so the oldest gives way.
const OPEN_PLANES: usize = 6;

impl PlaneCrs {
    /// Metres of a position in this plane.
    ///
    /// # Errors
    /// [`CrsFault::UnknownPlane`] for a number that is no projected system in metres, [`CrsFault::NotProjectable`] for a
    /// position the projection cannot draw.
    pub fn project(self, point: Cgcs2000) -> Result<Plane, CrsFault> {
        if self == mercator::WEB_MERCATOR {
            return mercator::project(point);
        }
        let closed = Zone::of(self).map(|zone| zone.project(point.lon, point.lat));
        match closed {
            Some((east, north)) if !east.is_nan() => Ok(Plane { crs: self, east, north }),
            _ => self.with_open(|open| open.project(point)),
        }
    }

    /// The position of metres in this plane. The numbers are read in *this* plane, whichever the argument names.
    ///
    /// # Errors
    /// As [`PlaneCrs::project`].
    pub fn unproject(self, plane: Plane) -> Result<Cgcs2000, CrsFault> {
        if self == mercator::WEB_MERCATOR {
            return mercator::unproject(plane);
        }
        let closed = Zone::of(self).map(|zone| zone.unproject(plane.east, plane.north));
        match closed {
            Some((lon, lat)) if !lon.is_nan() => Ok(Cgcs2000 { lon, lat }),
            _ => self.with_open(|open| open.unproject(plane)),
        }
    }

    /// [`PlaneCrs::project`] for many points, in order; stops at the first that fails.
    ///
    /// # Errors
    /// As [`PlaneCrs::project`].
    pub fn project_all(self, points: &[Cgcs2000]) -> Result<Vec<Plane>, CrsFault> {
        if self == mercator::WEB_MERCATOR {
            return points.iter().map(|&p| mercator::project(p)).collect();
        }
        if let Some(zone) = Zone::of(self) {
            return in_lanes(
                points,
                |p| (p.lon, p.lat),
                |lon, lat| zone.project_lanes(lon, lat),
                |east, north| Plane { crs: self, east, north },
                |p| self.with_open(|open| open.project(p)),
            );
        }
        self.with_open(|open| points.iter().map(|&p| open.project(p)).collect())
    }

    /// [`PlaneCrs::unproject`] for many points, in order; stops at the first that fails.
    ///
    /// # Errors
    /// As [`PlaneCrs::project`].
    pub fn unproject_all(self, points: &[Plane]) -> Result<Vec<Cgcs2000>, CrsFault> {
        if self == mercator::WEB_MERCATOR {
            return points.iter().map(|&p| mercator::unproject(p)).collect();
        }
        if let Some(zone) = Zone::of(self) {
            return in_lanes(
                points,
                |p| (p.east, p.north),
                |east, north| zone.unproject_lanes(east, north),
                |lon, lat| Cgcs2000 { lon, lat },
                |p| self.with_open(|open| open.unproject(p)),
            );
        }
        self.with_open(|open| points.iter().map(|&p| open.unproject(p)).collect())
    }

    /// Is this a projected system in metres? Nothing for a plane in closed form; otherwise PROJ is asked: some 40 ms the first time in
    /// the process, 4 ms the first time on each further thread, nothing after.
    ///
    /// # Errors
    /// [`CrsFault::UnknownPlane`] when it is not.
    pub fn check(self) -> Result<(), CrsFault> {
        if self == mercator::WEB_MERCATOR || Zone::of(self).is_some() {
            return Ok(());
        }
        self.with_open(|_| Ok(()))
    }

    /// Are these metres read in closed form? If not, [`PlaneCrs::unproject`] may wait for PROJ as long as [`PlaneCrs::check`].
    #[must_use]
    pub fn reads_at_once(self, east: f64, north: f64) -> bool {
        self == mercator::WEB_MERCATOR || Zone::of(self).is_some_and(|zone| !zone.unproject(east, north).0.is_nan())
    }

    fn with_open<T>(self, work: impl FnOnce(&Open) -> Result<T, CrsFault>) -> Result<T, CrsFault> {
        let unknown = CrsFault::UnknownPlane(self.0);
        OPEN.try_with(|cell| {
            let mut planes = cell.try_borrow_mut().map_err(|_| unknown)?;
            match planes.iter().position(|open| open.crs == self) {
                Some(0) => {}
                Some(at) => planes[..=at].rotate_right(1),
                None => {
                    let open = Open::new(self)?;
                    planes.truncate(OPEN_PLANES - 1);
                    planes.insert(0, open);
                }
            }
            work(planes.first().ok_or(unknown)?)
        })
        .map_err(|_| unknown)?
    }
}

/// Every point through the closed form, several at a time, and one by one through `rest` where that has no number.
fn in_lanes<P: Copy, Q>(
    points: &[P],
    pair: impl Fn(P) -> (f64, f64),
    closed: impl Fn(&[f64; LANES], &[f64; LANES]) -> [[f64; LANES]; 2],
    made: impl Fn(f64, f64) -> Q,
    rest: impl Fn(P) -> Result<Q, CrsFault>,
) -> Result<Vec<Q>, CrsFault> {
    let mut out = Vec::with_capacity(points.len());
    for chunk in points.chunks(LANES) {
        let (mut x, mut y) = ([0.0; LANES], [0.0; LANES]);
        for ((point, x), y) in chunk.iter().zip(&mut x).zip(&mut y) {
            (*x, *y) = pair(*point);
        }
        let [x, y] = closed(&x, &y);
        for ((&point, x), y) in chunk.iter().zip(x).zip(y) {
            out.push(if x.is_nan() { rest(point)? } else { made(x, y) });
        }
    }
    Ok(out)
}

thread_local! {
    /// The planes this thread has open, latest used first: PROJ's objects cannot change threads. They are closed when they give
    /// way to others and when the thread ends (16 ms each), so short-lived threads leave nothing behind.
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

/// A plane with its two directions.
struct Open {
    crs: PlaneCrs,
    to_plane: Proj,
    from_plane: Proj,
}

impl Open {
    fn new(crs: PlaneCrs) -> Result<Self, CrsFault> {
        let unknown = CrsFault::UnknownPlane(crs.0);
        let base = base_system(crs).ok_or(unknown)?;
        let plane = format!("EPSG:{}", crs.0);
        Ok(Self {
            crs,
            to_plane: Proj::new_known_crs(&base, &plane, None).map_err(|_| unknown)?,
            from_plane: Proj::new_known_crs(&plane, &base, None).map_err(|_| unknown)?,
        })
    }

    fn project(&self, point: Cgcs2000) -> Result<Plane, CrsFault> {
        let lost = CrsFault::NotProjectable(point.lon(), point.lat(), self.crs.0);
        let (east, north) = self.to_plane.convert((point.lon(), point.lat())).map_err(|_| lost)?;
        Plane::new(self.crs, east, north).map_err(|_| lost)
    }

    fn unproject(&self, plane: Plane) -> Result<Cgcs2000, CrsFault> {
        let lost = CrsFault::NotProjectable(plane.east(), plane.north(), self.crs.0);
        let (lon, lat) = self.from_plane.convert((plane.east(), plane.north())).map_err(|_| lost)?;
        Cgcs2000::new(lon, lat).map_err(|_| lost)
    }
}

/// Systems that exist whoever asks: the CGCS2000 zones and the UTM zones of WGS 84.
const WELL_KNOWN: [std::ops::RangeInclusive<u32>; 3] = [4491..=4554, 32601..=32660, 32701..=32760];

/// Numbers that turned out to be nothing, after which only well-known and already known planes are opened. The binding leaks
/// 0.4 MB with each failed creation, and strangers choose numbers; nobody mistypes this often.
const MISSES: usize = 64;

/// The definition of a plane's own geographic system, as PROJ reads it; `None` when the number is no projected system in metres.
/// PROJ is asked once in the life of the process for each number.
fn base_system(crs: PlaneCrs) -> Option<Arc<str>> {
    static KNOWN: Mutex<BTreeMap<u32, Option<Arc<str>>>> = Mutex::new(BTreeMap::new());
    if !EPSG_CODES.contains(&crs.0) {
        return None;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(base) = known.get(&crs.0) {
        return base.clone();
    }
    let well_known = WELL_KNOWN.iter().any(|codes| codes.contains(&crs.0));
    if !well_known && known.values().filter(|base| base.is_none()).count() >= MISSES {
        return None;
    }
    let base = read_base_system(crs.0);
    known.insert(crs.0, base.clone());
    base
}

fn read_base_system(code: u32) -> Option<Arc<str>> {
    let definition = Proj::new(&format!("EPSG:{code}")).ok()?.to_projjson(Some(false), None, None).ok()?;
    let projected = definition.contains("\"type\":\"ProjectedCRS\"");
    let axes = definition.rfind("\"coordinate_system\":").and_then(|at| definition.get(at..))?;
    if !projected || !axes.contains("\"unit\":\"metre\"") {
        return None;
    }
    let base = definition.split_once("\"base_crs\":")?.1;
    Some(first_object(base)?.into())
}

/// The JSON object at the start of a text, up to its closing brace.
fn first_object(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(..=at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(lon: f64, lat: f64) -> Cgcs2000 {
        Cgcs2000::new(lon, lat).unwrap()
    }

    fn projects(code: u32, (lon, lat): (f64, f64), (east, north): (f64, f64), tolerance_m: f64) {
        let plane = PlaneCrs(code).project(position(lon, lat)).unwrap();
        let miss = (plane.east() - east).hypot(plane.north() - north);
        assert!(miss <= tolerance_m, "EPSG:{code} of ({lon}, {lat}) is {plane:?}, {miss} m off");
        let back = PlaneCrs(code).unproject(plane).unwrap();
        assert!((back.lon() - lon).abs() < 1e-10 && (back.lat() - lat).abs() < 1e-10, "EPSG:{code}: {back:?}");
    }

    #[test]
    fn the_planes_of_the_district_meet_published_numbers() {
        projects(4548, (116.63, 35.43), (466400.9486, 3922361.9357), 1e-4);
        projects(4527, (116.63, 35.43), (39466400.9486, 3922361.9357), 1e-4);
        // The central meridian has easting 500 000 and the equator northing 0.
        projects(4548, (117.0, 0.0), (500000.0, 0.0), 1e-6);
        projects(4549, (120.0, 0.0), (500000.0, 0.0), 1e-6);
    }

    #[test]
    fn a_plane_on_another_datum_takes_degrees_as_they_stand() {
        // The origin of EPSG:5070 (96° W, 23° N) is (0, 0) by definition, so any shift of datum would show.
        projects(5070, (-96.0, 23.0), (0.0, 0.0), 1e-6);
        // Snyder, Map Projections – A Working Manual, p. 292 (Clarke 1866, so EPSG:5069 on NAD27): 75° W, 35° N.
        projects(5069, (-75.0, 35.0), (1885472.7, 1535925.0), 0.1);
        projects(32650, (117.0, 0.0), (500000.0, 0.0), 1e-6);
    }

    #[test]
    fn what_is_no_plane_in_metres_is_refused() {
        // Geographic, vertical, US survey feet, unassigned, out of range.
        for code in [4490, 4326, 5773, 2230, 9999, 0, 1, u32::MAX] {
            assert_eq!(PlaneCrs(code).check(), Err(CrsFault::UnknownPlane(code)));
            assert!(PlaneCrs(code).project(position(116.0, 35.0)).is_err());
        }
        for code in [4548, 4527, 4490 + 1, 3857, 5070, 32650] {
            assert_eq!(PlaneCrs(code).check(), Ok(()), "EPSG:{code}");
        }
    }

    #[test]
    fn a_position_that_cannot_be_drawn_is_a_fault_not_a_number() {
        for (lon, lat) in [(-63.0, 0.0), (27.0, 0.0), (-63.0, 90.0), (0.0, -90.0)] {
            if let Ok(plane) = PlaneCrs(4548).project(position(lon, lat)) {
                assert!(plane.east().is_finite() && plane.north().is_finite());
            }
        }
        assert!(matches!(PlaneCrs(4548).project(position(-153.0, 0.0)), Err(CrsFault::NotProjectable(..)) | Ok(_)));
    }

    #[test]
    fn many_points_are_the_points_one_by_one() {
        // From inside the zone to where PROJ takes over, and not a whole number of lanes.
        let points: Vec<_> =
            (0..501).map(|i| position(116.6 + f64::from(i) * 4e-2, 35.3 + f64::from(i) * 5e-4)).collect();
        for crs in [PlaneCrs(4548), PlaneCrs(32650), PlaneCrs(3857), PlaneCrs(2433)] {
            let planes = crs.project_all(&points).unwrap();
            let back = crs.unproject_all(&planes).unwrap();
            assert_eq!((planes.len(), back.len()), (points.len(), points.len()));
            for ((&point, &plane), &back) in points.iter().zip(&planes).zip(&back) {
                assert_eq!(crs.project(point).unwrap(), plane);
                assert_eq!(crs.unproject(plane).unwrap(), back);
                assert!((point.lon() - back.lon()).abs() < 1e-10 && (point.lat() - back.lat()).abs() < 1e-10);
            }
        }
    }

    /// Over all of a zone and beyond, from pole to pole.
    fn far_and_wide(meridian: f64, seed: u64) -> Vec<Cgcs2000> {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let grid = (-12..=12).flat_map(|i| (-36..=36).map(move |j| (f64::from(i) * 0.5, f64::from(j) * 2.5)));
        let grid: Vec<_> = grid.collect();
        let zone = (0..1000).map(|_| (random() * 7.0 - 3.5, random() * 60.0)).collect::<Vec<_>>();
        let beyond = (0..500).map(|_| (random() * 13.0 - 6.5, random() * 180.0 - 90.0)).collect::<Vec<_>>();
        let around = |lon: f64| if lon.abs() > 180.0 { lon - 360.0 * lon.signum() } else { lon };
        let away = grid.into_iter().chain(zone).chain(beyond);
        away.map(|(away, lat)| position(around(meridian + away), lat)).collect()
    }

    /// Metres on the ground between two positions that are all but the same.
    fn apart_m(a: Cgcs2000, b: Cgcs2000) -> f64 {
        let turn = (a.lon - b.lon).rem_euclid(360.0);
        let east = turn.min(360.0 - turn) * 111_320.0 * a.lat.to_radians().cos();
        east.hypot((a.lat - b.lat) * 111_700.0)
    }

    /// The promise is 10⁻⁴ m. Measured over all 184 zones: 8·10⁻⁹ m to the plane, which is the last bit of an easting that carries its zone,
    /// and 6·10⁻⁹ m from it. That last bit is allowed for, because PROJ's own may differ from processor to processor.
    #[test]
    fn the_closed_form_is_projs_answer_over_every_zone_and_beyond() {
        const AGREED_M: f64 = 1e-8;
        let mut closed = 0;
        // Every national zone, and of UTM, which is the same code, every seventh.
        for code in WELL_KNOWN.into_iter().flatten().filter(|code| *code < 5000 || code % 7 == 0) {
            let crs = PlaneCrs(code);
            let meridian = Zone::of(crs).unwrap().meridian();
            let open = Open::new(crs).unwrap();
            for point in far_and_wide(meridian, u64::from(code)) {
                let (ours, theirs) = (crs.project(point).unwrap(), open.project(point).unwrap());
                let miss = (ours.east - theirs.east).hypot(ours.north - theirs.north);
                let agreed = AGREED_M + theirs.east.abs() * f64::EPSILON;
                assert!(miss < agreed, "EPSG:{code} of {point:?}: {ours:?}, PROJ {theirs:?}, {miss} m");
                let (back, their_back) = (crs.unproject(theirs).unwrap(), open.unproject(theirs).unwrap());
                let miss_back = apart_m(back, their_back);
                assert!(
                    miss_back < AGREED_M,
                    "EPSG:{code} of {theirs:?}: {back:?}, PROJ {their_back:?}, {miss_back} m"
                );
                closed += usize::from(crs.reads_at_once(theirs.east, theirs.north));
            }
        }
        assert!(closed > 200_000, "{closed}");
    }

    #[test]
    fn threads_that_come_and_go_and_planes_that_give_way_never_disturb_an_answer() {
        // Beijing 1954, three degrees: planes that only PROJ knows.
        let want = PlaneCrs(2436).project(position(116.65, 35.4)).unwrap();
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for shift in 0..4 {
                    scope.spawn(move || {
                        for k in 0..u32::try_from(OPEN_PLANES).unwrap() + 2 {
                            PlaneCrs(2422 + (k + shift) % 20).check().unwrap();
                            assert_eq!(PlaneCrs(2436).project(position(116.65, 35.4)).unwrap(), want);
                        }
                    });
                }
            });
        }
    }

    #[test]
    fn the_well_known_planes_are_all_there() {
        for code in WELL_KNOWN.into_iter().flatten().filter(|code| code % 7 == 0 || (4513..=4554).contains(code)) {
            assert!(read_base_system(code).is_some(), "EPSG:{code}");
        }
    }

    #[test]
    fn the_first_object_ends_at_its_own_brace() {
        assert_eq!(first_object(r#"{"a":"}{\"","b":{"c":1}},{"d":2}"#), Some(r#"{"a":"}{\"","b":{"c":1}}"#));
        assert_eq!(first_object(r#"{"a":1"#), None);
        assert_eq!(first_object("}"), None);
    }
}
