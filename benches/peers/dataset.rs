//! What is asked about: a coverage, its units as polygons in degrees, and seeded random points inside them.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use geo_types::{Coord, LineString, MultiPolygon, Polygon};
use jiff::Timestamp;
use wangge::coverage::{Coverage, FaceIx, FaceRole, Lattice, LatticePoint};
use wangge::crs::Cgcs2000;
use wangge::exchange::Limits;
use wangge::locate::Locator;
use wangge::service::import::{Sources, prepare};

use crate::Fallible;
use crate::partition::Seeded;
use crate::tables::Grid;

/// Points asked in one run of a fast peer; slow ones take the first so many of them.
pub const POINTS: usize = 1_000_000;

pub struct Dataset {
    pub name: String,
    pub coverage: Coverage,
    pub points: Vec<Cgcs2000>,
    /// The peers' number of each face: 0 for nobody, then the units from 1.
    number: Vec<u32>,
}

impl Dataset {
    fn new(name: String, coverage: Coverage) -> Fallible<Self> {
        let mut next = 0;
        let number = (coverage.faces().iter())
            .map(|face| {
                if face.role == FaceRole::Unit {
                    next += 1;
                    next
                } else {
                    0
                }
            })
            .collect();
        let points = points_inside(&coverage)?;
        Ok(Self { name, coverage, points, number })
    }

    pub fn units(&self) -> usize {
        self.number.iter().filter(|n| **n > 0).count()
    }

    pub fn edges(&self) -> usize {
        self.coverage.arcs().iter().map(|a| a.points.len() - 1).sum()
    }

    pub fn number(&self, face: FaceIx) -> u32 {
        self.number[face.ix()]
    }

    /// Each unit's number and its polygons in degrees: the same vertices that ours answers from.
    pub fn shapes(&self) -> impl Iterator<Item = (u32, MultiPolygon<f64>)> {
        let lattice = self.coverage.lattice();
        let line = |ring: &Vec<LatticePoint>| -> LineString<f64> {
            let closed = ring.iter().chain(ring.first());
            closed.map(|p| lattice.degrees(*p)).map(|(x, y)| Coord { x, y }).collect()
        };
        self.coverage.units().map(move |(face, unit)| {
            let polygons = self.coverage.polygons(&unit.rings).into_iter().filter_map(|rings| {
                let mut lines = rings.iter().map(line);
                Some(Polygon::new(lines.next()?, lines.collect()))
            });
            (self.number(face), MultiPolygon::new(polygons.collect()))
        })
    }

    /// `units.tsv`: number, tab, WKB in hexadecimal; `points.bin`: longitude and latitude as little-endian doubles.
    pub fn write(&self, folder: &Path) -> Fallible<()> {
        let mut units = BufWriter::new(fs::File::create(folder.join("units.tsv"))?);
        for (number, shape) in self.shapes() {
            write!(units, "{number}\t")?;
            for byte in well_known_binary(&shape) {
                write!(units, "{byte:02x}")?;
            }
            writeln!(units)?;
        }
        units.flush()?;
        let mut points = BufWriter::new(fs::File::create(folder.join("points.bin"))?);
        for point in &self.points {
            points.write_all(&point.lon().to_le_bytes())?;
            points.write_all(&point.lat().to_le_bytes())?;
        }
        Ok(points.flush()?)
    }
}

/// OGC 06-103r4 §8.2: byte order, type, then counts and coordinates.
pub fn well_known_binary(shape: &MultiPolygon<f64>) -> Vec<u8> {
    const POLYGON: u32 = 3;
    const MULTIPOLYGON: u32 = 6;
    let mut bytes = Vec::new();
    let begin = |bytes: &mut Vec<u8>, kind: u32, parts: usize| {
        bytes.push(1);
        bytes.extend(kind.to_le_bytes());
        bytes.extend((parts as u32).to_le_bytes());
    };
    begin(&mut bytes, MULTIPOLYGON, shape.0.len());
    for polygon in shape {
        begin(&mut bytes, POLYGON, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            bytes.extend((ring.0.len() as u32).to_le_bytes());
            bytes.extend(ring.0.iter().flat_map(|c| [c.x.to_le_bytes(), c.y.to_le_bytes()]).flatten());
        }
    }
    bytes
}

/// Uniform in the coverage's box, kept where some unit owns them.
fn points_inside(coverage: &Coverage) -> Fallible<Vec<Cgcs2000>> {
    let locator = Locator::new(coverage);
    let lattice = coverage.lattice();
    let (low, high) = coverage.bounds().ok_or("a coverage without arcs")?;
    let ((west, south), (east, north)) = (lattice.degrees(low), lattice.degrees(high));
    let mut random = Seeded(20_261_122);
    let mut share = || (random.next() >> 11) as f64 / (1u64 << 53) as f64;
    let mut points = Vec::with_capacity(POINTS);
    while points.len() < POINTS {
        let point = Cgcs2000::new(west + share() * (east - west), south + share() * (north - south))?;
        let owner = locator.owner_of(point);
        if coverage.faces()[owner.ix()].role == FaceRole::Unit {
            points.push(point);
        }
    }
    Ok(points)
}

fn imported(district: PathBuf) -> Fallible<Coverage> {
    let sources = Sources { district, ..Sources::default() };
    let prepared = prepare(&sources, &Limits::default(), Timestamp::UNIX_EPOCH, &mut |_| ())?;
    Ok(prepared.accept(None, Timestamp::UNIX_EPOCH)?.contents.coverage)
}

/// The synthetic district that ships with the project: its smallest units.
pub fn sample() -> Fallible<Dataset> {
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    Dataset::new("The synthetic sample".into(), imported(district)?)
}

/// The counties of npm `us-atlas`, by the script of the client tests.
pub fn counties(root: &Path) -> Fallible<Dataset> {
    let folder = tempfile::tempdir()?;
    let script = root.join("tests/clients/us/counties.mjs");
    let done = Command::new("node").arg(script).arg(folder.path()).output()?;
    if !done.status.success() {
        return Err(format!("the U.S. counties: {}", String::from_utf8_lossy(&done.stderr).trim()).into());
    }
    Dataset::new("U.S. counties".into(), imported(folder.path().join("district.toml"))?)
}

/// A generated partition of columns × columns cells.
pub fn generated((columns, cell): (usize, i32)) -> Fallible<Dataset> {
    let coverage = generated_coverage(&Grid::new(7, columns, columns, cell), columns, cell)?;
    Dataset::new("A generated partition".into(), coverage)
}

/// On the step that its extent would be given at an import, around a place in the middle of the country.
pub fn generated_coverage(grid: &Grid, columns: usize, cell: i32) -> Fallible<Coverage> {
    let decimals = if columns as i64 * i64::from(cell) < 1_000_000_000 { 9 } else { 8 };
    let step = 10i64.pow(u32::from(decimals));
    let lattice = Lattice::from_parts(110 * step, 30 * step, decimals)?;
    grid.coverage(lattice).ok_or_else(|| "the generated tables do not fit together".into())
}
