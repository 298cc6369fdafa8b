//! Prints what must become of each item, as JSON lines: the expectations with which the generator
//! made it.

use serde_json::Value;
use serde_json::json;

use crate::model::time::Timestamp;
use crate::sim::calendar;
use crate::sim::mail;
use crate::sim::world::World;

/// All lines up to an instant, one JSON object each, handed to `line` in turn.
pub fn print(world: &World, at: Timestamp, mut line: impl FnMut(&Value)) {
    let snapshot = world.crm.at(at);
    for number in 0..world.people.len() {
        line(&mailbox(world, number));
        if world.people[number].is_mail_read() {
            mail::truth::print_removals(world, number, &mut line);
        }
    }
    mail::truth::print(world, &snapshot, at, &mut line);
    calendar::truth::print(world, &snapshot, at, line);
}

fn mailbox(world: &World, number: usize) -> Value {
    let person = &world.people[number];
    let (in_scope, status, reason) = person.verdict();
    json!({"record": "mailbox", "mailbox": person.id, "mailbox_address": person.stored,
        "in_scope": in_scope, "status": status, "reason": reason, "kind": person.purpose})
}
