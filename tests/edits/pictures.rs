//! Coverages drawn in letters: each letter is a face, each character a square of 100,000 steps (about ten metres); a vertex at every corner.

use wangge::coverage::build::{BuildOptions, Claim, build};
use wangge::coverage::edit::{Edit, Line, Workbench};
use wangge::coverage::{ArcKind, Coverage, FaceId, Lattice, LatticePoint, canonical, validate};

const CELL: f64 = 100_000.0;

/// A place on the board, in characters from its south-west corner.
pub fn v(x: f64, y: f64) -> LatticePoint {
    LatticePoint::new((x * CELL).round() as i32, (y * CELL).round() as i32)
}

pub fn chain(places: &[(f64, f64)]) -> Vec<LatticePoint> {
    places.iter().map(|(x, y)| v(*x, *y)).collect()
}

pub fn id(letter: char) -> FaceId {
    FaceId(letter as u64)
}

pub fn reshape(old: &[(f64, f64)], new: &[(f64, f64)]) -> Edit {
    Edit::Reshape { old: chain(old), new: chain(new) }
}

pub fn line(places: &[(f64, f64)]) -> Line {
    Line { points: chain(places), kind: ArcKind::Drawn }
}

pub fn split(face: char, lines: &[Line], new: char) -> Edit {
    Edit::Split { face: id(face), lines: lines.to_vec(), new: id(new), exclave: false }
}

pub fn merge(keep: char, gone: char) -> Edit {
    Edit::Merge { keep: id(keep), gone: id(gone), enclosing: Vec::new() }
}

/// The coverage of a picture; letters in `exclaves` may be in several parts.
pub fn drawn(picture: &[&str], exclaves: &str) -> Workbench {
    let mut claims: Vec<Claim> = Vec::new();
    for (row, letters) in picture.iter().rev().enumerate() {
        for (column, letter) in letters.chars().enumerate().filter(|(_, c)| *c != '.') {
            let (x, y) = (column as f64, row as f64);
            let square = chain(&[(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)]);
            match claims.iter_mut().find(|c| c.id == id(letter)) {
                Some(claim) => claim.polygons.push(vec![square]),
                None => {
                    claims.push(Claim { id: id(letter), polygons: vec![vec![square]], excluded: false, weight: 0 });
                }
            }
        }
    }
    let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
    let built = build(lattice, &claims, &BuildOptions { snap_m: 0.0, ..BuildOptions::default() });
    let coverage = built.coverage.expect("the picture is a coverage");
    let faces = coverage.faces().iter().map(|f| (f.id, f.role, exclaves.chars().any(|c| id(c) == f.id))).collect();
    let (junctions, arcs) = (coverage.junctions().to_vec(), coverage.arcs().to_vec());
    let coverage = Coverage::from_tables(lattice, junctions, arcs, faces).unwrap();
    assert_eq!(validate::faults(&coverage), vec![]);
    Workbench::new(coverage)
}

pub fn bytes(bench: &Workbench) -> Vec<u8> {
    canonical::bytes(bench.coverage())
}

/// The faces as letters, in order.
pub fn letters(bench: &Workbench) -> String {
    let mut ids: Vec<u64> = bench.coverage().faces().iter().skip(1).map(|f| f.id.0).collect();
    ids.sort_unstable();
    ids.into_iter().map(|id| char::from_u32(id as u32).unwrap()).collect()
}

/// The area of a face, in squares.
pub fn squares(bench: &Workbench, letter: char) -> f64 {
    let face = bench.coverage().faces().iter().find(|f| f.id == id(letter)).unwrap();
    face.rings.iter().map(|r| r.doubled_area).sum::<i128>() as f64 / (2.0 * CELL * CELL)
}
