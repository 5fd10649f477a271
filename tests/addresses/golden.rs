//! The inputs that every dispatcher knows, one a row, in a table that a dispatcher can read.

use crate::district;

#[derive(Debug)]
struct Row {
    input: String,
    first: String,
    subdistrict: String,
    verdict: String,
}

fn rows() -> Vec<Row> {
    let mut table = csv::Reader::from_reader(include_str!("golden.csv").as_bytes());
    let rows = table.records().map(|row| {
        let row = row.expect("a row");
        let cell = |at: usize| row[at].to_owned();
        Row { input: cell(0), first: cell(1), subdistrict: cell(2), verdict: cell(3) }
    });
    rows.collect()
}

#[test]
fn what_every_dispatcher_knows_is_known() {
    let snapshot = district();
    let mut faults = Vec::new();
    for row in rows() {
        let answer = snapshot.search(&row.input, 5).expect("short enough");
        let first = answer.candidates.first();
        let name = first.and_then(|c| c.place).map_or("", |place| snapshot.places[place.ix()].name.as_str());
        let chain = first.and_then(|c| c.owner).map(|owner| snapshot.hierarchy.chain(owner)).unwrap_or_default();
        // A road has an owner where its name stands, which says nothing about the road.
        let subdistrict = chain.first().filter(|_| first.is_some_and(|c| c.point.is_some()));
        let subdistrict = subdistrict.map_or("", |ix| snapshot.hierarchy.unit(*ix).name.as_str());
        let found = (name, subdistrict, answer.ambiguity.key());
        if found != (&row.first, &row.subdistrict, &row.verdict) {
            faults.push(format!("{row:?}\n   found {found:?}, asks {:?}", answer.ask));
        }
        assert_eq!(answer.ask.is_none(), row.verdict == "none", "whoever is not certain asks: {}", row.input);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn floors_and_rooms_are_kept_and_relations_move_the_point() {
    let snapshot = district();
    let first = |text: &str| snapshot.search(text, 5).expect("short enough").candidates.swap_remove(0);
    let room = first("隆鑫苑3号楼2单元5层501");
    assert_eq!((room.slots.floor, room.slots.room), (Some(5), Some(501)));
    let (village, west) = (first("沙河村委会"), first("沙河村委会西侧200米"));
    let (a, b) = (village.point.expect("a point"), west.point.expect("a point"));
    let metres = (a.lon() - b.lon()) * 111_195.0 * a.lat().to_radians().cos();
    assert!((metres - 200.0).abs() < 1.0 && (a.lat() - b.lat()).abs() < 1e-9, "{metres} m to the west");
    assert!(west.accuracy_m > village.accuracy_m);
}

#[test]
fn what_was_understood_is_marked_in_the_text_as_it_was_written() {
    let snapshot = district();
    let text = "你好，高新區 隆鑫苑３号楼路灯不亮";
    let answer = snapshot.search(text, 5).expect("short enough");
    let chars: Vec<char> = text.chars().collect();
    let marked: Vec<String> = answer.marks.iter().map(|(_, span)| chars[span.clone()].iter().collect()).collect();
    assert_eq!(marked, ["高新區", "隆鑫苑", "３号楼"]);
}

#[test]
fn more_is_refused_than_is_read() {
    let snapshot = district();
    assert!(snapshot.search(&"隆".repeat(400), 5).is_ok());
    let fault = snapshot.search(&"隆".repeat(401), 5).expect_err("too long");
    assert!(fault.to_string().contains("401"));
    for text in ["", " ", "，。", "\u{0}\u{feff}"] {
        let answer = snapshot.search(text, 5).expect("short enough");
        assert!(answer.candidates.is_empty() && answer.ask.is_some(), "{text:?}");
    }
}
