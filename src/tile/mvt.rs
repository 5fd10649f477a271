//! Mapbox Vector Tile 2.1, written flat: no message objects, each byte written once.

use super::commands::{Commands, NUMBER, put};
use super::feature::{EXTENT, Geometry, Shape, Sink, Tag, Value};

/// Bytes for which there is room from the start: growing to them takes longer than filling them.
const USUAL: usize = 2048;

/// Writes layers and features into one tile. Layers without features are left out.
#[derive(Debug)]
pub struct Writer {
    tile: Vec<u8>,
    name: String,
    features: Vec<u8>,
    keys: Keys,
    values: Interner,
    /// Room for the numbers of one feature's attributes.
    tags: Vec<u8>,
    geometry: Commands,
}

impl Writer {
    #[must_use]
    pub fn new() -> Self {
        let room = || Vec::with_capacity(USUAL);
        Self {
            tile: room(),
            name: String::new(),
            features: room(),
            keys: Keys::default(),
            values: Interner {
                bytes: room(),
                known: Vec::with_capacity(FEW),
                table: Vec::with_capacity(4 * FEW),
                last: Vec::with_capacity(16),
                small: vec![0; 2 * SMALL],
            },
            tags: Vec::new(),
            geometry: Commands::default(),
        }
    }

    /// The finished tile, uncompressed; no bytes at all when it holds no feature.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_layer();
        self.tile
    }

    fn end_layer(&mut self) {
        if self.features.is_empty() {
            return;
        }
        let (keys, values) = (&self.keys.bytes, &self.values.bytes);
        let length = bytes_length(self.name.len())
            + self.features.len()
            + keys.len()
            + values.len()
            + 1
            + varint_length(EXTENT as u64)
            + 2;
        self.tile.reserve(bytes_length(length));
        varint(&mut self.tile, 3 << 3 | 2);
        varint(&mut self.tile, length as u64);
        field_bytes(&mut self.tile, 1, self.name.as_bytes());
        self.tile.extend_from_slice(&self.features);
        self.tile.extend_from_slice(keys);
        self.tile.extend_from_slice(values);
        field_varint(&mut self.tile, 5, EXTENT as u64);
        field_varint(&mut self.tile, 15, 2);
        self.features.clear();
        self.keys.clear();
        self.values.clear();
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Writer {
    fn layer(&mut self, name: &str) {
        self.end_layer();
        self.name.clear();
        self.name.push_str(name);
    }

    fn feature(&mut self, id: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        if shape.is_empty() {
            return;
        }
        self.geometry.clear();
        self.geometry.write(shape);
        let room = tags.len() * 2 * NUMBER;
        if self.tags.len() < room {
            self.tags.resize(room, 0);
        }
        let mut end = 0;
        for (place, (key, value)) in tags.iter().enumerate() {
            end = put(&mut self.tags, end, self.keys.number(place, key));
            end = put(&mut self.tags, end, self.values.intern(place, value));
        }
        let tags = &self.tags[..end];
        let commands = self.geometry.bytes();
        let id_length = id.map_or(0, |id| 1 + varint_length(id));
        let length = id_length + bytes_length(tags.len()) + 2 + bytes_length(commands.len());
        let features = &mut self.features;
        features.reserve(bytes_length(length));
        varint(features, 2 << 3 | 2);
        varint(features, length as u64);
        if let Some(id) = id {
            field_varint(features, 1, id);
        }
        field_bytes(features, 2, tags);
        field_varint(features, 3, kind(shape.geometry));
        field_bytes(features, 4, commands);
    }
}

const fn kind(geometry: Geometry) -> u64 {
    match geometry {
        Geometry::Point => 1,
        Geometry::Line => 2,
        Geometry::Polygon => 3,
    }
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn field_varint(out: &mut Vec<u8>, field: u64, n: u64) {
    varint(out, field << 3);
    varint(out, n);
}

fn field_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A whole `values` field of a layer.
fn field_value(out: &mut Vec<u8>, value: &Value<'_>) {
    if let Value::Text(text) = value
        && let length @ 0..0x7E = text.len() as u64
    {
        out.reserve(4 + text.len());
        out.extend_from_slice(&[4 << 3 | 2, length as u8 + 2, 1 << 3 | 2, length as u8]);
        return out.extend_from_slice(text.as_bytes());
    }
    varint(out, 4 << 3 | 2);
    let start = out.len();
    out.push(0);
    match value {
        Value::Text(text) => {
            // Only texts can make the length need more than one byte.
            out.truncate(start);
            let length = text.len() + 1 + varint_length(text.len() as u64);
            varint(out, length as u64);
            field_bytes(out, 1, text.as_bytes());
            return;
        }
        Value::Number(number) => {
            varint(out, 3 << 3 | 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Integer(n) if *n >= 0 => field_varint(out, 5, *n as u64),
        Value::Integer(n) => field_varint(out, 6, ((n << 1) ^ (n >> 63)) as u64),
        Value::Flag(flag) => field_varint(out, 7, u64::from(*flag)),
    }
    out[start] = (out.len() - start - 1) as u8;
}

/// Bytes of a whole field with so many bytes in it.
const fn bytes_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

const fn varint_length(n: u64) -> usize {
    let bits = 64 - (n | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// The names of a layer's attributes, numbered in the order they come.
#[derive(Debug, Default)]
struct Keys {
    /// Ready to be written.
    bytes: Vec<u8>,
    names: Vec<&'static str>,
    /// The number of the name that came last at each place of a feature: mostly it is the same again.
    last: Vec<u32>,
}

impl Keys {
    fn clear(&mut self) {
        self.bytes.clear();
        self.names.clear();
        self.last.clear();
    }

    fn number(&mut self, place: usize, key: &'static str) -> u32 {
        if let Some(last) = self.last.get(place)
            && same(self.names[*last as usize], key)
        {
            return *last;
        }
        let number = self.names.iter().position(|name| *name == key).unwrap_or_else(|| {
            field_bytes(&mut self.bytes, 3, key.as_bytes());
            self.names.push(key);
            self.names.len() - 1
        }) as u32;
        match self.last.get_mut(place) {
            Some(last) => *last = number,
            None => self.last.push(number),
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
struct Interner {
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`, and its hash.
    known: Vec<(u32, u32)>,
    /// The numbers plus one of small integers, then of small halves (zooms are such), or 0.
    small: Vec<u32>,
    /// Open addressing, a power of two long: the number of a value plus one, or 0.
    table: Vec<u32>,
    /// The number of the value that came last at each place of a feature: neighbours often share their parent, or their class.
    last: Vec<u32>,
}

/// Integers below it, and halves below half of it, are found without hashing.
const SMALL: usize = 256;

/// The place of a small number.
fn small(value: &Value<'_>) -> Option<usize> {
    let among = |n: i64| usize::try_from(n).ok().filter(|n| *n < SMALL);
    match value {
        Value::Integer(n) => among(*n),
        Value::Number(n) => {
            let doubled = n * 2.0;
            let whole = doubled as i64;
            // As bits: minus zero is another value.
            ((whole as f64).to_bits() == doubled.to_bits()).then(|| among(whole)).flatten().map(|n| n + SMALL)
        }
        Value::Text(_) | Value::Flag(_) => None,
    }
}

/// Places in the table of a new layer.
const FEW: usize = 64;

impl Interner {
    fn clear(&mut self) {
        self.bytes.clear();
        // The next layer mostly has as many values; growing to them takes longer than emptying a table that is a little too large.
        if self.known.len() * 8 < self.table.len() {
            self.table.clear();
        }
        self.table.fill(0);
        self.known.clear();
        self.last.clear();
        self.small.fill(0);
    }

    fn value(&self, number: u32) -> &[u8] {
        let start = if number == 0 { 0 } else { self.known[number as usize - 1].0 };
        &self.bytes[start as usize..self.known[number as usize].0 as usize]
    }

    fn intern(&mut self, place: usize, value: &Value<'_>) -> u32 {
        if let Some(at) = small(value) {
            if self.small[at] == 0 {
                self.small[at] = self.number(value) + 1;
            }
            return self.small[at] - 1;
        }
        if let Some(last) = self.last.get(place)
            && is_text(self.value(*last), value)
        {
            return *last;
        }
        let number = self.number(value);
        if self.last.len() <= place {
            self.last.resize(place + 1, number);
        }
        self.last[place] = number;
        number
    }

    fn number(&mut self, value: &Value<'_>) -> u32 {
        if (self.known.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        // Written where it belongs, and taken back when it is there already.
        let start = self.bytes.len();
        field_value(&mut self.bytes, value);
        let hash = hash(&self.bytes[start..]);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(number) = self.table[slot].checked_sub(1) {
            if self.known[number as usize].1 == hash && *self.value(number) == self.bytes[start..] {
                self.bytes.truncate(start);
                return number;
            }
            slot = (slot + 1) & mask;
        }
        self.known.push((self.bytes.len() as u32, hash));
        self.table[slot] = self.known.len() as u32;
        self.known.len() as u32 - 1
    }

    fn grow(&mut self) {
        let places = (self.table.len() * 2).max(FEW);
        self.table.clear();
        self.table.resize(places, 0);
        for (number, (_, hash)) in (1u32..).zip(&self.known) {
            let mut slot = *hash as usize & (places - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (places - 1);
            }
            self.table[slot] = number;
        }
    }
}

/// Whether a value is a text and was written as `field`.
fn is_text(field: &[u8], value: &Value<'_>) -> bool {
    let Value::Text(text) = value else { return false };
    let inner = bytes_length(text.len());
    field.len() == bytes_length(inner) && field[field.len() - inner] == 1 << 3 | 2 && field.ends_with(text.as_bytes())
}

/// Multiplies and folds eight bytes at a time: the values are ours and short, and collisions only cost time.
fn hash(bytes: &[u8]) -> u32 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^ (hash >> 32)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let whole = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    // The last eight bytes again rather than byte by byte.
    let end = match bytes.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(whole, end) as u32
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
        let Writer { values: mut interner, .. } = Writer::new();
        for i in 0..5000u32 {
            assert_eq!(interner.intern(0, &Value::Number(f64::from(i % 1000))), i % 1000);
        }
        assert_eq!(interner.bytes.len(), 1000 * (2 + 1 + 8));
        let others = [Value::Number(-0.0), Value::Integer(0), Value::Integer(1), Value::Number(0.25)];
        assert_eq!(others.map(|value| interner.intern(1, &value)), [1000, 1001, 1002, 1003]);
        assert_eq!(others.map(|value| interner.intern(2, &value)), [1000, 1001, 1002, 1003]);
        interner.clear();
        assert_eq!(others.map(|value| interner.intern(0, &value)), [0, 1, 2, 3]);
    }

    #[test]
    fn a_tile_without_features_has_no_bytes() {
        let mut writer = Writer::new();
        writer.layer("a");
        writer.layer("b");
        assert_eq!(writer.finish(), Vec::<u8>::new());
    }
}
