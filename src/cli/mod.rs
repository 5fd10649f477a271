//! The command line: one verb, one file.

/// Runs the verb that the arguments name.
#[must_use]
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
