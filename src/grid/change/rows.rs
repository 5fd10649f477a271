//! Two changes of one row merged, field by field.

use super::refused::{Conflict, Field};
use super::{Row, Verb};

/// `theirs` with what `mine` changed of `base`. Figures that were moved from unit to unit are added and taken away, whatever others did to them
/// meanwhile; everything else that both changed must be the same.
///
/// # Errors
/// The field that both changed.
pub(super) fn merge(verb: Verb, base: &Row, mine: &Row, theirs: &Row) -> Result<Row, Conflict> {
    let conflict = |field, base: &dyn ToString, mine: &dyn ToString, their: &dyn ToString| Conflict::Field {
        unit: theirs.id,
        code: theirs.code.clone(),
        field,
        base: base.to_string(),
        mine: mine.to_string(),
        theirs: their.to_string(),
    };
    let text = |field, of: fn(&Row) -> &String| {
        let (base, mine, theirs) = (of(base), of(mine), of(theirs));
        either(base, mine, theirs).cloned().ok_or_else(|| conflict(field, base, mine, theirs))
    };
    let moved = !matches!(verb, Verb::Describe);
    let figure = |field, of: fn(&Row) -> u32| {
        let (base, mine, theirs) = (of(base), of(mine), of(theirs));
        let sum = || u32::try_from(i64::from(theirs) + i64::from(mine) - i64::from(base)).ok();
        let merged = if moved { sum() } else { either(&base, &mine, &theirs).copied() };
        merged.ok_or_else(|| conflict(field, &base, &mine, &theirs))
    };
    let parent = |parent: Option<u64>| parent.map_or_else(String::new, |parent| parent.to_string());
    let merged = either(&base.parent, &mine.parent, &theirs.parent);
    let parents = (parent(base.parent), parent(mine.parent), parent(theirs.parent));
    Ok(Row {
        id: theirs.id,
        level: theirs.level,
        code: text(Field::Code, |row| &row.code)?,
        name: text(Field::Name, |row| &row.name)?,
        parent: *merged.ok_or_else(|| conflict(Field::Parent, &parents.0, &parents.1, &parents.2))?,
        class: text(Field::Class, |row| &row.class)?,
        households: figure(Field::Households, |row| row.households)?,
        population: figure(Field::Population, |row| row.population)?,
    })
}

/// Who changed it has the word; `None` when both did, differently.
fn either<'a, T: PartialEq>(base: &'a T, mine: &'a T, theirs: &'a T) -> Option<&'a T> {
    if mine == base || mine == theirs {
        Some(theirs)
    } else if theirs == base {
        Some(mine)
    } else {
        None
    }
}
