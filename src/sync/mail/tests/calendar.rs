//! Unreadable events: they affect only themselves, are in the ledger until they are read or gone,
//! and never count as cancelled.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;

use crate::config::capture::Meetings;
use crate::model::coverage::Status;
use crate::model::cursor::FailedItem;
use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::shutdown::Shutdown;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::state::store::State;
use crate::sync::batch::MailboxBatch;
use crate::sync::cursors::SavedCursors;
use crate::sync::mail::tests::USER;
use crate::sync::mail::tests::mailbox;
use crate::sync::mail::tests::night_with;
use crate::sync::mail::tests::nothing_seen;
use crate::sync::mail::tests::single_of;
use crate::sync::retries::TRIES_MAX;

/// A time in two days: an event then is recorded, and not over in any of these runs.
static SOON: LazyLock<Timestamp> = LazyLock::new(|| clock::now().plus(2 * DAY));

/// A day `days` after [`SOON`], as an event has it.
fn at(days: i64) -> Value {
    let at = SOON.plus(days * DAY).0 / SECOND * SECOND;
    json!({"dateTime": Timestamp(at).rfc3339(), "timeZone": "UTC"})
}

/// Events: `e…` are single ones, `m` is a series, `o…` are its occurrences, `x` is an exception.
fn whole(id: &str) -> Value {
    let number = id.chars().last().and_then(|last| last.to_digit(10));
    let day = i64::from(number.unwrap_or(9));
    let kind = match id.get(..1).unwrap_or_default() {
        "m" => "seriesMaster",
        "o" => "occurrence",
        "x" => "exception",
        _ => "singleInstance",
    };
    let mut event = json!({"id": id, "type": kind, "subject": "x", "isCancelled": false,
        "iCalUId": format!("uid-{id}"), "isDraft": false, "sensitivity": "normal",
        "start": at(day), "end": at(day), "originalStartTimeZone": "UTC",
        "organizer": {"emailAddress": {"address": "bob@acme.com"}},
        "attendees": [{"emailAddress": {"address": "ann@contoso.com"}}]});
    if kind == "occurrence" || kind == "exception" {
        event["seriesMasterId"] = json!("m");
        event["iCalUId"] = json!("uid-m");
        event["originalStart"] = event["start"]["dateTime"].clone();
    }
    event
}

/// As much of an occurrence or exception as a chain returns.
fn slim(id: &str) -> Value {
    let whole = whole(id);
    json!({"id": id, "type": whole["type"], "seriesMasterId": "m", "start": whole["start"],
        "end": whole["end"]})
}

/// What the calendar answers in a run.
#[derive(Default)]
struct Answers {
    /// Neither the chain nor a list of whole events works.
    is_malformed: bool,
    /// Items that the chain returns.
    delta: Vec<Value>,
    /// What a list of ids gives.
    ids: Vec<&'static str>,
    /// What is not returned singly.
    refused: Vec<&'static str>,
    /// What is gone.
    gone: Vec<&'static str>,
}

impl Answers {
    fn answer(&self, base: &str, seen: &Seen) -> Option<Reply> {
        let singles = single_of("/events/", seen, |path| self.single(path));
        let target = seen.target.as_str();
        if singles.is_some() || !target.contains("/calendarView") {
            return singles;
        }
        Some(if target.contains("$select=id") {
            let ids = self.ids.iter().map(|id| json!({ "id": id }));
            let ids: Vec<Value> = ids.collect();
            Reply::ok(json!({ "value": ids }).to_string())
        } else if self.is_malformed {
            Reply::error(500, "ErrorCorruptData")
        } else {
            let link = format!("{base}{USER}/calendarView/delta?$deltatoken=1");
            Reply::ok(json!({"value": self.delta, "@odata.deltaLink": link}).to_string())
        })
    }

    fn single(&self, path: &str) -> (u16, String) {
        let id = path.rsplit('/').next().unwrap();
        let (status, body) = if self.refused.contains(&id) {
            (500, json!({"error": {"code": "ErrorCorruptData"}}))
        } else if self.gone.contains(&id) {
            (404, json!({"error": {"code": "ErrorItemNotFound"}}))
        } else {
            (200, whole(id))
        };
        (status, body.to_string())
    }
}

/// A mailbox with a calendar that answers differently in each run.
struct Nights {
    server: Server,
    this_run: Arc<Mutex<Answers>>,
    state: Arc<State>,
    _folder: tempfile::TempDir,
}

impl Nights {
    async fn new() -> Self {
        let this_run = Arc::new(Mutex::new(Answers::default()));
        let answers = this_run.clone();
        let server = mailbox(move |base, seen, _| answers.lock().unwrap().answer(base, seen)).await;
        let (folder, state) = nothing_seen();
        Self {
            server,
            this_run,
            state,
            _folder: folder,
        }
    }

    /// A run; returns the rows of meetings: id of the event, state and revision.
    async fn night(&self, this_run: Answers) -> Vec<(String, &'static str, i32)> {
        *self.this_run.lock().unwrap() = this_run;
        let shutdown = Shutdown::default();
        let (coverage, mailbox_batches) =
            night_with(&self.server, shutdown, &self.state, Meetings::All).await;
        assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
        assert!(coverage.tally.is_balanced());
        rows(&mailbox_batches)
    }

    /// Reason and tries of what could not be read, by its id.
    fn ledger(&self) -> Vec<(String, String, u32)> {
        let known = self.known();
        let entry =
            |(id, entry): (String, FailedItem)| (id, entry.reason.as_str().to_owned(), entry.tries);
        known.ledger.into_iter().map(entry).collect()
    }

    fn known(&self) -> SavedCursors {
        let mailbox = crate::policy::capture_policy::fixtures::mailbox("ann");
        SavedCursors::read(self.state.cursors(&mailbox.id).unwrap()).unwrap()
    }

    /// How often an event was requested by its id.
    fn asked_for(&self, id: &str) -> usize {
        let asked = format!("/events/{id}\"");
        let requests = self.server.requests();
        requests
            .iter()
            .filter(|one| one.body.contains(&asked))
            .count()
    }
}

fn rows(mailbox_batches: &[MailboxBatch]) -> Vec<(String, &'static str, i32)> {
    let rows = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.rows);
    let rows = rows.map(|row| &row.interaction);
    let meetings = rows.filter(|row| row.container.as_ref() == "calendar");
    let mut rows: Vec<_> = meetings
        .map(|row| (row.source_id.clone(), row.state.as_str(), row.revision))
        .collect();
    rows.sort();
    rows
}

fn row(id: &str, state: &'static str, revision: i32) -> (String, &'static str, i32) {
    (id.to_owned(), state, revision)
}

fn entry(id: &str, reason: &str, tries: u32) -> (String, String, u32) {
    (id.to_owned(), reason.to_owned(), tries)
}

/// Facts 6.2.
#[tokio::test]
async fn a_corrupt_event_affects_only_itself_until_it_is_readable() {
    let nights = Nights::new().await;
    let malformed = |refused| Answers {
        is_malformed: true,
        ids: vec!["e1", "e2", "e3"],
        refused,
        ..Answers::default()
    };
    let found = nights.night(malformed(vec!["e2"])).await;
    assert_eq!(found, [row("e1", "active", 1), row("e3", "active", 1)]);
    assert_eq!(nights.ledger(), [entry("e2", "not_served", 1)]);
    assert!(nights.known().calendar.is_some());
    // The chain works and does not return it: it is requested all the same.
    let found = nights
        .night(Answers {
            delta: vec![whole("e1"), whole("e3")],
            refused: vec!["e2"],
            ..Answers::default()
        })
        .await;
    assert_eq!(found, []);
    assert_eq!(nights.ledger(), [entry("e2", "not_served", 2)]);
    let found = nights.night(Answers::default()).await;
    assert_eq!(found, [row("e2", "active", 1)]);
    assert_eq!(nights.ledger(), []);
    assert_eq!(nights.night(malformed(vec![])).await, []);
}

#[tokio::test]
async fn a_corrupt_meeting_has_not_vanished_but_a_deleted_one_has() {
    let nights = Nights::new().await;
    let delta = vec![whole("e1"), whole("e2")];
    let sound = Answers {
        delta,
        ..Answers::default()
    };
    assert_eq!(nights.night(sound).await.len(), 2);
    for tries in 1..TRIES_MAX + 3 {
        let malformed = Answers {
            is_malformed: true,
            ids: vec!["e1", "e2"],
            refused: vec!["e2"],
            ..Answers::default()
        };
        assert_eq!(nights.night(malformed).await, [], "{tries}");
        let tries = tries.min(TRIES_MAX);
        assert_eq!(nights.ledger(), [entry("e2", "not_served", tries)]);
        assert_eq!(nights.asked_for("e2"), tries as usize);
    }
    // Not listed, and gone when it is requested by its id.
    let malformed = Answers {
        is_malformed: true,
        ids: vec!["e1"],
        gone: vec!["e2"],
        ..Answers::default()
    };
    assert_eq!(nights.night(malformed).await, [row("e2", "removed", 2)]);
    let again = Answers {
        is_malformed: true,
        ids: vec!["e1", "e3"],
        refused: vec!["e3"],
        ..Answers::default()
    };
    assert_eq!(nights.night(again).await, []);
    let gone = Answers {
        delta: vec![whole("e1")],
        gone: vec!["e3"],
        ..Answers::default()
    };
    assert_eq!(nights.night(gone).await, []);
    assert_eq!(nights.ledger(), [entry("e2", "not_served", TRIES_MAX)]);
}

#[tokio::test]
async fn occurrences_wait_for_a_corrupt_series() {
    let nights = Nights::new().await;
    let first = Answers {
        delta: vec![whole("e1"), slim("o2")],
        refused: vec!["m"],
        ..Answers::default()
    };
    assert_eq!(nights.night(first).await, [row("e1", "active", 1)]);
    assert_eq!(nights.ledger(), [entry("m", "no_master", 1)]);
    assert!(nights.known().calendar.unwrap().link.is_some());
    assert_eq!(
        nights.night(Answers::default()).await,
        [row("o2", "active", 1)]
    );
    assert_eq!(nights.ledger(), []);
}

#[tokio::test]
async fn an_occurrence_that_is_corrupt_when_fetched_is_not_gone() {
    let nights = Nights::new().await;
    let first = Answers {
        delta: vec![whole("m"), slim("o2"), slim("o3")],
        ..Answers::default()
    };
    assert_eq!(nights.night(first).await.len(), 2);
    let without_master = Answers {
        delta: vec![slim("o2")],
        refused: vec!["o3"],
        ..Answers::default()
    };
    assert_eq!(nights.night(without_master).await, []);
    assert_eq!(nights.ledger(), [entry("o3", "not_served", 1)]);
    let gone = Answers {
        gone: vec!["o3"],
        ..Answers::default()
    };
    assert_eq!(nights.night(gone).await, [row("o3", "removed", 2)]);
    assert_eq!(nights.ledger(), []);
}

#[tokio::test]
async fn an_exception_without_original_start_is_recorded_once_fetched() {
    let nights = Nights::new().await;
    let first = Answers {
        delta: vec![whole("m"), slim("o2"), slim("x")],
        refused: vec!["x"],
        ..Answers::default()
    };
    assert_eq!(nights.night(first).await, [row("o2", "active", 1)]);
    assert_eq!(nights.ledger(), [entry("x", "not_served", 1)]);
    assert_eq!(
        nights.night(Answers::default()).await,
        [row("x", "active", 1)]
    );
    assert_eq!(nights.ledger(), []);
}

#[tokio::test]
async fn a_calendar_without_permission_makes_its_mailbox_denied() {
    let denied = |_: &str, seen: &Seen, _| {
        let is_calendar = seen.target.contains("/calendarView");
        is_calendar.then(|| Reply::error(403, "ErrorAccessDenied"))
    };
    let server = mailbox(denied).await;
    let (_folder, state) = nothing_seen();
    let (coverage, _) = night_with(&server, Shutdown::default(), &state, Meetings::All).await;
    assert_eq!(coverage.status, Status::Denied, "{:?}", coverage.reason);
    let reason = coverage.reason.unwrap();
    assert!(reason.starts_with("mail was read"), "{reason}");
    assert!(reason.contains("Calendars.Read"), "{reason}");
}
