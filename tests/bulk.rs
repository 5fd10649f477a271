//! Tables in bulk through the built binary: order, equality with one-by-one answers, every way of writing a table, and memory that does not grow.
//! The judge of what a row is, is the `csv` crate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

#[path = "partition/mod.rs"]
mod partition;
mod town;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use encoding_rs::GB18030;
use flate2::Compression;
use flate2::write::GzEncoder;
use partition::Seeded;
use town::{Desk, Run, Town};
use wangge::crs::Crs;
use wangge::exchange::points::{ADDED, Form, Found, TableForm, Wanted};
use wangge::locate::Outcome;
use wangge::service::locate::{Question, locate};
use wangge::snapshot::Snapshot;
use wangge::store::{GeoPackage, Store};

fn stored() -> Desk {
    let desk = Desk::with(&Town::new());
    desk.import().ends(0);
    desk
}

fn answered(desk: &Desk, table: &[u8], more: &[&str]) -> Run {
    fs::write(desk.path("in.csv"), table).unwrap();
    let args = ["locate", "--store", "town.gpkg", "--input", "in.csv", "--output", "out.csv"];
    desk.run(&[&args[..], more].concat())
}

type Rows = Vec<Vec<Vec<u8>>>;

fn rows(bytes: &[u8], separator: u8) -> Rows {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
    reader.byte_records().map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
}

/// A position in or near the town; one in eight outside it, one in eight on a line.
fn position(random: &mut Seeded) -> (f64, f64) {
    let step = |random: &mut Seeded| f64::from(random.between(-600, 4600)) * 1e-5;
    let (x, y) = (step(random), step(random));
    if random.between(0, 7) == 0 { (116.6 + (x * 100.0).round() / 100.0, 35.4 + y) } else { (116.6 + x, 35.4 + y) }
}

#[test]
fn every_row_of_a_long_table_has_the_answer_that_it_gets_alone() {
    let desk = stored();
    let mut random = Seeded(17);
    let mut table = "id,lon,lat\n".to_owned();
    for i in 0..200_000 {
        let (lon, lat) = position(&mut random);
        match i % 1000 {
            0 => writeln!(table, "{i},{lon:e},{lat:+.9}").unwrap(), // numbers in other forms
            1 => writeln!(table, "{i},\" {lon:.7}\",{lat:.7}　").unwrap(),
            _ => writeln!(table, "{i},{lon:.7},{lat:.7}").unwrap(),
        }
    }
    answered(&desk, table.as_bytes(), &[]).ends(0).tells(&["200000 行 rows", "出错 errors 0"]);
    let snapshot = Snapshot::new(GeoPackage::at(&desk.store()).load().unwrap());
    let (asked, found) = (rows(table.as_bytes(), b','), rows(&fs::read(desk.path("out.csv")).unwrap(), b','));
    assert_eq!(found.len(), 200_001);
    let day = "2025-06-01".parse().unwrap();
    let mut outcomes = [0; 3];
    for (asked, found) in asked.iter().zip(&found).skip(1) {
        assert_eq!(asked[..], found[..3], "the order");
        let number = |cell: &[u8]| std::str::from_utf8(cell).unwrap().trim().parse::<f64>().unwrap();
        let question = Question { crs: Crs::Cgcs2000, x: number(&asked[1]), y: number(&asked[2]), accuracy_m: 0.0 };
        let owned = locate(&snapshot, question, day).unwrap();
        let chain: Vec<&str> = owned.chain.iter().map(|unit| unit.name.as_str()).collect();
        let (code, name) = owned.owner.map_or(("", ""), |unit| (&unit.code, &unit.name));
        let (at, outcome) = match owned.outcome {
            Outcome::Inside => (0, "inside"),
            Outcome::OnBoundary => (1, "boundary"),
            Outcome::Outside => (2, "outside"),
        };
        outcomes[at] += 1;
        let distance = format!("{:.3}", (owned.boundary.distance_m * 1000.0).round() / 1000.0);
        let want = [code, name, &chain.join(" > "), &distance, outcome, ""];
        let found: Vec<&str> = found[3..].iter().map(|cell| std::str::from_utf8(cell).unwrap()).collect();
        assert_eq!(found, want, "{question:?}");
    }
    assert!(outcomes.iter().all(|n| *n > 1000), "{outcomes:?}");
}

/// Texts from which tables are put together, with everything that rows and cells can end with.
const PIECES: [&str; 16] =
    ["a", "116.6", "35.4", "-1", "\"", "\"\"", "\"x\"", ",", ",", ";", "\n", "\n", "\r\n", "\r", "中", " "];

#[test]
fn any_table_is_answered_row_by_row_wherever_it_was_cut() {
    let mut random = Seeded(29);
    for round in 0..20_000 {
        let mut table = "lon,lat,x\n".to_owned();
        for _ in 0..random.between(0, 40) {
            table.push_str(PIECES[random.between(0, 15) as usize]);
        }
        let bytes = table.as_bytes();
        let (form, used) = TableForm::read(bytes, true, &Wanted::default()).unwrap();
        let form = Form::Table(form);
        let owner = form.owner_cells("1", "a,b\"c", "x > y");
        let find = |x: f64| {
            let found = || Found { owner: &owner, distance_m: 1.0, outcome: Outcome::Inside, neighbours: Vec::new() };
            if x > 0.0 { Ok(found()) } else { Err("is, \"negative\"".to_owned()) }
        };
        let mut cutter = form.cutter(1 << 20, 2);
        let (mut out, mut at, mut blocks, mut count) = (form.beginning(), used, Vec::new(), 0);
        while at < bytes.len() {
            let end = (at + random.between(1, 9) as usize).min(bytes.len());
            cutter.push(&bytes[at..end]).unwrap();
            at = end;
            if random.between(0, 2) == 0 {
                blocks.extend(cutter.take());
            }
        }
        blocks.extend(cutter.finish());
        for block in &blocks {
            let part = form.answer(block, |asked| asked.iter().map(|(x, _)| find(*x)).collect());
            for bad in &part.bad {
                let lines = table.matches('\n').count() as u64 + 1;
                assert!((2..=lines).contains(&bad.line), "round {round}: {bad:?}");
            }
            count += part.rows as usize;
            out.extend(part.bytes);
        }
        let (before, after) = (rows(bytes, b','), rows(&out, b','));
        assert_eq!((before.len(), count + 1), (after.len(), after.len()), "round {round}: {table:?}");
        for (before, after) in before.iter().zip(&after) {
            let cells = before.len().max(3);
            assert_eq!(after.len(), cells + ADDED.len(), "round {round}: {table:?}");
            assert_eq!(before[..], after[..before.len()], "round {round}: {table:?}");
        }
    }
}

#[test]
fn separators_encodings_marks_and_line_ends_are_kept() {
    let desk = stored();
    let table = "编号;经度;纬度;备注\r\n1;116.605;35.405;\"a;\"\"b\"\"\r\nc\"\r\n\r\n2;116.635;35.435;朗诵|x\r\n";
    for separator in [';', '\t', '|', ','] {
        for (gbk, mark) in [(false, false), (false, true), (true, false)] {
            let text = table.replace("朗诵|x", "朗诵x").replace(';', &separator.to_string());
            let encode = |text: &str| if gbk { GB18030.encode(text).0.into_owned() } else { text.as_bytes().to_vec() };
            let mut bytes = if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
            bytes.extend(encode(&text));
            answered(&desk, &bytes, &[]).ends(0).tells(&["2 行 rows", "出错 errors 0"]);
            let out = fs::read(desk.path("out.csv")).unwrap();
            let out = out.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or_else(|| {
                assert!(!mark, "the mark is lost");
                &out
            });
            let s = separator;
            let quoted = format!("a{s}\"\"b\"\"\r\nc");
            let want = format!(
                "编号{s}经度{s}纬度{s}备注{s}code{s}name{s}chain{s}distance_m{s}outcome{s}error\r\n1{s}116.605{s}35.405{s}\"{quoted}\"{s}A111{s}网格A111{s}第1街道 > 社区11 > 网格A111{s}"
            );
            let text = if gbk { GB18030.decode_without_bom_handling(out).0 } else { String::from_utf8_lossy(out) };
            assert!(text.starts_with(&want), "{text}");
            let last = format!("\r\n2{s}116.635{s}35.435{s}朗诵x{s}A224{s}网格A224{s}");
            assert!(text.contains(&last) && text.ends_with(&format!("{s}inside{s}\r\n")), "{text}");
            assert_eq!(text.matches("\r\n").count(), text.matches('\n').count(), "line ends are mixed: {text}");
        }
    }
}

/// In GBK the second byte of 亅 (0x81 0x7C) is that of `|`.
#[test]
fn a_bar_within_a_chinese_character_separates_nothing() {
    let desk = stored();
    let mut table = b"X|Y|\xc3\xfb\xb3\xc6\n".to_vec();
    table.extend(b"116.605|35.405|\x81\x7c\x81\x7c\n116.605|35.405|\"\x81\x7c|\"\n");
    answered(&desk, &table, &["--lon-column", "X", "--lat-column", "Y"]).ends(0).tells(&["2 行 rows", "出错 errors 0"]);
    let out = fs::read(desk.path("out.csv")).unwrap();
    let second = out.split(|b| *b == b'\n').nth(1).unwrap();
    assert!(second.starts_with(b"116.605|35.405|\x81\x7c\x81\x7c|A111|"), "{second:?}");
}

#[test]
fn a_table_without_a_header_goes_by_numbers() {
    let desk = stored();
    let table = b"1,35.405,116.605\n2,35.435,116.635\n";
    answered(&desk, table, &[]).ends(2).says(&["in.csv, line 1", "looks like data", "no header row"]);
    let columns = ["--lon-column", "3", "--lat-column", "2", "--no-header"];
    answered(&desk, table, &columns).ends(0).tells(&["2 行 rows", "出错 errors 0"]);
    let out = fs::read_to_string(desk.path("out.csv")).unwrap();
    assert!(out.starts_with("1,35.405,116.605,A111,网格A111,") && out.lines().count() == 2, "{out}");
    answered(&desk, table, &["--lon-column", "4", "--lat-column", "2", "--no-header"]).ends(2).says(&["“4”", "1 to 3"]);
    answered(&desk, table, &["--lon-column", "2", "--lat-column", "2", "--no-header"]).ends(2).says(&["both"]);
    answered(&desk, table, &["--no-header"]).ends(2).says(&["--lon-column"]);
    // A mark behind an empty line is none (found by fuzzing): it is part of the first cell and stays so.
    answered(&desk, b"\n\xef\xbb\xbfx,35.405,116.605\n", &columns).ends(0);
    assert!(fs::read(desk.path("out.csv")).unwrap().starts_with(b"\n\xef\xbb\xbfx,35.405,116.605,A111,"));
    // Numbers count columns in a table with names, too.
    answered(&desk, b"a,b,c\n1,35.405,116.605\n", &["--lon-column", "3", "--lat-column", "b"]).ends(0);
    assert!(fs::read_to_string(desk.path("out.csv")).unwrap().contains(",A111,"));
}

#[test]
fn flags_say_what_cannot_be_detected() {
    let desk = stored();
    let table = b"lon^lat\n116.605^35.405\n";
    answered(&desk, table, &["--delimiter", "^", "--prefix", "grid_", "--accuracy-m", "600"]).ends(0);
    let out = fs::read_to_string(desk.path("out.csv")).unwrap();
    assert!(out.starts_with("lon^lat^grid_code^grid_name^"), "{out}");
    assert!(out.lines().next().unwrap().ends_with("^grid_error^grid_neighbours"), "{out}");
    assert!(out.lines().nth(1).unwrap().contains("^inside^^A112 ") || out.contains("^inside^^A113 "), "{out}");
    answered(&desk, table, &["--delimiter", "ab"]).ends(2).says(&["a separator is one character"]);
    answered(&desk, table, &["--encoding", "klingon"]).ends(2).says(&["utf-8, gbk or gb18030"]);
    answered(&desk, b"lon,lat\n1,2\n", &["--crs", "epsg:9999"]).ends(2).says(&["EPSG:9999"]);
    // Two megabytes of ASCII before the first Chinese character: the answers are in its encoding all the same.
    let mut late = b"lon,lat,memo\n".to_vec();
    for _ in 0..120_000 {
        late.extend(b"116.605,35.405,abc\n");
    }
    late.extend(b"116.605,35.405,");
    late.extend(&*GB18030.encode("名称\n").0);
    answered(&desk, &late, &[]).ends(0);
    let (out, damaged) = {
        let bytes = fs::read(desk.path("out.csv")).unwrap();
        let (text, damaged) = GB18030.decode_without_bom_handling(&bytes);
        (text.into_owned(), damaged)
    };
    assert!(!damaged && out.lines().all(|line| line.starts_with("lon") || line.contains("第1街道")));
}

#[test]
fn what_is_damaged_is_told_in_its_row_or_ends_the_run_by_name() {
    let desk = stored();
    answered(&desk, b"", &[]).ends(2).says(&["in.csv: is empty"]);
    answered(&desk, b"\n\r\n\n", &[]).ends(2).says(&["in.csv: is empty"]);
    answered(&desk, b"lon,lat\n", &[]).ends(0).tells(&["0 行 rows"]);
    answered(&desk, b"lon,lat,m\n116.605,35.405\n116.605,35.405,a,b\n116.605,35.405,\"open\n1,2,3\n", &[])
        .ends(0)
        .tells(&["3 行 rows", "出错 errors 3"]);
    let out = fs::read(desk.path("out.csv")).unwrap();
    let found: Vec<Vec<String>> =
        rows(&out, b',').iter().map(|r| r.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect()).collect();
    assert_eq!(found[1][3..], ["", "", "", "", "error", "the row has 2 cells, the header 3"]);
    assert_eq!(found[2][4..], ["", "", "", "", "error", "the row has 4 cells, the header 3"]);
    assert_eq!(found[3][2..], ["open\n1,2,3\n", "", "", "", "", "error", "a quote is not closed"]);
    // Five megabytes in one row, after three good ones: the run ends there, and those three are written.
    let long = format!("lon,lat\n{}\"{}", "116.605,35.405\n".repeat(3), "x".repeat(5 << 20));
    answered(&desk, long.as_bytes(), &[]).ends(2).says(&["in.csv, after row 3", "begins on line 5", "4194304 bytes"]);
    assert_eq!(fs::read_to_string(desk.path("out.csv")).unwrap().lines().count(), 4);
    // Four megabytes less a little are a row.
    let wide = format!("lon,lat,m\n116.605,35.405,{}\n116.605,35.405,y\n", "x".repeat((4 << 20) - 100));
    answered(&desk, wide.as_bytes(), &[]).ends(0).tells(&["2 行 rows", "出错 errors 0"]);
}

#[test]
fn a_packed_table_is_read_and_a_damaged_one_told() {
    let desk = stored();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"lon,lat\n").unwrap();
    for _ in 0..100_000 {
        packed.write_all(b"116.605,35.405\n").unwrap();
    }
    let packed = packed.finish().unwrap();
    answered(&desk, &packed, &[]).ends(0).tells(&["100000 行 rows", "出错 errors 0"]);
    assert_eq!(fs::read_to_string(desk.path("out.csv")).unwrap().lines().count(), 100_001);
    answered(&desk, &packed[..packed.len() - 4], &[]).ends(2).says(&["in.csv, after row"]);
}

/// The most memory that a run of so many rows took, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(desk: &Desk, count: usize) -> u64 {
    use std::process::{Command, Stdio};

    let mut table = "id,lon,lat,name\n".to_owned();
    let mut random = Seeded(count as u64);
    for i in 0..count {
        let (lon, lat) = position(&mut random);
        writeln!(table, "{i},{lon:.6},{lat:.6},\"测试路{i}号\"").unwrap();
    }
    fs::write(desk.path("in.csv"), table).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wangge"))
        .args(["locate", "--store", "town.gpkg", "--input", "in.csv", "--output", "out.csv"])
        .current_dir(desk.folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let said = fs::read_to_string(&status).unwrap_or_default();
        let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    assert!(peak > 0, "the memory was not read");
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn ten_times_the_rows_take_no_more_memory() {
    let desk = stored();
    let (short, long) = (peak_kib(&desk, 200_000), peak_kib(&desk, 2_000_000));
    assert!(long <= short + 8 * 1024, "{short} KiB for 200,000 rows, {long} KiB for 2,000,000");
}
