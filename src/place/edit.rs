//! Changing places: an edit is made on a list of places or refused whole, and what it did carries what was there before.

use jiff::Timestamp;

use super::Place;
use crate::crs::Cgcs2000;
use crate::grid::draft::Actor;

/// What a place may be called with, in characters.
pub const MOST_ID: usize = 64;
pub const MOST_KIND: usize = 40;
pub const MOST_NAME: usize = 100;
pub const MOST_ADDRESS: usize = 200;
pub const MOST_ALIAS: usize = 60;
/// Aliases of one place.
pub const MOST_ALIASES: usize = 100;
/// As in the files of an import.
pub const MOST_ACCURACY_M: f64 = 100_000.0;
/// The kind of a place of which nobody says any.
pub const OTHER: &str = "other";
/// What separates aliases in tables, ours and other people's: none may hold one.
const BETWEEN: [char; 3] = [';', '；', '、'];

/// A change of one place.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaceEdit {
    Add(Place),
    Move {
        id: String,
        point: Cgcs2000,
        accuracy_m: f64,
    },
    Rename {
        id: String,
        name: String,
        address: String,
    },
    Alias {
        id: String,
        alias: String,
    },
    /// Takes an alias away.
    Unalias {
        id: String,
        alias: String,
    },
    /// The place is not there any more; its history is.
    Retire {
        id: String,
    },
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Add,
    Move,
    Rename,
    Alias,
    Unalias,
    Retire,
    /// An import said otherwise than those who had edited the place.
    Import,
}

impl Verb {
    /// Every verb with its word, in the store and on the wire.
    pub const WORDS: [(Self, &'static str); 7] = [
        (Self::Add, "add"),
        (Self::Move, "move"),
        (Self::Rename, "rename"),
        (Self::Alias, "alias"),
        (Self::Unalias, "unalias"),
        (Self::Retire, "retire"),
        (Self::Import, "import"),
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }

    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(verb, _)| verb)
    }
}

/// What an edit did to a place. Without `before` it began, without `after` it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    pub verb: Verb,
    pub before: Option<Place>,
    pub after: Option<Place>,
}

impl Edited {
    /// The place that it is about.
    #[must_use]
    pub fn id(&self) -> &str {
        self.after.as_ref().or(self.before.as_ref()).map_or("", |place| place.id.as_str())
    }
}

/// An edit as the store keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEdit {
    /// 1, 2, 3 … over the edits of all places.
    pub number: u64,
    pub actor: Actor,
    pub at: Timestamp,
    pub edited: Edited,
    /// The choice that it came from.
    pub choice: Option<u64>,
}

/// Why an edit is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFault {
    #[error("there is no place {0}")]
    NoPlace(String),
    #[error("place {0} stands more than once among the places; import them again with an id of its own each")]
    Ambiguous(String),
    #[error("there is a place {0} already; leave the id out, or take another")]
    Taken(String),
    #[error("{field} needs between {least} and {most} characters, and no control characters")]
    Text { field: &'static str, least: usize, most: usize },
    #[error("an alias holds none of ; ； 、: they separate aliases in tables; add one after the other")]
    Separator,
    #[error("“{0}” is the place's name or an alias of it already")]
    Known(String),
    #[error("“{0}” is no alias of the place")]
    NoAlias(String),
    #[error("the place has {MOST_ALIASES} aliases already; take one away first")]
    Aliases,
    #[error("accuracy_m is not between 0 and {MOST_ACCURACY_M}")]
    Accuracy,
    #[error("this changes nothing: the place is so already")]
    Same,
}

impl PlaceEdit {
    /// What it would do to a list of places.
    ///
    /// # Errors
    /// [`PlaceFault`] when it may not be made.
    pub fn apply(&self, places: &[Place]) -> Result<Edited, PlaceFault> {
        let changed = |verb, id: &str, change: &dyn Fn(&mut Place) -> Result<(), PlaceFault>| {
            let before = one(places, id)?;
            let mut after = before.clone();
            change(&mut after)?;
            if after == *before {
                return Err(PlaceFault::Same);
            }
            Ok(Edited { verb, before: Some(before.clone()), after: Some(after) })
        };
        match self {
            Self::Add(place) => {
                let after = fit(place)?;
                if places.iter().any(|known| known.id == after.id) {
                    return Err(PlaceFault::Taken(after.id));
                }
                Ok(Edited { verb: Verb::Add, before: None, after: Some(after) })
            }
            Self::Move { id, point, accuracy_m } => changed(Verb::Move, id, &|place| {
                (place.point, place.accuracy_m) = (*point, accuracy(*accuracy_m)?);
                Ok(())
            }),
            Self::Rename { id, name, address } => changed(Verb::Rename, id, &|place| {
                place.name = text("name", name, 1, MOST_NAME)?;
                place.address = text("address", address, 0, MOST_ADDRESS)?;
                Ok(())
            }),
            Self::Alias { id, alias } => changed(Verb::Alias, id, &|place| {
                let alias = fit_alias(alias)?;
                if place.name == alias || place.aliases.contains(&alias) {
                    return Err(PlaceFault::Known(alias));
                }
                if place.aliases.len() >= MOST_ALIASES {
                    return Err(PlaceFault::Aliases);
                }
                place.aliases.push(alias);
                Ok(())
            }),
            Self::Unalias { id, alias } => changed(Verb::Unalias, id, &|place| {
                let alias = alias.trim();
                let at = place.aliases.iter().position(|known| known == alias);
                let at = at.ok_or_else(|| PlaceFault::NoAlias(alias.chars().take(MOST_ALIAS).collect()))?;
                place.aliases.remove(at);
                Ok(())
            }),
            Self::Retire { id } => {
                Ok(Edited { verb: Verb::Retire, before: Some(one(places, id)?.clone()), after: None })
            }
        }
    }
}

/// Makes edits, all or none, each on what the one before left: the places after them, and what each did. Cost: a copy of the list, and a pass over it
/// for each edit.
///
/// # Errors
/// [`PlaceFault`] of the first that may not be made.
pub fn apply_all(places: &[Place], edits: &[PlaceEdit]) -> Result<(Vec<Place>, Vec<Edited>), PlaceFault> {
    let mut after = places.to_vec();
    let mut made = Vec::with_capacity(edits.len());
    for edit in edits {
        let edited = edit.apply(&after)?;
        follow(&mut after, &edited);
        made.push(edited);
    }
    Ok((after, made))
}

/// Brings a list up to what an edit made of it: a place keeps its position among the others, and a new one stands at the end.
pub fn follow(places: &mut Vec<Place>, edited: &Edited) {
    let at = places.iter().position(|place| place.id == edited.id());
    match (at, &edited.after) {
        (Some(at), Some(after)) => places[at].clone_from(after),
        (Some(at), None) => _ = places.remove(at),
        (None, Some(after)) => places.push(after.clone()),
        (None, None) => {}
    }
}

/// The one place of this id.
///
/// # Errors
/// [`PlaceFault::NoPlace`], [`PlaceFault::Ambiguous`].
pub fn one<'a>(places: &'a [Place], id: &str) -> Result<&'a Place, PlaceFault> {
    let mut found = places.iter().filter(|place| place.id == id);
    match (found.next(), found.next()) {
        (Some(place), None) => Ok(place),
        (None, _) => Err(PlaceFault::NoPlace(id.chars().take(MOST_ID).collect())),
        (Some(_), Some(_)) => Err(PlaceFault::Ambiguous(id.chars().take(MOST_ID).collect())),
    }
}

/// A new place as it may stand in the list: without blanks around its texts, and with nothing too long.
fn fit(place: &Place) -> Result<Place, PlaceFault> {
    let mut fit = Place {
        id: text("id", &place.id, 1, MOST_ID)?,
        kind: text("kind", &place.kind, 1, MOST_KIND)?,
        name: text("name", &place.name, 1, MOST_NAME)?,
        address: text("address", &place.address, 0, MOST_ADDRESS)?,
        aliases: Vec::new(),
        point: place.point,
        accuracy_m: accuracy(place.accuracy_m)?,
    };
    if place.aliases.len() > MOST_ALIASES {
        return Err(PlaceFault::Aliases);
    }
    for alias in &place.aliases {
        let alias = fit_alias(alias)?;
        if fit.aliases.contains(&alias) {
            return Err(PlaceFault::Known(alias));
        }
        fit.aliases.push(alias);
    }
    Ok(fit)
}

/// An alias as it may be added.
///
/// # Errors
/// [`PlaceFault::Text`], [`PlaceFault::Separator`].
pub fn fit_alias(alias: &str) -> Result<String, PlaceFault> {
    let alias = text("alias", alias, 1, MOST_ALIAS)?;
    if alias.contains(BETWEEN) { Err(PlaceFault::Separator) } else { Ok(alias) }
}

/// A text from a person, on one line and without blanks around it.
pub(super) fn text(field: &'static str, text: &str, least: usize, most: usize) -> Result<String, PlaceFault> {
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(PlaceFault::Text { field, least, most });
    }
    Ok(text.to_owned())
}

fn accuracy(accuracy_m: f64) -> Result<f64, PlaceFault> {
    if (0.0..=MOST_ACCURACY_M).contains(&accuracy_m) { Ok(accuracy_m) } else { Err(PlaceFault::Accuracy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str) -> Place {
        Place {
            id: id.to_owned(),
            kind: "compound".to_owned(),
            name: format!("{id}小区"),
            address: String::new(),
            aliases: vec!["旧名".to_owned()],
            point: Cgcs2000::clamped(116.6, 35.4),
            accuracy_m: 10.0,
        }
    }

    fn alias(id: &str, alias: &str) -> PlaceEdit {
        PlaceEdit::Alias { id: id.to_owned(), alias: alias.to_owned() }
    }

    fn unalias(alias: &str) -> PlaceEdit {
        PlaceEdit::Unalias { id: "b".to_owned(), alias: alias.to_owned() }
    }

    #[test]
    fn edits_are_made_in_turn_and_tell_what_was_before() {
        let places = [place("a"), place("b"), place("c")];
        let id = || "b".to_owned();
        let there = Cgcs2000::clamped(116.7, 35.5);
        let edits = [
            PlaceEdit::Add(Place { name: " 新小区 ".to_owned(), ..place("d") }),
            PlaceEdit::Move { id: id(), point: there, accuracy_m: 0.0 },
            PlaceEdit::Rename { id: id(), name: "乙".to_owned(), address: "乙路1号".to_owned() },
            alias("b", " 老乙 "),
            unalias("旧名"),
            PlaceEdit::Retire { id: "a".to_owned() },
        ];
        let (after, made) = apply_all(&places, &edits).expect("all may be made");
        let ids: Vec<&str> = after.iter().map(|place| place.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "d"], "the others keep their order, and what is new stands at the end");
        assert_eq!((after[0].name.as_str(), after[0].point, after[0].accuracy_m), ("乙", there, 0.0));
        assert_eq!((after[0].aliases.as_slice(), after[2].name.as_str()), (&["老乙".to_owned()][..], "新小区"));
        // Each tells what the one before left, and leads there again.
        assert_eq!(made[1].before.as_ref(), Some(&places[1]));
        assert_eq!(made[2].before, made[1].after);
        let mut followed = places.to_vec();
        made.iter().for_each(|edited| follow(&mut followed, edited));
        assert_eq!(followed, after);
        let mut back = after;
        for edited in made.iter().rev() {
            follow(&mut back, &Edited { before: edited.after.clone(), after: edited.before.clone(), ..edited.clone() });
        }
        back.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(back, places);
    }

    #[test]
    fn what_may_not_be_is_refused_and_nothing_is_made() {
        let places = [place("a"), place("b"), place("twice"), place("twice")];
        let rename =
            |name: &str, address: String| PlaceEdit::Rename { id: "a".to_owned(), name: name.to_owned(), address };
        let add = |change: fn(&mut Place)| {
            let mut new = place("n");
            change(&mut new);
            PlaceEdit::Add(new)
        };
        let long = |field, most, least| PlaceFault::Text { field, least, most };
        for (edit, fault) in [
            (PlaceEdit::Retire { id: "x".to_owned() }, PlaceFault::NoPlace("x".to_owned())),
            (PlaceEdit::Retire { id: "twice".to_owned() }, PlaceFault::Ambiguous("twice".to_owned())),
            (PlaceEdit::Add(place("a")), PlaceFault::Taken("a".to_owned())),
            (add(|p| p.id = " a ".to_owned()), PlaceFault::Taken("a".to_owned())),
            (add(|p| p.id.clear()), long("id", MOST_ID, 1)),
            (add(|p| p.kind = "k".repeat(41)), long("kind", MOST_KIND, 1)),
            (add(|p| p.aliases = vec!["x".to_owned(); 2]), PlaceFault::Known("x".to_owned())),
            (add(|p| p.aliases = (0..101).map(|n| n.to_string()).collect()), PlaceFault::Aliases),
            (add(|p| p.accuracy_m = f64::NAN), PlaceFault::Accuracy),
            (rename("", String::new()), long("name", MOST_NAME, 1)),
            (rename("甲\u{7}乙", String::new()), long("name", MOST_NAME, 1)),
            (rename("甲", "路".repeat(201)), long("address", MOST_ADDRESS, 0)),
            (rename("a小区", String::new()), PlaceFault::Same),
            (alias("b", "  "), long("alias", MOST_ALIAS, 1)),
            (alias("b", &"长".repeat(61)), long("alias", MOST_ALIAS, 1)),
            (alias("b", "甲；乙"), PlaceFault::Separator),
            (alias("b", "旧名"), PlaceFault::Known("旧名".to_owned())),
            (alias("b", "b小区"), PlaceFault::Known("b小区".to_owned())),
            (unalias("没有"), PlaceFault::NoAlias("没有".to_owned())),
            (PlaceEdit::Move { id: "b".to_owned(), point: place("b").point, accuracy_m: -1.0 }, PlaceFault::Accuracy),
            (PlaceEdit::Move { id: "b".to_owned(), point: place("b").point, accuracy_m: 10.0 }, PlaceFault::Same),
        ] {
            assert_eq!(apply_all(&places, std::slice::from_ref(&edit)), Err(fault), "{edit:?}");
        }
        let full = Place { aliases: (0..MOST_ALIASES).map(|n| n.to_string()).collect(), ..place("f") };
        assert_eq!(alias("f", "再一个").apply(&[full]), Err(PlaceFault::Aliases));
    }

    #[test]
    fn every_verb_has_a_word_of_its_own() {
        for (verb, word) in Verb::WORDS {
            assert_eq!((Verb::named(word), verb.word()), (Some(verb), word));
        }
        assert_eq!(Verb::named("drop"), None);
    }
}
