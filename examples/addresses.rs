//! `cargo run --release --example addresses -- FOLDER [SEED [COUNT [OUTSIDE]]]`: writes FOLDER/addresses.csv, noisy addresses of the sample with
//! what they mean, for programs of others (`tests/addresses/peers/compare.py`). What ours and a full-text index make of the same texts is printed by
//! `cargo bench --bench addresses`.

#[path = "../tests/addresses/noise/mod.rs"]
mod noise;

use std::path::Path;

use jiff::Timestamp;
use wangge::exchange::Limits;
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::Snapshot;

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
    let code = |at: usize| {
        let ix = snapshot.hierarchy.unit_of_face(snapshot.locator.owner_of(places[at].point));
        ix.map(|ix| snapshot.hierarchy.unit(ix).code.clone()).unwrap_or_default()
    };

    let queries = noise::queries(places, seed, count);
    let outside = noise::outside(seed, strangers);
    std::fs::create_dir_all(folder)?;
    std::fs::write(Path::new(folder).join("addresses.csv"), noise::sheet(places, &queries, &outside, code)?)?;
    Ok(())
}
