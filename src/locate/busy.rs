//! Which squares hold an edge: a bit a square, so that a search for the nearest boundary runs through empty land a word at a time.

/// A block is `1 << BLOCK` squares wide and high: a word of bits a row.
pub(super) const BLOCK: u32 = 6;

/// The bits of a grid of squares, row by row, and which blocks have any.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    words: Vec<u64>,
    blocks: Vec<bool>,
    /// Blocks from west to east: words a row.
    across: usize,
    rows: usize,
}

impl Busy {
    pub fn new(columns: usize, rows: usize) -> Self {
        let (across, up) = (blocks(columns), blocks(rows));
        Self { words: vec![0; across * rows], blocks: vec![false; across * up], across, rows }
    }

    /// Columns and rows of blocks.
    pub const fn blocks(&self) -> (usize, usize) {
        (self.across, blocks(self.rows))
    }

    pub fn set(&mut self, column: usize, row: usize, busy: bool) {
        let word = &mut self.words[row * self.across + (column >> BLOCK)];
        let bit = 1 << (column & 63);
        *word = if busy { *word | bit } else { *word & !bit };
    }

    /// Looks anew which blocks have a busy square, of those that hold the squares of some columns and rows.
    pub fn settle(&mut self, columns: std::ops::RangeInclusive<usize>, rows: std::ops::RangeInclusive<usize>) {
        for up in rows.start() >> BLOCK..=rows.end() >> BLOCK {
            for across in columns.start() >> BLOCK..=columns.end() >> BLOCK {
                let any = self.block_rows(up).any(|row| self.words[row * self.across + across] != 0);
                self.blocks[up * self.across + across] = any;
            }
        }
    }

    /// The rows of squares in a row of blocks.
    pub fn block_rows(&self, up: usize) -> std::ops::Range<usize> {
        up << BLOCK..((up + 1) << BLOCK).min(self.rows)
    }

    #[inline]
    pub fn is_busy(&self, (across, up): (usize, usize)) -> bool {
        self.blocks[up * self.across + across]
    }

    /// The bits of 64 squares: those of a block's columns in one row. 0 beyond the grid.
    #[inline]
    pub fn word(&self, across: i64, row: usize) -> u64 {
        if (0..self.across as i64).contains(&across) { self.words[row * self.across + across as usize] } else { 0 }
    }

    /// The bits of 64 squares of one row from any column on, in the grid or beyond it.
    #[inline]
    pub fn from(&self, column: i64, row: usize) -> u64 {
        let (word, bit) = (column >> BLOCK, column & 63);
        // Shifted in two steps, since 64 at once is no shift.
        self.word(word, row) >> bit | self.word(word + 1, row) << (63 - bit) << 1
    }

    pub const fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>() + self.blocks.len()
    }
}

const fn blocks(squares: usize) -> usize {
    (squares + 63) >> BLOCK
}
