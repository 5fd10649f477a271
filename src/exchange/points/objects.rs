//! Points as JSON objects, one a line (NDJSON): the members stay as they were written, the answers are further members.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cut::Block;
use super::figures::{decimal, write_metres};
use super::{Answered, BadRow, ERROR, Found, Lines, OUTCOMES, Wanted, outcome, place_of};
use crate::exchange::columns::{self, Column};

/// Which members hold the numbers, and what the answers are called.
#[derive(Debug)]
pub struct ObjectForm {
    x: Option<String>,
    y: Option<String>,
    /// The names of the answers, as JSON strings with their colon.
    keys: Vec<Vec<u8>>,
    names: Vec<String>,
    /// From the distance to the end of the object, by outcome.
    tails: [Vec<u8>; 3],
    neighbours: bool,
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// What matters of an object.
#[derive(Default)]
struct Members<'a> {
    x: Option<&'a RawValue>,
    y: Option<&'a RawValue>,
    any: bool,
    /// Some member goes by the name of an answer.
    clash: bool,
}

/// All of an object, in its order.
struct Whole<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl ObjectForm {
    #[must_use]
    pub fn new(wanted: &Wanted) -> Self {
        let names: Vec<String> = wanted.added().collect();
        let keys: Vec<Vec<u8>> = names.iter().map(|name| [quoted(name).as_bytes(), b":"].concat()).collect();
        let tails = OUTCOMES.map(|found| tail(&keys, outcome(found), "null"));
        Self { x: wanted.x.clone(), y: wanted.y.clone(), keys, names, tails, neighbours: wanted.neighbours }
    }

    pub(super) fn owner_cells(&self, code: &str, name: &str, chain: &str) -> Box<[u8]> {
        let mut cells = Vec::new();
        for (key, text) in self.keys.iter().zip([code, name, chain]) {
            cells.extend_from_slice(key);
            cells.extend_from_slice(if text.is_empty() { "null".into() } else { quoted(text) }.as_bytes());
            cells.push(b',');
        }
        cells.extend_from_slice(&self.keys[3]);
        cells.into()
    }

    pub(super) fn answer<'a>(
        &self,
        block: &Block,
        mut locate: impl FnMut(&[(f64, f64)]) -> Vec<Result<Found<'a>, String>>,
    ) -> Answered {
        let mut answered = Answered { bytes: Vec::with_capacity(block.bytes.len() * 3), ..Answered::default() };
        let mut lines = Lines::of(block);
        let mut begins = 0;
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let place = begins;
            begins += line.len();
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            answered.rows += 1;
            let out = &mut answered.bytes;
            let found = self.point(line).and_then(|(members, x, y)| {
                self.kept(out, line, &members);
                let found = locate(&[(x, y)]).pop().unwrap_or_else(|| Err(String::new())); // there is an answer to each
                found.map_err(|reason| Refusal {
                    column: String::new(),
                    value: format!("{x}, {y}"),
                    reason,
                    kept: true,
                })
            });
            match found {
                Ok(found) => self.found(out, &found),
                Err(refusal) => {
                    if !refusal.kept {
                        self.kept_at_least(out, line);
                    }
                    let line = lines.line(block, place);
                    let Refusal { column, value, mut reason, .. } = refusal;
                    if value.is_empty() && column.is_empty() {
                        reason = format!("line {line}: {reason}");
                    }
                    let bad = BadRow { line, column, value, outcome: ERROR, reason };
                    out.extend_from_slice(&self.owner_cells("", "", ""));
                    out.extend_from_slice(b"null");
                    out.extend_from_slice(&tail(&self.keys, ERROR, &quoted(&bad.said())));
                    if self.neighbours {
                        self.neighbours(out, &[]);
                    }
                    answered.bad.push(bad);
                }
            }
            answered.bytes.extend_from_slice(b"}\n");
        }
        answered
    }

    fn found(&self, out: &mut Vec<u8>, found: &Found<'_>) {
        out.extend_from_slice(found.owner);
        let before = out.len();
        write_metres(out, found.distance_m);
        if out.len() == before {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(&self.tails[place_of(found.outcome)]);
        if self.neighbours {
            self.neighbours(out, &found.neighbours);
        }
    }

    fn neighbours(&self, out: &mut Vec<u8>, codes: &[&str]) {
        out.push(b',');
        out.extend_from_slice(&self.keys[6]);
        let codes: Vec<String> = codes.iter().map(|code| quoted(code)).collect();
        out.extend_from_slice(format!("[{}]", codes.join(",")).as_bytes());
    }

    /// The members of an object and its two numbers.
    fn point<'a>(&self, line: &'a [u8]) -> Result<(Members<'a>, f64, f64), Refusal> {
        let text = std::str::from_utf8(line).map_err(|_| Refusal::of_line("is not UTF-8"))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(Reader(self)).and_then(|members| json.end().map(|()| members));
        let members = members.map_err(|fault| Refusal::of_line(format!("is not a JSON object ({fault})")))?;
        let x = number(members.x, self.x.as_deref().unwrap_or("lon"))?;
        let y = number(members.y, self.y.as_deref().unwrap_or("lat"))?;
        Ok((members, x, y))
    }

    /// The object without its closing brace, ready for another member.
    fn kept(&self, out: &mut Vec<u8>, line: &[u8], members: &Members<'_>) {
        if members.clash {
            self.kept_at_least(out, line);
            return;
        }
        out.extend_from_slice(line.strip_suffix(b"}").unwrap_or(line).trim_ascii_end());
        if members.any {
            out.push(b',');
        }
    }

    /// The same of an object with members in the way of the answers, or of a line that is none: as much as can stay.
    fn kept_at_least(&self, out: &mut Vec<u8>, line: &[u8]) {
        out.push(b'{');
        let Ok(Whole(members)) = serde_json::from_slice(line) else { return };
        for (key, value) in members.iter().filter(|(key, _)| !self.names.iter().any(|name| name == key)) {
            out.extend_from_slice(quoted(key).as_bytes());
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
            out.push(b',');
        }
    }
}

fn tail(keys: &[Vec<u8>], outcome: &str, error: &str) -> Vec<u8> {
    [b",", keys[4].as_slice(), quoted(outcome).as_bytes(), b",", &keys[5], error.as_bytes()].concat()
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default() // a string cannot fail to be written
}

struct Refusal {
    column: String,
    value: String,
    reason: String,
    /// The object stands in the answer already.
    kept: bool,
}

impl Refusal {
    fn of_line(reason: impl Into<String>) -> Self {
        Self { column: String::new(), value: String::new(), reason: reason.into(), kept: false }
    }
}

/// A number, or a text that is one.
fn number(value: Option<&RawValue>, name: &str) -> Result<f64, Refusal> {
    let refuse = |value: &str, reason: &str| Refusal {
        column: name.to_owned(),
        value: value.chars().filter(|c| !c.is_control()).take(40).collect(),
        reason: reason.to_owned(),
        kept: false,
    };
    let Some(raw) = value.map(RawValue::get) else { return Err(refuse("", "is missing")) };
    if let Some(number) = decimal(raw.as_bytes()) {
        return Ok(number);
    }
    let text: Cow<'_, str> = match raw.as_bytes() {
        [b'"', ..] => serde_json::from_str::<String>(raw).map_err(|_| refuse(raw, "is not a number"))?.into(),
        _ => raw.into(),
    };
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(refuse(raw, "is not a number")),
    }
}

/// Reads an object without building it.
struct Reader<'f>(&'f ObjectForm);

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"lon\":116.672,\"lat\":35.4421}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let is = |key: &str, named: &Option<String>, column: Column| match named {
            Some(name) => key == name,
            None => columns::is(key, column),
        };
        let mut members = Members::default();
        while let Some(Key(key)) = map.next_key()? {
            members.any = true;
            members.clash |= self.0.names.iter().any(|name| *name == key);
            if is(&key, &self.0.x, columns::LON) {
                members.x = Some(map.next_value()?);
            } else if is(&key, &self.0.y, columns::LAT) {
                members.y = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Whole<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Whole<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Whole(members))
            }
        }
        from.deserialize_map(All)
    }
}
