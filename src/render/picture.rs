//! From pixels to PNG and JPEG, and back. A PNG has each colour as it is: where two tiles meet, a pixel is what it is in one large picture. Light compression: tiles are made to be
//! sent soon.

use std::collections::HashMap;

use super::RenderFault;

/// zlib's level 2 for palettes: a third of the time of its default, a few percent more bytes.
const INDEXED_LEVEL: u8 = 2;
/// Level 4 for whole colours: a tenth fewer bytes than level 2, in no more of a tile's time. Unfiltered: maps are areas, not photographs.
const WHOLE_LEVEL: u8 = 4;
const MAX_COLOURS: usize = 256;

/// Encodes indexed pixels with their palette (RGBA, at most 256).
pub(super) fn encode_indexed(
    (width, height): (u32, u32),
    indices: &[u8],
    palette: &[[u8; 4]],
) -> Result<Vec<u8>, RenderFault> {
    let mut out = Vec::with_capacity(indices.len() / 4 + 1024);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.iter().flat_map(|c| [c[0], c[1], c[2]]).collect::<Vec<u8>>());
    if palette.iter().any(|c| c[3] < 255) {
        encoder.set_trns(palette.iter().map(|c| c[3]).collect::<Vec<u8>>());
    }
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_deflate_compression(png::DeflateCompression::Level(INDEXED_LEVEL));
    let fault = |e: png::EncodingError| RenderFault::Encode(e.to_string());
    encoder.write_header().and_then(|mut w| w.write_image_data(indices)).map_err(fault)?;
    Ok(out)
}

/// Encodes every colour as it is (RGBA, not premultiplied): with a palette when there are at most 256, without opacity when all is opaque.
pub(super) fn encode((width, height): (u32, u32), rgba: &[[u8; 4]]) -> Result<Vec<u8>, RenderFault> {
    if let Some((palette, indices)) = indexed(rgba) {
        return encode_indexed((width, height), &indices, &palette);
    }
    let opaque = rgba.iter().all(|p| p[3] == 255);
    let bytes: Vec<u8> =
        if opaque { rgba.iter().flat_map(|p| [p[0], p[1], p[2]]).collect() } else { rgba.as_flattened().to_vec() };
    let mut out = Vec::with_capacity(bytes.len() / 4 + 1024);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_deflate_compression(png::DeflateCompression::Level(WHOLE_LEVEL));
    let fault = |e: png::EncodingError| RenderFault::Encode(e.to_string());
    encoder.write_header().and_then(|mut w| w.write_image_data(&bytes)).map_err(fault)?;
    Ok(out)
}

/// The colours of a picture and the place of each pixel's among them; `None` when there are too many for a palette.
fn indexed(rgba: &[[u8; 4]]) -> Option<(Vec<[u8; 4]>, Vec<u8>)> {
    let mut place: HashMap<u32, u8, Mix> = HashMap::default();
    let (mut palette, mut indices) = (Vec::new(), Vec::with_capacity(rgba.len()));
    // Runs of one colour are the rule.
    for run in rgba.chunk_by(|a, b| a == b) {
        let key = u32::from_be_bytes(run[0]);
        let index = match place.get(&key) {
            Some(index) => *index,
            None if palette.len() == MAX_COLOURS => return None,
            None => {
                let index = palette.len() as u8;
                palette.push(run[0]);
                place.insert(key, index);
                index
            }
        };
        indices.resize(indices.len() + run.len(), index);
    }
    Some((palette, indices))
}

/// Encodes an opaque picture (RGBA, alpha ignored) with a palette: exactly when it has at most 256 colours, else with the nearest of 256 that are chosen for
/// it. Every colour that covers a real area is kept exactly.
pub(super) fn encode_small(size: (u32, u32), rgba: &[[u8; 4]]) -> Result<Vec<u8>, RenderFault> {
    if let Some((palette, indices)) = indexed(rgba) {
        return encode_indexed(size, &indices, &palette);
    }
    let mut counts: HashMap<u32, u32, Mix> = HashMap::default();
    // Runs of one colour are the rule: count them at once.
    for run in pixels(rgba).collect::<Vec<u32>>().chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len() as u32;
    }
    let mut palette = choose(counts);
    palette.sort_unstable();
    let mut place: HashMap<u32, u8, Mix> = palette.iter().enumerate().map(|(i, c)| (*c, i as u8)).collect();
    let (mut last, mut last_index) = (u32::MAX, 0);
    let indices: Vec<u8> = pixels(rgba)
        .map(|colour| {
            if colour != last {
                last = colour;
                last_index = *place.entry(colour).or_insert_with(|| nearest(&palette, colour));
            }
            last_index
        })
        .collect();
    let bytes: Vec<[u8; 4]> = palette.iter().map(|c| [(c >> 16) as u8, (c >> 8) as u8, *c as u8, 255]).collect();
    encode_indexed(size, &indices, &bytes)
}

/// Of 100: beyond, files grow faster than pictures gain.
const JPEG_QUALITY: u8 = 90;

/// Encodes an opaque picture (RGBA, alpha ignored) as JPEG, for clients that ask for nothing else.
pub(super) fn encode_jpeg((width, height): (u32, u32), rgba: &[[u8; 4]]) -> Result<Vec<u8>, RenderFault> {
    let bytes: Vec<u8> = rgba.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
    let mut out = Vec::with_capacity(bytes.len() / 8 + 1024);
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
    let written = encoder.encode(&bytes, width, height, image::ExtendedColorType::Rgb8);
    written.map_err(|fault| RenderFault::Encode(fault.to_string()))?;
    Ok(out)
}

/// The largest side of a picture that [`decode`] reads.
const MOST_PIXELS: u32 = 4096;

/// Reads a PNG to its last byte, checksums included, and returns its width and height.
pub(super) fn decode(png: &[u8]) -> Result<(u32, u32), RenderFault> {
    let fault = |e: png::DecodingError| RenderFault::NotAPicture(e.to_string());
    let limits = png::Limits { bytes: 64 << 20 };
    let mut reader = png::Decoder::new_with_limits(std::io::Cursor::new(png), limits).read_info().map_err(fault)?;
    let (width, height) = reader.info().size();
    let room = reader.output_buffer_size().filter(|_| width.max(height) <= MOST_PIXELS);
    let room = room.ok_or_else(|| RenderFault::NotAPicture(format!("{width} × {height} pixels")))?;
    reader.next_frame(&mut vec![0; room]).and_then(|_| reader.finish()).map_err(fault)?;
    Ok((width, height))
}

fn pixels(rgba: &[[u8; 4]]) -> impl Iterator<Item = u32> + '_ {
    rgba.iter().map(|p| u32::from(p[0]) << 16 | u32::from(p[1]) << 8 | u32::from(p[2]))
}

fn channels(colour: u32) -> [i32; 3] {
    [(colour >> 16) as i32 & 255, (colour >> 8) as i32 & 255, colour as i32 & 255]
}

fn nearest(palette: &[u32], colour: u32) -> u8 {
    let [r, g, b] = channels(colour);
    let distance = |c: u32| {
        let [pr, pg, pb] = channels(c);
        // The eye sees green differences best, blue worst.
        2 * (r - pr).pow(2) + 4 * (g - pg).pow(2) + (b - pb).pow(2)
    };
    (0..palette.len()).min_by_key(|i| distance(palette[*i])).unwrap_or(0) as u8
}

/// Half of the palette is the most frequent colours as they are, the rest stands for boxes of the others (median cut).
fn choose(counts: HashMap<u32, u32, Mix>) -> Vec<u32> {
    let mut by_count: Vec<(u32, u32)> = counts.into_iter().map(|(c, n)| (n, c)).collect();
    by_count.sort_unstable_by(|a, b| b.cmp(a));
    let (exact, rest) = by_count.split_at(MAX_COLOURS / 2);
    let mut palette: Vec<u32> = exact.iter().map(|e| e.1).collect();
    let mut boxes = vec![rest.to_vec()];
    while boxes.len() < MAX_COLOURS - palette.len() {
        let Some((widest, channel)) = widest(&boxes) else { break };
        let mut members = boxes.swap_remove(widest);
        members.sort_unstable_by_key(|m| channels(m.1)[channel]);
        let total: u64 = members.iter().map(|m| u64::from(m.0)).sum();
        let mut sum = 0;
        let before = |m: &&(u32, u32)| {
            sum += u64::from(m.0);
            sum * 2 <= total
        };
        let cut = members.iter().take_while(before).count().clamp(1, members.len() - 1);
        let upper = members.split_off(cut);
        boxes.extend([members, upper]);
    }
    palette.extend(boxes.iter().map(|b| mean(b)));
    palette
}

/// The box with the longest side, weighed by its pixels, and which side that is.
fn widest(boxes: &[Vec<(u32, u32)>]) -> Option<(usize, usize)> {
    let side = |members: &[(u32, u32)], channel: usize| {
        let values = members.iter().map(|m| channels(m.1)[channel]);
        values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
    };
    let candidates = boxes.iter().enumerate().filter(|(_, b)| b.len() > 1);
    let score = |(i, members): (usize, &Vec<(u32, u32)>)| {
        let total: u64 = members.iter().map(|m| u64::from(m.0)).sum();
        let (side, channel) = (0..3).map(|c| (side(members, c), c)).max().unwrap_or((0, 0));
        (side as u64 * total.ilog2() as u64, i, channel)
    };
    candidates.map(score).max().map(|(_, i, channel)| (i, channel))
}

fn mean(members: &[(u32, u32)]) -> u32 {
    let total: u64 = members.iter().map(|m| u64::from(m.0)).sum::<u64>().max(1);
    let of = |channel: usize| {
        let sum: u64 = members.iter().map(|m| u64::from(m.0) * channels(m.1)[channel] as u64).sum();
        ((sum + total / 2) / total) as u32
    };
    of(0) << 16 | of(1) << 8 | of(2)
}

/// A hasher for colours: they are few and ours, so one multiplication is enough.
#[derive(Clone, Copy, Default)]
struct Mix;

struct MixState(u64);

impl std::hash::BuildHasher for Mix {
    type Hasher = MixState;

    fn build_hasher(&self) -> MixState {
        MixState(0)
    }
}

impl std::hash::Hasher for MixState {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0 ^ u64::from(n)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        pixels
    }

    #[test]
    fn every_colour_comes_back_as_it_was() {
        let size = 64 * 64_u32;
        let few: Vec<[u8; 4]> = (0..size).map(|i| [(i % 7) as u8 * 30, (i % 11) as u8, 9, 255]).collect();
        let many: Vec<[u8; 4]> = (0..size).map(|i| [(i >> 4) as u8, (i >> 2) as u8, (i % 251) as u8, 255]).collect();
        let clear = |rgba: &[[u8; 4]]| rgba.iter().map(|p| [p[0], p[1], p[2], p[1]]).collect();
        for picture in [clear(&few), clear(&many), few, many] {
            assert_eq!(decoded(&encode((64, 64), &picture).expect("a PNG")), picture.as_flattened());
        }
    }

    #[test]
    fn many_colours_come_back_nearly_and_areas_exactly() {
        let area = [200, 210, 220, 255];
        let rgba: Vec<[u8; 4]> = (0..64 * 64u32)
            .map(|i| if i % 4 == 0 { [(i >> 4) as u8, (i >> 2) as u8, (i % 251) as u8, 255] } else { area })
            .collect();
        let back = decoded(&encode_small((64, 64), &rgba).expect("a PNG"));
        for (a, b) in rgba.iter().zip(back.as_chunks::<4>().0) {
            if *a == area {
                assert_eq!(a, b);
            }
            let far = a.iter().zip(b).map(|(x, y)| x.abs_diff(*y)).max().unwrap_or(0);
            assert!(far < 60, "{a:?} {b:?}");
        }
    }
}
