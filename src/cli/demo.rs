//! `touchpoint demo`: the nightly job on the built-in simulated tenant, over HTTP, twice, a day
//! apart.

use std::fs;
use std::io::Write as _;
use std::path::Path;
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
use crate::cli::terminal;
use crate::cli::who;
use crate::cli::who::WhoArgs;
use crate::config::Config;
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
    if let Some(changes) = changes {
        show_changes(&config, &changes)?;
    }
    show_searches(&config)?;
    show_who(&config, second_night)?;
    let file = args.folder.join("touchpoint.toml");
    output::result(&format!(
        "\nnext: touchpoint --config {} status | search WORDS | who NAME | verify\n",
        file.display()
    ))?;
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

/// Three things that changed between the runs.
fn show_changes(config: &Config, changes: &Highlights) -> anyhow::Result<()> {
    let by_title = |title: &str| {
        let words = title.split(|c: char| !c.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join(" ")
    };
    for (what, subject) in [
        ("A series that was moved by an hour", &changes.moved_series),
        ("A meeting that was cancelled", &changes.cancelled),
    ] {
        let words = by_title(subject);
        title(&format!("{what}: touchpoint search --kind meeting {words}"))?;
        search_to_stdout(config, &words, Some(Kind::Meeting), None)?;
    }
    title(&format!(
        "A contact who is new in the CRM, with the history: touchpoint search --contact {}",
        changes.contact_id
    ))?;
    search_to_stdout(config, "", None, Some(changes.contact_id.clone()))
}

/// One search, and the newest part of the history with the contact of its first hit.
fn show_searches(config: &Config) -> anyhow::Result<()> {
    title(&format!("touchpoint search {WORD}"))?;
    search_to_stdout(config, WORD, None, None)?;
    let query = Query {
        words: WORD.to_owned(),
        limit: 20,
        ..Query::default()
    };
    let hits = Searcher::open(&config.index.path)?.search(&query)?.hits;
    let Some(contact) = hits.iter().find_map(|hit| hit.contacts.first()) else {
        bail!("the search found no one; please report it");
    };
    title(&format!(
        "The history with {}: touchpoint search --contact {}",
        contact.name, contact.id
    ))?;
    search_to_stdout(config, "", None, Some(contact.id.to_string()))
}

/// Who knows the account of the first hit, as of a simulated day.
fn show_who(config: &Config, at: Timestamp) -> anyhow::Result<()> {
    let query = Query {
        words: WORD.to_owned(),
        limit: 20,
        ..Query::default()
    };
    let hits = Searcher::open(&config.index.path)?.search(&query)?.hits;
    let Some(account) = hits.iter().find_map(|hit| hit.accounts.first()) else {
        bail!("the search found no account; please report it");
    };
    let day = day_of(at);
    title(&format!(
        "Who knows {}: touchpoint who {} --as-of {day} --limit 3",
        account.name.as_deref().unwrap_or(&account.id),
        account.id
    ))?;
    let args = WhoArgs {
        name: vec![account.id.to_string()],
        as_of: Some(Days::of(day)),
        cooling: false,
        single: false,
        limit: 3,
    };
    who::show(config, &args, false)
}

fn search_to_stdout(
    config: &Config,
    words: &str,
    kind: Option<Kind>,
    contact: Option<String>,
) -> anyhow::Result<()> {
    let args = SearchArgs {
        words: words.split_whitespace().map(str::to_owned).collect(),
        contact,
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
    search::show(config, &args, false)
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
