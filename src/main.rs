//! The `wangge` binary: everything it does is a verb of [`wangge::cli`].

fn main() -> std::process::ExitCode {
    wangge::cli::run()
}
