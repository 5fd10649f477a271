//! Checks of the finished partition, in exact integers, before a byte is written.

use std::collections::{BTreeMap, BTreeSet};

use super::mesh::{FaceId, Mesh, OUTSIDE, Vertex};
use super::plane::{P, doubled_area, edges_touch, segment_distance};
use super::specials::is_neat;
use super::units::District;

/// Nothing in the district is thinner than this.
pub const THIN_M: f64 = 8.0;

/// What is wrong, each with a position; empty for a sound partition.
pub fn faults(district: &District) -> Vec<String> {
    let mesh = &district.part.mesh;
    let mut faults = Vec::new();
    areas(mesh, &mut faults);
    edges(mesh, &mut faults);
    touches(mesh, &mut faults);
    for face in 1..mesh.faces() {
        thin(mesh, face, &mut faults);
    }
    regions(district, &mut faults);
    faults
}

fn at(p: P) -> String {
    format!("{:.6},{:.6}", p.lon(), p.lat())
}

fn areas(mesh: &Mesh, faults: &mut Vec<String>) {
    let ring = |r: &[Vertex]| doubled_area(&r.iter().map(|v| mesh.p(*v)).collect::<Vec<_>>());
    let own = |f: FaceId| ring(mesh.ring(f)) + mesh.holes(f).map(ring).sum::<i128>();
    let sum: i128 = (1..mesh.faces()).map(own).sum();
    if sum != -ring(mesh.ring(OUTSIDE)) {
        faults.push(format!("areas differ by {}", sum + ring(mesh.ring(OUTSIDE))));
    }
}

fn edges(mesh: &Mesh, faults: &mut Vec<String>) {
    let mut seen: BTreeMap<(Vertex, Vertex), usize> = BTreeMap::new();
    for face in 0..mesh.faces() {
        let mut starts = BTreeSet::new();
        for (a, b) in mesh.edges(face) {
            *seen.entry((a, b)).or_default() += 1;
            if a == b || !starts.insert(a) {
                faults.push(format!("a ring of face {face} passes {} twice", at(mesh.p(a))));
            }
        }
    }
    for ((a, b), n) in &seen {
        if *n != 1 || seen.get(&(*b, *a)) != Some(&1) {
            faults.push(format!("an edge at {} is not matched once", at(mesh.p(*a))));
        }
    }
}

/// Every pair of edges that come near each other, by cells of about 100 m.
fn touches(mesh: &Mesh, faults: &mut Vec<String>) {
    const CELL: i64 = 10_000;
    let mut cells: BTreeMap<(i64, i64), Vec<(P, P)>> = BTreeMap::new();
    for face in 0..mesh.faces() {
        for (a, b) in mesh.edges(face).into_iter().filter(|(a, b)| a < b) {
            let (p, q) = (mesh.p(a), mesh.p(b));
            for x in p.x.min(q.x) / CELL..=p.x.max(q.x) / CELL {
                for y in p.y.min(q.y) / CELL..=p.y.max(q.y) / CELL {
                    cells.entry((x, y)).or_default().push((p, q));
                }
            }
        }
    }
    for cell in cells.values() {
        for (i, (a, b)) in cell.iter().enumerate() {
            if let Some((c, _)) = cell[i + 1..].iter().find(|(c, d)| edges_touch(*a, *b, *c, *d)) {
                faults.push(format!("edges meet outside their ends near {} and {}", at(*a), at(*c)));
            }
        }
    }
}

/// Necks: two parts of one ring that come near each other though they are far apart along it.
fn thin(mesh: &Mesh, face: FaceId, faults: &mut Vec<String>) {
    let ring = mesh.metres(face);
    let n = ring.len();
    let mut along = vec![0.0; n + 1];
    for i in 0..n {
        along[i + 1] = along[i] + ring[i].distance(ring[(i + 1) % n]);
    }
    let around = along[n];
    for (i, p) in ring.iter().enumerate() {
        for k in 0..n {
            let (a, b) = (ring[k], ring[(k + 1) % n]);
            if (p.y - a.y).abs() > 60.0 && (p.y - b.y).abs() > 60.0 {
                continue;
            }
            let apart = |x: f64| {
                let d = (x - along[i]).abs();
                d.min(around - d)
            };
            if apart(along[k]).min(apart(along[k + 1])) > 26.0 && segment_distance(*p, a, b) < THIN_M {
                faults.push(format!("face {face} is thinner than {THIN_M} m at {}", at(p.p())));
                return;
            }
        }
    }
}

/// Grids, communities and subdistricts hang together and pass no vertex twice, except around the exclave.
fn regions(district: &District, faults: &mut Vec<String>) {
    let mesh = &district.part.mesh;
    let mut groups: BTreeMap<String, BTreeSet<FaceId>> = BTreeMap::new();
    for micro in &district.micros {
        let grid = &district.grids[micro.grid];
        let community = &district.communities[grid.community];
        for code in [&grid.code, &community.code, &community.code[..9].to_owned()] {
            groups.entry(code.clone()).or_default().insert(micro.faces[0]);
        }
    }
    for micro in district.micros.iter().filter(|m| m.faces.len() > 1) {
        let sub = district.communities[district.grids[micro.grid].community].code[..9].to_owned();
        groups.entry(sub).or_default().extend(&micro.faces[1..]);
    }
    for (code, faces) in groups {
        if !is_neat(mesh, &faces) {
            faults.push(format!("{code} falls apart or touches itself"));
        }
    }
}
