//! The `touchpoint` program: see `cli`.

use std::process::ExitCode;

use clap::Parser;
use touchpoint::cli;
use touchpoint::cli::args::Args;

// Page faults are dear: mimalloc keeps the memory of a page for the next one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main(Args::parse())
}
