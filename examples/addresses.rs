//! `cargo run --release --example addresses -- FOLDER [SEED [COUNT [OUTSIDE]]]`: writes FOLDER/addresses.csv, noisy addresses of the sample with
//! what they mean, for programs of others (`tests/addresses/peers/compare.py`), and prints what a plain full-text index makes of them.

#![allow(clippy::print_stdout, reason = "the figures are what one runs it for")]

#[path = "../tests/addresses/fulltext.rs"]
mod fulltext;
#[path = "../tests/addresses/noise/mod.rs"]
mod noise;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use wangge::exchange::Limits;
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::Snapshot;

use crate::fulltext::FullText;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("say which folder to write to")?;
    let number = |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |a| a.parse());
    let (seed, count, strangers) = (number(1, 370_871)?, number(2, 20_000)? as usize, number(3, 2_000)? as usize);

    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let now = Timestamp::UNIX_EPOCH;
    let contents = prepare(&sources, &Limits::default(), now, &mut |_| {})?.accept(None, now)?.contents;
    let snapshot = Snapshot::new(contents);
    let places = &snapshot.places;
    let unit = |at: usize| snapshot.locator.owner_of(places[at].point);
    let code = |at: usize| {
        let ix = snapshot.hierarchy.unit_of_face(unit(at));
        ix.map(|ix| snapshot.hierarchy.unit(ix).code.clone()).unwrap_or_default()
    };

    let queries = noise::queries(places, seed, count);
    let outside = noise::outside(seed, strangers);
    std::fs::create_dir_all(folder)?;
    std::fs::write(Path::new(folder).join("addresses.csv"), noise::sheet(places, &queries, &outside, code)?)?;

    let index = FullText::new(places)?;
    let start = Instant::now();
    // Of each class: texts, the right micro-grid, the right place.
    let mut tally: BTreeMap<noise::Class, [usize; 3]> = BTreeMap::new();
    for query in &queries {
        let found = index.first(&query.text);
        let row = tally.entry(query.class).or_default();
        row[0] += 1;
        row[1] += usize::from(found.is_some_and(|f| query.truth.iter().any(|t| unit(*t) == unit(f))));
        row[2] += usize::from(found.is_some_and(|f| query.truth.contains(&f)));
    }
    let each = start.elapsed() / queries.len().max(1) as u32;
    println!("full text, {each:?} each\nclass                   texts  grid %  place %");
    let all = tally.values().fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    for (name, [texts, grid, place]) in tally.iter().map(|(c, row)| (c.name(), *row)).chain([("all", all)]) {
        let percent = |n: usize| 100.0 * n as f64 / texts.max(1) as f64;
        println!("{name:22} {texts:6}  {:6.2}  {:7.2}", percent(grid), percent(place));
    }
    let answered = outside.iter().filter(|t| index.first(t).is_some()).count();
    println!(
        "{:22} {:6}  answered as inside: {:.2} %",
        "outside",
        outside.len(),
        100.0 * answered as f64 / outside.len().max(1) as f64
    );
    Ok(())
}
