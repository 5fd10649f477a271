//! A table of a million points with owners put beside them, file to file, against the `csv` crate reading and writing the same file and nothing
//! else: `cargo bench --bench bulk`. Run from the project's folder. The aim is half of that speed; the second line leaves the lookup itself out.

#![allow(clippy::print_stdout)] // figures are what a bench is for

#[path = "../tests/partition/mod.rs"]
mod partition;
mod pairing;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use jiff::Timestamp;
use partition::Seeded;
use wangge::coverage::LatticePoint;
use wangge::crs::Crs;
use wangge::exchange::Limits;
use wangge::exchange::points::{Form, Found, TableForm, Wanted};
use wangge::locate::Outcome;
use wangge::service::bulk::{BLOCK_BYTES, Bulk};
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::Snapshot;

const ROWS: usize = 1_000_000;

/// A table as an address register exports it: number, address, position, a remark now and then. Positions lie within a hundred metres of the
/// sample's places; one in fifty is anywhere in the box around the district.
fn points(path: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let lattice = snapshot.coverage.lattice();
    let Some((low, high)) = snapshot.coverage.bounds() else { return Ok(()) };
    let mut random = Seeded(13);
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "编号,地址,经度,纬度,备注")?;
    for row in 0..ROWS {
        let place = snapshot.places[random.between(0, snapshot.places.len() as i32 - 1) as usize].point;
        let (mut lon, mut lat) = (place.lon(), place.lat());
        lon += f64::from(random.between(-1000, 1000)) * 1e-6;
        lat += f64::from(random.between(-1000, 1000)) * 1e-6;
        if row % 50 == 0 {
            let (x, y) = (random.between(low.x, high.x), random.between(low.y, high.y));
            (lon, lat) = lattice.degrees(LatticePoint::new(x, y));
        }
        let remark = if row % 7 == 0 { "夜间" } else { "" };
        writeln!(file, "{row},崇文大道{}号,{lon:.6},{lat:.6},{remark}", row % 997)?;
    }
    file.flush()
}

/// The whole command's work after the store is loaded.
fn ours(snapshot: &Snapshot, from: &Path, to: &Path) -> Option<u64> {
    let input = File::open(from).ok()?;
    let mut head = Vec::new();
    (&input).take(1 << 20).read_to_end(&mut head).ok()?;
    let (form, used) = TableForm::read(&head, false, &Wanted::default()).ok()?;
    let line = form.first_line();
    let bulk = Bulk::new(snapshot, Form::Table(form), Crs::Cgcs2000, 0.0).ok()?;
    let mut output = File::create(to).ok()?;
    output.write_all(&bulk.form().beginning()).ok()?;
    let cutter = bulk.form().cutter(4 << 20, line);
    let rest = io::Cursor::new(head.split_off(used)).chain(input);
    bulk.run(snapshot, (cutter, rest), output, |_, _| Ok(())).ok().map(|tally| tally.rows)
}

/// One thread, every row with the same answer.
fn without_lookup(from: &Path, to: &Path) -> Option<u64> {
    let input = File::open(from).ok()?;
    let mut head = Vec::new();
    (&input).take(1 << 20).read_to_end(&mut head).ok()?;
    let (form, used) = TableForm::read(&head, false, &Wanted::default()).ok()?;
    let line = form.first_line();
    let form = Form::Table(form);
    let mut output = File::create(to).ok()?;
    output.write_all(&form.beginning()).ok()?;
    let owner =
        form.owner_cells("370871002219010004", "第十网格4号微网格", "柳行街道 > 许厂社区 > 第十网格 > 4号微网格");
    let found = |x: f64, y: f64| {
        Ok(Found { owner: &owner, distance_m: x + y, outcome: Outcome::Inside, neighbours: Vec::new() })
    };
    let mut cutter = form.cutter(4 << 20, line);
    cutter.push(&head[used..]).ok()?;
    let mut rows = 0;
    loop {
        let mut read = 0;
        let fill = |buffer: &mut Vec<u8>| {
            read = (&input).take(BLOCK_BYTES as u64).read_to_end(buffer).unwrap_or_default();
            Ok::<(), wangge::exchange::points::Overlong>(())
        };
        cutter.fill(BLOCK_BYTES, fill).ok()?;
        let Some(block) = cutter.take() else { return Some(rows) };
        let answered = form.answer(&block, |asked| asked.iter().map(|&(x, y)| found(x, y)).collect());
        output.write_all(&answered.bytes).ok()?;
        rows += answered.rows;
        if read == 0 {
            return Some(rows);
        }
    }
}

/// Reading and writing, with the crate's own buffers.
fn csv_alone(from: &Path, to: &Path) -> Option<u64> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(from).ok()?;
    let mut writer = csv::Writer::from_path(to).ok()?;
    let (mut record, mut rows) = (ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).ok()? {
        writer.write_byte_record(&record).ok()?;
        rows += 1;
    }
    writer.flush().ok().map(|()| rows)
}

fn main() {
    let sources = Sources { district: PathBuf::from("data/sample/district.toml"), ..Sources::default() };
    let recorded = Timestamp::UNIX_EPOCH;
    let contents = match prepare(&sources, &Limits::default(), recorded, &mut |_| ()).map(|p| p.accept(None, recorded))
    {
        Ok(Ok(imported)) => imported.contents,
        Ok(Err(fault)) => return println!("the sample does not import: {fault}"),
        Err(fault) => return println!("the sample cannot be read: {fault}"),
    };
    let snapshot = Snapshot::new(contents);
    let Ok(folder) = tempfile::tempdir() else { return println!("no folder for the tables") };
    let [table, answered, copied] = ["points.csv", "answered.csv", "copied.csv"].map(|name| folder.path().join(name));
    if let Err(fault) = points(&table, &snapshot) {
        return println!("the table cannot be written: {fault}");
    }
    let ran = (ours(&snapshot, &table, &answered), without_lookup(&table, &answered), csv_alone(&table, &copied));
    println!("rows: ours {:?}, without the lookup {:?}, csv {:?} with the header", ran.0, ran.1, ran.2);
    let csv = || csv_alone(&table, &copied);
    pairing::compare("answered table, a row", "csv crate alone", ROWS, || ours(&snapshot, &table, &answered), csv);
    pairing::compare(
        "without the lookup, one thread",
        "csv crate alone",
        ROWS,
        || without_lookup(&table, &answered),
        csv,
    );
}
