//! The wire: the only JSON shapes, and every route on one page.

mod problem;
mod conflict;
mod query;
mod period;
pub mod mask;
mod negotiate;
mod answer;
mod metrics;
mod look;
mod assets;
mod people;
mod card;
mod owner;
mod pump;
mod batch;
mod readings;
mod versions;
mod acting;
mod ops;
mod drafts;
mod events;
mod units;
mod district;
mod checks;
mod stats;
mod tiles;
mod styles;
mod health;
mod guard;
mod routes;
mod patience;
mod accept;

pub use accept::{Drained, serve};
pub use look::look;
pub use patience::Limits;
pub use routes::{App, router, router_with};
