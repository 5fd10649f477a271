//! A standard address in the parts that people say, drop and shuffle.

use std::fmt::Write as _;

use wangge::place::Place;

/// What an address says of its place, without the words around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Without 街道.
    pub subdistrict: &'a str,
    /// Without 社区; empty when the address has none.
    pub community: &'a str,
    /// What carries the number: a compound or a village; or the whole name of any other place.
    pub name: &'a str,
    pub number: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    None,
    Building(u32),
    Entrance(u32, u32),
    House(u32),
}

pub const REGION: &str = "山东省济宁市高新区";

impl<'a> Parts<'a> {
    /// `None` for what no caller means as a place to go to (a road is a line), and for an address of another form.
    pub fn of(place: &'a Place) -> Option<Self> {
        let (subdistrict, rest) = place.address.strip_prefix(REGION)?.split_once("街道")?;
        let community = rest.strip_suffix(place.name.as_str())?.strip_suffix("社区").unwrap_or("");
        let (name, number) = match place.kind.as_str() {
            "road" => return None,
            "building" | "entrance" | "house" => numbered(&place.name)?,
            _ => (place.name.as_str(), Number::None),
        };
        Some(Self { subdistrict, community, name, number })
    }
}

/// `隆鑫苑3号楼2单元` → 隆鑫苑, entrance 3-2.
fn numbered(name: &str) -> Option<(&str, Number)> {
    let at = name.find(|c: char| c.is_ascii_digit())?;
    let (base, tail) = name.split_at(at);
    let (first, rest) = tail.split_once('号')?;
    let first = first.parse().ok()?;
    let number = match rest {
        "" => Number::House(first),
        "楼" => Number::Building(first),
        _ => Number::Entrance(first, rest.strip_prefix("楼")?.strip_suffix("单元")?.parse().ok()?),
    };
    Some((base, number))
}

/// An address being said: each part as it will be heard, empty when it is left out.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub region: String,
    pub subdistrict: String,
    pub community: String,
    pub name: String,
    /// `3号楼`, `12号`.
    pub number: String,
    pub unit: String,
    pub room: String,
}

/// How much of the way to the name is told: 0 nothing, 1 the subdistrict, 2 with the community, 3 all of it.
pub fn plain(parts: &Parts<'_>, depth: usize) -> Said {
    let mut said = Said { name: parts.name.to_owned(), ..Said::default() };
    if depth >= 1 {
        said.subdistrict = format!("{}街道", parts.subdistrict);
    }
    if depth >= 2 && !parts.community.is_empty() {
        said.community = format!("{}社区", parts.community);
    }
    if depth >= 3 {
        REGION.clone_into(&mut said.region);
    }
    match parts.number {
        Number::None => {}
        Number::House(n) => said.number = format!("{n}号"),
        Number::Building(n) => said.number = format!("{n}号楼"),
        Number::Entrance(n, unit) => {
            said.number = format!("{n}号楼");
            said.unit = format!("{unit}单元");
        }
    }
    said
}

impl Said {
    pub fn list(&self) -> [&str; 7] {
        [&self.region, &self.subdistrict, &self.community, &self.name, &self.number, &self.unit, &self.room]
    }

    pub fn text(&self) -> String {
        self.list().concat()
    }

    /// The parts that are there.
    pub fn told(&self) -> Vec<String> {
        self.list().iter().filter(|p| !p.is_empty()).map(|p| (*p).to_owned()).collect()
    }
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const FORMAL: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// 149 → 一百四十九; below 1000, as house numbers are.
pub fn counted(n: u32) -> String {
    in_tens(n, DIGITS, '十', '百')
}

/// 12 → 拾贰.
pub fn formal(n: u32) -> String {
    in_tens(n, FORMAL, '拾', '佰')
}

fn in_tens(n: u32, digit: [char; 10], ten: char, hundred: char) -> String {
    let (h, t, u) = (n / 100 % 10, n / 10 % 10, n % 10);
    let mut out = String::new();
    if h > 0 {
        out.extend([digit[h as usize], hundred]);
    }
    match t {
        0 if h > 0 && u > 0 => out.push('零'),
        0 => {}
        1 if h == 0 => out.push(ten),
        _ => out.extend([digit[t as usize], ten]),
    }
    if u > 0 || n == 0 {
        out.push(digit[u as usize]);
    }
    out
}

/// 401 → 四零一, with the zero and the one as asked for.
pub fn spelt(n: u32, zero: char, one: char) -> String {
    let letter = |c: char| match c {
        '0' => zero,
        '1' => one,
        _ => DIGITS[c.to_digit(10).unwrap_or(0) as usize],
    };
    n.to_string().chars().map(letter).collect()
}

/// ASCII letters, digits and marks at full width.
pub fn wide(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xFEE0).unwrap_or(c) } else { c })
        .collect()
}

/// Is this a character that counts? Such characters are never damaged: what they said could not be known any more.
pub fn counts(c: char) -> bool {
    c.is_ascii_alphanumeric() || "零〇一二三四五六七八九十百千两幺第号壹贰叁肆伍陆柒捌玖拾".contains(c)
}

/// 三十二 in `博远光电三十二厂` → 32: the last run of counting characters, when it stands before one of the words.
pub fn name_in_figures(name: &str, before: &[&str]) -> Option<String> {
    let word = before.iter().find(|w| name.ends_with(*w))?;
    let body = name.strip_suffix(word)?;
    let start = body.char_indices().rev().take_while(|(_, c)| "一二三四五六七八九十百".contains(*c)).last()?.0;
    let n = (1..1000).find(|n| counted(*n) == body[start..])?;
    let mut out = body[..start].to_owned();
    let _ = write!(out, "{n}{word}");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_every_way() {
        for (n, c, f) in [(2, "二", "贰"), (10, "十", "拾"), (12, "十二", "拾贰"), (50, "五十", "伍拾")] {
            assert_eq!((counted(n).as_str(), formal(n).as_str()), (c, f));
        }
        for (n, c) in [(105, "一百零五"), (110, "一百一十"), (149, "一百四十九"), (300, "三百")] {
            assert_eq!(counted(n), c);
        }
        assert_eq!(spelt(401, '0', '一'), "四0一");
        assert_eq!(spelt(112, '零', '幺'), "幺幺二");
        assert_eq!(wide("5-3#"), "５－３＃");
        assert_eq!(name_in_figures("博远光电三十二厂", &["厂"]).as_deref(), Some("博远光电32厂"));
        assert_eq!(name_in_figures("惠仁医院", &["院"]), None);
    }

    #[test]
    fn a_name_is_cut_from_its_number() {
        assert_eq!(numbered("隆鑫苑3号楼2单元"), Some(("隆鑫苑", Number::Entrance(3, 2))));
        assert_eq!(numbered("南贯集四村14号"), Some(("南贯集四村", Number::House(14))));
        assert_eq!(numbered("隆鑫苑"), None);
    }
}
