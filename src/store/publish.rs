//! A publication: only the rows in which the next version differs from the one before it are written.
//!
//! Every row that is to change is first compared with what it must be: a row that was changed outside meanwhile refuses the publication, and hashes
//! that follow by subtraction stay true.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{OptionalExtension, params, params_from_iter};

use super::digest::Sum;
use super::read::Reading;
use super::rows::{self, Row, View};
use super::save::{self, Writing};
use super::schema::{self, quoted};
use super::{Publication, StoreFault, layers, log, versions};
use crate::coverage::{Coverage, FaceRole, LatticePoint};
use crate::grid::people::Person;
use crate::grid::{Hierarchy, UnitIx};

/// Writes a publication inside the caller's transaction.
pub(super) fn publish(writing: &Writing, publication: &Publication) -> Result<(), StoreFault> {
    let (before, after) = (View::from(publication.before), View::from(publication.after));
    let reading = Reading::of(writing, schema::SCHEMA);
    in_turn(&reading, (before.version, before.recorded))?;
    versions::ends_with(&reading, before.version, before.history.versions().len())?;
    own(writing, &before, &after)?;
    for (level, known) in after.district.levels.iter().enumerate() {
        layer(writing, &before, &after, level as u8, &known.key)?;
    }
    versions::publish(writing, &after, publication.changes)?;
    match publication.draft {
        Some((draft, logged)) => log::append(writing, draft, logged),
        None => Ok(()),
    }
}

/// Compare and set: whether the store still has the version before.
pub(super) fn in_turn(reading: &Reading, before: (u64, jiff::Timestamp)) -> Result<(), StoreFault> {
    let meta = reading.meta()?;
    let found: u64 = reading.setting(&meta, "version")?;
    let recorded: jiff::Timestamp = reading.setting(&meta, "recorded")?;
    if (found, recorded) == before {
        return Ok(());
    }
    Err(StoreFault::Moved { file: reading.file.to_owned(), expected: before.0, found })
}

/// A table whose rows change, found by their first `keys` columns.
pub(super) struct Patch<'a> {
    writing: &'a Writing<'a>,
    table: &'static str,
    columns: Vec<String>,
    keys: usize,
    sum: Sum,
    changed: bool,
}

impl<'a> Patch<'a> {
    pub(super) fn of(writing: &'a Writing<'a>, table: &'static str, keys: usize) -> Result<Self, StoreFault> {
        let sql = format!("SELECT * FROM {table}");
        let statement = writing.connection.prepare_cached(&sql).map_err(writing.sql("writing"))?;
        let columns = statement.column_names().into_iter().map(str::to_owned).collect();
        let sum = save::recorded(writing, table)?;
        Ok(Self { writing, table, columns, keys, sum, changed: false })
    }

    fn keyed(&self) -> String {
        let keys = self.columns[..self.keys].iter().enumerate();
        keys.map(|(i, column)| format!("{column} = ?{}", i + 1)).collect::<Vec<_>>().join(" AND ")
    }

    /// Sees to it that the row in the file is the one that is known.
    fn find(&self, known: &Row) -> Result<(), StoreFault> {
        let Self { writing, table, .. } = self;
        let sql = format!("SELECT *, rowid FROM {table} WHERE {}", self.keyed());
        let mut statement = writing.connection.prepare_cached(&sql).map_err(writing.sql("writing"))?;
        let read = |row: &rusqlite::Row| {
            let values = (0..self.columns.len()).map(|i| row.get(i)).collect::<rusqlite::Result<Row>>()?;
            Ok((values == *known, row.get::<_, i64>(self.columns.len())?))
        };
        let found = statement.query_row(params_from_iter(&known[..self.keys]), read).optional();
        match found.map_err(writing.sql("writing"))? {
            Some((true, _)) => Ok(()),
            Some((false, row)) => {
                Err(StoreFault::row(writing.file, table, row, "it was changed outside Wangge or is damaged"))
            }
            None => Err(StoreFault::row(writing.file, table, 0, "a row is missing")),
        }
    }

    /// One row as it was and as it becomes.
    pub(super) fn change(&mut self, old: Option<&Row>, new: Option<&Row>) -> Result<(), StoreFault> {
        if old == new {
            return Ok(());
        }
        let broken = self.writing.sql("writing");
        let run = |sql: &str, values: &[_]| {
            let statement = self.writing.connection.prepare_cached(sql);
            statement.and_then(|mut statement| statement.execute(params_from_iter(values))).map_err(broken)
        };
        if let Some(old) = old {
            self.find(old)?;
            self.sum.subtract(Sum::row(old));
        }
        match (old, new) {
            (None, Some(new)) => _ = run(&save::insertion("INSERT", self.table, new.len()), new)?,
            (Some(_), Some(new)) => _ = run(&save::insertion("REPLACE", self.table, new.len()), new)?,
            (Some(old), None) => {
                let sql = format!("DELETE FROM {} WHERE {}", self.table, self.keyed());
                run(&sql, &old[..self.keys])?;
            }
            (None, None) => {}
        }
        if let Some(new) = new {
            self.sum.add(Sum::row(new));
        }
        self.changed = true;
        Ok(())
    }

    /// Lists of which the index is the key.
    fn listed<T: PartialEq>(
        mut self,
        before: &[T],
        after: &[T],
        row: impl Fn(usize, &T) -> Row,
    ) -> Result<Self, StoreFault> {
        for at in 0..before.len().max(after.len()) {
            let (old, new) = (before.get(at), after.get(at));
            if old != new {
                let [old, new] = [old, new].map(|value| value.map(|value| row(at, value)));
                self.change(old.as_ref(), new.as_ref())?;
            }
        }
        Ok(self)
    }

    /// Values by key, those that stay the same left out.
    fn mapped<K: Ord, T: PartialEq>(
        mut self,
        before: BTreeMap<K, T>,
        mut after: BTreeMap<K, T>,
        row: impl Fn(K, T) -> Row,
    ) -> Result<Self, StoreFault> {
        for (key, old) in before {
            match after.remove_entry(&key) {
                Some((_, new)) if new == old => {}
                Some((again, new)) => self.change(Some(&row(key, old)), Some(&row(again, new)))?,
                None => self.change(Some(&row(key, old)), None)?,
            }
        }
        after.into_iter().try_for_each(|(key, new)| self.change(None, Some(&row(key, new))))?;
        Ok(self)
    }

    /// Records the hash of the table, and when it was changed.
    pub(super) fn done(self) -> Result<(), StoreFault> {
        if !self.changed {
            return Ok(());
        }
        save::record(self.writing, self.table, self.sum)?;
        touched(self.writing, self.table)
    }
}

/// Tells readers of the GeoPackage that a table has changed.
fn touched(writing: &Writing, table: &str) -> Result<(), StoreFault> {
    let sql = "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?1";
    writing.connection.execute(sql, [table]).map(|_| ()).map_err(writing.sql("writing"))
}

/// The tables that a district is read from.
fn own(writing: &Writing, before: &View, after: &View) -> Result<(), StoreFault> {
    let meta = |view| rows::meta(view).map_err(|error| writing.unwritable(error));
    let patch = |table, keys| Patch::of(writing, table, keys);
    patch("wangge_meta", 1)?.listed(&meta(before)?, &meta(after)?, |_, row| row.clone())?.done()?;
    let (old, new) = (before.coverage, after.coverage);
    patch("wangge_junction", 1)?
        .listed(old.junctions(), new.junctions(), |at, point| rows::junction(at, *point))?
        .done()?;
    patch("wangge_arc", 1)?.listed(old.arcs(), new.arcs(), rows::arc)?.done()?;
    let faces = |coverage: &Coverage| -> Vec<_> {
        coverage.faces().iter().map(|face| (face.id, face.role, face.exclave)).collect()
    };
    patch("wangge_face", 1)?.listed(&faces(old), &faces(new), |at, face| rows::face(at, *face))?.done()?;
    patch("wangge_unit", 1)?.mapped(cells(before), cells(after), |_, cells| rows::unit(cells))?.done()?;
    patch("wangge_post", 3)?
        .mapped(posts(before), posts(after), |(holder, fid, place), unit| rows::post((holder, fid, place, unit)))?
        .done()?;
    people(patch("people", 1)?, before, after)?;
    let branches = |view: &View| -> Vec<Row> {
        let branches = view.roster.branches().iter().enumerate();
        branches.map(|(at, branch)| rows::branch(view.hierarchy, at, branch)).collect()
    };
    patch("branches", 1)?.listed(&branches(before), &branches(after), |_, row| row.clone())?.done()
}

/// Most people stay where they are: their rows are not even made.
fn people(mut patch: Patch, before: &View, after: &View) -> Result<(), StoreFault> {
    let (was, is) = (before.roster.people(), after.roster.people());
    for at in 0..was.len().max(is.len()) {
        let (old, new) = (was.get(at), is.get(at));
        if let (Some(old), Some(new)) = (old, new)
            && same_person(old, new)
            && codes(before.hierarchy, &old.units).eq(codes(after.hierarchy, &new.units))
        {
            continue;
        }
        let row = |view: &View, person: Option<&Person>| person.map(|person| rows::person(view.hierarchy, at, person));
        patch.change(row(before, old).as_ref(), row(after, new).as_ref())?;
    }
    patch.done()
}

/// Wherever they are posted.
fn same_person(a: &Person, b: &Person) -> bool {
    let Person { id, name, phone, org, role, units: _, term } = a;
    (id, name, phone, org, role, term) == (&b.id, &b.name, &b.phone, &b.org, &b.role, &b.term)
}

fn codes<'a>(hierarchy: &'a Hierarchy, units: &'a [UnitIx]) -> impl Iterator<Item = &'a str> {
    units.iter().map(|unit| hierarchy.unit(*unit).code.as_str())
}

fn cells<'a>(view: &View<'a>) -> BTreeMap<u64, rows::Cells<'a>> {
    let View { coverage, hierarchy, .. } = *view;
    hierarchy.units().iter().map(|unit| (unit.id, rows::cells(coverage, hierarchy, unit))).collect()
}

fn posts(view: &View) -> BTreeMap<(&'static str, usize, usize), u64> {
    rows::posts(view.roster, view.hierarchy).map(|(holder, fid, place, unit)| ((holder, fid, place), unit)).collect()
}

/// The unit of a level that each face belongs to, by identity; 0 for nobody's land.
fn owners(view: &View, level: u8) -> Vec<u64> {
    let units = view.hierarchy.units();
    view.hierarchy.groups(level).iter().map(|group| units.get(group.0 as usize).map_or(0, |unit| unit.id)).collect()
}

/// The units of a level whose outline is not what it was: those beside a line that is new, gone, or between others than before.
fn reshaped(before: &View, after: &View, level: u8) -> HashSet<u64> {
    let (owned, owns) = (owners(before, level), owners(after, level));
    let (old, new) = (before.coverage.arcs(), after.coverage.arcs());
    let mut reshaped = HashSet::new();
    for at in 0..old.len().max(new.len()) {
        let (old, new) = (old.get(at), new.get(at));
        let was = old.map(|arc| (owned[arc.left.ix()], owned[arc.right.ix()]));
        let is = new.map(|arc| (owns[arc.left.ix()], owns[arc.right.ix()]));
        if was == is && old.map(|arc| &arc.points) == new.map(|arc| &arc.points) {
            continue;
        }
        for (left, right) in was.into_iter().chain(is).filter(|(left, right)| left != right) {
            reshaped.extend([left, right]);
        }
    }
    reshaped
}

/// The features of a level whose shape or unit changed; the layer is for looking at, and its rows are not compared first.
fn layer(writing: &Writing, before: &View, after: &View, level: u8, key: &str) -> Result<(), StoreFault> {
    let broken = writing.sql("writing a layer");
    let (mut was, mut changed) = (told_of(before, level), reshaped(before, after, level));
    for (id, feature) in told_of(after, level) {
        if was.remove(&id) != Some(feature) {
            changed.insert(id);
        }
    }
    if changed.is_empty() && was.is_empty() {
        return Ok(());
    }
    for id in was.keys() {
        let sql = format!("DELETE FROM {} WHERE fid = ?1", quoted(key));
        writing.connection.prepare_cached(&sql).and_then(|mut s| s.execute([*id as i64])).map_err(broken)?;
    }
    for (row, _) in layers::features(after, level, Some(&changed)) {
        let sql = save::insertion("REPLACE", key, row.len());
        writing.connection.prepare_cached(&sql).and_then(|mut s| s.execute(params_from_iter(row))).map_err(broken)?;
    }
    if let Some([west, east, south, north]) = bounds(after) {
        let sql = "UPDATE gpkg_contents SET min_x = ?2, max_x = ?3, min_y = ?4, max_y = ?5 WHERE table_name = ?1";
        writing.connection.execute(sql, params![key, west, east, south, north]).map_err(broken)?;
    }
    touched(writing, key)
}

fn told_of<'a>(view: &View<'a>, level: u8) -> BTreeMap<u64, rows::Feature<'a>> {
    let hierarchy = view.hierarchy;
    hierarchy.at_level(level).map(|(_, unit)| (unit.id, rows::feature(hierarchy, unit))).collect()
}

/// The box around every unit: each level covers the same land.
fn bounds(view: &View) -> layers::Bounds {
    let (coverage, lattice) = (view.coverage, view.coverage.lattice());
    let faces = coverage.faces();
    let beside = coverage.arcs().iter().filter(|arc| {
        [arc.left, arc.right].iter().any(|face| faces.get(face.ix()).is_some_and(|face| face.role == FaceRole::Unit))
    });
    let points = beside.flat_map(|arc| arc.points.iter());
    let around = points.fold(None, |around: Option<[i32; 4]>, p| {
        Some(around.map_or([p.x, p.x, p.y, p.y], |[w, e, s, n]| [w.min(p.x), e.max(p.x), s.min(p.y), n.max(p.y)]))
    });
    around.map(|[w, e, s, n]| {
        let degrees = |x, y| lattice.degrees(LatticePoint::new(x, y));
        let ((west, south), (east, north)) = (degrees(w, s), degrees(e, n));
        [west, east, south, north]
    })
}
