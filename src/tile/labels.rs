//! Layer `labels`: one point a unit, so that a name is never repeated and never cut.

use super::TileCoord;
use super::boxes::Boxes;
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::Frame;
use super::units::LevelShapes;
use crate::coverage::generalize::{Generalized, GridBounds};
use crate::coverage::world::GridPoint;
use crate::grid::{Hierarchy, UnitIx};

/// Where a unit's name stands.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Label {
    unit: UnitIx,
    at: GridPoint,
    min_zoom: f64,
    short_zoom: f64,
    /// Place in the order of importance: level first, then size.
    rank: u32,
}

#[derive(Debug)]
pub(super) struct Labels {
    /// In order of rank.
    labels: Vec<Label>,
    tree: Boxes,
}

impl Labels {
    pub(super) fn new(hierarchy: &Hierarchy, levels: &[LevelShapes], arcs: &Generalized) -> Self {
        let mut found: Vec<(u8, f64, Label)> = Vec::new();
        for level in levels {
            found.extend(level.units.iter().filter_map(|shape| {
                let (x, y) = shape.anchor(arcs)?;
                let (min_zoom, short_zoom) = shape.zooms(&level.info);
                let at = GridPoint::new(x.round() as i32, y.round() as i32);
                let label = Label { unit: shape.unit, at, min_zoom, short_zoom, rank: 0 };
                Some((hierarchy.unit(shape.unit).level, shape.side, label))
            }));
        }
        found.sort_by(|a, b| (a.0.cmp(&b.0)).then(b.1.total_cmp(&a.1)).then(a.2.unit.cmp(&b.2.unit)));
        let labels: Vec<Label> =
            found.into_iter().enumerate().map(|(i, (_, _, label))| Label { rank: i as u32, ..label }).collect();
        let bounds: Vec<GridBounds> = labels.iter().map(|l| GridBounds { min: l.at, max: l.at }).collect();
        Self { labels, tree: Boxes::new(&bounds) }
    }

    /// The labels of one tile, in tile units. The last tiles that hold data hold them all.
    pub(super) fn draw(&self, hierarchy: &Hierarchy, levels: &[LevelShapes], coord: TileCoord, sink: &mut dyn Sink) {
        let frame = Frame::new(coord, 0);
        let mut shape = Shape::new(Geometry::Point);
        for i in self.tree.meeting(frame.world_bounds()) {
            let label = &self.labels[i as usize];
            let spot = frame.world_spot(label.at);
            let soon = label.min_zoom.min(label.short_zoom) < f64::from(coord.z()) + 1.0;
            if Frame::owns(spot) && (soon || coord.z() >= super::DATA_ZOOM) {
                shape.clear(Geometry::Point);
                shape.push([(spot.0 as i32, spot.1 as i32)]);
                label.send(hierarchy, levels, &shape, sink);
            }
        }
    }

    /// All labels, in world steps, the most important first.
    pub(super) fn everywhere(&self, hierarchy: &Hierarchy, levels: &[LevelShapes], sink: &mut dyn Sink) {
        let mut shape = Shape::new(Geometry::Point);
        for label in &self.labels {
            shape.clear(Geometry::Point);
            shape.push([(label.at.x, label.at.y)]);
            label.send(hierarchy, levels, &shape, sink);
        }
    }
}

impl Label {
    fn send(&self, hierarchy: &Hierarchy, levels: &[LevelShapes], shape: &Shape, sink: &mut dyn Sink) {
        let unit = hierarchy.unit(self.unit);
        let (code, name) = unit.parent.map_or(("", ""), |p| (&hierarchy.unit(p).code, &hierarchy.unit(p).name));
        let key = levels.get(usize::from(unit.level)).map_or("", |l| &l.info.key);
        let tags: [Tag<'_>; 9] = [
            ("code", Value::Text(&unit.code)),
            ("name", Value::Text(&unit.name)),
            ("own", Value::Text(own(&unit.name, name))),
            ("short", Value::Text(own(own(&unit.code, code), "0"))),
            ("level", Value::Integer(i64::from(unit.level))),
            ("level_key", Value::Text(key)),
            ("min_zoom", Value::Number(self.min_zoom)),
            ("short_zoom", Value::Number(self.short_zoom)),
            ("rank", Value::Integer(i64::from(self.rank))),
        ];
        sink.feature(Some(unit.id), &tags, shape);
    }
}

/// What a text adds to the one it begins with (as often as it does); the whole text when that is nothing.
fn own<'a>(text: &'a str, beginning: &str) -> &'a str {
    let rest = if beginning.is_empty() { text } else { text.trim_start_matches(beginning) };
    let rest = rest.trim_start_matches(['-', ' ', '·']);
    if rest.is_empty() { text } else { rest }
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn a_label_says_what_its_parent_does_not() {
        assert_eq!(own("黄庄社区第五网格(隆鑫苑)", "黄庄社区"), "第五网格(隆鑫苑)");
        assert_eq!(own("黄庄社区", "洸河街道"), "黄庄社区");
        assert_eq!(own("黄庄", "黄庄"), "黄庄");
        assert_eq!(own(own("370871001002003", "370871001002"), "0"), "3");
        assert_eq!(own(own("000", ""), "0"), "000");
    }
}
