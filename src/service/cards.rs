//! What an answer says of a unit – itself, its chain, its people – written once a day for each unit that is asked for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::civil::Date;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::grid::UnitIx;

/// Of all cards of a snapshot. A card has some six hundred bytes of its own, so forty thousand units are all at hand; of more, those asked for.
const CAPACITY_BYTES: u64 = 32 << 20;
/// What the map of a card costs besides its bytes, roughly.
const ENTRY_BYTES: u64 = 96;
const EXPECTED: usize = 4096;

/// A unit (`None` for nobody's land) on a day.
type Key = (Option<UnitIx>, Date);

/// Texts that many cards have in them; what comes later stands in its card.
const SHARED: usize = 512;

/// A card as it is kept: what its unit alone has, and where in it goes what it has with others.
#[derive(Clone, Debug)]
pub struct Card {
    own: Arc<[u8]>,
    /// Bytes of `own` before the shared text, and which that is.
    shared: Option<(u32, u32)>,
}

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Key, Card> for ByWeight {
    fn weight(&self, _: &Key, card: &Card) -> u64 {
        card.own.len() as u64 + ENTRY_BYTES
    }
}

/// The cards of one snapshot. Cards of past days give way like any that nobody asks for.
///
/// The specialists of a street are four fifths of each card of its units. They are kept once: an answer is made from what is near at hand then, and
/// not from two kilobytes that the processor has to fetch from far for each unit anew.
#[derive(Debug)]
pub struct Cards {
    cards: Cache<Key, Card, ByWeight>,
    shared: Box<[OnceLock<Box<[u8]>>]>,
    /// Where each shared text stands.
    known: Mutex<HashMap<Box<[u8]>, u32>>,
}

impl Default for Cards {
    fn default() -> Self {
        Self {
            cards: Cache::with_weighter(EXPECTED, CAPACITY_BYTES, ByWeight),
            shared: (0..SHARED).map(|_| OnceLock::new()).collect(),
            known: Mutex::default(),
        }
    }
}

/// A card as it is made: a text, and which part of it others have too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub text: Vec<u8>,
    pub shared: Range<usize>,
}

impl Cards {
    /// The card of a unit on a day, made by `make` unless it is there. Some 50 ns when it is.
    ///
    /// # Errors
    /// What `make` says; nothing is kept then.
    pub fn of<E>(&self, unit: Option<UnitIx>, day: Date, make: impl FnOnce() -> Result<Made, E>) -> Result<Card, E> {
        if let Some(card) = self.cards.get(&(unit, day)) {
            return Ok(card);
        }
        let card = self.parted(&make()?);
        self.cards.insert((unit, day), card.clone());
        Ok(card)
    }

    /// The text of a card, in three pieces.
    #[must_use]
    pub fn pieces<'a>(&'a self, card: &'a Card) -> [&'a [u8]; 3] {
        let Some((at, number)) = card.shared else { return [&card.own, &[], &[]] };
        let (before, after) = card.own.split_at(at as usize);
        [before, self.shared[number as usize].get().map_or(&[], |text| text), after]
    }

    fn parted(&self, Made { text, shared }: &Made) -> Card {
        let whole = || Card { own: text.as_slice().into(), shared: None };
        let Some(part) = text.get(shared.clone()).filter(|part| !part.is_empty()) else { return whole() };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.len() as u32;
        let number = *known.entry(part.into()).or_insert(next);
        if number as usize >= SHARED {
            known.remove(part);
            return whole();
        }
        let _ = self.shared[number as usize].get_or_init(|| part.into());
        let own = [&text[..shared.start], &text[shared.end..]].concat();
        Card { own: own.into(), shared: Some((shared.start as u32, number)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_made_once_a_unit_and_day_and_their_weight_is_bounded() {
        let (cards, first) = (Cards::default(), Date::constant(2026, 1, 31));
        let next = Date::constant(2026, 2, 1);
        let ask = |unit: u32, day, text: &str| {
            let card = cards.of(Some(UnitIx(unit)), day, || Ok::<_, ()>(made(text.as_bytes().to_vec(), 0..0)));
            String::from_utf8(cards.pieces(&card.expect("is made")).concat()).expect("text")
        };
        assert_eq!(
            [ask(1, first, "a"), ask(1, first, "b"), ask(1, next, "c"), ask(2, next, "d")],
            ["a", "a", "c", "d"]
        );
        assert_eq!(cards.of(None, first, || Err("no")).err(), Some("no"));
        assert!(cards.of(None, first, || Ok::<_, ()>(made(Vec::new(), 0..0))).is_ok(), "a fault is not kept");
        for unit in 0..2000 {
            let _ = cards.of(Some(UnitIx(unit)), next, || Ok::<_, ()>(made(vec![0; 64 << 10], 0..0)));
        }
        assert!(cards.cards.weight() <= CAPACITY_BYTES);
    }

    fn made(text: Vec<u8>, shared: Range<usize>) -> Made {
        Made { text, shared }
    }

    #[test]
    fn what_cards_have_in_common_is_kept_once_as_far_as_there_is_room() {
        let (cards, day) = (Cards::default(), Date::constant(2026, 1, 31));
        let ask = |unit: u32, common: &str| {
            let text = format!("<{unit}[{common}]{unit}>").into_bytes();
            let from = 1 + unit.to_string().len();
            let shared = from..from + common.len() + 2;
            let card = cards.of(Some(UnitIx(unit)), day, || Ok::<_, ()>(made(text.clone(), shared))).expect("is made");
            assert_eq!(cards.pieces(&card).concat(), text);
            card.shared.map(|(_, number)| number)
        };
        assert_eq!([ask(1, "a"), ask(2, "b"), ask(3, "a"), ask(1, "a")], [Some(0), Some(1), Some(0), Some(0)]);
        let numbers: Vec<Option<u32>> = (10..10 + SHARED as u32).map(|unit| ask(unit, &unit.to_string())).collect();
        assert_eq!(numbers.iter().flatten().count(), SHARED - 2);
        assert_eq!((ask(5000, "new"), ask(5001, "b")), (None, Some(1)));
    }
}
