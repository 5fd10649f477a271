//! The other ways to say a name: 沙河村 = 沙河村委会, 王因街道 = 王因镇 = 王因办事处, 五十七厂 = 57厂.

use super::numeral::{digit, in_words, number};

/// Words for a subdistrict behind its name; 镇 and 乡 are what many were before.
/// and 接道, 街到, 接到 what speech recognition hears.
const SUBDISTRICT: [&str; 11] =
    ["街道", "街道办事处", "街道办", "办事处", "街办", "镇", "乡", "镇政府", "接道", "街到", "接到"];
const COMMUNITY: [&str; 5] = ["社区", "社区居委会", "居委会", "社区居民委员会", "居民委员会"];
const VILLAGE: [&str; 5] = ["村", "村委会", "村民委员会", "居委会", "社区"];

fn joined(stem: &[char], word: &str) -> Vec<char> {
    stem.iter().copied().chain(word.chars()).collect()
}

fn without<'a>(name: &'a [char], end: &str) -> Option<&'a [char]> {
    let end: Vec<char> = end.chars().collect();
    name.strip_suffix(end.as_slice()).filter(|stem| stem.len() >= 2)
}

/// The names of a region, and whether the word for its level is missing from them.
#[must_use]
pub fn of_region(name: &str, level_name: &str, top: bool) -> Vec<(Vec<char>, bool)> {
    let name = super::text::Text::read(name).chars;
    let mut names = vec![(name.clone(), false)];
    let words: &[&str] = if ["街道", "镇", "乡"].contains(&level_name) {
        &SUBDISTRICT
    } else if level_name == "社区" {
        &COMMUNITY
    } else {
        &[]
    };
    if name.ends_with(&['社', '区']) {
        names.extend(["居委会", "居民委员会"].map(|word| (joined(&name, word), false)));
    }
    let ends = words.iter().copied().chain([level_name]);
    if let Some(stem) = ends.filter_map(|end| without(&name, end)).min_by_key(|stem| stem.len()) {
        names.extend(words.iter().map(|word| (joined(stem, word), false)));
        if top {
            names.push((stem.to_vec(), true));
        }
    }
    names
}

/// Other ways to say a name of a place, without the name itself.
#[must_use]
pub fn of_name(name: &[char], ours: &[Vec<char>]) -> Vec<Vec<char>> {
    let mut others = Vec::new();
    // 高新区王庄第二小学
    let shorter = ours.iter().filter_map(|own| name.strip_prefix(own.as_slice())).filter(|rest| rest.len() >= 3);
    others.extend(shorter.map(<[char]>::to_vec));
    if name.ends_with(&['新', '村']) {
        others.extend([joined(name, "村委会"), joined(name, "居委会"), joined(&name[..name.len() - 1], "村委会")]);
    } else if let Some(stem) = without(name, "村") {
        others.push(stem.to_vec());
        others.extend(VILLAGE.iter().map(|word| joined(stem, word)));
    }
    let base: Vec<Vec<char>> = std::iter::once(name.to_vec()).chain(others.iter().cloned()).collect();
    others.extend(base.iter().filter_map(|name| in_other_digits(name)));
    others
}

/// 五十七厂 ↔ 57厂. Nothing where there is no number.
fn in_other_digits(name: &[char]) -> Option<Vec<char>> {
    let (mut other, mut at, mut changed) = (Vec::new(), 0, false);
    while at < name.len() {
        let Some(found) = number(&name[at..]).filter(|found| found.value < 1000) else {
            other.push(name[at]);
            at += 1;
            continue;
        };
        let written = name[at..at + found.chars].iter().all(char::is_ascii_digit);
        let worded = name[at..at + found.chars].iter().any(|c| digit(*c) >= Some(10));
        match (written, worded) {
            (true, _) => other.extend(in_words(found.value).chars()),
            (false, true) => other.extend(found.value.to_string().chars()),
            // 一村: alignment knows single digits.
            (false, false) => other.extend_from_slice(&name[at..at + found.chars]),
        }
        changed |= written || worded;
        at += found.chars;
    }
    changed.then_some(other)
}

/// Provinces, their short names, and cities: what a text begins with that is not about this district.
pub fn foreign() -> impl Iterator<Item = Vec<char>> {
    let lines = include_str!("foreign.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|name| name.chars().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> Vec<String> {
        let chars: Vec<char> = name.chars().collect();
        of_name(&chars, &["高新区".chars().collect()]).into_iter().map(String::from_iter).collect()
    }

    #[test]
    fn names_are_said_in_other_ways() {
        assert!(said("沙河村").contains(&"沙河村委会".into()) && said("沙河村").contains(&"沙河".into()));
        assert!(!said("三河新村").contains(&"三河新".into()));
        assert!(said("汇通电子五十七厂").contains(&"汇通电子57厂".into()));
        assert!(said("327国道").contains(&"三百二十七国道".into()));
        assert!(said("高新区王庄第二小学").contains(&"王庄第二小学".into()));
        assert!(said("隆鑫苑").is_empty());
        let region: Vec<String> =
            of_region("王因街道", "街道", true).into_iter().map(|(n, _)| n.into_iter().collect()).collect();
        assert!(["王因镇", "王因办事处", "王因"].iter().all(|name| region.contains(&(*name).to_owned())));
    }
}
