//! The `touchpoint` program: see `cli`.

use std::process::ExitCode;

use clap::Parser;
use touchpoint::cli;
use touchpoint::cli::args::Args;

// Page faults are expensive: mimalloc reuses the memory of one page for the next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main(Args::parse())
}
