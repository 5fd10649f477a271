//! What sheets say: rows of units, people as this reader may see them, names as they are spoken.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::abutting::abutting;
use super::{Area, Contacts};
use crate::grid::people::{Person, Role};
use crate::grid::{Unit, UnitIx};
use crate::render::sheet::{Bounds, Helper, Imprint, MAX_ROWS, Notice, UnitRow, grouped};
use crate::service::serving::State;
use crate::service::units;
use crate::snapshot::Snapshot;
use crate::tile::own;

/// A table beside a map of a box lists no more.
const MOST_BESIDE: usize = 48;

const DUTIES: [&str; 6] = [
    "入户走访，采集并更新人口、房屋、单位等基础信息",
    "排查上报矛盾纠纷、安全隐患和环境卫生问题",
    "宣传法律法规和惠民政策，收集社情民意",
    "关爱帮扶独居老人、残疾人、困境儿童等重点人群",
    "代办民生事项，跟踪反馈居民诉求办理结果",
    "突发事件先期处置、及时报告并协助疏导",
];

/// The municipal line that everybody may call.
const HOTLINE: (&str, &str) = ("政务服务便民热线", "12345");

/// Asks a state on a day, for a reader.
pub(super) struct Facts<'a> {
    pub state: &'a State,
    pub day: Date,
    pub contacts: Contacts,
}

/// A unit's name with those of the units above it, each said once: `洸河街道黄庄社区第五网格（隆鑫苑）`.
pub(super) fn full_name(snapshot: &Snapshot, unit: UnitIx) -> String {
    let chain = snapshot.hierarchy.chain(unit);
    let name = chain.iter().rev().fold(String::new(), |said, ix| {
        let name = &snapshot.hierarchy.unit(*ix).name;
        if said.contains(name.as_str()) { said } else { format!("{name}{said}") }
    });
    full_width(&name)
}

/// With the brackets that stand in Chinese text.
pub(super) fn full_width(text: &str) -> String {
    text.replace('(', "（").replace(')', "）")
}

impl Facts<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.state.snapshot
    }

    fn unit(&self, ix: UnitIx) -> &Unit {
        self.snapshot().hierarchy.unit(ix)
    }

    fn row(&self, ix: UnitIx, depth: u8) -> UnitRow {
        let unit = self.unit(ix);
        let hierarchy = &self.snapshot().hierarchy;
        let parent = unit.parent.map_or("", |p| hierarchy.unit(p).name.as_str());
        UnitRow {
            depth,
            code: unit.code.clone(),
            name: own(&unit.name, parent).to_owned(),
            officer: self.officers_of(ix),
            phone: String::new(),
            households: unit.households,
            population: unit.population,
            area_m2: self.state.areas_m2().get(ix.ix()).copied().unwrap_or(0.0),
            parts: hierarchy.children(ix).len() as u32,
        }
    }

    /// The unit's own officer, or how many there are in the units below it.
    fn officers_of(&self, ix: UnitIx) -> String {
        if let Some(officer) = self.officer(ix) {
            return (self.contacts.name)(&officer.name);
        }
        match self.officers_below(ix).len() {
            0 => String::new(),
            n => format!("{n} 人"),
        }
    }

    fn officer(&self, ix: UnitIx) -> Option<&Person> {
        let posted = self.snapshot().roster.posted_at(ix);
        posted.into_iter().find(|p| p.role == Role::Officer && p.term.holds_on(self.day))
    }

    /// Each officer of the units below once, with the first of his units.
    fn officers_below(&self, ix: UnitIx) -> Vec<(UnitIx, &Person)> {
        let mut known = BTreeSet::new();
        let mut found = Vec::new();
        let mut waiting: Vec<UnitIx> = self.snapshot().hierarchy.children(ix).iter().rev().copied().collect();
        while let Some(at) = waiting.pop() {
            if let Some(person) = self.officer(at).filter(|p| known.insert(p.id.as_str())) {
                found.push((at, person));
            }
            waiting.extend(self.snapshot().hierarchy.children(at).iter().rev());
        }
        found
    }

    /// The units that a table beside a map lists: the parts of a unit, those at the top of the district, or as many as a box holds.
    pub(super) fn rows_of(&self, area: Area, bounds: Bounds) -> Vec<UnitRow> {
        let hierarchy = &self.snapshot().hierarchy;
        let listed: Vec<UnitIx> = match area {
            Area::District => hierarchy.at_level(0).map(|(ix, _)| ix).collect(),
            Area::Unit(unit) if hierarchy.children(unit).is_empty() => vec![unit],
            Area::Unit(unit) => hierarchy.children(unit).to_vec(),
            Area::Bounds(_) => (0..hierarchy.levels() as u8)
                .rev()
                .map(|level| self.inside(level, bounds))
                .find(|found| (1..=MOST_BESIDE).contains(&found.len()))
                .unwrap_or_default(),
        };
        listed.into_iter().map(|ix| self.row(ix, 0)).collect()
    }

    /// The units of a level whose boxes touch a box.
    fn inside(&self, level: u8, [west, south, east, north]: Bounds) -> Vec<UnitIx> {
        let touches = |ix: &UnitIx| {
            units::bounds(self.state, *ix).is_some_and(|[w, s, e, n]| w < east && west < e && s < north && south < n)
        };
        self.snapshot().hierarchy.at_level(level).map(|(ix, _)| ix).filter(touches).collect()
    }

    /// Every unit down to the lowest level of which a poster has room for all, each below the one it is part of.
    pub(super) fn rows_of_all(&self) -> Vec<UnitRow> {
        let hierarchy = &self.snapshot().hierarchy;
        let mut sum = 0;
        let fits = |level: &u8| {
            sum += hierarchy.at_level(*level).count();
            sum <= MAX_ROWS
        };
        let Some(deepest) = (0..hierarchy.levels() as u8).take_while(fits).last() else { return Vec::new() };
        let mut rows = Vec::new();
        let mut waiting: Vec<UnitIx> = hierarchy.at_level(0).map(|(ix, _)| ix).collect();
        waiting.reverse();
        while let Some(ix) = waiting.pop() {
            let level = hierarchy.unit(ix).level;
            rows.push(self.row(ix, level));
            if level < deepest {
                waiting.extend(hierarchy.children(ix).iter().rev());
            }
        }
        rows
    }

    /// `5 个街道 · 38 个社区 · …`
    pub(super) fn counts(&self) -> String {
        let snapshot = self.snapshot();
        let levels = snapshot.district.levels.iter().enumerate();
        let count = |(i, level): (usize, &crate::grid::Level)| {
            format!("{} 个{}", snapshot.hierarchy.at_level(i as u8).count(), level.name)
        };
        levels.map(count).collect::<Vec<_>>().join(" · ")
    }

    /// What stands under the title of a map.
    pub(super) fn subtitle(&self, area: Area) -> String {
        match area {
            Area::District => self.counts(),
            Area::Bounds(_) => String::new(),
            Area::Unit(ix) => {
                let unit = self.unit(ix);
                let level = self.level_name(unit.level);
                let (households, population) = (grouped(unit.households.into()), grouped(unit.population.into()));
                format!("{level} · {} · {households} 户 · {population} 人", unit.code)
            }
        }
    }

    /// What a unit's name adds to its parent's.
    fn own_name(&self, unit: &Unit) -> String {
        let parent = unit.parent.map_or("", |p| self.unit(p).name.as_str());
        full_width(own(&unit.name, parent))
    }

    fn level_name(&self, level: u8) -> &str {
        self.snapshot().district.levels.get(usize::from(level)).map_or("", |level| &level.name)
    }

    fn helper(&self, what: String, person: &Person) -> Helper {
        Helper { what, name: (self.contacts.name)(&person.name), phone: (self.contacts.phone)(&person.phone) }
    }

    pub(super) fn notice(&self, ix: UnitIx, imprint: Imprint, bounds: Bounds, district: Bounds) -> Notice {
        let snapshot = self.snapshot();
        let unit = self.unit(ix);
        let duty = snapshot.roster.on_duty(&snapshot.hierarchy, ix, self.day);
        let own_officer = self.officer(ix);
        let officers = if own_officer.is_some() { Vec::new() } else { self.officers_below(ix) };
        // Where nobody is posted at the unit or below it, who is above it answers for it, as `locate` says; whose officer that is is told.
        let above = || {
            let mut chain = snapshot.hierarchy.chain(ix).into_iter().rev().filter(|at| *at != ix);
            chain.find_map(|at| Some(self.helper(self.unit(at).name.clone(), self.officer(at)?)))
        };
        let own_officer = own_officer.map(|person| self.helper(String::new(), person));
        let officer = own_officer.or_else(|| if officers.is_empty() { above() } else { None });
        let abutting = abutting(self.state, ix);
        let part =
            |(at, person): (UnitIx, &Person)| self.helper(own(&self.unit(at).name, &unit.name).to_owned(), person);
        let line = |person: &&Person| match &person.role {
            Role::Specialist { line } => Some(self.helper(line.clone(), person)),
            Role::Officer | Role::Secretary | Role::Advisor => None,
        };
        let chain = snapshot.hierarchy.chain(ix).into_iter().map(|at| self.unit(at));
        let children = snapshot.hierarchy.children(ix);
        let below = children.first().map(|child| self.level_name(self.unit(*child).level).to_owned());
        Notice {
            level_key: snapshot
                .district
                .levels
                .get(usize::from(unit.level))
                .map_or_else(String::new, |l| l.key.clone()),
            code: unit.code.clone(),
            chain: chain.map(|unit| (self.level_name(unit.level).to_owned(), self.own_name(unit))).collect(),
            bounds,
            district,
            households: unit.households,
            population: unit.population,
            area_m2: self.state.areas_m2().get(ix.ix()).copied().unwrap_or(0.0),
            parts: below.map(|name| (children.len() as u32, name)),
            officer,
            officers: officers.into_iter().map(part).collect(),
            branch: duty.branch.map(|branch| self.branch(ix, &branch.name)),
            specialists: duty.specialists.iter().filter_map(line).collect(),
            abuts: abutting.main,
            exclaves: abutting.exclaves,
            more_exclaves: abutting.more,
            duties: DUTIES.map(str::to_owned).to_vec(),
            hotline: (HOTLINE.0.to_owned(), HOTLINE.1.to_owned()),
            imprint,
        }
    }

    /// A branch with its secretary, looked for at the unit and above it.
    fn branch(&self, ix: UnitIx, name: &str) -> Helper {
        let chain = self.snapshot().hierarchy.chain(ix);
        let secretary = chain.into_iter().rev().flat_map(|at| self.snapshot().roster.posted_at(at));
        let mut secretary = secretary
            .filter(|p| p.role == Role::Secretary && p.term.holds_on(self.day) && (p.org.is_empty() || p.org == name));
        let nobody = || Helper { what: name.to_owned(), name: String::new(), phone: String::new() };
        secretary.next().map_or_else(nobody, |person| {
            let helper = self.helper(name.to_owned(), person);
            Helper { name: format!("书记 {}", helper.name), ..helper }
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::grid::people::{Roster, Term};
    use crate::service::serving::Capacity;
    use crate::service::sheets::tests::look;
    use crate::tile::fixture::snapshot;

    #[test]
    fn a_notice_names_who_answers_for_the_unit_on_its_day_and_nobody_afterwards() {
        let mut snapshot = snapshot(3, 4, 4, 2);
        let (village, _) = snapshot.hierarchy.at_level(2).next().expect("a village");
        let plots = snapshot.hierarchy.children(village).to_vec();
        let officer = |id: &str, unit: UnitIx, to: Date| Person {
            id: id.to_owned(),
            name: id.to_owned(),
            phone: String::new(),
            org: String::new(),
            role: Role::Officer,
            units: vec![unit],
            term: Term { from: None, to: Some(to) },
        };
        let (first, second, last) = (date(2026, 6, 30), date(2026, 12, 31), date(2027, 6, 30));
        let people =
            vec![officer("甲", village, first), officer("乙", plots[0], second), officer("丙", plots[1], last)];
        snapshot.roster = Roster::new(people, Vec::new());
        let state = State::new(snapshot, &look(&[]), Capacity::default());
        let said = |unit: UnitIx, day: Date| {
            let contacts = Contacts { name: str::to_owned, phone: str::to_owned };
            let imprint = Imprint {
                title: String::new(),
                mark: String::new(),
                issuer: String::new(),
                day,
                version: String::new(),
            };
            let bounds = [116.6, 35.4, 116.7, 35.5];
            let notice = Facts { state: &state, day, contacts }.notice(unit, imprint, bounds, bounds);
            let below = notice.officers.into_iter().map(|helper| helper.name).collect::<Vec<_>>().concat();
            (notice.officer.map(|helper| helper.name).unwrap_or_default(), below)
        };
        let told = |officer: &str, below: &str| (officer.to_owned(), below.to_owned());
        assert_eq!(said(village, first), told("甲", ""));
        assert_eq!(said(village, second), told("", "乙丙"));
        assert_eq!(said(village, last), told("", "丙"));
        assert_eq!(said(village, date(2027, 7, 1)), told("", ""));
        assert_eq!(said(plots[0], first), told("乙", ""));
        assert_eq!(said(plots[2], first), told("甲", ""), "who is above, as `locate` says");
        assert_eq!(said(plots[2], second), told("", ""));
    }
}
