//! The queries as a CSV file, for programs of others.

use wangge::place::Place;

use super::Query;
use super::parts::{Number, Parts};

/// One row a query: class, text and the parts of the first true place; at the end the texts from outside, with class `outside` and
/// nothing true. `unit` tells the code of the micro-grid of a place, or nothing.
pub fn sheet(
    places: &[Place],
    queries: &[Query],
    outside: &[String],
    unit: impl Fn(usize) -> String,
) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["class", "text", "truth_unit", "truth_rows", "subdistrict", "community", "name", "number"])?;
    for query in queries {
        let first = query.truth.first().copied().unwrap_or_default();
        let parts = places.get(first).and_then(Parts::of);
        let (subdistrict, community, name, number) =
            parts.as_ref().map_or(("", "", "", Number::None), |p| (p.subdistrict, p.community, p.name, p.number));
        let number = match number {
            Number::None => String::new(),
            Number::Building(n) | Number::Entrance(n, _) | Number::House(n) => n.to_string(),
        };
        let rows: Vec<String> = query.truth.iter().map(ToString::to_string).collect();
        out.write_record([
            query.class.name(),
            &query.text,
            &unit(first),
            &rows.join(" "),
            subdistrict,
            community,
            name,
            &number,
        ])?;
    }
    for text in outside {
        out.write_record(["outside", text, "", "", "", "", "", ""])?;
    }
    let bytes = out.into_inner().map_err(|e| e.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
