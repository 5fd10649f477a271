//! Which issues a query string means: `from`, `to` and `category`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::problem::Problem;
use super::query::{Query, echo};
use crate::issue::IssueFilter;

/// The parameters read by [`filter`].
pub(super) const PARAMETERS: [&str; 3] = ["from", "to", "category"];

/// `from` is included, `to` is not. A time without an offset is the district's own.
pub(super) fn filter(query: &Query, zone: &TimeZone, categories: &[(String, u64)]) -> Result<IssueFilter, Problem> {
    let from = moment(query, "from", zone)?;
    let to = moment(query, "to", zone)?;
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(Problem::query("to", format!("the period is empty: to ({to}) is not after from ({from})")));
    }
    let category = query.text("category").filter(|text| !text.is_empty());
    if let Some(unknown) = category.filter(|text| categories.iter().all(|(known, _)| known != text)) {
        let known: Vec<_> = categories.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Problem::query(
            "category",
            format!("unknown category “{}”; known here: {}", echo(unknown), known.join(", ")),
        ));
    }
    Ok(IssueFilter { from, to, category: category.map(str::to_owned) })
}

fn moment(query: &Query, name: &str, zone: &TimeZone) -> Result<Option<DateTime>, Problem> {
    let Some(text) = query.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let with_offset = text.parse::<Timestamp>().map(|instant| instant.to_zoned(zone.clone()).datetime());
    with_offset.or_else(|_| text.parse::<DateTime>()).map(Some).map_err(|_| {
        let form = "a date (2025-03-01) or a time (2025-03-01T08:30:00, or with an offset: 2025-03-01T00:30:00Z)";
        Problem::query(name, format!("{name} is “{}”: expected {form}", echo(text)))
    })
}
