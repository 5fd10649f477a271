//! A small seeded district on the wire: 24 crooked micro-grids in 6 grids in 2 streets, people, places, issues.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wangge::coverage::build::{BuildOptions, build};
use wangge::coverage::{FaceIx, Lattice};
use wangge::crs::{Cgcs2000, PlaneCrs};
use wangge::grid::history::History;
use wangge::grid::people::{Branch, Person, Role, Roster, Term};
use wangge::grid::{District, Hierarchy, Level, Required, Unit, UnitIx};
use wangge::http::{App, Drained, Limits, look, router, serve};
use wangge::issue::Issue;
use wangge::place::Place;
use wangge::service::actors::Actors;
use wangge::service::serving::{Capacity, Serving};
use wangge::snapshot::{BaseFeature, BaseShape, Contents};

use crate::partition::{Seeded, partition};

pub const COLUMNS: usize = 6;
pub const ROWS: usize = 4;
pub const ISSUES: usize = 400;

/// The middle of the cell in a column (from the west) and a row (from the south): cells are 0.002°, crooked by a fifth of that.
pub fn middle(column: usize, row: usize) -> (f64, f64) {
    (116.70 + 0.002 * (column as f64 + 0.5), 35.42 + 0.002 * (row as f64 + 0.5))
}

pub fn lattice() -> Lattice {
    let lattice = Lattice::for_extent(116.60, 35.32, 116.80, 35.52);
    assert_eq!(lattice.parts(), (116_700_000_000, 35_420_000_000, 9));
    lattice
}

pub fn micro_code(column: usize, row: usize) -> String {
    format!("{}{:02}{}", column / 3 + 1, column + 1, row + 1)
}

fn units() -> Vec<Unit> {
    let unit = |id: usize, level, code: String, name: String, parent: Option<usize>| Unit {
        id: id as u64,
        level,
        code,
        name,
        parent: parent.map(|ix| UnitIx(ix as u32)),
        class: String::new(),
        households: 0,
        population: 0,
        face: None,
    };
    let mut units: Vec<_> =
        (0..2).map(|s| unit(1001 + s, 0, format!("{}", s + 1), format!("第{}街道", s + 1), None)).collect();
    units.extend(
        (0..COLUMNS)
            .map(|c| unit(2001 + c, 1, format!("{}{:02}", c / 3 + 1, c + 1), format!("第{}网格", c + 1), Some(c / 3))),
    );
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            let face = row * COLUMNS + column + 1;
            let name = format!("{}-{}微网格", column + 1, row + 1);
            let mut micro = unit(face, 2, micro_code(column, row), name, Some(2 + column));
            micro.face = Some(FaceIx(face as u32));
            (micro.households, micro.population) = (60, 180);
            units.push(micro);
        }
    }
    units
}

fn roster() -> Roster {
    let person = |id: String, name: &str, phone: String, role, unit: usize| Person {
        id,
        name: name.to_owned(),
        phone,
        org: "示例单位".to_owned(),
        role,
        units: vec![UnitIx(unit as u32)],
        term: Term::default(),
    };
    let mut people: Vec<_> = (8..8 + COLUMNS * ROWS)
        .map(|ix| person(format!("o{ix}"), "张示例", format!("128{ix:08}"), Role::Officer, ix))
        .collect();
    for street in 0..2 {
        let gas = Role::Specialist { line: "燃气".to_owned() };
        people.push(person(format!("s{street}"), "欧阳示例", format!("127{street:08}"), gas, street));
    }
    let branch = |grid: usize| Branch {
        id: format!("b{grid}"),
        name: format!("第{grid}网格党支部"),
        kind: "grid".to_owned(),
        units: vec![UnitIx(grid as u32 + 1)],
        term: Term::default(),
    };
    Roster::new(people, (1..=COLUMNS).map(branch).collect())
}

fn issues() -> Vec<Issue> {
    let mut random = Seeded(11);
    let start: DateTime = "2025-01-01T08:00:00".parse().unwrap();
    (0..ISSUES)
        .map(|i| {
            let hours = i64::from(random.between(0, 24 * 360));
            let (lon, lat) = (random.between(0, 11_000_000), random.between(0, 7_000_000));
            let received = start.checked_add(jiff::Span::new().hours(hours)).unwrap();
            Issue {
                id: format!("JN{i:05}"),
                received,
                closed: None,
                due: None,
                kind: "投诉".to_owned(),
                channel: "电话".to_owned(),
                urgency: "一般".to_owned(),
                category: ["环境卫生", "物业管理", "噪声扰民"][i % 3].to_owned(),
                subcategory: String::new(),
                contact: "李示例".to_owned(),
                phone: "12612345678".to_owned(),
                confidential: false,
                address: "示例地址".to_owned(),
                text: "示例诉求".to_owned(),
                org: "示例单位".to_owned(),
                satisfaction: None,
                // Every tenth has no position.
                point: (i % 10 != 0)
                    .then(|| Cgcs2000::clamped(116.7005 + f64::from(lon) / 1e9, 35.4205 + f64::from(lat) / 1e9)),
            }
        })
        .collect()
}

pub fn contents() -> Contents {
    let built = build(lattice(), &partition(7, COLUMNS as i32, ROWS as i32), &BuildOptions::default());
    let coverage = built.coverage.expect("a clean partition builds");
    let hierarchy = Hierarchy::new(units(), 3, coverage.faces().len());
    assert_eq!(hierarchy.faults(), []);
    let level = |key: &str, name: &str, name_en: &str| Level {
        key: key.to_owned(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        code_length: None,
        bands: Vec::new(),
    };
    let recorded = "2026-01-02T03:04:05Z".parse::<Timestamp>().unwrap();
    Contents {
        version: 3,
        recorded,
        history: History::of_one(3, Date::constant(2026, 1, 2), recorded),
        district: District {
            code: "9".to_owned(),
            name: "示例区".to_owned(),
            name_en: "Example District".to_owned(),
            aliases: Vec::new(),
            synthetic: true,
            mark: "示例数据".to_owned(),
            plane: PlaneCrs(4548),
            levels: vec![
                level("street", "街道", "Street"),
                level("block", "网格", "Block"),
                level("cell", "微网格", "Cell"),
            ],
            required: Required::default(),
        },
        coverage,
        hierarchy,
        roster: roster(),
        places: vec![Place {
            id: "p1".to_owned(),
            kind: "school".to_owned(),
            name: "示例小学".to_owned(),
            address: "示例路1号".to_owned(),
            aliases: Vec::new(),
            point: Cgcs2000::clamped(116.705, 35.424),
            accuracy_m: 5.0,
        }],
        place_edits: 0,
        issues: issues(),
        base: vec![BaseFeature {
            kind: "river".to_owned(),
            name: Some("示例河".to_owned()),
            class: 0,
            shape: BaseShape::Line(vec![(116.70, 35.421), (116.706, 35.425), (116.712, 35.427)]),
        }],
    }
}

/// A running server on a port of its own; it stops when told to, or with the runtime.
#[derive(Debug)]
pub struct Server {
    pub at: SocketAddr,
    pub serving: Arc<Serving>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(Limits::default(), None).await
    }

    pub async fn with(limits: Limits, origin: Option<&str>) -> Self {
        let serving = Serving::new(contents(), look(None).unwrap(), Capacity::default());
        Self::of(serving, limits, origin).await
    }

    pub async fn of(serving: Serving, limits: Limits, origin: Option<&str>) -> Self {
        let serving = Arc::new(serving);
        let app = App::new(
            Arc::clone(&serving),
            limits.clone(),
            origin.map(str::to_owned),
            Actors::of_a_demonstration(Some(("1", "第1街道"))),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(serve(listener, router(&app), limits, async {
            let _ = stopped.await;
        }));
        Self { at, serving, stop, ended }
    }

    pub async fn stop(self) -> Drained {
        let _ = self.stop.send(());
        self.ended.await.unwrap()
    }
}
