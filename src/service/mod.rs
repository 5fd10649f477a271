//! What can a person do? One file a flow.

pub mod bytes;
pub mod slots;
pub mod cache;
pub mod cards;
mod gather;
mod assemble;
mod identity;
pub mod import;
pub mod check;
pub mod locate;
pub mod bulk;
mod drawing;
pub mod search;
pub mod serving;
pub mod past;
pub mod tiles;
pub mod stats;
pub mod units;
pub mod sheets;
pub mod actors;
pub mod events;
pub mod places;
pub mod drafts;
pub mod survey;
