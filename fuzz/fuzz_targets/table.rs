//! Any bytes as a table: every row is answered once, the answer reads again as the same cells with six more, wherever the stream was cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wangge::exchange::points::{ADDED, Form, Found, TableForm, Wanted};
use wangge::locate::Outcome;

const SEPARATORS: [&str; 5] = [",", ";", "tab", "|", "^"];

fn rows(bytes: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
    let records = reader.byte_records().map(|record| record.expect("bytes in memory are read"));
    records.map(|record| record.iter().map(<[u8]>::to_vec).collect()).collect()
}

fuzz_target!(|data: &[u8]| {
    // The first byte chooses how to read, the second how to cut.
    let [how, step, table @ ..] = data else { return };
    let named = SEPARATORS[usize::from(how & 7) % 5];
    let separator = match named {
        "tab" => b'\t',
        other => other.as_bytes()[0],
    };
    let gbk = how & 8 != 0;
    let wanted = Wanted {
        x: (how & 16 != 0).then(|| "1".to_owned()),
        y: (how & 16 != 0).then(|| "2".to_owned()),
        headless: how & 32 != 0,
        separator: named.parse().ok(),
        encoding: if gbk { "gbk" } else { "utf-8" }.parse().ok(),
        ..Wanted::default()
    };
    let Ok((form, used)) = TableForm::read(table, true, &wanted) else { return };
    let line = form.first_line();
    let form = Form::Table(form);
    let owner = form.owner_cells("37,0;8", "a \"b\" | c", "上 > 下\n");
    let mut asked = 0;
    let mut find = |x: f64, y: f64| {
        asked += 1;
        assert!(x.is_finite() && y.is_finite());
        if x < 0.0 {
            return Err("less, \"than\"; | nothing".to_owned());
        }
        Ok(Found { owner: &owner, distance_m: x.abs(), outcome: Outcome::Inside, neighbours: Vec::new() })
    };
    let mut find = |asked: &[(f64, f64)]| asked.iter().map(|&(x, y)| find(x, y)).collect();
    let mut cutter = form.cutter(1 << 20, line);
    let (mut out, mut answered, mut bad) = (form.beginning(), 0, 0);
    for piece in table[used..].chunks(usize::from(*step) + 1) {
        cutter.push(piece).expect("no row is that long");
        if let Some(block) = cutter.take() {
            let part = form.answer(&block, &mut find);
            (answered, bad) = (answered + part.rows, bad + part.bad.len());
            out.extend(part.bytes);
        }
    }
    if let Some(block) = cutter.finish() {
        let part = form.answer(&block, &mut find);
        (answered, bad) = (answered + part.rows, bad + part.bad.len());
        out.extend(part.bytes);
    }
    // A `|` or `^` within a Chinese character is no separator; the csv crate, which sees bytes, cannot be the judge of that.
    if gbk && matches!(separator, b'|' | b'^') {
        return;
    }
    let unmarked = |bytes: &[u8]| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec();
    let (before, after) = (rows(&unmarked(table), separator), rows(&unmarked(&out), separator));
    let header = usize::from(!wanted.headless);
    assert_eq!(before.len(), after.len(), "rows are lost or made");
    assert_eq!(before.len(), answered as usize + header);
    assert!(bad <= answered as usize && asked <= answered);
    let width = before[0].len();
    for (row, (before, after)) in before.iter().zip(&after).enumerate() {
        let cells = before.len().max(if row < header { 0 } else { width });
        assert_eq!(after.len(), cells + ADDED.len(), "row {row}");
        assert_eq!(after[..before.len()], before[..], "row {row}");
        let outcome = after[cells + 4].as_slice();
        assert!(row < header || matches!(outcome, b"inside" | b"error"), "row {row}");
    }
});
