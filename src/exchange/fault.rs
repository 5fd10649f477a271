//! What can be wrong with a file: typed, so that every surface can say it in its own words.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[error("{}{spot}: {problem}", file.display())]
pub struct FileFault {
    pub file: PathBuf,
    pub spot: Spot,
    pub problem: Problem,
}

impl FileFault {
    #[must_use]
    pub fn new(file: &Path, spot: Spot, problem: Problem) -> Self {
        Self { file: file.to_owned(), spot, problem }
    }

    #[must_use]
    pub fn whole(file: &Path, problem: Problem) -> Self {
        Self::new(file, Spot::Whole, problem)
    }
}

/// Where in a file. Everything counts from 1, as editors do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    Whole,
    /// Line, and column in characters or bytes, as the parser counts.
    Line(usize, usize),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line, 0) => write!(f, ", line {line}"),
            Self::Line(line, column) => write!(f, ", line {line} column {column}"),
        }
    }
}

/// What is wrong, and after the semicolon what to do.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("there is no such file; check the path (paths in district.toml are relative to it)")]
    Missing,
    #[error("cannot be read ({0}); check that it is a file and may be read")]
    Unreadable(io::Error),
    #[error(
        "is {bytes} bytes, more than the {limit} that are read; split it, or keep only the features of the district"
    )]
    TooLarge { bytes: u64, limit: u64 },
    #[error("unpacks to more than {limit} bytes; split it, or keep only what is needed")]
    TooLargeUnpacked { limit: u64 },
    #[error("is a damaged gzip file ({0}); compress it again")]
    BrokenGzip(io::Error),
    #[error("is no Excel workbook that can be read ({0}); open it in Excel and save it again as .xlsx, or as CSV")]
    BrokenWorkbook(String),
    #[error("is {0}, not text; {1}")]
    NotText(&'static str, &'static str),
    #[error(
        "is neither UTF-8 (it breaks at line {utf8_line}, byte {utf8_at}) nor GB18030 (it breaks at line {gb_line}, byte \
         {gb_at}); save it as UTF-8"
    )]
    Encoding { utf8_line: usize, utf8_at: usize, gb_line: usize, gb_at: usize },
    #[error("is empty; give a file with content")]
    Empty,
    #[error("no reader for this kind of file; give {0}")]
    UnknownFormat(&'static str),
    #[error("{0}; correct the file at this place, or export it again")]
    Syntax(String),
    #[error("NaN and Infinity are not JSON numbers; export the geometry again without them")]
    NotANumber,
    #[error("is a {0}, not a GeoJSON FeatureCollection; export it as FeatureCollection")]
    NotACollection(String),
    #[error("its crs member says “{0}”; export it in CGCS2000 or WGS 84 longitude, latitude (EPSG:4490 / EPSG:4326)")]
    CrsMember(String),
    #[error(
        "the axes look swapped: the first number of a position reaches {first:.4}, the second {second:.4}; GeoJSON wants \
         longitude first, then latitude"
    )]
    SwappedAxes { first: f64, second: f64 },
    #[error(
        "positions like ({x:.2}, {y:.2}) look like projected metres; export the file in longitude, latitude (EPSG:4490)"
    )]
    ProjectedMetres { x: f64, y: f64 },
    #[error("{what} is more than {limit}; split the file")]
    TooMany { what: &'static str, limit: usize },
    #[error("column {} is missing (found: {}); add it to the header row", .wanted.join(" / "), .found.join(", "))]
    MissingColumn { wanted: Vec<&'static str>, found: Vec<String> },
    #[error("column “{0}” stands twice in the header row; rename one")]
    DoubleColumn(String),
    #[error("{key}: {problem}")]
    Setting { key: String, problem: String },
}

/// A row or a feature that cannot be used, while the rest of the file can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    pub file: PathBuf,
    /// Line of the file for tables; number of the feature for GeoJSON. From 1.
    pub row: usize,
    pub column: String,
    /// The start of the value, for finding it again.
    pub value: String,
    pub reason: String,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}", self.file.display(), self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        if self.value.is_empty() {
            write!(f, ": {}", self.reason)
        } else {
            write!(f, ": “{}” {}", self.value, self.reason)
        }
    }
}
