//! Chains that the service loses, or does not begin as requested.

use serde_json::Value;
use serde_json::json;

use crate::model::coverage::Status;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::sync::mail::tests::in_folder;
use crate::sync::mail::tests::mail;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night;
use crate::sync::mail::tests::not_last;
use crate::sync::mail::tests::nothing_seen;
use crate::sync::mail::tests::page;
use crate::sync::mail::tests::recorded_in;
use crate::sync::mail::tests::single;
use crate::sync::mail::tests::sync;

/// Single mails, all of which are there.
fn by_id(seen: &Seen) -> Option<Reply> {
    single(seen, |path| {
        let id = path.split("/messages/").nth(1).unwrap();
        (200, mail(id.split('?').next().unwrap()))
    })
}

/// Facts 13.
#[tokio::test]
async fn a_chain_that_keeps_failing_is_replaced_by_lists() {
    let server = mailbox(|base, seen, _| {
        let target = seen.target.as_str();
        let by_id = by_id(seen);
        if by_id.is_some() {
            return by_id;
        }
        if target.contains("/a/messages/delta?$skiptoken=") {
            return Some(Reply::error(410, "SyncStateNotFound"));
        }
        if in_folder(seen, "a") && target.contains("/messages?") {
            let items = ["a-1", "a-2"].map(|id| json!({"id": id}));
            return Some(Reply::ok(json!({ "value": items }).to_string()));
        }
        let is_first = in_folder(seen, "a") && target.contains("/delta?");
        is_first.then(|| Reply::ok(not_last(&page(base, "a"))))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "a", "b", "c", "s"]);
    let reason = coverage.reason.unwrap();
    assert!(
        reason.contains("1 folders were read by plain lists"),
        "{reason}"
    );
}

/// Facts 1.6.
#[tokio::test]
async fn repeated_loss_of_all_chains_is_reported() {
    let server = mailbox(|_, seen, _| {
        let is_kept = seen.target.contains("?$deltatoken=");
        is_kept.then(|| Reply::error(410, "SyncStateNotFound"))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let mut reported = Vec::new();
    for _ in 0..4 {
        let (coverage, _) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
        reported.push(
            coverage
                .reason
                .is_some_and(|reason| reason.contains("another installation")),
        );
    }
    assert_eq!(reported, [false, false, true, true]);
}

/// Facts 1.6.
#[tokio::test]
async fn repeated_loss_of_one_chain_is_not_reported() {
    let server = mailbox(|_, seen, _| {
        let is_kept = seen.target.contains("/a/messages/delta?$deltatoken=");
        is_kept.then(|| Reply::error(410, "SyncStateNotFound"))
    })
    .await;
    let (_folder, state) = nothing_seen();
    for _ in 0..4 {
        let (coverage, _) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(coverage.status, Status::Complete);
        assert_eq!(coverage.reason, None);
    }
}

/// Facts 11.
#[tokio::test]
async fn a_chain_that_rejects_header_fields_is_read_without() {
    let server = mailbox(|_, seen, _| {
        let is_refused = seen.target.contains("/delta?$select")
            && seen.target.contains("internetMessageHeaders");
        is_refused.then(|| Reply::error(400, "ErrorInvalidUrlQuery"))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "b", "c", "s"]);
    // The next run continues, and does not try again.
    let before = server.requests().len();
    night(&server, Shutdown::default(), &state).await;
    let requests = server.requests();
    let firsts = requests.iter().skip(before);
    let firsts = firsts.filter(|seen| seen.target.contains("/delta?$select"));
    assert_eq!(firsts.count(), 0);
}

/// Facts 13.
#[tokio::test]
async fn a_deep_page_of_a_list_is_requested_by_time() {
    let item = |number: u32| {
        let received = format!("2026-03-02T01:{:02}:00Z", 59 - number);
        json!({"id": format!("a-{number}"), "receivedDateTime": received})
    };
    let server = mailbox(move |base, seen, _| {
        let target = seen.target.as_str();
        let by_id = by_id(seen);
        if by_id.is_some() {
            return by_id;
        }
        if target.contains("/a/messages/delta?") {
            return Some(Reply::error(403, "ErrorQuotaExceeded"));
        }
        if !target.contains("/a/messages?") {
            return None;
        }
        if target.contains("$skip=") {
            return Some(Reply::error(504, "UnknownError"));
        }
        let is_rest = target.contains("le%202026-03-02T01:57:00Z");
        let shown = if is_rest { [2, 3] } else { [1, 2] };
        let shown: Vec<Value> = shown.map(item).to_vec();
        let mut body = json!({ "value": shown });
        if !is_rest && target.contains("$top=1000") {
            let path = target.split('?').next().unwrap();
            body["@odata.nextLink"] = json!(format!("{base}{path}?$top=1000&$skip=2"));
        }
        Some(Reply::ok(body.to_string()))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(
        recorded_in(&mailbox_batches),
        ["a", "a", "a", "b", "c", "s"]
    );
    let requests = server.requests();
    let deep = requests
        .iter()
        .filter(|seen| seen.target.contains("$skip="));
    assert_eq!(deep.count(), 1, "it is not repeated");
    let smaller = requests
        .iter()
        .filter(|seen| seen.target.contains("$top=250"));
    assert!(smaller.count() > 0);
}
