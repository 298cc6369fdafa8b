//! Lakes and batches for the tests of this room.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::batch::MailboxTally;
use crate::lake::error::LakeError;
use crate::lake::packed::PackedRows;
use crate::lake::settings::ActivityContent;
use crate::lake::settings::LakeSettings;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchRule;
use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::cursor::CursorRecord;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::run::RunStamp;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::runtime::cpu::CpuPool;

/// A folder with what a lake needs to be opened in it.
pub(crate) struct TestLake {
    pub folder: TempDir,
    pub runtime: Runtime,
    pub cpu: Arc<CpuPool>,
}

impl TestLake {
    pub(crate) fn new() -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        Self {
            folder: tempfile::tempdir().unwrap(),
            runtime: runtime.worker_threads(2).enable_all().build().unwrap(),
            cpu: Arc::new(CpuPool::new(2).unwrap()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> LakeSettings {
        LakeSettings::new(self.path().join("lake"), ActivityContent::Subject)
    }

    pub(crate) fn write(&self) -> Lake {
        self.try_write(self.settings()).unwrap()
    }

    pub(crate) fn try_write(&self, settings: LakeSettings) -> Result<Lake, LakeError> {
        // The tests match by themselves: of a CRM snapshot they only need that it is there.
        let snapshots = self.path().join("lake/_touchpoint/crm");
        std::fs::create_dir_all(&snapshots).unwrap();
        for digest in ["snapshot", "empty"] {
            std::fs::write(snapshots.join(format!("{digest}.parquet")), []).unwrap();
        }
        let handle = self.runtime.handle().clone();
        Lake::open_for_write(settings, Arc::clone(&self.cpu), handle)
    }

    pub(crate) fn read(&self) -> Lake {
        let handle = self.runtime.handle().clone();
        Lake::open(self.settings(), Arc::clone(&self.cpu), handle).unwrap()
    }
}

pub(crate) fn mailbox(id: &str) -> Arc<Mailbox> {
    Arc::new(Mailbox {
        id: id.into(),
        address: format!("{id}@contoso.com").into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    })
}

pub(crate) fn participant(address: &str, role: Role, internal: bool) -> Participant {
    Participant {
        address: address.to_owned(),
        is_address: true,
        name: Some(format!("Name of {address}")),
        role,
        response: None,
        internal,
    }
}

/// A mail that was sent on a day of 2026, counted from 0.
pub(crate) fn mail(mailbox_id: &str, number: u32) -> Interaction {
    let start = Timestamp::parse_rfc3339("2026-01-01T08:00:00Z").unwrap();
    Interaction {
        interaction_id: Id128::of(&[b"mail", &number.to_le_bytes()]),
        mailbox: mailbox(mailbox_id),
        source: Source::Graph,
        source_id: format!("AAMk{number}"),
        container: "inbox".into(),
        kind: Kind::Email,
        revision: 1,
        state: State::Active,
        occurred_at: start.plus(i64::from(number) * DAY),
        ended_at: None,
        direction: Direction::Inbound,
        subject: Some(format!("Subject {number}")),
        preview: Some("Hello".to_owned()),
        body_text: None,
        sensitivity_known: true,
        thread_id: Some("t".repeat(32)),
        series_id: None,
        participants: vec![
            participant("carla@fabrikam.com", Role::From, false),
            participant(&format!("{mailbox_id}@contoso.com"), Role::To, true),
        ],
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: i64::from(number) - 3,
        captured_at: start.plus(400 * DAY),
        run_id: "run1".into(),
        user_role: Some(Role::To),
    }
}

/// The match of the contact who sends all of these mails.
pub(crate) fn contact_match() -> ContactMatch {
    ContactMatch {
        contact: Some(("C1".into(), "Carla".into())),
        account: Some(("A1".into(), Some("Fabrikam".into()))),
        address: "carla@fabrikam.com".to_owned(),
        role: Role::From,
        response: None,
        rule: MatchRule::ContactEmail,
    }
}

/// A batch with some mails of one mailbox, its cursor and its counts.
pub(crate) fn batch(mailbox_id: &str, numbers: std::ops::Range<u32>) -> CommitBatch {
    let mut tally = Tally {
        received: u64::from(numbers.end - numbers.start),
        ..Tally::default()
    };
    for _ in numbers.clone() {
        tally.count(Outcome::Recorded, "");
    }
    let end = numbers.end;
    let rows = numbers.map(|number| MatchedInteraction {
        interaction: mail(mailbox_id, number),
        contact_matches: vec![contact_match()],
    });
    CommitBatch {
        run: run("run1"),
        rows: rows.collect(),
        packed: PackedRows::default(),
        cursors: vec![cursor(mailbox_id, "mail/inbox", &format!("\"{end}\""))],
        tallies: vec![MailboxTally {
            mailbox: mailbox(mailbox_id),
            tally,
            cost: Cost {
                requests: 1,
                bytes: 10,
                waited_seconds: 0.5,
            },
        }],
        snapshot_digest: "snapshot".into(),
    }
}

/// As if a file had been written so much earlier.
pub(crate) fn make_older(file: &Path, by: Duration) {
    let file = File::options().append(true).open(file).unwrap();
    let at = file.metadata().unwrap().modified().unwrap() - by;
    assert!(at > SystemTime::UNIX_EPOCH);
    file.set_modified(at).unwrap();
}

pub(crate) fn run(id: &str) -> RunStamp {
    RunStamp {
        run_id: id.into(),
        started_at: Timestamp::parse_rfc3339("2026-11-24T02:00:00Z").unwrap(),
    }
}

pub(crate) fn cursor(mailbox_id: &str, key: &str, value: &str) -> CursorRecord {
    CursorRecord {
        mailbox_id: mailbox_id.to_owned(),
        key: key.to_owned(),
        value: Some(value.to_owned()),
    }
}

/// Rows in an order of their own, to compare.
pub(crate) fn sorted(rows: impl Iterator<Item = Interaction>) -> Vec<Interaction> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| (row.mailbox.id.to_string(), row.occurred_at, row.revision));
    rows
}

/// A meeting to which a contact invites, on a day of 2026.
pub(crate) fn meeting(mailbox_id: &str, number: u32, day: u32) -> Interaction {
    let mail = mail(mailbox_id, day);
    Interaction {
        interaction_id: Id128::of(&[b"meeting", &number.to_le_bytes()]),
        source_id: format!("AAMkEvent{number}"),
        container: "calendar".into(),
        kind: Kind::Meeting,
        ended_at: Some(mail.occurred_at.plus(DAY / 24)),
        thread_id: None,
        series_id: Some("5".repeat(32)),
        participants: vec![
            participant("carla@fabrikam.com", Role::Organizer, false),
            participant(&format!("{mailbox_id}@contoso.com"), Role::Required, true),
        ],
        is_online_meeting: Some(true),
        is_recurring: Some(false),
        is_all_day: Some(false),
        user_role: Some(Role::Required),
        ..mail
    }
}

/// The rows of a further revision: in the place of `old` comes `new`, in whichever month.
pub(crate) fn revised(old: &Interaction, new: Interaction) -> Vec<Interaction> {
    let revision = old.revision + 1;
    let mut rows = vec![Interaction { revision, ..new }];
    if rows[0].occurred_at.month() != old.occurred_at.month() {
        rows.push(Interaction {
            revision,
            state: State::Superseded,
            ..old.clone()
        });
    }
    rows
}

/// What the CRM snapshot that knows Carla says of an interaction.
pub(crate) fn match_carla(row: &Interaction) -> Vec<ContactMatch> {
    let carla = row
        .participants
        .iter()
        .find(|person| person.address == "carla@fabrikam.com");
    let contact_match = carla.map(|carla| ContactMatch {
        role: carla.role,
        ..contact_match()
    });
    contact_match.into_iter().collect()
}

/// A batch of some rows of one mailbox, matched with the CRM snapshot that knows Carla.
pub(crate) fn batch_of(rows: Vec<Interaction>) -> CommitBatch {
    let mailbox_id = rows[0].mailbox.id.to_string();
    let rows = rows.into_iter().map(|interaction| MatchedInteraction {
        contact_matches: match_carla(&interaction),
        interaction,
    });
    CommitBatch {
        rows: rows.collect(),
        ..batch(&mailbox_id, 0..0)
    }
}
