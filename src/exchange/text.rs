//! Bytes of a file → text: size, gzip and encoding, each refused with a reason; nothing ever becomes U+FFFD silently.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;

use super::{FileFault, Problem};

/// How much a stranger's file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// On disk; decided before a byte is read.
    pub file_bytes: u64,
    /// After decompression.
    pub text_bytes: u64,
    /// Vertices of one feature.
    pub feature_vertices: usize,
    /// Features of one collection, rows of one table.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 256 << 20, text_bytes: 256 << 20, feature_vertices: 1_000_000, rows: 2_000_000 }
    }
}

/// The text of a file, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub file: PathBuf,
    pub content: String,
    /// `UTF-8`, `gb18030` or `UTF-16LE` / `UTF-16BE` (with a mark only).
    pub encoding: &'static str,
    pub compressed: bool,
}

/// Reads a file whole.
///
/// # Errors
/// [`FileFault`] when it is missing, too large (checked before reading), damaged, or in no encoding we know.
pub fn read(path: &Path, limits: &Limits) -> Result<Text, FileFault> {
    let fault = |problem| FileFault::whole(path, problem);
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => fault(Problem::Missing),
        _ => fault(Problem::Unreadable(error)),
    };
    // Metadata first: opening a pipe for reading would wait for a writer.
    let found = std::fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(unreadable(io::Error::other("it is a folder or a device")));
    }
    if found.len() > limits.file_bytes {
        return Err(fault(Problem::TooLarge { bytes: found.len(), limit: limits.file_bytes }));
    }
    let mut bytes = Vec::with_capacity(found.len() as usize);
    File::open(path).and_then(|file| file.take(limits.file_bytes + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(fault(Problem::TooLarge { bytes: bytes.len() as u64, limit: limits.file_bytes }));
    }
    let compressed = bytes.starts_with(&[0x1f, 0x8b]);
    if compressed {
        bytes = gunzip(&bytes, limits.text_bytes).map_err(fault)?;
    }
    let (content, encoding) = decode(bytes).map_err(fault)?;
    if content.trim().is_empty() {
        return Err(fault(Problem::Empty));
    }
    Ok(Text { file: path.to_owned(), content, encoding, compressed })
}

fn gunzip(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes).take(limit + 1).read_to_end(&mut unpacked).map_err(Problem::BrokenGzip)?;
    if unpacked.len() as u64 > limit { Err(Problem::TooLargeUnpacked { limit }) } else { Ok(unpacked) }
}

/// Text in UTF-8 (with or without mark), UTF-16 (with mark) or GB18030 / GBK; returns the name of the encoding.
///
/// # Errors
/// [`Problem::NotText`] for known binary formats, [`Problem::Encoding`] with both places where decoding broke.
pub fn decode(bytes: Vec<u8>) -> Result<(String, &'static str), Problem> {
    if let Some(problem) = known_binary(&bytes) {
        return Err(problem);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes)
        && (encoding == UTF_16LE || encoding == UTF_16BE)
    {
        return strict(encoding, &bytes[mark..])
            .map(|text| (text, encoding.name()))
            .map_err(|at| encoding_problem(&bytes, at + mark, at + mark));
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok((text, "UTF-8"))
        }
        Err(error) => {
            let utf8_at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            strict(GB18030, &bytes)
                .map(|text| (text, GB18030.name()))
                .map_err(|gb_at| encoding_problem(&bytes, utf8_at, gb_at))
        }
    }
}

fn encoding_problem(bytes: &[u8], utf8_at: usize, gb_at: usize) -> Problem {
    let line = |at: usize| bytes[..at.min(bytes.len())].split(|b| *b == b'\n').count();
    Problem::Encoding { utf8_line: line(utf8_at), utf8_at: utf8_at + 1, gb_line: line(gb_at), gb_at: gb_at + 1 }
}

/// Decodes without replacement; the error is the offset of the first byte that does not fit.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
    let mut read = 0;
    loop {
        let (result, more) = decoder.decode_to_string_without_replacement(&bytes[read..], &mut text, true);
        read += more;
        match result {
            DecoderResult::InputEmpty => return Ok(text),
            DecoderResult::OutputFull => text.reserve(bytes.len() - read + 16),
            DecoderResult::Malformed(length, after) => {
                return Err(read.saturating_sub(usize::from(length) + usize::from(after)));
            }
        }
    }
}

fn known_binary(bytes: &[u8]) -> Option<Problem> {
    let (what, instead) = match bytes {
        [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it, or save a workbook as CSV"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => ("an old Excel workbook", "save it as CSV"),
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', ..] => {
            ("an SQLite / GeoPackage file", "export the layer as GeoJSON")
        }
        [0, 0, 0x27, 0x0a, ..] => ("a Shapefile", "export it as GeoJSON"),
        [0x1f, 0x8b, ..] => ("gzip inside gzip", "compress it once"),
        [b'%', b'P', b'D', b'F', ..] => ("a PDF", "give the data it was printed from"),
        _ => return None,
    };
    Some(Problem::NotText(what, instead))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn utf8_gbk_and_marks_all_read_the_same_names() {
        let name = "洸河街道,𠮷野家";
        let (gb, _, lossy) = GB18030.encode(name);
        assert!(!lossy);
        assert_eq!(decode(gb.into_owned()).unwrap(), (name.to_owned(), "gb18030"));
        assert_eq!(decode(name.as_bytes().to_vec()).unwrap(), (name.to_owned(), "UTF-8"));
        assert_eq!(decode([b"\xef\xbb\xbf", name.as_bytes()].concat()).unwrap().0, name);
        let utf16: Vec<u8> = "\u{feff}洸河".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(utf16).unwrap(), ("洸河".to_owned(), "UTF-16LE"));
    }

    #[test]
    fn a_lone_byte_is_an_error_with_its_place() {
        let bytes = b"code,name\n1,\xb9\xe2\xba\xd3\n2,abc\xb9".to_vec(); // GBK, then a lead byte with nothing behind it
        let error = decode(bytes).unwrap_err();
        assert!(matches!(error, Problem::Encoding { utf8_line: 2, utf8_at: 13, gb_line: 3, gb_at: 23 }), "{error:?}");
    }

    #[test]
    fn a_small_bomb_stops_at_the_limit() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 2_000);
        assert!(matches!(gunzip(&bomb, 1 << 16), Err(Problem::TooLargeUnpacked { limit: 65_536 })));
        assert!(matches!(gunzip(&bomb[..bomb.len() / 2], 1 << 30), Err(Problem::BrokenGzip(_))));
    }

    #[test]
    fn a_huge_file_is_refused_before_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(2 << 30).unwrap();
        let started = std::time::Instant::now();
        let error = read(file.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error.problem, Problem::TooLarge { bytes, .. } if bytes == 2 << 30));
        assert!(started.elapsed().as_millis() < 500);
    }

    #[test]
    fn binary_formats_are_told_by_name() {
        assert!(decode(b"PK\x03\x04....".to_vec()).unwrap_err().to_string().contains("zip"));
        assert!(decode(b"SQLite format 3\0".to_vec()).unwrap_err().to_string().contains("GeoPackage"));
    }
}
