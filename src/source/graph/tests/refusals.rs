//! What the service refuses or drops, and what the client makes of it.

use std::sync::Arc;

use crate::model::mail::ContentLevel;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::source::graph::tests::server::selected;
use crate::source::graph::tests::server::token;
use crate::source::retry_action::RetryAction;

const LAST: &str = r#"{"value":[],"@odata.deltaLink":"https://graph.example?$deltatoken=d"}"#;

fn folder() -> Arc<str> {
    "f".into()
}

/// Facts 1.7.
#[tokio::test]
async fn a_slow_mailbox_is_asked_for_smaller_pages_over_a_new_connection() {
    let server = Server::start(|_, seen, before| {
        (!seen.is_sign_in()).then(|| match before {
            0 => Reply::status(503, ""),
            1 => Reply::error(504, "UnknownError"),
            2 => Reply::error(500, "ErrorCorruptData"),
            _ => Reply::ok(LAST),
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    mailbox
        .first_page(&folder(), selected(ContentLevel::Envelope))
        .await
        .unwrap();
    mailbox
        .first_page(&folder(), selected(ContentLevel::Envelope))
        .await
        .unwrap();
    let requests = server.requests();
    let sizes: Vec<String> = requests
        .iter()
        .map(|seen| {
            let prefer = seen.header("prefer").unwrap();
            prefer.split(['=', ',']).nth(1).unwrap().to_owned()
        })
        .collect();
    assert_eq!(sizes, ["100", "25", "10", "10", "10"]);
    assert_ne!(requests[0].connection, requests[1].connection);
    assert_ne!(requests[1].connection, requests[2].connection);
}

/// Facts 1.6.
#[tokio::test]
async fn a_lost_state_is_told_at_once_so_that_the_folder_can_start_again() {
    for (status, body) in [
        (
            410,
            r#"{"error":{"code":"SyncStateNotFound","message":"The sync state generation is not found"}}"#,
        ),
        (410, ""),
        (400, r#"{"error":{"code":"SyncStateInvalid"}}"#),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in())
                .then(|| Reply::status(status, body).with("Location", "https://x.example/"))
        })
        .await;
        let link = format!(
            "{}/v1.0/users/u-1/mailFolders/f/messages/delta?$skiptoken=x",
            server.url
        );
        let mailbox = server.client().mailbox("u-1");
        let error = mailbox.next_page(&folder(), &link).await.unwrap_err();
        assert_eq!(error.action(), RetryAction::RestartChain);
        assert_eq!(server.requests().len(), 1);
    }
}

/// Facts 6.1.
#[tokio::test]
async fn errors_without_body_or_as_html_are_met_by_their_status() {
    for (status, body, expected) in [
        (403, "", RetryAction::MailboxDenied),
        (404, "<html>not here</html>", RetryAction::FolderGone),
        (400, "{", RetryAction::GiveUpMailbox),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| Reply::status(status, body))
        })
        .await;
        let mailbox = server.client().mailbox("u-1");
        let error = mailbox
            .first_page(&folder(), selected(ContentLevel::Full))
            .await
            .unwrap_err();
        assert_eq!(error.action(), expected);
    }
}

#[tokio::test]
async fn a_packed_body_that_is_too_large_is_not_read() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
            let bomb = vec![b' '; 1 << 20];
            let mut body = vec![0; packer.gzip_compress_bound(bomb.len())];
            let length = packer.gzip_compress(&bomb, &mut body).unwrap();
            body.truncate(length);
            Reply {
                body,
                ..Reply::ok("").with("Content-Encoding", "gzip")
            }
        })
    })
    .await;
    let mut settings = server.settings();
    settings.limits.body_bytes = 1 << 16;
    let client = crate::source::graph::client::Client::new(&settings).unwrap();
    let mailbox = client.mailbox("u-1");
    let error = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await
        .unwrap_err();
    assert_eq!(error.action(), RetryAction::PlainList);
}

/// Facts 6.2.
#[tokio::test]
async fn a_challenge_for_claims_is_met_with_one_new_token_that_has_them() {
    let server = Server::start(|_, seen, before| {
        (!seen.is_sign_in()).then(|| match before {
            0 => Reply::status(403, "").with(
                "WWW-Authenticate",
                r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
            ),
            _ => Reply::ok(LAST),
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let page = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await;
    assert!(page.is_ok());
    let asked = |sign_in: &Seen| {
        sign_in
            .body
            .contains("claims=%7B%22access_token%22%3A%7B%7D%7D")
    };
    let asked: Vec<bool> = server.sign_ins().iter().map(asked).collect();
    assert_eq!(asked, [false, true]);
}

#[tokio::test]
async fn an_error_text_names_no_mailbox_and_no_folder() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            Reply::status(
                403,
                r#"{"error":{"code":"a b@contoso.example","message":"b@contoso.example"}}"#,
            )
        })
    })
    .await;
    let mailbox = server.client().mailbox("b@contoso.example");
    let error = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("contoso"), "{text}");
}

/// Facts 4.3.
#[tokio::test]
async fn an_outage_of_sign_in_passes_and_a_refusal_does_not() {
    for (refusal, is_served) in [
        (Reply::status(503, ""), true),
        (Reply::error(429, "").with("Retry-After", "0.01"), true),
        (
            Reply::status(401, r#"{"error":"invalid_client","error_codes":[7000215]}"#),
            false,
        ),
    ] {
        let server = Server::start(move |_, seen, before| {
            if !seen.is_sign_in() {
                // Each answer takes the token away.
                return Some(match seen.header("authorization") {
                    Some("Bearer late") => Reply::ok(r#"{"value":[]}"#),
                    _ => Reply::error(401, "InvalidAuthenticationToken"),
                });
            }
            Some(match before {
                0 => token("early"),
                1..=8 => refusal.clone(),
                _ => token("late"),
            })
        })
        .await;
        let users = server.client().users().await;
        assert_eq!(users.is_ok(), is_served, "{users:?}");
        let expected = if is_served { 10 } else { 2 };
        assert_eq!(server.sign_ins().len(), expected);
    }
}
