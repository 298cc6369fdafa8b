//! The commands.

pub mod args;
pub mod check;
pub mod completions;
pub mod config;
pub mod consent;
pub mod day;
pub mod demo;
pub mod export;
mod failure;
pub mod format;
pub mod init;
pub mod link;
pub mod logging;
mod metrics;
mod names;
pub mod output;
pub mod progress;
pub mod rematch;
pub mod run;
pub mod search;
pub mod search_text;
pub mod serve;
pub mod setup;
mod shell;
pub mod show;
pub mod simulate;
pub mod status;
pub mod terminal;
pub mod typed;
pub mod verify;
pub mod who;
pub mod why;

use std::process::ExitCode;

use anyhow::bail;
use clap::CommandFactory as _;

use crate::cli::args::Args;
use crate::cli::args::Command;
use crate::cli::format::Format;
use crate::maintenance::linking::Switch;
use crate::runtime::memory;
use crate::runtime::private;
use crate::runtime::private::Readers;

/// Executes the command and returns the exit code; an error is printed and gives 2.
pub fn main(args: Args) -> ExitCode {
    memory::forbid_huge_pages();
    private::forbid_core_dumps();
    private::limit_new_files(Readers::Owner);
    logging::start(args.log_level(), args.log_format);
    logging::tell_panics();
    terminal::start(args.color, args.progress);
    match dispatch(args) {
        Ok(code) => code,
        Err(error) => {
            output::print_error(&failure::causes(&error));
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

fn dispatch(args: Args) -> anyhow::Result<ExitCode> {
    match (args.format, &args.command) {
        (Format::Text | Format::Json, _)
        | (Format::Csv, Command::Status(_))
        | (Format::Csv | Format::Parquet, Command::Export(_)) => {}
        (Format::Csv, _) => bail!("--format csv is for status and export; use text or json"),
        (Format::Parquet, _) => bail!("--format parquet is for export; use text or json"),
    }
    let json = args.format == Format::Json;
    match args.command {
        Command::Check(options) => check::run(&args.config, &options, json),
        Command::Completions(options) => completions::completions(&options, Args::command()),
        Command::Config(options) => config::run(&args.config, &options, json),
        Command::Demo(demo) => demo::run(&demo),
        Command::Export(options) => export::run(&args.config, &options, args.format),
        Command::Init(options) => init::run(&options, json),
        Command::Link(options) => link::run(&args.config, options, Switch::Link, json),
        Command::Unlink(options) => link::run(&args.config, options, Switch::Unlink, json),
        Command::Man(options) => completions::man(&options, Args::command()),
        Command::Rematch(options) => rematch::run(&args.config, &options, json),
        Command::Run(options) => run::run(&args.config, &options, json),
        Command::Search(search) => search::run(&args.config, &search, json),
        Command::Serve(options) => serve::run(&args.config, &options, json),
        Command::Show(options) => show::run(&args.config, &options, json),
        Command::Simulate(simulate) => simulate::run(simulate),
        Command::Status(options) => status::run(&args.config, &options, args.format),
        Command::Verify => verify::run(&args.config, json),
        Command::Who(options) => who::run(&args.config, &options, json),
        Command::Why(options) => why::run(&args.config, &options, json),
    }
}
