//! Files of tables: unpacked, counted as they are read, and the encoding they are in.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, GB18030, GBK, UTF_8};
use flate2::read::MultiGzDecoder;

use crate::exchange::{FileFault, Problem, text};

/// What a table is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(pub(super) &'static Encoding);

impl TextEncoding {
    pub const UTF8: Self = Self(UTF_8);

    /// That of a table's beginning, `ended` when there is no more of it.
    ///
    /// # Errors
    /// [`Problem`] when it is none that is read here.
    pub fn of(head: &[u8], ended: bool) -> Result<Self, Problem> {
        sniff(head, ended).map(Self)
    }

    #[must_use]
    pub fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }
}

impl FromStr for TextEncoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Encoding::for_label(text.as_bytes()) {
            Some(found) if found == UTF_8 => Ok(Self(UTF_8)),
            // Every GBK text is a GB18030 text of the same characters.
            Some(found) if found == GBK || found == GB18030 => Ok(Self(GB18030)),
            _ => Err("tables are read in utf-8, gbk or gb18030".to_owned()),
        }
    }
}

/// A table file to be read once, unpacked if it is gzip, and how many bytes of the file were read so far.
///
/// # Errors
/// [`FileFault`] when there is none, or it may not be read.
pub fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Arc<AtomicU64>), FileFault> {
    let fault = |error: io::Error| {
        let problem =
            if error.kind() == io::ErrorKind::NotFound { Problem::Missing } else { Problem::Unreadable(error) };
        FileFault::whole(path, problem)
    };
    let mut file = File::open(path).map_err(fault)?;
    let mut magic = Vec::new();
    (&mut file).take(2).read_to_end(&mut magic).map_err(fault)?;
    let compressed = magic == [0x1f, 0x8b];
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted::new(io::Cursor::new(magic).chain(file), Arc::clone(&read));
    Ok((if compressed { Box::new(MultiGzDecoder::new(BufReader::new(counted))) } else { Box::new(counted) }, read))
}

/// The encoding of a table whose beginning has nothing but ASCII: that of the first text which has more. `None` when no text has, or the file can be
/// read only once. Costs one more reading up to there.
///
/// # Errors
/// [`FileFault`] when that text is in no encoding that is read here.
pub fn encoding_further_on(path: &Path) -> Result<Option<TextEncoding>, FileFault> {
    if !path.is_file() {
        return Ok(None);
    }
    let (mut file, _) = open(path)?;
    loop {
        let mut piece = Vec::new();
        // A file that breaks further on is told by the run itself, which has answered the rows before by then.
        if !file.by_ref().take(SNIFFED).read_to_end(&mut piece).is_ok_and(|read| read > 0) {
            return Ok(None);
        }
        if !piece.is_ascii() {
            let ended = file.by_ref().take(SNIFFED).read_to_end(&mut piece).is_ok_and(|read| read < SNIFFED as usize);
            let encoding = sniff(&piece, ended).map_err(|problem| FileFault::whole(path, problem))?;
            return Ok(Some(TextEncoding(encoding)));
        }
    }
}

/// How much is looked at once for what is not ASCII.
const SNIFFED: u64 = 1 << 20;

/// Counts the bytes that pass.
#[derive(Debug)]
pub struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub const fn new(inner: R, read: Arc<AtomicU64>) -> Self {
        Self { inner, read }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Text in another encoding as UTF-8, piece by piece. What is damaged becomes U+FFFD and is counted.
pub struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    text: String,
    /// How much of `text` was given out.
    given: usize,
    ended: bool,
    damaged: Arc<AtomicU64>,
}

impl<R> std::fmt::Debug for Transcoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoder").finish_non_exhaustive()
    }
}

impl<R: Read> Transcoder<R> {
    #[must_use]
    pub fn new(inner: R, encoding: TextEncoding, damaged: Arc<AtomicU64>) -> Self {
        let decoder = encoding.0.new_decoder_without_bom_handling();
        Self { inner, decoder, text: String::new(), given: 0, ended: false, damaged }
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let mut raw = Vec::new();
            self.inner.by_ref().take(TRANSCODED).read_to_end(&mut raw)?;
            self.ended = raw.is_empty();
            (self.given, self.text) = (0, String::new());
            self.text.reserve(self.decoder.max_utf8_buffer_length(raw.len()).unwrap_or_default());
            if self.decoder.decode_to_string(&raw, &mut self.text, self.ended).2 {
                let damaged = self.text.matches(char::REPLACEMENT_CHARACTER).count();
                self.damaged.fetch_add(damaged as u64, Ordering::Relaxed);
            }
        }
        let left = &self.text.as_bytes()[self.given..];
        let some = left.len().min(buffer.len());
        buffer[..some].copy_from_slice(&left[..some]);
        self.given += some;
        Ok(some)
    }
}

/// How much is decoded at once.
const TRANSCODED: u64 = 64 << 10;

/// UTF-8 where the sample is, up to a character cut at its end; GB18030 where it is that.
pub(super) fn sniff(sample: &[u8], whole: bool) -> Result<&'static Encoding, Problem> {
    match std::str::from_utf8(sample) {
        Ok(_) => return Ok(UTF_8),
        Err(error) if error.error_len().is_none() && !whole => return Ok(UTF_8),
        Err(_) => {}
    }
    // Whole lines only: a cut pair at the end is not a fault of the table.
    let end = if whole { sample.len() } else { sample.iter().rposition(|b| *b == b'\n').unwrap_or(sample.len()) };
    match text::decode(sample[..end].to_vec())? {
        (_, "UTF-8") => Ok(UTF_8),
        (_, name) if name == GB18030.name() => Ok(GB18030),
        (_, name) => Err(Problem::Syntax(format!("{name} text is not read here; save it as UTF-8"))),
    }
}
