//! What each fault does to a caller, and that the world behind it stays as it was.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sim::tests::test_client::IMMUTABLE;
use crate::sim::tests::test_client::TestClient;
use crate::sim::world::World;

const PLAIN: &str = "short_pages = false\nduplicates = false\nreplays = false\nshuffle = false\n";

fn client(faults: &str) -> TestClient {
    TestClient::new(&format!("{PLAIN}\n{faults}"))
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    let there = items.iter().filter(|item| item.get("@removed").is_none());
    there
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// All items of a plain list.
fn listed(client: &mut TestClient, number: usize, options: &str) -> Vec<Value> {
    let mailbox = client.mailbox(number);
    let mut link = format!("{mailbox}/mailFolders/inbox/messages?{options}");
    let mut items = Vec::new();
    loop {
        let (status, body) = client.get(&link, IMMUTABLE);
        assert_eq!(status, 200, "{body}");
        items.extend(body["value"].as_array().unwrap().iter().cloned());
        match body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut link),
            None => return items,
        }
    }
}

fn count(client: &mut TestClient, number: usize) -> u64 {
    let folder = format!("{}/mailFolders/inbox", client.mailbox(number));
    client.get(&folder, "").1["totalItemCount"]
        .as_u64()
        .unwrap()
}

fn one(client: &mut TestClient, id: &str) -> (u16, Value) {
    let escaped = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("{}/messages/{escaped}", client.mailbox(0));
    client.get(&path, IMMUTABLE)
}

/// Facts 1.10.
#[test]
fn a_folder_counts_what_delta_and_plain_lists_hold() {
    let mut client = client("");
    for day in 0..3 {
        for number in [0, 1, 2] {
            let chain = client.chain(number, "inbox");
            let (items, _) = client.round(&chain, IMMUTABLE);
            let walked = ids(&items);
            assert_eq!(count(&mut client, number), walked.len() as u64, "{day}");
            let plain = listed(&mut client, number, "$select=id&$top=7");
            assert_eq!(ids(&plain), walked);
            let ordered = "$select=receivedDateTime&$top=50&$orderby=receivedDateTime%20desc";
            let times: Vec<String> = listed(&mut client, number, ordered)
                .iter()
                .filter_map(|item| Some(item["receivedDateTime"].as_str()?.to_owned()))
                .collect();
            assert!(times.is_sorted_by(|one, next| one >= next));
        }
        client.days(1);
    }
}

/// Facts 1.2.
#[test]
fn a_truncated_round_ends_silently_and_stays_incomplete() {
    let mut client = client("[[faults]]\nkind = \"cut_round\"\nmailbox = 0\nat = 5\ntimes = 1");
    let all = count(&mut client, 0);
    let chain = client.chain(0, "inbox");
    let (items, link) = client.round(&chain, "odata.maxpagesize=2, IdType=\"ImmutableId\"");
    assert_eq!(items.len(), 5);
    assert!(all > 10);
    let (later, _) = client.round(&link, IMMUTABLE);
    assert!(later.is_empty());
    let (items, _) = client.round(&chain, IMMUTABLE);
    assert_eq!(ids(&items).len() as u64, all);
}

/// Facts 1.7.
#[test]
fn a_full_mailbox_refuses_delta_and_gives_plain_lists() {
    let mut client = client("[[faults]]\nkind = \"quota_full\"\nmailbox = 0");
    let chain = client.chain(0, "inbox");
    let (status, body) = client.get(&chain, IMMUTABLE);
    assert_eq!((status, code(&body)), (403, "ErrorQuotaExceeded"));
    let plain = listed(&mut client, 0, "$select=subject&$top=10");
    assert_eq!(plain.len() as u64, count(&mut client, 0));
    let other = client.chain(1, "inbox");
    assert_eq!(client.get(&other, IMMUTABLE).0, 200);
}

/// Facts 6.2.
#[test]
fn one_corrupt_item_spoils_every_page_that_holds_it_down_to_a_page_of_one() {
    let mut client = client("[[faults]]\nkind = \"poisoned_item\"\nmailbox = 0");
    let chain = client.chain(0, "inbox");
    let (status, body) = client.get(&chain, IMMUTABLE);
    assert_eq!((status, code(&body)), (500, "ErrorCorruptData"));
    let small = "odata.maxpagesize=1, IdType=\"ImmutableId\"";
    let mut link = chain;
    let mut around = 0;
    let refused = loop {
        let (status, body) = client.get(&link, small);
        if status != 200 {
            break code(&body).to_owned();
        }
        around += 1;
        body["@odata.nextLink"]
            .as_str()
            .unwrap()
            .clone_into(&mut link);
    };
    assert_eq!(refused, "ErrorCorruptData");
    let plain = listed(&mut client, 0, "$select=id&$top=100");
    assert!(around < plain.len());
    let poisoned: Vec<String> = ids(&plain)
        .into_iter()
        .filter(|id| one(&mut client, id).0 != 200)
        .collect();
    assert_eq!(poisoned.len(), 1);
    let mailbox = client.mailbox(0);
    let whole = format!("{mailbox}/mailFolders/inbox/messages?$select=subject&$top=1000");
    assert_eq!(client.get(&whole, IMMUTABLE).0, 500);
}

/// The path of the calendar's first page, or list, with some options.
fn calendar(client: &TestClient, name: &str, options: &str) -> String {
    let window = "startDateTime=2025-03-02T02:00:00Z&endDateTime=2027-03-02T02:00:00Z";
    format!("{}/{name}?{window}{options}", client.mailbox(0))
}

fn one_event(client: &mut TestClient, id: &str) -> (u16, String) {
    let escaped = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("{}/events/{escaped}", client.mailbox(0));
    let (status, body) = client.get(&path, IMMUTABLE);
    (status, code(&body).to_owned())
}

/// Facts 6.2.
#[test]
fn one_corrupt_event_spoils_pages_of_whole_events_and_no_list_of_ids() {
    let mut client = client("[[faults]]\nkind = \"poisoned_event\"\nmailbox = 0");
    let corrupt = (500, "ErrorCorruptData".to_owned());
    for (name, options) in [("calendarView", "&$top=1000"), ("calendarView/delta", "")] {
        let path = calendar(&client, name, options);
        let (status, body) = client.get(&path, "odata.maxpagesize=100000, IdType=\"ImmutableId\"");
        assert_eq!((status, code(&body).to_owned()), corrupt, "{name}");
    }
    let path = calendar(&client, "calendarView", "&$select=id&$top=1000");
    let (status, body) = client.get(&path, IMMUTABLE);
    assert_eq!(status, 200);
    let listed = body["value"].as_array().unwrap();
    assert!(listed.iter().all(|one| one.get("subject").is_none()));
    // Singles come first.
    let first: Vec<String> = ids(listed.get(..200).unwrap_or(listed))
        .into_iter()
        .collect();
    let answers = first.iter().map(|id| one_event(&mut client, id));
    let poisoned: Vec<(u16, String)> = answers.filter(|answer| answer.0 != 200).collect();
    assert_eq!(poisoned, [corrupt]);
}

/// Facts 6.2.
#[test]
fn a_corrupt_series_that_the_stream_leaves_out_spoils_no_page() {
    let mut client =
        client("missing_masters = \"found\"\n[[faults]]\nkind = \"poisoned_master\"\nmailbox = 0");
    let chain = calendar(&client, "calendarView/delta", "");
    let (items, _) = client.round(&chain, IMMUTABLE);
    let masters = items
        .iter()
        .filter_map(|one| one["seriesMasterId"].as_str());
    let masters: BTreeSet<&str> = masters.collect();
    let answers = masters.iter().map(|id| one_event(&mut client, id).0);
    assert_eq!(answers.filter(|status| *status == 500).count(), 1);
}

/// Facts 1.9.
#[test]
fn a_private_mail_spoils_its_page_in_the_way_that_was_seen() {
    let mut client = client("[[faults]]\nkind = \"private_poison\"\nmailbox = 0\nfolder = \"any\"");
    let mailbox = client.mailbox(0);
    let private = format!(
        "{mailbox}/messages?$select=id&$filter=singleValueExtendedProperties/any(ep:%20ep/id%20eq%20'Integer%200x36')&$top=100"
    );
    let (status, body) = client.get(&private, IMMUTABLE);
    assert_eq!(status, 200);
    let answers: Vec<(u16, String)> = ids(body["value"].as_array().unwrap())
        .iter()
        .map(|id| one(&mut client, id))
        .map(|(status, body)| (status, code(&body).to_owned()))
        .filter(|(status, _)| *status != 200)
        .collect();
    assert_eq!(answers, [(500, "InternalServerError".to_owned())]);
}

#[test]
fn an_unreadable_item_comes_on_its_page_and_is_unavailable_by_its_id() {
    let mut client = client(
        "[[faults]]\nkind = \"unreadable_item\"\nmailbox = 0\nitems = 2\nstatus = 404\ncode = \"ErrorItemNotFound\"",
    );
    let chain = client.chain(0, "inbox");
    let (items, _) = client.round(&chain, IMMUTABLE);
    let failed: Vec<u16> = ids(&items)
        .iter()
        .map(|id| one(&mut client, id).0)
        .filter(|status| *status != 200)
        .collect();
    assert_eq!(failed, [404, 404]);
}

/// Facts 1.10.
#[test]
fn a_folder_may_count_what_no_list_of_messages_gives() {
    let mut plain = client("");
    let mut more = client("[[faults]]\nkind = \"surplus\"\nmailbox = 0\nitems = 3");
    assert_eq!(count(&mut more, 0), count(&mut plain, 0) + 3);
    assert_eq!(count(&mut more, 1), count(&mut plain, 1));
    let chain = more.chain(0, "inbox");
    let (items, _) = more.round(&chain, IMMUTABLE);
    assert_eq!(ids(&items).len() as u64, count(&mut plain, 0));
}

#[test]
fn a_fault_happens_to_those_and_at_the_time_and_as_often_as_its_row_says() {
    let mut client = client(
        "[[faults]]\nkind = \"status\"\nstatus = 503\nrequest = \"delta\"\nmailbox = 1\nafter = 1\ntimes = 2\n\
         [[faults]]\nkind = \"status\"\nstatus = 403\nrequest = \"users\"\nfrom = \"2026-03-03T02:00:00Z\"\nuntil = \"2026-03-04T02:00:00Z\"",
    );
    let chain = client.chain(1, "inbox");
    let statuses: Vec<u16> = (0..4).map(|_| client.get(&chain, "").0).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    let other = client.chain(0, "inbox");
    assert_eq!(client.get(&other, "").0, 200);
    let days: Vec<u16> = (0..3)
        .map(|_| {
            let status = client.get("/v1.0/users", "").0;
            client.days(1);
            status
        })
        .collect();
    assert_eq!(days, [200, 403, 200]);
}

#[test]
fn a_row_that_can_never_happen_is_refused() {
    for (row, expected) in [
        ("kind = \"status\"", "status is missing"),
        ("kind = \"status\"\nstatus = 42", "200 to 599"),
        ("kind = \"quota_full\"\nfrom = \"noon\"", "RFC 3339"),
        (
            "kind = \"quota_full\"\nmailbox = \"no-one@x.org\"",
            "no user",
        ),
        ("kind = \"quota_full\"\nmailbox = 16", "no user"),
        ("kind = \"quite_else\"", "unknown variant"),
    ] {
        let world = World::from_toml(&format!(
            "users = 16\nmails_per_user = 5\n[[faults]]\n{row}"
        ));
        let refused = world.unwrap_err().to_string();
        assert!(refused.contains(expected), "{row}: {refused}");
    }
}
