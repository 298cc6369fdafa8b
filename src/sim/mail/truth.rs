//! Prints what must become of each copy of a mail, as JSON lines.

use serde_json::Value;
use serde_json::json;

use crate::model::time::Timestamp;
use crate::sim::crm::records::CrmSnapshot;
use crate::sim::interaction_truth::Content;
use crate::sim::interaction_truth::contact_matches;
use crate::sim::interaction_truth::counts;
use crate::sim::interaction_truth::participants;
use crate::sim::interaction_truth::user_role;
use crate::sim::mail::mailbox::Copy;
use crate::sim::mail::mailbox::Event;
use crate::sim::mail::render;
use crate::sim::mail::round;
use crate::sim::outcome::Outcome;
use crate::sim::role::Role;
use crate::sim::world::Address;
use crate::sim::world::World;

/// The items of a mailbox that are reported as removed, though no client ever saw them.
pub fn print_removals(world: &World, number: usize, line: &mut impl FnMut(&Value)) {
    for folder in 0..world.mailboxes[number].folders.len() {
        for removal in phantom_removals(world, number, folder) {
            line(&removal);
        }
    }
}

/// All copies up to an instant.
pub fn print(world: &World, snapshot: &CrmSnapshot, at: Timestamp, line: &mut impl FnMut(&Value)) {
    for (number, mailbox) in world.mailboxes.iter().enumerate() {
        for position in 0..mailbox.copies.len() {
            if mailbox.copies[position].arrives <= at {
                line(&copy(world, snapshot, number, position, at));
            }
        }
    }
}

fn phantom_removals(world: &World, number: usize, folder: usize) -> Vec<Value> {
    let held = &world.mailboxes[number].folders[folder];
    if !held.read {
        return Vec::new();
    }
    round::phantom_removals(folder)
        .map(|removal| {
            json!({"record": "removed", "mailbox": world.people[number].id, "folder": held.id,
                "source_id": render::item_id(world, number, removal, None), "outcome": "removed"})
        })
        .collect()
}

/// The first time span up to `at` in which the copy lies in folders that are read.
fn span(
    world: &World,
    number: usize,
    copy: &Copy,
    at: Timestamp,
) -> Option<(Timestamp, Option<Timestamp>)> {
    let is_read = |folder: u16| world.mailboxes[number].folders[usize::from(folder)].read;
    let mut from = is_read(copy.folder).then_some(copy.arrives);
    for (when, event) in copy.events.iter().take_while(|(when, _)| *when <= at) {
        let stays = match event {
            Event::Move(folder) => is_read(*folder),
            Event::Delete => false,
            Event::Read | Event::Subject => continue,
        };
        match (from, stays) {
            (Some(from), false) => return Some((from, Some(*when))),
            (None, true) => from = Some(*when),
            _ => {}
        }
    }
    from.map(|from| (from, None))
}

fn copy(
    world: &World,
    snapshot: &CrmSnapshot,
    number: usize,
    position: usize,
    at: Timestamp,
) -> Value {
    let person = &world.people[number];
    let held = &world.mailboxes[number].copies[position];
    let mail = &world.mails[held.mail as usize];
    let span = span(world, number, held, at).filter(|_| person.is_mail_read());
    let visible: Vec<(Role, &Address)> = mail
        .parts
        .iter()
        .filter(|(role, _)| *role != Role::Bcc || held.bcc)
        .map(|(role, number)| (*role, &world.addresses[*number as usize]))
        .collect();
    let may_keep = matches!(held.outcome, Outcome::Recorded | Outcome::Duplicate)
        && !world.mailboxes[number].sensitivity_refused;
    let sight = span.map_or(held.arrives, |(from, _)| from);
    let content = Content {
        subject: mail.subject.to_string(),
        preview: crate::sim::text::preview(mail.text),
        may_keep,
    };
    let folder = held.place(at).map_or(held.folder, |(folder, _)| folder);
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    let label = if held.lonely {
        format!("m{}-{number}-{position}", mail.label)
    } else {
        format!("m{}", mail.label)
    };
    let (internal, external) = counts(number, &person.stored, &visible);
    let outcome = if span.is_some() {
        held.outcome.name()
    } else {
        "not_read"
    };
    let mut line = json!({
        "record": "copy", "mailbox": person.id, "mailbox_address": person.stored,
        "mailbox_kind": person.purpose,
        "folder": world.mailboxes[number].folders[usize::from(folder)].id,
        "source_id": render::item_id(world, number, position, None),
        "interaction": label, "kind": "email", "outcome": outcome, "reason": held.reason,
        "class": format!("{:?}", mail.variant),
        "readable_from": span.map(|(from, _)| from.rfc3339()),
        "readable_until": span.and_then(|(_, until)| until).map(Timestamp::rfc3339),
        "occurred_at": mail.occurred.rfc3339(), "direction": mail.direction,
        "is_bulk": mail.bulk,
        "sensitivity_known": !world.mailboxes[number].sensitivity_refused,
        "thread": render::thread_label(world, mail),
        "participants": participants(&visible),
        "user_role": user_role(number, person.purpose, &visible),
        "internal_count": internal, "external_count": external,
        "touches": contact_matches(snapshot, at, &visible),
        "edited_at": edits(held, at),
        "copies_group": held.group.map(|group| format!("g{group}")),
    });
    content.write(world, &mut line, &visible, (sight, at));
    line
}

/// When the subject was edited: then the item says something new.
fn edits(held: &Copy, at: Timestamp) -> Vec<String> {
    let seen = held.events.iter().take_while(|(when, _)| *when <= at);
    let edits = seen.filter(|(_, event)| *event == Event::Subject);
    edits.map(|(when, _)| when.rfc3339()).collect()
}
