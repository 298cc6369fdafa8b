//! The traps of the facts file, each shown by the simulated service.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use crate::model::time::SECOND;
use crate::sim::folders;
use crate::sim::tenant::State;
use crate::sim::visitor::IMMUTABLE;
use crate::sim::visitor::Visitor;
use crate::sim::world::Event;

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

#[test]
fn fact_1_1_every_spelling_of_delta_and_the_key_form_are_understood() {
    let mut visitor = Visitor::new(PLAIN);
    let user = visitor.world.people[0].id.clone();
    for target in [
        format!("/v1.0/users/{user}/mailFolders/inbox/messages/microsoft.graph.delta"),
        format!("/v1.0/users/{user}/mailFolders/inbox/messages/delta()"),
        format!("/v1.0/users('{user}')/mailfolders('inbox')/messages/delta"),
        format!(
            "/v1.0/users/{}/mailFolders/inbox/messages/delta",
            visitor.world.people[0].upn
        ),
    ] {
        assert_eq!(visitor.get(&target, IMMUTABLE).0, 200, "{target}");
    }
}

#[test]
fn fact_1_2_other_filters_than_on_the_receipt_and_top_are_refused() {
    let mut visitor = Visitor::new(PLAIN);
    let chain = visitor.chain(0, "inbox");
    for option in [
        "$filter=isRead%20eq%20false",
        "$search=x",
        "$orderby=subject",
        "$top=5",
    ] {
        let (status, body) = visitor.get(&format!("{chain}&{option}"), IMMUTABLE);
        assert_eq!(
            (status, code(&body)),
            (400, "ErrorInvalidUrlQuery"),
            "{option}"
        );
    }
}

#[test]
fn fact_1_3_page_size_falls_back_to_10_when_not_repeated() {
    let mut visitor = Visitor::new(PLAIN);
    let chain = visitor.chain(0, "inbox");
    let (_, first) = visitor.get(&chain, "odata.maxpagesize=3, IdType=\"ImmutableId\"");
    assert_eq!(first["value"].as_array().unwrap().len(), 3);
    let next = first["@odata.nextLink"].as_str().unwrap();
    let (_, second) = visitor.get(next, "IdType=\"ImmutableId\"");
    assert_eq!(second["value"].as_array().unwrap().len(), 10);
}

#[test]
fn fact_1_4_pages_shrink_to_none_and_still_the_round_is_whole() {
    let mut rough = Visitor::new("");
    let mut plain = Visitor::new(PLAIN);
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

#[test]
fn fact_1_4_removed_items_occur_in_the_first_round() {
    let mut visitor = Visitor::new(PLAIN);
    let chain = visitor.chain(0, "inbox");
    let (items, _) = visitor.round(&chain, IMMUTABLE);
    let removed = items
        .iter()
        .filter(|item| item["@removed"]["reason"] == "deleted");
    assert_eq!(removed.count(), 2);
}

#[test]
fn fact_1_4_delta_links_at_times_carry_a_skip_token_and_at_times_stay_the_same() {
    let mut visitor = Visitor::new("");
    let (mut odd, mut same) = (0, 0);
    for number in [0, 1, 2, 5, 6, 14] {
        for folder in ["inbox", "sentitems", "archive", "deleteditems"] {
            let chain = visitor.chain(number, folder);
            let (_, link) = visitor.round(&chain, IMMUTABLE);
            odd += usize::from(link.contains("$skiptoken"));
            visitor.days(1);
            let (_, next) = visitor.round(&link, IMMUTABLE);
            same += usize::from(next == link);
        }
    }
    assert!(odd > 0 && same > 0, "{odd} odd, {same} the same");
}

#[test]
fn fact_1_5_a_read_mark_is_reported_only_where_it_is_selected() {
    let mut visitor = Visitor::new(PLAIN);
    let held = &visitor.world.mailboxes[0].copies;
    let marked = held.iter().filter(|copy| {
        copy.folder == folders::INBOX
            && copy.events.iter().all(|(_, event)| *event == Event::Read)
            && copy.events.len() == 1
            && copy.arrives <= visitor.world.start()
    });
    let count = marked.count();
    assert!(count > 0);
    let base = format!(
        "{}/mailFolders/inbox/messages/delta?$select=",
        visitor.mailbox(0)
    );
    for (select, expected) in [("subject,isRead", count), ("subject", 0)] {
        visitor.state.now = visitor.world.start();
        let (_, link) = visitor.round(&format!("{base}{select}"), IMMUTABLE);
        visitor.days(60);
        let (items, _) = visitor.round(&link, IMMUTABLE);
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

#[test]
fn fact_1_5_a_move_is_removed_in_one_chain_and_new_in_the_other_under_the_same_id() {
    let mut visitor = Visitor::new(PLAIN);
    let folder_ids: Vec<String> = visitor.world.mailboxes[0]
        .folders
        .iter()
        .map(|folder| folder.id.clone())
        .collect();
    let mut links = Vec::new();
    for id in &folder_ids {
        let key = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        let chain = visitor.chain(0, &key);
        if let (200, _) = visitor.get(&chain, IMMUTABLE) {
            links.push(visitor.round(&chain, IMMUTABLE).1);
        }
    }
    visitor.days(30);
    let (mut removed, mut found) = (HashSet::new(), HashSet::new());
    for link in links {
        let (items, _) = visitor.round(&link, IMMUTABLE);
        found.extend(ids(&items));
        let gone = items.iter().filter(|item| item.get("@removed").is_some());
        removed.extend(gone.map(|item| item["id"].as_str().unwrap().to_owned()));
    }
    assert!(removed.intersection(&found).count() > 0);
}

#[test]
fn fact_1_6_a_link_dies_when_three_newer_ones_exist() {
    let mut visitor = Visitor::new(PLAIN);
    let prefer = "odata.maxpagesize=2, IdType=\"ImmutableId\"";
    let mut links = vec![visitor.chain(0, "inbox")];
    for _ in 0..4 {
        let (_, body) = visitor.get(links.last().unwrap(), prefer);
        links.push(body["@odata.nextLink"].as_str().unwrap().to_owned());
    }
    // Links 1 to 4 were given out; the first of them has three newer ones.
    let (status, body) = visitor.get(&links[1], prefer);
    assert_eq!((status, code(&body)), (410, "SyncStateNotFound"));
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("generation=1;[highest=4]")
    );
    assert_eq!(visitor.get(&links[2], prefer).0, 200);
}

#[test]
fn a_restarted_tenant_honours_its_links_and_tokens() {
    let mut visitor = Visitor::new(PLAIN);
    let chain = visitor.chain(0, "inbox");
    let (_, link) = visitor.round(&chain, IMMUTABLE);
    visitor.days(2);
    let (before, _) = visitor.round(&link, IMMUTABLE);
    let now = visitor.state.now;
    visitor.state = State::new(&visitor.world, now);
    let (after, _) = visitor.round(&link, IMMUTABLE);
    assert_eq!(before, after);
    assert!(!after.is_empty());
}

#[test]
fn fact_1_8_ids_change_on_a_move_without_the_preference_and_the_type_of_a_chain_is_fixed() {
    let mut visitor = Visitor::new(PLAIN);
    let chain = visitor.chain(0, "inbox");
    let (_, link) = visitor.round(&chain, IMMUTABLE);
    let (status, body) = visitor.get(&link, "odata.maxpagesize=100");
    assert_eq!((status, code(&body)), (410, "SyncStateInvalid"));
    let copies = &visitor.world.mailboxes[0].copies;
    let moved = copies
        .iter()
        .position(|copy| matches!(copy.events[..], [(_, Event::Move(_))]))
        .unwrap();
    let number = u32::try_from(moved).unwrap();
    let id = |moves| crate::sim::render::item_id(&visitor.world, 0, number, moves);
    assert_ne!(id(Some(0)), id(Some(1)));
    let immutable = id(None);
    visitor.days(60);
    let target = format!(
        "{}/messages/{immutable}?$select=subject",
        visitor.mailbox(0)
    );
    assert_eq!(visitor.get(&target, IMMUTABLE).0, 200);
}

#[test]
fn fact_1_9_sensitivity_is_no_property_but_a_filter_that_may_be_refused() {
    let filter = "$filter=singleValueExtendedProperties/any(ep:%20ep/id%20eq%20'Integer%200x36'%20and%20cast(ep/value,%20Edm.Int32)%20gt%200)";
    for (switches, refused) in [("", false), ("sensitivity_refused_for = [0]", true)] {
        let mut visitor = Visitor::new(switches);
        let target = format!(
            "{}/messages?$select=id&$top=1000&{filter}",
            visitor.mailbox(0)
        );
        let (status, body) = visitor.get(&target, IMMUTABLE);
        if refused {
            assert_eq!((status, code(&body)), (403, "ErrorAccessDenied"));
        } else {
            let found = body["value"].as_array().unwrap();
            assert!(status == 200 && !found.is_empty());
            assert!(found.iter().all(|item| item.get("sensitivity").is_none()));
        }
    }
}

#[test]
fn fact_1_10_folders_come_ten_to_a_page_without_hidden_or_nested_ones() {
    let mut visitor = Visitor::new("");
    let target = format!("{}/mailFolders", visitor.mailbox(0));
    let (_, first) = visitor.get(&target, "");
    assert_eq!(first["value"].as_array().unwrap().len(), 10);
    let (_, second) = visitor.get(first["@odata.nextLink"].as_str().unwrap(), "");
    let names: Vec<&str> = first["value"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["value"].as_array().unwrap())
        .map(|folder| folder["displayName"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Posteingang") && !names.contains(&"Inbox"));
    assert!(!names.contains(&"Konflikte") && !names.contains(&"Conversation Action Settings"));
    let (_, hidden) = visitor.get(&format!("{target}?includeHiddenFolders=true&$top=100"), "");
    assert!(hidden["value"].as_array().unwrap().len() > names.len());
    let search = second["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|folder| folder["@odata.type"] == "#microsoft.graph.mailSearchFolder");
    assert!(search.is_some());
}

#[test]
fn fact_1_11_a_batch_answers_each_item_with_its_own_status() {
    let mut visitor = Visitor::new("");
    let good = format!("{}/mailFolders/inbox", visitor.mailbox(0)).replace("/v1.0", "");
    let denied = format!("{}/mailFolders/inbox", visitor.mailbox(7)).replace("/v1.0", "");
    let body = json!({"requests": [
        {"id": "a", "method": "GET", "url": good}, {"id": "b", "method": "GET", "url": denied}]});
    let response = visitor.raw("POST", "/v1.0/$batch", &[], body.to_string().into_bytes());
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let status = |id: &str| {
        let all = body["responses"].as_array().unwrap();
        all.iter().find(|item| item["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(
        (response.status, status("a"), status("b")),
        (200, json!(200), json!(403))
    );
    let doubled = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/organization"}, {"id": "A", "method": "GET", "url": "/organization"}]});
    let response = visitor.raw(
        "POST",
        "/v1.0/$batch",
        &[],
        doubled.to_string().into_bytes(),
    );
    assert_eq!(response.status, 400);
}

#[test]
fn fact_3_1_properties_outside_the_directory_are_501_and_others_need_to_be_selected() {
    let mut visitor = Visitor::new("");
    assert_eq!(
        visitor.get("/v1.0/users?$select=mailboxSettings", "").0,
        501
    );
    let (_, body) = visitor.get("/v1.0/users?$top=5", "");
    assert!(body["value"][0].get("proxyAddresses").is_none());
    let mut count = 5;
    let mut link = body["@odata.nextLink"].as_str().unwrap().to_owned();
    loop {
        let (_, body) = visitor.get(&link, "");
        count += body["value"].as_array().unwrap().len();
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        next.clone_into(&mut link);
    }
    assert_eq!(count, visitor.world.people.len());
}

#[test]
fn fact_3_4_members_are_of_mixed_types_and_some_show_nothing_but_their_id() {
    let mut visitor = Visitor::new("");
    let group = visitor.world.groups[0].clone();
    let target = format!("/v1.0/groups/{group}/transitiveMembers");
    let (_, body) = visitor.get(&format!("{target}?$select=id,mail&$top=999"), "");
    let members = body["value"].as_array().unwrap();
    let types: HashSet<&str> = members
        .iter()
        .map(|one| one["@odata.type"].as_str().unwrap())
        .collect();
    assert_eq!(types.len(), 4);
    let limited =
        |one: &&Value| one["@odata.type"] == "#microsoft.graph.user" && one["mail"].is_null();
    assert_eq!(members.iter().filter(limited).count(), 1);
    let cast = format!("{target}/microsoft.graph.user?$count=true");
    assert_eq!(visitor.get(&cast, "").0, 400);
    let response = visitor.raw(
        "GET",
        &cast,
        &[("consistencylevel", "eventual")],
        Vec::new(),
    );
    assert_eq!(response.status, 200);
}

#[test]
fn fact_4_3_a_wrong_secret_is_401_with_its_number_and_an_expired_token_ends_requests() {
    let mut visitor = Visitor::new("token_seconds = 5");
    let (status, body) = visitor.sign_in("wrong");
    assert_eq!(
        (status, &body["error"], &body["error_codes"]),
        (401, &json!("invalid_client"), &json!([7_000_215]))
    );
    assert_eq!(visitor.get("/v1.0/organization", "").0, 200);
    visitor.wall = visitor.wall.plus(6 * SECOND);
    let (status, body) = visitor.get("/v1.0/organization", "");
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
}

#[test]
fn fact_6_2_a_mailbox_out_of_the_policy_is_403_and_a_missing_one_404_under_two_names() {
    let mut visitor = Visitor::new("");
    let denied = format!("{}/mailFolders", visitor.mailbox(7));
    let (status, body) = visitor.get(&denied, "");
    assert_eq!((status, code(&body)), (403, "ErrorAccessDenied"));
    let missing = format!("{}/mailFolders", visitor.mailbox(8));
    let codes: HashSet<String> = (0..40)
        .map(|_| code(&visitor.get(&missing, "").1).to_owned())
        .collect();
    assert_eq!(codes.len(), 2);
}

#[test]
fn fact_7_1_a_fifth_request_is_refused_until_a_body_is_drained() {
    let mut visitor = Visitor::new("");
    let target = format!("{}/mailFolders/inbox", visitor.mailbox(0));
    let held: Vec<Option<usize>> = (0..4)
        .map(|_| visitor.held("GET", &target, &[], Vec::new()).1)
        .collect();
    let (response, _) = visitor.held("GET", &target, &[], Vec::new());
    assert_eq!(response.status, 429);
    assert!(
        response
            .headers
            .iter()
            .any(|(name, value)| *name == "retry-after" && value == "1")
    );
    let other = format!("{}/mailFolders/inbox", visitor.mailbox(1));
    assert_eq!(visitor.get(&other, "").0, 200);
    visitor.state.drained(held[0].unwrap());
    assert_eq!(visitor.held("GET", &target, &[], Vec::new()).0.status, 200);
}
