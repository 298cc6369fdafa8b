//! The walk over one mailbox, against a small server: what one folder's trouble does to the rest.

use std::sync::Arc;

use hashbrown::HashSet;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;

use super::GraphJob;
use super::read;
use crate::config::capture::Capture;
use crate::matching::Matcher;
use crate::model::contact::ContactBook;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::directory::Directory;
use crate::model::mail::ContentLevel;
use crate::model::outcome::Outcome;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::pipeline::context::Context;
use crate::pipeline::portion::Portion;
use crate::policy::judge::Rules;
use crate::policy::judge::fixtures;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::shutdown::StopReason;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::state::store::Settings;
use crate::state::store::State;

/// A page of one mail from outside, the last of its round.
fn page(base: &str, folder: &str) -> String {
    let now = clock::now().rfc3339();
    format!(
        r#"{{"value":[{{"id":"{folder}-1","subject":"x","sentDateTime":"{now}",
        "receivedDateTime":"{now}","internetMessageId":"<{folder}@acme.com>","isDraft":false,
        "from":{{"emailAddress":{{"address":"bob@acme.com"}}}},
        "toRecipients":[{{"emailAddress":{{"address":"ann@contoso.com"}}}}]}}],
        "@odata.deltaLink":"{base}/v1.0/{folder}?$deltatoken=1"}}"#
    )
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
            // Places as the client numbers them: Sent Items are asked for first.
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

/// Reads the mailbox; portions are "committed" at once and given back.
async fn walk(server: &Server, shutdown: Shutdown) -> (Coverage, Vec<Portion>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        folder: folder.path().to_owned(),
        memory_bytes: 1 << 20,
    };
    let capture = Capture::default();
    let (portions, mut receiver) = mpsc::channel::<Portion>(8);
    let context = Context {
        run: RunStamp {
            run_id: "run".into(),
            started_at: clock::now(),
        },
        rules: Arc::new(Rules::new(&capture)),
        capture,
        content: ContentLevel::Preview,
        directory: Arc::new(fixtures::directory()) as Arc<Directory>,
        matcher: Arc::new(Matcher::new(
            &ContactBook::new(Vec::new(), Vec::new()),
            &HashSet::new(),
        )),
        state: Arc::new(State::open(settings, "lake").unwrap().state),
        cpu: Arc::new(CpuPool::new(1).unwrap()),
        shutdown,
        progress: Arc::new(Progress::default()),
        portions,
    };
    let committing = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(mut portion) = receiver.recv().await {
            if let Some(committed) = portion.committed.take() {
                committed.send(()).unwrap();
            }
            all.push(portion);
        }
        all
    });
    let job = GraphJob {
        client: server.client(),
        mailbox: fixtures::mailbox("ann").as_ref().clone(),
        captures_mail: true,
    };
    let coverage = read(&context, job).await.unwrap();
    drop(context);
    (coverage, committing.await.unwrap())
}

fn recorded_in(portions: &[Portion]) -> Vec<String> {
    let rows = portions.iter().flat_map(|portion| &portion.rows);
    let mut folders: Vec<String> = rows
        .map(|row| row.interaction.container.to_string())
        .collect();
    folders.sort();
    folders
}

fn keys(portions: &[Portion]) -> Vec<(String, bool)> {
    let cursors = portions.iter().flat_map(|portion| &portion.cursors);
    let mut keys: Vec<(String, bool)> = cursors
        .map(|cursor| (cursor.key.clone(), cursor.value.is_some()))
        .filter(|(key, _)| key != "mailbox")
        .collect();
    keys.sort();
    keys
}

fn in_folder(seen: &Seen, id: &str) -> bool {
    seen.target.contains(&format!("/mailFolders/{id}/"))
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_leaves_the_others_to_be_read() {
    let server = mailbox(|_, seen, _| {
        in_folder(seen, "a").then(|| Reply::error(400, "ErrorInvalidUrlQuery"))
    })
    .await;
    let (coverage, portions) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed, "{:?}", coverage.reason);
    assert!(coverage.reason.unwrap().contains("400"));
    assert_eq!(recorded_in(&portions), ["b", "c", "s"]);
    let expected = ["mail/b", "mail/c", "mail/s"].map(|key| (key.to_owned(), true));
    assert_eq!(keys(&portions), expected);
    assert_eq!(coverage.recorded_total, 3);
}

#[tokio::test]
async fn nothing_is_read_before_sent_items_can_be() {
    let server = mailbox(|_, seen, _| {
        in_folder(seen, "s").then(|| Reply::error(400, "ErrorInvalidUrlQuery"))
    })
    .await;
    let (coverage, portions) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed);
    assert_eq!(recorded_in(&portions), Vec::<String>::new());
}

#[tokio::test]
async fn a_denial_in_mid_run_ends_the_mailbox_and_keeps_what_was_read() {
    let server =
        mailbox(|_, seen, _| in_folder(seen, "b").then(|| Reply::error(403, "ErrorAccessDenied")))
            .await;
    let (coverage, portions) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Denied);
    assert_eq!(recorded_in(&portions), ["a", "c", "s"]);
}

#[tokio::test]
async fn a_folder_that_is_listed_but_not_found_is_a_gap_and_no_success() {
    let server =
        mailbox(|_, seen, _| in_folder(seen, "a").then(|| Reply::error(404, "ErrorItemNotFound")))
            .await;
    let (coverage, portions) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Failed);
    assert!(coverage.reason.unwrap().contains("not found"));
    assert_eq!(recorded_in(&portions), ["b", "c", "s"]);
    assert_eq!(keys(&portions)[0], ("mail/a".to_owned(), false));
}

#[tokio::test]
async fn fact_6_2_a_folder_that_was_deleted_since_it_was_listed_is_no_gap() {
    let server = mailbox(|_, seen, before| {
        let listing = seen.target.contains("/mailFolders?") && before > 0;
        let without = r#"{"value":[{"id":"s"},{"id":"b"},{"id":"c"}]}"#;
        let gone = in_folder(seen, "a").then(|| Reply::error(404, "ErrorSyncFolderNotFound"));
        gone.or(listing.then(|| Reply::ok(without)))
    })
    .await;
    let (coverage, _) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
}

#[tokio::test]
async fn fact_1_6_a_forgotten_chain_begins_anew_in_the_same_run_and_doubles_nothing() {
    let server = mailbox(|base, seen, before| {
        if seen.target.contains("skiptoken") {
            return Some(Reply::error(410, "SyncStateNotFound"));
        }
        let first = in_folder(seen, "a") && before == 0;
        first.then(|| {
            let page = page(base, "a").replace("deltaLink", "nextLink");
            Reply::ok(page.replace("deltatoken", "skiptoken"))
        })
    })
    .await;
    let (coverage, portions) = walk(&server, Shutdown::default()).await;
    assert_eq!(coverage.status, Status::Complete, "{:?}", coverage.reason);
    assert_eq!(recorded_in(&portions), ["a", "b", "c", "s"]);
    assert_eq!(coverage.tally.received, 5);
    assert_eq!(coverage.tally.of(Outcome::Unchanged), 1);
    let cursors = portions.iter().flat_map(|portion| &portion.cursors);
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
    let (coverage, portions) = walk(&server, shutdown).await;
    assert_eq!(coverage.status, Status::Stopped);
    assert_eq!(recorded_in(&portions), ["s"]);
    assert_eq!(keys(&portions), [("mail/s".to_owned(), true)]);
}
