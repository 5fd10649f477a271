//! What a text says: the units it names, the names in it, numbers, relations, and what is left.

use std::ops::Range;

use super::gazetteer::{Gazetteer, HeadIx, RegionIx};
use super::kind::Kind;
use super::names::{Mention, NameIx, Target};
use super::numeral::digit;
use super::relation::{self, Relation};
use super::segment;
use super::slots::{self, Slots, starts_with};
use super::sound::Sound;
use super::text::{BREAK, Text};

/// A name in the text.
#[derive(Clone, Debug)]
pub struct Named {
    pub heads: Vec<(HeadIx, NameIx)>,
    pub span: Range<usize>,
    /// It is the name of a region as well, of this level.
    pub region: Option<u8>,
    /// The numbers right behind it.
    pub slots: Slots,
    /// Where the name with its numbers ends.
    pub end: usize,
    pub relation: Option<Relation>,
}

/// What a text says.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub text: Text,
    pub regions: Vec<(RegionIx, bool)>,
    /// It names what is elsewhere.
    pub foreign: Option<Range<usize>>,
    /// It may: a unit that is none of ours stands before a name.
    pub doubt: bool,
    pub named: Vec<Named>,
    /// Numbers with words, wherever they stand.
    pub numbers: Vec<(Slots, Range<usize>)>,
    /// Stretches that were understood, for who wants to mark them.
    pub marks: Vec<(Part, Range<usize>)>,
}

/// What a stretch of a text was understood as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Region,
    Name,
    Number,
    Relation,
    /// Another place than this district.
    Elsewhere,
}

/// Words behind the name of a compound or a village that say nothing more.
const GENERIC: [&str; 12] = [
    "居民小区",
    "住宅小区",
    "家属院",
    "生活区",
    "住宅区",
    "社区居委会",
    "社区",
    "小区",
    "村委会",
    "居委会",
    "大院",
    "村",
];
/// Between the names of two roads that meet.
const AND: [&str; 14] = ["与", "和", "跟", "同", "及", "交", "×", "x", "*", "/", "-", "到", "&", ","];
/// Behind them.
const MEET: [&str; 12] =
    ["交叉路口", "交叉口", "十字路口", "丁字路口", "交汇处", "交界处", "交会处", "路口", "交口", "交汇", "交叉", "口"];
/// Words for a level that has its own names: what stands before them is one, ours or another's.
const LEVELS: [&str; 8] = ["街道办事处", "街道办", "街道", "街办", "办事处", "镇", "乡", "县"];

impl Said {
    /// Reads a text. The time grows with its length only.
    #[must_use]
    pub fn read(gazetteer: &Gazetteer, text: Text) -> Self {
        let mentions = gazetteer.index.mentions(&text.chars);
        let chosen = segment::longest(&mentions, |mention| is_meant(gazetteer, &text.chars, mention));
        let mut said = Self { text, ..Self::default() };
        for (at, mention) in chosen.iter().enumerate() {
            let before = at.checked_sub(1).map_or(0, |before| chosen[before].end);
            let limit = chosen.get(at + 1).map_or(said.text.chars.len(), |next| next.start);
            said.mention(gazetteer, mention, before, limit);
        }
        said.unknown_levels(gazetteer, &chosen);
        said.loose_numbers(&chosen);
        said.crossings(gazetteer);
        said.named.iter().for_each(|named| said.marks.push((Part::Name, named.span.clone())));
        said.marks.sort_by_key(|(_, span)| (span.start, span.end));
        said
    }

    fn mention(&mut self, gazetteer: &Gazetteer, mention: &Mention, before: usize, limit: usize) {
        let span = mention.start..mention.end;
        let (mut heads, mut region) = (Vec::new(), None);
        for target in gazetteer.index.targets(mention) {
            match *target {
                Target::Head(name) => heads.push((gazetteer.index.head(name), name)),
                Target::Region { region: ix, bare } => {
                    // 王因镇王因新村: only what is followed by something is a unit without its word.
                    let context = !bare
                        || (mention.end < self.text.chars.len()
                            && mention.end == limit
                            && (mention.start == 0 || before == mention.start));
                    if context {
                        self.regions.push((ix, bare));
                    }
                    region = gazetteer.setting.regions.get(usize::from(ix.0)).map(|region| region.level);
                }
                Target::Ours => {}
                Target::Foreign => self.foreign = Some(span.clone()),
            }
        }
        let foreign = self.foreign.as_ref() == Some(&span);
        if heads.is_empty() {
            self.marks.push((if foreign { Part::Elsewhere } else { Part::Region }, span));
            return;
        }
        let kind = heads.iter().map(|(head, _)| gazetteer.head(*head).kind).min();
        let (slots, end, relation) = self.behind(mention.end, limit, kind);
        self.named.push(Named { heads, span, region, slots, end, relation });
    }

    /// The numbers and the relation behind a name that ends at `at`, up to `limit`.
    fn behind(&mut self, at: usize, limit: usize, kind: Option<Kind>) -> (Slots, usize, Option<Relation>) {
        let (chars, compound) = (&self.text.chars[..limit], kind == Some(Kind::Compound));
        if let Some((mark, used)) = relation::mark(&chars[at..]).filter(|_| kind == Some(Kind::Road)) {
            self.marks.push((Part::Relation, at..at + used));
            return (Slots::default(), at + used, Some(mark));
        }
        let generic =
            GENERIC.iter().find(|word| starts_with(&chars[at..], word)).map_or(0, |word| word.chars().count());
        let mut end = at + generic;
        // 华盛嘉园园13号楼: the last character twice.
        end += usize::from(
            generic == 0 && at > 0 && chars.get(at) == chars.get(at - 1) && numbers(chars, at + 1, compound).is_some(),
        );
        let skipped = usize::from(chars.get(end).is_some_and(|c| matches!(c, &BREAK | '-' | '的')));
        let mut slots = Slots::default();
        if let Some((read, used)) = numbers(chars, end + skipped, compound)
            .filter(|(read, _)| skipped == 0 || read.is_worded() || read.number.is_some())
        {
            self.marks.push((Part::Number, end + skipped..end + skipped + used));
            (slots, end) = (read, end + skipped + used);
        }
        let of = usize::from(chars.get(end).is_some_and(|c| matches!(c, '的' | &BREAK)));
        let relation = relation::read(&chars[end + of..]);
        if let Some((_, used)) = relation {
            self.marks.push((Part::Relation, end + of..end + of + used));
            end += of + used;
        }
        (slots, end, relation.map(|(relation, _)| relation))
    }

    /// 光河街道, 古槐街道: a unit that is none of ours by name is one of ours by sound, or it lies elsewhere.
    fn unknown_levels(&mut self, gazetteer: &Gazetteer, chosen: &[Mention]) {
        let chars = self.text.chars.clone();
        let mut at = 0;
        while at < chars.len() {
            let word = LEVELS.iter().find(|word| starts_with(&chars[at..], word)).map(|word| word.chars().count());
            let Some(used) = word else {
                at += 1;
                continue;
            };
            let inside = chosen.iter().any(|mention| (mention.start..mention.end).contains(&at));
            let start = chosen.iter().map(|mention| mention.end).filter(|end| *end <= at).max().unwrap_or(0);
            let stem = &chars[start.max(at.saturating_sub(MOST_STEM))..at];
            if !inside && stem.len() >= 2 && stem.iter().all(|c| !c.is_ascii()) {
                self.level(gazetteer, stem, at - stem.len()..at + used, start == at - stem.len());
            }
            at += used;
        }
    }

    fn level(&mut self, gazetteer: &Gazetteer, stem: &[char], span: Range<usize>, whole: bool) {
        let sounds: Vec<Sound> = stem.iter().map(|c| Sound::of(*c)).collect();
        let alike = |name: &str| {
            let own = Text::read(name).chars;
            let own = own.strip_suffix(&['街', '道']).unwrap_or(&own);
            own.len() <= stem.len()
                && own.iter().rev().zip(sounds.iter().rev()).all(|(c, sound)| Sound::of(*c).alike(sound))
        };
        let tops = gazetteer.setting.regions.iter().enumerate().filter(|(_, region)| region.level == 0);
        match tops.into_iter().find(|(_, region)| alike(&region.name)) {
            Some((at, _)) => {
                self.regions.push((RegionIx(at as u16), true));
                self.marks.push((Part::Region, span));
            }
            None if whole => {
                self.marks.push((Part::Elsewhere, span.clone()));
                self.foreign = Some(span);
            }
            None => self.doubt |= self.named.iter().any(|named| named.span.start >= span.end),
        }
    }

    /// Numbers with words that stand behind no name.
    fn loose_numbers(&mut self, chosen: &[Mention]) {
        let free = |at: usize| {
            !chosen.iter().any(|mention| (mention.start..mention.end).contains(&at))
                && !self.named.iter().any(|named| (named.span.start..named.end).contains(&at))
        };
        let (mut found, mut at) = (Vec::new(), 0);
        while at < self.text.chars.len() {
            let limit = (at..self.text.chars.len()).find(|place| !free(*place)).unwrap_or(self.text.chars.len());
            let begins = at == 0 || digit(self.text.chars[at - 1]).is_none();
            let alone = |used: usize| {
                let before =
                    at.checked_sub(1).is_none_or(|before| !self.text.chars[before].is_alphanumeric() || !free(before));
                let behind = self.text.chars.get(at + used).is_none_or(|c| !c.is_alphanumeric() || !free(at + used));
                before && behind
            };
            let wanted = |(slots, used): &(Slots, usize)| {
                begins && (slots.is_worded() || (slots.number.is_some() && alone(*used)))
            };
            match slots::read(&self.text.chars[at..limit]).filter(wanted) {
                Some((slots, used)) => {
                    found.push((slots, at..at + used));
                    at += used;
                }
                None => at += 1,
            }
        }
        self.marks.extend(found.iter().map(|(_, span)| (Part::Number, span.clone())));
        self.numbers = found;
    }

    /// Two roads with 与, or with 路口 behind them, are the crossing where they meet.
    fn crossings(&mut self, gazetteer: &Gazetteer) {
        let mut at = 0;
        while at + 1 < self.named.len() {
            if let Some(crossing) = self.crossing(gazetteer, at) {
                self.named.splice(at..at + 2, [crossing]);
            }
            at += 1;
        }
    }

    fn crossing(&mut self, gazetteer: &Gazetteer, at: usize) -> Option<Named> {
        let (one, other) = (&self.named[at], &self.named[at + 1]);
        let chars = &self.text.chars;
        let between: String = chars.get(one.span.end..other.span.start)?.iter().collect();
        let behind =
            MEET.iter().find(|word| starts_with(&chars[other.span.end..], word)).map_or(0, |word| word.chars().count());
        let joined = between.is_empty() || AND.contains(&between.as_str());
        let roads = |named: &Named| {
            let roads = named.heads.iter().filter(|(head, _)| gazetteer.head(*head).kind == Kind::Road);
            roads.map(|(head, _)| *head).collect::<Vec<_>>()
        };
        let (ones, others) = (roads(one), roads(other));
        let mut pairs = ones.iter().flat_map(|a| others.iter().map(move |b| (*a, *b)));
        let head = joined.then(|| pairs.find_map(|(a, b)| gazetteer.crossing(a, b)))??;
        let (start, end) = (one.span.start, other.span.end + behind);
        let limit = self.named.get(at + 2).map_or(chars.len(), |next| next.span.start);
        let (_, end_all, relation) = self.behind(end, limit.max(end), Some(Kind::Crossing));
        let name = gazetteer.head(head).name;
        Some(Named {
            heads: vec![(head, name)],
            span: start..end,
            region: None,
            slots: Slots::default(),
            end: end_all,
            relation,
        })
    }

    /// All numbers of the text: those behind a name first.
    #[must_use]
    pub fn slots_for(&self, named: Option<&Named>) -> Slots {
        let own = named.map(|named| named.slots).unwrap_or_default();
        // 西贯庄社区 23号 舒辛村: what stands behind a unit that only says where is the number of what is there.
        let own = self.named.iter().filter(|other| other.region.is_some()).fold(own, |all, other| all.or(other.slots));
        self.numbers.iter().fold(own, |all, (slots, _)| all.or(*slots))
    }

    /// Whether a character was understood.
    #[must_use]
    pub fn is_marked(&self, at: usize) -> bool {
        self.marks.iter().any(|(_, span)| span.contains(&at))
    }
}

/// The numbers at a place of the text. 三郭四十七电动车行: a number without a word, and more behind it, is part of a name; only behind a compound (隆鑫苑5路灯不亮)
/// it is not, when it stands in digits.
#[must_use]
pub fn numbers(chars: &[char], at: usize, compound: bool) -> Option<(Slots, usize)> {
    let (read, used) = slots::read(chars.get(at..)?)?;
    let until = at + used;
    let goes_on = chars.get(until).is_some_and(|c| c.is_alphabetic()) && relation::read(&chars[until..]).is_none();
    let loose = read.loose.is_some() && read.unit.is_none() && read.room.is_none();
    (!loose || !goes_on || (compound && chars[at].is_ascii_digit())).then_some((read, used))
}

/// The longest name of a subdistrict, a town or a county before the word for it.
const MOST_STEM: usize = 4;

/// Whether a mention may be what it seems: the name of a far city may be a word of a shop's name, or of a complaint.
fn is_meant(gazetteer: &Gazetteer, chars: &[char], mention: &Mention) -> bool {
    let only_foreign = gazetteer.index.targets(mention).iter().all(|target| *target == Target::Foreign);
    let ends_as_one = chars[mention.start..mention.end].last().is_some_and(|c| matches!(c, '省' | '市' | '县' | '区'));
    let goes_on = chars.get(mention.end).is_some_and(|c| matches!(c, '省' | '市' | '县' | '区'));
    !only_foreign || mention.start == 0 || ends_as_one || goes_on
}
