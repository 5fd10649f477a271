//! Is a caller's address found, and is what is not known asked about instead of guessed?

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail as tests do
#![allow(clippy::print_stdout, reason = "the figures of each kind of noise are what one looks for")]

mod fulltext;
mod golden;
mod noise;
mod noisy;
mod small;

use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use wangge::exchange::Limits;
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::Snapshot;

/// The sample district, read once.
fn district() -> &'static Snapshot {
    static DISTRICT: LazyLock<Snapshot> = LazyLock::new(|| {
        let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
        let sources = Sources { district, ..Sources::default() };
        let now = Timestamp::UNIX_EPOCH;
        let prepared = prepare(&sources, &Limits::default(), now, &mut |_| ()).expect("the sample is readable");
        Snapshot::new(prepared.accept(None, now).expect("the sample imports").contents)
    });
    &DISTRICT
}
