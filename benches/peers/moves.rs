//! Vertices moved, ours and PostGIS topology: the same moves on the same partition, in turns.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use wangge::coverage::edit::{Edit, Workbench};
use wangge::coverage::region::{Group, trace};
use wangge::coverage::{Coverage, FaceIx, HalfArc, Lattice, LatticePoint, Ring};

use crate::Fallible;
use crate::partition::Seeded;
use crate::program::{Program, topology};
use crate::rounds::{ROUNDS, Spread, figure};
use crate::tables::Grid;

/// Proposals of one round.
const MOVES: usize = 400;
/// How far a vertex goes, in steps: mostly a few metres, one in ten a cell's width, so that there is something to refuse.
const NEAR: i32 = 50_000;
const FAR: i32 = 1_500_000;

/// A move: ours, the arc whose line changes and its new line, and whether ours calls it legal.
struct Move {
    edit: Edit,
    arc: usize,
    line: Vec<LatticePoint>,
    legal: bool,
}

fn proposals(bench: &mut Workbench, random: &mut Seeded) -> Vec<Move> {
    let mut moves = Vec::with_capacity(MOVES);
    while moves.len() < MOVES {
        let arc = (random.next() % bench.coverage().arcs().len() as u64) as usize;
        let points = &bench.coverage().arcs()[arc].points;
        let at = 1 + (random.next() % (points.len() as u64 - 2)) as usize;
        let reach = if moves.len() % 10 == 9 { FAR } else { NEAR };
        let to = LatticePoint::new(
            points[at].x + random.between(-reach, reach),
            points[at].y + random.between(-reach, reach),
        );
        let mut line = points.to_vec();
        let old = line[at - 1..=at + 1].to_vec();
        line[at] = to;
        let edit = Edit::Reshape { new: vec![old[0], to, old[2]], old };
        let legal = bench.apply(&edit).is_ok();
        moves.push(Move { edit, arc, line, legal });
    }
    moves
}

/// Microseconds of each legal move, each made once, as the peer does: on a copy of what the round began with.
fn ours(start: &Workbench, moves: &[Move]) -> Vec<f64> {
    let mut bench = start.clone();
    let timed = |each: &Move| {
        let from = Instant::now();
        let legal = bench.apply(&each.edit).is_ok();
        let took = from.elapsed().as_secs_f64() * 1e6;
        legal.then_some(took)
    };
    moves.iter().filter_map(timed).collect()
}

fn share(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len().saturating_sub(1) as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}

fn median(values: &[f64]) -> f64 {
    share(values, 0.5)
}

/// PostGIS numbers edges and nodes from 1; its face 0 is the outside, as ours is.
fn signed(half: HalfArc) -> i64 {
    let edge = half.arc().ix() as i64 + 1;
    if half.reversed() { -edge } else { edge }
}

fn well_known_text(points: &[LatticePoint]) -> String {
    points.iter().map(|p| format!("{} {}", p.x, p.y)).collect::<Vec<_>>().join(",")
}

/// The tables `face`, `node` and `edge_data` of a topology.
fn write_topology(folder: &Path, coverage: &Coverage) -> Fallible<()> {
    let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let outside: Vec<Group> =
        (0..coverage.faces().len()).map(|i| if i == FaceIx::OUTSIDE.ix() { Group(0) } else { Group::NONE }).collect();
    let around = trace(coverage, &outside, 1);
    // The edge that follows each half-arc in the ring of the face on its left.
    let mut next = vec![[0; 2]; coverage.arcs().len()];
    let mut follow = |ring: &Ring| {
        for (i, half) in ring.halves.iter().enumerate() {
            next[half.arc().ix()][usize::from(half.reversed())] = signed(ring.halves[(i + 1) % ring.halves.len()]);
        }
    };
    around[0].iter().for_each(&mut follow);
    coverage.faces().iter().flat_map(|f| &f.rings).for_each(&mut follow);

    let mut faces = create("faces.tsv")?;
    for (i, face) in coverage.faces().iter().enumerate().skip(1) {
        let points: Vec<LatticePoint> = face.rings.iter().flat_map(|r| coverage.ring_points(r)).collect();
        let range = |of: fn(&LatticePoint) -> i32| {
            (points.iter().map(of).min().unwrap_or(0), points.iter().map(of).max().unwrap_or(0))
        };
        let ((west, east), (south, north)) = (range(|p| p.x), range(|p| p.y));
        let corners = [(west, south), (west, north), (east, north), (east, south), (west, south)];
        writeln!(faces, "{i}\tPOLYGON(({}))", well_known_text(&corners.map(|(x, y)| LatticePoint::new(x, y))))?;
    }
    faces.flush()?;
    let mut nodes = create("nodes.tsv")?;
    for (i, at) in coverage.junctions().iter().enumerate() {
        writeln!(nodes, "{}\tPOINT({} {})", i + 1, at.x, at.y)?;
    }
    nodes.flush()?;
    let mut edges = create("edges.tsv")?;
    for (i, (arc, [left, right])) in coverage.arcs().iter().zip(&next).enumerate() {
        let (from, to, line) = (arc.from.0 + 1, arc.to.0 + 1, well_known_text(&arc.points));
        let sides = format!("{left}\t{}\t{right}\t{}\t{}\t{}", left.abs(), right.abs(), arc.left.0, arc.right.0);
        writeln!(edges, "{}\t{from}\t{to}\t{sides}\tLINESTRING({line})", i + 1)?;
    }
    Ok(edges.flush()?)
}

/// Edge, length of the line, the line as OGC 06-103r4 §8.2 has it.
fn write_moves<'a>(folder: &Path, moves: impl Iterator<Item = &'a Move>) -> Fallible<()> {
    const LINESTRING: u32 = 2;
    let mut file = BufWriter::new(File::create(folder.join("moves.bin"))?);
    for each in moves {
        let mut line = vec![1];
        line.extend(LINESTRING.to_le_bytes());
        line.extend((each.line.len() as u32).to_le_bytes());
        line.extend(each.line.iter().flat_map(|p| [f64::from(p.x), f64::from(p.y)]).flat_map(f64::to_le_bytes));
        file.write_all(&(each.arc as u32 + 1).to_le_bytes())?;
        file.write_all(&(line.len() as u32).to_le_bytes())?;
        file.write_all(&line)?;
    }
    Ok(file.flush()?)
}

fn without_faults(program: &mut Program, numbers: &mut Vec<u32>) -> Fallible<()> {
    program.ask("validate", 0, numbers)?;
    if numbers.as_slice() == [0] { Ok(()) } else { Err("ValidateTopology finds faults".into()) }
}

/// What is timed of PostGIS: its line in the table, and of every round the median of ours around it.
struct Line {
    what: &'static str,
    micros: Vec<f64>,
    ratios: Vec<f64>,
}

impl Line {
    const fn new(what: &'static str) -> Self {
        Self { what, micros: Vec::new(), ratios: Vec::new() }
    }

    fn add(&mut self, micros: Vec<f64>, ours: f64) {
        self.ratios.push(median(&micros) / ours);
        self.micros.extend(micros);
    }

    fn markdown(&self) -> String {
        let ratio = Spread::of(self.ratios.iter().copied());
        let [p50, p99] = [0.5, 0.99].map(|part| figure(share(&self.micros, part)));
        let [middle, least, most] = [ratio.median, ratio.least, ratio.most].map(figure);
        format!(
            "| {} | {} | {p50} | {p99} | **{middle}** ({least}–{most}) |\n",
            self.what,
            figure(self.micros.len() as f64)
        )
    }
}

/// The page's section on edits, and the version of PostGIS.
pub fn section(root: &Path) -> Fallible<(String, String)> {
    let lattice = Lattice::for_extent(116.5, 35.3, 116.7, 35.5);
    let coverage = Grid::new(7, 51, 51, 2_000_000).coverage(lattice).ok_or("the partition did not build")?;
    let folder = tempfile::tempdir()?;
    write_topology(folder.path(), &coverage)?;
    let (mut bench, mut random) = (Workbench::new(coverage), Seeded(3));
    let rounds: Vec<(Workbench, Vec<Move>)> =
        (0..ROUNDS).map(|_| (bench.clone(), proposals(&mut bench, &mut random))).collect();
    write_moves(folder.path(), rounds.iter().flat_map(|(_, moves)| moves))?;
    let (mut program, version) = topology(root, folder.path())?;
    let mut numbers = Vec::new();
    without_faults(&mut program, &mut numbers)?;

    let mut here: Vec<f64> = Vec::new();
    let mut changed = Line::new("PostGIS, `ST_ChangeEdgeGeom`");
    let mut empty = Line::new("PostGIS, a statement that does nothing");
    let mut processor = Line::new("PostGIS, the server's processor alone");
    let (mut refused, mut differ) = (0, 0);
    for (start, moves) in &rounds {
        let legal = |numbers: &[u32], figure: usize| -> Vec<f64> {
            let each = numbers.chunks_exact(3).zip(moves).filter(|(n, m)| n[2] == 1 && m.legal);
            each.map(|(n, _)| f64::from(n[figure]) / 1e3).collect()
        };
        let before = ours(start, moves);
        program.ask("empty", MOVES, &mut numbers)?;
        let nothing = legal(&numbers, 0);
        program.ask("change", MOVES, &mut numbers)?;
        let after = ours(start, moves);
        let around = f64::midpoint(median(&before), median(&after));
        empty.add(nothing, around);
        changed.add(legal(&numbers, 0), around);
        processor.add(legal(&numbers, 1), around);
        here.extend(before.into_iter().chain(after));
        refused += moves.iter().filter(|m| !m.legal).count();
        differ += numbers.chunks_exact(3).zip(moves).filter(|(n, m)| (n[2] == 1) != m.legal).count();
    }
    without_faults(&mut program, &mut numbers)?;

    let mut text = include_str!("moves.md").to_owned();
    let _ = writeln!(text, "| {} units | moves | p50, µs | p99, µs | × ours |", bench.coverage().units().count());
    let _ = writeln!(text, "|---|---:|---:|---:|---:|");
    let [p50, p99] = [0.5, 0.99].map(|part| figure(share(&here, part)));
    let _ = writeln!(text, "| ours, `Workbench::apply` | {} | {p50} | {p99} | 1 |", figure(here.len() as f64));
    [changed, empty, processor].iter().for_each(|line| text.push_str(&line.markdown()));
    let _ = writeln!(
        text,
        "\nOf {} proposals ours refused {refused}; PostGIS decided otherwise about {differ}.",
        figure((ROUNDS * MOVES) as f64)
    );
    Ok((text, version))
}
