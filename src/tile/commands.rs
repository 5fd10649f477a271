//! Geometry as a vector tile writes it: commands and zigzag-coded steps, one point after the other.

use super::feature::{Geometry, Shape};
use super::room::{AT_ONCE, NUMBER, Room};

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// The `geometry` field of one feature, reused from feature to feature.
#[derive(Debug, Default)]
pub(super) struct Commands {
    room: Room,
    cursor: (i32, i32),
}

impl Commands {
    pub(super) const fn clear(&mut self) {
        self.room.clear();
        self.cursor = (0, 0);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.room.written()
    }

    /// Everything of a shape.
    pub(super) fn write(&mut self, shape: &Shape) {
        if shape.geometry == Geometry::Point {
            self.room_for(shape.points.len());
            self.command(MOVE_TO, shape.points.len());
            return self.steps(&shape.points);
        }
        for part in shape.parts().filter(|part| part.len() >= 2) {
            self.room_for(part.len());
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
    fn room_for(&mut self, points: usize) {
        self.room.make((2 * points + 3) * NUMBER);
    }

    fn command(&mut self, id: u32, count: usize) {
        self.room.varint(id | (count as u32) << 3);
    }

    fn steps(&mut self, points: &[(i32, i32)]) {
        let Self { room, cursor } = self;
        let mut from = *cursor;
        let (whole, rest) = points.as_chunks::<{ AT_ONCE / 2 }>();
        for points in whole {
            let mut numbers = [0; AT_ONCE];
            for (numbers, p) in numbers.as_chunks_mut::<2>().0.iter_mut().zip(points) {
                *numbers = [zigzag(p.0.wrapping_sub(from.0)), zigzag(p.1.wrapping_sub(from.1))];
                from = *p;
            }
            room.numbers(&numbers);
        }
        for p in rest {
            room.pair(zigzag(p.0.wrapping_sub(from.0)), zigzag(p.1.wrapping_sub(from.1)));
            from = *p;
        }
        *cursor = from;
    }
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
            commands.room_for(1);
            commands.steps(&[(n, 0)]);
            assert_eq!(commands.bytes(), [bytes, &[0]].concat(), "{n}");
        }
        commands.clear();
        commands.room_for(1);
        commands.steps(&[(i32::MIN, i32::MAX)]);
        assert_eq!(commands.bytes(), [255, 255, 255, 255, 15, 254, 255, 255, 255, 15]);
    }
}
