//! `wangge search`: what a caller's words mean, and whose it is; or those of a whole table.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, addresses, text};
use crate::place::decide::Ambiguity;
use crate::place::search::MOST_CANDIDATES;
use crate::service::locate::chain;
use crate::service::search::{CANDIDATES, Searched, address, search};
use crate::snapshot::Snapshot;
use crate::store::{GeoPackage, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 地址、地点、一句话或拼音首字母 · an address, a name, a sentence, pinyin or initials
    #[arg(value_name = "TEXT", required_unless_present = "input", num_args = 1..)]
    text: Vec<String>,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
    /// 最多几个候选 · candidates at most
    #[arg(long, value_name = "N", default_value_t = CANDIDATES as u16, conflicts_with = "input", value_parser = clap::value_parser!(u16).range(1..=MOST_CANDIDATES as i64))]
    limit: u16,
    #[command(flatten)]
    table: addresses::Args,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(asked) = args.table.asked() {
        return asked.answer(|| Ok(Snapshot::new(GeoPackage::at(&args.store).load()?)));
    }
    let snapshot = Snapshot::new(GeoPackage::at(&args.store).load()?);
    let words = args.text.join(" ");
    let found = search(&snapshot, &words, usize::from(args.limit));
    let found = found.map_err(|fault| Failure::unusable(text::TEXT_TOO_LONG, fault))?;
    print(&snapshot, &found);
    // 1 says that there is no answer yet, but a question.
    Ok(ExitCode::from(u8::from(found.answer.ambiguity != Ambiguity::None)))
}

fn print(snapshot: &Snapshot, found: &Searched) {
    for (at, (candidate, placed)) in found.answer.candidates.iter().zip(&found.placed).enumerate() {
        let owner = candidate.owner.map(|owner| snapshot.hierarchy.unit(owner));
        say!("{}. {}  [{} {:.2}]", at + 1, address(snapshot, candidate), candidate.level.label(), candidate.score);
        if let (Some(unit), Some(placed)) = (owner, placed) {
            let above: Vec<&str> = candidate
                .owner
                .map(|ix| chain(snapshot, ix))
                .unwrap_or_default()
                .iter()
                .map(|unit| unit.name.as_str())
                .collect();
            say!("   {}  {}", unit.code, above.join(" › "));
            say!("   距网格边界 {:.0} 米，定位误差 {:.0} 米", placed.boundary.distance_m, candidate.accuracy_m);
        }
    }
    match &found.answer.ask {
        Some(ask) => say!("问：{ask}"),
        None => say!("归属明确"),
    }
}
