//! `actors.toml`: who may change boundaries, with which token, and where.

use serde::Deserialize;

use super::district::syntax;
use super::{FileFault, Text};
use crate::grid::draft::{Actor, Scope};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    actor: Vec<RawActor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawActor {
    name: String,
    token: String,
    /// Codes of units; all of the district without it.
    scope: Option<Vec<String>>,
}

/// Reads who there is, each with the token.
///
/// # Errors
/// [`FileFault`] for a text that is not as `docs/FORMATS.md` says, with the line.
pub fn read(text: &Text) -> Result<Vec<(Actor, String)>, FileFault> {
    let raw: Raw = toml::from_str(&text.content).map_err(|error| syntax(text, &error))?;
    let actor = |RawActor { name, token, scope }: RawActor| {
        (Actor { name: name.trim().to_owned(), scope: scope.map_or(Scope::District, Scope::Units) }, token)
    };
    Ok(raw.actor.into_iter().map(actor).collect())
}
