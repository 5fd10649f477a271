//! Where is “隆鑫苑5号楼”? Places and standard addresses, each with its position; the owner is computed, never stored by hand.
//!
//! A closed world: what has a name is in a [`gazetteer`]. A text is brought to one form ([`text`]), what it names is found in it ([`read`]), heads and numbers
//! lead to [`candidate`]s, each already owned, and [`decide`] answers or asks.

pub mod align;
pub mod candidate;
pub mod decide;
pub mod derive;
pub mod gazetteer;
pub mod kind;
pub mod letters;
pub mod names;
pub mod numeral;
pub mod read;
pub mod relation;
pub mod search;
pub mod segment;
pub mod setting;
pub mod shape;
pub mod slots;
pub mod sound;
pub mod text;

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
