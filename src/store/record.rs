//! The district's own facts as one JSON record in `wangge_meta`: our form on disk, apart from the types of the grid room.

use serde::{Deserialize, Serialize};

use crate::crs::PlaneCrs;
use crate::grid::{District, Level, Required, SizeBand};

#[derive(Serialize, Deserialize)]
struct Record {
    code: String,
    name: String,
    name_en: String,
    aliases: Vec<String>,
    synthetic: bool,
    mark: String,
    plane: u32,
    levels: Vec<LevelRecord>,
    officer_level: Option<usize>,
    branch_level: Option<usize>,
    lines: Vec<String>,
    lines_level: Option<usize>,
}

#[derive(Serialize, Deserialize)]
struct LevelRecord {
    key: String,
    name: String,
    name_en: String,
    code_length: Option<usize>,
    bands: Vec<BandRecord>,
}

#[derive(Serialize, Deserialize)]
struct BandRecord {
    class: String,
    households: Option<(u32, u32)>,
    population: Option<(u32, u32)>,
    area_km2: Option<(f64, f64)>,
}

/// The record of a district.
pub(super) fn write(district: &District) -> Result<String, serde_json::Error> {
    let levels = district.levels.iter().map(|level| LevelRecord {
        key: level.key.clone(),
        name: level.name.clone(),
        name_en: level.name_en.clone(),
        code_length: level.code_length,
        bands: level
            .bands
            .iter()
            .map(|band| BandRecord {
                class: band.class.clone(),
                households: band.households,
                population: band.population,
                area_km2: band.area_km2,
            })
            .collect(),
    });
    serde_json::to_string(&Record {
        code: district.code.clone(),
        name: district.name.clone(),
        name_en: district.name_en.clone(),
        aliases: district.aliases.clone(),
        synthetic: district.synthetic,
        mark: district.mark.clone(),
        plane: district.plane.0,
        levels: levels.collect(),
        officer_level: district.required.officer_level,
        branch_level: district.required.branch_level,
        lines: district.required.lines.clone(),
        lines_level: district.required.lines_level,
    })
}

/// Reads a record back; a level that is named but does not exist is an error.
pub(super) fn read(text: &str) -> Result<District, String> {
    let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let count = record.levels.len();
    let named = [record.officer_level, record.branch_level, record.lines_level];
    if count == 0 || count > 255 || named.iter().flatten().any(|level| *level >= count) {
        return Err(format!("{count} levels, and one of {named:?} is required"));
    }
    let band = |b: BandRecord| SizeBand {
        class: b.class,
        households: b.households,
        population: b.population,
        area_km2: b.area_km2,
    };
    let levels = record.levels.into_iter().map(|level| Level {
        key: level.key,
        name: level.name,
        name_en: level.name_en,
        code_length: level.code_length,
        bands: level.bands.into_iter().map(band).collect(),
    });
    Ok(District {
        code: record.code,
        name: record.name,
        name_en: record.name_en,
        aliases: record.aliases,
        synthetic: record.synthetic,
        mark: record.mark,
        plane: PlaneCrs(record.plane),
        levels: levels.collect(),
        required: Required {
            officer_level: record.officer_level,
            branch_level: record.branch_level,
            lines: record.lines,
            lines_level: record.lines_level,
        },
    })
}
