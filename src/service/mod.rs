//! What can a person do? One file a flow.

pub mod import;
pub mod locate;
