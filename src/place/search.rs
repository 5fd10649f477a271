//! Text → candidates, each owned → one answer, or the question that separates them.

use std::ops::Range;

use super::Place;
use super::align::is_telling;
use super::candidate::{Around, Candidate, Found, Level, Why};
use super::decide::{Ambiguity, decide};
use super::gazetteer::{Deepest, Gazetteer, HeadIx};
use super::kind::Kind;
use super::letters::spells;
use super::names::NameIx;
use super::numeral::digit;
use super::read::{Named, Part, Said, numbers};
use super::slots::Slots;
use super::sound::Sound;
use super::text::{MOST_CHARS, Text};
use crate::crs::Cgcs2000;
use crate::grid::UnitIx;

/// Whose a position is, for positions that no list has.
pub trait Ground {
    fn owner(&self, point: Cgcs2000) -> Option<UnitIx>;
    /// Metres to the nearest boundary of the lowest level.
    fn boundary_m(&self, point: Cgcs2000) -> f64;
}

/// What was understood, and whom it leads to.
#[derive(Clone, Debug)]
pub struct Answer {
    pub normalised: String,
    /// Stretches of the source, in characters, and what each was understood as.
    pub marks: Vec<(Part, Range<usize>)>,
    /// Best first.
    pub candidates: Vec<Candidate>,
    pub ambiguity: Ambiguity,
    /// The next question to the caller, in Chinese.
    pub ask: Option<String>,
}

/// A text that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has {chars} characters; at most {MOST_CHARS} are read: give the sentence with the address")]
pub struct TooLong {
    pub chars: usize,
}

/// More candidates than this are never of use.
pub const MOST_CANDIDATES: usize = 10;
/// Names that are looked at for what is being typed.
const MOST_BEGINNING: usize = 24;
const MOST_LOOKED_THROUGH: usize = 400;
/// Places of one name that are weighed.
const MOST_OF_A_NAME: usize = 200;
const MOST_BY_LETTER: usize = 4000;
/// The stretch of a text that is compared with names.
const MOST_WINDOW: usize = 32;

impl Gazetteer {
    /// Finds what a text means. `places` is the list that the gazetteer was made from.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn search(&self, places: &[Place], ground: &impl Ground, raw: &str, limit: usize) -> Result<Answer, TooLong> {
        let chars = raw.chars().count();
        if chars > MOST_CHARS {
            return Err(TooLong { chars });
        }
        let said = Said::read(self, Text::read(raw));
        let around = Around { regions: said.regions.clone(), foreign: said.foreign.is_some() };
        let mut found = self.by_name(&said);
        let (clean, units_only) = (is_clean(self, &said), only_units(&said));
        let letters = said.text.chars.iter().any(|c| c.is_alphabetic());
        if !clean && !units_only && letters {
            found.extend(self.by_likeness(&said));
            found.extend(self.by_letters(&said));
        }
        if (!clean || is_short(&said)) && letters {
            found.extend(self.by_beginning(&said));
        }
        prefer_longer(&mut found);
        prefer_inner(&said, &mut found);
        let mut candidates: Vec<Candidate> =
            found.into_iter().filter_map(|found| Candidate::of(self, places, found, &around)).collect();
        candidates.extend(self.begun(places, &candidates, &around));
        let score = if units_only { 1.0 } else { 0.5 };
        let regions = said.regions.iter().rev().take(1).map(|(region, _)| Candidate::of_region(self, *region, score));
        candidates.extend(regions.filter(|_| !around.foreign));
        self.rank(&mut candidates, ground);
        // However few are wanted, what is answered or asked is the same.
        let (ambiguity, ask) = decide(self, places, ground, &said, &candidates);
        candidates.truncate(limit.clamp(1, MOST_CANDIDATES));
        let marks = said.marks.iter().map(|(part, span)| (*part, said.text.source(span.clone()))).collect();
        Ok(Answer { normalised: said.text.to_string(), marks, candidates, ambiguity, ask })
    }

    /// Heads whose names stand in the text. The one that the numbers belong to comes first; the others are where it lies, unless it does not.
    fn by_name(&self, said: &Said) -> Vec<Found> {
        let Some(main) = main_of(self, said) else { return Vec::new() };
        let mut found = Vec::new();
        for (at, named) in said.named.iter().enumerate() {
            let fit = if at == main { 1.0 } else { OTHER_NAME };
            let trust = preceded(said, named) * followed(said, named);
            // Of a name that a city has thousands of, those in the units that were named.
            let inside =
                |head: &HeadIx| said.regions.iter().all(|(region, _)| self.lies_in(self.region(*head), *region));
            let all = named.heads.len() <= MOST_OF_A_NAME;
            for (head, name) in named.heads.iter().filter(|(head, _)| all || inside(head)).take(MOST_OF_A_NAME) {
                let alias = self.index.is_alias(*name);
                found.push(Found {
                    head: *head,
                    why: if alias { Why::Alias } else { Why::Name },
                    fit: fit * if alias { ALIAS } else { 1.0 } * trust,
                    sure: at == main && trust >= 1.0,
                    slots: if at == main { said.slots_for(Some(named)) } else { named.slots },
                    relation: named.relation,
                    span: named.span.clone(),
                    explained: named.span.len() as f64,
                });
            }
        }
        found
    }

    /// Heads whose names sound or look like some of the text.
    fn by_likeness(&self, said: &Said) -> Vec<Found> {
        let window = window(said);
        let chars = &said.text.chars[window.clone()];
        let similar = self.index.similar(chars);
        let mut found = Vec::new();
        for (name, alignment) in similar.into_iter().take(MOST_BEGINNING) {
            let own = self.index.chars(name);
            let (start, end) = (window.start + alignment.start, window.start + alignment.end);
            if alignment.cost == 0.0
                && said.named.iter().any(|named| named.span.start <= start && end <= named.span.end)
            {
                continue;
            }
            let share = alignment.similarity(own.len());
            let read = &said.text.chars[start..end];
            let slots = slots_at(said, end);
            // A different common ending is another compound, not an error: 阳光花园 is not 阳光家园.
            let other_ending = self.index.common_ending(read) > 0
                && own.len() >= 2
                && read.len() >= 2
                && read[read.len() - 2..] != own[own.len() - 2..];
            let sounds_so = alignment.cost <= 0.2 * own.len() as f64 && alignment.cost < 0.75;
            let one_wrong = alignment.cost <= 1.05 && own.len() >= 4;
            found.push(Found {
                head: self.index.head(name),
                why: Why::Like { read: read.iter().collect(), share },
                fit: share * if other_ending { 0.85 } else { 0.985 },
                sure: (sounds_so || (one_wrong && begins(said, start))) && !other_ending && !goes_on(said, end),
                slots,
                relation: None,
                span: start..end,
                explained: (end - start) as f64 - alignment.cost,
            });
        }
        found
    }

    /// Heads by the letters of their syllables: lxy5.
    fn by_letters(&self, said: &Said) -> Vec<Found> {
        let chars = &said.text.chars;
        let free = |at: usize| !said.is_marked(at);
        let Some(first) = (0..chars.len()).find(|at| chars[*at].is_ascii_lowercase() && free(*at)) else {
            return Vec::new();
        };
        // With the characters before it that belong to it: 隆xy.
        let start =
            (0..first).rev().take_while(|at| digit(chars[*at]).is_none() && !chars[*at].is_ascii() && free(*at)).last();
        let start = start.unwrap_or(first);
        let end = (start..chars.len())
            .find(|at| chars[*at].is_ascii_digit() || !chars[*at].is_alphabetic())
            .unwrap_or(chars.len());
        let pattern = &chars[start..end];
        if pattern.len() < 2 || pattern.len() > MOST_WINDOW {
            return Vec::new();
        }
        let (slots, span) = (slots_at(said, end), start..end);
        let firsts = letters_of(pattern[0]);
        let names = firsts.into_iter().flat_map(|letter| self.index.by_letter(letter)).take(MOST_BY_LETTER);
        let mut found: Vec<Found> = names.filter_map(|name| self.spelled(name, pattern, slots, span.clone())).collect();
        found.sort_by(|a, b| b.fit.total_cmp(&a.fit).then_with(|| self.size(b.head).cmp(&self.size(a.head))));
        found.truncate(MOST_BEGINNING);
        found
    }

    fn spelled(&self, name: NameIx, pattern: &[char], slots: Slots, span: Range<usize>) -> Option<Found> {
        let own = self.index.chars(name);
        let sounds: Vec<Sound> = own.iter().map(|c| self.index.sounds.get(*c)).collect();
        let spelled = spells(pattern, own, &sounds)?;
        let share = spelled.chars as f64 / own.len() as f64;
        let fit = spelled.quality.max(0.8) * (0.55 + 0.45 * share);
        let explained = span.len() as f64 * spelled.quality;
        Some(Found {
            head: self.index.head(name),
            why: Why::Letters,
            fit,
            sure: share >= 1.0,
            slots,
            relation: None,
            span,
            explained,
        })
    }

    /// Heads whose names begin with what is being typed, or with what stands before the numbers: 幸福40号楼 for 幸福新村40号楼.
    fn by_beginning(&self, said: &Said) -> Vec<Found> {
        let chars = &said.text.chars;
        let stretch = window(said);
        let end = stretch.clone().find(|at| {
            *at > stretch.start && said.marks.iter().any(|(part, span)| *part == Part::Number && span.start == *at)
        });
        let span = stretch.start..end.unwrap_or(stretch.end);
        let prefix = &chars[span.clone()];
        if prefix.len() < 2 {
            return Vec::new();
        }
        let slots = slots_at(said, span.end);
        let short = if is_short(said) { 0.9 } else { 0.62 };
        let begun = self.index.beginning_with(prefix, MOST_LOOKED_THROUGH).map(|name| {
            let head = self.index.head(name);
            let numbered = matches!(self.deepest(head, &slots), Deepest::Found(..));
            let share = prefix.len() as f64 / self.index.chars(name).len() as f64;
            // Of what begins so, what many things are called after comes first.
            let known = if self.head(head).kind == Kind::Spot { 0.0 } else { 0.02 };
            Found {
                head,
                why: Why::Beginning,
                fit: (short + 0.07 * share + known + if numbered { 0.2 } else { 0.0 }).min(0.95),
                sure: false,
                slots,
                relation: None,
                span: span.clone(),
                explained: span.len() as f64,
            }
        });
        let mut begun: Vec<Found> = begun.collect();
        begun.sort_by(|a, b| b.fit.total_cmp(&a.fit));
        begun.truncate(MOST_BEGINNING);
        begun
    }

    /// Other buildings whose number begins with what is being typed: 隆鑫苑1 → 1, 10, 11.
    fn begun(&self, places: &[Place], candidates: &[Candidate], around: &Around) -> Vec<Candidate> {
        let best = candidates.iter().max_by(|a, b| a.score.total_cmp(&b.score));
        let Some((head, loose)) = best.and_then(|best| Some((best.head?, best.slots.loose?))) else {
            return Vec::new();
        };
        let Some(best) = best.filter(|best| best.slots.unit.is_none() && best.slots.room.is_none()) else {
            return Vec::new();
        };
        let more =
            self.beginning_with(head, loose, MOST_CANDIDATES).into_iter().filter(|place| Some(*place) != best.place);
        more.filter_map(|place| {
            let at = places.get(place.ix())?;
            let found = Found {
                head,
                why: Why::Beginning,
                fit: 0.75,
                sure: false,
                slots: Slots::default(),
                relation: None,
                span: 0..0,
                explained: 0.0,
            };
            let candidate = Candidate::of(self, places, found, around)?;
            Some(Candidate {
                place: Some(place),
                level: Level::Building,
                point: Some(at.point),
                accuracy_m: at.accuracy_m,
                owner: self.owner(place),
                ..candidate
            })
        })
        .collect()
    }

    /// Owners for what was moved; best first; one candidate a place.
    fn rank(&self, candidates: &mut Vec<Candidate>, ground: &impl Ground) {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.owner.is_none()) {
            candidate.owner = candidate.point.and_then(|point| ground.owner(point));
        }
        candidates.sort_by(|a, b| {
            let size = |c: &Candidate| c.head.map_or(0, |head: HeadIx| self.size(head));
            b.score
                .total_cmp(&a.score)
                .then(b.sure.cmp(&a.sure))
                .then(b.level.cmp(&a.level))
                .then(size(b).cmp(&size(a)))
        });
        let mut seen = std::collections::HashSet::new();
        candidates.retain(|c| {
            seen.insert((
                c.place,
                if c.place.is_none() { c.head } else { None },
                if c.place.is_none() { c.region } else { None },
            ))
        });
    }
}

/// 北黄庄 is not 黄庄: a telling character right before a name that nothing explains.
fn preceded(said: &Said, named: &Named) -> f64 {
    let before =
        named.span.start.checked_sub(1).filter(|at| !said.is_marked(*at)).and_then(|at| said.text.chars.get(at));
    let twice = before == said.text.chars.get(named.span.start);
    if before.is_some_and(|c| is_telling(*c)) && !twice { PRECEDED } else { 1.0 }
}

/// The numbers behind a place of the text, or any there are.
fn slots_at(said: &Said, end: usize) -> Slots {
    let behind = numbers(&said.text.chars, end, true).map(|(slots, _)| slots).unwrap_or_default();
    let all = said.numbers.iter().fold(behind, |all, (slots, _)| all.or(*slots));
    said.named.iter().fold(all, |all, named| all.or(named.slots))
}

/// 黄庄晓区3号楼: between a name and the numbers stands something that nothing explains, so it may be the beginning of another.
fn followed(said: &Said, named: &Named) -> f64 {
    let numbers = said.numbers.iter().map(|(_, span)| span.start).find(|start| *start >= named.end);
    let between = numbers.filter(|_| named.slots.is_empty()).map(|start| named.end..start).unwrap_or_default();
    let unexplained = between.clone().filter(|at| !said.is_marked(*at) && said.text.chars[*at].is_alphabetic()).count();
    if (1..=MOST_FOLLOWING).contains(&unexplained) && unexplained == between.len() { FOLLOWED } else { 1.0 }
}

/// Whether a name may begin here: at the start, behind something understood, or behind a word that names do not hold.
fn begins(said: &Said, start: usize) -> bool {
    const BEFORE: &str = "在是到我的住家们说叫就个了下映有呢啊嗯吧处于请问因里和与把给,";
    let before = start.checked_sub(1).and_then(|at| said.text.chars.get(at).map(|c| (at, *c)));
    before.is_none_or(|(at, c)| said.is_marked(at) || BEFORE.contains(c))
}

/// 阳光花|园3号楼: between what was read as a name and the numbers stands the rest of another.
fn goes_on(said: &Said, end: usize) -> bool {
    let next = (end..said.text.chars.len()).find(|at| said.is_marked(*at));
    let rest = next.map(|next| &said.text.chars[end..next]).unwrap_or_default();
    (1..=MOST_FOLLOWING).contains(&rest.len()) && rest.iter().all(|c| c.is_alphabetic())
}

/// Nothing but units is named: 洸河街道.
fn only_units(said: &Said) -> bool {
    let understood = (0..said.text.chars.len()).all(|at| said.is_marked(at) || !said.text.chars[at].is_alphanumeric());
    understood && said.named.is_empty() && said.numbers.is_empty() && !said.regions.is_empty()
}

/// A name of two characters and nothing else: it may be the beginning of others.
fn is_short(said: &Said) -> bool {
    said.text.chars.len() <= 2
        || said.regions.is_empty()
            && said.named.iter().all(|n| n.span.len() <= 2 && n.end == n.span.end)
            && said.numbers.is_empty()
            && said.text.chars.len() <= 3
}

const OTHER_NAME: f64 = 0.72;
const FOLLOWED: f64 = 0.75;
const MOST_FOLLOWING: usize = 4;
const ALIAS: f64 = 0.995;
const PRECEDED: f64 = 0.7;

/// The letters that a pattern may begin with.
fn letters_of(c: char) -> Vec<char> {
    if c.is_ascii_lowercase() {
        return vec![c];
    }
    let sound = Sound::of(c);
    let letters = sound.readings().iter().filter_map(|r| {
        let (initial, rime) = r.exact.letters();
        initial.chars().chain(rime.chars()).next()
    });
    letters.collect()
}

/// The name that the rest of the text is about.
fn main_of(gazetteer: &Gazetteer, said: &Said) -> Option<usize> {
    let weight = |(at, named): (usize, &Named)| {
        let kind = named.heads.iter().map(|(head, _)| gazetteer.head(*head).kind).max_by_key(|kind| specific(*kind));
        let numbered = if named.slots.is_empty() { 0.0 } else { 3.0 };
        // A unit that is named on the way says where; the seat of a subdistrict even more so than a community.
        let last = named.slots.is_empty() && said.named.iter().all(|other| other.end <= named.end);
        let region = named.region.map_or(0.0, |level| match (level, last) {
            (_, true) => -1.5,
            (0, false) => -6.0,
            (_, false) => -4.0,
        });
        kind.map_or(0.0, specific_f) + numbered + region + 0.1 * at as f64
    };
    let all = said.named.iter().enumerate();
    all.max_by(|a, b| weight((a.0, a.1)).total_cmp(&weight((b.0, b.1)))).map(|(at, _)| at)
}

const fn specific(kind: Kind) -> u32 {
    match kind {
        Kind::Road => 0,
        Kind::Village => 10,
        Kind::Compound | Kind::Crossing => 20,
        Kind::Spot => 21,
    }
}

fn specific_f(kind: Kind) -> f64 {
    f64::from(specific(kind)) / 10.0
}

/// Whether every character up to the end of the last name and its numbers is understood, so that nothing else can be meant.
fn is_clean(gazetteer: &Gazetteer, said: &Said) -> bool {
    let Some(main) = main_of(gazetteer, said).map(|at| &said.named[at]) else { return false };
    let until = said
        .named
        .iter()
        .map(|named| named.end)
        .chain(said.numbers.iter().map(|(_, span)| span.end))
        .max()
        .unwrap_or(0);
    let understood =
        (0..until).all(|at| said.is_marked(at) || !said.text.chars[at].is_alphabetic() || in_name_tail(main, at));
    // What follows a name may be the rest of a longer one; what follows its numbers is not.
    let rest = said.text.chars.len().saturating_sub(until);
    understood && (rest == 0 || !said.slots_for(Some(main)).is_empty() || main.relation.is_some())
}

fn in_name_tail(named: &Named, at: usize) -> bool {
    (named.span.end..named.end).contains(&at)
}

/// The stretch that may hold a misspelled name: the longest between the units that were named, up to some length.
fn window(said: &Said) -> Range<usize> {
    let mut borders: Vec<Range<usize>> =
        said.marks.iter().filter(|(part, _)| *part == Part::Region).map(|(_, span)| span.clone()).collect();
    borders.extend(said.named.iter().filter(|named| named.region.is_some()).map(|named| named.span.clone()));
    borders.sort_by_key(|span| span.start);
    borders.push(said.text.chars.len()..said.text.chars.len());
    let (mut start, mut best, mut most) = (0, 0..said.text.chars.len(), 1);
    let count = borders.len();
    for (at, border) in borders.into_iter().enumerate() {
        let stretch = start..border.start.max(start);
        start = start.max(border.end);
        let letters = stretch.clone().filter(|at| said.text.chars[*at].is_alphabetic()).count();
        let numbered = said.marks.iter().any(|(part, span)| *part == Part::Number && stretch.contains(&span.start));
        // Names come behind the units they lie in, and before their numbers.
        let weight = letters.min(8) + if numbered { 8 } else { 0 } + if at + 1 == count { 7 } else { 0 };
        if letters >= 2 && weight > most {
            (best, most) = (stretch, weight);
        }
    }
    best.start..best.end.min(best.start + MOST_WINDOW)
}

/// A unit that may be a village too, where something else in the text is like a name: it says where, and what is there is the other.
fn prefer_inner(said: &Said, found: &mut [Found]) {
    let units: Vec<&Range<usize>> = said.named.iter().filter(|n| n.region.is_some()).map(|n| &n.span).collect();
    let apart = |span: &Range<usize>| {
        !span.is_empty() && units.iter().all(|unit| span.end <= unit.start || unit.end <= span.start)
    };
    if found.iter().any(|other| other.fit >= LIKELY && apart(&other.span)) {
        let named = found.iter_mut().filter(|one| units.contains(&&one.span));
        named.for_each(|one| (one.fit, one.sure) = (one.fit * CONTEXT, false));
    }
}

const LIKELY: f64 = 0.6;

/// 卞厂村文明实践站: a name that is inside a longer reading which explains clearly more is not what is meant.
fn prefer_longer(found: &mut [Found]) {
    let spans: Vec<(Range<usize>, f64)> = found.iter().map(|f| (f.span.clone(), f.explained)).collect();
    for one in found.iter_mut() {
        let longer = spans.iter().any(|(span, explained)| {
            span.start <= one.span.start && one.span.end <= span.end && *explained >= one.explained + CLEARLY_MORE
        });
        if longer && !one.span.is_empty() {
            (one.fit, one.sure) = (one.fit * INSIDE, false);
        }
    }
}

const CONTEXT: f64 = 0.6;
const CLEARLY_MORE: f64 = 1.2;
const INSIDE: f64 = 0.72;
