//! Archives of made-up tiles: what goes in comes out, whatever their number, and what was changed afterwards is told.

use std::collections::BTreeMap;

use super::*;
use crate::exchange::archive::Layer;

fn about() -> About {
    let layer = Layer {
        id: "micro".to_owned(),
        description: "微网格".to_owned(),
        min_zoom: 3,
        max_zoom: 9,
        fields: BTreeMap::from([("code".to_owned(), "String".to_owned())]),
    };
    About {
        name: "试验 · units".to_owned(),
        description: "示例数据".to_owned(),
        attribution: "示例".to_owned(),
        version: "3".to_owned(),
        kind: Kind::Vector,
        overlay: true,
        layers: vec![layer],
        min_zoom: 0,
        max_zoom: 0,
        bounds: [116.5, 35.3, 116.8, 35.6],
        center: (116.65, 35.45, 6),
    }
}

type Tiles = Vec<(u64, Vec<u8>)>;

/// Writes tiles by number; equal bytes have equal digests.
fn written(path: &Path, tiles: &[(u64, Vec<u8>)]) -> Result<u64, ArchiveFault> {
    let mut writer: Box<dyn ArchiveWriter> = Box::new(Writer::create(path, &about())?);
    for (id, tile) in tiles {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&(tile.len() as u64).to_le_bytes());
        tile.iter().enumerate().for_each(|(i, byte)| digest[8 + i % 24] = digest[8 + i % 24].wrapping_mul(31) ^ byte);
        writer.put(tile_of(*id).unwrap(), &digest, tile)?;
    }
    writer.finish()
}

fn read(path: &Path) -> Result<(About, Tiles), ArchiveFault> {
    let mut reader = Reader::open(path)?;
    let mut found = Vec::new();
    reader.each(&mut |coord, bytes| {
        found.push((id_of(coord), bytes.to_vec()));
        Ok(())
    })?;
    Ok((reader.about().clone(), found))
}

/// Numbers from a seed.
fn noise(i: u64) -> u64 {
    let mut x = i.wrapping_add(0x9E37_79B9_7F4A_7C15);
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    x ^ (x >> 32)
}

#[test]
fn whatever_the_number_of_tiles_they_come_out_as_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    for count in [0, 1, 2, 700, 60_000] {
        let tiles: Tiles = (0..count)
            .map(|i| {
                let bytes = (0..=noise(i) % 40).map(|k| noise(i * 64 + k) as u8).collect();
                (85 + i * 2 + noise(i) % 2, bytes)
            })
            .collect();
        written(&path, &tiles).unwrap();
        let (found, back) = read(&path).unwrap();
        assert!(back == tiles, "{count} tiles");
        if count > 0 {
            let zoom = |tile: Option<&(u64, Vec<u8>)>| tile.and_then(|(id, _)| tile_of(*id)).unwrap().z();
            let zooms = (zoom(tiles.first()), zoom(tiles.last()));
            assert_eq!(found, About { min_zoom: zooms.0, max_zoom: zooms.1, ..about() });
        }
        let bytes = std::fs::read(&path).unwrap();
        let leaves = u64::from_le_bytes(bytes[48..56].try_into().unwrap());
        assert_eq!(leaves > 0, count == 60_000, "{count} tiles, {leaves} bytes of leaves");
    }
}

#[test]
fn equal_tiles_are_kept_once_and_a_run_of_them_is_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    let bytes = |byte: u8| vec![byte; 100];
    let tiles: Tiles =
        [(5, 1), (6, 1), (7, 1), (8, 2), (10, 1), (11, 1), (21, 2)].map(|(id, byte)| (id, bytes(byte))).to_vec();
    assert_eq!(written(&path, &tiles).unwrap(), 2);
    let file = std::fs::read(&path).unwrap();
    let count = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    assert_eq!((count(64), count(72), count(80), count(88)), (200, 7, 4, 2));
    assert_eq!(read(&path).unwrap().1, tiles);
}

#[test]
fn tiles_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    for tiles in [vec![(6, vec![1]), (5, vec![2])], vec![(6, vec![1]), (6, vec![2])], vec![(6, vec![])]] {
        assert!(written(&path, &tiles).is_err(), "{tiles:?}");
    }
}

#[test]
fn no_byte_that_means_something_can_be_changed_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    let tiles: Tiles = (0..40).map(|i| (100 + i * 3 / 2, vec![noise(i) as u8; 3 + i as usize / 4])).collect();
    written(&path, &tiles).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let before = read(&path).unwrap();
    let at = |at: usize| u64::from_le_bytes(whole[at..at + 8].try_into().unwrap()) as usize;
    let (root, metadata) = ((at(8), at(16)), (at(24), at(32)));
    // What gzip says of times and systems means nothing, nor where leaves would be that are not there.
    let gzip = |i: usize| [root, metadata].iter().any(|(from, _)| (from + 4..from + 10).contains(&i));
    let idle = |i: usize| gzip(i) || (40..48).contains(&i);
    let padding = root.0 + root.1..metadata.0;
    let mut told = 0;
    for i in (0..whole.len()).filter(|i| !padding.contains(i) && !idle(*i)) {
        let mut other = whole.clone();
        other[i] ^= 0xff;
        std::fs::write(&path, &other).unwrap();
        match read(&path) {
            Ok(after) => assert!(after != before, "byte {i} of {}", whole.len()),
            Err(fault) => {
                told += 1;
                assert!(fault.to_string().contains("a.pmtiles"), "{fault}");
            }
        }
    }
    assert!(told > 300, "{told}");
    for cut in [0, 1, 7, 8, 100, 126, 127, 500, 16_384, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(read(&path).is_err(), "cut to {cut}");
    }
}
