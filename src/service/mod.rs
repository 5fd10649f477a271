//! What can a person do? One file a flow.

mod gather;
mod assemble;
pub mod import;
pub mod check;
pub mod locate;
