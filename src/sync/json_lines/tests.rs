//! The seam for sources, proven by a third one.

#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tokio::runtime::Handle;

use crate::config::Config;
use crate::config::crm::Trust;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::outcome::Outcome;
use crate::model::run::RunSummary;
use crate::model::shard::Shard;
use crate::pipeline;
use crate::pipeline::Options;
use crate::runtime::shutdown::Shutdown;

const CONFIG: &str = r#"
[lake]
path = "lake"
[index]
path = "index"
[state]
path = "state"
[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"
[[archives]]
name = "lines"
format = "json_lines"
path = "mailboxes"
mailboxes = "subfolders"
domains = ["contoso.com"]
"#;

fn mails(ids: std::ops::Range<u32>) -> String {
    let mut lines = String::new();
    for id in ids {
        let line = serde_json::json!({
            "id": format!("m{id}"), "subject": format!("offer {id}"), "isDraft": false,
            "sentDateTime": "2026-03-02T08:00:00Z", "receivedDateTime": "2026-03-02T08:00:01Z",
            "internetMessageId": format!("<{id}@acme.com>"), "sensitivity": "normal",
            "from": {"emailAddress": {"address": "bob@acme.com"}},
            "toRecipients": [{"emailAddress": {"address": "ann@contoso.com"}}],
        });
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

async fn run(folder: &Path) -> RunSummary {
    let options = Options {
        crm: Trust::Checked,
        mailbox: None,
        again: false,
        range: None,
        shard: Shard::default(),
        accepted_open: Vec::new(),
        confirm: None,
        shutdown: Shutdown::default(),
        progress: std::sync::Arc::default(),
        disk: Handle::current(),
    };
    let config = Config::load(&folder.join("touchpoint.toml")).unwrap();
    pipeline::run(&config, options).await.unwrap()
}

fn counts(coverage: &Coverage) -> (u64, u64, u64) {
    let tally = &coverage.tally;
    assert!(tally.is_balanced());
    let of = |outcome| tally.of(outcome);
    (
        tally.received,
        of(Outcome::Recorded),
        of(Outcome::Unreadable),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_source_is_read_from_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("touchpoint.toml"), CONFIG).unwrap();
    fs::write(
        path("contacts.csv"),
        "id,name,email,account_id\nc1,Bob,bob@acme.com,a1\n",
    )
    .unwrap();
    fs::write(path("accounts.csv"), "id,name,domains\na1,Acme,acme.com\n").unwrap();
    fs::create_dir(path("mailboxes")).unwrap();
    let mailbox = path("mailboxes/ann@contoso.com.jsonl");
    fs::write(&mailbox, mails(0..5)).unwrap();
    let first = run(folder.path()).await;
    assert_eq!(first.coverage[0].status, Status::Complete);
    assert_eq!(counts(&first.coverage[0]), (5, 5, 0));
    // What was read is not read again; what cannot be read is counted.
    fs::write(&mailbox, mails(0..7) + "no json\n").unwrap();
    let second = run(folder.path()).await;
    assert_eq!(counts(&second.coverage[0]), (3, 2, 1));
    assert_eq!(second.coverage[0].recorded_total, 7);
    let third = run(folder.path()).await;
    assert_eq!(counts(&third.coverage[0]), (0, 0, 0));
}
