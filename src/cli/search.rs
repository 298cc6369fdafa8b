//! `touchpoint search`: interactions by words, contact, account, colleague and time.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use tokio::runtime::Handle;

use crate::cli::day;
use crate::cli::names::describe;
use crate::cli::names::explain;
use crate::cli::output;
use crate::cli::search_text;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::cli::setup::mail_is_not_shown;
use crate::cli::setup::with_lake;
use crate::cli::terminal;
use crate::config::Config;
use crate::index::index_state::IndexState;
use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::index::query::Exact;
use crate::index::query::Query;
use crate::index::query::WithFacets;
use crate::index::search::Searcher;
use crate::maintenance::names;
use crate::model::days::Days;
use crate::model::interaction::Kind;
use crate::pipeline::index_state;
use crate::report::table::number;
use crate::report::terminal::fold;

/// Find interactions by words, contact, account, colleague and time.
///
/// All words must occur, in subject, text, names or addresses; case and accents do not matter. "two
/// words" in quotation marks is a phrase, -word excludes, begin* finds beginnings, and OR between
/// two words requires one of them. from:, to:, with:, subject: and in: restrict a word to a part;
/// is:meeting, before:2026-01 and after:2026-01 are conditions. Quotation marks and * need quotes of the
/// shell around the query. A hit is a mail or meeting, the first one of its conversation or series.
///
/// Example: touchpoint search --account fabrikam --from 2026-01 'offer from:omar turb* -lunch'
#[derive(Debug, Clone, clap::Args)]
pub struct SearchArgs {
    /// What to search for
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Only with this contact: name, part of a name, address, domain or id
    #[arg(long, value_name = "CONTACT")]
    pub contact: Option<String>,
    /// Only with this account: name, part of a name, domain, address or id
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Only in this mailbox: part of an address, address or id
    #[arg(long, value_name = "MAILBOX")]
    pub user: Option<String>,
    /// Only mails, or only meetings
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub kind: Option<Kind>,
    /// From this UTC day on, or from the first day of a month or year: 2026-01, "last week", 7d
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub from: Option<Days>,
    /// Up to the end of this UTC day, month or year
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub to: Option<Days>,
    /// The order: date (newest first) or relevance; default: relevance where words are searched
    #[arg(long, value_name = "ORDER", value_parser = sorts())]
    pub sort: Option<Sort>,
    /// How many hits to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// How many hits to skip
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
    /// List every mail and meeting, not one of each conversation or series
    #[arg(long)]
    pub ungrouped: bool,
    /// Also count what matches by kind, colleague, account, contact, year and month
    #[arg(long)]
    pub facets: bool,
}

/// The orders.
fn sorts() -> impl TypedValueParser<Value = Sort> {
    let words = Sort::ALL.map(Sort::as_str);
    PossibleValuesParser::new(words).try_map(|word| Sort::parse(&word).ok_or("no such order"))
}

/// The kinds, named as in the tables.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    let words = Kind::ALL.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(words).try_map(|word| Kind::parse(&word).ok_or("no such kind"))
}

/// Searches the index of a configuration and prints what it finds.
pub fn run(config: &Path, args: &SearchArgs, json: bool) -> anyhow::Result<ExitCode> {
    show(&load(config)?, args, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Searches the index and prints the hits, as text for people or as one JSON object. If the index
/// disagrees with the lake, a warning is printed.
pub fn show(config: &Config, args: &SearchArgs, json: bool) -> anyhow::Result<()> {
    let searcher = Searcher::open(&config.index.path)?;
    let named = resolved(config, &searcher, args)?;
    let query = Query {
        words: args.words.join(" "),
        kind: shown_kind(config, args.kind)?,
        from: args.from.map(|days| days.first),
        to: args.to.map(|days| days.last),
        sort: args.sort,
        grouping: if args.ungrouped {
            Grouping::Interactions
        } else {
            Grouping::Conversations
        },
        facets: if args.facets {
            WithFacets::Yes
        } else {
            WithFacets::No
        },
        limit: args.limit,
        offset: args.offset,
        ..named
    };
    let hits = searcher.search(&query)?;
    let state = compared(searcher, config.lake.path.clone())?;
    if json {
        output::json(&state.json_of(&hits))?;
    } else {
        let text = search_text::plain_text(&hits, terminal::color());
        // Mail text was sanitised when the output was composed.
        output::raw(fold(&text, terminal::width()).as_bytes())?;
    }
    if let Some(doubt) = doubt(&state) {
        output::print_status(&doubt);
    }
    Ok(())
}

/// A query with the contacts, accounts and mailboxes that the options name.
fn resolved(config: &Config, searcher: &Searcher, args: &SearchArgs) -> anyhow::Result<Query> {
    let named = [
        (Exact::Contact, &args.contact),
        (Exact::Account, &args.account),
        (Exact::User, &args.user),
    ];
    let is_any = named.iter().any(|(_, text)| text.is_some());
    // Without a lake, what is in the index can be searched all the same.
    let directory = is_any.then(|| with_lake(config, |_, lake| Ok(names::directory(lake)?)).ok());
    let directory = directory.flatten().flatten();
    let [contact, account, user] = named.map(|(field, text)| {
        let Some(text) = text else {
            return anyhow::Ok(Vec::new());
        };
        let values = names::values(text, field, Some(searcher), directory.as_ref());
        let values = values.map_err(|error| anyhow!("{}: {}", option(field), explain(&error)))?;
        if let Some(meant) = &values.meant {
            output::print_status(&format!("{} {text}: {}", option(field), describe(meant)));
        }
        Ok(values.values)
    });
    Ok(Query {
        contact: contact?,
        account: account?,
        user: user?,
        ..Query::default()
    })
}

fn option(field: Exact) -> &'static str {
    match field {
        Exact::Contact => "--contact",
        Exact::Account => "--account",
        Exact::User => "--user",
    }
}

/// The kind that is searched for: meetings alone where activity from mail is not shown.
fn shown_kind(config: &Config, wanted: Option<Kind>) -> anyhow::Result<Option<Kind>> {
    match wanted {
        _ if config.view.mail_activity => Ok(wanted),
        Some(Kind::Email) => Err(mail_is_not_shown()),
        _ => Ok(Some(Kind::Meeting)),
    }
}

fn compared(searcher: Searcher, lake: PathBuf) -> anyhow::Result<IndexState> {
    block_on(async {
        let handle = Handle::current();
        let comparing =
            tokio::task::spawn_blocking(move || index_state::of(&searcher, &lake, handle));
        Ok(comparing.await?)
    })
}

/// The warning for hits that may disagree with the lake.
fn doubt(state: &IndexState) -> Option<String> {
    match state {
        IndexState::Current => None,
        IndexState::Behind { rows } => Some(match rows {
            Some(rows) => format!(
                "the index is behind the lake by up to {} rows; the next run adds them",
                number(*rows)
            ),
            None => "the index is behind the lake; the next run adds the missing rows".to_owned(),
        }),
        IndexState::Ahead => Some(
            "the index contains rows that the lake does not have (was it restored from a backup?); \
             the next run makes the index again"
                .to_owned(),
        ),
        IndexState::Foreign => {
            Some("the index belongs to another lake; the next run rebuilds it".to_owned())
        }
        IndexState::NoLake { why } => Some(format!(
            "it is unknown whether the index is up to date: {why}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        search: SearchArgs,
    }

    fn args(typed: &[&str]) -> Result<SearchArgs, clap::Error> {
        let program = Program::try_parse_from([&["search"], typed].concat())?;
        Ok(program.search)
    }

    #[test]
    fn exclusions_and_days_are_read_from_the_command_line() {
        let read = args(&["offer -lunch", "--from", "2026-01-31", "--limit", "5"]).unwrap();
        assert_eq!(read.words, ["offer -lunch"]);
        assert_eq!(read.from, Some(Days::of(jiff::civil::date(2026, 1, 31))));
        assert_eq!(read.limit, 5);
        let read = args(&["--limit", "5", "--", "-lunch", "offer"]).unwrap();
        assert_eq!(read.words, ["-lunch", "offer"]);
        let read = args(&["--from", "2026-01", "--to", "last year"]).unwrap();
        assert_eq!(read.from.unwrap().last, jiff::civil::date(2026, 1, 31));
        assert!(read.to.is_some());
        let error = args(&["--from", "2026-02-30"]).unwrap_err().to_string();
        assert!(
            error.contains("--from") && error.contains("last week"),
            "{error}"
        );
        let read = args(&["--kind", "meeting"]).unwrap();
        assert_eq!(read.kind, Some(Kind::Meeting));
        assert!(args(&["--kind", "chat"]).is_err());
    }
}
