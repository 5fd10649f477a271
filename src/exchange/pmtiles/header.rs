//! The first 127 bytes: where everything lies, and the figures that a client needs before anything else.

use crate::exchange::archive::{About, Kind, steps};

/// How many there are.
pub(super) const BYTES: usize = 127;
const MAGIC: &[u8; 7] = b"PMTiles";
const VERSION: u8 = 3;
/// What tiles are, numbered from 1.
const KINDS: [Kind; 4] = [Kind::Vector, Kind::Png, Kind::Jpeg, Kind::Webp];

/// How directories, or tiles, are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
}

/// A part of the file: first byte, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub offset: u64,
    pub length: u64,
}

/// As it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    pub root: Section,
    pub metadata: Section,
    pub leaves: Section,
    pub tiles: Section,
    /// Tiles that can be asked for, entries that tell of them, and different bytes among them; 0 for not counted.
    pub addressed: u64,
    pub entries: u64,
    pub contents: u64,
    /// The tiles lie in the order of their numbers.
    pub clustered: bool,
    pub directories: Packing,
    pub packing: Packing,
    pub kind: Kind,
    pub zooms: (u8, u8),
    /// West, south, east, north in 10⁻⁷ degrees.
    pub bounds: [i32; 4],
    pub center: (i32, i32, u8),
}

impl Packing {
    const fn byte(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Gzip => 2,
        }
    }

    fn of(byte: u8) -> Result<Self, String> {
        match byte {
            1 => Ok(Self::None),
            2 => Ok(Self::Gzip),
            3 => Err("it is packed with brotli, which is not read here".to_owned()),
            4 => Err("it is packed with zstd, which is not read here".to_owned()),
            other => Err(format!("packing {other} is unknown")),
        }
    }
}

impl Section {
    pub(super) const fn end(self) -> Option<u64> {
        self.offset.checked_add(self.length)
    }
}

/// Reads the header's fields one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk::<N>().map_or(([0; N], &[][..]), |(a, b)| (*a, b));
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.take())
    }

    fn section(&mut self) -> Section {
        Section { offset: u64::from_le_bytes(self.take()), length: u64::from_le_bytes(self.take()) }
    }

    fn count(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn degrees(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }
}

impl Header {
    /// What an archive says of itself; the rest is left to be filled in.
    pub(super) fn of(about: &About) -> Self {
        let nowhere = Section::default();
        Self {
            root: nowhere,
            metadata: nowhere,
            leaves: nowhere,
            tiles: nowhere,
            addressed: 0,
            entries: 0,
            contents: 0,
            clustered: true,
            directories: Packing::Gzip,
            packing: if about.kind == Kind::Vector { Packing::Gzip } else { Packing::None },
            kind: about.kind,
            zooms: (about.min_zoom, about.max_zoom),
            bounds: about.bounds.map(steps),
            center: (steps(about.center.0), steps(about.center.1), about.center.2),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BYTES);
        out.extend(MAGIC);
        out.push(VERSION);
        for section in [self.root, self.metadata, self.leaves, self.tiles] {
            out.extend(section.offset.to_le_bytes());
            out.extend(section.length.to_le_bytes());
        }
        for count in [self.addressed, self.entries, self.contents] {
            out.extend(count.to_le_bytes());
        }
        let kind = 1 + KINDS.iter().position(|kind| *kind == self.kind).unwrap_or_default() as u8;
        out.extend([u8::from(self.clustered), self.directories.byte(), self.packing.byte(), kind]);
        out.extend([self.zooms.0, self.zooms.1]);
        self.bounds.iter().for_each(|degrees| out.extend(degrees.to_le_bytes()));
        out.push(self.center.2);
        out.extend(self.center.0.to_le_bytes());
        out.extend(self.center.1.to_le_bytes());
        out
    }

    /// Whether a file is one of these at all.
    pub(super) fn begins(bytes: &[u8]) -> Result<(), String> {
        match bytes {
            [magic @ .., version] if magic == MAGIC && *version == VERSION => Ok(()),
            [magic @ .., version] if magic == MAGIC => Err(format!("version {version}; version 3 is read")),
            _ => Err("it does not begin with PMTiles".to_owned()),
        }
    }

    /// Reads and checks what can be checked without the rest of the file.
    pub(super) fn read(bytes: &[u8; BYTES]) -> Result<Self, String> {
        let mut fields = Fields(&bytes[8..]);
        let [root, metadata, leaves, tiles] = std::array::from_fn(|_| fields.section());
        let [addressed, entries, contents] = std::array::from_fn(|_| fields.count());
        let clustered = match fields.byte() {
            0 => false,
            1 => true,
            other => return Err(format!("“clustered” is {other}, neither 0 nor 1")),
        };
        let directories = Packing::of(fields.byte()).map_err(|why| format!("directories: {why}"))?;
        let packing = Packing::of(fields.byte()).map_err(|why| format!("tiles: {why}"))?;
        let number = fields.byte();
        let kind = usize::from(number).checked_sub(1).and_then(|at| KINDS.get(at)).copied();
        let kind = kind.ok_or_else(|| {
            format!("its tiles are of type {number}; MVT (1), PNG (2), JPEG (3) and WebP (4) are read")
        })?;
        let zooms = (fields.byte(), fields.byte());
        let bounds: [i32; 4] = std::array::from_fn(|_| fields.degrees());
        let zoom = fields.byte();
        let center = (fields.degrees(), fields.degrees(), zoom);
        let made = Self {
            root,
            metadata,
            leaves,
            tiles,
            addressed,
            entries,
            contents,
            clustered,
            directories,
            packing,
            kind,
            zooms,
            bounds,
            center,
        };
        made.sane().map(|()| made)
    }

    fn sane(&self) -> Result<(), String> {
        let [west, south, east, north] = self.bounds;
        let within = |lon: i32, lat: i32| {
            (-1_800_000_000..=1_800_000_000).contains(&lon) && (-900_000_000..=900_000_000).contains(&lat)
        };
        if west > east || south > north || !within(west, south) || !within(east, north) {
            return Err(format!("its bounds {:?} are no box on the earth", self.bounds.map(|d| f64::from(d) / 1e7)));
        }
        if !within(self.center.0, self.center.1) {
            return Err("its center is not on the earth".to_owned());
        }
        if self.zooms.0 > self.zooms.1 || self.zooms.1 > crate::tile::MAX_ZOOM {
            return Err(format!("its zooms are {}–{}", self.zooms.0, self.zooms.1));
        }
        let Self { addressed, entries, contents, .. } = *self;
        let counted = |fewer: u64, more: u64| fewer <= more || more == 0;
        if !counted(contents, entries) || !counted(entries, addressed) {
            return Err(format!("{addressed} tiles, {entries} entries and {contents} contents do not go together"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let section = |offset, length| Section { offset, length };
        Header {
            root: section(127, 300),
            metadata: section(16_384, 900),
            leaves: section(90_000, 5000),
            tiles: section(20_000, 70_000),
            addressed: 1612,
            entries: 1600,
            contents: 1590,
            clustered: true,
            directories: Packing::Gzip,
            packing: Packing::Gzip,
            kind: Kind::Vector,
            zooms: (8, 16),
            bounds: [1_165_500_000, 353_200_000, 1_168_000_000, 355_300_000],
            center: (1_166_000_000, 354_000_000, 12),
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let bytes: [u8; BYTES] = header().write().try_into().unwrap();
        assert_eq!(Header::begins(&bytes[..8]), Ok(()));
        assert_eq!(Header::read(&bytes), Ok(header()));
        // Where the specification puts them: root offset at 8, clustered at 96, tile type at 99, zooms at 100, center's zoom at 118.
        assert_eq!(bytes[8..16], 127u64.to_le_bytes());
        assert_eq!(bytes[96..102], [1, 2, 2, 1, 8, 16]);
        assert_eq!(bytes[118], 12);
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(Header::begins(b"PMTiles\x02").unwrap_err().contains("version 2"));
        assert!(Header::begins(b"SQLite f").is_err() && Header::begins(b"").is_err());
        for (at, byte, problem) in [
            (96, 2, "clustered"),
            (97, 3, "brotli"),
            (98, 4, "zstd"),
            (98, 0, "packing 0"),
            (99, 5, "type 5"),
            (100, 17, "zooms"),
            (101, 40, "zooms"),
            (105, 0x7f, "bounds"),
            (126, 0x7f, "center"),
            (87, 1, "do not go together"),
        ] {
            let mut bytes: [u8; BYTES] = header().write().try_into().unwrap();
            bytes[at] = byte;
            let told = Header::read(&bytes).unwrap_err();
            assert!(told.contains(problem), "{at}: {told}");
        }
    }
}
