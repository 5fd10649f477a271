//! The parts in another order, or apart.

use super::dice::Dice;
use super::field::{Field, Saying};
use super::parts::{Parts, plain};

impl Field<'_> {
    pub fn order(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = plain(parts, 1 + dice.below(3));
        if dice.percent(40) {
            dice.pick(&["高新区", "济宁高新区", "济宁市高新区"]).clone_into(&mut said.region);
        }
        let roads = parts.name.strip_suffix("交叉口").and_then(|n| n.split_once('与'));
        if let Some((a, b)) = roads.filter(|_| dice.percent(60)) {
            said.name = format!("{b}与{a}{}", dice.pick(&["交叉口", "路口", "交汇处"]));
        }
        let before = said.text();
        let truth = self.fitting(parts, parts.number, &said);
        let number = format!("{}{}", said.number, said.unit);
        let mark = dice.pick(&["，", ",", " ", "、", "  ", "/", "；"]);
        let place = format!("{}{number}", said.name);
        let way: Vec<String> = said.told().into_iter().take_while(|p| *p != said.name).collect();
        let back: Vec<&str> = way.iter().rev().map(String::as_str).collect();
        let text = match dice.below(6) {
            0 if !number.is_empty() => format!("{number}{}{}", said.name, back.concat()),
            1 => [vec![place.as_str()], back].concat().join(mark),
            2 => format!("{place}{}{}", dice.pick(&["", "在", " "]), way.concat()),
            3 => format!("{place}（{}）", way.concat()),
            4 if !number.is_empty() => {
                // The name first, the way to it next, and then the number: 隆鑫苑 高新区 3号楼 2单元.
                let mut list = vec![said.name.clone()];
                list.extend(way);
                list.extend([said.number.clone(), said.unit.clone()].into_iter().filter(|p| !p.is_empty()));
                list.join(mark)
            }
            5 => {
                let mut list = way;
                list.push(said.name.clone());
                if !number.is_empty() {
                    list.push(number);
                }
                dice.shuffle(&mut list);
                list.join(mark)
            }
            _ => said.told().join(mark),
        };
        (text != before).then_some((text, truth))
    }
}
