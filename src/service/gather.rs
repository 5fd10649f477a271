//! The first half of an import: every file of a district, read and checked on its own.

use std::path::{Path, PathBuf};

use super::import::{Sources, Step};
use crate::coverage::build::BuildOptions;
use crate::crs::PlaneCrs;
use crate::exchange::district::{self, DistrictFile, Files};
use crate::exchange::history::{self, VersionRow};
use crate::exchange::report::FileNote;
use crate::exchange::table::Rows;
use crate::exchange::tables::{self, BranchRow, PersonRow, UnitRow};
use crate::exchange::units::{self, UnitShape};
use crate::exchange::{FileFault, Limits, Problem, RowFault, Spot, Text, base, text};
use crate::grid::history::Lineage;
use crate::grid::{District, Level, Required};
use crate::issue::Issue;
use crate::place::Place;
use crate::snapshot::BaseFeature;

/// A row with where it stood, for naming it later.
#[derive(Clone, Debug)]
pub(super) struct Sourced<T> {
    /// Index into [`Gathered::notes`].
    pub(super) file: usize,
    pub(super) row: usize,
    pub(super) value: T,
}

/// All files of a district, not yet put together.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) district: DistrictFile,
    pub(super) shapes: Vec<Sourced<UnitShape>>,
    pub(super) uppers: Vec<Sourced<UnitRow>>,
    pub(super) people: Vec<Sourced<PersonRow>>,
    pub(super) branches: Vec<Sourced<BranchRow>>,
    pub(super) places: Vec<Sourced<Place>>,
    pub(super) issues: Vec<Sourced<Issue>>,
    pub(super) base: Vec<BaseFeature>,
    pub(super) versions: Vec<Sourced<VersionRow>>,
    pub(super) lineage: Vec<Sourced<Lineage>>,
    pub(super) notes: Vec<FileNote>,
    pub(super) features: Vec<RowFault>,
    pub(super) rows: Vec<RowFault>,
}

const UNIT_FORMATS: &str = "GeoJSON (.geojson, .json) for shapes or CSV (.csv) for upper units, either may be .gz";
const TABLE_FORMATS: &str = "a table (.csv, .tsv or .txt, each may be .gz)";
const BASE_FORMATS: &str = "GeoJSON (.geojson or .json, each may be .gz)";

/// The extension of a file, without `.gz`, in lower case.
fn extension(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or_else(String::new, |(_, end)| end.to_owned())
}

fn is_geojson(path: &Path) -> bool {
    matches!(extension(path).as_str(), "geojson" | "json")
}

fn is_table(path: &Path) -> bool {
    matches!(extension(path).as_str(), "csv" | "tsv" | "txt")
}

/// Reads every file that the sources name, or that `district.toml` names where they do not.
pub(super) fn gather(
    sources: &Sources,
    limits: &Limits,
    progress: &mut dyn FnMut(Step),
) -> Result<Gathered, FileFault> {
    let mut gathered = gather_boundaries(sources, limits, progress)?;
    let files = gathered.district.files.clone();
    progress(Step::Tables);
    for file in chosen(&sources.people, &files.people) {
        gathered.people(file, limits)?;
    }
    for file in chosen(&sources.places, &files.places) {
        let text = open_table(file, limits)?;
        let rows = tables::places(&text, limits)?;
        let rows = gathered.keep(&text, rows);
        gathered.places.extend(rows);
    }
    for file in chosen(&sources.issues, &files.issues) {
        let text = open_table(file, limits)?;
        let rows = tables::issues(&text, limits)?;
        let rows = gathered.keep(&text, rows);
        gathered.issues.extend(rows);
    }
    for file in &files.base {
        gathered.background(file, limits)?;
    }
    for file in &files.versions {
        let text = open_table(file, limits)?;
        let rows = history::versions(&text, limits)?;
        let rows = gathered.keep(&text, rows);
        gathered.versions.extend(rows);
    }
    for file in &files.lineage {
        let text = open_table(file, limits)?;
        let rows = history::lineage(&text, limits)?;
        let rows = gathered.keep(&text, rows);
        gathered.lineage.extend(rows);
    }
    Ok(gathered)
}

/// The files that a flag names, or those that `district.toml` lists.
const fn chosen<'a>(flag: &'a Vec<PathBuf>, listed: &'a Vec<PathBuf>) -> &'a Vec<PathBuf> {
    if flag.is_empty() { listed } else { flag }
}

/// The description of the district and its units, of all levels; nothing else.
pub(super) fn gather_boundaries(
    sources: &Sources,
    limits: &Limits,
    progress: &mut dyn FnMut(Step),
) -> Result<Gathered, FileFault> {
    let district = district::read(&text::read(&sources.district, limits)?)?;
    let unit_files = chosen(&sources.units, &district.files.units).clone();
    if !unit_files.iter().any(|f| is_geojson(f)) {
        let problem =
            "no GeoJSON with the shapes of the lowest level is named; list one here or give --units".to_owned();
        let problem = Problem::Setting { key: "files.units".to_owned(), problem };
        return Err(FileFault { file: sources.district.clone(), spot: Spot::Whole, problem });
    }
    let mut gathered = Gathered::of(district);
    progress(Step::Units);
    for file in &unit_files {
        gathered.units(file, limits)?;
    }
    Ok(gathered)
}

/// A GeoJSON of units as a district of one level: for checking shapes alone.
pub(super) fn gather_units(file: &Path, limits: &Limits) -> Result<Gathered, FileFault> {
    let level = Level {
        key: "unit".to_owned(),
        name: "网格".to_owned(),
        name_en: "Unit".to_owned(),
        code_length: None,
        bands: Vec::new(),
    };
    let district = District {
        code: String::new(),
        name: file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        name_en: String::new(),
        aliases: Vec::new(),
        synthetic: false,
        mark: String::new(),
        // No plane is known: areas then come from the ellipsoid.
        plane: PlaneCrs(0),
        levels: vec![level],
        required: Required::default(),
    };
    let options = BuildOptions::default();
    let mut gathered = Gathered::of(DistrictFile { district, options, files: Files::default() });
    if is_table(file) {
        return Err(unknown(file, "district.toml, or GeoJSON with the shapes of units"));
    }
    gathered.units(file, limits)?;
    for shape in &mut gathered.shapes {
        shape.value.parent.clear();
    }
    Ok(gathered)
}

fn open_table(file: &Path, limits: &Limits) -> Result<Text, FileFault> {
    if !is_table(file) {
        return Err(unknown(file, TABLE_FORMATS));
    }
    text::read(file, limits)
}

fn unknown(file: &Path, formats: &'static str) -> FileFault {
    FileFault { file: file.to_owned(), spot: Spot::Whole, problem: Problem::UnknownFormat(formats) }
}

impl Gathered {
    fn of(district: DistrictFile) -> Self {
        Self {
            district,
            shapes: Vec::new(),
            uppers: Vec::new(),
            people: Vec::new(),
            branches: Vec::new(),
            places: Vec::new(),
            issues: Vec::new(),
            base: Vec::new(),
            versions: Vec::new(),
            lineage: Vec::new(),
            notes: Vec::new(),
            features: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Notes a table and gives its good rows their place.
    fn keep<T>(&mut self, text: &Text, rows: Rows<T>) -> Vec<Sourced<T>> {
        self.note(text, rows.rows.len(), rows.faults.len(), rows.unread);
        self.rows.extend(rows.faults);
        let file = self.notes.len() - 1;
        rows.rows.into_iter().map(|(row, value)| Sourced { file, row, value }).collect()
    }

    fn note(&mut self, text: &Text, read: usize, faults: usize, unread: Vec<String>) {
        self.notes.push(FileNote { file: text.file.clone(), encoding: text.encoding, read, faults, unread });
    }

    fn units(&mut self, file: &Path, limits: &Limits) -> Result<(), FileFault> {
        if is_table(file) {
            let text = text::read(file, limits)?;
            let rows = tables::units(&text, limits)?;
            let rows = self.keep(&text, rows);
            self.uppers.extend(rows);
            return Ok(());
        }
        if !is_geojson(file) {
            return Err(unknown(file, UNIT_FORMATS));
        }
        let text = text::read(file, limits)?;
        let found = units::read(&text, limits)?;
        self.note(&text, found.shapes.len(), found.faults.len(), found.unread);
        self.features.extend(found.faults);
        let at = self.notes.len() - 1;
        let lowest = self.district.district.levels.last();
        let files_alone = self.district.files == Files::default();
        for shape in found.shapes {
            match (&shape.level, lowest) {
                (Some(said), Some(level))
                    if !files_alone && *said != level.key && *said != level.name && !shape.excluded =>
                {
                    let reason = format!("is not the lowest level ({}); only that one has shapes", level.key);
                    let (value, column) = (said.clone(), "level".to_owned());
                    self.features.push(RowFault { file: text.file.clone(), row: shape.feature, column, value, reason });
                }
                _ => self.shapes.push(Sourced { file: at, row: shape.feature, value: shape }),
            }
        }
        Ok(())
    }

    fn people(&mut self, file: &Path, limits: &Limits) -> Result<(), FileFault> {
        let text = open_table(file, limits)?;
        if tables::is_people(&text) {
            let rows = tables::people(&text, limits)?;
            let rows = self.keep(&text, rows);
            self.people.extend(rows);
        } else {
            let rows = tables::branches(&text, limits)?;
            let rows = self.keep(&text, rows);
            self.branches.extend(rows);
        }
        Ok(())
    }

    fn background(&mut self, file: &Path, limits: &Limits) -> Result<(), FileFault> {
        if !is_geojson(file) {
            return Err(unknown(file, BASE_FORMATS));
        }
        let text = text::read(file, limits)?;
        let found = base::read(&text, limits)?;
        self.note(&text, found.features.len(), found.faults.len(), Vec::new());
        self.base.extend(found.features);
        self.rows.extend(found.faults);
        Ok(())
    }

    /// A fault of a row that only shows once the district is put together.
    pub(super) fn refuse_row<T>(&mut self, source: &Sourced<T>, column: &str, value: &str, reason: &str) {
        let note = &mut self.notes[source.file];
        note.read -= 1;
        note.faults += 1;
        self.rows.push(RowFault {
            file: note.file.clone(),
            row: source.row,
            column: column.to_owned(),
            value: value.chars().take(40).collect(),
            reason: reason.to_owned(),
        });
    }
}
