//! `district.toml`: what is true of a district whatever its boundaries, and which files it comes from.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{FileFault, Problem, Spot, Text};
use crate::coverage::build::BuildOptions;
use crate::crs::{Crs, PlaneCrs};
use crate::grid::{District, Level, Required, SizeBand};

/// A district as its file describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct DistrictFile {
    pub district: District,
    pub options: BuildOptions,
    pub files: Files,
}

/// The files a district comes from, with the folder of `district.toml` put in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub units: Vec<PathBuf>,
    pub people: Vec<PathBuf>,
    pub places: Vec<PathBuf>,
    pub issues: Vec<PathBuf>,
    pub base: Vec<PathBuf>,
    pub versions: Vec<PathBuf>,
    pub lineage: Vec<PathBuf>,
}

/// More levels than any city has.
const MAX_LEVELS: usize = 12;
/// Names that layers of the store and of the tiles use themselves.
const RESERVED: &[&str] =
    &["places", "issues", "people", "branches", "base", "boundaries", "labels", "points", "cells"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    district: RawDistrict,
    #[serde(default)]
    level: Vec<RawLevel>,
    #[serde(default)]
    coverage: RawCoverage,
    #[serde(default)]
    files: RawFiles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDistrict {
    code: String,
    name: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    synthetic: bool,
    #[serde(default)]
    mark: String,
    plane: Spanned<String>,
    #[serde(default)]
    lines: Vec<String>,
    lines_level: Option<Spanned<String>>,
    officer_level: Option<Spanned<String>>,
    branch_level: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLevel {
    key: Spanned<String>,
    name: String,
    #[serde(default)]
    name_en: String,
    code_length: Option<usize>,
    #[serde(default)]
    band: Vec<Spanned<RawBand>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBand {
    #[serde(default)]
    class: String,
    households: Option<(u32, u32)>,
    population: Option<(u32, u32)>,
    area_km2: Option<(f64, f64)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCoverage {
    snap_m: Option<Spanned<f64>>,
    sliver_area_m2: Option<Spanned<f64>>,
    sliver_width_m: Option<Spanned<f64>>,
    gaps: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawFiles {
    units: Vec<String>,
    people: Vec<String>,
    places: Vec<String>,
    issues: Vec<String>,
    base: Vec<String>,
    versions: Vec<String>,
    lineage: Vec<String>,
}

/// Reads and checks the file.
///
/// # Errors
/// [`FileFault`] with the line of the setting that is missing, unknown or out of its range.
pub fn read(text: &Text) -> Result<DistrictFile, FileFault> {
    let raw: RawFile = toml::from_str(&text.content).map_err(|error| syntax(text, &error))?;
    let levels = levels(text, raw.level)?;
    let folder = text.file.parent().unwrap_or(Path::new(""));
    let paths = |list: Vec<String>| list.iter().map(|name| folder.join(name)).collect();
    let files = Files {
        units: paths(raw.files.units),
        people: paths(raw.files.people),
        places: paths(raw.files.places),
        issues: paths(raw.files.issues),
        base: paths(raw.files.base),
        versions: paths(raw.files.versions),
        lineage: paths(raw.files.lineage),
    };
    let district = district(text, raw.district, levels)?;
    Ok(DistrictFile { district, options: options(text, &raw.coverage)?, files })
}

/// What is wrong with a TOML text, and in which line.
pub(super) fn syntax(text: &Text, error: &toml::de::Error) -> FileFault {
    let spot = error.span().map_or(Spot::Whole, |span| spot(text, span.start));
    FileFault::new(&text.file, spot, Problem::Syntax(error.message().replace('\n', "; ")))
}

/// Line and column of a byte offset.
fn spot(text: &Text, at: usize) -> Spot {
    let before = &text.content.as_bytes()[..at.min(text.content.len())];
    let line = before.split(|b| *b == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|b| **b != b'\n').count();
    Spot::Line(line, column)
}

fn refuse(text: &Text, at: usize, key: &str, problem: impl Into<String>) -> FileFault {
    FileFault::new(&text.file, spot(text, at), Problem::Setting { key: key.to_owned(), problem: problem.into() })
}

fn plane(text: &Text, said: &Spanned<String>) -> Result<PlaneCrs, FileFault> {
    let wrong = |problem: String| Err(refuse(text, said.span().start, "plane", problem));
    match said.get_ref().parse::<Crs>() {
        Ok(Crs::Plane(plane)) => match plane.check() {
            Ok(()) => Ok(plane),
            Err(fault) => wrong(fault.to_string()),
        },
        Ok(other) => wrong(format!("{other} is not a projected system in metres; use one like EPSG:4548")),
        Err(unknown) => wrong(format!("{unknown}")),
    }
}

fn district(text: &Text, raw: RawDistrict, levels: Vec<Level>) -> Result<District, FileFault> {
    let plane = plane(text, &raw.plane)?;
    let level = |key: &str, said: &Option<Spanned<String>>| -> Result<Option<usize>, FileFault> {
        let Some(said) = said else { return Ok(None) };
        let known = levels.iter().position(|l| l.key == *said.get_ref());
        known.map(Some).ok_or_else(|| {
            let keys: Vec<_> = levels.iter().map(|l| l.key.as_str()).collect();
            refuse(text, said.span().start, key, format!("no level has this key; the levels are {}", keys.join(", ")))
        })
    };
    let required = Required {
        officer_level: level("officer_level", &raw.officer_level)?,
        branch_level: level("branch_level", &raw.branch_level)?,
        lines_level: level("lines_level", &raw.lines_level)?,
        lines: raw.lines,
    };
    Ok(District {
        code: raw.code,
        name: raw.name,
        name_en: raw.name_en,
        aliases: raw.aliases,
        synthetic: raw.synthetic,
        mark: raw.mark,
        plane,
        levels,
        required,
    })
}

fn levels(text: &Text, raw: Vec<RawLevel>) -> Result<Vec<Level>, FileFault> {
    if raw.is_empty() || raw.len() > MAX_LEVELS {
        return Err(refuse(text, 0, "level", format!("{} levels; give 1 to {MAX_LEVELS} [[level]] tables", raw.len())));
    }
    let mut levels: Vec<Level> = Vec::with_capacity(raw.len());
    for level in raw {
        let (key, at) = (level.key.get_ref().clone(), level.key.span().start);
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let prefixes = ["gpkg_", "rtree_", "sqlite_", "wangge_"];
        if key.is_empty() || key.len() > 40 || !key.bytes().all(plain) || key.as_bytes()[0].is_ascii_digit() {
            return Err(refuse(text, at, "key", "use lower-case ASCII letters, digits and _, a letter first"));
        }
        if RESERVED.contains(&key.as_str()) || prefixes.iter().any(|p| key.starts_with(p)) {
            return Err(refuse(text, at, "key", format!("“{key}” names something else in the store; choose another")));
        }
        if levels.iter().any(|l| l.key == key) {
            return Err(refuse(text, at, "key", format!("“{key}” stands twice")));
        }
        if level.code_length.is_some_and(|n| n == 0 || n > 64) {
            return Err(refuse(text, at, "code_length", "give 1 to 64"));
        }
        let bands = level.band.into_iter().map(|band| self::band(text, band)).collect::<Result<_, _>>()?;
        levels.push(Level { key, name: level.name, name_en: level.name_en, code_length: level.code_length, bands });
    }
    Ok(levels)
}

fn band(text: &Text, raw: Spanned<RawBand>) -> Result<SizeBand, FileFault> {
    let at = raw.span().start;
    let raw = raw.into_inner();
    let counts = [("households", raw.households), ("population", raw.population)];
    for (key, range) in counts {
        if range.is_some_and(|(least, most)| least > most) {
            return Err(refuse(text, at, key, "the first number of a band is its least, the second its most"));
        }
    }
    if raw.area_km2.is_some_and(|(least, most)| !(0.0 <= least && least <= most && most < 1e9)) {
        return Err(refuse(text, at, "area_km2", "give two numbers from 0 up, the least first"));
    }
    Ok(SizeBand { class: raw.class, households: raw.households, population: raw.population, area_km2: raw.area_km2 })
}

fn options(text: &Text, raw: &RawCoverage) -> Result<BuildOptions, FileFault> {
    let standard = BuildOptions::default();
    let number = |key: &str, said: &Option<Spanned<f64>>, otherwise: f64, most: f64| match said {
        None => Ok(otherwise),
        Some(said) if (0.0..=most).contains(said.get_ref()) => Ok(*said.get_ref()),
        Some(said) => Err(refuse(text, said.span().start, key, format!("give a number from 0 to {most}"))),
    };
    let gaps_are_excluded = match &raw.gaps {
        None => standard.gaps_are_excluded,
        Some(said) => match said.get_ref().as_str() {
            "fault" => false,
            "exclude" => true,
            _ => return Err(refuse(text, said.span().start, "gaps", "use \"fault\" or \"exclude\"")),
        },
    };
    Ok(BuildOptions {
        snap_m: number("snap_m", &raw.snap_m, standard.snap_m, 100.0)?,
        sliver_area_m2: number("sliver_area_m2", &raw.sliver_area_m2, standard.sliver_area_m2, 1e9)?,
        sliver_width_m: number("sliver_width_m", &raw.sliver_width_m, standard.sliver_width_m, 1e4)?,
        gaps_are_excluded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[district]\ncode = \"37\"\nname = \"区\"\nplane = \"EPSG:4548\"\nofficer_level = \"low\"\n\
                         [[level]]\nkey = \"top\"\nname = \"街道\"\n[[level]]\nkey = \"low\"\nname = \"网格\"\n\
                         [[level.band]]\nclass = \"urban\"\nhouseholds = [300, 500]\n[files]\nunits = [\"u.geojson\"]\n";

    fn parse(content: &str) -> Result<DistrictFile, FileFault> {
        read(&Text {
            file: PathBuf::from("data/district.toml"),
            content: content.to_owned(),
            encoding: "UTF-8",
            compressed: false,
        })
    }

    #[test]
    fn a_small_district_is_read_with_defaults() {
        let read = parse(SMALL).unwrap();
        assert_eq!(read.district.levels[1].bands[0].households, Some((300, 500)));
        assert_eq!(read.district.required.officer_level, Some(1));
        assert_eq!(read.options, BuildOptions::default());
        assert_eq!(read.files.units, [PathBuf::from("data/u.geojson")]);
    }

    #[test]
    fn each_wrong_setting_is_told_with_its_line() {
        for (from, to, line, said) in [
            ("EPSG:4548", "EPSG:99", 4, "unknown CRS"),
            ("EPSG:4548", "wgs84", 4, "not a projected system"),
            ("EPSG:4548", "EPSG:9999", 4, "not a projected system"),
            ("officer_level = \"low\"", "officer_level = \"lowest\"", 5, "top, low"),
            ("key = \"low\"", "key = \"top\"", 10, "twice"),
            ("key = \"low\"", "key = \"places\"", 10, "names something else"),
            ("key = \"low\"", "key = \"Low-1\"", 10, "ASCII"),
            ("[300, 500]", "[500, 300]", 12, "least"),
            ("name = \"区\"", "nmae = \"区\"", 3, "unknown field"),
            ("plane = \"EPSG:4548\"", "plane = ", 4, ""),
        ] {
            let error = parse(&SMALL.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error.spot, Spot::Line(l, _) if l == line), "{to}: {error}");
            assert!(error.to_string().contains(said), "{error}");
        }
        assert!(parse(&"[[level]]\nkey=\"a\"\n".repeat(20)).is_err());
        assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    }
}
