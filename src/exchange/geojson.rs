//! GeoJSON, read straight into rings: no tree of values in between, depth and counts limited while reading.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{FileFault, Limits, Problem, Spot, Text};

/// A longitude and a latitude in degrees, as written; checked by the readers.
pub type Position = (f64, f64);

/// The coordinates of any geometry, by depth of nesting.
#[derive(Clone, Debug, PartialEq)]
pub enum Coordinates {
    Point(Position),
    Line(Vec<Position>),
    Rings(Vec<Vec<Position>>),
    Polygons(Vec<Vec<Vec<Position>>>),
    /// `[]`
    Empty,
}

/// A JSON scalar of a property; arrays and objects are not kept.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Scalar {
    #[default]
    Null,
    Text(String),
    Number(f64),
    Whole(i64),
    Other,
}

impl Scalar {
    /// Text as it is, whole numbers in decimal; `None` for anything else.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()),
            Self::Whole(n) => Some(n.to_string()),
            Self::Number(_) | Self::Null | Self::Other => None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Feature {
    #[serde(default)]
    pub(super) id: Scalar,
    #[serde(default)]
    pub(super) properties: Option<Properties>,
    #[serde(default)]
    pub(super) geometry: Option<Geometry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Geometry {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) coordinates: Option<Coordinates>,
}

/// The properties of a feature in file order, without nested ones.
#[derive(Debug, Default)]
pub(super) struct Properties(pub(super) Vec<(String, Scalar)>);

impl Properties {
    /// The value under any of a column's names.
    pub(super) fn find(&self, column: super::columns::Column) -> Option<&Scalar> {
        self.0.iter().find(|(key, _)| super::columns::is(key, column)).map(|(_, value)| value)
    }
}

/// More properties than anybody draws a map with.
const MAX_PROPERTIES: usize = 256;

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    crs: Option<CrsMember>,
    #[serde(default)]
    features: Features,
}

#[derive(Debug, Deserialize)]
struct CrsMember {
    #[serde(default)]
    properties: CrsName,
}

#[derive(Debug, Default, Deserialize)]
struct CrsName {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Default)]
struct Features(Vec<Feature>);

/// Reads a FeatureCollection and checks that it is in degrees of a system we store.
///
/// # Errors
/// [`FileFault`] with line and column for anything that is not GeoJSON, and for a `crs` member that is not longitude, latitude.
pub(super) fn features(text: &Text, limits: &Limits) -> Result<Vec<Feature>, FileFault> {
    let document: Document = serde_json::from_str(&text.content).map_err(|error| syntax(text, &error))?;
    let fault = |problem| Err(FileFault::whole(&text.file, problem));
    match document.kind.as_deref() {
        Some("FeatureCollection") => {}
        Some(other) => return fault(Problem::NotACollection(other.chars().take(40).collect())),
        None => return fault(Problem::NotACollection("JSON document without “type”".to_owned())),
    }
    if let Some(name) = document.crs.map(|crs| crs.properties.name)
        && !is_lon_lat(&name)
    {
        return fault(Problem::CrsMember(name.chars().take(80).collect()));
    }
    let features = document.features.0;
    if features.len() > limits.rows {
        return fault(Problem::TooMany { what: "the number of features", limit: limits.rows });
    }
    Ok(features)
}

/// The names under which longitude, latitude files go, `urn:ogc:def:crs:OGC:1.3:CRS84` and the like.
fn is_lon_lat(name: &str) -> bool {
    let last = name.rsplit([':', '/', '#']).next().unwrap_or_default().to_ascii_uppercase();
    matches!(last.as_str(), "CRS84" | "CRS84H" | "4326" | "4490" | "WGS84" | "CGCS2000")
}

fn syntax(text: &Text, error: &serde_json::Error) -> FileFault {
    let line = text.content.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let near: String = line.chars().skip(error.column().saturating_sub(12)).take(24).collect();
    let not_a_number = error.is_syntax() && ["NaN", "nan", "Infinity", "inf"].iter().any(|word| near.contains(word));
    let problem = if not_a_number {
        Problem::NotANumber
    } else {
        let said = error.to_string();
        let said = said.rsplit_once(" at line").map_or(said.as_str(), |(what, _)| what);
        Problem::Syntax(format!("not valid GeoJSON ({said})"))
    };
    FileFault::new(&text.file, Spot::Line(error.line(), error.column()), problem)
}

/// The most features one collection is read for, whatever [`Limits`] say: keeps `{},{},{},…` from filling memory.
const MAX_FEATURES: usize = 2_000_000;

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Features;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of features")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Features, A::Error> {
                let mut features = Vec::new();
                while let Some(feature) = seq.next_element()? {
                    if features.len() == MAX_FEATURES {
                        return Err(A::Error::custom(format!("more than {MAX_FEATURES} features")));
                    }
                    features.push(feature);
                }
                Ok(Features(features))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut properties = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Scalar>()? {
                    if properties.len() == MAX_PROPERTIES {
                        return Err(A::Error::custom(format!("more than {MAX_PROPERTIES} properties")));
                    }
                    properties.push((key, value));
                }
                Ok(Properties(properties))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a property value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(n))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Scalar, E> {
                Ok(i64::try_from(n).map_or(Scalar::Other, Scalar::Whole))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Scalar, E> {
                Ok(if n.fract() == 0.0 && n.abs() < 9e15 { Scalar::Whole(n as i64) } else { Scalar::Number(n) })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// One element of a coordinates array: a number, or a nested array.
enum Element {
    Number(f64),
    Nested(Coordinates),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or an array of coordinates")
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Element, E> {
                Ok(Element::Number(n))
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Element, E> {
                Ok(Element::Number(n as f64))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Element, E> {
                Ok(Element::Number(n as f64))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
                nested(&mut seq).map(Element::Nested)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Element::deserialize(deserializer)? {
            Element::Nested(coordinates) => Ok(coordinates),
            Element::Number(_) => Err(D::Error::custom("coordinates are a number, not an array")),
        }
    }
}

/// Reads the rest of an array; its first element decides what kind all of them must be.
fn nested<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Coordinates, A::Error> {
    match seq.next_element::<Element>()? {
        None => Ok(Coordinates::Empty),
        Some(Element::Number(x)) => position(seq, x),
        Some(Element::Nested(Coordinates::Point(first))) => rest(seq, first, |c| match c {
            Coordinates::Point(p) => Some(p),
            _ => None,
        })
        .map(Coordinates::Line),
        Some(Element::Nested(Coordinates::Line(first))) => rest(seq, first, |c| match c {
            Coordinates::Line(line) => Some(line),
            _ => None,
        })
        .map(Coordinates::Rings),
        Some(Element::Nested(Coordinates::Rings(first))) => rest(seq, first, |c| match c {
            Coordinates::Rings(rings) => Some(rings),
            _ => None,
        })
        .map(Coordinates::Polygons),
        Some(Element::Nested(Coordinates::Polygons(_))) => Err(A::Error::custom("coordinates are nested too deeply")),
        Some(Element::Nested(Coordinates::Empty)) => Err(A::Error::custom("an empty array inside coordinates")),
    }
}

fn position<'de, A: SeqAccess<'de>>(seq: &mut A, x: f64) -> Result<Coordinates, A::Error> {
    let Some(y) = seq.next_element::<f64>()? else {
        return Err(A::Error::custom("a position with one number"));
    };
    let mut numbers = 2;
    while seq.next_element::<f64>()?.is_some() {
        numbers += 1;
    }
    if numbers > 3 {
        return Err(A::Error::custom(format!("a position with {numbers} numbers; it has 2, or 3 with a height")));
    }
    Ok(Coordinates::Point((x, y)))
}

fn rest<'de, A: SeqAccess<'de>, T>(
    seq: &mut A,
    first: T,
    same: impl Fn(Coordinates) -> Option<T>,
) -> Result<Vec<T>, A::Error> {
    let mut list = vec![first];
    while let Some(element) = seq.next_element::<Element>()? {
        let next = match element {
            Element::Nested(coordinates) => same(coordinates),
            Element::Number(_) => None,
        };
        list.push(next.ok_or_else(|| A::Error::custom("coordinates are nested unevenly"))?);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn read(content: &str) -> Result<Vec<Feature>, FileFault> {
        let text =
            Text { file: PathBuf::from("u.json"), content: content.to_owned(), encoding: "UTF-8", compressed: false };
        features(&text, &Limits::default())
    }

    fn geometry(coordinates: &str) -> Result<Coordinates, String> {
        serde_json::from_str(coordinates).map_err(|error| error.to_string())
    }

    #[test]
    fn coordinates_are_told_by_their_depth() {
        assert_eq!(geometry("[1,2]"), Ok(Coordinates::Point((1.0, 2.0))));
        assert_eq!(geometry("[[1,2,9.5],[3,4]]"), Ok(Coordinates::Line(vec![(1.0, 2.0), (3.0, 4.0)])));
        assert_eq!(geometry("[[[0,0]]]"), Ok(Coordinates::Rings(vec![vec![(0.0, 0.0)]])));
        assert!(matches!(geometry("[[[[0,0]]]]"), Ok(Coordinates::Polygons(_))));
    }

    #[test]
    fn strange_coordinates_are_refused_with_their_place() {
        for (text, said) in [
            ("[[1,2],[1,2,3,4,5,6]]", "6 numbers"),
            ("[[1,2],3]", "unevenly"),
            ("[[[[[1,2]]]]]", "too deeply"),
            ("[[],[1,2]]", "empty"),
            ("[1]", "one number"),
            ("[[1,\"2\"]]", "invalid type"),
            ("[1,1e400]", "out of range"),
        ] {
            let error = geometry(text).unwrap_err();
            assert!(error.contains(said) && error.contains("line 1 column"), "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(geometry(&deep).unwrap_err().contains("recursion limit"));
    }

    #[test]
    fn not_a_number_is_told_as_such() {
        let error = read("{\"type\":\"FeatureCollection\",\n\"features\":[{\"geometry\":{\"coordinates\":[NaN,2]}}]}");
        let error = error.unwrap_err();
        assert!(matches!(error.problem, Problem::NotANumber), "{error}");
        assert!(matches!(error.spot, Spot::Line(2, _)), "{error}");
    }

    #[test]
    fn other_documents_and_systems_are_named() {
        let topology = read("{\"type\":\"Topology\",\"objects\":{}}").unwrap_err();
        assert!(matches!(&topology.problem, Problem::NotACollection(kind) if kind == "Topology"));
        let crs = |name: &str| {
            read(&format!(
                "{{\"type\":\"FeatureCollection\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"{name}\"}}}},\"features\":[]}}"
            ))
        };
        assert!(crs("urn:ogc:def:crs:OGC:1.3:CRS84").is_ok());
        assert!(crs("urn:ogc:def:crs:EPSG::4490").is_ok());
        assert!(matches!(crs("urn:ogc:def:crs:EPSG::4548").unwrap_err().problem, Problem::CrsMember(_)));
    }
}
