//! Reading a district back from its tables; every value is checked, every fault says table and row.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row};

use super::blob::{self, Shape};
use super::boundaries::misplaced;
use super::rows::{KINDS, ROLES};
use super::save::Writing;
use super::{Extras, StoreFault, record, schema, versions};
use crate::coverage::{Arc, Coverage, Face, FaceId, FaceIx, FaceRole, JunctionIx, Lattice, LatticePoint, validate};
use crate::crs::Cgcs2000;
use crate::grid::history::{Descent, History, Lineage, Version};
use crate::grid::people::{Branch, Person, Role, Roster, Term};
use crate::grid::{District, Hierarchy, Unit, UnitIx};
use crate::issue::Issue;
use crate::place::Place;
use crate::snapshot::{BaseFeature, BaseShape, Contents};

/// More missing faces than this are damage that cannot be read past.
const MOST_MISSING: usize = 1_000;

/// An open store file being read.
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) file: &'a Path,
    /// In which it was written.
    pub(super) schema: u32,
    /// What is read at all.
    pub(super) extras: Extras,
    /// Where to note what can be read past; `None` refuses at the first fault.
    pub(super) problems: Option<&'a RefCell<Vec<StoreFault>>>,
}

/// A row under examination: its table, its id (always the first column) and its values.
struct Cells<'a> {
    row: &'a Row<'a>,
}

impl Cells<'_> {
    fn take<T: FromSql>(&self, i: usize) -> Result<T, String> {
        self.row.get(i).map_err(|error| error.to_string())
    }

    fn parsed<T: FromStr>(&self, i: usize, what: &str) -> Result<Option<T>, String> {
        let text: Option<String> = self.take(i)?;
        text.map(|text| text.parse().map_err(|_| format!("“{text}” is not {what}"))).transpose()
    }

    fn term(&self, i: usize) -> Result<Term, String> {
        Ok(Term { from: self.parsed(i, "a date")?, to: self.parsed(i + 1, "a date")? })
    }

    fn word<T: Copy>(&self, i: usize, words: &[(T, &str)]) -> Result<T, String> {
        let text: String = self.take(i)?;
        words
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(value, _)| *value)
            .ok_or_else(|| format!("“{text}” is unknown"))
    }

    fn point(&self, i: usize) -> Result<Option<Cgcs2000>, String> {
        let Some(bytes) = self.take::<Option<Vec<u8>>>(i)? else { return Ok(None) };
        match blob::decode(&bytes).map_err(|fault| fault.to_string())? {
            Shape::Point((lon, lat)) => Cgcs2000::new(lon, lat).map(Some).map_err(|fault| fault.to_string()),
            _ => Err("the geometry is not a point".to_owned()),
        }
    }

    fn list(&self, i: usize) -> Result<Vec<String>, String> {
        let text: String = self.take(i)?;
        Ok(text.split(';').filter(|p| !p.is_empty()).map(str::to_owned).collect())
    }
}

impl<'a> Reading<'a> {
    /// What a transaction sees, in a store of a schema.
    pub(super) fn of(writing: &Writing<'a>, schema: u32) -> Self {
        Self { connection: writing.connection, file: writing.file, schema, extras: Extras::ALL, problems: None }
    }

    pub(super) fn sql(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreFault + Copy + use<'a> {
        StoreFault::sql(self.file, doing)
    }

    fn rows<T>(
        &self,
        table: &str,
        columns: &str,
        read: impl FnMut(&Cells) -> Result<T, String>,
    ) -> Result<Vec<T>, StoreFault> {
        self.asked(table, &format!("SELECT {columns} FROM {table} ORDER BY 1"), read)
    }

    /// What a question answers, of which `table` is told when it cannot be read.
    fn asked<T>(
        &self,
        table: &str,
        sql: &str,
        mut read: impl FnMut(&Cells) -> Result<T, String>,
    ) -> Result<Vec<T>, StoreFault> {
        let fault = |row: i64, problem: String| StoreFault::row(self.file, table, row, problem);
        let broken = |error: rusqlite::Error| fault(0, error.to_string());
        let mut statement = self.connection.prepare(sql).map_err(broken)?;
        let mut rows = statement.query([]).map_err(broken)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(broken)? {
            let id = row.get::<_, i64>(0).unwrap_or(0);
            found.push(read(&Cells { row }).map_err(|problem| fault(id, problem))?);
        }
        Ok(found)
    }

    /// Like [`Reading::rows`], for tables whose ids are the indices 0, 1, 2 …
    fn indexed<T>(
        &self,
        table: &str,
        columns: &str,
        mut read: impl FnMut(&Cells) -> Result<T, String>,
    ) -> Result<Vec<T>, StoreFault> {
        let mut expected = 0_i64;
        self.rows(table, columns, |cells| {
            let id: i64 = cells.take(0)?;
            if id != expected {
                return Err(format!("row {expected} is missing before it"));
            }
            expected += 1;
            read(cells)
        })
    }

    /// The `wangge_meta` table.
    pub(super) fn meta(&self) -> Result<HashMap<String, String>, StoreFault> {
        let rows = self.rows("wangge_meta", "key, value", |cells| Ok((cells.take::<String>(0)?, cells.take(1)?)))?;
        Ok(rows.into_iter().collect())
    }

    pub(super) fn setting<T: FromStr>(&self, meta: &HashMap<String, String>, key: &str) -> Result<T, StoreFault> {
        let value = meta.get(key).and_then(|text| text.parse().ok());
        value.ok_or_else(|| self.meta_fault(format!("{key} is missing or unreadable")))
    }

    fn meta_fault(&self, problem: String) -> StoreFault {
        StoreFault::row(self.file, "wangge_meta", 0, problem)
    }

    pub(super) fn district(&self, meta: &HashMap<String, String>) -> Result<District, StoreFault> {
        let text = meta.get("district").map_or("", String::as_str);
        record::read(text).map_err(|problem| self.meta_fault(format!("district: {problem}")))
    }

    /// Everything, as the tables say; whether the boundaries obey their rules is asked elsewhere.
    pub(super) fn contents(&self) -> Result<Contents, StoreFault> {
        let meta = self.meta()?;
        let district = self.district(&meta)?;
        let coverage = self.coverage(&meta)?;
        let units = self.units(district.levels.len(), coverage.faces())?;
        let posts = self.posts(&units)?;
        let hierarchy = Hierarchy::new(units, district.levels.len(), coverage.faces().len());
        let version = self.setting(&meta, "version")?;
        Ok(Contents {
            version,
            recorded: self.setting(&meta, "recorded")?,
            history: self.history_if_whole(version)?,
            roster: Roster::new(self.people(&posts)?, self.branches(&posts)?),
            places: if self.extras.places { self.places()? } else { Vec::new() },
            place_edits: super::places::edits(self)?,
            issues: if self.extras.issues { self.issues()? } else { Vec::new() },
            base: if self.extras.base { self.base()? } else { Vec::new() },
            district,
            coverage,
            hierarchy,
        })
    }

    /// The versions; of a store from before there were any, the one.
    pub(super) fn history(&self) -> Result<History, StoreFault> {
        if self.schema < schema::WITH_HISTORY {
            return self.history_of_one();
        }
        let more = if self.schema < schema::WITH_CHANGES { "'', NULL, ''" } else { "published_by, draft, digest" };
        let columns = format!("id, effective, recorded, document, reason, {more}");
        let versions = self.rows("wangge_version", &columns, |c| {
            let effective = c.parsed(1, "a day")?.ok_or_else(|| "effective is missing".to_owned())?;
            let recorded = c.parsed(2, "a time")?.ok_or_else(|| "recorded is missing".to_owned())?;
            Ok(Version {
                document: c.take(3)?,
                reason: c.take(4)?,
                by: c.take(5)?,
                draft: c.take::<Option<i64>>(6)?.map(|draft| draft as u64),
                digest: c.take(7)?,
                ..Version::dated(c.take::<i64>(0)? as u64, effective, recorded)
            })
        })?;
        let lineage = self.rows("wangge_lineage", "id, version, kind, old_code, new_code", |c| {
            let kind: String = c.take(2)?;
            Ok(Lineage {
                version: c.take::<i64>(1)? as u64,
                kind: Descent::named(&kind).ok_or_else(|| format!("“{kind}” is unknown"))?,
                old: c.take(3)?,
                new: c.take(4)?,
            })
        })?;
        Ok(History::new(versions, lineage))
    }

    /// The versions, if every one is what was recorded. Otherwise the last one alone: what became of those before it says nothing against the
    /// boundaries of today, and a district must not go dark for it. Nothing can be published then.
    fn history_if_whole(&self, current: u64) -> Result<History, StoreFault> {
        if self.schema < schema::WITH_CHANGES {
            return self.history();
        }
        versions::verify(self, current).and_then(|()| self.history()).or_else(|fault| {
            tracing::error!("{fault}");
            self.history_of_one()
        })
    }

    /// The last version alone, as the district itself tells of it.
    pub(super) fn history_of_one(&self) -> Result<History, StoreFault> {
        let meta = self.meta()?;
        let recorded: Timestamp = self.setting(&meta, "recorded")?;
        let day = recorded.to_zoned(TimeZone::UTC).date();
        Ok(History::of_one(self.setting(&meta, "version")?, day, recorded))
    }

    fn coverage(&self, meta: &HashMap<String, String>) -> Result<Coverage, StoreFault> {
        let (lon, lat) = (self.setting(meta, "origin_lon")?, self.setting(meta, "origin_lat")?);
        let decimals = self.setting(meta, "decimals")?;
        let lattice = Lattice::from_parts(lon, lat, decimals).map_err(|fault| self.meta_fault(fault.to_string()))?;
        let junctions =
            self.indexed("wangge_junction", "id, x, y", |c| Ok(LatticePoint::new(c.take(1)?, c.take(2)?)))?;
        let columns = "id, from_junction, to_junction, left_face, right_face, kind, locked, points";
        let arcs = self.indexed("wangge_arc", columns, |c| {
            Ok(Arc {
                from: JunctionIx(c.take(1)?),
                to: JunctionIx(c.take(2)?),
                left: FaceIx(c.take(3)?),
                right: FaceIx(c.take(4)?),
                kind: c.word(5, KINDS)?,
                locked: c.take(6)?,
                points: blob::decode_points(&c.take::<Vec<u8>>(7)?).map_err(|fault| fault.to_string())?,
            })
        })?;
        let faces = self.faces(&arcs)?;
        Coverage::from_tables(lattice, junctions, arcs, faces).map_err(|fault| self.coverage_fault(&lattice, &fault))
    }

    /// A fault that can be read past: noted, or refused.
    fn pass(&self, table: &str, row: i64, problem: String) -> Result<(), StoreFault> {
        let fault = StoreFault::row(self.file, table, row, problem);
        match self.problems {
            Some(noted) => {
                noted.borrow_mut().push(fault);
                Ok(())
            }
            None => Err(fault),
        }
    }

    /// A face that is missing is a gap: its arcs still say where it was.
    fn faces(&self, arcs: &[Arc]) -> Result<Vec<(FaceId, FaceRole, bool)>, StoreFault> {
        let stored = self.rows("wangge_face", "id, face_id, role, exclave", |c| {
            let id = u32::try_from(c.take::<i64>(0)?).map_err(|_| "the id is out of range".to_owned())?;
            Ok((id, (FaceId(c.take::<i64>(1)? as u64), c.word(2, ROLES)?, c.take(3)?)))
        })?;
        let mut faces: Vec<(FaceId, FaceRole, bool)> = Vec::with_capacity(stored.len());
        let known = stored.len();
        let named = arcs.iter().map(|a| a.left.0.max(a.right.0)).max().unwrap_or(0);
        let end = (named, (FaceId(0), FaceRole::Gap, false));
        let closing = stored.last().is_none_or(|(id, _)| *id < named).then_some(end);
        for (id, face) in stored.into_iter().chain(closing) {
            while faces.len() < id as usize {
                if faces.len() > known + MOST_MISSING {
                    return Ok(faces);
                }
                self.pass("wangge_face", faces.len() as i64, "the row is missing".to_owned())?;
                faces.push((FaceId(0), FaceRole::Gap, false));
            }
            if closing.is_some() && id == named && face == end.1 {
                self.pass("wangge_face", i64::from(id), "the row is missing".to_owned())?;
            }
            faces.push(face);
        }
        Ok(faces)
    }

    pub(super) fn coverage_fault(&self, lattice: &Lattice, fault: &validate::Fault) -> StoreFault {
        let place = fault.at.map(|at| lattice.degrees(at));
        let codes = self.codes_beside(fault).unwrap_or_default();
        let mut at = place.map_or_else(|| "an unknown place".to_owned(), |(lon, lat)| format!("{lon:.9}, {lat:.9}"));
        let arcs: Vec<_> = fault.arcs.iter().map(|a| a.0).collect();
        // Writing to a string cannot fail.
        if !arcs.is_empty() {
            let _ = write!(at, ", arcs {arcs:?}");
        }
        if !codes.is_empty() {
            let _ = write!(at, ", units {}", codes.join(", "));
        }
        StoreFault::Coverage { file: self.file.to_owned(), rule: fault.rule, at, place, codes }
    }

    /// The units on both sides of a fault's arcs, and those of its faces, straight from the tables.
    fn codes_beside(&self, fault: &validate::Fault) -> rusqlite::Result<Vec<String>> {
        let mut faces: Vec<u32> = fault.faces.iter().map(|f| f.0).collect();
        let mut sides = self.connection.prepare("SELECT left_face, right_face FROM wangge_arc WHERE id = ?1")?;
        for arc in &fault.arcs {
            let (left, right): (u32, u32) = sides.query_row([arc.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            faces.extend([left, right]);
        }
        faces.sort_unstable();
        faces.dedup();
        let by_identity = "SELECT code FROM wangge_unit JOIN wangge_face USING (face_id) WHERE id = ?1";
        let by_place = "SELECT code FROM wangge_unit WHERE face = ?1";
        let sql = if self.schema < schema::WITH_CHANGES { by_place } else { by_identity };
        let mut unit = self.connection.prepare(sql)?;
        Ok(faces.iter().filter_map(|face| unit.query_row([face], |row| row.get(0)).ok()).collect())
    }

    /// The units, parents and faces by identity in the table and by index in memory.
    fn units(&self, levels: usize, faces: &[Face]) -> Result<Vec<Unit>, StoreFault> {
        let sql = if self.schema < schema::WITH_CHANGES {
            "SELECT u.unit_id, u.level, u.code, u.name, p.unit_id, u.class, u.households, u.population, CASE WHEN u.face IS NULL \
             THEN NULL ELSE coalesce(f.face_id, -1) END FROM wangge_unit u LEFT JOIN wangge_unit p ON p.id = u.parent LEFT JOIN \
             wangge_face f ON f.id = u.face ORDER BY u.id"
        } else {
            "SELECT unit_id, level, code, name, parent, class, households, population, face_id FROM wangge_unit ORDER BY level, \
             code, unit_id"
        };
        let shaped = faces.iter().enumerate().filter(|(_, face)| face.role == FaceRole::Unit);
        let face_at: HashMap<u64, FaceIx> = shaped.map(|(i, face)| (face.id.0, FaceIx(i as u32))).collect();
        let mut place_of: HashMap<u64, UnitIx> = HashMap::new();
        let units = self.asked("wangge_unit", sql, |c| {
            let id = c.take::<i64>(0)? as u64;
            let (parent, face): (Option<i64>, Option<i64>) = (c.take(4)?, c.take(8)?);
            // Sorted by level: a parent stands before its children.
            let parent = match parent {
                Some(parent) => Some(
                    *place_of
                        .get(&(parent as u64))
                        .ok_or_else(|| format!("parent {parent} does not stand before it"))?,
                ),
                None => None,
            };
            let known = face.and_then(|face| face_at.get(&(face as u64)).copied());
            if let (Some(face), None) = (face, known) {
                self.pass("wangge_unit", id as i64, format!("face {face} is not a unit's"))
                    .map_err(|f| f.to_string())?;
            }
            place_of.insert(id, UnitIx(place_of.len() as u32));
            Ok(Unit {
                id,
                level: c.take(1)?,
                code: c.take(2)?,
                name: c.take(3)?,
                parent,
                class: c.take(5)?,
                households: c.take(6)?,
                population: c.take(7)?,
                face: known,
            })
        })?;
        if place_of.len() < units.len() {
            return Err(StoreFault::row(self.file, "wangge_unit", 0, "two units have one identity"));
        }
        match misplaced(&units, levels) {
            Some((unit, problem)) => Err(StoreFault::row(self.file, "wangge_unit", unit.id as i64, problem)),
            None => Ok(units),
        }
    }

    fn posts(&self, units: &[Unit]) -> Result<HashMap<(String, i64), Vec<UnitIx>>, StoreFault> {
        let places: HashMap<u64, UnitIx> =
            units.iter().enumerate().map(|(i, unit)| (unit.id, UnitIx(i as u32))).collect();
        let sql = if self.schema < schema::WITH_CHANGES {
            "SELECT p.id, holder, holder_fid, unit_id FROM wangge_post p LEFT JOIN wangge_unit u ON u.id = p.unit ORDER BY p.id"
        } else {
            "SELECT rowid, holder, holder_fid, unit_id FROM wangge_post ORDER BY holder, holder_fid, place"
        };
        let mut posts: HashMap<_, Vec<UnitIx>> = HashMap::new();
        self.asked("wangge_post", sql, |c| {
            let unit: Option<i64> = c.take(3)?;
            let place = unit.and_then(|unit| places.get(&(unit as u64)));
            let place = place.ok_or_else(|| "its unit does not exist".to_owned())?;
            posts.entry((c.take(1)?, c.take(2)?)).or_default().push(*place);
            Ok(())
        })?;
        Ok(posts)
    }

    fn people(&self, posts: &HashMap<(String, i64), Vec<UnitIx>>) -> Result<Vec<Person>, StoreFault> {
        self.rows("people", "fid, id, name, phone, org, role, line, from_day, to_day", |c| {
            let role = match c.take::<String>(5)?.as_str() {
                "officer" => Role::Officer,
                "specialist" => Role::Specialist { line: c.take(6)? },
                "secretary" => Role::Secretary,
                "advisor" => Role::Advisor,
                other => return Err(format!("role “{other}” is unknown")),
            };
            let units = posts.get(&("people".to_owned(), c.take(0)?)).cloned().unwrap_or_default();
            Ok(Person {
                id: c.take(1)?,
                name: c.take(2)?,
                phone: c.take(3)?,
                org: c.take(4)?,
                role,
                units,
                term: c.term(7)?,
            })
        })
    }

    fn branches(&self, posts: &HashMap<(String, i64), Vec<UnitIx>>) -> Result<Vec<Branch>, StoreFault> {
        self.rows("branches", "fid, id, name, kind, from_day, to_day", |c| {
            let units = posts.get(&("branches".to_owned(), c.take(0)?)).cloned().unwrap_or_default();
            Ok(Branch { id: c.take(1)?, name: c.take(2)?, kind: c.take(3)?, units, term: c.term(4)? })
        })
    }

    fn places(&self) -> Result<Vec<Place>, StoreFault> {
        self.rows("places", "fid, geom, id, kind, name, address, aliases, accuracy_m", |c| {
            Ok(Place {
                id: c.take(2)?,
                kind: c.take(3)?,
                name: c.take(4)?,
                address: c.take(5)?,
                aliases: c.list(6)?,
                point: c.point(1)?.ok_or_else(|| "the geometry is missing".to_owned())?,
                accuracy_m: c.take(7)?,
            })
        })
    }

    fn issues(&self) -> Result<Vec<Issue>, StoreFault> {
        let columns = "fid, geom, id, received, closed, due, kind, channel, urgency, category, subcategory, contact, phone, \
                       confidential, address, text, org, satisfaction";
        self.rows("issues", columns, |c| {
            Ok(Issue {
                point: c.point(1)?,
                id: c.take(2)?,
                received: c.parsed(3, "a time")?.ok_or_else(|| "received is missing".to_owned())?,
                closed: c.parsed(4, "a time")?,
                due: c.parsed(5, "a time")?,
                kind: c.take(6)?,
                channel: c.take(7)?,
                urgency: c.take(8)?,
                category: c.take(9)?,
                subcategory: c.take(10)?,
                contact: c.take(11)?,
                phone: c.take(12)?,
                confidential: c.take(13)?,
                address: c.take(14)?,
                text: c.take(15)?,
                org: c.take(16)?,
                satisfaction: c.take(17)?,
            })
        })
    }

    fn base(&self) -> Result<Vec<BaseFeature>, StoreFault> {
        self.rows("base", "fid, geom, kind, name, class", |c| {
            let shape = match blob::decode(&c.take::<Vec<u8>>(1)?).map_err(|fault| fault.to_string())? {
                Shape::Line(line) => BaseShape::Line(line),
                Shape::Polygon(rings) => BaseShape::Area(rings),
                _ => return Err("the geometry is neither a line nor a polygon".to_owned()),
            };
            let shown = match &shape {
                BaseShape::Line(line) => line.iter().all(|p| p.0.is_finite() && p.1.is_finite()),
                BaseShape::Area(rings) => rings.iter().flatten().all(|p| p.0.is_finite() && p.1.is_finite()),
            };
            if !shown {
                return Err("a coordinate is not a finite number".to_owned());
            }
            Ok(BaseFeature { kind: c.take(2)?, name: c.take(3)?, class: c.take(4)?, shape })
        })
    }
}
