//! Which name is meant? What a careful reader with the whole gazetteer before him would still recognise, and from where on he could not.

use std::collections::{HashMap, HashSet};

use wangge::place::Place;

use super::letters::{Shapes, Sounds};
use super::parts::Parts;

/// Every name of the gazetteer that stands for a place without a number.
pub struct Names {
    pub sounds: Sounds,
    pub shapes: Shapes,
    all: Vec<Vec<char>>,
    exact: HashSet<String>,
    by_char: HashMap<char, Vec<u32>>,
    short: Vec<u32>,
    /// The other names of the same place: a reader who takes one for the other errs in nothing.
    same: HashMap<String, HashSet<String>>,
}

/// The cost of an arbitrary wrong, missing or added character; what looks or sounds alike costs half.
const WRONG: u32 = 2;

impl Names {
    pub fn new(places: &[Place]) -> Self {
        let mut names = Self {
            sounds: Sounds::new(),
            shapes: Shapes::new(),
            all: Vec::new(),
            exact: HashSet::new(),
            by_char: HashMap::new(),
            short: Vec::new(),
            same: HashMap::new(),
        };
        for place in places {
            // Numbered places are told apart by their number; the name that carries it is a place of its own or added here.
            let numbered = matches!(place.kind.as_str(), "building" | "entrance" | "house");
            let own: Vec<&str> = if numbered {
                Parts::of(place).iter().map(|p| p.name).collect()
            } else {
                std::iter::once(&place.name).chain(&place.aliases).map(String::as_str).collect()
            };
            for name in &own {
                names.add(name);
                names.same.entry((*name).to_owned()).or_default().extend(own.iter().map(|n| (*n).to_owned()));
            }
        }
        names
    }

    fn add(&mut self, name: &str) {
        if !self.exact.insert(name.to_owned()) {
            return;
        }
        let letters: Vec<char> = name.chars().collect();
        let number = self.all.len() as u32;
        if letters.len() <= 3 {
            self.short.push(number);
        }
        for c in letters.iter().collect::<HashSet<_>>() {
            self.by_char.entry(*c).or_default().push(number);
        }
        self.all.push(letters);
    }

    pub fn is_name(&self, text: &str) -> bool {
        self.exact.contains(text)
    }

    /// Is `typed` no name itself, but nearer to the name that was meant than to any name of another place? Half of a name must be left:
    /// 孟和村 is another village, not a slip for 众和村.
    pub fn recognisable(&self, typed: &str, meant: &str) -> bool {
        if self.is_name(typed) {
            return false;
        }
        let letters: Vec<char> = typed.chars().collect();
        let meant_letters: Vec<char> = meant.chars().collect();
        let cost = self.cost(&letters, &meant_letters, 4 * WRONG);
        if cost as usize > meant_letters.len() / 2 {
            return false;
        }
        let nobody = HashSet::new();
        let same = self.same.get(meant).unwrap_or(&nobody);
        let mut seen = HashSet::new();
        let sharing = letters.iter().filter_map(|c| self.by_char.get(c)).flatten().chain(&self.short);
        for number in sharing.filter(|n| seen.insert(**n)) {
            let other = &self.all[*number as usize];
            if self.cost(&letters, other, cost) <= cost && !same.contains(&other.iter().collect::<String>()) {
                return false;
            }
        }
        true
    }

    /// The least cost of writing `meant` as `typed`; anything above `limit` when it is more than that.
    fn cost(&self, typed: &[char], meant: &[char], limit: u32) -> u32 {
        if typed.len().abs_diff(meant.len()) as u32 > limit {
            return limit + 1;
        }
        let mut rows: [Vec<u32>; 3] = [Vec::new(), Vec::new(), (0..=meant.len() as u32).map(|j| j * WRONG).collect()];
        for (i, c) in typed.iter().enumerate() {
            let again = i > 0 && typed[i - 1] == *c;
            let add = if again { 1 } else { WRONG };
            let mut row = vec![rows[2][0] + add];
            for (j, m) in meant.iter().enumerate() {
                let mut best = (rows[2][j] + self.taken_for(*m, *c)).min(rows[2][j + 1] + add).min(row[j] + WRONG);
                if i > 0 && j > 0 && typed[i - 1] == *m && meant[j - 1] == *c {
                    best = best.min(rows[1][j - 1] + 1);
                }
                row.push(best);
            }
            if row.iter().chain(&rows[2]).min().is_none_or(|least| *least > limit) {
                return limit + 1;
            }
            rows.rotate_left(1);
            rows[2] = row;
        }
        rows[2][meant.len()]
    }

    fn taken_for(&self, meant: char, typed: char) -> u32 {
        if meant == typed {
            0
        } else if self.sounds.alike(meant, typed) || self.shapes.alike(meant, typed) {
            1
        } else {
            WRONG
        }
    }

    /// The name that a text is most likely a slip for, with the cost of it, when that is no more than the limit.
    #[cfg(test)]
    pub fn nearest(&self, typed: &str, limit: u32) -> Option<(u32, String)> {
        let letters: Vec<char> = typed.chars().collect();
        let costs = self.all.iter().map(|name| (self.cost(&letters, name, limit), name));
        costs.filter(|(cost, _)| *cost <= limit).min().map(|(cost, name)| (cost, name.iter().collect()))
    }

    /// The names that begin with this, longer than it.
    pub fn beginning_with(&self, start: &str) -> Vec<&String> {
        self.exact.iter().filter(|n| n.len() > start.len() && n.starts_with(start)).collect()
    }

    pub fn containing(&self, part: &str) -> Vec<&String> {
        self.exact.iter().filter(|n| n.contains(part)).collect()
    }

    pub fn same_place(&self, a: &str, b: &str) -> bool {
        a == b || self.same.get(a).is_some_and(|s| s.contains(b))
    }
}
