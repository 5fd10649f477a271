//! How a character sounds: its readings without tones, and what remains of them where people and speech recognition mix them up.

use std::collections::HashMap;

use pinyin::ToPinyinMulti;

/// A syllable without its tone, as a number; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Syllable(u16);

/// One reading of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Reading {
    pub exact: Syllable,
    /// zh = z, ch = c, sh = s, n = l, ang = an, eng = en, ing = in.
    pub folded: Syllable,
}

/// Readings of a character that are looked at; the common ones come first.
pub const MOST_READINGS: usize = 3;

/// Characters that are read in several ways in names.
const SEVERAL: &str = "长行乐重朝都单曾盛大会合少还降角觉校卡空乡薄车种传弹调干更冠汗号华间将解卷看量宁强省石识数宿相应藏折郑朴仇区查解任缪尉万覃翟员洸堡铺泊埠";

/// The readings of one character: none for what is not Chinese.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sound {
    readings: [Reading; MOST_READINGS],
    count: u8,
}

const INITIALS: [&str; 24] = [
    "", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s",
    "y", "w",
];
const RIMES: [&str; 36] = [
    "a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "er", "i", "ia", "ie", "iao", "iu", "ian",
    "in", "iang", "ing", "iong", "u", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ueng", "v", "ve", "ue", "ê",
];

fn at(list: &[&str], what: &str) -> Option<u16> {
    list.iter().position(|known| *known == what).map(|at| at as u16)
}

impl Syllable {
    fn of(initial: &str, rime: &str) -> Self {
        match (at(&INITIALS, initial), at(&RIMES, rime)) {
            (Some(initial), Some(rime)) => Self(1 + initial * 64 + rime),
            _ => Self(0),
        }
    }

    #[must_use]
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }

    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// How it is written.
    #[must_use]
    pub fn letters(self) -> (&'static str, &'static str) {
        let at = usize::from(self.0.saturating_sub(1));
        (INITIALS.get(at / 64).copied().unwrap_or(""), RIMES.get(at % 64).copied().unwrap_or(""))
    }
}

impl Reading {
    /// Of a syllable as it is spelled without tone (`lü` as `lü` or `lv`).
    fn spelled(plain: &str) -> Option<Self> {
        let plain = plain.replace('ü', "v");
        let initial =
            INITIALS.iter().skip(1).filter(|i| plain.starts_with(**i)).max_by_key(|i| i.len()).copied().unwrap_or("");
        let rime = &plain[initial.len()..];
        let exact = Syllable::of(initial, rime);
        let initial = match initial {
            "zh" => "z",
            "ch" => "c",
            "sh" => "s",
            "n" => "l",
            other => other,
        };
        let rime = match rime {
            "ang" => "an",
            "eng" => "en",
            "ing" => "in",
            "iang" => "ian",
            "uang" => "uan",
            other => other,
        };
        exact.is_some().then(|| Self { exact, folded: Syllable::of(initial, rime) })
    }
}

impl Sound {
    #[must_use]
    pub fn of(c: char) -> Self {
        let mut sound = Self::default();
        let Some(all) = c.to_pinyin_multi() else { return sound };
        // Dictionaries list readings that no address has (丁 as zheng).
        let several = if SEVERAL.contains(c) { MOST_READINGS } else { 1 };
        for reading in all.into_iter().take(several).filter_map(|p| Reading::spelled(p.plain())) {
            let at = usize::from(sound.count);
            if at < MOST_READINGS && !sound.readings[..at].contains(&reading) {
                sound.readings[at] = reading;
                sound.count += 1;
            }
        }
        sound
    }

    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings[..usize::from(self.count)]
    }

    /// Whether one reading of the one is one of the other.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.readings().iter().any(|a| other.readings().iter().any(|b| a.exact == b.exact))
    }

    /// The same where what people mix up is one.
    #[must_use]
    pub fn alike(&self, other: &Self) -> bool {
        self.readings().iter().any(|a| other.readings().iter().any(|b| a.folded == b.folded))
    }
}

/// The sounds of the characters that were asked for, each looked up once.
#[derive(Clone, Debug, Default)]
pub struct Sounds(HashMap<char, Sound>);

impl Sounds {
    pub fn learn(&mut self, c: char) -> Sound {
        *self.0.entry(c).or_insert_with(|| Sound::of(c))
    }

    #[must_use]
    pub fn get(&self, c: char) -> Sound {
        self.0.get(&c).copied().unwrap_or_else(|| Sound::of(c))
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.capacity() * (size_of::<(char, Sound)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_the_same_is_the_same() {
        let (of, same) = (Sound::of, |a, b| Sound::of(a).same(&Sound::of(b)));
        assert!(same('洸', '光') && same('隆', '龙') && !same('隆', '鑫'));
        assert!(of('宁').alike(&of('林')) && !same('宁', '林'));
        assert!(of('a').readings().is_empty());
    }

    #[test]
    fn every_syllable_of_the_table_is_spelled() {
        let mut seen = 0;
        for c in '\u{4e00}'..='\u{9fa5}' {
            let Some(all) = c.to_pinyin_multi() else { continue };
            let first = all.into_iter().next().expect("a reading").plain();
            // Interjections (嗯 n, 呣 m, 哼 hng) have no vowel.
            if first.contains(['a', 'e', 'i', 'o', 'u', 'ü', 'v']) {
                assert!(Reading::spelled(first).is_some(), "{c} {first}");
                seen += 1;
            }
        }
        assert!(seen > 20_000, "{seen}");
    }
}
