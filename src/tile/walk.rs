//! Is this a vector tile? Walks through MVT 2.1 byte by byte, as a strict reader does, and counts what is there.

use std::collections::BTreeSet;

/// A layer as it was found in a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedLayer {
    pub name: String,
    pub features: u64,
}

/// Where a tile stops being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no vector tile: {problem} (byte {at} of its part)")]
pub struct NotATile {
    /// Byte within the message that is wrong: the tile, a layer, a feature or its geometry.
    pub at: usize,
    pub problem: &'static str,
}

/// Reads numbers and fields from bytes that somebody else wrote.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The value of a field.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which only values use.
    Fixed,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    const fn fault(&self, problem: &'static str) -> NotATile {
        NotATile { at: self.at, problem }
    }

    /// A varint of at most 64 bits.
    pub(crate) fn varint(&mut self) -> Result<u64, NotATile> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(self.fault("it ends inside a number"))?;
            self.at += 1;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.fault("a number is longer than 64 bits"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], NotATile> {
        let end = usize::try_from(length).ok().and_then(|n| self.at.checked_add(n));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(self.fault("a field is longer than what is left"))?;
        self.at += taken.len();
        Ok(taken)
    }

    /// The next field's number and value; `None` at the end.
    fn field(&mut self) -> Result<Option<(u64, Field<'a>)>, NotATile> {
        if self.is_at_end() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            _ => return Err(self.fault("a field has a type that is not used any more")),
        };
        Ok(Some((key >> 3, value)))
    }
}

/// The layers of a tile, in order. Everything that MVT 2.1 says with “must” is held: version, extent, unique layer names, tags in pairs that point at
/// keys and values that are there, geometry commands in the order their type wants, coordinates of 32 bits. Cost: one pass.
///
/// # Errors
/// [`NotATile`].
pub fn walk(bytes: &[u8]) -> Result<Vec<WalkedLayer>, NotATile> {
    let mut tile = Cursor::new(bytes);
    let mut layers: Vec<WalkedLayer> = Vec::new();
    let mut names = BTreeSet::new();
    while let Some((number, value)) = tile.field()? {
        let (3, Field::Bytes(layer)) = (number, value) else {
            return Err(tile.fault("something else than a layer"));
        };
        let found = walk_layer(layer)?;
        if !names.insert(found.name.clone()) {
            return Err(tile.fault("two layers have one name"));
        }
        layers.push(found);
    }
    Ok(layers)
}

fn walk_layer(bytes: &[u8]) -> Result<WalkedLayer, NotATile> {
    let mut layer = Cursor::new(bytes);
    let (mut name, mut version, mut extent, mut keys, mut values) = (None, 1, 4096, 0u64, 0u64);
    let mut features: Vec<&[u8]> = Vec::new();
    while let Some((number, value)) = layer.field()? {
        match (number, value) {
            (1, Field::Bytes(text)) => {
                name = Some(std::str::from_utf8(text).map_err(|_| layer.fault("a layer's name is no UTF-8"))?);
            }
            (2, Field::Bytes(feature)) => features.push(feature),
            (3, Field::Bytes(key)) => {
                std::str::from_utf8(key).map_err(|_| layer.fault("a key is no UTF-8"))?;
                keys += 1;
            }
            (4, Field::Bytes(value)) => {
                walk_value(value)?;
                values += 1;
            }
            (5, Field::Number(n)) => extent = n,
            (15, Field::Number(n)) => version = n,
            (1..=5 | 15, _) => return Err(layer.fault("a field of a layer has another type")),
            _ => {}
        }
    }
    let name = name.filter(|name| !name.is_empty()).ok_or(layer.fault("a layer without a name"))?;
    if !(1..=2).contains(&version) {
        return Err(layer.fault("a layer of an unknown version"));
    }
    if extent == 0 || extent > u64::from(u32::MAX) {
        return Err(layer.fault("a layer without an extent"));
    }
    features.iter().try_for_each(|feature| walk_feature(feature, keys, values))?;
    Ok(WalkedLayer { name: name.to_owned(), features: features.len() as u64 })
}

fn walk_value(bytes: &[u8]) -> Result<(), NotATile> {
    let mut value = Cursor::new(bytes);
    let mut count = 0;
    while let Some((number, found)) = value.field()? {
        if let (1, Field::Bytes(text)) = (number, &found) {
            std::str::from_utf8(text).map_err(|_| value.fault("a text is no UTF-8"))?;
        }
        if !(1..=7).contains(&number) {
            return Err(value.fault("a value of an unknown type"));
        }
        count += 1;
    }
    if count == 1 { Ok(()) } else { Err(value.fault("a value that is not exactly one")) }
}

fn walk_feature(bytes: &[u8], keys: u64, values: u64) -> Result<(), NotATile> {
    let mut feature = Cursor::new(bytes);
    let (mut kind, mut geometry) = (0, None);
    while let Some((number, value)) = feature.field()? {
        match (number, value) {
            (1, Field::Number(_)) => {}
            (2, Field::Bytes(tags)) => walk_tags(tags, keys, values)?,
            (3, Field::Number(n)) => kind = n,
            (4, Field::Bytes(commands)) => geometry = Some(commands),
            (1..=4, _) => return Err(feature.fault("a field of a feature has another type")),
            _ => {}
        }
    }
    let geometry = geometry.ok_or(feature.fault("a feature without a geometry"))?;
    walk_geometry(geometry, kind)
}

fn walk_tags(bytes: &[u8], keys: u64, values: u64) -> Result<(), NotATile> {
    let mut tags = Cursor::new(bytes);
    while !tags.is_at_end() {
        if tags.varint()? >= keys {
            return Err(tags.fault("a tag names a key that is not there"));
        }
        if tags.is_at_end() {
            return Err(tags.fault("a tag without a value"));
        }
        if tags.varint()? >= values {
            return Err(tags.fault("a tag names a value that is not there"));
        }
    }
    Ok(())
}

const POINT: u64 = 1;
const LINE: u64 = 2;
const POLYGON: u64 = 3;

/// `MoveTo n` for points, `MoveTo 1 LineTo n` for lines, `MoveTo 1 LineTo n ClosePath` for rings; several parts one after the other.
fn walk_geometry(bytes: &[u8], kind: u64) -> Result<(), NotATile> {
    let mut commands = Cursor::new(bytes);
    if commands.is_at_end() {
        return Err(commands.fault("a geometry of no command"));
    }
    while !commands.is_at_end() {
        match kind {
            POINT => {
                command(&mut commands, 1, 1..=u64::MAX)?;
                if !commands.is_at_end() {
                    return Err(commands.fault("points are more than one command"));
                }
            }
            LINE => {
                command(&mut commands, 1, 1..=1)?;
                command(&mut commands, 2, 1..=u64::MAX)?;
            }
            POLYGON => {
                command(&mut commands, 1, 1..=1)?;
                command(&mut commands, 2, 2..=u64::MAX)?;
                command(&mut commands, 7, 1..=1)?;
            }
            _ => return Err(commands.fault("a geometry of an unknown type")),
        }
    }
    Ok(())
}

/// One command with its parameters.
fn command(commands: &mut Cursor<'_>, id: u64, count: std::ops::RangeInclusive<u64>) -> Result<(), NotATile> {
    let found = commands.varint()?;
    if found & 7 != id || found > u64::from(u32::MAX) || !count.contains(&(found >> 3)) {
        return Err(commands.fault("another drawing command than its type wants"));
    }
    if id != 7 {
        for _ in 0..2 * (found >> 3) {
            if commands.varint()? > u64::from(u32::MAX) {
                return Err(commands.fault("a coordinate is longer than 32 bits"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::feature::{Geometry, Shape, Sink, Value};
    use crate::tile::mvt::Writer;

    fn tile() -> Vec<u8> {
        let mut writer = Writer::new();
        writer.layer("shapes");
        let mut polygon = Shape::new(Geometry::Polygon);
        polygon.push([(0, 0), (4096, 0), (4096, 4096), (-64, 4160)]);
        polygon.push([(10, 10), (10, 20), (20, 20)]);
        writer.feature(Some(7), &[("name", Value::Text("洸河街道")), ("n", Value::Integer(-300))], &polygon);
        let mut line = Shape::new(Geometry::Line);
        line.push([(0, 0), (5, 5)]);
        writer.feature(None, &[("half", Value::Number(0.5)), ("n", Value::Flag(true))], &line);
        writer.layer("points");
        let mut point = Shape::new(Geometry::Point);
        point.push([(3, 3)]);
        writer.feature(None, &[], &point);
        writer.finish()
    }

    #[test]
    fn what_the_writer_writes_is_a_tile() {
        let layer = |name: &str, features| WalkedLayer { name: name.to_owned(), features };
        assert_eq!(walk(&tile()), Ok(vec![layer("shapes", 2), layer("points", 1)]));
        assert_eq!(walk(&[]), Ok(Vec::new()));
    }

    #[test]
    fn a_tile_cut_short_is_none() {
        let whole = tile();
        let first = 2 + usize::from(whole[1]);
        // Cut between its layers it is still a tile, of fewer layers.
        let cuts: Vec<usize> = (1..whole.len()).filter(|cut| walk(&whole[..*cut]).is_ok()).collect();
        assert_eq!(cuts, [first]);
    }

    #[test]
    fn what_no_reader_could_draw_is_named() {
        let layer = |inside: &[u8]| {
            let mut bytes = vec![3 << 3 | 2, inside.len() as u8];
            bytes.extend(inside);
            bytes
        };
        // Name “a”, then a feature, one key, one value, version 2.
        let with = |feature: &[u8]| {
            let mut inside = vec![1 << 3 | 2, 1, b'a', 2 << 3 | 2, feature.len() as u8];
            inside.extend(feature);
            inside.extend([3 << 3 | 2, 1, b'k', 4 << 3 | 2, 2, 7 << 3, 1, 15 << 3, 2]);
            layer(&inside)
        };
        let point = [3 << 3, 1, 4 << 3 | 2, 3, 9, 2, 2];
        assert!(walk(&with(&point)).is_ok());
        for (bytes, problem) in [
            (with(&[3 << 3, 1]), "a feature without a geometry"),
            (with(&[3 << 3, 9, 4 << 3 | 2, 3, 9, 2, 2]), "a geometry of an unknown type"),
            (with(&[3 << 3, 2, 4 << 3 | 2, 3, 9, 2, 2]), "it ends inside a number"),
            (with(&[3 << 3, 3, 4 << 3 | 2, 7, 9, 0, 0, 10, 2, 2, 15]), "another drawing command than its type wants"),
            (with(&[2 << 3 | 2, 2, 1, 0, 3 << 3, 1, 4 << 3 | 2, 3, 9, 2, 2]), "a tag names a key that is not there"),
            (with(&[2 << 3 | 2, 2, 0, 1, 3 << 3, 1, 4 << 3 | 2, 3, 9, 2, 2]), "a tag names a value that is not there"),
            (with(&[2 << 3 | 2, 1, 0, 3 << 3, 1, 4 << 3 | 2, 3, 9, 2, 2]), "a tag without a value"),
            (layer(&[15 << 3, 2]), "a layer without a name"),
            (layer(&[1 << 3 | 2, 1, b'a', 15 << 3, 3]), "a layer of an unknown version"),
            ([with(&point), with(&point)].concat(), "two layers have one name"),
            (vec![1 << 3, 1], "something else than a layer"),
            (
                vec![3 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
                "a number is longer than 64 bits",
            ),
            (vec![3 << 3 | 2, 200, 1], "a field is longer than what is left"),
        ] {
            assert_eq!(walk(&bytes).map_err(|fault| fault.problem), Err(problem));
        }
    }
}
