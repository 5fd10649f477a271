//! The plain way: a full-text index over the same gazetteer, and its best match. SQLite's FTS5, BM25 over pairs of characters.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params};
use wangge::place::Place;

/// Name, address and aliases of every place, cut into pairs of neighbouring characters, as Chinese text is indexed without a dictionary.
pub struct FullText {
    index: Connection,
    /// Pairs that more than half of the places have: FTS5 gives them no weight, and they are what makes a search slow.
    everywhere: BTreeSet<String>,
}

impl FullText {
    /// # Errors
    ///
    /// When SQLite has no FTS5.
    pub fn new(places: &[Place]) -> rusqlite::Result<Self> {
        let mut index = Connection::open_in_memory()?;
        index.execute_batch("CREATE VIRTUAL TABLE place USING fts5(pairs, content='', tokenize='unicode61')")?;
        let mut having: HashMap<String, usize> = HashMap::new();
        let all = index.transaction()?;
        {
            let mut insert = all.prepare("INSERT INTO place(rowid, pairs) VALUES (?1, ?2)")?;
            for (at, place) in places.iter().enumerate() {
                let texts = [&place.name, &place.address].into_iter().chain(&place.aliases);
                let pairs: Vec<String> = texts.flat_map(|t| pairs(t)).collect();
                insert.execute(params![at as i64, pairs.join(" ")])?;
                for pair in pairs.into_iter().collect::<BTreeSet<_>>() {
                    *having.entry(pair).or_insert(0) += 1;
                }
            }
        }
        all.commit()?;
        let everywhere = having.into_iter().filter(|(_, n)| n * 2 > places.len()).map(|(pair, _)| pair).collect();
        Ok(Self { index, everywhere })
    }

    /// The place that matches best, by index. `None` only when no pair of the text occurs anywhere: an index always answers.
    #[must_use]
    pub fn first(&self, text: &str) -> Option<usize> {
        let asked: BTreeSet<String> =
            pairs(text).filter(|p| !self.everywhere.contains(p)).map(|p| format!("\"{p}\"")).collect();
        if asked.is_empty() {
            return None;
        }
        let asked = asked.into_iter().collect::<Vec<_>>().join(" OR ");
        let sql = "SELECT rowid FROM place WHERE place MATCH ?1 ORDER BY rank, rowid LIMIT 1";
        let found = self
            .index
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([asked], |row| row.get::<_, i64>(0)).optional());
        found.ok().flatten().map(|row| row as usize)
    }
}

/// 隆鑫苑3号楼 → 隆鑫 鑫苑 苑3 3号 号楼. Marks and spaces part runs; a character alone is its own pair.
fn pairs(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()).flat_map(|run| {
        let letters: Vec<char> = run.chars().collect();
        letters.windows(letters.len().min(2)).map(|w| w.iter().collect()).collect::<Vec<String>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_what_is_written_as_it_stands_and_guesses_otherwise() {
        let place = |name: &str| Place {
            id: String::new(),
            kind: "building".to_owned(),
            name: name.to_owned(),
            address: format!("山东省济宁市高新区洸河街道黄庄社区{name}"),
            aliases: Vec::new(),
            point: wangge::crs::Cgcs2000::new(116.6, 35.4).unwrap(),
            accuracy_m: 10.0,
        };
        let places = [place("隆鑫苑3号楼"), place("隆鑫苑5号楼"), place("永泰苑3号楼"), place("黄庄村")];
        let index = FullText::new(&places).unwrap();
        assert_eq!(index.first("隆鑫苑5号楼漏水"), Some(1));
        assert_eq!(index.first("邹城市黄庄村"), Some(3)); // outside, and it cannot know
        assert_eq!(index.first("abc"), None);
        assert_eq!(pairs("苑5-3#楼 a").collect::<Vec<_>>(), ["苑5", "3", "楼", "a"]);
    }
}
