//! Names that a hand, an input method or a machine got wrong, and still recognisable.

use super::dice::Dice;
use super::field::{Field, Saying};
use super::parts::{Number, Parts, Said, counted, plain, spelt};
use super::phrases::{COMPLAINTS, FILLERS, GREETINGS};

/// What only says of which kind a name is, or joins two: misheard less often, and never by us.
const TYPE_WORDS: &str = "村区路街道与口社站厂";

/// Where a character of a name may be damaged.
fn soft(name: &[char]) -> Vec<usize> {
    (0..name.len()).filter(|i| !super::parts::counts(name[*i]) && !TYPE_WORDS.contains(name[*i])).collect()
}

impl Field<'_> {
    /// One slip of the hand in a name of at least three characters.
    pub fn mistyped(&self, name: &str, dice: &mut Dice) -> Option<String> {
        let mut letters: Vec<char> = name.chars().collect();
        let places = soft(&letters);
        if letters.len() < 3 || places.is_empty() {
            return None;
        }
        let at = places[dice.below(places.len())];
        let next = places.contains(&(at + 1)) && letters[at] != letters[at + 1];
        match dice.below(20) {
            0..=8 => letters[at] = self.names.shapes.other(letters[at], dice)?,
            9..=11 => {
                let wrong = self.names.sounds.any(dice);
                if super::parts::counts(wrong) {
                    return None;
                }
                letters[at] = wrong;
            }
            12..=14 => drop(letters.remove(at)),
            15 | 16 => letters.insert(at, letters[at]),
            _ if next => letters.swap(at, at + 1),
            _ => return None,
        }
        let typed: String = letters.iter().collect();
        self.names.recognisable(&typed, name).then_some(typed)
    }

    /// So many characters of a name taken for others of the same sound.
    pub fn misheard(&self, name: &str, times: usize, dice: &mut Dice) -> Option<String> {
        let mut letters: Vec<char> = name.chars().collect();
        let mut places = soft(&letters);
        dice.shuffle(&mut places);
        if places.len() < times {
            return None;
        }
        for at in places.into_iter().take(times) {
            letters[at] = self.names.sounds.other(letters[at], dice)?;
        }
        let heard: String = letters.iter().collect();
        self.names.recognisable(&heard, name).then_some(heard)
    }

    /// The subdistrict's name by its sound: there are five, and no two sound alike.
    fn mishear_the_way(&self, said: &mut Said, parts: &Parts<'_>, dice: &mut Dice) {
        let mut letters: Vec<char> = parts.subdistrict.chars().collect();
        let at = dice.below(letters.len());
        let Some(other) = self.names.sounds.other(letters[at], dice) else { return };
        letters[at] = other;
        let heard: String = letters.iter().collect();
        if !self.names.is_name(&heard) && self.names.beginning_with(&heard).is_empty() {
            said.subdistrict = format!("{heard}街道");
        }
    }

    pub fn typos(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = Self::some_of(parts, dice);
        said.name = self.mistyped(parts.name, dice)?;
        Some((said.text(), self.fitting(parts, parts.number, &said)))
    }

    pub fn homophones(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = Self::some_of(parts, dice);
        let before = said.text();
        let in_the_way = !said.subdistrict.is_empty() && dice.percent(35);
        if in_the_way {
            self.mishear_the_way(&mut said, parts, dice);
        }
        if !in_the_way || dice.percent(50) {
            said.name = self.misheard(parts.name, 1, dice)?;
        }
        (said.text() != before).then(|| (said.text(), self.fitting(parts, parts.number, &said)))
    }

    /// What a recogniser writes for the numbers: figures are characters, 2 may be 两, 1 may be 幺, and words slip.
    fn spoken(said: &mut Said, parts: &Parts<'_>, dice: &mut Dice) {
        let number = |n: u32, dice: &mut Dice| match n {
            1 if dice.percent(40) => "幺".to_owned(),
            2 if dice.percent(50) => "两".to_owned(),
            100.. if dice.percent(40) => spelt(n, '零', '幺'),
            _ => counted(n),
        };
        match parts.number {
            Number::None => {}
            Number::House(n) => said.number = format!("{}号", number(n, dice)),
            Number::Building(n) | Number::Entrance(n, _) => {
                let word = dice.pick(&["号楼", "号楼", "号楼", "好楼", "号喽", "浩楼", "号搂"]);
                said.number = format!("{}{word}", number(n, dice));
                if dice.percent(25) {
                    let flat = super::buildings::room(dice);
                    said.room = format!(
                        "{}{}",
                        spelt(flat, '零', dice.pick(&["幺", "一"]).chars().next().unwrap_or('一')),
                        dice.pick(&["室", "市", "是", ""])
                    );
                }
            }
        }
        if let Number::Entrance(_, unit) = parts.number {
            said.unit =
                format!("{}{}", number(unit, dice), dice.pick(&["单元", "单元", "单员", "单源", "单圆", "丹元"]));
        }
    }

    pub fn recognised(&self, parts: &Parts<'_>, dice: &mut Dice) -> Saying {
        let mut said = plain(parts, [0, 1, 1, 2, 3][dice.below(5)]);
        let before = said.text();
        if dice.percent(55) {
            let times = 1 + usize::from(parts.name.chars().count() >= 4 && dice.percent(35));
            said.name = self.misheard(parts.name, times, dice)?;
        } else if !said.subdistrict.is_empty() && dice.percent(50) {
            self.mishear_the_way(&mut said, parts, dice);
        }
        Self::spoken(&mut said, parts, dice);
        if dice.percent(15) {
            said.subdistrict = said.subdistrict.replace("街道", dice.pick(&["接到", "街到", "接道"]));
        }
        // People begin again: the whole name, or the number.
        if dice.percent(15) {
            said.name = format!("{}{}", said.name, said.name);
        } else if dice.percent(15) && !said.number.is_empty() {
            said.number = format!("{}{}", said.number, said.number);
        }
        let mut pieces = said.told();
        for _ in 0..[0, 1, 1, 2][dice.below(4)] {
            let at = dice.below(pieces.len() + 1);
            pieces.insert(at, dice.pick(&FILLERS).to_owned());
        }
        if dice.percent(30) {
            pieces.insert(0, dice.pick(&GREETINGS).to_owned());
        }
        if dice.percent(40) {
            pieces.push(dice.pick(&COMPLAINTS).to_owned());
        }
        // A recogniser hears no commas.
        let text: String = pieces.concat().chars().filter(|c| !"，。：,".contains(*c)).collect();
        (text != before).then(|| (text, self.fitting(parts, parts.number, &said)))
    }
}
