//! Set `issues`: counts in square cells at low zooms, single points at high ones – never an identifier, an address or a text.
//!
//! Nothing is shown of fewer than `k` issues of the filter in one place (k-anonymity). Each issue is told in the smallest square that it shares with so
//! many, from 8 m a side on; where exactly it was in there does not change a byte: it stands on a spot by its turn. Where fewer are left in 125 m they are
//! withheld, and so is all that was said in confidence (是否保密): counted in the cells, it would be what the points lack.

use super::TileCoord;
use super::boxes::morton;
use super::feature::{EXTENT, Geometry, Shape, Sink, Value};
use super::frame::Frame;
use crate::coverage::world::{GridPoint, WORLD_BITS, project};
use crate::issue::{Issue, IssueFilter};

/// From this zoom on issues are points.
pub(super) const POINT_ZOOM: u8 = 14;
/// Cells along a tile's side, below that.
const CELLS: i32 = 64;
/// The sides of the squares that issues share, in bits of world steps: 64 steps are 8 m at 35° N, 1024 are 125 m.
const SHARED_BITS: std::ops::RangeInclusive<u8> = 6..=10;
/// Bits of world steps that a tile of the first zoom of points does not tell apart.
const SPOT_BITS: u8 = 2;

/// The positions of a snapshot's issues in Morton order: the issues of a tile are one range.
#[derive(Debug)]
pub(super) struct IssuePoints {
    /// (Morton number, place in `Snapshot::issues`).
    sorted: Vec<(u64, u32)>,
    at: Vec<GridPoint>,
}

impl IssuePoints {
    pub(super) fn new(issues: &[Issue]) -> Self {
        let mut found: Vec<(u64, u32, GridPoint)> = issues
            .iter()
            .enumerate()
            .filter_map(|(i, issue)| issue.point.map(|p| (i as u32, project(p))))
            .map(|(i, at)| (morton(at), i, at))
            .collect();
        found.sort_unstable();
        Self { sorted: found.iter().map(|f| (f.0, f.1)).collect(), at: found.iter().map(|f| f.2).collect() }
    }

    /// The accepted issues, none told in confidence, in the square of 2^`bits` world steps a side that begins at `corner`, by their places in `sorted`.
    fn accepted<'a>(
        &'a self,
        issues: &'a [Issue],
        filter: &'a IssueFilter,
        corner: GridPoint,
        bits: u8,
    ) -> impl Iterator<Item = (usize, &'a Issue)> + 'a {
        let first = morton(corner);
        let last = first + (1u64 << (2 * bits));
        let start = self.sorted.partition_point(|s| s.0 < first);
        let end = self.sorted.partition_point(|s| s.0 < last);
        (start..end).filter_map(move |i| {
            let issue = issues.get(self.sorted[i].1 as usize)?;
            (filter.accepts(issue) && !issue.confidential).then_some((i, issue))
        })
    }

    pub(super) fn draw(&self, issues: &[Issue], filter: &IssueFilter, k: u32, coord: TileCoord, sink: &mut dyn Sink) {
        // Wider than a tile at deep zooms: a tile's square is cut from its range.
        let bits = WORLD_BITS.saturating_sub(coord.z());
        let corner = GridPoint::new((coord.x() << bits) as i32, (coord.y() << bits) as i32);
        let frame = Frame::new(coord, 0);
        if coord.z() < POINT_ZOOM {
            sink.layer("cells");
            let accepted = self.accepted(issues, filter, corner, bits).map(|(i, issue)| (issue, self.at[i]));
            draw_cells(accepted, k, &frame, sink);
        } else {
            sink.layer("points");
            self.draw_points(issues, filter, k, (corner, bits), &frame, sink);
        }
    }

    fn draw_points(
        &self,
        issues: &[Issue],
        filter: &IssueFilter,
        k: u32,
        (corner, bits): (GridPoint, u8),
        frame: &Frame,
        sink: &mut dyn Sink,
    ) {
        // A tile may be smaller than what its issues share.
        let bits = bits.max(*SHARED_BITS.end());
        let corner = GridPoint::new(corner.x >> bits << bits, corner.y >> bits << bits);
        let told: Vec<usize> = self.accepted(issues, filter, corner, bits).map(|(i, _)| i).collect();
        let mut shape = Shape::new(Geometry::Point);
        self.shared(told, k.max(1) as usize, |members, bits| {
            // By their places in the list, which say nothing of where they were.
            let mut turns: Vec<usize> = members.to_vec();
            turns.sort_unstable_by_key(|i| self.sorted[*i].1);
            let Some(corner) = members.first().map(|i| self.at[*i]) else { return };
            for (turn, issue) in turns.iter().filter_map(|i| issues.get(self.sorted[*i].1 as usize)).enumerate() {
                let spot = frame.world_spot(spot_in(corner, bits, turn));
                if !Frame::owns(spot) {
                    continue;
                }
                let day = issue.received.date().to_string();
                let tags = [
                    ("category", Value::Text(&issue.category)),
                    ("day", Value::Text(&day)),
                    ("open", Value::Flag(issue.closed.is_none())),
                ];
                shape.clear(Geometry::Point);
                shape.push([(spot.0 as i32, spot.1 as i32)]);
                sink.feature(None, &tags, &shape);
            }
        });
    }

    /// Issues by the smallest squares in which at least `k` of those are that are in no smaller one, and the sides of these in bits. Places in `sorted`,
    /// ascending.
    fn shared(&self, mut left: Vec<usize>, k: usize, mut tell: impl FnMut(&[usize], u8)) {
        for bits in SHARED_BITS {
            let square = |i: usize| self.sorted[i].0 >> (2 * bits);
            let mut fewer = Vec::new();
            for members in left.chunk_by(|a, b| square(*a) == square(*b)) {
                if members.len() < k {
                    fewer.extend_from_slice(members);
                } else {
                    tell(members, bits);
                }
            }
            left = fewer;
        }
    }
}

/// The spot of a turn in the square around a point: evenly strewn, whatever the number (the additive recurrence of the plastic number, M. Roberts 2018).
fn spot_in(inside: GridPoint, bits: u8, turn: usize) -> GridPoint {
    const STEPS: [u64; 2] = [0xC13F_A9A9_02A6_328F, 0x91E1_0DA5_C79E_7B1C];
    let at = |from: i32, step: u64| {
        let share = (step.wrapping_mul(turn as u64 + 1)) >> (64 - u32::from(bits));
        (from >> bits << bits) + (share as i32 >> SPOT_BITS << SPOT_BITS)
    };
    GridPoint::new(at(inside.x, STEPS[0]), at(inside.y, STEPS[1]))
}

fn draw_cells<'a>(accepted: impl Iterator<Item = (&'a Issue, GridPoint)>, k: u32, frame: &Frame, sink: &mut dyn Sink) {
    let size = EXTENT / CELLS;
    let mut counts = vec![(0u32, 0u32); (CELLS * CELLS) as usize];
    for (issue, at) in accepted {
        let spot = frame.world_spot(at);
        // Rounding may carry a point over the tile's edge: it still counts here, where its unrounded position lies.
        let cell = |v: i64| (v as i32 / size).clamp(0, CELLS - 1);
        let count = &mut counts[(cell(spot.1) * CELLS + cell(spot.0)) as usize];
        count.0 += 1;
        count.1 += u32::from(issue.closed.is_none());
    }
    let mut shape = Shape::new(Geometry::Point);
    for (i, (n, open)) in counts.into_iter().enumerate().filter(|(_, c)| c.0 >= k.max(1)) {
        let middle = |cell: i32| cell * size + size / 2;
        shape.clear(Geometry::Point);
        shape.push([(middle(i as i32 % CELLS), middle(i as i32 / CELLS))]);
        let tags = [("n", Value::Integer(i64::from(n))), ("open", Value::Integer(i64::from(open)))];
        sink.feature(None, &tags, &shape);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::mercator::WorldPoint;
    use crate::tile::{fixture, mvt};

    /// The corner of a square of 125 m, in world steps.
    const CORNER: GridPoint = GridPoint { x: 221_104 << 10, y: 103_388 << 10 };
    const TILE_BITS: u8 = 12;

    /// The tile of zoom 16 that holds issues at such spots from the corner on.
    fn tile(spots: &[(i32, i32)], confidential: usize) -> Vec<u8> {
        let point = |spot: &(i32, i32)| {
            let (x, y) = (f64::from(CORNER.x + spot.0) + 0.25, f64::from(CORNER.y + spot.1) + 0.25);
            WorldPoint { x, y }.position()
        };
        let mut issues: Vec<Issue> = spots.iter().enumerate().map(|(i, spot)| fixture::issue(i, point(spot))).collect();
        issues.iter_mut().take(confidential).for_each(|issue| issue.confidential = true);
        let mut writer = mvt::Writer::new();
        let coord = TileCoord::new(16, CORNER.x as u32 >> TILE_BITS, CORNER.y as u32 >> TILE_BITS).expect("a tile");
        IssuePoints::new(&issues).draw(&issues, &IssueFilter::default(), 5, coord, &mut writer);
        writer.finish()
    }

    #[test]
    fn where_in_the_square_that_it_shares_an_issue_was_changes_no_byte() {
        let three = [(10, 10), (300, 40), (60, 420)];
        let with = |fourth, fifth| [three[0], three[1], fourth, three[2], fifth];
        let known = tile(&with((900, 900), (600, 700)), 0);
        assert!(!known.is_empty(), "five in 125 m are told");
        for (fourth, fifth) in [((513, 3), (1023, 1023)), ((0, 1023), (1023, 0)), ((700, 20), (30, 999))] {
            assert_eq!(tile(&with(fourth, fifth), 0), known);
        }
        // Five in 8 m are told there, and the rest is then too few.
        let near = [(0, 0), (63, 63), (1, 50), (62, 2), (30, 30)];
        let told = tile(&near, 0);
        assert!(!told.is_empty() && told != known);
        for alone in [(64, 0), (900, 900)] {
            assert_eq!(tile(&[&near[..], &[alone]].concat(), 0), told);
        }
    }

    #[test]
    fn fewer_than_five_are_not_shown_and_neither_is_what_was_said_in_confidence() {
        let five = [(10, 10), (11, 10), (12, 10), (13, 10), (14, 10)];
        assert!(tile(&five[1..], 0).is_empty());
        assert!(tile(&five, 1).is_empty(), "four and a confidential one are four");
        assert_eq!(tile(&[&[(9, 9)], &five[..]].concat(), 1).len(), tile(&five, 0).len());
    }

    #[test]
    fn spots_are_strewn_over_the_whole_square_and_stay_in_it() {
        for bits in SHARED_BITS {
            let side = 1 << bits;
            let inside = GridPoint::new(CORNER.x + side - 1, CORNER.y + side / 2);
            let mut quarters = [0; 4];
            for turn in 0..400 {
                let spot = spot_in(inside, bits, turn);
                let (x, y) = (spot.x - CORNER.x, spot.y - CORNER.y);
                assert!((0..side).contains(&x) && (0..side).contains(&y), "{bits}, {turn}: {spot:?}");
                quarters[usize::from(x >= side / 2) + 2 * usize::from(y >= side / 2)] += 1;
            }
            assert!(quarters.iter().all(|n| (90..=110).contains(n)), "{bits}: {quarters:?}");
        }
    }
}
