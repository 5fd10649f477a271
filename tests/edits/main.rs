//! Edits of a coverage: whatever is proposed, what is accepted keeps every invariant and can be undone, what is refused changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "../partition/mod.rs"]
mod partition;
#[path = "../partition/tables.rs"]
mod tables;

mod changes;
mod pictures;
mod proposals;
mod sample;
mod situations;
mod walk;
