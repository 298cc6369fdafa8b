//! The folder tree and its well-known ids, over HTTP.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::model::cursor::WellKnown;
use crate::source::graph::error::GraphError;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::source::graph::well_known::readable;
use crate::source::retry_action::RetryAction;

const PAGES: [(&str, &str); 5] = [
    (
        "/mailFolders?$top=250&$skip=3",
        include_str!("../../../../fixtures/graph/folders-root-2.json"),
    ),
    (
        "/mailFolders?",
        include_str!("../../../../fixtures/graph/folders-root.json"),
    ),
    (
        "/f-inbox/childFolders?",
        include_str!("../../../../fixtures/graph/folders-inbox.json"),
    ),
    (
        "/f-projects%2F%2B%3D/childFolders?",
        include_str!("../../../../fixtures/graph/folders-projects.json"),
    ),
    (
        "/f-junk/childFolders?",
        include_str!("../../../../fixtures/graph/folders-junk.json"),
    ),
];

/// Folders by their pages, well-known ones by batch; the child of `f-orphan` was deleted meanwhile.
fn tenant(base: &str, seen: &Seen, _: usize) -> Option<Reply> {
    if seen.target.ends_with("/$batch") {
        let asked: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        let answers = asked["requests"].as_array().unwrap().iter().map(|request| {
            let url = request["url"].as_str().unwrap();
            let id = ["inbox", "sentitems", "junkemail"]
                .into_iter()
                .zip(["f-inbox", "f-sent", "f-junk"])
                .find(|(name, _)| url == format!("/users/u-1/mailFolders/{name}?$select=id"))
                .map(|(_, id)| id);
            let place = &request["id"];
            match id {
                Some(id) => format!(r#"{{"id":{place},"status":200,"body":{{"id":"{id}"}}}}"#),
                None => format!(
                    r#"{{"id":{place},"status":404,"body":{{"error":{{"code":"ErrorItemNotFound"}}}}}}"#
                ),
            }
        });
        let answers: Vec<String> = answers.collect();
        return Some(Reply::ok(format!(
            r#"{{"responses":[{}]}}"#,
            answers.join(",")
        )));
    }
    let (_, page) = PAGES.iter().find(|(path, _)| seen.target.contains(path))?;
    Some(Reply::ok(page.replace("{base}", base)))
}

/// Facts 1.10.
#[tokio::test]
async fn folders_are_found_at_every_depth_without_hidden_and_search_folders() {
    let server = Server::start(tenant).await;
    let folders = server.client().mailbox("u-1").folders().await.unwrap();
    let paths: Vec<&str> = folders.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "Posteingang",
            "Junk-E-Mail",
            "Gesendete Elemente",
            "Kunden",
            "Posteingang/Projekte",
            "Junk-E-Mail/Alt",
            "Posteingang/Projekte/2026",
        ]
    );
    assert_eq!(folders[0].total_item_count, Some(12));
    // The default page holds 10; hidden folders are not requested.
    let targets: Vec<String> = server
        .requests()
        .into_iter()
        .map(|seen| seen.target)
        .collect();
    assert!(
        targets.iter().all(|target| target.contains("$top=250")),
        "{targets:?}"
    );
    assert!(
        !targets
            .iter()
            .any(|target| target.contains("includeHidden")),
        "{targets:?}"
    );
}

/// Facts 1.10.
#[tokio::test]
async fn well_known_folders_are_resolved_in_one_request_and_kept() {
    let server = Server::start(tenant).await;
    let mailbox = server.client().mailbox("u-1");
    let folders = mailbox.folders().await.unwrap();
    let before = server.requests().len();
    let known = mailbox
        .well_known(&WellKnown::new(), &folders)
        .await
        .unwrap();
    assert_eq!(server.requests().len(), before + 1);
    assert_eq!(known.get("sentitems").map(String::as_str), Some("f-sent"));
    assert_eq!(known.get("drafts"), None);

    let again = mailbox.well_known(&known, &folders).await.unwrap();
    assert_eq!((&again, server.requests().len()), (&known, before + 1));
    let fewer = &folders[1..];
    mailbox.well_known(&known, fewer).await.unwrap();
    assert_eq!(
        server.requests().len(),
        before + 2,
        "the top changed: asked again"
    );

    let read = readable(&folders, &known);
    let paths: Vec<&str> = read.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "Gesendete Elemente",
            "Kunden",
            "Posteingang",
            "Posteingang/Projekte",
            "Posteingang/Projekte/2026",
        ]
    );
}

#[tokio::test]
async fn a_malformed_well_known_folder_is_an_error_not_a_missing_one() {
    let server = Server::start(|base, seen, count| {
        let mut reply = tenant(base, seen, count)?;
        let text = String::from_utf8(reply.body).unwrap();
        reply.body = text.replace(r#"{"id":"f-junk"}"#, "{}").into_bytes();
        Some(reply)
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let folders = mailbox.folders().await.unwrap();
    let known = mailbox.well_known(&WellKnown::new(), &folders).await;
    assert_eq!(known.unwrap_err().action(), RetryAction::GiveUpMailbox);
}

/// Facts 6.2.
#[tokio::test]
async fn a_user_without_a_mailbox_and_a_denied_one_are_told_apart() {
    for (status, code, expected) in [
        (404, "MailboxNotEnabledForRESTAPI", RetryAction::NoMailbox),
        (404, "ResourceNotFound", RetryAction::NoMailbox),
        (403, "ErrorAccessDenied", RetryAction::MailboxDenied),
        (403, "", RetryAction::MailboxDenied),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| Reply::error(status, code))
        })
        .await;
        let error = server.client().mailbox("u-1").folders().await.unwrap_err();
        assert_eq!(error.action(), expected);
        assert_eq!(server.requests().len(), 1, "{code} is not repeated");
    }
}

#[tokio::test]
async fn folders_within_folders_without_end_are_left() {
    let listed = AtomicUsize::new(0);
    let server = Server::start(move |_: &str, seen: &Seen, _| {
        let is_listing = seen.target.contains("olders?");
        let number = listed.fetch_add(1, Ordering::Relaxed);
        let page = format!(
            r#"{{"value":[{{"id":"f-{number}","displayName":"x","childFolderCount":1}}]}}"#
        );
        is_listing.then(|| Reply::ok(page))
    })
    .await;
    let endless = server.client().mailbox("u-1").folders().await;
    assert!(matches!(endless, Err(GraphError::EndlessChain { .. })));
    assert!(server.requests().len() < 500);
}
