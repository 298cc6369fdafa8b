//! The sync of one mailbox, against a small server: the effect of one folder's error on the rest,
//! and of repetitions in a second run.

mod calendar;
mod forgotten;
mod kind;
mod proof;
mod repeated;
mod sent;
mod switched_off;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use serde_json::Value;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;

use crate::config::capture::Capture;
use crate::config::capture::Meetings;
use crate::lake::Lake;
use crate::lake::settings::ActivityContent;
use crate::lake::settings::LakeSettings;
use crate::matching::Matcher;
use crate::model::contact::CrmSnapshot;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::CursorRecord;
use crate::model::directory::Directory;
use crate::model::mail::ContentLevel;
use crate::model::outcome::Outcome;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::model::selection::Headers;
use crate::model::selection::Selection;
use crate::policy::capture_policy::Rules;
use crate::policy::capture_policy::fixtures;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;
use crate::runtime::memory::Memory;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::shutdown::StopReason;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::state::packed::PackedDecisions;
use crate::state::store::Settings;
use crate::state::store::State;
use crate::sync::batch::MailboxBatch;
use crate::sync::context::Context;
use crate::sync::context::SyncMemory;
use crate::sync::in_flight::InFlight;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource as _;
use crate::sync::tenant_mailbox::TenantMailbox;

/// A mail from outside.
fn mail(id: &str) -> String {
    let now = clock::now().rfc3339();
    format!(
        r#"{{"id":"{id}","subject":"x","sentDateTime":"{now}","receivedDateTime":"{now}",
        "internetMessageId":"<{id}@acme.com>","isDraft":false,
        "from":{{"emailAddress":{{"address":"bob@acme.com"}}}},
        "toRecipients":[{{"emailAddress":{{"address":"ann@contoso.com"}}}}]}}"#
    )
}

/// Below which the service has the mailbox.
const USER: &str = "/v1.0/users/id%20of%20ann";

/// A page of some items, the last of its round.
fn page_of(base: &str, folder: &str, items: &[String]) -> String {
    let items = items.join(",");
    let link = format!("{base}{USER}/mailFolders/{folder}/messages/delta?$deltatoken=1");
    format!(r#"{{"value":[{items}],"@odata.deltaLink":"{link}"}}"#)
}

/// A page of one mail, the last of its round.
fn page(base: &str, folder: &str) -> String {
    page_of(base, folder, &[mail(&format!("{folder}-1"))])
}

/// The same, but not the last.
fn not_last(page: &str) -> String {
    page.replace("deltaLink", "nextLink")
        .replace("deltatoken", "skiptoken")
}

/// The answer to a batch that requests single mails: `answer` for each path.
fn single(seen: &Seen, answer: impl Fn(&str) -> (u16, String)) -> Option<Reply> {
    single_of("/messages/", seen, answer)
}

/// The same for items whose paths hold a segment.
fn single_of(segment: &str, seen: &Seen, answer: impl Fn(&str) -> (u16, String)) -> Option<Reply> {
    if !seen.target.ends_with("/$batch") || !seen.body.contains(segment) {
        return None;
    }
    let asked: Value = serde_json::from_str(&seen.body).unwrap();
    let answers = asked["requests"].as_array().unwrap().iter().map(|part| {
        let (status, body) = answer(part["url"].as_str().unwrap());
        let body: Value = serde_json::from_str(&body).unwrap();
        json!({"id": part["id"], "status": status, "body": body})
    });
    let answers: Vec<Value> = answers.collect();
    Some(Reply::ok(json!({ "responses": answers }).to_string()))
}

/// A mailbox with Sent Items (`s`) and the folders `a`, `b` and `c`; `special` may answer first.
async fn mailbox(
    special: impl Fn(&str, &Seen, usize) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    Server::start(move |base, seen, before| {
        if seen.is_sign_in() {
            return None;
        }
        if let Some(reply) = special(base, seen, before) {
            return Some(reply);
        }
        let target = seen.target.as_str();
        Some(if target.ends_with("/$batch") {
            // Positions in a batch: Sent Items are requested first.
            Reply::ok(
                r#"{"responses":[{"id":"0","status":200,"body":{"id":"s"}},
                {"id":"1","status":404},{"id":"2","status":404},{"id":"3","status":404},
                {"id":"4","status":404},{"id":"5","status":404},{"id":"6","status":404},
                {"id":"7","status":404},{"id":"8","status":404}]}"#,
            )
        } else if target.contains("/mailFolders?") {
            let folders = ["s", "a", "b", "c"];
            let folders = folders.map(|id| format!(r#"{{"id":"{id}","displayName":"{id}"}}"#));
            Reply::ok(format!(r#"{{"value":[{}]}}"#, folders.join(",")))
        } else if target.contains("/messages?") {
            Reply::ok(r#"{"value":[]}"#)
        } else if target.contains("?$deltatoken=") {
            Reply::ok(format!(
                r#"{{"value":[],"@odata.deltaLink":"{base}{target}"}}"#
            ))
        } else if let Some(folder) = ["s", "a", "b", "c"]
            .into_iter()
            .find(|id| target.contains(&format!("/mailFolders/{id}/messages/delta")))
        {
            Reply::ok(page(base, folder))
        } else {
            Reply::error(403, "ErrorAccessDenied")
        })
    })
    .await
}

/// What was seen: nothing yet.
fn nothing_seen() -> (tempfile::TempDir, Arc<State>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        folder: folder.path().to_owned(),
        memory_bytes: 1 << 20,
    };
    let state = State::open(settings, "lake").unwrap().state;
    (folder, Arc::new(state))
}

/// Reads the mailbox for the first time.
async fn sync(server: &Server, shutdown: Shutdown) -> (Coverage, Vec<MailboxBatch>) {
    let (_folder, state) = nothing_seen();
    night(server, shutdown, &state).await
}

/// Reads the mailbox without its calendar.
async fn night(
    server: &Server,
    shutdown: Shutdown,
    state: &Arc<State>,
) -> (Coverage, Vec<MailboxBatch>) {
    night_with(server, shutdown, state, Meetings::None).await
}

/// Reads the mailbox, its mail and some of its meetings.
async fn night_with(
    server: &Server,
    shutdown: Shutdown,
    state: &Arc<State>,
    captures_meetings: Meetings,
) -> (Coverage, Vec<MailboxBatch>) {
    night_of(server, shutdown, state, (true, captures_meetings)).await
}

/// Reads what is captured of the mailbox; mailbox batches are "committed" to the state alone, as late
/// as can be, and given back.
async fn night_of(
    server: &Server,
    shutdown: Shutdown,
    state: &Arc<State>,
    (captures_mail, captures_meetings): (bool, Meetings),
) -> (Coverage, Vec<MailboxBatch>) {
    let lake_folder = tempfile::tempdir().unwrap();
    let disk = Runtime::new().unwrap();
    let (mailbox_batches, mut receiver) = mpsc::channel::<MailboxBatch>(8);
    let lake = empty_lake(lake_folder.path(), disk.handle()).await;
    let context = context(shutdown, state, lake, mailbox_batches);
    let in_flight = InFlight::new(1);
    let mut turn = in_flight.begin().unwrap();
    let kept = state.clone();
    let committing = tokio::spawn(async move {
        let (mut all, mut committed) = (Vec::new(), 0);
        loop {
            let is_open = committed < all.len();
            tokio::select! {
                biased;
                mailbox_batch = receiver.recv() => match mailbox_batch {
                    Some(mailbox_batch) => all.push(mailbox_batch),
                    None => break,
                },
                () = in_flight.stalled(), if is_open => {
                    commit(&kept, &in_flight, &all[committed..]);
                    committed = all.len();
                }
            }
        }
        commit(&kept, &in_flight, &all[committed..]);
        all
    });
    let mut source = TenantMailbox {
        tenant: server.client().into(),
        captures_mail,
        captures_meetings,
        reads_shared: true,
    };
    let mailbox = fixtures::mailbox("ann").as_ref().clone();
    let mut sync = MailboxSync::new(&context, mailbox);
    let result = source.read(&mut sync, &mut turn).await;
    let coverage = sync.coverage(result).unwrap();
    drop(context);
    disk.shutdown_background();
    (coverage, committing.await.unwrap())
}

fn context(
    shutdown: Shutdown,
    state: &Arc<State>,
    lake: Arc<Lake>,
    mailbox_batches: mpsc::Sender<MailboxBatch>,
) -> Context {
    let capture = Capture::default();
    Context {
        run: RunStamp {
            run_id: "run".into(),
            started_at: clock::now(),
        },
        rules: Arc::new(Rules::new(&capture)),
        capture,
        selection: Selection {
            content: ContentLevel::Preview,
            headers: Headers::Asked,
        },
        directory: Arc::new(fixtures::directory()) as Arc<Directory>,
        matcher: Arc::new(Matcher::new(
            &CrmSnapshot::new(Vec::new(), Vec::new()),
            &HashSet::new(),
        )),
        state: state.clone(),
        cpu: Arc::new(CpuPool::new(1).unwrap()),
        memory: SyncMemory {
            messages: Memory::new(0),
            mailbox_batches: Memory::new(0),
        },
        shutdown,
        progress: Arc::new(Progress::default()),
        again: false,
        withheld: Arc::default(),
        range: None,
        resyncs: Arc::new(Semaphore::new(1)),
        lake,
        mailbox_batches,
    }
}

async fn empty_lake(folder: &Path, disk: &Handle) -> Arc<Lake> {
    let settings = LakeSettings::new(folder.join("lake"), ActivityContent::Subject);
    let cpu = Arc::new(CpuPool::new(1).unwrap());
    let disk = disk.clone();
    let opening = tokio::task::spawn_blocking(|| Lake::open_for_write(settings, cpu, disk));
    Arc::new(opening.await.unwrap().unwrap())
}

fn commit(state: &State, in_flight: &InFlight, mailbox_batches: &[MailboxBatch]) {
    let seen = mailbox_batches.iter().map(|one| one.seen.clone());
    let seen: Vec<Arc<PackedDecisions>> = seen.collect();
    let cursors = mailbox_batches.iter().flat_map(|one| one.cursors.clone());
    let cursors: Vec<CursorRecord> = cursors.collect();
    state.commit(&seen, &cursors, &BTreeMap::new()).unwrap();
    for mailbox_batch in mailbox_batches {
        in_flight.redeem(&mailbox_batch.promise);
    }
}

fn recorded_in(mailbox_batches: &[MailboxBatch]) -> Vec<String> {
    let rows = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.rows);
    let mut folders: Vec<String> = rows
        .map(|row| row.interaction.container.to_string())
        .collect();
    folders.sort();
    folders
}

fn keys(mailbox_batches: &[MailboxBatch]) -> Vec<(String, bool)> {
    let cursors = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.cursors);
    let mut keys: Vec<(String, bool)> = cursors
        .map(|cursor| (cursor.key.clone(), cursor.value.is_some()))
        .filter(|(key, _)| key != "mailbox")
        .collect();
    keys.sort();
    keys
}

fn in_folder(seen: &Seen, id: &str) -> bool {
    let is_first = !seen.target.contains("token=");
    is_first && seen.target.contains(&format!("/mailFolders/{id}/"))
}

#[tokio::test]
async fn an_unreadable_folder_does_not_stop_the_others() {
    let server = mailbox(|_, seen, _| {
        in_folder(seen, "a").then(|| Reply::error(400, "ErrorInvalidUrlQuery"))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed, "{:?}", coverage.reason);
    assert!(coverage.reason.unwrap().contains("400"));
    assert_eq!(recorded_in(&mailbox_batches), ["b", "c", "s"]);
    let expected = ["mail/b", "mail/c", "mail/s"].map(|key| (key.to_owned(), true));
    assert_eq!(keys(&mailbox_batches), expected);
    assert_eq!(coverage.recorded_total, 3);
}

#[tokio::test]
async fn nothing_is_read_before_sent_items_can_be() {
    let server = mailbox(|_, seen, _| {
        in_folder(seen, "s").then(|| Reply::error(400, "ErrorInvalidUrlQuery"))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed);
    assert_eq!(recorded_in(&mailbox_batches), Vec::<String>::new());
}

#[tokio::test]
async fn a_denial_in_mid_run_keeps_what_was_read() {
    let server =
        mailbox(|_, seen, _| in_folder(seen, "b").then(|| Reply::error(403, "ErrorAccessDenied")))
            .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Denied);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "c", "s"]);
}

#[tokio::test]
async fn a_listed_folder_that_is_not_found_is_an_error() {
    let server =
        mailbox(|_, seen, _| in_folder(seen, "a").then(|| Reply::error(404, "ErrorItemNotFound")))
            .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed);
    assert!(coverage.reason.unwrap().contains("not found"));
    assert_eq!(recorded_in(&mailbox_batches), ["b", "c", "s"]);
    assert_eq!(keys(&mailbox_batches)[0], ("mail/a".to_owned(), false));
}

/// Facts 6.2.
#[tokio::test]
async fn a_folder_deleted_since_it_was_listed_is_no_error() {
    let server = mailbox(|_, seen, before| {
        let listing = seen.target.contains("/mailFolders?") && before > 0;
        let without = r#"{"value":[{"id":"s"},{"id":"b"},{"id":"c"}]}"#;
        let gone = in_folder(seen, "a").then(|| Reply::error(404, "ErrorSyncFolderNotFound"));
        gone.or(listing.then(|| Reply::ok(without)))
    })
    .await;
    let (coverage, _) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
}

/// Facts 1.6.
#[tokio::test]
async fn a_lost_chain_restarts_in_the_same_run_without_duplicates() {
    let server = mailbox(|base, seen, before| {
        if seen.target.contains("skiptoken") {
            return Some(Reply::error(410, "SyncStateNotFound"));
        }
        let first = in_folder(seen, "a") && before == 0;
        first.then(|| Reply::ok(not_last(&page(base, "a"))))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(recorded_in(&mailbox_batches), ["a", "b", "c", "s"]);
    assert_eq!(coverage.tally.received, 5);
    assert_eq!(coverage.tally.of(Outcome::Unchanged), 1);
    let cursors = mailbox_batches
        .iter()
        .flat_map(|mailbox_batch| &mailbox_batch.cursors);
    let links: Vec<&str> = cursors
        .filter(|cursor| cursor.key == "mail/a")
        .filter_map(|cursor| cursor.value.as_deref())
        .collect();
    assert!(
        links.iter().all(|link| link.contains("deltatoken")),
        "{links:?}"
    );
}

#[tokio::test]
async fn a_stop_in_mid_fetch_hands_over_nothing_of_it() {
    let shutdown = Shutdown::default();
    let asked = shutdown.clone();
    let server = mailbox(move |_, seen, _| {
        in_folder(seen, "a").then(|| {
            asked.request(StopReason::Signal);
            Reply {
                gate: Some(Arc::new(Semaphore::new(0))),
                ..Reply::ok("")
            }
        })
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, shutdown).await;
    assert_eq!(coverage.status, Status::Stopped);
    assert_eq!(recorded_in(&mailbox_batches), ["s"]);
    assert_eq!(keys(&mailbox_batches), [("mail/s".to_owned(), true)]);
}

/// Facts 5.1.
#[tokio::test]
async fn a_denial_is_dated_probed_again_and_removes_nothing() {
    let is_denied = Arc::new(AtomicBool::new(false));
    let denied = is_denied.clone();
    let server = mailbox(move |_, seen, _| {
        let denied = denied.load(Ordering::SeqCst) && seen.target.contains("/v1.0/");
        denied.then(|| Reply::error(403, "ErrorAccessDenied"))
    })
    .await;
    let (_folder, state) = nothing_seen();
    night(&server, Shutdown::default(), &state).await;
    let cursors = || {
        state
            .cursors(&fixtures::mailbox("ann").id)
            .unwrap()
            .into_iter()
    };
    let before: Vec<_> = cursors().collect();
    is_denied.store(true, Ordering::SeqCst);
    let begun = clock::now();
    let (coverage, mailbox_batches) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(coverage.status, Status::Denied);
    assert!(begun <= coverage.started_at && coverage.started_at <= coverage.ended_at);
    assert!(mailbox_batches.is_empty(), "{mailbox_batches:?}");
    assert_eq!(cursors().collect::<Vec<_>>(), before);
    is_denied.store(false, Ordering::SeqCst);
    let (coverage, _) = night(&server, Shutdown::default(), &state).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    let requests = server.requests();
    let firsts = requests
        .iter()
        .filter(|seen| seen.target.contains("/messages/delta?$select"));
    assert_eq!(firsts.count(), 4, "chains go on where they were left");
}

/// Facts 6.2.
#[tokio::test]
async fn an_address_in_an_error_is_not_repeated() {
    let name = "6f1c0b2e-1111-4222-8333-444455556666@0d9a7c1e-aaaa-4bbb-8ccc-ddddeeeeffff";
    let body = format!(
        r#"{{"error":{{"code":"ErrorInvalidUser",
        "message":"The requested user '{name}' is invalid."}}}}"#
    );
    let server = mailbox(move |_, seen, _| {
        let is_listing = seen.target.contains("/mailFolders?");
        is_listing.then(|| Reply::status(404, body.clone()))
    })
    .await;
    let (coverage, mailbox_batches) = sync(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::NoMailbox);
    assert!(
        mailbox_batches
            .iter()
            .all(|mailbox_batch| mailbox_batch.rows.is_empty())
    );
    let reason = coverage.reason.unwrap();
    assert!(reason.contains("errorinvaliduser"), "{reason}");
    assert!(
        !reason.contains('@') && !reason.contains("6f1c0b2e"),
        "{reason}"
    );
}
