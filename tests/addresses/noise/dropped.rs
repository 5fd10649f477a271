//! Parts left out, as far as what is left is one place, or several that fit equally.

use super::dice::Dice;
use super::field::{Field, Saying, told};
use super::parts::{Number, Parts, Said, plain};

/// What says of a compound or village only which kind of thing it is.
const KINDS: [&str; 14] =
    ["小区", "花园", "家园", "嘉园", "雅居", "华庭", "名郡", "公馆", "府邸", "新城", "苑", "社区", "新村", "村"];

impl Field<'_> {
    pub fn dropped(&self, at: usize, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = plain(parts, 3);
        let full = said.text();
        drop_the_way(&mut said, dice);
        let mut number = parts.number;
        match dice.below(4) {
            0 => {}
            1 => {
                if let Number::Entrance(building, _) = number {
                    said.unit.clear();
                    number = Number::Building(building);
                }
            }
            // 隆鑫苑3号: in a compound there are no houses with numbers of their own.
            2 if !parts.name.ends_with('村') && matches!(number, Number::Building(_) | Number::Entrance(..)) => {
                said.number.truncate(said.number.trim_end_matches('楼').len());
            }
            // One in twenty-five means several places.
            _ if number != Number::None && dice.percent(12) => return self.several(parts, said),
            _ => match self.places[at].kind.as_str() {
                "crossing" => {
                    let (joint, end) = (dice.pick(&["", "与"]), dice.pick(&["", "口", "路口"]));
                    said.name = said.name.replace("交叉口", end).replace('与', joint);
                }
                "village" => return self.short_village(parts, said),
                "office" | "civic" | "school" => said.name = self.short_office(parts.name, dice)?,
                "compound" | "building" | "entrance" | "house" => said.name = self.stem(parts)?,
                _ => {}
            },
        }
        (said.text() != full).then(|| (said.text(), self.fitting(parts, number, &said)))
    }

    /// 隆鑫3号楼, 曹庄12号: the name without its kind, where nothing else begins so.
    fn stem(&self, parts: &Parts<'_>) -> Option<String> {
        let kind = KINDS.iter().find(|k| parts.name.ends_with(*k))?;
        let stem = parts.name.strip_suffix(kind)?;
        let of_another = |n: &String| !self.names.same_place(parts.name, n);
        let taken = self.names.beginning_with(stem).into_iter().any(|n| of_another(n) && !derived(n, stem));
        let named = self.names.is_name(stem) && of_another(&stem.to_owned());
        (stem.chars().count() >= 2 && !taken && !named).then(|| stem.to_owned())
    }

    /// 崇文 may be 崇文社区 and 崇文新村 and 崇文大道: then it means any of them, and a good answer asks.
    fn short_village(&self, parts: &Parts<'_>, mut said: Said) -> Saying {
        let kind = KINDS.iter().find(|k| parts.name.ends_with(*k))?;
        let stem = parts.name.strip_suffix(kind)?;
        if stem.chars().count() < 2 {
            return None;
        }
        // 柳行 alone is the subdistrict.
        if self.parts.iter().flatten().any(|p| p.subdistrict == stem) {
            return None;
        }
        let nothing_told = said.subdistrict.is_empty() && said.community.is_empty();
        stem.clone_into(&mut said.name);
        let fits = |at: &usize| {
            let whole = matches!(self.places[*at].kind.as_str(), "village" | "compound" | "road");
            let here = self.parts[*at].as_ref().map_or(nothing_told, |p| told(&said, parts, p));
            whole && here && self.places[*at].name.starts_with(stem)
        };
        let truth = (0..self.places.len()).filter(fits).collect();
        Some((said.text(), truth))
    }

    /// 恒信3号楼, where 恒信家园, 恒信公馆 and 恒信苑 each have a building 3.
    fn several(&self, parts: &Parts<'_>, mut said: Said) -> Saying {
        let kind = KINDS.iter().find(|k| parts.name.ends_with(*k))?;
        let stem = parts.name.strip_suffix(kind).filter(|s| s.chars().count() >= 2)?;
        stem.clone_into(&mut said.name);
        let fits = |p: &Parts<'_>| p.number == parts.number && p.name.starts_with(stem) && told(&said, parts, p);
        let truth: Vec<usize> = (0..self.parts.len()).filter(|at| self.parts[*at].as_ref().is_some_and(fits)).collect();
        (truth.len() > 1).then(|| (said.text(), truth))
    }

    fn short_office(&self, name: &str, dice: &mut Dice) -> Option<String> {
        let short = match dice.below(3) {
            0 => name.replace("新时代", ""),
            1 => name.replacen("高新区", "", 1),
            _ => name.get(name.find('第')?..)?.to_owned(),
        };
        let others = self.names.containing(&short).into_iter().any(|n| !self.names.same_place(name, n));
        (short != name && !others && !self.names.is_name(&short)).then_some(short)
    }
}

/// Anything of 山东省, 济宁市, 高新区, subdistrict and community; at least one of them goes.
fn drop_the_way(said: &mut Said, dice: &mut Dice) {
    let keep = dice.below(31);
    let part = |bit: usize, text: &str| if keep >> bit & 1 == 1 { text.to_owned() } else { String::new() };
    said.region = [part(0, "山东省"), part(1, "济宁市"), part(2, "高新区")].concat();
    said.subdistrict = part(3, &said.subdistrict);
    said.community = part(4, &said.community);
}

/// 王庄一惠民药店 and 王庄社区居委会 begin with 王庄 because they are in it: nobody says 王庄 for them.
fn derived(name: &str, stem: &str) -> bool {
    let rest = &name[stem.len()..];
    rest.starts_with(|c: char| "一二三四五六七八九十第".contains(c))
        || [
            "党群服务中心",
            "新时代文明实践站",
            "新时代文明实践所",
            "网格中心",
            "居委会",
            "卫生院",
            "街道",
            "街办",
            "办事处",
        ]
        .iter()
        .any(|w| rest.ends_with(w))
}
