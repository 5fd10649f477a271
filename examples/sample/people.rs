//! Who answers: officers, specialists of 21 lines, party branches with secretaries and advisors, volunteer teams, activities.

use super::names::{LINE_ORGS, LINES, SUBS, person, phone};
use super::places::Place;
use super::random::Random;
use super::units::{District, allot};
use super::write::Table;

const SPECIALISTS: usize = 1108;
const BRANCHES: usize = 211;
const ADVISORS: usize = 466;
const TEAMS: usize = 275;
const ACTIVITIES: usize = 409;
const VISITS: usize = 30_000;

/// People, one numbered row after another.
struct Register<'a> {
    table: Table,
    random: &'a mut Random,
    n: usize,
}

impl Register<'_> {
    fn add(&mut self, role: &str, line: &str, org: &str, units: &str, from: &str) {
        self.n += 1;
        let name = person(self.random);
        let row = [&format!("P{:05}", self.n), &name, &phone(self.n), role, line, org, units, from, ""];
        self.table.row(&row.map(str::to_owned));
    }
}

fn shares(total: usize, n: usize) -> Vec<usize> {
    (0..n).map(|i| total / n + usize::from(i < total % n)).collect()
}

struct Branch {
    name: String,
    kind: &'static str,
    grids: Vec<usize>,
}

/// A branch for each compound of the first subdistrict, and the rest shared by neighbouring grids of one community.
fn branches(district: &District) -> Vec<Branch> {
    let compounds: Vec<usize> = (0..district.grids.len()).filter(|g| district.grids[*g].compound).collect();
    let rest: Vec<Vec<usize>> = (0..district.communities.len())
        .map(|c| {
            (0..district.grids.len())
                .filter(|g| district.grids[*g].community == c && !district.grids[*g].compound)
                .collect()
        })
        .collect();
    let counts =
        allot(BRANCHES - compounds.len(), &rest.iter().map(|r: &Vec<usize>| r.len() as f64).collect::<Vec<_>>(), 1);
    let mut out: Vec<Branch> = compounds
        .into_iter()
        .map(|g| Branch {
            name: format!("{}小区党支部", district.grids[g].estate), kind: "compound", grids: vec![g]
        })
        .collect();
    for (c, (grids, count)) in rest.iter().zip(counts).enumerate() {
        let mut start = 0;
        for (k, n) in shares(grids.len(), count).into_iter().enumerate() {
            let name = format!("{}第{}网格党支部", district.communities[c].name, k + 1);
            out.push(Branch { name, kind: "grid", grids: grids[start..start + n].to_vec() });
            start += n;
        }
    }
    out
}

pub fn tables(district: &District, random: &mut Random) -> [(&'static str, Table); 2] {
    let head = ["id", "name", "phone", "role", "line", "org", "units", "from", "to"];
    let mut register = Register { table: Table::new(&head), random, n: 0 };
    for micro in &district.micros {
        let community = &district.communities[district.grids[micro.grid].community];
        let org = format!("{}{}", SUBS[community.sub].0, community.name);
        register.add("officer", "", &org, &micro.code, "2025-03-01");
    }
    let codes = |grids: &[usize]| grids.iter().map(|g| district.grids[*g].code.as_str()).collect::<Vec<_>>().join(";");
    let all: Vec<usize> = (0..district.grids.len()).collect();
    for (line, count) in shares(SPECIALISTS, LINES.len()).into_iter().enumerate() {
        let mut start = 0;
        for n in shares(all.len(), count) {
            register.add("specialist", LINES[line], LINE_ORGS[line], &codes(&all[start..start + n]), "2025-03-01");
            start += n;
        }
    }
    let branches = branches(district);
    let mut table = Table::new(&["id", "name", "kind", "units", "from", "to"]);
    for (i, branch) in branches.iter().enumerate() {
        let units = codes(&branch.grids);
        table.row(&[&format!("B{:03}", i + 1), &branch.name, branch.kind, &units, "2025-03-01", ""].map(str::to_owned));
        register.add("secretary", "", &branch.name, &units, "2025-03-01");
    }
    let mut start = 0;
    for n in shares(all.len(), ADVISORS) {
        let sub = district.communities[district.grids[all[start]].community].sub;
        register.add("advisor", "", &format!("{}党工委", SUBS[sub].0), &codes(&all[start..start + n]), "2025-06-01");
        start += n;
    }
    [("people.csv", register.table), ("branches.csv", table)]
}

const THEMES: [&str; 11] = [
    "政策宣讲",
    "敬老助餐",
    "反诈宣传",
    "环境清洁",
    "义诊服务",
    "儿童课堂",
    "法律咨询",
    "消防演练",
    "文艺演出",
    "邻里议事",
    "助农采摘",
];

/// Volunteer teams by community, and the activities they held at civic places.
pub fn volunteers(district: &District, places: &[Place], random: &mut Random) -> [(&'static str, Table); 2] {
    let mut teams = Table::new(&["id", "name", "unit", "leader", "phone", "members", "founded"]);
    let weights: Vec<f64> = (0..district.communities.len())
        .map(|c| district.grids.iter().filter(|g| g.community == c).count() as f64)
        .collect();
    let mut of_team = Vec::new();
    for (c, n) in allot(TEAMS, &weights, 3).into_iter().enumerate() {
        for k in 0..n {
            let i = of_team.len() + 1;
            let community = &district.communities[c];
            let theme = THEMES[(k + c) % THEMES.len()];
            let round = if k >= THEMES.len() { "第二" } else { "" };
            let name = format!("{}{theme}{round}志愿服务队", community.name);
            let founded = format!("2024-{:02}-{:02}", 2 + i % 10, 1 + i * 7 % 28);
            let row = [
                format!("T{i:03}"),
                name,
                community.code.clone(),
                person(random),
                phone(500_000 + i),
                random.whole(12, 64).to_string(),
                founded,
            ];
            teams.row(&row);
            of_team.push(c);
        }
    }
    let civic: Vec<&Place> = places.iter().filter(|p| p.kind == "civic").collect();
    let mut activities = Table::new(&["id", "date", "name", "team", "place", "unit", "attendance"]);
    let weights: Vec<f64> = (0..ACTIVITIES).map(|_| random.between(0.4, 2.2)).collect();
    for (i, attendance) in allot(VISITS, &weights, 8).into_iter().enumerate() {
        let team = random.below(of_team.len());
        let community = of_team[team];
        let here = |p: &&&Place| district.grids[district.micros[p.micro].grid].community == community;
        let place = civic.iter().find(here).unwrap_or(&civic[i % civic.len()]);
        let (year, month) = (2025 + (i + 24) / 245, (i * 12 / 245 + 1) % 12 + 1);
        let date = format!("{}-{:02}-{:02}", year.min(2026), month.min(10), 1 + random.below(28));
        let name = format!("{}:{}", place.name, THEMES[(team + i) % THEMES.len()]);
        let row = [
            format!("A{:03}", i + 1),
            date,
            name,
            format!("T{:03}", team + 1),
            place.name.clone(),
            district.communities[community].code.clone(),
            attendance.to_string(),
        ];
        activities.row(&row);
    }
    [("teams.csv", teams), ("activities.csv", activities)]
}
