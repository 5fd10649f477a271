//! What can a person do? One file a flow.

pub mod bytes;
pub mod slots;
pub mod cache;
pub mod import;
pub mod locate;
pub mod serving;
pub mod tiles;
pub mod stats;
pub mod units;
