//! The command line: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use touchpoint::cli::simulate;

#[derive(Debug, Parser)]
enum Command {
    Simulate(simulate::SimulateArgs),
}

fn main() -> anyhow::Result<ExitCode> {
    let Command::Simulate(args) = Command::parse();
    simulate::run(args)
}
