//! The `touchpoint` program: see `cli`.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::ExitCode;

use clap::Parser;
use touchpoint::cli;
use touchpoint::cli::args::Args;

// Page faults are expensive: mimalloc reuses the memory of one page for the next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// For how many milliseconds the allocator keeps free memory before the system gets it back. With its
/// own 1,000 a run needs a fifth more memory, with 20 a tenth more time.
const KEEP_FREE: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "100");

fn main() -> ExitCode {
    let args = Args::parse();
    set_up_allocator();
    cli::main(args)
}

/// The allocator reads its options from the environment when a process begins, so the program begins
/// once more, as the same process. Where that is refused, it continues with the allocator's own.
fn set_up_allocator() {
    let (name, milliseconds) = KEEP_FREE;
    if env::var_os(name).is_some() {
        return;
    }
    let Ok(program) = env::current_exe() else {
        return;
    };
    let mut words = env::args_os();
    let mut again = Command::new(program);
    if let Some(own_name) = words.next() {
        again.arg0(own_name);
    }
    let refused = again.args(words).env(name, milliseconds).exec();
    tracing::debug!(%refused, "the allocator keeps its own options");
}
