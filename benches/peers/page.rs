//! `docs/COMPARE.md`: what was measured, on what, with what, when and how to do it again.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Fallible;
use crate::ours::{FORMS, Form};
use crate::rounds::Table;

const HEAD: &str = include_str!("page.md");

/// Adds what is not said yet.
pub fn note(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// The compiler, and the crates compared with, as the lock file has them.
pub fn crate_versions(root: &Path) -> Fallible<Vec<String>> {
    let compiler = Command::new("rustc").arg("--version").output()?.stdout;
    let compiler = String::from_utf8(compiler)?;
    let mut versions = vec![compiler.split(" (").next().unwrap_or_default().trim().to_owned()];
    let lock: toml::Table = fs::read_to_string(root.join("Cargo.lock"))?.parse()?;
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let packages = lock["package"].as_array().ok_or("Cargo.lock lists no packages")?;
    for name in ["geo", "rstar"] {
        // Several versions of a crate may be in the tree: ours is the one that the manifest names.
        let wanted = &manifest["dev-dependencies"][name];
        let wanted = wanted.get("version").unwrap_or(wanted).as_str().unwrap_or_default();
        let of = |key: &str, package: &toml::Value| package[key].as_str().unwrap_or_default().to_owned();
        let found = packages.iter().find(|p| of("name", p) == name && of("version", p).starts_with(wanted));
        versions.push(format!("{name} {}", found.map_or_else(|| wanted.to_owned(), |p| of("version", p))));
    }
    Ok(versions)
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let value = |text: &str, key: &str| {
        let line = text.lines().find(|l| l.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or_else(|| "unknown".to_owned(), |(_, v)| v.trim().to_owned())
    };
    let gib =
        value(&memory, "MemTotal").split(' ').next().and_then(|k| k.parse::<f64>().ok()).unwrap_or(0.0) / 1048576.0;
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let system = read("/etc/os-release");
    let system =
        system.lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).unwrap_or("an unknown system").trim_matches('"');
    let model = value(&cpu, "model name");
    format!("{cores} cores of {model}, {gib:.0} GiB of memory, {system}")
}

/// The whole page.
pub fn text(
    tables: &[Table],
    sections: &str,
    sizes: &[serde_json::Value],
    versions: &[String],
    absent: &[String],
) -> String {
    let mut text = HEAD.to_owned();
    let today = jiff::Zoned::now().date();
    let _ = writeln!(text, "- Date: {today}\n- Machine: {}\n- Versions: {}", machine(), versions.join(", "));
    for reason in absent {
        let _ = writeln!(text, "- Not compared: {reason}");
    }
    tables.iter().for_each(|table| text.push_str(&table.markdown()));
    text.push_str(sections);
    if !sizes.is_empty() {
        text.push_str(&growth(sizes));
    }
    // Measured by a bench of its own, at another time, and says so.
    text.push_str(include_str!("addresses.md"));
    text
}

fn growth(sizes: &[serde_json::Value]) -> String {
    let mut text = include_str!("growth.md").to_owned();
    let heads = FORMS.iter().map(|f| format!(" ns, {} |", f.name)).collect::<Vec<_>>().concat();
    let rule = "---:|".repeat(FORMS.len());
    let _ = writeln!(
        text,
        "| units | edges | index built, s | index, MB | bytes an edge |{heads} peak of the process, MB | owners checked |"
    );
    let _ = writeln!(text, "|---:|---:|---:|---:|---:|{rule}---:|---:|");
    for size in sizes {
        let number = |key: &str| size[key].as_f64().unwrap_or(f64::NAN);
        let each = |form: &Form| format!(" {:.0} |", size["ns"][form.name].as_f64().unwrap_or(f64::NAN));
        let ns = FORMS.iter().map(each).collect::<Vec<_>>().concat();
        let _ = writeln!(
            text,
            "| {} | {} | {:.3} | {:.1} | {:.0} |{ns} {:.0} | {} |",
            size["units"],
            size["edges"],
            number("build_s"),
            number("index_mb"),
            number("index_mb") * 1_048_576.0 / number("edges"),
            number("peak_mb"),
            size["checked"]
        );
    }
    text
}
