//! The sample district: a synthetic 济宁高新区, drawn from one seed:
//! `terrain → settlements → partition → units → buildings → places → people, issues, base map → files`.

pub mod random;
pub mod plane;
pub mod mesh;
pub mod terrain;
pub mod settlements;
pub mod cuts;
pub mod partition;
pub mod names;
pub mod units;
pub mod specials;
pub mod sizes;
pub mod verify;
pub mod buildings;
pub mod places;
pub mod people;
pub mod calendar;
pub mod categories;
pub mod issues;
pub mod history;
pub mod base;
pub mod write;
pub mod files;

use std::path::Path;

use random::Random;

/// The seed everything is drawn from.
pub const SEED: u64 = 370_871;

/// Every file of the sample: its name, and its bytes before compression. In the same order every time.
///
/// # Errors
/// What is wrong with the partition, when a change to the drawing has made it unsound.
pub fn files() -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let district = units::District::build(SEED).map_err(|stuck| stuck.0)?;
    let faults = verify::faults(&district);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let stream = |purpose: &str| Random::stream(SEED, purpose);
    let buildings = buildings::build(&district, &mut stream("buildings"));
    let places = places::list(&district, &buildings, &mut stream("places"));
    let mut out = vec![
        ("README.md", files::readme(SEED).into_bytes()),
        ("district.toml", files::district_toml().into_bytes()),
        ("units.geojson.gz", files::units_geojson(&district)),
        ("units.csv", files::units_csv(&district).into_bytes()),
        ("places.csv.gz", files::places_csv(&places).into_bytes()),
        ("issues.csv.gz", issues::table(&district, &places, &mut stream("issues")).into_bytes()),
        ("base.geojson.gz", base::map(&district, &buildings)),
    ];
    let tables = people::tables(&district, &mut stream("people"));
    let volunteers = people::volunteers(&district, &places, &mut stream("volunteers"));
    for (name, table) in tables.into_iter().chain(volunteers).chain(history::tables(&district)) {
        out.push((name, table.into_bytes()));
    }
    Ok(out)
}

/// Writes all files into a folder, which is made if need be.
///
/// # Errors
/// An unsound partition, or a folder that cannot be written.
pub fn generate(folder: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot write {}: {e}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, bytes) in files()? {
        write::file(folder, name, &bytes).map_err(failed)?;
    }
    Ok(())
}
