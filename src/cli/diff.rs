//! `wangge diff`: what is different between two versions, in words or as GeoJSON.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Failure, text};
use crate::grid::diff::{Diff, diff};
use crate::grid::past::Boundaries;
use crate::store::{GeoPackage, Store, StoreFault};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 前一版本 · the number of a version
    #[arg(value_name = "V1")]
    from: u64,
    /// 后一版本，默认当前版本 · the version to compare with; the last unless given
    #[arg(value_name = "V2")]
    to: Option<u64>,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 输出边界线的 GeoJSON · the lines that came and went, as GeoJSON
    #[arg(long)]
    geojson: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let store = GeoPackage::at(&args.store);
    let history = store.history()?.ok_or_else(|| StoreFault::Missing(args.store.clone()))?;
    let last = history.versions().last().map_or(0, |version| version.number);
    let to = args.to.unwrap_or(last);
    for number in [args.from, to] {
        if history.version(number).is_none() {
            let detail = format!("there is no version {number}; wangge history lists them");
            return Err(Failure::unusable(text::NO_VERSION, detail));
        }
    }
    let (before, after) = (store.boundaries(args.from)?, store.boundaries(to)?);
    let found = diff(&before, &after);
    if args.geojson {
        say!("{}", geojson(&found, &before, &after));
        return Ok(ExitCode::SUCCESS);
    }
    if found == Diff::default() {
        say!("{}", text::SAME);
    }
    for (zh, en) in found.words() {
        say!("{zh} · {en}");
    }
    Ok(ExitCode::SUCCESS)
}

fn geojson(found: &Diff, before: &Boundaries, after: &Boundaries) -> serde_json::Value {
    let mut codes: HashMap<u64, &str> = HashMap::new();
    for boundaries in [before, after] {
        codes.extend(boundaries.hierarchy.units().iter().map(|unit| (unit.id, unit.code.as_str())));
    }
    let lattice = after.coverage.lattice();
    let line = |line: &crate::grid::diff::LineDiff| {
        let points: Vec<_> = line.points.iter().map(|p| lattice.degrees(*p)).collect();
        json!({
            "type": "Feature",
            "properties": {
                "change": if line.added { "added" } else { "removed" },
                "left": codes.get(&line.left),
                "right": codes.get(&line.right),
            },
            "geometry": {"type": "LineString", "coordinates": points},
        })
    };
    json!({"type": "FeatureCollection", "features": found.lines.iter().map(line).collect::<Vec<_>>()})
}
