//! Which plane am I on? Gauss-Krüger in closed form against PROJ, and the inverses of GCJ-02 and BD-09 against the fixed point that is as
//! exact, on the same points in one run: `cargo bench --bench crs`.

#![allow(clippy::print_stdout, reason = "a bench speaks to the terminal")]

#[path = "../tests/partition/mod.rs"]
mod partition;
mod pairing;

use partition::Seeded;
use proj::Proj;
use wangge::crs::{Bd09, Cgcs2000, Gcj02, Plane, PlaneCrs};

const POINTS: usize = 100_000;

fn main() {
    let mut random = Seeded(11);
    let mut between =
        |low: f64, high: f64| low + (high - low) * f64::from(random.between(0, 1 << 30)) / f64::from(1 << 30);
    let points: Vec<Cgcs2000> =
        (0..POINTS).map(|_| Cgcs2000::clamped(between(115.5, 118.5), between(18.0, 54.0))).collect();
    for code in [4548, 4527, 32650] {
        plane(code, &points);
    }
    obfuscated(&points);
}

/// Both directions, in bulk and one at a time, against PROJ's own way for many points and for one.
fn plane(code: u32, points: &[Cgcs2000]) {
    let crs = PlaneCrs(code);
    let base = if code < 5000 { "EPSG:4490" } else { "EPSG:4326" };
    let name = format!("EPSG:{code}");
    let (Ok(to), Ok(from)) = (Proj::new_known_crs(base, &name, None), Proj::new_known_crs(&name, base, None)) else {
        println!("PROJ does not know {name}");
        return;
    };
    let planes = crs.project_all(points).unwrap_or_default();
    let degrees: Vec<(f64, f64)> = points.iter().map(|p| (p.lon(), p.lat())).collect();
    let metres: Vec<(f64, f64)> = planes.iter().map(|p| (p.east(), p.north())).collect();
    let bulk = |proj: &Proj, pairs: &[(f64, f64)]| {
        let mut pairs = pairs.to_vec();
        proj.convert_array(&mut pairs).map(|done| done.len()).ok()
    };
    let single = |proj: &Proj, pairs: &[(f64, f64)]| {
        pairs.iter().map(|&pair| proj.convert(pair).map_or(0.0, |(x, y): (f64, f64)| x + y)).sum::<f64>()
    };
    let sum_of_plane = |p: Plane| p.east() + p.north();
    let sum_of_point = |p: Cgcs2000| p.lon() + p.lat();
    let ours = || crs.project_all(points).map(|all| all.len());
    pairing::compare(&format!("to {name}, in bulk"), "PROJ", POINTS, ours, || bulk(&to, &degrees));
    let ours = || crs.unproject_all(&planes).map(|all| all.len());
    pairing::compare(&format!("from {name}, in bulk"), "PROJ", POINTS, ours, || bulk(&from, &metres));
    let ours = || points.iter().map(|p| crs.project(*p).map_or(0.0, sum_of_plane)).sum::<f64>();
    pairing::compare(&format!("to {name}, one by one"), "PROJ", POINTS, ours, || single(&to, &degrees));
    let ours = || planes.iter().map(|p| crs.unproject(*p).map_or(0.0, sum_of_point)).sum::<f64>();
    pairing::compare(&format!("from {name}, one by one"), "PROJ", POINTS, ours, || single(&from, &metres));
}

/// The inverses against p ← p + (q − F(p)), the forward formulas being ours on both sides.
fn obfuscated(points: &[Cgcs2000]) {
    let gcj: Vec<Gcj02> = points.iter().map(|p| p.to_gcj02()).collect();
    let bd: Vec<Bd09> = gcj.iter().filter_map(|p| p.to_bd09().ok()).collect();
    let ours = || gcj.iter().map(|p| p.to_cgcs2000().lon()).sum::<f64>();
    let theirs = || {
        let forward = |(lon, lat)| {
            let image = Cgcs2000::clamped(lon, lat).to_gcj02();
            (image.lon(), image.lat())
        };
        gcj.iter().map(|p| fixed_point((p.lon(), p.lat()), forward).0).sum::<f64>()
    };
    pairing::compare("from GCJ-02", "fixed point", POINTS, ours, theirs);
    let ours = || bd.iter().map(|p| p.to_gcj02().map_or(0.0, Gcj02::lon)).sum::<f64>();
    let theirs = || {
        let forward = |(lon, lat)| {
            let image = Gcj02::new(lon, lat).and_then(Gcj02::to_bd09);
            image.map_or((f64::NAN, f64::NAN), |image| (image.lon(), image.lat()))
        };
        bd.iter().map(|p| fixed_point((p.lon(), p.lat()), forward).0).sum::<f64>()
    };
    pairing::compare("from BD-09", "fixed point", POINTS, ours, theirs);
}

fn fixed_point(image: (f64, f64), forward: impl Fn((f64, f64)) -> (f64, f64)) -> (f64, f64) {
    let mut p = image;
    for _ in 0..16 {
        let (lon, lat) = forward(p);
        let miss = (image.0 - lon, image.1 - lat);
        p = (p.0 + miss.0, p.1 + miss.1);
        if miss.0.abs().max(miss.1.abs()) < 1e-11 {
            break;
        }
    }
    p
}
