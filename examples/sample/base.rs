//! The background map: rivers, streets, buildings, greens.

use super::buildings::Building;
use super::cuts::Stage;
use super::plane::{P, V, resample};
use super::settlements::Village;
use super::terrain::{Kind, Line};
use super::units::{District, Use};
use super::write::{collection, geometry, positions};

fn properties(kind: &str, name: &str, class: Option<u8>) -> String {
    let name = if name.is_empty() { String::new() } else { format!(",\"name\":\"{name}\"") };
    let class = class.map_or_else(String::new, |class| format!(",\"class\":{class}"));
    format!("{{\"kind\":\"{kind}\"{name}{class}}}")
}

/// A river's water: its line widened to both sides.
fn water(line: &Line, half_width_m: f64) -> Vec<P> {
    let points = resample(&line.shown, 30.0);
    let n = points.len();
    let side = |i: usize, sign: f64| {
        let across = points[(i + 1).min(n - 1)].minus(points[i.saturating_sub(1)]).unit().left();
        points[i].plus(across, sign * half_width_m).p()
    };
    let mut ring: Vec<P> = (0..n).map(|i| side(i, -1.0)).collect();
    ring.extend((0..n).rev().map(|i| side(i, 1.0)));
    ring.dedup();
    ring
}

fn line(points: &[P]) -> String {
    geometry("LineString", &positions(points, false))
}

fn polygon(ring: &[P]) -> String {
    geometry("Polygon", &format!("[{}]", positions(ring, true)))
}

/// Banks planted with trees on both sides of a river.
fn banks(district: &District, out: &mut Vec<(String, String)>) {
    for feature in &district.terrain.lines {
        if let Kind::River { half_width_m } = feature.kind {
            out.push((
                properties("green", &format!("{}绿带", feature.name), None),
                polygon(&water(feature, f64::from(half_width_m) + 24.0)),
            ));
        }
    }
}

fn lines(district: &District, out: &mut Vec<(String, String)>) {
    for feature in &district.terrain.lines {
        let points: Vec<P> = resample(&feature.shown, 30.0).iter().map(|p| p.p()).collect();
        match feature.kind {
            Kind::River { half_width_m } => {
                out.push((properties("water", &feature.name, None), polygon(&water(feature, f64::from(half_width_m)))));
                out.push((properties("river", &feature.name, None), line(&points)));
            }
            Kind::Highway => out.push((properties("highway", &feature.name, None), line(&points))),
            Kind::Rail => out.push((properties("rail", &feature.name, None), line(&points))),
            Kind::Road { class } => out.push((properties("road", &feature.name, Some(class)), line(&points))),
        }
    }
}

/// New cuts that are streets in town or tracks between fields.
fn tracks(district: &District, out: &mut Vec<(String, String)>) {
    for track in &district.part.tracks {
        let class = match (track.stage, track.town) {
            (Stage::Community | Stage::Grid, true) => 3,
            _ => 4,
        };
        if !track.town && track.stage == Stage::Micro && !track.village && track.points.len() > 14 {
            continue;
        }
        out.push((properties("road", "", Some(class)), line(&track.points)));
    }
}

fn greens(district: &District, out: &mut Vec<(String, String)>) {
    let mesh = &district.part.mesh;
    for micro in district.micros.iter().filter(|m| m.what == Use::Park) {
        let ring = mesh.metres(micro.faces[0]);
        let middle = district.middle(micro);
        let inner: Vec<P> = ring.iter().map(|p| middle.plus(p.minus(middle), 0.86).p()).collect();
        out.push((properties("green", "", None), polygon(&inner)));
    }
}

/// Village streets: one lane along each axis of the outline.
fn lanes(village: &Village, out: &mut Vec<(String, String)>) {
    let Some(first) = village.ring.first() else { return };
    let ring: Vec<V> = village.ring.iter().map(|p| p.v()).collect();
    let n = ring.len();
    let _ = first;
    for k in [0, n / 4] {
        let (a, b) = (ring[k], ring[(k + n / 2) % n]);
        out.push((properties("road", "", Some(4)), line(&[a.p(), village.at.p(), b.p()])));
    }
}

/// The way from a village to the nearest through road.
fn approach(district: &District, village: &Village, out: &mut Vec<(String, String)>) {
    if village.ring.is_empty() {
        return;
    }
    let through = |l: &&Line| matches!(l.kind, Kind::Road { class: 1 | 2 });
    let points = district.terrain.lines.iter().filter(through).flat_map(|l| l.shown.iter());
    let Some(road) = points.min_by(|a, b| a.distance(village.at).total_cmp(&b.distance(village.at))) else { return };
    let way = road.minus(village.at);
    let bow = way.unit().left();
    let bent = |t: f64| village.at.plus(way, t).plus(bow, 4.0 * t * (1.0 - t) * way.length() * 0.05).p();
    let points: Vec<P> = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(bent).to_vec();
    out.push((properties("road", "", Some(3)), line(&points)));
}

pub fn map(district: &District, buildings: &[Building]) -> Vec<u8> {
    let mut out = Vec::new();
    greens(district, &mut out);
    banks(district, &mut out);
    lines(district, &mut out);
    tracks(district, &mut out);
    for village in &district.villages {
        lanes(village, &mut out);
        approach(district, village, &mut out);
    }
    for building in buildings {
        let corners: Vec<P> = building.corners().iter().map(|c| c.p()).collect();
        out.push((properties("building", "", None), polygon(&corners)));
    }
    collection("base", &out)
}
