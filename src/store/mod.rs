//! What must survive a restart? One trait, small enough for a second back end; here one GeoPackage file.

mod geopackage;

pub use geopackage::GeoPackage;

use crate::snapshot::Contents;

/// A place to keep a district. Every call is one transaction: afterwards it is all there or none of it.
pub trait Store {
    /// Replaces everything by `contents` and returns once it is durable.
    ///
    /// # Errors
    /// [`StoreFault`] when nothing was changed.
    fn replace(&mut self, contents: &Contents) -> Result<(), StoreFault>;

    /// Reads everything back.
    ///
    /// # Errors
    /// [`StoreFault`] naming the table and row that cannot be read.
    fn load(&self) -> Result<Contents, StoreFault>;
}

/// What went wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {}
