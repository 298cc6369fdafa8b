//! The count of a folder, against what is returned of it.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::FolderCursor;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::sync::batch::MailboxBatch;
use crate::sync::cursors;
use crate::sync::mail::tests::in_folder;
use crate::sync::mail::tests::mail;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night;
use crate::sync::mail::tests::nothing_seen;
use crate::sync::mail::tests::recorded_in;
use crate::sync::mail::tests::single;
use crate::sync::mail::tests::sync;

/// The mailbox, with a folder `a` that counts `held` items; a chain returns `a-1` only. Lists
/// answer by `listed`; single mails are available, except those in `refused`.
async fn counted(
    count: u64,
    refused: &'static [&'static str],
    listed: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> Server {
    mailbox(move |_, seen, _| {
        let target = seen.target.as_str();
        let answers = single(seen, |path| answer(path, refused));
        if answers.is_some() {
            return answers;
        }
        if target.contains("/mailFolders?") {
            let folders = json!({"value": [{"id": "s", "totalItemCount": 1},
                {"id": "a", "totalItemCount": count}]});
            return Some(Reply::ok(folders.to_string()));
        }
        if target.contains("?$select=totalItemCount") {
            let held = if target.contains("/a?") { count } else { 1 };
            return Some(Reply::ok(json!({"totalItemCount": held}).to_string()));
        }
        (in_folder(seen, "a") && target.contains("/messages?")).then(|| listed(seen))
    })
    .await
}

/// A single mail, unless it is refused.
fn answer(path: &str, refused: &[&str]) -> (u16, String) {
    let id = path.split("/messages/").nth(1).unwrap();
    let id = id.split('?').next().unwrap();
    if refused.contains(&id) {
        (500, r#"{"error":{"code":"ErrorCorruptData"}}"#.to_owned())
    } else {
        (200, mail(id))
    }
}

/// A list of ids, received one minute after the other, the first last.
fn ids(ids: &[&str]) -> Reply {
    let item = |id: &&str| {
        let minute: u32 = id.rsplit('-').next().unwrap().parse().unwrap();
        json!({"id": id, "receivedDateTime": format!("2026-03-02T01:{:02}:00Z", 59 - minute)})
    };
    let items: Vec<Value> = ids.iter().map(item).collect();
    Reply::ok(json!({ "value": items }).to_string())
}

fn unlistable(mailbox_batches: &[MailboxBatch]) -> Option<u64> {
    Some(cursor(mailbox_batches)?.completeness?.unlistable)
}

fn lists(server: &Server) -> usize {
    let requests = server.requests();
    let is_list = |seen: &&Seen| in_folder(seen, "a") && seen.target.contains("/messages?");
    requests.iter().filter(is_list).count()
}

fn check(coverage: &Coverage, status: Status) {
    assert_eq!(coverage.status, status, "{:?}", coverage.reason);
}

#[tokio::test]
async fn a_folder_whose_count_matches_is_not_listed() {
    let server = counted(1, &[], |_| ids(&[])).await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    check(&coverage, Status::Complete);
    assert_eq!(lists(&server), 0);
    assert_eq!(unlistable(&mailbox_batches), Some(0));
}

#[tokio::test]
async fn a_truncated_list_is_continued_with_older_items() {
    let server = counted(5, &[], |seen| {
        let target = seen.target.as_str();
        if !target.contains("$filter") {
            ids(&["a-1", "a-2"])
        } else if target.contains("01:57:00") {
            ids(&["a-2", "a-3", "a-4"])
        } else {
            ids(&["a-4"])
        }
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    check(&coverage, Status::Complete);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "a", "a", "a", "s"]);
    assert_eq!(lists(&server), 3);
    assert_eq!(
        unlistable(&mailbox_batches),
        Some(1),
        "what no list brings is of another kind"
    );
    assert_eq!(coverage.tally.received, 5);
}

/// Requests for the first page of the chain of `a`.
fn firsts(server: &Server) -> usize {
    let requests = server.requests();
    let firsts = requests
        .iter()
        .filter(|seen| in_folder(seen, "a") && seen.target.contains("/messages/delta?$select"));
    firsts.count()
}

/// The last cursor of the chain of `a` that was written.
fn cursor(mailbox_batches: &[MailboxBatch]) -> Option<FolderCursor> {
    let mut cursors = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.cursors);
    let last = cursors.rfind(|cursor| cursor.key == "mail/a")?;
    Some(serde_json::from_str(last.value.as_ref()?).unwrap())
}

#[tokio::test]
async fn an_unlistable_incomplete_folder_restarts_once_a_month() {
    let server = counted(5, &[], |_| Reply::error(400, "ErrorInvalidUrlQuery")).await;
    let (_folder, state) = nothing_seen();
    let mut kept = None;
    for _ in 0..2 {
        let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
        check(&coverage, Status::Incomplete);
        let reason = coverage.reason.unwrap();
        assert!(reason.contains("hold 5 items, 1 of them"), "{reason}");
        kept = kept.or(cursor(&mailbox_batches));
    }
    assert_eq!(firsts(&server), 1, "its deltaLink is good");
    let kept = kept.unwrap();
    assert!(kept.is_delta && kept.completeness.is_none());
    let long_ago = FolderCursor {
        begun_at: kept.begun_at.plus(-31 * DAY),
        ..kept
    };
    let cursor = cursors::folder_cursor_record("id of ann", "a", &long_ago);
    state.commit(&[], &[cursor], &BTreeMap::new()).unwrap();
    for expected in [1, 2] {
        let (coverage, _) = night(&server, Shutdown::default(), &state).await;
        check(&coverage, Status::Incomplete);
        assert_eq!(firsts(&server), expected);
    }
}

#[tokio::test]
async fn items_arriving_before_the_count_are_not_missing() {
    let server = mailbox(|base, seen, _| {
        let target = seen.target.as_str();
        if target.contains("/mailFolders?") {
            let folders = json!({"value": [{"id": "s"}, {"id": "a", "totalItemCount": 1}]});
            return Some(Reply::ok(folders.to_string()));
        }
        if target.contains("?$select=totalItemCount") {
            return Some(Reply::ok(json!({"totalItemCount": 2}).to_string()));
        }
        if in_folder(seen, "a") && target.contains("/messages?") {
            return Some(Reply::error(504, "UnknownError"));
        }
        // The second mail comes by the deltaLink.
        let is_second = target.contains("/mailFolders/a/") && target.contains("?$deltatoken=");
        is_second.then(|| {
            let mail = mail("a-2");
            Reply::ok(format!(
                r#"{{"value":[{mail}],"@odata.deltaLink":"{base}{target}"}}"#
            ))
        })
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    check(&coverage, Status::Complete);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "a", "s"]);
    assert_eq!(unlistable(&mailbox_batches), Some(0));
}

#[tokio::test]
async fn a_refused_item_goes_to_the_ledger_and_the_folder_is_complete() {
    let server = counted(3, &["a-3"], |_| ids(&["a-1", "a-2", "a-3"])).await;
    let (_folder, state) = nothing_seen();
    let mut tries = Vec::new();
    for _ in 0..12 {
        let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
        check(&coverage, Status::Complete);
        assert!(coverage.tally.is_balanced());
        tries.push(coverage.tally.of(Outcome::Unreadable));
        let cursors = mailbox_batches
            .iter()
            .flat_map(|mailbox_batch| &mailbox_batch.cursors);
        let entries = cursors.filter(|cursor| cursor.key == "ledger/a-3");
        assert_eq!(
            entries.count() as u64,
            coverage.tally.of(Outcome::Unreadable)
        );
    }
    assert_eq!(
        tries,
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        "tried so often, then kept"
    );
    assert_eq!(
        lists(&server),
        2,
        "one list, and one that it has no end elsewhere"
    );
}

#[tokio::test]
async fn an_unlistable_incomplete_first_round_of_several_runs_is_reported() {
    let server = counted(5, &[], |_| Reply::error(400, "ErrorInvalidUrlQuery")).await;
    let (_folder, state) = nothing_seen();
    let (_, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    let begun = FolderCursor {
        is_delta: false,
        completeness: None,
        ..cursor(&mailbox_batches).unwrap()
    };
    let cursor = cursors::folder_cursor_record("id of ann", "a", &begun);
    state.commit(&[], &[cursor], &BTreeMap::new()).unwrap();
    let (coverage, _) = night(&server, Shutdown::default(), &state).await;
    check(&coverage, Status::Incomplete);
    let reason = coverage.reason.unwrap();
    assert!(reason.contains("hold 5 items, 1 of them"), "{reason}");
}
