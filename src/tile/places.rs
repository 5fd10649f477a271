//! Set `places`: one point a place, coarse kinds from low zooms on.

use super::TileCoord;
use super::boxes::Boxes;
use super::feature::{Geometry, Shape, Sink, Value};
use super::frame::Frame;
use super::labels::scattered;
use super::words::hinted;
use crate::coverage::generalize::GridBounds;
use crate::coverage::world::{GridPoint, project};
use crate::place::Place;

#[derive(Debug)]
pub(super) struct PlacePoints {
    at: Vec<GridPoint>,
    tree: Boxes,
}

/// From which zoom (512-pixel tiles) places of a kind are worth a name. Kinds are those of `docs/FORMATS.md`.
fn min_zoom(kind: &str) -> f64 {
    match kind {
        "village" => 12.5,
        "compound" => 14.0,
        "school" | "hospital" | "park" | "station" | "civic" | "office" => 14.5,
        "factory" | "bridge" | "road" => 15.0,
        "building" => 16.5,
        "house" | "entrance" => 17.5,
        _ => 16.0, // shops, crossings, what is new
    }
}

impl PlacePoints {
    pub(super) fn new(places: &[Place]) -> Self {
        let at: Vec<GridPoint> = places.iter().map(|p| project(p.point)).collect();
        let bounds: Vec<GridBounds> = at.iter().map(|p| GridBounds { min: *p, max: *p }).collect();
        Self { at, tree: Boxes::new(&bounds) }
    }

    /// The places of one tile; the last tiles that hold data hold them all.
    pub(super) fn draw(&self, places: &[Place], coord: TileCoord, sink: &mut dyn Sink) {
        let frame = Frame::new(coord, 0);
        sink.layer("places");
        let mut shape = Shape::new(Geometry::Point);
        for i in self.tree.meeting(frame.world_bounds()) {
            let Some(place) = places.get(i as usize) else { continue };
            let spot = frame.world_spot(self.at[i as usize]);
            let soon = min_zoom(&place.kind) < f64::from(coord.z()) + 1.0;
            if Frame::owns(spot) && (soon || coord.z() >= super::DATA_ZOOM) {
                shape.clear(Geometry::Point);
                shape.push([(spot.0 as i32, spot.1 as i32)]);
                send(place, u64::from(i), &shape, sink);
            }
        }
    }

    /// All places, in world steps.
    pub(super) fn everywhere(&self, places: &[Place], sink: &mut dyn Sink) {
        let mut shape = Shape::new(Geometry::Point);
        for (i, (place, at)) in places.iter().zip(&self.at).enumerate() {
            shape.clear(Geometry::Point);
            shape.push([(at.x, at.y)]);
            send(place, i as u64, &shape, sink);
        }
    }
}

fn send(place: &Place, number: u64, shape: &Shape, sink: &mut dyn Sink) {
    // Coarse kinds first; of one kind whatever its identity says, so that it is the same whoever places the names.
    let seed = place.id.bytes().fold(0u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let rank = ((min_zoom(&place.kind) * 2.0) as u32) << 12 | scattered(seed);
    let label = hinted(&place.name);
    let tags = [
        ("id", Value::Text(&place.id)),
        ("kind", Value::Text(&place.kind)),
        ("name", Value::Text(&place.name)),
        ("min_zoom", Value::Number(min_zoom(&place.kind))),
        ("rank", Value::Integer(i64::from(rank))),
        ("label", Value::Text(&label)),
    ];
    // Where it may be broken is said only of names that are long.
    let tags = if label.len() == place.name.len() { &tags[..5] } else { &tags[..] };
    sink.feature(Some(number + 1), tags, shape);
}
