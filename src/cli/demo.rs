//! `touchpoint demo`: the nightly job on the built-in simulated tenant, over HTTP, twice, a day
//! apart.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use tokio::runtime::Handle;

use crate::cli::args::DemoArgs;
use crate::cli::output;
use crate::cli::run;
use crate::cli::search;
use crate::cli::search::SearchArgs;
use crate::cli::setup::block_on;
use crate::cli::shell;
use crate::cli::terminal;
use crate::cli::who;
use crate::cli::who::WhoArgs;
use crate::config::Config;
use crate::index::hit::Hit;
use crate::index::query::Query;
use crate::index::search::Searcher;
use crate::model::days::Days;
use crate::model::days::day_of;
use crate::model::interaction::Kind;
use crate::model::run::RunSummary;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::report;
use crate::sim::export;
use crate::sim::highlights;
use crate::sim::highlights::Highlights;
use crate::sim::server;
use crate::sim::server::Options;
use crate::sim::world::World;

/// Marks a folder as a demo's, which may be replaced.
const MARKER: &str = ".touchpoint-demo";
/// A word that occurs in the simulated mails.
const WORD: &str = "workshop";

/// Runs the demo.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    make_folder(&args.folder)?;
    let folder = fs::canonicalize(&args.folder)?;
    let world = World::generated(args.seed, usize::try_from(args.users)?);
    let changes = highlights::of(&world);
    let second_night = world.start().plus(DAY);
    block_on(nights(world, &folder))?;
    let config = Config::load(&folder.join("touchpoint.toml"))?;
    let demo = Demo {
        config,
        file: args.folder.join("touchpoint.toml"),
    };
    if let Some(changes) = changes {
        demo.show_changes(&changes)?;
    }
    demo.show_searches()?;
    demo.show_who(second_night)?;
    title("Next")?;
    for words in [&["status"][..], &["search", "subject:offer"], &["verify"]] {
        demo.command(words)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Two runs, a day apart.
async fn nights(world: World, folder: &Path) -> anyhow::Result<()> {
    let start = world.start();
    let tenant = server::start(world, Options::default())
        .await
        .context("starting the simulated tenant on a loopback port")?;
    // The CRM exports its files every day; they have changed before the second run.
    let export_crm = |at| export::write(tenant.world(), folder, &tenant.address, at);
    export_crm(start)?;
    let config = Config::load(&folder.join("touchpoint.toml"))?;
    title("The first night: a year of mail and meetings")?;
    show(&night(&config).await?)?;
    tenant.advance(start.plus(DAY));
    export_crm(start.plus(DAY))?;
    title("The second night: what a day brought")?;
    show(&night(&config).await?)
}

async fn night(config: &Config) -> anyhow::Result<RunSummary> {
    run::once(config, run::Asked::default(), None, Handle::current()).await
}

fn show(summary: &RunSummary) -> anyhow::Result<()> {
    Ok(output::result(&report::text::render(
        summary,
        terminal::width(),
    ))?)
}

/// A demo of which both nights are over.
struct Demo {
    config: Config,
    /// The configuration file, as it is named in the current folder.
    file: PathBuf,
}

impl Demo {
    /// Three things that changed between the runs.
    fn show_changes(&self, changes: &Highlights) -> anyhow::Result<()> {
        for (what, subject) in [
            ("A series that was moved by an hour", &changes.moved_series),
            ("A meeting that was cancelled", &changes.cancelled),
        ] {
            title(what)?;
            let words = subject.split(|c: char| !c.is_alphanumeric());
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            self.search(&words, Some(Kind::Meeting), None)?;
        }
        title("A contact who is new in the CRM, with the history")?;
        self.search(&[], None, Some(&changes.contact_id))
    }

    /// One search, and the newest part of the history with the contact of its first hit.
    fn show_searches(&self) -> anyhow::Result<()> {
        title("A word")?;
        self.search(&[WORD], None, None)?;
        let hits = self.hits()?;
        let Some(contact) = hits.iter().find_map(|hit| hit.contacts.first()) else {
            bail!("the search found no one; please report it");
        };
        title(&format!("The history with {}", contact.name))?;
        self.search(&[], None, Some(&contact.id))
    }

    /// Who knows the account of the first hit, as of a simulated day.
    fn show_who(&self, at: Timestamp) -> anyhow::Result<()> {
        let hits = self.hits()?;
        let Some(account) = hits.iter().find_map(|hit| hit.accounts.first()) else {
            bail!("the search found no account; please report it");
        };
        let day = day_of(at);
        let name = account.name.as_deref().unwrap_or(&account.id);
        title(&format!("Who knows {name}"))?;
        let as_of = day.to_string();
        self.command(&["who", &account.id, "--as-of", &as_of, "--limit", "3"])?;
        output::result("\n")?;
        let args = WhoArgs {
            name: vec![account.id.to_string()],
            as_of: Some(Days::of(day)),
            cooling: false,
            single: false,
            limit: 3,
        };
        who::show(&self.config, &args, false)
    }

    /// The first hits of the word.
    fn hits(&self) -> anyhow::Result<Vec<Hit>> {
        let query = Query {
            words: WORD.to_owned(),
            limit: 20,
            ..Query::default()
        };
        Ok(Searcher::open(&self.config.index.path)?
            .search(&query)?
            .hits)
    }

    /// Prints a search as it is typed, and what it finds.
    fn search(
        &self,
        words: &[&str],
        kind: Option<Kind>,
        contact: Option<&str>,
    ) -> anyhow::Result<()> {
        let mut typed = vec!["search"];
        typed.extend(kind.iter().flat_map(|kind| ["--kind", kind.as_str()]));
        typed.extend(contact.iter().flat_map(|contact| ["--contact", contact]));
        typed.extend(words);
        typed.extend(["--limit", "3"]);
        self.command(&typed)?;
        output::result("\n")?;
        let args = SearchArgs {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            contact: contact.map(str::to_owned),
            account: None,
            user: None,
            kind,
            from: None,
            to: None,
            sort: None,
            limit: 3,
            offset: 0,
            ungrouped: false,
            facets: false,
        };
        search::show(&self.config, &args, false)
    }

    /// Prints a command that works in the current folder.
    fn command(&self, words: &[&str]) -> anyhow::Result<()> {
        let command = shell::command(&self.file, words);
        Ok(output::result(&format!("{command}\n"))?)
    }
}

fn title(text: &str) -> anyhow::Result<()> {
    Ok(output::result(&format!("\n=== {text} ===\n\n"))?)
}

/// Recreates the folder; one that contains anything except a demo is left alone.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.join(MARKER).is_file() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("removing the demo before in {}", folder.display()))?;
    } else if folder.is_dir() && fs::read_dir(folder)?.next().is_some() {
        bail!(
            "{} contains something other than a demo; name another folder with --folder",
            folder.display()
        );
    }
    fs::create_dir_all(folder)?;
    let mut marker = fs::File::create(folder.join(MARKER))?;
    Ok(marker.write_all(b"this folder is replaced by `touchpoint demo`\n")?)
}
