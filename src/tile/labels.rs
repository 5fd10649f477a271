//! Layer `labels`: one point a unit, so that a name is never repeated and never cut.

use super::TileCoord;
use super::attributes::AttributeTable;
use super::boxes::Boxes;
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::Frame;
use super::shapes::LevelShapes;
use super::words::hinted;
use crate::coverage::generalize::GridBounds;
use crate::coverage::world::{GridPoint, WORLD_BITS};
use crate::grid::{Hierarchy, Unit, UnitIx};

/// Sizes a level of importance apart: quarters of a doubling, of as many as the world has.
const SIZES: u32 = 4 * WORLD_BITS as u32 + 1;

/// Where a unit's name stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Label {
    pub unit: UnitIx,
    pub at: GridPoint,
    min_zoom: f64,
    short_zoom: f64,
    /// Importance: level first, then size, so roughly that no other unit's size matters to it.
    rank: u32,
}

#[derive(Debug)]
pub(super) struct Labels {
    /// In order of rank, then of units.
    pub labels: Vec<Label>,
    /// What each says in place of its unit's name, where that is another text.
    own: Vec<Option<Box<str>>>,
    attributes: AttributeTable,
    tree: Boxes,
}

impl Labels {
    pub(super) fn new(hierarchy: &Hierarchy, levels: &[LevelShapes]) -> Self {
        let mut labels: Vec<Label> = Vec::new();
        for level in levels {
            labels.extend(level.units.iter().filter_map(|shape| {
                let (x, y) = shape.anchor?;
                let (min_zoom, short_zoom) = shape.zooms(&level.info);
                let at = GridPoint::new(x.round() as i32, y.round() as i32);
                let smaller = SIZES - 1 - ((shape.side.max(1.0).log2() * 4.0).round() as u32).min(SIZES - 1);
                let rank = u32::from(hierarchy.unit(shape.unit).level) * SIZES + smaller;
                Some(Label { unit: shape.unit, at, min_zoom, short_zoom, rank })
            }));
        }
        labels.sort_by_key(|label| (label.rank, label.unit));
        let bounds: Vec<GridBounds> = labels.iter().map(|l| GridBounds { min: l.at, max: l.at }).collect();
        let own = |label: &Label| {
            let name = &hierarchy.unit(label.unit).name;
            let parent = named(hierarchy, hierarchy.unit(label.unit)).map_or("", |(_, name)| name);
            let text = hinted(own(name, parent));
            (*text != **name).then(|| text.into())
        };
        let own: Vec<Option<Box<str>>> = labels.iter().map(own).collect();
        let mut attributes = AttributeTable::default();
        for (label, own) in labels.iter().zip(&own) {
            let tags = label.tags(hierarchy, levels, own.as_deref());
            attributes.push(hierarchy.unit(label.unit).id, &tags, tags.len());
        }
        Self { own, attributes, labels, tree: Boxes::new(&bounds) }
    }

    /// The labels of one tile, in tile units. The last tiles that hold data hold them all.
    pub(super) fn draw(&self, hierarchy: &Hierarchy, levels: &[LevelShapes], coord: TileCoord, sink: &mut dyn Sink) {
        let frame = Frame::new(coord, 0);
        let mut shape = Shape::new(Geometry::Point);
        for i in self.tree.meeting(frame.world_bounds()) {
            let label = &self.labels[i as usize];
            let spot = frame.world_spot(label.at);
            if Frame::owns(spot) && label.shown(coord.z()) {
                shape.clear(Geometry::Point);
                shape.push([(spot.0 as i32, spot.1 as i32)]);
                if sink.takes_written() {
                    sink.written(self.attributes.of(i, true), &shape);
                } else {
                    label.send(hierarchy, levels, self.own[i as usize].as_deref(), &shape, sink);
                }
            }
        }
    }

    /// All labels, in world steps, the most important first.
    pub(super) fn everywhere(&self, hierarchy: &Hierarchy, levels: &[LevelShapes], sink: &mut dyn Sink) {
        let mut shape = Shape::new(Geometry::Point);
        for (label, own) in self.labels.iter().zip(&self.own) {
            shape.clear(Geometry::Point);
            shape.push([(label.at.x, label.at.y)]);
            label.send(hierarchy, levels, own.as_deref(), &shape, sink);
        }
    }
}

impl Label {
    /// Whether a zoom's tiles hold it: soon before it fits, and those of the last zoom with data hold all.
    pub(super) fn shown(&self, zoom: u8) -> bool {
        self.min_zoom.min(self.short_zoom) < f64::from(zoom) + 1.0 || zoom >= super::DATA_ZOOM
    }

    /// What is said of it, as far as it is this unit's: two labels that are alike are drawn alike.
    pub(super) fn alike(&self, hierarchy: &Hierarchy, other: &Self, of: &Hierarchy) -> bool {
        let (unit, was) = (hierarchy.unit(self.unit), of.unit(other.unit));
        Self { unit: other.unit, ..*self } == *other
            && (unit.id, &unit.code, &unit.name, unit.level) == (was.id, &was.code, &was.name, was.level)
            && named(hierarchy, unit) == named(of, was)
    }

    fn send(
        &self,
        hierarchy: &Hierarchy,
        levels: &[LevelShapes],
        own: Option<&str>,
        shape: &Shape,
        sink: &mut dyn Sink,
    ) {
        let tags = self.tags(hierarchy, levels, own);
        sink.feature(Some(hierarchy.unit(self.unit).id), &tags, shape);
    }

    fn tags<'a>(&self, hierarchy: &'a Hierarchy, levels: &'a [LevelShapes], own: Option<&'a str>) -> [Tag<'a>; 9] {
        let unit = hierarchy.unit(self.unit);
        let code = named(hierarchy, unit).map_or("", |(code, _)| code);
        let key = levels.get(usize::from(unit.level)).map_or("", |l| &l.info.key);
        let rank = self.rank << SCATTER_BITS | scattered(unit.id);
        [
            ("code", Value::Text(&unit.code)),
            ("name", Value::Text(&unit.name)),
            ("own", Value::Text(own.unwrap_or(&unit.name))),
            ("short", Value::Text(short(&unit.code, code))),
            ("level", Value::Integer(i64::from(unit.level))),
            ("level_key", Value::Text(key)),
            ("min_zoom", Value::Number(self.min_zoom)),
            ("short_zoom", Value::Number(self.short_zoom)),
            ("rank", Value::Integer(i64::from(rank))),
        ]
    }
}

const SCATTER_BITS: u32 = 12;

/// A number below 4096 that a thing keeps whatever happens to others: whoever places names breaks ties by it, in every tile and every program alike.
pub(super) const fn scattered(seed: u64) -> u32 {
    (seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SCATTER_BITS)) as u32
}

/// A code's own figures, without zeros before them.
fn short<'a>(code: &'a str, parent: &str) -> &'a str {
    own(own(code, parent), "0")
}

/// What a unit's parent is called.
fn named<'a>(hierarchy: &'a Hierarchy, unit: &Unit) -> Option<(&'a str, &'a str)> {
    unit.parent.map(|parent| (&*hierarchy.unit(parent).code, &*hierarchy.unit(parent).name))
}

/// What a text adds to the one it begins with (as often as it does); the whole text when that is nothing.
pub(crate) fn own<'a>(text: &'a str, beginning: &str) -> &'a str {
    let mut rest = text;
    while let Some(shorter) = rest.strip_prefix(beginning).filter(|shorter| shorter.len() < rest.len()) {
        rest = shorter;
    }
    let rest = rest.trim_start_matches(['-', ' ', '·']);
    if rest.is_empty() { text } else { rest }
}

#[cfg(test)]
mod tests {
    use super::{own, short};

    #[test]
    fn a_label_says_what_its_parent_does_not() {
        assert_eq!(own("黄庄社区第五网格(隆鑫苑)", "黄庄社区"), "第五网格(隆鑫苑)");
        assert_eq!(own("黄庄社区", "洸河街道"), "黄庄社区");
        assert_eq!(own("黄庄", "黄庄"), "黄庄");
        assert_eq!(short("370871001002003", "370871001002"), "3");
        assert_eq!(short("000", ""), "000");
    }
}
