//! Bytes as they come → blocks of whole rows, wherever the stream was cut on its way. Every byte is looked at once.

use memchr::{memchr, memchr_iter, memrchr, memrchr2};

/// Whole rows, and where they began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub bytes: Vec<u8>,
    /// The line of the first byte, from 1.
    pub line: u64,
    /// The byte that ends a line here.
    pub(super) line_break: u8,
}

/// A row that is too long to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the row that begins on line {line} is longer than {limit} bytes: a quote is not closed, or a line break is missing"
)]
pub struct Overlong {
    pub line: u64,
    pub limit: usize,
}

/// What a byte means outside quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Plain,
    Separator,
    Newline,
    Return,
    /// The first byte of a character whose second could be taken for the separator (GB18030 with `|`).
    Lead,
}

/// How rows are told apart.
#[derive(Clone, Debug)]
pub(super) struct Grammar {
    pub classes: [Class; 256],
    /// Cells may be quoted; otherwise a row is a line, whatever is in it.
    pub quoting: bool,
    pub wide: bool,
    pub line_break: u8,
}

impl Grammar {
    /// One row a line.
    pub fn lines() -> Self {
        let mut classes = [Class::Plain; 256];
        classes[usize::from(b'\n')] = Class::Newline;
        Self { classes, quoting: false, wide: false, line_break: b'\n' }
    }

    /// Cells between separators, as the `csv` crate reads them: a quote opens only at the beginning of a cell, `""` in quotes is a quote,
    /// and CR, LF or both end a row. `wide`: bytes from 0x81 begin a character of two or four bytes.
    pub fn table(separator: u8, wide: bool, line_break: u8) -> Self {
        let mut classes = [Class::Plain; 256];
        if wide {
            classes[0x81..=0xfe].fill(Class::Lead);
        }
        classes[usize::from(b'\n')] = Class::Newline;
        classes[usize::from(b'\r')] = Class::Return;
        classes[usize::from(separator)] = Class::Separator;
        Self { classes, quoting: true, wide, line_break }
    }

    pub fn class(&self, byte: u8) -> Class {
        self.classes[usize::from(byte)]
    }
}

/// Whether a byte may follow a lead byte in GB18030.
pub(super) const fn is_trail(byte: u8) -> bool {
    matches!(byte, 0x30..=0x39 | 0x40..=0x7e | 0x80..=0xfe)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Start,
    Cell,
    /// After a lead byte.
    Led,
    Quoted,
    /// After a quote within quotes: the end of them, or half of a doubled one.
    Quote,
    /// After a CR: an LF would belong to it.
    Return,
}

/// Collects bytes and gives them back in whole rows. Holds at most one row's limit more than was pushed since rows were last taken.
#[derive(Debug)]
pub struct Cutter {
    grammar: Grammar,
    row_bytes: usize,
    held: Vec<u8>,
    /// How far `held` was looked at, and the state there.
    seen: usize,
    state: State,
    /// Where the last whole row ends.
    whole: usize,
    /// The line on which `held` begins.
    line: u64,
}

impl Cutter {
    pub(super) const fn new(grammar: Grammar, row_bytes: usize, line: u64) -> Self {
        Self { grammar, row_bytes, held: Vec::new(), seen: 0, state: State::Start, whole: 0, line }
    }

    /// Takes more bytes in.
    ///
    /// # Errors
    /// [`Overlong`] when they still do not end a row that is over the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Overlong> {
        self.held.extend_from_slice(bytes);
        self.look()
    }

    /// Takes in what `fill` adds to the end of a buffer with room for `room` bytes more.
    ///
    /// # Errors
    /// What `fill` fails with, after what it added is taken in; [`Overlong`] as [`Cutter::push`].
    pub fn fill<E: From<Overlong>>(
        &mut self,
        room: usize,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.held.reserve(room);
        let filled = fill(&mut self.held);
        let looked = self.look();
        filled?;
        Ok(looked?)
    }

    /// Bytes in whole rows that wait to be taken.
    #[must_use]
    pub const fn ready(&self) -> usize {
        self.whole
    }

    /// The whole rows so far; `None` when there are none.
    pub fn take(&mut self) -> Option<Block> {
        if self.whole == 0 {
            return None;
        }
        let rest = self.held.split_off(self.whole);
        self.seen -= self.whole;
        self.whole = 0;
        let bytes = std::mem::replace(&mut self.held, rest);
        Some(self.block(bytes))
    }

    /// What is left at the end of the stream: whole rows, and perhaps one that nothing ends.
    #[must_use]
    pub fn finish(mut self) -> Option<Block> {
        let bytes = std::mem::take(&mut self.held);
        (!bytes.is_empty()).then(|| self.block(bytes))
    }

    fn block(&mut self, bytes: Vec<u8>) -> Block {
        let (line, line_break) = (self.line, self.grammar.line_break);
        self.line += memchr_iter(line_break, &bytes).count() as u64;
        Block { bytes, line, line_break }
    }

    fn look(&mut self) -> Result<(), Overlong> {
        let fresh = &self.held[self.seen..];
        let simple = match self.state {
            State::Start | State::Cell => !self.grammar.quoting || !self.grammar.wide && memchr(b'"', fresh).is_none(),
            _ => false,
        };
        if simple {
            self.look_for_the_last();
        } else {
            self.look_at_each();
        }
        self.seen = self.held.len();
        if self.held.len() - self.whole > self.row_bytes {
            let passed = memchr_iter(self.grammar.line_break, &self.held[..self.whole]).count() as u64;
            return Err(Overlong { line: self.line + passed, limit: self.row_bytes });
        }
        Ok(())
    }

    /// Without quotes only the last line break matters.
    fn look_for_the_last(&mut self) {
        let fresh = &self.held[self.seen..];
        let Some(&last) = fresh.last() else { return };
        if !self.grammar.quoting {
            self.whole = memrchr(b'\n', fresh).map_or(self.whole, |at| self.seen + at + 1);
            return;
        }
        // A CR at the very end waits for its LF.
        let waits = last == b'\r';
        let decided = &fresh[..fresh.len() - usize::from(waits)];
        self.whole = memrchr2(b'\n', b'\r', decided).map_or(self.whole, |at| self.seen + at + 1);
        self.state = match self.grammar.class(last) {
            Class::Return => State::Return,
            Class::Newline | Class::Separator => State::Start,
            Class::Plain | Class::Lead => State::Cell,
        };
    }

    fn look_at_each(&mut self) {
        let Self { grammar, held, state, whole, .. } = self;
        let mut at = self.seen;
        while let Some(&byte) = held.get(at) {
            at += 1;
            *state = match (*state, grammar.class(byte)) {
                (State::Quoted, _) => match memchr(b'"', &held[at - 1..]) {
                    Some(quote) => {
                        at += quote;
                        State::Quote
                    }
                    None => return,
                },
                (State::Quote | State::Start, _) if byte == b'"' => State::Quoted,
                (State::Led, _) if is_trail(byte) => State::Cell,
                (State::Return, Class::Newline) => {
                    *whole = at;
                    State::Start
                }
                (State::Return, _) => {
                    // The row ended before this byte, which is looked at again as the first of the next.
                    at -= 1;
                    *whole = at;
                    State::Start
                }
                (_, Class::Newline) => {
                    *whole = at;
                    State::Start
                }
                (_, Class::Return) => State::Return,
                (_, Class::Separator) => State::Start,
                (_, Class::Lead) => State::Led,
                (_, Class::Plain) => State::Cell,
            };
        }
    }
}
