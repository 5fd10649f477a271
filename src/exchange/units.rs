//! Units of the lowest level from GeoJSON: one feature a unit, checked as far as one feature can be checked alone.

use super::columns::{self, Column};
use super::geojson::{self, Coordinates, Feature, Position, Properties, Scalar};
use super::{FileFault, Limits, Problem, RowFault, Text};
use crate::crs::Cgcs2000;

/// One unit as its file describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitShape {
    /// Number of the feature in its file, from 1.
    pub feature: usize,
    pub code: String,
    pub name: String,
    pub parent: String,
    pub class: String,
    pub households: u32,
    pub population: u32,
    /// Level key, where the file names one.
    pub level: Option<String>,
    /// Land that is nobody's on purpose.
    pub excluded: bool,
    /// Each: the outer ring, then holes; rings do not repeat their first point.
    pub polygons: Vec<Vec<Vec<Cgcs2000>>>,
}

/// What a units file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitShapes {
    pub shapes: Vec<UnitShape>,
    /// Features that cannot be used; a district with one of them cannot be built.
    pub faults: Vec<RowFault>,
    /// Properties that were not read.
    pub unread: Vec<String>,
}

const READ: &[Column] = &[
    columns::CODE,
    columns::NAME,
    columns::PARENT,
    columns::CLASS,
    columns::HOUSEHOLDS,
    columns::POPULATION,
    columns::KIND,
    columns::LEVEL,
];

/// Reads a FeatureCollection of units. Memory: the text plus 16 bytes a vertex.
///
/// # Errors
/// [`FileFault`] when the document is not one, is in another system, or has its axes swapped. Faults of single features are in the
/// answer.
pub fn read(text: &Text, limits: &Limits) -> Result<UnitShapes, FileFault> {
    let features = geojson::features(text, limits)?;
    if let Some(problem) = wrong_system(&features) {
        return Err(FileFault::whole(&text.file, problem));
    }
    if features.is_empty() {
        return Err(FileFault::whole(&text.file, Problem::Empty));
    }
    let mut found = UnitShapes::default();
    for (i, feature) in features.into_iter().enumerate() {
        let properties = feature.properties.unwrap_or_default();
        for (key, _) in &properties.0 {
            if found.unread.len() < 64 && READ.iter().all(|c| !columns::is(key, c)) && !found.unread.contains(key) {
                found.unread.push(key.clone());
            }
        }
        let described = describe(i + 1, &properties, &feature.id);
        let code = described.as_ref().map_or_else(|_| String::new(), |shape| shape.code.clone());
        let shaped = described.and_then(|mut shape| {
            shape.polygons = polygons(feature.geometry, limits)?;
            Ok(shape)
        });
        match shaped {
            Ok(shape) => found.shapes.push(shape),
            Err((column, reason)) => {
                found.faults.push(RowFault { file: text.file.clone(), row: i + 1, column, value: code, reason });
            }
        }
    }
    Ok(found)
}

type Refusal = (String, String);

fn describe(feature: usize, properties: &Properties, id: &Scalar) -> Result<UnitShape, Refusal> {
    let text = |column: Column| -> Result<String, Refusal> {
        match properties.find(column) {
            None | Some(Scalar::Null) => Ok(String::new()),
            Some(value) => match value.text().map(|t| (super::table::clean(&t).map(str::to_owned), t)) {
                Some((Ok(clean), _)) => Ok(clean),
                Some((Err(reason), _)) => Err((column[0].to_owned(), reason)),
                None => Err((column[0].to_owned(), "is not a text".to_owned())),
            },
        }
    };
    let count = |column: Column| -> Result<u32, Refusal> {
        match properties.find(column) {
            None | Some(Scalar::Null) => Some(0),
            Some(Scalar::Whole(n)) => u32::try_from(*n).ok(),
            Some(Scalar::Text(t)) if t.trim().is_empty() => Some(0),
            Some(Scalar::Text(t)) => t.trim().parse().ok(),
            Some(_) => None,
        }
        .ok_or_else(|| (column[0].to_owned(), "is not a whole number from 0 up".to_owned()))
    };
    let code = match text(columns::CODE)? {
        code if code.is_empty() => id.text().unwrap_or_default(),
        code => code,
    };
    let excluded = matches!(text(columns::KIND)?.as_str(), "excluded" | "除外");
    if code.is_empty() && !excluded {
        return Err(("code".to_owned(), "is missing; give every unit a code".to_owned()));
    }
    let level = Some(text(columns::LEVEL)?).filter(|level| !level.is_empty());
    Ok(UnitShape {
        feature,
        code,
        name: text(columns::NAME)?,
        parent: text(columns::PARENT)?,
        class: text(columns::CLASS)?,
        households: count(columns::HOUSEHOLDS)?,
        population: count(columns::POPULATION)?,
        level,
        excluded,
        polygons: Vec::new(),
    })
}

fn polygons(geometry: Option<geojson::Geometry>, limits: &Limits) -> Result<Vec<Vec<Vec<Cgcs2000>>>, Refusal> {
    let refuse = |reason: String| Err(("geometry".to_owned(), reason));
    let Some(geometry) = geometry else { return refuse("is missing; draw the unit or take it out".to_owned()) };
    let polygons = match (geometry.kind.as_str(), geometry.coordinates) {
        ("Polygon", Some(Coordinates::Rings(rings))) => vec![rings],
        ("MultiPolygon", Some(Coordinates::Polygons(polygons))) => polygons,
        ("Polygon" | "MultiPolygon", Some(Coordinates::Empty) | None) => {
            return refuse("is empty; draw the unit or take it out".to_owned());
        }
        ("Polygon" | "MultiPolygon", Some(_)) => {
            return refuse(format!("says {} but is nested like another kind; export it again", geometry.kind));
        }
        (kind, _) => {
            let kind: String = kind.chars().take(40).collect();
            return refuse(format!("is a “{kind}”; a unit is a Polygon or a MultiPolygon"));
        }
    };
    let vertices: usize = polygons.iter().flatten().map(Vec::len).sum();
    if vertices > limits.feature_vertices {
        return refuse(format!("has {vertices} vertices, more than {}; simplify it", limits.feature_vertices));
    }
    let several = polygons.len() > 1;
    let mut read = Vec::with_capacity(polygons.len());
    for (p, rings) in polygons.iter().enumerate() {
        let mut kept = Vec::with_capacity(rings.len());
        for (r, positions) in rings.iter().enumerate() {
            let part = if several { format!("polygon {}, ", p + 1) } else { String::new() };
            kept.push(ring(positions).map_err(|reason| (format!("geometry, {part}ring {}", r + 1), reason))?);
        }
        read.push(kept);
    }
    Ok(read)
}

fn ring(positions: &[Position]) -> Result<Vec<Cgcs2000>, String> {
    let mut ring = Vec::with_capacity(positions.len());
    for (i, &(lon, lat)) in positions.iter().enumerate() {
        ring.push(Cgcs2000::new(lon, lat).map_err(|fault| format!("at position {}: {fault}", i + 1))?);
    }
    if positions.len() < 4 {
        return Err(format!("has {} positions; a ring has at least 4, the last equal to the first", positions.len()));
    }
    if ring.first() != ring.last() {
        let (first, last) = (positions[0], positions[positions.len() - 1]);
        return Err(format!(
            "is not closed: it begins at {}, {} and ends at {}, {}; repeat the first position at the end",
            first.0, first.1, last.0, last.1
        ));
    }
    ring.pop();
    Ok(ring)
}

/// Every position of a feature's geometry.
fn positions(feature: &Feature) -> impl Iterator<Item = Position> + '_ {
    let coordinates = feature.geometry.as_ref().and_then(|g| g.coordinates.as_ref());
    let lists: Vec<&[Position]> = match coordinates {
        None | Some(Coordinates::Empty) => Vec::new(),
        Some(Coordinates::Point(p)) => vec![std::slice::from_ref(p)],
        Some(Coordinates::Line(line)) => vec![line],
        Some(Coordinates::Rings(rings)) => rings.iter().map(Vec::as_slice).collect(),
        Some(Coordinates::Polygons(polygons)) => polygons.iter().flatten().map(Vec::as_slice).collect(),
    };
    lists.into_iter().flatten().copied()
}

/// Whether the file as a whole is in another system than longitude, latitude.
fn wrong_system(features: &[Feature]) -> Option<Problem> {
    let mut all = 0_usize;
    let mut far = 0_usize;
    let (mut xs, mut ys) = (Span::NONE, Span::NONE);
    let mut first_far = None;
    for (x, y) in features.iter().flat_map(positions) {
        all += 1;
        xs.add(x);
        ys.add(y);
        // A stray 1e308 is a broken vertex, not a projection.
        if (x.abs() > 180.0 || y.abs() > 180.0) && x.abs() < 1e8 && y.abs() < 1e8 {
            far += 1;
            first_far = first_far.or(Some((x, y)));
        }
    }
    match first_far {
        Some((x, y)) if far * 2 > all => Some(Problem::ProjectedMetres { x, y }),
        _ if all > 0 && looks_swapped(xs, ys) => Some(Problem::SwappedAxes { first: xs.reach(), second: ys.reach() }),
        _ => None,
    }
}

/// The least and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span(f64, f64);

impl Span {
    pub(super) const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    pub(super) fn add(&mut self, value: f64) {
        *self = Self(self.0.min(value), self.1.max(value));
    }

    fn within(self, low: f64, high: f64) -> bool {
        low <= self.0 && self.1 <= high
    }

    fn reach(self) -> f64 {
        if self.0.abs() > self.1.abs() { self.0 } else { self.1 }
    }
}

/// Latitudes beyond the pole that would do as longitudes – or the whole file outside China, and inside once turned round.
pub(super) fn looks_swapped(first: Span, second: Span) -> bool {
    const CHINA_LON: (f64, f64) = (73.0, 136.0);
    const CHINA_LAT: (f64, f64) = (3.0, 54.0);
    let beyond_the_pole = first.within(-90.0, 90.0) && second.within(-180.0, 180.0) && !second.within(-90.0, 90.0);
    let lies = |lon: Span, lat: Span| lon.within(CHINA_LON.0, CHINA_LON.1) && lat.within(CHINA_LAT.0, CHINA_LAT.1);
    beyond_the_pole || (lies(second, first) && !lies(first, second))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn units(features: &str) -> Result<UnitShapes, FileFault> {
        let content = format!("{{\"type\":\"FeatureCollection\",\"features\":[{features}]}}");
        read(&Text { file: PathBuf::from("u.json"), content, encoding: "UTF-8", compressed: false }, &Limits::default())
    }

    fn polygon(coordinates: &str) -> String {
        format!(
            "{{\"properties\":{{\"code\":\"A\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":{coordinates}}}}}"
        )
    }

    const SQUARE: &str = "[[[116.6,35.4],[116.7,35.4],[116.7,35.5],[116.6,35.4]]]";

    #[test]
    fn a_unit_is_read_with_its_properties_in_chinese_or_english() {
        let chinese = polygon(SQUARE)
            .replace("\"code\":\"A\"", "\"编码\":370871001,\"名称\":\"洸河\",\"户数\":\"446\",\"FID\":3");
        let found = units(&chinese).unwrap();
        let shape = &found.shapes[0];
        assert_eq!((shape.code.as_str(), shape.name.as_str(), shape.households), ("370871001", "洸河", 446));
        assert_eq!(shape.polygons[0][0].len(), 3);
        assert_eq!(found.unread, ["FID"]);
    }

    #[test]
    fn each_broken_ring_is_named_with_its_place() {
        for (coordinates, column, said) in [
            ("[[[0,0]]]", "geometry, ring 1", "at least 4"),
            ("[[[116.6,35.4],[116.7,35.4],[116.7,35.5],[116.6,35.5]]]", "geometry, ring 1", "not closed"),
            ("[[[116.6,35.4],[1e308,35.4],[116.7,35.5],[116.6,35.4]]]", "geometry, ring 1", "at position 2: longitude"),
            ("[116.6,35.4]", "geometry", "nested like another kind"),
            ("[]", "geometry", "empty"),
        ] {
            let faults = units(&polygon(coordinates)).unwrap().faults;
            assert_eq!(faults[0].column, column);
            assert!(faults[0].reason.contains(said), "{}", faults[0]);
        }
        let second = format!("{},{}", polygon(SQUARE), polygon("[[[116.6,35.4]]]"));
        assert_eq!(units(&second).unwrap().faults[0].row, 2);
    }

    #[test]
    fn swapped_axes_and_metres_are_told_apart() {
        let swapped = polygon("[[[35.4,116.6],[35.4,116.7],[35.5,116.7],[35.4,116.6]]]");
        assert!(matches!(units(&swapped).unwrap_err().problem, Problem::SwappedAxes { .. }));
        let urumqi = polygon("[[[43.8,87.6],[43.8,87.7],[43.9,87.7],[43.8,87.6]]]"); // both numbers are possible latitudes
        assert!(matches!(units(&urumqi).unwrap_err().problem, Problem::SwappedAxes { .. }));
        let metres = polygon("[[[468205.3,3919026.9],[468305.3,3919026.9],[468305.3,3919126.9],[468205.3,3919026.9]]]");
        assert!(matches!(units(&metres).unwrap_err().problem, Problem::ProjectedMetres { .. }));
        let ohio = polygon("[[[-83.0,40.0],[-82.0,40.0],[-82.0,41.0],[-83.0,40.0]]]");
        assert_eq!(units(&ohio).unwrap().faults, []);
    }
}
