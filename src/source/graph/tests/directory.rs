//! Users, groups and the organisation, over HTTP.

use crate::model::mailbox::MailboxKind;
use crate::source::graph::error::GraphError;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Server;
use crate::source::retry_action::RetryAction;
use crate::source::service::MailboxPart;

const USERS_1: &str = include_str!("../../../../fixtures/graph/users-1.json");
const USERS_2: &str = include_str!("../../../../fixtures/graph/users-2.json");
const MEMBERS: &str = include_str!("../../../../fixtures/graph/transitive-members.json");

/// Facts 3.1.
#[tokio::test]
async fn users_of_every_kind_come_over_all_pages_and_none_is_filtered_out() {
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let page = if seen.target.contains("$skiptoken") {
                USERS_2
            } else {
                USERS_1
            };
            Reply::ok(page.replace("{base}", base))
        })
    })
    .await;
    let users = server.client().users().await.unwrap();
    let ids: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["u-1", "u-2", "u-3", "u-4"]);
    assert_eq!(users[0].proxy_addresses[2], "X500:/o=Contoso/ou=EU/cn=ann");
    assert_eq!((&users[1].mail, &users[1].user_type), (&None, &None));
    assert_eq!(users[2].account_enabled, Some(false));
    assert!(users[3].proxy_addresses.is_empty());
    let target = &server.requests()[0].target;
    for asked in ["proxyAddresses", "userType", "accountEnabled", "$top=999"] {
        assert!(target.contains(asked), "{target}");
    }
    assert!(
        !target.contains("$filter") && !target.contains("mailboxSettings"),
        "{target}"
    );
}

/// Facts 3.4.
#[tokio::test]
async fn members_are_users_of_nested_groups_and_limited_ones_are_told() {
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            if seen.target.contains("/transitiveMembers") {
                Reply::ok(MEMBERS.replace("{base}", base))
            } else {
                Reply::ok(r#"{"value":[{"id":"g-1","displayName":"Touchpoint"}]}"#)
            }
        })
    })
    .await;
    let members = server
        .client()
        .group_members("o'touch@contoso.example")
        .await
        .unwrap();
    let ids: Vec<&str> = members.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["u-1"]);
    assert_eq!(members.limited, ["u-hidden"]);
    let requests = server.requests();
    let decoded = percent_encoding::percent_decode_str(&requests[0].target).decode_utf8();
    assert!(decoded.unwrap().ends_with(
        "$filter=mail eq 'o''touch@contoso.example' or \
         proxyAddresses/any(p:p eq 'smtp:o''touch@contoso.example')"
    ));
    // A cast would lose the type of each member.
    assert!(
        requests[1]
            .target
            .starts_with("/v1.0/groups/g-1/transitiveMembers?")
    );
}

/// Facts 3.4.
#[tokio::test]
async fn a_group_that_shows_nobody_is_an_error_and_empties_no_scope() {
    for members in [
        r#"{"value":[]}"#,
        r##"{"value":[{"@odata.type":"#microsoft.graph.user","id":"u-hidden"}]}"##,
        r##"{"value":[{"@odata.type":"#microsoft.graph.group","id":"g","displayName":"G"}]}"##,
    ] {
        let server =
            Server::start(move |_, seen, _| (!seen.is_sign_in()).then(|| Reply::ok(members))).await;
        let id = "11111111-2222-3333-4444-555555555555";
        let error = server.client().group_members(id).await.unwrap_err();
        assert!(matches!(error, GraphError::EmptyGroup), "{error}");
        assert_eq!(error.action(), RetryAction::StopTenant);
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_or_is_several_is_told() {
    for (found, status, body) in [
        ("not found", 200, r#"{"value":[]}"#),
        (
            "found more than once",
            200,
            r#"{"value":[{"id":"a"},{"id":"b"}]}"#,
        ),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| Reply::status(status, body))
        })
        .await;
        let error = server
            .client()
            .group_members("x@contoso.example")
            .await
            .unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
    }
    let server = Server::start(|_, _, _| None).await;
    let id = "11111111-2222-3333-4444-555555555555";
    let error = server.client().group_members(id).await.unwrap_err();
    assert!(error.to_string().contains("not found"), "{error}");
}

/// Facts 3.6.
#[tokio::test]
async fn verified_domains_are_listed_each_by_itself() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            Reply::ok(
                r#"{"value":[{"id":"t-1","verifiedDomains":[
                    {"name":"contoso.example","isDefault":true,"capabilities":"Email, X"},
                    {"name":"eu.contoso.example"}]}]}"#,
            )
        })
    })
    .await;
    let organization = server.client().organization().await.unwrap().unwrap();
    assert_eq!(
        organization.domains,
        ["contoso.example", "eu.contoso.example"]
    );
}

/// Facts 3.3.
#[tokio::test]
async fn the_kind_of_a_mailbox_is_what_is_told_of_it() {
    for (status, body, expected) in [
        (200, r#"{"value":"shared"}"#, Some(MailboxKind::Shared)),
        (200, r#"{"value":"room"}"#, Some(MailboxKind::Room)),
        (
            200,
            r#"{"value":"equipment"}"#,
            Some(MailboxKind::Equipment),
        ),
        (
            200,
            r#"{"value":"unknownFutureValue"}"#,
            Some(MailboxKind::User),
        ),
        (200, "{}", None),
        (403, "", None),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| {
                if seen.target.contains("userPurpose") {
                    Reply::status(status, body)
                } else {
                    Reply::ok(r#"{"value":[]}"#)
                }
            })
        })
        .await;
        let client = server.client();
        assert_eq!(
            client
                .mailbox("u-1")
                .purpose(MailboxPart::Mail)
                .await
                .unwrap(),
            expected,
            "{body}"
        );
        assert_eq!(
            client.directory_totals().requests,
            0,
            "it is a request to the mailbox"
        );
    }
}

/// Facts 3.3 and 5.1.
#[tokio::test]
async fn a_denial_that_passes_does_not_make_a_shared_mailbox_a_users() {
    for (part, asked) in [
        (MailboxPart::Mail, "/messages?"),
        (MailboxPart::Calendar, "/calendarView?"),
    ] {
        let server = Server::start(|_, seen, before| {
            (!seen.is_sign_in()).then(|| match seen.target.contains("userPurpose") {
                true if before == 0 => Reply::error(403, "ErrorAccessDenied"),
                true => Reply::ok(r#"{"value":"shared"}"#),
                false => Reply::ok(r#"{"value":[]}"#),
            })
        })
        .await;
        let kind = server.client().mailbox("u-1").purpose(part).await.unwrap();
        assert_eq!(kind, Some(MailboxKind::Shared));
        // Nothing of the other part of the mailbox is requested.
        let requests = server.requests();
        let others = requests
            .iter()
            .filter(|seen| !seen.target.contains("userPurpose"));
        let others: Vec<&str> = others.map(|seen| seen.target.as_str()).collect();
        assert!(others.len() == 1 && others[0].contains(asked), "{others:?}");
    }
}

/// Facts 6.2.
#[tokio::test]
async fn without_permission_for_the_directory_the_tenant_is_stopped() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::error(403, "Authorization_RequestDenied"))
    })
    .await;
    let error = server.client().users().await.unwrap_err();
    assert_eq!(error.action(), RetryAction::StopTenant);
    assert!(error.to_string().contains("touchpoint check"), "{error}");
    assert_eq!(server.requests().len(), 1);

    let server =
        Server::start(|_, seen, _| (!seen.is_sign_in()).then(|| Reply::status(500, ""))).await;
    let error = server.client().users().await.unwrap_err();
    assert_eq!(error.action(), RetryAction::StopTenant);
    assert!(error.to_string().contains("network"), "{error}");
}

/// A tenant whose list of users is what `page` makes of the number of pages before.
async fn users_of(page: impl Fn(&str, usize) -> String + Send + Sync + 'static) -> (usize, bool) {
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |base, seen, _| {
        let is_list = !seen.is_sign_in();
        is_list.then(|| {
            let before = pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Reply::ok(page(base, before))
        })
    })
    .await;
    let listed = server.client().users().await;
    (server.requests().len(), listed.is_ok())
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_of_any_length_is_given_up() {
    for length in [1, 2, 3, 7] {
        let (requests, is_read) = users_of(move |base, before| {
            let next = (before + 1) % length;
            format!(
                r#"{{"value":[{{"id":"u{before}"}}],"@odata.nextLink":"{base}/v1.0/users?$skiptoken={next}"}}"#
            )
        })
        .await;
        assert!(!is_read && requests <= length + 2, "{length}: {requests}");
    }
}

#[tokio::test]
async fn a_list_that_goes_on_for_ever_without_anything_new_is_given_up() {
    for value in [r#"{"id":"u"}"#, ""] {
        let (requests, is_read) = users_of(move |base, before| {
            format!(
                r#"{{"value":[{value}],"@odata.nextLink":"{base}/v1.0/users?$skiptoken={before}"}}"#
            )
        })
        .await;
        assert!(!is_read && requests <= 100, "{value}: {requests}");
    }
}

#[tokio::test]
async fn one_bad_entry_costs_itself_and_not_the_tenant() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            Reply::ok(
                r#"{"value":[null,{"id":7},{"id":"a","mail":5,"proxyAddresses":[1,"smtp:a@x.org"]},
                    "text",[],{"id":"a"},{"id":"b","proxyAddresses":null,"accountEnabled":"yes"}]}"#,
            )
        })
    })
    .await;
    let users = server.client().users().await.unwrap();
    let ids: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(users[0].proxy_addresses, ["smtp:a@x.org"]);
}

/// Facts 3.5.
#[tokio::test]
async fn an_administrative_unit_holds_its_own_users_and_groups_are_counted() {
    let server = Server::start(|_, seen, _| {
        if seen.is_sign_in() {
            return None;
        }
        let is_list = seen.target.contains("$filter=");
        Some(Reply::ok(if is_list {
            r#"{"value":[{"id":"a-1","displayName":"Sales & service"}]}"#
        } else {
            r##"{"value":[{"@odata.type":"#microsoft.graph.group","id":"g"},
                {"@odata.type":"#microsoft.graph.user","id":"u"},
                {"@odata.type":"#microsoft.graph.device","id":"d"}]}"##
        }))
    })
    .await;
    let found = server.client().admin_unit_members("Sales & service").await;
    assert_eq!(found.unwrap(), (vec!["u".to_owned()], 1));
    let requests = server.requests();
    assert!(
        requests[0]
            .target
            .ends_with("$filter=displayName%20eq%20%27Sales%20%26%20service%27")
    );
    let members = "/v1.0/directory/administrativeUnits/a-1/members?";
    assert!(requests[1].target.starts_with(members));
}

/// Facts 3.5.
#[tokio::test]
async fn a_unit_of_groups_alone_is_an_error_and_empties_no_scope() {
    let server = Server::start(|_, seen, _| {
        let only_group = r##"{"value":[{"@odata.type":"#microsoft.graph.group","id":"g"}]}"##;
        (!seen.is_sign_in()).then(|| Reply::ok(only_group))
    })
    .await;
    let id = "11111111-2222-3333-4444-555555555555";
    let error = server.client().admin_unit_members(id).await.unwrap_err();
    assert!(matches!(error, GraphError::EmptyAdminUnit), "{error}");
    assert_eq!(error.action(), RetryAction::StopTenant);
}
