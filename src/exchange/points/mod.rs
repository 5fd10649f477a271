//! Points in bulk, of any length, and the same rows with answers beside them: CSV in the encoding it came in, or a JSON object a line.
//!
//! Bytes are cut into [`Block`]s of whole rows; each block is answered by itself ([`Form::answer`]), on whatever thread, and the
//! answers in the order of the blocks are the answer to the whole. A row's own bytes are copied, never written anew.

mod cut;
mod figures;
pub(super) mod layout;
mod objects;
mod open;
mod table;
mod unpack;

use crate::locate::Outcome;

pub use cut::{Block, Cutter, Overlong};
pub(super) use figures::write_metres;
pub use layout::{Separator, TableProblem};
pub use objects::ObjectForm;
pub use open::{Counted, TextEncoding, Transcoder, encoding_further_on, open};
pub use table::TableForm;
pub use unpack::Unpacker;

/// What every answered row has more than the one that was asked.
pub const ADDED: [&str; 6] = ["code", "name", "chain", "distance_m", "outcome", "error"];
/// And one more where an accuracy was stated: the codes of the other units within it.
pub const NEIGHBOURS: &str = "neighbours";
/// The outcome of a row without a usable position.
pub(super) const ERROR: &str = "error";

/// How the rows are to be read, where they do not tell themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The column of longitudes or eastings: its name in the header row (the member's, in an object), or its number from 1.
    pub x: Option<String>,
    pub y: Option<String>,
    /// The first row is a row like any other; the columns then go by number.
    pub headless: bool,
    pub separator: Option<Separator>,
    pub encoding: Option<TextEncoding>,
    /// Written before the name of each added column.
    pub prefix: String,
    /// Whether the column [`NEIGHBOURS`] is added.
    pub neighbours: bool,
}

impl Wanted {
    fn added(&self) -> impl Iterator<Item = String> {
        let names = ADDED.into_iter().chain(self.neighbours.then_some(NEIGHBOURS));
        names.map(|name| format!("{}{name}", self.prefix))
    }
}

/// What was found at a row's position.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// [`Form::owner_cells`] of the owner.
    pub owner: &'a [u8],
    /// In metres; infinite where there is no unit at all.
    pub distance_m: f64,
    pub outcome: Outcome,
    /// Codes of the other units within the accuracy, nearest first.
    pub neighbours: Vec<&'a str>,
}

/// A row that has no answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it begins, from 1.
    pub line: u64,
    pub column: String,
    /// The beginning of the value.
    pub value: String,
    /// What the column `outcome` says.
    pub outcome: &'static str,
    pub reason: String,
}

impl BadRow {
    /// What the column `error` says.
    pub(super) fn said(&self) -> String {
        if self.column.is_empty() { self.reason.clone() } else { format!("{} {}", self.column, self.reason) }
    }
}

/// A block's rows with their answers.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub bad: Vec<BadRow>,
}

/// What kind of rows these are.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for a run, and it stays where it is")]
pub enum Form {
    Table(TableForm),
    Objects(ObjectForm),
}

impl Form {
    /// An empty cutter for rows of this form, none longer than `row_bytes`. `line` is the one that the rows begin on.
    #[must_use]
    pub fn cutter(&self, row_bytes: usize, line: u64) -> Cutter {
        match self {
            Self::Table(table) => Cutter::new(table.grammar(), row_bytes, line),
            Self::Objects(_) => Cutter::new(cut::Grammar::lines(), row_bytes, line),
        }
    }

    /// What stands before the first answered row.
    #[must_use]
    pub fn beginning(&self) -> Vec<u8> {
        match self {
            Self::Table(table) => table.beginning(),
            Self::Objects(_) => Vec::new(),
        }
    }

    /// Code, name and chain of a unit as they will stand in every row that it owns; with three empty texts, of nobody.
    #[must_use]
    pub fn owner_cells(&self, code: &str, name: &str, chain: &str) -> Box<[u8]> {
        match self {
            Self::Table(table) => table.owner_cells(code, name, chain),
            Self::Objects(objects) => objects.owner_cells(code, name, chain),
        }
    }

    /// Every row of a block with its answer. `locate` says what is at each of some pairs of numbers, or why nothing can be.
    pub fn answer<'a>(
        &self,
        block: &Block,
        locate: impl FnMut(&[(f64, f64)]) -> Vec<Result<Found<'a>, String>>,
    ) -> Answered {
        match self {
            Self::Table(table) => table.answer(block, locate),
            Self::Objects(objects) => objects.answer(block, locate),
        }
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Inside => "inside",
        Outcome::OnBoundary => "boundary",
        Outcome::Outside => "outside",
    }
}

/// Where outcomes stand in a list of three.
const OUTCOMES: [Outcome; 3] = [Outcome::Inside, Outcome::OnBoundary, Outcome::Outside];

const fn place_of(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Inside => 0,
        Outcome::OnBoundary => 1,
        Outcome::Outside => 2,
    }
}

/// The line of each place in a block, asked in rising order: counts each line break once.
pub(super) struct Lines {
    at: usize,
    line: u64,
}

impl Lines {
    pub(super) const fn of(block: &Block) -> Self {
        Self { at: 0, line: block.line }
    }

    pub(super) fn line(&mut self, block: &Block, place: usize) -> u64 {
        let passed = block.bytes.get(self.at..place).unwrap_or_default();
        self.line += memchr::memchr_iter(block.line_break, passed).count() as u64;
        self.at = place;
        self.line
    }
}
