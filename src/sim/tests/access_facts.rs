//! The pitfalls of sign-in, directory and limits that the facts list, each shown by the simulated
//! service.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use crate::model::time::SECOND;
use crate::sim::tests::test_client::TestClient;

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

/// Facts 3.1.
#[test]
fn properties_outside_the_directory_are_501_and_others_need_to_be_selected() {
    let mut client = TestClient::new("");
    assert_eq!(client.get("/v1.0/users?$select=mailboxSettings", "").0, 501);
    let (_, body) = client.get("/v1.0/users?$top=5", "");
    assert!(body["value"][0].get("proxyAddresses").is_none());
    let mut count = 5;
    let mut link = body["@odata.nextLink"].as_str().unwrap().to_owned();
    loop {
        let (_, body) = client.get(&link, "");
        count += body["value"].as_array().unwrap().len();
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        next.clone_into(&mut link);
    }
    assert_eq!(count, client.world.people.len());
}

/// Facts 3.4.
#[test]
fn members_are_of_mixed_types_and_some_show_nothing_but_their_id() {
    let mut client = TestClient::new("");
    let group = client.world.groups[0].clone();
    let target = format!("/v1.0/groups/{group}/transitiveMembers");
    let (_, body) = client.get(&format!("{target}?$select=id,mail&$top=999"), "");
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
    assert_eq!(client.get(&cast, "").0, 400);
    let response = client.raw(
        "GET",
        &cast,
        &[("consistencylevel", "eventual")],
        Vec::new(),
    );
    assert_eq!(response.status, 200);
}

/// Facts 4.3.
#[test]
fn a_wrong_secret_and_an_expired_token_are_401() {
    let mut client = TestClient::new("token_seconds = 5");
    let (status, body) = client.sign_in("wrong");
    assert_eq!(
        (status, &body["error"], &body["error_codes"]),
        (401, &json!("invalid_client"), &json!([7_000_215]))
    );
    assert_eq!(client.get("/v1.0/organization", "").0, 200);
    client.wall = client.wall.plus(6 * SECOND);
    let (status, body) = client.get("/v1.0/organization", "");
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
}

/// Facts 6.2.
#[test]
fn a_mailbox_outside_the_policy_is_403_and_a_missing_one_404() {
    let mut client = TestClient::new("");
    let denied = format!("{}/mailFolders", client.mailbox(7));
    let (status, body) = client.get(&denied, "");
    assert_eq!((status, code(&body)), (403, "ErrorAccessDenied"));
    let missing = format!("{}/mailFolders", client.mailbox(8));
    let codes: HashSet<String> = (0..40)
        .map(|_| code(&client.get(&missing, "").1).to_owned())
        .collect();
    assert_eq!(codes.len(), 2);
}

/// Facts 7.1.
#[test]
fn a_fifth_request_is_refused_until_a_body_is_drained() {
    let mut client = TestClient::new("");
    let target = format!("{}/mailFolders/inbox", client.mailbox(0));
    let held: Vec<Option<usize>> = (0..4)
        .map(|_| client.held("GET", &target, &[], Vec::new()).1)
        .collect();
    let (response, _) = client.held("GET", &target, &[], Vec::new());
    assert_eq!(response.status, 429);
    assert!(
        response
            .headers
            .iter()
            .any(|(name, value)| *name == "retry-after" && value == "1")
    );
    let other = format!("{}/mailFolders/inbox", client.mailbox(1));
    assert_eq!(client.get(&other, "").0, 200);
    client.state.drained(held[0].unwrap());
    assert_eq!(client.held("GET", &target, &[], Vec::new()).0.status, 200);
}

/// Facts 7.3.
#[test]
fn refusals_at_random_name_a_fraction_of_a_second_or_no_time_at_all() {
    for (kind, expected) in [("fraction", Some("0.25")), ("none", None)] {
        let switches = format!("throttle_per_mille = 300\nretry_after = \"{kind}\"");
        let mut client = TestClient::new(&switches);
        let target = format!("{}/mailFolders/inbox", client.mailbox(0));
        let refused = (0..100)
            .map(|_| client.raw("GET", &target, &[], Vec::new()))
            .filter(|response| response.status == 429);
        let refused: Vec<_> = refused.collect();
        assert!((10..60).contains(&refused.len()));
        for response in refused {
            let after = response
                .headers
                .iter()
                .find(|(name, _)| *name == "retry-after");
            assert_eq!(after.map(|(_, value)| value.as_str()), expected);
        }
    }
}

/// Facts 3.5.
#[test]
fn a_group_in_a_unit_does_not_bring_its_members() {
    let mut client = TestClient::new("");
    let (_, body) = client.get("/v1.0/directory/administrativeUnits", "");
    let unit = body["value"][0]["id"].as_str().unwrap().to_owned();
    let target = format!("/v1.0/directory/administrativeUnits/{unit}/members");
    let (_, body) = client.get(&format!("{target}?$top=999"), "");
    let members = body["value"].as_array().unwrap();
    let ids: HashSet<&str> = members
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(client.world.people[0].id.as_str()));
    assert!(ids.contains(client.world.groups[1].as_str()));
    assert!(!ids.contains(client.world.people[2].id.as_str()));
    let (status, body) = client.get(&format!("{target}?$filter=startswith(displayName,'A')"), "");
    assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
}
