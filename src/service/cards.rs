//! What an answer says of a unit – itself, its chain, its people – written once a day for each unit that is asked for.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use jiff::civil::Date;

use crate::grid::UnitIx;

/// Of all cards of a day. A card has under a kilobyte of its own, so a district of ten thousand units is all at hand; of a larger one, those
/// that were asked for first.
const CAPACITY_BYTES: usize = 32 << 20;

/// The bytes of a card. What many units say alike – the specialists of a community, a kilobyte and a half – is in memory once, so that it is still near the
/// processor when the next unit says it.
#[derive(Clone, Debug)]
pub struct Card {
    before: Box<[u8]>,
    alike: Arc<[u8]>,
    after: Box<[u8]>,
}

impl Card {
    /// A whole card, and the part of it that other cards have too: if it is not in there, nothing is shared.
    #[must_use]
    pub fn new(whole: &[u8], alike: &[u8]) -> Self {
        let at = if alike.is_empty() { None } else { whole.windows(alike.len()).position(|part| part == alike) };
        let (from, until) = at.map_or((whole.len(), whole.len()), |at| (at, at + alike.len()));
        Self { before: whole[..from].into(), alike: whole[from..until].into(), after: whole[until..].into() }
    }

    /// Its bytes, one part after the other.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 3] {
        [&self.before, &self.alike, &self.after]
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The cards of one snapshot on the day that it is. Those of other days are asked for too seldom to be kept.
#[derive(Debug)]
pub struct Cards {
    units: usize,
    today: ArcSwap<OfDay>,
}

#[derive(Debug)]
struct OfDay {
    day: Option<Date>,
    /// By unit; nobody's land is the last.
    cards: Vec<OnceLock<Card>>,
    alike: Mutex<HashSet<Arc<[u8]>>>,
    bytes: AtomicUsize,
}

impl OfDay {
    fn new(day: Option<Date>, units: usize) -> Self {
        let cards = (0..=units).map(|_| OnceLock::new()).collect();
        Self { day, cards, alike: Mutex::default(), bytes: AtomicUsize::new(0) }
    }

    /// Keeps a card, if there is room for it.
    fn keep(&self, slot: &OnceLock<Card>, card: &Card) {
        // Whoever panicked with the lock has added a text, or not.
        let mut alike = self.alike.lock().unwrap_or_else(PoisonError::into_inner);
        let known = alike.get(&card.alike).cloned();
        let more = card.before.len() + card.after.len() + known.as_ref().map_or(card.alike.len(), |_| 0);
        if self.bytes.fetch_add(more, Ordering::Relaxed) + more > CAPACITY_BYTES {
            self.bytes.fetch_sub(more, Ordering::Relaxed);
            return;
        }
        let shared = known.unwrap_or_else(|| {
            alike.insert(Arc::clone(&card.alike));
            Arc::clone(&card.alike)
        });
        let _ = slot.set(Card { alike: shared, ..card.clone() });
    }
}

impl Cards {
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self { units, today: ArcSwap::from_pointee(OfDay::new(None, units)) }
    }

    /// Reads the card of a unit (`None`: of nobody's land) on the day that it is, made by `make` unless it is there.
    ///
    /// # Errors
    /// What `make` says; nothing is kept then.
    pub fn today<T, E>(
        &self,
        unit: Option<UnitIx>,
        day: Date,
        make: impl FnOnce() -> Result<Card, E>,
        read: impl FnOnce(&Card) -> T,
    ) -> Result<T, E> {
        let mut today = self.today.load();
        if today.day != Some(day) {
            self.today.store(Arc::new(OfDay::new(Some(day), self.units)));
            today = self.today.load();
        }
        let slot = today.cards.get(unit.map_or(self.units, UnitIx::ix));
        if let Some(card) = slot.and_then(OnceLock::get) {
            return Ok(read(card));
        }
        let card = make()?;
        if let Some(slot) = slot.filter(|_| today.day == Some(day)) {
            today.keep(slot, &card);
        }
        Ok(read(&card))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(card: &Card) -> String {
        String::from_utf8(card.parts().concat()).expect("text")
    }

    #[test]
    fn a_card_is_made_once_a_unit_and_day() {
        let (cards, first) = (Cards::new(3), Date::constant(2026, 1, 31));
        let next = Date::constant(2026, 2, 1);
        let ask = |unit: Option<u32>, day, whole: &str| {
            let make = || Ok::<_, ()>(Card::new(whole.as_bytes(), b""));
            cards.today(unit.map(UnitIx), day, make, text).expect("is made")
        };
        let asked =
            [ask(Some(1), first, "a"), ask(Some(1), first, "b"), ask(Some(1), next, "c"), ask(Some(2), next, "d")];
        assert_eq!(asked, ["a", "a", "c", "d"]);
        assert_eq!(cards.today(None, next, || Err("no"), text), Err("no"));
        assert_eq!([ask(None, next, "e"), ask(None, next, "f")], ["e", "e"], "a fault is not kept");
        assert_eq!([ask(Some(9), next, "g"), ask(Some(9), next, "h")], ["g", "h"], "no unit of this snapshot");
    }

    #[test]
    fn what_units_say_alike_is_there_once_and_all_of_it_is_bounded() {
        let (cards, day) = (Cards::new(2000), Date::constant(2026, 1, 31));
        let ask = |unit: u32, whole: &[u8], alike: &[u8]| {
            let make = || Ok::<_, ()>(Card::new(whole, alike));
            let said = cards.today(Some(UnitIx(unit)), day, make, |card| card.parts().concat()).expect("is made");
            assert_eq!(said, whole);
        };
        for (unit, whole) in ["one[same]", "[same]", "[sam", "two[same]three"].iter().enumerate() {
            ask(unit as u32, whole.as_bytes(), b"[same]");
            ask(unit as u32, whole.as_bytes(), b"[same]");
        }
        let today = cards.today.load();
        let kept = |unit: usize| today.cards[unit].get().expect("is kept");
        assert!(Arc::ptr_eq(&kept(0).alike, &kept(3).alike) && Arc::ptr_eq(&kept(0).alike, &kept(1).alike));
        assert_eq!((kept(2).parts()[0], kept(2).len()), (b"[sam".as_slice(), 4));
        for unit in 4..2000 {
            ask(unit, &vec![0; 64 << 10], b"");
        }
        assert!(today.bytes.load(Ordering::Relaxed) <= CAPACITY_BYTES);
        assert!(today.cards.iter().filter_map(OnceLock::get).map(Card::len).sum::<usize>() <= CAPACITY_BYTES);
    }
}
