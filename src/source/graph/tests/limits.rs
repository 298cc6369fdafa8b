//! Sign-in, slots, pauses and deadlines.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::assertion_file::AssertionFile;
use crate::model::mail::ContentLevel;
use crate::source::graph::client::Client;
use crate::source::graph::credential::Credential;
use crate::source::graph::error::GraphError;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Server;
use crate::source::graph::tests::server::selected;
use crate::source::graph::tests::server::token;
use crate::source::retry_action::RetryAction;

const LAST_PAGE: &str = r#"{"value":[],"@odata.deltaLink":"https://graph.example?$deltatoken=d"}"#;

/// Lets everything that can go on go on, until `done`; fails rather than hang.
async fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if done() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}

/// Facts 4.1.
#[tokio::test]
async fn one_token_serves_all_and_is_asked_for_once() {
    let server =
        Server::start(|_, seen, _| (!seen.is_sign_in()).then(|| Reply::ok(r#"{"value":[]}"#)))
            .await;
    let client = server.client();
    let asked = (0..20).map(|_| client.users());
    for users in futures_util::future::join_all(asked).await {
        assert!(users.unwrap().is_empty());
    }
    let sign_ins = server.sign_ins();
    assert_eq!(sign_ins.len(), 1);
    let form = &sign_ins[0].body;
    assert!(form.contains("grant_type=client_credentials"), "{form}");
    assert!(form.contains("client_secret=s%26cret%3D"), "{form}");
    assert!(form.contains("%2F.default"), "{form}");
    assert_eq!(sign_ins[0].target, "/contoso.example/oauth2/v2.0/token");
    for seen in server.requests() {
        assert_eq!(seen.header("authorization"), Some("Bearer t1"));
        assert!(
            seen.header("user-agent")
                .unwrap()
                .starts_with("touchpoint/")
        );
        assert_eq!(seen.header("client-request-id").unwrap().len(), 36);
        assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    }
}

/// Facts 4.1.
#[tokio::test]
async fn a_token_is_renewed_by_expires_in_and_not_by_habit() {
    let server = Server::start(|_, seen, before| {
        Some(if seen.is_sign_in() {
            let life = if before == 0 { 0 } else { 3599 };
            Reply::ok(format!(
                r#"{{"access_token":"t{before}","expires_in":{life}}}"#
            ))
        } else {
            Reply::ok(r#"{"value":[]}"#)
        })
    })
    .await;
    let client = server.client();
    for _ in 0..3 {
        client.users().await.unwrap();
    }
    let used: Vec<String> = server
        .requests()
        .iter()
        .map(|seen| seen.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(used, ["Bearer t0", "Bearer t1", "Bearer t1"]);
}

/// Facts 4.5.
#[tokio::test]
async fn a_token_without_roles_is_used_as_it_is() {
    // {"alg":"none"} and {"aud":"https://graph.microsoft.com","idtyp":"app"}: rights that Exchange
    // grants never show in a token. The other is no JSON at all.
    const WITHOUT_ROLES: &str = "eyJhbGciOiJub25lIn0.\
        eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20iLCJpZHR5cCI6ImFwcCJ9.";
    for text in [WITHOUT_ROLES, "opaque"] {
        let server = Server::start(move |_, seen, _| {
            let is_good = seen.header("authorization") == Some(&format!("Bearer {text}"));
            Some(match (seen.is_sign_in(), is_good) {
                (true, _) => token(text),
                (false, true) => Reply::ok(LAST_PAGE),
                (false, false) => Reply::error(401, "InvalidAuthenticationToken"),
            })
        })
        .await;
        let mailbox = server.client().mailbox("u-1");
        let folder = "f".into();
        let page = mailbox.first_page(&folder, selected(ContentLevel::Envelope));
        assert!(page.await.is_ok(), "{text}");
        assert_eq!(server.sign_ins().len(), 1);
    }
}

/// Facts 5.1.
#[tokio::test]
async fn every_request_names_the_program_by_one_text_that_never_changes() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| match seen.method.as_str() {
            "POST" => Reply::ok(r#"{"responses":[{"id":"0","status":404}]}"#),
            _ if seen.target.contains("delta") => Reply::ok(LAST_PAGE),
            _ => Reply::ok(r#"{"value":[]}"#),
        })
    })
    .await;
    let client = server.client();
    client.users().await.unwrap();
    let (folder, ids) = ("f".into(), ["a".to_owned()]);
    for user in ["u-1", "u-2"] {
        let mailbox = client.mailbox(user);
        let page = mailbox.first_page(&folder, selected(ContentLevel::Full));
        page.await.unwrap();
        mailbox.private_list().await.unwrap();
        let item = mailbox.messages_by_id(&ids, selected(ContentLevel::Full));
        item.await.unwrap();
    }
    let all = [server.requests(), server.sign_ins()].concat();
    assert_eq!(all.len(), 8);
    let expected = format!("touchpoint/{}", env!("CARGO_PKG_VERSION"));
    for seen in all {
        let agents = seen.headers.iter().filter(|(name, _)| name == "user-agent");
        let agents: Vec<&str> = agents.map(|(_, value)| value.as_str()).collect();
        assert_eq!(agents, [expected.as_str()], "{}", seen.target);
    }
}

/// Facts 6.2.
#[tokio::test]
async fn a_refused_token_is_renewed_once_and_then_it_ends() {
    let server = Server::start(|_, seen, before| {
        if seen.is_sign_in() {
            return Some(token(&format!("t{before}")));
        }
        let is_good = seen.header("authorization") == Some("Bearer t1");
        Some(if is_good {
            Reply::ok(r#"{"value":[]}"#)
        } else {
            Reply::error(401, "InvalidAuthenticationToken")
        })
    })
    .await;
    let client = server.client();
    let asked = (0..4).map(|_| client.users());
    for users in futures_util::future::join_all(asked).await {
        users.unwrap();
    }
    assert_eq!(server.sign_ins().len(), 2);

    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::error(401, "InvalidAuthenticationToken"))
    })
    .await;
    let error = server.client().users().await.unwrap_err();
    assert_eq!(error.action(), RetryAction::StopTenant);
    assert_eq!((server.sign_ins().len(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_refused_sign_in_is_not_repeated_and_tells_no_secret() {
    let server = Server::start(|_, _, _| {
        Some(Reply::status(
            401,
            r#"{"error":"invalid_client","error_codes":[7000222],"error_description":"s&cret="}"#,
        ))
    })
    .await;
    let client = server.client();
    for _ in 0..3 {
        let error = client.users().await.unwrap_err();
        assert_eq!(error.action(), RetryAction::StopTenant);
        let text = format!("{error} {error:?} {:?}", server.settings());
        assert!(text.contains("AADSTS7000222"), "{text}");
        assert!(!text.contains("s&cret"), "{text}");
    }
    assert_eq!(server.sign_ins().len(), 1);
}

/// A server that holds all pages back, and the gate.
async fn gated() -> (Server, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply {
            gate: Some(Arc::clone(&held)),
            ..Reply::ok(LAST_PAGE)
        })
    })
    .await;
    (server, gate)
}

fn spawn_page(client: &Client, user: &str) -> tokio::task::JoinHandle<Result<(), GraphError>> {
    let mailbox = client.mailbox(user);
    tokio::spawn(async move {
        let folder = "f".into();
        let page = mailbox
            .first_page(&folder, selected(ContentLevel::Envelope))
            .await;
        page.map(|_| ())
    })
}

/// Facts 7.1.
#[tokio::test]
async fn three_requests_are_in_flight_per_mailbox_and_others_are_not_held_up() {
    let (server, gate) = gated().await;
    let client = server.client();
    let mut tasks: Vec<_> = (0..8).map(|_| spawn_page(&client, "ann")).collect();
    tasks.push(spawn_page(&client, "bob"));
    until("three and one", || server.requests().len() == 4).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let of = |user: &str| {
        let requests = server.requests();
        let of = requests.iter().filter(|seen| seen.target.contains(user));
        of.count()
    };
    assert_eq!((of("ann"), of("bob")), (3, 1));
    gate.add_permits(9);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(
        client.mailbox("ann").totals().requests,
        0,
        "a limiter ends with its last holder"
    );
}

/// Facts 7.1.
#[tokio::test]
async fn a_cancelled_request_keeps_its_slot_until_it_is_drained() {
    let (server, gate) = gated().await;
    let client = server.client();
    let mailbox = client.mailbox("ann");
    let cancelled: Vec<_> = (0..3).map(|_| spawn_page(&client, "ann")).collect();
    until("three", || server.requests().len() == 3).await;
    cancelled.iter().for_each(tokio::task::JoinHandle::abort);
    let waiting = spawn_page(&client, "ann");
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests().len(), 3);
    gate.add_permits(4);
    waiting.await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 4);
    assert_eq!(mailbox.totals().requests, 4);
}

/// Facts 1.11.
#[tokio::test]
async fn a_batch_runs_beside_nothing_else_of_its_mailbox() {
    let (server, gate) = gated().await;
    let client = server.client();
    let page = spawn_page(&client, "ann");
    until("a page", || server.requests().len() == 1).await;
    let mailbox = client.mailbox("ann");
    let batch = tokio::spawn(async move {
        let ids = ["a".to_owned()];
        mailbox
            .messages_by_id(&ids, selected(ContentLevel::Envelope))
            .await
    });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let after = spawn_page(&client, "ann");
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests().len(), 1, "the batch waits for the page");
    gate.add_permits(1);
    page.await.unwrap().unwrap();
    until("a batch", || server.requests().len() == 2).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "the next page waits for the batch");
    assert_eq!(requests[1].method, "POST");
    batch.abort();
    gate.add_permits(2);
    after.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_bound_over_all_mailboxes_holds() {
    let (server, gate) = gated().await;
    let mut settings = server.settings();
    settings.limits.in_flight = 2;
    let client = Client::new(&settings).unwrap();
    let tasks: Vec<_> = ["a", "b", "c", "d"]
        .map(|user| spawn_page(&client, user))
        .into();
    until("two", || server.requests().len() == 2).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests().len(), 2);
    gate.add_permits(4);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

/// Facts 7.3.
#[tokio::test]
async fn a_fractional_retry_after_is_honoured_and_counted() {
    let server = Server::start(|_, seen, before| {
        (!seen.is_sign_in()).then(|| match before {
            0 => Reply::error(429, "ApplicationThrottled").with("Retry-After", "0.125"),
            // Without body and without header.
            1 => Reply::status(429, ""),
            _ => Reply::ok(LAST_PAGE),
        })
    })
    .await;
    let client = server.client();
    let mailbox = client.mailbox("ann");
    let folder = "f".into();
    mailbox
        .first_page(&folder, selected(ContentLevel::Envelope))
        .await
        .unwrap();
    let totals = mailbox.totals();
    assert_eq!(totals.requests, 3);
    assert!(totals.waited >= Duration::from_millis(125), "{totals:?}");
    assert!(totals.waited < Duration::from_millis(200), "{totals:?}");
}

#[tokio::test]
async fn a_retry_after_of_hours_leaves_the_mailbox_for_the_next_run() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in())
            .then(|| Reply::error(429, "ApplicationThrottled").with("Retry-After", "36000"))
    })
    .await;
    let client = server.client();
    let folder = "f".into();
    let page = client.mailbox("ann");
    let error = page
        .first_page(&folder, selected(ContentLevel::Envelope))
        .await
        .unwrap_err();
    assert_eq!(error.action(), RetryAction::GiveUpMailbox);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_request_without_an_answer_ends_at_its_deadline() {
    let (server, _gate) = gated().await;
    let mut settings = server.settings();
    settings.limits.deadline = Duration::from_millis(20);
    let client = Client::new(&settings).unwrap();
    let error = spawn_page(&client, "ann").await.unwrap().unwrap_err();
    assert_eq!(error.action(), RetryAction::PlainList);
    assert_eq!(server.requests().len(), 4);
}

/// Facts 4.1, 4.2.
#[tokio::test]
async fn an_assertion_file_is_read_for_each_token_and_waited_for_where_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let server = Server::start(|_, seen, before| {
        Some(if seen.is_sign_in() {
            Reply::ok(format!(r#"{{"access_token":"t{before}","expires_in":0}}"#))
        } else {
            Reply::ok(r#"{"value":[]}"#)
        })
    })
    .await;
    let mut settings = server.settings();
    settings.credential = Credential::AssertionFile(AssertionFile(path.clone()));
    let client = Client::new(&settings).unwrap();
    for token in ["eyJ0.first.x", "eyJ0.second.x"] {
        std::fs::write(&path, token).unwrap();
        client.users().await.unwrap();
        let form = server.sign_ins().pop().unwrap().body;
        assert!(
            form.contains(&format!("client_assertion={token}")),
            "{form}"
        );
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A\
                    client-assertion-type%3Ajwt-bearer";
        assert!(form.contains(kind), "{form}");
        assert!(!form.contains("client_secret"), "{form}");
    }
    std::fs::remove_file(&path).unwrap();
    tokio::time::pause();
    let error = client.users().await.unwrap_err();
    assert_eq!(error.action(), RetryAction::StopTenant);
    let text = error.to_string();
    assert!(
        text.contains("no_assertion") && text.contains("mounts it"),
        "{text}"
    );
    assert_eq!(server.sign_ins().len(), 2);
}
