//! `wangge history`: the versions of a store, and what became of a unit.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, text};
use crate::store::{GeoPackage, Store, StoreFault};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 某个旧编码的去向 · a code of an earlier version: which codes its land goes by now
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// 数据文件 · the GeoPackage
    #[arg(long, env = "WANGGE_STORE", value_name = "FILE", default_value = "wangge-demo.gpkg")]
    store: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let history = GeoPackage::at(&args.store).history()?.ok_or_else(|| StoreFault::Missing(args.store.clone()))?;
    if let Some(code) = &args.code {
        let known = history.lineage().iter().find(|row| row.old == *code);
        let Some(row) = known else {
            let detail = format!("{code}: no version says that a unit of this code became another");
            return Err(Failure::refused(text::NO_SUCCESSORS, detail));
        };
        let last = history.versions().last().map_or(row.version, |version| version.number);
        for new in history.successors(code, row.version - 1, last) {
            say!("{new}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    for version in history.versions().iter().rev() {
        let (old, new) = history.changed_at(version.number);
        let changed = if new > 0 { format!(" · {old} → {new}") } else { String::new() };
        let by = if version.by.is_empty() { String::new() } else { format!(" · {}", version.by) };
        let hash = version.digest.get(..12).map_or_else(String::new, |hash| format!(" · {hash}"));
        let (number, effective) = (version.number, version.effective);
        say!("{number}  {effective}  {}  {}{changed}{by}{hash}", version.document, version.reason);
    }
    Ok(ExitCode::SUCCESS)
}
