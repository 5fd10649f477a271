//! Set `issues`: counts in square cells at low zooms, single points at high ones – never an identifier, an address or a text.
//!
//! Points are moved to the middle of a square of about 8 m, so that none stands on a door; and where fewer than `k` issues of
//! the same filter share a cell, nothing is shown (k-anonymity).

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
/// Points stand in the middle of squares this wide, in bits of world steps (64 steps, 8 m at 35° N) …
const BLUR_BITS: u8 = 6;
/// … and are counted in cells this wide (1024 steps, 125 m) before they are shown.
const CROWD_BITS: u8 = 10;

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

    /// The accepted issues in the square of 2^`bits` world steps a side that begins at `corner`.
    fn accepted<'a>(
        &'a self,
        issues: &'a [Issue],
        filter: &'a IssueFilter,
        corner: GridPoint,
        bits: u8,
    ) -> impl Iterator<Item = (&'a Issue, GridPoint)> + 'a {
        let first = morton(corner);
        let last = first + (1u64 << (2 * bits));
        let start = self.sorted.partition_point(|s| s.0 < first);
        let end = self.sorted.partition_point(|s| s.0 < last);
        (start..end).filter_map(move |i| {
            let issue = issues.get(self.sorted[i].1 as usize)?;
            filter.accepts(issue).then_some((issue, self.at[i]))
        })
    }

    pub(super) fn draw(&self, issues: &[Issue], filter: &IssueFilter, k: u32, coord: TileCoord, sink: &mut dyn Sink) {
        // Wider than a tile at deep zooms: a tile's square is cut from its range.
        let bits = WORLD_BITS.saturating_sub(coord.z());
        let corner = GridPoint::new((coord.x() << bits) as i32, (coord.y() << bits) as i32);
        let frame = Frame::new(coord, 0);
        if coord.z() < POINT_ZOOM {
            sink.layer("cells");
            draw_cells(self.accepted(issues, filter, corner, bits), k, &frame, sink);
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
        let crowd_of = |p: GridPoint| GridPoint::new(p.x >> CROWD_BITS << CROWD_BITS, p.y >> CROWD_BITS << CROWD_BITS);
        let mut crowds = std::collections::HashMap::new();
        let mut shape = Shape::new(Geometry::Point);
        for (issue, at) in self.accepted(issues, filter, corner, bits.max(BLUR_BITS)) {
            let blurred = |v: i32| (v >> BLUR_BITS << BLUR_BITS) + (1 << (BLUR_BITS - 1));
            let spot = frame.world_spot(GridPoint::new(blurred(at.x), blurred(at.y)));
            if !Frame::owns(spot) {
                continue;
            }
            let crowd = crowd_of(at);
            let count = *crowds
                .entry(crowd)
                .or_insert_with(|| self.accepted(issues, filter, crowd, CROWD_BITS).take(k as usize).count());
            if count < k as usize {
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
    }
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
