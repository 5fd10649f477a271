//! One GeoPackage file: layers that QGIS opens as they are, and the coverage tables beside them.

use std::path::{Path, PathBuf};

use super::{Store, StoreFault};
use crate::snapshot::Contents;

/// A store in one file. Opening does nothing yet: each call opens, does its one transaction, and closes.
#[derive(Clone, Debug)]
pub struct GeoPackage {
    path: PathBuf,
}

impl GeoPackage {
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store for GeoPackage {
    fn replace(&mut self, contents: &Contents) -> Result<(), StoreFault> {
        let _ = contents;
        todo!()
    }

    fn load(&self) -> Result<Contents, StoreFault> {
        todo!()
    }
}
