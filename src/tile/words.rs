//! Where a Chinese name may be broken: browsers break between any two ideographs, readers do so between words.

use std::borrow::Cow;

/// U+200B, by which a text tells whoever sets it where it may break.
const HINT: char = '\u{200b}';
/// What a place, a unit or a part of an address ends with.
const ENDINGS: [&str; 9] = ["街道", "社区", "小区", "开发区", "居委会", "村委会", "网格", "乡", "镇"];
/// What begins a part of its own.
const BEGINNINGS: [char; 4] = ['第', '（', '(', '《'];
/// Shorter names fit in one line.
const SHORT: usize = 6;

/// A name with a zero-width space between its words, if it is long enough to be broken.
pub(super) fn hinted(name: &str) -> Cow<'_, str> {
    if name.chars().count() <= SHORT {
        return Cow::Borrowed(name);
    }
    let breaks = |at: usize| {
        let (head, tail) = name.split_at(at);
        let ended = ENDINGS.iter().any(|ending| head.ends_with(ending)) && !tail.starts_with([')', '）', '》']);
        at > 0 && (ended || tail.starts_with(BEGINNINGS))
    };
    let places: Vec<usize> = name.char_indices().map(|(at, _)| at).filter(|at| breaks(*at)).collect();
    if places.is_empty() {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + places.len() * HINT.len_utf8());
    let mut from = 0;
    for at in places {
        out.push_str(&name[from..at]);
        out.push(HINT);
        from = at;
    }
    out.push_str(&name[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::hinted;

    #[test]
    fn long_names_say_where_their_words_end() {
        let check = |name: &str, shown: &str| assert_eq!(hinted(name).replace('\u{200b}', "|"), shown);
        check("洸河街道", "洸河街道");
        check("第五网格", "第五网格");
        check("第十八网格(宁安村)", "第十八网格|(宁安村)");
        check("黄庄社区第五网格(隆鑫苑小区)", "黄庄社区|第五网格|(隆鑫苑小区)");
        check("任城区人民医院北院", "任城区人民医院北院");
        check("", "");
    }
}
