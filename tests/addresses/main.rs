//! Is a caller's address found, and is what is not known asked about instead of guessed? Noise over the sample's own addresses.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests fail as tests do

mod fulltext;
mod noise;
