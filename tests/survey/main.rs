//! A new survey becomes a draft: whatever moved, began, ended or was renamed, and nothing that did not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod files;
#[path = "../partition/mod.rs"]
mod partition;
mod plans;
#[path = "../edits/proposals.rs"]
mod proposals;
#[path = "../town/mod.rs"]
mod town;
