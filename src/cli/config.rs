//! `touchpoint config check`: what a run would refuse, before any request and without the lake.

use std::path::Path;
use std::process::ExitCode;

use crate::access::input::TenantInput;
use crate::cli::output;
use crate::config::Config;
use crate::config::crm_notes;
use crate::config::files;
use crate::config::tenant::Tenant;
use crate::pipeline::inputs;
use crate::report::config_check;
use crate::report::config_check::ConfigCheck;
use crate::report::config_check::Section;
use crate::serve::listening;

/// Options of `config`.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// What to do with the configuration
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// Commands on the configuration.
#[derive(Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration and every file that it names, without any request
    Check,
}

/// Checks the configuration, and prints what was found.
pub fn run(path: &Path, options: &ConfigArgs, json: bool) -> anyhow::Result<ExitCode> {
    let found = match options.command {
        ConfigCommand::Check => check(path)?,
    };
    if json {
        output::json(&config_check::json(&found))?;
    } else {
        output::result(&config_check::text(&found))?;
    }
    Ok(ExitCode::from(config_check::exit_code(&found)))
}

/// Reads the configuration and what it names.
pub fn check(path: &Path) -> anyhow::Result<ConfigCheck> {
    let parsed = files::parse(path)?;
    let mut found = ConfigCheck {
        file: path.display().to_string(),
        problems: parsed.problems.iter().map(ToString::to_string).collect(),
        ..ConfigCheck::default()
    };
    let Some(config) = parsed.config else {
        return Ok(found);
    };
    add_crm(&config, &mut found);
    for tenant in &config.tenants {
        add_tenant(&config, tenant, &mut found);
    }
    match listening::check(&config.serve) {
        Ok(0) => {}
        Ok(tokens) => found.sections.push(Section {
            name: "serve".to_owned(),
            counts: vec![("access tokens", tokens)],
        }),
        Err(error) => found.problems.push(error.to_string()),
    }
    for archive in &config.archives {
        match inputs::archive_input(archive) {
            Ok(input) => found.sections.push(Section {
                name: format!("archive {}", archive.name),
                counts: vec![("mailboxes", input.mailboxes.len())],
            }),
            Err(error) => found.problems.push(error.to_string()),
        }
    }
    Ok(found)
}

fn add_crm(config: &Config, found: &mut ConfigCheck) {
    match files::crm(&config.crm) {
        Ok(read) => {
            found.sections.push(Section {
                name: "crm".to_owned(),
                counts: vec![
                    ("contacts", read.snapshot.contacts.len()),
                    ("accounts", read.snapshot.accounts.len()),
                    ("rows skipped", read.passed_over()),
                ],
            });
            found.notes.extend(crm_notes::lines(&read.notes));
        }
        Err(problems) => found
            .problems
            .extend(problems.iter().map(ToString::to_string)),
    }
}

fn add_tenant(config: &Config, tenant: &Tenant, found: &mut ConfigCheck) {
    let files = files::tenant(tenant);
    let mut counts = vec![("members", files.members)];
    counts.extend(files.users.map(|users| ("users in scope", users)));
    counts.push(("denied by name", files.denied));
    found.sections.push(Section {
        name: format!("tenant {}", tenant.name),
        counts,
    });
    let of_tenant = |problem: String| format!("tenant {}: {problem}", tenant.name);
    let problems = files.problems.iter().map(ToString::to_string);
    found.problems.extend(problems.map(of_tenant));
    // What shows only when all files are used together, like a key that is not the certificate's.
    if files.problems.is_empty()
        && let Err(error) = TenantInput::read(tenant, &config.run)
    {
        found.problems.push(error.to_string());
    }
}
