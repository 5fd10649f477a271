//! Mapbox Vector Tile 2.1, written flat: no message objects, each byte written once.

use super::feature::{EXTENT, Geometry, Shape, Sink, Tag, Value};

/// Writes layers and features into one tile. Layers without features are left out.
#[derive(Debug, Default)]
pub struct Writer {
    tile: Vec<u8>,
    name: String,
    features: Vec<u8>,
    keys: Interner,
    values: Interner,
    scratch: Vec<u8>,
    tags: Vec<u8>,
    geometry: Vec<u8>,
}

impl Writer {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        let tail = self.keys.bytes.len() + self.values.bytes.len() + 8;
        let mut layer = Vec::with_capacity(self.features.len() + tail + self.name.len() + 16);
        field_bytes(&mut layer, 1, self.name.as_bytes());
        layer.append(&mut self.features);
        layer.append(&mut self.keys.bytes);
        layer.append(&mut self.values.bytes);
        field_varint(&mut layer, 5, EXTENT as u64);
        field_varint(&mut layer, 15, 2);
        field_bytes(&mut self.tile, 3, &layer);
        self.keys.clear();
        self.values.clear();
    }

    fn tag(&mut self, (key, value): &Tag<'_>) {
        self.scratch.clear();
        field_bytes(&mut self.scratch, 3, key.as_bytes());
        let key = self.keys.intern(&self.scratch);
        self.scratch.clear();
        field_value(&mut self.scratch, value);
        let value = self.values.intern(&self.scratch);
        varint(&mut self.tags, u64::from(key));
        varint(&mut self.tags, u64::from(value));
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
        self.tags.clear();
        for tag in tags {
            self.tag(tag);
        }
        self.geometry.clear();
        write_geometry(&mut self.geometry, shape);
        let feature = &mut self.scratch;
        feature.clear();
        if let Some(id) = id {
            field_varint(feature, 1, id);
        }
        field_bytes(feature, 2, &self.tags);
        field_varint(feature, 3, kind(shape.geometry));
        field_bytes(feature, 4, &self.geometry);
        field_bytes(&mut self.features, 2, feature);
    }
}

const fn kind(geometry: Geometry) -> u64 {
    match geometry {
        Geometry::Point => 1,
        Geometry::Line => 2,
        Geometry::Polygon => 3,
    }
}

const MOVE_TO: u64 = 1;
const LINE_TO: u64 = 2;
const CLOSE_PATH: u64 = 7;

fn write_geometry(out: &mut Vec<u8>, shape: &Shape) {
    let mut cursor = (0, 0);
    let mut step = |out: &mut Vec<u8>, p: (i32, i32)| {
        varint(out, zigzag(p.0 - cursor.0));
        varint(out, zigzag(p.1 - cursor.1));
        cursor = p;
    };
    let command = |out: &mut Vec<u8>, id: u64, count: usize| varint(out, id | (count as u64) << 3);
    if shape.geometry == Geometry::Point {
        command(out, MOVE_TO, shape.points.len());
        for p in &shape.points {
            step(out, *p);
        }
        return;
    }
    for part in shape.parts().filter(|p| p.len() >= 2) {
        command(out, MOVE_TO, 1);
        step(out, part[0]);
        command(out, LINE_TO, part.len() - 1);
        for p in &part[1..] {
            step(out, *p);
        }
        if shape.geometry == Geometry::Polygon {
            command(out, CLOSE_PATH, 1);
        }
    }
}

const fn zigzag(n: i32) -> u64 {
    ((n << 1) ^ (n >> 31)) as u32 as u64
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

const fn varint_length(n: u64) -> usize {
    let bits = 64 - (n | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Numbers distinct byte strings in the order they come, and keeps them in one buffer, ready to be written.
#[derive(Debug, Default)]
struct Interner {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Open addressing: the number of a string plus one, or 0.
    table: Vec<u32>,
}

impl Interner {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.table.fill(0);
    }

    fn string(&self, number: u32) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number as usize - 1] };
        &self.bytes[start as usize..self.ends[number as usize] as usize]
    }

    fn intern(&mut self, string: &[u8]) -> u32 {
        if (self.ends.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let mut slot = self.slot(string);
        while self.table[slot] != 0 {
            let number = self.table[slot] - 1;
            if self.string(number) == string {
                return number;
            }
            slot = (slot + 1) % self.table.len();
        }
        self.bytes.extend_from_slice(string);
        self.ends.push(self.bytes.len() as u32);
        self.table[slot] = self.ends.len() as u32;
        self.ends.len() as u32 - 1
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(64)];
        for number in 0..self.ends.len() as u32 {
            let mut slot = self.slot(self.string(number));
            while self.table[slot] != 0 {
                slot = (slot + 1) % self.table.len();
            }
            self.table[slot] = number + 1;
        }
    }

    fn slot(&self, string: &[u8]) -> usize {
        // FNV-1a over eight bytes at a time: the strings are ours, short, and collisions only cost time.
        let mix = |hash: u64, word: u64| {
            let hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3);
            hash ^ (hash >> 29)
        };
        let hash = string.chunks(8).fold(0xCBF2_9CE4_8422_2325, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(hash, u64::from_le_bytes(word))
        });
        (mix(hash, string.len() as u64) >> 16) as usize % self.table.len()
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
        let mut interner = Interner::default();
        for i in 0..5000u32 {
            assert_eq!(interner.intern(&(i % 1000).to_le_bytes()), i % 1000);
        }
        assert_eq!(interner.bytes.len(), 4000);
    }

    #[test]
    fn a_tile_without_features_has_no_bytes() {
        let mut writer = Writer::new();
        writer.layer("a");
        writer.layer("b");
        assert_eq!(writer.finish(), Vec::<u8>::new());
    }
}
