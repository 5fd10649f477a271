//! Programs of others. Each is started once with the dataset's folder, prints `ready VERSION` when its data is loaded and indexed (or `absent REASON`), and then
//! answers lines `FORM COUNT` by asking itself for the owners of the first COUNT points, writing them to `owners.bin` (little-endian `u32`, 0
//! for nobody) and printing the seconds that the asking took, without reading and writing files. It ends at the end of its input.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use crate::Fallible;
use crate::rounds::{Asked, Row};

/// A program that is running and ready.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    owners: PathBuf,
}

impl Program {
    /// Starts a program and waits until it is ready; returns it with its version.
    fn start(command: &mut Command, folder: &Path) -> Fallible<(Self, String)> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take().ok_or("no output")?);
        let mut program = Self { child, input, output: BufReader::new(output), owners: folder.join("owners.bin") };
        let line = program.line()?;
        if let Some(reason) = line.strip_prefix("absent ") {
            return Err(reason.into());
        }
        let version = line.strip_prefix("ready ").ok_or_else(|| format!("said {line:?} instead of being ready"))?;
        let version = version.to_owned();
        Ok((program, version))
    }

    fn line(&mut self) -> Fallible<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("ended without an answer".into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Seconds taken by the first `count` points, and the numbers written for them.
    pub fn ask(&mut self, form: &str, count: usize, owners: &mut Vec<u32>) -> Fallible<f64> {
        let input = self.input.as_mut().ok_or("no input")?;
        writeln!(input, "{form} {count}")?;
        input.flush()?;
        let seconds = self.line()?.parse()?;
        let bytes = fs::read(&self.owners)?;
        owners.clear();
        owners.extend(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        Ok(seconds)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The end of its input ends it; what it started, it stops.
        self.input = None;
        if let Err(fault) = self.child.wait() {
            eprintln!("a peer did not end: {fault}");
        }
    }
}

/// How a peer is started, and the forms it answers: name on the line, what the page says, points a run.
struct Peer {
    name: &'static str,
    command: fn(&Path) -> Fallible<Command>,
    forms: &'static [(&'static str, &'static str, usize)],
}

const PEERS: &[Peer] = &[
    Peer {
        name: "S2 (C++)",
        command: |root| {
            compiled(root, "s2.cpp", &["c++", "-std=c++17", "-O3", "-DNDEBUG"], &["-ls2", "-labsl_strings"])
        },
        forms: &[("semi_open", "`MutableS2ShapeIndex`, `S2ContainsPointQuery`, SEMI_OPEN", 300_000)],
    },
    Peer {
        name: "shapely",
        command: |root| Ok(python(root, "geos.py")),
        forms: &[
            ("within", "bulk: `STRtree.query(points, \"within\")`", 200_000),
            ("prepared", "bulk: boxes from `STRtree`, then prepared `contains_xy`", 500_000),
            ("by_polygon", "bulk: tree of the points (its building counted), asked by prepared polygons", 500_000),
            ("one", "one at a time from Python: `STRtree.query(point, \"within\")`", 10_000),
        ],
    },
    Peer {
        name: "DuckDB spatial",
        command: |root| Ok(python(root, "duckdb_spatial.py")),
        forms: &[("join", "bulk: `JOIN … ON ST_Contains`, one thread", 500_000)],
    },
    Peer {
        name: "PostGIS",
        command: |root| postgis(root, "postgis.c"),
        forms: &[
            ("by_point", "bulk: join through GiST on the units", 50_000),
            ("by_polygon", "bulk: join through GiST on the points (its building not counted)", 200_000),
            ("pipelined", "prepared statement, 100 in flight", 10_000),
            ("prepared", "prepared statement, one at a time", 5_000),
        ],
    },
];

fn python(root: &Path, script: &str) -> Command {
    let mut command = Command::new(root.join(".venv/bin/python"));
    command.arg(root.join("benches/peers").join(script));
    command
}

/// A client of ours beside a server of its own.
fn postgis(root: &Path, source: &str) -> Fallible<Command> {
    let client = compiled(root, source, &["cc", "-O2", "-I/usr/include/postgresql"], &["-lpq"])?;
    let mut command = Command::new("bash");
    command.arg(root.join("benches/peers/postgis.sh")).arg(client.get_program());
    Ok(command)
}

/// PostGIS with the files of [`crate::moves`] as a topology, and its version.
pub fn topology(root: &Path, folder: &Path) -> Fallible<(Program, String)> {
    Program::start(postgis(root, "topology.c")?.arg(folder), folder)
}

/// PostGIS with the files of [`crate::pyramid`] as tables, and its version.
pub fn vector_tiles(root: &Path, folder: &Path) -> Fallible<(Program, String)> {
    Program::start(postgis(root, "mvt.c")?.arg(folder), folder)
}

/// Compiles a client of ours into the build folder.
fn compiled(root: &Path, source: &str, compiler: &[&str], libraries: &[&str]) -> Fallible<Command> {
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.replace('.', "-"));
    let mut command = Command::new(compiler[0]);
    command.args(&compiler[1..]).arg("-o").arg(&binary).arg(root.join("benches/peers").join(source)).args(libraries);
    let done = command.output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let first = said.lines().find(|l| l.contains("error")).unwrap_or("no reason given");
        let reason = first.split("error:").last().unwrap_or(first).trim();
        return Err(format!("its library is not here: {reason}").into());
    }
    Ok(Command::new(binary))
}

/// Starts every peer that is installed; for the others, why not.
pub fn start_all(root: &Path, folder: &Path) -> Vec<Result<(String, Vec<Row<'static>>), String>> {
    let start = |peer: &Peer| -> Fallible<(String, Vec<Row<'static>>)> {
        let mut command = (peer.command)(root)?;
        let (program, version) = Program::start(command.arg(folder), folder)?;
        let program = Rc::new(RefCell::new(program));
        let row = |(key, form, points): &(&'static str, &'static str, usize)| {
            Row::new(peer.name, form, *points, Asked::Program(Rc::clone(&program), key))
        };
        Ok((version, peer.forms.iter().map(row).collect()))
    };
    PEERS.iter().map(|peer| start(peer).map_err(|fault| format!("{}: {fault}", peer.name))).collect()
}
