//! Mails that a chain returns again: repeated, changed, or moved to another folder.

use crate::model::outcome::Outcome;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::sync::mail::tests::in_folder;
use crate::sync::mail::tests::mail;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night;
use crate::sync::mail::tests::not_last;
use crate::sync::mail::tests::nothing_seen;
use crate::sync::mail::tests::page_of;
use crate::sync::mail::tests::recorded_in;

/// Facts 1.4.
#[tokio::test]
async fn a_repeated_mail_is_one_row() {
    let server = mailbox(|base, seen, _| {
        let items = if in_folder(seen, "a") {
            let page = page_of(base, "a", &[mail("a-1"), mail("a-1")]);
            return Some(Reply::ok(not_last(&page)));
        } else if seen.target.contains("/a/messages/delta?$skiptoken=") {
            [mail("a-2"), mail("a-1")]
        } else if seen.target.contains("/a/messages/delta?$deltatoken=") {
            [mail("a-2"), mail("a-3")]
        } else {
            return None;
        };
        Some(Reply::ok(page_of(base, "a", &items)))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let (first, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["a", "a", "b", "c", "s"]);
    assert_eq!(first.tally.received, 7);
    assert_eq!(first.tally.of(Outcome::Unchanged), 2);
    let (second, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["a"]);
    assert_eq!(second.tally.received, 2);
    assert_eq!(second.tally.of(Outcome::Unchanged), 1);
    assert_eq!(second.recorded_total, 6);
}

/// Facts 1.5.
#[tokio::test]
async fn a_changed_mail_is_fetched_singly_only_if_unknown() {
    let changed = |id: &str| format!(r#"{{"id":"{id}","isRead":true,"parentFolderId":"a"}}"#);
    let server = mailbox(move |base, seen, _| {
        if seen.target.ends_with("/$batch") {
            let found = mail("there");
            return seen.body.contains("/messages/").then(|| {
                Reply::ok(format!(
                    r#"{{"responses":[{{"id":"0","status":404}},
                    {{"id":"1","status":200,"body":{found}}}]}}"#
                ))
            });
        }
        let items = if in_folder(seen, "a") {
            // The last of them comes whole as well.
            vec![
                changed("gone"),
                changed("there"),
                mail("a-1"),
                changed("a-1"),
            ]
        } else if seen.target.contains("/a/messages/delta?$deltatoken=") {
            vec![changed("there"), changed("a-1")]
        } else {
            return None;
        };
        Some(Reply::ok(page_of(base, "a", &items)))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let (first, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), ["a", "a", "b", "c", "s"]);
    assert_eq!(first.tally.of(Outcome::Removed), 1);
    assert_eq!(first.tally.of(Outcome::Unchanged), 1);
    let (second, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(recorded_in(&mailbox_batches), Vec::<String>::new());
    assert_eq!(second.tally.of(Outcome::Unchanged), 2);
    let requests = server.requests();
    let fetched: Vec<&Seen> = requests
        .iter()
        .filter(|seen| seen.body.contains("/messages/"))
        .collect();
    assert_eq!(fetched.len(), 1, "unknown ones, together, once");
    assert!(!fetched[0].body.contains("/messages/a-1"));
}

/// Facts 1.5.
#[tokio::test]
async fn a_moved_mail_keeps_its_row_in_either_order() {
    for (from, to) in [("a", "b"), ("c", "b")] {
        let server = mailbox(move |base, seen, _| {
            let id = format!("{from}-1");
            if seen
                .target
                .contains(&format!("/{from}/messages/delta?$deltatoken="))
            {
                let removed = format!(r#"{{"id":"{id}","@removed":{{"reason":"deleted"}}}}"#);
                Some(Reply::ok(page_of(base, from, &[removed])))
            } else {
                let is_new_there = seen
                    .target
                    .contains(&format!("/{to}/messages/delta?$deltatoken="));
                is_new_there.then(|| Reply::ok(page_of(base, to, &[mail(&id)])))
            }
        })
        .await;
        let (_folder, state) = nothing_seen();
        night(&server, Shutdown::default(), &state).await;
        let (second, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(recorded_in(&mailbox_batches), Vec::<String>::new());
        assert_eq!(second.tally.of(Outcome::Removed), 1, "{from} to {to}");
        assert_eq!(second.tally.of(Outcome::Unchanged), 1, "{from} to {to}");
        assert_eq!(second.recorded_total, 4);
    }
}
