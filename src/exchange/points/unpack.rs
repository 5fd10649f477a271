//! Gzip in pieces, as a stream brings it.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// Unpacks a gzip stream piece by piece. A piece unpacks to at most some 1030 times its length, so small pieces bound the memory.
pub struct Unpacker(MultiGzDecoder<Vec<u8>>);

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

impl Default for Unpacker {
    fn default() -> Self {
        Self(MultiGzDecoder::new(Vec::new()))
    }
}

impl Unpacker {
    /// What this piece, and what was held back of those before, unpacks to.
    ///
    /// # Errors
    /// When the stream is damaged.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(piece)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// What is left when the stream has ended.
    ///
    /// # Errors
    /// When it ended too early.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        self.0.try_finish()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}
