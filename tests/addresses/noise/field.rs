//! The gazetteer as the noise sees it, and the classes that change little: prefixes, tails, script.

use std::collections::HashMap;

use wangge::place::Place;

use super::Class;
use super::dice::Dice;
use super::letters::traditional;
use super::names::Names;
use super::parts::{Number, Parts, Said, plain};
use super::phrases::{COMPLAINTS, GREETINGS, RELATIONS, VILLAGE_RELATIONS};

/// A text with the places it means.
pub type Saying = Option<(String, Vec<usize>)>;

pub struct Field<'a> {
    pub places: &'a [Place],
    pub parts: Vec<Option<Parts<'a>>>,
    pub names: Names,
    numbered: HashMap<(&'a str, Number), Vec<usize>>,
    /// The places of each group of kinds, with how many of a hundred calls are about it.
    pools: Vec<(usize, Vec<usize>)>,
}

/// How many of a hundred calls are about which kinds. Uniform over the rows would ask for the 390 compounds and villages, whose names
/// carry all others, twice in a hundred calls; roads are lines and no answer.
const CALLS: [(usize, &[&str]); 6] = [
    (30, &["building"]),
    (24, &["entrance"]),
    (20, &["house"]),
    (8, &["compound"]),
    (5, &["village"]),
    (13, &["crossing", "bridge", "office", "civic", "school", "shop", "factory", "park", "hospital", "station"]),
];

impl<'a> Field<'a> {
    pub fn new(places: &'a [Place]) -> Self {
        let parts: Vec<Option<Parts<'a>>> = places.iter().map(Parts::of).collect();
        let mut numbered: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, p) in parts.iter().enumerate().filter_map(|(at, p)| Some((at, p.as_ref()?))) {
            numbered.entry((p.name, p.number)).or_default().push(at);
        }
        let of = |kinds: &[&str]| -> Vec<usize> {
            let heard = |at: &usize| kinds.contains(&places[*at].kind.as_str()) && parts[*at].is_some();
            (0..places.len()).filter(heard).collect()
        };
        let pools = CALLS.iter().map(|(share, kinds)| (*share, of(kinds))).filter(|(_, all)| !all.is_empty()).collect();
        Self { places, parts, names: Names::new(places), numbered, pools }
    }

    /// One text of a class about a place drawn by lot; `None` when the class has nothing to do at that place.
    pub fn say(&self, class: Class, dice: &mut Dice) -> Saying {
        let at = self.draw(dice)?;
        let parts = self.parts[at].as_ref()?;
        match class {
            Class::PrefixVariants => Some(self.prefixes(parts, dice)),
            Class::NumeralForms => self.numerals(parts, dice),
            Class::BuildingWords => self.building_words(parts, dice),
            Class::Typos => self.typos(parts, dice),
            Class::Homophones => self.homophones(parts, dice),
            Class::DroppedParts => self.dropped(at, parts, dice),
            Class::Tails => self.tails(parts, dice),
            Class::WordOrder => self.order(parts, dice),
            Class::Traditional => self.other_script(parts, dice),
            Class::AsrConfusions => self.recognised(parts, dice),
        }
    }

    fn draw(&self, dice: &mut Dice) -> Option<usize> {
        let mut left = dice.below(self.pools.iter().map(|(share, _)| share).sum());
        for (share, all) in &self.pools {
            if left < *share {
                return Some(all[dice.below(all.len())]);
            }
            left -= share;
        }
        None
    }

    /// The places that fit: those of this name and number, as far as the parts that are told do not contradict.
    pub fn fitting(&self, parts: &Parts<'_>, number: Number, said: &Said) -> Vec<usize> {
        let fits = |at: &&usize| self.parts[**at].as_ref().is_some_and(|p| told(said, parts, p));
        self.numbered.get(&(parts.name, number)).into_iter().flatten().filter(fits).copied().collect()
    }

    /// The full address one time in four; callers seldom say all of it.
    pub fn some_of(parts: &Parts<'_>, dice: &mut Dice) -> Said {
        plain(parts, [0, 0, 1, 1, 2, 2, 3, 3][dice.below(8)])
    }

    fn prefixes(&self, parts: &Parts<'_>, dice: &mut Dice) -> (String, Vec<usize>) {
        let mut said = plain(parts, 2);
        // 洸河, 柳行 and 接庄 were 任城's; 王因 and 黄屯 were 兖州's.
        let before = if matches!(parts.subdistrict, "王因" | "黄屯") { "兖州区" } else { "任城区" };
        let zone = [
            "高新区",
            "济宁高新区",
            "济宁高新技术产业开发区",
            "国家高新技术产业开发区",
            "国家高新区",
            "高新技术产业开发区",
            before,
            before,
            "高新区",
            "",
        ];
        let mut pieces = vec![
            dice.pick(&["山东省", "山东", "中国山东省", ""]),
            dice.pick(&["济宁市", "济宁", "济宁市", ""]),
            dice.pick(&zone),
        ];
        if dice.percent(20) {
            let again = dice.below(pieces.len());
            pieces.insert(again, pieces[again]);
        }
        if dice.percent(10) {
            pieces.push(dice.pick(&["高新区", before, "济宁高新区"]));
        }
        said.region = pieces.concat();
        let town = if matches!(parts.subdistrict, "接庄" | "王因" | "黄屯") { "镇" } else { "街道" };
        let office = ["街道", "街道办", "街道办事处", "办事处", "街办", town, ""];
        said.subdistrict = match dice.below(10) {
            0 => String::new(),
            _ => format!("{}{}", parts.subdistrict, dice.pick(&office)),
        };
        if !parts.community.is_empty() {
            said.community = match dice.below(4) {
                0 => String::new(),
                _ => format!("{}{}", parts.community, dice.pick(&["社区", "村", "居委会", "社区居委会", "村委会", ""])),
            };
        }
        (said.text(), self.fitting(parts, parts.number, &said))
    }

    fn tails(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = Self::some_of(parts, dice);
        let housed = matches!(parts.number, Number::Building(_) | Number::Entrance(..));
        if housed && dice.percent(50) {
            let floor = 1 + dice.below(6);
            said.room = match dice.below(4) {
                0 => format!("{floor}楼"),
                1 => format!("{floor}层"),
                _ => format!("{floor}0{}{}", 1 + dice.below(4), dice.pick(&["室", "", "户"])),
            };
        }
        let truth = self.fitting(parts, parts.number, &said);
        let village = parts.number == Number::None && parts.name.ends_with('村');
        let mut text = said.text();
        if dice.percent(50) {
            let relation =
                if village && dice.percent(60) { dice.pick(&VILLAGE_RELATIONS) } else { dice.pick(&RELATIONS) };
            // 华东村3号 + 楼下 would read as a building 3.
            if relation == "楼下" && !housed {
                return None;
            }
            text.push_str(relation);
        }
        if dice.percent(60) {
            text.push_str(dice.pick(&["", "，", " ", ",", "。", "的"]));
            text.push_str(dice.pick(&COMPLAINTS));
        }
        if dice.percent(40) {
            text.insert_str(0, dice.pick(&GREETINGS));
        }
        (text != said.text() || !said.room.is_empty()).then_some((text, truth))
    }

    fn other_script(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let said = Self::some_of(parts, dice);
        let mut text = said.text();
        if dice.percent(30) {
            text.push_str(dice.pick(&COMPLAINTS));
        }
        let other = traditional(&text, dice);
        (other != text).then(|| (other, self.fitting(parts, parts.number, &said)))
    }
}

/// Does another place lie where the told parts of the way to the first lead?
pub fn told(said: &Said, way: &Parts<'_>, other: &Parts<'_>) -> bool {
    (said.subdistrict.is_empty() || other.subdistrict == way.subdistrict)
        && (said.community.is_empty() || other.community == way.community)
}
