//! Files → a district in a store: `replace(read(district.toml))`, all of it or nothing.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::snapshot::Contents;
use crate::store::Store;

/// What to import. Empty lists mean what `district.toml` lists.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub district: PathBuf,
    pub units: Vec<PathBuf>,
    pub people: Vec<PathBuf>,
    pub places: Vec<PathBuf>,
    pub issues: Vec<PathBuf>,
}

/// A long-running step, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Units,
    Tables,
    Build,
    Check,
    Save,
}

/// Reads, builds and saves. `progress` hears each step as it starts.
///
/// # Errors
/// [`ImportFault`]; the store is then as it was.
pub fn import(
    sources: &Sources,
    store: &mut dyn Store,
    recorded: Timestamp,
    progress: &mut dyn FnMut(Step),
) -> Result<Imported, ImportFault> {
    let _ = (sources, store, recorded, progress);
    todo!()
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    pub contents: Contents,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {}
