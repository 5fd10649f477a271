//! Tables of addresses through the built binary: each row as it is answered alone, in order, whatever the table was written in; workbooks that are
//! damaged, or mean to be too large; and nothing half written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod town;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};

use encoding_rs::GB18030;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use town::{Desk, Run, Town};
use wangge::exchange::addresses::ADDED;
use wangge::service::search::{CANDIDATES, address, search};
use wangge::snapshot::Snapshot;
use wangge::store::{GeoPackage, Store};

const TEXTS: [&str; 10] = [
    "测试路{}号",
    "测试路{}号漏水，\"请\"尽快处理",
    "第1街道测试路{}号",
    "测试路{}号附近",
    "{}栋",
    "测试路",
    "社区11",
    "北京市朝阳区国贸大厦{}层",
    "说不清楚在哪里",
    "  ",
];

fn stored() -> Desk {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    desk
}

/// A header and rows with an address, some with a line break in another cell.
fn orders(count: usize) -> Vec<[String; 3]> {
    let mut rows = vec![["工单编号", "地址", "备注"].map(str::to_owned)];
    for i in 0..count {
        let text = TEXTS[i % TEXTS.len()].replace("{}", &(i * 7 % 230).to_string());
        let note = if i % 13 == 5 { "第一行\n第二行, \"引号\"".to_owned() } else { format!("备注{i}") };
        rows.push([format!("SL20250101{i:06}"), text, note]);
    }
    rows
}

fn csv_of(rows: &[[String; 3]]) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    rows.iter().for_each(|row| table.write_record(row).unwrap());
    table.into_inner().unwrap()
}

fn workbook_of(rows: &[[String; 3]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("工单").unwrap();
    for (at, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            sheet.write_string(at, column, cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn answered(desk: &Desk, (input, output): (&str, &str), bytes: &[u8], more: &[&str]) -> Run {
    fs::write(desk.path(input), bytes).unwrap();
    let args = ["search", "--store", "town.gpkg", "--input", input, "--output", output];
    desk.run(&[&args[..], more].concat())
}

fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn table(desk: &Desk, name: &str) -> Vec<Vec<String>> {
    cells(&fs::read(desk.path(name)).unwrap())
}

/// Nothing is left of a run but what it was asked for.
fn leaves_no_parts(desk: &Desk) {
    let parts = fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!parts.into_iter().any(|name| name.to_string_lossy().ends_with(".part")));
}

#[test]
fn every_row_stands_once_in_order_with_the_answer_that_it_gets_alone() {
    let desk = stored();
    let asked = orders(4000);
    let run = answered(&desk, ("in.csv", "out.csv"), &csv_of(&asked), &["--errors", "ask.csv"]).ends(0);
    let found = table(&desk, "out.csv");
    assert_eq!(found.len(), asked.len());
    assert_eq!(found[0][3..], ADDED);
    let snapshot = Snapshot::new(GeoPackage::at(&desk.store()).load().unwrap());
    let (mut outcomes, mut unsolved) = (BTreeMap::new(), Vec::new());
    for (asked, found) in asked.iter().zip(&found).skip(1) {
        assert_eq!(asked[..], found[..3], "the order");
        let [code, name, chain, place, level, score, outcome, reason, lon, lat, distance, error] = &found[3..] else {
            panic!("{found:?}")
        };
        *outcomes.entry(outcome.clone()).or_insert(0) += 1;
        if asked[1].trim().is_empty() {
            assert_eq!((&**outcome, &**error), ("error", "地址 is empty"));
            unsolved.push([outcome.clone(), "is empty".to_owned()]);
            continue;
        }
        let alone = search(&snapshot, &asked[1], CANDIDATES).unwrap();
        assert_eq!(outcome, alone.answer.ambiguity.key(), "{asked:?}");
        assert_eq!(*reason, alone.answer.ask.clone().unwrap_or_default(), "{asked:?}");
        assert_eq!(error, "");
        if outcome != "none" {
            unsolved.push([outcome.clone(), reason.clone()]);
        }
        let Some(best) = alone.answer.candidates.first() else {
            assert!(found[3..9].iter().all(String::is_empty), "{found:?}");
            continue;
        };
        let owner = best.owner.map(|owner| snapshot.hierarchy.unit(owner));
        assert_eq!((&**code, &**name), owner.map_or(("", ""), |unit| (&unit.code, &unit.name)));
        assert_eq!(chain.is_empty(), owner.is_none());
        assert!(chain.ends_with(name.as_str()));
        assert_eq!((place, &**level), (&address(&snapshot, best), best.level.key()));
        assert_eq!(*score, format!("{:.2}", best.score));
        let point = best.point.map(|point| (format!("{:.7}", point.lon()), format!("{:.7}", point.lat())));
        assert_eq!((lon.clone(), lat.clone()), point.unwrap_or_default());
        assert_eq!(distance.is_empty(), best.point.is_none());
    }
    let of = |outcome: &str| outcomes.get(outcome).copied().unwrap_or(0);
    assert!(["none", "unknown", "error"].into_iter().all(|outcome| of(outcome) >= 100), "{outcomes:?}");
    assert!(of("name") + of("level") + of("boundary") >= 100 && of("elsewhere") >= 100, "{outcomes:?}");
    let ask = of("name") + of("level") + of("boundary");
    let by_reason = [("名称 name", "name"), ("级别 level", "level"), ("贴边 boundary", "boundary")];
    let by_reason = by_reason.map(|(said, key)| format!("{said} {}", of(key))).join("，");
    run.says(&[
        "地址列 column of addresses: 地址",
        &format!("归属明确 one owner {}\n", of("none")),
        &format!("需追问 ask first {ask}（{by_reason}）"),
        &format!("区外 elsewhere {}\n", of("elsewhere")),
        &format!("未找到 not found {}\n", of("unknown")),
        &format!("无法读取 not readable {}\n", of("error")),
    ]);
    let listed: Vec<[String; 2]> =
        table(&desk, "ask.csv").iter().skip(1).map(|row| [row[3].clone(), row[4].clone()]).collect();
    assert_eq!(listed, unsolved);
    leaves_no_parts(&desk);
}

#[test]
fn utf8_gbk_and_workbooks_give_the_same_answers() {
    let desk = stored();
    let rows = orders(700);
    let text = csv_of(&rows);
    let gbk = GB18030.encode(std::str::from_utf8(&text).unwrap()).0.into_owned();
    answered(&desk, ("in.csv", "utf8.csv"), &text, &["--errors", "utf8-ask.csv"]).ends(0);
    answered(&desk, ("gbk.csv", "gbk-out.csv"), &gbk, &["--errors", "gbk-ask.csv", "--bom"]).ends(0);
    answered(&desk, ("in.xlsx", "xlsx-out.csv"), &workbook_of(&rows), &["--errors", "xlsx-ask.csv"]).ends(0);
    let want = fs::read(desk.path("utf8.csv")).unwrap();
    let marked = fs::read(desk.path("gbk-out.csv")).unwrap();
    assert_eq!(marked.strip_prefix(b"\xef\xbb\xbf".as_slice()), Some(&*want));
    assert_eq!(fs::read(desk.path("xlsx-out.csv")).unwrap(), want);
    // A mark of the input does not come through unasked.
    answered(&desk, ("marked.csv", "unmarked.csv"), &[b"\xef\xbb\xbf", &*text].concat(), &[]).ends(0);
    assert_eq!(fs::read(desk.path("unmarked.csv")).unwrap(), want);
    assert_eq!(fs::read(desk.path("gbk-ask.csv")).unwrap(), fs::read(desk.path("utf8-ask.csv")).unwrap());
    // Lines of a text, rows of a sheet.
    let (lines, sheet) = (table(&desk, "utf8-ask.csv"), table(&desk, "xlsx-ask.csv"));
    let ids: BTreeMap<usize, &[String; 3]> = (1..).zip(&rows).collect();
    assert_eq!(lines.len(), sheet.len());
    for (line, row) in lines.iter().zip(&sheet).skip(1) {
        assert_eq!(line[1..], row[1..]);
        let row_number: usize = row[0].parse().unwrap();
        assert_eq!(ids[&row_number][1].chars().take(40).collect::<String>().trim(), row[2].trim());
        assert!(line[0].parse::<usize>().unwrap() >= row_number);
    }
    // And a workbook of answers says what the text says; read again, its rows are rows like any other.
    answered(&desk, ("in.csv", "out.xlsx"), &text, &[]).ends(0);
    let back = fs::read(desk.path("out.xlsx")).unwrap();
    let more = ["--column", "地址", "--prefix", "again_"];
    answered(&desk, ("back.xlsx", "back.csv"), &back, &more).ends(0);
    for (want, found) in cells(&want).iter().zip(table(&desk, "back.csv")).skip(1) {
        let number = |cell: &String| cell.parse::<f64>().map_or_else(|_| cell.clone(), |n| n.to_string());
        let want_read: Vec<String> = want.iter().map(number).collect();
        assert_eq!(found[..15].iter().map(number).collect::<Vec<_>>(), want_read);
        assert_eq!(found[15..], want[3..]);
    }
}

#[test]
fn the_column_is_named_numbered_or_found_and_a_wrong_name_says_which_there_are() {
    let desk = stored();
    let text = "编号,联系地址,事发地址,地址\n1,测试路1号,测试路5号,测试路9号\n".as_bytes();
    let owner = |more: &[&str]| {
        answered(&desk, ("in.csv", "out.csv"), text, more).ends(0);
        table(&desk, "out.csv")[1][7].clone()
    };
    assert!(owner(&[]).contains("测试路5号"), "where it happened comes before where somebody lives");
    assert!(owner(&["--column", "地址"]).contains("测试路9号"));
    assert!(owner(&["--column", "2"]).contains("测试路1号"));
    let wrong = answered(&desk, ("in.csv", "none.csv"), text, &["--column", "地点"]).ends(2);
    wrong.says(&["in.csv, line 1", "“地点”", "found: 编号, 联系地址, 事发地址, 地址"]);
    let unnamed = answered(&desk, ("in.csv", "none.csv"), "a,b\n1,测试路5号\n".as_bytes(), &[]).ends(2);
    unnamed.says(&["column of addresses", "事发地址", "found: a, b"]);
    answered(&desk, ("in.csv", "none.csv"), text, &["--sheet", "工单"]).ends(2).says(&["no workbook"]);
    assert!(!desk.path("none.csv").exists());
    let bare = "1;测试路5号\n2;测试路9号\n".as_bytes();
    answered(&desk, ("in.csv", "out.csv"), bare, &["--no-header", "--column", "2"]).ends(0).tells(&["2 行 rows"]);
    desk.run(&["search", "--store", "town.gpkg", "--input", "in.csv", "--output", "in.csv", "--column", "2"])
        .ends(2)
        .says(&["is the input itself"]);
    assert_eq!(fs::read(desk.path("in.csv")).unwrap(), bare);
    answered(&desk, ("in.csv", "none.csv"), text, &["--errors", "none.csv"]).ends(2).says(&["for the errors"]);
}

#[test]
fn numbers_dates_and_empty_rows_of_a_sheet_read_as_they_are_shown() {
    let desk = stored();
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap();
    let sheet = workbook.add_worksheet().set_name("工单").unwrap();
    let (date, time) = (Format::new().set_num_format("yyyy-mm-dd"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
    for (column, name) in (0..).zip(["编号", "日期", "地址", "数", "是", "时间"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    // A row without cells is none; the next is the sheet's third.
    sheet.write_number(2, 0, 370_871_001_203.0).unwrap();
    sheet.write_datetime_with_format(2, 1, ExcelDateTime::from_ymd(2025, 3, 1).unwrap(), &date).unwrap();
    sheet.write_string(2, 2, "测试路5号").unwrap();
    sheet.write_number(2, 3, 0.1 + 0.2).unwrap();
    sheet.write_boolean(2, 4, true).unwrap();
    let moment = ExcelDateTime::from_ymd(2025, 3, 1).unwrap().and_hms(8, 30, 0).unwrap();
    sheet.write_datetime_with_format(2, 5, moment, &time).unwrap();
    sheet.write_number(3, 0, 2).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    answered(&desk, ("in.xlsx", "out.csv"), &bytes, &["--sheet", "工单", "--errors", "ask.csv"])
        .ends(0)
        .tells(&["2 行 rows"]);
    let found = table(&desk, "out.csv");
    assert_eq!(found[1][..6], ["370871001203", "2025-03-01", "测试路5号", "0.3", "TRUE", "2025-03-01 08:30:00"]);
    assert_eq!((&*found[2][0], &*found[2][2], found[2].len()), ("2", "", 6 + ADDED.len()));
    let ask = table(&desk, "ask.csv");
    // The sheet's second row has no cells and is none; the third is answered; the fourth is told by its number in the sheet.
    assert_eq!(ask[1..], [["4", "地址", "", "error", "is empty"]]);
    answered(&desk, ("in.xlsx", "none.csv"), &bytes, &[]).ends(2).says(&["in.xlsx", "is empty"]);
    answered(&desk, ("in.xlsx", "none.csv"), &bytes, &["--sheet", "二"]).ends(2).says(&["“二”", "found: 说明, 工单"]);
}

/// A workbook of one sheet with these cells, its parts as Excel names them, and so many blanks behind.
fn made_by_hand(rows: &str, blanks: usize) -> Vec<u8> {
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let book = format!(
        "<workbook {main} xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let head = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>地址</t></is></c></row>";
    let sheet = format!("<worksheet {main}><sheetData>{head}{rows}</sheetData></worksheet>{}", " ".repeat(blanks));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_broken_or_boundless_workbook_says_so_and_loses_nothing() {
    let desk = stored();
    fs::write(desk.path("out.csv"), "kept").unwrap();
    let whole = workbook_of(&orders(300));
    let refused = |bytes: &[u8], words: &[&str]| {
        answered(&desk, ("in.xlsx", "out.csv"), bytes, &["--errors", "ask.csv"]).ends(2).says(words);
        assert_eq!(fs::read(desk.path("out.csv")).unwrap(), b"kept");
        assert!(!desk.path("ask.csv").exists());
        leaves_no_parts(&desk);
    };
    refused(&whole[..whole.len() / 2], &["工作簿已损坏", "no Excel workbook"]);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 400].fill(0);
    refused(&damaged, &["工作簿已损坏", "no Excel workbook"]);
    refused(&made_by_hand("", 300 << 20), &["文件过大", "unpacks to more than 268435456"]);
    let cell = |at: &str| format!("<row><c r=\"{at}\"><v>1</v></c></row>");
    refused(&made_by_hand(&cell("XFD1048576"), 0), &["文件过大", "columns is more than 1024"]);
    refused(&made_by_hand(&cell("ALL1048576"), 0), &["文件过大", "unpacks to more than"]);
    refused(&made_by_hand(&cell("A9999999"), 0), &["文件过大", "rows is more than 1048576"]);
    refused(&made_by_hand(&(cell("A5") + &cell("A2")), 0), &["row 2 comes after row 5"]);
    // The run itself ends early: a row that no sheet can have.
    let long = format!("地址,备注\n测试路5号,{}\n", "长".repeat(40_000));
    fs::write(desk.path("out.xlsx"), "kept").unwrap();
    answered(&desk, ("in.csv", "out.xlsx"), long.as_bytes(), &[]).ends(2).says(&["32767 characters"]);
    assert_eq!(fs::read(desk.path("out.xlsx")).unwrap(), b"kept");
    leaves_no_parts(&desk);
}

#[test]
fn rows_that_cannot_be_read_are_told_and_stop_nothing() {
    let desk = stored();
    let mut text = "地址,m\n测试路5号\n测试路6号,a,b\n".as_bytes().to_vec();
    text.extend(b"\xff\xfe,\xe6\x9d\xa5\n");
    text.extend(format!("{},x\n测试路7号,y\n", "字".repeat(5000)).as_bytes());
    answered(&desk, ("in.csv", "out.csv"), &text, &["--errors", "ask.csv", "--encoding", "utf-8"])
        .ends(0)
        .tells(&["5 行 rows"])
        .says(&["无法读取 not readable 4"]);
    let reasons: Vec<String> = table(&desk, "ask.csv").iter().skip(1).map(|row| row[4].clone()).collect();
    assert_eq!(reasons[..2], ["the row has 1 cells, the header 2", "the row has 3 cells, the header 2"]);
    assert_eq!(reasons[2], "is damaged text");
    assert!(reasons[3].contains("5000 characters"), "{reasons:?}");
}
