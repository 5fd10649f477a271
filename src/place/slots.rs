//! The numbers of an address behind its name: building, entrance, floor, room, house.

use super::numeral;
use super::sound::Sound;
use super::text::BREAK;

/// A number of a house or a building, with the letter it may have: 12, A3, B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// `0` for none, else `a` … `z`; 甲 乙 丙 丁 are a, b, c, d.
    pub letter: u8,
    /// 0 where there is a letter only.
    pub value: u32,
}

/// What the numbers of a text say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// 3号楼, 12栋, 5#
    pub building: Option<Label>,
    /// 2单元
    pub unit: Option<u32>,
    pub floor: Option<u32>,
    pub room: Option<u32>,
    /// 12号: a house, or a building whose 楼 was left out.
    pub number: Option<Label>,
    /// A number without a word: 隆鑫苑5.
    pub loose: Option<Label>,
}

impl Slots {
    /// Nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Words say what is meant, so that it need not stand behind a name.
    #[must_use]
    pub const fn is_worded(&self) -> bool {
        self.building.is_some() || self.unit.is_some()
    }

    /// What is missing here, from there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let named = self.building.is_some() || self.number.is_some() || self.loose.is_some();
        Self {
            building: if named { self.building } else { other.building },
            unit: self.unit.or(other.unit),
            floor: self.floor.or(other.floor),
            room: self.room.or(other.room),
            number: if named { self.number } else { other.number },
            loose: if named { self.loose } else { other.loose },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Building,
    Unit,
    Floor,
    Room,
    Number,
}

/// The words behind a number, longer ones before those that they begin with.
const WORDS: &[(&str, Word)] = &[
    ("号楼栋", Word::Building),
    ("号楼", Word::Building),
    ("号栋", Word::Building),
    ("号#楼", Word::Building),
    ("号#", Word::Building),
    ("号喽", Word::Building),
    ("#号楼", Word::Building),
    ("#楼", Word::Building),
    ("#栋", Word::Building),
    ("#", Word::Building),
    ("栋楼", Word::Building),
    ("栋", Word::Building),
    ("幢楼", Word::Building),
    ("幢", Word::Building),
    ("橦", Word::Building),
    ("座", Word::Building),
    ("楼栋", Word::Building),
    ("楼", Word::Building),
    ("号单元", Word::Unit),
    ("单元", Word::Unit),
    ("号门洞", Word::Unit),
    ("门洞", Word::Unit),
    ("层", Word::Floor),
    ("号房间", Word::Room),
    ("号房", Word::Room),
    ("号室", Word::Room),
    ("室", Word::Room),
    ("户", Word::Room),
    ("房", Word::Room),
    ("号院", Word::Number),
    ("号", Word::Number),
];

/// 浩楼, 丹圆: words that sound so, as speech recognition writes them.
fn misheard(chars: &[char]) -> Option<(&'static str, Word)> {
    const SPOKEN: [(&str, Word); 2] = [("号楼", Word::Building), ("单元", Word::Unit)];
    let alike = |word: &str| {
        chars.len() >= 2 && chars.iter().zip(word.chars()).all(|(a, b)| Sound::of(*a).alike(&Sound::of(b)))
    };
    SPOKEN.into_iter().find(|(word, _)| alike(word))
}

/// From here on a number without a word behind a building is a room, not an entrance.
const FIRST_ROOM: u32 = 100;

/// Reads the numbers at the beginning of `chars`, and how many characters they take; `None` when there are none.
#[must_use]
pub fn read(chars: &[char]) -> Option<(Slots, usize)> {
    let (mut slots, mut at, mut end) = (Slots::default(), 0, 0);
    while let Some((label, used)) = label(&chars[at..]) {
        let behind = at + used;
        let word = WORDS.iter().copied().find(|(word, _)| starts_with(&chars[behind..], word));
        let word = word.filter(|(word, _)| *word != "号").or_else(|| misheard(&chars[behind..])).or(word);
        if label.letter != 0 && label.value == 0 && !matches!(word, Some((_, Word::Building))) {
            break;
        }
        let taken = match word {
            Some((_, what)) => slots.put(label, what),
            None => slots.put_bare(label),
        };
        if !taken {
            break;
        }
        end = behind + word.map_or(0, |(word, _)| word.chars().count());
        let more = usize::from(chars.get(end).is_some_and(|c| matches!(c, '-' | '/' | '的' | &BREAK)));
        at = end + more;
    }
    (end > 0).then_some((slots, end))
}

impl Slots {
    fn put(&mut self, label: Label, what: Word) -> bool {
        match what {
            // 3号楼5楼: the second is a floor.
            Word::Building if self.building == Some(label) => true,
            Word::Building if self.building.is_some() => put(&mut self.floor, label.value),
            Word::Building => put(&mut self.building, label),
            Word::Unit => put(&mut self.unit, label.value),
            Word::Floor => put(&mut self.floor, label.value),
            Word::Room => put(&mut self.room, label.value),
            Word::Number if self.building.is_some() => put(&mut self.room, label.value),
            Word::Number => put(&mut self.number, label),
        }
    }

    fn put_bare(&mut self, label: Label) -> bool {
        let begun = self.building.is_some() || self.number.is_some() || self.loose.is_some();
        if !begun && self.unit.is_none() {
            put(&mut self.loose, label)
        } else if self.unit.is_none() && self.floor.is_none() && label.value < FIRST_ROOM {
            put(&mut self.unit, label.value)
        } else {
            put(&mut self.room, label.value)
        }
    }
}

fn put<T>(slot: &mut Option<T>, value: T) -> bool {
    let free = slot.is_none();
    if free {
        *slot = Some(value);
    }
    free
}

/// A number with the letter before or behind it: A3, 3A, A, 甲3.
fn label(chars: &[char]) -> Option<(Label, usize)> {
    let letter = |c: &char| match c {
        'a'..='z' => Some(*c as u8),
        '甲' => Some(b'a'),
        '乙' => Some(b'b'),
        '丙' => Some(b'c'),
        '丁' => Some(b'd'),
        _ => None,
    };
    let before = chars.first().and_then(letter);
    let digits = &chars[usize::from(before.is_some())..];
    match (before, numeral::number(digits)) {
        (None, None) => None,
        (Some(letter), None) => Some((Label { letter, value: 0 }, 1)),
        (Some(letter), Some(number)) => Some((Label { letter, value: number.value }, 1 + number.chars)),
        (None, Some(number)) => {
            let behind = digits.get(number.chars).and_then(letter);
            // 3A号楼, but not the beginning of a word in letters.
            let alone = digits.get(number.chars + 1).is_none_or(|c| !c.is_ascii_alphanumeric());
            let letter = behind.filter(|_| alone).unwrap_or(0);
            Some((Label { letter, value: number.value }, number.chars + usize::from(letter != 0)))
        }
    }
}

pub(super) fn starts_with(chars: &[char], word: &str) -> bool {
    let mut rest = chars.iter();
    word.chars().all(|c| rest.next() == Some(&c))
}

/// Splits a name such as 隆鑫苑3号楼2单元 into what it is of and the numbers; `None` where it has none, or nothing before them.
#[must_use]
pub fn split(name: &[char]) -> Option<(usize, Slots)> {
    (2..name.len()).find_map(|at| {
        let (slots, used) = read(&name[at..])?;
        // A digit before would be part of the number.
        let whole = numeral::digit(name[at - 1]).is_none();
        let means = slots.is_worded() || slots.number.is_some();
        (whole && means && at + used == name.len()).then_some((at, slots))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::text::Text;

    const fn plain(value: u32) -> Label {
        Label { letter: 0, value }
    }

    #[test]
    fn the_same_building_in_many_spellings() {
        for spelling in [
            "5号楼3单元502",
            "五号楼三单元五0二室",
            "5#3-502",
            "5#楼3单元502室",
            "5栋3单元502户",
            "5幢三单元502",
            "5座3单元502",
            "5号楼，3单元，502",
            "５＃－３－５０２",
        ] {
            let text = Text::read(spelling);
            let (slots, used) = read(&text.chars).expect(spelling);
            assert_eq!((slots.building, slots.unit, slots.room), (Some(plain(5)), Some(3), Some(502)), "{spelling}");
            assert_eq!(used, text.chars.len(), "{spelling}");
        }
        for (spelling, unit, room) in
            [("5-3-502", Some(3), Some(502)), ("5-3", Some(3), None), ("5-301", None, Some(301))]
        {
            let (slots, _) = read(&Text::read(spelling).chars).expect(spelling);
            assert_eq!((slots.loose, slots.unit, slots.room), (Some(plain(5)), unit, room), "{spelling}");
        }
    }

    #[test]
    fn letters_belong_to_numbers() {
        for (spelling, letter, value) in
            [("A座", b'a', 0), ("B3号楼", b'b', 3), ("3B号楼", b'b', 3), ("甲2号楼", b'a', 2)]
        {
            let (slots, _) = read(&Text::read(spelling).chars).expect(spelling);
            assert_eq!(slots.building, Some(Label { letter, value }), "{spelling}");
        }
        assert_eq!(read(&Text::read("abc").chars), None);
    }

    #[test]
    fn names_are_told_from_their_numbers() {
        for (name, head) in
            [("隆鑫苑3号楼2单元", 3), ("南贯集一村12号", 5), ("凌云八十三号楼", 2), ("二十里铺新村2号楼", 6)]
        {
            assert_eq!(split(&Text::read(name).chars).map(|(at, _)| at), Some(head), "{name}");
        }
        for name in ["三郭社区", "汇通电子五十七厂", "327国道", "火炬路一站", "三河新村"] {
            assert_eq!(split(&Text::read(name).chars), None, "{name}");
        }
    }
}
