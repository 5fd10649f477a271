//! Names by the letters of their syllables: longxinyuan, lxy, lxyuan, 隆xy, longx.

use super::sound::{Sound, Syllable};

/// How a pattern says a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spelled {
    /// Characters of the name that it says; the rest is not typed yet.
    pub chars: usize,
    /// 1 when all is spelled out, less for initials.
    pub quality: f64,
}

const INITIAL: f64 = 0.9;
const PART: f64 = 0.94;
const SOUND: f64 = 0.9;

/// Reads a whole pattern of letters and characters as a name or the beginning of one; the best way where there are several.
#[must_use]
pub fn spells(pattern: &[char], name: &[char], sounds: &[Sound]) -> Option<Spelled> {
    // By characters of the name: how well the first so many letters say them.
    let mut reached: Vec<Option<f64>> = vec![None; pattern.len() + 1];
    reached[0] = Some(1.0);
    let mut best: Option<Spelled> = None;
    for (at, (c, sound)) in name.iter().zip(sounds).enumerate() {
        let mut next: Vec<Option<f64>> = vec![None; pattern.len() + 1];
        for from in (0..pattern.len()).filter(|from| reached[*from].is_some()) {
            let so_far = reached[from].unwrap_or(0.0);
            each_way(&pattern[from..], *c, sound, |used, quality| {
                let all = so_far * quality;
                let slot = &mut next[from + used];
                *slot = Some(slot.map_or(all, |known| known.max(all)));
            });
        }
        if let Some(quality) = next[pattern.len()] {
            let better = best.is_none_or(|known| quality > known.quality);
            best = if better { Some(Spelled { chars: at + 1, quality }) } else { best };
        }
        reached = next;
    }
    best
}

/// The ways in which a pattern may begin with one character of a name: how much of the pattern, and how well.
fn each_way(pattern: &[char], c: char, sound: &Sound, mut each: impl FnMut(usize, f64)) {
    if pattern[0] == c {
        each(1, 1.0);
        return;
    }
    if !pattern[0].is_ascii_lowercase() {
        if Sound::of(pattern[0]).same(sound) {
            each(1, SOUND);
        }
        return;
    }
    for reading in sound.readings() {
        let letters: Vec<char> = spelled(reading.exact);
        let shared = pattern.iter().zip(&letters).take_while(|(a, b)| a == b).count();
        if shared == 0 {
            continue;
        }
        each(1, if letters.len() == 1 { 1.0 } else { INITIAL });
        if shared >= 2 && letters.get(1) == Some(&'h') {
            each(2, INITIAL);
        }
        if shared == letters.len() {
            each(shared, 1.0);
        } else if shared == pattern.len() && shared > 1 {
            // Typing has come so far.
            each(shared, PART);
        }
    }
}

fn spelled(syllable: Syllable) -> Vec<char> {
    let (initial, rime) = syllable.letters();
    initial.chars().chain(rime.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_say_names() {
        let ask = |pattern: &str, name: &str| {
            let name: Vec<char> = name.chars().collect();
            let sounds: Vec<Sound> = name.iter().map(|c| Sound::of(*c)).collect();
            spells(&pattern.chars().collect::<Vec<_>>(), &name, &sounds).map(|s| s.chars)
        };
        for (pattern, chars) in [
            ("lxy", 3),
            ("longxinyuan", 3),
            ("lxyuan", 3),
            ("隆xy", 3),
            ("longx", 2),
            ("l", 1),
            ("龙xin", 2),
            ("lx苑", 3),
        ] {
            assert_eq!(ask(pattern, "隆鑫苑"), Some(chars), "{pattern}");
        }
        assert_eq!(ask("lyx", "隆鑫苑"), None);
        assert_eq!(ask("changqing", "长庆村"), Some(2), "any of its readings");
    }
}
