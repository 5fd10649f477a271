//! Seeded noise over the gazetteer's own addresses: what callers, typists and speech recognition make of them.
//!
//! Every text still says where it is to a careful person with the gazetteer at hand: numbers are written in other ways and never
//! damaged, a damaged name stays nearer to its own place than to any other, and what is left out leaves one place, or `truth`
//! lists all that fit equally.

mod buildings;
mod dice;
mod dropped;
mod field;
mod letters;
mod misheard;
mod names;
mod order;
mod outside;
mod parts;
mod phrases;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use wangge::place::Place;

use dice::Dice;
use field::Field;
pub use outside::outside;
pub use sheet::sheet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    PrefixVariants,
    NumeralForms,
    BuildingWords,
    Typos,
    Homophones,
    DroppedParts,
    Tails,
    WordOrder,
    Traditional,
    AsrConfusions,
}

impl Class {
    pub const ALL: [Self; 10] = [
        Self::PrefixVariants,
        Self::NumeralForms,
        Self::BuildingWords,
        Self::Typos,
        Self::Homophones,
        Self::DroppedParts,
        Self::Tails,
        Self::WordOrder,
        Self::Traditional,
        Self::AsrConfusions,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::PrefixVariants => "prefix variants",
            Self::NumeralForms => "numeral forms",
            Self::BuildingWords => "building words",
            Self::Typos => "typos",
            Self::Homophones => "homophones",
            Self::DroppedParts => "dropped parts",
            Self::Tails => "tails",
            Self::WordOrder => "word order",
            Self::Traditional => "traditional characters",
            Self::AsrConfusions => "speech recognition",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub class: Class,
    pub text: String,
    /// The places that this text honestly means, by index: more than one only when it fits several equally.
    pub truth: Vec<usize>,
}

/// As many texts as asked for, the classes in turn; no text twice within a class while the class has others.
pub fn queries(places: &[Place], seed: u64, count: usize) -> Vec<Query> {
    let field = Field::new(places);
    let mut dice = Dice::new(seed);
    let mut seen = HashSet::new();
    let mut out = Vec::with_capacity(count);
    for i in 0..count {
        let class = Class::ALL[i % Class::ALL.len()];
        let mut tries = 0..2000;
        let found = tries.find_map(|attempt| {
            let (text, mut truth) = field.say(class, &mut dice)?;
            truth.sort_unstable();
            truth.dedup();
            (attempt > 1000 || seen.insert((class, text.clone()))).then_some(Query { class, text, truth })
        });
        out.extend(found);
    }
    out
}
