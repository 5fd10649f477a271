//! The names of a gazetteer and the ways to find them in a text: exactly, by what they begin with, by how they sound, by the letters of their syllables.

use std::collections::HashMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::align::{Alignment, align};
use super::derive;
use super::gazetteer::{HeadIx, RegionIx, Setting};
use super::numeral::digit;
use super::sound::{Sound, Sounds};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameIx(pub u32);

#[derive(Clone, Copy, Debug)]
struct Name {
    head: HeadIx,
    start: u32,
    len: u8,
    alias: bool,
}

/// What an exact mention names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Head(NameIx),
    /// `bare`: without the word for its level (柳行 for 柳行街道).
    Region {
        region: RegionIx,
        bare: bool,
    },
    /// The district itself, or what lies above it.
    Ours,
    /// A province, a city, a county that the district does not lie in.
    Foreign,
}

/// A stretch of a text that names something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    pub start: usize,
    pub end: usize,
    /// A range of [`Index::targets`].
    targets: (u32, u32),
}

impl Mention {
    #[must_use]
    pub const fn chars(&self) -> usize {
        self.end - self.start
    }
}

/// Longer names are cut: nobody says them whole.
const MOST_NAME: usize = 40;

#[derive(Clone, Default)]
pub struct Index {
    chars: Vec<char>,
    names: Vec<Name>,
    pub(super) sounds: Sounds,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    targets: Vec<Target>,
    /// Where the targets of each pattern end.
    ends: Vec<u32>,
    /// Two sounds one behind the other, or with one between: in which names.
    pairs: Vec<(u32, NameIx)>,
    /// Names in the order of their characters.
    sorted: Vec<NameIx>,
    /// Names by the first letter of their first sound.
    by_letter: Vec<(u8, NameIx)>,
    /// Endings that many names share (小区, 家园), at most two characters.
    endings: HashMap<[char; 2], u32>,
    /// While names are added.
    patterns: HashMap<Vec<char>, Vec<Target>>,
    ours: Vec<Vec<char>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("names", &self.names.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// An index with the regions and no names yet.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        let mut index = Self::default();
        for name in derive::foreign() {
            index.pattern(&name, Target::Foreign);
        }
        for name in &setting.district {
            let name: Vec<char> = super::text::Text::read(name).chars;
            index.patterns.remove(&name);
            index.pattern(&name, Target::Ours);
            index.ours.push(name);
        }
        for (at, region) in setting.regions.iter().enumerate() {
            let ix = RegionIx(at as u16);
            for (name, bare) in derive::of_region(&region.name, &region.level_name, region.level == 0) {
                index.pattern(&name, Target::Region { region: ix, bare });
            }
        }
        index
    }

    fn pattern(&mut self, chars: &[char], target: Target) {
        if chars.len() < 2 {
            return;
        }
        let targets = self.patterns.entry(chars.to_vec()).or_default();
        if !targets.contains(&target) {
            targets.push(target);
        }
    }

    /// What is left of an address behind the units that it begins with. While names are added.
    #[must_use]
    pub fn behind_units<'a>(&self, address: &'a [char]) -> &'a [char] {
        let unit = |target: &Target| matches!(target, Target::Ours | Target::Region { .. });
        let mut rest = address;
        while let Some(end) = (2..=rest.len().min(MOST_NAME))
            .rev()
            .find(|end| self.patterns.get(&rest[..*end]).is_some_and(|targets| targets.iter().any(unit)))
        {
            rest = &rest[end..];
        }
        rest
    }

    /// Adds a name of a head, with the other ways to say it.
    pub fn add(&mut self, head: HeadIx, name: &[char], alias: bool) -> NameIx {
        let first = self.one(head, name, alias);
        for other in derive::of_name(name, &self.ours) {
            self.one(head, &other, true);
        }
        first
    }

    /// Adds a name as it is.
    pub fn one(&mut self, head: HeadIx, name: &[char], alias: bool) -> NameIx {
        let name = &name[..name.len().min(MOST_NAME)];
        let known = self.patterns.get(name).into_iter().flatten().find_map(|target| match target {
            Target::Head(known) if self.names[known.0 as usize].head == head => Some(*known),
            _ => None,
        });
        known.unwrap_or_else(|| {
            let ix = NameIx(self.names.len() as u32);
            let start = self.chars.len() as u32;
            self.names.push(Name { head, start, len: name.len() as u8, alias });
            self.chars.extend_from_slice(name);
            self.pattern(name, Target::Head(ix));
            ix
        })
    }

    /// Makes the tables, once all names are added.
    pub fn finish(&mut self) {
        let mut patterns: Vec<(Vec<char>, Vec<Target>)> = std::mem::take(&mut self.patterns).into_iter().collect();
        patterns.sort_unstable();
        let mut texts = Vec::with_capacity(patterns.len());
        for (at, (chars, targets)) in patterns.into_iter().enumerate() {
            texts.push((chars.into_iter().collect::<String>(), at as u32));
            self.targets.extend(targets);
            self.ends.push(self.targets.len() as u32);
        }
        self.automaton = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(texts).ok();
        for c in self.chars.clone() {
            self.sounds.learn(c);
        }
        self.sorted = (0..self.names.len() as u32).map(NameIx).collect();
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.sort_unstable_by(|a, b| self.chars(*a).cmp(self.chars(*b)));
        self.sorted = sorted;
        for at in 0..self.names.len() as u32 {
            self.sounds_of(NameIx(at));
        }
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.by_letter.sort_unstable();
        self.by_letter.dedup();
    }

    fn sounds_of(&mut self, ix: NameIx) {
        let chars = self.chars(ix).to_vec();
        let sounds: Vec<Sound> = chars.iter().map(|c| self.sounds.get(*c)).collect();
        pairs_of(&chars, &sounds, |key| self.pairs.push((key, ix)));
        for letter in initials(chars.first().copied(), sounds.first()) {
            self.by_letter.push((letter, ix));
        }
        if let [.., a, b] = chars[..]
            && chars.len() >= 3
            && !self.names[ix.0 as usize].alias
        {
            *self.endings.entry([a, b]).or_default() += 1;
        }
    }

    #[must_use]
    pub fn chars(&self, name: NameIx) -> &[char] {
        let Name { start, len, .. } = self.names[name.0 as usize];
        &self.chars[start as usize..start as usize + usize::from(len)]
    }

    /// A name and those added right behind it for the same head.
    #[must_use]
    pub fn names_of(&self, first: NameIx) -> Vec<Vec<char>> {
        let head = self.head(first);
        let all = (first.0..self.names.len() as u32).map(NameIx).take_while(|name| self.head(*name) == head);
        all.map(|name| self.chars(name).to_vec()).collect()
    }

    #[must_use]
    pub fn head(&self, name: NameIx) -> HeadIx {
        self.names[name.0 as usize].head
    }

    #[must_use]
    pub fn is_alias(&self, name: NameIx) -> bool {
        self.names[name.0 as usize].alias
    }

    #[must_use]
    pub fn targets(&self, mention: &Mention) -> &[Target] {
        &self.targets[mention.targets.0 as usize..mention.targets.1 as usize]
    }

    /// Everything that is named exactly anywhere in a text, overlapping or not, in the order of where it ends.
    #[must_use]
    pub fn mentions(&self, chars: &[char]) -> Vec<Mention> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let text: String = chars.iter().collect();
        let mut place_of = HashMap::with_capacity(chars.len() + 1);
        place_of.extend(text.char_indices().enumerate().map(|(at, (byte, _))| (byte, at)));
        place_of.insert(text.len(), chars.len());
        let found = automaton.find_overlapping_iter(&text).filter_map(|found| {
            let at = found.value() as usize;
            let first = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            let (start, end) = (*place_of.get(&found.start())?, *place_of.get(&found.end())?);
            Some(Mention { start, end, targets: (first, self.ends[at]) })
        });
        found.collect()
    }

    /// The heads that are named inside a name.
    pub fn inside(&self, chars: &[char]) -> impl Iterator<Item = HeadIx> {
        let longest = super::segment::longest(&self.mentions(chars), |mention| mention.chars() < chars.len());
        longest.into_iter().flat_map(|mention| self.targets(&mention).to_vec()).filter_map(|target| match target {
            Target::Head(name) => Some(self.head(name)),
            _ => None,
        })
    }

    /// Names that begin with `prefix`, in the order of their characters, at most `most`.
    pub fn beginning_with(&self, prefix: &[char], most: usize) -> impl Iterator<Item = NameIx> {
        let first = self.sorted.partition_point(|name| self.chars(*name) < prefix);
        self.sorted[first..].iter().copied().take_while(move |name| self.chars(*name).starts_with(prefix)).take(most)
    }

    /// Names whose first syllable begins with a letter.
    pub fn by_letter(&self, letter: char) -> impl Iterator<Item = NameIx> {
        let letter = letter as u8;
        let first = self.by_letter.partition_point(|(l, _)| *l < letter);
        self.by_letter[first..].iter().take_while(move |(l, _)| *l == letter).map(|(_, name)| *name)
    }

    /// How many names end with the last two characters of a text; 0 for an ending that is nothing common.
    #[must_use]
    pub fn common_ending(&self, chars: &[char]) -> u32 {
        match chars {
            [.., a, b] => self.endings.get(&[*a, *b]).copied().unwrap_or(0),
            _ => 0,
        }
    }

    /// The names that sound or look most like some stretch of `window`, best first.
    #[must_use]
    pub fn similar(&self, window: &[char]) -> Vec<(NameIx, Alignment)> {
        let sounds: Vec<Sound> = window.iter().map(|c| self.sounds.get(*c)).collect();
        let mut found: Vec<(NameIx, Alignment)> = self
            .sharing_pairs(window, &sounds)
            .into_iter()
            .filter_map(|name| {
                let chars = self.chars(name);
                let own: Vec<Sound> = chars.iter().map(|c| self.sounds.get(*c)).collect();
                let alignment = align((window, &sounds), (chars, &own));
                (alignment.similarity(chars.len()) >= LEAST_SIMILAR).then_some((name, alignment))
            })
            .collect();
        let quality = |(name, alignment): &(NameIx, Alignment)| alignment.similarity(self.chars(*name).len());
        found.sort_by(|a, b| quality(b).total_cmp(&quality(a)).then(a.0.cmp(&b.0)));
        found
    }

    /// The names that share most pairs of sounds with a text. The rarest pairs are counted first, and no more than [`MOST_COUNTED`] are.
    fn sharing_pairs(&self, window: &[char], sounds: &[Sound]) -> Vec<NameIx> {
        let mut keys = Vec::new();
        pairs_of(window, sounds, |key| keys.push(key));
        keys.sort_unstable();
        keys.dedup();
        let mut ranges: Vec<&[(u32, NameIx)]> = keys
            .iter()
            .map(|key| {
                let first = self.pairs.partition_point(|(k, _)| k < key);
                let many = self.pairs[first..].partition_point(|(k, _)| k == key);
                &self.pairs[first..first + many]
            })
            .filter(|range| !range.is_empty())
            .collect();
        ranges.sort_by_key(|range| range.len());
        let (mut counts, mut counted): (HashMap<NameIx, u32>, usize) = (HashMap::new(), 0);
        for range in ranges {
            counted += range.len();
            if counted > MOST_COUNTED && !counts.is_empty() {
                break;
            }
            for (_, name) in range {
                *counts.entry(*name).or_default() += 1;
            }
        }
        // Of the pairs that a name has: a short one is not worse for having few.
        let share = |(name, count): &(NameIx, u32)| {
            let len = self.names[name.0 as usize].len as f32;
            *count as f32 / (2.0 * len - 3.0).max(1.0)
        };
        let mut best: Vec<(NameIx, u32)> = counts.into_iter().collect();
        let order = |a: &(NameIx, u32), b: &(NameIx, u32)| share(b).total_cmp(&share(a)).then(a.0.cmp(&b.0));
        if best.len() > MOST_ALIGNED {
            best.select_nth_unstable_by(MOST_ALIGNED, order);
            best.truncate(MOST_ALIGNED);
        }
        best.into_iter().map(|(name, _)| name).collect()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chars.capacity() * size_of::<char>()
            + self.names.capacity() * size_of::<Name>()
            + self.sounds.bytes()
            + self.automaton.as_ref().map_or(0, CharwiseDoubleArrayAhoCorasick::heap_bytes)
            + self.targets.capacity() * size_of::<Target>()
            + self.ends.capacity() * size_of::<u32>()
            + self.pairs.capacity() * size_of::<(u32, NameIx)>()
            + self.sorted.capacity() * size_of::<NameIx>()
            + self.by_letter.capacity() * size_of::<(u8, NameIx)>()
    }
}

/// Entries of the table of pairs that one question looks at, and names that are compared in full.
const MOST_COUNTED: usize = 30_000;
const MOST_ALIGNED: usize = 48;
/// Less alike is not worth to be a candidate.
const LEAST_SIMILAR: f64 = 0.5;

/// Calls `each` with every pair of sounds that stand one behind the other, or with one between them.
fn pairs_of(chars: &[char], sounds: &[Sound], mut each: impl FnMut(u32)) {
    for at in 0..chars.len() {
        for other in at + 1..(at + 3).min(chars.len()) {
            for a in tokens(chars[at], &sounds[at]) {
                for b in tokens(chars[other], &sounds[other]) {
                    each(u32::from(a) << 16 | u32::from(b));
                }
            }
        }
    }
}

/// What stands for a character among pairs: a number by its value, a letter, else its first two readings, folded.
fn tokens(c: char, sound: &Sound) -> impl Iterator<Item = u16> + use<> {
    let fixed = digit(c).map(|value| 0xC000 | value as u16).or_else(|| c.is_ascii().then_some(0x8000 | c as u16));
    let readings: [u16; 2] = std::array::from_fn(|i| sound.readings().get(i).map_or(0, |r| r.folded.number()));
    let second = if readings[1] == readings[0] { 0 } else { readings[1] };
    let all = fixed.map_or([readings[0], second], |fixed| [fixed, 0]);
    all.into_iter().filter(|token| *token != 0)
}

/// The letters that a name may begin with.
fn initials(first: Option<char>, sound: Option<&Sound>) -> Vec<u8> {
    let Some(first) = first else { return Vec::new() };
    if first.is_ascii_lowercase() {
        return vec![first as u8];
    }
    let letter = |(initial, rime): (&str, &str)| initial.bytes().chain(rime.bytes()).next();
    sound.into_iter().flat_map(Sound::readings).filter_map(|reading| letter(reading.exact.letters())).collect()
}
