//! Growth: from a district to ten million cells. Each size runs in a process of its own, whose peak of memory is then its own too, and is
//! checked there against ray crossing in the polygons around each point.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use wangge::coverage::{Coverage, FaceIx, LatticePoint};
use wangge::crs::Cgcs2000;
use wangge::locate::Locator;

use crate::ours::FORMS;
use crate::partition::Seeded;
use crate::tables::Grid;
use crate::{Fallible, SIZES, dataset};

const SEED: u64 = 7;
const POINTS: usize = 1_000_000;
/// Random points, and vertices, that the oracle is asked about.
const SAMPLED: usize = 200_000;
const TURNS: usize = 5;

/// Measures one size and prints it as one line of JSON.
pub fn measure(columns: usize, cell: i32) -> Fallible<()> {
    let coverage = dataset::generated_coverage(&Grid::new(SEED, columns, columns, cell), columns, cell)?;
    let edges: usize = coverage.arcs().iter().map(|a| a.points.len() - 1).sum();
    let start = Instant::now();
    let ours = Locator::new(&coverage);
    let build_s = start.elapsed().as_secs_f64();
    let index_mb = ours.bytes() as f64 / 1_048_576.0;
    let peak_mb = memory("VmHWM")? as f64 / 1024.0;

    let points = random_points(&coverage, columns, cell, POINTS);
    let mut owners = Vec::with_capacity(POINTS);
    let mut times = vec![Vec::new(); FORMS.len()];
    for _ in 0..=TURNS {
        for (form, times) in FORMS.iter().zip(&mut times) {
            let start = Instant::now();
            (form.ask)(&ours, &points, &mut owners);
            times.push(start.elapsed().as_secs_f64() * 1e9 / POINTS as f64);
        }
    }
    let ns: serde_json::Map<String, serde_json::Value> = (FORMS.iter().zip(times))
        .map(|(form, mut times)| {
            times.remove(0); // the first turn warms up
            times.sort_by(f64::total_cmp);
            (form.name.to_owned(), times[TURNS / 2].into())
        })
        .collect();
    let checked = check(&coverage, &ours, columns, cell)?;
    let line = serde_json::json!({
        "units": columns * columns, "edges": edges, "build_s": build_s, "index_mb": index_mb, "peak_mb": peak_mb, "ns": ns,
        "checked": checked,
    });
    println!("{line}");
    Ok(())
}

/// Anywhere in the square of the cells; its rim is crooked, so that a few lie outside.
fn random_points(coverage: &Coverage, columns: usize, cell: i32, count: usize) -> Vec<Cgcs2000> {
    let lattice = coverage.lattice();
    let mut random = Seeded(11);
    let side = columns as i32 * cell;
    let mut at = || LatticePoint::new(random.between(0, side), random.between(0, side));
    (0..count).map(|_| lattice.position(at())).collect()
}

/// Asks every form of ours about random points and about vertices, and ray crossing about the same; returns how many were compared.
fn check(coverage: &Coverage, ours: &Locator, columns: usize, cell: i32) -> Fallible<usize> {
    let grid = Grid::new(SEED, columns, columns, cell);
    let lattice = coverage.lattice();
    let arcs = coverage.arcs();
    let mut points = random_points(coverage, columns, cell, SAMPLED);
    let inner = arcs.iter().filter(|a| a.left.min(a.right) != FaceIx::OUTSIDE);
    let vertices = inner.step_by((arcs.len() * 5 / SAMPLED).max(1)).flat_map(|a| &a.points[1..a.points.len() - 1]);
    points.extend(vertices.map(|p| lattice.position(*p)));
    let expected: Vec<FaceIx> = (points.iter())
        .map(|point| {
            let holders = grid.holders(lattice.quantise(*point)?);
            match holders.as_slice() {
                [] => Ok(FaceIx::OUTSIDE),
                [one] => Ok(*one),
                many => Err(format!("{point:?} lies in {} cells", many.len()).into()),
            }
        })
        .collect::<Fallible<_>>()?;
    let mut owners = Vec::new();
    for form in FORMS {
        (form.ask)(ours, &points, &mut owners);
        let wrong = owners.iter().zip(&expected).filter(|(a, b)| a != b).count();
        if wrong > 0 {
            return Err(format!("{}: {wrong} of {} owners differ from ray crossing", form.name, points.len()).into());
        }
    }
    Ok(points.len())
}

/// A figure of this process in KiB.
fn memory(key: &str) -> Fallible<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with(key)).ok_or("this system does not tell its memory")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
}

/// Runs every size as a child and returns their lines.
pub fn children() -> Fallible<Vec<serde_json::Value>> {
    let child = |(columns, cell): &(usize, i32)| {
        let program = std::env::current_exe()?;
        let done = Command::new(program).args(["size", &columns.to_string(), &cell.to_string()]).output()?;
        if !done.status.success() {
            return Err(format!("{columns} × {columns}: {}", String::from_utf8_lossy(&done.stderr)).into());
        }
        let line = String::from_utf8(done.stdout)?;
        print!("{line}");
        Ok(serde_json::from_str(&line)?)
    };
    SIZES.iter().map(child).collect()
}

/// Draws `docs/growth.png` where the drawing library is installed.
pub fn draw(root: &Path, sizes: &[serde_json::Value]) -> Fallible<()> {
    let data = tempfile::NamedTempFile::new()?;
    serde_json::to_writer(&data, sizes)?;
    let mut command = Command::new(root.join(".venv/bin/python"));
    command.arg(root.join("benches/peers/growth.py")).arg(data.path()).arg(root.join("docs/growth.png"));
    if !command.status()?.success() {
        eprintln!("docs/growth.png is not drawn anew");
    }
    Ok(())
}
