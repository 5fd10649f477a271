//! Where is “隆鑫苑5号楼”? Places and standard addresses, each with its position; the owner is computed, never stored by hand.

pub mod carry;
pub mod choice;
pub mod edit;

use crate::crs::Cgcs2000;

/// A place (地点): a compound, a building, a crossing, a village house …
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub id: String,
    /// One of the kinds of `docs/FORMATS.md`, as the source wrote it.
    pub kind: String,
    pub name: String,
    /// The full standard address.
    pub address: String,
    pub aliases: Vec<String>,
    pub point: Cgcs2000,
    /// How far the true position may be from `point`.
    pub accuracy_m: f64,
}
