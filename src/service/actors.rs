//! Who may change boundaries: each actor by a token that only its hash is kept of.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::grid::draft::{Actor, Scope};

/// Nobody guesses this many characters.
pub const LEAST_TOKEN_CHARS: usize = 16;

/// The actors that a service knows.
#[derive(Clone, Debug, Default)]
pub struct Actors(HashMap<[u8; 32], Actor>);

/// An actor that cannot be told from another, or guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActorFault {
    #[error("the token of {0} has fewer than {LEAST_TOKEN_CHARS} characters; make one with: openssl rand -hex 24")]
    Short(String),
    #[error("{0} and {1} have one token; give each a token of its own")]
    Shared(String, String),
    #[error("{0} is named twice; four eyes need names that differ")]
    Twice(String),
}

impl Actors {
    /// Actors with their tokens.
    ///
    /// # Errors
    /// [`ActorFault`].
    pub fn new(actors: impl IntoIterator<Item = (Actor, String)>) -> Result<Self, ActorFault> {
        let mut known: HashMap<[u8; 32], Actor> = HashMap::new();
        for (actor, token) in actors {
            if token.chars().count() < LEAST_TOKEN_CHARS {
                return Err(ActorFault::Short(actor.name));
            }
            if known.values().any(|other| other.name == actor.name) {
                return Err(ActorFault::Twice(actor.name));
            }
            let name = actor.name.clone();
            if let Some(other) = known.insert(hash(&token), actor) {
                return Err(ActorFault::Shared(other.name, name));
            }
        }
        Ok(Self(known))
    }

    /// Those of a demonstration: two of the district, so that one can look at what the other did, and one of a part of it. Their tokens are
    /// known to everybody: for made-up data only.
    #[must_use]
    pub fn of_a_demonstration(part: Option<(&str, &str)>) -> Self {
        let district = |name: &str, token: &str| (hash(token), Actor { name: name.to_owned(), scope: Scope::District });
        let mut actors = HashMap::from([
            district("区网格中心（示例）", DEMO_TOKENS[0]),
            district("区复核员（示例）", DEMO_TOKENS[1]),
        ]);
        if let Some((code, name)) = part {
            let actor =
                Actor { name: format!("{name}网格办（示例）"), scope: Scope::Units(vec![code.to_owned()]) };
            actors.insert(hash(DEMO_TOKENS[2]), actor);
        }
        Self(actors)
    }

    /// Whose token it is. The lookup is by hash, so the time it takes tells nothing of the tokens there are.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<&Actor> {
        self.0.get(&hash(token))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The tokens of [`Actors::of_a_demonstration`]: of the district, of who looks at it again, of a part.
pub const DEMO_TOKENS: [&str; 3] = ["demo-district-token", "demo-reviewer-token", "demo-subdistrict-token"];

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_actor_and_bad_ones_are_refused() {
        let actor = |name: &str| Actor { name: name.to_owned(), scope: Scope::District };
        let token = |n: u32| format!("{n:016}");
        let actors = Actors::new([(actor("甲"), token(1)), (actor("乙"), token(2))]).expect("two");
        assert_eq!(actors.by_token(&token(2)).map(|a| a.name.as_str()), Some("乙"));
        assert_eq!(actors.by_token("0"), None);
        let fault = |pairs: Vec<(Actor, String)>| Actors::new(pairs).expect_err("refused");
        assert_eq!(fault(vec![(actor("甲"), "short".to_owned())]), ActorFault::Short("甲".to_owned()));
        let shared = fault(vec![(actor("甲"), token(1)), (actor("乙"), token(1))]);
        assert!(matches!(shared, ActorFault::Shared(..)));
        assert_eq!(fault(vec![(actor("甲"), token(1)), (actor("甲"), token(2))]), ActorFault::Twice("甲".to_owned()));
        assert!(Actors::of_a_demonstration(None).by_token(DEMO_TOKENS[2]).is_none());
    }
}
