//! What the real service refuses, and a simulator could be too kind to refuse: each shown here.

use serde_json::Value;
use serde_json::json;

use crate::sim::request::Response;
use crate::sim::tests::test_client::TestClient;

const PLAIN: &str = "short_pages = false\nduplicates = false\nreplays = false\nshuffle = false";

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str())
}

/// Status and code of a request.
fn answer(client: &mut TestClient, target: &str) -> (u16, String) {
    let (status, body) = client.get(target, "");
    (status, code(&body).to_owned())
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn form(client: &TestClient, scope: &str) -> Vec<u8> {
    let app = &client.world.app;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("client_id", &app.client_id);
    form.append_pair("client_secret", &app.secret);
    form.append_pair("grant_type", "client_credentials");
    form.append_pair("scope", scope);
    form.finish().into_bytes()
}

/// Facts 13.
#[test]
fn an_unknown_name_in_select_is_refused_wherever_there_is_a_select() {
    let mut client = TestClient::new(PLAIN);
    let mailbox = client.mailbox(0);
    let group = client.world.groups[0].clone();
    let user = client.world.people[0].id.clone();
    let (_, list) = client.get(&format!("{mailbox}/messages?$top=1"), "");
    let message = list["value"][0]["id"].as_str().unwrap().to_owned();
    let window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";
    let targets = [
        "/v1.0/organization?".to_owned(),
        "/v1.0/users?".to_owned(),
        format!("/v1.0/users/{user}?"),
        "/v1.0/groups?".to_owned(),
        format!("/v1.0/groups/{group}?"),
        format!("/v1.0/groups/{group}/transitiveMembers?"),
        format!("{mailbox}/mailFolders?"),
        format!("{mailbox}/mailFolders/inbox?"),
        format!("{mailbox}/mailFolders/inbox/childFolders?"),
        format!("{mailbox}/mailFolders/inbox/messages?"),
        format!("{mailbox}/mailFolders/inbox/messages/delta?"),
        format!("{mailbox}/messages?"),
        format!("{mailbox}/messages/{message}?"),
        format!("{mailbox}/calendarView?{window}&"),
    ];
    for target in &targets {
        for (select, status) in [("id", 200), ("id,sensitivty", 400), ("id, displayNam", 400)] {
            let (found, body) = client.get(&format!("{target}$select={select}"), "");
            assert_eq!(found, status, "{target} {select}: {body}");
            if status == 400 {
                assert_eq!(code(&body), "RequestBroker--ParseUri");
            }
        }
    }
    // A message has no sensitivity of its own, though an event has (facts 1.9).
    let (status, body) = client.get(&format!("{mailbox}/messages?$select=sensitivity"), "");
    let text = "Could not find a property named 'sensitivity' on type 'microsoft.graph.message'.";
    assert_eq!((status, &body["error"]["message"]), (400, &json!(text)));
    for option in [
        "$select=id&$select=subject",
        "$filterr=x",
        "$expand=attachment",
        "$count=yes",
    ] {
        let (status, _) = client.get(&format!("{mailbox}/messages?{option}"), "");
        assert_eq!(status, 400, "{option}");
    }
}

/// Facts 2.1.
#[test]
fn calendar_view_selects_no_change_times_unless_the_world_allows() {
    let path = "/calendarView?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z&$select=id,createdDateTime";
    for (switches, status) in [("", 400), ("select_times_of_calendar_view = true", 200)] {
        let mut client = TestClient::new(switches);
        let target = format!("{}{path}", client.mailbox(0));
        assert_eq!(client.get(&target, "").0, status);
    }
}

/// Facts 3.1.
#[test]
fn filters_of_the_directory_are_parsed_and_found_true_or_refused() {
    let mut client = TestClient::new(PLAIN);
    let mail = client.world.people[0].mail.clone();
    for (filter, found) in [
        (format!("mail eq '{mail}'"), 1),
        (format!("proxyAddresses/any(p:p eq 'smtp:{mail}')"), 1),
        ("mail in ('x@y.z')".to_owned(), 0),
        ("accountEnabled eq true".to_owned(), 13),
    ] {
        let (status, body) = client.get(&format!("/v1.0/users?$filter={filter}"), "");
        assert_eq!(status, 200, "{filter}: {body}");
        assert_eq!(body["value"].as_array().unwrap().len(), found, "{filter}");
    }
    let (bad, unsupported) = ("Request_BadRequest", "Request_UnsupportedQuery");
    for (target, expected) in [
        ("groups?$filter=mail equals 'x' oder (((", bad),
        ("groups?$filter=email eq 'x'", bad),
        ("users?$filter=accountEnabled eq 'true'", bad),
        ("users?$filter=contains(mail,'x')", unsupported),
        ("users?$filter=aboutMe eq 'x'", unsupported),
        ("users?$filter=endsWith(mail,'x')", unsupported),
        ("users?$filter=userType ne 'Guest'", unsupported),
        ("users?$filter=not(userType eq 'Guest')", unsupported),
        (
            "users?$filter=mail eq 'x'&$orderby=displayName",
            unsupported,
        ),
        ("users?$orderby=mail", unsupported),
        ("users?$search=\"displayName:x\"", bad),
        ("users?$count=true", bad),
        ("users?$skip=5", unsupported),
        ("groups?$skip=5", unsupported),
    ] {
        let found = answer(&mut client, &format!("/v1.0/{target}"));
        assert_eq!(found, refusal(400, expected), "{target}");
    }
}

/// Facts 3.1.
#[test]
fn advanced_queries_need_their_header_and_count_the_first_page() {
    let mut client = TestClient::new(PLAIN);
    let eventual = [("consistencylevel", "eventual")];
    let mut get = |target: &str| {
        let response = client.raw("GET", target, &eventual, Vec::new());
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        (response.status, body)
    };
    let filter = "/v1.0/users?$filter=userType%20ne%20'Guest'";
    // The header alone is not enough.
    assert_eq!(get(filter).0, 400);
    let (status, body) = get(&format!("{filter}&$count=true&$top=10"));
    assert_eq!((status, &body["@odata.count"]), (200, &json!(15)));
    let next = body["@odata.nextLink"].as_str().unwrap().to_owned();
    let (status, body) = get(&next);
    assert_eq!((status, body.get("@odata.count")), (200, None));
    let (status, body) = get("/v1.0/users?$search=\"displayName:anna\"");
    assert_eq!((status, body["value"].as_array().unwrap().len()), (200, 1));
    // The header is not remembered by the link.
    assert_eq!(client.get(&next, "").0, 400);
}

/// Facts 4.3.
#[test]
fn a_token_is_for_graph_alone_and_a_tenant_is_found_whatever_its_case() {
    let mut client = TestClient::new("");
    let tenant = client.world.app.tenant_id.clone();
    let path = format!("/{}/oauth2/v2.0/token", tenant.to_uppercase());
    for (scope, error, number) in [
        ("https://graph.microsoft.com/.default", "", 0),
        ("http://sim.test/.default", "", 0),
        ("00000003-0000-0000-c000-000000000000/.default", "", 0),
        (
            "https://graph.microsoft.us/.default",
            "invalid_resource",
            500_011,
        ),
        ("nonsense/.default", "invalid_resource", 500_011),
        (
            "https://graph.microsoft.com/Mail.Read",
            "invalid_scope",
            70011,
        ),
        ("/.default", "invalid_scope", 70011),
        ("a/.default b/.default", "invalid_scope", 70011),
    ] {
        let form = form(&client, scope);
        let response = client.raw("POST", &path, &[("host", "sim.test")], form);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let found = (
            body["error"].as_str().unwrap_or_default(),
            body["error_codes"][0].as_i64().unwrap_or_default(),
        );
        assert_eq!(found, (error, number), "{scope}");
    }
}

/// Requests, each of which needs another permission.
fn requests(client: &TestClient) -> Vec<String> {
    let (open, group) = (client.mailbox(0), &client.world.groups[0]);
    let window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";
    vec![
        "/v1.0/organization".to_owned(),
        "/v1.0/users".to_owned(),
        "/v1.0/groups".to_owned(),
        format!("/v1.0/groups/{group}/transitiveMembers"),
        format!("{open}/mailboxSettings/userPurpose"),
        format!("{open}/mailFolders"),
        format!("{open}/calendarView/delta?{window}"),
    ]
}

/// Facts 4.5.
#[test]
fn each_request_needs_its_permission_in_entra_or_by_a_role_of_exchange() {
    let (directory, outlook) = ("Authorization_RequestDenied", "ErrorAccessDenied");
    let cases: [(&str, &str, [u16; 7]); 8] = [
        ("", "", [401; 7]),
        ("'User.Read.All'", "", [403, 200, 403, 403, 403, 403, 403]),
        (
            "'Directory.Read.All'",
            "",
            [200, 200, 200, 200, 403, 403, 403],
        ),
        (
            "'GroupMember.Read.All'",
            "",
            [403, 403, 200, 200, 403, 403, 403],
        ),
        (
            "'Mail.ReadBasic.All'",
            "",
            [403, 403, 403, 403, 403, 200, 403],
        ),
        (
            "'MailboxSettings.ReadWrite'",
            "",
            [403, 403, 403, 403, 200, 403, 403],
        ),
        // The right that never shows in the token.
        ("", "'Mail.Read'", [403, 403, 403, 403, 403, 200, 403]),
        (
            "'Organization.Read.All'",
            "'Calendars.Read'",
            [200, 403, 403, 403, 403, 403, 200],
        ),
    ];
    for (entra, exchange, expected) in cases {
        let grants = format!("[permissions]\nentra = [{entra}]\nexchange = [{exchange}]");
        let mut client = TestClient::new(&grants);
        for (number, target) in requests(&client).iter().enumerate() {
            let (status, code) = answer(&mut client, target);
            assert_eq!(status, expected[number], "{grants} {target}");
            let name = if number < 4 { directory } else { outlook };
            let name = if status == 401 {
                "NoPermissionsInAccessToken"
            } else {
                name
            };
            assert!(status == 200 || code == name, "{target}: {code}");
        }
    }
}

/// Facts 5.2.
#[test]
fn rights_add_up_and_a_scope_binds_only_what_is_assigned_in_exchange() {
    let status = |grants: &str, number: usize| {
        let mut client = TestClient::new(&format!("[permissions]\n{grants}"));
        let target = format!("{}/mailFolders", client.mailbox(number));
        answer(&mut client, &target).0
    };
    let scoped = "entra = []\nexchange = ['Mail.Read']\nscope = [1]";
    assert_eq!([0, 1].map(|number| status(scoped, number)), [403, 200]);
    let both = "entra = ['Mail.Read']\nexchange = ['Mail.Read']\nscope = [1]";
    assert_eq!([0, 1].map(|number| status(both, number)), [200, 200]);
    // Nested members are outside of a group's scope: 2 is one.
    let group = "exchange = ['Mail.Read']\nscope = 'direct_members'";
    assert_eq!(
        [0, 2, 12].map(|number| status(group, number)),
        [200, 403, 403]
    );
    // The policy leaves 7 out of what was granted in Entra.
    assert_eq!(status("entra = ['Mail.Read']\nexchange = []", 7), 403);
}

/// Facts 3.6.
#[test]
fn whether_user_read_all_shows_the_organisation_is_for_a_world_to_say() {
    for (covers, status) in [(false, 403), (true, 200)] {
        let grants = format!(
            "[permissions]\nentra = ['User.Read.All']\nuser_read_covers_organization = {covers}"
        );
        let mut client = TestClient::new(&grants);
        assert_eq!(answer(&mut client, "/v1.0/organization").0, status);
    }
}

/// Facts 3.4.
#[test]
fn who_may_not_read_users_sees_members_by_their_id_alone() {
    let mut client = TestClient::new("[permissions]\nentra = ['GroupMember.Read.All']");
    let group = client.world.groups[0].clone();
    let target = format!("/v1.0/groups/{group}/transitiveMembers?$select=id,mail&$top=999");
    let (status, body) = client.get(&target, "");
    assert_eq!(status, 200);
    for member in body["value"].as_array().unwrap() {
        let is_group = member["@odata.type"] == "#microsoft.graph.group";
        assert!(is_group || member["mail"].is_null() && member["id"].is_string());
    }
}

/// Facts 1.1.
#[test]
fn read_basic_withholds_bodies_previews_and_extended_properties() {
    let grants =
        "[permissions]\nentra = ['Mail.ReadBasic.All', 'Calendars.ReadBasic']\nexchange = []";
    let mut client = TestClient::new(&format!("{PLAIN}\n{grants}"));
    let mailbox = client.mailbox(0);
    let select = "$select=subject,bodyPreview,body";
    let window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";
    for target in [
        format!("{mailbox}/messages?{select}"),
        format!("{mailbox}/mailFolders/inbox/messages/delta?{select}"),
        format!("{mailbox}/calendarView?{window}"),
        format!("{mailbox}/calendarView/delta?{window}"),
    ] {
        let (status, body) = client.get(&target, "odata.maxpagesize=50");
        assert_eq!(status, 200, "{target}");
        let items = body["value"].as_array().unwrap();
        assert!(
            items.iter().any(|item| item["subject"].is_string()),
            "{target}"
        );
        for item in items {
            assert!(
                item.get("body").is_none() && item.get("bodyPreview").is_none(),
                "{target}"
            );
        }
    }
    let filter = "singleValueExtendedProperties/any(e:e/id%20eq%20'Integer%200x36')";
    let listed = answer(&mut client, &format!("{mailbox}/messages?$filter={filter}"));
    assert_eq!(listed, refusal(403, "ErrorAccessDenied"));
}

/// Facts 1.7.
#[test]
fn lists_that_are_too_large_or_too_deep_or_walk_too_far_time_out() {
    let bounds = "list_top_max = 100\nlist_skip_max = 20\nfilter_walk_max = 30";
    let mut client = TestClient::new(bounds);
    let mailbox = client.mailbox(0);
    let mut get = |options: &str| answer(&mut client, &format!("{mailbox}/messages?{options}"));
    let timeout = refusal(504, "UnknownError");
    assert_eq!(get("$top=100").0, 200);
    assert_eq!(get("$top=101"), timeout);
    assert_eq!(get("$top=1&$skip=20").0, 200);
    assert_eq!(get("$top=1&$skip=21"), timeout);
    // A page of few entries may end before too many items are walked over.
    let filter = "$filter=singleValueExtendedProperties/any(e:e/id%20eq%20'Integer%200x36')";
    let mut found = [0, 1, 2, 5, 6, 14].map(|number| {
        let list = format!("{}/messages?{filter}", client.mailbox(number));
        let whole = answer(&mut client, &format!("{list}&$top=100"));
        assert_eq!(whole, timeout, "{number}");
        answer(&mut client, &format!("{list}&$top=1")).0
    });
    found.sort_unstable();
    assert_eq!(found[0], 200, "{found:?}");
}

/// Facts 1.9.
#[test]
fn list_links_count_skipped_items_and_messages_have_no_type() {
    let rows = "[[faults]]\nkind = 'surplus'\nmailbox = 0\nitems = 4";
    let mut client = TestClient::new(&format!("{PLAIN}\n{rows}"));
    let inbox = format!("{}/mailFolders/inbox", client.mailbox(0));
    let (_, folder) = client.get(&inbox, "");
    let mut link = format!("{inbox}/messages?$top=5&$count=true");
    let (mut items, mut short) = (0, 0);
    loop {
        let (status, body) = client.get(&link, "");
        assert_eq!(
            (status, &body["@odata.count"]),
            (200, &folder["totalItemCount"])
        );
        for item in body["value"].as_array().unwrap() {
            assert_ne!(item["@odata.type"], "#microsoft.graph.message");
            items += 1;
        }
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        short += usize::from(body["value"].as_array().unwrap().len() < 5);
        assert!(next.contains("%24skip="), "{next}");
        next.clone_into(&mut link);
    }
    assert_eq!(json!(items + 4), folder["totalItemCount"]);
    assert!(short > 0, "other items stand between the messages");
}

/// Facts 1.9.
#[test]
fn a_list_is_not_sorted_by_what_does_not_come_first_in_its_filter() {
    let mut client = TestClient::new(PLAIN);
    let filter = "$filter=singleValueExtendedProperties/any(e:e/id%20eq%20'Integer%200x36')";
    let list = format!("{}/messages?{filter}", client.mailbox(0));
    assert_eq!(answer(&mut client, &list).0, 200);
    let sorted = answer(&mut client, &format!("{list}&$orderby=receivedDateTime"));
    assert_eq!(sorted, refusal(400, "InefficientFilter"));
    let wrong = format!("{}/messages?$filter=blah 0x36 (((", client.mailbox(0));
    assert_eq!(answer(&mut client, &wrong).0, 400);
}

/// Facts 1.9.
#[test]
fn extended_properties_can_be_expanded_on_lists() {
    let mut client = TestClient::new(PLAIN);
    let expand = "$expand=singleValueExtendedProperties($filter=id%20eq%20'Integer%200x36')";
    let target = format!(
        "{}/messages?$select=id&$top=1000&{expand}",
        client.mailbox(0)
    );
    let (status, body) = client.get(&target, "");
    let items = body["value"].as_array().unwrap();
    let has = |item: &&Value| item.get("singleValueExtendedProperties").is_some();
    let marked = items.iter().filter(has).count();
    assert!(status == 200 && marked > 0 && marked < items.len());
}

/// Facts 2.1.
#[test]
fn an_unknown_zone_is_refused_unless_a_world_says_otherwise() {
    let window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";
    for (switches, status) in [("", 400), ("unknown_zone = 'ignored'", 200)] {
        let mut client = TestClient::new(switches);
        let target = format!("{}/calendarView?{window}", client.mailbox(0));
        let prefer = "outlook.timezone=\"Middle-earth Standard Time\"";
        assert_eq!(client.get(&target, prefer).0, status);
        assert_eq!(
            client
                .get(&target, "outlook.timezone=\"Tokyo Standard Time\"")
                .0,
            200
        );
    }
}

/// Facts 6.1.
#[test]
fn errors_of_the_directory_have_an_inner_error_and_401_a_challenge() {
    let mut client = TestClient::new("");
    let headers = [("client-request-id", "c-1")];
    let response = client.raw("GET", "/v1.0/users/nobody", &headers, Vec::new());
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let inner = &body["error"]["innerError"];
    assert_eq!(inner["date"], "2026-03-02T02:00:00");
    assert_eq!(inner["client-request-id"], "c-1");
    assert_eq!(
        inner["request-id"].as_str(),
        header(&response, "request-id")
    );
    // Outlook's have none.
    let missing = format!("{}/mailFolders/none", client.mailbox(0));
    assert!(
        client.get(&missing, "").1["error"]
            .get("innerError")
            .is_none()
    );
    client.token.clear();
    let response = client.raw("GET", "/v1.0/users", &[], Vec::new());
    assert_eq!(response.status, 401);
    let challenge = header(&response, "www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm="));
}

/// Statuses of the items of a batch, by their order.
fn batch(client: &mut TestClient, items: &[Value]) -> Vec<(u16, Value)> {
    let body = json!({"requests": items}).to_string();
    let response = client.raw("POST", "/v1.0/$batch", &[], body.into_bytes());
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let mut found: Vec<(u64, u16, Value)> = body["responses"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let id = one["id"].as_str().unwrap().parse().unwrap();
            let status = u16::try_from(one["status"].as_u64().unwrap()).unwrap();
            (id, status, one.clone())
        })
        .collect();
    found.sort_by_key(|(id, ..)| *id);
    found
        .into_iter()
        .map(|(_, status, one)| (status, one))
        .collect()
}

/// Facts 1.11.
#[test]
fn items_of_a_batch_are_throttled_one_by_one_where_a_mailbox_has_too_many() {
    for (switches, busy, refused) in [("", 0, 0), ("", 2, 10), ("batch_parallel = 20", 0, 16)] {
        let mut client = TestClient::new(switches);
        let inbox = format!("{}/mailFolders/inbox", client.mailbox(0));
        for _ in 0..busy {
            client.held("GET", &inbox, &[], Vec::new());
        }
        let url = inbox.strip_prefix("/v1.0").unwrap();
        let items: Vec<Value> = (0..20)
            .map(|id| json!({"id": id.to_string(), "method": "GET", "url": url}))
            .collect();
        let found = batch(&mut client, &items);
        let throttled: Vec<_> = found.iter().filter(|(status, _)| *status == 429).collect();
        assert_eq!(throttled.len(), refused, "{switches} {busy}");
        for (_, one) in throttled {
            assert_eq!(one["headers"]["retry-after"], "1");
        }
    }
}

/// Facts 1.11.
#[test]
fn what_depends_on_a_failed_request_fails_and_a_circle_is_refused() {
    let mut client = TestClient::new("");
    let inbox = format!("{}/mailFolders/inbox", client.mailbox(0));
    let url = inbox.strip_prefix("/v1.0").unwrap();
    let item = |id: &str, url: &str, waits: &[&str]| json!({"id": id, "method": "GET", "url": url, "dependsOn": waits});
    let items = [
        item("1", url, &[]),
        item("2", "/users/nobody", &["1"]),
        item("3", url, &["2"]),
        item("4", url, &["3", "1"]),
        item("5", url, &["1"]),
    ];
    let statuses = |found: Vec<(u16, Value)>| -> Vec<u16> {
        found.into_iter().map(|(status, _)| status).collect()
    };
    let found = statuses(batch(&mut client, &items));
    assert_eq!(found, [200, 404, 424, 424, 200]);
    let circle = [item("1", url, &["2"]), item("2", url, &["1"])];
    assert!(batch(&mut client, &circle).is_empty());
}

#[test]
fn time_goes_on_between_two_pages_where_a_world_says_so() {
    for (seconds, days) in [(0, 0), (864_000, 20)] {
        let mut client = TestClient::new(&format!("seconds_per_request = {seconds}"));
        let begun = client.state.now;
        let inbox = format!("{}/mailFolders/inbox", client.mailbox(0));
        let count = |client: &mut TestClient| client.get(&inbox, "").1["totalItemCount"].clone();
        let (first, second) = (count(&mut client), count(&mut client));
        let passed = (client.state.now.0 - begun.0) / crate::model::time::DAY;
        assert_eq!(passed, days, "{seconds}");
        assert_eq!(first == second, days == 0);
    }
}
