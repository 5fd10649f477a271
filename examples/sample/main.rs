//! `cargo run --release --example sample -- data/sample`: writes the sample district, byte for byte the same every time.

#[path = "mod.rs"]
mod sample;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("say where to write it: cargo run --example sample -- data/sample");
        return ExitCode::from(2);
    };
    match sample::generate(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(1)
        }
    }
}
