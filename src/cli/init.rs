//! `touchpoint init`: a configuration to start from, of what is stated or answered.

use std::fs;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use clap::ValueEnum;
use serde_json::json;

use crate::cli::config;
use crate::cli::output;
use crate::config::files;
use crate::config::starter;
use crate::config::starter::ArchiveStarter;
use crate::config::starter::Starter;
use crate::config::starter::TenantStarter;
use crate::report::config_check::ConfigCheck;

/// Options of `init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Folder to write to
    #[arg(long, default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Name of the tenant in reports and tables
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Id of the tenant, or one of its verified domains
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// Application (client) id of the app registration
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Environment variable that holds the secret of the app registration
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    secret_env: Option<String>,
    /// File that holds the secret of the app registration
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Group whose mailboxes are read: its address or object id
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Archive to read: an mbox file, or a folder
    #[arg(long, value_name = "PATH", requires = "archive_format")]
    archive: Option<PathBuf>,
    /// Format of the files of --archive
    #[arg(long, value_enum, value_name = "FORMAT", requires = "archive")]
    archive_format: Option<ArchiveFormat>,
    /// Whose mailbox the archive is, if it is one; else each of its subfolders is a mailbox
    #[arg(long, value_name = "ADDRESS", requires = "archive")]
    archive_address: Option<String>,
    /// Domain of the company, for an archive; several times for several
    #[arg(long, value_name = "DOMAIN", requires = "archive")]
    domain: Vec<String>,
    /// How much of a mail is kept: envelope, preview or full
    #[arg(long, value_name = "CONTENT")]
    content: Option<String>,
    /// How far back the first run reads, like "12 months"
    #[arg(long, value_name = "TIME")]
    window: Option<String>,
    /// Contacts of the CRM, as they are exported
    #[arg(long, value_name = "FILE")]
    contacts: Option<PathBuf>,
    /// Accounts of the CRM, as they are exported
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
}

/// The format of an archive's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArchiveFormat {
    /// Maildir
    Maildir,
    /// mbox files
    Mbox,
    /// Folders of .eml files
    Eml,
}

const CONFIG: &str = "touchpoint.toml";

/// Writes what is not there yet, and prints what is still to be filled in.
pub fn run(options: &InitArgs, json: bool) -> anyhow::Result<ExitCode> {
    let inside = |name: &str| match &options.folder {
        folder if folder == Path::new(".") => PathBuf::from(name),
        folder => folder.join(name),
    };
    let path = inside(CONFIG);
    if path.exists() {
        bail!(
            "{} exists already and stays as it is; name another folder with --folder, or remove it",
            path.display()
        );
    }
    let mut starter = starter(options)?;
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        ask(&mut starter)?;
    }
    let text = starter.text();
    if let Some(problem) = files::refused(&text, &path) {
        bail!("nothing was written; correct the option: {problem}");
    }
    fs::create_dir_all(&options.folder)
        .with_context(|| format!("creating {}", options.folder.display()))?;
    let mut written = Written::default();
    for table in tables(&starter) {
        written.write(&inside(table), &starter::first_line(table))?;
    }
    written.write(&path, &text)?;
    let found = config::check(&path)?;
    if json {
        output::json(&json!({
            "written": written.new,
            "kept": written.kept,
            "notes": found.notes,
            "problems": found.problems,
        }))?;
    } else {
        output::result(&summary(&path, &written, &found))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the options state.
fn starter(options: &InitArgs) -> anyhow::Result<Starter> {
    let path = |path: &PathBuf| stated_path(&options.folder, path);
    let is_tenant = options.archive.is_none()
        || [
            &options.tenant,
            &options.tenant_id,
            &options.client_id,
            &options.group,
            &options.secret_env,
        ]
        .iter()
        .any(|stated| stated.is_some())
        || options.secret_file.is_some();
    let tenant = TenantStarter {
        name: options.tenant.clone(),
        id: options.tenant_id.clone(),
        client_id: options.client_id.clone(),
        group: options.group.clone(),
        secret_env: options.secret_env.clone(),
        secret_file: options.secret_file.as_ref().map(path).transpose()?,
    };
    let archive = options.archive.as_ref().zip(options.archive_format);
    let archive = archive.map(|(at, format)| {
        anyhow::Ok(ArchiveStarter {
            name: starter::archive_name(at),
            format: match format {
                ArchiveFormat::Maildir => "maildir",
                ArchiveFormat::Mbox => "mbox",
                ArchiveFormat::Eml => "eml",
            },
            path: path(at)?,
            address: options.archive_address.clone(),
            domains: options.domain.clone(),
        })
    });
    Ok(Starter {
        content: options.content.clone(),
        window: options.window.clone(),
        contacts: options.contacts.as_ref().map(path).transpose()?,
        accounts: options.accounts.as_ref().map(path).transpose()?,
        tenant: is_tenant.then_some(tenant),
        archive: archive.transpose()?,
    })
}

/// Paths of the configuration begin at its folder, those of options at the current one.
fn stated_path(folder: &Path, path: &Path) -> anyhow::Result<String> {
    let path = if folder == Path::new(".") {
        path.to_owned()
    } else {
        std::path::absolute(path)?
    };
    let text = path.into_os_string().into_string();
    text.map_err(|path| anyhow::anyhow!("{} is not UTF-8; rename it", path.display()))
}

/// Asks for what no option states; an empty answer leaves the placeholder or the default.
fn ask(starter: &mut Starter) -> io::Result<()> {
    output::print_status(
        "What you leave empty gets its default, or is marked to be filled in later.",
    );
    if let Some(tenant) = &mut starter.tenant {
        answer(&mut tenant.id, "tenant id, or a verified domain")?;
        answer(&mut tenant.client_id, "application (client) id")?;
        answer(
            &mut tenant.group,
            "address of the group whose mailboxes are read",
        )?;
        if tenant.secret_file.is_none() {
            answer(
                &mut tenant.secret_env,
                "environment variable of the secret [TOUCHPOINT_SECRET]",
            )?;
        }
    }
    answer(
        &mut starter.content,
        "how much of a mail is kept: envelope, preview, full [preview]",
    )?;
    answer(&mut starter.contacts, "contacts of the CRM [contacts.csv]")?;
    answer(&mut starter.accounts, "accounts of the CRM [accounts.csv]")
}

fn answer(known: &mut Option<String>, question: &str) -> io::Result<()> {
    if known.is_none() {
        *known = Some(output::ask(question)?).filter(|answer| !answer.is_empty());
    }
    Ok(())
}

/// The tables that the configuration names by the names that they have unless another one is stated.
fn tables(starter: &Starter) -> Vec<&'static str> {
    let of = |stated: &Option<String>, name| stated.is_none().then_some(name);
    let members = starter.tenant.is_some().then_some(starter::MEMBERS);
    let contacts = of(&starter.contacts, starter::CONTACTS);
    let accounts = of(&starter.accounts, starter::ACCOUNTS);
    members
        .into_iter()
        .chain(contacts)
        .chain(accounts)
        .collect()
}

/// Which files were written.
#[derive(Default)]
struct Written {
    new: Vec<String>,
    kept: Vec<String>,
}

impl Written {
    /// Writes a file unless it is there.
    fn write(&mut self, path: &Path, text: &str) -> anyhow::Result<()> {
        let name = path.display().to_string();
        match fs::File::create_new(path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())
                    .with_context(|| format!("writing {name}"))?;
                self.new.push(name);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.kept.push(name),
            Err(error) => return Err(error).with_context(|| format!("creating {name}")),
        }
        Ok(())
    }
}

fn summary(path: &Path, written: &Written, found: &ConfigCheck) -> String {
    let mut lines = vec![format!("written: {}", written.new.join(", "))];
    if !written.kept.is_empty() {
        lines.push(format!("kept as it was: {}", written.kept.join(", ")));
    }
    if !found.problems.is_empty() {
        lines.push("to do before the first run:".to_owned());
        lines.extend(found.problems.iter().map(|problem| format!("- {problem}")));
    }
    let command = match path.parent() {
        Some(folder) if folder == Path::new("") => "touchpoint".to_owned(),
        _ => format!("touchpoint --config {}", path.display()),
    };
    lines.push(format!(
        "next: {command} config check, then {command} check, then {command} run --plan"
    ));
    lines.join("\n") + "\n"
}
