//! The tables of a district: upper units, people, branches, places, issues. Columns as in `docs/FORMATS.md`, in our words or in those
//! of a 12345 export.

use jiff::civil::{Date, DateTime, Time};

use super::columns::{self as c, Column};
use super::table::{self, CellFault, Fields, Rows};
use super::{FileFault, Limits, Text};
use crate::crs::Cgcs2000;
use crate::grid::people::{Role, Term};
use crate::issue::Issue;
use crate::place::Place;

/// A unit of an upper level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRow {
    /// Level key or name.
    pub level: String,
    pub code: String,
    pub name: String,
    pub parent: String,
    pub class: String,
    pub households: u32,
    pub population: u32,
}

/// A person, their units still by code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub phone: String,
    pub org: String,
    pub role: Role,
    pub units: Vec<String>,
    pub term: Term,
}

/// A party branch, its units still by code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub units: Vec<String>,
    pub term: Term,
}

/// Which table of people a file is: `people.csv` has roles and phones, `branches.csv` has neither.
#[must_use]
pub fn is_people(text: &Text) -> bool {
    [c::ROLE, c::PHONE, c::LINE, c::ORG].into_iter().any(|column| table::has(text, column))
}

/// Upper units.
///
/// # Errors
/// [`FileFault`] when the table cannot be read; faults of rows are in the answer. The same holds for every function here.
pub fn units(text: &Text, limits: &Limits) -> Result<Rows<UnitRow>, FileFault> {
    let others: &[Column] = &[c::PARENT, c::CLASS, c::HOUSEHOLDS, c::POPULATION];
    table::read(text, limits, (&[c::LEVEL, c::CODE, c::NAME], others), |row| {
        Ok(UnitRow {
            level: row.needed(c::LEVEL)?,
            code: row.needed(c::CODE)?,
            name: row.text(c::NAME)?,
            parent: row.text(c::PARENT)?,
            class: row.text(c::CLASS)?,
            households: count(row, c::HOUSEHOLDS)?,
            population: count(row, c::POPULATION)?,
        })
    })
}

/// People.
///
/// # Errors
/// As [`units`].
pub fn people(text: &Text, limits: &Limits) -> Result<Rows<PersonRow>, FileFault> {
    let others: &[Column] = &[c::PHONE, c::LINE, c::ORG, c::FROM, c::TO];
    table::read(text, limits, (&[c::ID, c::NAME, c::ROLE, c::UNITS], others), |row| {
        Ok(PersonRow {
            id: row.needed(c::ID)?,
            name: row.needed(c::NAME)?,
            phone: row.text(c::PHONE)?,
            org: row.text(c::ORG)?,
            role: role(row)?,
            units: row.list(c::UNITS)?,
            term: term(row)?,
        })
    })
}

/// Party branches.
///
/// # Errors
/// As [`units`].
pub fn branches(text: &Text, limits: &Limits) -> Result<Rows<BranchRow>, FileFault> {
    table::read(text, limits, (&[c::ID, c::NAME, c::UNITS], &[c::KIND, c::FROM, c::TO]), |row| {
        Ok(BranchRow {
            id: row.needed(c::ID)?,
            name: row.needed(c::NAME)?,
            kind: row.text(c::KIND)?,
            units: row.list(c::UNITS)?,
            term: term(row)?,
        })
    })
}

/// Places.
///
/// # Errors
/// As [`units`].
pub fn places(text: &Text, limits: &Limits) -> Result<Rows<Place>, FileFault> {
    let others: &[Column] = &[c::KIND, c::ADDRESS, c::ALIASES, c::ACCURACY_M];
    table::read(text, limits, (&[c::ID, c::NAME, c::LON, c::LAT], others), |row| {
        let accuracy_m = row.parsed(c::ACCURACY_M, number, "a number of metres")?.unwrap_or(0.0);
        if !(0.0..=100_000.0).contains(&accuracy_m) {
            return Err(CellFault::new(c::ACCURACY_M, "is not between 0 and 100000 m"));
        }
        Ok(Place {
            id: row.needed(c::ID)?,
            kind: Some(row.text(c::KIND)?).filter(|k| !k.is_empty()).unwrap_or_else(|| "other".to_owned()),
            name: row.needed(c::NAME)?,
            address: row.text(c::ADDRESS)?,
            aliases: row.list(c::ALIASES)?,
            point: position(row)?.ok_or_else(|| CellFault::new(c::LON, "is empty; a place needs a position"))?,
            accuracy_m,
        })
    })
}

/// Issues, as a 12345 hotline exports them.
///
/// # Errors
/// As [`units`].
pub fn issues(text: &Text, limits: &Limits) -> Result<Rows<Issue>, FileFault> {
    let needed: &[Column] = &[c::ORDER_ID, c::RECEIVED];
    let others: &[Column] = &[
        c::ORDER_KIND,
        c::CHANNEL,
        c::CONTACT,
        c::CONTACT_PHONE,
        c::CONFIDENTIAL,
        c::PLACE,
        c::TEXT,
        c::URGENCY,
        c::DUE,
        c::CATEGORY,
        c::SUBCATEGORY,
        c::HANDLER,
        c::CLOSED,
        c::SATISFACTION,
        c::LON,
        c::LAT,
    ];
    table::read(text, limits, (needed, others), |row| {
        let received = time(row, c::RECEIVED)?.ok_or_else(|| CellFault::new(c::RECEIVED, "is empty"))?;
        let closed = time(row, c::CLOSED)?;
        if closed.is_some_and(|closed| closed < received) {
            return Err(CellFault::new(c::CLOSED, "is before the order was received"));
        }
        Ok(Issue {
            id: row.needed(c::ORDER_ID)?,
            received,
            closed,
            due: time(row, c::DUE)?,
            kind: row.text(c::ORDER_KIND)?,
            channel: row.text(c::CHANNEL)?,
            urgency: row.text(c::URGENCY)?,
            category: row.text(c::CATEGORY)?,
            subcategory: row.text(c::SUBCATEGORY)?,
            contact: row.text(c::CONTACT)?,
            phone: row.text(c::CONTACT_PHONE)?,
            confidential: matches!(row.raw(c::CONFIDENTIAL), "是" | "1" | "true" | "yes" | "Y" | "y"),
            address: row.text(c::PLACE)?,
            text: row.text(c::TEXT)?,
            org: row.text(c::HANDLER)?,
            satisfaction: Some(row.text(c::SATISFACTION)?).filter(|s| !s.is_empty()),
            point: position(row)?,
        })
    })
}

fn count(row: &Fields, column: Column) -> Result<u32, CellFault> {
    Ok(row.parsed(column, |t| t.parse::<u32>().ok(), "a whole number from 0 up")?.unwrap_or(0))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok()
}

fn position(row: &Fields) -> Result<Option<Cgcs2000>, CellFault> {
    let lon = row.parsed(c::LON, number, "a number of degrees")?;
    let lat = row.parsed(c::LAT, number, "a number of degrees")?;
    match (lon, lat) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(CellFault::new(c::LAT, "is empty though the longitude is given")),
        (None, Some(_)) => Err(CellFault::new(c::LON, "is empty though the latitude is given")),
        (Some(lon), Some(lat)) => Cgcs2000::new(lon, lat).map(Some).map_err(|fault| {
            let swapped = lat.abs() <= 180.0 && Cgcs2000::new(lat, lon).is_ok();
            let hint = if swapped { "; longitude and latitude look swapped" } else { "" };
            CellFault::new(if lon.abs() <= 180.0 { c::LAT } else { c::LON }, format!("cannot be: {fault}{hint}"))
        }),
    }
}

fn role(row: &Fields) -> Result<Role, CellFault> {
    match row.raw(c::ROLE) {
        "officer" | "网格员" => Ok(Role::Officer),
        "secretary" | "支部书记" => Ok(Role::Secretary),
        "advisor" | "党建指导员" => Ok(Role::Advisor),
        "specialist" | "专业网格员" => match row.text(c::LINE)? {
            line if line.is_empty() => Err(CellFault::new(c::LINE, "is empty; a specialist has a line")),
            line => Ok(Role::Specialist { line }),
        },
        _ => Err(CellFault::new(c::ROLE, "is not officer, specialist, secretary or advisor")),
    }
}

fn term(row: &Fields) -> Result<Term, CellFault> {
    let day = |column| row.parsed(column, date, "a date like 2024-01-31");
    let term = Term { from: day(c::FROM)?, to: day(c::TO)? };
    match (term.from, term.to) {
        (Some(from), Some(to)) if to < from => Err(CellFault::new(c::TO, "is before the first day")),
        _ => Ok(term),
    }
}

fn time(row: &Fields, column: Column) -> Result<Option<DateTime>, CellFault> {
    row.parsed(column, date_time, "a time like 2025-03-01 08:30:00")
}

/// `2024-01-31`, `2024/1/31` or `2024年1月31日`.
#[must_use]
pub fn date(text: &str) -> Option<Date> {
    let mut parts = text.trim_end_matches('日').split(['-', '/', '年', '月', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A date, then optionally a time `8:30` or `08:30:00`.
#[must_use]
pub fn date_time(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let day = date(day)?;
    let clock = clock.trim();
    if clock.is_empty() {
        return Some(day.to_datetime(Time::midnight()));
    }
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = clock.split(':');
    let (hour, minute) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let second = parts.next().map_or(Some(0), |s| s.parse().ok())?;
    if parts.next().is_some() {
        return None;
    }
    Some(day.to_datetime(Time::new(hour, minute, second, 0).ok()?))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::exchange::Problem;

    fn text(content: &str) -> Text {
        Text { file: PathBuf::from("t.csv"), content: content.to_owned(), encoding: "UTF-8", compressed: false }
    }

    #[test]
    fn a_12345_export_is_read_with_and_without_positions() {
        let table = "工单编号,接收时间,地址,经度,纬度,一级分类,备注\n\
                     1,2025-03-01 08:30:00,隆鑫苑5号楼,116.65,35.4,噪声,x\n\
                     2,2025/3/1 8:30,,,,,\n";
        let found = issues(&text(table), &Limits::default()).unwrap();
        assert_eq!(found.faults, []);
        assert_eq!(found.rows[0].1.received, found.rows[1].1.received);
        assert_eq!(found.rows[0].1.point.map(|p| (p.lon(), p.lat())), Some((116.65, 35.4)));
        assert_eq!(found.rows[1].1.point, None);
        assert_eq!(found.unread, ["备注"]);
    }

    #[test]
    fn each_bad_row_says_line_column_and_reason() {
        let table = "id,name,lon,lat,accuracy_m\np1,校,116.65,35.4,5\np2,院,35.4,116.65,5\np3,桥,NaN,35.4,5\np4,站,116.6,35.4,-1\np5,村,116.6\n";
        let found = places(&text(table), &Limits::default()).unwrap();
        assert_eq!(found.rows.len(), 1);
        let said: Vec<_> = found.faults.iter().map(|f| (f.row, f.column.as_str(), f.reason.as_str())).collect();
        assert!(said[0].0 == 3 && said[0].1 == "lat" && said[0].2.contains("swapped"), "{said:?}");
        assert!(said[1].0 == 4 && said[1].2.contains("not a finite number"), "{said:?}");
        assert!(said[2].0 == 5 && said[2].1 == "accuracy_m", "{said:?}");
        assert!(said[3].0 == 6 && said[3].2.contains("3 cells"), "{said:?}");
    }

    #[test]
    fn a_missing_column_is_named_with_those_found() {
        let error = people(&text("id,name,units\n1,a,b\n"), &Limits::default()).unwrap_err();
        assert!(matches!(&error.problem, Problem::MissingColumn { wanted, .. } if *wanted == ["role"]), "{error}");
        let error = units(&text("level,code,code,name\n"), &Limits::default()).unwrap_err();
        assert!(matches!(&error.problem, Problem::DoubleColumn(column) if column == "code"), "{error}");
    }

    #[test]
    fn roles_terms_and_tabs_are_read() {
        let table = "id\tname\trole\tline\tunits\tfrom\tto\n1\t张\t专业网格员\t燃气\tA;B；C\t2024-01-31\t\n2\t李\tofficer\t\tA\t2024-02-30\t\n";
        let found = people(&text(table), &Limits::default()).unwrap();
        assert_eq!(found.rows[0].1.units, ["A", "B", "C"]);
        assert_eq!(found.rows[0].1.role, Role::Specialist { line: "燃气".to_owned() });
        assert_eq!(found.faults[0].column, "from");
    }

    #[test]
    fn damaged_text_is_refused_not_kept() {
        let found = units(&text("level,code,name\na,1,洸\u{fffd}河\na,2,ok\0no\n"), &Limits::default()).unwrap();
        assert!(found.faults[0].reason.contains("U+FFFD"));
        assert!(found.faults[1].reason.contains("U+0000"));
    }

    #[test]
    fn dates_and_times_of_three_habits_agree() {
        for same in ["2024-01-31 08:05", "2024/1/31 8:05:00", "2024年1月31日 8:5", "2024-01-31T08:05:00.000"] {
            assert_eq!(date_time(same), date_time("2024-01-31 08:05:00"), "{same}");
        }
        for not in ["24-1-31", "2024-13-01", "2024-01-31 25:00", "soon", ""] {
            assert_eq!(date_time(not), None, "{not}");
        }
    }
}
