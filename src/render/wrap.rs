//! Line breaks for short Chinese and Latin names, the same as in a browser: what MapLibre's shaping decides, for text from left to right. Where words
//! end it cannot know; the tiles say it with zero-width spaces (`src/tile/words.rs`).

use std::ops::Range;

/// Where a text would like to break: U+200B, which has no width and no ink.
pub(super) const HINT: char = '\u{200b}';
/// MapLibre measures in units of 24 an em, and weighs squares of them against the fines below.
const UNITS: f32 = 24.0;
/// To break between ideographs of a text that has hints.
const UNHINTED: f32 = 150.0;
/// To end a line with an opening bracket, or begin one with a closing one.
const BRACKET: f32 = 50.0;

/// Splits `chars`, each with its advance in em, into lines of about equal width, none wider than about `max_em` where words allow it. Line feeds
/// always split; spaces at a line's ends belong to no line. `max_em` of 0 or less: only line feeds split. O(n²) in the length of the text.
pub(super) fn lines(chars: &[(char, f32)], max_em: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in chars.split(|&(ch, _)| ch == '\n') {
        for line in balanced(paragraph, max_em) {
            lines.push(line.start + start..line.end + start);
        }
        start += paragraph.len() + 1;
    }
    lines
}

/// Width of a run of characters, in em; spaces count for nothing, as in MapLibre's sums.
fn width_em(chars: &[(char, f32)]) -> f32 {
    chars.iter().filter(|(ch, _)| !ch.is_whitespace()).map(|&(_, advance_em)| advance_em).sum()
}

fn trimmed(chars: &[(char, f32)], line: Range<usize>) -> Range<usize> {
    let Some(inner) = chars.get(line.clone()) else { return line };
    let before = inner.iter().take_while(|(ch, _)| ch.is_whitespace()).count();
    let after = inner[before..].iter().rev().take_while(|(ch, _)| ch.is_whitespace()).count();
    line.start + before..line.end - after
}

/// A place to break: what the best way to get there costs, and where its last line began.
#[derive(Clone, Copy)]
struct Break {
    at: usize,
    x: f32,
    badness: f32,
    before: Option<usize>,
}

/// The split of least badness: squares of how far each line is from the even width – for the last, double when it is longer and half when it is
/// shorter – and the fines for breaking.
fn balanced(chars: &[(char, f32)], max_em: f32) -> Vec<Range<usize>> {
    // Browsers measure glyphs a few millionths too wide: what fits exactly does not fit.
    let total_em = width_em(chars) * 1.000_002;
    let whole = trimmed(chars, 0..chars.len());
    if whole.is_empty() {
        return Vec::new();
    }
    if max_em <= 0.0 || total_em <= max_em {
        return vec![whole];
    }
    let even = total_em / (total_em / max_em).ceil().max(1.0) * UNITS;
    let hinted = chars.iter().any(|&(ch, _)| ch == HINT);
    let mut breaks: Vec<Break> = Vec::new();
    let mut x = 0.0;
    for at in 0..chars.len() {
        if let Some(fine) = fine(chars, at, hinted) {
            let best = best(&breaks, at, x, even, |off| off * off + fine.abs() * fine);
            breaks.push(best);
        }
        x += width_em(&chars[at..=at]) * UNITS;
    }
    let ragged = |off: f32| if off < 0.0 { off * off / 2.0 } else { off * off * 2.0 };
    let last = best(&breaks, chars.len(), x, even, ragged);
    let (mut ends, mut next) = (vec![chars.len()], last.before);
    while let Some(found) = next.and_then(|i| breaks.get(i)) {
        ends.push(found.at);
        next = found.before;
    }
    ends.reverse();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let lines = starts.zip(&ends).map(|(start, &end)| trimmed(chars, start..end));
    lines.filter(|line| !line.is_empty()).collect()
}

/// The best way to a break at `x`; of equals the one with the later break before it.
fn best(breaks: &[Break], at: usize, x: f32, even: f32, cost: impl Fn(f32) -> f32) -> Break {
    let mut best = Break { at, x, badness: cost(x - even), before: None };
    for (i, earlier) in breaks.iter().enumerate() {
        let badness = cost(x - earlier.x - even) + earlier.badness;
        if badness <= best.badness {
            best = Break { badness, before: Some(i), ..best };
        }
    }
    best
}

/// What it costs to break before `chars[at]`; nothing when it is not done.
fn fine(chars: &[(char, f32)], at: usize, hinted: bool) -> Option<f32> {
    let (before, after) = (chars.get(at.checked_sub(1)?)?.0, chars.get(at)?.0);
    let ideographic = breaks_after(before);
    let mark = matches!(
        before,
        ' ' | '&' | ')' | '+' | '-' | '/' | '\u{ad}' | '\u{b7}' | HINT | '\u{2010}' | '\u{2013}' | '\u{2027}'
    );
    let bracket = after == '(' && at + 1 < chars.len();
    (mark || ideographic || bracket).then(|| {
        let mut fine = if ideographic && hinted { UNHINTED } else { 0.0 };
        for _ in 0..usize::from(matches!(before, '(' | '（')) + usize::from(matches!(after, ')' | '）')) {
            fine += BRACKET;
        }
        fine
    })
}

/// Whether text may be broken after a character: ideographs, kana, and the marks among them.
fn breaks_after(ch: char) -> bool {
    matches!(ch, '\u{2e80}'..='\u{303f}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}'
        | '\u{30fd}'..='\u{30ff}' | '\u{3105}'..='\u{312f}' | '\u{31a0}'..='\u{4dbf}' | '\u{4e00}'..='\u{a48c}'
        | '\u{f900}'..='\u{fad9}' | '\u{fe10}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, max_em: f32) -> Vec<String> {
        let advance = |ch: char| match ch {
            HINT => 0.0,
            _ if ch.is_ascii() => 0.55,
            _ => 1.0,
        };
        let chars: Vec<(char, f32)> = text.chars().map(|ch| (ch, advance(ch))).collect();
        let line = |range: Range<usize>| chars[range].iter().map(|&(ch, _)| ch).filter(|ch| *ch != HINT).collect();
        lines(&chars, max_em).into_iter().map(line).collect()
    }

    #[test]
    fn lines_are_balanced_and_break_where_hinted() {
        let check = |text, max_em, expect: &[&str]| assert_eq!(broken(text, max_em), expect, "{text}");
        check("洸河街道", 6.0, &["洸河街道"]);
        check("黄庄社区第五网格", 0.0, &["黄庄社区第五网格"]);
        check("黄庄社区第五网格", 6.0, &["黄庄社区", "第五网格"]);
        check("洸河街道翰林社区第12网格", 6.0, &["洸河街道", "翰林社区", "第12网格"]);
        check("洸河街道\u{200b}翰林社区\u{200b}第12网格", 6.0, &["洸河街道", "翰林社区", "第12网格"]);
        check("甲乙丙丁戊己庚辛壬癸", 7.0, &["甲乙丙丁戊", "己庚辛壬癸"]);
        check("甲乙丙\u{200b}丁戊己庚辛壬癸", 7.0, &["甲乙丙", "丁戊己庚辛壬癸"]);
        check("第十八网格\u{200b}(宁安村)", 7.0, &["第十八网格", "(宁安村)"]);
        check("North Lake Park", 5.0, &["North", "Lake Park"]);
        check("黄庄\n第五网格", 9.0, &["黄庄", "第五网格"]);
        check("  ", 5.0, &[]);
        check("\n\n", 5.0, &[]);
    }

    #[test]
    fn nothing_but_spaces_and_hints_is_lost() {
        let text = "济宁市 任城区\u{200b}洸河街道 黄庄社区 12-3号 翰林苑（北区）\u{200b}第五网格";
        for tenths in 1..200 {
            let joined: String = broken(text, tenths as f32 / 10.0).concat();
            assert_eq!(joined.replace(' ', ""), text.replace([' ', HINT], ""));
        }
    }
}
