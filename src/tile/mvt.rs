//! Mapbox Vector Tile 2.1, written flat: no message objects, each byte written once.

use std::cell::Cell;

use super::attributes::{Attributes, Mark, field_of, varint, varint_length};
use super::commands::Commands;
use super::feature::{EXTENT, Geometry, Shape, Sink, Tag, Value};
use super::room::{NUMBER, Room};

/// Most bytes of a feature besides its attributes and its geometry.
const FRAME: usize = 8 * NUMBER;

/// Writes layers and features into one tile. Layers without features are left out.
#[derive(Debug)]
pub struct Writer(Box<Work>);

/// What a tile is written in, and then the next one: growing to a tile's size takes longer than filling it.
#[derive(Debug, Default)]
struct Work {
    tile: Room,
    name: String,
    features: Room,
    keys: Keys,
    values: Values,
    /// The numbers of one feature's attributes.
    tags: Room,
    geometry: Commands,
    /// A value's field.
    field: Vec<u8>,
}

thread_local! {
    /// What the last writer of a thread left behind, if it was no larger than most.
    static LEFT: Cell<Option<Box<Work>>> = const { Cell::new(None) };
}

/// A tile of more bytes leaves nothing behind.
const MOST_LEFT: usize = 1 << 18;

impl Writer {
    #[must_use]
    pub fn new() -> Self {
        let mut work = LEFT.take().unwrap_or_default();
        work.values.begin();
        Self(work)
    }

    /// The finished tile, uncompressed; no bytes at all when it holds no feature.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.0.end_layer();
        let tile = self.0.tile.written().to_vec();
        self.0.tile.clear();
        if tile.len() <= MOST_LEFT {
            LEFT.set(Some(self.0));
        }
        tile
    }
}

impl Work {
    fn end_layer(&mut self) {
        if self.features.len() == 0 {
            return;
        }
        let (features, keys, values) = (self.features.written(), &self.keys.bytes, self.values.fields.written());
        let length = bytes_length(self.name.len())
            + features.len()
            + keys.len()
            + values.len()
            + 1
            + varint_length(EXTENT as u64)
            + 2;
        let tile = &mut self.tile;
        tile.make(bytes_length(length) + NUMBER);
        tile.varint(3 << 3 | 2);
        tile.varint(length as u32);
        tile.varint(1 << 3 | 2);
        tile.varint(self.name.len() as u32);
        tile.copy(self.name.as_bytes());
        tile.copy(features);
        tile.copy(keys);
        tile.copy(values);
        tile.varint(5 << 3);
        tile.varint(EXTENT as u32);
        tile.varint(15 << 3);
        tile.varint(2);
        self.features.clear();
        self.keys.clear();
        self.values.clear();
    }

    /// Makes room for so many attributes of the next feature.
    fn begin(&mut self, attributes: usize) {
        self.tags.clear();
        self.tags.make(attributes * 2 * NUMBER);
    }

    /// The attributes are there: now the feature.
    fn end(&mut self, id: Option<u64>, shape: &Shape) {
        self.geometry.clear();
        self.geometry.write(shape);
        let (tags, commands) = (self.tags.written(), self.geometry.bytes());
        let id_length = id.map_or(0, |id| 1 + varint_length(id));
        let length = id_length + bytes_length(tags.len()) + 2 + bytes_length(commands.len());
        let features = &mut self.features;
        features.make(FRAME + length);
        features.varint(2 << 3 | 2);
        features.varint(length as u32);
        if let Some(id) = id {
            features.varint(1 << 3);
            features.varint64(id);
        }
        features.varint(2 << 3 | 2);
        features.varint(tags.len() as u32);
        features.copy(tags);
        features.varint(3 << 3);
        features.varint(kind(shape.geometry));
        features.varint(4 << 3 | 2);
        features.varint(commands.len() as u32);
        features.copy(commands);
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Writer {
    fn takes_written(&self) -> bool {
        true
    }

    fn layer(&mut self, name: &str) {
        self.0.end_layer();
        self.0.name.clear();
        self.0.name.push_str(name);
    }

    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        if shape.is_empty() {
            return;
        }
        let work = &mut *self.0;
        work.begin(tags.len());
        for (place, (key, value)) in tags.iter().enumerate() {
            work.tags.pair(work.keys.number(place, key), work.values.number_of(&mut work.field, value));
        }
        work.end(id, shape);
    }

    fn written(&mut self, said: Attributes<'_>, shape: &Shape) {
        if shape.is_empty() {
            return;
        }
        let work = &mut *self.0;
        work.begin(said.len());
        for (place, (key, mark, field)) in said.each().enumerate() {
            work.tags.pair(work.keys.number(place, key), work.values.number(mark, field));
        }
        work.end(Some(said.id), shape);
    }
}

const fn kind(geometry: Geometry) -> u32 {
    match geometry {
        Geometry::Point => 1,
        Geometry::Line => 2,
        Geometry::Polygon => 3,
    }
}

fn field_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes of a whole field with so many bytes in it.
const fn bytes_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

/// The names of a layer's attributes, numbered in the order they come.
#[derive(Debug, Default)]
struct Keys {
    /// Ready to be written.
    bytes: Vec<u8>,
    names: Vec<&'static str>,
    /// The name that came last at each place of a feature, and its number: mostly it is the same again.
    last: Vec<(&'static str, u32)>,
}

impl Keys {
    fn clear(&mut self) {
        self.bytes.clear();
        self.names.clear();
        self.last.clear();
    }

    #[inline]
    fn number(&mut self, place: usize, key: &'static str) -> u32 {
        match self.last.get(place) {
            Some((last, number)) if same(last, key) => *number,
            _ => self.other(place, key),
        }
    }

    /// A name that is not the one that came last at its place.
    #[cold]
    fn other(&mut self, place: usize, key: &'static str) -> u32 {
        let number = self.names.iter().position(|name| *name == key).unwrap_or_else(|| {
            field_bytes(&mut self.bytes, 3, key.as_bytes());
            self.names.push(key);
            self.names.len() - 1
        }) as u32;
        if place == self.last.len() {
            self.last.push((key, number));
        } else if let Some(last) = self.last.get_mut(place) {
            *last = (key, number);
        }
        number
    }
}

/// Whether two names are equal: those of one kind of feature are the same ones.
fn same(one: &'static str, other: &'static str) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// Numbers distinct values in the order they come, and keeps them in one buffer, ready to be written.
#[derive(Debug)]
struct Values {
    fields: Room,
    /// Values of this layer and of those before.
    count: u32,
    /// Of those before: what is left of them in the table is nothing.
    before: u32,
    /// Open addressing, a power of two long.
    table: Vec<Known>,
}

impl Default for Values {
    fn default() -> Self {
        Self { fields: Room::default(), count: 0, before: 0, table: vec![Known::default(); FEW] }
    }
}

/// A value that is there, or none.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    mark: Mark,
    /// Where its field is.
    at: u32,
    /// How many values there were with it, those of earlier layers included.
    count: u32,
}

/// Places in the table from the start: twice as many as most layers have values.
const FEW: usize = 512;
/// Places that are not kept for the next tile: what fits into few cache lines is at hand.
const MANY: usize = 1 << 13;
/// Values that are counted on from tile to tile: one tile has by far fewer than are left to 2³².
const MOST_COUNTED: u32 = 1 << 30;

impl Values {
    /// Before a tile: a count that has become large, or a table, begins anew.
    fn begin(&mut self) {
        if self.count >= MOST_COUNTED || self.table.len() > MANY {
            *self = Self { fields: std::mem::take(&mut self.fields), ..Self::default() };
        }
    }

    fn clear(&mut self) {
        self.fields.clear();
        self.before = self.count;
    }

    /// `room` is for its field.
    fn number_of(&mut self, room: &mut Vec<u8>, value: &Value<'_>) -> u32 {
        room.clear();
        field_of(room, value);
        self.number(Mark::of(room), room)
    }

    #[inline]
    fn number(&mut self, mark: Mark, field: &[u8]) -> u32 {
        let mask = self.table.len() - 1;
        let mut slot = mark.place() & mask;
        loop {
            let known = self.table[slot];
            if known.count <= self.before {
                return self.add(slot, mark, field);
            }
            if known.mark == mark && (mark.is_whole() || self.fields.written()[known.at as usize..].starts_with(field))
            {
                return known.count - self.before - 1;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// A value that is not there; `slot` is where the search ended.
    fn add(&mut self, slot: usize, mark: Mark, field: &[u8]) -> u32 {
        self.count += 1;
        self.table[slot] = Known { mark, at: self.fields.len() as u32, count: self.count };
        self.fields.make(field.len());
        self.fields.copy(field);
        let number = self.count - self.before - 1;
        if (number as usize + 1) * 2 >= self.table.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let places = self.table.len() * 4;
        let known = std::mem::replace(&mut self.table, vec![Known::default(); places]);
        for known in known.into_iter().filter(|known| known.count > self.before) {
            let mut slot = known.mark.place() & (places - 1);
            while self.table[slot].count != 0 {
                slot = (slot + 1) & (places - 1);
            }
            self.table[slot] = known;
        }
    }
}

#[cfg(test)]
mod tests {
    use fast_mvt::{MvtReaderRef, MvtValueRef};

    use super::*;

    fn point(x: i32, y: i32) -> Shape {
        let mut shape = Shape::new(Geometry::Point);
        shape.push([(x, y)]);
        shape
    }

    #[test]
    fn another_reader_reads_back_what_was_written() {
        let mut writer = Writer::new();
        writer.layer("empty");
        writer.layer("shapes");
        let mut polygon = Shape::new(Geometry::Polygon);
        polygon.push([(0, 0), (4096, 0), (4096, 4096), (-64, 4160)]);
        polygon.push([(10, 10), (10, 20), (20, 20)]);
        let long = "街道".repeat(60);
        let tags = [
            ("name", Value::Text("洸河街道")),
            ("long", Value::Text(&long)),
            ("n", Value::Integer(300)),
            ("minus", Value::Integer(-7)),
            ("half", Value::Number(0.5)),
            ("yes", Value::Flag(true)),
        ];
        writer.feature(Some(u64::MAX >> 11), &tags, &polygon);
        writer.feature(None, &[("n", Value::Integer(300))], &point(-5, 5000));
        let bytes = writer.finish();

        let reader = MvtReaderRef::new(&bytes).expect("a tile");
        let layers: Vec<_> = reader.layers().collect();
        assert_eq!(layers.len(), 1);
        assert_eq!((layers[0].name(), layers[0].extent()), ("shapes", 4096));
        let features: Vec<_> = layers[0].features().collect();
        assert_eq!(features[0].id(), Some(u64::MAX >> 11));
        let read: Vec<(String, String)> =
            features[0].properties().map(|p| p.map(|(k, v)| (k.to_owned(), text_of(v))).expect("a property")).collect();
        let want =
            [("name", "洸河街道"), ("long", &long), ("n", "300"), ("minus", "-7"), ("half", "0.5"), ("yes", "true")];
        assert_eq!(read, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
        let shape = format!("{:?}", features[0].geometry().expect("a geometry"));
        assert!(shape.contains("-64") && shape.contains("4160"), "{shape}");
        assert_eq!(features[1].id(), None);
    }

    fn text_of(value: MvtValueRef<'_>) -> String {
        match value {
            MvtValueRef::String(s) => s.to_owned(),
            MvtValueRef::Double(d) => d.to_string(),
            MvtValueRef::Float(f) => f.to_string(),
            MvtValueRef::Int(i) | MvtValueRef::SInt(i) => i.to_string(),
            MvtValueRef::UInt(u) => u.to_string(),
            MvtValueRef::Bool(b) => b.to_string(),
            MvtValueRef::Null => String::new(),
        }
    }

    #[test]
    fn equal_values_are_stored_once_however_many_there_are() {
        let (mut values, mut room) = (Values::default(), Vec::new());
        for i in 0..5000u32 {
            assert_eq!(values.number_of(&mut room, &Value::Number(f64::from(i % 1000))), i % 1000);
        }
        assert_eq!(values.fields.len(), 1000 * (2 + 1 + 8));
        let others = [Value::Number(-0.0), Value::Integer(0), Value::Integer(1), Value::Text("一个网格")];
        let mut numbers = |values: &mut Values| others.map(|value| values.number_of(&mut room, &value));
        assert_eq!([numbers(&mut values), numbers(&mut values)], [[1000, 1001, 1002, 1003]; 2]);
        values.clear();
        assert_eq!(numbers(&mut values), [0, 1, 2, 3]);
    }

    #[test]
    fn a_tile_is_the_same_whatever_was_written_before_it() {
        let tile = |from: u32, values: u32| {
            let mut writer = Writer::new();
            for layer in ["one", "other"] {
                writer.layer(layer);
                for i in from..from + values {
                    let text = format!("网格{i}");
                    let tags = [("name", Value::Text(&text)), ("n", Value::Integer(i64::from(i % 100)))];
                    writer.feature(Some(u64::from(i)), &tags, &point(i as i32, 1));
                }
            }
            writer.finish()
        };
        let small = tile(7, 20);
        for (from, values) in [(0, 300), (7, 19), (0, 30_000), (0, 0), (5, 3000)] {
            let once = tile(from, values);
            assert_eq!(tile(7, 20), small, "after {values}");
            assert_eq!(std::thread::spawn(move || tile(from, values)).join().expect("is written"), once, "{values}");
        }
        let mut values = Values { count: MOST_COUNTED, before: MOST_COUNTED, ..Values::default() };
        values.begin();
        assert_eq!((values.count, values.number_of(&mut Vec::new(), &Value::Flag(true))), (0, 0));
    }

    #[test]
    fn a_tile_without_features_has_no_bytes() {
        let mut writer = Writer::new();
        writer.layer("a");
        writer.layer("b");
        assert_eq!(writer.finish(), Vec::<u8>::new());
    }
}
