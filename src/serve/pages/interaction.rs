//! One mail or meeting.

use maud::Markup;
use maud::html;

use crate::insight::lookup::What;
use crate::model::activity::Activity;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::opened::Opened;
use crate::report::instant::minute_utc;
use crate::report::outlook;
use crate::report::show;
use crate::report::show::Level;
use crate::serve::pages::layout;
use crate::serve::pages::layout::Section;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::clean_lines;
use crate::serve::pages::words::link;
use crate::serve::pages::words::period;
use crate::serve::visible::Contents;
use crate::serve::visible::NOT_SHOWN;

/// Participants that are listed.
const PEOPLE_MAX: usize = 100;
/// Interactions of a conversation or series that are listed.
const RELATED_MAX: usize = 50;
/// Folders with longer names are ids of Microsoft Graph, which say nothing to people.
const CONTAINER_CHARS_MAX: usize = 60;

/// The page of an interaction.
pub(in crate::serve) fn page(opened: &Opened, level: Level, contents: Contents) -> Markup {
    let Some(row) = opened.shown() else {
        return layout::page(
            "Interaction",
            Section::Other,
            &html! { h1 { "Nothing to show" } },
        );
    };
    let subject = row.subject.as_deref().filter(|it| !it.trim().is_empty());
    let none = match contents {
        Contents::Shown => "(no subject)",
        Contents::Hidden => row.kind.as_str(),
    };
    let title = clean(subject.unwrap_or(none));
    layout::page(
        &title,
        Section::Other,
        &html! {
            h1 { (title) }
            p.meta {
                span.badge { (what(row, level)) }
                " " time datetime=(row.occurred_at.rfc3339()) { (period(row.occurred_at, row.ended_at)) }
            }
            p.meta { "id " code { (row.interaction_id) } }
            @match contents {
                Contents::Shown => { (content(opened, row, level)) }
                Contents::Hidden => { p.meta { "(" (NOT_SHOWN) ")" } }
            }
            h2 { "People" }
            (people(row))
            h2 { "Matched" }
            (matches(&opened.activities))
            h2 { "Mailboxes" }
            (mailboxes(opened))
            (related(opened, row, contents))
            (revisions(opened))
        },
    )
}

fn what(row: &Interaction, level: Level) -> String {
    let mut words = vec![
        row.kind.as_str(),
        show::standing(row, level.now),
        row.direction.as_str(),
    ];
    for (is_so, word) in [
        (row.is_bulk, "bulk"),
        (row.is_online_meeting == Some(true), "online"),
        (row.is_all_day == Some(true), "all day"),
    ] {
        if is_so {
            words.push(word);
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn content(opened: &Opened, row: &Interaction, level: Level) -> Markup {
    let body = row.body_text.as_deref().or(row.preview.as_deref());
    html! {
        @if let Some(body) = body { div.content { (clean_lines(body)) } }
        @if let Some(why) = show::missing(opened, row, level) { p.meta { "(" (why) ")" } }
    }
}

fn people(row: &Interaction) -> Markup {
    let more = row.participants.len().saturating_sub(PEOPLE_MAX);
    let table = html! {
        table {
            caption.hidden { "People" }
            thead {
                tr {
                    th scope="col" { "Role" } th scope="col" { "Name" } th scope="col" { "Address" }
                    th scope="col" { "Answer" }
                }
            }
            tbody {
                @for one in row.participants.iter().take(PEOPLE_MAX) {
                    tr {
                        td { (one.role.as_str()) }
                        td { (clean(one.name.as_deref().unwrap_or_default())) }
                        td { (clean(&one.address)) @if one.internal { " (internal)" } }
                        td { (clean(one.response.as_deref().unwrap_or_default())) }
                    }
                }
            }
        }
    };
    html! {
        (layout::scrolled("People", &table))
        @if more > 0 { p { "and " (more) " more" } }
    }
}

/// Each match once, whichever mailboxes have it.
fn matches(activities: &[Activity]) -> Markup {
    let mut found: Vec<_> = activities
        .iter()
        .filter_map(|row| row.contact_match.as_ref())
        .collect();
    found.sort_by_key(|one| {
        (
            one.contact.clone(),
            one.account.clone(),
            one.address.clone(),
        )
    });
    found.dedup_by_key(|one| {
        (
            one.contact.clone(),
            one.account.clone(),
            one.address.clone(),
        )
    });
    html! {
        @if found.is_empty() { p { "No contact or account of the CRM." } }
        ul {
            @for one in found {
                li {
                    @if let Some((id, name)) = &one.contact {
                        a.chip href=(link(What::Contact, id)) { (clean(name)) } " "
                    }
                    @if let Some((id, name)) = &one.account {
                        a.chip href=(link(What::Account, id)) { (clean(name.as_deref().unwrap_or(id))) } " "
                    }
                    "by " (one.rule.as_str()) " (" (clean(&one.address)) ")"
                }
            }
        }
    }
}

fn mailboxes(opened: &Opened) -> Markup {
    html! {
        ul {
            @for row in opened.current() {
                li {
                    a href=(link(What::Colleague, &row.mailbox.address)) { (row.mailbox.address) }
                    @if row.container.chars().count() <= CONTAINER_CHARS_MAX { ", in " (clean(&row.container)) }
                    @if let Some(role) = row.user_role { ", " (role.as_str()) }
                    @if row.state != State::Active { ", " (row.state.as_str()) }
                    @if let Some(link) = outlook::link(row) {
                        " · " a href=(link) rel="noreferrer" { "open in Outlook on the web" }
                        " (for the owner of this mailbox)"
                    }
                }
            }
        }
    }
}

fn related(opened: &Opened, row: &Interaction, contents: Contents) -> Markup {
    let what = match row.thread_id {
        Some(_) => "Conversation",
        None => "Series",
    };
    let more = opened.related.len().saturating_sub(RELATED_MAX);
    // The nearest before and after it.
    let later = opened
        .related
        .partition_point(|one| one.occurred_at <= row.occurred_at);
    let first = later.saturating_sub(RELATED_MAX / 2).min(more);
    let listed = opened.related.iter().skip(first).take(RELATED_MAX);
    html! {
        @if !opened.related.is_empty() {
            h2 { (what) }
            ol.related {
                @for one in listed {
                    li {
                        time datetime=(one.occurred_at.rfc3339()) { (minute_utc(one.occurred_at)) } " "
                        a href={ "/interaction/" (one.id) } {
                            (match (&one.subject, contents) {
                                (Some(subject), _) => clean(subject),
                                (None, Contents::Shown) => "(no subject kept)".to_owned(),
                                (None, Contents::Hidden) => one.kind.as_str().to_owned(),
                            })
                        }
                        @if one.state != State::Active { " (" (one.state.as_str()) ")" }
                    }
                }
            }
            @if more > 0 { p { "and " (more) " more" } }
        }
    }
}

/// Earlier revisions, where there are any.
fn revisions(opened: &Opened) -> Markup {
    let several = opened.mailboxes().filter(|rows| rows.len() > 1);
    let rows: Vec<&Interaction> = several.flatten().collect();
    html! {
        @if !rows.is_empty() {
            details {
                summary { "Revisions" }
                ul {
                    @for row in rows {
                        li {
                            (row.mailbox.address) ", revision " (row.revision) ", " (row.state.as_str())
                            ", " (period(row.occurred_at, row.ended_at)) ", captured "
                            (minute_utc(row.captured_at))
                        }
                    }
                }
            }
        }
    }
}
