//! `wangge locate`: one position, a pasted text, and whole tables – every row answered, none lost, in the encoding it came in.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use std::fmt::Write as _;
use std::fs;

use encoding_rs::GB18030;
use town::{Desk, Town, code};

fn stored() -> Desk {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    desk
}

#[test]
fn a_table_keeps_every_row_and_column_and_tells_the_bad_ones() {
    let desk = stored();
    let table = "编号,经度,纬度,备注\n1,116.605,35.405,\"a,b\"\n2,116.635,35.435,\n3,,35.4,空\n4,abc,35.4,\n5,116.605,135.4,\n6,117.5,35.4,远\n7,116.605\n8,116.610,35.405,线上\n";
    fs::write(desk.path("in.csv"), table).unwrap();
    let args = ["locate", "--store", "town.gpkg", "--input", "in.csv", "--output", "out.csv", "--errors", "bad.csv"];
    desk.run(&args).ends(0).tells(&["8 行 rows", "出错 errors 4"]);
    let out = fs::read_to_string(desk.path("out.csv")).unwrap();
    let rows: Vec<_> = out.lines().collect();
    assert_eq!(rows[0], "编号,经度,纬度,备注,code,name,chain,distance_m,outcome,error");
    assert!(
        rows[1].starts_with(&format!("1,116.605,35.405,\"a,b\",{},网格{},第1街道 > 社区11 > ", code(0, 0), code(0, 0))),
        "{}",
        rows[1]
    );
    assert!(rows[1].contains(",454.18") && rows[1].ends_with(",inside,"), "{}", rows[1]); // half of 0.01° of longitude here
    assert!(rows[2].contains(&format!(",{},", code(3, 3))), "{}", rows[2]);
    assert!(rows[3].ends_with(",,,,,error,经度 is empty"), "{}", rows[3]);
    assert!(rows[4].ends_with("error,经度 is not a number"), "{}", rows[4]);
    assert!(rows[5].contains("error,") && rows[5].contains("latitude is 135.4"), "{}", rows[5]);
    assert!(rows[6].starts_with("6,117.5,35.4,远,,,,") && rows[6].ends_with(",outside,"), "{}", rows[6]);
    assert!(rows[7].starts_with("7,116.605,,,,,,,error,纬度 is empty"), "{}", rows[7]);
    assert!(rows[8].contains(&format!(",{},", code(1, 0))) && rows[8].ends_with(",0.000,boundary,"), "{}", rows[8]);
    let bad = fs::read_to_string(desk.path("bad.csv")).unwrap();
    assert_eq!(bad.lines().map(|l| l.split(',').next().unwrap()).collect::<Vec<_>>(), ["line", "4", "5", "6", "8"]);
}

#[test]
fn a_gbk_table_with_columns_of_its_own_stays_gbk() {
    let desk = stored();
    let mut table = "名称;X;Y\n".to_owned();
    for i in 0..5_000 {
        writeln!(table, "点{i};{:.6};{:.6}", 116.6 + f64::from(i % 400) / 1e4, 35.4 + f64::from(i % 377) / 1e4)
            .unwrap();
    }
    fs::write(desk.path("in.csv"), GB18030.encode(&table).0).unwrap();
    let args = ["locate", "--store", "town.gpkg", "--input", "in.csv", "--output", "out.csv"];
    let columns = ["--lon-column", "X", "--lat-column", "Y"];
    desk.run(&[&args[..], &columns].concat()).ends(0).tells(&["5000 行 rows", "出错 errors 0"]);
    let (out, _, damaged) = GB18030.decode(&fs::read(desk.path("out.csv")).unwrap()).into_owned_parts();
    assert!(!damaged);
    assert_eq!(out.lines().count(), 5_001);
    assert!(out.lines().nth(1).unwrap().starts_with("点0;116.600000;35.400000;A111;网格A111;"), "{out:.200}");
    desk.run(&[&args[..], &["--lon-column", "Z"]].concat()).ends(2).says(&["column “Z”", "found: 名称, X, Y"]);
}

trait Owned {
    fn into_owned_parts(self) -> (String, &'static encoding_rs::Encoding, bool);
}

impl Owned for (std::borrow::Cow<'_, str>, &'static encoding_rs::Encoding, bool) {
    fn into_owned_parts(self) -> (String, &'static encoding_rs::Encoding, bool) {
        (self.0.into_owned(), self.1, self.2)
    }
}

#[test]
fn a_table_that_cannot_be_read_is_told_and_nothing_is_written_over() {
    let desk = stored();
    let run =
        |input: &str, output: &str| desk.run(&["locate", "--store", "town.gpkg", "--input", input, "--output", output]);
    fs::write(desk.path("in.csv"), "a,b\n1,2\n").unwrap();
    run("in.csv", "out.csv").ends(2).says(&["in.csv, line 1: column lon is missing (found: a, b)"]);
    run("none.csv", "out.csv").ends(2).says(&["none.csv: there is no such file"]);
    fs::write(desk.path("in.csv"), "lon,lat\n116.6,35.4\n").unwrap();
    run("in.csv", "in.csv").ends(2).says(&["is the input itself"]);
    assert_eq!(fs::read_to_string(desk.path("in.csv")).unwrap(), "lon,lat\n116.6,35.4\n");
    let endless = format!("lon,lat\n\"{}", "x\n".repeat(6 << 20));
    fs::write(desk.path("in.csv"), endless).unwrap();
    run("in.csv", "out.csv").ends(2).says(&["in.csv, after row 0", "a quote is not closed"]);
}

#[test]
fn systems_and_pasted_texts_find_the_same_unit() {
    let desk = stored();
    // 116.6200, 35.4100 of the golden table, moved into the middle of a cell by the same amounts in each system: see docs of crs.
    for args in [
        &["116.6250", "35.4150"][..],
        &["--crs", "wgs84", "116.6250", "35.4150"],
        &["116.6250, 35.4150", "--crs", "cgcs2000"],
        &["35.4150,116.6250", "--crs", "cgcs2000"],
        &["116°37'30\"E 35°24'54\"N"],
    ] {
        desk.run(&[&["locate", "--store", "town.gpkg"], args].concat()).ends(0).tells(&[&code(2, 1)]);
    }
    desk.run(&["locate", "--store", "town.gpkg", "116.625,35.415"]).ends(0).tells(&["--crs", "gcj02", "bd09"]);
    desk.run(&["locate", "--store", "town.gpkg", "不是坐标"]).ends(2).says(&["坐标无法识别", "write for example"]);
    desk.run(&["locate", "--store", "town.gpkg", "100.0,20.0"]).ends(2).says(&["测试区", "--crs"]);
    desk.run(&["locate", "--store", "town.gpkg", "NaN", "35.4"]).ends(2);
    desk.run(&["locate", "--store", "town.gpkg", "116.6", "95"]).ends(2).says(&["latitude is 95"]);
    let near = desk.run(&["locate", "--store", "town.gpkg", "--accuracy-m", "30", "116.6102", "35.405"]).ends(0);
    near.tells(&["贴边", &code(0, 0), &code(1, 0)]);
}
