//! `touchpoint search`: interactions by words, contact, account, colleague and time.

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde_json::Value;
use serde_json::json;
use tokio::runtime::Handle;

use crate::cli::day;
use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::config::Config;
use crate::index::doc::ShownParticipant;
use crate::index::highlight::Marked;
use crate::index::index_state::IndexState;
use crate::index::query::Query;
use crate::index::search::Hit;
use crate::index::search::Hits;
use crate::index::search::Searcher;
use crate::model::days::Days;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::time::Timestamp;
use crate::pipeline::index_state;
use crate::report::table::number;
use crate::report::terminal::harmless;

/// Further people of a hit are only counted, so that each hit takes a few lines.
const PEOPLE_MAX: usize = 3;
const MARK: &str = "\x1b[1;33m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Find interactions by words, contact, account, colleague and time.
///
/// All words must occur, in subject, text, names or addresses; case and accents do not matter. "two
/// words" in quotation marks is a phrase, -word excludes, begin* finds beginnings, and OR between
/// two words requires one of them. Quote the whole query for the shell, or put -- before it.
///
/// Example: touchpoint search --account fabrikam.com --from 2026-01-01 'offer turb* -lunch'
#[derive(Debug, Clone, clap::Args)]
pub struct SearchArgs {
    /// What to search for
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Only with this contact: id, address or domain
    #[arg(long, value_name = "CONTACT")]
    pub contact: Option<String>,
    /// Only with this account: id, address or domain
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Only in this mailbox: address or id
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
    /// How many hits to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// The kinds, named as in the tables.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    let words = Kind::ALL.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(words).try_map(|word| Kind::parse(&word).ok_or("no such kind"))
}

/// Searches the index of a configuration and prints what it finds.
pub fn run(config: &Path, args: SearchArgs, json: bool) -> anyhow::Result<ExitCode> {
    show(&load(config)?, args, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Searches the index and prints the hits, as text for people or as one JSON object. If the index
/// disagrees with the lake, a warning is printed.
pub fn show(config: &Config, args: SearchArgs, json: bool) -> anyhow::Result<()> {
    let query = Query {
        words: args.words.join(" "),
        contact: args.contact,
        account: args.account,
        user: args.user,
        kind: shown_kind(config, args.kind)?,
        from: args.from.map(|days| days.first),
        to: args.to.map(|days| days.last),
        limit: args.limit,
        offset: 0,
    };
    let searcher = Searcher::open(&config.index.path)?;
    let hits = searcher.search(&query)?;
    let state = compared(searcher, config.lake.path.clone())?;
    if json {
        output::json(&as_json(&hits, &state))?;
    } else {
        // Mail text was sanitised when the output was composed.
        output::raw(plain_text(&hits, output::is_terminal()).as_bytes())?;
    }
    if let Some(doubt) = doubt(&state) {
        output::print_status(&doubt);
    }
    Ok(())
}

/// The kind that is searched for: meetings alone where activity from mail is not shown.
fn shown_kind(config: &Config, wanted: Option<Kind>) -> anyhow::Result<Option<Kind>> {
    match wanted {
        _ if config.view.mail_activity => Ok(wanted),
        Some(Kind::Email) => bail!(
            "activity from mail is not shown: the configuration says mail_activity = false in [view]"
        ),
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

fn as_json(hits: &Hits, state: &IndexState) -> Value {
    let mut json = json!(hits);
    json["took_ms"] = json!(hits.took.as_secs_f64() * 1_000.0);
    json["index"] = json!({
        "state": state.as_str(),
        "rows_behind": match state {
            IndexState::Behind { rows } => *rows,
            _ => None,
        },
    });
    json
}

fn plain_text(hits: &Hits, color: bool) -> String {
    let mut text = match (hits.total, hits.hits.len()) {
        (0, _) => "nothing found".to_owned(),
        (1, _) => "1 hit".to_owned(),
        (total, shown) if shown < total => format!("{shown} of {total} hits"),
        (total, _) => format!("{total} hits"),
    };
    let _ = writeln!(text, " ({:.1} ms)", hits.took.as_secs_f64() * 1_000.0);
    for hit in &hits.hits {
        text.push('\n');
        push_hit(&mut text, hit, color);
    }
    text
}

fn push_hit(text: &mut String, hit: &Hit, color: bool) {
    let arrow = match hit.direction.as_str() {
        "outbound" => "->",
        "inbound" => "<-",
        _ => "--",
    };
    let user = harmless(&hit.user_address);
    // Writing into a string cannot fail.
    let _ = write!(text, "{}  {user} {arrow} {}", time(hit), others(hit));
    if hit.kind == Kind::Meeting.as_str() {
        let _ = write!(text, "  [meeting, {}]", hit.state);
    }
    text.push('\n');
    text.push_str("  ");
    match &hit.subject {
        Some(subject) => push_marked(text, subject, "", color),
        None => push_marked(text, &unmarked("(subject not kept)"), DIM, color),
    }
    if let Some(preview) = hit.preview.as_ref().filter(|p| !p.text.trim().is_empty()) {
        text.push_str("  ");
        push_marked(text, preview, DIM, color);
    }
}

/// When it took place; for a meeting also its end, with the day if that differs.
fn time(hit: &Hit) -> String {
    let written = |at: Timestamp| at.timestamp().strftime("%Y-%m-%d %H:%M").to_string();
    let start = written(hit.occurred_at);
    match hit.ended_at {
        None => start,
        Some(end) if end.day() == hit.occurred_at.day() => {
            format!("{start}-{}", end.timestamp().strftime("%H:%M"))
        }
        Some(end) => format!("{start} - {}", written(end)),
    }
}

/// The matched contacts; if there are none, the external participants; otherwise the other
/// participants.
fn others(hit: &Hit) -> String {
    let matched = hit.contacts.iter().map(|contact| {
        let account = contact
            .account_id
            .as_deref()
            .and_then(|id| account(hit, id));
        named(&contact.name, account.unwrap_or(&contact.address))
    });
    let matched: Vec<_> = matched.collect();
    let outside: Vec<_> = if matched.is_empty() {
        participants(hit, |p| !p.internal && !is_room(p))
    } else {
        matched
    };
    let people = if outside.is_empty() {
        participants(hit, |p| p.address != hit.user_address && !is_room(p))
    } else {
        outside
    };
    let more = people.len().saturating_sub(PEOPLE_MAX);
    let mut text = people
        .into_iter()
        .take(PEOPLE_MAX)
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

fn account<'a>(hit: &'a Hit, id: &str) -> Option<&'a str> {
    let account = hit.accounts.iter().find(|account| account.id == id)?;
    Some(account.name.as_deref().unwrap_or(&account.id))
}

fn participants(hit: &Hit, wanted: impl Fn(&ShownParticipant<'_>) -> bool) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    for participant in hit.participants.iter().filter(|p| wanted(p)) {
        let name = participant.name.as_deref().unwrap_or_default();
        let person = named(name, &participant.address);
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

fn is_room(participant: &ShownParticipant<'_>) -> bool {
    participant.role == Role::Resource.as_str()
}

fn named(name: &str, belongs_to: &str) -> String {
    let (name, belongs_to) = (harmless(name), harmless(belongs_to));
    match name.trim() {
        "" => belongs_to,
        name => format!("{name} ({belongs_to})"),
    }
}

fn unmarked(text: &str) -> Marked {
    Marked {
        text: text.to_owned(),
        marks: Vec::new(),
    }
}

fn push_marked(text: &mut String, marked: &Marked, style: &str, color: bool) {
    for (piece, is_hit) in marked.pieces() {
        let piece = harmless(piece);
        let style = if is_hit { MARK } else { style };
        if color && !style.is_empty() {
            let _ = write!(text, "{style}{piece}{PLAIN}");
        } else {
            text.push_str(&piece);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::index::doc::ShownAccount;
    use crate::index::doc::ShownContact;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        search: SearchArgs,
    }

    fn args(typed: &[&str]) -> Result<SearchArgs, clap::Error> {
        let program = Program::try_parse_from([&["search"], typed].concat())?;
        Ok(program.search)
    }

    fn hit() -> Hit {
        let participant = |name: &'static str, address: &'static str, internal| ShownParticipant {
            address: address.into(),
            name: Some(name.into()),
            role: "to".into(),
            internal,
        };
        Hit {
            interaction_id: "0".repeat(32),
            mailbox_id: "id-ann".into(),
            occurred_at: Timestamp(0),
            ended_at: None,
            kind: "email".into(),
            state: "active".into(),
            direction: "inbound".into(),
            user_address: "ann@contoso.com".into(),
            subject: Some(Marked {
                text: "An offer\x1b[2J\nnow".into(),
                marks: vec![(3, 8)],
            }),
            preview: Some(unmarked("first \u{202e}line")),
            contacts: vec![ShownContact {
                id: "C-1".into(),
                name: "Bob".into(),
                address: "bob@fabrikam.com".into(),
                account_id: Some("A-1".into()),
            }],
            accounts: vec![ShownAccount {
                id: "A-1".into(),
                name: Some("Fabrikam".into()),
            }],
            participants: vec![
                participant("Ann", "ann@contoso.com", true),
                participant("", "eve@x.org", false),
            ],
            participants_total: 2,
        }
    }

    fn shown(hit: Hit, color: bool) -> String {
        let hits = Hits {
            total: 7,
            hits: vec![hit],
            took: Duration::from_micros(1_234),
        };
        plain_text(&hits, color)
    }

    #[test]
    fn a_hit_reads_as_who_with_whom_and_what() {
        let expected = "1 of 7 hits (1.2 ms)\n\
            \n\
            1970-01-01 00:00  ann@contoso.com <- Bob (Fabrikam)\n  \
            An offer\u{fffd}[2J now\n  \
            first line\n";
        assert_eq!(shown(hit(), false), expected);
    }

    #[test]
    fn a_meeting_shows_its_end_and_state() {
        let hour = Timestamp(3_600_000_000);
        let meeting = |ended_at: Timestamp, state: &str| Hit {
            ended_at: Some(ended_at),
            kind: "meeting".into(),
            state: state.into(),
            ..hit()
        };
        let first_line = |hit| shown(hit, false).lines().nth(2).map(str::to_owned);
        let expected = "1970-01-01 00:00-01:00  \
            ann@contoso.com <- Bob (Fabrikam)  [meeting, cancelled]";
        let found = first_line(meeting(hour, "cancelled"));
        assert_eq!(found.as_deref(), Some(expected));
        let whole_day = first_line(meeting(Timestamp(24 * hour.0), "held"));
        assert!(whole_day.is_some_and(|line| {
            line.starts_with("1970-01-01 00:00 - 1970-01-02 00:00  ") && line.ends_with("held]")
        }));
    }

    #[test]
    fn mail_text_reaches_no_terminal_as_escape_codes() {
        let text = shown(hit(), true);
        assert!(
            text.contains("An \x1b[1;33moffer\x1b[0m\u{fffd}[2J now\n"),
            "{text:?}"
        );
    }

    #[test]
    fn without_a_match_the_people_outside_are_named() {
        let mut hit = hit();
        hit.contacts.clear();
        assert_eq!(others(&hit), "eve@x.org");
        hit.participants[1].role = "resource".into();
        assert_eq!(others(&hit), "");
        hit.user_address = "other@contoso.com".into();
        assert_eq!(others(&hit), "Ann (ann@contoso.com)");
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

    #[test]
    fn each_json_hit_carries_interaction_and_mailbox() {
        let hits = Hits {
            total: 1,
            hits: vec![hit()],
            took: Duration::ZERO,
        };
        let json = as_json(&hits, &IndexState::Current);
        assert_eq!(json["hits"][0]["interaction_id"], "0".repeat(32));
        assert_eq!(json["hits"][0]["mailbox_id"], "id-ann");
        assert_eq!(json["hits"][0]["ended_at"], serde_json::Value::Null);
        assert_eq!(json["hits"][0]["kind"], "email");
        assert_eq!(json["hits"][0]["state"], "active");
        assert_eq!(json["total"], 1);
    }
}
