//! The streets, railways and rivers of the base map around a unit: what a line likes to follow, and what people do not like to cross.

use super::ground::{Ground, Spot, bounds};
use crate::coverage::ArcKind;
use crate::snapshot::{BaseShape, Snapshot};

/// A stretch of a line of the base map.
#[derive(Clone, Debug)]
pub(super) struct Street {
    pub(super) line: Vec<Spot>,
    /// What an arc is that follows it.
    pub(super) kind: ArcKind,
    /// The barrier it belongs to: the number of its feature, where that is a river, a railway, a highway or a main road.
    pub(super) barrier: Option<usize>,
}

/// Roads of this class or a higher one (1 is the highest) are barriers.
const MAIN_ROAD: u8 = 2;
const MARGIN_M: f64 = 30.0;

/// What runs through the box around the rings. Cost: one pass over the vertices of the base map's lines.
pub(super) fn around(snapshot: &Snapshot, ground: &Ground, rings: &[Vec<Spot>]) -> Vec<Street> {
    let (low, high) = bounds(rings.iter().flatten());
    let apart = |a: f64, b: f64, lo: f64, hi: f64| a.max(b) < lo - MARGIN_M || a.min(b) > hi + MARGIN_M;
    let mut found = Vec::new();
    for (number, feature) in snapshot.base.iter().enumerate() {
        let (kind, barrier) = match feature.kind.as_str() {
            "road" => (ArcKind::Road, (1..=MAIN_ROAD).contains(&feature.class)),
            "highway" => (ArcKind::Road, true),
            "rail" => (ArcKind::Drawn, true),
            "river" => (ArcKind::River, true),
            _ => continue,
        };
        let BaseShape::Line(points) = &feature.shape else { continue };
        let barrier = barrier.then_some(number);
        let mut stretch: Vec<Spot> = Vec::new();
        let mut before: Option<Spot> = None;
        for spot in points.iter().filter_map(|p| ground.spot_at(*p)) {
            if let Some(last) = before {
                if apart(last.0, spot.0, low.0, high.0) || apart(last.1, spot.1, low.1, high.1) {
                    if stretch.len() > 1 {
                        found.push(Street { line: std::mem::take(&mut stretch), kind, barrier });
                    }
                    stretch.clear();
                } else {
                    if stretch.is_empty() {
                        stretch.push(last);
                    }
                    stretch.push(spot);
                }
            }
            before = Some(spot);
        }
        if stretch.len() > 1 {
            found.push(Street { line: stretch, kind, barrier });
        }
    }
    found
}
