//! Changes as the store keeps them: our form on disk, apart from the types of the grid room. Positions are whole numbers on the lattice.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::rows::{KINDS, ROLES, word};
use crate::coverage::edit::{Edit, Line};
use crate::coverage::{ArcKind, FaceId, FaceRole, LatticePoint};
use crate::grid::change::{Change, Row, RowChange, Verb};

/// What the changes of one version may take as text.
pub(super) const MOST_BYTES: u64 = 64 << 20;

type Point = (i32, i32);

#[derive(Serialize, Deserialize)]
pub(super) struct ChangeRecord {
    verb: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edits: Vec<EditRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<(Option<RowRecord>, Option<RowRecord>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    descent: Vec<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EditRecord {
    Reshape { old: Vec<Point>, new: Vec<Point> },
    MoveJunction { from: Point, to: Point },
    Split { face: u64, lines: Vec<LineRecord>, new: u64, exclave: bool },
    Merge { keep: u64, gone: u64, enclosing: Vec<u64> },
    SetRole { face: u64, role: String },
    Mark { edge: (Point, Point), kind: String, locked: bool },
}

#[derive(Serialize, Deserialize)]
struct LineRecord {
    points: Vec<Point>,
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct RowRecord {
    id: u64,
    level: u8,
    code: String,
    name: String,
    parent: Option<u64>,
    class: String,
    households: u32,
    population: u32,
}

fn pair(p: LatticePoint) -> Point {
    (p.x, p.y)
}

fn pairs(points: &[LatticePoint]) -> Vec<Point> {
    points.iter().copied().map(pair).collect()
}

fn point((x, y): Point) -> LatticePoint {
    LatticePoint::new(x, y)
}

fn points(pairs: Vec<Point>) -> Vec<LatticePoint> {
    pairs.into_iter().map(point).collect()
}

impl From<&Edit> for EditRecord {
    fn from(edit: &Edit) -> Self {
        match edit {
            Edit::Reshape { old, new } => Self::Reshape { old: pairs(old), new: pairs(new) },
            Edit::MoveJunction { from, to } => Self::MoveJunction { from: pair(*from), to: pair(*to) },
            Edit::Split { face, lines, new, exclave } => {
                let line =
                    |line: &Line| LineRecord { points: pairs(&line.points), kind: word(KINDS, &line.kind).to_owned() };
                Self::Split { face: face.0, lines: lines.iter().map(line).collect(), new: new.0, exclave: *exclave }
            }
            Edit::Merge { keep, gone, enclosing } => {
                Self::Merge { keep: keep.0, gone: gone.0, enclosing: enclosing.iter().map(|face| face.0).collect() }
            }
            Edit::SetRole { face, role } => Self::SetRole { face: face.0, role: word(ROLES, role).to_owned() },
            Edit::Mark { edge: (a, b), kind, locked } => {
                Self::Mark { edge: (pair(*a), pair(*b)), kind: word(KINDS, kind).to_owned(), locked: *locked }
            }
        }
    }
}

fn named<T: Copy>(words: &[(T, &str)], said: &str) -> Result<T, String> {
    let known = words.iter().find(|(_, word)| *word == said);
    known.map(|(value, _)| *value).ok_or_else(|| format!("“{said}” is unknown"))
}

fn kind(said: &str) -> Result<ArcKind, String> {
    named(KINDS, said)
}

fn role(said: &str) -> Result<FaceRole, String> {
    named(ROLES, said)
}

impl TryFrom<EditRecord> for Edit {
    type Error = String;

    fn try_from(record: EditRecord) -> Result<Self, String> {
        Ok(match record {
            EditRecord::Reshape { old, new } => Self::Reshape { old: points(old), new: points(new) },
            EditRecord::MoveJunction { from, to } => Self::MoveJunction { from: point(from), to: point(to) },
            EditRecord::Split { face, lines, new, exclave } => {
                let line = |line: LineRecord| Ok(Line { points: points(line.points), kind: kind(&line.kind)? });
                let lines = lines.into_iter().map(line).collect::<Result<_, String>>()?;
                Self::Split { face: FaceId(face), lines, new: FaceId(new), exclave }
            }
            EditRecord::Merge { keep, gone, enclosing } => {
                let enclosing = enclosing.into_iter().map(FaceId).collect();
                Self::Merge { keep: FaceId(keep), gone: FaceId(gone), enclosing }
            }
            EditRecord::SetRole { face, role: said } => Self::SetRole { face: FaceId(face), role: role(&said)? },
            EditRecord::Mark { edge: (a, b), kind: said, locked } => {
                Self::Mark { edge: (point(a), point(b)), kind: kind(&said)?, locked }
            }
        })
    }
}

impl From<&Row> for RowRecord {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id,
            level: row.level,
            code: row.code.clone(),
            name: row.name.clone(),
            parent: row.parent,
            class: row.class.clone(),
            households: row.households,
            population: row.population,
        }
    }
}

impl From<RowRecord> for Row {
    fn from(record: RowRecord) -> Self {
        let RowRecord { id, level, code, name, parent, class, households, population } = record;
        Self { id, level, code, name, parent, class, households, population }
    }
}

/// Their records.
pub(super) fn records(changes: &[Change]) -> Vec<ChangeRecord> {
    let row = |row: &RowChange| (row.before.as_ref().map(RowRecord::from), row.after.as_ref().map(RowRecord::from));
    let record = |change: &Change| ChangeRecord {
        verb: change.verb.word().to_owned(),
        edits: change.edits.iter().map(EditRecord::from).collect(),
        rows: change.rows.iter().map(row).collect(),
        descent: change.descent.clone(),
    };
    changes.iter().map(record).collect()
}

/// The changes of records; what is unknown is an error.
pub(super) fn changes(records: Vec<ChangeRecord>) -> Result<Vec<Change>, String> {
    let row = |(before, after): (Option<RowRecord>, Option<RowRecord>)| RowChange {
        before: before.map(Row::from),
        after: after.map(Row::from),
    };
    let change = |record: ChangeRecord| {
        Ok(Change {
            verb: Verb::named(&record.verb).ok_or_else(|| format!("“{}” is unknown", record.verb))?,
            edits: record.edits.into_iter().map(Edit::try_from).collect::<Result<_, String>>()?,
            rows: record.rows.into_iter().map(row).collect(),
            descent: record.descent,
        })
    };
    records.into_iter().map(change).collect()
}

/// Bytes that [`decode`] reads, and how many they are unpacked.
///
/// # Errors
/// None that a vector in memory can have.
pub(super) fn encode(made: &[Change]) -> std::io::Result<(Vec<u8>, u64)> {
    let text = serde_json::to_vec(&records(made))?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&text)?;
    Ok((packed.finish()?, text.len() as u64))
}

/// Reads changes back.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Change>, String> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("they unpack to more than {MOST_BYTES} bytes"));
    }
    changes(serde_json::from_slice(&text).map_err(|error| error.to_string())?)
}

/// The highest identity that changes name.
pub(super) fn highest(made: &[Change]) -> u64 {
    let edit = |edit: &Edit| match edit {
        Edit::Split { face, new, .. } => face.0.max(new.0),
        Edit::Merge { keep, gone, .. } => keep.0.max(gone.0),
        Edit::SetRole { face, .. } => face.0,
        Edit::Reshape { .. } | Edit::MoveJunction { .. } | Edit::Mark { .. } => 0,
    };
    let rows = made.iter().flat_map(|change| &change.rows).flat_map(|row| [&row.before, &row.after]);
    let rows = rows.flatten().map(|row| row.id);
    made.iter().flat_map(|change| &change.edits).map(edit).chain(rows).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each.
    fn samples() -> Vec<Change> {
        let p = LatticePoint::new;
        let row = |id, code: &str| Row {
            id,
            level: 3,
            code: code.to_owned(),
            name: "甲“格”".to_owned(),
            parent: Some(2),
            class: String::new(),
            households: u32::MAX,
            population: 0,
        };
        let edits = vec![
            Edit::Reshape { old: vec![p(i32::MIN, 1), p(2, 3)], new: vec![p(i32::MIN, 1), p(5, i32::MAX), p(2, 3)] },
            Edit::MoveJunction { from: p(1, 2), to: p(-3, -4) },
            Edit::Split {
                face: FaceId(7),
                lines: vec![Line { points: vec![p(0, 0), p(1, 1)], kind: ArcKind::River }],
                new: FaceId(9),
                exclave: true,
            },
            Edit::Merge { keep: FaceId(1), gone: FaceId(2), enclosing: vec![FaceId(3)] },
            Edit::SetRole { face: FaceId(4), role: FaceRole::Excluded },
            Edit::Mark { edge: (p(1, 1), p(2, 2)), kind: ArcKind::Legal, locked: true },
        ];
        let rows = vec![
            RowChange { before: Some(row(7, "a")), after: Some(row(7, "b")) },
            RowChange { before: None, after: Some(row(12, "c")) },
            RowChange { before: Some(row(2, "d")), after: None },
        ];
        let all = Change { verb: Verb::Split, edits, rows, descent: vec![(7, 9), (7, 7)] };
        let verbs = Verb::WORDS.into_iter().map(|(verb, _)| Change::of_lines(verb, Vec::new()));
        std::iter::once(all).chain(verbs).collect()
    }

    #[test]
    fn changes_survive_the_round_trip() {
        let made = samples();
        let (bytes, _) = encode(&made).unwrap();
        assert_eq!(decode(&bytes), Ok(made.clone()));
        assert_eq!(highest(&made), 12);
        assert_eq!(highest(&[]), 0);
    }

    #[test]
    fn cut_bytes_and_unknown_words_are_refused() {
        let (bytes, _) = encode(&samples()).unwrap();
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        let record = |text: &str| serde_json::from_str(text).map_err(|e| e.to_string()).and_then(changes);
        assert!(record(r#"[{"verb":"split"}]"#).is_ok());
        assert!(record(r#"[{"verb":"explode"}]"#).is_err());
        assert!(record(r#"[{"verb":"split","edits":[{"set_role":{"face":1,"role":"sea"}}]}]"#).is_err());
        assert!(record(r#"[{"verb":"split","edits":[{"explode":{}}]}]"#).is_err());
    }
}
