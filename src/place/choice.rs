//! What dispatchers choose: a text that somebody searched for, and the place that it meant. After review by somebody else it is an alias of the place.

use jiff::Timestamp;

use super::edit::{PlaceFault, text};

/// What was searched for may be longer than an alias, in characters.
pub const MOST_TEXT: usize = 200;
/// What a reviewer may say to it.
pub const MOST_WORD: usize = 200;

/// Where a choice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Waits for somebody else's word.
    Proposed,
    Accepted,
    Rejected,
}

impl State {
    /// Every state with its word, in the store and on the wire.
    pub const WORDS: [(Self, &'static str); 3] =
        [(Self::Proposed, "proposed"), (Self::Accepted, "accepted"), (Self::Rejected, "rejected")];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(state, _)| state)
    }
}

/// A choice, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// 1, 2, 3 … given by the store; 0 before.
    pub id: u64,
    pub at: Timestamp,
    /// The name of who chose.
    pub by: String,
    pub text: String,
    /// The id of the place.
    pub place: String,
    pub state: State,
    /// `None` exactly while it is proposed.
    pub review: Option<Review>,
}

/// Somebody's word on a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    pub by: String,
    pub at: Timestamp,
    pub word: String,
    /// What the place is called by since; `None` for a choice that was rejected.
    pub alias: Option<String>,
}

/// Why a choice is not made, or not decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceFault {
    #[error("this choice is {} already", .0.word())]
    Decided(State),
    #[error("whoever made a choice may not decide on it; somebody else has to look at it (four eyes)")]
    FourEyes,
    #[error(transparent)]
    Text(#[from] PlaceFault),
}

impl Choice {
    /// A choice to be looked at.
    ///
    /// # Errors
    /// [`ChoiceFault::Text`].
    pub fn proposed(by: &str, at: Timestamp, searched: &str, place: &str) -> Result<Self, ChoiceFault> {
        let searched = text("text", searched, 1, MOST_TEXT)?;
        let (by, place) = (by.to_owned(), place.to_owned());
        Ok(Self { id: 0, at, by, text: searched, place, state: State::Proposed, review: None })
    }

    /// The choice once somebody has agreed that the place is called `alias`.
    ///
    /// # Errors
    /// [`ChoiceFault::FourEyes`] for who made it, [`ChoiceFault::Decided`], [`ChoiceFault::Text`].
    pub fn accepted(&self, by: &str, at: Timestamp, word: &str, alias: &str) -> Result<Self, ChoiceFault> {
        self.decided(State::Accepted, by, at, (word, Some(alias.to_owned())))
    }

    /// The choice once somebody has said no.
    ///
    /// # Errors
    /// As [`Choice::accepted`].
    pub fn rejected(&self, by: &str, at: Timestamp, word: &str) -> Result<Self, ChoiceFault> {
        self.decided(State::Rejected, by, at, (word, None))
    }

    fn decided(
        &self,
        state: State,
        by: &str,
        at: Timestamp,
        (word, alias): (&str, Option<String>),
    ) -> Result<Self, ChoiceFault> {
        if self.state != State::Proposed {
            return Err(ChoiceFault::Decided(self.state));
        }
        if self.by == by {
            return Err(ChoiceFault::FourEyes);
        }
        let word = text("word", word, 0, MOST_WORD)?;
        Ok(Self { state, review: Some(Review { by: by.to_owned(), at, word, alias }), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_decided_once_and_by_somebody_else() {
        let at = Timestamp::UNIX_EPOCH;
        let choice = Choice::proposed("甲", at, " 老苏家小区 ", "p1").expect("a choice");
        assert_eq!((choice.text.as_str(), choice.state), ("老苏家小区", State::Proposed));
        assert_eq!(choice.accepted("甲", at, "", "老苏家小区"), Err(ChoiceFault::FourEyes));
        assert_eq!(choice.rejected("甲", at, ""), Err(ChoiceFault::FourEyes));
        let accepted = choice.accepted("乙", at, "对", "老苏家").expect("another");
        assert_eq!(accepted.review.as_ref().and_then(|review| review.alias.as_deref()), Some("老苏家"));
        let rejected = choice.rejected("乙", at, "不对").expect("another");
        for (decided, state) in [(accepted, State::Accepted), (rejected, State::Rejected)] {
            assert_eq!(decided.state, state);
            assert_eq!(decided.accepted("丙", at, "", "x"), Err(ChoiceFault::Decided(state)));
            assert_eq!(decided.rejected("丙", at, ""), Err(ChoiceFault::Decided(state)));
        }
        for (field, refused) in [
            ("text", Choice::proposed("甲", at, "", "p1")),
            ("text", Choice::proposed("甲", at, &"长".repeat(201), "p1")),
            ("text", Choice::proposed("甲", at, "甲\u{0}乙", "p1")),
            ("word", choice.rejected("乙", at, &"长".repeat(201))),
        ] {
            assert!(
                matches!(&refused, Err(ChoiceFault::Text(PlaceFault::Text { field: told, .. })) if *told == field),
                "{refused:?}"
            );
        }
    }
}
