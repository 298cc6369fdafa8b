//! The hits of `touchpoint search`, as text for people.

use std::fmt::Write as _;

use crate::cli::terminal::Color;
use crate::index::doc::ShownParticipant;
use crate::index::facets;
use crate::index::facets::Facets;
use crate::index::highlight::Marked;
use crate::index::hit::Hit;
use crate::index::hit::Hits;
use crate::index::order::Sort;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::report::instant::minute;
use crate::report::instant::minute_utc;
use crate::report::table::number;
use crate::report::terminal::harmless;
use crate::report::withheld;

/// Further people of a hit are only counted, so that each hit takes a few lines.
const PEOPLE_MAX: usize = 3;
const MARK: &str = "\x1b[1;33m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// The hits as lines of text.
pub fn plain_text(hits: &Hits, color: Color) -> String {
    let mut text = String::new();
    let took = hits.took.as_secs_f64() * 1_000.0;
    if hits.total == 0 {
        let _ = writeln!(text, "nothing found ({took:.1} ms)");
    } else {
        let _ = writeln!(
            text,
            "{}, {} ({took:.1} ms)",
            totals(hits),
            order(hits.sort)
        );
    }
    for suggestion in &hits.suggestions {
        let (word, instead) = (&suggestion.word, suggestion.instead.join(", "));
        let _ = writeln!(
            text,
            "{} does not occur; did you mean: {}",
            harmless(word),
            harmless(&instead)
        );
    }
    if let Some(facets) = &hits.facets {
        push_facets(&mut text, facets);
    }
    for hit in &hits.hits {
        text.push('\n');
        push_hit(&mut text, hit, color);
    }
    text
}

/// How many interactions and groups there are, and which of them are listed.
fn totals(hits: &Hits) -> String {
    let mut text = match hits.total {
        1 => "1 interaction".to_owned(),
        total => format!("{} interactions", number(total as u64)),
    };
    if hits.groups < hits.total {
        let _ = write!(
            text,
            " in {} conversations or series",
            number(hits.groups as u64)
        );
    }
    let (first, last) = (hits.offset + 1, hits.offset + hits.hits.len());
    match (first, last) {
        _ if last >= hits.groups && hits.offset == 0 => {}
        _ if hits.hits.is_empty() => text.push_str(", none listed"),
        (1, _) => {
            let _ = write!(text, ", the first {}", number(last as u64));
        }
        _ => {
            let (first, last) = (number(first as u64), number(last as u64));
            let _ = write!(text, ", {first} to {last}");
        }
    }
    text
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Date => "newest first",
        Sort::Relevance => "best match first",
    }
}

fn push_facets(text: &mut String, facets: &Facets) {
    for (name, values) in [
        ("kinds", &facets.kinds),
        ("colleagues", &facets.colleagues),
        ("accounts", &facets.accounts),
        ("contacts", &facets.contacts),
        ("years", &facets.years),
        ("months", &facets.months),
    ] {
        let value = |value: &facets::Value| {
            let label = named(value.name.as_deref().unwrap_or_default(), &value.value);
            format!("{label} {}", number(value.count as u64))
        };
        let values: Vec<String> = values.iter().map(value).collect();
        let _ = writeln!(text, "{name}: {}", values.join(", "));
    }
}

fn push_hit(text: &mut String, hit: &Hit, color: Color) {
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
        None => push_marked(text, &unmarked(&no_subject(hit)), DIM, color),
    }
    if let Some(preview) = hit.preview.as_ref().filter(|p| !p.text.trim().is_empty()) {
        text.push_str("  ");
        push_marked(text, preview, DIM, color);
    }
    push_marked(
        text,
        &unmarked(&format!("  {}", belonging(hit))),
        DIM,
        color,
    );
}

/// Why there is no subject.
fn no_subject(hit: &Hit) -> String {
    let is_matched = !(hit.contacts.is_empty() && hit.accounts.is_empty());
    let has_content = hit.preview.is_some();
    let why = withheld::why(hit.sensitivity_known, is_matched, has_content);
    format!("({})", why.map_or("no subject", withheld::Why::short))
}

/// Its id, who else holds it, and how much more of its conversation matches.
fn belonging(hit: &Hit) -> String {
    let mut text = hit.interaction_id.clone();
    let others = hit.colleagues_total.saturating_sub(1);
    if others > 0 {
        let others = hit
            .colleagues
            .iter()
            .filter(|one| one.mailbox_id != hit.mailbox_id);
        let named: Vec<&str> = others.map(|one| &*one.address).take(PEOPLE_MAX).collect();
        let _ = write!(text, "  also in {}", harmless(&named.join(", ")));
        let more = (hit.colleagues_total - 1).saturating_sub(named.len());
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
    }
    if let Some(group) = hit.group.as_ref().filter(|group| group.more > 0) {
        let _ = write!(
            text,
            "  {} more of this {}",
            number(group.more as u64),
            group.kind
        );
    }
    text
}

/// When it took place; for a meeting also its end, with the day if that differs.
fn time(hit: &Hit) -> String {
    let start = minute(hit.occurred_at);
    match hit.ended_at {
        None => format!("{start} UTC"),
        Some(end) if end.day() == hit.occurred_at.day() => {
            format!("{start}-{} UTC", end.timestamp().strftime("%H:%M"))
        }
        Some(end) => format!("{start} - {}", minute_utc(end)),
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

fn push_marked(text: &mut String, marked: &Marked, style: &str, color: Color) {
    for (piece, is_hit) in marked.pieces() {
        let piece = harmless(piece);
        let style = if is_hit { MARK } else { style };
        if color == Color::On && !style.is_empty() {
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

    use super::*;
    use crate::index::doc::ShownAccount;
    use crate::index::doc::ShownContact;
    use crate::index::hit::Colleague;
    use crate::index::hit::Group;
    use crate::index::index_state::IndexState;
    use crate::model::time::Timestamp;

    fn colleague(name: &str) -> Colleague {
        Colleague {
            address: format!("{name}@contoso.com"),
            mailbox_id: format!("id-{name}"),
            role: None,
            container: "inbox".into(),
        }
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
            user_role: Some("to".into()),
            container: "inbox".into(),
            sensitivity_known: true,
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
            colleagues: ["ann", "bob"].map(colleague).into(),
            colleagues_total: 5,
            group: Some(Group {
                kind: "conversation",
                id: "thread".into(),
                more: 2,
            }),
        }
    }

    fn hits(total: usize, hit: Hit) -> Hits {
        Hits {
            total,
            groups: total,
            offset: 0,
            sort: Sort::Relevance,
            hits: vec![hit],
            suggestions: Vec::new(),
            facets: None,
            took: Duration::from_micros(1_234),
        }
    }

    fn shown(hit: Hit, color: Color) -> String {
        plain_text(&hits(7, hit), color)
    }

    #[test]
    fn a_hit_reads_as_who_with_whom_and_what() {
        let expected = format!(
            "7 interactions, the first 1, best match first (1.2 ms)\n\
            \n\
            1970-01-01 00:00 UTC  ann@contoso.com <- Bob (Fabrikam)\n  \
            An offer\u{fffd}[2J now\n  \
            first line\n  \
            {}  also in bob@contoso.com and 3 more  2 more of this conversation\n",
            "0".repeat(32)
        );
        assert_eq!(shown(hit(), Color::Off), expected);
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
        let first_line = |hit| shown(hit, Color::Off).lines().nth(2).map(str::to_owned);
        let expected = "1970-01-01 00:00-01:00 UTC  \
            ann@contoso.com <- Bob (Fabrikam)  [meeting, cancelled]";
        let found = first_line(meeting(hour, "cancelled"));
        assert_eq!(found.as_deref(), Some(expected));
        let whole_day = first_line(meeting(Timestamp(24 * hour.0), "held"));
        assert!(whole_day.is_some_and(|line| {
            line.starts_with("1970-01-01 00:00 - 1970-01-02 00:00 UTC  ") && line.ends_with("held]")
        }));
    }

    #[test]
    fn mail_text_reaches_no_terminal_as_escape_codes() {
        let text = shown(hit(), Color::On);
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
    fn each_json_hit_carries_interaction_and_mailbox() {
        let json = IndexState::Current.json_of(&hits(1, hit()));
        assert_eq!(json["hits"][0]["interaction_id"], "0".repeat(32));
        assert_eq!(json["hits"][0]["mailbox_id"], "id-ann");
        assert_eq!(json["hits"][0]["ended_at"], serde_json::Value::Null);
        assert_eq!(json["hits"][0]["kind"], "email");
        assert_eq!(json["hits"][0]["state"], "active");
        assert_eq!(json["total"], 1);
    }

    #[test]
    fn what_is_missing_is_said_with_its_reason() {
        let mut hit = hit();
        (hit.subject, hit.preview) = (None, None);
        assert_eq!(no_subject(&hit), "(no subject)");
        hit.contacts.clear();
        hit.accounts.clear();
        assert!(no_subject(&hit).contains("no CRM contact"));
        hit.sensitivity_known = false;
        assert!(no_subject(&hit).contains("sensitivity is unknown"));
    }

    #[test]
    fn totals_say_what_is_listed() {
        let mut hits = hits(1, hit());
        assert_eq!(totals(&hits), "1 interaction");
        (hits.total, hits.groups, hits.offset) = (1_200, 700, 20);
        assert_eq!(
            totals(&hits),
            "1,200 interactions in 700 conversations or series, 21 to 21"
        );
        hits.hits.clear();
        assert_eq!(
            totals(&hits),
            "1,200 interactions in 700 conversations or series, none listed"
        );
    }
}
