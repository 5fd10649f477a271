//! The directory of an archive: which tiles lie where, as columns of small numbers packed with gzip; in one piece, or as a root over leaves.

use std::io;

use crate::exchange::archive::{pack, unpack};
use crate::tile::walk::Cursor;

/// What the root may take, so that header and root are read at once: 16,384 bytes less the header.
pub(super) const ROOT_BYTES: usize = 16_384 - super::header::BYTES;
/// Entries of a leaf to begin with; doubled until the root is small enough.
const LEAF_ENTRIES: usize = 4096;
/// The longest directory of all entries that are read, unpacked: a varint is at most ten bytes, and an entry has four.
const DIRECTORY_BYTES: u64 = 64 << 20;

/// Some tiles that follow each other and have the same bytes; with a run of 0, a leaf that tells of the tiles from `id` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: u64,
    pub run: u32,
    /// From the beginning of the tiles, or of the leaves.
    pub offset: u64,
    pub length: u32,
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Entries in the order of their ids, packed.
pub(super) fn write(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(entries.len() * 5);
    varint(&mut out, entries.len() as u64);
    let mut last = 0;
    for entry in entries {
        varint(&mut out, entry.id - last);
        last = entry.id;
    }
    entries.iter().for_each(|entry| varint(&mut out, entry.run.into()));
    entries.iter().for_each(|entry| varint(&mut out, entry.length.into()));
    let mut end = None;
    for entry in entries {
        // 0 says: right behind the one before.
        varint(&mut out, if end == Some(entry.offset) { 0 } else { entry.offset + 1 });
        end = Some(entry.offset + u64::from(entry.length));
    }
    pack(&out)
}

/// The root, and the leaves one after the other; without leaves where the root alone is small enough.
pub(super) fn tree(entries: &[Entry]) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let root = write(entries)?;
    if root.len() <= ROOT_BYTES {
        return Ok((root, Vec::new()));
    }
    let mut size = LEAF_ENTRIES;
    loop {
        let (mut above, mut leaves) = (Vec::new(), Vec::new());
        for part in entries.chunks(size) {
            let leaf = write(part)?;
            let id = part.first().map_or(0, |entry| entry.id);
            above.push(Entry { id, run: 0, offset: leaves.len() as u64, length: leaf.len() as u32 });
            leaves.extend(leaf);
        }
        let root = write(&above)?;
        // One leaf is always enough, so this ends.
        if root.len() <= ROOT_BYTES || above.len() <= 1 {
            return Ok((root, leaves));
        }
        size *= 2;
    }
}

/// Reads one directory. `most` entries are read at most.
pub(super) fn read(packed: &[u8], gzip: bool, most: u64) -> Result<Vec<Entry>, String> {
    let unpacked = if gzip { unpack(packed, DIRECTORY_BYTES)? } else { packed.to_vec() };
    let mut numbers = Cursor::new(&unpacked);
    let mut next = || numbers.varint().map_err(|_| "ends inside a number".to_owned());
    let count = next()?;
    if count > most || count > unpacked.len() as u64 {
        return Err(format!("says it has {count} entries"));
    }
    let mut entries = Vec::with_capacity(count as usize);
    let mut id = 0u64;
    for at in 0..count {
        let step = next()?;
        if at > 0 && step == 0 {
            return Err(format!("entry {at} names the tile of the one before"));
        }
        id = id.checked_add(step).ok_or("a tile's number is too large")?;
        entries.push(Entry { id, run: 0, offset: 0, length: 0 });
    }
    for entry in &mut entries {
        entry.run = next()?.try_into().map_err(|_| "a run is too long")?;
    }
    for entry in &mut entries {
        entry.length = next()?.try_into().map_err(|_| "a length is too large")?;
        if entry.length == 0 {
            return Err("an entry has no bytes".to_owned());
        }
    }
    let mut end = None;
    for entry in &mut entries {
        entry.offset = match (next()?, end) {
            (0, Some(end)) => end,
            (0, None) => return Err("the first entry follows nothing".to_owned()),
            (offset, _) => offset - 1,
        };
        end = Some(entry.offset.checked_add(u64::from(entry.length)).ok_or("an offset is too large")?);
    }
    if !numbers.is_at_end() {
        return Err("has bytes behind its entries".to_owned());
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> Vec<Entry> {
        // Steps, lengths and gaps that do not compress to nothing.
        let noise = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50;
        let mut offset = 0;
        (0..count)
            .map(|i| {
                let length = 200 + noise(i) as u32;
                let entry = Entry { id: i * 3 + noise(i) % 3, run: 1 + (i % 2) as u32, offset, length };
                offset += u64::from(length) + u64::from(i % 7 == 0);
                entry
            })
            .collect()
    }

    #[test]
    fn a_directory_is_read_as_it_was_written() {
        for count in [0, 1, 2, 1000] {
            let some = entries(count);
            assert_eq!(read(&write(&some).unwrap(), true, 1000), Ok(some));
        }
        assert!(read(&write(&entries(11)).unwrap(), true, 10).unwrap_err().contains("11 entries"));
    }

    #[test]
    fn a_small_directory_is_its_root_and_a_large_one_has_leaves() {
        let (root, leaves) = tree(&entries(1000)).unwrap();
        assert!(leaves.is_empty() && root.len() <= ROOT_BYTES);
        let many = entries(200_000);
        let (root, leaves) = tree(&many).unwrap();
        assert!(root.len() <= ROOT_BYTES && !leaves.is_empty());
        let above = read(&root, true, 1000).unwrap();
        let mut found = Vec::new();
        for leaf in &above {
            assert_eq!(leaf.run, 0);
            let part = &leaves[leaf.offset as usize..][..leaf.length as usize];
            let part = read(part, true, 200_000).unwrap();
            assert_eq!(part[0].id, leaf.id);
            found.extend(part);
        }
        assert_eq!(found, many);
    }

    #[test]
    fn what_is_no_directory_is_told() {
        for (bytes, problem) in [
            (&[][..], "ends inside"),
            (&[1, 5], "ends inside"),
            (&[200], "ends inside"),
            (&[9], "9 entries"),
            (&[2, 5, 0, 1, 1, 1, 1, 1, 0], "the one before"),
            (&[1, 5, 1, 0, 1], "no bytes"),
            (&[1, 5, 1, 3, 0], "follows nothing"),
            (&[1, 5, 1, 3, 1, 7], "behind"),
        ] {
            let told = read(bytes, false, 100).unwrap_err();
            assert!(told.contains(problem), "{bytes:?}: {told}");
        }
        assert!(read(&[1, 2, 3], true, 100).unwrap_err().contains("gzip"));
    }
}
