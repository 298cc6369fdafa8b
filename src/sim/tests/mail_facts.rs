//! The pitfalls of mail that the facts list, each shown by the simulated service.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use crate::sim::mail::folders;
use crate::sim::mail::mailbox::Event;
use crate::sim::tenant::State;
use crate::sim::tests::test_client::IMMUTABLE;
use crate::sim::tests::test_client::TestClient;

const PLAIN: &str =
    "short_pages = false\nduplicates = false\nreplays = false\nsame_delta_link = false";

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

fn ids(items: &[Value]) -> HashSet<String> {
    let present = items.iter().filter(|item| item.get("@removed").is_none());
    present
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Facts 1.1.
#[test]
fn every_spelling_of_delta_and_the_key_form_are_understood() {
    let mut client = TestClient::new(PLAIN);
    let user = client.world.people[0].id.clone();
    for target in [
        format!("/v1.0/users/{user}/mailFolders/inbox/messages/microsoft.graph.delta"),
        format!("/v1.0/users/{user}/mailFolders/inbox/messages/delta()"),
        format!("/v1.0/users('{user}')/mailfolders('inbox')/messages/delta"),
        format!(
            "/v1.0/users/{}/mailFolders/inbox/messages/delta",
            client.world.people[0].upn
        ),
    ] {
        assert_eq!(client.get(&target, IMMUTABLE).0, 200, "{target}");
    }
}

/// Facts 1.2.
#[test]
fn other_filters_than_on_the_receipt_and_top_are_refused() {
    let mut client = TestClient::new(PLAIN);
    let chain = client.chain(0, "inbox");
    for option in [
        "$filter=isRead%20eq%20false",
        "$search=x",
        "$orderby=subject",
        "$top=5",
    ] {
        let (status, body) = client.get(&format!("{chain}&{option}"), IMMUTABLE);
        assert_eq!(
            (status, code(&body)),
            (400, "ErrorInvalidUrlQuery"),
            "{option}"
        );
    }
}

/// Facts 1.3.
#[test]
fn page_size_falls_back_to_10_when_not_repeated() {
    let mut client = TestClient::new(PLAIN);
    let chain = client.chain(0, "inbox");
    let (_, first) = client.get(&chain, "odata.maxpagesize=3, IdType=\"ImmutableId\"");
    assert_eq!(first["value"].as_array().unwrap().len(), 3);
    let next = first["@odata.nextLink"].as_str().unwrap();
    let (_, second) = client.get(next, "IdType=\"ImmutableId\"");
    assert_eq!(second["value"].as_array().unwrap().len(), 10);
}

/// Facts 1.4.
#[test]
fn pages_shrink_to_none_and_still_the_round_is_whole() {
    let mut rough = TestClient::new("");
    let mut plain = TestClient::new(PLAIN);
    let mut empty = 0;
    for number in [0, 1, 2, 5] {
        let chain = rough.chain(number, "inbox");
        let expected = ids(&plain.round(&chain, IMMUTABLE).0);
        let mut link = chain;
        let mut items = Vec::new();
        loop {
            let (_, body) = rough.get(&link, "odata.maxpagesize=3, IdType=\"ImmutableId\"");
            let page = body["value"].as_array().unwrap();
            items.extend(page.iter().cloned());
            let Some(next) = body["@odata.nextLink"].as_str() else {
                break;
            };
            empty += usize::from(page.is_empty());
            next.clone_into(&mut link);
        }
        assert_eq!(ids(&items), expected);
        assert!(items.len() > expected.len(), "something must come twice");
    }
    assert!(empty > 0, "some page must be empty");
}

/// Facts 1.4.
#[test]
fn removed_items_occur_in_the_first_round() {
    let mut client = TestClient::new(PLAIN);
    let chain = client.chain(0, "inbox");
    let (items, _) = client.round(&chain, IMMUTABLE);
    let removed = items
        .iter()
        .filter(|item| item["@removed"]["reason"] == "deleted");
    assert_eq!(removed.count(), 2);
}

/// Facts 1.4.
#[test]
fn delta_links_at_times_carry_a_skip_token_and_at_times_stay_the_same() {
    let mut client = TestClient::new("");
    let (mut odd, mut same) = (0, 0);
    for number in [0, 1, 2, 5, 6, 14] {
        for folder in ["inbox", "sentitems", "archive", "deleteditems"] {
            let chain = client.chain(number, folder);
            let (_, link) = client.round(&chain, IMMUTABLE);
            odd += usize::from(link.contains("$skiptoken"));
            client.days(1);
            let (_, next) = client.round(&link, IMMUTABLE);
            same += usize::from(next == link);
        }
    }
    assert!(odd > 0 && same > 0, "{odd} odd, {same} the same");
}

/// Facts 1.5.
#[test]
fn a_read_mark_is_reported_only_where_it_is_selected() {
    let mut client = TestClient::new(PLAIN);
    let held = &client.world.mailboxes[0].copies;
    let marked = held.iter().filter(|copy| {
        copy.folder == folders::INBOX
            && copy.events.iter().all(|(_, event)| *event == Event::Read)
            && copy.events.len() == 1
            && copy.arrives <= client.world.start()
    });
    let count = marked.count();
    assert!(count > 0);
    let base = format!(
        "{}/mailFolders/inbox/messages/delta?$select=",
        client.mailbox(0)
    );
    for (select, expected) in [("subject,isRead", count), ("subject", 0)] {
        client.state.now = client.world.start();
        let (_, link) = client.round(&format!("{base}{select}"), IMMUTABLE);
        client.days(60);
        let (items, _) = client.round(&link, IMMUTABLE);
        let partial = items
            .iter()
            .filter(|item| item.get("isRead").is_some() && item.get("subject").is_none());
        let partial: Vec<_> = partial.collect();
        assert_eq!(partial.len(), expected, "{select}");
        assert!(
            partial
                .iter()
                .all(|item| item.get("parentFolderId").is_some())
        );
    }
}

/// Facts 1.5.
#[test]
fn a_move_is_removed_in_one_chain_and_new_in_the_other_under_the_same_id() {
    let mut client = TestClient::new(PLAIN);
    let folder_ids: Vec<String> = client.world.mailboxes[0]
        .folders
        .iter()
        .map(|folder| folder.id.clone())
        .collect();
    let mut links = Vec::new();
    for id in &folder_ids {
        let key = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        let chain = client.chain(0, &key);
        if let (200, _) = client.get(&chain, IMMUTABLE) {
            links.push(client.round(&chain, IMMUTABLE).1);
        }
    }
    client.days(30);
    let (mut removed, mut found) = (HashSet::new(), HashSet::new());
    for link in links {
        let (items, _) = client.round(&link, IMMUTABLE);
        found.extend(ids(&items));
        let gone = items.iter().filter(|item| item.get("@removed").is_some());
        removed.extend(gone.map(|item| item["id"].as_str().unwrap().to_owned()));
    }
    assert!(removed.intersection(&found).count() > 0);
}

/// Facts 1.6.
#[test]
fn a_link_dies_when_three_newer_ones_exist() {
    let mut client = TestClient::new(PLAIN);
    let prefer = "odata.maxpagesize=2, IdType=\"ImmutableId\"";
    let mut links = vec![client.chain(0, "inbox")];
    for _ in 0..4 {
        let (_, body) = client.get(links.last().unwrap(), prefer);
        links.push(body["@odata.nextLink"].as_str().unwrap().to_owned());
    }
    // Links 1 to 4 were given out; the first of them has three newer ones.
    let (status, body) = client.get(&links[1], prefer);
    assert_eq!((status, code(&body)), (410, "SyncStateNotFound"));
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("generation=1;[highest=4]")
    );
    assert_eq!(client.get(&links[2], prefer).0, 200);
}

#[test]
fn a_restarted_tenant_honours_its_links_and_tokens() {
    let mut client = TestClient::new(PLAIN);
    let chain = client.chain(0, "inbox");
    let (_, link) = client.round(&chain, IMMUTABLE);
    client.days(2);
    let (before, _) = client.round(&link, IMMUTABLE);
    let now = client.state.now;
    client.state = State::new(&client.world, now);
    let (after, _) = client.round(&link, IMMUTABLE);
    assert_eq!(before, after);
    assert!(!after.is_empty());
}

/// Facts 1.8.
#[test]
fn ids_change_on_a_move_without_the_preference() {
    let mut client = TestClient::new(PLAIN);
    let chain = client.chain(0, "inbox");
    let (_, link) = client.round(&chain, IMMUTABLE);
    let (status, body) = client.get(&link, "odata.maxpagesize=100");
    assert_eq!((status, code(&body)), (410, "SyncStateInvalid"));
    let copies = &client.world.mailboxes[0].copies;
    let moved = copies
        .iter()
        .position(|copy| matches!(copy.events[..], [(_, Event::Move(_))]))
        .unwrap();
    let number = u32::try_from(moved).unwrap();
    let id = |moves| crate::sim::mail::render::item_id(&client.world, 0, number, moves);
    assert_ne!(id(Some(0)), id(Some(1)));
    let immutable = id(None);
    client.days(60);
    let target = format!("{}/messages/{immutable}?$select=subject", client.mailbox(0));
    assert_eq!(client.get(&target, IMMUTABLE).0, 200);
}

/// Facts 1.9.
#[test]
fn sensitivity_is_no_property_but_a_filter_that_may_be_refused() {
    let filter = "$filter=singleValueExtendedProperties/any(ep:%20ep/id%20eq%20'Integer%200x36'%20and%20cast(ep/value,%20Edm.Int32)%20gt%200)";
    for (switches, refused) in [("", false), ("sensitivity_refused_for = [0]", true)] {
        let mut client = TestClient::new(switches);
        let target = format!(
            "{}/messages?$select=id&$top=1000&{filter}",
            client.mailbox(0)
        );
        let (status, body) = client.get(&target, IMMUTABLE);
        if refused {
            assert_eq!((status, code(&body)), (403, "ErrorAccessDenied"));
        } else {
            let found = body["value"].as_array().unwrap();
            assert!(status == 200 && !found.is_empty());
            assert!(found.iter().all(|item| item.get("sensitivity").is_none()));
        }
    }
}

/// Facts 1.9.
#[test]
fn filters_and_expansions_are_read_and_wrong_ones_refused() {
    let mut client = TestClient::new("");
    let mailbox = client.mailbox(0);
    let mut listed = |filter: &str| {
        let filter = filter.replace(' ', "%20");
        let target = format!("{mailbox}/messages?$select=id&$top=1000&$filter={filter}");
        let (status, body) = client.get(&target, IMMUTABLE);
        (status, body["value"].as_array().map_or(0, Vec::len))
    };
    let any = |inner: &str| format!("singleValueExtendedProperties/any({inner})");
    let of_value = |compared: &str| {
        any(&format!(
            "p: p/id eq 'Integer 0x36' and cast(p/value, Edm.Int32) {compared}"
        ))
    };
    let all = listed(&any("p: p/id eq 'Integer 0x36'"));
    assert_eq!(listed(&of_value("gt 0")), all);
    let by_value = ["eq 1", "eq 2", "eq 3"].map(|one| listed(&of_value(one)).1);
    assert_eq!(by_value.iter().sum::<usize>(), all.1);
    assert_eq!(listed(&of_value("gt 3")), (200, 0));
    for wrong in [
        "blah 0x36 (((".to_owned(),
        any("p: q/id eq 'Integer 0x36'"),
        any("p: p/id eq 'Integer 0x37'"),
        of_value("over 0"),
        of_value("gt 0 and true"),
    ] {
        assert_eq!(listed(&wrong).0, 400, "{wrong}");
    }
    let expanded = format!("{mailbox}/messages/x?$expand=singleValueExtendedProperties(0x36)");
    assert_eq!(client.get(&expanded, IMMUTABLE).0, 400);
}

/// Facts 1.10.
#[test]
fn folders_come_ten_to_a_page_without_hidden_or_nested_ones() {
    let mut client = TestClient::new("");
    let target = format!("{}/mailFolders", client.mailbox(0));
    let (_, first) = client.get(&target, "");
    assert_eq!(first["value"].as_array().unwrap().len(), 10);
    let (_, second) = client.get(first["@odata.nextLink"].as_str().unwrap(), "");
    let names: Vec<&str> = first["value"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["value"].as_array().unwrap())
        .map(|folder| folder["displayName"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Posteingang") && !names.contains(&"Inbox"));
    assert!(!names.contains(&"Konflikte") && !names.contains(&"Conversation Action Settings"));
    let (_, hidden) = client.get(&format!("{target}?includeHiddenFolders=true&$top=100"), "");
    assert!(hidden["value"].as_array().unwrap().len() > names.len());
    let search = second["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|folder| folder["@odata.type"] == "#microsoft.graph.mailSearchFolder");
    assert!(search.is_some());
}

/// Facts 1.11.
#[test]
fn a_batch_answers_each_item_with_its_own_status() {
    let mut client = TestClient::new("");
    let good = format!("{}/mailFolders/inbox", client.mailbox(0)).replace("/v1.0", "");
    let denied = format!("{}/mailFolders/inbox", client.mailbox(7)).replace("/v1.0", "");
    let body = json!({"requests": [
        {"id": "a", "method": "GET", "url": good}, {"id": "b", "method": "GET", "url": denied}]});
    let response = client.raw("POST", "/v1.0/$batch", &[], body.to_string().into_bytes());
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let status = |id: &str| {
        let all = body["responses"].as_array().unwrap();
        all.iter().find(|item| item["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(
        (response.status, status("a"), status("b")),
        (200, json!(200), json!(403))
    );
    let duplicated = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/organization"}, {"id": "A", "method": "GET", "url": "/organization"}]});
    let response = client.raw(
        "POST",
        "/v1.0/$batch",
        &[],
        duplicated.to_string().into_bytes(),
    );
    assert_eq!(response.status, 400);
}

#[test]
fn what_folders_serve_is_what_the_truth_calls_readable() {
    let mut client = TestClient::new("");
    client.days(9);
    let now = client.state.now;
    let mut expected: HashSet<(String, String)> = HashSet::new();
    crate::sim::truth::print(&client.world, now, |line| {
        let is_open = line["readable_until"].is_null() && line["readable_from"].is_string();
        if line["record"] == "copy" && is_open {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            expected.insert((text("mailbox"), text("source_id")));
        }
    });
    let mut served = HashSet::new();
    for number in 0..client.world.people.len() {
        if !client.world.people[number].is_mail_read() {
            continue;
        }
        for folder in 0..client.world.mailboxes[number].folders.len() {
            let held = &client.world.mailboxes[number].folders[folder];
            if !held.read {
                continue;
            }
            let key =
                percent_encoding::utf8_percent_encode(&held.id, percent_encoding::NON_ALPHANUMERIC);
            let chain = client.chain(number, &key.to_string());
            let (items, _) = client.round(&chain, IMMUTABLE);
            let mailbox = client.world.people[number].id.clone();
            served.extend(ids(&items).into_iter().map(|id| (mailbox.clone(), id)));
        }
    }
    assert_eq!(served, expected);
}

/// Facts 1.5.
#[test]
fn read_marks_of_later_rounds_may_be_strings() {
    let mut client = TestClient::new(&format!("{PLAIN}\nstring_booleans = true"));
    let chain = format!(
        "{}/mailFolders/inbox/messages/delta?$select=isRead",
        client.mailbox(0)
    );
    let (first, link) = client.round(&chain, IMMUTABLE);
    let all = first.iter().filter(|item| item.get("@removed").is_none());
    assert!(all.clone().count() > 0 && all.clone().all(|item| item["isRead"].is_boolean()));
    client.days(30);
    let (second, _) = client.round(&link, IMMUTABLE);
    assert!(second.iter().any(|item| item["isRead"] == "true"));
}

/// Facts 1.7.
#[test]
fn a_move_there_and_back_is_lost_only_where_the_world_says_so() {
    let mut removed = Vec::new();
    for lose in [false, true] {
        let switches = format!("{PLAIN}\nlose_moves_there_and_back = {lose}");
        let mut client = TestClient::new(&switches);
        let mut count = 0;
        for number in [0, 1, 2, 5, 6, 14, 15] {
            let chain = client.chain(number, "inbox");
            client.state.now = client.world.start();
            let (_, link) = client.round(&chain, IMMUTABLE);
            client.days(60);
            let (items, _) = client.round(&link, IMMUTABLE);
            count += items
                .iter()
                .filter(|item| item.get("@removed").is_some())
                .count();
        }
        removed.push(count);
    }
    assert!(removed[1] > removed[0], "{removed:?}");
}
