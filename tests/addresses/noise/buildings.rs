//! Numbers in other figures, and the many words for a building.

use super::dice::Dice;
use super::field::{Field, Saying};
use super::parts::{Number, Parts, counted, formal, name_in_figures, spelt, wide};

/// A flat: floor and door, as they are numbered everywhere.
pub fn room(dice: &mut Dice) -> u32 {
    (100 * (1 + dice.below(6)) + 1 + dice.below(4)) as u32
}

fn figures(n: u32, dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => n.to_string(),
        1 | 2 => wide(&n.to_string()),
        3 => formal(n),
        4 if n < 10 => format!("0{n}"),
        5 if n >= 100 => spelt(n, '零', '一'),
        _ => counted(n),
    }
}

fn flat(n: u32, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => n.to_string(),
        1 => wide(&n.to_string()),
        2 => spelt(n, '0', '一'),
        3 => spelt(n, '〇', '一'),
        _ => spelt(n, '零', '一'),
    }
}

/// Words after which a number in a name is a count: people write 32厂 and 第8小学, and nobody writes 2十里铺.
const COUNTED: [&str; 6] = ["厂", "站", "小学", "幼儿园", "游园", "村"];

/// The road that every other form writes in figures.
fn highway(name: &str, dice: &mut Dice) -> Option<String> {
    name.contains("327国道")
        .then(|| name.replace("327国道", dice.pick(&["G327", "国道327", "三二七国道", "３２７国道", "G327国道"])))
}

impl Field<'_> {
    pub fn numerals(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = Self::some_of(parts, dice);
        let before = said.text();
        let housed = matches!(parts.number, Number::Building(_) | Number::Entrance(..));
        match parts.number {
            Number::None => said.name = highway(parts.name, dice).or_else(|| name_in_figures(parts.name, &COUNTED))?,
            Number::House(n) => said.number = format!("{}号", figures(n, dice)),
            Number::Building(n) | Number::Entrance(n, _) => {
                said.number = format!("{}{}", figures(n, dice), dice.pick(&["号楼", "号楼", "栋", "幢"]));
            }
        }
        if let Number::Entrance(_, unit) = parts.number {
            said.unit = format!("{}单元", figures(unit, dice));
        }
        if housed && dice.percent(45) {
            said.room = format!("{}{}", flat(room(dice), dice), dice.pick(&["室", "", "户", "房"]));
        }
        // 十二 in the name of a village with a numbered house: the name is the name.
        (said.text() != before).then(|| (said.text(), self.fitting(parts, parts.number, &said)))
    }

    pub fn building_words(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = Self::some_of(parts, dice);
        let flat = dice.percent(45).then(|| room(dice));
        let words = ["栋", "幢", "橦", "座", "#", "#楼", "楼", "＃楼", "＃", "号"];
        match parts.number {
            Number::Entrance(n, unit) if dice.percent(50) => {
                // 5-3-502, 5#3-502, 5－3.
                let dash = dice.pick(&["-", "-", "－", "—", "–"]);
                let after = dice.pick(&["-", "-", "#", "#-", "号楼-", "栋-", "＃"]);
                let after = after.replace('-', dash);
                said.number = format!("{n}{after}{unit}");
                if let Some(flat) = flat {
                    said.room = format!("{dash}{flat}{}", dice.pick(&["", "", "室"]));
                }
                said.unit.clear();
            }
            Number::Building(n) | Number::Entrance(n, _) => {
                let word = dice.pick(&words);
                said.number = format!("{n}{word}");
                if let (Number::Entrance(_, unit), true) = (parts.number, dice.percent(50)) {
                    said.unit = format!("{}单元", counted(unit));
                }
                // 隆鑫苑5楼 is a building; 隆鑫苑5楼502 is a floor of one that was not told.
                if let Some(flat) = flat.filter(|_| word != "楼") {
                    said.room = format!("{flat}{}", dice.pick(&["室", "户", "号", ""]));
                }
            }
            Number::None | Number::House(_) => return None,
        }
        Some((said.text(), self.fitting(parts, parts.number, &said)))
    }
}
