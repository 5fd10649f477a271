//! What dispatchers chose: a row a choice, decided once.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};

use super::digest::Sum;
use super::read::Reading;
use super::rows::Row;
use super::save::{self, Writing};
use super::{StoreFault, counter, schema};
use crate::place::choice::{Choice, Review, State};

pub(super) const TABLE: &str = "wangge_choice";
/// Name of the counter of choices.
const CHOICES: &str = "choice";
/// Choices that wait to be decided.
const MOST_WAITING: u64 = 10_000;

fn row(choice: &Choice) -> Row {
    let review = choice.review.as_ref();
    let text = |text: &str| Value::Text(text.to_owned());
    vec![
        Value::Integer(choice.id as i64),
        Value::Text(choice.at.to_string()),
        text(&choice.by),
        text(&choice.text),
        text(&choice.place),
        text(choice.state.word()),
        review.map(|review| review.by.clone()).into(),
        review.map(|review| review.at.to_string()).into(),
        review.map(|review| review.word.clone()).into(),
        review.and_then(|review| review.alias.clone()).into(),
    ]
}

/// Keeps a choice that is proposed; its number.
pub(super) fn propose(writing: &Writing, choice: &Choice) -> Result<u64, StoreFault> {
    let reading = Reading::of(writing, schema::SCHEMA);
    let waiting = count(&reading, State::Proposed)?;
    if waiting >= MOST_WAITING {
        let what = format!("{waiting} choices wait to be decided and there would be one");
        return Err(StoreFault::TooMuch { file: writing.file.to_owned(), what, most: MOST_WAITING });
    }
    let id = counter::next(writing, CHOICES)?;
    let row = row(&Choice { id, ..choice.clone() });
    let insert = save::insertion("INSERT", TABLE, row.len());
    writing.connection.execute(&insert, params_from_iter(&row)).map_err(writing.sql("writing a choice"))?;
    let mut sum = save::recorded(writing, TABLE)?;
    sum.add(Sum::row(&row));
    save::record(writing, TABLE, sum)?;
    Ok(id)
}

/// Keeps what became of a choice.
pub(super) fn decide(writing: &Writing, choice: &Choice) -> Result<(), StoreFault> {
    let known = one(&Reading::of(writing, schema::SCHEMA), choice.id)?;
    let Some(known) = known.filter(|known| known.state == State::Proposed) else {
        return Err(StoreFault::Decided { file: writing.file.to_owned(), choice: choice.id });
    };
    let decided = row(&Choice { state: choice.state, review: choice.review.clone(), ..known.clone() });
    let replace = save::insertion("REPLACE", TABLE, decided.len());
    writing.connection.execute(&replace, params_from_iter(&decided)).map_err(writing.sql("writing a choice"))?;
    let mut sum = save::recorded(writing, TABLE)?;
    sum.subtract(Sum::row(&row(&known)));
    sum.add(Sum::row(&decided));
    save::record(writing, TABLE, sum)
}

pub(super) fn one(reading: &Reading, id: u64) -> Result<Option<Choice>, StoreFault> {
    let broken = reading.sql("reading a choice");
    let mut statement = reading.connection.prepare("SELECT * FROM wangge_choice WHERE id = ?1").map_err(broken)?;
    let found = statement.query_row([id as i64], |row| Ok(read(row))).optional().map_err(broken)?;
    found.transpose().map_err(|problem| StoreFault::row(reading.file, TABLE, id as i64, problem))
}

/// The first of a state above a number, and how many there are of it.
pub(super) fn of_state(
    reading: &Reading,
    state: State,
    after: u64,
    most: usize,
) -> Result<(Vec<Choice>, u64), StoreFault> {
    let broken = reading.sql("reading the choices");
    let sql = "SELECT * FROM wangge_choice WHERE state = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    let mut statement = reading.connection.prepare(sql).map_err(broken)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![state.word(), after, most as i64]).map_err(broken)?;
    let mut choices = Vec::new();
    while let Some(row) = rows.next().map_err(broken)? {
        let id = row.get(0).unwrap_or(0);
        choices.push(read(row).map_err(|problem| StoreFault::row(reading.file, TABLE, id, problem))?);
    }
    Ok((choices, count(reading, state)?))
}

fn count(reading: &Reading, state: State) -> Result<u64, StoreFault> {
    let sql = "SELECT count(*) FROM wangge_choice WHERE state = ?1";
    let counted = reading.connection.query_row(sql, [state.word()], |row| row.get::<_, i64>(0));
    counted.map(|n| n as u64).map_err(reading.sql("reading the choices"))
}

fn read(row: &rusqlite::Row) -> Result<Choice, String> {
    fn take<T: rusqlite::types::FromSql>(row: &rusqlite::Row, i: usize) -> Result<T, String> {
        row.get(i).map_err(|error| error.to_string())
    }
    let time = |text: String| text.parse().map_err(|_| format!("“{text}” is not a time"));
    let word: String = take(row, 5)?;
    let state = State::named(&word).ok_or_else(|| format!("“{word}” is unknown"))?;
    let review = match take::<Option<String>>(row, 6)? {
        None => None,
        Some(by) => {
            let at = time(take(row, 7)?)?;
            Some(Review { by, at, word: take(row, 8)?, alias: take(row, 9)? })
        }
    };
    if review.is_some() == (state == State::Proposed) {
        return Err(format!("it is {word} and {} decided", if review.is_some() { "was" } else { "was not" }));
    }
    Ok(Choice {
        id: take::<i64>(row, 0)? as u64,
        at: time(take(row, 1)?)?,
        by: take(row, 2)?,
        text: take(row, 3)?,
        place: take(row, 4)?,
        state,
        review,
    })
}
