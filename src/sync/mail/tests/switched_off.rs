//! A mailbox whose mail is switched off.

use std::sync::Arc;

use crate::config::capture::Meetings;
use crate::model::coverage::Status;
use crate::model::cursor::ABSENT_KEY;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::state::store::State;
use crate::sync::mail::tests::USER;
use crate::sync::mail::tests::keys;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night_of;
use crate::sync::mail::tests::nothing_seen;
use crate::sync::mail::tests::recorded_in;

/// An empty calendar, and no permission for the kind of the mailbox.
fn calendar(base: &str, seen: &Seen) -> Option<Reply> {
    let target = seen.target.as_str();
    if target.contains("/calendarView/delta") {
        let link = format!("{base}{USER}/calendarView/delta?$deltatoken=1");
        return Some(Reply::ok(format!(
            r#"{{"value":[],"@odata.deltaLink":"{link}"}}"#
        )));
    }
    if target.contains("/calendarView?") {
        return Some(Reply::ok(r#"{"value":[]}"#));
    }
    let is_kind = target.contains("/mailboxSettings/");
    is_kind.then(|| Reply::error(403, "ErrorAccessDenied"))
}

/// Whether a request is one for mail; in a batch, whether any of its parts is.
fn is_of_mail(seen: &Seen) -> bool {
    let asked = format!("{} {}", seen.target, seen.body);
    asked.contains("/messages") || asked.contains("/mailFolders")
}

async fn read(server: &Server, state: &Arc<State>, captures: (bool, Meetings)) -> Vec<String> {
    let (coverage, batches) = night_of(server, Shutdown::default(), state, captures).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    recorded_in(&batches)
}

#[tokio::test]
async fn no_mail_is_requested_while_it_is_off_and_the_chains_continue_afterwards() {
    let server = mailbox(|base, seen, _| calendar(base, seen)).await;
    let (_folder, state) = nothing_seen();
    let off = (false, Meetings::All);
    assert_eq!(read(&server, &state, off).await, [""; 0]);
    assert!(!server.requests().iter().any(is_of_mail));
    // Mails of now, which is later than the instant at which mail was switched on.
    let on = (true, Meetings::All);
    let first = read(&server, &state, on).await;
    assert_eq!(first, ["a", "b", "c", "s"]);
    let before = server.requests().len();
    read(&server, &state, off).await;
    assert!(!server.requests()[before..].iter().any(is_of_mail));
    let before = server.requests().len();
    assert_eq!(read(&server, &state, on).await, [""; 0]);
    let requests = server.requests();
    let chains = requests[before..].iter();
    let chains = chains.filter(|seen| seen.target.contains("/messages/delta"));
    assert!(chains.clone().count() == 4, "each chain once");
    assert!(
        chains
            .clone()
            .all(|seen| seen.target.contains("deltatoken")),
        "none begins again"
    );
}

#[tokio::test]
async fn nothing_is_requested_of_a_mailbox_of_which_nothing_is_captured() {
    let server = mailbox(|base, seen, _| calendar(base, seen)).await;
    let (_folder, state) = nothing_seen();
    let none = (false, Meetings::None);
    assert_eq!(read(&server, &state, none).await, [""; 0]);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_missing_mailbox_is_noted_by_its_calendar_alone() {
    let server = mailbox(|_, seen, _| {
        let is_calendar = seen.target.contains("/calendarView");
        is_calendar.then(|| Reply::error(404, "MailboxNotEnabledForRESTAPI"))
    })
    .await;
    let (_folder, state) = nothing_seen();
    let off = (false, Meetings::All);
    let (coverage, batches) = night_of(&server, Shutdown::default(), &state, off).await;
    assert_eq!(coverage.status, Status::NoMailbox);
    assert_eq!(keys(&batches), [(ABSENT_KEY.to_owned(), true)]);
    let before = server.requests().len();
    let (coverage, _) = night_of(&server, Shutdown::default(), &state, off).await;
    assert_eq!(coverage.status, Status::NoMailbox);
    assert_eq!(server.requests().len(), before, "asked again at once");
}
