//! A list of interactions.

use maud::Markup;
use maud::html;

use crate::index::highlight::Marked;
use crate::index::hit::Hit;
use crate::insight::lookup::What;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::report::withheld;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::count;
use crate::serve::pages::words::link;
use crate::serve::pages::words::period;
use crate::serve::visible::Contents;

/// People and colleagues of a hit; further ones are counted.
const PEOPLE_MAX: usize = 4;

/// The hits, each with a link that opens it.
pub(super) fn list(hits: &[Hit], first: usize, contents: Contents) -> Markup {
    html! {
        ol.hits start=(first) {
            @for hit in hits { li { (item(hit, contents)) } }
        }
    }
}

fn item(hit: &Hit, contents: Contents) -> Markup {
    html! {
        article {
            h3 { a href={ "/interaction/" (hit.interaction_id) } { (subject(hit, contents)) } }
            p.meta {
                span.badge { (kind(hit)) }
                " " time datetime=(hit.occurred_at.rfc3339()) { (period(hit.occurred_at, hit.ended_at)) }
                " · " (people(hit))
            }
            @if let Some(preview) = &hit.preview { p.preview { (marked(preview)) } }
            p.meta {
                @for contact in &hit.contacts {
                    a.chip href=(link(What::Contact, &contact.id)) { (clean(&contact.name)) } " "
                }
                @for account in &hit.accounts {
                    a.chip href=(link(What::Account, &account.id)) {
                        (clean(account.name.as_deref().unwrap_or(&account.id)))
                    } " "
                }
                (colleagues(hit))
                @if let Some(group) = hit.group.as_ref().filter(|group| group.more > 0) {
                    " · " (group.more) " more of this " (group.kind) " match"
                }
            }
        }
    }
}

/// The subject, or why there is none.
fn subject(hit: &Hit, contents: Contents) -> Markup {
    let is_matched = !hit.contacts.is_empty() || !hit.accounts.is_empty();
    let has_content = hit.subject.is_some() || hit.preview.is_some();
    html! {
        @if contents == Contents::Hidden {
            (hit.kind)
        } @else if let Some(subject) = hit.subject.as_ref().filter(|it| !it.text.trim().is_empty()) {
            (marked(subject))
        } @else if let Some(why) = withheld::why(hit.sensitivity_known, is_matched, has_content) {
            "(" (why.short()) ")"
        } @else {
            "(no subject)"
        }
    }
}

/// A text with its matches.
fn marked(text: &Marked) -> Markup {
    html! {
        @for (piece, is_match) in text.pieces() {
            @if is_match { mark { (clean(piece)) } } @else { (clean(piece)) }
        }
    }
}

fn kind(hit: &Hit) -> String {
    if hit.kind == Kind::Meeting.as_str() {
        format!("meeting, {}", hit.state)
    } else {
        hit.kind.clone()
    }
}

/// Who wrote to whom, or who met.
fn people(hit: &Hit) -> Markup {
    let people = hit.participants.iter();
    let people = people.filter(|one| one.role != Role::Resource.as_str());
    let shown = people.take(PEOPLE_MAX);
    let more = hit.participants_total.saturating_sub(PEOPLE_MAX);
    html! {
        @for (number, one) in shown.enumerate() {
            @if number > 0 { ", " }
            @let name = one.name.as_deref().filter(|name| !name.trim().is_empty());
            span title=(clean(&one.address)) { (clean(name.unwrap_or(&one.address))) }
            @if number == 0 && (one.role == "from" || one.role == "organizer") { " (" (one.role) ")" }
        }
        @if more > 0 { " and " (more) " more" }
    }
}

/// The mailboxes that hold it.
fn colleagues(hit: &Hit) -> Markup {
    let shown = hit.colleagues.iter().take(PEOPLE_MAX);
    let more = hit
        .colleagues_total
        .saturating_sub(hit.colleagues.len().min(PEOPLE_MAX));
    html! {
        "in " (count(hit.colleagues_total, "mailbox", "mailboxes")) ": "
        @for (number, one) in shown.enumerate() {
            @if number > 0 { ", " }
            a href=(link(What::Colleague, &one.address)) { (one.address) }
        }
        @if more > 0 { " and " (more) " more" }
    }
}
