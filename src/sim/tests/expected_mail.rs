//! What every world must hold, whatever its seed.

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Value;

use crate::model::time::DAY;
use crate::sim::spec::Spec;
use crate::sim::truth;
use crate::sim::world::World;

const SEEDS: [u64; 4] = [1, 2, 3, 99];

fn small(seed: u64) -> World {
    World::build(Spec {
        seed,
        users: 16,
        meetings_per_user: 1,
        mails_per_user: 40,
        ..Spec::default()
    })
}

fn lines(world: &World, days: i64) -> Vec<Value> {
    let mut all = Vec::new();
    truth::print(world, world.start().plus(days * DAY), |line| {
        all.push(line.clone());
    });
    all
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

#[test]
fn every_outcome_of_an_undisturbed_run_occurs_20_times() {
    for seed in SEEDS {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for line in lines(&small(seed), 0) {
            let key = format!("{} {}", text(&line, "outcome"), text(&line, "reason"));
            *counts.entry(key.trim().to_owned()).or_default() += 1;
        }
        for outcome in [
            "removed",
            "unreadable no_date",
            "draft",
            "outside_window",
            "private",
            "excluded address",
            "excluded domain",
            "excluded subject",
            "excluded folder",
            "excluded meeting_mail",
            "internal_only",
            "duplicate",
            "duplicate id_reused",
            "recorded",
            "not_read",
        ] {
            let count = counts.get(outcome).copied().unwrap_or_default();
            assert!(count >= 20, "seed {seed}: {outcome} {count} times");
        }
    }
}

#[test]
fn mails_of_people_whose_mail_is_off_occur_20_times_and_are_not_read() {
    for seed in SEEDS {
        let world = small(seed);
        let lines = lines(&world, 0);
        for number in [10, 11] {
            let id = &world.people[number].id;
            let of_mailbox = lines.iter().filter(|line| line["mailbox"] == id.as_str());
            let mails: Vec<_> = of_mailbox.filter(|line| line["kind"] == "email").collect();
            assert!(mails.len() >= 10, "seed {seed}: {}", mails.len());
            let is_read = mails.iter().any(|line| line["outcome"] != "not_read");
            assert!(!is_read, "seed {seed}");
        }
    }
}

#[test]
fn mail_that_the_crm_does_not_know_is_unmatched_where_the_policy_skips_it() {
    let world = World::from_toml("users = 16\nmails_per_user = 40\n[policy]\nunmatched = \"skip\"")
        .unwrap();
    let unmatched = lines(&world, 0)
        .iter()
        .filter(|line| line["outcome"] == "unmatched")
        .count();
    assert!(unmatched >= 20, "{unmatched}");
}

#[test]
fn every_variant_of_every_match_rule_occurs_20_times() {
    for seed in SEEDS {
        let world = small(seed);
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for mail in &world.mails {
            for (_, number) in &mail.parts {
                if let Some(contact_match) = &world.addresses[*number as usize].contact_match {
                    *counts.entry(contact_match.variant).or_default() += 1;
                }
            }
        }
        for variant in [
            "contact_email",
            "contact_alias",
            "contact_email_tagged",
            "contact_alias_tagged",
            "account_exact",
            "account_registrable",
            "contact_email_shared",
        ] {
            let count = counts.get(variant).copied().unwrap_or_default();
            assert!(count >= 20, "seed {seed}: {variant} {count} times");
        }
    }
}

#[test]
fn moves_that_a_reader_sees_again_occur_20_times() {
    let world = small(3);
    let moved = world.mailboxes.iter().flat_map(|mailbox| &mailbox.copies);
    let moved = moved.filter(|copy| copy.events.iter().any(|(_, event)| {
        matches!(event, crate::sim::mail::mailbox::Event::Move(folder) if world.mailboxes[0].folders[usize::from(*folder)].read)
    }));
    assert!(moved.count() >= 20);
}

#[test]
fn a_world_is_the_same_for_the_same_seed_and_another_for_another() {
    let first = lines(&small(8), 5);
    assert_eq!(first, lines(&small(8), 5));
    assert_ne!(first, lines(&small(9), 5));
}

#[test]
fn each_copy_has_participants_and_an_outcome_and_ids_are_unique() {
    for seed in SEEDS {
        let mut ids = HashSet::new();
        for line in lines(&small(seed), 0) {
            if line["record"] != "copy" {
                continue;
            }
            assert!(!text(&line, "outcome").is_empty());
            assert_eq!(line["participants"][0]["role"], "from");
            assert!(ids.insert((
                text(&line, "mailbox").to_owned(),
                text(&line, "source_id").to_owned()
            )));
            // Before the CRM changes; and what it knows at the time of the recording decides.
            let known = line["content_periods"][0]["kept"] == true;
            if line["outcome"] == "recorded" {
                assert_eq!(line["subject"].is_string(), known, "{line}");
            }
        }
    }
}

#[test]
fn in_a_group_exactly_one_copy_is_recorded_and_none_moves() {
    let world = small(4);
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    for line in lines(&world, 40) {
        if let (Some(group), "user") = (line["copies_group"].as_str(), text(&line, "mailbox_kind"))
        {
            assert!(line["readable_until"].is_null());
            let outcome = text(&line, "outcome").to_owned();
            groups.entry(group.to_owned()).or_default().push(outcome);
        }
    }
    assert!(groups.len() >= 20);
    for (group, outcomes) in groups {
        let recorded = outcomes.iter().filter(|one| *one == "recorded").count();
        assert_eq!((recorded, outcomes.len()), (1, 2), "{group}");
    }
}

#[test]
fn the_window_boundary_lies_ten_days_from_any_mail() {
    let world = small(2);
    let boundary = world.start().plus(-365 * DAY);
    for mail in &world.mails {
        let distance = (mail.occurred.0 - boundary.0).abs();
        assert!(distance >= 10 * DAY, "{}", mail.occurred.rfc3339());
    }
}

#[test]
fn the_longer_the_simulated_time_the_more_copies_there_are() {
    let world = small(6);
    assert!(lines(&world, 20).len() > lines(&world, 0).len() + 20);
}

#[test]
fn every_example_world_can_be_read_and_has_its_kinds_of_users() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/worlds");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let world = World::from_toml(&text).unwrap();
        // So long before the start there are no copies to print.
        let kinds: HashSet<String> = lines(&world, -10_000)
            .iter()
            .filter(|line| line["record"] == "mailbox")
            .map(|line| format!("{} {} {}", line["kind"], line["status"], line["reason"]))
            .collect();
        // User, shared and room that are read; no mailbox, denied, guest, outside, never.
        assert_eq!(kinds.len(), 8, "{kinds:?}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_world_file_with_an_unknown_key_or_a_wrong_value_is_refused() {
    for text in [
        "sed = 1",
        "months = 3",
        "start = \"yesterday\"",
        "domains = [\"one.com\"]",
    ] {
        assert!(World::from_toml(text).is_err(), "{text}");
    }
}
