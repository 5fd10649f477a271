//! What a caller's text is read as: one form for every way of writing the same, and where each character came from.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::numeral::digit;
use super::slots::starts_with;

/// Characters of a text that are read; more is refused, since the time of a search grows with them.
pub const MOST_CHARS: usize = 400;

/// A text as the engine reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub chars: Vec<char>,
    /// For each of `chars`, which character of the source it stands for.
    pub from: Vec<u32>,
}

/// What is said twice at once is a name at most.
const MOST_REPEATED: usize = 8;

/// Between parts of a text that do not belong together: a comma, a full stop, a bracket.
pub const BREAK: char = ',';

impl Text {
    /// NFKC, lower case, simplified; spaces and what is invisible left out; one dash, one number sign, one break.
    #[must_use]
    pub fn read(raw: &str) -> Self {
        let mut text = Self::default();
        let mut space = false;
        for (at, source) in raw.chars().enumerate() {
            for c in std::iter::once(source).nfkc() {
                let c = one_form(c);
                if c.is_whitespace() {
                    space = true;
                    continue;
                }
                if is_invisible(c) {
                    continue;
                }
                // “5 3 502”: what a space keeps apart are numbers, not one number.
                let apart = space && c.is_ascii_digit() && text.chars.last().is_some_and(char::is_ascii_digit);
                if apart {
                    text.push('-', at);
                }
                space = false;
                text.push(c, at);
            }
        }
        for _ in 0..2 {
            text.without(&text.fillers());
            text.without(&text.repeats());
        }
        text
    }

    /// Words that say nothing and may stand anywhere in speech.
    fn fillers(&self) -> Vec<bool> {
        const FILLERS: [&str; 12] =
            ["反正就是", "就是说", "那个", "这个", "就是", "嗯", "呃", "啊", "哦", "诶", "呀", "哎"];
        let mut out = vec![false; self.chars.len()];
        for at in 0..self.chars.len() {
            let rest = &self.chars[at..];
            let word = FILLERS.iter().find(|word| starts_with(rest, word)).map_or(0, |word| word.chars().count());
            // 对四号楼, 额十号楼: a sound of agreement before a number.
            let agreed = matches!(rest, ['对' | '额', next, ..] if digit(*next).is_some());
            let begun = at == 0 && rest.first() == Some(&'额');
            out[at..at + word.max(usize::from(agreed || begun))].fill(true);
        }
        out
    }

    /// 卞厂村卞厂村: what was said twice, but for numbers.
    fn repeats(&self) -> Vec<bool> {
        let mut out = vec![false; self.chars.len()];
        let mut at = 0;
        while at < self.chars.len() {
            let said = (2..=MOST_REPEATED).find(|length| {
                let (Some(one), Some(two)) =
                    (self.chars.get(at..at + length), self.chars.get(at + length..at + 2 * length))
                else {
                    return false;
                };
                one == two && one.iter().any(|c| digit(*c).is_none() && c.is_alphabetic())
            });
            if let Some(length) = said {
                out[at..at + length].fill(true);
            }
            at += said.unwrap_or(1);
        }
        out
    }

    fn without(&mut self, out: &[bool]) {
        let mut kept = out.iter().map(|out| !out);
        self.chars.retain(|_| kept.next().unwrap_or(true));
        let mut kept = out.iter().map(|out| !out);
        self.from.retain(|_| kept.next().unwrap_or(true));
    }

    fn push(&mut self, c: char, at: usize) {
        self.chars.push(c);
        self.from.push(at as u32);
    }

    /// The characters of the source that `span` of the text stands for: from the first to behind the last.
    #[must_use]
    pub fn source(&self, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
        match (self.from.get(span.start), self.from.get(span.end.wrapping_sub(1))) {
            (Some(first), Some(last)) if span.start < span.end => *first as usize..*last as usize + 1,
            _ => 0..0,
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.chars.iter().try_for_each(|c| write!(f, "{c}"))
    }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{ad}')
}

/// The form in which a character is read.
fn one_form(c: char) -> char {
    match c {
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | 'ー' | '~' | '～' | '_' => '-',
        '＃' | '♯' | '№' => '#',
        '，' | '。' | '、' | '；' | '：' | '？' | '！' | ';' | ':' | '?' | '!' | '.' | '…' | '·' | '"' | '\'' | '“'
        | '”' | '‘' | '’' | '(' | ')' | '（' | '）' | '[' | ']' | '【' | '】' | '《' | '》' | '<' | '>' | '{' | '}'
        | '|' => BREAK,
        '／' => '/',
        _ => {
            let c = c.to_lowercase().next().unwrap_or(c);
            SIMPLIFIED.get(&c).copied().unwrap_or(c)
        }
    }
}

/// Simplified characters by their traditional ones.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let pairs = include_str!("traditional.txt").lines().filter(|line| !line.starts_with('#'));
    pairs
        .filter_map(|line| {
            let mut chars = line.chars();
            Some((chars.next()?, chars.next()?))
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_become_one() {
        for (raw, read) in [
            ("隆鑫苑５－３", "隆鑫苑5-3"),
            (" 隆 鑫\u{200b}苑 3＃樓 ", "隆鑫苑3#楼"),
            ("隆鑫苑 5 3 502", "隆鑫苑5-3-502"),
            ("Ａ座（東門）", "a座,东门,"),
            ("G327 K12+300", "g327k12+300"),
            ("嗯那个卞厂村卞厂村就是四十四号", "卞厂村四十四号"),
            ("对四号楼", "四号楼"),
            ("隆鑫苑对面1111", "隆鑫苑对面1111"),
        ] {
            assert_eq!(Text::read(raw).to_string(), read, "{raw}");
        }
    }

    #[test]
    fn what_is_marked_is_found_in_the_source() {
        let (raw, text) = (" 山東 隆鑫苑", Text::read(" 山東 隆鑫苑"));
        let source: String = raw.chars().collect::<Vec<_>>()[text.source(2..5)].iter().collect();
        assert_eq!(source, "隆鑫苑");
        assert_eq!(text.source(3..3), 0..0);
    }
}
