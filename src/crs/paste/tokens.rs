//! Pasted text → tokens: figures, unit marks, axis labels and names of systems, whatever alphabet and width they came in.

use crate::crs::Crs;

/// A figure and its shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub value: f64,
    /// Digits after the decimal point.
    pub decimals: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    East,
    North,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    Figure(Figure),
    Degree,
    Minute,
    Second,
    /// An axis, and whether it counts against the direction of its figures (west, south).
    Label(Axis, bool),
    /// A comma or the like: it ends an angle.
    Break,
}

/// A pasted text in tokens.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub tokens: Vec<Token>,
    /// The system that the text names.
    pub named: Option<Crs>,
    /// It has words that are not about coordinates: perhaps an address.
    pub strange_words: bool,
}

/// Whether commas may stand inside a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    None,
    /// `3,919,026.85` is one figure.
    Thousands,
}

/// Names of systems, as written after [`fold`]; longer ones before those they begin with.
const SYSTEMS: &[(&str, Crs)] = &[
    ("cgcs2000坐标系", Crs::Cgcs2000),
    ("cgcs2000", Crs::Cgcs2000),
    ("cgcs 2000", Crs::Cgcs2000),
    ("国家2000", Crs::Cgcs2000),
    ("2000国家大地坐标系", Crs::Cgcs2000),
    ("2000坐标系", Crs::Cgcs2000),
    ("wgs-84", Crs::Wgs84),
    ("wgs_84", Crs::Wgs84),
    ("wgs 84", Crs::Wgs84),
    ("wgs84", Crs::Wgs84),
    ("crs84", Crs::Wgs84),
    ("gps", Crs::Wgs84),
    ("gcj-02", Crs::Gcj02),
    ("gcj_02", Crs::Gcj02),
    ("gcj02", Crs::Gcj02),
    ("火星", Crs::Gcj02),
    ("高德", Crs::Gcj02),
    ("腾讯", Crs::Gcj02),
    ("微信", Crs::Gcj02),
    ("amap", Crs::Gcj02),
    ("bd-09", Crs::Bd09),
    ("bd_09", Crs::Bd09),
    ("bd09ll", Crs::Bd09),
    ("bd09", Crs::Bd09),
    ("百度", Crs::Bd09),
    ("baidu", Crs::Bd09),
];

/// Words for axes, longer ones before those they begin with. X and Y are not among them: surveyors and programmers disagree.
const AXES: &[(&str, Axis, bool)] = &[
    ("longitude", Axis::East, false),
    ("latitude", Axis::North, false),
    ("easting", Axis::East, false),
    ("northing", Axis::North, false),
    ("lng", Axis::East, false),
    ("lon", Axis::East, false),
    ("lat", Axis::North, false),
    ("横坐标", Axis::East, false),
    ("纵坐标", Axis::North, false),
    ("东经", Axis::East, false),
    ("西经", Axis::East, true),
    ("北纬", Axis::North, false),
    ("南纬", Axis::North, true),
    ("经度", Axis::East, false),
    ("纬度", Axis::North, false),
    ("东坐标", Axis::East, false),
    ("北坐标", Axis::North, false),
];

/// Words that go with coordinates and say nothing more, longer ones before those they begin with.
const FILLERS: &[&str] = &[
    "coordinates",
    "coordinate",
    "geometry",
    "position",
    "location",
    "multipoint",
    "point",
    "srid",
    "type",
    "xyz",
    "坐标系",
    "坐标点",
    "坐标",
    "经纬度",
    "位置",
    "定位",
    "点位",
    "地图",
    "附近",
    "米",
    "点",
    "x",
    "y",
    "z",
    "m",
];

/// Reads a text. Never fails: what it does not know is passed over, and noted when it is a word.
pub(super) fn read(text: &str, grouping: Grouping) -> Line {
    let chars: Vec<char> = text.chars().map(fold).filter(|c| *c != '\0').collect();
    let mut line = Line { tokens: Vec::new(), named: None, strange_words: false };
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let used = name_of_system(rest, &mut line)
            .or_else(|| figure(&chars, at, grouping, &mut line))
            .or_else(|| word(&chars, at, &mut line))
            .unwrap_or_else(|| sign(rest, &mut line));
        at += used.max(1);
    }
    line
}

/// One spelling for each thing: full-width forms become ASCII, letters small, unit marks `°`, `'`, `"`; `\0` for invisible characters.
fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => fold(char::from_u32(c as u32 - 0xfee0).unwrap_or(c)),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => '\0',
        '、' => ',',
        '。' | '·' => '.',
        'º' | '˚' | '゜' => '°',
        '′' | '’' | '‘' | '´' | '`' => '\'',
        '″' | '”' | '“' => '"',
        '−' | '–' | '—' | '‐' | '‑' => '-',
        c if c.is_whitespace() => ' ',
        c => c.to_ascii_lowercase(),
    }
}

fn starts_with(rest: &[char], word: &str) -> Option<usize> {
    let mut length = 0;
    for c in word.chars() {
        if rest.get(length) != Some(&c) {
            return None;
        }
        length += 1;
    }
    Some(length)
}

fn name_of_system(rest: &[char], line: &mut Line) -> Option<usize> {
    if let Some((length, crs)) = SYSTEMS.iter().find_map(|(word, crs)| Some((starts_with(rest, word)?, *crs))) {
        line.named = Some(crs);
        return Some(length);
    }
    let lead = starts_with(rest, "epsg:").or_else(|| starts_with(rest, "srid="))?;
    let digits: String = rest.iter().skip(lead).take(6).take_while(|c| c.is_ascii_digit()).collect();
    line.named = Some(format!("epsg:{digits}").parse().ok()?);
    Some(lead + digits.len())
}

/// A figure: digits, perhaps with a point. A minus counts unless it follows a figure or a unit mark, where it separates.
fn figure(chars: &[char], start: usize, grouping: Grouping, line: &mut Line) -> Option<usize> {
    let mut at = start;
    let signed = matches!(chars.get(at), Some('-' | '+'));
    if signed {
        let glued =
            start.checked_sub(1).and_then(|i| chars.get(i)).is_some_and(|c| c.is_ascii_digit() || "°'\"".contains(*c));
        if glued {
            return None;
        }
        at += 1;
    }
    let mut digits = String::new();
    let mut point = None;
    loop {
        match chars.get(at) {
            Some(c) if c.is_ascii_digit() => digits.push(*c),
            Some('.')
                if point.is_none() && !digits.is_empty() && chars.get(at + 1).is_some_and(char::is_ascii_digit) =>
            {
                point = Some(at);
                digits.push('.');
            }
            Some(',') if grouping == Grouping::Thousands && point.is_none() && group_follows(chars, at, &digits) => {}
            _ => break,
        }
        at += 1;
    }
    let size: f64 = digits.parse().ok()?;
    let value = if signed && chars.get(start) == Some(&'-') { -size } else { size };
    line.tokens.push(Token::Figure(Figure { value, decimals: point.map_or(0, |p| at - p - 1) }));
    Some(at - start)
}

/// A comma inside `3,919,026`: one to three digits before the first, exactly three after each.
fn group_follows(chars: &[char], comma: usize, digits: &str) -> bool {
    let three = (1..=3).all(|i| chars.get(comma + i).is_some_and(char::is_ascii_digit));
    let no_fourth = !chars.get(comma + 4).is_some_and(char::is_ascii_digit);
    let lead = chars[..comma].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    three && no_fourth && (digits.len() <= 3 || lead == 3)
}

/// A word of letters or Chinese: an axis, a unit, a filler, or something strange.
fn word(chars: &[char], at: usize, line: &mut Line) -> Option<usize> {
    let rest = &chars[at..];
    if !rest.first()?.is_alphabetic() {
        return None;
    }
    if let Some((length, axis, against)) = AXES.iter().find_map(|(w, a, s)| Some((starts_with(rest, w)?, *a, *s))) {
        line.tokens.push(Token::Label(axis, against));
        return Some(length);
    }
    let run = rest.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let after_figure = at.checked_sub(1).and_then(|i| chars.get(i)).is_some_and(char::is_ascii_digit);
    let unit = match rest.first()? {
        '度' => Some(Token::Degree),
        '分' => Some(Token::Minute),
        '秒' => Some(Token::Second),
        _ => None,
    };
    if let (Some(unit), Some(Token::Figure(_))) = (unit, line.tokens.last()) {
        line.tokens.push(unit);
        return Some(1);
    }
    if run == 1 {
        let angle = line.tokens.iter().rev().nth(1).copied();
        let token = match rest.first()? {
            'd' if after_figure => Some(Token::Degree),
            'm' if after_figure && angle == Some(Token::Degree) => Some(Token::Minute),
            's' if after_figure && angle == Some(Token::Minute) => Some(Token::Second),
            'e' => Some(Token::Label(Axis::East, false)),
            'w' => Some(Token::Label(Axis::East, true)),
            'n' => Some(Token::Label(Axis::North, false)),
            's' => Some(Token::Label(Axis::North, true)),
            _ => None,
        };
        if let Some(token) = token {
            line.tokens.push(token);
            return Some(1);
        }
    }
    if let Some(length) = FILLERS.iter().find_map(|w| starts_with(rest, w)).filter(|n| run == 0 || *n == run) {
        return Some(length);
    }
    line.strange_words = true;
    Some(run.max(1))
}

fn sign(rest: &[char], line: &mut Line) -> usize {
    let (token, used) = match rest {
        ['\'', '\'', ..] => (Some(Token::Second), 2),
        ['\'', ..] => (Some(Token::Minute), 1),
        ['"', ..] => (Some(Token::Second), 1),
        ['°', ..] => (Some(Token::Degree), 1),
        [' ' | '-' | '=' | '.' | '_', ..] => (None, 1),
        _ => (Some(Token::Break), 1),
    };
    line.tokens.extend(token);
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(text: &str, grouping: Grouping) -> Vec<f64> {
        let read = |t: &Token| if let Token::Figure(f) = t { Some(f.value) } else { None };
        super::read(text, grouping).tokens.iter().filter_map(read).collect()
    }

    #[test]
    fn figures_are_cut_where_people_mean() {
        for (text, want) in [
            ("116.65,35.4", vec![116.65, 35.4]),
            ("-98.5,-38.5", vec![-98.5, -38.5]),
            ("116-39-18", vec![116.0, 39.0, 18.0]),
            ("１１６．６５", vec![116.65]),
            ("3,919,026.85", vec![3.0, 919.0, 26.85]),
            ("1.2.3", vec![1.2, 3.0]),
            ("5.", vec![5.0]),
        ] {
            assert_eq!(figures(text, Grouping::None), want, "{text}");
        }
        assert_eq!(figures("468,205.34 3,919,026.85", Grouping::Thousands), vec![468205.34, 3919026.85]);
        assert_eq!(figures("116.65,354", Grouping::Thousands), vec![116.65, 354.0]);
        assert_eq!(figures("1163,354", Grouping::Thousands), vec![1163.0, 354.0]);
    }

    #[test]
    fn names_with_digits_are_not_figures() {
        for (text, crs) in
            [("WGS84", "wgs84"), ("ＢＤ０９", "bd09"), ("CGCS2000", "cgcs2000"), ("EPSG:4548", "epsg:4548")]
        {
            let line = read(text, Grouping::None);
            assert_eq!(line.tokens, []);
            assert_eq!(line.named.map(|c| c.to_string()).as_deref(), Some(crs));
        }
    }

    #[test]
    fn strange_words_are_noticed_and_known_ones_are_not() {
        for text in ["隆鑫苑5号楼", "Kansas 5", "https"] {
            assert!(read(text, Grouping::None).strange_words, "{text}");
        }
        for text in ["坐标：1,2", "经度1纬度2", "POINT(1 2)", "x=1 y=2", "1m 2m", "116d39m18s"] {
            assert!(!read(text, Grouping::None).strange_words, "{text}");
        }
    }
}
