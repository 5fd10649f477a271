//! A new survey becomes a draft: whatever moved, began, ended or was renamed, and nothing that did not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod files;
#[path = "../partition/mod.rs"]
mod partition;
mod plans;
#[path = "../edits/proposals.rs"]
#[allow(dead_code, reason = "the kinds are listed for the walk of `tests/edits`")]
mod proposals;
#[path = "../town/mod.rs"]
mod town;
