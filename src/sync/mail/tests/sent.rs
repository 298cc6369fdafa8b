//! Of several copies of a mail the one in Sent Items is recorded, in whichever run it becomes
//! readable.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use super::Reply;
use super::Server;
use super::Shutdown;
use super::Status;
use super::in_folder;
use super::mailbox;
use super::night;
use super::nothing_seen;
use super::page_of;
use super::recorded_in;
use super::single;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::sync::retries::TRIES_MAX;

/// A copy of a mail that the owner sent to herself, too.
fn copy(id: &str, bcc: &str) -> String {
    copy_of(clock::now().plus(-DAY), id, bcc)
}

fn copy_of(at: Timestamp, id: &str, bcc: &str) -> String {
    let now = at.rfc3339();
    format!(
        r#"{{"id":"{id}","subject":"x","sentDateTime":"{now}","receivedDateTime":"{now}",
        "internetMessageId":"<self@contoso.com>","isDraft":false,
        "from":{{"emailAddress":{{"address":"ann@contoso.com"}}}},
        "toRecipients":[{{"emailAddress":{{"address":"ann@contoso.com"}}}},
            {{"emailAddress":{{"address":"eve@acme.com"}}}}],
        "bccRecipients":[{bcc}]}}"#
    )
}

/// The mailbox: Sent Items returns its copy in parts only, so that it is fetched singly; that is
/// refused for as long as `is_refused`. `a` has another copy.
async fn mailbox_of_copies(is_refused: Arc<AtomicBool>) -> Server {
    mailbox(move |base, seen, _| {
        let is_refused = is_refused.load(Ordering::SeqCst);
        let answer = |path: &str| match path.contains("/messages/s-1") {
            true if is_refused => (500, r#"{"error":{"code":"ErrorCorruptData"}}"#.to_owned()),
            true => (
                200,
                copy("s-1", r#"{"emailAddress":{"address":"bob@acme.com"}}"#),
            ),
            false => (200, copy("a-1", "")),
        };
        let (folder, items) = if in_folder(seen, "s") {
            let part = r#"{"id":"s-1","isRead":true,"parentFolderId":"s"}"#;
            ("s", vec![part.to_owned()])
        } else if in_folder(seen, "a") {
            ("a", vec![copy("a-1", "")])
        } else if let Some(id) = ["b", "c"].into_iter().find(|id| in_folder(seen, id)) {
            (id, Vec::new())
        } else {
            return single(seen, answer);
        };
        Some(Reply::ok(page_of(base, folder, &items)))
    })
    .await
}

#[tokio::test]
async fn a_copy_waits_for_an_unreadable_one_in_sent_items() {
    let is_refused = Arc::new(AtomicBool::new(true));
    let server = mailbox_of_copies(is_refused.clone()).await;
    let (_folder, state) = nothing_seen();
    for _ in 0..2 {
        let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
        assert_eq!(recorded_in(&mailbox_batches), Vec::<String>::new());
    }
    is_refused.store(false, Ordering::SeqCst);
    let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["s"]);
    assert_eq!(coverage.tally.of(Outcome::Duplicate), 1);
    let mut rows = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.rows);
    let people = &rows.next().unwrap().interaction.participants;
    assert!(people.iter().any(|person| person.address == "bob@acme.com"));
    // Nothing is left to be tried.
    let (coverage, _) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(coverage.tally.received, 0);
}

#[tokio::test]
async fn copies_wait_only_while_the_one_in_sent_items_is_tried() {
    let server = mailbox_of_copies(Arc::new(AtomicBool::new(true))).await;
    let (_folder, state) = nothing_seen();
    for tried in 1..TRIES_MAX {
        let (_, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(
            recorded_in(&mailbox_batches),
            Vec::<String>::new(),
            "{tried}"
        );
    }
    let (_, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["a"]);
}

#[tokio::test]
async fn a_copy_newer_than_the_read_of_sent_items_waits_a_run() {
    let server = mailbox(|base, seen, _| {
        let is_next_run = seen.target.contains("/s/messages/delta?$deltatoken=");
        let (folder, items) = if is_next_run {
            let bcc = r#"{"emailAddress":{"address":"bob@acme.com"}}"#;
            ("s", vec![copy("s-1", bcc)])
        } else if in_folder(seen, "a") {
            ("a", vec![copy_of(clock::now(), "a-1", "")])
        } else if let Some(id) = ["s", "b", "c"].into_iter().find(|id| in_folder(seen, id)) {
            (id, Vec::new())
        } else {
            return single(seen, |_| (200, copy("a-1", "")));
        };
        Some(Reply::ok(page_of(base, folder, &items)))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(recorded_in(&mailbox_batches), Vec::<String>::new());
    let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["s"]);
    assert_eq!(coverage.tally.of(Outcome::Duplicate), 1);
}
