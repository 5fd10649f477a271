//! Ours and the field's own programs, asked for the owners of the same points, and to make the same edits, in one run on one machine, in turns.
//!
//! `cargo bench --bench peers` compares with the Rust crates alone; `make peers` (`-- everyone`) also with every other program that is
//! installed, measures growth up to ten million cells, and writes `docs/COMPARE.md` and `docs/growth.png`; `-- edits` and `-- tiles` print what that
//! page says of edits, or of vector tiles, measured anew.

#![allow(clippy::print_stdout, reason = "a bench speaks to the terminal")]

#[path = "../../tests/partition/mod.rs"]
mod partition;
#[path = "../../tests/partition/tables.rs"]
mod tables;
mod dataset;
mod ours;
mod crates;
mod wire;
mod program;
mod rounds;
mod moves;
mod layers;
mod pyramid;
mod growth;
mod page;

use std::fs;
use std::path::Path;

use dataset::Dataset;
use rounds::{Row, Table};

/// Whatever goes wrong ends the run with its message: a bench has no caller to recover for.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The sizes of growth: columns (as many rows) and the width of a cell in steps, so that the whole keeps within 2³⁰ of them.
const SIZES: [(usize, i32); 4] = [(51, 2_000_000), (225, 2_000_000), (1_000, 1_000_000), (3_163, 330_000)];

fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => crates_alone(),
        ["everyone"] => everyone(),
        ["edits"] => {
            edits_alone();
            Ok(())
        }
        ["tiles"] => {
            let (text, versions, absent) = pyramid::section(Path::new(env!("CARGO_MANIFEST_DIR")))?;
            println!("{text}\n{}", versions.join(", "));
            absent.iter().for_each(|reason| println!("skipped: {reason}"));
            Ok(())
        }
        // What `everyone` starts for each size, so that each has its own peak of memory.
        ["size", columns, cell] => growth::measure(columns.parse()?, cell.parse()?),
        _ => Err("say nothing (Rust crates alone), `edits`, `tiles` or `everyone`".into()),
    }
}

fn crates_alone() -> Fallible<()> {
    for dataset in [dataset::sample()?, dataset::generated(SIZES[0])?] {
        let mut rows = crates::rows(&dataset);
        rows.extend(wire::rows(&dataset)?);
        print!("{}", rounds::run(&dataset, &mut rows)?.markdown());
    }
    Ok(())
}

fn edits_alone() {
    match moves::section(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        Ok((text, version)) => println!("{text}\n{version}"),
        Err(reason) => println!("skipped: {reason}"),
    }
}

fn everyone() -> Fallible<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/COMPARE.md");
    let mut tables: Vec<Table> = Vec::new();
    let mut absent = Vec::new();
    let mut versions = page::crate_versions(root)?;
    let sources: [fn() -> Fallible<Dataset>; 5] = [
        dataset::sample,
        || dataset::counties(Path::new(env!("CARGO_MANIFEST_DIR"))),
        || dataset::generated(SIZES[0]),
        || dataset::generated(SIZES[1]),
        || dataset::generated(SIZES[2]),
    ];
    for source in sources {
        let dataset = match source() {
            Ok(dataset) => dataset,
            Err(fault) => {
                page::note(&mut absent, format!("a dataset: {fault}"));
                continue;
            }
        };
        let folder = tempfile::tempdir()?;
        dataset.write(folder.path())?;
        let mut rows: Vec<Row> = crates::rows(&dataset);
        rows.extend(wire::rows(&dataset)?);
        for started in program::start_all(root, folder.path()) {
            match started {
                Ok((version, more)) => {
                    page::note(&mut versions, version);
                    rows.extend(more);
                }
                Err(reason) => page::note(&mut absent, reason),
            }
        }
        let table = rounds::run(&dataset, &mut rows)?;
        print!("{}", table.markdown());
        tables.push(table);
        // As it goes, so that a run that is ended early leaves what it measured.
        fs::write(&page, page::text(&tables, "", &[], &versions, &absent))?;
    }
    let edits = match moves::section(root) {
        Ok((text, version)) => {
            page::note(&mut versions, version);
            text
        }
        Err(reason) => {
            page::note(&mut absent, format!("edits with PostGIS: {reason}"));
            String::new()
        }
    };
    print!("{edits}");
    let tiles = match pyramid::section(root) {
        Ok((text, more, reasons)) => {
            more.into_iter().for_each(|version| page::note(&mut versions, version));
            reasons.into_iter().for_each(|reason| page::note(&mut absent, reason));
            text
        }
        Err(reason) => {
            page::note(&mut absent, format!("vector tiles: {reason}"));
            String::new()
        }
    };
    print!("{tiles}");
    let sections = edits + &tiles;
    let sizes = growth::children()?;
    growth::draw(root, &sizes)?;
    Ok(fs::write(page, page::text(&tables, &sections, &sizes, &versions, &absent))?)
}
