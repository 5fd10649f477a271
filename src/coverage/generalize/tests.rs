//! Every zoom of a wild partition is checked against brute force: no crossings, no face turned over, areas exact.

use super::wild::wild;
use super::*;
use crate::coverage::region::{Group, trace};
use crate::coverage::world::turn;

/// Twice the signed area on the zoom's grid of each face; positive for land.
fn face_areas(coverage: &Coverage, arcs: &Generalized, zoom: u8) -> Vec<i64> {
    let own: Vec<Group> =
        (0..coverage.faces().len() as u32).map(|f| if f == 0 { Group::NONE } else { Group(f) }).collect();
    trace(coverage, &own, own.len())
        .iter()
        .map(|rings| {
            let mut area = 0;
            for half in rings.iter().flat_map(|r| r.halves.iter()) {
                let points = arcs.points(zoom, half.arc());
                let walk: i64 = points.windows(2).map(|p| turn(GridPoint::new(0, 0), p[0], p[1])).sum();
                // The grid's y points south, so land on the left of a walk has negative area there.
                area += if half.reversed() { walk } else { -walk };
            }
            area
        })
        .collect()
}

/// Edges of all arcs that cross in a point inside both.
fn crossings(coverage: &Coverage, arcs: &Generalized, zoom: u8) -> usize {
    let edges: Vec<(GridPoint, GridPoint)> = (0..coverage.arcs().len() as u32)
        .flat_map(|a| arcs.points(zoom, ArcIx(a)).windows(2).map(|p| (p[0], p[1])).collect::<Vec<_>>())
        .collect();
    let mut count = 0;
    for (i, &(a, b)) in edges.iter().enumerate() {
        for &(c, d) in &edges[i + 1..] {
            if a.x.max(b.x) < c.x.min(d.x) || c.x.max(d.x) < a.x.min(b.x) {
                continue;
            }
            let differ = |p: i64, q: i64| p.signum() * q.signum() < 0;
            count += usize::from(differ(turn(a, b, c), turn(a, b, d)) && differ(turn(c, d, a), turn(c, d, b)));
        }
    }
    count
}

#[test]
fn no_zoom_has_a_crossing_or_a_face_turned_over() {
    for seed in 1..=3 {
        let coverage = wild(seed, 6, 5, 5);
        let arcs = Generalized::new(&coverage);
        for zoom in 0..=FULL_ZOOM {
            assert_eq!(crossings(&coverage, &arcs, zoom), 0, "seed {seed}, zoom {zoom}");
            let areas = face_areas(&coverage, &arcs, zoom);
            let worst = areas[1..].iter().min();
            assert!(worst.is_some_and(|a| *a >= 0), "seed {seed}, zoom {zoom}: {areas:?}");
        }
    }
}

#[test]
fn few_vertices_are_left_where_few_can_be_seen() {
    let coverage = wild(9, 12, 10, 6);
    let arcs = Generalized::new(&coverage);
    let mut last = 0;
    for zoom in 10..=FULL_ZOOM {
        assert!(arcs.vertices(zoom) >= last, "zoom {zoom} has fewer vertices than the one above it");
        last = arcs.vertices(zoom);
    }
    let share = arcs.vertices(12) as f64 / arcs.vertices(FULL_ZOOM) as f64;
    assert!(share < 0.15, "zoom 12 keeps {share:.2} of all vertices");
}

#[test]
fn no_border_moves_further_than_a_screen_pixel_or_two() {
    let coverage = wild(4, 8, 8, 6);
    let arcs = Generalized::new(&coverage);
    for zoom in 11..FULL_ZOOM {
        let mut worst = 0f64;
        for a in 0..coverage.arcs().len() as u32 {
            let coarse = arcs.points(zoom, ArcIx(a));
            for p in arcs.points(FULL_ZOOM, ArcIx(a)) {
                let scale = f64::from(1 << (FULL_ZOOM - zoom));
                let at = (f64::from(p.x) / scale, f64::from(p.y) / scale);
                worst = worst.max(distance_to_line(at, coarse));
            }
        }
        // Eight steps are a pixel of a 512-pixel tile. Triangles of half a pixel's area can be long, not high.
        assert!(worst < 20.0, "zoom {zoom}: {worst:.1} steps");
    }
}

fn distance_to_line(p: (f64, f64), line: &[GridPoint]) -> f64 {
    let of = |q: &GridPoint| (f64::from(q.x), f64::from(q.y));
    let mut best = line.first().map_or(f64::MAX, |q| (of(q).0 - p.0).hypot(of(q).1 - p.1));
    for pair in line.windows(2) {
        let (a, b) = (of(&pair[0]), of(&pair[1]));
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let t = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        best = best.min((a.0 + t * dx - p.0).hypot(a.1 + t * dy - p.1));
    }
    best
}
