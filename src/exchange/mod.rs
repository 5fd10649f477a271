//! What do others send us, and want back? One file a format; every fault says which file, where in it, and what to do.

pub mod fault;
pub mod text;
pub mod columns;
pub mod district;
pub mod geojson;
pub mod units;
pub mod base;
pub mod table;
pub mod tables;
pub mod history;
pub mod actors;
pub mod points;
pub mod workbook;
pub mod addresses;
pub mod report;
pub mod archive;
pub mod pmtiles;
pub mod sheet;

pub use fault::{FileFault, Problem, RowFault, Spot};
pub use text::{Limits, Text};
