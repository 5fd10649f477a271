//! A small town for tests: 2 subdistricts, 4 communities, 16 grids on a 4 × 4 board, with people, places and issues – as files.

#![allow(dead_code, reason = "each test file uses its own part of the town")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// West and south edge, and the size of a cell, in hundred-thousandths of a degree.
const WEST: i64 = 11_660_000;
const SOUTH: i64 = 3_540_000;
const CELL: i64 = 1_000;

/// A ring as (lon, lat) in degrees, first point repeated.
pub type Ring = Vec<(f64, f64)>;

#[derive(Clone)]
pub struct Unit {
    pub code: String,
    pub parent: String,
    pub ring: Ring,
}

/// The town as data, to be changed by a test before it is written.
pub struct Town {
    pub toml: String,
    pub units: Vec<Unit>,
    pub uppers: String,
    pub people: String,
    pub branches: String,
    pub places: String,
    pub issues: String,
    pub base: String,
}

/// A corner of the board in degrees: column 0–4 from the west, row 0–4 from the south.
pub fn corner(column: i64, row: i64) -> (f64, f64) {
    ((WEST + column * CELL) as f64 / 1e5, (SOUTH + row * CELL) as f64 / 1e5)
}

/// The code of a cell: subdistrict by halves of the board, community by quarters, grid by place in the quarter.
pub fn code(column: i64, row: i64) -> String {
    format!("A{}{}{}", 1 + column / 2, 1 + row / 2, 1 + column % 2 + 2 * (row % 2))
}

impl Town {
    pub fn new() -> Self {
        let mut units = Vec::new();
        for row in 0..4 {
            for column in 0..4 {
                let code = code(column, row);
                let ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)].map(|(c, r)| corner(column + c, row + r));
                units.push(Unit { parent: code[..3].to_owned(), code, ring: ring.to_vec() });
            }
        }
        let mut uppers = "level,code,name,parent,class,households,population\n".to_owned();
        let mut people = "id,name,phone,role,line,org,units,from,to\n".to_owned();
        for a in 1..=2 {
            writeln!(uppers, "street,A{a},第{a}街道,,,,").unwrap();
            for b in 1..=2 {
                writeln!(uppers, "community,A{a}{b},社区{a}{b},A{a},,,").unwrap();
                writeln!(people, "s{a}{b},李{a}{b},12800000{a}{b}0,specialist,燃气,城建局,A{a}{b},2024-01-01,")
                    .unwrap();
            }
        }
        for (i, unit) in units.iter().enumerate() {
            writeln!(people, "o{i},王{i},128000010{i:02},officer,,街道,{},2024-01-01,", unit.code).unwrap();
        }
        let mut places = "id,kind,name,address,aliases,lon,lat,accuracy_m\n".to_owned();
        let mut issues = "工单编号,接收时间,受理类型,信息来源,联系人,联系电话,是否保密,地址,问题描述,紧急程度,办结时限,一级分类,二级分类,组织机构,办结时间,满意度,经度,纬度\n".to_owned();
        for i in 0..200 {
            let (lon, lat) = (116.601 + 0.00019 * f64::from(i), 35.4013 + 0.00019 * f64::from(i * 7 % 200));
            writeln!(places, "p{i},building,{i}号楼,测试路{i}号,{i}栋;{i}幢,{lon:.6},{lat:.6},5").unwrap();
            let position = if i % 20 == 0 { ",".to_owned() } else { format!("{lon:.6},{lat:.6}") };
            writeln!(issues, "w{i},2025-03-01 08:{:02}:00,投诉,电话,赵某,12800000000,否,测试路{i}号,\"噪声,扰民\",一般,,噪声,施工,城管,2025-03-02 09:00:00,满意,{position}", i % 60).unwrap();
        }
        Self {
            toml: toml(),
            units,
            uppers,
            people,
            branches: "id,name,kind,units,from,to\nb1,第一支部,grid,A11;A12,,\nb2,第二支部,grid,A21;A22,,\n".to_owned(),
            places,
            issues,
            base: r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"road","name":"测试路","class":1},"geometry":{"type":"LineString","coordinates":[[116.60,35.415],[116.64,35.425]]}}]}"#.to_owned(),
        }
    }

    pub fn unit(&mut self, code: &str) -> &mut Unit {
        self.units.iter_mut().find(|u| u.code == code).unwrap()
    }

    pub fn geojson(&self) -> String {
        let features: Vec<_> = self
            .units
            .iter()
            .map(|u| {
                let ring: Vec<_> = u.ring.iter().map(|(x, y)| format!("[{x},{y}]")).collect();
                format!(
                    "{{\"type\":\"Feature\",\"properties\":{{\"code\":\"{}\",\"name\":\"网格{}\",\"parent\":\"{}\",\"class\":\"urban\",\"households\":120,\"population\":360}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}}}",
                    u.code, u.code, u.parent, ring.join(",")
                )
            })
            .collect();
        format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
    }

    /// Writes all files; the answer is the path of `district.toml`.
    pub fn write(&self, folder: &Path) -> PathBuf {
        for (name, content) in [
            ("district.toml", &self.toml),
            ("units.geojson", &self.geojson()),
            ("units.csv", &self.uppers),
            ("people.csv", &self.people),
            ("branches.csv", &self.branches),
            ("places.csv", &self.places),
            ("issues.csv", &self.issues),
            ("base.geojson", &self.base),
        ] {
            fs::write(folder.join(name), content).unwrap();
        }
        folder.join("district.toml")
    }
}

fn toml() -> String {
    let level = |key: &str, name: &str, length| {
        format!("[[level]]\nkey = \"{key}\"\nname = \"{name}\"\nname_en = \"{key}\"\ncode_length = {length}\n")
    };
    format!(
        "[district]\ncode = \"A\"\nname = \"测试区\"\nsynthetic = true\nmark = \"示例数据\"\nplane = \"EPSG:4548\"\nlines = [\"燃气\"]\nlines_level = \"community\"\nofficer_level = \"grid\"\nbranch_level = \"community\"\n{}{}{}[[level.band]]\nclass = \"urban\"\nhouseholds = [100, 500]\n[files]\nunits = [\"units.geojson\", \"units.csv\"]\npeople = [\"people.csv\", \"branches.csv\"]\nplaces = [\"places.csv\"]\nissues = [\"issues.csv\"]\nbase = [\"base.geojson\"]\n",
        level("street", "街道", 2),
        level("community", "社区", 3),
        level("grid", "网格", 4)
    )
}

/// A folder of its own with a town's files and a place for the store.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn with(town: &Town) -> Self {
        let folder = tempfile::tempdir().unwrap();
        town.write(folder.path());
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("town.gpkg")
    }

    /// Runs the binary in the folder, without any setting from outside.
    pub fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wangge"));
        command.args(args).current_dir(self.folder.path()).env_remove("WANGGE_STORE").env_remove("WANGGE_MAX_MB");
        Run::of(command.output().unwrap())
    }

    pub fn import(&self) -> Run {
        self.run(&["import", "--store", "town.gpkg", "--district", "district.toml", "--report", "report"])
    }
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Fails with everything that was printed unless the exit code is this.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Fails unless standard error says all of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "“{word}” is not in: {}", self.err);
        }
        self
    }

    /// Fails unless standard output says all of these.
    #[track_caller]
    pub fn tells(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "“{word}” is not in: {}", self.out);
        }
        self
    }
}
