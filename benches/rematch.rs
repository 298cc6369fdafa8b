//! Measures how long it takes to match another CRM snapshot against everything captured: a full
//! comparison, one changed contact and its plan, with a million interactions.

#![expect(clippy::unwrap_used, reason = "a bench that fails may panic")]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::sync::Arc;

use hashbrown::HashSet;
use touchpoint::lake::Lake;
use touchpoint::lake::batch::CommitBatch;
use touchpoint::lake::packed::PackedRows;
use touchpoint::lake::settings::ActivityContent;
use touchpoint::lake::settings::LakeSettings;
use touchpoint::matching::Matcher;
use touchpoint::model::activity::MatchedInteraction;
use touchpoint::model::address::Address;
use touchpoint::model::contact::Account;
use touchpoint::model::contact::Contact;
use touchpoint::model::contact::CrmSnapshot;
use touchpoint::model::id::Id128;
use touchpoint::model::interaction::Direction;
use touchpoint::model::interaction::Interaction;
use touchpoint::model::interaction::Kind;
use touchpoint::model::interaction::Participant;
use touchpoint::model::interaction::Role;
use touchpoint::model::interaction::Source;
use touchpoint::model::interaction::State;
use touchpoint::model::mailbox::Mailbox;
use touchpoint::model::mailbox::MailboxKind;
use touchpoint::model::run::RunStamp;
use touchpoint::model::time::DAY;
use touchpoint::model::time::Timestamp;
use touchpoint::runtime::clock::Stopwatch;
use touchpoint::runtime::cpu::CpuPool;

// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INTERACTIONS: u64 = 1_000_000;
const CONTACTS: u64 = 100_000;
const MAILBOXES: u64 = 500;
const DAYS: u64 = 365;
const ROWS_PER_COMMIT: u64 = 50_000;
const PEOPLE_OF_A_COMPANY: u64 = 20;
const THREADS: usize = 2;
/// The contact who is renamed.
const RENAMED: u64 = 4_711;

/// A pseudo-random number, the same in every run.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

fn address_of(contact: u64) -> String {
    format!(
        "person{contact}@company{}.com",
        contact / PEOPLE_OF_A_COMPANY
    )
}

fn snapshot(is_renamed: bool) -> CrmSnapshot {
    let contact = |number: u64| {
        let name = if is_renamed && number == RENAMED {
            "Renamed"
        } else {
            "Person"
        };
        Contact {
            id: format!("c{number:07}").into(),
            name: format!("{name} {number}").into(),
            email: Address::parse(&address_of(number)),
            other_emails: Vec::new(),
            account_id: Some(format!("a{:07}", number / PEOPLE_OF_A_COMPANY).into()),
        }
    };
    let account = |number: u64| Account {
        id: format!("a{number:07}").into(),
        name: format!("Company {number}").into(),
        domains: vec![format!("company{number}.com")],
    };
    let accounts = (0..CONTACTS / PEOPLE_OF_A_COMPANY).map(account).collect();
    CrmSnapshot::new((0..CONTACTS).map(contact).collect(), accounts)
}

fn person(role: Role, address: String, internal: bool) -> Participant {
    Participant {
        name: Some(format!("Name of {}", address.len())),
        address,
        is_address: true,
        role,
        response: None,
        internal,
    }
}

/// A mail, or (one of ten) a meeting; of the meetings one in four is a second revision.
fn interaction(number: u64, mailboxes: &[Arc<Mailbox>]) -> Interaction {
    let chance = spread(number);
    let is_meeting = number.is_multiple_of(10);
    let is_revised = number.is_multiple_of(40) && number > 0;
    let id = if is_revised { number - 10 } else { number };
    let start = Timestamp::parse_rfc3339("2026-01-01T08:00:00Z").unwrap();
    let mailbox = &mailboxes[usize::try_from(id / 100 % MAILBOXES).unwrap()];
    let day = id * DAYS / INTERACTIONS;
    let mut participants = vec![
        person(Role::From, address_of(chance % CONTACTS), false),
        person(Role::To, mailbox.address.to_string(), true),
    ];
    participants.extend(match number % 4 {
        0 => Some(person(Role::Cc, address_of(chance / 7 % CONTACTS), false)),
        1 => Some(person(
            Role::Cc,
            format!("new{chance}@mail.other{number}.co.uk"),
            false,
        )),
        2 => Some(person(Role::Cc, "bob@contoso.com".to_owned(), true)),
        _ => None,
    });
    Interaction {
        interaction_id: Id128::of(&[b"bench", &id.to_le_bytes()]),
        mailbox: Arc::clone(mailbox),
        source: Source::Graph,
        source_id: format!("AAMkAG{chance:032x}{number:064x}"),
        container: "inbox".into(),
        kind: if is_meeting {
            Kind::Meeting
        } else {
            Kind::Email
        },
        revision: if is_revised { 2 } else { 1 },
        state: State::Active,
        occurred_at: start.plus(i64::try_from(day).unwrap() * DAY),
        ended_at: None,
        direction: Direction::Inbound,
        subject: Some(format!("About the offer {chance:016x} of number {number}")),
        preview: Some(format!("{chance:016x} ").repeat(12)),
        body_text: None,
        sensitivity_known: true,
        thread_id: Some(format!("{:032x}", chance / 3)),
        series_id: None,
        participants,
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: i64::try_from(number).unwrap(),
        captured_at: start,
        run_id: "run1".into(),
        user_role: Some(Role::To),
    }
}

fn fill(lake: &Lake, run: &RunStamp, matcher: &Matcher, snapshot: &CrmSnapshot) {
    let mailboxes: Vec<Arc<Mailbox>> = (0..MAILBOXES)
        .map(|number| {
            Arc::new(Mailbox {
                id: format!("00000000-0000-0000-0000-{number:012}").into(),
                address: format!("user{number}@contoso.com").into(),
                kind: MailboxKind::User,
                tenant: "contoso".into(),
                own_addresses: Vec::new(),
            })
        })
        .collect();
    for first in (0..INTERACTIONS).step_by(usize::try_from(ROWS_PER_COMMIT).unwrap()) {
        let rows = (first..first + ROWS_PER_COMMIT).map(|number| {
            let interaction = interaction(number, &mailboxes);
            MatchedInteraction {
                contact_matches: matcher.contact_matches(&interaction.participants),
                interaction,
            }
        });
        let batch = CommitBatch {
            run: run.clone(),
            rows: rows.collect(),
            packed: PackedRows::default(),
            cursors: Vec::new(),
            tallies: Vec::new(),
            snapshot_digest: Arc::clone(&snapshot.digest),
        };
        lake.commit(&batch).unwrap();
    }
}

/// Runs something and prints how long it took.
fn measure<T: std::fmt::Debug>(what: &str, work: impl FnOnce() -> T) {
    let watch = Stopwatch::start();
    let done = work();
    println!("{what}: {:.2} s ({done:?})", watch.elapsed().as_secs_f64());
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .unwrap();
    let settings = LakeSettings::new(folder.path().join("lake"), ActivityContent::Subject);
    let cpu = Arc::new(CpuPool::new(THREADS).unwrap());
    let lake = Lake::open_for_write(settings, cpu, runtime.handle().clone()).unwrap();
    let run = RunStamp {
        run_id: "bench".into(),
        started_at: Timestamp::parse_rfc3339("2026-11-24T02:00:00Z").unwrap(),
    };
    let snapshots = [snapshot(false), snapshot(true)];
    let [old, new] = [0, 1].map(|at: usize| Matcher::new(&snapshots[at], &HashSet::new()));
    for snapshot in &snapshots {
        lake.store_snapshot(snapshot).unwrap();
    }
    measure("filling the lake", || {
        fill(&lake, &run, &old, &snapshots[0]);
    });

    let contact_matches = |row: &Interaction| new.contact_matches(&row.participants);
    let renamed = address_of(RENAMED);
    let concerns = |person: &Participant| {
        // The difference of the two snapshots.
        !person.internal && person.is_address && person.address == renamed
    };
    let digest = &*snapshots[1].digest;
    measure("plan for one changed contact", || {
        lake.plan_rematch(digest, Some(&concerns), contact_matches)
            .unwrap()
    });
    measure("one changed contact", || {
        let done = lake
            .rematch_concerned(&run, digest, concerns, contact_matches)
            .unwrap();
        (done.activities, done.compared_all)
    });
    measure("full comparison without a difference", || {
        lake.rematch(&run, digest, true, contact_matches)
            .unwrap()
            .activities
    });
    let reads = |row: &Interaction| old.contact_matches(&row.participants);
    measure("full comparison that brings one contact back", || {
        lake.rematch(&run, &snapshots[0].digest, true, reads)
            .unwrap()
            .activities
    });
    let files = lake
        .merge_small_files("", std::time::Duration::from_mins(1))
        .unwrap();
    println!("months merged: {files}");
    measure("full comparison after merging", || {
        lake.rematch(&run, &snapshots[0].digest, true, reads)
            .unwrap()
            .activities
    });
}
