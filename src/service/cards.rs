//! What an answer says of a unit – itself, its chain, its people – written once a day for each unit that is asked for.

use std::sync::Arc;

use jiff::civil::Date;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::grid::UnitIx;

/// Of all cards of a snapshot. A card has some five kilobytes, so six thousand units are all at hand; of more, those asked for.
const CAPACITY_BYTES: u64 = 32 << 20;
/// What the map of a card costs besides its bytes, roughly.
const ENTRY_BYTES: u64 = 96;
const EXPECTED: usize = 4096;

/// A unit (`None` for nobody's land) on a day.
type Key = (Option<UnitIx>, Date);

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Key, Arc<[u8]>> for ByWeight {
    fn weight(&self, _: &Key, card: &Arc<[u8]>) -> u64 {
        card.len() as u64 + ENTRY_BYTES
    }
}

/// The cards of one snapshot. Cards of past days give way like any that nobody asks for.
#[derive(Debug)]
pub struct Cards(Cache<Key, Arc<[u8]>, ByWeight>);

impl Default for Cards {
    fn default() -> Self {
        Self(Cache::with_weighter(EXPECTED, CAPACITY_BYTES, ByWeight))
    }
}

impl Cards {
    /// The card of a unit on a day, made by `make` unless it is there. Some 50 ns when it is.
    ///
    /// # Errors
    /// What `make` says; nothing is kept then.
    pub fn of<E>(
        &self,
        unit: Option<UnitIx>,
        day: Date,
        make: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<[u8]>, E> {
        if let Some(card) = self.0.get(&(unit, day)) {
            return Ok(card);
        }
        let card: Arc<[u8]> = make()?.into();
        self.0.insert((unit, day), Arc::clone(&card));
        Ok(card)
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
            let card = cards.of(Some(UnitIx(unit)), day, || Ok::<_, ()>(text.as_bytes().to_vec()));
            String::from_utf8(card.expect("is made").to_vec()).expect("text")
        };
        assert_eq!(
            [ask(1, first, "a"), ask(1, first, "b"), ask(1, next, "c"), ask(2, next, "d")],
            ["a", "a", "c", "d"]
        );
        assert_eq!(cards.of(None, first, || Err("no")), Err("no"));
        assert!(cards.of(None, first, || Ok::<_, ()>(Vec::new())).is_ok(), "a fault is not kept");
        for unit in 0..2000 {
            let _ = cards.of(Some(UnitIx(unit)), next, || Ok::<_, ()>(vec![0; 64 << 10]));
        }
        assert!(cards.0.weight() <= CAPACITY_BYTES);
    }
}
