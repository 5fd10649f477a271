//! What people changed about places, carried over the next import: an edit stands until the files say something new about its place.

use std::collections::HashMap;

use super::Place;
use super::edit::{Edited, LoggedEdit, Verb};

/// Aliases that people gave and took away.
#[derive(Clone, Debug, Default, PartialEq)]
struct Aliases {
    given: Vec<String>,
    taken: Vec<String>,
}

impl Aliases {
    fn give(&mut self, alias: &str) {
        self.taken.retain(|known| known != alias);
        self.given.push(alias.to_owned());
    }

    fn take(&mut self, alias: &str) {
        self.given.retain(|known| known != alias);
        self.taken.push(alias.to_owned());
    }

    /// What an edit did to them.
    fn follow(&mut self, Edited { verb, before, after }: &Edited) {
        let of = |place: &Option<Place>| place.as_ref().map_or_else(Vec::new, |place| place.aliases.clone());
        let (was, is) = (of(before), of(after));
        match verb {
            Verb::Retire => *self = Self::default(),
            // What an import said was laid under what people said.
            Verb::Import => {}
            _ => {
                was.iter().filter(|alias| !is.contains(alias)).for_each(|alias| self.take(alias));
                is.iter().filter(|alias| !was.contains(alias)).for_each(|alias| self.give(alias));
            }
        }
    }

    /// A place as the files say, called as people call it.
    fn over(&self, mut place: Place) -> Place {
        place.aliases.retain(|alias| !self.taken.contains(alias));
        for alias in &self.given {
            if place.name != *alias && !place.aliases.contains(alias) {
                place.aliases.push(alias.clone());
            }
        }
        place
    }
}

/// An edited place: what came of the files when they were read last, and what people made of it.
#[derive(Clone, Debug, PartialEq)]
struct Trail {
    id: String,
    /// As the files said, under the aliases that people had given `then`.
    file: Option<Place>,
    then: Aliases,
    now: Aliases,
    mine: Option<Place>,
}

/// Places after an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    pub places: Vec<Place>,
    /// Edited places that stay as people left them.
    pub kept: usize,
    /// Edited places of which the files say something new, which holds; aliases stay with them.
    pub replaced: usize,
}

/// The places of files with what people changed since they were read last. `log` has the edits of all places, in order.
#[must_use]
pub fn carried(files: Vec<Place>, log: &[LoggedEdit]) -> Carried {
    let mut trails: HashMap<String, Trail> = trails(log).into_iter().map(|trail| (trail.id.clone(), trail)).collect();
    let (mut kept, mut replaced) = (0, 0);
    let mut places = Vec::with_capacity(files.len());
    for place in files {
        let Some(trail) = trails.remove(&place.id) else {
            places.push(place);
            continue;
        };
        if trail.file.as_ref() == Some(&trail.then.over(place.clone())) {
            kept += 1;
            places.extend(trail.mine);
        } else {
            let merged = trail.now.over(place);
            let same = trail.mine.as_ref() == Some(&merged);
            (kept, replaced) = (kept + usize::from(same), replaced + usize::from(!same));
            places.push(merged);
        }
    }
    // What the files do not have: added by people and never theirs, or no longer theirs. In the order in which they were first edited.
    let rest = order(log).filter_map(|id| trails.remove(id));
    for trail in rest {
        match trail {
            Trail { file: None, mine: Some(mine), .. } => {
                kept += 1;
                places.push(mine);
            }
            Trail { file: Some(_), mine: Some(_), .. } => replaced += 1,
            Trail { mine: None, .. } => {}
        }
    }
    Carried { places, kept, replaced }
}

fn order(log: &[LoggedEdit]) -> impl Iterator<Item = &str> {
    log.iter().map(|logged| logged.edited.id())
}

fn trails(log: &[LoggedEdit]) -> Vec<Trail> {
    let mut trails: Vec<Trail> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for edited in log.iter().map(|logged| &logged.edited) {
        let Edited { verb, before, after } = edited;
        let Some(id) = after.as_ref().or(before.as_ref()).map(|place| place.id.as_str()) else { continue };
        let ix = *at.entry(id).or_insert_with(|| {
            let (id, file) = (id.to_owned(), before.clone());
            trails.push(Trail { id, file, then: Aliases::default(), now: Aliases::default(), mine: None });
            trails.len() - 1
        });
        let trail = &mut trails[ix];
        trail.now.follow(edited);
        trail.mine.clone_from(after);
        if *verb == Verb::Import {
            trail.file.clone_from(after);
            trail.then = trail.now.clone();
        }
    }
    trails
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::crs::Cgcs2000;
    use crate::grid::draft::{Actor, Scope};
    use crate::place::edit::{PlaceEdit, apply_all};

    fn place(id: &str, name: &str) -> Place {
        Place {
            id: id.to_owned(),
            kind: "house".to_owned(),
            name: name.to_owned(),
            address: String::new(),
            aliases: vec!["旧".to_owned(), "老".to_owned()],
            point: Cgcs2000::clamped(116.6, 35.4),
            accuracy_m: 1.0,
        }
    }

    fn logged(edits: Vec<Edited>) -> Vec<LoggedEdit> {
        let actor = Actor { name: "甲".to_owned(), scope: Scope::District };
        let entry = |(number, edited)| LoggedEdit {
            number,
            actor: actor.clone(),
            at: Timestamp::UNIX_EPOCH,
            edited,
            choice: None,
        };
        (1..).zip(edits).map(entry).collect()
    }

    fn edited(places: &[Place]) -> (Vec<Place>, Vec<LoggedEdit>) {
        let id = |id: &str| id.to_owned();
        let (after, made) = apply_all(
            places,
            &[
                PlaceEdit::Rename { id: id("a"), name: "甲改".to_owned(), address: String::new() },
                PlaceEdit::Alias { id: id("b"), alias: "乙别".to_owned() },
                PlaceEdit::Unalias { id: id("b"), alias: "旧".to_owned() },
                PlaceEdit::Retire { id: id("c") },
                PlaceEdit::Add(place("new", "新")),
                PlaceEdit::Add(place("gone", "来去")),
                PlaceEdit::Retire { id: id("gone") },
            ],
        )
        .expect("may be made");
        (after, logged(made))
    }

    #[test]
    fn edits_stand_when_the_files_say_what_they_said_before() {
        let files = [place("a", "甲"), place("b", "乙"), place("c", "丙"), place("d", "丁")];
        let (after, log) = edited(&files);
        let carried = carried(files.to_vec(), &log);
        assert_eq!(carried, Carried { places: after, kept: 4, replaced: 0 });
    }

    #[test]
    fn what_the_files_say_anew_holds_and_aliases_stay_with_it() {
        let (_, mut log) = edited(&[place("a", "甲"), place("b", "乙"), place("c", "丙")]);
        let news = vec![place("a", "甲新"), place("b", "乙新"), place("c", "丙新"), place("new", "也新")];
        let merged = carried(news.clone(), &log);
        assert_eq!((merged.kept, merged.replaced), (0, 4));
        let find = |carried: &Carried, id: &str| carried.places.iter().find(|place| place.id == id).cloned();
        assert_eq!(find(&merged, "a"), Some(news[0].clone()));
        let b = find(&merged, "b").expect("there");
        assert_eq!((b.name.as_str(), b.aliases), ("乙新", vec!["老".to_owned(), "乙别".to_owned()]));
        assert_eq!(find(&merged, "c"), Some(news[2].clone()), "the files speak of it again");
        // The log tells of it, as the store writes it; the same files once more change nothing.
        for id in ["a", "b", "c", "new"] {
            let before = trails(&log).into_iter().find(|trail| trail.id == id).and_then(|trail| trail.mine);
            let (verb, after) = (Verb::Import, find(&merged, id));
            log.extend(logged(vec![Edited { verb, before, after }]));
        }
        let again = carried(news, &log);
        assert_eq!((again.places, again.kept, again.replaced), (merged.places, 4, 0));
        // What the files drop is gone.
        let dropped = carried(Vec::new(), &log);
        assert_eq!((dropped.places.len(), dropped.kept, dropped.replaced), (0, 0, 4));
    }
}
