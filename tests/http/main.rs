//! The service over real sockets: answers, faults, tiles, limits. Each test has its own server on port 0.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "../partition/mod.rs"]
mod partition;
mod district;
mod wire;
mod answers;
mod tiles;
mod wmts;
mod wms;
mod choropleth;
mod limits;
mod connections;
mod publish;
mod past;
mod batch;
mod drafts;
mod places;
mod sheets;
mod upstream;
mod base_map;
mod base_archive;
