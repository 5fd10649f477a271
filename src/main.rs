//! The `wangge` binary: everything it does is a verb of [`wangge::cli`].

/// Requests are answered from small pieces of memory, many a second on several threads: that is what this one is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    wangge::cli::run()
}
