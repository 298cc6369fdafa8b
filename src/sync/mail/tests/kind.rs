//! The kind of a mailbox, which changes when somebody leaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::model::coverage::Status;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::cursor::MailboxCursor;
use crate::model::mailbox::MailboxKind;
use crate::model::time::DAY;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::sync::batch::MailboxBatch;
use crate::sync::cursors;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night;
use crate::sync::mail::tests::nothing_seen;

/// What was last written of the mailbox as a whole.
fn written(mailbox_batches: &[MailboxBatch]) -> MailboxCursor {
    let mut cursors = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.cursors);
    let last = cursors.rfind(|cursor| cursor.key == MAILBOX_KEY).unwrap();
    serde_json::from_str(last.value.as_ref().unwrap()).unwrap()
}

/// Facts 3.3.
#[tokio::test]
async fn the_kind_is_requested_again_after_a_month() {
    let server = mailbox(|_, seen, before| {
        let is_asked = seen.target.contains("userPurpose");
        is_asked.then(|| match before {
            0 => Reply::ok(r#"{"value":"user"}"#),
            // It is unavailable in that run.
            1 => Reply::error(404, "ResourceNotFound"),
            _ => Reply::ok(r#"{"value":"shared"}"#),
        })
    })
    .await;
    let (_folder, state) = nothing_seen();
    let asked = || {
        let requests = server.requests();
        let asked = requests
            .iter()
            .filter(|seen| seen.target.contains("userPurpose"));
        asked.count()
    };
    let (_, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    let first = written(&mailbox_batches);
    assert_eq!((asked(), &*first.kind), (1, "user"));
    let (coverage, _) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(asked(), 1, "{:?}", coverage.reason);
    let long_ago = MailboxCursor {
        kind_told_at: first.kind_told_at.plus(-31 * DAY),
        ..first
    };
    let cursor = cursors::mailbox_record("id of ann", &long_ago);
    state.commit(&[], &[cursor], &BTreeMap::new()).unwrap();
    for (expected, times) in [
        (MailboxKind::User, 2),
        (MailboxKind::Shared, 3),
        (MailboxKind::Shared, 3),
    ] {
        let (coverage, _) = night(&server, Shutdown::default(), &state).await;
        assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
        assert_eq!((coverage.mailbox.kind, asked()), (expected, times));
    }
}

/// The roles of rows depend on the kind.
#[tokio::test]
async fn a_mailbox_of_unknown_kind_waits_for_the_service() {
    for (failures, expected) in [(2, MailboxKind::Shared), (usize::MAX, MailboxKind::User)] {
        let nights = Arc::new(AtomicUsize::new(0));
        let night_number = Arc::clone(&nights);
        let server = mailbox(move |_, seen, _| {
            let is_failing = night_number.load(Ordering::Relaxed) < failures;
            seen.target.contains("userPurpose").then(|| {
                if is_failing {
                    Reply::error(503, "ServiceUnavailable")
                } else {
                    Reply::ok(r#"{"value":"shared"}"#)
                }
            })
        })
        .await;
        let (_folder, state) = nothing_seen();
        let mut read = Vec::new();
        while nights.load(Ordering::Relaxed) < 5 {
            let (coverage, _) = night(&server, Shutdown::default(), &state).await;
            nights.fetch_add(1, Ordering::Relaxed);
            if coverage.status == Status::Complete {
                read.push(coverage.mailbox.kind);
            } else {
                assert_eq!(coverage.status, Status::Failed, "{:?}", coverage.reason);
                assert_eq!(coverage.tally.received, 0);
            }
        }
        let delayed = 5 - failures.min(3);
        assert_eq!(read, vec![expected; delayed]);
    }
}
