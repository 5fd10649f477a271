//! Wangge (网格一张图): the social-governance grids of a city district kept as one planar graph.
//!
//! The order of the `mod` lines below is the order of the house: a room may name only rooms above it, and each answers
//! one question. `docs/ARCHITECTURE.md` walks through it; `tests/tidy.rs` holds it in place.

pub mod crs; //      Which plane am I on?
pub mod coverage; // Who borders whom?
pub mod grid; //     Who is responsible?
pub mod locate; //   Whose point is this?
pub mod place; //    Where is “隆鑫苑5号楼”?
pub mod issue; //    What happened, and who answers?
pub mod snapshot; // All of the above at one version.
pub mod propose; //  How could it be cut?
pub mod tile; //     What bytes is this square?
pub mod render; //   What pixels?
pub mod exchange; // What do others send us and want back?
pub mod store; //    What must survive a restart?
pub mod service; //  What can a person do?
pub mod http; //     The wire.
pub mod cli; //      The command line.
