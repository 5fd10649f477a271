//! Coordinates as people paste them: any separators, either order, degrees–minutes–seconds, survey metres, Chinese labels.
//!
//! What a pasted pair means is often open (a bare `116.655,35.399` may be a GPS, AMap or Baidu position, 0.5–1 km apart), so
//! [`readings`] returns *every* reading that lands inside the district, the most plausible first, and the caller shows them side
//! by side and asks. The pipeline: `readings = inside(extent, pairs(quantities(tokens(text))))`.

mod quantity;
mod tokens;

use super::{Cgcs2000, Crs, PlaneCrs, mercator};
use quantity::{Form, Quantity};

/// Longer texts are no coordinates.
pub const MAX_BYTES: usize = 512;

/// West, south, east, north in degrees; edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl Extent {
    #[must_use]
    pub fn contains(&self, point: Cgcs2000) -> bool {
        (self.west..=self.east).contains(&point.lon()) && (self.south..=self.north).contains(&point.lat())
    }
}

/// One thing that a pasted text may mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub crs: Crs,
    pub point: Cgcs2000,
    /// Latitude or northing stood first.
    pub swapped: bool,
    pub how: How,
    /// The text itself named this system or, for metres, its zone; nothing needs to be asked.
    pub named: bool,
}

/// How the figures were understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Decimal degrees: `116.65`.
    Degrees,
    /// Metres in a plane: `468205.34`.
    Metres,
    /// Degrees, minutes and perhaps seconds: `116°39'18.5"`.
    Sexagesimal,
    /// Degrees and minutes run together, as some receivers and ledgers do: `1163918.5`, or `116.39185` for 116°39′18.5″.
    Packed,
}

/// Why a text has no readings at all. (No reading *inside* is not a fault: then the list is empty.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasteFault {
    #[error("{bytes} bytes are too long for coordinates: paste one position, at most {MAX_BYTES} bytes")]
    TooLong { bytes: usize },
    #[error("no pair of coordinates in this text: write for example 116.65,35.40")]
    NotCoordinates,
}

/// Every reading of `text` that lands inside `extent`, most plausible first. `home` is the district's own plane, tried besides the
/// national ones near the extent. An empty list says: these are coordinates, but not of a place in the extent.
///
/// Cost: microseconds for degrees; metres may open planes on this thread (4 ms each, once).
///
/// # Errors
/// [`PasteFault::NotCoordinates`] when the text has no two figures, or reads like an address and lands nowhere inside.
pub fn readings(text: &str, extent: Extent, home: PlaneCrs) -> Result<Vec<Reading>, PasteFault> {
    if text.len() > MAX_BYTES {
        return Err(PasteFault::TooLong { bytes: text.len() });
    }
    let mut spoken = false;
    let mut any_pair = false;
    let mut ranked: Vec<(u32, Reading)> = Vec::new();
    for grouping in [tokens::Grouping::None, tokens::Grouping::Thousands] {
        let line = tokens::read(text, grouping);
        spoken |= line.strange_words;
        for pair in quantity::pairs(&line.tokens) {
            any_pair = true;
            for swapped in [false, true] {
                let Some((east, north)) = pair.ordered(swapped) else { continue };
                for (rank, reading) in meanings(east, north, line.named, extent, home) {
                    let reading = Reading { swapped, ..reading };
                    if extent.contains(reading.point) && !ranked.iter().any(|(_, r)| same(r, &reading)) {
                        let order = if swapped && reading.how != How::Metres { SWAPPED } else { 0 };
                        ranked.push((rank + order + pair.doubt * DOUBT, reading));
                    }
                }
            }
        }
        if !ranked.is_empty() {
            break;
        }
    }
    if !any_pair || (ranked.is_empty() && spoken) {
        return Err(PasteFault::NotCoordinates);
    }
    ranked.sort_by_key(|(rank, _)| *rank); // stable: equals stay in the order they were found
    Ok(ranked.into_iter().map(|(_, reading)| reading).collect())
}

/// Added to the rank of a geographic pair with latitude first …
const SWAPPED: u32 = 10;
/// … and for each step away from “the two figures of the text, as they stand”.
const DOUBT: u32 = 20;

fn same(a: &Reading, b: &Reading) -> bool {
    a.crs == b.crs && (a.point.lon() - b.point.lon()).abs() < 1e-9 && (a.point.lat() - b.point.lat()).abs() < 1e-9
}

/// What a pair in a given order may mean, with ranks (0 is the most plausible), wherever it lands.
fn meanings(
    east: Quantity,
    north: Quantity,
    named: Option<Crs>,
    extent: Extent,
    home: PlaneCrs,
) -> Vec<(u32, Reading)> {
    let mut found = Vec::new();
    let mut add = |rank: u32, crs: Crs, x: f64, y: f64, how: How, is_named: bool| {
        if let Ok(point) = crs.read(x, y) {
            found.push((rank, Reading { crs, point, swapped: false, how, named: is_named }));
        }
    };
    let degrees = [Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09];
    let (degree_systems, planes) = match named {
        Some(Crs::Plane(plane)) => (&[][..], vec![(plane, true)]),
        Some(Crs::Wgs84) => (&[Crs::Wgs84][..], Vec::new()),
        Some(Crs::Cgcs2000) => (&degrees[..1], candidate_planes(east.value, extent, home)),
        Some(Crs::Gcj02) => (&degrees[1..2], Vec::new()),
        Some(Crs::Bd09) => (&degrees[2..], Vec::new()),
        None => (&degrees[..], candidate_planes(east.value, extent, home)),
    };
    for (rank, &crs) in (0..).zip(degree_systems) {
        let how = if east.form == Form::Figure && north.form == Form::Figure { How::Degrees } else { How::Sexagesimal };
        add(rank, crs, east.value, north.value, how, named.is_some());
        if let (Some(lon), Some(lat)) = (east.unpacked(), north.unpacked()) {
            add(rank + 2 * DOUBT, crs, lon, lat, How::Packed, named.is_some());
        }
    }
    if east.form == Form::Figure && north.form == Form::Figure && east.value.abs().max(north.value.abs()) >= 1000.0 {
        for (rank, (plane, is_named)) in (0..).zip(planes) {
            add(
                rank,
                Crs::Plane(plane),
                east.value,
                north.value,
                How::Metres,
                is_named || named == Some(Crs::Plane(plane)),
            );
        }
    }
    found
}

/// The planes whose eastings look like this one near the extent; `true` where the easting itself names the zone.
///
/// CGCS2000 has for each central meridian of 75°, 78° … 135° E a 3° zone without (EPSG:4534 …) and with (EPSG:4513 …) the zone's
/// number before the easting, and for each of 75°, 81° … 135° a 6° zone with it (EPSG:4491 …).
fn candidate_planes(easting: f64, extent: Extent, home: PlaneCrs) -> Vec<(PlaneCrs, bool)> {
    let mut planes = Vec::new();
    let centre = f64::midpoint(extent.west, extent.east);
    let reach = (extent.east - extent.west) / 2.0 + 3.0;
    let prefix = (easting / 1e6).floor() as i64;
    let mut meridians: Vec<u32> = (75..=135).step_by(3).filter(|&m| (f64::from(m) - centre).abs() <= reach).collect();
    meridians.sort_by(|a, b| (f64::from(*a) - centre).abs().total_cmp(&(f64::from(*b) - centre).abs()));
    for &meridian in meridians.iter().take(5) {
        let zone_of_6 = (meridian + 3).is_multiple_of(6).then_some((meridian + 3) / 6);
        if prefix == i64::from(meridian / 3) {
            planes.push((PlaneCrs(4488 + meridian / 3), true));
        } else if zone_of_6.is_some_and(|zone| prefix == i64::from(zone)) {
            planes.push((PlaneCrs(4478 + (meridian + 3) / 6), true));
        } else if prefix == 0 {
            planes.push((PlaneCrs(4534 + (meridian - 75) / 3), false));
        }
    }
    for plane in [home, mercator::WEB_MERCATOR] {
        if !planes.iter().any(|(p, _)| *p == plane) {
            planes.push((plane, false));
        }
    }
    planes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::tests::seeded;
    use proptest::prelude::*;

    const JINING: Extent = Extent { west: 116.55, south: 35.30, east: 116.85, north: 35.55 };
    const HOME: PlaneCrs = PlaneCrs(4548);

    fn read(text: &str) -> Vec<Reading> {
        readings(text, JINING, HOME).unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    /// The systems a text is read in, in order.
    fn systems(text: &str) -> Vec<String> {
        read(text).iter().map(|r| r.crs.to_string()).collect()
    }

    /// The first reading is this position, to 3 m.
    fn lands(text: &str, lon: f64, lat: f64) -> Reading {
        let all = read(text);
        let first = all.first().unwrap_or_else(|| panic!("{text}: nothing inside"));
        let miss = (first.point.lon() - lon).hypot(first.point.lat() - lat);
        assert!(miss < 3e-5, "{text}: {first:?} is {miss}° from ({lon}, {lat})");
        *first
    }

    #[test]
    fn a_bare_pair_is_shown_in_every_system_it_may_be_in() {
        let all = read("116.655366,35.399589");
        assert_eq!(systems("116.655366,35.399589"), ["cgcs2000", "gcj02", "bd09"]);
        assert!(all.iter().all(|r| !r.swapped && !r.named && r.how == How::Degrees));
        // As GCJ-02 these figures are the golden point 116.65, 35.40.
        assert!((all[1].point.lon() - 116.65).abs() < 1e-6 && (all[1].point.lat() - 35.40).abs() < 1e-6);
    }

    #[test]
    fn the_order_is_found_out() {
        let first = lands("35.4,116.65", 116.65, 35.4);
        assert!(first.swapped);
        assert!(!lands("116.65,35.4", 116.65, 35.4).swapped);
        assert!(read("35.4,116.65").iter().all(|r| r.swapped));
    }

    #[test]
    fn separators_brackets_and_full_width_digits_do_not_matter() {
        for text in [
            "116.65 35.4",
            "116.65\t35.4\r\n",
            "116.65;35.4",
            "116.65，35.4",
            "116.65、35.4",
            "116.65；35.4",
            "116.65|35.4",
            "116.65/35.4",
            "(116.65, 35.4)",
            "（116.65，35.4）",
            "【116.65】【35.4】",
            "[116.65,35.4]",
            "１１６．６５，３５．４",
            "116。65，35。4",
            "  116.65 \u{3000} 35.4\u{200b}",
            "\u{feff}116.65,35.4",
            "+116.65,+35.4",
            "116.65°, 35.4°",
            "116.65° 35.4°",
            "116.65度 35.4度",
            "116.65E 35.4N",
            "116.65°E,35.4°N",
            "E116.65 N35.4",
            "POINT (116.65 35.4)",
            "POINT Z (116.65 35.4 45.1)",
            r#"{"lng":116.65,"lat":35.4}"#,
            r#"{"type":"Point","coordinates":[116.65,35.4]}"#,
            "https://example.com/?lng=116.65&lat=35.4",
            "经度116.65 纬度35.4",
            "经度：116.65，纬度：35.4",
            "东经116.65度，北纬35.4度",
            "东经116.65°E，北纬35.4°N",
            "116.65(经度)35.4(纬度)",
            "坐标：116.65,35.4",
            "位置 116.65,35.4 附近",
            "116.65,35.4,45.2",
        ] {
            let first = lands(text, 116.65, 35.4);
            assert!(!first.swapped, "{text}");
        }
        for text in
            ["纬度35.4 经度116.65", "N35.4 E116.65", "35.4N116.65E", "北纬35.4，东经116.65", "lat=35.4&lng=116.65"]
        {
            assert!(lands(text, 116.65, 35.4).swapped, "{text}");
        }
    }

    #[test]
    fn a_label_forbids_the_other_order() {
        // In a district around (40, 40) both orders land inside; only the label tells.
        let both = Extent { west: 39.0, south: 39.0, east: 41.0, north: 41.0 };
        let open = readings("40.2,39.8", both, PlaneCrs(32637)).unwrap();
        assert_eq!(open.iter().filter(|r| r.crs == Crs::Cgcs2000).count(), 2);
        assert!(!open[0].swapped);
        let told = readings("纬度40.2 经度39.8", both, PlaneCrs(32637)).unwrap();
        assert!(told.iter().all(|r| r.swapped) && (told[0].point.lat() - 40.2).abs() < 1e-9, "{told:?}");
    }

    #[test]
    fn degrees_minutes_and_seconds_come_in_many_shapes() {
        let (lon, lat) = (116.0 + 39.0 / 60.0 + 18.5 / 3600.0, 35.0 + 24.0 / 60.0 + 30.0 / 3600.0);
        for text in [
            r#"116°39'18.5"E 35°24'30"N"#,
            r#"116°39'18.5" 35°24'30""#,
            "116°39′18.5″E，35°24′30″N",
            "116°39’18.5”E，35°24’30”N",
            "116°39'18.5''E 35°24'30''N",
            "116度39分18.5秒，35度24分30秒",
            "东经116度39分18.5秒 北纬35度24分30秒",
            "东经 116° 39′ 18.5″, 北纬 35° 24′ 30″",
            "E116°39'18.5\" N35°24'30\"",
            "116d39m18.5s 35d24m30s",
            "116:39:18.5 35:24:30",
            "116-39-18.5 35-24-30",
            "116 39 18.5, 35 24 30",
            "116 39 18.5 E 35 24 30 N",
            "116º39.30833'E 35º24.5'N",
            "116°39.30833' 35°24.5'",
            "1163918.5 352430",
        ] {
            let first = lands(text, lon, lat);
            assert!(matches!(first.how, How::Sexagesimal | How::Packed), "{text}: {first:?}");
        }
        for text in ["116°39'E 35°24'N", "116度39分 35度24分", "116 39 35 24", "E116°39' N35°24'", "116°39 35°24"]
        {
            lands(text, 116.65, 35.4);
        }
        for text in
            ["N35°24' E116°39'", "N35°24′E116°39′", "35°24'N 116°39'E", "35°24'N116°39'E", "北纬35度24分东经116度39分"]
        {
            assert!(lands(text, 116.65, 35.4).swapped, "{text}");
        }
        // 度.分秒 in one figure: as decimal degrees this is west of the district.
        assert_eq!(lands("116.39185,35.2430", lon, lat).how, How::Packed);
    }

    #[test]
    fn survey_metres_are_read_with_and_without_the_zone_in_either_order() {
        for (text, crs, swapped, named) in [
            ("39468205.34,3919026.85", "epsg:4527", false, true),
            ("3919026.85,39468205.34", "epsg:4527", true, true),
            ("X=3919026.85 Y=39468205.34", "epsg:4527", true, true),
            ("468205.34,3919026.85", "epsg:4548", false, false),
            ("3919026.85 468205.34", "epsg:4548", true, false),
            ("X:3919026.85m，Y:468205.34m", "epsg:4548", true, false),
            ("X坐标3919026.85 Y坐标468205.34", "epsg:4548", true, false),
            ("纵坐标3919026.85，横坐标468205.34", "epsg:4548", true, false),
            ("468,205.34 3,919,026.85", "epsg:4548", false, false),
            ("20468205.34,3919026.85", "epsg:4498", false, true),
            ("J1,1,3919026.85,39468205.34", "epsg:4527", true, true),
            ("EPSG:4548 468205.34 3919026.85", "epsg:4548", false, true),
        ] {
            let first = lands(text, 116.65, 35.4);
            assert_eq!((first.crs.to_string().as_str(), first.swapped, first.named), (crs, swapped, named), "{text}");
            assert_eq!(first.how, How::Metres);
        }
        // In the neighbouring zone 38 (114° E) the same place has another easting.
        let (east, north) = Crs::Plane(PlaneCrs(4547)).write(Cgcs2000::new(116.65, 35.4).unwrap()).unwrap();
        assert_eq!(lands(&format!("{east:.3},{north:.3}"), 116.65, 35.4).crs, Crs::Plane(PlaneCrs(4547)));
    }

    #[test]
    fn web_mercator_metres_are_read() {
        let (east, north) = Crs::Plane(PlaneCrs(3857)).write(Cgcs2000::new(116.65, 35.4).unwrap()).unwrap();
        let first = lands(&format!("{east:.2},{north:.2}"), 116.65, 35.4);
        assert_eq!(first.crs, Crs::Plane(PlaneCrs(3857)));
    }

    #[test]
    fn a_named_system_is_the_only_one_read() {
        for (text, crs) in [
            ("GCJ-02 116.655365892,35.399588857", "gcj02"),
            ("高德 116.655365892,35.399588857", "gcj02"),
            ("腾讯地图坐标：35.399588857,116.655365892", "gcj02"),
            ("百度116.661791838 35.405831409", "bd09"),
            ("BD09: 116.661791838,35.405831409", "bd09"),
            ("bd09ll 116.661791838,35.405831409", "bd09"),
            ("WGS84 116.65,35.40", "wgs84"),
            ("GPS 116.65,35.40", "wgs84"),
            ("CGCS2000: 116.65,35.40", "cgcs2000"),
            ("国家2000 116.65,35.40", "cgcs2000"),
            ("SRID=4490;POINT(116.65 35.40)", "cgcs2000"),
            ("EPSG:4326 35.40,116.65", "wgs84"),
        ] {
            let first = lands(text, 116.65, 35.4);
            assert_eq!(systems(text), [crs], "{text}");
            assert!(first.named, "{text}");
        }
    }

    #[test]
    fn a_district_with_its_own_plane_reads_its_metres() {
        let kansas = Extent { west: -102.1, south: 36.9, east: -94.5, north: 40.1 };
        let all = readings("-98.5,38.5", kansas, PlaneCrs(5070)).unwrap();
        assert_eq!(all.len(), 3); // the shifted systems do not shift there, but the question stays
        assert!(
            readings("98.5W 38.5N", kansas, PlaneCrs(5070)).is_ok_and(|all| (all[0].point.lon() + 98.5).abs() < 1e-9)
        );
        let (east, north) = Crs::Plane(PlaneCrs(5070)).write(Cgcs2000::new(-98.5, 38.5).unwrap()).unwrap();
        let metres = readings(&format!("{east:.3} {north:.3}"), kansas, PlaneCrs(5070)).unwrap();
        assert_eq!(metres[0].crs, Crs::Plane(PlaneCrs(5070)));
    }

    #[test]
    fn coordinates_elsewhere_are_coordinates_and_addresses_are_not() {
        assert_eq!(readings("121.47,31.23", JINING, HOME), Ok(vec![]));
        assert_eq!(readings("东经121.47 北纬31.23", JINING, HOME), Ok(vec![]));
        for text in [
            "",
            "隆鑫苑",
            "隆鑫苑5号楼",
            "隆鑫苑3号楼2单元501",
            "5-3-502号",
            "327国道K12+300",
            "116.65",
            "崇文大道与火炬路交叉口",
            "NaN,inf",
        ] {
            assert_eq!(readings(text, JINING, HOME), Err(PasteFault::NotCoordinates), "{text}");
        }
        let long = "1 ".repeat(300);
        assert_eq!(readings(&long, JINING, HOME), Err(PasteFault::TooLong { bytes: 600 }));
    }

    proptest! {
        #![proptest_config(seeded(3000))]
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _ = readings(&text, JINING, HOME);
        }

        #[test]
        fn any_soup_of_what_coordinates_are_made_of_is_read_or_refused(
            text in "[0-9０-９.。·,，、;°度'′分\"″秒EWNSewnsd经纬东西南北XYxy:：=+\\-−（）() epsg高德bd09]{0,60}",
        ) {
            for reading in readings(&text, JINING, HOME).unwrap_or_default() {
                prop_assert!(JINING.contains(reading.point));
            }
        }

        #[test]
        fn a_printed_position_is_always_among_its_readings(lon in 116.56..116.84f64, lat in 35.31..35.54f64) {
            let is_it = |r: &Reading| (r.point.lon() - lon).abs() < 2e-7 && (r.point.lat() - lat).abs() < 2e-7;
            let point = Cgcs2000::new(lon, lat).unwrap();
            for crs in [Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09, Crs::Plane(PlaneCrs(4527)), Crs::Plane(HOME), Crs::Plane(PlaneCrs(3857))] {
                let (x, y) = crs.write(point).unwrap();
                for text in [format!("{x:.7},{y:.7}"), format!("{y:.7}，{x:.7}")] {
                    let all = readings(&text, JINING, HOME).unwrap();
                    prop_assert!(all.iter().any(|r| r.crs == crs && is_it(r)), "{}: {:?}", text, all);
                }
            }
        }
    }
}
