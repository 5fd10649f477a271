//! The two exceptions a real district has: a hospital that is a grid of its own inside another's micro-grid, and a micro-grid in
//! two parts (飞地).

use std::collections::BTreeSet;

use super::mesh::{FaceId, Mesh};
use super::partition::Stuck;
use super::plane::{P, V, centroid, inside, segment_distance};
use super::random::{cos, sin};
use super::units::{District, Grid, Micro, Use};

/// The clear distance from a position to a face's ring, in metres.
fn room_m(ring: &[V], at: V) -> f64 {
    (0..ring.len()).map(|i| segment_distance(at, ring[i], ring[(i + 1) % ring.len()])).fold(f64::MAX, f64::min)
}

/// A block of `half` × 0.8 `half` metres with cut corners, a little turned, one vertex about every 15 m.
fn campus(at: V, half: f64) -> Vec<P> {
    let (a, b, c) = (half, half * 0.8, 14.0);
    let corners = [(a - c, -b), (a, c - b), (a, b - c), (a - c, b), (c - a, b), (-a, b - c), (-a, c - b), (c - a, -b)];
    let (s, co) = (sin(0.09), cos(0.09));
    let place = |(x, y): (f64, f64)| at.plus(V::new(x * co - y * s, x * s + y * co), 1.0);
    let mut ring = Vec::new();
    for (i, corner) in corners.iter().enumerate() {
        let (from, to) = (place(*corner), place(corners[(i + 1) % corners.len()]));
        let n = (from.distance(to) / 15.0).ceil() as usize;
        ring.extend((0..n).map(|k| from.plus(to.minus(from), k as f64 / n as f64).p()));
    }
    ring
}

/// Puts the hospital into the roomiest micro-grid of the second subdistrict's town.
pub fn enclose_hospital(district: &mut District) -> Result<(), Stuck> {
    let mesh = &district.part.mesh;
    let mut best: Option<(f64, usize, V)> = None;
    for (i, micro) in district.micros.iter().enumerate() {
        if district.sub_of(micro) != 1 || mesh.area_m2(micro.faces[0]) > 250_000.0 {
            continue;
        }
        let ring = mesh.metres(micro.faces[0]);
        let middle = centroid(&ring).0;
        let room = room_m(&ring, middle);
        if inside(&mesh.points(micro.faces[0]), middle.p()) && best.is_none_or(|(r, ..)| room > r) {
            best = Some((room, i, middle));
        }
    }
    let Some((room, i, middle)) = best.filter(|b| b.0 > 90.0) else {
        return Err(Stuck("no micro-grid has room for the hospital".into()));
    };
    let face = district.part.mesh.enclose(district.micros[i].faces[0], &campus(middle, (room * 0.5).min(90.0)));
    let around = district.micros[i].grid;
    let community = district.grids[around].community;
    let at = district.grids.iter().rposition(|g| g.community == community).unwrap_or(around) + 1;
    for micro in &mut district.micros {
        micro.grid += usize::from(micro.grid >= at);
    }
    let estate = "惠仁医院".to_owned();
    district.grids.insert(
        at,
        Grid {
            code: String::new(),
            name: String::new(),
            community,
            urban: true,
            estate,
            compound: false,
            special: true,
        },
    );
    district.micros.push(Micro {
        code: String::new(),
        name: String::new(),
        grid: at,
        faces: vec![face],
        urban: true,
        what: Use::Hospital,
        weight: 1.0,
        households: 0,
        population: 0,
    });
    Ok(())
}

/// Whether faces hang together along edges and their outline passes every vertex once.
pub fn is_neat(mesh: &Mesh, faces: &BTreeSet<FaceId>) -> bool {
    let Some(&first) = faces.iter().next() else { return false };
    let mut reached = BTreeSet::from([first]);
    let mut todo = vec![first];
    let mut starts = BTreeSet::new();
    while let Some(face) = todo.pop() {
        for (a, b) in mesh.edges(face) {
            match mesh.left_of(b, a).filter(|f| faces.contains(f)) {
                Some(next) => {
                    if reached.insert(next) {
                        todo.push(next);
                    }
                }
                None => {
                    if !starts.insert(a) {
                        return false;
                    }
                }
            }
        }
    }
    reached.len() == faces.len()
}

/// Gives one face of a far community to the nursery settlement (苗圃生活区): land it worked and kept.
pub fn give_exclave(district: &mut District) -> Result<(), Stuck> {
    let mesh = &district.part.mesh;
    let home = district.villages.iter().find(|v| v.name == "苗圃生活区").map(|v| v.at);
    let Some(home) = home else { return Err(Stuck("no 苗圃生活区".into())) };
    let Some(owner) = district.micros.iter().position(|m| mesh.holds(m.faces[0], home.p())) else {
        return Err(Stuck("苗圃生活区 lies nowhere".into()));
    };
    let own = district.grids[district.micros[owner].grid].community;
    let mut choices: Vec<(f64, usize)> = Vec::new();
    for (i, micro) in district.micros.iter().enumerate() {
        let community = district.grids[micro.grid].community;
        let area = mesh.area_m2(micro.faces[0]);
        if district.sub_of(micro) != 2 || community == own || !(15_000.0..140_000.0).contains(&area) {
            continue;
        }
        let away = district.middle(micro).distance(home);
        let touches = |f: FaceId| {
            mesh.edges(f).iter().any(|(a, b)| {
                mesh.left_of(*b, *a).is_some_and(|n| {
                    district.micros.iter().any(|m| m.faces[0] == n && district.grids[m.grid].community == own)
                })
            })
        };
        if (1_200.0..4_500.0).contains(&away) && !touches(micro.faces[0]) {
            choices.push((away, i));
        }
    }
    choices.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, i) in choices {
        let rest = |same: &dyn Fn(&Micro) -> bool| -> BTreeSet<FaceId> {
            let others = district.micros.iter().enumerate().filter(|(j, m)| *j != i && same(m));
            others.map(|(_, m)| m.faces[0]).collect()
        };
        let (grid, community) = (district.micros[i].grid, district.grids[district.micros[i].grid].community);
        let left = rest(&|m| m.grid == grid);
        let wide = rest(&|m| district.grids[m.grid].community == community);
        if left.len() >= 3 && is_neat(mesh, &left) && is_neat(mesh, &wide) {
            let face = district.micros[i].faces[0];
            district.micros[owner].faces.push(face);
            district.micros.remove(i);
            return Ok(());
        }
    }
    Err(Stuck("no face can be an exclave".into()))
}
