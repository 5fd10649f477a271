//! The Rust crates that people take for this: `rstar` finds the units whose box holds the point, `geo` decides among them. Everything is in
//! degrees as doubles, boxes are kept beside the polygons and not computed again, and the search ends at the first unit that holds the point.

use geo::indexed::IntervalTreeMultiPolygon;
use geo::{BoundingRect, Contains, PreparedGeometry, Relate};
use geo_types::{MultiPolygon, Point, Polygon};
use rstar::{AABB, RTree, RTreeObject};
use wangge::crs::Cgcs2000;

use crate::dataset::{Dataset, POINTS};
use crate::rounds::{Asked, Row};

/// A polygon, plain or prepared, behind its box.
struct Boxed<G> {
    number: u32,
    bounds: AABB<[f64; 2]>,
    shape: G,
}

impl<G> RTreeObject for Boxed<G> {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

/// One entry for each polygon, so that the parts of an exclave have boxes of their own.
fn tree<G>(dataset: &Dataset, shape: impl Fn(Polygon<f64>) -> G) -> RTree<Boxed<G>> {
    let mut boxed = Vec::new();
    for (number, polygons) in dataset.shapes() {
        for polygon in polygons {
            if let Some(bounds) = polygon.bounding_rect() {
                let (low, high) = (bounds.min(), bounds.max());
                let bounds = AABB::from_corners([low.x, low.y], [high.x, high.y]);
                boxed.push(Boxed { number, bounds, shape: shape(polygon) });
            }
        }
    }
    RTree::bulk_load(boxed)
}

fn row<'a, G: 'a>(
    form: &'static str,
    points: usize,
    tree: RTree<Boxed<G>>,
    holds: impl Fn(&G, &Point<f64>) -> bool + 'a,
) -> Row<'a> {
    let ask = move |points: &[Cgcs2000], owners: &mut Vec<u32>| {
        owners.clear();
        owners.extend(points.iter().map(|position| {
            let point = Point::new(position.lon(), position.lat());
            let near = AABB::from_point([point.x(), point.y()]);
            let mut candidates = tree.locate_in_envelope_intersecting(near);
            candidates.find(|unit| holds(&unit.shape, &point)).map_or(0, |unit| unit.number)
        }));
    };
    Row::new("rstar + geo", form, points, Asked::Here(Box::new(ask)))
}

/// A `PreparedGeometry` takes some kilobytes, too many for a million.
const MOST_PREPARED: usize = 100_000;

pub fn rows(dataset: &Dataset) -> Vec<Row<'_>> {
    let alone = |polygon| IntervalTreeMultiPolygon::new(&MultiPolygon::new(vec![polygon]));
    let mut rows = vec![
        row("naive: boxes, then `Polygon::contains`", POINTS, tree(dataset, |p| p), |shape, at| shape.contains(at)),
        row("boxes, then `IntervalTreeMultiPolygon`", POINTS, tree(dataset, alone), |shape, at| shape.contains(at)),
    ];
    if dataset.units() <= MOST_PREPARED {
        let prepared = tree(dataset, PreparedGeometry::from);
        rows.push(row("boxes, then `PreparedGeometry::relate`", POINTS / 5, prepared, |shape, at| {
            shape.relate(at).is_contains()
        }));
    }
    rows
}
