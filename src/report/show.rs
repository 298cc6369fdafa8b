//! One interaction, for people.

use std::fmt::Write as _;

use crate::model::activity::Activity;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::opened::Opened;
use crate::model::opened::Related;
use crate::model::time::Timestamp;
use crate::report::instant::minute;
use crate::report::instant::minute_utc;
use crate::report::outlook;
use crate::report::table::number;
use crate::report::terminal::harmless;
use crate::report::withheld;

/// Interactions of a conversation or series that are listed before and after the shown one.
const RELATED_MAX: usize = 10;
/// Participants that are listed.
const PEOPLE_MAX: usize = 100;

/// Folders with longer names are ids of Microsoft Graph, which say nothing to people.
const CONTAINER_CHARS_MAX: usize = 60;

/// Which content the configuration keeps, in its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// `envelope`, `preview` or `full`.
    pub content: &'static str,
    /// What time it is: later meetings are planned.
    pub now: Timestamp,
}

/// An interaction as lines of text. What others wrote is sanitised.
pub fn text(opened: &Opened, level: Level) -> String {
    let mut text = String::new();
    let Some(row) = opened.shown() else {
        return text;
    };
    let subject = row.subject.as_deref().filter(|it| !it.trim().is_empty());
    let _ = writeln!(text, "{}", harmless(subject.unwrap_or("(no subject)")));
    let _ = writeln!(text, "{}", what(row, level.now));
    let _ = writeln!(text, "id {}", row.interaction_id);
    push_people(&mut text, row);
    push_matches(&mut text, &opened.activities);
    push_content(&mut text, opened, row, level);
    push_mailboxes(&mut text, opened);
    push_related(&mut text, opened, row);
    push_revisions(&mut text, opened);
    text
}

/// Kind, state, direction and time.
fn what(row: &Interaction, now: Timestamp) -> String {
    let mut words = vec![row.kind.as_str(), standing(row, now)];
    words.push(row.direction.as_str());
    if row.is_bulk {
        words.push("bulk");
    }
    if row.is_online_meeting == Some(true) {
        words.push("online");
    }
    if row.is_all_day == Some(true) {
        words.push("all day");
    }
    words.retain(|word| !word.is_empty());
    format!(
        "{}, {}",
        words.join(", "),
        time(row.occurred_at, row.ended_at)
    )
}

/// What became of it: of a meeting that counts whether it is planned or was held.
pub(crate) fn standing(row: &Interaction, now: Timestamp) -> &'static str {
    match (row.kind, row.state) {
        (Kind::Email, State::Active) => "",
        (Kind::Meeting, State::Active) if row.occurred_at > now => "planned",
        (Kind::Meeting, State::Active) => "held",
        (_, state) => state.as_str(),
    }
}

fn time(start: Timestamp, end: Option<Timestamp>) -> String {
    match end {
        None => format!("{} UTC", start.timestamp().strftime("%Y-%m-%d %H:%M:%S")),
        Some(end) => format!("{} to {}", minute(start), minute_utc(end)),
    }
}

fn push_people(text: &mut String, row: &Interaction) {
    text.push_str("\nparticipants\n");
    for person in row.participants.iter().take(PEOPLE_MAX) {
        let address = harmless(&person.address);
        let name = person.name.as_deref().map(harmless).unwrap_or_default();
        let called = match name.trim() {
            "" => address,
            name => format!("{name} <{address}>"),
        };
        let _ = write!(text, "  {:<10}{called}", person.role.as_str());
        if let Some(response) = &person.response {
            let _ = write!(text, ", answer: {}", harmless(response));
        }
        if person.internal {
            text.push_str(", internal");
        }
        text.push('\n');
    }
    let more = row.participants.len().saturating_sub(PEOPLE_MAX);
    if more > 0 {
        let _ = writeln!(text, "  and {} more", number(more as u64));
    }
}

/// Each match once, whichever mailboxes have it.
fn push_matches(text: &mut String, activities: &[Activity]) {
    text.push_str("\nmatched\n");
    let mut lines: Vec<String> = activities.iter().filter_map(matched).collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() {
        text.push_str("  no contact or account of the CRM\n");
    }
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn matched(row: &Activity) -> Option<String> {
    let one = row.contact_match.as_ref()?;
    let contact = one
        .contact
        .as_ref()
        .map(|(id, name)| format!("contact {} {}", harmless(id), harmless(name)));
    let account = one.account.as_ref().map(|(id, name)| {
        let name = name.as_deref().map(harmless).unwrap_or_default();
        format!("account {} {name}", harmless(id))
    });
    let named: Vec<String> = contact.into_iter().chain(account).collect();
    Some(format!(
        "{}, by {} ({})",
        named.join(", ").trim_end(),
        one.rule.as_str(),
        harmless(&one.address)
    ))
}

/// The text as far as it is kept, and why not more of it is.
fn push_content(text: &mut String, opened: &Opened, row: &Interaction, level: Level) {
    text.push_str("\ncontent\n");
    let body = row.body_text.as_deref().or(row.preview.as_deref());
    for line in body.unwrap_or_default().lines() {
        let _ = writeln!(text, "  {}", harmless(line).trim_end());
    }
    if let Some(why) = missing(opened, row, level) {
        let _ = writeln!(text, "  ({why})");
    }
}

/// Why content is missing; `None`: all of it is there.
pub(crate) fn missing(opened: &Opened, row: &Interaction, level: Level) -> Option<String> {
    if row.state == State::Withdrawn {
        return Some(format!(
            "taken back {}: it became private, or no contact of the CRM takes part any more",
            row.captured_at.rfc3339()
        ));
    }
    let has_content = row.subject.is_some() || row.preview.is_some();
    let is_matched = !opened.activities.is_empty();
    if let Some(why) = withheld::why(row.sensitivity_known, is_matched, has_content) {
        return Some(format!("subject and text are {}", why.sentence()));
    }
    let content = level.content;
    match (&row.preview, &row.body_text) {
        (_, Some(_)) => None,
        (Some(preview), None) if preview.chars().count() < limits::WHOLE_PREVIEW_CHARS => None,
        (Some(_), None) => Some(format!(
            "the first 255 characters; the whole text is kept at the content level full, and the \
             configuration says {content}"
        )),
        (None, None) => Some(format!(
            "no text: it has none, or it was read at the content level envelope; the configuration \
             says {content}"
        )),
    }
}

fn push_mailboxes(text: &mut String, opened: &Opened) {
    text.push_str("\nmailboxes\n");
    for row in opened.current() {
        let _ = write!(text, "  {}", harmless(&row.mailbox.address));
        if row.container.chars().count() <= CONTAINER_CHARS_MAX {
            let _ = write!(text, ", in {}", harmless(&row.container));
        }
        if let Some(role) = row.user_role {
            let _ = write!(text, ", {}", role.as_str());
        }
        if row.state != State::Active {
            let _ = write!(text, ", {}", row.state.as_str());
        }
        text.push('\n');
        if let Some(link) = outlook::link(row) {
            let _ = writeln!(text, "    {link}");
        }
    }
}

fn push_related(text: &mut String, opened: &Opened, row: &Interaction) {
    if opened.related.is_empty() {
        return;
    }
    let what = match row.thread_id {
        Some(_) => "conversation",
        None => "series",
    };
    let _ = writeln!(
        text,
        "\n{what}: {} more",
        number(opened.related.len() as u64)
    );
    let later = opened
        .related
        .partition_point(|one| one.occurred_at <= row.occurred_at);
    let first = later.saturating_sub(RELATED_MAX);
    let last = opened.related.len().min(later + RELATED_MAX);
    for one in opened.related.get(first..last).unwrap_or_default() {
        push_one(text, one);
    }
}

fn push_one(text: &mut String, one: &Related) {
    let at = minute_utc(one.occurred_at);
    let subject = one.subject.as_deref().unwrap_or("(no subject kept)");
    let _ = write!(text, "  {at}  {}  {}", one.id, harmless(subject));
    if one.state != State::Active {
        let _ = write!(text, " [{}]", one.state.as_str());
    }
    text.push('\n');
}

/// Earlier revisions, where there are any.
fn push_revisions(text: &mut String, opened: &Opened) {
    let several = opened.mailboxes().filter(|rows| rows.len() > 1);
    let mut rows = several.flatten().peekable();
    if rows.peek().is_none() {
        return;
    }
    text.push_str("\nrevisions\n");
    for row in rows {
        let _ = writeln!(
            text,
            "  {}  revision {}, {}, {}, captured {}",
            harmless(&row.mailbox.address),
            row.revision,
            row.state.as_str(),
            time(row.occurred_at, row.ended_at),
            row.captured_at.rfc3339()
        );
    }
}
