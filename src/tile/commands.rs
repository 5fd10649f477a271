//! Geometry as a vector tile writes it: commands and zigzag-coded steps, one point after the other.

use super::feature::{Geometry, Shape};

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;
/// Most bytes of a number.
pub(super) const NUMBER: usize = 5;

/// The `geometry` field of one feature, reused from feature to feature.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// What is written, and room for what comes.
    bytes: Vec<u8>,
    length: usize,
    cursor: (i32, i32),
}

impl Commands {
    pub(super) fn clear(&mut self) {
        self.length = 0;
        self.cursor = (0, 0);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Everything of a shape.
    pub(super) fn write(&mut self, shape: &Shape) {
        if shape.geometry == Geometry::Point {
            self.room(shape.points.len());
            self.command(MOVE_TO, shape.points.len());
            return self.steps(&shape.points);
        }
        for part in shape.parts().filter(|part| part.len() >= 2) {
            self.room(part.len());
            self.command(MOVE_TO, 1);
            self.steps(&part[..1]);
            self.command(LINE_TO, part.len() - 1);
            self.steps(&part[1..]);
            if shape.geometry == Geometry::Polygon {
                self.command(CLOSE_PATH, 1);
            }
        }
    }

    /// Makes room for a part of so many points, its commands included.
    fn room(&mut self, points: usize) {
        let needed = self.length + (2 * points + 3) * NUMBER;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
    }

    fn command(&mut self, id: u32, count: usize) {
        self.length = put(&mut self.bytes, self.length, id | (count as u32) << 3);
    }

    fn steps(&mut self, points: &[(i32, i32)]) {
        let Self { bytes, length, cursor } = self;
        let (mut at, mut from) = (*length, *cursor);
        for p in points {
            at = put(bytes, at, zigzag(p.0.wrapping_sub(from.0)));
            at = put(bytes, at, zigzag(p.1.wrapping_sub(from.1)));
            from = *p;
        }
        (*length, *cursor) = (at, from);
    }
}

/// Writes a number where there is room for the longest; where it ends.
#[inline]
pub(super) fn put(bytes: &mut [u8], at: usize, n: u32) -> usize {
    let room = &mut bytes[at..at + NUMBER];
    if n < 0x80 {
        room[0] = n as u8;
        return at + 1;
    }
    room[0] = n as u8 | 0x80;
    if n < 0x4000 {
        room[1] = (n >> 7) as u8;
        return at + 2;
    }
    let mut rest = n >> 7;
    for (i, byte) in room.iter_mut().enumerate().skip(1) {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
        if rest == 0 {
            *byte &= 0x7F;
            return at + i + 1;
        }
    }
    at + NUMBER
}

const fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, 4.3.5, “Example polygon”, its first ring, and numbers of every length.
    #[test]
    fn commands_are_those_of_the_specification() {
        let mut commands = Commands::default();
        let mut shape = Shape::new(Geometry::Polygon);
        shape.push([(3, 6), (8, 12), (20, 34)]);
        commands.write(&shape);
        assert_eq!(commands.bytes(), [9, 6, 12, 18, 10, 12, 24, 44, 15]);

        for (n, bytes) in [(63, &[126][..]), (64, &[128, 1]), (8191, &[254, 127]), (8192, &[128, 128, 1])] {
            commands.clear();
            commands.room(1);
            commands.steps(&[(n, 0)]);
            assert_eq!(commands.bytes(), [bytes, &[0]].concat(), "{n}");
        }
        commands.clear();
        commands.room(1);
        commands.steps(&[(i32::MIN, i32::MAX)]);
        assert_eq!(commands.bytes(), [255, 255, 255, 255, 15, 254, 255, 255, 255, 15]);
    }
}
