//! Names of roads and rivers: set level where the line runs level, one character under the other where it runs upright, as on
//! Chinese street maps. Where it slants, there is no name: the next stretch has one. They are points like all labels, so that browsers and
//! picture tiles set the same ones, and none is repeated in the next tile.

use std::collections::HashMap;

use super::boxes::Boxes;
use super::feature::{Geometry, Shape, Sink, Tag, Value};
use super::frame::Frame;
use super::labels::scattered;
use super::{DATA_ZOOM, TileCoord};
use crate::coverage::generalize::GridBounds;
use crate::coverage::world::{GridPoint, WORLD_BITS};
use crate::snapshot::BaseFeature;

/// The layer of set `base` that holds them.
pub(super) const LAYER: &str = "names";
/// The first zoom that does.
pub(super) const FIRST_ZOOM: u8 = 10;
/// Slants up to this count as level or upright: the tangent of 25°.
const SLANT: f64 = 0.466;
/// Room that a character takes along the line, in pixels: of about 12, with some space to the next.
const ADVANCE_PX: f64 = 14.5;
/// From a name to the same name, along the line.
const SPACING_PX: f64 = 400.0;

/// The names of lines, by zoom.
#[derive(Debug)]
pub(super) struct LineNames {
    /// From [`FIRST_ZOOM`] to [`DATA_ZOOM`].
    zooms: Vec<(Vec<Name>, Boxes)>,
}

#[derive(Debug)]
struct Name {
    at: GridPoint,
    /// Place in `Snapshot::base`.
    feature: u32,
    upright: bool,
}

impl LineNames {
    /// `lines` are named features with the first zoom that draws them, and their lines on the world grid.
    pub(super) fn new<'a>(
        features: &[BaseFeature],
        lines: &(impl Iterator<Item = (u32, u8, &'a [GridPoint])> + Clone),
    ) -> Self {
        let zooms = (FIRST_ZOOM..=DATA_ZOOM).map(|zoom| {
            // World steps to pixels of 512-pixel tiles, and back.
            let scale = 2f64.powi(i32::from(zoom) + 9 - i32::from(WORLD_BITS));
            let mut named = Named::default();
            let mut names = Vec::new();
            for (feature, _, line) in lines.clone().filter(|(_, first, _)| *first <= zoom) {
                let Some(text) = features.get(feature as usize).and_then(|f| f.name.as_deref()) else { continue };
                let line: Vec<(f64, f64)> =
                    line.iter().map(|p| (f64::from(p.x) * scale, f64::from(p.y) * scale)).collect();
                names.extend(named.along(&line, text, SPACING_PX).into_iter().map(|spot| {
                    let at = GridPoint::new((spot.x / scale).round() as i32, (spot.y / scale).round() as i32);
                    Name { at, feature, upright: spot.upright }
                }));
            }
            let bounds: Vec<GridBounds> = names.iter().map(|n| GridBounds { min: n.at, max: n.at }).collect();
            (names, Boxes::new(&bounds))
        });
        Self { zooms: zooms.collect() }
    }

    /// The names of a zoom; deeper than [`DATA_ZOOM`] there are no more of them.
    fn of(&self, zoom: u8) -> Option<&(Vec<Name>, Boxes)> {
        self.zooms.get(usize::from(zoom.min(DATA_ZOOM).checked_sub(FIRST_ZOOM)?))
    }

    /// The names of one tile.
    pub(super) fn draw(&self, features: &[BaseFeature], coord: TileCoord, sink: &mut dyn Sink) {
        let Some((names, tree)) = self.of(coord.z()) else { return };
        let frame = Frame::new(coord, 0);
        let mut shape = Shape::new(Geometry::Point);
        sink.layer(LAYER);
        for i in tree.meeting(frame.world_bounds()) {
            let name = &names[i as usize];
            let spot = frame.world_spot(name.at);
            if Frame::owns(spot) {
                shape.clear(Geometry::Point);
                shape.push([(spot.0 as i32, spot.1 as i32)]);
                name.send(features, &shape, sink);
            }
        }
    }

    /// All names of a zoom, in world steps.
    pub(super) fn everywhere(&self, features: &[BaseFeature], zoom: u8, sink: &mut dyn Sink) {
        let Some((names, _)) = self.of(zoom) else { return };
        let mut shape = Shape::new(Geometry::Point);
        sink.layer(LAYER);
        for name in names {
            shape.clear(Geometry::Point);
            shape.push([(name.at.x, name.at.y)]);
            name.send(features, &shape, sink);
        }
    }
}

impl Name {
    fn send(&self, features: &[BaseFeature], shape: &Shape, sink: &mut dyn Sink) {
        let Some((feature, name)) = features.get(self.feature as usize).and_then(|f| Some((f, f.name.as_deref()?)))
        else {
            return;
        };
        let set = if self.upright { stacked(name) } else { name.to_owned() };
        let seed = u64::from(self.at.x.unsigned_abs()) << 32 | u64::from(self.at.y.unsigned_abs());
        let rank = u32::from(feature.class) << 12 | scattered(seed);
        let mut tags: Vec<Tag<'_>> = vec![
            ("kind", Value::Text(&feature.kind)),
            ("name", Value::Text(name)),
            ("label", Value::Text(&set)),
            ("rank", Value::Integer(i64::from(rank))),
        ];
        if feature.class > 0 {
            tags.push(("class", Value::Integer(i64::from(feature.class))));
        }
        sink.feature(None, &tags, shape);
    }
}

/// Where the middle of a name goes, and how the line runs there.
#[derive(Clone, Debug, PartialEq)]
struct Spot {
    x: f64,
    y: f64,
    upright: bool,
}

/// The names set so far, so that a road of many pieces is not named at each.
#[derive(Debug, Default)]
struct Named {
    places: HashMap<String, Vec<(f64, f64)>>,
}

impl Named {
    /// Places for `text` along a line (in pixels): about every `spacing_px`, never nearer than two thirds of that to the same name.
    fn along(&mut self, line: &[(f64, f64)], text: &str, spacing_px: f64) -> Vec<Spot> {
        let lengths: Vec<f64> = line.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).collect();
        let whole: f64 = lengths.iter().sum();
        let half = text.chars().count() as f64 * ADVANCE_PX / 2.0;
        let mut found = Vec::new();
        // A short line may have its one name in the middle; a long one is tried at every eighth of the spacing.
        let step = spacing_px / 8.0;
        let mut at = half.max((whole / 2.0) % step);
        while at + half <= whole {
            let (before, here, after) =
                (point(line, &lengths, at - half), point(line, &lengths, at), point(line, &lengths, at + half));
            if let Some(upright) = straight(before, here, after) {
                let near = |p: &(f64, f64)| (p.0 - here.0).hypot(p.1 - here.1) < spacing_px * 2.0 / 3.0;
                let places = self.places.entry(text.to_owned()).or_default();
                if !places.iter().any(near) {
                    places.push(here);
                    found.push(Spot { x: here.0, y: here.1, upright });
                }
            }
            at += step;
        }
        found
    }
}

/// Whether three points on a line stand upright (`Some(true)`) or lie level (`Some(false)`), and in a row.
fn straight(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> Option<bool> {
    let slant = |p: (f64, f64), q: (f64, f64)| ((q.0 - p.0).abs(), (q.1 - p.1).abs());
    let halves = [slant(a, b), slant(b, c)];
    if halves.iter().all(|(dx, dy)| *dy <= dx * SLANT) {
        Some(false)
    } else if halves.iter().all(|(dx, dy)| *dx <= dy * SLANT) {
        Some(true)
    } else {
        None
    }
}

/// The point at a distance along a line, within its ends.
fn point(line: &[(f64, f64)], lengths: &[f64], distance: f64) -> (f64, f64) {
    let mut left = distance.max(0.0);
    for (pair, length) in line.windows(2).zip(lengths) {
        if left <= *length && *length > 0.0 {
            let t = left / length;
            return (pair[0].0 + (pair[1].0 - pair[0].0) * t, pair[0].1 + (pair[1].1 - pair[0].1) * t);
        }
        left -= length;
    }
    line.last().copied().unwrap_or_default()
}

/// One character a line; what is Latin or a number stays together.
fn stacked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut last: Option<char> = None;
    for c in text.chars() {
        if last.is_some_and(|l| !(l.is_ascii_alphanumeric() && c.is_ascii_alphanumeric())) {
            out.push('\n');
        }
        out.push(c);
        last = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &[(f64, f64)]) -> Vec<Spot> {
        Named::default().along(line, "崇文大道", 400.0)
    }

    #[test]
    fn level_lines_have_level_names_and_upright_ones_stacked_names() {
        let upright = |line: &[(f64, f64)]| names(line).iter().map(|s| s.upright).collect::<Vec<_>>();
        assert_eq!(upright(&[(0.0, 0.0), (200.0, 20.0)]), [false]);
        assert_eq!(upright(&[(0.0, 0.0), (-20.0, 200.0)]), [true]);
        assert_eq!(stacked("崇文大道"), "崇\n文\n大\n道");
        assert_eq!(stacked("G327国道"), "G327\n国\n道");
    }

    #[test]
    fn slanting_bent_and_short_lines_have_none() {
        assert!(names(&[(0.0, 0.0), (200.0, 200.0)]).is_empty());
        assert!(names(&[(0.0, 0.0), (30.0, 0.0), (30.0, 30.0)]).is_empty());
        assert!(names(&[(0.0, 0.0), (20.0, 0.0)]).is_empty());
        assert!(names(&[]).is_empty() && names(&[(1.0, 1.0)]).is_empty());
    }

    #[test]
    fn a_long_line_is_named_again_but_its_pieces_are_not_each() {
        assert_eq!(names(&[(0.0, 0.0), (2000.0, 0.0)]).len(), 7);
        let mut named = Named::default();
        let pieces = (0..20).map(|i| [(f64::from(i) * 100.0, 0.0), (f64::from(i) * 100.0 + 100.0, 0.0)]);
        let total: usize = pieces.map(|p| named.along(&p, "崇文大道", 400.0).len()).sum();
        assert!((5..=7).contains(&total), "{total}");
    }
}
