//! The `touchpoint` program: see `cli`.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::process::ExitCode;

use clap::Parser;
use touchpoint::cli;
use touchpoint::cli::args::Args;
use touchpoint::cli::typed::typed;

// Page faults are expensive: mimalloc reuses the memory of one page for the next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// For how many milliseconds the allocator keeps free memory before the system gets it back. With its
/// own 1,000 a run needs a fifth more memory, with 20 a tenth more time.
const KEEP_FREE: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "100");

fn main() -> ExitCode {
    let args = Args::parse_from(typed(env::args_os()));
    set_up_allocator();
    cli::main(args)
}

/// The allocator reads its options from the environment when a process begins, so the program begins
/// once more, as the same process. Where that is refused, or the program was not begun by its own name (but
/// by a loader, say), it continues with the allocator's own.
fn set_up_allocator() {
    let (name, milliseconds) = KEEP_FREE;
    let mut words = env::args_os();
    let (Ok(program), Some(own_name)) = (env::current_exe(), words.next()) else {
        return;
    };
    if env::var_os(name).is_some() || program.file_name() != Path::new(&own_name).file_name() {
        return;
    }
    let mut again = Command::new(program);
    let _refused = again
        .arg0(own_name)
        .args(words)
        .env(name, milliseconds)
        .exec();
}
