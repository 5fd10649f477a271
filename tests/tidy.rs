//! The house checks itself: layers, homes of third-party crates, headers, sizes, words. Each rule is a function from a file to its
//! faults; one test runs it over the tree, another shows it a bad snippet, so that a rule which finds nothing is seen to be able to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the tree has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in order (`docs/ARCHITECTURE.md`): a room may name only rooms before it.
const ROOMS: [&str; 15] = [
    "crs", "coverage", "grid", "locate", "place", "issue", "snapshot", "propose", "tile", "render", "exchange",
    "store", "service", "http", "cli",
];

/// The first rooms are functions of their arguments: no files, no network, no environment, no clock.
const PURE_ROOMS: usize = 10;

const ANYWHERE: &[&str] = &ROOMS;

/// Where each third-party crate may be named outside tests, and why there.
const HOMES: &[(&str, &[&str], &str)] = &[
    ("arc_swap", &["service"], "one place swaps the current snapshot"),
    ("axum", &["http"], "the wire is one room"),
    ("brotli", &["service"], "answers as browsers like them best"),
    ("calamine", &["exchange"], "a file format"),
    ("clap", &["cli"], "the command line is one room"),
    ("csv", &["exchange", "cli"], "tables from people; `locate --input` writes the rows without an answer"),
    ("daachorse", &["place"], "all names of a gazetteer at once"),
    ("encoding_rs", &["exchange"], "GB18030 ends at the door"),
    (
        "flate2",
        &["exchange", "tile", "render", "store", "service"],
        "gzip of files, of archives' tiles, of a PDF's streams, of kept versions, of cached answers",
    ),
    ("futures_util", &["http"], "a panic of one request ends there"),
    ("geojson", &["exchange"], "a file format"),
    ("http_body", &["http"], "the answers of a batch are a body of ours: cut, not ended, when its stream breaks"),
    ("http_body_util", &["service"], "the one request that is sent has no body, its answer is read piece by piece"),
    ("hyper", &["service"], "the one request that is sent: a tile of the base map's host"),
    ("hyper_util", &["service", "http"], "the wire: our own accept loop has header timeouts; hyper on tokio"),
    ("indicatif", &["cli"], "only the terminal has progress bars"),
    ("jiff", ANYWHERE, "civil time is a value; reading a clock is checked apart"),
    ("libc", &["locate"], "one call: large pages for a large index"),
    ("matchit", &["http"], "which route a request is counted under: the matcher that axum finds it by"),
    ("image", &["render"], "pictures as JPEG"),
    ("memchr", &["exchange"], "line breaks and quotes of long tables"),
    ("pdf_writer", &["render"], "a sheet as PDF"),
    ("pinyin", &["place"], "how a character sounds"),
    ("png", &["render"], "pixels"),
    ("proj", &["crs"], "only crs converts between systems"),
    ("quick_cache", &["service"], "finished bytes are kept in one place"),
    ("rusqlite", &["store"], "SQL is one room"),
    ("rust_embed", &["http", "render"], "the page and its font travel in the binary"),
    ("rust_xlsxwriter", &["exchange"], "a file format"),
    ("rustls_native_certs", &["service"], "whom this machine trusts"),
    ("serde", &["render", "exchange", "store", "http"], "shapes of files, rows and answers; never of the model itself"),
    ("serde_json", &["render", "exchange", "store", "http", "cli"], "as serde; `--json` prints one"),
    ("sha2", &["store", "service"], "checksums of what is kept and of what is served"),
    ("subsetter", &["render"], "the part of the font that a PDF carries"),
    ("swash", &["render"], "glyphs are pixels"),
    ("thiserror", ANYWHERE, "every room has typed faults"),
    ("tiny_skia", &["render"], "pixels"),
    ("tokio", &["service", "http", "cli"], "waiting happens in the outer rooms only"),
    ("tokio_rustls", &["service"], "the base map's host is asked over TLS"),
    ("toml", &["exchange"], "`district.toml` is a file format"),
    ("tower_service", &["http"], "the wire"),
    ("tracing", ANYWHERE, "logging says nothing about layers"),
    ("tracing_subscriber", &["cli"], "the binary decides where logs go"),
    ("unicode_normalization", &["place"], "what a caller's text is read as"),
    ("zip", &["exchange"], "what a workbook is packed in is measured before it is read"),
    ("zstd", &["service"], "answers as browsers like them best"),
];

/// File names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "common", "helpers", "manager", "shared", "types"];

const MAX_FILE_LINES: usize = 700;
const MAX_FUNCTION_LINES: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under the given folders with one of the extensions, as (path from the root, text).
fn files(folders: &[&str], extensions: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|f| root().join(f)).filter(|p| p.exists()).collect();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(
                name.as_str(),
                "node_modules" | "dist" | "target" | ".git" | ".cache" | ".venv" | "corpus" | "artifacts"
            ) {
                waiting.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            }
        } else if extensions.iter().any(|e| name.rsplit_once('.').map_or(name == *e, |(_, end)| end == *e)) {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            found.push((path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), text));
        }
    }
    found.sort();
    found
}

fn rust_files() -> Vec<(String, String)> {
    let all = files(&["src", "tests", "benches", "examples", "fuzz"], &["rs"]);
    assert!(all.len() > 20, "the tree was not found: {} files", all.len());
    all
}

/// Runs a rule over files and fails with every fault at once.
fn hold(files: &[(String, String)], rule: impl Fn(&str, &str) -> Vec<String>) {
    let faults: Vec<String> = files.iter().flat_map(|(path, text)| rule(path, text)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The same text with comments and the insides of strings as blanks, so that what is left is code. Line breaks stay.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let used = match rest {
            ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
            ['/', '*', ..] => block_comment(rest),
            ['"', ..] => quoted(rest),
            ['r', '"' | '#', ..] if !chars[..at].last().is_some_and(|c| c.is_alphanumeric() || *c == '_') => {
                raw_string(rest)
            }
            ['b', 'r', '"' | '#', ..] => 1 + raw_string(&rest[1..]),
            ['\'', '\\', ..] => 2 + rest[2..].iter().skip(1).take_while(|c| **c != '\'').count() + 2,
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if used == 0 {
            out.push(chars[at]);
            at += 1;
        } else {
            let end = (at + used).min(chars.len());
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#` …; 0 when it is a raw identifier.
fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = &rest[2 + hashes..];
    let length = body.windows(close.len()).position(|w| w == close).unwrap_or(body.len());
    2 + hashes + length + close.len()
}

/// The byte after the `}` that closes the `{` at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Code without what is compiled for tests alone.
fn shipped(path: &str, text: &str) -> String {
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return String::new();
    }
    let mut code = code_only(text);
    while let Some(start) = code.find("#[cfg(test)]") {
        let item = start + "#[cfg(test)]".len();
        let end = match code[item..].find(['{', ';']).map(|i| item + i) {
            Some(at) if code.as_bytes()[at] == b'{' => closing(&code, at),
            Some(at) => at + 1,
            None => code.len(),
        };
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The room of a source file; `None` for lib.rs and main.rs.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let room = inside.split_once('/').map_or_else(|| inside.trim_end_matches(".rs"), |(folder, _)| folder);
    (!matches!(room, "lib" | "main")).then_some(room)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every place where a path starts with `head::`, as (byte, what follows).
fn paths<'a>(code: &'a str, head: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let needle = format!("{head}::");
    let starts: Vec<usize> = code.match_indices(&needle).map(|(at, _)| at).collect();
    starts.into_iter().filter_map(move |at| {
        let before = code[..at].chars().next_back();
        let begins = !before.is_some_and(|c| is_word(c) || c == ':' || c == '$');
        begins.then(|| (at, &code[at + head.len() + 2..]))
    })
}

/// The first names of the paths after `crate::`: one, or those of a brace group.
fn first_names(after: &str) -> Vec<String> {
    let word = |s: &str| s.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
    if !after.starts_with('{') {
        return vec![word(after)];
    }
    let (mut depth, mut names, mut start) = (0, Vec::new(), 1);
    for (at, c) in after.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                names.push(word(&after[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            names.push(word(&after[start..at]));
            break;
        }
    }
    names.retain(|n| !n.is_empty());
    names
}

// ---- the rules ------------------------------------------------------------------------------------------------------------------

fn upward_names(path: &str, text: &str) -> Vec<String> {
    let Some(room) = room_of(path) else { return Vec::new() };
    let Some(own) = ROOMS.iter().position(|r| *r == room) else { return vec![format!("{path}: no room of the house")] };
    let code = code_only(text);
    let mut faults = Vec::new();
    for (at, after) in paths(&code, "crate") {
        for name in first_names(after) {
            match ROOMS.iter().position(|r| *r == name) {
                Some(other) if other <= own => {}
                Some(_) => {
                    faults.push(format!("{path}:{}: {room} names {name}, which comes after it", line_of(&code, at)));
                }
                None => faults.push(format!("{path}:{}: crate::{name} is no room", line_of(&code, at))),
            }
        }
    }
    for (at, _) in code.match_indices("super::super") {
        faults.push(format!("{path}:{}: super::super – say crate::{room}::…", line_of(&code, at)));
    }
    // From the front door of a room, `super` is the whole house.
    if path.ends_with(&format!("{room}/mod.rs")) || path == format!("src/{room}.rs") {
        let before_inner = code.find("mod tests {").map_or(code.as_str(), |at| &code[..at]);
        for (at, _) in paths(before_inner, "super") {
            faults.push(format!("{path}:{}: super:: leaves the room", line_of(&code, at)));
        }
    }
    faults
}

fn crates_away_from_home(path: &str, text: &str) -> Vec<String> {
    let Some(room) = room_of(path) else { return Vec::new() };
    let code = shipped(path, text);
    let mut faults = Vec::new();
    for (name, homes, why) in HOMES {
        if !homes.contains(&room) {
            for (at, _) in paths(&code, name) {
                faults.push(format!("{path}:{}: {name} lives in {} ({why})", line_of(&code, at), homes.join(", ")));
            }
        }
    }
    faults
}

fn impure_calls(path: &str, text: &str) -> Vec<String> {
    let pure = room_of(path).is_some_and(|room| ROOMS[..PURE_ROOMS].contains(&room));
    if !pure {
        return Vec::new();
    }
    let code = shipped(path, text);
    let outside = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "SystemTime",
        "Instant::",
        "::now()",
        "stdin()",
        "stdout()",
        "println!(",
    ];
    let faults =
        outside.iter().flat_map(|word| code.match_indices(word).map(|(at, _)| (at, *word)).collect::<Vec<_>>());
    faults
        .map(|(at, word)| {
            format!("{path}:{}: {word} – rooms before exchange are functions of their arguments", line_of(&code, at))
        })
        .collect()
}

fn missing_header(path: &str, text: &str) -> Vec<String> {
    let first = text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|rest| rest.trim().len() >= 10);
    if says { Vec::new() } else { vec![format!("{path}:1: starts without a `//!` line that says what it is for")] }
}

fn too_long(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > MAX_FILE_LINES { vec![format!("{path}: {lines} lines, more than {MAX_FILE_LINES}")] } else { Vec::new() }
}

/// Lines of code between a function's braces, as clippy counts them: blanks and comments are free.
fn long_functions(path: &str, text: &str) -> Vec<String> {
    let code = code_only(text);
    let mut faults = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let named = code[at + 3..].starts_with(is_word) && !code[..at].ends_with(is_word);
        let Some(body) = code[at..].find(['{', ';']).map(|i| at + i).filter(|i| code.as_bytes()[*i] == b'{') else {
            continue;
        };
        let lines = code[body + 1..closing(&code, body)].lines().filter(|l| !l.trim().is_empty()).count();
        if named && lines > MAX_FUNCTION_LINES + 1 {
            let name: String = code[at + 3..].chars().take_while(|c| is_word(*c)).collect();
            faults.push(format!(
                "{path}:{}: fn {name} has {lines} lines, more than {MAX_FUNCTION_LINES}",
                line_of(&code, at)
            ));
        }
    }
    faults
}

fn empty_names(path: &str, _: &str) -> Vec<String> {
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let bad: Vec<&str> = parts.filter(|part| EMPTY_NAMES.contains(part)).collect();
    bad.iter().map(|part| format!("{path}: “{part}” says nothing; name the thing in the field's word")).collect()
}

fn unexplained_allowances(path: &str, text: &str) -> Vec<String> {
    let code = code_only(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut faults = Vec::new();
    for word in ["[allow(", "[expect("] {
        for (at, _) in code.match_indices(word) {
            let line = line_of(&code, at);
            let attribute = &text[text.lines().take(line - 1).map(|l| l.len() + 1).sum::<usize>()..];
            let inside = attribute.split(']').next().is_some_and(|a| a.contains("reason = \""));
            let beside = lines[line - 1].contains("//");
            let above = line >= 2 && lines[line - 2].trim_start().starts_with("// ");
            if !(inside || beside || above) {
                faults.push(format!("{path}:{line}: an allowance without its reason"));
            }
        }
    }
    faults
}

fn unfinished(path: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not find itself.
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut faults: Vec<String> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        faults.extend(notes.iter().filter(|n| content.contains(*n)).map(|n| format!("{path}:{line}: {n}")));
    }
    if Path::new(path).extension().is_some_and(|end| end == "rs") {
        let code = code_only(text);
        for word in ["todo!", "unimplemented!", "dbg!", "#[ignore"] {
            faults.extend(code.match_indices(word).map(|(at, _)| format!("{path}:{}: {word}", line_of(&code, at))));
        }
    }
    faults
}

/// Names in a page that look like files of this project (`src/…`, `docs/…`, links) and are not there.
fn dead_names(path: &str, text: &str) -> Vec<String> {
    let top =
        ["src/", "tests/", "docs/", "data/", "web/", "styles/", "benches/", "examples/", "tools/", "fuzz/", ".ci/"];
    let tops =
        ["Makefile", "Cargo.toml", "Cargo.lock", "deny.toml", "clippy.toml", "rustfmt.toml", "README.md", "LICENSE"];
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut faults = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let ticked =
            content.split('`').skip(1).step_by(2).filter(|t| top.iter().any(|p| t.starts_with(p)) || tops.contains(t));
        let plain = |t: &&str| t.chars().all(|c| is_word(c) || "./-@".contains(c));
        let mut wanted: Vec<(String, PathBuf)> = ticked.filter(plain).map(|t| (t.to_owned(), root().join(t))).collect();
        for link in content.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            if !link.is_empty() && !link.contains("://") {
                wanted.push((link.to_owned(), root().join(folder).join(link)));
            }
        }
        faults.extend(
            wanted.iter().filter(|(_, at)| !at.exists()).map(|(t, _)| format!("{path}:{line}: {t} does not exist")),
        );
    }
    faults
}

/// The names after `pub mod` in a library root, in order.
fn mod_order(text: &str) -> Vec<String> {
    let code = code_only(text);
    code.lines()
        .filter_map(|l| l.trim().strip_prefix("pub mod ")?.split(';').next().map(|n| n.trim().to_owned()))
        .collect()
}

/// The dependencies of a manifest's section, as Rust names them.
fn dependencies(manifest: &str, section: &str) -> BTreeSet<String> {
    let lines =
        manifest.lines().skip_while(|l| l.trim() != format!("[{section}]")).skip(1).take_while(|l| !l.starts_with('['));
    lines
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

// ---- the tree -------------------------------------------------------------------------------------------------------------------

#[test]
fn rooms_name_only_the_rooms_before_them() {
    hold(&rust_files(), upward_names);
}

#[test]
fn the_modules_stand_in_the_order_of_the_house() {
    assert_eq!(mod_order(&fs::read_to_string(root().join("src/lib.rs")).unwrap()), ROOMS);
}

#[test]
fn third_party_crates_stay_at_home() {
    hold(&rust_files(), crates_away_from_home);
}

#[test]
fn every_dependency_has_a_home_and_is_used_there() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let homes: BTreeMap<&str, _> = HOMES.iter().map(|(name, rooms, _)| (*name, rooms)).collect();
    let declared = dependencies(&manifest, "dependencies");
    assert_eq!(homes.keys().copied().collect::<Vec<_>>(), declared.iter().map(String::as_str).collect::<Vec<_>>());
    let code: Vec<String> =
        rust_files().iter().filter(|(p, _)| p.starts_with("src/")).map(|(p, t)| shipped(p, t)).collect();
    // serde's derive and rust-embed's are named through the macro; both still appear as a path in `use`.
    let idle: Vec<&String> =
        declared.iter().filter(|name| !code.iter().any(|c| paths(c, name).next().is_some())).collect();
    assert!(idle.is_empty(), "declared in Cargo.toml and used nowhere in src/: {idle:?}");
}

#[test]
fn the_inner_rooms_read_no_file_and_no_clock() {
    hold(&rust_files(), impure_calls);
}

#[test]
fn every_file_says_what_it_is_for() {
    hold(&rust_files(), missing_header);
}

#[test]
fn files_and_functions_stay_readable() {
    hold(&rust_files(), too_long);
    hold(&rust_files(), long_functions);
}

#[test]
fn names_say_something() {
    hold(
        &files(
            &["src", "tests", "benches", "examples", "fuzz", "web", "docs", "tools"],
            &["rs", "js", "mjs", "ts", "css", "html", "md", "py"],
        ),
        empty_names,
    );
}

#[test]
fn every_allowance_has_a_reason() {
    hold(&rust_files(), unexplained_allowances);
}

#[test]
fn nothing_is_left_for_later() {
    let folders = [
        "src",
        "tests",
        "benches",
        "examples",
        "fuzz",
        "web",
        "docs",
        "tools",
        ".ci",
        "Makefile",
        "README.md",
        "Cargo.toml",
        "deny.toml",
    ];
    let kinds = ["rs", "js", "mjs", "ts", "css", "html", "md", "py", "toml", "sh", "run", "cmake", "Makefile"];
    hold(&files(&folders, &kinds), unfinished);
}

#[test]
fn the_pages_name_files_that_exist() {
    let pages = files(&["docs", "README.md"], &["md"]);
    assert!(pages.len() >= 4, "README and the pages of docs/ are missing");
    hold(&pages, dead_names);
}

// ---- the rules are seen to fail ---------------------------------------------------------------------------------------------------

fn finds(rule: impl Fn(&str, &str) -> Vec<String>, path: &str, text: &str, faults: usize) {
    let found = rule(path, text);
    assert_eq!(found.len(), faults, "{path}\n{text}\n{found:?}");
}

#[test]
fn an_upward_name_is_found() {
    for (path, text, faults) in [
        ("src/crs/planar.rs", "use crate::coverage::Lattice;", 1),
        ("src/crs/planar.rs", "use crate::crs::Plane; // crate::http::x\nconst S: &str = \"crate::http::x\";", 0),
        ("src/tile/clip.rs", "use crate::{coverage::{Arc, Face}, http, render::Style};", 2),
        ("src/tile/clip.rs", "let x = crate::store::open(); fn f(a: crate::crs::Plane) {}", 1),
        ("src/tile/clip.rs", "use super::super::http;", 1),
        ("src/tile/mod.rs", "use super::http::Route;\nmod tests { use super::*; }", 1),
        ("src/snapshot.rs", "use super::http::Route;", 1),
        ("src/http/mod.rs", "pub(super) use crate::service::Flow; macro_rules! m { () => { $crate::cli::run() } }", 0),
        ("src/geometry/mod.rs", "", 1),
        ("src/crs/mod.rs", "use crate::nowhere::X;", 1),
        ("src/main.rs", "use crate::anything;", 0),
    ] {
        finds(upward_names, path, text, faults);
    }
}

#[test]
fn a_crate_away_from_home_is_found() {
    for (path, text, faults) in [
        ("src/service/locate.rs", "use rusqlite::Connection;", 1),
        ("src/store/geopackage.rs", "use rusqlite::Connection;", 0),
        ("src/grid/mod.rs", "#[derive(serde::Serialize)] struct A;", 1),
        ("src/grid/mod.rs", "#[cfg(test)]\nmod tests { use serde_json::json; }", 0),
        ("src/grid/mod.rs", "#[cfg(test)]\nuse rusqlite::Row;\nuse rusqlite::Connection;", 1),
        ("src/coverage/tests.rs", "use tokio::time;", 0),
        ("src/grid/mod.rs", "my::csv::f(); let x = \"csv::f\"; use csvs::x; // csv::f", 0),
    ] {
        finds(crates_away_from_home, path, text, faults);
    }
}

#[test]
fn an_impure_call_is_found() {
    finds(impure_calls, "src/locate/mod.rs", "let t = std::time::Instant::now();", 2);
    finds(impure_calls, "src/grid/mod.rs", "std::fs::read(\"a\"); jiff::Zoned::now();", 2);
    finds(impure_calls, "src/store/mod.rs", "std::fs::read(\"a\");", 0);
    finds(impure_calls, "src/grid/mod.rs", "#[cfg(test)] mod tests { fn f() { std::fs::read(\"a\"); } }", 0);
}

#[test]
fn a_missing_header_is_found() {
    for (text, faults) in
        [("//! What this file is for.", 0), ("use a::b;", 1), ("", 1), ("//!", 1), ("\n//! Late, on line two.", 1)]
    {
        finds(missing_header, "src/a.rs", text, faults);
    }
}

#[test]
fn a_long_file_and_a_long_function_are_found() {
    finds(too_long, "src/a.rs", &"\n".repeat(MAX_FILE_LINES), 0);
    finds(too_long, "src/a.rs", &"\n".repeat(MAX_FILE_LINES + 1), 1);
    let function = |lines: usize| format!("fn long<T>(f: fn(u8) -> u8) -> u8\n{{\n{}}}\n", "    a();\n".repeat(lines));
    finds(long_functions, "src/a.rs", &function(MAX_FUNCTION_LINES), 0);
    finds(long_functions, "src/a.rs", &function(MAX_FUNCTION_LINES + 1), 1);
    finds(long_functions, "src/a.rs", &format!("fn f() {{\n{}}}", "// free\n\n".repeat(100)), 0);
    finds(long_functions, "src/a.rs", &format!("trait T {{ fn f();\n{} }}", "const A: u8 = 1;\n".repeat(100)), 0);
}

#[test]
fn an_empty_name_is_found() {
    finds(empty_names, "src/tile/util.rs", "", 1);
    finds(empty_names, "src/helpers/mod.rs", "", 1);
    finds(empty_names, "web/src/common.js", "", 1);
    finds(empty_names, "src/tile/clip.rs", "", 0);
}

#[test]
fn an_allowance_without_a_reason_is_found() {
    for (text, faults) in [
        ("#[allow(dead_code)]\nfn f() {}", 1),
        ("#![allow(dead_code)]", 1),
        ("#[allow(dead_code)] // kept for the next step\nfn f() {}", 0),
        ("// The source prints it so.\n#[allow(clippy::approx_constant)]", 0),
        ("#[expect(clippy::panic, reason = \"a test\")]", 0),
        ("/// A doc line is no reason.\n#[allow(dead_code)]", 1),
        ("let s = \"#[allow(x)]\";", 0),
    ] {
        finds(unexplained_allowances, "src/a.rs", text, faults);
    }
}

#[test]
fn unfinished_work_is_found() {
    for (text, faults) in [
        (concat!("// TO", "DO: later"), 1),
        (concat!("# FIX", "ME"), 1),
        ("fn f() { todo!() }", 1),
        ("#[test]\n#[ignore = \"slow\"]\nfn f() { dbg!(1); }", 2),
        ("let s = \"todo!()\"; // dbg!", 0),
    ] {
        finds(unfinished, "src/a.rs", text, faults);
    }
    finds(unfinished, "web/src/map.js", concat!("// TO", "DO"), 1);
}

#[test]
fn a_dead_name_in_a_page_is_found() {
    for (text, faults) in [
        ("See `src/lib.rs`, `Cargo.toml` and `district.toml`.", 0),
        ("See `src/nowhere.rs`.", 1),
        ("A pattern `docs/*.md` and a command `make test` are no files.", 0),
        ("[the formats](FORMATS.md#units), [elsewhere](https://example.com/a.md)", 0),
        ("[gone](GONE.md) and ![picture](gone.png)", 2),
    ] {
        finds(dead_names, "docs/PAGE.md", text, faults);
    }
}

#[test]
fn manifests_and_roots_are_read() {
    assert_eq!(mod_order("//! pub mod a;\npub mod crs; // pub mod x;\n  pub mod tile;\nmod inner;"), ["crs", "tile"]);
    let manifest =
        "[dependencies]\n# note = 1\ntower-http = \"1\"\ngeo = { a = 1 }\n\n[dev-dependencies]\nrand = \"1\"";
    assert_eq!(dependencies(manifest, "dependencies").into_iter().collect::<Vec<_>>(), ["geo", "tower_http"]);
}

#[test]
fn code_is_told_from_text() {
    for (text, want) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("a\"{b", '{', '\'', 'x')"#, "f(       ,    ,     ,    )"),
        ("r#\"{\"#;r\"{\";br\"{\"", "      ;    ;     "),
        ("&'a str, 'b: loop", "&'a str, 'b: loop"),
    ] {
        assert_eq!(code_only(text), want, "{text}");
    }
}
