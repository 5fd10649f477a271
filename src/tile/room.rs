//! Bytes as they grow, for writers that make room once and then write many small things into it.

/// Most bytes of a number of 32 bits.
pub(super) const NUMBER: usize = 5;
/// Numbers that [`Room::numbers`] writes.
pub(super) const AT_ONCE: usize = 16;
/// Numbers below it take one byte or two.
const TWO_BYTES: u32 = 1 << 14;

/// What is written, and room for what comes.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    length: usize,
}

impl Room {
    pub(super) const fn clear(&mut self) {
        self.length = 0;
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Makes room for so many more bytes.
    #[inline]
    pub(super) fn make(&mut self, more: usize) {
        let needed = self.length + more;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
    }

    /// Writes a number where there is room for [`NUMBER`] bytes.
    #[inline]
    pub(super) fn varint(&mut self, n: u32) {
        self.length = put(&mut self.bytes, self.length, n);
    }

    /// Writes a long number where there is room for twice as much.
    pub(super) fn varint64(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes[self.length] = n as u8 | 0x80;
            self.length += 1;
            n >>= 7;
        }
        self.bytes[self.length] = n as u8;
        self.length += 1;
    }

    /// Writes bytes where there is room for them.
    #[inline]
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Writes two numbers where there is room for as many.
    #[inline]
    pub(super) fn pair(&mut self, x: u32, y: u32) {
        if (x | y) >= TWO_BYTES {
            return self.long_pair(x, y);
        }
        // Whether a number takes one byte or two is not to be guessed: it is written in two, without a branch.
        let ((x, x_more), (y, y_more)) = (two_bytes(x), two_bytes(y));
        let word = x | y << (8 + 8 * x_more);
        self.bytes[self.length..self.length + 4].copy_from_slice(&word.to_le_bytes());
        self.length += 2 + (x_more + y_more) as usize;
    }

    #[cold]
    fn long_pair(&mut self, x: u32, y: u32) {
        self.varint(x);
        self.varint(y);
    }

    /// Writes numbers where there is room for as many.
    pub(super) fn numbers(&mut self, numbers: &[u32; AT_ONCE]) {
        if numbers.iter().fold(0, |all, n| all | n) >= TWO_BYTES {
            return numbers.iter().for_each(|n| self.varint(*n));
        }
        // First all of them, which the machine does together; then one behind the other.
        let mut written = [0; AT_ONCE];
        for (written, n) in written.iter_mut().zip(numbers) {
            let (two, more) = two_bytes(*n);
            *written = two | more << 16;
        }
        let room = &mut self.bytes[self.length..self.length + AT_ONCE * NUMBER];
        let mut at = 0;
        for two in written {
            room[at..at + 2].copy_from_slice(&(two as u16).to_le_bytes());
            at += 1 + (two >> 16) as usize;
        }
        self.length += at;
    }
}

/// A number below [`TWO_BYTES`] as it is written, the first byte lowest, and 1 if there is a second.
#[inline]
const fn two_bytes(n: u32) -> (u32, u32) {
    let more = (n > 0x7F) as u32;
    ((n & 0x7F) | more << 7 | (n >> 7) << 8, more)
}

/// Writes a number where there is room for the longest; where it ends.
#[inline]
fn put(bytes: &mut [u8], at: usize, n: u32) -> usize {
    let room = &mut bytes[at..at + NUMBER];
    if n < 0x80 {
        room[0] = n as u8;
        return at + 1;
    }
    let mut rest = n;
    for (i, byte) in room.iter_mut().enumerate() {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
        if rest == 0 {
            *byte &= 0x7F;
            return at + i + 1;
        }
    }
    at + NUMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each number alone, and in pairs with all others, as the plain rule writes it.
    #[test]
    fn numbers_of_every_length_are_written_by_the_rule() {
        let plain = |mut n: u64| {
            let mut bytes = Vec::new();
            while n >= 0x80 {
                bytes.push(n as u8 | 0x80);
                n >>= 7;
            }
            bytes.push(n as u8);
            bytes
        };
        let numbers: Vec<u32> = (0..=32)
            .flat_map(|bits| [-1i64, 0, 1].map(|d| ((1i64 << bits) + d).clamp(0, u32::MAX.into()) as u32))
            .collect();
        let mut room = Room::default();
        for x in &numbers {
            room.clear();
            room.make(3 * NUMBER);
            room.varint(*x);
            room.varint64(u64::from(*x) << 20);
            assert_eq!(room.written(), [plain(u64::from(*x)), plain(u64::from(*x) << 20)].concat());
            for y in &numbers {
                room.clear();
                room.make(2 * NUMBER);
                room.pair(*x, *y);
                assert_eq!(room.written(), [plain(u64::from(*x)), plain(u64::from(*y))].concat(), "{x} {y}");
            }
        }
        for numbers in numbers.as_chunks::<AT_ONCE>().0 {
            room.clear();
            room.make(AT_ONCE * NUMBER);
            room.numbers(numbers);
            assert_eq!(room.written(), numbers.map(|n| plain(u64::from(n))).concat());
        }
    }
}
