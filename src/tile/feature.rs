//! What a tile holds, before it becomes bytes or pixels: features in tile units, handed one by one to a [`Sink`].

use super::attributes::Attributes;

/// Tile units a side.
pub const EXTENT: i32 = 1 << crate::coverage::world::TILE_BITS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Geometry {
    Point,
    Line,
    Polygon,
}

/// One feature's geometry in tile units (`y` down), reused from feature to feature.
///
/// Points are single; lines and rings end where `ends` says. Of a polygon's rings (first point not repeated) the outer ones have
/// positive doubled area and are followed by their holes, which have negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub geometry: Geometry,
    pub points: Vec<(i32, i32)>,
    pub ends: Vec<u32>,
}

impl Shape {
    #[must_use]
    pub const fn new(geometry: Geometry) -> Self {
        Self { geometry, points: Vec::new(), ends: Vec::new() }
    }

    pub fn clear(&mut self, geometry: Geometry) {
        self.geometry = geometry;
        self.points.clear();
        self.ends.clear();
    }

    /// Appends a line, a ring, or for [`Geometry::Point`] points.
    pub fn push(&mut self, points: impl IntoIterator<Item = (i32, i32)>) {
        self.points.extend(points);
        self.ends.push(self.points.len() as u32);
    }

    /// Appends a line whose points may lie anywhere; what is further than 32 bits reach is put there.
    pub(super) fn push_far(&mut self, points: impl IntoIterator<Item = (i64, i64)>) {
        let near = |v: i64| v.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        self.push(points.into_iter().map(|p| (near(p.0), near(p.1))));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The lines or rings.
    pub fn parts(&self) -> impl Iterator<Item = &[(i32, i32)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.points[start as usize..*end as usize])
    }

    /// Twice the signed area of all rings together.
    #[must_use]
    pub fn doubled_area(&self) -> i64 {
        self.parts().map(doubled_area).sum()
    }
}

/// Twice the signed area of a ring in tile units; positive for outer rings as MVT wants them.
#[must_use]
pub fn doubled_area(ring: &[(i32, i32)]) -> i64 {
    let Some(&(x0, y0)) = ring.first() else { return 0 };
    let cross = |p: (i32, i32), q: (i32, i32)| {
        i64::from(p.0 - x0) * i64::from(q.1 - y0) - i64::from(p.1 - y0) * i64::from(q.0 - x0)
    };
    ring.windows(2).map(|pair| cross(pair[0], pair[1])).sum()
}

/// An attribute's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    Integer(i64),
    Number(f64),
    Flag(bool),
}

/// Name and value.
pub type Tag<'a> = (&'static str, Value<'a>);

/// Takes the features of a tile in drawing order.
pub trait Sink {
    /// Whether the features of a layer are wanted at all.
    fn wants(&self, _layer: &str) -> bool {
        true
    }

    /// Whether the lines of a layer are wanted from end to end, however far they go beyond the square: whoever draws dashes counts
    /// from a line's beginning.
    fn wants_whole(&self, _layer: &str) -> bool {
        false
    }

    /// The features that follow belong to this layer.
    fn layer(&mut self, name: &str);

    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], shape: &Shape);

    /// Whether attributes are wanted as vector tiles write them, where they are there so: then [`Sink::written`] brings the feature.
    fn takes_written(&self) -> bool {
        false
    }

    fn written(&mut self, _said: Attributes<'_>, _shape: &Shape) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_were_pushed() {
        let mut shape = Shape::new(Geometry::Polygon);
        shape.push([(0, 0), (10, 0), (10, 10), (0, 10)]);
        shape.push([(2, 2), (2, 4), (4, 4), (4, 2)]);
        assert_eq!(shape.parts().map(<[_]>::len).collect::<Vec<_>>(), [4, 4]);
        assert_eq!(shape.doubled_area(), 2 * (100 - 4));
    }
}
