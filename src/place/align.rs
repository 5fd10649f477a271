//! How like a name some stretch of a text is: edits weighed by what people and machines get wrong.

use super::numeral::digit;
use super::shape;
use super::sound::Sound;

/// The best stretch for a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    pub start: usize,
    pub end: usize,
    /// Edits: 1 for a wrong character, less for one that only sounds the same.
    pub cost: f64,
}

impl Alignment {
    /// 1 for the name itself, 0 for nothing in common.
    #[must_use]
    pub fn similarity(&self, chars: usize) -> f64 {
        1.0 - self.cost / chars.max(1) as f64
    }
}

const SAME_SOUND: f64 = 0.15;
const LIKE_SOUND: f64 = 0.3;
const SAME_SHAPE: f64 = 0.4;
const WRONG: f64 = 1.0;
/// A character of the name that is not in the text, and one of the text that is not in the name.
const MISSING: f64 = 0.8;
const EXTRA: f64 = 0.7;
const SWAPPED: f64 = 0.6;
/// The same number in other digits.
const SAME_NUMBER: f64 = 0.05;
/// Added where the character tells one name from another: 东黄庄 is not 黄庄, 四村 not 五村.
const TELLING: f64 = 0.6;

/// Characters that tell places of one name apart.
#[must_use]
pub fn is_telling(c: char) -> bool {
    digit(c).is_some() || matches!(c, '东' | '西' | '南' | '北' | '前' | '后' | '中' | '大' | '小' | '新' | '老' | '旧')
}

fn replaced((a, sound_a): (char, &Sound), (b, sound_b): (char, &Sound)) -> f64 {
    if a == b {
        return 0.0;
    }
    match (digit(a), digit(b)) {
        (Some(x), Some(y)) if x == y => return SAME_NUMBER,
        (Some(_), Some(_)) => return WRONG + 2.0 * TELLING,
        _ => {}
    }
    let telling = if is_telling(a) && is_telling(b) { TELLING } else { 0.0 };
    if sound_a.same(sound_b) {
        SAME_SOUND + telling
    } else if sound_a.alike(sound_b) {
        LIKE_SOUND + telling
    } else if shape::alike(a, b) {
        SAME_SHAPE + telling
    } else {
        WRONG + telling
    }
}

fn weight(c: char, plain: f64) -> f64 {
    if is_telling(c) { plain + TELLING } else { plain }
}

/// The cheapest way to read the whole name somewhere in the text. Takes the product of the two lengths.
#[must_use]
pub fn align((text, sounds): (&[char], &[Sound]), (name, own): (&[char], &[Sound])) -> Alignment {
    let width = text.len() + 1;
    // Cost and start of the best reading of the first characters of the name that ends at each place of the text: the row of i characters, the one
    // before it for swaps, and the one that is being made.
    let never = vec![(f64::INFINITY, 0); width];
    let (mut before, mut last, mut now) = (never.clone(), (0..width).map(|j| (0.0, j)).collect::<Vec<_>>(), never);
    for i in 0..name.len() {
        let step = |(cost, start): (f64, usize), more: f64| (cost + more, start);
        now[0] = step(last[0], weight(name[i], MISSING));
        for j in 0..text.len() {
            let mut best = step(last[j], replaced((text[j], &sounds[j]), (name[i], &own[i])));
            let mut offer = |other: (f64, usize)| {
                if other.0 < best.0 {
                    best = other;
                }
            };
            offer(step(last[j + 1], weight(name[i], MISSING)));
            offer(step(now[j], weight(text[j], EXTRA)));
            if i > 0 && j > 0 && text[j] == name[i - 1] && text[j - 1] == name[i] && text[j] != text[j - 1] {
                offer(step(before[j - 1], SWAPPED));
            }
            now[j + 1] = best;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut now);
    }
    let (end, (cost, start)) =
        last.iter().copied().enumerate().min_by(|a, b| a.1.0.total_cmp(&b.1.0)).unwrap_or((0, (f64::INFINITY, 0)));
    Alignment { start, end, cost }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str, name: &str) -> (f64, String) {
        let chars = |t: &str| t.chars().collect::<Vec<char>>();
        let sounds = |c: &[char]| c.iter().map(|c| Sound::of(*c)).collect::<Vec<_>>();
        let (text, name) = (chars(text), chars(name));
        let found = align((&text, &sounds(&text)), (&name, &sounds(&name)));
        (found.cost, text[found.start..found.end].iter().collect())
    }

    #[test]
    fn edits_are_weighed() {
        for (text, name, expected, stretch) in [
            ("高新区隆鑫苑5号", "隆鑫苑", 0.0, "隆鑫苑"),
            ("龙鑫苑", "隆鑫苑", SAME_SOUND, "龙鑫苑"),
            ("隆金苑", "隆鑫苑", WRONG, "隆金苑"),
            ("银雅居", "银河雅居", MISSING, "银雅居"),
            ("银河大雅居", "银河雅居", EXTRA + TELLING, "银河大雅居"),
            ("鑫隆苑", "隆鑫苑", SWAPPED, "鑫隆苑"),
            ("南贯集4村", "南贯集四村", SAME_NUMBER, "南贯集4村"),
        ] {
            let (cost, read) = cost(text, name);
            assert!((cost - expected).abs() < 1e-9, "{text} {name}: {cost}");
            assert_eq!(read, stretch, "{text} {name}");
        }
        // Another numeral, another side: another place.
        assert!(cost("南贯集五村", "南贯集四村").0 > 2.0 && cost("前苏", "后苏").0 > WRONG);
    }
}
