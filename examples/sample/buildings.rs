//! Buildings: rows that stand square to their block, clear of its edge, of streets and of water.

use super::cuts::main_axis;
use super::mesh::FaceId;
use super::plane::{P, V, inside, segment_distance};
use super::random::Random;
use super::terrain::Kind;
use super::units::{District, Use, reading_order};

#[derive(Clone, Debug)]
pub struct Building {
    pub at: V,
    /// Along the long side, from its west end.
    pub along: V,
    pub length_m: f64,
    pub depth_m: f64,
    pub micro: usize,
    pub what: Use,
    /// Its number in the estate or village, from 1.
    pub number: usize,
    /// Index of the village it stands in.
    pub village: Option<usize>,
}

impl Building {
    pub fn corners(&self) -> [V; 4] {
        let (a, b) = (self.along, self.along.left());
        let (l, d) = (self.length_m / 2.0, self.depth_m / 2.0);
        [(-l, -d), (l, -d), (l, d), (-l, d)].map(|(x, y)| self.at.plus(a, x).plus(b, y))
    }
}

/// How the buildings of a block stand.
struct Rows {
    length_m: f64,
    depth_m: f64,
    gap_m: f64,
    row_m: f64,
    keep: f64,
    most: usize,
}

const fn rows(what: Use) -> Option<Rows> {
    let rows = match what {
        Use::Homes => Rows { length_m: 44.0, depth_m: 12.5, gap_m: 12.0, row_m: 31.0, keep: 0.95, most: 60 },
        Use::Shops => Rows { length_m: 34.0, depth_m: 18.0, gap_m: 14.0, row_m: 42.0, keep: 0.9, most: 14 },
        Use::Works => Rows { length_m: 72.0, depth_m: 34.0, gap_m: 20.0, row_m: 58.0, keep: 0.85, most: 9 },
        Use::School => Rows { length_m: 58.0, depth_m: 15.0, gap_m: 20.0, row_m: 40.0, keep: 0.75, most: 5 },
        Use::Hospital => Rows { length_m: 46.0, depth_m: 18.0, gap_m: 16.0, row_m: 38.0, keep: 1.0, most: 5 },
        Use::Village => Rows { length_m: 34.0, depth_m: 11.0, gap_m: 9.0, row_m: 27.0, keep: 0.86, most: 500 },
        Use::Park | Use::Fields => return None,
    };
    Some(rows)
}

/// The obstacles near a face: points of streets and rivers with the distance to keep.
fn obstacles(district: &District, ring: &[V]) -> Vec<(V, f64)> {
    let low = ring.iter().fold(V::new(f64::MAX, f64::MAX), |m, p| V::new(m.x.min(p.x), m.y.min(p.y)));
    let high = ring.iter().fold(V::new(f64::MIN, f64::MIN), |m, p| V::new(m.x.max(p.x), m.y.max(p.y)));
    let near = |p: &V| p.x > low.x - 90.0 && p.x < high.x + 90.0 && p.y > low.y - 90.0 && p.y < high.y + 90.0;
    let mut out = Vec::new();
    for line in &district.terrain.lines {
        let keep = match line.kind {
            Kind::River { half_width_m } => f64::from(half_width_m) + 22.0,
            Kind::Highway => 45.0,
            Kind::Rail => 30.0,
            Kind::Road { class: 1 } => 28.0,
            Kind::Road { .. } => 18.0,
        };
        out.extend(line.points.iter().filter(|p| near(p)).map(|p| (*p, keep)));
    }
    out
}

struct Block<'a> {
    ring: Vec<V>,
    points: Vec<P>,
    holes: Vec<Vec<V>>,
    obstacles: Vec<(V, f64)>,
    village: Option<&'a [P]>,
}

impl Block<'_> {
    fn takes(&self, corners: &[V; 4], at: V) -> bool {
        let clear = |ring: &[V], p: V, keep: f64| {
            (0..ring.len()).all(|i| segment_distance(p, ring[i], ring[(i + 1) % ring.len()]) >= keep)
        };
        corners.iter().chain([&at]).all(|p| {
            inside(&self.points, p.p())
                && self.village.is_none_or(|v| inside(v, p.p()))
                && clear(&self.ring, *p, 5.5)
                && self
                    .holes
                    .iter()
                    .all(|h| clear(h, *p, 8.0) && !inside(&h.iter().map(|v| v.p()).collect::<Vec<_>>(), p.p()))
                && self.obstacles.iter().all(|(o, keep)| o.distance(*p) > *keep)
        })
    }
}

fn block<'a>(district: &'a District, face: FaceId, village: Option<&'a [P]>) -> Block<'a> {
    let mesh = &district.part.mesh;
    let ring = mesh.metres(face);
    let holes = mesh.holes(face).map(|h| h.iter().map(|v| mesh.v(*v)).collect()).collect();
    Block { points: mesh.points(face), obstacles: obstacles(district, &ring), ring, holes, village }
}

/// Fills one face, within a village's outline if one is given.
fn stand(block: &Block, what: Use, micro: usize, village: Option<usize>, random: &mut Random, out: &mut Vec<Building>) {
    let Some(rows) = rows(what) else { return };
    let axis = main_axis(&block.ring);
    let east = if axis.x.abs() >= axis.y.abs() { axis } else { axis.left() };
    let east = if east.x < 0.0 { V::new(-east.x, -east.y) } else { east };
    let north = east.left();
    let span = |d: V| block.ring.iter().map(|p| p.dot(d)).fold((f64::MAX, f64::MIN), |b, x| (b.0.min(x), b.1.max(x)));
    let ((west, far_east), (south, far_north)) = (span(east), span(north));
    let mut found = Vec::new();
    let mut y = far_north - 6.0 - rows.depth_m / 2.0;
    while y > south {
        let mut x = west + 6.0;
        while x < far_east {
            let length_m = rows.length_m * random.between(0.86, 1.1);
            let depth_m = rows.depth_m * random.between(0.94, 1.08);
            let at = V::new(0.0, 0.0).plus(east, x + length_m / 2.0).plus(north, y);
            let building = Building { at, along: east, length_m, depth_m, micro, what, number: 0, village };
            if !block.takes(&building.corners(), at) {
                x += 7.0;
                continue;
            }
            x += length_m + rows.gap_m;
            if random.chance(rows.keep) {
                found.push(building);
            }
        }
        y -= rows.row_m;
    }
    found.truncate(rows.most);
    out.extend(found);
}

/// All buildings, numbered in reading order within their estate or village.
pub fn build(district: &District, random: &mut Random) -> Vec<Building> {
    let mut out = Vec::new();
    for (i, micro) in district.micros.iter().enumerate() {
        for &face in &micro.faces {
            let ring = district.part.mesh.metres(face);
            if micro.urban || micro.what == Use::Works {
                stand(&block(district, face, None), micro.what, i, None, random, &mut out);
                continue;
            }
            for (k, village) in district.villages.iter().enumerate().filter(|(_, v)| !v.ring.is_empty()) {
                let reach = village.reach_m * 1.4;
                let near = |p: &V| (p.x - village.at.x).abs() < reach && (p.y - village.at.y).abs() < reach;
                if ring.iter().any(near) {
                    let what = if village.new { Use::Homes } else { Use::Village };
                    stand(&block(district, face, Some(&village.ring)), what, i, Some(k), random, &mut out);
                }
            }
        }
    }
    number(district, &mut out);
    out
}

/// 隆鑫苑 has twelve buildings; the rest of its grid is the older 黄庄小区, numbered from here on.
pub const LONGXINYUAN: usize = 12;

fn number(district: &District, buildings: &mut [Building]) {
    let key = |b: &Building| match b.village {
        Some(v) => (1, v, false),
        None => (0, district.micros[b.micro].grid, b.what != Use::Homes),
    };
    buildings.sort_by_key(key);
    let mut start = 0;
    while start < buildings.len() {
        let same = key(&buildings[start]);
        let end = start + buildings[start..].iter().take_while(|b| key(b) == same).count();
        let own = &mut buildings[start..end];
        if own[0].village.is_none() && district.grids[same.1].estate == "隆鑫苑" {
            let n = own.len() as f64;
            let middle = own.iter().fold(V::new(0.0, 0.0), |m, b| m.plus(b.at, 1.0 / n));
            own.sort_by(|a, b| a.at.distance(middle).total_cmp(&b.at.distance(middle)));
            let (first, rest) = own.split_at_mut(LONGXINYUAN.min(end - start));
            in_order(first, 0);
            in_order(rest, LONGXINYUAN);
        } else {
            in_order(own, 0);
        }
        start = end;
    }
}

fn in_order(buildings: &mut [Building], after: usize) {
    let middles: Vec<V> = buildings.iter().map(|b| b.at).collect();
    for (n, i) in reading_order(&middles).into_iter().enumerate() {
        buildings[i].number = after + n + 1;
    }
}
