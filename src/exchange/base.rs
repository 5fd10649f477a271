//! The background map from GeoJSON: rivers, streets, buildings. Drawn under the grids, never used to decide anything.

use super::columns;
use super::geojson::{self, Coordinates, Position};
use super::{FileFault, Limits, RowFault, Text};
use crate::crs::Cgcs2000;
use crate::snapshot::{BaseFeature, BaseShape};

/// What a base file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    pub features: Vec<BaseFeature>,
    pub faults: Vec<RowFault>,
}

/// Reads lines and areas; a multi-geometry becomes one feature for each part.
///
/// # Errors
/// [`FileFault`] when the document is not a FeatureCollection in longitude, latitude.
pub fn read(text: &Text, limits: &Limits) -> Result<Base, FileFault> {
    let mut base = Base::default();
    for (i, feature) in geojson::features(text, limits)?.into_iter().enumerate() {
        let properties = feature.properties.unwrap_or_default();
        let said = |key: columns::Column| properties.find(key).and_then(geojson::Scalar::text);
        let kind = said(columns::KIND).unwrap_or_default();
        let class = said(columns::CLASS).and_then(|c| c.parse::<u8>().ok()).filter(|c| *c <= 4).unwrap_or(0);
        match shapes(feature.geometry.and_then(|g| g.coordinates.map(|c| (g.kind, c)))) {
            Ok(shapes) => base.features.extend(shapes.into_iter().map(|shape| BaseFeature {
                kind: kind.clone(),
                name: said(columns::NAME).filter(|n| !n.is_empty()),
                class,
                shape,
            })),
            Err(reason) => base.faults.push(RowFault {
                file: text.file.clone(),
                row: i + 1,
                column: "geometry".to_owned(),
                value: String::new(),
                reason,
            }),
        }
    }
    Ok(base)
}

fn shapes(geometry: Option<(String, Coordinates)>) -> Result<Vec<BaseShape>, String> {
    let Some((kind, coordinates)) = geometry else { return Err("is missing".to_owned()) };
    let shapes = match (kind.as_str(), coordinates) {
        ("LineString", Coordinates::Line(line)) => vec![BaseShape::Line(line)],
        ("MultiLineString", Coordinates::Rings(lines)) => lines.into_iter().map(BaseShape::Line).collect(),
        ("Polygon", Coordinates::Rings(rings)) => vec![BaseShape::Area(open(rings))],
        ("MultiPolygon", Coordinates::Polygons(polygons)) => {
            polygons.into_iter().map(|rings| BaseShape::Area(open(rings))).collect()
        }
        (kind, _) => {
            let kind: String = kind.chars().take(40).collect();
            return Err(format!("is a “{kind}”; the background has lines and polygons"));
        }
    };
    for shape in &shapes {
        let (lists, least): (Vec<&Vec<Position>>, usize) = match shape {
            BaseShape::Line(line) => (vec![line], 2),
            BaseShape::Area(rings) => (rings.iter().collect(), 3),
        };
        for list in lists {
            if list.len() < least {
                return Err(format!("has a part of {} positions", list.len()));
            }
            for &(lon, lat) in list {
                Cgcs2000::new(lon, lat).map_err(|fault| fault.to_string())?;
            }
        }
    }
    Ok(shapes)
}

/// Takes the repeated last position off closed rings.
fn open(mut rings: Vec<Vec<Position>>) -> Vec<Vec<Position>> {
    for ring in &mut rings {
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn lines_and_areas_are_read_and_the_rest_is_listed() {
        let content = r#"{"type":"FeatureCollection","features":[
            {"properties":{"kind":"road","name":"火炬路","class":2},"geometry":{"type":"LineString","coordinates":[[116.6,35.4],[116.7,35.4]]}},
            {"properties":{"kind":"water"},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[2,2],[3,2],[3,3],[2,2]]]]}},
            {"properties":{"kind":"road"},"geometry":{"type":"LineString","coordinates":[[116.6,95.4],[116.7,35.4]]}},
            {"properties":{},"geometry":{"type":"Point","coordinates":[0,0]}}]}"#;
        let text =
            Text { file: PathBuf::from("b.json"), content: content.to_owned(), encoding: "UTF-8", compressed: false };
        let base = read(&text, &Limits::default()).unwrap();
        assert_eq!(base.features.len(), 3);
        assert_eq!((base.features[0].class, base.features[0].name.as_deref()), (2, Some("火炬路")));
        assert!(matches!(&base.features[1].shape, BaseShape::Area(rings) if rings[0].len() == 3));
        assert_eq!(base.faults.iter().map(|f| f.row).collect::<Vec<_>>(), [3, 4]);
    }
}
