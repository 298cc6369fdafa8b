//! `touchpoint completions` and `touchpoint man`: what shells and `man` read, made from the definitions
//! of the commands.

use std::process::ExitCode;

use anyhow::bail;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::output;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The command whose page is printed; without it, that of the program
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints the script with which a shell completes commands and options.
pub fn completions(options: &CompletionsArgs, mut program: Command) -> anyhow::Result<ExitCode> {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut program, name, &mut script);
    output::raw(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a page for `man`.
pub fn man(options: &ManArgs, mut program: Command) -> anyhow::Result<ExitCode> {
    program.build();
    let page = match &options.command {
        None => program,
        Some(name) => page_of(&program, name)?,
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    output::raw(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn page_of(program: &Command, name: &str) -> anyhow::Result<Command> {
    match program.find_subcommand(name) {
        Some(command) => Ok(command.clone()),
        None => bail!("there is no command `{name}`; touchpoint --help lists them"),
    }
}
