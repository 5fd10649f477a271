//! The attributes of features as vector tiles write them: made once a version, written into every tile in which a feature lies.

use super::feature::{Tag, Value};

/// By which a value is found among those of a layer: a short one by its own bytes, a longer one by their hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(u64);

/// Bytes of a value's field that a mark holds all.
const SHORT: usize = 7;

impl Mark {
    /// Of a whole `values` field.
    pub(super) fn of(field: &[u8]) -> Self {
        if field.len() <= SHORT {
            let bytes = field.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
            return Self((field.len() as u64) << 56 | bytes);
        }
        Self(hash(field) | 0xFF << 56)
    }

    /// Whether who has the same mark is the same.
    pub(super) const fn is_whole(self) -> bool {
        self.0 >> 56 != 0xFF
    }

    /// Where to look first in a table of a power of two places.
    pub(super) const fn place(self) -> usize {
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
    }
}

/// An attribute of one thing.
#[derive(Clone, Copy, Debug)]
struct Attribute {
    mark: Mark,
    /// Where its field is.
    at: u32,
    length: u32,
    /// Which key it has.
    key: u32,
}

/// The attributes of many things of a kind, by their numbers.
#[derive(Debug, Default)]
pub(super) struct AttributeTable {
    keys: Vec<&'static str>,
    attributes: Vec<Attribute>,
    /// `values` fields, one behind the other.
    fields: Vec<u8>,
    things: Vec<Thing>,
}

#[derive(Clone, Copy, Debug)]
struct Thing {
    id: u64,
    /// Its attributes: all, and those that are always said.
    from: u32,
    always: u32,
    to: u32,
}

/// The attributes of one thing.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    sayings: &'a AttributeTable,
    pub(super) id: u64,
    attributes: &'a [Attribute],
}

impl AttributeTable {
    /// Appends a thing, of which the first `always` tags are said always.
    pub(super) fn push(&mut self, id: u64, tags: &[Tag<'_>], always: usize) {
        let from = self.attributes.len() as u32;
        for (name, value) in tags {
            let key = self.keys.iter().position(|key| key == name).unwrap_or_else(|| {
                self.keys.push(name);
                self.keys.len() - 1
            });
            let at = self.fields.len();
            field_of(&mut self.fields, value);
            let field = &self.fields[at..];
            let (at, length, key) = (at as u32, field.len() as u32, key as u32);
            self.attributes.push(Attribute { mark: Mark::of(field), at, length, key });
        }
        let always = from + always.min(tags.len()) as u32;
        self.things.push(Thing { id, from, always, to: self.attributes.len() as u32 });
    }

    /// All that is said of a thing, or what is said always.
    pub(super) fn of(&self, number: u32, all: bool) -> Attributes<'_> {
        let Thing { id, from, always, to } = self.things[number as usize];
        let to = if all { to } else { always };
        Attributes { sayings: self, id, attributes: &self.attributes[from as usize..to as usize] }
    }
}

impl<'a> Attributes<'a> {
    pub(super) const fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Key, and the value's mark and field.
    pub(super) fn each(self) -> impl Iterator<Item = (&'static str, Mark, &'a [u8])> {
        let AttributeTable { keys, fields, .. } = self.sayings;
        self.attributes.iter().map(move |Attribute { mark, at, length, key }| {
            (keys[*key as usize], *mark, &fields[*at as usize..(*at + *length) as usize])
        })
    }
}

/// Appends a value as a whole `values` field of a layer.
pub(super) fn field_of(out: &mut Vec<u8>, value: &Value<'_>) {
    out.push(4 << 3 | 2);
    let start = out.len();
    out.push(0);
    match value {
        Value::Text(text) => {
            // Only texts can make the length need more than one byte.
            out.truncate(start);
            let length = text.len() as u64;
            varint(out, 1 + varint_length(length) as u64 + length);
            out.push(1 << 3 | 2);
            varint(out, length);
            out.extend_from_slice(text.as_bytes());
            return;
        }
        Value::Number(number) => {
            out.push(3 << 3 | 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Integer(n) if *n >= 0 => {
            out.push(5 << 3);
            varint(out, *n as u64);
        }
        Value::Integer(n) => {
            out.push(6 << 3);
            varint(out, ((n << 1) ^ (n >> 63)) as u64);
        }
        Value::Flag(flag) => out.extend_from_slice(&[7 << 3, u8::from(*flag)]),
    }
    out[start] = (out.len() - start - 1) as u8;
}

pub(super) fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(super) const fn varint_length(n: u64) -> usize {
    let bits = 64 - (n | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Multiplies and folds eight bytes at a time: the values are ours and short, and collisions only cost time. 56 bits.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^ (hash >> 32)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let whole = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let end = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(whole, end) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_are_told_apart_by_their_marks_and_long_ones_by_their_bytes() {
        let marks = |value: &Value<'_>| {
            let mut field = Vec::new();
            field_of(&mut field, value);
            Mark::of(&field)
        };
        let texts = ["", "0", "00", "ab", "ba", "abc", "洸"].map(Value::Text);
        let numbers = [-129, -2, -1, 0, 1, 2, 127, 128, 16_383, 16_384].map(Value::Integer);
        let all: Vec<Mark> =
            texts.iter().chain(&numbers).chain(&[Value::Flag(true), Value::Flag(false)]).map(marks).collect();
        for (i, mark) in all.iter().enumerate() {
            assert!(mark.is_whole() && !all[..i].contains(mark), "{i}");
        }
        assert!(!marks(&Value::Text("洸河")).is_whole() && !marks(&Value::Number(0.0)).is_whole());
    }

    #[test]
    fn what_is_said_of_a_thing_is_all_or_what_is_said_always() {
        let mut sayings = AttributeTable::default();
        sayings.push(7, &[("code", Value::Text("a")), ("households", Value::Integer(3))], 1);
        sayings.push(9, &[("code", Value::Text("b"))], 4);
        let keys = |number, all| sayings.of(number, all).each().map(|(key, ..)| key).collect::<Vec<_>>();
        assert_eq!((keys(0, true), keys(0, false)), (vec!["code", "households"], vec!["code"]));
        assert_eq!((keys(1, true), keys(1, false), sayings.of(1, true).id), (vec!["code"], vec!["code"], 9));
        let fields: Vec<&[u8]> = sayings.of(0, true).each().map(|(.., field)| field).collect();
        assert_eq!(fields, [&[34, 3, 10, 1, b'a'][..], &[34, 2, 40, 3]]);
    }
}
