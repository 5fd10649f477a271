//! “Click a place → whose is it?” for any GIS: the owners of a position as GeoJSON, HTML or plain text.

use std::fmt::Write;

use axum::body::Body;
use axum::http::Response;
use serde_json::json;

use super::answer::{JSON, rounded};
use super::negotiate::{Keep, fresh};
use super::owner::{POINT_DECIMALS, outcome};
use super::ows::OwsFault;
use crate::crs::Cgcs2000;
use crate::grid::Unit;
use crate::render::xml::escape;
use crate::service::maps::{Owners, owners};
use crate::service::slots::WorkFault;
use crate::snapshot::Snapshot;

/// What can be asked for, the default first.
pub(super) const FORMATS: [&str; 4] = [JSON, "application/geo+json", "text/html", "text/plain"];

/// The owner of a position and the units above it; with `levels` only those, of at most `count` units.
pub(super) fn answer(
    snapshot: &Snapshot,
    point: Option<Cgcs2000>,
    format: &str,
    levels: Option<&[u8]>,
    count: usize,
) -> Result<Response<Body>, OwsFault> {
    let found = point.and_then(|point| owners(snapshot, point));
    let wanted = |unit: &&Unit| levels.is_none_or(|levels| levels.contains(&unit.level));
    let units: Vec<&Unit> =
        found.iter().flat_map(|found| found.units.iter().copied()).filter(wanted).take(count).collect();
    match format {
        JSON => geojson(JSON, snapshot, found.as_ref(), &units),
        "application/geo+json" => geojson("application/geo+json", snapshot, found.as_ref(), &units),
        "text/html" => Ok(fresh("text/html; charset=utf-8", html(snapshot, &units), Keep::Never)),
        "text/plain" => Ok(fresh("text/plain; charset=utf-8", plain(snapshot, &units), Keep::Never)),
        other => Err(OwsFault::unknown("InvalidFormat", "info_format", other, &FORMATS)),
    }
}

fn level<'a>(snapshot: &'a Snapshot, unit: &Unit) -> (&'a str, &'a str) {
    let level = snapshot.district.levels.get(usize::from(unit.level));
    level.map_or(("", ""), |level| (level.key.as_str(), level.name.as_str()))
}

/// The chain in words, top level first.
fn path(found: &Owners<'_>) -> String {
    let names: Vec<&str> = found.units.iter().rev().map(|unit| unit.name.as_str()).collect();
    names.join(" / ")
}

fn geojson(
    content_type: &'static str,
    snapshot: &Snapshot,
    found: Option<&Owners<'_>>,
    units: &[&Unit],
) -> Result<Response<Body>, OwsFault> {
    let feature = |unit: &&Unit, found: &Owners<'_>| {
        let (level, level_name) = level(snapshot, unit);
        json!({
            "type": "Feature",
            "id": format!("{level}.{}", unit.code),
            "geometry": {
                "type": "Point",
                "coordinates": [rounded(found.point.lon(), POINT_DECIMALS), rounded(found.point.lat(), POINT_DECIMALS)],
            },
            "properties": {
                "code": unit.code,
                "name": unit.name,
                "level": level,
                "level_name": level_name,
                "path": path(found),
                "outcome": outcome(found.outcome),
                "boundary_m": rounded(found.boundary_m, 2),
                "version": snapshot.version,
            },
        })
    };
    let features: Vec<_> = found.iter().flat_map(|found| units.iter().map(|unit| feature(unit, found))).collect();
    let mut collection = json!({ "type": "FeatureCollection", "features": features });
    if content_type == JSON {
        // Not of RFC 7946: QGIS would take the positions for those of its layer, metres or degrees, and point anywhere.
        collection["crs"] = json!({ "type": "name", "properties": { "name": "urn:ogc:def:crs:OGC:1.3:CRS84" } });
    }
    let body = serde_json::to_vec(&collection).map_err(|fault| OwsFault::from(WorkFault::Failed(fault.to_string())))?;
    Ok(fresh(content_type, body, Keep::Never))
}

fn plain(snapshot: &Snapshot, units: &[&Unit]) -> String {
    if units.is_empty() {
        return "此处不属于任何单元 (no unit owns this place)\n".to_owned();
    }
    units.iter().fold(String::new(), |mut text, unit| {
        let _ = writeln!(text, "{}: {} ({})", level(snapshot, unit).1, unit.name, unit.code); // cannot fail
        text
    })
}

fn html(snapshot: &Snapshot, units: &[&Unit]) -> String {
    let mut page =
        String::from("<!DOCTYPE html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>网格</title></head><body>");
    if units.is_empty() {
        page.push_str("<p>此处不属于任何单元</p>");
    } else {
        page.push_str("<table><tr><th>层级</th><th>名称</th><th>编码</th></tr>");
        for unit in units {
            page.push_str("<tr>");
            for cell in [level(snapshot, unit).1, &unit.name, &unit.code] {
                page.push_str("<td>");
                escape(cell, &mut page);
                page.push_str("</td>");
            }
            page.push_str("</tr>");
        }
        page.push_str("</table>");
    }
    page.push_str("</body></html>");
    page
}
