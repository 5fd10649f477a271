//! After an edit: the pyramid that follows it is the pyramid made anew, and the tiles it names are those that differ, no more and no fewer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "../partition/mod.rs"]
mod partition;
#[path = "../partition/tables.rs"]
mod tables;

mod compared;
mod changes;
mod districts;
mod states;
