//! Where from a place something is: 附近, 对面, 西侧200米, 往东, 门口. Kept, never dropped.

use super::numeral;
use super::slots::starts_with;

/// How what is meant lies to the place that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// 附近, 旁边
    Near,
    /// 楼下, 院内
    At,
    /// 对面
    Opposite,
    /// 西侧, 北边
    Side,
    /// 往东, 以西
    Toward,
    /// 东北角
    Corner,
    /// 门口, 村口
    Gate,
    /// K12+300: so many metres from where the road begins, wherever that is.
    Mark,
}

/// A relation as it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relation {
    pub lie: Lie,
    /// Degrees clockwise from north.
    pub bearing: Option<f64>,
    pub distance_m: Option<f64>,
}

const NEAR: [&str; 9] = ["附近", "旁边", "边上", "周边", "周围", "隔壁", "一带", "跟前", "旁"];
const AT: [&str; 5] = ["楼下", "楼前", "楼后", "院内", "院里"];
const OPPOSITE: [&str; 6] = ["斜对面", "斜对过", "正对面", "对面", "对过", "马路对面"];
const GATE: [&str; 9] = ["大门口", "门口", "门前", "村口", "路口", "大门", "西门", "入口", "出口"];
const SIDES: [&str; 8] = ["侧", "边", "面", "头", "邻", "首", "方", "部"];
const AHEAD: [&str; 3] = ["往", "向", "以"];
const BEARINGS: [(&str, f64); 14] = [
    ("东北", 45.0),
    ("东南", 135.0),
    ("西南", 225.0),
    ("西北", 315.0),
    ("北东", 45.0),
    ("南东", 135.0),
    ("南西", 225.0),
    ("北西", 315.0),
    ("东", 90.0),
    ("南", 180.0),
    ("西", 270.0),
    ("北", 0.0),
    ("正东", 90.0),
    ("正西", 270.0),
];
/// Beyond this no caller means a distance from a place.
const MOST_M: f64 = 5000.0;

/// Reads a relation at the beginning of `chars`, and how many characters it takes.
#[must_use]
pub fn read(chars: &[char]) -> Option<(Relation, usize)> {
    let first = |words: &[&str]| words.iter().find(|w| starts_with(chars, w)).map(|w| w.chars().count());
    let plain = |lie| Relation { lie, bearing: None, distance_m: None };
    if let Some((toward, used)) = directed(chars) {
        return Some((toward, used));
    }
    let (lie, used) =
        [(Lie::Opposite, &OPPOSITE[..]), (Lie::Near, &NEAR[..]), (Lie::At, &AT[..]), (Lie::Gate, &GATE[..])]
            .into_iter()
            .find_map(|(lie, words)| Some((lie, first(words)?)))?;
    Some((plain(lie), used))
}

/// The kilometre mark of a road at the beginning of `chars`: K12+300, K12.
#[must_use]
pub fn mark(chars: &[char]) -> Option<(Relation, usize)> {
    let ['k', rest @ ..] = chars else { return None };
    let kilometres = numeral::number(rest)?;
    let behind = rest.get(kilometres.chars..).unwrap_or_default();
    let metres = match behind {
        ['+', rest @ ..] => numeral::number(rest),
        _ => None,
    };
    let along_m = f64::from(kilometres.value) * 1000.0 + metres.map_or(0.0, |m| f64::from(m.value));
    let used = 1 + kilometres.chars + metres.map_or(0, |m| 1 + m.chars);
    Some((Relation { lie: Lie::Mark, bearing: None, distance_m: Some(along_m) }, used))
}

/// 往东200米, 西侧约200米, 东200米, 西北角, 以东, 东门.
fn directed(chars: &[char]) -> Option<(Relation, usize)> {
    let ahead = AHEAD.iter().any(|w| starts_with(chars, w));
    let mut at = usize::from(ahead);
    let upright = usize::from(chars.get(at) == Some(&'正'));
    let (word, bearing) = BEARINGS.iter().find(|(word, _)| starts_with(&chars[at + upright..], word))?;
    at += upright + word.chars().count();
    let mut lie = if ahead { Lie::Toward } else { Lie::Side };
    let mut said = ahead;
    if chars.get(at) == Some(&'角') {
        (lie, at, said) = (Lie::Corner, at + 1, true);
    } else if starts_with(&chars[at..], "门口") {
        (lie, at, said) = (Lie::Gate, at + 2, true);
    } else if chars.get(at) == Some(&'门') {
        (lie, at, said) = (Lie::Gate, at + 1, true);
    } else if SIDES.iter().any(|side| starts_with(&chars[at..], side)) {
        (at, said) = (at + 1, true);
    }
    let far = metres(&chars[at..]);
    at += far.map_or(0, |(_, used)| used);
    (said || far.is_some()).then_some((Relation { lie, bearing: Some(*bearing), distance_m: far.map(|(m, _)| m) }, at))
}

/// 200米, 约二百米, 1公里.
fn metres(chars: &[char]) -> Option<(f64, usize)> {
    let mut at = usize::from(chars.first().is_some_and(|c| matches!(c, '约' | '大')));
    at += usize::from(at > 0 && chars.get(at) == Some(&'约'));
    let number = numeral::number(chars.get(at..)?)?;
    at += number.chars;
    let (unit_m, used) = [("米", 1.0), ("m", 1.0), ("公里", 1000.0), ("千米", 1000.0), ("km", 1000.0), ("里", 500.0)]
        .into_iter()
        .find(|(word, _)| starts_with(&chars[at..], word))
        .map(|(word, unit_m)| (unit_m, word.chars().count()))?;
    let metres = f64::from(number.value) * unit_m;
    (metres <= MOST_M).then_some((metres, at + used))
}

impl Relation {
    /// How far from the place the thing may be, besides how far it is said to be.
    #[must_use]
    pub fn slack_m(&self) -> f64 {
        match (self.lie, self.distance_m) {
            // The road itself says how far it reaches.
            (Lie::Mark, _) => 0.0,
            (_, Some(metres)) => 20.0 + metres * 0.25,
            (Lie::Near | Lie::Opposite, None) => 60.0,
            (Lie::At, None) => 15.0,
            (Lie::Side, None) => 50.0,
            (Lie::Toward, None) => 150.0,
            (Lie::Corner, None) => 30.0,
            (Lie::Gate, None) => 40.0,
        }
    }

    /// Metres east and north from the place: where the thing is said to be. Nothing where no distance was said, but for corners, which lie across a street.
    #[must_use]
    pub fn offset_m(&self) -> (f64, f64) {
        let metres = match (self.distance_m, self.lie) {
            // So near, it is at the place itself.
            (Some(metres), _) if metres <= AT_M => 0.0,
            (Some(metres), _) => metres,
            (None, Lie::Corner) => CORNER_M,
            _ => 0.0,
        };
        self.bearing.map_or((0.0, 0.0), |bearing| {
            let (sin, cos) = bearing.to_radians().sin_cos();
            (sin * metres, cos * metres)
        })
    }
}

impl std::fmt::Display for Relation {
    /// In Chinese, as the page shows it: 西侧 200 米.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const WORDS: [&str; 8] = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
        let bearing = self.bearing.map_or("", |bearing| WORDS[(bearing / 45.0).round() as usize % WORDS.len()]);
        let word = match self.lie {
            Lie::Near => "附近",
            Lie::At => "楼下或院内",
            Lie::Opposite => "对面",
            Lie::Side => "侧",
            Lie::Toward => "方向",
            Lie::Corner => "角",
            Lie::Gate => "门口",
            Lie::Mark => {
                let along_m = self.distance_m.unwrap_or_default();
                return write!(f, "K{:.0}+{:03.0}", (along_m / 1000.0).floor(), along_m % 1000.0);
            }
        };
        write!(f, "{bearing}{word}")?;
        self.distance_m.map_or(Ok(()), |metres| write!(f, " {metres} 米"))
    }
}

const AT_M: f64 = 30.0;
/// From the middle of a crossing to the corner's pavement.
const CORNER_M: f64 = 25.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read() {
        for (text, lie, bearing, distance_m) in [
            ("附近", Lie::Near, None, None),
            ("对面", Lie::Opposite, None, None),
            ("楼下", Lie::At, None, None),
            ("西侧200米", Lie::Side, Some(270.0), Some(200.0)),
            ("往东约二百米", Lie::Toward, Some(90.0), Some(200.0)),
            ("东北角", Lie::Corner, Some(45.0), None),
            ("北1公里", Lie::Side, Some(0.0), Some(1000.0)),
            ("以西", Lie::Toward, Some(270.0), None),
            ("东门", Lie::Gate, Some(90.0), None),
            ("村口", Lie::Gate, None, None),
        ] {
            let chars: Vec<char> = text.chars().collect();
            let (relation, used) = read(&chars).expect(text);
            assert_eq!((relation.lie, relation.bearing, relation.distance_m), (lie, bearing, distance_m), "{text}");
            assert_eq!(used, chars.len(), "{text}");
        }
        for text in ["东黄庄", "北京", "200米", "路灯"] {
            assert_eq!(read(&text.chars().collect::<Vec<_>>()), None, "{text}");
        }
    }

    #[test]
    fn marks_of_roads_are_read() {
        for (text, shown) in [("k12+300处", "K12+300"), ("k7", "K7+000")] {
            let (relation, _) = mark(&text.chars().collect::<Vec<_>>()).expect(text);
            assert_eq!((relation.to_string().as_str(), relation.offset_m()), (shown, (0.0, 0.0)), "{text}");
        }
        assert_eq!(mark(&['k', '歌']), None);
    }

    #[test]
    fn a_distance_moves_the_point() {
        let chars: Vec<char> = "西侧200米".chars().collect();
        let (east, north) = read(&chars).expect("a relation").0.offset_m();
        assert!((east + 200.0).abs() < 1e-9 && north.abs() < 1e-9);
    }
}
