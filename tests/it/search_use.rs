//! Search as people use it: names in options, fields in the query, groups, and a hit that is opened.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::commands::json;
use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// What a command says that ends with code 2.
fn refused(tenant: &Tenant, arguments: &[&str]) -> String {
    let output = with_config(&tenant.config(), arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn text(tenant: &Tenant, arguments: &[&str]) -> String {
    expect_code(&mut with_config(&tenant.config(), arguments), 0)
}

fn hits(found: &Value) -> &Vec<Value> {
    found["hits"].as_array().unwrap()
}

/// The ids of all interactions that a search finds.
fn found(tenant: &Tenant, arguments: &[&str]) -> BTreeSet<String> {
    let all = ["search", "--ungrouped", "--limit", "10000"];
    let found = json(tenant, &[&all, arguments].concat(), 0);
    let ids = hits(&found)
        .iter()
        .map(|hit| hit["interaction_id"].as_str());
    let ids: Vec<String> = ids.map(|id| id.unwrap().to_owned()).collect();
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), set.len(), "an interaction is listed twice");
    assert_eq!(found["total"], ids.len());
    set
}

/// An interaction without any contact or account, and the address of somebody outside in it.
fn stranger(tenant: &Tenant) -> (String, String) {
    let all = ["search", "is:external", "--ungrouped", "--limit", "10000"];
    let found = json(tenant, &all, 0);
    let is_unmatched = |hit: &&Value| {
        let [contacts, accounts] = ["contacts", "accounts"].map(|key| hit[key].as_array().unwrap());
        contacts.is_empty() && accounts.is_empty()
    };
    let outside = hits(&found).iter().filter(is_unmatched).find_map(|hit| {
        let mut people = hit["participants"].as_array().unwrap().iter();
        let is_outside = |one: &&Value| {
            let address = one["address"].as_str().unwrap();
            one["internal"] == false && one["role"] != "resource" && address.contains('@')
        };
        let address = people.find(is_outside)?["address"].as_str().unwrap();
        Some((
            hit["interaction_id"].as_str().unwrap().to_owned(),
            address.to_owned(),
        ))
    });
    outside.unwrap()
}

#[test]
fn contacts_accounts_and_colleagues_are_found_by_what_people_call_them() {
    let mut tenant = Tenant::generated(111, 16);
    tenant.run();
    let account = CrmFile::accounts(tenant.folder()).rows[0].clone();
    let by_id = found(&tenant, &["--account", &account[0]]);
    assert!(!by_id.is_empty());
    for named in [
        account[1].clone(),
        account[1].to_uppercase(),
        account[0].to_lowercase(),
    ] {
        assert_eq!(found(&tenant, &["--account", &named]), by_id, "{named}");
    }
    let some = json(&tenant, &["search", "is:email", "--limit", "50"], 0);
    let of_contact = hits(&some)
        .iter()
        .find(|hit| hit["contacts"][0]["id"].is_string());
    let contact = of_contact.unwrap()["contacts"][0].clone();
    let [id, address] = ["id", "address"].map(|key| contact[key].as_str().unwrap().to_owned());
    let by_id = found(&tenant, &["--contact", &id]);
    assert!(found(&tenant, &["--contact", &address]).is_superset(&by_id));
    let domain = address.split_once('@').unwrap().1;
    assert!(!found(&tenant, &["--contact", domain]).is_empty());
    let (id, address) = stranger(&tenant);
    for typed in [address.as_str(), address.split_once('@').unwrap().1] {
        assert!(
            found(&tenant, &["--contact", typed]).contains(&id),
            "{typed}"
        );
    }
    let colleague = hits(&some)[0]["user_address"].as_str().unwrap();
    let local = colleague.split('@').next().unwrap();
    assert_eq!(
        found(&tenant, &["--user", local]),
        found(&tenant, &["--user", colleague])
    );

    let typo = refused(
        &tenant,
        &[
            "search",
            "--account",
            &account[1].replacen(['a', 'e', 'o'], "x", 1),
        ],
    );
    assert!(
        typo.contains("--account") && typo.contains("did you mean"),
        "{typo}"
    );
    assert!(typo.contains(&account[0]), "{typo}");
    let several = refused(&tenant, &["search", "--contact", "e"]);
    assert!(
        several.contains("give an id") && several.lines().count() <= 12,
        "{several}"
    );
    let unknown = refused(&tenant, &["search", "--user", "qqqqqqq"]);
    assert!(unknown.contains("no colleague is called"), "{unknown}");
}

#[test]
fn fields_dates_and_orders_are_understood_and_mistakes_explained() {
    let mut tenant = Tenant::generated(112, 16);
    tenant.run();
    let all = found(&tenant, &["workshop"]);
    let mails = found(&tenant, &["workshop is:email"]);
    let meetings = found(&tenant, &["workshop", "is:meeting"]);
    assert_eq!(mails.len() + meetings.len(), all.len());
    assert_eq!(found(&tenant, &["workshop -is:email"]), meetings);
    let by_subject = found(&tenant, &["subject:workshop"]);
    assert!(!by_subject.is_empty() && by_subject.is_subset(&all));
    let early = found(&tenant, &["workshop before:2026-03"]);
    let late = found(&tenant, &["workshop", "newer_than:2026-03"]);
    assert_eq!(early.len() + late.len(), all.len());
    assert_eq!(found(&tenant, &["workshop", "--to", "2026-02"]), early);

    for (typed, says) in [
        ("contact:omar", "--contact"),
        ("foo:bar", "from:, to:, with:"),
        ("is:urgent", "meeting"),
        ("before:soon", "2026-01-31"),
        ("has:attachment", "not recorded"),
    ] {
        let why = refused(&tenant, &["search", typed]);
        assert!(why.contains(says), "{typed}: {why}");
    }
    assert!(refused(&tenant, &["search", "--from", "soon", "x"]).contains("last week"));
    let typo = text(&tenant, &["search", "workshp"]);
    assert!(typo.contains("did you mean: workshop"), "{typo}");

    let by_date = json(
        &tenant,
        &["search", "workshop", "--sort", "date", "--limit", "50"],
        0,
    );
    let times: Vec<&str> = hits(&by_date)
        .iter()
        .map(|hit| hit["occurred_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    assert_eq!(by_date["sort"], "date");
    assert!(by_date["groups"].as_u64() <= by_date["total"].as_u64());
    let text = text(
        &tenant,
        &["search", "workshop", "--offset", "1", "--limit", "2"],
    );
    assert!(text.contains(", 2 to 3, best match first"), "{text}");
    let counted = json(&tenant, &["search", "workshop", "--facets"], 0);
    let kinds = counted["facets"]["kinds"].as_array().unwrap();
    let sum: u64 = kinds
        .iter()
        .map(|kind| kind["count"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, all.len() as u64);
}

#[test]
fn a_hit_is_opened_by_its_id() {
    let mut tenant = Tenant::generated(113, 16);
    tenant.run();
    let some = json(&tenant, &["search", "is:email", "--limit", "200"], 0);
    let hit = hits(&some)
        .iter()
        .find(|hit| hit["colleagues_total"].as_u64() > Some(1) && hit["group"]["more"] != 0)
        .or(hits(&some).first())
        .unwrap();
    let id = hit["interaction_id"].as_str().unwrap();
    let opened = json(&tenant, &["show", id], 0);
    for key in ["interaction_id", "occurred_at", "kind", "direction"] {
        assert_eq!(opened[key], hit[key], "{key}");
    }
    let people = opened["participants"].as_array().unwrap();
    assert_eq!(
        people.len() as u64,
        hit["participants_total"].as_u64().unwrap()
    );
    let mailboxes = opened["mailboxes"].as_array().unwrap();
    assert_eq!(
        mailboxes.len() as u64,
        hit["colleagues_total"].as_u64().unwrap()
    );
    let link = mailboxes[0]["outlook_link"].as_str().unwrap();
    assert!(
        link.starts_with("https://outlook.office.com/mail/deeplink/read/"),
        "{link}"
    );
    let text = text(&tenant, &["show", &id[..12].to_uppercase()]);
    for part in [id, " UTC", "participants", "matched", "mailboxes", link] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_is_opened_shows_its_series_what_is_missing_and_no_hidden_mail() {
    let mut tenant = Tenant::generated(114, 16);
    tenant.run();
    let meeting = json(&tenant, &["search", "is:recurring", "--limit", "1"], 0);
    let meeting = hits(&meeting)[0]["interaction_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let opened = json(&tenant, &["show", &meeting], 0);
    assert!(
        !opened["related"].as_array().unwrap().is_empty(),
        "{opened}"
    );
    let unmatched = json(
        &tenant,
        &["search", "is:email -is:bulk", "--limit", "2000"],
        0,
    );
    let without = hits(&unmatched)
        .iter()
        .find(|hit| hit["subject"].is_null())
        .unwrap();
    let opened = json(
        &tenant,
        &["show", without["interaction_id"].as_str().unwrap()],
        0,
    );
    assert!(
        opened["content_missing"]
            .as_str()
            .unwrap()
            .contains("not kept"),
        "{opened}"
    );

    assert!(refused(&tenant, &["show", "abc"]).contains("hex digits"));
    assert!(refused(&tenant, &["show", "workshop"]).contains("hex digits"));
    assert!(refused(&tenant, &["show", &"0".repeat(32)]).contains("no interaction"));

    tenant.configure("[view]\nmail_activity = false\n");
    let mail = without["interaction_id"].as_str().unwrap();
    assert!(refused(&tenant, &["show", mail]).contains("mail_activity"));
    assert_eq!(json(&tenant, &["show", &meeting], 0)["kind"], "meeting");
    let counted = json(&tenant, &["search", "with:contoso", "--facets"], 0);
    let kinds = counted["facets"]["kinds"].as_array().unwrap();
    assert!(
        kinds.iter().all(|kind| kind["value"] == "meeting"),
        "{counted}"
    );
}
