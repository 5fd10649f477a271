//! Line breaks for short Chinese and Latin names: lines of about equal width, broken where a reader would.

use std::ops::Range;

/// Marks that may not begin a line.
pub(super) const CLOSING: &str = "，。、；：？！）》〉」』】〕”’…—·～％℃°,.;:?!)]}%-–";
/// Marks that may not end one.
pub(super) const OPENING: &str = "（《〈「『【〔“‘([{#";
/// What a place, a unit or a part of an address ends with: the best places to break after.
const ENDINGS: [&str; 8] = ["街道", "社区", "小区", "开发区", "居委会", "村委会", "乡", "镇"];

/// Splits `chars`, each with its advance in em, into lines of at most `max_em` where words allow it. Line feeds always split; spaces
/// at a line's ends belong to no line. `max_em` of 0 or less: only line feeds split. O(n²) in the length of the text.
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

/// Width of a run of characters, in em.
pub(super) fn width_em(chars: &[(char, f32)]) -> f32 {
    chars.iter().map(|&(_, advance_em)| advance_em).sum()
}

fn trimmed(chars: &[(char, f32)], line: Range<usize>) -> Range<usize> {
    let Some(inner) = chars.get(line.clone()) else { return line };
    let before = inner.iter().take_while(|(ch, _)| ch.is_whitespace()).count();
    let after = inner[before..].iter().rev().take_while(|(ch, _)| ch.is_whitespace()).count();
    line.start + before..line.end - after
}

/// The split of least cost: squares of how far each line is from the even width, a fine for a line too wide, and what its break costs.
fn balanced(chars: &[(char, f32)], max_em: f32) -> Vec<Range<usize>> {
    let all = trimmed(chars, 0..chars.len());
    let total_em = width_em(&chars[all.clone()]);
    if all.is_empty() {
        return Vec::new();
    }
    if max_em <= 0.0 || total_em <= max_em + 0.01 {
        return vec![all];
    }
    let even_em = total_em / (total_em / max_em).ceil();
    // best[i]: least cost of the lines of chars[all.start..i], and where the last of them starts.
    let mut best: Vec<(f32, usize)> = vec![(f32::INFINITY, all.start); all.end + 1];
    best[all.start].0 = 0.0;
    for end in all.start + 1..=all.end {
        let Some(fine) = (if end == all.end { Some(0.0) } else { break_cost(chars, end) }) else { continue };
        for start in all.start..end {
            if best[start].0.is_infinite() {
                continue;
            }
            let line_em = width_em(&chars[trimmed(chars, start..end)]);
            let over_em = (line_em - max_em - 0.01).max(0.0);
            let cost = best[start].0 + (line_em - even_em).powi(2) + 100.0 * over_em + fine;
            if cost < best[end].0 {
                best[end] = (cost, start);
            }
        }
    }
    let mut lines = Vec::new();
    let mut end = all.end;
    while end > all.start {
        let start = best[end].1;
        lines.push(trimmed(chars, start..end));
        end = start;
    }
    lines.retain(|line| !line.is_empty());
    lines.reverse();
    lines
}

/// What it costs to break before `chars[at]`; nothing when it is forbidden.
fn break_cost(chars: &[(char, f32)], at: usize) -> Option<f32> {
    let (before, after) = (chars.get(at.checked_sub(1)?)?.0, chars.get(at)?.0);
    let latin = |ch: char| {
        ch.is_ascii_alphanumeric() || ('\u{c0}'..='\u{24f}').contains(&ch) || matches!(ch, '.' | '/' | '_' | '-' | '#')
    };
    let space = before.is_whitespace() && !after.is_whitespace();
    if space {
        return Some(-2.5);
    }
    if CLOSING.contains(after) || OPENING.contains(before) || after.is_whitespace() || (latin(before) && latin(after)) {
        return None;
    }
    let head: String = chars[at.saturating_sub(3)..at].iter().map(|&(ch, _)| ch).collect();
    let ending = ENDINGS.iter().any(|ending| head.ends_with(ending));
    Some(match (before, after) {
        ('第', _) => 8.0, // 第|12 reads as two things
        (_, '号' | '组' | '楼' | '栋' | '里') if latin(before) => 4.0,
        _ if ending => -1.5,
        (_, '第' | '（' | '(' | '《') => -1.0,
        _ => 1.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, max_em: f32) -> Vec<String> {
        let chars: Vec<(char, f32)> = text.chars().map(|ch| (ch, if ch.is_ascii() { 0.55 } else { 1.0 })).collect();
        lines(&chars, max_em).into_iter().map(|line| chars[line].iter().map(|&(ch, _)| ch).collect()).collect()
    }

    #[test]
    fn lines_are_balanced_and_break_between_words() {
        let check = |text, max_em, expect: &[&str]| assert_eq!(broken(text, max_em), expect, "{text}");
        check("洸河街道", 6.0, &["洸河街道"]);
        check("黄庄社区第五网格", 6.0, &["黄庄社区", "第五网格"]);
        check("黄庄社区第五网格", 0.0, &["黄庄社区第五网格"]);
        check("洸河街道翰林社区第12网格", 6.0, &["洸河街道", "翰林社区", "第12网格"]);
        check("隆鑫苑小区（东区）", 7.0, &["隆鑫苑小区", "（东区）"]);
        check("Abg 翰林(东)", 5.0, &["Abg", "翰林(东)"]);
        check("North Lake Park", 5.0, &["North", "Lake Park"]);
        check("黄庄\n第五网格", 9.0, &["黄庄", "第五网格"]);
        check("  ", 5.0, &[]);
        check("\n\n", 5.0, &[]);
    }

    #[test]
    fn punctuation_stays_with_its_word_and_numbers_stay_whole() {
        for max_em in [1.0, 2.0, 3.0, 4.0, 5.0] {
            for line in broken("甲乙，丙丁（戊12345己）庚、辛。", max_em) {
                assert!(!line.starts_with(['，', '）', '、', '。']), "{line} at {max_em}");
                assert!(!line.ends_with('（'), "{line} at {max_em}");
                assert!(line.contains("12345") || !line.contains(['1', '2', '3', '4', '5']), "{line} at {max_em}");
            }
        }
    }

    #[test]
    fn nothing_but_spaces_is_lost() {
        let text = "济宁市 任城区 洸河街道 黄庄社区 12-3号 翰林苑（北区）第五网格";
        for tenths in 1..200 {
            let joined: String = broken(text, tenths as f32 / 10.0).concat();
            assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
