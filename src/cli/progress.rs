//! Bars for what takes longer than a moment; silent where standard error is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::text;
use crate::service::import::Step;

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The templates are constants of ours; should one ever not parse, the plain bar does.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The steps of an import.
pub(super) fn steps() -> ProgressBar {
    styled(ProgressBar::new(5), "{spinner} [{bar:24}] {pos}/{len} {msg} {elapsed}")
}

/// Shows that a step begins.
pub(super) fn step(bar: &ProgressBar, step: Step) {
    let (done, message) = match step {
        Step::Units => (0, text::STEP_UNITS),
        Step::Tables => (1, text::STEP_TABLES),
        Step::Build => (2, text::STEP_BUILD),
        Step::Check => (3, text::STEP_CHECK),
        Step::Save => (4, text::STEP_SAVE),
    };
    bar.set_position(done);
    bar.set_message(message);
}

/// Bytes of a file, with the rows done and their rate as the message, the time taken and the time left.
pub(super) fn bytes(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "{spinner} [{bar:24}] {percent}% {msg} {elapsed}/{eta}")
}

/// Tiles drawn, then tiles read back.
pub(super) fn tiles() -> ProgressBar {
    styled(ProgressBar::new(0), "{spinner} [{bar:24}] {pos}/{len} {msg} {elapsed}/{eta}")
}
