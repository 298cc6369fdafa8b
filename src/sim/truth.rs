//! Prints what was planted: for each copy what must become of it, as JSON lines.

use serde_json::Value;
use serde_json::json;

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::sim::calendar;
use crate::sim::render;
use crate::sim::round;
use crate::sim::spec::Content as Level;
use crate::sim::spec::Unmatched;
use crate::sim::world::Address;
use crate::sim::world::Book;
use crate::sim::world::Copy;
use crate::sim::world::Event;
use crate::sim::world::Outcome;
use crate::sim::world::Role;
use crate::sim::world::Touch;
use crate::sim::world::World;

/// All lines up to an instant, one JSON object each, handed to `line` in turn.
pub fn print(world: &World, at: Micros, mut line: impl FnMut(&Value)) {
    let book = world.crm.at(at);
    for number in 0..world.people.len() {
        line(&mailbox(world, number));
        if !world.people[number].is_read() {
            continue;
        }
        for folder in 0..world.mailboxes[number].folders.len() {
            for ghost in ghosts(world, number, folder) {
                line(&ghost);
            }
        }
    }
    for (number, mailbox) in world.mailboxes.iter().enumerate() {
        for position in 0..mailbox.copies.len() {
            if mailbox.copies[position].arrives <= at {
                line(&copy(world, &book, number, position, at));
            }
        }
    }
    calendar::truth::print(world, &book, at, line);
}

fn mailbox(world: &World, number: usize) -> Value {
    let person = &world.people[number];
    let (in_scope, status, reason) = person.verdict();
    json!({"record": "mailbox", "mailbox": person.id, "mailbox_address": person.stored,
        "in_scope": in_scope, "status": status, "reason": reason, "kind": person.purpose})
}

fn ghosts(world: &World, number: usize, folder: usize) -> Vec<Value> {
    let held = &world.mailboxes[number].folders[folder];
    if !held.read {
        return Vec::new();
    }
    round::ghosts(folder)
        .map(|ghost| {
            json!({"record": "removed", "mailbox": world.people[number].id, "folder": held.id,
                "source_id": render::item_id(world, number, ghost, None), "outcome": "removed"})
        })
        .collect()
}

/// The first time span up to `at` in which the copy lies in folders that are read.
fn span(world: &World, number: usize, copy: &Copy, at: Micros) -> Option<(Micros, Option<Micros>)> {
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

fn copy(world: &World, book: &Book, number: usize, position: usize, at: Micros) -> Value {
    let person = &world.people[number];
    let held = &world.mailboxes[number].copies[position];
    let mail = &world.mails[held.mail as usize];
    let span = span(world, number, held, at).filter(|_| person.is_read());
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
        "class": format!("{:?}", mail.class),
        "readable_from": span.map(|(from, _)| from.rfc3339()),
        "readable_until": span.and_then(|(_, until)| until).map(Micros::rfc3339),
        "occurred_at": mail.occurred.rfc3339(), "direction": mail.direction,
        "is_bulk": mail.bulk,
        "sensitivity_known": !world.mailboxes[number].sensitivity_refused,
        "thread": render::thread_label(world, mail),
        "participants": participants(&visible),
        "user_role": user_role(number, person.purpose, &visible),
        "internal_count": internal, "external_count": external,
        "touches": touches(book, at, &visible),
        "edited_at": edits(held, at),
        "copies_group": held.group.map(|group| format!("g{group}")),
    });
    content.write(world, &mut line, &visible, (sight, at));
    line
}

/// What is kept of a text where someone in it is known to the CRM.
pub struct Content {
    /// Subject.
    pub subject: String,
    /// The first characters.
    pub preview: String,
    /// Whether the item's outcome allows that anything is kept.
    pub may_keep: bool,
}

impl Content {
    /// Writes `subject` and `preview` as the first nightly run after `sight` finds the CRM; and,
    /// for other runs, `full_subject`, `full_preview` and from when on they are kept. The CRM that
    /// a run finds when it records decides for ever.
    pub fn write(
        self,
        world: &World,
        line: &mut Value,
        visible: &[(Role, &Address)],
        (sight, at): (Micros, Micros),
    ) {
        let since = (sight.0 - world.start().0).max(0);
        let night = world.start().plus((since + DAY - 1) / DAY * DAY);
        let kept_at = |when: Micros| {
            let matched = visible.iter().any(|(_, one)| one.touch_at(when).is_some());
            self.may_keep && (matched || world.spec.policy.unmatched == Unmatched::Keep)
        };
        let mut periods = vec![json!({"from": null, "kept": kept_at(Micros(i64::MIN))})];
        let later = visible.iter().flat_map(|(_, one)| &one.later);
        let mut times: Vec<Micros> = later
            .map(|(when, _)| *when)
            .filter(|when| *when <= at)
            .collect();
        times.sort_unstable();
        times.dedup();
        for when in times {
            let kept = kept_at(when);
            if periods.last().is_none_or(|last| last["kept"] != kept) {
                periods.push(json!({"from": when.rfc3339(), "kept": kept}));
            }
        }
        let with_preview = world.spec.policy.content == Level::Preview;
        let kept = kept_at(night);
        line["subject"] = json!(kept.then_some(&self.subject));
        line["preview"] = json!((kept && with_preview).then_some(&self.preview));
        line["full_subject"] = json!(self.subject);
        line["full_preview"] = json!(with_preview.then_some(&self.preview));
        line["content_periods"] = json!(periods);
    }
}

/// When the subject was edited: then the item says something new.
fn edits(held: &Copy, at: Micros) -> Vec<String> {
    let seen = held.events.iter().take_while(|(when, _)| *when <= at);
    let edits = seen.filter(|(_, event)| *event == Event::Subject);
    edits.map(|(when, _)| when.rfc3339()).collect()
}

/// Who takes part: once for each address and role.
pub fn participants(visible: &[(Role, &Address)]) -> Vec<Value> {
    let mut seen: Vec<(Role, &str)> = Vec::new();
    let mut all = Vec::new();
    for (role, address) in visible {
        if seen.contains(&(*role, address.stored.as_str())) {
            continue;
        }
        seen.push((*role, &address.stored));
        let name = (!address.name.is_empty()).then_some(&address.name);
        all.push(
            json!({"address": address.stored, "name": name, "role": role.name(),
            "internal": address.internal}),
        );
    }
    all
}

/// The best role of the owner; shared mailboxes and rooms have none.
pub fn user_role(number: usize, purpose: &str, visible: &[(Role, &Address)]) -> &'static str {
    if purpose != "user" {
        return "none";
    }
    let own = visible.iter().filter(|(_, one)| one.person == Some(number));
    own.map(|(role, _)| *role).min().map_or("none", Role::name)
}

/// Distinct addresses inside and outside, rooms left out; the owner counts even if not named.
pub fn counts(number: usize, owner: &str, visible: &[(Role, &Address)]) -> (usize, usize) {
    let distinct = |internal: bool| {
        let mut all: Vec<&str> = visible
            .iter()
            .filter(|(role, one)| {
                *role != Role::Resource && one.counted && one.internal == internal
            })
            .map(|(_, one)| one.stored.as_str())
            .collect();
        if internal && visible.iter().all(|(_, one)| one.person != Some(number)) {
            all.push(owner);
        }
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    (distinct(true), distinct(false))
}

/// What the CRM at an instant must find. One row per contact, then one per account of which no contact takes part; each with the
/// participant of the best role, then the smallest address.
pub fn touches(book: &Book, at: Micros, visible: &[(Role, &Address)]) -> Vec<Value> {
    let mut found: Vec<(Role, &Address, &Touch)> = visible
        .iter()
        .filter_map(|(role, one)| one.touch_at(at).map(|touch| (*role, *one, touch)))
        .collect();
    found.sort_by(|one, other| (one.0, &one.1.stored).cmp(&(other.0, &other.1.stored)));
    let of_contacts: Vec<&Option<String>> = found
        .iter()
        .filter(|(_, _, touch)| touch.contact.is_some())
        .map(|(_, _, touch)| &touch.account_id)
        .collect();
    let mut rows: Vec<(bool, String, Value)> = Vec::new();
    for (role, address, touch) in &found {
        let contact = touch
            .contact
            .and_then(|number| book.contacts[number].as_ref());
        let account_name = touch
            .account_id
            .as_deref()
            .and_then(|id| book.account_name(id));
        if contact.is_none() && of_contacts.contains(&&touch.account_id) {
            continue;
        }
        let key = contact
            .map(|contact| contact.id.clone())
            .or(touch.account_id.clone());
        let key = key.unwrap_or_default();
        if rows
            .iter()
            .any(|(account, id, _)| *account == contact.is_none() && *id == key)
        {
            continue;
        }
        let row = json!({
            "contact_id": contact.map(|contact| &contact.id),
            "contact_name": contact.map(|contact| &contact.name),
            "account_id": touch.account_id, "account_name": account_name,
            "contact_address": address.stored, "contact_role": role.name(), "rule": touch.rule,
        });
        rows.push((contact.is_none(), key, row));
    }
    rows.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}
